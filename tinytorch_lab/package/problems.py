"""Why notebooks cannot be exported."""

from collections.abc import Sequence
from dataclasses import dataclass

from tinytorch_lab.errors import InvalidInputError


@dataclass(frozen=True)
class Problem:
    """One thing to correct; ``cell`` counts from 1, ``line`` from 1 within the cell."""

    notebook: str
    cell: int | None
    line: int | None
    message: str

    def __str__(self) -> str:
        cell = f", cell {self.cell}" if self.cell is not None else ""
        line = f", line {self.line}" if self.line is not None else ""
        return f"{self.notebook}{cell}{line}: {self.message}"


class ExportError(InvalidInputError):
    """The notebooks have problems; nothing was written."""

    def __init__(self, problems: Sequence[Problem]) -> None:
        super().__init__(tuple(problems))

    @property
    def problems(self) -> tuple[Problem, ...]:
        """Everything to correct, in the order of the notebooks; never empty."""
        problems: tuple[Problem, ...] = self.args[0]
        return problems

    def __str__(self) -> str:
        more = len(self.problems) - 1
        rest = f" ({more} more problem{'s' if more > 1 else ''})" if more else ""
        return f"{self.problems[0]}{rest}."
