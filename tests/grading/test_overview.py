"""The overview of the class: where each submission stands, however it came there."""

import pytest
from sqlalchemy import Engine

from tests.grading.conftest import MODULE
from tinytorch_lab.grading.folder import CourseFolder
from tinytorch_lab.grading.queries.overview import Cell, class_overview
from tinytorch_lab.grading.queries.submitted import latest_submissions
from tinytorch_lab.grading.store.tables import assignments, extensions, results, submissions


def cells(course: CourseFolder, engine: Engine) -> dict[str, Cell]:
    with engine.connect() as connection:
        overview = class_overview(course, connection)
    (module,) = overview.modules
    assert module.module == MODULE
    return {row.student: row.cells[0] for row in overview.students}


def hand_in(engine: Engine, student: str, digest: str, received_at: str, number: str = "f" * 32) -> None:
    row = {"id": number, "module": MODULE, "student": student, "digest": digest, "size": 1}
    with engine.begin() as connection:
        connection.execute(submissions.insert().values(**row, received_at=received_at, source="http"))


def test_a_newer_submission_waits_and_shows_no_old_score(graded: CourseFolder, engine: Engine):
    assert cells(graded, engine)["ada"] == Cell("to mark", 70.0, False, "ok", 3)
    hand_in(engine, "ada", "0" * 64, "2999-01-01T00:00:00.000+00:00")
    assert cells(graded, engine)["ada"] == Cell("submitted", None, False, "ok", 0)
    assert cells(graded, engine)["cleo"].state == "marked"


def test_of_two_in_the_same_moment_it_is_always_the_same_one(graded: CourseFolder, engine: Engine):
    at = "2999-01-01T00:00:00.000+00:00"
    hand_in(engine, "ada", "a" * 64, at, "1" * 32)
    hand_in(engine, "ada", "b" * 64, at, "2" * 32)
    with engine.connect() as connection:
        assert latest_submissions(connection)["ada", MODULE].digest == "b" * 64
    assert len(cells(graded, engine)) == 3


@pytest.mark.parametrize(("own", "late"), [(None, True), ("2998-01-01T00:00:00.000+00:00", False)])
def test_late_is_after_the_students_own_date(graded: CourseFolder, engine: Engine, own: str | None, late: bool):
    with engine.begin() as connection:
        connection.execute(assignments.update().values(due_at="2001-01-01T00:00:00.000+00:00"))
        if own:
            given = {"module": MODULE, "student": "ben", "due_at": own, "reason": ""}
            connection.execute(extensions.insert().values(**given, granted_by="tess", granted_at=own))
    assert cells(graded, engine)["ben"].late is late
    assert cells(graded, engine)["ada"].late


def test_a_result_without_a_submission_in_the_store_is_shown_too(graded: CourseFolder, engine: Engine):
    with engine.begin() as connection:
        connection.execute(submissions.delete().where(submissions.c.student == "ben"))
        connection.execute(results.update().values(returned_at="2026").where(results.c.student == "cleo"))
    found = cells(graded, engine)
    assert (found["ben"].state, found["ben"].score) == ("to mark", 55.0)
    assert found["cleo"].state == "returned"
