# Generated from curriculum/16_tinygpt/16_tinygpt.py; edit that, not this file.
# Each "# %%" line says which cell, and which of its lines, the code below it is.

__all__ = [
    "shakespeare", "text_blocks", "tokenizer_for", "TinyGPT", "perplexity", "schedule_for",
    "keep_freed_memory", "ngram_loss", "training_steps", "train_on_shakespeare", "sample",
    "KVCache", "next_logits", "generate", "FRAMEWORK", "component_reuse",
]


# %% cell 3 (imports), lines 2-20
import math
import os
import time
from collections.abc import Iterable, Iterator
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from .attention import Extend
from .autograd import no_grad, topological_order
from .dataloader import Dataset, TensorDataset
from .losses import cross_entropy
from .optimizers import Adam
from .tensor import Tensor
from .tokenization import BPETokenizer, CharTokenizer, TextDataset
from .training import CosineSchedule, History, evaluate, evaluation_mode, in_order, train_step
from .transformers import GPT


# %% cell 6 (data), lines 2-32
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


# %% cell 7 (assembly), lines 2-63 without 8, 15, 36, 39, 46, 48
def tokenizer_for(text: str, vocab_size: int) -> CharTokenizer | BPETokenizer:
    """A tokenizer of at most ``vocab_size`` tokens that is trained on ``text``.

    Byte-pair encoding if ``vocab_size`` is above 256 and is not the number of different characters, else one token per
    character. Raises ValueError, naming both numbers, if the text has more characters than there are tokens for.
    """
    characters = len(set(text))
    if vocab_size > 256 and vocab_size != characters:
        return BPETokenizer(vocab_size).train(text)
    if characters > vocab_size:
        raise ValueError(f"the text has {characters} characters, a vocabulary of {vocab_size} is too small")
    return CharTokenizer().fit(text)


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
        super().__init__(vocab_size, dim, layers, heads, block_size, rng)
        self.vocab_size, self.layers, self.heads, self.dim = vocab_size, layers, heads, dim

    def new_cache(self) -> "KVCache":
        """An empty ``KVCache`` (section 6) of this model's sizes and its parameters' dtype.

        Hint: the width of a head is ``dim // heads``.
        """
        return KVCache(self.layers, self.heads, self.block_size, self.dim // self.heads, self.head.weight.dtype)

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


# %% cell 10 (perplexity), lines 2-17 without 9
def perplexity(model: GPT, data: Dataset | Iterable[Any], batch_size: int = 32) -> float:
    """exp of the mean cross-entropy per token of ``data``, without recording and in evaluation mode.

    data: a dataset of pairs (ids, targets), or batches of them, also of different lengths. Raises ValueError if there
    are no tokens.
    Hint: ``evaluation_mode`` and ``in_order`` (Module 08).
    """
    total, tokens = 0.0, 0
    with evaluation_mode(model):
        for ids, targets in in_order(data, batch_size):
            total += targets.size * cross_entropy(model(ids), targets).item()
            tokens += targets.size
    if not tokens:
        raise ValueError("there are no tokens to judge the model by")
    return math.exp(total / tokens)


# %% cell 13 (schedule), lines 2-12
def schedule_for(steps: int, lr: float = 1e-3) -> CosineSchedule:
    """Warm-up over a tenth of the steps, at most 100, and a cosine from ``lr`` down to a tenth of it."""
    return CosineSchedule(lr, min(100, steps // 10), steps, lr / 10)


def keep_freed_memory() -> None:
    """Have the C library keep what is freed, up to some 60 MB, instead of giving it back page by page.

    glibc, so on Linux, adapts to the largest block that it has seen freed; elsewhere this has no effect.
    """
    np.empty((1 << 25) - (1 << 16), dtype=np.uint8)


# %% cell 14 (training), lines 2-66 without 9, 17, 30, 39, 50
def ngram_loss(ids: np.ndarray, validation: np.ndarray, vocab_size: int, n: int = 2) -> float:
    """Mean cross-entropy on ``validation`` of a table that counts the n-grams of ``ids``, with 0.1 added everywhere.

    n = 1 predicts from frequencies alone, n = 2 from the token before. Judged are the tokens of ``validation`` from
    number n - 1 on, the first ones with a full context.
    Hint: ``sum(ids[k : len(ids) - n + 1 + k] * vocab_size ** (n - 1 - k) for k in range(n))``.
    """

    def numbers(tokens: np.ndarray) -> np.ndarray:
        return sum(tokens[k : len(tokens) - n + 1 + k] * vocab_size ** (n - 1 - k) for k in range(n))

    counts = np.bincount(numbers(ids), minlength=vocab_size**n).reshape(-1, vocab_size) + 0.1
    shares = counts / counts.sum(axis=1, keepdims=True)
    return float(-np.log(shares.reshape(-1)[numbers(validation)]).mean())


def training_steps(
    model: GPT, ids: np.ndarray, steps: int, batch_size: int = 12, lr: float = 1e-3, seed: int = 0
) -> Iterator[float]:
    """Train ``model`` on the tokens ``ids`` for so many steps, and yield the loss of each one after it was taken.

    Positions come from ``np.random.default_rng(seed).integers(0, len(data), size=batch_size)``, once per step, with
    data the ``TextDataset`` of ``ids``. Adam, ``schedule_for(steps, lr)``, gradients clipped to norm 1, freed memory
    kept.
    Hint: ``train_step`` (Module 08) does the rest; ``optimizer.lr`` may be set at any time.
    """
    keep_freed_memory()
    data = TextDataset(ids, model.block_size)
    optimizer, schedule = Adam(model.parameters(), lr), schedule_for(steps, lr)
    draw = np.random.default_rng(seed)
    for step in range(steps):
        optimizer.lr = schedule(step)
        inputs, targets = data[draw.integers(0, len(data), size=batch_size)]
        yield train_step(model, optimizer, cross_entropy, [(Tensor(inputs), Tensor(targets))], clip_norm=1.0)


def train_on_shakespeare(model: TinyGPT, steps: int = 2000, text: str | None = None, seed: int = 0) -> History:
    """Train ``model`` on the first nine tenths of ``text`` (default: ``shakespeare()``), validate on the rest.

    Sets ``model.tokenizer`` to ``tokenizer_for(text, model.vocab_size)``. The history has an entry after every
    ``max(1, steps // 10)`` steps: mean training loss of these steps, loss on at most about 256 validation blocks, the
    learning rate of the last step, and seconds since the entry before.
    Hint: the first ``int(0.9 * len(ids))`` tokens; ``enumerate(…, start=1)``.
    """
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


# %% cell 20 (sample), lines 2-22 without 10
def sample(logits: Any, temperature: float, top_k: int | None, rng: np.random.Generator) -> int:
    """A token drawn from softmax(logits / temperature), among the ``top_k`` most likely ones if given.

    logits: a vector (array or tensor). Of equal scores at the limit, the smaller ids stay. temperature 0: the most
    likely token, without a draw. Else one draw by ``rng.choice`` over all ids, the excluded ones with probability 0.
    Raises ValueError for a negative temperature, a ``top_k`` below 1, or logits that are no vector.
    Hint: ``np.argsort(-scores, kind="stable")``.
    """
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


# %% cell 25 (cache), lines 2-70 without 10, 14, 37, 47, 51, 53, 63
class KVCache:
    """Keys and values of all earlier positions of one sequence, for every layer."""

    def __init__(self, layers: int, heads: int, block_size: int, head_dim: int, dtype: Any = np.float32) -> None:
        """Set ``keys`` and ``values``, zeros of shape (layers, 1, heads, block_size, head_dim), and ``filled``.

        filled: how many positions are stored, a list with a number for each layer.
        """
        self.keys = np.zeros((layers, 1, heads, block_size, head_dim), dtype=dtype)
        self.values = np.zeros_like(self.keys)
        self.filled = [0] * layers

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
        start = self.filled[layer]
        end = start + keys.shape[-2]
        if end > self.keys.shape[-2]:
            raise ValueError(f"{end} positions do not fit into a cache for {self.keys.shape[-2]}")
        self.keys[layer, :, :, start:end] = keys.data
        self.values[layer, :, :, start:end] = values.data
        self.filled[layer] = end
        known = self.keys[layer, :, :, :end], self.values[layer, :, :, :end]
        return Tensor(known[0], dtype=known[0].dtype), Tensor(known[1], dtype=known[1].dtype)

    def extends(self) -> list[Extend]:
        """For each layer a function of keys and values that calls ``store``: what ``GPT.forward`` takes."""
        return [partial(self.store, layer) for layer in range(len(self.filled))]


def next_logits(model: GPT, ids: Any, cache: KVCache | None = None) -> np.ndarray:
    """Scores (vocab_size,) of the token that follows ``ids``, without recording.

    ids: a vector of at least one and at most ``block_size`` tokens, the whole context. cache: knows the first
    ``cache.length`` of them, and afterwards all. Raises ValueError if it leaves no token to run, and what the model
    raises.
    """
    known = 0 if cache is None else cache.length
    new = np.asarray(ids)[known:]
    if len(new) == 0:
        raise ValueError(f"no new token: {len(ids)} in the context, {known} of them in the cache")
    with no_grad():
        logits = model(new[None], offset=known, extend=None if cache is None else cache.extends())
    return logits.data[0, -1]


# %% cell 30 (generate), lines 2-38 without 21
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


# %% cell 35 (reuse), lines 2-17 without 11
FRAMEWORK = ("tensor", "activations", "layers", "losses", "autograd", "optimizers", "training", "spatial")


def component_reuse(model: TinyGPT) -> float:
    """Share, between 0 and 1, of the classes of modules and ops in a loss of the model that are in ``FRAMEWORK``.

    The loss is the cross-entropy of the scores for one sequence of two tokens.
    Hint: ``topological_order(loss)`` (Module 06) gives every recorded tensor; ``type(...).__module__``.
    """
    ids = np.zeros((1, 2), dtype=np.int64)
    loss = cross_entropy(model(ids), ids)
    parts: list[Any] = [*model.modules()]
    parts += [tensor.creator for tensor in topological_order(loss) if tensor.creator is not None]
    kinds = {type(part) for part in parts}
    return sum(kind.__module__.rpartition(".")[2] in FRAMEWORK for kind in kinds) / len(kinds)
