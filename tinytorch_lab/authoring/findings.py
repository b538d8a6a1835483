"""What the validator reports."""

from dataclasses import dataclass
from pathlib import Path

from tinytorch_lab.curriculum.source import SourceCell, SourceModule


@dataclass(frozen=True)
class Finding:
    """A defect: where it is, what is wrong, and what to do. ``line`` and ``cell`` count from 1."""

    file: Path
    line: int
    cell: int | None
    problem: str
    remedy: str

    def __str__(self) -> str:
        """Return the finding as one line that an editor can jump to."""
        cell = f" (cell {self.cell})" if self.cell else ""
        return f"{self.file}:{self.line}{cell}: {self.problem}; {self.remedy}."


def at_cell(module: SourceModule, cell: SourceCell, problem: str, remedy: str, *, text: str = "") -> Finding:
    """Return a finding at ``cell``, on the line holding ``text`` when one does."""
    line = cell.line_of(text) if text else cell.line
    return Finding(module.path, line, cell.number, problem, remedy)


def at_module(module: SourceModule, problem: str, remedy: str) -> Finding:
    """Return a finding about the module as a whole."""
    return Finding(module.path, 1, None, problem, remedy)
