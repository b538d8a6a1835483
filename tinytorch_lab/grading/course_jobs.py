"""The caller's side of the course worker: having one, and following its jobs."""

import importlib.util
import queue
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Self, TypeVar

from tinytorch_lab.errors import NotAvailableError, TinyTorchError
from tinytorch_lab.grading.folder import CourseFolder
from tinytorch_lab.grading.records import Job, JobEvent, JobReport, JobRow, Progress

if TYPE_CHECKING:
    from tinytorch_lab.grading.connection import WorkerConnection

T = TypeVar("T")
Listener = Callable[[JobEvent | None], None]
"""Is told every step of every job, in a thread of the service; ``None`` when the worker died, so that some may be
missed."""

_RESTART_SECONDS = 1.0
"""A worker that lived longer than this is replaced at once when it dies; another, when it is needed again."""


@dataclass(frozen=True)
class RequestedJob:
    """A job that was asked for. Iterate over it to see it happen: steps, then one report."""

    service: "CourseJobs"
    id: int

    def __iter__(self) -> Iterator[Progress | JobReport]:
        return self.service.subscribe(self.id)


class CourseJobs:
    """A course's worker and its jobs, safe to call from several threads.

    The worker is started by the first of them, replaced when it dies, and ended by :meth:`close`. Every operation
    raises :class:`NotAvailableError` when the worker cannot be had, and :class:`ConflictError` when another service
    has this course. ``actor`` is who asks; it is noted, and what the actor may do is the caller's to decide.
    """

    def __init__(self, course: CourseFolder) -> None:
        self._course = course
        self._worker: WorkerConnection | None = None
        self._starting = threading.Lock()
        self._started_at = 0.0
        self._closed = False
        self._listeners: list[Listener] = []

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    @staticmethod
    def require_nbgrader() -> None:
        """Check that nbgrader is installed.

        Raises:
            NotAvailableError: it is not.
        """
        if importlib.util.find_spec("nbgrader") is None:
            raise NotAvailableError("Grading needs nbgrader; install it with: pip install 'tinytorch-lab[grading]'")

    def start(self) -> None:
        """Start the worker, which makes the course's database when it is missing and goes on with unfinished jobs."""
        self._connected()

    def close(self) -> None:
        """End the worker; jobs that are not finished are gone on with by the next one."""
        with self._starting:
            self._closed = True
            worker, self._worker = self._worker, None
        if worker is not None:
            worker.close()

    def retry(self, job: int, *, actor: str) -> RequestedJob:
        """Do a job again for those it failed for; for everyone when it failed as a whole."""
        return RequestedJob(self, self._ask("retry", Job, actor, job=job, requested_at=_now()).id)

    def cancel(self, job: int, *, actor: str) -> Job:
        """Stop a job after the subject in hand, or before it begins."""
        return self._ask("cancel", Job, actor, job=job)

    def job(self, job: int) -> Job:
        """Return how a job stands."""
        return self._ask("job", Job, job=job)

    def jobs(self, limit: int = 50) -> list[Job]:
        """Return the last jobs, the newest first."""
        return self._ask("jobs", list[Job], limit=limit)

    def job_report(self, job: int) -> JobReport:
        """Return what a job did for each subject so far."""
        return self._ask("job_report", JobReport, job=job)

    def job_log(self, job: int) -> str:
        """Return what was logged during a job; nothing when there was nothing to log."""
        try:
            return (self._course.state / "jobs" / f"{job:d}.log").read_text(encoding="utf-8", errors="replace")
        except FileNotFoundError:
            return ""

    def subscribe(self, job: int) -> Iterator[Progress | JobReport]:
        """Yield what a job has done and does, step by step, then its report; a worker that dies is waited for."""
        seen: set[str] = set()
        with self.listening() as events:
            while True:
                now, report = self.job(job), self.job_report(job)
                for row in report.rows:
                    if row.subject not in seen:
                        seen.add(row.subject)
                        yield _progress(now, row)
                if now.finished:
                    yield report
                    return
                while (event := events.get()) is not None and not (event.job.id == job and event.job.finished):
                    if event.job.id == job and event.row is not None and event.row.subject not in seen:
                        seen.add(event.row.subject)
                        yield _progress(event.job, event.row)

    @contextmanager
    def listening(self) -> Iterator["queue.SimpleQueue[JobEvent | None]"]:
        """Give the steps of all jobs as they happen; ``None`` tells that the worker died and some may be missed."""
        events: queue.SimpleQueue[JobEvent | None] = queue.SimpleQueue()
        stop = self.listen(events.put)
        try:
            yield events
        finally:
            stop()

    def listen(self, listener: Listener) -> Callable[[], None]:
        """Have ``listener`` told every step of every job; returns what ends that."""
        self._listeners.append(listener)
        return lambda: self._listeners.remove(listener)

    def _job(self, kind: str, actor: str, **arguments: Any) -> RequestedJob:
        asked = {"kind": kind, "arguments": arguments, "requested_at": _now()}
        return RequestedJob(self, self._ask("submit_job", Job, actor, **asked).id)

    def _ask(self, operation: str, answer: "type[T]", actor: str = "", /, **arguments: Any) -> T:
        from pydantic import TypeAdapter

        return TypeAdapter(answer).validate_python(self._connected().request(operation, actor, arguments))

    def _connected(self) -> "WorkerConnection":
        from tinytorch_lab.grading.connection import WorkerConnection

        with self._starting:
            if self._worker is None or not self._worker.is_open:
                self.require_nbgrader()
                self._worker = WorkerConnection(self._course, self._tell, self._worker_died)
                self._started_at = time.monotonic()
                self._closed = False
            return self._worker

    def _tell(self, event: JobEvent | None) -> None:
        for listener in tuple(self._listeners):
            listener(event)

    def _worker_died(self, worker: "WorkerConnection") -> None:
        with self._starting:
            if self._closed:
                return
            if self._worker is worker:
                self._worker = None
            restart = self._worker is None and time.monotonic() - self._started_at > _RESTART_SECONDS
        if restart:
            try:
                self._connected()
            except TinyTorchError:
                # Whoever needs the worker next is told why it cannot be had.
                self._started_at = time.monotonic()
        self._tell(None)


def _progress(job: Job, row: JobRow) -> Progress:
    return Progress(job.done, job.total, row.subject, row.message, "info" if row.ok else "error")


def _now() -> str:
    from tinytorch_lab.grading.evidence import now

    return now()
