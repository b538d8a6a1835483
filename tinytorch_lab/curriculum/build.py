"""The notebooks made from a module's source: the instructor's with everything, the student's without the answers.

Course releases go through nbgrader; the self-paced release below follows the same rules, and a test proves that
both give the same cells.
"""

import copy
import re

from nbformat import NotebookNode

from tinytorch_lab.curriculum.cells import grade_id, is_response, is_task, nbgrader_metadata
from tinytorch_lab.curriculum.markscheme import lift_mark_scheme
from tinytorch_lab.curriculum.notebooks import new_notebook
from tinytorch_lab.curriculum.source import SourceModule
from tinytorch_lab.errors import InvalidInputError

BEGIN_SOLUTION, END_SOLUTION = "### BEGIN SOLUTION", "### END SOLUTION"
BEGIN_HIDDEN, END_HIDDEN = "### BEGIN HIDDEN TESTS", "### END HIDDEN TESTS"
CODE_STUB = "# YOUR CODE HERE\nraise NotImplementedError()"
ANSWER_STUB = "YOUR ANSWER HERE"

_KERNEL = {
    "kernelspec": {"display_name": "Python 3 (ipykernel)", "language": "python", "name": "python3"},
    "language_info": {"file_extension": ".py", "mimetype": "text/x-python", "name": "python"},
}
_INDENT = re.compile(r"\s*")


def instructor_notebook(module: SourceModule) -> NotebookNode:
    """Return the notebook with solutions, hidden tests and mark schemes, as nbgrader's ``source/`` holds it."""
    cells = [copy.deepcopy(cell.node) for cell in module.cells]
    notebook = new_notebook(cells, _KERNEL)
    for number, cell in enumerate(notebook.cells, 1):
        cell["id"] = _cell_id(cell, number)
        _settle_question(cell)
    return notebook


def student_notebook(instructor: NotebookNode) -> NotebookNode:
    """Return a copy of ``instructor`` without solutions, hidden tests, mark schemes and outputs.

    Raises:
        InvalidInputError: a region is opened and not closed.
    """
    notebook: NotebookNode = copy.deepcopy(instructor)
    for cell in notebook.cells:
        if is_response(cell):
            cell.source = _cleared(lift_mark_scheme(cell.source), ANSWER_STUB)
        elif is_task(cell):
            cell.source = lift_mark_scheme(cell.source)
        elif nbgrader_metadata(cell).get("solution"):
            cell.source = _cleared(cell.source, CODE_STUB)
        if cell.cell_type == "code":
            cell.source = replace_regions(cell.source, BEGIN_HIDDEN, END_HIDDEN, None)
            cell.outputs, cell.execution_count = [], None
    return notebook


def replace_regions(source: str, begin: str, end: str, stub: str | None) -> str:
    """Replace every region from a line with ``begin`` to one with ``end`` by ``stub``, indented like the region.

    Raises:
        InvalidInputError: regions are nested or not closed.
    """
    kept: list[str] = []
    inside = False
    for line in source.split("\n"):
        if begin in line:
            if inside:
                raise InvalidInputError(f"A region opened by {begin!r} is opened again before {end!r}.")
            inside = True
            kept += _indented(stub, line) if stub is not None else []
        elif end in line:
            if not inside:
                raise InvalidInputError(f"{end!r} stands without {begin!r} before it.")
            inside = False
        elif not inside:
            kept.append(line)
    if inside:
        raise InvalidInputError(f"A region opened by {begin!r} is never closed by {end!r}.")
    return "\n".join(kept)


def _cleared(source: str, stub: str) -> str:
    cleared = replace_regions(source, BEGIN_SOLUTION, END_SOLUTION, stub)
    return cleared if BEGIN_SOLUTION in source else stub


def _indented(stub: str, line: str) -> list[str]:
    match = _INDENT.match(line)
    indent = match.group(0) if match else ""
    return [indent + stub_line for stub_line in stub.split("\n")]


def _cell_id(cell: NotebookNode, number: int) -> str:
    """Return a cell id that a rebuild repeats, so that notebooks differ only where their text does."""
    name = grade_id(cell)
    return re.sub(r"[^A-Za-z0-9_-]", "-", name)[:64] if name else f"cell-{number:03d}"


def _settle_question(cell: NotebookNode) -> None:
    """Turn a task cell without points into a read-only question: nbgrader refuses to release it as a task."""
    metadata = nbgrader_metadata(cell)
    if metadata.get("task") and "points" not in metadata:
        metadata.update(task=False, locked=True, grade=False, solution=False)
