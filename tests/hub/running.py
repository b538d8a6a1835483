"""A real JupyterHub with its proxy on loopback, real single-user servers, and the real grading service."""

import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import psutil

ROOT = Path(__file__).resolve().parents[2]
PROXY = ROOT / "node_modules" / ".bin" / "configurable-http-proxy"
PASSWORD = "a long enough password"

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
c.Authenticator.allow_all = True
c.JupyterHub.spawner_class = "simple"
c.SimpleLocalProcessSpawner.home_dir_template = "{state}/homes/{{username}}"
c.Spawner.cmd = [sys.executable, "-m", "jupyterhub.singleuser", "--allow-root"]
c.Spawner.start_timeout = c.Spawner.http_timeout = 120
c.Spawner.args = ["--LabApp.expose_app_in_browser=True"]
c.Spawner.environment = {{"OPENBLAS_NUM_THREADS": "1", "JUPYTERLAB_SETTINGS_DIR": "{state}/settings"}}
c.JupyterHub.load_groups = {groups!r}
configure(
    c,
    {courses!r},
    url="http://127.0.0.1:{service_port}",
    hub_url="http://127.0.0.1:{port}",
    command=[sys.executable, "-m", "tinytorch_lab.hub", "--allow-root", *{options!r}],
)
c.JupyterHub.services += {services!r}
c.JupyterHub.load_roles += {roles!r}
"""


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

    def service_process(self) -> psutil.Process:
        """Return the grading service's process, which the hub starts again when it ends."""
        children = psutil.Process(self.process.pid).children()
        return next(child for child in children if "tinytorch_lab.hub" in child.cmdline())

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


@contextmanager
def running_hub(
    state: Path,
    courses: Mapping[str, str],
    groups: Mapping[str, Sequence[str]],
    services: Mapping[str, Sequence[str]],
) -> Iterator[Hub]:
    """Run a hub that keeps all it has in ``state``.

    Args:
        state: an empty folder.
        courses: the courses' folders by their ids.
        groups: who is in which group.
        services: the scopes of further services by their names; a service's token is its name, twice.
    """
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
            groups={name: {"users": list(users)} for name, users in groups.items()},
            services=[{"name": name, "api_token": name * 2} for name in services],
            roles=[{"name": name, "services": [name], "scopes": list(scopes)} for name, scopes in services.items()],
            courses=dict(courses),
            options=[part for folder in courses.values() for part in ("--course", folder)],
        ),
        encoding="utf-8",
    )
    # Another JupyterHub than the installed one: the folder into which pip put it with --no-deps --target.
    other = os.environ.get("TINYTORCH_TEST_JUPYTERHUB", "")
    environment = {**os.environ, "PYTHONPATH": other, "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}"}
    with (state / "hub.log").open("wb") as log:
        process = subprocess.Popen(
            [sys.executable, "-m", "jupyterhub", "-f", str(config)],
            cwd=state,
            stdout=log,
            stderr=log,
            env=environment,
            start_new_session=True,
        )
    found = Hub(f"http://127.0.0.1:{port}", state, Path(next(iter(courses.values()))), process)
    try:
        _wait_until_up(found)
        yield found
    finally:
        process.terminate()
        try:
            process.wait(timeout=60)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
        _end_what_is_left(state)


def _end_what_is_left(state: Path) -> None:
    """Kill what a hub that ended in disorder left behind: its proxy, its service, servers."""
    proxy = state / "proxy.pid"
    named = {int(proxy.read_text())} if proxy.exists() else set()
    for found in psutil.process_iter(["cmdline"]):
        if found.pid in named or any(str(state) in part for part in found.info["cmdline"] or ()):
            found.kill()


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
