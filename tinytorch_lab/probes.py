"""What the hidden part of a test cell calls to report values instead of judging them.

A hidden test never asserts: it *probes*. Under the grading service the runner puts its own recorder in place
of :func:`probe`; the recorded values leave the sandbox and are compared with the reference solution's outside
it. Under plain nbgrader this module is what gets imported: it evaluates the expression, so that an error still
fails the cell, and keeps nothing.
"""

from collections.abc import Callable

import numpy as np

rng: np.random.Generator = np.random.default_rng()
"""Source of hidden inputs; the runner seeds it anew for every test cell."""


def probe(name: str, value: object) -> None:
    """Report ``value`` under ``name`` (unique within its cell).

    Values may be arrays, numbers, booleans, strings, ``None``, and lists, tuples or string-keyed dictionaries
    of these.
    """
    _ = name, value


def raises(call: Callable[[], object]) -> str:
    """Return the name of the built-in exception type that ``call()`` raises, or ``""`` if it raises none.

    A student's subclass of ``ValueError`` counts as ``ValueError``: the nearest built-in ancestor is named.
    """
    try:
        call()
    except Exception as error:
        return next(kind.__name__ for kind in type(error).__mro__ if kind.__module__ == "builtins")
    return ""
