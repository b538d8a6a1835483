"""The peer of the GPT benchmark: the model of milestone 4 as one writes it in PyTorch, with fused attention."""

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
import torch
from torch import nn
from torch.nn import functional


class Block(nn.Module):
    """A pre-norm block; queries, keys and values come from one matrix."""

    def __init__(self, dim: int, heads: int) -> None:
        super().__init__()
        self.heads = heads
        self.norm1, self.norm2 = nn.LayerNorm(dim), nn.LayerNorm(dim)
        self.qkv, self.out_proj = nn.Linear(dim, 3 * dim), nn.Linear(dim, dim)
        self.linear1, self.linear2 = nn.Linear(dim, 4 * dim), nn.Linear(4 * dim, dim)

    def forward(self, x: Any) -> Any:
        """x: (batch, n, dim)."""
        batch, n, dim = x.shape
        parts = self.qkv(self.norm1(x)).split(dim, dim=2)
        q, k, v = (part.view(batch, n, self.heads, dim // self.heads).transpose(1, 2) for part in parts)
        seen = functional.scaled_dot_product_attention(q, k, v, is_causal=True)
        x = x + self.out_proj(seen.transpose(1, 2).reshape(batch, n, dim))
        return x + self.linear2(functional.gelu(self.linear1(self.norm2(x)), approximate="tanh"))


class GPT(nn.Module):
    """Ids (batch, n) to scores (batch, n, symbols)."""

    def __init__(self, symbols: int, dim: int, layers: int, heads: int, block_size: int) -> None:
        super().__init__()
        self.tokens, self.positions = nn.Embedding(symbols, dim), nn.Embedding(block_size, dim)
        self.blocks = nn.ModuleList([Block(dim, heads) for _ in range(layers)])
        self.norm, self.head = nn.LayerNorm(dim), nn.Linear(dim, symbols, bias=False)

    def forward(self, ids: Any) -> Any:
        """The scores of the next token at every position."""
        x = self.tokens(ids) + self.positions.weight[: ids.shape[1]]
        for block in self.blocks:
            x = block(x)
        return self.head(self.norm(x))


def torch_gpt_step(
    state: Mapping[str, np.ndarray], sizes: Mapping[str, int]
) -> Callable[[np.ndarray, np.ndarray], float]:
    """Return a training step, on one thread, of a model that begins with the weights ``state`` of our GPT."""
    torch.set_num_threads(1)
    model = GPT(len(state["head.weight"]), **sizes)
    model.load_state_dict({name: torch.from_numpy(array) for name, array in _renamed(state).items()})
    optimizer = torch.optim.Adam(model.parameters(), lr=1e-3)

    def step(ids: np.ndarray, targets: np.ndarray) -> float:
        optimizer.zero_grad()
        scores = model(torch.from_numpy(ids))
        loss = functional.cross_entropy(scores.flatten(0, 1), torch.from_numpy(targets).flatten())
        loss.backward()
        nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimizer.step()
        return float(loss.item())

    return step


def _renamed(state: Mapping[str, np.ndarray]) -> dict[str, np.ndarray]:
    """Our weights under the peer's names, the three projections of a block joined."""
    renamed = {}
    for name, array in state.items():
        if ".k_proj." in name or ".v_proj." in name:
            continue
        if ".q_proj." in name:
            array = np.concatenate([state[name.replace("q_proj", part)] for part in ("q_proj", "k_proj", "v_proj")])
        own = name.replace("attention.q_proj", "qkv").replace("attention.", "").replace("feed_forward.", "")
        own = own.replace("embedding.tokens", "tokens").replace("embedding.positions.table", "positions.weight")
        renamed[own] = array
    return renamed
