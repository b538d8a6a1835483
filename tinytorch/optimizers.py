# Generated from curriculum/07_optimizers/07_optimizers.py; edit that, not this file.
# Each "# %%" line says which cell, and which of its lines, the code below it is.

__all__ = [
    "unique_tensors", "Optimizer", "SGD", "heavy_ball", "Adam", "AdamW", "clip_grad_norm",
    "optimizer_memory",
]


# %% cell 3 (imports), lines 2-8
import math
from collections.abc import Iterable, Mapping
from typing import Any, ClassVar

import numpy as np

from .tensor import Tensor


# %% cell 8 (base), lines 2-115 without 8, 16, 37, 46, 50, 53, 58, 62, 75, 81
def unique_tensors(params: Iterable[Tensor]) -> list[Tensor]:
    """``params`` (a list, a generator, …) as a list in which each tensor occurs once, in order of appearance.

    Raises TypeError if ``params`` is a single tensor, or if it contains anything that is not a tensor.
    Hint: tensors are compared by identity, so they can be keys of a dictionary, and dictionaries keep order.
    """
    if isinstance(params, Tensor):
        raise TypeError("expected several tensors, such as model.parameters(); put a single one into a list")
    unique = list(dict.fromkeys(params))
    for tensor in unique:
        if not isinstance(tensor, Tensor):
            raise TypeError(f"expected tensors, such as model.parameters(); got a {type(tensor).__name__}")
    return unique


class Optimizer:
    """Changes parameters in place according to their gradients. A subclass says how, in ``update``.

    ``params`` are the tensors to change, each once; ``state[i]`` is what is remembered about ``params[i]``
    from step to step; ``lr`` is the learning rate, which a schedule may set at any time.
    """

    remembers: ClassVar[tuple[str, ...]] = ()  # names under which update keeps arrays; "steps" is an integer
    lr: float

    def __init__(self, params: Iterable[Tensor], lr: float = 1e-3) -> None:
        """Set ``params`` (a list), ``lr``, and ``state``: one empty dictionary of its own for each parameter.

        Raises ValueError if there is no parameter, or one that is the result of an operation (its ``creator``
        is not None: changing it would change no weight), and whatever ``unique_tensors`` raises.
        """
        if not lr >= 0:
            raise ValueError(f"a learning rate must not be negative, got {lr}")
        self.params = unique_tensors(params)
        if not self.params:
            raise ValueError("an optimizer needs a parameter; was a generator used up before?")
        for position, parameter in enumerate(self.params):
            if parameter.creator is not None:
                raise ValueError(f"parameter {position} is the result of an operation, not a leaf")
        self.lr = lr
        self.state: list[dict[str, Any]] = [{} for _ in self.params]

    def zero_grad(self) -> None:
        """Forget the gradients: None, not zeros, for every parameter."""
        for parameter in self.params:
            parameter.grad = None

    def step(self) -> None:
        """Call ``update(data, grad, state)`` once for every parameter that has a gradient."""
        self.lr = float(self.lr)  # a schedule may set a NumPy number, which would promote float32 arrays
        for parameter, state in zip(self.params, self.state):
            if parameter.grad is not None:
                self.update(parameter.data, parameter.grad, state)

    def update(self, data: np.ndarray, grad: np.ndarray, state: dict[str, Any]) -> None:
        """Change the array ``data`` of one parameter in place; ``grad`` is left as it is."""
        raise NotImplementedError(f"{type(self).__name__} has no update")

    def state_dict(self) -> dict[str, np.ndarray]:
        """All that changes during training besides the parameters: the learning rate and every state.

        Keys: ``"lr"``, and ``"<i>.<name>"`` for ``state[i][name]``, such as ``"0.velocity"``, with i the
        position in ``params``. Values: arrays, shape () for numbers; all of them copies.
        Hint: ``np.array`` copies.
        """
        entries = {"lr": np.array(self.lr)}
        for position, state in enumerate(self.state):
            for name, value in state.items():
                entries[f"{position}.{name}"] = np.array(value)
        return entries

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Restore what ``state_dict`` returned, for parameters in the same order. Arrays are copied.

        Raises ValueError, naming the keys, if some are missing or unexpected or a shape differs; nothing has
        changed then.
        """
        problems = [] if "lr" in state else ["missing lr"]
        loaded: list[dict[str, Any]] = [{} for _ in self.params]
        for key in state:
            position, _, name = key.partition(".")
            if key == "lr":
                continue
            if not position.isdecimal() or int(position) >= len(loaded) or name not in self.remembers:
                problems.append(f"unexpected {key}")
                continue
            parameter = self.params[int(position)]
            value = np.array(state[key], dtype=np.int64 if name == "steps" else parameter.dtype)
            expected = () if name == "steps" else parameter.shape
            if value.shape != expected:
                problems.append(f"shape of {key} is {value.shape} instead of {expected}")
            else:
                loaded[int(position)][name] = int(value) if name == "steps" else value
        for position in range(len(loaded)):
            keys = [f"{position}.{name}" for name in self.remembers]
            if any(key in state for key in keys):
                problems += [f"missing {key}" for key in keys if key not in state]
        if problems:
            raise ValueError(f"load_state_dict: {'; '.join(problems)}")
        self.lr = float(state["lr"])
        self.state = loaded

    def __repr__(self) -> str:
        return f"{type(self).__name__}({len(self.params)} parameters, lr={self.lr:g})"


# %% cell 12 (sgd), lines 2-28 without 23
class SGD(Optimizer):
    """Steps against the gradient, if wanted with momentum and with weight decay (as an L2 penalty)."""

    remembers = ("velocity",)

    def __init__(
        self, params: Iterable[Tensor], lr: float, momentum: float = 0.0, weight_decay: float = 0.0
    ) -> None:
        super().__init__(params, lr)
        if not 0 <= momentum < 1 or not weight_decay >= 0:
            raise ValueError(f"needs 0 <= momentum < 1, weight_decay >= 0; got {momentum} and {weight_decay}")
        self.momentum = float(momentum)
        self.weight_decay = float(weight_decay)

    def update(self, data: np.ndarray, grad: np.ndarray, state: dict[str, Any]) -> None:
        """Change ``data`` in place by one step; without momentum, ``state`` stays empty.

        Weight decay adds ``weight_decay * data`` to the gradient; with momentum, ``heavy_ball`` then turns
        the gradient into the direction of the step.
        Hint: ``data -= …`` writes into the array, ``data = data - …`` does not; and ``grad`` is not yours.
        """
        if self.weight_decay:
            grad = grad + self.weight_decay * data
        if self.momentum:
            grad = heavy_ball(grad, state, self.momentum)
        data -= self.lr * grad


# %% cell 18 (momentum), lines 2-13 without 7
def heavy_ball(grad: np.ndarray, state: dict[str, Any], momentum: float) -> np.ndarray:
    """Set ``state["velocity"]`` to ``momentum`` times its old value plus ``grad``, in place, and return it.

    Before the first call there is no velocity, and it becomes a copy of ``grad``.
    """
    if "velocity" not in state:
        state["velocity"] = np.array(grad)
    else:
        state["velocity"] *= momentum
        state["velocity"] += grad
    return state["velocity"]


# %% cell 26 (adam), lines 2-46 without 27
class Adam(Optimizer):
    """Steps along the running mean of the gradient, scaled for each element by its running magnitude."""

    remembers = ("steps", "mean", "square")

    def __init__(
        self,
        params: Iterable[Tensor],
        lr: float = 1e-3,
        betas: tuple[float, float] = (0.9, 0.999),
        eps: float = 1e-8,
    ) -> None:
        super().__init__(params, lr)
        if not all(0 <= beta < 1 for beta in betas) or not eps >= 0:
            raise ValueError(f"needs 0 <= beta < 1 for both betas, eps >= 0; got {betas} and {eps}")
        self.betas = (float(betas[0]), float(betas[1]))
        self.eps = float(eps)

    def update(self, data: np.ndarray, grad: np.ndarray, state: dict[str, Any]) -> None:
        """Change ``data`` in place by one step of Adam, with bias correction; ``eps`` is added to the root.

        Keeps ``state["steps"]`` (an integer, the updates of this parameter so far), ``state["mean"]`` and
        ``state["square"]`` (arrays like ``data``, from zeros).
        Hint: the corrections are two numbers; apply them where that needs no new array.
        """
        if not state:
            state.update(steps=0, mean=np.zeros_like(data), square=np.zeros_like(data))
        state["steps"] += 1
        mean, square = state["mean"], state["square"]
        beta1, beta2 = self.betas
        scratch = np.empty_like(data)
        np.multiply(grad, 1 - beta1, out=scratch)
        mean *= beta1
        mean += scratch
        np.multiply(grad, grad, out=scratch)
        scratch *= 1 - beta2
        square *= beta2
        square += scratch
        np.sqrt(square, out=scratch)
        scratch /= math.sqrt(1 - beta2 ** state["steps"])
        scratch += self.eps
        np.divide(mean, scratch, out=scratch)
        scratch *= self.lr / (1 - beta1 ** state["steps"])
        data -= scratch


# %% cell 32 (adamw), lines 2-22 without 20
class AdamW(Adam):
    """Adam with decoupled weight decay: the weights shrink by themselves, past the running averages."""

    def __init__(
        self,
        params: Iterable[Tensor],
        lr: float = 1e-3,
        betas: tuple[float, float] = (0.9, 0.999),
        eps: float = 1e-8,
        weight_decay: float = 1e-2,
    ) -> None:
        super().__init__(params, lr, betas, eps)
        if not weight_decay >= 0:
            raise ValueError(f"weight_decay must not be negative, got {weight_decay}")
        self.weight_decay = float(weight_decay)

    def update(self, data: np.ndarray, grad: np.ndarray, state: dict[str, Any]) -> None:
        """Shrink ``data`` in place by the factor ``1 - lr * weight_decay``, then take Adam's step."""
        data *= 1 - self.lr * self.weight_decay
        super().update(data, grad, state)


# %% cell 38 (clipping), lines 2-19 without 12
def clip_grad_norm(params: Iterable[Tensor], max_norm: float) -> float:
    """Scale all gradients in place, by one factor, so that their joint norm is at most ``max_norm``.

    The joint norm is that of one long vector made of the gradients of all parameters, each counted once;
    parameters without gradient count as 0. Returns the norm from *before* clipping. If that is infinite or
    NaN, it is returned and the gradients stay as they are. Raises ValueError unless ``max_norm`` > 0.
    Hint: squares of large float32 numbers overflow; convert first; ``np.vdot`` of an array with itself.
    """
    if not max_norm > 0:
        raise ValueError(f"max_norm must be positive, got {max_norm}")
    grads = [tensor.grad for tensor in unique_tensors(params) if tensor.grad is not None]
    wide = (grad.astype(np.float64) for grad in grads)
    norm = math.sqrt(sum(float(np.vdot(grad, grad)) for grad in wide))
    if max_norm < norm < math.inf:
        for grad in grads:
            grad *= max_norm / norm
    return norm


# %% cell 42 (memory), lines 2-9 without 7
def optimizer_memory(optimizer: Optimizer) -> int:
    """Bytes of the arrays that the optimizer keeps between steps; neither parameters nor gradients.

    Hint: integers are no arrays; ``nbytes``.
    """
    values = [value for state in optimizer.state for value in state.values()]
    return sum(value.nbytes for value in values if isinstance(value, np.ndarray))
