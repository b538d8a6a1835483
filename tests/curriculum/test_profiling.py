"""Module 14 against independent implementations: SciPy's tests and quantiles, PyTorch's counter, simulated coverage."""

import math
import sys
from types import ModuleType
from typing import Any

import numpy as np
import pytest

pytest_plugins = ("tests.curriculum.packages",)


@pytest.fixture(scope="module")
def profiling(tt: ModuleType) -> ModuleType:
    return sys.modules[f"{tt.__name__}.profiling"]


@pytest.mark.parametrize("n", [8, 13, 40])
@pytest.mark.parametrize("digits", [0, 1, 9])
def test_the_rank_test_is_scipys(n: int, digits: int, profiling: ModuleType):
    stats = pytest.importorskip("scipy.stats", reason="NOT TESTED: agreement with SciPy, which is not installed")
    draw = np.random.default_rng(n + digits)
    for shift in (-1.0, 0.0, 0.5):
        a, b = np.round(draw.normal(size=n), digits), np.round(shift + draw.normal(size=n + 5), digits)
        expected = stats.mannwhitneyu(a, b, alternative="less", method="asymptotic").pvalue
        np.testing.assert_allclose(profiling.chance_of_order(a, b), expected, rtol=1e-9)


def test_drift_is_the_statistic_of_kolmogorov_and_smirnov(profiling: ModuleType):
    stats = pytest.importorskip("scipy.stats", reason="NOT TESTED: agreement with SciPy, which is not installed")
    draw = np.random.default_rng(0)
    for n, m, digits in ((5, 9, 9), (100, 30, 1), (1000, 1000, 0)):
        a, b = np.round(draw.normal(size=n), digits), np.round(0.3 + draw.normal(size=m), digits)
        np.testing.assert_allclose(profiling.drift_score(a, b), stats.ks_2samp(a, b).statistic, rtol=1e-12)
        np.testing.assert_allclose(
            profiling.drift_limit(n, m, 0.05), stats.kstwobign.isf(0.05) * np.sqrt(1 / n + 1 / m), rtol=2e-3
        )


@pytest.mark.parametrize(("n", "confidence"), [(6, 0.95), (15, 0.9), (30, 0.95)])
def test_an_interval_holds_the_median_as_often_as_it_says(n: int, confidence: float, profiling: ModuleType):
    draw = np.random.default_rng(n)
    intervals = [profiling.median_interval(draw.exponential(size=n), confidence) for _ in range(2000)]
    covered = np.mean([low <= np.log(2) <= high for low, high in intervals])
    rank = int(profiling.median_interval(range(1, n + 1), confidence)[0])
    expected, narrower = (1 - 2 * sum(math.comb(n, i) for i in range(k)) / 2**n for k in (rank, rank + 1))
    assert expected >= confidence > narrower
    assert abs(covered - expected) < 0.02


def test_false_claims_stay_at_their_level(profiling: ModuleType):
    draw = np.random.default_rng(1)
    results = [profiling.BenchmarkResult.of(draw.lognormal(size=20)) for _ in range(2000)]
    claims = np.mean([profiling.is_faster(a, b) for a, b in zip(results[::2], results[1::2], strict=True)])
    assert 0.02 < claims < 0.08


def models(tt: ModuleType) -> dict[str, tuple[Any, tuple[int, ...]]]:
    rng = np.random.default_rng(0)
    layers = [tt.Linear(30, 20, rng=rng), tt.ReLU(), tt.Linear(20, 7, bias=False, rng=rng)]
    network = [tt.Conv2d(3, 4, 3), tt.ReLU(), tt.MaxPool2d(2), tt.Flatten(), tt.Linear(4 * 5 * 5, 6)]
    return {"layers": (tt.Sequential(layers), (9, 30)), "network": (tt.Sequential(network), (2, 3, 12, 12))}


@pytest.mark.parametrize("name", ["layers", "network"])
def test_products_are_counted_as_torch_counts_them(name: str, tt: ModuleType, profiling: ModuleType):
    """PyTorch counts products and convolutions only, without biases."""
    torch = pytest.importorskip("torch", reason="NOT TESTED: agreement with PyTorch's FLOP counter")
    from torch.utils.flop_counter import FlopCounterMode

    nn = torch.nn
    model, shape = models(tt)[name]
    theirs = {
        "layers": lambda: nn.Sequential(nn.Linear(30, 20), nn.ReLU(), nn.Linear(20, 7, bias=False)),
        "network": lambda: nn.Sequential(
            nn.Conv2d(3, 4, 3), nn.ReLU(), nn.MaxPool2d(2), nn.Flatten(), nn.Linear(100, 6)
        ),
    }[name]()
    counter = FlopCounterMode(display=False)
    with counter:
        theirs(torch.zeros(shape))
    everything = profiling.count_flops(model, shape)
    x = tt.Tensor(np.zeros(shape), requires_grad=True)
    counts = profiling.flops_by_op([model(x)])
    products = counts["MatMul"]
    if name == "network":
        results = model.layers[0](tt.Tensor(np.zeros(shape), requires_grad=True)).size
        products += results * 2 * 3 * 9
    assert products == counter.get_total_flops()
    assert everything == sum(counts.values())


def test_own_times_of_a_language_model_add_up(tt: ModuleType, profiling: ModuleType):
    model = tt.GPT(11, 8, 2, 2, 6)
    profiles = profiling.Profiler(model)(tt.Tensor(np.zeros((3, 6), dtype=np.int64)))
    np.testing.assert_allclose(sum(profile.own_seconds for profile in profiles), profiles[0].seconds)
    assert profiles[0].flops == profiling.count_flops(model, (3, 6), dtype=np.int64)
    assert {name for name, _ in model.named_modules()} - {""} >= {
        p.name for p in profiles if p.kind == "TransformerBlock"
    }


def test_a_profile_leaves_another_profiler_in_place(tt: ModuleType, profiling: ModuleType):
    def other(*_event: Any) -> None:
        """Stand for a profiler that was there before."""

    before = sys.getprofile()
    sys.setprofile(other)
    try:
        profiling.Profiler(tt.Sequential(tt.ReLU()))(tt.Tensor([1.0]))
        assert sys.getprofile() is other
    finally:
        sys.setprofile(before)


def test_every_op_of_the_framework_has_a_rule(tt: ModuleType, profiling: ModuleType):
    """A new op without a FLOP rule would make count_flops fail on the models that use it."""

    def kinds(kind: type) -> set[type]:
        return {kind, *(below for child in kind.__subclasses__() for below in kinds(child))}

    later = {f"{tt.__name__}.acceleration", f"{tt.__name__}.tinygpt"}
    known = {kind for kind in kinds(tt.Op) if kind.__module__.startswith(tt.__name__) and kind.__module__ not in later}
    assert sorted(kind.__name__ for kind in known - {tt.Op} - set(profiling.FLOPS)) == []
