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
# Module 15: Acceleration

Module 14 says where time and memory go. Now you do something about it, in two ways. *Kernels* compute the same numbers
with less traffic: blocking, threads, fusion. *Compression* computes other, cheaper numbers that are nearly as good:
fewer bits, fewer weights, lower rank, a smaller network taught by a larger one. Nothing here is free, and so every
section measures twice: **what it gains, and what it costs**.

**Learning objectives**

- order a computation so that data is used again while it is near, and predict the traffic;
- say when threads help in Python and when they cannot, and show it;
- fuse a layer into one op with a backward rule of its own, trading memory for arithmetic;
- map real numbers to eight bits with an error of at most half a step, and choose what shares a scale;
- multiply integers and correct for zero points, so that a layer runs on int8 arithmetic alone;
- prune by magnitude, factor by singular values, distil by soft targets, and measure the accuracy that each one costs;
- explain why compression in *bytes* and speed in *seconds* are different things.

**Prerequisites:** Modules 03 (`Linear`, `named_parameters`), 04 (`log_softmax`, `cross_entropy`), 06 (`backward_for`),
14 (`benchmark`, the roofline). The singular value decomposition.

**Estimated time:** 4 hours.
"""

# %%
#| default_exp acceleration

# %% nbgrader={"grade": false, "grade_id": "imports", "locked": true, "schema_version": 3, "solution": false, "task": false}
#| export
import ctypes
import math
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

import numpy as np

from tinytorch.activations import SQRT_2_OVER_PI, in_blocks
from tinytorch.autograd import backward_for
from tinytorch.layers import Linear, Module, Parameter, Sequential
from tinytorch.losses import cross_entropy, log_softmax
from tinytorch.profiling import flops_for
from tinytorch.tensor import Op, Tensor

# %% [markdown]
r"""
## 1. Mathematical Foundations

### Traffic of a product

Multiplying two $n \times n$ matrices takes $2n^3$ operations on $3n^2$ numbers: each number is needed $n$ times. If
it is fetched anew each time, $2n^3$ numbers move, one per operation. Cut the matrices into blocks of $b \times b$ and
keep three blocks in fast memory; then a block product of $2b^3$ operations fetches $2b^2$ numbers, and in total move

$$\text{traffic} \approx \frac{2n^3}{b} + n^2, \qquad \text{as long as } 3b^2 \le M$$

for a fast memory of $M$ numbers. With the best $b = \sqrt{M/3}$ that is within a constant of what *any* order of the
computation needs (Hong and Kung, 1981).

### Numbers as integers

Eight bits tell 256 values apart. Choose a **scale** $s$ and a **zero point** $z$, and write

$$q = \operatorname{clip}\bigl(\operatorname{round}(x/s) + z,\; -128,\; 127\bigr), \qquad \hat x = s\,(q - z).$$

To cover $[\ell, h]$ with 255 steps, take $s = (h - \ell)/255$ and $z = \operatorname{round}(-128 - \ell/s)$. Rounding
moves a value by at most half a step, so $|x - \hat x| \le s/2$ in the whole range, *the ends included*: rounding $z$
shifts the grid by at most half a step. If $\ell \le 0 \le h$, then $z$ is one of the 256 values and **zero is
exact**, which matters because padding, ReLU and pruned weights are zero.

A product of quantized numbers is an integer product with corrections:

$$\sum_k \hat x_k \hat w_k = s_x s_w \Bigl(\sum_k q_k p_k \;-\; z_x \sum_k p_k \;-\; z_w \sum_k q_k \;+\; K z_x
z_w\Bigr),$$

with $q, p$ the integers of $x$ and $w$, and $K$ their number. The second sum depends on the weights alone and can be
computed once. Products of two 8-bit numbers have 16 bits, and sums of many need 32.

### Less of everything

**Rank.** A matrix $W = \sum_i \sigma_i u_i v_i^\top$ of $m \times n$ numbers, cut after $r$ terms, is the best
approximation of rank $r$, with the error $\lVert W - W_r \rVert_F = \sqrt{\sum_{i>r} \sigma_i^2}$ (Eckart and Young,
1936). Stored as two factors it takes $r(m + n)$ numbers: less than $mn$ only if $r < mn/(m+n)$.

**Soft targets.** A trained network says more than a label: that this 7 looks a little like a 1 and not at all like an
8. With a *temperature* $T$ its answers become softer, $p = \operatorname{softmax}(t/T)$, and a small network with
logits $v$ and $q = \operatorname{softmax}(v/T)$ learns them by minimising (Hinton, Vinyals and Dean, 2015)

$$L = \alpha\, T^2\, \frac1N \sum_{\text{rows}} \sum_c p_c \log\frac{p_c}{q_c} \;+\; (1 - \alpha)\,
\text{cross-entropy}(v, \text{labels}).$$

The slope of the first sum with respect to $v$ is $(q - p)/T$, and for large $T$ both $q$ and $p$ differ from uniform by
terms of order $1/T$: the slope shrinks as $1/T^2$. The factor $T^2$ keeps the balance of the two parts whatever $T$ is.
"""

# %% [markdown]
r"""
## 2. Blocking

`blocked_matmul` computes $C = AB$ block by block: for each block of $C$, add up the products of blocks of a row of
$A$ with those of a column of $B$. Edges that do not fill a block are smaller blocks; slices take care of them.

```text
            k →              j →                j →
        ┌───┬───┬─┐      ┌───┬───┬─┐        ┌───┬───┬─┐
     i  │ ▓ │ ▓ │▓│   k  │   │ ▓ │ │     i  │   │ ▓ │ │
     ↓  ├───┼───┼─┤   ↓  ├───┼───┼─┤     ↓  ├───┼───┼─┤
        │   │   │ │      │   │ ▓ │ │        │   │   │ │
        └───┴───┴─┘      ├───┼───┼─┤        └───┴───┴─┘
                         │   │ ▓ │ │
                         └───┴───┴─┘
```

The products of *blocks* may use `@`; in a real kernel that is the place of the registers and vector instructions.
"""

# %% nbgrader={"grade": false, "grade_id": "blocked_matmul", "locked": false, "schema_version": 3, "solution": true, "task": false}
#| export
def blocked_matmul(a: np.ndarray, b: np.ndarray, block: int) -> np.ndarray:
    """a (n, k) times b (k, m) as products of blocks of at most ``block`` × ``block``; result (n, m).

    The dtype is that of ``a @ b``. Raises ValueError, naming the shapes, if they do not fit, and if block < 1.
    Hint: three ranges with the step ``block``, and ``+=`` on a slice.
    """
    ### BEGIN SOLUTION
    if a.ndim != 2 or b.ndim != 2 or a.shape[1] != b.shape[0]:
        raise ValueError(f"blocked_matmul needs shapes (n, k) and (k, m), got {a.shape} and {b.shape}")
    if block < 1:
        raise ValueError(f"block must be at least 1, got {block}")
    (n, inner), m = a.shape, b.shape[1]
    c = np.zeros((n, m), dtype=np.result_type(a, b))
    for i in range(0, n, block):
        for j in range(0, m, block):
            for k in range(0, inner, block):
                c[i : i + block, j : j + block] += a[i : i + block, k : k + block] @ b[k : k + block, j : j + block]
    return c
    ### END SOLUTION


# %% nbgrader={"grade": true, "grade_id": "test_blocked_matmul", "locked": true, "points": 6, "schema_version": 3, "solution": false, "task": false}
from typing import ClassVar


class Watched(np.ndarray):
    """An array that notes the shapes of the matrix products it takes part in."""

    products: ClassVar[list] = []

    def __array_ufunc__(self, ufunc, method, *inputs, out=None, **options):
        plain = [np.asarray(array) for array in inputs]
        if ufunc is np.matmul:
            Watched.products.append([array.shape for array in plain])
        if out is not None:
            options["out"] = tuple(np.asarray(array) for array in out)
        return getattr(ufunc, method)(*plain, **options)

    def dot(self, other, out=None):
        return np.matmul(self, other, out=out)

    def __array_function__(self, function, types, args, options):
        if function.__name__ in ("dot", "einsum", "inner", "tensordot", "vdot"):
            raise TypeError(f"multiply blocks with @ instead of np.{function.__name__}, so that they can be counted")
        return super().__array_function__(function, types, args, options)


def products_of(a, b, block):
    """Shapes of all products of blocks."""
    Watched.products = []
    blocked_matmul(a.view(Watched), b.view(Watched), block)
    return Watched.products


def test_unit_blocked_matmul():
    """All shapes and block sizes give the product, by products of blocks only."""
    numbers = np.random.default_rng(0)
    for n, k, m in ((8, 8, 8), (7, 5, 9), (1, 6, 1), (4, 0, 3), (0, 2, 2), (10, 1, 10)):
        a, b = numbers.normal(size=(n, k)), numbers.normal(size=(k, m))
        for block in (1, 3, 4, 100):
            got = blocked_matmul(a, b, block)
            assert got.shape == (n, m), f"blocked_matmul of {a.shape}, {b.shape}, block {block}: got shape {got.shape}"
            np.testing.assert_allclose(
                got, a @ b, atol=1e-12, err_msg=f"blocked_matmul of {a.shape} and {b.shape} with block {block}"
            )
    single = blocked_matmul(np.ones((3, 3), dtype=np.float32), np.ones((3, 3), dtype=np.float32), 2)
    assert single.dtype == np.float32, f"blocked_matmul: float32 in, expected float32 out, got {single.dtype}"
    for block, expected in ((4, 3 * 2 * 2), (100, 1)):
        shapes = products_of(numbers.normal(size=(9, 8)), numbers.normal(size=(8, 5)), block)
        assert len(shapes) == expected, (
            f"blocked_matmul of (9, 8) and (8, 5), block {block}: expected {expected} products of blocks, got {len(shapes)}"
        )
        largest = max(length for pair in shapes for shape in pair for length in shape)
        assert largest <= block, f"blocked_matmul, block {block}: a factor had an axis of {largest}"
    for shapes, block in ((((2, 3), (2, 3)), 2), (((3,), (3, 2)), 2), (((2, 2), (2, 2)), 0)):
        try:
            blocked_matmul(*(np.ones(shape) for shape in shapes), block)
        except ValueError:
            pass
        else:
            raise AssertionError(f"blocked_matmul of {shapes} with block {block}: expected ValueError")
    print("blocked_matmul: products, edges and block sizes are right")


test_unit_blocked_matmul()
### BEGIN HIDDEN TESTS
from tinytorch_lab.probes import probe, raises, rng

a, b = rng.normal(size=(13, 11)), rng.normal(size=(11, 6))
probe("block sizes", [blocked_matmul(a, b, block) for block in (1, 2, 5, 11, 64)])
probe("integers", blocked_matmul(rng.integers(-9, 9, size=(5, 4)), rng.integers(-9, 9, size=(4, 3)), 2))
probe("mixed dtypes", blocked_matmul(a.astype(np.float32), b, 4))
probe("views", blocked_matmul(a.T, a[::-1], 3))
probe("products", [len(products_of(a, b, block)) for block in (2, 4, 13)])
shapes = [[*first, *second] for first, second in products_of(a, b, 5)]
probe("their shapes", np.sort(np.array(shapes), axis=0))
kept = a.copy(), b.copy()
blocked_matmul(a, b, 4)
probe("factors are left alone", [bool(np.array_equal(a, kept[0])), bool(np.array_equal(b, kept[1]))])
probe("errors", [raises(lambda: blocked_matmul(a, a, 2)), raises(lambda: blocked_matmul(a, b, -1))])
probe("vectors", raises(lambda: blocked_matmul(a[0], b, 2)))
### END HIDDEN TESTS

# %% [markdown]
r"""
### Measure: the same product, other traffic

The next cell simulates a fast memory of 768 numbers that throws out what was not used longest, lets it watch the
innermost loops of a product of 48 × 48 matrices, and counts what has to be fetched. Then real block sizes are timed.
What to look for:

- **Gain:** up to $b = 16$, the best size by the formula ($\sqrt{768/3}$), and a little beyond, traffic falls by a
  factor of five to eight, about as the formula says. A block of 48 is the whole matrix: nothing is left when it is
  needed again. (With $b = 1$ a row of $A$ still fits into the memory, hence half of the formula.)
- **Loss:** in *our* hands blocking makes the product slower. `@` on the whole matrices is blocked already, three times
  over (registers, caches, pages), and cutting it up takes that away and adds calls. Small blocks are terrible. A
  kernel is written at the level at which it runs.
"""

# %% tags=["measure"]
from collections import OrderedDict

import matplotlib.pyplot as plt
from tinytorch.profiling import benchmark, format_seconds


def fetched(n, block, capacity):
    """Numbers fetched into a memory of ``capacity`` by the loops of a blocked product of n × n matrices."""
    memory, misses = OrderedDict(), 0
    for i0 in range(0, n, block):
        for j0 in range(0, n, block):
            for k0 in range(0, n, block):
                for i in range(i0, min(i0 + block, n)):
                    for j in range(j0, min(j0 + block, n)):
                        for k in range(k0, min(k0 + block, n)):
                            for key in (i * n + k, n * n + k * n + j, 2 * n * n + i * n + j):
                                if key in memory:
                                    memory.move_to_end(key)
                                else:
                                    misses += 1
                                    memory[key] = None
                                    if len(memory) > capacity:
                                        memory.popitem(last=False)
    return misses


def least_time(fn, repeats=7):
    """The shortest of some runs, after one that does not count."""
    return min(benchmark(fn, warmup=1, repeats=max(6, repeats)).samples)


n, capacity = 48, 768
sizes = (1, 2, 4, 8, 12, 16, 24, 48)
misses = [fetched(n, size, capacity) for size in sizes]
print(f"{'block':>6} {'fetched':>9} {'formula':>9}")
for size, count in zip(sizes, misses):
    print(f"{size:6} {count:9,} {2 * n**3 // size + n * n:9,}")
a, b = (np.random.default_rng(0).normal(size=(512, 512)).astype(np.float32) for _ in range(2))
whole = least_time(lambda: a @ b)
print(f"\n512 × 512: a @ b takes {format_seconds(whole)}")
for block in (16, 32, 64, 128, 256):
    seconds = least_time(lambda: blocked_matmul(a, b, block), repeats=6)
    print(f"blocks of {block:3}: {format_seconds(seconds):>10}, {seconds / whole:6.1f} times as long")
figure, axis = plt.subplots(figsize=(6, 3.2))
axis.loglog(sizes, misses, "o-", label=f"simulated memory of {capacity} numbers")
axis.loglog(sizes, [2 * n**3 / size + n * n for size in sizes], "k:", label="2n³/b + n²")
axis.axvline(math.sqrt(capacity / 3), color="C1", lw=0.8, label="3b² = M")
axis.set(xlabel="block", ylabel="numbers fetched", title="a product of 48 × 48 matrices")
axis.legend()
plt.show()

# %% [markdown]
r"""
## 3. Threads

A machine has several cores, and a batch falls into independent parts. `parallel_map` cuts it along the first axis,
hands each part to a thread and puts the results together again in their order.

Threads share memory, so nothing is copied to them. But CPython executes the bytecode of *one* thread at a time: the
**global interpreter lock**. NumPy releases it inside its loops over large arrays. So threads help exactly where the
time is spent in NumPy (or in waiting), and not where it is spent in Python.
"""

# %% nbgrader={"grade": false, "grade_id": "parallel_map", "locked": false, "schema_version": 3, "solution": true, "task": false}
#| export
def parallel_map(fn: Callable[[np.ndarray], np.ndarray], batch: np.ndarray, workers: int) -> np.ndarray:
    """Apply ``fn`` to ``workers`` parts of ``batch`` at the same time; their results, one after the other.

    Parts are contiguous along the first axis, and their lengths differ by at most 1. No part is empty: a short batch
    uses fewer threads, and an empty one calls ``fn`` once, with it. Raises ValueError if workers < 1, and what ``fn`` raises.
    Hint: ``np.array_split``; a ``ThreadPoolExecutor`` has a ``map`` that keeps the order.
    """
    ### BEGIN SOLUTION
    if workers < 1:
        raise ValueError(f"workers must be at least 1, got {workers}")
    parts = np.array_split(batch, max(1, min(workers, len(batch))))
    with ThreadPoolExecutor(len(parts)) as pool:
        return np.concatenate(list(pool.map(fn, parts)))
    ### END SOLUTION


# %% nbgrader={"grade": true, "grade_id": "test_parallel_map", "locked": true, "points": 4, "schema_version": 3, "solution": false, "task": false}
import threading
import time


def test_unit_parallel_map():
    """Results in order, parts of the right sizes, really at the same time, and errors reach the caller."""
    batch = np.arange(22.0).reshape(11, 2)
    for workers in (1, 2, 3, 11, 40):
        sizes = []

        def work(part):
            sizes.append(len(part))
            return part.sum(axis=1) + 1

        got = parallel_map(work, batch, workers)
        np.testing.assert_allclose(
            got, batch.sum(axis=1) + 1, err_msg=f"parallel_map with {workers} workers: the results, in order"
        )
        count = min(workers, 11)
        assert len(sizes) == count, f"parallel_map of 11 rows, {workers} workers: {count} parts, got {len(sizes)}"
        assert max(sizes) - min(sizes) <= 1, f"parallel_map of 11 rows, {workers} workers: uneven parts {sizes}"

    def late_first(part):
        time.sleep(0.05 if part[0, 0] == 0 else 0)
        return part

    np.testing.assert_array_equal(
        parallel_map(late_first, batch, 4), batch, err_msg="parallel_map: the first part takes longest, order changed"
    )
    meeting = threading.Barrier(3, timeout=5)

    def meet(part):
        meeting.wait()
        return part

    try:
        parallel_map(meet, batch, 3)
    except threading.BrokenBarrierError:
        raise AssertionError("parallel_map: three parts waited for each other in vain; run them at the same time") from None
    assert parallel_map(lambda part: part * 2, batch[:0], 4).shape == (0, 2), "parallel_map of an empty batch: (0, 2)"

    def broken(_part):
        raise KeyError("broken")

    for call, kind in ((lambda: parallel_map(broken, batch, 2), KeyError), (lambda: parallel_map(meet, batch, 0), ValueError)):
        try:
            call()
        except kind:
            pass
        else:
            raise AssertionError(f"parallel_map: expected {kind.__name__}, nothing was raised")
    print("parallel_map: parts, order, concurrency and errors are right")


test_unit_parallel_map()
### BEGIN HIDDEN TESTS
from tinytorch_lab.probes import probe, raises, rng

batch = rng.normal(size=(int(rng.integers(9, 20)), 3))
names = []


def noted(part):
    names.append([part.shape[0], threading.current_thread() is threading.main_thread()])
    return np.tanh(part)


probe("values", [parallel_map(noted, batch, workers) for workers in (1, 4, 7, 100)])
probe("parts", sorted(size for size, _ in names))
probe("another shape and dtype", parallel_map(lambda part: part.argmax(axis=1), batch, 5))
probe("one axis", parallel_map(np.square, batch[:, 0], 3))
gate = threading.Barrier(4, timeout=10)
probe("at the same time", [raises(lambda: parallel_map(lambda part: [gate.wait(), part][1], batch, 4)), gate.broken])
probe("empty", parallel_map(np.exp, batch[:0], 3).shape)
probe("errors", [raises(lambda: parallel_map(np.exp, batch, w)) for w in (0, -2)])
probe("an error in one part", raises(lambda: parallel_map(lambda _part: [][0], batch, 2)))
### END HIDDEN TESTS

# %% [markdown]
"""
### Measure: what the lock lets through

The next cell runs two functions on the same batch with one to four threads: one in NumPy, one in Python. What to look
for: the gain of NumPy's ends at the number of cores that are free (and at the memory's bandwidth); Python's is none,
and the thread costs something. On a small batch even NumPy loses: starting threads takes longer than the work.
"""

# %% tags=["measure"]
import os

large = np.random.default_rng(0).normal(size=(2000, 1000))
small = large[:20, :20]


def in_python(part):
    return np.array([math.tanh(value) for row in part for value in row])


works = {
    "np.tanh, 2,000,000": (np.tanh, large),
    "np.tanh, 400": (np.tanh, small),
    "Python, 40,000": (in_python, large[:40]),
}
print(f"{os.cpu_count()} cores; speed-up over one call without threads")
print(f"{'':20}" + "".join(f"{workers:>12} threads" for workers in (1, 2, 4)))
for name, (work, data) in works.items():
    alone = least_time(lambda: work(data))
    speedups = [alone / least_time(lambda: parallel_map(work, data, workers)) for workers in (1, 2, 4)]
    print(f"{name:20}" + "".join(f"{value:20.2f}" for value in speedups))

# %% [markdown]
r"""
## 4. Fusion

A layer `gelu(x @ w.T + b)` is three ops: a product, a sum, and GELU, each of which reads and writes arrays that do not
fit into the cache (Module 14: left of the ridge); GELU alone makes nine passes, unless it works block by block (Module
02). And the graph keeps what each op has made. One op for all of it can work **in place**, and keep only what its
backward rule needs:

```text
   three ops    x @ w.T ──► + b ──► gelu            kept: product, sum, tanh, result      4 arrays of the result's size
   one op       [ x @ w.T, += b, gelu in place ]    kept: z, result                       2 arrays
```

Only $z = x W^\top + b$ is kept. The rule computes the tanh a second time: memory for arithmetic, as in checkpointing.
From Module 06, the slopes: with $\bar z = \bar y \cdot \text{gelu}'(z)$, rows of all leading axes folded into one,

$$\bar x = \bar z\, W, \qquad \bar W = \bar z^\top x, \qquad \bar b = \sum_{\text{rows}} \bar z .$$

`inner_tanh` (given) shows how to work with one buffer: `out=` and `*=` instead of new arrays. With `in_blocks` (Module
02) a block of $z$ stays in the cache until its part of the result is done.
"""

# %% nbgrader={"grade": false, "grade_id": "inner_tanh", "locked": true, "schema_version": 3, "solution": false, "task": false}
#| export
def inner_tanh(z: np.ndarray, out: np.ndarray | None = None) -> np.ndarray:
    """tanh(√(2/π) (z + 0.044715 z³)), the inner part of GELU: in ``out``, or with one new array."""
    t = np.multiply(z, z, out=out)
    t *= 0.044715
    t += 1
    t *= z
    t *= SQRT_2_OVER_PI
    return np.tanh(t, out=t)


# %% nbgrader={"grade": false, "grade_id": "linear_gelu", "locked": false, "schema_version": 3, "solution": true, "task": false}
#| export
class LinearGELUOp(Op):
    """GELU(x Wᵀ + b) in one op. Keeps ``self.z``, the argument of GELU, with all leading axes folded into rows."""

    def forward(self, x: np.ndarray, w: np.ndarray, b: np.ndarray) -> np.ndarray:
        """x (..., in), w (out, in), b (out,) of one dtype; result (..., out), of which ``z`` is no view.

        Allocates two arrays of the result's size and nothing else of that size.
        Hint: ``inner_tanh`` takes or returns a buffer that is yours: y = z (1 + tanh) / 2.
        """
        ### BEGIN SOLUTION
        z = x.reshape(-1, x.shape[-1]) @ w.T
        z += b
        self.z = z
        y = np.empty_like(z)
        for part, out in in_blocks(z, y):
            inner_tanh(part, out)
            out += 1
            out *= part
            out *= 0.5
        return y.reshape(*x.shape[:-1], len(w))
        ### END SOLUTION


@backward_for(LinearGELUOp)
def linear_gelu_backward(op: LinearGELUOp, grad: np.ndarray) -> tuple[np.ndarray | None, ...]:
    """Gradients of x, w and b; None for an x that does not require grad, whose product is saved.

    Hint: the derivative of GELU is that of Module 06; compute the tanh again.
    """
    ### BEGIN SOLUTION
    x, w = op.inputs[0].data, op.inputs[1].data
    slope = np.empty_like(op.z)
    for z, upper, out in in_blocks(op.z, grad, slope):
        t = inner_tanh(z)
        np.multiply(z, z, out=out)
        out *= 3 * 0.044715 * SQRT_2_OVER_PI
        out += SQRT_2_OVER_PI
        out *= z
        out *= 1.0 - t * t
        out += t
        out += 1
        out *= upper
        out *= 0.5
    x_grad = (slope @ w).reshape(x.shape) if op.inputs[0].requires_grad else None
    return x_grad, slope.T @ x.reshape(-1, x.shape[-1]), slope.sum(axis=0)
    ### END SOLUTION


def linear_gelu(x: Tensor, w: Tensor, b: Tensor) -> Tensor:
    """``gelu(x @ w.T + b)`` as one node of the graph."""
    ### BEGIN SOLUTION
    return LinearGELUOp.apply(x, w, b)
    ### END SOLUTION


@flops_for(LinearGELUOp)
def linear_gelu_flops(op: LinearGELUOp, shape: tuple[int, ...]) -> int:
    """A product, a sum and nine operations for GELU, as the three ops count."""
    return math.prod(shape) * (2 * op.inputs[0].shape[-1] + 10)


# %% nbgrader={"grade": true, "grade_id": "test_linear_gelu", "locked": true, "points": 12, "schema_version": 3, "solution": false, "task": false}
from tinytorch.activations import gelu
from tinytorch.autograd import gradient_check, graph_memory, input_gradients
from tinytorch.setup import measure_memory


def leaf(numbers, *shape, dtype=np.float64):
    return Tensor(numbers.normal(size=shape), dtype=dtype, requires_grad=True)


def test_unit_linear_gelu():
    """Values and gradients are those of three ops; one node, half of the memory."""
    numbers = np.random.default_rng(0)
    w, b = leaf(numbers, 4, 3), leaf(numbers, 4)
    for shape in ((5, 3), (2, 5, 3), (3,), (0, 3), (2, 1, 2, 3)):
        x = leaf(numbers, *shape)
        expected = gelu(x @ w.T + b)
        result = linear_gelu(x, w, b)
        assert result.shape == expected.shape, f"linear_gelu of x {shape}: shape {result.shape}, not {expected.shape}"
        np.testing.assert_allclose(result.data, expected.data, atol=1e-12, err_msg=f"linear_gelu of x {shape}")
        got = result.creator.inputs
        assert len(got) == 3 and got[0] is x and got[1] is w and got[2] is b, (
            f"linear_gelu: one op on x, w and b; the result comes from {type(result.creator).__name__} of {len(got)} inputs"
        )
        slope = numbers.normal(size=result.shape)
        kept = slope.copy()
        expected.backward(slope)
        wanted = [t.grad for t in (x, w, b)]
        for gradient, right, name in zip(input_gradients(result.creator, slope), wanted, ("x", "w", "b")):
            np.testing.assert_allclose(
                gradient, right, atol=1e-12, err_msg=f"linear_gelu_backward, x {shape}: the gradient of {name}"
            )
        np.testing.assert_array_equal(slope, kept, err_msg="linear_gelu_backward wrote into grad")
        for t in (x, w, b):
            t.grad = None
    error = gradient_check(lambda *t: (linear_gelu(*t) ** 2).sum(), leaf(numbers, 4, 3), w, b)
    assert error < 1e-6, f"linear_gelu: gradient_check reports {error:.1e}, expected below 1e-6"

    data = Tensor(numbers.normal(size=(5, 3)), dtype=np.float64)
    gradients = input_gradients(linear_gelu(data, w, b).creator, np.ones((5, 4)))
    assert gradients[0] is None, "linear_gelu_backward: x requires no grad; return None for it and save the product"
    single = [Tensor(t.data, dtype=np.float32, requires_grad=True) for t in (x, w, b)]
    result = linear_gelu(*single)
    result.backward(np.ones(result.shape, dtype=np.float32))
    dtypes = [result.dtype, *(t.grad.dtype for t in single)]
    assert dtypes == [np.float32] * 4, f"linear_gelu of float32: result and gradients have {dtypes}"

    x, w, b = (leaf(numbers, *shape, dtype=np.float32) for shape in ((512, 16), (256, 16), (256,)))
    array = 4 * 512 * 256
    inputs = sum(t.memory_footprint() for t in (x, w, b))
    kept = (graph_memory(linear_gelu(x, w, b)) - inputs) / array
    assert kept == 2, f"linear_gelu: the graph keeps {kept:.2f} arrays of the result's size, expected 2: z and the result"
    peak = measure_memory(lambda: linear_gelu(x, w, b))[1] / array
    assert peak < 2.2, f"linear_gelu: {peak:.2f} arrays of the result's size at the peak, expected 2; work in place"
    print("linear_gelu: values, gradients and memory are right")


test_unit_linear_gelu()
### BEGIN HIDDEN TESTS
from tinytorch_lab.probes import probe, raises, rng

n, width, out = (int(size) for size in rng.integers(2, 8, size=3))
w, b = leaf(rng, out, width), leaf(rng, out)
for label, shape in (("matrix", (n, width)), ("sequence", (3, n, width)), ("vector", (width,)), ("empty", (0, width))):
    x = leaf(rng, *shape)
    before = [t.data.copy() for t in (x, w, b)]
    result = linear_gelu(x, w, b)
    result.backward(rng.normal(size=result.shape))
    probe(label, [result.data, x.grad, w.grad, b.grad])
    probe(f"{label}: inputs are left alone", [bool(np.array_equal(t.data, c)) for t, c in zip((x, w, b), before)])
big = Tensor(np.array([[-40.0, 0.0, 40.0]]).repeat(width, axis=0).T / width, dtype=np.float64)
ones = Tensor(np.ones((out, width)), dtype=np.float64), Tensor(np.zeros(out), dtype=np.float64)
probe("far out", linear_gelu(big, *ones).data)
x = leaf(rng, n, width)
hidden = linear_gelu(x, w, b)
(hidden * hidden + hidden).sum().backward()
hidden = linear_gelu(x, w, b)
hidden.sum().backward()
probe("two passes add up", [x.grad, w.grad, b.grad])
twice = linear_gelu(x, w, b)
probe("the same rule twice", [input_gradients(twice.creator, np.ones((n, out)))[1] for _ in range(2)])
probe("no view of z", bool(np.shares_memory(twice.data, twice.creator.z)))
data = Tensor(rng.normal(size=(n, width)), dtype=np.float64)
probe("x without grad", [gradient is None for gradient in input_gradients(linear_gelu(data, w, b).creator, np.ones((n, out)))])
big = [leaf(rng, *shape, dtype=np.float32) for shape in ((300, 8), (200, 8), (200,))]
kept = graph_memory(linear_gelu(*big))
probe("kept bytes", kept)
probe("arrays at the peak", round(measure_memory(lambda: linear_gelu(*big))[1] / (4 * 300 * 200)))
probe("a wrong shape", raises(lambda: linear_gelu(x, leaf(rng, out, width + 1), b)))
### END HIDDEN TESTS

# %% [markdown]
"""
### Measure: time, memory, and who pays

The next cell compares three ops with one, forwards and with the way back, for sizes as in a small GPT. The forms run in
turn, as Module 14 demands, and in memory that the process has touched before: otherwise page faults would decide, and
whichever form is timed first would pay for the other (section 10 measures them). What to look for:

- **Gain:** the graph keeps half of the memory. A forward pass gains a few per cent at most, and much more if your GELU
  makes nine passes.
- **Loss:** the backward pass has a second tanh to compute, which eats up that gain and a little more.
- **Limit:** no fusion makes the product itself faster (Amdahl). The larger it is beside GELU, the less fusion brings.
"""

# %% tags=["measure"]
from functools import partial

from tinytorch.autograd import no_grad
from tinytorch.profiling import TimeProfiler, format_seconds

# 16 MB that come and go: from then on glibc keeps what is freed, up to 32 MB, and the next arrays cost no page faults.
np.empty(16_000_000, dtype=np.uint8)


def least_in_turn(*forms, rounds=25):
    """The shortest time of each form, run A, B, A, B, …; the first round does not count."""
    samples = [[] for _ in forms]
    for _ in range(1 + rounds):
        for form, seconds in zip(forms, samples):
            with TimeProfiler("form", report=None) as timer:
                form()
            seconds.append(timer.seconds)
    return [min(seconds[1:]) for seconds in samples]


draw = np.random.default_rng(0)
print(f"{'rows, in, out':>18} {'':>10} {'three ops':>11} {'one op':>11} {'ratio':>7}")
for rows, width, out in ((768, 128, 512), (2048, 64, 256), (256, 512, 1024)):
    x, w, b = (leaf(draw, *shape, dtype=np.float32) for shape in ((rows, width), (out, width), (out,)))
    slope = draw.normal(size=(rows, out)).astype(np.float32)
    forms = (lambda: gelu(x @ w.T + b), lambda: linear_gelu(x, w, b))

    def both_ways(form):
        for t in (x, w, b):
            t.grad = None
        form().backward(slope)

    with no_grad():
        *forward, product = least_in_turn(*forms, lambda: x @ w.T)
    backward = least_in_turn(*(partial(both_ways, form) for form in forms))
    memory = [graph_memory(form()) - sum(t.memory_footprint() for t in (x, w, b)) for form in forms]
    print(f"{rows:6}, {width:4}, {out:4}", end="")
    for label, (three, one), show in (
        ("forward", forward, format_seconds),
        ("and back", backward, format_seconds),
        ("kept", memory, lambda count: f"{count / 1e6:.1f} MB"),
    ):
        print(f"{'' if label == 'forward' else ' ' * 18} {label:>10} {show(three):>11} {show(one):>11} {one / three:7.2f}")
    print(f"{'':18} {'product':>10} {format_seconds(product):>11}   alone: {product / forward[1]:.0%} of the fused forward pass")

# %% [markdown]
r"""
## 5. Eight Bits

`quantize_int8` follows section 1. One **scale for the whole array** is simple; but one large value makes the steps
coarse for all. With `axis=0`, each row of a matrix has a scale and a zero point of its own: for a weight matrix, each
output of the layer. The price is four to eight bytes per row. Details that matter:

- The range always contains 0 (`min(..., initial=0)` says it, and copes with empty arrays).
- A row of zeros has the width 0. Any scale will do, except 0: take 1.
- `values` are int8, and the difference of two int8 may not be one. `zero_point` is int32, so that NumPy computes
  `values - zero_point` in 32 bits.
- Round with the float32 scale that you store, and compute in float64: otherwise two roundings disagree at the edges.
- NaN and infinity have no place on the grid: an error, not a silent 127.
"""

# %% nbgrader={"grade": false, "grade_id": "quantize", "locked": false, "schema_version": 3, "solution": true, "task": false}
#| export
@dataclass(frozen=True)
class QTensor:
    """Eight-bit numbers: ``scale * (values - zero_point)``.

    values: int8. scale: float32, and zero_point: int32, both of a shape that broadcasts with ``values``.
    """

    values: np.ndarray
    scale: np.ndarray
    zero_point: np.ndarray

    @property
    def nbytes(self) -> int:
        return self.values.nbytes + self.scale.nbytes + self.zero_point.nbytes


def quantize_int8(x: Any, axis: int | None = None) -> QTensor:
    """Quantize floats to int8, with an error of at most half a step everywhere and 0 exact.

    x: an array, a tensor or a list of numbers.
    axis: the axis that keeps its length in ``scale`` and ``zero_point``, the others having 1 there: one scale for each
    index. ``None``: one scale for all, of shape (). Raises ValueError if x holds NaN or infinity.
    Hint: the minimum over all axes but one takes a tuple of axes, and ``keepdims=True``.
    """
    ### BEGIN SOLUTION
    x = np.asarray(x, dtype=np.float64)
    if not np.isfinite(x).all():
        raise ValueError("quantize_int8 needs finite numbers, got NaN or infinity")
    others = None if axis is None else tuple(other for other in range(x.ndim) if other != axis % x.ndim)
    low, high = (reduce(axis=others, keepdims=axis is not None, initial=0) for reduce in (x.min, x.max))
    scale = np.asarray((high - low) / 255, dtype=np.float32)
    scale = np.where(scale > 0, scale, np.float32(1))
    wide = scale.astype(np.float64)
    zero_point = np.round(-128 - low / wide).astype(np.int32)
    values = np.clip(np.round(x / wide) + zero_point, -128, 127).astype(np.int8)
    return QTensor(values, scale, np.asarray(zero_point))
    ### END SOLUTION


def dequantize(q: QTensor) -> np.ndarray:
    """The float32 numbers that ``q`` stands for.

    Hint: mind the dtype of a product of int32 and float32.
    """
    ### BEGIN SOLUTION
    return (q.values - q.zero_point).astype(np.float32) * q.scale
    ### END SOLUTION


# %% nbgrader={"grade": true, "grade_id": "test_quantize", "locked": true, "points": 14, "schema_version": 3, "solution": false, "task": false}
def step_errors(x, q):
    """Errors in units of the step."""
    return np.abs(dequantize(q).astype(np.float64) - np.asarray(x, dtype=np.float64)) / q.scale


def test_unit_quantize():
    """Half a step at most, zero exact, the whole range used, one scale per row if wanted."""
    numbers = np.random.default_rng(0)
    q = quantize_int8(np.array([-1.0, 0.0, 1.55]))
    dtypes = [q.values.dtype, q.scale.dtype, q.zero_point.dtype]
    assert dtypes == [np.int8, np.float32, np.int32], f"QTensor: int8, float32, int32 expected, got {dtypes}"
    np.testing.assert_allclose(q.scale, 0.01, rtol=1e-6, err_msg="quantize_int8 of -1 … 1.55: scale 2.55 / 255")
    assert (q.scale.shape, q.zero_point.shape) == ((), ()), f"one scale: shape () expected, got {q.scale.shape}"
    np.testing.assert_array_equal(q.zero_point, -28, err_msg="quantize_int8 of -1 … 1.55: zero point -128 + 100")
    q_values = [-128, -28, 127]
    np.testing.assert_array_equal(q.values, q_values, err_msg="quantize_int8 of [-1, 0, 1.55]")

    cases = {
        "normal": numbers.normal(size=1000),
        "positive": numbers.uniform(5.0, 6.0, size=200),
        "negative": -numbers.exponential(size=200),
        "tiny": 1e-20 * numbers.normal(size=50),
        "large": 1e20 * numbers.normal(size=50),
        "with an outlier": np.append(numbers.normal(size=100), 1e4),
        "grid ends": np.linspace(-0.7, 0.3, 511),
        "float32": numbers.normal(size=300).astype(np.float32),
        "three axes": numbers.normal(size=(3, 4, 5)),
    }
    for label, x in cases.items():
        q = quantize_int8(x)
        assert q.values.shape == x.shape, f"quantize_int8, {label}: shape {q.values.shape} for {x.shape}"
        worst = step_errors(x, q).max()
        assert worst <= 0.5 + 1e-4, f"quantize_int8, {label}: an error of {worst:.3f} steps, at most 0.5 expected"
        zero = dequantize(QTensor(np.asarray(q.zero_point, dtype=np.int8), q.scale, q.zero_point))
        assert -128 <= int(q.zero_point) <= 127 and float(zero) == 0.0, (
            f"quantize_int8, {label}: zero point {q.zero_point} must be one of the 256 values, so that 0 is exact"
        )
        width = max(x.max(), 0) - min(x.min(), 0)
        np.testing.assert_allclose(q.scale, width / 255, rtol=1e-5, err_msg=f"quantize_int8, {label}: the scale")
        assert dequantize(q).dtype == np.float32, f"dequantize: float32 expected, got {dequantize(q).dtype}"
    for x in ([-1.0, 0.0, 1.55], Tensor([-1.0, 0.0, 1.55])):
        np.testing.assert_array_equal(quantize_int8(x).values, q_values, err_msg=f"quantize_int8 of a {type(x).__name__}")
    for label, x in (("zeros", np.zeros(4)), ("empty", np.zeros((0, 3))), ("one number", np.array([7.0]))):
        np.testing.assert_allclose(dequantize(quantize_int8(x)), x, rtol=1e-6, err_msg=f"quantize_int8 of {label}")

    rows = numbers.normal(size=(6, 50)) * 10.0 ** np.arange(-3, 3)[:, None]
    for axis, x, shape in ((0, rows, (6, 1)), (1, rows.T, (1, 6)), (-1, rows.T, (1, 6))):
        q = quantize_int8(x, axis=axis)
        assert q.scale.shape == q.zero_point.shape == shape, (
            f"quantize_int8(x of {x.shape}, axis={axis}): scale of shape {shape} expected, got {q.scale.shape}"
        )
        worst = step_errors(x, q).max()
        assert worst <= 0.5 + 1e-4, f"quantize_int8, axis={axis}: an error of {worst:.3f} steps"
    np.testing.assert_allclose(
        quantize_int8(rows, axis=0).scale[:, 0],
        [quantize_int8(row).scale for row in rows],
        err_msg="quantize_int8, axis=0: each row as if it were alone",
    )
    for bad in (np.nan, np.inf):
        try:
            quantize_int8(np.array([1.0, bad]))
        except ValueError:
            pass
        else:
            raise AssertionError(f"quantize_int8 of {bad}: expected ValueError, nothing was raised")
    print("quantize_int8: errors, zeros, ranges and rows are right")


test_unit_quantize()
### BEGIN HIDDEN TESTS
from tinytorch_lab.probes import probe, raises, rng


def parts(q):
    return [q.values, q.scale, q.zero_point]


arrays = [rng.normal(size=40), 3 + rng.random(size=(4, 5)), -rng.random(size=30), np.zeros(3), rng.normal(size=(2, 3, 4))]
probe("one scale", [parts(quantize_int8(x)) for x in arrays])
probe("back again", [dequantize(quantize_int8(x)) for x in arrays])
matrix = rng.normal(size=(5, 7)) * rng.exponential(size=(5, 1))
matrix[2] = 0
probe("rows", parts(quantize_int8(matrix, axis=0)))
probe("columns", parts(quantize_int8(matrix, axis=1)))
probe("the last of three axes", parts(quantize_int8(arrays[4], axis=-1)))
probe("rows back again", dequantize(quantize_int8(matrix, axis=0)))
probe("half a step", [bool(step_errors(x, quantize_int8(x)).max(initial=0) <= 0.5 + 1e-4) for x in [*arrays, 1e30 * matrix]])
probe("far apart", dequantize(QTensor(np.array([-128, 127], dtype=np.int8), np.float32(0.5), np.int32(127))))
probe("bytes", [quantize_int8(matrix).nbytes, quantize_int8(matrix, axis=0).nbytes])
probe("empty", [quantize_int8(np.zeros((0, 4))).values.shape, quantize_int8(np.zeros((3, 0)), axis=0).scale])
probe("a tensor", parts(quantize_int8(Tensor(matrix))))
probe("integers", parts(quantize_int8(np.array([0, 255, 100]))))
probe("errors", [raises(lambda: quantize_int8([0.0, bad])) for bad in (np.nan, np.inf, -np.inf)])
kept = matrix.copy()
quantize_int8(matrix, axis=0)
probe("the input is left alone", bool(np.array_equal(kept, matrix)))
### END HIDDEN TESTS

# %% [markdown]
r"""
### Measure: what shares a scale

The next cell trains the network that the rest of this module compresses: images of strokes in eight directions, with
noise, and three `Linear` layers. Then it quantizes its weights with one scale, and with one scale for each row, also
after *one* weight has been made ten times as large as the largest. What to look for:

- The error is spread evenly over half a step to each side. With about 250 steps over the range, seven significant digits
  have become two or three, and the accuracy hardly notices.
- One outlier, ten times the largest weight, makes the steps of the *whole* array more than five times as coarse (why
  not ten?); with a scale for each row, only its own row suffers.
- The figure also shows fewer bits, by rounding to fewer levels: where does the accuracy break down?
"""

# %% tags=["measure"]
from tinytorch.activations import ReLU
from tinytorch.optimizers import Adam


def strokes(count, draw, noise=0.5):
    """Images of 10 × 10 with a stroke in one of 8 directions, and noise; labels 0 to 7."""
    labels = draw.integers(0, 8, size=count)
    angle = (labels + draw.uniform(-0.35, 0.35, size=count)) * np.pi / 8
    y, x = np.mgrid[-4.5:5, -4.5:5]
    offset = draw.uniform(-2, 2, size=count)
    distance = x * np.sin(angle)[:, None, None] - y * np.cos(angle)[:, None, None] - offset[:, None, None]
    images = np.exp(-(distance**2) / 1.5) + noise * draw.normal(size=(count, 10, 10))
    return images.reshape(count, 100).astype(np.float32), labels


def train(model, loss_of, count, steps=400, lr=3e-3, batch=64, after_step=lambda: None):
    """Steps of Adam on random batches; ``loss_of(rows)`` is the loss of the rows with these numbers."""
    optimizer, order = Adam(model.parameters(), lr=lr), np.random.default_rng(0)
    for _ in range(steps):
        optimizer.zero_grad()
        loss_of(order.integers(0, count, size=batch)).backward()
        optimizer.step()
        after_step()


def correct(model):
    """Share of right answers on the test images."""
    with no_grad():
        return float(np.mean(model(Tensor(test_images)).data.argmax(axis=1) == test_labels))


draw = np.random.default_rng(0)
images, labels = strokes(6000, draw)
test_images, test_labels = strokes(3000, draw)
make = np.random.default_rng(1)
teacher = Sequential(
    Linear(100, 256, rng=make), ReLU(), Linear(256, 256, rng=make), ReLU(), Linear(256, 8, rng=make)
)
started = time.perf_counter()
train(teacher, lambda rows: cross_entropy(teacher(Tensor(images[rows])), labels[rows]), len(images), steps=500)
teaching = time.perf_counter() - started
print(f"the network: {sum(p.size for p in teacher.parameters()):,} parameters, accuracy {correct(teacher):.1%}\n")


def with_weights(change):
    """The network with ``change(weight)`` in place of each weight matrix."""
    state = teacher.state_dict()
    network = Sequential(Linear(100, 256), ReLU(), Linear(256, 256), ReLU(), Linear(256, 8))
    network.load_state_dict({name: change(a) if a.ndim == 2 else a for name, a in state.items()})
    return network


def with_outlier(weight):
    changed = weight.copy()
    changed[3, 5] = 10 * np.abs(weight).max()
    return changed


weight = teacher.layers[2].weight.data
print(f"{'second weight matrix':34} {'largest error':>14} {'mean error':>11}")
for label, matrix in (("as trained", weight), ("with one outlier", with_outlier(weight))):
    for shared, axis in (("one scale", None), ("one scale per row", 0)):
        errors = np.abs(dequantize(quantize_int8(matrix, axis)) - matrix)
        print(f"{label + ', ' + shared:34} {errors.max():14.5f} {errors.mean():11.5f}")


def rounded(weight, bits, per_row):
    """The weights on 2**bits levels."""
    low, high = (f(weight, axis=1 if per_row else None, keepdims=True) for f in (np.min, np.max))
    step = (high - low) / (2**bits - 1)
    return low + step * np.round((weight - low) / step)


bits = (2, 3, 4, 5, 6, 8)
curves = {per_row: [correct(with_weights(lambda w: rounded(w, b, per_row))) for b in bits] for per_row in (False, True)}
outlier = [correct(with_weights(lambda w: rounded(with_outlier(w), b, False))) for b in bits]
figure, axes = plt.subplots(1, 2, figsize=(10.5, 3.3))
q = quantize_int8(weight)
axes[0].hist(((dequantize(q) - weight) / q.scale).ravel(), bins=50)
axes[0].set(xlabel="error in steps", title="rounding errors of a weight matrix, int8")
for per_row, label in ((False, "one scale"), (True, "one scale per row")):
    axes[1].plot(bits, curves[per_row], "o-", label=label)
axes[1].plot(bits, outlier, "o--", label="one scale, with an outlier")
axes[1].axhline(correct(teacher), color="black", ls=":", label="float32")
axes[1].set(xlabel="bits", ylabel="accuracy", title="fewer bits")
axes[1].legend(fontsize=8)
figure.tight_layout()
plt.show()

# %% [markdown]
r"""
## 6. A Layer in Integers

Storing weights in a quarter of the bytes is one thing; *computing* with them as they are is another. `QuantizedLinear`
quantizes its input when it is called, multiplies integers, and corrects for the zero points by the formula of section
1:

```text
   x ──► quantize, one scale per row ──► int8 ┐
                                              ├──► integer product ──► corrections ──► × scales ──► + bias ──► float32
   weight: int8, one scale per output ────────┘
```

- **int8 @ int8 is int8 in NumPy**, and overflows in silence. Widen first.
- Each row of the input has its own scale, or one sample of a batch would change the answer to another one.
- The sums over the weights can be computed once, in `__init__`.
- The layer is for inference: its result has no history, and it has no parameters.
"""

# %% nbgrader={"grade": false, "grade_id": "quantized_linear", "locked": false, "schema_version": 3, "solution": true, "task": false}
#| export
class QuantizedLinear(Module):
    """A Linear layer for inference in int8 arithmetic: ``weight`` is a QTensor (out, in), ``bias`` an array or None.

    The weight has one scale for each output, of shape (out, 1), or one for all, of shape ().
    """

    def __init__(self, weight: QTensor, bias: np.ndarray | None = None) -> None:
        """Keep both, and ``weight_sums``: for each output, the int32 sum of its integers."""
        ### BEGIN SOLUTION
        self.weight, self.bias = weight, bias
        self.weight_sums = weight.values.sum(axis=1, dtype=np.int32)
        ### END SOLUTION

    @classmethod
    def from_linear(cls, layer: Linear) -> "QuantizedLinear":
        """Quantize a layer's weights, with one scale for each output; the bias is copied as float32."""
        ### BEGIN SOLUTION
        bias = None if layer.bias is None else layer.bias.data.astype(np.float32)
        return cls(quantize_int8(layer.weight.data, axis=0), bias)
        ### END SOLUTION

    def forward(self, x: Tensor) -> Tensor:
        """x: (..., in), floats; result (..., out), float32, without history.

        Raises ValueError, naming the shapes, if the last axis of x has another length, or if x has none.
        Hint: rows of x, ``quantize_int8(rows, axis=0)``, and four terms in int32.
        """
        ### BEGIN SOLUTION
        outputs, width = self.weight.values.shape
        if x.ndim == 0 or x.shape[-1] != width:
            raise ValueError(f"QuantizedLinear needs an input of shape (..., {width}), got {x.shape}")
        q = quantize_int8(x.data.reshape(-1, width), axis=0)
        weight_zero = self.weight.zero_point.reshape(1, -1)
        sums = q.values.astype(np.int32) @ self.weight.values.astype(np.int32).T
        sums -= q.zero_point * self.weight_sums
        sums -= q.values.sum(axis=1, dtype=np.int32, keepdims=True) * weight_zero
        sums += width * q.zero_point * weight_zero
        y = sums.astype(np.float32) * (q.scale * self.weight.scale.reshape(1, -1))
        if self.bias is not None:
            y += self.bias
        return Tensor(y.reshape(*x.shape[:-1], outputs))
        ### END SOLUTION


def model_bytes(model: Any) -> int:
    """Bytes of everything that a model keeps: parameters, quantized weights and arrays."""
    if isinstance(model, QTensor):
        return model.nbytes
    if isinstance(model, Tensor):
        return model.data.nbytes
    if isinstance(model, np.ndarray):
        return model.nbytes
    if isinstance(model, (list, tuple)):
        return sum(model_bytes(part) for part in model)
    return sum(model_bytes(part) for part in vars(model).values()) if isinstance(model, Module) else 0


# %% nbgrader={"grade": true, "grade_id": "test_quantized_linear", "locked": true, "points": 10, "schema_version": 3, "solution": false, "task": false}
def test_unit_quantized_linear():
    """Exactly the product of the dequantized numbers; near the float layer; a quarter of the bytes."""
    numbers = np.random.default_rng(0)
    for width, outputs, bias in ((40, 7, True), (3, 5, False), (1, 1, True), (700, 3, True)):
        layer = Linear(width, outputs, bias=bias, rng=numbers)
        layer.weight.data = layer.weight.data + 0.3 / np.sqrt(width)
        quantized = QuantizedLinear.from_linear(layer)
        np.testing.assert_array_equal(
            quantized.weight.values,
            quantize_int8(layer.weight.data, axis=0).values,
            err_msg="from_linear: weights with one scale per output",
        )
        x = (1 + numbers.normal(size=(6, width))).astype(np.float32)
        expected = dequantize(quantize_int8(x, axis=0)).astype(np.float64) @ dequantize(quantized.weight).T
        expected = expected + (layer.bias.data if bias else 0)
        got = quantized(Tensor(x))
        assert (got.dtype, got.shape) == (np.float32, (6, outputs)), f"QuantizedLinear: got {got.dtype}, {got.shape}"
        np.testing.assert_allclose(
            got.data,
            expected,
            rtol=1e-4,
            atol=1e-4,
            err_msg=f"QuantizedLinear({width} -> {outputs}, bias={bias}): the product of the dequantized numbers "
            "(far off: int8 overflows; off by a constant per row or column: a correction for a zero point)",
        )
        near = np.abs(got.data - layer(Tensor(x)).data).max() / np.abs(layer(Tensor(x)).data).max()
        assert near < 0.02, f"QuantizedLinear: {near:.1%} away from the float layer, expected about 1 %"
        batch = Tensor(np.concatenate([x, 1000 * x[:1]]))
        np.testing.assert_allclose(
            quantized(batch).data[:6], got.data, rtol=1e-6, err_msg="QuantizedLinear: another sample changed the answer"
        )
    assert not got.requires_grad and got.creator is None, "QuantizedLinear: inference only, the result has no history"
    assert quantized.parameters() == [], "QuantizedLinear: it has no parameters to be trained"
    assert quantized(Tensor(np.ones((2, 3, 700)))).shape == (2, 3, 3), "QuantizedLinear: (2, 3, 700) becomes (2, 3, 3)"
    big = Linear(512, 256, rng=numbers)
    ratio = model_bytes(big) / model_bytes(QuantizedLinear.from_linear(big))
    assert ratio > 3.8, f"QuantizedLinear keeps {ratio:.2f} times less than the layer, expected nearly 4: no wide copies"
    try:
        quantized(Tensor(np.ones((2, 699))))
    except ValueError as error:
        assert "699" in str(error), f"QuantizedLinear: name the wrong shape: {error}"
    else:
        raise AssertionError("QuantizedLinear: a wrong last axis must raise ValueError")
    print("QuantizedLinear: integer arithmetic, corrections and bytes are right")


test_unit_quantized_linear()
### BEGIN HIDDEN TESTS
from tinytorch_lab.probes import probe, raises, rng

width, outputs = int(rng.integers(5, 40)), int(rng.integers(2, 9))
layer = Linear(width, outputs, rng=np.random.default_rng(int(rng.integers(1000))))
layer.weight.data = np.abs(layer.weight.data)
quantized = QuantizedLinear.from_linear(layer)
batch = Tensor(3 - rng.random(size=(8, width)))
probe("positive weights, positive inputs", quantized(batch).data)
probe("row by row", np.concatenate([quantized(Tensor(row[None])).data for row in batch.data]))
probe("parts", [quantized.weight.values, quantized.weight_sums, quantized.bias])
probe("sequences", quantized(Tensor(rng.normal(size=(2, 3, width)))).data)
probe("one vector", quantized(Tensor(rng.normal(size=width))).data)
probe("zeros", quantized(Tensor(np.zeros((2, width)))).data)
probe("an empty batch", quantized(Tensor(np.zeros((0, width)))).shape)
wide = Linear(3000, 2, bias=False, rng=np.random.default_rng(0))
wide.weight.data = np.ones((2, 3000), dtype=np.float32)
probe("sums that need 32 bits", QuantizedLinear.from_linear(wide)(Tensor(np.full((1, 3000), 2.0))).data)
own = QuantizedLinear(quantize_int8(rng.normal(size=(4, width))), None)
probe("one scale for all weights", own(batch).data)
layer.bias.data[:] = 1e6
probe("the bias is a copy", quantized(batch).data)
probe("float64", [quantized(Tensor(batch.data, dtype=np.float64)).dtype == np.float32])
probe("no history", [quantized(leaf(rng, 3, width)).requires_grad, len(quantized.parameters())])
probe("bytes", [model_bytes(quantized), model_bytes([layer, own])])
probe("a wrong shape", [raises(lambda: quantized(Tensor(np.ones((2, width + 1))))), raises(lambda: quantized(Tensor(1.0)))])
### END HIDDEN TESTS

# %% [markdown]
r"""
### Measure: smaller, as good, and slower

The next cell replaces all three layers and compares bytes, accuracy, and time. What to look for:

- **Gain:** little more than a quarter of the bytes (why not exactly?), and the same accuracy, give or take a few images
  of three thousand.
- **Loss:** time, by a large factor. NumPy multiplies integer matrices with plain loops, while floats go to BLAS. A
  processor has instructions for int8 (four products per lane and step), but someone has to call them; without a
  kernel, quantization is compression and not acceleration.
- A trick: float32 holds integers up to $2^{24}$ exactly, so for $K \le 2^{24}/2^{14} = 1024$ the *integer* product
  may be computed by the *float* BLAS, exactly. The last line checks and times it.
"""

# %% tags=["measure"]
def replaced(model, change):
    """A Sequential with ``change(layer)`` in place of each Linear layer."""
    return Sequential([change(layer) if isinstance(layer, Linear) else layer for layer in model.layers])


quantized = replaced(teacher, QuantizedLinear.from_linear)
with no_grad():
    x = Tensor(test_images[:256])
    times = [least_time(lambda: model(x)) for model in (teacher, quantized)]
    same = np.mean(teacher(Tensor(test_images)).data.argmax(1) == quantized(Tensor(test_images)).data.argmax(1))
print(f"{'':10} {'bytes':>10} {'accuracy':>9} {'256 images':>11}")
for label, model, seconds in (("float32", teacher, times[0]), ("int8", quantized, times[1])):
    print(f"{label:10} {model_bytes(model):10,} {correct(model):9.2%} {format_seconds(seconds):>11}")
print(f"the same answer for {same:.1%} of the images; int8 takes {times[1] / times[0]:.1f} times as long")
a, b = (np.random.default_rng(0).integers(-128, 128, size=(256, 256)).astype(np.int8) for _ in range(2))
wide = [array.astype(np.int32) for array in (a, b)]
single = [array.astype(np.float32) for array in (a, b)]
exact = np.array_equal(wide[0] @ wide[1], (single[0] @ single[1]).astype(np.int32))
print(f"256 × 256 integers: int32 {format_seconds(least_time(lambda: wide[0] @ wide[1]))}, ", end="")
print(f"the same in float32 {format_seconds(least_time(lambda: single[0] @ single[1]))}, equal: {exact}")

# %% [markdown]
r"""
## 7. Pruning

Many weights of a trained network are close to 0. `magnitude_prune` sets the smallest ones to 0: a given share of
*all* weights together, so that a layer with many small weights loses more than one with few. What counts as a weight
are parameters with at least two axes; biases and the parameters of normalisation are few, and none of them is
dispensable.

It returns masks: to train on without the pruned weights coming back, apply them again after every step (given).

- **Exactly** `round(sparsity * count)` weights, also when many have equal magnitude. A threshold would take all or
  none of them: sort instead (`kind="stable"` makes ties go by their position).
- A pruned weight is 0, not -0: `np.where`, not a product with the mask.
- Arrays may be shared (a `detach`ed view, a saved state): put a *new* array into the parameter.
"""

# %% nbgrader={"grade": false, "grade_id": "pruning", "locked": false, "schema_version": 3, "solution": true, "task": false}
#| export
def weight_matrices(model: Module) -> dict[str, Parameter]:
    """The parameters with at least two axes, by name."""
    return {name: parameter for name, parameter in model.named_parameters() if parameter.ndim >= 2}


def sparsity(model: Module) -> float:
    """Share of zeros among all elements of ``weight_matrices``; 0 if there are none."""
    ### BEGIN SOLUTION
    weights = weight_matrices(model).values()
    count = sum(weight.size for weight in weights)
    return sum(weight.size - int(np.count_nonzero(weight.data)) for weight in weights) / count if count else 0.0
    ### END SOLUTION


def magnitude_prune(model: Module, share: float) -> dict[str, np.ndarray]:
    """Set the share of smallest magnitude, counted over all ``weight_matrices`` together, to 0.

    Exactly ``round(share * count)`` elements; among equal ones, the first in order of names and positions. Returns a mask
    for each name, True where the weight stays. Raises ValueError unless 0 <= share <= 1.
    Hint: one long array of magnitudes, sorted once; ``np.split`` or a running position takes it apart again.
    """
    ### BEGIN SOLUTION
    if not 0 <= share <= 1:
        raise ValueError(f"share must lie between 0 and 1, got {share}")
    weights = weight_matrices(model)
    magnitudes = np.concatenate([np.zeros(0), *(np.abs(weight.data).ravel() for weight in weights.values())])
    keep = np.ones(magnitudes.size, dtype=bool)
    keep[np.argsort(magnitudes, kind="stable")[: round(share * magnitudes.size)]] = False
    masks, position = {}, 0
    for name, weight in weights.items():
        masks[name] = keep[position : position + weight.size].reshape(weight.shape)
        weight.data = np.where(masks[name], weight.data, weight.dtype.type(0))
        position += weight.size
    return masks
    ### END SOLUTION


def apply_masks(model: Module, masks: Mapping[str, np.ndarray]) -> None:
    """Set to 0 again what ``magnitude_prune`` has pruned: after each step of further training."""
    for name, weight in weight_matrices(model).items():
        weight.data = np.where(masks[name], weight.data, weight.dtype.type(0))


# %% nbgrader={"grade": true, "grade_id": "test_pruning", "locked": true, "points": 10, "schema_version": 3, "solution": false, "task": false}
from tinytorch.activations import ReLU


def layers_with(*weights):
    """A Sequential of Linear layers with these weight matrices and biases of 0.001."""
    layers = []
    for weight in weights:
        weight = np.asarray(weight, dtype=np.float32)
        layer = Linear(weight.shape[1], weight.shape[0])
        layer.weight.data, layer.bias.data = weight, np.full(len(weight), 0.001, dtype=np.float32)
        layers.append(layer)
    return Sequential(layers)


def test_unit_pruning():
    """The smallest weights of all layers go, exactly as many as asked for, and nothing else."""
    model = layers_with([[0.1, -5.0, 0.3], [4.0, -0.2, 6.0]], [[0.05, -0.4], [7.0, 0.0]])
    np.testing.assert_allclose(sparsity(model), 0.1, err_msg="sparsity: one 0 among ten weights")
    original = [layer.weight.data for layer in model.layers]
    copies = [array.copy() for array in original]
    masks = magnitude_prune(model, 0.5)
    np.testing.assert_array_equal(
        model.layers[0].weight.data,
        np.array([[0, -5, 0], [4, 0, 6]], dtype=np.float32),
        err_msg="magnitude_prune, half of ten weights: 0, 0.05, 0.1, 0.2 and 0.3 go, over both layers together",
    )
    np.testing.assert_array_equal(
        model.layers[1].weight.data,
        np.array([[0, -0.4], [7, 0]], dtype=np.float32),
        err_msg="magnitude_prune, half of ten weights: the second layer",
    )
    assert sorted(masks) == ["layers.0.weight", "layers.1.weight"], f"masks: one per weight matrix, got {sorted(masks)}"
    np.testing.assert_array_equal(masks["layers.0.weight"], [[False, True, False], [True, False, True]])
    assert masks["layers.1.weight"].dtype == bool, "masks: boolean arrays, True where the weight stays"
    np.testing.assert_allclose(sparsity(model), 0.5, err_msg="sparsity after pruning half of the weights")
    for layer, array, copy in zip(model.layers, original, copies):
        np.testing.assert_array_equal(layer.bias.data, np.float32(0.001), err_msg="magnitude_prune: biases stay")
        np.testing.assert_array_equal(array, copy, err_msg="magnitude_prune: put a new array into the parameter")
        assert layer.weight.dtype == np.float32, f"magnitude_prune: float32 became {layer.weight.dtype}"
        assert not np.signbit(layer.weight.data[layer.weight.data == 0]).any(), "magnitude_prune: 0, not -0"

    for share, expected in ((0.0, 0), (0.3, 4), (1 / 3, 4), (1.0, 12)):
        equal = layers_with(np.full((3, 4), -2.0))
        magnitude_prune(equal, share)
        got = int(np.sum(equal.layers[0].weight.data == 0))
        assert got == expected, f"magnitude_prune({share:.2f}) of 12 equal weights: round gives {expected}, got {got}"
    model.layers[0].weight.data = model.layers[0].weight.data + 1
    apply_masks(model, masks)
    np.testing.assert_allclose(sparsity(model), 0.5, err_msg="apply_masks: the pruned weights are 0 again")
    for bad in (-0.1, 1.5):
        try:
            magnitude_prune(model, bad)
        except ValueError:
            pass
        else:
            raise AssertionError(f"magnitude_prune(model, {bad}): expected ValueError, nothing was raised")
    print("magnitude_prune: counts, ties, masks and what must stay are right")


test_unit_pruning()
### BEGIN HIDDEN TESTS
from tinytorch_lab.probes import probe, raises, rng

state = [rng.normal(size=shape) * size for shape, size in (((6, 5), 1.0), ((4, 6), 0.1), ((3, 4), 10.0))]
for share in (0.0, 0.25, 0.77, 1.0):
    model = layers_with(*state)
    masks = magnitude_prune(model, share)
    probe(f"share {share}", [layer.weight.data for layer in model.layers])
    probe(f"masks {share}", [*masks.values(), sparsity(model)])
    probe(f"biases {share}", [layer.bias.data for layer in model.layers])
model = layers_with(*[np.round(weight) for weight in state])
probe("ties", [magnitude_prune(model, 0.4)["layers.0.weight"], sparsity(model)])
probe("again, further", [list(magnitude_prune(model, 0.8).values()), sparsity(model)])
probe("a tree", sorted(magnitude_prune(Sequential(ReLU(), Sequential(layers_with(state[0])), Linear(3, 2)), 0.5)))
shared = layers_with(state[0]).layers[0]
probe("a layer used twice", [sorted(magnitude_prune(Sequential(shared, shared), 0.5)), sparsity(Sequential(shared, shared))])
probe("nothing to prune", [sparsity(Sequential(ReLU())), len(magnitude_prune(Sequential(ReLU()), 0.5))])
double = Linear(4, 3, rng=np.random.default_rng(0)).to(np.float64)
magnitude_prune(double, 0.5)
probe("float64", [double.weight.dtype == np.float64, double.weight.data])
probe("still parameters", [parameter.requires_grad for parameter in model.parameters()])
probe("errors", [raises(lambda: magnitude_prune(model, bad)) for bad in (-0.01, 1.01)])
### END HIDDEN TESTS

# %% [markdown]
r"""
### Measure: how much can go, and what it saves

The next cell prunes the network further and further, without and with 150 further steps of training, then compares
three ways to use the zeros. What to look for:

- **Loss:** a point or two up to about 60 %, then a cliff, which further training moves to the right.
- **Gain in time: none.** The product does not know which numbers are zero; it multiplies them. The row-by-row product
  over the indices of nonzero weights has to look up where each number belongs: at 90 % zeros it still loses to the
  dense one.
- **Gain in bytes:** an index for each remaining value costs as much as the value; below 50 % zeros the sparse form is
  *larger*.
- Whole outputs (rows with the smallest norms, and the columns that read them) can be cut out, and a smaller *dense*
  network remains: fewer bytes and less time at once. With 64 of 256 outputs an eighth of the weights is left: compare
  the accuracy with that of about as many scattered zeros.
"""

# %% tags=["measure"]
def fine_tuned(model, after_step=lambda: None, steps=150):
    train(
        model, lambda rows: cross_entropy(model(Tensor(images[rows])), labels[rows]), len(images), steps, 1e-3,
        after_step=after_step,
    )  # fmt: skip
    return model


def sparse_product(x, weight):
    """x @ weight.T over the nonzero weights of each row."""
    y = np.zeros((len(x), len(weight)), dtype=np.float32)
    for row, (columns, values) in enumerate(weight):
        y[:, row] = x[:, columns] @ values
    return y


def narrowed(model, units):
    """The network with its ``units`` outputs of largest norm in each hidden layer."""
    first, _, second, _, last = model.layers
    norms = [np.linalg.norm(layer.weight.data, axis=1) for layer in (first, second)]
    keep = [np.sort(np.argsort(norm)[-units:]) for norm in norms]
    small = Sequential(Linear(100, units), ReLU(), Linear(units, units), ReLU(), Linear(units, 8))
    small.load_state_dict({
        "layers.0.weight": first.weight.data[keep[0]], "layers.0.bias": first.bias.data[keep[0]],
        "layers.2.weight": second.weight.data[np.ix_(keep[1], keep[0])], "layers.2.bias": second.bias.data[keep[1]],
        "layers.4.weight": last.weight.data[:, keep[1]], "layers.4.bias": last.bias.data,
    })  # fmt: skip
    return small


x = test_images[:256, :].repeat(3, axis=1)[:, :256].copy()
shares, pruned_only, tuned = (0.0, 0.3, 0.5, 0.6, 0.7, 0.8, 0.9, 0.95, 0.98), [], []
print(f"{'zeros':>6} {'accuracy':>9} {'tuned':>8} {'dense':>11} {'by index':>11} {'bytes':>9} {'sparse bytes':>13}")
for share in shares:
    model = with_weights(lambda w: w)
    masks = magnitude_prune(model, share)
    pruned_only.append(correct(model))
    fine_tuned(model, after_step=lambda: apply_masks(model, masks))
    tuned.append(correct(model))
    weight = model.layers[2].weight.data
    rows = [(np.flatnonzero(row), row[row != 0]) for row in weight]
    dense = least_time(lambda: x @ weight.T, repeats=15)
    sparse = least_time(lambda: sparse_product(x, rows), repeats=6)
    count = int(np.count_nonzero(weight))
    print(f"{share:6.0%} {pruned_only[-1]:9.1%} {tuned[-1]:8.1%} {format_seconds(dense):>11} ", end="")
    print(f"{format_seconds(sparse):>11} {weight.nbytes:9,} {8 * count + 4 * len(weight):13,}")
print("\nwhole outputs cut out, with further training")
for units in (256, 128, 64, 32):
    model = fine_tuned(narrowed(teacher, units))
    with no_grad():
        seconds = least_time(lambda: model(Tensor(test_images[:256])), repeats=15)
    print(f"{units:4} of 256: {model_bytes(model):8,} bytes, {correct(model):6.1%}, {format_seconds(seconds)}")
figure, axis = plt.subplots(figsize=(6, 3.2))
axis.plot(shares, pruned_only, "o-", label="pruned")
axis.plot(shares, tuned, "o-", label="and trained further")
axis.set(xlabel="share of zeros", ylabel="accuracy", title="magnitude pruning")
axis.legend()
plt.show()

# %% [markdown]
r"""
## 8. Low Rank

`low_rank(layer, rank)` replaces one layer by two thin ones, the best such pair by section 1. `np.linalg.svd` returns
$U, \sigma, V^\top$ with the singular values in descending order. Give each factor the square root of the singular
values, so that neither has weights of extreme size (which would matter to an optimizer, and to a quantizer).
"""

# %% nbgrader={"grade": false, "grade_id": "low_rank", "locked": false, "schema_version": 3, "solution": true, "task": false}
#| export
def low_rank(layer: Linear, rank: int) -> Sequential:
    """Two Linear layers, in -> rank (no bias) -> out, nearest to ``layer``; the second one has a copy of its bias.

    Raises ValueError unless 1 <= rank <= min(in, out). The layer is left as it is; dtypes are those of its weights.
    Hint: ``full_matrices=False``.
    """
    ### BEGIN SOLUTION
    outputs, inputs = layer.weight.shape
    if not 1 <= rank <= min(inputs, outputs):
        raise ValueError(f"rank must lie between 1 and {min(inputs, outputs)}, got {rank}")
    u, values, vt = np.linalg.svd(layer.weight.data, full_matrices=False)
    root = np.sqrt(values[:rank])
    first, second = Linear(inputs, rank, bias=False), Linear(rank, outputs, bias=layer.bias is not None)
    first.weight.data = root[:, None] * vt[:rank]
    second.weight.data = u[:, :rank] * root
    if layer.bias is not None:
        second.bias.data = layer.bias.data.copy()
    return Sequential(first, second)
    ### END SOLUTION


# %% nbgrader={"grade": true, "grade_id": "test_low_rank", "locked": true, "points": 6, "schema_version": 3, "solution": false, "task": false}
def test_unit_low_rank():
    """The best approximation, two layers of the right shapes, balanced, with the bias."""
    numbers = np.random.default_rng(0)
    for outputs, inputs, bias in ((6, 9, True), (9, 6, False), (5, 5, True)):
        layer = Linear(inputs, outputs, bias=bias, rng=numbers)
        before = layer.weight.data.copy()
        values = np.linalg.svd(before, compute_uv=False)
        x = Tensor(numbers.normal(size=(4, inputs)))
        for rank in (1, 3, 5):
            pair = low_rank(layer, rank)
            shapes = [part.weight.shape for part in pair.layers]
            assert shapes == [(rank, inputs), (outputs, rank)], (
                f"low_rank of {inputs} -> {outputs}, rank {rank}: weights of {shapes}"
            )
            product = pair.layers[1].weight.data @ pair.layers[0].weight.data
            np.testing.assert_allclose(
                np.linalg.norm(product - before),
                np.sqrt(np.sum(values[rank:] ** 2)),
                atol=1e-5,
                err_msg=f"low_rank, rank {rank}: the error of the best approximation, by the singular values left out",
            )
            assert pair.layers[0].bias is None, "low_rank: the first layer has no bias"
            assert (pair.layers[1].bias is not None) == bias, "low_rank: the bias belongs to the second layer"
            sizes = [np.linalg.norm(part.weight.data) for part in pair.layers]
            np.testing.assert_allclose(sizes[0], sizes[1], rtol=1e-4, err_msg="low_rank: √σ goes to each of the factors")
        full = low_rank(layer, 5)
        if min(inputs, outputs) == 5:
            np.testing.assert_allclose(full(x).data, layer(x).data, atol=1e-5, err_msg="low_rank: full rank is exact")
        np.testing.assert_array_equal(layer.weight.data, before, err_msg="low_rank changed the layer")
    assert len(full.parameters()) == 3, f"low_rank: two weights and a bias to be trained, got {len(full.parameters())}"
    for bad in (0, 6):
        try:
            low_rank(layer, bad)
        except ValueError:
            pass
        else:
            raise AssertionError(f"low_rank of a 5 × 5 layer with rank {bad}: expected ValueError")
    print("low_rank: approximation, shapes, balance and bias are right")


test_unit_low_rank()
### BEGIN HIDDEN TESTS
from tinytorch_lab.probes import probe, raises, rng

inputs, outputs = int(rng.integers(6, 12)), int(rng.integers(6, 12))
layer = Linear(inputs, outputs, rng=np.random.default_rng(int(rng.integers(1000))))
batch = Tensor(rng.normal(size=(5, inputs)))
probe("outputs", [low_rank(layer, rank)(batch).data for rank in (1, 2, 6)])
pairs = [low_rank(layer, rank) for rank in (1, 4)]
probe("products", [pair.layers[1].weight.data @ pair.layers[0].weight.data for pair in pairs])
probe("sizes", [[float(np.linalg.norm(part.weight.data)) for part in pair.layers] for pair in pairs])
probe("kinds", [[type(part).__name__ for part in pairs[0].layers], len(pairs[0].parameters())])
double = Linear(inputs, outputs, bias=False, rng=np.random.default_rng(0)).to(np.float64)
probe("float64", [[part.weight.dtype == np.float64, part.bias is None] for part in low_rank(double, 2).layers])
pair = low_rank(layer, 3)
layer.bias.data[:] = 99.0
probe("the bias is a copy", pair.layers[1].bias.data)
probe("can be trained", [parameter.requires_grad for parameter in pair.parameters()])
probe("errors", [raises(lambda: low_rank(layer, rank)) for rank in (0, -1, min(inputs, outputs) + 1)])
### END HIDDEN TESTS

# %% [markdown]
r"""
### Measure: is there anything to leave out?

The next cell plots the singular values of the trained 256 × 256 layer against those of a random one, and cuts at
several ranks. What to look for: training has made *some* directions strong, on top of a random remainder that falls
off slowly. **Gain:** bytes and time together, because two thin products are dense products; but only below the
break-even rank, which is 128 here. **Loss:** the error of the matrix is large even where the accuracy is not: what is
cut off was noise, for this task.
"""

# %% tags=["measure"]
weight = teacher.layers[2].weight.data
spectrum = np.linalg.svd(weight, compute_uv=False)
start = np.linalg.svd(Linear(256, 256, rng=np.random.default_rng(2)).weight.data, compute_uv=False)
x = Tensor(test_images[:256, :].repeat(3, axis=1)[:, :256].copy())
with no_grad():
    dense = least_time(lambda: teacher.layers[2](x), repeats=15)
print(f"{'rank':>5} {'bytes':>9} {'of the layer':>13} {'error':>7} {'accuracy':>9} {'time':>11} {'of dense':>9}")
for rank in (4, 8, 16, 32, 64, 128, 256):
    pair = low_rank(teacher.layers[2], rank)
    model = Sequential([pair if number == 2 else layer for number, layer in enumerate(teacher.layers)])
    with no_grad():
        seconds = least_time(lambda: pair(x), repeats=15)
    error = math.sqrt(np.sum(spectrum[rank:] ** 2) / np.sum(spectrum**2))
    print(f"{rank:5} {model_bytes(pair):9,} {model_bytes(pair) / model_bytes(teacher.layers[2]):13.0%} {error:7.1%} ", end="")
    print(f"{correct(model):9.1%} {format_seconds(seconds):>11} {seconds / dense:9.2f}")
figure, axis = plt.subplots(figsize=(6, 3))
axis.semilogy(spectrum, label="trained")
axis.semilogy(start, label="before training")
axis.set(xlabel="number", ylabel="singular value", title="the 256 × 256 layer")
axis.legend()
plt.show()

# %% [markdown]
r"""
## 9. Distillation

`distillation_loss` is the formula of section 1. Three things to watch:

- **The teacher is not taught.** Its logits enter as numbers: no gradient flows to it, and nothing is recorded for it.
- The logarithm of a softmax comes from `log_softmax` (Module 04), for both sides. Never `log(softmax(...))`.
- With $\alpha = 1$ labels are not needed: a teacher can label images that nobody has looked at.
"""

# %% nbgrader={"grade": false, "grade_id": "distillation", "locked": false, "schema_version": 3, "solution": true, "task": false}
#| export
def distillation_loss(student: Tensor, teacher: Tensor, labels: Any, temperature: float, alpha: float) -> Tensor:
    """α T² KL(teacher ‖ student), both softened by T, plus (1 - α) cross-entropy with the labels: a tensor of shape ().

    student, teacher: logits (n, classes). labels: (n,), not looked at, and possibly None, if alpha is 1. KL is the mean over
    rows of the sum over classes. Raises ValueError unless temperature > 0 and 0 <= alpha <= 1.
    Hint: the part of KL that depends on the teacher alone is a number; its gradient is none of your business.
    """
    ### BEGIN SOLUTION
    if temperature <= 0 or not 0 <= alpha <= 1:
        raise ValueError(f"temperature must be positive and alpha in [0, 1], got {temperature} and {alpha}")
    target = log_softmax(Tensor(teacher.data / temperature, dtype=student.dtype)).data
    weights = np.exp(target)
    learned = log_softmax(student / temperature)
    divergence = ((target - learned) * weights).sum() / len(weights)
    soft = divergence * (alpha * temperature**2)
    return soft if alpha == 1 else soft + cross_entropy(student, labels) * (1 - alpha)
    ### END SOLUTION


# %% nbgrader={"grade": true, "grade_id": "test_distillation", "locked": true, "points": 5, "schema_version": 3, "solution": false, "task": false}
from tinytorch.activations import softmax


def test_unit_distillation():
    """Known values, the gradient of section 1, no gradient for the teacher, stable for large logits."""
    numbers = np.random.default_rng(0)
    student, teacher_logits, truth = leaf(numbers, 5, 4), leaf(numbers, 5, 4), numbers.integers(0, 4, size=5)
    for temperature, alpha in ((1.0, 1.0), (4.0, 1.0), (2.5, 0.3), (3.0, 0.0)):
        p, q = (softmax(t / temperature).data for t in (teacher_logits, student))
        expected = alpha * temperature**2 * np.mean(np.sum(p * np.log(p / q), axis=1))
        expected += (1 - alpha) * cross_entropy(student, truth).item()
        got = distillation_loss(student, teacher_logits, truth, temperature, alpha)
        assert got.shape == (), f"distillation_loss: a tensor of shape (), got {got.shape}"
        np.testing.assert_allclose(
            got.item(), expected, rtol=1e-9, err_msg=f"distillation_loss, T = {temperature}, alpha = {alpha}"
        )
        student.grad = teacher_logits.grad = None
        got.backward()
        assert teacher_logits.grad is None, "distillation_loss: the teacher got a gradient; take its data"
        hard = softmax(student).data - np.eye(4)[truth]
        np.testing.assert_allclose(
            student.grad,
            (alpha * temperature * (q - p) + (1 - alpha) * hard) / 5,
            atol=1e-12,
            err_msg=f"distillation_loss, T = {temperature}, alpha = {alpha}: the student's gradient",
        )
    same = distillation_loss(student, student, None, 3.0, 1.0)
    np.testing.assert_allclose(same.item(), 0, atol=1e-12, err_msg="distillation_loss of equal logits, alpha = 1: 0")
    far = distillation_loss(Tensor([[1000.0, -1000.0]]), Tensor([[-1000.0, 1000.0]]), [0], 1.0, 0.5).item()
    np.testing.assert_allclose(far, 1000, rtol=1e-6, err_msg="distillation_loss of logits of ±1000: no overflow, no NaN")
    single = distillation_loss(leaf(numbers, 2, 3, dtype=np.float32), teacher_logits[:2, :3], [0, 1], 2.0, 0.5)
    assert single.dtype == np.float32, f"distillation_loss of a float32 student: got {single.dtype}"
    for bad in ((0.0, 0.5), (1.0, 1.5), (1.0, -0.1)):
        try:
            distillation_loss(student, teacher_logits, truth, *bad)
        except ValueError:
            pass
        else:
            raise AssertionError(f"distillation_loss with T, alpha = {bad}: expected ValueError")
    print("distillation_loss: values, gradients and edges are right")


test_unit_distillation()
### BEGIN HIDDEN TESTS
from tinytorch_lab.probes import probe, raises, rng

student, other = leaf(rng, 6, 5), leaf(rng, 6, 5)
truth = rng.integers(0, 5, size=6)
for temperature, alpha in ((0.5, 0.2), (2.0, 1.0), (8.0, 0.9), (1.0, 0.0)):
    student.grad = None
    loss = distillation_loss(student, other, truth, temperature, alpha)
    loss.backward()
    probe(f"T = {temperature}, alpha = {alpha}", [loss.item(), student.grad])
probe("the teacher", [other.grad is None, other.requires_grad])
probe("without labels", distillation_loss(student, other, None, 2.0, 1.0).item())
probe("one row", distillation_loss(student[:1], other[:1], truth[:1], 3.0, 0.5).item())
probe("certain of both", distillation_loss(student * 500, other * 500, truth, 1.0, 0.5).item())
probe("a float32 student", distillation_loss(leaf(rng, 2, 5, dtype=np.float32), other[:2], [1, 2], 2.0, 0.5).dtype == np.float32)
probe("errors", [raises(lambda: distillation_loss(student, other, truth, *bad)) for bad in ((0, 0.5), (-1, 0.5), (1, 2))])
### END HIDDEN TESTS

# %% [markdown]
r"""
### Measure: what a teacher adds

A small network, with a fiftieth of the teacher's parameters, learns from 300 labelled images: alone, with soft
targets for these 300, and with soft targets for 5,700 more images that have *no* labels. What to look for: the small
network alone overfits its 300 images; soft targets for them help a little; the teacher's word on unlabelled images
helps most by far. The best temperature is a matter of trying. **Loss:** the teacher had to be trained, and to be run
on every image (the first line has the time of both, beside that of one student); and the student stays below it.
"""

# %% tags=["measure"]
started = time.perf_counter()
with no_grad():
    answers = teacher(Tensor(images)).data
answering = time.perf_counter() - started
few = 300


def small_network(seed):
    numbers = np.random.default_rng(seed)
    return Sequential(Linear(100, 16, rng=numbers), ReLU(), Linear(16, 8, rng=numbers))


def taught(seed, count, temperature, alpha):
    model = small_network(seed)

    def loss_of(rows):
        return distillation_loss(
            model(Tensor(images[rows])), Tensor(answers[rows]), labels[rows], temperature, alpha
        )

    train(model, loss_of, count, steps=800)
    return correct(model)


started = time.perf_counter()
taught(0, few, 1.0, 0.0)
learning = time.perf_counter() - started
print(f"seconds: {teaching:.1f} to train the teacher, {answering:.2f} for its answers, {learning:.1f} for a student")
print(f"teacher: {model_bytes(teacher):,} bytes, {correct(teacher):.1%}; ", end="")
print(f"student: {model_bytes(small_network(0)):,} bytes; three starts each")
for label, count, temperature, alpha in (
    ("300 labels", few, 1.0, 0.0),
    ("300 labels and soft targets, T = 1", few, 1.0, 0.7),
    ("300 labels and soft targets, T = 4", few, 4.0, 0.7),
    ("soft targets for 6,000, T = 1", 6000, 1.0, 1.0),
    ("soft targets for 6,000, T = 4", 6000, 4.0, 1.0),
):
    scores = [taught(seed, count, temperature, alpha) for seed in range(3)]
    print(f"{label:38} {np.mean(scores):6.1%}   ({', '.join(f'{score:.1%}' for score in scores)})")

# %% [markdown]
r"""
## 10. Memory and Complexity

### One table for all of it

The next cell puts the methods side by side on the network of section 5: bytes, accuracy, time for 256 images. What to
look for: no line is best in all three columns. Methods can be combined (the last line distils into a small network
and quantizes it), and a comparison is fair only at equal accuracy *or* at equal bytes.
"""

# %% tags=["measure"]
def distilled(units, seed=0):
    numbers = np.random.default_rng(seed)
    model = Sequential(Linear(100, units, rng=numbers), ReLU(), Linear(units, 8, rng=numbers))

    def loss_of(rows):
        return distillation_loss(model(Tensor(images[rows])), Tensor(answers[rows]), None, 2.0, 1.0)

    train(model, loss_of, len(images), steps=800)
    return model


small = distilled(48)
pruned = with_weights(lambda w: w)
masks = magnitude_prune(pruned, 0.8)
fine_tuned(pruned, after_step=lambda: apply_masks(pruned, masks))
thin = replaced(teacher, lambda layer: low_rank(layer, 24) if min(layer.weight.shape) > 48 else layer)
candidates = {
    "float32": teacher,
    "int8": quantized,
    "80 % zeros, tuned": pruned,
    "rank 24": thin,
    "64 of 256 outputs, tuned": fine_tuned(narrowed(teacher, 64)),
    "48 units, distilled": small,
    "48 units, distilled, int8": replaced(small, QuantizedLinear.from_linear),
}
print(f"{'':28} {'bytes':>9} {'smaller':>8} {'accuracy':>9} {'256 images':>11}")
points = {}
for name, model in candidates.items():
    with no_grad():
        seconds = least_time(lambda: model(Tensor(test_images[:256])), repeats=15)
    size = model_bytes(model)
    points[name] = size, correct(model)
    print(f"{name:28} {size:9,} {model_bytes(teacher) / size:7.1f}× {points[name][1]:9.1%} {format_seconds(seconds):>11}")
figure, axis = plt.subplots(figsize=(6.5, 3.4))
for number, (name, (size, accuracy)) in enumerate(points.items()):
    axis.semilogx(size, 100 * accuracy, "o")
    place = (4, 5 if number % 2 else -10)
    axis.annotate(name, (size, 100 * accuracy), xytext=place, textcoords="offset points", fontsize=7)
axis.set(xlabel="bytes", ylabel="accuracy in %", title="one network, compressed", xlim=(2e3, 2e6))
plt.show()

# %% [markdown]
r"""
### Allocation: an acceleration without a kernel

Module 14 showed that fresh memory has to be *touched* first, page by page, and that `x + y` is slower than `np.add(x,
y, out=z)` for this reason. A training step makes hundreds of arrays and frees them again. Where does the memory come
from? The C library takes large blocks (above a threshold that it adapts, up to 32 MB) directly from the system, and
gives them back when they are freed, and it *trims* free memory at the end of its heap. The next array of the same
size then costs its page faults again.

`keep_freed_memory` (given) asks glibc to do neither. It changes the whole process, works on Linux with glibc only,
and is yours to call: nothing calls it by itself. (Module 16's recipe has a gentler form of its own.) The next cell trains steps of a network before and after the call.
What to look for:

- page faults per step drop to nearly nothing, and the steps become faster;
- **Loss:** between the peaks the process holds memory that it does not use, and nobody else gets it: of 200 MB that
  came and went, the last column says how much stays.
"""

# %% nbgrader={"grade": false, "grade_id": "allocator", "locked": true, "schema_version": 3, "solution": false, "task": false}
#| export
def keep_freed_memory(threshold: int = 2**30) -> bool:
    """Let this process keep freed arrays of up to ``threshold`` bytes for later ones. Return whether it could be set.

    glibc's ``mallopt`` with M_MMAP_THRESHOLD (-3) and M_TRIM_THRESHOLD (-1); on other systems nothing changes.
    """
    try:
        mallopt = ctypes.CDLL(None).mallopt
    except (AttributeError, OSError, TypeError):
        return False
    return bool(mallopt(-3, threshold) and mallopt(-1, threshold))


# %% tags=["measure"]
from tinytorch.activations import GELU
from tinytorch.profiling import get_memory_usage


def page_faults():
    """Pages that this process has touched for the first time so far."""
    import resource

    return resource.getrusage(resource.RUSAGE_SELF).ru_minflt


parts = [part for _ in range(3) for part in (Linear(64, 1024), GELU(), Linear(1024, 64))]
bulky = Sequential(parts)
optimizer = Adam(bulky.parameters(), lr=1e-4)
rows = np.random.default_rng(0).normal(size=(1024, 64)).astype(np.float32), np.zeros(1024, dtype=int)


def step():
    optimizer.zero_grad()
    cross_entropy(bulky(Tensor(rows[0])), rows[1]).backward()
    optimizer.step()


def left_over(megabytes=200):
    """Megabytes that the process still holds after an array of this size came and went."""
    before = get_memory_usage()
    block = np.ones((megabytes, 125_000))
    del block
    return get_memory_usage() - before


def report(label, steps=12):
    step()
    faults = page_faults()
    seconds = benchmark(step, warmup=0, repeats=steps)
    faults = (page_faults() - faults) / steps
    print(f"{label:20} {format_seconds(min(seconds.samples)):>10} a step, {faults:9,.0f} page faults, ", end="")
    print(f"{left_over():4.0f} of 200 MB stay")


report("as it is")
if keep_freed_memory():
    report("keeping memory")
else:
    print("this system has no mallopt: nothing to compare")
del bulky, optimizer

# %% [markdown]
r"""
## 11. In Production

**Kernels.** BLAS libraries block for registers, each level of cache and the page table, and choose sizes per processor.
On GPUs the same idea is called *tiling*, in shared memory; FlashAttention (Module 12) is blocking plus recomputation,
like your fused op. `torch.compile` fuses chains of elementwise ops into generated kernels (Triton), and cuDNN and
CUTLASS offer products with an *epilogue*: bias and activation while the result is still in registers, which is
exactly `linear_gelu`.

**Parallelism.** PyTorch splits large operations over OpenMP threads *inside* a kernel, without the interpreter;
DataLoaders use processes because of the lock. Python 3.13 can be built without it.

**Quantization.** Three kinds: *dynamic* (inputs quantized when they come, like ours), *static* (ranges of inputs
fixed with calibration data, faster), and *quantization-aware training*, where rounding is simulated in the forward
pass and ignored in the backward pass. Weights of language models are stored in 8 and 4 bits with one scale for groups
of 32 to 128 numbers (GPTQ, AWQ, the formats of llama.cpp): generating text is bound by the bandwidth of the weights,
so four times fewer bytes are nearly four times the speed, even if the arithmetic stays in float.

**Pruning and structure.** Hardware has support for one pattern: two zeros among every four weights (2:4 sparsity,
from NVIDIA's Ampere on), at most a factor of two for the product. Otherwise one removes whole channels, heads or
layers.

**Low rank.** Its greatest success is not compression: LoRA freezes a large matrix and *learns a low-rank change* of
it, and so fine-tunes models of billions of weights with the memory of millions.

**Distillation.** DistilBERT keeps 97 % of BERT's score with 60 % of its size; small chat models are trained on text
written by large ones, which is distillation with samples in place of probabilities.

## 12. What Breaks First at Scale

**Outliers.** In transformers of more than some billion parameters, a few *features* carry values a hundred times
larger than the others (Dettmers and others, 2022). One scale per tensor then leaves four or five levels for
everything else, and accuracy collapses, suddenly, at a certain size. The remedies: scales for smaller groups, the few
outlier columns in float16, or a rescaling that moves the difficulty from inputs to weights.

The next cell lets one input feature grow and quantizes inputs with one scale per row, as `QuantizedLinear` does. Look
at the size at which the error takes off, and at what splitting off that one column achieves.
"""

# %% tags=["measure"]
numbers = np.random.default_rng(0)
layer = Linear(256, 64, rng=numbers)
whole = QuantizedLinear.from_linear(layer)
others = Linear(255, 64, rng=numbers)
others.weight.data, others.bias.data = layer.weight.data[:, 1:], layer.bias.data
rest = QuantizedLinear.from_linear(others)
sizes, errors = 2.0 ** np.arange(0, 11), {"one scale per row": [], "the outlier in float32": []}
for size in sizes:
    x = numbers.normal(size=(200, 256)).astype(np.float32)
    x[:, 0] *= size
    exact = layer(Tensor(x)).data - x[:, :1] @ layer.weight.data[:, :1].T
    apart = rest(Tensor(x[:, 1:])).data
    together = whole(Tensor(x)).data - x[:, :1] @ layer.weight.data[:, :1].T
    for name, got in (("one scale per row", together), ("the outlier in float32", apart)):
        errors[name].append(np.sqrt(np.mean((got - exact) ** 2) / np.mean(exact**2)))
print("relative error of what the other 255 features contribute")
print(f"{'outlier':>8} " + " ".join(f"{name:>24}" for name in errors))
for size, *row in zip(sizes, *errors.values()):
    print(f"{size:8.0f} " + " ".join(f"{value:24.2%}" for value in row))
figure, axis = plt.subplots(figsize=(6, 3))
for name, values in errors.items():
    axis.loglog(sizes, values, "o-", label=name)
axis.set(xlabel="size of one feature", ylabel="relative error", title="an outlier among 256 features")
axis.legend()
plt.show()

# %% [markdown]
"""
## 13. Integration Test

One network, all methods: each must stay near the original where it should, and differ where it must.
"""

# %% nbgrader={"grade": true, "grade_id": "test_acceleration", "locked": true, "points": 3, "schema_version": 3, "solution": false, "task": false}
from tinytorch.optimizers import SGD


def test_unit_acceleration():
    """Fused training, quantized and factored inference, pruning and distillation on one network."""
    numbers = np.random.default_rng(3)
    x = numbers.normal(size=(120, 6))
    truth = (x[:, 0] * x[:, 1] > 0).astype(int)
    into, last = Linear(6, 24, rng=numbers), Linear(24, 2, rng=numbers)

    def network(data):
        return last(linear_gelu(data, into.weight, into.bias))

    optimizer, losses = SGD(into.parameters() + last.parameters(), lr=0.5), []
    for _ in range(200):
        optimizer.zero_grad()
        loss = cross_entropy(network(Tensor(x)), truth)
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
    assert losses[-1] < 0.35, f"a network with linear_gelu: the loss went from {losses[0]:.2f} to {losses[-1]:.2f} only"
    exact = network(Tensor(x)).data
    hidden = blocked_matmul(x, into.weight.data.T.astype(np.float64), 7) + into.bias.data
    again = last(gelu(Tensor(hidden))).data
    np.testing.assert_allclose(again, exact, rtol=1e-3, atol=1e-3, err_msg="blocked_matmul in place of the first product")
    threaded = parallel_map(lambda part: network(Tensor(part)).data, x, 3)
    np.testing.assert_allclose(threaded, exact, rtol=1e-4, atol=1e-4, err_msg="the network over parallel_map")
    spread = np.abs(exact).max()
    for label, model, limit in (
        ("QuantizedLinear", QuantizedLinear.from_linear(last), 0.05),
        ("low_rank, full rank", low_rank(last, 2), 1e-4),
    ):
        got = model(gelu(Tensor(hidden))).data
        assert np.abs(got - exact).max() < limit * spread, f"{label}: {np.abs(got - exact).max() / spread:.1%} away"
    magnitude_prune(Sequential(into, last), 0.5)
    assert sparsity(Sequential(into, last)) == 0.5, "magnitude_prune: half of all weights, counted over both layers"
    student, teacher_logits = Linear(6, 2, rng=numbers), Tensor(exact)
    before = distillation_loss(student(Tensor(x)), teacher_logits, None, 2.0, 1.0)
    before.backward()
    for parameter in student.parameters():
        parameter.data = parameter.data - 0.1 * parameter.grad
    after = distillation_loss(student(Tensor(x)), teacher_logits, None, 2.0, 1.0).item()
    assert after < before.item(), f"distillation_loss rose from {before.item():.4f} to {after:.4f} after a step downhill"
    print(f"integration: loss {losses[0]:.3f} -> {losses[-1]:.3f}, and every method agrees with the network")


test_unit_acceleration()
### BEGIN HIDDEN TESTS
from tinytorch_lab.probes import probe, raises, rng

inputs = rng.normal(size=(16, 8))
first, second = (Linear(*shape, rng=np.random.default_rng(seed)) for shape, seed in (((8, 12), 1), ((12, 5), 2)))
hidden = linear_gelu(Tensor(inputs), first.weight, first.bias)
probe("network", second(hidden).data)
probe("threads", parallel_map(lambda part: second(linear_gelu(Tensor(part), first.weight, first.bias)).data, inputs, 3))
probe("int8", QuantizedLinear.from_linear(second)(hidden).data)
probe("rank 3", low_rank(second, 3)(hidden).data)
probe("int8 of a factored layer", [QuantizedLinear.from_linear(part).weight.values.shape for part in low_rank(second, 2).layers])
model = Sequential(first, second)
magnitude_prune(model, 0.6)
probe("pruned", [sparsity(model), second(linear_gelu(Tensor(inputs), first.weight, first.bias)).data])
probe("zeros stay exact in int8", bool(np.all(dequantize(quantize_int8(first.weight.data, 0))[first.weight.data == 0] == 0)))
goal = Tensor(rng.normal(size=(16, 5)))
loss = distillation_loss(second(linear_gelu(Tensor(inputs), first.weight, first.bias)), goal, rng.integers(0, 5, size=16), 3.0, 0.6)
loss.backward()
probe("distilled through the fused op", [loss.item(), first.weight.grad, first.bias.grad])
product = blocked_matmul(dequantize(quantize_int8(inputs)), dequantize(quantize_int8(first.weight.data)).T, 5)
probe("a blocked product of dequantized numbers", product)
### END HIDDEN TESTS

# %% [markdown]
"""
## 🤔 ML Systems Thinking

Three questions, each answered in 150–300 words. Argue with your own code and with figures from your own run.
"""

# %% [markdown] nbgrader={"grade": false, "grade_id": "question_1", "locked": true, "schema_version": 3, "solution": false, "task": false}
"""
### Question 1: Precision, accuracy and bandwidth

**Context:** You quantized with one scale and with one per row, ran a layer in integers, watched an outlier, and plotted accuracy
against bits. Module 14 gave you the roofline.

**Question:** A language model of 7 billion weights runs on a device with 16 GB and 100 GB/s. Each generated token reads all
weights once. How many tokens per second can it make at most with weights in float32, float16, int8 and 4 bits, and which of
them fit? Why does int8 help here although *your* `QuantizedLinear` was slower than the float layer? With one scale per tensor the model
becomes useless, with one per row it is good: explain with your outlier measurements, and say what a scale per row costs. Why must zero be
exact, and why must the products be summed in 32 bits: after how many terms would 16 bits overflow in the worst case?

**Expected response:** 150–300 words, with the calculation and at least two of your own figures.
"""

# %% [markdown] nbgrader={"grade": true, "grade_id": "response_1", "locked": false, "points": 10, "schema_version": 3, "solution": true, "task": false}
"""
=== BEGIN MARK SCHEME ===
EXCELLENT (9-10 points):
- Calculates 28, 14, 7 and 3.5 GB, and 3.6, 7, 14 and 29 tokens per second; float32 does not fit, float16 barely (2 GB left for everything else)
- Explains that one token is a matrix times a vector, left of the ridge, so bytes decide; int8 weights may be widened on chip while memory moves a quarter
- Explains the own slowdown by NumPy's integer loops without BLAS, with the own factor; with a kernel or the float32 trick it would not be
- Uses own errors of the outlier table: one scale makes steps coarse for all, a scale per row confines it; states the cost (8 bytes per row, for example 8 of 256)
- Zero exact because padding, ReLU and pruned weights are zero and a constant error would accumulate
- 16 bits overflow after two terms in the worst case (2^14 each, 2^15 does not fit), 32 bits after about 2^17
GOOD (7-8 points):
- Right bytes and rates, with at most one slip
- Bandwidth named as the reason, with the own factor of the slowdown
- Scale per tensor against scale per row explained with a figure
- One of the last two parts missing or imprecise
SATISFACTORY (5-6 points):
- Right bytes, no rates or wrong by a factor
- Knows that outliers spoil the scale, without own figures
- General account of integer arithmetic
NEEDS IMPROVEMENT (1-4 points):
- Believes that fewer bits are always faster, or that accuracy falls in proportion to the bits
- Confuses scale and zero point
- No figures
NO CREDIT (0 points):
- No answer, or unrelated to quantization
- Copied question text only
- Every claim wrong
=== END MARK SCHEME ===

**Your response:**
"""

# %% [markdown] nbgrader={"grade": false, "grade_id": "question_2", "locked": true, "schema_version": 3, "solution": false, "task": false}
"""
### Question 2: Zeros that save nothing

**Context:** You pruned a network to 98 % zeros, multiplied by index, cut out whole outputs, and cut singular values.

**Question:** A start-up advertises "90 % of the weights removed, ten times faster". Say from your table what 90 % zeros gave you:
accuracy before and after further training, time of the dense and of the indexed product, bytes of the sparse form. Why is the dense product
not faster, and what makes the indexed one slow (think of memory access and of vector instructions)? At which sparsity does the sparse form begin to
save bytes? Compare with cutting out outputs and with low rank at about the same number of weights: which of them is faster, and what does
each assume about the network? When is unstructured sparsity worth having all the same?

**Expected response:** 150–300 words, with at least three of your own figures.
"""

# %% [markdown] nbgrader={"grade": true, "grade_id": "response_2", "locked": false, "points": 10, "schema_version": 3, "solution": true, "task": false}
"""
=== BEGIN MARK SCHEME ===
EXCELLENT (9-10 points):
- Quotes own accuracy at 90 % before and after further training, and both times, and concludes that the claim does not follow
- Dense: the kernel multiplies zeros like any number; time depends on the shape alone
- Indexed: scattered reads of the input, indices to be loaded, no vector instructions or blocking, more bytes per useful operation
- Derives the break-even of bytes (8 bytes per kept value against 4: near 50 %), in agreement with the table
- Compares structured removal and low rank with own times: smaller dense products gain in time and bytes together; assumptions: dispensable units, against strong directions in a spectrum
- Names cases for unstructured zeros: storage and transfer, very high sparsity with special kernels, 2:4 patterns in hardware, embedding gradients
GOOD (7-8 points):
- Own figures for accuracy and time, right conclusion
- Reason for the dense product, and one for the indexed one
- One structured method compared with a figure
- Break-even of bytes stated without derivation
SATISFACTORY (5-6 points):
- Says that hardware does not profit from zeros, without detail
- One own figure
- Structured methods mentioned only
NEEDS IMPROVEMENT (1-4 points):
- Believes that fewer nonzero weights mean less time
- Confuses pruning with low rank or with quantization
- No figures
NO CREDIT (0 points):
- No answer, or unrelated to sparsity
- Copied question text only
- Every claim wrong
=== END MARK SCHEME ===

**Your response:**
"""

# %% [markdown] nbgrader={"grade": false, "grade_id": "question_3", "locked": true, "schema_version": 3, "solution": false, "task": false}
"""
### Question 3: Fusion, allocation and intensity

**Context:** You simulated the traffic of a blocked product, fused a layer into one op, ran threads against the interpreter's lock, and let a
process keep its freed memory.

**Question:** What do blocking, fusion and keeping memory have in common, and which cost does each of them avoid? Explain your fused op: which
arrays no longer exist, what the backward rule computes twice and why that can be a good bargain, and why the gain shrinks when the product
grows (estimate the arithmetic intensity of the product and of GELU). Your blocked product was slower than `@`: why is that no contradiction
to the simulation? Four threads made your NumPy work less than four times as fast: name two limits. Before such a change goes into a library,
which measurements of Module 14 would you demand, and what may a user lose?

**Expected response:** 150–300 words, with at least three of your own figures.
"""

# %% [markdown] nbgrader={"grade": true, "grade_id": "response_3", "locked": false, "points": 10, "schema_version": 3, "solution": true, "task": false}
"""
=== BEGIN MARK SCHEME ===
EXCELLENT (9-10 points):
- Common ground: the same arithmetic with less movement of data; blocking avoids fetching operands again, fusion writing and reading intermediates, keeping memory page faults
- Fused op: product, sum and tanh are no longer kept (two arrays instead of four, own megabytes); the tanh is computed twice, cheap beside memory or when memory limits the batch; own times forwards and back
- Estimates intensities: GELU about 9 operations per 8 bytes or less, the product about k/2 operations per byte of the result or growing with the width; so the product dominates and fusion brings less (Amdahl), with own ratios
- Blocking pays at the level at which the code runs; BLAS blocks already, and the cuts add calls; the simulation has no such calls
- Limits of threads: free cores, shared bandwidth, serial parts and starting them, the lock in Python code; with an own speed-up
- Demands interleaved benchmarks with intervals on realistic sizes, peak memory and page faults; users may lose memory held by the process, readability, numerical equality, portability
GOOD (7-8 points):
- Two of the three methods explained by their traffic
- Fused op explained with an own figure, including recomputation
- A reason for the slow blocked product, and one limit of threads
- Intensity only named
SATISFACTORY (5-6 points):
- Says that fusion saves memory or time, without saying what
- One own figure
- Threads explained by the number of cores only
NEEDS IMPROVEMENT (1-4 points):
- Believes that fusion saves arithmetic
- Takes the simulation for a prediction of the time in NumPy
- No figures
NO CREDIT (0 points):
- No answer, or unrelated to acceleration
- Copied question text only
- Every claim wrong
=== END MARK SCHEME ===

**Your response:**
"""

# %% [markdown]
r"""
## 🎯 Module Summary

**Built.** `blocked_matmul`; `parallel_map`; `linear_gelu` with a backward rule of its own; `quantize_int8`,
`dequantize` and `QuantizedLinear`; `magnitude_prune` and `sparsity`; `low_rank`; `distillation_loss`.

**Measured.** Traffic of a blocked product, and the time it loses in Python; what the interpreter's lock lets through;
three ops against one; bits against accuracy; a layer in integers; zeros that save nothing; a spectrum; what a teacher
adds; page faults; an outlier.

**Understood.**

- Kernels save movement, not arithmetic, and pay at the level at which they run.
- Half a step is the whole error of quantization; what shares a scale decides how large a step is.
- Fewer bytes are not less time: that takes an instruction, a kernel, or a smaller dense shape.
- Zeros have to be structured before hardware can leave them out.
- A trained network knows more than its labels, and can pass it on.
- Every gain has a price. Say both, with the measurement.

**Next.** Module 16 puts everything together: a language model on your own framework.
"""
