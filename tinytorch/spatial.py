# Generated from curriculum/09_spatial/09_spatial.py; edit that, not this file.
# Each "# %%" line says which cell, and which of its lines, the code below it is.

__all__ = [
    "output_size", "conv2d_loops", "batch_last", "side_by_side", "window_slices", "im2col",
    "col2im", "Conv2dOp", "conv2d_backward", "Conv2d", "MaxPool2dOp", "max_pool2d_backward",
    "MaxPool2d", "AvgPool2dOp", "avg_pool2d_backward", "AvgPool2d", "conv_cost", "receptive_field",
]


# %% cell 3 (imports), lines 2-10
import math
from collections.abc import Iterable
from typing import Any

import numpy as np

from .autograd import backward_for
from .layers import Module, uniform_parameter
from .tensor import Op, Tensor


# %% cell 6 (output_size), lines 2-14 without 9
def output_size(n: int, k: int, stride: int = 1, padding: int = 0) -> int:
    """Number of windows of ``k`` pixels along a side of ``n`` pixels with ``padding`` zeros at both ends.

    Raises ValueError, naming the numbers, if the window does not fit, or unless k and stride are at least 1 and
    padding is not negative.
    Hint: a formula of section 1.
    """
    if k < 1 or stride < 1 or padding < 0:
        raise ValueError(f"needs k >= 1, stride >= 1, padding >= 0; got {k}, {stride} and {padding}")
    if n + 2 * padding < k:
        raise ValueError(f"a window of {k} pixels does not fit into {n} pixels with padding {padding}")
    return (n + 2 * padding - k) // stride + 1


# %% cell 9 (conv2d_loops), lines 2-30 without 12
def conv2d_loops(
    x: np.ndarray, w: np.ndarray, b: np.ndarray | None = None, stride: int = 1, padding: int = 0
) -> np.ndarray:
    """Convolution by the definition, one multiplication at a time.

    x: (B, C, H, W), w: (O, C, k, k), b: (O,) or None; result: (B, O, rows, columns) in the dtype to which NumPy
    promotes x and w.
    Raises ValueError, naming both shapes, if x and w differ in their channels, and what ``output_size`` raises.
    Hint: four loops choose the output, three add it up.
    """
    if x.shape[1] != w.shape[1]:
        raise ValueError(f"conv2d_loops: images of shape {x.shape} and weights of shape {w.shape} differ in channels")
    batch, channels, height, width = x.shape
    out_channels, _, k, _ = w.shape
    rows, columns = output_size(height, k, stride, padding), output_size(width, k, stride, padding)
    padded = np.pad(x, ((0, 0), (0, 0), (padding, padding), (padding, padding)))
    y = np.zeros((batch, out_channels, rows, columns), dtype=np.result_type(x, w))
    for n in range(batch):
        for o in range(out_channels):
            for i in range(rows):
                for j in range(columns):
                    total = 0 if b is None else b[o]
                    for c in range(channels):
                        for u in range(k):
                            for v in range(k):
                                total += padded[n, c, i * stride + u, j * stride + v] * w[o, c, u, v]
                    y[n, o, i, j] = total
    return y


# %% cell 15 (batch_last), lines 2-10
def batch_last(x: np.ndarray) -> np.ndarray:
    """x (B, …) with the batch as the innermost axis in memory: x itself if it is stored so, else a copy."""
    return np.moveaxis(np.ascontiguousarray(np.moveaxis(x, 0, -1)), -1, 0)


def side_by_side(stack: np.ndarray) -> np.ndarray:
    """(B, n, L) as one matrix (n, L·B): for each of the L places the B images. A view if the batch is innermost."""
    batch, n, places = stack.shape
    return stack.transpose(1, 2, 0).reshape(n, places * batch)


# %% cell 17 (im2col), lines 2-33 without 9, 15, 24
def window_slices(k: int, stride: int, rows: int, columns: int) -> list[tuple[Any, ...]]:
    """One index for each of the k² positions in a window, in reading order.

    ``x[index]`` is a view of shape (..., rows, columns): the pixel at that position in each of the
    ``rows`` × ``columns`` windows, whose upper left corners are ``stride`` apart.
    Hint: ``(..., slice(first, stop, step), slice(…))``; a stop may lie beyond the end.
    """
    return [
        (..., slice(u, u + stride * rows, stride), slice(v, v + stride * columns, stride))
        for u in range(k)
        for v in range(k)
    ]


def im2col(x: np.ndarray, k: int, stride: int = 1, padding: int = 0) -> np.ndarray:
    """The windows of images as columns: (B, C, H, W) becomes (B, C·k², windows), a new array of x's dtype.

    Windows in reading order; within a column channel by channel, and each channel's k² pixels in reading order.
    Hint: allocate (C, k², rows, columns, B) and move the batch to the front; fill slice by slice, reshape at the end.
    """
    batch, channels, height, width = x.shape
    rows, columns = output_size(height, k, stride, padding), output_size(width, k, stride, padding)
    if padding:
        x = np.pad(x, ((0, 0), (0, 0), (padding, padding), (padding, padding)))
    x = batch_last(x)
    cols = np.moveaxis(np.empty((channels, k * k, rows, columns, batch), dtype=x.dtype), -1, 0)
    for number, index in enumerate(window_slices(k, stride, rows, columns)):
        cols[:, :, number] = x[index]
    return cols.reshape(batch, channels * k * k, rows * columns)


# %% cell 20 (col2im), lines 2-19 without 11
def col2im(
    cols: np.ndarray, shape: tuple[int, ...], k: int, stride: int = 1, padding: int = 0
) -> np.ndarray:
    """Add each entry of ``cols`` to the pixel it came from: the adjoint of ``im2col``.

    cols: (B, C·k², windows), shape: (B, C, H, W) of the images without padding; the result has this shape and
    the dtype of ``cols``. Pixels in no window are 0.
    Hint: work on padded images, and cut off the border at the end.
    """
    batch, channels, height, width = shape
    rows, columns = output_size(height, k, stride, padding), output_size(width, k, stride, padding)
    parts = cols.reshape(batch, channels, k * k, rows, columns)
    size = (channels, height + 2 * padding, width + 2 * padding, batch)
    padded = np.moveaxis(np.zeros(size, dtype=cols.dtype), -1, 0)
    for number, index in enumerate(window_slices(k, stride, rows, columns)):
        padded[index] += parts[:, :, number]
    return padded[:, :, padding : padding + height, padding : padding + width]


# %% cell 23 (conv2d), lines 2-86 without 15, 25, 34, 46, 67, 73, 77, 80
class Conv2dOp(Op):
    """Convolution of images (B, C, H, W) with weights (O, C, k, k) and, as a third input, maybe a bias (O,)."""

    stride: int = 1
    padding: int = 0
    columns: np.ndarray

    def forward(self, x: np.ndarray, weight: np.ndarray, bias: np.ndarray | None = None) -> np.ndarray:
        """Result (B, O, rows, columns) by one matrix product; keeps ``self.columns``, (C·k², windows·B), for the rule.

        Raises ValueError, naming both shapes, if x is not (B, C, H, W) with the C of the weights.
        Hint: ``im2col``, ``side_by_side`` and ``@``; a bias of shape (O, 1) broadcasts over windows.
        """
        if x.ndim != 4 or x.shape[1] != weight.shape[1]:
            raise ValueError(f"weights {weight.shape} need images (B, {weight.shape[1]}, H, W), got {x.shape}")
        out_channels, k = len(weight), weight.shape[-1]
        rows, columns = (output_size(n, k, self.stride, self.padding) for n in x.shape[2:])
        self.columns = side_by_side(im2col(x, k, self.stride, self.padding))
        y = weight.reshape(out_channels, -1) @ self.columns
        if bias is not None:
            y += bias[:, None]
        return np.moveaxis(y.reshape(out_channels, rows, columns, len(x)), -1, 0)


@backward_for(Conv2dOp)
def conv2d_backward(op: Conv2dOp, grad: np.ndarray) -> tuple[np.ndarray | None, ...]:
    """Gradients of images (None if they require none), weights and, if there is one, bias.

    Hint: with ``grad`` as (O, windows·B), every product has one of the two shapes of section 1.
    """
    x, weight = op.inputs[:2]
    batch, out_channels, rows, columns = grad.shape
    windows = rows * columns
    grad = side_by_side(grad.reshape(batch, out_channels, windows))
    grad_x = None
    if x.requires_grad:
        grad_columns = weight.data.reshape(out_channels, -1).T @ grad
        grad_columns = np.moveaxis(grad_columns.reshape(len(grad_columns), windows, batch), -1, 0)
        grad_x = col2im(grad_columns, x.shape, weight.shape[-1], op.stride, op.padding)
    grad_weight = (op.columns @ grad.T).T.reshape(weight.shape)
    return (grad_x, grad_weight, grad.sum(axis=1))[: len(op.inputs)]


class Conv2d(Module):
    """Convolution layer: (B, in_channels, H, W) becomes (B, out_channels, rows, columns)."""

    def __init__(
        self,
        in_channels: int,
        out_channels: int,
        kernel_size: int,
        stride: int = 1,
        padding: int = 0,
        bias: bool = True,
        rng: np.random.Generator | None = None,
    ) -> None:
        """Keep the five numbers under their names; set ``weight`` and ``bias`` (None for no bias).

        Both are drawn by ``uniform_parameter`` with the numbers that meet in one output as fan in, the weight
        first.
        """
        self.in_channels, self.out_channels = in_channels, out_channels
        self.kernel_size, self.stride, self.padding = kernel_size, stride, padding
        fan_in = in_channels * kernel_size**2
        self.weight = uniform_parameter((out_channels, in_channels, kernel_size, kernel_size), fan_in, rng)
        self.bias = uniform_parameter((out_channels,), fan_in, rng) if bias else None

    def forward(self, x: Tensor) -> Tensor:
        """Apply ``Conv2dOp`` to x, weight and, if there is one, bias."""
        inputs = (x, self.weight) if self.bias is None else (x, self.weight, self.bias)
        return Conv2dOp.apply(*inputs, stride=self.stride, padding=self.padding)

    def __repr__(self) -> str:
        return (
            f"Conv2d({self.in_channels}, {self.out_channels}, kernel_size={self.kernel_size}, "
            f"stride={self.stride}, padding={self.padding}, bias={self.bias is not None})"
        )


# %% cell 27 (max_pool), lines 2-58 without 14, 24, 34, 41, 49, 52
class MaxPool2dOp(Op):
    """Maximum over windows of the last two axes. Keeps ``self.winner``: which position of each window it came from."""

    kernel_size: int
    stride: int
    winner: np.ndarray

    def forward(self, x: np.ndarray) -> np.ndarray:
        """x: (B, C, H, W), result: (B, C, rows, columns), a new array of x's dtype. NaN stays NaN.

        Hint: ``np.maximum`` takes an ``out``; never write into a view of x.
        """
        rows, columns = (output_size(n, self.kernel_size, self.stride) for n in x.shape[2:])
        first, *others = window_slices(self.kernel_size, self.stride, rows, columns)
        largest = x[first].copy("K")
        self.winner = np.zeros_like(largest, dtype=np.min_scalar_type(self.kernel_size**2))
        for number, index in enumerate(others, start=1):
            pixels = x[index].copy("K")
            np.maximum(self.winner, (pixels > largest) * self.winner.dtype.type(number), out=self.winner)
            np.maximum(largest, pixels, out=largest)
        return largest


@backward_for(MaxPool2dOp)
def max_pool2d_backward(op: MaxPool2dOp, grad: np.ndarray) -> tuple[np.ndarray, ...]:
    """Gradient of the images: each window's gradient goes to its first maximum in reading order.

    Windows may overlap; a pixel that is the maximum of several windows gets the sum.
    Hint: where windows lie side by side, assigning is enough, and cheaper than adding.
    """
    grad_x = np.zeros_like(op.inputs[0].data, dtype=grad.dtype)
    overlap = op.stride < op.kernel_size
    for number, index in enumerate(window_slices(op.kernel_size, op.stride, *grad.shape[2:])):
        won = grad * (op.winner == number)
        grad_x[index] = grad_x[index] + won if overlap else won
    return (grad_x,)


class MaxPool2d(Module):
    """Maximum over windows of ``kernel_size`` pixels, ``stride`` apart (``None``: side by side)."""

    def __init__(self, kernel_size: int, stride: int | None = None) -> None:
        """Keep both numbers under their names, as integers."""
        self.kernel_size = kernel_size
        self.stride = kernel_size if stride is None else stride

    def forward(self, x: Tensor) -> Tensor:
        return MaxPool2dOp.apply(x, kernel_size=self.kernel_size, stride=self.stride)

    def __repr__(self) -> str:
        return f"MaxPool2d({self.kernel_size}, stride={self.stride})"


# %% cell 30 (avg_pool), lines 2-34
class AvgPool2dOp(Op):
    """Mean over windows of the last two axes."""

    kernel_size: int
    stride: int

    def forward(self, x: np.ndarray) -> np.ndarray:
        rows, columns = (output_size(n, self.kernel_size, self.stride) for n in x.shape[2:])
        slices = window_slices(self.kernel_size, self.stride, rows, columns)
        return sum(x[index] for index in slices) / self.kernel_size**2


@backward_for(AvgPool2dOp)
def avg_pool2d_backward(op: AvgPool2dOp, grad: np.ndarray) -> tuple[np.ndarray, ...]:
    grad_x = np.zeros(op.inputs[0].shape, dtype=grad.dtype)
    share = grad / op.kernel_size**2
    for index in window_slices(op.kernel_size, op.stride, *grad.shape[2:]):
        grad_x[index] += share
    return (grad_x,)


class AvgPool2d(Module):
    """Mean over windows of ``kernel_size`` pixels, ``stride`` apart (``None``: side by side)."""

    def __init__(self, kernel_size: int, stride: int | None = None) -> None:
        self.kernel_size = kernel_size
        self.stride = kernel_size if stride is None else stride

    def forward(self, x: Tensor) -> Tensor:
        return AvgPool2dOp.apply(x, kernel_size=self.kernel_size, stride=self.stride)

    def __repr__(self) -> str:
        return f"AvgPool2d({self.kernel_size}, stride={self.stride})"


# %% cell 32 (cost), lines 2-33 without 9, 19, 27
def conv_cost(layer: Conv2d, shape: tuple[int, ...]) -> tuple[int, int]:
    """(FLOPs, bytes) of the layer's forward pass on images of ``shape`` = (B, C, H, W).

    FLOPs: two for each product of a pixel with a weight, and one for each addition of a bias.
    Bytes: images (without padding), columns, weights, bias and result, all in the dtype of the weights.
    Hint: tensors know their ``size``, dtypes their ``itemsize``.
    """
    batch, channels, height, width = shape
    rows, columns = (output_size(n, layer.kernel_size, layer.stride, layer.padding) for n in (height, width))
    window = channels * layer.kernel_size**2
    windows = batch * rows * columns
    outputs = windows * layer.out_channels
    flops = outputs * (2 * window + (layer.bias is not None))
    parameters = sum(parameter.size for parameter in layer.parameters())
    numbers = math.prod(shape) + windows * window + parameters + outputs
    return flops, numbers * layer.weight.dtype.itemsize


def receptive_field(layers: Iterable[Any]) -> int:
    """Side, in pixels, of the square of the image that one output of the last layer depends on.

    layers: a list or a Sequential. Layers without a ``kernel_size`` (such as ReLU) look at one element only.
    """
    field, distance = 1, 1
    for layer in layers:
        if hasattr(layer, "kernel_size"):
            field += (layer.kernel_size - 1) * distance
            distance *= layer.stride
    return field
