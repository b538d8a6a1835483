"""Feedback: writing the pages, and letting students read them. Each function works in the caller's transaction."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Connection, Select, select

from tinytorch_lab.errors import ConflictError
from tinytorch_lab.grading import auditing
from tinytorch_lab.grading.evidence import now
from tinytorch_lab.grading.store.database import put_row
from tinytorch_lab.grading.store.tables import results


def note_written(connection: Connection, module: str, student: str) -> None:
    """Note that the feedback page says what stands now."""
    put_row(connection, results, {"module": module, "student": student}, {"feedback_at": now()})


def is_written(connection: Connection, module: str, student: str) -> bool:
    """Tell whether the feedback page says what stands now."""
    row = connection.execute(_result(module, student)).one()
    return row.feedback_at is not None and row.feedback_at >= max(row.graded_at, row.marked_at or row.graded_at)


def check_marked(connection: Connection, module: str, students: Sequence[str]) -> None:
    """Check that no answer of ``students`` waits for its mark.

    Raises:
        ConflictError: some do; it names up to five students.
    """
    waits = select(results.c.student, results.c.to_mark).where(results.c.module == module, results.c.to_mark > 0)
    wanted = set(students)
    waiting = [row for row in connection.execute(waits.order_by(results.c.student)) if row.student in wanted]
    if waiting:
        answers = sum(row.to_mark for row in waiting)
        count = f"{answers} answer{'s are' if answers > 1 else ' is'}"
        whose = ", ".join(row.student for row in waiting[:5])
        raise ConflictError(f"{count} not marked yet in {module} ({whose}); mark them, or use --force.")


def hand_back(connection: Connection, actor: str, module: str, student: str) -> bool:
    """Let ``student`` read the feedback, and tell whether that is new."""
    if connection.execute(_result(module, student)).one().returned_at is not None:
        return False
    put_row(connection, results, {"module": module, "student": student}, {"returned_at": now()})
    auditing.note(connection, actor, "return feedback", module, student)
    return True


def graded_students(connection: Connection, module: str) -> list[str]:
    """Return the students whose work in ``module`` was graded."""
    graded = select(results.c.student).where(results.c.module == module, results.c.graded_at.is_not(None))
    return list(connection.execute(graded.order_by(results.c.student)).scalars())


def _result(module: str, student: str) -> Select[Any]:
    return select(results).where(results.c.module == module, results.c.student == student)
