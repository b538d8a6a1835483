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
# Module 06: Autograd

Since Module 01 every operation on a tensor that requires a gradient has left a trace: the result knows the op
that made it, and the op knows its inputs. In this module you walk that trace backwards. You write one small
rule for each op, one loop that applies the rules in the right order, and from then on *every* expression that
anybody writes with tensors can be differentiated, exactly, at two to three times the price of
computing it alone.

**Learning objectives**

- state the chain rule as what an op needs to know: the slope of the result comes in, the slopes of the inputs
  go out;
- write backward rules for arithmetic, broadcasting, matrix products, reductions, indexing and activations,
  and verify each against central differences to six digits;
- order a graph so that each node is visited once, after all of its users: without recursion, in linear time;
- implement `backward` so that gradients *add up*: over several uses of a tensor, and over several calls;
- measure what recording costs in time and in memory, and trade one for the other by checkpointing;
- explain why reverse mode, and not forward mode or measured slopes, trains networks.

**Prerequisites:** Module 01 (ops, broadcasting, views), Module 02 (activations and what they keep), Module 04
(losses, `central_difference`). The chain rule for functions of several variables.

**Estimated time:** 4 hours.
"""

# %%
#| default_exp autograd

# %% nbgrader={"grade": false, "grade_id": "imports", "locked": true, "schema_version": 3, "solution": false, "task": false}
#| export
import math
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np

from tinytorch.activations import SQRT_2_OVER_PI, GELUOp, ReLUOp, SigmoidOp, SoftmaxOp, TanhOp, in_blocks
from tinytorch.losses import LogSoftmaxOp, central_difference
from tinytorch.tensor import Add, Div, Exp, GetItem, Log, MatMul, Max, Mean, Mul, Neg, Op, Pow
from tinytorch.tensor import Reshape, Sub, Sum, Tensor, Transpose

# %% [markdown]
r"""
## 1. Mathematical Foundations

### One rule for each op

Let $L$ be the loss, a single number, and write $\bar v = \partial L / \partial v$ for the slope of $L$ with
respect to a tensor $v$ somewhere on the way: an array of *the same shape as* $v$. If one op computes
$y = f(a, b)$, then

$$\bar a_k = \sum_j \bar y_j \frac{\partial y_j}{\partial a_k}, \qquad
  \bar b_k = \sum_j \bar y_j \frac{\partial y_j}{\partial b_k}.$$

That is the whole chain rule, and it is *local*. To compute $\bar a$ and $\bar b$, the op needs $\bar y$,
and what it remembers of its own forward computation. It does not need to know what $L$ is, nor where $a$
came from. The matrix $\partial y_j / \partial a_k$ (the Jacobian) is never built: for an elementwise op it
would be diagonal, for a matrix product huge. A rule computes the *product* of $\bar y$ with it.

### Add, because there are several ways

If $v$ is used by several ops, a small change of $v$ reaches $L$ by several paths, and the changes add up:

$$\bar v = \sum_{\text{uses } u \text{ of } v} \bar v^{(u)}.$$

```text
              ┌──► a = 2v ──┐
        v ────┤             ├──► L = a · b         v̄  =  2 ā  +  2v b̄     (one term for each branch)
              └──► b = v² ──┘
```

So $\bar v$ is complete only when *all* users of $v$ have contributed. Whoever passes it on earlier passes on
something unfinished, and has to come again. In a chain of such diamonds, "come again" doubles at each link:
$2^{n}$ visits. Visiting each node once, after all of its users, needs an order in which every tensor comes
after its inputs, read from the back: a **topological order**.

### Forwards or backwards

The chain rule is a product of Jacobians, and one may multiply from either end. Starting at an *input*
(forward mode) gives the slopes of everything with respect to that one input. Starting at the *output*
(reverse mode, this module) gives the slopes of that one output with respect to everything. A network has
one loss and millions of weights: one pass backwards, against millions forwards. The price of reverse mode
is memory: the passage backwards needs, in reverse order, what the way forwards has computed.

### Slope conventions

Where a function has a kink, any slope between the two sides is defensible. Ours are PyTorch's: ReLU has
slope 0 at 0, and a maximum that occurs several times divides its slope evenly among the winners, as
`torch.amax` does (`torch.max(dim)`, which also returns *where* the maximum is, gives everything to one of
them).
"""

# %% [markdown]
"""
## 2. Rules and their registry

The ops exist, and stay as they are. What is new is a table from the class of an op to its rule, and a
decorator that fills it. A rule takes the op and the gradient of its result, and returns a tuple with one
gradient for each input (or `None` for an input that needs none):

```text
   @backward_for(Exp)                        the class of op that the rule is for
   def exp_backward(op, grad):               grad: ∂L/∂result, an array of the result's shape
       return (grad * op.output,)            ∂L/∂input, an array of the input's shape; a tuple, always
```

`op.inputs` are the tensors that went in, `op.inputs[0].data` their arrays; attributes such as `op.axis` are
those of the application; `op.output` is what `forward` kept. Two laws for rules:

- The gradient of an input has **the shape of that input**.
- `grad` belongs to others as well. Never write into it; return a new array, or a view that nobody writes to.

`input_gradients` applies the right rule and checks the first law, so that a mistake is reported by name,
where it happens. Five simple rules are given. `Max` shows how a reduction is undone.
"""

# %% nbgrader={"grade": false, "grade_id": "registry", "locked": true, "schema_version": 3, "solution": false, "task": false}
#| export
Rule = Callable[[Any, np.ndarray], tuple[np.ndarray | None, ...]]
BACKWARD: dict[type[Op], Rule] = {}


def backward_for(kind: type[Op]) -> Callable[[Rule], Rule]:
    """Decorator: register a function as the backward rule of an op class.

    The rule gets the op and the gradient of its result; it returns a tuple with one gradient per input, each
    of that input's shape, or ``None`` where none is needed.
    """

    def register(rule: Rule) -> Rule:
        BACKWARD[kind] = rule
        return rule

    return register


def input_gradients(op: Op, grad: np.ndarray) -> tuple[np.ndarray | None, ...]:
    """Apply the rule of ``op`` to the gradient of its result, and check what it returns."""
    name = type(op).__name__
    rule = BACKWARD.get(type(op))
    if rule is None:
        raise LookupError(f"{name} has no backward rule; write one under @backward_for({name})")
    gradients = rule(op, grad)
    if not isinstance(gradients, tuple) or len(gradients) != len(op.inputs):
        raise TypeError(
            f"the rule of {name} must return a tuple with {len(op.inputs)} gradients, one per input"
        )
    for number, (tensor, gradient) in enumerate(zip(op.inputs, gradients)):
        if gradient is None:
            if tensor.requires_grad:
                raise ValueError(f"the rule of {name} returned None for input {number}, which requires grad")
        elif gradient.shape != tensor.data.shape:
            raise ValueError(
                f"the rule of {name} returned a gradient of shape {gradient.shape} for input {number}, "
                f"whose shape is {tensor.data.shape}"
            )
    return gradients


def kept_shape(shape: tuple[int, ...], axis: int | tuple[int, ...] | None) -> tuple[int, ...]:
    """Shape of a reduction of ``shape`` over ``axis`` with ``keepdims=True``."""
    if axis is None:
        return (1,) * len(shape)
    axes = axis if isinstance(axis, tuple) else (axis,)
    folded = {one % len(shape) for one in axes}
    return tuple(1 if position in folded else length for position, length in enumerate(shape))


@backward_for(Neg)
def neg_backward(_op: Neg, grad: np.ndarray) -> tuple[np.ndarray, ...]:
    return (-grad,)


@backward_for(Exp)
def exp_backward(op: Exp, grad: np.ndarray) -> tuple[np.ndarray, ...]:
    return (grad * op.output,)


@backward_for(Log)
def log_backward(op: Log, grad: np.ndarray) -> tuple[np.ndarray, ...]:
    return (grad / op.inputs[0].data,)


@backward_for(Pow)
def pow_backward(op: Pow, grad: np.ndarray) -> tuple[np.ndarray, ...]:
    if op.exponent == 0:
        return (np.zeros_like(grad),)
    return (grad * (op.exponent * op.inputs[0].data ** (op.exponent - 1)),)


@backward_for(Max)
def max_backward(op: Max, grad: np.ndarray) -> tuple[np.ndarray, ...]:
    """Elements that share the maximum share its gradient evenly."""
    a = op.inputs[0].data
    kept = kept_shape(a.shape, op.axis)
    winners = a == a.max(axis=op.axis, keepdims=True)
    share = grad.reshape(kept) / winners.sum(axis=op.axis, keepdims=True, dtype=grad.dtype)
    return (winners * share,)


# %% [markdown]
"""
### An instrument: does a rule tell the truth?

No rule has to be believed. `check_rule` applies one op to float64 tensors, sends a random gradient through
its rule, and compares with central differences (Module 04) of the weighted sum that has this gradient. It
also notices when a rule writes into its `grad`. All of your rules will be tested with it:
"""


# %% nbgrader={"grade": false, "grade_id": "check_rule", "locked": true, "schema_version": 3, "solution": false, "task": false}
def check_rule(label: str, f: Callable[..., Tensor], *arrays: Any) -> None:
    """Compare the rule of the one op that ``f`` applies with central differences, for every input."""
    tensors = [Tensor(array, dtype=np.float64, requires_grad=True) for array in arrays]
    result = f(*tensors)
    grad = np.random.default_rng(0).normal(size=result.shape)
    before = grad.copy()
    try:
        gradients = input_gradients(result.creator, grad)
    except ValueError as error:
        raise AssertionError(f"{label}: {error}") from error
    np.testing.assert_array_equal(grad, before, err_msg=f"{label}: the rule wrote into grad")
    for number, (tensor, gradient) in enumerate(zip(tensors, gradients)):
        rest = list(tensors)

        def number_of(value):
            rest[number] = value
            return (f(*rest) * before).sum()

        expected = central_difference(number_of, tensor)
        np.testing.assert_allclose(
            gradient,
            expected,
            rtol=1e-6,
            atol=1e-8,
            err_msg=f"{label}: gradient of input {number} against central differences",
        )


points = np.array([[0.5, 1.5, 2.0], [3.0, 0.25, 1.0]])
check_rule("exp", lambda x: x.exp(), points)
check_rule("log", lambda x: x.log(), points)
check_rule("power", lambda x: x**3, points)
check_rule("max", lambda x: x.max(axis=1), points)
print("the given rules agree with central differences")

# %% [markdown]
r"""
## 3. Undoing a broadcast

Take $y = a + b$ with shapes `(4, 3)` and `(3,)`. Broadcasting used each $b_j$ four times, once for every
row, and what is used several times *adds up*: $\bar b_j = \sum_i \bar y_{ij}$. So a broadcast is undone by
**summing over the axes along which it repeated**:

```text
   forward     b (3,)   ──►  repeated over a new axis 0          ──►  (4, 3)
   backward    grad (4, 3)  ──►  summed over axis 0              ──►  (3,)

   forward     c (4, 1) ──►  repeated along axis 1               ──►  (4, 3)
   backward    grad (4, 3)  ──►  summed over axis 1, kept as 1   ──►  (4, 1)
```

Two kinds of axes, then: those that the shape lacks at the left, which disappear, and those where it has a
1, which stay. If the shapes agree there is nothing to do, and nothing should be computed: this is the usual
case, and it runs for every arithmetic op of a network.

Do you remember the empty batch of Module 01? An axis of length 1 beside one of length 0 gives 0. A sum over
no elements is 0, so nothing special is needed, unless you compare lengths in a way that takes 0 for 1.

The most frequent case of a real sum is a bias, $(n, m)$ to $(m,)$: only axes at the left disappear. The sum of the rows of
a matrix is $\mathbf 1^\top G$, a product with a row of ones. The library behind `@` does that faster than `sum` along the
first axis, which goes through the row of sums again for every row that it adds. Section 11 measures both. It is a
matter of speed only: `sum` alone is as right and earns the same points.
"""


# %% nbgrader={"grade": false, "grade_id": "unbroadcast", "locked": false, "schema_version": 3, "solution": true, "task": false}
#| export
def unbroadcast(grad: np.ndarray, shape: tuple[int, ...]) -> np.ndarray:
    """Sum ``grad`` over the axes along which an array of ``shape`` was repeated; the result has ``shape``.

    ``shape`` broadcasts to ``grad.shape``. Returns ``grad`` itself if the two are equal.
    Hint: count how many axes are missing at the left; ``sum`` takes several axes at once.
    """
    ### BEGIN SOLUTION
    if grad.shape == shape:
        return grad
    missing = grad.ndim - len(shape)
    if grad.shape[missing:] == shape:
        rows = grad.reshape(math.prod(grad.shape[:missing]), math.prod(shape))
        return (np.ones(len(rows), grad.dtype) @ rows).reshape(shape)
    repeated = [missing + axis for axis, length in enumerate(shape) if length == 1]
    return grad.sum(axis=(*range(missing), *repeated), keepdims=True).reshape(shape)
    ### END SOLUTION


# %% nbgrader={"grade": true, "grade_id": "test_unbroadcast", "locked": true, "points": 8, "schema_version": 3, "solution": false, "task": false}
def test_unit_unbroadcast():
    """unbroadcast sums over repeated axes, keeps the others, and is the adjoint of broadcasting."""
    grad = np.arange(24.0).reshape(2, 3, 4)
    cases = [
        ((4,), grad.sum(axis=(0, 1))),
        ((3, 1), grad.sum(axis=(0, 2))[:, None]),
        ((1, 3, 4), grad.sum(axis=0, keepdims=True)),
        ((2, 1, 4), grad.sum(axis=1, keepdims=True)),
        ((1, 1, 1), grad.sum().reshape(1, 1, 1)),
        ((), grad.sum()),
    ]
    for shape, expected in cases:
        try:
            got = unbroadcast(grad, shape)
        except ValueError as error:
            raise AssertionError(f"unbroadcast(grad of (2, 3, 4), {shape}): {error}") from error
        assert got.shape == shape, f"unbroadcast(grad of (2, 3, 4), {shape}): got shape {got.shape}"
        np.testing.assert_allclose(
            got, expected, err_msg=f"unbroadcast(grad, {shape}): the sum over the axes that were repeated"
        )
    assert unbroadcast(grad, (2, 3, 4)) is grad, "unbroadcast: equal shapes need no work, return grad itself"
    empty = unbroadcast(np.ones((0, 3)), (1, 3))
    assert empty.shape == (1, 3), f"unbroadcast of an empty batch (0, 3) to (1, 3): got {empty.shape}"
    np.testing.assert_array_equal(empty, 0, err_msg="unbroadcast of an empty batch: sums of nothing are 0")
    single = unbroadcast(grad.astype(np.float32), (3, 1))
    assert single.dtype == np.float32, f"unbroadcast: float32 in, expected float32 out, got {single.dtype}"
    print("unbroadcast: shapes and sums are right")


test_unit_unbroadcast()
### BEGIN HIDDEN TESTS
from tinytorch_lab.probes import probe, raises, rng

g = rng.normal(size=(3, 1, 4, 2))
shapes = [(2,), (4, 1), (1, 4, 2), (3, 1, 1, 2), (1, 1, 1, 1), (1,), (), (3, 1, 4, 2), (1, 1, 4, 1)]
probe("sums", [np.asarray(unbroadcast(g, shape)) for shape in shapes])
probe("shapes", [list(np.shape(unbroadcast(g, shape))) for shape in shapes])
b = rng.normal(size=(4, 1))
repeated = np.broadcast_to(b, g.shape)
probe("adjoint of broadcasting", [(repeated * g).sum(), (b * unbroadcast(g, b.shape)).sum()])
probe("an axis of length one on both sides", unbroadcast(rng.normal(size=(1, 5)), (1, 1)))
probe("empty", [unbroadcast(np.ones((2, 0, 3)), shape) for shape in ((3,), (1, 1, 3), (2, 1, 1))])
probe("one element", [np.asarray(unbroadcast(np.array([2.5]), ())), unbroadcast(np.array([[2.5]]), (1,))])
copy = g.copy()
unbroadcast(copy, (4, 1))
probe("grad unchanged", bool(np.array_equal(copy, g)))
### END HIDDEN TESTS

# %% [markdown]
r"""
## 4. Arithmetic

Four rules, and each of them ends with `unbroadcast`, once for every operand, since either may have been
repeated. With $y = a \circ b$:

| op | $\bar a$ before unbroadcasting | $\bar b$ before unbroadcasting |
| --- | --- | --- |
| $a + b$ | $\bar y$ | $\bar y$ |
| $a - b$ | $\bar y$ | think of the sign |
| $a \cdot b$ | $\bar y\, b$ | $\bar y\, a$ |
| $a / b$ | $\bar y / b$ | derive it: what is the derivative of $1/b$? |

`Mul` shows why recording keeps the inputs alive: to know $\bar a$, one needs $b$.
"""


# %% nbgrader={"grade": false, "grade_id": "arithmetic", "locked": false, "schema_version": 3, "solution": true, "task": false}
#| export
@backward_for(Add)
def add_backward(op: Add, grad: np.ndarray) -> tuple[np.ndarray | None, ...]:
    """Gradients of a and b for a + b; an input that does not require grad may get ``None``, here and below.

    Hint: the shapes of the inputs are ``op.inputs[0].shape`` and ``op.inputs[1].shape``.
    """
    ### BEGIN SOLUTION
    return tuple(unbroadcast(grad, t.shape) if t.requires_grad else None for t in op.inputs)
    ### END SOLUTION


@backward_for(Sub)
def sub_backward(op: Sub, grad: np.ndarray) -> tuple[np.ndarray, ...]:
    """Gradients of a and b for a - b."""
    ### BEGIN SOLUTION
    a, b = op.inputs
    return unbroadcast(grad, a.shape), unbroadcast(-grad, b.shape)
    ### END SOLUTION


@backward_for(Mul)
def mul_backward(op: Mul, grad: np.ndarray) -> tuple[np.ndarray | None, ...]:
    """Gradients of a and b for a * b."""
    ### BEGIN SOLUTION
    a, b = op.inputs
    grad_a = unbroadcast(grad * b.data, a.shape) if a.requires_grad else None
    grad_b = unbroadcast(grad * a.data, b.shape) if b.requires_grad else None
    return grad_a, grad_b
    ### END SOLUTION


@backward_for(Div)
def div_backward(op: Div, grad: np.ndarray) -> tuple[np.ndarray, ...]:
    """Gradients of a and b for a / b."""
    ### BEGIN SOLUTION
    a, b = op.inputs
    return unbroadcast(grad / b.data, a.shape), unbroadcast(-grad * a.data / (b.data * b.data), b.shape)
    ### END SOLUTION


# %% nbgrader={"grade": true, "grade_id": "test_arithmetic", "locked": true, "points": 14, "schema_version": 3, "solution": false, "task": false}
def test_unit_arithmetic():
    """The rules of + - * / agree with central differences, for equal and for broadcast shapes."""
    numbers = np.random.default_rng(1)
    shapes = [((2, 3), (2, 3)), ((2, 3), (3,)), ((2, 1), (2, 3)), ((), (2, 2)), ((4, 1, 2), (3, 1))]
    operations = [
        ("a + b", lambda a, b: a + b),
        ("a - b", lambda a, b: a - b),
        ("a * b", lambda a, b: a * b),
        ("a / b", lambda a, b: a / b),
    ]
    for label, f in operations:
        for p, q in shapes:
            check_rule(
                f"{label}, shapes {p} and {q}", f, numbers.normal(size=p), numbers.uniform(1, 2, size=q)
            )
    x = Tensor(np.ones((2, 3)), requires_grad=True)
    w = Tensor(np.ones(3), requires_grad=True)
    for label, result in [("x + w", x + w), ("x - w", x - w), ("x * w", x * w), ("x / w", x / w)]:
        for gradient in input_gradients(result.creator, np.ones((2, 3), dtype=np.float32)):
            assert gradient.dtype == np.float32, f"{label} in float32: the gradient became {gradient.dtype}"
    print("arithmetic: the rules of + - * / agree with central differences")


test_unit_arithmetic()
### BEGIN HIDDEN TESTS
from tinytorch_lab.probes import probe, raises, rng


def gradients_of(f, *arrays):
    tensors = [Tensor(array, dtype=np.float64, requires_grad=True) for array in arrays]
    result = f(*tensors)
    upstream = np.cos(np.arange(result.size)).reshape(result.shape)
    return [np.asarray(gradient) for gradient in input_gradients(result.creator, upstream)]


a, b = rng.normal(size=(3, 1, 4)), rng.uniform(0.5, 2, size=(5, 1))
probe("add", gradients_of(lambda p, q: p + q, a, b))
probe("sub", gradients_of(lambda p, q: p - q, a, b))
probe("sub, sides exchanged", gradients_of(lambda p, q: p - q, b, a))
probe("mul", gradients_of(lambda p, q: p * q, a, b))
probe("div", gradients_of(lambda p, q: p / q, a, b))
probe("div, negative", gradients_of(lambda p, q: p / q, a, -b))
number, row = np.array(1.7), rng.normal(size=6)
probe("a number", [gradients_of(f, number, row) for f in (lambda p, q: p + q, lambda p, q: p * q)])
probe("a number below", gradients_of(lambda p, q: p / q, row, number))
probe("two numbers", gradients_of(lambda p, q: p * q, number, np.array(-0.3)))
probe("empty batch", gradients_of(lambda p, q: p * q, np.ones((0, 4)), rng.normal(size=4)))
x = Tensor(row, requires_grad=True)
kinds = [f(x).creator for f in (lambda t: 2 - t, lambda t: t * 3, lambda t: 1 / t)]
upstream = np.ones(6, dtype=np.float32)
shares = [zip(op.inputs, input_gradients(op, upstream)) for op in kinds]
probe("dtypes", [[str(g.dtype) for source, g in pairs if source.requires_grad] for pairs in shares])
### END HIDDEN TESTS

# %% [markdown]
r"""
## 5. Matrix products

For matrices, $y_{ij} = \sum_k a_{ik} b_{kj}$. Ask which $y$ a single $a_{ik}$ has a part in: the whole row
$i$, each time multiplied by $b_{kj}$. Therefore

$$\bar a_{ik} = \sum_j \bar y_{ij}\, b_{kj}, \qquad \bar b_{kj} = \sum_i a_{ik}\, \bar y_{ij}.$$

Both are matrix products again; which transposes they need follows from the indices, or from the shapes, since
there is only one way that fits: `(n, p)` and `(m, p)` must give `(n, m)`. Hence the rule of thumb that a
backward pass costs *two* products for each forward one.

Three complications, all from Module 01:

- **Batch axes broadcast.** `(10, n, m) @ (m, p)`: the one matrix `b` was used ten times. Transpose only the
  last two axes (`np.swapaxes`; `.T` reverses *all* axes), then `unbroadcast`.
- **Vectors.** A 1-D operand got an axis for the product, which was dropped from the result. Give `grad` that
  axis back (`np.expand_dims`), compute as for matrices, and reshape the gradient to the vector.
- **Do not compute what nobody needs.** The inputs of the first layer are data and require no gradient; half
  of that rule's work would be thrown away. `op.inputs[0].requires_grad` tells you, and `None` says "none
  needed".

In the most frequent case of all, a batch of sequences times one weight matrix, `(batch, length, m) @ (m, p)`,
the general recipe for $\bar b$ computes one product *per batch element*, keeps all of them, and adds them up.
Folding all leading axes into one first, `(batch · length, m)`, gives the same sum as a single product.
A measurement below shows the difference.

A last thought concerns memory order. `Linear` multiplies by `weight.T`, a view whose *columns* are contiguous. An
ordinary product has contiguous *rows*. The rule of `Transpose` then turns this gradient into a view, and copying it into
the leaf's `.grad` jumps through memory. The same happens with the heads of an attention (Module 12), which are views,
too. So `product_like(like, a, b)`, given, computes `a @ b` into an array with the memory order of `like`, the operand
whose gradient it is. Section 11 measures the difference. Plain `@` passes the tests, too.
"""

# %% nbgrader={"grade": false, "grade_id": "product_like", "locked": true, "schema_version": 3, "solution": false, "task": false}
#| export
def product_like(like: np.ndarray, a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """a @ b, in the memory order of ``like`` if its batch axes are those of the product (else an ordinary product)."""
    if like.shape[:-2] != np.broadcast_shapes(a.shape[:-2], b.shape[:-2]):
        return a @ b
    return np.matmul(a, b, out=np.empty_like(like, dtype=np.result_type(a, b)))


# %% nbgrader={"grade": false, "grade_id": "matmul", "locked": false, "schema_version": 3, "solution": true, "task": false}
#| export
@backward_for(MatMul)
def matmul_backward(op: MatMul, grad: np.ndarray) -> tuple[np.ndarray | None, ...]:
    """Gradients of a and b for a @ b: matrices, batches that broadcast, and vectors.

    An input that does not require grad may get ``None``.
    Hint: make both operands and ``grad`` at least matrices first; reshape the gradients at the end.
    """
    ### BEGIN SOLUTION
    left, right = op.inputs
    a = left.data[None, :] if left.ndim == 1 else left.data
    b = right.data[:, None] if right.ndim == 1 else right.data
    if right.ndim == 1:
        grad = np.expand_dims(grad, -1)
    if left.ndim == 1:
        grad = np.expand_dims(grad, -2)
    grad_a = grad_b = None
    if left.requires_grad:
        grad_a = unbroadcast(product_like(a, grad, b.swapaxes(-1, -2)), a.shape).reshape(left.shape)
    if right.requires_grad and b.ndim == 2:
        rows = math.prod(a.shape[:-1])
        folded = a.reshape(rows, a.shape[-1]), grad.reshape(rows, grad.shape[-1])
        grad_b = product_like(b, folded[0].T, folded[1]).reshape(right.shape)
    elif right.requires_grad:
        grad_b = unbroadcast(product_like(b, a.swapaxes(-1, -2), grad), b.shape).reshape(right.shape)
    return grad_a, grad_b
    ### END SOLUTION


# %% nbgrader={"grade": true, "grade_id": "test_matmul", "locked": true, "points": 10, "schema_version": 3, "solution": false, "task": false}
def test_unit_matmul():
    """The rule of @ agrees with central differences: matrices, batches, broadcast batches, vectors."""
    numbers = np.random.default_rng(2)
    shapes = [
        ((2, 3), (3, 4)),
        ((3, 3), (3, 3)),
        ((5, 2, 3), (5, 3, 4)),
        ((5, 2, 3), (3, 4)),
        ((2, 3), (5, 3, 4)),
        ((2, 1, 2, 3), (4, 3, 2)),
        ((3,), (3, 4)),
        ((2, 3), (3,)),
        ((3,), (3,)),
        ((3,), (5, 3, 4)),
        ((5, 2, 3), (3,)),
    ]
    for p, q in shapes:
        check_rule(
            f"a @ b, shapes {p} and {q}", lambda a, b: a @ b, numbers.normal(size=p), numbers.normal(size=q)
        )
    x, w = Tensor(np.ones((2, 3))), Tensor(np.ones((3, 4)), requires_grad=True)
    gradients = input_gradients((x @ w).creator, np.ones((2, 4), dtype=np.float32))
    assert gradients[1] is not None, "matmul: w requires grad, so its gradient must not be None"
    assert gradients[1].dtype == np.float32, f"matmul in float32: the gradient became {gradients[1].dtype}"
    print("matmul: the rule agrees with central differences for all kinds of operands")


test_unit_matmul()
### BEGIN HIDDEN TESTS
from tinytorch_lab.probes import probe, raises, rng


def product_gradients(p, q):
    a, b = (Tensor(rng.normal(size=shape), dtype=np.float64, requires_grad=True) for shape in (p, q))
    result = a @ b
    return list(input_gradients(result.creator, rng.normal(size=result.shape)))


probe("matrices", product_gradients((4, 2), (2, 5)))
probe("square", product_gradients((4, 4), (4, 4)))
probe("batches", product_gradients((3, 4, 2), (3, 2, 5)))
probe("one matrix for a batch", product_gradients((2, 3, 4, 5), (5, 2)))
probe("one left matrix for a batch", product_gradients((4, 5), (2, 3, 5, 2)))
probe("batch axes broadcast", product_gradients((3, 1, 4, 2), (1, 5, 2, 3)))
probe("a batch of one", product_gradients((1, 4, 2), (6, 2, 3)))
probe("vector left", [product_gradients((4,), (4, 3)), product_gradients((4,), (2, 3, 4, 5))])
probe("vector right", [product_gradients((3, 4), (4,)), product_gradients((2, 3, 5, 4), (4,))])
probe("two vectors", product_gradients((6,), (6,)))
probe("lengths of one", product_gradients((1, 4), (4, 1)))
probe("empty", [product_gradients((0, 3, 4), (4, 2)), product_gradients((3, 0), (0, 2))])
data, w = Tensor(rng.normal(size=(3, 4))), Tensor(rng.normal(size=(4, 2)), requires_grad=True)
probe("only the right one", input_gradients((data @ w).creator, np.ones((3, 2), dtype=np.float32))[1])
probe("only the left one", input_gradients((w @ data[:2]).creator, np.ones((4, 4), dtype=np.float32))[0])
### END HIDDEN TESTS

# %% [markdown]
r"""
## 6. Reductions, shapes and indices

- **Sum.** Each element went into its sum with factor 1, so each gets its sum's gradient. `kept_shape` (given)
  is the shape that the result would have had with `keepdims=True`; reshaped to it, the gradient broadcasts
  against the input, whether `keepdims` was set or not. `np.broadcast_to` does that without a copy.
- **Mean.** The same, divided by how many elements were folded into one. Not by the size of the input.
- **Reshape.** The elements are the same, so is the gradient: give it the old shape.
- **Transpose.** Axis $k$ of the result was axis `axes[k]` of the input. The inverse of a permutation is its
  `argsort`. Mind that `axes` may be `None` (reversed), and that axes may be negative: `(-1, 0, 1)` has to be
  normalised before it is sorted.
- **GetItem.** Elements that were not selected have no influence: gradient 0. The selected ones get theirs,
  *and one that was selected several times gets the sum*. That is the trap: `zeros[index] += grad` looks
  right, but NumPy reads all elements, adds, and writes all of them back, so of several writes to one place
  only the last survives. `np.add.at(zeros, index, grad)` adds one after the other. Word embeddings (Module
  11) depend on it: the word "the" occurs more than once in a batch.
"""


# %% nbgrader={"grade": false, "grade_id": "shapes", "locked": false, "schema_version": 3, "solution": true, "task": false}
#| export
@backward_for(Sum)
def sum_backward(op: Sum, grad: np.ndarray) -> tuple[np.ndarray, ...]:
    """Gradient of the input of a sum over ``op.axis`` (None, one axis or several)."""
    ### BEGIN SOLUTION
    shape = op.inputs[0].shape
    return (np.broadcast_to(grad.reshape(kept_shape(shape, op.axis)), shape),)
    ### END SOLUTION


@backward_for(Mean)
def mean_backward(op: Mean, grad: np.ndarray) -> tuple[np.ndarray, ...]:
    """Gradient of the input of a mean over ``op.axis``.

    Hint: the number of elements behind each mean is the ratio of two sizes.
    """
    ### BEGIN SOLUTION
    shape = op.inputs[0].shape
    count = op.inputs[0].size // max(grad.size, 1)
    return (np.broadcast_to((grad / count).reshape(kept_shape(shape, op.axis)), shape),)
    ### END SOLUTION


@backward_for(Reshape)
def reshape_backward(op: Reshape, grad: np.ndarray) -> tuple[np.ndarray, ...]:
    """Gradient of the input of a reshape."""
    ### BEGIN SOLUTION
    return (grad.reshape(op.inputs[0].shape),)
    ### END SOLUTION


@backward_for(Transpose)
def transpose_backward(op: Transpose, grad: np.ndarray) -> tuple[np.ndarray, ...]:
    """Gradient of the input of a transpose with ``op.axes`` (None: reversed; negative axes allowed)."""
    ### BEGIN SOLUTION
    if op.axes is None:
        return (grad.transpose(),)
    return (grad.transpose(np.argsort([axis % grad.ndim for axis in op.axes])),)
    ### END SOLUTION


@backward_for(GetItem)
def getitem_backward(op: GetItem, grad: np.ndarray) -> tuple[np.ndarray, ...]:
    """Gradient of the input of ``a[op.index]``: zero where nothing was taken, the sum where taken repeatedly.

    Hint: only index arrays and lists can repeat a position; slices and integers cannot, and are cheaper.
    """
    ### BEGIN SOLUTION
    result = np.zeros(op.inputs[0].shape, dtype=grad.dtype)
    parts = op.index if isinstance(op.index, tuple) else (op.index,)
    if all(part is None or isinstance(part, (int, np.integer, slice, type(...))) for part in parts):
        result[op.index] = grad
    else:
        np.add.at(result, op.index, grad)
    return (result,)
    ### END SOLUTION


# %% nbgrader={"grade": true, "grade_id": "test_shapes", "locked": true, "points": 10, "schema_version": 3, "solution": false, "task": false}
def test_unit_shapes():
    """Reductions, reshape, transpose and indexing agree with central differences."""
    numbers = np.random.default_rng(3)
    a = numbers.normal(size=(2, 3, 4))
    for axis in (None, 0, 1, -1, (0, 2), (-1, 0)):
        for keepdims in (False, True):
            call = f"(axis={axis}, keepdims={keepdims})"
            check_rule(f"sum{call}", lambda x: x.sum(axis=axis, keepdims=keepdims), a)
            check_rule(f"mean{call}", lambda x: x.mean(axis=axis, keepdims=keepdims), a)
    cases = [
        ("reshape(4, 6)", lambda x: x.reshape(4, 6)),
        ("reshape(-1)", lambda x: x.reshape(-1)),
        ("T", lambda x: x.T),
        ("transpose(1, 2, 0)", lambda x: x.transpose(1, 2, 0)),
        ("transpose(-1, 0, 1)", lambda x: x.transpose(-1, 0, 1)),
        ("x[1]", lambda x: x[1]),
        ("x[:, ::2, -1]", lambda x: x[:, ::2, -1]),
        ("x[..., None, 1:3]", lambda x: x[..., None, 1:3]),
        ("x[x > 0]", lambda x: x[a > 0]),
        ("x[[1, 0, 1, 1]], a row taken three times", lambda x: x[[1, 0, 1, 1]]),
        ("x[rows, columns] with repeats", lambda x: x[np.array([0, 0, 1]), np.array([2, 2, 0])]),
    ]
    for label, f in cases:
        check_rule(label, f, a)
    ids = Tensor(np.array([[2, 0], [2, 2]]))
    table = Tensor(np.zeros((3, 2)), requires_grad=True)
    (gradient,) = input_gradients(table[ids].creator, np.ones((2, 2, 2), dtype=np.float32))
    np.testing.assert_allclose(
        gradient,
        [[1, 1], [0, 0], [3, 3]],
        err_msg="table[ids]: row 2 was taken three times, so it gets the sum",
    )
    assert gradient.dtype == np.float32, f"table[ids] in float32: the gradient became {gradient.dtype}"
    print("shapes: reductions, views and indices agree with central differences")


test_unit_shapes()
### BEGIN HIDDEN TESTS
from tinytorch_lab.probes import probe, raises, rng


def one_gradient(f, array):
    x = Tensor(array, dtype=np.float64, requires_grad=True)
    result = f(x)
    return np.asarray(input_gradients(result.creator, rng.normal(size=result.shape))[0])


a = rng.normal(size=(3, 2, 4, 2))
reductions = [{"axis": -2}, {"axis": (1, 3)}, {"axis": (0, -1), "keepdims": True}, {}, {"keepdims": True}]
probe("sum", [one_gradient(lambda x: x.sum(**how), a) for how in reductions])
probe("mean", [one_gradient(lambda x: x.mean(**how), a) for how in reductions])
probe("mean of a square", one_gradient(lambda x: x.mean(axis=0), a[:2, :, 0, 0]))
probe("reshape", [one_gradient(lambda x: x.reshape(6, -1), a), one_gradient(lambda x: x.reshape(-1), a.T)])
orders = [(3, 1, 0, 2), (-1, -3, 0, 2), (0, 2, 1, 3)]
probe("transpose", [one_gradient(lambda x: x.transpose(order), a) for order in orders])
probe("transpose reversed", one_gradient(lambda x: x.T, a[0]))
indices = [2, -1, np.s_[1:, 0], np.s_[..., ::-1], np.s_[:, None, 1], (2, 1, 3, 0), np.s_[::2, :, 1:3]]
probe("basic indices", [one_gradient(lambda x: x[index], a) for index in indices])
picks = rng.integers(0, 3, size=9)
probe("repeated rows", one_gradient(lambda x: x[picks], a[..., 0, 0]))
probe("repeated pairs", one_gradient(lambda x: x[picks, :, picks % 2], a))
probe("mask", one_gradient(lambda x: x[a > 0], a))
probe("mixed", one_gradient(lambda x: x[:, [1, 1, 0], 2:], a))
probe("empty", [one_gradient(lambda x: x[:0], a), one_gradient(lambda x: x.sum(axis=0), np.ones((0, 3)))])
x = Tensor(a, requires_grad=True)
ops = [x.sum(axis=1).creator, x.mean().creator, x.T.creator, x[picks].creator]
shapes = [(3, 4, 2), (), (2, 4, 2, 3), (9, 2, 4, 2)]
pairs = zip(ops, shapes)
probe("dtypes", [str(input_gradients(op, np.ones(shape, dtype=np.float32))[0].dtype) for op, shape in pairs])
### END HIDDEN TESTS

# %% [markdown]
r"""
## 7. Activations and log-softmax

The three elementwise slopes come from the *output* that `forward` kept: $\operatorname{relu}' = [y > 0]$,
$\sigma' = y(1 - y)$, $\tanh' = 1 - y^2$.

Softmax is no elementwise function: each output depends on each input of its row, with
$\partial y_j / \partial x_k = y_j\,([j = k] - y_k)$. Insert that into the chain rule and sum:

$$\bar x_k = \sum_j \bar y_j\, y_j\,([j = k] - y_k) = y_k \Bigl(\bar y_k - \sum_j \bar y_j\, y_j\Bigr).$$

For log-softmax, $\partial y_j/\partial x_k = [j = k] - e^{y_k}$, and

$$\bar x_k = \bar y_k - e^{y_k} \sum_j \bar y_j.$$

In both, the sum runs along the op's `axis`, with `keepdims=True`: `(grad * op.output).sum(axis=op.axis, keepdims=True)`
for softmax. That makes an array of products only to add it up. `np.einsum("...i,...i->...", a, b)` adds the products
along the *last* axis in one pass, without that array; `np.moveaxis(array, op.axis, -1)` brings the op's axis there first,
and `np.expand_dims` gives the result its lost axis back. Both ways pass.

GELU is given. With the kept tanh $t$ and its argument $u$, the product rule gives
$\tfrac12(1+t) + \tfrac12 x\,(1-t^2)\,u'$, which is $(1+t)\bigl(\tfrac12 + x\,(1-t)\,\tfrac{u'}2\bigr)$ since
$1-t^2 = (1-t)(1+t)$; the rule computes the latter in blocks.
"""


# %% nbgrader={"grade": false, "grade_id": "gelu_rule", "locked": true, "schema_version": 3, "solution": false, "task": false}
#| export
@backward_for(GELUOp)
def gelu_backward(op: GELUOp, grad: np.ndarray) -> tuple[np.ndarray, ...]:
    """grad · (1 + t) (½ + x (1 - t) · half the slope of the tanh's argument), block by block: the widest layer there is."""
    result = np.empty_like(grad, order="C")
    for x, t, upper, slope in in_blocks(op.inputs[0].data, op.tanh, grad, result):
        np.multiply(x, x, out=slope)
        slope *= 1.5 * 0.044715 * SQRT_2_OVER_PI
        slope += 0.5 * SQRT_2_OVER_PI
        slope *= x
        slope *= 1.0 - t
        slope += 0.5
        slope *= 1.0 + t
        slope *= upper
    return (result,)


# %% nbgrader={"grade": false, "grade_id": "activations", "locked": false, "schema_version": 3, "solution": true, "task": false}
#| export
@backward_for(ReLUOp)
def relu_backward(op: ReLUOp, grad: np.ndarray) -> tuple[np.ndarray, ...]:
    """Gradient of the input of a ReLU; the slope at 0 is 0."""
    ### BEGIN SOLUTION
    return (grad * (op.output > 0),)
    ### END SOLUTION


@backward_for(SigmoidOp)
def sigmoid_backward(op: SigmoidOp, grad: np.ndarray) -> tuple[np.ndarray, ...]:
    """Gradient of the input of a sigmoid."""
    ### BEGIN SOLUTION
    return (grad * op.output * (1 - op.output),)
    ### END SOLUTION


@backward_for(TanhOp)
def tanh_backward(op: TanhOp, grad: np.ndarray) -> tuple[np.ndarray, ...]:
    """Gradient of the input of a tanh."""
    ### BEGIN SOLUTION
    return (grad * (1 - op.output * op.output),)
    ### END SOLUTION


@backward_for(SoftmaxOp)
def softmax_backward(op: SoftmaxOp, grad: np.ndarray) -> tuple[np.ndarray, ...]:
    """Gradient of the input of a softmax along ``op.axis``.

    Hint: no Jacobian; one weighted sum per row is enough.
    """
    ### BEGIN SOLUTION
    rows = np.moveaxis(grad, op.axis, -1), np.moveaxis(op.output, op.axis, -1)
    means = np.einsum("...i,...i->...", *rows)
    slope = grad - np.expand_dims(means, op.axis)
    slope *= op.output
    return (slope,)
    ### END SOLUTION


@backward_for(LogSoftmaxOp)
def log_softmax_backward(op: LogSoftmaxOp, grad: np.ndarray) -> tuple[np.ndarray, ...]:
    """Gradient of the input of a log-softmax along ``op.axis``.

    Hint: the exponential of the output is the softmax.
    """
    ### BEGIN SOLUTION
    return (grad - np.exp(op.output) * grad.sum(axis=op.axis, keepdims=True),)
    ### END SOLUTION


# %% nbgrader={"grade": true, "grade_id": "test_activations", "locked": true, "points": 10, "schema_version": 3, "solution": false, "task": false}
from tinytorch.activations import gelu, relu, sigmoid, softmax, tanh
from tinytorch.losses import log_softmax


def test_unit_activations():
    """The rules of all activations and of log-softmax agree with central differences."""
    a = np.random.default_rng(4).normal(size=(3, 3, 2))
    for label, f in [("relu", relu), ("sigmoid", sigmoid), ("tanh", tanh), ("gelu", gelu)]:
        check_rule(label, f, a)
    for axis in (-1, 0, 1):
        check_rule(f"softmax(axis={axis})", lambda x: softmax(x, axis=axis), a)
        check_rule(f"log_softmax(axis={axis})", lambda x: log_softmax(x, axis=axis), a)

    zero = relu(Tensor([-1.0, 0.0, 2.0], requires_grad=True))
    (gradient,) = input_gradients(zero.creator, np.array([5.0, 5.0, 5.0], dtype=np.float32))
    np.testing.assert_allclose(gradient, [0, 0, 5], err_msg="relu at -1, 0, 2: the slopes are 0, 0 and 1")
    assert gradient.dtype == np.float32, f"relu in float32: the gradient became {gradient.dtype}"
    far = log_softmax(Tensor([[1000.0, 0.0, -1000.0]], requires_grad=True))
    (gradient,) = input_gradients(far.creator, np.array([[0.0, -1.0, 0.0]], dtype=np.float32))
    np.testing.assert_allclose(
        gradient, [[1, -1, 0]], atol=1e-6, err_msg="log_softmax of far scores: softmax minus the picked class"
    )
    print("activations: the rules agree with central differences")


test_unit_activations()
### BEGIN HIDDEN TESTS
from tinytorch_lab.probes import probe, raises, rng


def slope(f, array, dtype=np.float64):
    x = Tensor(array, dtype=dtype, requires_grad=True)
    result = f(x)
    return input_gradients(result.creator, rng.normal(size=result.shape).astype(dtype))[0]


a = rng.normal(scale=2.0, size=(4, 3, 5))
for name, f in (("relu", relu), ("sigmoid", sigmoid), ("tanh", tanh), ("gelu", gelu)):
    probe(name, slope(f, a))
probe("softmax", [slope(lambda x: softmax(x, axis=axis), a) for axis in (-1, 0, 1)])
probe("log-softmax", [slope(lambda x: log_softmax(x, axis=axis), a) for axis in (-1, 0, -2)])
probe("square softmax", slope(softmax, rng.normal(size=(5, 5))))
probe("square log-softmax", slope(log_softmax, rng.normal(size=(5, 5))))
ends = np.array([-1000.0, -30.0, 0.0, 30.0, 1000.0])
probe("saturated", [slope(f, ends) for f in (relu, sigmoid, tanh)])
probe("masked softmax", slope(softmax, np.array([[0.0, -np.inf, 1.0], [2.0, 0.5, -np.inf]])))
single = (relu, sigmoid, tanh, softmax, log_softmax)
probe("float32 stays", [str(slope(f, a, np.float32).dtype) for f in single])
### END HIDDEN TESTS

# %% [markdown]
r"""
## 8. The order of visits

`topological_order(t)` lists the tensors behind `t` such that each comes after all of its inputs; `t` itself
is last. Only tensors that require a gradient are of interest: constants and data have nothing to receive.

The textbook solution is a recursive depth-first search: "first my inputs, then me". It has two problems here.

- Python's stack. A chain of 5,000 operations is nothing unusual (a recurrent network, a long loop), but the
  interpreter gives up after 1,000 nested calls. So the search keeps *its own* stack, a list.
- Repetition. A tensor with two users is reached twice; it must be listed once, and its inputs must be
  searched once. Remember what has been seen, in a **set**: asking a list whether it contains something
  takes longer the longer it is.

What makes "first my inputs, then me" tricky without recursion is the "then": when a tensor is taken from the
stack, its inputs are not yet listed. The usual device is to put it back, marked, *below* its inputs. When it
turns up for the second time, all of them are done.

```text
   stack, top at the right                                  order
   [L]                       take L, put (L, done) a b      []
   [(L, done), a, b]         take b, put (b, done) v        []
   [(L, done), a, (b, done), v]                             []        v has no inputs: list it
   [(L, done), a, (b, done)]                                [v]
   [(L, done), a]            a's input v has been seen      [v, b]
   ...                                                      [v, b, a, L]
```

Tensors compare by identity, so they can be put into a set or used as keys of a dictionary.
"""


# %% nbgrader={"grade": false, "grade_id": "topological_order", "locked": false, "schema_version": 3, "solution": true, "task": false}
#| export
def topological_order(t: Tensor) -> list[Tensor]:
    """The tensors behind ``t`` that require grad, each once and after its inputs; ``t`` itself is last.

    Linear in the number of recorded ops, and not recursive.
    Hint: a stack of pairs (tensor, whether its inputs have been put on the stack already).
    """
    ### BEGIN SOLUTION
    order: list[Tensor] = []
    seen: set[Tensor] = set()
    stack = [(t, False)]
    while stack:
        tensor, inputs_done = stack.pop()
        if inputs_done:
            order.append(tensor)
        elif tensor not in seen:
            seen.add(tensor)
            stack.append((tensor, True))
            if tensor.creator is not None:
                for source in tensor.creator.inputs:
                    if source.requires_grad and source not in seen:
                        stack.append((source, False))
    return order
    ### END SOLUTION


# %% nbgrader={"grade": true, "grade_id": "test_topological_order", "locked": true, "points": 8, "schema_version": 3, "solution": false, "task": false}
import time


def order_is_valid(order: list[Tensor]) -> bool:
    """Whether each tensor occurs once, and after all of its inputs that are in the list or should be."""
    position = {tensor: place for place, tensor in enumerate(order)}
    if len(position) != len(order):
        return False
    needed = [(s, t) for t in order if t.creator for s in t.creator.inputs if s.requires_grad]
    return all(source in position and position[source] < position[tensor] for source, tensor in needed)


def test_unit_topological_order():
    """Each tensor once and after its inputs: on a diamond, on shared inputs, and on long chains."""
    v, data = Tensor([2.0], requires_grad=True), Tensor([3.0])
    a, b = v * data, v * v
    loss = a * b
    order = topological_order(loss)
    assert len(order) == 4, (
        f"topological_order of a diamond: expected v, a, b and loss, got {len(order)} tensors"
    )
    assert data not in order, "topological_order: a constant that requires no grad must not be listed"
    assert order[-1] is loss, "topological_order: t itself must be last"
    assert order[0] is v, "topological_order: v is an input of a and b, so it comes before both"
    assert order_is_valid(order), "topological_order: a tensor is listed before one of its inputs"
    assert topological_order(v) == [v], "topological_order of a leaf: the leaf alone"

    x = v
    for _ in range(12):
        x = x + x * data
    count = len(topological_order(x))
    assert count == 25, f"topological_order of 12 diamonds: 25 tensors, each once, got {count} entries"
    late = v.exp()
    order = topological_order(late * (v + late))
    assert order_is_valid(order), (
        "topological_order: late is an input of v + late, too, and must come before it"
    )

    x = v
    for _ in range(5000):
        x = x + v
    try:
        order = topological_order(x)
    except RecursionError:
        raise AssertionError(
            "topological_order: a chain of 5,000 additions exceeds Python's stack; use a list as the stack"
        ) from None
    assert len(order) == 5001 and order_is_valid(order), f"5,000 additions: expected 5001, got {len(order)}"
    for _ in range(5000):
        x = x + v
    start = time.process_time()
    topological_order(x)
    seconds = time.process_time() - start
    assert seconds < 0.5, (
        f"10,000 additions took {seconds:.2f} s: is `seen` a list? Searching a list takes time"
    )
    print(
        f"topological_order: diamonds and long chains are right ({seconds * 1e3:.0f} ms for 10,000 additions)"
    )


test_unit_topological_order()
### BEGIN HIDDEN TESTS
from tinytorch_lab.probes import probe, raises, rng

pool = [Tensor(rng.normal(size=2), requires_grad=True) for _ in range(3)] + [Tensor([1.0, 2.0])]
leaves = list(pool)
for _ in range(60):
    left, right = rng.integers(0, len(pool), size=2)
    pool.append(pool[left] + pool[right] if rng.random() < 0.5 else pool[left] * pool[right])
top = pool[-1]
for tensor in pool[-9:-1]:
    top = top + tensor
order = topological_order(top)
probe("random graph", [len(order), order_is_valid(order), order[-1] is top])
probe("leaves in it", [leaf in order for leaf in leaves])
x = Tensor([1.0, -1.0], requires_grad=True)
for _ in range(14):
    x = x * x
probe("squares", [len(topological_order(x)), order_is_valid(topological_order(x))])
x = y = pool[1]
for _ in range(800):
    x, y = y, (x + y) * 0.5
order = topological_order(y)
probe("two steps back", [len(order), order_is_valid(order)])
probe("same again", [len(topological_order(y)), y.grad is None])
wide = pool[0]
for _ in range(40):
    wide = wide + pool[0].exp() * pool[1]
probe("many branches", [len(topological_order(wide)), order_is_valid(topological_order(wide))])
probe("nothing recorded", len(topological_order(Tensor([1.0]))))
### END HIDDEN TESTS

# %% [markdown]
r"""
### Measure: what forgetting to remember costs

The next cell follows every path of $x \leftarrow x + x$ recursively, as a search without `seen` would,
counts its visits, and compares with the length of your list. What to look for: one more link, twice the
visits. A residual network of 50 blocks is such a chain; extrapolate.
"""


# %% tags=["measure"]
def visits_without_memory(tensor: Tensor) -> int:
    """Number of visits of a search that does not know where it has been."""
    if tensor.creator is None:
        return 1
    return 1 + sum(visits_without_memory(source) for source in tensor.creator.inputs)


print(f"{'links':>5} {'visits without memory':>22} {'ms':>9} {'tensors in the order':>21} {'ms':>7}")
for links in (4, 8, 12, 16):
    x = Tensor([1.0], requires_grad=True)
    for _ in range(links):
        x = x + x
    start = time.perf_counter()
    visits = visits_without_memory(x)
    middle = time.perf_counter()
    listed = len(topological_order(x))
    end = time.perf_counter()
    print(f"{links:5} {visits:22,} {(middle - start) * 1e3:9.2f} {listed:21} {(end - middle) * 1e3:7.3f}")
years = (middle - start) * 2.0 ** (50 - 16) / 3.15e7
print(f"50 links without memory, extrapolated: {years:,.1f} years")

# %% [markdown]
r"""
## 9. Backward

Now the loop. `t.backward()` walks the order from the back, holding for each tensor the sum of what its users
have sent so far. When a tensor's turn comes, all of its users have been visited, so its gradient is complete.

```text
   gradients = {t: 1}
   for each tensor, last to first:
       if it is a leaf (no creator):  add its gradient to tensor.grad
       otherwise:                     apply the rule of its creator, add each result to its input's entry
```

What to decide, and how we decide it (mostly as PyTorch does):

- **Leaves only.** Tensors made by hand, such as weights, get a `.grad`. Intermediate results do not: their
  gradient is dropped as soon as it has been passed on, else a backward pass would need the memory of another
  forward pass.
- **Accumulate.** `.grad` is *added to*, over several uses in one pass and over several calls of `backward`.
  Assigning `self.grad = gradient` instead is the classic bug; it goes unnoticed until a weight is used twice.
  Training therefore has to clear `.grad` (Module 07), and gets sums over several small batches for free.
- **Own memory.** For `a + b`, the rule hands *the same array* to both. If both leaves stored it, scaling
  one gradient in place would scale the other. So a leaf gets a copy; and the sums on the way are formed
  with `+`, which makes a new array, not with `+=`.
- **The leaf's dtype**, whatever dtypes the way to it had.
- **Where to start.** The slope of `t` with respect to itself is 1, if `t` is one number. For anything larger
  there is no such thing as "the" slope, and the caller has to say which combination is meant:
  `gradient` is an array of `t`'s shape, $\partial L/\partial t$ of some later $L$.

`Tensor` has not had a method `backward` so far. The line after the function adds it to the class. It adds,
it replaces nothing, and it is the only such line in the framework: `Tensor` itself must not know about
rules that are written five modules later.

Two given tools come along. Inside `with no_grad():` nothing is recorded, which is how one evaluates a model.
`detach(t)` is a tensor with the same data and no past: a constant.
"""


# %% nbgrader={"grade": false, "grade_id": "no_grad", "locked": true, "schema_version": 3, "solution": false, "task": false}
#| export
@contextmanager
def no_grad() -> Iterator[None]:
    """Record nothing inside ``with no_grad():``, and go on as before afterwards, also after an exception."""
    before = Op.recording
    Op.recording = False
    try:
        yield
    finally:
        Op.recording = before


def detach(t: Tensor) -> Tensor:
    """The same data, shared, in a tensor without a past that requires no grad."""
    return Tensor(t.data, dtype=t.dtype)


# %% nbgrader={"grade": false, "grade_id": "backward", "locked": false, "schema_version": 3, "solution": true, "task": false}
#| export
def backward(self: Tensor, gradient: Any = None) -> None:
    """Add to ``.grad`` of every leaf behind this tensor the slope of this tensor, weighted by ``gradient``.

    gradient: an array (or tensor, or list) of this tensor's shape; may be left out if there is one element.
    Gradients of intermediate tensors are not kept. The graph stays, and may be walked again.

    Raises RuntimeError if this tensor does not require grad, and ValueError if ``gradient`` is missing for a
    tensor with more or less than one element, or has another shape (naming both).
    Hint: a dictionary from tensors to arrays; ``dict.pop`` reads an entry and forgets it.
    """
    ### BEGIN SOLUTION
    if not self.requires_grad:
        raise RuntimeError("backward() needs a tensor that requires grad: was it made under no_grad()?")
    if gradient is None:
        if self.size != 1:
            raise ValueError(
                f"backward() of a tensor of shape {self.shape} needs a gradient of that shape; only a single "
                "number has a slope by itself"
            )
        gradient = np.ones(self.shape)
    gradient = np.asarray(gradient, dtype=self.dtype)
    if gradient.shape != self.shape:
        raise ValueError(f"the gradient has shape {gradient.shape}, the tensor {self.shape}: make them equal")

    gradients = {self: gradient}
    for tensor in reversed(topological_order(self)):
        total = gradients.pop(tensor)
        if tensor.creator is None:
            if tensor.grad is None:
                tensor.grad = np.array(total, dtype=tensor.dtype, order="C")
            else:
                tensor.grad = (tensor.grad + total).astype(tensor.dtype, copy=False)
            continue
        for source, share in zip(tensor.creator.inputs, input_gradients(tensor.creator, total)):
            if source.requires_grad:
                gradients[source] = gradients[source] + share if source in gradients else share
    ### END SOLUTION


Tensor.backward = backward


# %% nbgrader={"grade": true, "grade_id": "test_backward", "locked": true, "points": 5, "schema_version": 3, "solution": false, "task": false}
def test_unit_backward():
    """backward adds up over uses and calls, visits each op once, and explains what it cannot do."""
    x = Tensor([3.0], requires_grad=True)
    (x * x + 2 * x).backward()
    assert x.grad is not None, "backward: x is a leaf that requires grad, x.grad must not stay None"
    assert isinstance(x.grad, np.ndarray), f"backward: .grad must be an array, got {type(x.grad).__name__}"
    np.testing.assert_allclose(
        x.grad, [8.0], err_msg="x² + 2x at 3: expected 2x + 2 = 8, summed over three uses"
    )
    (5 * x).backward()
    np.testing.assert_allclose(
        x.grad, [13.0], err_msg="a second backward() must add to .grad: expected 8 + 5 (5: overwritten)"
    )
    calls = []

    class Double(Op):
        def forward(self, a):
            return 2 * a

    @backward_for(Double)
    def double_backward(_op, grad):
        calls.append(float(grad[0]))
        return (2 * grad,)

    v = Tensor([1.0], requires_grad=True)
    y = v
    for _ in range(10):
        y = Double.apply(y)
        y = y + y
    y.backward()
    np.testing.assert_allclose(
        v.grad, [4.0**10], err_msg="ten times y = 2y + 2y: expected a slope of 4 ** 10"
    )
    assert len(calls) == 10, (
        f"each op must be visited once, after all its users: 10 rules, {len(calls)} calls"
    )

    a, b = Tensor([1.0, 2.0], requires_grad=True), Tensor([3.0, 4.0], requires_grad=True)
    middle = a + b
    middle.sum().backward()
    assert middle.grad is None, "backward: intermediate tensors keep no .grad"
    np.testing.assert_allclose(b.grad, [1.0, 1.0], err_msg="(a + b).sum(): all slopes are 1")
    assert not np.shares_memory(a.grad, b.grad), (
        "backward: a.grad and b.grad are one array; a leaf needs a copy"
    )
    a.grad *= 2
    np.testing.assert_allclose(b.grad, [1.0, 1.0], err_msg="scaling a.grad in place must not change b.grad")
    weights = np.array([1.0, -2.0])
    (a * b).backward(weights)
    np.testing.assert_allclose(
        b.grad, [2.0, -3.0], err_msg="(a * b).backward([1, -2]): adds gradient * a to b.grad"
    )

    single, double = Tensor([1.0], requires_grad=True), Tensor([2.0], dtype=np.float64, requires_grad=True)
    (single * double).backward()
    assert single.grad.dtype == np.float32, (
        f"backward: a float32 leaf needs float32 .grad, got {single.grad.dtype}"
    )

    constant, matrix = Tensor([1.0]), a * b
    for label, call, kind in [
        ("a tensor without grad", lambda: constant.backward(), RuntimeError),
        ("two elements without gradient", lambda: matrix.backward(), ValueError),
        ("a gradient of shape (1,) for (2,)", lambda: matrix.backward([1.0]), ValueError),
    ]:
        try:
            call()
        except (RuntimeError, ValueError) as error:
            assert isinstance(error, kind), f"backward of {label}: expected {kind.__name__}, got {error!r}"
        else:
            raise AssertionError(f"backward of {label}: expected {kind.__name__}, nothing was raised")

    v = Tensor([1.0], requires_grad=True)
    y = v
    for _ in range(5000):
        y = y + constant
    y.backward()
    np.testing.assert_allclose(v.grad, [1.0], err_msg="a chain of 5,000 additions: expected a slope of 1")
    with no_grad():
        assert (v * 2).creator is None, "no_grad: nothing may be recorded inside"
    assert detach(y).creator is None and np.shares_memory(detach(y).data, y.data), (
        "detach: shared data, no past"
    )
    print("backward: sums, order, ownership and errors are right")


test_unit_backward()
### BEGIN HIDDEN TESTS
from tinytorch_lab.probes import probe, raises, rng

w, x = rng.normal(size=(3, 2)), rng.normal(size=(4, 3))
a, b = Tensor(w, dtype=np.float64, requires_grad=True), Tensor(x, dtype=np.float64, requires_grad=True)
hidden = (b @ a).exp()
loss = (hidden * hidden + hidden).mean()
loss.backward()
probe("two leaves", [a.grad.copy(), b.grad.copy()])
loss.backward()
probe("the same graph again", a.grad.copy())
probe("intermediate", [hidden.grad is None, loss.grad is None])
(a * 2).sum().backward()
probe("another graph", a.grad.copy())
single, double = Tensor(w, requires_grad=True), Tensor(w, dtype=np.float64, requires_grad=True)
(single * double + single).sum().backward()
probe("dtypes of leaves", [str(single.grad.dtype), str(double.grad.dtype)])
(single * double).sum().backward()
probe("mixed values", [single.grad.copy(), double.grad.copy(), str(single.grad.dtype)])
leaf = Tensor([[1.0, 2.0]], requires_grad=True)
seed = np.array([[5.0, 6.0]], dtype=np.float32)
leaf.backward(seed)
seed[0, 0] = 100
probe("a leaf itself", leaf.grad.copy())
leaf.sum().backward()
leaf.grad += 1
probe("gradients can be written to", leaf.grad.copy())
s, t = (
    Tensor(rng.normal(size=5), dtype=np.float64, requires_grad=True),
    Tensor(rng.normal(size=5), dtype=np.float64),
)
(s * t)[[0, 0, 3]].backward(Tensor([1.0, 2.0, 3.0]))
probe("gradient as a tensor", [s.grad.copy(), t.grad is None])
y = s
for _ in range(800):
    y = y + y * 1e-3
y.sum().backward()
probe("eight hundred residual additions", s.grad.copy())
frozen = detach(s * 2) * s
frozen.sum().backward()
probe("detached", s.grad)
with no_grad():
    quiet = s * 2
    with no_grad():
        pass
    still = s * 2
probe("no_grad", [quiet.requires_grad, still.requires_grad, (s * 2).requires_grad])


class Unknown(Op):
    def forward(self, array):
        return array + 1


unknown = Unknown.apply(s)
probe(
    "errors",
    [
        raises(lambda: quiet.backward()),
        raises(lambda: (s * 2).backward()),
        raises(lambda: s.backward(np.ones(4))),
    ],
)
probe(
    "more errors",
    [
        raises(lambda: s[:0].backward()),
        raises(lambda: unknown.backward(np.ones(5))),
        raises(lambda: s.backward(np.ones((1, 5)))),
    ],
)
### END HIDDEN TESTS

# %% [markdown]
r"""
## 10. Two instruments

**`gradient_check(f, *tensors)`** compares `backward` with central differences, for a whole computation, in
float64, and returns the largest relative error, $|\text{exact} - \text{measured}| / \max(1,
|\text{measured}|)$. Around $10^{-9}$ is agreement; $10^{-3}$ is a wrong rule. Whoever writes a layer in the
modules to come ends with this check. It must not disturb: the caller's tensors keep their dtype and their
`.grad`. Integer tensors (class numbers, token ids) are handed to `f` as they are.

**`graph_memory(t)`** answers: how many bytes does the recorded history of `t` keep alive? Every tensor in it
holds its data, every op holds its inputs (constants as well, since a rule may read them) and what `forward`
stored on it, like `output`. But a view owns no memory, and `self.output` is the same array as the result's
data: count every *buffer* once. A view's `.base` is the array it looks into, possibly a view again.
"""


# %% nbgrader={"grade": false, "grade_id": "instruments", "locked": false, "schema_version": 3, "solution": true, "task": false}
#| export
def gradient_check(f: Callable[..., Tensor], *tensors: Tensor, eps: float = 1e-6) -> float:
    """Largest relative error of the gradients of ``f(*tensors)`` against central differences, in float64.

    f: takes as many tensors and returns one number. Gradients of all floating tensors are checked, on float64
    copies; integer tensors are passed through.
    Hint: for the differences, all arguments but one stay fixed; ``no_grad`` saves the recording.
    """
    ### BEGIN SOLUTION
    copies = [
        Tensor(t.data.copy(), dtype=np.float64, requires_grad=True) if t.dtype.kind == "f" else t
        for t in tensors
    ]
    f(*copies).backward()
    worst = 0.0
    for place, leaf in enumerate(copies):
        if not leaf.requires_grad:
            continue
        with no_grad():
            measured = central_difference(lambda v: f(*copies[:place], v, *copies[place + 1 :]), leaf, eps)
        exact = np.zeros(leaf.shape) if leaf.grad is None else leaf.grad
        errors = np.abs(exact - measured) / np.maximum(1, np.abs(measured))
        worst = max(worst, float(errors.max(initial=0)))
    return worst
    ### END SOLUTION


def graph_memory(t: Tensor) -> int:
    """Bytes of all buffers that the recorded history of ``t`` keeps alive, ``t`` itself included, each once.

    These are the data of all tensors in it, constants too, and arrays that ops keep as attributes.
    Hint: ``vars(op).values()`` are the attributes of an op.
    """
    ### BEGIN SOLUTION
    buffers = {}
    for tensor in topological_order(t):
        arrays = [tensor.data]
        if tensor.creator is not None:
            arrays += [source.data for source in tensor.creator.inputs]
            arrays += [value for value in vars(tensor.creator).values() if isinstance(value, np.ndarray)]
        for array in arrays:
            while isinstance(array.base, np.ndarray):
                array = array.base
            buffers[id(array)] = array.nbytes
    return sum(buffers.values())
    ### END SOLUTION


# %% nbgrader={"grade": true, "grade_id": "test_instruments", "locked": true, "points": 2, "schema_version": 3, "solution": false, "task": false}
def test_unit_instruments():
    """gradient_check tells right from wrong rules without side effects; graph_memory counts buffers once."""
    a = Tensor([[0.5, -1.0], [2.0, 0.25]], requires_grad=True)
    b = Tensor([1.0, 2.0])
    error = gradient_check(lambda p, q: (p * q).exp().mean(), a, b)
    assert type(error) is float, f"gradient_check: expected a Python float, got {type(error).__name__}"
    assert error < 1e-8, (
        f"gradient_check of right rules: expected an error below 1e-8 in float64, got {error}"
    )
    assert a.grad is None and a.dtype == np.float32, "gradient_check: the caller's tensors must not change"

    class Square(Op):
        def forward(self, array):
            return array * array

    @backward_for(Square)
    def wrong_rule(op, grad):
        return (grad * op.inputs[0].data,)

    error = gradient_check(lambda p: Square.apply(p).sum(), Tensor([3.0, 0.1]))
    np.testing.assert_allclose(
        error, 0.5, rtol=1e-6, err_msg="gradient_check: the rule says 3 instead of 6, a relative error of 1/2"
    )
    x = Tensor(np.ones(1000), requires_grad=True)
    cases = [
        ("a leaf", x, 4000),
        ("relu(x): its output is the result's own array", relu(x), 8000),
        ("x.reshape(10, 100).T: views", x.reshape(10, 100).T, 4000),
        ("gelu(x): keeps its inner tanh", gelu(x), 12000),
        ("x * constant: the constant is kept for the rule", x * np.ones(1000), 12000),
        ("x + x: one input twice", x + x, 8000),
    ]
    for label, tensor, expected in cases:
        got = graph_memory(tensor)
        assert got == expected, f"graph_memory of {label}: expected {expected} bytes, got {got}"
    print("instruments: gradient_check and graph_memory are right")


test_unit_instruments()
### BEGIN HIDDEN TESTS
from tinytorch_lab.probes import probe, raises, rng

p, q = Tensor(rng.normal(size=(3, 4))), Tensor(rng.normal(size=(4, 2)), requires_grad=True)
labels = Tensor(np.array([1, 0, 1]))
q.sum().backward()
kept = q.grad.copy()
probe(
    "a right gradient",
    gradient_check(lambda a, b: -log_softmax(a @ b)[np.arange(3), labels].mean(), p, q) < 1e-6,
)
probe("with integers", gradient_check(lambda a, b, c: (a @ b)[np.arange(3), c].sum(), p, q, labels) < 1e-6)
probe("no side effects", [bool(np.array_equal(q.grad, kept)), p.grad is None, Op.recording])
probe("an argument without influence", gradient_check(lambda a, _b: (a * a).sum(), p, q) < 1e-6)


class Cube(Op):
    def forward(self, array):
        return array**3


@backward_for(Cube)
def cube_backward(op, grad):
    return (grad * 2 * op.inputs[0].data ** 2,)


probe("a wrong gradient", gradient_check(lambda a: Cube.apply(a).sum(), Tensor([[2.0, 0.5], [-3.0, 1.0]])))
probe(
    "wrong in the second argument",
    gradient_check(lambda a, b: (a * a).sum() + Cube.apply(b).sum(), p, Tensor([2.0])),
)
x = Tensor(np.ones((20, 30)), requires_grad=True)
w = Tensor(np.ones((30, 10)), requires_grad=True)
layer = tanh(x @ w + np.ones(10))
probe("bytes of a layer", graph_memory(layer))
probe(
    "bytes of more",
    [
        graph_memory(t)
        for t in (x[2:4], x.T.reshape(-1), (x * 2).mean(), softmax(x).log(), x[:, :3] + x[:, 3:6])
    ],
)
probe("no history", graph_memory(Tensor(np.ones(7), dtype=np.float64)))
### END HIDDEN TESTS

# %% [markdown]
r"""
## 11. Memory and Complexity

### Time: what recording and going back cost

The first cell measures three prices per op on small tensors, where bookkeeping dominates: an addition that
is not recorded, one that is, and its share of a backward pass. Then it runs the residual chain of 3,000
additions and repeats with twice as many: linear time means a factor near 2. (An engine that searched a
list, or visited paths instead of nodes, would not come back.)
"""

# %% tags=["measure"]
import time


def microseconds(fn, count, repeats=5):
    timings = []
    for _ in range(repeats):
        start = time.perf_counter()
        fn()
        timings.append(time.perf_counter() - start)
    return min(timings) / count * 1e6


def residual_chain(length, start):
    x = start
    for _ in range(length):
        x = x + start
    return x


leaf, data = Tensor(np.ones(4), requires_grad=True), Tensor(np.ones(4))
plain = microseconds(lambda: residual_chain(2000, data), 2000)
recorded = microseconds(lambda: residual_chain(2000, leaf), 2000)
chain = residual_chain(2000, leaf)
back = microseconds(lambda: chain.backward(np.ones(4)), 2000)
print(f"one addition: {plain:.2f} µs, recorded {recorded:.2f} µs, its backward {back:.2f} µs")
for length in (3000, 6000):
    chain = residual_chain(length, leaf)
    total = microseconds(lambda: chain.backward(np.ones(4)), 1, repeats=15) / 1e3
    print(f"{length} residual additions, backward: {total:.1f} ms")

# %% [markdown]
r"""
### Time: reverse mode against one pass per weight

The next cell takes the gradient of a network's loss with more and more weights in two ways: with
`backward`, and with `central_difference`, which evaluates the loss twice per weight. (Forward mode would be
exact, but it, too, needs one pass for each weight.) What to look for: the line of `backward` is nearly
parallel to that of the forward pass alone, at a constant distance; the printed ratio says how many forward
passes a gradient costs. The other line climbs one power faster.
"""

# %% tags=["measure"]
import matplotlib.pyplot as plt

from tinytorch.losses import cross_entropy

generator = np.random.default_rng(0)
inputs, labels = generator.normal(size=(64, 16)), generator.integers(0, 4, size=64)
x = Tensor(inputs, dtype=np.float64)
counts, forward_times, backward_times, difference_times = [], [], [], []
for width in (2, 8, 32, 128, 512):
    first = Tensor(generator.normal(size=(16, width)) / 4, dtype=np.float64, requires_grad=True)
    second = Tensor(generator.normal(size=(width, 4)) / width**0.5, dtype=np.float64, requires_grad=True)

    def model(a, b):
        return cross_entropy(tanh(x @ a) @ b, labels)

    with no_grad():
        forward_times.append(microseconds(lambda: model(first, second), 1))
    backward_times.append(microseconds(lambda: model(first, second).backward(), 1))
    counts.append(first.size + second.size)
    if width <= 32:
        start = time.perf_counter()
        with no_grad():
            central_difference(lambda a: model(a, second), first)
            central_difference(lambda b: model(first, b), second)
        difference_times.append((time.perf_counter() - start) * 1e6)
    ratio = backward_times[-1] / forward_times[-1]
    print(f"{counts[-1]:6} weights: forward {forward_times[-1]:5.0f} µs, ", end="")
    print(f"with backward {backward_times[-1]:5.0f} µs (ratio {ratio:.1f})", end="")
    print(f", by differences {difference_times[-1]:9.0f} µs" if width <= 32 else "")

figure, axes = plt.subplots(figsize=(6.5, 3.6))
axes.loglog(counts, forward_times, "o-", label="forward only")
axes.loglog(counts, backward_times, "s-", label="forward and backward")
axes.loglog(counts[: len(difference_times)], difference_times, "^-", label="central differences")
axes.set(xlabel="weights", ylabel="µs per gradient", title="the price of a gradient")
axes.legend()
axes.grid(alpha=0.3)
plt.show()

# %% [markdown]
r"""
### Memory: the graph

Recording keeps inputs and outputs alive that would otherwise be garbage one op later. The figure stacks
more and more layers `tanh(x @ w)` and shows what stays allocated after the forward pass, with recording and
under `no_grad()`; the dashed line is your `graph_memory`, without weights and input. What to look for: a
straight line against a flat one, and a `graph_memory` that agrees with what tracemalloc measured. Two
arrays per layer: the product (why is it kept? Who reads it?) and the tanh's output.
"""

# %% tags=["measure"]
import tracemalloc

import matplotlib.pyplot as plt

rows, width = 512, 128
generator = np.random.default_rng(0)
stack = [Tensor(generator.normal(size=(width, width)) / 11, requires_grad=True) for _ in range(32)]
start_data = Tensor(generator.normal(size=(rows, width)))


def through(layers, value):
    for weight in layers:
        value = tanh(value @ weight)
    return value


depths, recorded, silent, computed = range(1, 33, 4), [], [], []
for depth in depths:
    tracemalloc.start()
    result = through(stack[:depth], start_data)
    recorded.append(tracemalloc.get_traced_memory()[0] / 2**20)
    weights = sum(weight.memory_footprint() for weight in stack[:depth])
    computed.append((graph_memory(result) - weights - start_data.memory_footprint()) / 2**20)
    tracemalloc.stop()
    del result
    tracemalloc.start()
    with no_grad():
        result = through(stack[:depth], start_data)
    silent.append(tracemalloc.get_traced_memory()[0] / 2**20)
    tracemalloc.stop()
one = start_data.memory_footprint() / 2**20
print(
    f"one activation: {one:.2f} MiB; retained after {depths[-1]} layers: {recorded[-1]:.2f} MiB recorded,",
    end=" ",
)
print(f"{silent[-1]:.2f} MiB under no_grad; graph_memory says {computed[-1]:.2f} MiB")
print(f"per layer: {(recorded[-1] - recorded[0]) / (depths[-1] - depths[0]) / one:.2f} activations")
figure, axes = plt.subplots(figsize=(6.5, 3.2))
axes.plot(depths, recorded, "o-", label="recorded")
axes.plot(depths, computed, "k--", label="graph_memory")
axes.plot(depths, silent, "s-", label="no_grad")
axes.set(xlabel="layers", ylabel="MiB retained")
axes.legend()
plt.show()

# %% [markdown]
r"""
### Memory against time: checkpointing

The product `x @ w` is kept although no rule reads it: the tanh's rule uses its own output. Our graph holds
every input of every op, whether the rule wants it or not; PyTorch's holds exactly what the rule has saved.

There is a bolder way to save memory: keep only every $k$-th activation on the way forward (under
`no_grad`), and on the way back *compute the segments in between again*, one at a time, this time recorded.
That is **checkpointing**, and you have all the pieces: `backward(gradient)` lets a segment start with the
gradient that the segment behind it has left in its input. The next cell runs 64 layers in $s$ segments.
What to look for: the gradients stay the same; the peak falls and then rises again, since $s$ boundaries are
stored beside one recorded segment of $2 \cdot 64 / s$ arrays (for which $s$ is the sum smallest?); a part
that no segmentation removes, the gradients of the weights; and the price in time.
"""


# %% tags=["measure"]
def plain_pass(layers, data):
    (through(layers, data) * (1 / rows)).sum().backward()


def checkpointed_pass(layers, data, segments):
    parts = [list(part) for part in np.array_split(np.arange(len(layers)), segments)]
    boundaries = [data]
    with no_grad():
        for part in parts[:-1]:
            boundaries.append(through([layers[i] for i in part], boundaries[-1]))
    gradient = None
    for part in reversed(parts):
        entry = Tensor(boundaries.pop().data, requires_grad=True)
        value = through([layers[i] for i in part], entry)
        if gradient is None:
            value = (value * (1 / rows)).sum()
        value.backward(gradient)
        gradient = entry.grad
        del value


layers = [Tensor(generator.normal(size=(width, width)) / 11, requires_grad=True) for _ in range(64)]
print(f"{'segments':>8} {'peak, activations':>18} {'time, ms':>9}   gradients as without checkpoints")
reference = None
for segments in (1, 2, 4, 8, 16, 32, 64):
    run = (
        (lambda: plain_pass(layers, start_data))
        if segments == 1
        else (lambda: checkpointed_pass(layers, start_data, segments))
    )
    tracemalloc.start()
    for weight in layers:
        weight.grad = np.zeros(weight.shape, dtype=np.float32)
    before = tracemalloc.get_traced_memory()[0]
    run()
    peak = (tracemalloc.get_traced_memory()[1] - before) / 2**20
    tracemalloc.stop()
    gradients = [weight.grad.copy() for weight in layers]
    reference = reference or gradients
    same = all(np.allclose(mine, theirs, rtol=1e-4, atol=1e-7) for mine, theirs in zip(gradients, reference))
    elapsed = microseconds(run, 1, repeats=3) / 1e3
    print(f"{segments:8} {peak / one:18.1f} {elapsed:9.1f}   {same}")

# %% [markdown]
r"""
### Memory: one product or many

A weight matrix used by a batch of sequences, as announced in section 5: the general recipe against the folded
one. Same sum, other order. What to look for: the peak in multiples of the weight matrix, and the time. The last lines
measure the remarks on rows of ones (section 3) and on memory order (section 5).
"""

# %% tags=["measure"]
batch, length, width = 32, 64, 256
generator = np.random.default_rng(0)
a = generator.normal(size=(batch, length, width)).astype(np.float32)
grad = generator.normal(size=(batch, length, width)).astype(np.float32)
recipes = {
    "batch of products, then sum": lambda: unbroadcast(a.swapaxes(-1, -2) @ grad, (width, width)),
    "leading axes folded": lambda: a.reshape(-1, width).T @ grad.reshape(-1, width),
}
for name, recipe in recipes.items():
    tracemalloc.start()
    recipe()
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    milliseconds = microseconds(recipe, 1) / 1e3
    print(f"{name:28} peak {peak / (4 * width**2):5.1f} weight matrices, {milliseconds:7.2f} ms")
difference = np.abs(recipes["leading axes folded"]() - recipes["batch of products, then sum"]()).max()
print(f"largest difference {difference:.1e}")

flat = grad.reshape(-1, width)
rows, upstream = (generator.normal(size=(64, m)).astype(np.float32) for m in (784, 512))
view = np.empty((512, 784), dtype=np.float32).T  # the memory order of Linear(784, 512).weight.T
for name, recipe in {
    "rows added by sum": lambda: flat.sum(axis=0),
    "a row of ones @ rows": lambda: np.ones(len(flat), flat.dtype) @ flat,
    "product, copied to the leaf": lambda: np.array((rows.T @ upstream).T, order="C"),
    "product_like, copied": lambda: np.array(product_like(view, rows.T, upstream).T, order="C"),
}.items():
    print(f"{name:28} {microseconds(recipe, 1) / 1e3:35.2f} ms")

# %% [markdown]
r"""
## 12. In Production

**The same design.** In PyTorch a result's `grad_fn` is our `creator`, and its rules stand in a table, too
(`derivatives.yaml`, from which C++ is generated). What is kept for the way back is saved by each op
explicitly, and *freed as the backward pass uses it*: a second `backward()` through the same graph raises an
error unless the first one was called with `retain_graph=True`. Ours keeps the graph until the loss goes out
of scope.

**The engine.** PyTorch counts, before it starts, how many users each node has, and runs a node when its count
has dropped to zero. That is a topological order as well, and it lets several devices work at once.

**In-place changes.** Each tensor carries a version counter. If a saved tensor has been overwritten since,
the backward pass refuses. We have no counter: whoever writes into `t.data` between forward and backward
gets wrong gradients without a word.

**Second derivatives.** Our rules compute with arrays, so gradients have no history. PyTorch's rules are
made of differentiable operations, and `create_graph=True` records the backward pass, too.

**Accumulation as a tool.** Since `.grad` is added to, a batch that does not fit is processed in parts
before one step of the optimizer. In data-parallel training, the gradients of all machines are averaged;
PyTorch does that in buckets, as soon as the gradients of a bucket are complete, while the backward pass is
still busy with earlier layers.

**Tracing.** JAX, and `torch.compile`, record a function *once*, as a program, derive its backward program,
and optimise both. Our graph, like PyTorch's eager mode, is built anew at each step by running Python: an
`if` or a loop of the model is simply executed. That is easy to write and to debug, and pays the price per
op that you measured.

## 13. What Breaks First at Scale

Memory, and not that of the weights. The next cell builds a small version of a transformer's feed-forward
block, $x + W_2\,\operatorname{gelu}(x W_1)$, measures with `graph_memory` what the graph keeps for each
token in units of the model's width, and applies the result to larger models. What to look for: the weights
(with gradient and the two arrays that Adam will keep, Module 07, four times their size) do not depend on
the batch; what the graph keeps does, and overtakes them. The remedies are those that you have measured or
met: checkpointing, smaller batches whose gradients accumulate, ops that keep less, and spreading the batch
over machines.
"""

# %% tags=["measure"]
tokens, dim = 128, 64
x = Tensor(np.ones((tokens, dim)), requires_grad=True)
into = Tensor(np.full((dim, 4 * dim), 0.01), requires_grad=True)
out = Tensor(np.full((4 * dim, dim), 0.01), requires_grad=True)
block = x + gelu(x @ into) @ out
kept = graph_memory(block) - sum(t.memory_footprint() for t in (x, into, out))
multiple = kept / (4 * tokens * dim)
print(f"kept for each token and block: {multiple:.1f} × width")
print(f"\n{'blocks':>6} {'width':>6} {'batch × length':>15} {'weights × 4':>12} {'kept by the graph':>18}")
for blocks, dim, batch, length in (
    (4, 128, 12, 64),
    (12, 768, 8, 1024),
    (12, 768, 64, 1024),
    (48, 1600, 64, 1024),
):
    weights = 4 * 4 * blocks * 8 * dim**2 / 2**30
    activations = 4 * multiple * blocks * dim * batch * length / 2**30
    print(f"{blocks:6} {dim:6} {batch:6} × {length:6} {weights:8.2f} GiB {activations:14.2f} GiB")

# %% [markdown]
"""
## 14. Integration Test

A network with everything in it, three losses, and a few steps downhill.
"""

# %% nbgrader={"grade": true, "grade_id": "test_autograd", "locked": true, "points": 3, "schema_version": 3, "solution": false, "task": false}
from tinytorch.losses import bce_with_logits, cross_entropy, mse_loss


def test_unit_autograd():
    """Whole networks and all losses pass the gradient check, and gradient descent learns XOR."""
    numbers = np.random.default_rng(5)
    x, labels = Tensor(numbers.normal(size=(5, 3))), np.array([0, 2, 1, 1, 0])
    w, b, v = (Tensor(numbers.normal(size=shape)) for shape in ((3, 4), (4,), (4, 3)))

    def network(x, w, b, v):
        h = gelu(x @ w + b)
        centred = h - h.mean(axis=1, keepdims=True)
        h = centred / ((centred**2).mean(axis=1, keepdims=True) + 1e-5) ** 0.5
        attention = softmax((h @ h.T) / 2)
        return (relu(attention @ h) + sigmoid(h) * tanh(h)) @ v

    for label, loss in [
        ("cross_entropy", lambda *t: cross_entropy(network(*t), labels)),
        ("mse_loss", lambda *t: mse_loss(network(*t), np.ones((5, 3)))),
        ("bce_with_logits", lambda *t: bce_with_logits(network(*t), np.eye(5)[:, :3])),
        ("max", lambda *t: network(*t).max(axis=0).sum()),
    ]:
        error = gradient_check(loss, x, w, b, v)
        assert error < 1e-6, (
            f"a network with {label}: gradient_check reports {error:.1e}, expected below 1e-6"
        )
    start = Tensor(np.zeros((2, 2)), requires_grad=True)
    bce_with_logits(start, [[1, 0], [0, 1]]).backward()
    np.testing.assert_allclose(
        start.grad,
        [[-0.125, 0.125], [0.125, -0.125]],
        err_msg="bce_with_logits at z = 0: slopes (1/2 - y) / elements",
    )

    points, answers = Tensor([[0, 0], [0, 1], [1, 0], [1, 1]]), Tensor([[0.0], [1.0], [1.0], [0.0]])
    weights = [Tensor(numbers.normal(size=s), requires_grad=True) for s in ((2, 8), (8,), (8, 1), (1,))]
    losses = []
    for _ in range(120):
        into, bias, out, last = weights
        loss = bce_with_logits(tanh(points @ into + bias) @ out + last, answers)
        loss.backward()
        losses.append(loss.item())
        weights = [Tensor(t.data - t.grad, requires_grad=True) for t in weights]
    assert losses[-1] < 0.1, (
        f"gradient descent on XOR: the loss went from {losses[0]:.3f} to {losses[-1]:.3f} only"
    )
    print(f"integration: gradients agree; XOR was learned, loss {losses[0]:.3f} -> {losses[-1]:.3f}")


test_unit_autograd()
### BEGIN HIDDEN TESTS
from tinytorch_lab.probes import probe, raises, rng

x, labels = rng.normal(size=(6, 4)), rng.integers(0, 3, size=6)
w, v = (Tensor(rng.normal(size=shape), dtype=np.float64, requires_grad=True) for shape in ((4, 5), (5, 3)))
data = Tensor(x, dtype=np.float64)
loss = cross_entropy(tanh(data @ w) @ v, labels)
loss.backward()
probe("classifier", [loss.item(), w.grad, v.grad])
shared = Tensor(rng.normal(size=(4, 4)), dtype=np.float64, requires_grad=True)
state = data
for _ in range(6):
    state = tanh(state @ shared + data)
(state * state).mean().backward()
probe("one weight used six times", shared.grad)
queries = Tensor(rng.normal(size=(2, 3, 4)), dtype=np.float64, requires_grad=True)
scores = softmax(queries @ queries.transpose(0, 2, 1) * 0.5)
(scores @ queries).sum(axis=(0, 2)).max().backward()
probe("attention", queries.grad)
logits = Tensor(np.zeros((3, 1)), dtype=np.float64, requires_grad=True)
bce_with_logits(logits, [[1], [0], [1]]).backward()
mse_loss(sigmoid(logits), [[1], [0], [0.5]]).backward()
probe("two losses, one sum", logits.grad)
half = Tensor(x[:3], dtype=np.float64), Tensor(x[3:], dtype=np.float64)
u = Tensor(rng.normal(size=(4, 3)), dtype=np.float64, requires_grad=True)
for part, target in zip(half, (labels[:3], labels[3:])):
    (cross_entropy(part @ u, target) * 0.5).backward()
probe("a batch in two parts", u.grad)
### END HIDDEN TESTS

# %% [markdown]
"""
## 🤔 ML Systems Thinking

Three questions, each answered in 150–300 words. Argue with your own code and the figures that your run
printed.
"""

# %% [markdown] nbgrader={"grade": false, "grade_id": "question_1", "locked": true, "schema_version": 3, "solution": false, "task": false}
"""
### Question 1: The memory of the graph, and checkpointing

**Context:** You plotted what stays allocated with and without recording, compared it with `graph_memory`,
ran 64 layers in different numbers of segments, and extrapolated the memory of a feed-forward block.

**Question:** A model of 48 blocks trains on one GPU until somebody doubles the length of the sequences; now
it runs out of memory during the *forward* pass, although validation with twice that length still works.
Explain both observations with your measurements. What exactly keeps the arrays alive, and when is each
released? Propose a number of checkpoint segments for the 48 blocks, and derive from your table what it
costs in memory and in time. Which arrays that our graph keeps does no rule ever read, and how would you
change the engine to release them?

**Expected response:** 150–300 words, with at least two of your own figures.
"""

# %% [markdown] nbgrader={"grade": true, "grade_id": "response_1", "locked": false, "points": 10, "schema_version": 3, "solution": true, "task": false}
"""
=== BEGIN MARK SCHEME ===
EXCELLENT (9-10 points):
- Explains that recording keeps op inputs and kept outputs alive through creator and inputs, so memory grows with depth times tokens, while under no_grad each activation is released one op later
- Uses own figures: activations per layer from the retained-memory figure, and flat memory under no_grad
- Says when arrays are released: in our engine when the loss goes out of scope, in PyTorch as the backward pass consumes them
- Proposes about seven segments (square root of 48, or the minimum of the own table) and derives a peak of boundaries plus one segment, at the price of about one more forward pass
- Compares the price with the own table (time with segments against without), noting that bookkeeping or caches may shift it
- Names the products in front of tanh or the inputs of additions and reshapes as never read, and proposes that ops save explicitly what their rule needs
GOOD (7-8 points):
- Correct account of why training runs out of memory and validation does not
- Quotes at least one figure of retained memory and one of checkpointing
- Sensible number of segments with a reason
- The last question answered only partly
SATISFACTORY (5-6 points):
- Knows that activations are stored for the backward pass and that checkpointing recomputes them
- No derivation of the number of segments
- Few or no own figures
NEEDS IMPROVEMENT (1-4 points):
- Blames the weights or the optimizer for the growth with sequence length
- Confuses checkpointing of activations with saving a model to disk
- No reference to the measurements
NO CREDIT (0 points):
- No answer, or unrelated to memory
- Copied question text only
- Every claim wrong
=== END MARK SCHEME ===

**Your response:**
"""

# %% [markdown] nbgrader={"grade": false, "grade_id": "question_2", "locked": true, "schema_version": 3, "solution": false, "task": false}
"""
### Question 2: Reverse mode against forward mode

**Context:** You timed a forward pass, a forward pass with `backward`, and central differences for networks of
growing size. Section 1 says that the chain rule may be multiplied from either end.

**Question:** For a function with $n$ inputs and $m$ outputs, what do reverse mode, forward mode and central
differences cost, in units of one evaluation, in time and in memory? Support the numbers with your table,
and explain why the ratio that you measured for `backward` lies where it does (count the matrix products of
the rule, including those that a first layer does not need). Give a realistic task for which forward mode is
the better choice. Why does the engine multiply a *vector* with each Jacobian instead of multiplying the
Jacobians, and what would the Jacobian of one of your layers take in bytes?

**Expected response:** 150–300 words, with at least two of your own figures.
"""

# %% [markdown] nbgrader={"grade": true, "grade_id": "response_2", "locked": false, "points": 10, "schema_version": 3, "solution": true, "task": false}
"""
=== BEGIN MARK SCHEME ===
EXCELLENT (9-10 points):
- States the costs: reverse mode a small constant times m evaluations and memory proportional to the number of ops; forward mode times n and constant extra memory; central differences 2n evaluations and inexact
- Quotes the measured ratio and the time by differences for at least one size, with its growth with the number of weights
- Explains the ratio: two products per forward product, one less where the input is data, plus bookkeeping, which dominates for small networks
- Names a task with few inputs and many outputs (sensitivity to one parameter, directional derivatives, Jacobian-vector products) for forward mode
- Computes the Jacobian of a layer, for example (512 · 128) squared entries times 4 bytes, about 17 GB, against 256 kB for the vector
- Notes that associativity makes the products equal while the costs differ
GOOD (7-8 points):
- Correct costs in time for all three, memory for at least one
- Uses own figures for the ratio or for the differences
- Sensible example for forward mode
- The Jacobian's size only estimated
SATISFACTORY (5-6 points):
- Knows that reverse mode gives all slopes of one output in one pass
- Compares with central differences without numbers
- Memory not mentioned
NEEDS IMPROVEMENT (1-4 points):
- Takes reverse mode for always better, without regard to n and m
- Confuses forward mode with the forward pass
- No figures
NO CREDIT (0 points):
- No answer, or unrelated to differentiation
- Copied question text only
- Every claim wrong
=== END MARK SCHEME ===

**Your response:**
"""

# %% [markdown] nbgrader={"grade": false, "grade_id": "question_3", "locked": true, "schema_version": 3, "solution": false, "task": false}
"""
### Question 3: Accumulation, dynamic graphs and synchronisation

**Context:** `.grad` is added to, within one pass and between calls. Your graph is built anew by every
forward pass, at a price per op that you measured. A hidden test took a batch in two parts and expected the
same gradient.

**Question:** A team trains with batches of 4 on each of 16 machines and adds up 8 backward passes before
each step. What would go wrong (a) with `self.grad = gradient`, (b) if somebody forgot to clear `.grad`, (c)
if each partial loss were a mean that nobody divides by 8, (d) if gradients were averaged over the machines
after *each* of the 8 passes? In which order do gradients become complete during `backward`, and how can
that hide the time of communication? Finally: the model contains an `if` that depends on the data. What does
that mean for our graph, for a compiled one, and for machines that took different branches?

**Expected response:** 150–300 words, with at least one of your own figures.
"""

# %% [markdown] nbgrader={"grade": true, "grade_id": "response_3", "locked": false, "points": 10, "schema_version": 3, "solution": true, "task": false}
"""
=== BEGIN MARK SCHEME ===
EXCELLENT (9-10 points):
- (a) Only the last use or the last pass survives: wrong for a weight used twice, silently; refers to the diamond or to the weight used six times
- (b) Old gradients stay in the sum, so steps follow a growing mixture of past slopes; (c) the gradient is 8 times too large, which acts like a larger learning rate
- (d) The result is the same, because averaging is linear, but communication costs eight times as much; synchronise once, after the last pass
- Explains that the order is reversed topological: the last layers complete first, so their buckets can travel while earlier layers are still computed; a leaf with several uses is complete only after its last one
- Dynamic graph: the branch taken is simply recorded, at the measured price per op; a compiled graph needs guards or control-flow ops, or recompiles
- Machines with different branches have leaves without gradient, so a collective average would wait for ever or mix counts; a remedy is zeros or agreeing on unused parameters
GOOD (7-8 points):
- Three of (a) to (d) right, with reasons
- Order of completion and overlap with communication explained
- Contrasts dynamic and compiled graphs
- Uses an own figure
SATISFACTORY (5-6 points):
- (a) and (b) right
- Knows that gradients are averaged over machines
- Dynamic graphs mentioned without consequences
NEEDS IMPROVEMENT (1-4 points):
- Takes accumulation for an error of the engine
- Confuses averaging losses with averaging weights
- No connection to the code
NO CREDIT (0 points):
- No answer, or unrelated to accumulation
- Copied question text only
- Every claim wrong
=== END MARK SCHEME ===

**Your response:**
"""

# %% [markdown]
r"""
## 🎯 Module Summary

**Built.** `unbroadcast`; rules for arithmetic, matrix products, reductions, views, indices, activations and
log-softmax; `topological_order`; `Tensor.backward`; `gradient_check` and `graph_memory`.

**Measured.** The price of recording an op and of its way back; a gradient in units of forward passes,
against one pass per weight; the memory of the graph against depth; what checkpointing saves and costs;
visits of a search that does not remember.

**Understood.**

- The chain rule is local: an op passes slopes on without knowing the loss.
- What was repeated forwards is summed backwards: broadcasting, indexing, and every second use of a tensor.
- Order is everything: visiting a node before all of its users are done is wrong or exponentially slow.
- Gradients accumulate, and leaves own their memory.
- Reverse mode buys time with memory, and checkpointing sells some of it back.
- No rule has to be believed: check it.

**Next.** Module 07 does something with `.grad`: optimizers.
"""
