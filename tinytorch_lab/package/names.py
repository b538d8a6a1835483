"""What a module offers to others, read from the syntax trees of its cells."""

import ast
from collections.abc import Iterable, Iterator

from tinytorch_lab.package.imports import imported_module


def public_names(trees: Iterable[ast.Module]) -> tuple[str, ...]:
    """Return the names for ``__all__`` in order of definition: functions, classes and variables without underscore.

    As in nbdev only the top level counts. Unlike there, a name that is only annotated or is deleted again is left
    out, because ``from module import *`` would fail on it.
    """
    names: dict[str, None] = {}
    for tree in trees:
        for statement in tree.body:
            if isinstance(statement, ast.Delete):
                for target in statement.targets:
                    names.pop(getattr(target, "id", ""), None)
            names.update(dict.fromkeys(_bound(statement)))
    return tuple(name for name in names if not name.startswith("_"))


def extended_modules(trees: Iterable[ast.Module]) -> tuple[str, ...]:
    """Return the modules of the package whose classes get something added here.

    That is what ``Tensor.backward = backward`` and ``setattr(Tensor, …)`` do at the top level to an imported name:
    whoever uses that class wants this module loaded too. Where there is that, ``@backward_for(Add)`` counts as well;
    a module that does no more than list classes in a table of its own is not needed to use them.
    """
    origin: dict[str, str] = {}
    changed: set[str] = set()
    listed: set[str] = set()
    for tree in trees:
        for statement in tree.body:
            if isinstance(statement, ast.ImportFrom):
                module = imported_module(statement.module)
                origin |= {alias.asname or alias.name: module for alias in statement.names if module}
            changed |= {origin[name] for name in _changed_by(statement) if name in origin}
            listed |= {origin[name] for name in _listed_by(statement) if name in origin}
    return tuple(sorted(changed | listed)) if changed else ()


def _bound(statement: ast.stmt) -> Iterator[str]:
    if isinstance(statement, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
        yield statement.name
    elif isinstance(statement, ast.Assign):
        for target in statement.targets:
            for element in getattr(target, "elts", [target]):
                if isinstance(element, ast.Name):
                    yield element.id
    elif isinstance(statement, ast.AnnAssign) and statement.value and isinstance(statement.target, ast.Name):
        yield statement.target.id


def _changed_by(statement: ast.stmt) -> Iterator[str]:
    if isinstance(statement, ast.Assign):
        owners = [target.value for target in statement.targets if isinstance(target, ast.Attribute)]
    elif isinstance(statement, ast.Expr) and isinstance(statement.value, ast.Call):
        function = statement.value.func
        named_setattr = isinstance(function, ast.Name) and function.id == "setattr"
        owners = statement.value.args[:1] if named_setattr else []
    else:
        owners = []
    return (owner.id for owner in owners if isinstance(owner, ast.Name))


def _listed_by(statement: ast.stmt) -> Iterator[str]:
    decorators = statement.decorator_list if isinstance(statement, ast.FunctionDef | ast.ClassDef) else []
    arguments = [argument for call in decorators if isinstance(call, ast.Call) for argument in call.args]
    return (argument.id for argument in arguments if isinstance(argument, ast.Name))
