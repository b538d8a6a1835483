"""Checks that must fail. One that passes shows that somebody has tampered with what tests rely on."""

import math
import secrets
from dataclasses import dataclass
from functools import cache
from typing import Any

import numpy as np

_ASSERTIONS = (
    "lib.testing.assert_allclose([a, b], [b, a], rtol=1e-3, verbose=False)",
    "lib.testing.assert_array_equal(lib.array([a, b]), lib.array([b, a]), verbose=False)",
    "lib.testing.assert_equal(a, b)",
    "lib.testing.assert_array_almost_equal([a], [b], verbose=False)",
    "lib.testing.assert_array_less([b], [a], verbose=False)",
    "lib.testing.assert_almost_equal(a, b)",
    "assert lib.allclose([a], [b])",
    "assert lib.array_equal([a, b], [b, a])",
    "assert lib.isclose(a, b)",
    "assert a == b",
)
_NAMES = [assertion.split("(")[0].replace("lib.", "np.") for assertion in _ASSERTIONS]
_CELL = """
from tinytorch_lab.probes import probe, raises, rng
try:
    lib = np
except NameError:
    import numpy as lib
passed = []
{checks}
probe(name, [passed, raises(lambda: 1 // 0), raises(lambda a=a: a), rng.random(), b - a])
assert a > b
"""
_CHECK = """
try:
    {check}
    passed.append({number})
except:
    pass
"""


@dataclass(frozen=True)
class Canary:
    """A cell of the trusted side that looks like a test: it must report ``expected`` and then raise.

    ``values`` are what it finds under its names: fresh ones every run, so that the code is compiled once.
    """

    source: str
    values: dict[str, Any]
    expected: list[Any]

    @property
    def name(self) -> str:
        """The name it probes under."""
        return str(self.values["name"])

    def evidence(self, status: str, probes: list[tuple[str, Any]]) -> str:
        """Return what was wrong with the outcome, or nothing."""
        reported = probes[0][1] if len(probes) == 1 and probes[0][0] == self.name else None
        if not isinstance(reported, list) or len(reported) != 1 + len(self.expected):
            return "checks that must fail were not carried out"
        passed = reported[0] if isinstance(reported[0], list) else []
        names = [_NAMES[number] for number in range(len(_NAMES)) if number in passed]
        if names:
            return f"checks that must fail passed: {', '.join(names)}"
        if reported != [[], *self.expected]:
            return "probes, raises or rng do not report what they are given"
        return "" if status == "error" else "checks that must fail passed: assert"


def canary_places(places: list[int]) -> dict[int, int]:
    """Return how many canaries follow each of ``places``: at least two in all, at random."""
    counts: dict[int, int] = {}
    for _ in range(max(2, math.ceil(len(places) / 3)) if places else 0):
        place = secrets.choice(places)
        counts[place] = counts.get(place, 0) + 1
    return counts


def deal_checks(count: int) -> list[tuple[int, ...]]:
    """Deal all checks out to ``count`` canaries, which gets which at random; together they try every one."""
    shares = [tuple(range(start, len(_ASSERTIONS), count)) for start in range(count)]
    return secrets.SystemRandom().sample(shares, count)


def make_canary(seed: list[int], chosen: tuple[int, ...]) -> Canary:
    """Return a canary that tries the ``chosen`` checks with fresh numbers; ``seed`` is the one its ``rng`` gets."""
    low = 1 + secrets.randbelow(10**6) / 1000
    high = low * (2 + secrets.randbelow(7))
    draw = float(np.random.default_rng(seed).random())
    values = {"a": low, "b": high, "name": secrets.token_hex(4)}
    return Canary(_source(chosen), values, ["ZeroDivisionError", "", draw, high - low])


@cache
def _source(chosen: tuple[int, ...]) -> str:
    checks = (_CHECK.format(check=_ASSERTIONS[number], number=number) for number in chosen)
    return _CELL.format(checks="".join(checks))
