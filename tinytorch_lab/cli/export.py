"""``tito export``: notebooks into the student's own package."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import Annotated

import typer

from tinytorch_lab.cli.output import Json, complain, say, show_json
from tinytorch_lab.cli.workspaces import WorkspaceOption, workspace_at
from tinytorch_lab.curriculum.catalogue import ModuleInfo
from tinytorch_lab.errors import InvalidInputError
from tinytorch_lab.learning import exporting
from tinytorch_lab.learning.workspace import Workspace
from tinytorch_lab.package.exporter import ExportError


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
        _show_problems(error, {"written": [], "unchanged": []}, as_json=as_json)
        raise typer.Exit(1) from None
    if as_json:
        show_json(asdict(result) | {"problems": []})
        return
    for name in result.written:
        say(f"wrote      {name}")
    for name in result.unchanged:
        say(f"unchanged  {name}")


def _check(workspace: Workspace, modules: Sequence[ModuleInfo], *, as_json: bool) -> None:
    try:
        stale = exporting.stale_files(workspace, modules)
    except ExportError as error:
        _show_problems(error, {"stale": []}, as_json=as_json)
        raise typer.Exit(1) from None
    if as_json:
        show_json({"stale": list(stale), "problems": []})
    else:
        for name in stale:
            say(f"stale  {name}")
        say("An export is due." if stale else "The package is up to date.")
    if stale:
        raise typer.Exit(1)


def _show_problems(error: ExportError, nothing: Mapping[str, object], *, as_json: bool) -> None:
    if as_json:
        show_json({**nothing, "problems": [asdict(problem) for problem in error.problems]})
        return
    for problem in error.problems:
        complain(str(problem))
    say("Nothing was written; your package is as it was.")
