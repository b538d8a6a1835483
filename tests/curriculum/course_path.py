"""A whole student's path: the release solved, exported and tested, and everything handed in, graded and returned."""

import shutil
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from nbformat import NotebookNode

from tests.solutions import solve
from tinytorch_lab.curriculum.catalogue import ModuleInfo
from tinytorch_lab.curriculum.cells import is_response
from tinytorch_lab.curriculum.library import Library, Release
from tinytorch_lab.curriculum.notebooks import read_notebook, write_notebook
from tinytorch_lab.grading.course import init_course
from tinytorch_lab.grading.folder import CourseFolder
from tinytorch_lab.grading.own_modules import load_own_run
from tinytorch_lab.grading.records import JobReport
from tinytorch_lab.grading.reports import grade_report
from tinytorch_lab.grading.service import GradingService, RequestedJob
from tinytorch_lab.grading.store.database import reading
from tinytorch_lab.grading.written_answers import written_answers
from tinytorch_lab.learning.exporting import export
from tinytorch_lab.learning.testing import Testing
from tinytorch_lab.learning.workspace import Workspace
from tinytorch_lab.runner.contract import Executor

STUDENT, GRADER = "ada", "tess"
ANSWER = "My figures show what the graph keeps alive, how long each step takes, and which bytes move. " * 12


@dataclass(frozen=True)
class Learned:
    """What a student's own run of a module's tests earned, and what each lost test said."""

    module: str
    points: float
    lost: dict[str, str]


@dataclass(frozen=True)
class Graded:
    """Points of a handed-in assignment: by tests, by marks, and by the tests on the student's own earlier modules.

    ``milestone`` is what the run of the milestone after it said, if there was one.
    """

    name: str
    automatic: float | None
    written: float | None
    own_modules: tuple[str, ...]
    on_own_modules: float | None
    lost: tuple[str, ...]
    returned: bool
    milestone: str = ""


def student_release(library: Library, folder: Path) -> Release:
    """Write the notebooks that students get, and the course description, to ``folder``."""
    release = Release(folder)
    folder.mkdir(parents=True, exist_ok=True)
    shutil.copy(library.root / "course.toml", folder / "course.toml")
    for module in library.available_assignments():
        write_notebook(library.student(module), release.notebook_path(module))
    return release


def learn(library: Library, workspace: Workspace, executor: Executor) -> Iterator[Learned]:
    """Start, solve, export and test every module, each on the student's own earlier ones; then the projects."""
    testing = Testing(workspace, executor)
    for module in library.available_assignments():
        workspace.start(module)
        _write_solved(library, module, workspace.notebook(module), workspace.notebook_path(module))
        if module.exports:
            export(workspace, [module])
        run = testing.run(module)
        passed = [row for row in run.rows if row.status == "passed"]
        lost = {row.grade_id: row.message or row.status for row in run.rows if row.status != "passed"}
        yield Learned(
            module.name, sum(row.points for row in passed), lost | ({"run": run.reason} if run.reason else {})
        )


def hand_in(library: Library, folder: Path, assignments: Sequence[ModuleInfo], milestones: int = 4) -> Iterator[Graded]:
    """Generate, release, hand in, autograde, mark and return the assignments, in order, in a course in ``folder``.

    The first so many ``milestones`` are run, each on what was handed in up to its module.
    """
    after = {milestone.after for milestone in library.course.milestones if milestone.number <= milestones}
    course = init_course(folder / "course", library, [STUDENT])
    with GradingService(course) as service:
        for assignment in assignments:
            name = assignment.name
            _done(service.generate(name, actor=GRADER))
            _done(service.release(name, actor=GRADER))
            released = read_notebook(course.released(name))
            _write_solved(library, assignment, released, folder / "class" / STUDENT / f"{name}.ipynb")
            _done(service.collect(name, source=folder / "class", actor=GRADER))
            _done(service.autograde(name, actor=GRADER))
            for answer in _answers(course, name):
                service.mark(name, STUDENT, answer, 10, actor=GRADER)
            _done(service.feedback(name, actor=GRADER))
            _done(service.return_feedback(name, actor=GRADER))
            _done(service.run_on_own_modules(name, actor=GRADER))
            said = _done(service.run_milestone(name, actor=GRADER)).rows[0].message if name in after else ""
            yield replace(_graded(course, name), milestone=said)


def _write_solved(library: Library, assignment: ModuleInfo, notebook: NotebookNode, path: Path) -> None:
    solved = solve(notebook, library.instructor(assignment))
    for cell in solved.cells:
        if is_response(cell):
            cell.source = ANSWER
    write_notebook(solved, path)


def _done(job: RequestedJob) -> JobReport:
    *_, report = job
    assert isinstance(report, JobReport)
    assert report.ok, (report.message, [row for row in report.rows if not row.ok])
    return report


def _answers(course: CourseFolder, name: str) -> list[str]:
    with reading(course.db_url) as connection:
        return [answer.response_id for answer in written_answers(course, connection, name, STUDENT)]


def _graded(course: CourseFolder, name: str) -> Graded:
    with reading(course.db_url) as connection:
        (row,) = grade_report(course, connection, name)
        run = load_own_run(connection, name, STUDENT)
    return Graded(
        name=name,
        automatic=row.automatic,
        written=row.written,
        own_modules=run.own if run else (),
        on_own_modules=sum(test.score for test in run.tests) if run else None,
        lost=row.lost,
        returned=course.feedback(name, STUDENT).is_file(),
    )
