"""A milestone runs on what students handed in, confined, and counts without anybody having to see it."""

from collections.abc import Callable, Iterator

import pytest
from nbformat import NotebookNode
from sqlalchemy import select

from tests.grading.conftest import TESS, finish, refused
from tests.solutions import solve
from tinytorch_lab.curriculum.cells import grade_id
from tinytorch_lab.curriculum.library import Library
from tinytorch_lab.curriculum.notebooks import write_notebook
from tinytorch_lab.errors import NotFoundError
from tinytorch_lab.grading.course import init_course
from tinytorch_lab.grading.folder import CourseFolder
from tinytorch_lab.grading.queries.work import class_standings
from tinytorch_lab.grading.service import GradingService
from tinytorch_lab.grading.store.database import reading
from tinytorch_lab.grading.store.tables import audit, milestones

MODULES = ("01_tensor", "02_activations", "03_layers")
LAST = MODULES[-1]


def nothing(notebook: NotebookNode) -> None:
    """Hand in the reference solution as it is."""


def changed(name: str, before: str, after: str) -> Callable[[NotebookNode], None]:
    def change(notebook: NotebookNode) -> None:
        (cell,) = (cell for cell in notebook.cells if grade_id(cell) == name)
        assert before in cell.source
        cell.source = cell.source.replace(before, after)

    return change


LOOKS_AROUND = """
import pathlib

for found in pathlib.Path("/").glob("**/gradebook.db"):
    raise SystemExit


class Tensor"""
STUDENTS: dict[str, dict[str, Callable[[NotebookNode], None]]] = {
    "ada": dict.fromkeys(MODULES, nothing),
    "ben": dict.fromkeys(MODULES, nothing) | {LAST: changed("linear", "def forward", "def forwards")},
    "cleo": {"01_tensor": nothing, LAST: nothing},
    "dora": dict.fromkeys(MODULES, nothing) | {"01_tensor": changed("tensor_class", "class Tensor", LOOKS_AROUND)},
}


@pytest.fixture(scope="module")
def graded(library: Library, tmp_path_factory: pytest.TempPathFactory) -> CourseFolder:
    folder = tmp_path_factory.mktemp("milestones")
    course = init_course(folder / "course", library, list(STUDENTS))
    with GradingService(course) as service:
        for module in MODULES:
            assert finish(service.generate(module, actor=TESS)).ok
            assert finish(service.release(module, actor=TESS)).ok
            info = library.course.find(module)
            for student, changes in STUDENTS.items():
                if module in changes:
                    notebook = solve(library.student(info), library.instructor(info))
                    changes[module](notebook)
                    path = folder / module / student / f"{module}.ipynb"
                    path.parent.mkdir(parents=True)
                    write_notebook(notebook, path)
            assert finish(service.collect(module, source=folder / module, actor=TESS)).ok
            assert finish(service.autograde(module, actor=TESS)).ok
    return course


@pytest.fixture(scope="module")
def service(graded: CourseFolder) -> Iterator[GradingService]:
    with GradingService(graded) as service:
        yield service


def noted(course: CourseFolder) -> dict[str, bool]:
    with reading(course.db_url) as connection:
        return {row.student: row.passed for row in connection.execute(select(milestones)).all()}


def test_each_student_reaches_it_or_is_told_why_not(graded: CourseFolder, service: GradingService):
    report = finish(service.run_milestone(LAST, actor=TESS))
    assert report.ok, report
    said = {row.subject: row.message for row in report.rows}
    assert (
        said["ada"] == "Reached: The network runs on the four XOR points, and with weights set by hand it computes "
        "XOR exactly."
    )
    assert said["ben"].startswith("Not reached: ")
    assert "03_layers.ipynb, cell" in said["ben"]
    assert said["cleo"] == "Not reached: 02_activations was not handed in and graded."
    assert said["dora"].startswith("Reached"), "the course folder cannot be seen from where it runs"
    assert noted(graded) == {"ada": True, "ben": False, "cleo": False, "dora": True}
    assert not list(graded.state.glob("milestone-*")), "nobody's package is left behind"


def test_it_counts_in_the_course_grade_and_is_in_the_audit(graded: CourseFolder):
    with reading(graded.db_url) as connection:
        standings = class_standings(graded, connection)
        entries = connection.execute(select(audit).where(audit.c.action == "milestone")).all()
    name = "1 " + graded.library.course.milestone(1).title
    assert {one.student: one.work.milestones[name].passed for one in standings} == noted(graded)
    assert {entry.actor for entry in entries} == {TESS}
    assert sorted(entry.student for entry in entries) == sorted(STUDENTS)


def test_who_has_reached_it_is_left_out_unless_named(graded: CourseFolder, service: GradingService):
    report = finish(service.run_milestone(LAST, actor=TESS))
    assert [row.subject for row in report.rows] == ["ben", "cleo"]
    for _ in range(2):
        (row,) = finish(service.run_milestone(LAST, ["ada"], actor=TESS)).rows
        assert row.message.startswith("Reached: ")


def test_what_was_reached_stays_reached(graded: CourseFolder, service: GradingService):
    service.record_milestone("ben", 1, True, "Shown in the lab.", actor=TESS)
    (row,) = finish(service.run_milestone(LAST, ["ben"], actor=TESS)).rows
    assert row.message.startswith("Reached before, not this time: ")
    assert noted(graded)["ben"] is True


def test_a_module_without_a_milestone_is_refused_at_once(service: GradingService):
    with pytest.raises(
        NotFoundError, match="No milestone comes after 02_activations; there is one after each of 03_lay"
    ):
        service.run_milestone("02_activations", actor=TESS)


def test_a_milestone_of_nobody_says_what_is_missing(service: GradingService):
    assert "autograde it first" in refused(service.run_milestone("08_training", actor=TESS))
