"""``tito thinking``: the questions and the state of the answers."""

import typer

from tinytorch_lab.cli.output import Json, say, show_json, show_table
from tinytorch_lab.cli.workspaces import ModuleArgument, WorkspaceOption, workspace_at
from tinytorch_lab.learning.thinking import length_remark, questions

app = typer.Typer(help="Read the ML Systems Thinking questions and check the answers.", no_args_is_help=True)


@app.command("show")
def show(name: ModuleArgument, workspace: WorkspaceOption = None, as_json: Json = False) -> None:
    """Print a module's questions and your answers."""
    place = workspace_at(workspace)
    found = questions(place.notebook(place.course.assignment(name)))
    if as_json:
        rows = [
            {"response_id": q.response_id, "question": q.question, "answer": q.answer, "words": q.words} for q in found
        ]
        show_json(rows)
        return
    for question in found:
        say(question.question + "\n")
        say((question.answer or "(not answered)") + "\n")


@app.command("check")
def check(name: ModuleArgument, workspace: WorkspaceOption = None, as_json: Json = False) -> None:
    """Check that every question has an answer of the expected length; exits with 1 otherwise."""
    place = workspace_at(workspace)
    bounds = place.course.answer_words
    found = questions(place.notebook(place.course.assignment(name)))
    rows = [
        {"response": question.response_id, "words": question.words, "remark": length_remark(question.words, bounds)}
        for question in found
    ]
    show_table(f"Answers, {bounds[0]} to {bounds[1]} words expected", rows, as_json=as_json)
    if not found or any(not bounds[0] <= question.words <= bounds[1] for question in found):
        raise typer.Exit(1)
