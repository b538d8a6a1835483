"""What the course last said it has released, kept in the workspace for times when the course cannot be reached."""

from dataclasses import dataclass
from datetime import UTC, datetime

from pydantic import TypeAdapter, ValidationError

from tinytorch_lab.coursework import Assignment
from tinytorch_lab.files import write_bytes
from tinytorch_lab.learning.workspace import Workspace


@dataclass(frozen=True)
class KnownAssignments:
    """The course's assignments as they stood at the time ``as_of`` (ISO 8601 in UTC)."""

    as_of: str
    assignments: list[Assignment]


_FORMAT = TypeAdapter(KnownAssignments)


def as_of_now(assignments: list[Assignment]) -> KnownAssignments:
    """Return ``assignments`` as what the course says at this moment."""
    return KnownAssignments(datetime.now(UTC).isoformat(timespec="seconds"), assignments)


def remember(workspace: Workspace, known: KnownAssignments) -> None:
    """Keep ``known`` in place of what was known before.

    Raises:
        NotAvailableError: the workspace cannot be written.
    """
    write_bytes(workspace.state / "assignments.json", _FORMAT.dump_json(known, indent=1) + b"\n")


def recall(workspace: Workspace) -> KnownAssignments | None:
    """Return what is kept; what cannot be read counts as nothing, since the course will say it again."""
    try:
        return _FORMAT.validate_json((workspace.state / "assignments.json").read_bytes())
    except (OSError, ValidationError):
        return None
