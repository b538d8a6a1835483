"""The thread that does the jobs, one at a time, each subject's outcome kept before the next is begun."""

import logging
import os
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from sqlalchemy import Engine

from tinytorch_lab.errors import NotAvailableError, TinyTorchError
from tinytorch_lab.grading.jobs import rows
from tinytorch_lab.grading.jobs.kinds import JobKinds
from tinytorch_lab.grading.jobs.work import Work, unexpected
from tinytorch_lab.grading.records import Job, JobEvent, JobRow
from tinytorch_lab.grading.store.database import sole_writing, transaction

log = logging.getLogger(__name__)


class JobThread:
    """Does whatever is in the queue, beginning with what a former worker left unfinished."""

    def __init__(self, engine: Engine, kinds: JobKinds, logs: Path, announce: Callable[[JobEvent], None]) -> None:
        self._engine, self._kinds, self._logs, self._announce = engine, kinds, logs, announce
        self._something_to_do = threading.Event()
        self._ending = False
        self._thread = threading.Thread(target=self._work, name="jobs", daemon=True)

    def start(self) -> None:
        """Begin."""
        self._thread.start()
        self.wake()

    def wake(self) -> None:
        """Have the thread look at the queue."""
        self._something_to_do.set()

    def end(self) -> None:
        """Return when the thread is idle; with a job in hand, put its subject back and end the process at once."""
        self._ending = True
        self.wake()
        self._thread.join(timeout=0.2)
        if self._thread.is_alive():
            with sole_writing():
                with transaction(self._engine) as connection:
                    rows.release(connection)
                os._exit(0)

    def _work(self) -> None:
        while not self._ending:
            self._something_to_do.wait()
            self._something_to_do.clear()
            while not self._ending and (job := self._claim()) is not None:
                self._run(job)

    def _claim(self) -> Job | None:
        try:
            with transaction(self._engine) as connection:
                return rows.claim(connection)
        except NotAvailableError:
            log.exception("The queue of jobs cannot be read.")
            return None

    def _run(self, job: Job) -> None:
        if job.finished:
            self._report(job)
            return
        try:
            with self._log(job.id):
                self._announce(JobEvent(job, None))
                self._deal_with_all(job)
                state, message = "done", ""
        except TinyTorchError as error:
            state, message = "failed", str(error)
        except Exception as error:
            log.exception("Job %s (%s)", job.id, job.kind)
            state, message = "failed", unexpected(error)
        try:
            with transaction(self._engine) as connection:
                ended = rows.finish(connection, job.id, "done" if state == "done" else "failed", message)
            self._report(ended)
        except NotAvailableError:
            log.exception("The end of job %s could not be stored; it is gone on with when the worker starts.", job.id)

    def _deal_with_all(self, job: Job) -> None:
        arguments = dict(job.arguments)
        only = arguments.pop("only", None)
        work = self._kinds.work(job, arguments)
        with transaction(self._engine) as connection:
            rows.plan(connection, job.id, only if only is not None else work.subjects)
            fresh, interrupted = rows.left(connection, job.id)
        self._deal_with(job, work, fresh)
        for subject in interrupted:
            # By itself, so that it takes no other with it if it is what killed the worker.
            self._deal_with(job, work, [subject])

    def _deal_with(self, job: Job, work: Work, subjects: Sequence[str]) -> None:
        for row in work.stream(self._begun(job, subjects)):
            self._end(job, row)

    def _begun(self, job: Job, subjects: Sequence[str]) -> Iterator[str]:
        """Yield the subjects one by one, each noted as begun, until the job is cancelled."""
        for subject in subjects:
            with transaction(self._engine) as connection:
                if rows.find(connection, job.id).state == "cancelled":
                    return
                begun = rows.begin(connection, job.id, subject)
            if begun:
                yield subject
            else:
                self._end(job, rows.left_out(subject))

    def _end(self, job: Job, row: JobRow) -> None:
        with transaction(self._engine) as connection:
            current = rows.end(connection, job.id, row)
        self._announce(JobEvent(current, row))

    def _report(self, job: Job) -> None:
        self._announce(JobEvent(job, None))
        with transaction(self._engine) as connection:
            rows.reported(connection, job.id)

    @contextmanager
    def _log(self, job: int) -> Iterator[None]:
        """Keep what is logged during a job in a file of its own too."""
        handler = logging.FileHandler(self._logs / f"{job}.log", encoding="utf-8", delay=True)
        handler.setFormatter(logging.Formatter("%(asctime)s %(levelname)s %(message)s"))
        logging.getLogger().addHandler(handler)
        try:
            yield
        finally:
            logging.getLogger().removeHandler(handler)
            handler.close()
