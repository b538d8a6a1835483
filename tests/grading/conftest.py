"""A small course, made and released once by the real service; tests work on copies of it."""

import json
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from nbformat import NotebookNode
from sqlalchemy import Engine

from tests.grading.handins import half_wrong, handed_in, write
from tests.grading.postgres import postgres_database
from tests.modules import write_curriculum
from tinytorch_lab.curriculum.notebooks import read_notebook
from tinytorch_lab.grading.course import init_course
from tinytorch_lab.grading.folder import SETTINGS, CourseFolder, load_course_folder
from tinytorch_lab.grading.gradebook import CourseGradebook
from tinytorch_lab.grading.records import JobReport
from tinytorch_lab.grading.reports import GradeRow, grade_report
from tinytorch_lab.grading.service import GradingService, RequestedJob
from tinytorch_lab.grading.store.database import open_engine, reading
from tinytorch_lab.grading.written_answers import Answer, written_answers

MODULE = "01_sums"


TESS = "tess"
"""The instructor in whose name tests ask for things."""


def finish(job: RequestedJob) -> JobReport:
    """Wait for a job and return its report."""
    *_, report = job
    assert isinstance(report, JobReport)
    return report


def refused(job: RequestedJob) -> str:
    """Wait for a job that cannot be done and return why: of the job itself, or of its only subject."""
    report = finish(job)
    assert not report.ok
    return report.message or report.rows[0].message


def answers_of(course: CourseFolder, student: str | None = None, module: str = MODULE) -> list[Answer]:
    """Return the written answers as a grader gets to see them."""
    with reading(course.db_url) as connection:
        return list(written_answers(course, connection, module, student))


def report_of(course: CourseFolder, module: str | None = MODULE) -> dict[str, GradeRow]:
    """Return everybody's line of the report."""
    with reading(course.db_url) as connection:
        return {row.student: row for row in grade_report(course, connection, module)}


@pytest.fixture(scope="session")
def template(tmp_path_factory: pytest.TempPathFactory) -> CourseFolder:
    """The course, with its only module released."""
    folder = tmp_path_factory.mktemp("grading")
    library = write_curriculum(folder / "curriculum")
    catalogue = library.root / "course.toml"
    text = catalogue.read_text(encoding="utf-8")
    catalogue.write_text(text.replace("cell_seconds = 10", "cell_seconds = 2"), encoding="utf-8")
    course = init_course(folder / "course", library, ["ada"])
    with GradingService(course) as service:
        finish(service.generate(MODULE, actor=TESS))
        finish(service.release(MODULE, actor=TESS))
    return course


@pytest.fixture(scope="session")
def graded_template(
    template: CourseFolder, released: NotebookNode, tmp_path_factory: pytest.TempPathFactory
) -> CourseFolder:
    """The course with the submissions of ada, ben and cleo autograded; ben half wrong, cleo without answers."""
    folder = tmp_path_factory.mktemp("graded")
    course = copied(template, folder)
    write(handed_in(released), folder / "class", "ada")
    write(handed_in(released, half_wrong), folder / "class", "ben")
    write(handed_in(released, answers=False), folder / "class", "cleo")
    with GradingService(course) as service:
        assert finish(service.collect(MODULE, source=folder / "class", actor=TESS)).ok
        assert finish(service.autograde(MODULE, actor=TESS)).ok
    return course


@pytest.fixture
def graded(graded_template: CourseFolder, tmp_path: Path) -> CourseFolder:
    """A copy of the graded course."""
    return copied(graded_template, tmp_path)


@pytest.fixture
def book(graded: CourseFolder) -> Iterator[CourseGradebook]:
    """The gradebook of ``graded``, for tests that need no worker."""
    book = CourseGradebook(graded)
    yield book
    book.close()


@pytest.fixture
def engine(graded: CourseFolder) -> Iterator[Engine]:
    """The database of ``graded``."""
    engine = open_engine(graded.db_url)
    yield engine
    engine.dispose()


@pytest.fixture(scope="session")
def released(template: CourseFolder) -> NotebookNode:
    """The notebook students get."""
    return read_notebook(template.released(MODULE))


@pytest.fixture
def course(template: CourseFolder, tmp_path: Path) -> CourseFolder:
    """A copy of the released course."""
    return copied(template, tmp_path)


@pytest.fixture
def on_postgres(template: CourseFolder, tmp_path: Path) -> Iterator[CourseFolder]:
    """A course like the template whose database is PostgreSQL."""
    with postgres_database() as url:
        root = copied(template, tmp_path).root
        (root / "gradebook.db").unlink()
        with (root / SETTINGS).open("a", encoding="utf-8") as settings:
            settings.write(f"db_url = {json.dumps(url)}\n")
        course = init_course(root, template.library, ["ada"])
        with GradingService(course) as service:
            finish(service.generate(MODULE, actor=TESS))
            finish(service.release(MODULE, actor=TESS))
        yield course


@pytest.fixture
def service(course: CourseFolder) -> Iterator[GradingService]:
    """The service of ``course``."""
    with GradingService(course) as service:
        yield service


@pytest.fixture(scope="module")
def shared(
    template: CourseFolder, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[tuple[CourseFolder, GradingService]]:
    """A course and service that the tests of one file share, in their order."""
    course = copied(template, tmp_path_factory.mktemp("shared"))
    with GradingService(course) as service:
        yield course, service


def copied(template: CourseFolder, folder: Path) -> CourseFolder:
    """Return a copy of a course in ``folder``."""
    shutil.copytree(template.root, folder / "course")
    return load_course_folder(folder / "course")
