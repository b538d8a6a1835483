"""The course grade: what every part earned, what is decided so far, and what is still possible.

Shares run from 0 to 1 throughout; only whoever shows them makes percentages of them.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

from tinytorch_lab.errors import InvalidInputError

PartKind = Literal["module", "milestone", "midterm", "final"]
PartState = Literal["open", "missing", "submitted", "provisional", "graded"]
"""``missing``: due and not there; ``submitted``: not graded yet; ``provisional``: written answers wait for marks."""

_KINDS = ("modules", "milestones", "midterm", "final")


@dataclass(frozen=True)
class Weights:
    """Shares of the course grade, which add up to 1, and of a module's grade (its written share is the rest)."""

    modules: float
    milestones: float
    midterm: float
    final: float
    automatic: float = 0.7


@dataclass(frozen=True)
class Work:
    """One student's work on one assignment, in points; ``None`` where nothing is graded, or marked, yet.

    ``written`` is ``None`` while any answer waits for its mark. ``overdue`` tells that the student's due date is
    over, ``reachable`` which share of the points can still be earned by handing in now.
    """

    automatic: float | None = None
    automatic_total: float = 70.0
    written: float | None = None
    written_total: float = 30.0
    penalty: float = 0.0
    submitted: bool = False
    overdue: bool = False
    reachable: float = 1.0


@dataclass(frozen=True)
class MilestoneWork:
    """Whether a milestone was reached; until it is, it can be tried again unless it is ``closed``."""

    passed: bool
    closed: bool = False


@dataclass(frozen=True)
class StudentWork:
    """All that counts for one student. An assignment that the course has not set yet is an open :class:`Work`."""

    modules: Mapping[str, Work]
    milestones: Mapping[str, MilestoneWork]
    midterm: Work
    final: Work


@dataclass(frozen=True)
class Part:
    """One line of the grade: its ``weight`` in the course and the shares of it that are earned, sure and possible.

    ``earned`` counts missing work as nothing and is ``None`` while nothing is decided.
    """

    name: str
    kind: PartKind
    weight: float
    state: PartState
    earned: float | None
    lowest: float
    highest: float


@dataclass(frozen=True)
class CourseGrade:
    """The parts and their sums. ``so_far`` is the average over what is ``decided`` (a share of the course)."""

    parts: tuple[Part, ...]
    decided: float
    so_far: float | None
    lowest: float
    highest: float

    @property
    def final(self) -> bool:
        """Whether nothing can change any more."""
        return math.isclose(self.lowest, self.highest, abs_tol=1e-9)

    def missing(self) -> tuple[str, ...]:
        """Return the names of the parts that are due and not there."""
        return tuple(part.name for part in self.parts if part.state == "missing")


def course_weights(table: Mapping[str, Any], automatic: float, written: float, place: str = "course.toml") -> Weights:
    """Return the weights that the table ``[weights]`` of the file ``place`` states.

    ``automatic`` and ``written`` are the points of a module (``automatic_points``, ``written_points``).

    Raises:
        InvalidInputError: a share is missing, unknown or no number from 0 to 1, or they do not add up to 1.
    """
    if set(table) != set(_KINDS):
        raise InvalidInputError(f"{place}: [weights] must state {', '.join(_KINDS)} and nothing else.")
    for key, value in table.items():
        if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value <= 1:
            raise InvalidInputError(f"{place}: [weights] {key} = {value!r} must be a share from 0 to 1.")
    total = math.fsum(table.values())
    if not math.isclose(total, 1, abs_tol=1e-9):
        raise InvalidInputError(f"{place}: the shares in [weights] add up to {total:g}, not to 1.")
    return Weights(**table, automatic=automatic / (automatic + written))


def module_share(work: Work, automatic_weight: float, *, unmarked: float = 0.0) -> float | None:
    """Return the share of a module that is earned, late penalty off, or ``None`` before it is graded.

    ``unmarked`` is the share that answers without a mark are taken to earn. A module without written (or without
    automatic) points is graded by what it has.
    """
    if work.automatic is None:
        return None
    written = work.written_total * unmarked if work.written is None else work.written
    weight = automatic_weight if work.written_total and work.automatic_total else float(bool(work.automatic_total))
    automatic_part = weight * work.automatic / work.automatic_total if work.automatic_total else 0.0
    written_part = (1 - weight) * written / work.written_total if work.written_total else 0.0
    total = work.automatic_total + work.written_total
    return max(0.0, automatic_part + written_part - (work.penalty / total if total else 0.0))


def course_grade(weights: Weights, work: StudentWork) -> CourseGrade:
    """Return the grade that ``work`` stands for under ``weights``.

    Modules share their weight evenly, and so do milestones. In a module automatic and written points count
    ``weights.automatic`` to the rest; in midterm and final every point counts the same.
    """
    parts = [
        _work_part(name, "module", weights.modules / len(work.modules), item, weights.automatic)
        for name, item in work.modules.items()
    ]
    parts += [
        _milestone_part(name, weights.milestones / len(work.milestones), item) for name, item in work.milestones.items()
    ]
    parts.append(_work_part("midterm", "midterm", weights.midterm, work.midterm, _by_points(work.midterm)))
    parts.append(_work_part("final", "final", weights.final, work.final, _by_points(work.final)))
    settled = [(part.weight, part.earned) for part in parts if part.earned is not None]
    decided = math.fsum(weight for weight, _ in settled)
    return CourseGrade(
        parts=tuple(parts),
        decided=decided,
        so_far=math.fsum(weight * earned for weight, earned in settled) / decided if decided else None,
        lowest=math.fsum(part.weight * part.lowest for part in parts),
        highest=math.fsum(part.weight * part.highest for part in parts),
    )


def needed(grade: CourseGrade, goal: float) -> float | None:
    """Return the share of everything still open that reaches ``goal`` in the end; ``None`` when nothing can.

    0 means that the goal is reached already.
    """
    if goal <= grade.lowest + 1e-9:
        return 0.0
    if goal > grade.highest + 1e-9:
        return None
    return (goal - grade.lowest) / (grade.highest - grade.lowest)


def _by_points(work: Work) -> float:
    total = work.automatic_total + work.written_total
    return work.automatic_total / total if total else 1.0


def _work_part(name: str, kind: PartKind, weight: float, work: Work, automatic_weight: float) -> Part:
    earned = module_share(work, automatic_weight)
    if earned is not None:
        best = module_share(work, automatic_weight, unmarked=1.0)
        highest = earned if best is None else best
        # What is automatic alone would read as a bad grade, so nothing is decided before the last mark is given.
        marked = work.written is not None or not work.written_total
        return Part(
            name, kind, weight, "graded" if marked else "provisional", earned if marked else None, earned, highest
        )
    if work.submitted:
        return Part(name, kind, weight, "submitted", None, 0.0, 1.0)
    if work.overdue:
        return Part(name, kind, weight, "missing", 0.0, 0.0, work.reachable)
    return Part(name, kind, weight, "open", None, 0.0, 1.0)


def _milestone_part(name: str, weight: float, work: MilestoneWork) -> Part:
    if work.passed:
        return Part(name, "milestone", weight, "graded", 1.0, 1.0, 1.0)
    if work.closed:
        return Part(name, "milestone", weight, "missing", 0.0, 0.0, 0.0)
    return Part(name, "milestone", weight, "open", None, 0.0, 1.0)
