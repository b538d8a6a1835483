"""Who is in the course: nbgrader's table of students, with the names and addresses of the class list."""

from collections.abc import Mapping, Sequence

from nbgrader.api import Student
from sqlalchemy import Connection, select

from tinytorch_lab.grading import auditing
from tinytorch_lab.grading.folder import CourseFolder
from tinytorch_lab.grading.intake import check_student_id
from tinytorch_lab.grading.store.database import put_row

_student = Student.__table__


def enrol(_course: CourseFolder, connection: Connection, _actor: str, *, students: Sequence[str]) -> None:
    """Enter ``students``; those already there stay as they are.

    Raises:
        InvalidInputError: one is no student id; then none is entered.
    """
    names = [check_student_id(student) for student in students]
    known = set(connection.execute(select(_student.c.id)).scalars())
    for name in dict.fromkeys(names):
        if name not in known:
            connection.execute(_student.insert().values(id=name))


def is_enrolled(connection: Connection, student: str) -> bool:
    """Tell whether ``student`` is in the course."""
    return connection.execute(select(_student.c.id).where(_student.c.id == student)).first() is not None


def import_roster(
    _course: CourseFolder, connection: Connection, actor: str, *, entries: Sequence[Mapping[str, str]]
) -> dict[str, int]:
    """Enter the class list; what it states replaces what was known, and nobody is removed.

    Returns:
        How many students are ``new``, and how many were ``known``.

    Raises:
        InvalidInputError: one is no student id; then none is entered.
    """
    known = set(connection.execute(select(_student.c.id)).scalars())
    for entry in entries:
        stated = {name: entry[name] for name in ("first_name", "last_name", "email") if entry[name]}
        put_row(connection, _student, {"id": check_student_id(entry["student"])}, stated or {"lms_user_id": None})
    new = len({entry["student"] for entry in entries} - known)
    auditing.note(connection, actor, "import roster", new=new, known=len(entries) - new)
    return {"new": new, "known": len(entries) - new}
