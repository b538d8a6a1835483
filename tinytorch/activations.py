# Generated from curriculum/02_activations/02_activations.py; edit that, not this file.
# Each "# %%" line says which cell, and which of its lines, the code below it is.

__all__ = [
    "as_floating", "Activation", "ReLUOp", "relu", "ReLU", "SigmoidOp", "sigmoid", "Sigmoid",
    "TanhOp", "tanh", "Tanh", "SoftmaxOp", "softmax", "Softmax", "in_blocks", "SQRT_2_OVER_PI",
    "GELUOp", "gelu", "GELU", "XOR_INPUTS", "XOR_TARGETS", "best_linear_fit", "best_linear_fit_xor",
]


# %% cell 3 (imports), lines 2-7
import math
from collections.abc import Iterator

import numpy as np

from .tensor import Op, Tensor


# %% cell 7 (activation_base), lines 2-17
def as_floating(array: np.ndarray) -> np.ndarray:
    """Return a floating array unchanged (no copy), and an integer or boolean one as float32."""
    return array if array.dtype.kind == "f" else array.astype(np.float32)


class Activation:
    """A layer without parameters: calling it runs its ``forward``."""

    def forward(self, x: Tensor) -> Tensor:
        raise NotImplementedError

    def __call__(self, x: Tensor) -> Tensor:
        return self.forward(x)

    def __repr__(self) -> str:
        return f"{type(self).__name__}()"


# %% cell 9 (relu), lines 2-32 without 10, 13, 21, 23, 31
class ReLUOp(Op):
    """max(x, 0), element by element; integers stay integers. Keeps ``self.output`` for the slope."""

    def forward(self, x: np.ndarray) -> np.ndarray:
        """Return a new array of x's shape and dtype. NaN stays NaN, and -inf becomes 0.

        Hint: one NumPy ufunc takes the larger of two values and lets NaN through.
        """
        self.output = np.maximum(x, 0)
        return self.output


def relu(x: Tensor) -> Tensor:
    """Rectified linear unit of a tensor of any shape.

    Hint: ``Op.apply`` is a class method that takes tensors and returns a tensor.
    """
    return ReLUOp.apply(x)


class ReLU(Activation):
    """Layer form of :func:`relu`."""

    def forward(self, x: Tensor) -> Tensor:
        """Apply :func:`relu` to ``x``."""
        return relu(x)


# %% cell 13 (sigmoid), lines 2-31 without 11, 15, 20, 22, 30
class SigmoidOp(Op):
    """1 / (1 + exp(-x)) without overflow. Keeps ``self.output``, from which the slope y(1 - y) follows."""

    def forward(self, x: np.ndarray) -> np.ndarray:
        """Return values in [0, 1], of x's shape and floating dtype (integers give float32).

        Accurate relative to the result also in the left tail, and finite steps only: no exponent is positive.
        Hint: the numerator is exp(0) on one side of zero and exp(x) on the other; ``np.minimum`` says both.
        """
        x = as_floating(x)
        self.output = np.exp(np.minimum(x, 0)) / (1 + np.exp(-np.abs(x)))
        return self.output


def sigmoid(x: Tensor) -> Tensor:
    """Logistic sigmoid of a tensor of any shape."""
    return SigmoidOp.apply(x)


class Sigmoid(Activation):
    """Layer form of :func:`sigmoid`."""

    def forward(self, x: Tensor) -> Tensor:
        """Apply :func:`sigmoid` to ``x``."""
        return sigmoid(x)


# %% cell 19 (tanh), lines 2-25 without 10, 13
class TanhOp(Op):
    """Hyperbolic tangent. Keeps ``self.output``, from which the slope 1 - y² follows."""

    def forward(self, x: np.ndarray) -> np.ndarray:
        """Return values in [-1, 1], of x's shape and floating dtype (integers give float32).

        Hint: NumPy has it, accurate at both ends and near zero; mind what it does with small integers.
        """
        self.output = np.tanh(as_floating(x))
        return self.output


def tanh(x: Tensor) -> Tensor:
    """Hyperbolic tangent of a tensor of any shape."""
    return TanhOp.apply(x)


class Tanh(Activation):
    """Layer form of :func:`tanh`."""

    def forward(self, x: Tensor) -> Tensor:
        return tanh(x)


# %% cell 23 (softmax), lines 2-49 without 14, 21, 29, 31, 38, 40, 44, 46
class SoftmaxOp(Op):
    """Softmax along ``axis``, an attribute set by ``apply``. Keeps ``self.output``."""

    axis: int

    def forward(self, x: np.ndarray) -> np.ndarray:
        """Return positive weights that sum to 1 along ``self.axis``; x's shape, integers give float32.

        A score of -inf gets weight 0, provided the row has a finite score. An axis that x lacks raises
        NumPy's ``AxisError`` (a ``ValueError``).
        Hint: two reductions, and both need ``keepdims=True`` to line up with x again.
        """
        x = as_floating(x)
        weights = x - x.max(axis=self.axis, keepdims=True)
        np.exp(weights, out=weights)
        weights /= weights.sum(axis=self.axis, keepdims=True)
        self.output = weights
        return weights


def softmax(x: Tensor, axis: int = -1) -> Tensor:
    """Softmax of ``x`` along one axis, by default the last.

    Hint: keyword arguments of ``Op.apply`` become attributes of the op.
    """
    return SoftmaxOp.apply(x, axis=axis)


class Softmax(Activation):
    """Layer form of :func:`softmax`; the axis is fixed when the layer is made."""

    def __init__(self, axis: int = -1) -> None:
        self.axis = axis

    def forward(self, x: Tensor) -> Tensor:
        """Apply :func:`softmax` along this layer's axis."""
        return softmax(x, axis=self.axis)

    def __repr__(self) -> str:
        return f"Softmax(axis={self.axis})"


# %% cell 29 (in_blocks), lines 2-9
def in_blocks(*arrays: np.ndarray, size: int = 1 << 15) -> Iterator[tuple[np.ndarray, ...]]:
    """Matching pieces of ``size`` elements of arrays of one shape, as flat views.

    Pieces of an array that is not C-contiguous are copies: good for reading, useless for writing.
    """
    flat = [array.reshape(-1) for array in arrays]
    for start in range(0, flat[0].size, size):
        yield tuple(array[start : start + size] for array in flat)


# %% cell 30 (gelu), lines 2-39 without 13, 27
SQRT_2_OVER_PI: float = math.sqrt(2.0 / math.pi)


class GELUOp(Op):
    """x Φ(x) in its tanh form (PyTorch's ``approximate="tanh"``). Keeps the inner ``self.tanh``."""

    def forward(self, x: np.ndarray) -> np.ndarray:
        """Return values of x's shape and floating dtype (integers give float32).

        Hint: compute the tanh once, keep it, and watch the result's dtype for float32 input.
        """
        x = as_floating(x)
        y = np.empty_like(x, order="C")
        self.tanh = np.empty_like(y)
        for part, inner, out in in_blocks(x, self.tanh, y):
            np.multiply(part, part, out=inner)
            inner *= 0.044715 * SQRT_2_OVER_PI
            inner += SQRT_2_OVER_PI
            inner *= part
            np.tanh(inner, out=inner)
            np.add(inner, 1.0, out=out)
            out *= part
            out *= 0.5
        return y


def gelu(x: Tensor) -> Tensor:
    """Gaussian error linear unit (tanh form) of a tensor of any shape."""
    return GELUOp.apply(x)


class GELU(Activation):
    """Layer form of :func:`gelu`."""

    def forward(self, x: Tensor) -> Tensor:
        return gelu(x)


# %% cell 38 (xor), lines 2-22 without 12, 16, 21
XOR_INPUTS: np.ndarray = np.array([[0.0, 0.0], [0.0, 1.0], [1.0, 0.0], [1.0, 1.0]], dtype=np.float32)
XOR_TARGETS: np.ndarray = np.array([0.0, 1.0, 1.0, 0.0], dtype=np.float32)


def best_linear_fit(inputs: np.ndarray, targets: np.ndarray) -> float:
    """Mean squared error of the best affine fit ``inputs @ w + b`` to ``targets``.

    ``inputs`` has shape (n, features), ``targets`` (n,). Works also when features depend on each other.
    Hint: ``np.linalg.lstsq`` on the inputs with a column of ones.
    """
    design = np.column_stack([inputs, np.ones(len(inputs))])
    weights, *_ = np.linalg.lstsq(design, targets, rcond=None)
    return float(np.mean((design @ weights - targets) ** 2))


def best_linear_fit_xor() -> float:
    """Mean squared error of the best linear model of XOR."""
    return best_linear_fit(XOR_INPUTS, XOR_TARGETS)
