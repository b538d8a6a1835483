"""From a line of the package back to the notebook cell it came from.

An exported file is a header, ``__all__``, and segments. A segment is a marker, which names the cell and those of
its lines that follow, and then exactly these lines. Reading a file means going from marker to marker by counting,
so nothing written in a cell, not even a copy of a marker, can be taken for one.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

_HEADER = re.compile(r"# Generated from (?P<notebook>.+); edit that, not this file\.")
_MARKER = re.compile(
    r"# %% cell (?P<cell>\d+)(?: \((?P<id>[\w-]+)\))?, lines? (?P<first>\d+)"
    r"(?:-(?P<last>\d+))?(?: without (?P<gaps>[\d, ]+))?"
)


@dataclass(frozen=True)
class CellPlace:
    """A line of a notebook; ``cell`` counts from 1, ``line`` from 1 within the cell."""

    notebook: str
    cell: int
    cell_id: str | None
    line: int


@dataclass(frozen=True)
class Segment:
    """Lines of one cell that stand together in an exported file, by their number in the cell."""

    cell: int
    cell_id: str | None
    lines: tuple[int, ...]


@dataclass(frozen=True)
class Layout:
    """How an exported file is built: each segment with the file's line, from 1, its code begins at."""

    notebook: str
    segments: tuple[tuple[int, Segment], ...]
    between: tuple[str, ...]

    def locate(self, line: int) -> CellPlace | None:
        """Return the cell's line that stands at ``line`` of the file, or ``None`` for a line of ours."""
        for start, segment in self.segments:
            if start <= line < start + len(segment.lines):
                return CellPlace(self.notebook, segment.cell, segment.cell_id, segment.lines[line - start])
        return None


def header(notebook: str) -> str:
    """Return the first line of a file exported from ``notebook``."""
    return f"# Generated from {notebook}; edit that, not this file."


def marker(segment: Segment) -> str:
    """Return the comment line above a segment."""
    name = f" ({segment.cell_id})" if segment.cell_id else ""
    first, last = segment.lines[0], segment.lines[-1]
    gaps = sorted(set(range(first, last + 1)) - set(segment.lines))
    without = f" without {', '.join(map(str, gaps))}" if gaps else ""
    lines = f"lines {first}-{last}" if last > first else f"line {first}"
    return f"# %% cell {segment.cell}{name}, {lines}{without}"


def read_layout(text: str) -> Layout | None:
    """Return the layout of an exported file's text, or ``None`` for a file that is not exported."""
    lines = text.split("\n")
    head = _HEADER.fullmatch(lines[0])
    if head is None:
        return None
    segments: list[tuple[int, Segment]] = []
    between: list[str] = []
    number = 1
    while number < len(lines):
        match = _MARKER.fullmatch(lines[number])
        number += 1
        if match:
            segment = _segment(match)
            segments.append((number + 1, segment))
            number += len(segment.lines)
        else:
            between.append(lines[number - 1])
    return Layout(head["notebook"], tuple(segments), tuple(between))


def locate(package: Path, file: str, line: int) -> CellPlace | None:
    """Return the notebook cell behind ``line`` of ``file``, as a traceback names them.

    ``file`` is a path, or relative to ``package`` or its parent folder. ``None`` means that the line is not a
    student's: a file of somewhere else, or a line the exporter wrote.
    """
    path = next((path for path in _candidates(package, file) if path.is_file()), None)
    if path is None:
        return None
    layout = read_layout(path.read_text(encoding="utf-8", errors="replace"))
    return layout.locate(line) if layout else None


def _candidates(package: Path, file: str) -> Iterator[Path]:
    folder = package.resolve()
    for path in (folder / file, folder.parent / file):
        if path.resolve().parent == folder:
            yield path.resolve()


def _segment(match: re.Match[str]) -> Segment:
    gaps = {int(number) for number in match["gaps"].split(",")} if match["gaps"] else set()
    lines = range(int(match["first"]), int(match["last"] or match["first"]) + 1)
    return Segment(int(match["cell"]), match["id"], tuple(line for line in lines if line not in gaps))
