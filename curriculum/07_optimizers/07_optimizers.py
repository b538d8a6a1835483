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
# Module 07: Optimizers

`backward` leaves a slope beside every weight. What now? The obvious answer, a small step downhill, is
stochastic gradient descent, one line of code. This module is about why that line is not enough: what limits
the size of the step, how a memory of past slopes helps, what it costs to remember, and what all of it has to
do with the number of bytes behind each weight.

**Learning objectives**

- derive from a quadratic which learning rates converge, and find the same limit in a measurement;
- build an `Optimizer` that changes weights in place, each once, and whose state can be saved and restored;
- implement SGD with momentum and weight decay, Adam with bias correction, and AdamW, all as PyTorch defines
  them;
- clip gradients by their joint norm without overflow;
- count the bytes that training needs per weight, and say which of them sharding or half precision can save;
- explain why gradients have to be cleared, and when not clearing them is exactly what one wants.

**Prerequisites:** Module 06 (`backward`, accumulation in `.grad`), Module 01 (views, writing in place,
dtypes). The tests at the end use layers (03) and losses (04). Running averages, eigenvalues of a diagonal
matrix.

**Estimated time:** 3–4 hours.
"""

# %%
#| default_exp optimizers

# %% nbgrader={"grade": false, "grade_id": "imports", "locked": true, "schema_version": 3, "solution": false, "task": false}
#| export
import math
from collections.abc import Iterable, Mapping
from typing import Any, ClassVar

import numpy as np

from tinytorch.tensor import Tensor

# %% [markdown]
r"""
## 1. Mathematical Foundations

### One step downhill

Let $\theta$ be all weights and $g = \nabla L(\theta)$. For a small step $\Delta$ the loss changes by about
$g \cdot \Delta$, and among all steps of equal length $\Delta \propto -g$ lowers it most. Hence **gradient
descent**, with the learning rate $\eta$:

$$\theta \leftarrow \theta - \eta\, g.$$

*Stochastic*, since $g$ is taken from a batch and not from all data: right on average, and much cheaper.

### How large may the step be?

Near a minimum every smooth loss looks like a bowl. Along its axes it is $L = \tfrac12 \sum_i \lambda_i
\theta_i^2$, with curvatures $\lambda_i > 0$ and slopes $\lambda_i \theta_i$, so each coordinate is on its
own:

$$\theta_i \leftarrow \theta_i - \eta \lambda_i \theta_i = (1 - \eta\lambda_i)\,\theta_i .$$

It shrinks if and only if $|1 - \eta\lambda_i| < 1$. All of them shrink only if

$$\eta < \frac{2}{\lambda_{\max}}.$$

So the *steepest* direction limits the step, while the *flattest* one decides how long it takes: with $\eta
\approx 2 / \lambda_{\max}$ the latter shrinks by a factor of about $1 - 2\lambda_{\min}/\lambda_{\max}$ per
step. The **condition number** $\kappa = \lambda_{\max}/\lambda_{\min}$ is the number of steps, up to a
factor, and in networks it is large: some combinations of weights matter very much, others hardly at all.

### Two remedies

**Remember the direction** (momentum). In the steep direction successive slopes have alternating signs, in
the flat direction the same one. A running sum cancels the former and piles up the latter:

$$v \leftarrow \mu v + g, \qquad \theta \leftarrow \theta - \eta\, v .$$

Under a constant slope, $v$ grows to $g\,(1 + \mu + \mu^2 + \dots) = g / (1-\mu)$: ten times the slope for
$\mu = 0.9$. On the bowl, $\kappa$ in the number of steps becomes $\sqrt\kappa$.

**Remember the magnitude** (Adam). Let each weight have a step size of its own, divided by the typical size of
its slopes. With running averages of slope and squared slope,

$$m \leftarrow \beta_1 m + (1-\beta_1)\, g, \qquad s \leftarrow \beta_2 s + (1-\beta_2)\, g^2,$$

$$\hat m = \frac{m}{1-\beta_1^t}, \qquad \hat s = \frac{s}{1-\beta_2^t}, \qquad
  \theta \leftarrow \theta - \eta\, \frac{\hat m}{\sqrt{\hat s} + \varepsilon} .$$

Multiply all slopes by 1000, and nothing changes. The step is about $\eta$ in each coordinate, so $\eta$ has
a meaning that does not depend on the loss: how far a weight moves per step.

**Why the hats?** Averages that start at 0 are too small at first. If the slope is constantly $g$, then after
$t$ steps $m = (1-\beta_1^t)\,g$; dividing by that factor gives $g$. For $\beta_2 = 0.999$ the correction
matters for thousands of steps.

| | remembers, per weight | arithmetic, per weight and step |
| --- | --- | --- |
| SGD | nothing | 2 operations |
| SGD with momentum | $v$ | 4 |
| Adam | $m$ and $s$ | about 12, a division and a root among them |
"""

# %% [markdown]
r"""
## 2. The base class

What all optimizers share: they hold a list of parameters, clear gradients, visit each parameter that has one,
and remember something about each. The one thing in which they differ is a method `update(data, grad, state)`.

- **It gets arrays**, not tensors. Arithmetic on arrays records nothing. An update made of tensor operations
  would be recorded as part of the graph, which then would contain the whole history of training.
- **It writes into `data`.** The model, a tied layer or a view into a checkpoint's buffer hold on to the same
  array. `data -= …` reaches all of them; a new array reaches nobody.
- **`state` is a dictionary for this parameter alone**, empty at first. `[{}] * n` is *one* dictionary, n
  times.

And the list of parameters:

- A generator can be walked once only. Make a list.
- A tied weight may turn up twice. It has one gradient, and must be updated once.
- An empty list is a mistake that shows itself as "the loss does not fall", hours later. Raise an error now.
- A tensor that is the *result* of an operation is computed anew in each forward pass. Changing it trains
  nothing.

**Clearing.** `backward` adds to `.grad` (Module 06), so it must be cleared before the next pass. We set it to
`None` and do not fill it with zeros: the memory is returned, and "has no gradient" stays different from "has
gradient zero". The difference is real: a parameter that took no part in the loss is *skipped*, while one with
gradient zero is still moved, by momentum or by weight decay.

**Saving.** Whoever continues a training run without `v`, `m`, `s` and the number of steps continues another
one. `state_dict` returns everything that changes from step to step, flat, as copies:

```text
   {"lr": 0.01,
    "0.steps": 12, "0.mean": [...], "0.square": [...],        params[0]
    "2.steps": 7,  "2.mean": [...], "2.square": [...]}        params[2]; params[1] never had a gradient
```

An optimizer knows its parameters by their position (as PyTorch's does), not by name: load with the parameters
in the same order. What the constructor fixes, such as $\mu$ or $\beta_1$, is not in it. `load_state_dict` is
given; it checks everything first and changes nothing if something is wrong, like that of Module 03.
"""

# %% [markdown]
"""
`leaf` makes a parameter with a given gradient, so that optimizers can be tested without a network:
"""


# %% nbgrader={"grade": false, "grade_id": "leaf", "locked": true, "schema_version": 3, "solution": false, "task": false}
def leaf(values: Any, grad: Any = None, dtype: Any = np.float64) -> Tensor:
    """A tensor that requires grad, in float64 unless said otherwise, with ``grad`` as its gradient."""
    tensor = Tensor(np.array(values, dtype=dtype), dtype=dtype, requires_grad=True)
    tensor.grad = None if grad is None else np.array(grad, dtype=dtype)
    return tensor


# %% nbgrader={"grade": false, "grade_id": "base", "locked": false, "schema_version": 3, "solution": true, "task": false}
#| export
def unique_tensors(params: Iterable[Tensor]) -> list[Tensor]:
    """``params`` (a list, a generator, …) as a list in which each tensor occurs once, in order of appearance.

    Raises TypeError if ``params`` is a single tensor, or if it contains anything that is not a tensor.
    Hint: tensors are compared by identity, so they can be keys of a dictionary, and dictionaries keep order.
    """
    ### BEGIN SOLUTION
    if isinstance(params, Tensor):
        raise TypeError("expected several tensors, such as model.parameters(); put a single one into a list")
    unique = list(dict.fromkeys(params))
    for tensor in unique:
        if not isinstance(tensor, Tensor):
            raise TypeError(f"expected tensors, such as model.parameters(); got a {type(tensor).__name__}")
    return unique
    ### END SOLUTION


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
        ### BEGIN SOLUTION
        self.params = unique_tensors(params)
        if not self.params:
            raise ValueError("an optimizer needs a parameter; was a generator used up before?")
        for position, parameter in enumerate(self.params):
            if parameter.creator is not None:
                raise ValueError(f"parameter {position} is the result of an operation, not a leaf")
        self.lr = lr
        self.state: list[dict[str, Any]] = [{} for _ in self.params]
        ### END SOLUTION

    def zero_grad(self) -> None:
        """Forget the gradients: None, not zeros, for every parameter."""
        ### BEGIN SOLUTION
        for parameter in self.params:
            parameter.grad = None
        ### END SOLUTION

    def step(self) -> None:
        """Call ``update(data, grad, state)`` once for every parameter that has a gradient."""
        self.lr = float(self.lr)  # a schedule may set a NumPy number, which would promote float32 arrays
        ### BEGIN SOLUTION
        for parameter, state in zip(self.params, self.state):
            if parameter.grad is not None:
                self.update(parameter.data, parameter.grad, state)
        ### END SOLUTION

    def update(self, data: np.ndarray, grad: np.ndarray, state: dict[str, Any]) -> None:
        """Change the array ``data`` of one parameter in place; ``grad`` is left as it is."""
        raise NotImplementedError(f"{type(self).__name__} has no update")

    def state_dict(self) -> dict[str, np.ndarray]:
        """All that changes during training besides the parameters: the learning rate and every state.

        Keys: ``"lr"``, and ``"<i>.<name>"`` for ``state[i][name]``, such as ``"0.velocity"``, with i the
        position in ``params``. Values: arrays, shape () for numbers; all of them copies.
        Hint: ``np.array`` copies.
        """
        ### BEGIN SOLUTION
        entries = {"lr": np.array(self.lr)}
        for position, state in enumerate(self.state):
            for name, value in state.items():
                entries[f"{position}.{name}"] = np.array(value)
        return entries
        ### END SOLUTION

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


# %% [markdown]
"""
### Testing the base class

The test brings a small optimizer of its own, which counts.
"""

# %% nbgrader={"grade": true, "grade_id": "test_base", "locked": true, "points": 8, "schema_version": 3, "solution": false, "task": false}
from tinytorch.autograd import topological_order


class Counting(Optimizer):
    """Adds 1 to every element, and remembers how often and the sum of gradients."""

    remembers = ("steps", "total")

    def update(self, data, grad, state):
        state["steps"] = state.get("steps", 0) + 1
        state.setdefault("total", np.zeros_like(data))
        state["total"] += grad
        data += 1


def test_unit_base():
    """Each parameter once, none without gradient, own states, complete and independent snapshots."""
    a, b, c = leaf([1.0, 2.0], [1.0, 1.0]), leaf([[5.0]]), leaf([3.0], [4.0])
    optimizer = Counting((tensor for tensor in (a, b, c, a)), lr=0.5)
    params = optimizer.params
    assert isinstance(params, list), f"Optimizer: a generator is walked once, make a list; got {type(params)}"
    assert len(params) == 3 and all(x is y for x, y in zip(params, [a, b, c])), (
        f"Optimizer: a tensor that occurs twice must be counted once, in order; got {len(params)} of 3"
    )
    assert optimizer.lr == 0.5, f"Optimizer: lr must be kept, expected 0.5, got {optimizer.lr}"
    assert optimizer.state == [{}, {}, {}], (
        f"Optimizer: state must be three empty dictionaries, got {optimizer.state}"
    )
    assert optimizer.state[0] is not optimizer.state[1], (
        "Optimizer: every parameter needs a dictionary of its own; [{}] * n is one dictionary, n times"
    )
    array = a.data
    optimizer.step()
    assert a.data is array, "step: hand over parameter.data itself; update writes into it"
    assert topological_order(a) == [a], "step: a parameter must stay a leaf; nothing may be recorded"
    np.testing.assert_allclose(a.data, [2, 3], err_msg="step: update must be called once for each parameter")
    np.testing.assert_allclose(b.data, [[5]], err_msg="step: a parameter whose grad is None must be skipped")
    assert optimizer.state[1] == {}, "step: a skipped parameter must not be touched, not even its state"

    saved = optimizer.state_dict()
    keys = ["lr", "0.steps", "0.total", "2.steps", "2.total"]
    assert sorted(saved) == sorted(keys), f"state_dict: expected the keys {keys}, got {list(saved)}"
    kinds = {type(value).__name__ for value in saved.values()}
    assert kinds == {"ndarray"}, f"state_dict: all values are arrays, numbers too; got {kinds}"
    optimizer.step()
    optimizer.lr = 0.25
    np.testing.assert_allclose(
        saved["2.total"], [4.0], err_msg="state_dict: the snapshot followed a later step; copy the arrays"
    )
    optimizer.load_state_dict(saved)
    assert optimizer.lr == 0.5 and optimizer.state[0]["steps"] == 1, "load_state_dict: lr and steps come back"
    optimizer.step()
    np.testing.assert_allclose(
        saved["2.total"], [4.0], err_msg="state_dict: must not share memory with state"
    )

    optimizer.zero_grad()
    kinds = [type(tensor.grad).__name__ for tensor in (a, b, c)]
    assert kinds == ["NoneType"] * 3, f"zero_grad: set every grad to None (not to zeros), got {kinds}"
    before = a.data.copy()
    optimizer.step()
    np.testing.assert_allclose(a.data, before, err_msg="step after zero_grad: there is nothing to do")

    for label, wrong, kind in [
        ("no parameters", [], ValueError),
        ("a generator that is used up", iter(()), ValueError),
        ("a result of an operation", [a, c * 2], ValueError),
        ("a single tensor", a, TypeError),
        ("pairs of names and tensors", [("a", a)], TypeError),
    ]:
        try:
            Counting(wrong)
        except (TypeError, ValueError) as error:
            assert isinstance(error, kind), f"Optimizer of {label}: expected {kind.__name__}, got {error!r}"
        else:
            raise AssertionError(f"Optimizer of {label}: expected {kind.__name__}, nothing was raised")
    print("Optimizer: parameters, steps, snapshots and errors are right")


test_unit_base()
### BEGIN HIDDEN TESTS
from tinytorch_lab.probes import probe, raises, rng

values = [rng.normal(size=shape) for shape in ((2, 3), (), (0, 4), (5,))]
pool = [leaf(value) for value in values]
probe("unique", len(unique_tensors(tensor for tensor in pool + pool[::-1])))
probe("equal is not identical", len(unique_tensors([leaf([1.0]), leaf([1.0])])))
optimizer = Counting(iter(pool), lr=np.float64(0.125))
loss = (pool[0] * 2).sum() + pool[1] * pool[1] + pool[2].sum()
loss.backward()
arrays = [tensor.data for tensor in pool]
optimizer.step()
probe("after a step", [tensor.data.copy() for tensor in pool])
probe("in place", all(tensor.data is array for tensor, array in zip(pool, arrays)))
probe("nothing recorded", [tensor.creator is None and tensor.requires_grad for tensor in pool])
saved = optimizer.state_dict()
probe("snapshot", {key: saved[key] for key in sorted(saved)})
optimizer.zero_grad()
probe("cleared", [tensor.grad is None for tensor in pool])
pool[3].grad = np.ones(5)
optimizer.step()
probe("late comer", [int(state.get("steps", 0)) for state in optimizer.state])
twin = Counting([leaf(value) for value in values], lr=1.0)
twin.load_state_dict(saved)
again = twin.state_dict()
probe("loaded", {key: again[key] for key in sorted(again)})
probe("rates", [float(twin.lr), raises(lambda: Counting(pool, lr=-1.0))])
probe(
    "errors",
    [raises(lambda: Counting([])), raises(lambda: Counting([pool[0] + 1])), raises(lambda: Counting([3]))],
)
probe("a tensor is no list", [raises(lambda: Counting(pool[0])), raises(lambda: unique_tensors(pool[0]))])
### END HIDDEN TESTS

# %% [markdown]
r"""
## 3. Stochastic gradient descent

$$g' = g + w\,\theta, \qquad \theta \leftarrow \theta - \eta\, g' .$$

The term with $w$ is **weight decay**: it is the slope of a penalty $\tfrac{w}{2}\lVert\theta\rVert^2$, an L2
penalty, which pulls every weight towards 0. The loss itself stays as it is; the optimizer adds the slope.

Three ways to get one line wrong:

- `data = data - …` gives the *name* a new array. The parameter keeps the old one, and nothing is learned.
- `grad += …` changes the caller's gradient. The next `backward` adds to it, clipping reads it, and a second
  optimizer sees it.
- `data -= lr * grad` in float32 stays in float32 as long as `lr` is a Python number. A NumPy float64 number
  promotes the product. Schedules (Module 08) compute with cosines and like to return those; that is why
  `step` makes `lr` a Python number first.

With momentum, the direction comes from `heavy_ball`, which is the next section. Until it is written, only
`momentum=0` works.
"""


# %% nbgrader={"grade": false, "grade_id": "sgd", "locked": false, "schema_version": 3, "solution": true, "task": false}
#| export
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
        ### BEGIN SOLUTION
        if self.weight_decay:
            grad = grad + self.weight_decay * data
        if self.momentum:
            grad = heavy_ball(grad, state, self.momentum)
        data -= self.lr * grad
        ### END SOLUTION


# %% [markdown]
"""
### Testing SGD
"""


# %% nbgrader={"grade": true, "grade_id": "test_sgd", "locked": true, "points": 14, "schema_version": 3, "solution": false, "task": false}
def test_unit_sgd():
    """SGD without momentum: values, decay, in place, dtypes, and nothing else changes."""
    w = leaf([1.0, -2.0, 3.0], [0.5, 0.5, -1.0])
    array, optimizer = w.data, SGD([w], lr=0.1)
    optimizer.step()
    np.testing.assert_allclose(
        w.data,
        [0.95, -2.05, 3.1],
        err_msg="SGD: expected data - lr * grad (no change: `data = …` makes a new array)",
    )
    assert w.data is array, "SGD: write into the array (data -= …); parameter.data is another object now"
    np.testing.assert_array_equal(w.grad, [0.5, 0.5, -1.0], err_msg="SGD: the gradient must stay as it is")
    optimizer.lr = 1.0
    optimizer.step()
    np.testing.assert_allclose(w.data, [0.45, -2.55, 4.1], err_msg="SGD: a new optimizer.lr counts at once")
    assert optimizer.state == [{}], f"SGD without momentum has nothing to remember, got {optimizer.state}"

    w = leaf([2.0, -4.0], [1.0, 1.0])
    SGD([w], lr=0.5, weight_decay=0.25).step()
    np.testing.assert_allclose(
        w.data, [1.25, -4.0], err_msg="SGD(weight_decay=0.25): the gradient is grad + weight_decay * data"
    )
    np.testing.assert_array_equal(w.grad, [1.0, 1.0], err_msg="SGD: weight decay must not write into grad")

    for dtype in (np.float32, np.float64):
        w = leaf([1.0, 2.0], [0.1, 0.2], dtype=dtype)
        SGD([w], lr=np.float64(0.1), weight_decay=0.1).step()
        assert w.dtype == dtype, f"SGD: a {np.dtype(dtype)} parameter became {w.dtype}"

    x, w = Tensor([[1.0, 2.0], [3.0, -1.0]]), leaf([[1.0], [1.0]], dtype=np.float32)
    optimizer = SGD([w], lr=0.05)
    losses = []
    for _ in range(60):
        optimizer.zero_grad()
        loss = ((x @ w - Tensor([[0.0], [7.0]])) ** 2).mean()
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
    np.testing.assert_allclose(
        w.data,
        [[2], [-1]],
        atol=0.01,
        err_msg="60 steps of SGD on a least-squares problem: expected 2 and -1",
    )
    assert w.creator is None and w.requires_grad, "SGD: a parameter must stay a leaf that requires grad"
    print(f"SGD: right; least squares went from {losses[0]:.1f} to {losses[-1]:.1e} in 60 steps")


test_unit_sgd()
### BEGIN HIDDEN TESTS
from tinytorch_lab.probes import probe, raises, rng

a, g = rng.normal(size=(3, 2)), rng.normal(size=(3, 2))
w, none, number = leaf(a, g), leaf(a), leaf(1.5, -2.0)
arrays = [w.data, none.data, number.data]
optimizer = SGD([w, none, number, w], lr=0.3)
optimizer.step()
probe("a step", [w.data.copy(), none.data.copy(), number.data.copy()])
probe("in place", [t.data is array for t, array in zip((w, none, number), arrays)])
optimizer.step()
optimizer.lr = 0.0
optimizer.step()
probe("three steps, the last of rate 0", w.data.copy())
probe("gradient untouched", bool(np.array_equal(w.grad, g)))
w = leaf(a, g)
optimizer = SGD([w], lr=0.2, weight_decay=0.4)
for _ in range(3):
    optimizer.step()
probe("decay", [w.data.copy(), bool(np.array_equal(w.grad, g))])
w = leaf(a, np.zeros((3, 2)))
SGD([w], lr=0.5, weight_decay=1.0).step()
probe("decay without slope", w.data.copy())
w, idle = leaf(a, g, dtype=np.float32), leaf(a, dtype=np.float32)
optimizer = SGD([w, idle], lr=np.float64(0.1), weight_decay=np.float64(0.1))
optimizer.step()
probe("float32", [w.data.copy(), str(w.dtype), idle.data.copy(), str(w.grad.dtype)])
buffer = np.arange(6.0)
view = leaf([0.0])
view.data, view.grad = buffer[::2], np.ones(3)
SGD([view], lr=1.0).step()
probe("a parameter that looks into a buffer", buffer)
probe("nothing remembered", [len(state) for state in optimizer.state])
probe("errors", [raises(lambda: SGD([], lr=0.1)), raises(lambda: SGD([w], lr=0.1, momentum=1.0))])
### END HIDDEN TESTS

# %% [markdown]
r"""
### Measure: the largest learning rate

A bowl with curvatures 1, 5 and 25, 200 steps, and many learning rates. What to look for: the cliff, and
whether it is where section 1 says, at $2/25 = 0.08$ (dashed). Then the price of staying below the cliff: the
same number of steps is plenty for the steep direction, and not enough for the flat one once $\kappa$ grows.
The table takes the best of all learning rates for each $\kappa$ and counts the steps until all coordinates
have shrunk to a thousandth.
"""

# %% tags=["measure"]
import matplotlib.pyplot as plt


def descend(optimizer, w, curvatures, steps):
    """Loss on the bowl after each step; stops when it is beyond all bounds."""
    losses = []
    for _ in range(steps):
        w.grad = curvatures * w.data
        optimizer.step()
        losses.append(0.5 * float((curvatures * w.data**2).sum()))
        if not losses[-1] < 1e12:
            break
    return losses


curvatures = np.array([1.0, 5.0, 25.0])
rates = np.linspace(0.002, 0.085, 60)
final = []
for rate in rates:
    w = leaf([1.0, 1.0, 1.0])
    final.append(descend(SGD([w], lr=rate), w, curvatures, 200)[-1])
figure, axes = plt.subplots(figsize=(6.5, 3.2))
axes.semilogy(rates, np.maximum(final, 1e-16), "o-", markersize=3)
axes.axvline(2 / curvatures.max(), linestyle="--", color="k")
axes.set(xlabel="learning rate", ylabel="loss after 200 steps", title="2 / largest curvature: dashed")
plt.show()
above = rates[np.array(final) > 15.5]
print(f"the loss grows from a learning rate of {above[0]:.4f} on; 2 / largest curvature is {2 / 25:.4f}")


def steps_needed(make, kappa, limit=20_000):
    w, bowl = leaf([1.0, 1.0]), np.array([1.0, kappa])
    optimizer = make(w)
    for step in range(1, limit + 1):
        w.grad = bowl * w.data
        optimizer.step()
        if np.abs(w.data).max() < 1e-3:
            return step
    return limit


print(f"\n{'condition number':>16} {'steps of SGD, best lr':>22}")
for kappa in (10, 100, 1000):
    print(f"{kappa:16} {steps_needed(lambda w: SGD([w], lr=2 / (1 + kappa)), kappa):22}")

# %% [markdown]
r"""
## 4. Momentum

$$v \leftarrow \mu v + g, \qquad \theta \leftarrow \theta - \eta\, v .$$

This is PyTorch's convention. In textbooks you find $v \leftarrow \mu v + (1-\mu) g$, which is an average
instead of a sum, or $v \leftarrow \mu v - \eta g$, where the learning rate is inside. For constant $\eta$
they describe the same path, with a different meaning of $\eta$. When a schedule changes $\eta$, the last one
differs: there the velocity consists of steps already scaled, here a new $\eta$ applies at once to all of it.

At the first step there is no velocity, and $v = g$. *A copy*, mind: if `state["velocity"]` were the gradient
array itself, the next `*= momentum` would write into the gradient.
"""


# %% nbgrader={"grade": false, "grade_id": "momentum", "locked": false, "schema_version": 3, "solution": true, "task": false}
#| export
def heavy_ball(grad: np.ndarray, state: dict[str, Any], momentum: float) -> np.ndarray:
    """Set ``state["velocity"]`` to ``momentum`` times its old value plus ``grad``, in place, and return it.

    Before the first call there is no velocity, and it becomes a copy of ``grad``.
    """
    ### BEGIN SOLUTION
    if "velocity" not in state:
        state["velocity"] = np.array(grad)
    else:
        state["velocity"] *= momentum
        state["velocity"] += grad
    return state["velocity"]
    ### END SOLUTION


# %% [markdown]
"""
### Testing momentum
"""


# %% nbgrader={"grade": true, "grade_id": "test_momentum", "locked": true, "points": 10, "schema_version": 3, "solution": false, "task": false}
def test_unit_momentum():
    """heavy_ball and SGD with momentum follow PyTorch's convention and own their velocity."""
    state, grad = {}, np.array([1.0, -2.0])
    first = heavy_ball(grad, state, 0.9)
    np.testing.assert_allclose(first, [1, -2], err_msg="heavy_ball, first call: the velocity is the gradient")
    assert "velocity" in state, f"heavy_ball: keep the velocity under state['velocity'], got {list(state)}"
    assert not np.shares_memory(state["velocity"], grad), (
        "heavy_ball: the velocity is the gradient array; copy"
    )
    kept = state["velocity"]
    second = heavy_ball(grad, state, 0.9)
    np.testing.assert_allclose(
        second,
        [1.9, -3.8],
        err_msg="heavy_ball, second call: expected 0.9 * velocity + grad (no 1 - 0.9, no learning rate)",
    )
    assert state["velocity"] is kept, (
        "heavy_ball: change the velocity in place, it need not be allocated again"
    )
    np.testing.assert_allclose(
        heavy_ball(grad, state, 0.9),
        [2.71, -5.42],
        err_msg="heavy_ball, third call: was the second one remembered?",
    )
    np.testing.assert_array_equal(grad, [1.0, -2.0], err_msg="heavy_ball: grad must stay as it is")

    w = leaf([0.0])
    optimizer, position, velocity = SGD([w], lr=0.1, momentum=0.5, weight_decay=0.2), 0.0, 0.0
    for number, slope in enumerate([1.0, 1.0, -2.0, 0.0], start=1):
        w.grad = np.array([slope])
        if number == 3:
            optimizer.lr = 0.4
        velocity = 0.5 * velocity + slope + 0.2 * position
        position -= optimizer.lr * velocity
        optimizer.step()
        np.testing.assert_allclose(
            w.data,
            [position],
            err_msg=f"SGD(momentum=0.5, weight_decay=0.2), step {number}: decay goes into the gradient, the"
            " gradient into the velocity; the current lr multiplies the whole velocity",
        )
    print("momentum: the velocity and the steps are right")


test_unit_momentum()
### BEGIN HIDDEN TESTS
from tinytorch_lab.probes import probe, raises, rng

slopes = rng.normal(size=(5, 2, 3))
state, path = {}, []
for slope in slopes:
    path.append(np.array(heavy_ball(slope, state, 0.8)))
probe("velocities", path)
a = rng.normal(size=(2, 3))
w, late, number = leaf(a), leaf(a), leaf(0.5)
optimizer = SGD(iter([w, late, number]), lr=0.2, momentum=0.9)
for place, slope in enumerate(slopes):
    w.grad, number.grad = slope.copy(), np.array(slope[0, 0])
    late.grad = slope.copy() if place > 2 else None
    optimizer.step()
probe("weights", [w.data.copy(), late.data.copy(), number.data.copy()])
saved = optimizer.state_dict()
probe("snapshot", {key: saved[key] for key in sorted(saved)})
w.grad = np.zeros((2, 3))
late.grad = None
optimizer.step()
probe("rolls on with slope 0, stays without slope", [w.data.copy(), late.data.copy()])
w.grad *= 0
optimizer.zero_grad()
optimizer.step()
probe("nothing without gradients", w.data.copy())
w = leaf(a, slopes[0], dtype=np.float32)
optimizer = SGD([w], lr=np.float64(0.1), momentum=0.9, weight_decay=0.1)
array = w.data
for _ in range(3):
    optimizer.step()
probe("float32", [w.data.copy(), str(w.dtype), str(optimizer.state[0]["velocity"].dtype), w.data is array])
probe("gradient untouched", bool(np.array_equal(w.grad, slopes[0].astype(np.float32))))
### END HIDDEN TESTS

# %% [markdown]
r"""
### Measure: the ravine

The same bowls again, now with momentum, in both cases with the settings that theory calls best: $\eta =
2/(\lambda_{\min}+\lambda_{\max})$ for SGD, and $\eta = 4/(\sqrt{\lambda_{\max}} + \sqrt{\lambda_{\min}})^2$,
$\mu = ((\sqrt\kappa - 1)/(\sqrt\kappa + 1))^2$ with momentum. What to look for in the table: ten times the
condition number means ten times the steps, or three to four times. In the figure, look at the flat direction
first: which path gets there? Both zigzag in the steep one, momentum even more widely. Its learning rate lies
*beyond* $2/\lambda_{\max}$, where plain SGD diverges: momentum moves the cliff to $2(1+\mu)/\lambda_{\max}$.
"""


# %% tags=["measure"]
def ball(kappa):
    root = kappa**0.5
    return lambda w: SGD([w], lr=4 / (root + 1) ** 2, momentum=((root - 1) / (root + 1)) ** 2)


print(f"{'condition number':>16} {'SGD':>8} {'momentum':>9} {'ratio':>6}")
for kappa in (10, 100, 1000):
    plain = steps_needed(lambda w: SGD([w], lr=2 / (1 + kappa)), kappa)
    heavy = steps_needed(ball(kappa), kappa)
    print(f"{kappa:16} {plain:8} {heavy:9} {plain / heavy:6.1f}")

kappa, bowl = 30, np.array([1.0, 30.0])
grid_x, grid_y = np.meshgrid(np.linspace(-5, 10.5, 80), np.linspace(-3.5, 3.5, 60))
figure, both = plt.subplots(1, 2, figsize=(9, 3.2), sharey=True)
for axes, name, make in zip(both, ("SGD", "momentum"), (lambda w: SGD([w], lr=2 / (1 + kappa)), ball(kappa))):
    w = leaf([10.0, 1.5])
    optimizer, path = make(w), [w.data.copy()]
    for _ in range(40):
        w.grad = bowl * w.data
        optimizer.step()
        path.append(w.data.copy())
    axes.contour(grid_x, grid_y, 0.5 * (grid_x**2 + kappa * grid_y**2), levels=12, alpha=0.4)
    axes.plot(*np.array(path).T, "o-", markersize=3, label=f"40 steps, end {np.abs(path[-1]).max():.2g}")
    axes.set(title=f"{name}, curvatures 1 and {kappa}", xlabel="flat direction")
    axes.legend(loc="lower left")
both[0].set_ylabel("steep direction")
plt.show()

# %% [markdown]
r"""
## 5. Adam

The formulas are in section 1. What is easy to get wrong:

- **The count $t$ starts at 1** and belongs to the *parameter*, not to the optimizer. A weight that gets its
  first gradient in step 1000 has averages that are one step old, and must be corrected accordingly.
- **Where $\varepsilon$ goes**: outside the root, after the correction. It prevents a division by zero, and it
  is the size of slope below which Adam stops amplifying. Inside the root it would act like $10^{-4}$ instead
  of $10^{-8}$.
- **Correct the copy, not the average.** `mean /= 1 - beta1**t` in place would ruin the average for the next
  step.

And something to think about: $\hat m$ and $\hat s$ as arrays are not needed. Both corrections are single
numbers; one can be multiplied into the learning rate, the other applied to the root. An update in NumPy is
limited by the memory it walks through, so each temporary array saved is time saved. Correct first, then count
arrays; Section 9 measures.
"""

# %% [markdown]
"""
The oracle of the test is Adam on single Python numbers, straight from the formulas:
"""


# %% nbgrader={"grade": false, "grade_id": "scalar_adam", "locked": true, "schema_version": 3, "solution": false, "task": false}
def scalar_adam(position, slopes, lr=1e-3, betas=(0.9, 0.999), eps=1e-8):
    """The positions of one weight under Adam, one for each slope, computed with plain numbers."""
    mean = square = 0.0
    positions = []
    for t, slope in enumerate(slopes, start=1):
        mean = betas[0] * mean + (1 - betas[0]) * slope
        square = betas[1] * square + (1 - betas[1]) * slope**2
        corrected_mean, corrected_square = mean / (1 - betas[0] ** t), square / (1 - betas[1] ** t)
        position = position - lr * corrected_mean / (corrected_square**0.5 + eps)
        positions.append(position)
    return positions


# %% nbgrader={"grade": false, "grade_id": "adam", "locked": false, "schema_version": 3, "solution": true, "task": false}
#| export
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
        ### BEGIN SOLUTION
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
        ### END SOLUTION


# %% [markdown]
"""
### Testing Adam
"""


# %% nbgrader={"grade": true, "grade_id": "test_adam", "locked": true, "points": 20, "schema_version": 3, "solution": false, "task": false}
def test_unit_adam():
    """Adam equals the formulas step by step, for each weight and each parameter on its own."""
    w = leaf([1.0, -1.0, 0.0], [0.5, -20.0, 1e-3])
    array = w.data
    optimizer = Adam([w], lr=0.01)
    optimizer.step()
    np.testing.assert_allclose(
        w.data,
        [0.99, -0.99, -0.01],
        rtol=0.01,
        err_msg="Adam, step 1: whatever the slopes, each weight moves by lr = 0.01 (0.0316 would be a missing"
        " bias correction, 0.001 or 0.316 half of one)",
    )
    assert w.data is array, "Adam: write into the array (data -= …); parameter.data is another object now"
    np.testing.assert_array_equal(w.grad, [0.5, -20.0, 1e-3], err_msg="Adam: the gradient must stay as it is")
    state = optimizer.state[0]
    assert sorted(state) == ["mean", "square", "steps"], (
        f"Adam: expected steps, mean, square; got {sorted(state)}"
    )
    assert state["steps"] == 1, f"Adam: state['steps'] after one step: expected 1, got {state['steps']}"
    np.testing.assert_allclose(
        state["square"],
        1e-3 * w.grad**2,
        err_msg="Adam: state['square'] is the uncorrected average (1 - beta2) * grad²; correct a copy",
    )

    slopes = [0.3, -0.1, 2.0, 0.0, -0.7, 1e-3]
    for label, options in [
        ("eps=0.5 (outside the root, after the correction)", {"eps": 0.5, "lr": 0.1}),
        ("lr=0.1, betas=(0.5, 0.9)", {"lr": 0.1, "betas": (0.5, 0.9)}),
        ("the defaults", {}),
        ("betas=(0, 0)", {"betas": (0.0, 0.0), "lr": 0.1}),
    ]:
        w = leaf([2.0])
        optimizer, expected = Adam([w], **options), scalar_adam(2.0, slopes, **options)
        for t, slope in enumerate(slopes, start=1):
            w.grad = np.array([slope])
            optimizer.step()
            np.testing.assert_allclose(
                w.data, [expected[t - 1]], rtol=1e-9, err_msg=f"Adam with {label}, step {t}, slope {slope}"
            )

    early, late = leaf([1.0], [1.0]), leaf([1.0])
    optimizer = Adam([early, late], lr=0.1)
    for _ in range(3):
        optimizer.step()
    late.grad = np.array([-3.0])
    optimizer.step()
    np.testing.assert_allclose(
        late.data,
        [1.1],
        rtol=1e-6,
        err_msg="Adam: a parameter whose first gradient comes in step 4 still moves by lr; count the steps of"
        " each parameter in its own state",
    )
    w = leaf([1.0, 2.0], [0.0, 0.0], dtype=np.float32)
    optimizer = Adam([w], lr=np.float64(0.1))
    optimizer.step()
    np.testing.assert_array_equal(w.data, [1, 2], err_msg="Adam, slope 0 from the start: 0 / (0 + eps) = 0")
    kinds = [w.dtype, optimizer.state[0]["mean"].dtype, optimizer.state[0]["square"].dtype]
    assert kinds == [np.float32] * 3, f"Adam: data, mean and square of a float32 parameter became {kinds}"
    print("Adam: equals the formulas step by step")


test_unit_adam()
### BEGIN HIDDEN TESTS
from tinytorch_lab.probes import probe, raises, rng

a, slopes = rng.normal(size=(3, 2)), rng.normal(size=(6, 3, 2)) * 10.0 ** rng.integers(-4, 4, size=(3, 2))
w, number, empty = leaf(a), leaf(0.25), leaf(np.zeros((0, 3)), np.zeros((0, 3)))
array, optimizer, path = w.data, Adam((t for t in (w, number, empty, w)), lr=0.05), []
for slope in slopes:
    w.grad, number.grad = slope.copy(), np.array(slope[1, 1])
    optimizer.step()
    path.append([w.data.copy(), number.data.copy()])
probe("first step", path[0])
probe("all steps", path)
probe("in place", [w.data is array, bool(np.array_equal(w.grad, slopes[-1]))])
saved = optimizer.state_dict()
probe("state", {key: saved[key] for key in sorted(saved)})
w = leaf(a)
optimizer = Adam([w], lr=0.3, betas=(0.6, 0.7), eps=0.2)
for place, slope in enumerate(slopes):
    w.grad = None if place in (0, 3) else slope
    optimizer.lr *= 0.9
    optimizer.step()
probe("other settings, gaps, a schedule", [w.data.copy(), int(optimizer.state[0]["steps"])])
w = leaf(a, np.full((3, 2), 1e-9))
optimizer = Adam([w])
optimizer.step()
probe("slopes below eps", w.data - a)
w = leaf(a, np.zeros((3, 2)), dtype=np.float32)
optimizer = Adam([w], lr=np.float64(0.1))
for slope in slopes:
    optimizer.step()
    w.grad = slope.astype(np.float32)
probe("float32", [str(w.dtype), w.data.copy(), w.creator is None])
kept = optimizer.state[0]["mean"], optimizer.state[0]["square"]
probe("dtypes of the state", [str(array.dtype) for array in kept])
optimizer.step()
probe(
    "no memory shared",
    [bool(np.shares_memory(array, w.grad) or np.shares_memory(array, w.data)) for array in kept],
)
w = leaf(a)
optimizer = Adam([w], lr=0.01)
for _ in range(300):
    w.grad = 1e3 * w.data
    optimizer.step()
probe("three hundred steps on a bowl", w.data.copy())
probe("errors", [raises(lambda: Adam([])), raises(lambda: Adam([w], betas=(0.9, 1.0)))])
### END HIDDEN TESTS

# %% [markdown]
r"""
### Measure: what the hats are for

One weight, random slopes of mean 1, and the size of Adam's steps in units of $\eta$: corrected, and with the
raw averages. What to look for: how large the raw steps are at the beginning (for a constant slope, step 1 is
$(1-\beta_1)/\sqrt{1-\beta_2}$ times $\eta$), and how many steps it takes until the two agree to within a few
per cent. The second table multiplies the *loss* by a constant. SGD's result depends on it, up to failure;
Adam's does not.
"""

# %% tags=["measure"]
slopes = 1 + 0.5 * np.random.default_rng(0).normal(size=3000)
beta1, beta2 = 0.9, 0.999
mean = square = 0.0
raw, w = [], leaf([0.0])
optimizer, corrected = Adam([w], lr=1.0), []
for slope in slopes:
    mean, square = beta1 * mean + (1 - beta1) * slope, beta2 * square + (1 - beta2) * slope**2
    raw.append(mean / square**0.5)
    before, w.grad = w.data[0], np.array([slope])
    optimizer.step()
    corrected.append(before - w.data[0])
figure, axes = plt.subplots(figsize=(6.5, 3))
axes.semilogx(range(1, 3001), raw, label="raw averages")
axes.semilogx(range(1, 3001), corrected, label="with bias correction")
axes.set(xlabel="step", ylabel="size of the step / lr")
axes.legend()
plt.show()
print(f"step 1: raw {raw[0]:.2f}, corrected {corrected[0]:.2f}; largest raw step {max(raw):.2f}")
apart = [t for t in range(3000) if abs(raw[t] / corrected[t] - 1) > 0.05]
print(f"more than 5 % apart until step {apart[-1] + 1}")

print(f"\n{'loss times':>10} {'SGD lr 0.05':>14} {'Adam lr 0.05':>14}   distance after 300 steps")
for factor in (1e-3, 1, 1e3):
    ends = []
    for make in (SGD, Adam):
        w = leaf([1.0, 1.0])
        optimizer = make([w], lr=0.05)
        for _ in range(300):
            w.grad = factor * np.array([1.0, 10.0]) * w.data
            optimizer.step()
            if np.abs(w.data).max() > 1e9:
                break
        ends.append(np.abs(w.data).max())
    print(f"{factor:10g} {ends[0]:14.2e} {ends[1]:14.2e}")

# %% [markdown]
r"""
## 6. AdamW

Weight decay as in SGD, $g + w\theta$, does not survive Adam. The sum is divided by the typical size of the
slope: a weight with large slopes is hardly decayed at all, one with small slopes is decayed by nearly $\eta$
per step. **AdamW** takes the decay out of the gradient and applies it directly, *before* Adam's step:

$$\theta \leftarrow (1 - \eta w)\,\theta, \qquad \text{then Adam with } g \text{ alone} .$$

That is *decoupled* weight decay: each weight shrinks by the same factor, whatever its slopes. The learning
rate is part of the factor, so a schedule that reduces $\eta$ reduces the decay with it.
"""


# %% nbgrader={"grade": false, "grade_id": "adamw", "locked": false, "schema_version": 3, "solution": true, "task": false}
#| export
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
        ### BEGIN SOLUTION
        data *= 1 - self.lr * self.weight_decay
        super().update(data, grad, state)
        ### END SOLUTION


# %% [markdown]
"""
### Testing AdamW
"""


# %% nbgrader={"grade": true, "grade_id": "test_adamw", "locked": true, "points": 8, "schema_version": 3, "solution": false, "task": false}
def test_unit_adamw():
    """Decay by the factor 1 - lr * weight_decay, before the step and outside the averages."""
    w = leaf([1.0, -2.0, 4.0], [0.0, 0.0, 0.0])
    array = w.data
    optimizer = AdamW([w], lr=0.1, weight_decay=0.5)
    optimizer.step()
    np.testing.assert_allclose(
        w.data,
        [0.95, -1.9, 3.8],
        err_msg="AdamW, slope 0: expected (1 - lr * weight_decay) * data = 0.95 * data",
    )
    assert w.data is array, "AdamW: write into the array (data *= …)"
    mean = optimizer.state[0]["mean"]
    np.testing.assert_array_equal(mean, [0, 0, 0], err_msg="AdamW: the decay must stay out of the averages")

    slopes = [0.3, -0.1, 2.0, -0.7]
    w, plain = leaf([3.0]), leaf([3.0])
    optimizer, adam = (
        AdamW([w], lr=0.1, weight_decay=0.2, betas=(0.8, 0.9)),
        Adam([plain], lr=0.1, betas=(0.8, 0.9)),
    )
    position = 3.0
    for number, slope in enumerate(slopes, start=1):
        w.grad = plain.grad = np.array([slope])
        before = plain.data[0]
        optimizer.step()
        adam.step()
        position = position * (1 - 0.1 * 0.2) + (plain.data[0] - before)
        np.testing.assert_allclose(
            w.data,
            [position],
            rtol=1e-9,
            err_msg=f"AdamW, step {number}: shrink first, then the step that Adam takes",
        )
    w = leaf([1.0], [0.0])
    AdamW([w]).step()
    np.testing.assert_allclose(
        w.data, [1 - 1e-5], rtol=1e-9, err_msg="AdamW: the defaults are lr=1e-3, weight_decay=1e-2"
    )
    idle = leaf([1.0])
    AdamW([idle], lr=0.1, weight_decay=0.5).step()
    np.testing.assert_array_equal(
        idle.data, [1.0], err_msg="AdamW: a parameter without gradient is not decayed"
    )
    print("AdamW: the decay is decoupled")


test_unit_adamw()
### BEGIN HIDDEN TESTS
from tinytorch_lab.probes import probe, raises, rng

a, slopes = rng.normal(size=(2, 4)), rng.normal(size=(5, 2, 4))
w, idle, number = leaf(a), leaf(a), leaf(-0.75)
array, optimizer = w.data, AdamW([w, idle, number], lr=0.07, weight_decay=0.3, betas=(0.7, 0.95), eps=1e-3)
for place, slope in enumerate(slopes):
    w.grad, number.grad = slope.copy(), np.array(slope[0, 0])
    optimizer.lr *= 0.8
    optimizer.step()
    if place == 0:
        probe("first step", [w.data.copy(), number.data.copy()])
probe("with a schedule", [w.data.copy(), idle.data.copy(), number.data.copy()])
saved = optimizer.state_dict()
probe("averages", {key: saved[key] for key in sorted(saved)})
probe("in place", [w.data is array, bool(np.array_equal(w.grad, slopes[-1]))])
w, plain = leaf(a), leaf(a)
optimizers = AdamW([w], lr=0.1, weight_decay=0.0), Adam([plain], lr=0.1)
for slope in slopes:
    w.grad = plain.grad = slope
    for optimizer in optimizers:
        optimizer.step()
probe("without decay it is Adam", [w.data.copy(), bool(np.allclose(w.data, plain.data, rtol=1e-12))])
w = leaf(a, slopes[0], dtype=np.float32)
AdamW([w], lr=np.float64(0.1), weight_decay=np.float64(0.1)).step()
probe("float32", [str(w.dtype), w.data.copy()])
probe("errors", [raises(lambda: AdamW([w], weight_decay=-0.1)), raises(lambda: AdamW([]))])
### END HIDDEN TESTS

# %% [markdown]
r"""
### Measure: who is decayed?

Three weights whose slopes are pure noise around 0, of size 0.01, 1 and 100, so that only the decay moves them
systematically. The first column adds $w\theta$ to the gradient of Adam (that is what `torch.optim.Adam` does
with its `weight_decay`), the second is AdamW. Average of many copies, since the noise moves the weights, too.
What to look for: in which column the share that is left depends on the size of the slopes.
"""

# %% tags=["measure"]
sizes, copies = np.array([[0.01], [1.0], [100.0]]), 2000
generator = np.random.default_rng(0)
coupled, decoupled = leaf(np.ones((3, copies))), leaf(np.ones((3, copies)))
first, second = Adam([coupled], lr=1e-3), AdamW([decoupled], lr=1e-3, weight_decay=0.5)
for _ in range(600):
    noise = sizes * generator.normal(size=(3, copies))
    coupled.grad, decoupled.grad = noise + 0.5 * coupled.data, noise
    first.step()
    second.step()
print(f"{'size of slopes':>14} {'Adam + L2 penalty':>18} {'AdamW':>8}   share left after 600 steps")
for size, one, other in zip(sizes[:, 0], coupled.data.mean(axis=1), decoupled.data.mean(axis=1)):
    print(f"{size:14g} {one:18.3f} {other:8.3f}")
print(f"(1 - lr * weight_decay) ** 600 = {(1 - 1e-3 * 0.5) ** 600:.3f}")

# %% [markdown]
r"""
## 7. Clipping

Once in a while a batch yields a gradient a thousand times the usual size: an outlier, a long sequence, a
cliff in the loss. With SGD, one such step throws the weights out of the region that took hours to reach; in
Adam it stays in the average of squares for a thousand steps and shrinks all of them. **Clipping by the joint
norm** bounds the length of the step and keeps its direction:

$$\lVert g \rVert = \sqrt{\textstyle\sum_{\text{parameters}}\sum_i g_i^2}, \qquad
  g \leftarrow g \cdot \min\Bigl(1, \frac{c}{\lVert g \rVert}\Bigr).$$

*Joint*: one factor for all parameters. Clipping each parameter by itself would change the direction, and so
would `np.clip` on the elements.

Numbers around $10^{20}$ are legitimate in float32, but their squares are not; the norm that was to protect
against explosions would itself be infinite. Sum in float64. And if the norm really is infinite or NaN, no
factor can help: $\infty \cdot 0$ is NaN, and scaling would spread it to all weights. The norm is returned, so
whoever trains can skip the step (`if math.isfinite(norm): optimizer.step()`) and plot it: it is one of the
best instruments there are.
"""


# %% nbgrader={"grade": false, "grade_id": "clipping", "locked": false, "schema_version": 3, "solution": true, "task": false}
#| export
def clip_grad_norm(params: Iterable[Tensor], max_norm: float) -> float:
    """Scale all gradients in place, by one factor, so that their joint norm is at most ``max_norm``.

    The joint norm is that of one long vector made of the gradients of all parameters, each counted once;
    parameters without gradient count as 0. Returns the norm from *before* clipping. If that is infinite or
    NaN, it is returned and the gradients stay as they are. Raises ValueError unless ``max_norm`` > 0.
    Hint: squares of large float32 numbers overflow; convert first; ``np.vdot`` of an array with itself.
    """
    if not max_norm > 0:
        raise ValueError(f"max_norm must be positive, got {max_norm}")
    ### BEGIN SOLUTION
    grads = [tensor.grad for tensor in unique_tensors(params) if tensor.grad is not None]
    wide = (grad.astype(np.float64) for grad in grads)
    norm = math.sqrt(sum(float(np.vdot(grad, grad)) for grad in wide))
    if max_norm < norm < math.inf:
        for grad in grads:
            grad *= max_norm / norm
    return norm
    ### END SOLUTION


# %% [markdown]
"""
### Testing clipping
"""


# %% nbgrader={"grade": true, "grade_id": "test_clipping", "locked": true, "points": 6, "schema_version": 3, "solution": false, "task": false}
def test_unit_clipping():
    """The joint norm, one factor for all, in place; nothing happens below the limit."""
    a, b, none = leaf([0.0, 0.0], [3.0, 0.0]), leaf([[0.0]], [[4.0]]), leaf([1.0])
    array = a.grad
    norm = clip_grad_norm((tensor for tensor in (a, none, b, a)), 10.0)
    assert isinstance(norm, float), f"clip_grad_norm: expected a float, got {type(norm).__name__}"
    np.testing.assert_allclose(
        norm, 5.0, err_msg="clip_grad_norm of 3 and 4: expected 5, over all parameters, each counted once"
    )
    np.testing.assert_allclose(a.grad, [3, 0], err_msg="clip_grad_norm: below max_norm nothing may change")
    norm = clip_grad_norm([a, none, b, a], 1.0)
    np.testing.assert_allclose(norm, 5.0, err_msg="clip_grad_norm: return the norm from before clipping")
    np.testing.assert_allclose(a.grad, [0.6, 0], err_msg="clip_grad_norm([3, 4], 1): factor 1/5 for all")
    np.testing.assert_allclose(b.grad, [[0.8]], err_msg="clip_grad_norm([3, 4], 1): factor 1/5 for all")
    assert a.grad is array, "clip_grad_norm: scale the gradients in place"
    assert none.grad is None, "clip_grad_norm: a gradient that is None stays None"

    huge = leaf([0.0, 0.0], [3e25, 4e25], dtype=np.float32)
    with np.errstate(over="ignore", invalid="ignore"):
        norm = clip_grad_norm([huge], 1.0)
    np.testing.assert_allclose(
        norm, 5e25, rtol=1e-6, err_msg="clip_grad_norm: squares overflowed; sum in float64"
    )
    np.testing.assert_allclose(huge.grad, [0.6, 0.8], rtol=1e-6, err_msg="clip_grad_norm of huge gradients")
    assert huge.grad.dtype == np.float32, f"clip_grad_norm: float32 gradients became {huge.grad.dtype}"
    broken = leaf([0.0, 0.0], [np.inf, 1.0])
    norm = clip_grad_norm([broken], 1.0)
    assert norm == np.inf, f"clip_grad_norm with an infinite gradient: expected inf, got {norm}"
    np.testing.assert_array_equal(
        broken.grad,
        [np.inf, 1],
        err_msg="clip_grad_norm: if the norm is infinite, the gradients stay as they are",
    )
    print("clip_grad_norm: norm, factor and limits are right")


test_unit_clipping()
### BEGIN HIDDEN TESTS
from tinytorch_lab.probes import probe, raises, rng

pool = [leaf(np.zeros(shape), rng.normal(size=shape)) for shape in ((3, 4), (), (0, 2), (7,))]
arrays = [tensor.grad for tensor in pool]
probe("norm", clip_grad_norm(iter(pool + pool[:2] + [leaf([1.0])]), 100.0))
probe("unchanged", [tensor.grad.copy() for tensor in pool])
probe("norm before clipping", clip_grad_norm(pool, 0.5))
probe("clipped", [tensor.grad.copy() for tensor in pool])
probe("in place", [tensor.grad is array for tensor, array in zip(pool, arrays) if array.ndim])
probe("norm after clipping", clip_grad_norm(pool, 100.0))
w = leaf(np.zeros(50), rng.normal(size=50), dtype=np.float32)
probe("float32", [clip_grad_norm([w], np.float64(0.1)), w.grad.copy(), str(w.grad.dtype)])
zero = leaf([1.0, 2.0], [0.0, 0.0])
probe("no gradients", [clip_grad_norm([leaf([1.0])], 1.0), clip_grad_norm([zero], 1.0), zero.grad.copy()])
broken = leaf([0.0, 0.0], [np.nan, 1.0])
probe("not a number", [bool(np.isnan(clip_grad_norm([broken, zero], 1e-3))), float(broken.grad[1])])
probe("errors", [raises(lambda: clip_grad_norm([zero], limit)) for limit in (0.0, -1.0)])
### END HIDDEN TESTS

# %% [markdown]
"""
## 8. Counting bytes

`optimizer_memory` counts what the optimizer keeps from one step to the next. State is created at a
parameter's first update, so a new optimizer keeps nothing, and one whose parameters are half frozen only half
as much.
"""


# %% nbgrader={"grade": false, "grade_id": "memory", "locked": false, "schema_version": 3, "solution": true, "task": false}
#| export
def optimizer_memory(optimizer: Optimizer) -> int:
    """Bytes of the arrays that the optimizer keeps between steps; neither parameters nor gradients.

    Hint: integers are no arrays; ``nbytes``.
    """
    ### BEGIN SOLUTION
    values = [value for state in optimizer.state for value in state.values()]
    return sum(value.nbytes for value in values if isinstance(value, np.ndarray))
    ### END SOLUTION


# %% nbgrader={"grade": true, "grade_id": "test_memory", "locked": true, "points": 2, "schema_version": 3, "solution": false, "task": false}
def test_unit_memory():
    """Bytes of the state: none, one or two arrays per parameter, from the first step on."""
    for label, make, expected in [
        ("SGD", lambda p: SGD(p, lr=0.1), 0),
        ("SGD(momentum=0.9)", lambda p: SGD(p, lr=0.1, momentum=0.9), 480),
        ("Adam", lambda p: Adam(p), 960),
        ("AdamW", lambda p: AdamW(p), 960),
    ]:
        pool = [
            leaf(np.zeros((10, 10)), np.ones((10, 10)), np.float32),
            leaf(np.zeros(20), np.ones(20), np.float32),
        ]
        optimizer = make([*pool, leaf(np.zeros(1000))])
        got = optimizer_memory(optimizer)
        assert got == 0, f"optimizer_memory of a new {label}: expected 0, got {got}"
        optimizer.step()
        got = optimizer_memory(optimizer)
        assert got == expected, (
            f"optimizer_memory, {label} of 120 float32 weights with gradient: {expected}, got {got}"
        )
    print("optimizer_memory: right before and after the first step")


test_unit_memory()
### BEGIN HIDDEN TESTS
from tinytorch_lab.probes import probe, raises, rng

shape = tuple(int(n) for n in rng.integers(2, 9, size=2))
double, single = leaf(np.ones(shape), np.ones(shape)), leaf(np.ones(9), np.ones(9), dtype=np.float32)
for name, optimizer in (
    ("momentum", SGD([double, single, double], lr=0.1, momentum=0.5)),
    ("plain", SGD([double, single], lr=0.1)),
    ("adam", Adam([double, single])),
    ("adamw", AdamW([single, leaf(np.ones(7))])),
):
    before = optimizer_memory(optimizer)
    optimizer.step()
    optimizer.step()
    probe(name, [before, optimizer_memory(optimizer)])
### END HIDDEN TESTS

# %% [markdown]
r"""
## 9. Memory and Complexity

### What a step costs

An update touches every weight, gradient and state once or more often, and computes very little with each. It
is limited by memory, not by arithmetic. The next cell measures, for one array of a million float32 numbers:
bytes kept, the peak of temporary memory in multiples of the array, time per weight, and the same for an Adam
that is written down like the formulas, one new array per operation. What to look for: Adam's time against
SGD's, and how much of it is temporaries. (If your own Adam allocates like the formulas, the last two lines
agree.)
"""

# %% tags=["measure"]
import time
import tracemalloc


class FormulaAdam(Adam):
    """Adam written like the formulas."""

    def update(self, data, grad, state):
        t = state["steps"] = state.get("steps", 0) + 1
        state["mean"] = self.betas[0] * state.get("mean", 0) + (1 - self.betas[0]) * grad
        state["square"] = self.betas[1] * state.get("square", 0) + (1 - self.betas[1]) * grad**2
        mean, square = state["mean"] / (1 - self.betas[0] ** t), state["square"] / (1 - self.betas[1] ** t)
        data -= self.lr * mean / (np.sqrt(square) + self.eps)


def step_time(optimizer, repeats=7):
    optimizer.step()
    timings = []
    for _ in range(repeats):
        start = time.perf_counter()
        optimizer.step()
        timings.append(time.perf_counter() - start)
    return min(timings)


count = 1_000_000
generator = np.random.default_rng(0)
w = leaf(generator.normal(size=count), generator.normal(size=count), dtype=np.float32)
print(f"{'':22} {'bytes kept / weight':>20} {'temporary peak / array':>23} {'ns / weight':>12}")
for name, optimizer in (
    ("SGD", SGD([w], lr=1e-3)),
    ("SGD, momentum", SGD([w], lr=1e-3, momentum=0.9)),
    ("Adam", Adam([w])),
    ("Adam like the formulas", FormulaAdam([w])),
):
    seconds = step_time(optimizer)
    tracemalloc.start()
    optimizer.step()
    peak = tracemalloc.get_traced_memory()[1] / w.memory_footprint()
    tracemalloc.stop()
    print(f"{name:22} {optimizer_memory(optimizer) / count:20.1f} {peak:23.1f} {seconds / count * 1e9:12.2f}")

# %% [markdown]
r"""
### Many small parameters

The same number of weights, cut into more and more arrays. What to look for: where time stops being
proportional to the number of weights and becomes proportional to the number of *arrays*. The last line gives
the price of visiting one array, however small.
"""

# %% tags=["measure"]
total = 2**18
print(f"{'arrays':>7} {'weights each':>13} {'SGD, ms':>9} {'Adam, ms':>9}")
for arrays in (1, 16, 256, 4096):
    pool = [leaf(np.zeros(total // arrays), np.ones(total // arrays), np.float32) for _ in range(arrays)]
    plain, adam = step_time(SGD(pool, lr=1e-3), repeats=3), step_time(Adam(pool), repeats=3)
    print(f"{arrays:7} {total // arrays:13,} {plain * 1e3:9.2f} {adam * 1e3:9.2f}")
print(f"per array: SGD {plain / arrays * 1e6:.1f} µs, Adam {adam / arrays * 1e6:.1f} µs")

# %% [markdown]
r"""
### Forgetting, and not forgetting, to clear

XOR with 8 tanh units, in four versions of the same loop. (a) and (b) start from the same weights and differ
in one line, `zero_grad`. (c) takes each batch in four parts and steps once, dividing each part's loss by
four; (d) forgets to divide. The last column compares the first gradient with that of (a). What to look for:
which lines agree, and that forgetting to clear does not have to show. In (b) the "gradient" is the sum of all
gradients so far. This loss has no bottom: the larger the weights, the smaller it gets, and a sum that grows
gets there faster.

On a bowl, which has a bottom, the same mistake shows. The figure starts both loops from the same point: one
settles, the other swings for ever, since nothing ever makes it forget.
"""

# %% tags=["measure"]
import matplotlib.pyplot as plt

from tinytorch.activations import Tanh
from tinytorch.layers import Linear, Sequential
from tinytorch.losses import bce_with_logits

points = Tensor([[0.0, 0.0], [0.0, 1.0], [1.0, 0.0], [1.0, 1.0]])
answers = Tensor([[0.0], [1.0], [1.0], [0.0]])


def xor_model(seed, hidden=8):
    numbers = np.random.default_rng(seed)
    return Sequential([Linear(2, hidden, rng=numbers), Tanh(), Linear(hidden, 1, rng=numbers)])


def train_xor(seed, make, steps=100, clear=True, parts=1, divide=True):
    """Losses of all steps, and the first gradient."""
    model = xor_model(seed)
    optimizer, losses, first = make(model.parameters()), [], None
    for _ in range(steps):
        if clear:
            optimizer.zero_grad()
        loss = 0.0
        for rows in np.array_split(np.arange(4), parts):
            part = bce_with_logits(model(points[rows]), answers[rows])
            if divide:
                part = part * (1 / parts)
            part.backward()
            loss += part.item()
        first = model.parameters()[0].grad.copy() if first is None else first
        optimizer.step()
        losses.append(loss if divide else loss / parts)
    return losses, first


def plain_sgd(params):
    return SGD(params, lr=1.0)


reference = train_xor(0, plain_sgd)[1]
print(f"{'SGD, lr 1, 100 steps':32} {'last loss':>9} {'largest loss':>13} {'|g| / |g of (a)|':>17}")
for name, options in (
    ("(a) zero_grad before each pass", {}),
    ("(b) never cleared", {"clear": False}),
    ("(c) four parts, divided by four", {"parts": 4}),
    ("(d) four parts, not divided", {"parts": 4, "divide": False}),
):
    losses, first = train_xor(0, plain_sgd, **options)
    ratio = np.linalg.norm(first) / np.linalg.norm(reference)
    print(f"{name:32} {losses[-1]:9.4f} {max(losses):13.3f} {ratio:17.6f}")

figure, axes = plt.subplots(figsize=(6.5, 2.6))
for clear in (True, False):
    w = leaf([1.0])
    optimizer, path = SGD([w], lr=0.1), []
    for _ in range(100):
        if clear:
            optimizer.zero_grad()
        (w * w * 0.5).sum().backward()
        optimizer.step()
        path.append(w.data[0])
    axes.plot(path, label="zero_grad before each pass" if clear else "never cleared")
    label, late = "cleared" if clear else "never cleared", np.abs(path[50:]).max()
    print(f"bowl, {label}: largest |w| in the last 50 steps {late:.4f}")
axes.set(xlabel="step", ylabel="w")
axes.legend()
plt.show()

# %% [markdown]
r"""
### The learning rate, once more

100 steps on XOR from several seeds, for each of several learning rates. What to look for: how wide the valley
is for each optimizer, where it lies, and where it ends on the right. Note also what the median hides: the
printed table says how many of the seeds ended below 0.01.
"""

# %% tags=["measure"]
rates, seeds = [0.003, 0.03, 0.1, 0.3, 3.0, 30.0], range(5)
makers = {
    "SGD": lambda lr: lambda params: SGD(params, lr=lr),
    "momentum 0.9": lambda lr: lambda params: SGD(params, lr=lr, momentum=0.9),
    "Adam": lambda lr: lambda params: Adam(params, lr=lr),
}
figure, axes = plt.subplots(figsize=(6.5, 3.2))
print(f"{'seeds below 0.01, lr:':>22}" + "".join(f"{rate:8g}" for rate in rates))
for name, make in makers.items():
    ends = np.array([[train_xor(seed, make(rate))[0][-1] for seed in seeds] for rate in rates])
    axes.loglog(rates, np.median(ends, axis=1) + 1e-7, "o-", label=name)
    print(f"{name:>22}" + "".join(f"{int((row < 0.01).sum()):5}/{len(seeds)} " for row in ends))
axes.axhline(0.01, linestyle="--", color="k")
axes.set(xlabel="learning rate", ylabel="median loss after 100 steps", title="XOR, 8 tanh units")
axes.legend()
plt.show()

# %% [markdown]
r"""
## 10. In Production

**The same interface.** `torch.optim.SGD`, `Adam` and `AdamW` compute what yours compute, with the same
defaults for $\beta$, $\varepsilon$ and AdamW's decay. `zero_grad` sets `None` there too (`set_to_none=True`,
the default since version 2.0). `state_dict` keys by position as well, and stores the hyperparameters beside
the state.

**Parameter groups.** PyTorch accepts a list of groups, each with its own learning rate and decay. The usual
recipe for transformers decays matrices, and leaves biases and normalisation weights alone. With our class:
two optimizers.

**One kernel.** Your table of many small arrays is the reason for `foreach=True` (one call processes lists of
tensors) and `fused=True` (one GPU kernel reads $\theta, g, m, s$ once and writes $\theta, m, s$ once). By
default PyTorch chooses the `foreach` form on GPUs.

**Clipping.** `torch.nn.utils.clip_grad_norm_` divides by $\lVert g\rVert + 10^{-6}$ and, unless asked to
raise an error, lets a NaN norm turn all gradients into NaN. With mixed precision, gradients must be unscaled
first.

**Low precision.** Mixed-precision training computes with 16 bits but keeps *master weights* in float32,
because a small step vanishes in the rounding of a 16-bit weight. A cell below shows it.

**Smaller state.** 8-bit Adam quantises $m$ and $s$ in blocks; Adafactor replaces the matrix $s$ by row and
column sums; Lion and plain momentum need one array. ZeRO and FSDP keep all of it, but each machine only its
share.
"""

# %% [markdown]
r"""
## 11. What Breaks First at Scale

Memory again, of another kind: the graph (Module 06) grows with the batch, the optimizer's state with the
model. The first table takes the bytes that *your* optimizers keep per weight, adds weight and gradient in
float32, and multiplies by a billion; then it divides what can be divided over $N$ machines when only the
state is sharded, and when weights and gradients are as well. What to look for: Adam's state is twice the
model, so that a model that fits into a GPU for *use* needs four times as much for *training*.

The second table repeats a step of $10^{-4}$ a thousand times on a weight of 1. In which precision does it
arrive at $0.9$?
"""

# %% tags=["measure"]
weights = 1_000_000_000
print(
    f"1 billion float32 weights: {4 * weights / 1e9:.0f} GB to use the model; to train it, in GB per machine"
)
print(f"{'':16} {'one machine':>12} {'64, state sharded':>18} {'64, all sharded':>16}")
for name, make in (
    ("SGD", lambda p: SGD(p, lr=0.1)),
    ("SGD, momentum", lambda p: SGD(p, lr=0.1, momentum=0.9)),
    ("Adam", lambda p: Adam(p)),
):
    w = leaf(np.zeros(1000), np.ones(1000), dtype=np.float32)
    optimizer = make([w])
    optimizer.step()
    state = optimizer_memory(optimizer) / 1000
    print(f"{name:16} {8 + state:12.1f} {8 + state / 64:18.2f} {(8 + state) / 64:16.2f}")

print("\nweight 1.0, 1000 steps of 0.0001:")
for dtype in (np.float16, np.float32, np.float64):
    w = leaf([1.0], [1.0], dtype=dtype)
    optimizer = SGD([w], lr=1e-4)
    for _ in range(1000):
        optimizer.step()
    gap, end = float(np.spacing(dtype(0.99))), float(w.data[0])
    print(f"{np.dtype(dtype).name:8} arrives at {end:.6f}; its numbers just below 1 are {gap:.1e} apart")

# %% [markdown]
"""
## 12. Integration Test

A network learns XOR, and a training run that was interrupted continues as if it had not been: equal to the
last bit, for every optimizer.
"""

# %% nbgrader={"grade": true, "grade_id": "test_optimizers", "locked": true, "points": 2, "schema_version": 3, "solution": false, "task": false}
from tinytorch.activations import Tanh
from tinytorch.layers import Linear, Sequential
from tinytorch.losses import bce_with_logits

XOR_POINTS = Tensor([[0.0, 0.0], [0.0, 1.0], [1.0, 0.0], [1.0, 1.0]])
XOR_ANSWERS = Tensor([[0.0], [1.0], [1.0], [0.0]])


def small_network(seed: int) -> Sequential:
    numbers = np.random.default_rng(seed)
    return Sequential([Linear(2, 8, rng=numbers), Tanh(), Linear(8, 1, rng=numbers)])


def some_steps(model: Sequential, optimizer: Optimizer, steps: int, max_norm: float = 5.0) -> float:
    for _ in range(steps):
        optimizer.zero_grad()
        loss = bce_with_logits(model(XOR_POINTS), XOR_ANSWERS)
        loss.backward()
        clip_grad_norm(model.parameters(), max_norm)
        optimizer.step()
    return loss.item()


def test_unit_optimizers():
    """XOR is learned, and an interrupted run resumes bit for bit."""
    for label, make in [
        ("SGD", lambda params: SGD(params, lr=0.5)),
        ("SGD(momentum=0.9, weight_decay=1e-3)", lambda params: SGD(params, 0.5, 0.9, weight_decay=1e-3)),
        ("Adam", lambda params: Adam(params, lr=0.1)),
        ("AdamW", lambda params: AdamW(params, lr=0.1)),
    ]:
        model = small_network(0)
        optimizer = make(model.parameters())
        some_steps(model, optimizer, 10)
        optimizer.lr *= 0.5
        weights, state = model.state_dict(), optimizer.state_dict()
        some_steps(model, optimizer, 10)
        other = small_network(1)
        resumed = make(other.parameters())
        other.load_state_dict(weights)
        resumed.load_state_dict(state)
        some_steps(other, resumed, 10)
        for name, array in model.state_dict().items():
            np.testing.assert_array_equal(
                other.state_dict()[name],
                array,
                err_msg=f"{label}, {name}: a resumed run must be equal to the uninterrupted one;"
                " is everything in state_dict, and copied?",
            )
    model = small_network(2)
    loss = some_steps(model, Adam(model.parameters(), lr=0.1), 100)
    assert loss < 0.01, f"Adam, lr 0.1, 100 steps on XOR: expected a loss below 0.01, got {loss:.4f}"
    print(f"integration: resumed runs are equal bit for bit; XOR learned, loss {loss:.4f}")


test_unit_optimizers()
### BEGIN HIDDEN TESTS
from tinytorch_lab.probes import probe, raises, rng

start = {
    "layers.0.weight": rng.normal(size=(8, 2)),
    "layers.0.bias": rng.normal(size=8),
    "layers.2.weight": rng.normal(size=(1, 8)),
    "layers.2.bias": rng.normal(size=1),
}
for name, make in (
    ("sgd", lambda params: SGD(params, lr=0.2, momentum=0.5, weight_decay=0.01)),
    ("adam", lambda params: Adam(params, lr=0.02)),
    ("adamw", lambda params: AdamW(params, lr=0.02, weight_decay=0.1)),
):
    model = small_network(0)
    model.to(np.float64).load_state_dict(start)
    loss = some_steps(model, make(iter(model.parameters())), 8, max_norm=0.3)
    probe(name, [loss, *model.state_dict().values()])
tied = leaf(rng.normal(size=(3, 3)))
optimizer = Adam([tied, tied], lr=0.05)
x = Tensor(rng.normal(size=(4, 3)), dtype=np.float64)
for _ in range(4):
    optimizer.zero_grad()
    ((x @ tied @ tied) ** 2).mean().backward()
    optimizer.step()
probe("a tied weight", tied.data.copy())
wrong = Adam([leaf(np.zeros((3, 2)))])
probe(
    "errors",
    [
        raises(lambda: wrong.load_state_dict(optimizer.state_dict())),
        raises(lambda: wrong.load_state_dict({})),
    ],
)
### END HIDDEN TESTS

# %% [markdown]
"""
## 🤔 ML Systems Thinking

Three questions, each answered in 150–300 words. Argue with your own code and the figures that your run
printed.
"""

# %% [markdown] nbgrader={"grade": false, "grade_id": "question_1", "locked": true, "schema_version": 3, "solution": false, "task": false}
"""
### Question 1: The learning rate

**Context:** You located the cliff of SGD on a bowl, counted steps against the condition number with and
without momentum, multiplied a loss by a thousand, and swept the learning rate on XOR.

**Question:** A colleague trains with SGD at a learning rate of 0.1. She changes the loss from a mean to a sum
over batches of 64, and training diverges; with Adam at 0.001 the same change goes unnoticed. Explain both,
using the limit from section 1 and your table. Why does the steepest direction limit the step while the
flattest decides how long training takes, and what do momentum and Adam each change about that? Use your sweep
to say how you would search for a learning rate under a budget of ten short runs, and why a training run often
begins with small learning rates (warm-up) and ends with small ones.

**Expected response:** 150–300 words, with at least two of your own figures.
"""

# %% [markdown] nbgrader={"grade": true, "grade_id": "response_1", "locked": false, "points": 10, "schema_version": 3, "solution": true, "task": false}
"""
=== BEGIN MARK SCHEME ===
EXCELLENT (9-10 points):
- Explains that a sum multiplies loss, slopes and curvatures by 64, so that the limit 2 / largest curvature falls by 64 and 0.1 may lie beyond it
- Explains that Adam divides by the typical slope, so a constant factor cancels, and cites the own table of loss factors
- Uses the factor 1 - lr * curvature per coordinate: stability set by the largest, duration by the smallest curvature, steps proportional to the condition number, with own step counts
- States that momentum turns the condition number into its square root (own ratio from the table), and that Adam rescales each coordinate by itself
- Proposes a search on a logarithmic scale, with several seeds, that locates the cliff and stays a factor below it, and refers to the own sweep
- Gives reasons for warm-up (averages rest on few steps, early curvature is large) and for decay (noise of the batches keeps the weights moving at a scale of lr)
GOOD (7-8 points):
- Correct explanation of the divergence and of Adam's indifference
- Condition number and its role are right, with one own figure
- A sensible search, on a logarithmic scale
- Warm-up or decay explained, not both
SATISFACTORY (5-6 points):
- Knows that too large a learning rate diverges and too small a one is slow
- Says that Adam normalises without saying by what
- Few or no own figures
NEEDS IMPROVEMENT (1-4 points):
- Attributes the divergence to the data or to the model alone
- Takes the learning rate of one optimizer to be valid for another
- No reference to the measurements
NO CREDIT (0 points):
- No answer, or unrelated to the learning rate
- Copied question text only
- Every claim wrong
=== END MARK SCHEME ===

**Your response:**
"""

# %% [markdown] nbgrader={"grade": false, "grade_id": "question_2", "locked": true, "schema_version": 3, "solution": false, "task": false}
"""
### Question 2: Adam's memory, and sharding

**Context:** `optimizer_memory` counted the bytes that your optimizers keep per weight; one table extrapolated
to a billion weights and to 64 machines, another showed what a step of $10^{-4}$ does to a weight in half
precision.

**Question:** How many bytes per weight does training with Adam in float32 need, what are they, and what does
your table give for a billion weights? One says that Adam triples the memory of the parameters: of which
quantities is that true, and of which not? A team has GPUs with 24 GB. Compare three remedies: momentum
instead of Adam, state in half precision, sharding of the state over machines. What does each save, what does
it cost or risk (your last table matters), and what must be communicated in each step when the state is
sharded? Why does none of the three help if the *graph* is what does not fit?

**Expected response:** 150–300 words, with at least two of your own figures.
"""

# %% [markdown] nbgrader={"grade": true, "grade_id": "response_2", "locked": false, "points": 10, "schema_version": 3, "solution": true, "task": false}
"""
=== BEGIN MARK SCHEME ===
EXCELLENT (9-10 points):
- Counts 16 bytes per float32 weight: 4 weight, 4 gradient, 8 state, hence 16 GB for a billion, as in the own table
- Places the factor 3: weights plus two averages are three times the weights; with gradients it is four, and the temporaries of the step come on top, as measured
- Momentum saves 4 bytes per weight and loses the scaling of each coordinate, with reference to the measured behaviour
- Half precision: refers to the table where the float16 weight never left 1, and distinguishes weights (master copies needed) from the averages, where squares underflow
- Sharding: divides state by the number of machines, each updates its share; gradients are reduced to the owner and new weights gathered, with the own figure for 64 machines
- Notes that activations grow with batch and depth and are untouched by all three; checkpointing or smaller batches with accumulation help there
GOOD (7-8 points):
- 16 bytes per weight, correctly divided
- Two of the three remedies with saving and price
- An own figure for the total and one for sharding
- The graph is recognised as a separate matter
SATISFACTORY (5-6 points):
- Knows that Adam keeps two arrays per parameter
- Names remedies without numbers
- Communication not mentioned
NEEDS IMPROVEMENT (1-4 points):
- Confuses optimizer state with gradients or with activations
- Claims that sharding is free or that half precision has no price
- No figures
NO CREDIT (0 points):
- No answer, or unrelated to memory
- Copied question text only
- Every claim wrong
=== END MARK SCHEME ===

**Your response:**
"""

# %% [markdown] nbgrader={"grade": false, "grade_id": "question_3", "locked": true, "schema_version": 3, "solution": false, "task": false}
"""
### Question 3: Clearing and accumulating

**Context:** `backward` adds, `zero_grad` sets `None`, and `step` skips what has no gradient. You trained XOR
in four versions of the loop, two of them with batches in four parts.

**Question:** Quote your table and explain each of its four lines, and the bowl: what is the gradient in step
$k$ if nothing is ever cleared, and which optimizer of this module does that resemble, with which momentum?
Why may forgetting go unnoticed on a small problem? Write down, in five to eight lines of code, a loop that
simulates batches of 256 on a machine whose memory holds 32, with clipping. Where do `zero_grad`, the
division, `clip_grad_norm` and `step` belong, and what changes in memory and in time per sample? Finally: when
does it matter that a cleared gradient is `None` and not zero?

**Expected response:** 150–300 words and the code, with at least two of your own figures.
"""

# %% [markdown] nbgrader={"grade": true, "grade_id": "response_3", "locked": false, "points": 10, "schema_version": 3, "solution": true, "task": false}
"""
=== BEGIN MARK SCHEME ===
EXCELLENT (9-10 points):
- Explains the four lines with own figures: (c) has the same first gradient as (a), (d) one that is 4 times as large and acts like 4 times the learning rate
- States that without clearing the gradient is the sum of all past ones: momentum with factor 1, which never forgets, so on the bowl it swings without settling (own figure)
- Says why it may go unnoticed: on XOR the loss of (b) even fell faster, because that loss has no bottom and the sum keeps pointing the same way
- Code: zero_grad once per group of eight parts, each loss divided by eight, backward for each, then clipping once on the sum, then one step
- Memory: activations of 32 samples only, gradients as before; time per sample nearly the same, fewer optimizer steps per sample
- None against zero: memory is released, parameters without a part in the loss are skipped, while zeros would let momentum, Adam's averages or weight decay move them
GOOD (7-8 points):
- Three of the four lines explained, with an own figure
- Correct loop, at most one call in the wrong place
- Momentum with factor 1 recognised, or the sum described exactly
- One consequence of None against zero
SATISFACTORY (5-6 points):
- Knows that gradients add up and must be cleared
- The loop lacks the division or clips each part
- Few own figures
NEEDS IMPROVEMENT (1-4 points):
- Takes accumulation for a defect of the engine
- Clears after each part, or steps after each part
- No reference to the measurements
NO CREDIT (0 points):
- No answer, or unrelated to gradients
- Copied question text only
- Every claim wrong
=== END MARK SCHEME ===

**Your response:**
"""

# %% [markdown]
r"""
## 🎯 Module Summary

**Built.** `Optimizer` with `zero_grad`, `step`, `state_dict`; `SGD` with momentum and weight decay, `Adam`,
`AdamW`; `clip_grad_norm` and `optimizer_memory`.

**Measured.** The cliff at $2/\lambda_{\max}$; steps against the condition number; steps with and without bias
correction; decay that depends on the slopes and decay that does not; bytes, temporaries and nanoseconds per
weight; what forgetting `zero_grad` does.

**Understood.**

- The steepest direction limits the step, the flattest decides how long it takes.
- Momentum remembers directions, Adam magnitudes; both pay in bytes per weight.
- Averages that start at zero must be corrected, for each parameter by its own count.
- Weights are changed in place, as arrays, each once, and nothing is recorded.
- State is part of the training run: saved completely and copied, or not at all.
- An optimizer step is limited by memory, so temporaries are time.

**Next.** Module 08 puts model, data, loss and optimizer into one loop: training.
"""
