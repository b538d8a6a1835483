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
# Module 02: Activations

A layer that only multiplies and adds can be replaced, however many of them you stack, by one layer that
multiplies and adds. What makes depth worth having is the bend between two layers: the **activation
function**. In this module you build the five that you will meet most often, and you measure what each costs
in time, in memory and in floating-point range.

**Learning objectives**

- write ReLU, Sigmoid, Tanh, Softmax and GELU as ops of the engine from Module 01;
- rewrite a formula that is right on paper so that it is right in 32 bits: no overflow, no lost digits, no
  surprise dtype;
- prove that no linear model computes XOR, confirm it by least squares, and see that one ReLU layer is enough;
- measure time per element, peak memory and *retained* memory of each activation, and explain the figures;
- give one interface (op, function, layer object) to five different computations and say what that buys.

**Prerequisites:** Module 01 (`Tensor`, `Op.apply`, broadcasting, reductions with `axis` and `keepdims`);
derivatives of $e^x$ and $\tanh x$.

**Estimated time:** 3–4 hours.
"""

# %%
#| default_exp activations

# %% nbgrader={"grade": false, "grade_id": "imports", "locked": true, "schema_version": 3, "solution": false, "task": false}
#| export
import math
from collections.abc import Iterator

import numpy as np

from tinytorch.tensor import Op, Tensor

# %% [markdown]
r"""
## 1. Mathematical Foundations

### Why a network needs a bend

Two affine layers in a row are one affine layer:

$$(xW_1 + b_1)\,W_2 + b_2 \;=\; x\,(W_1W_2) + (b_1W_2 + b_2).$$

The same step repeats, so a hundred affine layers have exactly the power of one. An activation between them
stops the two matrices from being multiplied together.

### Five functions

| name | formula | range | where it is used |
| --- | --- | --- | --- |
| ReLU | $\max(x, 0)$ | $[0, \infty)$ | hidden layers of vision networks |
| Sigmoid | $\sigma(x) = 1/(1+e^{-x})$ | $(0, 1)$ | a yes/no probability, a gate |
| Tanh | $\tanh x = 2\sigma(2x) - 1$ | $(-1, 1)$ | recurrent networks, small networks |
| Softmax | $e^{x_i} / \sum_j e^{x_j}$ | positive, sums to 1 | choosing among classes, attention |
| GELU | $x\,\Phi(x)$, $\Phi$ the normal distribution function | $\ge -0.17$ | hidden layers of transformers |

Four of them work element by element. Softmax does not: every output depends on every input along one axis, so
it is the only one that needs an `axis`, and the only one with a reduction inside.

### Three facts to keep in mind

1. **Slopes.** Training multiplies the slopes of all layers together (Module 06). $\sigma' = \sigma(1-\sigma)$
   is at most ¼; $\tanh' = 1 - \tanh^2$ is at most 1; ReLU's slope is exactly 0 or 1. All three can be
   computed from the *output* alone (GELU's cannot), and that decides how much memory training needs.
2. **Range.** `exp` of a float32 overflows to infinity a little above 88. Formulas with $e^x$ must be arranged
   so that no exponent is ever positive.
3. **Shift invariance.** Softmax does not change when a constant is added to all inputs of one row:
   $e^{x_i + c} / \sum_j e^{x_j + c} = e^{x_i} / \sum_j e^{x_j}$, since $e^c$ cancels. That freedom is what
   makes a safe implementation possible.
"""

# %% tags=["measure"]
print(f"{'dtype':>8} {'largest x with finite exp(x)':>30} {'smallest positive number':>26} {'digits':>7}")
for dtype in (np.float16, np.float32, np.float64):
    info = np.finfo(dtype)
    limit = np.log(float(info.max))
    print(f"{info.dtype.name:>8} {limit:30.2f} {float(info.smallest_subnormal):26.2e} {info.precision:7d}")

# %% [markdown]
r"""
The first column of figures is the whole story of this module's numerical part: a score of 12 is an ordinary
number in a network, and already too large for a bare `exp` in half precision.

## 2. One interface for five computations

Every activation appears in three forms, thinnest last:

```text
   ReLUOp(Op)         forward(arrays) -> array     the computation; records itself through Op.apply
   relu(x)            Tensor -> Tensor             what you call inside an expression
   ReLU()             object, called like relu     what you put into a list of layers (Module 03)
```

The op is the only place with arithmetic. `Op.apply` (Module 01) hands it NumPy arrays, wraps the result, and,
when an input requires a gradient, remembers the op on the result. **What `forward` stores on `self` therefore
lives as long as the result does.** Module 06 will ask `ReLUOp`, `SigmoidOp`, `TanhOp` and `SoftmaxOp` for
`self.output`, so each of your `forward` methods keeps its result under that name. Since the tensor holds the
very same array, this costs nothing; a later section measures that.

Two small given pieces come first. `Activation` turns `forward` into a call. `as_floating` answers a question
that is easy to overlook: what is the sigmoid of an *integer* tensor? NumPy chooses the precision from the
width of the integer, so `np.tanh` of an `int8` array is half precision, and writing a sigmoid into an array
"like the input" would cut every value to 0 or 1. Our rule is that of the framework: integers become float32,
floating arrays stay what they are.
"""

# %% nbgrader={"grade": false, "grade_id": "activation_base", "locked": true, "schema_version": 3, "solution": false, "task": false}
#| export
def as_floating(array: np.ndarray) -> np.ndarray:
    """Return a floating array unchanged (no copy), and an integer or boolean one as float32."""
    return array if array.dtype.kind == "f" else array.astype(np.float32)


class Activation:
    """A layer without parameters: calling it runs its ``forward``."""

    def forward(self, x: Tensor) -> Tensor:
        raise NotImplementedError

    def __call__(self, x: Tensor) -> Tensor:
        return self.forward(x)

    def __repr__(self) -> str:
        return f"{type(self).__name__}()"


# %% [markdown]
r"""
## 3. ReLU

$$\operatorname{relu}(x) = \max(x, 0)$$

One comparison per element, no exponential. Three details separate a good version from one that only looks
right:

- **A new array.** `x[x < 0] = 0` changes the caller's data. A float32 array is shared with the tensor (Module
  01), and a residual connection will need the input again.
- **NaN stays NaN.** A NaN is the alarm that something broke earlier. `np.where(x > 0, x, 0)` silently turns
  it into 0, because every comparison with NaN is false.
- **Infinity.** `x * (x > 0)` is tempting; at $-\infty$ it computes $-\infty \cdot 0$, which is NaN.

Write all three forms of ReLU. Afterwards the pattern is yours and the later activations ask only for what is
new.
"""

# %% nbgrader={"grade": false, "grade_id": "relu", "locked": false, "schema_version": 3, "solution": true, "task": false}
#| export
class ReLUOp(Op):
    """max(x, 0), element by element; integers stay integers. Keeps ``self.output`` for the slope."""

    def forward(self, x: np.ndarray) -> np.ndarray:
        """Return a new array of x's shape and dtype. NaN stays NaN, and -inf becomes 0.

        Hint: one NumPy ufunc takes the larger of two values and lets NaN through.
        """
        ### BEGIN SOLUTION
        self.output = np.maximum(x, 0)
        return self.output
        ### END SOLUTION


def relu(x: Tensor) -> Tensor:
    """Rectified linear unit of a tensor of any shape.

    Hint: ``Op.apply`` is a class method that takes tensors and returns a tensor.
    """
    ### BEGIN SOLUTION
    return ReLUOp.apply(x)
    ### END SOLUTION


class ReLU(Activation):
    """Layer form of :func:`relu`."""

    def forward(self, x: Tensor) -> Tensor:
        """Apply :func:`relu` to ``x``."""
        ### BEGIN SOLUTION
        return relu(x)
        ### END SOLUTION


# %% [markdown]
"""
### Testing ReLU

Values, dtype, the untouched input, the three forms, and what the op keeps.
"""

# %% nbgrader={"grade": true, "grade_id": "test_relu", "locked": true, "points": 10, "schema_version": 3, "solution": false, "task": false}
def test_unit_relu():
    """ReLU cuts at zero, leaves its input alone, and is recorded with its output."""
    x = np.array([[-2.0, -0.5, 0.0], [0.5, 3.0, -1e9]], dtype=np.float32)
    expected = np.array([[0.0, 0.0, 0.0], [0.5, 3.0, 0.0]], dtype=np.float32)
    before = x.copy()
    y = relu(Tensor(x))
    assert isinstance(y, Tensor), f"relu: expected a Tensor, got {type(y).__name__}; return ReLUOp.apply(x)"
    np.testing.assert_allclose(y.data, expected, err_msg="relu(x): expected max(x, 0) element by element")
    np.testing.assert_array_equal(
        x, before, err_msg="relu: the caller's array was changed; build the result in a new array"
    )
    assert y.dtype == np.float32, f"relu: float32 in, expected float32 out, got {y.dtype}"

    for name, result in (("ReLU()(x)", ReLU()(Tensor(x))), ("ReLU().forward(x)", ReLU().forward(Tensor(x)))):
        assert isinstance(result, Tensor), f"{name}: expected a Tensor, got {type(result).__name__}"
        np.testing.assert_allclose(result.data, expected, err_msg=f"{name} must equal relu(x)")

    recorded = relu(Tensor(x, requires_grad=True))
    assert isinstance(recorded.creator, ReLUOp), (
        f"relu: x requires grad, so the result's creator must be a ReLUOp, got {recorded.creator!r}; "
        "call ReLUOp.apply(x) instead of wrapping an array yourself"
    )
    kept = getattr(recorded.creator, "output", None)
    assert kept is not None, "ReLUOp.forward: keep the result as self.output; its slope is computed from it"
    np.testing.assert_allclose(kept, expected, err_msg="ReLUOp.forward: self.output must be the result")
    print("relu: values, dtype, layer form and recording are right")


test_unit_relu()
### BEGIN HIDDEN TESTS
from tinytorch_lab.probes import probe, raises, rng
a = rng.normal(size=(2, 3, 4, 5))
probe("four axes, float32", relu(Tensor(a)).data)
probe("float64 kept", str(relu(Tensor(a, dtype=np.float64)).dtype))
probe("transposed", relu(Tensor(a.astype(np.float32).T)).data)
probe("nan stays", np.isnan(relu(Tensor(np.array([np.nan, -1.0, 1.0], dtype=np.float32))).data))
probe("infinities", relu(Tensor(np.array([-np.inf, np.inf], dtype=np.float32))).data)
integers = rng.integers(-5, 6, size=(4, 3))
probe("integers stay integers", relu(Tensor(integers)).data)
positive = Tensor(np.abs(a))
probe("no view of a positive input", bool(np.shares_memory(relu(positive).data, positive.data)))
probe("empty batch", list(relu(Tensor(np.zeros((0, 3), dtype=np.float32))).shape))
probe("layer", ReLU()(Tensor(a[0])).data)
### END HIDDEN TESTS

# %% [markdown]
r"""
## 4. Sigmoid

$$\sigma(x) = \frac{1}{1 + e^{-x}} = \frac{e^{x}}{1 + e^{x}}$$

Both forms are exact on paper. In float32 the first one computes $e^{1000} = \infty$ at $x = -1000$ and the
second does so at $x = +1000$. Here the first even *returns* the right 0, since $1/\infty = 0$: the damage is
an overflow warning that teaches people to ignore overflow warnings, and a derivative that may become
$\infty \cdot 0$.

A safe version never exponentiates a positive number. Divide numerator and denominator by whichever of $1$ and
$e^{x}$ is larger, and look at what exponents remain:

$$\sigma(x) = \frac{1}{1 + e^{-x}} \ \text{ for } x \ge 0, \qquad
\sigma(x) = \frac{e^{x}}{1 + e^{x}} \ \text{ for } x < 0.$$

Two traps wait here:

- `np.where(x >= 0, formula_1, formula_2)` is not an `if`. Python evaluates **both** arrays in full before
  choosing, so both overflow. The exponents themselves must be safe, for instance through `np.abs` or
  `np.minimum`.
- $\sigma(x) = \tfrac12(1 + \tanh\tfrac x2)$ never overflows, yet loses the tail: for $x = -20$ the true value
  is about $2\cdot10^{-9}$, while $1 + \tanh(-10)$ is 0 in float32. A loss that takes the logarithm of it gets
  $-\infty$.
"""

# %% nbgrader={"grade": false, "grade_id": "sigmoid", "locked": false, "schema_version": 3, "solution": true, "task": false}
#| export
class SigmoidOp(Op):
    """1 / (1 + exp(-x)) without overflow. Keeps ``self.output``, from which the slope y(1 - y) follows."""

    def forward(self, x: np.ndarray) -> np.ndarray:
        """Return values in [0, 1], of x's shape and floating dtype (integers give float32).

        Accurate relative to the result also in the left tail, and finite steps only: no exponent is positive.
        Hint: the numerator is exp(0) on one side of zero and exp(x) on the other; ``np.minimum`` says both.
        """
        ### BEGIN SOLUTION
        x = as_floating(x)
        self.output = np.exp(np.minimum(x, 0)) / (1 + np.exp(-np.abs(x)))
        return self.output
        ### END SOLUTION


def sigmoid(x: Tensor) -> Tensor:
    """Logistic sigmoid of a tensor of any shape."""
    ### BEGIN SOLUTION
    return SigmoidOp.apply(x)
    ### END SOLUTION


class Sigmoid(Activation):
    """Layer form of :func:`sigmoid`."""

    def forward(self, x: Tensor) -> Tensor:
        """Apply :func:`sigmoid` to ``x``."""
        ### BEGIN SOLUTION
        return sigmoid(x)
        ### END SOLUTION


# %% [markdown]
"""
### Testing Sigmoid

Beside plain values, the test switches NumPy's overflow warning into an error, and looks at the left tail.
"""

# %% nbgrader={"grade": true, "grade_id": "test_sigmoid", "locked": true, "points": 14, "schema_version": 3, "solution": false, "task": false}
def test_unit_sigmoid():
    """Sigmoid is right near zero, in its tail, at ±1000, and for integers."""
    y = sigmoid(Tensor([[0.0, 1.0, -1.0], [2.0, -2.0, 0.5]]))
    assert isinstance(y, Tensor), f"sigmoid: expected a Tensor, got {type(y).__name__}"
    expected = [[0.5, 0.73105858, 0.26894142], [0.88079708, 0.11920292, 0.62245933]]
    np.testing.assert_allclose(y.data, expected, rtol=1e-5, err_msg="sigmoid(x): expected 1 / (1 + exp(-x))")
    assert y.dtype == np.float32, f"sigmoid: float32 in, expected float32 out, got {y.dtype}"

    far = Tensor([-1000.0, 1000.0])
    try:
        with np.errstate(over="raise", invalid="raise"):
            ends = sigmoid(far).data
    except FloatingPointError as error:
        raise AssertionError(
            f"sigmoid at x = ±1000: {error}. Some exponent was positive; "
            "note that np.where evaluates both branches"
        ) from None
    np.testing.assert_allclose(
        ends, [0.0, 1.0], atol=1e-30, err_msg="sigmoid: expected 0 at -1000 and 1 at +1000"
    )

    tail = sigmoid(Tensor([-20.0, -40.0])).data
    np.testing.assert_allclose(
        tail, [2.0611537e-09, 4.2483543e-18], rtol=1e-4,
        err_msg="sigmoid: the left tail lost its digits; do not build it as 1 minus something or from tanh",
    )

    whole = sigmoid(Tensor(np.array([-1, 0, 1])))
    np.testing.assert_allclose(
        whole.data, [0.26894142, 0.5, 0.73105858], rtol=1e-5, err_msg="sigmoid of integers: use as_floating"
    )
    assert whole.dtype == np.float32, f"sigmoid of integers: expected float32, got {whole.dtype}: as_floating"

    np.testing.assert_allclose(Sigmoid()(far).data, [0.0, 1.0], atol=1e-30, err_msg="Sigmoid()(x)")
    recorded = sigmoid(Tensor([1.0], requires_grad=True))
    assert isinstance(recorded.creator, SigmoidOp), (
        f"sigmoid: expected creator SigmoidOp, got {recorded.creator!r}; return SigmoidOp.apply(…)"
    )
    kept = getattr(recorded.creator, "output", None)
    assert kept is not None, "SigmoidOp.forward: keep the result as self.output"
    np.testing.assert_allclose(
        kept, recorded.data, err_msg="SigmoidOp.forward: self.output must be the result"
    )
    print("sigmoid: values, both ends, tail, integers and recording are right")


test_unit_sigmoid()
### BEGIN HIDDEN TESTS
from tinytorch_lab.probes import probe, raises, rng
a = rng.normal(scale=4.0, size=(3, 4, 5))
probe("three axes, float32", sigmoid(Tensor(a)).data)
double = sigmoid(Tensor(a, dtype=np.float64))
probe("float64 kept", [double.data, str(double.dtype)])
ends = np.array([-np.inf, -1e30, -1000.0, 0.0, 1000.0, 1e30, np.inf])
probe("ends, float64", sigmoid(Tensor(ends, dtype=np.float64)).data)
probe("ends, float32", sigmoid(Tensor(ends)).data)
probe("tail, logarithm", np.log(sigmoid(Tensor(-rng.uniform(18.0, 80.0, size=16))).data))
small = sigmoid(Tensor(rng.integers(-9, 9, size=6).astype(np.int8)))
probe("small integers", [small.data, str(small.dtype)])
probe("nan stays", np.isnan(sigmoid(Tensor(np.array([np.nan, 0.0], dtype=np.float32))).data))
with np.errstate(over="raise", invalid="raise"):
    probe("no overflow, float64", raises(lambda: sigmoid(Tensor(np.array([-5e3, 5e3]), dtype=np.float64))))
probe("empty", list(sigmoid(Tensor(np.zeros((2, 0), dtype=np.float32))).shape))
probe("scalar", sigmoid(Tensor(0.25)).item())
### END HIDDEN TESTS

# %% [markdown]
r"""
### Measure: four ways to write one function

The next cell runs four formulas on the same float32 input and prints three things: whether NumPy reported an
overflow, the worst relative error over $[-80, 0]$ against a float64 reference, and the time per element. Look
at the last two columns together. The fastest line is not the one to ship, and the difference in price is
small beside that in the digits.
"""

# %% tags=["measure"]
import timeit

ways = {
    "1 / (1 + exp(-x))": lambda x: 1 / (1 + np.exp(-x)),
    "where(x >= 0, …, …)": lambda x: np.where(x >= 0, 1 / (1 + np.exp(-x)), np.exp(x) / (1 + np.exp(x))),
    "(1 + tanh(x / 2)) / 2": lambda x: 0.5 + 0.5 * np.tanh(0.5 * x),
    "SigmoidOp.forward": lambda x: SigmoidOp().forward(x),
}
ends = np.array([-1000, 1000], dtype=np.float32)
left = np.linspace(-80, 0, 2001).astype(np.float32)
exact = 1 / (1 + np.exp(-left.astype(np.float64)))
normal = np.random.default_rng(0).normal(size=1_000_000).astype(np.float32)
print(f"{'formula':24} {'overflow at ±1000':>18} {'worst relative error':>21} {'ns per element':>15}")
for name, way in ways.items():
    with np.errstate(over="raise"):
        try:
            way(ends)
            overflow = "no"
        except FloatingPointError:
            overflow = "yes"
    worst = np.max(np.abs(way(left) - exact) / exact)
    seconds = min(timeit.repeat(lambda way=way: way(normal), number=2, repeat=5)) / 2
    print(f"{name:24} {overflow:>18} {worst:21.1e} {seconds / normal.size * 1e9:15.2f}")

# %% [markdown]
r"""
A relative error of 1 or more means that nothing of the true value is left.

## 5. Tanh

$$\tanh x = \frac{e^x - e^{-x}}{e^x + e^{-x}}$$

Tanh is a sigmoid stretched to $(-1, 1)$ and centred on zero, so that a layer's outputs do not all push the
next layer in one direction. Typed in literally, the formula gives $\infty/\infty$ = NaN at $x = 1000$;
written as $2\sigma(2x) - 1$ it is safe at the ends and loses its digits near zero instead, where
$\tanh x \approx x$ is a small difference of two numbers near 1. Numerical libraries have solved this once for
everybody. Knowing when to call the library is part of the craft.
"""

# %% nbgrader={"grade": false, "grade_id": "tanh", "locked": false, "schema_version": 3, "solution": true, "task": false}
#| export
class TanhOp(Op):
    """Hyperbolic tangent. Keeps ``self.output``, from which the slope 1 - y² follows."""

    def forward(self, x: np.ndarray) -> np.ndarray:
        """Return values in [-1, 1], of x's shape and floating dtype (integers give float32).

        Hint: NumPy has it, accurate at both ends and near zero; mind what it does with small integers.
        """
        ### BEGIN SOLUTION
        self.output = np.tanh(as_floating(x))
        return self.output
        ### END SOLUTION


def tanh(x: Tensor) -> Tensor:
    """Hyperbolic tangent of a tensor of any shape."""
    return TanhOp.apply(x)


class Tanh(Activation):
    """Layer form of :func:`tanh`."""

    def forward(self, x: Tensor) -> Tensor:
        return tanh(x)


# %% [markdown]
"""
### Testing Tanh
"""

# %% nbgrader={"grade": true, "grade_id": "test_tanh", "locked": true, "points": 8, "schema_version": 3, "solution": false, "task": false}
def test_unit_tanh():
    """Tanh is odd, saturates without NaN, keeps its digits near zero, and handles small integers."""
    y = tanh(Tensor([-1.0, 0.0, 0.5, 2.0]))
    np.testing.assert_allclose(
        y.data, [-0.76159416, 0.0, 0.46211716, 0.96402758], rtol=1e-5, err_msg="tanh(x) on ordinary values"
    )
    np.testing.assert_allclose(
        tanh(Tensor([-1000.0, 1000.0])).data, [-1.0, 1.0],
        err_msg="tanh: expected -1 and 1 at x = ±1000; e^1000 / e^1000 is inf / inf",
    )
    tiny = np.array([1e-6, -1e-6], dtype=np.float32)
    np.testing.assert_allclose(
        tanh(Tensor(tiny)).data, tiny, rtol=1e-4,
        err_msg="tanh: near zero tanh(x) is x itself; a difference of numbers near 1 loses the digits",
    )
    small = tanh(Tensor(np.array([0, 1, 2], dtype=np.int8)))
    assert small.dtype == np.float32, f"tanh of int8: expected float32 (as_floating), got {small.dtype}"
    recorded = tanh(Tensor([0.5], requires_grad=True))
    kept = getattr(recorded.creator, "output", None)
    assert kept is not None, "TanhOp.forward: keep the result as self.output"
    np.testing.assert_allclose(kept, recorded.data, err_msg="TanhOp.forward: self.output must be the result")
    print("tanh: values, ends, small arguments and integers are right")


test_unit_tanh()
### BEGIN HIDDEN TESTS
from tinytorch_lab.probes import probe, raises, rng
a = rng.normal(scale=2.0, size=(4, 3, 2))
probe("float64 values", tanh(Tensor(a, dtype=np.float64)).data)
probe("float32 dtype", str(tanh(Tensor(a)).dtype))
probe("layer", Tanh()(Tensor(a[0], dtype=np.float64)).data)
probe("infinities", tanh(Tensor(np.array([-np.inf, np.inf]))).data)
small = rng.uniform(1e-12, 1e-9, size=5)
probe("slope at zero", tanh(Tensor(small, dtype=np.float64)).data / small)
probe("boolean", tanh(Tensor(np.array([True, False]))).data)
probe("empty batch", list(tanh(Tensor(np.zeros((0, 4), dtype=np.float32))).shape))
### END HIDDEN TESTS

# %% [markdown]
r"""
## 6. Softmax

$$\operatorname{softmax}(x)_i = \frac{e^{x_i}}{\sum_j e^{x_j}}$$

It turns a row of arbitrary scores ("logits") into positive numbers that sum to 1. A naive version fails as
soon as one score passes the limit in the table at the top: $\infty / \infty$ is NaN. By shift invariance we
may subtract any constant from a row first. The best constant is the row's maximum $m$:

$$\operatorname{softmax}(x)_i = \frac{e^{x_i - m}}{\sum_j e^{x_j - m}}, \qquad m = \max_j x_j.$$

Now every exponent is at most 0, so nothing overflows; one exponent is exactly 0, so the sum is at least 1 and
the division is safe; terms that underflow to 0 were too small to matter. **Clipping** the scores to a limit
also avoids the overflow, and gives wrong answers: softmax of `[1000, 1001]` must be that of `[0, 1]`, while
clipped scores are equal.

The shapes, for `axis=-1`:

```text
   x            (rows, columns)     scores
   max          (rows, 1)           keepdims=True: one number a row, broadcast over the row, never copied out
   x - max      (rows, columns)     all <= 0
   exp          (rows, columns)
   sum          (rows, 1)
   exp / sum    (rows, columns)
```

Without `keepdims` the statistics have shape `(rows,)`. On most inputs the subtraction then raises an error.
On a **square** matrix it quietly subtracts row maxima from *columns*: an attention matrix is square.
"""

# %% nbgrader={"grade": false, "grade_id": "softmax", "locked": false, "schema_version": 3, "solution": true, "task": false}
#| export
class SoftmaxOp(Op):
    """Softmax along ``axis``, an attribute set by ``apply``. Keeps ``self.output``."""

    axis: int

    def forward(self, x: np.ndarray) -> np.ndarray:
        """Return positive weights that sum to 1 along ``self.axis``; x's shape, integers give float32.

        A score of -inf gets weight 0, provided the row has a finite score. An axis that x lacks raises
        NumPy's ``AxisError`` (a ``ValueError``).
        Hint: two reductions, and both need ``keepdims=True`` to line up with x again.
        """
        ### BEGIN SOLUTION
        x = as_floating(x)
        weights = x - x.max(axis=self.axis, keepdims=True)
        np.exp(weights, out=weights)
        weights /= weights.sum(axis=self.axis, keepdims=True)
        self.output = weights
        return weights
        ### END SOLUTION


def softmax(x: Tensor, axis: int = -1) -> Tensor:
    """Softmax of ``x`` along one axis, by default the last.

    Hint: keyword arguments of ``Op.apply`` become attributes of the op.
    """
    ### BEGIN SOLUTION
    return SoftmaxOp.apply(x, axis=axis)
    ### END SOLUTION


class Softmax(Activation):
    """Layer form of :func:`softmax`; the axis is fixed when the layer is made."""

    def __init__(self, axis: int = -1) -> None:
        ### BEGIN SOLUTION
        self.axis = axis
        ### END SOLUTION

    def forward(self, x: Tensor) -> Tensor:
        """Apply :func:`softmax` along this layer's axis."""
        ### BEGIN SOLUTION
        return softmax(x, axis=self.axis)
        ### END SOLUTION

    def __repr__(self) -> str:
        return f"Softmax(axis={self.axis})"


# %% [markdown]
"""
### Testing Softmax

Values, sums, shift invariance, overflow, every axis, masked scores and square matrices.
"""

# %% nbgrader={"grade": true, "grade_id": "test_softmax", "locked": true, "points": 16, "schema_version": 3, "solution": false, "task": false}
def test_unit_softmax():
    """Softmax sums to one, ignores shifts, survives large scores, and respects its axis."""
    x = np.array([[1.0, 2.0, 3.0], [0.0, 0.0, 0.0], [2.0, 1.0, 3.0]], dtype=np.float32)
    before, third = x.copy(), 1 / 3
    y = softmax(Tensor(x))
    np.testing.assert_allclose(
        y.data,
        [[0.09003057, 0.24472847, 0.66524096], [third, third, third], [0.24472847, 0.09003057, 0.66524096]],
        rtol=1e-5,
        err_msg="softmax(x): expected exp(x) / sum(exp(x)) row by row; have both reductions keepdims=True?",
    )
    np.testing.assert_array_equal(
        x, before,
        err_msg="softmax: the caller's array was changed; as_floating does not copy, and x -= … writes to it",
    )
    assert y.dtype == np.float32, f"softmax: float32 in, expected float32 out, got {y.dtype}"

    try:
        with np.errstate(over="raise", invalid="raise"):
            large = softmax(Tensor([[1000.0, 1001.0], [-1000.0, -1001.0]])).data
    except FloatingPointError as error:
        raise AssertionError(f"softmax of scores near ±1000: {error}; subtract the row's maximum") from None
    np.testing.assert_allclose(
        large, [[0.26894142, 0.73105858], [0.73105858, 0.26894142]], rtol=1e-5,
        err_msg="softmax([1000, 1001]) must equal softmax([0, 1]): shift by the maximum, do not clip",
    )

    square = np.array([[1.0, 5.0, 2.0], [0.0, 0.0, 9.0], [3.0, 3.0, 3.0]])
    for axis in (0, 1, -1):
        got = softmax(Tensor(square), axis=axis).data
        powers = np.exp(square)
        want = powers / powers.sum(axis=axis, keepdims=True)
        np.testing.assert_allclose(
            got, want, rtol=1e-5,
            err_msg=f"softmax(x, axis={axis}): do both reductions use self.axis and keepdims=True?",
        )
        np.testing.assert_allclose(
            Softmax(axis=axis)(Tensor(square)).data, want, rtol=1e-5,
            err_msg=f"Softmax(axis={axis})(x): the layer must pass its own axis on",
        )
    np.testing.assert_allclose(
        Softmax()(Tensor(square)).data.sum(axis=-1), np.ones(3), rtol=1e-5,
        err_msg="Softmax(): the default is the last axis",
    )
    masked = softmax(Tensor([[0.0, -np.inf, 0.0]])).data
    np.testing.assert_allclose(
        masked, [[0.5, 0.0, 0.5]], err_msg="softmax: a score of -inf must get weight 0"
    )
    recorded = softmax(Tensor(square, requires_grad=True), axis=0)
    assert isinstance(recorded.creator, SoftmaxOp), (
        f"softmax: expected creator SoftmaxOp, got {recorded.creator!r}; return SoftmaxOp.apply(…)"
    )
    kept = getattr(recorded.creator, "output", None)
    assert kept is not None, "SoftmaxOp.forward: keep the result as self.output"
    np.testing.assert_allclose(
        kept, recorded.data, err_msg="SoftmaxOp.forward: self.output must be the result"
    )
    print("softmax: sums, shifts, large scores, axes and masks are right")


test_unit_softmax()
### BEGIN HIDDEN TESTS
from tinytorch_lab.probes import probe, raises, rng
a = rng.normal(scale=2.0, size=(3, 4, 5))
probe("last axis, float64", softmax(Tensor(a, dtype=np.float64)).data)
probe("inner axes", [softmax(Tensor(a, dtype=np.float64), axis=axis).data for axis in (1, -3)])
probe("shifted by row", softmax(Tensor(a + rng.uniform(-1e4, 1e4, size=(3, 4, 1)), dtype=np.float64)).data)
wide = rng.uniform(-3e4, 3e4, size=(4, 9))
with np.errstate(over="raise", invalid="raise"):
    probe("no overflow", raises(lambda: softmax(Tensor(wide))))
probe("wide scores", softmax(Tensor(wide)).data)
masked = np.where(rng.random((5, 5)) < 0.4, -np.inf, rng.normal(size=(5, 5)))
np.fill_diagonal(masked, 0.0)
probe("masked", softmax(Tensor(masked, dtype=np.float64)).data)
whole = softmax(Tensor(rng.integers(0, 200, size=(3, 4)).astype(np.uint8)))
probe("unsigned integers", [whole.data, str(whole.dtype)])
probe("one column, no rows", [softmax(Tensor([[3.0], [7.0]])).data, softmax(Tensor(np.zeros((0, 5)))).data])
probe("layer keeps its axis", [Softmax(axis=1)(Tensor(a)).data, str(Softmax(axis=1))])
probe("axis that is not there", raises(lambda: softmax(Tensor(a), axis=3)))
### END HIDDEN TESTS

# %% [markdown]
r"""
### Measure: sharper and softer

Multiplying all scores by a factor *does* change softmax. The factor is written as $1/T$ with a
**temperature** $T$: in Module 16 it will control how adventurous a text generator is. The left panel shows
one row of scores at three temperatures. The right panel shows why a shift is needed: the share of rows for
which the naive formula gives NaN, as scores grow, in two precisions. Yours stays at zero throughout.
"""

# %% tags=["measure"]
import matplotlib.pyplot as plt

figure, (left, right) = plt.subplots(1, 2, figsize=(10, 3.4))
scores = np.array([2.0, 1.0, 0.5, -1.0, 1.5])
for offset, temperature in zip((-0.25, 0.0, 0.25), (0.3, 1.0, 3.0), strict=True):
    weights = softmax(Tensor(scores / temperature)).data
    left.bar(np.arange(5) + offset, weights, 0.25, label=f"T = {temperature}")
left.set(title="softmax(scores / T)", xlabel="class", ylabel="weight", xticks=range(5))
left.legend()

base = np.random.default_rng(0).normal(size=(2000, 64))
scales = np.geomspace(0.5, 200, 40)
for dtype in (np.float16, np.float32):
    broken = []
    for scale in scales:
        with np.errstate(over="ignore", invalid="ignore"):
            powers = np.exp((scale * base).astype(dtype))
            naive = powers / powers.sum(axis=-1, keepdims=True, dtype=dtype)
        broken.append(np.isnan(naive).any(axis=-1).mean())
    right.plot(scales, broken, label=f"naive, {np.dtype(dtype).name}")
safe = [np.isnan(softmax(Tensor(scale * base)).data).any(axis=-1).mean() for scale in scales]
right.plot(scales, safe, "k--", label="SoftmaxOp")
right.set(xscale="log", title="rows of 64 scores that become NaN")
right.set(xlabel="standard deviation of the scores", ylabel="share")
right.legend()
figure.tight_layout()
plt.show()

# %% [markdown]
r"""
## 7. GELU

The Gaussian error linear unit lets an input through in proportion to how large it is among normally
distributed inputs: $\operatorname{gelu}(x) = x\,\Phi(x)$ with
$\Phi(x) = \tfrac12\bigl(1 + \operatorname{erf}(x/\sqrt2)\bigr)$. It is a ReLU with a rounded corner and a
small dip on the left, and it is what GPT and BERT use.

**A choice to make.** NumPy has no `erf`. There are three ways out:

1. the exact form with Python's `math.erf`, called once per element;
2. a polynomial approximation of `erf`;
3. the tanh form, which comes from the same paper as GELU itself,
   $$\operatorname{gelu}(x) \approx
   \tfrac12 x \left(1 + \tanh\!\left[\sqrt{2/\pi}\,\bigl(x + 0.044715\,x^3\bigr)\right]\right).$$

We take the **tanh form**: NumPy runs it on whole arrays, and it is what GPT-2 was trained with. PyTorch's
default is the *exact* form (`approximate="none"`); `torch.nn.functional.gelu(x, approximate="tanh")` is ours.
The cell after the test measures how far apart the two are and what option 1 would cost. What matters when you
load somebody's weights is to use the form they were trained with.

Two details that cost people hours:

- `np.sqrt(2 / np.pi)` is a NumPy float64 *scalar*, and NumPy 2 promotes a float32 array multiplied by it to
  float64. Python floats (`math.sqrt`) do not promote. The constant below is a Python float.
- `x ** 3` calls a general power function for every element. `x * x * x` is two multiplications.

Keep the inner tanh as `self.tanh`: the slope of GELU needs it (and the input, which the op already holds in
`self.inputs`).

**A remark on speed**, which section 9 measures. The formula is one line and nine passes over the array, several of them
into new arrays. In a language model GELU sees the widest array of all, more than the processor's cache holds, and
so every pass fetches it from memory again and writes it back. Two remedies, which belong together: write into arrays
that are there already (`out=`, `*=`), and take the array in *blocks*, each of which goes through all passes while it
is in the cache. `in_blocks`, given, cuts several arrays of one shape into matching blocks:
`for part, out in in_blocks(x, y):` runs over views of `x` and `y`, and what you write into `out` is in `y`. Make the
arrays that you write to with `np.empty_like(x, order="C")`. Without `order` they take over the layout of a transposed
`x`; their blocks are copies then, and what you write is lost. The one-line formula is as right; begin with it.
"""

# %% nbgrader={"grade": false, "grade_id": "in_blocks", "locked": true, "schema_version": 3, "solution": false, "task": false}
#| export
def in_blocks(*arrays: np.ndarray, size: int = 1 << 15) -> Iterator[tuple[np.ndarray, ...]]:
    """Matching pieces of ``size`` elements of arrays of one shape, as flat views.

    Pieces of an array that is not C-contiguous are copies: good for reading, useless for writing.
    """
    flat = [array.reshape(-1) for array in arrays]
    for start in range(0, flat[0].size, size):
        yield tuple(array[start : start + size] for array in flat)


# %% nbgrader={"grade": false, "grade_id": "gelu", "locked": false, "schema_version": 3, "solution": true, "task": false}
#| export
SQRT_2_OVER_PI: float = math.sqrt(2.0 / math.pi)


class GELUOp(Op):
    """x Φ(x) in its tanh form (PyTorch's ``approximate="tanh"``). Keeps the inner ``self.tanh``."""

    def forward(self, x: np.ndarray) -> np.ndarray:
        """Return values of x's shape and floating dtype (integers give float32).

        Hint: compute the tanh once, keep it, and watch the result's dtype for float32 input.
        """
        ### BEGIN SOLUTION
        x = as_floating(x)
        y = np.empty_like(x, order="C")
        self.tanh = np.empty_like(y)
        for part, inner, out in in_blocks(x, self.tanh, y):
            np.multiply(part, part, out=inner)
            inner *= 0.044715 * SQRT_2_OVER_PI
            inner += SQRT_2_OVER_PI
            inner *= part
            np.tanh(inner, out=inner)
            np.add(inner, 1.0, out=out)
            out *= part
            out *= 0.5
        return y
        ### END SOLUTION


def gelu(x: Tensor) -> Tensor:
    """Gaussian error linear unit (tanh form) of a tensor of any shape."""
    return GELUOp.apply(x)


class GELU(Activation):
    """Layer form of :func:`gelu`."""

    def forward(self, x: Tensor) -> Tensor:
        return gelu(x)


# %% [markdown]
"""
### Testing GELU
"""

# %% nbgrader={"grade": true, "grade_id": "test_gelu", "locked": true, "points": 8, "schema_version": 3, "solution": false, "task": false}
def test_unit_gelu():
    """GELU follows the tanh form, keeps float32, and is x or 0 far from zero."""
    x = np.array([-2.0, -0.75, 0.0, 0.5, 1.0, 3.0])
    expected = [-0.04540231, -0.17003944, 0.0, 0.34571401, 0.84119199, 2.99636261]
    y = gelu(Tensor(x, dtype=np.float64))
    np.testing.assert_allclose(
        y.data, expected, rtol=1e-6, atol=1e-12,
        err_msg="gelu(x): expected 0.5 x (1 + tanh(sqrt(2/pi) (x + 0.044715 x³))), the tanh form",
    )
    single = gelu(Tensor(x))
    assert single.dtype == np.float32, (
        f"gelu: float32 in, expected float32 out, got {single.dtype}; a NumPy float64 scalar such as "
        "np.sqrt(2 / np.pi) promotes the array, a Python float does not"
    )
    np.testing.assert_allclose(
        gelu(Tensor([-50.0, 50.0])).data, [0.0, 50.0], atol=1e-6, err_msg="gelu at ±50: expected 0 and 50"
    )
    recorded = gelu(Tensor(x, dtype=np.float64, requires_grad=True))
    assert isinstance(recorded.creator, GELUOp), f"gelu: expected creator GELUOp, got {recorded.creator!r}"
    kept = getattr(recorded.creator, "tanh", None)
    assert kept is not None, "GELUOp.forward: keep the inner tanh as self.tanh"
    np.testing.assert_allclose(
        0.5 * x * (1 + kept), recorded.data, atol=1e-12,
        err_msg="GELUOp.forward: self.tanh must be the inner tanh, so that 0.5 x (1 + tanh) is the result",
    )
    print("gelu: values, dtype, far ends and recording are right")


test_unit_gelu()
### BEGIN HIDDEN TESTS
from tinytorch_lab.probes import probe, raises, rng
a = rng.normal(scale=1.5, size=(4, 3, 2))
double = gelu(Tensor(a, dtype=np.float64))
probe("float64 values", double.data)
probe("float64 kept", str(double.dtype))
probe("positive float32", gelu(Tensor(rng.uniform(0.2, 5.0, size=20))).data)
probe("layer", GELU()(Tensor(a[0], dtype=np.float64)).data)
whole = gelu(Tensor(rng.integers(0, 4, size=(2, 3)).astype(np.int16)))
probe("integers", [whole.data, str(whole.dtype)])
untouched = a.copy()
gelu(Tensor(untouched, dtype=np.float64))
probe("input unchanged", bool(np.array_equal(untouched, a)))
probe("empty batch", list(gelu(Tensor(np.zeros((0, 4), dtype=np.float32))).shape))
### END HIDDEN TESTS

# %% [markdown]
r"""
### Measure: what the approximation costs, and what exactness would

The table compares the two forms in float64 and times five implementations on the same float32 array. Look at
the distance between the forms (small beside a float16's three digits, large beside a float32's six), at the
price of calling Python once per element, and at the price of `x ** 3`.
"""

# %% tags=["measure"]
import timeit

exact_gelu = np.vectorize(lambda v: 0.5 * v * (1.0 + math.erf(v / math.sqrt(2.0))), otypes=[np.float64])
line = np.linspace(-6, 6, 4001)
difference = gelu(Tensor(line, dtype=np.float64)).data - exact_gelu(line)
worst = np.abs(difference).argmax()
print(f"largest distance between the two forms: {abs(difference[worst]):.1e} at x = {line[worst]:+.2f}")


def gelu_with_power(x: np.ndarray) -> np.ndarray:
    return 0.5 * x * (1.0 + np.tanh(SQRT_2_OVER_PI * (x + 0.044715 * x**3)))


def gelu_with_product(x: np.ndarray) -> np.ndarray:
    return 0.5 * x * (1.0 + np.tanh(SQRT_2_OVER_PI * (x + 0.044715 * (x * x * x))))


array = np.random.default_rng(0).normal(size=200_000).astype(np.float32)
candidates = {
    "tanh form, x * x * x": lambda: gelu_with_product(array),
    "tanh form, x ** 3": lambda: gelu_with_power(array),
    "GELUOp.forward": lambda: GELUOp().forward(array),
    "exact, math.erf per element": lambda: exact_gelu(array),
    "relu, for comparison": lambda: ReLUOp().forward(array),
}
for name, candidate in candidates.items():
    seconds = min(timeit.repeat(candidate, number=1, repeat=4))
    print(f"{name:30} {seconds / array.size * 1e9:9.2f} ns per element")

# %% [markdown]
r"""
### Shapes and slopes

The four elementwise functions side by side, with the slope each passes back (a finite difference of your own
functions). Where a slope is near zero, learning stops. The printed line gives the largest slope of each.
"""

# %% tags=["measure"]
import matplotlib.pyplot as plt

x = np.linspace(-5, 5, 1001)
figure, axes = plt.subplots(1, 4, figsize=(12, 2.9), sharex=True)
functions = {"ReLU": relu, "Sigmoid": sigmoid, "Tanh": tanh, "GELU": gelu}
for axis, (name, function) in zip(axes, functions.items(), strict=True):
    y = function(Tensor(x, dtype=np.float64)).data
    slope = np.gradient(y, x)
    axis.plot(x, y, label="value")
    axis.plot(x, slope, "--", label="slope")
    axis.axhline(0, color="grey", linewidth=0.5)
    axis.set(title=name, ylim=(-1.2, 2.2), xlabel="x")
    flat = np.mean(np.abs(slope) < 0.01)
    print(f"{name:8} largest slope {slope.max():.3f}; slope below 0.01 on {flat:.0%} of [-5, 5]")
axes[0].legend(loc="upper left")
figure.tight_layout()
plt.show()

# %% [markdown]
r"""
## 8. Why linear is not enough: XOR

The exclusive or is 1 when exactly one of its two inputs is 1. Call $f(x_1, x_2) = w_1x_1 + w_2x_2 + b$ any
affine function. Whatever the weights,

$$f(0,0) - f(0,1) - f(1,0) + f(1,1) = b - (w_2 + b) - (w_1 + b) + (w_1 + w_2 + b) = 0,$$

while the targets give $0 - 1 - 1 + 0 = -2$. So the four errors $r = f - y$ satisfy
$r_{00} - r_{01} - r_{10} + r_{11} = 2$. The Cauchy–Schwarz inequality bounds the square of such a sum by
$2^2 \le 4\,(r_{00}^2 + r_{01}^2 + r_{10}^2 + r_{11}^2)$, hence

$$\text{mean squared error} = \tfrac14\textstyle\sum r^2 \;\ge\; \tfrac14,$$

and the constant $f = \tfrac12$ reaches it. No amount of training can beat that: the best linear model of XOR
has learned nothing. This is a proof; now confirm it by computation.

`best_linear_fit` minimises $\frac1n\sum_i (x_i \cdot w + b - y_i)^2$ exactly, by least squares. Remember the
bias: it is a column of ones beside the inputs. Columns may depend on each other, so do not invert a matrix.
"""

# %% nbgrader={"grade": false, "grade_id": "xor", "locked": false, "schema_version": 3, "solution": true, "task": false}
#| export
XOR_INPUTS: np.ndarray = np.array([[0.0, 0.0], [0.0, 1.0], [1.0, 0.0], [1.0, 1.0]], dtype=np.float32)
XOR_TARGETS: np.ndarray = np.array([0.0, 1.0, 1.0, 0.0], dtype=np.float32)


def best_linear_fit(inputs: np.ndarray, targets: np.ndarray) -> float:
    """Mean squared error of the best affine fit ``inputs @ w + b`` to ``targets``.

    ``inputs`` has shape (n, features), ``targets`` (n,). Works also when features depend on each other.
    Hint: ``np.linalg.lstsq`` on the inputs with a column of ones.
    """
    ### BEGIN SOLUTION
    design = np.column_stack([inputs, np.ones(len(inputs))])
    weights, *_ = np.linalg.lstsq(design, targets, rcond=None)
    return float(np.mean((design @ weights - targets) ** 2))
    ### END SOLUTION


def best_linear_fit_xor() -> float:
    """Mean squared error of the best linear model of XOR."""
    ### BEGIN SOLUTION
    return best_linear_fit(XOR_INPUTS, XOR_TARGETS)
    ### END SOLUTION


# %% [markdown]
"""
### Testing the XOR proof

XOR is out of reach of a linear fit, AND is merely badly fitted, and the same least squares is *exact* once
the inputs have passed through two ReLU units.
"""

# %% nbgrader={"grade": true, "grade_id": "test_xor", "locked": true, "points": 8, "schema_version": 3, "solution": false, "task": false}
def test_unit_xor():
    """Least squares leaves an error of 1/4 on XOR, and none after a ReLU layer."""
    error = best_linear_fit_xor()
    assert isinstance(error, float), f"best_linear_fit_xor: expected a float, got {type(error).__name__}"
    np.testing.assert_allclose(
        error, 0.25, atol=1e-6,
        err_msg="best_linear_fit_xor: expected 1/4 (1/3: no column of ones; 1: a sum instead of a mean)",
    )
    both = np.array([0.0, 0.0, 0.0, 1.0])
    np.testing.assert_allclose(
        best_linear_fit(XOR_INPUTS, both), 0.0625, atol=1e-6, err_msg="best_linear_fit on AND: expected 1/16"
    )
    total = XOR_INPUTS.sum(axis=1)
    hidden = relu(Tensor(np.stack([total, total - 1.0], axis=1))).data
    np.testing.assert_allclose(
        best_linear_fit(hidden, XOR_TARGETS), 0.0, atol=1e-6,
        err_msg="best_linear_fit on relu(x1 + x2) and relu(x1 + x2 - 1): expected an exact fit of XOR",
    )
    print(f"XOR: best linear error {error:.4f}, and none after two ReLU units")


test_unit_xor()
### BEGIN HIDDEN TESTS
from tinytorch_lab.probes import probe, raises, rng
design, goal = rng.normal(size=(12, 3)), rng.normal(size=12)
probe("random data", best_linear_fit(design, goal))
probe("far from the origin", best_linear_fit(design + 5.0, goal - 40.0))
probe("xor", best_linear_fit_xor())
probe("xor as ±1", best_linear_fit(2.0 * XOR_INPUTS - 1.0, 2.0 * XOR_TARGETS - 1.0))
probe("integer inputs", best_linear_fit(rng.integers(0, 5, size=(9, 2)), rng.integers(0, 2, size=9)))
doubled = np.column_stack([design, design[:, :1], np.ones(12)])
probe("dependent features", best_linear_fit(doubled, goal))
### END HIDDEN TESTS

# %% tags=["measure"]
import matplotlib.pyplot as plt

ticks = np.linspace(-0.4, 1.4, 181)
grid = np.stack(np.meshgrid(ticks, ticks), axis=-1).reshape(-1, 2)


def fitted(features) -> np.ndarray:
    """Least squares on the four XOR points, evaluated on the grid."""
    design = np.column_stack([features(XOR_INPUTS), np.ones(4)])
    weights = np.linalg.lstsq(design, XOR_TARGETS, rcond=None)[0]
    return (np.column_stack([features(grid), np.ones(len(grid))]) @ weights).reshape(181, 181)


def two_relu_units(points: np.ndarray) -> np.ndarray:
    total = points.sum(axis=1)
    return relu(Tensor(np.stack([total, total - 1.0], axis=1))).data


figure, axes = plt.subplots(1, 2, figsize=(8.5, 3.6), sharey=True)
panels = {"best linear model": lambda points: points, "after two ReLU units": two_relu_units}
for axis, (title, features) in zip(axes, panels.items(), strict=True):
    levels = np.linspace(-1, 1.5, 26)
    image = axis.contourf(ticks, ticks, fitted(features), levels=levels, cmap="coolwarm", extend="both")
    for point, target in zip(XOR_INPUTS, XOR_TARGETS, strict=True):
        axis.scatter(*point, s=110, color="white" if target == 0 else "black", edgecolor="black", zorder=3)
    axis.set(title=title, xlabel="$x_1$")
axes[0].set_ylabel("$x_2$")
figure.colorbar(image, ax=axes, label="model output")
plt.show()
print(f"linear: the output varies by {np.ptp(fitted(lambda points: points)):.1e} over the whole square")

# %% [markdown]
r"""
Black points should be 1, white points 0. The linear model answers the same number everywhere. On the right,
the *same* least squares draws a ridge along the diagonal, because the two ReLU units handed it inputs that
bend. Finding such units by training, instead of by thought, is what Modules 06–08 are about.

## 9. Memory and Complexity

All five are $O(N)$ in the number of elements, so the interesting questions are about the constant: how many
passes over memory, which of them computes anything expensive, and what stays allocated afterwards.

**Time.** The cell below times each activation in float32 and float64 from a few hundred elements to two
million, beside `np.copy` (which only moves memory) and a 256-wide matrix product (what an activation usually
follows). Things to look for:

- at the left end, a fixed cost per call dominates: Python and `Op.apply`, not arithmetic;
- further right the curves flatten: now every pass over the array counts, and an expression such as
  `0.5 * x * (1 + t)` is several passes. Where arrays outgrow a cache the curves may rise again;
- every activation against the copy: how many times the price of merely moving the data?
- the order of the curves. Counting operations suggests ReLU, tanh, sigmoid, softmax. NumPy has vectorised
  float32 kernels for `exp` and `tanh`, so ReLU's lead over tanh may be small or absent here: *cheap on paper*
  is not *cheap in this library*;
- float64 beside float32 in the printed table: twice the bytes. A ratio far above 2 means that the arithmetic
  got slower too.
"""

# %% tags=["measure"]
import timeit

import matplotlib.pyplot as plt

functions = {"ReLU": relu, "Tanh": tanh, "Sigmoid": sigmoid, "Softmax": softmax, "GELU": gelu}
functions["copy"] = np.copy
generator = np.random.default_rng(0)


def nanoseconds(function, rows: int, dtype: type) -> float:
    """Best time per element on an array of shape (rows, 256)."""
    array = generator.normal(size=(rows, 256)).astype(dtype)
    argument = array if function is np.copy else Tensor(array, dtype=dtype)
    number = max(1, 200_000 // array.size)
    return min(timeit.repeat(lambda: function(argument), number=number, repeat=4)) / number / array.size * 1e9


sizes = [1, 16, 256, 1024, 4096, 8192]
figure, axis = plt.subplots(figsize=(7, 3.8))
for name, function in functions.items():
    times = [nanoseconds(function, rows, np.float32) for rows in sizes]
    axis.plot([rows * 256 for rows in sizes], times, "o-", label=name)
axis.set(xscale="log", yscale="log", xlabel="elements", ylabel="ns per element", title="float32, rows of 256")
axis.legend(ncols=2)
plt.show()

print(f"{'':8} {'float32':>9} {'float64':>9}   ns per element at 1,048,576 elements")
for name, function in functions.items():
    single, double = (nanoseconds(function, 4096, dtype) for dtype in (np.float32, np.float64))
    print(f"{name:8} {single:9.2f} {double:9.2f}")
weights = Tensor(generator.normal(size=(256, 256)))
product = nanoseconds(lambda x: x @ weights, 4096, np.float32)
print(f"{'x @ w':8} {product:9.2f} {'':9}   per element of the result, 256 × 256 weights")

print("\nsoftmax of 1,048,576 float32 scores, by row width:")
for width in (8, 64, 1024, 65536):
    scores = Tensor(generator.normal(size=(1_048_576 // width, width)))
    seconds = min(timeit.repeat(lambda scores=scores: softmax(scores), number=1, repeat=4))
    print(f"  {scores.shape[0]:7d} rows of {width:5d}: {seconds / scores.size * 1e9:6.2f} ns per element")

# %% [markdown]
r"""
The last table shows that the same number of elements can cost very different times: a reduction pays a fixed
price per row, so many short rows are slow. A digit classifier with ten classes lives at that end; a language
model with a vocabulary of 50,000 at the other.

**Passes.** The next cell computes GELU in three ways: by its one-line formula, in place, and in place block by block.
The arithmetic is the same. What to look for: while the array fits into the cache, new arrays cost little, and blocks
nothing; beyond it the formula pays for each of its nine passes, blocks only for reading once and writing once. `GELUOp`
keeps a second array, its tanh, and so has to write twice as much.
"""

# %% tags=["measure"]


def by_formula(x):
    return 0.5 * x * (1.0 + np.tanh(SQRT_2_OVER_PI * (x + 0.044715 * (x * x * x))))


def in_place(x, y=None):
    y = np.multiply(x, x, out=y)
    y *= 0.044715 * SQRT_2_OVER_PI
    y += SQRT_2_OVER_PI
    y *= x
    np.tanh(y, out=y)
    y += 1.0
    y *= x
    y *= 0.5
    return y


def by_blocks(x):
    y = np.empty_like(x)
    for part, out in in_blocks(x, y):
        in_place(part, out)
    return y


ways = {"formula": by_formula, "in place": in_place, "blocks": by_blocks, "gelu": gelu}
print(f"{'elements':>10} " + " ".join(f"{name:>9}" for name in ways) + "   ns per element")
for rows in (64, 256, 1024, 4096, 16384):
    array = generator.normal(size=(rows, 256)).astype(np.float32)
    np.testing.assert_allclose(by_blocks(array), by_formula(array), rtol=1e-4, atol=1e-6)
    prices = []
    for way in ways.values():
        argument = Tensor(array) if way is gelu else array
        number = max(1, 1_000_000 // array.size)
        best = min(timeit.repeat(lambda way=way, argument=argument: way(argument), number=number, repeat=4))
        prices.append(best / number / array.size * 1e9)
    print(f"{array.size:10,} " + " ".join(f"{price:9.2f}" for price in prices))

# %% [markdown]
r"""
**Memory.** Two different figures matter: the *peak* while an activation runs (its temporaries) and what it
*retains* until the backward pass. The next cell measures both with `tracemalloc`, in multiples of the input's
size. Look for:

- the peak of sigmoid against that of ReLU: each named or unnamed intermediate array is one more multiple. GELU has
  as many intermediate results, but block by block they need no arrays;
- what is retained with `requires_grad`: 1 means that the op's `self.output` *is* the result's array and costs
  nothing extra; GELU keeps one array more, its inner tanh. It is a trade: spend memory now, or compute the
  tanh again later;
- what is retained without `requires_grad`: only the result, as nobody remembers the op;
- the zeros ReLU produces. They take four bytes each like any other number: sparsity in values is not sparsity
  in memory.
"""

# %% tags=["measure"]
import tracemalloc

array = np.random.default_rng(0).normal(size=(1024, 1024)).astype(np.float32)
print(f"input: {array.nbytes / 2**20:.0f} MiB; all figures in multiples of it")
print(f"{'':8} {'peak':>6} {'retained, recording':>20} {'retained, not recording':>24} {'zeros':>7}")
functions = {"ReLU": relu, "Tanh": tanh, "Sigmoid": sigmoid, "Softmax": softmax, "GELU": gelu}
for name, function in functions.items():
    retained = []
    for requires_grad in (True, False):
        x = Tensor(array, requires_grad=requires_grad)
        tracemalloc.start()
        y = function(x)
        current, peak = tracemalloc.get_traced_memory()
        tracemalloc.stop()
        retained.append(current / array.nbytes)
    zeros = np.mean(y.data == 0)
    print(f"{name:8} {peak / array.nbytes:6.2f} {retained[0]:20.2f} {retained[1]:24.2f} {zeros:7.1%}")

statistics = array.max(axis=-1, keepdims=True)
print(f"\nsoftmax's row maxima: {statistics.nbytes:,} bytes, broadcast against {array.nbytes:,}")

# %% [markdown]
r"""
## 10. In Production

**Kernels.** PyTorch does the same arithmetic in compiled kernels. An elementwise kernel reads each element
once, keeps all intermediates in registers, and writes once, so GELU needs no temporary arrays there. On a GPU
such a kernel is limited by memory bandwidth, not by arithmetic; then ReLU and GELU take nearly the same time,
and the way to win is to avoid the trip to memory altogether. That is **fusion**: matrix libraries such as
cuBLASLt can apply bias and ReLU or GELU to a product before it leaves the chip, and `torch.compile` generates
one kernel for a chain of elementwise ops. You fuse a linear layer with GELU in Module 15.

**What is kept for backward.** PyTorch's choices are the ones you made: ReLU, sigmoid, tanh and softmax save
their *result*. For GELU it saves the *input* and recomputes the inner function in the backward kernel,
because inside a fused kernel recomputing is cheaper than another array in memory. In NumPy each op is a pass
over memory anyway, so we keep the tanh. `nn.ReLU(inplace=True)` overwrites its input, which is legal exactly
because ReLU's slope can be read from its output; autograd keeps a version counter on every tensor to catch
overwrites that are *not* legal. We have no such counter: whoever writes into `y.data` also changes what the
op kept.

**Softmax.** All frameworks subtract the maximum. Ours makes several passes: maximum, subtraction,
exponential, sum, division. The *online* softmax keeps a running maximum and rescales the running sum when the
maximum grows, so that maximum and sum come out of a single pass. FlashAttention builds on this to compute
attention without ever storing the matrix of scores.

**Losses.** `nn.CrossEntropyLoss` expects logits, not probabilities. The logarithm of a softmax is better
computed in one step: Module 04 shows why.

**Newer relatives.** Many recent language models use SiLU, $x\,\sigma(x)$, inside a gated layer. With your
sigmoid it is one multiplication.

**Mixed precision.** Under `torch.autocast` on a GPU, matrix products run in half precision while `softmax`
and `exp` are in the list of operations that run in float32. The table at the top of this notebook says why.

## 11. What Breaks First at Scale

**Depth breaks the sigmoid.** Push a batch through many layers, nudge the input a little, and see how much of
the nudge arrives. A gradient measures the same, from the other side. All stacks below use the same weights
(standard deviation $\sqrt{2/n}$, the choice that suits ReLU). A sigmoid multiplies what reaches it by at most
a quarter, and over many layers quarters multiply; functions with slopes near 1 keep the nudge alive.

**One NaN breaks a batch.** The second experiment plants one NaN in one sample, then follows it. In a matrix
product it fills its own row and no other. A mean over the batch, the last step of every loss, spreads it to
everything. The last line repeats the run with a ReLU that hides NaN (`np.where(x > 0, x, 0)`): the count
drops to zero and nobody learns that a sample was broken.

**Memory** breaks in between: retained activations grow with batch × width × depth, whatever the number of
weights. The last printed lines turn your measured multiples into bytes for a stack of transformer size.
"""

# %% tags=["measure"]
import matplotlib.pyplot as plt

generator = np.random.default_rng(0)
width, depth = 128, 20
stack = [generator.normal(scale=np.sqrt(2 / width), size=(width, width)) for _ in range(depth)]
start = generator.normal(size=(64, width))
nudge = 1e-4 * generator.normal(size=start.shape)
figure, axis = plt.subplots(figsize=(6.5, 3.4))
for name, function in {"ReLU": relu, "GELU": gelu, "Tanh": tanh, "Sigmoid": sigmoid}.items():
    one, two, response = Tensor(start, dtype=np.float64), Tensor(start + nudge, dtype=np.float64), []
    for weights in stack:
        matrix = Tensor(weights, dtype=np.float64)
        one, two = function(one @ matrix), function(two @ matrix)
        response.append(np.linalg.norm(two.data - one.data) / np.linalg.norm(nudge))
    axis.plot(range(1, depth + 1), response, label=name)
    print(f"{name:8} response / nudge: {response[4]:7.1e} after 5 layers, {response[-1]:7.1e} after {depth}")
axis.set(yscale="log", xlabel="layer", ylabel="response / nudge", title="how much of a small change arrives")
axis.legend()
plt.show()

# %% tags=["measure"]
generator = np.random.default_rng(1)
samples = generator.normal(size=(8, 16))
samples[3, 5] = np.nan
first, second = generator.normal(size=(16, 16)), generator.normal(size=(16, 4))
hidden = relu(Tensor(samples) @ Tensor(first))
output = softmax(hidden @ Tensor(second))
print(f"NaN in the input:        {np.isnan(samples).sum():3d} of {samples.size}")
rows = np.flatnonzero(np.isnan(hidden.data).any(axis=1))
print(f"after matmul and ReLU:   {np.isnan(hidden.data).sum():3d} of {hidden.size}, in rows {rows}")
print(f"after matmul, softmax:   {np.isnan(output.data).sum():3d} of {output.size}")
print(f"mean over the batch:     {output.mean().item()}")
product = samples @ first
print(f"with a ReLU that hides:  {np.isnan(np.where(product > 0, product, 0)).sum():3d} of {product.size}")

layers, batch, length, inner = 24, 32, 1024, 4096
one_array = 4 * batch * length * inner
print(f"\none activation of {batch} × {length} × {inner} float32 numbers: {one_array / 2**30:.2f} GiB")
for name, multiple in {"ReLU": 1, "GELU with its tanh": 2}.items():
    total = multiple * layers * one_array / 2**30
    print(f"  {layers} layers, {name:18} retain {total:5.1f} GiB until the backward pass")

# %% [markdown]
"""
## 12. Integration Test

Everything together, through the public interface only: a network that computes XOR with weights found by
thought, a classifier that uses two different activations, and the chain of recorded ops that Module 06 will
walk backwards.
"""

# %% nbgrader={"grade": true, "grade_id": "test_module", "locked": true, "points": 6, "schema_version": 3, "solution": false, "task": false}
def test_unit_module():
    """Five activations work through functions, layers and the recorded graph."""
    inputs = Tensor(XOR_INPUTS, requires_grad=True)
    into, bias, out = Tensor([[1.0, 1.0], [1.0, 1.0]]), Tensor([0.0, -1.0]), Tensor([[1.0], [-2.0]])
    predicted = relu(inputs @ into + bias) @ out
    np.testing.assert_allclose(
        predicted.data[:, 0], XOR_TARGETS, atol=1e-6, err_msg="relu(a + b) - 2 relu(a + b - 1) must be XOR"
    )

    batch = Tensor(np.random.default_rng(3).normal(size=(6, 5)))
    pairs = [(ReLU(), relu), (Sigmoid(), sigmoid), (Tanh(), tanh), (Softmax(), softmax), (GELU(), gelu)]
    for layer, function in pairs:
        called, direct = layer(batch), function(batch)
        assert called.shape == batch.shape, f"{layer}: expected shape {batch.shape}, got {called.shape}"
        assert called.dtype == np.float32, f"{layer}: expected float32, got {called.dtype}"
        assert called.creator is None, f"{layer}: no input requires grad, so creator must be None"
        np.testing.assert_array_equal(
            called.data, direct.data, err_msg=f"{layer} differs from {function.__name__}"
        )
    np.testing.assert_allclose(
        tanh(batch).data, (2.0 * sigmoid(batch * 2.0) - 1.0).data, atol=1e-6,
        err_msg="tanh(x) must be 2 sigmoid(2x) - 1",
    )
    pair = Tensor(np.stack([batch.data[:, 0], np.zeros(6, dtype=np.float32)], axis=1))
    np.testing.assert_allclose(
        softmax(pair).data[:, 0], sigmoid(batch).data[:, 0], rtol=1e-5,
        err_msg="softmax of [x, 0] must give sigmoid(x) as its first weight",
    )

    last = softmax(gelu(inputs @ into))
    names = []
    while last.creator is not None:
        names.append(type(last.creator).__name__)
        last = last.creator.inputs[0]
    expected = ["SoftmaxOp", "GELUOp", "MatMul"]
    assert names == expected, f"recorded ops, last first: expected {expected}, got {names}"
    print("module 02: five activations, three forms each, one recorded graph")


test_unit_module()
### BEGIN HIDDEN TESTS
from tinytorch_lab.probes import probe, raises, rng
x, w, v = rng.normal(size=(7, 4)), rng.normal(size=(4, 6)), rng.normal(size=(6, 3))
x64, w64, v64 = (Tensor(array, dtype=np.float64) for array in (x, w, v))
probe("gelu network", softmax(gelu(x64 @ w64) @ v64).data)
probe("relu network, float32", (relu(Tensor(x) @ Tensor(w)) @ Tensor(v)).data)
probe("gated", (sigmoid(x64 @ w64) * tanh(x64 @ w64)).data)
probe("float64 throughout", str(softmax(tanh(sigmoid(gelu(relu(x64))))).dtype))
weight = Tensor(w, requires_grad=True)
result = Softmax(axis=0)(Tanh()(Sigmoid()(Tensor(x) @ weight)))
names = []
while result.creator is not None:
    names.append(type(result.creator).__name__)
    result = result.creator.inputs[-1]
probe("recorded", names)
probe("inference keeps nothing", softmax(relu(Tensor(x))).creator is None)
### END HIDDEN TESTS

# %% [markdown]
"""
## 🤔 ML Systems Thinking

Three questions, each answered in 150–300 words. Use what you measured: a figure from your own run, with its
unit, is worth more than an adjective.
"""

# %% [markdown] nbgrader={"grade": false, "grade_id": "question_1", "locked": true, "schema_version": 3, "solution": false, "task": false}
"""
### Question 1: Computational efficiency in production

**Context:** In this notebook you timed five activations against `np.copy` and a matrix product, in two
precisions and for several row widths, and you measured how many temporary arrays each of them needs. You also
saw `x ** 3` beside `x * x * x`.

**Question:** A service runs a network whose hidden layers use ReLU and whose output is a softmax. A colleague
wants to replace ReLU by GELU, "which is several times slower", and fears for the latency. What do your
measurements say about where the time of each activation goes (arithmetic, passes over memory, fixed cost per
call), and what share of a layer's time is at stake? Which of these costs disappear in a fused GPU kernel and
which remain, for an elementwise function and for softmax? Why did ReLU become the standard, and why could
transformers afford to leave it?

**Expected response:** 150–300 words.
"""

# %% [markdown] nbgrader={"grade": true, "grade_id": "response_1", "locked": false, "points": 10, "schema_version": 3, "solution": true, "task": false}
"""
=== BEGIN MARK SCHEME ===
EXCELLENT (9-10 points):
- Quotes own figures (ns per element or ratios) for at least two activations and relates them to the copy or to the matrix product measured beside them
- Separates the three costs: fixed cost per call at small sizes, passes over memory and temporaries at large sizes, arithmetic such as exp, tanh or `x ** 3`
- Explains that a fused elementwise kernel reads and writes once, is limited by bandwidth, and so brings GELU close to ReLU
- Explains that softmax keeps a reduction along an axis (maximum, sum), hence more than one pass or an online algorithm, and a cost that depends on row width
- Gives reasons for ReLU beyond speed (slope 1 for positive inputs, slope readable from the output) and for GELU's affordability (matrix products dominate)
GOOD (7-8 points):
- Uses measured figures or ratios, with most of the three costs named
- Says that GPU kernels fuse elementwise work and that bandwidth is the limit
- Contrasts elementwise functions with softmax's reduction
- Minor gaps, such as no estimate of the share of a layer's time
SATISFACTORY (5-6 points):
- States correctly that ReLU needs a comparison and softmax exponentials and a normalisation
- Mentions GPU parallelism or fusion without saying what it saves
- Little or no reference to the notebook's measurements
NEEDS IMPROVEMENT (1-4 points):
- General remarks on speed with no link to memory traffic or to the code
- Substantial errors, for example that ReLU's zeros save memory by themselves
- Answers only a small part of the question
NO CREDIT (0 points):
- No answer, or unrelated to activations
- Copied question text only
- Every claim wrong
=== END MARK SCHEME ===

**Your response:**
"""

# %% [markdown] nbgrader={"grade": false, "grade_id": "question_2", "locked": true, "schema_version": 3, "solution": false, "task": false}
"""
### Question 2: Numerical stability in large systems

**Context:** Your sigmoid never exponentiates a positive number, and your softmax subtracts the row's maximum.
You printed the overflow limits of three dtypes, plotted the share of rows that a naive softmax turns into
NaN, compared the left tail of four sigmoids, and followed one NaN through a small network.

**Question:** A language model with a hundred layers is trained in half precision and its loss becomes NaN at
step 40,000. Starting from your experiments, explain how a single unstable activation can reach every weight
of the model, and why "no overflow" is not yet "accurate". Which safeguards do production systems put around
activations in the forward pass and around gradients in the backward pass? Why should an activation let a NaN
through instead of repairing it?

**Expected response:** 150–300 words.
"""

# %% [markdown] nbgrader={"grade": true, "grade_id": "response_2", "locked": false, "points": 10, "schema_version": 3, "solution": true, "task": false}
"""
=== BEGIN MARK SCHEME ===
EXCELLENT (9-10 points):
- Explains why the shift by the maximum is exact and bounds every exponent by 0 and the sum from below by 1, with the float16 limit near 11 as contrast
- Traces a NaN as in the experiment: own row in the matrix product, whole batch through the mean, then every weight through the gradient and the update
- Distinguishes overflow from lost accuracy with the tanh form's left tail (or a clipped softmax) and names a consequence such as the logarithm of zero
- Names safeguards on both sides: float32 softmax under autocast, bfloat16's range, loss scaling, gradient clipping, normalisation, skipping a step with non-finite gradients
- Argues that hiding a NaN (np.where ReLU) turns a loud failure into silently wrong training, and says how the source would be found
GOOD (7-8 points):
- Correct account of overflow and of the shift, with the notebook's figures or experiment mentioned
- Describes propagation through layers and through the update
- At least two production safeguards, correctly explained
- Treats accuracy or NaN visibility only briefly
SATISFACTORY (5-6 points):
- Knows that exp overflows and that subtracting the maximum helps
- Says that NaN spreads without saying how
- Names one safeguard without explaining it
NEEDS IMPROVEMENT (1-4 points):
- Vague statements about large numbers being bad
- Recommends clipping scores, or replacing NaN by 0, as the general cure
- Confuses overflow with vanishing gradients throughout
NO CREDIT (0 points):
- No answer, or unrelated to numerical stability
- Copied question text only
- Every claim wrong
=== END MARK SCHEME ===

**Your response:**
"""

# %% [markdown] nbgrader={"grade": false, "grade_id": "question_3", "locked": true, "schema_version": 3, "solution": false, "task": false}
"""
### Question 3: Hardware abstraction and API design

**Context:** Each activation exists as an op (`SoftmaxOp`), a function (`softmax(x, axis=-1)`) and a layer
object (`Softmax(axis=-1)`). Callers never see `np.exp`; only `forward` does. GELU exists in two forms whose
difference you measured, and a NumPy scalar was enough to change a dtype.

**Question:** Suppose that tinytorch should also run on a GPU. Which lines of this module would change and
which would not, and what would decide at run time which implementation runs? What can the interface promise
across devices, and what can it not: should `softmax(x)` give bit-identical results on a laptop and on a GPU
cluster? Use the summation inside softmax, the accuracy of `exp` and `tanh`, and the choice of dtype in your
answer, and say how you would test a second implementation.

**Expected response:** 150–300 words.
"""

# %% [markdown] nbgrader={"grade": true, "grade_id": "response_3", "locked": false, "points": 10, "schema_version": 3, "solution": true, "task": false}
"""
=== BEGIN MARK SCHEME ===
EXCELLENT (9-10 points):
- Locates the change in the ops' forward methods (and allocation of arrays), leaving functions, layer objects and user code untouched
- Describes dispatch on device and dtype, for instance a table of kernels per op as PyTorch's dispatcher has, chosen inside apply
- Explains why sums differ: floating-point addition is not associative and a parallel reduction chooses another order
- Explains that exp and tanh differ in the last digits between libraries, and that dtype rules (float32 kept, integers promoted) must be specified, not inherited
- Proposes tests with tolerances per dtype, extreme inputs (±1000, -inf, NaN, empty) and invariants such as sums of 1 and shift invariance
GOOD (7-8 points):
- Separates interface from implementation with reference to the three forms
- Gives at least two causes of differing results
- Says that results should agree within a tolerance, with a sensible test
- Dispatch or dtype rules only touched on
SATISFACTORY (5-6 points):
- Says that a common interface hides hardware details
- Mentions precision differences without a cause
- No concrete proposal for testing
NEEDS IMPROVEMENT (1-4 points):
- Restates that an API is useful, with no link to this module's code
- Demands bit-identical results everywhere, or accepts any difference, without discussion
- Confuses device, dtype and interface
NO CREDIT (0 points):
- No answer, or unrelated to the question
- Copied question text only
- Every claim wrong
=== END MARK SCHEME ===

**Your response:**
"""

# %% [markdown]
r"""
## 🎯 Module Summary

**Built.** `ReLU`, `Sigmoid`, `Tanh`, `Softmax` and `GELU`, each as an op, a function and a layer;
`best_linear_fit` and the XOR proof.

**Measured.** Time per element from a few hundred elements to a few million; peak and retained memory; the
overflow limits of three dtypes; the tail of four sigmoids; the distance between two GELUs; how much of a
small change survives twenty layers.

**Understood.**

- Without a bend, depth is an illusion: affine layers collapse, and XOR stays at an error of ¼.
- Safe formulas come from algebra, not from clipping: choose the form whose exponents are never positive.
- "No warning" is not "accurate", and a NaN is a message that must get through.
- An op's stored arrays live as long as its result; storing the output itself is free, storing anything else
  is not.
- Which function is cheap depends on the library and on memory traffic. Measure before choosing.

**Next.** Module 03 puts weights around these functions: `Parameter`, `Linear` and `Sequential`, and a network
that runs XOR.
"""
