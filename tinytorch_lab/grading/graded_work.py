"""What nbgrader's gradebook holds of one submission, read on a connection of ours in three statements."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from nbgrader.api import (
    Assignment,
    BaseCell,
    Comment,
    Grade,
    GradeCell,
    Notebook,
    SubmittedAssignment,
    SubmittedNotebook,
    TaskCell,
)
from sqlalchemy import Connection, Select, and_, bindparam, func, select

from tinytorch_lab.errors import NotFoundError

_assignment, _notebook, _cell = Assignment.__table__, Notebook.__table__, BaseCell.__table__
_submission, _copy = SubmittedAssignment.__table__, SubmittedNotebook.__table__
_grade, _comment = Grade.__table__, Comment.__table__
_grade_cell, _task_cell = GradeCell.__table__, TaskCell.__table__


@dataclass(frozen=True)
class GradedCell:
    """A graded cell's points and comment; ``waits`` tells that a person has to look at it."""

    score: float
    possible: float
    comment: str
    waits: bool


@dataclass(frozen=True)
class GradedWork:
    """A submission's graded cells by name, how late it came, and what that took off."""

    cells: Mapping[str, GradedCell]
    late_seconds: float
    penalty: float

    @property
    def score(self) -> float:
        """The points of all cells; the penalty is not off yet."""
        return sum(cell.score for cell in self.cells.values())

    @property
    def possible(self) -> float:
        """The points that could be had."""
        return sum(cell.possible for cell in self.cells.values())


def _place_query() -> Select[Any]:
    joined = _assignment.join(_notebook, _notebook.c.assignment_id == _assignment.c.id)
    joined = joined.join(_submission, _submission.c.assignment_id == _assignment.c.id)
    joined = joined.join(_copy, and_(_copy.c.assignment_id == _submission.c.id, _copy.c.notebook_id == _notebook.c.id))
    columns = (
        _notebook.c.id.label("notebook"),
        _copy.c.id.label("submitted"),
        _copy.c.late_submission_penalty,
        _assignment.c.duedate,
        _submission.c.extension,
        _submission.c.timestamp,
    )
    of_student = _submission.c.student_id == bindparam("student")
    named = and_(_assignment.c.name == bindparam("module"), _notebook.c.name == bindparam("module"))
    return select(*columns).select_from(joined).where(named, of_student)


def _cells_query() -> Select[Any]:
    graded = and_(_grade.c.cell_id == _cell.c.id, _grade.c.notebook_id == bindparam("submitted"))
    joined = _cell.join(_grade, graded)
    joined = joined.outerjoin(_grade_cell, _grade_cell.c.id == _cell.c.id)
    joined = joined.outerjoin(_task_cell, _task_cell.c.id == _cell.c.id)
    columns = (
        _cell.c.name,
        func.coalesce(_grade_cell.c.max_score, _task_cell.c.max_score).label("possible"),
        func.coalesce(_grade.c.manual_score, _grade.c.auto_score, 0.0).label("points"),
        func.coalesce(_grade.c.extra_credit, 0.0).label("extra"),
        _grade.c.needs_manual_grade.label("waits"),
    )
    return select(*columns).select_from(joined).where(_cell.c.notebook_id == bindparam("notebook"))


def _comments_query() -> Select[Any]:
    # To nbgrader a written answer is two cells of one name: one has the grade, the other the comment.
    commented = and_(_comment.c.cell_id == _cell.c.id, _comment.c.notebook_id == bindparam("submitted"))
    text = func.coalesce(_comment.c.manual_comment, _comment.c.auto_comment, "").label("text")
    return select(_cell.c.name, text).join(_comment, commented).where(_cell.c.notebook_id == bindparam("notebook"))


# Built once: building a query anew takes longer than SQLite needs to answer it.
_PLACE, _CELLS, _COMMENTS = _place_query(), _cells_query(), _comments_query()


def graded_work(connection: Connection, module: str, student: str) -> GradedWork:
    """Return what the gradebook holds of the submission of ``student``.

    Raises:
        NotFoundError: it has not been autograded.
    """
    place = connection.execute(_PLACE, {"module": module, "student": student}).one_or_none()
    if place is None:
        raise NotFoundError(f"{module} of {student} has not been autograded.")
    key = {"notebook": place.notebook, "submitted": place.submitted}
    comments = {row.name: row.text for row in connection.execute(_COMMENTS, key)}
    cells = {
        row.name: GradedCell(row.points + row.extra, row.possible, comments.get(row.name, ""), bool(row.waits))
        for row in connection.execute(_CELLS, key)
    }
    due = place.duedate + (place.extension or timedelta()) if place.duedate else None
    late = (place.timestamp - due).total_seconds() if due and place.timestamp else 0.0
    return GradedWork(cells, max(late, 0.0), place.late_submission_penalty or 0.0)
