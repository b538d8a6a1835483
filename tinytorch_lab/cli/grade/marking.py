"""Marking written answers from the command line."""

from dataclasses import asdict
from typing import Annotated

import typer

from tinytorch_lab.cli.grade.common import database_of, service_of, user
from tinytorch_lab.cli.grade.options import CourseOption, StudentOption
from tinytorch_lab.cli.output import Json, say, show_json, show_table
from tinytorch_lab.cli.workspaces import ModuleArgument
from tinytorch_lab.errors import ConflictError, InvalidInputError, NotFoundError
from tinytorch_lab.grading.marking import standing_mark
from tinytorch_lab.grading.written_answers import Answer, written_answers

app = typer.Typer()


@app.command("manual")
def manual(
    name: ModuleArgument,
    student: StudentOption = None,
    response: Annotated[str | None, typer.Option("--response", help="The response to mark, as listed.")] = None,
    points: Annotated[float | None, typer.Option("--points", help="Points to give it.")] = None,
    comment: Annotated[str, typer.Option("--comment", help="What to tell the student.")] = "",
    author: Annotated[str | None, typer.Option("--author", help="Who marks. Default: your user name.")] = None,
    replace: Annotated[bool, typer.Option("--replace", help="Also where another grader's mark stands.")] = False,
    undo: Annotated[bool, typer.Option("--undo", help="Take back the mark that stands.")] = False,
    course: CourseOption = None,
    as_json: Json = False,
) -> None:
    """List written answers beside their mark schemes, or mark one (--student, --response and --points)."""
    with database_of(course) as (place, connection):
        module = place.assignment(name)
        if response is None and points is None and not undo:
            _show_answers(list(written_answers(place, connection, module, student)), as_json=as_json)
            return
        if not student or not response or (points is None) is not undo:
            raise InvalidInputError("To mark an answer, give --student, --response and --points, or --undo.")
        standing = standing_mark(connection, module, student, response)
    with service_of(course) as (_, grading):
        if points is None:
            if standing is None:
                raise NotFoundError(f"{response} of {student} has no mark to take back.")
            restored = grading.undo_mark(standing.id, actor=author or user())
            points_now = "not marked" if restored.points is None else f"{restored.points:g} points"
            say(f"{student}, {module}, {response}: {points_now}.")
            return
        seen = standing.id if standing and replace else None
        given = grading.mark(module, student, response, points, comment, seen=seen, actor=author or user())
    if as_json:
        show_json(asdict(given))
    if given.other:
        raise ConflictError(
            f"{given.other.author} gave {given.other.points:g} points for {response} of {student}, which stand; "
            "yours are kept beside them. Give --replace to decide."
        )
    if not as_json:
        say(f"{student}, {module}, {response}: {points:g} points, {given.mark.level}.")


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
            "author": answer.author,
            "answer": " ".join(answer.text.split())[:80],
        }
        for answer in answers
    ]
    show_table("Written answers (--json shows them whole, with their mark schemes)", rows, as_json=False)
