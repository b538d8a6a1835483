"""Exporting notebooks into the student's own package."""

import asyncio
from collections.abc import Sequence
from dataclasses import asdict

from tinytorch_lab.api.base import LabHandler, endpoint
from tinytorch_lab.api.schemas import ExportProblem, ExportReport, PackageFile, PackageOverview
from tinytorch_lab.curriculum.catalogue import ModuleInfo
from tinytorch_lab.learning import exporting
from tinytorch_lab.learning.dependency_map import uses
from tinytorch_lab.learning.workspace import Workspace
from tinytorch_lab.package.exporter import ExportError, Problem


class ExportHandler(LabHandler):
    """The export of one module, or of all that are started."""

    @endpoint
    async def post(self, name: str | None = None) -> None:
        """Export and answer what was written, or which cells are wrong."""
        modules = (self.module(name),) if name else self.workspace.started_modules()
        self.answer(await asyncio.to_thread(export_report, self.workspace, modules))


class PackageHandler(LabHandler):
    """The student's package."""

    @endpoint
    async def get(self) -> None:
        """Answer what is exported, what is behind the notebooks, and who uses what of whom."""
        self.answer(await asyncio.to_thread(package_overview, self.workspace))


def package_overview(workspace: Workspace) -> PackageOverview:
    """Return the package as the sidebar shows it; the problems are those that an export would meet."""
    modules = workspace.started_modules()
    names = exporting.exported_names(workspace)
    files = [
        PackageFile(
            name=name,
            module=module.name,
            state=exporting.package_state(workspace, module) if name in names else "missing",
            names=list(names.get(name, ())),
        )
        for module in modules
        for name in module.exports
    ]
    problems = [_problem(problem) for problem in exporting.problems(workspace, modules)]
    return PackageOverview(files=files, uses=list(uses(workspace)), problems=problems)


def _problem(problem: Problem) -> ExportProblem:
    return ExportProblem.model_validate(asdict(problem))


def export_report(workspace: Workspace, modules: Sequence[ModuleInfo]) -> ExportReport:
    """Export ``modules``; problems in notebooks are part of the answer, not an error."""
    try:
        result = exporting.export(workspace, modules)
    except ExportError as error:
        return ExportReport(written=[], unchanged=[], problems=[_problem(problem) for problem in error.problems])
    return ExportReport(written=list(result.written), unchanged=list(result.unchanged), problems=[])
