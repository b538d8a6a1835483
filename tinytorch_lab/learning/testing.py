"""Running a module's inline tests on the student's notebook as saved."""

import re
import threading
import uuid
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from datetime import UTC, datetime

from nbformat import NotebookNode

from tinytorch_lab.curriculum.baselines import Baseline, read_baselines
from tinytorch_lab.curriculum.catalogue import ModuleInfo
from tinytorch_lab.curriculum.cells import grade_id, points, role_of
from tinytorch_lab.errors import ConflictError, InvalidInputError, NotFoundError, TinyTorchError
from tinytorch_lab.learning.checksums import checksums_of_tests, package_checksums
from tinytorch_lab.learning.evidence import evidence
from tinytorch_lab.learning.results import Notice, Results, RunState, TestRow, TestRun
from tinytorch_lab.learning.workspace import Workspace
from tinytorch_lab.runner.calibration import CALIBRATION
from tinytorch_lab.runner.contract import Cell, CellResult, Executor, Failure, Job, Limits, Run, RunEnd
from tinytorch_lab.runner.notebook import cells_of

_IMPORT_ERRORS = ("ImportError", "ModuleNotFoundError")
_MISSING_MODULE = re.compile(r"['\"]tinytorch(?:\.(?P<name>\w+))?['\"]")
_TEST_NAME = re.compile(r"^def (test_\w+)", re.MULTILINE)

Listener = Callable[[TestRun, TestRow | None], None]
"""Called from a worker thread with the run's new state and the row that changed, if one did."""


class Testing:
    """The test runs of one workspace: at most one at a time for a module, the last one of each remembered."""

    def __init__(self, workspace: Workspace, executor: Executor, listener: Listener | None = None) -> None:
        self.workspace = workspace
        self._executor = executor
        self._listener = listener or (lambda _run, _row: None)
        self._lock = threading.Lock()
        self._results = Results(workspace.state / "tests")
        # Runs in progress, and ended ones that could not be written.
        self._current: dict[str, TestRun] = {}
        self._running: dict[str, Run] = {}
        self._cancelled: set[str] = set()

    @property
    def results(self) -> Results:
        """What is remembered of earlier runs."""
        return self._results

    def latest(self, module: ModuleInfo) -> TestRun:
        """Return the run in progress, else the last one, else one in state ``never``."""
        with self._lock:
            current = self._current.get(module.name)
        return current or self._results.latest(module.name)

    def start(self, module: ModuleInfo, only: str | None = None) -> TestRun:
        """Start the module's tests in the background and return the run, what is to be run being pending.

        With ``only``, the grade id of a test, no other test is run; the others keep their last results.

        Raises:
            ConflictError: they are running already.
            NotFoundError: the module is not started, or has no such test.
            InvalidInputError: its notebook cannot be read, or holds no test.
        """
        run, stream = self._begin(module, only)
        threading.Thread(target=self._follow, args=(module, stream), name=f"tests-{module.name}", daemon=True).start()
        return run

    def run(self, module: ModuleInfo, only: str | None = None) -> TestRun:
        """Run the module's tests, or ``only`` one, to their end; raises as :meth:`start`."""
        _, stream = self._begin(module, only)
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

    def _begin(self, module: ModuleInfo, only: str | None) -> tuple[TestRun, Run]:
        notebook = self.workspace.notebook(module)
        rows = tuple(_rows(notebook))
        if not rows:
            raise InvalidInputError(f"{module.name}.ipynb holds no test cell; reset the module to get its tests back.")
        earlier = self.latest(module)
        if only is not None:
            rows = _others_kept(rows, earlier.rows, only, module)
        with self._lock:
            if module.name in self._running:
                raise ConflictError(f"The tests of {module.name} are running already; wait for them or cancel them.")
            stream = self._executor.submit(self._job(module, notebook, only))
            started = datetime.now(UTC).isoformat(timespec="milliseconds")
            package = package_checksums(self.workspace.package)
            if any(row.ended for row in rows):
                package = _in_common(earlier.package, package)
            run = TestRun(uuid.uuid4().hex, module.name, "running", rows, started_at=started, package=package)
            self._current[module.name], self._running[module.name] = run, stream
        return run, stream

    def _job(self, module: ModuleInfo, notebook: NotebookNode, only: str | None) -> Job:
        return Job(
            cells=(CALIBRATION, *_cells(notebook, only)),
            limits=Limits.from_table(self.workspace.course.limits, module.name),
            path=(str(self.workspace.root),),
        )

    def _follow(self, module: ModuleInfo, stream: Run) -> None:
        baselines = read_baselines(self.workspace.release.baselines_path(module))
        calibration = 0.0
        try:
            for item in stream:
                if isinstance(item, RunEnd):
                    self._finish(module, "done", item.seconds, "" if item.integrity == "ok" else item.reason)
                elif item.id == CALIBRATION.id:
                    calibration = item.seconds
                else:
                    self._record(module, item, baselines, calibration)
        except Exception as error:
            self._finish(module, "failed", reason=f"The tests stopped: {error}")
            raise

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

    def _finish(self, module: ModuleInfo, state: RunState, seconds: float | None = None, reason: str = "") -> None:
        with self._lock:
            run = self._current[module.name]
            if run.run_id in self._cancelled:
                state, reason = "cancelled", ""
            rows = tuple(replace(row, status="not_run") if row.status == "pending" else row for row in run.rows)
            run = replace(run, state=state, rows=rows, seconds=seconds, reason=reason)
            try:
                self._results.remember(run)
            except TinyTorchError as error:
                run = replace(run, reason=f"{reason} These results are not kept. {error}".strip())
                self._current[module.name] = run
            else:
                del self._current[module.name]
            self._running.pop(module.name, None)
        self._listener(run, None)

    def _judged(self, row: TestRow, result: CellResult, baseline: Baseline | None, calibration: float) -> TestRow:
        failure = result.failure
        if result.status in ("not_run", "skipped"):
            return replace(row, status="not_run", message=failure.message if failure else "")
        return replace(
            row,
            status="passed" if result.status == "ok" else "failed",
            message=self._explained(failure) if failure else "",
            evidence=evidence(failure.message) if failure and failure.kind == "AssertionError" else None,
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


def _rows(notebook: NotebookNode) -> Iterator[TestRow]:
    checksums = checksums_of_tests(notebook)
    for node, cell in _code(notebook):
        if cell.role == "test":
            name = _TEST_NAME.search(node.source)
            found = grade_id(node) or cell.id
            yield TestRow(found, cell.id, name[1] if name else found, points(node), checksums.get(found, ""))


def _cells(notebook: NotebookNode, only: str | None) -> Iterator[Cell]:
    """Yield the cells to run: all of them, or those up to the test ``only`` without the other tests."""
    for node, cell in _code(notebook):
        wanted = cell.role == "test" and only == (grade_id(node) or cell.id)
        if only is None or wanted or cell.role != "test":
            yield cell
        if wanted:
            return


def _code(notebook: NotebookNode) -> Iterator[tuple[NotebookNode, Cell]]:
    nodes = (cell for cell in notebook.cells if cell.cell_type == "code")
    return zip(nodes, cells_of(notebook, role_of), strict=True)


def _in_common(earlier: Mapping[str, str], present: Mapping[str, str]) -> dict[str, str]:
    """Return the checksums that hold for earlier results and new ones; an empty one, which is no code's, elsewhere."""
    names = sorted(earlier.keys() | present.keys())
    return {name: present[name] if present.get(name) == earlier.get(name) else "" for name in names}


def _others_kept(
    rows: tuple[TestRow, ...], earlier: tuple[TestRow, ...], only: str, module: ModuleInfo
) -> tuple[TestRow, ...]:
    if all(row.grade_id != only for row in rows):
        raise NotFoundError(f"{module.name}.ipynb has no test {only!r}; run all tests to see which it has.")
    results = {row.grade_id: row for row in earlier if row.status != "pending"}
    return tuple(
        row
        if row.grade_id == only
        else replace(results.get(row.grade_id, replace(row, status="not_run")), cell_id=row.cell_id)
        for row in rows
    )
