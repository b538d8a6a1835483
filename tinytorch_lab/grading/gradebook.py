"""Reading and writing nbgrader's gradebook. Everything stays what nbgrader's own tools expect."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from nbgrader.api import BaseCell, Comment, Grade, Gradebook, MissingEntry
from sqlalchemy import text
from sqlalchemy.exc import DatabaseError

from tinytorch_lab.errors import ConflictError, NotAvailableError, NotFoundError
from tinytorch_lab.grading.folder import CourseFolder, default_db_url

NO_RESPONSE = "No response."


@dataclass(frozen=True)
class AutomaticResult:
    """What a graded run stores: scores by test, the answers that were given, and those changed since the last run."""

    scores: Mapping[str, float]
    answered: Mapping[str, bool]
    changed: frozenset[str]
    needs_review: bool
    comment: str = NO_RESPONSE


class CourseGradebook:
    """The gradebook of a course, open for the life of its only writer."""

    def __init__(self, course: CourseFolder) -> None:
        with database_errors(course):
            self._gradebook = Gradebook(course.db_url, course.course_id)
        self._course = course

    @contextmanager
    def transaction(self) -> Iterator[Gradebook]:
        """Give the gradebook for one piece of work: committed at the end, undone after an error."""
        with database_errors(self._course):
            try:
                yield self._gradebook
                self._gradebook.db.commit()
            finally:
                # Also ends the read transaction, so that the next one sees what others have written.
                self._gradebook.db.remove()

    def close(self) -> None:
        """Close the connection."""
        self._gradebook.close()


@contextmanager
def database_errors(course: CourseFolder) -> Iterator[None]:
    """Say in one sentence what the database could not do."""
    try:
        yield
    except DatabaseError as error:
        raise NotAvailableError(f"The gradebook of {course.root} cannot be used: {error.orig}.") from None


def prepare(course: CourseFolder) -> None:
    """Create the gradebook when it is missing; readers of SQLite then no longer block the writer, nor it them."""
    if course.db_url == default_db_url(course.root) and not Path(course.root / "gradebook.db").exists():
        book = CourseGradebook(course)
        with book.transaction() as gradebook:
            gradebook.db.execute(text("PRAGMA journal_mode=WAL"))
        book.close()


def record_result(gradebook: Gradebook, module: str, student: str, result: AutomaticResult) -> None:
    """Store ``result``: the scores as ``auto_score``; a person's marks stay, and are asked for again if outdated."""
    for name, grade in grades_of(gradebook, module, student).items():
        _record_grade(name, grade, result)
    for name, comment in comments_of(gradebook, module, student).items():
        if name in result.answered:
            comment.auto_comment = None if result.answered[name] else result.comment


def check_released(gradebook: Gradebook, module: str, points: Mapping[str, float]) -> None:
    """Check that the gradebook knows ``module`` with just these graded cells and their points.

    Raises:
        NotFoundError: the module has not been released.
        ConflictError: it has been generated anew since.
    """
    try:
        notebook = gradebook.find_notebook(module, module)
    except MissingEntry:
        raise NotFoundError(f"{module} has not been released; do that with: tito grade release {module}") from None
    if {cell.name: cell.max_score for cell in notebook.grade_cells} != points:
        raise ConflictError(f"The graded cells of {module} changed since its release; release it again.")


def enter_submission(gradebook: Gradebook, module: str, student: str, timestamp: datetime | None) -> None:
    """Enter a student and the submission, with a row for every graded cell."""
    gradebook.update_or_create_student(student)
    details = {"timestamp": timestamp} if timestamp else {}
    gradebook.update_or_create_submission(module, student, **details)


def give_mark(gradebook: Gradebook, module: str, student: str, response: str, points: float, comment: str) -> None:
    """Store a person's mark and comment.

    Raises:
        ConflictError: the submission has not been autograded.
    """
    grade = grades_of(gradebook, module, student).get(response)
    if grade is None:
        raise ConflictError(f"{module} of {student} has not been autograded; do that before marking.")
    grade.manual_score = points
    grade.needs_manual_grade = False
    note = comments_of(gradebook, module, student).get(response)
    if note is not None:
        note.manual_comment = comment or None


def _record_grade(name: str, grade: Grade, result: AutomaticResult) -> None:
    marked = grade.manual_score is not None
    if name in result.scores:
        outdated = marked and grade.auto_score != result.scores[name]
        grade.auto_score = result.scores[name]
        grade.needs_manual_grade = outdated or result.needs_review
    elif name in result.answered:
        answered = result.answered[name]
        grade.auto_score = None if answered else 0.0
        grade.needs_manual_grade = (name in result.changed) if marked else answered


def grades_of(gradebook: Gradebook, module: str, student: str) -> dict[str, Grade]:
    """Return the grades of a submission by cell; empty when it has not been autograded."""
    try:
        notebook = gradebook.find_submission_notebook(module, module, student)
    except MissingEntry:
        return {}
    rows = gradebook.db.query(BaseCell.name, Grade).join(Grade, Grade.cell_id == BaseCell.id)
    return dict(row.tuple() for row in rows.filter(Grade.notebook_id == notebook.id))


def comments_of(gradebook: Gradebook, module: str, student: str) -> dict[str, Comment]:
    """Return the comments of a submission by cell; empty when it has not been autograded."""
    try:
        notebook = gradebook.find_submission_notebook(module, module, student)
    except MissingEntry:
        return {}
    rows = gradebook.db.query(BaseCell.name, Comment).join(Comment, Comment.cell_id == BaseCell.id)
    return dict(row.tuple() for row in rows.filter(Comment.notebook_id == notebook.id))
