"""What a graded run earned: nbgrader's rows and our line per student and module, in the caller's transaction.

Written as plain statements. nbgrader's own functions give the same rows, but load each as an object, and commit in
between: that took longer than running the notebook, and half a submission could be stored.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from nbgrader.api import (
    Assignment,
    BaseCell,
    Comment,
    Grade,
    GradeCell,
    Notebook,
    Student,
    SubmittedAssignment,
    SubmittedNotebook,
    TaskCell,
)
from sqlalchemy import Connection, Select, Table, and_, bindparam, func, insert, select, update

from tinytorch_lab.errors import NotFoundError
from tinytorch_lab.grading.evidence import Summary

NO_RESPONSE = "No response."

_assignment, _notebook, _cell = Assignment.__table__, Notebook.__table__, BaseCell.__table__
_grade_cell, _task_cell = GradeCell.__table__, TaskCell.__table__
_student, _submission, _copy = Student.__table__, SubmittedAssignment.__table__, SubmittedNotebook.__table__
_grade, _comment = Grade.__table__, Comment.__table__
_GRADED, _COMMENTED = ("GradeCell", "TaskCell"), ("SolutionCell", "TaskCell")


def _place_query() -> Select[Any]:
    """Return the query for a module's notebook with what is there of a student's submission."""
    of_student = and_(_submission.c.assignment_id == _assignment.c.id, _submission.c.student_id == bindparam("student"))
    of_notebook = and_(_copy.c.assignment_id == _submission.c.id, _copy.c.notebook_id == _notebook.c.id)
    joined = _assignment.join(_notebook, _notebook.c.assignment_id == _assignment.c.id)
    joined = joined.outerjoin(_submission, of_student).outerjoin(_copy, of_notebook)
    columns = (
        _assignment.c.id.label("assignment"),
        _notebook.c.id.label("notebook"),
        _submission.c.id.label("submission"),
        _submission.c.timestamp.label("timestamp"),
        _copy.c.id.label("submitted"),
    )
    query = select(*columns).select_from(joined)
    return query.where(_assignment.c.name == bindparam("module"), _notebook.c.name == bindparam("module"))


def _grades_query() -> Select[Any]:
    graded = and_(_grade.c.cell_id == _cell.c.id, _grade.c.notebook_id == bindparam("submitted"))
    joined = _cell.outerjoin(_grade_cell, _grade_cell.c.id == _cell.c.id)
    joined = joined.outerjoin(_task_cell, _task_cell.c.id == _cell.c.id).outerjoin(_grade, graded)
    columns = (
        _grade.c.id,
        _cell.c.id.label("cell_id"),
        _cell.c.name,
        func.coalesce(_grade_cell.c.cell_type, _task_cell.c.cell_type).label("cell_type"),
        func.coalesce(_grade_cell.c.max_score, _task_cell.c.max_score).label("max_score"),
        _grade.c.auto_score,
        _grade.c.manual_score,
        _grade.c.extra_credit,
        _grade.c.needs_manual_grade,
    )
    query = select(*columns).select_from(joined)
    return query.where(_cell.c.notebook_id == bindparam("notebook"), _cell.c.type.in_(_GRADED))


def _comments_query() -> Select[Any]:
    kept = and_(_comment.c.cell_id == _cell.c.id, _comment.c.notebook_id == bindparam("submitted"))
    query = select(_comment.c.id, _cell.c.id.label("cell_id"), _cell.c.name, _comment.c.auto_comment)
    query = query.select_from(_cell.outerjoin(_comment, kept))
    return query.where(_cell.c.notebook_id == bindparam("notebook"), _cell.c.type.in_(_COMMENTED))


# Built once: building a query anew takes longer than SQLite needs to answer it.
_PLACE, _GRADES, _COMMENTS = _place_query(), _grades_query(), _comments_query()
_ENROLLED = select(_student.c.id).where(_student.c.id == bindparam("student"))
_SET_GRADE = (
    update(_grade)
    .where(_grade.c.id == bindparam("row"))
    .values(auto_score=bindparam("auto"), needs_manual_grade=bindparam("waits"))
)


@dataclass(frozen=True)
class AutomaticResult:
    """What a graded run stores: scores by test, the answers that were given, and those changed since the last run."""

    scores: Mapping[str, float]
    answered: Mapping[str, bool]
    changed: frozenset[str]
    needs_review: bool
    comment: str = NO_RESPONSE


@dataclass(frozen=True)
class _GradeRow:
    """A row of nbgrader's grades with what its cell is; ``id`` is ``None`` and nothing is known before it is stored."""

    id: str | None
    cell_id: str
    name: str
    is_code: bool
    max_score: float
    auto_score: float | None
    manual_score: float | None
    extra_credit: float | None
    needs_manual_grade: bool | None

    @property
    def score(self) -> float:
        """The points, as nbgrader counts them."""
        score = self.auto_score if self.manual_score is None else self.manual_score
        return 0.0 if score is None else score + (self.extra_credit or 0.0)


def record_result(
    connection: Connection, module: str, student: str, result: AutomaticResult, timestamp: datetime | None = None
) -> Summary:
    """Enter the submission when it is new and store ``result``; a person's marks stay, asked for again if outdated.

    ``timestamp`` is when it was handed in, in UTC; ``None`` leaves what is there.

    Raises:
        NotFoundError: the module has not been released.
    """
    notebook, submitted = _enter(connection, module, student, timestamp)
    former = _grade_rows(connection, notebook, submitted)
    rows = [_graded(row, result) for row in former]
    _store_grades(connection, submitted, [row for row, old in zip(rows, former, strict=True) if row != old])
    _store_comments(connection, notebook, submitted, result)
    return _summary(rows)


def read_summary(connection: Connection, module: str, student: str) -> Summary | None:
    """Return the points of a submission as they are in the gradebook now, or ``None`` when there is none."""
    found = connection.execute(_PLACE, {"module": module, "student": student}).one_or_none()
    if found is None or found.submitted is None:
        return None
    return _summary(_grade_rows(connection, found.notebook, found.submitted))


def _enter(connection: Connection, module: str, student: str, timestamp: datetime | None) -> tuple[str, str]:
    """Return nbgrader's ids of the module's notebook and of the student's copy, entering what is missing."""
    found = connection.execute(_PLACE, {"module": module, "student": student}).one_or_none()
    if found is None:
        raise NotFoundError(f"{module} has not been released; do that with: tito grade release {module}")
    submission, submitted = found.submission, found.submitted
    if submission is None:
        if connection.execute(_ENROLLED, {"student": student}).one_or_none() is None:
            connection.execute(insert(_student).values(id=student))
        values = {"assignment_id": found.assignment, "student_id": student, "timestamp": timestamp}
        submission = _inserted(connection, _submission, values)
    elif timestamp is not None and found.timestamp != timestamp:
        connection.execute(update(_submission).where(_submission.c.id == submission).values(timestamp=timestamp))
    if submitted is None:
        submitted = _inserted(connection, _copy, {"assignment_id": submission, "notebook_id": found.notebook})
    return found.notebook, submitted


def _inserted(connection: Connection, table: Table, values: Mapping[str, Any]) -> str:
    """Insert a row and return the id that nbgrader's default gave it."""
    key = connection.execute(insert(table).values(**values)).inserted_primary_key
    if key is None:
        raise RuntimeError("one inserted row has one key")
    return str(key[0])


def _grade_rows(connection: Connection, notebook: str, submitted: str) -> list[_GradeRow]:
    rows = connection.execute(_GRADES, {"notebook": notebook, "submitted": submitted})
    return [_grade_row(row) for row in rows]


def _grade_row(row: Any) -> _GradeRow:
    return _GradeRow(
        id=row.id,
        cell_id=row.cell_id,
        name=row.name,
        is_code=row.cell_type == "code",
        max_score=row.max_score,
        auto_score=row.auto_score,
        manual_score=row.manual_score,
        extra_credit=row.extra_credit,
        needs_manual_grade=row.needs_manual_grade,
    )


def _graded(row: _GradeRow, result: AutomaticResult) -> _GradeRow:
    """Return ``row`` as ``result`` leaves it; a cell that is neither test nor answer waits for a person."""
    marked = row.manual_score is not None
    if row.name in result.scores:
        score = result.scores[row.name]
        outdated = marked and (row.auto_score != score or bool(row.needs_manual_grade))
        return replace(row, auto_score=score, needs_manual_grade=outdated or result.needs_review)
    if row.name in result.answered:
        answered = result.answered[row.name]
        # One that waits already is changed since it was marked, if not since the last run.
        waits = row.name in result.changed or bool(row.needs_manual_grade) if marked else answered
        return replace(row, auto_score=None if answered else 0.0, needs_manual_grade=waits)
    return replace(row, needs_manual_grade=row.needs_manual_grade is not False)


def _store_grades(connection: Connection, submitted: str, rows: Sequence[_GradeRow]) -> None:
    place = {"notebook_id": submitted}
    new = [
        {**place, "cell_id": row.cell_id, "auto_score": row.auto_score, "needs_manual_grade": row.needs_manual_grade}
        for row in rows
        if row.id is None
    ]
    known = [
        {"row": row.id, "auto": row.auto_score, "waits": row.needs_manual_grade} for row in rows if row.id is not None
    ]
    for statement, values in ((insert(_grade), new), (_SET_GRADE, known)):
        if values:
            connection.execute(statement, values)


def _store_comments(connection: Connection, notebook: str, submitted: str, result: AutomaticResult) -> None:
    """Say of an answer that is missing that it is; a person's comments stay."""
    rows = connection.execute(_COMMENTS, {"notebook": notebook, "submitted": submitted}).all()
    texts = {name: None if answered else result.comment for name, answered in result.answered.items()}
    place = {"notebook_id": submitted}
    new = [{**place, "cell_id": row.cell_id, "auto_comment": texts.get(row.name)} for row in rows if row.id is None]
    if new:
        connection.execute(insert(_comment), new)
    for row in rows:
        if row.id is not None and row.name in texts and texts[row.name] != row.auto_comment:
            changed = update(_comment).where(_comment.c.id == row.id)
            connection.execute(changed.values(auto_comment=texts[row.name]))


def _summary(rows: Sequence[_GradeRow]) -> Summary:
    code, written = [row for row in rows if row.is_code], [row for row in rows if not row.is_code]
    return Summary(
        automatic=sum(row.score for row in code),
        automatic_total=sum(row.max_score for row in code),
        written=sum(row.score for row in written),
        written_total=sum(row.max_score for row in written),
        to_mark=sum(bool(row.needs_manual_grade) for row in written),
    )
