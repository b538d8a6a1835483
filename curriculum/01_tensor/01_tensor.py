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
"""
# Module 01: Tensor

Everything in this course is made of one data structure: an n-dimensional array that knows how it was made.
In this module you build it, and you build the three small instruments with which you will examine
everything that follows: a report of your environment, a memory meter and a test runner.

**Learning objectives.** After this module you can

- say what a tensor is in memory: one buffer, a shape, strides and a dtype;
- predict the shape, the dtype and the memory of a result *before* computing it, broadcasting included;
- build a `Tensor` whose operations are objects (`Op`) that a later module can differentiate;
- tell a view from a copy, and measure which of the two an operation makes;
- measure instead of guessing: time per element, peak memory, loops against vectorised code.

**Prerequisites.** Python (classes, properties, exceptions), NumPy arrays as a user, matrix multiplication.
No earlier module.

**Estimated time:** 4 hours.

How to work: read a section, fill in the code where it says `YOUR CODE HERE`, run the test cell directly
below it, and read its message when it fails. Cells marked `#| export` become your own package:
`tinytorch/setup.py` and `tinytorch/tensor.py`. Cells that measure change nothing; run them, and compare
what they print with what you expected.
"""

# %%
#| default_exp tensor

# %% [markdown]
"""
## Part 0: Setup

A result that nobody can repeat is an anecdote. Two people who run the same notebook get different timings,
and sometimes different digits, because something *around* the code differs: the interpreter, the NumPy
version, the machine, the number of cores. So the first thing to build is a function that writes the
surroundings down.

A **virtual environment** is a folder with its own interpreter and its own packages, so that upgrading one
project cannot break another. Python tells you whether you are in one: `sys.prefix` is the folder of the
running environment, `sys.base_prefix` the folder of the Python it was made from. Outside a virtual
environment the two are equal. (The variable `VIRTUAL_ENV` is no proof: it is set by the shell script
`activate`, and a Jupyter kernel is usually started without that script.)
"""

# %% nbgrader={"grade": false, "grade_id": "setup_imports", "locked": true, "schema_version": 3, "solution": false, "task": false}
#| export setup
import os
import platform
import sys
import time
import tracemalloc
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Any

import numpy as np

# %% nbgrader={"grade": false, "grade_id": "environment", "locked": false, "schema_version": 3, "solution": true, "task": false}
#| export setup
def environment_report() -> dict[str, str]:
    """Describe what this process runs on, all values as text.

    Keys: ``python`` and ``numpy`` (versions), ``platform`` (system and machine, ``Linux x86_64``), ``cpus``
    (number of logical cores) and ``virtual_environment`` (its folder, or ``none`` outside one).

    Hint: ``platform.python_version()``, ``platform.system()``, ``platform.machine()``, ``os.cpu_count()``.
    """
    ### BEGIN SOLUTION
    inside = sys.prefix != sys.base_prefix
    return {
        "python": platform.python_version(),
        "numpy": np.__version__,
        "platform": f"{platform.system()} {platform.machine()}",
        "cpus": str(os.cpu_count()),
        "virtual_environment": sys.prefix if inside else "none",
    }
    ### END SOLUTION

# %% nbgrader={"grade": true, "grade_id": "test_environment", "locked": true, "points": 4, "schema_version": 3, "solution": false, "task": false}
def test_unit_environment():
    """The report has the five keys, text values, and recognises a virtual environment by its prefixes."""
    report = environment_report()
    keys = {"python", "numpy", "platform", "cpus", "virtual_environment"}
    assert set(report) == keys, f"environment_report: expected the keys {sorted(keys)}, got {sorted(report)}"
    for key, value in report.items():
        assert isinstance(value, str), f"environment_report: {key!r} must be text, got {type(value).__name__}"
    assert report["numpy"] == np.__version__, f"numpy: expected {np.__version__}, got {report['numpy']}"
    assert report["python"] == platform.python_version(), f"python: got {report['python']!r}"
    prefix = sys.prefix
    try:
        sys.prefix = sys.base_prefix
        outside = environment_report()["virtual_environment"]
        sys.prefix = "/home/me/.venv"
        inside = environment_report()["virtual_environment"]
    finally:
        sys.prefix = prefix
    assert outside == "none", f"equal prefixes mean no virtual environment: expected 'none', got {outside!r}"
    assert inside == "/home/me/.venv", f"with two different prefixes, report sys.prefix: got {inside!r}"
    print("environment_report: complete")


test_unit_environment()
### BEGIN HIDDEN TESTS
from tinytorch_lab.probes import probe, raises, rng

probe("versions", [environment_report()["python"], environment_report()["numpy"]])
probe("platform", environment_report()["platform"])
probe("cpus", environment_report()["cpus"])
prefixes = sys.prefix, sys.base_prefix
try:
    sys.prefix, sys.base_prefix = "/home/ada/course/.venv", "/usr"
    probe("inside an environment", environment_report()["virtual_environment"])
    sys.prefix, sys.base_prefix = "/opt/python", "/opt/python"
    probe("outside an environment", environment_report()["virtual_environment"])
finally:
    sys.prefix, sys.base_prefix = prefixes
### END HIDDEN TESTS

# %% [markdown]
"""
### A memory meter

`tracemalloc` is a part of Python that follows every allocation of the interpreter, NumPy's arrays included.
Between `tracemalloc.start()` and `tracemalloc.stop()` it keeps two numbers, which `get_traced_memory()`
returns: what is allocated *now*, and the largest value that this has had, the **peak**. The peak is what
decides whether a program fits into memory, and it is usually larger than what is left at the end, because
intermediate results come and go.

A good meter does not disturb what it measures. Two situations spoil a naive one:

- Somebody is **already tracing** (a test runner, or `measure_memory` inside `measure_memory`). Then the
  counters hold history that is not yours, and stopping the trace would blind the other one. `is_tracing()`
  tells you.
- The function **raises**. Then tracing has to be switched off all the same.
"""

# %% nbgrader={"grade": false, "grade_id": "measure_memory", "locked": false, "schema_version": 3, "solution": true, "task": false}
#| export setup
def measure_memory(fn: Callable[[], Any]) -> tuple[Any, int]:
    """Call ``fn()`` once; return its result and its peak of memory: bytes above what was allocated before.

    Tracing that was already on stays on; tracing begun here ends here, also when ``fn`` raises. The exception
    of ``fn`` is passed on.

    Hint: the functions of ``tracemalloc`` named above; ``reset_peak()`` forgets earlier peaks.
    """
    ### BEGIN SOLUTION
    was_tracing = tracemalloc.is_tracing()
    if not was_tracing:
        tracemalloc.start()
    try:
        tracemalloc.reset_peak()
        before, _ = tracemalloc.get_traced_memory()
        result = fn()
        _, peak = tracemalloc.get_traced_memory()
    finally:
        if not was_tracing:
            tracemalloc.stop()
    return result, peak - before
    ### END SOLUTION

# %% nbgrader={"grade": true, "grade_id": "test_measure_memory", "locked": true, "points": 6, "schema_version": 3, "solution": false, "task": false}
def test_unit_measure_memory():
    """The peak counts what the call itself needed, and tracing is left as it was found."""
    megabyte = 2**20
    was_tracing = tracemalloc.is_tracing()
    result, peak = measure_memory(lambda: np.zeros(megabyte, dtype=np.uint8))
    assert result.shape == (megabyte,), "measure_memory: the first value must be what fn() returned"
    assert megabyte <= peak < 1.1 * megabyte, f"an array of 1 MB: expected about {megabyte}, got {peak}"
    _, peak = measure_memory(lambda: np.zeros(4 * megabyte, dtype=np.uint8).sum())
    assert peak >= 4 * megabyte, f"4 MB that fn frees again count too, the peak is {peak}"
    assert tracemalloc.is_tracing() == was_tracing, "leave tracing on or off, as it was before"
    try:
        if not was_tracing:
            tracemalloc.start()
        kept = np.zeros(6 * megabyte, dtype=np.uint8)
        _, peak = measure_memory(lambda: np.zeros(megabyte, dtype=np.uint8))
        assert tracemalloc.is_tracing(), "tracing was on before the call: measure_memory must not stop it"
        assert peak < 2 * megabyte, (
            f"memory from before the call ({kept.nbytes}) is not fn's: expected about {megabyte}, got {peak}"
        )
    finally:
        if not was_tracing:
            tracemalloc.stop()
    print("measure_memory: peak above the start, tracing left as found")


test_unit_measure_memory()
### BEGIN HIDDEN TESTS
from tinytorch_lab.probes import probe, raises, rng

size = int(rng.integers(3, 6)) * 2**20


def block():
    return np.ones(size, dtype=np.int8)


calls = []
marker = object()
probe("result is fn's own", measure_memory(lambda: marker)[0] is marker)
probe("fn is called once", [measure_memory(lambda: calls.append(1))[0], len(calls)])
probe("a list of integers", 8_000 <= measure_memory(lambda: list(range(1000)))[1] < 80_000)
probe("two live arrays", round(measure_memory(lambda: [block(), block()])[1] / size, 1))
probe("one at a time", round(measure_memory(lambda: [block().sum() for _ in range(3)])[1] / size, 1))
was_tracing = tracemalloc.is_tracing()
probe("exception passes", raises(lambda: measure_memory(lambda: 1 // 0)))
probe("tracing after an exception", tracemalloc.is_tracing() == was_tracing)
if not was_tracing:
    tracemalloc.start()
np.ones(40 * 2**20, np.int8)
probe("an earlier peak is not counted", round(measure_memory(block)[1] / size, 1))
inner = measure_memory(lambda: measure_memory(block)[1])
probe("nested", [round(inner[0] / size, 1), round(inner[1] / size, 1), tracemalloc.is_tracing()])
if not was_tracing:
    tracemalloc.stop()
### END HIDDEN TESTS

# %% [markdown]
"""
### A test runner

A test is a function that raises when something is wrong. A runner calls many of them and must not fall over
at the first failure: it catches the exception, notes it, and goes on. Two decisions make the difference
between a useful runner and a misleading one. It catches `Exception` and not `BaseException`, so that Ctrl-C
still stops it. And a run of *zero* tests is not a success: most often it means that the tests were not
found.
"""

# %% nbgrader={"grade": false, "grade_id": "run_tests", "locked": false, "schema_version": 3, "solution": true, "task": false}
#| export setup
@dataclass(frozen=True)
class TestResult:
    """How one test ended; ``message`` is empty if it passed."""

    name: str
    passed: bool
    message: str
    seconds: float


@dataclass
class TestReport:
    """The results of a run, in the order in which the tests ran."""

    results: list[TestResult] = field(default_factory=list)

    @property
    def passed(self) -> int:
        return sum(result.passed for result in self.results)

    @property
    def failed(self) -> int:
        return len(self.results) - self.passed

    @property
    def ok(self) -> bool:
        """Whether at least one test ran and none failed."""
        ### BEGIN SOLUTION
        return self.passed > 0 and self.failed == 0
        ### END SOLUTION

    def __str__(self) -> str:
        lines = []
        for result in self.results:
            mark = "pass" if result.passed else "FAIL"
            lines.append(f"{mark} {result.seconds * 1e3:8.1f} ms  {result.name}  {result.message}".rstrip())
        lines.append(f"{self.passed} passed, {self.failed} failed")
        return "\n".join(lines)


def run_tests(tests: Iterable[Callable[[], Any]]) -> TestReport:
    """Call every test, in order; one that raises an ``Exception`` has failed, and the rest still run.

    A result's name is the function's ``__name__``, its message ``"ValueError: what was said"``, its time
    wall-clock seconds. ``KeyboardInterrupt`` and ``SystemExit`` are no test results and pass through.

    Hint: ``type(error).__name__`` and ``time.perf_counter()``.
    """
    ### BEGIN SOLUTION
    report = TestReport()
    for test in tests:
        message = ""
        start = time.perf_counter()
        try:
            test()
        except Exception as error:
            message = f"{type(error).__name__}: {error}"
        seconds = time.perf_counter() - start
        report.results.append(TestResult(test.__name__, not message, message, seconds))
    return report
    ### END SOLUTION

# %% nbgrader={"grade": true, "grade_id": "test_run_tests", "locked": true, "points": 5, "schema_version": 3, "solution": false, "task": false}
def test_unit_run_tests():
    """Every test runs, failures are described, and an empty run is not a success."""

    def good():
        time.sleep(0.002)

    def bad():
        raise ValueError("expected 2, got 3")

    def unfinished():
        raise NotImplementedError()

    report = run_tests([good, bad, unfinished, good])
    names = [result.name for result in report.results]
    assert names == ["good", "bad", "unfinished", "good"], (
        f"run_tests: all four must run, in order, got {names}"
    )
    counts = report.passed, report.failed
    assert counts == (2, 2), f"run_tests: expected 2 passed and 2 failed, got {counts}"
    message = report.results[1].message
    assert message == "ValueError: expected 2, got 3", f"a failure's message is 'Type: text', got {message!r}"
    assert report.results[0].message == "", f"a passed test has no message, got {report.results[0].message!r}"
    assert report.results[0].seconds >= 0.001, f"good() takes 2 ms; seconds says {report.results[0].seconds}"
    assert not report.ok, "TestReport.ok must be False when a test failed"
    assert run_tests([good]).ok, "TestReport.ok must be True when every test passed"
    assert not run_tests([]).ok, "TestReport.ok must be False when no test ran"
    print("run_tests: reports every test")


test_unit_run_tests()
### BEGIN HIDDEN TESTS
from tinytorch_lab.probes import probe, raises, rng


def passing():
    return "what a test returns does not matter"


def silent():
    raise RuntimeError()


def wrong_lookup():
    return {"a": 1}["b"]


def interrupted():
    raise KeyboardInterrupt


mixed = run_tests(test for test in (passing, silent, wrong_lookup, passing))
probe("names", [result.name for result in mixed.results])
probe("passed", [result.passed for result in mixed.results])
probe("messages", [result.message.split(":")[0] for result in mixed.results])
probe("lookup message", mixed.results[2].message)
probe("counts", [mixed.passed, mixed.failed])
probe("ok", [mixed.ok, run_tests([passing, passing]).ok, run_tests([silent]).ok, run_tests(iter([])).ok])
probe("seconds are not negative", all(result.seconds >= 0 for result in mixed.results))
try:
    run_tests([passing, interrupted])
    outcome = "swallowed"
except KeyboardInterrupt:
    outcome = "passed through"
probe("Ctrl-C", outcome)
### END HIDDEN TESTS

# %% [markdown]
"""
Now use all three. What to look for: the environment that every later number of this notebook belongs to,
and the difference between *footprint* and *peak*. The last expression keeps nothing at all, yet its peak is
as large as the array it needed on the way.
"""

# %% tags=["measure"]
for key, value in environment_report().items():
    print(f"{key:20} {value}")

values = np.ones(1_000_000, dtype=np.float32)
print(f"\n{'one million float32':28} footprint {values.nbytes / 1e6:6.2f} MB")
for label, expression in [
    ("values.sum()", lambda: values.sum()),
    ("values + 1", lambda: values + 1),
    ("(values + 1).sum()", lambda: (values + 1).sum()),
]:
    result, peak = measure_memory(expression)
    print(f"{label:28} result    {result.nbytes / 1e6:6.2f} MB   peak {peak / 1e6:6.2f} MB")

# %% [markdown]
r"""
## Part 1: Mathematical Foundations

**A tensor is a function of indices.** A tensor of shape $(n_0, n_1, \dots, n_{d-1})$ gives a number for
every tuple $(i_0, \dots, i_{d-1})$ with $0 \le i_k < n_k$. A scalar has shape $()$, a vector $(n)$, a
matrix $(n_0, n_1)$. It has $\prod_k n_k$ elements, and with $b$ bytes for each one it takes $b \prod_k n_k$
bytes.

**Memory has one dimension.** A tensor is a buffer plus the rule that turns an index into an address:

$$\text{address}(i_0, \dots, i_{d-1}) = \text{start} + \sum_k i_k\, s_k$$

The $s_k$ are the **strides**, in bytes. *Row-major* order (C, NumPy, PyTorch) lets the last index run
fastest:

$$s_{d-1} = b, \qquad s_k = s_{k+1}\, n_{k+1}$$

*Column-major* order (Fortran, MATLAB) lets the first one run fastest.

```text
shape (2, 3), float32 (b = 4)              row-major: strides (12, 4)

   [[ 0  1  2]        buffer   | 0 | 1 | 2 | 3 | 4 | 5 |
    [ 3  4  5]]       byte       0   4   8   12  16  20

   its transpose, shape (3, 2): the SAME buffer with strides (4, 12)
```

The transpose moves no element: it exchanges two lengths and two strides. Reshaping and slicing work alike,
which is why they take constant time, and why two tensors may share one buffer.

**Broadcasting** lets shapes differ. Write the two shapes below each other, aligned at the *right*, and fill
the shorter one with ones on the left. On every axis the lengths must be equal, or one of them must be 1;
the axis of length 1 is then repeated, with stride 0, so without a copy.

```text
   a           (8, 1, 6)                 a        (2, 3)
   b              (7, 1)                 b           (2)      <- 3 against 2: an error
   a + b       (8, 7, 6)
```

**Matrix multiplication** contracts the last axis of $a$ with the second last of $b$:

$$c_{ij} = \sum_{k} a_{ik}\, b_{kj}$$

For an $n \times m$ and an $m \times p$ matrix these are $nmp$ multiplications and about as many additions,
on $nm + mp + np$ numbers. With all three lengths equal to $n$: $2n^3$ operations on $3n^2$ numbers. Work
grows faster than data, which makes it the one operation that can keep a fast processor busy, and the one
that dominates the time.

**Floating point.** A float32 has 24 significant bits, about 7 decimal digits; a float64 has 53, about 16.
Above $2^{24} = 16{,}777{,}216$ a float32 cannot even count: $2^{24} + 1$ rounds back to $2^{24}$. Addition
is not associative, so the *order* of a sum changes its last digits.
"""

# %% [markdown]
"""
## Part 2: Operations as Objects

You could write `Tensor.__add__` as `Tensor(self.data + other.data)` and be done. But to train a network, a
later module must know for every tensor *which operation* produced it *from which inputs*. So an operation
is a small object: an `Op` whose `forward` maps arrays to an array, and whose class method `apply` does the
bookkeeping, once, for all operations:

```text
   Tensor a ──┐                         ┌─► Tensor c     c.data      = op.forward(a.data, b.data)
              ├─► Sub.apply(a, b) ──────┤
   Tensor b ──┘                         └─  if a or b requires grad:
                                            c.requires_grad = True, c.creator = op, op.inputs = (a, b)
```

`Op` is given. Read it closely; there are four things to see:

- `forward` sees plain arrays. All the mathematics is written once, in NumPy, and never touches
  `requires_grad`.
- The attributes of one application (`axis=0`) live on the instance, because every application is its own
  object.
- If no input requires grad, nothing is kept: the op is garbage as soon as `apply` returns. Recording costs
  memory, since it keeps the inputs alive, and you only pay for it when you ask for it. (`Op.recording` is a
  second switch, for all operations at once; it stays on until Module 06.)
- The result has the dtype that `forward` produced. Nothing is converted behind your back.
"""

# %% nbgrader={"grade": false, "grade_id": "tensor_imports", "locked": true, "schema_version": 3, "solution": false, "task": false}
#| export
from typing import Any, ClassVar

import numpy as np

# %% nbgrader={"grade": false, "grade_id": "op_base", "locked": true, "schema_version": 3, "solution": false, "task": false}
#| export
class Op:
    """One application of an operation: arrays in, one array out.

    A subclass writes ``forward``. What belongs to one application (``axis=0``, ``shape=(2, 3)``) is given to
    ``apply`` by keyword and becomes an attribute of the instance. ``forward`` may store more attributes.
    """

    recording: ClassVar[bool] = True
    inputs: tuple["Tensor", ...] = ()

    def __init__(self, **attributes: Any) -> None:
        self.__dict__.update(attributes)

    def forward(self, *arrays: np.ndarray) -> np.ndarray:
        raise NotImplementedError

    @classmethod
    def apply(cls, *inputs: "Tensor", **attributes: Any) -> "Tensor":
        """Run ``forward`` on the inputs' arrays; remember who made the result if an input requires grad."""
        op = cls(**attributes)
        array = np.asarray(op.forward(*[tensor.data for tensor in inputs]))
        result = Tensor(array, dtype=array.dtype)
        if Op.recording:
            for tensor in inputs:
                if tensor.requires_grad:
                    op.inputs = inputs
                    result.requires_grad = True
                    result.creator = op
                    break
        return result

# %% [markdown]
"""
### The Tensor class

Every operator below is one given line that hands over to an `Op`; you write those ops in the sections that
follow (Python looks the names up when they are called, so they need not exist yet). Your part here is what
a tensor *is*.

**The dtype rule.** Training in float32 takes half the memory of float64, so float32 is the default for
everything that is *meant* as real numbers: Python numbers, nested lists, floating-point arrays. But integer
and boolean **NumPy** arrays are labels, token ids or masks; turning those into floats would break indexing
and, above $2^{24}$, the ids themselves. They keep their dtype. And a dtype that the caller names is obeyed.

| `data` | `dtype` | result |
| --- | --- | --- |
| `[[1, 2], [3, 4]]`, `2.5`, `True` | `None` | float32 |
| float64 array | `None` | float32 (a converted copy) |
| float32 array | `None` | float32, **the same buffer** |
| int64, uint8 or bool array | `None` | unchanged, the same buffer |
| `np.int64(7)`, a NumPy integer | `None` | int64 |
| anything | `np.float64` | float64 |

The third row matters: no copy means that a tensor made from an array changes when the array does. That is
what PyTorch's `from_numpy` does too, and Part 6 looks at the consequences.

One given line is easily overlooked: `__array_ufunc__ = None`. For `array - tensor` Python asks the *left*
operand first, and NumPy would turn the tensor into an array and return an array, an operation that nobody
recorded. The line tells NumPy to step back, so that `Tensor.__rsub__` gets the call.
"""

# %% nbgrader={"grade": false, "grade_id": "tensor_class", "locked": false, "schema_version": 3, "solution": true, "task": false}
#| export
class Tensor:
    """An n-dimensional array that knows which operation made it.

    data: a number, nested lists, an array or another tensor.
    dtype: the element type. ``None`` means float32, except that NumPy integers and booleans keep their own.
    requires_grad: whether operations on this tensor are to be recorded.
    """

    __array_ufunc__ = None  # leaves array - tensor to Tensor.__rsub__

    def __init__(self, data: Any, dtype: Any = None, requires_grad: bool = False) -> None:
        """Set ``self.data`` to an array of the right dtype, without a copy where none is needed.

        Hint: ``np.asarray(values, dtype=...)`` copies only if it has to; ``dtype.kind`` is a letter.
        """
        if data is None:
            raise TypeError("a Tensor needs numbers, got None (does a function lack its return?)")
        if isinstance(data, Tensor):
            data = data.data
        ### BEGIN SOLUTION
        if dtype is None:
            from_numpy = isinstance(data, (np.ndarray, np.generic))
            dtype = data.dtype if from_numpy and data.dtype.kind in "biu" else np.float32
        self.data: np.ndarray = np.asarray(data, dtype=dtype)
        ### END SOLUTION
        if requires_grad and self.data.dtype.kind != "f":
            raise TypeError(f"only floating-point tensors can require grad, this one is {self.data.dtype}")
        self.requires_grad = requires_grad
        self.grad: np.ndarray | None = None
        self.creator: Op | None = None

    @property
    def shape(self) -> tuple[int, ...]:
        return self.data.shape

    @property
    def dtype(self) -> np.dtype:
        return self.data.dtype

    @property
    def size(self) -> int:
        return self.data.size

    @property
    def ndim(self) -> int:
        return self.data.ndim

    def __len__(self) -> int:
        """Length of the first axis. Raises TypeError for a tensor without axes.

        Hint: this is how arrays behave too.
        """
        ### BEGIN SOLUTION
        return len(self.data)
        ### END SOLUTION

    def item(self) -> int | float | bool:
        """Return the only element as a Python number.

        Raises ValueError, naming the shape, if there is not exactly one element.

        Hint: arrays have a method of the same name.
        """
        ### BEGIN SOLUTION
        if self.size != 1:
            raise ValueError(f"item() needs a tensor with one element, this one has shape {self.shape}")
        return self.data.item()
        ### END SOLUTION

    def memory_footprint(self) -> int:
        """Bytes that the elements take: how many there are times the bytes of one.

        Hint: the dtype knows its ``itemsize``.
        """
        ### BEGIN SOLUTION
        return self.size * self.dtype.itemsize
        ### END SOLUTION

    def numpy(self) -> np.ndarray:
        """The array itself, not a copy."""
        return self.data

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> np.ndarray:
        return np.array(self.data, dtype=dtype, copy=copy)

    def __bool__(self) -> bool:
        return bool(self.data)

    def __repr__(self) -> str:
        values = np.array2string(self.data, separator=", ", prefix="Tensor(")
        grad = ", requires_grad=True" if self.requires_grad else ""
        return f"Tensor({values}, dtype={self.dtype}{grad})"

    def __add__(self, other: Any) -> "Tensor":
        return Add.apply(self, as_operand(other, self))

    def __radd__(self, other: Any) -> "Tensor":
        return Add.apply(as_operand(other, self), self)

    def __sub__(self, other: Any) -> "Tensor":
        return Sub.apply(self, as_operand(other, self))

    def __rsub__(self, other: Any) -> "Tensor":
        return Sub.apply(as_operand(other, self), self)

    def __mul__(self, other: Any) -> "Tensor":
        return Mul.apply(self, as_operand(other, self))

    def __rmul__(self, other: Any) -> "Tensor":
        return Mul.apply(as_operand(other, self), self)

    def __truediv__(self, other: Any) -> "Tensor":
        return Div.apply(self, as_operand(other, self))

    def __rtruediv__(self, other: Any) -> "Tensor":
        return Div.apply(as_operand(other, self), self)

    def __matmul__(self, other: Any) -> "Tensor":
        return MatMul.apply(self, as_operand(other, self))

    def __rmatmul__(self, other: Any) -> "Tensor":
        return MatMul.apply(as_operand(other, self), self)

    def __neg__(self) -> "Tensor":
        return Neg.apply(self)

    def __pow__(self, exponent: float) -> "Tensor":
        if isinstance(exponent, np.generic):
            exponent = exponent.item()
        if not isinstance(exponent, (int, float)):
            raise TypeError(f"the exponent must be a number, got {type(exponent).__name__}")
        return Pow.apply(self, exponent=exponent)

    def exp(self) -> "Tensor":
        return Exp.apply(self)

    def log(self) -> "Tensor":
        return Log.apply(self)

    def sum(self, axis: int | tuple[int, ...] | None = None, keepdims: bool = False) -> "Tensor":
        return Sum.apply(self, axis=axis, keepdims=keepdims)

    def mean(self, axis: int | tuple[int, ...] | None = None, keepdims: bool = False) -> "Tensor":
        return Mean.apply(self, axis=axis, keepdims=keepdims)

    def max(self, axis: int | tuple[int, ...] | None = None, keepdims: bool = False) -> "Tensor":
        return Max.apply(self, axis=axis, keepdims=keepdims)

    def reshape(self, *shape: Any) -> "Tensor":
        """``t.reshape(2, 3)`` or ``t.reshape((2, 3))``; one length may be -1."""
        if len(shape) == 1 and isinstance(shape[0], (tuple, list)):
            shape = tuple(shape[0])
        return Reshape.apply(self, shape=shape)

    def transpose(self, *axes: Any) -> "Tensor":
        """``t.transpose(0, 2, 1)`` or ``t.transpose((0, 2, 1))``; without axes, the order is reversed."""
        if len(axes) == 1 and isinstance(axes[0], (tuple, list)):
            axes = tuple(axes[0])
        return Transpose.apply(self, axes=axes or None)

    @property
    def T(self) -> "Tensor":
        return Transpose.apply(self, axes=None)

    def __getitem__(self, index: Any) -> "Tensor":
        """``t[0]``, ``t[1:, None]``, ``t[mask]``, ``t[[3, 0]]``: everything NumPy's indexing knows."""
        if isinstance(index, tuple):
            index = tuple(part.data if isinstance(part, Tensor) else part for part in index)
        elif isinstance(index, Tensor):
            index = index.data
        return GetItem.apply(self, index=index)

# %% nbgrader={"grade": true, "grade_id": "test_creation", "locked": true, "points": 8, "schema_version": 3, "solution": false, "task": false}
def test_unit_creation():
    """The dtype rule, sharing, item, len and the footprint."""
    cases = [
        ("nested lists of int", [[1, 2], [3, 4]], None, np.float32),
        ("a Python float", 2.5, None, np.float32),
        ("a float64 array", np.arange(3.0), None, np.float32),
        ("an int64 array", np.array([7, 8]), None, np.int64),
        ("a bool array", np.array([True, False]), None, np.bool_),
        ("a float64 array, dtype=np.float64", np.arange(3.0), np.float64, np.float64),
        ("an int64 array, dtype=np.float32", np.array([7, 8]), np.float32, np.float32),
    ]
    for label, data, dtype, expected in cases:
        tensor = Tensor(data, dtype=dtype)
        assert isinstance(tensor.data, np.ndarray), f"Tensor({label}).data is a {type(tensor.data).__name__}"
        assert tensor.dtype == expected, f"Tensor({label}): expected {np.dtype(expected)}, got {tensor.dtype}"
        np.testing.assert_array_equal(
            tensor.data, np.asarray(data), err_msg=f"Tensor({label}): values changed"
        )
    array = np.zeros(3, dtype=np.float32)
    tensor = Tensor(array)
    array[0] = 5
    assert tensor.data[0] == 5, "Tensor(float32 array) must share: a write to the array must show"
    assert not tensor.requires_grad and tensor.grad is None and tensor.creator is None
    assert len(Tensor(np.zeros((4, 2)))) == 4, "len() is the length of the first axis"
    value = Tensor([[2.5]]).item()
    assert type(value) is float and value == 2.5, f"item(): expected the Python float 2.5, got {value!r}"
    try:
        Tensor([1.0, 2.0]).item()
    except ValueError as error:
        assert "(2,)" in str(error), f"item(): the error should name the shape (2,), it says {str(error)!r}"
    else:
        raise AssertionError("item() of a tensor with two elements must raise ValueError")
    for dtype, expected in [(np.float32, 24), (np.float64, 48), (np.uint8, 6)]:
        footprint = Tensor(np.ones((2, 3)), dtype=dtype).memory_footprint()
        assert footprint == expected, (
            f"memory_footprint, 2x3 {np.dtype(dtype)}: got {footprint}, not {expected}"
        )
    print("Tensor: creation, dtype, sharing and footprint as specified")


test_unit_creation()
### BEGIN HIDDEN TESTS
from tinytorch_lab.probes import probe, raises, rng

array = rng.normal(size=(3, 1, 4))
probe("values", Tensor(array).data)
kinds = [np.int8, np.uint16, np.int32, np.bool_, np.float16, np.float64]
probe("dtype of arrays", [str(Tensor(np.ones(2, dtype=kind)).dtype) for kind in kinds])
scalars = 3, True, np.int64(3), np.float64(3.0), np.bool_(True)
probe("dtype of scalars", [str(Tensor(scalar).dtype) for scalar in scalars])
probe("dtype asked for", [str(Tensor([1, 2], dtype=kind).dtype) for kind in kinds])
integers = np.arange(6)
probe("integers share too", np.shares_memory(Tensor(integers).data, integers))
probe("float64 shares when asked for", np.shares_memory(Tensor(array, dtype=np.float64).data, array))
probe("large ids survive", Tensor(np.array([2**24 + 1, 2**53 + 1])).data)
tensors = [Tensor(1.5), Tensor(np.ones((0, 3)), dtype="f8"), Tensor(np.ones((5, 7)), dtype="i2")]
tensors.append(Tensor(array[:, 0, ::2], dtype=np.float64))
probe("footprints", [tensor.memory_footprint() for tensor in tensors])
probe("lengths", [len(Tensor(np.ones((0, 3)))), len(Tensor([1.0, 2.0]))])
probe("items", [Tensor(2).item(), Tensor(np.array([[7]])).item(), Tensor(np.array(True)).item()])
probe("errors", [raises(lambda: Tensor(np.ones(0)).item()), raises(lambda: len(Tensor(1.0)))])
probe("a tensor of a tensor", Tensor(Tensor(array)).data)
probe("requires_grad", Tensor(1.0, requires_grad=True).requires_grad)
probe("no gradients for integers", raises(lambda: Tensor(integers, requires_grad=True)))
### END HIDDEN TESTS

# %% [markdown]
"""
## Part 3: Arithmetic and Broadcasting

Here is what a finished operation looks like: `Neg`, and four more that you will need from Module 02 on.
They are given. `Add` is `a + b`; its switch `in_place`, which writes the sum into the array of `a`, is off and
stays so until Module 03 explains it. `Exp` shows one thing more: `forward` may keep on `self` what a derivative will need, here
the output.
"""

# %% nbgrader={"grade": false, "grade_id": "given_ops", "locked": true, "schema_version": 3, "solution": false, "task": false}
#| export
class Add(Op):
    """a + b, element by element, with broadcasting.

    ``in_place`` writes the sum into the array of a, which must have the result's shape; if its dtype does not fit, a new
    array is made after all.
    """

    in_place: bool = False

    def forward(self, a: np.ndarray, b: np.ndarray) -> np.ndarray:
        fits = self.in_place and np.result_type(a, b) == a.dtype
        return np.add(a, b, out=a if fits else None)


class Neg(Op):
    """-a."""

    def forward(self, a: np.ndarray) -> np.ndarray:
        return -a


class Pow(Op):
    """a to the power of one fixed number."""

    exponent: float

    def forward(self, a: np.ndarray) -> np.ndarray:
        return a**self.exponent


class Exp(Op):
    """e to the power of a."""

    output: np.ndarray

    def forward(self, a: np.ndarray) -> np.ndarray:
        self.output = np.exp(a)
        return self.output


class Log(Op):
    """Natural logarithm."""

    def forward(self, a: np.ndarray) -> np.ndarray:
        return np.log(a)

# %% [markdown]
"""
Yours are `Sub`, `Mul` and `Div`, and two functions on which correctness hangs:

**`broadcast_shape(a, b)`** computes the shape of a result without computing the result. NumPy does this
inside every operation. You write the rule yourself, because in Module 06 you have to run it backwards. Mind
the axis of length zero: an axis of length 1 beside one of length 0 gives 0. An empty batch stays empty.

**`as_operand(value, like)`** turns the other side of `tensor + value` into a tensor. The question is its
dtype:

- A *floating* tensor keeps its dtype, whatever comes: float32 times `np.float64(2)` is float32, and float64
  plus `1.0` is float64. Otherwise one stray double would silently double the memory of a whole network.
- An *integer or boolean* tensor must not pull the value down to integers: `labels + 0.5` would become
  `labels + 0`. There, NumPy's own promotion decides: `np.result_type(array, value)`.
"""

# %% nbgrader={"grade": false, "grade_id": "arithmetic", "locked": false, "schema_version": 3, "solution": true, "task": false}
#| export
def broadcast_shape(a: tuple[int, ...], b: tuple[int, ...]) -> tuple[int, ...]:
    """Shape of the result when arrays of shapes ``a`` and ``b`` are combined element by element.

    Raises ValueError, naming both shapes, if they cannot be.

    Hint: walk from the last axis to the first; a missing axis counts as 1.
    """
    ### BEGIN SOLUTION
    axes = max(len(a), len(b))
    result = []
    for m, n in zip((1,) * (axes - len(a)) + tuple(a), (1,) * (axes - len(b)) + tuple(b)):
        if m != n and m != 1 and n != 1:
            raise ValueError(f"shapes {a} and {b} do not broadcast: {m} meets {n}, and neither is 1")
        result.append(n if m == 1 else m)
    return tuple(result)
    ### END SOLUTION


def as_operand(value: Any, like: Tensor) -> Tensor:
    """``value`` as the other operand of an operation with ``like``.

    A tensor is returned as it is. A number or an array takes the dtype of ``like`` if that is floating,
    otherwise the dtype to which NumPy promotes the two.

    Hint: ``like.dtype.kind`` is "f" for floating dtypes.
    """
    ### BEGIN SOLUTION
    if isinstance(value, Tensor):
        return value
    if like.dtype.kind == "f":
        return Tensor(value, dtype=like.dtype)
    return Tensor(value, dtype=np.result_type(like.data, value))
    ### END SOLUTION


class Sub(Op):
    """a - b, element by element, with broadcasting."""

    def forward(self, a: np.ndarray, b: np.ndarray) -> np.ndarray:
        ### BEGIN SOLUTION
        return a - b
        ### END SOLUTION


class Mul(Op):
    """a * b, element by element, with broadcasting."""

    def forward(self, a: np.ndarray, b: np.ndarray) -> np.ndarray:
        ### BEGIN SOLUTION
        return a * b
        ### END SOLUTION


class Div(Op):
    """a / b, element by element, with broadcasting."""

    def forward(self, a: np.ndarray, b: np.ndarray) -> np.ndarray:
        ### BEGIN SOLUTION
        return a / b
        ### END SOLUTION

# %% nbgrader={"grade": true, "grade_id": "test_arithmetic", "locked": true, "points": 12, "schema_version": 3, "solution": false, "task": false}
def test_unit_arithmetic():
    """Broadcast shapes, the four operators from both sides, dtypes, untouched operands, recording."""
    shapes = [((2, 3), (3,)), ((3,), (2, 3)), ((8, 1, 6), (7, 1)), ((), (4,)), ((1, 3), (0, 3))]
    for a, b in shapes:
        expected, got = np.broadcast_shapes(a, b), broadcast_shape(a, b)
        assert got == expected, f"broadcast_shape({a}, {b}): expected {expected}, got {got}"
    try:
        broadcast_shape((2, 3), (2,))
    except ValueError as error:
        named = "(2, 3)" in str(error) and "(2,)" in str(error)
        assert named, f"broadcast_shape: name both shapes in the error, it says {str(error)!r}"
    else:
        raise AssertionError("broadcast_shape((2, 3), (2,)): 3 meets 2 at the right end; expected ValueError")

    a = np.array([[1.0, 2.0, 4.0], [8.0, 16.0, 32.0]], dtype=np.float32)
    b = np.array([2.0, 4.0, 8.0], dtype=np.float32)
    before = a.copy(), b.copy()
    x, y = Tensor(a), Tensor(b)
    pairs = [("x - y", x - y, a - b), ("x * y", x * y, a * b), ("x / y", x / y, a / b), ("-x", -x, -a)]
    pairs += [("1 - x", 1 - x, 1 - a), ("2 / x", 2 / x, 2 / a), ("3 * x", 3 * x, 3 * a)]
    pairs += [("x - 1", x - 1, a - 1), ("array - x", b - x, b - a), ("x / array", x / b, a / b)]
    for label, got, expected in pairs:
        assert isinstance(got, Tensor), f"{label}: expected a Tensor, got {type(got).__name__}"
        np.testing.assert_allclose(got.data, expected, rtol=1e-6, err_msg=f"{label} disagrees with NumPy")
    np.testing.assert_array_equal(x.data, before[0], err_msg="an op changed its left operand in place")
    np.testing.assert_array_equal(y.data, before[1], err_msg="an op changed its right operand in place")

    double, labels = Tensor([1.0, 2.0], dtype=np.float64), Tensor(np.array([1, 2]))
    dtypes = [
        ("float32 + 1.5", x + 1.5, "float32"),
        ("float32 * np.float64(2)", x * np.float64(2), "float32"),
        ("float32 - float64 array", x - np.ones(3), "float32"),
        ("float32 * int64 array", x * np.arange(3), "float32"),
        ("float64 * 2", double * 2, "float64"),
        ("int64 + 1", labels + 1, "int64"),
    ]
    for label, got, expected in dtypes:
        assert got.dtype == expected, f"as_operand: {label} must be {expected}, got {got.dtype}"
    message = "as_operand: beside float64, 0.1 must not pass through float32"
    np.testing.assert_allclose((double * 0.1).data, [0.1, 0.2], rtol=1e-12, err_msg=message)
    halves = (labels + 0.5).data
    np.testing.assert_allclose(
        halves, [1.5, 2.5], err_msg="as_operand: int64 + 0.5 must not truncate the 0.5"
    )

    w = Tensor([3.0], requires_grad=True)
    z = w * x
    assert z.requires_grad and isinstance(z.creator, Mul), f"w * x must record a Mul, not {z.creator}"
    recorded = z.creator.inputs
    assert recorded[0] is w and recorded[1] is x, "as_operand must return a tensor itself, not a new one"
    assert (x * y).creator is None, "nothing requires grad here, so nothing is recorded"
    print("arithmetic: values, shapes, dtypes and recording agree")


test_unit_arithmetic()
### BEGIN HIDDEN TESTS
from tinytorch_lab.probes import probe, raises, rng

a, b = rng.normal(size=(4, 1, 3)), rng.uniform(1, 2, size=(5, 1))
x, y = Tensor(a, dtype=np.float64), Tensor(b, dtype=np.float64)
probe("broadcast values", [(x - y).data, (x * y).data, (x / y).data])
probe("reflected", [(2.5 - y).data, (1 / y).data, (b / x).data, (b - x).data, (3 * y).data])
probe("dtypes float64", [str(t.dtype) for t in (y + 1, 1.0 - y, y * np.float32(2), y / 3)])
single, ids = Tensor(b), Tensor(np.arange(5, dtype=np.int32))
results = (
    single / 3,
    np.float64(2) - single,
    single * np.ones(1),
    single + True,
    np.arange(5)[:, None] - single,
)
probe("dtypes float32", [str(result.dtype) for result in results])
results = ids + 1, ids * 2, ids - np.arange(5, dtype=np.int32), ids / 2
probe("dtypes integer", [str(result.dtype) for result in results])
probe("integer and fraction", [(ids * 0.25).data, (0.5 - ids).data])
mask = np.array([True, False])
probe("mask", [(Tensor(mask) * 3).data, (Tensor([2.0, 3.0]) * mask).data])
probe("empty", list((Tensor(np.ones((0, 3))) - Tensor(np.ones((1, 3)))).shape))
shapes = [
    ((3, 1), (1, 4)),
    ((1,), (0,)),
    ((0,), (1,)),
    ((2, 1, 1), (3, 1)),
    ((), ()),
    ((6, 1, 5), (4, 6, 7, 5)),
]
probe("shapes", [list(broadcast_shape(p, q)) for p, q in shapes])
shapes = [((0,), (3,)), ((2, 3), (3, 2)), ((2, 4, 1), (3, 4))]
probe("shape errors", [raises(lambda p=p, q=q: broadcast_shape(p, q)) for p, q in shapes])
w = Tensor(b, requires_grad=True)
ops = (w - 1).creator, (1 / w).creator, (w * w).creator
probe("recorded", [[type(op).__name__, len(op.inputs)] for op in ops])
probe("inputs in order", [ops[0].inputs[0] is w, ops[1].inputs[1] is w, (single - single).creator is None])
probe("operator error", raises(lambda: Tensor(np.ones((2, 3))) - Tensor(np.ones(2))))
### END HIDDEN TESTS

# %% [markdown]
"""
### What broadcasting costs

The operands are not enlarged: a repeated axis has stride 0, so one element is read again and again. The
*result* is as large as its shape says, and it is easy to ask for a large one by accident. What to look for
in the next cell: a stride of 0 in the repeated row; and operands of a few kilobytes whose difference needs
megabytes, four times as much for every doubling of $n$. Comparing $n$ samples with $n$ others by
broadcasting takes $O(n^2)$ memory.
"""

# %% tags=["measure"]
repeated = np.broadcast_to(np.zeros((1, 2000), dtype=np.float32), (2000, 2000))
print(f"a row repeated 2000 times: shape {repeated.shape}, strides {repeated.strides}")
for n in (500, 1000, 2000):
    column, row = Tensor(np.zeros((n, 1))), Tensor(np.zeros((1, n)))
    result, peak = measure_memory(lambda: column - row)
    operands = column.memory_footprint() + row.memory_footprint()
    print(f"n = {n:4}: operands {operands / 1e3:4.1f} kB, result {result.shape}, peak {peak / 1e6:5.2f} MB")

# %% [markdown]
"""
## Part 4: Matrix Multiplication

First the definition, literally: three loops. It is slow, and it is the judge: whatever is fast later has to
agree with it. Then the `Op`, which leaves the work to NumPy and, through NumPy, to a BLAS library.

The rules of `MatMul.forward`, all of which `np.matmul` knows already (`np.dot` and `@` differ for three
axes and more):

- the last axis of `a` is contracted with the second last of `b`;
- the axes before those two are batch axes and broadcast: `(10, 3, 4) @ (4, 5)` is `(10, 3, 5)`;
- a vector on the left counts as a row, on the right as a column, and the axis that was added is dropped
  again: `(4,) @ (4, 5)` is `(5,)`, `(3, 4) @ (4,)` is `(3,)`.

You will make shape errors in matrix products for the rest of the course. The message should say what is
wrong in terms of the *whole shapes*, since the reader's question is always "which of the two did I get
wrong?".
"""

# %% nbgrader={"grade": false, "grade_id": "matmul", "locked": false, "schema_version": 3, "solution": true, "task": false}
#| export
def matmul_loops(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """Product of two matrices by the definition, one multiplication at a time.

    a: (n, m), b: (m, p), result: (n, p) in the dtype to which NumPy promotes the two.
    Raises ValueError, naming both shapes, if the inner lengths differ.

    Hint: two loops choose the element of the result, the third one adds it up.
    """
    ### BEGIN SOLUTION
    (n, m), (inner, p) = a.shape, b.shape
    if m != inner:
        raise ValueError(f"matmul_loops: {a.shape} @ {b.shape}: {m} columns meet {inner} rows")
    result = np.zeros((n, p), dtype=np.result_type(a, b))
    for i in range(n):
        for j in range(p):
            for k in range(m):
                result[i, j] += a[i, k] * b[k, j]
    return result
    ### END SOLUTION


class MatMul(Op):
    """Matrix product over the last two axes; the axes before them are batches and broadcast."""

    def forward(self, a: np.ndarray, b: np.ndarray) -> np.ndarray:
        """a: (..., n, m) or (m,), b: (..., m, p) or (m,), result: (..., n, p).

        Raises ValueError, naming both shapes, if the contracted lengths differ or an operand has no axis.

        Hint: which axis of ``b`` is contracted depends on whether ``b`` is a vector.
        """
        ### BEGIN SOLUTION
        if a.ndim == 0 or b.ndim == 0:
            raise ValueError(f"matmul: {a.shape} @ {b.shape}: a number has no axis to contract, use *")
        inner = b.shape[0] if b.ndim == 1 else b.shape[-2]
        if a.shape[-1] != inner:
            raise ValueError(f"matmul: {a.shape} @ {b.shape}: inner lengths {a.shape[-1]} and {inner} differ")
        return np.matmul(a, b)
        ### END SOLUTION

# %% nbgrader={"grade": true, "grade_id": "test_matmul", "locked": true, "points": 12, "schema_version": 3, "solution": false, "task": false}
def test_unit_matmul():
    """The loops follow the definition, the op agrees with them, and batches, vectors and errors are right."""
    a, b = np.array([[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]]), np.array([[1.0, 0.0], [0.0, 2.0], [1.0, 1.0]])
    expected = np.array([[4.0, 7.0], [10.0, 16.0]])
    message = "matmul_loops: c[i, j] is the sum over k of a[i, k] * b[k, j]"
    np.testing.assert_allclose(matmul_loops(a, b), expected, err_msg=message)
    message = "MatMul: contract a's last axis with b's second last"
    np.testing.assert_allclose((Tensor(a) @ Tensor(b)).data, expected, err_msg=message)

    numbers = np.random.default_rng(1)
    shapes = [((2, 3, 4), (4, 5)), ((2, 3, 4), (2, 4, 5)), ((6, 1, 3, 4), (2, 4, 2))]
    for p, q in [*shapes, ((4,), (4, 5)), ((3, 4), (4,)), ((4,), (4,))]:
        left, right = numbers.normal(size=p), numbers.normal(size=q)
        got = (Tensor(left, dtype=np.float64) @ Tensor(right, dtype=np.float64)).data
        expected = np.matmul(left, right)
        assert got.shape == expected.shape, f"MatMul, {p} @ {q}: expected {expected.shape}, got {got.shape}"
        np.testing.assert_allclose(
            got, expected, rtol=1e-12, err_msg=f"MatMul, {p} @ {q}: not np.matmul's values"
        )

    for label, call in [
        ("matmul_loops", lambda p, q: matmul_loops(np.ones(p), np.ones(q))),
        ("MatMul", lambda p, q: Tensor(np.ones(p)) @ Tensor(np.ones(q))),
    ]:
        for p, q in [((3, 4), (5, 2)), ((3, 2), (4, 3))]:
            try:
                call(p, q)
            except ValueError as error:
                named = str(p) in str(error) and str(q) in str(error)
                assert named, f"{label}: name {p} and {q} in the error, it says {str(error)!r}"
            else:
                raise AssertionError(f"{label}: {p} @ {q} must raise ValueError, the inner lengths differ")
    print("matmul: definition, batches, vectors and errors agree")


test_unit_matmul()
### BEGIN HIDDEN TESTS
from tinytorch_lab.probes import probe, raises, rng

a, b = rng.normal(size=(3, 4)), rng.normal(size=(4, 2))
probe("matrix", (Tensor(a) @ Tensor(b)).data)
probe("loops", matmul_loops(a, b))
probe("loops on integers", matmul_loops(rng.integers(-9, 9, size=(2, 5)), rng.integers(-9, 9, size=(5, 1))))
probe("loops, empty inner axis", matmul_loops(np.ones((2, 0)), np.ones((0, 3))))
probe("batch times matrix", (Tensor(rng.normal(size=(5, 3, 4))) @ Tensor(b)).data)
probe("batches broadcast", (Tensor(rng.normal(size=(2, 1, 3, 4))) @ Tensor(rng.normal(size=(7, 4, 1)))).data)
first = Tensor(a[0])
probe("vectors", [(first @ Tensor(b)).data, (Tensor(a) @ first).data, (first @ Tensor(a[2])).data])
probe("vector and batch", (first @ Tensor(rng.normal(size=(6, 4, 2)))).data)
probe("array on either side", [(a @ Tensor(b)).data, (Tensor(a) @ b).data])
integers = Tensor(np.arange(4).reshape(2, 2))
probe("dtypes", [str(t.dtype) for t in (Tensor(a) @ b, Tensor(a, dtype=np.float64) @ b, integers @ integers)])
probe("empty batch", list((Tensor(np.ones((0, 3, 4))) @ Tensor(b)).shape))
wrong = [((3, 4), (3, 4)), ((2, 3, 4), (2, 3, 4)), ((4,), (3, 4)), ((3, 4), (3,)), ((), (3, 4))]
wrong.append(((2, 3, 4), (3, 4, 5)))
probe("errors", [raises(lambda p=p, q=q: Tensor(np.ones(p)) @ Tensor(np.ones(q))) for p, q in wrong])
wrong = [((2, 3), (2, 3)), ((2, 1), (3, 2))]
probe("loops errors", [raises(lambda p=p, q=q: matmul_loops(np.ones(p), np.ones(q))) for p, q in wrong])
op = (Tensor(a) @ Tensor(b, requires_grad=True)).creator
probe("recorded", [type(op).__name__, [list(tensor.shape) for tensor in op.inputs]])
### END HIDDEN TESTS

# %% [markdown]
"""
### Loops against vectorised code

Both functions do the same $n^3$ multiplications. What to look for in the figure, on axes that are both
logarithmic, where a straight line of slope 3 means $n^3$:

- the loops soon climb along a slope of 3: nothing but arithmetic *as Python does it*, one boxed number, one
  bounds check and one method call at a time;
- NumPy's line is nearly flat for small $n$: there, the fixed price of a call dominates, not the arithmetic;
- the distance between the lines, printed as a ratio, *grows* with $n$. A single figure like "NumPy is 100
  times faster" is meaningless without the size.
"""

# %% tags=["measure"]
import matplotlib.pyplot as plt


def best_time(fn, repeats=5, number=1):
    """Shortest of several timings, in seconds per call: noise only ever adds time."""
    timings = []
    for _ in range(repeats):
        start = time.perf_counter()
        for _ in range(number):
            fn()
        timings.append((time.perf_counter() - start) / number)
    return min(timings)


sizes = np.array([2, 4, 8, 16, 32, 64, 96])
loops, vectorised = [], []
for n in sizes:
    left, right = np.random.default_rng(0).normal(size=(2, n, n)).astype(np.float32)
    x, y = Tensor(left), Tensor(right)
    loops.append(best_time(lambda: matmul_loops(left, right), repeats=1 if n > 32 else 3))
    vectorised.append(best_time(lambda: x @ y, number=50))
    milliseconds = f"loops {loops[-1] * 1e3:9.3f} ms, Tensor @ {vectorised[-1] * 1e3:7.4f} ms"
    print(f"n = {n:3}: {milliseconds}, ratio {loops[-1] / vectorised[-1]:7.0f}")
slopes = [np.polyfit(np.log(sizes[3:]), np.log(times[3:]), 1)[0] for times in (loops, vectorised)]
print(f"slope from n = {sizes[3]} on: loops {slopes[0]:.2f}, Tensor @ {slopes[1]:.2f}")

figure, axes = plt.subplots(figsize=(6, 3.6))
axes.loglog(sizes, loops, "o-", label="matmul_loops")
axes.loglog(sizes, vectorised, "s-", label="Tensor @ Tensor")
axes.loglog(sizes, loops[-1] * (sizes / sizes[-1]) ** 3, "k:", label="slope 3")
axes.set(xlabel="n (matrices are n × n)", ylabel="seconds", title="One matrix product")
axes.set_xticks(sizes, labels=sizes)
axes.minorticks_off()
axes.legend()
axes.grid(alpha=0.3)
plt.show()

# %% [markdown]
"""
## Part 5: Reductions

A reduction folds one axis, several, or all of them into one value. Think of `axis` as *the axis that
disappears*: a `(32, 10)` batch summed over `axis=0` has shape `(10,)`, one sum for every column. With
`keepdims=True` the axis stays with length 1, so that the result broadcasts against the original; without
it, `x - x.mean(axis=1)` is an error for most shapes, and for square ones something worse, a wrong answer
without an error.

Two details: the mean of integers is a fraction and must not be an integer, and the maximum of negative
numbers is negative. Leave the loops to NumPy here. Along a contiguous axis it adds short blocks and then
combines their sums in pairs, pairs of pairs and so on, which rounds far less than adding one after the
other; Part 7 measures how much.
"""

# %% nbgrader={"grade": false, "grade_id": "reductions", "locked": false, "schema_version": 3, "solution": true, "task": false}
#| export
class Sum(Op):
    """Sum over ``axis`` (one axis, several, or all for None)."""

    axis: int | tuple[int, ...] | None = None
    keepdims: bool = False

    def forward(self, a: np.ndarray) -> np.ndarray:
        """Hint: the attributes of the application are on ``self``."""
        ### BEGIN SOLUTION
        return a.sum(axis=self.axis, keepdims=self.keepdims)
        ### END SOLUTION


class Mean(Op):
    """Arithmetic mean over ``axis``."""

    axis: int | tuple[int, ...] | None = None
    keepdims: bool = False

    def forward(self, a: np.ndarray) -> np.ndarray:
        """Hint: divide by the number of elements that were folded into one, not by the size of ``a``."""
        ### BEGIN SOLUTION
        return a.mean(axis=self.axis, keepdims=self.keepdims)
        ### END SOLUTION


class Max(Op):
    """Largest element over ``axis``."""

    axis: int | tuple[int, ...] | None = None
    keepdims: bool = False

    def forward(self, a: np.ndarray) -> np.ndarray:
        """Raises ValueError where there is no element to choose from.

        Hint: arrays do the same by themselves.
        """
        ### BEGIN SOLUTION
        return a.max(axis=self.axis, keepdims=self.keepdims)
        ### END SOLUTION

# %% nbgrader={"grade": true, "grade_id": "test_reductions", "locked": true, "points": 9, "schema_version": 3, "solution": false, "task": false}
def test_unit_reductions():
    """Sum, mean and max over one axis, several and all, with and without keepdims."""
    a = np.array([[[1, -2], [3, 4], [5, 0.5]], [[-1, -7], [2, 2], [9, -3]]], dtype=np.float32)
    x = Tensor(a)
    for axis in (None, 0, 1, -1, (0, 2), (-1, -2)):
        for keepdims in (False, True):
            for name in ("sum", "mean", "max"):
                got = getattr(x, name)(axis=axis, keepdims=keepdims)
                expected = getattr(a, name)(axis=axis, keepdims=keepdims)
                call = f"{name}(axis={axis}, keepdims={keepdims})"
                assert got.shape == expected.shape, f"{call}: expected {expected.shape}, got {got.shape}"
                assert got.dtype == np.float32, f"{call} of float32: expected float32, got {got.dtype}"
                np.testing.assert_allclose(
                    got.data, expected, rtol=1e-6, err_msg=f"{call}: not NumPy's values"
                )
    below = Tensor([[-3.0, -1.0], [-2.0, -5.0]])
    np.testing.assert_allclose(
        below.max(axis=0).data, [-2, -1], err_msg="max of negative numbers is negative"
    )
    got = Tensor(np.array([1, 2, 4])).mean().item()
    assert abs(got - 7 / 3) < 1e-6, f"mean of the integers 1, 2, 4: expected 2.33…, got {got}"
    centred = x - x.mean(axis=1, keepdims=True)
    message = "x - x.mean(axis=1, keepdims=True) must have mean zero along axis 1"
    np.testing.assert_allclose(centred.mean(axis=1).data, 0, atol=1e-6, err_msg=message)
    print("reductions: values, shapes and dtypes agree with NumPy")


test_unit_reductions()
### BEGIN HIDDEN TESTS
from tinytorch_lab.probes import probe, raises, rng

a = rng.normal(size=(3, 4, 1, 2)) - 2
x = Tensor(a, dtype=np.float64)
probe("all elements", [x.sum().item(), x.mean().item(), x.max().item()])
probe("a negative axis", [x.sum(axis=-3).data, x.mean(axis=-3).data, x.max(axis=-3).data])
probe("an axis of length one", [x.sum(axis=2).data, x.mean(axis=2).data, x.max(axis=2).data])
probe("several axes", [x.sum(axis=(0, 3)).data, x.mean(axis=(0, -1)).data, x.max(axis=(1, 2)).data])
kept = x.sum(axis=(0, 3), keepdims=True), x.mean(keepdims=True), x.max(axis=1, keepdims=True)
probe("keepdims", [result.data for result in kept])
results = x.sum(), x.mean(axis=0), x.max(axis=1), Tensor(a).mean(), Tensor(a).sum(axis=0)
probe("dtypes", [str(result.dtype) for result in results])
whole = Tensor(rng.integers(0, 9, size=(4, 3)))
probe("integers", [whole.sum(axis=0).data, whole.mean(axis=1).data, whole.max(axis=0).data])
probe("true values counted", Tensor(a > -2).sum(axis=(1, 2, 3)).data)
probe("nothing to add", Tensor(np.ones((0, 3))).sum(axis=0).data)
w = Tensor(a, requires_grad=True)
y = w.mean(axis=1, keepdims=True)
probe("recorded", [type(y.creator).__name__, y.creator.axis, y.creator.keepdims, y.creator.inputs[0] is w])
probe("positional arguments", [w.sum(0, True).data, w.max(1).data])
probe("nothing to choose from", raises(lambda: Tensor(np.ones((0, 3))).max(axis=0)))
### END HIDDEN TESTS

# %% [markdown]
"""
## Part 6: Shapes, Views and Copies

`Reshape`, `Transpose` and `GetItem` change how a buffer is *read*. Where a new shape and new strides are
enough, the result is a **view**: same buffer, no element moved, constant time. Where no strides can
describe the result, NumPy has to **copy**.

| operation | result |
| --- | --- |
| `x.T`, `x.transpose(1, 0)` | always a view: the strides are permuted |
| `x[2:5]`, `x[::2]`, `x[:, 0]`, `x[None]` | always a view: start, lengths and strides are new |
| `x.reshape(...)` of a contiguous tensor | a view |
| `x.T.reshape(-1)` | a copy: the elements lie in the wrong order |
| `x[[2, 0]]`, `x[mask]` | always a copy: arbitrary positions have no common stride |

Sharing is what makes views cheap, and it has two prices. A write through one name shows under all others.
And a small view keeps a large buffer alive, since memory is freed only when the *last* view of it is gone.

Names, compared with PyTorch: our `transpose(*axes)` takes the new order of all axes, as NumPy's does;
PyTorch calls that `permute`, and its own `transpose(i, j)` exchanges two axes.

Two functions belong to this section. `row_major_strides` is the formula of Part 1. `shares_memory` asks
whether two tensors have at least one byte in common. Comparing `a.data.base` does not answer it (it is `None`
for the array that owns the buffer, and `x[:2]` and `x[2:]` have one base and no byte in common), and comparing address
*ranges* is too much: `x[::2]` and `x[1::2]` lie in the same range and share nothing. NumPy has an exact test and one by
ranges; choose the exact one.
"""

# %% nbgrader={"grade": false, "grade_id": "shapes", "locked": false, "schema_version": 3, "solution": true, "task": false}
#| export
def row_major_strides(shape: tuple[int, ...], itemsize: int) -> tuple[int, ...]:
    """Strides in bytes of a contiguous row-major array of ``shape`` whose elements take ``itemsize`` bytes.

    Hint: start at the last axis; each step to the left multiplies by a length.
    """
    ### BEGIN SOLUTION
    strides = []
    step = itemsize
    for length in reversed(shape):
        strides.append(step)
        step *= length
    return tuple(reversed(strides))
    ### END SOLUTION


class Reshape(Op):
    """The same elements, in the same row-major order, in another shape."""

    shape: tuple[int, ...]

    def forward(self, a: np.ndarray) -> np.ndarray:
        """Raises ValueError if the number of elements would change. A length of -1 is worked out.

        Hint: a view where one is possible.
        """
        ### BEGIN SOLUTION
        return a.reshape(self.shape)
        ### END SOLUTION


class Transpose(Op):
    """The axes in a new order: axis ``k`` of the result is axis ``axes[k]`` of the input; None reverses."""

    axes: tuple[int, ...] | None = None

    def forward(self, a: np.ndarray) -> np.ndarray:
        """Hint: NumPy's ``transpose`` reads ``axes`` the same way."""
        ### BEGIN SOLUTION
        return a.transpose(self.axes)
        ### END SOLUTION


class GetItem(Op):
    """The elements that ``index`` selects."""

    index: Any

    def forward(self, a: np.ndarray) -> np.ndarray:
        """Hint: ``index`` is whatever stood between the brackets; an array takes it as it is."""
        ### BEGIN SOLUTION
        return a[self.index]
        ### END SOLUTION


def shares_memory(a: Tensor, b: Tensor) -> bool:
    """Whether the two tensors have at least one byte of memory in common.

    Hint: overlapping ranges do not prove it.
    """
    ### BEGIN SOLUTION
    return np.shares_memory(a.data, b.data)
    ### END SOLUTION

# %% nbgrader={"grade": true, "grade_id": "test_shapes", "locked": true, "points": 9, "schema_version": 3, "solution": false, "task": false}
def test_unit_shapes():
    """Reshape, transpose and indexing agree with NumPy, and are views exactly where they should be."""
    a = np.arange(24, dtype=np.float32).reshape(2, 3, 4)
    x = Tensor(a)
    for shape, itemsize in [((2, 3), 4), ((2, 3, 4), 8), ((7,), 2), ((3, 1, 5), 4)]:
        expected = np.empty(shape, dtype=f"V{itemsize}").strides
        got = row_major_strides(shape, itemsize)
        assert got == expected, f"row_major_strides({shape}, {itemsize}): expected {expected}, got {got}"
    pairs = [
        ("reshape(6, 4)", x.reshape(6, 4), a.reshape(6, 4)),
        ("reshape((-1, 2))", x.reshape((-1, 2)), a.reshape(-1, 2)),
        ("T", x.T, a.T),
        ("transpose(2, 0, 1)", x.transpose(2, 0, 1), a.transpose(2, 0, 1)),
        ("x[1]", x[1], a[1]),
        ("x[:, ::2, -1]", x[:, ::2, -1], a[:, ::2, -1]),
        ("x[..., None, 0]", x[..., None, 0], a[..., None, 0]),
        ("x[a > 10]", x[a > 10], a[a > 10]),
        ("x[Tensor of int]", x[Tensor(np.array([1, 0, 1]))], a[[1, 0, 1]]),
    ]
    for label, got, expected in pairs:
        assert got.shape == expected.shape, f"{label}: expected shape {expected.shape}, got {got.shape}"
        np.testing.assert_array_equal(got.data, expected, err_msg=f"{label} disagrees with NumPy")
    flat = x.reshape(-1)
    shared = [("x.T", x.T, True), ("x[:, 1]", x[:, 1], True), ("x.reshape(-1)", flat, True)]
    shared += [("x.T[1:].T", x.T[1:].T, True), ("x.T.reshape(-1)", x.T.reshape(-1), False)]
    shared += [("x[[0, 1]]", x[[0, 1]], False), ("x + 0", x + 0, False)]
    for label, other, expected in shared:
        got = shares_memory(x, other)
        assert got is expected, f"shares_memory(x, {label}): expected {expected}, got {got!r} (view or copy?)"
    got = shares_memory(flat[::2], flat[1::2])
    assert got is False, "shares_memory: even and odd positions overlap in range, but have no byte in common"
    a[0, 0, 0] = 99
    assert x.T[0, 0, 0].item() == 99, "x.T is a view: a write to the buffer must show in it"
    print("shapes: values agree, views are views and copies are copies")


test_unit_shapes()
### BEGIN HIDDEN TESTS
from tinytorch_lab.probes import probe, raises, rng

a = rng.normal(size=(4, 3, 5)).astype(np.float32)
x = Tensor(a)
results = x.reshape(-1), x.reshape(5, -1, 2), x.reshape([60, 1]), x[:, :, 1:3].reshape(3, 8)
probe("reshape", [result.data for result in results])
results = x.transpose(-1, 0, 1), x.transpose((1, 2, 0)), x.transpose(), x.T, x[0, 0].T
probe("transpose", [result.data for result in results])
probe("index", [x[-1].data, x[1:3, ::-1].data, x[..., 2].data, x[:, None, 0].data, x[3, 2, 4].item()])
results = x[[3, 3, 0]], x[np.arange(4), [0, 2, 1, 0]], x[x.data > 0], x[Tensor(np.array([2]))]
probe("gather", [result.data for result in results])
rows, columns = Tensor(np.arange(4)), Tensor(np.array([4, 0, 1, 2]))
probe("tensors in an index", x[rows, 1, columns].data)
layouts = [((4, 3, 5), 4), ((2, 2, 2, 2), 8), ((9,), 1), ((), 4), ((6, 1, 2), 2)]
probe("strides", [list(row_major_strides(shape, itemsize)) for shape, itemsize in layouts])
views = (
    x[1:],
    x[::2, ::-1],
    x.T,
    x.transpose(0, 2, 1).transpose(0, 2, 1).reshape(12, 5),
    x[None],
    x.reshape(3, 20),
)
probe("views", [shares_memory(x, view) for view in views])
copies = x[[0]], x[x.data > 0], x.transpose(1, 0, 2).reshape(-1), x * 1, Tensor(a, dtype=np.float64)
probe("copies", [shares_memory(x, copy) for copy in copies])
halves = [(x[:2], x[2:]), (x[..., ::2], x[..., 1::2]), (x[:3], x[2:])]
probe("parts", [shares_memory(left, right) for left, right in halves])
w = Tensor(a, requires_grad=True)
probe("recorded", [type(w.T.creator).__name__, list(w.reshape(3, 20).creator.shape), w[2].creator.index])
a[0, 0, 0] = 42
probe("a write through the array", [x.T[0, 0, 0].item(), x[[0]][0, 0, 0].item()])
probe("empty", [list(x[4:].shape), list(x[:0].reshape(0, 15).shape)])
probe("errors", [raises(lambda: x.reshape(7, 9)), raises(lambda: x[9]), raises(lambda: x.transpose(0, 0, 1))])
### END HIDDEN TESTS

# %% [markdown]
"""
## Part 7: Memory and Complexity, Measured

Four measurements. Before each one, write down what you expect.

### Views and copies: footprint against peak

`memory_footprint()` says how large a tensor would be on its own. It knows nothing of sharing.
`measure_memory` says what an expression *allocated*. What to look for:

- views: a full or half footprint, and next to nothing allocated (the Python objects themselves);
- copies: the peak is the footprint of the result, and a little more where a list of positions is needed
  too;
- `x * 2 + 1`: one result is kept, but the intermediate `x * 2` is alive while `+ 1` runs: a peak of two;
- the last two lines: a view of ten numbers keeps all of `big` alive, a copy of the ten numbers does not.
"""

# %% tags=["measure"]
x = Tensor(np.ones((1000, 1000)))
print(f"x: {x.shape} {x.dtype}, footprint {x.memory_footprint() / 1e6:.2f} MB\n")
print(f"{'expression':20} {'footprint':>12} {'allocated (peak)':>18}   shares memory with x")
for label, expression in [
    ("x.T", lambda: x.T),
    ("x[::2]", lambda: x[::2]),
    ("x.reshape(10, -1)", lambda: x.reshape(10, -1)),
    ("x.T.reshape(-1)", lambda: x.T.reshape(-1)),
    ("x[list(range(500))]", lambda: x[list(range(500))]),
    ("x * 2", lambda: x * 2),
    ("x * 2 + 1", lambda: x * 2 + 1),
    ("x.sum(axis=0)", lambda: x.sum(axis=0)),
]:
    result, peak = measure_memory(expression)
    footprint = result.memory_footprint()
    print(f"{label:20} {footprint / 1e6:9.3f} MB {peak / 1e6:15.3f} MB   {shares_memory(x, result)}")


def ten_numbers(take):
    """Make a large tensor, take ten numbers of it; the large one goes out of scope."""
    big = Tensor(np.ones(5_000_000))
    return take(big)


print()
tracemalloc.start()
for label, take in [
    ("big[:10]", lambda big: big[:10]),
    ("big[list(range(10))]", lambda big: big[list(range(10))]),
]:
    before = tracemalloc.get_traced_memory()[0]
    kept = ten_numbers(take)
    still = tracemalloc.get_traced_memory()[0] - before
    print(f"{label:20} footprint {kept.memory_footprint()} bytes, still allocated {still / 1e6:.3f} MB")
    del kept
tracemalloc.stop()

# %% [markdown]
"""
### Layout and the cache

A processor does not fetch single numbers. It fetches **cache lines**, 64 bytes on most
machines: 16 neighbouring float32 numbers. Walking along a row uses all 16; walking down a column of a wide
row-major matrix uses one of them and throws 15 away.

The first part sums a matrix row by row and column by column: same numbers, same count of additions. The
second part adds every $s$-th number of a buffer of 64 MB. What to look for in the figure: time *per number*
climbs while the steps still fall within one line, because every step makes less use of a line that had to
be fetched anyway. From 16 numbers a step on (dotted line) every number needs a line of its own; a line
cannot be used less than once, so this reason for climbing ends there. What is added later has others, such
as how far ahead the hardware guesses which lines come next; then the curve flattens.
"""

# %% tags=["measure"]
import matplotlib.pyplot as plt

matrix = np.ones((4096, 4096), dtype=np.float32)
start = time.perf_counter()
for i in range(4096):
    matrix[i, :].sum()
by_row = time.perf_counter() - start
start = time.perf_counter()
for j in range(4096):
    matrix[:, j].sum()
by_column = time.perf_counter() - start
print(
    f"strides {matrix.strides}: row by row {by_row * 1e3:.0f} ms, column by column {by_column * 1e3:.0f} ms"
)
print(f"ratio {by_column / by_row:.1f}\n")

steps = np.array([1, 2, 4, 8, 16, 32, 64, 128])
flat = matrix.reshape(-1)
per_number = []
for step in steps:
    view = flat[::step]
    timings = []
    for _ in range(5):
        start = time.perf_counter()
        view.sum()
        timings.append(time.perf_counter() - start)
    per_number.append(min(timings) / view.size * 1e9)
    print(f"every {step:3}. number, stride {view.strides[0]:3} bytes: {per_number[-1]:6.2f} ns per number")

figure, axes = plt.subplots(figsize=(6, 3.4))
axes.loglog(steps, per_number, "o-")
axes.axvline(16, color="k", linestyle=":", label="one cache line (64 bytes)")
axes.set(xlabel="step (float32 numbers)", ylabel="ns per number", title="Adding every s-th number of 64 MB")
axes.set_xticks(steps, labels=steps)
axes.set_yticks([0.1, 0.2, 0.5, 1, 2, 5], labels=["0.1", "0.2", "0.5", "1", "2", "5"])
axes.minorticks_off()
axes.legend()
axes.grid(alpha=0.3)
plt.show()

# %% [markdown]
"""
### The price of a call

An `Op` is a Python object, and `apply` is a handful of Python statements. That costs a fixed time for every
operation, whatever its size. What to look for: for small tensors both curves are flat, and the distance
between them is the price of *our* bookkeeping; for large ones the curves meet, because arithmetic and
memory take all the time. A network made of many tiny operations spends its life on the left side of this
figure.
"""

# %% tags=["measure"]
import matplotlib.pyplot as plt

sizes = 10 ** np.arange(0, 7)
ours, numpys = [], []
for size in sizes:
    a, b = np.ones(size, dtype=np.float32), np.ones(size, dtype=np.float32)
    x, y = Tensor(a), Tensor(b)
    number = max(1, min(2000, 2_000_000 // size))
    for times, fn in ((ours, lambda: x + y), (numpys, lambda: a + b)):
        timings = []
        for _ in range(5):
            start = time.perf_counter()
            for _ in range(number):
                fn()
            timings.append((time.perf_counter() - start) / number)
        times.append(min(timings))
    print(f"{size:8} numbers: Tensor {ours[-1] * 1e6:8.2f} µs, NumPy {numpys[-1] * 1e6:8.2f} µs, ", end="")
    print(f"overhead {(ours[-1] / numpys[-1] - 1) * 100:5.0f} %")

figure, axes = plt.subplots(figsize=(6, 3.4))
axes.loglog(sizes, np.array(ours) * 1e6, "s-", label="Tensor + Tensor")
axes.loglog(sizes, np.array(numpys) * 1e6, "o-", label="array + array")
axes.set(xlabel="numbers in each operand", ylabel="µs per addition", title="Fixed price and price per number")
axes.legend()
axes.grid(alpha=0.3)
plt.show()

# %% [markdown]
"""
### Precision: bytes, time, error

Half the bytes means half the memory traffic, and twice as many numbers in a vector register. It also means
fewer digits. What to look for:

- float64 takes twice the bytes of float32, and roughly twice the time in both columns;
- integers have no BLAS routine: the integer product falls back to plain loops and loses by a wide margin,
  although its numbers are no larger than a float64;
- sums: adding one number after the other in float32 drifts visibly; NumPy's pairwise sum of the same
  float32 numbers is closer by orders of magnitude. Same numbers, same precision, other order.
"""

# %% tags=["measure"]
print(f"{'dtype':8} {'MB':>6} {'x + x, ms':>10} {'500 x 500 product, ms':>22}")
for dtype in (np.float32, np.float64, np.int64):
    big = Tensor(np.ones(4_000_000), dtype=dtype)
    matrix = Tensor(np.ones((500, 500)), dtype=dtype)
    times = []
    for fn in (lambda: big + big, lambda: matrix @ matrix):
        timings = []
        for _ in range(4):
            start = time.perf_counter()
            fn()
            timings.append(time.perf_counter() - start)
        times.append(min(timings) * 1e3)
    print(f"{big.dtype!s:8} {big.memory_footprint() / 1e6:6.0f} {times[0]:10.2f} {times[1]:22.2f}")

tenths = np.full(1_000_000, 0.1, dtype=np.float32)
exact = tenths.astype(np.float64).sum()
one_by_one = float(np.add.accumulate(tenths)[-1])
pairwise = Tensor(tenths).sum().item()
print(f"\na million times 0.1 in float32: exactly {exact:.4f}")
print(f"one after the other {one_by_one:.4f} (off by {abs(one_by_one / exact - 1):.1e})")
print(f"pairwise            {pairwise:.4f} (off by {abs(pairwise / exact - 1):.1e})")
print(f"counting in float32: 2**24 + 1 = {(Tensor(2.0**24) + 1).item():.0f}, expected {2**24 + 1}")

# %% [markdown]
"""
## Part 8: In Production

PyTorch's tensor has the same anatomy, taken further:

- **Storage and view are separate objects.** A `torch.Tensor` holds sizes, strides and an offset into a
  reference-counted storage. `view` insists on a view and raises if strides cannot express it; `reshape`
  copies silently if it must, as yours does; `contiguous()` asks for the copy by name. Negative strides do
  not exist there: `x[::-1]` is refused, and `flip` copies.
- **A dispatcher stands where `Op.apply` stands.** One call of `torch.add` passes through a table that
  picks, by device, layout and dtype and by active features such as autograd or autocast, the function to
  run. It has a fixed price too, which is why many small operations are slow there as well, and why CUDA
  graphs and `torch.compile` exist.
- **Type promotion is richer.** `torch.tensor([1, 2])` is int64 (ours is float32: a simplification that
  saves a dot in every example); Python numbers never raise the dtype of a tensor of the same kind, a rule
  that `as_operand` shares.
- **Matrix products are delegated**, to oneDNN, MKL or OpenBLAS on a CPU and to cuBLAS on a GPU, just as
  NumPy delegated yours. On top come formats that trade digits for speed, such as bfloat16 and TF32.
- **Temporaries are fused away.** `x * 2 + 1` allocated an intermediate in your measurement. `torch.compile`
  generates one loop for the whole expression. On GPUs a caching allocator reuses freed blocks instead of
  returning them.
- **Bitwise reproducibility has a price.** Because order changes sums,
  `torch.use_deterministic_algorithms(True)` has to select slower kernels, or raise where none exists.

## Part 9: What Breaks First at Scale

Which runs out first: memory, or time? The next cell measures two rates of your machine, bytes per second in
an addition and arithmetic per second in a matrix product, and extrapolates to sizes it does not dare to
run. What to look for: an addition does a single operation per 12 bytes moved (two reads, one write), so its
arithmetic rate is a small fraction of the product's; it is limited by **memory bandwidth**. And follow one
column down: when $n$ grows by 10, memory and the addition grow by 100, the product by 1,000. On a machine
with 16 GB the three matrices of the last line do not fit at all; *memory breaks first*, and splitting the
matrices over several machines is then not a matter of speed.
"""

# %% tags=["measure"]
def seconds(fn):
    timings = []
    for _ in range(4):
        start = time.perf_counter()
        fn()
        timings.append(time.perf_counter() - start)
    return min(timings)


n = 1024
x, y = Tensor(np.ones((n, n))), Tensor(np.ones((n, n)))
wide = Tensor(np.ones(8_000_000))
product_rate = 2 * n**3 / seconds(lambda: x @ y)
bandwidth = 3 * wide.memory_footprint() / seconds(lambda: wide + wide)
print(f"matrix product {product_rate / 1e9:.1f} GFLOP/s")
print(f"addition       {bandwidth / 12e9:.1f} GFLOP/s, which moves {bandwidth / 1e9:.1f} GB/s")
print(f"\n{'n':>7} {'three n x n, GB':>16} {'addition, s':>12} {'product, s':>12}   (extrapolated)")
for n in (1_000, 10_000, 100_000):
    print(f"{n:7} {3 * 4 * n**2 / 1e9:16.3f} {12 * n**2 / bandwidth:12.4f} {2 * n**3 / product_rate:12.3f}")

# %% [markdown]
"""
## Integration Test: Agreement with NumPy

Every piece has been tested on its own. Now they work together: a small computation with arithmetic,
broadcasting, products, reductions and views, written once with tensors and once with arrays, has to give
the same numbers.
"""

# %% nbgrader={"grade": true, "grade_id": "test_numpy_agreement", "locked": true, "points": 5, "schema_version": 3, "solution": false, "task": false}
def test_unit_numpy_agreement():
    """Whole computations agree with NumPy, and float64 stays float64 from beginning to end."""
    numbers = np.random.default_rng(7)
    a = numbers.normal(size=(6, 4))
    w, b = numbers.normal(size=(4, 3)), numbers.normal(size=3)
    x = Tensor(a, dtype=np.float64)

    centred = x - x.mean(axis=0)
    scaled = centred / ((centred**2).mean(axis=0, keepdims=True) + 1e-5) ** 0.5
    expected = (a - a.mean(axis=0)) / np.sqrt(a.var(axis=0) + 1e-5)
    np.testing.assert_allclose(scaled.data, expected, rtol=1e-10, err_msg="standardised columns")
    assert scaled.dtype == np.float64, f"float64 in, float64 out: got {scaled.dtype}"

    scores = x @ w + b
    powers = (scores - scores.max(axis=1, keepdims=True)).exp()
    shares = powers / powers.sum(axis=1, keepdims=True)
    raw = np.exp(a @ w + b)
    expected = raw / raw.sum(axis=1, keepdims=True)
    np.testing.assert_allclose(shares.data, expected, rtol=1e-10, err_msg="normalised powers")

    distances = ((x[:, None] - x[None]) ** 2).sum(axis=-1)
    expected = ((a[:, None] - a[None]) ** 2).sum(-1)
    np.testing.assert_allclose(distances.data, expected, rtol=1e-10, atol=1e-12, err_msg="pairwise distances")

    heads = x.reshape(3, 2, 4).transpose(0, 2, 1) @ x.reshape(3, 2, 4)
    expected = np.einsum("bki,bkj->bij", a.reshape(3, 2, 4), a.reshape(3, 2, 4))
    np.testing.assert_allclose(heads.data, expected, rtol=1e-10, err_msg="batched product of a view")
    print("integration: whole computations agree with NumPy")


test_unit_numpy_agreement()
### BEGIN HIDDEN TESTS
from tinytorch_lab.probes import probe, raises, rng

a, w = rng.normal(size=(5, 2, 3)), rng.normal(size=(3, 4))
x = Tensor(a, dtype=np.float64)
hidden = 1 / (1 + (-(x @ w)).exp())
probe("a layer", hidden.data)
probe("its column maxima", (2 * hidden - 1).max(axis=(0, 1)).data)
probe("log of a mean of powers", (x.exp().mean(axis=-1, keepdims=True)).log().data)
picked = Tensor(rng.integers(0, 10, size=6))
probe("rows picked by a tensor", (x.reshape(10, 3)[picked] @ w).sum(axis=1).data)
probe("gram matrices", (x.transpose(0, 2, 1) @ x - np.eye(3)).mean(axis=0).data)
single = (Tensor(a) @ w - 0.5) / 2
probe("dtypes", [str(hidden.dtype), str(single.dtype), str((Tensor(np.arange(3)) / 2).dtype)])
v = Tensor(w, requires_grad=True)
loss = ((Tensor(a) @ v - 1) ** 2).mean()
chain = [type(node).__name__ for node in (loss.creator, loss.creator.inputs[0].creator)]
chain.append(type(loss.creator.inputs[0].creator.inputs[0].creator.inputs[0].creator).__name__)
probe("the recorded chain", chain)
probe("a loss", [loss.item(), loss.requires_grad, loss.grad is None, list(loss.shape)])
### END HIDDEN TESTS

# %% [markdown]
"""
Your own runner can now examine your own module:
"""

# %% tags=["measure"]
tests = [test_unit_environment, test_unit_measure_memory, test_unit_run_tests, test_unit_creation]
tests += [test_unit_arithmetic, test_unit_matmul, test_unit_reductions, test_unit_shapes]
tests += [test_unit_numpy_agreement]
report = run_tests(tests)
print(f"\n{report}")

# %% [markdown]
"""
## 🤔 ML Systems Thinking

Three questions, 10 points each. Answer in 150 to 300 words, in your own words, and argue with *your* code
and *your* printed numbers: an answer that would read the same without this notebook does not reach the
upper levels.
"""

# %% [markdown] nbgrader={"grade": false, "grade_id": "question_1", "locked": true, "schema_version": 3, "solution": false, "task": false}
"""
### Question 1: Memory layout, strides and the cache

**Context:** `row_major_strides` says how far apart neighbours are. Your cache measurement summed one matrix
along its rows and down its columns, and plotted the time per number against the step between numbers.

**Question:** A float32 table of 10 million samples × 256 features (about 10 GB) is stored row-major.
Training reads random batches of 64 whole rows. A statistics job computes the mean of each feature, *one
feature at a time*. For both jobs, work out from the strides how many bytes of cache lines are fetched for
every byte that is used, and compare with what you measured. Which layout, row- or column-major, would you
choose for which job, and what would you change in the statistics job if the layout is fixed? Why is `x.T`
no answer by itself, although it costs nothing?

**Expected response:** 150–300 words, with at least one calculation and one of your measured figures.
"""

# %% [markdown] nbgrader={"grade": true, "grade_id": "response_1", "locked": false, "points": 10, "schema_version": 3, "solution": true, "task": false}
"""
=== BEGIN MARK SCHEME ===
EXCELLENT (9-10 points):
- Derives strides of (1024, 4) bytes and concludes that a feature scan fetches a 64-byte line for each 4 bytes used (16 to 1), while a row of 1024 bytes uses its 16 lines fully
- Compares this bound with the ratio and the step figure printed by the notebook, and explains a deviation (prefetching, loop overhead, vector instructions) instead of forcing the numbers to agree
- Chooses row-major for training batches and column-major (or a columnar copy) for feature statistics, with the reason in each case
- Rewrites the statistics job for the fixed layout: one pass over rows with 256 running sums, x.mean(axis=0), or blocks of columns as wide as a cache line
- Explains that x.T only exchanges shape and strides: the buffer and hence the access pattern stay; only a copy changes the order, at a cost of another 10 GB
GOOD (7-8 points):
- Correct strides and the 16 to 1 waste for column access
- Refers to an own measurement and to the right layout for each job
- Knows that the transpose is a view and moves no data
- Proposes a workable change to the statistics job, without much detail
SATISFACTORY (5-6 points):
- Explains that row-major neighbours lie together and that column access is slower because of the cache
- Names a suitable layout for at least one of the two jobs
- No calculation in bytes, or no measured figure
NEEDS IMPROVEMENT (1-4 points):
- Mentions cache or layout without connecting them to strides
- Mixes up row-major and column-major, or believes that x.T rearranges memory
- General statements that would be the same without the notebook
NO CREDIT (0 points):
- No response or off-topic
- Claims that layout has no effect on time
- Copied question text or notebook text without an answer
=== END MARK SCHEME ===

**Your response:**
"""

# %% [markdown] nbgrader={"grade": false, "grade_id": "question_2", "locked": true, "schema_version": 3, "solution": false, "task": false}
"""
### Question 2: Views, copies, footprint and peak

**Context:** `memory_footprint()` is a product of two numbers; `measure_memory` reports what an expression
allocated. Your table lists operations for which the two agree and others for which they do not.

**Question:** A preprocessing step is `y = ((x - x.mean(axis=0)) / 255).T.reshape(-1)` with `x` of 400 MB in
float32. A colleague predicts its memory by adding the footprints of all tensors that appear. Go through the
expression operation by operation: which are views, which allocate, what is freed when, and what peak do you
expect above `x`? Say which lines of your table support each step. Then give one situation in which a view
*costs* memory compared to a copy, and one in which sharing leads to a wrong result.

**Expected response:** 150–300 words, with the peak as a number and its derivation.
"""

# %% [markdown] nbgrader={"grade": true, "grade_id": "response_2", "locked": false, "points": 10, "schema_version": 3, "solution": true, "task": false}
"""
=== BEGIN MARK SCHEME ===
EXCELLENT (9-10 points):
- Lists the steps: the mean is tiny, the difference allocates 400 MB, the quotient another 400 MB while the difference is still alive, .T is a view, reshape(-1) of the transposed view copies 400 MB
- Arrives at a peak of about 800 MB above x: the difference is freed once the quotient exists (nothing is recorded), and the quotient is alive while the reshape copies
- Backs the steps with the table: x * 2 + 1 with a peak of two footprints, x.T with almost nothing, x.T.reshape(-1) with one
- Notes that the sum of footprints overcounts views and ignores when something is freed, so it is neither the peak nor what remains
- Names a small view that keeps a large buffer alive (big[:10]) and a write through the array or a view that changes another tensor (Tensor(array) shares)
- Adds a consequence: requires_grad would keep the intermediates alive, or how to lower the peak (in place, blocks, order of operations)
GOOD (7-8 points):
- Identifies views and allocations correctly, with at most one slip
- Gives a peak between two and three footprints with a reason
- Refers to at least one line of the measured table
- Gives both situations, the costly view and the wrong result
SATISFACTORY (5-6 points):
- Knows that the transpose is a view and that arithmetic allocates
- Gives a peak without a derivation, or the derivation without a number
- Gives one of the two situations
NEEDS IMPROVEMENT (1-4 points):
- Treats footprint and allocated memory as the same thing
- Calls reshape always a view or slicing always a copy
- No reference to the measurements
NO CREDIT (0 points):
- No response or off-topic
- Does not tell a view from a copy
- Copied question text or notebook text without an answer
=== END MARK SCHEME ===

**Your response:**
"""

# %% [markdown] nbgrader={"grade": false, "grade_id": "question_3", "locked": true, "schema_version": 3, "solution": false, "task": false}
"""
### Question 3: Vectorisation, dtype and reproducible measurements

**Context:** You measured loops against `@` at several sizes, a fixed price for each operation, three
dtypes, two orders of summation; and `environment_report()` wrote down where all that happened.

**Question:** A colleague writes: "I replaced NumPy by hand-written C++ and float64 by float32. It is 3
times faster on my laptop." They timed a single run of a model whose tensors mostly have fewer than 100
elements. Using your own figures, say where the threefold gain can come from and where it cannot, which part
would survive with tensors of a million elements, and what the change of dtype may do to the results. Then
describe the measurement that would convince you: what you would vary, what you would repeat, and what the
report has to record so that somebody else gets the same answer.

**Expected response:** 150–300 words, with at least two of your own figures.
"""

# %% [markdown] nbgrader={"grade": true, "grade_id": "response_3", "locked": false, "points": 10, "schema_version": 3, "solution": true, "task": false}
"""
=== BEGIN MARK SCHEME ===
EXCELLENT (9-10 points):
- Uses the overhead figure: below about 100 elements the fixed price of a call dominates, so removing Python's dispatch can give such a gain, while the dtype changes almost nothing there
- Argues with own numbers that at a million elements the gap between Tensor and array closes and bandwidth decides, so there float32 gives up to a factor of two and C++ little, since NumPy and BLAS are compiled already
- Explains effects on results: 24 bits, drift of sequential sums, counting beyond 2**24, and differing last digits when the order of additions changes
- Separates the two changes and varies one at a time, over several sizes, with repeats, warm-up and minimum or median instead of a single run
- Records environment_report() plus what it lacks (BLAS library, threads, processor load, seed, data version) and states a tolerance instead of demanding equal bits
GOOD (7-8 points):
- Connects small tensors with overhead and large ones with bandwidth or arithmetic
- Quotes at least one own figure correctly
- Names an effect of float32 on results
- Asks for repetition and a recorded environment
SATISFACTORY (5-6 points):
- Says that vectorised code is faster because the loop is compiled, and float32 is smaller
- Asks for more than one run, without a design
- Uses no figure of the notebook, or one without its size
NEEDS IMPROVEMENT (1-4 points):
- Accepts or rejects the claim without an argument
- Believes that float32 always doubles the speed or never changes results
- Does not mention the environment or repetition
NO CREDIT (0 points):
- No response or off-topic
- Fundamentally wrong, such as Python loops being as fast as NumPy
- Copied question text or notebook text without an answer
=== END MARK SCHEME ===

**Your response:**
"""

# %% [markdown]
"""
## 🎯 Module Summary

You built, and now own, two files of a framework.

- **`tinytorch/setup.py`:** `environment_report`, `measure_memory` and `run_tests`, the instruments for all
  that follows.
- **`tinytorch/tensor.py`:** `Tensor`, the operations on it as `Op` objects, `broadcast_shape`,
  `matmul_loops`, `row_major_strides` and `shares_memory`.

What the measurements showed:

- A tensor is a buffer plus shape, strides and dtype. Transposing, slicing and most reshaping change only
  the latter.
- Footprint, allocation and peak are three different numbers. The peak decides whether a program fits.
- The same arithmetic differs in time by orders of magnitude, depending on who runs the loop and in which
  order memory is visited.
- Every operation has a fixed price and a price per number; elementwise work is limited by bandwidth, matrix
  products by arithmetic.
- Precision is a choice with consequences in bytes, in time and in digits, and addition depends on its
  order.

Module 02 adds what a chain of matrix products lacks: activations, without which no depth helps.
"""
