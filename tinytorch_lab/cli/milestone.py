"""``tito milestone``: what the student's own package can do."""

import math
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer
from rich import progress as rich_progress

from tinytorch_lab.cli.output import Json, err, say, show_json, show_table
from tinytorch_lab.cli.workspaces import WorkspaceOption, workspace_at
from tinytorch_lab.learning.milestones.running import run_milestone
from tinytorch_lab.learning.milestones.state import MilestoneResult, MilestoneState, list_milestones, milestone_state
from tinytorch_lab.learning.workspace import Workspace
from tinytorch_lab.milestones.running import Progress
from tinytorch_lab.runner.pool import LocalExecutor

app = typer.Typer(help="Prove what your own package can do.", no_args_is_help=True)

_BARS, _CURVE_WIDTH = "▁▂▃▄▅▆▇█", 24

_STATUS = {
    "unavailable": "not yet available",
    "blocked": "needs modules",
    "ready": "ready",
    "failed": "not reached",
    "passed": "passed",
}


@app.command("list")
def list_all(workspace: WorkspaceOption = None, as_json: Json = False) -> None:
    """List the milestones, what each needs, and how its last run ended."""
    states = list_milestones(workspace_at(workspace))
    if as_json:
        show_json([_record(state) for state in states])
    else:
        show_table("Milestones", [_row(state) for state in states], as_json=False)


@app.command("run")
def run(
    number: Annotated[int, typer.Argument(metavar="N", help="The milestone's number.")],
    output: Annotated[
        Path | None,
        typer.Option("--output", "-o", help="Where to write the plot. Default: in the workspace's .tinytorch."),
    ] = None,
    full: Annotated[
        bool, typer.Option("--full", help="The long run of milestone 4: some minutes, and more is asked of it.")
    ] = False,
    workspace: WorkspaceOption = None,
    as_json: Json = False,
) -> None:
    """Run a milestone on your own package as exported, draw its plot and record the result; exits with 1 if missed."""
    place = workspace_at(workspace)
    result = _run(place, number, output, full)
    if as_json:
        show_json(asdict(result))
    else:
        _print(place, result)
    if not result.passed:
        raise typer.Exit(1)


def _run(place: Workspace, number: int, output: Path | None, full: bool) -> MilestoneResult:
    columns = (
        rich_progress.TextColumn("{task.description}"),
        rich_progress.BarColumn(),
        rich_progress.MofNCompleteColumn(),
    )
    shown = rich_progress.Progress(*columns, console=err, transient=True, disable=not err.is_terminal)
    with LocalExecutor(confinement="none") as executor, shown as bar:
        task = bar.add_task(f"Milestone {number}", total=None)

        def follow(progress: Progress) -> None:
            losses = progress.losses
            loss = f", loss {losses[-1]:.3g} {loss_curve(losses)}" if losses else ""
            bar.update(
                task,
                total=progress.total,
                completed=progress.done,
                description=f"Milestone {number}: {progress.step}{loss}",
            )

        return run_milestone(place, executor, number, follow, output, full)


def loss_curve(losses: Sequence[float]) -> str:
    """Return losses as a line of at most 24 bars, the highest one full; of many, every so many, the last included.

    A loss that has diverged is "!".
    """
    every = -(-len(losses) // _CURVE_WIDTH)
    shown = losses[::-1][::every][::-1]
    finite = [loss for loss in shown if math.isfinite(loss)]
    low, high = min(finite, default=0.0), max(finite, default=0.0)

    def bar(loss: float) -> str:
        return _BARS[round((loss - low) / ((high - low) or 1) * (len(_BARS) - 1))] if math.isfinite(loss) else "!"

    return "".join(map(bar, shown))


def _print(place: Workspace, result: MilestoneResult) -> None:
    state = milestone_state(place, result.number)
    say(f"Milestone {result.number}, {state.milestone.title}: {'passed' if result.passed else 'not reached'}.")
    say(result.message)
    for name in state.outdated:
        say(f"{name}.ipynb has changed since it was exported; 'tito export {name}' brings your package up to date.")
    if result.plot:
        say(f"Plot: {place.root / result.plot}")


def _row(state: MilestoneState) -> dict[str, object]:
    result = state.result
    return {
        "milestone": state.milestone.number,
        "title": state.milestone.title,
        "goal": state.milestone.goal,
        "status": _STATUS[state.status],
        "needs": f"{', '.join(state.missing)} exported" if state.missing else None,
        "last_run": f"{'passed' if result.passed else 'not reached'}, {result.date[:10]}" if result else None,
        "figures": _figures(result) if result else None,
    }


def _figures(result: MilestoneResult) -> str:
    return ", ".join(f"{name.replace('_', ' ')} {value:.3g}" for name, value in result.figures.items())


def _record(state: MilestoneState) -> dict[str, object]:
    return {
        **asdict(state.milestone),
        "status": state.status,
        "missing": list(state.missing),
        "outdated": list(state.outdated),
        "result": asdict(state.result) if state.result else None,
    }
