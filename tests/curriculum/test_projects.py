"""The final can be begun after Module 13, and the midterm judges a network by its layers, however they are nested."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from nbformat import NotebookNode

from tests.conftest import ROOT
from tinytorch_lab.curriculum.cells import points, role_of
from tinytorch_lab.curriculum.library import Library
from tinytorch_lab.curriculum.mutants import Mutant, mutate
from tinytorch_lab.package.build import build_earlier
from tinytorch_lab.runner.contract import CellResult, Job
from tinytorch_lab.runner.judge import judge
from tinytorch_lab.runner.notebook import cells_of
from tinytorch_lab.runner.pool import LocalExecutor

LIBRARY = Library(ROOT / "curriculum")
WITH_13 = {"test_tie_weights", "test_nucleus", "test_speculative", "test_bits_per_character"}
# The modules that a package has, and the tests of the final that pass with it.
PASSING = {
    "13": WITH_13,
    "15": {*WITH_13, "test_int8_copy"},
    "16": {*WITH_13, "test_int8_copy", "test_own_model"},
}
CONVOLUTIONS = """
        Conv2d(1, 8, 3, padding=1, rng=rng),
        ReLU(),
        MaxPool2d(2),
        Conv2d(8, 24, 3, padding=1, rng=rng),
        ReLU(),
        MaxPool2d(2),
        Flatten(),
"""
FLAT = f"""{CONVOLUTIONS}        Linear(24 * 16, 32, rng=rng),
        ReLU(),
        Linear(32, 10, rng=rng),
"""
NESTED = """
        Sequential(
            Sequential(Conv2d(1, 8, 3, padding=1, rng=rng), ReLU(), MaxPool2d(2)),
            Sequential(Conv2d(8, 24, 3, padding=1, rng=rng), ReLU(), MaxPool2d(2)),
        ),
        Sequential(Flatten(), Linear(24 * 16, 32, rng=rng), ReLU(), Linear(32, 10, rng=rng)),
"""
FEATURES_AND_HEAD = f"""
        Sequential({CONVOLUTIONS}        ),
        Sequential(Linear(24 * 16, 32, bias=False, rng=rng), ReLU(), Linear(32, 10, bias=False, rng=rng)),
"""
# 600,522 FLOPs, all of them in nested layers: 522 too many.
TOO_DEAR = """
        Sequential(Conv2d(1, 8, 3, padding=1, rng=rng), ReLU(), MaxPool2d(2)),
        Sequential(Conv2d(8, 60, 3, padding=1, rng=rng), ReLU(), MaxPool2d(4)),
        Sequential(Flatten(), Linear(240, 10, rng=rng)),
"""
BLIND = """
        Sequential(Conv2d(1, 8, 3, padding=1, rng=rng), ReLU(), MaxPool2d(2)),
        Sequential(Conv2d(8, 24, 1, rng=rng), ReLU(), MaxPool2d(2)),
        Sequential(Flatten(), Linear(24 * 16, 32, rng=rng), ReLU(), Linear(32, 10, rng=rng)),
"""


@pytest.fixture(scope="module")
def executor() -> Iterator[LocalExecutor]:
    with LocalExecutor() as executor:
        yield executor


def run(executor: LocalExecutor, notebook: NotebookNode, path: Path) -> dict[str, CellResult]:
    job = Job(cells_of(notebook, role_of), path=(str(path),), seed=1)
    return {item.id: item for item in executor.submit(job) if isinstance(item, CellResult)}


@pytest.mark.parametrize("last", PASSING)
def test_each_part_of_the_final_needs_the_modules_that_it_names(last: str, executor: LocalExecutor, tmp_path: Path):
    behind = {module.number: module for module in (*LIBRARY.course.modules, LIBRARY.course.assignment("final"))}
    build_earlier(LIBRARY, behind[int(last) + 1], tmp_path / "tinytorch")
    assert (tmp_path / "tinytorch" / "tinygpt.py").exists() == (last == "16")
    final = LIBRARY.instructor(LIBRARY.course.assignment("final"))
    tests = {cell["id"] for cell in final.cells if role_of(cell) == "test"}
    results = run(executor, final, tmp_path)
    assert {test for test in tests if results[test].status == "ok"} == PASSING[last]


@pytest.mark.parametrize(
    ("layers", "all_points"),
    [(FLAT, True), (NESTED, True), (FEATURES_AND_HEAD, True), (TOO_DEAR, False), (BLIND, False)],
    ids=["flat", "nested", "features and head", "nested, too dear", "nested, sees too little"],
)
def test_the_midterm_sees_into_nested_networks(layers: str, all_points: bool, executor: LocalExecutor, tmp_path: Path):
    midterm = LIBRARY.course.assignment("midterm")
    build_earlier(LIBRARY, midterm, tmp_path / "tinytorch")
    reference = LIBRARY.instructor(midterm)
    written = mutate(reference, Mutant("nested", "build_cnn", FLAT, layers, fails="", why=""))
    worth = {cell["id"]: points(cell) for cell in reference.cells if role_of(cell) == "test"}
    expected, got = (run(executor, notebook, tmp_path) for notebook in (reference, written))
    scores = {test: judge(got[test], expected[test], most).score for test, most in worth.items()}
    if all_points:
        assert scores == worth
    else:
        assert scores["test_build_cnn"] < worth["test_build_cnn"]
