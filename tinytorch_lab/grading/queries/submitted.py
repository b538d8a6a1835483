"""The newest submission of every student in every module, and whether it came in time."""

from typing import NamedTuple

from sqlalchemy import Connection, Subquery, func, select

from tinytorch_lab.grading.store.tables import assignments, extensions, submissions

_TIME_LENGTH = len("2026-10-01T12:00:00.000+00:00")


class Latest(NamedTuple):
    """A student's newest submission of a module."""

    digest: str
    received_at: str
    late: bool


def newest_submissions(student: str | None = None) -> Subquery:
    """Return the query for student, module, digest and time of everybody's newest submissions, or of ``student``'s.

    Of two that came in the same millisecond it is always the same one.
    """
    last = func.max(submissions.c.received_at + submissions.c.id).label("last")
    grouped = select(last).group_by(submissions.c.student, submissions.c.module)
    if student is not None:
        grouped = grouped.where(submissions.c.student == student)
    newest = grouped.subquery()
    its_id = func.substr(newest.c.last, _TIME_LENGTH + 1)
    columns = submissions.c.student, submissions.c.module, submissions.c.digest, submissions.c.received_at
    return select(*columns).select_from(newest.join(submissions, submissions.c.id == its_id)).subquery()


def latest_submissions(connection: Connection, student: str | None = None) -> dict[tuple[str, str], Latest]:
    """Return the newest submissions by student and module, of the whole class or of ``student``."""
    rows = connection.execute(select(newest_submissions(student)))
    due = {row.module: row.due_at for row in connection.execute(select(assignments))}
    own = {(row.student, row.module): row.due_at for row in connection.execute(select(extensions))}
    found = {}
    for name, module, digest, received_at in rows:
        until = own.get((name, module), due.get(module))
        found[name, module] = Latest(digest, received_at, until is not None and received_at > until)
    return found
