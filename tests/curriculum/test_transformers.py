"""Transformer blocks of the reference package: against PyTorch, central differences, and changed tokens."""

import math
from types import ModuleType
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

pytest_plugins = ("tests.curriculum.packages",)

TOLERANCE: dict[Any, dict[str, float]] = {
    np.float32: {"rtol": 1e-4, "atol": 1e-5},
    np.float64: {"rtol": 1e-9, "atol": 1e-11},
}
few = settings(max_examples=20, deadline=None, derandomize=True, database=None)


def torch_or_skip() -> Any:
    return pytest.importorskip("torch", reason="NOT TESTED: transformers against PyTorch; torch is not installed")


def upstream_for(result: Any) -> np.ndarray:
    return np.cos(np.arange(result.size)).reshape(result.shape).astype(result.dtype)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("eps", [1e-5, 1e-2])
@pytest.mark.parametrize("shape", [(5,), (3, 5), (2, 3, 5), (2, 1, 3, 8), (4, 2), (0, 5)], ids=str)
def test_layer_norm_is_torchs_forward_and_backward(tt: ModuleType, shape: tuple[int, ...], eps: float, dtype: Any):
    torch = torch_or_skip()
    numbers = np.random.default_rng(0)
    values = (3 * numbers.normal(size=shape) + 2).astype(dtype)
    ours = tt.LayerNorm(shape[-1], eps).to(dtype)
    theirs = torch.nn.LayerNorm(shape[-1], eps=eps, dtype=torch.from_numpy(values).dtype)
    for mine, other in zip(ours.parameters(), (theirs.weight, theirs.bias), strict=True):
        mine.data[:] = numbers.normal(size=shape[-1])
        other.data = torch.from_numpy(mine.data.copy())
    x, other_x = tt.Tensor(values, dtype=dtype, requires_grad=True), torch.tensor(values, requires_grad=True)
    result, expected = ours(x), theirs(other_x)
    np.testing.assert_allclose(result.data, expected.detach().numpy(), **TOLERANCE[dtype])
    result.backward(upstream_for(result))
    expected.backward(torch.from_numpy(upstream_for(result)))
    pairs = [(x, other_x), (ours.weight, theirs.weight), (ours.bias, theirs.bias)]
    for mine, other in pairs:
        assert mine.grad.dtype == dtype
        np.testing.assert_allclose(mine.grad, other.grad.numpy(), **TOLERANCE[dtype])


@pytest.mark.parametrize("spread", [1e-3, 1.0, 1e3])
@pytest.mark.parametrize("shape", [(1,), (2,), (7,), (3, 4), (2, 3, 4)], ids=str)
def test_layer_norm_agrees_with_central_differences(tt: ModuleType, shape: tuple[int, ...], spread: float):
    numbers = np.random.default_rng(1)
    x = tt.Tensor(spread * numbers.normal(size=shape), dtype=np.float64)
    weight, bias = (tt.Tensor(numbers.normal(size=shape[-1]), dtype=np.float64) for _ in range(2))
    upstream = np.cos(np.arange(x.size)).reshape(shape)

    def loss(*tensors: Any) -> Any:
        return (tt.LayerNormOp.apply(*tensors, eps=1e-5) * upstream).sum()

    assert tt.gradient_check(loss, x, weight, bias, eps=1e-6 * max(spread, 1e-2)) < 1e-6


@few
@given(st.integers(2, 12), st.floats(-1e3, 1e3), st.floats(0.1, 100), st.integers(0, 10))
def test_layer_norm_ignores_shift_and_stretch(tt: ModuleType, dim: int, shift: float, stretch: float, seed: int):
    values = np.random.default_rng(seed).normal(size=(3, dim))
    layer = tt.LayerNorm(dim, eps=0.0).to(np.float64)
    plain = layer(tt.Tensor(values, dtype=np.float64)).data
    moved = layer(tt.Tensor(stretch * values + shift, dtype=np.float64)).data
    np.testing.assert_allclose(moved, plain, rtol=1e-6, atol=1e-8)


def copy_block(torch: Any, block: Any, layer: Any) -> None:
    """Give torch's encoder layer the weights of ``block``."""
    attention = block.attention
    projections = (attention.q_proj, attention.k_proj, attention.v_proj)
    pairs = {
        layer.self_attn.in_proj_weight: np.concatenate([p.weight.data for p in projections]),
        layer.self_attn.in_proj_bias: np.concatenate([p.bias.data for p in projections]),
    }
    for mine, other in [
        (attention.out_proj, layer.self_attn.out_proj),
        (block.feed_forward.linear1, layer.linear1),
        (block.feed_forward.linear2, layer.linear2),
        (block.norm1, layer.norm1),
        (block.norm2, layer.norm2),
    ]:
        pairs |= {other.weight: mine.weight.data, other.bias: mine.bias.data}
    with torch.no_grad():
        for parameter, array in pairs.items():
            parameter.copy_(torch.from_numpy(array))


def encoder_layer(torch: Any, dim: int, heads: int) -> Any:
    def gelu(x: Any) -> Any:
        return torch.nn.functional.gelu(x, approximate="tanh")

    options = {"dropout": 0.0, "batch_first": True, "norm_first": True, "dtype": torch.float64}
    return torch.nn.TransformerEncoderLayer(dim, heads, 4 * dim, activation=gelu, **options)


@pytest.mark.parametrize(("dim", "heads", "batch", "n"), [(6, 2, 3, 5), (8, 8, 1, 4), (4, 1, 2, 1)])
def test_a_block_is_torchs_encoder_layer(tt: ModuleType, dim: int, heads: int, batch: int, n: int):
    torch = torch_or_skip()
    block = tt.TransformerBlock(dim, heads, rng=np.random.default_rng(0)).to(np.float64)
    numbers = np.random.default_rng(1)
    for parameter in block.parameters():
        parameter.data += 0.2 * numbers.normal(size=parameter.shape)
    twin = encoder_layer(torch, dim, heads)
    copy_block(torch, block, twin)
    values = numbers.normal(size=(batch, n, dim))
    x, other = tt.Tensor(values, dtype=np.float64, requires_grad=True), torch.tensor(values, requires_grad=True)
    result = block(x)
    expected = twin(other, src_mask=torch.from_numpy(~np.tri(n, dtype=bool)))
    np.testing.assert_allclose(result.data, expected.detach().numpy(), **TOLERANCE[np.float64])
    result.backward(upstream_for(result))
    expected.backward(torch.from_numpy(upstream_for(result)))
    np.testing.assert_allclose(x.grad, other.grad.numpy(), **TOLERANCE[np.float64])
    attention = block.attention
    projections = (attention.q_proj, attention.k_proj, attention.v_proj)
    for mine, theirs in [
        (np.concatenate([p.weight.grad for p in projections]), twin.self_attn.in_proj_weight),
        (attention.out_proj.bias.grad, twin.self_attn.out_proj.bias),
        (block.feed_forward.linear1.weight.grad, twin.linear1.weight),
        (block.feed_forward.linear2.bias.grad, twin.linear2.bias),
        (block.norm1.weight.grad, twin.norm1.weight),
        (block.norm2.bias.grad, twin.norm2.bias),
    ]:
        np.testing.assert_allclose(mine, theirs.grad.numpy(), **TOLERANCE[np.float64])


def test_loss_and_gradients_of_a_gpt_are_those_of_the_same_model_in_torch(tt: ModuleType):
    torch = torch_or_skip()
    functional = torch.nn.functional
    model = tt.GPT(11, 8, layers=3, heads=2, block_size=6, rng=np.random.default_rng(0)).to(np.float64)
    ids, targets = np.random.default_rng(1).integers(0, 11, size=(2, 4, 6))
    loss = tt.cross_entropy(model(ids), targets)
    loss.backward()

    tokens, positions = model.embedding.tokens.weight, model.embedding.positions.table
    leaves = [torch.tensor(p.data, requires_grad=True) for p in (tokens, positions, model.head.weight)]
    x = functional.embedding(torch.from_numpy(ids), leaves[0]) + leaves[1]
    for block in model.blocks:
        layer = encoder_layer(torch, 8, 2)
        copy_block(torch, block, layer)
        x = layer(x, src_mask=torch.from_numpy(~np.tri(6, dtype=bool)))
    logits = functional.layer_norm(x, (8,)) @ leaves[2].T
    expected = functional.cross_entropy(logits.reshape(-1, 11), torch.from_numpy(targets).reshape(-1))
    expected.backward()
    assert loss.item() == pytest.approx(expected.item(), rel=1e-12)
    for mine, other in zip((tokens, positions, model.head.weight), leaves, strict=True):
        np.testing.assert_allclose(mine.grad, other.grad.numpy(), rtol=1e-8, atol=1e-12)


def test_every_gradient_of_a_gpt_agrees_with_central_differences(tt: ModuleType):
    """Each parameter by itself: ten of its elements, moved in place."""
    model = tt.GPT(5, 4, layers=2, heads=2, block_size=4, rng=np.random.default_rng(0)).to(np.float64)
    numbers = np.random.default_rng(1)
    for parameter in model.parameters():
        parameter.data += 0.3 * numbers.normal(size=parameter.shape)
    ids, targets = np.array([[1, 4, 1], [0, 2, 3]]), np.array([[4, 1, 0], [2, 3, 1]])
    tt.cross_entropy(model(ids), targets).backward()
    for name, parameter in model.named_parameters():
        for place in numbers.choice(parameter.size, size=min(10, parameter.size), replace=False):
            values = parameter.data.reshape(-1)
            before, losses = values[place], []
            for step in (1e-6, -1e-6):
                values[place] = before + step
                losses.append(tt.cross_entropy(model(ids), targets).item())
            values[place] = before
            slope = (losses[0] - losses[1]) / 2e-6
            assert parameter.grad.reshape(-1)[place] == pytest.approx(slope, rel=1e-6, abs=1e-8), (name, place)


@few
@given(st.integers(2, 8), st.integers(1, 3), st.integers(0, 5), st.data())
def test_a_later_token_is_never_noticed(tt: ModuleType, n: int, layers: int, seed: int, data: Any):
    place = data.draw(st.integers(1, n - 1))
    model = tt.GPT(7, 6, layers=layers, heads=3, block_size=n, rng=np.random.default_rng(seed))
    ids = np.random.default_rng(seed).integers(0, 7, size=(2, n))
    changed = ids.copy()
    changed[:, place:] = (changed[:, place:] + 1 + np.arange(n - place) % 6) % 7
    before, after = model(ids).data, model(changed).data
    np.testing.assert_array_equal(before[:, :place], after[:, :place])
    assert (before[:, place] != after[:, place]).any()


def test_a_gpt_overfits_one_batch(tt: ModuleType):
    model = tt.GPT(11, 16, layers=2, heads=2, block_size=8, rng=np.random.default_rng(0))
    optimizer = tt.Adam(model.parameters(), lr=0.01)
    ids = np.random.default_rng(1).integers(0, 11, size=(4, 9))
    batch = tt.Tensor(ids[:, :-1]), tt.Tensor(ids[:, 1:])
    losses = [tt.train_step(model, optimizer, tt.cross_entropy, [batch]) for _ in range(100)]
    assert losses[0] == pytest.approx(math.log(11), abs=0.5)
    assert losses[-1] < 0.05


def test_parts_of_the_milestone_model_add_up(tt: ModuleType):
    model = tt.GPT(65, 128, layers=4, heads=4, block_size=64, rng=np.random.default_rng(0))
    parts = tt.parameters_by_part(model)
    assert sum(parts.values()) == tt.parameter_count(model) == 818_176
    assert list(parts) == ["embedding", "norm", "attention", "feed_forward", "head"]
