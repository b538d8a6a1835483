"""The student release that ships in the wheel, and the reference package beside it."""

from collections.abc import Iterator
from pathlib import Path

from tinytorch_lab.authoring.runs import check_runs
from tinytorch_lab.curriculum.baselines import read_baselines, write_baselines
from tinytorch_lab.curriculum.cells import grade_id, is_test
from tinytorch_lab.curriculum.library import Library, Release
from tinytorch_lab.curriculum.notebooks import notebook_text
from tinytorch_lab.files import write_text
from tinytorch_lab.runner.contract import Executor


def release_files(library: Library) -> Iterator[tuple[str, str]]:
    """Yield the name below the release's root, and the text, of every file made from the curriculum."""
    yield "course.toml", (library.root / "course.toml").read_text(encoding="utf-8")
    for module in library.available_assignments():
        yield f"{module.name}/{module.name}.ipynb", notebook_text(library.student(module))
        readme = library.root / module.name / "README.md"
        if readme.is_file():
            yield f"{module.name}/README.md", readme.read_text(encoding="utf-8")


def stale_files(library: Library, release: Release) -> list[str]:
    """Return the release's files that differ from what the curriculum makes, and baselines that miss a test."""
    stale = [name for name, text in release_files(library) if not _holds(release.root / name, text)]
    for module in library.available_assignments():
        tests = {grade_id(cell) for cell in library.instructor(module).cells if is_test(cell)}
        path = release.baselines_path(module)
        if tests != set(read_baselines(path)):
            stale.append(path.relative_to(release.root).as_posix())
    return stale


def build_release(library: Library, release: Release, executor: Executor) -> list[str]:
    """Write the release's stale files and return their names.

    Baselines are measured anew only for a module whose notebook changed: they differ from run to run, and the
    release should not.
    """
    stale = stale_files(library, release)
    for name, text in release_files(library):
        if name in stale:
            write_text(release.root / name, text)
    for module in library.available_assignments():
        if any(name.startswith(f"{module.name}/") and not name.endswith(".md") for name in stale):
            write_baselines(release.baselines_path(module), check_runs(library, module, executor).baselines)
    return stale


def _holds(path: Path, text: str) -> bool:
    return path.is_file() and path.read_text(encoding="utf-8") == text
