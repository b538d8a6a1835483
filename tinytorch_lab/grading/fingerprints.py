"""Texts as sets of fingerprints, so that what two of them share is found without comparing them word by word.

The method is winnowing (Schleimer, Wilkerson and Aiken: Winnowing, local algorithms for document fingerprinting, 2003):
of all hashes of ``grain`` tokens in a row the smallest in every window of ``window`` is kept. A shared passage of
``grain + window - 1`` tokens is always found, one shorter than ``grain`` never.
"""

import builtins
import keyword
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Literal

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import NDArray

Kind = Literal["code", "answer"]
Hashes = NDArray[np.uint64]

_CODE = re.compile(
    r"""(?P<newline>\n)
    |(?P<blank>[^\S\n]+|\\\n|\#[^\n]*)
    |(?P<string>[rbfuRBFU]{0,2}(?:'{3}(?:[^'\\]|\\.|'(?!''))*(?:'{3}|\Z)|"{3}(?:[^"\\]|\\.|"(?!""))*(?:"{3}|\Z)
        |'(?:[^'\\\n]|\\.)*'?|"(?:[^"\\\n]|\\.)*"?))
    |(?P<number>\d[\w.]*)
    |(?P<name>[^\W\d]\w*)
    |(?P<sign>.)""",
    re.VERBOSE | re.DOTALL,
)
_WORD = re.compile(r"\n|\w+")
_GRAIN: dict[Kind, tuple[int, int]] = {"code": (10, 6), "answer": (3, 1)}
_MULTIPLIER, _MIX = np.uint64(0x100000001B3), np.uint64(0x9E3779B97F4A7C15)


@dataclass(frozen=True)
class Token:
    """A token as it is compared, and the cell and line (from 1) it stands in."""

    text: str
    cell: str
    line: int


@dataclass(frozen=True)
class Fingerprints:
    """A document's tokens and the hashes kept of them, with the place of each hash's first token."""

    tokens: tuple[Token, ...]
    hashes: Hashes
    places: NDArray[np.intp]


@dataclass
class Reader:
    """Turns texts of one kind into fingerprints; only what one reader made can be compared.

    ``scaffold`` and ``solution`` are the course's own texts. In code the names that the scaffold uses are compared as
    they are, since nobody can change them; all other names are alike.
    """

    kind: Kind
    scaffold: tuple[str, ...] = ()
    solution: tuple[str, ...] = ()
    _vocabulary: dict[str, int] = field(default_factory=dict)

    @cached_property
    def given_hashes(self) -> Hashes:
        """Every hash in the course's own texts."""
        found = [self._hashes(tuple(self._tokens("", text))) for text in (*self.scaffold, *self.solution)]
        return np.unique(np.concatenate([np.empty(0, np.uint64), *found]))

    @cached_property
    def _kept_names(self) -> frozenset[str]:
        names = (match.group() for text in self.scaffold for match in _CODE.finditer(text) if match.lastgroup == "name")
        return frozenset((*keyword.kwlist, *dir(builtins), *names))

    @property
    def grain(self) -> int:
        """How many tokens in a row a fingerprint stands for."""
        return _GRAIN[self.kind][0]

    @property
    def reach(self) -> int:
        """How many tokens the same passage in two documents can have between two fingerprints."""
        return sum(_GRAIN[self.kind])

    def read(self, texts: Iterable[tuple[str, str]]) -> Fingerprints:
        """Return the fingerprints of a document made of ``texts``, pairs of a cell's name and its text.

        No fingerprint reaches from one text into the next.
        """
        tokens: list[Token] = []
        hashes, places = [np.empty(0, np.uint64)], [np.empty(0, np.intp)]
        for cell, text in texts:
            found = tuple(self._tokens(cell, text))
            hashed = self._hashes(found)
            kept = _winnowed(hashed, _GRAIN[self.kind][1])
            hashes.append(hashed[kept])
            places.append(kept + len(tokens))
            tokens += found
        return Fingerprints(tuple(tokens), np.concatenate(hashes), np.concatenate(places))

    def numbers(self, tokens: Iterable[Token]) -> list[int]:
        """Return a number for every token, the same for the same text."""
        return [self._vocabulary.setdefault(token.text, len(self._vocabulary) + 1) for token in tokens]

    def _tokens(self, cell: str, text: str) -> Iterable[Token]:
        return _code_tokens(cell, text, self._kept_names) if self.kind == "code" else _words(cell, text)

    def _hashes(self, tokens: Sequence[Token]) -> Hashes:
        numbers = np.array(self.numbers(tokens), np.uint64)
        if len(numbers) < self.grain:
            return np.empty(0, np.uint64)
        hashes = np.zeros(len(numbers) - self.grain + 1, np.uint64)
        for shift in range(self.grain):
            hashes = hashes * _MULTIPLIER + numbers[shift : shift + len(hashes)]
        # Neighbouring sums are alike; the smallest must not be so for its numbers, but by chance.
        hashes = (hashes ^ (hashes >> np.uint64(31))) * _MIX
        return hashes ^ (hashes >> np.uint64(29))


def _winnowed(hashes: Hashes, window: int) -> NDArray[np.intp]:
    if not len(hashes):
        return np.empty(0, np.intp)
    windows = sliding_window_view(hashes, min(window, len(hashes)))
    return np.unique(windows.argmin(axis=1) + np.arange(len(windows)))


def _code_tokens(cell: str, text: str, kept: frozenset[str]) -> Iterable[Token]:
    """Yield the tokens of code, whether or not Python can read it."""
    line, former = 1, ""
    for match in _CODE.finditer(text):
        kind, found = match.lastgroup, match.group()
        if kind not in ("newline", "blank"):
            own = kind == "string" or (kind == "name" and found not in kept and former != ".")
            yield Token(str(kind) if own else found, cell, line)
            former = found
        line += found.count("\n")


def _words(cell: str, text: str) -> Iterable[Token]:
    line = 1
    for match in _WORD.finditer(text.casefold()):
        if match.group() == "\n":
            line += 1
        else:
            yield Token(match.group(), cell, line)
