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
# Final: Extend TinyGPT

TinyGPT works. This project makes it *better* in five ways that real systems use: fewer parameters, better sampling, faster
generation, smaller weights, and a measure by which models with different vocabularies can be compared. Then you build and
train an extended model of your own, and defend it with measurements.

**Learning objectives**

- share weights between two places of a model, and know what the gradient does;
- sample from a nucleus, and generate several tokens for one call of a large model without changing its output;
- rebuild a whole model in int8 without touching the original;
- measure in bits per character, against a table and against your own variants;
- argue for an extension with its gain *and* its price.

**Prerequisites:** Module 13 for Parts 1, 2, 3 and 5, Module 15 for Part 4, Module 16 for Part 6 and the report: begin while the
last modules are still to come. Your own package is not used for grading: the reference's modules are.

**Rules.** Work alone. Anything from the modules may be used; no other library than NumPy (and matplotlib to plot). Do not
change the given cells. 70 points are given by tests, 30 for the report: three answers, marked by the schemes that you know
from the modules. **Estimated time:** 12 to 16 hours, in three to four weeks.

| part | points |
| --- | --- |
| 1 tied weights | 8 |
| 2 nucleus sampling | 12 |
| 3 speculative generation | 16 |
| 4 a model in int8 | 10 |
| 5 bits per character | 8 |
| 6 a model of your own | 16 |
| report | 30 |
"""

# %% nbgrader={"grade": false, "grade_id": "imports", "locked": true, "schema_version": 3, "solution": false, "task": false}
import copy
import math
from collections.abc import Callable
from typing import Any

import numpy as np

from tinytorch.autograd import no_grad
from tinytorch.layers import Linear, Module, Sequential, parameter_count
from tinytorch.losses import cross_entropy, log_softmax
from tinytorch.optimizers import Adam
from tinytorch.tensor import Tensor
from tinytorch.tokenization import BPETokenizer, CharTokenizer, TextDataset
from tinytorch.training import CosineSchedule, evaluation_mode, train_step
from tinytorch.transformers import GPT

# %% [markdown]
"""
## The language

Lines about gifts, made at random: *who* gave, *what*, and who thanked *whom*. The second half of a line follows from its first
half, but only for those who look back further than three characters. There are 3,000 lines to learn from; the lines of the
tests are made anew at each grading. (Shakespeare is for your report: he is too long for a test.)
"""

# %% nbgrader={"grade": false, "grade_id": "language", "locked": true, "schema_version": 3, "solution": false, "task": false}
NAMES = ("anna", "ben", "carla", "david", "emma", "felix", "greta", "hugo")
THINGS = ("apple", "book", "candle", "drum", "engine", "feather", "guitar", "hammer")


def lines(count, draw):
    """So many lines of the language, drawn with the generator ``draw``."""
    found = []
    for _ in range(count):
        giver, taker = draw.choice(NAMES, size=2, replace=False)
        found.append(f"{giver} gave {taker} the {draw.choice(THINGS)}; {taker} thanked {giver}.\n")
    return "".join(found)


train_text = lines(3000, np.random.default_rng(0))
val_text = lines(200, np.random.default_rng(1))
tokenizer = CharTokenizer().fit(train_text)
train_ids = np.array(tokenizer.encode(train_text))
print(train_text[:160], f"\n{len(train_ids):,} characters, {tokenizer.vocab_size} different ones")

# %% [markdown]
r"""
## Part 1: Tied weights (8 points)

The embedding turns token $i$ into row $i$ of a table; the head compares a state with row $i$ of another table of the same shape.
`tie_weights` makes them one: afterwards the head's weight *is* the embedding's parameter. Gradients from both uses add up in it, as
they do for every tensor that is used twice (Module 06).
"""

# %% nbgrader={"grade": false, "grade_id": "tie_weights", "locked": false, "schema_version": 3, "solution": true, "task": false}
def tie_weights(model: GPT) -> int:
    """Let head and token embedding share one parameter, the embedding's; return how many parameters that saves.

    A model that is tied already stays as it is: 0. Raises ValueError, naming both shapes, if they differ.
    """
    ### BEGIN SOLUTION
    table = model.embedding.tokens.weight
    if model.head.weight.shape != table.shape:
        raise ValueError(f"head {model.head.weight.shape} and embedding {table.shape} differ in shape")
    before = parameter_count(model)
    model.head.weight = table
    return before - parameter_count(model)
    ### END SOLUTION


# %% nbgrader={"grade": true, "grade_id": "test_tie_weights", "locked": true, "points": 8, "schema_version": 3, "solution": false, "task": false}
def small_gpt(vocab_size=9, dim=8, block_size=6, seed=0):
    """A GPT with two blocks."""
    return GPT(vocab_size, dim, layers=2, heads=2, block_size=block_size, rng=np.random.default_rng(seed))


def test_unit_tie_weights():
    """One parameter in two places, whose gradient is the sum of both."""
    model, apart = small_gpt(), small_gpt()
    table = model.embedding.tokens.weight
    before, values = parameter_count(model), table.data.copy()
    saved = tie_weights(model)
    assert model.head.weight is table, "tie_weights: the head's weight must be the embedding's parameter itself"
    np.testing.assert_array_equal(table.data, values, err_msg="tie_weights: the embedding's values are kept")
    assert (saved, parameter_count(model)) == (72, before - 72), (
        f"tie_weights of 9 tokens and dim 8: saves 72 of {before} parameters; got {saved}, {parameter_count(model)} are left"
    )
    assert tie_weights(model) == 0, "tie_weights: a tied model has nothing to save"
    ids = np.array([[1, 4, 4, 0, 8, 2]])
    apart.head.weight.data = apart.embedding.tokens.weight.data.copy()
    for one in (model, apart):
        cross_entropy(one(ids), ids[:, ::-1].copy()).backward()
    np.testing.assert_allclose(
        model.head.weight.grad,
        apart.head.weight.grad + apart.embedding.tokens.weight.grad,
        rtol=1e-3,
        atol=1e-6,
        err_msg="tie_weights: the gradient is the sum of both uses",
    )
    model.head = Linear(8, 5, bias=False)
    try:
        tie_weights(model)
    except ValueError:
        pass
    else:
        raise AssertionError("tie_weights with a head of another shape: expected ValueError, nothing was raised")
    print("tie_weights: sharing, counts and gradients are right")


test_unit_tie_weights()
### BEGIN HIDDEN TESTS
from tinytorch_lab.probes import probe, raises, rng

vocab, dim = int(rng.integers(5, 12)), 4 * int(rng.integers(1, 4))
model = small_gpt(vocab, dim, seed=int(rng.integers(1000)))
names = {name for name, _ in model.named_parameters()}
probe("saved", [tie_weights(model), tie_weights(model), parameter_count(model)])
probe("names that are gone", sorted(names - {name for name, _ in model.named_parameters()}))
ids = rng.integers(0, vocab, size=(3, 6))
cross_entropy(model(ids), rng.integers(0, vocab, size=(3, 6))).backward()
probe("logits and gradient", [model(ids).data, model.embedding.tokens.weight.grad])
optimizer = Adam(model.parameters(), lr=0.1)
optimizer.step()
probe("one step moves both", bool(model.head.weight.data is model.embedding.tokens.weight.data))
other = small_gpt(vocab, dim)
other.head = Linear(dim, vocab + 1, bias=False)
probe("errors", raises(lambda: tie_weights(other)))
probe("nothing changed", other.head.weight.shape)
### END HIDDEN TESTS

# %% [markdown]
r"""
## Part 2: Nucleus sampling (12 points)

`top_k` keeps the same number of candidates whether the model is sure or not. The **nucleus** keeps as many as are needed: the
smallest set of most likely tokens whose probabilities together reach $p$ (Holtzman and others, 2020). The rest gets probability 0, and
what remains is divided by its sum. Of equally likely tokens at the edge, those with the smaller id are in; at least one token stays.
"Reach" allows for rounding: a sum above $p - 10^{-9}$ is enough.
"""

# %% nbgrader={"grade": false, "grade_id": "nucleus", "locked": false, "schema_version": 3, "solution": true, "task": false}
def nucleus(probabilities: np.ndarray, p: float) -> np.ndarray:
    """A vector of probabilities, cut to its nucleus and normalised, in float64.

    Raises ValueError unless 0 < p <= 1.
    """
    ### BEGIN SOLUTION
    if not 0 < p <= 1:
        raise ValueError(f"p must be above 0 and at most 1, got {p}")
    probabilities = np.asarray(probabilities, dtype=np.float64)
    order = np.argsort(-probabilities, kind="stable")
    reached = np.cumsum(probabilities[order]) > p - 1e-9
    size = int(np.argmax(reached)) + 1 if reached.any() else len(order)
    cut = np.zeros_like(probabilities)
    cut[order[:size]] = probabilities[order[:size]]
    return cut / cut.sum()
    ### END SOLUTION


def sample_nucleus(logits: Any, temperature: float, p: float, rng: np.random.Generator) -> int:
    """A token from the nucleus of softmax(logits / temperature): one draw by ``rng.choice`` over all ids.

    Temperature 0 takes the most likely token without a draw. Raises ValueError for a negative temperature, and what
    ``nucleus`` raises.
    """
    ### BEGIN SOLUTION
    if temperature < 0:
        raise ValueError(f"the temperature must not be negative, got {temperature}")
    scores = np.asarray(logits, dtype=np.float64)
    if temperature == 0:
        return int(scores.argmax())
    weights = np.exp((scores - scores.max()) / temperature)
    return int(rng.choice(len(weights), p=nucleus(weights / weights.sum(), p)))
    ### END SOLUTION


# %% nbgrader={"grade": true, "grade_id": "test_nucleus", "locked": true, "points": 12, "schema_version": 3, "solution": false, "task": false}
def test_unit_nucleus():
    """The smallest set that reaches p, ties, normalisation, temperatures and one draw."""
    cases = [
        ([0.5, 0.3, 0.2], 0.5, [1, 0, 0]),
        ([0.5, 0.3, 0.2], 0.51, [0.625, 0.375, 0]),
        ([0.2, 0.3, 0.5], 0.9, [0.2, 0.3, 0.5]),
        ([0.2, 0.3, 0.5], 1e-6, [0, 0, 1]),
        ([0.25, 0.25, 0.25, 0.25], 0.5, [0.5, 0.5, 0, 0]),
        ([0.1] * 10, 0.3, [1 / 3] * 3 + [0] * 7),
        ([0.4, 0.0, 0.6], 1.0, [0.4, 0, 0.6]),
    ]
    for probabilities, p, expected in cases:
        kept = list(probabilities)
        got = nucleus(np.array(probabilities), p)
        np.testing.assert_allclose(got, expected, atol=1e-12, err_msg=f"nucleus({kept}, {p})")
    for bad in (0.0, 1.5, -1):
        try:
            nucleus(np.array([0.5, 0.5]), bad)
        except ValueError:
            pass
        else:
            raise AssertionError(f"nucleus with p = {bad}: expected ValueError, nothing was raised")
    logits = np.log([0.5, 0.3, 0.15, 0.05])
    rng = np.random.default_rng(0)
    drawn = [sample_nucleus(logits, 1.0, 0.9, rng) for _ in range(2000)]
    shares = np.bincount(drawn, minlength=4) / 2000
    np.testing.assert_allclose(
        shares, [0.526, 0.316, 0.158, 0], atol=0.04, err_msg="sample_nucleus at p = 0.9: shares of 2,000 draws"
    )
    assert sample_nucleus(logits, 0, 0.9, None) == 0, "sample_nucleus at temperature 0: the most likely, without a draw"
    cold = {sample_nucleus(logits, 0.1, 0.99, rng) for _ in range(300)}
    assert cold <= {0, 1}, f"sample_nucleus at temperature 0.1: the nucleus comes after the temperature, drew {cold}"
    huge = sample_nucleus(np.array([1000.0, -1000.0]), 1.0, 0.5, rng)
    assert huge == 0, "sample_nucleus of logits ±1000: no overflow"
    print("nucleus: sets, ties, temperatures and draws are right")


test_unit_nucleus()
### BEGIN HIDDEN TESTS
from tinytorch_lab.probes import probe, raises, rng

weights = rng.exponential(size=12)
probe("nuclei", [nucleus(weights / weights.sum(), p) for p in (0.05, 0.3, 0.6, 0.95, 1.0)])
probe("ties", [nucleus(np.array([0.2, 0.2, 0.1, 0.2, 0.2, 0.1]), p) for p in (0.2, 0.4, 0.61)])
probe("float32", [nucleus((weights / weights.sum()).astype(np.float32), 0.5).dtype == np.float64])
logits = 3 * rng.normal(size=20)
seeds = [int(seed) for seed in rng.integers(1000, size=12)]
for temperature in (0.3, 1.0, 4.0):
    drawn = [sample_nucleus(logits, temperature, 0.8, np.random.default_rng(seed)) for seed in seeds]
    probe(f"draws at {temperature}", drawn)
generator, twin = np.random.default_rng(1), np.random.default_rng(1)
sample_nucleus(logits, 1.0, 0.9, generator)
twin.choice(20, p=np.full(20, 0.05))
probe("one draw", bool(generator.random() == twin.random()))
probe("a tensor", sample_nucleus(Tensor(logits), 0.0, 0.5, np.random.default_rng(0)))
probe("errors", [raises(lambda: sample_nucleus(logits, *bad, np.random.default_rng(0))) for bad in ((-1, 0.5), (1, 0), (1, 2))])
### END HIDDEN TESTS

# %% [markdown]
r"""
## Part 3: Speculative generation (16 points)

A large model scores *all* positions of a sequence in one call, and yet generation asks it for one token at a time. A small **draft** model
can guess ahead; the large **target** then checks all guesses in one call (Leviathan and others, 2023). For greedy generation the result is
*exactly* what the target alone would have written. In each round, with $r$ tokens still to come:

1. the draft proposes $\min(\text{lookahead}, r - 1)$ tokens, one after the other, each the most likely one;
2. the target scores everything written so far plus the proposals in **one** call;
3. proposals are accepted as long as each equals the target's most likely token at its place;
4. one more token follows, the target's own: in place of the first rejected proposal, or behind all of them.

```text
   written   a n n a _          proposals   g a v e          target says after "a n n a _"   g a v e _
                                            ✓ ✓ ✓ ✓                     all right: five tokens for one call
   written   b e n _ t h        proposals   e _ d            target says after "b e n _ t h"  a …
                                            ✗                           "a" instead of "e": one token for one call
```

`target` and `draft` are functions from ids (n,) to scores (n, vocabulary): row $i$ holds the scores of the token *behind* place $i$.
"""

# %% nbgrader={"grade": false, "grade_id": "speculative", "locked": false, "schema_version": 3, "solution": true, "task": false}
Scores = Callable[[np.ndarray], np.ndarray]


def speculative(
    target: Scores, draft: Scores, prompt: list[int], count: int, lookahead: int
) -> tuple[list[int], int]:
    """The target's greedy continuation of ``prompt`` by exactly ``count`` tokens, and how often the target was called.

    Raises ValueError for an empty prompt, a negative count or lookahead.
    """
    ### BEGIN SOLUTION
    if not prompt or count < 0 or lookahead < 0:
        raise ValueError(f"needs a prompt, count and lookahead >= 0; got {len(prompt)}, {count}, {lookahead}")
    ids, calls = list(prompt), 0
    while (left := len(prompt) + count - len(ids)) > 0:
        start = len(ids)
        for _ in range(min(lookahead, left - 1)):
            ids.append(int(np.argmax(draft(np.array(ids))[-1])))
        best = np.argmax(target(np.array(ids)), axis=-1)
        calls += 1
        place = start
        while place < len(ids) and ids[place] == best[place - 1]:
            place += 1
        ids[place:] = [int(best[place - 1])]
    return ids[len(prompt) :], calls
    ### END SOLUTION


# %% nbgrader={"grade": true, "grade_id": "test_speculative", "locked": true, "points": 16, "schema_version": 3, "solution": false, "task": false}
def follows(rule, vocab=10):
    """A model that is sure of ``rule(ids up to a place)`` at every place, and counts its calls and their lengths."""

    def scores(ids):
        scores.lengths.append(len(ids))
        table = np.zeros((len(ids), vocab))
        for place in range(len(ids)):
            table[place, rule(list(ids[: place + 1]))] = 1.0
        return table

    scores.lengths = []
    return scores


def plain_greedy(target, prompt, count):
    """One call for each token."""
    ids = list(prompt)
    for _ in range(count):
        ids.append(int(np.argmax(target(np.array(ids))[-1])))
    return ids[len(prompt) :]


def test_unit_speculative():
    """The output is the target's own, with the promised number of calls, for good and bad drafts."""

    def counting(ids):
        return (ids[-1] + 1) % 10

    def history(ids):
        return (3 * ids[-1] + len(ids) + ids[0]) % 10

    def sometimes(ids):
        return counting(ids) if len(ids) % 3 else 7

    for label, rule, guess in [
        ("the draft is always right", counting, counting),
        ("the draft is always wrong", counting, lambda ids: (ids[-1] + 2) % 10),
        ("the draft is right in two of three cases", counting, sometimes),
        ("the target looks at everything", history, lambda ids: (3 * ids[-1]) % 10),
    ]:
        for count in (0, 1, 2, 7, 20):
            for lookahead in (0, 1, 4, 30):
                got, calls = speculative(follows(rule), follows(guess), [4, 2], count, lookahead)
                expected = plain_greedy(follows(rule), [4, 2], count)
                assert got == expected, (
                    f"speculative, {label}, count={count}, lookahead={lookahead}: the target alone writes {expected}, got {got}"
                )
                assert calls <= count, f"speculative, {label}: {calls} calls for {count} tokens"
    for count, lookahead, expected in ((20, 4, 4), (20, 0, 20), (7, 30, 1), (11, 4, 3), (0, 4, 0), (1, 4, 1)):
        target, draft = follows(counting), follows(counting)
        _, calls = speculative(target, draft, [1], count, lookahead)
        assert calls == len(target.lengths) == expected, (
            f"speculative, a perfect draft, {count} tokens, lookahead {lookahead}: expected {expected} calls of the target, "
            f"got {calls}, counted {len(target.lengths)}"
        )
        longest = max([0, *target.lengths])
        assert longest <= count, f"speculative: the target saw {longest} ids for a prompt of 1 and {count} tokens"
    for bad in (([], 3, 2), ([1], -1, 2), ([1], 3, -1)):
        try:
            speculative(follows(counting), follows(counting), *bad)
        except ValueError:
            pass
        else:
            raise AssertionError(f"speculative{bad}: expected ValueError, nothing was raised")
    print("speculative: the target's own tokens, in fewer calls")


test_unit_speculative()
### BEGIN HIDDEN TESTS
from tinytorch_lab.probes import probe, raises, rng

table, other = rng.integers(0, 10, size=(2, 10, 10))
for label, share in (("a poor draft", 0.3), ("a good draft", 0.9)):
    guess = np.where(rng.random(size=(10, 10)) < share, table, other)
    for lookahead in (1, 3, 8):
        target = follows(lambda ids: int(table[ids[-1], ids[-2] if len(ids) > 1 else 0]))
        draft = follows(lambda ids: int(guess[ids[-1], ids[-2] if len(ids) > 1 else 0]))
        prompt = [int(token) for token in rng.integers(0, 10, size=4)]
        tokens, calls = speculative(target, draft, prompt, 25, lookahead)
        probe(f"{label}, lookahead {lookahead}", [tokens, calls, target.lengths, len(draft.lengths)])
        probe(f"{label}, {lookahead}: as the target alone", tokens == plain_greedy(target, prompt, 25))
prompt = [3, 1]
speculative(target, draft, prompt, 6, 2)
probe("the prompt is left alone", prompt)
probe("integers", [type(token) is int for token in speculative(target, draft, prompt, 3, 2)[0]])
model, small = small_gpt(seed=3), small_gpt(seed=4)


def scored(one):
    return lambda ids: one(np.asarray(ids)[None, -6:]).data[0] if len(ids) <= 6 else np.zeros((len(ids), 9))


tokens, calls = speculative(scored(model), scored(small), [2, 5], 4, 2)
probe("two small GPTs", tokens)
probe("errors", [raises(lambda: speculative(target, draft, *bad)) for bad in (([], 1, 1), ([1], -1, 1), ([1], 1, -1))])
### END HIDDEN TESTS

# %% [markdown]
"""
## Part 4: A model in int8 (10 points)

`int8_copy` returns a copy of a whole model in which every `Linear` layer, wherever it sits (attributes, lists, modules within
modules), is a `QuantizedLinear`. The original is not touched, and shares no array that the copy could change. A layer that is used in
several places is *one* quantized layer in the copy.

The next cell needs Module 15. If your package does not have it yet, run Part 5 first: it needs nothing from here.
"""

# %% nbgrader={"grade": false, "grade_id": "imports_int8", "locked": true, "schema_version": 3, "solution": false, "task": false}
from tinytorch.acceleration import QuantizedLinear, model_bytes

# %% nbgrader={"grade": false, "grade_id": "int8_copy", "locked": false, "schema_version": 3, "solution": true, "task": false}
def int8_copy(model: Module) -> Module:
    """A copy of ``model`` for inference, with ``QuantizedLinear`` in place of all ``Linear`` layers.

    Hint: ``copy.deepcopy``, then a walk over ``vars(module)`` that remembers what it has replaced.
    """
    ### BEGIN SOLUTION
    done: dict[int, Any] = {}

    def replaced(value: Any) -> Any:
        if isinstance(value, (list, tuple)):
            return type(value)(replaced(part) for part in value)
        if not isinstance(value, Module):
            return value
        if id(value) not in done:
            done[id(value)] = QuantizedLinear.from_linear(value) if isinstance(value, Linear) else value
            if not isinstance(value, Linear):
                for name, part in list(vars(value).items()):
                    setattr(value, name, replaced(part))
        return done[id(value)]

    return replaced(copy.deepcopy(model))
    ### END SOLUTION


# %% nbgrader={"grade": true, "grade_id": "test_int8_copy", "locked": true, "points": 10, "schema_version": 3, "solution": false, "task": false}
def kinds_in(model):
    """How many Linear and QuantizedLinear layers a model holds."""
    modules = model.modules()
    return sum(isinstance(m, Linear) for m in modules), sum(isinstance(m, QuantizedLinear) for m in modules)


def test_unit_int8_copy():
    """All linear layers, everywhere, once each; the original as before; near in its answers, and smaller."""
    model = small_gpt(dim=16)
    linear = kinds_in(model)[0]
    before = {name: array.copy() for name, array in model.state_dict().items()}
    ids = np.array([[1, 4, 4, 0, 8, 2]])
    exact = model(ids).data
    small = int8_copy(model)
    assert kinds_in(small) == (0, linear), f"int8_copy: (Linear, QuantizedLinear) should be {(0, linear)}, is {kinds_in(small)}"
    assert kinds_in(model) == (linear, 0), f"int8_copy changed the original: {kinds_in(model)} instead of {(linear, 0)}"
    for name, array in model.state_dict().items():
        np.testing.assert_array_equal(array, before[name], err_msg=f"int8_copy changed {name} of the original")
    with no_grad():
        got = small(ids).data
    away = np.abs(got - exact).max() / np.abs(exact).max()
    assert away < 0.1, f"int8_copy: scores are {away:.1%} away from the original's"
    small.embedding.tokens.weight.data[:] = 0
    np.testing.assert_array_equal(
        model.embedding.tokens.weight.data, before["embedding.tokens.weight"], err_msg="int8_copy shares the embedding"
    )
    shared = Linear(4, 4)
    nested = int8_copy(Sequential(shared, Sequential(shared, Linear(4, 2))))
    assert nested[0] is nested[1][0], "int8_copy: a layer in two places is one layer in the copy"
    assert isinstance(nested[1][1], QuantizedLinear), "int8_copy: layers within layers are replaced as well"
    assert isinstance(int8_copy(Linear(3, 2)), QuantizedLinear), "int8_copy of a single Linear layer"
    big = small_gpt(dim=64)
    ratio = model_bytes(big) / model_bytes(int8_copy(big))
    assert ratio > 3, f"int8_copy of a model with dim 64: {ratio:.1f} times smaller, more than 3 expected"
    print("int8_copy: layers, sharing, originals and sizes are right")


test_unit_int8_copy()
### BEGIN HIDDEN TESTS
from tinytorch_lab.probes import probe, raises, rng

model = small_gpt(dim=8, seed=int(rng.integers(100)))
small = int8_copy(model)
ids = rng.integers(0, 9, size=(2, 6))
with no_grad():
    probe("scores", small(ids).data)
probe("layers", [list(kinds_in(small)), list(kinds_in(model))])
probe("bytes", [model_bytes(small), model_bytes(model)])
probe("what is left to train", sorted(name for name, _ in small.named_parameters()))
tied = small_gpt(dim=8)
tie_weights(tied)
with no_grad():
    probe("a tied model", int8_copy(tied)(ids).data)
probe("still tied", bool(tied.head.weight is tied.embedding.tokens.weight))
layer = Linear(5, 3, rng=np.random.default_rng(0))
model = Sequential(layer, Sequential(Linear(3, 5, rng=np.random.default_rng(1)), layer))
batch = Tensor(rng.normal(size=(4, 5)))
probe("a shared layer", [int8_copy(model)(batch).data, len({id(m) for m in int8_copy(model).modules()})])
probe("nothing to replace", [list(kinds_in(int8_copy(Sequential()))), list(kinds_in(int8_copy(int8_copy(model))))])
### END HIDDEN TESTS

# %% [markdown]
r"""
## Part 5: Bits per character (8 points)

Perplexity per *token* cannot compare a model of characters with one of byte pairs: its unit differs. **Bits per character** can:

$$\frac{1}{\text{characters of the text}} \sum_{i \ge 1} -\log_2 P(t_i \mid \text{tokens before it in its block}).$$

Cut the tokens into blocks of `block_size + 1` that overlap by *one* token, so that each token except the first is predicted exactly once, also
those of a last, shorter block. Work in evaluation mode and without recording, and leave no trace in the model.
"""

# %% nbgrader={"grade": false, "grade_id": "bits_per_character", "locked": false, "schema_version": 3, "solution": true, "task": false}
def bits_per_character(model: GPT, tokenizer: CharTokenizer | BPETokenizer, text: str) -> float:
    """Bits that the model needs for each character of ``text``. Raises ValueError for fewer than two tokens.

    Hint: whole blocks go through the model in batches; a shorter last one goes alone.
    """
    ### BEGIN SOLUTION
    ids = np.asarray(tokenizer.encode(text))
    if len(ids) < 2:
        raise ValueError(f"needs at least two tokens, got {len(ids)}")
    size = model.block_size
    whole = (len(ids) - 1) // size * size
    inputs, targets = ids[:whole].reshape(-1, size), ids[1 : whole + 1].reshape(-1, size)
    parts = [(inputs[i : i + 32], targets[i : i + 32]) for i in range(0, len(inputs), 32)]
    if whole < len(ids) - 1:
        parts.append((ids[None, whole:-1], ids[None, whole + 1 :]))
    nats = 0.0
    with no_grad(), evaluation_mode(model):
        for given, wanted in parts:
            logs = log_softmax(model(given)).data
            nats -= float(np.take_along_axis(logs, wanted[..., None], axis=-1).sum(dtype=np.float64))
    return nats / math.log(2) / len(text)
    ### END SOLUTION


# %% nbgrader={"grade": true, "grade_id": "test_bits_per_character", "locked": true, "points": 8, "schema_version": 3, "solution": false, "task": false}
class Undecided(GPT):
    """Gives every token the same probability, and notes what it was asked."""

    def __init__(self, vocab_size, block_size):
        super().__init__(vocab_size, 4, 1, 1, block_size)
        self.vocab_size, self.seen, self.modes = vocab_size, [], []

    def forward(self, ids, **_options):
        ids = np.asarray(ids)
        self.seen.append(ids)
        self.modes.append(self.training)
        return Tensor(np.zeros((*ids.shape, self.vocab_size)))


def test_unit_bits_per_character():
    """Each token but the first is predicted once, whatever the length; units and modes are right."""
    text = train_text[:100]
    for block_size in (4, 10, 33, 99, 200):
        model = Undecided(tokenizer.vocab_size, block_size)
        got = bits_per_character(model, tokenizer, text)
        expected = 99 / 100 * math.log2(tokenizer.vocab_size)
        np.testing.assert_allclose(
            got, expected, rtol=1e-5, err_msg=f"bits_per_character, blocks of {block_size}: 99 tokens of equal probability"
        )
        asked = sum(ids.size for ids in model.seen)
        assert asked == 99, f"bits_per_character, blocks of {block_size}: 99 predictions, asked for {asked}"
        assert max(ids.shape[-1] for ids in model.seen) <= block_size, "bits_per_character: a block is too long"
        assert model.training and not any(model.modes), "bits_per_character: evaluation mode, and back afterwards"
    pairs = BPETokenizer(280).train(train_text[:4000])
    model = Undecided(pairs.vocab_size, 16)
    tokens = len(pairs.encode(text))
    np.testing.assert_allclose(
        bits_per_character(model, pairs, text),
        (tokens - 1) * math.log2(pairs.vocab_size) / 100,
        rtol=1e-5,
        err_msg="bits_per_character of byte pairs: bits of all tokens, divided by characters",
    )
    model = small_gpt(tokenizer.vocab_size, block_size=8)
    bits_per_character(model, tokenizer, text)
    assert all(p.grad is None for p in model.parameters()), "bits_per_character must leave no gradients"
    try:
        bits_per_character(model, tokenizer, "a")
    except ValueError:
        pass
    else:
        raise AssertionError("bits_per_character of one token: expected ValueError, nothing was raised")
    print("bits_per_character: blocks, units and modes are right")


test_unit_bits_per_character()
### BEGIN HIDDEN TESTS
from tinytorch_lab.probes import probe, raises, rng

text = lines(12, rng)
for block_size in (5, 16, 64):
    model = small_gpt(tokenizer.vocab_size, 8, block_size, seed=int(rng.integers(100)))
    probe(f"blocks of {block_size}", bits_per_character(model, tokenizer, text))
probe("two tokens", bits_per_character(model, tokenizer, text[:2]))
probe("one block and one token", bits_per_character(model, tokenizer, text[:66]))
probe("exactly one block", bits_per_character(model, tokenizer, text[:65]))
pairs = BPETokenizer(270).train(train_text[:2000])
probe("byte pairs", bits_per_character(small_gpt(pairs.vocab_size, 8, 12), pairs, text))
long = Undecided(tokenizer.vocab_size, 8)
probe("in batches", [bits_per_character(long, tokenizer, train_text[:2000]), bool(len(long.seen) < 100)])
probe("errors", [raises(lambda: bits_per_character(model, tokenizer, bad)) for bad in ("", "b")])
### END HIDDEN TESTS

# %% [markdown]
"""
## Part 6: A model of your own (16 points)

`build_model` returns an extended model of your design: a `GPT`, or a subclass of it, with `block_size` of at least 16 and at most **60,000
parameters**. `train_model` trains it for a number of steps. Tied weights, another shape, warm-up and decay, larger batches, label
smoothing, a fused feed-forward (Module 15), another normalisation: your decision, and your report.

The points go by bits per character on *fresh* lines after 250 steps. A table of trigrams needs 0.75; knowing the line's second half by heart
would need about 0.19. A test may take 30 seconds, and graders' machines are busy: stay below ten. Equal generators and seeds give
equal weights.

`TinyGPT`, a `GPT` with other defaults, comes from Module 16.
"""

# %% nbgrader={"grade": false, "grade_id": "imports_own_model", "locked": true, "schema_version": 3, "solution": false, "task": false}
from tinytorch.tinygpt import TinyGPT

# %% nbgrader={"grade": false, "grade_id": "own_model", "locked": false, "schema_version": 3, "solution": true, "task": false}
PARAMETER_BUDGET = 60_000


def build_model(vocab_size: int, rng: np.random.Generator) -> GPT:
    """A new model with random weights, drawn from ``rng``."""
    ### BEGIN SOLUTION
    model = TinyGPT(vocab_size, layers=2, heads=4, dim=40, block_size=40, rng=rng)
    tie_weights(model)
    return model
    ### END SOLUTION


def train_model(model: GPT, ids: np.ndarray, steps: int, seed: int = 0) -> list[float]:
    """Train on the tokens ``ids`` for so many steps, and return the loss of each."""
    ### BEGIN SOLUTION
    data, draw = TextDataset(ids, model.block_size), np.random.default_rng(seed)
    optimizer, schedule = Adam(model.parameters()), CosineSchedule(6e-3, warmup=steps // 10, total=steps, minimum=2e-4)
    losses = []
    for step in range(steps):
        optimizer.lr = schedule(step)
        inputs, targets = data[draw.integers(0, len(data), size=12)]
        losses.append(train_step(model, optimizer, cross_entropy, [(Tensor(inputs), Tensor(targets))], clip_norm=1.0))
    return losses
    ### END SOLUTION


# %% nbgrader={"grade": true, "grade_id": "test_own_model", "locked": true, "points": 16, "schema_version": 3, "solution": false, "task": false}
own = build_model(tokenizer.vocab_size, np.random.default_rng(0))


def test_unit_own_model():
    """Within the budget, causal, reproducible, and better than a table of pairs."""
    assert isinstance(own, GPT), f"build_model: a GPT or a subclass of it, got {type(own).__name__}"
    count = parameter_count(own)
    assert count <= PARAMETER_BUDGET, f"build_model: {count:,} parameters, the budget is {PARAMETER_BUDGET:,}"
    assert own.block_size >= 16, f"build_model: block_size of at least 16, got {own.block_size}"
    ids = train_ids[None, :16]
    logits = own(ids).data
    assert logits.shape == (1, 16, tokenizer.vocab_size), f"build_model: (1, 16) ids became {logits.shape}"
    changed = ids.copy()
    changed[0, 10] = (ids[0, 10] + 1) % tokenizer.vocab_size
    np.testing.assert_allclose(
        own(changed).data[:, :10], logits[:, :10], atol=1e-6, err_msg="build_model: a later token changed earlier scores"
    )
    states = []
    for _ in range(2):
        model = build_model(tokenizer.vocab_size, np.random.default_rng(3))
        losses = train_model(model, train_ids[:2000], steps=3, seed=5)
        states.append(list(model.state_dict().values()))
    assert len(losses) == 3, f"train_model: one loss for each of 3 steps, got {len(losses)}"
    for one, other in zip(*states):
        np.testing.assert_array_equal(one, other, err_msg="train_model: equal generators and seeds, different weights")
    train_model(own, train_ids, steps=250)
    bits = bits_per_character(own, tokenizer, val_text)
    assert bits < 1.9, f"train_model: {bits:.2f} bits per character after 250 steps; a table of pairs needs 1.94"
    print(f"own model: {count:,} parameters, {bits:.3f} bits per character")


test_unit_own_model()
### BEGIN HIDDEN TESTS
from tinytorch_lab.probes import probe, raises, rng

fresh = lines(150, rng)
bits = bits_per_character(own, tokenizer, fresh)
for level in (1.4, 1.0, 0.74, 0.64, 0.57, 0.52):
    probe(f"at most {level} bits per character", bool(bits <= level))
probe("budget", bool(len({id(p) for p in own.parameters()}) and parameter_count(own) <= 60_000))
with no_grad():
    near = bits_per_character(int8_copy(own), tokenizer, fresh)
probe("survives int8", bool(near < bits + 0.1))
### END HIDDEN TESTS

# %% [markdown]
"""
### Your experiments

Compare your extensions here, with several seeds; train on Shakespeare (`tinytorch.tinygpt.shakespeare`) if you like. This cell is yours; it is
not run when the notebook is graded. As an example, it measures speculative generation with your model as target.
"""

# %% tags=["measure"]
import time


def scores_of(model):
    """Scores at every place of a text no longer than a block."""

    def scores(ids):
        scores.calls += 1
        with no_grad():
            return model(ids[None]).data[0]

    scores.calls = 0
    return scores


small = TinyGPT(tokenizer.vocab_size, layers=1, heads=2, dim=16, block_size=own.block_size, rng=np.random.default_rng(0))
train_model(small, train_ids, steps=150)
prompt = [int(token) for token in tokenizer.encode("anna gave ")]
count = own.block_size - len(prompt)
print(f"target {parameter_count(own):,} parameters, draft {parameter_count(small):,}")
for lookahead in (0, 2, 4, 8):
    target, draft = scores_of(own), scores_of(small)
    start = time.perf_counter()
    tokens, calls = speculative(target, draft, prompt, count, lookahead)
    seconds = time.perf_counter() - start
    text = tokenizer.decode(tokens).strip()
    print(f"lookahead {lookahead}: {calls:3} + {draft.calls:3} calls, {1000 * seconds:6.1f} ms   {text!r}")

# %% [markdown]
"""
## Report

Three answers of 150–300 words. Argue with your own design, your own figures, and your own mistakes.
"""

# %% [markdown] nbgrader={"grade": false, "grade_id": "question_1", "locked": true, "schema_version": 3, "solution": false, "task": false}
"""
### Question 1: Your extended model

**Question:** Describe your model and its training, and which of your extensions earned its place. Report a comparison that changes one thing at a
time, with at least three seeds, in bits per character, parameters and seconds. What did tying the weights do to quality, size and the
gradient of the embedding? Name one extension that you tried and dropped, with its figures. Where does your model stand between the trigram table and
the least that this language allows, and what has it not learned?

**Expected response:** 150–300 words, with a table of means and ranges.
"""

# %% [markdown] nbgrader={"grade": true, "grade_id": "response_1", "locked": false, "points": 10, "schema_version": 3, "solution": true, "task": false}
"""
=== BEGIN MARK SCHEME ===
EXCELLENT (9-10 points):
- Complete description of model and training, and a table of variants that changes one thing at a time, three or more seeds, with bits, parameters and seconds
- Conclusions respect the scatter of the seeds
- Tying: size saved in figures, effect on quality measured, gradient as a sum of a sparse and a dense part
- A dropped extension with figures and a reason
- Estimates the least possible bits (log2 8 + log2 7 + log2 8 bits per line, divided by its length of about 47, so 0.19) and names what is missing, such as copying the right name
GOOD (7-8 points):
- Complete description and a table with several seeds
- Tying discussed with one measurement
- A dropped extension with a figure
- Place between table and optimum only stated
SATISFACTORY (5-6 points):
- One seed per variant, or several changes at once
- Tying described in general
- No dropped extension
NEEDS IMPROVEMENT (1-4 points):
- Model of the module unchanged, without comparison
- Training loss used as the measure
- No figures
NO CREDIT (0 points):
- No answer, or about another task
- Copied question text only
- Every claim wrong
=== END MARK SCHEME ===

**Your response:**
"""

# %% [markdown] nbgrader={"grade": false, "grade_id": "question_2", "locked": true, "schema_version": 3, "solution": false, "task": false}
"""
### Question 2: Faster and smaller, at what price?

**Question:** Report speculative generation with a draft of your own: calls of both models, time, and the share of accepted proposals, for several
lookaheads. When does it pay, in terms of that share and of the costs of both models, and did it pay on your machine? Why is the output unchanged, and what would
have to change for *sampled* text? Report your model in int8: bytes, bits per character, seconds. Combine the two findings: which of these
would you ship for a phone, and which for a server with many users at once?

**Expected response:** 150–300 words, with measurements of both.
"""

# %% [markdown] nbgrader={"grade": true, "grade_id": "response_2", "locked": false, "points": 10, "schema_version": 3, "solution": true, "task": false}
"""
=== BEGIN MARK SCHEME ===
EXCELLENT (9-10 points):
- Table of lookaheads with calls of both models, time and share accepted, from own runs
- Condition for a gain: expected accepted tokens per round against lookahead times the draft's cost plus one call of the target; says whether it was met
- Explains exactness (only tokens that the target itself would choose are kept), and that sampling needs an accept-reject rule that preserves the target's distribution
- int8: bytes, bits per character and seconds, with the reason why it is slower in NumPy although smaller
- Decides by situation: memory and bandwidth on a phone; on a busy server batching fills the target's calls already, so guesses are wasted work
GOOD (7-8 points):
- Measurements of both methods
- Condition for a gain in words
- Exactness explained
- Decision with one reason
SATISFACTORY (5-6 points):
- Measurements of one method only, or without the draft's cost
- "Fewer calls, so faster" without time
- Decision without reference to figures
NEEDS IMPROVEMENT (1-4 points):
- Believes that the draft changes or improves the text
- Believes that int8 is always faster
- No figures
NO CREDIT (0 points):
- No answer, or about another task
- Copied question text only
- Every claim wrong
=== END MARK SCHEME ===

**Your response:**
"""

# %% [markdown] nbgrader={"grade": false, "grade_id": "question_3", "locked": true, "schema_version": 3, "solution": false, "task": false}
"""
### Question 3: From notebook to service

**Question:** Your model is to write messages in an app. Which of your measurements would you repeat on real users' text, and what can bits per
character *not* tell you about the messages? How do temperature and nucleus change what users see: give examples from your model, and
choose. Your framework, sixteen modules old, becomes the product's engine: name the two parts that you would replace first, with the measurement
that says so, and one part that may stay. How would you version the model with its tokenizer, notice that it has become worse, and go back?

**Expected response:** 150–300 words, with examples and at least two figures from any of your notebooks.
"""

# %% [markdown] nbgrader={"grade": true, "grade_id": "response_3", "locked": false, "points": 10, "schema_version": 3, "solution": true, "task": false}
"""
=== BEGIN MARK SCHEME ===
EXCELLENT (9-10 points):
- Names measurements to repeat (bits per character on users' text, latency in quantiles) and the limits of likelihood: truth, harm, usefulness, rare names
- Own samples at several temperatures and nuclei, with a reasoned choice, and the difference to top-k
- Two parts to replace with measurements behind them (such as integer products, elementwise ops bound by memory, Python overhead per op), and one to keep with a reason
- Versions model and tokenizer together (hash, format, data), since ids mean nothing without their tokenizer
- Watches inputs, outputs and labels from people, with a threshold and a tested way back
GOOD (7-8 points):
- Limits of likelihood with an example
- Samples compared, with a choice
- One part to replace with a figure
- Versioning and a way back, in general
SATISFACTORY (5-6 points):
- General remarks on evaluation and monitoring
- Temperature explained without examples
- Parts named without measurements
NEEDS IMPROVEMENT (1-4 points):
- Takes a low loss for good messages
- No examples, no figures
- Tokenizer forgotten
NO CREDIT (0 points):
- No answer, or about another task
- Copied question text only
- Every claim wrong
=== END MARK SCHEME ===

**Your response:**
"""

# %% [markdown]
"""
## Before you hand in

Restart the kernel and run everything from the top: all six tests have to pass. Read your three answers once more beside your
figures. Then submit the notebook as you submit a module.
"""
