"""Submissions in every broken state, each with the score that a fair teacher would give and what is said about it."""

import copy

from nbformat import NotebookNode

from tests.grading.handins import ADD, Change, cell
from tinytorch_lab.curriculum.cells import grade_id


def syntax_error(notebook: NotebookNode) -> None:
    cell(notebook, "double").source = "def double(a:\n    return a"


def emptied(notebook: NotebookNode) -> None:
    notebook.cells = []


def deleted_tests(notebook: NotebookNode) -> None:
    notebook.cells = [item for item in notebook.cells if not str(grade_id(item)).startswith("test")]


def emptied_tests(notebook: NotebookNode) -> None:
    for name in ("test_add", "test_double"):
        cell(notebook, name).source = "print('40/40')"
    cell(notebook, "add").source = "def add(a, b):\n    return 0"


def implementation_deleted(notebook: NotebookNode) -> None:
    notebook.cells.remove(cell(notebook, "double"))


def implementation_copied(notebook: NotebookNode) -> None:
    copied = copy.deepcopy(cell(notebook, "add"))
    copied.source = "# YOUR CODE HERE\nraise NotImplementedError()"
    notebook.cells.insert(2, copied)


def metadata_lost(notebook: NotebookNode) -> None:
    for item in notebook.cells:
        item.metadata = NotebookNode()


def wrong_kernel(notebook: NotebookNode) -> None:
    notebook.metadata["kernelspec"] = {"name": "fortran", "display_name": "Fortran", "language": "fortran"}
    notebook.metadata["language_info"] = {"name": "fortran"}


def old_schema(notebook: NotebookNode) -> None:
    for item in notebook.cells:
        if "nbgrader" in item.metadata:
            item.metadata["nbgrader"] = {"grade_id": grade_id(item), "schema_version": 1, "points": "many"}


def endless(notebook: NotebookNode) -> None:
    notebook.cells.insert(1, copy.deepcopy(cell(notebook, "add")))
    notebook.cells[1].metadata = NotebookNode()
    notebook.cells[1]["id"] = "loop"
    notebook.cells[1].source = "while True:\n    pass"


def dies(notebook: NotebookNode) -> None:
    cell(notebook, "double").source = "import os\nos._exit(0)"


def warns(notebook: NotebookNode) -> None:
    cell(notebook, "add").source = ADD + "\nimport warnings\nwarnings.warn('careful')\n"


def boasts(notebook: NotebookNode) -> None:
    cell(notebook, "double").source = "def double(a):\n    return 0"
    for item in notebook.cells:
        item.metadata.setdefault("nbgrader", {}).update(score=100, points=100)
        item.outputs = [{"output_type": "execute_result", "data": {"text/plain": "100"}, "metadata": {}}]


CHANGES: dict[str, tuple[Change, float, str]] = {
    "sound": (wrong_kernel, 70.0, ""),
    "syntax": (syntax_error, 40.0, "Cell double, line 1, stopped with SyntaxError"),
    "empty": (emptied, 0.0, "The notebook is empty."),
    "no-tests": (deleted_tests, 70.0, "Missing test cells, put back: test_add, test_double."),
    "cheat": (emptied_tests, 0.0, "The test test_add was edited; the course's own was run."),
    "half": (implementation_deleted, 40.0, "Missing code cells"),
    "copied": (implementation_copied, 70.0, "Cell add is there 2 times"),
    "bare": (metadata_lost, 70.0, ""),
    "schema": (old_schema, 70.0, ""),
    "endless": (endless, 70.0, "Cell 2"),
    "dies": (dies, 40.0, ""),
    "warns": (warns, 70.0, ""),
    "boasts": (boasts, 40.0, ""),
}
UNREADABLE = {
    "cut": '{"cells": [',
    "list": "[]",
    "binary": "\x00\x01",
    "nothing": "",
}
