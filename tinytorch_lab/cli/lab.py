"""``tito lab``: JupyterLab on a workspace."""

import os
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

import typer

from tinytorch_lab.cli.output import say
from tinytorch_lab.errors import InvalidInputError, NotAvailableError
from tinytorch_lab.learning.workspace import Workspace


def lab(
    words: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="[DIR] [JUPYTERLAB OPTIONS]",
            help="The workspace's folder, made when missing; default: this folder. Then what goes to JupyterLab.",
        ),
    ] = None,
    root: Annotated[Path | None, typer.Option(help="Folder JupyterLab shows, around the workspace.")] = None,
    browser: Annotated[bool, typer.Option("--browser/--no-browser", help="Open a browser.")] = True,
) -> None:
    """Open JupyterLab on a workspace; further options go to JupyterLab as they are."""
    passed_on = list(words or ())
    place = place_of_folder(passed_on)
    workspace = prepare(Path() if place is None else Path(passed_on.pop(place)))
    shown = (root or workspace.root).resolve()
    if not workspace.root.is_relative_to(shown):
        raise InvalidInputError(f"The workspace {workspace.root} is not inside {shown}; name a folder around it.")
    say(f"Workspace: {workspace.root}")
    arguments = [
        f"--ServerApp.root_dir={shown}",
        f"--TinyTorchLab.workspace={workspace.root.relative_to(shown)}",
        *passed_on,
    ]
    if not browser:
        arguments.append("--no-browser")
    if os.geteuid() == 0 and "--allow-root" not in arguments:
        say("Running as root: student code on this server has root's rights.")
        arguments.append("--allow-root")
    sys.stdout.flush()
    os.execv(sys.executable, [sys.executable, "-m", "jupyterlab", *arguments])


def place_of_folder(words: Sequence[str]) -> int | None:
    """Return which of ``words`` is the workspace's folder: the first that is no option, and no option's value."""
    before = ("", *words)
    return next(
        (at for at, word in enumerate(words) if not word.startswith("-") and not _takes_value(before[at])), None
    )


def _takes_value(word: str) -> bool:
    """Tell whether the next word belongs to this one, as in ``--port 9999``; a flag stands alone."""
    if not word.startswith("-") or "=" in word:
        return False
    from jupyterlab.labapp import LabApp  # slow to load, and seldom asked

    return word.lstrip("-") not in LabApp.flags


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
