"""A module's notebook as the student's course gives it out."""

from nbformat import NotebookNode

from tinytorch_lab.coursework import Desk
from tinytorch_lab.curriculum.catalogue import ModuleInfo
from tinytorch_lab.curriculum.notebooks import parse_notebook
from tinytorch_lab.errors import NotAvailableError, NotFoundError


def fetch(desk: Desk | None, module: ModuleInfo) -> bytes | None:
    """Return the notebook of ``module`` as the course at ``desk`` has released it.

    ``None`` without a course, before the course has released the module, and while it cannot be reached: then the
    notebook that came with this program serves, whose cells grading knows too.

    Raises:
        InvalidInputError: what answers in the course's name sends something else than a notebook.
    """
    if desk is None:
        return None
    try:
        content = desk.notebook(module.name)
    except (NotFoundError, NotAvailableError):
        return None
    parse_fetched(module, content)
    return content


def parse_fetched(module: ModuleInfo, content: bytes) -> NotebookNode:
    """Return the notebook that the course sent for ``module``; raises :class:`InvalidInputError`."""
    return parse_notebook(content, f"What the course sent as {module.name}.ipynb")
