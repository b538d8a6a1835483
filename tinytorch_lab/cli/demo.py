"""``tito demo``: a small synthetic course, end to end."""

from pathlib import Path
from typing import Annotated

import typer

from tinytorch_lab.cli.output import Json
from tinytorch_lab.cli.workspaces import CurriculumOption, library_at
from tinytorch_lab.grading.service import GradingService


def demo(
    keep: Annotated[Path | None, typer.Option("--keep", help="Keep the course in this new folder.")] = None,
    curriculum: CurriculumOption = None,
    as_json: Json = False,
) -> None:
    """Grade a small synthetic course from release to feedback, and print who got what and why."""
    GradingService.require_nbgrader()
    from tinytorch_lab.cli.grade.demo import run_demo

    run_demo(library_at(curriculum), keep, as_json=as_json)
