"""``tinytorch/__init__.py``: the names of all modules in one place, each module loaded when first used."""

import ast
from collections.abc import Mapping
from dataclasses import dataclass

from tinytorch_lab.package.provenance import read_layout
from tinytorch_lab.package.render import EXTENDS, assignment

FACADE = "__init__"
_HEADER = "# Generated from the modules of this folder; edit their notebooks, not this file."
_TOP = f'''{_HEADER}
"""A small machine-learning framework, built module by module.

A module is loaded when one of its names is first used: an unfinished one is in nobody's way.
"""

from contextlib import suppress
from importlib import import_module
from typing import Any
'''
_BOTTOM = '''

__all__ = sorted({name for names in _NAMES.values() for name in names})


def __getattr__(name: str) -> Any:
    """Load the module that defines ``name``."""
    if name in _NAMES:
        return import_module(f"{__name__}.{name}")
    module = next((module for module, names in _NAMES.items() if name in names), None)
    if module is None:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value = getattr(import_module(f"{__name__}.{module}"), name)
    for extension in _EXTENDED_BY.get(module, []):
        with suppress(Exception):  # An unfinished extension says so to those who import it.
            import_module(f"{__name__}.{extension}")
    globals()[name] = value  # The next use finds it at once.
    return value


def __dir__() -> list[str]:
    return sorted({*_NAMES, *__all__})
'''


@dataclass(frozen=True)
class Outline:
    """What an exported file says about itself: its notebook, its ``__all__``, the modules it adds to."""

    notebook: str
    names: tuple[str, ...]
    extends: tuple[str, ...]


def read_outline(text: str) -> Outline | None:
    """Return the outline of an exported file's text, or ``None`` for any other file."""
    layout = read_layout(text)
    if layout is None:
        return None
    try:
        statement = ast.parse("\n".join(layout.between)).body[0]
        names = tuple(ast.literal_eval(statement.value)) if isinstance(statement, ast.Assign) else ()
    except (SyntaxError, ValueError, TypeError, IndexError):
        return None
    extends = [line.removeprefix(EXTENDS) for line in layout.between if line.startswith(EXTENDS)]
    return Outline(layout.notebook, names, tuple(extends[0].split(", ")) if extends else ())


def is_generated(module: str, text: str) -> bool:
    """Tell whether a file may be replaced: the exporter wrote it, or it is blank."""
    own = text.startswith(_HEADER) if module == FACADE else read_layout(text) is not None
    return own or not text.strip()


def course_order(outlines: Mapping[str, Outline]) -> list[str]:
    """Return the modules in the order of their notebooks, whose names begin with numbers."""
    return sorted(outlines, key=lambda module: (outlines[module].notebook, module))


def render_facade(outlines: Mapping[str, Outline]) -> str:
    """Return the text of ``__init__.py`` for the modules with these outlines.

    Modules stand in the order of their notebooks, and every public name is offered. One that several modules define
    means the first of them: what a later notebook adds never changes what an earlier one imports. For the same
    reason the name of a module always means the module.
    """
    order = course_order(outlines)
    taken = set(outlines)
    names: dict[str, list[str]] = {}
    for module in order:
        names[module] = [name for name in outlines[module].names if name not in taken]
        taken |= set(names[module])
    extended = {module: [other for other in order if module in outlines[other].extends] for module in order}
    parts = [
        _TOP,
        _table("_NAMES", names),
        "# Modules that add methods to classes of another are loaded with it.",
        _table("_EXTENDED_BY", {module: others for module, others in extended.items() if others}),
    ]
    return "\n".join(parts) + _BOTTOM


def _table(name: str, rows: Mapping[str, list[str]]) -> str:
    if not rows:
        return f"{name}: dict[str, list[str]] = {{}}"
    lines = [assignment("", row).removeprefix(" = ").replace("\n", "\n    ") for row in rows.values()]
    body = "".join(f'    "{module}": {line},\n' for module, line in zip(rows, lines, strict=True))
    return f"{name}: dict[str, list[str]] = {{\n{body}}}"
