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
# Module 11: Embeddings

A tokenizer (Module 10) turns text into integers, and an integer is a name, not a quantity: token 42 is not twice
token 21. In this module each name gets a vector of its own, a row in a table, and the table is trained like any
other weight. Then the rows get something that a set of tokens does not have: a position in a sequence. The way
forward is the cheapest layer of the whole course. The way back is where the work is.

**Learning objectives**

- explain a lookup as a product with a one-hot matrix, and why nobody computes it like that;
- write the gradient of a lookup, in which every repeated token adds up, and make it several times faster than the
  obvious way;
- tell a sparse gradient from a dense one, and measure what treating one as the other costs;
- build sinusoidal and learned positions, and derive what each can and cannot do;
- combine both so that tokens and positions have comparable size, from any position in a sequence on;
- count the bytes of a table, of its gradient and of what one batch really touches.

**Prerequisites:** Module 03 (`Module`, `Parameter`), Module 06 (backward rules, `gradient_check`), Module 10 (token
ids). Integer arrays as indices (Module 01).

**Estimated time:** 3–4 hours.
"""

# %%
#| default_exp embeddings

# %% nbgrader={"grade": false, "grade_id": "imports", "locked": true, "schema_version": 3, "solution": false, "task": false}
#| export
import math
from typing import Any

import numpy as np

from tinytorch.autograd import backward_for
from tinytorch.layers import Module, Parameter
from tinytorch.tensor import Op, Tensor

# %% [markdown]
r"""
## 1. Mathematical Foundations

### A lookup is a matrix product

Write token number $i$ of a vocabulary of $V$ as the **one-hot** vector $e_i \in \mathbb R^V$: zeros, and a single 1
at position $i$. For a table $W$ of shape $(V, d)$,

$$e_i^\top W = W_i,$$

the $i$-th row. So an embedding is a linear layer without bias whose input happens to be one-hot. A sequence of $n$
ids makes a matrix $E$ of shape $(n, V)$, and $Y = E\,W$ costs $n V d$ multiplications, of which all but $n d$ have
a factor 0, and the others a factor 1. Reading $n$ rows gives the same numbers and multiplies nothing at all.

### And so is its gradient

For $Y = E W$, Module 06 says $\bar W = E^\top \bar Y$. Written out for row $v$,

$$\bar W_v = \sum_{t \,:\, i_t = v} \bar Y_t .$$

Row $v$ collects the gradients of *all* positions where token $v$ occurs. A token that occurs twice gets a sum of two,
a token that does not occur gets exactly 0:

```text
   ids     [ 3      0      3      3 ]
   grad    [ g0     g1     g2     g3 ]            one row for each position
                                                          ┌ row 0:  g1
   table   4 rows                                  ──►    │ row 1:  0
                                                          │ row 2:  0
                                                          └ row 3:  g0 + g2 + g3
```

In a batch of $n$ tokens at most $n$ rows are not 0, however large the table. Such a gradient is called **sparse**.

### Order

An average of embeddings knows which tokens there are, not in which order: $W_{\text{dog}} + W_{\text{bites}} +
W_{\text{man}}$ is the same sum as $W_{\text{man}} + W_{\text{bites}} + W_{\text{dog}}$. Attention (Module 12) is a
weighted average, and has the same blindness. The remedy: to the token at position $t$ a vector is *added* that says
"position $t$",

$$x_t = W_{i_t} + P_t .$$

$P$ can be a second table, learned like the first. Or it can be computed, by a formula with nothing to learn:

$$P_{t,\,2j} = \sin(\omega_j t), \qquad P_{t,\,2j+1} = \cos(\omega_j t), \qquad \omega_j = 10000^{-2j/d}.$$

Each pair of columns is the hand of a clock. The first one turns by one radian for each position, the last one of a
wide table so slowly that it needs about 60,000 positions for a round: together they tell positions apart both near
and far. Two properties follow from the addition theorems:

- **A shift is a rotation.** $(\sin \omega(t+k), \cos \omega(t+k))$ is $(\sin \omega t, \cos \omega t)$ turned by the
  angle $\omega k$: the same matrix for every $t$. "Three positions to the left" is a linear map.
- **Similarity depends on distance alone.** $P_t \cdot P_{t+k} = \sum_j \cos(\omega_j k)$, whatever $t$ is; and with
  $k = 0$, every $P_t$ has the length $\sqrt{d/2}$.

### Things that are added should have comparable size

A row of $d$ independent numbers of standard deviation $s$ has a length of about $s\sqrt d$. We draw both tables with
$s = 1/\sqrt d$: rows of length 1. (PyTorch's `nn.Embedding` draws with $s = 1$, GPT-2 with 0.02.) A row of sines and
cosines, with its length $\sqrt{d/2}$, would drown such a token. Where sinusoids are added, tokens are therefore
multiplied by $\sqrt d$ first, as in the paper that introduced both (Vaswani and others, "Attention Is All You Need",
2017).

### Product or lookup: measure it

The next cell computes the same rows in both ways for growing vocabularies. What to look for: the time of the product
grows with the vocabulary, that of the lookup hardly does; and the one-hot matrix alone takes more memory than
everything else. The last column is the share of multiplications whose result matters.
"""

# %% tags=["measure"]
import time

generator = np.random.default_rng(0)


def microseconds(fn, repeats=7):
    timings = []
    for _ in range(repeats):
        start = time.perf_counter()
        fn()
        timings.append(time.perf_counter() - start)
    return min(timings) * 1e6


n, dim = 768, 128
print(f"{n} tokens, {dim} numbers each")
print(f"{'vocabulary':>10} {'one-hot, MB':>12} {'product, µs':>12} {'lookup, µs':>11} {'useful':>8}")
for vocabulary in (65, 256, 1024, 4096, 16384):
    table = generator.normal(size=(vocabulary, dim)).astype(np.float32)
    ids = generator.integers(0, vocabulary, size=n)
    one_hot = np.zeros((n, vocabulary), dtype=np.float32)
    one_hot[np.arange(n), ids] = 1
    assert np.array_equal(one_hot @ table, table[ids])
    product, lookup = microseconds(lambda: one_hot @ table, repeats=3), microseconds(lambda: table[ids])
    print(
        f"{vocabulary:10} {one_hot.nbytes / 1e6:12.1f} {product:12,.0f} {lookup:11.1f} {1 / vocabulary:8.3%}"
    )

# %% [markdown]
r"""
## 2. The Lookup

Four small pieces:

- **`token_ids(ids, count)`** turns what the caller has (a tensor, an array, nested lists) into an integer array, or
  refuses it. Two mistakes would otherwise pass in silence. A *negative* id is a valid index for NumPy, and yields a
  row from the end of the table. And *booleans* select rows instead of naming them. A third one is Module 01's rule:
  `Tensor([3, 1])` holds floats. The error should say so.
- **`EmbeddingOp`** reads rows. Its only tensor input is the table, since nothing is differentiated with respect to an
  integer. The ids are an attribute of the application: `EmbeddingOp.apply(table, ids=...)`.
- **`Embedding`** is the layer: a module with one parameter, called `weight` as in PyTorch. The ids may have any
  shape; the result has one more axis. The drawing of numbers is given as `normal_parameter`.

One detail: with NumPy, `table[3]` for a plain integer is a *view*. A result that shares memory with the table would
change when the optimizer moves the table. An integer *array* as an index always copies, also an array without axes.
"""

# %% nbgrader={"grade": false, "grade_id": "normal_parameter", "locked": true, "schema_version": 3, "solution": false, "task": false}
#| export
def normal_parameter(
    shape: tuple[int, ...], std: float, rng: np.random.Generator | None = None
) -> Parameter:
    """Parameter of ``shape`` with independent numbers from a normal distribution with mean 0 and spread ``std``.

    ``rng`` is the generator to draw from; ``None`` stands for a new one with an unpredictable seed.
    """
    if rng is None:
        rng = np.random.default_rng()
    return Parameter(rng.normal(0.0, std, size=shape))


# %% nbgrader={"grade": false, "grade_id": "lookup", "locked": false, "schema_version": 3, "solution": true, "task": false}
#| export
def token_ids(ids: Any, count: int) -> np.ndarray:
    """Token ids (tensor, array or nested lists, of any shape) as an integer array.

    Raises TypeError if they are no integers, and IndexError if one is not in 0 … count - 1 (naming it). No ids at
    all are fine, as long as they are integers. An integer array comes back as it is, not as a copy.
    Hint: ``np.asarray`` takes a tensor too; ``dtype.kind`` is "i" or "u" for integers.
    """
    ### BEGIN SOLUTION
    array = np.asarray(ids)
    if array.dtype.kind not in "iu":
        raise TypeError(f"token ids must be integers, got {array.dtype}; make them np.array([0, 2, 1])")
    if array.size:
        for extreme in (array.min(), array.max()):
            if not 0 <= extreme < count:
                raise IndexError(f"token id {extreme} is not in 0 … {count - 1}")
    return array
    ### END SOLUTION


class EmbeddingOp(Op):
    """The rows of a table that ``ids`` name."""

    ids: np.ndarray

    def forward(self, table: np.ndarray) -> np.ndarray:
        """table: (count, dim), result: (*ids.shape, dim), in memory of its own.

        Hint: the ids of the application are on ``self``.
        """
        ### BEGIN SOLUTION
        return table[self.ids]
        ### END SOLUTION


class Embedding(Module):
    """A table with one trainable row for each token: ids of shape (...) become vectors (..., embedding_dim)."""

    def __init__(
        self, num_embeddings: int, embedding_dim: int, rng: np.random.Generator | None = None
    ) -> None:
        """Set ``num_embeddings``, ``embedding_dim`` and ``weight``, a parameter (num_embeddings, embedding_dim).

        The weight is drawn by ``normal_parameter`` with a spread of 1/√embedding_dim.
        """
        ### BEGIN SOLUTION
        self.num_embeddings = num_embeddings
        self.embedding_dim = embedding_dim
        self.weight = normal_parameter((num_embeddings, embedding_dim), 1 / math.sqrt(embedding_dim), rng)
        ### END SOLUTION

    def forward(self, ids: Any) -> Tensor:
        """The rows of ``weight`` that ``ids`` name, recorded with the weight. Raises what ``token_ids`` raises."""
        ### BEGIN SOLUTION
        return EmbeddingOp.apply(self.weight, ids=token_ids(ids, self.num_embeddings))
        ### END SOLUTION

    def __repr__(self) -> str:
        return f"Embedding({self.num_embeddings}, {self.embedding_dim})"


# %% [markdown]
"""
### Testing the lookup

Rows, shapes, dtypes, what is recorded, and ids that are not ids.
"""


# %% nbgrader={"grade": true, "grade_id": "test_embedding", "locked": true, "points": 14, "schema_version": 3, "solution": false, "task": false}
def test_unit_embedding():
    """The layer returns copies of the right rows for ids of any shape, records itself, and refuses bad ids."""
    layer = Embedding(5, 3, rng=np.random.default_rng(0))
    names = [name for name, _ in layer.named_parameters()]
    assert names == ["weight"], f"Embedding: expected one parameter, 'weight'; found {names}"
    assert layer.weight.shape == (5, 3), f"Embedding(5, 3).weight: expected (5, 3), got {layer.weight.shape}"
    sizes = (layer.num_embeddings, layer.embedding_dim)
    assert sizes == (5, 3), f"Embedding(5, 3): num_embeddings and embedding_dim are {sizes}"
    spread = float(np.std(Embedding(4000, 16, rng=np.random.default_rng(1)).weight.data))
    np.testing.assert_allclose(
        spread, 0.25, rtol=0.05, err_msg="Embedding(4000, 16): spread of the weight, 1/√16 is expected"
    )

    table = layer.weight.data
    for ids in (np.array([3, 0, 3]), np.array([[1, 2], [4, 4]]), np.array(2), np.zeros((0, 4), dtype=int)):
        result = layer(ids)
        expected = (*ids.shape, 3)
        assert result.shape == expected, (
            f"Embedding of ids {ids.shape}: expected {expected}, got {result.shape}"
        )
        np.testing.assert_array_equal(
            result.data, table[ids], err_msg=f"Embedding({ids.tolist()}): expected rows with these numbers"
        )
        assert not np.shares_memory(result.data, table), (
            f"Embedding({ids.tolist()}): the result shares memory with the table"
        )
    for label, ids in [
        ("a tensor", Tensor(np.array([4, 1]))),
        ("a list", [4, 1]),
        ("uint8", np.array([4, 1], np.uint8)),
    ]:
        np.testing.assert_array_equal(layer(ids).data, table[[4, 1]], err_msg=f"Embedding, ids as {label}")
    assert layer([0]).dtype == np.float32, (
        f"Embedding: a float32 table gives float32, not {layer([0]).dtype}"
    )

    result = layer(np.array([1, 1]))
    assert result.requires_grad and isinstance(result.creator, EmbeddingOp), (
        "Embedding: the result must be recorded; use EmbeddingOp.apply"
    )
    assert result.creator.inputs == (layer.weight,), "Embedding: the op's only input is the weight itself"

    for ids, kind in [
        ([5], IndexError),
        ([[0, -1]], IndexError),
        ([1.0], TypeError),
        (Tensor([1, 2]), TypeError),
        ([True, False, True, False, True], TypeError),
    ]:
        try:
            layer(ids)
        except kind as error:
            named = kind is TypeError or "5" in str(error) or "-1" in str(error)
            assert named, f"Embedding: name the id that does not exist, the error says {error}"
        else:
            raise AssertionError(f"Embedding(5, 3) of ids {ids}: expected {kind.__name__}, got a result")
    print("Embedding: rows, shapes, recording and errors are right")


test_unit_embedding()
### BEGIN HIDDEN TESTS
from tinytorch_lab.probes import probe, raises, rng

count, width = int(rng.integers(6, 12)), int(rng.integers(2, 6))
layer = Embedding(count, width, rng=np.random.default_rng(int(rng.integers(1000))))
probe("weight", layer.weight.data)
wide = Embedding(3, 64, rng=np.random.default_rng(5))
probe("weight of a wide table", [wide.weight.data, str(wide.weight.dtype)])
free = [Embedding(3, 4).weight.data for _ in range(2)]
probe("without a generator", bool(np.array_equal(*free)))
ids = rng.integers(0, count, size=(2, 3, 4))
probe("three axes", layer(ids).data)
probe("a tensor of ids", layer(Tensor(ids.astype(np.int32))).data)
probe("one id", [layer(int(ids[0, 0, 0])).data, list(layer(ids[0, 0, 0]).shape)])
probe("the ends", layer([[0, count - 1]]).data)
probe("batch of one", layer(ids[:1, 0]).data)
probe("nothing", [list(layer(ids[:0]).shape), list(layer(np.zeros(0, dtype=np.int64)).shape)])
double = Embedding(count, width, rng=np.random.default_rng(1)).to(np.float64)
probe("float64", [double(ids[0]).data, str(double(ids[0]).dtype)])
probe("unsigned bytes", layer(ids.astype(np.uint8)).data)
result = layer(ids[0])
before = result.data.copy()
layer.weight.data += 1.0
probe("a moved table", bool(np.array_equal(result.data, before)))
result.data[:] = 0
probe("a result written to", layer.weight.data)
probe("recorded", [result.requires_grad, len(result.creator.inputs), result.creator.inputs[0] is layer.weight])
probe("token_ids", [token_ids(ids, count), token_ids([[1, 0]], 2), token_ids(Tensor(np.array(0)), 1)])
probe("token_ids copies nothing it has", bool(np.shares_memory(token_ids(ids, count), ids)))
wrong = [[count], [-1], [[0, 1], [2, count + 3]], [-count], [2**40], [0.0], [False, True], Tensor([1]), ["a"]]
probe("errors", [raises(lambda bad=bad: layer(bad)) for bad in wrong])
probe("errors of token_ids", [raises(lambda: token_ids([0], 0)), raises(lambda: token_ids([], 4))])
### END HIDDEN TESTS

# %% [markdown]
r"""
## 3. The Way Back: Repeats Add Up

Section 1 has the rule: row $v$ of the gradient is the sum over all positions where $v$ occurs. Module 06 met the trap
already: `zeros[ids] += grad` keeps the *last* of several additions to one row, without an error, and
`np.add.at(zeros, ids, grad)` keeps all of them. It is right, and slow: it walks through rows one by one.

There is a better order of work: **sort first**. Once equal ids stand next to each other, the positions of one token
form a run, and a run is summed in one go:

```text
   ids                   3  0  3  3            order = argsort(ids)  =  [1, 0, 2, 3]
   ids[order]            0 │ 3  3  3           runs start at [0, 1], and belong to rows [0, 3]
   grad[order]          g1 │ g0 g2 g3          np.add.reduceat(…, starts)  =  [g1, g0 + g2 + g3]
```

`np.unique(..., return_index=True)` finds rows and starts in one call, `np.add.reduceat(a, starts, axis=0)` sums the
slices from each start to the next one.

What comes out, **distinct ids and one sum for each**, is the sparse gradient itself, before anybody writes it into
zeros. Therefore it is a function of its own, `sum_by_id`. The backward rule then makes the dense array that our
engine (and every optimizer of Module 07) expects. Let the sort be *stable*: then the sum of a token is always taken
in the order in which it occurs, and a run gives the same bits twice.
"""


# %% nbgrader={"grade": false, "grade_id": "backward", "locked": false, "schema_version": 3, "solution": true, "task": false}
#| export
def sum_by_id(ids: np.ndarray, rows: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Add up the rows that belong to equal ids: the sparse form of an embedding's gradient.

    ids: (n,), integers. rows: (n, dim), one row for each id; n may be 0.
    Returns the distinct ids in ascending order, (m,), and the sum for each, (m, dim), in the dtype of ``rows``.
    Hint: three lines: a stable argsort, ``np.unique``, ``np.add.reduceat``.
    """
    ### BEGIN SOLUTION
    order = np.argsort(ids, kind="stable")
    distinct, starts = np.unique(ids[order], return_index=True)
    return distinct, np.add.reduceat(rows[order], starts, axis=0)
    ### END SOLUTION


@backward_for(EmbeddingOp)
def embedding_backward(op: EmbeddingOp, grad: np.ndarray) -> tuple[np.ndarray, ...]:
    """Gradient of the table of a lookup: the sums of ``sum_by_id`` in their rows, zeros everywhere else.

    Hint: fold the axes of the ids into one, and those of ``grad`` accordingly.
    """
    ### BEGIN SOLUTION
    table, ids = op.inputs[0], op.ids.reshape(-1)
    distinct, sums = sum_by_id(ids, grad.reshape(ids.size, table.shape[1]))
    result = np.zeros(table.shape, dtype=grad.dtype)
    result[distinct] = sums
    return (result,)
    ### END SOLUTION


# %% [markdown]
"""
### Testing the way back

Against the one-hot product, against central differences, and through `backward` for a table that is used twice.
"""

# %% nbgrader={"grade": true, "grade_id": "test_backward", "locked": true, "points": 16, "schema_version": 3, "solution": false, "task": false}
from tinytorch.autograd import gradient_check, input_gradients


def one_hot_gradient(ids, grad, count):
    """The gradient of the table as section 1 writes it: one-hot, transposed, times grad."""
    one_hot = np.eye(count)[np.reshape(ids, -1)]
    return one_hot.T @ grad.reshape(len(one_hot), grad.shape[-1])


def test_unit_backward():
    """Repeated ids add up, absent ones get 0, and shapes and dtypes are those of the table."""
    numbers = np.random.default_rng(0)
    rows = numbers.normal(size=(4, 2))
    distinct, sums = sum_by_id(np.array([3, 0, 3, 3]), rows)
    np.testing.assert_array_equal(distinct, [0, 3], err_msg="sum_by_id of ids [3, 0, 3, 3]: distinct ids")
    np.testing.assert_allclose(
        sums,
        [rows[1], rows[0] + rows[2] + rows[3]],
        err_msg="sum_by_id of ids [3, 0, 3, 3]: row 1 alone, then the sum of rows 0, 2 and 3",
    )
    distinct, sums = sum_by_id(np.zeros(0, dtype=int), np.zeros((0, 2)))
    assert (distinct.shape, sums.shape) == ((0,), (0, 2)), (
        f"sum_by_id of nothing: expected shapes (0,) and (0, 2), got {distinct.shape} and {sums.shape}"
    )

    for ids in ([2, 0, 1], [1, 1, 1, 1], [[4, 0, 4], [4, 2, 0]], [[[3]], [[3]]], 2, np.zeros((2, 0), int)):
        ids = np.array(ids)
        table = Parameter(numbers.normal(size=(5, 3)), dtype=np.float64)
        result = EmbeddingOp.apply(table, ids=ids)
        grad = numbers.normal(size=result.shape)
        before = grad.copy()
        try:
            (got,) = input_gradients(result.creator, grad)
        except ValueError as error:
            raise AssertionError(f"embedding_backward, ids {ids.tolist()}: {error}") from error
        np.testing.assert_allclose(
            got,
            one_hot_gradient(ids, grad, 5),
            rtol=1e-12,
            atol=1e-12,
            err_msg=f"embedding_backward, ids {ids.tolist()} in a table of 5: each row is the sum over its positions",
        )
        np.testing.assert_array_equal(grad, before, err_msg="embedding_backward wrote into grad")

    layer = Embedding(5, 3, rng=numbers)
    (got,) = input_gradients(layer([1, 1]).creator, np.ones((2, 3), dtype=np.float32))
    assert got.dtype == np.float32, f"embedding_backward in float32: the gradient became {got.dtype}"
    layer = Embedding(300, 2, rng=numbers)
    ids = numbers.integers(0, 300, size=200).astype(np.uint8)
    layer(ids).sum().backward()
    counts = np.bincount(ids, minlength=300)
    np.testing.assert_array_equal(
        layer.weight.grad[:, 0], counts, err_msg="backward of a sum: each row counts how often its id occurs"
    )
    layer([7]).sum().backward()
    assert layer.weight.grad[7, 1] == counts[7] + 1, "backward a second time: gradients add up (Module 06)"

    weights = Tensor(numbers.normal(size=(2, 3, 4)), dtype=np.float64)
    ids = np.array([[1, 1, 0], [2, 1, 2]])
    error = gradient_check(
        lambda t: (EmbeddingOp.apply(t, ids=ids) ** 2 * weights).sum(), Tensor(numbers.normal(size=(3, 4)))
    )
    assert error < 1e-6, f"embedding_backward: gradient_check reports {error:.1e}, expected below 1e-6"
    print("backward: repeats, absent rows, shapes and dtypes are right")


test_unit_backward()
### BEGIN HIDDEN TESTS
from tinytorch_lab.probes import probe, raises, rng


def table_gradient(ids, count=7, width=3, dtype=np.float64):
    table = Parameter(np.zeros((count, width)), dtype=dtype)
    result = EmbeddingOp.apply(table, ids=np.asarray(ids))
    return input_gradients(result.creator, rng.normal(size=result.shape).astype(dtype))[0]


ids = rng.integers(0, 7, size=40)
rows = rng.normal(size=(40, 3))
probe("sum_by_id", list(sum_by_id(ids, rows)))
probe("all ids equal", list(sum_by_id(np.full(9, 4), rows[:9])))
probe("all ids different", list(sum_by_id(rng.permutation(9), rows[:9])))
probe("ids far apart", list(sum_by_id(np.array([10**9, 5, 10**9]), rows[:3])))
probe("one id", list(sum_by_id(np.array([6]), rows[:1])))
probe("nothing", [list(part.shape) for part in sum_by_id(ids[:0], rows[:0])])
single = sum_by_id(ids, rows.astype(np.float32))
probe("sum_by_id keeps float32", [single[1], str(single[1].dtype)])
ids_before, rows_before = ids.copy(), rows.copy()
sum_by_id(ids, rows)
probe("arguments unchanged", [bool(np.array_equal(ids, ids_before)), bool(np.array_equal(rows, rows_before))])
probe("a vector of ids", table_gradient(ids))
probe("two axes", table_gradient(ids.reshape(5, 8)))
probe("three axes", table_gradient(ids.reshape(2, 5, 4)))
probe("only the ends", table_gradient([[0, 6, 0], [6, 6, 6]]))
probe("a single id", table_gradient(3))
probe("no ids", table_gradient(ids[:0].reshape(0, 3)))
probe("one column", table_gradient(ids, width=1))
probe("float32", [table_gradient(ids, dtype=np.float32), str(table_gradient(ids, dtype=np.float32).dtype)])
layer = Embedding(6, 4, rng=np.random.default_rng(2)).to(np.float64)
more = rng.integers(0, 6, size=(3, 5))
product = layer(more) * layer(more[:, ::-1])
(product.sum(axis=1) @ layer.weight.T).sum().backward()
probe("used three ways", layer.weight.grad)
spread_out = np.broadcast_to(rng.normal(size=4), (3, 5, 4))
probe("a gradient without memory of its own", input_gradients(layer(more).creator, spread_out)[0])
layer.weight.grad = None
for part in np.array_split(more, 3):
    layer(part).mean().backward()
probe("three passes", layer.weight.grad)
### END HIDDEN TESTS

# %% [markdown]
r"""
### Five ways to add repeated rows

The next cell sums the gradients of one batch in five ways: a Python loop, `np.add.at` on rows, the one-hot product,
the sort, and `np.add.at` on single *numbers* (every element gets its own index into the flattened table, for which
NumPy has a fast path since 1.25). Ids follow a Zipf distribution, as words do: the commonest one makes up a good part
of the batch. What to look for:

- the obvious call is among the slowest: its loop over rows runs inside NumPy, but does as much work for each of them
  as Python's;
- the one-hot product is competitive for characters and hopeless for words: its cost grows with the vocabulary;
- the sort does not depend on the vocabulary, apart from the zeros of the dense result, which all of them write. It is
  at its best where tokens repeat much;
- adding numbers one by one competes with it, and wins where most tokens are rare. Its price: an index of 8 bytes for
  every number of 4, so twice the memory of the gradient itself, and the digits of the last column;
- the last column is the largest deviation from the sum in float64. Adding one after the other to a large sum loses
  digits; summing a run at once loses fewer.
"""


# %% tags=["measure"]
def by_loop(ids, grad, count):
    result = np.zeros((count, grad.shape[1]), dtype=grad.dtype)
    for token, row in zip(ids, grad):
        result[token] += row
    return result


def by_add_at(ids, grad, count):
    result = np.zeros((count, grad.shape[1]), dtype=grad.dtype)
    np.add.at(result, ids, grad)
    return result


def by_one_hot(ids, grad, count):
    one_hot = np.zeros((count, len(ids)), dtype=grad.dtype)
    one_hot[ids, np.arange(len(ids))] = 1
    return one_hot @ grad


def by_sort(ids, grad, count):
    result = np.zeros((count, grad.shape[1]), dtype=grad.dtype)
    distinct, sums = sum_by_id(ids, grad)
    result[distinct] = sums
    return result


def by_flat_add_at(ids, grad, count):
    width = grad.shape[1]
    result = np.zeros(count * width, dtype=grad.dtype)
    np.add.at(result, (ids[:, None] * width + np.arange(width)).ravel(), grad.ravel())
    return result.reshape(count, width)


ways = {
    "Python loop": by_loop,
    "np.add.at, rows": by_add_at,
    "one-hot product": by_one_hot,
    "sort and reduceat": by_sort,
    "np.add.at, numbers": by_flat_add_at,
}
for n, vocabulary in ((768, 65), (768, 1000), (8192, 16000)):
    share = 1 / np.arange(1, vocabulary + 1)
    ids = generator.choice(vocabulary, size=n, p=share / share.sum())
    grad = generator.normal(size=(n, 128)).astype(np.float32)
    exact = by_loop(ids, grad.astype(np.float64), vocabulary)
    distinct = len(np.unique(ids))
    print(f"{n} tokens ({distinct} distinct) of a vocabulary of {vocabulary}, 128 numbers each")
    for name, way in ways.items():
        if name == "one-hot product" and n * vocabulary > 10**7:
            print(f"   {name:20} a matrix of {4 * n * vocabulary / 1e6:.0f} MB: left out")
            continue
        took = microseconds(lambda: way(ids, grad, vocabulary), repeats=5)
        error = np.abs(way(ids, grad, vocabulary) - exact).max()
        print(f"   {name:20} {took:8,.0f} µs, error {error:.0e}")

# %% [markdown]
r"""
### What a table learns

Nobody tells the rows what their tokens mean. The next cell trains a table of 24 words, and a linear layer on top, to
guess the next word in sentences of a toy grammar: an article, perhaps an adjective, a noun, a verb, the next article.
All the loss ever sees is *which word follows*. The figure shows the rows before and after training, projected onto
their two principal axes; colour is the kind of word, which was not part of the data. What to look for: words that are
followed by the same kinds of words have moved together, and the printed similarities within and between kinds have
moved apart. Two tokens mean the same to this model if the same things follow them.
"""

# %% tags=["measure"]
import matplotlib.pyplot as plt

from tinytorch.layers import Linear
from tinytorch.losses import cross_entropy
from tinytorch.optimizers import Adam

KINDS = {
    "article": ["the", "a", "every", "this"],
    "adjective": ["small", "old", "grey", "quick", "brave"],
    "noun": ["cat", "dog", "king", "owl", "fox", "queen", "bird"],
    "verb": ["sees", "chases", "follows", "hears", "finds", "loves", "fears", "meets"],
}
words = [word for kind in KINDS.values() for word in kind]
kinds = [kind for kind, members in KINDS.items() for _ in members]


def sentence_ids(clauses, seed):
    """Word numbers of that many clauses of the toy grammar."""
    draw = np.random.default_rng(seed)
    ids = []
    for _ in range(clauses):
        for kind in ("article", "adjective", "noun", "verb"):
            if kind != "adjective" or draw.random() < 0.5:
                ids.append(words.index(draw.choice(KINDS[kind])))
    return np.array(ids)


def similarities(rows):
    """Mean cosine of pairs of rows of the same kind, and of different kinds."""
    unit = rows / np.linalg.norm(rows, axis=1, keepdims=True)
    cosines, same = unit @ unit.T, np.equal.outer(np.array(kinds), np.array(kinds))
    np.fill_diagonal(cosines, np.nan)
    return np.nanmean(cosines[same]), np.nanmean(cosines[~same])


draw = np.random.default_rng(3)
embedding, readout = Embedding(len(words), 8, rng=draw), Linear(8, len(words), rng=draw)
text = sentence_ids(3000, seed=0)
optimizer = Adam([*embedding.parameters(), *readout.parameters()], lr=0.02)
snapshots = {"before": embedding.weight.data.copy()}
for _ in range(300):
    positions = draw.integers(0, len(text) - 1, size=256)
    optimizer.zero_grad()
    loss = cross_entropy(readout(embedding(text[positions])), text[positions + 1])
    loss.backward()
    optimizer.step()
snapshots["after 300 steps"] = embedding.weight.data
figure, axes = plt.subplots(1, 2, figsize=(11, 4.2))
for axis, (name, rows) in zip(axes, snapshots.items()):
    same, different = similarities(rows)
    print(f"{name:16} similarity within a kind {same:5.2f}, between kinds {different:5.2f}")
    centred = rows - rows.mean(axis=0)
    flat = centred @ np.linalg.svd(centred, full_matrices=False)[2][:2].T
    for color, kind in enumerate(KINDS):
        chosen = [number for number, own in enumerate(kinds) if own == kind]
        axis.scatter(*flat[chosen].T, color=f"C{color}", label=kind)
    for (x, y), word in zip(flat, words):
        axis.annotate(word, (x, y), xytext=(3, 3), textcoords="offset points", fontsize=8)
    axis.set(title=name, xlabel="first principal axis", ylabel="second")
axes[0].legend(fontsize=8)
figure.tight_layout()
plt.show()
print(f"loss {loss.item():.2f}; choosing evenly among all words would give {math.log(len(words)):.2f}")

# %% [markdown]
r"""
## 4. Sinusoidal Positions

One function, a handful of lines, three traps:

- **Pairs.** Columns $2j$ and $2j+1$ share the frequency $\omega_j = 10000^{-2j/d}$. The exponent counts *pairs*:
  column 3 belongs to $j = 1$.
- **Odd widths.** With $d$ odd, the last sine has no cosine beside it.
- **Precision.** A float32 near 30,000 has steps of 0.002. If $\omega t$ is rounded to float32 before the sine is taken,
  far positions are wrong in the third digit. (The first pair does not show it: its argument is an integer.) Compute
  in float64 and round the *result*.
"""


# %% nbgrader={"grade": false, "grade_id": "sinusoidal", "locked": false, "schema_version": 3, "solution": true, "task": false}
#| export
def sinusoidal_table(length: int, dim: int) -> np.ndarray:
    """Sines and cosines for positions 0 … length - 1: a float32 array of shape (length, dim).

    Column 2j holds sin(t ωⱼ), column 2j + 1 holds cos(t ωⱼ), with ωⱼ = 10000^(-2j/dim). Accurate to float32 for
    large t, too. Both lengths may be odd; ``length`` may be 0.
    Hint: ``np.outer``, and slices with a step of 2.
    """
    ### BEGIN SOLUTION
    frequencies = 10000.0 ** (-np.arange(0, dim, 2) / dim)
    angles = np.outer(np.arange(length), frequencies)
    table = np.empty((length, dim), dtype=np.float32)
    table[:, 0::2] = np.sin(angles)
    table[:, 1::2] = np.cos(angles[:, : dim // 2])
    return table
    ### END SOLUTION


# %% nbgrader={"grade": true, "grade_id": "test_sinusoidal", "locked": true, "points": 14, "schema_version": 3, "solution": false, "task": false}
def test_unit_sinusoidal():
    """Values, lengths, similarity by distance, shifts as rotations, odd widths, precision."""
    table = sinusoidal_table(50, 8)
    assert table.shape == (50, 8), f"sinusoidal_table(50, 8): expected shape (50, 8), got {table.shape}"
    assert table.dtype == np.float32, f"sinusoidal_table: expected float32, got {table.dtype}"
    np.testing.assert_allclose(
        table[0], [0, 1] * 4, atol=1e-7, err_msg="sinusoidal_table, position 0: sin 0 and cos 0 in turn"
    )
    np.testing.assert_allclose(
        table[3, :4],
        [math.sin(3), math.cos(3), math.sin(0.3), math.cos(0.3)],
        rtol=1e-5,
        err_msg="sinusoidal_table(50, 8), position 3: the frequencies of the first two pairs are 1 and 1/10",
    )
    np.testing.assert_allclose(
        table[49, 6:],
        [math.sin(0.049), math.cos(0.049)],
        rtol=1e-5,
        err_msg="sinusoidal_table(50, 8), position 49: the last pair has the frequency 10000^(-6/8) = 1/1000",
    )
    np.testing.assert_allclose(
        np.linalg.norm(table, axis=1), 2, rtol=1e-5, err_msg="sinusoidal_table(50, 8): every row has length √(8/2)"
    )
    similarity = table @ table.T
    for distance in (1, 7, 20):
        along = np.diagonal(similarity, distance)
        np.testing.assert_allclose(
            along,
            along[0],
            rtol=1e-4,
            atol=1e-5,
            err_msg=f"sinusoidal_table: rows {distance} positions apart must be equally similar everywhere",
        )
    turn = np.array([[math.cos(0.5), -math.sin(0.5)], [math.sin(0.5), math.cos(0.5)]])
    np.testing.assert_allclose(
        table[5:, 2:4],
        table[:-5, 2:4] @ turn,
        atol=1e-6,
        err_msg="sinusoidal_table: five positions further, the second pair (frequency 1/10) has turned by 0.5",
    )
    odd = sinusoidal_table(6, 5)
    assert odd.shape == (6, 5), f"sinusoidal_table(6, 5): expected shape (6, 5), got {odd.shape}"
    np.testing.assert_allclose(
        odd[2, 4],
        math.sin(2 * 10000 ** (-4 / 5)),
        rtol=1e-5,
        err_msg="sinusoidal_table(6, 5): the last column is a sine without a cosine",
    )
    far = sinusoidal_table(100_001, 16)[100_000, 2:4]
    angle = 100_000 * 10000 ** (-2 / 16)
    np.testing.assert_allclose(
        far,
        [math.sin(angle), math.cos(angle)],
        atol=1e-5,
        err_msg="sinusoidal_table, position 100,000, second pair: angles rounded to float32 are off by a thousandth",
    )
    print("sinusoidal_table: values, distances, odd widths and precision are right")


test_unit_sinusoidal()
### BEGIN HIDDEN TESTS
from tinytorch_lab.probes import probe, raises, rng

length, width = int(rng.integers(20, 60)), 2 * int(rng.integers(3, 20))
probe("even width", sinusoidal_table(length, width))
probe("odd width", sinusoidal_table(length, width + 1))
probe("widths 1, 2, 3", [sinusoidal_table(9, width) for width in (1, 2, 3)])
probe("one position", sinusoidal_table(1, 6))
probe("no position", list(sinusoidal_table(0, 6).shape))
probe("wide", sinusoidal_table(3, 512))
table = sinusoidal_table(length, width)
probe("dtype", str(table.dtype))
similarity = table @ table.T
probe("similarity by distance", [float(np.diagonal(similarity, k).mean()) for k in range(10)])
probe("similarity is the same everywhere", float(np.ptp(np.diagonal(similarity, 3))) < 1e-4)
positions = rng.integers(10**5, 10**6, size=8)
probe("far positions", sinusoidal_table(10**6, 4)[positions])
twice = sinusoidal_table(4, 4), sinusoidal_table(4, 4)
twice[0][:] = 0
probe("own memory", twice[1])
### END HIDDEN TESTS

# %% [markdown]
r"""
### What the table looks like

Left: the table itself, one row for each position; each pair of columns is a clock that runs slower than the one
before. Right: how similar position 64 is to every other position, for the sinusoids and for rows drawn at random,
which is what a *learned* table begins with. What to look for: the sinusoids say "near" and "far" from the start, with
equal similarity at equal distance; the random table knows only "the same" and "another". Whatever order there is in a
learned table, training has to put there.
"""

# %% tags=["measure"]
import matplotlib.pyplot as plt

table = sinusoidal_table(128, 64)
figure, (left, right) = plt.subplots(1, 2, figsize=(11, 3.8))
image = left.imshow(table, aspect="auto", cmap="RdBu", vmin=-1, vmax=1)
left.set(xlabel="column", ylabel="position", title="sinusoidal_table(128, 64)")
figure.colorbar(image, ax=left)
random_rows = np.random.default_rng(0).normal(size=(128, 64))
for name, rows in {"sinusoidal": table, "drawn at random": random_rows}.items():
    unit = rows / np.linalg.norm(rows, axis=1, keepdims=True)
    right.plot(unit @ unit[64], label=name)
right.set(xlabel="position", ylabel="cosine with position 64", title="similarity to position 64")
right.legend()
right.grid(alpha=0.3)
figure.tight_layout()
plt.show()
slowest = 2 * math.pi * 10000 ** (62 / 64)
print(f"one round of the first pair: {2 * math.pi:.1f} positions, of the last: {slowest:,.0f}")

# %% [markdown]
r"""
## 5. Learned or Computed: One Layer for Both

`PositionalEncoding` adds positions to vectors, for both kinds. The table is a parameter, or it is an array that is no
parameter (then nothing trains it, counts it, or saves it, since it can be computed again). Either way,
`x + table[offset : offset + length]` does the work: rows of the table broadcast over the batch, and autograd knows
since Module 06 that what was broadcast is summed on the way back, and what was sliced gets zeros elsewhere.

**`offset`** says at which position of the sequence `x` begins. In training it is 0. When text is generated token by
token (Module 16), token number 57 comes alone, as a sequence of length 1, and has to be told that it is number 57.

**Beyond the table** there is nothing to add, and a slice says so in the worst possible way: `table[60:68]` of a table
with 64 rows has 4 rows, and with 63 it has *one*, which then broadcasts over all positions without a word. So check,
and say which positions were asked for. A negative offset would count from the end: refuse it too.
"""


# %% nbgrader={"grade": false, "grade_id": "positions", "locked": false, "schema_version": 3, "solution": true, "task": false}
#| export
class PositionalEncoding(Module):
    """Adds to each vector of a sequence a vector for its position: learned, or ``sinusoidal_table``."""

    def __init__(
        self, max_length: int, dim: int, learned: bool = True, rng: np.random.Generator | None = None
    ) -> None:
        """Set ``max_length``, ``dim``, ``learned`` and ``table``, of shape (max_length, dim).

        learned: the table is a parameter, drawn by ``normal_parameter`` with a spread of 1/√dim; otherwise it is
        the array of ``sinusoidal_table``.
        """
        ### BEGIN SOLUTION
        self.max_length = max_length
        self.dim = dim
        self.learned = learned
        self.table: Parameter | np.ndarray
        if learned:
            self.table = normal_parameter((max_length, dim), 1 / math.sqrt(dim), rng)
        else:
            self.table = sinusoidal_table(max_length, dim)
        ### END SOLUTION

    def forward(self, x: Tensor, offset: int = 0) -> Tensor:
        """x: (..., length, dim), at positions offset … offset + length - 1; result: the same shape and dtype.

        Raises ValueError, naming what was asked for and what there is, if x has fewer than two axes or another
        width, or if a position is negative or not in the table.
        """
        ### BEGIN SOLUTION
        if x.ndim < 2 or x.shape[-1] != self.dim:
            raise ValueError(f"{self} needs an input of shape (..., length, {self.dim}), got {x.shape}")
        end = offset + x.shape[-2]
        if offset < 0 or end > self.max_length:
            raise ValueError(f"positions {offset} … {end - 1} are not all in 0 … {self.max_length - 1} of {self}")
        return x + self.table[offset:end]
        ### END SOLUTION

    def __repr__(self) -> str:
        return f"PositionalEncoding({self.max_length}, {self.dim}, learned={self.learned})"


# %% nbgrader={"grade": true, "grade_id": "test_positions", "locked": true, "points": 10, "schema_version": 3, "solution": false, "task": false}
def test_unit_positions():
    """Both kinds add the rows of their positions, from any offset on, train what is to be trained, and check ranges."""
    numbers = np.random.default_rng(1)
    x = Tensor(numbers.normal(size=(2, 4, 6)))
    fixed = PositionalEncoding(10, 6, learned=False)
    trained = PositionalEncoding(10, 6, rng=np.random.default_rng(0))
    assert fixed.parameters() == [], "PositionalEncoding(learned=False): sinusoids are no parameters"
    assert [name for name, _ in trained.named_parameters()] == ["table"], (
        "PositionalEncoding(learned=True): expected one parameter, 'table'"
    )
    spread = float(np.std(PositionalEncoding(2000, 16, rng=np.random.default_rng(2)).table.data))
    np.testing.assert_allclose(
        spread, 0.25, rtol=0.05, err_msg="PositionalEncoding(2000, 16): spread of the table, 1/√16 is expected"
    )
    for layer, rows in ((fixed, sinusoidal_table(10, 6)), (trained, trained.table.data)):
        for offset in (0, 3, 6):
            np.testing.assert_allclose(
                layer(x, offset=offset).data,
                x.data + rows[offset : offset + 4],
                rtol=1e-6,
                err_msg=f"{layer}(x, offset={offset}): expected x plus rows {offset} to {offset + 3}",
            )
        one = layer(x[:, :1], offset=9)
        np.testing.assert_allclose(
            one.data, x.data[:, :1] + rows[9], rtol=1e-6, err_msg=f"{layer}: a single vector at the last position"
        )
        plain = layer(x[0])
        assert plain.shape == (4, 6), f"{layer} of one sequence (4, 6): got {plain.shape}"
        double = layer(Tensor(x.data, dtype=np.float64)).dtype
        assert layer(x).dtype == np.float32, f"{layer} of float32: got {layer(x).dtype}"
        assert double == np.float64, f"{layer} of float64: got {double}"
        for label, call in [
            ("4 vectors from offset 7 on", lambda: layer(x, offset=7)),
            ("4 vectors from offset 9 on (one row is left)", lambda: layer(x, offset=9)),
            ("offset -6 (table[-6:-2] has four rows)", lambda: layer(x, offset=-6)),
            ("offset -1", lambda: layer(x[:, :1], offset=-1)),
            ("another width", lambda: layer(Tensor(np.zeros((4, 5))))),
            ("vectors of width 1", lambda: layer(Tensor(np.zeros((4, 1))))),
            ("a single vector without an axis of positions", lambda: layer(Tensor(np.zeros(6)))),
        ]:
            try:
                call()
            except ValueError:
                continue
            raise AssertionError(f"{layer}: {label} must raise ValueError")

    trained(x, offset=2).sum().backward()
    expected = np.zeros((10, 6))
    expected[2:6] = 2
    np.testing.assert_allclose(
        trained.table.grad,
        expected,
        err_msg="PositionalEncoding: rows 2 to 5 were used by both sequences of the batch, the others not at all",
    )
    print("PositionalEncoding: both kinds, offsets, gradients and ranges are right")


test_unit_positions()
### BEGIN HIDDEN TESTS
from tinytorch_lab.probes import probe, raises, rng

layers = [PositionalEncoding(9, 4, learned, rng=np.random.default_rng(7)) for learned in (True, False)]
x = Tensor(rng.normal(size=(3, 5, 4)), dtype=np.float64, requires_grad=True)
probe("tables", [np.asarray(layer.table) for layer in layers])
probe("parameters", [[list(p.shape) for p in layer.parameters()] for layer in layers])
probe("whole", [layer(x).data for layer in layers])
probe("offsets", [layer(x, offset=offset).data for layer in layers for offset in (1, 4)])
probe("offset by position", [layer(x, 2).data for layer in layers])
probe("one sequence", [layer(x[1]).data for layer in layers])
probe("four axes", [layer(x.reshape(3, 1, 5, 4), offset=3).data for layer in layers])
probe("empty", [list(layer(x[:, :0], offset=9).shape) for layer in layers])
probe("dtypes", [str(layer(Tensor(x.data)).dtype) for layer in layers] + [str(layers[1](x).dtype)])
weights = Tensor(rng.normal(size=(3, 5, 4)), dtype=np.float64)
for layer in layers:
    (layer(x, offset=3) * weights).sum().backward()
probe("gradients", [layers[0].table.grad, x.grad])
before = [np.asarray(layer.table).copy() for layer in layers]
with_places = [layer(x) for layer in layers]
for result in with_places:
    result.data[:] = 0
probe("tables unchanged", [bool(np.array_equal(a, layer.table)) for a, layer in zip(before, layers)])
without = [PositionalEncoding(4, 3).table.data for _ in range(2)]
probe("without a generator", bool(np.array_equal(*without)))
probe("one position", PositionalEncoding(1, 4, learned=False)(x[:, :1]).data)
calls = [
    lambda layer: layer(x, offset=5),
    lambda layer: layer(x, offset=8),
    lambda layer: layer(x, offset=-1),
    lambda layer: layer(x, offset=-7),
    lambda layer: layer(x[:, :1], offset=-1),
    lambda layer: layer(x[..., :3]),
    lambda layer: layer(x[..., :1]),
    lambda layer: layer(x[0, 0]),
    lambda layer: layer(x[:, :0], offset=10),
]
probe("errors", [[raises(lambda call=call, layer=layer: call(layer)) for call in calls] for layer in layers])
### END HIDDEN TESTS

# %% [markdown]
r"""
## 6. Tokens and Positions Together

`TokenEmbedding` is what a language model begins with: ids in, one vector for each position out. It owns an
`Embedding` and a `PositionalEncoding`, looks up and adds. With computed positions the looked-up rows are multiplied
by $\sqrt d$ first (section 1: lengths 1 and $\sqrt{d/2}$ do not match, lengths $\sqrt d$ and $\sqrt{d/2}$ do). With
learned positions both tables have rows of length 1, and nothing is multiplied.

The token table is drawn first, then the positions, both from the same generator.
"""


# %% nbgrader={"grade": false, "grade_id": "token_embedding", "locked": false, "schema_version": 3, "solution": true, "task": false}
#| export
class TokenEmbedding(Module):
    """The first layer of a language model: token ids (..., length) become vectors (..., length, dim)."""

    def __init__(
        self,
        vocab_size: int,
        dim: int,
        max_length: int,
        learned: bool = True,
        rng: np.random.Generator | None = None,
    ) -> None:
        """Set ``tokens``, an Embedding, and ``positions``, a PositionalEncoding, both drawn from ``rng``.

        learned: whether the positions are learned. If not, tokens are multiplied by √dim before they are added.
        """
        ### BEGIN SOLUTION
        self.tokens = Embedding(vocab_size, dim, rng)
        self.positions = PositionalEncoding(max_length, dim, learned, rng)
        ### END SOLUTION

    def forward(self, ids: Any, offset: int = 0) -> Tensor:
        """Vectors for ``ids`` at positions offset … offset + length - 1.

        Raises what ``token_ids`` raises, and ValueError for ids without an axis and for positions beyond ``max_length``.
        """
        ### BEGIN SOLUTION
        x = self.tokens(ids)
        if not self.positions.learned:
            x = x * math.sqrt(self.tokens.embedding_dim)
        return self.positions(x, offset)
        ### END SOLUTION

    def __repr__(self) -> str:
        return f"TokenEmbedding({self.tokens!r}, {self.positions!r})"


# %% nbgrader={"grade": true, "grade_id": "test_token_embedding", "locked": true, "points": 6, "schema_version": 3, "solution": false, "task": false}
def test_unit_token_embedding():
    """Token and position are added at comparable size; a sequence in pieces equals the whole; names are fixed."""
    ids = np.array([[1, 4, 1, 0], [2, 2, 2, 2]])
    model = TokenEmbedding(5, 8, 16, rng=np.random.default_rng(0))
    names = sorted(name for name, _ in model.named_parameters())
    assert names == ["positions.table", "tokens.weight"], (
        f"TokenEmbedding: expected the parameters positions.table and tokens.weight, found {names}"
    )
    tokens, positions = model.tokens.weight.data, model.positions.table.data
    np.testing.assert_allclose(
        model(ids).data,
        tokens[ids] + positions[:4],
        rtol=1e-6,
        err_msg="TokenEmbedding: expected the row of the token plus the row of the position",
    )
    drawn = np.random.default_rng(0)
    np.testing.assert_array_equal(
        tokens, Embedding(5, 8, drawn).weight.data, err_msg="TokenEmbedding: the token table is drawn first"
    )
    expected = PositionalEncoding(16, 8, rng=drawn).table.data
    np.testing.assert_array_equal(
        positions, expected, err_msg="TokenEmbedding: the positions are drawn second, from the same generator"
    )

    fixed = TokenEmbedding(500, 64, 40, learned=False, rng=np.random.default_rng(1))
    assert [name for name, _ in fixed.named_parameters()] == ["tokens.weight"], (
        "TokenEmbedding(learned=False): only the tokens are parameters"
    )
    lengths = np.linalg.norm(fixed(np.arange(40)).data - sinusoidal_table(40, 64), axis=1).mean()
    np.testing.assert_allclose(
        lengths,
        8,
        rtol=0.1,
        err_msg="TokenEmbedding(learned=False): beside sinusoids of length √32, tokens need √64, not 1",
    )
    for layer in (model, fixed):
        whole = layer(ids).data
        parts = [layer(ids[:, :1]).data, layer(ids[:, 1:3], offset=1).data, layer(ids[:, 3:], offset=3).data]
        np.testing.assert_allclose(
            np.concatenate(parts, axis=1),
            whole,
            rtol=1e-6,
            err_msg="TokenEmbedding: positions 0, 1–2 and 3 in three calls with offsets must equal one call",
        )
    swapped = np.abs(model(ids[0]).data.mean(axis=0) - model(ids[0, ::-1]).data.mean(axis=0)).max()
    assert swapped < 1e-6, "a mean over positions does not see the order: each position is added once in both"
    assert not np.allclose(model([1, 4]).data[0], model([4, 1]).data[1]), (
        "TokenEmbedding: token 1 at position 0 and token 1 at position 1 must differ"
    )
    print("TokenEmbedding: sums, sizes, offsets and names are right")


test_unit_token_embedding()
### BEGIN HIDDEN TESTS
from tinytorch_lab.probes import probe, raises, rng

models = [TokenEmbedding(11, 6, 9, learned, rng=np.random.default_rng(3)) for learned in (True, False)]
ids = rng.integers(0, 11, size=(2, 5))
probe("values", [model(ids).data for model in models])
probe("names", [[name for name, _ in model.named_parameters()] for model in models])
probe("state", [sorted(model.state_dict().items()) for model in models])
probe("offsets", [model(ids, offset=4).data for model in models])
probe("one token", [model(ids[:, :1], offset=8).data for model in models])
probe("one sequence", [model(ids[0]).data for model in models])
probe("a tensor of ids", [model(Tensor(ids)).data for model in models])
for model in models:
    model.to(np.float64)
    (model(ids, offset=1) ** 3).sum().backward()
probe("token gradients", [model.tokens.weight.grad for model in models])
probe("position gradients", models[0].positions.table.grad)
probe("defaults", [TokenEmbedding(3, 4, 5).positions.learned, len(TokenEmbedding(3, 4, 5).parameters())])
wrong = [lambda m: m([[11]]), lambda m: m([-1]), lambda m: m(3), lambda m: m(ids, offset=5), lambda m: m([0.5])]
probe("errors", [[raises(lambda call=call, model=model: call(model)) for call in wrong] for model in models])
### END HIDDEN TESTS

# %% [markdown]
r"""
## 7. Counting Bytes

Before a table is built one should know what it takes, and four numbers tell different stories: the *table*; its
*dense gradient*, of the same size; its *sparse gradient*, the distinct rows of one batch with an int64 number each;
and the *output*, one vector for each position, repeated tokens included. `embedding_memory` takes plain numbers
instead of a layer, because the most interesting tables are those that nobody could allocate here.
"""


# %% nbgrader={"grade": false, "grade_id": "memory", "locked": false, "schema_version": 3, "solution": true, "task": false}
#| export
def embedding_memory(num_embeddings: int, embedding_dim: int, ids: Any, itemsize: int = 4) -> dict[str, int]:
    """Bytes of a table and of one batch of ``ids``, for numbers of ``itemsize`` bytes.

    ``table``, ``dense_gradient``, ``sparse_gradient`` (each distinct id once, with its row and an int64 number) and
    ``output``. Nothing of the table's size is allocated. Raises what ``token_ids`` raises.
    """
    ### BEGIN SOLUTION
    checked = token_ids(ids, num_embeddings)
    row = embedding_dim * itemsize
    return {
        "table": num_embeddings * row,
        "dense_gradient": num_embeddings * row,
        "sparse_gradient": len(np.unique(checked)) * (row + 8),
        "output": checked.size * row,
    }
    ### END SOLUTION


# %% nbgrader={"grade": true, "grade_id": "test_memory", "locked": true, "points": 6, "schema_version": 3, "solution": false, "task": false}
def test_unit_memory():
    """All four numbers, for repeated ids, other item sizes, and tables that fit into no machine."""
    got = embedding_memory(1000, 16, [[3, 3, 7], [3, 0, 7]])
    expected = {"table": 64_000, "dense_gradient": 64_000, "sparse_gradient": 3 * 72, "output": 6 * 64}
    assert got == expected, f"embedding_memory(1000, 16, six ids, three distinct): got {got}, not {expected}"
    layer = Embedding(1000, 16)
    result = layer([[3, 3, 7], [3, 0, 7]])
    result.sum().backward()
    assert got["table"] == layer.weight.memory_footprint(), "embedding_memory: table against a real layer"
    assert got["dense_gradient"] == layer.weight.grad.nbytes, "embedding_memory: gradient against a real one"
    assert got["output"] == result.memory_footprint(), "embedding_memory: output against a real one"
    sparse = sum(part.nbytes for part in sum_by_id(np.array([3, 3, 7, 3, 0, 7]), np.ones((6, 16), np.float32)))
    assert got["sparse_gradient"] == sparse, "embedding_memory: sparse gradient against sum_by_id"
    huge = embedding_memory(10**12, 128, np.arange(1000), itemsize=2)
    assert huge["table"] == 256 * 10**12, f"embedding_memory: 10¹² rows of 256 bytes, got {huge['table']}"
    assert huge["sparse_gradient"] == 1000 * 264, f"embedding_memory: 1,000 rows, got {huge['sparse_gradient']}"
    assert all(type(value) is int for value in huge.values()), "embedding_memory: expected Python integers"
    print("embedding_memory: all four numbers are right")


test_unit_memory()
### BEGIN HIDDEN TESTS
from tinytorch_lab.probes import probe, raises, rng

count, width = int(rng.integers(50, 500)), int(rng.integers(3, 40))
ids = rng.integers(0, count, size=(4, 30))
probe("a batch", embedding_memory(count, width, ids))
probe("item sizes", [embedding_memory(count, width, ids, itemsize) for itemsize in (1, 2, 8)])
probe("a tensor of ids", embedding_memory(count, width, Tensor(ids.astype(np.int16))))
probe("no ids", embedding_memory(count, width, ids[:0]))
probe("one id many times", embedding_memory(count, width, np.full((9, 9), count - 1)))
probe("one number", embedding_memory(count, width, 0))
probe("large", embedding_memory(3 * 10**12, 10**4, [0, 3 * 10**12 - 1]))
probe("kinds", [type(value) is int for value in embedding_memory(count, width, ids).values()])
calls = [lambda: embedding_memory(5, 2, [5]), lambda: embedding_memory(5, 2, [-1]), lambda: embedding_memory(5, 2, [1.0])]
probe("errors", [raises(call) for call in calls])
### END HIDDEN TESTS

# %% [markdown]
r"""
## 8. Memory and Complexity

### A lookup moves bytes

A lookup reads $n d$ numbers from somewhere in memory and writes them side by side: $8nd$ bytes and not a single
multiplication. So its speed is that of memory, and of *which* memory. The next cell gathers 100,000 rows of 64
numbers from tables of growing size, with ids drawn evenly, and with ids of a Zipf distribution. For comparison it
times a product of two matrices. What to look for:

- small tables live in a cache; beyond it, each row of an even draw is a trip to main memory. At which size does the
  rate break down on your machine?
- Zipf ids come off better: the rows that everybody wants stay in the cache by themselves. Text has this distribution,
  and so have clicks;
- the product's line gives GFLOP/s. Divide its operations by its bytes, and a lookup's: that is the **arithmetic
  intensity**, and for a lookup it is 0. A processor with ten times as many multipliers looks up nothing faster.
"""

# %% tags=["measure"]
n, dim = 100_000, 64
print(f"{n:,} rows of {4 * dim} bytes")
print(f"{'rows of the table':>18} {'table, MB':>10} {'even ids':>24} {'Zipf ids':>24}")
for count in (1_000, 10_000, 100_000, 1_000_000):
    table = np.ones((count, dim), dtype=np.float32)
    draws = {"even": generator.integers(0, count, size=n)}
    ranks = np.floor(np.exp(generator.random(n) * math.log(count + 1))).astype(np.int64) - 1
    draws["Zipf"] = generator.permutation(count)[np.clip(ranks, 0, count - 1)]
    cells = []
    for ids in draws.values():
        took = microseconds(lambda: table.take(ids, axis=0), repeats=4)
        cells.append(f"{8 * n * dim / took / 1e3:7.1f} GB/s, {took * 1e3 / n:5.0f} ns/row")
    print(f"{count:18,} {table.nbytes / 1e6:10.1f} {cells[0]:>24} {cells[1]:>24}")
square = np.ones((512, 512), dtype=np.float32)
took = microseconds(lambda: square @ square)
print(f"512 × 512 product: {2 * 512**3 / took / 1e3:.0f} GFLOP/s, {2 * 512**3 / (3 * square.nbytes):.0f} operations", end="")
print(" for each byte; a lookup: 0")
del table

# %% [markdown]
r"""
### Dense gradients of sparse facts

A batch of 768 tokens touches at most 768 rows. The engine makes a gradient of the size of the *table* nevertheless,
and Adam then walks through all of it, and through its two averages. The next cell measures a lookup, its way back,
and a step of Adam for growing vocabularies; and, as a fourth line, an update of only those rows that `sum_by_id`
returns. What to look for:

- lookup and sparse update are flat: they depend on the batch;
- Adam's line has slope 1: it depends on the table. The way back bends towards it where filling the table with zeros
  takes longer than adding the rows. Where do they overtake the rest of a training step, which Module 13 will put at
  some tens of milliseconds?
- the printed bytes: how much of the dense gradient is zeros?
- the last line: how many rows one step of Adam has moved, among them rows that are not in its batch. Adam's averages
  go on moving a row after its last gradient. An update of touched rows alone is therefore *another
  algorithm* (here SGD; PyTorch's SparseAdam is Adam restricted in that way), not a faster way to the same numbers.
"""

# %% tags=["measure"]
import matplotlib.pyplot as plt

n, dim = 768, 64
sizes = [1_000, 4_000, 16_000, 64_000]
times = {"lookup": [], "way back": [], "Adam step": [], "update of touched rows": []}
for count in sizes:
    layer = Embedding(count, dim, rng=generator)
    share = 1 / np.arange(1, count + 1)
    ids = generator.choice(count, size=n, p=share / share.sum())
    optimizer = Adam(layer.parameters(), lr=0.001)
    result = layer(ids)
    upstream = generator.normal(size=result.shape).astype(np.float32)
    result.backward(upstream)
    optimizer.step()

    def touch():
        distinct, sums = sum_by_id(ids, upstream)
        layer.weight.data[distinct] -= 0.001 * sums

    times["lookup"].append(microseconds(lambda: layer(ids)))
    times["way back"].append(microseconds(lambda: input_gradients(result.creator, upstream)))
    times["Adam step"].append(microseconds(optimizer.step, repeats=3))
    times["update of touched rows"].append(microseconds(touch))
    memory = embedding_memory(count, dim, ids)
    print(
        f"{count:6} rows: dense gradient {memory['dense_gradient'] / 1e6:6.2f} MB, sparse {memory['sparse_gradient'] / 1e6:5.2f} MB; "
        + ", ".join(f"{name} {column[-1]:,.0f} µs" for name, column in times.items())
    )
figure, axis = plt.subplots(figsize=(6.5, 3.6))
for name, column in times.items():
    axis.loglog(sizes, column, "o-", label=name)
axis.set(xlabel="rows of the table", ylabel="µs", title=f"{n} tokens, {dim} numbers each")
axis.grid(alpha=0.3)
axis.legend()
plt.show()
seen = set(ids.tolist())
others = np.setdiff1d(generator.choice(count, size=n, p=share / share.sum()), list(seen))
optimizer.zero_grad()
layer(others).backward(np.ones((len(others), dim), dtype=np.float32))
before = layer.weight.data.copy()
optimizer.step()
moved = np.flatnonzero((layer.weight.data != before).any(axis=1))
print(f"a batch of {len(others)} new rows: Adam moved {len(moved)} rows, {len(np.intersect1d(moved, list(seen)))} of them", end="")
print(" not in the batch")

# %% [markdown]
r"""
### Positions that were never trained

A learned table has a row for each position up to `max_length`, and a row that never occurs in training keeps what it
was drawn with. The next cell trains a token embedding on sequences of at most 24 positions, of 48 that the table has,
to tell in which block of eight positions a token stands (three classes, from the position alone). What to look for:
rows from 24 on have moved by *exactly* 0; the accuracy is perfect inside, and about chance as soon as those rows are
used, although the model answers without hesitation. The sinusoids have rows at every position, but what the layer
above has learned about them ends at 24 as well: they make *rows* for longer contexts, not *knowledge*. (Chance is a
third.)
"""

# %% tags=["measure"]
ids = np.random.default_rng(0).integers(0, 10, size=(512, 48))
classes = np.tile(np.arange(48) % 24 // 8, (512, 1))
print(f"{'positions':12} {'largest change, rows 0–23':>26} {'rows 24–47':>11} {'accuracy, positions 0–23':>22} {'24–47':>7}")
for learned in (True, False):
    draw = np.random.default_rng(1)
    model, readout = TokenEmbedding(10, 32, 48, learned, rng=draw), Linear(32, 3, rng=draw)
    start = np.array(model.positions.table)
    optimizer = Adam([*model.parameters(), *readout.parameters()], lr=0.01)
    for _ in range(200):
        rows = draw.integers(0, 512, size=32)
        optimizer.zero_grad()
        cross_entropy(readout(model(ids[rows, :24])), classes[rows, :24]).backward()
        optimizer.step()
    change = np.abs(np.array(model.positions.table) - start).max(axis=1)
    right = readout(model(ids)).data.argmax(axis=-1) == classes
    name = "learned" if learned else "sinusoidal"
    print(f"{name:12} {change[:24].max():26.3f} {change[24:].max():11.3f} {right[:, :24].mean():22.0%} {right[:, 24:].mean():7.0%}")

# %% [markdown]
r"""
## 9. In Production

**The same layer.** `torch.nn.Embedding(num_embeddings, embedding_dim)` has your signature, draws with a spread of 1,
and by default makes the same dense gradient as you do. `padding_idx` names one row that gets no gradient: the filler
behind short sequences (Module 12 will mask it instead). `nn.EmbeddingBag` sums or averages the rows of each bag of
ids without ever writing them side by side, because in recommendation models the output is larger than the rows it
reads.

**Sparse gradients.** With `sparse=True` the gradient is a pair of ids and rows, *not yet summed*; `coalesce()` does
the work of `sum_by_id`. Only optimizers that know what to do with it accept it: plain SGD, Adagrad and SparseAdam.

**Atomic additions.** On a GPU thousands of threads add their rows at the same time. Atomic additions make that right,
in an order that differs from run to run, and float addition is not associative: two runs differ in the last bits.
`torch.use_deterministic_algorithms(True)` selects slower kernels with a fixed order, among them one that sorts, like
yours.

**Tied tables.** The last layer of a language model turns a vector into one score for each token: a product with a
matrix of shape $(V, d)$ again. GPT-2 uses the token table for it (Press and Wolf, 2017), and saves $Vd$ weights. The
gradient of that table is then a sum of two parts: one sparse, from the lookup, and one dense, since every token gets
a score. The integration test has such a model.

**Sizes that suit the machine.** GPT-2 has 50,257 tokens. nanoGPT makes the table 50,304 rows long, the next multiple
of 64, and is faster with the larger table: matrix units work in tiles.

**Positions.** GPT-2 learns a table of 1,024 positions; there is no position number 1,024. Most newer models add
nothing at all. Rotary embeddings (RoPE: Su and others, 2021) take "a shift is a rotation" literally and turn queries
and keys within attention, so that their product depends on distance alone; ALiBi (Press and others, 2021) subtracts a
multiple of the distance from the scores. Both still have to be *trained* on long sequences to be good at them, or be
stretched with care.

**Tables on many machines.** A recommendation model has one row for each user, article and advertiser: terabytes, of
which a batch reads some megabytes. Tables are divided among machines by rows or by columns; hot rows are cached near
the processor, cold ones live on SSDs; optimizers keep *one* number for each row (row-wise Adagrad) instead of Adam's
two for each weight.

## 10. What Breaks First at Scale

The table does: it grows with the *number of names*, whatever anybody computes. The first table of the next cell
applies `embedding_memory` to models of known shape; "training" counts table, gradient and Adam's two averages, "one
batch" is the sparse gradient of 8,192 different tokens (or of as many as there are). What to look for: which part of
a large language model is its table, and how little of a recommender's table one batch touches.

The usual remedy for too many names is to have fewer rows: a **hash** of the name chooses the row, and names that
collide share one. The second table draws a million names and hashes them into tables of different sizes. What to look
for: with as many rows as names, most names still share their row (why not all of them get their own is the birthday
paradox); with *two* hash functions and the sum of two rows, hardly any pair of names shares both. That costs twice
the reading, and here it buys what no larger table could.
"""

# %% tags=["measure"]


def readable(number):
    """A number of bytes with three digits and a unit."""
    power = min(int(math.log(number, 1000)), 4)
    return f"{number / 1000**power:.3g} {('B', 'kB', 'MB', 'GB', 'TB')[power]}"


batch = np.arange(8192)
print(f"{'model':31} {'rows × width':>19} {'table':>8} {'training':>9} {'one batch':>10} {'of all weights':>15}")
for name, count, dim, itemsize, weights in (
    ("characters, this course", 65, 128, 4, 0.8e6),
    ("GPT-2 small, tied", 50_257, 768, 4, 124e6),
    ("Llama 3 8B, table + output", 2 * 128_256, 4096, 2, 8.03e9),
    ("a recommender, 4 billion names", 4 * 10**9, 128, 4, 4 * 10**9 * 128 + 1e7),
):
    memory = embedding_memory(count, dim, batch % count, itemsize)
    training = 3 * memory["table"] + memory["dense_gradient"]
    print(
        f"{name:31} {f'{count:,} × {dim}':>19} {readable(memory['table']):>8} {readable(training):>9}",
        f"{readable(memory['sparse_gradient']):>10} {count * dim / weights:15.1%}",
    )

names = 1_000_000
print(f"\n{names:,} names   one hash: names that share their row   two hashes: names that share both rows")
for rows in (100_000, 1_000_000, 10_000_000):
    first, second = generator.integers(0, rows, size=(2, names))
    shared = []
    for row in (first, np.minimum(first, second) * rows + np.maximum(first, second)):
        _, group, members = np.unique(row, return_inverse=True, return_counts=True)
        shared.append(np.mean(members[group] > 1))
    print(f"{rows:12,} rows {shared[0]:33.1%} {shared[1]:40.3%}")

# %% [markdown]
r"""
## 11. Integration Test

A model that has to know both *which* token and *where*: the class at each position is (token + position) mod 3.
Neither of the two alone says anything about it. The second model ties its output to the token table, so that the same
parameter is read as a table and multiplied as a matrix.
"""

# %% nbgrader={"grade": true, "grade_id": "test_embeddings", "locked": true, "points": 4, "schema_version": 3, "solution": false, "task": false}
from tinytorch.activations import tanh
from tinytorch.layers import Linear
from tinytorch.losses import cross_entropy
from tinytorch.optimizers import SGD, Adam


class Classifier(Module):
    """Token and position, one hidden layer, one class for each position."""

    def __init__(self, vocab_size, dim, max_length, classes, learned, seed):
        draw = np.random.default_rng(seed)
        self.embedding = TokenEmbedding(vocab_size, dim, max_length, learned, rng=draw)
        self.hidden, self.out = Linear(dim, 32, rng=draw), Linear(32, classes, rng=draw)

    def forward(self, ids, offset=0):
        return self.out(tanh(self.hidden(self.embedding(ids, offset))))


def tied_logits(model, ids):
    """Scores of all tokens by the table from which the tokens came."""
    return tanh(model(ids)) @ model.tokens.weight.T


def test_unit_embeddings():
    """Gradients of whole models are right, a tied table adds both of its parts, and token and position are learned."""
    numbers = np.random.default_rng(4)
    ids, targets = numbers.integers(0, 5, size=(2, 6)), numbers.integers(0, 5, size=(2, 6))
    for learned in (True, False):
        model = TokenEmbedding(5, 4, 8, learned)

        def tied_loss(table):
            model.tokens.weight = table
            return cross_entropy(tied_logits(model, ids), targets)

        error = gradient_check(tied_loss, Tensor(numbers.normal(size=(5, 4))))
        assert error < 1e-6, (
            f"TokenEmbedding(learned={learned}) with a tied output: gradient_check reports {error:.1e} for the table"
        )
    for learned in (True, False):
        model = Classifier(6, 12, 8, 3, learned, seed=0)
        optimizer = Adam(model.parameters(), lr=0.02)
        losses = []
        for _ in range(200):
            ids = numbers.integers(0, 6, size=(32, 8))
            optimizer.zero_grad()
            loss = cross_entropy(model(ids), (ids + np.arange(8)) % 3)
            loss.backward()
            optimizer.step()
            losses.append(loss.item())
        assert losses[-1] < 0.1, (
            f"learned={learned}: (token + position) mod 3 was not learned; the loss went from {losses[0]:.2f} to "
            f"{losses[-1]:.2f}, chance is {math.log(3):.2f}"
        )
        last = model(ids[:, 7:], offset=7).data.argmax(axis=-1)[:, 0]
        right = np.mean(last == (ids[:, 7] + 7) % 3)
        assert right > 0.95, f"learned={learned}: the last position alone, offset=7: {right:.0%} right, expected 95 %"
    print(f"integration: gradients agree; token and position were learned, loss {losses[0]:.2f} -> {losses[-1]:.3f}")


test_unit_embeddings()
### BEGIN HIDDEN TESTS
from tinytorch_lab.probes import probe, raises, rng

ids = rng.integers(0, 7, size=(4, 9))
for learned in (True, False):
    model = Classifier(7, 6, 12, 4, learned, seed=int(rng.integers(100))).to(np.float64)
    optimizer = SGD(model.parameters(), lr=0.5)
    values = []
    for _ in range(5):
        optimizer.zero_grad()
        loss = cross_entropy(model(ids, offset=2), (ids * ids) % 4)
        loss.backward()
        optimizer.step()
        values.append(loss.item())
    probe(f"five steps, learned={learned}", values)
    probe(f"the weights after them, learned={learned}", [p.data for p in model.parameters()])
    pieces = [model(ids[:, t : t + 1], offset=t).data for t in range(9)]
    probe(f"position by position, learned={learned}", np.concatenate(pieces, axis=1))
tied = TokenEmbedding(7, 5, 9, rng=np.random.default_rng(8)).to(np.float64)
cross_entropy(tied_logits(tied, ids), np.roll(ids, -1, axis=1)).backward()
probe("tied", [parameter.grad for parameter in tied.parameters()])
probe("positions beyond the table", raises(lambda: tied(ids, offset=1)))
### END HIDDEN TESTS

# %% [markdown]
"""
## 🤔 ML Systems Thinking

Three questions, each answered in 150–300 words. Argue with your own code and with figures from your own run,
with their units.
"""

# %% [markdown] nbgrader={"grade": false, "grade_id": "question_1", "locked": true, "schema_version": 3, "solution": false, "task": false}
r"""
### Question 1: Lookups move bytes

**Context:** You compared a lookup with a one-hot product, gathered rows from tables of growing size with even and
with Zipf ids, and applied `embedding_memory` to tables that fit into no machine.

**Question:** A recommendation service keeps a table of 2 billion rows of 64 float32 numbers. A request looks up 500
rows, and 20,000 requests come each second. How large is the table, and how many bytes are read each second? Which of
the two decides how many machines are needed, if one has 512 GB of memory and reads random rows at the rate that you
measured for a table beyond the cache? Somebody proposes accelerators with ten times the FLOP/s: what does your
measurement say? Then judge two savings: float16 rows, and a cache that holds the most popular 1 % of the rows. Which
of your figures supports the cache, and for which distribution of requests would it be useless?

**Expected response:** 150–300 words, with the calculation and at least two of your measured figures.
"""

# %% [markdown] nbgrader={"grade": true, "grade_id": "response_1", "locked": false, "points": 10, "schema_version": 3, "solution": true, "task": false}
"""
=== BEGIN MARK SCHEME ===
EXCELLENT (9-10 points):
- Calculates 2·10⁹ · 64 · 4 B = 512 GB of table, and 20,000 · 500 · 256 B ≈ 2.6 GB read each second (10 million random rows a second)
- Concludes that capacity decides: the table alone fills a machine, so at least two are needed, while 10 million rows at the own time per row are a fraction of a machine's time; quotes that time
- Says that a lookup has no multiplications (arithmetic intensity 0), so more FLOP/s change nothing; quotes the own product against lookup or the own GFLOP/s line
- float16 halves both capacity and traffic, at the price of precision (small updates get lost in training)
- The cache is supported by the own Zipf column (higher GB/s, fewer ns for each row, than even ids); useless for even requests, where 1 % of the rows serve 1 % of the requests
- Distinguishes bandwidth from latency: random rows pay for the trip, not for the bytes
GOOD (7-8 points):
- Both sizes right, and the conclusion that capacity decides
- FLOP/s rejected with a reason
- One saving judged with a figure
- At least one own measurement
SATISFACTORY (5-6 points):
- One of the two sizes right
- Knows that lookups are limited by memory, without own figures
- Cache or float16 mentioned in general terms
NEEDS IMPROVEMENT (1-4 points):
- Treats the lookup as a matrix product with its operations
- Recommends faster processors
- No calculation
NO CREDIT (0 points):
- No response or off-topic
- Copied question or notebook text without an answer
- Every claim wrong
=== END MARK SCHEME ===

**Your response:**
"""

# %% [markdown] nbgrader={"grade": false, "grade_id": "question_2", "locked": true, "schema_version": 3, "solution": false, "task": false}
r"""
### Question 2: Sparse gradients

**Context:** `sum_by_id` returns the sparse gradient, your backward rule makes a dense one. You timed five ways to add
repeated rows, and lookup, way back, Adam and an update of touched rows for growing tables; and you saw which rows a
step of Adam moves.

**Question:** A model has a vocabulary of 256,000 tokens of width 1,024 and trains with batches of 16,384 tokens, of
which 4,000 are distinct. Compare dense and sparse gradient in bytes. From your figures: which share of a step's time
would the dense way take, and from which vocabulary on does it hurt *your* runs? Explain why `np.add.at` on rows is
slow, why the sort does not depend on the vocabulary, and what a wrong `zeros[ids] += grad` would do to frequent and
to rare tokens. A colleague replaces Adam by an update of the touched rows: what exactly changes in the result? And
which change to the model's last layer would make every gradient dense, whatever the lookup does?

**Expected response:** 150–300 words, with the calculation and at least two of your measured figures.
"""

# %% [markdown] nbgrader={"grade": true, "grade_id": "response_2", "locked": false, "points": 10, "schema_version": 3, "solution": true, "task": false}
"""
=== BEGIN MARK SCHEME ===
EXCELLENT (9-10 points):
- Calculates dense 256,000 · 1,024 · 4 B ≈ 1.05 GB and sparse 4,000 · (4,096 + 8) B ≈ 16 MB: a factor of 64, the ratio of the rows
- Extrapolates the own way back and Adam step linearly in rows times width, and names the vocabulary at which they reach tens of milliseconds in the own figure
- Explains the fixed price per row of np.add.at against sort plus reduceat, which touch only the positions of the batch; the zeros of the dense result remain
- zeros[ids] += grad keeps the last position only: frequent tokens lose nearly all of their gradient, tokens that occur once are right, so training seems to work
- Names what changes without Adam's walk: averages of absent rows neither decay nor move them, so it is another algorithm (SparseAdam); quotes how many rows moved that were not in the batch
- A tied output (or any product with the table) gives every row a gradient, since every token gets a score
GOOD (7-8 points):
- Both sizes right and their ratio explained
- Own figures for the dependence on the vocabulary
- Overwriting explained with its effect on repeats
- Knows that Adam moves rows without a gradient
SATISFACTORY (5-6 points):
- Knows that only rows of the batch have a gradient, one size right
- Names the slow and the fast way without a reason
- No consequence for the optimizer
NEEDS IMPROVEMENT (1-4 points):
- Believes that the dense gradient is needed for correctness
- Confuses repeated ids with repeated rows of the table
- No figures
NO CREDIT (0 points):
- No response or off-topic
- Copied question or notebook text without an answer
- Every claim wrong
=== END MARK SCHEME ===

**Your response:**
"""

# %% [markdown] nbgrader={"grade": false, "grade_id": "question_3", "locked": true, "schema_version": 3, "solution": false, "task": false}
r"""
### Question 3: Learned or computed positions, and longer contexts

**Context:** You compared the similarities of sinusoidal and of random rows, and trained both kinds of positions on 24
positions of a table with 48. The sinusoids have the two properties of section 1.

**Question:** A model was trained with learned positions on sequences of 1,024 tokens, and shall answer questions
about documents of 8,000. Explain with your figures what happens (a) if `max_length` was 1,024, (b) if it was 8,192
but training never saw more than 1,024 positions, (c) with sinusoids instead. Which is the worst of the three for a
user, and why? How large is the position table of 8,192 positions and width 4,096 beside a token table of 128,000
rows: is memory the reason to choose sinusoids? Propose a way to longer contexts and say how you would *measure*
whether it worked. Finally: why must `offset` be right when text is generated token by token, and which of your tests
would catch a generator that forgets it?

**Expected response:** 150–300 words, with at least two of your measured figures.
"""

# %% [markdown] nbgrader={"grade": true, "grade_id": "response_3", "locked": false, "points": 10, "schema_version": 3, "solution": true, "task": false}
"""
=== BEGIN MARK SCHEME ===
EXCELLENT (9-10 points):
- (a) ValueError, clear and early; (b) rows beyond 1,024 keep their random start (own figure: change exactly 0), so answers come with accuracy near chance; (c) rows exist and are regular, but the layers above never learned them: accuracy also falls (own figure)
- Judges (b) or (c) the worst because nothing fails visibly, while (a) at least says so
- Calculates 8,192 · 4,096 · 4 B ≈ 134 MB against 128,000 · 4,096 · 4 B ≈ 2.1 GB: about 6 %, so memory is not the reason
- Quotes both accuracies, inside and beyond the trained positions
- Proposes training (or continuing) on long sequences, random offsets in training, relative positions such as RoPE or ALiBi, and measures loss or accuracy by position, beyond the trained length
- offset: with 0 every generated token claims to be the first; the test of pieces against the whole (TokenEmbedding, integration) compares exactly this
GOOD (7-8 points):
- All three cases right, at least one with an own figure
- Memory calculated and rejected as the reason
- A sensible way to longer contexts
- The role of offset explained
SATISFACTORY (5-6 points):
- Two of the three cases right
- Says that sinusoids work for any length, without the limits of what was learned
- No measurement proposed
NEEDS IMPROVEMENT (1-4 points):
- Believes that a larger table alone lengthens the context
- Confuses positions with attention
- No own figures
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

**Built.** `token_ids`; `Embedding` with `EmbeddingOp`; `sum_by_id` and the backward rule; `sinusoidal_table`;
`PositionalEncoding` of both kinds with `offset`; `TokenEmbedding`; `embedding_memory`.

**Measured.** A lookup against a one-hot product; five ways to add repeated rows; what a table learns about words; the
rate of lookups beyond the cache; dense against sparse updates; positions that were never trained; and what hashing
shares.

**Understood.**

- A lookup is a product with a one-hot matrix that nobody builds, and its gradient is the transposed one.
- Repeated tokens add up. Overwriting is wrong in silence; adding row by row is right and slow; sorting is right and
  fast.
- The gradient has as many rows as the batch has distinct tokens. Whoever makes it dense pays for the table.
- Lookups move bytes. Memory decides, not arithmetic.
- Without positions, a sequence is a bag. Sinusoids make distance a rotation; learned rows know what training showed
  them.
- A row that exists is not a row that was learned.

**Next.** Module 12 lets the positions look at each other: attention.
"""
