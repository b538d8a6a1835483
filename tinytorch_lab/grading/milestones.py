"""Which milestones a student has reached: as a run on the grading side found, or as whoever saw one says."""

from sqlalchemy import Connection, select

from tinytorch_lab.errors import NotFoundError
from tinytorch_lab.grading import auditing
from tinytorch_lab.grading.evidence import now
from tinytorch_lab.grading.folder import CourseFolder
from tinytorch_lab.grading.store.database import put_row
from tinytorch_lab.grading.store.tables import milestones
from tinytorch_lab.grading.students import is_enrolled


def record_milestone(
    course: CourseFolder,
    connection: Connection,
    actor: str,
    student: str,
    number: int,
    passed: bool,
    message: str,
) -> None:
    """Note that ``student`` has, or has not, reached the milestone ``number``, in place of an earlier note.

    Raises:
        NotFoundError: the course has no such milestone, or no such student.
    """
    course.library.course.milestone(number)
    if not is_enrolled(connection, student):
        raise NotFoundError(f"There is no student {student!r} in this course.")
    key = {"student": student, "number": number}
    former = _noted(connection, student, number)
    values = {"passed": passed, "message": message.replace("\0", "").strip(), "at": now()}
    put_row(connection, milestones, key, values)
    auditing.note(connection, actor, "milestone", None, student, number=number, before=former, after=passed)


def has_reached(connection: Connection, student: str, number: int) -> bool:
    """Tell whether it is noted that ``student`` has reached the milestone ``number``."""
    return _noted(connection, student, number) is True


def reached_by(connection: Connection, number: int) -> set[str]:
    """Return the students of whom it is noted that they have reached the milestone ``number``."""
    found = select(milestones.c.student).where(milestones.c.number == number, milestones.c.passed)
    return set(connection.execute(found).scalars())


def _noted(connection: Connection, student: str, number: int) -> bool | None:
    place = (milestones.c.student == student) & (milestones.c.number == number)
    return connection.execute(select(milestones.c.passed).where(place)).scalar()
