"""The due dates of single students."""

from dataclasses import dataclass

from sqlalchemy import Connection, select

from tinytorch_lab.grading.store.tables import extensions


@dataclass(frozen=True)
class Extension:
    """A due date of one student's own."""

    student: str
    due_at: str
    reason: str
    granted_by: str
    granted_at: str


def extensions_of(connection: Connection, module: str) -> list[Extension]:
    """Return the extensions of ``module`` by student."""
    rows = connection.execute(select(extensions).where(extensions.c.module == module).order_by(extensions.c.student))
    return [Extension(row.student, row.due_at, row.reason, row.granted_by, row.granted_at) for row in rows]
