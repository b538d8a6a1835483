# Generated from curriculum/01_tensor/01_tensor.py; edit that, not this file.
# Each "# %%" line says which cell, and which of its lines, the code below it is.

__all__ = ["environment_report", "measure_memory", "TestResult", "TestReport", "run_tests"]


# %% cell 4 (setup_imports), lines 2-11
import os
import platform
import sys
import time
import tracemalloc
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Any

import numpy as np


# %% cell 5 (environment), lines 2-18 without 10
def environment_report() -> dict[str, str]:
    """Describe what this process runs on, all values as text.

    Keys: ``python`` and ``numpy`` (versions), ``platform`` (system and machine, ``Linux x86_64``), ``cpus``
    (number of logical cores) and ``virtual_environment`` (its folder, or ``none`` outside one).

    Hint: ``platform.python_version()``, ``platform.system()``, ``platform.machine()``, ``os.cpu_count()``.
    """
    inside = sys.prefix != sys.base_prefix
    return {
        "python": platform.python_version(),
        "numpy": np.__version__,
        "platform": f"{platform.system()} {platform.machine()}",
        "cpus": str(os.cpu_count()),
        "virtual_environment": sys.prefix if inside else "none",
    }


# %% cell 8 (measure_memory), lines 2-22 without 10
def measure_memory(fn: Callable[[], Any]) -> tuple[Any, int]:
    """Call ``fn()`` once; return its result and its peak of memory: bytes above what was allocated before.

    Tracing that was already on stays on; tracing begun here ends here, also when ``fn`` raises. The exception
    of ``fn`` is passed on.

    Hint: the functions of ``tracemalloc`` named above; ``reset_peak()`` forgets earlier peaks.
    """
    was_tracing = tracemalloc.is_tracing()
    if not was_tracing:
        tracemalloc.start()
    try:
        tracemalloc.reset_peak()
        before, _ = tracemalloc.get_traced_memory()
        result = fn()
        _, peak = tracemalloc.get_traced_memory()
    finally:
        if not was_tracing:
            tracemalloc.stop()
    return result, peak - before


# %% cell 11 (run_tests), lines 2-61 without 29, 31, 50
@dataclass(frozen=True)
class TestResult:
    """How one test ended; ``message`` is empty if it passed."""

    name: str
    passed: bool
    message: str
    seconds: float


@dataclass
class TestReport:
    """The results of a run, in the order in which the tests ran."""

    results: list[TestResult] = field(default_factory=list)

    @property
    def passed(self) -> int:
        return sum(result.passed for result in self.results)

    @property
    def failed(self) -> int:
        return len(self.results) - self.passed

    @property
    def ok(self) -> bool:
        """Whether at least one test ran and none failed."""
        return self.passed > 0 and self.failed == 0

    def __str__(self) -> str:
        lines = []
        for result in self.results:
            mark = "pass" if result.passed else "FAIL"
            lines.append(f"{mark} {result.seconds * 1e3:8.1f} ms  {result.name}  {result.message}".rstrip())
        lines.append(f"{self.passed} passed, {self.failed} failed")
        return "\n".join(lines)


def run_tests(tests: Iterable[Callable[[], Any]]) -> TestReport:
    """Call every test, in order; one that raises an ``Exception`` has failed, and the rest still run.

    A result's name is the function's ``__name__``, its message ``"ValueError: what was said"``, its time
    wall-clock seconds. ``KeyboardInterrupt`` and ``SystemExit`` are no test results and pass through.

    Hint: ``type(error).__name__`` and ``time.perf_counter()``.
    """
    report = TestReport()
    for test in tests:
        message = ""
        start = time.perf_counter()
        try:
            test()
        except Exception as error:
            message = f"{type(error).__name__}: {error}"
        seconds = time.perf_counter() - start
        report.results.append(TestResult(test.__name__, not message, message, seconds))
    return report
