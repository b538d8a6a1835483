"""Every plausible mistake listed beside a module loses points in the test it names."""

from pathlib import Path

import pytest

from tests.conftest import ROOT
from tinytorch_lab.curriculum.catalogue import ModuleInfo
from tinytorch_lab.curriculum.cells import points, role_of
from tinytorch_lab.curriculum.library import Library
from tinytorch_lab.curriculum.mutants import mutate
from tinytorch_lab.package.build import build_earlier
from tinytorch_lab.runner.contract import CellResult, Job
from tinytorch_lab.runner.judge import judge
from tinytorch_lab.runner.notebook import cells_of
from tinytorch_lab.runner.pool import LocalExecutor

LIBRARY = Library(ROOT / "curriculum")
MODULES = LIBRARY.available_assignments()
FEWEST = 10


@pytest.fixture(scope="module")
def executor():
    with LocalExecutor() as executor:
        yield executor


@pytest.mark.parametrize("module", MODULES, ids=lambda module: module.name)
def test_each_mutant_is_caught(module: ModuleInfo, executor: LocalExecutor, tmp_path: Path):
    mutants = LIBRARY.mutants(module)
    assert len(mutants) >= FEWEST
    build_earlier(LIBRARY, module, tmp_path / "tinytorch")
    instructor = LIBRARY.instructor(module)
    worth = {cell["id"]: points(cell) for cell in instructor.cells}

    def run(notebook, only: str = "") -> dict[str, CellResult]:
        """Run all cells, or what the test ``only`` needs: what was written before it, without the other tests."""
        cells = cells_of(notebook, role_of)
        if only:
            end = next(place for place, cell in enumerate(cells, 1) if cell.id == only)
            cells = tuple(cell for cell in cells[:end] if cell.role != "test" or cell.id == only)
        job = Job(cells, path=(str(tmp_path),), seed=1)
        return {item.id: item for item in executor.submit(job) if isinstance(item, CellResult)}

    reference = run(instructor)
    survivors = []
    for mutant in mutants:
        result = run(mutate(instructor, mutant), mutant.fails)
        if judge(result[mutant.fails], reference[mutant.fails], worth[mutant.fails]).score >= worth[mutant.fails]:
            survivors.append(mutant.name)
    assert survivors == []
