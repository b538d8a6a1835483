"""The package's folder: read as a whole, replaced as a whole."""

import os
import shutil
import tempfile
from collections.abc import Mapping
from contextlib import AbstractContextManager
from pathlib import Path

from tinytorch_lab.errors import NotAvailableError
from tinytorch_lab.files import locked

_LOCK = ".export.lock"
_STAGING = ".export-"


def exclusive(package: Path) -> AbstractContextManager[None]:
    """Keep other exports into ``package``, of any process, waiting; the folder is made when missing.

    Raises:
        NotAvailableError: the folder is not ours to write.
    """
    return locked(package / _LOCK)


def module_times(package: Path) -> tuple[tuple[str, int], ...]:
    """Return name and time of every module's file; what was read from the folder holds as long as they stay."""
    return tuple((path.name, path.stat().st_mtime_ns) for path in sorted(package.glob("*.py")))


def read_modules(package: Path) -> dict[str, str]:
    """Return the text of every module in the folder, by name.

    Raises:
        NotAvailableError: a file cannot be read.
    """
    try:
        return {path.stem: path.read_bytes().decode("utf-8", "replace") for path in sorted(package.glob("*.py"))}
    except OSError as error:
        raise NotAvailableError(f"Cannot read {error.filename}: {error.strerror}; nothing was changed.") from None


def replace_modules(package: Path, texts: Mapping[str, str]) -> None:
    """Replace the given modules, all or none; the caller holds the lock.

    Raises:
        NotAvailableError: the disk is full or read-only; the folder is as it was.
    """
    try:
        for left in package.glob(f"{_STAGING}*"):  # of an export that was killed
            shutil.rmtree(left)
        with tempfile.TemporaryDirectory(dir=package, prefix=_STAGING) as folder:
            staging = Path(folder)
            names = [f"{module}.py" for module in texts]
            for name, text in zip(names, texts.values(), strict=True):
                _stage(staging / name, text, package / name)
            _swap(staging, package, names)
    except OSError as error:
        raise _cannot_write(package, error) from None


def _stage(staged: Path, text: str, final: Path) -> None:
    staged.write_bytes(text.encode("utf-8"))
    # Python takes compiled code for fresh when the source's size and its time in whole seconds are the same.
    # So the new file is at least a second younger than the one it replaces.
    if final.exists():
        least = int(final.stat().st_mtime) + 1
        if staged.stat().st_mtime < least:
            os.utime(staged, (least, least))


def _swap(staging: Path, package: Path, names: list[str]) -> None:
    """Rename the staged files into place; when one fails, put back those already replaced."""
    kept = staging / "kept"
    kept.mkdir()
    for name in names:
        if (package / name).exists():
            shutil.copy2(package / name, kept / name)
    done: list[str] = []
    try:
        for name in names:
            os.replace(staging / name, package / name)
            done.append(name)
    except OSError:
        for name in done:
            if (kept / name).exists():
                os.replace(kept / name, package / name)
            else:
                (package / name).unlink()
        raise


def _cannot_write(package: Path, error: OSError) -> NotAvailableError:
    return NotAvailableError(f"Cannot write {package}: {error.strerror}; nothing was changed.")
