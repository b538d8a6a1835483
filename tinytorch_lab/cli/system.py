"""``tito system``: whether this machine has what the product needs."""

import importlib.metadata
import os
import platform
import sys
from dataclasses import dataclass
from pathlib import Path

import typer

from tinytorch_lab import __version__
from tinytorch_lab.cli.output import Json, say, show_json, show_table
from tinytorch_lab.cli.workspaces import WorkspaceOption, workspace_at
from tinytorch_lab.curriculum.library import Release
from tinytorch_lab.errors import TinyTorchError
from tinytorch_lab.runner.calibration import CALIBRATION
from tinytorch_lab.runner.confinement import confinement_problem
from tinytorch_lab.runner.contract import CellResult, Confinement, Job
from tinytorch_lab.runner.pool import LocalExecutor

app = typer.Typer(help="Check and describe this installation.", no_args_is_help=True)

_PACKAGES = ("jupyterlab", "jupyter_server", "ipykernel", "numpy", "nbformat", "jupytext", "nbgrader")


@dataclass(frozen=True)
class Check:
    """One thing that must be in order, and what to do when it is not."""

    what: str
    ok: bool
    detail: str


@app.command("health")
def health(workspace: WorkspaceOption = None, as_json: Json = False) -> None:
    """Check the installation; exits with 1 when something is missing."""
    checks = [
        _python(),
        _environment(),
        _release(),
        _runner(),
        _sandbox("bwrap"),
        _sandbox("landlock"),
        _extension(),
        _grading(),
        _writable(workspace),
    ]
    rows = [{"check": check.what, "ok": "yes" if check.ok else "NO", "detail": check.detail} for check in checks]
    if as_json:
        show_json([{"check": check.what, "ok": check.ok, "detail": check.detail} for check in checks])
    else:
        show_table("Health", rows, as_json=False)
    if not all(check.ok for check in checks):
        raise typer.Exit(1)


@app.command("info")
def info(workspace: WorkspaceOption = None, as_json: Json = False) -> None:
    """Describe the installation."""
    place = workspace_at(workspace)
    facts: dict[str, object] = {
        "tinytorch-lab": __version__,
        "python": f"{platform.python_version()} ({sys.executable})",
        "platform": platform.platform(),
        "processors": os.cpu_count(),
        "workspace": str(place.root),
        "modules started": [module.name for module in place.started_modules()],
    }
    facts |= {name: _version(name) or "not installed" for name in _PACKAGES}
    if as_json:
        show_json(facts)
        return
    for name, fact in facts.items():
        say(f"{name:16} {', '.join(fact) if isinstance(fact, list) else fact}")


def _python() -> Check:
    return Check("Python 3.11 or newer", sys.version_info >= (3, 11), platform.python_version())


def _environment() -> Check:
    isolated = sys.prefix != sys.base_prefix or "CONDA_PREFIX" in os.environ or "JUPYTERHUB_USER" in os.environ
    return Check(
        "virtual environment", isolated, sys.prefix if isolated else "none; make one with 'python -m venv .venv'"
    )


def _release() -> Check:
    release = Release()
    try:
        names = [module.name for module in release.course.modules if release.available(module)]
    except TinyTorchError as error:
        return Check(
            "course notebooks", False, f"{error} Reinstall tinytorch-lab, or run 'tito dev build' in a checkout."
        )
    return Check("course notebooks", bool(names), ", ".join(names) or "none; run 'tito dev build' in a checkout")


def _runner() -> Check:
    try:
        with LocalExecutor(confinement="none") as executor:
            results = [item for item in executor.submit(Job((CALIBRATION,))) if isinstance(item, CellResult)]
    except (TinyTorchError, OSError) as error:
        return Check("runner", False, str(error))
    passed = bool(results) and results[0].status == "ok"
    return Check("runner", passed, f"calibration loop in {results[0].seconds * 1e3:.1f} ms" if passed else "no result")


def _sandbox(level: Confinement) -> Check:
    """Tell whether autograding can confine submissions so; a student's machine needs none of it."""
    problem = confinement_problem(level)
    return Check(f"sandbox {level} (instructors)", True, problem or "works")


def _extension() -> Check:
    version = _version("jupyterlab")
    return Check("JupyterLab", bool(version), version or "not installed; run 'pip install jupyterlab'")


def _grading() -> Check:
    version = _version("nbgrader")
    return Check("nbgrader (instructors)", True, version or "not installed; needed only for 'tito grade'")


def _writable(workspace: Path | None) -> Check:
    place = workspace_at(workspace).root
    return Check("workspace can be written", os.access(place, os.W_OK), str(place))


def _version(name: str) -> str | None:
    try:
        return importlib.metadata.version(name)
    except importlib.metadata.PackageNotFoundError:
        return None
