"""What came of it: report, export, who struggles, what is alike."""

from collections.abc import Callable, Mapping
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from tinytorch_lab.cli.grade.common import course_at, database_of
from tinytorch_lab.cli.grade.options import CourseOption
from tinytorch_lab.cli.output import Json, err, remark, say, show_json, show_table
from tinytorch_lab.cli.workspaces import ModuleArgument
from tinytorch_lab.errors import InvalidInputError
from tinytorch_lab.files import write_text
from tinytorch_lab.grading import exports
from tinytorch_lab.grading.queries.grades import class_grades
from tinytorch_lab.grading.queries.similar import similarity as similarity_of
from tinytorch_lab.grading.queries.statistics import Suspicious, suspicious_runs
from tinytorch_lab.grading.queries.work import class_standings
from tinytorch_lab.grading.queries.work import struggling as struggling_students
from tinytorch_lab.grading.receipts import course_key, is_genuine, read_receipt
from tinytorch_lab.grading.reports import GradeRow, grade_report

app = typer.Typer()

ModuleOption = Annotated[str | None, typer.Option("--module", help="Only this module.")]
OutputOption = Annotated[Path | None, typer.Option("--output", "-o", help="Write it to this file.")]


class Format(StrEnum):
    """Who is to read the grades."""

    csv = "csv"
    json = "json"
    canvas = "canvas"
    moodle = "moodle"


_FORMATS: Mapping[Format, Callable[..., str]] = {
    Format.csv: exports.class_csv,
    Format.json: exports.class_json,
    Format.canvas: exports.canvas_csv,
    Format.moodle: exports.moodle_csv,
}


@app.command("report")
def report(module: ModuleOption = None, course: CourseOption = None, as_json: Json = False) -> None:
    """Print every student's grades, and below them the runs that were tampered with or did not finish."""
    with database_of(course) as (place, connection):
        rows = list(grade_report(place, connection, place.assignment(module) if module else None))
        suspicious = {(run.student, run.module): run for run in suspicious_runs(connection)}
    if as_json:
        show_json([grade_columns(row) | _integrity(row, suspicious.get((row.student, row.module))) for row in rows])
        return
    show_table("Grades", [grade_columns(row) for row in rows], as_json=False)
    doubtful = [run for row in rows if (run := suspicious.get((row.student, row.module)))]
    if doubtful:
        columns = ("student", "module", "integrity", "reason", "graded_at")
        show_table(
            "Runs to look at", [{name: getattr(run, name) for name in columns} for run in doubtful], as_json=False
        )


@app.command("export")
def export(
    module: ModuleOption = None,
    kind: Annotated[Format, typer.Option("--format", help="A table, JSON, or an import file.")] = Format.csv,
    output: OutputOption = None,
    course: CourseOption = None,
) -> None:
    """Export the grades of the class, to a file or to standard output."""
    with database_of(course) as (place, connection):
        assignments, students = class_grades(place, connection)
        wanted = place.assignment(module) if module else None
    chosen = [item for item in assignments if wanted in (None, item.name)]
    deliver(_FORMATS[kind](chosen, students), output)


@app.command("struggling")
def struggling(course: CourseOption = None, as_json: Json = False) -> None:
    """List the students who may need help, each with the reasons."""
    with database_of(course) as (place, connection):
        found = struggling_students(connection, class_standings(place, connection))
    rows = [
        {"student": item.student, "reasons": " ".join(reason.sentence for reason in item.reasons)} for item in found
    ]
    show_table("Students who may need help", rows, as_json=as_json)


@app.command("similarity")
def similarity(name: ModuleArgument, course: CourseOption = None, as_json: Json = False) -> None:
    """List pairs of students whose code or answers are alike; it points, and a person judges."""
    place = course_at(course)
    module = place.assignment(name)
    with err.status(f"Comparing the submissions of {module} …"):
        found = similarity_of(place, module)
    rows = [
        {
            "in": report.cell or report.kind,
            "left": pair.left,
            "right": pair.right,
            "share": f"{pair.share:.0%}",
            "passages": len(pair.matches),
        }
        for report in found
        for pair in report.pairs
    ]
    show_table(f"Alike in {module}", rows, as_json=as_json)


def deliver(text: str, output: Path | None) -> None:
    """Write ``text`` to the file ``output``, or to standard output."""
    if output is None:
        typer.echo(text, nl=False)
    else:
        write_text(output, text)
        remark(f"Written to {output.resolve()}.")


def _integrity(row: GradeRow, run: Suspicious | None) -> dict[str, object]:
    graded = "ok" if row.automatic is not None else None
    return {"integrity": run.integrity if run else graded, "reason": run.reason if run else ""}


def grade_columns(row: GradeRow) -> dict[str, object]:
    """Return ``row`` as the columns of a table, scores beside their totals."""

    def of(score: float | None, total: float) -> str | None:
        return None if score is None else f"{score:g}/{total:g}"

    return {
        "student": row.student,
        "module": row.module,
        "automatic": of(row.automatic, row.automatic_total),
        "written": of(row.written, row.written_total),
        "penalty": row.penalty or None,
        "score": of(row.score, row.total),
        "state": row.state,
        "lost": ", ".join(row.lost) or None,
        "note": row.note,
    }


@app.command("check-receipt")
def check_receipt(
    file: Annotated[Path, typer.Argument(help="A receipt as it lies in a student's .tinytorch/receipts.")],
    course: CourseOption = None,
) -> None:
    """Tell whether a receipt is this course's word; exits with 1 when it is not."""
    receipt = read_receipt(file)
    place = course_at(course)
    if not is_genuine(receipt, course_key(place, "receipts")):
        raise InvalidInputError(f"{file} is no receipt of this course, or was changed after it was given out.")
    say(f"Genuine: {receipt.student} handed in {receipt.module} at {receipt.received_at} ({receipt.digest[:12]}…).")
