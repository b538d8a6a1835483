"""Grading submissions: repaired, run, judged outside the run, stored."""

import json
import os
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from itertools import islice
from pathlib import Path
from typing import Self, TypeVar

from nbformat import NotebookNode
from nbgrader.utils import parse_utc

from tinytorch_lab.errors import InvalidInputError, NotAvailableError, NotFoundError
from tinytorch_lab.files import write_text
from tinytorch_lab.grading.answers import answers_in
from tinytorch_lab.grading.evidence import Evidence, ScoredTest, digest, load_evidence, now, save_run
from tinytorch_lab.grading.execution import GradedRun, ModuleRunner, StartedRun
from tinytorch_lab.grading.folder import CourseFolder
from tinytorch_lab.grading.gradebook import CourseGradebook, check_released, connection_of
from tinytorch_lab.grading.repair import repair
from tinytorch_lab.grading.scores import NO_RESPONSE, AutomaticResult, record_result
from tinytorch_lab.grading.sources import ModuleSource, load_module_source
from tinytorch_lab.grading.submissions import read_submission
from tinytorch_lab.grading.terms import count_lateness

T = TypeVar("T")


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


@dataclass(frozen=True)
class Trial:
    """What grading a submission came to; nothing of it is stored. ``content`` is what was handed in."""

    student: str
    content: bytes
    graded: Graded


@dataclass(frozen=True)
class _InHand:
    """A submission as handed in, on its way; ``work`` is graded already when there was nothing to run."""

    student: str
    content: bytes
    notes: tuple[str, ...]
    work: StartedRun | Graded


class Autograder:
    """Grades submissions of one course into ``gradebook``; its processes stay open between them."""

    def __init__(self, course: CourseFolder, gradebook: CourseGradebook) -> None:
        self._course = course
        self._gradebook = gradebook
        self._runner = ModuleRunner(course, workers=len(os.sched_getaffinity(0)))

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """End the processes that run notebooks."""
        self._runner.close()

    def prepare(self, module: str, cluster: str = "") -> None:
        """Check that ``module`` can be graded at all, and run its reference solution.

        The submissions to come run on the cluster at the address ``cluster``; without one, on this machine.

        Raises:
            NotFoundError: the module was not generated or not released.
            ConflictError: it was generated anew since its release.
            InvalidInputError: its reference solution fails its own tests, or the course's limits are wrong.
            NotAvailableError: nothing can be run here.
        """
        source = load_module_source(self._course.source(module))
        with self._gradebook.transaction() as gradebook:
            check_released(gradebook, module, {cell.id: cell.points for cell in (*source.tests, *source.responses)})
        self._runner.prepare(source, cluster)

    def grade(self, module: str, student: str) -> Evidence:
        """Grade what ``student`` handed in, whatever its state, and return why it scored as it did.

        Raises:
            NotFoundError: nothing was collected.
            NotAvailableError: nothing can be run here, or the course folder is not ours to write.
        """
        source = load_module_source(self._course.source(module))
        return self._finish(source, self._begin(source, student))

    def trial(self, module: str, student: str) -> Trial:
        """Grade as :meth:`grade` does, and store nothing."""
        source = load_module_source(self._course.source(module))
        return _judged(source, self._begin(source, student))

    def keep(self, trial: Trial) -> Evidence:
        """Store what grading a submission came to: its notebook, and its scores with their reasons.

        Raises:
            NotAvailableError: the course folder is not ours to write, or the database cannot be used.
        """
        module = trial.graded.source.name
        path = self._course.autograded(module, trial.student)
        write_text(path, json.dumps(trial.graded.notebook, ensure_ascii=False) + "\n")
        timestamp = _timestamp(self._course, module, trial.student)
        if timestamp:
            write_text(path.parent / "timestamp.txt", timestamp.strftime("%Y-%m-%d %H:%M:%S.%f UTC") + "\n")
        return self._store(trial.graded, trial.student, trial.content, timestamp)

    def grade_many(self, module: str, students: Iterable[str]) -> Iterator[tuple[str, Evidence | Exception]]:
        """Grade ``students`` as :meth:`grade` does, as many at once as there are sandboxes; yield them in their order.

        The next of ``students`` is taken when there is room for it. A student's evidence is stored before it is
        yielded. What is wrong with one student is that student's result; closing the iterator gives up those in hand.

        Raises:
            NotFoundError: the module was not generated.
            NotAvailableError: nothing can be run here, or the course folder is not ours to write.
        """
        source = load_module_source(self._course.source(module))
        room = self._runner.at_once(source) + 1
        waiting, in_hand = iter(students), deque[tuple[str, _InHand | Exception]]()
        try:
            while True:
                for student in islice(waiting, room - len(in_hand)):
                    in_hand.append((student, _attempt(partial(self._begin, source, student))))
                if not in_hand:
                    return
                student, begun = in_hand.popleft()
                yield student, begun if isinstance(begun, Exception) else _attempt(partial(self._finish, source, begun))
        finally:
            for _, begun in in_hand:
                if isinstance(begun, _InHand) and isinstance(begun.work, StartedRun):
                    begun.work.run.cancel()

    def run(self, source: ModuleSource, notebook: NotebookNode, notes: tuple[str, ...]) -> Graded:
        """Run a repaired notebook and judge its tests."""
        return _graded(source, self._runner.grade(source, notebook), notes)

    def store(self, module: str, student: str, graded: Graded) -> Evidence:
        """Store the scores of a submission with their reasons, in one transaction.

        Raises:
            NotAvailableError: the database cannot be used.
        """
        return self._store(graded, student, _submitted(self._course, module, student), None)

    def _begin(self, source: ModuleSource, student: str) -> _InHand:
        content = _submitted(self._course, source.name, student)
        try:
            submission = read_submission(content)
        except InvalidInputError as error:
            return _InHand(student, content, (), _unreadable(source, str(error)))
        repaired = repair(submission, source)
        return _InHand(student, content, repaired.notes, self._runner.start(source, repaired.notebook))

    def _finish(self, source: ModuleSource, begun: _InHand) -> Evidence:
        return self.keep(_judged(source, begun))

    def _store(self, graded: Graded, student: str, content: bytes, timestamp: datetime | None) -> Evidence:
        module = graded.source.name
        evidence = Evidence(
            module=module,
            student=student,
            graded_at=now(),
            submission=digest(content),
            source=graded.source.digest,
            integrity=graded.integrity,
            reason=graded.reason,
            confinement=graded.confinement,
            tests=graded.tests,
            answers={name: digest(text) for name, text in _answers(graded).items()},
            notes=graded.notes,
        )
        with self._gradebook.transaction() as gradebook:
            connection = connection_of(gradebook)
            former = load_evidence(connection, module, student)
            summary = record_result(connection, module, student, _result(graded, evidence, former), timestamp)
            save_run(connection, evidence, summary, former)
            count_lateness(self._course, connection, module, student)
        return evidence


def _judged(source: ModuleSource, begun: _InHand) -> Trial:
    work = begun.work
    graded = work if isinstance(work, Graded) else _graded(source, work.finish(), begun.notes)
    return Trial(begun.student, begun.content, graded)


def _attempt(step: Callable[[], T]) -> T | Exception:
    """Return what ``step`` returns, or its error, unless that is the course's and not the student's."""
    try:
        return step()
    except NotAvailableError:
        raise
    except Exception as error:
        return error


def _graded(source: ModuleSource, run: GradedRun, notes: tuple[str, ...]) -> Graded:
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
    return {name: text for name, text in answers_in(graded.notebook, graded.source).items() if text}


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
