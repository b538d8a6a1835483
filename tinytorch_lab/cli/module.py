"""``tito module``: the student's modules from the command line."""

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated

import typer

from tinytorch_lab.cli import handing_in
from tinytorch_lab.cli.course_progress import show_progress
from tinytorch_lab.cli.export import export_modules
from tinytorch_lab.cli.grade.options import CourseOption
from tinytorch_lab.cli.output import Json, err, out, say, show_json, show_table
from tinytorch_lab.cli.workspaces import ModuleArgument, WorkspaceOption, testing_in, workspace_at
from tinytorch_lab.coursework import Assignment
from tinytorch_lab.errors import InvalidInputError
from tinytorch_lab.learning.cell_reset import reset_cell
from tinytorch_lab.learning.handing_in import saved_digest
from tinytorch_lab.learning.progress import ModuleProgress, course_progress, module_progress
from tinytorch_lab.learning.results import TestRow, TestRun
from tinytorch_lab.learning.workspace import Workspace

app = typer.Typer(help="List, start, test, reset, export and submit modules.", no_args_is_help=True)
app.command("submit")(handing_in.submit)
app.command("submissions")(handing_in.submissions)
app.command("restore")(handing_in.restore)
app.command("feedback")(handing_in.feedback)

_STATUS = {
    "unavailable": "not yet available",
    "not_started": "not started",
    "in_progress": "in progress",
    "passed": "passed",
}


@app.command("list")
def list_modules(workspace: WorkspaceOption = None, as_json: Json = False) -> None:
    """List the sixteen modules by phase."""
    place = workspace_at(workspace)
    phases = {phase.number: f"{phase.number} {phase.title}" for phase in place.course.phases}
    with testing_in(place) as testing:
        rows = [
            {
                "module": entry.module.name,
                "phase": phases[entry.module.phase],
                "status": _STATUS[entry.status],
                "summary": entry.module.summary,
            }
            for entry in course_progress(place, testing)
        ]
    show_table("Modules", rows, as_json=as_json)


@app.command("start")
def start(name: ModuleArgument, workspace: WorkspaceOption = None) -> None:
    """Copy a module's notebook into the workspace."""
    place = workspace_at(workspace)
    module = place.course.assignment(name)
    opened = place.start(module, None if place.started(module) else handing_in.fetched(module))
    verb = "Started" if opened.created else "Already started:"
    say(f"{verb} {opened.module.name}; its notebook is {opened.path}.")


@app.command("status")
def status(
    name: Annotated[str | None, typer.Argument(metavar="[MODULE]", help="One module; default: every one.")] = None,
    student: Annotated[str | None, typer.Option("--student", help="A student's progress in a course.")] = None,
    export_to: Annotated[Path | None, typer.Option("--export", help="Write a course's class to this file.")] = None,
    course: CourseOption = None,
    workspace: WorkspaceOption = None,
    as_json: Json = False,
) -> None:
    """Show how far a module, or every module, is; in a course, how far a student (--student) or the class is."""
    if export_to is not None or student is not None:
        if name is not None:
            raise InvalidInputError("A course tells of all modules at once; name no module with --student or --export.")
        show_progress(course, student, export_to, as_json=as_json)
        return
    place = workspace_at(workspace)
    modules = [place.course.assignment(name)] if name else list(place.course.modules)
    assignments = handing_in.assignments_of(place)
    with testing_in(place) as testing:
        entries = [module_progress(place, testing, module) for module in modules]
    rows = [_status_row(entry) | _course_columns(place, entry, assignments) for entry in entries]
    show_table("Progress", rows, as_json=as_json)


@app.command("test")
def run_tests(
    name: ModuleArgument,
    only: Annotated[str | None, typer.Option("--only", help="Grade id of the one test to run.")] = None,
    verbose: Annotated[bool, typer.Option("--verbose", "-v", help="Show each failure's traceback.")] = False,
    workspace: WorkspaceOption = None,
    as_json: Json = False,
) -> None:
    """Run a module's inline tests, or one, on the notebook as saved; exits with 1 unless they pass."""
    place = workspace_at(workspace)
    module = place.course.assignment(name)
    with testing_in(place) as testing, err.status(f"Running the tests of {module.name} …"):
        run = testing.run(module, only)
    if as_json:
        show_json([_test_row(row) | {"traceback": row.traceback} for row in run.rows])
    else:
        _print_run(run, verbose)
    asked = [row for row in run.rows if only in (None, row.grade_id)]
    if any(row.status != "passed" for row in asked) or run.state != "done":
        raise typer.Exit(1)


@app.command("reset")
def reset(
    name: ModuleArgument,
    cell: Annotated[str | None, typer.Option("--cell", help="Grade id of the one cell to begin again.")] = None,
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Do not ask.")] = False,
    workspace: WorkspaceOption = None,
) -> None:
    """Replace a module's notebook, or one cell of it, by the released one; the present one is kept."""
    place = workspace_at(workspace)
    module = place.course.assignment(name)
    place.require_started(module)
    what = f"{module.name}.ipynb" if cell is None else f"the cell {cell} of {module.name}.ipynb"
    if not yes:
        typer.confirm(f"Replace {what} by what was released? Your notebook is kept as a backup.", abort=True)
    fetched = handing_in.fetched(module)
    opened = place.reset(module, fetched) if cell is None else reset_cell(place, module, cell, fetched)
    say(f"Reset {what}; your notebook was kept as {opened.backup}.")


@app.command("export")
def export(name: ModuleArgument, workspace: WorkspaceOption = None, as_json: Json = False) -> None:
    """Export a module into your own tinytorch."""
    place = workspace_at(workspace)
    export_modules(place, (place.course.find(name),), as_json=as_json)


def _status_row(entry: ModuleProgress) -> dict[str, object]:
    tests = f"{entry.tests_passed}/{entry.tests_total}" if entry.tests_total else "not run"
    return {
        "module": entry.module.name,
        "status": _STATUS[entry.status],
        "tests": tests if entry.path else None,
        "package": entry.package if entry.path and entry.module.exports else None,
        "recheck": ", ".join(other.name for other in entry.recheck) or None,
    }


def _course_columns(
    place: Workspace, entry: ModuleProgress, assignments: Mapping[str, Assignment]
) -> dict[str, object]:
    """Return how the module stands with the course; nothing where there is none."""
    if not assignments:
        return {}
    assignment = assignments.get(entry.module.name)
    if assignment is None:
        return {"course": "not released", "due": None, "saved": None}
    receipt = assignment.submission
    same = receipt is not None and receipt.digest == saved_digest(place, entry.module)
    return {
        "course": assignment.state,
        "due": assignment.due_at,
        "saved": None if receipt is None else "as submitted" if same else "not submitted",
    }


def _test_row(row: TestRow) -> dict[str, object]:
    return {
        "test": row.title,
        "points": row.points,
        "status": row.status,
        "seconds": row.seconds,
        "peak_bytes": row.peak_bytes,
        "message": row.message,
    }


def _print_run(run: TestRun, verbose: bool) -> None:
    marks = {"passed": "[green]pass[/]", "failed": "[red]fail[/]"}
    for row in run.rows:
        cost = f"{row.seconds * 1e3:.0f} ms" if row.seconds is not None else ""
        out.print(f"{marks.get(row.status, 'not run')}  {row.title}  ({row.points:g} points)  {cost}", highlight=False)
        if row.message:
            say("      " + row.message.strip().replace("\n", "\n      "))
        if verbose and row.traceback:
            say("      " + row.traceback.strip().replace("\n", "\n      "))
    for notice in run.notices:
        line = f", line {notice.line}" if notice.line else ""
        say(f"note: cell {notice.cell_id}{line}: {notice.message}")
    points = sum(row.points for row in run.rows if row.status == "passed")
    total = sum(row.points for row in run.rows)
    say(f"{run.passed} of {len(run.rows)} tests passed, {points:g} of {total:g} points. {run.reason}".strip())
