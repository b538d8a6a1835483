"""Module 15 against PyTorch and against the arithmetic that its docstrings promise."""

import sys
from types import ModuleType
from typing import Any

import numpy as np
import pytest

pytest_plugins = ("tests.curriculum.packages",)


@pytest.fixture(scope="module")
def acceleration(tt: ModuleType) -> ModuleType:
    return sys.modules[f"{tt.__name__}.acceleration"]


def leaf(tt: ModuleType, draw: np.random.Generator, *shape: int) -> Any:
    return tt.Tensor(draw.normal(size=shape), dtype=np.float64, requires_grad=True)


@pytest.mark.parametrize("shape", [(7, 5), (2, 3, 5), (5,), (0, 5)], ids=str)
def test_the_fused_layer_is_torchs_linear_and_gelu(shape: tuple[int, ...], tt: ModuleType, acceleration: ModuleType):
    torch = pytest.importorskip("torch", reason="NOT TESTED: agreement of linear_gelu with PyTorch")
    draw = np.random.default_rng(0)
    ours = [leaf(tt, draw, *size) for size in (shape, (4, 5), (4,))]
    theirs = [torch.tensor(tensor.data, requires_grad=True) for tensor in ours]
    result = acceleration.linear_gelu(*ours)
    functional = torch.nn.functional
    expected = functional.gelu(functional.linear(*theirs), approximate="tanh")
    np.testing.assert_allclose(result.data, expected.detach().numpy(), rtol=1e-9, atol=1e-12)
    slope = draw.normal(size=result.shape)
    result.backward(slope)
    expected.backward(torch.from_numpy(slope))
    for mine, other in zip(ours, theirs, strict=True):
        np.testing.assert_allclose(mine.grad, other.grad.numpy(), rtol=1e-9, atol=1e-12)


def test_the_fused_layer_passes_central_differences(tt: ModuleType, acceleration: ModuleType):
    draw = np.random.default_rng(1)
    tensors = [leaf(tt, draw, *size) for size in ((3, 4), (5, 4), (5,))]
    assert tt.gradient_check(lambda *t: (acceleration.linear_gelu(*t) ** 2).sum(), *tensors) < 1e-6


@pytest.mark.parametrize(("temperature", "alpha"), [(1.0, 1.0), (4.0, 0.7), (0.5, 0.0)])
def test_distillation_is_torchs_divergence(temperature: float, alpha: float, tt: ModuleType, acceleration: ModuleType):
    torch = pytest.importorskip("torch", reason="NOT TESTED: agreement of distillation_loss with PyTorch")
    draw = np.random.default_rng(2)
    student, teacher, labels = leaf(tt, draw, 6, 4), leaf(tt, draw, 6, 4), draw.integers(0, 4, size=6)
    loss = acceleration.distillation_loss(student, teacher, labels, temperature, alpha)
    loss.backward()
    functional = torch.nn.functional
    v, t = torch.tensor(student.data, requires_grad=True), torch.tensor(teacher.data)
    soft = functional.kl_div(
        functional.log_softmax(v / temperature, -1), functional.softmax(t / temperature, -1), reduction="batchmean"
    )
    expected = alpha * temperature**2 * soft + (1 - alpha) * functional.cross_entropy(v, torch.from_numpy(labels))
    expected.backward()
    np.testing.assert_allclose(loss.item(), expected.item(), rtol=1e-9)
    np.testing.assert_allclose(student.grad, v.grad.numpy(), rtol=1e-9, atol=1e-12)


@pytest.mark.parametrize("axis", [None, 0, 1])
def test_rounding_is_off_by_half_a_step_at_most(axis: int | None, acceleration: ModuleType):
    """Also at the ends of the range, for ranges on one side of 0, and over forty orders of magnitude."""
    draw = np.random.default_rng(3)
    for exponent in range(-20, 21, 4):
        for shift in (-3.0, 0.0, 3.0):
            x = (draw.normal(size=(40, 30)) + shift) * 10.0**exponent
            q = acceleration.quantize_int8(x, axis)
            errors = np.abs(acceleration.dequantize(q).astype(np.float64) - x) / q.scale
            assert errors.max() <= 0.5 + 1e-4
            assert ((q.zero_point >= -128) & (q.zero_point <= 127)).all()


def test_quantized_numbers_are_torchs(acceleration: ModuleType):
    torch = pytest.importorskip("torch", reason="NOT TESTED: agreement of quantize_int8 with PyTorch")
    x = np.random.default_rng(4).normal(size=500).astype(np.float32)
    q = acceleration.quantize_int8(x)
    theirs = torch.fake_quantize_per_tensor_affine(
        torch.from_numpy(x), float(q.scale), int(q.zero_point), -128, 127
    ).numpy()
    ours = acceleration.dequantize(q)
    np.testing.assert_allclose(ours, theirs, atol=1.01 * float(q.scale))
    assert np.mean(np.isclose(ours, theirs, rtol=1e-5, atol=1e-7)) > 0.99


def test_integer_arithmetic_is_exact(tt: ModuleType, acceleration: ModuleType):
    """The layer is the product of the dequantized numbers, up to the rounding of the last float operations."""
    draw = np.random.default_rng(5)
    for width, outputs in ((1, 1), (17, 5), (2000, 3)):
        layer = tt.Linear(width, outputs, rng=draw)
        layer.weight.data = layer.weight.data + np.float32(0.5 / np.sqrt(width))
        quantized = acceleration.QuantizedLinear.from_linear(layer)
        x = (2 + draw.normal(size=(9, width))).astype(np.float32)
        rows = acceleration.dequantize(acceleration.quantize_int8(x, 0)).astype(np.float64)
        exact = rows @ acceleration.dequantize(quantized.weight).T.astype(np.float64) + layer.bias.data
        np.testing.assert_allclose(quantized(tt.Tensor(x)).data, exact, rtol=2e-6, atol=2e-6 * np.abs(exact).max())


def test_pruned_weights_are_those_of_torchs_global_pruning(tt: ModuleType, acceleration: ModuleType):
    torch = pytest.importorskip("torch", reason="NOT TESTED: agreement of magnitude_prune with PyTorch")
    from torch.nn.utils import prune

    draw = np.random.default_rng(6)
    model = tt.Sequential(tt.Linear(9, 14, rng=draw), tt.Tanh(), tt.Linear(14, 5, rng=draw))
    theirs = [torch.nn.Linear(9, 14), torch.nn.Linear(14, 5)]
    for layer, mine in zip(theirs, (model.layers[0], model.layers[2]), strict=True):
        layer.weight.data = torch.from_numpy(mine.weight.data.copy())
    acceleration.magnitude_prune(model, 0.6)
    prune.global_unstructured([(layer, "weight") for layer in theirs], pruning_method=prune.L1Unstructured, amount=0.6)
    for layer, mine in zip(theirs, (model.layers[0], model.layers[2]), strict=True):
        np.testing.assert_array_equal(mine.weight.data, layer.weight.detach().numpy())


def test_a_low_rank_layer_is_the_best_one(tt: ModuleType, acceleration: ModuleType):
    """No random pair of the same rank, and no small change of the pair, is nearer."""
    draw = np.random.default_rng(7)
    layer = tt.Linear(12, 8, rng=draw).to(np.float64)
    first, second = (part.weight.data for part in acceleration.low_rank(layer, 3).layers)
    best = np.linalg.norm(second @ first - layer.weight.data)
    for _ in range(200):
        other = (second + 1e-3 * draw.normal(size=second.shape)) @ (first + 1e-3 * draw.normal(size=first.shape))
        assert np.linalg.norm(other - layer.weight.data) >= best


def test_the_fused_layer_counts_as_its_three_ops_do(tt: ModuleType, acceleration: ModuleType):
    draw = np.random.default_rng(8)
    x, w, b = (leaf(tt, draw, *size) for size in ((2, 6, 5), (4, 5), (4,)))
    three = tt.flops_by_op([tt.gelu(x @ w.T + b)])
    assert sum(tt.flops_by_op([acceleration.linear_gelu(x, w, b)]).values()) == sum(three.values())
