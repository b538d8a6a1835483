"""One executor for all runner tests, and the few lines that make a job from sources."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest

from tinytorch_lab.runner.contract import Cell, CellResult, Job, RunEnd
from tinytorch_lab.runner.pool import LocalExecutor

RunJob = Callable[..., tuple[list[CellResult], RunEnd]]


@pytest.fixture(scope="session", params=["bwrap", "landlock", "none"])
def executor(request: pytest.FixtureRequest) -> Iterator[LocalExecutor]:
    with LocalExecutor(confinement=request.param) as made:
        yield made


@pytest.fixture
def run(executor: LocalExecutor) -> RunJob:
    """Run sources (student cells) or cells; return the results and the end."""

    def run_job(*sources: str | Cell, **settings: Any) -> tuple[list[CellResult], RunEnd]:
        cells = tuple(
            source if isinstance(source, Cell) else Cell(f"c{number}", source) for number, source in enumerate(sources)
        )
        *results, end = executor.submit(Job(cells, **settings))
        assert isinstance(end, RunEnd)
        assert [result.id for result in results if isinstance(result, CellResult)] == [cell.id for cell in cells]
        return results, end  # type: ignore[return-value]

    return run_job
