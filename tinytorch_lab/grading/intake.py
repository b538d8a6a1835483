"""Taking submissions into the course folder: no link is followed, no size is trusted, one bad one stops nobody."""

import errno
import os
import re
import stat
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from tinytorch_lab.coursework import MAX_NOTEBOOK_BYTES
from tinytorch_lab.errors import InvalidInputError, NotAvailableError, NotFoundError

_STUDENT = re.compile(r"\w[\w.@-]{0,99}")


@dataclass(frozen=True)
class Found:
    """A notebook that was handed in: its bytes, when it was last written, and what is odd about where it was."""

    content: bytes
    written: datetime
    note: str


def check_student_id(student: str) -> str:
    """Return ``student`` if it can name a folder.

    Raises:
        InvalidInputError: it cannot.
    """
    if not is_student_id(student):
        raise InvalidInputError(f"{student!r} is no student id; one has letters, digits, '_', '.', '@' and '-' only.")
    return student


def is_student_id(name: str) -> bool:
    """Tell whether ``name`` can be a student's, and so name a folder."""
    return _STUDENT.fullmatch(name) is not None


def student_folders(folder: Path) -> tuple[str, ...]:
    """Return the names of the folders in ``folder``, one per student.

    Raises:
        NotFoundError: there is no such folder.
        NotAvailableError: it cannot be read.
    """
    try:
        with os.scandir(folder) as entries:
            names = [entry.name for entry in entries if not entry.is_file()]
        return tuple(sorted(name for name in names if not name.startswith(".")))
    except (FileNotFoundError, NotADirectoryError):
        raise NotFoundError(f"There is no folder {folder} to collect from.") from None
    except OSError as error:
        raise NotAvailableError(f"Cannot read {folder}: {error.strerror}.") from None


def find_notebook(folder: Path, module: str) -> Found:
    """Return the notebook of ``module`` in a student's folder, be it below ``modules/``, in its own folder, or alone.

    Raises:
        NotFoundError: there is none, or there are several and none has the module's name.
        InvalidInputError: it is a link, no regular file, or too large.
    """
    name = f"{module}.ipynb"
    for place in _places(module):
        found = read_beneath(folder, (*place, name))
        if found:
            return Found(*found, note="")
    renamed = [path for place in _places(module) for path in _lone_notebook(folder, place)]
    if len(renamed) == 1 and (found := read_beneath(folder, renamed[0])):
        return Found(*found, note=f"The notebook was named {renamed[0][-1]} instead of {name}.")
    raise NotFoundError(f"No {name} was handed in.")


def read_beneath(folder: Path, parts: Sequence[str]) -> tuple[bytes, datetime] | None:
    """Return the file at ``parts`` below ``folder`` and when it was last written; ``None`` if there is none.

    Raises:
        InvalidInputError: it or a folder on the way is a link, or it is no regular file or too large.
    """
    with ExitStack() as stack:
        directory = _open_folder(folder, parts[:-1], stack)
        if directory is None:
            return None
        try:
            descriptor = os.open(parts[-1], os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK, dir_fd=directory)
        except FileNotFoundError:
            return None
        except OSError as error:
            raise _not_followed(parts[-1], error) from None
        with os.fdopen(descriptor, "rb") as file:
            status = os.fstat(file.fileno())
            if not stat.S_ISREG(status.st_mode):
                raise InvalidInputError(f"{parts[-1]} is no regular file.")
            content = file.read(MAX_NOTEBOOK_BYTES + 1)
    if len(content) > MAX_NOTEBOOK_BYTES:
        limit = MAX_NOTEBOOK_BYTES >> 20
        raise InvalidInputError(f"{parts[-1]} is larger than {limit} MB; clear its outputs and hand it in again.")
    return content, datetime.fromtimestamp(status.st_mtime, UTC)


def _places(module: str) -> tuple[tuple[str, ...], ...]:
    return ((), (module,), ("modules", module))


def _lone_notebook(folder: Path, place: Sequence[str]) -> Iterator[tuple[str, ...]]:
    """Yield the only notebook in ``place``, if there is exactly one."""
    with ExitStack() as stack:
        directory = _open_folder(folder, place, stack)
        if directory is None:
            return
        with os.scandir(directory) as entries:
            names = [entry.name for entry in entries if entry.name.endswith(".ipynb")]
    if len(names) == 1:
        yield (*place, names[0])


def _open_folder(folder: Path, parts: Sequence[str], stack: ExitStack) -> int | None:
    """Return a descriptor of the folder ``parts`` below ``folder``, or ``None``; no step may be a link."""
    directory: int | None = None
    for part in (str(folder), *parts):
        try:
            directory = os.open(part, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW, dir_fd=directory)
        except FileNotFoundError:
            return None
        except OSError as error:
            raise _not_followed(Path(part).name, error) from None
        stack.callback(os.close, directory)
    return directory


def _not_followed(name: str, error: OSError) -> InvalidInputError:
    reason = error.strerror if error.errno not in (errno.ELOOP, errno.ENOTDIR) else "a link, or no folder"
    return InvalidInputError(f"{name} was not collected: it cannot be opened as what it should be ({reason}).")
