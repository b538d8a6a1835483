"""The reference package computes what PyTorch computes: values, gradients, optimizers and schedules."""

import math
from collections.abc import Callable, Iterable
from types import ModuleType
from typing import Any

import numpy as np
import pytest

from tests.curriculum.gradient_cases import CASES, Case, TinyTorchDialect

pytest_plugins = ("tests.curriculum.packages",)

torch = pytest.importorskip(
    "torch", reason="NOT TESTED: agreement with PyTorch of gradients, optimizers and schedules; torch is not installed"
)

torch.set_num_threads(1)  # arrays this small only wait for further threads

RTOL = 1e-5
STEPS = 50


class TorchDialect:
    """The names used in cases, for PyTorch."""

    relu = staticmethod(torch.relu)
    sigmoid = staticmethod(torch.sigmoid)
    tanh = staticmethod(torch.tanh)
    softmax = staticmethod(torch.softmax)
    log_softmax = staticmethod(torch.log_softmax)
    linear = staticmethod(torch.nn.functional.linear)

    def gelu(self, x: Any) -> Any:
        return torch.nn.functional.gelu(x, approximate="tanh")

    def max(self, x: Any, axis: Any, keepdims: bool = False) -> Any:
        return torch.amax(x, dim=() if axis is None else axis, keepdim=keepdims)

    def permute(self, x: Any, *axes: int) -> Any:
        return x.permute(*axes)

    def take(self, x: Any, index: Any) -> Any:
        parts = index if isinstance(index, tuple) else (index,)
        return x[tuple(torch.from_numpy(part) if isinstance(part, np.ndarray) else part for part in parts)]

    def flatten(self, x: Any) -> Any:
        return x.flatten(start_dim=1) if x.ndim > 1 else x[:, None]

    def mse_loss(self, prediction: Any, target: Any) -> Any:
        return torch.nn.functional.mse_loss(prediction, torch.as_tensor(target, dtype=prediction.dtype))

    def cross_entropy(self, logits: Any, targets: np.ndarray) -> Any:
        flat = logits.reshape(-1, logits.shape[-1])
        return torch.nn.functional.cross_entropy(flat, torch.from_numpy(targets).reshape(-1))

    def bce(self, logits: Any, targets: np.ndarray) -> Any:
        target = torch.as_tensor(targets, dtype=logits.dtype)
        return torch.nn.functional.binary_cross_entropy_with_logits(logits, target)


def assert_close(ours: Any, theirs: Any, what: str) -> None:
    """Same dtype, same shape, and values within ``RTOL``; in float32, of the largest where terms cancel."""
    ours, expected = np.asarray(ours), theirs.detach().numpy()
    assert (ours.dtype, ours.shape) == (expected.dtype, expected.shape), what
    atol = 1e-12 if ours.dtype == np.float64 else RTOL * np.abs(expected[np.isfinite(expected)]).max(initial=0)
    np.testing.assert_allclose(ours, expected, rtol=RTOL, atol=atol, err_msg=what)


def compare(
    tt: ModuleType, compute: Callable[..., Any], arrays: Iterable[Any], dtype: Any, uses: int = 1
) -> tuple[list[Any], Any]:
    """Run ``compute(dialect, *tensors)`` in both libraries; compare results and, after ``uses`` passes, gradients."""
    values = [np.array(array, dtype=dtype) for array in arrays]
    ours = [tt.Tensor(value.copy(), dtype=dtype, requires_grad=True) for value in values]
    theirs = [torch.tensor(value, requires_grad=True) for value in values]
    for _ in range(uses):
        result, expected = compute(TinyTorchDialect(tt), *ours), compute(TorchDialect(), *theirs)
        assert_close(result.data, expected, "result")
        weights = (1 + np.cos(np.arange(math.prod(result.shape)))).reshape(result.shape).astype(dtype)
        result.backward(weights)
        expected.backward(torch.from_numpy(weights))
    for position, (mine, other) in enumerate(zip(ours, theirs, strict=True)):
        assert_close(mine.grad, other.grad, f"gradient of input {position}")
    return ours, result


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("case", CASES, ids=str)
def test_values_and_gradients(case: Case, dtype: Any, tt: ModuleType):
    compare(tt, case.compute, case.arrays(), dtype)


@pytest.mark.parametrize("case", [case for case in CASES if len(case.shapes) > 2], ids=str)
def test_gradients_accumulate(case: Case, tt: ModuleType):
    compare(tt, case.compute, case.arrays(), np.float64, uses=3)


EDGES: dict[str, tuple[Callable[..., Any], Any]] = {
    "max of ties": (lambda d, a: d.max(a, 1), [[1.0, 3.0, 3.0], [2.0, 2.0, 2.0]]),
    "max of all, with ties": (lambda d, a: d.max(a, None), [[3.0, 3.0], [1.0, 3.0]]),
    "relu at 0": (lambda d, a: d.relu(a), [-1.0, 0.0, -0.0, 1.0]),
    "square at 0": (lambda _, a: a**2, [0.0, 1.0]),
    "first power at 0": (lambda _, a: a**1, [0.0, 1.0]),
    "gelu far out": (lambda d, a: d.gelu(a), [-50.0, -5.0, 0.0, 5.0, 50.0]),
    "sigmoid far out": (lambda d, a: d.sigmoid(a), [-1000.0, -30.0, 0.0, 30.0, 1000.0]),
    "tanh far out": (lambda d, a: d.tanh(a), [-1000.0, -9.0, 0.0, 9.0, 1000.0]),
    "softmax of large scores": (lambda d, a: d.softmax(a, -1), [[1000.0, 999.0, -1000.0], [0.0, 0.0, 0.0]]),
    "softmax of masked scores": (lambda d, a: d.softmax(a, -1), [[-math.inf, 1.0, 2.0], [-math.inf, 0.0, 1.0]]),
    "log-softmax of large scores": (lambda d, a: d.log_softmax(a, -1), [[1000.0, 999.0, -1000.0], [0.0, 0.0, 0.0]]),
    "cross entropy, certain": (lambda d, a: d.cross_entropy(a, np.array([0, 0])), [[1000.0, 0.0], [-1000.0, 0.0]]),
    "cross entropy, masked class": (lambda d, a: d.cross_entropy(a, np.array([0])), [[1.0, -math.inf, 0.0]]),
    "bce, certain": (lambda d, a: d.bce(a, np.array([1.0, 0.0, 1.0])), [1000.0, 1000.0, -1000.0]),
}


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("name", EDGES)
def test_edges(name: str, dtype: Any, tt: ModuleType):
    compute, values = EDGES[name]
    compare(tt, compute, [values], dtype)


@pytest.mark.parametrize("shapes", [[(0, 3), (2, 3), (2,)], [(2, 0, 3), (4, 3), (4,)]], ids=str)
def test_an_empty_batch_has_zero_gradients(shapes: list[tuple[int, ...]], tt: ModuleType):
    compare(tt, lambda d, x, w, b: d.linear(d.relu(x), w, b), [np.zeros(shape) for shape in shapes], np.float64)


def test_a_tensor_that_took_no_part_has_no_gradient(tt: ModuleType):
    ours = [tt.Tensor([1.0], requires_grad=True) for _ in range(2)]
    theirs = [torch.tensor([1.0], requires_grad=True) for _ in range(2)]
    (ours[0] * 2.0).sum().backward()
    (theirs[0] * 2.0).sum().backward()
    assert [tensor.grad is None for tensor in ours] == [tensor.grad is None for tensor in theirs] == [False, True]


def test_detach_and_no_grad_cut_the_graph_in_the_same_places(tt: ModuleType):
    x, y = tt.Tensor([1.0, 2.0], requires_grad=True), torch.tensor([1.0, 2.0], requires_grad=True)
    with tt.no_grad():
        a = x * 3.0
    with torch.no_grad():
        b = y * 3.0
    assert a.requires_grad == b.requires_grad
    (x * a * tt.detach(x * x) + x).sum().backward()
    (y * b * (y * y).detach() + y).sum().backward()
    assert_close(x.grad, y.grad, "gradient")


def both_models(tt: ModuleType, dtype: Any) -> tuple[Any, Any]:
    """The same network, with the same weights, in both libraries."""
    rng = np.random.default_rng(5)
    ours = tt.Sequential(
        tt.Linear(5, 8, rng=rng), tt.Tanh(), tt.Linear(8, 8, rng=rng), tt.GELU(), tt.Linear(8, 3, rng=rng)
    ).to(dtype)
    nn = torch.nn
    theirs = nn.Sequential(nn.Linear(5, 8), nn.Tanh(), nn.Linear(8, 8), nn.GELU("tanh"), nn.Linear(8, 3))
    theirs.to(torch.float64 if dtype == np.float64 else torch.float32)
    names = {name.removeprefix("layers."): torch.from_numpy(value) for name, value in ours.state_dict().items()}
    theirs.load_state_dict(names, strict=True)
    return ours, theirs


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_a_network_from_layers(dtype: Any, tt: ModuleType):
    """Weights have PyTorch's names, layout and gradients."""
    ours, theirs = both_models(tt, dtype)
    rng = np.random.default_rng(6)
    inputs, labels = rng.normal(size=(7, 5)).astype(dtype), rng.integers(3, size=7)
    loss = tt.CrossEntropyLoss()(ours(tt.Tensor(inputs, dtype=dtype)), labels)
    expected = torch.nn.CrossEntropyLoss()(theirs(torch.from_numpy(inputs)), torch.from_numpy(labels))
    assert_close(loss.data, expected, "loss")
    loss.backward()
    expected.backward()
    for (name, mine), other in zip(ours.named_parameters(), theirs.parameters(), strict=True):
        assert_close(mine.grad, other.grad, name)


OPTIMIZERS = [
    ("SGD", {"lr": 0.1}),
    ("SGD", {"lr": 0.05, "momentum": 0.9}),
    ("SGD", {"lr": 0.1, "weight_decay": 0.1}),
    ("SGD", {"lr": 0.05, "momentum": 0.5, "weight_decay": 0.01}),
    ("Adam", {}),
    ("Adam", {"lr": 0.05, "betas": (0.5, 0.9), "eps": 1e-3}),
    ("Adam", {"lr": 0.01, "betas": (0.0, 0.99)}),
    ("AdamW", {}),
    ("AdamW", {"lr": 0.02, "weight_decay": 0.3}),
    ("AdamW", {"lr": 0.02, "weight_decay": 0.0}),
]
every_optimizer = pytest.mark.parametrize(("name", "options"), OPTIMIZERS, ids=str)


@every_optimizer
def test_optimizers_follow_torch_through_a_training(name: str, options: dict[str, Any], tt: ModuleType):
    """After each of 50 steps on a network, with a learning rate that changes, all parameters agree."""
    ours, theirs = both_models(tt, np.float64)
    optimizer = getattr(tt, name)(ours.parameters(), **options)
    other = getattr(torch.optim, name)(theirs.parameters(), **options)
    rng = np.random.default_rng(7)
    for step in range(STEPS):
        inputs, labels = rng.normal(size=(6, 5)), rng.integers(3, size=6)
        optimizer.zero_grad()
        other.zero_grad()
        tt.cross_entropy(ours(tt.Tensor(inputs, dtype=np.float64)), labels).backward()
        torch.nn.functional.cross_entropy(theirs(torch.from_numpy(inputs)), torch.from_numpy(labels)).backward()
        optimizer.step()
        other.step()
        for (label, mine), their in zip(ours.named_parameters(), theirs.parameters(), strict=True):
            assert_close(mine.data, their, f"{label} after step {step + 1}")
        if step == STEPS // 2:
            optimizer.lr *= 0.5
            other.param_groups[0]["lr"] *= 0.5


@every_optimizer
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_optimizers_follow_torch_on_given_gradients(name: str, options: dict[str, Any], dtype: Any, tt: ModuleType):
    """Large, tiny and zero gradients, which stay as they are; a parameter that has none for once is skipped."""
    rng = np.random.default_rng(8)
    starts = [rng.normal(size=shape).astype(dtype) for shape in ((3, 4), (4,), ())]
    ours = [tt.Parameter(start, dtype=dtype) for start in starts]
    theirs = [torch.nn.Parameter(torch.from_numpy(start.copy())) for start in starts]
    optimizer = getattr(tt, name)(ours, **options)
    other = getattr(torch.optim, name)(theirs, **options)
    given = []
    for step in range(STEPS):
        for position, (mine, their) in enumerate(zip(ours, theirs, strict=True)):
            scale = rng.choice([0.0, 1e-6, 1e-2, 1.0])
            grad = np.asarray(scale * rng.normal(size=mine.shape), dtype=dtype)
            absent = position == 1 and step % 3 == 0
            mine.grad, their.grad = (None, None) if absent else (grad.copy(), torch.from_numpy(grad.copy()))
            given.append((grad, grad if absent else mine.grad))
        optimizer.step()
        other.step()
        together = np.concatenate([mine.data.ravel() for mine in ours])
        assert_close(together, torch.cat([their.ravel() for their in theirs]), f"parameters after step {step + 1}")
    for grad, used in given:
        np.testing.assert_array_equal(used, grad)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("limit", [0.5, 3.0, 1e3])
def test_clipping(limit: float, dtype: Any, tt: ModuleType):
    """Norm and gradients are torch's; its extra 1e-6 in the divisor is below the tolerance."""
    rng = np.random.default_rng(9)
    grads = [rng.normal(size=shape).astype(dtype) for shape in ((3, 4), (5,), (2, 2))]
    ours = [tt.Parameter(np.zeros(grad.shape), dtype=dtype) for grad in grads]
    theirs = [torch.nn.Parameter(torch.from_numpy(np.zeros_like(grad))) for grad in grads]
    for mine, their, grad in zip(ours[:2], theirs[:2], grads[:2], strict=True):
        mine.grad, their.grad = grad.copy(), torch.from_numpy(grad.copy())
    norm, expected = tt.clip_grad_norm(ours, limit), torch.nn.utils.clip_grad_norm_(theirs, limit)
    assert norm == pytest.approx(expected.item(), rel=RTOL)
    assert ours[2].grad is None
    for mine, their in zip(ours[:2], theirs[:2], strict=True):
        assert_close(mine.grad, their.grad, "clipped gradient")


def rates_of(scheduler: Callable[[Any], Any], lr: float, steps: int) -> list[float]:
    """Learning rates of the first ``steps`` steps under one of torch's schedulers."""
    optimizer = torch.optim.SGD([torch.nn.Parameter(torch.zeros(1))], lr=lr)
    schedule, rates = scheduler(optimizer), []
    for _ in range(steps):
        rates.append(optimizer.param_groups[0]["lr"])
        optimizer.step()
        schedule.step()
    return rates


@pytest.mark.parametrize(("every", "factor"), [(1, 0.9), (7, 0.5), (10, 0.1), (100, 0.1)])
def test_step_decay_is_steplr(every: int, factor: float, tt: ModuleType):
    schedule = tt.StepDecay(0.3, every, factor)
    expected = rates_of(lambda optimizer: torch.optim.lr_scheduler.StepLR(optimizer, every, factor), 0.3, STEPS)
    np.testing.assert_allclose([schedule(step) for step in range(STEPS)], expected, rtol=RTOL)


@pytest.mark.parametrize("minimum", [0.0, 1e-3])
@pytest.mark.parametrize("total", [30, STEPS])
def test_cosine_without_warm_up_is_cosine_annealing(minimum: float, total: int, tt: ModuleType):
    schedule = tt.CosineSchedule(0.3, 0, total, minimum)
    expected = rates_of(
        lambda optimizer: torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, total, minimum), 0.3, total + 1
    )
    np.testing.assert_allclose([schedule(step) for step in range(total + 1)], expected, rtol=RTOL, atol=1e-12)
    assert schedule(total + 10) == pytest.approx(minimum)  # where torch's would rise again


@pytest.mark.parametrize("minimum", [0.0, 1e-3])
@pytest.mark.parametrize("warmup", [1, 2, 10, 49])
def test_cosine_with_warm_up_is_linear_then_cosine(minimum: float, warmup: int, tt: ModuleType):
    """The first step has 1/warmup of the rate, step ``warmup - 1`` and step ``warmup`` all of it.

    In torch that is ``SequentialLR`` of ``LinearLR`` from 1/warmup to 1 in warmup - 1 steps, and, from step
    ``warmup`` on, of ``CosineAnnealingLR`` over the steps that remain.
    """
    schedules = torch.optim.lr_scheduler

    def composed(optimizer: Any) -> Any:
        rise = schedules.LinearLR(optimizer, start_factor=1 / warmup, total_iters=max(warmup - 1, 1))
        fall = schedules.CosineAnnealingLR(optimizer, STEPS - warmup, minimum)
        return schedules.SequentialLR(optimizer, [rise, fall], milestones=[warmup])

    schedule = tt.CosineSchedule(0.3, warmup, STEPS, minimum)
    expected = rates_of(composed, 0.3, STEPS + 1)
    np.testing.assert_allclose([schedule(step) for step in range(STEPS + 1)], expected, rtol=RTOL, atol=1e-12)


def torch_fit(model: Any, loader: Any, optimizer: Any, rates: Callable[[int], float], epochs: int) -> list[float]:
    """A training loop as it is written in torch: three batches a step, clipped, mean over all samples of the step."""
    losses, step = [], 0
    for _ in range(epochs):
        batches = [(torch.from_numpy(x.data), torch.from_numpy(y.data)) for x, y in loader]
        total = 0.0
        for start in range(0, len(batches), 3):
            group = batches[start : start + 3]
            samples = sum(len(labels) for _, labels in group)
            optimizer.zero_grad()
            for inputs, labels in group:
                loss = torch.nn.functional.cross_entropy(model(inputs), labels, reduction="sum")
                (loss / samples).backward()
                total += loss.item()
            torch.nn.utils.clip_grad_norm_(model.parameters(), 0.2)
            optimizer.param_groups[0]["lr"] = rates(step)
            optimizer.step()
            step += 1
        losses.append(total / sum(len(labels) for _, labels in batches))
    return losses


def test_the_trainer_is_the_loop_one_writes_in_torch(tt: ModuleType):
    """Accumulation over groups of unequal batches and a short last group, clipping and schedule together."""
    rng = np.random.default_rng(10)
    inputs = tt.Tensor(rng.normal(size=(33, 5)), dtype=np.float64)
    loader = tt.DataLoader(tt.TensorDataset(inputs, rng.integers(3, size=33)), 7, shuffle=True, seed=2)
    ours, theirs = both_models(tt, np.float64)
    schedule = tt.CosineSchedule(0.05, 3, 8)
    trainer = tt.Trainer(
        ours, tt.AdamW(ours.parameters()), tt.CrossEntropyLoss(), schedule, accumulate=3, clip_norm=0.2
    )
    history = trainer.fit(loader, 4)
    loader.epoch = 0  # both runs see the same orders
    losses = torch_fit(theirs, loader, torch.optim.AdamW(theirs.parameters()), schedule, 4)
    np.testing.assert_allclose(history.train_loss, losses, rtol=RTOL)
    for (name, mine), other in zip(ours.named_parameters(), theirs.parameters(), strict=True):
        np.testing.assert_allclose(mine.data, other.detach().numpy(), rtol=RTOL, atol=1e-6, err_msg=name)
