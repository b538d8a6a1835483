"""Running a milestone on the student's own package."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from tinytorch_lab.errors import ConflictError, InvalidInputError, NotAvailableError
from tinytorch_lab.learning.milestones.explain import explain
from tinytorch_lab.learning.milestones.plot import check_format, save_plot
from tinytorch_lab.learning.milestones.script import LOSS, Malformed, Outcome, Script
from tinytorch_lab.learning.milestones.scripts import FULL, SCRIPTS
from tinytorch_lab.learning.milestones.state import (
    MilestoneResult,
    MilestoneState,
    milestone_state,
    result_path,
    write_result,
)
from tinytorch_lab.learning.workspace import Workspace
from tinytorch_lab.runner.contract import CellResult, Executor, Job, Limits, Run, RunEnd


@dataclass(frozen=True)
class MilestoneProgress:
    """How far a run is: steps ended of all, the last one's title, and the loss where there is one yet."""

    number: int
    done: int
    total: int
    step: str
    loss: float | None


Listener = Callable[[MilestoneProgress], None]


@dataclass
class _Gathered:
    """What a run's stream brought: the reports, or the sentence why it ended early."""

    reports: dict[str, list[Any]] = field(default_factory=dict)
    problem: str = ""
    seconds: float = 0.0


def run_milestone(
    workspace: Workspace,
    executor: Executor,
    number: int,
    listener: Listener | None = None,
    plot: Path | None = None,
    full: bool = False,
) -> MilestoneResult:
    """Run milestone ``number`` on the workspace's package, write its plot, and record the result.

    The plot goes to ``plot``, else beside the record; a run that ends early has none. ``full`` chooses the longer run.

    Raises:
        NotFoundError: the course has no such milestone.
        NotAvailableError: it has not been written yet, its data cannot be had, or the workspace cannot be written.
        ConflictError: modules it needs are not exported.
        InvalidInputError: ``plot`` has an ending that names no format, or the milestone has no longer run.
    """
    state = milestone_state(workspace, number)
    _require_ready(state)
    if full and number not in FULL:
        raise InvalidInputError(f"Milestone {number} has one length only; leave out --full.")
    script = (FULL if full else SCRIPTS)[number]
    target = plot or result_path(workspace, number).with_suffix(".png")
    check_format(target)
    gathered = _gather(executor.submit(_job(workspace, script)), number, script, workspace, listener)
    result = _concluded(workspace, number, script, gathered, target)
    write_result(workspace, result)
    return result


def _require_ready(state: MilestoneState) -> None:
    milestone = state.milestone
    if state.status == "unavailable":
        raise NotAvailableError(f"Milestone {milestone.number}, {milestone.title}, is not yet available.")
    if state.missing:
        raise ConflictError(
            f"Milestone {milestone.number} needs {', '.join(state.missing)} exported; "
            "run 'tito export MODULE' for each, or 'tito export --all'."
        )


def _job(workspace: Workspace, script: Script) -> Job:
    return Job(
        cells=script.steps,
        limits=Limits.from_table({**workspace.course.limits, **script.limits}),
        path=(str(workspace.root),),
        files=script.files(),
    )


def _gather(run: Run, number: int, script: Script, workspace: Workspace, listener: Listener | None) -> _Gathered:
    gathered = _Gathered()
    for done, item in enumerate(run, 1):
        if isinstance(item, RunEnd):
            gathered.seconds = item.seconds
            if item.integrity != "ok" and not gathered.problem:
                gathered.problem = f"The run does not count: {item.reason}."
        elif not gathered.problem:
            _take(gathered, item, workspace)
            if gathered.problem:
                run.cancel()
            elif listener is not None:
                losses = gathered.reports.get(LOSS, [None])
                loss = losses[-1] if isinstance(losses[-1], float) else None
                listener(MilestoneProgress(number, done, len(script.steps), item.id, loss))
    return gathered


def _take(gathered: _Gathered, result: CellResult, workspace: Workspace) -> None:
    if result.status != "ok":
        gathered.problem = explain(result, workspace.package)
    for probe in result.probes:
        gathered.reports.setdefault(probe.name, []).append(probe.value)


def _concluded(workspace: Workspace, number: int, script: Script, gathered: _Gathered, target: Path) -> MilestoneResult:
    outcome: Outcome | None = None
    problem = gathered.problem
    if not problem:
        try:
            outcome = script.judge(gathered.reports)
        except Malformed as malformed:
            problem = str(malformed)
    if outcome is not None:
        save_plot(target, outcome.draw)
    return MilestoneResult(
        number=number,
        passed=outcome is not None and outcome.passed,
        date=datetime.now(UTC).isoformat(timespec="seconds"),
        message=outcome.sentence if outcome else problem,
        figures=outcome.figures if outcome else {},
        plot=_shown(workspace, target) if outcome else None,
        seconds=gathered.seconds,
    )


def _shown(workspace: Workspace, plot: Path) -> str:
    path = plot.resolve()
    return workspace.relative(path) if path.is_relative_to(workspace.root) else str(path)
