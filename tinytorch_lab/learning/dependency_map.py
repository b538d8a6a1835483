"""How the modules of the student's own package build on each other."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from tinytorch_lab.curriculum.catalogue import ModuleInfo
from tinytorch_lab.learning.workspace import Workspace
from tinytorch_lab.package.dependencies import Dependencies, read_dependencies
from tinytorch_lab.package.storage import module_times


@dataclass(frozen=True)
class Use:
    """Names that one file of the package takes from another; ``*`` stands for all."""

    user: str
    used: str
    names: tuple[str, ...]


def uses(workspace: Workspace) -> tuple[Use, ...]:
    """Return who uses what of whom in the package as exported, in the course's order."""
    known = _dependencies(workspace)
    order = [name for module in workspace.course.modules for name in module.exports]
    return tuple(
        Use(user, used, tuple(sorted(known[user][used])))
        for user in order
        for used in order
        if user != used and used in known.get(user, {})
    )


def needs(workspace: Workspace, module: ModuleInfo) -> tuple[ModuleInfo, ...]:
    """Return the earlier modules that ``module`` builds on, directly or through others, in the course's order.

    A module that is not exported yet builds on what the course says.
    """
    known = _dependencies(workspace)
    if any(name in known for name in module.exports):
        reached = _closure(set(module.exports), known)
        return tuple(other for other in workspace.course.earlier(module) if reached.intersection(other.exports))
    waiting, found = list(module.prerequisites), set[str]()
    while waiting:
        name = waiting.pop()
        if name not in found:
            found.add(name)
            waiting += workspace.course.find(name).prerequisites
    return tuple(other for other in workspace.course.earlier(module) if other.name in found)


def _closure(names: set[str], imports: Mapping[str, Mapping[str, frozenset[str]]]) -> set[str]:
    reached, waiting = set[str](), list(names)
    while waiting:
        for used in imports.get(waiting.pop(), {}):
            if used not in reached:
                reached.add(used)
                waiting.append(used)
    return reached


def _dependencies(workspace: Workspace) -> Dependencies:
    return _read(workspace.package, module_times(workspace.package))


@lru_cache(maxsize=16)
def _read(package: Path, _changed: tuple[tuple[str, int], ...]) -> Dependencies:
    """Read the dependencies; remembered until one of the files changes, since every listing asks."""
    return read_dependencies(package)
