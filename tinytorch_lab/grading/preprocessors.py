"""Our steps in nbgrader's pipelines; each hands over to the module that does the work."""

import atexit
from functools import cache
from pathlib import Path
from typing import Any

from nbformat import NotebookNode
from nbgrader.preprocessors import NbGraderPreprocessor

from tinytorch_lab.curriculum.cells import grade_id, is_response
from tinytorch_lab.curriculum.markscheme import has_mark_scheme, lift_mark_scheme, parse_mark_scheme
from tinytorch_lab.curriculum.notebooks import notebook_text
from tinytorch_lab.errors import InvalidInputError
from tinytorch_lab.grading.autograde import Autograder
from tinytorch_lab.grading.folder import CourseFolder, load_course_folder
from tinytorch_lab.grading.gradebook import CourseGradebook, prepare
from tinytorch_lab.grading.repair import repair
from tinytorch_lab.grading.sources import load_module_source
from tinytorch_lab.grading.submissions import read_submission

Resources = dict[str, Any]
_NOTES = "tinytorch_lab_notes"


class LiftMarkSchemes(NbGraderPreprocessor):  # type: ignore[misc]
    """Take the mark schemes out of response cells before nbgrader clears the cells and keeps nothing of them."""

    def preprocess_cell(
        self, cell: NotebookNode, resources: Resources, cell_index: int
    ) -> tuple[NotebookNode, Resources]:
        """Check the scheme of a response cell and remove it."""
        if is_response(cell) and has_mark_scheme(cell.source):
            try:
                parse_mark_scheme(cell.source)
            except InvalidInputError as error:
                raise InvalidInputError(f"Cell {grade_id(cell)} (number {cell_index + 1}): {error}") from None
            cell.source = lift_mark_scheme(cell.source)
        return cell, resources


class RepairSubmission(NbGraderPreprocessor):  # type: ignore[misc]
    """Bring the submission back to the course's shape, in place of nbgrader's sanitising steps."""

    def preprocess(self, notebook: NotebookNode, resources: Resources) -> tuple[NotebookNode, Resources]:
        """Return the repaired notebook; its notes travel in the notebook's metadata to the next step."""
        course, module, _ = submission_of(self, resources)
        repaired = repair(read_submission(notebook_text(notebook).encode()), load_module_source(course.source(module)))
        repaired.notebook.metadata[_NOTES] = list(repaired.notes)
        return repaired.notebook, resources


class GradeSubmission(NbGraderPreprocessor):  # type: ignore[misc]
    """Run the tests, judge them outside the run and store the scores, in place of Execute and SaveAutoGrades."""

    def preprocess(self, notebook: NotebookNode, resources: Resources) -> tuple[NotebookNode, Resources]:
        """Return the notebook with the outputs of the graded run."""
        course, module, student = submission_of(self, resources)
        notes = tuple(notebook.metadata.pop(_NOTES, ()))
        autograder = _autograder(course)
        graded = autograder.run(load_module_source(course.source(module)), notebook, notes)
        autograder.store(module, student, graded)
        return graded.notebook, resources


@cache
def _autograder(course: CourseFolder) -> Autograder:
    """Return the one that serves all submissions of this process, which is nbgrader's own."""
    prepare(course)
    gradebook = CourseGradebook(course)
    autograder = Autograder(course, gradebook)
    atexit.register(gradebook.close)
    atexit.register(autograder.close)
    return autograder


def submission_of(step: NbGraderPreprocessor, resources: Resources) -> tuple[CourseFolder, str, str]:
    """Return course, module and student of the submission that an nbgrader step works on."""
    place = resources["nbgrader"]
    course = load_course_folder(Path(step.config.CourseDirectory.root))
    return course, place["assignment"], place["student"]
