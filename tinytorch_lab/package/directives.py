"""Directives: the ``#| export`` comments at the top of a code cell, as nbdev writes them."""

import ast
import re
from collections.abc import Sequence
from dataclasses import dataclass

from tinytorch_lab.package.syntax import parse_notebook_cell

_NAME_AND_VALUE = re.compile(r"\s*#\s*\|\s*(?P<name>[^\s:]+)\s*:?\s?(?P<value>.*?)\s*$")
_ABOVE_CODE = re.compile(r"\s*(#\s*\||%%\w|$)")
_CELL_MAGIC = re.compile(r"\s*%%\w")
_MISPLACED = re.compile(r"\s*#\s*\|\s*(export|default_exp)\b")


@dataclass(frozen=True)
class Directive:
    """``#| name value`` on ``line`` of its cell, counted from 1."""

    name: str
    value: str
    line: int


def read_directives(lines: Sequence[str]) -> tuple[Directive, ...]:
    """Return the directives above the first line of code."""
    found = []
    for number, line in enumerate(lines[: _height(lines)], 1):
        match = _NAME_AND_VALUE.match(line)
        if match:
            value = match["value"]
            found.append(Directive(match["name"], "" if value == "true" else value, number))
    return tuple(found)


def code_lines(lines: Sequence[str]) -> dict[int, str]:
    """Return the cell's lines by number, without directives and without blank lines at either end.

    A cell magic stays: it is not a directive, and whoever parses the cell will say so.
    """
    height = _height(lines)
    code = {number: line for number, line in enumerate(lines, 1) if number > height or _CELL_MAGIC.match(line)}
    return trimmed(code)


def trimmed(code: dict[int, str]) -> dict[int, str]:
    """Return ``code`` without blank lines at either end."""
    filled = [number for number, line in code.items() if line.strip()]
    return {number: line for number, line in code.items() if filled and filled[0] <= number <= filled[-1]}


def misplaced_directive(lines: Sequence[str]) -> int | None:
    """Return the line of an export directive below the first line of code, where it would have no effect."""
    height = _height(lines)
    suspects = [number for number, line in enumerate(lines, 1) if number > height and _MISPLACED.match(line)]
    if not suspects:
        return None
    tree = parse_notebook_cell(code_lines(lines))
    if tree is None:
        return None
    quoted = lines_inside_strings(tree)
    return next((number for number in suspects if number not in quoted), None)


def lines_inside_strings(tree: ast.AST) -> set[int]:
    """Return the lines that begin inside a string: what looks like a comment there is text."""
    found: set[int] = set()
    for node in ast.iter_child_nodes(tree):
        first, last = getattr(node, "lineno", 0), getattr(node, "end_lineno", 0)
        if isinstance(node, ast.JoinedStr | ast.Constant):
            found |= set(range(first + 1, last + 1))
        elif last > first or not first:  # within one line there is nothing to find
            found |= lines_inside_strings(node)
    return found


def _height(lines: Sequence[str]) -> int:
    """Return how many lines stand above the code."""
    return next((index for index, line in enumerate(lines) if not _ABOVE_CODE.match(line)), len(lines))
