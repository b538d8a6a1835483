"""Calling nbgrader's converters and exchange, and saying in one sentence why one of them gave up."""

import logging
import sys
from collections.abc import Iterator
from contextlib import contextmanager

from nbgrader.auth import Authenticator
from nbgrader.converters import GenerateAssignment, GenerateFeedback
from nbgrader.converters.base import BaseConverter, NbGraderException
from nbgrader.coursedir import CourseDirectory
from nbgrader.exchange import ExchangeError
from nbgrader.exchange.default import ExchangeReleaseAssignment
from traitlets.config import Config

from tinytorch_lab.errors import InvalidInputError, NotAvailableError, TinyTorchError
from tinytorch_lab.grading.config import load_config
from tinytorch_lab.grading.exchange import CarefulCollect
from tinytorch_lab.grading.folder import CourseFolder

log = logging.getLogger(__name__)


class NbGrader:
    """nbgrader as configured for one course."""

    def __init__(self, course: CourseFolder) -> None:
        self._course = course
        self._config: Config = load_config(course)

    def generate_assignment(self, module: str) -> None:
        """Make the students' version of ``module`` and enter its cells in the gradebook."""
        self._convert(GenerateAssignment, module)

    def generate_feedback(self, module: str, student: str) -> None:
        """Write the feedback page of ``student`` in place of an earlier one."""
        self._convert(GenerateFeedback, module, student)

    def publish(self, module: str) -> None:
        """Put the students' version of ``module`` into the exchange, in place of an earlier one."""
        action = ExchangeReleaseAssignment(**self._exchange(module))
        action.force = True
        with _one_sentence(f"{module} could not be published to the exchange"):
            action.start()

    def collector(self, module: str) -> CarefulCollect | None:
        """Return what takes submissions of ``module`` from the exchange; ``None`` when it was never released there."""
        inbound = self._course.exchange / self._course.course_id / "inbound"
        return CarefulCollect(**self._exchange(module)) if inbound.is_dir() else None

    def _convert(self, kind: type[BaseConverter], module: str, student: str = ".") -> None:
        converter = kind(coursedir=self._directory(module, student), config=self._config, log=log)
        converter.force = True
        with _one_sentence(f"nbgrader could not process {module}"):
            converter.start()

    def _directory(self, module: str, student: str) -> CourseDirectory:
        return CourseDirectory(config=self._config, assignment_id=module, student_id=student, log=log)

    def _exchange(self, module: str, student: str = "*") -> dict[str, object]:
        return {
            "coursedir": self._directory(module, student),
            "authenticator": Authenticator(config=self._config),
            "config": self._config,
            "log": log,
        }


class _LastError(logging.Handler):
    """Remembers the exception that was being handled when nbgrader last logged one."""

    error: BaseException | None = None

    def emit(self, _: logging.LogRecord) -> None:
        self.error = sys.exc_info()[1] or self.error


@contextmanager
def _one_sentence(failed: str) -> Iterator[None]:
    """Turn nbgrader's failure into our error: it logs the cause and raises only "see the traceback above"."""
    memory = _LastError()
    log.addHandler(memory)
    try:
        yield
    except (NbGraderException, ExchangeError) as error:
        cause = memory.error or error
        if isinstance(cause, TinyTorchError):
            raise type(cause)(str(cause)) from None
        if isinstance(cause, OSError):
            raise NotAvailableError(f"{failed}: {cause.strerror} ({cause.filename}).") from None
        raise InvalidInputError(f"{failed}: {str(cause).strip().splitlines()[0]}") from None
    finally:
        log.removeHandler(memory)
