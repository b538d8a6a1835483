"""Mark schemes as data: read from a response cell, lifted out of it, written back as text."""

import itertools
import re
from dataclasses import dataclass

from tinytorch_lab.errors import InvalidInputError

BEGIN = "=== BEGIN MARK SCHEME ==="
END = "=== END MARK SCHEME ==="

_LEVEL = re.compile(r"^\W*(?P<label>[A-Za-z][A-Za-z ]*?)\s*\((?P<range>[^)]*)\)\W*$")
_RANGE = re.compile(
    r"^(?P<low>\d+(?:\.\d+)?)(?:\s*[-\u2013]\s*(?P<high>\d+(?:\.\d+)?))?\s*(?:points?|pts?)$", re.IGNORECASE
)
_TOTAL = re.compile(r"\((?P<total>\d+(?:\.\d+)?)\s*points?\s+total\)", re.IGNORECASE)
_CRITERION = re.compile(r"^\s*[-*\u2022]\s+(?P<text>\S.*)$")


@dataclass(frozen=True)
class Level:
    """One level of a scheme: ``low`` to ``high`` points, and what an answer of this level shows."""

    label: str
    low: float
    high: float
    criteria: tuple[str, ...]


@dataclass(frozen=True)
class MarkScheme:
    """How an answer is marked; the best level first."""

    total: float
    levels: tuple[Level, ...]

    def level_for(self, points: float) -> Level:
        """Return the level that ``points`` reach: the highest whose lower bound they meet."""
        return next((level for level in self.levels if points >= level.low), self.levels[-1])

    def next_level(self, level: Level) -> Level | None:
        """Return the level above ``level``, or ``None`` at the top."""
        place = self.levels.index(level)
        return self.levels[place - 1] if place else None


def has_mark_scheme(text: str) -> bool:
    """Tell whether ``text`` holds a mark scheme's delimiter."""
    return BEGIN in text or END in text


def parse_mark_scheme(text: str) -> MarkScheme:
    """Parse the scheme between the delimiters in ``text``.

    A level is a line like ``EXCELLENT (9-10 points):``, its criteria are the bullets below it. The total is the
    one stated (``(10 points total)``), else the highest level's upper bound.

    Raises:
        InvalidInputError: delimiters or levels are missing, overlap, or leave a gap of more than one point.
    """
    begin, end = text.find(BEGIN), text.find(END)
    if begin < 0 or end < begin:
        raise InvalidInputError(f"The mark scheme must stand between {BEGIN!r} and {END!r}.")
    body = text[begin + len(BEGIN) : end]
    levels = _levels(body)
    stated = _TOTAL.search(body)
    scheme = MarkScheme(float(stated["total"]) if stated else max(level.high for level in levels), levels)
    _check(scheme)
    return scheme


def lift_mark_scheme(text: str) -> str:
    """Return ``text`` without its mark scheme, delimiters included."""
    begin, end = text.find(BEGIN), text.find(END)
    if begin < 0 or end < begin:
        return text
    return (text[:begin].rstrip() + "\n\n" + text[end + len(END) :].lstrip()).strip()


def _levels(body: str) -> tuple[Level, ...]:
    found: list[Level] = []
    for line in body.splitlines():
        heading = _LEVEL.match(line)
        bounds = _RANGE.match(heading["range"].strip()) if heading else None
        if heading and bounds:
            low, high = float(bounds["low"]), float(bounds["high"] or bounds["low"])
            found.append(Level(heading["label"].strip().capitalize(), low, high, ()))
            continue
        criterion = _CRITERION.match(line)
        if criterion and found:
            last = found[-1]
            found[-1] = Level(last.label, last.low, last.high, (*last.criteria, criterion["text"].strip()))
    if not found:
        raise InvalidInputError("The mark scheme has no level; write one as 'EXCELLENT (9-10 points):'.")
    return tuple(sorted(found, key=lambda level: -level.low))


def _check(scheme: MarkScheme) -> None:
    for level in scheme.levels:
        if level.low > level.high:
            raise InvalidInputError(
                f"Level {level.label!r} of the mark scheme runs from {level.low:g} down to {level.high:g}."
            )
        if not level.criteria:
            raise InvalidInputError(f"Level {level.label!r} of the mark scheme names no criterion.")
    for upper, lower in itertools.pairwise(scheme.levels):
        if lower.high >= upper.low:
            raise InvalidInputError(f"Levels {lower.label!r} and {upper.label!r} of the mark scheme overlap.")
        if upper.low - lower.high > 1:
            raise InvalidInputError(f"The mark scheme leaves a gap between {lower.label!r} and {upper.label!r}.")
    if scheme.levels[0].high != scheme.total:
        raise InvalidInputError(
            f"The mark scheme's best level ends at {scheme.levels[0].high:g}, not at the total of {scheme.total:g}."
        )
    if scheme.levels[-1].low != 0:
        raise InvalidInputError(f"The mark scheme's lowest level starts at {scheme.levels[-1].low:g}, not at 0.")
