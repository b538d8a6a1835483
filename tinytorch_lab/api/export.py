"""Exporting notebooks into the student's own package."""

import asyncio
from collections.abc import Sequence
from dataclasses import asdict

from tinytorch_lab.api.base import LabHandler, endpoint
from tinytorch_lab.api.schemas import ExportProblem, ExportReport
from tinytorch_lab.curriculum.catalogue import ModuleInfo
from tinytorch_lab.learning import exporting
from tinytorch_lab.learning.workspace import Workspace
from tinytorch_lab.package.exporter import ExportError


class ExportHandler(LabHandler):
    """The export of one module, or of all that are started."""

    @endpoint
    async def post(self, name: str | None = None) -> None:
        """Export and answer what was written, or which cells are wrong."""
        modules = (self.module(name),) if name else self.workspace.started_modules()
        self.answer(await asyncio.to_thread(export_report, self.workspace, modules))


def export_report(workspace: Workspace, modules: Sequence[ModuleInfo]) -> ExportReport:
    """Export ``modules``; problems in notebooks are part of the answer, not an error."""
    try:
        result = exporting.export(workspace, modules)
    except ExportError as error:
        problems = [ExportProblem.model_validate(asdict(problem)) for problem in error.problems]
        return ExportReport(written=[], unchanged=[], problems=problems)
    return ExportReport(written=list(result.written), unchanged=list(result.unchanged), problems=[])
