"""Which modules need their tests run again, because one they build on changed."""

from tinytorch_lab.curriculum.catalogue import ModuleInfo
from tinytorch_lab.learning.checksums import package_checksums
from tinytorch_lab.learning.dependency_map import needs
from tinytorch_lab.learning.results import TestRun
from tinytorch_lab.learning.workspace import Workspace


def changed_since(workspace: Workspace, module: ModuleInfo, run: TestRun) -> tuple[ModuleInfo, ...]:
    """Return the earlier modules that ``module`` builds on and whose exported code changed since ``run``."""
    if not run.rows or run.state == "never":
        return ()
    present = package_checksums(workspace.package)
    changed = {name for name in present.keys() | run.package.keys() if present.get(name) != run.package.get(name)}
    return tuple(other for other in needs(workspace, module) if changed.intersection(other.exports))
