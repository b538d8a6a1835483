"""The lock of a course: whoever writes its database holds it."""

import fcntl
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager

from tinytorch_lab.errors import ConflictError, NotAvailableError
from tinytorch_lab.grading.folder import CourseFolder

PATIENCE_SECONDS = 1.0
"""How long to wait for a worker that is just ending."""


@contextmanager
def sole_writer(course: CourseFolder) -> Iterator[None]:
    """Hold the course's lock, which the system releases however this process ends.

    Raises:
        ConflictError: another process holds it; it is named.
        NotAvailableError: the course folder is not ours to write.
    """
    path = course.state / "worker.lock"
    try:
        path.parent.mkdir(mode=0o700, exist_ok=True)
        lock = path.open("a+")
    except OSError as error:
        raise NotAvailableError(f"Cannot write {path}: {error.strerror}.") from None
    with lock:
        if not _locked(lock.fileno()):
            lock.seek(0)
            holder = lock.read().strip() or "unknown"
            raise ConflictError(f"The course in {course.root} is being graded by another process (pid {holder}).")
        lock.truncate(0)
        lock.write(str(os.getpid()))
        lock.flush()
        yield


def _locked(lock: int) -> bool:
    patience = time.monotonic() + PATIENCE_SECONDS
    while True:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            if time.monotonic() > patience:
                return False
            time.sleep(0.05)
        else:
            return True
