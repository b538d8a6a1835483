"""What every student has in every module, as lines of a report."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from nbgrader.api import Assignment, BaseCell, GradeCell, Notebook, TaskCell
from sqlalchemy import Connection, func, select

from tinytorch_lab.errors import NotFoundError
from tinytorch_lab.grading.folder import CourseFolder
from tinytorch_lab.grading.queries.overview import Cell, CellState, class_overview
from tinytorch_lab.grading.store.tables import results, runs


@dataclass(frozen=True)
class GradeRow:
    """One student's grade in one module; scores are ``None`` where nothing has been graded.

    ``score`` is what is left of the points after ``penalty``; ``lost`` names the tests that cost points, as
    ``test_matmul 12``.
    """

    student: str
    module: str
    automatic: float | None
    automatic_total: float
    written: float | None
    written_total: float
    penalty: float
    score: float | None
    total: float
    state: CellState
    lost: tuple[str, ...]
    note: str


def grade_report(course: CourseFolder, connection: Connection, module: str | None = None) -> Iterator[GradeRow]:
    """Yield a row for every student in ``module``, or in every module that was released.

    Raises:
        NotFoundError: ``module`` has not been released.
    """
    totals = _totals(connection)
    if module is not None and module not in totals:
        raise NotFoundError(f"{module} has not been released; do that with: tito grade release {module}")
    overview = class_overview(course, connection)
    graded = {(row.student, row.module): row for row in connection.execute(select(results))}
    reasons = select(runs.c.student, runs.c.module, runs.c.tests, runs.c.notes)
    why = {(row.student, row.module): row for row in connection.execute(reasons)}
    for place, column in enumerate(overview.modules):
        if column.module not in totals or module not in (None, column.module):
            continue
        for student in overview.students:
            key = student.student, column.module
            yield _row(key, totals[column.module], student.cells[place], graded.get(key), why.get(key))


def _row(key: tuple[str, str], totals: tuple[float, float], cell: Cell, graded: Any, why: Any) -> GradeRow:
    automatic, written = (graded.automatic, graded.written) if graded else (None, None)
    penalty = graded.penalty if graded else 0.0
    notes = list(why.notes) if why else []
    if cell.state == "submitted" and why:
        notes.insert(0, "A newer submission waits to be autograded.")
    return GradeRow(
        student=key[0],
        module=key[1],
        automatic=automatic,
        automatic_total=totals[0],
        written=written,
        written_total=totals[1],
        penalty=penalty,
        score=None if automatic is None or written is None else automatic + written - penalty,
        total=sum(totals),
        state=cell.state,
        lost=_lost(why) if why else (),
        note=" ".join(notes),
    )


def _lost(why: Any) -> tuple[str, ...]:
    short = ((test["test"], test["possible"] - test["score"]) for test in why.tests)
    return tuple(f"{name} {points:g}" for name, points in short if points > 0)


def _totals(connection: Connection) -> dict[str, tuple[float, float]]:
    """Return the automatic and the written points that each released module is worth."""
    assignment, notebook, cell = Assignment.__table__, Notebook.__table__, BaseCell.__table__
    grade, task = GradeCell.__table__, TaskCell.__table__
    joined = assignment.join(notebook, notebook.c.assignment_id == assignment.c.id)
    joined = joined.outerjoin(cell, cell.c.notebook_id == notebook.c.id)
    joined = joined.outerjoin(grade, grade.c.id == cell.c.id).outerjoin(task, task.c.id == cell.c.id)
    points = func.coalesce(grade.c.max_score, task.c.max_score, 0.0)
    query = select(assignment.c.name, grade.c.cell_type, func.sum(points)).select_from(joined)
    totals: dict[str, tuple[float, float]] = {}
    for name, kind, worth in connection.execute(query.group_by(assignment.c.name, grade.c.cell_type)):
        automatic, written = totals.get(name, (0.0, 0.0))
        totals[name] = (automatic + worth, written) if kind == "code" else (automatic, written + worth)
    return totals
