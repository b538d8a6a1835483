"""Who changed what in the course."""

from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, select

from tinytorch_lab.grading.store.tables import audit

PAGE = 100


@dataclass(frozen=True)
class AuditEntry:
    """One change; ``details`` is plain data that depends on the action."""

    id: int
    at: str
    actor: str
    action: str
    module: str | None
    student: str | None
    details: dict[str, Any]


def audit_entries(connection: Connection, before: int | None = None) -> list[AuditEntry]:
    """Return up to :data:`PAGE` changes, the newest first; ``before`` is the id of the oldest one seen so far."""
    query = select(audit).order_by(audit.c.id.desc()).limit(PAGE)
    if before is not None:
        query = query.where(audit.c.id < before)
    return [AuditEntry(**row) for row in connection.execute(query).mappings()]
