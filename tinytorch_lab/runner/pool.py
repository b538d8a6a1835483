"""The local executor: a few fork servers, each running one job at a time."""

import itertools
import logging
import queue
import threading
from collections.abc import Iterator

from tinytorch_lab.errors import NotAvailableError
from tinytorch_lab.runner.confinement import choose_confinement, confinement_problem
from tinytorch_lab.runner.contract import CellResult, Confinement, Job, RunEnd
from tinytorch_lab.runner.forkserver import ForkServer
from tinytorch_lab.runner.results import made_failure
from tinytorch_lab.runner.session import Session

_RUNS_PER_SERVER = 500
_IDLE_SECONDS = 900.0
"""After how long without work a fork server is ended."""

_log = logging.getLogger(__name__)


class LocalRun:
    """A run of the local executor; any number of threads may iterate over it, each from the start."""

    def __init__(self, job: Job, confinement: Confinement) -> None:
        self.job = job
        self._confinement = confinement
        self._items: list[CellResult | RunEnd] = []
        self._changed = threading.Condition()
        self._started = False
        self._cancelled = False

    def __iter__(self) -> Iterator[CellResult | RunEnd]:
        """Yield one result for every cell of the job, in order, then the end."""
        for position in itertools.count():
            item = self._wait_for(position)
            yield item
            if isinstance(item, RunEnd):
                return

    def cancel(self) -> None:
        """Stop the run; cells that have not ended are reported as ``not_run``."""
        with self._changed:
            waiting = not self._started and not self._cancelled
            self._cancelled = True
        if waiting:
            self.give_up("the run was cancelled")

    @property
    def cancelled(self) -> bool:
        """Tell whether the run was asked to stop."""
        return self._cancelled

    def start(self) -> bool:
        """Note that a worker begins, and tell whether there is anything left to do."""
        with self._changed:
            self._started = not self._cancelled
            return self._started

    def add(self, item: CellResult | RunEnd) -> None:
        """Append to the stream."""
        with self._changed:
            self._items.append(item)
            self._changed.notify_all()

    def give_up(self, reason: str) -> None:
        """Complete the stream of a run that cannot go on."""
        for cell in self.job.cells[len(self._items) :]:
            self.add(CellResult(cell.id, "not_run", failure=made_failure("NotRun", reason)))
        self.add(RunEnd("incomplete", reason, self._confinement, 0.0, 0.0, 0))

    def _wait_for(self, position: int) -> CellResult | RunEnd:
        with self._changed:
            self._changed.wait_for(lambda: len(self._items) > position)
            return self._items[position]


class _Worker:
    """Runs one job at a time in a fork server that it starts, renews and ends as needed."""

    def __init__(self, confinement: Confinement) -> None:
        self._confinement = confinement
        self._server: ForkServer | None = None

    def serve(self, run: LocalRun) -> None:
        """Run one job; its stream is complete afterwards, whatever happened."""
        if not run.start():
            return
        try:
            server = self._usable_server(run.job)
            if any("matplotlib" in cell.source for cell in run.job.cells if cell.role != "skip"):
                server.preload_plotting()
            for item in Session(run.job, server, self._confinement, lambda: run.cancelled).items():
                run.add(item)
        except NotAvailableError as error:
            run.give_up(str(error))
        except Exception:
            _log.exception("A run of the local executor failed.")
            run.give_up("the runner failed; its log says why")
            self.close()

    def close(self) -> None:
        """End the fork server."""
        if self._server is not None:
            self._server.close()
            self._server = None

    def _usable_server(self, job: Job) -> ForkServer:
        """Return a live server that can show the job's folders."""
        if job.limits.processes and self._confinement == "landlock":
            raise NotAvailableError("A notebook that starts programs can only run under bubblewrap.")
        server = self._server
        if server is not None:
            shown = self._confinement != "bwrap" or set(job.path) <= set(server.folders)
            if not (server.alive and server.runs < self._runs_per_server and shown):
                self.close()
        self._server = self._server or ForkServer(self._confinement, job.path)
        self._server.wait_until_ready()
        return self._server

    @property
    def _runs_per_server(self) -> int:
        """Without Landlock the runs of a server share its temporary folder: then each gets its own."""
        return 1 if self._confinement == "bwrap" and confinement_problem("landlock") else _RUNS_PER_SERVER


class LocalExecutor:
    """Runs jobs in child processes on this machine, ``workers`` at a time; safe to call from several threads."""

    def __init__(
        self, workers: int = 1, confinement: Confinement | None = None, allow_unsandboxed: bool = False
    ) -> None:
        """Start nothing yet; ``confinement`` is the strongest that works here unless one is named.

        Raises:
            NotAvailableError: there is none, and running without was not allowed.
        """
        self.confinement: Confinement = choose_confinement(confinement, allow_unsandboxed)
        self.workers = workers
        self._queue: queue.SimpleQueue[LocalRun | None] = queue.SimpleQueue()
        self._threads: list[threading.Thread] = []
        self._runs: set[LocalRun] = set()
        self._lock = threading.Lock()
        self._closed = False

    def submit(self, job: Job) -> LocalRun:
        """Start ``job`` and return its run.

        Raises:
            NotAvailableError: the executor is closed.
        """
        run = LocalRun(job, self.confinement)
        with self._lock:
            if self._closed:
                raise NotAvailableError("The runner is shutting down; try again when it has restarted.")
            self._runs.add(run)
            if len(self._threads) < min(self.workers, len(self._runs)):
                thread = threading.Thread(target=self._work, name="tinytorch-runner", daemon=True)
                self._threads.append(thread)
                thread.start()
            self._queue.put(run)
        return run

    def close(self) -> None:
        """Stop all runs and release the processes."""
        with self._lock:
            if self._closed:
                return
            self._closed = True
            for run in self._runs:
                run.cancel()
            for _ in self._threads:
                self._queue.put(None)
        for thread in self._threads:
            thread.join()

    def __enter__(self) -> "LocalExecutor":
        return self

    def __exit__(self, *exception: object) -> None:
        self.close()

    def _work(self) -> None:
        worker = _Worker(self.confinement)
        try:
            while True:
                try:
                    run = self._queue.get(timeout=_IDLE_SECONDS)
                except queue.Empty:
                    worker.close()
                    continue
                if run is None:
                    return
                worker.serve(run)
                with self._lock:
                    self._runs.discard(run)
        finally:
            worker.close()
