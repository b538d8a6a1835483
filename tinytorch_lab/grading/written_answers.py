"""The written answers of a module, each with all that marking it takes."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from nbgrader.api import Assignment, BaseCell, Grade, SubmittedAssignment, SubmittedNotebook
from sqlalchemy import Connection, select

from tinytorch_lab.curriculum.markscheme import MarkScheme
from tinytorch_lab.curriculum.notebooks import read_notebook
from tinytorch_lab.errors import NotFoundError
from tinytorch_lab.grading.answers import answers_in
from tinytorch_lab.grading.folder import CourseFolder
from tinytorch_lab.grading.marking import standing_mark
from tinytorch_lab.grading.rubric import scheme_of
from tinytorch_lab.grading.sources import load_module_source
from tinytorch_lab.words import count_words


@dataclass(frozen=True)
class Answer:
    """A student's written answer with all that marking it needs. ``points`` is ``None`` until it is marked.

    ``mark`` is the number of the mark that stands, which the next one says it has seen.
    """

    module: str
    student: str
    response_id: str
    question: str
    text: str
    words: int
    scheme: MarkScheme
    points: float | None
    total: float
    comment: str
    author: str
    mark: int | None
    marked: bool


def written_answers(
    course: CourseFolder, connection: Connection, module: str, student: str | None = None
) -> Iterator[Answer]:
    """Yield the answers of all autograded submissions of ``module``, or those of ``student``.

    Raises:
        NotFoundError: the module has not been generated, or the student has no autograded submission.
    """
    source = load_module_source(course.source(module))
    students = course.students_with("autograded", module)
    if student is not None:
        if student not in students:
            raise NotFoundError(f"{module} of {student} has not been autograded.")
        students = (student,)
    grades = _grades(connection, module)
    for name in students:
        if not course.autograded(module, name).is_file():
            continue
        texts = answers_in(read_notebook(course.autograded(module, name)), source)
        for cell in source.responses:
            grade, mark = grades.get((name, cell.id)), standing_mark(connection, module, name, cell.id)
            if grade is None:
                continue
            text = texts[cell.id]
            yield Answer(
                module=module,
                student=name,
                response_id=cell.id,
                question=source.question(cell),
                text=text,
                words=count_words(text),
                scheme=scheme_of(cell),
                points=grade.manual_score if grade.manual_score is not None else grade.auto_score,
                total=cell.points,
                comment=mark.comment if mark else "",
                author=mark.author if mark else "",
                mark=mark.id if mark else None,
                marked=not grade.needs_manual_grade,
            )


def _grades(connection: Connection, module: str) -> dict[tuple[str, str], Any]:
    """Return nbgrader's grades of ``module`` by student and cell."""
    grade, cell, copy, submission, assignment = (
        table.__table__ for table in (Grade, BaseCell, SubmittedNotebook, SubmittedAssignment, Assignment)
    )
    joined = (
        grade.join(cell, grade.c.cell_id == cell.c.id)
        .join(copy, grade.c.notebook_id == copy.c.id)
        .join(submission, copy.c.assignment_id == submission.c.id)
        .join(assignment, submission.c.assignment_id == assignment.c.id)
    )
    columns = submission.c.student_id, cell.c.name, grade.c.auto_score, grade.c.manual_score, grade.c.needs_manual_grade
    rows = connection.execute(select(*columns).select_from(joined).where(assignment.c.name == module))
    return {(row.student_id, row.name): row for row in rows}
