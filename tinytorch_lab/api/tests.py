"""Running a module's inline tests."""

import asyncio
from dataclasses import asdict

from tinytorch_lab.api.base import LabHandler, endpoint
from tinytorch_lab.api.schemas import TestRow, TestRun, TestRunEvent
from tinytorch_lab.learning import testing as domain


class TestsHandler(LabHandler):
    """The test run of one module."""

    @endpoint
    async def get(self, name: str) -> None:
        """Answer the run in progress, or the last one."""
        self.answer(test_run(await asyncio.to_thread(self.testing.latest, self.module(name))))

    @endpoint
    async def post(self, name: str) -> None:
        """Start the tests on the notebook as saved: 202 with every row pending; events tell the rest."""
        self.answer(test_run(await asyncio.to_thread(self.testing.start, self.module(name))), 202)

    @endpoint
    async def delete(self, name: str) -> None:
        """Cancel the run in progress."""
        self.answer(test_run(await asyncio.to_thread(self.testing.cancel, self.module(name))))


def test_run(run: domain.TestRun) -> TestRun:
    """Return ``run`` as it crosses the wire."""
    return TestRun.model_validate(asdict(run))


def test_run_event(run: domain.TestRun, row: domain.TestRow | None) -> TestRunEvent:
    """Return what the event bus carries of a change."""
    changed = TestRow.model_validate(asdict(row)) if row else None
    return TestRunEvent(run_id=run.run_id, module=run.module, state=run.state, row=changed)
