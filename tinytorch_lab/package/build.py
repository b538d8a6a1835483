"""The reference package, exported from the curriculum."""

from collections.abc import Iterable
from pathlib import Path

from tinytorch_lab.curriculum.catalogue import ModuleInfo
from tinytorch_lab.curriculum.library import Library
from tinytorch_lab.package.cells import NotebookSource
from tinytorch_lab.package.exporter import ExportResult, check_package, export_package


def build_reference(library: Library, package: Path) -> ExportResult:
    """Export all modules that have been written, with their solutions, to the folder ``package``.

    Raises:
        ExportError: a module's source cannot be exported; nothing was written.
    """
    return export_package(_sources(library, library.available_modules()), package)


def build_earlier(library: Library, module: ModuleInfo, package: Path) -> ExportResult:
    """Export what ``module`` may import: the reference solutions of the modules before it, and nothing else.

    Raises:
        ExportError: a module's source cannot be exported; nothing was written.
    """
    earlier = [other for other in library.course.earlier(module) if library.available(other)]
    return export_package(_sources(library, earlier), package)


def check_reference(library: Library, package: Path) -> tuple[str, ...]:
    """Return the files of the reference package that are missing or older than the curriculum."""
    return check_package(_sources(library, library.available_modules()), package)


def _sources(library: Library, modules: Iterable[ModuleInfo]) -> list[NotebookSource]:
    return [
        NotebookSource(
            library.source_path(module).relative_to(library.root.parent).as_posix(),
            library.instructor(module),
            module.exports,
        )
        for module in modules
    ]
