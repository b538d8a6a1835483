"""Embeddings of the reference package: against PyTorch, central differences, and a sequence in pieces."""

from itertools import pairwise
from types import ModuleType
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import array_shapes, arrays

pytest_plugins = ("tests.curriculum.packages",)

TOLERANCE = 1e-6
few = settings(max_examples=40, deadline=None, derandomize=True, database=None)
ids_of_five = arrays(np.int64, array_shapes(min_dims=0, max_dims=3, min_side=0, max_side=4), elements=st.integers(0, 4))
ID_CASES = {
    "repeats": [[1, 1, 0], [2, 1, 2]],
    "all the same": [3, 3, 3, 3],
    "one": 4,
    "three axes": [[[0, 4], [4, 4]], [[1, 0], [0, 4]]],
    "none": np.zeros((2, 0), dtype=np.int64),
}


def torch_or_skip() -> Any:
    return pytest.importorskip("torch", reason="NOT TESTED: embeddings against PyTorch; torch is not installed")


def table(seed: int, rows: int = 5, dim: int = 3) -> np.ndarray:
    return np.random.default_rng(seed).normal(size=(rows, dim))


def embedding(tt: ModuleType, values: np.ndarray) -> Any:
    layer = tt.Embedding(*values.shape)
    layer.weight = tt.Parameter(values, dtype=values.dtype)
    return layer


def slopes(function: Any, values: np.ndarray, step: float = 1e-6) -> np.ndarray:
    """Central differences of ``function(values)`` for every element."""
    result = np.empty_like(values)
    for index in np.ndindex(values.shape):
        moved = values.copy()
        moved[index] += step
        above = function(moved)
        moved[index] -= 2 * step
        result[index] = (above - function(moved)) / (2 * step)
    return result


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("ids", ID_CASES.values(), ids=ID_CASES)
def test_an_embedding_is_torchs_forward_and_backward(tt: ModuleType, ids: Any, dtype: Any):
    torch = torch_or_skip()
    values, ids = table(0).astype(dtype), np.asarray(ids)
    ours = embedding(tt, values)
    theirs = torch.nn.Embedding.from_pretrained(torch.tensor(values), freeze=False)
    for _ in range(2):
        result, expected = ours(ids), theirs(torch.from_numpy(ids))
        np.testing.assert_array_equal(result.data, expected.detach().numpy())
        weights = np.cos(np.arange(result.size)).reshape(result.shape).astype(dtype)
        result.backward(weights)
        expected.backward(torch.from_numpy(weights))
    assert ours.weight.grad.dtype == dtype
    np.testing.assert_allclose(ours.weight.grad, theirs.weight.grad.numpy(), rtol=1e-5, atol=1e-6)


def test_the_sparse_gradient_is_torchs_coalesced_one(tt: ModuleType):
    torch = torch_or_skip()
    ids, rows = np.array([4, 0, 4, 2, 0, 4]), table(1, rows=6)
    theirs = torch.nn.Embedding(5, 3, sparse=True, dtype=torch.float64)
    theirs(torch.from_numpy(ids)).backward(torch.from_numpy(rows))
    expected = theirs.weight.grad.coalesce()
    distinct, sums = tt.sum_by_id(ids, rows)
    np.testing.assert_array_equal(distinct, expected.indices()[0].numpy())
    np.testing.assert_allclose(sums, expected.values().numpy(), rtol=1e-12)


@given(ids=ids_of_five)
@few
def test_the_gradient_of_a_table_is_the_transposed_one_hot_product(tt: ModuleType, ids: np.ndarray):
    layer = embedding(tt, table(2))
    result = layer(ids)
    grad = table(3, rows=ids.size).reshape(result.shape)
    result.backward(grad)
    one_hot = np.eye(5)[ids.reshape(-1)]
    np.testing.assert_allclose(layer.weight.grad, one_hot.T @ grad.reshape(-1, 3), rtol=1e-12, atol=1e-12)


@given(ids=ids_of_five)
@few
def test_sum_by_id_names_each_id_once_in_order_and_loses_nothing(tt: ModuleType, ids: np.ndarray):
    flat, rows = ids.reshape(-1), table(4, rows=ids.size)
    distinct, sums = tt.sum_by_id(flat, rows)
    np.testing.assert_array_equal(distinct, np.unique(flat))
    np.testing.assert_allclose(sums.sum(axis=0), rows.sum(axis=0), atol=1e-12)


@pytest.mark.parametrize("learned", [True, False])
def test_gradients_of_token_and_position_agree_with_central_differences(tt: ModuleType, learned: bool):
    ids, weights = np.array([[1, 1, 0], [2, 1, 2]]), table(5, rows=6).reshape(2, 3, 3)
    model = tt.TokenEmbedding(4, 3, 5, learned=learned)

    def loss(**tables: Any) -> Any:
        model.tokens.weight = tables["tokens"]
        if learned:
            model.positions.table = tables["positions"]
        return (model(ids, offset=1) ** 3 * weights).sum()

    values = {"tokens": table(6, rows=4), "positions": table(7)}
    leaves = {name: tt.Parameter(value, dtype=np.float64) for name, value in values.items()}
    loss(**leaves).backward()
    for name in ("tokens", "positions") if learned else ("tokens",):

        def number(moved: np.ndarray, name: str = name) -> float:
            return loss(**{**leaves, name: tt.Tensor(moved, dtype=np.float64)}).item()

        np.testing.assert_allclose(leaves[name].grad, slopes(number, values[name]), rtol=TOLERANCE, atol=TOLERANCE)


@pytest.mark.parametrize("learned", [True, False])
@given(data=st.data())
@few
def test_a_sequence_in_pieces_is_the_whole(tt: ModuleType, learned: bool, data: st.DataObject):
    model = tt.TokenEmbedding(7, 6, 12, learned=learned, rng=np.random.default_rng(0))
    ids = data.draw(arrays(np.int64, (2, 12), elements=st.integers(0, 6)))
    cuts = [0, *sorted(data.draw(st.sets(st.integers(1, 11)))), 12]
    pieces = [model(ids[:, a:b], offset=a).data for a, b in pairwise(cuts)]
    np.testing.assert_array_equal(np.concatenate(pieces, axis=1), model(ids).data)


@given(offset=st.integers(-20, 20), length=st.integers(0, 12))
@few
def test_positions_outside_the_table_are_refused_and_those_inside_are_not(tt: ModuleType, offset: int, length: int):
    layer, x = tt.PositionalEncoding(8, 2), tt.Tensor(np.zeros((length, 2)))
    if offset >= 0 and offset + length <= 8:
        np.testing.assert_array_equal(layer(x, offset).data, layer.table.data[offset : offset + length])
    else:
        with pytest.raises(ValueError, match=r"0 … 7"):
            layer(x, offset)


def test_sinusoids_are_the_formula(tt: ModuleType):
    for dim in (1, 2, 7, 64):
        columns = np.arange(dim)
        angles = np.arange(200)[:, None] * 10000.0 ** (-(columns // 2 * 2) / dim)
        expected = np.where(columns % 2, np.cos(angles), np.sin(angles))
        np.testing.assert_allclose(tt.sinusoidal_table(200, dim), expected, atol=1e-7)


def test_memory_is_what_a_real_layer_takes(tt: ModuleType):
    ids = np.random.default_rng(8).integers(0, 300, size=(4, 50))
    layer = tt.Embedding(300, 16)
    result = layer(ids)
    result.backward(np.ones(result.shape, dtype=np.float32))
    sparse = tt.sum_by_id(ids.reshape(-1), np.ones((ids.size, 16), dtype=np.float32))
    assert tt.embedding_memory(300, 16, ids) == {
        "table": layer.weight.data.nbytes,
        "dense_gradient": layer.weight.grad.nbytes,
        "sparse_gradient": sum(part.nbytes for part in sparse),
        "output": result.data.nbytes,
    }


def test_runs_are_repeatable_bit_for_bit(tt: ModuleType):
    ids = np.random.default_rng(9).integers(0, 5, size=1000)
    rows = np.random.default_rng(10).normal(size=(1000, 4)).astype(np.float32)
    first = [part.tobytes() for part in tt.sum_by_id(ids, rows)]
    assert first == [part.tobytes() for part in tt.sum_by_id(ids.copy(), rows.copy())]
