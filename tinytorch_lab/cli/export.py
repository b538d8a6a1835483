"""``tito export``: notebooks into the student's own package."""

from collections.abc import Sequence
from dataclasses import asdict
from typing import Annotated

import typer

from tinytorch_lab.cli.output import Json, complain, say, show_json
from tinytorch_lab.cli.workspaces import WorkspaceOption, workspace_at
from tinytorch_lab.curriculum.catalogue import ModuleInfo
from tinytorch_lab.errors import InvalidInputError
from tinytorch_lab.learning import exporting
from tinytorch_lab.learning.workspace import Workspace
from tinytorch_lab.package.exporter import ExportError, Problem


def export(
    name: Annotated[str | None, typer.Argument(metavar="[MODULE]", help="The module to export.")] = None,
    every: Annotated[bool, typer.Option("--all", help="Export every started module.")] = False,
    check: Annotated[bool, typer.Option("--check", help="Write nothing; exit with 1 if an export is due.")] = False,
    workspace: WorkspaceOption = None,
    as_json: Json = False,
) -> None:
    """Export a module, or all that are started, into your own tinytorch."""
    if bool(name) == every:
        raise InvalidInputError("Name one module, or give --all.")
    place = workspace_at(workspace)
    modules = place.started_modules() if every else (place.course.find(name or ""),)
    if check:
        _check(place, modules, as_json=as_json)
    else:
        export_modules(place, modules, as_json=as_json)


def export_modules(workspace: Workspace, modules: Sequence[ModuleInfo], *, as_json: bool) -> None:
    """Export ``modules`` and print what was written, or every problem; exits with 1 on a problem."""
    try:
        result = exporting.export(workspace, modules)
    except ExportError as error:
        if as_json:
            show_json({"written": [], "unchanged": [], "problems": [asdict(problem) for problem in error.problems]})
        else:
            for problem in error.problems:
                complain(_sentence(problem))
            say("Nothing was written; your package is as it was.")
        raise typer.Exit(1) from None
    if as_json:
        show_json(asdict(result) | {"problems": []})
        return
    for name in result.written:
        say(f"wrote      {name}")
    for name in result.unchanged:
        say(f"unchanged  {name}")


def _check(workspace: Workspace, modules: Sequence[ModuleInfo], *, as_json: bool) -> None:
    stale = exporting.stale_files(workspace, modules)
    if as_json:
        show_json({"stale": list(stale)})
    else:
        for name in stale:
            say(f"stale  {name}")
        say("An export is due." if stale else "The package is up to date.")
    if stale:
        raise typer.Exit(1)


def _sentence(problem: Problem) -> str:
    cell = f", cell {problem.cell}" if problem.cell else ""
    line = f", line {problem.line}" if problem.line else ""
    return f"{problem.notebook}{cell}{line}: {problem.message}"
