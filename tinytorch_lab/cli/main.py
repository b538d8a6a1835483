"""The ``tito`` command: its groups, and the boundary at which an error becomes one sentence."""

import sys

import typer

from tinytorch_lab.cli import checkpoint, demo, dev, export, grade, lab, milestone, module, system, thinking
from tinytorch_lab.cli.output import complain
from tinytorch_lab.errors import TinyTorchError

app = typer.Typer(
    name="tito",
    help="Build, test, export and grade the TinyTorch course.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    add_completion=False,
)
app.command("lab", context_settings={"ignore_unknown_options": True})(lab.lab)
app.command("demo")(demo.demo)
app.command("export")(export.export)
app.add_typer(system.app, name="system")
app.add_typer(module.app, name="module")
app.add_typer(thinking.app, name="thinking")
app.add_typer(milestone.app, name="milestone")
app.add_typer(grade.app, name="grade")
app.add_typer(grade.app, name="nbgrader", help="The same as 'tito grade'.")
app.add_typer(checkpoint.app, name="checkpoint")
app.add_typer(dev.app, name="dev")


def main() -> None:
    """Run ``tito``; exit with 1 and one sentence on an error, with 130 when interrupted."""
    try:
        app()
    except TinyTorchError as error:
        complain(str(error))
        sys.exit(1)
    except KeyboardInterrupt:
        complain("Interrupted.")
        sys.exit(130)
