"""Computations whose gradients are checked, written once for every library that can do them.

A case gets a *dialect*, in which TinyTorch's and PyTorch's different spellings have one name, and its inputs as
tensors. Operators, ``sum``, ``mean``, ``reshape``, ``exp`` and ``log`` are spelled the same in both libraries.
"""

from collections.abc import Callable
from dataclasses import dataclass
from types import ModuleType
from typing import Any

import numpy as np

Shape = tuple[int, ...]


class TinyTorchDialect:
    """The names used in cases, for the package under test."""

    def __init__(self, package: ModuleType) -> None:
        self.package = package
        for name in ("relu", "sigmoid", "tanh", "softmax", "log_softmax", "gelu", "mse_loss", "cross_entropy"):
            setattr(self, name, getattr(package, name))
        self.bce = package.bce_with_logits

    def max(self, x: Any, axis: Any, keepdims: bool = False) -> Any:
        return x.max(axis=axis, keepdims=keepdims)

    def permute(self, x: Any, *axes: int) -> Any:
        return x.transpose(*axes)

    def take(self, x: Any, index: Any) -> Any:
        return x[index]

    def flatten(self, x: Any) -> Any:
        return self.package.Flatten()(x)

    def linear(self, x: Any, weight: Any, bias: Any = None) -> Any:
        layer = self.package.Linear(weight.shape[1], weight.shape[0], bias=bias is not None)
        layer.weight, layer.bias = weight, bias
        return layer(x)


@dataclass(frozen=True)
class Case:
    """A computation, the shapes of its inputs, and whether they have to be positive."""

    name: str
    compute: Callable[..., Any]
    shapes: tuple[Shape, ...]
    positive: bool = False

    def arrays(self) -> list[np.ndarray]:
        """Inputs for the case, the same in every run."""
        rng = np.random.default_rng(len(self.name))
        return [spread(rng, shape, positive=self.positive) for shape in self.shapes]

    def __str__(self) -> str:
        return self.name


def spread(rng: np.random.Generator, shape: Shape, positive: bool = False) -> np.ndarray:
    """Numbers in random order that keep their distance from each other and from 0, where slopes may jump."""
    size = int(np.prod(shape))
    values = 2 * (rng.permutation(size) + 0.25 + 0.5 * rng.random(size)) / max(size, 1)
    values = values + 0.25 if positive else (values + 0.1 / max(size, 1)) * rng.choice([-1, 1], size=size)
    return values.reshape(shape)


def _attention(d: Any, x: Any, wq: Any, wk: Any, wv: Any) -> Any:
    q, k, v = d.linear(x, wq), d.linear(x, wk), d.linear(x, wv)
    return d.softmax(q @ d.permute(k, 0, 2, 1) / 2.0, -1) @ v


def _layer_norm(d: Any, x: Any, scale: Any, shift: Any) -> Any:
    centred = x - x.mean(axis=-1, keepdims=True)
    return centred / ((centred * centred).mean(axis=-1, keepdims=True) + 1e-5) ** 0.5 * scale + shift


def _diamonds(d: Any, x: Any) -> Any:
    for _ in range(12):
        x = d.tanh(x) + x * 0.5
    return x


def _mlp(d: Any, x: Any, w1: Any, b1: Any, w2: Any, b2: Any) -> Any:
    return d.cross_entropy(d.linear(d.relu(d.linear(x, w1, b1)), w2, b2), np.array([0, 2, 2, 1]))


def _cases() -> list[Case]:
    cases: list[Case] = []

    def add(name: str, compute: Callable[..., Any], *shapes: Shape, positive: bool = False) -> None:
        cases.append(Case(name, compute, shapes, positive))

    arithmetic: dict[str, Callable[..., Any]] = {
        "add": lambda _, a, b: a + b,
        "sub": lambda _, a, b: a - b,
        "mul": lambda _, a, b: a * b,
        "div": lambda _, a, b: a / b,
    }
    pairs = [((3, 4), (3, 4)), ((2, 3, 4), (4,)), ((4,), (3, 1)), ((2, 1, 3), (4, 1)), ((), (2, 3)), ((2, 1), (1, 1))]
    for name, compute in arithmetic.items():
        for a, b in pairs:
            add(f"{name} {a} {b}", compute, a, b)
            if a != b:
                add(f"{name} {b} {a}", compute, b, a)
    add("numbers right", lambda _, a: ((a + 2) * 3 - 1.5) / 4, (2, 3))
    add("numbers left", lambda _, a: 1 - 2 * (3 / (0.5 + a)), (2, 3), positive=True)
    add("neg", lambda _, a: -a, (2, 3))
    add("exp", lambda _, a: a.exp(), (2, 3))
    add("log", lambda _, a: a.log(), (2, 3), positive=True)
    for exponent in (2, 3, 1, 0, -1, -2):
        add(f"pow {exponent}", lambda _, a, exponent=exponent: a**exponent, (2, 3))
    for exponent in (0.5, -0.5, 1.7):
        add(f"pow {exponent}", lambda _, a, exponent=exponent: a**exponent, (5,), positive=True)

    for a, b in [
        ((2, 3), (3, 4)), ((3,), (3,)), ((3,), (3, 4)), ((2, 3), (3,)), ((1, 3), (3, 1)), ((2, 3, 4), (2, 4, 2)),
        ((2, 3, 4), (4, 2)), ((3, 4), (2, 4, 2)), ((2, 1, 3, 4), (5, 4, 2)), ((1, 3, 2), (4, 2, 3)),
        ((4,), (2, 4, 3)), ((2, 3, 4), (4,)), ((4,), (2, 2, 4, 3)), ((2, 2, 3, 4), (4,)), ((2, 1, 1, 2), (1, 3, 2, 1)),
    ]:  # fmt: skip
        add(f"matmul {a} {b}", lambda _, a, b: a @ b, a, b)
    add("matmul by itself transposed", lambda _, a: a @ a.T, (3, 4))
    add("matmul by itself", lambda _, a: a @ a @ a, (3, 3))

    for axis in (None, 0, 1, -1, -2, (0, 2), (-1, 0), (0, 1, 2)):
        for kept in (False, True):
            options = {"axis": axis, "keepdims": kept}
            add(f"sum {axis} {kept}", lambda _, a, o=options: a.sum(**o), (2, 3, 4))
            add(f"mean {axis} {kept}", lambda _, a, o=options: a.mean(**o), (2, 3, 4))
            add(f"max {axis} {kept}", lambda d, a, o=options: d.max(a, **o), (2, 3, 4))
    for shape in ((), (1,), (1, 1)):
        add(f"sum of {shape}", lambda _, a: a.sum(), shape)
        add(f"mean of {shape}", lambda _, a: a.mean(), shape)

    for new in ((6, 4), (-1,), (4, -1, 2), (2, 1, 12)):
        add(f"reshape {new}", lambda _, a, new=new: a.reshape(*new), (2, 3, 4))
    add("reshape of a transposed tensor", lambda _, a: a.T.reshape(2, 6), (3, 4))
    add("transpose", lambda _, a: a.T, (3, 4))
    for axes in ((0, 2, 1), (2, 0, 1), (1, 2, 0), (-1, 0, -2), (2, 1, 0)):
        add(f"transpose {axes}", lambda d, a, axes=axes: d.permute(a, *axes), (2, 3, 4))

    mask = np.array([[True, False, True, False], [False, False, True, True], [True, True, True, False]])
    indices: dict[str, Any] = {
        "integer": 1, "negative": -2, "slice": slice(1, None), "step": slice(None, None, 2), "new axis": None,
        "ellipsis": (..., 1), "pair": (2, -1), "slices": (slice(0, 2), slice(1, 3)), "mixed": (slice(1, 3), None, 2),
        "list": [2, 0], "repeats": [1, 1, 0, 1], "negative repeats": [0, -3, 2],
        "table": np.array([[0, 2], [2, 2]]),
        "two lists": ([0, 1, 1, 0], [3, 2, 2, 3]), "broadcast lists": (np.array([[0], [2]]), np.array([1, 1, 3])),
        "slice and list": (slice(None), [3, 3, 1]), "list and integer": ([2, 2, 0], 1), "mask": mask,
        "mask of rows": np.array([True, False, True]), "numpy integer": np.int64(2), "nothing": np.array([], dtype=int),
    }  # fmt: skip
    for name, index in indices.items():
        add(f"index {name}", lambda d, a, index=index: d.take(a, index), (3, 4))
    apart = ([0, 1, 1], slice(None), [2, 2, 0])
    add("index lists apart", lambda d, a: d.take(a, apart), (2, 3, 4))
    add("embedding", lambda d, a, b: d.take(a, np.array([[0, 1, 0], [2, 0, 0]])) @ b, (3, 4), (4, 2))

    for name in ("relu", "sigmoid", "tanh", "gelu"):
        for shape in ((), (7,), (2, 3, 4)):
            add(f"{name} {shape}", lambda d, a, name=name: getattr(d, name)(a), shape)
    for name in ("softmax", "log_softmax"):
        for axis in (-1, 0, 1, -2):
            add(f"{name} {axis}", lambda d, a, name=name, axis=axis: getattr(d, name)(a, axis), (2, 3, 4))
        add(f"{name} of a vector", lambda d, a, name=name: getattr(d, name)(a, 0), (5,))
        add(f"{name} of one class", lambda d, a, name=name: getattr(d, name)(a, -1), (3, 1))

    targets = np.array([[0.5, -1.0, 2.0], [0.0, 1.0, 3.0]])
    add("mse", lambda d, a, t=targets: d.mse_loss(a, t), (2, 3))
    add("mse with a target that has a gradient", lambda d, a, b: d.mse_loss(a, b), (2, 3), (2, 3))
    add("cross entropy", lambda d, a: d.cross_entropy(a, np.array([2, 0, 2, 1])), (4, 3))
    add("cross entropy of sequences", lambda d, a: d.cross_entropy(a, np.array([[2, 0, 2], [1, 1, 3]])), (2, 3, 4))
    add("cross entropy of one sample", lambda d, a: d.cross_entropy(a, np.array(1)), (3,))
    add("bce", lambda d, a: d.bce(a, np.array([0.0, 1.0, 1.0, 0.0])), (4,))
    add("bce of soft labels", lambda d, a: d.bce(a, np.array([[0.1, 0.9], [0.5, 1.0]])), (2, 2))

    for batch in ((), (4,), (1,), (2, 4), (2, 1, 3)):
        add(f"linear {batch}", lambda d, x, w, b: d.linear(x, w, b), (*batch, 3), (2, 3), (2,))
        add(f"linear without bias {batch}", lambda d, x, w: d.linear(x, w), (*batch, 3), (2, 3))
    add("linear used twice", lambda d, x, w, b: d.linear(d.tanh(d.linear(x, w, b)), w, b), (4, 3), (3, 3), (3,))
    add("flatten", lambda d, a: d.flatten(a), (2, 3, 2))
    add("flatten a vector", lambda d, a: d.flatten(a), (3,))

    add("mlp with cross entropy", _mlp, (4, 3), (5, 3), (5,), (3, 5), (3,))
    add("added to itself", lambda _, a: a + a, (2, 3))
    add("cubed by repeated use", lambda _, a: a * a * a, (2, 3))
    add("divided by its sum", lambda _, a: a / a.sum(axis=1, keepdims=True), (2, 3), positive=True)
    add("used in three branches", lambda _, a, b: (a * b).exp() / (1 + a * a) - b * a.mean(), (2, 3), (3,))
    add("twelve diamonds", _diamonds, (2, 3))
    add("layer norm", _layer_norm, (2, 3, 4), (4,), (4,))
    add("attention", _attention, (2, 3, 4), (4, 4), (4, 4), (4, 4))
    return cases


CASES = _cases()
