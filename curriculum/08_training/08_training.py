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
# Module 08: Training

Model, loss, data, gradients, optimizer: all parts exist. What is missing is the loop that runs them, and
everything that a loop needs once it runs for longer than a coffee break: a learning rate that changes, an
honest measurement on data that the model has not seen, a reason to stop, and a file from which a crashed run
continues as if nothing had happened. At the end a network learns XOR: the second milestone.

**Learning objectives**

- write the training step in its right order, and explain what each line would break if it were missing;
- accumulate gradients over small batches so that the step equals that of one large batch, a short last batch
  included;
- evaluate without recording, in the right mode, and leave no trace in the model;
- express schedules and early stopping as functions of what is saved anyway, so that they need no state;
- write checkpoints that are whole or absent, that prove their content, and that resume a run *bit for bit*;
- measure where the memory of training goes, and what validation and checkpoints cost.

**Prerequisites:** Modules 03 (`Module`, modes, `state_dict`), 04 (losses), 05 (`DataLoader`, its order), 06
(`backward`, `no_grad`) and 07 (optimizers, `clip_grad_norm`). Context managers, and files in binary mode.

**Estimated time:** 4 hours.
"""

# %%
#| default_exp training

# %% nbgrader={"grade": false, "grade_id": "imports", "locked": true, "schema_version": 3, "solution": false, "task": false}
#| export
import hashlib
import io
import json
import math
import os
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from itertools import islice
from pathlib import Path
from typing import Any

import numpy as np

from tinytorch.autograd import no_grad
from tinytorch.dataloader import DataLoader, Dataset
from tinytorch.layers import Module
from tinytorch.optimizers import Optimizer, clip_grad_norm
from tinytorch.tensor import Tensor

# %% [markdown]
r"""
## 1. Mathematical Foundations

### A step, an epoch, a run

```text
   run      epoch 0, epoch 1, …                each epoch visits every sample once (Module 05)
   epoch    step 0, step 1, …                  each step changes the weights once
   step     forget old gradients → forward → loss → backward → (clip) → change the weights
```

The weights after step $t$ are a function of the weights and of the optimizer's memory before it, of the
learning rate $\eta_t$, and of the samples $S_t$ of the step:

$$(w_{t+1}, m_{t+1}) = F(w_t,\, m_t,\, \eta_t,\, S_t).$$

Nothing else enters. This line is the whole theory of checkpoints: whoever restores $w$, $m$, and the rules by
which $\eta_t$ and $S_t$ follow from counters, continues the *same* run. Whoever forgets one of them continues
another one.

### A large batch in small parts

The loss of a batch is a mean. Cut a batch of $N$ samples into parts of $n_1, \dots, n_k$:

$$\nabla L = \nabla \frac1N \sum_{i=1}^{N} \ell_i = \sum_{j=1}^{k} \frac{n_j}{N}\, \nabla L_j .$$

`backward` adds to `.grad` (Module 06), so the sum comes for free; the weights $n_j/N$ do not. Dividing each
part's loss by $k$ is right only for equal parts, and dividing by nothing makes the step $k$ times as long. The
same weights belong to every average over batches, of losses as well as of accuracies.

### Where the memory goes

With $P$ bytes of parameters, an optimizer that keeps $s$ numbers for each one (SGD 0, momentum 1, Adam 2), and
a graph that retains $a$ bytes for each sample of a batch of $B$:

$$\text{training} \approx \underbrace{P}_{\text{weights}} + \underbrace{P}_{\text{gradients}} +
\underbrace{s\,P}_{\text{optimizer}} + \underbrace{a\,B}_{\text{activations}}
\qquad \text{against } P + \text{two layers' activations in use.}$$

Only the last term contains the batch. Accumulation divides it by $k$ and leaves the rest. Section 9 checks
this line with a measurement.

### Schedules

A long step is right far from the goal, a short one near it, where the noise of the batches (Module 05)
makes the weights rattle around the minimum. Two schedules, as functions of the step $t$:

$$\text{step decay: } \eta_t = \eta\,\gamma^{\lfloor t/e \rfloor}
\qquad\quad
\text{cosine: } \eta_t = \begin{cases}
\eta\,\dfrac{t+1}{w} & t < w \quad\text{(warm-up)}\\[2mm]
\eta_{\min} + \tfrac12(\eta - \eta_{\min})\left(1 + \cos \pi\,\dfrac{t-w}{T-w}\right) & w \le t < T\\[2mm]
\eta_{\min} & t \ge T.\end{cases}$$

The warm-up exists for Adam. Its running averages start from nothing, so its first steps rest on very few
gradients, and yet each weight moves by nearly the full $\eta$.
"""

# %% [markdown]
r"""
## 2. One Training Step

Five lines in a fixed order, and the loop around them for accumulation. What to decide:

- **Forget first.** `optimizer.zero_grad()` comes before the first `backward` of the step, not after the last
  one. Then it does not matter what somebody else (a gradient check, an interrupted step) has left in `.grad`.
- **Batches are tuples**: inputs for the model, and the target last. `for *inputs, target in batches` takes
  them apart, for one input as well as for several.
- **Shares.** `value.backward(share)` starts the way back with $n_j/N$ instead of 1; no new op is recorded, and
  for a single batch the share is exactly 1. Clipping has to wait until the gradient is complete.
- **One graph at a time.** A loss tensor keeps its whole graph alive. While the next part runs forward, the name
  `value` still refers to the *old* loss, unless you `del` it first; and adding up loss *tensors* instead of
  numbers keeps all graphs. Either way accumulation would save less memory than it promises.
- **Stop at NaN.** A loss that is not finite makes every gradient NaN, and one step later every weight. An
  error *before* that step leaves weights that one can look at.
"""

# %% nbgrader={"grade": false, "grade_id": "train_step", "locked": false, "schema_version": 3, "solution": true, "task": false}
#| export
Batch = Sequence[Tensor]
Metric = Callable[[Tensor, Tensor], Any]


def train_step(
    model: Callable[..., Tensor],
    optimizer: Optimizer,
    loss: Callable[[Tensor, Tensor], Tensor],
    batches: Sequence[Batch],
    clip_norm: float | None = None,
) -> float:
    """Change the weights once, by the gradient of the mean loss over all samples in ``batches``.

    Returns that mean, as it was before the step. A batch holds the inputs of the model and, last, the target,
    whose length is the number of samples. The batches go through the model one by one, and only one graph
    exists at a time. Gradients from before are forgotten; if ``clip_norm`` is given, the joint norm of the
    gradient of ``optimizer.params`` is limited to it.

    Raises FloatingPointError, with the loss in the message, if a loss is NaN or infinite; the weights have not
    changed then.
    Hint: ``backward`` takes the slope to start from.
    """
    ### BEGIN SOLUTION
    optimizer.zero_grad()
    samples = sum(len(batch[-1]) for batch in batches)
    mean = 0.0
    for *inputs, target in batches:
        value = loss(model(*inputs), target)
        number, share = value.item(), len(target) / samples
        if not math.isfinite(number):
            raise FloatingPointError(f"the loss is {number}: reduce the learning rate, or look at the data")
        value.backward(share)
        mean += share * number
        del value  # the graph goes before the next one is built
    if clip_norm is not None:
        clip_grad_norm(optimizer.params, clip_norm)
    optimizer.step()
    return mean
    ### END SOLUTION


# %% [markdown]
"""
### Testing the step

The gradient of one batch of seven must equal that of the same samples in parts of four, two and one; and
the test leaves rubbish in `.grad` first.
"""

# %% nbgrader={"grade": true, "grade_id": "test_train_step", "locked": true, "points": 8, "schema_version": 3, "solution": false, "task": false}
from itertools import pairwise

from tinytorch.layers import Linear, Parameter, Sequential
from tinytorch.losses import cross_entropy, mse_loss
from tinytorch.optimizers import SGD


def parts_of(arrays, *sizes):
    """The rows of the arrays as batches of the given sizes."""
    edges = np.cumsum((0, *sizes))
    return [tuple(Tensor(a[i:j], dtype=a.dtype) for a in arrays) for i, j in pairwise(edges)]


def test_unit_train_step():
    """One step equals the formula, however the samples are divided, and a bad loss changes nothing."""
    numbers = np.random.default_rng(0)
    x, y = numbers.normal(size=(7, 3)), numbers.normal(size=(7, 2))
    start = numbers.normal(size=(2, 3))

    def one_step(*sizes, clip_norm=None, left_over=0.0, scale=1.0):
        layer = Linear(3, 2, bias=False).to(np.float64)
        layer.load_state_dict({"weight": start})
        layer.weight.grad = np.full((2, 3), left_over)
        optimizer = SGD(layer.parameters(), lr=0.1)
        value = train_step(layer, optimizer, mse_loss, parts_of((x, scale * y), *sizes), clip_norm)
        return value, layer.weight.data

    residual = x @ start.T - y
    gradient = 2 * residual.T @ x / residual.size
    value, weight = one_step(7)
    assert isinstance(value, float), (
        f"train_step: return the mean loss as a float, got {type(value).__name__}"
    )
    np.testing.assert_allclose(value, np.mean(residual**2), rtol=1e-6, err_msg="train_step: the mean loss")
    np.testing.assert_allclose(
        weight,
        start - 0.1 * gradient,
        rtol=1e-6,
        err_msg="train_step, SGD with lr 0.1: expected w - 0.1 · gradient",
    )
    np.testing.assert_allclose(
        one_step(7, left_over=5.0)[1],
        weight,
        rtol=1e-6,
        err_msg="train_step: gradients left over from before entered the step; zero_grad comes first",
    )
    for sizes in [(4, 3), (4, 2, 1), (1,) * 7]:
        value, parted = one_step(*sizes)
        np.testing.assert_allclose(
            parted,
            weight,
            rtol=1e-6,
            err_msg=f"train_step, parts of {sizes}: expected the step of one batch of 7; a part counts by its "
            "share of the samples",
        )
        np.testing.assert_allclose(
            value, np.mean(residual**2), rtol=1e-6, err_msg=f"train_step, parts of {sizes}: the mean loss"
        )
    clipped = one_step(4, 2, 1, clip_norm=0.01)[1]
    moved = np.linalg.norm(clipped - start)
    np.testing.assert_allclose(
        moved,
        0.1 * 0.01,
        rtol=1e-5,
        err_msg="train_step, clip_norm=0.01, lr=0.1: the length of the step; clip the whole gradient, once",
    )
    np.testing.assert_allclose(
        one_step(7, clip_norm=1e6)[1],
        weight,
        rtol=1e-6,
        err_msg="train_step: a short gradient is not clipped",
    )

    class Sum(Module):
        def __init__(self):
            self.scale = Parameter([2.0])

        def forward(self, a, b):
            return (a + b) * self.scale

    model = Sum()
    one = Tensor([[1.0], [2.0]])
    value = train_step(model, SGD(model.parameters(), lr=0.1), mse_loss, [(one, one, Tensor([[0.0], [0.0]]))])
    np.testing.assert_allclose(value, 40.0, err_msg="train_step: a batch (a, b, target) means model(a, b)")

    for bad in (np.nan, np.inf):
        layer = Linear(3, 2)
        before = layer.state_dict()
        batches = parts_of((np.ones((4, 3)), np.array([[1.0, 1], [1, 1], [1, bad], [1, 1]])), 2, 2)
        try:
            train_step(layer, SGD(layer.parameters(), lr=0.1), mse_loss, batches)
        except FloatingPointError:
            pass
        else:
            raise AssertionError(f"train_step: a loss of {bad} must raise FloatingPointError")
        for name, array in layer.state_dict().items():
            np.testing.assert_array_equal(
                array, before[name], err_msg=f"train_step: {name} changed at a bad loss"
            )
    print("train_step: shares, clipping, left-over gradients and bad losses are right")


test_unit_train_step()
### BEGIN HIDDEN TESTS
import weakref

from tinytorch_lab.probes import probe, raises, rng

features, labels = rng.normal(size=(11, 4)), rng.integers(0, 3, size=11)


def net_and_optimizer(rate, momentum=0.0):
    net = Sequential(Linear(4, 5, rng=np.random.default_rng(1)), Linear(5, 3, rng=np.random.default_rng(2)))
    return net, SGD(net.to(np.float64).parameters(), lr=rate, momentum=momentum)


for sizes in ((11,), (5, 5, 1), (3, 8)):
    net, optimizer = net_and_optimizer(0.3, momentum=0.9)
    batches = parts_of((features, labels), *sizes)
    losses = [train_step(net, optimizer, cross_entropy, batches) for _ in range(3)]
    probe(f"three steps, parts {sizes}", [losses, list(net.state_dict().values())])
net, optimizer = net_and_optimizer(0.3)
probe("clipped", [train_step(net, optimizer, cross_entropy, batches, 0.05), list(net.state_dict().values())])
net, optimizer = net_and_optimizer(0.0)
for parameter in net.parameters():
    parameter.grad = rng.normal(size=parameter.shape)
train_step(net, optimizer, cross_entropy, batches)
probe("the gradient that was used", [parameter.grad for parameter in net.parameters()])
alive, seen = [], []


def watched_model(x):
    seen.append(sum(reference() is not None for reference in alive))
    return net(x)


def watched_loss(prediction, target):
    alive.append(weakref.ref(prediction))
    return cross_entropy(prediction, target)


train_step(watched_model, optimizer, watched_loss, parts_of((features, labels), 4, 4, 2, 1))
probe("one graph at a time", seen)
frozen = Sequential(net.layers[0], Linear(5, 3, rng=np.random.default_rng(3)).to(np.float64))
optimizer = SGD(frozen.layers[1].parameters(), lr=1.0)
frozen.layers[0].weight.grad = np.full((5, 4), 1e6)
train_step(frozen, optimizer, cross_entropy, batches, clip_norm=0.1)
probe("clips what is optimized", list(frozen.state_dict().values()))
wild = features.copy()
wild[-1] = np.inf
net, optimizer = net_and_optimizer(0.3)
with np.errstate(all="ignore"):
    probe(
        "infinite",
        raises(
            lambda: train_step(net, optimizer, mse_loss, parts_of((wild, rng.normal(size=(11, 3))), 9, 2))
        ),
    )
probe("unchanged", list(net.state_dict().values()))
### END HIDDEN TESTS

# %% [markdown]
r"""
### What happens without `zero_grad`

The next cell trains the XOR network with and without that line, from ten starts each. Without it, step $t$ uses
the *sum* of all gradients so far. In terms of Module 07 that is momentum with the coefficient 1: a ball
without friction, which reaches the valley and rolls through it. What to look for:

- Adam without `zero_grad`: the loss falls at first, as it should, and the mistake passes for a success. Then it
  swings and climbs, by orders of magnitude.
- SGD, with a rate that is too small for a hundred steps: without `zero_grad` the median ends *lower*, since the steps
  grow. Compare "lowest loss" with "last loss": at least one curve dives below 0.01 and leaves again. A wrong program
  that looks better at times is the hardest kind to find, and one lucky run proves nothing.
"""

# %% tags=["measure"]
import matplotlib.pyplot as plt

from tinytorch.activations import XOR_INPUTS, XOR_TARGETS, Tanh
from tinytorch.optimizers import Adam

xor = (Tensor(XOR_INPUTS), Tensor(XOR_TARGETS[:, None]))


def xor_losses(seed, make_optimizer, forget, steps=100):
    draw = np.random.default_rng(seed)
    network = Sequential(Linear(2, 8, rng=draw), Tanh(), Linear(8, 1, rng=draw))
    optimizer, losses = make_optimizer(network.parameters()), []
    for _ in range(steps):
        if forget:
            optimizer.zero_grad()
        value = mse_loss(network(xor[0]), xor[1])
        value.backward()
        optimizer.step()
        losses.append(value.item())
    return losses


figure, axes = plt.subplots(1, 2, figsize=(10, 3.4), sharey=True)
optimizers = {"Adam, lr 0.1": lambda p: Adam(p, lr=0.1), "SGD, lr 0.1": lambda p: SGD(p, lr=0.1)}
print(
    f"{'100 steps from 10 starts':26} {'lowest loss':>12} {'last loss (median)':>19} {'last loss < 0.01':>17}"
)
for axis, (name, make) in zip(axes, optimizers.items()):
    for forget, color in ((True, "C0"), (False, "C3")):
        curves = np.array([xor_losses(seed, make, forget) for seed in range(10)])
        axis.semilogy(curves.T, color=color, alpha=0.4, lw=1)
        axis.plot([], color=color, label="with zero_grad" if forget else "without")
        label = f"{name}, {'with' if forget else 'without'}"
        last = curves[:, -1]
        print(f"{label:26} {curves.min():12.1e} {np.median(last):19.1e} {np.sum(last < 0.01):14} / 10")
    axis.axhline(0.01, color="black", ls=":", lw=1)
    axis.set(title=name, xlabel="step")
axes[0].set_ylabel("loss (MSE)")
axes[0].legend()
figure.tight_layout()
plt.show()

# %% [markdown]
r"""
## 3. Evaluation

Measuring a model must not change it. Three things can go wrong:

- **Recording.** The graph of an evaluation is of no use to anybody and takes memory. `no_grad()`.
- **Mode.** Layers such as dropout and batch normalisation behave differently in use (Module 03): the model goes
  into evaluation mode, and *afterwards back*. Back to what? Not simply to `train()`. Somebody may have frozen
  one part of the model in evaluation mode on purpose, so each module gets the flag that it had. An exception
  on the way must not leave the model in the wrong mode either: `try … finally`.
- **Averages.** Batches differ in size, so each counts by its number of samples.

A fourth one is subtle, and taken care of by the given `in_order`. Evaluating a *shuffled* loader advances its
epoch counter, and so changes the order of the training that follows: looking at the model has changed it. And
with another order, sums are rounded differently. So an evaluation goes through the samples of the dataset in
order, each once, whatever the loader was told about shuffling and short batches.
"""

# %% nbgrader={"grade": false, "grade_id": "evaluation", "locked": false, "schema_version": 3, "solution": true, "task": false}
#| export
def in_order(data: Dataset | DataLoader | Iterable[Batch], batch_size: int = 32) -> Iterable[Batch]:
    """Every sample of a dataset, or of a loader's dataset, once and in order; batches stay as they are."""
    if isinstance(data, DataLoader):
        return DataLoader(data.dataset, data.batch_size)
    return DataLoader(data, batch_size) if isinstance(data, Dataset) else data


@contextmanager
def evaluation_mode(model: Module) -> Iterator[None]:
    """Record nothing in the ``with`` block, and have all modules of ``model`` in evaluation mode.

    Afterwards each of them is in the mode in which it was before, also if the block raises.
    Hint: ``no_grad`` shows the pattern.
    """
    ### BEGIN SOLUTION
    modes = [(module, module.training) for module in model.modules()]
    model.eval()
    try:
        with no_grad():
            yield
    finally:
        for module, training in modes:
            module.training = training
    ### END SOLUTION


def evaluate(
    model: Module, data: Dataset | DataLoader | Iterable[Batch], metric: Metric, batch_size: int = 32
) -> float:
    """Mean of ``metric(prediction, target)`` over the samples of ``data``, in ``evaluation_mode``.

    metric: a loss, ``accuracy``, or any other mean over a batch; it may return a tensor or a number.
    data: see ``in_order``. Raises ValueError if there are no samples.
    Hint: count samples, not batches.
    """
    ### BEGIN SOLUTION
    total, samples = 0.0, 0
    with evaluation_mode(model):
        for *inputs, target in in_order(data, batch_size):
            value = metric(model(*inputs), target)
            total += len(target) * float(value.item() if isinstance(value, Tensor) else value)
            samples += len(target)
    if not samples:
        raise ValueError("there are no samples to evaluate")
    return total / samples
    ### END SOLUTION


# %% [markdown]
"""
### Testing evaluation

`Tell` below is a layer that reveals in which mode it runs, and whether it is recorded.
"""

# %% nbgrader={"grade": true, "grade_id": "test_evaluate", "locked": true, "points": 10, "schema_version": 3, "solution": false, "task": false}
from tinytorch.dataloader import TensorDataset
from tinytorch.losses import accuracy


class Tell(Module):
    """Adds 100 in training mode, and notes (mode, recorded) of each call."""

    def __init__(self):
        self.zero = Parameter([0.0])
        self.calls = []

    def forward(self, x):
        y = x + self.zero + (100.0 if self.training else 0.0)
        self.calls.append((self.training, y.creator is not None))
        return y


def test_unit_evaluate():
    """Modes are restored one by one, nothing is recorded, samples count equally, loaders stay untouched."""
    model = Sequential(Tell(), Sequential(Tell()))
    frozen = model.layers[1].layers[0].eval()
    before = [module.training for module in model.modules()]
    with evaluation_mode(model):
        inside = [module.training for module in model.modules()]
        recorded = model(Tensor([1.0])).requires_grad
    assert inside == [False] * 4, f"evaluation_mode: inside, no module is in training mode; got {inside}"
    assert not recorded, "evaluation_mode: nothing may be recorded inside; no_grad()"
    after = [module.training for module in model.modules()]
    assert after == before, f"evaluation_mode: the modes were {before}, afterwards they are {after}"
    assert not frozen.training, "evaluation_mode: a part that was frozen before must be frozen afterwards"
    assert model(Tensor([1.0])).requires_grad, "evaluation_mode: recording must go on afterwards"
    try:
        with evaluation_mode(model):
            raise KeyError("on the way")
    except KeyError:
        pass
    after = [module.training for module in model.modules()]
    assert after == before, (
        f"evaluation_mode after an exception: the modes were {before}, now they are {after}"
    )

    x = np.arange(7, dtype=np.float32)[:, None]
    data = TensorDataset(x, np.zeros((7, 1)))
    model = Sequential(Tell())
    got = evaluate(model, data, mse_loss, batch_size=3)
    assert isinstance(got, float), f"evaluate: expected a Python float, got {type(got).__name__}"
    assert got < 1000, f"evaluate: {got:.0f}; the model ran in training mode"
    expected = float(np.mean(x**2))
    np.testing.assert_allclose(
        got, expected, rtol=1e-6, err_msg="evaluate, batches of 3, 3 and 1: each sample counts once"
    )
    assert model.layers[0].calls == [(False, False)] * 3, (
        f"evaluate: expected three calls in evaluation mode (False) without recording (False), got "
        f"{model.layers[0].calls} as (training, recorded)"
    )
    assert model.training and model.layers[0].training, "evaluate: the model was in training mode before"

    loader = DataLoader(data, 4, shuffle=True, drop_last=True, seed=3)
    got = evaluate(model, loader, mse_loss)
    np.testing.assert_allclose(
        got, expected, rtol=1e-6, err_msg="evaluate(loader): all samples of its dataset"
    )
    assert loader.epoch == 0, (
        f"evaluate: the loader's epoch went from 0 to {loader.epoch}; iterate in_order(data)"
    )

    logits = Tensor(np.eye(5)[[0, 1, 2, 3, 0]])
    share = evaluate(model, TensorDataset(logits, np.array([0, 1, 2, 3, 4])), accuracy, batch_size=4)
    np.testing.assert_allclose(
        share, 0.8, err_msg="evaluate(…, accuracy): a metric may return a number; 4 of 5"
    )
    try:
        evaluate(model, TensorDataset(np.zeros((0, 1)), np.zeros((0, 1))), mse_loss)
    except ValueError:
        pass
    else:
        raise AssertionError("evaluate: no samples must raise ValueError")
    print("evaluate: modes, recording, averages and loaders are right")


test_unit_evaluate()
### BEGIN HIDDEN TESTS
from tinytorch_lab.probes import probe, raises, rng

x, y = rng.normal(size=(13, 4)), rng.normal(size=(13, 2))
layer = Linear(4, 2, rng=np.random.default_rng(0)).to(np.float64)
pairs = TensorDataset(Tensor(x, dtype=np.float64), Tensor(y, dtype=np.float64))
for size in (1, 5, 13, 50):
    probe(f"batches of {size}", evaluate(layer, pairs, mse_loss, size))
probe("a list of batches", evaluate(layer, [pairs[np.arange(9)], pairs[np.arange(9, 13)]], mse_loss))
loaders = [DataLoader(pairs, size, shuffle=True, drop_last=True, seed=1) for size in (4, 20)]
probe(
    "loaders",
    [[evaluate(layer, loader, mse_loss) for loader in loaders], [loader.epoch for loader in loaders]],
)
probe("no gradients", [parameter.grad is None for parameter in layer.parameters()])
tree = Sequential(Tell(), Sequential(Tell().eval(), Tell()), Tell())
tree.training = False
modes = [module.training for module in tree.modules()]


def failing_metric(*_):
    raise ZeroDivisionError(str([module.training for module in tree.modules()]))


single = TensorDataset(x[:, :1], y[:, :1])
probe("an error", raises(lambda: evaluate(tree, single, failing_metric)))
probe("modes after an error", [module.training for module in tree.modules()] == modes)
probe("recording after an error", tree(Tensor(x[:, :1])).requires_grad)
with no_grad():
    evaluate(tree, single, mse_loss)
    probe("no_grad outside stays", tree(Tensor(x[:, :1])).requires_grad)
with evaluation_mode(tree), evaluation_mode(tree.layers[1]):
    pass
probe("nested", [module.training for module in tree.modules()])
two = TensorDataset(x[:, :1], x[:, 1:2], y[:, :1])


class Product(Module):
    def forward(self, a, b):
        return a * b


probe("two inputs", evaluate(Product(), two, mse_loss, 4))
probe("integers as a metric", evaluate(layer, pairs, lambda _, target: len(target), 5))
probe("no batches", raises(lambda: evaluate(layer, [], mse_loss)))
### END HIDDEN TESTS

# %% [markdown]
r"""
## 4. Schedules

PyTorch's schedulers are objects with a memory: they count their own calls, and their state has to be saved.
Ours are *functions of the step number*. Two calls with the same step give the same rate; nothing has to be
saved, and the rate of step 10,000 can be plotted before step 0 has run. The trainer will do
`optimizer.lr = schedule(step)` before every step.

Mind the edges: the first warm-up step must not have the rate 0, for it would be a step that does nothing; the
last one should reach the full rate; without warm-up the cosine starts at once; and someone may train for longer
than planned.
"""

# %% nbgrader={"grade": false, "grade_id": "schedules", "locked": false, "schema_version": 3, "solution": true, "task": false}
#| export
Schedule = Callable[[int], float]


class StepDecay:
    """A rate that is multiplied by ``factor`` after every ``every`` steps."""

    def __init__(self, lr: float, every: int, factor: float = 0.1) -> None:
        if every < 1:
            raise ValueError(f"every must be at least one step, got {every}")
        self.lr, self.every, self.factor = lr, every, factor

    def __call__(self, step: int) -> float:
        """The learning rate for step number ``step``; the first step is number 0."""
        ### BEGIN SOLUTION
        return self.lr * self.factor ** (step // self.every)
        ### END SOLUTION


class CosineSchedule:
    """A rate that rises to ``lr`` in ``warmup`` steps and falls along a cosine to ``minimum`` at ``total``."""

    def __init__(self, lr: float, warmup: int, total: int, minimum: float = 0.0) -> None:
        if not 0 <= warmup < total:
            raise ValueError(f"the warm-up must end before the run does: warmup={warmup}, total={total}")
        self.lr, self.warmup, self.total, self.minimum = lr, warmup, total, minimum

    def __call__(self, step: int) -> float:
        """The learning rate for step number ``step``: a formula of section 1; ``minimum`` from ``total`` on.

        Hint: ``total`` counts the warm-up.
        """
        ### BEGIN SOLUTION
        if step < self.warmup:
            return self.lr * (step + 1) / self.warmup
        progress = min(1.0, (step - self.warmup) / (self.total - self.warmup))
        return self.minimum + 0.5 * (self.lr - self.minimum) * (1 + math.cos(math.pi * progress))
        ### END SOLUTION


# %% nbgrader={"grade": true, "grade_id": "test_schedules", "locked": true, "points": 10, "schema_version": 3, "solution": false, "task": false}
def test_unit_schedules():
    """Both schedules are functions of the step, right at their edges, and remember nothing."""
    decay = StepDecay(0.8, every=3, factor=0.5)
    got = [decay(step) for step in range(8)]
    np.testing.assert_allclose(
        got,
        [0.8, 0.8, 0.8, 0.4, 0.4, 0.4, 0.2, 0.2],
        err_msg="StepDecay(0.8, every=3, factor=0.5), steps 0 to 7",
    )
    cosine = CosineSchedule(1.0, warmup=4, total=12, minimum=0.2)
    got = [cosine(step) for step in range(4)]
    np.testing.assert_allclose(
        got, [0.25, 0.5, 0.75, 1.0], err_msg="CosineSchedule, four steps of warm-up: from lr/4 to lr, never 0"
    )
    np.testing.assert_allclose(
        cosine(4), 1.0, err_msg="CosineSchedule: the cosine starts at lr after the warm-up"
    )
    np.testing.assert_allclose(
        cosine(8),
        0.6,
        err_msg="CosineSchedule(1, warmup=4, total=12, minimum=0.2), step 8: half way from 1 to 0.2",
    )
    np.testing.assert_allclose(
        cosine(6),
        0.2 + 0.4 * (1 + math.cos(math.pi / 4)),
        err_msg="CosineSchedule, step 6: a quarter of the cosine",
    )
    for step in (12, 13, 24, 1000):
        np.testing.assert_allclose(
            cosine(step),
            0.2,
            err_msg=f"CosineSchedule, total=12, step {step}: the minimum, and it stays there",
        )
    again = [cosine(step) for step in (8, 0, 8)]
    np.testing.assert_allclose(
        again, [0.6, 0.25, 0.6], err_msg="CosineSchedule: a schedule must not count its calls"
    )
    np.testing.assert_allclose(
        CosineSchedule(1.0, warmup=0, total=10)(0), 1.0, err_msg="CosineSchedule without warm-up, step 0: lr"
    )
    for schedule in (decay, cosine):
        kind = type(schedule(5))
        assert kind is float, f"{type(schedule).__name__}: expected a Python float, got {kind.__name__}"
    print("schedules: values, edges and statelessness are right")


test_unit_schedules()
### BEGIN HIDDEN TESTS
from tinytorch_lab.probes import probe, raises, rng

lr, every, factor = float(rng.uniform(0.01, 1)), int(rng.integers(2, 9)), float(rng.uniform(0.1, 0.9))
decay = StepDecay(lr, every, factor)
probe("decay", [decay(step) for step in range(40)])
probe("decay, default factor", [StepDecay(lr, every)(step) for step in (0, every - 1, every, 2 * every)])
probe("decay, every step", [StepDecay(lr, 1, factor)(step) for step in range(5)])
warmup, total = int(rng.integers(2, 20)), int(rng.integers(50, 90))
cosine = CosineSchedule(lr, warmup, total, lr / 10)
probe("warm-up", [cosine(step) for step in range(warmup)])
probe("cosine", [cosine(step) for step in range(warmup, total)])
probe("after the end", [cosine(step) for step in range(total, 3 * total)])
probe("minimum 0", [CosineSchedule(lr, warmup, total)(step) for step in (0, warmup, total - 1, total)])
probe("no warm-up", [CosineSchedule(lr, 0, total)(step) for step in range(0, 2 * total, 7)])
probe("one step of warm-up", [CosineSchedule(lr, 1, 2)(step) for step in range(4)])
probe("out of order", [cosine(step) for step in (total, 0, warmup, 0)] + [decay(step) for step in (30, 0)])
### END HIDDEN TESTS

# %% [markdown]
r"""
### What a schedule buys

Linear regression with noisy targets, batches of eight, SGD, and the same 600 steps with four rates. The
figure shows schedules on the left, and on the right the *excess* loss over that of the exact solution (by
least squares). What to look for: the large constant rate falls quickly and then rattles at a level that more
steps do not lower; the small constant rate has a much lower level, but needs many steps to come near it; the
schedules fall nearly as fast as the first and end at or below the second.
"""

# %% tags=["measure"]
import matplotlib.pyplot as plt

draw = np.random.default_rng(0)
x = draw.normal(size=(512, 20)).astype(np.float32)
y = (x @ draw.normal(size=(20, 1)) + draw.normal(size=(512, 1))).astype(np.float32)
exact = np.mean((x @ np.linalg.lstsq(x, y, rcond=None)[0] - y) ** 2)
schedules = {
    "constant 0.05": lambda _: 0.05,
    "constant 0.005": lambda _: 0.005,
    "step decay": StepDecay(0.05, every=200, factor=0.2),
    "warm-up and cosine": CosineSchedule(0.05, warmup=30, total=600),
}
figure, (left, right) = plt.subplots(1, 2, figsize=(10, 3.5))
print(f"{'excess loss after step':24} {50:>9} {200:>9} {400:>9} {600:>9}")
for name, schedule in schedules.items():
    model = Linear(20, 1, bias=False)
    model.load_state_dict({"weight": np.zeros((1, 20))})
    optimizer, picks, excess = SGD(model.parameters(), lr=1.0), np.random.default_rng(1), []
    for step in range(600):
        rows = picks.integers(0, 512, size=8)
        optimizer.lr = schedule(step)
        train_step(model, optimizer, mse_loss, [(Tensor(x[rows]), Tensor(y[rows]))])
        excess.append(np.mean((x @ model.weight.data.T - y) ** 2) - exact)
    left.plot([schedule(step) for step in range(600)], label=name)
    right.semilogy(excess, label=name)
    smooth = [np.mean(excess[end - 20 : end]) for end in (50, 200, 400, 600)]
    print(f"{name:24} " + " ".join(f"{value:9.5f}" for value in smooth))
left.set(title="learning rate", xlabel="step")
right.set(title="loss above the least-squares solution", xlabel="step")
left.legend()
figure.tight_layout()
plt.show()

# %% [markdown]
"""
## 5. History

A run that leaves no numbers cannot be compared with another one. `History` keeps four lists, one entry for each
epoch: the mean training loss, the validation loss (NaN where nothing was validated, so that all four lists stay
equally long), the learning rate at the end, and the seconds. Plain Python floats: they go into a JSON text
without loss, which `np.float32` does not.

`best_epoch` is the number of the epoch with the lowest validation loss. Two traps: NaN compares false with
everything, and `np.argmin` returns the position of a NaN if there is one; and of several equal values the
*first* counts, since the model did not get better afterwards.
"""

# %% nbgrader={"grade": false, "grade_id": "history", "locked": false, "schema_version": 3, "solution": true, "task": false}
#| export
@dataclass
class History:
    """What happened in a run: one entry in each list per epoch."""

    train_loss: list[float] = field(default_factory=list)
    val_loss: list[float] = field(default_factory=list)
    lr: list[float] = field(default_factory=list)
    seconds: list[float] = field(default_factory=list)

    def add(
        self, train_loss: float, val_loss: float = math.nan, lr: float = math.nan, seconds: float = 0.0
    ) -> None:
        """Append one epoch to all four lists, as Python floats."""
        ### BEGIN SOLUTION
        self.train_loss.append(float(train_loss))
        self.val_loss.append(float(val_loss))
        self.lr.append(float(lr))
        self.seconds.append(float(seconds))
        ### END SOLUTION

    def __len__(self) -> int:
        """Number of epochs."""
        return len(self.train_loss)

    @property
    def best_epoch(self) -> int | None:
        """Number of the first epoch with the lowest validation loss; None if no loss is a number.

        Hint: ``math.isnan``; ``min`` takes a ``key``.
        """
        ### BEGIN SOLUTION
        epochs = [epoch for epoch, loss in enumerate(self.val_loss) if not math.isnan(loss)]
        return min(epochs, key=lambda epoch: self.val_loss[epoch], default=None)
        ### END SOLUTION

    def __str__(self) -> str:
        lines = [f"{'epoch':>5} {'train loss':>11} {'val loss':>11} {'rate':>10} {'seconds':>8}"]
        rows = zip(self.train_loss, self.val_loss, self.lr, self.seconds, strict=True)
        for epoch, (train_loss, val_loss, lr, seconds) in enumerate(rows):
            lines.append(f"{epoch:5} {train_loss:11.5g} {val_loss:11.5g} {lr:10.3g} {seconds:8.2f}")
        return "\n".join(lines)


# %% nbgrader={"grade": true, "grade_id": "test_history", "locked": true, "points": 6, "schema_version": 3, "solution": false, "task": false}
def test_unit_history():
    """All lists grow together, hold Python floats that survive JSON, and the best epoch is found among NaNs."""
    history = History()
    assert history.best_epoch is None, (
        f"History: no epochs yet, expected best_epoch None, got {history.best_epoch}"
    )
    history.add(np.float32(0.5), lr=0.1)
    assert history.best_epoch is None, (
        f"best_epoch without validation: expected None, got {history.best_epoch}"
    )
    for value in (0.4, math.nan, 0.2, 0.3, 0.2):
        history.add(np.float32(value) * 2, np.float64(value), np.float64(0.1), 1)
    lists = asdict(history)
    lengths = {name: len(values) for name, values in lists.items()}
    assert set(lengths.values()) == {6}, (
        f"History.add: all four lists grow by one each time, after six: {lengths}"
    )
    kinds = {type(value).__name__ for values in lists.values() for value in values}
    assert kinds == {"float"}, f"History.add: store Python floats, found {sorted(kinds)}"
    assert history.best_epoch == 3, (
        f"best_epoch of {history.val_loss}: expected 3, the first of the lowest, NaN passed over; "
        f"got {history.best_epoch}"
    )
    copy = History(**json.loads(json.dumps(lists)))
    assert str(copy) == str(history), "History: it must come back from JSON unchanged"
    print(f"History:\n{history}")


test_unit_history()
### BEGIN HIDDEN TESTS
from tinytorch_lab.probes import probe, raises, rng

losses, records = rng.random(12), History()
for loss in losses:
    records.add(2 * loss, loss, 0.5 * loss, 3.0)
probe("lists", [records.train_loss, records.val_loss, records.lr, records.seconds])
probe("best", [records.best_epoch, len(records)])
other = History()
other.add(1.0)
probe("defaults", [len(other), bool(np.isnan(other.val_loss[0])), bool(np.isnan(other.lr[0])), other.seconds])
probe(
    "NaN first",
    [History([1.0] * 3, values).best_epoch for values in ([math.nan, 2.0, 1.0], [3.0, math.nan, 4.0])],
)
probe("only NaN", History([1.0], [math.nan]).best_epoch is None)
probe("infinite", History([1.0] * 2, [math.inf, 5.0]).best_epoch)
probe("ties", History([1.0] * 4, [2.0, 1.0, 1.0, 1.0]).best_epoch)
probe("histories do not share lists", [len(History()), len(records)])
probe("negative losses", History([1.0] * 3, [0.0, -2.0, -1.0]).best_epoch)
### END HIDDEN TESTS

# %% [markdown]
r"""
## 6. Early Stopping

The training loss nearly always falls. The validation loss falls at first, then rises, when the model has begun
to learn the noise of its training data by heart. Early stopping ends a run when the validation loss has not
improved for `patience` epochs in a row.

"Improved" means: lower than the *best so far* by more than `min_delta`. Not lower than the epoch before: a loss
that goes 1, 3, 2, 1.9, 1.8 improves on its predecessor most of the time and is getting nowhere. And the best so
far only moves when there is an improvement; many small ones, each below `min_delta`, count as soon as they add
up to more.

```text
   patience 2        0.9   0.7   0.8   0.6   0.65   0.6
   epochs waited      0     0     1     0     1      2   → stop
```

Usually this is an object with counters. Then a resumed run needs them as well, or it will wait afresh. But
the counters follow from the list of validation losses, which the history has anyway: so compute them.
"""

# %% nbgrader={"grade": false, "grade_id": "early_stopping", "locked": false, "schema_version": 3, "solution": true, "task": false}
#| export
class EarlyStopping:
    """Stop after ``patience`` epochs in a row without a gain of more than ``min_delta`` on the best loss."""

    def __init__(self, patience: int, min_delta: float = 0.0) -> None:
        if patience < 1 or not min_delta >= 0:
            raise ValueError(f"patience must be at least 1, min_delta not negative: {patience}, {min_delta}")
        self.patience, self.min_delta = patience, min_delta

    def waited(self, losses: Iterable[float]) -> int:
        """Number of epochs at the end of ``losses`` since the last improvement; 0 if there are no losses.

        The first loss that is a number is an improvement on nothing. NaN never is one.
        """
        ### BEGIN SOLUTION
        best, waited = math.inf, 0
        for loss in losses:
            if loss < best - self.min_delta:
                best, waited = loss, 0
            else:
                waited += 1
        return waited
        ### END SOLUTION

    def should_stop(self, losses: Iterable[float]) -> bool:
        """Whether the run with these validation losses, one for each epoch so far, is to end now."""
        ### BEGIN SOLUTION
        return self.waited(losses) >= self.patience
        ### END SOLUTION


# %% nbgrader={"grade": true, "grade_id": "test_early_stopping", "locked": true, "points": 8, "schema_version": 3, "solution": false, "task": false}
def test_unit_early_stopping():
    """Waiting is counted from the best loss, small gains add up, NaN is no gain, and nothing is remembered."""
    stopping = EarlyStopping(patience=2)
    losses = [0.9, 0.7, 0.8, 0.6, 0.65, 0.6]
    got = [stopping.waited(losses[:count]) for count in range(7)]
    assert got == [0, 0, 0, 1, 0, 1, 2], (
        f"waited after 0 to 6 epochs of {losses}: expected [0, 0, 0, 1, 0, 1, 2], got {got}"
    )
    got = [stopping.should_stop(losses[:count]) for count in range(7)]
    assert got == [False] * 6 + [True], f"should_stop, patience 2, after 0 to 6 epochs of {losses}: got {got}"
    got = EarlyStopping(3).waited([1.0, 3.0, 2.0, 1.9, 1.8])
    assert got == 4, (
        f"waited([1, 3, 2, 1.9, 1.8]): compare with the best loss, not with the epoch before; got {got}"
    )
    fine = EarlyStopping(3, min_delta=0.1)
    got = [
        fine.waited([1.0, 0.95]),
        fine.waited([1.0, 0.95, 0.92, 0.88]),
        fine.waited([1.0, 0.95, 0.92, 0.88, 0.8]),
    ]
    assert got == [1, 0, 1], (
        f"waited, min_delta=0.1: expected [1, 0, 1] for 1.0 → 0.95, … → 0.88 and … → 0.8 (small gains add up "
        f"until they exceed 0.1, and then 0.88 is the best); got {got}"
    )
    got = stopping.waited([1.0, math.nan, math.nan])
    assert got == 2, f"waited([1, nan, nan]): NaN is no improvement, expected 2, got {got}"
    got = stopping.waited([math.nan, 1.0])
    assert got == 0, f"waited([nan, 1]): the first number is an improvement, expected 0, got {got}"
    assert stopping.should_stop(losses) and not stopping.should_stop(losses[:3]), (
        "should_stop: the answer must follow from the list alone, not from earlier calls"
    )
    kind = type(stopping.should_stop([1.0]))
    assert kind is bool, f"should_stop: expected a bool, got {kind.__name__}"
    print("EarlyStopping: best loss, min_delta, NaN and statelessness are right")


test_unit_early_stopping()
### BEGIN HIDDEN TESTS
from tinytorch_lab.probes import probe, raises, rng

for delta in (0.0, 0.05, 0.3):
    walk = np.cumsum(rng.normal(size=40) * 0.1).tolist()
    probe(f"waited, {delta}", [EarlyStopping(4, delta).waited(walk[:count]) for count in range(41)])
    probe(f"stop, {delta}", [EarlyStopping(4, delta).should_stop(walk[:count]) for count in range(41)])
probe("negative losses", EarlyStopping(1, 0.1).waited([-1.0, -1.05, -1.2, -1.1]))
probe("exactly min_delta", EarlyStopping(1, 0.5).waited([2.0, 1.5]))
probe("equal losses", [EarlyStopping(3).waited([1.0] * count) for count in range(5)])
probe("no losses", [EarlyStopping(1).waited([]), EarlyStopping(1).should_stop([])])
probe("NaN", [EarlyStopping(2).waited(v) for v in ([math.nan] * 3, [1.0, math.nan, 0.5], [math.inf, 1.0])])
probe("patience", [EarlyStopping(p).should_stop([1.0, 2.0, 2.0, 2.0]) for p in (1, 2, 3, 4, 5)])
one = EarlyStopping(2)
probe("asked twice", [one.should_stop([1.0, 2.0]), one.should_stop([1.0, 2.0]), one.should_stop([1.0, 2.0])])
### END HIDDEN TESTS

# %% [markdown]
r"""
## 7. Checkpoints

A checkpoint is a file from which a run continues. It fails at its job in three ways, each of them common:

| what happens | what protects |
| --- | --- |
| the process dies *while writing*, and the old file is gone already | write to another file, then rename |
| the file is damaged, or somebody edited it | a hash of the content, stored and compared |
| the file is whole, but something was not in it | save **all** of the state: see section 1 |

**Atomic writing.** Renaming a file within a directory is all or nothing: `os.replace(new, old)`. So write the
whole content under another name *in the same directory* (another file system would mean copying), make the
operating system put it on the disk (`os.fsync`: a write returns when the data are in its cache), and then
rename. A reader sees the old file or the new one, never half of one. If writing fails, the unfinished file is
removed.

**No pickle.** Python's `pickle` can store any object, and *runs code while loading*: whoever opens a stranger's
pickle runs a stranger's program. Our file is an `.npz` archive (a zip of `.npy` arrays), read with
`allow_pickle=False`:

```text
   header              text (JSON): version, epoch, and whatever the caller adds: step, history, …
   digest              text: the content hash
   model/<name>        one array for each parameter            model.state_dict()
   optimizer/<name>    one array for each piece of its state   optimizer.state_dict()
```

**The content hash** is SHA-256 over header and arrays. Not over the file: an archive also holds times. What has
to enter? Two arrays with the same bytes can differ in *shape* or *dtype*, and two equal sets of arrays can
have their *names* exchanged. The order in which a dictionary lists them, on the other hand, means nothing.
The hash says whether content is the same: as proof against damage, and as the name of a model ("which
weights are in service?").

**The version** of the format comes first when reading. A newer program may have moved things, and an old
program cannot know that. It should say so, and not guess.

**Loading is all or nothing**, as in Module 03, over two objects: if the optimizer refuses its part, the model
has to get its old weights back.

Two remarks. `np.savez(name)` appends `.npz` to a name that lacks it, and then the file is not where the caller
thinks; given an *open file*, it writes there. And `np.savez` and `np.load` take file objects like `io.BytesIO`
too: read the bytes first, and what goes wrong afterwards is damage, not a missing file.
"""

# %% nbgrader={"grade": false, "grade_id": "checkpoint", "locked": false, "schema_version": 3, "solution": true, "task": false}
#| export
CHECKPOINT_VERSION = 1


def content_hash(header: str, arrays: Mapping[str, np.ndarray]) -> str:
    """SHA-256 of a text and of named arrays, as 64 hexadecimal digits.

    Depends on every name, dtype, shape and element, and on which name has which array, but neither on the
    order of the names nor on how an array lies in memory.
    Hint: ``array.dtype.str``; ``array.tobytes()`` is in row-major order for every layout.
    """
    ### BEGIN SOLUTION
    digest = hashlib.sha256(header.encode())
    for name, array in sorted(arrays.items()):
        digest.update(json.dumps([name, array.dtype.str, array.shape]).encode())
        digest.update(array.tobytes())
    return digest.hexdigest()
    ### END SOLUTION


def write_atomically(path: str | os.PathLike, arrays: Mapping[str, np.ndarray]) -> None:
    """Write named arrays in NumPy's ``.npz`` format, exactly to ``path``: completely, or not at all.

    If anything fails, the error goes on to the caller, ``path`` is as it was, and no other file is left.
    Hint: ``Path(path).with_name(…)``, ``file.flush()`` before ``os.fsync(file.fileno())``.
    """
    ### BEGIN SOLUTION
    path = Path(path)
    unfinished = path.with_name(path.name + ".unfinished")
    try:
        with unfinished.open("wb") as file:
            np.savez(file, **arrays)
            file.flush()
            os.fsync(file.fileno())
        os.replace(unfinished, path)
    finally:
        unfinished.unlink(missing_ok=True)
    ### END SOLUTION


def save_checkpoint(
    path: str | os.PathLike, model: Module, optimizer: Optimizer, epoch: int, **extra: Any
) -> str:
    """Write model, optimizer, ``epoch`` (how many are done) and ``extra`` (JSON values); return the hash.

    The entries are those of the table above; the header is a JSON object with the keys ``version``, ``epoch``
    and ``extra``, and is what ``content_hash`` takes.
    Hint: a text becomes an entry by ``np.array(text)``.
    """
    ### BEGIN SOLUTION
    header = json.dumps({"version": CHECKPOINT_VERSION, "epoch": epoch, "extra": extra}, sort_keys=True)
    arrays = {f"model/{name}": array for name, array in model.state_dict().items()}
    arrays |= {f"optimizer/{name}": array for name, array in optimizer.state_dict().items()}
    digest = content_hash(header, arrays)
    write_atomically(path, {"header": np.array(header), "digest": np.array(digest), **arrays})
    return digest
    ### END SOLUTION


def read_checkpoint(path: str | os.PathLike) -> tuple[dict[str, Any], dict[str, np.ndarray]]:
    """Header, with the entry ``digest`` added, and arrays of a checkpoint, proved by its hash.

    Raises what opening the file raises (such as FileNotFoundError), and ValueError, naming ``path``, if the
    version is newer than ``CHECKPOINT_VERSION`` (the message says ``version``), or if the file is no
    checkpoint, is damaged, or its content does not have its hash.
    """
    content = Path(path).read_bytes()
    try:
        with np.load(io.BytesIO(content), allow_pickle=False) as entries:
            arrays = dict(entries)
        text, digest = str(arrays.pop("header")), str(arrays.pop("digest"))
        header = json.loads(text)
        version = int(header["version"])
    except Exception as error:  # a damaged archive can fail in a dozen ways; all mean the same to the caller
        raise ValueError(f"{path} is damaged, or is no checkpoint: {error}") from error
    ### BEGIN SOLUTION
    if version > CHECKPOINT_VERSION:
        raise ValueError(f"{path} has version {version}, this program knows {CHECKPOINT_VERSION}: update it")
    if content_hash(text, arrays) != digest:
        raise ValueError(f"{path} is damaged: its content does not have the hash that was saved with it")
    return header | {"digest": digest}, arrays
    ### END SOLUTION


def load_checkpoint(
    path: str | os.PathLike, model: Module, optimizer: Optimizer | None = None
) -> dict[str, Any]:
    """Restore model and, if given, optimizer; return ``epoch``, ``digest`` and the values of ``extra``.

    Raises what ``read_checkpoint`` raises, and ValueError if the file does not fit one of them.
    Neither of them has changed then.
    Hint: ``str.removeprefix``; and what can still fail once the model is loaded?
    """
    ### BEGIN SOLUTION
    header, arrays = read_checkpoint(path)

    def part(prefix: str) -> dict[str, np.ndarray]:
        return {name.removeprefix(prefix): a for name, a in arrays.items() if name.startswith(prefix)}

    before = model.state_dict()
    model.load_state_dict(part("model/"))
    if optimizer is not None:
        try:
            optimizer.load_state_dict(part("optimizer/"))
        except Exception:
            model.load_state_dict(before)
            raise
    return {**header["extra"], "epoch": header["epoch"], "digest": header["digest"]}
    ### END SOLUTION


# %% [markdown]
"""
### Testing checkpoints

The test writes into a temporary directory. It simulates a full disk in the middle of a write, cuts a file in
half, edits a weight, and brings a file from the future.
"""

# %% nbgrader={"grade": true, "grade_id": "test_checkpoint", "locked": true, "points": 8, "schema_version": 3, "solution": false, "task": false}
import tempfile

from tinytorch.optimizers import Adam


def small_run(seed, steps=3, size=3, make=lambda p: Adam(p, lr=0.05)):
    """A little model and its optimizer after a few steps."""
    draw = np.random.default_rng(seed)
    model = Sequential(Linear(2, size, rng=draw), Linear(size, 1, rng=draw))
    optimizer = make(model.parameters())
    batch = Tensor(draw.normal(size=(4, 2))), Tensor(draw.normal(size=(4, 1)))
    for _ in range(steps):
        optimizer.zero_grad()
        mse_loss(model(batch[0]), batch[1]).backward()
        optimizer.step()
    return model, optimizer


def values_of(model, optimizer):
    return [array.tolist() for array in (*model.state_dict().values(), *optimizer.state_dict().values())]


def refusal(call):
    """The text of the ValueError that the call raises."""
    try:
        call()
    except ValueError as error:
        return str(error)
    return "no ValueError"


def full_disk(file, *_, **__):
    """What np.savez does on a full disk: half a file, and an error."""
    if isinstance(file, (str, os.PathLike)):
        Path(file if str(file).endswith(".npz") else f"{file}.npz").write_bytes(b"half a file")
    else:
        file.write(b"half a file")
        file.flush()
    raise OSError("no space left on device")


def test_unit_checkpoint():
    """Everything comes back, hashes depend on the content only, writing is atomic, damage is refused."""
    global CHECKPOINT_VERSION
    a, b = np.arange(6.0).reshape(2, 3), np.arange(6.0)
    base = content_hash("{}", {"a": a, "b": b})
    assert isinstance(base, str) and len(base) == 64, (
        f"content_hash: expected 64 hexadecimal digits, got {base!r}"
    )
    for label, header, arrays in [
        ("the order of the names", "{}", {"b": b, "a": a}),
        ("the layout in memory", "{}", {"a": np.asfortranarray(a), "b": b}),
    ]:
        assert content_hash(header, arrays) == base, f"content_hash must not depend on {label}"
    other = a.copy()
    other[1, 2] += 1e-9
    for label, header, arrays in [
        ("the header", "[]", {"a": a, "b": b}),
        ("an element", "{}", {"a": other, "b": b}),
        ("a shape", "{}", {"a": a.reshape(3, 2), "b": b}),
        ("a dtype of equal bytes", "{}", {"a": a.view(np.int64), "b": b}),
        ("a name", "{}", {"a": a, "c": b}),
        ("which name has which array", "{}", {"a": b, "b": a}),
    ]:
        assert content_hash(header, arrays) != base, f"content_hash must depend on {label}"

    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "run.ckpt")
        model, optimizer = small_run(0)
        expected = values_of(model, optimizer)
        digest = save_checkpoint(path, model, optimizer, 7, step=21, note="a run")
        files = sorted(file.name for file in Path(folder).iterdir())
        assert files == ["run.ckpt"], f"save_checkpoint('run.ckpt'): expected this one file, found {files}"
        wanted = {f"model/{name}" for name in model.state_dict()}
        wanted |= {f"optimizer/{name}" for name in optimizer.state_dict()}
        found = set(read_checkpoint(path)[1])
        assert found == wanted, (
            f"save_checkpoint: missing are the arrays {sorted(wanted - found)}, unexpected {sorted(found - wanted)}"
        )
        twin, twins_optimizer = small_run(1)
        state = load_checkpoint(path, twin, twins_optimizer)
        assert state == {"epoch": 7, "digest": digest, "step": 21, "note": "a run"}, (
            f"load_checkpoint: expected epoch, digest, and the extra values step and note, got {state}"
        )
        assert values_of(twin, twins_optimizer) == expected, (
            "load_checkpoint: weights or optimizer state (learning rate, averages, step count) did not come back"
        )
        again = save_checkpoint(Path(folder, "again"), twin, twins_optimizer, 7, note="a run", step=21)
        assert again == digest, "save_checkpoint: the same content must have the same hash"
        load_checkpoint(path, small_run(2)[0])

        original, original_compressed = np.savez, np.savez_compressed
        np.savez = np.savez_compressed = full_disk
        try:
            save_checkpoint(path, *small_run(3), 8)
        except OSError:
            pass
        else:
            raise AssertionError("save_checkpoint on a full disk: the OSError must reach the caller")
        finally:
            np.savez, np.savez_compressed = original, original_compressed
        files = sorted(file.name for file in Path(folder).iterdir())
        assert files == ["again", "run.ckpt"], f"a failed write must leave no files behind, found {files}"
        problem = refusal(lambda: read_checkpoint(path))
        assert problem == "no ValueError", (
            f"a failed write must leave the old checkpoint as it was: {problem}"
        )
        assert read_checkpoint(path)[0]["epoch"] == 7, (
            "a failed write must leave the old checkpoint as it was"
        )

        content = path.read_bytes()
        with np.load(path) as entries:
            arrays = dict(entries)
        name = next(name for name in arrays if name.startswith("model/"))
        arrays[name] = arrays[name] * 1.5
        edited, half, future = (Path(folder, name) for name in ("edited", "half", "future"))
        with edited.open("wb") as file:
            np.savez(file, **arrays)
        half.write_bytes(content[: len(content) // 2])
        CHECKPOINT_VERSION += 1
        try:
            save_checkpoint(future, model, optimizer, 7)
        finally:
            CHECKPOINT_VERSION -= 1
        twin, twins_optimizer = small_run(1)
        before = values_of(twin, twins_optimizer)
        for file, word in [(edited, "edited"), (half, "half"), (future, "version")]:
            problem = refusal(lambda: load_checkpoint(file, twin, twins_optimizer))
            assert word in problem, (
                f"load_checkpoint of a file that is {file.name}: expected a ValueError, got: {problem}"
            )
        slim = small_run(1, make=lambda p: SGD(p, lr=0.1, momentum=0.9))
        sizes = refusal(lambda: load_checkpoint(path, *small_run(1, size=4)))
        assert "shape" in sizes, (
            f"load_checkpoint into another model: expected a ValueError about shapes, got: {sizes}"
        )
        kept = values_of(*slim)
        kinds = refusal(lambda: load_checkpoint(path, *slim))
        assert kinds != "no ValueError", (
            "load_checkpoint: Adam's state in an SGD optimizer must raise ValueError"
        )
        assert values_of(twin, twins_optimizer) == before and values_of(*slim) == kept, (
            "load_checkpoint: a refused file must change nothing; the model must get its weights back when the "
            "optimizer refuses"
        )
    print("checkpoints: complete, proved, atomic, all or nothing")


test_unit_checkpoint()
### BEGIN HIDDEN TESTS
from tinytorch_lab.probes import probe, raises, rng

x, y = rng.normal(size=(3, 4)), rng.integers(0, 9, size=5)
base = content_hash("h", {"x": x, "y": y})
same = [{"y": y, "x": x}, {"x": np.asfortranarray(x), "y": y}, {"x": np.repeat(x, 2, axis=1)[:, ::2], "y": y}]
probe("equal content", [content_hash("h", arrays) == base for arrays in same])
different = [
    {"x": x},
    {"x": x, "y": y, "z": y[:0]},
    {"x": x.T, "y": y},
    {"x": x.reshape(-1), "y": y},
    {"x": y, "y": x},
    {"x": x, "y": y[::-1]},
    {"x": x.astype(np.float32), "y": y},
    {"x": x, "y": y.view(np.uint64)},
    {"xy": x, "": y},
]
probe("different content", [content_hash("h", arrays) == base for arrays in different])
probe("empty", content_hash("h", {"x": x[:0]}) == content_hash("h", {"x": x[:, :0]}))
with tempfile.TemporaryDirectory() as folder:
    path = Path(folder, "file.with.dots")
    model, optimizer = small_run(5, steps=int(rng.integers(1, 6)))
    digest = save_checkpoint(str(path), model, optimizer, 3, rate=0.1, losses=[1.5, math.inf], nothing=None)
    probe("one file, where it should be", sorted(file.name for file in Path(folder).iterdir()))
    header, arrays = read_checkpoint(path)
    probe("arrays", {name: arrays[name] for name in sorted(arrays)})
    probe("header", [header["epoch"], header["version"], header["digest"] == digest])
    twin, twins_optimizer = small_run(6)
    state = load_checkpoint(str(path), twin, twins_optimizer)
    probe("extra", [state["rate"], state["losses"], state["nothing"] is None, state["epoch"], sorted(state)])
    probe("restored", values_of(twin, twins_optimizer))
    fresh, fresh_optimizer = small_run(7, steps=0)
    load_checkpoint(path, fresh, fresh_optimizer)
    probe("restored into a fresh optimizer", values_of(fresh, fresh_optimizer))
    model.layers[0].weight.data[0, 0] += 1
    probe("another hash", save_checkpoint(path, model, optimizer, 3) == digest)
    content, outcomes = path.read_bytes(), set()
    with np.load(path) as entries:
        entry = entries["model/layers.1.weight"].tobytes()
    place = content.index(entry)
    for offset in range(0, len(entry), 3):
        damaged = bytearray(content)
        damaged[place + offset] ^= 4
        path.write_bytes(damaged)
        outcomes.add(raises(lambda: read_checkpoint(path)))
    probe("a flipped bit in a weight", sorted(outcomes))
    for number, junk in enumerate([b"", b"not an archive", content[:-30], content[: len(content) // 3]]):
        path.write_bytes(junk)
        probe(
            f"junk {number}",
            [raises(lambda: load_checkpoint(path, model)), raises(lambda: read_checkpoint(path))],
        )
    probe("no file", raises(lambda: load_checkpoint(Path(folder, "none"), model, optimizer)))
    shorter = {name: arrays[name] for name in list(arrays)[1:]}
    text = json.dumps({"version": 1, "epoch": 0, "extra": {}})
    write_atomically(path, {"header": np.array(text), "digest": np.array("0" * 64), **shorter})
    probe("wrong digest", raises(lambda: read_checkpoint(path)))
    write_atomically(
        path, {"header": np.array(text), "digest": np.array(content_hash(text, shorter)), **shorter}
    )
    before = values_of(twin, twins_optimizer)
    probe("an array is missing", raises(lambda: load_checkpoint(path, twin, twins_optimizer)))
    probe("nothing changed", values_of(twin, twins_optimizer) == before)

    def no_rename(*_):
        raise PermissionError("read-only")

    old, original = path.read_bytes(), os.replace
    os.replace = no_rename
    try:
        failure = raises(lambda: write_atomically(path, arrays))
    finally:
        os.replace = original
    probe("a failed rename", [failure, path.read_bytes() == old, len(list(Path(folder).iterdir()))])
    probe("not JSON", raises(lambda: save_checkpoint(path, model, optimizer, 0, bad=np.ones(2))))
    probe("old file is still there", path.read_bytes() == old)
### END HIDDEN TESTS

# %% [markdown]
r"""
## 8. The Trainer

The trainer holds what a run consists of, and two counters: `epoch` (epochs done) and `step` (steps done).

- `train_epoch(loader)` goes through the batches once. It puts the model into training mode, takes the batches
  in groups of `accumulate` (the last group may be smaller), sets the rate by the schedule if there is one,
  and averages the losses by samples.
- `evaluate(data)` is your function of section 3 with the trainer's loss.
- `fit(data, epochs, val, early_stopping)` runs epochs and writes the history.
- `save` and `load` are checkpoints with counters and history.

Think about **resuming** when you write `fit`. A run that is continued from a checkpoint is to visit the samples in
the order in which the uninterrupted run would have visited them. The order is a function of the loader's seed
and the number of the epoch (Module 05). The seed is in the checkpoint (for the loaders that the trainer makes
itself; whoever passes a `DataLoader` has to give it the same seed again), and the epoch is
`self.epoch`. So say it to the loader before *every* epoch, and do not rely on where its own counter happens to
be: somebody may have looked at a batch.

The order of things at the end of an epoch matters, too: history and counter first, then `on_epoch(self)` (where
the caller prints, or saves), and only then the question whether to stop. A checkpoint made in `on_epoch` must
contain the epoch that has just ended.

`fit` leaves the model with the weights of the *last* epoch. The best ones are kept by whoever wants them:

```python
def keep_best(trainer):
    if trainer.history.best_epoch == len(trainer.history) - 1:
        trainer.save("best.ckpt")

trainer.fit(train, 100, val, EarlyStopping(5), on_epoch=keep_best)
```
"""

# %% nbgrader={"grade": false, "grade_id": "trainer", "locked": false, "schema_version": 3, "solution": true, "task": false}
#| export
def groups_of(size: int, batches: Iterable[Batch]) -> Iterator[list[Batch]]:
    """The batches in lists of ``size``; the last list may be shorter."""
    batches = iter(batches)
    while group := list(islice(batches, size)):
        yield group


class Trainer:
    """Trains a model, counts epochs and steps, and writes a history.

    schedule: gives the learning rate of step 0, 1, …; without one, the optimizer keeps its own.
    batch_size, seed: for the shuffled loader that ``fit`` makes when it gets a dataset.
    accumulate: so many batches make one step.
    clip_norm: limit for the norm of the gradient.
    """

    def __init__(
        self,
        model: Module,
        optimizer: Optimizer,
        loss: Callable[[Tensor, Tensor], Tensor],
        schedule: Schedule | None = None,
        *,
        batch_size: int = 32,
        seed: int = 0,
        accumulate: int = 1,
        clip_norm: float | None = None,
    ) -> None:
        if accumulate < 1:
            raise ValueError(f"a step takes at least one batch, accumulate is {accumulate}")
        self.model, self.optimizer, self.loss, self.schedule = model, optimizer, loss, schedule
        self.batch_size, self.seed = batch_size, seed
        self.accumulate, self.clip_norm = accumulate, clip_norm
        self.epoch = 0
        self.step = 0
        self.history = History()

    def train_epoch(self, loader: Iterable[Batch]) -> float:
        """Train on each batch once; return the mean loss of the samples, each taken before its step.

        Advances ``step``, not ``epoch``. Raises ValueError if there are no batches.
        Hint: ``train_step`` does the work, ``groups_of`` the grouping.
        """
        ### BEGIN SOLUTION
        self.model.train()
        total, samples = 0.0, 0
        for group in groups_of(self.accumulate, loader):
            if self.schedule is not None:
                self.optimizer.lr = self.schedule(self.step)
            count = sum(len(batch[-1]) for batch in group)
            total += count * train_step(self.model, self.optimizer, self.loss, group, self.clip_norm)
            samples += count
            self.step += 1
        if not samples:
            raise ValueError("there are no batches to train on: an empty dataset, or a dropped short batch?")
        return total / samples
        ### END SOLUTION

    def evaluate(self, data: Dataset | DataLoader | Iterable[Batch], metric: Metric | None = None) -> float:
        """Mean of ``metric``, or of the trainer's loss, over ``data``; see the function of the same name."""
        return evaluate(self.model, data, metric or self.loss, self.batch_size)

    def fit(
        self,
        data: Dataset | DataLoader,
        epochs: int,
        val: Dataset | DataLoader | None = None,
        early_stopping: EarlyStopping | None = None,
        on_epoch: "Callable[[Trainer], None] | None" = None,
    ) -> History:
        """Train for so many more epochs, or until ``early_stopping`` ends the run; return the whole history.

        data: a loader, or a dataset, which gets a shuffled loader with the trainer's batch size and seed.
        Both run in the orders of epochs ``self.epoch``, ``self.epoch`` + 1, …
        val: validated after each epoch. Raises ValueError if ``early_stopping`` comes without it.
        on_epoch: called with this trainer after each epoch, when counter and history are up to date.
        """
        if early_stopping is not None and val is None:
            raise ValueError("early stopping judges the validation loss: fit(…, val=…) is missing")
        if isinstance(data, DataLoader):
            loader = data
        else:
            loader = DataLoader(data, self.batch_size, shuffle=True, seed=self.seed)
        ### BEGIN SOLUTION
        for _ in range(epochs):
            start = time.perf_counter()
            loader.epoch = self.epoch
            train_loss = self.train_epoch(loader)
            val_loss = math.nan if val is None else self.evaluate(val)
            self.epoch += 1
            self.history.add(train_loss, val_loss, self.optimizer.lr, time.perf_counter() - start)
            if on_epoch is not None:
                on_epoch(self)
            if early_stopping is not None and early_stopping.should_stop(self.history.val_loss):
                break
        return self.history
        ### END SOLUTION

    def save(self, path: str | os.PathLike) -> str:
        """Write a checkpoint of the run between two epochs; return its content hash."""
        extra = {"step": self.step, "seed": self.seed, "history": asdict(self.history)}
        return save_checkpoint(path, self.model, self.optimizer, self.epoch, **extra)

    def load(self, path: str | os.PathLike) -> None:
        """Continue from what ``save`` wrote; it is up to the caller to bring the same schedule and data."""
        state = load_checkpoint(path, self.model, self.optimizer)
        self.epoch, self.step, self.seed = state["epoch"], state["step"], state["seed"]
        self.history = History(**state["history"])


# %% [markdown]
"""
### Testing the loop

First the loop by itself: steps, rates, modes, orders, averages and stopping. After that, resuming.
"""

# %% nbgrader={"grade": true, "grade_id": "test_trainer", "locked": true, "points": 8, "schema_version": 3, "solution": false, "task": false}
class Spy(Module):
    """A model with one weight that notes which samples (their first feature) it is asked about, and its mode."""

    def __init__(self):
        self.weight = Parameter([[1.0]])
        self.seen = []

    def forward(self, x):
        self.seen.append((self.training, [int(value) for value in x.data[:, 0]]))
        return x @ self.weight


def counted(n):
    """n samples with the features 0 … n - 1 and the targets 1."""
    return TensorDataset(np.arange(n)[:, None] * 1.0, np.ones((n, 1)))


def test_unit_trainer():
    """Epochs, steps, rates, modes, orders and stopping."""
    model = Spy()
    trainer = Trainer(model, SGD(model.parameters(), lr=0.0), mse_loss, accumulate=2)
    model.eval()
    got = trainer.train_epoch(DataLoader(counted(7), 2))
    assert all(mode for mode, _ in model.seen), "train_epoch: the model must be in training mode"
    assert [rows for _, rows in model.seen] == [[0, 1], [2, 3], [4, 5], [6]], (
        f"train_epoch: expected each batch once, got {[rows for _, rows in model.seen]}"
    )
    expected = np.mean((np.arange(7) - 1.0) ** 2)
    np.testing.assert_allclose(
        got, expected, rtol=1e-6, err_msg="train_epoch: mean loss; each sample counts once"
    )
    state = (trainer.step, trainer.epoch)
    assert state == (2, 0), f"train_epoch, 4 batches, accumulate=2: expected 2 steps and epoch 0, got {state}"
    try:
        trainer.train_epoch([])
    except ValueError:
        pass
    else:
        raise AssertionError("train_epoch: no batches must raise ValueError")

    rates = []

    class Noted(SGD):
        def step(self):
            rates.append(self.lr)
            super().step()

    model = Spy()
    trainer = Trainer(
        model, Noted(model.parameters(), lr=9.0), mse_loss, lambda step: 0.01 / (1 + step), batch_size=3
    )
    history = trainer.fit(counted(7), 2, val=counted(4))
    np.testing.assert_allclose(
        rates,
        [0.01 / step for step in range(1, 7)],
        err_msg="fit: the rates of six steps; the schedule counts steps, "
        "over all epochs, and is asked before each step",
    )
    assert history is trainer.history, "fit: return the trainer's history"
    assert (trainer.epoch, trainer.step, len(history)) == (2, 6, 2), (
        f"fit, two epochs of three steps: expected epoch 2, step 6 and 2 entries, got "
        f"{(trainer.epoch, trainer.step, len(history))}"
    )
    np.testing.assert_allclose(
        history.lr, [0.01 / 3, 0.01 / 6], err_msg="history.lr: the rate at the end of the epoch"
    )
    np.testing.assert_allclose(
        history.val_loss[-1],
        np.mean((np.arange(4) * model.weight.data[0, 0] - 1) ** 2),
        rtol=1e-5,
        err_msg="history.val_loss: the loss on val after the epoch's last step",
    )
    orders = [rows for mode, rows in model.seen if mode]
    epochs = [[row for rows in orders[i : i + 3] for row in rows] for i in (0, 3)]
    reference = DataLoader(counted(7), 3, shuffle=True, seed=0)
    for number, epoch in enumerate(epochs):
        expected = reference.order(number).tolist()
        assert epoch == expected, (
            f"fit(dataset): epoch {number} must run in order({number}) = {expected}, got {epoch}"
        )

    model.seen.clear()
    loader = DataLoader(counted(7), 7, shuffle=True, seed=4)
    next(iter(loader))
    trainer.fit(loader, 1)
    expected = loader.order(2).tolist()
    assert model.seen == [(True, expected)], (
        f"fit(loader) by a trainer at epoch 2: expected order(2) = {expected}, whatever the loader's counter was; "
        f"got {model.seen}"
    )
    assert math.isnan(history.val_loss[2]), "fit without val: the validation loss of the epoch is NaN"

    calls = []
    model = Spy()
    trainer = Trainer(model, SGD(model.parameters(), lr=0.0), mse_loss)
    trainer.fit(
        counted(4), 9, counted(4), EarlyStopping(3), lambda t: calls.append((t.epoch, len(t.history)))
    )
    assert trainer.epoch == 4, (
        f"fit: nothing improves after the first epoch, patience 3: stop after 4, not {trainer.epoch}"
    )
    assert calls == [(count, count) for count in range(1, 5)], (
        f"fit: on_epoch after each epoch, counter and history up to date, the last one too; got {calls}"
    )
    print("Trainer: steps, rates, modes, orders and stopping are right")


test_unit_trainer()
### BEGIN HIDDEN TESTS
from tinytorch_lab.probes import probe, raises, rng

x, y = rng.normal(size=(23, 3)), rng.integers(0, 4, size=23)
data, held_out = TensorDataset(x, y), TensorDataset(rng.normal(size=(9, 3)), rng.integers(0, 4, size=9))


def trained(source, epochs=3, **options):
    net = Sequential(
        Linear(3, 6, rng=np.random.default_rng(0)), Tell(), Linear(6, 4, rng=np.random.default_rng(1))
    )
    trainer = Trainer(net, SGD(net.parameters(), lr=0.2, momentum=0.5), cross_entropy, **options)
    return trainer, trainer.fit(source, epochs, held_out)


for options in (
    {"batch_size": 5},
    {"batch_size": 4, "accumulate": 4, "seed": 7},
    {"clip_norm": 0.02, "batch_size": 8},
):
    trainer, history = trained(data, **options)
    probe(f"{options}", [history.train_loss, history.val_loss, [p.data for p in trainer.model.parameters()]])
loader = DataLoader(data, 6, shuffle=True, drop_last=True, seed=3)
trainer, history = trained(loader, schedule=StepDecay(0.5, 4, 0.3))
probe("a loader, a schedule", [history.train_loss, history.lr, trainer.step, loader.epoch])
probe("modes", [sorted(set(trainer.model.layers[1].calls)), trainer.model.training])
probe(
    "evaluate",
    [trainer.evaluate(data), trainer.evaluate(data, accuracy), trainer.evaluate(loader), loader.epoch],
)
for _ in loader:
    break
trainer.fit(loader, 2)
probe(
    "more epochs",
    [trainer.epoch, trainer.step, history.train_loss, [math.isnan(v) for v in history.val_loss]],
)
probe("no epochs", [len(trainer.fit(data, 0)), trainer.epoch])
probe("without val", raises(lambda: trainer.fit(data, 1, early_stopping=EarlyStopping(1))))
order = []
trainer.fit(
    data, 3, held_out, EarlyStopping(1, min_delta=100.0), lambda t: order.append([t.epoch, len(t.history)])
)
probe("stopping after a look at the whole history", [order, trainer.epoch])
whole, parts = trained(data, batch_size=23), trained(data, batch_size=3, accumulate=8)
close = [np.allclose(a, b, atol=1e-5) for a, b in zip(whole[1].train_loss, parts[1].train_loss)]
probe("accumulation equals one batch", close)
probe("empty", raises(lambda: trainer.fit(TensorDataset(x[:0], y[:0]), 1)))
### END HIDDEN TESTS

# %% [markdown]
"""
### Testing a resumed run

Two runs of the same length: one goes through, the other is saved half way and continued by a *new* model, a new
optimizer and a new trainer, started from other random numbers. Both must end with the same weights. Not nearly
the same: the same bits.
"""

# %% nbgrader={"grade": true, "grade_id": "test_resume", "locked": true, "points": 6, "schema_version": 3, "solution": false, "task": false}
def new_trainer(seed, loader_seed=0):
    """A trainer with Adam, warm-up, accumulation and clipping, before its first step."""
    draw = np.random.default_rng(seed)
    model = Sequential(Linear(5, 8, rng=draw), Tell(), Linear(8, 3, rng=draw))
    optimizer = Adam(model.parameters(), lr=0.5)
    schedule = CosineSchedule(0.02, warmup=3, total=40)
    return Trainer(
        model, optimizer, cross_entropy, schedule, batch_size=4, seed=loader_seed, accumulate=2, clip_norm=0.5
    )


def same_bits(a, b):
    """Whether two trainers have identical weights and identical optimizer states."""
    pairs = zip(values_of(a.model, a.optimizer), values_of(b.model, b.optimizer), strict=True)
    return all(first == second for first, second in pairs)


def test_unit_resume():
    """A resumed run equals the uninterrupted one in every bit: weights, optimizer, counters, history."""
    draw = np.random.default_rng(3)
    data = TensorDataset(draw.normal(size=(30, 5)), draw.integers(0, 3, size=30))
    val = TensorDataset(draw.normal(size=(10, 5)), draw.integers(0, 3, size=10))
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "half.ckpt")
        straight = new_trainer(1, loader_seed=5)
        straight.fit(data, 3, val)
        straight.save(path)
        frozen = straight.model.state_dict()
        straight.fit(data, 3, val)
        resumed = new_trainer(2)
        resumed.fit(data, 1)
        resumed.load(path)
        for name, array in resumed.model.state_dict().items():
            np.testing.assert_array_equal(
                array, frozen[name], err_msg=f"after load: {name} is not what was saved"
            )
        counters = (resumed.epoch, resumed.step, len(resumed.history))
        assert counters == (3, 12, 3), (
            f"after load: expected epoch 3, step 12 and 3 entries of history, got {counters}"
        )
        resumed.fit(data, 3, val)
    for name, losses in (
        ("train_loss", straight.history.train_loss),
        ("val_loss", straight.history.val_loss),
    ):
        got = getattr(resumed.history, name)
        assert got == losses, (
            f"a resumed run has other values of {name} from epoch 3 on: order of the samples (loader.epoch), state of "
            f"the optimizer, or step of the schedule?\n uninterrupted {losses}\n resumed       {got}"
        )
    assert resumed.history.lr == straight.history.lr, (
        "a resumed run has other learning rates: is step restored?"
    )
    assert same_bits(straight, resumed), "a resumed run must end with the same bits in weights and optimizer"
    print("resume: six epochs, and three and three, end with the same bits")


test_unit_resume()
### BEGIN HIDDEN TESTS
from tinytorch_lab.probes import probe, raises, rng

data = TensorDataset(rng.normal(size=(19, 5)), rng.integers(0, 3, size=19))
val = TensorDataset(rng.normal(size=(6, 5)), rng.integers(0, 3, size=6))
with tempfile.TemporaryDirectory() as folder:
    path = Path(folder, "any")
    straight = new_trainer(4, loader_seed=2)
    digests = []
    straight.fit(data, 5, val, on_epoch=lambda t: digests.append(t.save(Path(folder, f"epoch{t.epoch}"))))
    probe("five different hashes", len(set(digests)))
    for epoch in range(1, 5):
        resumed = new_trainer(10 + epoch)
        resumed.load(Path(folder, f"epoch{epoch}"))
        resumed.fit(data, 5 - epoch, val)
        probe(
            f"resumed after {epoch}", [same_bits(straight, resumed), resumed.history.train_loss, resumed.step]
        )
    last = new_trainer(20)
    last.load(Path(folder, "epoch5"))
    probe("hash of the same state", last.save(path) == digests[-1])
    loaders = [DataLoader(data, 6, shuffle=True, seed=8) for _ in range(2)]
    straight, resumed = new_trainer(5), new_trainer(6)
    straight.fit(loaders[0], 2, val)
    straight.save(path)
    straight.evaluate(loaders[0])
    straight.fit(loaders[0], 2, val)
    resumed.load(path)
    resumed.fit(loaders[1], 2, val)
    probe(
        "with loaders", [same_bits(straight, resumed), straight.history.val_loss == resumed.history.val_loss]
    )
    stopping = EarlyStopping(3, min_delta=50.0)
    straight, resumed = new_trainer(5), new_trainer(6)
    straight.fit(data, 2, val)
    straight.save(path)
    resumed.load(path)
    ends = [trainer.fit(data, 9, val, stopping) and trainer.epoch for trainer in (straight, resumed)]
    probe("early stopping resumes", [ends, same_bits(straight, resumed)])
    probe("seed and counters", [resumed.seed, resumed.step, resumed.epoch])
    before = values_of(resumed.model, resumed.optimizer)
    path.write_bytes(path.read_bytes()[:-5])
    probe(
        "damaged", [raises(lambda: resumed.load(path)), values_of(resumed.model, resumed.optimizer) == before]
    )
### END HIDDEN TESTS

# %% [markdown]
r"""
### What a forgotten piece does

The next cell interrupts a run and resumes it four times: from everything, and with one piece of the state
missing. All of them "work": no error, falling losses. What to look for: the line of the complete state lies on
the uninterrupted one, and its difference is printed as exactly 0. Without Adam's averages there is a jump right
after the interruption. Without the step number the schedule starts over, with warm-up and a high rate. The
wrong order of samples shows nearly nothing, except in the last column: the run is another one.
"""

# %% tags=["measure"]
import matplotlib.pyplot as plt

from tinytorch.activations import Tanh

draw = np.random.default_rng(0)
labels = draw.integers(0, 6, size=512)
clusters = TensorDataset(2.0 * np.eye(6, 10)[labels] + 0.6 * draw.normal(size=(512, 10)), labels)


def cluster_trainer(seed=0):
    generator = np.random.default_rng(seed)
    model = Sequential(Linear(10, 32, rng=generator), Tanh(), Linear(32, 6, rng=generator))
    schedule = CosineSchedule(0.03, warmup=16, total=192, minimum=0.01)
    return Trainer(model, Adam(model.parameters()), cross_entropy, schedule)


def record_steps(trainer, epochs):
    """Train, and return the loss of each step."""
    losses = []

    def noted(prediction, target):
        value = cross_entropy(prediction, target)
        losses.append(value.item())
        return value

    trainer.loss = noted
    trainer.fit(clusters, epochs)
    return losses


with tempfile.TemporaryDirectory() as folder:
    path = Path(folder, "run.ckpt")
    straight = cluster_trainer()
    first_half = record_steps(straight, 6)
    straight.save(path)
    runs = {"uninterrupted": record_steps(straight, 6)}
    ends = {"uninterrupted": straight}
    for name in ("everything", "no optimizer state", "no step number", "another order"):
        trainer = cluster_trainer(seed=1)
        trainer.load(path)
        if name == "no optimizer state":
            trainer.optimizer = Adam(trainer.model.parameters())
        elif name == "no step number":
            trainer.step = 0
        elif name == "another order":
            trainer.epoch = 0
        runs[name], ends[name] = record_steps(trainer, 6), trainer
figure, axis = plt.subplots(figsize=(8, 3.8))


def smooth(losses):
    return np.convolve(losses, np.ones(6) / 6, mode="valid")


axis.semilogy(np.arange(len(first_half))[5:], smooth(first_half), color="black", lw=1)
print(
    f"{'resumed from':22} {'highest loss, then':>19} {'mean loss':>10} {'largest difference of a weight':>31}"
)
for name, losses in runs.items():
    style = {"color": "black", "lw": 4, "alpha": 0.25} if name == "uninterrupted" else {"lw": 1.2}
    axis.plot(96 + np.arange(96)[5:], smooth(losses), label=name, **style)
    pairs = zip(ends["uninterrupted"].model.parameters(), ends[name].model.parameters())
    difference = max(float(np.abs(a.data - b.data).max()) for a, b in pairs)
    print(f"{name:22} {smooth(losses).max():19.4f} {np.mean(losses):10.4f} {difference:31.2g}")
axis.axvline(96, color="black", ls=":")
axis.set(xlabel="step", ylabel="loss, mean of 6 steps", title="interrupted after 96 steps")
axis.legend()
plt.show()

# %% [markdown]
r"""
### Early stopping at work

Thirty noisy samples of a sine, 64 hidden units: enough capacity to learn the noise. What to look for: the training
loss falls to the end, while the validation loss turns round. The vertical lines are the best epoch and the epoch
in which `EarlyStopping(40)` ends the run: patience pays for not being fooled by a single bad epoch with epochs
that are thrown away. The printed lines say what a checkpoint of the best epoch is worth. And the last one: the
training loss of the first epoch, and the loss of *the same samples* evaluated after it. Each batch is measured before
its step, so the average belongs to no model that ever existed, and it lags behind when the loss falls quickly.
"""

# %% tags=["measure"]
import matplotlib.pyplot as plt

from tinytorch.activations import Tanh


def sine(n, seed):
    draw = np.random.default_rng(seed)
    t = draw.uniform(-3, 3, size=(n, 1))
    return TensorDataset(t, np.sin(t) + 0.4 * draw.normal(size=(n, 1)))


def sine_trainer():
    generator = np.random.default_rng(4)
    model = Sequential(
        Linear(1, 64, rng=generator),
        Tanh(),
        Linear(64, 64, rng=generator),
        Tanh(),
        Linear(64, 1, rng=generator),
    )
    return Trainer(model, Adam(model.parameters(), lr=0.004), mse_loss, batch_size=15)


few, many = sine(30, 0), sine(200, 1)
stopped, complete = sine_trainer(), sine_trainer()
with tempfile.TemporaryDirectory() as folder:
    path = Path(folder, "best.ckpt")

    def keep_best(trainer):
        if trainer.history.best_epoch == len(trainer.history) - 1:
            trainer.save(path)

    stopped.fit(few, 500, many, EarlyStopping(40), keep_best)
    last_loss = stopped.evaluate(many)
    load_checkpoint(path, stopped.model)
    best_loss = stopped.evaluate(many)
record = complete.fit(few, 500, many)
best, end = stopped.history.best_epoch, len(stopped.history)
print(f"best epoch {best}: validation loss {best_loss:.3f} (from the checkpoint)")
print(f"stopped after {end} epochs: {last_loss:.3f}; after all {len(record)}: {record.val_loss[-1]:.3f}")
print(
    f"training loss: {record.train_loss[best]:.3f} at the best epoch, {record.train_loss[-1]:.3f} at the end"
)
beginner = sine_trainer()
average = beginner.fit(few, 1).train_loss[0]
print(f"first epoch: training loss {average:.3f}; the same samples after it: {beginner.evaluate(few):.3f}")
figure, axis = plt.subplots(figsize=(7, 3.6))
axis.semilogy(record.train_loss, label="training")
axis.semilogy(record.val_loss, label="validation")
axis.axvline(best, color="C2", ls="--", label="best epoch")
axis.axvline(end - 1, color="C3", ls="--", label="stopped")
axis.set(xlabel="epoch", ylabel="loss (MSE)", title="30 samples, 4,353 weights")
axis.legend()
plt.show()

# %% [markdown]
r"""
## 9. Memory and Complexity

### Where the memory of a step goes

Section 1 predicted four terms. The next cell measures them for a small classifier: parameters, gradients,
optimizer state (`optimizer_memory` of Module 07), what the graph of one batch retains (`graph_memory` of Module
06, without parameters), and for comparison the peak that tracemalloc sees during a whole step *on top of*
weights and optimizer state. What to look for:

- the three figures of the first line do not depend on the batch; the graph is proportional to it. At which batch
  does it overtake those three together?
- the measured peak lies above graph + gradients: the way back needs arrays of its own while it runs;
- under `no_grad` the same forward pass peaks far below. Serving a model is not training without the last line.
"""

# %% tags=["measure"]
from tinytorch.activations import ReLU
from tinytorch.autograd import graph_memory
from tinytorch.optimizers import optimizer_memory
from tinytorch.setup import measure_memory


def classifier(width=256, depth=4):
    generator = np.random.default_rng(0)
    layers = [Linear(64, width, rng=generator), ReLU()]
    for _ in range(depth - 2):
        layers += [Linear(width, width, rng=generator), ReLU()]
    return Sequential(*layers, Linear(width, 10, rng=generator))


def random_batch(n, seed=0):
    draw = np.random.default_rng(seed)
    return Tensor(draw.normal(size=(n, 64))), Tensor(draw.integers(0, 10, size=n))


model = classifier()
optimizer = Adam(model.parameters())
train_step(model, optimizer, cross_entropy, [random_batch(8)])
weights = sum(parameter.memory_footprint() for parameter in model.parameters())
gradients = sum(parameter.grad.nbytes for parameter in model.parameters())
state = optimizer_memory(optimizer)
print(f"parameters {weights / 1e6:.2f} MB, gradients {gradients / 1e6:.2f} MB, Adam {state / 1e6:.2f} MB")
print(
    f"{'batch':>6} {'graph, MB':>10} {'graph + gradients':>18} {'peak of a step':>15} {'peak of no_grad':>16}"
)
for size in (1, 16, 64, 256, 1024):
    batch = random_batch(size)
    loss_value = cross_entropy(model(batch[0]), batch[1])
    kept = graph_memory(loss_value) - weights
    del loss_value
    optimizer.zero_grad()
    peak = measure_memory(lambda: train_step(model, optimizer, cross_entropy, [batch]))[1]
    silent = measure_memory(lambda: evaluate(model, [batch], cross_entropy))[1]
    print(
        f"{size:6} {kept / 1e6:10.2f} {(kept + gradients) / 1e6:18.2f} {peak / 1e6:15.2f} {silent / 1e6:16.2f}"
    )

# %% [markdown]
r"""
### Accumulation: memory against time

One step with 1,024 samples, in 1 to 64 parts. What to look for: the peak falls with the size of a part until
gradients and temporaries of a step are all that is left; the weights after the step agree to rounding; and the
time rises only when the parts are so small that the fixed price per op (Module 06) dominates. The last line accumulates loss *tensors* and calls `backward` once at the end: the same gradient,
and hardly any memory saved.
"""

# %% tags=["measure"]
def parts(count):
    x, y = random_batch(1024)
    return parts_of((x.data, y.data), *[1024 // count] * count)


def summed_at_the_end(model, optimizer, loss, batches):
    optimizer.zero_grad()
    total = sum((loss(model(x), y) * (1 / len(batches)) for x, y in batches), Tensor(0.0))
    total.backward()
    optimizer.step()


def step_of(work, count):
    """Seconds, peak and resulting weights of one step from the same start."""
    model, batches, seconds = classifier(), parts(count), []
    optimizer = SGD(model.parameters(), lr=0.1)
    for _ in range(3):
        model.load_state_dict(classifier().state_dict())
        start = time.perf_counter()
        work(model, optimizer, cross_entropy, batches)
        seconds.append(time.perf_counter() - start)
    optimizer.zero_grad()
    result = np.concatenate([p.data.ravel() for p in model.parameters()])
    peak = measure_memory(lambda: work(model, optimizer, cross_entropy, batches))[1]
    return min(seconds), peak, result


reference = step_of(train_step, 1)[2]
print(f"{'parts':>6} {'samples each':>13} {'peak, MB':>9} {'ms':>7} {'largest difference of a weight':>31}")
for count in (1, 4, 16, 64):
    seconds, peak, result = step_of(train_step, count)
    difference = np.abs(result - reference).max()
    print(f"{count:6} {1024 // count:13} {peak / 1e6:9.2f} {seconds * 1e3:7.1f} {difference:31.1e}")
seconds, peak, result = step_of(summed_at_the_end, 16)
print(f"{16:6} {64:13} {peak / 1e6:9.2f} {seconds * 1e3:7.1f}   ← losses added as tensors")

# %% [markdown]
r"""
### The price of looking

Validation, metrics and checkpoints train nothing. What do they cost? The next cell measures an epoch of training
on 4,096 samples, and in units of it a validation on as many samples, the computation of the accuracy alone,
and a checkpoint. What to look for: a forward pass without recording costs roughly a third of a step (Module 06
measured the ratio); the metric itself is next to nothing *here*, where it is one `argmax` per row. The file
holds about three times the parameters: Adam's averages are saved as well. And the hash, which reads every
byte, against the writing of it.
"""

# %% tags=["measure"]
def best_of(fn, repeats=3):
    seconds = []
    for _ in range(repeats):
        start = time.perf_counter()
        fn()
        seconds.append(time.perf_counter() - start)
    return min(seconds)


x, y = random_batch(4096)
digits, model = TensorDataset(x, y), classifier()
trainer = Trainer(model, Adam(model.parameters()), cross_entropy, batch_size=64)
loader = DataLoader(digits, 64, shuffle=True, seed=0)
epoch = best_of(lambda: trainer.train_epoch(loader))
validation = best_of(lambda: trainer.evaluate(digits))
with no_grad():
    scores = model(x)
metric = best_of(lambda: accuracy(scores, y))
with tempfile.TemporaryDirectory() as folder:
    path = Path(folder, "run.ckpt")
    saving = best_of(lambda: trainer.save(path))
    loading = best_of(lambda: trainer.load(path))
    size = path.stat().st_size
    _, arrays = read_checkpoint(path)
    hashing = best_of(lambda: content_hash("", arrays))
weights = sum(parameter.memory_footprint() for parameter in model.parameters())
print(f"{'epoch of training':28} {epoch * 1e3:8.1f} ms   100.0 %")
for name, seconds in {
    "validation, as many samples": validation, "accuracy of given scores": metric, "checkpoint: save": saving,
    "  of which the hash": hashing, "checkpoint: load": loading,
}.items():
    print(f"{name:28} {seconds * 1e3:8.1f} ms {seconds / epoch:7.1%}")
print(f"file {size / 1e6:.2f} MB = {size / weights:.2f} × parameters ({weights / 1e6:.2f} MB)")

# %% [markdown]
r"""
## 10. In Production

**The loop.** PyTorch leaves the loop to its users: `optimizer.zero_grad()`, `loss.backward()`,
`optimizer.step()`, in your order. Libraries such as Lightning, Keras or Hugging Face's `Trainer` own the loop and
call the user back, as `on_epoch` does. The price of owning it is a long list of options.

**Modes.** `model.eval()` and `torch.no_grad()` are independent there as well, and forgetting one of them is as
common. `torch.inference_mode()` goes further than `no_grad` and saves the bookkeeping of versions (Module 06).

**Schedules.** `torch.optim.lr_scheduler` has objects with state: they multiply the current rate, must be
stepped in the right place, and must be saved. `LambdaLR` is built around a function of the step like ours.

**Checkpoints.** `torch.save` writes a zip archive around a pickle. Since version 2.6, `torch.load` has
`weights_only=True` as its default and unpickles only what is on a list of permitted types: for years, loading a
model from the internet meant running its author's code. `safetensors`, the usual format on model hubs, is a
JSON header and raw bytes, without any code, and can be mapped into memory. Large models are saved in
parts by all machines at once (`torch.distributed.checkpoint`), and *asynchronously*: copy to main memory,
go on training, write meanwhile. Your rename protects against a crash of the process; against loss of power, the
*directory* has to be synchronised too.

**Bit for bit.** Our runs repeat because one thread adds in one order. On a GPU some kernels add atomically, in
whatever order threads arrive; `torch.use_deterministic_algorithms(True)` selects slower ones that repeat. A
different number of machines, another library version, or another processor changes the rounding. What then
remains is a weaker promise, equality in distribution, which is harder to test. Dropout and data augmentation
draw random numbers: their generators are state, and belong into `extra`.

**Mixed precision.** With half-precision numbers, infinite gradients are an everyday event: `GradScaler` skips the
step and lowers its scale, where we raise an error.

## 11. What Breaks First at Scale

**Hardware.** If one machine fails once in five years on average, a thousand machines fail about once in
two days, and a synchronous run stops with each of them. Let a checkpoint take $\delta$ seconds, be written
every $\tau$, and let failures come every $M$ seconds on average. Lost are the time for writing, and half an
interval for each failure:

$$\text{overhead} \approx \frac{\delta}{\tau} + \frac{\tau}{2M}
\qquad\Rightarrow\qquad \tau^* = \sqrt{2\,\delta M} .$$

This is Young's formula. The next cell plays runs with random failures and compares. What to look for: the
minimum is flat, so a factor of two does little harm, while saving "once a day" on many machines costs a
multiple of the work itself (a played run is given up after twenty times its work); the formula fits well for
$\tau \ll M$; and in the table the number of machines enters as a square root, in the interval and in the
overhead. Halving $\delta$ (asynchronous writing) helps as much as machines that fail half as often.
"""

# %% tags=["measure"]
import matplotlib.pyplot as plt


def overhead(interval, writing, between_failures, work=200.0, seed=0):
    """Lost share of the time of a run that saves every ``interval``; hours, failures at random."""
    draw = np.random.default_rng(seed)
    elapsed, done, failure = 0.0, 0.0, draw.exponential(between_failures)
    while done < work:
        part = min(interval, work - done) + writing
        if elapsed + part <= failure:
            elapsed += part
            done += part - writing
        else:
            elapsed = failure
            failure += draw.exponential(between_failures)
            if elapsed > 20 * work:
                break
    return elapsed / work - 1  # given up after twenty times the work: then this is a lower bound


writing, year = 3 / 60, 365 * 24
figure, axis = plt.subplots(figsize=(7, 3.8))
intervals = np.geomspace(0.1, 24, 25)
print("a checkpoint takes 3 minutes, a machine fails once in 5 years")
print(
    f"{'machines':>9} {'failure every':>14} {'best interval':>14} {'overhead there':>15} {'played':>8} {'saving daily':>13}"
)
for color, machines in zip(("C0", "C1", "C2"), (100, 1000, 10_000)):
    between = 5 * year / machines
    played = [np.mean([overhead(t, writing, between, seed=s) for s in range(8)]) for t in intervals]
    axis.loglog(intervals, played, "o", ms=3, color=color, label=f"{machines:,} machines")
    axis.loglog(intervals, writing / intervals + intervals / (2 * between), color=color, lw=1)
    best = math.sqrt(2 * writing * between)
    at_best = np.mean([overhead(best, writing, between, seed=s) for s in range(8)])
    daily = np.mean([overhead(24, writing, between, seed=s) for s in range(8)])
    formula = writing / best + best / (2 * between)
    print(f"{machines:9,} {between:12.1f} h {best:12.2f} h {formula:15.1%} {at_best:8.1%} {daily:13.0%}")
axis.set(xlabel="hours between checkpoints", ylabel="overhead", ylim=(0.003, 30))
axis.set_title("dots: played runs of 200 hours, lines: formula")
axis.legend()
plt.show()

# %% [markdown]
r"""
## 12. Integration Test: XOR, Learned

**Milestone 2.** Eight Tanh units, Adam with a rate of 0.1, a hundred epochs: a loss below 0.01 and four right
answers out of four, from any start. The test builds everything from your parts, interrupts one of the runs, and
resumes it.
"""

# %% nbgrader={"grade": true, "grade_id": "test_xor", "locked": true, "points": 6, "schema_version": 3, "solution": false, "task": false}
from tinytorch.activations import XOR_INPUTS, XOR_TARGETS, Tanh

xor_data = TensorDataset(XOR_INPUTS, XOR_TARGETS[:, None])


def xor_trainer(seed):
    draw = np.random.default_rng(seed)
    network = Sequential(Linear(2, 8, rng=draw), Tanh(), Linear(8, 1, rng=draw))
    return Trainer(network, Adam(network.parameters(), lr=0.1), mse_loss)


def right_share(prediction, target):
    """Share of outputs on the right side of ½."""
    return accuracy(prediction - 0.5, target)


def test_unit_xor():
    """From several starts, XOR is learned within 100 epochs; an interrupted run is no exception."""
    for seed in range(3):
        trainer = xor_trainer(seed)
        before = trainer.evaluate(xor_data)
        history = trainer.fit(xor_data, 100, xor_data)
        loss, share = trainer.evaluate(xor_data), trainer.evaluate(xor_data, right_share)
        assert loss < 0.01, (
            f"XOR, start {seed}: the loss went from {before:.3f} to {loss:.3f} in 100 epochs, goal 0.01"
        )
        assert share == 1.0, f"XOR, start {seed}: {share:.0%} of the answers are right"
        np.testing.assert_allclose(
            history.val_loss[-1], loss, err_msg="XOR: the last entry of the history is not the loss"
        )
    with tempfile.TemporaryDirectory() as folder:
        half = xor_trainer(0)
        half.fit(xor_data, 50)
        half.save(Path(folder, "xor"))
        resumed = xor_trainer(9)
        resumed.load(Path(folder, "xor"))
        resumed.fit(xor_data, 50)
    straight = xor_trainer(0)
    straight.fit(xor_data, 100)
    assert same_bits(straight, resumed), "XOR, interrupted after 50 epochs: the resumed run ended elsewhere"
    print(f"milestone 2: XOR is learned, loss {before:.3f} -> {loss:.1e}, {share:.0%} right")


test_unit_xor()
### BEGIN HIDDEN TESTS
from tinytorch_lab.probes import probe, raises, rng

for seed in rng.integers(0, 10_000, size=3):
    trainer = xor_trainer(int(seed))
    trainer.fit(xor_data, 100)
    probe(f"start {seed}", [trainer.evaluate(xor_data) < 0.01, trainer.evaluate(xor_data, right_share)])
probe("ten epochs", [trainer.fit(xor_data, 10) is trainer.history, len(trainer.history), trainer.step])
short = xor_trainer(3)
probe(
    "losses", short.fit(DataLoader(xor_data, 2, shuffle=True, seed=1), 8, xor_data, EarlyStopping(8)).val_loss
)
probe("modes", short.model.training)
### END HIDDEN TESTS

# %% [markdown]
r"""
### Any start? And which networks do not

One success proves little, so the next cell trains two hundred networks of each of several kinds. Not one after the
other: `Crowd` gives the weights an extra first axis, one entry for each network, and broadcasting (Module 01) does the
rest. The sum of the losses has for each network the gradient of its own loss, and the optimizers work element by
element, so the networks do not notice one another. What to look for:

- eight Tanh units with Adam reach the goal from every one of the starts;
- four ReLU units, the network of milestone 1, *can represent* XOR (Module 03 wrote its weights down), and yet many
  runs do not get there: a ReLU unit whose input is negative for all four points has no gradient, and of four
  units few are in reserve;
- the two lines with SGD differ in the rate only: with the small one hardly any run is there after a hundred epochs; the
  large one gets there in some of the runs and overshoots in others (a loss above 0.25 is worse than always ½).

**Representable is not the same as learnable**, and width is, among other things, a reserve.

The figure shows losses over the epochs, and the decision of one network of the first kind and of one stuck
ReLU network.
"""

# %% tags=["measure"]
import matplotlib.pyplot as plt

from tinytorch.activations import ReLU


class Crowd(Module):
    """Networks of two layers side by side, each from a start of its own."""

    def __init__(self, count, units, activation):
        draws = [np.random.default_rng(seed) for seed in range(count)]
        pairs = [(Linear(2, units, rng=draw), Linear(units, 1, rng=draw)) for draw in draws]
        self.into = Parameter(np.stack([first.weight.data.T for first, _ in pairs]))
        self.offset = Parameter(np.stack([first.bias.data[None] for first, _ in pairs]))
        self.out = Parameter(np.stack([second.weight.data.T for _, second in pairs]))
        self.last = Parameter(np.stack([second.bias.data[None] for _, second in pairs]))
        self.activation = activation

    def forward(self, x):
        return self.activation(x @ self.into + self.offset) @ self.out + self.last

    def one(self, number):
        """Network ``number`` as a model of its own."""
        network = Sequential(Linear(2, self.offset.shape[-1]), self.activation, Linear(self.offset.shape[-1], 1))
        state = {"layers.0.weight": self.into.data[number].T, "layers.0.bias": self.offset.data[number, 0]}
        state |= {"layers.2.weight": self.out.data[number].T, "layers.2.bias": self.last.data[number, 0]}
        network.load_state_dict(state)
        return network


def each_loss(prediction, target):
    """Mean squared error of each network."""
    return ((prediction - target) ** 2).mean(axis=(1, 2))


xor_batch, starts = tuple(xor_data.tensors), 200
kinds = {
    "8 Tanh, Adam 0.1": (8, Tanh(), lambda p: Adam(p, lr=0.1)),
    "4 ReLU, Adam 0.1": (4, ReLU(), lambda p: Adam(p, lr=0.1)),
    "4 ReLU, SGD 0.5": (4, ReLU(), lambda p: SGD(p, lr=0.5)),
    "4 ReLU, SGD 0.1": (4, ReLU(), lambda p: SGD(p, lr=0.1)),
}
curves, crowds = {}, {}
print(f"{starts} starts, 100 epochs   loss < 0.01   4 of 4 right   median loss   worst")
for name, (units, activation, make) in kinds.items():
    crowd = Crowd(starts, units, activation)
    optimizer, records = make(crowd.parameters()), []
    for _ in range(100):
        train_step(crowd, optimizer, lambda p, t: each_loss(p, t).sum(), [xor_batch])
        with no_grad():
            output = crowd(xor_batch[0])
            records.append(each_loss(output, xor_batch[1]).data)
    right = ((output.data > 0.5) == (xor_batch[1].data > 0.5)).all(axis=(1, 2))
    last, curves[name], crowds[name] = records[-1], np.array(records), crowd
    print(f"{name:24} {np.mean(last < 0.01):11.0%} {right.mean():14.0%}", end="")
    print(f" {np.median(last):13.1e} {last.max():7.2f}")

figure, axes = plt.subplots(1, 4, figsize=(13, 3.3))
for axis, name in zip(axes, ("8 Tanh, Adam 0.1", "4 ReLU, Adam 0.1")):
    axis.semilogy(curves[name][:, :50], color="C0", alpha=0.3, lw=0.8)
    axis.axhline(0.01, color="black", ls=":")
    axis.set(title=f"{name}: 50 runs", xlabel="epoch", ylim=(1e-7, 3))
ticks = np.linspace(-0.5, 1.5, 81)
square = Tensor(np.stack(np.meshgrid(ticks, ticks), axis=-1))
stuck = int(np.argmax(curves["4 ReLU, Adam 0.1"][-1]))
for axis, network, title in (
    (axes[2], crowds["8 Tanh, Adam 0.1"].one(0), "8 Tanh, learned"),
    (axes[3], crowds["4 ReLU, Adam 0.1"].one(stuck), f"4 ReLU, start {stuck}, stuck"),
):
    with no_grad():
        surface = network(square).data[..., 0]
    axis.contourf(ticks, ticks, surface, levels=np.linspace(-0.5, 1.5, 21), cmap="coolwarm", extend="both")
    axis.contour(ticks, ticks, surface, levels=[0.5], colors="black", linewidths=1)
    for point, target in zip(XOR_INPUTS, XOR_TARGETS):
        axis.scatter(*point, s=80, color="white" if target == 0 else "black", edgecolor="black", zorder=3)
    axis.set(title=title, xlabel="$x_1$", ylabel="$x_2$")
figure.tight_layout()
plt.show()

# %% [markdown]
"""
## 🤔 ML Systems Thinking

Three questions, each answered in 150–300 words. Argue with your own code and with figures from your own run,
with their units.
"""

# %% [markdown] nbgrader={"grade": false, "grade_id": "question_1", "locked": true, "schema_version": 3, "solution": false, "task": false}
"""
### Question 1: The memory of training

**Context:** You measured parameters, gradients, Adam's state, the graph of a batch and the peak of a step;
you ran a step of 1,024 samples in 1 to 64 parts, and once with losses added as tensors.

**Question:** A model with 500 million parameters in float32 is to be trained with Adam on a device with 16 GB. A
single sample's graph takes 60 MB; the recipe demands a batch of 256. Work out the four terms. What fits, what does
not, and which batch per part would you choose? Explain how `train_step` keeps the result equal to that of the
large batch, including a short last part, what `del value` is for, and what your table says about the price in time.
Which term does accumulation not touch, and name two measures that do. A layer such as batch normalisation would
break the equality: why?

**Expected response:** 150–300 words, with the calculation and at least one of your measured figures.
"""

# %% [markdown] nbgrader={"grade": true, "grade_id": "response_1", "locked": false, "points": 10, "schema_version": 3, "solution": true, "task": false}
"""
=== BEGIN MARK SCHEME ===
EXCELLENT (9-10 points):
- Calculates 2 GB parameters, 2 GB gradients, 4 GB Adam (8 GB together) and 256 · 60 MB ≈ 15 GB activations: about 23 GB do not fit
- Chooses a part that fits in the remaining 8 GB with a margin for temporaries of the backward pass (at most about 130, for example 64, giving about 4 GB and 4 accumulated parts), and refers to the measured peak exceeding graph + gradients
- Explains the shares n_j/N passed to backward, zero_grad once per step, clipping after the last part, and why dividing by k fails for a short part
- Explains del value: the old graph is alive during the next forward pass, up to two graphs; adding loss tensors keeps all k of them, as the last line of the table shows
- Quotes own time per step: little loss for moderate parts, more when fixed costs dominate
- Says that parameters, gradients and state (8 GB) stay, and names two measures such as sharding, lower precision, an optimizer with less state; activation checkpointing for the graph; batch statistics depend on the part
GOOD (7-8 points):
- Correct four terms, and a part size that fits
- Correct shares and the reason for one zero_grad per step
- Knows that only activations shrink, and names one measure for the rest
- Refers to at least one own figure
SATISFACTORY (5-6 points):
- Names the four terms with an error in the calculation
- Says that accumulation adds gradients of small batches, without shares
- No measured figure, or no word on time
NEEDS IMPROVEMENT (1-4 points):
- Counts parameters only, or believes that accumulation saves optimizer memory
- Confuses a smaller batch with accumulation
- General remarks without numbers
NO CREDIT (0 points):
- No response or off-topic
- Copied question or notebook text without an answer
- Every claim wrong
=== END MARK SCHEME ===

**Your response:**
"""

# %% [markdown] nbgrader={"grade": false, "grade_id": "question_2", "locked": true, "schema_version": 3, "solution": false, "task": false}
"""
### Question 2: Checkpoints and failures

**Context:** Your checkpoints are written atomically, carry a version and a content hash, and resume a run bit for
bit. You resumed with pieces missing, timed saving and hashing, and played runs with failures against Young's
formula.

**Question:** A run on 2,000 machines (each failing once in five years) takes 60 days; writing a checkpoint
stops it for four minutes. How often do you save, and what share of the time is lost? Redo it for asynchronous
writing that stops the run for 20 seconds only. Then: a file system reports success and the file turns out to be
half empty; a node dies between writing and renaming; a colleague loads a file of a newer version; after a resume
the loss jumps for some steps. Say for each what your code does, or which piece of state is likely to be missing. When
would you give up the promise "bit for bit", and what would you check instead?

**Expected response:** 150–300 words, with the calculation.
"""

# %% [markdown] nbgrader={"grade": true, "grade_id": "response_2", "locked": false, "points": 10, "schema_version": 3, "solution": true, "task": false}
"""
=== BEGIN MARK SCHEME ===
EXCELLENT (9-10 points):
- Failure every 5 · 8760 / 2000 ≈ 22 hours; τ* = √(2 · 1/15 h · 22 h) ≈ 1.7 hours; overhead about 2 · δ/τ ≈ 8 %
- Asynchronous: δ = 20 s gives τ* ≈ 0.5 hours and about 2.2 %; notes the square root (12 times less stopping, 3.5 times less loss)
- Half-empty file: refused by the archive's check or the content hash, so an older checkpoint must be kept; mentions fsync
- Death between writing and renaming: the old file is whole, an unfinished file may be left; newer version: clear refusal before anything is applied
- Jump of the loss: missing optimizer averages, as in the own figure; distinguishes it from a missing step number (rate restarts) and a wrong order (hardly visible)
- Gives up bit equality for other hardware, GPU atomics or another number of machines, and checks loss curves, statistics over seeds, or tolerances instead
GOOD (7-8 points):
- Right interval and overhead, with at most one slip
- Correct behaviour of the code in three of the four incidents
- Identifies the optimizer state as the cause of the jump
- Knows a reason why bits may differ elsewhere
SATISFACTORY (5-6 points):
- Uses the formula with a mistake in M or in units
- Knows that hash and rename protect, mixes up against what
- Resuming treated as loading the weights
NEEDS IMPROVEMENT (1-4 points):
- Suggests saving as often as possible, or once a day, without calculation
- Believes that a hash repairs a file, or that a rename verifies it
- No use of own code or figures
NO CREDIT (0 points):
- No response or off-topic
- Copied question or notebook text without an answer
- Every claim wrong
=== END MARK SCHEME ===

**Your response:**
"""

# %% [markdown] nbgrader={"grade": false, "grade_id": "question_3", "locked": true, "schema_version": 3, "solution": false, "task": false}
"""
### Question 3: Validation, early stopping, and the cost of knowing

**Context:** `evaluate` restores every module's mode and leaves loaders alone; `EarlyStopping` is a function of the
list of validation losses. You saw a run overfit, measured what validation and a metric cost, and trained XOR from
two hundred starts.

**Question:** A team validates after every 100 steps on 50,000 samples, trains with batches of 64, and stops with
patience 1. From your measured ratio, estimate the share of time that goes into validation, and propose a plan
with reasons (how often, on how many samples, which patience and min_delta). Their metric takes 30 ms for each sample
in addition: what changes? They also report the validation loss of the best epoch as the model's quality, after
having tried 40 learning rates. What is wrong with that figure, and which data would you need? Finally name two mistakes
that make a validation loss wrong without any error, and say which of your tests catches them.

**Expected response:** 150–300 words, with a calculation from your own figures.
"""

# %% [markdown] nbgrader={"grade": true, "grade_id": "response_3", "locked": false, "points": 10, "schema_version": 3, "solution": true, "task": false}
"""
=== BEGIN MARK SCHEME ===
EXCELLENT (9-10 points):
- Compares 6,400 trained samples with 50,000 validated ones per interval and uses the own ratio r of validation to training (about a third): r · 50,000 / 6,400 ≈ 2 to 3 times the training, so about 70 % of all time
- Proposes a plan with numbers: less often (such as once an epoch), or a fixed random subset, with the standard error falling as the square root of the samples
- Patience above the noise of the loss, min_delta near its standard error; relates it to the own figure (epochs between best and stop)
- Costly metric: 50,000 · 30 ms = 25 minutes each time; compute it rarely, on a subset, or asynchronously on a checkpoint, and stop by the cheap loss
- Best of 40 runs and of many epochs is biased downwards: the validation set was used for selection; demands an untouched test set, used once
- Two silent mistakes with their tests: training mode left on, the mean of batch means, training data in the validation set, an evaluation that moves the loader's epoch
GOOD (7-8 points):
- Estimates the share with an own ratio, right order of magnitude
- A sensible plan with a reason for patience
- Recognises selection on the validation set
- Names one silent mistake and its test
SATISFACTORY (5-6 points):
- Says that validation costs time and proposes to validate less often, without a calculation
- Describes overfitting and early stopping correctly in general
- Test set mentioned without saying why
NEEDS IMPROVEMENT (1-4 points):
- Judges by the training loss, or stops at the first bad epoch as a rule
- Believes that validation is free since no gradient is computed
- No reference to own code or figures
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

**Built.** `train_step` with accumulation and clipping; `evaluation_mode` and `evaluate`; `StepDecay` and
`CosineSchedule`; `History` and `EarlyStopping`; checkpoints with version, hash and atomic writing; and `Trainer`,
which puts them together. **Milestone 2:** XOR is learned, from every start that you tried.

**Measured.** A run without `zero_grad`; schedules against constant rates; where the memory of a step goes, and what
accumulation saves; what validation, metrics and checkpoints cost; a resumed run with pieces missing; overhead
against the interval between checkpoints; and how often networks that *could* represent XOR learn it.

**Understood.**

- The state of a run is weights, optimizer, and counters. What is a function of these need not be saved, and what
  is not must be.
- Averages over batches, of losses and of gradients, weigh each batch by its samples.
- Activations are the only term that shrinks with the batch. One graph at a time.
- Measuring must leave no trace: not in modes, not in gradients, not in the order of the data.
- A file is there or it is not. Half a file, an edited one and one from the future are refused before anything
  changes.
- Code that runs and a loss that falls prove little: a missing `zero_grad`, a missing optimizer state and a
  stuck ReLU all look like training for a while.

**Next.** Module 09 builds the layers that see: convolution and pooling, and with your trainer a network that reads
handwritten digits.
"""
