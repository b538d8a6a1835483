"""Put back what tests rely on: functions a cell may have replaced, on purpose or by accident."""

import builtins
import operator
import random
import sys
import time
import tracemalloc
from types import ModuleType

import numpy as np
import numpy.linalg
import numpy.random
import numpy.testing

_MODULES: tuple[ModuleType, ...] = (
    builtins, np, np.linalg, np.random, np.testing, random, time, tracemalloc,
)  # fmt: skip
_MAY_CHANGE = {("builtins", "_"), ("builtins", "display"), ("builtins", "get_ipython")}
_settrace, _setprofile, _modules = sys.settrace, sys.setprofile, sys.modules
_all, _map, _is = all, map, operator.is_


class Guard:
    """A snapshot of what some modules offer, taken before any cell has run."""

    def __init__(self) -> None:
        self._saved = [(module, *_functions(module)) for module in _MODULES]

    def restore(self) -> list[str]:
        """Undo replacements, remove trace functions, and return the dotted names of what had been replaced."""
        _settrace(None)
        _setprofile(None)
        replaced = []
        for module, names, values in self._saved:
            current = module.__dict__
            _modules[module.__name__] = module
            # Before every test some thousand names are looked at, so this is done without a loop of Python's.
            if not _all(_map(_is, _map(current.get, names), values)):
                for name, value in zip(names, values, strict=True):
                    if current.get(name) is not value:
                        current[name] = value
                        replaced.append(f"{module.__name__}.{name}")
        return replaced


def _functions(module: ModuleType) -> tuple[tuple[str, ...], tuple[object, ...]]:
    """Return the names and values of all that can be called in ``module`` and stays what it is."""
    stable = {
        name: value
        for name, value in vars(module).items()
        if callable(value) and (module.__name__, name) not in _MAY_CHANGE
    }
    return tuple(stable), tuple(stable.values())
