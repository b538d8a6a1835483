"""Grading again: the dry run says what would change, applying it changes just that, and marks stay."""

import pytest
from sqlalchemy import Engine, select

from tests.grading.conftest import MODULE, TESS, answers_of, finish, report_of
from tests.grading.handins import handed_in, write
from tinytorch_lab.errors import ConflictError, NotFoundError
from tinytorch_lab.grading.folder import CourseFolder
from tinytorch_lab.grading.service import GradingService
from tinytorch_lab.grading.store.tables import audit

HIDDEN = 'probe(\\"array\\", double(rng.normal(size=5)))'


def changed_test(course: CourseFolder) -> None:
    """Have the hidden test of ``double`` try numbers only, which ben gets right."""
    path = course.source(MODULE)
    text = path.read_text(encoding="utf-8")
    assert HIDDEN in text
    path.write_text(text.replace(HIDDEN, 'probe(\\"number\\", double(7))'), encoding="utf-8")


def test_the_prediction_is_what_is_applied_and_written_marks_stay(graded: CourseFolder, engine: Engine):
    with GradingService(graded) as service:
        service.mark(MODULE, "ben", "response_1", 8, "fine", actor=TESS)
        before = report_of(graded)
        changed_test(graded)
        dry = service.regrade(MODULE, actor=TESS)
        predicted = {row.subject: row for row in finish(dry).rows}
        assert report_of(graded) == before
        assert {name: (row.details or {})["tests"] for name, row in predicted.items()} == {
            "ada": {},
            "ben": {"test_double": [15.0, 30.0]},
            "cleo": {},
        }
        assert predicted["ben"].message == "test_double 15 \N{RIGHTWARDS ARROW} 30"
        assert finish(service.apply_regrade(dry.id, actor="ida")).ok
        with pytest.raises(NotFoundError, match="is no dry run"):
            service.apply_regrade(dry.id + 1, actor=TESS)
        again = finish(service.apply_regrade(dry.id, actor=TESS))
        assert {row.message for row in again.rows} == {"It was graded since the dry run; run that again."}
    after = report_of(graded)
    assert {name: row.score for name, row in predicted.items()} == {name: row.automatic for name, row in after.items()}
    assert {name: row.written for name, row in after.items()} == {name: row.written for name, row in before.items()}
    marked = {answer.response_id: answer for answer in answers_of(graded, "ben")}["response_1"]
    assert (marked.points, marked.comment, marked.marked) == (8, "fine", True)
    with engine.connect() as connection:
        (entry,) = connection.execute(select(audit).where(audit.c.action == "regrade")).all()
    assert (entry.actor, entry.student) == ("ida", "ben")
    assert entry.details == {"before": 55.0, "after": 70.0, "tests": {"test_double": [15.0, 30.0]}}


def test_what_changed_since_the_dry_run_is_not_overwritten(graded: CourseFolder, released, tmp_path):
    with GradingService(graded) as service:
        dry = service.regrade(MODULE, ["ada", "ben"], actor=TESS)
        finish(dry)
        write(handed_in(released), tmp_path / "class", "ben")
        finish(service.collect(MODULE, source=tmp_path / "class", actor=TESS))
        rows = {row.subject: row for row in finish(service.apply_regrade(dry.id, actor=TESS)).rows}
        assert (rows["ada"].ok, rows["ben"].ok) == (True, False)
        assert "changed since the dry run" in rows["ben"].message
        waiting = service.regrade(MODULE, actor=TESS)
        service.cancel(waiting.id, actor=TESS)
        with pytest.raises(ConflictError, match="cancelled; only one that is done"):
            service.apply_regrade(waiting.id, actor=TESS)
