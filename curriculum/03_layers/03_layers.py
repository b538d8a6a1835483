# ---
# jupyter:
#   jupytext:
#     text_representation:
#       extension: .py
#       format_name: percent
#   kernelspec:
#     display_name: Python 3
#     language: python
#     name: python3
# ---

# %% [markdown]
r"""
# Module 03: Layers

You have tensors and you have bends. What is missing are the numbers that a network *learns*, and a way to
keep hundreds of such arrays in order. In this module you build both: a `Parameter`, the `Linear` layer that
uses two of them, and a `Module` tree that can find, count, save and restore every parameter below it. At the
end a network of two layers runs on the four XOR points: the first milestone.

**Learning objectives**

- tell a parameter from any other tensor, and say who owns its memory;
- walk a tree of modules: each parameter once, under a stable name, however the tree is shared or nested;
- save and restore a model so that a failed attempt changes nothing;
- build `Linear` with an initialisation that you can justify, for inputs with any number of leading axes;
- compose layers with `Sequential`, and check a model's shapes by calculation before running it;
- predict parameters, bytes and arithmetic of a layer, measure them, and explain the difference.

**Prerequisites:** Module 01 (`Tensor`, `Op.apply`, matrix products, views) and Module 02 (activations, the
XOR points); variance of a sum of independent random numbers.

**Estimated time:** 3–4 hours.
"""

# %%
#| default_exp layers

# %% nbgrader={"grade": false, "grade_id": "imports", "locked": true, "schema_version": 3, "solution": false, "task": false}
#| export
import math
from collections.abc import Callable, Iterator, Mapping
from typing import Any

import numpy as np

from tinytorch.tensor import Add, Tensor

# %% [markdown]
r"""
## 1. Mathematical Foundations

### One layer

A linear layer (affine would be the exact word) maps a row of `in` numbers to a row of `out` numbers:

$$y = x\,W^{\mathsf T} + b, \qquad y_j = \sum_{i} W_{ji}\,x_i + b_j .$$

```text
   x   (batch, in)            one sample a row
   W   (out, in)              one output unit a row: W[j] holds the weights that unit j gives to the inputs
   b   (out,)                 broadcast over the batch
   y   (batch, out)
```

Storing $W$ as `(out, in)` and multiplying by its transpose looks like a detour. It is PyTorch's convention,
it puts everything that belongs to one unit into one contiguous row, and the transpose is a view that moves
nothing (Module 01).

| what | how many |
| --- | --- |
| parameters | $\text{in}\cdot\text{out} + \text{out}$ |
| operations | $2\cdot\text{batch}\cdot\text{in}\cdot\text{out}$, plus $\text{batch}\cdot\text{out}$ for $b$ |
| numbers that come out | $\text{batch}\cdot\text{out}$ |

The first line does not contain the batch, the last one does not contain the weights. Which of the two fills
the memory depends on which is larger, so a statement about "the memory of a layer" needs both.

### How large should random weights be?

Weights start as random numbers: if all rows of $W$ were equal, all units would compute the same number, and
any rule that corrects them by what they computed would keep them equal for ever. Random with which spread?
Take independent weights with mean 0 and variance $v$, and inputs with mean square $q = \mathbb{E}[x_i^2]$.
The mixed terms vanish on average, so that

$$\mathbb{E}[y_j^2] \;=\; \text{in}\cdot v\cdot q \;+\; \operatorname{Var}(b_j).$$

Every layer multiplies the mean square by $\text{in}\cdot v$, and a ReLU after it removes half of it on
average. Over depth these factors multiply: below 1 the signal fades, above 1 it explodes.

A uniform number in $[-a, a)$ has variance $a^2/3$. Three common choices of the bound $a$:

| bound $a$ | $\text{in}\cdot v$ | mean square per layer with ReLU | name |
| --- | --- | --- | --- |
| $1/\sqrt{\text{in}}$ | 1/3 | × 1/6 | PyTorch's default for `nn.Linear` |
| $\sqrt{3/\text{in}}$ | 1 | × 1/2 | keeps the spread of a layer without activation |
| $\sqrt{6/\text{in}}$ | 2 | × 1 | He (Kaiming) initialisation, made for ReLU |

We take the first line, for weights and bias alike, so that a model here starts where the same model in
PyTorch starts. Section 10 measures at which depth that choice stops being harmless.

### A model is a tree

```text
   Sequential                                       names of the parameters
   └─ layers                a list
      ├─ 0  Linear          weight (4, 2), bias (4,)     layers.0.weight, layers.0.bias
      ├─ 1  ReLU            nothing to learn
      └─ 2  Linear          weight (1, 4), bias (1,)     layers.2.weight, layers.2.bias
```

A parameter's **name** is the path from the root to it. Optimizers ask the tree for its parameters,
checkpoints for names and arrays. Three complications make the walk interesting: containers inside
containers, things in the tree that are not layers, and one parameter that hangs in **two** places on purpose.
"""

# %% [markdown]
"""
## 2. Parameter

A `Parameter` is a tensor with two promises:

- **It requires grad.** Every op that touches it is recorded (Module 01), and the type, not the flag, tells
  the module tree that this tensor is to be trained.
- **It owns its array.** Training will overwrite parameters in place, thousands of times. `Tensor(array)`
  shares a float32 array with whoever made it; an update would then silently change *their* data. A parameter
  takes a copy.

The dtype rule is that of `Tensor`: float32 unless a dtype is named. A parameter of integers makes no sense,
since nothing can be learned by steps of one; `Tensor` already refuses to require grad for them.
"""


# %% nbgrader={"grade": false, "grade_id": "parameter", "locked": false, "schema_version": 3, "solution": true, "task": false}
#| export
class Parameter(Tensor):
    """A tensor that training changes: it requires grad and owns its array."""

    def __init__(self, data: Any, dtype: Any = None) -> None:
        """Take a copy of ``data`` (numbers, an array or a tensor) in the dtype that ``Tensor`` would choose.

        Raises TypeError for integer and boolean arrays.

        Hint: the base class does everything except the copy.
        """
        ### BEGIN SOLUTION
        super().__init__(data, dtype=dtype, requires_grad=True)
        self.data = self.data.copy()
        ### END SOLUTION

    def __repr__(self) -> str:
        return f"Parameter(shape={self.shape}, dtype={self.dtype})"


# %% nbgrader={"grade": true, "grade_id": "test_parameter", "locked": true, "points": 4, "schema_version": 3, "solution": false, "task": false}
def test_unit_parameter():
    """A parameter is a tensor that requires grad, is recorded, and owns its array."""
    weight = Parameter([[1.0, 2.0], [3.0, 4.0]])
    assert isinstance(weight, Tensor), "Parameter must be a kind of Tensor"
    assert weight.requires_grad is True, (
        f"Parameter: requires_grad must be True, got {weight.requires_grad!r}"
    )
    assert weight.dtype == np.float32, f"Parameter of lists: expected float32, got {weight.dtype}"
    np.testing.assert_array_equal(weight.data, [[1, 2], [3, 4]], err_msg="Parameter: the values changed")
    assert weight.grad is None and weight.creator is None, "a new parameter has no gradient and no creator"

    array = np.ones(3, dtype=np.float32)
    own = Parameter(array)
    own.data[0] = 7.0
    assert array[0] == 1.0, (
        f"Parameter(array): an update in place changed the caller's array from 1 to {array[0]}; keep a copy"
    )
    double = Parameter(np.array([0.1]), dtype=np.float64)
    assert double.dtype == np.float64, f"Parameter(…, dtype=np.float64): got {double.dtype}"
    np.testing.assert_allclose(
        double.data, [0.1], rtol=1e-15, err_msg="float64 must not pass through float32"
    )

    product = weight * 2
    assert product.requires_grad and product.creator is not None, "ops on a parameter must be recorded"
    print("Parameter: requires grad, keeps its dtype, owns its array")


test_unit_parameter()
### BEGIN HIDDEN TESTS
from tinytorch_lab.probes import probe, raises, rng

a = rng.normal(size=(3, 4))
probe("values", Parameter(a).data)
probe("dtypes", [str(Parameter(a).dtype), str(Parameter(a, dtype="f8").dtype), str(Parameter(1.5).dtype)])
source = Tensor(a)
copied = Parameter(source)
source.data[0, 0] = 99.0
probe("from a tensor", [copied.data, copied.requires_grad, source.requires_grad])
wide = np.asfortranarray(a)
probe("owns views too", bool(np.shares_memory(Parameter(wide[:, ::2], dtype=np.float64).data, wide)))
leaf = Parameter(copied * 2 + 1)
probe("a leaf, whatever it came from", [leaf.creator is None, leaf.requires_grad, leaf.data])
probe(
    "no integers",
    [raises(lambda: Parameter(np.arange(3))), raises(lambda: Parameter(np.ones(2, dtype=bool)))],
)
probe("empty", list(Parameter(np.zeros((0, 3))).shape))
### END HIDDEN TESTS

# %% [markdown]
"""
## 3. Module: the tree

A `Module` is anything that has parameters, or parts that do, and a `forward`. How does it know its
parameters? Two designs are common:

- **Register on assignment.** PyTorch's `nn.Module` intercepts `self.weight = …` and files the value in hidden
  dictionaries. A lookup is then direct; the price is that the constructor must call `super().__init__()`
  first, and that a plain list of layers stays invisible (hence `nn.ModuleList`).
- **Look when asked.** A Python object already keeps its attributes in a dictionary, in order of assignment:
  `vars(module)`. Walking it needs no registration, no base constructor, and treats lists like everything
  else.

We look when asked. The walk is one function, `named_members`, and all else is built on it:

| found while walking | what to do |
| --- | --- |
| a `Parameter` | report it |
| a `Module` | report it, then walk its attributes |
| a list or a tuple | walk its positions: `layers.0`, `layers.1`, … |
| anything else (a number, an array, a plain `Tensor`, `ReLU()`) | pass over it |

**Each object is reported once**, at the first place where the walk meets it. A language model often uses one
matrix for its input and its output table. Counted twice, it would be updated twice in every step. Remember
what was seen by *identity* (`id`), not by equality; and a tree whose child knows its parent, a circle, then
ends as well.

Four methods are yours besides:

- `train(mode)` and `eval()` set a flag on every module of the tree. Nothing in this course's models reads it
  yet, but two common layers behave differently in training and in use: *dropout* zeroes random activations
  while training and does nothing afterwards; *batch normalisation* uses the statistics of the batch while
  training and stored averages afterwards. A model left in the wrong mode gives plausible, wrong answers.
- `state_dict()` gives names and arrays. **Copies**: the snapshot of the best epoch must not follow the
  training that comes after it.
- `load_state_dict(state)` puts them back. It checks *everything first* and changes nothing if anything is
  wrong: a model with half its weights replaced is worse than an error. And it compares shapes itself, for
  NumPy would happily broadcast one row into a whole matrix.

Two smaller decisions, given: `Module.training` is a class attribute, so it needs no constructor; and
`to(dtype)` converts all parameters, *keeping the `Parameter` objects*, so that whoever holds them (an
optimizer, a tied layer) goes on holding the right ones. A model in float64 is what a gradient check needs.
"""


# %% nbgrader={"grade": false, "grade_id": "module", "locked": false, "schema_version": 3, "solution": true, "task": false}
#| export
def named_members(root: Any) -> "list[tuple[str, Parameter | Module]]":
    """Every parameter and module that can be reached from ``root``, each once, with its dotted name.

    Depth first, a module before its parts, attributes in order of assignment, lists and tuples by position.
    ``root`` itself, if it is a module or a parameter, comes first, under the name ``""``. Anything that is
    neither a module, a parameter, a list nor a tuple is passed over.

    Hint: a small recursive function inside, and one set of identities that all its calls share.
    """
    ### BEGIN SOLUTION
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
    ### END SOLUTION


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
        ### BEGIN SOLUTION
        for module in self.modules():
            module.training = mode
        return self
        ### END SOLUTION

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
        ### BEGIN SOLUTION
        return {name: parameter.data.copy() for name, parameter in self.named_parameters()}
        ### END SOLUTION

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Give every parameter a copy of the value that ``state`` holds under its name.

        Values are arrays, or whatever NumPy makes an array of; they take the parameter's dtype. ValueError
        if names are missing or unexpected or a shape differs. Its message lists all such names, introduced by
        the words ``missing``, ``unexpected`` and ``shape``; nothing has changed then.

        Hint: two loops. The first one only complains.
        """
        ### BEGIN SOLUTION
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
        ### END SOLUTION

    def __repr__(self) -> str:
        return f"{type(self).__name__}()"


# %% [markdown]
"""
### Testing the tree

The test plants a small forest: nested lists, a tied parameter, a plain tensor and a function in between. Then
it saves, restores, and tries to load three broken states.
"""


# %% nbgrader={"grade": true, "grade_id": "test_module_tree", "locked": true, "points": 10, "schema_version": 3, "solution": false, "task": false}
def test_unit_module_tree():
    """Names, sharing, modes, snapshots, and a loading that is all or nothing."""

    class Scale(Module):
        def __init__(self, size):
            self.size = size
            self.factor = Parameter(np.ones(size))
            self.limit = Tensor([3.0])

        def forward(self, x):
            return x * self.factor

    class Model(Module):
        def __init__(self):
            self.first = Scale(2)
            self.steps = [Scale(3), np.tanh, (Scale(1), None)]
            self.offset = Parameter(np.zeros((2, 2)))
            self.tied = self.first.factor

    model = Model()
    expected = ["first.factor", "steps.0.factor", "steps.2.0.factor", "offset"]
    got = [name for name, _ in model.named_parameters()]
    assert "limit" not in " ".join(got), f"named_members: a plain Tensor is no parameter, got {got}"
    assert "tied" not in got, f"named_members: a tied parameter counts once, at its first place, got {got}"
    assert got == expected, f"named_parameters: expected the names {expected}, got {got}"
    same = all(a is b for a, b in zip(model.parameters(), [model.first.factor, model.steps[0].factor]))
    assert same, "parameters() must return the Parameter objects themselves"
    names = [name for name, _ in model.named_modules()]
    expected = ["", "first", "steps.0", "steps.2.0"]
    assert names == expected, f"named_modules: expected {expected} ('' is the root), got {names}"
    np.testing.assert_allclose(
        model.first(Tensor([1.0, 2.0])).data, [1, 2], err_msg="module(x) must run forward"
    )

    returned = model.eval()
    flags = [module.training for module in model.modules()]
    assert flags == [False] * 4, f"eval(): every module of the tree must have training False, got {flags}"
    assert returned is model, "train and eval return the module itself, so that calls can be chained"
    assert model.train().steps[2][0].training is True, "train(): modules inside lists and tuples count too"

    snapshot = model.state_dict()
    assert list(snapshot) == got, f"state_dict: expected the keys {got}, got {list(snapshot)}"
    model.offset.data[:] = 5.0
    np.testing.assert_array_equal(
        snapshot["offset"], np.zeros((2, 2)), err_msg="state_dict: the snapshot followed a later update; copy"
    )
    before = model.parameters()
    model.load_state_dict(snapshot)
    np.testing.assert_array_equal(
        model.offset.data, np.zeros((2, 2)), err_msg="load_state_dict: value not loaded"
    )
    snapshot["offset"][:] = 8.0
    assert model.offset.data[0, 0] == 0.0, "load_state_dict: the parameter shares memory with the state; copy"
    kept = all(a is b for a, b in zip(before, model.parameters()))
    assert kept, "load_state_dict: change the data of the Parameter objects, do not replace the objects"

    broken = {
        "missing": {name: array for name, array in snapshot.items() if name != "offset"},
        "unexpected": {**snapshot, "head.weight": np.ones(3)},
        "shape": {**snapshot, "offset": np.ones(2)},
    }
    culprits = {"missing": "offset", "unexpected": "head.weight", "shape": "offset"}
    for word, state in broken.items():
        state["first.factor"] = np.full(2, 6.0)
        try:
            model.load_state_dict(state)
        except ValueError as error:
            named = word in str(error) and culprits[word] in str(error)
            assert named, (
                f"load_state_dict: the error must say {word!r} and {culprits[word]!r}, it says {error}"
            )
        else:
            raise AssertionError(
                f"load_state_dict: a state with {word} {culprits[word]!r} must raise ValueError"
            )
        changed = model.first.factor.data[0] == 6.0
        assert not changed, f"load_state_dict ({word}): nothing may change on an error, but first.factor did"
    print("Module: names, sharing, modes, snapshots and errors are right")


test_unit_module_tree()
### BEGIN HIDDEN TESTS
from tinytorch_lab.probes import probe, raises, rng

first, second, third = rng.normal(size=(2, 3)), rng.normal(size=4), rng.normal(size=(3, 1, 2))


class Part(Module):
    def __init__(self, *values):
        self.rate = 0.5
        self.values = tuple(Parameter(value) for value in values)


class Whole(Module):
    def __init__(self):
        self.nothing = None
        self.left = Part(first, second)
        self.right = self.left
        self.rest = [[Part(third)], Part(), abs, "text"]
        self.rest.append(self.left.values[1])
        self.scale = Parameter(second * 2)


whole = Whole()
probe("names", [name for name, _ in named_members(whole)])
probe("parameters", [parameter.data for parameter in whole.parameters()])
probe(
    "members of a list, of a function",
    [[name for name, _ in named_members([whole.left, abs])], len(named_members(abs))],
)
equal = [Parameter(first), Parameter(first)]
probe("equal is not identical", len(named_members(equal)))
probe(
    "modes",
    [whole.training, whole.eval() is whole, whole.left.training, whole.train(True).rest[0][0].training],
)
probe("only modules have modes", hasattr(whole.eval().scale, "training"))
snapshot = whole.state_dict()
probe("snapshot", snapshot)
probe("snapshot owns", any(np.shares_memory(snapshot[name], p.data) for name, p in whole.named_parameters()))
other = {name: 2 * array.astype(np.float64) for name, array in snapshot.items()}
whole.load_state_dict(other)
probe("loaded", [[parameter.data, str(parameter.dtype)] for parameter in whole.parameters()])
probe("loaded from lists", raises(lambda: whole.load_state_dict({k: v.tolist() for k, v in other.items()})))
wrong = [{**snapshot, "scale": second[:1]}, {**snapshot, "scale": second[None]}, {**snapshot, "extra": 0}, {}]
probe("errors", [raises(lambda state=state: whole.load_state_dict(state)) for state in wrong])
probe("nothing changed", [parameter.data for parameter in whole.parameters()])
whole.to(np.float64).load_state_dict(snapshot)
probe("dtype of the parameter wins", [str(whole.scale.dtype), whole.scale.requires_grad])
whole.left.parent = whole
probe("a circle ends", raises(lambda: named_members(whole)))
probe("names in a circle", [name for name, _ in whole.named_modules()])
### END HIDDEN TESTS

# %% [markdown]
r"""
## 4. Linear

Two things deserve thought: where the numbers come from, and what counts as a batch.

**Initialisation.** `uniform_parameter` draws from $[-a, a)$ with $a = 1/\sqrt{\text{fan in}}$. The **fan in**
is how many numbers are added up for one output: `in_features` here, and channels times window in the
convolution of Module 09, which will use the same function. Random numbers come from a `Generator` that the
caller passes in, so that an experiment can be repeated from one seed without touching any global state. A
generator is a stream: two layers that draw from the same one get different weights. Without one, a layer
takes fresh unpredictable numbers. A *fixed* default seed would be a disaster: two layers of the same shape
would start identical.

**Leading axes.** An image classifier sends `(batch, in)`, a language model `(batch, time, in)`, and a single
sample is `(in,)`. For a linear layer all axes but the last one mean "and so on for each": the weights are the
same. `np.matmul` broadcasts the weights over leading axes, but then computes one *small* product for every
leading index. It is the same arithmetic as one large product of `batch · time` rows:

```text
   (batch, time, in) ─reshape─► (batch·time, in) ─@ Wᵀ + b─► (batch·time, out) ─reshape─► (batch, time, out)
```

Both give the same numbers, so either passes the test. Section 8 measures which one is faster.

**A place for the sum.** `y + b` makes a second array as large as the product, and when the graph is recorded both stay.
But nobody else knows the product, and nobody will ask for its numbers again: the slopes of a sum are ones. So its
array may take the sum: `Add.apply(y, self.bias, in_place=True)` does so, and is recorded like any sum. Do this with
arrays that you have just made, and never with an argument. `y + self.bias` passes the tests, too.

**The shape check comes first.** A tensor of shape `(2, 3, 4)` holds 24 numbers, which `reshape(-1, 6)` turns
into four rows of six without complaint. `Linear(6, …)` would then compute something from numbers that do not
belong together, and nobody would be told.
"""


# %% nbgrader={"grade": false, "grade_id": "linear", "locked": false, "schema_version": 3, "solution": true, "task": false}
#| export
def uniform_parameter(
    shape: tuple[int, ...], fan_in: int, rng: np.random.Generator | None = None
) -> Parameter:
    """Parameter of ``shape`` with independent numbers, uniform between -1/√fan_in and 1/√fan_in.

    ``rng`` is the generator to draw from; ``None`` stands for a new one with an unpredictable seed.

    Hint: ``np.random.default_rng()``, and a generator's method ``uniform``.
    """
    ### BEGIN SOLUTION
    if rng is None:
        rng = np.random.default_rng()
    bound = 1.0 / math.sqrt(fan_in)
    return Parameter(rng.uniform(-bound, bound, size=shape))
    ### END SOLUTION


class Linear(Module):
    """y = x Wᵀ + b on the last axis: (..., in_features) becomes (..., out_features)."""

    def __init__(
        self, in_features: int, out_features: int, bias: bool = True, rng: np.random.Generator | None = None
    ) -> None:
        """Set ``in_features``, ``out_features``, ``weight`` (out, in) and ``bias`` (out,); None for no bias.

        Weight and bias are drawn by ``uniform_parameter``, both with ``in_features`` as their fan in, the
        weight first.
        """
        ### BEGIN SOLUTION
        self.in_features = in_features
        self.out_features = out_features
        self.weight = uniform_parameter((out_features, in_features), in_features, rng)
        self.bias = uniform_parameter((out_features,), in_features, rng) if bias else None
        ### END SOLUTION

    def forward(self, x: Tensor) -> Tensor:
        """x: (..., in_features), result: (..., out_features), recorded with weight and bias.

        Raises ValueError, naming ``in_features`` and the shape of x, if the last axis has another length.

        Hint: only tensor operations, so that the parameters end up in the recorded graph.
        """
        ### BEGIN SOLUTION
        if x.ndim == 0 or x.shape[-1] != self.in_features:
            raise ValueError(f"{self} needs an input of shape (..., {self.in_features}), got {x.shape}")
        rows = x.reshape(-1, self.in_features) if x.ndim > 2 else x
        y = rows @ self.weight.T
        if self.bias is not None:
            y = Add.apply(y, self.bias, in_place=True)
        return y.reshape(*x.shape[:-1], self.out_features) if x.ndim > 2 else y
        ### END SOLUTION

    def __repr__(self) -> str:
        return f"Linear({self.in_features}, {self.out_features}, bias={self.bias is not None})"


Dense = Linear

# %% [markdown]
"""
### Testing Linear

Values against NumPy for one, two and more axes; the spread of the random numbers; dtype; and the recorded
graph: walking back from the output must lead to the layer's own parameters.
"""


# %% nbgrader={"grade": true, "grade_id": "test_linear", "locked": true, "points": 18, "schema_version": 3, "solution": false, "task": false}
def test_unit_linear():
    """Shapes, values, initialisation, dtype, errors and the recorded parameters."""
    layer = Linear(3, 2)
    assert layer.weight.shape == (2, 3), (
        f"Linear(3, 2).weight: expected shape (out, in) = (2, 3), got {layer.weight.shape}"
    )
    assert layer.bias.shape == (2,), f"Linear(3, 2).bias: expected shape (2,), got {layer.bias.shape}"
    names = [name for name, _ in layer.named_parameters()]
    assert names == ["weight", "bias"], f"Linear: expected the parameters weight and bias, got {names}"
    assert (layer.in_features, layer.out_features) == (3, 2), "Linear: set in_features and out_features"

    w = np.array([[1.0, 2.0, 3.0], [0.0, -1.0, 1.0]], dtype=np.float32)
    b = np.array([10.0, 20.0], dtype=np.float32)
    layer.load_state_dict({"weight": w, "bias": b})
    x = np.array([[1.0, 0.0, 0.0], [0.0, 1.0, 0.0], [1.0, 1.0, 1.0]], dtype=np.float32)
    y = layer(Tensor(x))
    assert isinstance(y, Tensor), f"Linear: expected a Tensor, got {type(y).__name__}"
    np.testing.assert_allclose(y.data, [[11, 20], [12, 19], [16, 20]], err_msg="Linear: expected x Wᵀ + b")
    assert y.dtype == np.float32, f"Linear: float32 in, expected float32 out, got {y.dtype}"

    many = np.random.default_rng(0).normal(size=(2, 5, 4, 3)).astype(np.float32)
    for label, inputs in [("one sample", x[1]), ("(batch, time, in)", many[0]), ("four axes", many)]:
        got, expected = layer(Tensor(inputs)), inputs @ w.T + b
        assert got.shape == expected.shape, (
            f"Linear, {label}: expected shape {expected.shape}, got {got.shape}"
        )
        np.testing.assert_allclose(got.data, expected, rtol=1e-4, atol=1e-5, err_msg=f"Linear, {label}")

    plain = Linear(3, 2, bias=False)
    assert plain.bias is None, f"Linear(…, bias=False).bias: expected None, got {plain.bias!r}"
    np.testing.assert_allclose(
        plain(Tensor(x)).data,
        x @ plain.weight.data.T,
        rtol=1e-5,
        err_msg="Linear without bias: expected x Wᵀ",
    )

    big = Linear(400, 300, rng=np.random.default_rng(1))
    for name, values in big.state_dict().items():
        largest, mean = np.abs(values).max(), abs(values.mean())
        assert largest <= 0.05 * (1 + 1e-6), (
            f"Linear(400, 300).{name}: 1/√400 = 0.05 is the bound, got {largest}"
        )
        assert largest > 0.045, (
            f"Linear(400, 300).{name}: uniform up to 0.05, but the largest is only {largest}"
        )
        assert mean < 0.01, f"Linear(400, 300).{name}: expected mean 0, got {values.mean()}"
    spread = big.weight.data.std() * math.sqrt(3 * 400)
    assert 0.98 < spread < 1.02, f"Linear: std times √(3 in) is 1 for uniform weights, got {spread:.3f}"
    again = Linear(400, 300, rng=np.random.default_rng(1))
    np.testing.assert_array_equal(
        again.weight.data, big.weight.data, err_msg="Linear: the same seed must give the same weights"
    )
    different = not np.array_equal(Linear(9, 9).weight.data, Linear(9, 9).weight.data)
    assert different, "Linear without rng: two layers must not start with the same weights"

    for shape in [(5, 4), (2, 3, 4), (2,), ()]:
        six = Linear(6, 2)
        try:
            six(Tensor(np.ones(shape)))
        except ValueError as error:
            named = "6" in str(error) and str(shape) in str(error)
            assert named, (
                f"Linear(6, 2) on {shape}: check the last axis first, and name 6 and {shape}; it says {error}"
            )
        else:
            raise AssertionError(f"Linear(6, 2): an input of shape {shape} must raise ValueError")

    leaves, pending = set(), [y]
    while pending:
        tensor = pending.pop()
        if tensor.creator is not None:
            pending.extend(tensor.creator.inputs)
        elif tensor.requires_grad:
            leaves.add(id(tensor))
    expected = {id(layer.weight), id(layer.bias)}
    assert leaves == expected, (
        "Linear: the recorded graph must lead to weight and bias; do not compute with .data"
    )
    assert Dense is Linear, "Dense is another name for Linear"
    print("Linear: values, shapes, initialisation and recording are right")


test_unit_linear()
### BEGIN HIDDEN TESTS
from tinytorch_lab.probes import probe, raises, rng

w, b = rng.normal(size=(4, 5)), rng.normal(size=4)
x = rng.normal(size=(2, 3, 1, 5))
seed = int(rng.integers(2**31))
layer = Linear(5, 4).to(np.float64)
layer.weight.data, layer.bias.data = w, b
inputs = Tensor(x, dtype=np.float64, requires_grad=True)
probe("four axes, float64", layer(inputs).data)
probe("matrix, vector", [layer(inputs[0, :, 0]).data, layer(inputs[1, 2, 0]).data])
probe("dtype", [str(layer(inputs).dtype), str(Linear(5, 4)(Tensor(x)).dtype)])
crossed = Tensor(x.transpose(1, 0, 2, 3), dtype=np.float64)
probe("not contiguous", layer(crossed).data)
probe("inputs untouched", [bool(np.array_equal(inputs.data, x)), bool(np.array_equal(layer.bias.data, b))])
single = Linear(1, 1, bias=False)
single.weight.data = np.array([[3.0]], dtype=np.float32)
probe("one by one", [single(Tensor([[2.0], [-1.0]])).data, len(single.parameters())])
stream = np.random.default_rng(seed)
one, two = Linear(30, 30, rng=stream), Linear(30, 30, rng=stream)
probe("a stream goes on", [bool(np.array_equal(one.weight.data, two.weight.data)), str(one.weight.dtype)])
repeated = Linear(30, 30, rng=np.random.default_rng(seed))
probe(
    "repeatable", all(np.array_equal(p.data, q.data) for p, q in zip(one.parameters(), repeated.parameters()))
)
wide, tall = Linear(900, 100, rng=stream).weight.data, Linear(16, 4000, rng=stream)
probe(
    "fan in, not fan out",
    [bool(0.032 < np.abs(wide).max() < 0.03334), bool(0.249 < np.abs(tall.weight.data).max() < 0.2501)],
)
probe("bias has the same bound", bool(0.245 < np.abs(tall.bias.data).max() < 0.2501))
probe("uniform", bool(0.24 < np.mean(np.abs(tall.weight.data) < 0.0625) < 0.26))
kernel = uniform_parameter((8, 4, 3, 3), 36, stream)
probe(
    "a convolution's weights",
    [list(kernel.shape), kernel.requires_grad, bool(0.15 < np.abs(kernel.data).max() < 0.1667)],
)
reached, pending = [], [layer(inputs)]
while pending:
    tensor = pending.pop()
    reached.append(tensor)
    pending.extend(tensor.creator.inputs if tensor.creator else ())
leaves = inputs, layer.weight, layer.bias
probe("recorded back to the leaves", [sum(tensor is leaf for tensor in reached) for leaf in leaves])
bad = [(2, 5, 4), (10,), (5, 1), (3, 10)]
probe("errors", [raises(lambda shape=shape: layer(Tensor(np.ones(shape)))) for shape in bad])
probe(
    "empty batches",
    [list(layer(Tensor(np.ones((0, 5)))).shape), list(layer(Tensor(np.ones((2, 0, 5)))).shape)],
)
### END HIDDEN TESTS

# %% [markdown]
r"""
## 5. Sequential

Composition is what makes depth cheap to write: $f_3(f_2(f_1(x)))$ is a list. `Sequential` calls its layers in
order, and since it is a module itself, it can be a layer of another one.

It accepts whatever can be called with a tensor: modules, the activation objects of Module 02 (which are not
modules; they have nothing to learn), or a plain function. One mistake is so common that it deserves its own
check: `Sequential(Linear(2, 4), ReLU)` without the parentheses. A class *is* callable, so the mistake would
only show much later, in a message about something else.

Two questions of ownership, again:

- The list that the caller passes stays the caller's: appending to it later must not change the model.
- A slice, `net[:2]`, is a new `Sequential` of the *same* layers. That is useful (look at the hidden values of
  a trained network; train only the head), and it means that both share parameters.
"""


# %% nbgrader={"grade": false, "grade_id": "sequential", "locked": false, "schema_version": 3, "solution": true, "task": false}
#| export
class Sequential(Module):
    """Layers called one after the other: ``Sequential(a, b)``, or a list or tuple: ``Sequential([a, b])``."""

    def __init__(self, *layers: Any) -> None:
        """Keep the layers, in order, in a list of its own: ``self.layers``. No layers make the identity.

        Raises TypeError, naming position and value, if a layer cannot be called or is a class.

        Hint: a class is an instance of ``type``.
        """
        ### BEGIN SOLUTION
        if len(layers) == 1 and isinstance(layers[0], (list, tuple)):
            layers = tuple(layers[0])
        for position, layer in enumerate(layers):
            if isinstance(layer, type) or not callable(layer):
                raise TypeError(f"Sequential: layer {position} must be an object like ReLU(), got {layer!r}")
        self.layers: list[Callable[[Any], Any]] = list(layers)
        ### END SOLUTION

    def forward(self, x: Any) -> Any:
        """Hand ``x`` to the first layer, its result to the second one, and so on; return the last result."""
        ### BEGIN SOLUTION
        for layer in self.layers:
            x = layer(x)
        return x
        ### END SOLUTION

    def __len__(self) -> int:
        return len(self.layers)

    def __iter__(self) -> Iterator[Callable[[Any], Any]]:
        return iter(self.layers)

    def __getitem__(self, index: int | slice) -> Any:
        """The layer at an integer ``index``, or a Sequential of the same layer objects for a slice.

        Hint: a list answers both kinds of index, with different types.
        """
        ### BEGIN SOLUTION
        if isinstance(index, slice):
            return Sequential(self.layers[index])
        return self.layers[index]
        ### END SOLUTION

    def __repr__(self) -> str:
        return f"Sequential({', '.join(repr(layer) for layer in self.layers)})"


# %% nbgrader={"grade": true, "grade_id": "test_sequential", "locked": true, "points": 14, "schema_version": 3, "solution": false, "task": false}
def test_unit_sequential():
    """Order, both spellings, indexing, nesting, names, modes and rejected layers."""
    x = Tensor([1.0, -2.0])
    net = Sequential(lambda t: t + 1, lambda t: t * 10)
    np.testing.assert_allclose(
        net(x).data, [20, -10], err_msg="Sequential: (x + 1) * 10 means first layer first"
    )
    np.testing.assert_array_equal(
        Sequential()(x).data, x.data, err_msg="Sequential(): no layers, the identity"
    )

    parts = [Linear(2, 3), abs, Linear(3, 1)]
    listed, starred = Sequential(parts), Sequential(*parts)
    for label, built in [("Sequential([a, b, c])", listed), ("Sequential(a, b, c)", starred)]:
        assert len(built) == 3, f"{label}: expected 3 layers, got {len(built)}"
        assert built[0] is parts[0] and built[-1] is parts[2], f"{label}[i]: expected the layer itself"
        assert list(built) == parts, f"{label}: iterating must give the layers in order"
        names = [name for name, _ in built.named_parameters()]
        expected = ["layers.0.weight", "layers.0.bias", "layers.2.weight", "layers.2.bias"]
        assert names == expected, f"{label}: expected the names {expected}, got {names}"
    parts.append(abs)
    assert len(listed) == 3, (
        "Sequential([…]): appending to the caller's list changed the model; keep your own list"
    )

    head = starred[:2]
    assert isinstance(head, Sequential), f"net[:2]: expected a Sequential, got {type(head).__name__}"
    assert len(head) == 2 and head[0] is parts[0], "net[:2]: expected the first two layers, not copies"

    from tinytorch.activations import ReLU

    inner = Sequential(Linear(4, 4), ReLU())
    outer = Sequential([Sequential(Linear(2, 4)), inner, inner])
    batch = np.random.default_rng(0).normal(size=(5, 2)).astype(np.float32)
    values = outer.state_dict()
    assert len(values) == 4, f"a layer used twice is stored once: expected 4 arrays, got {list(values)}"
    hidden = batch @ values["layers.0.layers.0.weight"].T + values["layers.0.layers.0.bias"]
    for _ in range(2):
        hidden = hidden @ values["layers.1.layers.0.weight"].T + values["layers.1.layers.0.bias"]
        hidden = np.maximum(hidden, 0)
    np.testing.assert_allclose(
        outer(Tensor(batch)).data,
        hidden,
        rtol=1e-4,
        atol=1e-6,
        err_msg="nested Sequential with a repeated part",
    )
    outer.eval()
    assert inner.training is False and inner[0].training is False, (
        "eval() must reach layers of nested containers"
    )

    for wrong in (ReLU, 3, None):
        try:
            Sequential(Linear(2, 4), wrong)
        except TypeError as error:
            assert "1" in str(error), f"Sequential(Linear(2, 4), {wrong!r}): name position 1, it says {error}"
        else:
            raise AssertionError(
                f"Sequential(Linear(2, 4), {wrong!r}) must raise TypeError, also for a class"
            )
    print("Sequential: order, spellings, indexing, nesting and checks are right")


test_unit_sequential()
### BEGIN HIDDEN TESTS
from tinytorch_lab.probes import probe, raises, rng
from tinytorch.activations import Sigmoid, Softmax, Tanh

x = rng.normal(size=(6, 3))
shapes = {"layers.0.weight": (5, 3), "layers.0.bias": (5,), "layers.2.weight": (4, 5)}
values = {name: rng.normal(size=shape) for name, shape in shapes.items()}
net = Sequential([Linear(3, 5), Tanh(), Linear(5, 4, bias=False), Softmax()]).to(np.float64)
net.load_state_dict(values)
inputs = Tensor(x, dtype=np.float64)
probe("values", net(inputs).data)
probe("length, names", [len(net), list(net.state_dict())])
probe("slices", [len(net[1:]), len(net[-2:]), len(net[5:]), net[1:][1] is net[2], net[::2][1] is net[2]])
probe("a part", net[:2](inputs).data)
probe("a part shares", net[:1].parameters()[0] is net.parameters()[0])
order = []
steps = Sequential([lambda t, k=k: order.append(k) or t * 2 + k for k in range(4)])
probe("each layer once, in order", [steps(inputs).data, order])
probe(
    "one layer, no layer",
    [Sequential(Sigmoid())(inputs).data, len(Sequential([])), Sequential([])(inputs) is inputs],
)
deep = Sequential(Sequential(Sequential(Linear(3, 3)), Linear(3, 3)), len)
probe("deep names", [name for name, _ in deep.named_parameters()])
deep.eval()
probe("modes", [module.training for module in deep.modules()])
one = Linear(3, 3)
probe("shared layer", len(Sequential(one, Tanh(), one, Sequential(one)).parameters()))
probe("a tuple", raises(lambda: Sequential((Tanh(), Sigmoid()))(inputs)))
probe("index error", raises(lambda: net[4]))
probe(
    "type errors",
    [raises(lambda bad=bad: Sequential(Tanh(), bad)) for bad in (Tanh, "relu", [Tanh()], Linear)],
)
### END HIDDEN TESTS

# %% [markdown]
r"""
## 6. Flatten

Images come as `(batch, channels, height, width)`, a linear layer wants `(batch, features)`. `Flatten` keeps
the first axis and runs the others together. No number moves: a `reshape` of a contiguous tensor is a view.

Beware of `-1`. It asks NumPy to work a length out by division, and for an **empty batch** that is 0 divided
by 0. The last batch of a filtered data set may well be empty, so compute the length yourself.
"""


# %% nbgrader={"grade": false, "grade_id": "flatten", "locked": false, "schema_version": 3, "solution": true, "task": false}
#| export
class Flatten(Module):
    """Keep the batch axis, run all others together: (batch, ...) becomes (batch, features)."""

    def forward(self, x: Tensor) -> Tensor:
        """Also for an empty batch; (batch,) becomes (batch, 1). Raises ValueError for a tensor without axes.

        Hint: ``math.prod``.
        """
        ### BEGIN SOLUTION
        if x.ndim == 0:
            raise ValueError("Flatten needs a batch axis, got a tensor without axes")
        return x.reshape(x.shape[0], math.prod(x.shape[1:]))
        ### END SOLUTION


# %% nbgrader={"grade": true, "grade_id": "test_flatten", "locked": true, "points": 4, "schema_version": 3, "solution": false, "task": false}
def test_unit_flatten():
    """The batch axis stays, the order of the numbers too, and an empty batch is a batch."""
    images = np.arange(24, dtype=np.float32).reshape(2, 3, 2, 2)
    flat = Flatten()(Tensor(images))
    assert isinstance(flat, Tensor), f"Flatten: expected a Tensor, got {type(flat).__name__}"
    assert flat.shape == (2, 12), f"Flatten of (2, 3, 2, 2): expected (2, 12), got {flat.shape}"
    np.testing.assert_array_equal(
        flat.data[1], np.arange(12, 24), err_msg="Flatten: keep the row-major order"
    )
    try:
        empty = Flatten()(Tensor(np.zeros((0, 3, 2)))).shape
    except ValueError as error:
        raise AssertionError(f"Flatten of an empty batch (0, 3, 2): {error}; compute the length") from None
    assert empty == (0, 6), f"Flatten of (0, 3, 2): expected (0, 6), got {empty}"
    print("Flatten: shapes, order and the empty batch are right")


test_unit_flatten()
### BEGIN HIDDEN TESTS
from tinytorch_lab.probes import probe, raises, rng

a = rng.normal(size=(3, 1, 4, 2)).astype(np.float32)
x = Tensor(a)
probe("values", Flatten()(x).data)
probe("a view", bool(np.shares_memory(Flatten()(x).data, a)))
shapes = [(5, 7), (5,), (1, 1, 1), (0, 2, 3, 4), (3, 0, 2), (0,)]
probe("shapes", [list(Flatten()(Tensor(np.zeros(shape))).shape) for shape in shapes])
probe("transposed", Flatten()(x.transpose(0, 3, 1, 2)).data)
probe(
    "nothing to learn, but a module",
    [isinstance(Flatten(), Module), len(Flatten().parameters()), Flatten().eval().training],
)
weight = Tensor(a, requires_grad=True)
creator = Flatten()(weight).creator
probe("recorded", bool(creator) and creator.inputs[0] is weight)
probe("in a model", list(Sequential(Flatten(), Linear(8, 2))(x).shape))
probe("no axes", raises(lambda: Flatten()(Tensor(1.0))))
### END HIDDEN TESTS

# %% [markdown]
r"""
## 7. Counting parameters and bytes

Before a model runs, two figures can be had from arithmetic alone. `parameter_count` is the one in every
paper's table. `layer_memory` answers whether it fits:

| key | bytes |
| --- | --- |
| `parameters` | all parameters, in the dtype they have |
| `gradients` | the same again: training (Module 06) makes one array of equal shape and dtype for each |
| `activations` | outputs of all `Linear` layers: `batch_size × out_features` numbers in the weight's dtype |
| `total` | the sum of the three |

The count of activations supposes that every `Linear` runs once per forward pass, on inputs
`(batch_size, in_features)`, and leaves everything else out, so it is a lower bound. Section 8 shows how far
below.

Both functions take modules, and with the same code lists of layers and plain activations, which simply hold
nothing.
"""


# %% nbgrader={"grade": false, "grade_id": "counts", "locked": false, "schema_version": 3, "solution": true, "task": false}
#| export
def parameter_count(module: Any) -> int:
    """Number of trainable numbers in a module (or a list of layers); a shared parameter counts once.

    Hint: ``named_members``.
    """
    ### BEGIN SOLUTION
    return sum(member.size for _, member in named_members(module) if isinstance(member, Parameter))
    ### END SOLUTION


def layer_memory(module: Any, batch_size: int) -> dict[str, int]:
    """Bytes of a training step by kind: ``parameters``, ``gradients``, ``activations`` and their ``total``.

    Activations are the outputs of the Linear layers in the tree, each one counted once, for ``batch_size``
    samples. Everything is counted in the dtype of the parameters.

    Hint: tensors know their ``memory_footprint``; a dtype knows its ``itemsize``.
    """
    ### BEGIN SOLUTION
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
    ### END SOLUTION


# %% nbgrader={"grade": true, "grade_id": "test_counts", "locked": true, "points": 10, "schema_version": 3, "solution": false, "task": false}
def test_unit_counts():
    """Counts and bytes by kind, for layers, models, shared parts and two dtypes."""
    for layer, expected in [(Linear(3, 5), 20), (Linear(3, 5, bias=False), 15), (Flatten(), 0), (abs, 0)]:
        got = parameter_count(layer)
        assert got == expected, f"parameter_count({layer}): in × out + out, expected {expected}, got {got}"
    one = Linear(4, 4)
    got = parameter_count(Sequential(one, abs, one))
    assert got == 20, f"parameter_count: a layer used twice has its 20 parameters once, got {got}"

    net = Sequential(Flatten(), Linear(12, 8), abs, Linear(8, 2))
    got = layer_memory(net, batch_size=10)
    keys = {"parameters", "gradients", "activations", "total"}
    assert set(got) == keys, f"layer_memory: expected the keys {sorted(keys)}, got {sorted(got)}"
    expected = {"parameters": 4 * 122, "gradients": 4 * 122, "activations": 4 * 10 * (8 + 2)}
    expected["total"] = sum(expected.values())
    for key, value in expected.items():
        assert got[key] == value, (
            f"layer_memory(net, 10)[{key!r}], float32: expected {value} bytes, got {got[key]}"
        )
    doubled = layer_memory(net.to(np.float64), batch_size=10)
    for key, value in expected.items():
        assert doubled[key] == 2 * value, (
            f"layer_memory[{key!r}] in float64: expected {2 * value} bytes, got {doubled[key]}; ask the dtype"
        )
    print("counts and memory: as calculated")


test_unit_counts()
### BEGIN HIDDEN TESTS
from tinytorch_lab.probes import probe, raises, rng

sizes = [int(size) for size in rng.integers(2, 30, size=4)]
layers = [Linear(sizes[i], sizes[i + 1]) for i in range(3)]
net = Sequential(layers[0], Sequential(abs, layers[1]), len, layers[2])
probe(
    "counts", [parameter_count(net), parameter_count(layers), parameter_count(net[:1]), parameter_count(abs)]
)
probe("memory", [layer_memory(net, batch) for batch in (0, 1, 37)])
probe(
    "types",
    [type(value).__name__ for value in layer_memory(net, 3).values()] + [type(parameter_count(net)).__name__],
)
probe("without bias", layer_memory(Linear(sizes[0], sizes[1], bias=False), 5))


class Own(Module):
    def __init__(self):
        self.table = Parameter(np.zeros((7, 3)))
        self.tied = [self.table, Parameter(np.zeros(())), Tensor(np.zeros(1000), requires_grad=True)]
        self.linear = Linear(3, 7, bias=False)
        self.linear.weight = self.table


own = Own()
probe("tied", [parameter_count(own), layer_memory(own, 2)])
own.linear.weight = Parameter(np.zeros((7, 3)), dtype=np.float64)
probe("mixed dtypes", layer_memory(own, 2))
own.table.requires_grad = False
probe("a frozen parameter is still a parameter", parameter_count(own))
probe("half precision", layer_memory(Linear(10, 10).to(np.float16), 4))
probe("nothing", layer_memory([], 8))
### END HIDDEN TESTS

# %% [markdown]
r"""
## 8. Memory and Complexity

### Work grows faster than weights

`Linear(n, n)` holds $n^2 + n$ numbers and does $2 n^2$ operations for every row. With a batch of $n$ rows
that is $2n^3$, the cubic cost of a matrix product. The table doubles $n$ four times. Look for:

- parameters: a factor of 4 for every doubling;
- time with batch $n$: a factor near 8 as soon as the product is large enough;
- time with a batch of *one* row: hardly any growth at first, where the fixed price of three ops decides, then
  a factor that approaches 4. With one row every weight is fetched, used for one multiplication and one
  addition, and dropped. What counts is how fast weights arrive, not how fast the processor multiplies: the
  operations per second stay below those of the full batch;
- the last line, whose weights may no longer fit into a cache: does the rate of the single row drop?

The figure then fixes the largest layer and varies the batch. The time *per row* falls as more rows share one
reading of the weights, until arithmetic becomes the limit and the curve levels out. One irregularity is
common: a single row may be *faster* than each row of a small batch: a BLAS library has its own routine for
matrix times vector, while the one for matrices first rearranges its operands, which pays only for many rows.

This is why services collect requests into batches, and why text generation, which produces one token at a
time, is slow for its size (Module 16).
"""

# %% tags=["measure"]
import timeit

import matplotlib.pyplot as plt


def best_seconds(fn: Callable[[], Any], budget: float = 0.02) -> float:
    """Best time per call of a few repeats, each of as many calls as fit into the budget."""
    once = timeit.timeit(fn, number=1)
    number = max(1, int(budget / max(once, 1e-6)))
    return min(timeit.repeat(fn, number=number, repeat=4 if once < 0.1 else 1)) / number


draw = np.random.default_rng(0)
print(f"{'':24} {'batch of n rows':>21} {'batch of one row':>21}")
print(f"{'n':>5} {'parameters':>11} {'MB':>6} {'ms':>12} {'GFLOP/s':>8} {'ms':>12} {'GFLOP/s':>8}")
for n in (128, 256, 512, 1024, 2048):
    square = Linear(n, n, rng=draw)
    rows, row = Tensor(draw.normal(size=(n, n))), Tensor(draw.normal(size=(1, n)))
    full, single = best_seconds(lambda: square(rows)), best_seconds(lambda: square(row))
    megabytes = layer_memory(square, n)["parameters"] / 1e6
    print(
        f"{n:5} {parameter_count(square):11,} {megabytes:6.2f} "
        f"{full * 1e3:12.3f} {2 * n**3 / full / 1e9:8.1f} "
        f"{single * 1e3:12.4f} {2 * n**2 / single / 1e9:8.1f}"
    )

batches = 2 ** np.arange(0, 9)
per_row = [best_seconds(lambda: square(Tensor(rows.data[:batch]))) / batch for batch in batches]
figure, axis = plt.subplots(figsize=(6, 3.4))
axis.plot(batches, np.array(per_row) * 1e6, "o-")
axis.set_xscale("log", base=2)
axis.set_yscale("log", base=2)
axis.set(xlabel="rows in the batch", ylabel="µs per row", title=f"Linear({n}, {n}), float32")
axis.set_xticks(batches, labels=batches)
axis.yaxis.set_major_formatter("{x:g}")
axis.grid(alpha=0.3)
plt.show()
print(f"per row: {per_row[0] * 1e6:.0f} µs alone, {per_row[-1] * 1e6:.1f} µs in a batch of {batches[-1]}")

# %% [markdown]
r"""
### One large product or many small ones

The same layer on `(batch, time, in)`: NumPy's broadcast product against one product of `batch · time` rows.
The arithmetic is identical. Look at how the ratio depends on the shape. Where it is near 1, each of the small
products is large enough to keep the processor busy on its own.

The second half of the table is a look ahead. For the gradient of the weights, training needs a product of
outputs with inputs, summed over all samples. Computed sample by sample it makes `batch` matrices of the size
of $W$ and adds them up; from folded rows it is one product. Look at the ratio, and at the bytes.
"""

# %% tags=["measure"]
from tinytorch.setup import measure_memory

print(f"{'':21} {'x Wᵀ + b, ms':>21}        {'shape of W, summed over samples, ms':>36}")
print(f"{'batch, time, in, out':>21} {'broadcast':>11} {'folded':>9} {'ratio':>6}", end="")
print(f" {'each':>9} {'folded':>9} {'ratio':>6} {'each, MB':>10} {'folded, MB':>11}")
for batch, length, inside, outside in [
    (256, 8, 32, 32),
    (64, 16, 64, 64),
    (12, 64, 128, 512),
    (8, 256, 256, 256),
]:
    layer = Linear(inside, outside, rng=draw)
    x = Tensor(draw.normal(size=(batch, length, inside)))
    y = Tensor(draw.normal(size=(batch, length, outside)))
    calls = [
        lambda: x @ layer.weight.T + layer.bias,
        lambda: (x.reshape(-1, inside) @ layer.weight.T + layer.bias).reshape(batch, length, outside),
        lambda: (y.transpose(0, 2, 1) @ x).sum(axis=0),
        lambda: y.reshape(-1, outside).T @ x.reshape(-1, inside),
    ]
    broadcast, folded, each, at_once = (best_seconds(call) * 1e3 for call in calls)
    peaks = [measure_memory(call)[1] / 1e6 for call in calls[2:]]
    shape = f"{batch}, {length}, {inside}, {outside}"
    print(f"{shape:>21} {broadcast:11.3f} {folded:9.3f} {broadcast / folded:6.2f}", end="")
    print(f" {each:9.3f} {at_once:9.3f} {each / at_once:6.2f} {peaks[0]:10.2f} {peaks[1]:11.2f}")

# %% [markdown]
r"""
### Predicted and measured bytes

`layer_memory` is a prediction; now the measurement. The model is a classifier for small images. Look for:

- **construction:** what stays is the predicted number of bytes plus Python objects. The *peak* is set by the
  largest layer, 16 bytes for each of its weights: the generator draws in float64 (8), the tensor converts to
  float32 (4), the parameter takes its copy (4);
- **forward, recording:** what stays alive as long as the output does, beside the predicted activations.
  Nobody asked for it, but a parameter requires grad, so every op keeps its inputs. One layer of
  `Linear` + `ReLU` leaves *three* arrays of its output's size: the product, the sum with the bias, and the
  result of ReLU; or *two*, if the sum took the product's place. The prediction counted one;
- **forward, not recording** (the switch `Op.recording`, which Module 06 wraps into `no_grad`): only the
  output is left. The peak is a few arrays of the widest layer, whatever the depth.
"""

# %% tags=["measure"]
import gc
import tracemalloc

from tinytorch.activations import ReLU
from tinytorch.tensor import Op


def classifier() -> Sequential:
    stream = np.random.default_rng(0)
    first, second, last = (Linear(m, n, rng=stream) for m, n in [(784, 512), (512, 512), (512, 10)])
    return Sequential(Flatten(), first, ReLU(), second, ReLU(), last)


def stays_and_peak(fn: Callable[[], Any]) -> tuple[Any, int, int]:
    """The result, the bytes that are still allocated because of it, and the peak."""
    gc.collect()
    tracemalloc.start()
    result = fn()
    current, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    return result, current, peak


batch = 256
model, stays, peak = stays_and_peak(classifier)
predicted = layer_memory(model, batch)
print(model)
print(f"{parameter_count(model):,} parameters; predicted bytes {predicted}\n")
print(f"{'':30} {'predicted':>10} {'stays':>10} {'peak':>10}   MB")
print(f"{'construction':30} {predicted['parameters'] / 1e6:10.2f} {stays / 1e6:10.2f} {peak / 1e6:10.2f}")

images = Tensor(np.random.default_rng(1).normal(size=(batch, 1, 28, 28)))
for recording in (True, False):
    Op.recording = recording
    try:
        output, stays, peak = stays_and_peak(lambda: model(images))
    finally:
        Op.recording = True
    label = "forward, recording" if recording else "forward, not recording"
    print(f"{label:30} {predicted['activations'] / 1e6:10.2f} {stays / 1e6:10.2f} {peak / 1e6:10.2f}")
    del output

print("\nwhich part dominates, by batch size (predicted):")
for batch in (1, 64, 1024, 16384):
    kinds = layer_memory(model, batch)
    shares = [
        f"{kind} {kinds[kind] / kinds['total']:5.1%}" for kind in ("parameters", "gradients", "activations")
    ]
    print(f"  batch {batch:6}: {', '.join(shares)}")

_, peak = measure_memory(model.state_dict)
print(f"\nstate_dict: {peak / 1e6:.2f} MB more while you hold it; it is a full copy")

# %% [markdown]
r"""
## 9. In Production

**`nn.Linear`** has the layout and the initialisation you built: weight `(out_features, in_features)`,
$y = xW^{\mathsf T} + b$, both drawn uniformly within $1/\sqrt{\text{in\_features}}$. (Its source says
`kaiming_uniform_` with `a=√5`, which works out to that bound.) It runs product and bias as *one* operation,
`addmm`, whose kernel adds the bias while the result is still close to the processor, and which keeps only its
input and its weight for the backward pass. ReLU keeps its result. So PyTorch retains one array where you
measured two or three. Module 15 builds such a fused op. PyTorch also refuses to multiply float32 weights by float64
inputs; here NumPy promotes, and the result is quietly twice as large.

**`nn.Module`** registers on assignment: `__setattr__` files parameters, buffers and submodules in separate
dictionaries. Forget `super().__init__()` and the first layer you assign raises an error; put layers into a
plain list and the optimizer never sees them, without any message. *Buffers* are what we left out: arrays that
are saved with the model but not trained, such as the running averages of batch normalisation.

**`state_dict()` in PyTorch returns references, not copies.** Keeping the "best" state of a training run
without `copy.deepcopy` keeps the *last* one, a mistake that is as common as it is quiet. A tied parameter
appears there under both of its names; `parameters()` yields it once. `load_state_dict(strict=True)` raises
one error that lists everything missing, unexpected or of the wrong shape, but by then the parameters that did
fit have been overwritten.

**Initialisation without memory.** A model that is about to be loaded from disk needs no random numbers, and
one that does not fit into memory cannot even be constructed the way you do it. PyTorch builds such a model on
the `meta` device, with shapes and dtypes but without data, and fills it in afterwards, piece by piece.

**Checkpoints** are these dictionaries on disk. Those written with Python's pickle can run code when opened,
so PyTorch now unpickles only plain tensors by default (`weights_only=True`), and the *safetensors* format
stores a table of names, dtypes, shapes and offsets followed by raw bytes. Module 08 writes its own.

**Sharing the work.** A weight matrix too large for one device is cut, by columns or by rows, over several;
each computes its part of $xW^{\mathsf T}$, and the parts are concatenated or summed (*tensor parallelism*).
"""

# %% [markdown]
r"""
## 10. What Breaks First at Scale

**Width breaks memory.** Parameters are quadratic in the width, and training keeps several numbers for each.
The table multiplies up what your own functions say, without allocating anything. Look for the width at which
one layer's training state outgrows your machine; Adam (Module 07) adds two more arrays of the same size.

**Depth breaks the signal.** Section 1 predicts what each choice of the spread does to the mean square per
layer. The experiment sends one batch of random samples through stacks of `Linear` + ReLU and follows two
quantities. The **RMS** (root of the mean square) says how large the numbers are. The **difference between
samples** (the standard deviation over the batch, averaged over units) says whether the network still
distinguishes its inputs. Look for:

- PyTorch's default: the RMS settles on a plateau, which looks healthy. The difference between samples goes on
  falling, by the predicted factor $\sqrt{1/6}$ for every layer, until only the rounding of float32 is left of
  it. The plateau comes from the biases: after enough layers the output is the same for every input;
- He's bound: the RMS stays where it was. The difference falls too, but slowly: at this depth samples are
  still told apart;
- standard normal weights: both grow by a factor above 10 per layer, out of the figure and in the end out of
  float32. Infinity minus infinity is NaN, which is what the table shows after 40 layers;
- tiny weights: the formula gives the factor here as well, $\sqrt{\text{in} \cdot v / 2}$. What rate do you
  expect for 256 inputs and a standard deviation of 0.01?

Networks of a few layers, such as all up to Module 09, live at the left edge of this figure, where the default
is fine. Deep ones are built so that the question loses its edge: normalisation rescales every layer, and
residual connections add the input back (Module 13).
"""

# %% tags=["measure"]
print(f"{'width':>7} {'parameters':>15} {'training state, GB':>19} {'with Adam, GB':>14}")
for width in (1_000, 4_000, 12_288, 50_000, 100_000):
    count = width * width + width
    print(f"{width:7,} {count:15,} {2 * 4 * count / 1e9:19.3f} {4 * 4 * count / 1e9:14.3f}")

# %% tags=["measure"]
import matplotlib.pyplot as plt

from tinytorch.activations import relu

width, depth = 256, 40
samples = np.random.default_rng(0).normal(size=(64, width))


def stack(choice: str) -> list[Linear]:
    """Layers of one width; every choice starts from the same random numbers."""
    stream = np.random.default_rng(1)
    layers = [Linear(width, width, rng=stream) for _ in range(depth)]
    for layer in layers:
        if choice == "He, √(6/in)":
            layer.weight.data *= np.sqrt(6)
            layer.bias.data[:] = 0
        elif choice in ("normal, std 1", "normal, std 0.01"):
            layer.weight.data = stream.normal(size=(width, width)).astype(np.float32)
            layer.weight.data *= np.float32(choice.split()[-1])
            layer.bias.data[:] = 0
    return layers


figure, (left, right) = plt.subplots(1, 2, figsize=(10.5, 3.5), sharey=True)
print(f"{'':18} {'factor per layer (5 to 15)':>28} {f'after {depth} layers':>24}")
print(f"{'weights':18} {'RMS':>14} {'difference':>13} {'RMS':>12} {'difference':>11}")
for choice in ("default, 1/√in", "He, √(6/in)", "normal, std 1", "normal, std 0.01"):
    x, sizes, differences = Tensor(samples), [], []
    with np.errstate(over="ignore", invalid="ignore"):
        for layer in stack(choice):
            x = relu(layer(x))
            values = x.data.astype(np.float64)
            sizes.append(np.sqrt(np.mean(values**2)))
            differences.append(np.mean(np.std(values, axis=0)))
        rates = [(series[14] / series[4]) ** 0.1 for series in (sizes, differences)]
    print(f"{choice:18} {rates[0]:14.3f} {rates[1]:13.3f} {sizes[-1]:12.1e} {differences[-1]:11.1e}")
    left.plot(range(1, depth + 1), sizes, label=choice)
    right.plot(range(1, depth + 1), differences, label=choice)
left.set(yscale="log", ylim=(1e-12, 1e12), xlabel="layer", title="RMS of the activations")
right.set(xlabel="layer", title="difference between samples")
left.legend(fontsize="small")
for axis in (left, right):
    axis.grid(alpha=0.3)
figure.tight_layout()
plt.show()
print(f"predicted: default {np.sqrt(1 / 6):.3f} for the difference, He 1 for the RMS")

# %% [markdown]
r"""
## 11. Integration Test: Milestone 1, XOR inference

Module 02 proved that no linear model computes XOR. The first milestone is a network that can *represent* it,
and runs:

```text
   Sequential([Linear(2, 4), ReLU(), Linear(4, 1)])

   (4, 2) ──Linear──► (4, 4) ──ReLU──► (4, 4) ──Linear──► (4, 1)         2·4 + 4 + 4·1 + 1 = 17 parameters
```

Freshly made, it gives four meaningless numbers, and that is what inference without training means. But the
seventeen numbers that make it right exist, and Module 02 found them by thought:
$\operatorname{relu}(x_1 + x_2) - 2\operatorname{relu}(x_1 + x_2 - 1)$. The test puts them in through
`load_state_dict`, the way trained weights will arrive from Module 08 on.
"""


# %% nbgrader={"grade": true, "grade_id": "test_xor_inference", "locked": true, "points": 10, "schema_version": 3, "solution": false, "task": false}
def test_unit_xor_inference():
    """Milestone 1: a two-layer network runs on the XOR points, and computes XOR with the right weights."""
    from tinytorch.activations import XOR_INPUTS, XOR_TARGETS, ReLU

    draw = np.random.default_rng(3)
    net = Sequential([Linear(2, 4, rng=draw), ReLU(), Linear(4, 1, rng=draw)])
    output = net(Tensor(XOR_INPUTS))
    assert output.shape == (4, 1), (
        f"XOR network: four samples, one output: expected (4, 1), got {output.shape}"
    )
    assert output.dtype == np.float32, f"XOR network: expected float32, got {output.dtype}"
    assert parameter_count(net) == 17, f"XOR network: expected 17 parameters, got {parameter_count(net)}"
    state = net.state_dict()
    hidden = np.maximum(XOR_INPUTS @ state["layers.0.weight"].T + state["layers.0.bias"], 0)
    np.testing.assert_allclose(
        output.data,
        hidden @ state["layers.2.weight"].T + state["layers.2.bias"],
        rtol=1e-5,
        atol=1e-6,
        err_msg="XOR network: not the result that its own state_dict gives in NumPy",
    )
    for position in range(4):
        alone = net(Tensor(XOR_INPUTS[position])).data
        np.testing.assert_allclose(
            alone,
            output.data[position],
            rtol=1e-5,
            atol=1e-6,
            err_msg=f"XOR network: sample {position} alone must give what it gives in the batch",
        )

    by_thought = {
        "layers.0.weight": [[1.0, 1.0], [1.0, 1.0], [0.0, 0.0], [0.0, 0.0]],
        "layers.0.bias": [0.0, -1.0, 0.0, 0.0],
        "layers.2.weight": [[1.0, -2.0, 0.0, 0.0]],
        "layers.2.bias": [0.0],
    }
    net.load_state_dict(by_thought)
    np.testing.assert_allclose(
        net(Tensor(XOR_INPUTS)).data[:, 0],
        XOR_TARGETS,
        atol=1e-6,
        err_msg="XOR network with weights by thought",
    )
    twin = Sequential(Linear(2, 4), ReLU(), Linear(4, 1))
    twin.load_state_dict(net.state_dict())
    points = draw.normal(size=(50, 2))
    np.testing.assert_array_equal(
        twin(Tensor(points)).data,
        net(Tensor(points)).data,
        err_msg="same state, same structure, same results",
    )
    twin.parameters()[0].data += 1.0
    assert np.abs(twin(Tensor(points)).data - net(Tensor(points)).data).max() > 0, (
        "the twin must own its weights"
    )
    print("milestone 1: the XOR network runs, and represents XOR")


test_unit_xor_inference()
### BEGIN HIDDEN TESTS
from tinytorch_lab.probes import probe, raises, rng
from tinytorch.activations import GELU, XOR_INPUTS, ReLU, Tanh

shapes = {"layers.0.weight": (4, 2), "layers.0.bias": (4,), "layers.2.weight": (1, 4), "layers.2.bias": (1,)}
state = {name: rng.normal(size=shape) for name, shape in shapes.items()}
points = rng.normal(size=(7, 2))
for name, activation in (("relu", ReLU()), ("tanh", Tanh()), ("gelu", GELU())):
    net = Sequential([Linear(2, 4), activation, Linear(4, 1)]).to(np.float64)
    net.load_state_dict(state)
    probe(f"xor, {name}", net(Tensor(XOR_INPUTS, dtype=np.float64)).data)
probe("grid", net(Tensor(points.reshape(7, 1, 2), dtype=np.float64)).data)
probe("summary", [list(net.state_dict()), parameter_count(net), layer_memory(net, 4), len(net)])
kinds, pending = [], [net(Tensor(points, dtype=np.float64))]
while pending:
    creator = pending.pop().creator
    if creator is not None:
        kinds.append(type(creator).__name__)
        pending.extend(creator.inputs)
probe("recorded ops", [kinds.count("MatMul"), kinds.count("GELUOp")])
digits = Sequential(Flatten(), Linear(64, 9), Tanh(), Sequential(Linear(9, 9), Tanh()), Linear(9, 10)).eval()
probe(
    "a classifier",
    [
        parameter_count(digits),
        [m.training for m in digits.modules()],
        list(digits(Tensor(np.ones((3, 1, 8, 8)))).shape),
    ],
)
images = Tensor(np.ones((3, 1, 8, 8)))
other = Sequential(Flatten(), Linear(64, 9), Tanh(), Sequential(Linear(9, 9), Tanh()), Linear(9, 10))
other.load_state_dict(digits.state_dict())
probe("moved weights", bool(np.array_equal(other(images).data, digits(images).data)))
probe("wrong input", raises(lambda: net(Tensor(np.ones((4, 3))))))
probe("wrong state", raises(lambda: net.load_state_dict(digits.state_dict())))
### END HIDDEN TESTS

# %% [markdown]
r"""
### What random weights are worth

Five thousand fresh networks answer the four questions (an output above ½ counts as 1). Look for how many
points they get right: two of four is guessing, and all four is what training has to find. Then the figure:
what three random networks and the one made by thought compute over the whole square. Each ReLU unit folds the
plane along one straight line. The random ones have folds as well, just not where they are needed.
"""

# %% tags=["measure"]
import matplotlib.pyplot as plt

from tinytorch.activations import XOR_INPUTS, XOR_TARGETS, ReLU

stream = np.random.default_rng(0)
inputs = Tensor(XOR_INPUTS)
networks, right_answers = [], []
for _ in range(5000):
    network = Sequential([Linear(2, 4, rng=stream), ReLU(), Linear(4, 1, rng=stream)])
    right_answers.append(int(np.sum((network(inputs).data[:, 0] > 0.5) == (XOR_TARGETS > 0.5))))
    networks.append(network)
for right in range(5):
    print(f"{right} of 4 right: {right_answers.count(right):5} of 5000 random networks")

made = Sequential([Linear(2, 4), ReLU(), Linear(4, 1)])
made.load_state_dict(
    {
        "layers.0.weight": [[1, 1], [1, 1], [0, 0], [0, 0]],
        "layers.0.bias": [0, -1, 0, 0],
        "layers.2.weight": [[1, -2, 0, 0]],
        "layers.2.bias": [0],
    }
)
ticks = np.linspace(-0.5, 1.5, 101)
square = Tensor(np.stack(np.meshgrid(ticks, ticks), axis=-1))
figure, axes = plt.subplots(1, 4, figsize=(12.5, 3.1), sharey=True)
titles = ["random 1", "random 2", "random 3", "weights by thought"]
for axis, network, title in zip(axes, [*networks[:3], made], titles, strict=True):
    surface = network(square).data[..., 0]
    image = axis.contourf(
        ticks, ticks, surface, levels=np.linspace(-1, 1.5, 26), cmap="coolwarm", extend="both"
    )
    for point, target in zip(XOR_INPUTS, XOR_TARGETS, strict=True):
        axis.scatter(*point, s=90, color="white" if target == 0 else "black", edgecolor="black", zorder=3)
    axis.set(title=title, xlabel="$x_1$", aspect="equal")
axes[0].set_ylabel("$x_2$")
figure.colorbar(image, ax=axes, label="output", ticks=[-1, -0.5, 0, 0.5, 1, 1.5])
plt.show()

# %% [markdown]
"""
## 🤔 ML Systems Thinking

Three questions, each answered in 150–300 words. Argue with what you built and measured: a figure from your
own run, with its unit, is worth more than an adjective.
"""

# %% [markdown] nbgrader={"grade": false, "grade_id": "question_1", "locked": true, "schema_version": 3, "solution": false, "task": false}
"""
### Question 1: Matrix products and quadratic memory

**Context:** You timed `Linear(n, n)` with a batch of n rows and with a single row, plotted the time per row
against the batch, predicted bytes with `layer_memory`, and measured what a forward pass really retains.

**Question:** A recommendation model has six hidden layers of width 2,048. It is trained with batches of 512,
and answers single requests in service. Somebody proposes to double the width "for twice the capacity". Using
your slopes and tables, predict what the change does to parameters, to the bytes of a training step by kind,
to the time of a training step, and to the latency of a single request; say for each whether arithmetic or
bandwidth decides. Under which circumstances is "a layer costs O(N³)" right, and under which is it
misleading? Then propose one cheaper way to add capacity and give its cost in the same terms.

**Expected response:** 150–300 words, with at least one calculation and one of your measured figures.
"""

# %% [markdown] nbgrader={"grade": true, "grade_id": "response_1", "locked": false, "points": 10, "schema_version": 3, "solution": true, "task": false}
"""
=== BEGIN MARK SCHEME ===
EXCELLENT (9-10 points):
- Calculates parameters: about 4.2 million a layer (16.8 MB in float32) becomes 16.8 million (67 MB), a factor of 4, while activations for a fixed batch only double
- Predicts a training step about 4 times as long at fixed batch (2 · batch · in · out), and explains that the cubic law holds only when the batch or the third length grows along
- Recognises that a single row reads every weight once, so latency follows bandwidth and also grows by about 4, backed by the batch-1 column or the per-row figure
- Uses the measured retention (two or three arrays for each Linear + ReLU, by whether the bias is added in place, where layer_memory counts one) to correct the predicted activations, and adds gradients or optimizer state
- Proposes a cheaper change with its cost, such as more layers (linear in depth), a bottleneck of rank r with 2nr parameters, or a moderate width
- Quotes own figures with units and says on which machine or size they were taken
GOOD (7-8 points):
- Correct factors for parameters and for arithmetic, with a calculation
- Separates batch 512 from batch 1 and names bandwidth for the latter
- Refers to at least one own measurement
- Names an alternative to doubling the width, with little quantification
SATISFACTORY (5-6 points):
- States that parameters grow quadratically and that matrix products dominate the time
- Treats training and single requests alike, or uses O(N³) without asking what N is
- No measured figure, or one without its meaning
NEEDS IMPROVEMENT (1-4 points):
- Claims that doubling the width doubles parameters or time
- Confuses parameters with activations
- General remarks on big models, unrelated to the measurements
NO CREDIT (0 points):
- No response or off-topic
- Copied question or notebook text without an answer
- Every claim wrong
=== END MARK SCHEME ===

**Your response:**
"""

# %% [markdown] nbgrader={"grade": false, "grade_id": "question_2", "locked": true, "schema_version": 3, "solution": false, "task": false}
r"""
### Question 2: Initialisation and depth

**Context:** `uniform_parameter` draws within $1/\sqrt{\text{fan in}}$. You derived what that does to the mean
square of a layer, and followed the RMS and the difference between samples through 40 layers for four choices.

**Question:** A student trains a plain ReLU network of 40 layers with this module's default. The loss stays at
the value of a constant prediction, yet a look at the activations shows numbers of reasonable size, no NaN, no
zeros everywhere. Explain from the variance formula and from your figure what has happened, and where the
reasonable size comes from. Why does the same initialisation do no harm in the XOR network? Compare two
remedies, one that changes the random numbers and one that changes the architecture, and say what each
guarantees once training has moved the weights. What would a framework lose if it fixed the seed of every
layer, or set all weights to zero, "to be reproducible"?

**Expected response:** 150–300 words.
"""

# %% [markdown] nbgrader={"grade": true, "grade_id": "response_2", "locked": false, "points": 10, "schema_version": 3, "solution": true, "task": false}
r"""
=== BEGIN MARK SCHEME ===
EXCELLENT (9-10 points):
- Derives the factor: uniform within 1/√in has variance 1/(3 in), hence a third per layer, a sixth with ReLU, and √(1/6) ≈ 0.41 for differences, and compares it with the printed rate
- Explains the plateau: the bias contributes a constant variance in every layer, so that activations have a size but no longer depend on the input; all samples give nearly the same output
- Notes that the same factor 0.41 applies to two layers harmlessly (17 parameters, depth 2), or that the first layers of the figure are unaffected
- Compares He initialisation (right only at the start, and for ReLU) with normalisation or residual connections (act in every step), including what training may undo
- Explains symmetry: equal rows or zero weights give equal units that stay equal; a fixed seed per layer makes layers of the same shape identical; one generator passed through keeps reproducibility
GOOD (7-8 points):
- Correct direction and size of the effect, with reference to the figure
- Distinguishes the size of activations from their dependence on the input
- Names He initialisation and one architectural remedy, correctly
- Explains symmetry for zero weights, with less on seeds
SATISFACTORY (5-6 points):
- Says that the signal shrinks with depth and that initialisation matters
- Names a remedy without explaining why it works
- Does not explain the plateau, or attributes it to ReLU alone
NEEDS IMPROVEMENT (1-4 points):
- Blames learning rate or data only
- Claims that larger random weights are always better, or that any random numbers will do
- No use of formula or figure
NO CREDIT (0 points):
- No response or off-topic
- Copied question or notebook text without an answer
- Every claim wrong
=== END MARK SCHEME ===

**Your response:**
"""

# %% [markdown] nbgrader={"grade": false, "grade_id": "question_3", "locked": true, "schema_version": 3, "solution": false, "task": false}
"""
### Question 3: Composition: trees, sharing and checkpoint names

**Context:** `named_members` walks attributes, lists and tuples, reports every parameter once by identity, and
makes names such as `layers.0.weight`. `state_dict` copies; `load_state_dict` changes nothing when it raises.

**Question:** A team has 200 saved states of a `Sequential` model. Now they want to (a) insert a layer at
position 1, (b) use one matrix for two layers, and (c) move the first three layers into a sub-`Sequential`
called by name. Go through the three changes: which names change, what does `load_state_dict` say about an old
state, what happens to `parameter_count` and to the set of parameters an optimizer receives? Suggest how to
keep the old files usable. Then weigh the two designs for finding parameters (register on assignment, look
when asked): name a mistake that each one catches and one that it lets through, and say why sharing must be
detected by identity and why a half-loaded model is worse than an error.

**Expected response:** 150–300 words.
"""

# %% [markdown] nbgrader={"grade": true, "grade_id": "response_3", "locked": false, "points": 10, "schema_version": 3, "solution": true, "task": false}
"""
=== BEGIN MARK SCHEME ===
EXCELLENT (9-10 points):
- (a) positions shift, so layers.1.* becomes layers.2.* and so on; notes that an old state may then be reported as missing and unexpected, or load silently into the wrong layer where shapes agree
- (b) the tied matrix is reported once under its first name: fewer names, the old second name is unexpected, parameter_count falls, and the optimizer updates it once instead of twice
- (c) a prefix is added to the path (layers.0.weight becomes something like stem.layers.0.weight) although no array changed
- Proposes a workable migration: a mapping from old to new names applied to the dictionary before loading, a version number in the file, or attribute names instead of positions
- Compares the designs with one caught and one missed mistake each, for instance plain lists (missed by registration), a forgotten super().__init__() (caught by it), dictionaries or a Tensor in place of a Parameter (missed by our walk)
- Argues identity (equal values at the start are not the same parameter) and atomic loading (a mixture of two models runs and gives plausible, wrong results)
GOOD (7-8 points):
- Correct effects for all three changes with at most one slip
- Knows the error that load_state_dict raises and what it lists
- Proposes renaming keys or versioning
- Compares the designs with at least two of the four mistakes
SATISFACTORY (5-6 points):
- Understands that names come from paths and that positions are fragile
- Says that shared parameters count once, without consequences
- No migration, or one that would not work
NEEDS IMPROVEMENT (1-4 points):
- Believes that names belong to arrays and survive restructuring
- Confuses equal values with the same object
- Only restates that modules contain modules
NO CREDIT (0 points):
- No response or off-topic
- Copied question or notebook text without an answer
- Every claim wrong
=== END MARK SCHEME ===

**Your response:**
"""

# %% [markdown]
r"""
## 🎯 Module Summary

**Built.** `Parameter`, `named_members` and `Module` with modes, snapshots and safe loading;
`uniform_parameter`, `Linear` (also called `Dense`), `Sequential` and `Flatten`; `parameter_count` and
`layer_memory`. **Milestone 1:** a network of two layers runs on the XOR points.

**Measured.** Time of a layer against width and batch; one large product against many small ones; predicted
bytes against allocated ones; size and distinctness of activations over 40 layers for four initialisations;
what 5,000 random networks know about XOR.

**Understood.**

- A parameter is a tensor with an owner. Whoever stores, snapshots or restores it must say who owns the copy.
- A model is a tree of names. Names are the interface between a model and its saved states.
- Weights grow with the square of the width, work with the batch besides. A single row is a question of
  bandwidth.
- A recorded forward pass retains more than the sum of its outputs; how much more depends on how the layer is
  cut into ops.
- Numbers of a reasonable size are no proof that a signal arrived.

**Next.** Module 04 says what a *good* output is: loss functions, and logarithms of probabilities that survive
32 bits.
"""
