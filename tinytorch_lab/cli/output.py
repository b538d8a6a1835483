"""How commands print: tables for people, JSON for programs, one sentence for an error."""

import json
import sys
from collections.abc import Mapping, Sequence
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.markup import escape
from rich.table import Table

Json = Annotated[bool, typer.Option("--json", help="Print JSON instead of a table.")]

_WIDTH = None if sys.stdout.isatty() else 160
"""A file or a pipe has no width of its own; tables should not be squeezed into eighty columns there."""

out = Console(width=_WIDTH)
err = Console(stderr=True)


def show_table(title: str, rows: Sequence[Mapping[str, Any]], *, as_json: bool) -> None:
    """Print ``rows``, which share their keys, as a table or as a JSON list."""
    if as_json:
        show_json(list(rows))
        return
    if not rows:
        out.print(f"{title}: nothing to show.")
        return
    table = Table(title=title, title_justify="left", header_style="bold")
    for key in rows[0]:
        table.add_column(key.replace("_", " "), overflow="fold", min_width=min(len(key), 9))
    for row in rows:
        table.add_row(*(_cell(value) for value in row.values()))
    out.print(table)


def show_json(value: object) -> None:
    """Print ``value`` as JSON, untouched by terminal width or colour."""
    typer.echo(json.dumps(value, indent=2, ensure_ascii=False, default=str))


def say(sentence: str) -> None:
    """Print a sentence, taking no part of it for markup."""
    out.print(escape(sentence), soft_wrap=True, highlight=False)


def complain(sentence: str) -> None:
    """Print an error's sentence on standard error."""
    err.print(f"[bold red]Error:[/] {escape(sentence)}", soft_wrap=True, highlight=False)


def remark(sentence: str) -> None:
    """Print a sentence beside a command's result, on standard error."""
    err.print(escape(sentence), soft_wrap=True, highlight=False)


def _cell(value: object) -> str:
    if value is None:
        return ""
    if isinstance(value, list | tuple):
        return ", ".join(str(item) for item in value)
    return escape(f"{value:g}" if isinstance(value, float) else str(value))
