"""All commands of ``tito grade``; they stand in one module for each concern."""

import typer

from tinytorch_lab.cli.grade import course, marking, reports, steps, terms, work

app = typer.Typer()
for group in (course, steps, terms, marking, reports, work):
    app.registered_commands += group.app.registered_commands
