"""A course with a synthetic class, in the middle of the term: one module done, one being marked, one coming in."""

import itertools
import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from random import Random

from sqlalchemy import update

from tinytorch_lab.curriculum.catalogue import ModuleInfo
from tinytorch_lab.curriculum.notebooks import write_notebook
from tinytorch_lab.grading.folder import CourseFolder
from tinytorch_lab.grading.lateness import LatePolicy
from tinytorch_lab.grading.roster import RosterEntry
from tinytorch_lab.grading.service import GradingService, RequestedJob
from tinytorch_lab.grading.store.database import open_engine, reading, transaction
from tinytorch_lab.grading.store.tables import assignments
from tinytorch_lab.grading.synthetic import STUDENTS, SyntheticStudent
from tinytorch_lab.grading.synthetic_answers import Quality, answer
from tinytorch_lab.grading.written_answers import Answer, written_answers

INSTRUCTOR, GRADERS = "demo-instructor", ("greta", "gus")

_ROSTER = tuple(
    RosterEntry(student.id, student.first_name, student.last_name, f"{student.id}@example.org") for student in STUDENTS
)
_SAMPLES: tuple[tuple[Quality, float, str], ...] = (
    ("strong", 9.0, "Measured, explained and carried over to production."),
    ("fair", 6.0, "Right throughout, but hardly a figure of its own."),
    ("thin", 1.0, "A sentence without analysis."),
)
_FULL_MARKS = 10.0
"""What the samples' points are out of."""


@dataclass(frozen=True)
class _Stage:
    """How far a module is: days from now to its release and its due date."""

    released: int
    due: int


_SETTLED, _BEING_MARKED, _COMING_IN = _Stage(-28, -14), _Stage(-18, -5), _Stage(-8, 3)
STAGES = (_SETTLED, _BEING_MARKED, _COMING_IN)


class SyntheticCourse:
    """Fills ``course`` by way of ``grading``; ``follow`` is given every job with a title, and waits for its end."""

    def __init__(
        self, course: CourseFolder, grading: GradingService, follow: Callable[[RequestedJob, str], None]
    ) -> None:
        self._course, self._grading, self._follow = course, grading, follow
        self._now = datetime.now(UTC)

    def fill(self, modules: Sequence[ModuleInfo], handed_in: Path) -> None:
        """Take up to three ``modules`` as far as their stages say; notebooks are written below ``handed_in``."""
        self._grading.import_roster(_ROSTER, actor=INSTRUCTOR)
        self._grading.set_late_policy(LatePolicy(deduction=10, maximum=50, grace_minutes=30), actor=INSTRUCTOR)
        for number, (module, stage) in enumerate(zip(modules, STAGES, strict=False)):
            due = self._now + timedelta(days=stage.due)
            self._hand_in(module, number, min(due, self._now), handed_in)
            self._collect(module.name, due, handed_in)
            if stage is _COMING_IN:
                self._begin(module.name)
                continue
            self._follow(self._grading.autograde(module.name, actor=INSTRUCTOR), f"{module.name}: autograde")
            if stage is _SETTLED:
                self._settle(module.name)
            else:
                self._mark_some(module.name)

    def _hand_in(self, module: ModuleInfo, number: int, due: datetime, handed_in: Path) -> None:
        """Write what the students hand in, most of them some hours before it is due."""
        library = self._course.library
        instructor, mutants = library.instructor(module), library.mutants(module)
        for student in STUDENTS:
            hand_in = student.work[number]
            if hand_in is None:
                continue
            seed = f"{student.id} {module.name}"
            path = handed_in / student.id / "modules" / module.name / f"{module.name}.ipynb"
            write_notebook(hand_in(instructor, mutants, seed), path)
            early = timedelta(hours=Random(seed).uniform(1, 60))
            late = timedelta(days=student.days_late if number == 1 else 0)
            moment = (due + late - (timedelta(hours=2) if late else early)).timestamp()
            os.utime(path, (moment, moment))

    def _collect(self, module: str, due: datetime, handed_in: Path) -> None:
        grading = self._grading
        self._follow(grading.generate(module, actor=INSTRUCTOR), f"{module}: generate")
        self._follow(grading.release(module, actor=INSTRUCTOR), f"{module}: release")
        self._follow(grading.collect(module, source=handed_in, actor=INSTRUCTOR), f"{module}: collect")
        grading.set_due(module, due.isoformat(), actor=INSTRUCTOR)

    def _settle(self, module: str) -> None:
        for number, found in enumerate(self._answers(module)):
            self._mark(found, GRADERS[number % 2])
        self._follow(self._grading.return_feedback(module, actor=INSTRUCTOR), f"{module}: return feedback")

    def _mark_some(self, module: str) -> None:
        """Mark the first question for all, the others for some; leave flags, a conflict and samples behind."""
        found = self._answers(module)
        if not found:
            return
        by_question = [list(group) for _, group in itertools.groupby(found, lambda item: item.response_id)]
        last, place = by_question[0][-1], by_question[min(1, len(by_question) - 1)][-1]
        for comment in sorted({student.comment for student in STUDENTS} - {""}):
            self._grading.keep_comment(module, place.response_id, comment, actor=GRADERS[0])
        done = {item.student for item in by_question[0][:7]}
        for question in by_question:
            for item in question:
                if item.student in done or question is by_question[0]:
                    self._mark(item, GRADERS[0])
        self._grading.mark(
            module, last.student, last.response_id, last.total / 2, "Is there a figure?", actor=GRADERS[1]
        )
        self._grading.set_flag(module, place.student, place.response_id, "Is this the level above?", actor=GRADERS[0])
        self._keep_samples(place)
        self._grading.extend(
            module, "quinn", (self._now - timedelta(days=3)).isoformat(), "Certificate of illness", actor=INSTRUCTOR
        )
        written = sorted(done)[:3]
        self._follow(self._grading.feedback(module, written, actor=INSTRUCTOR), f"{module}: feedback")

    def _begin(self, module: str) -> None:
        early = [student.id for student in STUDENTS[:9] if student.work[2]]
        self._follow(self._grading.autograde(module, early, actor=INSTRUCTOR), f"{module}: autograde")
        self._grading.extend(
            module, "eve", (self._now + timedelta(days=10)).isoformat(), "Joined the course late", actor=INSTRUCTOR
        )

    def _keep_samples(self, place: Answer) -> None:
        for quality, points, reason in _SAMPLES:
            agreed = round(points / _FULL_MARKS * place.total)
            text = answer(quality, f"sample {quality}")
            sample = self._grading.add_sample(place.module, place.response_id, text, agreed, reason, actor=INSTRUCTOR)
            for grader, off in zip(GRADERS, (0, 1), strict=True):
                given = min(place.total, agreed + off)
                self._grading.mark_sample(sample, given, reinserted=False, actor=grader)

    def _answers(self, module: str) -> list[Answer]:
        """Return the answers that wait, question by question."""
        with reading(self._course.db_url) as connection:
            found = [item for item in written_answers(self._course, connection, module) if not item.marked]
        return sorted(found, key=lambda item: item.response_id)

    def _mark(self, found: Answer, grader: str) -> None:
        student = _student(found.student)
        wanted = student.share + Random(f"{found.student} {found.response_id}").uniform(-0.1, 0.1)
        points = round(min(1.0, max(0.0, wanted)) * found.total * 2) / 2
        self._grading.mark(found.module, found.student, found.response_id, points, student.comment, actor=grader)


def backdate(course: CourseFolder, modules: Sequence[ModuleInfo]) -> None:
    """Have ``modules`` released before they were due. No worker may have the course."""
    engine = open_engine(course.db_url)
    with transaction(engine) as connection:
        for module, stage in zip(modules, STAGES, strict=False):
            released = (datetime.now(UTC) + timedelta(days=stage.released)).isoformat(timespec="milliseconds")
            of_module = assignments.c.module == module.name
            connection.execute(update(assignments).where(of_module).values(released_at=released))
    engine.dispose()


def _student(name: str) -> SyntheticStudent:
    return next(student for student in STUDENTS if student.id == name)
