"""The milestones: what each needs, its runs, their results and plots."""

import asyncio
import math
from dataclasses import asdict
from pathlib import Path
from typing import cast

from tinytorch_lab.api import schemas as wire
from tinytorch_lab.api.base import LabHandler, endpoint
from tinytorch_lab.errors import NotFoundError
from tinytorch_lab.learning.milestones.runs import MilestoneRun, MilestoneRuns
from tinytorch_lab.learning.milestones.state import (
    MilestoneResult,
    MilestoneState,
    list_milestones,
    milestone_state,
    result_path,
)
from tinytorch_lab.learning.workspace import Workspace
from tinytorch_lab.milestones.running import Progress
from tinytorch_lab.milestones.scripts import FULL, SCRIPTS

MILESTONES = "tinytorch_lab_milestones"
"""Key of the workspace's milestone runs in the web application's settings."""


class _Handler(LabHandler):
    """Base of the milestones' handlers."""

    @property
    def runs(self) -> MilestoneRuns:
        """The milestone runs of the student's workspace."""
        return cast(MilestoneRuns, self.settings[MILESTONES])

    async def answer_entry(self, number: str, status: int = 200) -> None:
        """Finish the request with the milestone as it stands."""
        self.answer(await asyncio.to_thread(milestone_entry, self.runs, int(number)), status)


class MilestonesHandler(_Handler):
    """All milestones."""

    @endpoint
    async def get(self) -> None:
        """Answer what each milestone needs, how its last run ended, and the run in progress."""
        self.answer(await asyncio.to_thread(milestone_list, self.runs))


class MilestoneHandler(_Handler):
    """One milestone."""

    @endpoint
    async def get(self, number: str) -> None:
        """Answer what the milestone needs, how its last run ended, and the run in progress."""
        await self.answer_entry(number)


class MilestoneRunHandler(_Handler):
    """The run of one milestone."""

    @endpoint
    async def post(self, number: str) -> None:
        """Start the milestone, with ``full`` its longer run, on the package as exported: 202; events tell the rest."""
        await asyncio.to_thread(self.runs.start, int(number), self.flag("full"))
        await self.answer_entry(number, 202)

    @endpoint
    async def delete(self, number: str) -> None:
        """Cancel the run in progress."""
        await asyncio.to_thread(self.runs.cancel, int(number))
        await self.answer_entry(number)


class PlotHandler(_Handler):
    """The plot of a milestone's last run."""

    @endpoint
    async def get(self, number: str) -> None:
        """Answer the plot as PNG."""
        plot = await asyncio.to_thread(read_plot, self.runs.workspace, int(number))
        self.set_header("Cache-Control", "no-store")
        self.finish(plot, set_content_type="image/png")


def milestone_list(runs: MilestoneRuns) -> wire.MilestoneList:
    """Return the course's milestones as the sidebar shows them."""
    # The runs first: one that ends meanwhile then only looks late, and its last event puts that right.
    latest = {milestone.number: runs.latest(milestone.number) for milestone in runs.workspace.course.milestones}
    states = list_milestones(runs.workspace)
    entries = [_entry(runs.workspace, state, latest[state.milestone.number]) for state in states]
    return wire.MilestoneList(milestones=entries)


def milestone_entry(runs: MilestoneRuns, number: int) -> wire.MilestoneEntry:
    """Return one milestone as the sidebar shows it; raises :class:`NotFoundError`."""
    latest = runs.latest(number)
    return _entry(runs.workspace, milestone_state(runs.workspace, number), latest)


def milestone_run_event(run: MilestoneRun) -> wire.MilestoneRunEvent:
    """Return what the event bus carries of a change."""
    return wire.MilestoneRunEvent(number=run.number, run=_run(run))


def read_plot(workspace: Workspace, number: int) -> bytes:
    """Return the PNG that the last run of milestone ``number`` left in the workspace.

    Raises:
        NotFoundError: the course has no such milestone, or its last run left no plot there.
    """
    result = milestone_state(workspace, number).result
    if result is None or not _has_plot(workspace, result):
        raise NotFoundError(f"The last run of milestone {number} left no plot in the workspace; run it again.")
    return _plot_path(workspace, number).read_bytes()


def _entry(workspace: Workspace, state: MilestoneState, run: MilestoneRun) -> wire.MilestoneEntry:
    quick, full = (scripts.get(state.milestone.number) for scripts in (SCRIPTS, FULL))
    return wire.MilestoneEntry(
        **asdict(state.milestone),
        minutes=quick.minutes if quick else 0,
        full_minutes=full.minutes if full else None,
        status=state.status,
        missing=list(state.missing),
        outdated=list(state.outdated),
        result=_result(workspace, state.result) if state.result else None,
        run=_run(run),
    )


def _result(workspace: Workspace, result: MilestoneResult) -> wire.MilestoneResult:
    return wire.MilestoneResult(
        passed=result.passed,
        date=result.date,
        message=result.message,
        figures=[wire.MilestoneFigure(name=name, value=value) for name, value in result.figures.items()],
        plot=_has_plot(workspace, result),
        seconds=result.seconds,
    )


def _run(run: MilestoneRun) -> wire.MilestoneRun:
    progress = _progress(run.progress) if run.progress else None
    return wire.MilestoneRun(run_id=run.run_id, state=run.state, progress=progress, reason=run.reason)


def _progress(progress: Progress) -> wire.MilestoneProgress:
    # JSON has no number for a loss that has diverged.
    losses = [loss if math.isfinite(loss) else None for loss in progress.losses]
    return wire.MilestoneProgress(done=progress.done, total=progress.total, step=progress.step, losses=losses)


def _has_plot(workspace: Workspace, result: MilestoneResult) -> bool:
    """Tell whether the plot beside the record is this result's; ``tito`` may have put its plot elsewhere."""
    path = _plot_path(workspace, result.number)
    return result.plot == workspace.relative(path) and path.is_file()


def _plot_path(workspace: Workspace, number: int) -> Path:
    return result_path(workspace, number).with_suffix(".png")
