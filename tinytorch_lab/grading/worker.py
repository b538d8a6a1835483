"""The course worker: ``python -m tinytorch_lab.grading COURSE_DIR``.

The only process that calls nbgrader and writes the gradebook of its course, because nbgrader changes the state of
the process it runs in. It reads requests from standard input and answers on standard output, one JSON object a
line; everything else that is printed goes to standard error. It ends with its parent.
"""

import fcntl
import logging
import os
import queue
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

from tinytorch_lab.errors import ConflictError, NotAvailableError, TinyTorchError
from tinytorch_lab.grading import wire
from tinytorch_lab.grading.folder import CourseFolder, load_course_folder
from tinytorch_lab.grading.jobs import CourseJobs

log = logging.getLogger(__name__)


def main(arguments: list[str]) -> int:
    """Serve the course named in ``arguments`` until standard input ends."""
    replies = _claim_stdout()
    logging.basicConfig(level=logging.WARNING, format="%(asctime)s %(levelname)s %(name)s: %(message)s")
    try:
        course = load_course_folder(Path(arguments[0]))
        with _sole_writer(course), CourseJobs(course) as jobs:
            _send(replies, wire.Reply(kind="ready"))
            for request in _Requests(sys.stdin.buffer):
                _answer(jobs, request, replies)
    except TinyTorchError as error:
        _send(replies, wire.failure(error))
        return 1
    return 0


class _Requests:
    """The requests from ``stream``. When it ends in the middle of one, the process ends at once."""

    def __init__(self, stream: BinaryIO) -> None:
        self._lines: queue.SimpleQueue[bytes] = queue.SimpleQueue()
        self._busy = threading.Event()
        threading.Thread(target=self._read, args=(stream,), daemon=True).start()

    def __iter__(self) -> Iterator[wire.Request]:
        while line := self._next():
            yield wire.Request.model_validate_json(line)

    def _next(self) -> bytes:
        self._busy.clear()
        line = self._lines.get()
        self._busy.set()
        return line

    def _read(self, stream: BinaryIO) -> None:
        for line in stream:
            self._lines.put(line)
        # The gradebook commits one submission at a time, so stopping anywhere loses only the one in hand.
        if self._busy.is_set():
            os._exit(1)
        self._lines.put(b"")


def _answer(jobs: CourseJobs, request: wire.Request, replies: BinaryIO) -> None:
    try:
        for record in jobs.run(request.operation, request.arguments):
            _send(replies, wire.item(record))
        _send(replies, wire.Reply(kind="end"))
    except TinyTorchError as error:
        _send(replies, wire.failure(error))
    except Exception as error:
        log.exception("%s failed", request.operation)
        reason = f"{type(error).__name__}: {error}".splitlines()[0]
        sentence = f"{request.operation} failed inside the course worker ({reason}); its log has the details."
        _send(replies, wire.failure(NotAvailableError(sentence)))


@contextmanager
def _sole_writer(course: CourseFolder) -> Iterator[None]:
    """Hold the course's lock, which the system releases however this process ends."""
    path = course.state / "worker.lock"
    try:
        path.parent.mkdir(mode=0o700, exist_ok=True)
        lock = path.open("a+")
    except OSError as error:
        raise NotAvailableError(f"Cannot write {path}: {error.strerror}.") from None
    with lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            lock.seek(0)
            holder = lock.read().strip() or "unknown"
            raise ConflictError(
                f"The course in {course.root} is being graded by another process (pid {holder})."
            ) from None
        lock.truncate(0)
        lock.write(str(os.getpid()))
        lock.flush()
        yield


def _claim_stdout() -> BinaryIO:
    """Return the stream of replies, and let whatever else is printed go to standard error."""
    replies = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)
    return replies


def _send(replies: BinaryIO, reply: wire.Reply) -> None:
    replies.write(wire.line(reply))
    replies.flush()
