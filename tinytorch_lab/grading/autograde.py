"""Grading one submission: repaired, run, judged outside the run, stored."""

from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Self

from nbformat import NotebookNode
from nbgrader.utils import parse_utc

from tinytorch_lab.curriculum.cells import grade_id
from tinytorch_lab.curriculum.notebooks import write_notebook
from tinytorch_lab.errors import InvalidInputError, NotFoundError
from tinytorch_lab.files import write_text
from tinytorch_lab.grading.evidence import Evidence, ScoredTest, digest, load_evidence, now, save_run
from tinytorch_lab.grading.execution import ModuleRunner
from tinytorch_lab.grading.folder import CourseFolder
from tinytorch_lab.grading.gradebook import CourseGradebook, check_released, connection_of
from tinytorch_lab.grading.repair import repair, same_text
from tinytorch_lab.grading.scores import NO_RESPONSE, AutomaticResult, record_result
from tinytorch_lab.grading.sources import ModuleSource, load_module_source
from tinytorch_lab.grading.submissions import read_submission


@dataclass(frozen=True)
class Graded:
    """A graded notebook before it is stored."""

    notebook: NotebookNode
    source: ModuleSource
    tests: tuple[ScoredTest, ...]
    notes: tuple[str, ...]
    integrity: str = "ok"
    reason: str = ""
    confinement: str = "none"
    unreadable: str = ""


class Autograder:
    """Grades submissions of one course into ``gradebook``; its processes stay open between them."""

    def __init__(self, course: CourseFolder, gradebook: CourseGradebook) -> None:
        self._course = course
        self._gradebook = gradebook
        self._runner = ModuleRunner(course)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """End the processes that run notebooks."""
        self._runner.close()

    def prepare(self, module: str) -> None:
        """Check that ``module`` can be graded at all, and run its reference solution.

        Raises:
            NotFoundError: the module was not generated or not released.
            ConflictError: it was generated anew since its release.
            InvalidInputError: its reference solution fails its own tests.
            NotAvailableError: nothing can be run here.
        """
        source = load_module_source(self._course.source(module))
        with self._gradebook.transaction() as gradebook:
            check_released(gradebook, module, {cell.id: cell.points for cell in (*source.tests, *source.responses)})
        self._runner.prepare(source)

    def grade(self, module: str, student: str) -> Evidence:
        """Grade what ``student`` handed in, whatever its state, and return why it scored as it did.

        Raises:
            NotFoundError: nothing was collected.
            NotAvailableError: nothing can be run here, or the course folder is not ours to write.
        """
        source = load_module_source(self._course.source(module))
        try:
            submission = read_submission(_submitted(self._course, module, student))
        except InvalidInputError as error:
            graded = _unreadable(source, str(error))
        else:
            repaired = repair(submission, source)
            graded = self.run(source, repaired.notebook, repaired.notes)
        path = self._course.autograded(module, student)
        write_notebook(graded.notebook, path)
        timestamp = _timestamp(self._course, module, student)
        if timestamp:
            write_text(path.parent / "timestamp.txt", timestamp.strftime("%Y-%m-%d %H:%M:%S.%f UTC") + "\n")
        return self.store(module, student, graded, timestamp)

    def run(self, source: ModuleSource, notebook: NotebookNode, notes: tuple[str, ...]) -> Graded:
        """Run a repaired notebook and judge its tests."""
        run = self._runner.grade(source, notebook)
        if run.end.integrity == "tampered":
            notes = (f"The run was tampered with ({run.end.reason}); its tests await your instructor's look.", *notes)
        elif run.end.integrity == "incomplete":
            notes = (f"The run did not finish: {run.end.reason}.", *notes)
        return Graded(
            run.notebook,
            source,
            run.tests,
            (*notes, *run.problems),
            integrity=run.end.integrity,
            reason=run.end.reason,
            confinement=run.end.confinement,
        )

    def store(self, module: str, student: str, graded: Graded, timestamp: datetime | None = None) -> Evidence:
        """Store the scores with their reasons, in one transaction; ``timestamp`` tells when it was handed in.

        Raises:
            NotAvailableError: the database cannot be used.
        """
        answers = _answers(graded)
        evidence = Evidence(
            module=module,
            student=student,
            graded_at=now(),
            submission=digest(_submitted(self._course, module, student)),
            source=graded.source.digest,
            integrity=graded.integrity,
            reason=graded.reason,
            confinement=graded.confinement,
            tests=graded.tests,
            answers={name: digest(text) for name, text in answers.items()},
            notes=graded.notes,
        )
        with self._gradebook.transaction() as gradebook:
            connection = connection_of(gradebook)
            result = _result(graded, evidence, load_evidence(connection, module, student))
            save_run(connection, evidence, record_result(connection, module, student, result, timestamp))
        return evidence


def _result(graded: Graded, evidence: Evidence, former: Evidence | None) -> AutomaticResult:
    known = graded.source.responses
    before = former.answers if former else {}
    return AutomaticResult(
        scores={test.test: test.score for test in graded.tests},
        answered={cell.id: cell.id in evidence.answers for cell in known},
        changed=frozenset(cell.id for cell in known if evidence.answers.get(cell.id) != before.get(cell.id)),
        needs_review=graded.integrity == "tampered",
        comment=graded.unreadable or NO_RESPONSE,
    )


def _answers(graded: Graded) -> dict[str, str]:
    """Return the answers that were written, by cell."""
    texts = {grade_id(cell): cell.source for cell in graded.notebook.cells}
    released = {cell.id: cell.released.source for cell in graded.source.responses}
    given = {name: str(texts.get(name, "")) for name in released}
    return {name: text for name, text in given.items() if text.strip() and not same_text(text, released[name])}


def _unreadable(source: ModuleSource, message: str) -> Graded:
    """Return the result of a file that is no notebook: no points, and the reason in every place one would look."""
    reason = "Not run, since the notebook cannot be read."
    tests = tuple(ScoredTest(test.id, 0.0, test.points, "failed", reason, message) for test in source.tests)
    notebook = repair([], source).notebook
    return Graded(notebook, source, tests, (message,), integrity="incomplete", reason=message, unreadable=message)


def _submitted(course: CourseFolder, module: str, student: str) -> bytes:
    path = course.submitted(module, student)
    try:
        return path.read_bytes()
    except FileNotFoundError:
        raise NotFoundError(f"{student} has not handed in {module}: there is no {path}.") from None


def _timestamp(course: CourseFolder, module: str, student: str) -> datetime | None:
    """Return when the submission was handed in, in UTC, as nbgrader's ``timestamp.txt`` says."""
    path: Path = course.submitted(module, student).parent / "timestamp.txt"
    try:
        moment: datetime = parse_utc(path.read_text(encoding="utf-8").strip())
    except (FileNotFoundError, ValueError, OverflowError):
        return None
    return moment
