"""Checks that read a module's source and run nothing."""

from collections.abc import Callable, Iterator

from tinytorch_lab.authoring import cells, structure
from tinytorch_lab.authoring.findings import Finding
from tinytorch_lab.curriculum.catalogue import Course, ModuleInfo
from tinytorch_lab.curriculum.source import SourceModule

Check = Callable[[SourceModule, ModuleInfo, Course], Iterator[Finding]]

CHECKS: tuple[Check, ...] = (
    cells.markers,
    cells.grade_ids,
    cells.solutions,
    cells.tests,
    cells.mark_schemes,
    structure.sections,
    structure.implementations_are_tested,
    structure.questions,
    structure.points,
    structure.exports,
)


def check_source(module: SourceModule, info: ModuleInfo, course: Course) -> list[Finding]:
    """Return every defect that reading the source shows, in the order of the file."""
    findings = [finding for check in CHECKS for finding in check(module, info, course)]
    return sorted(findings, key=lambda finding: finding.line)
