"""One student's side of the course: handing in, receipts, and nothing of anybody else's before its time."""

import json
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from nbformat import NotebookNode
from sqlalchemy import Connection

from tests.grading.conftest import MODULE
from tests.grading.handins import handed_in
from tinytorch_lab.errors import ConflictError, InvalidInputError, NotAvailableError, NotFoundError
from tinytorch_lab.grading import submission_store
from tinytorch_lab.grading.folder import CourseFolder
from tinytorch_lab.grading.queries.submitted import latest_submissions
from tinytorch_lab.grading.receipts import course_key, is_genuine
from tinytorch_lab.grading.store.database import migrate, open_engine, transaction
from tinytorch_lab.grading.store.tables import assignments, extensions, results
from tinytorch_lab.grading.student_desk import StudentDesk

RELEASED = "2026-01-01T00:00:00.000+00:00"
DUE = "2026-02-01T00:00:00.000+00:00"


@pytest.fixture
def connection(course: CourseFolder) -> Iterator[Connection]:
    engine = open_engine(course.db_url)
    migrate(engine)
    with transaction(engine) as connection:
        connection.execute(assignments.delete())
        connection.execute(assignments.insert().values(module=MODULE, released_at=RELEASED, due_at=DUE))
        yield connection
    engine.dispose()


@pytest.fixture
def desk(course: CourseFolder, connection: Connection) -> StudentDesk:
    return StudentDesk(course, connection, "ada")


@pytest.fixture
def notebook(released: NotebookNode) -> bytes:
    return json.dumps(handed_in(released)).encode()


def graded(connection: Connection, student: str, returned_at: str | None) -> None:
    values = {
        "module": MODULE,
        "student": student,
        "automatic": 60.0,
        "automatic_total": 70.0,
        "written": 20.0,
        "written_total": 30.0,
        "penalty": 4.0,
        "graded_at": DUE,
        "returned_at": returned_at,
    }
    connection.execute(results.insert().values(**values))


def test_a_receipt_proves_what_was_handed_in(course: CourseFolder, desk: StudentDesk, notebook: bytes):
    receipt = desk.submit(MODULE, notebook)
    key = course_key(course, "receipts")
    assert is_genuine(receipt, key)
    assert desk.submission(receipt.id) == notebook
    for forged in (replace(receipt, student="ben"), replace(receipt, received_at=RELEASED), replace(receipt, size=1)):
        assert not is_genuine(forged, key)
    assert not is_genuine(receipt, course_key(course, "another purpose"))


def test_the_same_notebook_again_gives_the_same_receipt(desk: StudentDesk, notebook: bytes):
    assert desk.submit(MODULE, notebook) == desk.submit(MODULE, notebook)
    assert len(desk.submissions(MODULE)) == 1


def test_every_version_can_be_had_again(desk: StudentDesk, notebook: bytes):
    other = notebook.replace(b"Doubling", b"Halving")
    first, second, third = (desk.submit(MODULE, version) for version in (notebook, other, notebook))
    assert [receipt.id for receipt in desk.submissions(MODULE)] == [third.id, second.id, first.id]
    assert [desk.submission(receipt.id) for receipt in (first, second, third)] == [notebook, other, notebook]


def test_what_is_handed_in_must_be_a_notebook_of_a_released_module(desk: StudentDesk, notebook: bytes):
    with pytest.raises(NotFoundError, match="02_later is not released"):
        desk.submit("02_later", notebook)
    with pytest.raises(InvalidInputError, match="not complete JSON"):
        desk.submit(MODULE, notebook[:-10])
    with pytest.raises(InvalidInputError, match="larger than 20 MB"):
        desk.submit(MODULE, b" " * (21 << 20))
    assert desk.submissions(MODULE) == []


def test_nobody_reads_what_another_handed_in(course: CourseFolder, connection: Connection, notebook: bytes):
    receipt = StudentDesk(course, connection, "ada").submit(MODULE, notebook)
    ben = StudentDesk(course, connection, "ben")
    with pytest.raises(NotFoundError):
        ben.submission(receipt.id)
    assert ben.submissions(MODULE) == []
    assert ben.assignments()[0].submission is None


def test_only_released_modules_are_listed(desk: StudentDesk, connection: Connection):
    connection.execute(assignments.insert().values(module="02_later", released_at=None, due_at=None))
    assert [item.module for item in desk.assignments()] == [MODULE]


def test_an_extension_is_one_student_s_own(course: CourseFolder, connection: Connection):
    later = "2026-03-01T00:00:00.000+00:00"
    row = {"module": MODULE, "student": "ada", "due_at": later, "granted_by": "prof", "granted_at": RELEASED}
    connection.execute(extensions.insert().values(**row))
    mine, theirs = (StudentDesk(course, connection, student).assignments()[0] for student in ("ada", "ben"))
    assert (mine.due_at, mine.extended, theirs.due_at, theirs.extended) == (later, True, DUE, False)


def test_lateness_counts_from_the_student_s_own_due_date(
    course: CourseFolder, connection: Connection, desk: StudentDesk, notebook: bytes
):
    received = datetime.fromisoformat(DUE) + timedelta(hours=1)
    submission_store.add(course, connection, MODULE, "ada", notebook, source="folder", received=received)
    assert desk.assignments()[0].late_seconds == 3600


def test_a_score_is_told_only_once_it_is_returned(course: CourseFolder, connection: Connection, desk: StudentDesk):
    graded(connection, "ada", returned_at=None)
    waiting = desk.assignments()[0]
    assert (waiting.state, waiting.score, waiting.total) == ("graded", None, None)
    for ask in (desk.feedback, desk.feedback_page):
        with pytest.raises(ConflictError, match="not been returned"):
            ask(MODULE)
    graded(connection, "ben", returned_at=DUE)
    returned = StudentDesk(course, connection, "ben").assignments()[0]
    assert (returned.state, returned.score, returned.total) == ("returned", 76.0, 100.0)


def test_a_damaged_store_is_noticed(course: CourseFolder, desk: StudentDesk, notebook: bytes):
    receipt = desk.submit(MODULE, notebook)
    (path,) = (course.state / "store").rglob("*.ipynb")
    path.write_bytes(notebook + b" ")
    with pytest.raises(NotAvailableError, match="damaged"):
        desk.submission(receipt.id)


def test_the_newest_of_each_student_is_what_counts(course: CourseFolder, connection: Connection, notebook: bytes):
    for hour, student in enumerate(["ada", "ben", "ada"]):
        content = notebook + b" " * hour
        at = datetime(2026, 1, 2, hour, tzinfo=UTC)
        submission_store.add(course, connection, MODULE, student, content, source="folder", received=at)
    latest = submission_store.latest_of_module(connection, MODULE)
    assert {student: found.size for student, found in latest.items()} == {
        "ada": len(notebook) + 2,
        "ben": len(notebook) + 1,
    }


def test_of_two_notebooks_of_one_moment_the_later_one_counts_for_everybody(
    course: CourseFolder, connection: Connection, notebook: bytes
):
    at = datetime(2026, 1, 2, tzinfo=UTC)
    for number in range(20):
        for content in (notebook, notebook + b" "):
            student = f"s{number}"
            submission_store.add(course, connection, MODULE, student, content, source="folder", received=at)
    collected = submission_store.latest_of_module(connection, MODULE)
    assert {found.size for found in collected.values()} == {len(notebook) + 1}
    told = latest_submissions(connection)
    assert {who: told[who, MODULE].digest for who in collected} == {who: row.digest for who, row in collected.items()}
    again = submission_store.add(course, connection, MODULE, "s0", notebook, source="folder", received=at)
    assert again.received_at < collected["s0"].received_at


def test_a_notebook_that_is_being_released_again_is_asked_for_later(course: CourseFolder, desk: StudentDesk):
    course.released(MODULE).unlink()
    with pytest.raises(ConflictError, match="being released again"):
        desk.notebook(MODULE)
