"""Running a module's inline tests on the student's notebook as saved."""

import json
import re
import threading
import uuid
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Literal

from nbformat import NotebookNode

from tinytorch_lab.curriculum.baselines import Baseline, read_baselines
from tinytorch_lab.curriculum.catalogue import ModuleInfo
from tinytorch_lab.curriculum.cells import grade_id, is_test, points, role_of
from tinytorch_lab.errors import ConflictError, InvalidInputError
from tinytorch_lab.files import write_text
from tinytorch_lab.learning.workspace import Workspace
from tinytorch_lab.runner.calibration import CALIBRATION
from tinytorch_lab.runner.contract import Cell, CellResult, Executor, Failure, Frame, Job, Limits, Run, RunEnd
from tinytorch_lab.runner.notebook import cells_of

RowStatus = Literal["pending", "running", "passed", "failed", "not_run"]
RunState = Literal["never", "running", "done", "cancelled", "failed"]

_IMPORT_ERRORS = ("ImportError", "ModuleNotFoundError")
_MISSING_MODULE = re.compile(r"['\"]tinytorch(?:\.(?P<name>\w+))?['\"]")
_TEST_NAME = re.compile(r"^def (test_\w+)", re.MULTILINE)


@dataclass(frozen=True)
class TestRow:
    """One test cell of a run; ``seconds`` and bytes are the cell's own, beside the reference's where known."""

    grade_id: str
    cell_id: str
    title: str
    points: float
    status: RowStatus = "pending"
    message: str = ""
    frames: tuple[Frame, ...] = ()
    traceback: str = ""
    seconds: float | None = None
    peak_bytes: int | None = None
    reference_seconds: float | None = None
    reference_peak_bytes: int | None = None


@dataclass(frozen=True)
class Notice:
    """An error in a cell that is not a test; the line counts from 1."""

    cell_id: str
    line: int | None
    message: str


@dataclass(frozen=True)
class TestRun:
    """A run of a module's tests, in progress or ended; ``notices`` are errors in cells that are no tests."""

    run_id: str
    module: str
    state: RunState
    rows: tuple[TestRow, ...] = ()
    notices: tuple[Notice, ...] = ()
    started_at: str | None = None
    seconds: float | None = None
    reason: str = ""

    @property
    def passed(self) -> int:
        """How many tests passed."""
        return sum(row.status == "passed" for row in self.rows)


Listener = Callable[[TestRun, TestRow | None], None]
"""Called from a worker thread with the run's new state and the row that changed, if one did."""


class Testing:
    """The test runs of one workspace: at most one at a time for a module, the last one of each remembered."""

    def __init__(self, workspace: Workspace, executor: Executor, listener: Listener | None = None) -> None:
        self.workspace = workspace
        self._executor = executor
        self._listener = listener or (lambda _run, _row: None)
        self._lock = threading.Lock()
        self._current: dict[str, TestRun] = {}
        self._running: dict[str, Run] = {}
        self._cancelled: set[str] = set()

    def latest(self, module: ModuleInfo) -> TestRun:
        """Return the run in progress, else the last one, else one in state ``never``."""
        with self._lock:
            if module.name not in self._current:
                self._current[module.name] = _read_run(self._result_path(module), module)
            return self._current[module.name]

    def start(self, module: ModuleInfo) -> TestRun:
        """Start the module's tests in the background and return the run with every row pending.

        Raises:
            ConflictError: they are running already.
            NotFoundError: the module is not started.
            InvalidInputError: its notebook cannot be read, or holds no test.
        """
        run, stream = self._begin(module)
        threading.Thread(target=self._follow, args=(module, stream), name=f"tests-{module.name}", daemon=True).start()
        return run

    def run(self, module: ModuleInfo) -> TestRun:
        """Run the module's tests to their end; raises as :meth:`start`."""
        _, stream = self._begin(module)
        self._follow(module, stream)
        return self.latest(module)

    def cancel(self, module: ModuleInfo) -> TestRun:
        """Ask the module's run, if one is in progress, to stop; it ends as ``cancelled`` in a moment."""
        with self._lock:
            stream = self._running.get(module.name)
            if stream is not None:
                self._cancelled.add(self._current[module.name].run_id)
        if stream is not None:
            stream.cancel()
        return self.latest(module)

    def _begin(self, module: ModuleInfo) -> tuple[TestRun, Run]:
        notebook = self.workspace.notebook(module)
        rows = tuple(_rows(notebook))
        if not rows:
            raise InvalidInputError(f"{module.name}.ipynb holds no test cell; reset the module to get its tests back.")
        with self._lock:
            if module.name in self._running:
                raise ConflictError(f"The tests of {module.name} are running already; wait for them or cancel them.")
            stream = self._executor.submit(self._job(notebook))
            started = datetime.now(UTC).isoformat(timespec="seconds")
            run = TestRun(uuid.uuid4().hex, module.name, "running", rows, started_at=started)
            self._current[module.name], self._running[module.name] = run, stream
        return run, stream

    def _job(self, notebook: NotebookNode) -> Job:
        return Job(
            cells=(CALIBRATION, *cells_of(notebook, role_of)),
            limits=Limits.from_table(self.workspace.course.limits),
            path=(str(self.workspace.root),),
        )

    def _follow(self, module: ModuleInfo, stream: Run) -> None:
        baselines = read_baselines(self.workspace.release.baselines_path(module))
        calibration = 0.0
        try:
            for item in stream:
                if isinstance(item, RunEnd):
                    self._end(module, item)
                elif item.id == CALIBRATION.id:
                    calibration = item.seconds
                else:
                    self._record(module, item, baselines, calibration)
        except Exception as error:
            self._fail(module, f"The tests stopped: {error}")
            raise
        finally:
            with self._lock:
                self._running.pop(module.name, None)
            self._remember(module)

    def _record(
        self, module: ModuleInfo, result: CellResult, baselines: dict[str, Baseline], calibration: float
    ) -> None:
        with self._lock:
            run = self._current[module.name]
            place = next((place for place, row in enumerate(run.rows) if row.cell_id == result.id), None)
            if place is None:
                run = replace(run, notices=(*run.notices, *self._notices(result)))
                row = None
            else:
                row = self._judged(run.rows[place], result, baselines.get(run.rows[place].grade_id), calibration)
                run = replace(run, rows=(*run.rows[:place], row, *run.rows[place + 1 :]))
            self._current[module.name] = run
        self._listener(run, row)

    def _end(self, module: ModuleInfo, end: RunEnd) -> None:
        with self._lock:
            run = self._current[module.name]
            rows = tuple(replace(row, status="not_run") if row.status == "pending" else row for row in run.rows)
            state: RunState = "cancelled" if run.run_id in self._cancelled else "done"
            reason = "" if end.integrity == "ok" or state == "cancelled" else end.reason
            run = replace(run, state=state, rows=rows, seconds=end.seconds, reason=reason)
            self._current[module.name] = run
            self._running.pop(module.name, None)
        self._listener(run, None)

    def _fail(self, module: ModuleInfo, reason: str) -> None:
        with self._lock:
            run = replace(self._current[module.name], state="failed", reason=reason)
            self._current[module.name] = run
        self._listener(run, None)

    def _remember(self, module: ModuleInfo) -> None:
        write_text(self._result_path(module), json.dumps(asdict(self.latest(module)), indent=1))

    def _judged(self, row: TestRow, result: CellResult, baseline: Baseline | None, calibration: float) -> TestRow:
        failure = result.failure
        if result.status in ("not_run", "skipped"):
            return replace(row, status="not_run", message=failure.message if failure else "")
        return replace(
            row,
            status="passed" if result.status == "ok" else "failed",
            message=self._explained(failure) if failure else "",
            frames=failure.frames if failure else (),
            traceback=failure.traceback if failure else "",
            seconds=result.seconds,
            peak_bytes=result.peak_bytes,
            reference_seconds=baseline.calibration_loops * calibration if baseline and calibration else None,
            reference_peak_bytes=baseline.peak_bytes if baseline else None,
        )

    def _notices(self, result: CellResult) -> Iterator[Notice]:
        failure = result.failure
        if failure is None or result.status == "not_run":
            return
        line = next((frame.line for frame in reversed(failure.frames) if frame.cell == result.id), None)
        yield Notice(result.id, line, self._explained(failure))

    def _explained(self, failure: Failure) -> str:
        """Return what a failure says to a student; a check's message and a stub's speak for themselves."""
        wanted = _MISSING_MODULE.search(failure.message) if failure.kind in _IMPORT_ERRORS else None
        if wanted:
            owner = next((m for m in self.workspace.course.modules if wanted["name"] in m.exports), None)
            remedy = f"export {owner.name} first" if owner else "export the modules this one builds on first"
            return f"{failure.kind}: {failure.message}; {remedy}."
        if failure.kind in ("AssertionError", "NotImplementedError"):
            return failure.message
        return f"{failure.kind}: {failure.message}" if failure.message else failure.kind

    def _result_path(self, module: ModuleInfo) -> Path:
        return self.workspace.state / "tests" / f"{module.name}.json"


def _rows(notebook: NotebookNode) -> Iterator[TestRow]:
    cells: tuple[Cell, ...] = cells_of(notebook, role_of)
    code = [cell for cell in notebook.cells if cell.cell_type == "code"]
    for node, cell in zip(code, cells, strict=True):
        if is_test(node):
            name = _TEST_NAME.search(node.source)
            found = grade_id(node) or cell.id
            yield TestRow(found, cell.id, name[1] if name else found, points(node))


def _read_run(path: Path, module: ModuleInfo) -> TestRun:
    """Read a remembered run; one that cannot be read counts as never run, since running again restores it."""
    try:
        stored = json.loads(path.read_text(encoding="utf-8"))
        rows = tuple(
            TestRow(**{**row, "frames": tuple(Frame(**frame) for frame in row["frames"])}) for row in stored.pop("rows")
        )
        notices = tuple(Notice(**notice) for notice in stored.pop("notices"))
        run = TestRun(**stored, rows=rows, notices=notices)
    except (OSError, ValueError, TypeError, KeyError):
        return TestRun("", module.name, "never")
    return replace(run, state="cancelled") if run.state == "running" else run
