"""The newest submission of every student in every module, and whether it came in time."""

from typing import NamedTuple

from sqlalchemy import Connection, func, select

from tinytorch_lab.grading.store.tables import assignments, extensions, submissions


class Latest(NamedTuple):
    """A student's newest submission of a module."""

    digest: str
    received_at: str
    late: bool


def latest_submissions(connection: Connection, student: str | None = None) -> dict[tuple[str, str], Latest]:
    """Return the newest submissions by student and module, of the whole class or of ``student``."""
    grouped = select(submissions.c.student, submissions.c.module, func.max(submissions.c.received_at).label("at"))
    if student is not None:
        grouped = grouped.where(submissions.c.student == student)
    newest = grouped.group_by(submissions.c.student, submissions.c.module).subquery()
    same = (
        (submissions.c.student == newest.c.student)
        & (submissions.c.module == newest.c.module)
        & (submissions.c.received_at == newest.c.at)
    )
    rows = connection.execute(
        select(submissions.c.student, submissions.c.module, submissions.c.digest, submissions.c.received_at)
        .select_from(submissions.join(newest, same))
        .order_by(submissions.c.id)
    ).all()
    due = {row.module: row.due_at for row in connection.execute(select(assignments))}
    own = {(row.student, row.module): row.due_at for row in connection.execute(select(extensions))}
    found = {}
    for name, module, digest, received_at in rows:
        until = own.get((name, module), due.get(module))
        found[name, module] = Latest(digest, received_at, until is not None and received_at > until)
    return found
