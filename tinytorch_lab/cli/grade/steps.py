"""The steps of a module: generate, release, collect, autograde, regrade, feedback, return."""

from pathlib import Path
from typing import Annotated

import typer

from tinytorch_lab.authoring.static import check_source
from tinytorch_lab.cli.grade.common import conclude, finished, follow, service_of, user
from tinytorch_lab.cli.grade.options import CourseOption, StudentsOption
from tinytorch_lab.cli.output import Json, complain, say, show_table
from tinytorch_lab.cli.workspaces import ModuleArgument
from tinytorch_lab.curriculum.catalogue import ModuleInfo
from tinytorch_lab.errors import InvalidInputError
from tinytorch_lab.grading.folder import CourseFolder
from tinytorch_lab.grading.records import JobReport, JobRow

app = typer.Typer()

ForceOption = Annotated[bool, typer.Option("--force", help="Also where answers are not marked yet.")]


@app.command("generate")
def generate(
    name: ModuleArgument,
    source: Annotated[Path | None, typer.Option("--source", help="A module source outside the curriculum.")] = None,
    course: CourseOption = None,
    as_json: Json = False,
) -> None:
    """Check a module's source and write the instructor's notebook, solutions and mark schemes included."""
    with service_of(course) as (place, grading):
        module = name if source else _checked(place, name).name
        follow(grading, grading.generate(module, source, actor=user()), f"Generating {module}", as_json=as_json)


@app.command("release")
def release(
    name: ModuleArgument,
    due: Annotated[str | None, typer.Option("--due", help="When it is due: 2026-10-31 or 2026-10-31T18:00.")] = None,
    course: CourseOption = None,
    as_json: Json = False,
) -> None:
    """Make the students' notebook and publish it."""
    with service_of(course) as (place, grading):
        module = place.assignment(name)
        if due is not None:
            grading.set_due(module, due, actor=user())
        follow(grading, grading.release(module, actor=user()), f"Releasing {module}", as_json=as_json)


@app.command("collect")
def collect(
    name: ModuleArgument,
    source: Annotated[Path | None, typer.Option("--from", help="A folder with one folder per student.")] = None,
    student: StudentsOption = None,
    course: CourseOption = None,
    as_json: Json = False,
) -> None:
    """Collect what was handed in to the service and the exchange, or from a folder."""
    with service_of(course) as (place, grading):
        module = place.assignment(name)
        job = grading.collect(module, student or None, source, actor=user())
        follow(grading, job, f"Collecting {module}", as_json=as_json)


@app.command("autograde")
def autograde(
    name: ModuleArgument,
    student: StudentsOption = None,
    changed: Annotated[
        bool, typer.Option("--changed", help="Only what came, or whose module changed, since it was graded.")
    ] = False,
    cluster: Annotated[
        str, typer.Option("--cluster", help="Run them on the dask workers of a scheduler: tls://HOST:PORT.")
    ] = "",
    course: CourseOption = None,
    as_json: Json = False,
) -> None:
    """Run the tests, hidden ones included, on what was collected."""
    with service_of(course) as (place, grading):
        module = place.assignment(name)
        job = grading.autograde(module, student or None, changed, cluster=cluster, actor=user())
        follow(grading, job, f"Autograding {module}", as_json=as_json)


@app.command("regrade")
def regrade(
    name: ModuleArgument,
    student: StudentsOption = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only say what would change.")] = False,
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Do not ask before changing scores.")] = False,
    course: CourseOption = None,
    as_json: Json = False,
) -> None:
    """Grade again: first what would change, for each student and test, then just that. Marks stay as they are."""
    with service_of(course) as (place, grading):
        module = place.assignment(name)
        dry = grading.regrade(module, student or None, actor=user())
        report = finished(grading, dry, f"Grading {module} again, without storing anything")
        show_table(f"Regrade of {module}", [_difference(row) for row in report.rows if row.ok], as_json=as_json)
        if not as_json:
            say(_summary(report))
        if dry_run or not report.ok:
            conclude(report)
            return
        if not yes:
            typer.confirm("Change the scores so?", abort=True, err=True)
        conclude(finished(grading, grading.apply_regrade(dry.id, actor=user()), f"Storing the scores of {module}"))


@app.command("own-modules")
def own_modules(
    name: ModuleArgument, student: StudentsOption = None, course: CourseOption = None, as_json: Json = False
) -> None:
    """Run the tests once more on each student's own earlier modules; the feedback tells of it, no score changes."""
    with service_of(course) as (place, grading):
        module = place.assignment(name)
        job = grading.run_on_own_modules(module, student or None, actor=user())
        follow(grading, job, f"Running {module} on students' own modules", as_json=as_json)


@app.command("run-milestone")
def run_milestone(
    number: Annotated[int, typer.Argument(metavar="N", help="The milestone's number.")],
    student: StudentsOption = None,
    course: CourseOption = None,
    as_json: Json = False,
) -> None:
    """Run a milestone on what students handed in, and note who reached it; without --student all who have not yet."""
    with service_of(course) as (place, grading):
        milestone = place.library.course.milestone(number)
        job = grading.run_milestone(milestone.after, student or None, actor=user())
        follow(grading, job, f"Milestone {number}, {milestone.title}", as_json=as_json)


@app.command("feedback")
def feedback(
    name: ModuleArgument,
    student: StudentsOption = None,
    force: ForceOption = False,
    course: CourseOption = None,
    as_json: Json = False,
) -> None:
    """Write each student's feedback page."""
    with service_of(course) as (place, grading):
        module = place.assignment(name)
        job = grading.feedback(module, student or None, force, actor=user())
        follow(grading, job, f"Feedback on {module}", as_json=as_json)


@app.command("return")
def return_feedback(
    name: ModuleArgument,
    student: StudentsOption = None,
    force: ForceOption = False,
    course: CourseOption = None,
    as_json: Json = False,
) -> None:
    """Let students read their feedback; pages that are missing or outdated are written."""
    with service_of(course) as (place, grading):
        module = place.assignment(name)
        job = grading.return_feedback(module, student or None, force, actor=user())
        follow(grading, job, f"Returning {module}", as_json=as_json)


def _checked(place: CourseFolder, query: str) -> ModuleInfo:
    module = place.library.course.assignment(query)
    findings = check_source(place.library.source(module), module, place.library.course)
    for finding in findings:
        complain(str(finding))
    if findings:
        raise InvalidInputError(f"{module.name} was not generated: mend its {len(findings)} findings first.")
    return module


def _difference(row: JobRow) -> dict[str, object]:
    details = row.details or {}
    before, after = details.get("before"), details.get("after")
    change = None if before is None or after is None else after - before
    return {"student": row.subject, "before": before, "after": after, "change": change, "tests": row.message}


def _summary(report: JobReport) -> str:
    changes = [change for row in report.rows if isinstance(change := _difference(row)["change"], float)]
    rise, fall = sum(change > 0 for change in changes), sum(change < 0 for change in changes)
    return f"{rise} rise, {fall} fall, {len(report.rows) - rise - fall} stay."
