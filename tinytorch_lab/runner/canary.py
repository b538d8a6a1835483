"""Checks that must fail. One that passes shows that somebody has tampered with what tests rely on."""

import math
import secrets
from dataclasses import dataclass
from typing import Any

import numpy as np

_ASSERTIONS = (
    "lib.testing.assert_allclose([{a}, {b}], [{b}, {a}], rtol=1e-3)",
    "lib.testing.assert_array_equal(lib.array([{a}, {b}]), lib.array([{b}, {a}]))",
    "lib.testing.assert_equal({a}, {b})",
    "lib.testing.assert_array_almost_equal([{a}], [{b}])",
    "assert lib.allclose([{a}], [{b}])",
    "assert lib.array_equal([{a}, {b}], [{b}, {a}])",
    "assert {a} == {b}",
)
_ASSERTING = """
try:
    lib = np
except NameError:
    import numpy as lib
{check}
"""
_PROBING = """
from tinytorch_lab.probes import probe, raises, rng
probe("{name}", [raises(lambda: 1 // 0), raises(lambda: {a}), float(rng.random()), abs({a} - {b}), len(str({b}))])
"""


@dataclass(frozen=True)
class Canary:
    """A cell of the trusted side that looks like a test: it must raise, or must report exactly ``expected``."""

    source: str
    check: str
    expected: tuple[str, list[Any]] | None

    def evidence(self, status: str, kind: str, probes: list[tuple[str, Any]]) -> str:
        """Return what was wrong with the outcome, or nothing."""
        if self.expected is None:
            honest = status == "error" and kind != "NotImplementedError"
            return "" if honest else f"a check that must fail passed ({self.check})"
        if status == "ok" and probes == [self.expected]:
            return ""
        return "probes, raises or rng do not report what they are given"


def canary_places(places: list[int]) -> dict[int, int]:
    """Return how many canaries follow each of ``places``: at least two in all, at random."""
    counts: dict[int, int] = {}
    for _ in range(max(2, math.ceil(len(places) / 3)) if places else 0):
        place = secrets.choice(places)
        counts[place] = counts.get(place, 0) + 1
    return counts


def make_canary(seed: list[int]) -> Canary:
    """Return a random canary; ``seed`` is the one its ``rng`` gets."""
    first = 1 + secrets.randbelow(10**6) / 1000
    numbers = {"a": first, "b": first * (2 + secrets.randbelow(7))}
    pick = secrets.randbelow(len(_ASSERTIONS) + 2)
    if pick < len(_ASSERTIONS):
        check = _ASSERTIONS[pick].format(**numbers)
        return Canary(_ASSERTING.format(check=check), check.split("(")[0], None)
    name = secrets.token_hex(4)
    draw = float(np.random.default_rng(seed).random())
    expected = ["ZeroDivisionError", "", draw, abs(numbers["a"] - numbers["b"]), len(str(numbers["b"]))]
    return Canary(_PROBING.format(name=name, **numbers), "probe", (name, expected))
