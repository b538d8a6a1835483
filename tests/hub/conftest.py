"""A real JupyterHub with its proxy on loopback, real single-user servers, and the real grading service."""

import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.modules import write_curriculum
from tinytorch_lab.curriculum.library import Library
from tinytorch_lab.grading.course import init_course
from tinytorch_lab.grading.records import JobReport
from tinytorch_lab.grading.service import GradingService

ROOT = Path(__file__).resolve().parents[2]
PROXY = ROOT / "node_modules" / ".bin" / "configurable-http-proxy"
PASSWORD = "a long enough password"
COURSE = "mini"
STUDENTS = ("ada", "ben")
PEOPLE = (*STUDENTS, "greta", "ines", "otto", "nobody", "cora", "iris")
"""Two students, a grader, an instructor, an instructor of another course, and somebody in no course; a student and the
instructor of a course with the real curriculum."""

_CONFIG = """
import sys
from tinytorch_lab.hub.config import configure

c = get_config()
c.JupyterHub.bind_url = "http://127.0.0.1:{port}"
c.JupyterHub.hub_bind_url = "http://127.0.0.1:{hub_port}"
c.ConfigurableHTTPProxy.command = [{proxy!r}]
c.ConfigurableHTTPProxy.api_url = "http://127.0.0.1:{api_port}"
c.ConfigurableHTTPProxy.pid_file = {proxy_pid!r}
c.JupyterHub.db_url = "sqlite:///{state}/hub.sqlite"
c.JupyterHub.cookie_secret_file = "{state}/cookie_secret"
c.JupyterHub.authenticator_class = "dummy"
c.DummyAuthenticator.password = {password!r}
c.Authenticator.allowed_users = set({people!r})
c.JupyterHub.spawner_class = "simple"
c.SimpleLocalProcessSpawner.home_dir_template = "{state}/homes/{{username}}"
c.Spawner.cmd = [sys.executable, "-m", "jupyterhub.singleuser", "--allow-root"]
c.Spawner.start_timeout = c.Spawner.http_timeout = 120
c.Spawner.args = ["--LabApp.expose_app_in_browser=True"]
c.Spawner.environment = {{"OPENBLAS_NUM_THREADS": "1", "JUPYTERLAB_SETTINGS_DIR": "{state}/settings"}}
c.JupyterHub.load_groups = {{
    "nbgrader-mini": {{"users": ["ada", "ben"]}},
    "formgrade-mini": {{"users": ["greta"]}},
    "instructor-mini": {{"users": ["ines"]}},
    "instructor-other": {{"users": ["otto"]}},
    "nbgrader-tinytorch": {{"users": ["cora"]}},
    "instructor-tinytorch": {{"users": ["iris"]}},
}}
configure(
    c,
    {courses!r},
    url="http://127.0.0.1:{service_port}",
    hub_url="http://127.0.0.1:{port}",
    command=[sys.executable, "-m", "tinytorch_lab.hub", "--allow-root", *{options!r}],
)
c.JupyterHub.services.append({{"name": "prometheus", "api_token": "metrics-token-metrics-token"}})
c.JupyterHub.load_roles.append({{"name": "prometheus", "services": ["prometheus"], "scopes": ["read:metrics"]}})
"""


@dataclass
class Person:
    """Somebody's browser session, or a script of theirs."""

    name: str
    hub: "Hub"
    session: httpx.Client = field(init=False)

    def __post_init__(self) -> None:
        self.session = httpx.Client(base_url=self.hub.url, follow_redirects=True, timeout=120)

    def log_in(self) -> None:
        page = self.session.get("/hub/login")
        assert page.status_code == 200
        form = {"username": self.name, "password": PASSWORD, "_xsrf": self._xsrf()}
        answer = self.session.post("/hub/login", data=form)
        assert answer.status_code in (200, 404, 503), answer.text

    def token(self, scopes: tuple[str, ...] | None = None) -> str:
        """Return a token such as the hub gives on its token page, with ``scopes`` or all that the person has."""
        body = {"note": "test"} | ({"scopes": list(scopes)} if scopes is not None else {})
        headers = {"X-XSRFToken": self._xsrf(), "Referer": f"{self.hub.url}/hub/token"}
        answer = self.session.post(f"/hub/api/users/{self.name}/tokens", json=body, headers=headers)
        assert answer.status_code == 201, answer.text
        return str(answer.json()["token"])

    def _xsrf(self) -> str:
        return next(cookie.value or "" for cookie in self.session.cookies.jar if cookie.name == "_xsrf")


@dataclass
class Hub:
    """The hub as it runs."""

    url: str
    state: Path
    course: Path
    process: "subprocess.Popen[bytes]"

    @property
    def service(self) -> str:
        """The address of the grading service behind the hub's proxy."""
        return f"{self.url}/services/tinytorch-lab"

    def ask(self, token: str, method: str, path: str, **options: Any) -> httpx.Response:
        """Ask the grading service something."""
        headers = {"Authorization": f"token {token}"} if token else {}
        return httpx.request(method, f"{self.service}/api/{path}", headers=headers, timeout=120, **options)

    def finish(self, token: str, course: str, **job: Any) -> dict[str, Any]:
        """Ask for a job and return it with its rows once it has ended."""
        asked = self.ask(token, "POST", f"courses/{course}/jobs", json=job)
        assert asked.status_code == 202, asked.text
        while True:
            found: dict[str, Any] = self.ask(token, "GET", f"courses/{course}/jobs/{asked.json()['id']}").json()
            if found["job"]["finished_at"]:
                return found
            time.sleep(0.1)


@pytest.fixture(scope="session")
def hub(tmp_path_factory: pytest.TempPathFactory, library: Library) -> Iterator[Hub]:
    if not PROXY.exists():
        pytest.skip("configurable-http-proxy is not installed; run: npm ci")
    state = tmp_path_factory.mktemp("hub")
    small = {name: _small_library(state / name, name) for name in ("mini", "other")}
    courses = {
        "mini": _course(state / "mini" / "course", small["mini"], "01_sums", STUDENTS),
        "other": str(init_course(state / "other" / "course", small["other"]).root),
        "tinytorch": _course(state / "tinytorch", library, "01_tensor"),
    }
    _write_settings(state / "settings")
    port, hub_port, api_port, service_port = _free_ports(4)
    config = state / "jupyterhub_config.py"
    config.write_text(
        _CONFIG.format(
            port=port,
            hub_port=hub_port,
            api_port=api_port,
            service_port=service_port,
            proxy=str(PROXY),
            proxy_pid=str(state / "proxy.pid"),
            state=state,
            password=PASSWORD,
            people=sorted(PEOPLE),
            courses=courses,
            options=[part for folder in courses.values() for part in ("--course", folder)],
        ),
        encoding="utf-8",
    )
    environment = {**os.environ, "PYTHONPATH": "", "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}"}
    with (state / "hub.log").open("wb") as log:
        process = subprocess.Popen(
            [sys.executable, "-m", "jupyterhub", "-f", str(config)],
            cwd=state,
            stdout=log,
            stderr=log,
            env=environment,
            start_new_session=True,
        )
    found = Hub(f"http://127.0.0.1:{port}", state, Path(courses["mini"]), process)
    try:
        _wait_until_up(found)
        yield found
    finally:
        process.terminate()
        try:
            process.wait(timeout=60)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, 9)
            process.wait()


@pytest.fixture(scope="session")
def people(hub: Hub) -> Iterator[dict[str, Person]]:
    """Everybody, logged in."""
    found = {name: Person(name, hub) for name in PEOPLE}
    for person in found.values():
        person.log_in()
    yield found
    for person in found.values():
        person.session.close()


@pytest.fixture(scope="session")
def tokens(people: dict[str, Person]) -> dict[str, str]:
    """A token of each, as wide as the person's own rights."""
    return {name: person.token() for name, person in people.items()}


def _small_library(folder: Path, name: str) -> Library:
    library = write_curriculum(folder / "curriculum")
    catalogue = library.root / "course.toml"
    text = catalogue.read_text(encoding="utf-8")
    catalogue.write_text(text.replace('id = "mini"', f'id = "{name}"'), encoding="utf-8")
    return Library(library.root)


def _course(folder: Path, library: Library, module: str, students: tuple[str, ...] = ()) -> str:
    course = init_course(folder, library, students)
    with GradingService(course) as service:
        for job in (service.generate(module, actor="ines"), service.release(module, actor="ines")):
            *_, report = job
            assert isinstance(report, JobReport)
            assert report.ok, report
    return str(course.root)


def _write_settings(folder: Path) -> None:
    """Have JupyterLab show neither news nor our tour."""
    for plugin, settings in {
        "@jupyterlab/apputils-extension/notification": '{"fetchNews": "false", "checkForUpdates": false}',
        "tinytorch-lab/plugin": '{"showTour": false}',
    }.items():
        path = folder / f"{plugin}.jupyterlab-settings"
        path.parent.mkdir(parents=True)
        path.write_text(settings, encoding="utf-8")


def _free_ports(count: int) -> list[int]:
    sockets = [socket.socket() for _ in range(count)]
    for found in sockets:
        found.bind(("127.0.0.1", 0))
    ports = [int(found.getsockname()[1]) for found in sockets]
    for found in sockets:
        found.close()
    return ports


def _wait_until_up(hub: Hub) -> None:
    deadline = time.monotonic() + 120
    while time.monotonic() < deadline:
        if hub.process.poll() is not None:
            break
        try:
            if httpx.get(f"{hub.service}/health", timeout=5).status_code == 200:
                return
        except httpx.HTTPError:
            pass
        time.sleep(0.3)
    log = (hub.state / "hub.log").read_text(encoding="utf-8", errors="replace")
    raise AssertionError("the hub did not come up:\n" + log[-6000:])
