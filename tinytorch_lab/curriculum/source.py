"""A module's source: jupytext percent text, read with the line of every cell."""

import re
from dataclasses import dataclass
from pathlib import Path

import jupytext
from nbformat import NotebookNode

from tinytorch_lab.errors import InvalidInputError, NotFoundError

_MARKER = re.compile(r"^# %%")
_MARKDOWN_QUOTE = re.compile(r'^(?:[rR])?"""')
_JUPYTEXT_METADATA = ("cell_marker", "lines_to_next_cell", "lines_to_end_of_cell_marker")


@dataclass(frozen=True)
class SourceCell:
    """A cell and where it stands: ``number`` from 1, ``line`` of its marker, ``body_line`` of its first line."""

    node: NotebookNode
    number: int
    line: int
    body_line: int

    def line_of(self, text: str) -> int:
        """Return the file line of the first source line containing ``text``, or the marker's line."""
        for offset, source_line in enumerate(self.node.source.splitlines()):
            if text in source_line:
                return self.body_line + offset
        return self.line


@dataclass(frozen=True)
class SourceModule:
    """A parsed module source."""

    path: Path
    cells: tuple[SourceCell, ...]

    @property
    def name(self) -> str:
        """The module's name, ``01_tensor``."""
        return self.path.stem


def read_source(path: Path) -> SourceModule:
    """Parse the jupytext percent file at ``path``.

    Raises:
        NotFoundError: there is no such file.
        InvalidInputError: the file is not text, or its cells cannot be told apart.
    """
    try:
        text = path.read_text(encoding="utf-8")
    except FileNotFoundError:
        raise NotFoundError(f"There is no module source at {path}.") from None
    except UnicodeDecodeError as error:
        raise InvalidInputError(f"{path} is not UTF-8 text: {error.reason} at byte {error.start}.") from None
    nodes = jupytext.reads(text, fmt="py:percent").cells
    lines = text.splitlines()
    markers = [number for number, line in enumerate(lines, 1) if _MARKER.match(line)]
    if len(nodes) == len(markers) + 1:
        markers.insert(0, 1)
    if len(nodes) != len(markers):
        raise InvalidInputError(
            f"{path} has {len(markers)} cell markers but reads as {len(nodes)} cells; "
            "look for a line starting with '# %%' inside a string."
        )
    placed = enumerate(zip(nodes, markers, strict=True), 1)
    return SourceModule(path, tuple(_cell(node, number, line, lines) for number, (node, line) in placed))


def _cell(node: NotebookNode, number: int, line: int, lines: list[str]) -> SourceCell:
    for key in _JUPYTEXT_METADATA:
        node.metadata.pop(key, None)
    body_line = line + 1 if line <= len(lines) and _MARKER.match(lines[line - 1]) else line
    while body_line < len(lines) and not lines[body_line - 1].strip():
        body_line += 1
    if node.cell_type == "markdown" and body_line <= len(lines) and _MARKDOWN_QUOTE.match(lines[body_line - 1]):
        body_line += lines[body_line - 1].rstrip().endswith('"""')
    return SourceCell(node, number, line, body_line)
