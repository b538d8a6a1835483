"""What a job comes to: its subjects, and how they are dealt with."""

import logging
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass

from tinytorch_lab.errors import NotAvailableError, TinyTorchError
from tinytorch_lab.grading.records import JobRow

Step = Callable[[str], JobRow]
"""Deals with one subject and returns what became of it."""

Stream = Callable[[Iterable[str]], Iterator[JobRow]]
"""Deals with subjects as it takes them, maybe several at once, and yields what became of each."""

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Work:
    """Whom a job deals with, and how."""

    subjects: Sequence[str]
    stream: Stream


def one_by_one(step: Step) -> Stream:
    """Return the stream that takes ``step`` for one subject after the other.

    A subject's trouble is its own outcome; the course's (``NotAvailableError``) ends the stream.
    """

    def stream(subjects: Iterable[str]) -> Iterator[JobRow]:
        for subject in subjects:
            try:
                yield step(subject)
            except NotAvailableError:
                raise
            except Exception as error:
                yield failed(subject, error)

    return stream


def failed(subject: str, error: Exception) -> JobRow:
    """Return the outcome of a subject whose step ended with ``error``."""
    if isinstance(error, TinyTorchError):
        return JobRow(subject, False, str(error))
    log.error("%s", subject, exc_info=error)
    return JobRow(subject, False, unexpected(error))


def unexpected(error: Exception) -> str:
    """Return the sentence for an error that nobody foresaw."""
    reason = f"{type(error).__name__}: {error}".splitlines()[0]
    return f"Failed unexpectedly ({reason}); the log of the job has the details."
