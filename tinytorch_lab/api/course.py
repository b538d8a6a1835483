"""The course overview and the modules' notebooks."""

import asyncio
from pathlib import Path

from tinytorch_lab import __version__
from tinytorch_lab.api.base import LabHandler, endpoint
from tinytorch_lab.api.schemas import CourseOverview, ModuleEntry, OpenedModule, PhaseInfo, Readme
from tinytorch_lab.curriculum.catalogue import ModuleInfo
from tinytorch_lab.errors import NotFoundError
from tinytorch_lab.learning.cell_reset import reset_cell
from tinytorch_lab.learning.handing_in import saved_digest
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
        module = self.module(name)
        fetched = None if self.workspace.started(module) else await asyncio.to_thread(self.fetch, module)
        opened = await asyncio.to_thread(self.workspace.start, module, fetched)
        self.answer(opened_module(opened, self.workspace, self.server_root), 201 if opened.created else 200)


class ResetHandler(LabHandler):
    """Starting a module over."""

    @endpoint
    async def post(self, name: str) -> None:
        """Bring the released notebook back, or its cell named ``cell``; answer where the old notebook was kept."""
        module = self.module(name)
        fetched = await asyncio.to_thread(self.fetch, module)
        opened = await asyncio.to_thread(_reset, self.workspace, module, self.text_field("cell"), fetched)
        self.answer(opened_module(opened, self.workspace, self.server_root))


class ReadmeHandler(LabHandler):
    """What a module is about."""

    @endpoint
    async def get(self, name: str) -> None:
        """Answer the module's README."""
        self.answer(Readme(markdown=await asyncio.to_thread(read_readme, self.workspace, self.module(name))))


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


def read_readme(workspace: Workspace, module: ModuleInfo) -> str:
    """Return the module's README; raises :class:`NotFoundError`."""
    try:
        return workspace.release.readme_path(module).read_text(encoding="utf-8")
    except FileNotFoundError:
        raise NotFoundError(f"Module {module.name} has no README.") from None


def _reset(workspace: Workspace, module: ModuleInfo, cell: str | None, fetched: bytes | None) -> Opened:
    return workspace.reset(module, fetched) if cell is None else reset_cell(workspace, module, cell, fetched)


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
        recheck=[other.name for other in progress.recheck],
        readme=workspace.release.readme_path(module).is_file(),
        digest=saved_digest(workspace, module),
    )


def _below(path: Path, server_root: Path) -> str:
    relative = path.relative_to(server_root).as_posix()
    return "" if relative == "." else relative
