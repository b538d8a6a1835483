"""Running a module's inline tests."""

import asyncio
from collections.abc import Mapping
from dataclasses import asdict

from tinytorch_lab.api.base import LabHandler, endpoint
from tinytorch_lab.api.schemas import TestHistory, TestRow, TestRun, TestRunEvent
from tinytorch_lab.curriculum.catalogue import ModuleInfo
from tinytorch_lab.errors import TinyTorchError
from tinytorch_lab.learning import results
from tinytorch_lab.learning.checksums import checksums_of_tests
from tinytorch_lab.learning.testing import Testing


class TestsHandler(LabHandler):
    """The test run of one module."""

    @endpoint
    async def get(self, name: str) -> None:
        """Answer the run in progress, or the last one."""
        self.answer(await asyncio.to_thread(latest_run, self.testing, self.module(name)))

    @endpoint
    async def post(self, name: str) -> None:
        """Start the tests, or the one that ``test`` names, on the notebook as saved: 202; events tell the rest."""
        only = self.text_field("test")
        self.answer(as_answer(await asyncio.to_thread(self.testing.start, self.module(name), only)), 202)

    @endpoint
    async def delete(self, name: str) -> None:
        """Cancel the run in progress."""
        self.answer(as_answer(await asyncio.to_thread(self.testing.cancel, self.module(name))))


class HistoryHandler(LabHandler):
    """How the tests of one module went over time."""

    @endpoint
    async def get(self, name: str) -> None:
        """Answer the past runs."""
        runs = await asyncio.to_thread(self.testing.results.history, self.module(name).name)
        self.answer(TestHistory(runs=list(runs)))


def latest_run(testing: Testing, module: ModuleInfo) -> TestRun:
    """Return the module's last run, its rows compared with the notebook as saved."""
    run = testing.latest(module)
    present: Mapping[str, str] | None
    try:
        present = checksums_of_tests(testing.workspace.notebook(module))
    except TinyTorchError:
        # What cannot be read cannot be compared; whoever runs the tests is told what is wrong with it.
        present = None
    return as_answer(run, present)


def as_answer(run: results.TestRun, present: Mapping[str, str] | None = None) -> TestRun:
    """Return ``run`` as it crosses the wire; ``present`` are the checksums of the notebook as it is now."""
    rows = [_row(row, present) for row in run.rows]
    fields = {key: value for key, value in asdict(run).items() if key not in ("rows", "package")}
    return TestRun.model_validate({**fields, "rows": rows})


def test_run_event(run: results.TestRun, row: results.TestRow | None) -> TestRunEvent:
    """Return what the event bus carries of a change."""
    return TestRunEvent(run_id=run.run_id, module=run.module, state=run.state, row=_row(row, None) if row else None)


def _row(row: results.TestRow, present: Mapping[str, str] | None) -> TestRow:
    stale = row.ended and present is not None and present.get(row.grade_id) != row.checksum
    return TestRow.model_validate({**asdict(row), "stale": stale})
