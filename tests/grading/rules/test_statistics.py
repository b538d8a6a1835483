"""Statistics of a class, beside figures worked out by hand."""

from dataclasses import dataclass

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tinytorch_lab.grading.statistics import FailureReason, distribution, hardest, statistics_by_test


@dataclass(frozen=True)
class Result:
    test: str
    score: float
    possible: float = 10.0
    message: str = ""


def test_counts_and_averages():
    runs = [[Result("a", 10), Result("b", 5)], [Result("a", 10), Result("b", 0)], [Result("a", 0)], []]
    a, b = statistics_by_test(runs)
    assert (a.test, a.taken, a.passed, a.partly, a.failed) == ("a", 3, 2, 0, 1)
    assert a.average == pytest.approx(2 / 3)
    assert (b.taken, b.passed, b.partly, b.failed, b.average) == (2, 0, 1, 1, 0.25)
    assert hardest([a, b]) == (b, a)


def test_failures_that_differ_in_numbers_only_are_one_reason():
    messages = ["got 5, expected 4", "got -6.5,  expected\n1e-3", "NotImplementedError: ", "got 7, expected 4", ""]
    runs = [[Result("a", 0, message=message)] for message in messages]
    runs.append([Result("a", 10, message="took long but passed")])
    (a,) = statistics_by_test(runs)
    assert a.reasons == (FailureReason("got 5, expected 4", 3), FailureReason("NotImplementedError:", 1))


def test_three_reasons_at_most_the_most_frequent_first():
    runs = [[Result("a", 0, message=kind * 3)] for kind in "abbcccdddd"]
    (a,) = statistics_by_test(runs)
    assert [(reason.example, reason.count) for reason in a.reasons] == [("ddd", 4), ("ccc", 3), ("bbb", 2)]


def test_a_test_without_points_divides_by_nothing():
    (a,) = statistics_by_test([[Result("a", 0, possible=0)]])
    assert (a.passed, a.average) == (1, 1.0)


def test_the_distribution_of_scores():
    found = distribution([0, 25, 50, 75, 100], 100, bars=4)
    assert found is not None
    assert (found.lower_quartile, found.median, found.upper_quartile) == (25, 50, 75)
    assert (found.minimum, found.mean, found.maximum, found.count) == (0, 50, 100, 5)
    assert [(bar.low, bar.high, bar.count) for bar in found.histogram] == [
        (0, 25, 1),
        (25, 50, 1),
        (50, 75, 1),
        (75, 100, 2),
    ]


def test_one_score_and_none():
    found = distribution([7], 10)
    assert found is not None
    assert (found.lower_quartile, found.median, found.upper_quartile) == (7, 7, 7)
    assert distribution([], 10) is None
    with pytest.raises(ValueError, match="needs points"):
        distribution([1], 0)


@given(st.lists(st.integers(-20, 520).map(lambda quarters: quarters / 4), min_size=1, max_size=50), st.integers(1, 12))
def test_every_score_is_in_one_bar(scores: list[float], bars: int):
    found = distribution(scores, 100, bars)
    assert found is not None
    assert sum(bar.count for bar in found.histogram) == len(scores)
    assert found.minimum <= found.lower_quartile <= found.median <= found.upper_quartile <= found.maximum
