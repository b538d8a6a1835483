"""What the commands of ``tito grade`` share: their options, the course they work on, and following a job."""

import getpass
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import typer
from rich.progress import Progress as ProgressBar
from sqlalchemy import Connection

from tinytorch_lab.cli.output import complain, err, show_table
from tinytorch_lab.grading.folder import CourseFolder, load_course_folder
from tinytorch_lab.grading.records import JobReport, JobRow
from tinytorch_lab.grading.service import GradingService, RequestedJob
from tinytorch_lab.grading.store.database import reading


def course_at(folder: Path | None) -> CourseFolder:
    """Return the course in ``folder``, else in the present one."""
    return load_course_folder(folder or Path())


@contextmanager
def service_of(folder: Path | None) -> Iterator[tuple[CourseFolder, GradingService]]:
    """Give the course in ``folder`` with its service, which ends with the command."""
    place = course_at(folder)
    with GradingService(place) as grading:
        yield place, grading


@contextmanager
def database_of(folder: Path | None) -> Iterator[tuple[CourseFolder, Connection]]:
    """Give the course in ``folder`` with its database to read from; that needs no worker."""
    place = course_at(folder)
    with reading(place.db_url) as connection:
        yield place, connection


def user() -> str:
    """Return in whose name a command acts."""
    return getpass.getuser()


def follow(grading: GradingService, job: RequestedJob, title: str, *, as_json: bool) -> None:
    """Show a job's progress, then what it did for each subject; exits with 1 unless all went well."""
    report = finished(grading, job, title)
    show_table(title, [_columns(row) for row in report.rows], as_json=as_json)
    conclude(report)


def finished(grading: GradingService, job: RequestedJob, title: str) -> JobReport:
    """Show a job's progress and return its report; one that is interrupted is cancelled."""
    try:
        return _shown(job, title)
    except KeyboardInterrupt:
        grading.cancel(job.id, actor=user())
        raise


def conclude(report: JobReport) -> None:
    """Say why a job had to stop, and exit with 1 unless all went well."""
    if report.message:
        complain(report.message)
    if not report.ok:
        raise typer.Exit(1)


def _shown(job: RequestedJob, title: str) -> JobReport:
    with ProgressBar(console=err, transient=True) as bar:
        task = bar.add_task(title, total=None)
        for event in job:
            if isinstance(event, JobReport):
                return event
            bar.update(task, total=event.total, completed=event.done, description=f"{title}: {event.subject}")
            if event.level != "info":
                err.print(f"{event.subject}: {event.message}", markup=False, highlight=False, soft_wrap=True)
    raise RuntimeError("a job ends with its report")


def _columns(row: JobRow) -> dict[str, object]:
    return {"subject": row.subject, "ok": row.ok, "message": row.message, "score": row.score, "total": row.total}
