"""Where submissions of a module are alike: passages for a person to look at, no verdict on how they came about.

What the module itself leads to is set aside first: the scaffold, the reference solution, the questions, and every
passage that a tenth of the class (at least eight students) has.
"""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
from nbformat import NotebookNode
from numpy.typing import NDArray
from rapidfuzz.distance import Indel

from tinytorch_lab.curriculum.cells import grade_id
from tinytorch_lab.grading.answers import answers_in
from tinytorch_lab.grading.fingerprints import Fingerprints, Hashes, Kind, Reader
from tinytorch_lab.grading.sources import ModuleSource

_COMMON_SHARE, _COMMON_LEAST = 0.1, 8
_LEAST_SHARED: dict[Kind, int] = {"code": 15, "answer": 8}
"""Fewer shared fingerprints, about six lines of code or a sentence, are no match: short solutions coincide."""
_LEAST_SHARE: dict[Kind, float] = {"code": 0.5, "answer": 0.4}
_MUCH_CODE = 30
"""So many shared fingerprints, about a dozen lines, are shown whatever their share of the module."""


@dataclass(frozen=True)
class Work:
    """What one student wrote: pairs of a cell's name and its text."""

    student: str
    texts: tuple[tuple[str, str], ...]


@dataclass(frozen=True)
class Passage:
    """Lines of a cell, from 1, both ends included."""

    cell: str
    first_line: int
    last_line: int


@dataclass(frozen=True)
class Match:
    """The same passage in two submissions; ``tokens`` is its length in words, or in tokens of code."""

    left: Passage
    right: Passage
    tokens: int


@dataclass(frozen=True)
class SimilarPair:
    """Two students with similar work. ``share`` (0 to 1) is how much of the shorter work the other one has too."""

    left: str
    right: str
    share: float
    matches: tuple[Match, ...]


@dataclass(frozen=True)
class SimilarityReport:
    """The most similar pairs of one kind in one cell, or (``cell`` empty) in all code of the module.

    ``found`` is how many pairs there are in all, ``groups`` are students linked by them, the largest group first.
    """

    kind: Kind
    cell: str
    compared: int
    found: int
    pairs: tuple[SimilarPair, ...]
    groups: tuple[tuple[str, ...], ...]


def module_similarity(
    source: ModuleSource, notebooks: Iterable[tuple[str, NotebookNode]], most: int = 100
) -> tuple[SimilarityReport, ...]:
    """Compare the code, then each answer, of autograded ``notebooks`` (pairs of student and notebook).

    At most ``most`` pairs are returned for each. Cells that students do not write (tests, given cells) are left out.
    """
    code: list[Work] = []
    answers: dict[str, list[Work]] = {cell.id: [] for cell in source.responses}
    for student, notebook in notebooks:
        code.append(Work(student, tuple(_code_of(source, notebook))))
        for name, text in answers_in(notebook, source).items():
            answers[name].append(Work(student, ((name, text),)))
    solution = tuple(str(cell.source) for cell in source.notebook.cells)
    scaffold = tuple(str(cell.released.source) for cell in source.known.values())
    reports = [similar_work(Reader("code", scaffold, solution), code, most)]
    reports += [
        similar_work(Reader("answer", scaffold, solution), works, most, name) for name, works in answers.items()
    ]
    return tuple(reports)


def similar_work(reader: Reader, works: Sequence[Work], most: int = 100, cell: str = "") -> SimilarityReport:
    """Return the most similar pairs among ``works``; passages of the reader's own texts count for nothing."""
    kind = reader.kind
    documents = [reader.read(work.texts) for work in works]
    telling = _telling(documents, reader.given_hashes)
    left, right, shared, share = _candidates(kind, telling)
    if kind == "answer":
        pairs_of_places = zip(left, right, strict=True)
        share = np.maximum(share, [_same_words(documents[i], documents[j]) for i, j in pairs_of_places])
    # Of two pairs with the same share the one with more in common says more.
    order = np.lexsort((right, left, -shared, -share))[:most]
    pairs = tuple(
        SimilarPair(
            works[left[place]].student,
            works[right[place]].student,
            round(float(share[place]), 3),
            _matches(reader, documents[left[place]], documents[right[place]], telling[left[place]]),
        )
        for place in order
    )
    groups = _groups([work.student for work in works], zip(left.tolist(), right.tolist(), strict=True))
    return SimilarityReport(kind, cell, len(works), len(left), pairs, groups)


def _code_of(source: ModuleSource, notebook: NotebookNode) -> Iterable[tuple[str, str]]:
    for number, cell in enumerate(notebook.cells, 1):
        known = source.known.get(grade_id(cell) or "")
        own = known.is_implementation if known else str(cell.source).strip() not in source.measurements
        if cell.cell_type == "code" and own:
            yield grade_id(cell) or f"cell {number}", str(cell.source)


def _telling(documents: Sequence[Fingerprints], known: Hashes) -> list[Hashes]:
    """Return each document's hashes without the known ones and those that many different documents have.

    Documents with the same fingerprints count once, so that a solution passed around as it is stays telling.
    """
    own = [_without(np.unique(document.hashes), known) for document in documents]
    distinct = list({hashes.tobytes(): hashes for hashes in own}.values())
    values, counts = np.unique(np.concatenate([np.empty(0, np.uint64), *distinct]), return_counts=True)
    common = values[counts > max(_COMMON_LEAST, _COMMON_SHARE * len(documents))]
    return [_without(hashes, common) for hashes in own]


def _without(hashes: Hashes, dropped: Hashes) -> Hashes:
    """Return the ``hashes`` that are not among ``dropped``; both are in order."""
    return hashes[~_among(hashes, dropped)]


def _among(hashes: Hashes, others: Hashes) -> NDArray[np.bool_]:
    if not len(others):
        return np.zeros(len(hashes), bool)
    places = np.searchsorted(others, hashes)
    found: NDArray[np.bool_] = others[np.minimum(places, len(others) - 1)] == hashes
    return found


def _candidates(
    kind: Kind, telling: Sequence[Hashes]
) -> tuple[NDArray[np.intp], NDArray[np.intp], NDArray[np.float64], NDArray[np.float64]]:
    """Return the pairs (two columns of places) that share enough, how many fingerprints, and of what share."""
    shared = _shared(telling)
    sizes = np.array([len(hashes) for hashes in telling], float)
    share = shared / np.maximum(np.minimum.outer(sizes, sizes), 1)
    enough = (shared >= _LEAST_SHARED[kind]) & (share >= _LEAST_SHARE[kind])
    if kind == "code":
        enough |= shared >= _MUCH_CODE
    left, right = np.nonzero(np.triu(enough, 1))
    return left, right, shared[left, right], share[left, right]


def _shared(telling: Sequence[Hashes]) -> NDArray[np.float64]:
    """Return how many hashes every two documents share, as a symmetric matrix."""
    count = len(telling)
    owners = np.repeat(np.arange(count), [len(hashes) for hashes in telling])
    hashes = np.concatenate([np.empty(0, np.uint64), *telling])
    order = np.argsort(hashes, kind="stable")
    owners, (_, starts, sizes) = owners[order], np.unique(hashes[order], return_index=True, return_counts=True)
    shared = np.zeros(count * count)
    for size in np.unique(sizes[sizes > 1]):
        rows = owners[starts[sizes == size][:, None] + np.arange(size)]
        for first in range(size - 1):
            pairs = rows[:, first, None] * count + rows[:, first + 1 :]
            shared += np.bincount(pairs.ravel(), minlength=count * count)
    square = shared.reshape(count, count)
    return square + square.T


def _same_words(left: Fingerprints, right: Fingerprints) -> float:
    """Return the share of words that two answers have in the same order."""
    return float(Indel.normalized_similarity(left.numbers, right.numbers))


def _matches(reader: Reader, left: Fingerprints, right: Fingerprints, telling: Hashes) -> tuple[Match, ...]:
    """Return the shared passages, in the left one's order: runs of fingerprints that go on in both."""
    places: dict[int, list[int]] = defaultdict(list)
    for value, place in zip(right.hashes.tolist(), right.places.tolist(), strict=True):
        places[value].append(place)
    spans: list[list[int]] = []
    kept = _among(left.hashes, telling)
    for value, here in zip(left.hashes[kept].tolist(), left.places[kept].tolist(), strict=True):
        if value not in places:
            continue
        # Of several places in the other work the one that continues the passage is meant.
        follows = spans[-1][3] if spans else 0
        there = next((place for place in places[value] if place >= follows), places[value][0])
        if spans and _goes_on(reader, left, right, spans[-1], here, there):
            spans[-1][1], spans[-1][3] = here, there
        else:
            spans.append([here, here, there, there])
    last = reader.grain - 1
    found = [
        Match(_passage(left, a, b + last), _passage(right, c, d + last), b + reader.grain - a) for a, b, c, d in spans
    ]
    # A fingerprint by itself may be a coincidence; a run of them hardly is.
    return tuple(match for match in found if match.tokens >= 2 * reader.grain) or tuple(found)


def _goes_on(
    reader: Reader, left: Fingerprints, right: Fingerprints, span: Sequence[int], here: int, there: int
) -> bool:
    near = here - span[1] <= reader.reach and 0 <= there - span[3] <= reader.reach
    return near and left.cell(span[0]) == left.cell(here) and right.cell(span[2]) == right.cell(there)


def _passage(document: Fingerprints, first: int, last: int) -> Passage:
    return Passage(document.cell(first), document.lines[first], document.lines[last])


def _groups(students: Sequence[str], pairs: Iterable[tuple[int, int]]) -> tuple[tuple[str, ...], ...]:
    """Return the students that the pairs link, directly or through others."""
    leaders = list(range(len(students)))

    def leader(place: int) -> int:
        while leaders[place] != place:
            leaders[place] = place = leaders[leaders[place]]
        return place

    for left, right in pairs:
        leaders[leader(right)] = leader(left)
    groups: dict[int, list[str]] = defaultdict(list)
    for place, student in enumerate(students):
        groups[leader(place)].append(student)
    found = (tuple(sorted(group)) for group in groups.values() if len(group) > 1)
    return tuple(sorted(found, key=lambda group: (-len(group), group)))
