"""Due dates, extensions and what lateness costs: in our line, in nbgrader's rows, and as nbgrader counts it."""

from datetime import UTC, datetime
from typing import Any

import pytest
from nbgrader.api import Gradebook
from sqlalchemy import Connection, Engine, select

from tests.grading.conftest import MODULE
from tinytorch_lab.errors import InvalidInputError, NotFoundError
from tinytorch_lab.grading import marking, terms
from tinytorch_lab.grading.folder import CourseFolder
from tinytorch_lab.grading.gradebook import CourseGradebook
from tinytorch_lab.grading.store.database import transaction
from tinytorch_lab.grading.store.tables import assignments, audit, results

LATE = "[late]\ndeduction = 10\nper = 'day'\nmaximum = 50\n"


@pytest.fixture
def late(graded: CourseFolder, engine: Engine) -> CourseFolder:
    """A course that takes 10 % a day, in which ada handed in 36 hours after the date of ``DUE``."""
    (graded.root / "course.toml").write_text(LATE, encoding="utf-8")
    with Gradebook(graded.db_url, graded.course_id) as gradebook:
        gradebook.find_submission(MODULE, "ada").timestamp = datetime(2026, 10, 3, 12)
        gradebook.db.commit()
    return graded


DUE = "2026-10-02T00:00:00+00:00"


def set_due(course: CourseFolder, engine: Engine, due: str | None) -> None:
    with transaction(engine) as connection:
        terms.set_due(course, connection, "tess", module=MODULE, due_at=due)


def penalties(course: CourseFolder, engine: Engine) -> tuple[float, float]:
    """Return ada's penalty in our line, and nbgrader's."""
    with engine.connect() as connection:
        ours = connection.execute(select(results.c.penalty).where(results.c.student == "ada")).scalar_one()
    with Gradebook(course.db_url, course.course_id) as gradebook:
        return ours, gradebook.find_submission(MODULE, "ada").late_submission_penalty


def audited(connection: Connection) -> list[Any]:
    return [(row.actor, row.action, row.student) for row in connection.execute(select(audit).order_by(audit.c.id))]


def test_lateness_is_counted_when_a_due_date_is_set_and_again_when_it_moves(late: CourseFolder, engine: Engine):
    set_due(late, engine, DUE)
    assert penalties(late, engine) == (14.0, 14.0)
    with Gradebook(late.db_url, late.course_id) as gradebook:
        assert gradebook.find_assignment(MODULE).duedate == datetime(2026, 10, 2)
        assert gradebook.find_submission(MODULE, "ada").total_seconds_late == 36 * 3600
    with transaction(engine) as connection:
        connection.execute(results.update().values(returned_at="2026"))
    set_due(late, engine, "2026-10-04T00:00:00+00:00")
    assert penalties(late, engine) == (0.0, 0.0)
    with engine.connect() as connection:
        returned = {row.student: row.returned_at for row in connection.execute(select(results))}
    assert returned == {"ada": None, "ben": "2026", "cleo": "2026"}
    set_due(late, engine, None)
    with Gradebook(late.db_url, late.course_id) as gradebook:
        assert gradebook.find_assignment(MODULE).duedate is None


def test_lateness_is_counted_anew_with_every_mark_and_when_one_is_taken_back(
    late: CourseFolder, book: CourseGradebook, engine: Engine
):
    set_due(late, engine, DUE)
    with book.transaction() as gradebook:
        given = marking.add_mark(
            late,
            gradebook,
            "tess",
            module=MODULE,
            student="ada",
            response="response_1",
            points=10,
            level="",
            criteria=(),
            comment="",
            seen=None,
        )
    assert penalties(late, engine) == (16.0, 16.0)
    with book.transaction() as gradebook:
        marking.undo_mark(late, gradebook, "tess", given.mark.id)
    assert penalties(late, engine) == (14.0, 14.0)


def test_an_extension_counts_for_its_student_in_both_books_until_it_is_withdrawn(late: CourseFolder, engine: Engine):
    set_due(late, engine, DUE)
    with transaction(engine) as connection:
        place = {"module": MODULE, "student": "ada"}
        terms.extend(late, connection, "tess", **place, due_at="2026-10-03T06:00:00+00:00", reason="ill")
    assert penalties(late, engine) == (7.0, 7.0)
    with Gradebook(late.db_url, late.course_id) as gradebook:
        assert gradebook.find_submission(MODULE, "ada").total_seconds_late == 6 * 3600
        assert gradebook.find_submission(MODULE, "ben").extension is None
    with transaction(engine) as connection:
        terms.withdraw_extension(late, connection, "ugo", **place)
        assert audited(connection)[-3:] == [
            ("tess", "set due date", None),
            ("tess", "extend", "ada"),
            ("ugo", "withdraw extension", "ada"),
        ]
        with pytest.raises(NotFoundError, match="ada has no extension"):
            terms.withdraw_extension(late, connection, "ugo", **place)
    assert penalties(late, engine) == (14.0, 14.0)


def test_a_release_keeps_its_first_time_and_can_be_taken_back(graded: CourseFolder, engine: Engine):
    def released_at() -> str | None:
        with engine.connect() as connection:
            return connection.execute(select(assignments.c.released_at)).scalar_one()

    first = released_at()
    assert first is not None
    with transaction(engine) as connection:
        terms.set_released(connection, "tess", MODULE)
    assert released_at() == first
    with transaction(engine) as connection:
        terms.set_unreleased(connection, "tess", MODULE)
    assert released_at() is None
    with transaction(engine) as connection, pytest.raises(NotFoundError, match="01_sums is not released"):
        terms.set_unreleased(connection, "tess", MODULE)


def test_dates_are_read_with_and_without_a_time_and_a_zone():
    assert terms.due_time("2026-10-02T18:00:00+02:00") == "2026-10-02T16:00:00.000+00:00"
    here = datetime(2026, 10, 2, 23, 59, 59).astimezone(UTC)
    for without_time in (" 2026-10-02 ", "20261002", "2026-W40-5"):
        assert terms.due_time(without_time) == here.isoformat(timespec="milliseconds")
    for wrong in ("tomorrow", "2026-13-01", "", "0001-01-01T00:00:00+05:00"):
        with pytest.raises(InvalidInputError, match="is no date"):
            terms.due_time(wrong)


def test_a_wrong_rule_is_said_and_changes_nothing(late: CourseFolder, engine: Engine):
    (late.root / "course.toml").write_text("[late]\ndeduction = 200\n", encoding="utf-8")
    with pytest.raises(InvalidInputError, match="must not exceed 100"):
        set_due(late, engine, DUE)
    with engine.connect() as connection:
        assert connection.execute(select(assignments.c.due_at)).scalar_one() is None
