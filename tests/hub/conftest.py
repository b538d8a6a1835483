"""A hub with three courses and everybody who has to do with them; one for all tests of this folder."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import httpx
import pytest

from tests.hub.running import PASSWORD, PROXY, Hub, running_hub
from tests.modules import write_curriculum
from tinytorch_lab.curriculum.library import Library
from tinytorch_lab.grading.course import init_course
from tinytorch_lab.grading.records import JobReport
from tinytorch_lab.grading.service import GradingService

COURSE = "mini"
STUDENTS = ("ada", "ben")
GROUPS = {
    "nbgrader-mini": (*STUDENTS, "eve"),
    "formgrade-mini": ("greta",),
    "instructor-mini": ("ines",),
    "instructor-other": ("otto",),
    "nbgrader-tinytorch": ("cora",),
    "instructor-tinytorch": ("iris",),
}
"""Course ``mini`` with two students enrolled and a third, a grader and an instructor; the instructor of another course;
and a student and the instructor of a course with the real curriculum."""
PEOPLE = ("nobody", *(name for members in GROUPS.values() for name in members))
"""They, and somebody in no course."""
METRICS_TOKEN = "prometheus-service" * 2


@dataclass
class Person:
    """Somebody's browser session, or a script of theirs."""

    name: str
    hub: Hub
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
    with running_hub(state, courses, GROUPS, {"prometheus-service": ["read:metrics"]}) as found:
        yield found


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
