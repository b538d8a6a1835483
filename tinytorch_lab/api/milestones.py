"""Running milestones in the background, and their results and plots."""

import asyncio
import math
import threading
import uuid
from collections.abc import Callable, Iterator
from concurrent.futures import Future
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import cast

from tinytorch_lab.api import schemas as wire
from tinytorch_lab.api.base import LabHandler, endpoint
from tinytorch_lab.errors import ConflictError, NotFoundError, TinyTorchError
from tinytorch_lab.learning.milestones.running import MilestoneProgress, run_milestone
from tinytorch_lab.learning.milestones.state import (
    MilestoneResult,
    MilestoneState,
    list_milestones,
    milestone_state,
    result_path,
)
from tinytorch_lab.learning.workspace import Workspace
from tinytorch_lab.runner.contract import CellResult, Executor, Job, Run, RunEnd

MILESTONES = "tinytorch_lab_milestones"
"""Key of the workspace's milestone runs in the web application's settings."""


@dataclass(frozen=True)
class MilestoneRun:
    """A milestone's run of this server, in progress or ended; ``reason`` says why it came to no result."""

    number: int
    run_id: str = ""
    state: wire.RunState = "never"
    progress: MilestoneProgress | None = None
    reason: str = ""


Listener = Callable[[MilestoneRun], None]
"""Called from a worker thread with a run that has changed."""


class MilestoneRuns:
    """The runs of one workspace's milestones: at most one at a time for each, the last one of each remembered."""

    def __init__(self, workspace: Workspace, executor: Executor, listener: Listener) -> None:
        self.workspace = workspace
        self._executor = executor
        self._listener = listener
        self._lock = threading.Lock()
        self._latest: dict[int, MilestoneRun] = {}
        self._running: dict[int, _Attempt] = {}

    def latest(self, number: int) -> MilestoneRun:
        """Return the run in progress, else the last one, else one in state ``never``."""
        with self._lock:
            return self._latest.get(number, MilestoneRun(number))

    def start(self, number: int) -> None:
        """Run milestone ``number`` in the background, once it is clear that it can be run.

        Raises:
            ConflictError: it is running already, or modules it needs are not exported.
            NotFoundError: the course has no such milestone.
            NotAvailableError: it has not been written yet.
        """
        run = MilestoneRun(number, uuid.uuid4().hex, "running")
        with self._lock:
            if number in self._running:
                raise ConflictError(f"Milestone {number} is running already; wait for it or cancel it.")
            attempt = self._running[number] = _Attempt(self._executor, lambda: self._record(run))
        threading.Thread(target=self._follow, args=(run, attempt), name=f"milestone-{number}", daemon=True).start()
        attempt.submitted.result()

    def cancel(self, number: int) -> None:
        """Ask the milestone's run, if one is in progress, to stop; the result of the run before stays."""
        with self._lock:
            attempt = self._running.get(number)
        if attempt is not None:
            attempt.abandon()

    def close(self) -> None:
        """Stop all runs, so that none of them counts as a milestone missed."""
        with self._lock:
            attempts = list(self._running.values())
        for attempt in attempts:
            attempt.abandon()

    def _follow(self, run: MilestoneRun, attempt: "_Attempt") -> None:
        try:
            run_milestone(self.workspace, attempt, run.number, lambda progress: self._advance(run.number, progress))
        except _Abandoned:
            self._end(run.number, "cancelled")
        except Exception as error:
            if not attempt.submitted.done():
                with self._lock:
                    del self._running[run.number]
                attempt.submitted.set_exception(error)
                return
            self._end(run.number, "failed", f"Milestone {run.number} stopped: {error}")
            if not isinstance(error, TinyTorchError):
                raise
        else:
            self._end(run.number, "done")

    def _record(self, run: MilestoneRun) -> None:
        with self._lock:
            self._latest[run.number] = run
        self._listener(run)

    def _advance(self, number: int, progress: MilestoneProgress) -> None:
        self._record(replace(self.latest(number), progress=progress))

    def _end(self, number: int, state: wire.RunState, reason: str = "") -> None:
        with self._lock:
            del self._running[number]
            run = self._latest[number] = replace(self._latest[number], state=state, reason=reason)
        self._listener(run)


class _Abandoned(Exception):
    """The run was stopped on request and has no result."""


class _Attempt(Executor, Run):
    """An executor for one job, and that job's run, which another thread can abandon."""

    def __init__(self, executor: Executor, on_submit: Callable[[], None]) -> None:
        self.submitted: Future[Run] = Future()
        self._executor = executor
        self._on_submit = on_submit
        self._abandoned = threading.Event()

    def submit(self, job: Job) -> Run:
        run = self._executor.submit(job)
        self._on_submit()
        self.submitted.set_result(run)
        if self._abandoned.is_set():
            run.cancel()
        return self

    def close(self) -> None:
        """Release nothing: the executor belongs to whoever made it."""

    def __iter__(self) -> Iterator[CellResult | RunEnd]:
        for item in self.submitted.result():
            # What was cut off would be judged, and recorded over the result of an earlier run.
            if self._abandoned.is_set():
                raise _Abandoned
            yield item

    def cancel(self) -> None:
        self.submitted.result().cancel()

    def abandon(self) -> None:
        self._abandoned.set()
        if self.submitted.done() and not self.submitted.exception():
            self.cancel()


class _Handler(LabHandler):
    """Base of the milestones' handlers."""

    @property
    def runs(self) -> MilestoneRuns:
        """The milestone runs of the student's workspace."""
        return cast(MilestoneRuns, self.settings[MILESTONES])

    async def answer_entry(self, number: str, status: int = 200) -> None:
        """Finish the request with the milestone as it stands."""
        self.answer(await asyncio.to_thread(milestone_entry, self.runs, int(number)), status)


class MilestonesHandler(_Handler):
    """All milestones."""

    @endpoint
    async def get(self) -> None:
        """Answer what each milestone needs, how its last run ended, and the run in progress."""
        self.answer(await asyncio.to_thread(milestone_list, self.runs))


class MilestoneHandler(_Handler):
    """One milestone."""

    @endpoint
    async def get(self, number: str) -> None:
        """Answer what the milestone needs, how its last run ended, and the run in progress."""
        await self.answer_entry(number)


class MilestoneRunHandler(_Handler):
    """The run of one milestone."""

    @endpoint
    async def post(self, number: str) -> None:
        """Start the milestone on the package as exported: 202; events tell the rest."""
        await asyncio.to_thread(self.runs.start, int(number))
        await self.answer_entry(number, 202)

    @endpoint
    async def delete(self, number: str) -> None:
        """Cancel the run in progress."""
        await asyncio.to_thread(self.runs.cancel, int(number))
        await self.answer_entry(number)


class PlotHandler(_Handler):
    """The plot of a milestone's last run."""

    @endpoint
    async def get(self, number: str) -> None:
        """Answer the plot as PNG."""
        plot = await asyncio.to_thread(read_plot, self.runs.workspace, int(number))
        self.set_header("Cache-Control", "no-store")
        self.finish(plot, set_content_type="image/png")


def milestone_list(runs: MilestoneRuns) -> wire.MilestoneList:
    """Return the course's milestones as the sidebar shows them."""
    # The runs first: one that ends meanwhile then only looks late, and its last event puts that right.
    latest = {milestone.number: runs.latest(milestone.number) for milestone in runs.workspace.course.milestones}
    states = list_milestones(runs.workspace)
    entries = [_entry(runs.workspace, state, latest[state.milestone.number]) for state in states]
    return wire.MilestoneList(milestones=entries)


def milestone_entry(runs: MilestoneRuns, number: int) -> wire.MilestoneEntry:
    """Return one milestone as the sidebar shows it; raises :class:`NotFoundError`."""
    latest = runs.latest(number)
    return _entry(runs.workspace, milestone_state(runs.workspace, number), latest)


def milestone_run_event(run: MilestoneRun) -> wire.MilestoneRunEvent:
    """Return what the event bus carries of a change."""
    return wire.MilestoneRunEvent(number=run.number, run=_run(run))


def read_plot(workspace: Workspace, number: int) -> bytes:
    """Return the PNG that the last run of milestone ``number`` left in the workspace.

    Raises:
        NotFoundError: the course has no such milestone, or its last run left no plot there.
    """
    result = milestone_state(workspace, number).result
    if result is None or not _has_plot(workspace, result):
        raise NotFoundError(f"The last run of milestone {number} left no plot in the workspace; run it again.")
    return _plot_path(workspace, number).read_bytes()


def _entry(workspace: Workspace, state: MilestoneState, run: MilestoneRun) -> wire.MilestoneEntry:
    return wire.MilestoneEntry(
        **asdict(state.milestone),
        status=state.status,
        missing=list(state.missing),
        outdated=list(state.outdated),
        result=_result(workspace, state.result) if state.result else None,
        run=_run(run),
    )


def _result(workspace: Workspace, result: MilestoneResult) -> wire.MilestoneResult:
    return wire.MilestoneResult(
        passed=result.passed,
        date=result.date,
        message=result.message,
        figures=[wire.MilestoneFigure(name=name, value=value) for name, value in result.figures.items()],
        plot=_has_plot(workspace, result),
        seconds=result.seconds,
    )


def _run(run: MilestoneRun) -> wire.MilestoneRun:
    progress = _progress(run.progress) if run.progress else None
    return wire.MilestoneRun(run_id=run.run_id, state=run.state, progress=progress, reason=run.reason)


def _progress(progress: MilestoneProgress) -> wire.MilestoneProgress:
    # JSON has no number for a loss that has diverged.
    loss = progress.loss if progress.loss is not None and math.isfinite(progress.loss) else None
    return wire.MilestoneProgress(done=progress.done, total=progress.total, step=progress.step, loss=loss)


def _has_plot(workspace: Workspace, result: MilestoneResult) -> bool:
    """Tell whether the plot beside the record is this result's; ``tito`` may have put its plot elsewhere."""
    path = _plot_path(workspace, result.number)
    return result.plot == workspace.relative(path) and path.is_file()


def _plot_path(workspace: Workspace, number: int) -> Path:
    return result_path(workspace, number).with_suffix(".png")
