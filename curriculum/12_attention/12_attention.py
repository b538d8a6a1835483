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
# Module 12: Attention

An embedding (Module 11) gives every token a vector, the same one wherever it stands. But what "it" means depends on
which words came before. Attention is the layer in which places exchange information: each one asks a question, all
others answer, and how much an answer counts is computed from the data itself. It needs nothing that you have not
built: two matrix products, and a softmax between them. It also has a price that no layer so far had: it grows with the
*square* of the sequence.

**Learning objectives**

- read attention as a soft lookup in a dictionary, and derive why its scores are divided by $\sqrt d$;
- implement scaled dot-product attention for any number of batch axes, and verify its gradients for queries, keys and
  values;
- build causal and padding masks, and *prove* by experiment that nothing leaks from the future;
- split a width into heads and merge it again, as views wherever a view is possible;
- assemble multi-head attention that serves training and, with remembered keys and values, generation;
- measure the $N^2$ of time and memory, and compute the same result without ever holding the $N^2$ matrix.

**Prerequisites:** Module 02 (softmax), Module 03 (`Linear`, `Module`), Module 06 (batched matmul and its rule,
`gradient_check`, `graph_memory`), Module 11 (embeddings, positions).

**Estimated time:** 4 hours.
"""

# %%
#| default_exp attention

# %% nbgrader={"grade": false, "grade_id": "imports", "locked": true, "schema_version": 3, "solution": false, "task": false}
#| export
import math
from collections.abc import Callable
from typing import Any

import numpy as np

from tinytorch.activations import softmax
from tinytorch.layers import Linear, Module
from tinytorch.tensor import Tensor

# %% [markdown]
r"""
## 1. Mathematical Foundations

### A dictionary that never misses

A Python dictionary compares a query with its keys, and returns the value of the one that is *equal*. Replace "equal"
by "similar", measured by a dot product, and "the one" by an average over all values, weighted by similarity:

$$w_j = \frac{e^{\,q \cdot k_j}}{\sum_l e^{\,q \cdot k_l}}, \qquad \text{result} = \sum_j w_j\, v_j .$$

The softmax (Module 02) turns similarities into weights that are positive and add up to 1. A query that points strongly
in the direction of one key gets nearly that key's value, as a dictionary would give it; an undecided one gets a
mixture. And unlike a dictionary, this has slopes everywhere: *which* key is chosen can be learned by gradient descent.

With $n$ queries as the rows of $Q$ $(n, d)$, $m$ keys as rows of $K$ $(m, d)$, and values $V$ $(m, e)$, all of them
at once:

$$\text{Attention}(Q, K, V) = \operatorname{softmax}\!\left(\frac{Q K^\top}{\sqrt d}\right) V
\qquad (n, d)\,(d, m) \to (n, m), \quad (n, m)\,(m, e) \to (n, e).$$

```text
      K^T  (d, m)                         V  (m, e)
          │                                   │
 Q ──► scores ──► / √d ──► mask ──► softmax ──► weights @ V ──► out (n, e)
(n, d)  (n, m)                        rows of (n, m)
                                      that add up to 1
```

### Why the root

Let the components of $q$ and $k$ be independent, with mean 0 and variance 1. Their dot product is a sum of $d$
products, each with mean 0 and variance 1, so its variance is $d$: scores grow like $\sqrt d$. A softmax of large
numbers is nearly a maximum, its weights are nearly 0 or 1, and its slopes $w_j (1 - w_j)$ are nearly 0: nothing is
learned. Dividing by $\sqrt d$ gives scores of variance 1, whatever $d$ is. A measurement follows in section 2.

### Who asks, and what

In **self-attention**, queries, keys and values come from one sequence $X$ $(n, d)$ by three learned matrices:
$Q = X W_q^\top$, $K = X W_k^\top$, $V = X W_v^\top$. Three, since what a word looks for, what it offers to be found by, and
what it says when it is found are different things. **Multi-head attention** does this $h$ times in parallel, with
width $d/h$ each, and lets a fourth matrix mix the results: one head may look for the subject, another one for the
previous word. Four matrices: $4 d^2$ weights, for any number of heads.

### What it costs

For a sequence of $n$ tokens and width $d$:

| step | multiplications | numbers it makes |
| --- | --- | --- |
| four projections | $4 n d^2$ | $4 n d$ |
| $Q K^\top$ | $n^2 d$ | $h\, n^2$ |
| softmax | | $h\, n^2$ |
| weights times $V$ | $n^2 d$ | $n d$ |

Everything that a layer has done so far was linear in the number of tokens. This is not, and with $n > 2d$ the quadratic
part is the larger one. Section 7 measures it.
"""

# %% [markdown]
r"""
## 2. Scaled Dot-Product Attention

The formula is one line. What turns it into a function that others can rely on:

- **Any batch axes.** `(batch, heads, n, d)` is to work like `(n, d)`. The operators do that already (Module 01), as long
  as the transpose exchanges the *last two* axes only. `k.T` reverses *all* of them.
- **Tensors, not arrays.** Every step has to be recorded. With operators of tensors, the gradients for $q$, $k$ and $v$
  are already written: they are Module 06. `np.dot(q.data, k.data.T)` computes numbers without a past.
- **Scale the queries**, not the scores: $(q / \sqrt d) \cdot k = (q \cdot k) / \sqrt d$, but the left side divides
  $n d$ numbers, the right side $n m$.
- **Which transpose?** $Q K^\top = (K Q^\top)^\top$. In the second form the scores of *one key* are neighbours in memory,
  and softmax takes the maximum and the sum over keys of 64 queries at once, where the first form makes it start anew for
  every query. Both are right, and section 7 measures them.
- **The mask** is boolean, in PyTorch's convention for this function: `True` means *may look at*. A forbidden
  pair gets the score $-\infty$, whose exponential is exactly 0. Adding a constant of zeros and $-\infty$ to the scores does
  that, and is recorded by itself: the weights of forbidden pairs are 0, and so are their gradients.
- **Someone who may look at nothing** gets the softmax of nothing but $-\infty$: $0/0$. One NaN then becomes, in a
  step of training, NaN in every weight. Refuse such a mask.
- **Return the weights too.** A layer does not need them, but whoever wants to see what a model looks at does.
"""


# %% nbgrader={"grade": false, "grade_id": "sdpa", "locked": false, "schema_version": 3, "solution": true, "task": false}
#| export
def mask_scores(mask: Any, dtype: Any) -> np.ndarray:
    """A boolean mask as numbers to add to scores: 0 where it is True, -inf where it is False.

    mask: (..., n, m), True where query i may look at key j. Result: an array of the same shape and of ``dtype``.
    Raises TypeError if the mask is not boolean, and ValueError if a query may look at no key at all.
    Hint: ``np.where``; ``any`` along the last axis.
    """
    ### BEGIN SOLUTION
    mask = np.asarray(mask)
    if mask.dtype != bool:
        raise TypeError(f"a mask must be boolean, True where one may look; got {mask.dtype}")
    if not mask.any(axis=-1).all():
        raise ValueError(f"the mask of shape {mask.shape} has a query that may look at no key at all")
    return np.where(mask, 0.0, -np.inf).astype(dtype)
    ### END SOLUTION


def exchange_last(x: Tensor) -> Tensor:
    """x (..., n, d) with its last two axes exchanged: (..., d, n)."""
    ### BEGIN SOLUTION
    return x.transpose(*range(x.ndim - 2), -1, -2)
    ### END SOLUTION


def scaled_dot_product_attention(q: Tensor, k: Tensor, v: Tensor, mask: Any = None) -> tuple[Tensor, Tensor]:
    """Average of the values for each query, weighted by softmax(q kᵀ / √d): the pair (result, weights).

    q: (..., n, d), k: (..., m, d), v: (..., m, e), with batch axes that broadcast. mask: boolean, broadcasts to
    (..., n, m), True where query i may look at key j. Result: (..., n, e), weights: (..., n, m), both recorded.

    Raises ValueError, naming the shapes, if queries and keys differ in width or keys and values in number, and
    what ``mask_scores`` raises.
    Hint: ``transpose`` takes negative axes.
    """
    ### BEGIN SOLUTION
    if q.shape[-1] != k.shape[-1]:
        raise ValueError(f"queries {q.shape} and keys {k.shape} need the same width")
    if k.shape[-2] != v.shape[-2]:
        raise ValueError(f"keys {k.shape} and values {v.shape} need the same number")
    scaled = q * (1 / math.sqrt(q.shape[-1]))
    scores = exchange_last(k @ exchange_last(scaled))
    if mask is not None:
        scores = scores + mask_scores(mask, scores.dtype)
    weights = softmax(scores)
    return weights @ v, weights
    ### END SOLUTION


# %% [markdown]
r"""
### Testing attention

Cases that can be computed by hand, an independent computation with loops, gradients against central differences, and
everything that must be refused.
"""

# %% nbgrader={"grade": true, "grade_id": "test_sdpa", "locked": true, "points": 20, "schema_version": 3, "solution": false, "task": false}
from tinytorch.autograd import gradient_check


def attention_by_loops(q, k, v, allowed=None):
    """One sequence, one query after the other."""
    rows, weights = [], np.zeros((len(q), len(k)))
    for i, query in enumerate(q):
        seen = [j for j in range(len(k)) if allowed is None or allowed[i, j]]
        scores = np.array([query @ k[j] for j in seen]) / math.sqrt(q.shape[1])
        shares = np.exp(scores - scores.max())
        weights[i, seen] = shares / shares.sum()
        rows.append(weights[i] @ v)
    return np.array(rows), weights


def test_unit_sdpa():
    """Values, weights, masks, batch axes, gradients and refusals of scaled_dot_product_attention."""
    numbers = np.random.default_rng(0)
    keys, values = Tensor([[1.0, 0.0], [0.0, 1.0]]), Tensor([[10.0], [20.0]])
    out, weights = scaled_dot_product_attention(Tensor([[0.0, 0.0]]), keys, values)
    np.testing.assert_allclose(
        weights.data, [[0.5, 0.5]], rtol=1e-6, err_msg="attention, a query of zeros: equal weights"
    )
    np.testing.assert_allclose(out.data, [[15.0]], rtol=1e-6, err_msg="attention: the mean of the values")
    out, _ = scaled_dot_product_attention(Tensor([[100.0, 0.0]]), keys, values)
    np.testing.assert_allclose(
        out.data, [[10.0]], rtol=1e-5, err_msg="attention, a query far along key 0: the value of key 0"
    )
    _, weights = scaled_dot_product_attention(Tensor([[math.sqrt(2) * math.log(3), 0.0]]), keys, values)
    np.testing.assert_allclose(
        weights.data,
        [[0.75, 0.25]],
        rtol=1e-5,
        err_msg="attention, scores √2·log 3 and 0 with d = 2: divided by √d they give weights 3 : 1",
    )

    q, k, v = (numbers.normal(size=shape) for shape in ((4, 3), (5, 3), (5, 2)))
    allowed = numbers.random((4, 5)) < 0.6
    allowed[:, 1] = True
    for name, mask in (("no mask", None), ("a mask", allowed)):
        out, weights = scaled_dot_product_attention(*(Tensor(a, dtype=np.float64) for a in (q, k, v)), mask)
        expected, shares = attention_by_loops(q, k, v, mask)
        assert out.shape == (4, 2) and weights.shape == (4, 5), (
            f"attention of q (4, 3), k (5, 3), v (5, 2): expected (4, 2) and (4, 5), got {out.shape}, {weights.shape}"
        )
        np.testing.assert_allclose(
            weights.data, shares, rtol=1e-9, atol=1e-12, err_msg=f"attention, {name}: the weights"
        )
        np.testing.assert_allclose(out.data, expected, rtol=1e-9, err_msg=f"attention, {name}: the result")
    assert (weights.data[~allowed] == 0).all(), "attention: a forbidden pair must have a weight of exactly 0"

    batch = [Tensor(numbers.normal(size=(2, 3, n, d)), dtype=np.float64) for n, d in ((4, 5), (6, 5), (6, 2))]
    out, _ = scaled_dot_product_attention(*batch)
    assert out.shape == (2, 3, 4, 2), f"attention with batch axes (2, 3): expected (2, 3, 4, 2), got {out.shape}"
    for place in np.ndindex(2, 3):
        single, _ = attention_by_loops(*(t.data[place] for t in batch))
        np.testing.assert_allclose(
            out.data[place], single, rtol=1e-9, err_msg=f"attention, batch element {place} by itself"
        )

    single = scaled_dot_product_attention(*(Tensor(a) for a in (q, k, v)), allowed)
    assert [t.dtype for t in single] == [np.float32, np.float32], (
        f"attention in float32: result and weights became {[str(t.dtype) for t in single]}"
    )
    tensors = [Tensor(a, requires_grad=True) for a in (q, k, v)]
    out, weights = scaled_dot_product_attention(*tensors, allowed)
    assert out.requires_grad and weights.requires_grad, (
        "attention: result and weights must be recorded; compute with tensors, not with .data"
    )
    for name, mask in (("no mask", None), ("a mask", allowed)):
        error = gradient_check(
            lambda a, b, c: (scaled_dot_product_attention(a, b, c, mask)[0] ** 2).sum(), *tensors
        )
        assert error < 1e-6, f"attention, {name}: gradients of q, k, v against differences: error {error:.1e}"
    error = gradient_check(lambda a, b: (scaled_dot_product_attention(a, b, b)[1] ** 2).sum(), *tensors[:2])
    assert error < 1e-6, f"attention: gradients through the weights against differences: error {error:.1e}"

    nothing = allowed.copy()
    nothing[2] = False
    for label, call, kind in [
        ("queries (4, 3), keys (5, 2)", lambda: scaled_dot_product_attention(tensors[0], tensors[2], tensors[2]), ValueError),
        ("5 keys, 4 values", lambda: scaled_dot_product_attention(tensors[0], tensors[1], tensors[0]), ValueError),
        ("a query without keys", lambda: scaled_dot_product_attention(*tensors, nothing), ValueError),
        ("a mask of numbers", lambda: scaled_dot_product_attention(*tensors, allowed * 1.0), TypeError),
    ]:
        try:
            call()
        except (ValueError, TypeError) as error:
            assert isinstance(error, kind), f"attention, {label}: expected {kind.__name__}, got {error!r}"
        else:
            raise AssertionError(f"attention, {label}: expected {kind.__name__}, nothing was raised")
    print("attention: values, weights, masks, batches and gradients are right")


test_unit_sdpa()
### BEGIN HIDDEN TESTS
from tinytorch_lab.probes import probe, raises, rng


def run_attention(shapes, mask=None, dtype=np.float64):
    """Result, weights and gradients of all inputs, for random inputs of these shapes."""
    inputs = [Tensor(rng.normal(size=shape), dtype=dtype, requires_grad=True) for shape in shapes]
    out, weights = scaled_dot_product_attention(*inputs, mask)
    upstream = np.cos(np.arange(out.size)).reshape(out.shape).astype(dtype)
    out.backward(upstream)
    return [out.data, weights.data, *(t.grad for t in inputs)]


probe("one sequence", run_attention(((5, 3), (5, 3), (5, 3))))
probe("other lengths and widths", run_attention(((2, 7), (6, 7), (6, 3))))
probe("batch and heads", run_attention(((2, 3, 4, 5), (2, 3, 6, 5), (2, 3, 6, 2))))
probe("square in all axes", run_attention(((3, 3, 3, 3),) * 3))
probe("keys for a whole batch", run_attention(((4, 5, 3), (6, 3), (6, 2))))
mask = rng.random((5, 6)) < 0.5
mask[np.arange(5), np.arange(5)] = True
probe("masked", run_attention(((2, 5, 4), (2, 6, 4), (2, 6, 4)), mask))
each = rng.random((2, 1, 5, 6)) < 0.5
each[..., 0] = True
probe("a mask for each batch element", run_attention(((2, 3, 5, 4), (2, 3, 6, 4), (2, 3, 6, 4)), each))
probe("a mask as a tensor", run_attention(((5, 4), (6, 4), (6, 4)), Tensor(mask)))
probe("one key for everybody", run_attention(((3, 2), (1, 2), (1, 4))))
probe("width one", run_attention(((3, 1), (4, 1), (4, 1))))
probe("single precision", run_attention(((4, 64), (4, 64), (4, 8)), dtype=np.float32))
large = [Tensor(1e3 * rng.normal(size=(4, 8))) for _ in range(3)]
probe("large scores", [t.data for t in scaled_dot_product_attention(*large)])
free, fixed = Tensor(rng.normal(size=(3, 4)), requires_grad=True), Tensor(rng.normal(size=(3, 4)))
out, weights = scaled_dot_product_attention(fixed, fixed, free)
out.sum().backward()
probe("only values require grad", [free.grad, weights.requires_grad, fixed.grad is None])
before = fixed.data.copy()
scaled_dot_product_attention(fixed, fixed, fixed, np.tri(3, dtype=bool))
probe("inputs unchanged", bool(np.array_equal(before, fixed.data)))
scores = [mask_scores(np.array([[True, False]]), kind) for kind in (np.float32, np.float64)]
probe("scores of a mask", [[np.isneginf(s), str(s.dtype), float(s[0, 0])] for s in scores])
none = np.ones((2, 4, 4), dtype=bool)
none[1, 2] = False
t = Tensor(np.ones((2, 4, 3)))
probe(
    "refusals",
    [
        raises(lambda: scaled_dot_product_attention(t, t[..., :2], t)),
        raises(lambda: scaled_dot_product_attention(t, t, t[:, :3])),
        raises(lambda: scaled_dot_product_attention(t, t, t, none)),
        raises(lambda: scaled_dot_product_attention(t, t, t, np.ones((4, 4)))),
        raises(lambda: scaled_dot_product_attention(t, t, t, np.ones((4, 4), dtype=int))),
    ],
)
### END HIDDEN TESTS

# %% [markdown]
r"""
### What the root does: measure it

The next cell draws 64 queries and 64 keys of growing width, and looks at three things, with and without the division:
the spread of the scores, how many keys a query effectively listens to ($e^H$ for the entropy $H$ of its weights; 64
would be all of them), and the gradient that gets through the softmax to the scores, from random gradients behind it.
What to look for: without the root, each query soon listens to a single key, before anything has been learned, and
the gradient falls away. With it, none of the three depends on the width.
"""

# %% tags=["measure"]
generator = np.random.default_rng(0)
print("           spread of scores      keys listened to    gradient of a score")
print(f"{'width':>6} {'with √d':>10} {'without':>9}" + f" {'with √d':>11} {'without':>9}" * 2)
for width in (4, 16, 64, 256, 1024):
    products = generator.normal(size=(64, width)) @ generator.normal(size=(width, 64))
    measured = []
    for divisor in (math.sqrt(width), 1.0):
        scores = Tensor(products / divisor, dtype=np.float64, requires_grad=True)
        weights = softmax(scores)
        listened = np.exp(-(weights.data * np.log(weights.data + 1e-300)).sum(axis=1)).mean()
        weights.backward(np.random.default_rng(1).normal(size=(64, 64)))
        measured.append((scores.data.std(), listened, np.linalg.norm(scores.grad, axis=1).mean()))
    (a, b, c), (x, y, z) = measured
    print(f"{width:6} {a:10.2f} {x:9.2f} {b:11.1f} {y:9.1f} {c:11.3f} {z:9.3f}")

# %% [markdown]
r"""
## 3. Masks

Two reasons forbid a pair of places.

**Causality.** A model that predicts the next token must not see it. In training, all $n$ predictions of a sequence are
made at once, and the answer to number $i$ stands in the input at place $i + 1$. So place $i$ may look at places
$0 \dots i$ only: a lower triangle.

During generation there are more keys than queries: the keys of `past` earlier places have been remembered, and the
queries belong to the *last* places. Query $i$ is place `past + i`, and may look at keys $0 \dots \text{past} + i$:

```text
      n = 3, past = 0              n = 3, past = 2

         key 0 1 2                   key 0 1 2 3 4
 query 0     ■ · ·           query 0     ■ ■ ■ · ·
 query 1     ■ ■ ·           query 1     ■ ■ ■ ■ ·
 query 2     ■ ■ ■           query 2     ■ ■ ■ ■ ■
```

**Padding.** Sequences of a batch have different lengths, an array has one. The rest is filled up, and nobody may look
at filling. That depends on the key alone, and on the batch element: an array of shape `(batch, 1, n)`, whose axis of
length 1 broadcasts over all queries. Combine both with `&`.

One remark on speed: section 2 stores scores key by key. A mask in the other order makes the sum slower and turns its
result round; `np.asfortranarray` stores it as the scores are. The plain array passes the tests, too.
"""


# %% nbgrader={"grade": false, "grade_id": "masks", "locked": false, "schema_version": 3, "solution": true, "task": false}
#| export
def causal_mask(n: int, past: int = 0) -> np.ndarray:
    """Boolean array (n, past + n): query i, which is place past + i, may look at places 0 … past + i.

    Hint: ``np.tri``.
    """
    ### BEGIN SOLUTION
    return np.asfortranarray(np.tri(n, past + n, past, dtype=bool))
    ### END SOLUTION


def padding_mask(lengths: Any, n: int) -> np.ndarray:
    """Boolean array (batch, 1, n): in sequence b, places 0 … lengths[b] - 1 may be looked at, by everybody.

    lengths: integers (array, tensor or list), one for each sequence. Raises ValueError, naming the length, if one
    is not in 1 … n.
    Hint: compare ``np.arange(n)`` with the lengths, on axes that broadcast.
    """
    ### BEGIN SOLUTION
    lengths = np.asarray(lengths)
    for length in lengths:
        if not 1 <= length <= n:
            raise ValueError(f"a length of {length} is not in 1 … {n}")
    return np.arange(n) < lengths[:, None, None]
    ### END SOLUTION


# %% [markdown]
"""
### Testing masks

Beside the arrays themselves, the test asks the question for which masks exist: it changes a place in the future, or in
the padding, and compares *every* result of a place that must not notice. Equal means equal, to the last bit.
"""


# %% nbgrader={"grade": true, "grade_id": "test_masks", "locked": true, "points": 12, "schema_version": 3, "solution": false, "task": false}
def test_unit_masks():
    """Shapes and entries of both masks, and no leakage from the future or from padding."""
    got = causal_mask(3)
    assert got.dtype == bool, f"causal_mask: expected booleans, got {got.dtype}"
    np.testing.assert_array_equal(
        got, [[1, 0, 0], [1, 1, 0], [1, 1, 1]], err_msg="causal_mask(3): place i may look at 0 … i, itself included"
    )
    np.testing.assert_array_equal(
        causal_mask(2, past=3),
        [[1, 1, 1, 1, 0], [1, 1, 1, 1, 1]],
        err_msg="causal_mask(2, past=3): the queries are the last two of five places",
    )
    np.testing.assert_array_equal(
        causal_mask(1, past=4), [[1] * 5], err_msg="causal_mask(1, past=4): the newest place sees everything"
    )
    got = padding_mask([2, 4], 4)
    assert got.dtype == bool, f"padding_mask: expected booleans, got {got.dtype}"
    assert got.shape == (2, 1, 4), f"padding_mask([2, 4], 4): expected shape (2, 1, 4), got {got.shape}"
    np.testing.assert_array_equal(
        got[:, 0], [[1, 1, 0, 0], [1, 1, 1, 1]], err_msg="padding_mask([2, 4], 4): the first `length` places are real"
    )
    for lengths in ([0, 3], [5, 1], [2, -1]):
        try:
            padding_mask(lengths, 4)
        except ValueError:
            continue
        raise AssertionError(f"padding_mask({lengths}, 4): expected ValueError, lengths must be in 1 … 4")

    numbers = np.random.default_rng(1)
    x = numbers.normal(size=(2, 6, 4))
    plain, _ = scaled_dot_product_attention(*[Tensor(x)] * 3, causal_mask(6))
    for place in range(6):
        changed = x.copy()
        changed[:, place:] = 100 * numbers.normal(size=changed[:, place:].shape)
        out, _ = scaled_dot_product_attention(*[Tensor(changed)] * 3, causal_mask(6))
        np.testing.assert_array_equal(
            out.data[:, :place],
            plain.data[:, :place],
            err_msg=f"causal_mask: places before {place} noticed a change at {place} or later",
        )
    both = causal_mask(6) & padding_mask([3, 6], 6)
    assert both.shape == (2, 6, 6), f"causal & padding: expected shape (2, 6, 6), got {both.shape}"
    for mask in (both, padding_mask([3, 6], 6)):
        plain, _ = scaled_dot_product_attention(*[Tensor(x)] * 3, mask)
        changed = x.copy()
        changed[0, 3:] = 1e6
        out, _ = scaled_dot_product_attention(*[Tensor(changed)] * 3, mask)
        np.testing.assert_array_equal(
            out.data[0, :3], plain.data[0, :3], err_msg="padding_mask([3, 6], 6): padding was noticed by sequence 0"
        )
    print("masks: entries are right, and nothing leaks")


test_unit_masks()
### BEGIN HIDDEN TESTS
from tinytorch_lab.probes import probe, raises, rng

n, past = int(rng.integers(3, 9)), int(rng.integers(1, 7))
probe("causal", causal_mask(n))
probe("with a past", causal_mask(n, past))
probe("corners", [causal_mask(1), causal_mask(1, 3), causal_mask(4, 0), list(causal_mask(0, 3).shape)])
lengths = rng.integers(1, n + 1, size=5)
probe("padding", padding_mask(lengths, n))
probe("as tensor and list", [padding_mask(Tensor(lengths), n), padding_mask(lengths.tolist(), n)])
probe("dtypes", [str(causal_mask(2).dtype), str(padding_mask(lengths, n).dtype)])
whole = [Tensor(rng.normal(size=(7, 4)), dtype=np.float64) for _ in range(3)]
full, _ = scaled_dot_product_attention(*whole, causal_mask(7))
late, _ = scaled_dot_product_attention(whole[0][4:], whole[1], whole[2], causal_mask(3, past=4))
probe("the last queries alone", [late.data, bool(np.allclose(late.data, full.data[4:], atol=1e-12))])
q, k, v = (Tensor(t.data, dtype=np.float64, requires_grad=True) for t in whole)
out, _ = scaled_dot_product_attention(q, k, v, causal_mask(7))
out[2].sum().backward()
probe("no gradient into the future", [bool((t.grad[3:] == 0).all()) for t in (k, v)])
probe("gradient of the past", [k.grad, v.grad])
probe("errors", [raises(lambda length=length: padding_mask([2, length], 3)) for length in (0, 4, -1)])
### END HIDDEN TESTS

# %% [markdown]
r"""
### What a missing mask looks like

It looks like success. The next cell trains two tiny models to predict the next of 16 symbols, in sequences that are
*pure chance*: nobody can do better than a loss of $\log 16 = 2.77$. One model has the causal mask, the other has
not. What to look for: the second one gets far below what is possible, on fresh data too. It has learned one thing, to look
one place ahead. Asked to *generate*, where that place is empty, it knows nothing. **A loss that is too good is a bug
report.**
"""

# %% tags=["measure"]
import matplotlib.pyplot as plt

from tinytorch.embeddings import TokenEmbedding
from tinytorch.losses import cross_entropy
from tinytorch.optimizers import Adam


class Guesser(Module):
    """Embeds, attends once, and predicts the next symbol at every place."""

    def __init__(self, symbols, dim, length, mask, seed=0):
        draw = np.random.default_rng(seed)
        self.embedding = TokenEmbedding(symbols, dim, length, rng=draw)
        self.layers = [Linear(dim, dim, rng=draw) for _ in range(3)]
        self.readout = Linear(dim, symbols, rng=draw)
        self.mask = mask

    def forward(self, ids):
        x = self.embedding(ids)
        out, _ = scaled_dot_product_attention(*(layer(x) for layer in self.layers), self.mask)
        return self.readout(out)


symbols, length = 16, 12
figure, axis = plt.subplots(figsize=(6.5, 3.2))
for name, mask in (("causal mask", causal_mask(length)), ("no mask", None)):
    model, draw = Guesser(symbols, 32, length, mask), np.random.default_rng(1)
    optimizer, losses = Adam(model.parameters(), lr=0.01), []
    for _ in range(400):
        text = draw.integers(0, symbols, size=(32, length + 1))
        optimizer.zero_grad()
        loss = cross_entropy(model(text[:, :-1]), text[:, 1:])
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
    axis.plot(losses, label=name)
    print(f"{name:12} loss on fresh chance after 400 steps: {np.mean(losses[-20:]):.2f}")
axis.axhline(math.log(symbols), color="black", ls=":", label="the best that is possible")
axis.set(xlabel="step", ylabel="loss", title="predicting pure chance", ylim=(0, None))
axis.legend()
plt.show()

# %% [markdown]
r"""
### Minus infinity, or a large number?

Much code adds $-10^4$ or $-10^9$ instead of $-\infty$, so that a query without keys gets an average instead of NaN. The
next cell tries numbers in half precision, whose largest value is 65,504 (NumPy's `float16`), on four scores of which two
are forbidden. What to look for: too small a number leaks; $-10^9$ is no number in this format but $-\infty$ again; and
two masks *added* overflow to $-\infty$ as well, so the protection fails where it was wanted. The last column forbids
all four: a finite number subtracted everywhere changes nothing (or, if it is so large that rounding has swallowed the
scores, leaves an even mean), so the query looks at what it must not see, and says no word.
"""

# %% tags=["measure"]
scores = np.array([2.0, -1.0, 3.0, 12.0], dtype=np.float16)
forbidden = np.array([False, False, True, True])


def half_softmax(row):
    with np.errstate(all="ignore"):
        shares = np.exp(row - row.max())
        return shares / shares.sum()


with np.errstate(over="ignore"):
    print(f"{'masked with':>12} {'becomes':>9} {'weight that leaks':>18} {'added twice':>12} {'no key allowed':>24}")
    for number in (-10.0, -1e2, -1e4, -6e4, -1e9, -math.inf):
        masked = np.float16(number)
        leak = half_softmax(scores + np.where(forbidden, masked, np.float16(0)))[forbidden].sum()
        everything = half_softmax(scores + masked)
        twice = np.float16(masked + masked)
        print(f"{number:12.0e} {masked:9.0f} {leak:18.1e} {twice:12.0f}   {np.round(everything, 2)}")

# %% [markdown]
r"""
## 4. Self-Attention

One head: three layers without bias that make queries, keys and values from `x`, and the function from section 2. The names
are PyTorch's. A sequence is `(n, dim)`, a batch `(batch, n, dim)`.

This is all that mixes places. It has no idea of their order: exchange two inputs and the outputs are exchanged, nothing
else. (The test shows it.) Where order matters, the positions of Module 11 have to be in `x`.
"""


# %% nbgrader={"grade": false, "grade_id": "self_attention", "locked": false, "schema_version": 3, "solution": true, "task": false}
#| export
class SelfAttention(Module):
    """Attention of a sequence to itself, with a single head: (..., n, dim) becomes (..., n, dim)."""

    def __init__(self, dim: int, rng: np.random.Generator | None = None) -> None:
        """Set ``dim`` and the layers ``q_proj``, ``k_proj``, ``v_proj``: dim to dim, no bias, drawn in this order."""
        ### BEGIN SOLUTION
        self.dim = dim
        self.q_proj = Linear(dim, dim, bias=False, rng=rng)
        self.k_proj = Linear(dim, dim, bias=False, rng=rng)
        self.v_proj = Linear(dim, dim, bias=False, rng=rng)
        ### END SOLUTION

    def forward(self, x: Tensor, mask: Any = None) -> Tensor:
        """x: (..., n, dim); mask: boolean, broadcasts to (..., n, n). Result: x's shape."""
        ### BEGIN SOLUTION
        return scaled_dot_product_attention(self.q_proj(x), self.k_proj(x), self.v_proj(x), mask)[0]
        ### END SOLUTION

    def __repr__(self) -> str:
        return f"SelfAttention({self.dim})"


# %% nbgrader={"grade": true, "grade_id": "test_self_attention", "locked": true, "points": 8, "schema_version": 3, "solution": false, "task": false}
def test_unit_self_attention():
    """Parameters, values, masks, order and gradients of SelfAttention."""
    numbers = np.random.default_rng(2)
    layer = SelfAttention(4, rng=np.random.default_rng(0))
    shapes = {name: parameter.shape for name, parameter in layer.named_parameters()}
    expected = {f"{part}_proj.weight": (4, 4) for part in "qkv"}
    assert shapes == expected, f"SelfAttention(4): expected the parameters {expected}, got {shapes}"
    x = Tensor(numbers.normal(size=(5, 4)))
    projected = [x.data @ projection.weight.data.T for projection in (layer.q_proj, layer.k_proj, layer.v_proj)]
    out = layer(x)
    np.testing.assert_allclose(
        out.data,
        attention_by_loops(*projected)[0],
        rtol=1e-4,
        atol=1e-6,
        err_msg="SelfAttention(x): attention of q_proj(x) to k_proj(x) with v_proj(x)",
    )
    order = [3, 1, 4, 0, 2]
    np.testing.assert_allclose(
        layer(x[order]).data,
        out.data[order],
        rtol=1e-4,
        atol=1e-6,
        err_msg="SelfAttention: inputs in another order, so outputs in that order; nothing else may change",
    )
    batch = Tensor(numbers.normal(size=(3, 5, 4)))
    got = layer(batch, causal_mask(5))
    assert got.shape == (3, 5, 4), f"SelfAttention of a batch (3, 5, 4): got shape {got.shape}"
    np.testing.assert_allclose(
        got.data[1, :3],
        layer(batch[1, :3], causal_mask(3)).data,
        rtol=1e-4,
        atol=1e-6,
        err_msg="SelfAttention, causal mask: the first three places depend on the first three places alone",
    )
    layer.to(np.float64)
    error = gradient_check(lambda t: (layer(t, causal_mask(5)) ** 2).mean(), x)
    assert error < 1e-6, f"SelfAttention: gradient of x against differences: error {error:.1e}"
    print("SelfAttention: parameters, values, masks and gradients are right")


test_unit_self_attention()
### BEGIN HIDDEN TESTS
from tinytorch_lab.probes import probe, raises, rng

width, n = int(rng.integers(3, 8)), int(rng.integers(4, 9))
layer = SelfAttention(width, rng=np.random.default_rng(int(rng.integers(1000))))
probe("parameters", list(layer.state_dict().values()))
layer.to(np.float64)
x = Tensor(rng.normal(size=(2, n, width)), dtype=np.float64, requires_grad=True)
probe("plain", layer(x).data)
probe("causal", layer(x, mask=causal_mask(n)).data)
lengths = rng.integers(1, n + 1, size=2)
probe("padded", layer(x, padding_mask(lengths, n)).data)
probe("one sequence, one place", [layer(x[0]).data, layer(x[0, :1]).data])
(layer(x, causal_mask(n)) ** 2).sum().backward()
probe("gradients", [x.grad, *(parameter.grad for parameter in layer.parameters())])
probe("wrong width", raises(lambda: layer(x[..., :-1])))
### END HIDDEN TESTS

# %% [markdown]
r"""
## 5. Heads

One head forms one average. A word that needs its verb *and* the noun before it gets a mixture of both. Several heads look
at several things, and need no more weights or multiplications: the width is divided among them. (What they do cost is
measured in section 6.)

`split_heads` cuts the last axis into `heads` pieces and moves them in front of the sequence, so that for everything that
follows heads are one more batch axis:

```text
 (batch, n, dim)  ──reshape──►  (batch, n, heads, dim/heads)  ──transpose──►  (batch, heads, n, dim/heads)
```

`merge_heads` goes back. The two must be exact inverses. The classic mistake is to reshape *directly* to
`(batch, heads, n, dim/heads)`: the shape is right, no error appears, and each "head" gets pieces of several
*places*. Which numbers stand next to each other in memory decides (Module 01): a reshape keeps that order.

Splitting moves no bytes, since both steps are views. Merging has to copy once: after the transpose, the elements of a
place lie apart, and no strides can describe them as one axis.
"""


# %% nbgrader={"grade": false, "grade_id": "heads", "locked": false, "schema_version": 3, "solution": true, "task": false}
#| export
def split_heads(x: Tensor, heads: int) -> Tensor:
    """(..., n, dim) becomes (..., heads, n, dim // heads): head h has columns h · dim/heads and following.

    Raises ValueError, naming both, if ``heads`` does not divide ``dim``.
    Hint: the transpose exchanges the two axes before the last one.
    """
    ### BEGIN SOLUTION
    *batch, n, dim = x.shape
    if dim % heads:
        raise ValueError(f"a width of {dim} cannot be divided among {heads} heads")
    pieces = x.reshape(*batch, n, heads, dim // heads)
    return pieces.transpose(*range(len(batch)), -2, -3, -1)
    ### END SOLUTION


def merge_heads(x: Tensor) -> Tensor:
    """The inverse of ``split_heads``: (..., heads, n, size) becomes (..., n, heads · size)."""
    ### BEGIN SOLUTION
    *batch, heads, n, size = x.shape
    return x.transpose(*range(len(batch)), -2, -3, -1).reshape(*batch, n, heads * size)
    ### END SOLUTION


# %% nbgrader={"grade": true, "grade_id": "test_heads", "locked": true, "points": 10, "schema_version": 3, "solution": false, "task": false}
def test_unit_heads():
    """split_heads gives each head its columns of every place, merge_heads undoes it, gradients pass."""
    from tinytorch.tensor import shares_memory

    x = Tensor(np.arange(24.0).reshape(2, 3, 4))
    split = split_heads(x, 2)
    assert split.shape == (2, 2, 3, 2), f"split_heads of (2, 3, 4), 2 heads: expected (2, 2, 3, 2), got {split.shape}"
    for head in range(2):
        np.testing.assert_array_equal(
            split.data[:, head],
            x.data[:, :, 2 * head : 2 * head + 2],
            err_msg=f"split_heads: head {head} must hold columns {2 * head} and {2 * head + 1} of every place",
        )
    assert shares_memory(split, x), "split_heads: a reshape and a transpose need no copy, this one copied"
    merged = merge_heads(split)
    assert merged.shape == x.shape, f"merge_heads of {split.shape}: expected {x.shape}, got {merged.shape}"
    np.testing.assert_array_equal(merged.data, x.data, err_msg="merge_heads(split_heads(x, 2)) must be x again")
    single = split_heads(x[0], 4)
    assert single.shape == (4, 3, 1), f"split_heads of (3, 4), 4 heads: expected (4, 3, 1), got {single.shape}"
    error = gradient_check(lambda t: (split_heads(t, 2) * np.arange(24.0).reshape(2, 2, 3, 2)).sum(), x)
    assert error < 1e-6, f"split_heads: gradient against differences: error {error:.1e}"
    try:
        split_heads(x, 3)
    except ValueError as error:
        assert "4" in str(error) and "3" in str(error), f"split_heads: name width and heads, got: {error}"
    else:
        raise AssertionError("split_heads: 3 heads do not divide a width of 4: expected ValueError")
    print("heads: split, merged and recorded")


test_unit_heads()
### BEGIN HIDDEN TESTS
from tinytorch_lab.probes import probe, raises, rng

n, heads, size = (int(k) for k in rng.integers(2, 6, size=3))
x = Tensor(rng.normal(size=(3, n, heads * size)), dtype=np.float64, requires_grad=True)
probe("split", split_heads(x, heads).data)
probe("split without a batch", split_heads(x[1], heads).data)
probe("split with two batch axes", split_heads(x.reshape(3, 1, n, heads * size), heads).data)
y = Tensor(rng.normal(size=(2, heads, n, size)), dtype=np.float64, requires_grad=True)
probe("merge", merge_heads(y).data)
probe("merge without a batch", merge_heads(y[0]).data)
probe("there and back", bool(np.array_equal(merge_heads(split_heads(x, heads)).data, x.data)))
probe("back and there", bool(np.array_equal(split_heads(merge_heads(y), heads).data, y.data)))
(split_heads(x, heads)[:, -1] ** 2).sum().backward()
(merge_heads(y)[..., 0] ** 2).sum().backward()
probe("gradients", [x.grad, y.grad])
probe("one head", [list(split_heads(x, 1).shape), list(split_heads(x, heads * size).shape)])
probe("empty", list(split_heads(x[:, :0], heads).shape))
probe("errors", [raises(lambda: split_heads(x, heads * size + 1)), raises(lambda: split_heads(x[..., :-1], heads * size))])
### END HIDDEN TESTS

# %% [markdown]
r"""
## 6. Multi-Head Attention

Project, split, attend, merge, project: five lines. Two more things make it the layer of a language model.

**`causal=True`** builds the mask from the shapes at hand. A `mask` given by the caller holds in addition. It is written
for sequences, `(n, m)` or `(batch, n, m)`, and has to get an axis for the heads before it meets scores of shape
`(batch, heads, n, m)`: `(batch, n, m)` would be aligned with the wrong axes, and if `batch` happens to equal `heads`,
*silently*.

**`extend`** is the seam for generation (Module 16). When text is produced token by token, keys and values of earlier
tokens do not change, so computing them again would be a waste. `extend` is a function: it gets the keys and values of
`x`, per head, and returns those to attend to, with the remembered ones in front. The layer does not know where they are
kept. But it sees that there are more keys than queries now, and how many: that is the `past` of its causal mask.
"""

# %% nbgrader={"grade": false, "grade_id": "multi_head", "locked": false, "schema_version": 3, "solution": true, "task": false}
#| export
Extend = Callable[[Tensor, Tensor], tuple[Tensor, Tensor]]


class MultiHeadAttention(Module):
    """Attention of a sequence to itself, ``heads`` times in parallel: (..., n, dim) becomes (..., n, dim)."""

    def __init__(
        self, dim: int, heads: int, causal: bool = False, rng: np.random.Generator | None = None
    ) -> None:
        """Set ``dim``, ``heads``, ``causal``, and ``q_proj k_proj v_proj out_proj``, drawn in this order.

        The four layers map dim to dim, with bias. Raises ValueError, naming both, if ``heads`` does not divide
        ``dim``.
        """
        ### BEGIN SOLUTION
        if dim % heads:
            raise ValueError(f"a width of {dim} cannot be divided among {heads} heads")
        self.dim, self.heads, self.causal = dim, heads, causal
        self.q_proj = Linear(dim, dim, rng=rng)
        self.k_proj = Linear(dim, dim, rng=rng)
        self.v_proj = Linear(dim, dim, rng=rng)
        self.out_proj = Linear(dim, dim, rng=rng)
        ### END SOLUTION

    def forward(self, x: Tensor, mask: Any = None, extend: Extend | None = None) -> Tensor:
        """x: (..., n, dim), result: the same shape.

        mask: boolean, (n, m) or (batch, n, m) with lengths of 1 where it broadcasts; holds for all heads, and in
        addition to causality. extend: called once with the keys and the values of x, each (..., heads, n,
        dim // heads); returns the keys and values to attend to, each (..., heads, m, dim // heads), of which
        those of x are the last.
        Hint: ``array[..., None, :, :]`` adds an axis; ``past`` follows from two lengths.
        """
        ### BEGIN SOLUTION
        q, k, v = (split_heads(project(x), self.heads) for project in (self.q_proj, self.k_proj, self.v_proj))
        if extend is not None:
            k, v = extend(k, v)
        if mask is not None:
            mask = np.asarray(mask)[..., None, :, :]
        if self.causal:
            causal = causal_mask(q.shape[-2], past=k.shape[-2] - q.shape[-2])
            mask = causal if mask is None else mask & causal
        out, _ = scaled_dot_product_attention(q, k, v, mask)
        return self.out_proj(merge_heads(out))
        ### END SOLUTION

    def __repr__(self) -> str:
        return f"MultiHeadAttention({self.dim}, {self.heads}, causal={self.causal})"


# %% nbgrader={"grade": true, "grade_id": "test_multi_head", "locked": true, "points": 10, "schema_version": 3, "solution": false, "task": false}
def test_unit_multi_head():
    """Each head attends by itself, masks reach every head, causality holds, and extend remembers."""
    numbers = np.random.default_rng(3)
    layer = MultiHeadAttention(6, 2, rng=np.random.default_rng(0)).to(np.float64)
    names = [name for name, _ in layer.named_parameters()]
    expected = [f"{part}_proj.{kind}" for part in ("q", "k", "v", "out") for kind in ("weight", "bias")]
    assert names == expected, f"MultiHeadAttention: expected the parameters {expected}, got {names}"
    x = Tensor(numbers.normal(size=(2, 5, 6)), dtype=np.float64)
    got = layer(x)
    assert got.shape == (2, 5, 6), f"MultiHeadAttention(6, 2) of (2, 5, 6): got shape {got.shape}"
    q, k, v = (part(x).data for part in (layer.q_proj, layer.k_proj, layer.v_proj))
    for b in range(2):
        heads = [attention_by_loops(*(t[b][:, 3 * h : 3 * h + 3] for t in (q, k, v)))[0] for h in range(2)]
        np.testing.assert_allclose(
            got.data[b],
            layer.out_proj(Tensor(np.hstack(heads), dtype=np.float64)).data,
            rtol=1e-8,
            err_msg="MultiHeadAttention: each head with its own 3 columns, side by side, then out_proj",
        )

    causal = MultiHeadAttention(6, 3, causal=True, rng=np.random.default_rng(1)).to(np.float64)
    plain = causal(x)
    for place in range(1, 5):
        changed = Tensor(np.concatenate([x.data[:, :place], 9 + x.data[:, place:]], axis=1), dtype=np.float64)
        np.testing.assert_array_equal(
            causal(changed).data[:, :place],
            plain.data[:, :place],
            err_msg=f"MultiHeadAttention(causal=True): places before {place} noticed a later change",
        )
    two_heads = MultiHeadAttention(6, 2, causal=True, rng=np.random.default_rng(2)).to(np.float64)
    for model in (causal, two_heads, layer):
        padded = model(x, padding_mask([2, 5], 5))
        shorter = model(x[:1, :2])
        np.testing.assert_allclose(
            padded.data[0, :2],
            shorter.data[0],
            rtol=1e-8,
            err_msg=f"{model}, padding_mask([2, 5], 5): sequence 0 must not see its padding; does the mask have an axis "
            "for the heads?",
        )
        np.testing.assert_allclose(
            padded.data[1], model(x).data[1], rtol=1e-8, err_msg=f"{model}: sequence 1 has no padding"
        )

    remembered = [], []

    def extend(keys, values):
        for memory, new in zip(remembered, (keys, values)):
            memory.append(new.data)
        return tuple(Tensor(np.concatenate(memory, axis=-2), dtype=np.float64) for memory in remembered)

    parts = [causal(part, extend=extend).data for part in (x[:, :2], x[:, 2:3], x[:, 3:])]
    assert remembered[0][0].shape == (2, 3, 2, 2), (
        f"extend: called with keys (2, 3, 2, 2): batch, heads, places, size; got {remembered[0][0].shape}"
    )
    np.testing.assert_allclose(
        np.concatenate(parts, axis=1),
        plain.data,
        rtol=1e-8,
        err_msg="MultiHeadAttention with extend: two places, then one, then two must give what five at once give",
    )
    weights = [parameter.data for parameter in causal.parameters()]
    tensors = [Tensor(weight) for weight in weights]

    def loss(inputs, *new):
        for parameter, tensor in zip((causal.q_proj, causal.k_proj, causal.v_proj, causal.out_proj), new[::2]):
            parameter.weight = tensor
        return (causal(inputs) ** 2).mean()

    error = gradient_check(loss, x, *tensors)
    assert error < 1e-6, f"MultiHeadAttention: gradients against differences: error {error:.1e}"
    try:
        MultiHeadAttention(6, 4)
    except ValueError:
        pass
    else:
        raise AssertionError("MultiHeadAttention(6, 4): 4 heads do not divide 6, expected ValueError")
    print("MultiHeadAttention: heads, masks, causality, memory and gradients are right")


test_unit_multi_head()
### BEGIN HIDDEN TESTS
from tinytorch_lab.probes import probe, raises, rng

heads, size, n = (int(k) for k in rng.integers(2, 5, size=3))
width, n = heads * size, n + 3
layers = [
    MultiHeadAttention(width, heads, causal=causal, rng=np.random.default_rng(int(rng.integers(1000))))
    for causal in (False, True)
]
probe("parameters", list(layers[1].state_dict().values()))
for layer in layers:
    layer.to(np.float64)
x = Tensor(rng.normal(size=(heads, n, width)), dtype=np.float64, requires_grad=True)
probe("values", [layer(x).data for layer in layers])
lengths = rng.integers(1, n + 1, size=heads)
probe("as many sequences as heads, padded", [layer(x, padding_mask(lengths, n)).data for layer in layers])
probe("a mask for all", [layer(x, mask=np.eye(n, dtype=bool)).data for layer in layers])
probe("one sequence", [layer(x[0]).data for layer in layers])
probe("one place", [layer(x[:, :1]).data for layer in layers])
for layer in layers:
    (layer(x, padding_mask(lengths, n)) ** 2).mean().backward()
    probe(f"gradients, {layer.causal}", [x.grad.copy(), *(parameter.grad for parameter in layer.parameters())])
store = []


def keep(keys, values):
    store.append((keys.data, values.data))
    return tuple(Tensor(np.concatenate(parts, axis=-2), dtype=np.float64) for parts in zip(*store))


whole = layers[1](x[:1])
steps = [layers[1](x[:1, place : place + 1], extend=keep).data for place in range(n)]
probe("place by place", [np.concatenate(steps, axis=1), len(store)])
probe("the same", bool(np.allclose(np.concatenate(steps, axis=1), whole.data, atol=1e-10)))
store.clear()
layers[1](x[:1, :3], extend=keep)
probe("padding and a past", layers[1](x[:1, 3:5], padding_mask([4], 5), keep).data)
probe("heads do not divide", raises(lambda: MultiHeadAttention(width, width + 1)))
single = MultiHeadAttention(width, heads, causal=True, rng=np.random.default_rng(3))
probe("float32 stays", str(single(Tensor(x.data), padding_mask(lengths, n)).dtype))
### END HIDDEN TESTS

# %% [markdown]
r"""
### What heads cost

The same width, divided among more and more heads, all at once as a batch axis, and one after the other in a Python
loop, which gives the same numbers, since heads are independent of each other. What to look for: the multiplications of
the two products stay the same for any number of heads. Memory and time do not: each head has $n^2$ scores of its own,
which are scaled, exponentiated, divided. And when the arrays of all heads together have outgrown the cache of the
processor, the loop is *quicker*: each head's arrays still fit. A GPU, with thousands of units to keep busy, prefers
the batch.
"""

# %% tags=["measure"]
import time

from tinytorch.autograd import graph_memory, no_grad


def milliseconds(fn, repeats=5):
    timings = []
    for _ in range(repeats):
        start = time.perf_counter()
        fn()
        timings.append(time.perf_counter() - start)
    return min(timings) * 1e3


n, width = 128, 128
draw = np.random.default_rng(0)
x = Tensor(draw.normal(size=(4, n, width)))
print(f"4 sequences of {n} places, width {width}")
print(f"{'heads':>6} {'size':>5} {'weights n², MiB':>16} {'batched, ms':>12} {'one by one, ms':>15}")
for heads in (1, 2, 4, 8, 16, 32):
    q, k, v = (split_heads(Tensor(draw.normal(size=x.shape)), heads) for _ in range(3))
    together = milliseconds(lambda: scaled_dot_product_attention(q, k, v))
    apart = milliseconds(
        lambda: [scaled_dot_product_attention(q[:, h], k[:, h], v[:, h]) for h in range(heads)]
    )
    matrix = 4 * 4 * heads * n * n / 2**20
    print(f"{heads:6} {width // heads:5} {matrix:16.2f} {together:12.2f} {apart:15.2f}")

# %% [markdown]
r"""
## 7. Memory and Complexity

First the formula, then the measurement. Two small functions:

- `attention_memory(batch, heads, n)`: the bytes of *one* set of attention weights in float32.
- `longest_sequence(batch, heads, budget)`: the other way round. The largest $n$ whose weights fit into so many bytes.
  Since memory goes with the square, four times the memory buys only twice the length.
"""


# %% nbgrader={"grade": false, "grade_id": "memory", "locked": false, "schema_version": 3, "solution": true, "task": false}
#| export
def attention_memory(batch: int, heads: int, n: int) -> int:
    """Bytes of the attention weights of one layer, in float32: one n × n matrix for each head and sequence."""
    ### BEGIN SOLUTION
    return batch * heads * n * n * 4
    ### END SOLUTION


def longest_sequence(batch: int, heads: int, budget: int) -> int:
    """The largest n for which ``attention_memory(batch, heads, n)`` is at most ``budget`` bytes; may be 0.

    Hint: ``math.isqrt`` is exact, also for numbers that a float cannot hold.
    """
    ### BEGIN SOLUTION
    return math.isqrt(budget // (4 * batch * heads))
    ### END SOLUTION


# %% nbgrader={"grade": true, "grade_id": "test_memory", "locked": true, "points": 6, "schema_version": 3, "solution": false, "task": false}
def test_unit_memory():
    """The formula agrees with the weights that attention makes, and the inverse is exact."""
    for batch, heads, n in ((1, 1, 1), (2, 3, 8), (4, 2, 33)):
        q = Tensor(np.ones((batch, heads, n, 5)))
        _, weights = scaled_dot_product_attention(q, q, q)
        got = attention_memory(batch, heads, n)
        assert type(got) is int, f"attention_memory: expected an int, got {type(got).__name__}"
        assert got == weights.memory_footprint(), (
            f"attention_memory({batch}, {heads}, {n}): expected {weights.memory_footprint()}, got {got}"
        )
    assert attention_memory(1, 32, 131_072) == 2**41, "attention_memory(1, 32, 131072): expected 2 TiB"
    for budget, expected in ((2**30, 4096), (4 * 2**30, 8192), (2**30 - 1, 4095), (15, 0)):
        got = longest_sequence(4, 4, budget)
        assert got == expected, f"longest_sequence(4, 4, {budget}): expected {expected}, got {got}"
    print("memory: formula and inverse are right")


test_unit_memory()
### BEGIN HIDDEN TESTS
from tinytorch_lab.probes import probe, raises, rng

sizes = rng.integers(1, 50, size=(4, 3)).tolist()
probe("bytes", [attention_memory(*each) for each in sizes])
probe("a long context", [attention_memory(8, 64, 10**6), attention_memory(3, 5, 0)])
budgets = rng.integers(1000, 10**12, size=6).tolist()
probe("longest", [longest_sequence(b, h, budget) for (b, h, _), budget in zip(sizes, budgets)])
edges = [(2, 3, n) for n in (7, 1000, 94_906_267)]
probe("exact at the edge", [longest_sequence(b, h, attention_memory(b, h, n) - d) for b, h, n in edges for d in (0, 1)])
probe("types", [type(longest_sequence(1, 1, 100)).__name__, type(attention_memory(1, 2, 3)).__name__])
### END HIDDEN TESTS

# %% [markdown]
r"""
### The square, measured

The next cell runs a multi-head layer on longer and longer sequences and measures the time of its forward pass, what
its graph keeps (`graph_memory`, Module 06), and the peak without recording. What to look for: the slope. On
logarithmic axes a straight line with slope 1 is proportional, with slope 2 quadratic. For short sequences the
projections dominate, and doubling the length costs twice the time; then the square takes over. In the last column: how many
$n \times n$ matrices per head does the graph keep? (Which arrays of `scaled_dot_product_attention` are they, which
one do all heads share, and which does a backward rule read?)
"""

# %% tags=["measure"]
import tracemalloc

width, heads = 64, 4
layer = MultiHeadAttention(width, heads, causal=True, rng=np.random.default_rng(0))
lengths = (64, 128, 256, 512, 1024, 2048)
times, kept, peaks = [], [], []
print(f"{'n':>5} {'forward, ms':>12} {'graph, MiB':>11} {'peak, no_grad':>14} {'formula, MiB':>13} {'matrices kept':>14}")
for n in lengths:
    x = Tensor(np.random.default_rng(n).normal(size=(1, n, width)))
    with no_grad():
        times.append(milliseconds(lambda: layer(x), repeats=3))
        tracemalloc.start()
        layer(x)
        peaks.append(tracemalloc.get_traced_memory()[1] / 2**20)
        tracemalloc.stop()
    kept.append(graph_memory(layer(x)) / 2**20)
    formula = attention_memory(1, heads, n) / 2**20
    print(f"{n:5} {times[-1]:12.2f} {kept[-1]:11.2f} {peaks[-1]:14.2f} {formula:13.2f} {kept[-1] / formula:14.2f}")
figure, (left, right) = plt.subplots(1, 2, figsize=(10, 3.4))
left.loglog(lengths, times, "o-", label="forward")
left.loglog(lengths, [times[-1] * (n / lengths[-1]) ** 2 for n in lengths], "k:", label="slope 2")
left.loglog(lengths, [times[0] * n / lengths[0] for n in lengths], "k--", label="slope 1")
left.set(xlabel="sequence length", ylabel="ms", title="time")
right.loglog(lengths, kept, "o-", label="kept by the graph")
right.loglog(lengths, peaks, "s-", label="peak under no_grad")
right.loglog(lengths, [attention_memory(1, heads, n) / 2**20 for n in lengths], "k:", label="one set of weights")
right.set(xlabel="sequence length", ylabel="MiB", title="memory")
for axis in (left, right):
    axis.legend()
    axis.grid(alpha=0.3, which="both")
figure.tight_layout()
plt.show()

# %% [markdown]
r"""
### Which transpose?

The next cell makes the scores of 48 heads of 64 places in both forms of section 2, and measures each step of the way to
the weights. What to look for: the products take the same time, and so does everything element by element. The
reductions differ: a maximum along contiguous rows is 3,072 small tasks of 64 numbers, one along columns is a handful of
long ones.
"""

# %% tags=["measure"]
draw = np.random.default_rng(0)
q, k = (draw.normal(size=(12, 4, 64, 32)).astype(np.float32) for _ in range(2))
forms = {"q kᵀ": lambda: q @ k.swapaxes(-1, -2), "(k qᵀ)ᵀ": lambda: (k @ q.swapaxes(-1, -2)).swapaxes(-1, -2)}
np.testing.assert_allclose(*(form() for form in forms.values()), rtol=1e-3, atol=1e-4)
print(f"{'scores':>8} {'product':>9} {'maximum':>9} {'exp':>9} {'sum':>9} {'softmax':>9}   ms")
for name, form in forms.items():
    scores = form()
    steps = (
        form,
        lambda: scores.max(axis=-1, keepdims=True),
        lambda: np.exp(scores),
        lambda: scores.sum(axis=-1, keepdims=True),
        lambda: softmax(Tensor(scores)),
    )
    print(f"{name:>8} " + " ".join(f"{milliseconds(step, 30):9.3f}" for step in steps))

# %% [markdown]
r"""
### The same result without the square

Must the whole matrix exist? The result is a weighted *sum*, and a sum can be formed in pieces. The only obstacle is
the softmax, whose denominator and maximum are known at the end of a row only. The way out: keep for every query the
largest score so far, $m$, the sum $s = \sum e^{\text{score} - m}$, and the sum of weighted values. If a later piece has a
larger score, the old sums are multiplied by $e^{m_{\text{old}} - m_{\text{new}}}$, as if they had been formed with the
new maximum from the start. Memory: one tile, whatever the length. This is the idea of FlashAttention (Dao and others, 2022).

What to look for: equal results; a peak that hardly grows, against one that grows with the square; and the time. For a
short sequence there is one tile and nothing to gain. For a long one the tiled version wins, although it is a loop in
Python and its softmax is *more* work. Two reasons: a tile stays in the cache, next to the arithmetic, while the whole
matrix travels to main memory and back at every step of the computation; and tiles above the diagonal are skipped. (Which
of the two is worth more? Compute all tiles, and see.)
"""

# %% tags=["measure"]


def tiled_attention(q, k, v, tile=128):
    """Causal attention of arrays (heads, n, d), without any n × n matrix."""
    n, scale = q.shape[-2], 1 / math.sqrt(q.shape[-1])
    out = np.empty_like(q)
    for start in range(0, n, tile):
        rows = q[:, start : start + tile] * scale
        largest = np.full((*rows.shape[:-1], 1), -np.inf, dtype=q.dtype)
        total, weighted = np.zeros_like(largest), np.zeros_like(rows)
        for first in range(0, start + 1, tile):
            scores = rows @ k[:, first : first + tile].swapaxes(-1, -2)
            if first == start:
                scores[:, ~causal_mask(scores.shape[-1])] = -np.inf
            higher = np.maximum(largest, scores.max(axis=-1, keepdims=True))
            shares, correction = np.exp(scores - higher), np.exp(largest - higher)
            total = total * correction + shares.sum(axis=-1, keepdims=True)
            weighted = weighted * correction + shares @ v[:, first : first + tile]
            largest = higher
        out[:, start : start + tile] = weighted / total
    return out


def peak_of(fn):
    tracemalloc.start()
    result = fn()
    peak = tracemalloc.get_traced_memory()[1] / 2**20
    tracemalloc.stop()
    return peak, result


print(f"{'n':>5} {'whole, MiB':>11} {'tiled, MiB':>11} {'whole, ms':>10} {'tiled, ms':>10} {'difference':>11}")
for n in (128, 512, 2048):
    q, k, v = (np.random.default_rng(i).normal(size=(4, n, 16)).astype(np.float32) for i in range(3))
    tensors = [Tensor(a) for a in (q, k, v)]

    def whole():
        return scaled_dot_product_attention(*tensors, causal_mask(n))[0].data

    def tiled():
        return tiled_attention(q, k, v)

    (high, a), (low, b) = peak_of(whole), peak_of(tiled)
    slow, quick = milliseconds(whole, repeats=3), milliseconds(tiled, repeats=3)
    print(f"{n:5} {high:11.2f} {low:11.2f} {slow:10.1f} {quick:10.1f} {np.abs(a - b).max():11.1e}")

# %% [markdown]
r"""
### Against recurrence

Before attention, sequences were read by recurrent networks: $h_t = \tanh(h_{t-1} W + x_t U)$. Linear in the length, a
memory of fixed size. Why were they given up? The next cell compares both in two respects.

- **Time.** $n$ steps, each waiting for the one before, against two products over all places. (Count the steps that
  cannot be done in parallel: $n$ against 1.)
- **Reach.** How much gradient arrives at the *first* input from the result at the last place? In a recurrence it has
  passed through $n$ products with $W$; in attention, it takes one step.

What to look for: the recurrence takes its time for each place, whereas attention takes all places in one go, until $n^2$
shows, at the end of its column. The gradient of the recurrence falls exponentially with the distance, until float32 has
no number small enough; that of attention falls like a weight, $1/n$.
"""

# %% tags=["measure"]
from tinytorch.activations import tanh

width = 32
draw = np.random.default_rng(0)
across = Tensor(draw.normal(size=(width, width)) * 0.9 / math.sqrt(width))
into = Tensor(draw.normal(size=(width, width)) / math.sqrt(width))
single = SelfAttention(width, rng=np.random.default_rng(1))


def recurrence(x):
    state = Tensor(np.zeros((1, width)))
    for place in range(x.shape[0]):
        state = tanh(state @ across + x[place : place + 1] @ into)
    return state


print(f"{'n':>5} {'recurrence, ms':>15} {'attention, ms':>14} {'gradient, recurrence':>22} {'attention':>10}")
distances, reach = (2, 8, 32, 128, 512), []
for n in distances:
    x = Tensor(draw.normal(size=(n, width)), requires_grad=True)
    slow, quick = milliseconds(lambda: recurrence(x), 3), milliseconds(lambda: single(x), 3)
    arrives = []
    for result in (recurrence(x), single(x)[-1:]):
        x.grad = None
        result.backward(np.ones((1, width)))
        arrives.append(np.linalg.norm(x.grad[0]))
    reach.append(arrives)
    print(f"{n:5} {slow:15.2f} {quick:14.2f} {arrives[0]:22.1e} {arrives[1]:10.1e}")
figure, axis = plt.subplots(figsize=(6, 3.2))
for label, marker, values in zip(("recurrence", "attention"), "os", zip(*reach)):
    axis.loglog(distances, np.maximum(values, 1e-20), f"{marker}-", label=label)
axis.set(xlabel="distance", ylabel="gradient at the first input", title="what reaches back", ylim=(1e-20, 10))
axis.legend()
axis.grid(alpha=0.3)
plt.show()

# %% [markdown]
r"""
## 8. In Production

**Fused kernels.** `torch.nn.functional.scaled_dot_product_attention` has our name and arguments (`attn_mask`, boolean,
`True` = may look), and picks among several implementations: FlashAttention and a memory-efficient one, which never
store the weights, and a plain one like ours. None of the fast ones returns the weights. Whoever asks `nn.MultiheadAttention` for
them (`need_weights=True`, its default!) gets the slow path.

**Conventions that bite.** In `nn.MultiheadAttention`, a boolean `attn_mask` and `key_padding_mask` mean the
*opposite*: `True` = must not look. And `is_causal=True`, with more keys than queries, aligns the triangle at the
upper left: query 0 sees key 0 only. For remembered keys that is wrong; ours is aligned at the lower right.

**One projection.** PyTorch stores $W_q, W_k, W_v$ as one matrix of shape $(3d, d)$: one large product instead of three.

**Fewer keys than queries.** In multi-query and grouped-query attention (Llama, Mistral), several query heads share one
head of keys and values. Not the weights are the reason but the memory of the keys during generation (Module 16).

**No square at all?** Sliding windows limit the view, linear attention and state-space models replace the softmax by
something that can be summed up in a state of fixed size. They bring the recurrence back, in a form whose training is
parallel.

## 9. What Breaks First at Scale

Memory, and then bandwidth. The next cell applies your two functions to models as they were published, for a *single*
sequence and *one* layer. What to look for: at 2,048 tokens the weights are an annoyance, at 128 thousand an
impossibility, on any device. That is why nobody stores them. What is left is the *time* of $n^2 d$ multiplications: the
last column compares it with the projections' $4 n d^2$.
"""

# %% tags=["measure"]
print(f"{'model':16} {'heads':>6} {'width':>6} {'context':>8} {'weights, one layer':>19} {'fits into 80 GB':>16} {'n / 2d':>7}")
for name, heads, width, n in (
    ("GPT-2", 12, 768, 1024),
    ("GPT-3", 96, 12288, 2048),
    ("Llama 3 8B", 32, 4096, 8192),
    ("Llama 3.1 405B", 128, 16384, 131_072),
):
    size = attention_memory(1, heads, n) / 2**30
    longest = longest_sequence(1, heads, 80 * 10**9)
    print(f"{name:16} {heads:6} {width:6} {n:8,} {size:15,.2f} GiB {longest:16,} {n / (2 * width):7.2f}")

# %% [markdown]
r"""
## 10. Integration Test

Does it learn *where to look*? Each sequence holds digits, one of them marked; the task, at the last place, is to name
the marked digit. Where it stands differs from sequence to sequence, so no fixed weights over places can do it: the
query of the last place has to find the key "I am marked".
"""


# %% nbgrader={"grade": true, "grade_id": "test_attention", "locked": true, "points": 4, "schema_version": 3, "solution": false, "task": false}
def marked_digits(count, length, seed):
    """Inputs (count, length, 12): digit and place mark as ones among zeros; and the marked digit of each."""
    draw = np.random.default_rng(seed)
    digits, marked = draw.integers(0, 10, size=(count, length)), draw.integers(0, length - 1, size=count)
    x = np.zeros((count, length, 12), dtype=np.float32)
    x[np.arange(count)[:, None], np.arange(length), digits] = 1
    x[np.arange(count), marked, 10] = 1
    x[:, -1, 11] = 1
    return Tensor(x), digits[np.arange(count), marked]


class Finder(Module):
    """One attention layer and a readout of its last place."""

    def __init__(self, seed):
        draw = np.random.default_rng(seed)
        self.into, self.readout = Linear(12, 16, rng=draw), Linear(16, 10, rng=draw)
        self.attention = MultiHeadAttention(16, 2, causal=True, rng=draw)

    def forward(self, x):
        return self.readout(self.attention(self.into(x))[:, -1])


def test_unit_attention():
    """A single layer learns to look at the marked place, wherever it stands."""
    from tinytorch.losses import accuracy, cross_entropy
    from tinytorch.optimizers import Adam

    model = Finder(seed=0)
    optimizer = Adam(model.parameters(), lr=0.02)
    for step in range(150):
        x, digit = marked_digits(64, 8, seed=step)
        optimizer.zero_grad()
        loss = cross_entropy(model(x), digit)
        loss.backward()
        optimizer.step()
    x, digit = marked_digits(500, 8, seed=10_000)
    right = accuracy(model(x), digit)
    assert right > 0.95, f"attention: found the marked digit in {right:.0%} of new sequences, expected over 95 %"
    print(f"integration: finds the marked digit in {right:.0%} of new sequences (loss {loss.item():.3f})")


test_unit_attention()
### BEGIN HIDDEN TESTS
from tinytorch_lab.probes import probe, raises, rng

model = Finder(seed=int(rng.integers(1000))).to(np.float64)
x, digit = marked_digits(6, 5, seed=int(rng.integers(1000)))
x = Tensor(x.data, dtype=np.float64, requires_grad=True)
logits = model(x)
probe("logits", logits.data)
(logits * logits).mean().backward()
probe("gradients", [x.grad, *(parameter.grad for parameter in model.parameters())])
probe("longer than ever before", model(Tensor(marked_digits(2, 40, seed=1)[0].data, dtype=np.float64)).data)
stack = [MultiHeadAttention(4, 2, causal=True, rng=np.random.default_rng(s)).to(np.float64) for s in range(3)]
y = Tensor(rng.normal(size=(1, 6, 4)), dtype=np.float64, requires_grad=True)
z = y
for layer in stack:
    z = z + layer(z)
z[:, 2].sum().backward()
probe("three layers deep, no future", [z.data, y.grad, bool((y.grad[:, 3:] == 0).all())])
### END HIDDEN TESTS

# %% [markdown]
r"""
### What it looks at

The weights of the trained `Finder`, for one sequence: rows are queries, columns keys, the upper right triangle is
forbidden. What to look for: the last row, the only one that the task asks for. Its weight lies on the marked place
(in the title), in one head or in both. The other rows were never trained to be anything.
"""

# %% tags=["measure"]
from tinytorch.losses import cross_entropy
from tinytorch.optimizers import Adam

model = Finder(seed=0)
optimizer = Adam(model.parameters(), lr=0.02)
for step in range(150):
    x, digit = marked_digits(64, 8, seed=step)
    optimizer.zero_grad()
    cross_entropy(model(x), digit).backward()
    optimizer.step()
x, digit = marked_digits(1, 8, seed=5)
with no_grad():
    inner, own = model.into(x), model.attention
    q, k, v = (split_heads(part(inner), own.heads) for part in (own.q_proj, own.k_proj, own.v_proj))
    _, weights = scaled_dot_product_attention(q, k, v, causal_mask(8))
place = int(x.data[0, :, 10].argmax())
figure, axes = plt.subplots(1, 2, figsize=(8, 3.4))
for head, axis in enumerate(axes):
    image = axis.imshow(weights.data[0, head], vmin=0, vmax=1, cmap="viridis")
    axis.set(xlabel="key", ylabel="query", title=f"head {head}; the mark is at place {place}")
figure.colorbar(image, ax=axes)
plt.show()
print("last row of each head:", *np.round(weights.data[0, :, -1], 2), sep="\n")

# %% [markdown]
"""
## 🤔 ML Systems Thinking

Three questions, each answered in 150–300 words. Argue with your own code and with figures from your own run.
"""

# %% [markdown] nbgrader={"grade": false, "grade_id": "question_1", "locked": true, "schema_version": 3, "solution": false, "task": false}
"""
### Question 1: The square, and how to do without

**Context:** You measured time and memory of a layer against the length, counted the n × n matrices that the graph keeps,
and computed the same result tile by tile.

**Question:** A team trains with 2,048 tokens, 16 heads and a batch of 8, and wants 16,384. By what factor do the
attention weights of one layer, the projections' activations, and the time of each part grow? At which length do the
two parts of the time meet, for their width of 1,024? Which n × n arrays does our graph keep per head, which of them does a
backward rule read, and what does the tiled version keep instead? Explain how the running maximum makes tiles possible,
and why tiles are *faster*, on a GPU as in your table, although the softmax becomes more work; how would you find out how
much of your gain comes from skipped tiles?

**Expected response:** 150–300 words, with at least two of your own figures.
"""

# %% [markdown] nbgrader={"grade": true, "grade_id": "response_1", "locked": false, "points": 10, "schema_version": 3, "solution": true, "task": false}
"""
=== BEGIN MARK SCHEME ===
EXCELLENT (9-10 points):
- Factor 8 in length: weights times 64 (8 · 16 · 2048² · 4 bytes = 2 GiB become 128 GiB), activations of projections times 8, time of projections times 8, of the two products times 64
- Meeting point from 4nd² = 2n²d, that is n = 2d = 2,048 for a width of 1,024, and compares with the bend in the own figure
- Names the kept arrays (scores, masked scores, weights: about three per head by the own last column) and says that only the weights are read, by softmax and by the product with v
- Tiled version keeps one tile and, per query, maximum, sum and weighted values; for training the tiles are computed again on the way back
- Explains the correction factor exp(old maximum - new maximum) for sum and weighted values
- Says that traffic between large and fast memory is the cost, and tiles stay in the cache (on a GPU, in the memory next to the units); proposes to compute all tiles, or to compare without a causal mask, to separate the two gains
- Quotes own peaks and times for whole and tiled
GOOD (7-8 points):
- Right factors for memory and time
- Knows the kept matrices and the idea of the running maximum
- Quotes own figures for at least one of time and memory
- Bandwidth named as the reason, without separating it from the skipped tiles
SATISFACTORY (5-6 points):
- Knows that memory grows with the square, with one factor wrong
- Describes tiling as computing in pieces, without the softmax's difficulty
- One figure or none
NEEDS IMPROVEMENT (1-4 points):
- Believes that FlashAttention approximates, or that fewer multiplications make it fast
- Takes the weights of the projections for the problem
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
### Question 2: Masks, leaks and minus infinity

**Context:** Your masks are boolean and applied with minus infinity; a query without keys is refused. You trained on pure
chance with and without a mask, and masked with finite numbers in half precision.

**Question:** A colleague reports a validation loss of 0.4 for a language model of characters, where published models
reach about 1.5. List three places where the future could have leaked in (one inside attention, one in the data, one in
the evaluation), and for each a test that would find it; which of your tests is of that kind? Then: the same colleague
masks with -10000 in float16, adds a padding mask to a causal one, and has a batch element of length 0. What happens at
each step? Why does a NaN in one attention row destroy the whole model? And what would the colleague observe who passes
our mask to nn.MultiheadAttention?

**Expected response:** 150–300 words, with at least one of your own figures.
"""

# %% [markdown] nbgrader={"grade": true, "grade_id": "response_2", "locked": false, "points": 10, "schema_version": 3, "solution": true, "task": false}
"""
=== BEGIN MARK SCHEME ===
EXCELLENT (9-10 points):
- Refers to the own run on pure chance: a loss well below log 16 is impossible, so a loss that is too good is a leak until proved otherwise
- Names a leak in attention (mask missing, transposed, off by one, aligned at the wrong corner), in the data (targets not shifted, windows shared by training and validation), and in the evaluation (normalisation or padding over the batch, or generation not causal)
- Gives a test for each: change a future token and compare results bit for bit, train on random tokens, check for overlap; names test_masks or test_multi_head
- -10000 in float16: small enough for ordinary scores, leaks nothing; added twice -20000, still finite, while -65504 or -1e9 become -inf; length 0 gives a silent average of forbidden places with finite numbers, 0/0 = NaN with -inf, an error in our code
- NaN: passes through the sums of the next layers to the loss, the gradient of every weight becomes NaN, and one step spoils the model
- nn.MultiheadAttention reads True as forbidden: the model sees only the future and the first row sees everything but itself, or NaN in the last row; loss too good or NaN
GOOD (7-8 points):
- Two leaks with fitting tests
- Right account of finite masks and of length 0
- Explains how NaN spreads
- Uses the experiment on chance
SATISFACTORY (5-6 points):
- One leak with a test, others vague
- Knows that a query without keys gives NaN
- Half precision only mentioned
NEEDS IMPROVEMENT (1-4 points):
- Takes the low loss for a success
- Confuses padding and causal masks
- No test named
NO CREDIT (0 points):
- No response or off-topic
- Copied question or notebook text without an answer
- Every claim wrong
=== END MARK SCHEME ===

**Your response:**
"""

# %% [markdown] nbgrader={"grade": false, "grade_id": "question_3", "locked": true, "schema_version": 3, "solution": false, "task": false}
"""
### Question 3: Attention against recurrence, heads as parallelism

**Context:** You compared a recurrence and attention in time and in how much gradient reaches back, and ran heads as a
batch axis and one by one.

**Question:** Training a recurrent model on 64 GPUs hardly goes faster than on 8; a transformer of the same size does.
Explain that with the number of steps that wait for each other, and with your timings. For generating one token at a time,
the comparison turns round: what does a recurrence keep per sequence, what must attention keep, and how does the cost of
the next token grow with the length? Use your figure to explain why the recurrence could not learn long dependencies.
What do several heads give that one wide head does not, what did they cost in your table, and how would you spread 16
heads over 4 devices: what has to be communicated?

**Expected response:** 150–300 words, with at least two of your own figures.
"""

# %% [markdown] nbgrader={"grade": true, "grade_id": "response_3", "locked": false, "points": 10, "schema_version": 3, "solution": true, "task": false}
"""
=== BEGIN MARK SCHEME ===
EXCELLENT (9-10 points):
- n sequential steps against a constant number per layer: more devices only help within a step of the recurrence, while attention's places are computed all at once; quotes own times for both and their growth
- Generation: the recurrence keeps a state of fixed size, constant time per token; attention keeps keys and values of all earlier tokens, the next token costs time and memory proportional to the length, and n² in total
- Reads the exponential fall of the gradient from the own figure (products with the same matrix and slopes of tanh below 1) and compares with attention's single step of weight about 1/n
- Heads: several different averages at once, where one head mixes; the same multiplications and parameters, but more n² weights and smaller matrices; quotes time and memory from the own table
- Four heads per device: each computes its columns of the projections and its heads without communication; the output projection's partial sums (or the merged columns) are exchanged once per layer, n · d numbers
- Notes the price: quadratic work, which the recurrence does not have
GOOD (7-8 points):
- Explains parallelism over places, with own timings
- Knows the growing memory of keys and values in generation
- Explains the vanishing gradient of the recurrence
- Describes heads as independent, with one figure
SATISFACTORY (5-6 points):
- Says that attention is parallel and recurrence is not, without counting steps
- Generation not compared, or without the growth
- Heads described in general terms
NEEDS IMPROVEMENT (1-4 points):
- Believes that attention needs fewer multiplications for long sequences
- Takes heads for layers
- No figures
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

**Built.** `scaled_dot_product_attention` with masks and gradients for free; `causal_mask` with a past and `padding_mask`;
`SelfAttention`; `split_heads` and `merge_heads`; `MultiHeadAttention`, with the seam at which generation will remember
keys and values; `attention_memory` and its inverse.

**Measured.** What the root of the width does to scores, weights and gradients; a model without a mask that predicts pure
chance; finite masks in half precision; heads together and one by one; the square in time and memory; the same result
from tiles, without the square; recurrence against attention, in time and in reach.

**Understood.**

- Attention is a dictionary with slopes: similar instead of equal, an average instead of one value.
- Gradients were free, because everything was made of operations that have rules.
- A mask is proved by changing what must not matter. A loss that is too good is a leak.
- A reshape keeps the order in memory. Right shapes prove nothing.
- Heads are a batch axis. Places are one, too; that is what recurrence could not offer.
- The square is in the *matrix*, not in the result. What need not be stored can be computed in tiles.

**Next.** Module 13 puts attention into blocks that can be stacked: normalisation, residual paths, and a GPT.
"""
