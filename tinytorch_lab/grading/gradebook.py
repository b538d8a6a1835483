"""Reading and writing nbgrader's gradebook. Everything stays what nbgrader's own tools expect."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import cast

from nbgrader.api import BaseCell, Comment, Grade, Gradebook, MissingEntry
from sqlalchemy import Connection
from sqlalchemy.exc import DatabaseError

from tinytorch_lab.errors import ConflictError, NotAvailableError, NotFoundError
from tinytorch_lab.grading.folder import CourseFolder
from tinytorch_lab.grading.store.database import migrate, open_engine, sole_writing


class CourseGradebook:
    """The gradebook of a course, open for the life of its only writer."""

    def __init__(self, course: CourseFolder) -> None:
        with database_errors(course):
            self._gradebook = Gradebook(course.db_url, course.course_id)
        self._course = course

    @contextmanager
    def transaction(self) -> Iterator[Gradebook]:
        """Give the gradebook for one piece of work: committed at the end, undone after an error."""
        with database_errors(self._course), sole_writing():
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
    """Create the gradebook and our tables beside it, or bring them up to date.

    Raises:
        NotAvailableError: the database cannot be used, or a newer version of this program has changed it.
    """
    CourseGradebook(course).close()
    engine = open_engine(course.db_url)
    try:
        migrate(engine)
    finally:
        engine.dispose()


def connection_of(gradebook: Gradebook) -> Connection:
    """Return the connection of the transaction that ``gradebook`` is in, for statements of our own."""
    return cast(Connection, gradebook.db.connection())


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
    if {cell.name: cell.max_score for cell in (*notebook.grade_cells, *notebook.task_cells)} != points:
        raise ConflictError(f"The graded cells of {module} changed since its release; release it again.")


def give_mark(
    gradebook: Gradebook,
    module: str,
    student: str,
    response: str,
    points: float | None,
    comment: str,
    *,
    waits: bool = False,
) -> None:
    """Store a person's mark and comment; without ``points`` the answer is unmarked again.

    An answer that ``waits`` is to be marked all the same, since the mark is for a former text.

    Raises:
        ConflictError: the submission has not been autograded.
    """
    grade = grades_of(gradebook, module, student).get(response)
    if grade is None:
        raise ConflictError(f"{module} of {student} has not been autograded; do that before marking.")
    grade.manual_score = points
    grade.needs_manual_grade = waits or (points is None and grade.auto_score is None)
    note = comments_of(gradebook, module, student).get(response)
    if note is not None:
        note.manual_comment = comment or None


def grades_of(gradebook: Gradebook, module: str, student: str) -> dict[str, Grade]:
    """Return the grades of a submission by cell; empty when it has not been autograded."""
    try:
        notebook = gradebook.find_submission_notebook(module, module, student)
    except MissingEntry:
        return {}
    rows = gradebook.db.query(BaseCell.name, Grade).join(Grade, Grade.cell_id == BaseCell.id)
    return dict(rows.filter(Grade.notebook_id == notebook.id))


def comments_of(gradebook: Gradebook, module: str, student: str) -> dict[str, Comment]:
    """Return the comments of a submission by cell; empty when it has not been autograded."""
    try:
        notebook = gradebook.find_submission_notebook(module, module, student)
    except MissingEntry:
        return {}
    rows = gradebook.db.query(BaseCell.name, Comment).join(Comment, Comment.cell_id == BaseCell.id)
    return dict(rows.filter(Comment.notebook_id == notebook.id))
