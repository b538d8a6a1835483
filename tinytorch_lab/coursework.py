"""What a course and one of its students say to each other: plain data, the same in one process and over HTTP."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal, Protocol

from tinytorch_lab.curriculum.markscheme import Level

AssignmentState = Literal["not released", "open", "submitted", "graded", "returned"]
"""``graded``: autograded, and maybe marked; ``returned``: the student may read the feedback."""

Outcome = Literal["passed", "partly passed", "failed"]


Role = Literal["student", "grader", "instructor"]
"""What somebody is in a course; each may do all that the one before may."""

MAX_NOTEBOOK_BYTES = 20 << 20
"""How large a notebook may be that is handed in."""


@dataclass(frozen=True)
class Membership:
    """A course that somebody has a role in."""

    course: str
    title: str
    role: Role


@dataclass(frozen=True)
class Receipt:
    """The course's word that it holds a notebook, and since when (ISO 8601 in UTC).

    ``digest`` is the notebook's SHA-256; ``signature`` is the course's over all other fields.
    """

    id: str
    course: str
    module: str
    student: str
    digest: str
    size: int
    received_at: str
    signature: str


@dataclass(frozen=True)
class Assignment:
    """One module as it stands between the course and the student; ``score`` is absent until it is returned.

    ``extended`` tells that ``due_at`` is the student's own, ``late_seconds`` how long after it the submission came.
    ``policy`` says in a sentence what lateness costs.
    """

    module: str
    state: AssignmentState
    released_at: str | None
    due_at: str | None
    extended: bool
    policy: str
    submission: Receipt | None
    late_seconds: int
    score: float | None
    total: float | None
    returned_at: str | None


@dataclass(frozen=True)
class TestFeedback:
    """What a student reads about one test. ``corrected`` tells that a person set the points."""

    test: str
    score: float
    possible: float
    status: Outcome
    message: str
    corrected: bool
    seconds: float
    peak_bytes: int
    reference_seconds: float
    reference_peak_bytes: int


@dataclass(frozen=True)
class AnswerFeedback:
    """What a student reads about one answer; ``level`` and ``above`` (the next one up) only once it is marked.

    ``ticked`` are the criteria of the level that the marker saw met.
    """

    response_id: str
    question: str
    text: str
    points: float
    total: float
    marked: bool
    comment: str
    level: Level | None
    above: Level | None
    ticked: tuple[str, ...] = ()


@dataclass(frozen=True)
class OwnTest:
    """One test on the student's own earlier modules, beside its ``graded`` points; ``causes`` explain a difference."""

    test: str
    score: float
    graded: float
    possible: float
    message: str
    causes: tuple[str, ...] = ()

    @property
    def differs(self) -> bool:
        """Whether the student's own earlier modules make a difference."""
        return self.score != self.graded


@dataclass(frozen=True)
class OwnRun:
    """The tests once more on the student's own earlier modules: for information, it never counts.

    ``own`` are the modules taken from the student, ``replaced`` says why the reference stood in for others.
    """

    module: str
    student: str
    graded_at: str
    tests: tuple[OwnTest, ...]
    own: tuple[str, ...]
    replaced: Mapping[str, str]


@dataclass(frozen=True)
class Feedback:
    """Everything that is told to a student about a graded submission.

    ``penalty`` is taken off ``score`` for the reason in ``lateness``. ``own_run`` is absent where none was made.
    """

    module: str
    title: str
    student: str
    score: float
    total: float
    penalty: float
    notes: tuple[str, ...]
    tests: tuple[TestFeedback, ...]
    answers: tuple[AnswerFeedback, ...]
    lateness: str = ""
    own_run: OwnRun | None = None

    @property
    def complete(self) -> bool:
        """Whether every answer has been marked."""
        return all(answer.marked for answer in self.answers)


class Desk(Protocol):
    """Where one student deals with one course; every method raises our errors, and refuses what is not theirs."""

    def assignments(self) -> list[Assignment]:
        """Return every module that the course has released, in its order."""

    def notebook(self, module: str) -> bytes:
        """Return the students' notebook of ``module`` as it was released."""

    def submit(self, module: str, notebook: bytes) -> Receipt:
        """Hand in ``notebook`` and return the receipt; the same notebook again gives the same receipt."""

    def submissions(self, module: str) -> list[Receipt]:
        """Return the receipts of everything handed in for ``module``, the newest first."""

    def submission(self, receipt_id: str) -> bytes:
        """Return a notebook as it was handed in."""

    def feedback(self, module: str) -> Feedback:
        """Return the feedback on ``module`` once it is returned."""

    def feedback_page(self, module: str) -> str:
        """Return the feedback as one self-contained HTML page."""
