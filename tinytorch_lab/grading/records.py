"""What the grading service says to its callers: plain data that crosses the worker's boundary as JSON."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

Severity = Literal["info", "warning", "error"]
JobState = Literal["queued", "running", "done", "failed", "cancelled"]


@dataclass(frozen=True)
class Progress:
    """One step of a job: ``done`` of ``total`` subjects (students, or the module) are finished."""

    done: int
    total: int
    subject: str
    message: str
    level: Severity = "info"


@dataclass(frozen=True)
class JobRow:
    """What a job did for one student, or for the module; ``score`` of ``total`` when it gave one.

    ``details`` is what a kind of job has to say beyond that, as plain data.
    """

    subject: str
    ok: bool
    message: str
    score: float | None = None
    total: float | None = None
    details: Mapping[str, Any] | None = None


@dataclass(frozen=True)
class Job:
    """Long work on the course, as asked for and as far as it has come.

    ``done`` when every subject was dealt with, though maybe not well; ``failed`` when the job itself had to stop, and
    ``message`` says why. Times are ISO 8601 in UTC: asked for, entered in the queue, begun (the last time), ended, and
    announced to whoever follows it.
    """

    id: int
    kind: str
    arguments: Mapping[str, Any]
    requested_by: str
    requested_at: str
    queued_at: str
    started_at: str | None
    finished_at: str | None
    reported_at: str | None
    state: JobState
    attempt: int
    done: int
    total: int
    message: str

    @property
    def finished(self) -> bool:
        """Whether it has come to its end."""
        return self.finished_at is not None


@dataclass(frozen=True)
class JobEvent:
    """A job took a step: how it stands now, and the subject just dealt with, if that is what happened."""

    job: Job
    row: JobRow | None


@dataclass(frozen=True)
class JobReport:
    """How a job ended, with a row for every subject it came to; ``ok`` when it worked for each."""

    ok: bool
    rows: tuple[JobRow, ...]
    state: JobState
    message: str


@dataclass(frozen=True)
class Mark:
    """One mark given to a written answer; ``points`` is ``None`` for one that takes a mark back.

    ``answer`` is the digest of the answer that was marked, ``seen`` the mark its author saw standing. One that is not
    ``standing`` met another author's mark and waits for a decision.
    """

    id: int
    module: str
    student: str
    response: str
    points: float | None
    level: str
    criteria: tuple[str, ...]
    comment: str
    author: str
    at: str
    answer: str
    seen: int | None
    standing: bool


@dataclass(frozen=True)
class Marked:
    """What became of a mark: it stands, or it is kept beside ``other``, which its author had not seen."""

    mark: Mark
    other: Mark | None
