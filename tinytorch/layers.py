# Generated from curriculum/03_layers/03_layers.py; edit that, not this file.
# Each "# %%" line says which cell, and which of its lines, the code below it is.

__all__ = [
    "Parameter", "named_members", "Module", "uniform_parameter", "Linear", "Dense", "Sequential",
    "Flatten", "parameter_count", "layer_memory",
]


# %% cell 3 (imports), lines 2-8
import math
from collections.abc import Callable, Iterator, Mapping
from typing import Any

import numpy as np

from .tensor import Add, Tensor


# %% cell 6 (parameter), lines 2-18 without 12, 15
class Parameter(Tensor):
    """A tensor that training changes: it requires grad and owns its array."""

    def __init__(self, data: Any, dtype: Any = None) -> None:
        """Take a copy of ``data`` (numbers, an array or a tensor) in the dtype that ``Tensor`` would choose.

        Raises TypeError for integer and boolean arrays.

        Hint: the base class does everything except the copy.
        """
        super().__init__(data, dtype=dtype, requires_grad=True)
        self.data = self.data.copy()

    def __repr__(self) -> str:
        return f"Parameter(shape={self.shape}, dtype={self.dtype})"


# %% cell 9 (module), lines 2-112 without 11, 29, 59, 63, 82, 84, 95, 109
def named_members(root: Any) -> "list[tuple[str, Parameter | Module]]":
    """Every parameter and module that can be reached from ``root``, each once, with its dotted name.

    Depth first, a module before its parts, attributes in order of assignment, lists and tuples by position.
    ``root`` itself, if it is a module or a parameter, comes first, under the name ``""``. Anything that is
    neither a module, a parameter, a list nor a tuple is passed over.

    Hint: a small recursive function inside, and one set of identities that all its calls share.
    """
    found: list[tuple[str, Parameter | Module]] = []
    seen: set[int] = set()

    def visit(name: str, value: Any) -> None:
        if not isinstance(value, (Parameter, Module, list, tuple)) or id(value) in seen:
            return
        seen.add(id(value))
        if isinstance(value, (Parameter, Module)):
            found.append((name, value))
        if isinstance(value, Parameter):
            return
        parts = vars(value).items() if isinstance(value, Module) else enumerate(value)
        for key, part in parts:
            visit(f"{name}.{key}" if name else str(key), part)

    visit("", root)
    return found


class Module:
    """A part of a model: parameters and other modules are its attributes, ``forward`` is what it computes."""

    training: bool = True

    def forward(self, *inputs: Any) -> Any:
        raise NotImplementedError(f"{type(self).__name__} has no forward")

    def __call__(self, *inputs: Any, **options: Any) -> Any:
        return self.forward(*inputs, **options)

    def named_modules(self) -> "list[tuple[str, Module]]":
        """This module, under the name ``""``, and all modules below it."""
        return [(name, member) for name, member in named_members(self) if isinstance(member, Module)]

    def named_parameters(self) -> list[tuple[str, Parameter]]:
        """All parameters in the tree, each once, with their names."""
        return [(name, member) for name, member in named_members(self) if isinstance(member, Parameter)]

    def modules(self) -> "list[Module]":
        return [module for _, module in self.named_modules()]

    def parameters(self) -> list[Parameter]:
        return [parameter for _, parameter in self.named_parameters()]

    def train(self, mode: bool = True) -> "Module":
        """Set ``training`` to ``mode`` on this module and all modules below it; return this module."""
        for module in self.modules():
            module.training = mode
        return self

    def eval(self) -> "Module":
        """Switch the whole tree to evaluation: ``train(False)``."""
        return self.train(False)

    def to(self, dtype: Any) -> "Module":
        """Convert every parameter to the floating ``dtype``, in place of its old data; return this module."""
        if np.dtype(dtype).kind != "f":
            raise TypeError(f"parameters are floating-point numbers, not {np.dtype(dtype)}")
        for parameter in self.parameters():
            parameter.data, parameter.grad = parameter.data.astype(dtype), None
        return self

    def state_dict(self) -> dict[str, np.ndarray]:
        """Name and value of every parameter. The arrays are copies: later training does not change them.

        Hint: a dictionary over ``named_parameters``.
        """
        return {name: parameter.data.copy() for name, parameter in self.named_parameters()}

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Give every parameter a copy of the value that ``state`` holds under its name.

        Values are arrays, or whatever NumPy makes an array of; they take the parameter's dtype. ValueError
        if names are missing or unexpected or a shape differs. Its message lists all such names, introduced by
        the words ``missing``, ``unexpected`` and ``shape``; nothing has changed then.

        Hint: two loops. The first one only complains.
        """
        parameters = dict(self.named_parameters())
        problems = [f"missing {name}" for name in parameters if name not in state]
        problems += [f"unexpected {name}" for name in state if name not in parameters]
        arrays = {}
        for name, parameter in parameters.items():
            if name in state:
                arrays[name] = np.array(state[name], dtype=parameter.dtype)
                if arrays[name].shape != parameter.shape:
                    problems.append(f"shape of {name} is {arrays[name].shape} instead of {parameter.shape}")
        if problems:
            raise ValueError(f"load_state_dict: {'; '.join(problems)}")
        for name, array in arrays.items():
            parameters[name].data = array

    def __repr__(self) -> str:
        return f"{type(self).__name__}()"


# %% cell 13 (linear), lines 2-58 without 11, 16, 30, 35, 44, 52
def uniform_parameter(
    shape: tuple[int, ...], fan_in: int, rng: np.random.Generator | None = None
) -> Parameter:
    """Parameter of ``shape`` with independent numbers, uniform between -1/√fan_in and 1/√fan_in.

    ``rng`` is the generator to draw from; ``None`` stands for a new one with an unpredictable seed.

    Hint: ``np.random.default_rng()``, and a generator's method ``uniform``.
    """
    if rng is None:
        rng = np.random.default_rng()
    bound = 1.0 / math.sqrt(fan_in)
    return Parameter(rng.uniform(-bound, bound, size=shape))


class Linear(Module):
    """y = x Wᵀ + b on the last axis: (..., in_features) becomes (..., out_features)."""

    def __init__(
        self, in_features: int, out_features: int, bias: bool = True, rng: np.random.Generator | None = None
    ) -> None:
        """Set ``in_features``, ``out_features``, ``weight`` (out, in) and ``bias`` (out,); None for no bias.

        Weight and bias are drawn by ``uniform_parameter``, both with ``in_features`` as their fan in, the
        weight first.
        """
        self.in_features = in_features
        self.out_features = out_features
        self.weight = uniform_parameter((out_features, in_features), in_features, rng)
        self.bias = uniform_parameter((out_features,), in_features, rng) if bias else None

    def forward(self, x: Tensor) -> Tensor:
        """x: (..., in_features), result: (..., out_features), recorded with weight and bias.

        Raises ValueError, naming ``in_features`` and the shape of x, if the last axis has another length.

        Hint: only tensor operations, so that the parameters end up in the recorded graph.
        """
        if x.ndim == 0 or x.shape[-1] != self.in_features:
            raise ValueError(f"{self} needs an input of shape (..., {self.in_features}), got {x.shape}")
        rows = x.reshape(-1, self.in_features) if x.ndim > 2 else x
        y = rows @ self.weight.T
        if self.bias is not None:
            y = Add.apply(y, self.bias, in_place=True)
        return y.reshape(*x.shape[:-1], self.out_features) if x.ndim > 2 else y

    def __repr__(self) -> str:
        return f"Linear({self.in_features}, {self.out_features}, bias={self.bias is not None})"


Dense = Linear


# %% cell 17 (sequential), lines 2-47 without 12, 19, 23, 27, 40, 44
class Sequential(Module):
    """Layers called one after the other: ``Sequential(a, b)``, or a list or tuple: ``Sequential([a, b])``."""

    def __init__(self, *layers: Any) -> None:
        """Keep the layers, in order, in a list of its own: ``self.layers``. No layers make the identity.

        Raises TypeError, naming position and value, if a layer cannot be called or is a class.

        Hint: a class is an instance of ``type``.
        """
        if len(layers) == 1 and isinstance(layers[0], (list, tuple)):
            layers = tuple(layers[0])
        for position, layer in enumerate(layers):
            if isinstance(layer, type) or not callable(layer):
                raise TypeError(f"Sequential: layer {position} must be an object like ReLU(), got {layer!r}")
        self.layers: list[Callable[[Any], Any]] = list(layers)

    def forward(self, x: Any) -> Any:
        """Hand ``x`` to the first layer, its result to the second one, and so on; return the last result."""
        for layer in self.layers:
            x = layer(x)
        return x

    def __len__(self) -> int:
        return len(self.layers)

    def __iter__(self) -> Iterator[Callable[[Any], Any]]:
        return iter(self.layers)

    def __getitem__(self, index: int | slice) -> Any:
        """The layer at an integer ``index``, or a Sequential of the same layer objects for a slice.

        Hint: a list answers both kinds of index, with different types.
        """
        if isinstance(index, slice):
            return Sequential(self.layers[index])
        return self.layers[index]

    def __repr__(self) -> str:
        return f"Sequential({', '.join(repr(layer) for layer in self.layers)})"


# %% cell 20 (flatten), lines 2-13 without 10
class Flatten(Module):
    """Keep the batch axis, run all others together: (batch, ...) becomes (batch, features)."""

    def forward(self, x: Tensor) -> Tensor:
        """Also for an empty batch; (batch,) becomes (batch, 1). Raises ValueError for a tensor without axes.

        Hint: ``math.prod``.
        """
        if x.ndim == 0:
            raise ValueError("Flatten needs a batch axis, got a tensor without axes")
        return x.reshape(x.shape[0], math.prod(x.shape[1:]))


# %% cell 23 (counts), lines 2-32 without 7, 9, 20
def parameter_count(module: Any) -> int:
    """Number of trainable numbers in a module (or a list of layers); a shared parameter counts once.

    Hint: ``named_members``.
    """
    return sum(member.size for _, member in named_members(module) if isinstance(member, Parameter))


def layer_memory(module: Any, batch_size: int) -> dict[str, int]:
    """Bytes of a training step by kind: ``parameters``, ``gradients``, ``activations`` and their ``total``.

    Activations are the outputs of the Linear layers in the tree, each one counted once, for ``batch_size``
    samples. Everything is counted in the dtype of the parameters.

    Hint: tensors know their ``memory_footprint``; a dtype knows its ``itemsize``.
    """
    parameters = activations = 0
    for _, member in named_members(module):
        if isinstance(member, Parameter):
            parameters += member.memory_footprint()
        elif isinstance(member, Linear):
            activations += batch_size * member.out_features * member.weight.dtype.itemsize
    return {
        "parameters": parameters,
        "gradients": parameters,
        "activations": activations,
        "total": 2 * parameters + activations,
    }
