"""Whether two probed values agree: kind, shape, then numbers within the rounding of their type."""

from dataclasses import dataclass
from typing import Any

import numpy as np

from tinytorch_lab.runner.values import Unsupported

_KIND_NAMES = {
    "b": "truth values", "i": "integers", "u": "unsigned integers", "f": "floats", "c": "complex numbers", "U": "text",
}  # fmt: skip


@dataclass(frozen=True)
class Tolerance:
    """``relative`` to each expected number, ``absolute`` to the largest of them, or to 1 when all are smaller."""

    relative: float
    absolute: float


def tolerance(itemsize: int) -> Tolerance:
    """Return the tolerance for floats of ``itemsize`` bytes.

    Two correct programs differ by the order of their sums: some hundred roundings. For float64 that is far below
    1e-7, which is also what ``assert_allclose`` allows, so a hidden test is no stricter than a visible one.
    """
    if itemsize >= 8:
        return Tolerance(1e-7, 1e-9)
    return Tolerance(1e-5, 1e-6) if itemsize == 4 else Tolerance(5e-3, 1e-3)


@dataclass(frozen=True)
class Mismatch:
    """Why two values differ: in words that reveal neither, and in full."""

    public: str
    detail: str


def compare(actual: Any, expected: Any, path: str = "") -> Mismatch | None:
    """Return how ``actual`` differs from ``expected``, or ``None`` when it does not."""
    if isinstance(actual, Unsupported):
        return Mismatch(f"is a {actual.type_name}, not plain data", f"{path or 'value'} is a {actual.type_name}")
    if _is_number(expected) and _is_number(actual):
        return _compare_arrays(np.asarray(actual), np.asarray(expected), path)
    if type(actual) is not type(expected):
        return Mismatch("has the wrong type", _detail(path, _type_name(expected), _type_name(actual)))
    if isinstance(expected, list | tuple):
        return _compare_sequences(actual, expected, path)
    if isinstance(expected, dict):
        if actual.keys() != expected.keys():
            return Mismatch("has the wrong keys", _detail(path, sorted(expected), sorted(actual)))
        return _first(compare(actual[key], expected[key], f"{path}[{key!r}]") for key in expected)
    return None if actual == expected else Mismatch("has the wrong value", _detail(path, expected, actual))


def _compare_sequences(actual: Any, expected: Any, path: str) -> Mismatch | None:
    if len(actual) != len(expected):
        return Mismatch("has the wrong length", _detail(path, f"length {len(expected)}", f"length {len(actual)}"))
    pairs = enumerate(zip(actual, expected, strict=True))
    return _first(compare(mine, theirs, f"{path}[{index}]") for index, (mine, theirs) in pairs)


def _compare_arrays(actual: np.ndarray, expected: np.ndarray, path: str) -> Mismatch | None:
    if actual.dtype.kind != expected.dtype.kind:
        mine, theirs = _KIND_NAMES[actual.dtype.kind], _KIND_NAMES[expected.dtype.kind]
        return Mismatch(
            "has the wrong dtype", _detail(path, f"{theirs} ({expected.dtype})", f"{mine} ({actual.dtype})")
        )
    if actual.shape != expected.shape:
        return Mismatch("has the wrong shape", _detail(path, f"shape {expected.shape}", f"shape {actual.shape}"))
    if expected.dtype.kind in "fc":
        return _compare_floats(actual, expected, path)
    wrong = actual != expected
    return _values_differ(wrong, actual, expected, path, "") if wrong.any() else None


def _compare_floats(actual: np.ndarray, expected: np.ndarray, path: str) -> Mismatch | None:
    size = min(actual.dtype.itemsize, expected.dtype.itemsize) // (2 if expected.dtype.kind == "c" else 1)
    allowed = tolerance(size)
    wide = np.complex128 if expected.dtype.kind == "c" else np.float64
    mine, theirs = actual.astype(wide), expected.astype(wide)
    with np.errstate(all="ignore"):
        finite = np.isfinite(theirs)
        scale = max(1.0, float(np.abs(theirs[finite]).max(initial=0.0)))
        error = np.abs(mine - theirs)
        close = error <= allowed.relative * np.abs(theirs) + allowed.absolute * scale
        same = np.where(finite, close & np.isfinite(mine), (mine == theirs) | (np.isnan(mine) & np.isnan(theirs)))
        relative = error / np.abs(theirs)
    if same.all():
        return None
    worst = f"; largest absolute error {_largest(error)}, largest relative error {_largest(relative)}"
    return _values_differ(~same, actual, expected, path, worst)


def _values_differ(wrong: np.ndarray, actual: np.ndarray, expected: np.ndarray, path: str, worst: str) -> Mismatch:
    count, total = int(wrong.sum()), wrong.size
    first = tuple(int(index) for index in np.argwhere(wrong)[0])
    place = f" at {first}" if first else ""
    detail = _detail(path, f"{expected[first]!s}{place}", f"{actual[first]!s}")
    return Mismatch("has wrong values", f"{detail}; {count} of {total} values differ{worst}")


def _largest(errors: np.ndarray) -> str:
    """Return the largest finite error and its place."""
    finite = np.where(np.isfinite(errors), errors, -1.0)
    place = np.unravel_index(int(np.argmax(finite)), finite.shape)
    at = f" at {tuple(int(index) for index in place)}" if place else ""
    return f"{finite[place]:.3g}{at}" if finite[place] >= 0 else "not finite"


def _is_number(value: Any) -> bool:
    return isinstance(value, bool | float | complex | np.ndarray) or (type(value) is int and abs(value) < 1 << 63)


def _type_name(value: Any) -> str:
    return f"array of {value.dtype}, shape {value.shape}" if isinstance(value, np.ndarray) else type(value).__name__


def _detail(path: str, expected: Any, actual: Any) -> str:
    return f"{path + ': ' if path else ''}expected {str(expected)[:200]}, got {str(actual)[:200]}"


def _first(mismatches: Any) -> Mismatch | None:
    return next((mismatch for mismatch in mismatches if mismatch is not None), None)
