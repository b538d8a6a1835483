"""The text of an exported module."""

import ast
import textwrap
from collections.abc import Iterable, Sequence

from tinytorch_lab.package.cells import ExportedCell
from tinytorch_lab.package.directives import trimmed
from tinytorch_lab.package.names import extended_modules, public_names
from tinytorch_lab.package.provenance import Segment, header, marker
from tinytorch_lab.package.syntax import future_imports, stands_alone, statement_lines

EXPLANATION = '# Each "# %%" line says which cell, and which of its lines, the code below it is.'
EXTENDS = "# Adds to classes of: "


def render_module(notebook: str, cells: Sequence[ExportedCell]) -> str:
    """Return the text of the module made of ``cells``: docstring and ``__future__`` imports, ``__all__``, the rest."""
    top = [_lines_at_top(cell, first=cell is cells[0]) for cell in cells]
    rest = [[at for at in cell.code if at not in lines] for cell, lines in zip(cells, top, strict=True)]
    trees = [cell.tree for cell in cells]
    extended = extended_modules(trees)
    head = [header(notebook), EXPLANATION, *([EXTENDS + ", ".join(extended)] if extended else [])]
    parts = [
        *map(_segment, cells, top),
        assignment("__all__", public_names(trees)),
        *map(_segment, cells, rest),
    ]
    return "\n".join(head) + "\n\n" + "\n\n\n".join(part for part in parts if part) + "\n"


def assignment(name: str, values: Iterable[str]) -> str:
    """Return ``name = [...]``, wrapped."""
    listed = ", ".join(f'"{value}"' for value in values)
    line = f"{name} = [{listed}]"
    if len(line) <= 100:
        return line
    return f"{name} = [\n{textwrap.fill(listed + ',', 100, initial_indent='    ', subsequent_indent='    ')}\n]"


def _segment(cell: ExportedCell, lines: list[int]) -> str:
    code = trimmed({line: cell.code[line] for line in lines})
    return "\n".join([marker(Segment(cell.number, cell.id, tuple(code))), *code.values()]) if code else ""


def _lines_at_top(cell: ExportedCell, *, first: bool) -> list[int]:
    """Return the cell's lines that Python wants at the top of a file."""
    statements: list[ast.stmt] = list(future_imports(cell.tree))
    if first and ast.get_docstring(cell.tree, clean=False) is not None and stands_alone(cell.tree, cell.tree.body[0]):
        statements.append(cell.tree.body[0])
    return sorted({line for statement in statements for line in statement_lines(statement)})
