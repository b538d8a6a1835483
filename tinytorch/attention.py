# Generated from curriculum/12_attention/12_attention.py; edit that, not this file.
# Each "# %%" line says which cell, and which of its lines, the code below it is.

__all__ = [
    "mask_scores", "exchange_last", "scaled_dot_product_attention", "causal_mask", "padding_mask",
    "SelfAttention", "split_heads", "merge_heads", "Extend", "MultiHeadAttention",
    "attention_memory", "longest_sequence",
]


# %% cell 3 (imports), lines 2-10
import math
from collections.abc import Callable
from typing import Any

import numpy as np

from .activations import softmax
from .layers import Linear, Module
from .tensor import Tensor


# %% cell 6 (sdpa), lines 2-46 without 9, 16, 21, 23, 36
def mask_scores(mask: Any, dtype: Any) -> np.ndarray:
    """A boolean mask as numbers to add to scores: 0 where it is True, -inf where it is False.

    mask: (..., n, m), True where query i may look at key j. Result: an array of the same shape and of ``dtype``.
    Raises TypeError if the mask is not boolean, and ValueError if a query may look at no key at all.
    Hint: ``np.where``; ``any`` along the last axis.
    """
    mask = np.asarray(mask)
    if mask.dtype != bool:
        raise TypeError(f"a mask must be boolean, True where one may look; got {mask.dtype}")
    if not mask.any(axis=-1).all():
        raise ValueError(f"the mask of shape {mask.shape} has a query that may look at no key at all")
    return np.where(mask, 0.0, -np.inf).astype(dtype)


def exchange_last(x: Tensor) -> Tensor:
    """x (..., n, d) with its last two axes exchanged: (..., d, n)."""
    return x.transpose(*range(x.ndim - 2), -1, -2)


def scaled_dot_product_attention(q: Tensor, k: Tensor, v: Tensor, mask: Any = None) -> tuple[Tensor, Tensor]:
    """Average of the values for each query, weighted by softmax(q kᵀ / √d): the pair (result, weights).

    q: (..., n, d), k: (..., m, d), v: (..., m, e), with batch axes that broadcast. mask: boolean, broadcasts to
    (..., n, m), True where query i may look at key j. Result: (..., n, e), weights: (..., n, m), both recorded.

    Raises ValueError, naming the shapes, if queries and keys differ in width or keys and values in number, and
    what ``mask_scores`` raises.
    Hint: ``transpose`` takes negative axes.
    """
    if q.shape[-1] != k.shape[-1]:
        raise ValueError(f"queries {q.shape} and keys {k.shape} need the same width")
    if k.shape[-2] != v.shape[-2]:
        raise ValueError(f"keys {k.shape} and values {v.shape} need the same number")
    scaled = q * (1 / math.sqrt(q.shape[-1]))
    scores = exchange_last(k @ exchange_last(scaled))
    if mask is not None:
        scores = scores + mask_scores(mask, scores.dtype)
    weights = softmax(scores)
    return weights @ v, weights


# %% cell 12 (masks), lines 2-24 without 7, 9, 19
def causal_mask(n: int, past: int = 0) -> np.ndarray:
    """Boolean array (n, past + n): query i, which is place past + i, may look at places 0 … past + i.

    Hint: ``np.tri``.
    """
    return np.asfortranarray(np.tri(n, past + n, past, dtype=bool))


def padding_mask(lengths: Any, n: int) -> np.ndarray:
    """Boolean array (batch, 1, n): in sequence b, places 0 … lengths[b] - 1 may be looked at, by everybody.

    lengths: integers (array, tensor or list), one for each sequence. Raises ValueError, naming the length, if one
    is not in 1 … n.
    Hint: compare ``np.arange(n)`` with the lengths, on axes that broadcast.
    """
    lengths = np.asarray(lengths)
    for length in lengths:
        if not 1 <= length <= n:
            raise ValueError(f"a length of {length} is not in 1 … {n}")
    return np.arange(n) < lengths[:, None, None]


# %% cell 20 (self_attention), lines 2-21 without 7, 12, 16, 18
class SelfAttention(Module):
    """Attention of a sequence to itself, with a single head: (..., n, dim) becomes (..., n, dim)."""

    def __init__(self, dim: int, rng: np.random.Generator | None = None) -> None:
        """Set ``dim`` and the layers ``q_proj``, ``k_proj``, ``v_proj``: dim to dim, no bias, drawn in this order."""
        self.dim = dim
        self.q_proj = Linear(dim, dim, bias=False, rng=rng)
        self.k_proj = Linear(dim, dim, bias=False, rng=rng)
        self.v_proj = Linear(dim, dim, bias=False, rng=rng)

    def forward(self, x: Tensor, mask: Any = None) -> Tensor:
        """x: (..., n, dim); mask: boolean, broadcasts to (..., n, n). Result: x's shape."""
        return scaled_dot_product_attention(self.q_proj(x), self.k_proj(x), self.v_proj(x), mask)[0]

    def __repr__(self) -> str:
        return f"SelfAttention({self.dim})"


# %% cell 23 (heads), lines 2-21 without 8, 14, 19
def split_heads(x: Tensor, heads: int) -> Tensor:
    """(..., n, dim) becomes (..., heads, n, dim // heads): head h has columns h · dim/heads and following.

    Raises ValueError, naming both, if ``heads`` does not divide ``dim``.
    Hint: the transpose exchanges the two axes before the last one.
    """
    *batch, n, dim = x.shape
    if dim % heads:
        raise ValueError(f"a width of {dim} cannot be divided among {heads} heads")
    pieces = x.reshape(*batch, n, heads, dim // heads)
    return pieces.transpose(*range(len(batch)), -2, -3, -1)


def merge_heads(x: Tensor) -> Tensor:
    """The inverse of ``split_heads``: (..., heads, n, size) becomes (..., n, heads · size)."""
    *batch, heads, n, size = x.shape
    return x.transpose(*range(len(batch)), -2, -3, -1).reshape(*batch, n, heads * size)


# %% cell 26 (multi_head), lines 2-49 without 16, 24, 35, 46
Extend = Callable[[Tensor, Tensor], tuple[Tensor, Tensor]]


class MultiHeadAttention(Module):
    """Attention of a sequence to itself, ``heads`` times in parallel: (..., n, dim) becomes (..., n, dim)."""

    def __init__(
        self, dim: int, heads: int, causal: bool = False, rng: np.random.Generator | None = None
    ) -> None:
        """Set ``dim``, ``heads``, ``causal``, and ``q_proj k_proj v_proj out_proj``, drawn in this order.

        The four layers map dim to dim, with bias. Raises ValueError, naming both, if ``heads`` does not divide
        ``dim``.
        """
        if dim % heads:
            raise ValueError(f"a width of {dim} cannot be divided among {heads} heads")
        self.dim, self.heads, self.causal = dim, heads, causal
        self.q_proj = Linear(dim, dim, rng=rng)
        self.k_proj = Linear(dim, dim, rng=rng)
        self.v_proj = Linear(dim, dim, rng=rng)
        self.out_proj = Linear(dim, dim, rng=rng)

    def forward(self, x: Tensor, mask: Any = None, extend: Extend | None = None) -> Tensor:
        """x: (..., n, dim), result: the same shape.

        mask: boolean, (n, m) or (batch, n, m) with lengths of 1 where it broadcasts; holds for all heads, and in
        addition to causality. extend: called once with the keys and the values of x, each (..., heads, n,
        dim // heads); returns the keys and values to attend to, each (..., heads, m, dim // heads), of which
        those of x are the last.
        Hint: ``array[..., None, :, :]`` adds an axis; ``past`` follows from two lengths.
        """
        q, k, v = (split_heads(project(x), self.heads) for project in (self.q_proj, self.k_proj, self.v_proj))
        if extend is not None:
            k, v = extend(k, v)
        if mask is not None:
            mask = np.asarray(mask)[..., None, :, :]
        if self.causal:
            causal = causal_mask(q.shape[-2], past=k.shape[-2] - q.shape[-2])
            mask = causal if mask is None else mask & causal
        out, _ = scaled_dot_product_attention(q, k, v, mask)
        return self.out_proj(merge_heads(out))

    def __repr__(self) -> str:
        return f"MultiHeadAttention({self.dim}, {self.heads}, causal={self.causal})"


# %% cell 31 (memory), lines 2-15 without 4, 6, 14
def attention_memory(batch: int, heads: int, n: int) -> int:
    """Bytes of the attention weights of one layer, in float32: one n × n matrix for each head and sequence."""
    return batch * heads * n * n * 4


def longest_sequence(batch: int, heads: int, budget: int) -> int:
    """The largest n for which ``attention_memory(batch, heads, n)`` is at most ``budget`` bytes; may be 0.

    Hint: ``math.isqrt`` is exact, also for numbers that a float cannot hold.
    """
    return math.isqrt(budget // (4 * batch * heads))
