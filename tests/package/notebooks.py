"""Small notebooks for the tests, written as a list of cells."""

from nbformat import NotebookNode
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook

from tinytorch_lab.package.cells import NotebookSource

DEFAULT = "#| default_exp tensor"


def source(
    *cells: str, name: str = "modules/01_tensor/01_tensor.ipynb", targets: tuple[str, ...] | None = None
) -> NotebookSource:
    """Return a notebook of code cells; one that starts with ``%md`` is a markdown cell."""
    return NotebookSource(name, notebook(*cells), targets)


def notebook(*cells: str) -> NotebookNode:
    nodes = [_cell(text) for text in cells]
    for number, node in enumerate(nodes, 1):
        node["id"] = f"id-{number}"
    return new_notebook(cells=nodes)


def _cell(text: str) -> NotebookNode:
    if text.startswith("%md"):
        return new_markdown_cell(text.removeprefix("%md").lstrip())
    return new_code_cell(text)
