"""Put back what tests rely on: functions a cell may have replaced, on purpose or by accident."""

import builtins
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


class Guard:
    """A snapshot of what some modules offer, taken before any cell has run."""

    def __init__(self) -> None:
        self._saved = [
            (module, [(key, value) for key, value in vars(module).items() if callable(value)]) for module in _MODULES
        ]

    def restore(self) -> list[str]:
        """Undo replacements, remove trace functions, and return the dotted names of what had been replaced."""
        _settrace(None)
        _setprofile(None)
        replaced = []
        for module, saved in self._saved:
            name, current = module.__name__, module.__dict__
            _modules[name] = module
            for key, value in saved:
                if current.get(key) is not value and (name, key) not in _MAY_CHANGE:
                    current[key] = value
                    replaced.append(f"{name}.{key}")
        return replaced
