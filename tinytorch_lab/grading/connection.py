"""The service's end of the pipes to a course worker: any number of callers, answers by number, events to everybody."""

import itertools
import os
import subprocess
import sys
import threading
from collections.abc import Callable
from concurrent.futures import Future
from contextlib import suppress
from pathlib import Path
from typing import IO, Any

from pydantic import TypeAdapter

from tinytorch_lab.errors import NotAvailableError
from tinytorch_lab.grading import wire
from tinytorch_lab.grading.folder import CourseFolder
from tinytorch_lab.grading.records import JobEvent

_EVENT = TypeAdapter(JobEvent)
_END_SECONDS = 10


class WorkerConnection:
    """A running worker. Safe to call from several threads; it is of no more use once the worker has ended."""

    def __init__(
        self, course: CourseFolder, on_event: Callable[[JobEvent], None], on_end: Callable[["WorkerConnection"], None]
    ) -> None:
        """Start the worker and wait until it serves; ``on_end`` is called when it dies of itself.

        Raises:
            ConflictError: another process grades this course.
            NotAvailableError: it cannot be started.
        """
        self._course, self._on_event, self._on_end = course, on_event, on_end
        self._numbers = itertools.count(1)
        self._waiting: dict[int, Future[Any]] = {}
        self._lock = threading.Lock()
        self._sending = threading.Lock()
        self._open, self._closing = True, False
        self._process = _spawn(course)
        self._requests, self._replies = _pipes(self._process)
        self._await_ready()
        self._reader = threading.Thread(target=self._read, name="course-worker", daemon=True)
        self._reader.start()

    @property
    def is_open(self) -> bool:
        """Whether the worker can be asked; once it is not, another one can be started."""
        return self._open

    def request(self, operation: str, actor: str, arguments: dict[str, Any]) -> Any:
        """Return what ``operation`` answers, as plain data.

        Raises:
            TinyTorchError: it was refused, or the worker ended before it answered.
        """
        answer: Future[Any] = Future()
        number = next(self._numbers)
        with self._lock:
            if not self._open:
                raise self._stopped()
            self._waiting[number] = answer
        request = wire.Request(id=number, operation=operation, actor=actor, arguments=arguments)
        # A pipe that is broken or closed: the reader sees the end, too, and refuses what waits for an answer.
        with suppress(OSError, ValueError), self._sending:
            self._requests.write(wire.line(request))
            self._requests.flush()
        return answer.result()

    def close(self) -> None:
        """End the worker; a job in hand is gone on with by the next one."""
        with self._lock:
            self._open, self._closing = False, True
        self._hang_up()
        try:
            self._process.wait(timeout=_END_SECONDS)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        self._reader.join()

    def _await_ready(self) -> None:
        line = self._replies.readline()
        reply = wire.Reply.model_validate_json(line) if line.endswith(b"\n") else None
        if reply is None or reply.kind != "ready":
            self._requests.close()
            self._replies.close()
            self._process.wait()
            raise self._stopped() if reply is None else wire.error_of(reply)

    def _read(self) -> None:
        for line in self._replies:
            if line.endswith(b"\n"):
                self._take(wire.Reply.model_validate_json(line))
        self._replies.close()
        self._process.wait()
        self._abandon()
        if not self._closing:
            self._hang_up()
            self._on_end(self)

    def _hang_up(self) -> None:
        # Closing flushes what the broken pipe did not take; it is closed all the same.
        with suppress(OSError), self._sending:
            self._requests.close()

    def _take(self, reply: wire.Reply) -> None:
        if reply.kind == "event":
            self._on_event(_EVENT.validate_python(reply.content))
            return
        with self._lock:
            answer = self._waiting.pop(reply.id)
        if reply.kind == "error":
            answer.set_exception(wire.error_of(reply))
        else:
            answer.set_result(reply.content)

    def _abandon(self) -> None:
        with self._lock:
            self._open = False
            waiting, self._waiting = self._waiting, {}
        for answer in waiting.values():
            answer.set_exception(self._stopped())

    def _stopped(self) -> NotAvailableError:
        log = log_path(self._course)
        return NotAvailableError(f"The course worker stopped; what was finished is kept, the reason is in {log}.")


def log_path(course: CourseFolder) -> Path:
    """Return where the worker of ``course`` writes what went wrong."""
    return course.state / "worker.log"


def _spawn(course: CourseFolder) -> "subprocess.Popen[bytes]":
    # nbgrader looks for its helpers (alembic) on PATH; -P keeps the course folder off the worker's import path.
    path = os.pathsep.join([str(Path(sys.executable).parent), os.environ.get("PATH", os.defpath)])
    command = [sys.executable, "-P", "-m", "tinytorch_lab.grading", str(course.root)]
    try:
        course.state.mkdir(mode=0o700, exist_ok=True)
        with log_path(course).open("ab") as log:
            return subprocess.Popen(
                command,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=log,
                cwd=course.root,
                env={**os.environ, "PATH": path},
                start_new_session=True,
            )
    except OSError as error:
        raise NotAvailableError(f"Cannot start the worker of the course in {course.root}: {error.strerror}.") from None


def _pipes(process: "subprocess.Popen[bytes]") -> tuple[IO[bytes], IO[bytes]]:
    if process.stdin is None or process.stdout is None:
        raise RuntimeError("a worker is always started with pipes")
    return process.stdin, process.stdout
