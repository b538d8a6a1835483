"""The cells of a job, taken from a notebook."""

from collections.abc import Callable

from nbformat import NotebookNode

from tinytorch_lab.runner.contract import Cell, Role


def cells_of(notebook: NotebookNode, role_of: Callable[[NotebookNode], Role]) -> tuple[Cell, ...]:
    """Return the code cells of ``notebook``, in order, each with the role that ``role_of`` gives it.

    A cell keeps its nbformat id; a missing or repeated one is replaced by one that no other cell has.
    """
    taken: set[str] = set()
    cells = []
    for number, node in enumerate(notebook.cells, 1):
        if node.cell_type == "code":
            name = _unique(str(node.get("id") or f"cell-{number}"), taken)
            taken.add(name)
            cells.append(Cell(name, node.source, role_of(node)))
    return tuple(cells)


def _unique(name: str, taken: set[str]) -> str:
    candidate, number = name, 2
    while candidate in taken:
        candidate, number = f"{name}-{number}", number + 1
    return candidate
