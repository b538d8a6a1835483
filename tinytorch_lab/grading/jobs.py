"""The operations of a course as its worker runs them, one at a time."""

import logging
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import ExitStack
from functools import cached_property
from pathlib import Path
from typing import Any, Self

from tinytorch_lab.errors import ConflictError, NotAvailableError, NotFoundError, TinyTorchError
from tinytorch_lab.grading import marking, releasing
from tinytorch_lab.grading.autograde import Autograder
from tinytorch_lab.grading.folder import CourseFolder
from tinytorch_lab.grading.gradebook import CourseGradebook, prepare
from tinytorch_lab.grading.intake import check_student_id, find_notebook, student_folders, take
from tinytorch_lab.grading.nbgrader_calls import NbGrader
from tinytorch_lab.grading.records import Answer, GradeRow, JobReport, JobRow, Progress
from tinytorch_lab.grading.reports import grade_rows

log = logging.getLogger(__name__)

Record = Progress | JobReport | Answer | GradeRow
Step = Callable[[str], JobRow]


class CourseJobs:
    """All operations on one course. What they share stays open until the end: gradebook, configuration, processes."""

    def __init__(self, course: CourseFolder) -> None:
        self._course = course
        self._open = ExitStack()
        prepare(course)
        self._book = CourseGradebook(course)
        self._open.callback(self._book.close)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._open.close()

    def run(self, operation: str, arguments: dict[str, Any]) -> Iterator[Record]:
        """Yield what ``operation`` answers."""
        operations: dict[str, Callable[..., Iterable[Record]]] = {
            "enrol": self.enrol,
            "generate": self.generate,
            "release": self.release,
            "collect": self.collect,
            "autograde": self.autograde,
            "feedback": self.feedback,
            "manual": self.manual,
            "mark": self.mark,
            "report": self.report,
        }
        yield from operations[operation](**arguments)

    def enrol(self, students: Sequence[str]) -> Iterator[Record]:
        """Enter ``students`` in the gradebook; those already in it stay as they are."""
        names = [check_student_id(student) for student in students]
        with self._book.transaction() as gradebook:
            for name in names:
                gradebook.update_or_create_student(name)
        yield from ()

    def generate(self, module: str, source: str | None) -> Iterator[Record]:
        """Write the instructor's notebook."""
        name, made = releasing.generate(self._course, module, Path(source) if source else None)
        message = f"{len(made.tests)} tests, {len(made.responses)} answers, in {self._course.source(name)}."
        yield JobReport(True, (JobRow(name, True, message),))

    def release(self, module: str) -> Iterator[Record]:
        """Make and publish the students' version."""
        name = self._course.assignment(module)
        releasing.release(self._course, self._nbgrader, self._book, name)
        yield JobReport(True, (JobRow(name, True, f"Released to {self._course.released(name)} and the exchange."),))

    def collect(self, module: str, student: str | None, source: str | None) -> Iterator[Record]:
        """Take submissions from the exchange or from a folder."""
        name = self._course.assignment(module)
        if source is None:
            yield from self._collect_exchange(name, student)
            return
        folder = Path(source)
        students = [student] if student else student_folders(folder)
        if student and not (folder / student).is_dir():
            raise NotFoundError(f"There is no folder {student} in {folder}.")

        def step(name_of_student: str) -> JobRow:
            found = find_notebook(folder / check_student_id(name_of_student), name)
            return JobRow(name_of_student, True, take(self._course, name, name_of_student, found, found.written))

        yield from _for_each(students, step)

    def autograde(self, module: str, student: str | None) -> Iterator[Record]:
        """Grade what was collected."""
        name = self._course.assignment(module)

        def step(name_of_student: str) -> JobRow:
            evidence = self._autograder.grade(name, name_of_student)
            failed = [test.test for test in evidence.tests if test.status != "passed"]
            reasons = [*evidence.notes, *([f"Not passed in full: {', '.join(failed)}."] if failed else [])]
            return JobRow(name_of_student, True, " ".join(reasons), evidence.score, evidence.possible)

        students = self._students("submitted", name, student)
        self._autograder.prepare(name)
        yield from _for_each(students, step)

    def feedback(self, module: str, student: str | None, force: bool) -> Iterator[Record]:
        """Write feedback pages."""
        name = self._course.assignment(module)
        students = self._students("autograded", name, student)
        if not force:
            self._check_marked(name, students)

        def step(name_of_student: str) -> JobRow:
            self._nbgrader.generate_feedback(name, name_of_student)
            return JobRow(name_of_student, True, str(self._course.feedback(name, name_of_student)))

        yield from _for_each(students, step)

    def manual(self, module: str, student: str | None) -> Iterator[Record]:
        """Show the written answers."""
        yield from marking.answers(self._course, self._book, self._course.assignment(module), student)

    def mark(self, module: str, **mark: Any) -> Iterator[Record]:
        """Mark one answer."""
        yield marking.mark(self._course, self._book, marking.new_mark(self._course.assignment(module), **mark))

    def report(self, module: str | None) -> Iterator[Record]:
        """Show grades."""
        yield from grade_rows(self._course, self._book, self._course.assignment(module) if module else None)

    @cached_property
    def _nbgrader(self) -> NbGrader:
        return NbGrader(self._course)

    @cached_property
    def _autograder(self) -> Autograder:
        return self._open.enter_context(Autograder(self._course, self._book))

    def _collect_exchange(self, module: str, student: str | None) -> Iterator[Record]:
        collector = self._nbgrader.collector(module, student)
        records = {str(record["username"]): record for record in collector.submissions()}
        if student and student not in records:
            raise NotFoundError(f"{student} has not handed in {module} through the exchange.")
        yield from _for_each(records, lambda name: JobRow(name, True, collector.take(self._course, records[name])))

    def _students(self, step: str, module: str, student: str | None) -> tuple[str, ...]:
        found = self._course.students_with(step, module)
        needed = "collect it" if step == "submitted" else "autograde it"
        if student is not None and student not in found:
            raise NotFoundError(f"There is nothing of {student} for {module}; {needed} first.")
        if not found:
            raise NotFoundError(f"There is nothing to do for {module}; {needed} first.")
        return (student,) if student is not None else found

    def _check_marked(self, module: str, students: Sequence[str]) -> None:
        answers = marking.answers(self._course, self._book, module)
        waiting = [answer.student for answer in answers if not answer.marked and answer.student in students]
        if waiting:
            count = f"{len(waiting)} answer{'s are' if len(waiting) > 1 else ' is'}"
            whose = ", ".join(sorted(set(waiting))[:5])
            raise ConflictError(f"{count} not marked yet in {module} ({whose}); mark them, or use --force.")


def _for_each(students: Iterable[str], step: Step) -> Iterator[Record]:
    """Take one step per student with progress; a student's trouble is that student's row, the course's ends the job."""
    names = list(students)
    rows: list[JobRow] = []
    for done, student in enumerate(names, 1):
        try:
            row = step(student)
        except NotAvailableError:
            raise
        except TinyTorchError as error:
            row = JobRow(student, False, str(error))
        except Exception as error:
            log.exception("%s", student)
            reason = f"{type(error).__name__}: {error}"
            row = JobRow(student, False, f"Failed unexpectedly ({reason}); the course's worker.log has the details.")
        rows.append(row)
        yield Progress(done, len(names), student, row.message, "info" if row.ok else "error")
    yield JobReport(all(row.ok for row in rows), tuple(rows))
