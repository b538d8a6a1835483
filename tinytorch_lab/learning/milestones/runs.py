"""Running milestones in the background, for one workspace."""

import threading
import uuid
from collections.abc import Callable, Iterator
from concurrent.futures import Future
from dataclasses import dataclass, replace

from tinytorch_lab.errors import ConflictError, TinyTorchError
from tinytorch_lab.learning.milestones.running import run_milestone
from tinytorch_lab.learning.results import RunState
from tinytorch_lab.learning.workspace import Workspace
from tinytorch_lab.milestones.running import Progress
from tinytorch_lab.runner.contract import CellResult, Executor, Job, Run, RunEnd


@dataclass(frozen=True)
class MilestoneRun:
    """A milestone's run of this server, in progress or ended; ``reason`` says why it came to no result."""

    number: int
    run_id: str = ""
    state: RunState = "never"
    progress: Progress | None = None
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

    def start(self, number: int, full: bool = False) -> None:
        """Run milestone ``number`` in the background, once it is clear that it can be run.

        ``full`` chooses the longer run.

        Raises:
            ConflictError: it is running already, or modules it needs are not exported.
            InvalidInputError: it has no longer run.
            NotFoundError: the course has no such milestone.
            NotAvailableError: it has not been written yet.
        """
        run = MilestoneRun(number, uuid.uuid4().hex, "running")
        with self._lock:
            if number in self._running:
                raise ConflictError(f"Milestone {number} is running already; wait for it or cancel it.")
            attempt = self._running[number] = _Attempt(self._executor, lambda: self._record(run))
        arguments = run, attempt, full
        threading.Thread(target=self._follow, args=arguments, name=f"milestone-{number}", daemon=True).start()
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

    def _follow(self, run: MilestoneRun, attempt: "_Attempt", full: bool) -> None:
        def listener(progress: Progress) -> None:
            self._advance(run.number, progress)

        try:
            run_milestone(self.workspace, attempt, run.number, listener, full=full)
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

    def _advance(self, number: int, progress: Progress) -> None:
        self._record(replace(self.latest(number), progress=progress))

    def _end(self, number: int, state: RunState, reason: str = "") -> None:
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
