"""What is set for whom and until when, and what lateness then costs. nbgrader's own rows are kept to the same.

Due dates are ISO 8601 in UTC. Every function works in the caller's transaction.
"""

from collections.abc import Mapping
from datetime import UTC, date, datetime, time

from nbgrader.api import Assignment, SubmittedAssignment, SubmittedNotebook
from sqlalchemy import Connection, select, update

from tinytorch_lab.errors import InvalidInputError, NotFoundError
from tinytorch_lab.grading import auditing
from tinytorch_lab.grading.evidence import now
from tinytorch_lab.grading.folder import CourseFolder
from tinytorch_lab.grading.intake import check_student_id
from tinytorch_lab.grading.rules import late_policy_of
from tinytorch_lab.grading.store.database import put_row
from tinytorch_lab.grading.store.tables import assignments, extensions, results

_assignment, _submission, _copy = (table.__table__ for table in (Assignment, SubmittedAssignment, SubmittedNotebook))


def due_time(text: str) -> str:
    """Return the moment that ``text`` names, in UTC; without a time zone it is this machine's, without a time the
    end of the day.

    Raises:
        InvalidInputError: it is no ISO 8601 date or time.
    """
    try:
        return _moment(text.strip()).astimezone(UTC).isoformat(timespec="milliseconds")
    except (ValueError, OverflowError):
        raise InvalidInputError(f"{text!r} is no date; write one as 2026-10-31 or 2026-10-31T18:00.") from None


def _moment(text: str) -> datetime:
    try:
        return datetime.combine(date.fromisoformat(text), time(23, 59, 59))
    except ValueError:
        return datetime.fromisoformat(text)


def set_released(connection: Connection, actor: str, module: str) -> None:
    """Note that students may fetch ``module`` from now on, unless they may already."""
    former = connection.execute(select(assignments.c.released_at).where(assignments.c.module == module)).scalar()
    put_row(connection, assignments, {"module": module}, {"released_at": former or now()})
    _tell_nbgrader(connection, module, _due_dates(connection, module))
    auditing.note(connection, actor, "release", module)


def set_unreleased(connection: Connection, actor: str, module: str) -> None:
    """Note that students may no longer fetch ``module`` or hand it in; what was handed in stays.

    Raises:
        NotFoundError: it is not released.
    """
    released = assignments.c.released_at.is_not(None) & (assignments.c.module == module)
    if connection.execute(update(assignments).where(released).values(released_at=None)).rowcount == 0:
        raise NotFoundError(f"{module} is not released.")
    auditing.note(connection, actor, "unrelease", module)


def set_due(course: CourseFolder, connection: Connection, actor: str, *, module: str, due_at: str | None) -> None:
    """Set when ``module`` is due, never with ``None``, and count everybody's lateness anew.

    Raises:
        InvalidInputError: ``due_at`` is no date, or the course's ``[late]`` is wrong.
    """
    due = due_time(due_at) if due_at is not None else None
    former = connection.execute(select(assignments.c.due_at).where(assignments.c.module == module)).scalar()
    put_row(connection, assignments, {"module": module}, {"due_at": due})
    count_lateness(course, connection, module)
    auditing.note(connection, actor, "set due date", module, before=former, after=due)


def extend(
    course: CourseFolder, connection: Connection, actor: str, *, module: str, student: str, due_at: str, reason: str
) -> None:
    """Give ``student`` a due date of their own, in place of an earlier one.

    Raises:
        InvalidInputError: ``due_at`` is no date, or ``student`` no id.
    """
    key = {"module": module, "student": check_student_id(student)}
    due = due_time(due_at)
    values = {"due_at": due, "reason": reason.replace("\0", "").strip(), "granted_by": actor, "granted_at": now()}
    put_row(connection, extensions, key, values)
    count_lateness(course, connection, module, student)
    auditing.note(connection, actor, "extend", module, student, due_at=due, reason=values["reason"])


def withdraw_extension(course: CourseFolder, connection: Connection, actor: str, *, module: str, student: str) -> None:
    """Take a student's own due date back.

    Raises:
        NotFoundError: the student has none.
    """
    own = (extensions.c.module == module) & (extensions.c.student == student)
    if connection.execute(extensions.delete().where(own)).rowcount == 0:
        raise NotFoundError(f"{student} has no extension of {module}.")
    count_lateness(course, connection, module, student)
    auditing.note(connection, actor, "withdraw extension", module, student)


def count_lateness(course: CourseFolder, connection: Connection, module: str, student: str | None = None) -> None:
    """Take off for lateness what the course's rule says, for everybody or ``student``, as of what was graded.

    Where that changes what a student has read, it is no longer returned.

    Raises:
        InvalidInputError: the course's ``[late]`` is wrong.
    """
    due = _due_dates(connection, module)
    _tell_nbgrader(connection, module, due, student)
    policy = late_policy_of(course)
    handed_in = _submissions(connection, module, student)
    graded = select(results).where(results.c.module == module)
    for row in connection.execute(graded if student is None else graded.where(results.c.student == student)).all():
        copy, timestamp = handed_in.get(row.student, (None, None))
        due_at = due.get(row.student, due.get(""))
        late = (timestamp - datetime.fromisoformat(due_at)).total_seconds() if timestamp and due_at else 0.0
        penalty = policy.penalty((row.automatic or 0.0) + (row.written or 0.0), late)
        connection.execute(update(_copy).where(_copy.c.id == copy).values(late_submission_penalty=penalty))
        if penalty != row.penalty:
            changed = {"penalty": penalty, "feedback_at": None, "returned_at": None}
            put_row(connection, results, {"module": module, "student": row.student}, changed)


def _due_dates(connection: Connection, module: str) -> dict[str, str]:
    """Return the due dates of ``module`` by student; that of everybody else is under the empty name."""
    own = connection.execute(select(extensions.c.student, extensions.c.due_at).where(extensions.c.module == module))
    due = {row.student: row.due_at for row in own}
    general = connection.execute(select(assignments.c.due_at).where(assignments.c.module == module)).scalar()
    return {**due, **({"": general} if general else {})}


def _submissions(connection: Connection, module: str, student: str | None) -> dict[str, tuple[str, datetime | None]]:
    """Return nbgrader's copy of each graded submission, and when it was handed in."""
    joined = _copy.join(_submission, _copy.c.assignment_id == _submission.c.id)
    joined = joined.join(_assignment, _submission.c.assignment_id == _assignment.c.id)
    query = select(_submission.c.student_id, _copy.c.id, _submission.c.timestamp).select_from(joined)
    query = query.where(_assignment.c.name == module)
    if student is not None:
        query = query.where(_submission.c.student_id == student)
    rows = connection.execute(query)
    return {who: (copy, at.replace(tzinfo=UTC) if at else None) for who, copy, at in rows}


def _tell_nbgrader(connection: Connection, module: str, due: Mapping[str, str], student: str | None = None) -> None:
    """Bring nbgrader's due date and extensions in line with ours; it knows extensions of what was handed in only."""
    general = datetime.fromisoformat(due[""]) if "" in due else None
    duedate = general.astimezone(UTC).replace(tzinfo=None) if general else None
    connection.execute(update(_assignment).where(_assignment.c.name == module).values(duedate=duedate))
    entered = select(_submission.c.id, _submission.c.student_id, _submission.c.extension)
    entered = entered.join(_assignment, _submission.c.assignment_id == _assignment.c.id)
    entered = entered.where(_assignment.c.name == module)
    if student is not None:
        entered = entered.where(_submission.c.student_id == student)
    for row in connection.execute(entered).all():
        own = due.get(row.student_id)
        extension = datetime.fromisoformat(own) - general if own and general else None
        if extension != row.extension:
            connection.execute(update(_submission).where(_submission.c.id == row.id).values(extension=extension))
