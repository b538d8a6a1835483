"""What the nbgrader metadata of a notebook cell says."""

from typing import Any, Literal

from nbformat import NotebookNode

MEASURE_TAG = "measure"
"""Tag of a cell that profiles or plots; such cells are skipped when a module is tested or graded."""


def nbgrader_metadata(cell: NotebookNode) -> dict[str, Any]:
    """Return the cell's nbgrader metadata, or an empty dictionary."""
    found = cell.metadata.get("nbgrader", {})
    return found if isinstance(found, dict) else {}


def grade_id(cell: NotebookNode) -> str | None:
    """Return the cell's grade id, or ``None`` for a cell nbgrader does not know."""
    found = nbgrader_metadata(cell).get("grade_id")
    return found if isinstance(found, str) else None


def points(cell: NotebookNode) -> float:
    """Return the points the cell is worth; 0 when it is not graded."""
    found = nbgrader_metadata(cell)
    return float(found.get("points") or 0) if found.get("grade") or found.get("task") else 0.0


def is_implementation(cell: NotebookNode) -> bool:
    """Tell whether students write code here that a later test cell checks."""
    found = nbgrader_metadata(cell)
    return cell.cell_type == "code" and bool(found.get("solution")) and not found.get("grade")


def is_test(cell: NotebookNode) -> bool:
    """Tell whether this is an automatically graded test cell."""
    found = nbgrader_metadata(cell)
    return cell.cell_type == "code" and bool(found.get("grade")) and not found.get("solution")


def is_response(cell: NotebookNode) -> bool:
    """Tell whether students write an answer here that a person marks."""
    found = nbgrader_metadata(cell)
    return cell.cell_type == "markdown" and bool(found.get("grade")) and bool(found.get("solution"))


def is_task(cell: NotebookNode) -> bool:
    """Tell whether this sets a task that a person marks, which students answer in cells of their own after it."""
    return cell.cell_type == "markdown" and bool(nbgrader_metadata(cell).get("task")) and points(cell) > 0


def is_measurement(cell: NotebookNode) -> bool:
    """Tell whether the cell only measures or plots."""
    return cell.cell_type == "code" and MEASURE_TAG in cell.metadata.get("tags", [])


def role_of(cell: NotebookNode) -> Literal["student", "test", "skip"]:
    """Return how a code cell is run: as the student's, as a test, or not at all."""
    if is_test(cell):
        return "test"
    return "skip" if is_measurement(cell) else "student"
