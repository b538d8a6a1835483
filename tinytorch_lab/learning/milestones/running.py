"""Running a milestone on the student's own package."""

from datetime import UTC, datetime
from pathlib import Path

from tinytorch_lab.errors import ConflictError, InvalidInputError, NotAvailableError
from tinytorch_lab.learning.milestones.state import (
    MilestoneResult,
    MilestoneState,
    milestone_state,
    result_path,
    write_result,
)
from tinytorch_lab.learning.workspace import Workspace
from tinytorch_lab.milestones.plot import check_format, save_plot
from tinytorch_lab.milestones.running import Judged, Listener, start_script
from tinytorch_lab.milestones.scripts import FULL, SCRIPTS
from tinytorch_lab.runner.contract import Executor, Limits


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
        raise InvalidInputError(f"Milestone {number} has one length only, and no longer run.")
    script = (FULL if full else SCRIPTS)[number]
    target = plot or result_path(workspace, number).with_suffix(".png")
    check_format(target)
    limits = Limits.from_table({**workspace.course.limits, **script.limits})
    judged = start_script(executor, script, workspace.package, limits).finish(listener)
    if judged.outcome is not None:
        save_plot(target, judged.outcome.draw)
    result = _result(number, judged, _shown(workspace, target))
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


def _result(number: int, judged: Judged, plot: str) -> MilestoneResult:
    outcome = judged.outcome
    return MilestoneResult(
        number=number,
        passed=judged.passed,
        date=datetime.now(UTC).isoformat(timespec="seconds"),
        message=judged.message,
        figures=outcome.figures if outcome else {},
        plot=plot if outcome else None,
        seconds=judged.seconds,
    )


def _shown(workspace: Workspace, plot: Path) -> str:
    path = plot.resolve()
    return workspace.relative(path) if path.is_relative_to(workspace.root) else str(path)
