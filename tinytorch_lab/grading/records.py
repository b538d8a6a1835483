"""What the grading service says to its callers: plain data that crosses the worker's boundary as JSON."""

from dataclasses import dataclass
from typing import Literal

from tinytorch_lab.curriculum.markscheme import MarkScheme

Severity = Literal["info", "warning", "error"]
State = Literal["not submitted", "submitted", "to mark", "marked", "feedback"]


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
    """What a job did for one student, or for the module; ``score`` of ``total`` when it gave one."""

    subject: str
    ok: bool
    message: str
    score: float | None = None
    total: float | None = None


@dataclass(frozen=True)
class JobReport:
    """How a job ended; ``ok`` when it worked for every subject."""

    ok: bool
    rows: tuple[JobRow, ...]


@dataclass(frozen=True)
class Answer:
    """A student's written answer with all that marking it needs. ``points`` is ``None`` until it is marked."""

    module: str
    student: str
    response_id: str
    question: str
    text: str
    words: int
    scheme: MarkScheme | None
    points: float | None
    total: float
    comment: str
    author: str
    marked: bool


@dataclass(frozen=True)
class GradeRow:
    """One student's grade in one module; scores are ``None`` where nothing has been graded.

    ``lost`` names the tests that cost points, as ``test_matmul 12``.
    """

    student: str
    module: str
    automatic: float | None
    automatic_total: float
    written: float | None
    written_total: float
    score: float | None
    total: float
    state: State
    lost: tuple[str, ...]
    note: str
