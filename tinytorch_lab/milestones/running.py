"""Running a milestone's script on a package, and judging what it reports."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tinytorch_lab.milestones.explain import explain
from tinytorch_lab.milestones.script import LOSS, Files, Malformed, Outcome, Reports, Script
from tinytorch_lab.runner.contract import CellResult, Executor, Job, Limits, Run, RunEnd


@dataclass(frozen=True)
class Progress:
    """How far a run is: steps ended of all, the last one's title, and the losses reported so far."""

    done: int
    total: int
    step: str
    losses: tuple[float, ...]


Listener = Callable[[Progress], None]


@dataclass(frozen=True)
class Judged:
    """How a run ended. ``message`` says it; without an ``outcome`` there was nothing to judge, for that reason."""

    outcome: Outcome | None
    message: str
    seconds: float

    @property
    def passed(self) -> bool:
        """Whether the milestone was reached."""
        return self.outcome is not None and self.outcome.passed


@dataclass(frozen=True)
class ScriptRun:
    """A script on its way through an executor; :meth:`finish` waits for it."""

    script: Script
    package: Path
    files: Files
    run: Run

    def finish(self, listener: Listener | None = None) -> Judged:
        """Follow the run, telling ``listener`` each step, and judge what it reports; one that fails is cut short.

        Raises:
            NotAvailableError: the data to judge by cannot be had any more.
        """
        reports: dict[str, list[Any]] = {}
        problem, seconds = "", 0.0
        for done, item in enumerate(self.run, 1):
            if isinstance(item, RunEnd):
                seconds = item.seconds
                if item.integrity != "ok" and not problem:
                    problem = f"The run does not count: {item.reason}."
            elif not problem:
                problem = self._take(item, reports)
                if problem:
                    self.run.cancel()
                elif listener is not None:
                    listener(Progress(done, len(self.script.steps), item.id, _losses(reports)))
        return Judged(None, problem, seconds) if problem else self._judged(reports, seconds)

    def _judged(self, reports: Reports, seconds: float) -> Judged:
        try:
            outcome = self.script.judge(reports, self.files)
        except Malformed as malformed:
            return Judged(None, str(malformed), seconds)
        return Judged(outcome, outcome.sentence, seconds)

    def _take(self, result: CellResult, reports: dict[str, list[Any]]) -> str:
        """Add what a step reports; return why it failed, if it did."""
        for probe in result.probes:
            reports.setdefault(probe.name, []).append(probe.value)
        return "" if result.status == "ok" else explain(result, self.package)


def start_script(executor: Executor, script: Script, package: Path, limits: Limits) -> ScriptRun:
    """Have ``script`` run on the package in the folder ``package``, which is named ``tinytorch``.

    Raises:
        NotAvailableError: its data cannot be had, or nothing can be run here.
    """
    files = script.files()
    job = Job(cells=script.steps, limits=limits, path=(str(package.parent),), files=files)
    return ScriptRun(script, package, files, executor.submit(job))


def _losses(reports: Mapping[str, list[Any]]) -> tuple[float, ...]:
    return tuple(value for value in reports.get(LOSS, ()) if isinstance(value, float))
