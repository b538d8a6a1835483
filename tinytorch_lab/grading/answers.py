"""What a student wrote for each cell that a person marks."""

from collections.abc import Sequence

from nbformat import NotebookNode

from tinytorch_lab.curriculum.cells import grade_id
from tinytorch_lab.grading.repair import same_text
from tinytorch_lab.grading.sources import ModuleSource


def answers_in(notebook: NotebookNode, source: ModuleSource) -> dict[str, str]:
    """Return the answers in a repaired ``notebook`` by cell; one that was left as released is empty.

    A response cell is the answer itself. A task of nbgrader's is answered in the cells after it, up to the next cell
    of the course.
    """
    found = {}
    for place, cell in enumerate(notebook.cells):
        known = source.known.get(grade_id(cell) or "")
        if known is not None and known.is_task:
            found[known.id] = _own_text(notebook.cells[place + 1 :], source)
        elif known is not None and known.is_response:
            text = str(cell.source)
            found[known.id] = "" if same_text(text, known.released.source) else text.strip()
    return {cell.id: found.get(cell.id, "") for cell in source.responses}


def _own_text(cells: Sequence[NotebookNode], source: ModuleSource) -> str:
    """Return the text of the student's own cells at the head of ``cells``."""
    texts: list[str] = []
    for cell in cells:
        if grade_id(cell) in source.known:
            break
        texts.append(str(cell.source).strip())
    return "\n\n".join(text for text in texts if text)
