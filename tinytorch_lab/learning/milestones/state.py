"""Where a student stands with each milestone: what it needs, and how its last run ended."""

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Literal

from tinytorch_lab.curriculum.catalogue import Milestone, ModuleInfo
from tinytorch_lab.files import write_text
from tinytorch_lab.learning.exporting import package_state
from tinytorch_lab.learning.workspace import Workspace
from tinytorch_lab.milestones.scripts import SCRIPTS

MilestoneStatus = Literal["unavailable", "blocked", "ready", "failed", "passed"]


@dataclass(frozen=True)
class MilestoneResult:
    """How a run ended. ``date`` is UTC in ISO format; ``plot`` is below the workspace, or absolute outside it."""

    number: int
    passed: bool
    date: str
    message: str
    figures: Mapping[str, float]
    plot: str | None
    seconds: float


@dataclass(frozen=True)
class MilestoneState:
    """One milestone in the workspace.

    ``missing`` are the modules it needs that are not exported yet, ``outdated`` those whose notebook has changed
    since. ``blocked`` means that some are missing; a run of earlier is remembered all the same.
    """

    milestone: Milestone
    status: MilestoneStatus
    missing: tuple[str, ...]
    outdated: tuple[str, ...]
    result: MilestoneResult | None


def list_milestones(workspace: Workspace) -> list[MilestoneState]:
    """Return the state of every milestone, in the course's order."""
    return [milestone_state(workspace, milestone.number) for milestone in workspace.course.milestones]


def milestone_state(workspace: Workspace, number: int) -> MilestoneState:
    """Return the state of milestone ``number``.

    Raises:
        NotFoundError: the course has no such milestone.
    """
    milestone = workspace.course.milestone(number)
    needed = workspace.course.needed(milestone)
    missing = tuple(module.name for module in needed if not _exported(workspace, module))
    outdated = tuple(module.name for module in needed if module.name not in missing and _outdated(workspace, module))
    result = read_result(workspace, number)
    status: MilestoneStatus = "ready"
    if number not in SCRIPTS:
        status = "unavailable"
    elif missing:
        status = "blocked"
    elif result is not None:
        status = "passed" if result.passed else "failed"
    return MilestoneState(milestone, status, missing, outdated, result)


def read_result(workspace: Workspace, number: int) -> MilestoneResult | None:
    """Return the last run's result; one that cannot be read counts as none, since running again restores it."""
    try:
        return MilestoneResult(**json.loads(result_path(workspace, number).read_text(encoding="utf-8")))
    except (OSError, ValueError, TypeError):
        return None


def write_result(workspace: Workspace, result: MilestoneResult) -> None:
    """Remember ``result`` in place of the one before.

    Raises:
        NotAvailableError: the workspace cannot be written.
    """
    write_text(result_path(workspace, result.number), json.dumps(asdict(result), indent=1) + "\n")


def result_path(workspace: Workspace, number: int) -> Path:
    """Return where the result of milestone ``number`` is, or would be; its plot stands beside it."""
    return workspace.state / "milestones" / f"{number}.json"


def _exported(workspace: Workspace, module: ModuleInfo) -> bool:
    return all((workspace.package / f"{name}.py").is_file() for name in module.exports)


def _outdated(workspace: Workspace, module: ModuleInfo) -> bool:
    return workspace.started(module) and package_state(workspace, module) != "current"
