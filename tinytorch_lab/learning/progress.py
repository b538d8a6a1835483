"""How far a student is: one entry for every module of the course."""

from dataclasses import dataclass
from typing import Literal

from tinytorch_lab.curriculum.catalogue import ModuleInfo
from tinytorch_lab.learning.exporting import PackageState, package_state
from tinytorch_lab.learning.recheck import changed_since
from tinytorch_lab.learning.testing import Testing
from tinytorch_lab.learning.workspace import Workspace

ModuleStatus = Literal["unavailable", "not_started", "in_progress", "passed"]


@dataclass(frozen=True)
class ModuleProgress:
    """Where one module stands in the workspace.

    ``recheck`` are the earlier modules whose exported code changed since this one's tests were run.
    """

    module: ModuleInfo
    status: ModuleStatus
    tests_passed: int
    tests_total: int
    package: PackageState
    path: str | None
    recheck: tuple[ModuleInfo, ...] = ()


def course_progress(workspace: Workspace, testing: Testing) -> list[ModuleProgress]:
    """Return the progress of every module, in the course's order."""
    return [module_progress(workspace, testing, module) for module in workspace.course.modules]


def module_progress(workspace: Workspace, testing: Testing, module: ModuleInfo) -> ModuleProgress:
    """Return the progress of one module."""
    if not workspace.started(module):
        status: ModuleStatus = "not_started" if workspace.release.available(module) else "unavailable"
        return ModuleProgress(module, status, 0, 0, "missing", None)
    run = testing.latest(module)
    passed = run.state == "done" and bool(run.rows) and run.passed == len(run.rows)
    return ModuleProgress(
        module=module,
        status="passed" if passed else "in_progress",
        tests_passed=run.passed,
        tests_total=len(run.rows),
        package=package_state(workspace, module),
        path=workspace.relative(workspace.notebook_path(module)),
        recheck=changed_since(workspace, module, run) if run.state != "running" else (),
    )
