"""Running a module's notebook with the course's tests and judging the outcome against the reference solution."""

from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any, cast

from nbformat import NotebookNode, from_dict

from tinytorch_lab.curriculum.cells import grade_id, is_measurement
from tinytorch_lab.errors import InvalidInputError, NotAvailableError, NotFoundError
from tinytorch_lab.grading.evidence import ScoredTest
from tinytorch_lab.grading.folder import CourseFolder
from tinytorch_lab.grading.receipts import course_key
from tinytorch_lab.grading.sources import KnownCell, ModuleSource
from tinytorch_lab.package.build import build_earlier, build_reference
from tinytorch_lab.runner.contract import Cell, CellResult, Executor, Job, Limits, Role, RunEnd
from tinytorch_lab.runner.judge import judge
from tinytorch_lab.runner.pool import LocalExecutor

_node = cast(Any, from_dict)


@dataclass(frozen=True)
class GradedRun:
    """A notebook with the outputs of its run, its tests judged, and what its own cells stopped with."""

    notebook: NotebookNode
    tests: tuple[ScoredTest, ...]
    end: RunEnd
    problems: tuple[str, ...]


class ModuleRunner:
    """Runs notebooks of one course; the reference solution of a module is run once."""

    def __init__(self, course: CourseFolder) -> None:
        self._course = course
        self._references: dict[str, dict[str, CellResult]] = {}
        self._packages: dict[str, Path] = {}

    @cached_property
    def _executor(self) -> Executor:
        return LocalExecutor(allow_unsandboxed=self._course.allow_unsandboxed)

    def close(self) -> None:
        """End the processes that run notebooks."""
        if "_executor" in self.__dict__:
            self._executor.close()
            del self.__dict__["_executor"]

    def prepare(self, source: ModuleSource) -> None:
        """Take the earlier modules and the reference solution as they are now, for the submissions to come.

        Raises:
            InvalidInputError: the reference solution fails its own tests, or an earlier module cannot be exported.
            NotAvailableError: nothing can be run here.
        """
        self._packages.pop(source.name, None)
        self._references.pop(source.digest, None)
        self._reference(source)

    def grade(self, source: ModuleSource, notebook: NotebookNode, earlier: Path | None = None) -> GradedRun:
        """Run ``notebook``, a repaired submission, and judge its tests.

        It imports the reference's earlier modules, or the package below the folder ``earlier``.

        Raises:
            InvalidInputError: the reference solution fails its own tests.
            NotAvailableError: nothing can be run here.
        """
        reference = self._reference(source)
        results, end = self._run(source, notebook, earlier)
        tests = tuple(_scored(test, results[_cell_id(test)], reference[_cell_id(test)], end) for test in source.tests)
        return GradedRun(_with_outputs(notebook, results), tests, end, _problems(notebook, results))

    def _reference(self, source: ModuleSource) -> dict[str, CellResult]:
        """Return the results of the reference solution's cells on the same hidden inputs."""
        if source.digest not in self._references:
            results, end = self._run(source, source.notebook)
            for test in source.tests:
                _check_reference(source, test, results[_cell_id(test)], end)
            self._references[source.digest] = results
        return self._references[source.digest]

    def _run(
        self, source: ModuleSource, notebook: NotebookNode, earlier: Path | None = None
    ) -> tuple[dict[str, CellResult], RunEnd]:
        job = Job(
            cells=tuple(_cell(cell, source) for cell in notebook.cells if cell.cell_type == "code"),
            limits=Limits.from_table(self._course.library.course.limits),
            path=(str(earlier),) if earlier else self._earlier_modules(source.name),
            files=source.files,
            seed=self._seed(source),
        )
        *results, end = self._executor.submit(job)
        if not isinstance(end, RunEnd):
            raise RuntimeError("a run ends with its RunEnd")
        if results and isinstance(results[0], CellResult) and results[0].status == "not_run":
            # Nothing of the notebook has run, so it is not the notebook's doing and must not cost its author points.
            raise NotAvailableError(f"{source.name} cannot be run here: {end.reason}.")
        return {result.id: result for result in results if isinstance(result, CellResult)}, end

    def _seed(self, source: ModuleSource) -> int:
        """Return what fixes the hidden inputs: the same at a regrade, not to be known without the course's secret."""
        key = course_key(self._course, f"hidden inputs of {source.digest}")
        return int.from_bytes(key[:8], "big") >> 1

    def _earlier_modules(self, module: str) -> tuple[str, ...]:
        """Return the folder to import ``tinytorch`` from: the reference solutions of the earlier modules only."""
        if module not in self._packages:
            self._packages[module] = self._build_earlier(module)
        folder = self._packages[module]
        return (str(folder),) if folder.is_dir() else ()

    def _build_earlier(self, module: str) -> Path:
        library, folder = self._course.library, self._course.state / "reference" / module
        try:
            build_earlier(library, library.course.find(module), folder / "tinytorch")
        except NotFoundError:
            build_reference(library, folder / "tinytorch")
        return folder


def _cell(cell: NotebookNode, source: ModuleSource) -> Cell:
    known = source.known.get(grade_id(cell) or "")
    if known is not None and known.is_test:
        return Cell(cell["id"], known.instructor.source, "test")
    role: Role = "skip" if is_measurement(cell) else "student"
    return Cell(cell["id"], cell.source, role)


def _cell_id(known: KnownCell) -> str:
    return str(known.instructor["id"])


def _scored(test: KnownCell, result: CellResult, reference: CellResult, end: RunEnd) -> ScoredTest:
    verdict = judge(result, reference, test.points)
    tampered = end.integrity == "tampered"
    score = 0.0 if tampered else round(verdict.score, 2)
    return ScoredTest(
        test=test.id,
        score=score,
        possible=test.points,
        status="passed" if score == test.points else "partly passed" if score else "failed",
        message="Not scored: see the note on this run." if tampered else verdict.message,
        detail=verdict.detail,
        seconds=result.seconds,
        peak_bytes=result.peak_bytes,
        reference_seconds=reference.seconds,
        reference_peak_bytes=reference.peak_bytes,
    )


def _check_reference(source: ModuleSource, test: KnownCell, result: CellResult, end: RunEnd) -> None:
    if result.status == "ok":
        return
    reason = result.failure.message if result.failure else end.reason or result.status
    raise InvalidInputError(
        f"The reference solution of {source.name} fails its own test {test.id} ({reason}); "
        "mend the module and generate it again."
    )


def _with_outputs(notebook: NotebookNode, results: dict[str, CellResult]) -> NotebookNode:
    for cell in notebook.cells:
        if cell.cell_type == "code":
            result = results[cell["id"]]
            cell.outputs = [_node(output) for output in result.outputs]
            cell.execution_count = result.execution_count
    return notebook


def _problems(notebook: NotebookNode, results: dict[str, CellResult]) -> tuple[str, ...]:
    """Return one sentence for each of the student's own cells that did not run to its end."""
    code = ((number, cell) for number, cell in enumerate(notebook.cells, 1) if cell.cell_type == "code")
    return tuple(_problem(number, cell, results[cell["id"]]) for number, cell in code if _stopped(cell, results))


def _stopped(cell: NotebookNode, results: dict[str, CellResult]) -> bool:
    own = not cell.metadata.get("nbgrader", {}).get("grade")
    return own and results[cell["id"]].status in ("error", "timeout", "killed")


def _problem(number: int, cell: NotebookNode, result: CellResult) -> str:
    name = f"Cell {grade_id(cell)}" if grade_id(cell) else f"Cell {number}"
    if result.failure is None:
        return f"{name} did not finish ({result.status})."
    line = next((frame.line for frame in reversed(result.failure.frames) if frame.cell == cell["id"]), None)
    place = f", line {line}," if line else ""
    message = " ".join(result.failure.message.split())[:300]
    return f"{name}{place} stopped with {result.failure.kind}{': ' if message else ''}{message.rstrip('.')}."
