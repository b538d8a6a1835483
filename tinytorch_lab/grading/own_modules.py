"""A module's tests on the student's own earlier modules: a second run, for information, that never counts.

The graded run imports the reference's earlier modules, so that an early mistake does not cost later marks. This one
tells how the student's own would have done, and which of them makes a difference: each is put back to the
reference by itself, and what that mends it explains; a test that no single one mends is tried with one of them alone.
"""

import copy
import shutil
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict
from pathlib import Path

from pydantic import TypeAdapter
from sqlalchemy import Connection, Engine, select, update

from tinytorch_lab.coursework import OwnRun, OwnTest
from tinytorch_lab.curriculum.notebooks import read_notebook
from tinytorch_lab.errors import ConflictError, InvalidInputError, NotFoundError
from tinytorch_lab.grading.evidence import Evidence, ScoredTest, load_evidence, now
from tinytorch_lab.grading.execution import ModuleRunner
from tinytorch_lab.grading.folder import CourseFolder
from tinytorch_lab.grading.records import JobRow
from tinytorch_lab.grading.sources import ModuleSource
from tinytorch_lab.grading.store.database import put_row, transaction
from tinytorch_lab.grading.store.tables import own_runs, results
from tinytorch_lab.package.exporter import NotebookSource, check_package, export_package

Judge = Callable[[frozenset[str]], Mapping[str, float]]
"""Returns every test's points in a run in which the named modules are the student's own, all others the reference."""


_ADAPTER = TypeAdapter(OwnRun)


class OwnModuleRunner:
    """Runs submissions of one course on their authors' earlier modules; the reference's are read once per module."""

    def __init__(self, course: CourseFolder, runner: ModuleRunner) -> None:
        self._course, self._runner = course, runner
        self._references: dict[str, dict[str, NotebookSource]] = {}

    def run(self, source: ModuleSource, evidence: Evidence) -> OwnRun:
        """Run the submission that ``evidence`` is about, and find which earlier modules cause a difference.

        It takes one run when they make no difference, else about one more for each of them.

        Raises:
            NotFoundError: the module is none of the catalogue's, or the submission has not been autograded.
            ConflictError: the graded run was tampered with or did not finish: there is nothing to compare with.
            NotAvailableError: nothing can be run here, or the course folder is not ours to write.
        """
        module, student = evidence.module, evidence.student
        if evidence.integrity != "ok":
            raise ConflictError(f"The graded run of {module} by {student} is in doubt; look at it first.")
        notebook = read_notebook(self._course.autograded(module, student))
        packages = _MixedPackages(self._course, self._reference(module), student)

        def judged(own: frozenset[str]) -> dict[str, ScoredTest]:
            run = self._runner.grade(source, copy.deepcopy(notebook), packages.build(own))
            return {test.test: test for test in run.tests}

        names = packages.names
        try:
            tests = judged(frozenset(names)) if names else {test.test: test for test in evidence.tests}
            graded = {test.test: test.score for test in evidence.tests if test.test in tests}
            causes = find_causes(names, graded, _points(tests), lambda own: _points(judged(own)))
        finally:
            packages.clear()
        return OwnRun(
            module=module,
            student=student,
            graded_at=now(),
            tests=tuple(
                OwnTest(name, tests[name].score, points, tests[name].possible, tests[name].message, causes[name])
                for name, points in graded.items()
            ),
            own=names,
            replaced=packages.replaced,
        )

    def run_and_store(self, engine: Engine, source: ModuleSource, student: str) -> JobRow:
        """Run the graded submission of ``student``, store what it came to and return it as a job's row.

        Raises:
            NotFoundError: the submission has not been autograded.
            ConflictError: the graded run is in doubt.
            NotAvailableError: nothing can be run here, or the database cannot be used.
        """
        with transaction(engine) as connection:
            evidence = load_evidence(connection, source.name, student)
        if evidence is None:
            raise NotFoundError(f"{source.name} of {student} has not been autograded.")
        run = self.run(source, evidence)
        with transaction(engine) as connection:
            save_own_run(connection, run)
        different = [f"{test.test} ({', '.join(test.causes)})" for test in run.tests if test.differs]
        message = f"Different on own modules: {', '.join(different)}." if different else "No difference."
        return JobRow(
            student, True, message, sum(test.score for test in run.tests), sum(test.possible for test in run.tests)
        )

    def _reference(self, module: str) -> dict[str, NotebookSource]:
        if module not in self._references:
            library = self._course.library
            earlier = library.course.earlier(library.course.assignment(module))
            self._references[module] = {
                info.name: NotebookSource(f"{info.name}.py", library.instructor(info), info.exports)
                for info in earlier
                if library.available(info)
            }
        return self._references[module]


class _MixedPackages:
    """Packages of a student's earlier modules, each of which can be exported by itself, and the reference's.

    All are made in one place, one after the other: a sandbox that shows a folder need not be started anew for it.
    """

    def __init__(self, course: CourseFolder, reference: Mapping[str, NotebookSource], student: str) -> None:
        self._reference = reference
        self._folder = course.state / "own-modules"
        self._own: dict[str, NotebookSource] = {}
        self.replaced: dict[str, str] = {}
        for name, theirs in reference.items():
            try:
                notebook = read_notebook(course.autograded(name, student))
                source = NotebookSource(f"{name}.ipynb", notebook, theirs.targets)
                check_package([source], self._folder / "none")
                self._own[name] = source
            except NotFoundError:
                self.replaced[name] = "it was not handed in and graded"
            except InvalidInputError as error:
                self.replaced[name] = f"it cannot be exported: {error}"

    @property
    def names(self) -> tuple[str, ...]:
        """The modules that are the student's own, in the course's order."""
        return tuple(self._own)

    def build(self, own: frozenset[str]) -> Path:
        """Return the folder to import the package from in which the modules ``own`` are the student's."""
        self.clear()
        mixed = [self._own[name] if name in own else source for name, source in self._reference.items()]
        export_package(mixed, self._folder / "tinytorch")
        return self._folder

    def clear(self) -> None:
        """Take the package away; what one student exported must not be there for the next."""
        shutil.rmtree(self._folder / "tinytorch", ignore_errors=True)


def find_causes(
    modules: Sequence[str], graded: Mapping[str, float], own: Mapping[str, float], judge: Judge
) -> dict[str, tuple[str, ...]]:
    """Return, for each of the ``graded`` tests, the modules that explain why its ``own`` points differ, if they do.

    A module explains a difference when the reference in its place alone mends it. Where none does, those do that
    make a difference when they alone are the student's; where none does that either, they do it together.
    """
    causes: dict[str, list[str]] = {test: [] for test, points in graded.items() if own[test] != points}
    for module in modules if causes else ():
        points = judge(frozenset(modules) - {module})
        for test, found in causes.items():
            if points[test] == graded[test]:
                found.append(module)
    unexplained = {test for test, found in causes.items() if not found}
    for module in modules if unexplained else ():
        points = judge(frozenset({module}))
        for test in unexplained:
            if points[test] != graded[test]:
                causes[test].append(module)
    return {test: tuple(causes[test]) or tuple(modules) if test in causes else () for test in graded}


def _points(tests: Mapping[str, ScoredTest]) -> dict[str, float]:
    return {name: test.score for name, test in tests.items()}


def save_own_run(connection: Connection, run: OwnRun) -> None:
    """Store ``run`` in place of an earlier one; a feedback page that does not tell of it is to be written again."""
    values = asdict(run)
    causes = {"own": list(run.own), "replaced": dict(run.replaced)}
    key = {"module": run.module, "student": run.student}
    put_row(connection, own_runs, key, {"graded_at": run.graded_at, "tests": values["tests"], "causes": causes})
    place = (results.c.module == run.module) & (results.c.student == run.student)
    # What was returned stays as it was read: for information alone nobody's feedback disappears.
    unread = results.c.returned_at.is_(None)
    connection.execute(update(results).where(place, unread).values(feedback_at=None))


def load_own_run(connection: Connection, module: str, student: str) -> OwnRun | None:
    """Return the last run on a student's own earlier modules, or ``None`` when there is none."""
    query = select(own_runs).where(own_runs.c.module == module, own_runs.c.student == student)
    row = connection.execute(query).mappings().one_or_none()
    if row is None:
        return None
    return _ADAPTER.validate_python({**{key: row[key] for key in row if key != "causes"}, **row["causes"]})
