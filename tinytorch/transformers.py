# Generated from curriculum/13_transformers/13_transformers.py; edit that, not this file.
# Each "# %%" line says which cell, and which of its lines, the code below it is.

__all__ = [
    "LayerNormOp", "LayerNorm", "layer_norm_backward", "FeedForward", "TransformerBlock", "GPT",
    "parameters_by_part", "gradient_norms",
]


# %% cell 3 (imports), lines 2-13
import math
from collections.abc import Sequence
from typing import Any

import numpy as np

from .activations import gelu
from .attention import Extend, MultiHeadAttention
from .autograd import backward_for
from .embeddings import TokenEmbedding
from .layers import Linear, Module, Parameter
from .tensor import Add, Op, Tensor


# %% cell 6 (layer_norm), lines 2-47 without 14, 24, 32, 36, 40, 44
class LayerNormOp(Op):
    """Each vector along the last axis with mean 0 and variance 1, then scaled and shifted."""

    eps: float

    def forward(self, x: np.ndarray, weight: np.ndarray, bias: np.ndarray) -> np.ndarray:
        """x: (..., dim), weight and bias: (dim,), result: x's shape and dtype.

        Keeps ``self.normalized`` (..., dim), before scaling and shifting, and ``self.scale`` (..., 1), which is
        1 / √(variance + eps).
        Hint: both means need ``keepdims=True``.
        """
        width = x.shape[-1]
        centred = x - np.einsum("...i->...", x)[..., None] / width
        squares = np.einsum("...i,...i->...", centred, centred)[..., None]
        self.scale = 1 / np.sqrt(squares / width + self.eps)
        centred *= self.scale
        self.normalized = centred
        y = centred * weight
        y += bias
        return y


class LayerNorm(Module):
    """Layer normalisation over the last axis, of length ``dim``."""

    def __init__(self, dim: int, eps: float = 1e-5) -> None:
        """Set ``dim``, ``eps``, and the parameters ``weight`` (ones) and ``bias`` (zeros), both (dim,)."""
        self.dim, self.eps = dim, eps
        self.weight = Parameter(np.ones(dim))
        self.bias = Parameter(np.zeros(dim))

    def forward(self, x: Tensor) -> Tensor:
        """x: (..., dim), result: the same shape. Raises ValueError, naming both, if the last axis is not ``dim``."""
        if x.ndim == 0 or x.shape[-1] != self.dim:
            raise ValueError(f"{self} needs an input of shape (..., {self.dim}), got {x.shape}")
        return LayerNormOp.apply(x, self.weight, self.bias, eps=self.eps)

    def __repr__(self) -> str:
        return f"LayerNorm({self.dim})"


# %% cell 9 (layer_norm_backward), lines 2-19 without 8
@backward_for(LayerNormOp)
def layer_norm_backward(op: LayerNormOp, grad: np.ndarray) -> tuple[np.ndarray, ...]:
    """Gradients of x (..., dim), weight (dim,) and bias (dim,).

    Hint: ``op.normalized`` and ``op.scale``; two means along the last axis.
    """
    normalized, weight = op.normalized, op.inputs[1].data
    width = len(weight)
    ones = np.ones(grad.size // width, grad.dtype)
    product = grad * normalized
    grad_weight, grad_bias = ones @ product.reshape(-1, width), ones @ grad.reshape(-1, width)
    share = (weight / width)[:, None]
    slope = grad * weight
    slope -= grad @ share
    slope -= np.multiply(normalized, product @ share, out=product)
    slope *= op.scale
    return slope, grad_weight, grad_bias


# %% cell 16 (feed_forward), lines 2-18 without 7, 10, 13, 15
class FeedForward(Module):
    """Two linear layers with a GELU between them, applied to each place: (..., dim) becomes (..., dim)."""

    def __init__(self, dim: int, hidden: int, rng: np.random.Generator | None = None) -> None:
        """Set ``linear1`` (dim to hidden) and ``linear2`` (hidden to dim), drawn in this order, with bias."""
        self.linear1 = Linear(dim, hidden, rng=rng)
        self.linear2 = Linear(hidden, dim, rng=rng)

    def forward(self, x: Tensor) -> Tensor:
        return self.linear2(gelu(self.linear1(x)))

    def __repr__(self) -> str:
        return f"FeedForward({self.linear1.in_features}, {self.linear1.out_features})"


# %% cell 19 (block), lines 2-22 without 7, 12, 16, 19
class TransformerBlock(Module):
    """Causal attention and a feed-forward layer, each normalised first and added: (..., n, dim) to (..., n, dim)."""

    def __init__(self, dim: int, heads: int, ratio: int = 4, rng: np.random.Generator | None = None) -> None:
        """Set ``norm1``, ``attention`` (causal), ``norm2`` and ``feed_forward``, which is ratio · dim wide."""
        self.norm1 = LayerNorm(dim)
        self.attention = MultiHeadAttention(dim, heads, causal=True, rng=rng)
        self.norm2 = LayerNorm(dim)
        self.feed_forward = FeedForward(dim, ratio * dim, rng=rng)

    def forward(self, x: Tensor, extend: Extend | None = None) -> Tensor:
        """x: (..., n, dim); extend: see ``MultiHeadAttention``."""
        x = Add.apply(self.attention(self.norm1(x), extend=extend), x, in_place=True)
        return Add.apply(self.feed_forward(self.norm2(x)), x, in_place=True)

    def __repr__(self) -> str:
        return f"TransformerBlock({self.attention.dim}, {self.attention.heads})"


# %% cell 24 (gpt), lines 2-42 without 19, 25, 34, 39
class GPT(Module):
    """A language model: token ids (..., n) become scores (..., n, vocab_size) for the token that follows each."""

    def __init__(
        self,
        vocab_size: int,
        dim: int,
        layers: int,
        heads: int,
        block_size: int,
        rng: np.random.Generator | None = None,
    ) -> None:
        """Set ``block_size``, ``embedding``, ``blocks`` (a list), ``norm`` and ``head``, drawn in this order.

        embedding: a TokenEmbedding with learned positions for sequences of up to ``block_size`` tokens.
        head: dim to vocab_size, without bias.
        """
        self.block_size = block_size
        self.embedding = TokenEmbedding(vocab_size, dim, block_size, rng=rng)
        self.blocks = [TransformerBlock(dim, heads, rng=rng) for _ in range(layers)]
        self.norm = LayerNorm(dim)
        self.head = Linear(dim, vocab_size, bias=False, rng=rng)

    def forward(self, ids: Any, offset: int = 0, extend: Sequence[Extend] | None = None) -> Tensor:
        """ids: integers (..., n), at positions offset … offset + n - 1. Result: (..., n, vocab_size).

        extend: one function for each block, see ``MultiHeadAttention``. Raises ValueError if their number differs
        from that of the blocks, and what the embedding raises, such as for positions beyond ``block_size``.
        Hint: ``zip`` has an argument ``strict``.
        """
        x = self.embedding(ids, offset=offset)
        for block, remember in zip(self.blocks, extend or [None] * len(self.blocks), strict=True):
            x = block(x, remember)
        return self.head(self.norm(x))

    def __repr__(self) -> str:
        return f"GPT({len(self.blocks)} x {self.blocks[0]!r}, {self.head!r}, block_size={self.block_size})"


# %% cell 28 (accounting), lines 2-29 without 9, 16, 24
def parameters_by_part(model: Module) -> dict[str, int]:
    """Number of trainable numbers in each part: ``embedding``, ``attention``, ``feed_forward``, ``norm``, ``head``.

    Parts come in the order of their first parameter; the same part of all blocks counts together. The sum is
    ``parameter_count(model)``.
    Hint: ``name.split(".")``, ``str.rstrip``.
    """
    counts: dict[str, int] = {}
    for name, parameter in model.named_parameters():
        path = name.split(".")
        part = (path[2] if path[0] == "blocks" else path[0]).rstrip("0123456789")
        counts[part] = counts.get(part, 0) + parameter.size
    return counts


def gradient_norms(model: GPT) -> list[float]:
    """Joint norm of the gradients of each block's parameters; a parameter without gradient counts as 0.

    Hint: add squares in float64.
    """
    norms = []
    for block in model.blocks:
        grads = [parameter.grad for parameter in block.parameters() if parameter.grad is not None]
        norms.append(math.sqrt(sum(float(np.square(grad, dtype=np.float64).sum()) for grad in grads)))
    return norms
