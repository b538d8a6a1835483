"""What students hand in, made from the released notebook of the small module in ``tests.modules``."""

import copy
import json
from collections.abc import Callable
from pathlib import Path

from nbformat import NotebookNode

from tinytorch_lab.curriculum.cells import grade_id

ADD = "#| export\nimport numpy as np\n\n\ndef add(a, b):\n    return np.asarray(a) + b\n"
DOUBLE = "#| export\ndef double(a):\n    return add(a, a)\n"
ANSWER = "Doubling reads and writes every byte once - so it costs what moving the array costs."

Change = Callable[[NotebookNode], None]


def cell(notebook: NotebookNode, name: str) -> NotebookNode:
    """Return the cell called ``name``."""
    return next(cell for cell in notebook.cells if grade_id(cell) == name)


def handed_in(released: NotebookNode, *changes: Change, answers: bool = True) -> NotebookNode:
    """Return the notebook solved in full, then changed."""
    notebook: NotebookNode = copy.deepcopy(released)
    cell(notebook, "add").source = ADD
    cell(notebook, "double").source = DOUBLE
    for number in (1, 2, 3) if answers else ():
        cell(notebook, f"response_{number}").source = f"{ANSWER} ({number})"
    for change in changes:
        change(notebook)
    return notebook


def write(notebook: NotebookNode | str, folder: Path, student: str, place: str = "01_sums.ipynb") -> Path:
    """Write a submission into ``folder``, which has one folder per student."""
    path = folder / student / place
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(notebook if isinstance(notebook, str) else json.dumps(notebook), encoding="utf-8")
    return path


def half_wrong(notebook: NotebookNode) -> None:
    """Double right for numbers, wrong for arrays, and have NumPy warn on the way."""
    body = "    np.float64(1.0) / np.float64(0.0)\n    return add(a, a) if np.ndim(a) == 0 else a\n"
    cell(notebook, "double").source = "#| export\ndef double(a):\n" + body
