"""The kinds of jobs: for each, whom it deals with and what it does for one of them."""

from collections.abc import Callable, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any, Self

from tinytorch_lab.errors import ConflictError, NotFoundError
from tinytorch_lab.grading import marking, releasing
from tinytorch_lab.grading.autograde import Autograder
from tinytorch_lab.grading.evidence import digest, load_evidence
from tinytorch_lab.grading.folder import CourseFolder
from tinytorch_lab.grading.gradebook import CourseGradebook, connection_of
from tinytorch_lab.grading.intake import check_student_id, find_notebook, student_folders, take
from tinytorch_lab.grading.nbgrader_calls import NbGrader
from tinytorch_lab.grading.records import JobRow
from tinytorch_lab.grading.sources import load_module_source
from tinytorch_lab.grading.store.database import sole_writing

Step = Callable[[str], JobRow]


@dataclass(frozen=True)
class Work:
    """What a job comes to: its subjects, and what to do for one."""

    subjects: Sequence[str]
    step: Step


class JobKinds:
    """All kinds of jobs of one course. What they share stays open between them: configuration and processes."""

    def __init__(self, course: CourseFolder, book: CourseGradebook) -> None:
        self._course = course
        self._book = book
        self._open = ExitStack()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._open.close()

    def check(self, kind: str, arguments: dict[str, Any]) -> dict[str, Any]:
        """Return ``arguments`` with the module's full name, so that a wrong one is refused at once.

        Raises:
            NotFoundError: there is no such module.
        """
        if kind not in self._kinds:
            raise NotFoundError(f"There is no job called {kind}.")
        if kind == "generate" and arguments["source"] is not None:
            return {**arguments, "module": releasing.check_assignment_name(arguments["module"])}
        return {**arguments, "module": self._course.assignment(arguments["module"])}

    def work(self, kind: str, arguments: dict[str, Any]) -> Work:
        """Return what a job of ``kind`` comes to now.

        Raises:
            TinyTorchError: it cannot be done at all, for the reason given.
        """
        return self._kinds[kind](**arguments)

    @property
    def _kinds(self) -> dict[str, Callable[..., Work]]:
        return {
            "generate": self._generate,
            "release": self._release,
            "collect": self._collect,
            "autograde": self._autograde,
            "feedback": self._feedback,
        }

    def _generate(self, module: str, source: str | None) -> Work:
        def step(name: str) -> JobRow:
            _, made = releasing.generate(self._course, name, Path(source) if source else None)
            message = f"{len(made.tests)} tests, {len(made.responses)} answers, in {self._course.source(name)}."
            return JobRow(name, True, message)

        return Work([module], step)

    def _release(self, module: str) -> Work:
        def step(name: str) -> JobRow:
            with sole_writing():
                releasing.release(self._course, self._nbgrader, self._book, name)
            return JobRow(name, True, f"Released to {self._course.released(name)} and the exchange.")

        return Work([module], step)

    def _collect(self, module: str, students: list[str] | None, source: str | None) -> Work:
        if source is None:
            return self._collect_exchange(module, students)
        folder = Path(source)
        found = students if students is not None else student_folders(folder)
        missing = [student for student in found if students and not (folder / student).is_dir()]
        if missing:
            raise NotFoundError(f"There is no folder {missing[0]} in {folder}.")

        def step(student: str) -> JobRow:
            notebook = find_notebook(folder / check_student_id(student), module)
            return JobRow(student, True, take(self._course, module, student, notebook, notebook.written))

        return Work(found, step)

    def _collect_exchange(self, module: str, students: list[str] | None) -> Work:
        collector = self._nbgrader.collector(module, None)
        records = {str(record["username"]): record for record in collector.submissions()}
        missing = [student for student in students or () if student not in records]
        if missing:
            raise NotFoundError(f"{missing[0]} has not handed in {module} through the exchange.")

        def step(student: str) -> JobRow:
            return JobRow(student, True, collector.take(self._course, records[student]))

        return Work(students if students is not None else list(records), step)

    def _autograde(self, module: str, students: list[str] | None, changed: bool) -> Work:
        found = self._students("submitted", module, students)
        if changed:
            found = [student for student in found if not self._graded_as_it_is(module, student)]
        self._autograder.prepare(module)

        def step(student: str) -> JobRow:
            evidence = self._autograder.grade(module, student)
            failed = [test.test for test in evidence.tests if test.status != "passed"]
            reasons = [*evidence.notes, *([f"Not passed in full: {', '.join(failed)}."] if failed else [])]
            return JobRow(student, True, " ".join(reasons), evidence.score, evidence.possible)

        return Work(found, step)

    def _feedback(self, module: str, students: list[str] | None, force: bool) -> Work:
        found = self._students("autograded", module, students)
        if not force:
            self._check_marked(module, found)

        def step(student: str) -> JobRow:
            with sole_writing():
                self._nbgrader.generate_feedback(module, student)
            return JobRow(student, True, str(self._course.feedback(module, student)))

        return Work(found, step)

    @cached_property
    def _nbgrader(self) -> NbGrader:
        return NbGrader(self._course)

    @cached_property
    def _autograder(self) -> Autograder:
        return self._open.enter_context(Autograder(self._course, self._book))

    def _students(self, step: str, module: str, students: list[str] | None) -> Sequence[str]:
        found = self._course.students_with(step, module)
        needed = "collect it" if step == "submitted" else "autograde it"
        missing = [student for student in students or () if student not in found]
        if missing:
            raise NotFoundError(f"There is nothing of {missing[0]} for {module}; {needed} first.")
        if not found:
            raise NotFoundError(f"There is nothing to do for {module}; {needed} first.")
        return students if students is not None else found

    def _graded_as_it_is(self, module: str, student: str) -> bool:
        """Tell whether the last run was of this submission and of this version of the module."""
        with self._book.transaction() as gradebook:
            evidence = load_evidence(connection_of(gradebook), module, student)
        submission = digest(self._course.submitted(module, student).read_bytes())
        source = load_module_source(self._course.source(module)).digest
        return evidence is not None and (evidence.submission, evidence.source) == (submission, source)

    def _check_marked(self, module: str, students: Sequence[str]) -> None:
        answers = marking.answers(self._course, self._book, module)
        waiting = [answer.student for answer in answers if not answer.marked and answer.student in students]
        if waiting:
            count = f"{len(waiting)} answer{'s are' if len(waiting) > 1 else ' is'}"
            whose = ", ".join(sorted(set(waiting))[:5])
            raise ConflictError(f"{count} not marked yet in {module} ({whose}); mark them, or use --force.")
