"""What every student has in every module."""

from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any

from nbgrader.api import Gradebook, MissingEntry

from tinytorch_lab.errors import NotFoundError
from tinytorch_lab.grading.evidence import Evidence, digest, load_evidence
from tinytorch_lab.grading.folder import CourseFolder
from tinytorch_lab.grading.gradebook import CourseGradebook, connection_of
from tinytorch_lab.grading.history import latest_marks
from tinytorch_lab.grading.records import GradeRow, State


def grade_rows(course: CourseFolder, book: CourseGradebook, module: str | None) -> Iterator[GradeRow]:
    """Yield a row for every student in ``module``, or in every released module.

    Raises:
        NotFoundError: ``module`` has not been released.
    """
    with book.transaction() as gradebook:
        modules = [module] if module else sorted(assignment.name for assignment in gradebook.assignments)
        enrolled = {student.id for student in gradebook.students}
        for name in modules:
            yield from _module_rows(course, gradebook, name, enrolled)


def _module_rows(course: CourseFolder, gradebook: Gradebook, module: str, enrolled: set[str]) -> Iterator[GradeRow]:
    try:
        notebook = gradebook.find_notebook(module, module)
    except MissingEntry:
        raise NotFoundError(f"{module} has not been released; do that with: tito grade release {module}") from None
    totals = (notebook.max_code_score, notebook.max_written_score + notebook.max_task_score)
    scores = {row["student"]: row for row in gradebook.submission_dicts(module)}
    last_marks = _last_marks(course, module)
    for student in sorted(enrolled | set(course.students_with("submitted", module)) | scores.keys()):
        evidence = load_evidence(connection_of(gradebook), module, student)
        state = _state(course, module, student, evidence, scores.get(student), last_marks.get(student))
        yield _row(module, student, totals, state, evidence, scores.get(student))


def _row(
    module: str,
    student: str,
    totals: tuple[float, float],
    state: State,
    evidence: Evidence | None,
    scores: Mapping[str, Any] | None,
) -> GradeRow:
    graded = scores if evidence else None
    automatic = float(graded["code_score"]) if graded else None
    written = float(graded["written_score"] + graded["task_score"]) if graded else None
    notes = list(evidence.notes) if evidence else []
    if state == "submitted" and evidence:
        notes.insert(0, "A newer submission waits to be autograded.")
    return GradeRow(
        student=student,
        module=module,
        automatic=automatic,
        automatic_total=totals[0],
        written=written,
        written_total=totals[1],
        score=None if automatic is None or written is None else automatic + written,
        total=sum(totals),
        state=state,
        lost=_lost(evidence) if evidence else (),
        note=" ".join(notes),
    )


def _lost(evidence: Evidence) -> tuple[str, ...]:
    short = ((test.test, test.possible - test.score) for test in evidence.tests)
    return tuple(f"{name} {points:g}" for name, points in short if points > 0)


def _state(
    course: CourseFolder,
    module: str,
    student: str,
    evidence: Evidence | None,
    scores: Mapping[str, Any] | None,
    last_mark: str | None,
) -> State:
    try:
        submission = digest(course.submitted(module, student).read_bytes())
    except FileNotFoundError:
        return "not submitted"
    if evidence is None or scores is None or evidence.submission != submission:
        return "submitted"
    if scores["needs_manual_grade"]:
        return "to mark"
    return "feedback" if _feedback_is_current(course, evidence, last_mark) else "marked"


def _feedback_is_current(course: CourseFolder, evidence: Evidence, last_mark: str | None) -> bool:
    page = course.feedback(evidence.module, evidence.student)
    changed = max(evidence.graded_at, last_mark or evidence.graded_at)
    return page.is_file() and page.stat().st_mtime >= datetime.fromisoformat(changed).timestamp()


def _last_marks(course: CourseFolder, module: str) -> dict[str, str]:
    times: dict[str, str] = {}
    for (student, _), mark in latest_marks(course, module).items():
        times[student] = max(mark.at, times.get(student, ""))
    return times
