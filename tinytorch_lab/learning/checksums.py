"""Which code a test's result is of, so that it can be told when the code has changed since."""

import ast
import zlib
from contextlib import suppress
from functools import lru_cache
from pathlib import Path

from nbformat import NotebookNode

from tinytorch_lab.curriculum.cells import grade_id, is_measurement, is_test


def checksum(text: str, start: int = 0) -> int:
    """Return the CRC-32 of ``text`` in UTF-8, going on from ``start``; the browser computes the same."""
    return zlib.crc32(text.encode("utf-8", "surrogatepass"), start)


def checksums_of_tests(notebook: NotebookNode) -> dict[str, str]:
    """Return for each test, by its grade id or else cell id, the checksum of the code its result depends on.

    That is every code cell up to the test, other tests and measurements aside, and the test itself.
    """
    found: dict[str, str] = {}
    code = 0
    for cell in notebook.cells:
        if cell.cell_type != "code" or is_measurement(cell):
            continue
        if is_test(cell):
            found[grade_id(cell) or cell["id"]] = f"{checksum(cell.source + chr(0), code):08x}"
        else:
            code = checksum(cell.source + "\0", code)
    return found


def package_checksums(package: Path) -> dict[str, str]:
    """Return the checksum of the code of every module in the folder ``package``; comments do not count."""
    return {path.stem: _code_checksum(path, path.stat().st_mtime_ns) for path in sorted(package.glob("*.py"))}


@lru_cache(maxsize=128)
def _code_checksum(path: Path, _changed: int) -> str:
    text = path.read_text(encoding="utf-8", errors="replace")
    with suppress(SyntaxError):  # edited by hand: then its text is what can be compared
        text = ast.unparse(ast.parse(text))
    return f"{checksum(text):08x}"
