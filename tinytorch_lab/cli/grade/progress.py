"""Where one student, or a class, stands in a course: what ``tito module`` and ``tito checkpoint`` read from it."""

from pathlib import Path

from tinytorch_lab.cli.grade.common import database_of
from tinytorch_lab.cli.grade.reports import deliver
from tinytorch_lab.cli.output import out, say, show_json, show_table
from tinytorch_lab.grading.exports import class_csv
from tinytorch_lab.grading.queries.grades import class_grades
from tinytorch_lab.grading.queries.students import StudentPage, student_page


def show_student(course: Path | None, student: str, *, as_json: bool) -> None:
    """Print a student's modules, milestones and course grade, and why the student may need help."""
    with database_of(course) as (place, connection):
        page = student_page(place, connection, student)
    if as_json:
        show_json(_summary(page))
        return
    show_table(f"{page.student} {page.name}".strip(), _modules(page), as_json=False)
    others = [part for part in page.grade.parts if part.kind != "module"]
    parts = [{"part": part.name, "weight": part.weight, "state": part.state, "earned": part.earned} for part in others]
    show_table("Milestones and examinations", parts, as_json=False)
    so_far = "nothing graded yet" if page.grade.so_far is None else f"{page.grade.so_far:.1%} so far"
    say(f"Course grade: {so_far}, at least {page.grade.lowest:.1%}, at most {page.grade.highest:.1%}.")
    for reason in page.reasons:
        out.print(f"- {reason.sentence}", markup=False, highlight=False, soft_wrap=True)


def export_class(course: Path | None, output: Path | None) -> None:
    """Write every student's scores, milestones and course grade as a CSV table."""
    with database_of(course) as (place, connection):
        assignments, students = class_grades(place, connection)
    deliver(class_csv(assignments, students), output)


def _modules(page: StudentPage) -> list[dict[str, object]]:
    return [
        {
            "module": work.module,
            "submissions": len(work.submissions),
            "automatic": work.automatic,
            "written": work.written,
            "penalty": work.penalty or None,
            "to mark": work.to_mark or None,
            "graded at": work.graded_at,
            "returned at": work.returned_at,
        }
        for work in page.modules
    ]


def _summary(page: StudentPage) -> dict[str, object]:
    return {
        "student": page.student,
        "name": page.name,
        "modules": _modules(page),
        "parts": [vars(part) for part in page.grade.parts],
        "so_far": page.grade.so_far,
        "lowest": page.grade.lowest,
        "highest": page.grade.highest,
        "reasons": [reason.sentence for reason in page.reasons],
    }
