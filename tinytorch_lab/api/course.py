"""The course overview and the modules' notebooks."""

import asyncio
from pathlib import Path

from tinytorch_lab import __version__
from tinytorch_lab.api.base import LabHandler, endpoint
from tinytorch_lab.api.schemas import CourseOverview, ModuleEntry, OpenedModule, PhaseInfo
from tinytorch_lab.learning.progress import ModuleProgress, course_progress
from tinytorch_lab.learning.testing import Testing
from tinytorch_lab.learning.workspace import Opened, Workspace


class CourseHandler(LabHandler):
    """The sixteen modules and how far the student is."""

    @endpoint
    async def get(self) -> None:
        """Answer the course overview."""
        self.answer(await asyncio.to_thread(overview, self.testing, self.server_root))


class StartHandler(LabHandler):
    """Starting a module."""

    @endpoint
    async def post(self, name: str) -> None:
        """Copy the module's notebook into the workspace: 201 when it was made, 200 when it was there."""
        opened = await asyncio.to_thread(self.workspace.start, self.module(name))
        self.answer(opened_module(opened, self.workspace, self.server_root), 201 if opened.created else 200)


class ResetHandler(LabHandler):
    """Starting a module over."""

    @endpoint
    async def post(self, name: str) -> None:
        """Replace the module's notebook by the released one and answer where the old one was kept."""
        opened = await asyncio.to_thread(self.workspace.reset, self.module(name))
        self.answer(opened_module(opened, self.workspace, self.server_root))


def overview(testing: Testing, server_root: Path) -> CourseOverview:
    """Return the course as the sidebar lists it."""
    workspace = testing.workspace
    course = workspace.course
    total = course.automatic_points + course.written_points
    return CourseOverview(
        version=__version__,
        title=course.title,
        workspace=_below(workspace.root, server_root),
        phases=[PhaseInfo(number=phase.number, title=phase.title) for phase in course.phases],
        modules=[_entry(progress, total, workspace, server_root) for progress in course_progress(workspace, testing)],
        answer_words=course.answer_words,
    )


def opened_module(opened: Opened, workspace: Workspace, server_root: Path) -> OpenedModule:
    """Return ``opened`` with its paths as the browser names them."""
    return OpenedModule(
        module=opened.module.name,
        path=_below(opened.path, server_root),
        created=opened.created,
        backup=workspace.relative(opened.backup) if opened.backup else None,
    )


def _entry(progress: ModuleProgress, total: float, workspace: Workspace, server_root: Path) -> ModuleEntry:
    module = progress.module
    return ModuleEntry(
        name=module.name,
        number=module.number,
        title=module.title,
        phase=module.phase,
        summary=module.summary,
        prerequisites=list(module.prerequisites),
        exports=list(module.exports),
        points=total,
        status=progress.status,
        path=_below(workspace.notebook_path(module), server_root) if progress.path else None,
        tests_passed=progress.tests_passed,
        tests_total=progress.tests_total,
        package=progress.package,
    )


def _below(path: Path, server_root: Path) -> str:
    relative = path.relative_to(server_root).as_posix()
    return "" if relative == "." else relative
