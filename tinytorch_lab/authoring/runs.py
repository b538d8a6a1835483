"""The checks that run code: the reference solution earns every point, the unsolved release none."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

from nbformat import NotebookNode

from tinytorch_lab.authoring.findings import Finding, at_cell, at_module
from tinytorch_lab.curriculum.baselines import Baseline
from tinytorch_lab.curriculum.catalogue import ModuleInfo
from tinytorch_lab.curriculum.cells import grade_id, is_test, points, role_of
from tinytorch_lab.curriculum.library import Library
from tinytorch_lab.curriculum.source import SourceCell, SourceModule
from tinytorch_lab.errors import NotAvailableError
from tinytorch_lab.package.build import build_earlier
from tinytorch_lab.runner.calibration import CALIBRATION
from tinytorch_lab.runner.contract import CellResult, Executor, Job, Limits, Role
from tinytorch_lab.runner.judge import judge
from tinytorch_lab.runner.notebook import cells_of

SLOWEST_CELL = 30.0
"""Seconds that no cell of a module may exceed."""

Results = dict[str, CellResult]


@dataclass(frozen=True)
class RunReport:
    """What running a module showed; the baselines are the reference's costs by grade id."""

    findings: tuple[Finding, ...]
    reference_score: float
    unsolved_score: float
    baselines: dict[str, Baseline]


def check_runs(library: Library, info: ModuleInfo, executor: Executor) -> RunReport:
    """Run the module's reference solution, twice, and its unsolved release, and judge them."""
    module = library.source(info)
    instructor = library.instructor(info)
    with TemporaryDirectory(prefix="tinytorch-earlier-") as path:
        build_earlier(library, info, Path(path) / "tinytorch")
        reference = _run(executor, instructor, path, seed=1)
        again = _run(executor, instructor, path, seed=1)
        unsolved = _run(executor, _with_tests(library.student(info), instructor), path, seed=1)
        everything = _run(executor, instructor, path, seed=2, measurements=True)
    cells = {node["id"]: cell for node, cell in zip(instructor.cells, module.cells, strict=True)}
    tests = {name: node for name, node in _nodes(instructor).items() if is_test(node)}
    findings: list[Finding] = []
    earned = stub_earned = 0.0
    for name, node in tests.items():
        worth, cell = points(node), cells[name]
        if reference[name].failure:
            # Where it passes with the measurements, it must be reported here; else below, as every cell that fails.
            findings += [] if everything[name].failure else _cell_findings(module, cell, reference[name])
            continue
        verdict = judge(again[name], reference[name], worth)
        stub = judge(unsolved[name], reference[name], worth)
        earned, stub_earned = earned + verdict.score, stub_earned + stub.score
        if verdict.score != worth:
            problem = f"run twice with one seed, the reference solution earns {verdict.score:g} of {worth:g}: "
            findings.append(at_cell(module, cell, problem + verdict.detail, "probe only what the seed determines"))
        if stub.score:
            problem = f"the unsolved release earns {stub.score:g} of {worth:g}"
            findings.append(at_cell(module, cell, problem, "make the visible part fail without a solution"))
    for name, result in everything.items():
        if name in cells:
            findings += _cell_findings(module, cells[name], result)
    if not tests:
        findings.append(at_module(module, "the module has no test cell", "add one after each implementation"))
    return RunReport(tuple(findings), earned, stub_earned, _baselines(tests, reference))


def _run(executor: Executor, notebook: NotebookNode, path: str, *, seed: int, measurements: bool = False) -> Results:
    def role(cell: NotebookNode) -> Role:
        found = role_of(cell)
        return "student" if measurements and found == "skip" else found

    job = Job((CALIBRATION, *cells_of(notebook, role)), Limits(notebook_seconds=600.0), (path,), seed=seed)
    items = list(executor.submit(job))
    return {item.id: item for item in items if isinstance(item, CellResult)}


def _with_tests(student: NotebookNode, instructor: NotebookNode) -> NotebookNode:
    """Give the student's notebook the instructor's test cells, hidden part included, as grading does."""
    tests = {grade_id(cell): cell.source for cell in instructor.cells if is_test(cell)}
    for cell in student.cells:
        if is_test(cell):
            cell.source = tests[grade_id(cell)]
    return student


def _nodes(notebook: NotebookNode) -> dict[str, NotebookNode]:
    return {cell["id"]: cell for cell in notebook.cells}


def _cell_findings(module: SourceModule, cell: SourceCell, result: CellResult) -> Sequence[Finding]:
    if result.failure:
        line = next((frame.line for frame in reversed(result.failure.frames) if frame.cell == result.id), 1)
        problem = f"the cell fails with the reference solution: {result.failure.kind}: {result.failure.message}"
        return [Finding(module.path, cell.body_line + line - 1, cell.number, problem, "mend the cell")]
    if result.seconds > SLOWEST_CELL:
        return [at_cell(module, cell, f"the cell takes {result.seconds:.0f} s", f"stay below {SLOWEST_CELL:.0f} s")]
    return []


def _baselines(tests: dict[str, NotebookNode], reference: Results) -> dict[str, Baseline]:
    loop = reference[CALIBRATION.id].seconds
    if loop <= 0:
        raise NotAvailableError("The calibration loop did not run; see 'tito system health'.")
    return {
        grade_id(node) or name: Baseline(reference[name].peak_bytes, round(reference[name].seconds / loop, 4))
        for name, node in tests.items()
    }
