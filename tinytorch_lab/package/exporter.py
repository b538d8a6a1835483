"""Export notebooks to the package: everything or nothing."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from tinytorch_lab.package.cells import ExportedCell, NotebookSource, read_cells
from tinytorch_lab.package.facade import FACADE, is_generated, read_outline, render_facade
from tinytorch_lab.package.problems import ExportError, Problem
from tinytorch_lab.package.provenance import read_layout
from tinytorch_lab.package.render import render_module
from tinytorch_lab.package.storage import exclusive, read_modules, replace_modules
from tinytorch_lab.package.syntax import compile_module

__all__ = ["ExportError", "ExportResult", "NotebookSource", "Problem", "check_package", "export_package"]


@dataclass(frozen=True)
class ExportResult:
    """What an export did, by names like ``tinytorch/tensor.py``."""

    written: tuple[str, ...]
    unchanged: tuple[str, ...]


def export_package(notebooks: Sequence[NotebookSource], package: Path) -> ExportResult:
    """Bring the files of ``notebooks`` in the folder ``package`` up to date; those of other notebooks are left alone.

    Within a module a later definition of a name replaces an earlier one, as it does in the notebook.

    Raises:
        ExportError: a notebook cannot be exported; nothing was written.
        NotAvailableError: the folder cannot be written; nothing was changed.
    """
    modules = _render(notebooks)
    with exclusive(package):
        current = read_modules(package)
        wanted = _wanted(modules, current)
        stale = {module: text for module, text in wanted.items() if current.get(module) != text}
        if stale:
            replace_modules(package, stale)
    return ExportResult(_files(package, stale), _files(package, wanted.keys() - stale.keys()))


def check_package(notebooks: Sequence[NotebookSource], package: Path) -> tuple[str, ...]:
    """Return the files an export of ``notebooks`` would write, because they are missing or stale.

    Raises:
        ExportError: a notebook cannot be exported.
    """
    current = read_modules(package)
    wanted = _wanted(_render(notebooks), current)
    return _files(package, {module for module, text in wanted.items() if current.get(module) != text})


def _render(notebooks: Sequence[NotebookSource]) -> dict[str, str]:
    """Return the text of each module of the notebooks.

    Raises:
        ExportError: with the problems of all notebooks.
    """
    problems: list[Problem] = []
    owner: dict[str, str] = {}
    texts: dict[str, str] = {}
    for source in notebooks:
        cells, found = read_cells(source)
        problems += found
        by_target: dict[str, list[ExportedCell]] = defaultdict(list)
        for cell in cells:
            by_target[cell.target].append(cell)
        for target, members in by_target.items():
            other = owner.setdefault(target, source.name)
            if other != source.name:
                message = f"{target}.py is exported from {other} already; choose another name"
                problems.append(Problem(source.name, members[0].number, None, message))
            texts[target] = render_module(source.name, members)
    if problems:
        raise ExportError(problems)
    return texts


def _wanted(modules: dict[str, str], current: dict[str, str]) -> dict[str, str]:
    """Return all files to have after the export: the rendered modules, then ``__init__``.

    Raises:
        ExportError: a module does not compile as a whole, or would replace a file that somebody wrote.
    """
    checked = [_check(module, text, current.get(module, "")) for module, text in modules.items()]
    checked.append(_check_owner(FACADE, current.get(FACADE, "")))
    problems = [problem for problem in checked if problem is not None]
    if problems:
        raise ExportError(problems)
    outlines = {module: read_outline(text) for module, text in sorted({**current, **modules}.items())}
    facade = render_facade({module: outline for module, outline in outlines.items() if outline is not None})
    # Last, so that a reader in the midst of an export finds no name offered whose module is not there yet.
    return {**modules, FACADE: facade}


def _check(module: str, text: str, current: str) -> Problem | None:
    if text == current:
        return None
    try:
        compile_module(text, f"{module}.py")
    except SyntaxError as error:
        return _misfit(module, text, error)
    return _check_owner(module, current)


def _misfit(module: str, text: str, error: SyntaxError) -> Problem:
    """Return the problem of cells that are each correct, but not one after the other in one file."""
    message = f"{error.msg} when the exported cells stand together; correct the cell and export again"
    layout = read_layout(text)
    place = layout.locate(error.lineno) if layout and error.lineno else None
    if place is None:
        return Problem(layout.notebook if layout else f"{module}.py", None, None, message)
    return Problem(place.notebook, place.cell, place.line, message)


def _check_owner(module: str, current: str) -> Problem | None:
    if is_generated(module, current):
        return None
    message = "this file was not exported from a notebook; move it away and export again"
    return Problem(f"{module}.py", None, None, message)


def _files(package: Path, modules: set[str] | dict[str, str]) -> tuple[str, ...]:
    return tuple(f"{package.name}/{module}.py" for module in sorted(modules))
