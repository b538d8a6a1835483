"""Gradients of the reference package against central differences in float64."""

import gc
import math
import time
from collections.abc import Callable
from types import ModuleType
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import (
    BroadcastableShapes,
    array_shapes,
    integer_array_indices,
    mutually_broadcastable_shapes,
    valid_tuple_axes,
)

from tests.curriculum.gradient_cases import CASES, Case, Shape, TinyTorchDialect, spread

pytest_plugins = ("tests.curriculum.packages",)

TOLERANCE = 1e-6
STEP = 1e-6
few = settings(max_examples=40, deadline=None, derandomize=True, database=None)
seeds = st.integers(0, 2**32 - 1)


@pytest.fixture(scope="session")
def dialect(tt: ModuleType) -> TinyTorchDialect:
    return TinyTorchDialect(tt)


def measured_slopes(function: Callable[..., float], arrays: list[np.ndarray]) -> list[np.ndarray]:
    """Central differences of ``function(*arrays)`` for every element of every array."""
    slopes = []
    for array in arrays:
        slope = np.empty_like(array)
        for position in np.ndindex(array.shape):
            middle = array[position]
            array[position] = middle + STEP
            above = function(*arrays)
            array[position] = middle - STEP
            below = function(*arrays)
            array[position] = middle
            slope[position] = (above - below) / (2 * STEP)
        slopes.append(slope)
    return slopes


def gradients(tt: ModuleType, compute: Callable[..., Any], arrays: list[np.ndarray], wanted: set[int]) -> list[Any]:
    """Gradients of ``compute`` for the inputs at the positions ``wanted``, for a gradient of its result that varies."""
    leaves = [tt.Tensor(a, dtype=np.float64, requires_grad=n in wanted) for n, a in enumerate(arrays)]
    result = compute(*leaves)
    result.backward(weights(result.shape))
    return [leaf.grad for leaf in leaves]


def weights(shape: Shape) -> np.ndarray:
    return 1 + np.cos(np.arange(math.prod(shape)).reshape(shape))


def check(tt: ModuleType, compute: Callable[..., Any], arrays: list[np.ndarray]) -> None:
    """Compare all gradients of ``compute`` with central differences."""

    def number(*values: np.ndarray) -> float:
        result = compute(*[tt.Tensor(value, dtype=np.float64) for value in values])
        return float((result.data * weights(result.shape)).sum())

    found = gradients(tt, compute, arrays, set(range(len(arrays))))
    for position, (grad, slope) in enumerate(zip(found, measured_slopes(number, arrays), strict=True)):
        assert grad is not None, f"input {position} got no gradient"
        assert (grad.shape, grad.dtype) == (slope.shape, np.float64)
        np.testing.assert_allclose(grad, slope, rtol=TOLERANCE, atol=TOLERANCE, err_msg=f"input {position}")


@pytest.mark.parametrize("case", CASES, ids=str)
def test_central_differences(case: Case, tt: ModuleType, dialect: TinyTorchDialect):
    check(tt, lambda *tensors: case.compute(dialect, *tensors), case.arrays())


@pytest.mark.parametrize("case", [case for case in CASES if len(case.shapes) > 1], ids=str)
def test_each_input_alone(case: Case, tt: ModuleType, dialect: TinyTorchDialect):
    """What the other inputs need changes nothing, and who needs no gradient gets none."""

    def compute(*tensors: Any) -> Any:
        return case.compute(dialect, *tensors)

    arrays = case.arrays()
    together = gradients(tt, compute, arrays, set(range(len(arrays))))
    for wanted in range(len(arrays)):
        alone = gradients(tt, compute, arrays, {wanted})
        assert [grad is not None for grad in alone] == [n == wanted for n in range(len(arrays))]
        np.testing.assert_allclose(alone[wanted], together[wanted], rtol=1e-12, atol=1e-12)


@pytest.mark.parametrize("case", CASES, ids=str)
def test_gradients_have_memory_of_their_own(case: Case, tt: ModuleType, dialect: TinyTorchDialect):
    leaves = [tt.Tensor(array, dtype=np.float64, requires_grad=True) for array in case.arrays()]
    result = case.compute(dialect, *leaves)
    given = weights(result.shape)
    result.backward(given)
    for leaf in leaves:
        assert leaf.grad.flags.writeable
        assert not any(np.shares_memory(leaf.grad, other) for other in (given, result.data, *(x.data for x in leaves)))


@pytest.mark.parametrize("case", CASES, ids=str)
def test_rules_keep_single_precision(case: Case, tt: ModuleType, dialect: TinyTorchDialect):
    """No rule turns a float32 gradient into float64 on its way, where it would double memory unseen."""
    leaves = [tt.Tensor(array, dtype=np.float32, requires_grad=True) for array in case.arrays()]
    for tensor in tt.topological_order(case.compute(dialect, *leaves)):
        assert tensor.dtype == np.float32
        if tensor.creator is not None:
            slopes = tt.input_gradients(tensor.creator, np.ones(tensor.shape, dtype=np.float32))
            assert {slope.dtype for slope in slopes if slope is not None} == {np.dtype(np.float32)}


def test_every_op_has_a_rule_and_a_case(tt: ModuleType, dialect: TinyTorchDialect):
    """A new op needs a backward rule, and one of the first eight modules a line in gradient_cases.py.

    The ops of later modules have test files of their own, one for each module.
    """
    used: set[type] = set()
    for case in CASES:
        leaves = [tt.Tensor(array, dtype=np.float64, requires_grad=True) for array in case.arrays()]
        for tensor in tt.topological_order(case.compute(dialect, *leaves)):
            used.add(type(tensor.creator))
    ops = set(tt.Op.__subclasses__())
    assert ops - set(tt.BACKWARD) == set()
    early = {op for op in ops if op.__module__.rpartition(".")[2] in ("tensor", "activations", "losses", "autograd")}
    assert early - used == set()


@few
@given(
    shapes=mutually_broadcastable_shapes(num_shapes=2, max_dims=3, max_side=3), name=st.sampled_from("+-*/"), seed=seeds
)
def test_broadcasting(tt: ModuleType, shapes: BroadcastableShapes, name: str, seed: int):
    operations = {
        "+": lambda a, b: a + b,
        "-": lambda a, b: a - b,
        "*": lambda a, b: a * b,
        "/": lambda a, b: a / b,
    }
    rng = np.random.default_rng(seed)
    a, b = shapes.input_shapes
    check(tt, operations[name], [spread(rng, a), spread(rng, b, positive=True)])


@few
@given(
    shapes=mutually_broadcastable_shapes(signature="(n?,k),(k,m?)->(n?,m?)", max_dims=2, max_side=3),
    seed=seeds,
)
def test_matmul(tt: ModuleType, shapes: BroadcastableShapes, seed: int):
    rng = np.random.default_rng(seed)
    check(tt, lambda a, b: a @ b, [spread(rng, shape) for shape in shapes.input_shapes])


@few
@given(data=st.data(), shape=array_shapes(max_dims=4, max_side=3), kept=st.booleans(), seed=seeds)
@pytest.mark.parametrize("name", ["sum", "mean", "max"])
def test_reductions(tt: ModuleType, name: str, data: st.DataObject, shape: Shape, kept: bool, seed: int):
    axes = st.none() | st.integers(-len(shape), len(shape) - 1) | valid_tuple_axes(len(shape), min_size=1)
    axis = data.draw(axes)
    values = spread(np.random.default_rng(seed), shape)
    check(tt, lambda a: getattr(a, name)(axis=axis, keepdims=kept), [values])


@few
@given(data=st.data(), shape=array_shapes(max_dims=4, max_side=3), seed=seeds)
def test_transpose_and_reshape(tt: ModuleType, data: st.DataObject, shape: Shape, seed: int):
    axes = data.draw(
        st.permutations([axis - data.draw(st.sampled_from([0, len(shape)])) for axis in range(len(shape))])
    )
    values = spread(np.random.default_rng(seed), shape)
    check(tt, lambda a: (a.transpose(*axes) * 2.0).reshape(-1).reshape(shape), [values])


@few
@given(data=st.data(), shape=array_shapes(max_dims=3, max_side=4), seed=seeds)
def test_indexing_with_integer_arrays(tt: ModuleType, data: st.DataObject, shape: Shape, seed: int):
    index = data.draw(integer_array_indices(shape, result_shape=array_shapes(max_dims=2, max_side=4)))
    check(tt, lambda a: a[index], [spread(np.random.default_rng(seed), shape)])


@few
@given(data=st.data(), shape=array_shapes(max_dims=3, max_side=4), seed=seeds)
@pytest.mark.parametrize("name", ["softmax", "log_softmax"])
def test_softmax(tt: ModuleType, name: str, data: st.DataObject, shape: Shape, seed: int):
    axis = data.draw(st.integers(-len(shape), len(shape) - 1))
    check(tt, lambda a: getattr(tt, name)(a, axis=axis), [3 * spread(np.random.default_rng(seed), shape)])


@pytest.mark.parametrize("activation", ["ReLU", "Sigmoid", "Tanh", "Softmax", "GELU"])
def test_layers_with_their_own_parameters(tt: ModuleType, activation: str):
    """Gradients reach the parameters that ``parameters()`` lists, in a model put together as students do."""
    rng = np.random.default_rng(3)
    model = tt.Sequential(
        tt.Flatten(), tt.Linear(6, 4, rng=rng), getattr(tt, activation)(), tt.Linear(4, 3, bias=False, rng=rng)
    ).to(np.float64)
    inputs, labels = tt.Tensor(spread(rng, (5, 2, 3)), dtype=np.float64), np.array([0, 2, 1, 1, 0])
    loss = tt.CrossEntropyLoss()
    loss(model(inputs), labels).backward()

    def number(*_values: np.ndarray) -> float:
        return loss(model(inputs), labels).item()

    parameters = model.parameters()
    assert len(parameters) == 3
    slopes = measured_slopes(number, [parameter.data for parameter in parameters])
    for parameter, slope in zip(parameters, slopes, strict=True):
        np.testing.assert_allclose(parameter.grad, slope, rtol=TOLERANCE, atol=TOLERANCE)


def test_the_packages_own_check_agrees(tt: ModuleType, dialect: TinyTorchDialect):
    """``gradient_check`` finds nothing in a right rule, and something in a wrong one."""
    case = next(case for case in CASES if case.name == "layer norm")
    tensors = [tt.Tensor(array, dtype=np.float64) for array in case.arrays()]
    assert tt.gradient_check(lambda *inputs: (case.compute(dialect, *inputs) ** 3).sum(), *tensors) < TOLERANCE
    assert tt.gradient_check(lambda x: (x * tt.detach(x)).sum(), tensors[0]) > 0.1


def test_gradients_accumulate_over_passes_and_walks(tt: ModuleType):
    x = tt.Tensor([1.0, 2.0], requires_grad=True)
    loss = (x * x).sum()
    loss.backward()
    loss.backward()
    (3.0 * x).sum().backward()
    np.testing.assert_array_equal(x.grad, [7.0, 11.0])


def test_nothing_is_recorded_under_no_grad_and_past_detach(tt: ModuleType):
    x = tt.Tensor([1.0, 2.0], requires_grad=True)
    with tt.no_grad():
        silent = x * 3.0
    assert (silent.requires_grad, silent.creator) == (False, None)
    with pytest.raises(ZeroDivisionError), tt.no_grad():
        raise ZeroDivisionError
    cut = tt.detach(x * x)
    assert not cut.requires_grad
    (x * cut + x * silent).sum().backward()
    np.testing.assert_array_equal(x.grad, cut.data + silent.data)


def chain(tt: ModuleType, ops: int) -> Any:
    """A tensor ``ops`` operations behind a leaf; every other one joins a diamond, as residual connections do."""
    leaf = tt.Tensor(np.ones(4), requires_grad=True)
    tensor = leaf
    for _ in range(ops // 2):
        tensor = (tensor + tensor) * 0.5
    return leaf, tensor.sum()


def seconds_of_backward(tt: ModuleType, ops: int) -> float:
    """Time of recording such a chain and walking back."""
    start = time.process_time()
    leaf, end = chain(tt, ops)
    end.backward()
    seconds = time.process_time() - start
    np.testing.assert_array_equal(leaf.grad, np.ones(4))
    return seconds


def test_a_chain_of_5000_ops_takes_linear_time(tt: ModuleType):
    """Twice the ops take about twice the time: four times would be quadratic, and recursion would overflow."""
    gc.collect()
    pairs = [(seconds_of_backward(tt, 2500), seconds_of_backward(tt, 5000)) for _ in range(8)]
    half, full = np.min(pairs, axis=0)
    assert full < 3 * half
