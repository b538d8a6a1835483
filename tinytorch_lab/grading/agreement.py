"""How well a grader agrees with agreed marks: weighted kappa, and how far off the grader is at each level."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from statistics import fmean, pstdev

from tinytorch_lab.curriculum.markscheme import MarkScheme

DRIFT = 1.0
"""A grader whose last re-inserted samples are off by more points than this, on average, is drifting."""
_DRIFT_WINDOW = 5


@dataclass(frozen=True)
class SampleMark:
    """One grader's blind mark for one sample, beside the points that the instructors agreed on."""

    sample: int
    grader: str
    points: float
    agreed: float
    reinserted: bool = False


@dataclass(frozen=True)
class LevelDifference:
    """How many points a grader gives, on average, above (or, negative, below) the agreed ones at one level."""

    level: str
    marks: int
    difference: float


@dataclass(frozen=True)
class Agreement:
    """One grader against the agreed marks. ``kappa`` is absent where it says nothing: all marks in one level.

    ``drift`` is the mean difference over the last re-inserted samples, ``drifting`` whether that is a warning.
    """

    grader: str
    marks: int
    kappa: float | None
    difference: float
    levels: tuple[LevelDifference, ...]
    drift: float | None
    drifting: bool


@dataclass(frozen=True)
class Divisive:
    """A sample on which graders differ: their points, and the standard deviation of those."""

    sample: int
    agreed: float
    points: tuple[tuple[str, float], ...]
    spread: float


def agreement_of(grader: str, marks: Sequence[SampleMark], scheme: MarkScheme) -> Agreement:
    """Return how ``grader`` agrees with the agreed points, over the last mark for each sample.

    ``marks`` are in the order of time; those of other graders are left out.
    """
    own = [mark for mark in marks if mark.grader == grader]
    last = list({mark.sample: mark for mark in own if not mark.reinserted}.values())
    again = [mark.points - mark.agreed for mark in _last_reinserted(own)[-_DRIFT_WINDOW:]]
    drift = fmean(again) if again else None
    return Agreement(
        grader=grader,
        marks=len(last),
        kappa=weighted_kappa([(_place(scheme, mark.points), _place(scheme, mark.agreed)) for mark in last]),
        difference=fmean(mark.points - mark.agreed for mark in last) if last else 0.0,
        levels=_level_differences(last, scheme),
        drift=drift,
        drifting=drift is not None and len(again) > 1 and abs(drift) > DRIFT,
    )


def _last_reinserted(marks: Sequence[SampleMark]) -> list[SampleMark]:
    """Return the last mark for each sample met again, the latest at the end: while one is written it is saved often."""
    latest: dict[int, SampleMark] = {}
    for mark in marks:
        if mark.reinserted:
            latest.pop(mark.sample, None)
            latest[mark.sample] = mark
    return list(latest.values())


def divisive(marks: Sequence[SampleMark], least: float = 1.0) -> tuple[Divisive, ...]:
    """Return the samples whose points spread by ``least`` or more (standard deviation), the most first."""
    latest: dict[int, dict[str, SampleMark]] = defaultdict(dict)
    for mark in marks:
        latest[mark.sample][mark.grader] = mark
    found = []
    for sample, given in latest.items():
        spread = pstdev(mark.points for mark in given.values())
        if spread >= least:
            points = tuple((name, mark.points) for name, mark in sorted(given.items()))
            found.append(Divisive(sample, next(iter(given.values())).agreed, points, spread))
    return tuple(sorted(found, key=lambda item: (-item.spread, item.sample)))


def weighted_kappa(pairs: Sequence[tuple[int, int]]) -> float | None:
    """Return Cohen's kappa with quadratic weights over pairs of categories 0, 1, 2, …

    1 is full agreement, 0 what chance would give, below 0 less than chance; ``None`` without any pair, or when chance
    alone explains everything. Source: J. Cohen, "Weighted kappa", Psychological Bulletin 70 (1968).
    """
    if not pairs:
        return None
    observed = sum((first - second) ** 2 for first, second in pairs)
    # What two graders who use their own levels as often, but blindly, would disagree by.
    expected = sum((first - second) ** 2 for first, _ in pairs for _, second in pairs) / len(pairs)
    return None if expected == 0 else 1 - observed / expected


def _place(scheme: MarkScheme, points: float) -> int:
    return scheme.levels.index(scheme.level_for(points))


def _level_differences(marks: Sequence[SampleMark], scheme: MarkScheme) -> tuple[LevelDifference, ...]:
    by_level: dict[str, list[float]] = defaultdict(list)
    for mark in marks:
        by_level[scheme.level_for(mark.agreed).label].append(mark.points - mark.agreed)
    labels = [level.label for level in scheme.levels if level.label in by_level]
    return tuple(LevelDifference(label, len(by_level[label]), fmean(by_level[label])) for label in labels)
