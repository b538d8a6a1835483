"""The cells of a notebook that are exported, each parsed on its own."""

import ast
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from keyword import iskeyword

from nbformat import NotebookNode

from tinytorch_lab.package.directives import (
    Directive,
    code_lines,
    lines_inside_strings,
    misplaced_directive,
    read_directives,
    trimmed,
)
from tinytorch_lab.package.imports import imports_of_everything, relative_imports, rewrite_imports
from tinytorch_lab.package.problems import Problem
from tinytorch_lab.package.syntax import future_imports, parse_cell, stands_alone

_MODULE_NAME = re.compile(r"[a-z_][a-z0-9_]*")
_RESERVED = ("__init__", "__main__", "__pycache__")
_CELL_ID = re.compile(r"[A-Za-z0-9_-]{1,64}")
_EVERYTHING = (
    "a module cannot import everything, since that holds the module itself; name what is imported, "
    "or write 'from tinytorch.tensor import *'"
)
_SOLUTION_MARKER = re.compile(r"\s*#+ (BEGIN|END) SOLUTION\s*$")


@dataclass(frozen=True)
class NotebookSource:
    """A notebook to export. ``targets`` are the modules it may write; ``None`` allows any."""

    name: str
    notebook: NotebookNode
    targets: tuple[str, ...] | None = None


@dataclass(frozen=True)
class ExportedCell:
    """A code cell that goes to module ``target``; ``code`` holds its lines by their number in the cell."""

    number: int
    id: str | None
    target: str
    code: dict[int, str]
    tree: ast.Module


def read_cells(source: NotebookSource) -> tuple[list[ExportedCell], list[Problem]]:
    """Return the exported cells of ``source``, and everything that keeps it from being exported."""
    reader = _Reader(source)
    reader.read()
    return reader.cells, sorted(reader.problems, key=lambda problem: (problem.cell or 0, problem.line or 0))


class _Reader:
    def __init__(self, source: NotebookSource) -> None:
        self.source = source
        self.cells: list[ExportedCell] = []
        self.problems: list[Problem] = []

    def read(self) -> None:
        if not self.source.name.isprintable():
            self._complain(None, None, "rename the notebook; its name holds characters that cannot be printed")
            return
        read = [(number, cell, lines, read_directives(lines)) for number, cell, lines in self._code_cells()]
        default = self._default([(number, found) for number, _, _, directives in read for found in directives])
        for number, cell, lines, directives in read:
            misplaced = misplaced_directive(lines)
            if misplaced is not None:
                self._complain(number, misplaced, "a directive counts only above the code; move it to the cell's top")
            target = self._target(number, directives, default)
            if target is not None:
                self._add(number, cell.get("id"), target, code_lines(lines))

    def _code_cells(self) -> Iterator[tuple[int, NotebookNode, Sequence[str]]]:
        for number, cell in enumerate(self.source.notebook.get("cells", []), 1):
            if cell.get("cell_type") == "code":
                # Lines as Python counts them: str.splitlines would also break at form feeds and U+2028.
                text = "".join(cell.get("source", "")).replace("\r\n", "\n").replace("\r", "\n")
                yield number, cell, text.split("\n")

    def _default(self, directives: list[tuple[int, Directive]]) -> str | None:
        defaults = [(number, found) for number, found in directives if found.name == "default_exp"]
        for number, found in defaults[1:]:
            self._complain(number, found.line, "there is a '#| default_exp' above already; keep one of them")
        if not defaults:
            return None
        number, found = defaults[0]
        return self._checked(number, found) or ""

    def _target(self, number: int, directives: Sequence[Directive], default: str | None) -> str | None:
        for found in directives:
            if found.name.startswith("export") and found.name != "export":
                self._complain(number, found.line, f"'#| {found.name}' is not supported; write '#| export'")
        export = next((found for found in reversed(directives) if found.name == "export"), None)
        if export is None:
            return None
        if export.value:
            return self._checked(number, export)
        if default is None:
            message = "nothing says where to export to; add '#| default_exp NAME' in a cell at the top"
            self._complain(number, export.line, message)
        return default or None

    def _checked(self, number: int, found: Directive) -> str | None:
        """Return the module that the directive names, or complain."""
        name, targets = found.value, self.source.targets
        if not name:
            message = "'#| default_exp' needs the name of a module, as in '#| default_exp tensor'"
        elif not _MODULE_NAME.fullmatch(name) or iskeyword(name) or name in _RESERVED:
            message = f"{name!r} cannot name a module; use lower-case letters, digits and underscores"
        elif targets is not None and name not in targets:
            allowed = " or ".join(targets) or "nothing"
            message = f"this notebook exports to {allowed}, not to {name}; correct the directive"
        else:
            return name
        self._complain(number, found.line, message)
        return None

    def _add(self, number: int, cell_id: object, target: str, code: dict[int, str]) -> None:
        tree, complaints = parse_cell(code)
        for line in relative_imports(tree):
            complaints.append((line, "a relative import does not run in a notebook; write 'from tinytorch.… import …'"))
        for line in imports_of_everything(tree):
            complaints.append((line, _EVERYTHING))
        for statement in future_imports(tree):
            if not stands_alone(tree, statement):
                complaints.append((statement.lineno, "put the '__future__' import on a line of its own"))
        for place, message in complaints:
            self._complain(number, place, message)
        if code and not complaints:
            known = cell_id if isinstance(cell_id, str) and _CELL_ID.fullmatch(cell_id) else None
            code = rewrite_imports(_without_markers(code, tree), tree)
            self.cells.append(ExportedCell(number, known, target, code, tree))

    def _complain(self, cell: int | None, line: int | None, message: str) -> None:
        self.problems.append(Problem(self.source.name, cell, line, message))


def _without_markers(code: dict[int, str], tree: ast.Module) -> dict[int, str]:
    """Drop nbgrader's solution markers, so that the reference package reads as written by hand."""
    if not any(_SOLUTION_MARKER.match(line) for line in code.values()):
        return code
    quoted = lines_inside_strings(tree)
    return trimmed({at: line for at, line in code.items() if at in quoted or not _SOLUTION_MARKER.match(line)})
