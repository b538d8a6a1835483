"""Parsing one cell on its own, so that an error can name it."""

import ast
import re
from collections.abc import Callable, Iterator, Mapping

from tinytorch_lab.quiet import silenced

_MAGIC = re.compile(r"\s*[%!?]|\s*[\w., ]+=\s*[%!]\s*[A-Za-z]|\s*[\w.*]+\?{1,2}\s*$")
_CELL_MAGIC = re.compile(r"\s*%%")

Complaint = tuple[int | None, str]
"""A line of the cell, and what is wrong there."""


def parse_cell(code: Mapping[int, str]) -> tuple[ast.Module, list[Complaint]]:
    """Parse the cell whose lines by number are ``code``; the tree is empty when there are complaints."""
    tree, complaints = _without_magic(code, _compiled)
    return (ast.Module([], []) if tree is None or complaints else tree), complaints


def parse_notebook_cell(code: Mapping[int, str]) -> ast.Module | None:
    """Parse a cell that only the notebook need run, ``pass`` standing for line magic; ``None`` if it is not Python."""
    return _without_magic(code, _parsed)[0]


def compile_module(text: str, name: str) -> None:
    """Check that ``text`` compiles from the bytes an import will read.

    Raises:
        SyntaxError: it does not.
    """
    with silenced():
        compile(text.encode("utf-8"), name, "exec", dont_inherit=True)


def statements(node: ast.AST) -> Iterator[ast.stmt]:
    """Return all statements below ``node``, however deep; unlike ``ast.walk`` without their expressions."""
    for block in ("body", "handlers", "orelse", "finalbody", "cases"):
        for child in getattr(node, block, ()):
            if isinstance(child, ast.stmt):
                yield child
            yield from statements(child)


def stands_alone(tree: ast.Module, statement: ast.stmt) -> bool:
    """Tell whether no other statement of the cell shares a line with ``statement``."""
    first, last = _span(statement)
    return all(other is statement or _span(other)[1] < first or _span(other)[0] > last for other in tree.body)


def statement_lines(statement: ast.stmt) -> range:
    """Return the numbers of the lines ``statement`` takes."""
    first, last = _span(statement)
    return range(first, last + 1)


def future_imports(tree: ast.Module) -> list[ast.ImportFrom]:
    """Return the cell's ``from __future__ import …`` statements."""
    return [node for node in tree.body if isinstance(node, ast.ImportFrom) and node.module == "__future__"]


def _span(statement: ast.stmt) -> tuple[int, int]:
    return statement.lineno, statement.end_lineno or statement.lineno


def _without_magic(
    code: Mapping[int, str], parse: Callable[[str], ast.Module]
) -> tuple[ast.Module | None, list[Complaint]]:
    """Parse with ``pass`` in the place of line magic, of which each is a complaint, as is what cannot be parsed."""
    lines = dict(code)
    complaints: list[Complaint] = []
    while True:
        try:
            return parse("\n".join(lines.get(number, "") for number in range(1, max(lines, default=0) + 1))), complaints
        except SyntaxError as error:
            number = error.lineno
            text = lines.get(number, "") if number is not None else ""
            if number is None or not _MAGIC.match(text):
                complaints.append((number, f"{error.msg}; correct the cell and export again"))
                return None, complaints
            complaints.append((number, _magic_message(text)))
            if _CELL_MAGIC.match(text):
                return None, complaints
            lines[number] = text[: len(text) - len(text.lstrip())] + "pass"
        except (ValueError, RecursionError, MemoryError) as error:
            complaints.append((None, f"Python cannot read the cell ({error}); simplify it and export again"))
            return None, complaints


def _parsed(text: str) -> ast.Module:
    with silenced():
        return ast.parse(text)


def _compiled(text: str) -> ast.Module:
    tree = _parsed(text)
    with silenced():
        compile(tree, "<cell>", "exec", dont_inherit=True)
    return tree


def _magic_message(text: str) -> str:
    shown = text.strip()
    shown = shown if len(shown) <= 40 else shown[:39] + "…"
    return f"{shown!r} is for notebooks only and cannot be exported; move it to a cell without '#| export'"
