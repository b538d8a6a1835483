"""The cache folder: what it holds is checked every time, what it lacks is downloaded once."""

import hashlib
import os
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import platformdirs

from tinytorch_lab.datasets.download import DownloadError, download
from tinytorch_lab.errors import NotAvailableError
from tinytorch_lab.files import write_bytes

VARIABLE = "TINYTORCH_DATA"

Progress = Callable[[str, int, int], None]
"""Called while a file comes in: its name, the bytes so far, and all its bytes."""


@dataclass(frozen=True)
class DataFile:
    """One file of a data set; ``name`` is its place below the cache folder, ``md5`` and ``size`` are its content's."""

    name: str
    url: str
    size: int
    md5: str

    def accepts(self, content: bytes) -> bool:
        """Tell whether ``content`` is the file's."""
        return len(content) == self.size and hashlib.md5(content, usedforsecurity=False).hexdigest() == self.md5


def cache_folder() -> Path:
    """Return the folder that ``TINYTORCH_DATA`` names, else one in the user's cache; it need not exist."""
    named = os.environ.get(VARIABLE)
    return Path(named).expanduser() if named else platformdirs.user_cache_path("tinytorch-lab")


def ensure(file: DataFile, folder: Path, progress: Progress | None = None) -> Path:
    """Return the path of ``file`` below ``folder`` with the right content, downloading it if need be.

    Two callers at once may both download; each puts a whole, checked file in place, so neither sees half of one.

    Raises:
        NotAvailableError: there is no such file and it cannot be downloaded or stored.
    """
    path = folder / file.name
    damaged = os.path.exists(path)
    if damaged and file.accepts(_content(path)):
        return path
    problem = _obstacle(path.parent)
    if problem is None:
        report = progress or (lambda _name, _done, _total: None)
        try:
            content = download(file.url, file.size, lambda done: report(path.name, done, file.size))
        except DownloadError as error:
            problem = str(error)
        else:
            if file.accepts(content):
                write_bytes(path, content)
                return path
            problem = f"what {file.url} sent has another checksum"
    state = "is damaged" if damaged else "is not there"
    raise NotAvailableError(
        f"{path} {state} and cannot be downloaded: {problem}; put the file from {file.url} "
        f"({file.size:,} bytes, md5 {file.md5}) there, or set {VARIABLE} to a folder that holds {file.name}."
    )


def _content(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise NotAvailableError(f"Cannot read {path}: {error.strerror}; make it readable, or remove it.") from None


def _obstacle(folder: Path) -> str | None:
    """Say why nothing can be stored in ``folder``: better now than after the download."""
    nearest = next(place for place in (folder, *folder.parents) if os.path.exists(place))
    if not nearest.is_dir():
        return f"{nearest} is not a folder"
    return None if os.access(nearest, os.W_OK | os.X_OK) else f"{nearest} may not be written"
