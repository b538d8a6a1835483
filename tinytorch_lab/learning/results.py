"""What the runs of a module's tests came to: the last one whole, and how many tests passed over time."""

import json
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any, Literal

from tinytorch_lab.files import write_text
from tinytorch_lab.learning.evidence import Evidence
from tinytorch_lab.runner.contract import Frame

RowStatus = Literal["pending", "running", "passed", "failed", "not_run"]
RunState = Literal["never", "running", "done", "cancelled", "failed"]

_LONGEST_HISTORY = 500


@dataclass(frozen=True)
class TestRow:
    """One test cell of a run; ``seconds`` and bytes are the cell's own, beside the reference's where known.

    ``checksum`` is that of the code the result depends on, see :func:`checksums.checksums_of_tests`.
    """

    grade_id: str
    cell_id: str
    title: str
    points: float
    checksum: str = ""
    status: RowStatus = "pending"
    message: str = ""
    evidence: Evidence | None = None
    frames: tuple[Frame, ...] = ()
    traceback: str = ""
    seconds: float | None = None
    peak_bytes: int | None = None
    reference_seconds: float | None = None
    reference_peak_bytes: int | None = None

    @property
    def ended(self) -> bool:
        """Whether there is a result, of this run or of an earlier one."""
        return self.status in ("passed", "failed")


@dataclass(frozen=True)
class Notice:
    """An error in a cell that is not a test; the line counts from 1."""

    cell_id: str
    line: int | None
    message: str


@dataclass(frozen=True)
class TestRun:
    """A run of a module's tests, in progress or ended; ``notices`` are errors in cells that are no tests.

    ``package`` holds the checksums of the exported modules that the run could import; empty stands for a module of
    which the rows have seen different code, since some of them are of an earlier run.
    """

    run_id: str
    module: str
    state: RunState
    rows: tuple[TestRow, ...] = ()
    notices: tuple[Notice, ...] = ()
    started_at: str | None = None
    seconds: float | None = None
    reason: str = ""
    package: dict[str, str] = field(default_factory=dict)

    @property
    def passed(self) -> int:
        """How many tests passed."""
        return sum(row.status == "passed" for row in self.rows)

    @property
    def points(self) -> float:
        """What the tests that passed are worth together."""
        return sum(row.points for row in self.rows if row.status == "passed")


@dataclass(frozen=True)
class PastRun:
    """How many of a module's tests passed at one time (ISO 8601), and the points they were worth."""

    at: str
    passed: int
    total: int
    points: float


@dataclass(frozen=True)
class Results:
    """The remembered runs below ``folder``."""

    folder: Path

    def latest(self, module: str) -> TestRun:
        """Return the last run; one that cannot be read counts as never run, since running again restores it."""
        try:
            run = _run(json.loads(self._path(module).read_text(encoding="utf-8")))
        except (OSError, ValueError, TypeError, KeyError, AttributeError):
            return TestRun("", module, "never")
        return replace(run, state="cancelled") if run.state == "running" else run

    def remember(self, run: TestRun) -> None:
        """Keep ``run`` as the last one and, when it went to its end, in the history.

        Raises:
            NotAvailableError: the workspace cannot be written.
        """
        write_text(self._path(run.module), json.dumps(asdict(run), indent=1))
        if run.state == "done" and run.started_at is not None:
            past = PastRun(run.started_at, run.passed, len(run.rows), run.points)
            lines = [json.dumps(asdict(entry)) for entry in (*self.history(run.module), past)]
            write_text(self._history_path(run.module), "\n".join(lines[-_LONGEST_HISTORY:]) + "\n")

    def history(self, module: str) -> tuple[PastRun, ...]:
        """Return how past runs went, the oldest first; a line that cannot be read is left out."""
        try:
            lines = self._history_path(module).read_text(encoding="utf-8", errors="replace").splitlines()
        except OSError:
            return ()
        return tuple(past for line in lines if (past := _past(line)) is not None)

    def _path(self, module: str) -> Path:
        return self.folder / f"{module}.json"

    def _history_path(self, module: str) -> Path:
        return self.folder / f"{module}.history.jsonl"


def _run(stored: dict[str, Any]) -> TestRun:
    rows = tuple(_row(row) for row in stored.pop("rows"))
    notices = tuple(Notice(**notice) for notice in stored.pop("notices"))
    return TestRun(**stored, rows=rows, notices=notices)


def _row(stored: dict[str, Any]) -> TestRow:
    frames = tuple(Frame(**frame) for frame in stored.pop("frames"))
    found = stored.pop("evidence", None)
    return TestRow(**stored, frames=frames, evidence=Evidence(**found) if found else None)


def _past(line: str) -> PastRun | None:
    try:
        return PastRun(**json.loads(line))
    except (ValueError, TypeError):
        return None
