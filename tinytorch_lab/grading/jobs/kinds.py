"""The kinds of jobs: for each, whom it deals with and what it does for one of them."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import ExitStack, closing
from functools import cached_property
from pathlib import Path
from typing import Any, Self

from sqlalchemy import Connection, Engine

from tinytorch_lab.errors import ConflictError, NotFoundError
from tinytorch_lab.grading import releasing, returning, submission_store, terms
from tinytorch_lab.grading.autograde import Autograder
from tinytorch_lab.grading.collecting import hand_over, take_from_folder
from tinytorch_lab.grading.evidence import Evidence, digest, load_evidence
from tinytorch_lab.grading.exchange import CarefulCollect
from tinytorch_lab.grading.execution import ModuleRunner
from tinytorch_lab.grading.folder import CourseFolder
from tinytorch_lab.grading.gradebook import CourseGradebook, connection_of
from tinytorch_lab.grading.intake import student_folders
from tinytorch_lab.grading.jobs import rows
from tinytorch_lab.grading.jobs.work import Work, failed, one_by_one
from tinytorch_lab.grading.milestone_runs import MilestoneRunner
from tinytorch_lab.grading.milestones import reached_by
from tinytorch_lab.grading.nbgrader_calls import NbGrader
from tinytorch_lab.grading.own_modules import OwnModuleRunner
from tinytorch_lab.grading.records import Job, JobRow
from tinytorch_lab.grading.regrading import Regrading
from tinytorch_lab.grading.rules import cluster_of
from tinytorch_lab.grading.sources import load_module_source
from tinytorch_lab.grading.store.database import sole_writing, transaction
from tinytorch_lab.grading.submissions import read_submission

Take = Callable[[Connection, str], str]
"""Stores the submission of a student in the caller's transaction and returns what is odd about it."""


class JobKinds:
    """All kinds of jobs of one course. What they share stays open between them: configuration and processes."""

    def __init__(self, course: CourseFolder, engine: Engine, book: CourseGradebook) -> None:
        self._course, self._engine, self._book = course, engine, book
        self._open = ExitStack()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._open.close()

    def check(self, kind: str, arguments: dict[str, Any]) -> dict[str, Any]:
        """Return ``arguments`` with the module's full name, so that a wrong one is refused at once.

        Raises:
            NotFoundError: there is no such module, or no such dry run.
            ConflictError: the dry run is not finished.
        """
        if kind not in self._kinds:
            raise NotFoundError(f"There is no job called {kind}.")
        if kind == "apply_regrade":
            return {**arguments, "module": self._regraded_module(arguments["dry_run"])}
        if kind == "generate" and arguments["source"] is not None:
            return {**arguments, "module": releasing.check_assignment_name(arguments["module"])}
        module = self._course.assignment(arguments["module"])
        if kind == "milestone":
            self._course.library.course.milestone_after(module)
        return {**arguments, "module": module}

    def work(self, job: Job, arguments: dict[str, Any]) -> Work:
        """Return what ``job`` comes to now, with ``arguments``.

        Raises:
            TinyTorchError: it cannot be done at all, for the reason given.
        """
        return self._kinds[job.kind](job, **arguments)

    @property
    def _kinds(self) -> dict[str, Callable[..., Work]]:
        return {
            "generate": self._generate,
            "release": self._release,
            "collect": self._collect,
            "autograde": self._autograde,
            "regrade": self._regrade,
            "apply_regrade": self._apply_regrade,
            "own_modules": self._own_modules,
            "milestone": self._milestone,
            "feedback": self._feedback,
            "return_feedback": self._return_feedback,
        }

    def _regraded_module(self, dry_run: int) -> str:
        with transaction(self._engine) as connection:
            job = rows.find(connection, dry_run)
        if job.kind != "regrade":
            raise NotFoundError(f"Job {dry_run} is no dry run of a regrade.")
        if job.state != "done":
            raise ConflictError(f"The dry run {dry_run} is {job.state}; only one that is done can be applied.")
        return str(job.arguments["module"])

    def _generate(self, _job: Job, module: str, source: str | None) -> Work:
        def step(name: str) -> JobRow:
            _, made = releasing.generate(self._course, name, Path(source) if source else None)
            message = f"{len(made.tests)} tests, {len(made.responses)} answers, in {self._course.source(name)}."
            return JobRow(name, True, message)

        return Work([module], one_by_one(step))

    def _release(self, job: Job, module: str) -> Work:
        def step(name: str) -> JobRow:
            with sole_writing():
                releasing.release(self._course, self._nbgrader, self._book, name)
                with transaction(self._engine) as connection:
                    terms.set_released(connection, job.requested_by, name)
            return JobRow(name, True, f"Released to {self._course.released(name)} and the exchange.")

        return Work([module], one_by_one(step))

    def _collect(self, _job: Job, module: str, students: list[str] | None, source: str | None) -> Work:
        take, found = self._folder(module, Path(source)) if source else self._exchange(module)
        if source is None:
            with transaction(self._engine) as connection:
                found |= submission_store.latest_of_module(connection, module).keys()
        missing = [student for student in students or () if student not in found]
        if missing:
            raise NotFoundError(f"{missing[0]} has not handed in {module}.")
        if not found:
            raise NotFoundError(f"Nobody has handed in {module}.")

        def step(student: str) -> JobRow:
            with transaction(self._engine) as connection:
                note = take(connection, student)
                message = hand_over(self._course, connection, module, student)
            read_submission(self._course.submitted(module, student).read_bytes())
            return JobRow(student, True, " ".join(part for part in (message, note) if part))

        return Work(students if students is not None else sorted(found), one_by_one(step))

    def _folder(self, module: str, folder: Path) -> tuple[Take, set[str]]:
        def take(connection: Connection, student: str) -> str:
            return take_from_folder(self._course, connection, module, student, folder / student)

        return take, set(student_folders(folder))

    def _exchange(self, module: str) -> tuple[Take, set[str]]:
        """Return what takes a student's submission from nbgrader's exchange, and who has one there."""
        collector, records = self._at_exchange(module)

        def take(connection: Connection, student: str) -> str:
            if collector is None or student not in records:
                return ""
            return collector.take(self._course, connection, records[student])

        return take, set(records)

    def _at_exchange(self, module: str) -> tuple[CarefulCollect | None, dict[str, dict[str, Any]]]:
        """Return what reads nbgrader's exchange, where the module was released to it, and students' newest records."""
        collector = self._nbgrader.collector(module)
        return collector, {str(record["username"]): record for record in collector.submissions()} if collector else {}

    def _autograde(self, _job: Job, module: str, students: list[str] | None, changed: bool, cluster: str = "") -> Work:
        found = _chosen(self._course.students_with("submitted", module), students, module, "collect it")
        if changed:
            found = [student for student in found if not self._graded_as_it_is(module, student)]
        self._autograder.prepare(module, cluster or cluster_of(self._course))

        def stream(names: Iterable[str]) -> Iterator[JobRow]:
            for student, evidence in self._autograder.grade_many(module, names):
                yield failed(student, evidence) if isinstance(evidence, Exception) else self._graded(evidence)

        return Work(found, stream)

    def _graded(self, evidence: Evidence) -> JobRow:
        short = [test.test for test in evidence.tests if test.status != "passed"]
        reasons = [*evidence.notes, *([f"Not passed in full: {', '.join(short)}."] if short else [])]
        return JobRow(evidence.student, True, " ".join(reasons), evidence.score, evidence.possible)

    def _regrade(self, job: Job, module: str, students: list[str] | None) -> Work:
        with transaction(self._engine) as connection:
            graded = returning.graded_students(connection, module)
        found = _chosen(graded, students, module, "autograde it")
        self._autograder.prepare(module)
        return Work(found, one_by_one(lambda student: self._regrading.predict(job.id, module, student)))

    def _apply_regrade(self, job: Job, module: str, dry_run: int, students: list[str] | None) -> Work:
        predicted = self._regrading.predicted(dry_run)
        found = _chosen(list(predicted), students, module, "have the dry run look at it")

        def step(student: str) -> JobRow:
            return self._regrading.apply(job.requested_by, dry_run, module, predicted[student])

        return Work(found, one_by_one(step))

    def _own_modules(self, _job: Job, module: str, students: list[str] | None) -> Work:
        with transaction(self._engine) as connection:
            graded = returning.graded_students(connection, module)
        found = _chosen(graded, students, module, "autograde it")
        source = load_module_source(self._course.source(module))
        self._second_runner.prepare(source)
        own = OwnModuleRunner(self._course, self._second_runner)
        return Work(found, one_by_one(lambda student: own.run_and_store(self._engine, source, student)))

    def _milestone(self, job: Job, module: str, students: list[str] | None) -> Work:
        milestone = self._course.library.course.milestone_after(module)
        with transaction(self._engine) as connection:
            graded = returning.graded_students(connection, module)
            reached = reached_by(connection, milestone.number)
        found = _chosen(graded, students, module, "autograde it")
        if students is None:
            found = [student for student in found if student not in reached]

        def stream(names: Iterable[str]) -> Iterator[JobRow]:
            for student, said in self._milestone_runner.run_many(job.requested_by, milestone, names):
                yield failed(student, said) if isinstance(said, Exception) else JobRow(student, True, said)

        return Work(found, stream)

    def _feedback(self, _job: Job, module: str, students: list[str] | None, force: bool) -> Work:
        found = self._marked(module, students, force)

        def step(student: str) -> JobRow:
            self._write_page(module, student)
            return JobRow(student, True, str(self._course.feedback(module, student)))

        return Work(found, one_by_one(step))

    def _return_feedback(self, job: Job, module: str, students: list[str] | None, force: bool) -> Work:
        found = self._marked(module, students, force)
        collector, records = self._at_exchange(module)

        def step(student: str) -> JobRow:
            with transaction(self._engine) as connection:
                written = returning.is_written(connection, module, student)
            if not written:
                self._write_page(module, student)
            with transaction(self._engine) as connection:
                new = returning.hand_back(connection, job.requested_by, module, student)
            if collector is not None and student in records:
                collector.release_feedback(self._course, records[student])
            return JobRow(student, True, "Returned." if new else "Returned before.")

        return Work(found, one_by_one(step))

    def _marked(self, module: str, students: list[str] | None, force: bool) -> Sequence[str]:
        """Return the students whose feedback can be written: the graded ones, once every answer is marked."""
        with transaction(self._engine) as connection:
            graded = returning.graded_students(connection, module)
            found = _chosen(graded, students, module, "autograde it")
            if not force:
                returning.check_marked(connection, module, found)
        return found

    def _write_page(self, module: str, student: str) -> None:
        # One lock for both, so that no mark comes in between.
        with sole_writing():
            self._nbgrader.generate_feedback(module, student)
            with transaction(self._engine) as connection:
                returning.note_written(connection, module, student)

    @cached_property
    def _nbgrader(self) -> NbGrader:
        return NbGrader(self._course)

    @cached_property
    def _autograder(self) -> Autograder:
        return self._open.enter_context(Autograder(self._course, self._book))

    @cached_property
    def _second_runner(self) -> ModuleRunner:
        return self._open.enter_context(closing(ModuleRunner(self._course)))

    @cached_property
    def _milestone_runner(self) -> MilestoneRunner:
        return self._open.enter_context(closing(MilestoneRunner(self._course, self._engine)))

    @cached_property
    def _regrading(self) -> Regrading:
        return Regrading(self._course, self._engine, self._autograder)

    def _graded_as_it_is(self, module: str, student: str) -> bool:
        """Tell whether the last run was of this submission and of this version of the module."""
        with self._book.transaction() as gradebook:
            evidence = load_evidence(connection_of(gradebook), module, student)
        submission = digest(self._course.submitted(module, student).read_bytes())
        source = load_module_source(self._course.source(module)).digest
        return evidence is not None and (evidence.submission, evidence.source) == (submission, source)


def _chosen(found: Sequence[str], students: list[str] | None, module: str, needed: str) -> Sequence[str]:
    """Return ``students``, all of ``found`` without any.

    Raises:
        NotFoundError: one of them is not among ``found``, or there is nobody.
    """
    missing = [student for student in students or () if student not in found]
    if missing:
        raise NotFoundError(f"There is nothing of {missing[0]} for {module}; {needed} first.")
    if not found:
        raise NotFoundError(f"There is nothing to do for {module}; {needed} first.")
    return students if students is not None else found
