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
# Module 14: Profiling

Since Module 01 you have measured: peaks, ratios, microseconds, each time with a few lines made for the occasion.
Now these lines become instruments, and you learn how far to trust them. Where does the time of a model go? How
fast *could* it be on this machine? Is version B faster than version A, or was it a quiet moment? And once the
model answers real requests, whose answers nobody knows yet: how does one notice that it has got worse?

**Learning objectives**

- time code with a context manager that survives exceptions, recursion and a clock of one's choice;
- tell apart what Python has asked for, what the process holds, and what is really in memory;
- count the floating-point operations of any model from its recorded graph, with one rule for each op;
- bound a computation from below by its FLOPs and its bytes (the roofline), and say what limits it;
- profile a model layer by layer, split time into own and inner time, and measure what observing costs;
- report a benchmark as a median with a confidence interval, and decide by a rank test whether a change is faster;
- monitor a model in service: tail latencies, labels that come late, and drift that can be told from chance.

**Prerequisites:** Modules 03 (`Module`, `Sequential`), 06 (the recorded graph), 09 (`Conv2d`) and 13 (`GPT`).
Context managers; medians and percentiles; the binomial distribution.

**Estimated time:** 4 hours.
"""

# %%
#| default_exp profiling

# %% nbgrader={"grade": false, "grade_id": "imports", "locked": true, "schema_version": 3, "solution": false, "task": false}
#| export
import math
import os
import sys
import time
from collections import OrderedDict
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from tinytorch.activations import Activation, GELUOp, ReLUOp, SigmoidOp, SoftmaxOp, TanhOp
from tinytorch.embeddings import EmbeddingOp
from tinytorch.layers import Module
from tinytorch.losses import LogSoftmaxOp
from tinytorch.spatial import AvgPool2dOp, Conv2dOp, MaxPool2dOp
from tinytorch.tensor import Add, Div, Exp, GetItem, Log, MatMul, Max, Mean, Mul, Neg, Op, Pow
from tinytorch.tensor import Reshape, Sub, Sum, Tensor, Transpose
from tinytorch.transformers import LayerNormOp

# %% [markdown]
r"""
## 1. Mathematical Foundations

### What a speed-up is worth

Let a part of a program take the share $p$ of its time, and make that part $s$ times as fast. The whole becomes

$$S = \frac{1}{(1 - p) + p/s} \;\le\; \frac{1}{1-p} \qquad\text{(Amdahl's law)}$$

times as fast. A part with 20 % of the time can be made infinitely fast and brings a factor of 1.25. So the first
question is never "how can this be faster" but "what is $p$", and a profile answers it.

### How fast could it be

A machine computes at most $P$ floating-point operations and moves at most $W$ bytes between memory and processor
in a second. Work with $F$ operations that has to move $B$ bytes therefore takes at least

$$t \;\ge\; \max\!\left(\frac{F}{P},\; \frac{B}{W}\right).$$

The ratio $I = F/B$ is the **arithmetic intensity**, in FLOP per byte. In terms of it the attainable rate is
$\min(P,\, I \cdot W)$: a rising line that meets a flat one, hence the name **roofline**. They meet at the *ridge*
$I = P/W$. Left of it memory is the limit, and a faster multiplier brings nothing; right of it arithmetic is.

```text
   FLOP/s
      P ┤            ┌───────────────   compute-bound: matrix products, convolutions
        │          ╱ :
        │        ╱   :
        │      ╱     :                  memory-bound: additions, activations, normalisation,
        │    ╱       :                  a matrix times *one* vector
        └──────────ridge───────────►  I = FLOP per byte
```

### What a measurement is

Repeat a measurement of time and you get different numbers, all of them *too long*: the machine can be disturbed by
other work, but never hurried. The distribution has a steep left side and a long right tail. Its mean follows the
tail; its **median** does not. How well is the true median $m$ known from $n$ samples? Each of them falls below
$m$ with probability ½, so the *number* of those below is binomial, whatever the distribution looks like. With
the samples in order, $x_{(1)} \le \dots \le x_{(n)}$,

$$\Pr\bigl(x_{(k)} \le m \le x_{(n+1-k)}\bigr) \;\ge\; 1 - 2 \sum_{i=0}^{k-1} \binom{n}{i} 2^{-n} ,$$

and the largest $k$ for which the right side is still 95 % gives the narrowest such interval. No bell curve is
assumed anywhere.

### Is A faster than B?

Under the hypothesis that both come from one distribution, every pair $(a_i, b_j)$ is as likely to have
$a_i < b_j$ as the reverse. Let $U$ be the number of pairs in which $a_i < b_j$, ties counting one half. Then
$U$ has the mean $nm/2$ and, with $N = n + m$ and groups of $t_g$ equal values, the variance

$$\sigma^2 = \frac{nm}{12}\left(N + 1 - \sum_g \frac{t_g^3 - t_g}{N(N-1)}\right) ,$$

and is close to normal for more than about eight samples each. The probability of a $U$ at least as large by
chance is $p = \Phi\bigl(-(U - nm/2 - ½)/\sigma\bigr)$ (Mann and Whitney, 1947; the ½ corrects for $U$ being
counted). If $p$ is below 5 %, "A is faster" is a claim that holds at 95 % confidence.

### Has the world changed?

Let $F$ be the share of *reference* values that are at most $x$, $G$ the same for *live* values. The largest gap
between the two staircases,

$$D = \max_x |F(x) - G(x)| ,$$

is 0 for equal samples and 1 for samples that do not overlap (Kolmogorov and Smirnov). Two samples of sizes
$n$ and $m$ from the *same* distribution have a gap as well; only with probability $\alpha$ does it exceed

$$D_\alpha \approx \sqrt{-\tfrac12 \ln\tfrac{\alpha}{2}}\;\sqrt{\frac{n+m}{nm}} .$$
"""

# %% [markdown]
r"""
## 2. A Clock Around a Block

`with TimeProfiler("load"):` times a block and prints `load: 12.30 ms`. The work is in the edges:

- **Which clock?** `time.time()` is the time of day, and is set back and forth by the network. `perf_counter` only
  goes forward, at the best resolution there is. `process_time` counts what the *processor* did for this process:
  a block that waits for the disk takes none of it. So the clock is a parameter; and a clock that stands still until
  one moves it makes a test of timing code exact.
- **Read it last on the way in and first on the way out**, or you time your own bookkeeping.
- **Exceptions** must pass through (`__exit__` returns nothing that is true), and the time until then counts.
- **Several uses** of one object add up, in `calls` and `total`. Used inside itself, in a recursive function, the
  inner block lies within the outer one: `total` must not count those seconds twice.
"""

# %% nbgrader={"grade": false, "grade_id": "time_profiler", "locked": false, "schema_version": 3, "solution": true, "task": false}
#| export
def format_seconds(seconds: float) -> str:
    """A time as text, in s, ms, µs or ns: ``"1.24 ms"``."""
    for unit, size in (("s", 1.0), ("ms", 1e-3), ("µs", 1e-6)):
        if abs(seconds) >= size:
            return f"{seconds / size:.2f} {unit}"
    return f"{seconds / 1e-9:.2f} ns"


class TimeProfiler:
    """Time the body of a ``with`` statement; ``with TimeProfiler("load") as timer:`` binds the profiler.

    clock: returns seconds. report: gets the line ``"load: 1.24 ms"`` at the end of each block; None for silence.
    After a block, ``seconds`` is its time. ``calls`` counts the finished blocks, and ``total`` is the time spent
    inside at least one block of this profiler.
    """

    def __init__(
        self,
        name: str,
        clock: Callable[[], float] = time.perf_counter,
        report: Callable[[str], Any] | None = print,
    ) -> None:
        self.name, self.clock, self.report = name, clock, report
        self.calls, self.seconds, self.total = 0, 0.0, 0.0
        self.starts: list[float] = []

    def __enter__(self) -> "TimeProfiler":
        """Note when the block begins.

        Hint: blocks of one profiler may be nested, so ``self.starts`` is a stack.
        """
        ### BEGIN SOLUTION
        self.starts.append(self.clock())
        return self
        ### END SOLUTION

    def __exit__(self, *exception: Any) -> None:
        """Note what the block took, also if it raised; the exception goes on.

        Hint: ``format_seconds``.
        """
        ### BEGIN SOLUTION
        now = self.clock()
        self.seconds = now - self.starts.pop()
        self.calls += 1
        if not self.starts:
            self.total += self.seconds
        if self.report is not None:
            self.report(f"{self.name}: {format_seconds(self.seconds)}")
        ### END SOLUTION


# %% nbgrader={"grade": true, "grade_id": "test_time_profiler", "locked": true, "points": 8, "schema_version": 3, "solution": false, "task": false}
class FakeClock:
    """A clock that stands still until it is told to advance."""

    def __init__(self):
        self.now, self.readings = 100.0, 0

    def __call__(self):
        self.readings += 1
        return self.now

    def advance(self, seconds):
        self.now += seconds


def test_unit_time_profiler():
    """Times, counts and lines are exact; exceptions pass; nested blocks count once."""
    clock, lines = FakeClock(), []
    timer = TimeProfiler("load", clock, lines.append)
    with timer as bound:
        clock.advance(0.25)
    assert bound is timer, f"with TimeProfiler(…) as t: t must be the profiler, got {bound!r}"
    assert timer.seconds == 0.25, f"TimeProfiler: the block took 0.25 s, seconds is {timer.seconds}"
    assert clock.readings == 2, f"TimeProfiler: read the clock twice for a block, not {clock.readings} times"
    assert lines == ["load: 250.00 ms"], f"TimeProfiler: expected the line 'load: 250.00 ms', got {lines}"
    with timer:
        clock.advance(0.5)
    got = (timer.calls, timer.seconds, timer.total)
    assert got == (2, 0.5, 0.75), f"two blocks of 0.25 s and 0.5 s: (calls, seconds, total) is {got}"

    try:
        with timer:
            clock.advance(1.0)
            raise KeyError("on the way")
    except KeyError:
        pass
    else:
        raise AssertionError("TimeProfiler: the block's exception was swallowed; __exit__ must not return True")
    got = (timer.calls, timer.total)
    assert got == (3, 1.75), f"a block that raises after 1 s counts too: (calls, total) should be (3, 1.75), is {got}"

    nested = TimeProfiler("walk", clock, report=None)
    with nested:
        clock.advance(1.0)
        with nested:
            clock.advance(2.0)
        inner = nested.seconds
        clock.advance(4.0)
    assert (inner, nested.seconds) == (2.0, 7.0), (
        f"nested blocks of 2 s and 7 s: seconds was {inner} after the inner and {nested.seconds} after the outer one"
    )
    assert nested.total == 7.0, f"nested blocks: 7 s passed inside, total says {nested.total} (9: counted twice)"

    slow = TimeProfiler("slow printer", clock, lambda _line: clock.advance(50.0))
    with slow:
        clock.advance(1.0)
    assert slow.seconds == 1.0, f"TimeProfiler: reporting took part of the time, {slow.seconds} s instead of 1"
    with TimeProfiler("five rows"):
        sum(range(5))
    print("TimeProfiler: times, nesting, exceptions and reports are right")


test_unit_time_profiler()
### BEGIN HIDDEN TESTS
from tinytorch_lab.probes import probe, raises, rng

steps = rng.integers(1, 64, size=6) / 64
clock, lines = FakeClock(), []
timer = TimeProfiler("part", clock, lines.append)
seen = []
for step in steps:
    with timer:
        clock.advance(float(step))
    clock.advance(3.0)
    seen.append([timer.calls, timer.seconds, timer.total])
probe("one after the other", [seen, lines])


def walk(depth):
    with timer:
        clock.advance(0.5)
        if depth:
            walk(depth - 1)
            walk(depth - 1)
        seen.append(timer.total)


timer, seen, before = TimeProfiler("walk", clock, report=None), [], clock.readings
walk(3)
probe("a recursive walk", [timer.calls, timer.seconds, timer.total, seen, clock.readings - before])


def broken(depth):
    with timer:
        clock.advance(0.25)
        if depth == 0:
            raise ZeroDivisionError
        broken(depth - 1)


probe("an exception through three blocks", [raises(lambda: broken(2)), timer.calls, timer.seconds, timer.total])
with timer:
    clock.advance(2.0)
probe("goes on afterwards", [timer.calls, timer.seconds, timer.total])
one, two, lines = TimeProfiler("one", clock, lines.append), TimeProfiler("two", clock, lines.append), lines
with one:
    clock.advance(1e-5)
    with two:
        clock.advance(0.125)
probe("two profilers", [one.seconds, two.seconds, two.total, lines[-2:]])
fast = TimeProfiler("nothing", clock, lines.append)
with fast:
    pass
probe("nothing at all", [fast.seconds, fast.total, lines[-1], TimeProfiler("new").total])
### END HIDDEN TESTS

# %% [markdown]
r"""
### Measure: three clocks and the price of looking

The next cell times a wait, a loop and a product with three clocks, then the smallest step that each clock can show,
and an empty block. What to look for: waiting takes wall-clock time and no processor time. The finest step of each
clock, and the time of an *empty* block: what lasts about as long cannot be timed one by one, only many at once. And
if another program wants your core, which of the clocks notices?
"""

# %% tags=["measure"]
matrix = np.ones((400, 400), dtype=np.float32)
blocks = {
    "wait 20 ms": lambda: time.sleep(0.02),
    "Python loop": lambda: sum(i * i for i in range(200_000)),
    "20 matrix products": lambda: [matrix @ matrix for _ in range(20)],
}
print(f"{'':20} {'perf_counter':>14} {'process_time':>14}")
for name, block in blocks.items():
    wall = TimeProfiler(name, time.perf_counter, report=None)
    processor = TimeProfiler(name, time.process_time, report=None)
    with wall, processor:
        block()
    print(f"{name:20} {format_seconds(wall.seconds):>14} {format_seconds(processor.seconds):>14}")


def finest_step(clock, steps=5):
    """The smallest of some differences between successive readings, as soon as they differ."""
    found = []
    for _ in range(steps):
        start = now = clock()
        while now == start:
            now = clock()
        found.append(now - start)
    return min(found)


for clock in (time.time, time.perf_counter, time.process_time):
    print(f"finest step of {clock.__name__:14} {format_seconds(finest_step(clock)):>10}")
empty = TimeProfiler("empty", report=None)
outer = TimeProfiler("outer", report=None)
with outer:
    for _ in range(10_000):
        with empty:
            pass
print(f"an empty block reads {format_seconds(empty.total / empty.calls)} and costs {format_seconds(outer.total / 1e4)}")

# %% [markdown]
r"""
## 3. Memory of a Process

`measure_memory` (Module 01) asks tracemalloc: what has *Python* requested, and not given back? The operating system
sees something else. It hands out *pages* (usually 4,096 bytes), and only when they are first touched; memory that a
program frees may stay with the process, for the next request. What counts when a machine runs out of memory, and
what kills a process in a container, is the number of pages that are really there: the **resident set size**.

Linux shows it as a file. `/proc/self/statm` is one line of numbers, counted in pages: the size of all that is mapped,
then the resident part, then others. On a system without that file, `peak_memory_usage` (given) returns the largest
resident size so far.
"""

# %% nbgrader={"grade": false, "grade_id": "memory_usage", "locked": false, "schema_version": 3, "solution": true, "task": false}
#| export
STATM = Path("/proc/self/statm")


def peak_memory_usage() -> float:
    """Largest resident memory of this process so far, in MB (10⁶ bytes); not available on Windows."""
    import resource

    unit = 1 if sys.platform == "darwin" else 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit / 1e6


def resident_megabytes(statm: str, page_size: int) -> float:
    """Resident memory in MB (10⁶ bytes) from the text of ``statm``, whose numbers are pages of ``page_size`` bytes.

    Hint: the second number.
    """
    ### BEGIN SOLUTION
    return int(statm.split()[1]) * page_size / 1e6
    ### END SOLUTION


def get_memory_usage() -> float:
    """Resident memory of this process now, in MB; where ``STATM`` does not exist, ``peak_memory_usage()``.

    Hint: ``os.sysconf("SC_PAGE_SIZE")``.
    """
    ### BEGIN SOLUTION
    if not STATM.exists():
        return peak_memory_usage()
    return resident_megabytes(STATM.read_text(), os.sysconf("SC_PAGE_SIZE"))
    ### END SOLUTION


# %% nbgrader={"grade": true, "grade_id": "test_memory_usage", "locked": true, "points": 6, "schema_version": 3, "solution": false, "task": false}
def test_unit_memory_usage():
    """The line is read in pages, and memory that is written to shows up and goes away."""
    line = "25000 5000 900 700 0 6000 0\n"
    for page_size, expected in ((4096, 20.48), (16384, 81.92)):
        got = resident_megabytes(line, page_size)
        np.testing.assert_allclose(
            got, expected, err_msg=f"resident_megabytes({line!r}, {page_size}): 5000 pages, in units of 10⁶ bytes"
        )
    usage = get_memory_usage()
    assert isinstance(usage, float), f"get_memory_usage: expected a float, got {type(usage).__name__}"
    assert 5 < usage < 50_000, f"get_memory_usage: {usage} cannot be the MB of a Python process"
    if STATM.exists():
        held = np.ones(10_000_000, dtype=np.float32)
        grown = get_memory_usage() - usage
        assert 30 < grown < 60, f"get_memory_usage: 40 MB were written to, it grew by {grown:.1f} MB"
        del held
        left = get_memory_usage() - usage
        assert left < 15, f"get_memory_usage: the 40 MB are free again, {left:.1f} MB are left: is it a peak?"
    print(f"get_memory_usage: this process holds {usage:.0f} MB")


test_unit_memory_usage()
### BEGIN HIDDEN TESTS
from tinytorch_lab.probes import probe, raises, rng

numbers = rng.integers(1000, 10**6, size=(3, 7))
lines = [" ".join(str(number) for number in row) for row in numbers]
probe("lines", [resident_megabytes(line, 4096) for line in lines])
probe("large pages, with a newline", [resident_megabytes(line + "\n", 65536) for line in lines])
own = [int(part) for part in STATM.read_text().split()]
page = os.sysconf("SC_PAGE_SIZE")
probe("as the system says", round(get_memory_usage() / (own[1] * page / 1e6), 1))
before = get_memory_usage()
untouched = np.empty(15_000_000)
reserved = get_memory_usage()
untouched[:] = 1.0
written = get_memory_usage()
del untouched
freed = get_memory_usage()
tens = [round((value - before) / 10) for value in (reserved, written, freed)]
probe("reserved, written, freed, in units of 10 MB", tens)
### END HIDDEN TESTS

# %% [markdown]
r"""
### Measure: two views of one process

The next cell takes both views while memory is reserved, written and freed. What to look for:

- `np.zeros` reserves 100 MB, and nothing happens: the pages come when they are written to, half of them with half of
  the array. Each first touch is a *page fault*, a trip into the operating system; Module 15 measures what it costs.
- One large array goes back to the system when it is freed. Ten thousand small ones do not: Python has freed them,
  tracemalloc says 0, and the process still holds the pages. A memory graph of a server that only ever rises is not
  yet a leak.
"""

# %% tags=["measure"]
import tracemalloc


def both_views(label):
    traced = tracemalloc.get_traced_memory()[0] / 1e6
    print(f"{label:34} {traced - start_views[0]:12.1f} {get_memory_usage() - start_views[1]:12.1f}")


tracemalloc.start()
start_views = tracemalloc.get_traced_memory()[0] / 1e6, get_memory_usage()
print(f"{'MB above the start':34} {'tracemalloc':>12} {'resident':>12}")
large = np.zeros(25_000_000, dtype=np.float32)
both_views("np.zeros, 100 MB")
large[: len(large) // 2] = 1
both_views("first half written")
large[len(large) // 2 :] = 1
both_views("all of it written")
view = large[::2]
both_views("a view of every second element")
del large, view
both_views("deleted")
small = [np.ones(1000) for _ in range(10_000)]
both_views("10,000 arrays of 8 kB")
small = small[::100]
both_views("99 of 100 deleted")
del small
both_views("the rest deleted")
tracemalloc.stop()

# %% [markdown]
r"""
## 4. Counting Operations

A **FLOP** is one floating-point operation, an addition or a multiplication; **FLOP/s** is a rate. Two conventions
are in use for a multiplication followed by an addition, and papers differ by a factor of 2 because of it; ours, like
PyTorch's counter, counts both. Elementwise ops count per element of the result: one for `+`, one for each call of
`exp` or `tanh`, four for $1/(1+e^{-x})$. What only moves or selects data counts 0. That is a convention about
*work*, not about time.

Where do the shapes come from? From the graph that Module 06 walks backwards: it says exactly which ops ran, on which
inputs. So counting takes the same form as differentiating: **one rule for each op**, registered in a table. A rule gets
the op (its inputs have shapes) and the shape of its result:

```text
   @flops_for(Sum)                     Add: 1 · size of the result            MatMul:  every element of the result is
   def …(op, shape): …                 Sum: 1 · size of the *input*                    a sum over the inner axis
```

The rules for elementwise ops are given. Three kinds are yours:

- **MatMul.** Each element of the result is a sum of as many products as the inner axis is long (count $k$ additions for
  $k$ products, as everybody does). It holds for batches and for vectors, too: which axis of which input is the inner
  one?
- **Conv2d.** Each element of the result is a sum over a window of all input channels, plus the bias, if there is one.
  The size of the window follows from the weights, the op's second input; the bias is the third.
- **Reductions.** Every element of the *input* is touched once; a mean divides once per result.
"""

# %% nbgrader={"grade": false, "grade_id": "flop_registry", "locked": true, "schema_version": 3, "solution": false, "task": false}
#| export
FlopRule = Callable[[Any, tuple[int, ...]], int]
FLOPS: dict[type[Op], FlopRule] = {}


def flops_for(*kinds: type[Op]) -> Callable[[FlopRule], FlopRule]:
    """Decorator: register a function ``rule(op, shape of the result)`` as the FLOP count of some op classes."""

    def register(rule: FlopRule) -> FlopRule:
        FLOPS.update(dict.fromkeys(kinds, rule))
        return rule

    return register


def per_element(cost: int) -> FlopRule:
    """A rule that counts ``cost`` operations for each element of the result."""
    return lambda _op, shape: cost * math.prod(shape)


flops_for(Reshape, Transpose, GetItem, EmbeddingOp)(per_element(0))
flops_for(Add, Sub, Mul, Div, Neg, Pow, Exp, Log, ReLUOp, TanhOp)(per_element(1))
flops_for(SigmoidOp)(per_element(4))
flops_for(SoftmaxOp, LogSoftmaxOp)(per_element(5))
flops_for(LayerNormOp)(per_element(8))
flops_for(GELUOp)(per_element(9))

# %% nbgrader={"grade": false, "grade_id": "flop_rules", "locked": false, "schema_version": 3, "solution": true, "task": false}
#| export
@flops_for(MatMul)
def matmul_flops(op: MatMul, shape: tuple[int, ...]) -> int:
    """FLOPs of ``a @ b`` for matrices, batches and vectors, whose result has ``shape``."""
    ### BEGIN SOLUTION
    return 2 * math.prod(shape) * op.inputs[0].shape[-1]
    ### END SOLUTION


@flops_for(Conv2dOp)
def conv2d_flops(op: Conv2dOp, shape: tuple[int, ...]) -> int:
    """FLOPs of a convolution with weights (out, in, k, k), with or without bias (out,)."""
    ### BEGIN SOLUTION
    window = math.prod(op.inputs[1].shape[1:])
    bias = 1 if len(op.inputs) > 2 else 0
    return math.prod(shape) * (2 * window + bias)
    ### END SOLUTION


@flops_for(Sum, Max, MaxPool2dOp, AvgPool2dOp)
def reduction_flops(op: Op, _shape: tuple[int, ...]) -> int:
    """FLOPs of a sum, a maximum or a pooling: one for each element of the input."""
    ### BEGIN SOLUTION
    return op.inputs[0].size
    ### END SOLUTION


@flops_for(Mean)
def mean_flops(op: Mean, shape: tuple[int, ...]) -> int:
    """FLOPs of a mean: those of a sum, and one division for each element of the result."""
    ### BEGIN SOLUTION
    return reduction_flops(op, shape) + math.prod(shape)
    ### END SOLUTION


# %% nbgrader={"grade": true, "grade_id": "test_flop_rules", "locked": true, "points": 5, "schema_version": 3, "solution": false, "task": false}
from tinytorch.layers import Linear, Sequential
from tinytorch.spatial import Conv2d, MaxPool2d


def flops_of(result):
    """FLOPs of the one op that made ``result``, by its rule."""
    return FLOPS[type(result.creator)](result.creator, result.shape)


def recorded(*shape):
    """A tensor of ones whose ops are recorded."""
    return Tensor(np.ones(shape), requires_grad=True)


def test_unit_flop_rules():
    """Matrix products, convolutions and reductions are counted for all shapes of their inputs."""
    products = [
        ((5, 3), (3, 4), 2 * 5 * 3 * 4),
        ((7, 5, 3), (3, 4), 2 * 7 * 5 * 3 * 4),
        ((7, 1, 5, 3), (2, 3, 4), 2 * 7 * 2 * 5 * 3 * 4),
        ((3,), (3, 4), 2 * 3 * 4),
        ((5, 3), (3,), 2 * 5 * 3),
        ((3,), (3,), 2 * 3),
        ((0, 3), (3, 4), 0),
    ]
    for a, b, expected in products:
        got = flops_of(recorded(*a) @ recorded(*b))
        assert got == expected, f"matmul_flops, {a} @ {b}: expected {expected}, got {got}"
    x = recorded(2, 3, 8, 10)
    for options, elements in (({}, 2 * 4 * 6 * 8), ({"padding": 1}, 2 * 4 * 8 * 10), ({"stride": 2}, 2 * 4 * 3 * 4)):
        for bias in (True, False):
            expected = elements * (2 * 3 * 9 + bias)
            got = flops_of(Conv2d(3, 4, 3, bias=bias, **options)(x))
            assert got == expected, (
                f"conv2d_flops, 3 to 4 channels, k = 3, {options}, bias={bias}: {elements} results of a window of "
                f"3 · 9 make {expected}, got {got}"
            )
    reductions = [
        ("sum()", x.sum(), 480),
        ("sum(axis=1)", x.sum(axis=1), 480),
        ("max(axis=(2, 3))", x.max(axis=(2, 3)), 480),
        ("mean()", x.mean(), 481),
        ("mean(axis=0)", x.mean(axis=0), 480 + 240),
        ("MaxPool2d(2)", MaxPool2d(2)(x), 480),
    ]
    for label, result, expected in reductions:
        got = flops_of(result)
        assert got == expected, f"{label} of (2, 3, 8, 10): expected {expected}, got {got}"
    print("FLOP rules: products, convolutions and reductions are right")


test_unit_flop_rules()
### BEGIN HIDDEN TESTS
from tinytorch_lab.probes import probe, raises, rng

n, m, p, q, r = (int(number) for number in rng.integers(2, 9, size=5))
pairs = [((n, m), (m, p)), ((q, n, m), (m, p)), ((n, m), (q, m, p)), ((q, 1, n, m), (r, m, p)), ((m,), (q, m, p))]
probe("products", [flops_of(recorded(*a) @ recorded(*b)) for a, b in pairs])
probe("vectors", [flops_of(recorded(m) @ recorded(m)), flops_of(recorded(q, n, m) @ recorded(m))])
probe("one row, one column", [flops_of(recorded(1, m) @ recorded(m, p)), flops_of(recorded(n, m) @ recorded(m, 1))])
x = recorded(q, n, 9, 12)
layers = [(Conv2d(n, p, k, stride=s, padding=d, bias=b)) for k, s, d, b in
          ((3, 1, 1, True), (1, 1, 0, False), (5, 2, 2, True), (3, 3, 0, False))]  # fmt: skip
probe("convolutions", [flops_of(layer(x)) for layer in layers])
probe("one channel", flops_of(Conv2d(1, r, 2)(recorded(1, 1, 5, 5))))
probe("sums", [flops_of(x.sum(axis=axis)) for axis in (None, 0, (1, 3))])
probe("maxima", [flops_of(x.max(axis=axis, keepdims=True)) for axis in (None, -1)])
probe("means", [flops_of(x.mean(axis=axis)) for axis in (None, 0, (2, 3), -1)])
probe("pooling", [flops_of(MaxPool2d(k)(x)) for k in (2, 3)])
probe("integers", [type(flops_of(result)) is int for result in (x @ recorded(12, 2), x.mean(), layers[0](x))])
### END HIDDEN TESTS

# %% [markdown]
r"""
### The whole model

`recorded_ops(results, inputs)` collects the ops behind some results, *as far as* the given inputs: with the inputs of
a layer it finds the ops of that layer alone. The walk is that of Module 06 without its order: a stack, and a set of
what has been seen, in which the inputs are from the start.

`count_flops(model, shape)` makes an input of zeros, runs the model and adds up. An input of floats must require grad, or
the first ops leave no trace; for a language model the input are token numbers, so the `dtype` is an integer one, and
0 is always a token. An op without a rule is an error that names it, as in Module 06: a count that silently leaves
something out is worse than none. So is a count under `no_grad`, where nothing is recorded.
"""

# %% nbgrader={"grade": false, "grade_id": "count_flops", "locked": false, "schema_version": 3, "solution": true, "task": false}
#| export
def recorded_ops(results: Iterable[Tensor], inputs: Iterable[Tensor] = ()) -> list[tuple[Op, tuple[int, ...]]]:
    """The ops between ``inputs`` and ``results``, each once and with the shape of its result, in any order.

    Without ``inputs``, all ops behind the results. Not recursive. Raises RuntimeError under ``no_grad``, where
    ``Op.recording`` is off and a count would be 0 by mistake.
    """
    ### BEGIN SOLUTION
    if not Op.recording:
        raise RuntimeError("ops are counted in the recorded graph, and nothing is recorded under no_grad")
    ops: list[tuple[Op, tuple[int, ...]]] = []
    waiting, seen = list(results), set(inputs)
    while waiting:
        tensor = waiting.pop()
        if tensor not in seen and tensor.creator is not None:
            ops.append((tensor.creator, tensor.shape))
            waiting.extend(tensor.creator.inputs)
        seen.add(tensor)
    return ops
    ### END SOLUTION


def flops_by_op(results: Iterable[Tensor], inputs: Iterable[Tensor] = ()) -> dict[str, int]:
    """FLOPs between ``inputs`` and ``results`` for each kind of op, by the name of its class.

    Raises LookupError, naming the op, if one of them has no rule.
    """
    ### BEGIN SOLUTION
    counts: dict[str, int] = {}
    for op, shape in recorded_ops(results, inputs):
        name = type(op).__name__
        if type(op) not in FLOPS:
            raise LookupError(f"{name} has no FLOP rule; write one under @flops_for({name})")
        counts[name] = counts.get(name, 0) + FLOPS[type(op)](op, shape)
    return counts
    ### END SOLUTION


def count_flops(model: Callable[[Tensor], Tensor], shape: tuple[int, ...], dtype: Any = np.float32) -> int:
    """FLOPs of one forward pass of ``model`` on an input of ``shape``; an integer dtype stands for token numbers.

    Hint: only floating-point tensors can require grad.
    """
    ### BEGIN SOLUTION
    x = Tensor(np.zeros(shape), dtype=dtype, requires_grad=np.dtype(dtype).kind == "f")
    with np.errstate(all="ignore"):
        result = model(x)
    return sum(flops_by_op([result]).values())
    ### END SOLUTION


# %% nbgrader={"grade": true, "grade_id": "test_count_flops", "locked": true, "points": 5, "schema_version": 3, "solution": false, "task": false}
from tinytorch.activations import GELU, ReLU
from tinytorch.autograd import no_grad
from tinytorch.layers import Flatten
from tinytorch.transformers import GPT


def cnn():
    """The network of milestone 3."""
    return Sequential(
        Conv2d(1, 16, 3), ReLU(), MaxPool2d(2), Conv2d(16, 32, 3), ReLU(), MaxPool2d(2), Flatten(), Linear(800, 10)
    )


def test_unit_count_flops():
    """Whole models are counted: each op once, up to the inputs, and nothing silently left out."""
    x = recorded(2, 3)
    hidden = (x * x).exp()
    result = (hidden + hidden) @ recorded(3, 4)
    names = sorted(type(op).__name__ for op, _ in recorded_ops([result]))
    assert names == ["Add", "Exp", "MatMul", "Mul"], f"recorded_ops: Mul, Exp, Add, MatMul, each once; got {names}"
    names = sorted(type(op).__name__ for op, _ in recorded_ops([result], [hidden]))
    assert names == ["Add", "MatMul"], f"recorded_ops: behind hidden nothing is of interest; got {names}"
    shapes = sorted(shape for _, shape in recorded_ops([result]))
    assert shapes == [(2, 3), (2, 3), (2, 3), (2, 4)], f"recorded_ops: shapes of the results, got {shapes}"
    assert recorded_ops([x], [x]) == [], "recorded_ops: between x and x there is nothing"
    chain = x
    for _ in range(3000):
        chain = chain + x
    assert len(recorded_ops([chain])) == 3000, "recorded_ops of 3,000 additions: not recursive, each once"

    got = flops_by_op([result])
    expected = {"Mul": 6, "Exp": 6, "Add": 6, "MatMul": 2 * 2 * 3 * 4}
    assert got == expected, f"flops_by_op: expected {expected}, got {got}"

    got, expected = count_flops(Linear(3, 5), (7, 3)), 7 * 5 * (2 * 3 + 1)
    assert got == expected, f"count_flops of Linear(3, 5) on (7, 3): 2 · 3 + 1 per output, {expected}, got {got}"
    net = Sequential(ReLU(), Linear(4, 4, bias=False), Sequential(GELU()))
    got = count_flops(net, (2, 4))
    assert got == 8 + 64 + 72, f"count_flops of ReLU, Linear, GELU on (2, 4): 8 + 64 + 9 · 8, got {got}"
    parts = {
        "first convolution": 16 * 26 * 26 * (2 * 9 + 1), "ReLU": 16 * 26 * 26, "pool": 16 * 26 * 26,
        "second convolution": 32 * 11 * 11 * (2 * 144 + 1), "ReLU 2": 32 * 11 * 11, "pool 2": 32 * 11 * 11,
        "Linear": 10 * (2 * 800 + 1),
    }  # fmt: skip
    got = count_flops(cnn(), (1, 1, 28, 28))
    assert got == sum(parts.values()), f"count_flops of the MNIST network: {sum(parts.values())} = {parts}, got {got}"

    vocabulary, dim, layers, n = 11, 8, 2, 6
    gpt = GPT(vocabulary, dim, layers, heads=2, block_size=n)
    got = flops_by_op([gpt(Tensor(np.zeros((3, n), dtype=int)))])["MatMul"]
    expected = 3 * n * (layers * (2 * 12 * dim**2 + 2 * 2 * n * dim) + 2 * dim * vocabulary)
    assert got == expected, f"matrix products of a small GPT: expected {expected}, got {got}"
    assert count_flops(gpt, (3, n), dtype=np.int64) > expected, "count_flops: a GPT takes integers, see dtype"

    class Twice(Op):
        def forward(self, array):
            return 2 * array

    for label, call, kind in [
        ("an op without a rule", lambda: count_flops(Twice.apply, (2, 2)), LookupError),
        ("under no_grad", lambda: quietly(lambda: count_flops(Linear(2, 2), (2, 2))), RuntimeError),
    ]:
        try:
            call()
        except kind as error:
            assert kind is RuntimeError or "Twice" in str(error), f"count_flops: name the op, not only: {error}"
        else:
            raise AssertionError(f"count_flops, {label}: expected {kind.__name__}, nothing was raised")
    print("count_flops: layers, the CNN and the GPT are counted right")


def quietly(fn):
    with no_grad():
        return fn()


test_unit_count_flops()
### BEGIN HIDDEN TESTS
from tinytorch_lab.probes import probe, raises, rng

a, b, c, d = (int(number) for number in rng.integers(2, 9, size=4))
x = recorded(a, b)
left, right = x.exp(), x * x
middle = left + right
result = (middle * middle).sum(axis=0) / left.mean()
probe("by op", flops_by_op([result]))
probe("from the middle", [flops_by_op([result], [middle]), flops_by_op([result], [middle, left])])
probe("two results", flops_by_op([middle, right.sum()]))
probe("nothing", [flops_by_op([x]), flops_by_op([middle], [middle]), flops_by_op([])])
probe("mlp", count_flops(Sequential(Linear(a, b), ReLU(), Linear(b, c, bias=False), GELU()), (d, a)))
probe("sequences", count_flops(Linear(b, c), (a, d, b)))
probe("cnn", [count_flops(cnn(), (size, 1, 28, 28)) for size in (1, d)])
probe("float64", count_flops(Linear(a, b).to(np.float64), (c, a), dtype=np.float64))
gpt = GPT(a + 9, 4 * b, c, heads=2, block_size=d + 3)
probe("gpt", [count_flops(gpt, (rows, d), dtype=np.int64) for rows in (1, 2)])
shared = Linear(a, a)
probe("a layer used twice", count_flops(Sequential(shared, ReLU(), shared), (b, a)))
probe("identity", count_flops(Sequential(), (a, b)))
x = recorded(2)
for _ in range(12):
    x = x - x * x
probe("twelve diamonds", flops_by_op([x]))


class Odd(Op):
    def forward(self, array):
        return array


probe("errors", [raises(lambda: count_flops(Odd.apply, (a,))), raises(lambda: quietly(lambda: recorded_ops([x])))])
probe("parameters get no gradient", [p.grad is None for p in shared.parameters()])
### END HIDDEN TESTS

# %% [markdown]
r"""
### Measure: what a token costs

The next cell counts a forward pass of GPTs of growing width, by kind of op, and divides by the number of tokens and
by the number of parameters. What to look for:

- The share of matrix products grows with the width; everything else is *work* that hardly counts. (Section 6 asks how
  much *time* it takes.)
- FLOPs per token and parameter fall towards 2 as the width grows: each weight takes part in one multiplication and one
  addition, and the scores of attention and everything elementwise come on top. Hence the rule of thumb $2N$ per token
  forward and, with two more products on the way back (Module 06), $6N$ for training.
- The last line trains a model of 7 billion parameters on a trillion tokens, by that rule, on this machine's core
  (an assumed 50 GFLOP/s) and on a thousand accelerators that achieve 400 TFLOP/s each.
"""

# %% tags=["measure"]
from tinytorch.layers import parameter_count

print(f"{'width':>6} {'parameters':>11} {'FLOPs per token':>16} {'per parameter':>14} {'MatMul':>8}   next")
for width in (16, 32, 64, 128):
    gpt = GPT(65, width, layers=4, heads=4, block_size=64)
    counts = flops_by_op([gpt(Tensor(np.zeros((1, 64), dtype=int)))])
    total, parameters = sum(counts.values()), parameter_count(gpt)
    first, second, third = sorted(counts, key=counts.get, reverse=True)[:3]
    print(f"{width:6} {parameters:11,} {total // 64:16,} {total / 64 / parameters:14.2f} ", end="")
    print(f"{counts['MatMul'] / total:8.1%}   {second} {counts[second] / total:.1%}, {third} {counts[third] / total:.1%}")
work = 6 * 7e9 * 1e12
print(f"7e9 parameters, 1e12 tokens: {work:.1e} FLOPs; ", end="")
print(f"{work / 50e9 / 3.15e7:,.0f} years on one core, {work / (1000 * 400e12) / 86400:.1f} days on 1,000 accelerators")

# %% [markdown]
r"""
## 5. The Roofline

`roofline` turns two counts and two properties of the machine into a lower bound of time, and says which side limits.
The edges: no bytes (everything is in registers already) is an infinite intensity; no FLOPs is pure movement; on the
ridge both take equally long, and we call that `"compute"`.
"""

# %% nbgrader={"grade": false, "grade_id": "roofline", "locked": false, "schema_version": 3, "solution": true, "task": false}
#| export
@dataclass(frozen=True)
class RooflineEstimate:
    """seconds: the least time; intensity: FLOP per byte; rate: attainable FLOP/s; bound: "compute" or "memory"."""

    seconds: float
    intensity: float
    rate: float
    bound: str


def roofline(flops: float, traffic: float, peak_flops: float, peak_bandwidth: float) -> RooflineEstimate:
    """Bound work of ``flops`` operations that moves ``traffic`` bytes, on a machine with these peaks (per second).

    Raises ValueError unless both peaks are positive and both counts at least 0.
    Hint: the larger of two times; the rate is what the roof allows at that intensity.
    """
    ### BEGIN SOLUTION
    if peak_flops <= 0 or peak_bandwidth <= 0 or flops < 0 or traffic < 0:
        raise ValueError(
            f"peaks must be positive and counts not negative: {flops} FLOPs, {traffic} bytes, {peak_flops} FLOP/s, "
            f"{peak_bandwidth} byte/s"
        )
    compute, memory = flops / peak_flops, traffic / peak_bandwidth
    intensity = flops / traffic if traffic else math.inf
    return RooflineEstimate(
        seconds=max(compute, memory),
        intensity=intensity,
        rate=min(peak_flops, intensity * peak_bandwidth),
        bound="compute" if compute >= memory else "memory",
    )
    ### END SOLUTION


# %% nbgrader={"grade": true, "grade_id": "test_roofline", "locked": true, "points": 4, "schema_version": 3, "solution": false, "task": false}
def test_unit_roofline():
    """Both sides of the ridge, the ridge itself, and the edges."""
    cases = [
        ("left of the ridge", (1e9, 4e9), (0.4, 0.25, 2.5e9, "memory")),
        ("right of the ridge", (1e12, 1e9), (10.0, 1000.0, 1e11, "compute")),
        ("on the ridge", (2e10, 2e9), (0.2, 10.0, 1e11, "compute")),
        ("no FLOPs", (0, 1e10), (1.0, 0.0, 0.0, "memory")),
        ("no bytes", (1e11, 0), (1.0, math.inf, 1e11, "compute")),
    ]
    for label, counts, (seconds, intensity, rate, bound) in cases:
        got = roofline(*counts, peak_flops=1e11, peak_bandwidth=1e10)
        for name, value, expected in (
            ("seconds", got.seconds, seconds), ("intensity", got.intensity, intensity), ("rate", got.rate, rate)
        ):  # fmt: skip
            np.testing.assert_allclose(
                value,
                expected,
                err_msg=f"roofline {label}: {name} of {counts} (FLOPs, bytes) at 100 GFLOP/s and 10 GB/s",
            )
        assert got.bound == bound, f"roofline {label}: expected bound {bound!r}, got {got.bound!r}"
    for bad in ((1, 1, 0, 1), (1, 1, 1, -1), (-1, 1, 1, 1), (1, -1, 1, 1)):
        try:
            roofline(*bad)
        except ValueError:
            pass
        else:
            raise AssertionError(f"roofline{bad}: expected ValueError, nothing was raised")
    print("roofline: bounds, intensities and edges are right")


test_unit_roofline()
### BEGIN HIDDEN TESTS
from tinytorch_lab.probes import probe, raises, rng


def fields(estimate):
    return [estimate.seconds, estimate.intensity, estimate.rate, estimate.bound]


peaks = float(rng.uniform(1e10, 1e13)), float(rng.uniform(1e9, 1e11))
ridge = peaks[0] / peaks[1]
probe("around the ridge", [fields(roofline(share * ridge * 1e6, 1e6, *peaks)) for share in (0.1, 0.9, 1.1, 50)])
probe("integers", fields(roofline(2 * 64**3, 3 * 64 * 64 * 4, 10**11, 10**10)))
probe("edges", [fields(roofline(0, 8, *peaks)), fields(roofline(8, 0, *peaks))])
probe("nothing to do", [roofline(0, 0, *peaks).seconds, roofline(0, 0, *peaks).bound])
probe("errors", [raises(lambda: roofline(1, 1, *bad)) for bad in ((0, 1), (1, 0), (-1, 1), (1, -1))])
probe("negative counts", [raises(lambda: roofline(-1, 1, 1, 1)), raises(lambda: roofline(1, -1, 1, 1))])
### END HIDDEN TESTS

# %% [markdown]
r"""
### Measure: the roof of this machine

Peaks are measured, not looked up: the largest rate of a matrix product, and the bandwidth of adding two arrays far
larger than any cache into a third one. Then kernels of different intensity are timed and drawn below the roof. What
to look for:

- The smallest product is far below the roof (the call itself takes longer than the work), the larger ones approach
  it; the elementwise ops stay at the left, however large they are.
- The *same* addition on small arrays lies above the sloping roof: its bytes come from the cache, which has a roof of
  its own. The roofline has one slope for each level of the memory.
- `x + y` reaches less than `np.add(x, y, out=z)`, although both count the same: it writes into fresh memory, whose
  pages the system has to provide first (section 3).
- A matrix times one vector is memory-bound like an addition. Generating text one token at a time is that. (It may lie
  above the slope, which was measured with a sum: to write a line of memory, the processor reads it first, so a sum of
  two arrays moves four of them, not three, while this product hardly writes.)
"""

# %% tags=["measure"]
import matplotlib.pyplot as plt


def least_time(fn, repeats=5):
    """The shortest of some runs, after one that does not count."""
    fn()
    seconds = []
    for _ in range(repeats):
        with TimeProfiler("run", report=None) as timer:
            fn()
        seconds.append(timer.seconds)
    return min(seconds)


draw = np.random.default_rng(0)
kernels = []
for n in (16, 64, 256, 768):
    a, b, c = (draw.normal(size=(n, n)).astype(np.float32) for _ in range(3))
    repeats = max(1, 2**20 // n**2)
    seconds = least_time(lambda: [np.matmul(a, b, out=c) for _ in range(repeats)]) / repeats
    kernels.append((f"matmul {n}", 2 * n**3, 3 * a.nbytes, seconds))
x, y, z = (draw.normal(size=12_000_000).astype(np.float32) for _ in range(3))
s, t, u = (v[:4000].copy() for v in (x, y, z))
matrix, vector, product = x[: 3000 * 3000].reshape(3000, 3000), y[:3000], np.empty(3000, dtype=np.float32)
kernels += [
    ("add, out=", x.size, 3 * x.nbytes, least_time(lambda: np.add(x, y, out=z))),
    ("x + y", x.size, 3 * x.nbytes, least_time(lambda: x + y)),
    ("add, in cache", s.size, 3 * s.nbytes, least_time(lambda: [np.add(s, t, out=u) for _ in range(500)]) / 500),
    ("tanh", x.size, 2 * x.nbytes, least_time(lambda: np.tanh(x, out=z), repeats=2)),
    ("matrix @ vector", 2 * matrix.size, matrix.nbytes, least_time(lambda: np.dot(matrix, vector, out=product))),
]
peak_flops = max(flops / seconds for _, flops, _, seconds in kernels)
peak_bandwidth = kernels[4][2] / kernels[4][3]
print(f"peaks: {peak_flops / 1e9:.0f} GFLOP/s, {peak_bandwidth / 1e9:.1f} GB/s; ", end="")
print(f"ridge at {peak_flops / peak_bandwidth:.0f} FLOP per byte")
print(f"{'kernel':16} {'FLOP/byte':>10} {'GFLOP/s':>9} {'of the roof':>12}   bound")
figure, axis = plt.subplots(figsize=(7.5, 4.2))
for name, flops, traffic, seconds in kernels:
    estimate = roofline(flops, traffic, peak_flops, peak_bandwidth)
    rate = flops / seconds
    print(f"{name:16} {estimate.intensity:10.2f} {rate / 1e9:9.2f} {rate / estimate.rate:12.0%}   {estimate.bound}")
    axis.plot(estimate.intensity, rate / 1e9, "o")
    axis.annotate(name, (estimate.intensity, rate / 1e9), xytext=(6, -3), textcoords="offset points", fontsize=8)
intensities = np.geomspace(0.05, 500, 50)
roofs = [roofline(value, 1, peak_flops, peak_bandwidth).rate / 1e9 for value in intensities]
axis.loglog(intensities, roofs, color="black")
axis.set(xlabel="FLOP per byte", ylabel="GFLOP/s", title="the roof of this machine, one thread", xlim=(0.05, 1000))
axis.grid(alpha=0.3)
plt.show()
del x, y, z, matrix, vector

# %% [markdown]
r"""
## 6. A Model, Layer by Layer

A profile needs to know when each layer begins and ends, and no layer should have to be rewritten for it. Python
itself has a hook for this purpose, `sys.setprofile`: a function that the interpreter calls whenever any function
begins or returns. `observe_layers` (given) looks only at `Module.__call__` and `Activation.__call__`, the two doors
through which all layers are called, and says which layer it was, with which tensors.

Layers call layers. A block's time holds that of its attention, and adding up a column of such times counts the inner
ones twice, or five times. So two numbers per call:

```text
   block   ├──────────────────────────────────────────┤    seconds      10
   norm       ├───┤                                                      1
   attention          ├───────────┤                                      4
   feed-forward                        ├────────┤                        3
   own     ───     ───             ────          ─────     own_seconds  10 − (1 + 4 + 3) = 2
```

**Own times add up to the whole**, whatever the nesting: that is what makes them a distribution of the time. `CallTimer`
does the splitting. Calls nest properly, so a stack is enough; what an open call has to remember is its start, and how
much of its time has gone to inner calls so far.
"""

# %% nbgrader={"grade": false, "grade_id": "observe_layers", "locked": true, "schema_version": 3, "solution": false, "task": false}
#| export
def named_layers(model: Any) -> dict[Any, str]:
    """The name of each module and activation that can be reached from ``model``, which is itself named ``model``."""
    names: dict[Any, str] = {}

    def visit(name: str, value: Any) -> None:
        if isinstance(value, (list, tuple)):
            for position, part in enumerate(value):
                visit(f"{name}.{position}", part)
        elif isinstance(value, (Module, Activation)) and value not in names:
            names[value] = name.removeprefix("model.")
            for key, part in vars(value).items():
                visit(f"{name}.{key}", part)

    visit("model", model)
    return names


@contextmanager
def observe_layers(
    enter: Callable[[Any], None], leave: Callable[[Any, list[Tensor], list[Tensor]], None]
) -> Iterator[None]:
    """Within the block, call ``enter(layer)`` before and ``leave(layer, inputs, results)`` after each layer's call.

    ``leave`` comes also if the call raised, with no results.
    """
    doors = {Module.__call__.__code__, Activation.__call__.__code__}

    def hook(frame: Any, event: str, value: Any) -> None:
        if frame.f_code not in doors or event not in ("call", "return"):
            return
        local = frame.f_locals
        if event == "call":
            enter(local["self"])
        else:
            inputs = [*local.get("inputs", ()), local.get("x")]
            leave(local["self"], tensors_in(inputs), tensors_in(value if isinstance(value, tuple) else [value]))

    before = sys.getprofile()
    sys.setprofile(hook)
    try:
        yield
    finally:
        sys.setprofile(before)


def tensors_in(values: Iterable[Any]) -> list[Tensor]:
    return [value for value in values if isinstance(value, Tensor)]


# %% nbgrader={"grade": false, "grade_id": "call_timer", "locked": false, "schema_version": 3, "solution": true, "task": false}
#| export
class CallTimer:
    """Split time between calls that contain each other."""

    def __init__(self, clock: Callable[[], float] = time.perf_counter) -> None:
        self.clock = clock
        self.open: list[list[float]] = []

    def begin(self) -> None:
        """A call begins, inside the one that began last and is still open.

        Hint: for each open call, its start and the seconds of its inner calls so far.
        """
        ### BEGIN SOLUTION
        self.open.append([self.clock(), 0.0])
        ### END SOLUTION

    def end(self) -> tuple[float, float]:
        """The call that began last ends. Return its seconds, and its own seconds: without those of inner calls.

        Hint: whoever ends has to tell the call around it.
        """
        ### BEGIN SOLUTION
        now = self.clock()
        start, inner = self.open.pop()
        seconds = now - start
        if self.open:
            self.open[-1][1] += seconds
        return seconds, seconds - inner
        ### END SOLUTION


# %% nbgrader={"grade": true, "grade_id": "test_call_timer", "locked": true, "points": 5, "schema_version": 3, "solution": false, "task": false}
def test_unit_call_timer():
    """Seconds and own seconds are exact for calls in a row, in each other, and both."""
    clock = FakeClock()
    timer = CallTimer(clock)
    timer.begin()
    clock.advance(1.0)
    ends = []
    for inner in (2.0, 4.0):
        timer.begin()
        clock.advance(inner)
        ends.append(timer.end())
        clock.advance(0.5)
    ends.append(timer.end())
    expected = [(2.0, 2.0), (4.0, 4.0), (8.0, 2.0)]
    assert ends == expected, (
        f"CallTimer, two calls of 2 s and 4 s inside one of 8 s: expected (seconds, own) {expected}, got {ends}"
    )

    for _ in range(3):
        timer.begin()
        clock.advance(1.0)
    ends = [timer.end() for _ in range(3)]
    expected = [(1.0, 1.0), (2.0, 1.0), (3.0, 1.0)]
    assert ends == expected, (
        f"CallTimer, three calls in each other, 1 s each: expected {expected}, got {ends}; an inner call counts for "
        "the one around it only, which counts in its turn"
    )
    before = clock.readings
    timer.begin()
    timer.end()
    assert clock.readings - before == 2, f"CallTimer: {clock.readings - before} readings of the clock for a call, not 2"
    assert timer.open == [], f"CallTimer: all calls have ended, open is {timer.open}"
    print("CallTimer: seconds and own seconds are right")


test_unit_call_timer()
### BEGIN HIDDEN TESTS
from tinytorch_lab.probes import probe, raises, rng


def random_calls(timer, clock, depth, ends):
    """Calls within calls, with random pauses in eighths of a second."""
    timer.begin()
    for _ in range(int(rng.integers(0, 4)) if depth else 0):
        clock.advance(float(rng.integers(1, 9)) / 8)
        random_calls(timer, clock, depth - 1, ends)
    clock.advance(float(rng.integers(1, 9)) / 8)
    ends.append(timer.end())


clock, ends = FakeClock(), []
timer = CallTimer(clock)
for _ in range(3):
    random_calls(timer, clock, 4, ends)
probe("a random tree of calls", [list(pair) for pair in ends])
probe("own seconds add up", sum(own for _, own in ends))
other = CallTimer(clock)
timer.begin()
other.begin()
clock.advance(0.5)
probe("two timers do not mix", [*timer.end(), *other.end()])
probe("more ends than begins", raises(timer.end))
### END HIDDEN TESTS

# %% [markdown]
r"""
### The profiler

`Profiler(model)(x)` runs the model once and returns one `LayerProfile` for each layer that was called: time from
`CallTimer`, FLOPs from the recorded graph, and the bytes of its results. What to watch:

- A layer may be called **several times**; its profile adds up. Order: that of the first *beginning*, so the model
  itself comes first and a block stands before its parts.
- Of an input of floats, make a tensor that requires grad: a first layer without parameters would leave no trace. The
  caller's tensor stays as it is.
- **Count after the run, not in `leave`**: walking a graph takes time, which the layers around would be charged for.
- FLOPs of a layer are those between its inputs and its results, so those of inner layers are contained, as in
  `seconds`.
"""

# %% nbgrader={"grade": false, "grade_id": "profiler", "locked": false, "schema_version": 3, "solution": true, "task": false}
#| export
@dataclass
class LayerProfile:
    """What all calls of one layer took together; without ``own``, the layers inside it are contained.

    output_bytes: bytes of the tensors that it returned.
    """

    name: str
    kind: str
    calls: int = 0
    seconds: float = 0.0
    own_seconds: float = 0.0
    flops: int = 0
    output_bytes: int = 0


class Profiler:
    """Profile one forward pass: ``Profiler(model)(x)``."""

    def __init__(self, model: Any, clock: Callable[[], float] = time.perf_counter) -> None:
        self.model, self.clock = model, clock

    def __call__(self, x: Tensor) -> list[LayerProfile]:
        """One profile for each layer called, in the order in which their first calls began.

        ``name`` comes from ``named_layers``, or is "" for a layer outside the tree; ``kind`` is the class's name.
        Raises what the model raises.
        Hint: in ``leave``, note what the call took and what it worked on; the rest comes when the model is done.
        """
        ### BEGIN SOLUTION
        names, timer = named_layers(self.model), CallTimer(self.clock)
        profiles: dict[Any, LayerProfile] = {}
        calls: list[tuple[LayerProfile, list[Tensor], list[Tensor]]] = []

        def enter(layer: Any) -> None:
            if layer not in profiles:
                profiles[layer] = LayerProfile(names.get(layer, ""), type(layer).__name__)
            timer.begin()

        def leave(layer: Any, inputs: list[Tensor], results: list[Tensor]) -> None:
            seconds, own_seconds = timer.end()
            profile = profiles[layer]
            profile.calls += 1
            profile.seconds += seconds
            profile.own_seconds += own_seconds
            calls.append((profile, inputs, results))

        x = Tensor(x, dtype=x.dtype, requires_grad=x.dtype.kind == "f")
        with observe_layers(enter, leave):
            self.model(x)
        for profile, inputs, results in calls:
            profile.flops += sum(flops_by_op(results, inputs).values())
            profile.output_bytes += sum(result.memory_footprint() for result in results)
        return list(profiles.values())
        ### END SOLUTION


def profile_table(profiles: Sequence[LayerProfile]) -> str:
    """Profiles as a table; shares of the own time add up to 100 %."""
    whole = sum(profile.own_seconds for profile in profiles)
    lines = [f"{'layer':24} {'kind':18} {'calls':>5} {'time':>10} {'own':>7} {'MFLOP':>9} {'GFLOP/s':>8} {'out kB':>8}"]
    for profile in profiles:
        share = profile.own_seconds / whole if whole else 0.0
        rate = profile.flops / profile.seconds / 1e9 if profile.seconds else 0.0
        lines.append(
            f"{profile.name[-24:]:24} {profile.kind[:18]:18} {profile.calls:5} {format_seconds(profile.seconds):>10} "
            f"{share:7.1%} {profile.flops / 1e6:9.2f} {rate:8.2f} {profile.output_bytes / 1e3:8.1f}"
        )
    return "\n".join(lines)


# %% nbgrader={"grade": true, "grade_id": "test_profiler", "locked": true, "points": 6, "schema_version": 3, "solution": false, "task": false}
class Waits(Module):
    """Takes ``seconds`` of a fake clock, before and after the layers inside it, which work on what it got."""

    def __init__(self, clock, seconds, *inside):
        self.clock, self.seconds, self.inside = clock, seconds, list(inside)

    def forward(self, x):
        self.clock.advance(self.seconds / 2)
        for layer in self.inside:
            x = layer(x)
        self.clock.advance(self.seconds / 2)
        return x


def test_unit_profiler():
    """Each layer once, in order, with its calls, times, FLOPs and bytes; and the hook is gone afterwards."""
    clock = FakeClock()
    shared = Waits(clock, 1.0, Linear(3, 3, bias=False))
    model = Waits(clock, 2.0, shared, GELU(), Waits(clock, 4.0, shared, ReLU()))
    x = Tensor(np.ones((5, 3)))
    hook = sys.getprofile()
    profiles = Profiler(model, clock)(x)
    assert sys.getprofile() is hook, "Profiler: the hook of sys.setprofile is still set afterwards"
    assert not x.requires_grad, "Profiler: the caller's tensor was changed; make a new one that requires grad"
    names = [(p.name, p.kind, p.calls) for p in profiles]
    expected = [
        ("model", "Waits", 1), ("inside.0", "Waits", 2), ("inside.0.inside.0", "Linear", 2), ("inside.1", "GELU", 1),
        ("inside.2", "Waits", 1), ("inside.2.inside.1", "ReLU", 1),
    ]  # fmt: skip
    assert names == expected, f"Profiler: expected (name, kind, calls)\n{expected}\ngot\n{names}"
    for field, numbers in {
        "seconds": [8.0, 2.0, 0.0, 0.0, 5.0, 0.0],
        "own_seconds": [2.0, 2.0, 0.0, 0.0, 4.0, 0.0],
        "flops": [2 * 90 + 9 * 15 + 15, 2 * 90, 2 * 90, 9 * 15, 90 + 15, 15],
        "output_bytes": [60, 120, 120, 60, 60, 60],
    }.items():
        got = [getattr(p, field) for p in profiles]
        np.testing.assert_allclose(got, numbers, err_msg=f"Profiler: {field} of {[p.name for p in profiles]}")
    again = Profiler(model, clock)(x)
    assert [p.calls for p in again] == [p.calls for p in profiles], "Profiler: a second run starts from nothing"

    class Broken(Module):
        def forward(self, _x):
            raise ZeroDivisionError("broken")

    try:
        Profiler(Sequential(Linear(3, 3), Broken()))(x)
    except ZeroDivisionError:
        pass
    else:
        raise AssertionError("Profiler: what a layer raises must reach the caller")
    assert sys.getprofile() is hook, "Profiler: a layer raised, and the hook is still set"
    print("Profiler: names, calls, times, FLOPs and bytes are right")


test_unit_profiler()
### BEGIN HIDDEN TESTS
from tinytorch_lab.probes import probe, raises, rng


def rows(profiles):
    return [[p.name, p.kind, p.calls, p.seconds, p.own_seconds, p.flops, p.output_bytes] for p in profiles]


clock = FakeClock()
n, width = int(rng.integers(2, 6)), int(rng.integers(2, 6))
slow = [Waits(clock, float(rng.integers(1, 9)), Linear(width, width)) for _ in range(3)]
block = Waits(clock, 0.25, slow[0], ReLU(), slow[1], slow[0])
model = Sequential(block, Sequential(slow[2], block), GELU())
batch = Tensor(rng.normal(size=(n, width)))
profiles = Profiler(model, clock)(batch)
probe("nested and shared layers", rows(profiles))
probe("own times are the whole", [sum(p.own_seconds for p in profiles), profiles[0].seconds])
probe("FLOPs are those of count_flops", profiles[0].flops - count_flops(model, (n, width)))


class Counted:
    """A clock that moves on with every reading: who looks more often than needed shows."""

    def __init__(self):
        self.now = 0.0

    def __call__(self):
        self.now += 1.0
        return self.now


probe("two readings a call", [p.seconds for p in Profiler(Sequential(ReLU(), Sequential(GELU())), Counted())(batch)])
probe("float64", rows(Profiler(Linear(width, 2).to(np.float64), clock)(Tensor(np.ones((n, width)), dtype=np.float64))))


class Outside(Module):
    def forward(self, x):
        return ReLU()(x) + Linear(width, width, rng=np.random.default_rng(0))(x)


probe("layers outside the tree", rows(Profiler(Outside(), clock)(batch)))
before = sys.getprofile()
probe("a wrong shape", [raises(lambda: Profiler(model)(Tensor(np.ones((2, width + 1))))), sys.getprofile() is before])
probe("the input is left alone", [batch.requires_grad, batch.grad is None, batch.creator is None])
### END HIDDEN TESTS

# %% [markdown]
r"""
### Measure: where the time of two models goes

The next cell profiles the network of milestone 3 on a batch of images, and a small GPT, fifteen times each, and shows
medians. What to look for:

- **Own times** of containers are small: there, time goes to the leaves. Where a parent has much own time, it computes
  something itself, in functions that are not layers.
- **FLOPs are not time.** The second convolution has most of the operations, and the highest rate; the pools and ReLUs
  have almost none and take a good part of the time: they are limited by memory (section 5).
- The figure sets both shares side by side. By Amdahl's law, what would twice as fast matrix products bring?
"""

# %% tags=["measure"]
from dataclasses import replace

images = Tensor(np.random.default_rng(0).normal(size=(64, 1, 28, 28)))
tokens = Tensor(np.random.default_rng(0).integers(0, 65, size=(8, 64)))
gpt = GPT(65, 64, layers=2, heads=4, block_size=64)
reports = {}
for title, model, x in (("CNN, 64 images", cnn(), images), ("GPT, 8 × 64 tokens", gpt, tokens)):
    runs = [Profiler(model)(x) for _ in range(15)]
    reports[title] = [
        replace(
            same[0],
            seconds=float(np.median([profile.seconds for profile in same])),
            own_seconds=float(np.median([profile.own_seconds for profile in same])),
        )
        for same in zip(*runs)
    ]
    print(f"{title}\n{profile_table(reports[title])}\n")

figure, axes = plt.subplots(1, 2, figsize=(11, 3.6))
for axis, (title, profiles) in zip(axes, reports.items()):
    time_of, flops_of_kind = {}, {}
    for profile in profiles:
        time_of[profile.kind] = time_of.get(profile.kind, 0.0) + profile.own_seconds
        inside = sum(p.flops for p in profiles if p.name.startswith(f"{profile.name}."))
        is_leaf = inside == 0 and profile.name != "model"
        flops_of_kind[profile.kind] = flops_of_kind.get(profile.kind, 0) + (profile.flops if is_leaf else 0)
    kinds = sorted(time_of, key=time_of.get)
    positions = np.arange(len(kinds))
    whole, work = sum(time_of.values()), profiles[0].flops
    axis.barh(positions + 0.2, [100 * time_of[kind] / whole for kind in kinds], 0.4, label="own time")
    axis.barh(positions - 0.2, [100 * flops_of_kind[kind] / work for kind in kinds], 0.4, label="FLOPs of leaves")
    axis.set_yticks(positions, kinds, fontsize=8)
    axis.set(title=title, xlabel="%")
    axis.legend()
figure.tight_layout()
plt.show()

# %% [markdown]
r"""
## 7. A Benchmark One May Believe

A single time is an anecdote. `benchmark` calls a function some times without looking (caches, lazy allocation and the
processor's clock frequency settle), then times it again and again, and `BenchmarkResult` keeps *all* samples, because
what one wants to know of them later is never what one thought of first.

What to report? The median, the 95th percentile (that a user in twenty meets), and an interval for the median from
section 1: with samples in order, it goes from the $k$-th smallest to the $k$-th largest, for the largest $k$ with

$$1 - 2 \sum_{i=0}^{k-1} \binom{n}{i} 2^{-n} \;\ge\; \text{confidence}.$$

Try it: with $n = 6$, $k = 1$ gives $1 - 2/64 = 97\,\%$, so the interval reaches from the fastest to the slowest. With
$n = 5$ not even that is 95 %: five samples *cannot* say it. For 30 samples, $k = 10$.
"""

# %% nbgrader={"grade": false, "grade_id": "benchmark", "locked": false, "schema_version": 3, "solution": true, "task": false}
#| export
def median_interval(samples: Sequence[float], confidence: float = 0.95) -> tuple[float, float]:
    """Interval that holds the true median with at least this confidence, whatever the distribution.

    Raises ValueError, naming the count, if there are too few samples for it.
    Hint: ``math.comb``, and integers: 2 · sum · 2⁻ⁿ is at most 1 - confidence.
    """
    ### BEGIN SOLUTION
    ordered, n = sorted(samples), len(samples)
    outside, k = 0, 0
    while k < n // 2 + n % 2 and 1 - 2 * (outside + math.comb(n, k)) / 2**n >= confidence:
        outside += math.comb(n, k)
        k += 1
    if k == 0:
        raise ValueError(f"{n} samples are too few for an interval with a confidence of {confidence}")
    return float(ordered[k - 1]), float(ordered[n - k])
    ### END SOLUTION


@dataclass(frozen=True)
class BenchmarkResult:
    """Times of one call in seconds: all samples as they came, and what they say."""

    samples: tuple[float, ...]
    median: float
    p95: float
    interval: tuple[float, float]

    @classmethod
    def of(cls, samples: Iterable[float]) -> "BenchmarkResult":
        """The result for given samples; ``p95`` is NumPy's 95 % quantile, ``interval`` that for 95 %."""
        ### BEGIN SOLUTION
        kept = tuple(float(sample) for sample in samples)
        interval = median_interval(kept)
        return cls(kept, float(np.median(kept)), float(np.quantile(kept, 0.95)), interval)
        ### END SOLUTION

    def __str__(self) -> str:
        low, high = (format_seconds(edge) for edge in self.interval)
        return f"{format_seconds(self.median)} [{low}, {high}], p95 {format_seconds(self.p95)}, n = {len(self.samples)}"


def benchmark(
    fn: Callable[[], Any], warmup: int = 3, repeats: int = 30, clock: Callable[[], float] = time.perf_counter
) -> BenchmarkResult:
    """Call ``fn`` ``warmup`` times without looking, then ``repeats`` times with the clock around each call.

    Raises ValueError if there are too few repeats for an interval.
    """
    ### BEGIN SOLUTION
    for _ in range(warmup):
        fn()
    samples = []
    for _ in range(repeats):
        start = clock()
        fn()
        samples.append(clock() - start)
    return BenchmarkResult.of(samples)
    ### END SOLUTION


# %% nbgrader={"grade": true, "grade_id": "test_benchmark", "locked": true, "points": 7, "schema_version": 3, "solution": false, "task": false}
def test_unit_benchmark():
    """Intervals have the promised coverage, results the right numbers, and warm-up calls do not count."""
    for n, rank in ((6, 1), (8, 1), (9, 2), (10, 2), (30, 10), (101, 41)):
        samples = np.random.default_rng(n).permutation(n) + 1.0
        got, expected = median_interval(samples), (float(rank), float(n + 1 - rank))
        assert got == expected, f"median_interval of 1 … {n} in some order: k is {rank}, expected {expected}, got {got}"
    got = median_interval([3.0], confidence=0.0)
    assert got == (3.0, 3.0), f"median_interval([3.0], confidence=0): expected (3.0, 3.0), got {got}"
    got = median_interval(range(1, 31), confidence=0.99)
    assert got == (8.0, 23.0), f"median_interval of 1 … 30 at 99 %: expected (8.0, 23.0), got {got}"
    for n, confidence in ((5, 0.95), (0, 0.95), (7, 0.99)):
        try:
            median_interval([1.0] * n, confidence)
        except ValueError as error:
            assert str(n) in str(error), f"median_interval: say how many samples there are: {error}"
        else:
            raise AssertionError(f"median_interval of {n} samples at {confidence:.0%}: expected ValueError")

    clock, waits = FakeClock(), iter([50.0, 50.0, *np.arange(1.0, 21.0), 99.0])
    result = benchmark(lambda: clock.advance(next(waits)), warmup=2, repeats=20, clock=clock)
    assert result.samples == tuple(range(1, 21)), (
        f"benchmark: 2 warm-up calls of 50 s, then 1 to 20 s; expected the samples 1 … 20, got {result.samples}"
    )
    assert clock.readings == 40, f"benchmark: 20 repeats need 40 readings of the clock, got {clock.readings}"
    np.testing.assert_allclose(
        [result.median, result.p95, *result.interval],
        [10.5, 19.05, 6.0, 15.0],
        err_msg="benchmark of 1 … 20 s: median, p95 and both ends of the interval",
    )
    got = BenchmarkResult.of([4.0, 1.0, 2.0, 3.0, 9.0, 8.0, 7.0])
    assert got.samples == (4.0, 1.0, 2.0, 3.0, 9.0, 8.0, 7.0), "BenchmarkResult.of: keep the samples in their order"
    assert (got.median, got.interval) == (4.0, (1.0, 9.0)), f"BenchmarkResult.of seven samples: got {got}"
    print("benchmark: intervals, percentiles and warm-up are right")


test_unit_benchmark()
### BEGIN HIDDEN TESTS
from tinytorch_lab.probes import probe, raises, rng

times = [rng.exponential(size=n) for n in (6, 7, 12, 25, 30, 64, 200)]
probe("intervals", [list(median_interval(sample)) for sample in times])
probe("confidence", [list(median_interval(times[-1], c)) for c in (0.0, 0.5, 0.9, 0.99, 0.9999)])
probe("ties", list(median_interval([1.0, 2.0, 2.0, 2.0, 2.0, 2.0, 2.0, 3.0])))
probe("too few", [raises(lambda: median_interval([1.0] * n)) for n in range(5)])
results = [BenchmarkResult.of(sample) for sample in times]
probe("results", [[r.median, r.p95, *r.interval, len(r.samples)] for r in results])
clock, order = FakeClock(), []


def call():
    order.append(clock.readings)
    clock.advance(float(rng.integers(1, 100)) / 64)


result = benchmark(call, warmup=4, repeats=9, clock=clock)
probe("samples", list(result.samples))
probe("readings at each call", order)
order.clear()
probe("no warm-up", [len(benchmark(call, warmup=0, repeats=6, clock=clock).samples), len(order)])
probe("too few repeats", raises(lambda: benchmark(call, repeats=4, clock=clock)))
probe("text", str(result))
### END HIDDEN TESTS

# %% [markdown]
r"""
### Which one is faster?

Two medians always differ, so "B has the smaller median" is not yet news. The rank test of section 1 asks how often
such an order of the samples would come about *by chance*. It uses ranks only, so it does not mind the long tail.

For every $a_i$, the number of $b_j$ above it plus half the number of those equal to it, summed up, is $U$. (With
`b` sorted, `np.searchsorted` finds both numbers, `side="left"` and `side="right"`, without a double loop.) Then

$$p = \tfrac12\,\mathrm{erfc}\!\left(\frac{U - nm/2 - \frac12}{\sigma\sqrt 2}\right), \qquad
\sigma^2 = \frac{nm}{12}\left(N + 1 - \sum_g \frac{t_g^3 - t_g}{N(N-1)}\right).$$

If all values are equal, $\sigma = 0$ and nothing at all can be claimed: $p = 1$.
"""

# %% nbgrader={"grade": false, "grade_id": "is_faster", "locked": false, "schema_version": 3, "solution": true, "task": false}
#| export
def chance_of_order(a: Sequence[float], b: Sequence[float]) -> float:
    """Probability that equal distributions give samples in which ``a`` lies below ``b`` as clearly as here.

    Mann and Whitney's one-sided test (1947) in its normal approximation, with corrections for ties and continuity.
    Raises ValueError if a sample is empty.
    Hint: ``np.unique(..., return_counts=True)`` finds groups of equal values; ``math.erfc``.
    """
    ### BEGIN SOLUTION
    n, m = len(a), len(b)
    if n == 0 or m == 0:
        raise ValueError(f"both samples need values, got {n} and {m}")
    ordered, total = np.sort(np.asarray(b, dtype=np.float64)), n + m
    not_above = np.searchsorted(ordered, a, side="right") + np.searchsorted(ordered, a, side="left")
    u = float(np.sum(m - not_above / 2))
    _, ties = np.unique(np.concatenate([a, b]), return_counts=True)
    tied = float(np.sum(ties.astype(np.float64) ** 3 - ties)) / (total * (total - 1))
    sigma = math.sqrt(max(0.0, n * m / 12 * (total + 1 - tied)))
    if sigma == 0:
        return 1.0
    return math.erfc((u - n * m / 2 - 0.5) / (sigma * math.sqrt(2))) / 2
    ### END SOLUTION


def is_faster(a: BenchmarkResult, b: BenchmarkResult, confidence: float = 0.95) -> bool:
    """Whether the samples of ``a`` are smaller than those of ``b``, with this confidence that it is not chance."""
    ### BEGIN SOLUTION
    return chance_of_order(a.samples, b.samples) < 1 - confidence
    ### END SOLUTION


# %% nbgrader={"grade": true, "grade_id": "test_is_faster", "locked": true, "points": 7, "schema_version": 3, "solution": false, "task": false}
def test_unit_is_faster():
    """Chances agree with known values; equal programs are not faster than each other."""
    cases = [
        ("1 … 8 against 9 … 16", range(1, 9), range(9, 17), 0.000469),
        ("9 … 16 against 1 … 8", range(9, 17), range(1, 9), 0.999691),
        ("1, 3, 5 … against 2, 4, 6 …", range(1, 20, 2), range(2, 21, 2), 0.366926),
        ("with ties", [1, 2, 2, 3, 3, 3, 4, 5], [2, 3, 3, 4, 4, 5, 6, 6, 7], 0.031242),
        ("all equal", [2.0] * 9, [2.0] * 12, 1.0),
    ]
    for label, a, b, expected in cases:
        np.testing.assert_allclose(
            chance_of_order(list(a), list(b)),
            expected,
            rtol=2e-3,
            err_msg=f"chance_of_order, {label}: the probability that it is chance",
        )
    quick, slow = (BenchmarkResult.of(start + 0.1 * np.arange(20)) for start in (1.0, 1.8))
    got = is_faster(quick, slow), is_faster(slow, quick), is_faster(quick, quick)
    assert got == (True, False, False), f"is_faster(quick, slow), (slow, quick), (quick, quick): got {got}"
    close = BenchmarkResult.of(1.4 + 0.1 * np.arange(20))
    got = is_faster(quick, close), is_faster(quick, close, confidence=0.999)
    assert got == (True, False), f"is_faster at 95 % and at 99.9 % for a small difference: expected (True, False), {got}"
    assert type(is_faster(quick, slow)) is bool, "is_faster: return a bool"

    tail = BenchmarkResult.of([*(1.0 + 0.01 * np.arange(19)), 500.0])
    assert is_faster(tail, slow), (
        "is_faster: one sample of 500 s must not outweigh 19 that are smaller; use the ranks, not the values"
    )
    draw = np.random.default_rng(1)
    claims = sum(
        is_faster(*(BenchmarkResult.of(draw.lognormal(size=15)) for _ in range(2))) for _ in range(400)
    )
    assert 5 <= claims <= 36, (
        f"is_faster claimed a difference between equal distributions in {claims} of 400 cases, expected about 20"
    )
    try:
        chance_of_order([], [1.0])
    except ValueError:
        pass
    else:
        raise AssertionError("chance_of_order([], [1.0]): expected ValueError, nothing was raised")
    print("is_faster: chances, directions and the rate of false claims are right")


test_unit_is_faster()
### BEGIN HIDDEN TESTS
from tinytorch_lab.probes import probe, raises, rng

pairs = [(rng.exponential(size=n), shift + rng.exponential(size=m)) for n, m, shift in
         ((8, 8, 0.0), (10, 25, 0.3), (30, 30, 0.5), (40, 12, -0.2), (200, 300, 0.1))]  # fmt: skip
probe("chances", [[chance_of_order(a, b), chance_of_order(b, a)] for a, b in pairs])
rounded = [(np.round(3 * a), np.round(3 * b)) for a, b in pairs]
probe("with ties", [[chance_of_order(a, b), chance_of_order(b, a)] for a, b in rounded])
probe("lists of integers", chance_of_order([1, 5, 2, 9], [3, 3, 8, 1, 7]))
probe("the order of the samples does not matter", chance_of_order(pairs[2][0][::-1], rng.permutation(pairs[2][1])))
probe("all equal", [chance_of_order([1.0], [1.0]), chance_of_order([0.0] * 30, [0.0] * 30)])
results = [(BenchmarkResult.of(a), BenchmarkResult.of(b)) for a, b in pairs]
probe("claims", [[is_faster(a, b, c) for c in (0.5, 0.9, 0.95, 0.999)] for a, b in results])
probe("errors", [raises(lambda: chance_of_order([], [1.0])), raises(lambda: chance_of_order([1.0], []))])
### END HIDDEN TESTS

# %% [markdown]
r"""
### Measure: how often a benchmark lies

The machine of the next cell is simulated, so that the truth is known: times with a long tail, and a processor that
slowly warms up and loses speed over a session. Two *equal* programs are compared many times, by four methods, once
one after the other and once **interleaved** (A, B, A, B, …). What to look for:

- "A has the smaller mean" claims a difference in half of the cases. That is what an unrepeated benchmark does.
- Three runs and the best of each: no better, only more convincing.
- The rank test is wrong in 5 % of the cases, as promised, *while the samples are independent*. With the drift it
  claims in four of five cases that the first program is faster. No statistics repairs a bad experiment; interleaving
  does.

Then it is applied: which of three ways to write a polynomial is faster on *this* machine?
"""

# %% tags=["measure"]
def session(draw, count, drift, interleaved):
    """Times of two equal programs; each run is slower than the one before by the share ``drift``."""
    times = 1e-3 * (1 + 0.1 * draw.lognormal(0.0, 1.0, size=2 * count)) * (1 + drift * np.arange(2 * count))
    return (times[0::2], times[1::2]) if interleaved else (times[:count], times[count:])


methods = {
    "smaller mean": lambda a, b: np.mean(a) < np.mean(b),
    "best of three": lambda a, b: np.min(a[:3]) < np.min(b[:3]),
    "intervals disjoint": lambda a, b: median_interval(a)[1] < median_interval(b)[0],
    "is_faster": lambda a, b: is_faster(BenchmarkResult.of(a), BenchmarkResult.of(b)),
}
print(f"{'claims “A is faster” for equal programs':40} {'still':>8} {'warming up':>11} {'interleaved':>12}")
for name, claim in methods.items():
    shares = []
    for drift, interleaved in ((0.0, False), (0.002, False), (0.002, True)):
        draw = np.random.default_rng(3)
        shares.append(np.mean([claim(*session(draw, 30, drift, interleaved)) for _ in range(400)]))
    print(f"{name:40} {shares[0]:8.1%} {shares[1]:11.1%} {shares[2]:12.1%}")

x = np.random.default_rng(0).normal(size=20_000).astype(np.float32)
ways = {
    "x**3 + x**2 + x": lambda: x**3 + x**2 + x,
    "x*x*x + x*x + x": lambda: x * x * x + x * x + x,
    "x*(x*(x + 1) + 1)": lambda: x * (x * (x + 1) + 1),
}
samples = {name: [] for name in ways}
for way in ways.values():
    benchmark(way, warmup=3, repeats=6)
for _ in range(40):
    for name, way in ways.items():
        with TimeProfiler(name, report=None) as timer:
            way()
        samples[name].append(timer.seconds)
results = {name: BenchmarkResult.of(values) for name, values in samples.items()}
print()
for name, result in results.items():
    print(f"{name:18} {result}")
first, *others = sorted(results, key=lambda name: results[name].median)
for other in others:
    verdict = is_faster(results[first], results[other])
    print(f"{first} faster than {other}: {verdict} (chance {chance_of_order(samples[first], samples[other]):.1g})")

# %% [markdown]
r"""
## 8. Watching a Model in Service

After the benchmark comes the world. A deployed model answers requests, and three questions have to be answered
all the time: is it *quick enough*, is it still *right*, and does it still see *what it was trained for*? `ModelMonitor`
keeps the last `window` requests and forgets the rest, because a server runs for months.

- **Tail latency.** The mean hides what a user in a hundred suffers; ask for quantiles.
- **Labels come late, or never.** Whether a transaction was fraud turns out after weeks. So a request has a name, and
  the label arrives under that name: perhaps after the request has left the window, which is not an error but not
  useful either. The accuracy is that of the requests whose label is known, and `nan` if none is: *not* zero.
- **The same name again** is a retry: the newer answer counts, and it is the newest request now.
- **Drift** needs no labels. `drift_score` compares one number per request (a feature of the input, the confidence of
  the answer) with what it was on reference data: the largest gap between two staircases. Both jump only at observed
  values, so it is enough to look there, but *after* all jumps at that value: ties.
"""

# %% nbgrader={"grade": false, "grade_id": "drift_score", "locked": false, "schema_version": 3, "solution": true, "task": false}
#| export
def drift_score(reference: Sequence[float], live: Sequence[float]) -> float:
    """Largest gap between the distribution functions of two samples, from 0 (equal) to 1 (disjoint).

    The two-sample statistic of Kolmogorov and Smirnov, in O(n log n). Raises ValueError if a sample is empty or
    holds NaN, which no order can place.
    Hint: how many values are at most x? ``np.searchsorted(..., side="right")``, for all observed x at once.
    """
    ### BEGIN SOLUTION
    first, second = (np.sort(np.asarray(sample, dtype=np.float64)) for sample in (reference, live))
    if first.size == 0 or second.size == 0:
        raise ValueError(f"both samples need values, got {first.size} and {second.size}")
    observed = np.concatenate([first, second])
    if np.isnan(observed).any():
        raise ValueError("a sample holds NaN")
    below = np.searchsorted(first, observed, side="right") / first.size
    live_below = np.searchsorted(second, observed, side="right") / second.size
    return float(np.abs(below - live_below).max())
    ### END SOLUTION


def drift_limit(n: int, m: int, alpha: float = 0.01) -> float:
    """The score that samples of n and m values from one distribution exceed with probability ``alpha`` only."""
    ### BEGIN SOLUTION
    return math.sqrt(-math.log(alpha / 2) / 2 * (n + m) / (n * m))
    ### END SOLUTION


# %% nbgrader={"grade": true, "grade_id": "test_drift_score", "locked": true, "points": 5, "schema_version": 3, "solution": false, "task": false}
def test_unit_drift_score():
    """Known gaps, ties, order, and a limit that chance rarely exceeds."""
    cases = [
        ("equal samples", [1, 2, 3, 4], [4, 3, 2, 1], 0.0),
        ("disjoint samples", [1, 2, 3], [4, 5, 6, 7], 1.0),
        ("half of it moved", [1, 2, 3, 4], [3, 4, 5, 6], 0.5),
        ("twice the same values", [1, 2, 3], [1, 1, 2, 2, 3, 3], 0.0),
        ("ties", [0, 0, 1, 1], [0, 1, 1, 1], 0.25),
        ("a single value", [5.0], [5.0], 0.0),
        ("wider, same median", [-1, -1, 1, 1], [-9, -9, 9, 9], 0.5),
    ]
    for label, reference, live, expected in cases:
        for a, b in ((reference, live), (live, reference)):
            np.testing.assert_allclose(drift_score(a, b), expected, err_msg=f"drift_score({a}, {b}), {label}")
    for bad in (([], [1.0]), ([1.0], []), ([1.0, np.nan], [1.0])):
        try:
            drift_score(*bad)
        except ValueError:
            pass
        else:
            raise AssertionError(f"drift_score{bad}: expected ValueError, nothing was raised")
    np.testing.assert_allclose(
        [drift_limit(100, 100), drift_limit(1000, 200, alpha=0.05)],
        [0.230180, 0.105196],
        rtol=1e-4,
        err_msg="drift_limit(100, 100) and drift_limit(1000, 200, alpha=0.05)",
    )
    draw = np.random.default_rng(0)
    scores = [drift_score(draw.normal(size=300), draw.normal(size=100)) for _ in range(300)]
    alarms = np.mean(np.array(scores) > drift_limit(300, 100, alpha=0.1))
    assert 0.02 < alarms < 0.16, f"drift_limit at alpha = 0.1: {alarms:.0%} false alarms, expected about 10 %"
    large = draw.normal(size=100_000)
    with TimeProfiler("large", time.process_time, report=None) as timer:
        drift_score(large, large[::2])
    assert timer.seconds < 1.0, f"drift_score of 100,000 values took {timer.seconds:.1f} s: sort, do not compare all"
    print("drift_score: gaps, ties, limits and complexity are right")


test_unit_drift_score()
### BEGIN HIDDEN TESTS
from tinytorch_lab.probes import probe, raises, rng

pairs = [(rng.normal(size=n), shift + rng.normal(size=m)) for n, m, shift in
         ((50, 50, 0.0), (30, 200, 0.5), (500, 20, 1.0), (1, 9, 0.2), (100, 100, -3.0))]  # fmt: skip
probe("scores", [[drift_score(a, b), drift_score(b, a)] for a, b in pairs])
probe("ties", [drift_score(np.round(a), np.round(b)) for a, b in pairs])
probe("integers and lists", drift_score([3, 1, 2, 2], rng.integers(0, 5, size=40).tolist()))
probe("infinite values", drift_score([-np.inf, 0.0, 1.0], [0.0, np.inf]))
probe("limits", [drift_limit(int(n), 77, a) for n, a in ((10, 0.5), (100, 0.05), (10**6, 0.001))])
probe("errors", [raises(lambda: drift_score(*bad)) for bad in (([], [1.0]), ([1.0], []), ([np.nan], [1.0]))])
kept = pairs[0][0].copy()
drift_score(kept, pairs[0][1])
probe("the samples are left alone", bool(np.array_equal(kept, pairs[0][0])))
### END HIDDEN TESTS

# %% nbgrader={"grade": false, "grade_id": "model_monitor", "locked": false, "schema_version": 3, "solution": true, "task": false}
#| export
@dataclass
class Request:
    """One answered request: what was answered, in how many seconds, the watched number, and the label once known."""

    answer: Any
    seconds: float
    watched: float
    label: Any = None


class ModelMonitor:
    """The last ``window`` requests of a model in service."""

    def __init__(self, window: int) -> None:
        """Raises ValueError unless ``window`` is at least 1.

        ``self.requests`` maps the names of requests to them, the oldest first.
        """
        if window < 1:
            raise ValueError(f"window must be at least 1, got {window}")
        self.window = window
        self.requests: OrderedDict[str, Request] = OrderedDict()

    def record(self, name: str, answer: Any, seconds: float, watched: float = 0.0) -> None:
        """Note a request; a name that is there already is replaced and becomes the newest.

        Hint: a dictionary keeps the order of insertion, and a new value under an old key does not change its place. An
        ``OrderedDict`` has ``popitem(last=False)``.
        """
        ### BEGIN SOLUTION
        self.requests.pop(name, None)
        self.requests[name] = Request(answer, seconds, watched)
        if len(self.requests) > self.window:
            self.requests.popitem(last=False)
        ### END SOLUTION

    def add_label(self, name: str, label: Any) -> bool:
        """Note the right answer of a request. Return whether the request is still in the window."""
        ### BEGIN SOLUTION
        request = self.requests.get(name)
        if request is None:
            return False
        request.label = label
        return True
        ### END SOLUTION

    def latency(self, quantile: float) -> float:
        """The quantile (0 to 1) of the seconds; ``nan`` without requests."""
        ### BEGIN SOLUTION
        if not self.requests:
            return math.nan
        return float(np.quantile([request.seconds for request in self.requests.values()], quantile))
        ### END SOLUTION

    def accuracy(self) -> float:
        """Share of right answers among the requests with a label; ``nan`` if there are none."""
        ### BEGIN SOLUTION
        known = [request for request in self.requests.values() if request.label is not None]
        if not known:
            return math.nan
        return sum(request.answer == request.label for request in known) / len(known)
        ### END SOLUTION

    def drift(self, reference: Sequence[float], alpha: float = 0.01) -> tuple[float, bool]:
        """``drift_score`` of the watched numbers, and whether it exceeds ``drift_limit``.

        Raises ValueError without requests.
        """
        ### BEGIN SOLUTION
        live = [request.watched for request in self.requests.values()]
        score = drift_score(reference, live)
        return score, score > drift_limit(len(reference), len(live), alpha)
        ### END SOLUTION


# %% nbgrader={"grade": true, "grade_id": "test_model_monitor", "locked": true, "points": 9, "schema_version": 3, "solution": false, "task": false}
def test_unit_model_monitor():
    """The window is bounded, labels may come late or never, and retries count once."""
    monitor = ModelMonitor(window=4)
    assert math.isnan(monitor.accuracy()), f"accuracy without requests: expected nan, got {monitor.accuracy()}"
    assert math.isnan(monitor.latency(0.5)), f"latency without requests: expected nan, got {monitor.latency(0.5)}"
    for number in range(6):
        monitor.record(f"r{number}", number % 2, seconds=float(number))
    names = list(monitor.requests)
    assert names == ["r2", "r3", "r4", "r5"], f"window of 4 after r0 … r5: expected r2 … r5, got {names}"
    np.testing.assert_allclose(
        [monitor.latency(q) for q in (0.0, 0.5, 1.0)], [2.0, 3.5, 5.0], err_msg="latency of 2, 3, 4, 5 s"
    )
    assert math.isnan(monitor.accuracy()), f"accuracy: no label is known, expected nan, got {monitor.accuracy()}"
    found = [monitor.add_label(name, 0) for name in ("r2", "r3", "r0", "never seen")]
    assert found == [True, True, False, False], (
        f"add_label for r2, r3, and for two that are not in the window: expected [True, True, False, False], got {found}"
    )
    assert monitor.accuracy() == 0.5, f"accuracy: r2 right, r3 wrong, others unknown; expected 0.5, got {monitor.accuracy()}"
    assert list(monitor.requests) == names, "add_label must not bring a request back or move it"
    monitor.record("r2", 1, seconds=9.0)
    assert list(monitor.requests) == ["r3", "r4", "r5", "r2"], (
        f"r2 is answered again: it is the newest now, and nothing leaves; got {list(monitor.requests)}"
    )
    assert monitor.accuracy() == 0.0, "r2 is answered again: the old answer's label went with it"
    monitor.record("r6", 1, seconds=1.0)
    assert list(monitor.requests) == ["r4", "r5", "r2", "r6"], f"the oldest is r3 now; got {list(monitor.requests)}"
    monitor.add_label("r6", False)
    monitor.add_label("r4", 0)
    assert monitor.accuracy() == 0.5, f"labels 0 and False are labels as well; expected 0.5, got {monitor.accuracy()}"

    draw = np.random.default_rng(0)
    reference = draw.normal(size=500)
    monitor = ModelMonitor(window=200)
    for number, value in enumerate(draw.normal(size=200)):
        monitor.record(str(number), 0, 0.01, watched=value)
    score, alarm = monitor.drift(reference)
    assert score < 0.15, f"drift: nothing has changed, the score is {score:.2f}"
    assert not alarm, f"drift: nothing has changed, yet there is an alarm at {score:.2f}"
    for number, value in enumerate(1.0 + draw.normal(size=150)):
        monitor.record(f"shifted {number}", 0, 0.01, watched=value)
    score, alarm = monitor.drift(reference)
    assert score > 0.2, f"drift: three quarters of the window have moved by 1, the score is only {score:.2f}"
    assert alarm, f"drift: no alarm at a score of {score:.2f}"
    try:
        ModelMonitor(0)
    except ValueError:
        pass
    else:
        raise AssertionError("ModelMonitor(0): expected ValueError, nothing was raised")
    print("ModelMonitor: window, late labels, retries and drift are right")


test_unit_model_monitor()
### BEGIN HIDDEN TESTS
from tinytorch_lab.probes import probe, raises, rng

monitor, seen = ModelMonitor(window=int(rng.integers(5, 12))), []
for _ in range(120):
    name = f"r{rng.integers(0, 30)}"
    monitor.record(name, int(rng.integers(0, 3)), float(rng.exponential()), float(rng.normal()))
    if rng.random() < 0.6:
        seen.append(monitor.add_label(f"r{rng.integers(0, 30)}", int(rng.integers(0, 3))))
    seen.append([len(monitor.requests), monitor.latency(0.95), monitor.accuracy()])
probe("a service with retries and late labels", [value for value in seen if value is not None])
probe("the window", list(monitor.requests))
probe("quantiles", [monitor.latency(q) for q in (0.0, 0.1, 0.5, 0.99, 1.0)])
reference = rng.normal(size=64)
score, alarm = monitor.drift(reference)
probe("drift", [score, bool(alarm)])
probe("drift at other levels", [bool(monitor.drift(reference + 2.0, alpha)[1]) for alpha in (0.5, 0.05, 1e-9)])
probe("no requests", [raises(lambda: ModelMonitor(3).drift(reference)), math.isnan(ModelMonitor(3).accuracy())])
one = ModelMonitor(1)
for number in range(3):
    one.record("same" if number else "first", number, float(number))
probe("a window of one", [list(one.requests), one.requests["same"].answer, one.latency(0.5)])
probe("labels of any kind", [one.add_label("same", 0), one.accuracy(), one.add_label("same", 2), one.accuracy()])
probe("errors", [raises(lambda: ModelMonitor(0)), raises(lambda: ModelMonitor(-3))])
### END HIDDEN TESTS

# %% [markdown]
r"""
### Measure: a model that grows old

The next cell trains a classifier, lets it serve for sixty days, and changes the world in two ways: from day 20 on,
the *inputs* move slowly in a direction that does not matter for the answer, and from day 40 on the *rule* changes,
while the inputs stay as they are by then. Labels arrive ten days late. What to look for:

- In the first twenty days the score stays below the dotted line, the limit for as many values as the window holds by
  then, and above 0: chance. From day 15 on the window is full, and the limit stands still.
- From day 20, the drift of the feature raises an alarm long before day 40, while the accuracy is as good as ever. An
  alarm says "look", not "retrain".
- From day 40 the accuracy falls, and *no score says so*: it rises only until the window of fifteen days holds moved
  inputs alone, and then stands still. What the monitor shows is ten to fourteen days old. Only labels find a changed
  rule, and they come late.
"""

# %% tags=["measure"]
from tinytorch.losses import cross_entropy
from tinytorch.optimizers import Adam

draw = np.random.default_rng(0)


def world(count, shift=0.0, angle=0.0):
    """Points in the plane; the label asks on which side of a line through 0 they lie; the shift goes along it."""
    points = draw.normal(size=(count, 2)) + np.array([0.0, shift])
    return points, (np.cos(angle) * points[:, 0] + np.sin(angle) * points[:, 1] > 0).astype(int)


points, labels = world(2000)
model = Sequential(Linear(2, 8), ReLU(), Linear(8, 2))
optimizer = Adam(model.parameters(), lr=0.02)
for _ in range(150):
    optimizer.zero_grad()
    cross_entropy(model(Tensor(points)), labels).backward()
    optimizer.step()

feature = points[:, 1]
monitor, late, days, delay = ModelMonitor(window=1500), [], 60, 10
history = {"feature": [], "accuracy": [], "truth": []}
for day in range(days):
    points, labels = world(100, shift=0.04 * min(max(0, day - 20), 20), angle=0.03 * max(0, day - 40))
    with no_grad():
        answers = model(Tensor(points)).data.argmax(axis=1)
    for number in range(100):
        monitor.record(f"{day}/{number}", answers[number], 0.001, watched=points[number, 1])
        late.append((day + delay, f"{day}/{number}", labels[number]))
    while late and late[0][0] <= day:
        _, name, label = late.pop(0)
        monitor.add_label(name, label)
    history["feature"].append(monitor.drift(feature)[0])
    history["accuracy"].append(monitor.accuracy())
    history["truth"].append(np.mean(answers == labels))

limit = drift_limit(len(feature), 1500)
alarm = next(day for day in range(15, days) if history["feature"][day] > limit)
print(f"drift alarm on day {alarm}, when the true accuracy was {history['truth'][alarm]:.1%}")
print(f"day 59: truth {history['truth'][-1]:.1%}, monitor {history['accuracy'][-1]:.1%}")
figure, axes = plt.subplots(1, 2, figsize=(10.5, 3.2), sharex=True)
axes[0].plot(history["feature"], label="drift score")
limits = [drift_limit(len(feature), min(100 * (day + 1), 1500)) for day in range(days)]
axes[0].plot(limits, color="black", ls=":", label="limit, α = 1 %")
axes[0].set(xlabel="day", title="the watched feature")
axes[1].plot(history["truth"], color="C2", label="accuracy of the day")
axes[1].plot(history["accuracy"], color="C3", label="as the monitor sees it")
axes[1].set(xlabel="day", title="accuracy")
for axis in axes:
    axis.axvspan(20, 40, color="C0", alpha=0.08)
    axis.axvspan(40, days, color="C3", alpha=0.08)
    axis.legend(fontsize=8)
figure.tight_layout()
plt.show()

# %% [markdown]
r"""
## 9. Memory and Complexity

Instruments cost something, and a good one says how much. The next cell measures four prices:

- what a layer's call takes *longer* because it is observed. `sys.setprofile` runs its hook for every function that
  Python calls, not only for layers: models of many small operations suffer most, and their profile is the least
  trustworthy;
- the walk for the FLOPs, per op: linear, as in Module 06;
- `drift_score` against the definition with a double loop: $O(n \log n)$ against $O(n \cdot m)$;
- the memory of a monitor: after ten times as many requests as its window holds it has grown once, by less than half,
  because its table of names needs room for gaps; after a hundred times as many it is the same;
- the time of a request that pushes out an older one: it grows far less than the window. That is what the `OrderedDict`
  is for. A plain dictionary finds its oldest entry by stepping over the gaps that earlier ones have left, and the longer
  the window, the more gaps there are.
"""

# %% tags=["measure"]
from tinytorch.setup import measure_memory

nothing = [lambda _layer: None, lambda _layer, _inputs, _results: None]
print(f"{'layers':>8} {'width':>7} {'plain':>11} {'observed':>11} {'factor':>7}")
for depth, width in ((200, 4), (50, 64), (10, 512)):
    model = Sequential([layer for _ in range(depth) for layer in (Linear(width, width), ReLU())])
    x = Tensor(np.ones((64, width)))
    plain = least_time(lambda: model(x), repeats=15)
    with observe_layers(*nothing):
        observed = least_time(lambda: model(x), repeats=15)
    print(f"{2 * depth:8} {width:7} {format_seconds(plain):>11} {format_seconds(observed):>11} {observed / plain:7.2f}")
for length in (2000, 4000):
    chain = recorded(1)
    for _ in range(length):
        chain = chain + 1.0
    walk = least_time(lambda: recorded_ops([chain]), repeats=10)
    print(f"walk over {length} ops: {format_seconds(walk / length)} per op")


def drift_by_definition(reference, live):
    gaps = [abs(np.mean(reference <= x) - np.mean(live <= x)) for x in np.concatenate([reference, live])]
    return max(gaps)


for n in (500, 1000, 2000):
    a, b = draw.normal(size=n), draw.normal(size=n)
    quick, slow = benchmark(lambda: drift_score(a, b), repeats=10), benchmark(lambda: drift_by_definition(a, b), 0, 6)
    assert math.isclose(drift_score(a, b), drift_by_definition(a, b))
    print(f"drift of {n} values: {format_seconds(quick.median)}, by the definition {format_seconds(slow.median)}")


def serve(count):
    monitor = ModelMonitor(window=1000)
    for number in range(count):
        monitor.record(f"request {number}", 0, 0.001)


print("peak of a monitor with a window of 1,000, after")
for count in (1000, 10_000, 100_000):
    print(f"{count:9,} requests: {measure_memory(lambda: serve(count))[1] / 1e3:.0f} kB")


def seconds_each(step, window, count=50_000):
    """Seconds for one of ``count`` calls ``step(number)`` that come after the first ``window``."""
    for number in range(window):
        step(number)
    with TimeProfiler("steps", report=None) as timer:
        for number in range(window, window + count):
            step(number)
    return timer.seconds / count


def recording(window):
    monitor = ModelMonitor(window)
    return lambda number: monitor.record(f"request {number}", 0, 0.001)


def pushing(entries, window):
    def step(number):
        entries[number] = None
        if len(entries) > window:
            del entries[next(iter(entries))]

    return step


print(f"{'window':>8} {'a request':>11} {'oldest out of OrderedDict':>27} {'of dict':>11}")
for window in (1000, 100_000):
    steps = recording(window), pushing(OrderedDict(), window), pushing({}, window)
    times = [format_seconds(seconds_each(step, window)) for step in steps]
    print(f"{window:8,} {times[0]:>11} {times[1]:>27} {times[2]:>11}")

# %% [markdown]
r"""
## 10. In Production

**Two kinds of profilers.** Ours is *deterministic*, like Python's `cProfile`: it sees every call, and slows down what
it watches. A *sampling* profiler (`py-spy`, `perf`, Google-Wide Profiling in data centres) interrupts a running
program some hundred times a second and notes where it is. It costs a percent or two, can be attached to a server,
and is blind to what is rare.

**PyTorch.** `torch.profiler.profile` records every operator on the CPU and every kernel on the GPU, groups them by
module, stack or shape, and exports a trace in which one *sees* gaps: time when the GPU waits for the data loader, or
for Python. `torch.utils.benchmark.Timer` measures in blocks, warms up, fixes the number of threads and reports
median and interquartile range. `FlopCounterMode` counts by operator, with rules in a table like ours.

**Asynchronous devices.** A GPU operation returns before it is done. `time.perf_counter()` around it measures the
*launch*; without `torch.cuda.synchronize()` before each reading of the clock, a large product seems to take
microseconds. It is the commonest mistake in published GPU timings.

**MLPerf.** The industry's benchmark fixes the model, the data and the quality to be reached, and distinguishes in
which situation inference is measured: *single stream* (one request at a time: the 90th percentile of latency),
*multi-stream* (a few at once), *server* (requests arrive at random: how many per second, while the 99th percentile
stays below a limit), *offline* (everything is there: throughput). A system tuned for one of them can be bad at
another, because batching buys throughput with latency.

**Monitoring.** Prometheus and Grafana watch times and errors; on top of them come drift tests on inputs and outputs
(Kolmogorov–Smirnov, population stability index, distances between embeddings). With 500 features tested at 1 % each,
five alarms a day are chance: thresholds have to be adapted to the number of tests. Late labels are sped up by sending
a small random sample to people.

## 11. What Breaks First at Scale

**The tail.** A page that asks 100 servers and waits for the slowest one is as slow as *their* 99th percentile in
$1 - 0.99^{100} = 63\,\%$ of all cases: "slow" becomes the rule. And a server whose capacity is nearly used up
queues: waiting times grow without bound as the load approaches 1, although the service itself is as fast as ever.

The next cell plays both: a queue with one server and requests that arrive at random, and a request that fans out. What to
look for: up to half of the capacity the median hardly moves, while the 99th percentile has doubled; beyond that both run
away; at which load would you buy a second server? A benchmark in
which the *client* waits for an answer before it sends the next request never sees a queue, and so reports a tail that
no user will have ("coordinated omission").
"""

# %% tags=["measure"]
def waiting_times(load, count=40_000, seed=0):
    """Seconds from arrival to answer at one server; a request takes 10 ms, or 30 ms in one of 20 cases."""
    draw = np.random.default_rng(seed)
    service = np.where(draw.random(count) < 0.05, 0.03, 0.01)
    arrivals = np.cumsum(draw.exponential(service.mean() / load, size=count))
    times, free = np.empty(count), 0.0
    for number, (arrival, seconds) in enumerate(zip(arrivals, service)):
        free = max(arrival, free) + seconds
        times[number] = free - arrival
    return times


loads = (0.1, 0.3, 0.5, 0.7, 0.8, 0.9, 0.95)
print(f"{'load':>5} {'median':>10} {'p99':>10} {'p99.9':>10}")
tails = []
for load in loads:
    quantiles = np.quantile(waiting_times(load), (0.5, 0.99, 0.999))
    tails.append(quantiles)
    print(f"{load:5.0%} " + " ".join(f"{format_seconds(value):>10}" for value in quantiles))
times = waiting_times(0.3)
print("\none request asks n servers at a load of 30 %, and waits for all of them")
for servers in (1, 10, 100):
    slowest = np.random.default_rng(1).choice(times, size=(4000, servers)).max(axis=1)
    print(f"n = {servers:3}: median {format_seconds(np.median(slowest))}, ", end="")
    print(f"slower than the p99 of one server: {np.mean(slowest > np.quantile(times, 0.99)):.0%}")
figure, axis = plt.subplots(figsize=(6, 3.2))
for column, label in enumerate(("median", "p99", "p99.9")):
    axis.semilogy(loads, [1000 * row[column] for row in tails], "o-", label=label)
axis.set(xlabel="load", ylabel="ms", title="one queue, one server")
axis.legend()
plt.show()

# %% [markdown]
"""
## 12. Integration Test

All instruments on one model: counts, profile, roofline, benchmark and monitor have to tell one story.
"""

# %% nbgrader={"grade": true, "grade_id": "test_profiling", "locked": true, "points": 3, "schema_version": 3, "solution": false, "task": false}
def test_unit_profiling():
    """Counts, profile, roofline, benchmark and monitor agree about one small network."""
    network = Sequential(Flatten(), Linear(48, 16), GELU(), Linear(16, 4))
    x = Tensor(np.random.default_rng(0).normal(size=(20, 3, 4, 4)))
    expected = 20 * (16 * (2 * 48 + 1) + 9 * 16 + 4 * (2 * 16 + 1))
    got = count_flops(network, x.shape)
    assert got == expected, f"count_flops of the network: expected {expected}, got {got}"
    profiles = Profiler(network)(x)
    assert profiles[0].flops == expected, f"Profiler: {profiles[0].flops} FLOPs of the model, expected {expected}"
    leaves = sum(profile.flops for profile in profiles[1:])
    assert leaves == expected, f"Profiler: the layers' FLOPs add up to {leaves}, expected {expected}"
    own = sum(profile.own_seconds for profile in profiles)
    np.testing.assert_allclose(own, profiles[0].seconds, err_msg="Profiler: own times add up to the model's time")
    moved = sum(profile.output_bytes for profile in profiles[1:]) + x.memory_footprint()
    estimate = roofline(expected, moved, peak_flops=1e15, peak_bandwidth=1e13)
    result = benchmark(lambda: network(x), repeats=10)
    assert estimate.seconds < result.interval[0], (
        f"no machine is that fast: roofline {estimate.seconds:.1e} s, measured {result.interval[0]:.1e} s"
    )
    monitor = ModelMonitor(window=10)
    answers = network(x).data.argmax(axis=1)
    for number, answer in enumerate(answers):
        monitor.record(str(number), answer, result.median, watched=float(x.data[number].mean()))
        monitor.add_label(str(number), answer if number % 5 else answer + 1)
    assert monitor.accuracy() == 0.8, f"ModelMonitor: 8 of the last 10 are right, accuracy is {monitor.accuracy()}"
    assert monitor.latency(0.99) == result.median, "ModelMonitor: all latencies are the same, and so is their p99"
    print("integration: counts, profile, roofline, benchmark and monitor agree")


test_unit_profiling()
### BEGIN HIDDEN TESTS
from tinytorch_lab.probes import probe, raises, rng

sizes = [int(size) for size in rng.integers(2, 12, size=4)]
network = Sequential(Linear(sizes[0], sizes[1]), Sequential(ReLU(), Linear(sizes[1], sizes[2], bias=False)), GELU())
batch = Tensor(rng.normal(size=(sizes[3], sizes[0])))
profiles = Profiler(network)(batch)
probe("profile", [[p.name, p.kind, p.calls, p.flops, p.output_bytes] for p in profiles])
probe("total", [profiles[0].flops, count_flops(network, batch.shape)])
probe("by op", flops_by_op([network(batch)]))
share = sum(p.own_seconds for p in profiles) / profiles[0].seconds
probe("own times", round(share, 6))
clock = FakeClock()
layers = [Waits(clock, float(seconds)) for seconds in rng.integers(1, 9, size=3)]
profiles = Profiler(Sequential(layers), clock)(batch)
slowest = max(profiles[1:], key=lambda p: p.own_seconds)
shares = [p.own_seconds / profiles[0].seconds for p in profiles]
probe("shares", shares)
probe("Amdahl", 1 / (1 - slowest.own_seconds / profiles[0].seconds / 2))
results = [benchmark(lambda: clock.advance(float(step) + float(rng.random())), 0, 12, clock) for step in (1, 2)]
probe("is_faster", [is_faster(*results), is_faster(*results[::-1]), *results[0].interval])
monitor = ModelMonitor(8)
for number, value in enumerate(batch.data.reshape(-1)[:20]):
    monitor.record(str(number), number % 2, results[0].samples[number % 12], float(value))
probe("monitor", [monitor.latency(0.9), len(monitor.requests), monitor.drift([float(v) for v in rng.normal(size=30)])[0]])
### END HIDDEN TESTS

# %% [markdown]
"""
## 🤔 ML Systems Thinking

Three questions, each answered in 150–300 words. Argue with your own code and with figures from your own run.
"""

# %% [markdown] nbgrader={"grade": false, "grade_id": "question_1", "locked": true, "schema_version": 3, "solution": false, "task": false}
"""
### Question 1: Where the time goes

**Context:** You profiled the CNN and the GPT by layer, counted their FLOPs from the graph, and measured the roof of
your machine with kernels of different intensity.

**Question:** A colleague wants to double the speed of the CNN's forward pass and asks which layer to rewrite. Answer
with your profile: what would an infinitely fast version of the most expensive kind of layer bring by Amdahl's law, and
what of the cheapest? Why do the shares of time and the shares of FLOPs differ, and which layers lie left of the ridge of
your machine? Estimate from the roofline how far your convolution is from what the machine could do. Then: the machine
is replaced by one with twice the FLOP/s and the same bandwidth. Which layers gain? Finally, why do *seconds* not add up
to the whole while *own seconds* do?

**Expected response:** 150–300 words, with the calculation and at least three of your own figures.
"""

# %% [markdown] nbgrader={"grade": true, "grade_id": "response_1", "locked": false, "points": 10, "schema_version": 3, "solution": true, "task": false}
"""
=== BEGIN MARK SCHEME ===
EXCELLENT (9-10 points):
- Applies Amdahl's law with own shares: 1/(1 - p) for the most expensive kind of layer, and a factor close to 1 for the cheapest; concludes whether doubling is possible at all with one layer
- Explains the difference of the shares by arithmetic intensity: pools, ReLUs and additions have few FLOPs per byte and are bound by memory traffic, products by arithmetic
- Places layers against the own ridge (FLOP per byte) and quotes it
- Compares the measured GFLOP/s of the convolution with the attainable rate of the own roof, and names a reason for the gap, such as im2col copies, small channels, fresh memory or recording
- Says that only layers right of the ridge gain from more FLOP/s, that the ridge moves right, and that the whole gains less than a factor of 2
- Own time leaves out inner layers, so each second counts once; seconds of nested layers overlap
GOOD (7-8 points):
- Correct use of Amdahl's law with an own share
- Intensity named as the reason, with at least one layer on each side of the ridge
- Own and inclusive time distinguished
- The comparison with the roof missing or only qualitative
SATISFACTORY (5-6 points):
- Picks the most expensive layer from the own profile, without a limit for the gain
- Knows that FLOPs and time differ, without the role of memory traffic
- One own figure
NEEDS IMPROVEMENT (1-4 points):
- Chooses by FLOPs or by feeling
- Takes the roofline for a prediction of the time, or adds up inclusive times
- No own figures
NO CREDIT (0 points):
- No answer, or unrelated to profiling
- Copied question text only
- Every claim wrong
=== END MARK SCHEME ===

**Your response:**
"""

# %% [markdown] nbgrader={"grade": false, "grade_id": "question_2", "locked": true, "schema_version": 3, "solution": false, "task": false}
"""
### Question 2: A benchmark one may believe

**Context:** You simulated equal programs on a machine that warms up, compared four ways to claim a difference, and
played a server at different loads. Section 10 names MLPerf's four scenarios.

**Question:** A blog reports: "Library A needs 1.92 ms and library B 2.05 ms for our model, mean of 3 runs, A measured in
the morning and B after lunch; so A is 7 % faster and our service will answer 7 % more users." Name four things that are
wrong with it, and for each what your experiment showed or which of your functions avoids it. Design the comparison that
you would believe: order, warm-up, number of samples, what you report, and the rule for "faster". Why can five samples never
give a 95 % interval? Which MLPerf scenario would you choose for (a) sorting a photo archive, (b) a voice assistant, (c) a
web service, and why does the best batch size differ?

**Expected response:** 150–300 words, with at least two figures of your own.
"""

# %% [markdown] nbgrader={"grade": true, "grade_id": "response_2", "locked": false, "points": 10, "schema_version": 3, "solution": true, "task": false}
"""
=== BEGIN MARK SCHEME ===
EXCELLENT (9-10 points):
- Names four flaws: too few samples, mean instead of median or quantiles, no measure of uncertainty, not interleaved (drift between the sessions), latency taken for throughput or capacity
- Refers each to the simulation: about half of the claims by means are false, the rank test near 5 %, and wrong in about four of five cases with drift unless interleaved, with own figures
- Designs it: warm-up, A and B in turn, 30 or more samples, median with interval and p95, is_faster at a stated confidence, machine and versions stated
- Explains that with 5 samples the widest interval, from smallest to largest, covers the median with 1 - 2/32 = 94 % only
- Chooses offline for (a), single stream for (b), server for (c), with reasons: throughput, latency of one request, throughput under a limit on the tail
- Says that batching buys throughput with waiting time, and uses the own table of load and p99
GOOD (7-8 points):
- Three flaws with reasons, one supported by an own figure
- A sound design including interleaving or another control of drift
- Scenarios right with short reasons
- Five samples only asserted to be too few
SATISFACTORY (5-6 points):
- Asks for more runs and a warm-up
- Two flaws, in general terms
- Scenarios partly right
NEEDS IMPROVEMENT (1-4 points):
- Accepts the claim, or asks only for a more precise clock
- Believes that more samples remove a bias
- No figures
NO CREDIT (0 points):
- No answer, or unrelated to benchmarks
- Copied question text only
- Every claim wrong
=== END MARK SCHEME ===

**Your response:**
"""

# %% [markdown] nbgrader={"grade": false, "grade_id": "question_3", "locked": true, "schema_version": 3, "solution": false, "task": false}
"""
### Question 3: Monitoring, drift, and when to train again

**Context:** Your monitor watched a classifier for sixty days: first nothing changed, then inputs moved, then the rule
changed, while labels came ten days late.

**Question:** Describe what the monitor showed in the three periods and what it could not show, with your figures. A bank
watches 400 features of its fraud model with `drift_score` at α = 1 % every day, over windows of one million requests; the
team is drowned in alarms. Give two different reasons, and a remedy for each. Labels (real fraud) are known after six
weeks, and only for transactions that were let through. What does that do to the measured accuracy, and how would you get
better information sooner? Finally: state a rule for training again that you could defend, and say what has to be checked
before the new model replaces the old one.

**Expected response:** 150–300 words, with at least two of your own figures.
"""

# %% [markdown] nbgrader={"grade": true, "grade_id": "response_3", "locked": false, "points": 10, "schema_version": 3, "solution": true, "task": false}
"""
=== BEGIN MARK SCHEME ===
EXCELLENT (9-10 points):
- Three periods with own figures: score below its limit, then an alarm at full accuracy (harmless drift of the inputs), then falling accuracy that no input drift shows, seen ten days late
- First reason: 400 tests at 1 % give about four false alarms a day; remedy: a smaller alpha per test (divided by the number), or alarms on persistent change only
- Second reason: with a million values the limit is so small that differences without consequence are significant; remedy: a threshold on the size of the score, not on its significance, or weights by importance
- Labels of let-through transactions are a biased sample: accuracy on the refused ones is unknown; remedy: let a small random share through or have people label a random sample
- A defensible rule that combines label-based quality with drift, and is not triggered by drift alone
- Before replacing: compare both models on recent labelled data (held out), in shadow or on a small share of traffic, with latency and a way back
GOOD (7-8 points):
- Periods described correctly with a figure
- Multiple testing recognised with a remedy
- Late or selective labels discussed with one consequence
- A rule for training again with a reason
SATISFACTORY (5-6 points):
- Distinguishes drift of inputs from a changed rule
- Remedy for alarms only "raise the threshold"
- Rule such as "every month" without a reason
NEEDS IMPROVEMENT (1-4 points):
- Takes drift for proof of a worse model, or its absence for proof of health
- Believes that more data solves the problem of alarms
- No figures
NO CREDIT (0 points):
- No answer, or unrelated to monitoring
- Copied question text only
- Every claim wrong
=== END MARK SCHEME ===

**Your response:**
"""

# %% [markdown]
r"""
## 🎯 Module Summary

**Built.** `TimeProfiler`; `get_memory_usage`; FLOP rules and `count_flops`; `roofline`; `CallTimer` and `Profiler`;
`median_interval`, `benchmark`, `chance_of_order` and `is_faster`; `drift_score`, `drift_limit` and `ModelMonitor`.

**Measured.** Three clocks and the price of looking; memory that is reserved, touched and held; FLOPs per token and
parameter; the roof of the machine and kernels below it; a CNN and a GPT by layer; how often benchmarks claim what is
not so; a model that grows old; a queue whose tail explodes.

**Understood.**

- A profile comes before an idea: no part can bring more than its share.
- FLOPs count work, bytes count traffic, and the slower of the two decides.
- Time is a distribution. Report its middle, its tail, and how well you know them.
- No statistics repairs an experiment in which something else changed as well: interleave.
- Inputs can drift without harm, and a rule can change without drift. Only labels tell, and they come late.
- Instruments cost something, and change what they measure: measure the instrument too.

**Next.** Module 15 uses these instruments: it makes things faster and smaller, and says what each gain costs.
"""
