"""Validating modules: reading first, and running only what reads well."""

from dataclasses import dataclass

from tinytorch_lab.authoring.findings import Finding
from tinytorch_lab.authoring.runs import check_runs
from tinytorch_lab.authoring.static import check_source
from tinytorch_lab.curriculum.baselines import Baseline
from tinytorch_lab.curriculum.catalogue import ModuleInfo
from tinytorch_lab.curriculum.library import Library
from tinytorch_lab.runner.contract import Executor


@dataclass(frozen=True)
class Validation:
    """A module's findings; the scores are absent when it was not run."""

    module: ModuleInfo
    findings: tuple[Finding, ...]
    reference_score: float | None = None
    unsolved_score: float | None = None
    baselines: dict[str, Baseline] | None = None

    @property
    def valid(self) -> bool:
        """Whether nothing was found."""
        return not self.findings


def validate(library: Library, module: ModuleInfo, executor: Executor) -> Validation:
    """Check the module's source and, when that is sound, what its code does.

    Raises:
        NotAvailableError: the module has not been written yet.
        InvalidInputError: its source cannot be parsed at all.
    """
    found = check_source(library.source(module), module, library.course)
    if found:
        return Validation(module, tuple(found))
    report = check_runs(library, module, executor)
    return Validation(module, report.findings, report.reference_score, report.unsolved_score, report.baselines)
