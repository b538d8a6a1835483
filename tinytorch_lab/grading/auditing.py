"""Noting who changed what: whatever decides over students, beyond a single mark."""

from typing import Any

from sqlalchemy import Connection

from tinytorch_lab.grading.evidence import now
from tinytorch_lab.grading.store.tables import audit


def note(
    connection: Connection,
    actor: str,
    action: str,
    module: str | None = None,
    student: str | None = None,
    **details: Any,
) -> None:
    """Keep, for ever, that ``actor`` did this; ``details`` is plain data."""
    values = {"at": now(), "actor": actor, "action": action, "module": module, "student": student, "details": details}
    connection.execute(audit.insert().values(**values))
