"""The written answers: showing them with their mark schemes, and storing the marks people give."""

import math
from collections.abc import Iterator

from tinytorch_lab.curriculum.cells import grade_id
from tinytorch_lab.curriculum.notebooks import read_notebook
from tinytorch_lab.errors import ConflictError, InvalidInputError, NotFoundError
from tinytorch_lab.grading.evidence import now
from tinytorch_lab.grading.folder import CourseFolder
from tinytorch_lab.grading.gradebook import CourseGradebook, comments_of, give_mark, grades_of
from tinytorch_lab.grading.history import Mark, append_mark, latest_marks
from tinytorch_lab.grading.records import Answer
from tinytorch_lab.grading.repair import same_text
from tinytorch_lab.grading.sources import KnownCell, load_module_source


def answers(course: CourseFolder, book: CourseGradebook, module: str, student: str | None = None) -> Iterator[Answer]:
    """Yield the answers of all autograded submissions of ``module``, or those of ``student``, question by question.

    Raises:
        NotFoundError: the module has not been generated, or the student has no autograded submission.
    """
    source = load_module_source(course.source(module))
    students = course.students_with("autograded", module)
    if student is not None:
        if student not in students:
            raise NotFoundError(f"{module} of {student} has not been autograded.")
        students = (student,)
    marks = latest_marks(course, module)
    for name in students:
        texts = _texts(course, module, name)
        with book.transaction() as gradebook:
            grades, comments = grades_of(gradebook, module, name), comments_of(gradebook, module, name)
            for cell in source.responses:
                if cell.id in grades:
                    grade, comment, mark = grades[cell.id], comments[cell.id], marks.get((name, cell.id))
                    text = _answer_text(texts.get(cell.id, ""), cell)
                    yield Answer(
                        module=module,
                        student=name,
                        response_id=cell.id,
                        question=source.question(cell),
                        text=text,
                        words=len(text.split()),
                        scheme=cell.scheme,
                        points=grade.manual_score if grade.manual_score is not None else grade.auto_score,
                        total=cell.points,
                        comment=comment.comment or "",
                        author=mark.author if mark else "",
                        marked=not grade.needs_manual_grade,
                    )


def mark(course: CourseFolder, book: CourseGradebook, given: Mark) -> Answer:
    """Store a mark with its author and return the answer as it now stands.

    Raises:
        NotFoundError: there is no such answer.
        InvalidInputError: the points are not between 0 and the most the answer can get.
        ConflictError: the submission has not been autograded.
    """
    source = load_module_source(course.source(given.module))
    cell = source.known.get(given.response_id)
    if cell is None or not cell.is_response:
        known = ", ".join(response.id for response in source.responses)
        raise NotFoundError(f"{given.module} has no answer {given.response_id!r}; its answers are {known}.")
    if not (math.isfinite(given.points) and 0 <= given.points <= cell.points):
        raise InvalidInputError(f"{given.response_id} is worth 0 to {cell.points:g} points, not {given.points:g}.")
    if not given.author:
        raise InvalidInputError("A mark needs the name of who gives it.")
    with book.transaction() as gradebook:
        give_mark(gradebook, given.module, given.student, given.response_id, given.points, given.comment)
        append_mark(course, given)
    for answer in answers(course, book, given.module, given.student):
        if answer.response_id == given.response_id:
            return answer
    raise ConflictError(f"{given.module} of {given.student} changed while it was being marked; look at it again.")


def new_mark(module: str, student: str, response_id: str, points: float, comment: str, author: str) -> Mark:
    """Return a mark given now."""
    return Mark(now(), module, student, response_id, points, comment.strip(), author.strip())


def _texts(course: CourseFolder, module: str, student: str) -> dict[str | None, str]:
    try:
        notebook = read_notebook(course.autograded(module, student))
    except NotFoundError:
        return {}
    return {grade_id(cell): str(cell.source) for cell in notebook.cells}


def _answer_text(text: str, cell: KnownCell) -> str:
    return "" if same_text(text, cell.released.source) else text.strip()
