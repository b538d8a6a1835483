"""The wire format. The TypeScript types in ``labextension/src/api/types.ts`` are generated from these models."""

from typing import Any, Literal

from pydantic import BaseModel, ConfigDict

from tinytorch_lab.coursework import Assignment, Feedback, Membership, Receipt
from tinytorch_lab.learning.dependency_map import Use
from tinytorch_lab.learning.evidence import Evidence
from tinytorch_lab.learning.handing_in import Readiness
from tinytorch_lab.learning.results import PastRun


class Wire(BaseModel):
    """Base of everything that crosses the wire: unknown fields are an error, values do not change."""

    model_config = ConfigDict(extra="forbid", frozen=True)


ModuleStatus = Literal["unavailable", "not_started", "in_progress", "passed"]
"""``passed``: every visible test of the notebook as saved passes."""

PackageState = Literal["missing", "behind", "current"]
"""Whether the student's package holds nothing of a module, an older export of it, or its present state."""

RowStatus = Literal["pending", "running", "passed", "failed", "not_run"]
RunState = Literal["never", "running", "done", "cancelled", "failed"]

MilestoneStatus = Literal["unavailable", "blocked", "ready", "failed", "passed"]
"""``blocked``: modules it needs are not exported; ``failed`` and ``passed`` tell of the last result."""


class PhaseInfo(Wire):
    """A phase of the course."""

    number: int
    title: str


class ModuleEntry(Wire):
    """One module as the sidebar lists it. ``path`` is the notebook's path below the server's root.

    ``needs`` are the earlier modules it builds on, ``recheck`` those of them whose exported code changed since the
    tests were run; ``digest`` is the SHA-256 of the notebook as saved.
    """

    name: str
    number: int
    title: str
    phase: int
    summary: str
    prerequisites: list[str]
    exports: list[str]
    points: float
    status: ModuleStatus
    path: str | None
    tests_passed: int
    tests_total: int
    package: PackageState
    recheck: list[str]
    readme: bool
    digest: str | None


class CourseOverview(Wire):
    """The whole course from the student's side. ``answer_words`` are the least and most words of an answer.

    ``version`` is the server's, which the browser compares with its own.
    """

    version: str
    title: str
    workspace: str
    phases: list[PhaseInfo]
    modules: list[ModuleEntry]
    answer_words: tuple[int, int]


class OpenedModule(Wire):
    """A module's notebook in the workspace; ``backup`` is where the replaced one was kept, after a reset."""

    module: str
    path: str
    created: bool
    backup: str | None


class Readme(Wire):
    """What a module is about, in Markdown."""

    markdown: str


class SourceFrame(Wire):
    """A place in a traceback: the notebook cell's id (or a file name), the line from 1, and its text."""

    cell: str
    line: int
    text: str


class TestRow(Wire):
    """One test cell of a run. ``seconds`` and bytes are of the cell; reference figures are absent when unknown.

    ``checksum`` is that of the code the result depends on; ``stale`` tells that the saved notebook's is another.
    """

    grade_id: str
    cell_id: str
    title: str
    points: float
    checksum: str
    stale: bool
    status: RowStatus
    message: str
    evidence: Evidence | None
    frames: list[SourceFrame]
    traceback: str
    seconds: float | None
    peak_bytes: int | None
    reference_seconds: float | None
    reference_peak_bytes: int | None


class Notice(Wire):
    """An error in a cell that is not a test; the line counts from 1 and is absent when unknown."""

    cell_id: str
    line: int | None
    message: str


class TestRun(Wire):
    """A run of a module's inline tests; ``notices`` are errors in cells that are not tests."""

    run_id: str
    module: str
    state: RunState
    rows: list[TestRow]
    notices: list[Notice]
    started_at: str | None
    seconds: float | None
    reason: str


class TestHistory(Wire):
    """How past runs of a module's tests went, the oldest first."""

    runs: list[PastRun]


class ExportProblem(Wire):
    """Why a notebook could not be exported; ``cell`` counts from 1, ``line`` from 1 within the cell."""

    notebook: str
    cell: int | None
    line: int | None
    message: str


class ExportReport(Wire):
    """What an export did; with problems, nothing was written."""

    written: list[str]
    unchanged: list[str]
    problems: list[ExportProblem]


class PackageFile(Wire):
    """One file of the student's package: the module it is exported from and the names it offers."""

    name: str
    module: str
    state: PackageState
    names: list[str]


class PackageOverview(Wire):
    """The student's package: the files of all started modules, and who uses what of whom."""

    files: list[PackageFile]
    uses: list[Use]
    problems: list[ExportProblem]


class MilestoneProgress(Wire):
    """How far a run is: steps ended of all, the last one's title, and the losses so far, one that diverged absent."""

    done: int
    total: int
    step: str
    losses: list[float | None]


class MilestoneRun(Wire):
    """A milestone's run in progress, or the server's last one; ``reason`` says why it came to no result."""

    run_id: str
    state: RunState
    progress: MilestoneProgress | None
    reason: str


class MilestoneFigure(Wire):
    """One number that a run came to."""

    name: str
    value: float


class MilestoneResult(Wire):
    """How the last run that came to an end ended; ``plot`` tells whether its plot can be fetched."""

    passed: bool
    date: str
    message: str
    figures: list[MilestoneFigure]
    plot: bool
    seconds: float


class MilestoneEntry(Wire):
    """One milestone as the sidebar shows it. ``after`` is the name of the module it comes after.

    ``missing`` are the modules it needs that are not exported, ``outdated`` those whose notebook has changed since.
    ``minutes`` says about how long a run keeps a processor busy, 0 for seconds; ``full_minutes`` says so of the longer
    run, which asks for more, where there is one.
    """

    number: int
    title: str
    goal: str
    after: str
    minutes: int
    full_minutes: int | None
    status: MilestoneStatus
    missing: list[str]
    outdated: list[str]
    result: MilestoneResult | None
    run: MilestoneRun


class MilestoneList(Wire):
    """All milestones of the course, in its order."""

    milestones: list[MilestoneEntry]


class AssignmentList(Wire):
    """What the course has released; when it cannot be reached, ``message`` says why.

    ``as_of`` is the time (ISO 8601) at which the course said so, absent where it never did. ``news`` tells what became
    of notebooks that waited until the course could be reached; each is told once.
    """

    connected: bool
    message: str
    as_of: str | None
    assignments: list[Assignment]
    news: list[str]


class SubmissionState(Wire):
    """What would be handed in now; ``complete`` tells that nothing is missing that could be known before grading."""

    readiness: Readiness
    complete: bool


class SubmissionList(Wire):
    """The receipts of everything handed in for a module, the newest first."""

    submissions: list[Receipt]


class MembershipList(Wire):
    """The courses of the server's user; ``message`` says why they cannot be told."""

    message: str
    courses: list[Membership]


class ErrorBody(Wire):
    """The body of every answer that is not a success."""

    message: str


class TestRunEvent(Wire):
    """What the event bus carries while tests run: the row that changed, or the run's new state."""

    run_id: str
    module: str
    state: RunState
    row: TestRow | None


class MilestoneRunEvent(Wire):
    """What the event bus carries while a milestone runs: how far its run is, or how it ended."""

    number: int
    run: MilestoneRun


TOP_LEVEL: tuple[type[Any], ...] = (
    CourseOverview,
    OpenedModule,
    TestRun,
    TestRunEvent,
    TestHistory,
    Readme,
    ExportReport,
    PackageOverview,
    MilestoneList,
    MilestoneEntry,
    MilestoneRunEvent,
    MembershipList,
    AssignmentList,
    SubmissionState,
    SubmissionList,
    Receipt,
    Feedback,
    ErrorBody,
)
"""The models and dataclasses that are a whole request, answer or event."""
