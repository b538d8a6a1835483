"""The similarity report of a module, with the texts that its passages point into."""

from collections.abc import Iterator
from dataclasses import dataclass

from nbformat import NotebookNode

from tinytorch_lab.curriculum.cells import grade_id
from tinytorch_lab.curriculum.notebooks import read_notebook
from tinytorch_lab.errors import TinyTorchError
from tinytorch_lab.grading.folder import CourseFolder
from tinytorch_lab.grading.similarity import SimilarityReport, module_similarity
from tinytorch_lab.grading.sources import load_module_source


@dataclass(frozen=True)
class CellText:
    """One cell of a submission."""

    cell: str
    text: str


@dataclass(frozen=True)
class SideBySide:
    """What two students handed in, cell by cell, for a person to compare."""

    module: str
    left: str
    right: str
    left_cells: tuple[CellText, ...]
    right_cells: tuple[CellText, ...]


def similarity(course: CourseFolder, module: str) -> tuple[SimilarityReport, ...]:
    """Return the report over all autograded submissions of ``module``; about six seconds for a thousand.

    Raises:
        NotFoundError: the module has not been generated.
    """
    return module_similarity(load_module_source(course.source(module)), _notebooks(course, module))


def side_by_side(course: CourseFolder, module: str, left: str, right: str) -> SideBySide:
    """Return the cells of two submissions that their authors wrote.

    Raises:
        NotFoundError: one of them has no autograded submission.
    """
    return SideBySide(module, left, right, _cells(course, module, left), _cells(course, module, right))


def _notebooks(course: CourseFolder, module: str) -> Iterator[tuple[str, NotebookNode]]:
    for student in course.students_with("autograded", module):
        try:
            yield student, read_notebook(course.autograded(module, student))
        except TinyTorchError:
            # Somebody who cannot be compared must not keep the others from being.
            continue


def _cells(course: CourseFolder, module: str, student: str) -> tuple[CellText, ...]:
    source = load_module_source(course.source(module))
    notebook = read_notebook(course.autograded(module, student))
    found = []
    for number, cell in enumerate(notebook.cells, 1):
        known = source.known.get(grade_id(cell) or "")
        own = known.is_implementation or known.is_response if known else cell.cell_type == "code"
        if own:
            found.append(CellText(grade_id(cell) or f"cell {number}", str(cell.source)))
    return tuple(found)
