# Generated from curriculum/10_tokenization/10_tokenization.py; edit that, not this file.
# Each "# %%" line says which cell, and which of its lines, the code below it is.

__all__ = [
    "id_list", "CharTokenizer", "Pair", "Word", "WORDS", "split_words", "count_words",
    "count_pairs", "merge_tokens", "merge_pair", "learn_merges", "BPETokenizer",
    "compression_ratio", "TextDataset",
]


# %% cell 3 (imports), lines 2-10
import re
from collections import Counter, defaultdict
from collections.abc import Mapping
from itertools import chain, pairwise
from typing import Any

import numpy as np

from .dataloader import Dataset


# %% cell 6 (id_list), lines 2-15
def id_list(ids: Any, size: int) -> list[int]:
    """Token ids (tensor, array or sequence) as a flat list of Python integers.

    Raises TypeError if they are no integers, and IndexError if one is not in 0 … size - 1 (naming it).
    """
    array = np.asarray(ids).reshape(-1)
    if array.size == 0:
        return []
    if array.dtype.kind not in "iu":
        raise TypeError(f"token ids must be integers, got {array.dtype}")
    for extreme in (array.min(), array.max()):
        if not 0 <= extreme < size:
            raise IndexError(f"token id {extreme} is not in 0 … {size - 1}")
    return array.tolist()


# %% cell 7 (char), lines 2-43 without 14, 18, 23, 25, 33, 38, 42
class CharTokenizer:
    """One token for each character of the text that ``fit`` has seen."""

    def __init__(self) -> None:
        self.chars = ""
        self.ids: dict[str, int] = {}

    def fit(self, text: str) -> "CharTokenizer":
        """Set ``chars``, the distinct characters of ``text`` in ascending order, and ``ids``, the number of each.

        Forgets what an earlier ``fit`` has found. Returns the tokenizer itself.
        """
        self.chars = "".join(sorted(set(text)))
        self.ids = {char: number for number, char in enumerate(self.chars)}
        return self

    @property
    def vocab_size(self) -> int:
        """Number of different tokens."""
        return len(self.chars)

    def encode(self, text: str) -> np.ndarray:
        """The ids of the characters: int64, shape (len(text),).

        Raises ValueError, naming it, for a character that is not in the vocabulary.
        Hint: a dictionary raises KeyError, and the key is ``error.args[0]``.
        """
        try:
            return np.array([self.ids[char] for char in text], dtype=np.int64)
        except KeyError as error:
            raise ValueError(f"character {error.args[0]!r} is not in the vocabulary") from None

    def decode(self, ids: Any) -> str:
        """The text of these ids. Raises what ``id_list`` raises."""
        return "".join(self.chars[number] for number in id_list(ids, self.vocab_size))


# %% cell 13 (words), lines 2-16
Pair = tuple[int, int]
Word = tuple[int, ...]

# Letters, digits or signs, each with the space in front of it; and other white space.
WORDS = re.compile(r" ?[^\W\d]+| ?\d+| ?[^\s\w]+|\s+(?!\S)|\s+")


def split_words(text: str) -> list[str]:
    """The words of a text, with the spaces in front of them; joined, they are the text again."""
    return WORDS.findall(text)


def count_words(text: str) -> dict[Word, int]:
    """Every distinct word of a text as a tuple of its UTF-8 bytes, with its number of occurrences."""
    return {tuple(word.encode("utf-8")): count for word, count in Counter(split_words(text)).items()}


# %% cell 14 (count_pairs), lines 2-14 without 9
def count_pairs(words: Mapping[Word, int]) -> Counter[Pair]:
    """How often each pair of neighbouring tokens occurs in all words together.

    words: tuples of tokens, with the number of occurrences of each. Overlapping pairs all count. Pairs that
    do not occur are not in the result.
    Hint: ``itertools.pairwise``.
    """
    pairs: Counter[Pair] = Counter()
    for word, count in words.items():
        for pair in pairwise(word):
            pairs[pair] += count
    return pairs


# %% cell 17 (merge_pair), lines 2-30 without 7, 18, 26
def merge_tokens(tokens: Word, pair: Pair, token: int) -> Word:
    """``tokens`` with ``token`` in place of ``pair``, at every position, from left to right, without overlaps.

    Hint: a loop with an index that moves on by one or by two.
    """
    result = []
    position = 0
    while position < len(tokens):
        if tokens[position : position + 2] == pair:
            result.append(token)
            position += 2
        else:
            result.append(tokens[position])
            position += 1
    return tuple(result)


def merge_pair(words: Mapping[Word, int], pair: Pair, token: int) -> dict[Word, int]:
    """All words with ``token`` in place of ``pair``, with their counts; ``words`` itself does not change.

    Words that become equal are counted together.
    """
    merged: Counter[Word] = Counter()
    for word, count in words.items():
        merged[merge_tokens(word, pair, token)] += count
    return dict(merged)


# %% cell 23 (learn_merges), lines 2-31 without 9
def learn_merges(words: Mapping[Word, int], count: int) -> list[Pair]:
    """The first ``count`` merges of byte-pair encoding, in order; merge number k makes the token 256 + k.

    words: tuples of bytes, with the number of occurrences of each. Each merge joins the pair with the highest
    count, among equals the smallest pair. Returns fewer merges if no pair occurs twice any longer.
    Hint: ``defaultdict(set)``; find the highest count first, and the smallest pair that has it second.
    """
    tokens, times = list(words), list(words.values())
    counts = count_pairs(words)
    where: defaultdict[Pair, set[int]] = defaultdict(set)
    for number, word in enumerate(tokens):
        for pair in pairwise(word):
            where[pair].add(number)
    merges: list[Pair] = []
    while len(merges) < count:
        most = max(counts.values(), default=0)
        if most < 2:
            break
        best = min(pair for pair, occurrences in counts.items() if occurrences == most)
        for number in where.pop(best):
            old = tokens[number]
            new = tokens[number] = merge_tokens(old, best, 256 + len(merges))
            for pair in pairwise(old):
                counts[pair] -= times[number]
            for pair in pairwise(new):
                counts[pair] += times[number]
                where[pair].add(number)
        merges.append(best)
    return merges


# %% cell 28 (bpe), lines 2-82 without 22, 28, 45, 53, 62, 67, 71, 74, 79
class BPETokenizer:
    """Byte-pair encoding: 256 tokens for the bytes, and one for each merge that ``train`` has found."""

    def __init__(self, vocab_size: int) -> None:
        """``vocab_size``: the most tokens that training may make. Raises ValueError if it is below 256."""
        if vocab_size < 256:
            raise ValueError(f"there are 256 bytes, so vocab_size cannot be {vocab_size}")
        self.target_size = vocab_size
        self.set_merges([])

    def set_merges(self, merges: list[Pair]) -> None:
        """Use these merges from now on; number k makes the token 256 + k.

        Sets ``merges``, a dictionary from pair to token in the given order; ``vocabulary``, a list with the bytes
        of every token; and ``cache``, an empty dictionary for ``encode``.
        Hint: ``bytes([65])`` is b"A", and ``+`` joins bytes.
        """
        self.merges: dict[Pair, int]
        self.vocabulary: list[bytes]
        self.cache: dict[str, Word]
        self.merges = {pair: 256 + number for number, pair in enumerate(merges)}
        self.vocabulary = [bytes([byte]) for byte in range(256)]
        for left, right in merges:
            self.vocabulary.append(self.vocabulary[left] + self.vocabulary[right])
        self.cache = {}

    @property
    def vocab_size(self) -> int:
        """Number of tokens that there are: fewer than asked for if the text had too few pairs to merge."""
        return len(self.vocabulary)

    def train(self, text: str) -> "BPETokenizer":
        """Learn the merges of ``text``, instead of those from before. Returns the tokenizer itself."""
        self.set_merges(learn_merges(count_words(text), self.target_size - 256))
        return self

    def encode_word(self, word: str) -> Word:
        """The tokens of one word: its UTF-8 bytes, merged in the order of training as long as a pair can be merged.

        Hint: ``min(..., key=...)`` over the pairs; ``merges.get(pair, infinity)``.
        """
        tokens = tuple(word.encode("utf-8"))
        while len(tokens) > 1:
            first = min(pairwise(tokens), key=lambda pair: self.merges.get(pair, float("inf")))
            if first not in self.merges:
                break
            tokens = merge_tokens(tokens, first, self.merges[first])
        return tokens

    def encode(self, text: str) -> np.ndarray:
        """The tokens of all words of ``text``, in order: int64, shape (n,).

        Each distinct word is encoded once, by ``encode_word``, and from then on found in ``cache``.
        Raises ValueError (a UnicodeEncodeError) if ``text`` is no Unicode text: half a surrogate pair.
        Hint: ``chain.from_iterable``.
        """
        words = split_words(text)
        for word in set(words) - self.cache.keys():
            self.cache[word] = self.encode_word(word)
        return np.array(list(chain.from_iterable(self.cache[word] for word in words)), dtype=np.int64)

    def decode(self, ids: Any) -> str:
        """The text that the tokens spell; bytes that are no UTF-8 become �. Raises what ``id_list`` raises."""
        data = b"".join(self.vocabulary[number] for number in id_list(ids, self.vocab_size))
        return data.decode("utf-8", errors="replace")


def compression_ratio(tokenizer: CharTokenizer | BPETokenizer, text: str) -> float:
    """UTF-8 bytes of ``text`` for each of its tokens. Raises ValueError for an empty text."""
    if not text:
        raise ValueError("an empty text has no compression ratio")
    return len(text.encode("utf-8")) / len(tokenizer.encode(text))


# %% cell 40 (text_dataset), lines 2-34 without 10, 15, 19, 21, 29
class TextDataset(Dataset):
    """All windows of ``block_size`` tokens, each with the same window one token later as its target."""

    def __init__(self, ids: Any, block_size: int) -> None:
        """Keep ``ids``, a vector of integers (array or tensor), without a copy, and ``block_size``.

        Raises ValueError, naming both lengths, if not even one window with its target fits.
        """
        self.ids = np.asarray(ids)
        self.block_size = block_size
        if len(self.ids) <= block_size:
            raise ValueError(f"{len(self.ids)} tokens are too few for a block of {block_size} and its target")

    def __len__(self) -> int:
        """Number of windows whose target fits, too."""
        return len(self.ids) - self.block_size

    def __getitem__(self, index: Any) -> tuple[np.ndarray, np.ndarray]:
        """Inputs and targets at ``index``: int64, each of shape (*index.shape, block_size).

        index: a position or an integer array of positions. Raises IndexError if one is not in 0 … len - 1.
        Hint: ``positions[..., None] + np.arange(...)``.
        """
        positions = np.asarray(index)
        if positions.size and not 0 <= positions.min() <= positions.max() < len(self):
            raise IndexError(f"positions {positions} are not all in 0 … {len(self) - 1}")
        window = positions[..., None] + np.arange(self.block_size)
        return self.ids[window].astype(np.int64), self.ids[window + 1].astype(np.int64)
