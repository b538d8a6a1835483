"""Making a course, its class list, and keeping it sound: init, setup, roster, repair, backup, restore."""

from datetime import datetime
from pathlib import Path
from typing import Annotated

import typer

from tinytorch_lab.cli.grade.common import course_at, service_of, user
from tinytorch_lab.cli.grade.options import CourseOption
from tinytorch_lab.cli.output import Json, say, show_json
from tinytorch_lab.cli.workspaces import CurriculumOption, library_at
from tinytorch_lab.grading.backup import back_up
from tinytorch_lab.grading.backup import restore as restore_course
from tinytorch_lab.grading.course import init_course
from tinytorch_lab.grading.roster import read_roster
from tinytorch_lab.grading.service import GradingService
from tinytorch_lab.grading.upkeep import repair_course

app = typer.Typer()

RosterOption = Annotated[
    Path | None, typer.Option("--roster", help="A CSV file with the class list; a column 'student id' is enough.")
]


@app.command("setup", help="The same as 'init'.")
@app.command("init")
def init(
    folder: Annotated[Path, typer.Argument(metavar="[DIR]", help="The course's folder; made when missing.")] = Path(),
    curriculum: CurriculumOption = None,
    roster: RosterOption = None,
    student: Annotated[list[str] | None, typer.Option("--student", help="Enrol this student; may be repeated.")] = None,
) -> None:
    """Make a course folder; what is already there stays as it is."""
    entries = read_roster(roster) if roster else ()
    course = init_course(folder, library_at(curriculum), student or [], entries)
    say(f"The course folder {course.root} is ready; next: 'tito grade generate MODULE' in it.")


@app.command("roster")
def roster(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="A CSV file with the class list.")],
    course: CourseOption = None,
    as_json: Json = False,
) -> None:
    """Enter the class list; names and addresses it states replace what was known, and nobody is removed."""
    entries = read_roster(file)
    with service_of(course) as (_, grading):
        counts = grading.import_roster(entries, actor=user())
    if as_json:
        show_json(counts)
    else:
        say(f"{counts['new']} students are new, {counts['known']} were known.")


@app.command("repair")
def repair(course: CourseOption = None, as_json: Json = False) -> None:
    """Set right what a crash or a full disk left half done: tables, lines, temporary files; no grade is dropped."""
    place = course_at(course)
    GradingService.require_nbgrader()
    done = repair_course(place, user())
    if as_json:
        show_json(done)
    else:
        say("\n".join(done) or f"Nothing was wrong with the course in {place.root}.")


@app.command("backup")
def backup(
    file: Annotated[
        Path | None,
        typer.Argument(metavar="[FILE]", help="The archive. Default: named by date, beside the course folder."),
    ] = None,
    course: CourseOption = None,
) -> None:
    """Write the course folder and its whole database to one archive."""
    place = course_at(course)
    GradingService.require_nbgrader()
    named = place.root.with_name(f"{place.course_id}-{datetime.now():%Y%m%d-%H%M%S}.tar.gz")
    say(f"The backup is {back_up(place, file or named).resolve()}.")


@app.command("restore")
def restore(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="An archive of 'tito grade backup'.")],
    folder: Annotated[Path, typer.Argument(metavar="[DIR]", help="Where the course goes.")] = Path(),
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Do not ask.")] = False,
) -> None:
    """Make the course in DIR what the archive holds; the present one is kept beside it."""
    GradingService.require_nbgrader()
    if not yes:
        typer.confirm(f"Replace the course in {folder.resolve()} by {file}? The present one is kept.", abort=True)
    say(f"The course in {restore_course(file, folder).root} is restored.")
