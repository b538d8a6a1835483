"""The jobs of a course: what was asked for, what became of it, and trying again."""

from typing import Annotated

import typer

from tinytorch_lab.cli.grade.common import database_of, follow, service_of, user
from tinytorch_lab.cli.grade.options import CourseOption
from tinytorch_lab.cli.output import Json, say, show_table
from tinytorch_lab.grading.jobs import rows
from tinytorch_lab.grading.records import Job

app = typer.Typer()

JobArgument = Annotated[int, typer.Argument(metavar="JOB", help="The job's number, as 'tito grade jobs' lists it.")]


@app.command("jobs")
def jobs(
    limit: Annotated[int, typer.Option("--limit", help="How many, the newest first.")] = 20,
    course: CourseOption = None,
    as_json: Json = False,
) -> None:
    """List the last jobs, the newest first."""
    with database_of(course) as (_, connection):
        found = rows.recent(connection, limit)
    show_table("Jobs", [_columns(job) for job in found], as_json=as_json)


@app.command("retry")
def retry(job: JobArgument, course: CourseOption = None, as_json: Json = False) -> None:
    """Do a job again for those it failed for."""
    with service_of(course) as (_, grading):
        follow(grading, grading.retry(job, actor=user()), f"Job {job} again", as_json=as_json)


@app.command("cancel")
def cancel(job: JobArgument, course: CourseOption = None) -> None:
    """Have a job that was left unfinished not be gone on with."""
    with service_of(course) as (_, grading):
        grading.cancel(job, actor=user())
    say(f"Job {job} is cancelled.")


def _columns(job: Job) -> dict[str, object]:
    return {
        "job": job.id,
        "kind": job.kind,
        "module": job.arguments.get("module"),
        "state": job.state,
        "done": f"{job.done}/{job.total}",
        "requested by": job.requested_by,
        "requested at": job.requested_at,
        "finished at": job.finished_at,
        "message": job.message,
    }
