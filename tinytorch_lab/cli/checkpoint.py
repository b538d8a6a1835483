"""``tito checkpoint``: how far a student, or the class, has come in a course."""

from pathlib import Path
from typing import Annotated

import typer

from tinytorch_lab.cli.course_progress import show_progress
from tinytorch_lab.cli.grade.options import CourseOption
from tinytorch_lab.cli.output import Json

app = typer.Typer(help="A student's, or the class's, progress in a course.", no_args_is_help=True)


@app.command("status")
def status(
    student: Annotated[str, typer.Option("--student", help="Whose progress.")],
    course: CourseOption = None,
    as_json: Json = False,
) -> None:
    """Show a student's modules, milestones and course grade."""
    show_progress(course, student, None, as_json=as_json)


@app.command("export")
def export(
    output: Annotated[Path, typer.Option("--output", "-o", help="The file to write.")] = Path("class_progress.csv"),
    course: CourseOption = None,
) -> None:
    """Export the whole class's progress as CSV."""
    show_progress(course, None, output, as_json=False)
