"""Time the exporter beside nbdev on the same sixteen notebooks, in one run: ``python bench/export.py [--json]``.

A module that has not been written yet is stood in for by a copy of one that has, under a name of its own. Both
exporters read the notebooks from disk; nbdev runs in this process, so its import is not counted.
"""

import argparse
import json
import logging
import shutil
import statistics
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import nbformat
from nbdev.export import nb_export

from tinytorch_lab.curriculum.library import Library, find_library
from tinytorch_lab.package.exporter import NotebookSource, check_package, export_package

REPEATS = 7
GOALS = {"all sixteen": 0.5, "one changed": 0.05}


def write_notebooks(library: Library, folder: Path) -> list[Path]:
    """Write the sixteen notebooks; each exports to modules nobody else exports to."""
    written = library.available_modules()
    paths = []
    for place, module in enumerate(library.course.modules):
        notebook = library.instructor(module if module in written else written[place % len(written)])
        for cell in notebook.cells if module not in written else ():
            cell.source = cell.source.replace("#| default_exp ", f"#| default_exp m{place}_")
            cell.source = cell.source.replace("#| export ", f"#| export m{place}_")
        path = folder / f"{module.name}.ipynb"
        nbformat.write(notebook, path)
        paths.append(path)
    return paths


def sources(paths: list[Path]) -> list[NotebookSource]:
    """Read the notebooks as nbdev does, without nbformat's validation."""
    contents = [json.loads(path.read_text(encoding="utf-8")) for path in paths]
    for content in contents:
        for cell in content["cells"]:
            cell["source"] = "".join(cell["source"])
    return [
        NotebookSource(f"modules/{path.name}", nbformat.from_dict(content))
        for path, content in zip(paths, contents, strict=True)
    ]


def side_modules(loaded: list[NotebookSource]) -> set[str]:
    """Return the modules other than a notebook's default: nbdev wants their files to exist."""
    firsts = [cell.source.split("\n", 1)[0].split() for source in loaded for cell in source.notebook.cells]
    return {first[2] for first in firsts if first[:2] == ["#|", "export"] and len(first) == 3}


def with_nbdev(paths: list[Path], package: Path, side: set[str]) -> None:
    package.mkdir()
    for module in side:
        (package / f"{module}.py").write_text("__all__ = []\n")
    for path in paths:
        nb_export(str(path), lib_path=str(package))


def median(action: Callable[[], object], prepare: Callable[[], object] = lambda: None) -> float:
    times = []
    for _ in range(REPEATS):
        prepare()
        start = time.perf_counter()
        action()
        times.append(time.perf_counter() - start)
    return statistics.median(times)


def measure(folder: Path) -> dict[str, float]:
    notebooks = folder / "modules"
    notebooks.mkdir()
    paths = write_notebooks(find_library(Path(__file__).parent), notebooks)
    loaded, package, theirs = sources(paths), folder / "tinytorch", folder / "nbdev"
    side = side_modules(loaded)
    nbdev = median(lambda: with_nbdev(paths, theirs, side), lambda: shutil.rmtree(theirs, ignore_errors=True))
    fresh = lambda: shutil.rmtree(package, ignore_errors=True)  # noqa: E731
    figures = {
        "all sixteen": median(lambda: export_package(loaded, package), fresh),
        "all sixteen, read from disk": median(lambda: export_package(sources(paths), package), fresh),
        "all sixteen, nbdev": nbdev,
        "nbformat's validation": median(lambda: [nbformat.validate(source.notebook) for source in loaded]),
        "nothing changed": median(lambda: export_package(loaded, package)),
    }
    counter = iter(range(REPEATS))

    def change() -> None:
        exported = next(cell for cell in loaded[0].notebook.cells if cell.source.startswith("#| export"))
        exported.source += f"\nCHANGED = {next(counter)}"

    figures["one changed"] = median(lambda: export_package(loaded[:1], package), change)
    figures["one checked"] = median(lambda: check_package(loaded[:1], package))
    figures["ratio to nbdev"] = nbdev / figures["all sixteen, read from disk"]
    return figures


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--json", action="store_true", help="print the figures as JSON")
    as_json = parser.parse_args().json
    logging.disable()
    with tempfile.TemporaryDirectory() as folder:
        figures = measure(Path(folder))
    missed = [name for name, goal in GOALS.items() if figures[name] > goal]
    if as_json:
        print(json.dumps({"figures": figures, "goals": GOALS, "missed": missed}, indent=2))
    else:
        for name, value in figures.items():
            unit = f"{value:8.1f} x " if name.startswith("ratio") else f"{value * 1000:8.1f} ms"
            goal = f"   goal {GOALS[name] * 1000:.0f} ms" if name in GOALS else ""
            print(f"{name:<30}{unit}{goal}")
    raise SystemExit(1 if missed else 0)


if __name__ == "__main__":
    main()
