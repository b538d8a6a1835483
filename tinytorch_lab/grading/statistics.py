"""How a class did: each test's pass rate and most frequent failures, and the distribution of scores."""

import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from statistics import fmean, quantiles
from typing import Protocol

_NUMBER = re.compile(r"-?\d+(?:\.\d+)?(?:[eE][-+]?\d+)?")
_MOST_REASONS = 3
_LONGEST_REASON = 300


class Scored(Protocol):
    """One student's result of one test, as evidence holds it."""

    @property
    def test(self) -> str: ...  # noqa: D102
    @property
    def score(self) -> float: ...  # noqa: D102
    @property
    def possible(self) -> float: ...  # noqa: D102
    @property
    def message(self) -> str: ...  # noqa: D102


@dataclass(frozen=True)
class FailureReason:
    """What ``count`` students failed a test with; ``example`` is the message of one of them."""

    example: str
    count: int


@dataclass(frozen=True)
class TestStatistics:
    """How ``taken`` students did in a test; ``average`` is the mean share of its points, the reasons most first."""

    __test__ = False

    test: str
    taken: int
    passed: int
    partly: int
    failed: int
    average: float
    reasons: tuple[FailureReason, ...]


@dataclass(frozen=True)
class Bin:
    """A bar of a histogram: ``count`` scores from ``low`` up to, but (save in the last bar) not at, ``high``."""

    low: float
    high: float
    count: int


@dataclass(frozen=True)
class Distribution:
    """The scores of a class, with quartiles as a box plot draws them (linear between neighbours)."""

    count: int
    mean: float
    minimum: float
    lower_quartile: float
    median: float
    upper_quartile: float
    maximum: float
    histogram: tuple[Bin, ...]


def statistics_by_test(runs: Iterable[Sequence[Scored]]) -> tuple[TestStatistics, ...]:
    """Return the statistics of every test in ``runs``, one run per student, in the order of their first coming."""
    results: dict[str, list[Scored]] = defaultdict(list)
    for run in runs:
        for result in run:
            results[result.test].append(result)
    return tuple(_one_test(name, found) for name, found in results.items())


def hardest(tests: Iterable[TestStatistics]) -> tuple[TestStatistics, ...]:
    """Return ``tests`` with the one that cost the class the largest share of its points first."""
    return tuple(sorted(tests, key=lambda test: (test.average, test.test)))


def distribution(scores: Sequence[float], total: float, bars: int = 10) -> Distribution | None:
    """Return how ``scores`` out of ``total`` points are distributed, or ``None`` when there are none.

    Raises:
        ValueError: ``total`` or ``bars`` is not positive.
    """
    if total <= 0 or bars < 1:
        raise ValueError("a distribution needs points and bars")
    if not scores:
        return None
    quarters = quantiles(scores, n=4, method="inclusive") if len(scores) > 1 else [scores[0]] * 3
    return Distribution(
        count=len(scores),
        mean=fmean(scores),
        minimum=min(scores),
        lower_quartile=quarters[0],
        median=quarters[1],
        upper_quartile=quarters[2],
        maximum=max(scores),
        histogram=_histogram(scores, total, bars),
    )


def _one_test(name: str, results: Sequence[Scored]) -> TestStatistics:
    passed = sum(result.score >= result.possible for result in results)
    partly = sum(0 < result.score < result.possible for result in results)
    return TestStatistics(
        test=name,
        taken=len(results),
        passed=passed,
        partly=partly,
        failed=len(results) - passed - partly,
        average=fmean(result.score / result.possible if result.possible else 1.0 for result in results),
        reasons=_reasons(result.message for result in results if result.score < result.possible and result.message),
    )


def _reasons(messages: Iterable[str]) -> tuple[FailureReason, ...]:
    """Count messages that differ in their numbers only as one."""
    examples: dict[str, str] = {}
    counts: Counter[str] = Counter()
    for message in messages:
        words = " ".join(message.split())[:_LONGEST_REASON]
        shape = _NUMBER.sub("#", words)
        examples.setdefault(shape, words)
        counts[shape] += 1
    return tuple(FailureReason(examples[shape], count) for shape, count in _most(counts))


def _most(counts: Mapping[str, int]) -> list[tuple[str, int]]:
    return sorted(counts.items(), key=lambda item: (-item[1], item[0]))[:_MOST_REASONS]


def _histogram(scores: Sequence[float], total: float, bars: int) -> tuple[Bin, ...]:
    counts = [0] * bars
    for score in scores:
        counts[min(max(int(score / total * bars), 0), bars - 1)] += 1
    return tuple(Bin(total * place / bars, total * (place + 1) / bars, count) for place, count in enumerate(counts))
