# Generated from curriculum/11_embeddings/11_embeddings.py; edit that, not this file.
# Each "# %%" line says which cell, and which of its lines, the code below it is.

__all__ = [
    "normal_parameter", "token_ids", "EmbeddingOp", "Embedding", "sum_by_id", "embedding_backward",
    "sinusoidal_table", "PositionalEncoding", "TokenEmbedding", "embedding_memory",
]


# %% cell 3 (imports), lines 2-9
import math
from typing import Any

import numpy as np

from .autograd import backward_for
from .layers import Module, Parameter
from .tensor import Op, Tensor


# %% cell 7 (normal_parameter), lines 2-11
def normal_parameter(
    shape: tuple[int, ...], std: float, rng: np.random.Generator | None = None
) -> Parameter:
    """Parameter of ``shape`` with independent numbers from a normal distribution with mean 0 and spread ``std``.

    ``rng`` is the generator to draw from; ``None`` stands for a new one with an unpredictable seed.
    """
    if rng is None:
        rng = np.random.default_rng()
    return Parameter(rng.normal(0.0, std, size=shape))


# %% cell 8 (lookup), lines 2-59 without 9, 18, 31, 33, 46, 50, 54, 56
def token_ids(ids: Any, count: int) -> np.ndarray:
    """Token ids (tensor, array or nested lists, of any shape) as an integer array.

    Raises TypeError if they are no integers, and IndexError if one is not in 0 … count - 1 (naming it). No ids at
    all are fine, as long as they are integers. An integer array comes back as it is, not as a copy.
    Hint: ``np.asarray`` takes a tensor too; ``dtype.kind`` is "i" or "u" for integers.
    """
    array = np.asarray(ids)
    if array.dtype.kind not in "iu":
        raise TypeError(f"token ids must be integers, got {array.dtype}; make them np.array([0, 2, 1])")
    if array.size:
        for extreme in (array.min(), array.max()):
            if not 0 <= extreme < count:
                raise IndexError(f"token id {extreme} is not in 0 … {count - 1}")
    return array


class EmbeddingOp(Op):
    """The rows of a table that ``ids`` name."""

    ids: np.ndarray

    def forward(self, table: np.ndarray) -> np.ndarray:
        """table: (count, dim), result: (*ids.shape, dim), in memory of its own.

        Hint: the ids of the application are on ``self``.
        """
        return table[self.ids]


class Embedding(Module):
    """A table with one trainable row for each token: ids of shape (...) become vectors (..., embedding_dim)."""

    def __init__(
        self, num_embeddings: int, embedding_dim: int, rng: np.random.Generator | None = None
    ) -> None:
        """Set ``num_embeddings``, ``embedding_dim`` and ``weight``, a parameter (num_embeddings, embedding_dim).

        The weight is drawn by ``normal_parameter`` with a spread of 1/√embedding_dim.
        """
        self.num_embeddings = num_embeddings
        self.embedding_dim = embedding_dim
        self.weight = normal_parameter((num_embeddings, embedding_dim), 1 / math.sqrt(embedding_dim), rng)

    def forward(self, ids: Any) -> Tensor:
        """The rows of ``weight`` that ``ids`` name, recorded with the weight. Raises what ``token_ids`` raises."""
        return EmbeddingOp.apply(self.weight, ids=token_ids(ids, self.num_embeddings))

    def __repr__(self) -> str:
        return f"Embedding({self.num_embeddings}, {self.embedding_dim})"


# %% cell 12 (backward), lines 2-27 without 9, 13, 22
def sum_by_id(ids: np.ndarray, rows: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Add up the rows that belong to equal ids: the sparse form of an embedding's gradient.

    ids: (n,), integers. rows: (n, dim), one row for each id; n may be 0.
    Returns the distinct ids in ascending order, (m,), and the sum for each, (m, dim), in the dtype of ``rows``.
    Hint: three lines: a stable argsort, ``np.unique``, ``np.add.reduceat``.
    """
    order = np.argsort(ids, kind="stable")
    distinct, starts = np.unique(ids[order], return_index=True)
    return distinct, np.add.reduceat(rows[order], starts, axis=0)


@backward_for(EmbeddingOp)
def embedding_backward(op: EmbeddingOp, grad: np.ndarray) -> tuple[np.ndarray, ...]:
    """Gradient of the table of a lookup: the sums of ``sum_by_id`` in their rows, zeros everywhere else.

    Hint: fold the axes of the ids into one, and those of ``grad`` accordingly.
    """
    table, ids = op.inputs[0], op.ids.reshape(-1)
    distinct, sums = sum_by_id(ids, grad.reshape(ids.size, table.shape[1]))
    result = np.zeros(table.shape, dtype=grad.dtype)
    result[distinct] = sums
    return (result,)


# %% cell 20 (sinusoidal), lines 2-15 without 9
def sinusoidal_table(length: int, dim: int) -> np.ndarray:
    """Sines and cosines for positions 0 … length - 1: a float32 array of shape (length, dim).

    Column 2j holds sin(t ωⱼ), column 2j + 1 holds cos(t ωⱼ), with ωⱼ = 10000^(-2j/dim). Accurate to float32 for
    large t, too. Both lengths may be odd; ``length`` may be 0.
    Hint: ``np.outer``, and slices with a step of 2.
    """
    frequencies = 10000.0 ** (-np.arange(0, dim, 2) / dim)
    angles = np.outer(np.arange(length), frequencies)
    table = np.empty((length, dim), dtype=np.float32)
    table[:, 0::2] = np.sin(angles)
    table[:, 1::2] = np.cos(angles[:, : dim // 2])
    return table


# %% cell 25 (positions), lines 2-40 without 13, 22, 30, 37
class PositionalEncoding(Module):
    """Adds to each vector of a sequence a vector for its position: learned, or ``sinusoidal_table``."""

    def __init__(
        self, max_length: int, dim: int, learned: bool = True, rng: np.random.Generator | None = None
    ) -> None:
        """Set ``max_length``, ``dim``, ``learned`` and ``table``, of shape (max_length, dim).

        learned: the table is a parameter, drawn by ``normal_parameter`` with a spread of 1/√dim; otherwise it is
        the array of ``sinusoidal_table``.
        """
        self.max_length = max_length
        self.dim = dim
        self.learned = learned
        self.table: Parameter | np.ndarray
        if learned:
            self.table = normal_parameter((max_length, dim), 1 / math.sqrt(dim), rng)
        else:
            self.table = sinusoidal_table(max_length, dim)

    def forward(self, x: Tensor, offset: int = 0) -> Tensor:
        """x: (..., length, dim), at positions offset … offset + length - 1; result: the same shape and dtype.

        Raises ValueError, naming what was asked for and what there is, if x has fewer than two axes or another
        width, or if a position is negative or not in the table.
        """
        if x.ndim < 2 or x.shape[-1] != self.dim:
            raise ValueError(f"{self} needs an input of shape (..., length, {self.dim}), got {x.shape}")
        end = offset + x.shape[-2]
        if offset < 0 or end > self.max_length:
            raise ValueError(f"positions {offset} … {end - 1} are not all in 0 … {self.max_length - 1} of {self}")
        return x + self.table[offset:end]

    def __repr__(self) -> str:
        return f"PositionalEncoding({self.max_length}, {self.dim}, learned={self.learned})"


# %% cell 28 (token_embedding), lines 2-35 without 17, 20, 27, 32
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
        self.tokens = Embedding(vocab_size, dim, rng)
        self.positions = PositionalEncoding(max_length, dim, learned, rng)

    def forward(self, ids: Any, offset: int = 0) -> Tensor:
        """Vectors for ``ids`` at positions offset … offset + length - 1.

        Raises what ``token_ids`` raises, and ValueError for ids without an axis and for positions beyond ``max_length``.
        """
        x = self.tokens(ids)
        if not self.positions.learned:
            x = x * math.sqrt(self.tokens.embedding_dim)
        return self.positions(x, offset)

    def __repr__(self) -> str:
        return f"TokenEmbedding({self.tokens!r}, {self.positions!r})"


# %% cell 31 (memory), lines 2-16 without 8
def embedding_memory(num_embeddings: int, embedding_dim: int, ids: Any, itemsize: int = 4) -> dict[str, int]:
    """Bytes of a table and of one batch of ``ids``, for numbers of ``itemsize`` bytes.

    ``table``, ``dense_gradient``, ``sparse_gradient`` (each distinct id once, with its row and an int64 number) and
    ``output``. Nothing of the table's size is allocated. Raises what ``token_ids`` raises.
    """
    checked = token_ids(ids, num_embeddings)
    row = embedding_dim * itemsize
    return {
        "table": num_embeddings * row,
        "dense_gradient": num_embeddings * row,
        "sparse_gradient": len(np.unique(checked)) * (row + 8),
        "output": checked.size * row,
    }
