"""Why a milestone stopped: the piece of the student's package to look at, in one sentence."""

import ast
import re
from pathlib import Path

from tinytorch_lab.package.provenance import CellPlace, locate
from tinytorch_lab.runner.contract import CellResult, Failure

_FILE_IN_BRACKETS = re.compile(r" \(/[^)]*\.py\)$")
_DEFINITIONS = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)


def explain(result: CellResult, package: Path) -> str:
    """Return why the step of ``result``, which did not end well, failed; names the student's piece where one did."""
    failure = result.failure
    if failure is None or result.status in ("killed", "not_run"):
        reason = failure.message if failure else "it was not run"
        return f"The step '{result.id}' was stopped: {reason}."
    piece, where = _culprit(failure, package)
    if result.status == "timeout":
        return f"The step '{result.id}' ran out of time{f' in {piece} ({where})' if piece else ''}."
    if piece and failure.kind == "NotImplementedError":
        return f"{piece} is not written yet ({where}); write it, export the module, and run the milestone again."
    reason = f"{failure.kind}: {_first_line(failure.message)}".rstrip(": .")
    return f"{piece} raised {reason} ({where})." if piece else f"The step '{result.id}' failed with {reason}."


def _culprit(failure: Failure, package: Path) -> tuple[str, str]:
    """Return the innermost piece of the package in the traceback and its place in a notebook, or two blanks."""
    for frame in reversed(failure.frames):
        place = locate(package, frame.cell, frame.line)
        if place is not None:
            return f"`{_piece(package.parent / frame.cell, frame.line)}`", _where(place)
    return "", ""


def _piece(file: Path, line: int) -> str:
    """Return the qualified name of what is defined around ``line`` of an exported file, else the file's name."""
    names: list[str] = []
    node: ast.AST | None = ast.parse(file.read_text(encoding="utf-8"))
    while node is not None:
        if isinstance(node, _DEFINITIONS):
            names.append(node.name)
        node = next((child for child in ast.iter_child_nodes(node) if _spans(child, line)), None)
    return ".".join(names) or file.name


def _spans(node: ast.AST, line: int) -> bool:
    return isinstance(node, ast.stmt) and node.lineno <= line <= (node.end_lineno or node.lineno)


def _where(place: CellPlace) -> str:
    return f"{place.notebook}, cell {place.cell}, line {place.line}"


def _first_line(message: str) -> str:
    """Return the first line, without the file an ImportError adds: the place that follows says it better."""
    return _FILE_IN_BRACKETS.sub("", message.strip().split("\n", 1)[0])
