"""``tito grade``, also spelt ``tito nbgrader``: a course from release to grades."""

from functools import cached_property
from typing import Any

import typer
from typer.core import TyperGroup
from typer.main import get_command

from tinytorch_lab.grading.service import GradingService


class GradeGroup(TyperGroup):
    """Loads its commands when one is asked for: students have no need, and may have no means, to import them."""

    def list_commands(self, ctx: Any) -> list[str]:
        """Return the names of the commands."""
        return self._group.list_commands(ctx)

    def get_command(self, ctx: Any, cmd_name: str) -> Any:
        """Return the command called ``cmd_name``."""
        return self._group.get_command(ctx, cmd_name)

    @cached_property
    def _group(self) -> TyperGroup:
        GradingService.require_nbgrader()
        from tinytorch_lab.cli.grade.commands import app as commands

        group = get_command(commands)
        if not isinstance(group, TyperGroup):
            raise TypeError("several commands make a group")
        return group


app = typer.Typer(
    cls=GradeGroup, help="Release, collect, autograde, mark and return a course's modules.", no_args_is_help=True
)
