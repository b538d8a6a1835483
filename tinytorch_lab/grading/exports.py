"""Grades as other programs take them: CSV for spreadsheets, JSON, and the import files of Canvas and Moodle.

Whatever text a student or a class list brought in could be a formula to a spreadsheet, so it never starts a cell
as one. Lines end as RFC 4180 says.
"""

import csv
import io
import json
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass

# A cell is also opened where semicolons or tabs separate, so what follows one of these counts as a cell's start.
_FORMULA = re.compile(r'(^|[;\t\r\n])([ \u00a0"]*)(?=[=+\-@\uff1d\uff0b\uff0d\uff20])')

Cell = str | float | None


@dataclass(frozen=True)
class Assignment:
    """What has grades: a module, the midterm or the final; ``title`` is its name in a learning-management system."""

    name: str
    title: str
    total: float


@dataclass(frozen=True)
class Score:
    """One student's points; ``None`` where nothing is graded. ``marked``: no answer waits for its mark."""

    automatic: float | None
    written: float | None
    penalty: float
    marked: bool
    state: str

    @property
    def points(self) -> float | None:
        """The points as they stand, late penalty off."""
        if self.automatic is None and self.written is None:
            return None
        return max(0.0, (self.automatic or 0.0) + (self.written or 0.0) - self.penalty)


@dataclass(frozen=True)
class StudentGrades:
    """A line of the report. The shares of the course (0 to 1): average so far, sure at least, possible at most."""

    student: str
    first_name: str
    last_name: str
    email: str
    scores: Mapping[str, Score]
    milestones: Mapping[str, bool]
    so_far: float | None
    lowest: float
    highest: float


def class_csv(assignments: Sequence[Assignment], students: Iterable[StudentGrades]) -> str:
    """Return a table with a line per student and, for every assignment, its points, their parts and its state."""
    rows = list(students)
    milestones = sorted({name for row in rows for name in row.milestones})
    header: list[Cell] = ["student", "last name", "first name", "email"]
    for assignment in assignments:
        header += [f"{assignment.name} {part}" for part in ("automatic", "written", "penalty", "points", "state")]
    header += [f"milestone {name}" for name in milestones]
    header += ["course so far %", "course at least %", "course at most %"]
    return _csv(header, (_class_row(assignments, milestones, row) for row in rows))


def class_json(assignments: Sequence[Assignment], students: Iterable[StudentGrades]) -> str:
    """Return the same as one JSON object with ``assignments`` and ``students``."""
    made = {
        "assignments": [asdict(assignment) for assignment in assignments],
        "students": [_object(row) for row in students],
    }
    return json.dumps(made, indent=1, ensure_ascii=False, allow_nan=False) + "\n"


def canvas_csv(assignments: Sequence[Assignment], students: Iterable[StudentGrades]) -> str:
    """Return a file for Canvas: Gradebook, Import.

    Canvas finds students by ``SIS Login ID``, assignments by their titles (one it does not know it offers to make),
    and leaves a grade as it is where a cell is empty: that is where a student's work is not graded and marked.
    """
    header: list[Cell] = ["Student", "ID", "SIS Login ID", "Section", *(item.title for item in assignments)]
    possible: list[Cell] = ["    Points Possible", None, None, None, *(item.total for item in assignments)]
    rows = ([_last_first(row), None, row.student, None, *_points(assignments, row)] for row in students)
    return _csv(header, [possible, *rows])


def moodle_csv(assignments: Sequence[Assignment], students: Iterable[StudentGrades]) -> str:
    """Return a file for Moodle: Grades, Import, CSV file; map ``Username`` or ``Email address`` to the user.

    A dash stands where a student's work is not graded and marked; Moodle reads it as no grade.
    """
    header: list[Cell] = ["Username", "Email address", "First name", "Last name"]
    header += [item.title for item in assignments]
    rows = ([row.student, row.email, row.first_name, row.last_name, *_points(assignments, row)] for row in students)
    return _csv(header, rows, nothing="-")


def as_text(text: str) -> str:
    """Return ``text`` so that no spreadsheet takes any of it for a formula: an apostrophe goes before its sign."""
    return _FORMULA.sub(r"\1\2'", text)


def _class_row(assignments: Sequence[Assignment], milestones: Sequence[str], row: StudentGrades) -> list[Cell]:
    cells: list[Cell] = [row.student, row.last_name, row.first_name, row.email]
    for assignment in assignments:
        score = row.scores.get(assignment.name)
        if score is None:
            cells += [None] * 5
        else:
            cells += [score.automatic, score.written, score.penalty, score.points, score.state]
    cells += ["yes" if row.milestones.get(name) else "no" for name in milestones]
    return cells + [None if share is None else 100 * share for share in (row.so_far, row.lowest, row.highest)]


def _object(row: StudentGrades) -> dict[str, object]:
    scores = {name: {**asdict(score), "points": score.points} for name, score in row.scores.items()}
    return {**asdict(row), "scores": scores}


def _points(assignments: Sequence[Assignment], row: StudentGrades) -> list[Cell]:
    scores = (row.scores.get(assignment.name) for assignment in assignments)
    return [score.points if score and score.marked else None for score in scores]


def _last_first(row: StudentGrades) -> str:
    return ", ".join(part for part in (row.last_name, row.first_name) if part) or row.student


def _csv(header: Sequence[Cell], rows: Iterable[Sequence[Cell]], nothing: str = "") -> str:
    file = io.StringIO(newline="")
    writer = csv.writer(file, lineterminator="\r\n")
    writer.writerow([_written(cell, nothing) for cell in header])
    writer.writerows([_written(cell, nothing) for cell in row] for row in rows)
    return file.getvalue()


def _written(cell: Cell, nothing: str) -> str:
    if cell is None:
        return nothing
    return as_text(cell) if isinstance(cell, str) else f"{round(cell, 2):.10g}"
