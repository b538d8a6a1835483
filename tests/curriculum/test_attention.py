"""Attention of the reference package: against PyTorch, central differences, and changes that must not be noticed."""

from types import ModuleType
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

pytest_plugins = ("tests.curriculum.packages",)

RTOL = {np.float32: 1e-4, np.float64: 1e-9}
ATOL = {np.float32: 1e-5, np.float64: 1e-11}
# Shapes of queries, keys and values.
SHAPES = {
    "one sequence": ((5, 4), (5, 4), (5, 4)),
    "batch and heads": ((2, 3, 5, 4), (2, 3, 5, 4), (2, 3, 5, 4)),
    "other lengths and widths": ((2, 3, 4), (2, 7, 4), (2, 7, 6)),
    "one place": ((2, 1, 4), (2, 1, 4), (2, 1, 4)),
    "width one": ((3, 5, 1), (3, 5, 1), (3, 5, 1)),
}
few = settings(max_examples=30, deadline=None, derandomize=True, database=None)


def torch_or_skip() -> Any:
    return pytest.importorskip("torch", reason="NOT TESTED: attention against PyTorch; torch is not installed")


def mask_for(n: int, m: int, kind: str) -> np.ndarray | None:
    if kind == "none":
        return None
    if kind == "causal":
        return np.tri(n, m, m - n, dtype=bool)
    mask = np.random.default_rng(n * m).random((n, m)) < 0.5
    mask[:, 0] = True
    return mask


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("kind", ["none", "causal", "any"])
@pytest.mark.parametrize("shapes", SHAPES.values(), ids=SHAPES)
def test_attention_is_torchs_forward_and_backward(tt: ModuleType, shapes: Any, kind: str, dtype: Any):
    torch = torch_or_skip()
    numbers = np.random.default_rng(0)
    arrays = [numbers.normal(size=shape).astype(dtype) for shape in shapes]
    mask = mask_for(shapes[0][-2], shapes[1][-2], kind)
    ours = [tt.Tensor(array, dtype=dtype, requires_grad=True) for array in arrays]
    theirs = [torch.tensor(array, requires_grad=True) for array in arrays]
    out, weights = tt.scaled_dot_product_attention(*ours, mask)
    expected = torch.nn.functional.scaled_dot_product_attention(
        *theirs, attn_mask=None if mask is None else torch.from_numpy(mask)
    )
    np.testing.assert_allclose(out.data, expected.detach().numpy(), rtol=RTOL[dtype], atol=ATOL[dtype])
    assert out.dtype == weights.dtype == dtype
    upstream = np.cos(np.arange(out.size)).reshape(out.shape).astype(dtype)
    out.backward(upstream)
    expected.backward(torch.from_numpy(upstream))
    for mine, other in zip(ours, theirs, strict=True):
        np.testing.assert_allclose(mine.grad, other.grad.numpy(), rtol=RTOL[dtype], atol=ATOL[dtype])


def torch_twin(torch: Any, layer: Any) -> Any:
    """Torch's MultiheadAttention with the weights of ``layer``; its three projections are one matrix."""
    twin = torch.nn.MultiheadAttention(layer.dim, layer.heads, batch_first=True, dtype=torch.float64)
    projections = (layer.q_proj, layer.k_proj, layer.v_proj)
    with torch.no_grad():
        twin.in_proj_weight.copy_(torch.from_numpy(np.concatenate([p.weight.data for p in projections])))
        twin.in_proj_bias.copy_(torch.from_numpy(np.concatenate([p.bias.data for p in projections])))
        twin.out_proj.weight.copy_(torch.from_numpy(layer.out_proj.weight.data))
        twin.out_proj.bias.copy_(torch.from_numpy(layer.out_proj.bias.data))
    return twin


@pytest.mark.parametrize("padded", [False, True])
@pytest.mark.parametrize("causal", [False, True])
@pytest.mark.parametrize(("dim", "heads"), [(6, 1), (6, 2), (6, 6)])
def test_multi_head_attention_is_torchs(tt: ModuleType, dim: int, heads: int, causal: bool, padded: bool):
    torch = torch_or_skip()
    layer = tt.MultiHeadAttention(dim, heads, causal=causal, rng=np.random.default_rng(heads)).to(np.float64)
    twin = torch_twin(torch, layer)
    values = np.random.default_rng(1).normal(size=(2, 5, dim))
    x, other = tt.Tensor(values, dtype=np.float64, requires_grad=True), torch.tensor(values, requires_grad=True)
    lengths = np.array([3, 5])
    out = layer(x, tt.padding_mask(lengths, 5) if padded else None)
    expected, _ = twin(
        other,
        other,
        other,
        key_padding_mask=torch.from_numpy(np.arange(5) >= lengths[:, None]) if padded else None,
        attn_mask=torch.from_numpy(~tt.causal_mask(5)) if causal else None,
        need_weights=False,
    )
    np.testing.assert_allclose(out.data, expected.detach().numpy(), rtol=1e-9, atol=1e-11)
    upstream = np.cos(np.arange(out.size)).reshape(out.shape)
    out.backward(upstream)
    expected.backward(torch.from_numpy(upstream))
    np.testing.assert_allclose(x.grad, other.grad.numpy(), rtol=1e-9, atol=1e-11)
    projections = (layer.q_proj, layer.k_proj, layer.v_proj)
    for mine, theirs in [
        (np.concatenate([p.weight.grad for p in projections]), twin.in_proj_weight),
        (np.concatenate([p.bias.grad for p in projections]), twin.in_proj_bias),
        (layer.out_proj.weight.grad, twin.out_proj.weight),
        (layer.out_proj.bias.grad, twin.out_proj.bias),
    ]:
        np.testing.assert_allclose(mine, theirs.grad.numpy(), rtol=1e-9, atol=1e-11)


@pytest.mark.parametrize("kind", ["none", "causal", "any"])
@pytest.mark.parametrize("shapes", SHAPES.values(), ids=SHAPES)
def test_gradients_agree_with_central_differences(tt: ModuleType, shapes: Any, kind: str):
    numbers = np.random.default_rng(2)
    tensors = [tt.Tensor(numbers.normal(size=shape), dtype=np.float64) for shape in shapes]
    mask = mask_for(shapes[0][-2], shapes[1][-2], kind)

    def loss(q: Any, k: Any, v: Any) -> Any:
        out, weights = tt.scaled_dot_product_attention(q, k, v, mask)
        return (out**2).sum() + (weights**2).sum()

    assert tt.gradient_check(loss, *tensors) < 1e-6


def test_gradients_of_a_multi_head_layer_agree_with_central_differences(tt: ModuleType):
    layer = tt.MultiHeadAttention(4, 2, causal=True, rng=np.random.default_rng(0)).to(np.float64)
    x = tt.Tensor(np.random.default_rng(1).normal(size=(2, 3, 4)), dtype=np.float64)

    def loss(inputs: Any, *parameters: Any) -> Any:
        projections = (layer.q_proj, layer.k_proj, layer.v_proj, layer.out_proj)
        for projection, weight, bias in zip(projections, parameters[::2], parameters[1::2], strict=True):
            projection.weight, projection.bias = weight, bias
        return (layer(inputs, tt.padding_mask([2, 3], 3)) ** 2).mean()

    assert tt.gradient_check(loss, x, *layer.parameters()) < 1e-6


@few
@given(st.integers(2, 9), st.integers(0, 5), st.integers(1, 3), st.data())
def test_a_later_place_is_never_noticed(tt: ModuleType, n: int, seed: int, heads: int, data: Any):
    """Bit for bit, in the values; and no gradient reaches it."""
    place = data.draw(st.integers(1, n - 1))
    layer = tt.MultiHeadAttention(6, heads, causal=True, rng=np.random.default_rng(seed))
    values = np.random.default_rng(seed).normal(size=(2, n, 6)).astype(np.float32)
    changed = values.copy()
    changed[:, place:] = 1e3 * np.random.default_rng(seed + 1).normal(size=changed[:, place:].shape)
    np.testing.assert_array_equal(layer(tt.Tensor(values)).data[:, :place], layer(tt.Tensor(changed)).data[:, :place])
    x = tt.Tensor(values, requires_grad=True)
    layer(x)[:, :place].sum().backward()
    assert not x.grad[:, place:].any()
    assert x.grad[:, 0].any()


@few
@given(st.lists(st.integers(1, 4), min_size=1, max_size=5), st.integers(1, 3))
def test_a_sequence_in_pieces_gives_what_it_gives_at_once(tt: ModuleType, lengths: list[int], heads: int):
    layer = tt.MultiHeadAttention(6, heads, causal=True, rng=np.random.default_rng(0)).to(np.float64)
    values = np.random.default_rng(1).normal(size=(2, sum(lengths), 6))
    store: list[tuple[np.ndarray, np.ndarray]] = []

    def extend(keys: Any, new: Any) -> Any:
        store.append((keys.data, new.data))
        return tuple(tt.Tensor(np.concatenate(parts, axis=-2), dtype=np.float64) for parts in zip(*store, strict=True))

    starts = np.cumsum([0, *lengths])
    parts = [
        layer(tt.Tensor(values[:, start : start + length], dtype=np.float64), extend=extend).data
        for start, length in zip(starts, lengths, strict=False)
    ]
    whole = layer(tt.Tensor(values, dtype=np.float64)).data
    np.testing.assert_allclose(np.concatenate(parts, axis=1), whole, rtol=1e-10, atol=1e-12)


@few
@given(st.integers(1, 4), st.integers(1, 4), st.integers(0, 4), st.lists(st.integers(1, 3), max_size=2))
def test_heads_split_and_merge_exactly(tt: ModuleType, heads: int, size: int, n: int, batch: list[int]):
    x = tt.Tensor(np.random.default_rng(0).normal(size=(*batch, n, heads * size)))
    split = tt.split_heads(x, heads)
    assert split.shape == (*batch, heads, n, size)
    np.testing.assert_array_equal(tt.merge_heads(split).data, x.data)
    for head in range(heads):
        np.testing.assert_array_equal(split.data[..., head, :, :], x.data[..., head * size : (head + 1) * size])


@few
@given(st.integers(1, 64), st.integers(1, 64), st.integers(0, 10**15))
def test_the_longest_sequence_fits_and_one_more_does_not(tt: ModuleType, batch: int, heads: int, budget: int):
    n = tt.longest_sequence(batch, heads, budget)
    assert tt.attention_memory(batch, heads, n) <= budget < tt.attention_memory(batch, heads, n + 1)
