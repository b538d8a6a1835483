"""Which milestones a student has reached, as whoever saw them run says: a run of the student's own proves nothing."""

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
    known = [milestone.number for milestone in course.library.course.milestones]
    if number not in known:
        raise NotFoundError(f"There is no milestone {number}; the milestones are {', '.join(map(str, known))}.")
    if not is_enrolled(connection, student):
        raise NotFoundError(f"There is no student {student!r} in this course.")
    key = {"student": student, "number": number}
    former = connection.execute(
        select(milestones.c.passed).where(milestones.c.student == student, milestones.c.number == number)
    ).scalar()
    values = {"passed": passed, "message": message.replace("\0", "").strip(), "at": now()}
    put_row(connection, milestones, key, values)
    auditing.note(connection, actor, "milestone", None, student, number=number, before=former, after=passed)
