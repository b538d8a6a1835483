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
# Module 16: TinyGPT

Everything is there: tensors with gradients, layers, losses, optimizers, a tokenizer, embeddings, attention, blocks. In this
last module a model made of nothing but your own code reads a million characters of Shakespeare and then writes. Little
of what you build here is new mathematics. It is what stands between a model and its use: a training recipe, a
yardstick, a way to draw from a distribution, and a memory that makes writing fast.

**Learning objectives**

- turn a text into batches, train by a recipe, and judge the result against a table of counts, not against zero;
- draw tokens with a temperature and a limit, and say what both do to a distribution;
- generate text token by token, with a window that moves when the model's context is full;
- remember keys and values so that each new token costs one token's work, and *prove* that nothing else has changed;
- measure what the memory saves in time and costs in bytes, up to the sizes of served models;
- compute, instead of claiming, how much of a language model was there before language.

**Prerequisites:** Module 08 (`train_step`, schedules, `evaluate`, `History`), Module 10 (tokenizers, `TextDataset`),
Modules 12 and 13 (`extend`, `GPT`).

**Estimated time:** 4 hours, and ten minutes of your computer's.
"""

# %%
#| default_exp tinygpt

# %% nbgrader={"grade": false, "grade_id": "imports", "locked": true, "schema_version": 3, "solution": false, "task": false}
#| export
import math
import os
import time
from collections.abc import Iterable, Iterator
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from tinytorch.attention import Extend
from tinytorch.autograd import no_grad, topological_order
from tinytorch.dataloader import Dataset, TensorDataset
from tinytorch.losses import cross_entropy
from tinytorch.optimizers import Adam
from tinytorch.tensor import Tensor
from tinytorch.tokenization import BPETokenizer, CharTokenizer, TextDataset
from tinytorch.training import CosineSchedule, History, evaluate, evaluation_mode, in_order, train_step
from tinytorch.transformers import GPT

# %% [markdown]
r"""
## 1. Mathematical Foundations

### A text's probability, token by token

Any probability of a sequence can be written as a product of conditional ones,

$$p(t_1, \dots, t_n) = \prod_i p(t_i \mid t_1, \dots, t_{i-1}),$$

and a causal model gives all factors in one pass: the softmax of its scores at place $i - 1$. Training minimises the mean of
$-\log p(t_i \mid \dots)$, the **cross-entropy** per token, in nats. Its exponential is the **perplexity**: a model with
perplexity 7 is as undecided, on average, as somebody who has to choose among 7 equally likely tokens.

### The yardstick

How good is a loss of 2.1 for characters? Compare with tables. Count how often each character follows each pair of
characters in the training text, and predict in proportion, with a little added to every count so that nothing has
probability 0:

$$p(c \mid a, b) = \frac{N(abc) + 0.1}{\sum_{c'} \left( N(abc') + 0.1 \right)} .$$

For tiny Shakespeare, on its last tenth, after counting the other nine:

| model | nats per character | perplexity |
| --- | --- | --- |
| all 65 characters equally likely | 4.17 | 65 |
| frequencies of characters (1 character at a time) | 3.35 | 28 |
| bigram table (the character before) | 2.48 | 12 |
| trigram table (two characters before) | 2.05 | 7.7 |

A table of $n$-grams has $V^n$ entries, most of which no text of any length will ever fill. The way forward is a model that
generalises: that is what yours has to show. **Milestone 4 asks for less than 2.046**, the trigram table.

### Drawing

A model gives a distribution, and writing means *drawing* from it: always taking the most likely token gives dull loops. With
a **temperature** $T$, draw from $\operatorname{softmax}(z / T)$. $T = 1$ is the model's own opinion; $T \to 0$ becomes the
maximum; $T \to \infty$ is a die. **Top-$k$** gives all but the $k$ most likely tokens probability 0, since the tail of
thousands of unlikely tokens is, added up, not unlikely at all.

### Writing fast

To write token $n + 1$, attention at the last place needs the keys and values of all $n$ earlier places, in every layer. They
were computed when those tokens were new, and **they do not change**: place $i$ depends on places $0 \dots i$ only. Without
a memory, each new token runs all $n$ through the model again:

$$\sum_{n=1}^{N} n \;\approx\; \tfrac12 N^2 \ \text{token passes} \qquad\text{against}\qquad N \ \text{with a memory of}\quad
2 \cdot \text{layers} \cdot N \cdot \text{dim numbers.}$$

It is causality that makes the memory right, and a test will show it.
"""

# %% [markdown]
r"""
## 2. Assembly

`TinyGPT` is the `GPT` of Module 13 with sizes that a laptop can train, and with a tokenizer of its own. Which tokenizer?
That follows from the vocabulary:

- more than 256 tokens, the number of bytes: byte-pair encoding (Module 10), unless the text happens to have exactly as many
  different characters;
- else one token per character. The vocabulary may be larger than the text needs; the rest of the rows is never used. But not
  smaller.

Given are: the text, `shakespeare()`; `text_blocks`, which cuts tokens into blocks that do *not* overlap, so that a
validation sees every token once; and the method `generate`, which calls the function that you write in section 7.
"""

# %% nbgrader={"grade": false, "grade_id": "data", "locked": true, "schema_version": 3, "solution": false, "task": false}
#| export
def shakespeare() -> str:
    """Tiny Shakespeare: 1,115,394 characters of dialogue, 65 of them different.

    Read from ``tinyshakespeare.txt`` in the folder that the environment variable ``TINYTORCH_DATA`` names, or in the
    working folder; else from the course's cache, into which it is downloaded once.
    """
    for folder in (os.environ.get("TINYTORCH_DATA", "."), "."):
        path = Path(folder, "tinyshakespeare.txt")
        if path.is_file():
            return path.read_text(encoding="utf-8")
    try:
        from tinytorch_lab.datasets import shakespeare_text
    except ImportError:
        raise FileNotFoundError(
            "there is no tinyshakespeare.txt here; set TINYTORCH_DATA to the folder that holds it"
        ) from None
    return shakespeare_text()


def text_blocks(ids: np.ndarray, block_size: int, most: int | None = None) -> TensorDataset:
    """Blocks that do not overlap, each with the same block one token later as its target.

    ``most``: take no more than about so many, evenly spread over the text.
    """
    count = (len(ids) - 1) // block_size
    if count < 1:
        raise ValueError(f"{len(ids)} tokens are too few for a block of {block_size} and its target")
    step = 1 if most is None else max(1, count // most)
    inputs = ids[: count * block_size].reshape(count, block_size)[::step]
    targets = ids[1 : count * block_size + 1].reshape(count, block_size)[::step]
    return TensorDataset(Tensor(inputs), Tensor(targets))


# %% nbgrader={"grade": false, "grade_id": "assembly", "locked": false, "schema_version": 3, "solution": true, "task": false}
#| export
def tokenizer_for(text: str, vocab_size: int) -> CharTokenizer | BPETokenizer:
    """A tokenizer of at most ``vocab_size`` tokens that is trained on ``text``.

    Byte-pair encoding if ``vocab_size`` is above 256 and is not the number of different characters, else one token per
    character. Raises ValueError, naming both numbers, if the text has more characters than there are tokens for.
    """
    ### BEGIN SOLUTION
    characters = len(set(text))
    if vocab_size > 256 and vocab_size != characters:
        return BPETokenizer(vocab_size).train(text)
    if characters > vocab_size:
        raise ValueError(f"the text has {characters} characters, a vocabulary of {vocab_size} is too small")
    return CharTokenizer().fit(text)
    ### END SOLUTION


class TinyGPT(GPT):
    """A GPT that can be trained on a laptop, with a tokenizer and a way to write."""

    tokenizer: CharTokenizer | BPETokenizer | None = None

    def __init__(
        self,
        vocab_size: int,
        layers: int = 4,
        heads: int = 4,
        dim: int = 128,
        block_size: int = 64,
        rng: np.random.Generator | None = None,
    ) -> None:
        """Set the attributes ``vocab_size layers heads dim``, and build the GPT of these sizes, drawn from ``rng``.

        Hint: mind the order of GPT's arguments.
        """
        ### BEGIN SOLUTION
        super().__init__(vocab_size, dim, layers, heads, block_size, rng)
        self.vocab_size, self.layers, self.heads, self.dim = vocab_size, layers, heads, dim
        ### END SOLUTION

    def new_cache(self) -> "KVCache":
        """An empty ``KVCache`` (section 6) of this model's sizes and its parameters' dtype.

        Hint: the width of a head is ``dim // heads``.
        """
        ### BEGIN SOLUTION
        return KVCache(self.layers, self.heads, self.block_size, self.dim // self.heads, self.head.weight.dtype)
        ### END SOLUTION

    def generate(
        self,
        prompt: str,
        max_new_tokens: int = 100,
        temperature: float = 1.0,
        top_k: int | None = None,
        use_cache: bool = True,
        seed: int | None = None,
    ) -> str:
        """The prompt and its continuation; see the function ``generate``."""
        return generate(self, prompt, max_new_tokens, temperature, top_k, use_cache, seed)

    def __repr__(self) -> str:
        return f"TinyGPT({self.vocab_size}, {self.layers}, {self.heads}, {self.dim}, {self.block_size})"


# %% nbgrader={"grade": true, "grade_id": "test_assembly", "locked": true, "points": 10, "schema_version": 3, "solution": false, "task": false}
from tinytorch.layers import parameter_count


def test_unit_assembly():
    """Sizes, parameters and scores of TinyGPT, and the choice of its tokenizer."""
    model = TinyGPT(65, rng=np.random.default_rng(0))
    got = parameter_count(model)
    assert got == 818_176, f"TinyGPT(65): expected 818,176 parameters, got {got:,}; mind the order of GPT's arguments"
    sizes = {name: getattr(model, name) for name in ("vocab_size", "layers", "heads", "dim", "block_size")}
    expected = {"vocab_size": 65, "layers": 4, "heads": 4, "dim": 128, "block_size": 64}
    assert sizes == expected, f"TinyGPT(65): expected the attributes {expected}, got {sizes}"
    assert len(model.blocks) == 4 and model.blocks[0].attention.heads == 4, "TinyGPT(65): 4 blocks of 4 heads"
    assert model.tokenizer is None, "TinyGPT: there is no tokenizer before the training"
    small = TinyGPT(7, layers=3, heads=2, dim=8, block_size=5, rng=np.random.default_rng(1))
    logits = small(np.array([[1, 6, 0]]))
    assert logits.shape == (1, 3, 7), f"TinyGPT(7, …) of ids (1, 3): expected (1, 3, 7), got {logits.shape}"
    same = GPT(7, 8, layers=3, heads=2, block_size=5, rng=np.random.default_rng(1))
    np.testing.assert_array_equal(
        logits.data, same(np.array([[1, 6, 0]])).data, err_msg="TinyGPT: the same numbers as a GPT from the same generator"
    )

    text = "to be, or not to be: that is the question\n" * 3
    characters = len(set(text))
    for size in (characters, characters + 5, 256):
        tokenizer = tokenizer_for(text, size)
        assert isinstance(tokenizer, CharTokenizer) and tokenizer.vocab_size == characters, (
            f"tokenizer_for(text with {characters} characters, {size}): expected characters, got {tokenizer}"
        )
    tokenizer = tokenizer_for(text, 270)
    assert isinstance(tokenizer, BPETokenizer) and 256 < tokenizer.vocab_size <= 270, (
        "tokenizer_for(text, 270): expected trained byte-pair encoding of at most 270 tokens"
    )
    many = "".join(chr(0x4E00 + number) for number in range(300))
    assert isinstance(tokenizer_for(many, 300), CharTokenizer), "tokenizer_for: 300 characters, 300 tokens: characters"
    assert isinstance(tokenizer_for(many, 299), BPETokenizer), "tokenizer_for: 300 characters, 299 tokens: byte pairs"
    try:
        tokenizer_for(text, characters - 1)
    except ValueError as error:
        assert str(characters) in str(error), f"tokenizer_for: name the number of characters, got: {error}"
    else:
        raise AssertionError(f"tokenizer_for: {characters} characters, {characters - 1} tokens: expected ValueError")
    print("TinyGPT: assembled, 818,176 parameters")


test_unit_assembly()
### BEGIN HIDDEN TESTS
from tinytorch_lab.probes import probe, raises, rng

heads, size, layers, n = (int(k) for k in rng.integers(1, 5, size=4))
model = TinyGPT(9, layers, heads, heads * size, n + 2, np.random.default_rng(int(rng.integers(1000))))
probe("parameters", list(model.state_dict().values()))
probe("attributes", [model.vocab_size, model.layers, model.heads, model.dim, model.block_size])
probe("scores", model(rng.integers(0, 9, size=(2, n))).data)
probe("kinds", [isinstance(model, GPT), parameter_count(TinyGPT(65)), parameter_count(TinyGPT(1000, layers=6, heads=8))])
letters = "".join(chr(97 + int(k)) for k in rng.integers(0, 26, size=400))
count = len(set(letters))
probe("kinds of tokenizers", [type(tokenizer_for(letters, size)).__name__ for size in (count, count + 1, 256, 257, 400)])
probe("trained", [tokenizer_for(letters, size).encode(letters[:50]) for size in (count, 300)])
probe("too small", [raises(lambda: tokenizer_for(letters, size)) for size in (count - 1, 1)])
probe("own tokenizer", [TinyGPT.tokenizer is None, TinyGPT(3, 1, 1, 2, 2).tokenizer is None])
### END HIDDEN TESTS

# %% [markdown]
r"""
## 3. Perplexity

The mean of the negative log-probability over all *tokens*, and its exponential at the end, once. Two traps: the mean of
perplexities is not the perplexity of the mean (the exponential favours bad batches), and batches may differ in length, so
that each batch counts by its tokens, not by its sequences.
"""


# %% nbgrader={"grade": false, "grade_id": "perplexity", "locked": false, "schema_version": 3, "solution": true, "task": false}
#| export
def perplexity(model: GPT, data: Dataset | Iterable[Any], batch_size: int = 32) -> float:
    """exp of the mean cross-entropy per token of ``data``, without recording and in evaluation mode.

    data: a dataset of pairs (ids, targets), or batches of them, also of different lengths. Raises ValueError if there
    are no tokens.
    Hint: ``evaluation_mode`` and ``in_order`` (Module 08).
    """
    ### BEGIN SOLUTION
    total, tokens = 0.0, 0
    with evaluation_mode(model):
        for ids, targets in in_order(data, batch_size):
            total += targets.size * cross_entropy(model(ids), targets).item()
            tokens += targets.size
    if not tokens:
        raise ValueError("there are no tokens to judge the model by")
    return math.exp(total / tokens)
    ### END SOLUTION


# %% nbgrader={"grade": true, "grade_id": "test_perplexity", "locked": true, "points": 6, "schema_version": 3, "solution": false, "task": false}
def test_unit_perplexity():
    """A model without opinion has the perplexity of its vocabulary; tokens are weighed equally; no trace is left."""
    model = TinyGPT(11, layers=1, heads=1, dim=4, block_size=8, rng=np.random.default_rng(0))
    draw = np.random.default_rng(1)
    data = text_blocks(draw.integers(0, 11, size=200), 8)
    expected = math.exp(evaluate(model, data, cross_entropy))
    got = perplexity(model, data)
    assert type(got) is float, f"perplexity: expected a Python float, got {type(got).__name__}"
    np.testing.assert_allclose(got, expected, rtol=1e-5, err_msg="perplexity: exp of the mean cross-entropy")
    long, short = (tuple(Tensor(draw.integers(0, 11, size=shape)) for _ in range(2)) for shape in ((3, 8), (5, 2)))
    losses = [cross_entropy(model(ids), targets).item() for ids, targets in (long, short)]
    np.testing.assert_allclose(
        perplexity(model, [long, short]),
        math.exp((24 * losses[0] + 10 * losses[1]) / 34),
        rtol=1e-5,
        err_msg="perplexity of batches with 24 and 10 tokens: weighed by tokens, one exp at the end",
    )
    model.train()
    perplexity(model, data)
    assert model.training and all(p.grad is None for p in model.parameters()), "perplexity: must leave no trace"
    model.head.weight.data[:] = 0
    np.testing.assert_allclose(
        perplexity(model, data), 11, rtol=1e-5, err_msg="perplexity of equal scores: the size of the vocabulary"
    )
    try:
        perplexity(model, [])
    except ValueError:
        pass
    else:
        raise AssertionError("perplexity of no batches: expected ValueError")
    print("perplexity: weights, exponential and traces are right")


test_unit_perplexity()
### BEGIN HIDDEN TESTS
from tinytorch_lab.probes import probe, raises, rng

model = TinyGPT(6, 2, 2, 4, 7, np.random.default_rng(int(rng.integers(1000)))).to(np.float64)
for parameter in model.parameters():
    parameter.data += 0.5 * rng.normal(size=parameter.shape)
data = text_blocks(rng.integers(0, 6, size=150), 7)
probe("dataset", [perplexity(model, data), perplexity(model, data, batch_size=4), perplexity(model, data, 1000)])
shapes = [(2, 7), (1, 1), (6, 3), (3, 5)]
batches = [tuple(Tensor(rng.integers(0, 6, size=shape)) for _ in range(2)) for shape in shapes]
probe("batches of all lengths", perplexity(model, batches))
probe("one token", perplexity(model, batches[1:2]))
recorded = []


class Watching(TinyGPT):
    def forward(self, *inputs, **options):
        result = super().forward(*inputs, **options)
        recorded.append((result.requires_grad, self.training))
        return result


watching = Watching(6, 1, 1, 2, 7, np.random.default_rng(0))
perplexity(watching, batches[:2])
probe("evaluation mode", [recorded, watching.training])
model.head.weight.data *= 50
probe("very sure, mostly wrong", math.log(perplexity(model, batches)))
probe("nothing", raises(lambda: perplexity(model, [])))
### END HIDDEN TESTS

# %% [markdown]
r"""
## 4. Training

**`ngram_loss`** is the yardstick of section 1, for any $n$: counts of the training text, 0.1 added to each, judged on the
validation text. An $n$-gram is a number in base $V$; then `np.bincount` counts them all.

**`training_steps`** is a *generator*: it trains one step each time that it is asked for the next loss. So whoever uses it decides
what happens between steps (draw a curve, validate, write a checkpoint, stop), and the recipe stays in one place:

- windows of `block_size` tokens from *random* positions of a `TextDataset`, `batch_size` of them for each step;
- Adam, gradients clipped to norm 1, `schedule_for(steps)`: a warm-up over a tenth of the run, at most 100 steps, then a
  cosine down to a tenth of the rate;
- `keep_freed_memory()` (given) once, before the first step. It is a gentler way than Module 15's function of that name,
  without `mallopt`; what kept memory is worth was measured there.

**`train_on_shakespeare`** is the whole: text, tokenizer, nine tenths for training and the last tenth for validation,
`training_steps`, and about ten entries in a `History`. For each of them, the mean training loss since the last one, and the
loss on `text_blocks` of the validation text (about 256 of them; a validation on everything would add a quarter to the time of the run).

The tokenizer is made from the whole text, validation included, as everybody does: it decides which tokens *exist*, and
learns nothing about their order.
"""

# %% nbgrader={"grade": false, "grade_id": "schedule", "locked": true, "schema_version": 3, "solution": false, "task": false}
#| export
def schedule_for(steps: int, lr: float = 1e-3) -> CosineSchedule:
    """Warm-up over a tenth of the steps, at most 100, and a cosine from ``lr`` down to a tenth of it."""
    return CosineSchedule(lr, min(100, steps // 10), steps, lr / 10)


def keep_freed_memory() -> None:
    """Have the C library keep what is freed, up to some 60 MB, instead of giving it back page by page.

    glibc, so on Linux, adapts to the largest block that it has seen freed; elsewhere this has no effect.
    """
    np.empty((1 << 25) - (1 << 16), dtype=np.uint8)


# %% nbgrader={"grade": false, "grade_id": "training", "locked": false, "schema_version": 3, "solution": true, "task": false}
#| export
def ngram_loss(ids: np.ndarray, validation: np.ndarray, vocab_size: int, n: int = 2) -> float:
    """Mean cross-entropy on ``validation`` of a table that counts the n-grams of ``ids``, with 0.1 added everywhere.

    n = 1 predicts from frequencies alone, n = 2 from the token before. Judged are the tokens of ``validation`` from
    number n - 1 on, the first ones with a full context.
    Hint: ``sum(ids[k : len(ids) - n + 1 + k] * vocab_size ** (n - 1 - k) for k in range(n))``.
    """
    ### BEGIN SOLUTION

    def numbers(tokens: np.ndarray) -> np.ndarray:
        return sum(tokens[k : len(tokens) - n + 1 + k] * vocab_size ** (n - 1 - k) for k in range(n))

    counts = np.bincount(numbers(ids), minlength=vocab_size**n).reshape(-1, vocab_size) + 0.1
    shares = counts / counts.sum(axis=1, keepdims=True)
    return float(-np.log(shares.reshape(-1)[numbers(validation)]).mean())
    ### END SOLUTION


def training_steps(
    model: GPT, ids: np.ndarray, steps: int, batch_size: int = 12, lr: float = 1e-3, seed: int = 0
) -> Iterator[float]:
    """Train ``model`` on the tokens ``ids`` for so many steps, and yield the loss of each one after it was taken.

    Positions come from ``np.random.default_rng(seed).integers(0, len(data), size=batch_size)``, once per step, with
    data the ``TextDataset`` of ``ids``. Adam, ``schedule_for(steps, lr)``, gradients clipped to norm 1, freed memory
    kept.
    Hint: ``train_step`` (Module 08) does the rest; ``optimizer.lr`` may be set at any time.
    """
    ### BEGIN SOLUTION
    keep_freed_memory()
    data = TextDataset(ids, model.block_size)
    optimizer, schedule = Adam(model.parameters(), lr), schedule_for(steps, lr)
    draw = np.random.default_rng(seed)
    for step in range(steps):
        optimizer.lr = schedule(step)
        inputs, targets = data[draw.integers(0, len(data), size=batch_size)]
        yield train_step(model, optimizer, cross_entropy, [(Tensor(inputs), Tensor(targets))], clip_norm=1.0)
    ### END SOLUTION


def train_on_shakespeare(model: TinyGPT, steps: int = 2000, text: str | None = None, seed: int = 0) -> History:
    """Train ``model`` on the first nine tenths of ``text`` (default: ``shakespeare()``), validate on the rest.

    Sets ``model.tokenizer`` to ``tokenizer_for(text, model.vocab_size)``. The history has an entry after every
    ``max(1, steps // 10)`` steps: mean training loss of these steps, loss on at most about 256 validation blocks, the
    learning rate of the last step, and seconds since the entry before.
    Hint: the first ``int(0.9 * len(ids))`` tokens; ``enumerate(…, start=1)``.
    """
    ### BEGIN SOLUTION
    text = shakespeare() if text is None else text
    model.tokenizer = tokenizer_for(text, model.vocab_size)
    ids = model.tokenizer.encode(text)
    cut = int(0.9 * len(ids))
    validation = text_blocks(ids[cut:], model.block_size, most=256)
    history, schedule, interval = History(), schedule_for(steps), max(1, steps // 10)
    losses: list[float] = []
    started = time.perf_counter()
    for step, loss in enumerate(training_steps(model, ids[:cut], steps, seed=seed), start=1):
        losses.append(loss)
        if step % interval == 0:
            value = evaluate(model, validation, cross_entropy, batch_size=64)
            now = time.perf_counter()
            history.add(sum(losses) / len(losses), value, schedule(step - 1), now - started)
            losses, started = [], now
    return history
    ### END SOLUTION


# %% [markdown]
"""
### Testing the training

Tables against counts by hand, the recipe against a loop that spells it out, and then the proof of the pudding: in a language
of anagrams, where the letter before says little, a model must beat the bigram table on text that it has not seen.
"""

# %% nbgrader={"grade": true, "grade_id": "test_training", "locked": true, "points": 8, "schema_version": 3, "solution": false, "task": false}
def anagrams(count, seed=0):
    """So many words of the same six letters, at random: what follows depends on more than the letter before."""
    words = ["enlist", "silent", "listen", "tinsel", "inlets"]
    return " ".join(np.random.default_rng(seed).choice(words, size=count)) + "\n"


def test_unit_training():
    """Tables, recipe, generator and the whole; a trained model beats the bigram table."""
    ids = np.array([0, 1, 0, 1, 0, 2])
    table = np.full((3, 3), 0.1)
    for a, b in [(0, 1), (1, 0), (0, 1), (1, 0), (0, 2)]:
        table[a, b] += 1
    table /= table.sum(axis=1, keepdims=True)
    np.testing.assert_allclose(
        ngram_loss(ids, np.array([0, 1, 2]), 3),
        -(np.log(table[0, 1]) + np.log(table[1, 2])) / 2,
        rtol=1e-9,
        err_msg="ngram_loss, n = 2: counts + 0.1, divided by the sum of each row; judged are the pairs (0, 1) and (1, 2)",
    )
    shares = (np.array([3, 2, 1]) + 0.1) / 6.3
    np.testing.assert_allclose(
        ngram_loss(ids, np.array([2, 0]), 3, n=1),
        -np.log(shares[[2, 0]]).mean(),
        rtol=1e-9,
        err_msg="ngram_loss, n = 1: frequencies alone",
    )
    np.testing.assert_allclose(
        ngram_loss(ids, np.array([0, 1, 0]), 3, n=3),
        -np.log(2.1 / 2.3),
        rtol=1e-9,
        err_msg="ngram_loss, n = 3: after (0, 1) came 0 twice",
    )

    draw = np.random.default_rng(3)
    tokens = draw.integers(0, 5, size=100)
    mine, other = (TinyGPT(5, 1, 1, 4, 6, np.random.default_rng(0)) for _ in range(2))
    run = training_steps(mine, tokens, steps=12, batch_size=3, lr=0.01, seed=7)
    start = mine.state_dict()
    assert iter(run) is run, "training_steps: must be a generator; yield the loss of each step"
    for name, array in mine.state_dict().items():
        np.testing.assert_array_equal(array, start[name], err_msg="training_steps: no step before somebody asks")
    losses = list(run)
    assert len(losses) == 12, f"training_steps(steps=12): expected 12 losses, got {len(losses)}"
    optimizer, positions = Adam(other.parameters()), np.random.default_rng(7)
    for step in range(12):
        optimizer.lr = schedule_for(12, 0.01)(step)
        batch = TextDataset(tokens, 6)[positions.integers(0, 94, size=3)]
        expected = train_step(other, optimizer, cross_entropy, [tuple(map(Tensor, batch))], clip_norm=1.0)
        np.testing.assert_allclose(
            losses[step], expected, rtol=1e-4, err_msg=f"training_steps: loss of step {step} by the recipe"
        )

    text = anagrams(600)
    model = TinyGPT(24, layers=1, heads=2, dim=32, block_size=16, rng=np.random.default_rng(0))
    history = train_on_shakespeare(model, steps=150, text=text)
    assert isinstance(model.tokenizer, CharTokenizer), "train_on_shakespeare: must set model.tokenizer"
    assert len(history) == 10, f"train_on_shakespeare(steps=150): expected 10 entries, got {len(history)}"
    np.testing.assert_allclose(
        history.lr[-1], schedule_for(150)(149), err_msg="train_on_shakespeare: the rate of the last step of each entry"
    )
    ids = model.tokenizer.encode(text)
    cut = int(0.9 * len(ids))
    same = TinyGPT(24, layers=1, heads=2, dim=32, block_size=16, rng=np.random.default_rng(0))
    first = [loss for _, loss in zip(range(15), training_steps(same, ids[:cut], 150))]
    np.testing.assert_allclose(
        history.train_loss[0],
        sum(first) / 15,
        rtol=1e-3,
        err_msg="train_on_shakespeare: train on the first nine tenths only; mean loss of the first 15 steps",
    )
    bigram = ngram_loss(ids[:cut], ids[cut:], 24)
    final = history.val_loss[-1]
    np.testing.assert_allclose(
        final,
        evaluate(model, text_blocks(ids[cut:], 16), cross_entropy),
        rtol=1e-3,
        err_msg="train_on_shakespeare: validation is on the last tenth of the text",
    )
    assert final < bigram, f"a trained model must beat the bigram table: {final:.2f} against {bigram:.2f} nats"
    print(f"training: {final:.2f} nats on unseen text, bigram table {bigram:.2f}")


test_unit_training()
### BEGIN HIDDEN TESTS
from tinytorch_lab.probes import probe, raises, rng

symbols = int(rng.integers(4, 8))
train, unseen = rng.integers(0, symbols, size=300) ** 2 % symbols, rng.integers(0, symbols, size=80)
probe("tables", [ngram_loss(train, unseen, symbols, n) for n in (1, 2, 3, 4)])
probe("default", [ngram_loss(train, unseen, symbols), ngram_loss(train, train, symbols)])
probe("never seen", ngram_loss(np.zeros(20, dtype=np.int64), np.array([0, 1, 1]), 2))
probe("kinds", [type(ngram_loss(train, unseen, symbols)).__name__, ngram_loss(train[:1], unseen[:2], symbols, 1)])
model = TinyGPT(symbols, 1, 2, 4, 5, np.random.default_rng(int(rng.integers(1000)))).to(np.float64)
losses = list(training_steps(model, train, 15, batch_size=2, lr=0.02, seed=3))
probe("losses", losses)
probe("weights", list(model.state_dict().values()))
again = TinyGPT(symbols, 1, 2, 4, 5, np.random.default_rng(1))
steps = training_steps(again, train, 30)
probe("default batch and rate", [next(steps), next(steps), next(steps)])
text = anagrams(60, seed=int(rng.integers(1000)))
small = TinyGPT(30, 1, 1, 4, 8, np.random.default_rng(2))
history = train_on_shakespeare(small, steps=13, text=text, seed=5)
probe("history", [history.train_loss, history.val_loss, history.lr, len(history.seconds)])
pairs = TinyGPT(300, 1, 1, 4, 4, np.random.default_rng(2))
record = train_on_shakespeare(pairs, steps=3, text=text)
probe("byte pairs", [record.train_loss, record.val_loss, type(pairs.tokenizer).__name__, pairs.tokenizer.encode("silent listen")])
probe("too short", raises(lambda: train_on_shakespeare(TinyGPT(30, 1, 1, 4, 64), 1, "abc" * 20)))
### END HIDDEN TESTS

# %% [markdown]
r"""
### A first run

The next cell trains a *small* model for a short while, on Shakespeare if the text can be had and otherwise on four sonnets (too
little to learn from: watch the validation turn round). The figure shows the loss of every step, the validation, and the
tables as horizontal lines. What to look for: the table of frequencies is passed within some 25 steps, the bigram table after a
little more than a hundred, and with it the whole knowledge of "which letter follows". From there on the model uses context.
For the trigram table this model is too small and the run too short. The full recipe, `TinyGPT(65)` and 2,000 steps, reaches
about 1.73 on the whole validation text in three to four minutes of one processor core: milestone 4.
"""

# %% tags=["measure"]
import matplotlib.pyplot as plt

try:
    text = shakespeare()
except Exception as problem:
    from tinytorch_lab.datasets import sonnets

    text = sonnets()
    print(f"four sonnets instead of Shakespeare: {problem}")
characters = len(set(text))
writer = TinyGPT(characters, layers=2, heads=4, dim=64, block_size=32, rng=np.random.default_rng(0))
writer.tokenizer = tokenizer_for(text, characters)
ids = writer.tokenizer.encode(text)
cut = int(0.9 * len(ids))
validation = text_blocks(ids[cut:], 32, most=128)
losses, checks = [], []
started = time.perf_counter()
for step, loss in enumerate(training_steps(writer, ids[:cut], 400, lr=4e-3), start=1):
    losses.append(loss)
    if step % 50 == 0:
        checks.append((step, evaluate(writer, validation, cross_entropy, batch_size=64)))
seconds = time.perf_counter() - started
figure, axis = plt.subplots(figsize=(7, 3.6))
axis.plot(losses, alpha=0.4, label="training, each step")
axis.plot(*zip(*checks), "o-", label="validation")
for n, style in ((1, ":"), (2, "--"), (3, "-.")):
    value = ngram_loss(ids[:cut], ids[cut:], characters, n)
    axis.axhline(value, color="black", ls=style, lw=1, label=f"table, n = {n}: {value:.2f}")
    print(f"table, n = {n}: {value:.3f} nats, perplexity {math.exp(value):.1f}, {characters**n:,} entries")
axis.set(xlabel="step", ylabel="nats per character", ylim=(1.5, 4.3))
axis.legend(fontsize=8)
plt.show()
print(f"after {len(losses)} steps, {seconds:.0f} s: {checks[-1][1]:.3f} nats,", end=" ")
print(f"perplexity {perplexity(writer, validation):.1f}, {parameter_count(writer):,} parameters")

# %% [markdown]
r"""
## 5. Drawing a Token

`sample(logits, temperature, top_k, rng)`: scores in, one token out. The order of things matters: find the $k$ best (for equal
scores, the smaller id), subtract the maximum, divide by the temperature, exponentiate, normalise, draw. And:

- **Temperature 0** means the maximum; nothing is drawn. A division by 0 is not how to get there.
- **float64.** `rng.choice` checks that probabilities add up to 1, more precisely than float32 can.
- **One draw.** `rng` is advanced exactly once per token, so that a seed reproduces a text. `rng.choice(len(p), p=p)` does that.
"""


# %% nbgrader={"grade": false, "grade_id": "sample", "locked": false, "schema_version": 3, "solution": true, "task": false}
#| export
def sample(logits: Any, temperature: float, top_k: int | None, rng: np.random.Generator) -> int:
    """A token drawn from softmax(logits / temperature), among the ``top_k`` most likely ones if given.

    logits: a vector (array or tensor). Of equal scores at the limit, the smaller ids stay. temperature 0: the most
    likely token, without a draw. Else one draw by ``rng.choice`` over all ids, the excluded ones with probability 0.
    Raises ValueError for a negative temperature, a ``top_k`` below 1, or logits that are no vector.
    Hint: ``np.argsort(-scores, kind="stable")``.
    """
    ### BEGIN SOLUTION
    scores = np.asarray(logits, dtype=np.float64)
    if temperature < 0 or (top_k is not None and top_k < 1) or scores.ndim != 1:
        raise ValueError(
            f"needs a vector, temperature >= 0, top_k >= 1; got {scores.shape}, {temperature} and {top_k}"
        )
    if temperature == 0:
        return int(scores.argmax())
    order = np.argsort(-scores, kind="stable")
    weights = np.exp((scores - scores[order[0]]) / temperature)
    if top_k is not None:
        weights[order[top_k:]] = 0
    return int(rng.choice(len(weights), p=weights / weights.sum()))
    ### END SOLUTION


# %% nbgrader={"grade": true, "grade_id": "test_sample", "locked": true, "points": 12, "schema_version": 3, "solution": false, "task": false}
def shares_of(logits, temperature, top_k, count=1500, seed=0):
    """How often each token is drawn."""
    rng = np.random.default_rng(seed)
    drawn = [sample(logits, temperature, top_k, rng) for _ in range(count)]
    return np.bincount(drawn, minlength=len(logits)) / count


def test_unit_sample():
    """Frequencies, temperatures, limits, ties, reproducibility and refusals of sample."""
    logits = np.log(np.array([0.1, 0.4, 0.2, 0.3]))
    for kind in (logits, logits.astype(np.float32), Tensor(logits), (logits + 1000).astype(np.float64)):
        got = sample(kind, 1.0, None, np.random.default_rng(3))
        assert type(got) is int, f"sample: expected a Python int, got {type(got).__name__}"
    for label, temperature, top_k, expected in [
        ("temperature 1", 1.0, None, [0.1, 0.4, 0.2, 0.3]),
        ("temperature 0.5", 0.5, None, np.array([1, 16, 4, 9]) / 30),
        ("top_k 2", 1.0, 2, [0, 4 / 7, 0, 3 / 7]),
        ("top_k 1", 5.0, 1, [0, 1, 0, 0]),
        ("top_k 100 of 4", 1.0, 100, [0.1, 0.4, 0.2, 0.3]),
        ("temperature 1000", 1000.0, None, [0.25] * 4),
        ("temperature 1e-6", 1e-6, None, [0, 1, 0, 0]),
    ]:
        np.testing.assert_allclose(
            shares_of(logits, temperature, top_k), expected, atol=0.05, err_msg=f"sample, {label}: shares of 1500 draws"
        )
    np.testing.assert_array_equal(
        shares_of(np.array([1.0, 2.0, 2.0, 2.0]), 1.0, 2) > 0,
        [False, True, True, False],
        err_msg="sample, top_k 2 of three equal scores: the smaller ids stay",
    )
    rng = np.random.default_rng(5)
    before = rng.bit_generator.state
    assert sample(logits, 0, None, rng) == 1, "sample, temperature 0: the most likely token"
    assert rng.bit_generator.state == before, "sample, temperature 0: nothing is drawn"
    expected = np.random.default_rng(5).choice(4, p=np.exp(logits))
    assert sample(logits, 1.0, None, rng) == expected, "sample: one rng.choice over all ids"
    copy = logits.copy()
    sample(copy, 2.0, 2, rng)
    np.testing.assert_array_equal(copy, logits, err_msg="sample: the logits must not change")
    for label, call in [
        ("a negative temperature", lambda: sample(logits, -1.0, None, rng)),
        ("top_k 0", lambda: sample(logits, 1.0, 0, rng)),
        ("a matrix", lambda: sample(logits[None], 1.0, None, rng)),
    ]:
        try:
            call()
        except ValueError:
            continue
        raise AssertionError(f"sample, {label}: expected ValueError")
    print("sample: frequencies, limits and refusals are right")


test_unit_sample()
### BEGIN HIDDEN TESTS
from tinytorch_lab.probes import probe, raises, rng

scores = rng.normal(size=12) * 3
for temperature in (0, 0.3, 1.0, 2.5):
    for top_k in (None, 1, 5, 12, 50):
        draw = np.random.default_rng(8)
        probe(f"temperature {temperature}, top_k {top_k}", [sample(scores, temperature, top_k, draw) for _ in range(20)])
draw = np.random.default_rng(2)
single = scores.astype(np.float32)
probe("float32 and tensors", [sample(kind, 1.0, 3, draw) for kind in (single, Tensor(single), Tensor(single))])
tied = np.array([0.0, 7.0, 7.0, 7.0, 7.0, -1.0])
probe("ties", [sample(tied, 1.0, 3, draw) for _ in range(30)])
probe("ties at temperature 0", sample(tied, 0.0, 3, draw))
probe("large scores", [sample(scores * 1e4, 1.0, None, draw) for _ in range(5)])
probe("one token", sample(np.array([3.0]), 1.0, 1, draw))
probe("a forbidden token", [sample(np.array([0.0, -np.inf, 1.0]), 1.0, None, draw) for _ in range(10)])
probe("state", draw.integers(10**6))
calls = [(scores, -0.1, None), (scores, 1.0, 0), (scores, 1.0, -3), (scores[None], 1.0, None)]
probe("errors", [raises(lambda: sample(*call, draw)) for call in calls])
### END HIDDEN TESTS

# %% [markdown]
r"""
### What temperature and a limit do

The distribution after "the " in your small model of section 4. What to look for: the effective number of choices ($e^H$,
the perplexity of this one distribution) grows with the temperature; the twenty least likely characters together are nothing
at $T = 0.5$, and at $T = 2$ several draws in a hundred, in *every* place of a text. That is the tail that top-$k$ cuts off.
"""

# %% tags=["measure"]
with no_grad():
    scores = writer(writer.tokenizer.encode("the ")[None]).data[0, -1].astype(np.float64)
print(f"{'temperature':>12} {'choices':>8} {'20 least likely':>16}   most likely")
for temperature in (0.2, 0.5, 1.0, 1.5, 2.0):
    p = np.exp((scores - scores.max()) / temperature)
    p /= p.sum()
    order = np.argsort(-p)
    best = ", ".join(f"{writer.tokenizer.decode([k])!r} {p[k]:.0%}" for k in order[:5])
    choices = math.exp(-(p * np.log(p + 1e-300)).sum())
    print(f"{temperature:12.1f} {choices:8.1f} {p[order[-20:]].sum():16.1%}   {best}")

# %% [markdown]
r"""
## 6. Remembering Keys and Values

`KVCache` is the memory behind `extend` (Module 12): two arrays, allocated *once* for the longest context, of shape
`(layers, 1, heads, block_size, head_dim)`, and for each layer the number of places that are filled. `store` writes new keys and
values behind the old ones and returns *views* of all that is filled, in tensors. Growing an array by `np.concatenate`
instead would copy everything for every token, and the quadratic work would be back, in bytes.

```text
   keys of one layer and head      place 0  1  2  3  4  5  6  7          block_size = 8
   filled = 5                            ■  ■  ■  ■  ■  ·  ·  ·
   store(2 new places)                   ■  ■  ■  ■  ■  □  □  ·          returns a view of places 0 … 6
```

`extends()` gives one function per layer, for `GPT.forward`; `functools.partial` binds the layer.

**`next_logits`** is what generation asks for: the scores of the token that follows `ids`. Without a cache it runs all of them.
With one, only those that the cache does not know yet, at their right positions. How many does it know? `cache.length`.

A test that the text "looks right" would prove nothing here: a wrong position or a missing key gives text, too. So the test
compares *scores*, with and without a cache, to $10^{-5}$, for all lengths and all ways of cutting a sequence.
"""


# %% nbgrader={"grade": false, "grade_id": "cache", "locked": false, "schema_version": 3, "solution": true, "task": false}
#| export
class KVCache:
    """Keys and values of all earlier positions of one sequence, for every layer."""

    def __init__(self, layers: int, heads: int, block_size: int, head_dim: int, dtype: Any = np.float32) -> None:
        """Set ``keys`` and ``values``, zeros of shape (layers, 1, heads, block_size, head_dim), and ``filled``.

        filled: how many positions are stored, a list with a number for each layer.
        """
        ### BEGIN SOLUTION
        self.keys = np.zeros((layers, 1, heads, block_size, head_dim), dtype=dtype)
        self.values = np.zeros_like(self.keys)
        self.filled = [0] * layers
        ### END SOLUTION

    @property
    def length(self) -> int:
        """Number of positions that every layer has stored."""
        return min(self.filled)

    @property
    def nbytes(self) -> int:
        """Bytes of both arrays, filled or not."""
        return self.keys.nbytes + self.values.nbytes

    def clear(self) -> None:
        """Forget all positions; the arrays stay."""
        self.filled = [0] * len(self.filled)

    def store(self, layer: int, keys: Tensor, values: Tensor) -> tuple[Tensor, Tensor]:
        """Append keys and values (1, heads, n, head_dim) to those of ``layer``; return all of its keys and values.

        Returned are tensors (1, heads, filled, head_dim) of the cache's dtype whose arrays are views into the cache.
        Raises ValueError, naming both numbers, if the positions do not all fit; nothing has changed then.
        Hint: a slice of an array is a view; ``Tensor(array, dtype=array.dtype)`` does not copy.
        """
        ### BEGIN SOLUTION
        start = self.filled[layer]
        end = start + keys.shape[-2]
        if end > self.keys.shape[-2]:
            raise ValueError(f"{end} positions do not fit into a cache for {self.keys.shape[-2]}")
        self.keys[layer, :, :, start:end] = keys.data
        self.values[layer, :, :, start:end] = values.data
        self.filled[layer] = end
        known = self.keys[layer, :, :, :end], self.values[layer, :, :, :end]
        return Tensor(known[0], dtype=known[0].dtype), Tensor(known[1], dtype=known[1].dtype)
        ### END SOLUTION

    def extends(self) -> list[Extend]:
        """For each layer a function of keys and values that calls ``store``: what ``GPT.forward`` takes."""
        ### BEGIN SOLUTION
        return [partial(self.store, layer) for layer in range(len(self.filled))]
        ### END SOLUTION


def next_logits(model: GPT, ids: Any, cache: KVCache | None = None) -> np.ndarray:
    """Scores (vocab_size,) of the token that follows ``ids``, without recording.

    ids: a vector of at least one and at most ``block_size`` tokens, the whole context. cache: knows the first
    ``cache.length`` of them, and afterwards all. Raises ValueError if it leaves no token to run, and what the model
    raises.
    """
    ### BEGIN SOLUTION
    known = 0 if cache is None else cache.length
    new = np.asarray(ids)[known:]
    if len(new) == 0:
        raise ValueError(f"no new token: {len(ids)} in the context, {known} of them in the cache")
    with no_grad():
        logits = model(new[None], offset=known, extend=None if cache is None else cache.extends())
    return logits.data[0, -1]
    ### END SOLUTION


# %% nbgrader={"grade": true, "grade_id": "test_cache", "locked": true, "points": 16, "schema_version": 3, "solution": false, "task": false}
def test_unit_cache():
    """The cache stores in place and returns views; scores with it equal scores without it, however text is cut."""
    cache = KVCache(layers=2, heads=3, block_size=5, head_dim=4)
    assert cache.keys.shape == cache.values.shape == (2, 1, 3, 5, 4), (
        f"KVCache(2, 3, 5, 4): expected arrays (2, 1, 3, 5, 4), got {cache.keys.shape} and {cache.values.shape}"
    )
    assert cache.keys.dtype == np.float32 and not np.shares_memory(cache.keys, cache.values), (
        "KVCache: two arrays, float32 unless another dtype is asked for"
    )
    draw = np.random.default_rng(0)
    first, second = (tuple(Tensor(draw.normal(size=(1, 3, n, 4))) for _ in range(2)) for n in (3, 1))
    got = cache.store(1, *first)
    assert cache.filled == [0, 3], f"KVCache.store(layer 1, 3 places): filled should be [0, 3], got {cache.filled}"
    assert cache.length == 0, "KVCache.length: the number that every layer has stored"
    keys, values = cache.store(1, *second)
    for name, all_of, parts in (("keys", keys, (first[0], second[0])), ("values", values, (first[1], second[1]))):
        np.testing.assert_array_equal(
            all_of.data,
            np.concatenate([part.data for part in parts], axis=2),
            err_msg=f"KVCache.store: {name} of three places and then one",
        )
        assert np.shares_memory(all_of.data, getattr(cache, name)), f"KVCache.store: {name} must be a view, no copy"
    assert got[0].shape == (1, 3, 3, 4), f"KVCache.store: the first call returns three places, got {got[0].shape}"
    before = cache.keys.copy()
    try:
        cache.store(1, *first)
    except ValueError as error:
        assert "7" in str(error) and "5" in str(error), f"KVCache.store: name 7 positions and 5, got: {error}"
    else:
        raise AssertionError("KVCache.store: 4 + 3 places do not fit into 5: expected ValueError")
    assert cache.filled == [0, 4] and np.array_equal(cache.keys, before), "KVCache.store: nothing changes on an error"
    functions = cache.extends()
    functions[0](*second)
    assert len(functions) == 2 and cache.filled == [1, 4], (
        f"KVCache.extends: function 0 must store into layer 0, filled is {cache.filled}"
    )
    cache.clear()
    assert cache.length == 0 and cache.filled == [0, 0], "KVCache.clear: nothing is filled"

    model = TinyGPT(9, layers=3, heads=2, dim=8, block_size=12, rng=np.random.default_rng(1))
    ids = draw.integers(0, 9, size=12)
    with no_grad():
        whole = model(ids[None]).data[0]
    for length in range(1, 13):
        plain = next_logits(model, ids[:length])
        assert plain.shape == (9,), f"next_logits: expected scores of shape (9,), got {plain.shape}"
        np.testing.assert_allclose(
            plain, whole[length - 1], atol=1e-5, err_msg=f"next_logits of {length} tokens: the scores at the last place"
        )
    for cuts in ([1] * 12, [12], [5, 1, 1, 1, 4], [11, 1]):
        cache, length = model.new_cache(), 0
        for count in cuts:
            length += count
            np.testing.assert_allclose(
                next_logits(model, ids[:length], cache),
                whole[length - 1],
                atol=1e-5,
                err_msg=f"next_logits with a cache, pieces {cuts}, after {length} tokens: as without",
            )
            assert cache.length == length, f"the cache should know {length} tokens, it knows {cache.length}"
    rows = []

    class Counting(TinyGPT):
        def forward(self, ids, offset=0, extend=None):
            rows.append(np.shape(ids))
            return super().forward(ids, offset, extend)

    counting = Counting(9, 1, 1, 4, 8, np.random.default_rng(2))
    cache = counting.new_cache()
    logits = [next_logits(counting, ids[:length], cache) for length in (3, 4, 5)]
    assert rows == [(1, 3), (1, 1), (1, 1)], f"next_logits with a cache: run new tokens only; shapes were {rows}"
    assert not any(p.grad is not None for p in counting.parameters()) and isinstance(logits[0], np.ndarray)
    try:
        next_logits(counting, ids[:5], cache)
    except ValueError:
        pass
    else:
        raise AssertionError("next_logits, all tokens in the cache: expected ValueError")
    print("cache: in place, and the scores are those without it")


test_unit_cache()
### BEGIN HIDDEN TESTS
from tinytorch_lab.probes import probe, raises, rng

layers, heads, size = (int(k) for k in rng.integers(1, 4, size=3))
model = TinyGPT(7, layers, heads, heads * size, 10, np.random.default_rng(int(rng.integers(1000)))).to(np.float64)
for parameter in model.parameters():
    parameter.data += 0.2 * rng.normal(size=parameter.shape)
ids = rng.integers(0, 7, size=10)
plain = [next_logits(model, ids[:n]) for n in range(1, 11)]
probe("without a cache", plain)
for cuts in ((1,) * 10, (10,), (4, 1, 5), (9, 1)):
    cache, ends = model.new_cache(), np.cumsum(cuts)
    cached = [next_logits(model, ids[:n], cache) for n in ends]
    probe(f"pieces {cuts}", [cached, float(np.abs(np.array(cached) - np.array(plain)[ends - 1]).max()) < 1e-9])
probe("the arrays", [cache.keys, cache.values, cache.filled, str(cache.keys.dtype)])
cache.clear()
other = rng.integers(0, 7, size=6)
probe("used again", [next_logits(model, other, cache), cache.length])
probe("full", [raises(lambda: next_logits(model, np.tile(ids, 2)[:11], cache)), cache.filled])
probe("bytes", [KVCache(3, 2, 5, 4).nbytes, model.new_cache().nbytes, KVCache(1, 1, 1, 1, np.float16).nbytes])
probe("new cache", [list(model.new_cache().keys.shape), model.new_cache().length])
loose = KVCache(2, 1, 4, 2)
kept = loose.store(0, *(Tensor(np.ones((1, 1, 2, 2))) for _ in range(2)))
loose.store(0, *(Tensor(2 * np.ones((1, 1, 1, 2))) for _ in range(2)))
probe("earlier views stay", [kept[0].data, list(kept[1].shape), kept[0].requires_grad])
probe("as a list", next_logits(model, ids[:3].tolist()))
probe("nothing to run", [raises(lambda: next_logits(model, [])), raises(lambda: next_logits(model, other, cache))])
### END HIDDEN TESTS

# %% [markdown]
r"""
### What the cache saves: measure it

The next cell takes a model of the milestone's size and measures the time of *one* new token, for contexts of growing length,
with and without a cache. What to look for: without, a token costs more the longer the text; with it, the line is nearly
flat, since one token's work is mostly independent of what came before. (Attention still looks at all keys, and at much
longer contexts that will show.) The price is printed, too: the bytes of the cache.
"""

# %% tags=["measure"]
def milliseconds(fn, repeats=5):
    timings = []
    for _ in range(repeats):
        start = time.perf_counter()
        fn()
        timings.append(time.perf_counter() - start)
    return min(timings) * 1e3


large = TinyGPT(65, block_size=512, rng=np.random.default_rng(0))
tokens = np.random.default_rng(1).integers(0, 65, size=512)
lengths, without, with_cache = (8, 16, 32, 64, 128, 256, 512), [], []
for n in lengths:
    without.append(milliseconds(lambda: next_logits(large, tokens[:n]), repeats=3))
    cache = large.new_cache()
    if n > 1:
        next_logits(large, tokens[: n - 1], cache)

    def one_more():
        cache.filled = [n - 1] * large.layers
        next_logits(large, tokens[:n], cache)

    with_cache.append(milliseconds(one_more))
    print(f"context {n:4}: without {without[-1]:7.2f} ms, with a cache {with_cache[-1]:5.2f} ms a token")
figure, axis = plt.subplots(figsize=(6.5, 3.2))
axis.loglog(lengths, without, "o-", label="without a cache")
axis.loglog(lengths, with_cache, "s-", label="with a cache")
axis.set(xlabel="tokens in the context", ylabel="ms for the next token")
axis.legend()
axis.grid(alpha=0.3)
plt.show()
print(f"the cache: {cache.nbytes / 2**20:.1f} MiB; all parameters: {4 * parameter_count(large) / 2**20:.1f} MiB")

# %% [markdown]
r"""
## 7. Generation

The loop: scores of the next token, draw, append, again. One thing is left to decide: what happens when the context is *full*? The
model has no position number `block_size`, and was never trained on one. So the window must move, and moving it by one
token at a time would change the position of *all* tokens at every step, so that a cache would be useless. The rule here,
with and without a cache:

> If the context has grown beyond `block_size` tokens, only its newest `block_size // 2` (at least one) stay, and the cache is
> cleared. A prompt that is longer than the block is treated alike: of it, only the newest `block_size` are used.

```text
   block_size 8      window  [ a b c d e f g h ]  +  i     9 tokens do not fit:
                     window            [ f g h i ]         the newest 4 stay, with new positions 0 … 3
```

Tokens that do not occur in the tokenizer (a vocabulary larger than the text needs) must not be drawn: cut the scores.
"""


# %% nbgrader={"grade": false, "grade_id": "generate", "locked": false, "schema_version": 3, "solution": true, "task": false}
#| export
def generate(
    model: TinyGPT,
    prompt: str,
    max_new_tokens: int = 100,
    temperature: float = 1.0,
    top_k: int | None = None,
    use_cache: bool = True,
    seed: int | None = None,
) -> str:
    """The prompt and ``max_new_tokens`` tokens drawn by ``sample``, decoded together.

    Each token is drawn from ``next_logits`` of the window described above, among the tokens that the tokenizer knows,
    with ``np.random.default_rng(seed)``. use_cache changes the time, and scores by rounding only. The model is in
    evaluation mode meanwhile.

    Raises RuntimeError if the model has no tokenizer, ValueError for a prompt without a token, and what the tokenizer
    and ``sample`` raise.
    Hint: keep all ids in a list, and the number at which the window begins.
    """
    ### BEGIN SOLUTION
    if model.tokenizer is None:
        raise RuntimeError("the model has no tokenizer: train it first, or set model.tokenizer")
    ids = model.tokenizer.encode(prompt).tolist()
    if not ids:
        raise ValueError("the prompt is empty: there is nothing to continue")
    rng = np.random.default_rng(seed)
    cache = model.new_cache() if use_cache else None
    begin = max(0, len(ids) - model.block_size)
    with evaluation_mode(model):
        for _ in range(max_new_tokens):
            if len(ids) - begin > model.block_size:
                begin = len(ids) - max(1, model.block_size // 2)
                if cache is not None:
                    cache.clear()
            logits = next_logits(model, ids[begin:], cache)[: model.tokenizer.vocab_size]
            ids.append(sample(logits, temperature, top_k, rng))
    return model.tokenizer.decode(ids)
    ### END SOLUTION


# %% nbgrader={"grade": true, "grade_id": "test_generate", "locked": true, "points": 12, "schema_version": 3, "solution": false, "task": false}
def talking(block_size=8, layers=2, vocab_size=12, seed=0):
    """An untrained model of ten letters with strong opinions."""
    model = TinyGPT(vocab_size, layers, 2, 8, block_size, np.random.default_rng(seed))
    model.head.weight.data *= 8
    model.tokenizer = CharTokenizer().fit("abcdefghij")
    return model


def test_unit_generate():
    """Length, prompt, window, cache, seeds, limits and refusals of generate."""
    model = talking()
    text = model.generate("abc", max_new_tokens=30, seed=1)
    assert isinstance(text, str) and text.startswith("abc"), f"generate('abc'): must begin with the prompt, got {text!r}"
    assert len(text) == 33, f"generate('abc', 30): expected 33 characters, got {len(text)}"
    assert text == model.generate("abc", max_new_tokens=30, seed=1), "generate: the same seed, the same text"
    assert len({model.generate("abc", 30, seed=seed) for seed in range(5)}) > 1, "generate: other seeds, other texts"
    assert model.generate("abc", 0) == "abc", "generate, 0 tokens: the prompt"

    greedy = model.generate("abcd", 40, temperature=0)
    ids, begin = model.tokenizer.encode("abcd").tolist(), 0
    for _ in range(40):
        if len(ids) - begin > 8:
            begin = len(ids) - 4
        with no_grad():
            scores = model(np.array([ids[begin:]])).data[0, -1]
        ids.append(int(scores[:10].argmax()))
    assert greedy == model.tokenizer.decode(ids), (
        f"generate, temperature 0, beyond the block of 8: expected {model.tokenizer.decode(ids)!r}, got {greedy!r}"
    )
    for options in ({"temperature": 0}, {"temperature": 0.8, "seed": 3}, {"top_k": 2, "seed": 4}):
        for prompt in ("a", "abcdefgh", "abcdefghijabcdefghij"):
            fast = model.generate(prompt, 30, **options)
            slow = model.generate(prompt, 30, use_cache=False, **options)
            assert fast == slow, f"generate({prompt!r}, {options}): with a cache {fast!r}, without {slow!r}"
    long = model.generate("abcdefghij" * 3, 5, temperature=0)
    tail = model.generate(("abcdefghij" * 3)[-8:], 5, temperature=0)
    assert long[-5:] == tail[-5:], "generate: of a long prompt the newest block_size tokens are used"
    top = model.generate("a", 50, top_k=1, temperature=3.0, seed=0)
    assert top == model.generate("a", 50, temperature=0), "generate, top_k=1: only the most likely token is left"

    lengths = []

    class Counting(TinyGPT):
        def forward(self, ids, offset=0, extend=None):
            lengths.append(np.shape(ids)[-1])
            assert not self.training, "generate: the model must be in evaluation mode"
            return super().forward(ids, offset, extend)

    counting = Counting(12, 1, 1, 4, 8, np.random.default_rng(1))
    counting.tokenizer = model.tokenizer
    counting.generate("abcde", 9, seed=0)
    assert counting.training, "generate: afterwards the model is in the mode in which it was"
    assert lengths == [5, 1, 1, 1, 4, 1, 1, 1, 1], (
        f"generate with a cache, block of 8, prompt of 5: tokens run per step should be [5, 1, 1, 1, 4, 1, …], got {lengths}"
    )
    for label, call, kind in [
        ("an empty prompt", lambda: model.generate(""), ValueError),
        ("an unknown character", lambda: model.generate("xyz"), ValueError),
        ("no tokenizer", lambda: TinyGPT(12, 1, 1, 4, 8).generate("abc"), RuntimeError),
    ]:
        try:
            call()
        except kind:
            continue
        raise AssertionError(f"generate, {label}: expected {kind.__name__}")
    print(f"generate: window, cache and seeds are right: {text}")


test_unit_generate()
### BEGIN HIDDEN TESTS
from tinytorch_lab.probes import probe, raises, rng

model = talking(block_size=int(rng.integers(3, 9)), seed=int(rng.integers(1000)))
for prompt in ("a", "jihgfedcba", "abc" * 20):
    for use_cache in (True, False):
        probe(
            f"{prompt[:12]}, {use_cache}",
            [
                model.generate(prompt, 25, temperature=0, use_cache=use_cache),
                model.generate(prompt, 25, 0.7, None, use_cache, 11),
                model.generate(prompt, 25, 1.3, 3, use_cache, 12),
            ],
        )
probe("a block of one", [talking(block_size=1).generate("abc", 12, seed=5, use_cache=flag) for flag in (True, False)])
probe("a block of two", [talking(block_size=2).generate("abc", 12, seed=5, use_cache=flag) for flag in (True, False)])
probe("default number", len(model.generate("a", seed=2)))
probe("unused rows", talking(vocab_size=40).generate("abc", 60, temperature=5.0, seed=6))
pairs = TinyGPT(300, 1, 1, 4, 8, np.random.default_rng(0))
pairs.tokenizer = tokenizer_for("so so so long long along, so long " * 5, 270)
probe("byte pairs", pairs.generate("so long", 20, seed=7))
probe("the function", generate(model, "abc", 10, seed=3) == model.generate("abc", 10, seed=3))
probe("no gradients", all(parameter.grad is None for parameter in model.parameters()))
mistakes = [("", {}), ("xyz", {}), ("abc", {"temperature": -1.0}), ("abc", {"top_k": 0})]
probe("errors", [raises(lambda: model.generate(prompt, **options)) for prompt, options in mistakes])
probe("untrained", raises(lambda: TinyGPT(4, 1, 1, 2, 2).generate("abc")))
### END HIDDEN TESTS

# %% [markdown]
r"""
### What it writes

The small model of section 4, at four temperatures, and the clock beside it. What to look for: at 0 it runs into a loop; at 0.5 it
is careful, and some of its words exist; at 1 it is bolder, and at 1.5 spelling goes. Then the tokens per second with and without a cache. This
model's window is short (32), so the gain is small: at a block of 64 in milestone 4 it is larger, and section 6 shows where it
goes.
"""

# %% tags=["measure"]
for temperature in (0, 0.5, 1.0, 1.5):
    written = writer.generate("\n", 160, temperature=temperature, seed=1)
    print(f"--- temperature {temperature}\n{written.strip()}\n")
for use_cache in (True, False):
    start = time.perf_counter()
    writer.generate("\n", 300, seed=2, use_cache=use_cache)
    print(f"cache {use_cache!s:5}: {300 / (time.perf_counter() - start):6.0f} tokens a second")

# %% [markdown]
r"""
## 8. How Much Was There Before?

The course began with images: a framework for networks that see. It is often said that most of it serves language just as well.
"Seventy per cent" is a number that one reads. Compute it instead.

`component_reuse(model)` looks at what a training step of the model is made of: the **classes** of all modules in its tree, and of
all ops in the recorded graph of one loss. Each class counts once, however often it is used. Which of them come from the
modules that a network for images needed, `FRAMEWORK`? The module of a class is the end of its `__module__`, such as
`layers` in `tinytorch.layers`.
"""

# %% nbgrader={"grade": false, "grade_id": "reuse", "locked": false, "schema_version": 3, "solution": true, "task": false}
#| export
FRAMEWORK = ("tensor", "activations", "layers", "losses", "autograd", "optimizers", "training", "spatial")


def component_reuse(model: TinyGPT) -> float:
    """Share, between 0 and 1, of the classes of modules and ops in a loss of the model that are in ``FRAMEWORK``.

    The loss is the cross-entropy of the scores for one sequence of two tokens.
    Hint: ``topological_order(loss)`` (Module 06) gives every recorded tensor; ``type(...).__module__``.
    """
    ### BEGIN SOLUTION
    ids = np.zeros((1, 2), dtype=np.int64)
    loss = cross_entropy(model(ids), ids)
    parts: list[Any] = [*model.modules()]
    parts += [tensor.creator for tensor in topological_order(loss) if tensor.creator is not None]
    kinds = {type(part) for part in parts}
    return sum(kind.__module__.rpartition(".")[2] in FRAMEWORK for kind in kinds) / len(kinds)
    ### END SOLUTION


# %% nbgrader={"grade": true, "grade_id": "test_reuse", "locked": true, "points": 6, "schema_version": 3, "solution": false, "task": false}
def test_unit_reuse():
    """Classes are counted once each, ops as well as modules, and the share depends on the kind of model only."""
    from tinytorch.layers import Linear

    shares = [component_reuse(TinyGPT(9, layers, 2, 8, 4, np.random.default_rng(0))) for layers in (1, 2, 5)]
    assert type(shares[0]) is float, f"component_reuse: expected a float, got {type(shares[0]).__name__}"
    assert len(set(shares)) == 1, f"component_reuse: each class counts once, whatever the depth; got {shares}"
    assert 0.5 < shares[0] < 0.7, f"component_reuse: expected a share between 0.5 and 0.7, got {shares[0]:.2f}"

    class Plain(TinyGPT):
        """No block, no norm, no attention: a table and a linear layer."""

        def __init__(self):
            self.table, self.head = Linear(4, 3, rng=np.random.default_rng(0)), Linear(3, 4, rng=np.random.default_rng(1))

        def forward(self, ids, *_rest):
            return self.head(self.table(Tensor(np.eye(4)[np.asarray(ids)])))

    plain, ids = Plain(), np.zeros((1, 2), dtype=np.int64)
    recorded = topological_order(cross_entropy(plain(ids), ids))
    old = {"Linear"} | {type(tensor.creator).__name__ for tensor in recorded if tensor.creator is not None}
    np.testing.assert_allclose(
        component_reuse(plain),
        len(old) / (len(old) + 1),
        err_msg=f"component_reuse of a model of two Linear: {sorted(old)} are old, the model's own class is new",
    )
    print(f"component_reuse: {shares[0]:.0%} of the classes were there before language")


test_unit_reuse()
### BEGIN HIDDEN TESTS
from tinytorch_lab.probes import probe, raises, rng
from tinytorch.activations import sigmoid, tanh


class Bent(TinyGPT):
    def forward(self, ids, offset=0, extend=None):
        return tanh(super().forward(ids, offset, extend))


class Stranger(TinyGPT):
    def forward(self, ids, offset=0, extend=None):
        scores = super().forward(ids, offset, extend)
        return sigmoid(scores) * scores + scores.exp() - (scores * scores).sum(axis=-1, keepdims=True)


sizes = [(5, 1, 1, 4, 2), (70, 3, 4, 8, 9), (300, 2, 2, 4, 64)]
probe("by size", [component_reuse(TinyGPT(*size)) for size in sizes])
probe("with other ops", [component_reuse(Bent(*sizes[0])), component_reuse(Stranger(*sizes[0]))])
quiet = TinyGPT(*sizes[0])
component_reuse(quiet)
probe("no gradients left", all(parameter.grad is None for parameter in quiet.parameters()))
### END HIDDEN TESTS

# %% [markdown]
r"""
### Three ways to count

The number depends on what one counts. The next cell counts classes, as your function does; *applications* of ops in the graph
of one training step; and the lines of your package's code that such a step runs (a trace of Python's own notes which functions
of which file are entered; docstrings and comments are not counted). What to look for: by classes, more than half was there; by
applications nearly everything, since the new layers are *made* of old ops; by lines, in between. "70 % reuse" is neither wrong nor
right before somebody says what is counted.
"""

# %% tags=["measure"]
import ast
import inspect
import sys
import textwrap

from tinytorch.transformers import GPT as PackagedGPT

small = PackagedGPT(65, 32, layers=2, heads=4, block_size=16, rng=np.random.default_rng(0))
optimizer = Adam(small.parameters())
batch = tuple(Tensor(part) for part in np.random.default_rng(0).integers(0, 65, size=(2, 4, 16)))
entered = set()


def note(frame, event, _argument):
    if event == "call" and frame.f_globals.get("__name__", "").startswith("tinytorch."):
        entered.add(frame.f_code)


sys.setprofile(note)
train_step(small, optimizer, cross_entropy, [batch], clip_norm=1.0)
sys.setprofile(None)
lines = {}
for code in entered:
    body = [node for node in ast.walk(ast.parse(textwrap.dedent(inspect.getsource(code)))) if isinstance(node, ast.stmt)]
    statements = [node for node in body if not (isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant))]
    part = Path(code.co_filename).stem
    lines[part] = lines.get(part, 0) + len({node.lineno for node in statements})
applied = [type(t.creator) for t in topological_order(cross_entropy(small(batch[0]), batch[1])) if t.creator is not None]
old_ops = sum(kind.__module__.rpartition(".")[2] in FRAMEWORK for kind in applied)
old_lines = sum(count for part, count in lines.items() if part in FRAMEWORK)
print(f"classes:          {component_reuse(TinyGPT(65, 2, 4, 32, 16)):.0%}")
print(f"ops applied:      {old_ops / len(applied):.0%} of {len(applied)}")
print(f"lines executed:   {old_lines / sum(lines.values()):.0%} of {sum(lines.values())}:", end=" ")
print(", ".join(f"{part} {count}" for part, count in sorted(lines.items(), key=lambda item: -item[1])))

# %% [markdown]
r"""
## 9. Memory and Complexity

### Two phases, two bottlenecks

Reading a prompt ("prefill") runs all of its tokens at once: large matrix products. Writing ("decode") runs one token at a time:
every product is a matrix times a *vector*, which reads each weight for a single multiplication. The next cell measures both
phases, and decoding for several sequences at once. What to look for: tokens per second in prefill are many times those of
decoding; and a batch of sequences raises the throughput nearly in proportion at first, since the weights are read once for all of
them. That is why services collect requests ("continuous batching"), and why one user alone pays for a machine that
mostly waits for memory (here: for Python).
"""

# %% tags=["measure"]
tokens = np.random.default_rng(0).integers(0, 65, size=(32, 64))
with no_grad():
    prefill = milliseconds(lambda: large(tokens[:1]))
print(f"prefill, one prompt of 64 tokens: {prefill:.1f} ms, {64e3 / prefill:,.0f} tokens a second")


class BatchMemory:
    """Keys and values of a batch, appended by concatenation: enough for a measurement."""

    def __init__(self, layers):
        self.kept = [None] * layers

    def extend(self, layer, keys, values):
        if self.kept[layer] is not None:
            old_keys, old_values = self.kept[layer]
            keys = Tensor(np.concatenate([old_keys, keys.data], axis=2))
            values = Tensor(np.concatenate([old_values, values.data], axis=2))
        self.kept[layer] = keys.data, values.data
        return keys, values


print(f"{'sequences':>10} {'ms for a step':>14} {'tokens a second':>16}")
for sequences in (1, 2, 4, 8, 16, 32):
    memory = BatchMemory(large.layers)
    functions = [partial(memory.extend, layer) for layer in range(large.layers)]
    with no_grad():
        large(tokens[:sequences, :40], 0, functions)
        start = time.perf_counter()
        for place in range(40, 64):
            large(tokens[:sequences, place : place + 1], place, functions)
        step = (time.perf_counter() - start) / 24 * 1e3
    print(f"{sequences:10} {step:14.2f} {1e3 * sequences / step:16,.0f}")

# %% [markdown]
r"""
## 10. In Production

**The same loop.** Hugging Face's `generate` has your arguments (`max_new_tokens`, `temperature`, `top_k`, `use_cache`, on by
default), and nanoGPT's is a dozen lines without a cache. *Nucleus* sampling (`top_p`) keeps as many tokens as are needed for
a given probability, instead of a fixed number.

**Pages.** A cache allocated for the longest context wastes what is not filled. vLLM's PagedAttention (2023) allocates blocks of
16 places and keeps a table, as an operating system does with memory; prompts with a common beginning share blocks.

**Positions.** With rotary positions, a window can move without recomputing everything. Ours has learned, absolute ones.

**Guessing ahead.** Speculative decoding lets a small model propose several tokens and the large one check them in *one* pass, which
costs it as much as one token. Accepted tokens are distributed as if the large one had drawn them.

**Versions.** A served model is weights *and* tokenizer *and* sampling defaults *and* code. A tokenizer of another version turns
a good model into noise without an error. Your checkpoints (Module 08) have a hash; a text should be traceable to it, and to
its seed.

**Watching.** The quality of generated text has no loss. Services watch what can be counted: lengths, refusals, repeated
$n$-grams, the share of known words, the distribution of tokens against a reference (Module 14's drift score), and latency: time
to the first token, time per token after it.

## 11. What Breaks First at Scale

The cache. The next cell computes it for published models in half precision: $2 \cdot \text{layers} \cdot \text{heads of keys}
\cdot \text{head width} \cdot 2$ bytes per token, and how many sequences fit beside the weights into 80 GB. What to look for: for a
model with a head of keys for each head of queries, some thirty sequences of 4,096 tokens fill the device; the remedy in the
other rows is grouped-query attention: 8 heads of keys for 32 or 64 heads of queries. The last column divides the weights
*and* the caches of these sequences (64 at most) that must be read for every token by a bandwidth of 2 TB/s: a lower limit for the time of a token, whatever
the arithmetic could do.
"""

# %% tags=["measure"]
print(f"{'model':16} {'per token':>10} {'context':>8} {'a sequence':>11} {'weights':>9} {'sequences in 80 GB':>19} {'ms a token':>11}")
for name, parameters, layers, key_heads, head_dim, context in (
    ("TinyGPT", 818_176, 4, 4, 32, 64),
    ("Llama 2 7B", 6.7e9, 32, 32, 128, 4096),
    ("Llama 3 8B", 8.0e9, 32, 8, 128, 8192),
    ("Llama 3.1 8B", 8.0e9, 32, 8, 128, 131_072),
):
    per_token = 2 * layers * key_heads * head_dim * 2
    sequence, weights = per_token * context, 2 * parameters
    fit = int((80e9 - weights) // sequence)
    slowest = (weights + min(fit, 64) * sequence) / 2e12 * 1e3
    print(
        f"{name:16} {per_token / 1024:6.1f} KiB {context:8,} {sequence / 1e9:8.3f} GB {weights / 1e9:6.1f} GB {fit:19,} {slowest:11.2f}"
    )

# %% [markdown]
r"""
## 12. Integration Test

Nothing new: the parts of this notebook, tested one by one above, are the integration of the whole course. What is left is to let it
run. The cell trains a tiny model to spell, by heart, one line, and asks it to go on from its beginning. Greedy, so that
there is nothing to draw; with a cache, across the end of its window. It earns no points of its own: `tito milestone run 4`
is the test of this module.
"""

# %% tags=["measure"]
line = "to be, or not to be: that is the question; "
parrot = TinyGPT(len(set(line)), layers=2, heads=2, dim=32, block_size=48, rng=np.random.default_rng(0))
parrot.tokenizer = tokenizer_for(line, parrot.vocab_size)
losses = list(training_steps(parrot, parrot.tokenizer.encode(line * 40), 150, lr=0.01))
said = parrot.generate("to be, or", 100, temperature=0)
print(f"loss {losses[0]:.2f} -> {losses[-1]:.3f}: {said}")
print("by heart:", said == (line * 3)[: len(said)])

# %% [markdown]
"""
## 🤔 ML Systems Thinking

Three questions, each answered in 150–300 words. Argue with your own code and with figures from your own run.
"""

# %% [markdown] nbgrader={"grade": false, "grade_id": "question_1", "locked": true, "schema_version": 3, "solution": false, "task": false}
"""
### Question 1: One framework, from images to language

**Context:** You computed component_reuse, and counted in two other ways. Between XOR and Shakespeare, tensor, autograd, layers,
losses, optimizers and trainer have not been touched.

**Question:** Give your three numbers for reuse and say which one you would defend in front of whom. Which *interfaces* made the
reuse possible (name at least three, with the place where they paid off in Modules 09 to 16), and which decision of an
early module turned out to be a limitation for language? Where did a new kind of layer need an op with a rule of its own,
and where was a composition enough: what decided, in your measurements? A colleague proposes a framework of
ready-made models without an autograd engine. For which of your sixteen modules would that have worked?

**Expected response:** 150–300 words, with at least two of your own figures.
"""

# %% [markdown] nbgrader={"grade": true, "grade_id": "response_1", "locked": false, "points": 10, "schema_version": 3, "solution": true, "task": false}
"""
=== BEGIN MARK SCHEME ===
EXCELLENT (9-10 points):
- Quotes all three own numbers (classes a little above one half, ops applied above 90 %, lines executed in between), and says what each measures and for which audience it is honest
- Names three interfaces with their pay-off, such as Op.apply and the table of rules (LayerNormOp, EmbeddingOp), Module trees and state_dict (checkpoints of a GPT unchanged), batches as tuples or Dataset indices (TextDataset), optimizer over a list of parameters, extend as a function
- Names a limitation of an early decision, such as float32 tensors without half precision, absolute positions and a fixed block, no in-place or sparse gradients, graphs that keep every input, no device
- Own op where memory and passes mattered (LayerNorm: own factors of one op against nine; embedding: scatter instead of a dense product), composition where gradients came for free (attention)
- Without autograd each new composition needs its own backward: inference-only modules (tokenization, sampling, cache) would have worked, training of attention and blocks not without hand-written rules
- Distinguishes reuse of code from reuse of understanding or tests
GOOD (7-8 points):
- At least two numbers with their meaning
- Two interfaces with places
- One op against composition with a figure
- A sensible answer to the colleague
SATISFACTORY (5-6 points):
- One number, taken as the truth
- Interfaces named without places
- No limitation
NEEDS IMPROVEMENT (1-4 points):
- Repeats the 70 % claim
- Confuses reuse with transfer learning
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
### Question 2: Sequential inference and the memory of the cache

**Context:** You measured the time of a token with and without a cache, prefill against decoding, batches of sequences, and
computed caches of published models.

**Question:** Why does a cache give the same scores, up to rounding, and which property of the model is that due to? Would it be right
for a model without a causal mask? From your figures: what did the cache save at 64 and at 512 tokens, and why is the line
with a cache not quite flat? A service answers 100 users at once with Llama 2 7B, 4,096 tokens each, on devices of 80 GB: how
many devices do the caches need, and what would grouped-query attention with 8 heads of keys change? Why does a larger batch help
decoding and hardly prefill? What happens in your own `generate` when the window is full, what does it cost, and what
would a sliding window by one token cost instead?

**Expected response:** 150–300 words, with a calculation and at least two of your own figures.
"""

# %% [markdown] nbgrader={"grade": true, "grade_id": "response_2", "locked": false, "points": 10, "schema_version": 3, "solution": true, "task": false}
"""
=== BEGIN MARK SCHEME ===
EXCELLENT (9-10 points):
- Keys and values of a place depend on it and earlier places only (causality), so later tokens cannot change them; without the mask every earlier activation would change with each new token
- Own times at 64 and 512 with their ratio; with a cache, attention still reads all keys, so a small linear part grows
- Llama 2 7B: 0.5 MiB per token, 2.1 GB per sequence, 215 GB for 100 users: four devices, since 31 sequences fit beside 13 GB of weights on each; with 8 instead of 32 heads a quarter, 54 GB, one device
- Decoding multiplies matrices by vectors and is limited by reading weights (in our case by fixed costs per op), shared by a batch; prefill is already a large product
- Quotes own throughput for one and for many sequences
- Full window: half of the tokens are run again once every block_size/2 tokens, about two token passes per token on average; moving by one token would run the whole window for every token, since all positions change
GOOD (7-8 points):
- Causality as the reason
- Calculation of the cache with the right order of magnitude
- Own figures for time with and without
- Bandwidth or fixed costs named for decoding
SATISFACTORY (5-6 points):
- Knows what is stored, and that it saves repeated work
- Calculation incomplete
- Window not discussed
NEEDS IMPROVEMENT (1-4 points):
- Takes the cache for an approximation, or for a cache of texts
- Confuses it with the weights
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
### Question 3: Deploying, versioning and watching a generator

**Context:** Your model is weights, a tokenizer, sampling options and code. Its checkpoints carry a hash, its text follows from a seed.

**Question:** A team serves a model like yours to a school. List what has to be versioned so that a text can be reproduced a year
later, and what would go wrong, without any error, for two of the items if they were exchanged. The validation loss is 1.73: what does
that say about the quality of texts at temperature 0.5, and what not? Propose four quantities to watch in service, with the
alarm that each would raise (one of them for drift of the *inputs*), and say how you would roll out a new version.
A pupil finds a sentence of the training data word for word in an answer: how would you measure how often that happens, and which of your options
changes it?

**Expected response:** 150–300 words, with at least one of your own figures.
"""

# %% [markdown] nbgrader={"grade": true, "grade_id": "response_3", "locked": false, "points": 10, "schema_version": 3, "solution": true, "task": false}
"""
=== BEGIN MARK SCHEME ===
EXCELLENT (9-10 points):
- Versions weights (hash), tokenizer (vocabulary and order), sampling options and seed, prompt or template, code and library versions, dtype and hardware where bits matter
- Two silent exchanges: another tokenizer gives fluent noise since ids mean something else; another temperature or top_k changes style and length; float differences flip a draw
- The loss is an average over true text at temperature 1, teacher-forced; sampled text at 0.5 is another distribution, errors accumulate, repetition and truth are not measured; uses own perplexity or own samples
- Four quantities with alarms, such as known-word ratio falls, repeated n-grams rise, time to first token and per token, length distribution, refusals or complaints, drift score of prompts' tokens against a reference
- Rolls out in steps: shadow or canary with the same prompts and seeds, comparison of the watched quantities, a way back
- Memorisation: longest common substring or n-gram overlap of many samples with the training text, by temperature; higher temperature or deduplicated data lower it, top_k 1 and low temperature raise it
GOOD (7-8 points):
- Most items to be versioned, one silent failure
- Says what a loss does not say
- Three quantities with alarms
- A stepwise rollout or a measurement of memorisation
SATISFACTORY (5-6 points):
- Weights and code versioned, tokenizer forgotten
- Watches latency and errors only
- Memorisation discussed without a measurement
NEEDS IMPROVEMENT (1-4 points):
- Takes a low loss for good texts
- Proposes to look at outputs by hand only
- No figure
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

**Built.** `TinyGPT` and its tokenizer; `perplexity` and tables of n-grams as a yardstick; a training recipe as a generator;
`sample`; `KVCache` and `next_logits`; `generate`; `component_reuse`. And with them, one after the other, everything
below: **Milestone 4** writes in the manner of Shakespeare on sixteen modules of your own.

**Measured.** A training run against tables; what temperature does to a distribution; a token's time with and without a cache;
prefill against decoding; sequences in a batch; reuse, in three ways; caches of served models.

**Understood.**

- A loss means something beside a yardstick that took a minute to compute.
- The model gives a distribution; what is written depends on how one draws.
- Causality is what makes remembering right. That a cache is right is shown by scores, not by texts.
- Reading is limited by arithmetic, writing by memory, and the two need different remedies.
- A number such as "70 %" is an answer only together with what was counted.

**The end, and a beginning.** Nothing in this model is a black box to you: there is no line that you have not written,
tested and measured. What production frameworks add is scale. You know now what breaks first, and why.
"""
