"""Beginning one cell again, with the rest of the notebook as it is."""

import copy

from nbformat import NotebookNode

from tinytorch_lab.curriculum.catalogue import ModuleInfo
from tinytorch_lab.curriculum.cells import grade_id
from tinytorch_lab.curriculum.notebooks import write_notebook
from tinytorch_lab.errors import NotFoundError
from tinytorch_lab.learning.fetching import parse_fetched
from tinytorch_lab.learning.workspace import Opened, Workspace


def reset_cell(workspace: Workspace, module: ModuleInfo, name: str, fetched: bytes | None = None) -> Opened:
    """Bring the released cell with the grade id ``name`` back; the present notebook is kept as a backup.

    ``fetched`` is as for :meth:`Workspace.start`. A cell that was deleted is put in behind the cell it follows there.

    Raises:
        NotFoundError: the module has not been started, or the release has no such cell.
        InvalidInputError: the notebook cannot be read.
        NotAvailableError: the workspace cannot be written.
    """
    notebook = workspace.notebook(module)
    released = (workspace.release.notebook(module) if fetched is None else parse_fetched(module, fetched)).cells
    place = _place(released, name)
    if place is None:
        known = ", ".join(found for cell in released if (found := grade_id(cell)))
        raise NotFoundError(f"{module.name} has no cell {name!r} to reset; it has {known}.")
    fresh = copy.deepcopy(released[place])
    present = _place(notebook.cells, name)
    if present is None:
        notebook.cells.insert(_after(notebook.cells, released[:place]), fresh)
    else:
        fresh["id"] = notebook.cells[present].get("id", fresh["id"])
        notebook.cells[present] = fresh
    backup = workspace.back_up(module)
    write_notebook(notebook, workspace.notebook_path(module))
    return Opened(module, workspace.notebook_path(module), created=False, backup=backup)


def _place(cells: list[NotebookNode], name: str) -> int | None:
    return next((place for place, cell in enumerate(cells) if grade_id(cell) == name), None)


def _after(cells: list[NotebookNode], before: list[NotebookNode]) -> int:
    """Return the place behind the last cell of ``before`` that ``cells`` still holds; 0 if none is left."""
    for earlier in reversed(before):
        name = grade_id(earlier)
        found = _place(cells, name) if name else None
        if found is not None:
            return found + 1
    return 0
