"""Which workspace and which curriculum a command works on."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated

import typer

from tinytorch_lab.curriculum.library import Library, find_library
from tinytorch_lab.errors import NotFoundError
from tinytorch_lab.learning.testing import Testing
from tinytorch_lab.learning.workspace import Workspace
from tinytorch_lab.runner.pool import LocalExecutor

WorkspaceOption = Annotated[
    Path | None,
    typer.Option(
        "--workspace",
        "-w",
        envvar="TINYTORCH_WORKSPACE",
        help="The workspace's folder. Default: the nearest one from here upwards, else this folder.",
    ),
]
CurriculumOption = Annotated[
    Path | None,
    typer.Option("--curriculum", help="The curriculum's folder. Default: the checkout's, from here upwards."),
]
ModuleArgument = Annotated[str, typer.Argument(metavar="MODULE", help="Name, number or title: 01_tensor, 1, tensor.")]


def workspace_at(folder: Path | None) -> Workspace:
    """Return the workspace at ``folder``, else the nearest from the present folder upwards.

    Raises:
        NotFoundError: ``folder`` was named and does not exist.
    """
    if folder is not None:
        if not folder.is_dir():
            raise NotFoundError(f"There is no workspace folder {folder}; 'tito lab {folder}' makes one.")
        return Workspace(folder.resolve())
    here = Path.cwd()
    marked = (
        place for place in (here, *here.parents) if (place / ".tinytorch").is_dir() or (place / "modules").is_dir()
    )
    return Workspace(next(marked, here))


def library_at(folder: Path | None) -> Library:
    """Return the curriculum at ``folder``, else the one of the checkout around the present folder.

    Raises:
        NotFoundError: there is none.
    """
    if folder is None:
        return find_library(Path.cwd())
    if not (folder / "course.toml").is_file():
        raise NotFoundError(f"There is no course.toml in {folder}; name the curriculum's folder.")
    return Library(folder.resolve())


@contextmanager
def testing_in(workspace: Workspace) -> Iterator[Testing]:
    """Open the workspace's tests and stop their runner afterwards."""
    # The workspace is the student's own, and so is the account: nothing is to be kept from their code.
    executor = LocalExecutor(confinement="none")
    try:
        yield Testing(workspace, executor)
    finally:
        executor.close()
