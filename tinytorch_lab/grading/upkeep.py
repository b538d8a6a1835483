"""Setting right what a crash, a full disk or a person left half done; nothing that anybody wrote is dropped."""

from datetime import UTC, datetime
from pathlib import Path

from sqlalchemy import Connection, select, text, update

from tinytorch_lab.errors import NotAvailableError
from tinytorch_lab.grading import auditing, submission_store
from tinytorch_lab.grading.evidence import digest
from tinytorch_lab.grading.folder import CourseFolder
from tinytorch_lab.grading.gradebook import prepare
from tinytorch_lab.grading.intake import is_student_id
from tinytorch_lab.grading.jobs import rows as job_rows
from tinytorch_lab.grading.locking import sole_writer
from tinytorch_lab.grading.scores import read_summary
from tinytorch_lab.grading.store.database import closing_engine, transaction
from tinytorch_lab.grading.store.tables import jobs, results, submissions
from tinytorch_lab.grading.terms import count_lateness

_WRITTEN = ("submitted", "autograded", "feedback", "release", "source", ".tinytorch")


def repair_course(course: CourseFolder, actor: str) -> list[str]:
    """Repair ``course`` and return what was done, a sentence each; nothing when all was well.

    Raises:
        ConflictError: a worker is at work on it.
        NotAvailableError: the database is damaged or cannot be used.
    """
    with sole_writer(course):
        done = _remove_half_written(course)
        prepare(course)
        with closing_engine(course.db_url) as engine, transaction(engine) as connection:
            _check(connection, course)
            done += _enter_submissions(course, connection)
            done += _bring_in_step(course, connection)
            done += _unfinished_jobs(connection)
            missing = _missing_notebooks(course, connection)
            if done:
                auditing.note(connection, actor, "repair", done=done)
    return done + missing


def _check(connection: Connection, course: CourseFolder) -> None:
    if connection.dialect.name != "sqlite":
        return
    verdict = connection.execute(text("PRAGMA integrity_check")).scalar_one()
    if verdict != "ok":
        raise NotAvailableError(
            f"The database {course.root / 'gradebook.db'} is damaged ({verdict.splitlines()[0]}); "
            "put back a backup with: tito grade restore"
        )


def _remove_half_written(course: CourseFolder) -> list[str]:
    """Remove the temporary files of writes that never came to their end; their targets are whole."""
    found = [
        path
        for folder in _WRITTEN
        for path in (course.root / folder).rglob(".*.*.????????")
        if path.is_file() and not path.is_symlink() and path.name.count(".") >= 3
    ]
    for path in found:
        path.unlink()
    return [f"Removed {len(found)} half-written files."] if found else []


def _enter_submissions(course: CourseFolder, connection: Connection) -> list[str]:
    """Enter what lies in ``submitted/`` and is not in the store: copied there by hand, or collected by nbgrader."""
    known = {(row.module, row.student, row.digest) for row in connection.execute(select(submissions))}
    entered = []
    for path in sorted((course.root / "submitted").glob("*/*/*.ipynb")):
        student, module = path.parent.parent.name, path.parent.name
        if path.stem != module or path.is_symlink() or path.parent.is_symlink() or path.parent.parent.is_symlink():
            continue
        content = path.read_bytes()
        if is_student_id(student) and (module, student, digest(content)) not in known:
            received = _received(path)
            submission_store.add(course, connection, module, student, content, source="folder", received=received)
            entered.append(f"{student}'s {module}")
    return [f"Entered {len(entered)} submissions found in submitted/: {', '.join(entered[:5])}."] if entered else []


def _received(path: Path) -> datetime:
    stamp = path.parent / "timestamp.txt"
    try:
        return datetime.strptime(stamp.read_text(encoding="utf-8").strip(), "%Y-%m-%d %H:%M:%S.%f UTC").replace(
            tzinfo=UTC
        )
    except (OSError, ValueError):
        return datetime.fromtimestamp(path.stat().st_mtime, UTC)


def _bring_in_step(course: CourseFolder, connection: Connection) -> list[str]:
    """Make our lines say what nbgrader's gradebook says, which its own tools may have changed.

    What a student has read says something else then, so it is no longer returned.
    """
    changed = []
    for row in connection.execute(select(results)).all():
        summary = read_summary(connection, row.module, row.student)
        if summary is None:
            continue
        now = summary.automatic, summary.written, summary.to_mark
        if now != (row.automatic, row.written, row.to_mark):
            place = (results.c.module == row.module) & (results.c.student == row.student)
            automatic, written, to_mark = now
            values = {"automatic": automatic, "written": written, "to_mark": to_mark}
            held_back = {"feedback_at": None, "returned_at": None}
            connection.execute(update(results).where(place).values(**values, **held_back))
            count_lateness(course, connection, row.module, row.student)
            changed.append(f"{row.student}'s {row.module}")
    return [f"Brought {len(changed)} lines in step with the gradebook: {', '.join(changed[:5])}."] if changed else []


def _unfinished_jobs(connection: Connection) -> list[str]:
    job_rows.close_cancelled(connection)
    numbers = connection.execute(select(jobs.c.id).where(jobs.c.state.in_(("queued", "running")))).scalars()
    waiting = ", ".join(str(number) for number in numbers)
    return [f"Jobs that go on with the next command: {waiting}."] if waiting else []


def _missing_notebooks(course: CourseFolder, connection: Connection) -> list[str]:
    """Return what cannot be set right here: submissions whose notebook is lost or changed."""
    lost = []
    for row in connection.execute(select(submissions)).mappings():
        try:
            submission_store.content(course, submission_store.Submission(**row))
        except NotAvailableError as error:
            lost.append(str(error))
    return lost
