"""Imports between modules of the package: absolute in a notebook, relative in the package.

An import is rewritten only where its text is plain; the absolute form that stays otherwise works as well, as
does ``import tinytorch`` itself, whose name a relative import could not bind.
"""

import ast
import re

from tinytorch_lab.package.syntax import statements

PACKAGE = "tinytorch"

_FROM = re.compile(rf"^from(\s+){PACKAGE}(?:\.(?P<module>[\w.]+))?(?=\s+import\b)")
_IMPORT_AS = re.compile(rf"^import(\s+){PACKAGE}\.(?P<module>\w+)(?=\s+as\b)")


def rewrite_imports(code: dict[int, str], tree: ast.Module) -> dict[int, str]:
    """Return ``code`` (lines by number, parsed as ``tree``) with imports of the package's modules relative."""
    rewritten = dict(code)
    nodes = [node for node in statements(tree) if isinstance(node, ast.ImportFrom | ast.Import) and _is_ours(node)]
    # From right to left, so that columns still hold when a line has two imports.
    for node in sorted(nodes, key=lambda node: (node.lineno, node.col_offset), reverse=True):
        line = rewritten[node.lineno].encode()
        before, statement = line[: node.col_offset].decode(), line[node.col_offset :].decode()
        pattern = _FROM if isinstance(node, ast.ImportFrom) else _IMPORT_AS
        rewritten[node.lineno] = before + pattern.sub(_relative, statement, count=1)
    return rewritten


def relative_imports(tree: ast.Module) -> list[int]:
    """Return the lines of relative imports, which no notebook can run."""
    return [node.lineno for node in statements(tree) if isinstance(node, ast.ImportFrom) and node.level]


def imports_of_everything(tree: ast.Module) -> list[int]:
    """Return the lines of ``from tinytorch import *``, with which a module would need itself to be loaded."""
    found = (node for node in statements(tree) if isinstance(node, ast.ImportFrom) and not node.level)
    return [node.lineno for node in found if node.module == PACKAGE and node.names[0].name == "*"]


def imported_module(name: str | None) -> str | None:
    """Return ``tensor`` for ``tinytorch.tensor``; ``""`` for ``tinytorch``; ``None`` for any other module."""
    if name == PACKAGE:
        return ""
    return name[len(PACKAGE) + 1 :] if name is not None and name.startswith(f"{PACKAGE}.") else None


def _is_ours(node: ast.ImportFrom | ast.Import) -> bool:
    if isinstance(node, ast.ImportFrom):
        return not node.level and imported_module(node.module) is not None
    return len(node.names) == 1 and bool(imported_module(node.names[0].name)) and node.names[0].asname is not None


def _relative(match: re.Match[str]) -> str:
    if match[0].startswith("from"):
        return f"from{match[1]}.{match['module'] or ''}"
    return f"from{match[1]}. import {match['module']}"
