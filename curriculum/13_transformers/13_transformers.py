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
# Module 13: Transformers

One attention layer finds things; a language needs many findings, one on top of the other. But a stack of layers that
simply feed each other does not train: after a dozen of them the signal has exploded or died, and the gradient with it.
Two ideas make depth possible. A *residual path* on which every layer only adds something, and a *normalisation* that
keeps numbers at a reasonable size. With both, a block can be stacked as often as memory allows, and a stack of blocks
between an embedding and a linear layer is a GPT.

**Learning objectives**

- derive the gradient of layer normalisation, write it as one op, and say what that saves against composing it;
- build a feed-forward layer and a pre-norm block, and show that an untrained block is nearly the identity;
- measure what residual paths and normalisation do to gradients in a deep stack, separately and together;
- assemble a GPT, and prove by experiment that no prediction depends on a later token;
- count parameters by part without counting, and activations by measuring;
- explain where a large model is cut for many devices, and what each cut costs.

**Prerequisites:** Module 03 (`Module`, `Linear`), Module 06 (backward rules, `graph_memory`), Module 11 (`TokenEmbedding`),
Module 12 (`MultiHeadAttention` and its `extend`).

**Estimated time:** 4 hours.
"""

# %%
#| default_exp transformers

# %% nbgrader={"grade": false, "grade_id": "imports", "locked": true, "schema_version": 3, "solution": false, "task": false}
#| export
import math
from collections.abc import Sequence
from typing import Any

import numpy as np

from tinytorch.activations import gelu
from tinytorch.attention import Extend, MultiHeadAttention
from tinytorch.autograd import backward_for
from tinytorch.embeddings import TokenEmbedding
from tinytorch.layers import Linear, Module, Parameter
from tinytorch.tensor import Add, Op, Tensor

# %% [markdown]
r"""
## 1. Mathematical Foundations

### Normalising each vector

Let $x \in \mathbb R^d$ be the vector of one token. **Layer normalisation** subtracts its mean, divides by its standard
deviation, and lets the model choose a new scale and a new offset for each component:

$$\mu = \frac1d \sum_i x_i, \qquad \sigma^2 = \frac1d \sum_i (x_i - \mu)^2, \qquad
\hat x = \frac{x - \mu}{\sqrt{\sigma^2 + \varepsilon}}, \qquad y = \gamma \odot \hat x + \beta .$$

The mean is over the $d$ components of *this* token. Nothing of another token, of another sequence of the batch, or of
an earlier step enters: training and serving compute the same function. $\varepsilon = 10^{-5}$ keeps a constant vector,
whose $\sigma$ is 0, from a division by zero.

### Its gradient

Let $g = \partial L / \partial y$. For $\gamma$ and $\beta$, which all tokens share, sums over tokens:
$\bar\gamma = \sum g \odot \hat x$, $\bar\beta = \sum g$. For $x$, put $h = g \odot \gamma$, the gradient of $\hat x$, and
$s = 1/\sqrt{\sigma^2 + \varepsilon}$. Every $x_j$ acts on all $\hat x_i$, directly, through $\mu$, and through $\sigma$:

$$\frac{\partial \hat x_i}{\partial x_j} = s \left( \delta_{ij} - \frac1d - \frac{\hat x_i \hat x_j}{d} \right)
\qquad\Longrightarrow\qquad
\bar x = s \left( h - \operatorname{mean}(h) - \hat x \cdot \operatorname{mean}(h \odot \hat x) \right).$$

Read it geometrically. Adding a constant to $x$ changes nothing, so the gradient has no component along $(1, \dots, 1)$:
$\operatorname{mean}(h)$ is taken out. Stretching $x - \mu$ changes nothing either, so the component along $\hat x$ is taken
out as well. What is left is scaled by $s$: the larger $x$, the smaller its gradient.

### A path on which gradients survive

A layer in a plain stack computes $x_{l+1} = f_l(x_l)$, and the gradient of $L$ layers is a product of $L$ Jacobians. If
each of them shrinks vectors by a factor of 0.8, forty layers leave $0.8^{40} \approx 10^{-4}$. With a **residual path**,

$$x_{l+1} = x_l + f_l(x_l) \qquad\Longrightarrow\qquad
\frac{\partial x_L}{\partial x_0} = \prod_l \left( I + J_l \right) = I + \sum_l J_l + \dots$$

there is always the $I$: whatever the layers do, the gradient at the top also reaches the bottom directly. A
**pre-norm block** does this twice, and normalises the *input* of each branch, never the path:

```text
  x ──────────────┬──────────────────────► + ──┬────────────────────────► + ──►
                  │                        ▲   │                          ▲
                  └► norm1 ─► attention ───┘   └► norm2 ─► feed-forward ──┘
                      (mixes places)               (works on each place by itself)
```

### A GPT

$$\text{ids} \to \text{token} + \text{position} \to \text{block} \to \dots \to \text{block} \to \text{norm} \to
\text{linear} \to \text{one score for each token of the vocabulary, at each place.}$$

With causal attention, the scores at place $i$ depend on tokens $0 \dots i$ only, and are trained to predict token $i+1$.
One sequence of $n$ tokens gives $n$ training examples, at the price of one.

Its parameters, for width $d$, feed-forward layers $4d$ wide, $L$ blocks: $4d^2$ for the attention, $8d^2$ for the
feed-forward layer, hence about $12\, L\, d^2$, plus $V d$ for the vocabulary, in and out.
"""

# %% [markdown]
r"""
## 2. Layer Normalisation, Forwards

`LayerNormOp` takes three tensors, `x`, `weight` ($\gamma$) and `bias` ($\beta$), and the attribute `eps`. Its rule, in the
next section, needs $\hat x$ and $s$, so `forward` keeps them: `self.normalized` and `self.scale`.

Two traps:

- **The variance** as $\operatorname{mean}(x^2) - \mu^2$ saves a pass over the data, and subtracts two large numbers that are
  nearly equal. With a mean of 1,000 and a spread of 0.1, float32 has nothing left. Subtract the mean first.
- **Which variance?** Divide by $d$, not by $d - 1$ (`np.var` does, PyTorch's `LayerNorm` too); and $\varepsilon$ is added
  *under* the root.

`mean` along a short last axis starts anew for every vector, and its square needs an array of squares that nobody keeps.
`np.einsum` has neither trouble: `"...i,...i->..."` multiplies and sums in one pass. It is distinctly faster, and
earns the same points.

`LayerNorm` is the module: `weight` starts as ones, `bias` as zeros. It checks the width, since a vector of length 1 would
broadcast without complaint.
"""


# %% nbgrader={"grade": false, "grade_id": "layer_norm", "locked": false, "schema_version": 3, "solution": true, "task": false}
#| export
class LayerNormOp(Op):
    """Each vector along the last axis with mean 0 and variance 1, then scaled and shifted."""

    eps: float

    def forward(self, x: np.ndarray, weight: np.ndarray, bias: np.ndarray) -> np.ndarray:
        """x: (..., dim), weight and bias: (dim,), result: x's shape and dtype.

        Keeps ``self.normalized`` (..., dim), before scaling and shifting, and ``self.scale`` (..., 1), which is
        1 / √(variance + eps).
        Hint: both means need ``keepdims=True``.
        """
        ### BEGIN SOLUTION
        width = x.shape[-1]
        centred = x - np.einsum("...i->...", x)[..., None] / width
        squares = np.einsum("...i,...i->...", centred, centred)[..., None]
        self.scale = 1 / np.sqrt(squares / width + self.eps)
        centred *= self.scale
        self.normalized = centred
        y = centred * weight
        y += bias
        return y
        ### END SOLUTION


class LayerNorm(Module):
    """Layer normalisation over the last axis, of length ``dim``."""

    def __init__(self, dim: int, eps: float = 1e-5) -> None:
        """Set ``dim``, ``eps``, and the parameters ``weight`` (ones) and ``bias`` (zeros), both (dim,)."""
        ### BEGIN SOLUTION
        self.dim, self.eps = dim, eps
        self.weight = Parameter(np.ones(dim))
        self.bias = Parameter(np.zeros(dim))
        ### END SOLUTION

    def forward(self, x: Tensor) -> Tensor:
        """x: (..., dim), result: the same shape. Raises ValueError, naming both, if the last axis is not ``dim``."""
        ### BEGIN SOLUTION
        if x.ndim == 0 or x.shape[-1] != self.dim:
            raise ValueError(f"{self} needs an input of shape (..., {self.dim}), got {x.shape}")
        return LayerNormOp.apply(x, self.weight, self.bias, eps=self.eps)
        ### END SOLUTION

    def __repr__(self) -> str:
        return f"LayerNorm({self.dim})"


# %% nbgrader={"grade": true, "grade_id": "test_layer_norm", "locked": true, "points": 8, "schema_version": 3, "solution": false, "task": false}
def test_unit_layer_norm():
    """Means, variances, eps, scale and shift, precision, shapes and what is kept for the rule."""
    numbers = np.random.default_rng(0)
    layer = LayerNorm(4)
    names = {name: p.data.tolist() for name, p in layer.named_parameters()}
    assert names == {"weight": [1.0] * 4, "bias": [0.0] * 4}, (
        f"LayerNorm(4): expected weight of ones and bias of zeros, got {names}"
    )
    x = Tensor(numbers.normal(3.0, 2.0, size=(2, 5, 4)))
    y = layer(x)
    assert y.shape == x.shape, f"LayerNorm(4) of {x.shape}: got shape {y.shape}"
    np.testing.assert_allclose(
        y.data.mean(axis=-1), 0, atol=1e-6, err_msg="LayerNorm: every vector must have mean 0"
    )
    np.testing.assert_allclose(
        y.data.var(axis=-1), 1, rtol=1e-3, err_msg="LayerNorm: every vector must have variance 1 (divide by dim)"
    )
    one = layer(Tensor([1.0, 3.0, 5.0, 7.0])).data
    np.testing.assert_allclose(
        one, np.array([-3, -1, 1, 3]) / math.sqrt(5 + 1e-5), rtol=1e-6, err_msg="LayerNorm of 1, 3, 5, 7: variance 5"
    )
    wide_eps = LayerNorm(4, eps=4.0)(Tensor([1.0, 3.0, 5.0, 7.0])).data
    np.testing.assert_allclose(
        wide_eps, np.array([-1, -1 / 3, 1 / 3, 1]), rtol=1e-6, err_msg="LayerNorm, eps=4: divided by √(5 + 4) = 3"
    )
    layer.weight.data[:] = [1, 2, 3, 4]
    layer.bias.data[:] = 10
    np.testing.assert_allclose(
        layer(Tensor([1.0, 3.0, 5.0, 7.0])).data,
        one * [1, 2, 3, 4] + 10,
        rtol=1e-6,
        err_msg="LayerNorm: after normalising, times weight, plus bias",
    )
    far = LayerNorm(64)(Tensor(1000 + 0.1 * numbers.normal(size=64))).data
    np.testing.assert_allclose(
        far.std(), 1, rtol=0.01, err_msg="LayerNorm, mean 1000 and spread 0.1: subtract the mean before squaring"
    )
    flat = LayerNorm(4)(Tensor(np.full((2, 4), 7.0))).data
    np.testing.assert_allclose(flat, 0, atol=1e-6, err_msg="LayerNorm of a constant vector: zeros, not NaN")
    for dtype in (np.float32, np.float64):
        got = LayerNorm(4).to(dtype)(Tensor(x.data, dtype=dtype)).dtype
        assert got == dtype, f"LayerNorm of {np.dtype(dtype)}: got {got}"
    op = y.creator
    assert isinstance(op, LayerNormOp) and op.inputs[1:] == (layer.weight, layer.bias), (
        "LayerNorm: apply LayerNormOp to x, weight and bias, so that all three are recorded"
    )
    assert op.normalized.shape == (2, 5, 4) and op.scale.shape == (2, 5, 1), (
        f"LayerNormOp keeps normalized (2, 5, 4) and scale (2, 5, 1); got {op.normalized.shape}, {op.scale.shape}"
    )
    np.testing.assert_allclose(
        op.scale[..., 0], 1 / np.sqrt(x.data.var(axis=-1) + 1e-5), rtol=1e-4, err_msg="scale: 1 / √(variance + eps)"
    )
    for wrong in (Tensor(np.zeros((2, 3))), Tensor(np.zeros((2, 1))), Tensor(1.0)):
        try:
            layer(wrong)
        except ValueError:
            continue
        raise AssertionError(f"LayerNorm(4) of shape {wrong.shape}: expected ValueError")
    print("LayerNorm: values, precision and what is kept are right")


test_unit_layer_norm()
### BEGIN HIDDEN TESTS
from tinytorch_lab.probes import probe, raises, rng

width = int(rng.integers(3, 9))
layer = LayerNorm(width).to(np.float64)
for parameter in layer.parameters():
    parameter.data[:] = rng.normal(size=width)
x = Tensor(rng.normal(size=(3, 2, width)) * 5 - 2, dtype=np.float64, requires_grad=True)
probe("values", layer(x).data)
probe("one vector", layer(x[0, 1]).data)
probe("four axes", layer(x.reshape(3, 1, 2, width)).data)
probe("empty", list(layer(x[:0]).shape))
op = layer(x).creator
probe("kept", [op.normalized, op.scale])
probe("eps", [LayerNorm(width, eps)(Tensor(x.data)).data for eps in (1e-5, 1e-2, 10.0)])
far = Tensor(1e6 + 0.5 * rng.normal(size=32), dtype=np.float64)
probe("far away", LayerNorm(32).to(np.float64)(far).data)
probe("constant", LayerNorm(width)(Tensor(np.full(width, 3.0))).data)
probe("width one", LayerNorm(1)(Tensor([[5.0], [-2.0]])).data)
single = LayerNorm(width)(Tensor(x.data))
probe("float32", [single.data, str(single.dtype)])
before = x.data.copy()
layer(x)
probe("input unchanged", bool(np.array_equal(x.data, before)))
shared = LayerNorm(3), LayerNorm(3)
probe("own parameters", bool(np.shares_memory(shared[0].weight.data, shared[1].weight.data)))
probe("errors", [raises(lambda: layer(x[..., :-1])), raises(lambda: layer(x[..., :1]))])
### END HIDDEN TESTS

# %% [markdown]
r"""
## 3. Layer Normalisation, Backwards

The formula is in section 1; this is the longest rule of the course. What to mind:

- `weight` and `bias` were used by *every* vector, so their gradients are sums over all leading axes, whatever their
  number.
- The two means are over the last axis, of $h = g \odot \gamma$, not of $g$. A mean of products is a dot product:
  $\operatorname{mean}(h) = g \cdot \gamma / d$, for all vectors at once a matrix product with one column.
- The sum of all vectors is a product, too: with a row of ones, as in Module 06. Plain `sum` and `mean` earn the same
  points.
- `grad` belongs to others too: do not write into it. A new array of your own may be changed in place, and for a layer
  that runs twice in every block it is worth it.
"""


# %% nbgrader={"grade": false, "grade_id": "layer_norm_backward", "locked": false, "schema_version": 3, "solution": true, "task": false}
#| export
@backward_for(LayerNormOp)
def layer_norm_backward(op: LayerNormOp, grad: np.ndarray) -> tuple[np.ndarray, ...]:
    """Gradients of x (..., dim), weight (dim,) and bias (dim,).

    Hint: ``op.normalized`` and ``op.scale``; two means along the last axis.
    """
    ### BEGIN SOLUTION
    normalized, weight = op.normalized, op.inputs[1].data
    width = len(weight)
    ones = np.ones(grad.size // width, grad.dtype)
    product = grad * normalized
    grad_weight, grad_bias = ones @ product.reshape(-1, width), ones @ grad.reshape(-1, width)
    share = (weight / width)[:, None]
    slope = grad * weight
    slope -= grad @ share
    slope -= np.multiply(normalized, product @ share, out=product)
    slope *= op.scale
    return slope, grad_weight, grad_bias
    ### END SOLUTION


# %% nbgrader={"grade": true, "grade_id": "test_layer_norm_backward", "locked": true, "points": 10, "schema_version": 3, "solution": false, "task": false}
from tinytorch.autograd import gradient_check, input_gradients


def normalised(x, weight, bias, eps=1e-5):
    return LayerNormOp.apply(x, weight, bias, eps=eps)


def test_unit_layer_norm_backward():
    """The rule agrees with differences; the gradient of x has no part along 1 and none along x̂."""
    numbers = np.random.default_rng(1)
    weight, bias = Tensor(numbers.normal(size=4)), Tensor(numbers.normal(size=4))
    for shape in ((4,), (3, 4), (2, 3, 4)):
        x = Tensor(numbers.normal(2.0, 3.0, size=shape))
        upstream = np.cos(np.arange(x.size)).reshape(shape)
        error = gradient_check(lambda *t: (normalised(*t) * upstream).sum(), x, weight, bias)
        assert error < 1e-6, f"layer_norm_backward, x of {shape}: error {error:.1e} against central differences"
    x = Tensor(numbers.normal(size=(5, 4)), dtype=np.float64, requires_grad=True)
    ones = Tensor(np.ones(4), dtype=np.float64, requires_grad=True)
    zeros = Tensor(np.zeros(4), dtype=np.float64, requires_grad=True)
    op = normalised(x, ones, zeros, eps=0.0).creator
    grad = numbers.normal(size=(5, 4))
    before = grad.copy()
    gradients = input_gradients(op, grad)
    np.testing.assert_array_equal(grad, before, err_msg="layer_norm_backward: the rule wrote into grad")
    np.testing.assert_allclose(
        gradients[0].sum(axis=-1),
        0,
        atol=1e-12,
        err_msg="layer_norm_backward: adding a constant to x changes nothing, so the gradient must sum to 0",
    )
    np.testing.assert_allclose(
        (gradients[0] * op.normalized).sum(axis=-1),
        0,
        atol=1e-12,
        err_msg="layer_norm_backward: stretching x changes nothing, so no gradient may be left along x̂",
    )
    np.testing.assert_allclose(
        gradients[1], (grad * op.normalized).sum(axis=0), rtol=1e-9, err_msg="gradient of weight: summed over tokens"
    )
    np.testing.assert_allclose(gradients[2], grad.sum(axis=0), rtol=1e-9, err_msg="gradient of bias: summed over tokens")
    layer = LayerNorm(4)
    single = Tensor(numbers.normal(size=(3, 4)), requires_grad=True)
    (layer(single) * np.arange(4.0)).sum().backward()
    kinds = [str(t.grad.dtype) for t in (single, layer.weight, layer.bias)]
    assert kinds == ["float32"] * 3, f"layer_norm_backward in float32: gradients became {kinds}"
    print("layer_norm_backward: agrees with differences, and is orthogonal to 1 and x̂")


test_unit_layer_norm_backward()
### BEGIN HIDDEN TESTS
from tinytorch_lab.probes import probe, raises, rng


def norm_gradients(shape, spread=1.0):
    """Gradients of x, weight and bias for random values and a random upstream gradient."""
    tensors = [
        Tensor(rng.normal(size=size) * spread, dtype=np.float64, requires_grad=True)
        for size in (shape, shape[-1:], shape[-1:])
    ]
    op = normalised(*tensors).creator
    return list(input_gradients(op, rng.normal(size=shape)))


probe("matrix", norm_gradients((6, 5)))
probe("one vector", norm_gradients((7,)))
probe("batch", norm_gradients((2, 3, 4)))
probe("four axes", norm_gradients((2, 1, 3, 5)))
probe("as many tokens as components", norm_gradients((4, 4, 4)))
probe("large and small", [norm_gradients((3, 4), 1e3), norm_gradients((3, 4), 1e-3)])
probe("width one and two", [norm_gradients((3, 1)), norm_gradients((3, 2))])
probe("empty", [list(g.shape) for g in norm_gradients((0, 4))])
layer = LayerNorm(5).to(np.float64)
x = Tensor(rng.normal(size=(2, 3, 5)), dtype=np.float64, requires_grad=True)
(layer(layer(x) * 3.0) ** 3).mean().backward()
probe("the same layer twice", [x.grad, layer.weight.grad, layer.bias.grad])
flat = Tensor(np.full((1, 4), 2.0), dtype=np.float64, requires_grad=True)
plain = LayerNorm(4).to(np.float64)
(plain(flat) * np.array([1.0, -1.0, 2.0, 0.0])).sum().backward()
probe("constant vector", flat.grad)
### END HIDDEN TESTS

# %% [markdown]
r"""
### One op or nine: measure it

The same function could have been composed of `mean`, `-`, `*`, `**` and so on, whose rules exist since Module 06. The next
cell does that, and compares gradients, the time of a pass forwards and backwards, and what the graph keeps. What to look
for: the same numbers up to rounding, from half of the memory, in distinctly less time. Each op of the composition keeps its
input and makes its own pass over memory. Is it worth writing a rule by hand? For a layer that occurs twice in every block,
yes; the memory alone would be reason enough.
"""

# %% tags=["measure"]
import time

from tinytorch.autograd import graph_memory


def composed_norm(x, weight, bias):
    centred = x - x.mean(axis=-1, keepdims=True)
    variance = (centred * centred).mean(axis=-1, keepdims=True)
    return centred * (variance + 1e-5) ** -0.5 * weight + bias


def milliseconds(fn, repeats=7):
    timings = []
    for _ in range(repeats):
        start = time.perf_counter()
        fn()
        timings.append(time.perf_counter() - start)
    return min(timings) * 1e3


draw = np.random.default_rng(0)
values, upstream = draw.normal(size=(768, 128)), draw.normal(size=(768, 128))
found = {}
print("768 vectors of width 128      forward and backward, ms   kept, × input")
for name, norm in (("composed of nine ops", composed_norm), ("one op", normalised)):
    tensors = [Tensor(a, requires_grad=True) for a in (values, np.ones(128), np.zeros(128))]
    both = milliseconds(lambda: norm(*tensors).backward(upstream), repeats=25)
    kept = graph_memory(norm(*tensors)) / tensors[0].memory_footprint()
    for tensor in tensors:
        tensor.grad = None
    norm(*tensors).backward(upstream)
    found[name] = tensors[0].grad
    print(f"{name:28} {both:26.2f} {kept:15.1f}")
print(f"largest difference of the gradients: {np.abs(found['one op'] - found['composed of nine ops']).max():.1e}")

# %% [markdown]
r"""
### Why not over the batch?

**Batch normalisation** (2015, and for years the standard in vision) takes the mean and the variance of each *component*
over all samples of the batch. For single examples there are running averages from training. The next cell normalises
the same sample, in batches of different company, in both ways. What to look for: with batch statistics, the result for
our sample depends on who else is there, by tenths in a small batch; a batch of one is all zeros; and the running
averages are off if the data has moved since training. The last line is what a served model would see. LayerNorm does not
notice any of it.
"""

# %% tags=["measure"]
draw = np.random.default_rng(1)
sample = draw.normal(size=(1, 16))


def batch_norm(x, mean=None, variance=None):
    mean = x.mean(axis=0) if mean is None else mean
    variance = x.var(axis=0) if variance is None else variance
    return (x - mean) / np.sqrt(variance + 1e-5)


layer = LayerNorm(16)
print("our sample, in batches of others    change of its result: BatchNorm   LayerNorm")
reference = batch_norm(np.concatenate([sample, draw.normal(size=(4095, 16))]))[0]
alone = layer(Tensor(sample)).data[0]
for size in (256, 32, 8, 2, 1):
    company = np.concatenate([sample, draw.normal(size=(size - 1, 16))])
    moved = np.abs(batch_norm(company)[0] - reference).mean()
    same = np.abs(layer(Tensor(company)).data[0] - alone).mean()
    print(f"batch of {size:4} {'':36} {moved:9.3f} {same:11.3f}")
trained = draw.normal(size=(4096, 16))
served = 1.5 * draw.normal(size=(256, 16)) + 0.5
result = batch_norm(served, trained.mean(axis=0), trained.var(axis=0))
norms = layer(Tensor(served)).data
print(f"data that moved, running averages: mean {result.mean():.2f}, spread {result.std():.2f}; ", end="")
print(f"LayerNorm: mean {abs(norms.mean()):.2f}, spread {norms.std():.2f}")

# %% [markdown]
r"""
## 4. The Feed-Forward Layer

Attention mixes places but is linear in the values: weighted averages. The non-linear part of a block works on every place by
itself: widen, bend, narrow,

$$\operatorname{FFN}(x) = W_2\, \operatorname{gelu}(W_1 x + b_1) + b_2 .$$

Two thirds of a block's parameters are here. The names are those of PyTorch's `nn.TransformerEncoderLayer`.
"""


# %% nbgrader={"grade": false, "grade_id": "feed_forward", "locked": false, "schema_version": 3, "solution": true, "task": false}
#| export
class FeedForward(Module):
    """Two linear layers with a GELU between them, applied to each place: (..., dim) becomes (..., dim)."""

    def __init__(self, dim: int, hidden: int, rng: np.random.Generator | None = None) -> None:
        """Set ``linear1`` (dim to hidden) and ``linear2`` (hidden to dim), drawn in this order, with bias."""
        ### BEGIN SOLUTION
        self.linear1 = Linear(dim, hidden, rng=rng)
        self.linear2 = Linear(hidden, dim, rng=rng)
        ### END SOLUTION

    def forward(self, x: Tensor) -> Tensor:
        ### BEGIN SOLUTION
        return self.linear2(gelu(self.linear1(x)))
        ### END SOLUTION

    def __repr__(self) -> str:
        return f"FeedForward({self.linear1.in_features}, {self.linear1.out_features})"


# %% nbgrader={"grade": true, "grade_id": "test_feed_forward", "locked": true, "points": 8, "schema_version": 3, "solution": false, "task": false}
def test_unit_feed_forward():
    """Parameters, values and gradients of FeedForward, and that places do not mix."""
    numbers = np.random.default_rng(2)
    layer = FeedForward(4, 6, rng=np.random.default_rng(0)).to(np.float64)
    shapes = {name: parameter.shape for name, parameter in layer.named_parameters()}
    expected = {"linear1.weight": (6, 4), "linear1.bias": (6,), "linear2.weight": (4, 6), "linear2.bias": (4,)}
    assert shapes == expected, f"FeedForward(4, 6): expected the parameters {expected}, got {shapes}"
    x = Tensor(numbers.normal(size=(2, 3, 4)), dtype=np.float64)
    (w1, b1), (w2, b2) = ((part.weight.data, part.bias.data) for part in (layer.linear1, layer.linear2))
    z = x.data @ w1.T + b1
    bent = 0.5 * z * (1 + np.tanh(math.sqrt(2 / math.pi) * (z + 0.044715 * z**3)))
    np.testing.assert_allclose(
        layer(x).data, bent @ w2.T + b2, rtol=1e-9, err_msg="FeedForward: linear2(gelu(linear1(x)))"
    )
    changed = x.data.copy()
    changed[:, 1] += 10
    np.testing.assert_allclose(
        layer(Tensor(changed, dtype=np.float64)).data[:, [0, 2]],
        layer(x).data[:, [0, 2]],
        rtol=1e-9,
        err_msg="FeedForward: a change at place 1 must not reach places 0 and 2",
    )
    error = gradient_check(lambda t: (layer(t) ** 2).sum(), x)
    assert error < 1e-6, f"FeedForward: gradient of x against differences: error {error:.1e}"
    print("FeedForward: parameters, values and gradients are right")


test_unit_feed_forward()
### BEGIN HIDDEN TESTS
from tinytorch_lab.probes import probe, raises, rng

dim, hidden = int(rng.integers(2, 6)), int(rng.integers(3, 12))
layer = FeedForward(dim, hidden, rng=np.random.default_rng(int(rng.integers(1000))))
probe("parameters", list(layer.state_dict().values()))
layer.to(np.float64)
x = Tensor(rng.normal(size=(3, 2, dim)), dtype=np.float64, requires_grad=True)
probe("values", [layer(x).data, layer(x[0]).data, layer(x[0, 0]).data])
(layer(x) ** 2).mean().backward()
probe("gradients", [x.grad, *(parameter.grad for parameter in layer.parameters())])
probe("far from zero", layer(x * 50.0).data)
free = [FeedForward(2, 3).linear1.weight.data for _ in range(2)]
probe("without a generator", bool(np.array_equal(*free)))
probe("wrong width", raises(lambda: layer(x[..., :-1])))
### END HIDDEN TESTS

# %% [markdown]
r"""
## 5. The Block

Two branches, each with a normalisation in front, each *added*:

$$x \leftarrow x + \operatorname{attention}(\operatorname{norm}_1(x)), \qquad
x \leftarrow x + \operatorname{ffn}(\operatorname{norm}_2(x)).$$

Where the normalisation stands matters. The original transformer had it *after* the addition (post-norm), on the path
itself: then nothing reaches the lower layers but through every normalisation above, and deep models were found to need a
careful warm-up (Xiong and others, 2020). GPT-2 moved it into the branches, and so do we.

Written as $x + f(x)$, each sum makes one more array, though nobody needs the branch's own result any more: no rule asks
for it, and it belongs to the linear layer that ended the branch. `Add.apply(…, x, in_place=True)` (Module 03) adds $x$ into
it. The other way round would be wrong: $x$ is what the normalisation was given, and may be somebody else's. `x + f(x)` passes the tests, too.

The block is causal, since it is made for a GPT, and hands `extend` (Module 12) to its attention.
"""


# %% nbgrader={"grade": false, "grade_id": "block", "locked": false, "schema_version": 3, "solution": true, "task": false}
#| export
class TransformerBlock(Module):
    """Causal attention and a feed-forward layer, each normalised first and added: (..., n, dim) to (..., n, dim)."""

    def __init__(self, dim: int, heads: int, ratio: int = 4, rng: np.random.Generator | None = None) -> None:
        """Set ``norm1``, ``attention`` (causal), ``norm2`` and ``feed_forward``, which is ratio · dim wide."""
        ### BEGIN SOLUTION
        self.norm1 = LayerNorm(dim)
        self.attention = MultiHeadAttention(dim, heads, causal=True, rng=rng)
        self.norm2 = LayerNorm(dim)
        self.feed_forward = FeedForward(dim, ratio * dim, rng=rng)
        ### END SOLUTION

    def forward(self, x: Tensor, extend: Extend | None = None) -> Tensor:
        """x: (..., n, dim); extend: see ``MultiHeadAttention``."""
        ### BEGIN SOLUTION
        x = Add.apply(self.attention(self.norm1(x), extend=extend), x, in_place=True)
        return Add.apply(self.feed_forward(self.norm2(x)), x, in_place=True)
        ### END SOLUTION

    def __repr__(self) -> str:
        return f"TransformerBlock({self.attention.dim}, {self.attention.heads})"


# %% nbgrader={"grade": true, "grade_id": "test_block", "locked": true, "points": 16, "schema_version": 3, "solution": false, "task": false}
def test_unit_block():
    """Parts, residual paths, pre-norm, causality, extend and gradients of TransformerBlock."""
    numbers = np.random.default_rng(3)
    block = TransformerBlock(6, 2, ratio=3, rng=np.random.default_rng(0)).to(np.float64)
    parts = {name for name, _ in block.named_modules() if name and "." not in name}
    expected = {"norm1", "attention", "norm2", "feed_forward"}
    assert parts == expected, f"TransformerBlock: expected the parts {sorted(expected)}, got {sorted(parts)}"
    got = block.feed_forward.linear1.weight.shape
    assert got == (18, 6), f"TransformerBlock(6, 2, ratio=3): linear1 must be (18, 6), got {got}"
    x = Tensor(numbers.normal(1.0, 2.0, size=(2, 5, 6)), dtype=np.float64)
    for norm in (block.norm1, block.norm2):
        norm.weight.data[:] = numbers.normal(1.0, 0.3, size=6)
        norm.bias.data[:] = numbers.normal(size=6)
    between = x.data + block.attention(block.norm1(x)).data
    wanted = between + block.feed_forward(block.norm2(Tensor(between, dtype=np.float64))).data
    np.testing.assert_allclose(
        block(x).data,
        wanted,
        rtol=1e-9,
        err_msg="TransformerBlock: x + attention(norm1(x)), then + feed_forward(norm2(…)); the norms are in the branches",
    )
    quiet = TransformerBlock(6, 2, rng=np.random.default_rng(1)).to(np.float64)
    for last in (quiet.attention.out_proj, quiet.feed_forward.linear2):
        last.weight.data[:] = 0
        last.bias.data[:] = 0
    np.testing.assert_allclose(
        quiet(x).data, x.data, rtol=1e-12, err_msg="TransformerBlock whose branches give 0: the identity, nothing else"
    )
    for place in (1, 3):
        changed = x.data.copy()
        changed[:, place:] = numbers.normal(size=changed[:, place:].shape)
        np.testing.assert_array_equal(
            block(Tensor(changed, dtype=np.float64)).data[:, :place],
            block(x).data[:, :place],
            err_msg=f"TransformerBlock: places before {place} noticed a later change",
        )
    shapes = []

    def extend(keys, values):
        shapes.append(keys.shape)
        return keys, values

    np.testing.assert_allclose(
        block(x, extend).data, block(x).data, rtol=1e-12, err_msg="TransformerBlock with an extend that adds nothing"
    )
    assert shapes == [(2, 2, 5, 3)], (
        f"TransformerBlock: extend must be called once, with keys (2, 2, 5, 3); it got {shapes}"
    )
    error = gradient_check(lambda t: (block(t) ** 2).mean(), x)
    assert error < 1e-6, f"TransformerBlock: gradient of x against differences: error {error:.1e}"
    print("TransformerBlock: parts, paths, causality and gradients are right")


test_unit_block()
### BEGIN HIDDEN TESTS
from tinytorch_lab.probes import probe, raises, rng

heads, size, n = (int(k) for k in rng.integers(2, 4, size=3))
width, n = heads * size, n + 2
block = TransformerBlock(width, heads, rng=np.random.default_rng(int(rng.integers(1000))))
probe("parameters", list(block.state_dict().values()))
probe("names", [name for name, _ in block.named_parameters()])
block.to(np.float64)
for parameter in block.parameters():
    parameter.data += 0.3 * rng.normal(size=parameter.shape)
x = Tensor(rng.normal(size=(2, n, width)) * 3 + 1, dtype=np.float64, requires_grad=True)
probe("values", block(x).data)
probe("one sequence, one place", [block(x[0]).data, block(x[:, :1]).data])
(block(x) ** 2).mean().backward()
probe("gradients", [x.grad.copy(), *(parameter.grad for parameter in block.parameters())])
x.grad = None
block(x)[:, 1].sum().backward()
probe("no gradient from the future", [x.grad, bool((x.grad[:, 2:] == 0).all())])
store = []


def keep(keys, values):
    store.append((keys.data, values.data))
    return tuple(Tensor(np.concatenate(parts, axis=-2), dtype=np.float64) for parts in zip(*store))


probe("place by place", np.concatenate([block(x[:1, i : i + 1], extend=keep).data for i in range(n)], axis=1))
probe("ratio", [list(p.shape) for p in TransformerBlock(4, 1, ratio=2).feed_forward.parameters()])
deep = x
for _ in range(30):
    deep = block(deep)
probe("thirty blocks are finite", bool(np.isfinite(deep.data).all()))
probe("heads do not divide", raises(lambda: TransformerBlock(width, width + 1)))
### END HIDDEN TESTS

# %% [markdown]
r"""
### What makes depth possible: measure it

Twenty-four untrained blocks in four versions: a plain stack; with residual paths; residual paths with the normalisation on
the path (post-norm); and ours. Each one with the weights as they are drawn, and with the weights of the branches made
larger, as training does. The table shows the spread of the activations at the top, and what is left of a random gradient
when it has gone from the top to the bottom; the figure follows both through the depth, for one of the factors.

What to look for: the plain stack is a product, so its gradient vanishes or explodes, and a factor of 2 in the weights
decides which, over a dozen powers of ten. With residual paths alone nothing vanishes any more, but every branch reads the
path, which grows, and adds more the more it grows. With normalisation, a factor of 2 hardly matters: what a branch
adds does not depend on the size of the path, and all 24 blocks get a gradient of the same order. Post-norm holds the
spread at 1 by force; pre-norm lets the path grow slowly and touches it nowhere.
"""

# %% tags=["measure"]
import matplotlib.pyplot as plt

depth, width = 24, 32


def plain(block, x):
    return block.feed_forward(block.attention(x))


def residual(block, x):
    x = x + block.attention(x)
    return x + block.feed_forward(x)


def post_norm(block, x):
    x = block.norm1(x + block.attention(x))
    return block.norm2(x + block.feed_forward(x))


def pre_norm(block, x):
    return block(x)


def up_and_down(kind, blocks, start):
    """Spread of the activations at each depth, and norm of a random gradient on its way back, from the top."""
    values = [start]
    for block in blocks:
        values.append(kind(block, Tensor(values[-1])).data)
    gradient = np.random.default_rng(1).normal(size=start.shape).astype(np.float32)
    norms = [np.linalg.norm(gradient)]
    for block, value in zip(reversed(blocks), reversed(values[:-1])):
        entry = Tensor(value, requires_grad=True)
        kind(block, entry).backward(gradient)
        gradient = entry.grad
        norms.append(np.linalg.norm(gradient))
    return [value.std() for value in values], norms[::-1]


figure, (left, right) = plt.subplots(1, 2, figsize=(10, 3.4))
factors = (1.0, 1.5, 2.0)
print(f"{depth} blocks   " + "".join(f"weights × {f:3.1f}: top, gradient   " for f in factors))
for kind in (plain, residual, post_norm, pre_norm):
    columns = []
    for factor in factors:
        draw = np.random.default_rng(0)
        blocks = [TransformerBlock(width, 4, rng=draw) for _ in range(depth)]
        for block in blocks:
            own = block.attention
            for part in (own.v_proj, own.out_proj, block.feed_forward.linear1, block.feed_forward.linear2):
                part.weight.data *= factor
        spreads, norms = up_and_down(kind, blocks, draw.normal(size=(4, 16, width)).astype(np.float32))
        columns.append(f"{spreads[-1]:14.1e} {norms[0] / norms[-1]:12.1e}   ")
        if factor == 1.5:
            left.semilogy(spreads, label=kind.__name__)
            right.semilogy(np.maximum(norms, 1e-20), label=kind.__name__)
    print(f"{kind.__name__:11}" + "".join(columns))
left.set(xlabel="block", ylabel="spread", title="activations, weights × 1.5")
right.set(xlabel="block", ylabel="norm", title="gradient on its way down, weights × 1.5")
for axis in (left, right):
    axis.legend(fontsize=8)
    axis.grid(alpha=0.3)
figure.tight_layout()
plt.show()

# %% [markdown]
r"""
## 6. GPT

`TokenEmbedding`, a list of blocks, a last normalisation, and a linear layer without bias to the vocabulary. That is all.

- Each block is an *object of its own*. `[block] * layers` is one block, used several times.
- The last `norm` is needed since no block has normalised the path.
- `offset` says at which position the ids begin, and `extend` is a *sequence* of functions, one for each block. Training
  uses neither; Module 16 needs both, to continue a text without computing its beginning again.
"""


# %% nbgrader={"grade": false, "grade_id": "gpt", "locked": false, "schema_version": 3, "solution": true, "task": false}
#| export
class GPT(Module):
    """A language model: token ids (..., n) become scores (..., n, vocab_size) for the token that follows each."""

    def __init__(
        self,
        vocab_size: int,
        dim: int,
        layers: int,
        heads: int,
        block_size: int,
        rng: np.random.Generator | None = None,
    ) -> None:
        """Set ``block_size``, ``embedding``, ``blocks`` (a list), ``norm`` and ``head``, drawn in this order.

        embedding: a TokenEmbedding with learned positions for sequences of up to ``block_size`` tokens.
        head: dim to vocab_size, without bias.
        """
        ### BEGIN SOLUTION
        self.block_size = block_size
        self.embedding = TokenEmbedding(vocab_size, dim, block_size, rng=rng)
        self.blocks = [TransformerBlock(dim, heads, rng=rng) for _ in range(layers)]
        self.norm = LayerNorm(dim)
        self.head = Linear(dim, vocab_size, bias=False, rng=rng)
        ### END SOLUTION

    def forward(self, ids: Any, offset: int = 0, extend: Sequence[Extend] | None = None) -> Tensor:
        """ids: integers (..., n), at positions offset … offset + n - 1. Result: (..., n, vocab_size).

        extend: one function for each block, see ``MultiHeadAttention``. Raises ValueError if their number differs
        from that of the blocks, and what the embedding raises, such as for positions beyond ``block_size``.
        Hint: ``zip`` has an argument ``strict``.
        """
        ### BEGIN SOLUTION
        x = self.embedding(ids, offset=offset)
        for block, remember in zip(self.blocks, extend or [None] * len(self.blocks), strict=True):
            x = block(x, remember)
        return self.head(self.norm(x))
        ### END SOLUTION

    def __repr__(self) -> str:
        return f"GPT({len(self.blocks)} x {self.blocks[0]!r}, {self.head!r}, block_size={self.block_size})"


# %% [markdown]
"""
### Testing the GPT

From the outside: ids in, scores out. A change of a token must change *its* scores and those behind it, and none before
it, to the last bit, through all blocks.
"""

# %% nbgrader={"grade": true, "grade_id": "test_gpt", "locked": true, "points": 12, "schema_version": 3, "solution": false, "task": false}
from tinytorch.layers import parameter_count
from tinytorch.losses import cross_entropy


def test_unit_gpt():
    """Shapes, parameters, first loss, causality end to end, limits, continuation and gradients."""
    numbers = np.random.default_rng(4)
    model = GPT(11, 8, layers=3, heads=2, block_size=6, rng=np.random.default_rng(0))
    parts = [name for name, _ in model.named_modules() if name and name.count(".") == name.startswith("blocks")]
    expected = ["embedding", "blocks.0", "blocks.1", "blocks.2", "norm", "head"]
    assert parts == expected, f"GPT: expected the parts {expected}, got {parts}"
    count = 11 * 8 + 6 * 8 + 3 * (12 * 64 + 13 * 8) + 2 * 8 + 8 * 11
    got = parameter_count(model)
    assert got == count, f"GPT(11, 8, 3 layers, 2 heads, 6): expected {count} parameters, got {got}; own blocks?"
    ids = numbers.integers(0, 11, size=(4, 6))
    logits = model(ids)
    assert logits.shape == (4, 6, 11), f"GPT of ids (4, 6): expected scores (4, 6, 11), got {logits.shape}"
    assert logits.dtype == np.float32, f"GPT: expected float32, got {logits.dtype}"
    loss = cross_entropy(logits, numbers.integers(0, 11, size=(4, 6))).item()
    assert abs(loss - math.log(11)) < 0.6, f"GPT, untrained: the loss should be near log 11 = 2.40, got {loss:.2f}"
    for place in range(6):
        changed = ids.copy()
        changed[:, place] = (ids[:, place] + 1 + numbers.integers(0, 10, size=4)) % 11
        moved = model(changed).data
        np.testing.assert_array_equal(
            moved[:, :place], logits.data[:, :place], err_msg=f"GPT: scores before place {place} noticed its token"
        )
        changes = np.abs(moved - logits.data).max(axis=-1)
        assert (changes[:, place:] > 0).all(), f"GPT: token {place} must reach the scores at its place and all later ones"
    first = model(np.full((1, 4), 3)).data
    assert np.abs(first[0, 0] - first[0, 3]).max() > 1e-3, "GPT: equal tokens at places 0 and 3 give equal scores; positions?"
    single = model(ids[0])
    np.testing.assert_allclose(
        single.data, logits.data[0], rtol=1e-3, atol=1e-5, err_msg="GPT of one sequence without a batch axis"
    )
    memory = [([], []) for _ in range(3)]

    def remember(store):
        def extend(keys, values):
            for kept, new in zip(store, (keys, values)):
                kept.append(new.data)
            return tuple(Tensor(np.concatenate(kept, axis=-2)) for kept in store)

        return extend

    extends = [remember(store) for store in memory]
    parts = [model(ids[:, :2], 0, extends), model(ids[:, 2:3], 2, extends), model(ids[:, 3:], offset=3, extend=extends)]
    np.testing.assert_allclose(
        np.concatenate([part.data for part in parts], axis=1),
        logits.data,
        rtol=1e-3,
        atol=1e-5,
        err_msg="GPT in three pieces, with offset and one extend per block: expected the scores of the whole",
    )
    for label, call in [
        ("7 tokens, block_size 6", lambda: model(np.zeros((1, 7), dtype=int))),
        ("2 tokens at offset 5", lambda: model(np.zeros((1, 2), dtype=int), offset=5)),
        ("2 functions for 3 blocks", lambda: model(ids[:, :1], 0, extends[:2])),
    ]:
        try:
            call()
        except ValueError:
            continue
        raise AssertionError(f"GPT, {label}: expected ValueError")
    small = GPT(5, 4, layers=2, heads=2, block_size=3, rng=np.random.default_rng(1)).to(np.float64)

    def loss_of(table):
        small.embedding.tokens.weight = table
        return cross_entropy(small(np.array([[1, 4, 1]])), [[4, 1, 0]])

    error = gradient_check(loss_of, small.embedding.tokens.weight)
    assert error < 1e-6, f"GPT: gradient of the token table against differences: error {error:.1e}"
    print("GPT: shapes, causality, continuation and gradients are right")


test_unit_gpt()
### BEGIN HIDDEN TESTS
from tinytorch_lab.probes import probe, raises, rng

symbols, layers, n = (int(k) for k in rng.integers(4, 9, size=3))
model = GPT(symbols, 6, layers - 2, 3, n + 2, rng=np.random.default_rng(int(rng.integers(1000))))
probe("parameters", list(model.state_dict().values()))
probe("names", [name for name, _ in model.named_parameters()])
model.to(np.float64)
for parameter in model.parameters():
    parameter.data += 0.1 * rng.normal(size=parameter.shape)
ids, targets = rng.integers(0, symbols, size=(2, 3, n))
probe("scores", model(ids).data)
probe("one sequence, one token", [model(ids[0]).data, model(ids[:, :1]).data])
probe("at an offset", model(ids[:, :2], offset=n).data)
loss = cross_entropy(model(ids), targets)
loss.backward()
probe("loss and gradients", [loss.item(), *(parameter.grad for parameter in model.parameters())])
for parameter in model.parameters():
    parameter.grad = None
cross_entropy(model(ids)[:, :2], targets[:, :2]).backward()
probe("no gradient for later positions", model.embedding.positions.table.grad)
seen = []
spies = [lambda keys, values, place=place: (seen.append(place), (keys, values))[1] for place in range(layers - 2)]
model(ids, 0, spies)
probe("each block its function, in order", seen)
probe("wrong numbers", [raises(lambda: model(ids, 0, spies[1:])), raises(lambda: model(ids, 0, spies * 2))])
probe("too long", [raises(lambda: model(np.zeros((1, n + 3), dtype=int))), raises(lambda: model(ids, offset=3))])
probe("no such token", raises(lambda: model(np.array([[symbols]]))))
probe("memory of training", sum(parameter.grad is not None for parameter in model.parameters()))
### END HIDDEN TESTS

# %% [markdown]
r"""
## 7. Accounting

Two small instruments for the measurements that follow.

- **`parameters_by_part`** groups the parameters by what they belong to, over all blocks: the name without a leading
  `blocks.<number>.`, then its first component, without digits at its end. So `blocks.3.attention.q_proj.weight` counts
  for `attention`, `blocks.0.norm2.bias` and `norm.weight` both for `norm`, `head.weight` for `head`.
- **`gradient_norms`** gives, for each block, the joint norm of the gradients of its parameters: the length of the long
  vector that they form together. In a healthy model they are of the same order from the first block to the last.
"""


# %% nbgrader={"grade": false, "grade_id": "accounting", "locked": false, "schema_version": 3, "solution": true, "task": false}
#| export
def parameters_by_part(model: Module) -> dict[str, int]:
    """Number of trainable numbers in each part: ``embedding``, ``attention``, ``feed_forward``, ``norm``, ``head``.

    Parts come in the order of their first parameter; the same part of all blocks counts together. The sum is
    ``parameter_count(model)``.
    Hint: ``name.split(".")``, ``str.rstrip``.
    """
    ### BEGIN SOLUTION
    counts: dict[str, int] = {}
    for name, parameter in model.named_parameters():
        path = name.split(".")
        part = (path[2] if path[0] == "blocks" else path[0]).rstrip("0123456789")
        counts[part] = counts.get(part, 0) + parameter.size
    return counts
    ### END SOLUTION


def gradient_norms(model: GPT) -> list[float]:
    """Joint norm of the gradients of each block's parameters; a parameter without gradient counts as 0.

    Hint: add squares in float64.
    """
    ### BEGIN SOLUTION
    norms = []
    for block in model.blocks:
        grads = [parameter.grad for parameter in block.parameters() if parameter.grad is not None]
        norms.append(math.sqrt(sum(float(np.square(grad, dtype=np.float64).sum()) for grad in grads)))
    return norms
    ### END SOLUTION


# %% nbgrader={"grade": true, "grade_id": "test_accounting", "locked": true, "points": 10, "schema_version": 3, "solution": false, "task": false}
def test_unit_accounting():
    """Counts by part add up and follow 12 L d²; norms are those of the blocks' gradients."""
    model = GPT(10, 8, layers=3, heads=2, block_size=5, rng=np.random.default_rng(0))
    counts = parameters_by_part(model)
    expected = {
        "embedding": 10 * 8 + 5 * 8,
        "norm": 7 * 16,
        "attention": 3 * 4 * (64 + 8),
        "feed_forward": 3 * (2 * 8 * 32 + 32 + 8),
        "head": 80,
    }
    assert counts == expected, f"parameters_by_part of GPT(10, 8, 3, 2, 5): expected {expected}, got {counts}"
    assert list(counts) == list(expected), f"parameters_by_part: order of first parameters, got {list(counts)}"
    assert sum(counts.values()) == parameter_count(model), "parameters_by_part: the parts must add up to the whole"
    wide = parameters_by_part(GPT(10, 64, layers=2, heads=2, block_size=5))
    ratio = (wide["attention"] + wide["feed_forward"]) / (12 * 2 * 64**2)
    assert 1 < ratio < 1.02, f"attention and feed_forward: expected about 12 L d², the ratio is {ratio:.3f}"

    assert gradient_norms(model) == [0.0, 0.0, 0.0], (
        f"gradient_norms without gradients: expected three zeros, got {gradient_norms(model)}"
    )
    for number, block in enumerate(model.blocks):
        for parameter in block.parameters():
            parameter.grad = np.full(parameter.shape, float(number), dtype=np.float32)
    size = parameter_count(model.blocks[0])
    norms = gradient_norms(model)
    assert all(type(norm) is float for norm in norms), "gradient_norms: expected Python floats"
    np.testing.assert_allclose(
        norms, np.arange(3) * math.sqrt(size), rtol=1e-6, err_msg="gradient_norms: the joint norm of each block"
    )
    model.blocks[1].norm1.weight.grad = np.full(8, 1e25, dtype=np.float32)
    np.testing.assert_allclose(
        gradient_norms(model)[1], 1e25 * math.sqrt(8), rtol=1e-5, err_msg="gradient_norms: squares overflow in float32"
    )
    print("accounting: parts and norms are right")


test_unit_accounting()
### BEGIN HIDDEN TESTS
from tinytorch_lab.probes import probe, raises, rng

sizes = [(int(a), 4 * int(b), int(c)) for a, b, c in rng.integers(1, 8, size=(3, 3))]
models = [GPT(v, d, layers, 4, 7, rng=np.random.default_rng(0)).to(np.float64) for v, d, layers in sizes]
probe("parts", [parameters_by_part(model) for model in models])
probe("many blocks", parameters_by_part(GPT(3, 2, 12, 1, 4)))
probe("another model", parameters_by_part(TransformerBlock(4, 2)))
ids = rng.integers(0, sizes[0][0], size=(2, 7))
cross_entropy(models[0](ids), ids).backward()
probe("norms", gradient_norms(models[0]))
models[0].blocks[0].norm2.bias.grad = None
probe("one without gradient", gradient_norms(models[0]))
probe("no gradients", gradient_norms(models[1]))
before = [parameter.grad.copy() for parameter in models[0].blocks[0].attention.parameters()]
gradient_norms(models[0])
after = [parameter.grad for parameter in models[0].blocks[0].attention.parameters()]
probe("gradients unchanged", all(np.array_equal(a, b) for a, b in zip(before, after)))
### END HIDDEN TESTS

# %% [markdown]
r"""
## 8. Memory and Complexity

### Parameters: where they are

Counts for your own milestone model, and for the published sizes of GPT-2, whose vocabulary has 50,257 tokens. What to look
for: with 50,257 tokens, the vocabulary (embedding and head) is nearly half of a small model and a tenth of the largest,
whose feed-forward layers are most of it; your milestone model, with 65 characters, has hardly any; and how good
$12\,L\,d^2$ is.
(Real GPT-2 uses *one* matrix for embedding and head, "weight tying"; subtract the column `head`.) The counts need no
array of that size: a part's size follows from shapes.
"""


# %% tags=["measure"]
def counts_of(vocab, dim, layers, block_size):
    """What ``parameters_by_part`` would say, from the shapes alone."""
    return {
        "embedding": (vocab + block_size) * dim,
        "norm": (2 * layers + 1) * 2 * dim,
        "attention": layers * 4 * (dim * dim + dim),
        "feed_forward": layers * (8 * dim * dim + 5 * dim),
        "head": vocab * dim,
    }


assert counts_of(65, 128, 4, 64) == parameters_by_part(GPT(65, 128, 4, 4, 64))
print(f"{'model':14} {'total':>13} {'embedding':>10} {'attention':>10} {'feed-fwd':>9} {'norm':>6} {'head':>6} {'12Ld²':>7}")
for name, vocab, dim, layers, block_size in (
    ("milestone 4", 65, 128, 4, 64),
    ("GPT-2 small", 50257, 768, 12, 1024),
    ("GPT-2 medium", 50257, 1024, 24, 1024),
    ("GPT-2 XL", 50257, 1600, 48, 1024),
):
    counts = counts_of(vocab, dim, layers, block_size)
    total = sum(counts.values())
    shares = {part: f"{count / total:.1%}" for part, count in counts.items()}
    print(
        f"{name:14} {total:13,} {shares['embedding']:>10} {shares['attention']:>10} {shares['feed_forward']:>9} "
        f"{shares['norm']:>6} {shares['head']:>6} {12 * layers * dim**2 / total:7.0%}"
    )

# %% [markdown]
r"""
### Activations: what one block keeps

The graph of a forward pass, measured with `graph_memory` for one and for two blocks; the difference is what
*one* block keeps. Divided by (tokens × width × 4 bytes) it is a multiple; the part that grows with $n^2$ is seen by
varying $n$. What to look for: each token keeps thirty times the width in the shortest sequences, and more in longer
ones, as the $n \times n$ arrays of every head (Module 12) come in (what is left of the multiple for $n \to 0$?); and the comparison with parameters, gradients and Adam's two
arrays, none of which knows the batch. Then the remedy of Module 06 is worth something: keep only the blocks'
*inputs*, and the multiple is 1.
"""

# %% tags=["measure"]
print(f"{'length':>6} {'batch':>6} {'one block keeps':>16} {'× tokens·width':>15} {'× parameters, gradients, Adam':>31}")
draw = np.random.default_rng(0)
for n, batch in ((32, 12), (64, 12), (128, 12), (256, 12), (256, 1)):
    kept = []
    for layers in (1, 2):
        model = GPT(65, 64, layers, 4, n, rng=draw)
        logits = model(draw.integers(0, 65, size=(batch, n)))
        kept.append(graph_memory(logits) - 4 * parameter_count(model))
    one = kept[1] - kept[0]
    fixed = 16 * parameter_count(model.blocks[0])
    print(f"{n:6} {batch:6} {one / 2**20:12.2f} MiB {one / (4 * batch * n * 64):15.1f} {one / fixed:31.1f}")

# %% [markdown]
r"""
### Time: where a step goes

One training step of the milestone model (4 blocks, 4 heads, width 128, 12 sequences of 64 characters), divided into
forward, backward and optimizer; and the arithmetic it gets done. A forward pass takes $2 N$ operations per token for $N$
parameters that are multiplied, plus attention's $4 n d$ per block; backward takes twice that. What to look for: the
backward pass does twice the operations of the forward pass and takes less than twice as long, since products are a larger
part of it; the optimizer takes little; and the rate, in billions of operations per
second, beside that of one large matrix product on the same machine. What is missing is spent in everything that is no
product: allocation, GELU, softmax, normalisation.
"""

# %% tags=["measure"]
from tinytorch.optimizers import Adam

model = GPT(65, 128, 4, 4, 64, rng=np.random.default_rng(0))
optimizer = Adam(model.parameters(), lr=1e-3)
ids, targets = np.random.default_rng(1).integers(0, 65, size=(2, 12, 64))
weights = sum(count for part, count in parameters_by_part(model).items() if part in ("attention", "feed_forward", "head"))
operations = 3 * 12 * 64 * (2 * weights + 4 * 4 * 64 * 128)
square = np.ones((768, 768), dtype=np.float32)
rate = 2 * 768**3 / milliseconds(lambda: square @ square) / 1e6
spent = []
for _ in range(6):
    marks = [time.perf_counter()]
    optimizer.zero_grad()
    loss = cross_entropy(model(ids), targets)
    marks.append(time.perf_counter())
    loss.backward()
    marks.append(time.perf_counter())
    optimizer.step()
    marks.append(time.perf_counter())
    spent.append(np.diff(marks) * 1e3)
forward, backward, step = np.min(spent[1:], axis=0)
total = forward + backward + step
print(f"forward {forward:.0f} ms, backward {backward:.0f} ms, optimizer {step:.0f} ms;", end=" ")
print(f"{operations / total / 1e6:.0f} of {rate:.0f} billion operations a second")

# %% [markdown]
r"""
## 9. In Production

**The same block.** `nn.TransformerEncoderLayer(d, heads, 4 * d, dropout=0, activation="gelu", norm_first=True)` with a
causal mask computes what ours does (with the exact GELU instead of the tanh form); a test of this course compares them.
GPT-2 and nanoGPT have this structure, with dropout and tied embeddings.

**What has changed since.** RMSNorm leaves out the mean and the bias: $x / \sqrt{\operatorname{mean}(x^2)}$, one reduction
fewer. Gated feed-forward layers (SwiGLU) multiply two branches. Rotary positions turn queries and keys instead of
adding to the embedding. Biases are gone. None of it changes the skeleton: normalise, mix, add; normalise, widen, add.

**Initialisation.** GPT-2 divides the last layer of each branch by $\sqrt{2L}$, so that the path does not grow with depth
at the start. Ours begins small anyway (uniform in $\pm 1/\sqrt{d}$).

**Fusion.** Normalisation, bias, GELU and the additions are limited by memory bandwidth, not by arithmetic. Compilers fuse
them into the neighbouring products. Your one-op LayerNorm is the smallest example.

**Experts.** The feed-forward layer is two thirds of the parameters and works on each token by itself. So a router can send
each token to one of many such layers (mixture of experts): more parameters, the same work per token.

## 10. What Breaks First at Scale

Memory of the activations, then of everything else. A model that does not fit on one device is cut:

- **Between blocks** (pipeline parallelism): device $k$ has blocks $k b \dots$, and sends one activation, $n \times d$, to the
  next. But then device 2 waits for device 1. The batch is divided into $m$ micro-batches that follow each other; with
  $p$ devices, each is idle for $p - 1$ of $m + p - 1$ time slots: the *bubble*.
- **Inside a block** (tensor parallelism): heads, and columns of `linear1`, are divided among devices; the partial sums
  behind `out_proj` and `linear2` are added over all devices, twice in every block, forwards and backwards. That needs
  fast connections.

The next cell plays the pipeline, slot by slot, forwards only, and compares with the formula, then counts the bytes that
each way sends per token and block. What to look for: with as many micro-batches as devices nearly half of the time is
lost; and tensor parallelism sends much more, much more often.
"""


# %% tags=["measure"]
def idle_share(devices, parts):
    """Play a pipeline: a device works on a part as soon as the part and the device are free."""
    free = [0] * devices
    ready = [0] * parts
    for part in range(parts):
        for device in range(devices):
            start = max(free[device], ready[part])
            free[device] = ready[part] = start + 1
    return 1 - parts * devices / (devices * max(free))


print("idle share of the devices, played (formula)")
print("devices  " + "".join(f"{m:>4} micro-batches" for m in (1, 4, 8, 32, 128)))
for devices in (2, 4, 8, 16):
    row = [(idle_share(devices, m), (devices - 1) / (m + devices - 1)) for m in (1, 4, 8, 32, 128)]
    print(f"{devices:7}  " + "".join(f"{a:9.0%} ({b:4.0%})  " for a, b in row))
dim, blocks, devices = 12288, 96, 8
pipeline = (devices - 1) * dim * 2 / blocks
tensor = 2 * 2 * (devices - 1) / devices * dim * 2
print(f"\n{blocks} blocks of width {dim}, {devices} devices, half precision, forward pass, bytes sent per token and block:")
print(f"pipeline {pipeline:,.0f} (average), tensor parallel {tensor:,.0f} per device (all-reduce in a ring)")

# %% [markdown]
r"""
## 11. Integration Test

Two things that only the whole can do. It must be able to *memorise* one batch, which fails if any gradient on the way is
missing or wrong. And it must solve a task in which the answer is in the *context*: sequences whose second half repeats
the first one. The first half is chance, nobody can predict it; the second half can be copied, if a model finds out how
far back to look.
"""


# %% nbgrader={"grade": true, "grade_id": "test_transformers", "locked": true, "points": 6, "schema_version": 3, "solution": false, "task": false}
from tinytorch.optimizers import Adam
from tinytorch.training import train_step


def repeated(count, half, symbols, draw):
    """Inputs and targets (count, 2 · half - 1): a chance sequence of length half, twice, shifted by one."""
    first = draw.integers(0, symbols, size=(count, half))
    both = np.concatenate([first, first], axis=1)
    return Tensor(both[:, :-1]), Tensor(both[:, 1:])


def test_unit_transformers():
    """A small GPT memorises one batch, and learns to copy from its context."""
    model = GPT(12, 16, layers=2, heads=2, block_size=16, rng=np.random.default_rng(0))
    optimizer = Adam(model.parameters(), lr=0.01)
    batch = repeated(4, 6, 12, np.random.default_rng(1))
    losses = [train_step(model, optimizer, cross_entropy, [batch]) for _ in range(80)]
    assert losses[-1] < 0.1, (
        f"GPT on one batch: the loss went from {losses[0]:.2f} to {losses[-1]:.2f}, expected below 0.1"
    )
    norms = gradient_norms(model)
    assert all(norm > 0 for norm in norms), f"GPT: a block gets no gradient: norms {norms}"

    model = GPT(8, 32, layers=1, heads=4, block_size=16, rng=np.random.default_rng(2))
    optimizer, draw = Adam(model.parameters(), lr=0.01), np.random.default_rng(3)
    for _ in range(150):
        train_step(model, optimizer, cross_entropy, [repeated(16, 8, 8, draw)], clip_norm=1.0)
    x, y = repeated(200, 8, 8, np.random.default_rng(4))
    guesses = model(x).data.argmax(axis=-1)
    first, second = (guesses[:, :7] == y.data[:, :7]).mean(), (guesses[:, 7:] == y.data[:, 7:]).mean()
    assert second > 0.9, f"GPT, repeated sequences: {second:.0%} of the second half right, expected over 90 %"
    assert first < 0.3, f"GPT, repeated sequences: {first:.0%} of pure chance predicted; is the future visible?"
    print(f"integration: memorised (loss {losses[-1]:.3f}); second halves {second:.0%} right, first {first:.0%}")


test_unit_transformers()
### BEGIN HIDDEN TESTS
from tinytorch_lab.probes import probe, raises, rng

model = GPT(6, 8, layers=2, heads=2, block_size=8, rng=np.random.default_rng(int(rng.integers(1000)))).to(np.float64)
optimizer = Adam(model.parameters(), lr=0.01)
data = repeated(5, 4, 6, np.random.default_rng(int(rng.integers(1000))))
probe("five steps", [train_step(model, optimizer, cross_entropy, [data], clip_norm=0.5) for _ in range(5)])
probe("weights after them", list(model.state_dict().values()))
probe("norms", gradient_norms(model))
tail = data[0].data.copy()
tail[:, 4:] = 0
probe("the past alone decides", bool(np.array_equal(model(tail).data[:, :4], model(data[0]).data[:, :4])))
### END HIDDEN TESTS

# %% [markdown]
r"""
### One block is not enough

The same task, but what is repeated is a stretch from a *random* place, so that "look eight places back" does not help. One
has to find the earlier occurrence of the present symbol, and look at what came *after* it. That takes two steps: a first block
that tells every place which symbol was before it, and a second one that searches for it. What to look for: the model
with one block gets stuck on a plateau; the one with two stays there for a while, too, and then falls. Researchers call
such a pair an *induction head* (Olsson and others, 2022). It is the clearest reason to stack blocks.
"""


# %% tags=["measure"]
def echoes(count, symbols, tail, draw):
    """Each symbol once, in random order, and then a random stretch of them again: (count, symbols + tail)."""
    ids = np.stack([draw.permutation(symbols) for _ in range(count)])
    starts = draw.integers(0, symbols - tail + 1, size=count)
    again = ids[np.arange(count)[:, None], starts[:, None] + np.arange(tail)]
    return np.concatenate([ids, again], axis=1)


figure, axis = plt.subplots(figsize=(6.5, 3.2))
for layers in (1, 2):
    model = GPT(10, 32, layers, heads=2, block_size=15, rng=np.random.default_rng(0))
    optimizer, draw, losses = Adam(model.parameters(), lr=4e-3), np.random.default_rng(1), []
    for _ in range(400):
        ids = echoes(32, 10, 5, draw)
        optimizer.zero_grad()
        loss = cross_entropy(model(ids[:, :-1])[:, 10:], ids[:, 11:])
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
    axis.plot(losses, label=f"{layers} block{'s' * (layers > 1)}")
    print(f"{layers} block{'s' * (layers > 1):1}: loss on the echo after {len(losses)} steps: {np.mean(losses[-20:]):.2f}")
axis.set(xlabel="step", ylabel="loss on the echo", title="finding what came after")
axis.legend()
plt.show()

# %% [markdown]
"""
## 🤔 ML Systems Thinking

Three questions, each answered in 150–300 words. Argue with your own code and with figures from your own run.
"""

# %% [markdown] nbgrader={"grade": false, "grade_id": "question_1", "locked": true, "schema_version": 3, "solution": false, "task": false}
"""
### Question 1: Residual paths and vanishing gradients

**Context:** You compared 24 blocks in four versions and with three sizes of weights: spread of the activations upwards, norm
of the gradient downwards. You derived the gradient of LayerNorm and what it takes out.

**Question:** Explain each of your four versions with the product of Jacobians. Why does a factor of 2 in the weights change two
of them by many powers of ten and the other two hardly? What would happen to the plain stack with 48 blocks, from your
table? A block whose branches return zero is the identity: why is that a good start, for which of the versions is it
true, and how does GPT-2's initialisation approach it? A colleague removes the residual around the feed-forward layers
only; another one normalises the path "because its spread grows". What would gradient_norms show, and what does your table say to
the second one?

**Expected response:** 150–300 words, with at least two of your own figures.
"""

# %% [markdown] nbgrader={"grade": true, "grade_id": "response_1", "locked": false, "points": 10, "schema_version": 3, "solution": true, "task": false}
"""
=== BEGIN MARK SCHEME ===
EXCELLENT (9-10 points):
- Plain stack: a product of 24 Jacobians, exponential in depth; quotes own ratios for two sizes of weights and squares one for 48 blocks
- Residual alone: each factor is I + J, so a direct term remains; but branches read a growing path and add in proportion, so spread and gradient grow exponentially, with own figures
- Normalised versions: the branch sees inputs of size 1 whatever the path is, so what it adds grows at most linearly; LayerNorm's gradient is divided by the size of its input, which compensates larger weights; quotes own ratios
- Zero branches: pre-norm and residual blocks are the identity, signal and gradient pass unchanged; post-norm still normalises; GPT-2 scales the last layers of branches by 1/√(2L)
- Missing residuals around the feed-forward layers put a product of 24 Jacobians back: norms fall (or rise) exponentially from block to block
- Norm on the path is post-norm: the own table shows it works at the start, so the answer names what it costs (no untouched path, warm-up) and not a collapse
GOOD (7-8 points):
- Explains plain, residual and pre-norm with Jacobians
- Own figures for two versions
- Identity at the start explained
- One of the two colleagues answered
SATISFACTORY (5-6 points):
- Knows that residuals help gradients, without the term I
- Describes the table without explaining the role of the weights' size
- One figure
NEEDS IMPROVEMENT (1-4 points):
- Takes normalisation for the reason that gradients do not vanish, without residuals
- Confuses activations and gradients
- No figures
NO CREDIT (0 points):
- No response or off-topic
- Copied question or notebook text without an answer
- Every claim wrong
=== END MARK SCHEME ===

**Your response:**
"""

# %% [markdown] nbgrader={"grade": false, "grade_id": "question_2", "locked": true, "schema_version": 3, "solution": false, "task": false}
"""
### Question 2: LayerNorm and BatchNorm, in training and in serving

**Context:** You normalised one sample in batches of different company and with running averages, and wrote LayerNorm as one op
with its own rule.

**Question:** Which numbers does each of the two average over, for activations of shape (batch, length, width)? Explain each line of your table. Why
does BatchNorm need a training and an evaluation mode, and which bug follows when somebody forgets `model.eval()` in a
service that answers one request at a time? What does BatchNorm do to a batch spread over 8 machines, to gradient accumulation
(Module 08), and to a causal model whose statistics are taken over all places of a sequence? Finally, the price: where does LayerNorm's
time go, what did one op save against nine, and what does RMSNorm save on top of that?

**Expected response:** 150–300 words, with at least two of your own figures.
"""

# %% [markdown] nbgrader={"grade": true, "grade_id": "response_2", "locked": false, "points": 10, "schema_version": 3, "solution": true, "task": false}
"""
=== BEGIN MARK SCHEME ===
EXCELLENT (9-10 points):
- BatchNorm: one mean and variance per component, over batch and length; LayerNorm: one per token, over width
- Reads the table: deviations grow as the batch shrinks (like one over the root of the size), a batch of one gives zeros; running averages are off when the data moves; LayerNorm unchanged in every line
- Two modes: batch statistics in training, running averages in evaluation; forgotten eval() with single requests normalises each request by itself and returns zeros (or depends on who else is in the batch)
- Eight machines: statistics per machine unless synchronised, which costs communication in every layer; accumulation: parts have their own statistics, so it no longer equals the large batch
- Causal model: statistics over places let the future leak into the past, so training is too good and generation has no future
- Time: passes over memory, not arithmetic; quotes the own factors in time and kept memory of one op against nine; RMSNorm saves the mean (one reduction and one subtraction) and the bias
GOOD (7-8 points):
- Right axes for both
- Explains the modes and the batch of one with own figures
- Two of machines, accumulation and causality right
- Quotes the gain of one op
SATISFACTORY (5-6 points):
- Knows that BatchNorm depends on the batch and LayerNorm does not
- Modes mentioned without a consequence
- One figure
NEEDS IMPROVEMENT (1-4 points):
- Axes exchanged
- Believes that LayerNorm needs running averages, too
- No figures
NO CREDIT (0 points):
- No response or off-topic
- Copied question or notebook text without an answer
- Every claim wrong
=== END MARK SCHEME ===

**Your response:**
"""

# %% [markdown] nbgrader={"grade": false, "grade_id": "question_3", "locked": true, "schema_version": 3, "solution": false, "task": false}
"""
### Question 3: Activation memory, and where to cut a model

**Context:** You counted parameters by part, measured what one block keeps for its backward pass, timed a step by phases, and
played a pipeline.

**Question:** A model has 48 blocks of width 1,600, 25 heads, and trains with sequences of 1,024 tokens. From your multiple and
the three n × n arrays per head, estimate what one block keeps for a batch of 8, and all of them; compare with parameters,
gradients and Adam's state. What does keeping only the blocks' inputs save, and what does it cost in time, given your figures for forward and
backward? On 4 devices of 40 GB: would you cut between blocks or inside them, with how many micro-batches, and what is sent
where? Which part of the model gets the first device into trouble if you cut the blocks evenly?

**Expected response:** 150–300 words, with a calculation from your own figures.
"""

# %% [markdown] nbgrader={"grade": true, "grade_id": "response_3", "locked": false, "points": 10, "schema_version": 3, "solution": true, "task": false}
"""
=== BEGIN MARK SCHEME ===
EXCELLENT (9-10 points):
- Tokens times width times 4 bytes: 8 · 1024 · 1600 · 4 ≈ 52 MB; times the own multiple without the square (about 24) about 1.3 GB, plus 3 · 8 · 25 · 1024² · 4 ≈ 2.5 GB of n × n arrays: nearly 4 GB per block, about 180 GB for 48
- Parameters: about 1.5 to 1.6 billion, 6 GB, with gradients and Adam 25 GB; independent of the batch
- Keeping inputs only: 48 · 52 MB ≈ 2.5 GB plus one block's 4 GB, at the price of one more forward pass, about a third of the step by the own phases
- Decides with reasons: pipeline with 12 blocks per device fits with checkpointing, sends one activation per boundary; or tensor parallelism only if connections are fast, two all-reduces per block and pass
- Micro-batches: bubble (p-1)/(m+p-1) = 3/(m+3), such as 8 of one sequence (27 %), and says how to lower it
- First or last device has the vocabulary in addition (embedding, head, logits of 1024 × 50257 per sequence), so the cut must be uneven; the first device also holds the most micro-batches in flight
GOOD (7-8 points):
- Right orders of magnitude for activations and for parameters with state
- Checkpointing with gain and price
- A cut with a reason and the bubble's formula
- Own figures used
SATISFACTORY (5-6 points):
- Activations estimated without the square, or parameters without state
- Knows pipeline and tensor parallelism by name
- One own figure
NEEDS IMPROVEMENT (1-4 points):
- Counts parameters only
- Data parallelism offered as the remedy for a model that does not fit
- No calculation
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

**Built.** Layer normalisation as one op with its own rule; `FeedForward`; `TransformerBlock`; `GPT`, causal from end to
end, with the seams for generation; `parameters_by_part` and `gradient_norms`.

**Measured.** One op against nine; a sample in different company; 24 blocks with and without residual paths and norms;
parameters by part; what a block keeps; where the time of a step goes; the bubble of a pipeline; one block against two.

**Understood.**

- A layer that adds instead of replacing leaves a path on which the gradient survives any depth.
- Normalise each token by itself, in the branch and not on the path.
- A gradient can be read geometrically: what cannot change the result has no slope.
- A whole is tested from outside: change a token, and see who notices.
- Parameters are counted, activations are measured, and with the batch it is the activations that win.
- Depth is not only more of the same: two blocks can do what one cannot.

**Next.** Module 14 measures systematically: where the time goes, and which figures one may believe.
"""
