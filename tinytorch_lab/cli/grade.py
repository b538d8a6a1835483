"""``tito grade``, also spelt ``tito nbgrader``: a course from release to feedback."""

import getpass
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer
from rich.progress import Progress as ProgressBar

from tinytorch_lab.authoring.static import check_source
from tinytorch_lab.cli.output import Json, complain, err, say, show_json, show_table
from tinytorch_lab.cli.workspaces import CurriculumOption, ModuleArgument, library_at
from tinytorch_lab.curriculum.catalogue import ModuleInfo
from tinytorch_lab.errors import ConflictError, InvalidInputError
from tinytorch_lab.grading.course import init_course
from tinytorch_lab.grading.folder import CourseFolder, load_course_folder
from tinytorch_lab.grading.marking import standing_mark
from tinytorch_lab.grading.records import JobReport, JobRow
from tinytorch_lab.grading.reports import GradeRow, grade_report
from tinytorch_lab.grading.service import GradingService, RequestedJob
from tinytorch_lab.grading.store.database import reading
from tinytorch_lab.grading.written_answers import Answer, written_answers

app = typer.Typer(help="Release, collect, autograde, mark and return a course's modules.", no_args_is_help=True)

CourseOption = Annotated[
    Path | None,
    typer.Option("--course", "-c", envvar="TINYTORCH_COURSE", help="The course's folder. Default: this folder."),
]
StudentOption = Annotated[str | None, typer.Option("--student", help="Only this student.")]


@app.command("init")
def init(
    folder: Annotated[Path, typer.Argument(metavar="[DIR]", help="The course's folder; made when missing.")] = Path(),
    curriculum: CurriculumOption = None,
    student: Annotated[list[str] | None, typer.Option("--student", help="Enrol this student; may be repeated.")] = None,
) -> None:
    """Make a course folder; what is already there stays as it is."""
    course = init_course(folder, library_at(curriculum), student or [])
    say(f"The course folder {course.root} is ready; next: 'tito grade generate MODULE' in it.")


@app.command("generate")
def generate(
    name: ModuleArgument,
    source: Annotated[Path | None, typer.Option("--source", help="A module source outside the curriculum.")] = None,
    course: CourseOption = None,
    as_json: Json = False,
) -> None:
    """Check a module's source and write the instructor's notebook, solutions and mark schemes included."""
    with _service(course) as (place, grading):
        module = name if source else _checked(place, name).name
        _follow(grading, grading.generate(module, source, actor=_user()), f"Generating {module}", as_json=as_json)


@app.command("release")
def release(name: ModuleArgument, course: CourseOption = None, as_json: Json = False) -> None:
    """Make the students' notebook and publish it."""
    with _service(course) as (place, grading):
        module = place.assignment(name)
        _follow(grading, grading.release(module, actor=_user()), f"Releasing {module}", as_json=as_json)


@app.command("collect")
def collect(
    name: ModuleArgument,
    source: Annotated[Path | None, typer.Option("--from", help="A folder with one folder per student.")] = None,
    student: StudentOption = None,
    course: CourseOption = None,
    as_json: Json = False,
) -> None:
    """Collect submissions from the exchange, or from a folder."""
    with _service(course) as (place, grading):
        module = place.assignment(name)
        _follow(
            grading,
            grading.collect(module, _only(student), source, actor=_user()),
            f"Collecting {module}",
            as_json=as_json,
        )


@app.command("autograde")
def autograde(
    name: ModuleArgument,
    student: StudentOption = None,
    course: CourseOption = None,
    as_json: Json = False,
) -> None:
    """Run the tests, hidden ones included, on what was collected."""
    with _service(course) as (place, grading):
        module = place.assignment(name)
        _follow(
            grading, grading.autograde(module, _only(student), actor=_user()), f"Autograding {module}", as_json=as_json
        )


@app.command("manual")
def manual(
    name: ModuleArgument,
    student: StudentOption = None,
    response: Annotated[str | None, typer.Option("--response", help="The response to mark, as listed.")] = None,
    points: Annotated[float | None, typer.Option("--points", help="Points to give it.")] = None,
    comment: Annotated[str, typer.Option("--comment", help="What to tell the student.")] = "",
    author: Annotated[str | None, typer.Option("--author", help="Who marks. Default: your user name.")] = None,
    replace: Annotated[bool, typer.Option("--replace", help="Also where another grader's mark stands.")] = False,
    course: CourseOption = None,
    as_json: Json = False,
) -> None:
    """List written answers beside their mark schemes, or mark one (--student, --response and --points)."""
    place = load_course_folder(course or Path())
    module = place.assignment(name)
    if response is None and points is None:
        with reading(place.db_url) as connection:
            _show_answers(list(written_answers(place, connection, module, student)), as_json=as_json)
        return
    if not student or not response or points is None:
        raise InvalidInputError("To mark an answer, give --student, --response and --points.")
    with reading(place.db_url) as connection:
        seen = standing_mark(connection, module, student, response) if replace else None
    with GradingService(place) as grading:
        seen_id = seen.id if seen else None
        given = grading.mark(module, student, response, points, comment, seen=seen_id, actor=author or _user())
    if as_json:
        show_json(asdict(given))
    if given.other:
        raise ConflictError(
            f"{given.other.author} gave {given.other.points:g} points for {response} of {student}, which stand; "
            "yours are kept beside them. Give --replace to decide."
        )
    if not as_json:
        say(f"{student}, {module}, {response}: {points:g} points, {given.mark.level}.")


@app.command("feedback")
def feedback(
    name: ModuleArgument,
    student: StudentOption = None,
    force: Annotated[bool, typer.Option("--force", help="Also where answers are not marked yet.")] = False,
    course: CourseOption = None,
    as_json: Json = False,
) -> None:
    """Write each student's feedback page."""
    with _service(course) as (place, grading):
        module = place.assignment(name)
        _follow(
            grading,
            grading.feedback(module, _only(student), force, actor=_user()),
            f"Feedback on {module}",
            as_json=as_json,
        )


@app.command("report")
def report(
    module: Annotated[str | None, typer.Option("--module", help="Only this module.")] = None,
    course: CourseOption = None,
    as_json: Json = False,
) -> None:
    """Print every student's grades."""
    place = load_course_folder(course or Path())
    with reading(place.db_url) as connection:
        rows = list(grade_report(place, connection, place.assignment(module) if module else None))
    show_table("Grades", [grade_columns(row) for row in rows], as_json=as_json)


def grade_columns(row: GradeRow) -> dict[str, object]:
    """Return ``row`` as the columns of a table, scores beside their totals."""

    def of(score: float | None, total: float) -> str | None:
        return None if score is None else f"{score:g}/{total:g}"

    return {
        "student": row.student,
        "module": row.module,
        "automatic": of(row.automatic, row.automatic_total),
        "written": of(row.written, row.written_total),
        "score": of(row.score, row.total),
        "state": row.state,
        "lost": ", ".join(row.lost) or None,
        "note": row.note,
    }


@contextmanager
def _service(folder: Path | None) -> Iterator[tuple[CourseFolder, GradingService]]:
    place = load_course_folder(folder or Path())
    with GradingService(place) as grading:
        yield place, grading


def _checked(place: CourseFolder, query: str) -> ModuleInfo:
    module = place.library.course.find(query)
    findings = check_source(place.library.source(module), module, place.library.course)
    for finding in findings:
        complain(str(finding))
    if findings:
        raise InvalidInputError(f"{module.name} was not generated: mend its {len(findings)} findings first.")
    return module


def _follow(grading: GradingService, job: RequestedJob, title: str, *, as_json: bool) -> None:
    """Show a job's progress, then what it did for each student; exits with 1 unless all went well."""
    try:
        report = _shown(job, title)
    except KeyboardInterrupt:
        grading.cancel(job.id, actor=_user())
        raise
    show_table(title, [_row_columns(row) for row in report.rows], as_json=as_json)
    if report.message:
        complain(report.message)
    if not report.ok:
        raise typer.Exit(1)


def _shown(job: RequestedJob, title: str) -> JobReport:
    with ProgressBar(console=err, transient=True) as bar:
        task = bar.add_task(title, total=None)
        for event in job:
            if isinstance(event, JobReport):
                return event
            bar.update(task, total=event.total, completed=event.done, description=f"{title}: {event.subject}")
            if event.level != "info":
                err.print(f"{event.subject}: {event.message}", markup=False, highlight=False, soft_wrap=True)
    raise RuntimeError("a job ends with its report")


def _row_columns(row: JobRow) -> dict[str, object]:
    return {"subject": row.subject, "ok": row.ok, "message": row.message, "score": row.score, "total": row.total}


def _only(student: str | None) -> list[str] | None:
    return None if student is None else [student]


def _user() -> str:
    return getpass.getuser()


def _show_answers(answers: list[Answer], *, as_json: bool) -> None:
    if as_json:
        show_json([asdict(answer) for answer in answers])
        return
    rows = [
        {
            "student": answer.student,
            "response": answer.response_id,
            "words": answer.words,
            "points": None if answer.points is None else f"{answer.points:g}/{answer.total:g}",
            "answer": " ".join(answer.text.split())[:80],
        }
        for answer in answers
    ]
    show_table("Written answers (--json shows them whole, with their mark schemes)", rows, as_json=False)
