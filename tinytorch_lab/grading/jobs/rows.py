"""The rows of jobs and of what they do for each subject, in the caller's transaction.

A subject waits, is started, and is done or failed. One that is found started was in hand when the worker died: it is
tried again after all others, and not a third time.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import Connection, RowMapping, bindparam, func, select, update

from tinytorch_lab.errors import ConflictError, NotFoundError
from tinytorch_lab.grading.evidence import now
from tinytorch_lab.grading.records import Job, JobReport, JobRow, JobState
from tinytorch_lab.grading.store.database import put_row
from tinytorch_lab.grading.store.tables import job_outcomes as outcomes
from tinytorch_lab.grading.store.tables import jobs

MOST_DEATHS = 2
"""How often a subject may be in hand when the worker dies; a job, without any subject coming to its end."""
_KILLS = "The course worker died twice on this; it was left out. Its log has the details; retry it once that is mended."
_ENDED = ("done", "failed")

# Carried out for every subject, so built once.
_JOB = select(jobs).where(jobs.c.id == bindparam("job"))
_ATTEMPT = select(outcomes.c.attempt).where(
    outcomes.c.job_id == bindparam("job_id"), outcomes.c.subject == bindparam("subject")
)
_COUNT_ENDED = (
    update(jobs)
    .where(jobs.c.id == bindparam("job"))
    .values(
        done=select(func.count())
        .where(outcomes.c.job_id == bindparam("job"), outcomes.c.state.in_(_ENDED))
        .scalar_subquery()
    )
)


def add(connection: Connection, kind: str, arguments: Mapping[str, Any], actor: str, requested_at: str) -> Job:
    """Enter a job in the queue."""
    values = {
        "kind": kind,
        "arguments": dict(arguments),
        "requested_by": actor,
        "requested_at": requested_at,
        "queued_at": now(),
        "state": "queued",
    }
    key = connection.execute(jobs.insert().values(**values)).inserted_primary_key
    if key is None:
        raise RuntimeError("one inserted row has one key")
    return find(connection, key[0])


def find(connection: Connection, job: int) -> Job:
    """Return a job.

    Raises:
        NotFoundError: there is none with this number.
    """
    row = connection.execute(_JOB, {"job": job}).mappings().one_or_none()
    if row is None:
        raise NotFoundError(f"There is no job {job} in this course.")
    return Job(**row)


def recent(connection: Connection, limit: int) -> list[Job]:
    """Return the last ``limit`` jobs, the newest first."""
    rows = connection.execute(select(jobs).order_by(jobs.c.id.desc()).limit(limit)).mappings()
    return [Job(**row) for row in rows]


def report(connection: Connection, job: int) -> JobReport:
    """Return what a job has done so far."""
    found = find(connection, job)
    query = select(outcomes).where(outcomes.c.job_id == job, outcomes.c.state.in_(_ENDED))
    rows = tuple(_row(row) for row in connection.execute(query.order_by(outcomes.c.at, outcomes.c.subject)).mappings())
    return JobReport(found.state == "done" and all(row.ok for row in rows), rows, found.state, found.message)


def claim(connection: Connection) -> Job | None:
    """Begin, or go on with, the oldest job that is not finished; ``None`` when there is none."""
    close_cancelled(connection)
    unfinished = select(func.min(jobs.c.id)).where(jobs.c.state.in_(("queued", "running")))
    number = connection.execute(unfinished).scalar_one_or_none()
    if number is None:
        return None
    begun = {"state": "running", "started_at": now(), "attempt": jobs.c.attempt + 1}
    connection.execute(update(jobs).where(jobs.c.id == number).values(**begun))
    job = find(connection, number)
    if job.attempt > job.done + MOST_DEATHS:
        finish(connection, number, "failed", "The course worker died on this again and again; its log has the details.")
    return find(connection, number)


def plan(connection: Connection, job: int, subjects: Sequence[str]) -> None:
    """Enter what a job has to deal with; one that is gone on with keeps its first plan."""
    if connection.execute(select(func.count()).where(outcomes.c.job_id == job)).scalar_one() == 0 and subjects:
        values = [{"job_id": job, "subject": name, "state": "waiting", "at": now()} for name in subjects]
        connection.execute(outcomes.insert(), values)
    total = connection.execute(select(func.count()).where(outcomes.c.job_id == job)).scalar_one()
    connection.execute(update(jobs).where(jobs.c.id == job).values(total=total))


def left(connection: Connection, job: int) -> tuple[list[str], list[str]]:
    """Return the subjects that are left to do: those that wait, and those that were in hand when the worker died."""
    query = select(outcomes.c.subject, outcomes.c.state).where(outcomes.c.job_id == job)
    found = connection.execute(query.order_by(outcomes.c.subject)).all()
    waiting = [row.subject for row in found if row.state == "waiting"]
    return waiting, [row.subject for row in found if row.state == "started"]


def begin(connection: Connection, job: int, subject: str) -> bool:
    """Note that a subject is in hand; ``False`` when the worker has died on it too often, which is then its outcome."""
    place = {"job_id": job, "subject": subject}
    attempt = connection.execute(_ATTEMPT, place).scalar_one()
    if attempt >= MOST_DEATHS:
        return False
    put_row(connection, outcomes, place, {"state": "started", "attempt": attempt + 1, "at": now()})
    return True


def end(connection: Connection, job: int, row: JobRow) -> Job:
    """Note what became of a subject, and return the job as it now stands."""
    values = {
        "state": "done" if row.ok else "failed",
        # PostgreSQL takes no NUL in a text, and a student's error message may hold one.
        "message": row.message.replace("\0", "\N{REPLACEMENT CHARACTER}"),
        "score": row.score,
        "total": row.total,
        "details": dict(row.details) if row.details is not None else None,
        "at": now(),
    }
    put_row(connection, outcomes, {"job_id": job, "subject": row.subject}, values)
    connection.execute(_COUNT_ENDED, {"job": job})
    return find(connection, job)


def left_out(subject: str) -> JobRow:
    """Return the outcome of a subject that the worker died on too often."""
    return JobRow(subject, False, _KILLS)


def finish(connection: Connection, job: int, state: JobState, message: str) -> Job:
    """Note how a job ended; one that was cancelled meanwhile stays so."""
    running = (jobs.c.id == job) & (jobs.c.state == "running")
    connection.execute(update(jobs).where(running).values(state=state, message=message.replace("\0", "")))
    connection.execute(update(jobs).where(jobs.c.id == job).values(finished_at=now()))
    return find(connection, job)


def reported(connection: Connection, job: int) -> None:
    """Note that the end of a job was announced."""
    connection.execute(update(jobs).where(jobs.c.id == job).values(reported_at=now()))


def cancel(connection: Connection, job: int, actor: str) -> Job:
    """Have a job stop after the subjects in hand, or not begin at all.

    Raises:
        NotFoundError: there is none with this number.
        ConflictError: it is finished.
    """
    found = find(connection, job)
    if found.state not in ("queued", "running"):
        raise ConflictError(f"Job {job} is {found.state} already.")
    ended = now() if found.state == "queued" else None
    stopped = {"state": "cancelled", "message": f"Cancelled by {actor}.", "finished_at": ended}
    connection.execute(update(jobs).where(jobs.c.id == job).values(**stopped))
    return find(connection, job)


def close_cancelled(connection: Connection) -> None:
    """Finish the jobs that were cancelled just before the worker died."""
    open_ones = (jobs.c.state == "cancelled") & jobs.c.finished_at.is_(None)
    connection.execute(update(jobs).where(open_ones).values(finished_at=now()))


def release(connection: Connection) -> None:
    """Put what is in hand back, since the worker is about to end in good order: that is nobody's fault."""
    in_hand = outcomes.c.state == "started"
    connection.execute(update(outcomes).where(in_hand).values(state="waiting", attempt=outcomes.c.attempt - 1))
    running = jobs.c.state == "running"
    connection.execute(update(jobs).where(running).values(attempt=jobs.c.attempt - 1))


def failed_subjects(connection: Connection, job: int) -> list[str]:
    """Return the subjects for which a job did not work."""
    query = select(outcomes.c.subject).where(outcomes.c.job_id == job, outcomes.c.state == "failed")
    return list(connection.execute(query.order_by(outcomes.c.subject)).scalars())


def _row(row: RowMapping) -> JobRow:
    return JobRow(row["subject"], row["state"] == "done", row["message"], row["score"], row["total"], row["details"])
