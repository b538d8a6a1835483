"""Writing files so that a reader sees the old content or the new, never half of one, and one writer at a time."""

import fcntl
import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tinytorch_lab.errors import NotAvailableError


def write_text(path: Path, text: str) -> None:
    """Replace ``path`` by UTF-8 ``text`` in one step; its folder is made when missing.

    Raises:
        NotAvailableError: the disk is full or read-only, or the place is not ours to write.
    """
    write_bytes(path, text.encode("utf-8"))


def write_bytes(path: Path, content: bytes) -> None:
    """Replace ``path`` by ``content`` in one step; its folder is made when missing.

    Raises:
        NotAvailableError: the disk is full or read-only, or the place is not ours to write.
    """
    temporary = None
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        descriptor, temporary = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
        with os.fdopen(descriptor, "wb") as file:
            file.write(content)
        Path(temporary).chmod(path.stat().st_mode & 0o777 if path.exists() else 0o644)
        os.replace(temporary, path)
    except OSError as error:
        if temporary is not None and os.path.exists(temporary):
            os.unlink(temporary)
        raise NotAvailableError(f"Cannot write {path}: {error.strerror}; nothing was changed.") from None


@contextmanager
def locked(path: Path) -> Iterator[None]:
    """Keep others who lock ``path``, in any thread of any process, waiting; its folder is made when missing.

    Raises:
        NotAvailableError: the place is not ours to write.
    """
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        lock = path.open("ab")
        fcntl.flock(lock, fcntl.LOCK_EX)
    except OSError as error:
        raise NotAvailableError(f"Cannot write {path.parent}: {error.strerror}; nothing was changed.") from None
    with lock:
        yield


def make_durable(path: Path) -> None:
    """Have ``path`` and its name in the folder outlive a power cut.

    Raises:
        NotAvailableError: the disk does not take it.
    """
    for place in (path, path.parent):
        try:
            descriptor = os.open(place, os.O_RDONLY)
            try:
                os.fsync(descriptor)
            finally:
                os.close(descriptor)
        except OSError as error:
            raise NotAvailableError(f"Cannot write {place}: {error.strerror}.") from None
