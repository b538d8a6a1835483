# Generated from curriculum/15_acceleration/15_acceleration.py; edit that, not this file.
# Each "# %%" line says which cell, and which of its lines, the code below it is.

__all__ = [
    "blocked_matmul", "parallel_map", "inner_tanh", "LinearGELUOp", "linear_gelu_backward",
    "linear_gelu", "linear_gelu_flops", "QTensor", "quantize_int8", "dequantize", "QuantizedLinear",
    "model_bytes", "weight_matrices", "sparsity", "magnitude_prune", "apply_masks", "low_rank",
    "distillation_loss", "keep_freed_memory",
]


# %% cell 3 (imports), lines 2-16
import ctypes
import math
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

import numpy as np

from .activations import SQRT_2_OVER_PI, in_blocks
from .autograd import backward_for
from .layers import Linear, Module, Parameter, Sequential
from .losses import cross_entropy, log_softmax
from .profiling import flops_for
from .tensor import Op, Tensor


# %% cell 6 (blocked_matmul), lines 2-19 without 8
def blocked_matmul(a: np.ndarray, b: np.ndarray, block: int) -> np.ndarray:
    """a (n, k) times b (k, m) as products of blocks of at most ``block`` × ``block``; result (n, m).

    The dtype is that of ``a @ b``. Raises ValueError, naming the shapes, if they do not fit, and if block < 1.
    Hint: three ranges with the step ``block``, and ``+=`` on a slice.
    """
    if a.ndim != 2 or b.ndim != 2 or a.shape[1] != b.shape[0]:
        raise ValueError(f"blocked_matmul needs shapes (n, k) and (k, m), got {a.shape} and {b.shape}")
    if block < 1:
        raise ValueError(f"block must be at least 1, got {block}")
    (n, inner), m = a.shape, b.shape[1]
    c = np.zeros((n, m), dtype=np.result_type(a, b))
    for i in range(0, n, block):
        for j in range(0, m, block):
            for k in range(0, inner, block):
                c[i : i + block, j : j + block] += a[i : i + block, k : k + block] @ b[k : k + block, j : j + block]
    return c


# %% cell 11 (parallel_map), lines 2-14 without 9
def parallel_map(fn: Callable[[np.ndarray], np.ndarray], batch: np.ndarray, workers: int) -> np.ndarray:
    """Apply ``fn`` to ``workers`` parts of ``batch`` at the same time; their results, one after the other.

    Parts are contiguous along the first axis, and their lengths differ by at most 1. No part is empty: a short batch
    uses fewer threads, and an empty one calls ``fn`` once, with it. Raises ValueError if workers < 1, and what ``fn`` raises.
    Hint: ``np.array_split``; a ``ThreadPoolExecutor`` has a ``map`` that keeps the order.
    """
    if workers < 1:
        raise ValueError(f"workers must be at least 1, got {workers}")
    parts = np.array_split(batch, max(1, min(workers, len(batch))))
    with ThreadPoolExecutor(len(parts)) as pool:
        return np.concatenate(list(pool.map(fn, parts)))


# %% cell 16 (inner_tanh), lines 2-9
def inner_tanh(z: np.ndarray, out: np.ndarray | None = None) -> np.ndarray:
    """tanh(√(2/π) (z + 0.044715 z³)), the inner part of GELU: in ``out``, or with one new array."""
    t = np.multiply(z, z, out=out)
    t *= 0.044715
    t += 1
    t *= z
    t *= SQRT_2_OVER_PI
    return np.tanh(t, out=t)


# %% cell 17 (linear_gelu), lines 2-60 without 11, 22, 31, 47, 52, 54
class LinearGELUOp(Op):
    """GELU(x Wᵀ + b) in one op. Keeps ``self.z``, the argument of GELU, with all leading axes folded into rows."""

    def forward(self, x: np.ndarray, w: np.ndarray, b: np.ndarray) -> np.ndarray:
        """x (..., in), w (out, in), b (out,) of one dtype; result (..., out), of which ``z`` is no view.

        Allocates two arrays of the result's size and nothing else of that size.
        Hint: ``inner_tanh`` takes or returns a buffer that is yours: y = z (1 + tanh) / 2.
        """
        z = x.reshape(-1, x.shape[-1]) @ w.T
        z += b
        self.z = z
        y = np.empty_like(z)
        for part, out in in_blocks(z, y):
            inner_tanh(part, out)
            out += 1
            out *= part
            out *= 0.5
        return y.reshape(*x.shape[:-1], len(w))


@backward_for(LinearGELUOp)
def linear_gelu_backward(op: LinearGELUOp, grad: np.ndarray) -> tuple[np.ndarray | None, ...]:
    """Gradients of x, w and b; None for an x that does not require grad, whose product is saved.

    Hint: the derivative of GELU is that of Module 06; compute the tanh again.
    """
    x, w = op.inputs[0].data, op.inputs[1].data
    slope = np.empty_like(op.z)
    for z, upper, out in in_blocks(op.z, grad, slope):
        t = inner_tanh(z)
        np.multiply(z, z, out=out)
        out *= 3 * 0.044715 * SQRT_2_OVER_PI
        out += SQRT_2_OVER_PI
        out *= z
        out *= 1.0 - t * t
        out += t
        out += 1
        out *= upper
        out *= 0.5
    x_grad = (slope @ w).reshape(x.shape) if op.inputs[0].requires_grad else None
    return x_grad, slope.T @ x.reshape(-1, x.shape[-1]), slope.sum(axis=0)


def linear_gelu(x: Tensor, w: Tensor, b: Tensor) -> Tensor:
    """``gelu(x @ w.T + b)`` as one node of the graph."""
    return LinearGELUOp.apply(x, w, b)


@flops_for(LinearGELUOp)
def linear_gelu_flops(op: LinearGELUOp, shape: tuple[int, ...]) -> int:
    """A product, a sum and nine operations for GELU, as the three ops count."""
    return math.prod(shape) * (2 * op.inputs[0].shape[-1] + 10)


# %% cell 22 (quantize), lines 2-47 without 26, 38, 46
@dataclass(frozen=True)
class QTensor:
    """Eight-bit numbers: ``scale * (values - zero_point)``.

    values: int8. scale: float32, and zero_point: int32, both of a shape that broadcasts with ``values``.
    """

    values: np.ndarray
    scale: np.ndarray
    zero_point: np.ndarray

    @property
    def nbytes(self) -> int:
        return self.values.nbytes + self.scale.nbytes + self.zero_point.nbytes


def quantize_int8(x: Any, axis: int | None = None) -> QTensor:
    """Quantize floats to int8, with an error of at most half a step everywhere and 0 exact.

    x: an array, a tensor or a list of numbers.
    axis: the axis that keeps its length in ``scale`` and ``zero_point``, the others having 1 there: one scale for each
    index. ``None``: one scale for all, of shape (). Raises ValueError if x holds NaN or infinity.
    Hint: the minimum over all axes but one takes a tuple of axes, and ``keepdims=True``.
    """
    x = np.asarray(x, dtype=np.float64)
    if not np.isfinite(x).all():
        raise ValueError("quantize_int8 needs finite numbers, got NaN or infinity")
    others = None if axis is None else tuple(other for other in range(x.ndim) if other != axis % x.ndim)
    low, high = (reduce(axis=others, keepdims=axis is not None, initial=0) for reduce in (x.min, x.max))
    scale = np.asarray((high - low) / 255, dtype=np.float32)
    scale = np.where(scale > 0, scale, np.float32(1))
    wide = scale.astype(np.float64)
    zero_point = np.round(-128 - low / wide).astype(np.int32)
    values = np.clip(np.round(x / wide) + zero_point, -128, 127).astype(np.int8)
    return QTensor(values, scale, np.asarray(zero_point))


def dequantize(q: QTensor) -> np.ndarray:
    """The float32 numbers that ``q`` stands for.

    Hint: mind the dtype of a product of int32 and float32.
    """
    return (q.values - q.zero_point).astype(np.float32) * q.scale


# %% cell 27 (quantized_linear), lines 2-56 without 10, 13, 18, 21, 29, 43
class QuantizedLinear(Module):
    """A Linear layer for inference in int8 arithmetic: ``weight`` is a QTensor (out, in), ``bias`` an array or None.

    The weight has one scale for each output, of shape (out, 1), or one for all, of shape ().
    """

    def __init__(self, weight: QTensor, bias: np.ndarray | None = None) -> None:
        """Keep both, and ``weight_sums``: for each output, the int32 sum of its integers."""
        self.weight, self.bias = weight, bias
        self.weight_sums = weight.values.sum(axis=1, dtype=np.int32)

    @classmethod
    def from_linear(cls, layer: Linear) -> "QuantizedLinear":
        """Quantize a layer's weights, with one scale for each output; the bias is copied as float32."""
        bias = None if layer.bias is None else layer.bias.data.astype(np.float32)
        return cls(quantize_int8(layer.weight.data, axis=0), bias)

    def forward(self, x: Tensor) -> Tensor:
        """x: (..., in), floats; result (..., out), float32, without history.

        Raises ValueError, naming the shapes, if the last axis of x has another length, or if x has none.
        Hint: rows of x, ``quantize_int8(rows, axis=0)``, and four terms in int32.
        """
        outputs, width = self.weight.values.shape
        if x.ndim == 0 or x.shape[-1] != width:
            raise ValueError(f"QuantizedLinear needs an input of shape (..., {width}), got {x.shape}")
        q = quantize_int8(x.data.reshape(-1, width), axis=0)
        weight_zero = self.weight.zero_point.reshape(1, -1)
        sums = q.values.astype(np.int32) @ self.weight.values.astype(np.int32).T
        sums -= q.zero_point * self.weight_sums
        sums -= q.values.sum(axis=1, dtype=np.int32, keepdims=True) * weight_zero
        sums += width * q.zero_point * weight_zero
        y = sums.astype(np.float32) * (q.scale * self.weight.scale.reshape(1, -1))
        if self.bias is not None:
            y += self.bias
        return Tensor(y.reshape(*x.shape[:-1], outputs))


def model_bytes(model: Any) -> int:
    """Bytes of everything that a model keeps: parameters, quantized weights and arrays."""
    if isinstance(model, QTensor):
        return model.nbytes
    if isinstance(model, Tensor):
        return model.data.nbytes
    if isinstance(model, np.ndarray):
        return model.nbytes
    if isinstance(model, (list, tuple)):
        return sum(model_bytes(part) for part in model)
    return sum(model_bytes(part) for part in vars(model).values()) if isinstance(model, Module) else 0


# %% cell 32 (pruning), lines 2-42 without 9, 13, 23, 36
def weight_matrices(model: Module) -> dict[str, Parameter]:
    """The parameters with at least two axes, by name."""
    return {name: parameter for name, parameter in model.named_parameters() if parameter.ndim >= 2}


def sparsity(model: Module) -> float:
    """Share of zeros among all elements of ``weight_matrices``; 0 if there are none."""
    weights = weight_matrices(model).values()
    count = sum(weight.size for weight in weights)
    return sum(weight.size - int(np.count_nonzero(weight.data)) for weight in weights) / count if count else 0.0


def magnitude_prune(model: Module, share: float) -> dict[str, np.ndarray]:
    """Set the share of smallest magnitude, counted over all ``weight_matrices`` together, to 0.

    Exactly ``round(share * count)`` elements; among equal ones, the first in order of names and positions. Returns a mask
    for each name, True where the weight stays. Raises ValueError unless 0 <= share <= 1.
    Hint: one long array of magnitudes, sorted once; ``np.split`` or a running position takes it apart again.
    """
    if not 0 <= share <= 1:
        raise ValueError(f"share must lie between 0 and 1, got {share}")
    weights = weight_matrices(model)
    magnitudes = np.concatenate([np.zeros(0), *(np.abs(weight.data).ravel() for weight in weights.values())])
    keep = np.ones(magnitudes.size, dtype=bool)
    keep[np.argsort(magnitudes, kind="stable")[: round(share * magnitudes.size)]] = False
    masks, position = {}, 0
    for name, weight in weights.items():
        masks[name] = keep[position : position + weight.size].reshape(weight.shape)
        weight.data = np.where(masks[name], weight.data, weight.dtype.type(0))
        position += weight.size
    return masks


def apply_masks(model: Module, masks: Mapping[str, np.ndarray]) -> None:
    """Set to 0 again what ``magnitude_prune`` has pruned: after each step of further training."""
    for name, weight in weight_matrices(model).items():
        weight.data = np.where(masks[name], weight.data, weight.dtype.type(0))


# %% cell 37 (low_rank), lines 2-19 without 8
def low_rank(layer: Linear, rank: int) -> Sequential:
    """Two Linear layers, in -> rank (no bias) -> out, nearest to ``layer``; the second one has a copy of its bias.

    Raises ValueError unless 1 <= rank <= min(in, out). The layer is left as it is; dtypes are those of its weights.
    Hint: ``full_matrices=False``.
    """
    outputs, inputs = layer.weight.shape
    if not 1 <= rank <= min(inputs, outputs):
        raise ValueError(f"rank must lie between 1 and {min(inputs, outputs)}, got {rank}")
    u, values, vt = np.linalg.svd(layer.weight.data, full_matrices=False)
    root = np.sqrt(values[:rank])
    first, second = Linear(inputs, rank, bias=False), Linear(rank, outputs, bias=layer.bias is not None)
    first.weight.data = root[:, None] * vt[:rank]
    second.weight.data = u[:, :rank] * root
    if layer.bias is not None:
        second.bias.data = layer.bias.data.copy()
    return Sequential(first, second)


# %% cell 42 (distillation), lines 2-17 without 9
def distillation_loss(student: Tensor, teacher: Tensor, labels: Any, temperature: float, alpha: float) -> Tensor:
    """α T² KL(teacher ‖ student), both softened by T, plus (1 - α) cross-entropy with the labels: a tensor of shape ().

    student, teacher: logits (n, classes). labels: (n,), not looked at, and possibly None, if alpha is 1. KL is the mean over
    rows of the sum over classes. Raises ValueError unless temperature > 0 and 0 <= alpha <= 1.
    Hint: the part of KL that depends on the teacher alone is a number; its gradient is none of your business.
    """
    if temperature <= 0 or not 0 <= alpha <= 1:
        raise ValueError(f"temperature must be positive and alpha in [0, 1], got {temperature} and {alpha}")
    target = log_softmax(Tensor(teacher.data / temperature, dtype=student.dtype)).data
    weights = np.exp(target)
    learned = log_softmax(student / temperature)
    divergence = ((target - learned) * weights).sum() / len(weights)
    soft = divergence * (alpha * temperature**2)
    return soft if alpha == 1 else soft + cross_entropy(student, labels) * (1 - alpha)


# %% cell 49 (allocator), lines 2-11
def keep_freed_memory(threshold: int = 2**30) -> bool:
    """Let this process keep freed arrays of up to ``threshold`` bytes for later ones. Return whether it could be set.

    glibc's ``mallopt`` with M_MMAP_THRESHOLD (-3) and M_TRIM_THRESHOLD (-1); on other systems nothing changes.
    """
    try:
        mallopt = ctypes.CDLL(None).mallopt
    except (AttributeError, OSError, TypeError):
        return False
    return bool(mallopt(-3, threshold) and mallopt(-1, threshold))
