"""What callers send: the bodies of requests."""

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

Text = Annotated[str, Field(max_length=20_000)]
Name = Annotated[str, Field(min_length=1, max_length=128)]


class Body(BaseModel):
    """Base of all bodies: unknown fields are an error."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class MarkBody(Body):
    """A mark; ``seen`` is the number of the mark that stood when the grader decided, ``None`` when none did.

    ``answer`` is the digest of the text that was read, as it came with it; for another text the mark is refused.
    """

    points: float
    level: str = ""
    criteria: list[str] = []
    comment: Text = ""
    seen: int | None = None
    answer: str | None = None


class UndoBody(Body):
    """Which mark to take back."""

    mark: int


class FlagBody(Body):
    """Why an answer needs another look."""

    note: Text = ""


class CommentBody(Body):
    """A comment to keep for reuse."""

    text: Text


JobKind = Literal[
    "generate",
    "release",
    "collect",
    "autograde",
    "own_modules",
    "milestone",
    "feedback",
    "return_feedback",
    "regrade",
]


class JobBody(Body):
    """Work on a module for all students, or for those named.

    ``changed`` leaves out what was graded as it is (autograde); ``force`` goes on with answers unmarked (feedback,
    return_feedback). ``regrade`` changes nothing: it finds out what :class:`ApplyBody` would change. ``milestone`` runs
    the one that comes after the module, ``own_modules`` the module's tests on students' own earlier modules.
    """

    kind: JobKind
    module: Name
    students: list[Name] | None = None
    changed: bool = False
    force: bool = False


class ApplyBody(Body):
    """For whom to store what a regrade found; ``None``: for all."""

    students: list[Name] | None = None


class LatePolicyBody(Body):
    """What lateness costs: percent of the points earned for each day or hour begun, and its limits."""

    deduction: float
    per: Literal["day", "hour"] = "day"
    grace_minutes: float = 0.0
    maximum: float = 100.0
    cut_off_hours: float = 0.0


class RosterBody(Body):
    """A class list as the text of a CSV file, and the file's name for messages about it."""

    content: Annotated[str, Field(max_length=5_000_000)]
    name: Name = "the class list"


class DueBody(Body):
    """When a module is due (ISO 8601), or ``None``: never."""

    due_at: str | None


class ExtensionBody(Body):
    """A due date of one student's own, and why."""

    due_at: str
    reason: Text = ""


class MilestoneBody(Body):
    """Whether a student has reached a milestone, and what was seen."""

    passed: bool
    message: Text = ""


class SharesBody(Body):
    """Among whom the answers to a question are divided; nobody: everyone marks all."""

    graders: list[Name]


class SampleBody(Body):
    """A sample answer with the points that the instructors agreed on, and why."""

    text: Text
    points: float
    reason: Text = ""


class SampleMarkBody(Body):
    """The points that a grader gives a sample."""

    points: float
