"""The course worker: ``python -m tinytorch_lab.grading COURSE_DIR``.

The only process that calls nbgrader and writes the database of its course, because nbgrader changes the state of the
process it runs in. It reads requests from standard input and answers on standard output, one JSON object a line;
everything else that is printed goes to standard error. Short operations are done in order as they come, while one
thread does the jobs. It ends with its parent.
"""

import logging
import os
import sys
import threading
from contextlib import closing
from pathlib import Path
from typing import BinaryIO

from tinytorch_lab.errors import NotAvailableError, TinyTorchError
from tinytorch_lab.grading import wire
from tinytorch_lab.grading.folder import CourseFolder, load_course_folder
from tinytorch_lab.grading.gradebook import CourseGradebook, prepare
from tinytorch_lab.grading.jobs.kinds import JobKinds
from tinytorch_lab.grading.jobs.thread import JobThread
from tinytorch_lab.grading.locking import sole_writer
from tinytorch_lab.grading.operations import CourseOperations
from tinytorch_lab.grading.records import JobEvent
from tinytorch_lab.grading.store.database import open_engine

log = logging.getLogger(__name__)


def main(arguments: list[str]) -> int:
    """Serve the course named in ``arguments`` until standard input ends."""
    replies = _Replies()
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(name)s: %(message)s")
    try:
        course = load_course_folder(Path(arguments[0]))
        with sole_writer(course):
            _serve(course, replies)
    except TinyTorchError as error:
        replies.send(wire.failure(error))
        return 1
    return 0


def _serve(course: CourseFolder, replies: "_Replies") -> None:
    prepare(course)
    engine = open_engine(course.db_url)
    with closing(CourseGradebook(course)) as book, JobKinds(course, engine, book) as kinds:
        jobs = JobThread(engine, kinds, _job_logs(course), replies.event)
        operations = CourseOperations(course, engine, book, kinds, jobs.wake)
        jobs.start()
        replies.send(wire.Reply(kind="ready"))
        for line in sys.stdin.buffer:
            replies.send(_answer(operations, wire.Request.model_validate_json(line)))
        jobs.end()


class _Replies:
    """The stream of replies; whatever else is printed goes to standard error."""

    def __init__(self) -> None:
        self._stream: BinaryIO = os.fdopen(os.dup(1), "wb")
        os.dup2(2, 1)
        self._turn = threading.Lock()

    def send(self, reply: wire.Reply) -> None:
        """Send ``reply``; when nobody reads any more, the end of standard input ends this process."""
        try:
            with self._turn:
                self._stream.write(wire.line(reply))
                self._stream.flush()
        except BrokenPipeError:
            log.info("Nobody reads the replies any more.")

    def event(self, event: JobEvent) -> None:
        """Tell what happened to a job."""
        self.send(wire.Reply(kind="event", content=wire.plain(event)))


def _answer(operations: CourseOperations, request: wire.Request) -> wire.Reply:
    try:
        result = operations.run(request.operation, request.actor, request.arguments)
        return wire.Reply(kind="result", id=request.id, content=wire.plain(result))
    except TinyTorchError as error:
        return wire.failure(error, request.id)
    except Exception as error:
        log.exception("%s failed", request.operation)
        reason = f"{type(error).__name__}: {error}".splitlines()[0]
        sentence = f"{request.operation} failed inside the course worker ({reason}); its log has the details."
        return wire.failure(NotAvailableError(sentence), request.id)


def _job_logs(course: CourseFolder) -> Path:
    folder = course.state / "jobs"
    try:
        folder.mkdir(mode=0o700, exist_ok=True)
    except OSError as error:
        raise NotAvailableError(f"Cannot write {folder}: {error.strerror}.") from None
    return folder
