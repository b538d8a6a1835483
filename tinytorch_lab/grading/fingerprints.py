"""Texts as sets of fingerprints, so that what two of them share is found without comparing them word by word.

The method is winnowing (Schleimer, Wilkerson and Aiken: Winnowing, local algorithms for document fingerprinting, 2003):
of all hashes of ``grain`` tokens in a row the smallest in every window of ``window`` is kept. A shared passage of
``grain + window - 1`` tokens is always found, one shorter than ``grain`` never.
"""

import builtins
import keyword
import re
from bisect import bisect_right
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Literal

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import NDArray

Kind = Literal["code", "answer"]
Hashes = NDArray[np.uint64]

_CODE = re.compile(
    r"""(?P<blank>\s+|\\\n|\#[^\n]*)
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
class Fingerprints:
    """A document: a number and a line (from 1) for each token, and the hashes kept, each with its first token's place.

    ``cells`` are the names of the cells, ``starts`` the place where each begins.
    """

    numbers: list[int]
    lines: list[int]
    cells: list[str]
    starts: list[int]
    hashes: Hashes
    places: NDArray[np.intp]

    def cell(self, place: int) -> str:
        """Return the name of the cell that the token at ``place`` stands in."""
        return self.cells[bisect_right(self.starts, place) - 1]


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
        found = [_hashes(self._tokens(text)[0], self.grain) for text in (*self.scaffold, *self.solution)]
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
        document = Fingerprints([], [], [], [], np.empty(0, np.uint64), np.empty(0, np.intp))
        hashes, places = [document.hashes], [document.places]
        for cell, text in texts:
            numbers, lines = self._tokens(text)
            hashed = _hashes(numbers, self.grain)
            kept = _winnowed(hashed, _GRAIN[self.kind][1])
            document.cells.append(cell)
            document.starts.append(len(document.numbers))
            hashes.append(hashed[kept])
            places.append(kept + len(document.numbers))
            document.numbers.extend(numbers)
            document.lines.extend(lines)
        return replace(document, hashes=np.concatenate(hashes), places=np.concatenate(places))

    def _tokens(self, text: str) -> tuple[list[int], list[int]]:
        found = _code_tokens(text, self._kept_names) if self.kind == "code" else _words(text)
        vocabulary = self._vocabulary
        numbered = [(vocabulary.setdefault(token, len(vocabulary) + 1), line) for token, line in found]
        return [number for number, _ in numbered], [line for _, line in numbered]


def _hashes(tokens: list[int], grain: int) -> Hashes:
    numbers = np.array(tokens, np.uint64)
    if len(numbers) < grain:
        return np.empty(0, np.uint64)
    hashes = np.zeros(len(numbers) - grain + 1, np.uint64)
    for shift in range(grain):
        hashes = hashes * _MULTIPLIER + numbers[shift : shift + len(hashes)]
    # Neighbouring sums are alike; the smallest must not be so for its numbers, but by chance.
    hashes = (hashes ^ (hashes >> np.uint64(31))) * _MIX
    return hashes ^ (hashes >> np.uint64(29))


def _winnowed(hashes: Hashes, window: int) -> NDArray[np.intp]:
    if not len(hashes):
        return np.empty(0, np.intp)
    windows = sliding_window_view(hashes, min(window, len(hashes)))
    return np.unique(windows.argmin(axis=1) + np.arange(len(windows)))


def _code_tokens(text: str, kept: frozenset[str]) -> Iterable[tuple[str, int]]:
    """Yield the tokens of code with their lines, whether or not Python can read it."""
    line, former = 1, ""
    for match in _CODE.finditer(text):
        kind, found = match.lastgroup, match.group()
        if kind == "blank" or kind == "string":
            if kind == "string":
                yield kind, line
                former = ""
            line += found.count("\n")
        else:
            yield ("name" if kind == "name" and found not in kept and former != "." else found), line
            former = found


def _words(text: str) -> Iterable[tuple[str, int]]:
    line = 1
    for match in _WORD.finditer(text.casefold()):
        if match.group() == "\n":
            line += 1
        else:
            yield match.group(), line
