"""Running a module's notebook with the course's tests and judging the outcome against the reference solution."""

import hashlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any, cast

from nbformat import NotebookNode, from_dict

from tinytorch_lab.curriculum.cells import grade_id, is_measurement
from tinytorch_lab.errors import InvalidInputError, NotAvailableError, NotFoundError
from tinytorch_lab.grading.evidence import ScoredTest
from tinytorch_lab.grading.folder import CourseFolder
from tinytorch_lab.grading.receipts import course_key
from tinytorch_lab.grading.rules import certificates_of, limits_of
from tinytorch_lab.grading.sources import KnownCell, ModuleSource
from tinytorch_lab.package.build import build_earlier, build_reference
from tinytorch_lab.runner.cluster import ClusterExecutor
from tinytorch_lab.runner.contract import SANDBOX_ENDED, Cell, CellResult, Job, Limits, Role, Run, RunEnd
from tinytorch_lab.runner.judge import judge
from tinytorch_lab.runner.pool import LocalExecutor

_node = cast(Any, from_dict)
_shallow = cast(Any, NotebookNode)


@dataclass(frozen=True)
class GradedRun:
    """A notebook with the outputs of its run, its tests judged, and what its own cells stopped with."""

    notebook: NotebookNode
    tests: tuple[ScoredTest, ...]
    end: RunEnd
    problems: tuple[str, ...]


@dataclass(frozen=True)
class StartedRun:
    """A repaired submission on its way through a sandbox."""

    source: ModuleSource
    notebook: NotebookNode
    reference: Mapping[str, CellResult]
    run: Run
    again: Callable[[], Run]

    def finish(self) -> GradedRun:
        """Wait for the run's end, run once more if the sandbox died under it, and judge its tests.

        Raises:
            NotAvailableError: nothing can be run here.
        """
        results, end = _results(self.source, self.run, self.again)
        tests = tuple(
            _scored(test, results[_cell_id(test)], self.reference[_cell_id(test)], end) for test in self.source.tests
        )
        return GradedRun(_with_outputs(self.notebook, results), tests, end, _problems(self.notebook, results))


@dataclass(frozen=True)
class _Setting:
    """What all runs of a module have in common; ``earlier`` stands for the modules that can be imported."""

    limits: Limits
    path: tuple[str, ...]
    earlier: str
    seed: int
    cluster: str


class ModuleRunner:
    """Runs notebooks of one course, ``workers`` at a time; the reference solution of a module is run once."""

    def __init__(self, course: CourseFolder, workers: int = 1) -> None:
        self._course = course
        self._workers = workers
        self._executors: dict[str, LocalExecutor | ClusterExecutor] = {}
        self._settings: dict[str, _Setting] = {}
        self._references: dict[tuple[str, Limits, str], dict[str, CellResult]] = {}

    def close(self) -> None:
        """End the processes that run notebooks, and leave the clusters."""
        while self._executors:
            self._executors.popitem()[1].close()

    def prepare(self, source: ModuleSource, cluster: str = "") -> None:
        """Take limits, earlier modules and the reference solution as they are now, for the submissions to come.

        They run on the cluster at the address ``cluster``; without one, on this machine.

        Raises:
            InvalidInputError: the reference solution fails its own tests, an earlier module cannot be exported, or the
                course's limits or the cluster's certificates are wrong.
            NotAvailableError: nothing can be run here, or the cluster does not answer.
        """
        self._settings[source.digest] = self._new_setting(source, cluster)
        self._reference(source)

    def at_once(self, source: ModuleSource) -> int:
        """Return how many runs can be at work at once."""
        return self._executor(source).workers

    def start(self, source: ModuleSource, notebook: NotebookNode, earlier: Path | None = None) -> StartedRun:
        """Have ``notebook``, a repaired submission, run; :meth:`StartedRun.finish` waits for it.

        It imports the reference's earlier modules, or the package below the folder ``earlier``.

        Raises:
            InvalidInputError: the reference solution fails its own tests.
            NotAvailableError: nothing can be run here.
        """
        reference = self._reference(source)
        run_it = partial(self._executor(source).submit, self._job(source, notebook, earlier))
        return StartedRun(source, notebook, reference, run_it(), run_it)

    def grade(self, source: ModuleSource, notebook: NotebookNode, earlier: Path | None = None) -> GradedRun:
        """Run ``notebook`` as :meth:`start` does, wait for it and judge its tests."""
        return self.start(source, notebook, earlier).finish()

    def _reference(self, source: ModuleSource) -> dict[str, CellResult]:
        """Return the results of the reference solution's cells on the same hidden inputs."""
        setting = self._setting(source)
        key = source.digest, setting.limits, setting.earlier
        if key not in self._references:
            run_it = partial(self._executor(source).submit, self._job(source, source.notebook))
            results, end = _results(source, run_it(), run_it)
            for test in source.tests:
                _check_reference(source, test, results[_cell_id(test)], end)
            self._references[key] = results
        return self._references[key]

    def _executor(self, source: ModuleSource) -> LocalExecutor | ClusterExecutor:
        cluster = self._setting(source).cluster
        if cluster not in self._executors:
            self._executors[cluster] = self._new_executor(cluster)
        return self._executors[cluster]

    def _new_executor(self, cluster: str) -> LocalExecutor | ClusterExecutor:
        unsandboxed = self._course.allow_unsandboxed
        if cluster:
            return ClusterExecutor(cluster, certificates_of(self._course), allow_unsandboxed=unsandboxed)
        return LocalExecutor(self._workers, allow_unsandboxed=unsandboxed)

    def _job(self, source: ModuleSource, notebook: NotebookNode, earlier: Path | None = None) -> Job:
        setting = self._setting(source)
        return Job(
            cells=tuple(_cell(cell, source) for cell in notebook.cells if cell.cell_type == "code"),
            limits=setting.limits,
            path=(str(earlier),) if earlier else setting.path,
            files=source.files,
            seed=setting.seed,
        )

    def _setting(self, source: ModuleSource) -> _Setting:
        if source.digest not in self._settings:
            self._settings[source.digest] = self._new_setting(source, "")
        return self._settings[source.digest]

    def _new_setting(self, source: ModuleSource, cluster: str) -> _Setting:
        folder = self._build_earlier(source.name)
        # The same at a regrade, and not to be known without the course's secret.
        key = course_key(self._course, f"hidden inputs of {source.digest}")
        return _Setting(
            limits=limits_of(self._course, source.name),
            path=(str(folder),) if folder.is_dir() else (),
            earlier=_digest_of(folder),
            seed=int.from_bytes(key[:8], "big") >> 1,
            cluster=cluster,
        )

    def _build_earlier(self, module: str) -> Path:
        """Build the package to import ``tinytorch`` from: the reference solutions of the earlier modules only."""
        library, folder = self._course.library, self._course.state / "reference" / module
        try:
            build_earlier(library, library.course.assignment(module), folder / "tinytorch")
        except NotFoundError:
            build_reference(library, folder / "tinytorch")
        return folder


def _results(
    source: ModuleSource, run: Run, again: Callable[[], Run] | None = None
) -> tuple[dict[str, CellResult], RunEnd]:
    """Return the results by cell and how it ended, of a run ``again`` if the sandbox died under the first."""
    *results, end = run
    if not isinstance(end, RunEnd):
        raise RuntimeError("a run ends with its RunEnd")
    if again and end.reason == SANDBOX_ENDED:
        return _results(source, again())
    if results and isinstance(results[0], CellResult) and results[0].status == "not_run":
        # Nothing of the notebook has run, so it is not the notebook's doing and must not cost its author points.
        raise NotAvailableError(f"{source.name} cannot be run here: {end.reason}.")
    return {result.id: result for result in results if isinstance(result, CellResult)}, end


def _digest_of(folder: Path) -> str:
    """Return what stands for the Python files below ``folder``."""
    found = hashlib.sha256()
    for path in sorted(folder.rglob("*.py")):
        content = path.read_bytes()
        found.update(f"{path.relative_to(folder)}\0{len(content)}\0".encode() + content)
    return found.hexdigest()


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


def _with_outputs(notebook: NotebookNode, results: Mapping[str, CellResult]) -> NotebookNode:
    """Return a copy of ``notebook`` with what its cells showed."""
    cells = [_with_output(cell, results[cell["id"]]) if cell.cell_type == "code" else cell for cell in notebook.cells]
    return cast(NotebookNode, _shallow({**notebook, "cells": cells}))


def _with_output(cell: NotebookNode, result: CellResult) -> NotebookNode:
    outputs = [_node(output) for output in result.outputs]
    shown = {**cell, "outputs": outputs, "execution_count": result.execution_count}
    return cast(NotebookNode, _shallow(shown))


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
