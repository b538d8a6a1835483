"""The student's own package, exported from the notebooks of a workspace."""

from collections.abc import Sequence
from functools import lru_cache
from typing import Literal

from tinytorch_lab.curriculum.catalogue import ModuleInfo
from tinytorch_lab.errors import NotFoundError, TinyTorchError
from tinytorch_lab.learning.workspace import Workspace
from tinytorch_lab.package.exporter import (
    ExportError,
    ExportResult,
    NotebookSource,
    Problem,
    check_package,
    export_package,
)
from tinytorch_lab.package.facade import read_outline
from tinytorch_lab.package.storage import module_times, read_modules

PackageState = Literal["missing", "behind", "current"]


def export(workspace: Workspace, modules: Sequence[ModuleInfo]) -> ExportResult:
    """Export the notebooks of ``modules`` into the workspace's ``tinytorch``.

    Raises:
        NotFoundError: one of them is not started, or there is none.
        ExportError: a notebook cannot be exported; the package is unchanged.
        NotAvailableError: the package cannot be written; it is unchanged.
    """
    return export_package(_sources(workspace, modules), workspace.package)


def stale_files(workspace: Workspace, modules: Sequence[ModuleInfo]) -> tuple[str, ...]:
    """Return the package's files that an export of ``modules`` would change; raises as :func:`export`."""
    return check_package(_sources(workspace, modules), workspace.package)


def problems(workspace: Workspace, modules: Sequence[ModuleInfo]) -> tuple[Problem, ...]:
    """Return what would keep ``modules``, which are started, from being exported; nothing where there are none."""
    if not modules:
        return ()
    try:
        stale_files(workspace, modules)
    except ExportError as error:
        return error.problems
    return ()


def exported_names(workspace: Workspace) -> dict[str, tuple[str, ...]]:
    """Return the names that each file of the package offers; a file that was not exported offers none."""
    found = {name: read_outline(text) for name, text in read_modules(workspace.package).items()}
    return {name: outline.names if outline else () for name, outline in found.items()}


def package_state(workspace: Workspace, module: ModuleInfo) -> PackageState:
    """Tell whether the package holds the module's present state; one that cannot be exported is ``behind``."""
    files = [workspace.notebook_path(module), *(workspace.package / f"{name}.py" for name in module.exports)]
    try:
        changed = (*(path.stat().st_mtime_ns for path in files), *module_times(workspace.package))
    except OSError:
        return "missing"
    return _compared(workspace, module, changed)


@lru_cache(maxsize=256)
def _compared(workspace: Workspace, module: ModuleInfo, _changed: tuple[object, ...]) -> PackageState:
    """Compare notebook and package; remembered until one of the files changes, since every listing asks.

    The whole package counts, as ``__init__.py`` is made from all of it.
    """
    try:
        return "behind" if stale_files(workspace, [module]) else "current"
    except TinyTorchError:
        return "behind"


def _sources(workspace: Workspace, modules: Sequence[ModuleInfo]) -> list[NotebookSource]:
    if not modules:
        raise NotFoundError("No module is started yet; start one in the sidebar, or with 'tito module start 1'.")
    sources: list[NotebookSource] = []
    problems: list[Problem] = []
    for module in modules:
        workspace.require_started(module)
        name = workspace.relative(workspace.notebook_path(module))
        try:
            sources.append(NotebookSource(name, workspace.notebook(module), module.exports))
        except TinyTorchError as error:
            problems.append(Problem(name, None, None, str(error)))
    if problems:
        raise ExportError(tuple(problems))
    return sources
