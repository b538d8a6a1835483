"""How an answer is marked: by its question's own mark scheme, else by the course's rubric."""

from dataclasses import replace

from tinytorch_lab.curriculum.markscheme import Level, MarkScheme
from tinytorch_lab.grading.sources import KnownCell

DEFAULT = MarkScheme(
    10,
    (
        Level("Excellent", 9, 10, ("Argues from the student's own code and figures, to what follows for a system",)),
        Level("Good", 7, 8, ("Understands it, points to some of the code, sees the system in outline",)),
        Level("Satisfactory", 5, 6, ("Stays on the surface: true in general, little about this code or any system",)),
        Level("Needs improvement", 3, 4, ("Tries, but misses the ideas that matter",)),
        Level("No credit", 0, 2, ("No attempt, or about something else",)),
    ),
)
"""The course's rubric, for a question without a scheme of its own."""


def scheme_of(cell: KnownCell) -> MarkScheme:
    """Return the mark scheme of ``cell``, or the rubric scaled to the cell's points."""
    return cell.scheme or _scaled(DEFAULT, cell.points)


def _scaled(scheme: MarkScheme, total: float) -> MarkScheme:
    factor = total / scheme.total
    levels = (replace(level, low=level.low * factor, high=level.high * factor) for level in scheme.levels)
    return MarkScheme(total, tuple(levels))
