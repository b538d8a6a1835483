"""What callers use: every operation of a course, run by the course's worker process."""

import importlib.util
import os
import subprocess
import sys
import threading
from collections.abc import Generator, Sequence
from contextlib import closing
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any, Self

from tinytorch_lab.errors import NotAvailableError
from tinytorch_lab.grading.folder import CourseFolder
from tinytorch_lab.grading.records import Answer, GradeRow, JobReport, Progress

if TYPE_CHECKING:
    from tinytorch_lab.grading.wire import Record, Reply

JobEvents = Generator[Progress | JobReport, None, None]
"""A job in progress: steps as they happen, then one report. Closing it early stops the worker."""


class GradingService:
    """The operations of one course. The worker is started by the first of them and ends with :meth:`close`."""

    def __init__(self, course: CourseFolder) -> None:
        self._course = course
        self._worker: subprocess.Popen[bytes] | None = None
        self._turn = threading.Lock()

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

    def enrol(self, students: Sequence[str]) -> None:
        """Create the gradebook when it is missing and enter ``students`` in it."""
        for _ in self._call("enrol", students=list(students)):
            pass

    def generate(self, module: str, source: Path | None = None) -> JobEvents:
        """Write the instructor's notebook of ``module``, or of the module source at ``source``, to ``source/``."""
        return self._job("generate", module=module, source=str(source.resolve()) if source else None)

    def release(self, module: str) -> JobEvents:
        """Make the students' notebook and publish it to the exchange."""
        return self._job("release", module=module)

    def collect(self, module: str, student: str | None = None, source: Path | None = None) -> JobEvents:
        """Take submissions from nbgrader's exchange, or from ``source`` with one folder per student."""
        return self._job("collect", module=module, student=student, source=str(source.resolve()) if source else None)

    def autograde(self, module: str, student: str | None = None) -> JobEvents:
        """Run the tests on what was collected and store the scores."""
        return self._job("autograde", module=module, student=student)

    def feedback(self, module: str, student: str | None = None, force: bool = False) -> JobEvents:
        """Write the feedback pages; with ``force`` also those whose answers are not marked yet."""
        return self._job("feedback", module=module, student=student, force=force)

    def manual(self, module: str, student: str | None = None) -> list[Answer]:
        """Return the written answers with their mark schemes."""
        records = self._call("manual", module=module, student=student)
        return [record for record in records if isinstance(record, Answer)]

    def mark(self, module: str, student: str, response_id: str, points: float, comment: str, author: str) -> Answer:
        """Give an answer ``points`` and a comment in the name of ``author``."""
        place = {"module": module, "student": student, "response_id": response_id}
        (answer,) = self._call("mark", **place, points=points, comment=comment, author=author)
        if not isinstance(answer, Answer):
            raise TypeError("marking answers with the answer as it now stands")
        return answer

    def report(self, module: str | None = None) -> list[GradeRow]:
        """Return every student's grade in ``module``, or in all released modules."""
        return [record for record in self._call("report", module=module) if isinstance(record, GradeRow)]

    def close(self) -> None:
        """End the worker; a later call starts another."""
        worker, self._worker = self._worker, None
        if worker is None:
            return
        stdin, stdout = _pipes(worker)
        stdin.close()
        try:
            worker.wait(timeout=10)
        except subprocess.TimeoutExpired:
            worker.kill()
            worker.wait()
        stdout.close()

    def _job(self, operation: str, **arguments: object) -> JobEvents:
        with closing(self._call(operation, **arguments)) as records:
            for record in records:
                if isinstance(record, (Progress, JobReport)):
                    yield record

    def _call(self, operation: str, **arguments: object) -> "Generator[Record, None, None]":
        from tinytorch_lab.grading import wire

        with self._turn:
            worker = self._started()
            finished = False
            try:
                _send(worker, wire.line(wire.Request(operation=operation, arguments=dict(arguments))))
                while (reply := self._reply(worker)).kind == "item":
                    yield wire.record_of(reply)
                finished = True
            finally:
                if not finished:
                    self._abandon()
            if reply.kind == "error":
                raise wire.error_of(reply)

    def _started(self) -> "subprocess.Popen[bytes]":
        from tinytorch_lab.grading import wire

        if self._worker is not None and self._worker.poll() is None:
            return self._worker
        self.close()
        self.require_nbgrader()
        self._worker = _spawn(self._course)
        reply = self._reply(self._worker)
        if reply.kind == "error":
            self.close()
            raise wire.error_of(reply)
        return self._worker

    def _reply(self, worker: "subprocess.Popen[bytes]") -> "Reply":
        from tinytorch_lab.grading import wire

        line = _pipes(worker)[1].readline()
        if not line.endswith(b"\n"):
            self._abandon()
            log = _log_path(self._course)
            raise NotAvailableError(f"The course worker stopped; what was finished is kept, the reason is in {log}.")
        return wire.Reply.model_validate_json(line)

    def _abandon(self) -> None:
        if self._worker is not None:
            self._worker.kill()
            self.close()


def _spawn(course: CourseFolder) -> "subprocess.Popen[bytes]":
    # nbgrader looks for its helpers (alembic) on PATH; -P keeps the course folder off the worker's import path.
    path = os.pathsep.join([str(Path(sys.executable).parent), os.environ.get("PATH", os.defpath)])
    command = [sys.executable, "-P", "-m", "tinytorch_lab.grading", str(course.root)]
    try:
        course.state.mkdir(mode=0o700, exist_ok=True)
        with _log_path(course).open("ab") as log:
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


def _log_path(course: CourseFolder) -> Path:
    return course.state / "worker.log"


def _pipes(worker: "subprocess.Popen[bytes]") -> tuple[IO[Any], IO[Any]]:
    if worker.stdin is None or worker.stdout is None:
        raise RuntimeError("a worker is always started with pipes")
    return worker.stdin, worker.stdout


def _send(worker: "subprocess.Popen[bytes]", line: bytes) -> None:
    stdin = _pipes(worker)[0]
    try:
        stdin.write(line)
        stdin.flush()
    except BrokenPipeError:
        # The worker died since its last answer; reading its next line says so.
        return
