"""What is set until when: due dates, extensions, taking a release back."""

from typing import Annotated

import typer

from tinytorch_lab.cli.grade.common import database_of, service_of, user
from tinytorch_lab.cli.grade.options import CourseOption
from tinytorch_lab.cli.output import Json, say, show_table
from tinytorch_lab.cli.workspaces import ModuleArgument
from tinytorch_lab.errors import InvalidInputError
from tinytorch_lab.grading.queries.extensions import extensions_of

app = typer.Typer()


@app.command("due")
def due(
    name: ModuleArgument,
    date: Annotated[str | None, typer.Argument(metavar="[DATE]", help="2026-10-31 or 2026-10-31T18:00.")] = None,
    never: Annotated[bool, typer.Option("--never", help="It is not due at all.")] = False,
    course: CourseOption = None,
) -> None:
    """Set when a module is due; lateness is counted anew for everybody."""
    if (date is None) is not never:
        raise InvalidInputError("Give a date, or --never.")
    with service_of(course) as (place, grading):
        module = place.assignment(name)
        grading.set_due(module, date, actor=user())
    say(f"{module} is due {date}." if date else f"{module} is not due.")


@app.command("extend")
def extend(
    name: ModuleArgument,
    student: Annotated[str, typer.Option("--student", help="Who gets more time.")],
    until: Annotated[str | None, typer.Option("--until", help="The student's own due date.")] = None,
    reason: Annotated[str, typer.Option("--reason", help="Why, for the record.")] = "",
    withdraw: Annotated[bool, typer.Option("--withdraw", help="Take the extension back.")] = False,
    course: CourseOption = None,
) -> None:
    """Give a student a due date of their own, or take it back."""
    if (until is None) is not withdraw:
        raise InvalidInputError("Give --until with a date, or --withdraw.")
    with service_of(course) as (place, grading):
        module = place.assignment(name)
        if until is None:
            grading.withdraw_extension(module, student, actor=user())
        else:
            grading.extend(module, student, until, reason, actor=user())
    say(f"{module} is due {until} for {student}." if until else f"{student} has no extension of {module} any more.")


@app.command("extensions")
def extensions(name: ModuleArgument, course: CourseOption = None, as_json: Json = False) -> None:
    """List who has a due date of their own, and why."""
    with database_of(course) as (place, connection):
        found = extensions_of(connection, place.assignment(name))
    show_table("Extensions", [vars(extension) for extension in found], as_json=as_json)


@app.command("unrelease")
def unrelease(name: ModuleArgument, course: CourseOption = None) -> None:
    """Take a module back from students; what they handed in stays."""
    with service_of(course) as (place, grading):
        module = place.assignment(name)
        grading.unrelease(module, actor=user())
    say(f"{module} is no longer released.")


@app.command("milestone")
def milestone(
    number: Annotated[int, typer.Argument(metavar="N", help="The milestone's number.")],
    student: Annotated[list[str], typer.Option("--student", help="Who reached it; may be given several times.")],
    failed: Annotated[bool, typer.Option("--not-reached", help="Note that it was not reached.")] = False,
    note: Annotated[str, typer.Option("--note", help="What was seen, for the record.")] = "",
    course: CourseOption = None,
) -> None:
    """Note which students have reached a milestone, after seeing it run elsewhere; the course grade counts it."""
    with service_of(course) as (_, grading):
        for name in student:
            grading.record_milestone(name, number, not failed, note, actor=user())
    say(f"Milestone {number} {'not reached' if failed else 'reached'}: {', '.join(student)}.")
