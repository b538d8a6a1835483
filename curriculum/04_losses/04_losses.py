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
# Module 04: Losses

A network answers; a **loss** says how wrong the answer is, in one number. Training will do nothing but make
that number smaller, so whatever the loss does not see, the network does not learn, and whatever the loss
computes badly, the network learns badly. In this module you build the three losses that cover most of deep
learning, and the instrument that checks slopes without knowing any calculus: the central difference.

**Learning objectives**

- derive mean squared error and cross-entropy from one principle, the likelihood of the data;
- compute the logarithm of a softmax without overflow and without $-\infty$, and show what goes wrong
  otherwise;
- write losses as compositions of ops, so that a later module can differentiate them without touching them;
- catch the silent mistakes of this trade: shapes that broadcast, labels that are not integers, classes that
  do not exist;
- measure a slope numerically, know how accurate it is, and what it costs;
- relate the size of gradients to the choice of loss, to the reduction and to the batch size.

**Prerequisites:** Module 01 (ops, broadcasting, indexing), Module 02 (sigmoid, softmax, overflow limits).
Derivatives of $\log$ and $\exp$; what a likelihood is.

**Estimated time:** 3–4 hours.
"""

# %%
#| default_exp losses

# %% nbgrader={"grade": false, "grade_id": "imports", "locked": true, "schema_version": 3, "solution": false, "task": false}
#| export
from collections.abc import Callable
from typing import Any

import numpy as np

from tinytorch.activations import as_floating
from tinytorch.tensor import Op, Tensor

# %% [markdown]
r"""
## 1. Mathematical Foundations

### Where losses come from

Let a model turn an input into a *probability distribution* of the target. A good model gives the targets that
really occurred a high probability. Samples are independent, so their probabilities multiply; a product of
thousands of numbers below 1 underflows, so take the logarithm; and we like to minimise, so change the sign:

$$\text{loss} \;=\; -\frac1N \sum_{i=1}^N \log p(\text{target}_i \mid \text{input}_i).$$

Which loss that is depends only on the kind of target:

| target | assumed distribution | loss of one sample |
| --- | --- | --- |
| a real number $y$ | normal around the prediction $\hat y$, fixed width | $(\hat y - y)^2$, up to factor and constant |
| one class $c$ out of $C$ | softmax of the logits $z$ | $-\log \operatorname{softmax}(z)_c$ |
| yes or no, $y \in \{0, 1\}$ | $\sigma(z)$ is the probability of yes | $-y \log \sigma(z) - (1-y)\log(1 - \sigma(z))$ |

These are **mean squared error**, **cross-entropy** and **binary cross-entropy**.

### The logarithm of a softmax

$$\log \operatorname{softmax}(z)_c \;=\; z_c - \log \sum_j e^{z_j}
  \;=\; (z_c - m) - \log \sum_j e^{z_j - m}, \qquad m = \max_j z_j.$$

The second form is the *log-sum-exp trick*. The exponential and the logarithm nearly undo each other, and the
formula uses that: $z_c - m$ never passes through an exponential at all. Computing the softmax *first* and its
logarithm *afterwards* squeezes every score through a number between 0 and 1, where float32 has nothing
smaller than about $10^{-45}$: a logit 104 below the maximum becomes 0, and $\log 0 = -\infty$.

### Slopes worth remembering

$$\frac{\partial}{\partial z_j}\Bigl(-\log \operatorname{softmax}(z)_c\Bigr) = \operatorname{softmax}(z)_j - [j = c],
\qquad \frac{\partial}{\partial \hat y}(\hat y - y)^2 = 2(\hat y - y).$$

Prediction minus target, in both cases. For cross-entropy the slope can never vanish while the answer is
wrong, and never exceeds 1: two good properties for a training signal.

### Why one number

"Downhill" has a meaning only for a function with a *single* output. Two losses may disagree about which way
to go; their sum cannot. There is a price argument too: the slopes of one number with respect to a million
weights can be had for two to three times the price of one evaluation (Module 06). For two numbers, the way back
has to be walked twice.
"""

# %% [markdown]
"""
### An instrument: what stands behind a tensor

Losses must be made of ops all the way from the logits to the final number: as soon as a step takes `.data`
and wraps the result in a new `Tensor`, the chain is cut, and no later module can send slopes back through it.
The tests below therefore look at the recorded ops. This function lists them:
"""


# %% nbgrader={"grade": false, "grade_id": "recorded_ops", "locked": true, "schema_version": 3, "solution": false, "task": false}
def recorded_ops(result: Tensor) -> list[str]:
    """Names of the ops behind ``result``, nearest first."""
    names, waiting = [], [result]
    while waiting:
        op = waiting.pop(0).creator
        if op is not None:
            names.append(type(op).__name__)
            waiting.extend(op.inputs)
    return names


weight = Tensor([[1.0], [2.0]], requires_grad=True)
print(recorded_ops((Tensor([[3.0, 4.0]]) @ weight).exp().mean()))

# %% [markdown]
r"""
## 2. Log-softmax

One op, since it is worth its own derivative later: from the output $y$ of log-softmax alone, the softmax is
$e^y$, so keeping `self.output` is all that Module 06 will need, and it costs nothing (Module 02).

- `keepdims=True` for the same reason as in softmax: on a square matrix its lack goes unnoticed.
- Do not write into the argument. `as_floating` returns the caller's own array when it is floating already;
  the difference to the maximum is a *new* array.
- A masked score of $-\infty$ must give $-\infty$, and no NaN.
"""


# %% nbgrader={"grade": false, "grade_id": "log_softmax", "locked": false, "schema_version": 3, "solution": true, "task": false}
#| export
class LogSoftmaxOp(Op):
    """Logarithm of the softmax along ``axis``. Keeps ``self.output``, whose exponential is the softmax."""

    axis: int

    def forward(self, x: np.ndarray) -> np.ndarray:
        """Return values of at most 0 whose exponentials sum to 1 along ``self.axis``.

        x's shape and floating dtype, integers give float32. Finite for all finite scores: nothing positive is
        exponentiated, and the logarithm of 0 is never taken.
        Hint: shift by the maximum; the logarithm belongs to the *sum* of the exponentials.
        """
        ### BEGIN SOLUTION
        x = as_floating(x)
        shifted = x - x.max(axis=self.axis, keepdims=True)
        self.output = shifted - np.log(np.exp(shifted).sum(axis=self.axis, keepdims=True))
        return self.output
        ### END SOLUTION


def log_softmax(x: Tensor, axis: int = -1) -> Tensor:
    """Logarithm of the softmax of ``x`` along one axis, by default the last.

    Hint: the same pattern as ``softmax`` in Module 02.
    """
    ### BEGIN SOLUTION
    return LogSoftmaxOp.apply(x, axis=axis)
    ### END SOLUTION


# %% [markdown]
"""
### Testing log-softmax
"""


# %% nbgrader={"grade": true, "grade_id": "test_log_softmax", "locked": true, "points": 14, "schema_version": 3, "solution": false, "task": false}
def test_unit_log_softmax():
    """log_softmax is right near zero, finite far out, follows its axis, and keeps its output."""
    x = np.array([[1.0, 2.0, 3.0], [0.0, 0.0, 0.0], [2.0, 1.0, -3.0]], dtype=np.float32)
    before = x.copy()
    y = log_softmax(Tensor(x))
    assert isinstance(y, Tensor), f"log_softmax: expected a Tensor, got {type(y).__name__}"
    powers = np.exp(x.astype(np.float64))
    np.testing.assert_allclose(
        y.data,
        np.log(powers / powers.sum(axis=-1, keepdims=True)),
        rtol=1e-5,
        err_msg="log_softmax(x): expected log(exp(x) / sum(exp(x))) row by row; keepdims=True in both?",
    )
    np.testing.assert_array_equal(
        x, before, err_msg="log_softmax: the caller's array was changed; x -= … writes into it"
    )
    assert y.dtype == np.float32, f"log_softmax: float32 in, expected float32 out, got {y.dtype}"

    far = Tensor([[1000.0, 1001.0, 0.0], [0.0, -200.0, -1000.0]])
    try:
        with np.errstate(over="raise", invalid="raise", divide="raise"):
            got = log_softmax(far).data
    except FloatingPointError as error:
        raise AssertionError(
            f"log_softmax of scores up to ±1000: {error}. Overflow: shift by the maximum. Divide by zero: the"
            " logarithm of a softmax that underflowed to 0; subtract log(sum) from the scores instead"
        ) from None
    expected = [[-1.3132617, -0.3132617, -1001.3132617], [0.0, -200.0, -1000.0]]
    np.testing.assert_allclose(
        got,
        expected,
        rtol=1e-5,
        atol=1e-6,
        err_msg="log_softmax of far scores: differences of scores must survive; clipping loses them",
    )

    for axis in (0, 1, -2):
        got = log_softmax(Tensor(x), axis=axis).data
        expected = np.log(powers / powers.sum(axis=axis, keepdims=True))
        np.testing.assert_allclose(
            got,
            expected,
            rtol=1e-5,
            atol=1e-6,
            err_msg=f"log_softmax(x, axis={axis}): do maximum and sum use self.axis and keepdims=True?",
        )
    recorded = log_softmax(Tensor(x, requires_grad=True))
    assert isinstance(recorded.creator, LogSoftmaxOp), (
        f"log_softmax: expected creator LogSoftmaxOp, got {recorded.creator!r}; return LogSoftmaxOp.apply(…)"
    )
    kept = getattr(recorded.creator, "output", None)
    assert kept is not None, "LogSoftmaxOp.forward: keep the result as self.output"
    np.testing.assert_allclose(
        kept, recorded.data, err_msg="LogSoftmaxOp.forward: self.output must be the result"
    )
    print("log_softmax: values, far scores, axes and recording are right")


test_unit_log_softmax()
### BEGIN HIDDEN TESTS
from tinytorch_lab.probes import probe, raises, rng

a = rng.normal(scale=3.0, size=(3, 4, 5))
probe("last axis, float64", log_softmax(Tensor(a, dtype=np.float64)).data)
probe("other axes", [log_softmax(Tensor(a, dtype=np.float64), axis=axis).data for axis in (1, -3)])
shifts = rng.uniform(-1e4, 1e4, size=(3, 4, 1))
probe("shifted by row", log_softmax(Tensor(a + shifts, dtype=np.float64)).data)
wide = rng.uniform(-900, 900, size=(6, 6))
probe("wide scores, float32", log_softmax(Tensor(wide)).data)
with np.errstate(over="raise", invalid="raise", divide="raise"):
    probe("no warning", raises(lambda: log_softmax(Tensor(wide))))
masked = np.where(rng.random((5, 5)) < 0.4, -np.inf, rng.normal(size=(5, 5)))
np.fill_diagonal(masked, 0.0)
probe("masked", log_softmax(Tensor(masked, dtype=np.float64)).data)
half = log_softmax(Tensor([[12.0, 0.0, -30.0]], dtype=np.float16))
probe("half precision", [half.data, str(half.dtype)])
whole = log_softmax(Tensor(rng.integers(0, 200, size=(3, 4)).astype(np.uint8)))
probe("unsigned integers", [whole.data, str(whole.dtype)])
probe(
    "one column, no rows",
    [log_softmax(Tensor([[3.0], [7.0]])).data, log_softmax(Tensor(np.ones((0, 5)))).data],
)
probe("axis that is not there", raises(lambda: log_softmax(Tensor(a), axis=3)))
### END HIDDEN TESTS

# %% [markdown]
r"""
### Measure: one step or two?

The next cell draws rows of 64 logits whose spread grows, in two precisions, and counts the *values* that are
$-\infty$ when the logarithm of a safe softmax is taken afterwards. A single one of them, if it belongs to the
right class, makes the loss of the whole batch infinite. Yours stays at zero.

Then it prints what becomes of the plainest of all rows, where all logits are equal, when there are very many
classes. The true answer is minus the logarithm of their number. Watch half precision: every term is 1, none
overflows, but their *sum* does above 65,504. A vocabulary may well have more entries than that. This is why
log-softmax is computed in float32 even where everything else is half precision.
"""

# %% tags=["measure"]
import matplotlib.pyplot as plt

from tinytorch.activations import softmax

base = np.random.default_rng(0).normal(size=(1000, 64))
scales = np.geomspace(0.5, 200, 30)
figure, axes = plt.subplots(figsize=(6.5, 3.2))
for dtype in (np.float16, np.float32):
    lost = []
    for scale in scales:
        with np.errstate(divide="ignore"):
            lost.append(np.isinf(softmax(Tensor(scale * base, dtype=dtype)).log().data).mean())
    axes.plot(scales, lost, label=f"log(softmax(x)), {np.dtype(dtype).name}")
    first = scales[np.flatnonzero(lost)[0]]
    print(f"{np.dtype(dtype).name}: the first -inf appears at a spread of {first:.1f}")
for dtype in (np.float16, np.float32):
    values = [np.isinf(log_softmax(Tensor(scale * base, dtype=dtype)).data).mean() for scale in scales]
    axes.plot(scales, values, "k--", label="log_softmax(x), both" if dtype is np.float32 else None)
axes.set(xscale="log", xlabel="standard deviation of the logits", ylabel="share of values that are -inf")
axes.legend()
plt.show()

print(f"\n{'equal logits':>12} {'exact':>9} {'float32':>9} {'float16':>9}")
for classes in (10, 1_000, 50_000, 100_000):
    with np.errstate(over="ignore"):
        row = [
            log_softmax(Tensor(np.zeros(classes), dtype=kind)).data[0] for kind in (np.float32, np.float16)
        ]
    print(f"{classes:12,} {-np.log(classes):9.4f} {row[0]:9.4f} {row[1]:9.4f}")

# %% [markdown]
r"""
## 3. Mean squared error

$$\operatorname{mse}(\hat y, y) = \frac1N \sum_{i=1}^{N} (\hat y_i - y_i)^2, \qquad
N = \text{number of elements, not of rows}.$$

The arithmetic is one line. What deserves care is what comes before it.

- **Shapes that broadcast.** A network returns predictions of shape `(n, 1)`, a data set often holds targets
  of shape `(n,)`. Their difference is legal, has shape `(n, n)`, compares every prediction with every
  target, and its mean is a perfectly plausible number. It is the most expensive silent bug of beginners. So
  `as_target` insists on equal shapes.
- **Precision.** Targets arrive as lists, as float64 arrays, as integers. One float64 target would promote the
  whole loss to float64. The *prediction* decides the precision.
- **Nothing to average.** The mean of no numbers is NaN, and would reach every weight. An empty batch is a bug
  in the caller, and an error says so where it happens.

`as_target` converts and checks; you will use it in two losses. A target that requires a gradient is the
rare exception: two networks compared with one another. It stays the tensor that it is, so that the chain is
not cut.

Each loss exists as a function and as an object with the same name as in PyTorch. The objects have no weights,
so they are plain callables, with a common base class that is given.
"""


# %% nbgrader={"grade": false, "grade_id": "loss_base", "locked": true, "schema_version": 3, "solution": false, "task": false}
#| export
class Loss:
    """A loss as an object: calling it with predictions and targets gives a tensor with one number."""

    def forward(self, prediction: Tensor, target: Any) -> Tensor:
        raise NotImplementedError

    def __call__(self, prediction: Tensor, target: Any) -> Tensor:
        return self.forward(prediction, target)

    def __repr__(self) -> str:
        return f"{type(self).__name__}()"


# %% nbgrader={"grade": false, "grade_id": "mse", "locked": false, "schema_version": 3, "solution": true, "task": false}
#| export
def as_target(target: Any, prediction: Tensor) -> Tensor:
    """``target`` (tensor, array or list) as a tensor of the same dtype as ``prediction``.

    A tensor that requires grad is returned as it is. Integer predictions are compared in float32.
    Raises ValueError if the shapes are not equal (naming both), or if there are no elements.
    Hint: ``Tensor(target, dtype=...)`` accepts all three kinds.
    """
    ### BEGIN SOLUTION
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
    ### END SOLUTION


def mse_loss(prediction: Tensor, target: Any) -> Tensor:
    """Mean of the squared differences over all elements: a tensor of shape ().

    Hint: operators and methods of tensors only, so that the ops are recorded.
    """
    ### BEGIN SOLUTION
    difference = prediction - as_target(target, prediction)
    return (difference * difference).mean()
    ### END SOLUTION


class MSELoss(Loss):
    """Object form of :func:`mse_loss`."""

    def forward(self, prediction: Tensor, target: Any) -> Tensor:
        """Mean squared error of ``prediction``."""
        ### BEGIN SOLUTION
        return mse_loss(prediction, target)
        ### END SOLUTION


# %% [markdown]
"""
### Testing mean squared error
"""


# %% nbgrader={"grade": true, "grade_id": "test_mse", "locked": true, "points": 10, "schema_version": 3, "solution": false, "task": false}
def test_unit_mse():
    """mse_loss averages over all elements, in the prediction's dtype, and refuses to broadcast."""
    prediction = Tensor([[1.0, 2.0], [3.0, 4.0], [5.0, 6.0]])
    target = np.array([[1.0, 0.0], [3.0, 7.0], [4.0, 6.0]])
    loss = mse_loss(prediction, target)
    assert isinstance(loss, Tensor), f"mse_loss: expected a Tensor, got {type(loss).__name__}"
    assert loss.shape == (), f"mse_loss: expected one number, shape (), got shape {loss.shape}"
    np.testing.assert_allclose(
        loss.item(),
        14 / 6,
        rtol=1e-6,
        err_msg="mse_loss: squared differences 4, 9, 1 over 6 elements (14: a sum; 14/3: divided by rows)",
    )
    for label, kind in [
        ("a float64 array", target),
        ("a list", target.tolist()),
        ("a Tensor", Tensor(target)),
    ]:
        got = mse_loss(prediction, kind)
        np.testing.assert_allclose(got.item(), 14 / 6, rtol=1e-6, err_msg=f"mse_loss with {label} as target")
        assert got.dtype == np.float32, (
            f"mse_loss, float32 against {label}: expected float32, got {got.dtype}"
        )
    whole = mse_loss(prediction, Tensor(target.astype(np.int64)))
    assert whole.dtype == np.float32, f"mse_loss with integer targets: expected float32, got {whole.dtype}"

    for p, t in [((4, 1), (4,)), ((4,), (4, 1)), ((2, 3), (3,)), ((0, 2), (0, 2))]:
        try:
            mse_loss(Tensor(np.ones(p)), np.ones(t))
        except ValueError as error:
            named = str(p) in str(error) and str(t) in str(error)
            assert named, f"mse_loss, {p} against {t}: name the shapes in the error, it says {str(error)!r}"
        else:
            reason = "an empty batch has no mean" if 0 in p else "these shapes broadcast silently"
            raise AssertionError(f"mse_loss, {p} against {t}: expected ValueError, {reason}")
    weight = Tensor([[1.0, 2.0]], requires_grad=True)
    ops = recorded_ops(mse_loss(weight * 2, [[1.0, 1.0]]))
    assert "Sub" in ops and ops[-1] == "Mul", f"mse_loss: the recorded ops must reach the weight, got {ops}"
    np.testing.assert_allclose(
        MSELoss()(prediction, target).item(), 14 / 6, rtol=1e-6, err_msg="MSELoss()(…)"
    )
    print("mse_loss: value, dtype, shapes and recording are right")


test_unit_mse()
### BEGIN HIDDEN TESTS
from tinytorch_lab.probes import probe, raises, rng

p, t = rng.normal(size=(3, 4, 2)), rng.normal(size=(3, 4, 2))
double = mse_loss(Tensor(p, dtype=np.float64), t)
probe("float64", [double.item(), str(double.dtype), list(double.shape)])
probe("float32", mse_loss(Tensor(p), Tensor(t, dtype=np.float64)).data)
probe("precise targets", mse_loss(Tensor([0.1], dtype=np.float64), [0.1 + 1e-9]).item() * 1e18)
labels = rng.integers(0, 9, size=(6, 1))
probe("integer prediction", mse_loss(Tensor(labels), [[0.5]] * 6).item())
probe("integer target", mse_loss(Tensor(p[0, :, 0]), Tensor(np.arange(4))).data)
probe("scalar", mse_loss(Tensor(3.0), 1.0).item())
teacher = Tensor(t, requires_grad=True)
learned = mse_loss(Tensor(p), teacher)
probe("target in the graph", [learned.requires_grad, "Sub" in recorded_ops(learned)])
probe("nothing recorded", mse_loss(Tensor(p), t).creator is None)
probe("object", MSELoss().forward(Tensor(p), t).data)
probe("shapes", [raises(lambda: mse_loss(Tensor(p), t[0])), raises(lambda: MSELoss()(Tensor(p), t[..., :1]))])
probe("empty", raises(lambda: mse_loss(Tensor(np.ones(0)), [])))
### END HIDDEN TESTS

# %% [markdown]
r"""
## 4. Cross-entropy

$$\operatorname{ce}(z, c) = -\frac1N \sum_{i=1}^N \log \operatorname{softmax}(z_i)_{c_i}$$

One value is picked from every row of log-probabilities. Written with one-hot rows it would be a sum of $C$
products of which $C - 1$ are zero; with integer class numbers it is an *index*:

```text
   log_softmax(logits)                targets            picked

     -2.4  -1.4  -0.4                    2                 -0.4
     -1.1  -1.1  -1.1        [rows,      0       ]   =     -1.1        loss = -mean(picked) = 0.75
```

`x[rows, classes]` with two integer arrays takes one element per row. (`x[:, classes]` takes whole columns:
another shape, and a wrong loss.)

Three kinds of wrong labels do not fail by themselves, so `class_indices` looks for them:

- **floats**: `Tensor([0, 2, 1])` is float32 by Module 01's rule; labels belong into `np.array([0, 2, 1])`.
  Booleans are worse: as an index they are a *mask*.
- **−1**: NumPy counts from the end, so a missing label would silently be the last class.
- **a shape that broadcasts**, `(n, 1)` against `(n,)`, as before.

Sequence models score every position: logits `(batch, length, classes)`, targets `(batch, length)`. So the
classes are always the *last* axis of the logits, and all the axes before it have to agree with the targets.
"""


# %% nbgrader={"grade": false, "grade_id": "cross_entropy", "locked": false, "schema_version": 3, "solution": true, "task": false}
#| export
def class_indices(targets: Any, logits: Tensor) -> np.ndarray:
    """Class numbers (tensor, array or list) as an integer array of shape ``logits.shape[:-1]``.

    Raises TypeError if they are no integers, and ValueError if the shape does not fit (naming both shapes),
    if a class is not in 0 … classes - 1 (naming it), or if there are none.
    Hint: ``np.asarray`` takes a tensor too; ``dtype.kind`` is "i" or "u" for integers.
    """
    ### BEGIN SOLUTION
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
    ### END SOLUTION


def cross_entropy(logits: Tensor, targets: Any) -> Tensor:
    """Mean of -log softmax(logits) at the target classes: a tensor of shape ().

    logits: (..., classes), any real numbers. targets: (...), integers from 0 to classes - 1.
    Hint: with all leading axes folded into one, the pick is an index with two integer arrays.
    """
    ### BEGIN SOLUTION
    labels = class_indices(targets, logits).reshape(-1)
    rows = log_softmax(logits).reshape(len(labels), logits.shape[-1])
    return -rows[np.arange(len(labels)), labels].mean()
    ### END SOLUTION


class CrossEntropyLoss(Loss):
    """Object form of :func:`cross_entropy`."""

    def forward(self, prediction: Tensor, target: Any) -> Tensor:
        return cross_entropy(prediction, target)


# %% [markdown]
"""
### Testing cross-entropy
"""


# %% nbgrader={"grade": true, "grade_id": "test_cross_entropy", "locked": true, "points": 16, "schema_version": 3, "solution": false, "task": false}
def test_unit_cross_entropy():
    """cross_entropy picks one log-probability a row, stays finite, and rejects labels that are none."""
    logits = np.array([[1.0, 2.0, 3.0], [0.5, 0.5, 0.5], [4.0, -1.0, 0.0]], dtype=np.float32)
    labels = np.array([2, 0, 1])
    powers = np.exp(logits.astype(np.float64))
    shares = powers / powers.sum(axis=1, keepdims=True)
    expected = -np.log(shares[[0, 1, 2], labels]).mean()
    loss = cross_entropy(Tensor(logits), labels)
    assert isinstance(loss, Tensor), f"cross_entropy: expected a Tensor, got {type(loss).__name__}"
    assert loss.shape == (), f"cross_entropy: expected one number, shape (), got shape {loss.shape}"
    np.testing.assert_allclose(
        loss.item(),
        expected,
        rtol=1e-5,
        err_msg="cross_entropy: expected minus the mean of the three picked log-probabilities (three times"
        " that: a sum; negative: the sign; else: x[rows, classes] picks one a row, x[:, classes] does not)",
    )
    assert loss.dtype == np.float32, f"cross_entropy: float32 logits, expected float32, got {loss.dtype}"
    for label, kind in [
        ("a list", [2, 0, 1]),
        ("a Tensor", Tensor(labels)),
        ("uint8", labels.astype(np.uint8)),
    ]:
        got = cross_entropy(Tensor(logits), kind).item()
        np.testing.assert_allclose(got, expected, rtol=1e-5, err_msg=f"cross_entropy with targets as {label}")

    got = cross_entropy(Tensor([[1000.0, 0.0], [0.0, -1000.0]]), [1, 0]).item()
    np.testing.assert_allclose(
        got, 500.0, err_msg="cross_entropy at ±1000: expected (1000 + 0) / 2; build it on log_softmax"
    )
    cube = np.arange(12.0).reshape(2, 2, 3) % 5
    got = cross_entropy(Tensor(cube), [[0, 1], [2, 2]]).item()
    flat = cross_entropy(Tensor(cube.reshape(4, 3)), [0, 1, 2, 2]).item()
    np.testing.assert_allclose(
        got,
        flat,
        rtol=1e-6,
        err_msg="cross_entropy: logits (2, 2, 3), targets (2, 2): must equal the four rows",
    )
    wrong = [
        ("float targets", np.array([0.0, 1.0, 2.0]), TypeError),
        ("boolean targets", np.array([True, False, True]), TypeError),
        ("class -1", np.array([0, -1, 2]), ValueError),
        ("class 3 of 3", np.array([0, 3, 2]), ValueError),
        ("targets of shape (3, 1)", labels[:, None], ValueError),
        ("two targets for three rows", labels[:2], ValueError),
    ]
    for label, targets, kind in wrong:
        try:
            cross_entropy(Tensor(logits), targets)
        except (TypeError, ValueError) as error:
            assert isinstance(error, kind), f"cross_entropy, {label}: expected {kind.__name__}, got {error!r}"
        else:
            raise AssertionError(f"cross_entropy, {label}: expected {kind.__name__}, got a number")
    weight = Tensor(logits, requires_grad=True)
    ops = recorded_ops(cross_entropy(weight, labels))
    for name in ("LogSoftmaxOp", "GetItem"):
        assert name in ops, f"cross_entropy: expected {name} among the recorded ops, got {ops}"
    print("cross_entropy: values, far logits, label checks and recording are right")


test_unit_cross_entropy()
### BEGIN HIDDEN TESTS
from tinytorch_lab.probes import probe, raises, rng

z, c = rng.normal(scale=3.0, size=(7, 5)), rng.integers(0, 5, size=7)
double = cross_entropy(Tensor(z, dtype=np.float64), c)
probe("float64", [double.item(), str(double.dtype)])
probe("float32", cross_entropy(Tensor(z), c.astype(np.int8)).data)
probe(
    "shifted logits",
    cross_entropy(Tensor(z + rng.uniform(-5e3, 5e3, size=(7, 1)), dtype=np.float64), c).item(),
)
sequence, ids = rng.normal(size=(2, 3, 4, 6)), rng.integers(0, 6, size=(2, 3, 4))
probe("more axes", cross_entropy(Tensor(sequence, dtype=np.float64), Tensor(ids)).item())
probe("one sample", cross_entropy(Tensor(z[0], dtype=np.float64), 3).item())
probe("square logits", cross_entropy(Tensor(z[:5], dtype=np.float64), c[:5]).item())
probe("one class", cross_entropy(Tensor(z[:, :1]), np.zeros(7, dtype=int)).item())
probe("object", CrossEntropyLoss()(Tensor(z, dtype=np.float64), list(c)).item())
w = Tensor(z, requires_grad=True)
recorded, plain = cross_entropy(w, c), cross_entropy(Tensor(z), c)
probe("recording", [recorded.requires_grad, "LogSoftmaxOp" in recorded_ops(recorded), plain.creator is None])
probe("class_indices", class_indices(Tensor(ids), Tensor(sequence)))
wrong = [c + 0.0, c > 2, c - 5, c + 5, c[:, None], c[:-1], np.zeros((7, 5), dtype=int)]
probe("wrong labels", [raises(lambda labels=labels: cross_entropy(Tensor(z), labels)) for labels in wrong])
probe("empty batch", raises(lambda: cross_entropy(Tensor(np.ones((0, 5))), np.zeros(0, dtype=int))))
### END HIDDEN TESTS

# %% [markdown]
r"""
## 5. Binary cross-entropy

One logit $z$, one answer $y \in \{0, 1\}$ (or a probability in between, a "soft" target):

$$\operatorname{bce}(z, y) = -\,y \log \sigma(z) - (1 - y) \log(1 - \sigma(z)).$$

`log(sigmoid(z))` is the trap you know by now: $\sigma(-1000)$ is 0. Library code often uses

$$\max(z, 0) - z\,y + \log\bigl(1 + e^{-|z|}\bigr),$$

whose *value* is right everywhere. Composed of our ops it would still be a poor choice. $\max(z, 0)$ is a
ReLU, $|z|$ is made of two, and at $z = 0$ each has a kink, to which an op assigns one slope by convention:
0. The kinks cancel in the sum, but the conventions do not: at $z = 0$ such a composition reports the slope
$-y$ instead of $\tfrac12 - y$. And a network whose last layer starts at zero *begins* at $z = 0$.

There is a composition without a kink. A yes/no question is a choice between two classes, with logits 0 and
$z$. Softmax does not mind a shift, so take $-z/2$ and $+z/2$:

$$\operatorname{log\_softmax}\bigl([-\tfrac z2,\ \tfrac z2]\bigr) = \bigl[\log(1 - \sigma(z)),\ \log \sigma(z)\bigr].$$

So binary cross-entropy needs no formula of its own. Give the logits a last axis of length 2, by broadcasting
against the pair $(-\tfrac12, \tfrac12)$, take `log_softmax` along it, weight the two columns with $1 - y$ and
$y$, and add. It is stable because your log-softmax is, and it has the right slope, $\sigma(z) - y$, because
log-softmax has.

Targets of −1 and +1 are a classic mistake. Nothing fails, but the loss has no minimum any more. Refuse
everything outside $[0, 1]$.
"""


# %% nbgrader={"grade": false, "grade_id": "bce", "locked": false, "schema_version": 3, "solution": true, "task": false}
#| export
def bce_with_logits(logits: Tensor, targets: Any) -> Tensor:
    """Mean binary cross-entropy of sigmoid(logits) against targets in [0, 1]: a tensor of shape ().

    logits and targets have equal shapes, any number of axes. Built on ``log_softmax`` of a pair, so that it
    is finite for every finite logit. Raises ValueError for shapes that differ or targets outside [0, 1].
    Hint: ``logits[..., None]`` adds an axis, and is recorded; the pair of weights can be made the same way.
    """
    ### BEGIN SOLUTION
    target = as_target(targets, logits)
    if target.data.min() < 0 or target.data.max() > 1:
        raise ValueError(f"targets must be in [0, 1], got {target.data.min()} … {target.data.max()}")
    logarithms = log_softmax(logits[..., None] * np.array([-0.5, 0.5]))
    weights = target[..., None] * np.array([-1.0, 1.0]) + np.array([1.0, 0.0])
    return -(logarithms * weights).sum(axis=-1).mean()
    ### END SOLUTION


class BinaryCrossEntropyLoss(Loss):
    """Object form of :func:`bce_with_logits` (``nn.BCEWithLogitsLoss`` in PyTorch)."""

    def forward(self, prediction: Tensor, target: Any) -> Tensor:
        return bce_with_logits(prediction, target)


# %% [markdown]
"""
### Testing binary cross-entropy
"""


# %% nbgrader={"grade": true, "grade_id": "test_bce", "locked": true, "points": 12, "schema_version": 3, "solution": false, "task": false}
def test_unit_bce():
    """bce_with_logits follows its definition, stays finite at ±1000, and is built on log_softmax."""
    z, y = np.array([[-2.0, 0.0], [0.5, 3.0]]), np.array([[0.0, 1.0], [1.0, 0.25]])
    share = 1 / (1 + np.exp(-z))
    expected = -(y * np.log(share) + (1 - y) * np.log(1 - share)).mean()
    loss = bce_with_logits(Tensor(z), y)
    assert isinstance(loss, Tensor), f"bce_with_logits: expected a Tensor, got {type(loss).__name__}"
    assert loss.shape == (), f"bce_with_logits: expected one number, shape (), got shape {loss.shape}"
    np.testing.assert_allclose(
        loss.item(),
        expected,
        rtol=1e-5,
        err_msg="bce_with_logits: expected the mean of -y log σ(z) - (1 - y) log(1 - σ(z)) over all elements"
        " (half of it: averaged over the pair too, instead of adding the two)",
    )
    assert loss.dtype == np.float32, f"bce_with_logits: float32 logits, expected float32, got {loss.dtype}"
    got = bce_with_logits(Tensor([0.0]), [1.0]).item()
    np.testing.assert_allclose(got, np.log(2), rtol=1e-6, err_msg="bce_with_logits(0, 1): expected log 2")

    try:
        with np.errstate(over="raise", invalid="raise", divide="raise"):
            ends = [bce_with_logits(Tensor([v]), [t]).item() for v in (-1000.0, 1000.0) for t in (0.0, 1.0)]
    except FloatingPointError as error:
        raise AssertionError(f"bce_with_logits at ±1000: {error}; use log_softmax of the pair") from None
    np.testing.assert_allclose(
        ends,
        [0, 1000, 1000, 0],
        atol=1e-5,
        err_msg="bce_with_logits(±1000, 0 or 1): the wrong ones cost 1000",
    )
    for label, p, t in [
        ("(3, 1) against (3,)", np.ones((3, 1)), np.ones(3)),
        ("targets ±1", [1.0, 2.0], [-1, 1]),
    ]:
        try:
            bce_with_logits(Tensor(p), t)
        except ValueError:
            pass
        else:
            raise AssertionError(f"bce_with_logits, {label}: expected ValueError, got a number")
    ops = recorded_ops(bce_with_logits(Tensor(z, requires_grad=True), y))
    assert "LogSoftmaxOp" in ops, f"bce_with_logits: expected LogSoftmaxOp among the recorded ops, got {ops}"
    kinks = {"ReLUOp", "Max"} & set(ops)
    assert not kinks, f"bce_with_logits: {kinks} has a kink at z = 0, where the slope must be 1/2 - y"
    print("bce_with_logits: values, ends, checks and recording are right")


test_unit_bce()
### BEGIN HIDDEN TESTS
from tinytorch_lab.probes import probe, raises, rng

z, y = rng.normal(scale=4.0, size=(3, 2, 4)), rng.random((3, 2, 4))
double = bce_with_logits(Tensor(z, dtype=np.float64), y)
probe("float64", [double.item(), str(double.dtype)])
single = bce_with_logits(Tensor(z), Tensor(y, dtype=np.float64))
probe("float32", [single.item(), str(single.dtype)])
hard = rng.integers(0, 2, size=9)
far = Tensor(rng.uniform(-2000, 2000, size=9), dtype=np.float64)
probe("far", bce_with_logits(far, hard).item())
with np.errstate(over="raise", invalid="raise", divide="raise"):
    probe("no warning", raises(lambda: bce_with_logits(far, hard)))
probe(
    "tail", np.log(bce_with_logits(Tensor(rng.uniform(-18, -9, size=3), dtype=np.float64), [0, 0, 0]).item())
)
row = Tensor(z[0, 0])
probe("integers and truth values", [bce_with_logits(row, t).item() for t in (Tensor(hard[:4]), hard[:4] > 0)])
probe("column", bce_with_logits(Tensor(z[:, :1, 0], dtype=np.float64), hard[:3, None]).item())
probe("object", BinaryCrossEntropyLoss()(Tensor(z, dtype=np.float64), y).item())
w = Tensor(z, requires_grad=True)
probe("recording", [bce_with_logits(w, y).requires_grad, bce_with_logits(Tensor(z), y).creator is None])
wrong = [y[0], y[..., :1], 2 * hard[:8].reshape(2, 4) - 1, y + 1, y - 1]
soft = Tensor(y, requires_grad=True)
probe("targets in the graph", bce_with_logits(Tensor(z), soft).requires_grad)
probe("refused", [raises(lambda t=t: bce_with_logits(Tensor(z), t)) for t in wrong])
probe("empty", raises(lambda: bce_with_logits(Tensor(np.ones(0)), [])))
### END HIDDEN TESTS

# %% [markdown]
r"""
## 6. Accuracy

The loss is what training minimises, accuracy is what people ask for. It is no loss: it changes in jumps, its
slope is zero wherever it has one, so there is no downhill. Nothing is recorded, and the result is a Python
number.

Two kinds of question, told apart by the shapes:

- logits `(..., classes)` with class numbers `(...)`: right where the largest logit is that of the target;
- targets of the *same* shape as the logits: yes/no questions; right where $z > 0$, that is $\sigma(z) >
  \tfrac12$, agrees with $y > \tfrac12$.

Comparing arrays broadcasts too: predictions `(n,)` and targets `(n, 1)` give an `(n, n)` table of truth
values and an accuracy that looks like guessing. `class_indices` guards against that.
"""


# %% nbgrader={"grade": false, "grade_id": "accuracy", "locked": false, "schema_version": 3, "solution": true, "task": false}
#| export
def accuracy(logits: Tensor, targets: Any) -> float:
    """Share of right answers, between 0 and 1, as a Python float.

    targets: class numbers of shape ``logits.shape[:-1]``, or yes/no answers (0 or 1) of the logits' shape.
    Raises what ``class_indices`` raises for targets that are neither, and ValueError for an empty batch.
    Hint: no sigmoid and no softmax is needed, since neither changes an order.
    """
    ### BEGIN SOLUTION
    scores, labels = np.asarray(logits), np.asarray(targets)
    if scores.size == 0:
        raise ValueError(f"an empty batch, logits {scores.shape}, has no accuracy")
    if labels.shape == scores.shape:
        right = (scores > 0) == (labels > 0.5)
    else:
        right = scores.argmax(axis=-1) == class_indices(labels, logits)
    return float(right.mean())
    ### END SOLUTION


# %% nbgrader={"grade": true, "grade_id": "test_accuracy", "locked": true, "points": 6, "schema_version": 3, "solution": false, "task": false}
def test_unit_accuracy():
    """accuracy counts right classes and right yes/no answers, and refuses shapes that broadcast."""
    logits = Tensor([[0.1, 0.7, 0.2], [2.0, -1.0, 0.0], [-3.0, -2.0, -1.0], [0.0, 5.0, 1.0]])
    got = accuracy(logits, np.array([1, 0, 2, 2]))
    assert type(got) is float, f"accuracy: expected a Python float, got {type(got).__name__}"
    assert got == 0.75, f"accuracy: three of four rows have their largest logit at the target, got {got}"
    got = accuracy(Tensor([[0.3], [-0.2], [4.0], [-1.0]]), [[1], [0], [1], [1]])
    assert got == 0.75, f"accuracy of yes/no answers: a logit above 0 means yes; expected 0.75, got {got}"
    for label, targets, kind in [
        ("targets (4, 1)", np.array([[1], [0], [2], [2]]), ValueError),
        ("float class numbers", Tensor([1, 0, 2, 2]), TypeError),
    ]:
        try:
            accuracy(logits, targets)
        except kind:
            pass
        else:
            raise AssertionError(f"accuracy, {label}: expected {kind.__name__}; see class_indices")
    print("accuracy: classes, yes/no answers and shape checks are right")


test_unit_accuracy()
### BEGIN HIDDEN TESTS
from tinytorch_lab.probes import probe, raises, rng

z, c = rng.normal(size=(40, 4)), rng.integers(0, 4, size=40)
probe("classes", accuracy(Tensor(z), c))
probe("square", accuracy(Tensor(z[:4]), Tensor(c[:4])))
probe("sequences", accuracy(Tensor(z.reshape(2, 5, 4, 4)), c.reshape(2, 5, 4)))
probe("yes or no", [accuracy(Tensor(z[:, 0]), c > 1), accuracy(Tensor(z[:, :1]), (c[:, None] > 1) * 1.0)])
probe("small logits count as yes", accuracy(Tensor(np.abs(z) * 0.2), np.ones((40, 4))))
probe(
    "all and none", [accuracy(Tensor(z), z.argmax(axis=1)), accuracy(Tensor(z), (z.argmax(axis=1) + 1) % 4)]
)
probe(
    "errors", [raises(lambda: accuracy(Tensor(z), c[:, None])), raises(lambda: accuracy(Tensor(z), c + 0.0))]
)
probe("empty", raises(lambda: accuracy(Tensor(np.ones((0, 4))), np.zeros(0, dtype=int))))
### END HIDDEN TESTS

# %% [markdown]
r"""
## 7. Central differences

Training needs the slope of the loss with respect to every weight. Until Module 06 computes slopes exactly,
you can *measure* them: nudge one number and see what the loss does.

$$\frac{\partial f}{\partial x_k} \approx \frac{f(x + h e_k) - f(x - h e_k)}{2h}$$

Why both sides? By Taylor's theorem the one-sided quotient $(f(x+h) - f(x))/h$ is off by about
$\tfrac h2 f''$; with both sides that term cancels, and the error is $\tfrac{h^2}{6} f'''$. And why float64?
The difference of two nearly equal numbers keeps only their *absolute* precision: an error of
$\varepsilon |f| / h$, with $\varepsilon \approx 10^{-16}$ in float64 and $10^{-7}$ in float32. With
$h = 10^{-6}$ the first leaves about ten digits, the second none.

The function has to respect the caller: `x` itself must not change, and every element has to be put back
before the next one is nudged.
"""


# %% nbgrader={"grade": false, "grade_id": "central_difference", "locked": false, "schema_version": 3, "solution": true, "task": false}
#| export
def central_difference(f: Callable[[Any], Any], x: Any, eps: float = 1e-6) -> np.ndarray:
    """Slopes of the number ``f(x)`` with respect to every element of ``x``: a float64 array of x's shape.

    ``f`` gets what ``x`` is, a Tensor or an array, but in float64, and returns one number (Tensor, array or
    Python number). ``x`` is not changed. Raises ValueError, naming the shape, if ``f`` returns more.
    Hint: ``np.ndindex`` walks over all positions of a shape; change one element of a float64 copy at a time.
    """
    ### BEGIN SOLUTION
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
    ### END SOLUTION


# %% nbgrader={"grade": true, "grade_id": "test_central_difference", "locked": true, "points": 7, "schema_version": 3, "solution": false, "task": false}
def test_unit_central_difference():
    """central_difference is second-order accurate, works in float64, and leaves its argument alone."""
    x = np.array([[0.5, -1.0, 2.0], [1.5, 0.0, -2.5]])
    before = x.copy()
    slopes = central_difference(lambda v: (v**3).sum(), x)
    assert isinstance(slopes, np.ndarray), (
        f"central_difference: expected an array, got {type(slopes).__name__}"
    )
    assert slopes.shape == x.shape, f"central_difference: expected shape {x.shape}, got {slopes.shape}"
    assert slopes.dtype == np.float64, f"central_difference: expected float64, got {slopes.dtype}"
    np.testing.assert_allclose(
        slopes,
        3 * x**2,
        atol=1e-7,
        err_msg="central_difference of the sum of cubes: expected 3 x²; one side alone is off by 1e-5",
    )
    np.testing.assert_array_equal(x, before, err_msg="central_difference: x was changed; work on a copy")
    got = central_difference(lambda v: (v * v).sum(), np.array([3.0]), eps=0.5)
    np.testing.assert_allclose(
        got,
        [6.0],
        rtol=1e-10,
        err_msg="central_difference of x² at 3, eps=0.5: both sides give 6 (6.5: one; 12: divided by eps)",
    )

    t = Tensor([[1.0, 2.0], [3.0, 4.0]], requires_grad=True)
    seen = []

    def product(v):
        seen.append(v)
        return (v * v * [[1.0, 0.0], [0.0, 2.0]]).sum()

    got = central_difference(product, t)
    kinds = {type(v).__name__ for v in seen}
    assert kinds == {"Tensor"}, f"central_difference: x is a Tensor, so f must get Tensors, it got {kinds}"
    assert all(v.dtype == np.float64 for v in seen), (
        "central_difference: f must get float64, also for float32 x"
    )
    np.testing.assert_allclose(got, [[2, 0], [0, 16]], atol=1e-6, err_msg="central_difference on a Tensor")
    assert t.dtype == np.float32 and t.data[1, 1] == 4, (
        "central_difference: the tensor itself must not change"
    )
    try:
        central_difference(lambda v: v * 2, np.ones(3))
    except ValueError as error:
        assert "(3,)" in str(error), (
            f"central_difference: name the shape of f's result, it says {str(error)!r}"
        )
    else:
        raise AssertionError("central_difference: f returns three numbers, expected ValueError")
    print("central_difference: accurate, in float64, without side effects")


test_unit_central_difference()
### BEGIN HIDDEN TESTS
from tinytorch_lab.probes import probe, raises, rng

a = rng.normal(size=(2, 3, 2))
weights = rng.normal(size=(2, 3, 2))
probe("linear", central_difference(lambda v: (v * weights).sum(), a, eps=1e-3))
probe("cubic with a wide step", central_difference(lambda v: (v**3 * weights).sum(), a, eps=0.25))
probe("mixed", central_difference(lambda v: v.sum() ** 2, a, eps=1e-2))
probe("scalar", central_difference(lambda v: v * v * v, np.array(2.0), eps=1e-3))
probe("scalar tensor", central_difference(lambda v: v * v, Tensor(3.0), eps=1e-3))
probe("integers", central_difference(lambda v: (v * v).sum(), np.array([1, 2, 3]), eps=1e-3))
probe("a list", central_difference(lambda v: float(v[0] * v[1]), [2.0, 5.0], eps=1e-3))
calls = []
central_difference(lambda v: calls.append(np.array(v)) or 0.0, Tensor(a))
probe("calls", [len(calls), str(calls[0].dtype)])
probe("one at a time", max(int((np.asarray(call) != a.astype(np.float32)).sum()) for call in calls))
view = a.T
probe("a transposed view", central_difference(lambda v: (v * weights.T).sum(), view, eps=1e-3))
probe("not a number", raises(lambda: central_difference(lambda v: v, np.ones((2, 1)))))
probe("empty", list(central_difference(lambda v: v.sum(), np.ones((0, 2))).shape))
### END HIDDEN TESTS

# %% [markdown]
r"""
### Measure: how small should a small step be?

Too large, and Taylor's remainder spoils the quotient; too small, and rounding does. The figure shows the
error of the slope of $e^{\sin x}$ at $x = 1$ against the step, for one side and for both, in float64, and
for both sides in float32. What to look for: the slopes of the two descending lines (1 and 2 on logarithmic
axes); where each curve turns; how much the best float32 step leaves to be desired. The default of $10^{-6}$
lies near the bottom of the black curve.
"""

# %% tags=["measure"]
import matplotlib.pyplot as plt

steps = 10.0 ** np.arange(-12, 0.1, 0.5)
exact = np.exp(np.sin(1.0)) * np.cos(1.0)


def curve(dtype, both):
    """Errors of the quotient, computed in one precision."""
    errors = []
    for step in steps:
        x, h = dtype(1.0), dtype(step)
        above, middle, below = np.exp(np.sin(x + h)), np.exp(np.sin(x)), np.exp(np.sin(x - h))
        quotient = (above - below) / ((x + h) - (x - h)) if both else (above - middle) / h
        errors.append(abs(float(quotient) / exact - 1) + 1e-17)
    return np.array(errors)


figure, axes = plt.subplots(figsize=(6.5, 3.6))
with np.errstate(invalid="ignore", divide="ignore"):
    for label, dtype, both, style in [
        ("both sides, float64", np.float64, True, "k-o"),
        ("one side, float64", np.float64, False, "C0-s"),
        ("both sides, float32", np.float32, True, "C3-^"),
    ]:
        errors = curve(dtype, both)
        axes.loglog(steps, errors, style, markersize=3, label=label)
        best = np.nanargmin(errors)
        print(f"{label:20} best step {steps[best]:7.1e} with a relative error of {errors[best]:.0e}")
axes.set(xlabel="step", ylabel="relative error of the slope", ylim=(1e-13, 10))
axes.legend()
axes.grid(alpha=0.3)
plt.show()

# %% [markdown]
r"""
## 8. Memory and Complexity

### What a loss costs

A loss is $O(N \cdot C)$ in time: a handful of passes over the logits. Memory is more interesting. The next
cell measures three ways to write the same cross-entropy, in multiples of the logits' size: the peak, and
what is still retained when the result is recorded, because Module 06 will need it. What to look for:

- yours retains one array of the logits' size, the output of log-softmax; reshaping it was free, and the
  picked values are one per row;
- one-hot targets turn integers into an array as large as the logits, and the product with it is another;
- softmax first, logarithm second: each of the two ops keeps an array, and far logits make it fail (section
  2).
"""

# %% tags=["measure"]
import time
import tracemalloc

from tinytorch.activations import softmax

rows, classes = 512, 2048
array = np.random.default_rng(0).normal(size=(rows, classes)).astype(np.float32)
labels = np.random.default_rng(1).integers(0, classes, size=rows)


def with_one_hot(logits):
    one_hot = np.zeros((rows, classes), dtype=np.float32)
    one_hot[np.arange(rows), labels] = 1
    return -(log_softmax(logits) * one_hot).sum(axis=-1).mean()


def in_two_steps(logits):
    return -softmax(logits).log()[np.arange(rows), labels].mean()


ways = {
    "cross_entropy": lambda z: cross_entropy(z, labels),
    "one-hot": with_one_hot,
    "log of softmax": in_two_steps,
}
print(f"logits {array.shape}: {array.nbytes / 2**20:.0f} MiB; memory in multiples of that")
print(f"{'':16} {'peak':>6} {'retained':>9} {'ms':>7}   loss")
for name, way in ways.items():
    logits = Tensor(array, requires_grad=True)
    timings = []
    for _ in range(3):
        start = time.perf_counter()
        way(logits)
        timings.append(time.perf_counter() - start)
    tracemalloc.start()
    loss = way(logits)
    current, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    multiples = f"{peak / array.nbytes:6.2f} {current / array.nbytes:9.2f}"
    print(f"{name:16} {multiples} {min(timings) * 1e3:7.1f}   {loss.item():.5f}")

# %% [markdown]
r"""
### What measuring slopes costs

A central difference evaluates the loss twice *per number*. The next cell does that for a linear classifier
with more and more weights, prints the exponent from one size to the next, and extrapolates to 100,000
weights, a small network. What to look for: twice the weights, twice the evaluations, which alone makes an
exponent of 1. *And* each evaluation becomes more expensive; as long as the fixed price of an op dominates
one hardly sees it, in the end it makes an exponent of 2. It is an instrument for checking, not for
training.
"""

# %% tags=["measure"]
import time

generator = np.random.default_rng(0)
times, counts = [], []
for features in (8, 32, 128, 512):
    inputs, labels = generator.normal(size=(64, features)), generator.integers(0, 4, size=64)
    x = Tensor(inputs, dtype=np.float64)
    weights = Tensor(0.1 * generator.normal(size=(features, 4)), dtype=np.float64)
    start = time.perf_counter()
    slopes = central_difference(lambda w: cross_entropy(x @ w, labels), weights)
    times.append(time.perf_counter() - start)
    counts.append(weights.size)
    print(f"{weights.size:5} weights: {2 * weights.size:5} evaluations, {times[-1] * 1e3:8.1f} ms", end="")
    print(f", exponent {np.log(times[-1] / times[-2]) / np.log(4):.2f}" if len(times) > 1 else "")
for growth in (1, 2):
    total = times[-1] * (1e5 / counts[-1]) ** growth
    print(f"100,000 weights, extrapolated with exponent {growth}: {total:,.0f} s")

# %% [markdown]
r"""
### Mean or sum? The batch size in the gradient

All three losses take the *mean*. The alternative is the sum; they differ by a factor, and that factor is the
batch size. The next cell takes random batches from one data set and measures the gradient of a linear model
for the mean; its norm times the batch size is that for the sum. What to look for:

- the norm of the sum's gradient grows with the batch, so that a step size tuned for 8 samples is far too
  large for 512; the norm of the mean's gradient settles at one value, that of the whole data set;
- the scatter of the mean's gradient between batches shrinks like $1/\sqrt{B}$: four times the samples, half
  the noise. That is what a larger batch buys, and it becomes dear.
"""

# %% tags=["measure"]
generator = np.random.default_rng(0)
inputs = generator.normal(size=(4096, 6))
answers = inputs @ np.array([[1.0], [-2.0], [0.5], [0.0], [1.5], [-1.0]]) + generator.normal(size=(4096, 1))
weights = Tensor(np.zeros((6, 1)), dtype=np.float64)
print(f"{'batch':>6} {'norm, mean':>11} {'norm, sum':>11} {'scatter of the mean':>20}")
for batch in (8, 32, 128, 512):
    gradients = []
    for _ in range(20):
        chosen = generator.integers(0, len(inputs), size=batch)
        x = Tensor(inputs[chosen], dtype=np.float64)
        gradients.append(central_difference(lambda w: mse_loss(x @ w, answers[chosen]), weights))
    gradients = np.array(gradients)
    norm = np.linalg.norm(gradients.mean(axis=0))
    scatter = np.linalg.norm(gradients.std(axis=0))
    print(f"{batch:6} {norm:11.2f} {norm * batch:11.1f} {scatter:20.3f}")

# %% [markdown]
r"""
### The same goal, two speeds

A yes/no classifier can be trained with mean squared error on $\sigma(z)$, too: the minimum is in the same
place. The left panel shows both losses of one logit whose target is 1, the middle one their slopes. The
right panel lets gradient descent loose on both, from a confident *wrong* answer, with slopes from your
`central_difference`. What to look for: where MSE's slope is largest and what it is at $z = -8$; how many
steps each needs until the answer is right with 90 % confidence.
"""

# %% tags=["measure"]
import matplotlib.pyplot as plt

from tinytorch.activations import sigmoid

losses = {
    "binary cross-entropy": lambda z: bce_with_logits(z, [1.0]),
    "MSE of the sigmoid": lambda z: mse_loss(sigmoid(z), [1.0]),
}
figure, axes = plt.subplots(1, 3, figsize=(12, 3.2))
line = np.linspace(-10, 5, 61)
for name, loss in losses.items():
    axes[0].plot(line, [loss(Tensor([z], dtype=np.float64)).item() for z in line], label=name)
    slopes = [central_difference(loss, Tensor([z], dtype=np.float64))[0] for z in line]
    axes[1].plot(line, slopes, label=name)
    z, path = np.array([-8.0]), []
    while len(path) < 3000 and z[0] < np.log(9):
        path.append(z[0])
        z = z - central_difference(loss, Tensor(z, dtype=np.float64))
    axes[2].plot(range(1, len(path) + 1), path, label=name)
    slope = central_difference(loss, Tensor([-8.0], dtype=np.float64))[0]
    print(f"{name:21} slope at z = -8: {slope:9.1e}, steps to 90 %: {len(path)}")
axes[0].set(title="loss, target 1", xlabel="z")
axes[1].set(title="slope", xlabel="z")
axes[2].set(title="gradient descent, rate 1", xlabel="step", ylabel="z", xscale="log")
axes[0].legend()
figure.tight_layout()
plt.show()

# %% [markdown]
r"""
MSE through a sigmoid multiplies the error by $\sigma'(z)$, which is nearly zero exactly where the answer is
most wrong. Cross-entropy's logarithm cancels that factor. The loss does not only say *where* the minimum
is, it decides how fast one gets there.

## 9. In Production

**Fused ops.** `torch.nn.functional.cross_entropy` is log-softmax followed by a negative log-likelihood, as
yours is. It takes the classes on axis 1, also for images and sequences (`(batch, classes, length)`), where
ours takes the last axis. It knows more options: class weights, label smoothing, probabilities as targets,
and `ignore_index=-100`, which leaves padded positions out of the mean. `BCEWithLogitsLoss` exists beside
`BCELoss` for the reason you know; the latter, which takes probabilities, has to clamp its logarithms at
−100.

**Reduction.** Every loss there has `reduction="mean" | "sum" | "none"`. Careful with distributed training:
the mean of the means of several workers is the overall mean only if all batches are equally large. Token
losses with padding, and gradient accumulation over batches of different lengths, have to weight by counts;
widely used libraries got this wrong.

**Mixed precision.** Under `torch.autocast` on a GPU, matrix products run in half precision, while
log-softmax and most losses are on the list of operations that run in float32. Small gradients underflow in
float16 all the same: so the loss is multiplied by a large factor before the backward pass, and the
gradients divided by it afterwards (*loss scaling*, possible because a scalar scales everything behind it).
bfloat16 has the exponent range of float32 and needs no scaling.

**Gradient checks.** `torch.autograd.gradcheck` is a central difference with a step of $10^{-6}$ by default,
and it warns about inputs that are not float64. You have just plotted why.

## 10. What Breaks First at Scale

**The logits of a language model.** Everything in this module is proportional to rows × classes, and in a
language model the rows are batch × length and the classes are the vocabulary. The next cell turns your
measured multiples into bytes. What to look for: with a large vocabulary the loss at the end of the network
needs more memory than the weights of the matrix that produced its logits, and the largest tensor of the
whole training step is one that nobody thinks of as a layer. The remedy is in the same table: process the
rows in chunks, keep one number per row, and compute the softmax again when slopes are needed. Fused kernels
for linear layer plus cross-entropy do just that, and never hold all the logits.

**Counting.** The second part averages more and more equal losses in float32, one after the other and
pairwise as NumPy does. A running sum over an epoch, kept in float32, drifts, and in the end stops growing
altogether: from then on adding 0.1 changes nothing. Keep it in a Python float.
"""

# %% tags=["measure"]
import tracemalloc

rows, classes = 512, 2048
array = np.ones((rows, classes), dtype=np.float32)
logits = Tensor(array, requires_grad=True)
tracemalloc.start()
loss = cross_entropy(logits, np.zeros(rows, dtype=int))
current, peak = tracemalloc.get_traced_memory()
tracemalloc.stop()
print(
    f"{'batch × length':>15} {'vocabulary':>11} {'logits':>10} {'peak on top':>12} {'matrix before it':>26}"
)
for batch, length, vocabulary in ((12, 64, 65), (32, 1024, 50_257), (32, 4096, 128_000)):
    size = 4 * batch * length * vocabulary / 2**30  # float32; the matrix is 4096 × vocabulary
    extra, matrix = size * peak / array.nbytes, 4 * 4096 * vocabulary / 2**30
    print(f"{batch:6} × {length:6} {vocabulary:11,} {size:6.2f} GiB {extra:8.2f} GiB {matrix:22.2f} GiB")
chunk = 4 * 1024 * 128_000 / 2**30
print(f"in chunks of 1,024 rows: {chunk:.2f} GiB of logits at a time")

print(f"\n{'losses of 0.1':>14} {'one by one':>11} {'pairwise':>9}   mean in float32")
for count in (10**4, 10**6, 4 * 10**7):
    values = np.full(count, 0.1, dtype=np.float32)
    running = np.add.accumulate(values)[-1] / np.float32(count)
    print(f"{count:14,} {running:11.5f} {Tensor(values).mean().item():9.5f}")

# %% [markdown]
r"""
## 11. Integration Test

A small classifier, all three losses, and the numerical slopes against the formulas of section 1. When this
passes, you know the gradients that Module 06 has to reproduce.
"""


# %% nbgrader={"grade": true, "grade_id": "test_slopes", "locked": true, "points": 5, "schema_version": 3, "solution": false, "task": false}
def test_unit_slopes():
    """The measured slopes of all three losses are prediction minus target."""
    numbers = np.random.default_rng(11)
    z, c = numbers.normal(scale=2.0, size=(4, 3)), np.array([2, 0, 1, 1])
    slopes = central_difference(lambda v: cross_entropy(v, c), Tensor(z, dtype=np.float64))
    powers = np.exp(z)
    expected = (powers / powers.sum(axis=1, keepdims=True) - np.eye(3)[c]) / 4
    np.testing.assert_allclose(
        slopes, expected, atol=1e-8, err_msg="slopes of cross_entropy: expected (softmax(z) - one_hot) / rows"
    )
    np.testing.assert_allclose(
        slopes.sum(axis=1), 0, atol=1e-8, err_msg="each row of slopes must sum to zero"
    )

    y = numbers.normal(size=(4, 3))
    slopes = central_difference(lambda v: mse_loss(v, y), Tensor(z, dtype=np.float64))
    np.testing.assert_allclose(
        slopes, 2 * (z - y) / 12, atol=1e-8, err_msg="slopes of mse_loss: 2 (ŷ - y) / elements"
    )

    hard, z[0] = (y > 0) * 1.0, 0.0
    slopes = central_difference(lambda v: bce_with_logits(v, hard), Tensor(z, dtype=np.float64))
    np.testing.assert_allclose(
        slopes,
        (1 / (1 + np.exp(-z)) - hard) / 12,
        atol=1e-8,
        err_msg="slopes of bce_with_logits: (σ(z) - y) / elements",
    )
    weights = np.zeros((3, 2))
    x = Tensor(numbers.normal(size=(30, 3)), dtype=np.float64)
    labels = (x.data[:, 0] > x.data[:, 1]).astype(int)
    start = cross_entropy(x @ weights, labels).item()
    np.testing.assert_allclose(
        start, np.log(2), rtol=1e-9, err_msg="a classifier that knows nothing: log(classes)"
    )
    for _ in range(60):
        slopes = central_difference(lambda w: cross_entropy(x @ w, labels), weights)
        weights = weights - 2 * slopes
    end, share = cross_entropy(x @ weights, labels).item(), accuracy(x @ weights, labels)
    assert end < 0.25 and share > 0.9, (
        f"60 steps downhill: loss {start:.3f} -> {end:.3f}, accuracy {share:.2f}"
    )
    print(f"integration: slopes agree; a classifier went from {start:.3f} to {end:.3f}, accuracy {share:.0%}")


test_unit_slopes()
### BEGIN HIDDEN TESTS
from tinytorch_lab.probes import probe, raises, rng

z, c = rng.normal(size=(3, 2, 4)), rng.integers(0, 4, size=(3, 2))
x, w = rng.normal(size=(5, 3)), rng.normal(size=(3, 4))
points = Tensor(x, dtype=np.float64)
labels = rng.integers(0, 4, size=5)
probe(
    "cross-entropy of sequences",
    central_difference(lambda v: cross_entropy(v, c), Tensor(z, dtype=np.float64), eps=1e-4),
)
probe(
    "through a layer",
    central_difference(lambda v: cross_entropy(points @ v, labels), Tensor(w, dtype=np.float64), eps=1e-4),
)
yes = (x > 0) * 1.0
probe(
    "binary",
    central_difference(lambda v: BinaryCrossEntropyLoss()(v, yes), Tensor(3 * x, dtype=np.float64), eps=1e-4),
)
zeros = np.zeros((5, 4))
probe(
    "a sum of losses",
    central_difference(
        lambda v: cross_entropy(v, labels) + 0.1 * mse_loss(v, zeros),
        Tensor(x @ w, dtype=np.float64),
        eps=1e-4,
    ),
)
probe(
    "log-softmax by columns",
    central_difference(lambda v: (log_softmax(v, axis=0) * w).sum(), Tensor(w, dtype=np.float64), eps=1e-4),
)
pair = Tensor(np.stack([0 * x[:, 0], x[:, 0]], axis=-1), dtype=np.float64)
binary = bce_with_logits(Tensor(x[:, 0], dtype=np.float64), yes[:, 0])
probe("two classes", [binary.item(), cross_entropy(pair, yes[:, 0].astype(int)).item()])
### END HIDDEN TESTS

# %% [markdown]
"""
## 🤔 ML Systems Thinking

Three questions, each answered in 150–300 words. Argue with your own code and the figures that your run
printed.
"""

# %% [markdown] nbgrader={"grade": false, "grade_id": "question_1", "locked": true, "schema_version": 3, "solution": false, "task": false}
"""
### Question 1: One number, its reduction and the batch size

**Context:** All three losses return a tensor of shape `()`. You compared the gradient of a mean with that
of a sum for batches of 8 to 512 samples, and printed the scatter between batches.

**Question:** A team moves a training run from one machine with batches of 64 to eight machines with batches
of 64 each. Each machine averages its own loss, and the gradients of the eight machines are then averaged.
The last batch of an epoch is shorter on some machines, and in the text data every sequence has a different
number of padded positions. Why must each machine's loss be a single number at all? What would have changed,
had they used sums? When is the mean of the eight means *not* the mean over all samples, and how would you
repair it? Use your table to say what the larger total batch does to the gradient and its noise, and what it
does not.

**Expected response:** 150–300 words, with at least two of your own figures.
"""

# %% [markdown] nbgrader={"grade": true, "grade_id": "response_1", "locked": false, "points": 10, "schema_version": 3, "solution": true, "task": false}
"""
=== BEGIN MARK SCHEME ===
EXCELLENT (9-10 points):
- Explains that a direction of descent is defined for a scalar only, and that reverse differentiation costs one backward pass per output
- Uses the own table: the norm of the mean's gradient stays about constant while that of the sum grows with the batch, so a learning rate would have to shrink by the same factor
- Quotes the scatter falling roughly as one over the square root of the batch, so 8 times the samples give less noise by a factor of about 2.8, not 8
- Shows that the mean of means weights samples of short batches (or sequences with much padding) more, and gives a repair: sum the losses and the counts over machines and divide once
- Separates what does not change: the expected gradient and the number of optimizer steps needed at a given step size near the noise-free limit
GOOD (7-8 points):
- Gives a correct reason for a scalar and the factor between mean and sum
- Refers to at least one printed figure for norm or scatter
- Names unequal counts as the reason why means of means go wrong
- The repair is right but only sketched
SATISFACTORY (5-6 points):
- Knows that the sum's gradient grows with the batch and the mean's does not
- Says that larger batches have less noise, without a rate
- Treats the eight machines only in general terms
NEEDS IMPROVEMENT (1-4 points):
- Confuses the batch size with the learning rate, or the loss with the accuracy
- Believes that the mean of means is always right
- No figure of the notebook
NO CREDIT (0 points):
- No answer, or unrelated to reductions
- Copied question text only
- Every claim wrong
=== END MARK SCHEME ===

**Your response:**
"""

# %% [markdown] nbgrader={"grade": false, "grade_id": "question_2", "locked": true, "schema_version": 3, "solution": false, "task": false}
"""
### Question 2: Log-sum-exp in half precision

**Context:** `LogSoftmaxOp` subtracts the maximum and takes the logarithm of a sum. You plotted the share of
values that a softmax followed by a logarithm turns into minus infinity, and you saw 100,000 equal logits in
float16.

**Question:** A colleague trains a language model with a vocabulary of 128,000 entirely in float16,
log-softmax included, "since the shift by the maximum makes it safe". Which parts of the formula does the
shift protect, and which not? Go through shift, exponential, sum, logarithm and mean, and say for each what
can go wrong in float16 (largest number 65,504, three digits) and what your measurements show. What do
production systems compute in which precision, and why does scaling the *loss* help gradients that
underflow? Would bfloat16 remove the problems, or exchange them?

**Expected response:** 150–300 words, with at least two of your own figures.
"""

# %% [markdown] nbgrader={"grade": true, "grade_id": "response_2", "locked": false, "points": 10, "schema_version": 3, "solution": true, "task": false}
"""
=== BEGIN MARK SCHEME ===
EXCELLENT (9-10 points):
- States that the shift bounds every exponent by 0 and keeps the sum at 1 or above, so exp cannot overflow and log 0 cannot occur, but does not bound the sum from above
- Uses the printed row of 100,000 equal logits: the sum exceeds 65,504, becomes infinite, and the loss with it
- Names lost accuracy beside overflow: small terms vanish next to a large partial sum, or the difference of logits is rounded to three digits before exp
- Compares with the figure: log of softmax gives -inf at a far smaller spread in float16 than in float32, log_softmax in neither
- Describes practice: half precision products, log-softmax, sum and mean in float32; loss scaling shifts all gradients by one factor because the loss is a scalar, and is undone before the update
- Says that bfloat16 has float32's range (no overflow, no scaling) but only two to three digits, so the sum still belongs in float32
GOOD (7-8 points):
- Separates what the shift protects from the overflow of the sum
- Quotes at least one own figure for float16
- Knows that losses run in float32 under mixed precision, and the purpose of loss scaling
- bfloat16 only touched on
SATISFACTORY (5-6 points):
- Explains the shift and overflow of exp correctly
- Says that float16 is risky without locating the risk in the formula
- Mentions mixed precision
NEEDS IMPROVEMENT (1-4 points):
- Believes that the shift alone makes float16 safe
- Proposes clipping logits as the main remedy
- No reference to the measurements
NO CREDIT (0 points):
- No answer, or unrelated to log-softmax
- Copied question text only
- Every claim wrong
=== END MARK SCHEME ===

**Your response:**
"""

# %% [markdown] nbgrader={"grade": false, "grade_id": "question_3", "locked": true, "schema_version": 3, "solution": false, "task": false}
"""
### Question 3: The choice of loss, gradients and convergence

**Context:** You compared binary cross-entropy with the mean squared error of a sigmoid: value, slope at a
confident wrong answer, and the number of steps of gradient descent. Accuracy, finally, is no loss at all.

**Question:** A product team has a classifier for a rare defect (1 image in 200). They train with MSE on
sigmoid outputs, report 99.5 % accuracy, and find that the loss hardly moves. Explain with your figures what
happens to the gradient of a defect that the model confidently misses, and how cross-entropy differs,
starting from the slope formulas. Why does the accuracy of 99.5 % say nothing here, and why can one not
train on accuracy directly? When would MSE be the right loss? Name one risk that cross-entropy brings which
MSE does not have.

**Expected response:** 150–300 words, with at least two of your own figures.
"""

# %% [markdown] nbgrader={"grade": true, "grade_id": "response_3", "locked": false, "points": 10, "schema_version": 3, "solution": true, "task": false}
"""
=== BEGIN MARK SCHEME ===
EXCELLENT (9-10 points):
- Derives the slopes: σ(z) - y for cross-entropy, and the same error times 2 σ(1 - σ) for MSE, which vanishes for confident wrong answers
- Quotes the printed slopes at z = -8 and the step counts of both losses, with their ratio
- Explains that always answering no reaches 99.5 %, so accuracy hides the failure; names a better report (recall, per-class accuracy, class weights in the loss)
- Explains that accuracy is piecewise constant: a central difference of it is 0 almost everywhere
- Gives a proper use of MSE: real-valued targets with roughly normal errors
- Names a risk of cross-entropy: unbounded loss for wrong labels or outliers, overconfidence, or -inf when not built on log-softmax
GOOD (7-8 points):
- Explains the vanishing factor of the sigmoid and that cross-entropy lacks it
- At least one own figure, correctly used
- Says why accuracy misleads for rare classes and gives no slope
- One of the last two points missing
SATISFACTORY (5-6 points):
- States that cross-entropy converges faster for classification, with some reason
- Recognises class imbalance
- Little use of the notebook's figures
NEEDS IMPROVEMENT (1-4 points):
- Claims one loss is better without a reason
- Takes 99.5 % accuracy as proof that training worked
- Confuses loss, slope and accuracy
NO CREDIT (0 points):
- No answer, or unrelated to losses
- Copied question text only
- Every claim wrong
=== END MARK SCHEME ===

**Your response:**
"""

# %% [markdown]
r"""
## 🎯 Module Summary

**Built.** `log_softmax`; `mse_loss`, `cross_entropy`, `bce_with_logits` and their object forms; `accuracy`;
`central_difference`, with which you will examine every gradient of the next modules.

**Measured.** When a logarithm after a softmax becomes infinite, and when even log-softmax does; the error
of a difference quotient against its step; peak and retained memory of three cross-entropies; the price of
measured slopes; gradients of means and sums over the batch size; two losses racing to the same minimum.

**Understood.**

- A loss is a negative log-likelihood: the kind of target decides which one.
- What belongs together numerically, logarithm and softmax, belongs into one op.
- Values may be right where slopes are wrong: a composition is chosen for both.
- Broadcasting makes wrong shapes look like results. A loss is the place to refuse them.
- Measured slopes cost two evaluations per weight, exact ones will cost two to three in total.

**Next.** Module 05 feeds data to the loss in batches; Module 06 walks the recorded ops backwards.
"""
