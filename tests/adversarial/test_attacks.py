"""No attack gains a point, reads, writes or reaches anything, stays behind, or disturbs the next submission."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.adversarial.corpus import ATTACKS, Surroundings, read_attack, reference_results, surroundings, violations
from tinytorch_lab.runner.contract import CellResult
from tinytorch_lab.runner.pool import LocalExecutor

ROOT = Path(__file__).parents[2]

Arena = tuple[LocalExecutor, Surroundings, list[CellResult]]


@pytest.fixture(scope="module", params=["bwrap", "landlock"])
def arena(request: pytest.FixtureRequest) -> Iterator[Arena]:
    with surroundings() as place, LocalExecutor(confinement=request.param) as executor:
        yield executor, place, reference_results(executor, place)


@pytest.mark.parametrize("path", ATTACKS, ids=lambda path: path.stem)
def test_attack(arena: Arena, path: Path) -> None:
    executor, place, reference = arena
    assert violations(executor, read_attack(path), place, reference) == []
