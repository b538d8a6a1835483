"""How well graders agree, beside scikit-learn and by hand."""

import random

import pytest
from sklearn.metrics import cohen_kappa_score

from tinytorch_lab.curriculum.markscheme import Level, MarkScheme
from tinytorch_lab.grading.agreement import SampleMark, agreement_of, divisive, weighted_kappa

SCHEME = MarkScheme(
    10,
    tuple(
        Level(label, low, high, ())
        for label, low, high in (("EXCELLENT", 9, 10), ("GOOD", 7, 8), ("SATISFACTORY", 5, 6), ("WEAK", 0, 4))
    ),
)


@pytest.mark.parametrize("seed", range(20))
def test_kappa_is_what_scikit_learn_says(seed):
    random.seed(seed)
    first = [random.randrange(5) for _ in range(30)]
    second = [min(4, max(0, value + random.choice((-1, 0, 0, 1)))) for value in first]
    expected = cohen_kappa_score(first, second, labels=range(5), weights="quadratic")
    assert weighted_kappa(list(zip(first, second, strict=True))) == pytest.approx(expected)


def test_kappa_says_nothing_without_marks_or_when_all_are_alike():
    assert weighted_kappa([]) is None
    assert weighted_kappa([(2, 2)] * 5) is None
    assert weighted_kappa([(0, 0), (3, 3)]) == 1


def test_agreement_takes_the_last_mark_of_each_sample_and_tells_levels_apart():
    marks = [
        SampleMark(1, "tess", 2, 9.5),
        SampleMark(2, "tess", 6, 7.5),
        SampleMark(1, "tess", 9, 9.5),
        SampleMark(2, "omar", 1, 7.5),
    ]
    found = agreement_of("tess", marks, SCHEME)
    assert found.marks == 2
    assert found.difference == pytest.approx(-1.0)
    assert [(level.level, level.difference) for level in found.levels] == [("EXCELLENT", -0.5), ("GOOD", -1.5)]
    assert found.drift is None


def test_drift_counts_only_the_last_reinserted_samples():
    calm = [SampleMark(sample, "tess", 8, 8, reinserted=True) for sample in range(9)]
    assert not agreement_of("tess", calm, SCHEME).drifting
    strict = calm + [SampleMark(sample, "tess", 6, 8, reinserted=True) for sample in range(4)]
    found = agreement_of("tess", strict, SCHEME)
    assert found.drift == pytest.approx(-1.6)
    assert found.drifting
    once = [SampleMark(1, "tess", 2, 8, reinserted=True)]
    assert not agreement_of("tess", once, SCHEME).drifting
    assert not agreement_of("tess", once * 3, SCHEME).drifting, "one sample, saved while its mark was written"


def test_divisive_samples_come_with_everybodys_points():
    marks = [
        SampleMark(1, "tess", 9, 8),
        SampleMark(1, "omar", 4, 8),
        SampleMark(2, "tess", 7, 7),
        SampleMark(2, "omar", 7, 7),
    ]
    (found,) = divisive(marks)
    assert (found.sample, found.points, found.spread) == (1, (("omar", 4), ("tess", 9)), 2.5)
