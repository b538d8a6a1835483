# Generated from curriculum/06_autograd/06_autograd.py; edit that, not this file.
# Each "# %%" line says which cell, and which of its lines, the code below it is.
# Adds to classes of: activations, losses, tensor

__all__ = [
    "Rule", "BACKWARD", "backward_for", "input_gradients", "kept_shape", "neg_backward",
    "exp_backward", "log_backward", "pow_backward", "max_backward", "unbroadcast", "add_backward",
    "sub_backward", "mul_backward", "div_backward", "product_like", "matmul_backward",
    "sum_backward", "mean_backward", "reshape_backward", "transpose_backward", "getitem_backward",
    "gelu_backward", "relu_backward", "sigmoid_backward", "tanh_backward", "softmax_backward",
    "log_softmax_backward", "topological_order", "no_grad", "detach", "backward", "gradient_check",
    "graph_memory",
]


# %% cell 3 (imports), lines 2-12
import math
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np

from .activations import SQRT_2_OVER_PI, GELUOp, ReLUOp, SigmoidOp, SoftmaxOp, TanhOp, in_blocks
from .losses import LogSoftmaxOp, central_difference
from .tensor import Add, Div, Exp, GetItem, Log, MatMul, Max, Mean, Mul, Neg, Op, Pow
from .tensor import Reshape, Sub, Sum, Tensor, Transpose


# %% cell 6 (registry), lines 2-81
Rule = Callable[[Any, np.ndarray], tuple[np.ndarray | None, ...]]
BACKWARD: dict[type[Op], Rule] = {}


def backward_for(kind: type[Op]) -> Callable[[Rule], Rule]:
    """Decorator: register a function as the backward rule of an op class.

    The rule gets the op and the gradient of its result; it returns a tuple with one gradient per input, each
    of that input's shape, or ``None`` where none is needed.
    """

    def register(rule: Rule) -> Rule:
        BACKWARD[kind] = rule
        return rule

    return register


def input_gradients(op: Op, grad: np.ndarray) -> tuple[np.ndarray | None, ...]:
    """Apply the rule of ``op`` to the gradient of its result, and check what it returns."""
    name = type(op).__name__
    rule = BACKWARD.get(type(op))
    if rule is None:
        raise LookupError(f"{name} has no backward rule; write one under @backward_for({name})")
    gradients = rule(op, grad)
    if not isinstance(gradients, tuple) or len(gradients) != len(op.inputs):
        raise TypeError(
            f"the rule of {name} must return a tuple with {len(op.inputs)} gradients, one per input"
        )
    for number, (tensor, gradient) in enumerate(zip(op.inputs, gradients)):
        if gradient is None:
            if tensor.requires_grad:
                raise ValueError(f"the rule of {name} returned None for input {number}, which requires grad")
        elif gradient.shape != tensor.data.shape:
            raise ValueError(
                f"the rule of {name} returned a gradient of shape {gradient.shape} for input {number}, "
                f"whose shape is {tensor.data.shape}"
            )
    return gradients


def kept_shape(shape: tuple[int, ...], axis: int | tuple[int, ...] | None) -> tuple[int, ...]:
    """Shape of a reduction of ``shape`` over ``axis`` with ``keepdims=True``."""
    if axis is None:
        return (1,) * len(shape)
    axes = axis if isinstance(axis, tuple) else (axis,)
    folded = {one % len(shape) for one in axes}
    return tuple(1 if position in folded else length for position, length in enumerate(shape))


@backward_for(Neg)
def neg_backward(_op: Neg, grad: np.ndarray) -> tuple[np.ndarray, ...]:
    return (-grad,)


@backward_for(Exp)
def exp_backward(op: Exp, grad: np.ndarray) -> tuple[np.ndarray, ...]:
    return (grad * op.output,)


@backward_for(Log)
def log_backward(op: Log, grad: np.ndarray) -> tuple[np.ndarray, ...]:
    return (grad / op.inputs[0].data,)


@backward_for(Pow)
def pow_backward(op: Pow, grad: np.ndarray) -> tuple[np.ndarray, ...]:
    if op.exponent == 0:
        return (np.zeros_like(grad),)
    return (grad * (op.exponent * op.inputs[0].data ** (op.exponent - 1)),)


@backward_for(Max)
def max_backward(op: Max, grad: np.ndarray) -> tuple[np.ndarray, ...]:
    """Elements that share the maximum share its gradient evenly."""
    a = op.inputs[0].data
    kept = kept_shape(a.shape, op.axis)
    winners = a == a.max(axis=op.axis, keepdims=True)
    share = grad.reshape(kept) / winners.sum(axis=op.axis, keepdims=True, dtype=grad.dtype)
    return (winners * share,)


# %% cell 10 (unbroadcast), lines 2-16 without 8
def unbroadcast(grad: np.ndarray, shape: tuple[int, ...]) -> np.ndarray:
    """Sum ``grad`` over the axes along which an array of ``shape`` was repeated; the result has ``shape``.

    ``shape`` broadcasts to ``grad.shape``. Returns ``grad`` itself if the two are equal.
    Hint: count how many axes are missing at the left; ``sum`` takes several axes at once.
    """
    if grad.shape == shape:
        return grad
    missing = grad.ndim - len(shape)
    if grad.shape[missing:] == shape:
        rows = grad.reshape(math.prod(grad.shape[:missing]), math.prod(shape))
        return (np.ones(len(rows), grad.dtype) @ rows).reshape(shape)
    repeated = [missing + axis for axis, length in enumerate(shape) if length == 1]
    return grad.sum(axis=(*range(missing), *repeated), keepdims=True).reshape(shape)


# %% cell 13 (arithmetic), lines 2-38 without 8, 10, 16, 19, 25, 30, 36
@backward_for(Add)
def add_backward(op: Add, grad: np.ndarray) -> tuple[np.ndarray | None, ...]:
    """Gradients of a and b for a + b; an input that does not require grad may get ``None``, here and below.

    Hint: the shapes of the inputs are ``op.inputs[0].shape`` and ``op.inputs[1].shape``.
    """
    return tuple(unbroadcast(grad, t.shape) if t.requires_grad else None for t in op.inputs)


@backward_for(Sub)
def sub_backward(op: Sub, grad: np.ndarray) -> tuple[np.ndarray, ...]:
    """Gradients of a and b for a - b."""
    a, b = op.inputs
    return unbroadcast(grad, a.shape), unbroadcast(-grad, b.shape)


@backward_for(Mul)
def mul_backward(op: Mul, grad: np.ndarray) -> tuple[np.ndarray | None, ...]:
    """Gradients of a and b for a * b."""
    a, b = op.inputs
    grad_a = unbroadcast(grad * b.data, a.shape) if a.requires_grad else None
    grad_b = unbroadcast(grad * a.data, b.shape) if b.requires_grad else None
    return grad_a, grad_b


@backward_for(Div)
def div_backward(op: Div, grad: np.ndarray) -> tuple[np.ndarray, ...]:
    """Gradients of a and b for a / b."""
    a, b = op.inputs
    return unbroadcast(grad / b.data, a.shape), unbroadcast(-grad * a.data / (b.data * b.data), b.shape)


# %% cell 16 (product_like), lines 2-6
def product_like(like: np.ndarray, a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """a @ b, in the memory order of ``like`` if its batch axes are those of the product (else an ordinary product)."""
    if like.shape[:-2] != np.broadcast_shapes(a.shape[:-2], b.shape[:-2]):
        return a @ b
    return np.matmul(a, b, out=np.empty_like(like, dtype=np.result_type(a, b)))


# %% cell 17 (matmul), lines 2-26 without 9
@backward_for(MatMul)
def matmul_backward(op: MatMul, grad: np.ndarray) -> tuple[np.ndarray | None, ...]:
    """Gradients of a and b for a @ b: matrices, batches that broadcast, and vectors.

    An input that does not require grad may get ``None``.
    Hint: make both operands and ``grad`` at least matrices first; reshape the gradients at the end.
    """
    left, right = op.inputs
    a = left.data[None, :] if left.ndim == 1 else left.data
    b = right.data[:, None] if right.ndim == 1 else right.data
    if right.ndim == 1:
        grad = np.expand_dims(grad, -1)
    if left.ndim == 1:
        grad = np.expand_dims(grad, -2)
    grad_a = grad_b = None
    if left.requires_grad:
        grad_a = unbroadcast(product_like(a, grad, b.swapaxes(-1, -2)), a.shape).reshape(left.shape)
    if right.requires_grad and b.ndim == 2:
        rows = math.prod(a.shape[:-1])
        folded = a.reshape(rows, a.shape[-1]), grad.reshape(rows, grad.shape[-1])
        grad_b = product_like(b, folded[0].T, folded[1]).reshape(right.shape)
    elif right.requires_grad:
        grad_b = unbroadcast(product_like(b, a.swapaxes(-1, -2), grad), b.shape).reshape(right.shape)
    return grad_a, grad_b


# %% cell 20 (shapes), lines 2-55 without 5, 8, 17, 21, 27, 29, 35, 39, 48
@backward_for(Sum)
def sum_backward(op: Sum, grad: np.ndarray) -> tuple[np.ndarray, ...]:
    """Gradient of the input of a sum over ``op.axis`` (None, one axis or several)."""
    shape = op.inputs[0].shape
    return (np.broadcast_to(grad.reshape(kept_shape(shape, op.axis)), shape),)


@backward_for(Mean)
def mean_backward(op: Mean, grad: np.ndarray) -> tuple[np.ndarray, ...]:
    """Gradient of the input of a mean over ``op.axis``.

    Hint: the number of elements behind each mean is the ratio of two sizes.
    """
    shape = op.inputs[0].shape
    count = op.inputs[0].size // max(grad.size, 1)
    return (np.broadcast_to((grad / count).reshape(kept_shape(shape, op.axis)), shape),)


@backward_for(Reshape)
def reshape_backward(op: Reshape, grad: np.ndarray) -> tuple[np.ndarray, ...]:
    """Gradient of the input of a reshape."""
    return (grad.reshape(op.inputs[0].shape),)


@backward_for(Transpose)
def transpose_backward(op: Transpose, grad: np.ndarray) -> tuple[np.ndarray, ...]:
    """Gradient of the input of a transpose with ``op.axes`` (None: reversed; negative axes allowed)."""
    if op.axes is None:
        return (grad.transpose(),)
    return (grad.transpose(np.argsort([axis % grad.ndim for axis in op.axes])),)


@backward_for(GetItem)
def getitem_backward(op: GetItem, grad: np.ndarray) -> tuple[np.ndarray, ...]:
    """Gradient of the input of ``a[op.index]``: zero where nothing was taken, the sum where taken repeatedly.

    Hint: only index arrays and lists can repeat a position; slices and integers cannot, and are cheaper.
    """
    result = np.zeros(op.inputs[0].shape, dtype=grad.dtype)
    parts = op.index if isinstance(op.index, tuple) else (op.index,)
    if all(part is None or isinstance(part, (int, np.integer, slice, type(...))) for part in parts):
        result[op.index] = grad
    else:
        np.add.at(result, op.index, grad)
    return (result,)


# %% cell 23 (gelu_rule), lines 2-15
@backward_for(GELUOp)
def gelu_backward(op: GELUOp, grad: np.ndarray) -> tuple[np.ndarray, ...]:
    """grad · (1 + t) (½ + x (1 - t) · half the slope of the tanh's argument), block by block: the widest layer there is."""
    result = np.empty_like(grad, order="C")
    for x, t, upper, slope in in_blocks(op.inputs[0].data, op.tanh, grad, result):
        np.multiply(x, x, out=slope)
        slope *= 1.5 * 0.044715 * SQRT_2_OVER_PI
        slope += 0.5 * SQRT_2_OVER_PI
        slope *= x
        slope *= 1.0 - t
        slope += 0.5
        slope *= 1.0 + t
        slope *= upper
    return (result,)


# %% cell 24 (activations), lines 2-48 without 5, 7, 13, 15, 21, 23, 32, 38, 47
@backward_for(ReLUOp)
def relu_backward(op: ReLUOp, grad: np.ndarray) -> tuple[np.ndarray, ...]:
    """Gradient of the input of a ReLU; the slope at 0 is 0."""
    return (grad * (op.output > 0),)


@backward_for(SigmoidOp)
def sigmoid_backward(op: SigmoidOp, grad: np.ndarray) -> tuple[np.ndarray, ...]:
    """Gradient of the input of a sigmoid."""
    return (grad * op.output * (1 - op.output),)


@backward_for(TanhOp)
def tanh_backward(op: TanhOp, grad: np.ndarray) -> tuple[np.ndarray, ...]:
    """Gradient of the input of a tanh."""
    return (grad * (1 - op.output * op.output),)


@backward_for(SoftmaxOp)
def softmax_backward(op: SoftmaxOp, grad: np.ndarray) -> tuple[np.ndarray, ...]:
    """Gradient of the input of a softmax along ``op.axis``.

    Hint: no Jacobian; one weighted sum per row is enough.
    """
    rows = np.moveaxis(grad, op.axis, -1), np.moveaxis(op.output, op.axis, -1)
    means = np.einsum("...i,...i->...", *rows)
    slope = grad - np.expand_dims(means, op.axis)
    slope *= op.output
    return (slope,)


@backward_for(LogSoftmaxOp)
def log_softmax_backward(op: LogSoftmaxOp, grad: np.ndarray) -> tuple[np.ndarray, ...]:
    """Gradient of the input of a log-softmax along ``op.axis``.

    Hint: the exponential of the output is the softmax.
    """
    return (grad - np.exp(op.output) * grad.sum(axis=op.axis, keepdims=True),)


# %% cell 27 (topological_order), lines 2-23 without 8
def topological_order(t: Tensor) -> list[Tensor]:
    """The tensors behind ``t`` that require grad, each once and after its inputs; ``t`` itself is last.

    Linear in the number of recorded ops, and not recursive.
    Hint: a stack of pairs (tensor, whether its inputs have been put on the stack already).
    """
    order: list[Tensor] = []
    seen: set[Tensor] = set()
    stack = [(t, False)]
    while stack:
        tensor, inputs_done = stack.pop()
        if inputs_done:
            order.append(tensor)
        elif tensor not in seen:
            seen.add(tensor)
            stack.append((tensor, True))
            if tensor.creator is not None:
                for source in tensor.creator.inputs:
                    if source.requires_grad and source not in seen:
                        stack.append((source, False))
    return order


# %% cell 32 (no_grad), lines 2-15
@contextmanager
def no_grad() -> Iterator[None]:
    """Record nothing inside ``with no_grad():``, and go on as before afterwards, also after an exception."""
    before = Op.recording
    Op.recording = False
    try:
        yield
    finally:
        Op.recording = before


def detach(t: Tensor) -> Tensor:
    """The same data, shared, in a tensor without a past that requires no grad."""
    return Tensor(t.data, dtype=t.dtype)


# %% cell 33 (backward), lines 2-41 without 12, 38
def backward(self: Tensor, gradient: Any = None) -> None:
    """Add to ``.grad`` of every leaf behind this tensor the slope of this tensor, weighted by ``gradient``.

    gradient: an array (or tensor, or list) of this tensor's shape; may be left out if there is one element.
    Gradients of intermediate tensors are not kept. The graph stays, and may be walked again.

    Raises RuntimeError if this tensor does not require grad, and ValueError if ``gradient`` is missing for a
    tensor with more or less than one element, or has another shape (naming both).
    Hint: a dictionary from tensors to arrays; ``dict.pop`` reads an entry and forgets it.
    """
    if not self.requires_grad:
        raise RuntimeError("backward() needs a tensor that requires grad: was it made under no_grad()?")
    if gradient is None:
        if self.size != 1:
            raise ValueError(
                f"backward() of a tensor of shape {self.shape} needs a gradient of that shape; only a single "
                "number has a slope by itself"
            )
        gradient = np.ones(self.shape)
    gradient = np.asarray(gradient, dtype=self.dtype)
    if gradient.shape != self.shape:
        raise ValueError(f"the gradient has shape {gradient.shape}, the tensor {self.shape}: make them equal")

    gradients = {self: gradient}
    for tensor in reversed(topological_order(self)):
        total = gradients.pop(tensor)
        if tensor.creator is None:
            if tensor.grad is None:
                tensor.grad = np.array(total, dtype=tensor.dtype, order="C")
            else:
                tensor.grad = (tensor.grad + total).astype(tensor.dtype, copy=False)
            continue
        for source, share in zip(tensor.creator.inputs, input_gradients(tensor.creator, total)):
            if source.requires_grad:
                gradients[source] = gradients[source] + share if source in gradients else share


Tensor.backward = backward


# %% cell 36 (instruments), lines 2-45 without 9, 25, 34
def gradient_check(f: Callable[..., Tensor], *tensors: Tensor, eps: float = 1e-6) -> float:
    """Largest relative error of the gradients of ``f(*tensors)`` against central differences, in float64.

    f: takes as many tensors and returns one number. Gradients of all floating tensors are checked, on float64
    copies; integer tensors are passed through.
    Hint: for the differences, all arguments but one stay fixed; ``no_grad`` saves the recording.
    """
    copies = [
        Tensor(t.data.copy(), dtype=np.float64, requires_grad=True) if t.dtype.kind == "f" else t
        for t in tensors
    ]
    f(*copies).backward()
    worst = 0.0
    for place, leaf in enumerate(copies):
        if not leaf.requires_grad:
            continue
        with no_grad():
            measured = central_difference(lambda v: f(*copies[:place], v, *copies[place + 1 :]), leaf, eps)
        exact = np.zeros(leaf.shape) if leaf.grad is None else leaf.grad
        errors = np.abs(exact - measured) / np.maximum(1, np.abs(measured))
        worst = max(worst, float(errors.max(initial=0)))
    return worst


def graph_memory(t: Tensor) -> int:
    """Bytes of all buffers that the recorded history of ``t`` keeps alive, ``t`` itself included, each once.

    These are the data of all tensors in it, constants too, and arrays that ops keep as attributes.
    Hint: ``vars(op).values()`` are the attributes of an op.
    """
    buffers = {}
    for tensor in topological_order(t):
        arrays = [tensor.data]
        if tensor.creator is not None:
            arrays += [source.data for source in tensor.creator.inputs]
            arrays += [value for value in vars(tensor.creator).values() if isinstance(value, np.ndarray)]
        for array in arrays:
            while isinstance(array.base, np.ndarray):
                array = array.base
            buffers[id(array)] = array.nbytes
    return sum(buffers.values())
