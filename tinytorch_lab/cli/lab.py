"""``tito lab``: JupyterLab on a workspace."""

import os
import sys
from pathlib import Path
from typing import Annotated

import typer

from tinytorch_lab.cli.output import say
from tinytorch_lab.errors import InvalidInputError, NotAvailableError
from tinytorch_lab.learning.workspace import Workspace


def lab(
    context: typer.Context,
    folder: Annotated[
        Path, typer.Argument(metavar="[DIR]", help="The workspace's folder; made when missing.")
    ] = Path(),
    root: Annotated[Path | None, typer.Option(help="Folder JupyterLab shows, around the workspace.")] = None,
    browser: Annotated[bool, typer.Option("--browser/--no-browser", help="Open a browser.")] = True,
) -> None:
    """Open JupyterLab on a workspace; further options go to JupyterLab as they are."""
    workspace = prepare(folder)
    shown = (root or workspace.root).resolve()
    if not workspace.root.is_relative_to(shown):
        raise InvalidInputError(f"The workspace {workspace.root} is not inside {shown}; name a folder around it.")
    say(f"Workspace: {workspace.root}")
    arguments = [
        f"--ServerApp.root_dir={shown}",
        f"--TinyTorchLab.workspace={workspace.root.relative_to(shown)}",
        *context.args,
    ]
    if not browser:
        arguments.append("--no-browser")
    if os.geteuid() == 0 and "--allow-root" not in arguments:
        say("Running as root: student code on this server has root's rights.")
        arguments.append("--allow-root")
    sys.stdout.flush()
    os.execv(sys.executable, [sys.executable, "-m", "jupyterlab", *arguments])


def prepare(folder: Path) -> Workspace:
    """Make ``folder`` a workspace, unless it is one.

    Raises:
        InvalidInputError: ``folder`` is a file.
        NotAvailableError: it cannot be made or written.
    """
    if folder.exists() and not folder.is_dir():
        raise InvalidInputError(f"{folder} is a file; name a folder for the workspace.")
    workspace = Workspace(folder.resolve())
    try:
        workspace.state.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise NotAvailableError(f"Cannot make the workspace {folder}: {error.strerror}.") from None
    return workspace
