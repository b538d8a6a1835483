# Generated from curriculum/04_losses/04_losses.py; edit that, not this file.
# Each "# %%" line says which cell, and which of its lines, the code below it is.

__all__ = [
    "LogSoftmaxOp", "log_softmax", "Loss", "as_target", "mse_loss", "MSELoss", "class_indices",
    "cross_entropy", "CrossEntropyLoss", "bce_with_logits", "BinaryCrossEntropyLoss", "accuracy",
    "central_difference",
]


# %% cell 3 (imports), lines 2-8
from collections.abc import Callable
from typing import Any

import numpy as np

from .activations import as_floating
from .tensor import Op, Tensor


# %% cell 8 (log_softmax), lines 2-28 without 14, 19, 27
class LogSoftmaxOp(Op):
    """Logarithm of the softmax along ``axis``. Keeps ``self.output``, whose exponential is the softmax."""

    axis: int

    def forward(self, x: np.ndarray) -> np.ndarray:
        """Return values of at most 0 whose exponentials sum to 1 along ``self.axis``.

        x's shape and floating dtype, integers give float32. Finite for all finite scores: nothing positive is
        exponentiated, and the logarithm of 0 is never taken.
        Hint: shift by the maximum; the logarithm belongs to the *sum* of the exponentials.
        """
        x = as_floating(x)
        shifted = x - x.max(axis=self.axis, keepdims=True)
        self.output = shifted - np.log(np.exp(shifted).sum(axis=self.axis, keepdims=True))
        return self.output


def log_softmax(x: Tensor, axis: int = -1) -> Tensor:
    """Logarithm of the softmax of ``x`` along one axis, by default the last.

    Hint: the same pattern as ``softmax`` in Module 02.
    """
    return LogSoftmaxOp.apply(x, axis=axis)


# %% cell 14 (loss_base), lines 2-12
class Loss:
    """A loss as an object: calling it with predictions and targets gives a tensor with one number."""

    def forward(self, prediction: Tensor, target: Any) -> Tensor:
        raise NotImplementedError

    def __call__(self, prediction: Tensor, target: Any) -> Tensor:
        return self.forward(prediction, target)

    def __repr__(self) -> str:
        return f"{type(self).__name__}()"


# %% cell 15 (mse), lines 2-40 without 9, 20, 28, 31, 39
def as_target(target: Any, prediction: Tensor) -> Tensor:
    """``target`` (tensor, array or list) as a tensor of the same dtype as ``prediction``.

    A tensor that requires grad is returned as it is. Integer predictions are compared in float32.
    Raises ValueError if the shapes are not equal (naming both), or if there are no elements.
    Hint: ``Tensor(target, dtype=...)`` accepts all three kinds.
    """
    if not (isinstance(target, Tensor) and target.requires_grad):
        floating = prediction.dtype.kind == "f"
        target = Tensor(target, dtype=prediction.dtype if floating else np.float32)
    if target.shape != prediction.shape:
        raise ValueError(
            f"predictions have shape {prediction.shape}, targets {target.shape}: make them equal"
        )
    if target.size == 0:
        raise ValueError(f"an empty batch, shape {target.shape}, has no mean loss")
    return target


def mse_loss(prediction: Tensor, target: Any) -> Tensor:
    """Mean of the squared differences over all elements: a tensor of shape ().

    Hint: operators and methods of tensors only, so that the ops are recorded.
    """
    difference = prediction - as_target(target, prediction)
    return (difference * difference).mean()


class MSELoss(Loss):
    """Object form of :func:`mse_loss`."""

    def forward(self, prediction: Tensor, target: Any) -> Tensor:
        """Mean squared error of ``prediction``."""
        return mse_loss(prediction, target)


# %% cell 19 (cross_entropy), lines 2-42 without 9, 22, 31, 35
def class_indices(targets: Any, logits: Tensor) -> np.ndarray:
    """Class numbers (tensor, array or list) as an integer array of shape ``logits.shape[:-1]``.

    Raises TypeError if they are no integers, and ValueError if the shape does not fit (naming both shapes),
    if a class is not in 0 … classes - 1 (naming it), or if there are none.
    Hint: ``np.asarray`` takes a tensor too; ``dtype.kind`` is "i" or "u" for integers.
    """
    labels = np.asarray(targets)
    if labels.dtype.kind not in "iu":
        raise TypeError(f"class numbers must be integers, got {labels.dtype}; make them np.array([0, 2, 1])")
    if labels.shape != logits.shape[:-1]:
        raise ValueError(f"logits {logits.shape} need targets {logits.shape[:-1]}, got {labels.shape}")
    if labels.size == 0:
        raise ValueError(f"an empty batch, targets {labels.shape}, has no mean loss")
    classes = logits.shape[-1]
    for label in (labels.min(), labels.max()):
        if not 0 <= label < classes:
            raise ValueError(f"class {label} is not in 0 … {classes - 1}")
    return labels


def cross_entropy(logits: Tensor, targets: Any) -> Tensor:
    """Mean of -log softmax(logits) at the target classes: a tensor of shape ().

    logits: (..., classes), any real numbers. targets: (...), integers from 0 to classes - 1.
    Hint: with all leading axes folded into one, the pick is an index with two integer arrays.
    """
    labels = class_indices(targets, logits).reshape(-1)
    rows = log_softmax(logits).reshape(len(labels), logits.shape[-1])
    return -rows[np.arange(len(labels)), labels].mean()


class CrossEntropyLoss(Loss):
    """Object form of :func:`cross_entropy`."""

    def forward(self, prediction: Tensor, target: Any) -> Tensor:
        return cross_entropy(prediction, target)


# %% cell 23 (bce), lines 2-23 without 9, 16
def bce_with_logits(logits: Tensor, targets: Any) -> Tensor:
    """Mean binary cross-entropy of sigmoid(logits) against targets in [0, 1]: a tensor of shape ().

    logits and targets have equal shapes, any number of axes. Built on ``log_softmax`` of a pair, so that it
    is finite for every finite logit. Raises ValueError for shapes that differ or targets outside [0, 1].
    Hint: ``logits[..., None]`` adds an axis, and is recorded; the pair of weights can be made the same way.
    """
    target = as_target(targets, logits)
    if target.data.min() < 0 or target.data.max() > 1:
        raise ValueError(f"targets must be in [0, 1], got {target.data.min()} … {target.data.max()}")
    logarithms = log_softmax(logits[..., None] * np.array([-0.5, 0.5]))
    weights = target[..., None] * np.array([-1.0, 1.0]) + np.array([1.0, 0.0])
    return -(logarithms * weights).sum(axis=-1).mean()


class BinaryCrossEntropyLoss(Loss):
    """Object form of :func:`bce_with_logits` (``nn.BCEWithLogitsLoss`` in PyTorch)."""

    def forward(self, prediction: Tensor, target: Any) -> Tensor:
        return bce_with_logits(prediction, target)


# %% cell 27 (accuracy), lines 2-17 without 9
def accuracy(logits: Tensor, targets: Any) -> float:
    """Share of right answers, between 0 and 1, as a Python float.

    targets: class numbers of shape ``logits.shape[:-1]``, or yes/no answers (0 or 1) of the logits' shape.
    Raises what ``class_indices`` raises for targets that are neither, and ValueError for an empty batch.
    Hint: no sigmoid and no softmax is needed, since neither changes an order.
    """
    scores, labels = np.asarray(logits), np.asarray(targets)
    if scores.size == 0:
        raise ValueError(f"an empty batch, logits {scores.shape}, has no accuracy")
    if labels.shape == scores.shape:
        right = (scores > 0) == (labels > 0.5)
    else:
        right = scores.argmax(axis=-1) == class_indices(labels, logits)
    return float(right.mean())


# %% cell 30 (central_difference), lines 2-28 without 9
def central_difference(f: Callable[[Any], Any], x: Any, eps: float = 1e-6) -> np.ndarray:
    """Slopes of the number ``f(x)`` with respect to every element of ``x``: a float64 array of x's shape.

    ``f`` gets what ``x`` is, a Tensor or an array, but in float64, and returns one number (Tensor, array or
    Python number). ``x`` is not changed. Raises ValueError, naming the shape, if ``f`` returns more.
    Hint: ``np.ndindex`` walks over all positions of a shape; change one element of a float64 copy at a time.
    """
    point = np.array(x, dtype=np.float64)
    slopes = np.zeros_like(point)

    def value() -> float:
        argument = Tensor(point.copy(), dtype=np.float64) if isinstance(x, Tensor) else point.copy()
        result = np.asarray(f(argument))
        if result.size != 1:
            raise ValueError(f"central_difference needs one number from f, got shape {result.shape}")
        return float(result.item())

    for position in np.ndindex(point.shape):
        middle = point[position]
        point[position] = middle + eps
        above = value()
        point[position] = middle - eps
        below = value()
        point[position] = middle
        slopes[position] = (above - below) / (2 * eps)
    return slopes
