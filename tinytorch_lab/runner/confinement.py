"""How strongly this machine can confine a run, and the command that starts a fork server inside bubblewrap."""

import functools
import shutil
import site
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import get_args

import tinytorch_lab
from tinytorch_lab.errors import InvalidInputError, NotAvailableError
from tinytorch_lab.runner.contract import Confinement

PACKAGE = Path(tinytorch_lab.__file__).parent

_SYSTEM = (
    "/usr/lib", "/usr/lib32", "/usr/lib64", "/usr/local/lib", "/usr/bin", "/usr/share/zoneinfo", "/usr/share/fonts",
    "/usr/share/fontconfig", "/etc/fonts", "/etc/ld.so.cache", "/etc/localtime", "/sys/devices/system/cpu",
)  # fmt: skip
_ROOT_LINKS = ("/bin", "/lib", "/lib32", "/lib64")
_OF_A_PREFIX = ("bin", "lib", "lib64", "pyvenv.cfg")
_TEMPORARY_BYTES = 256 << 20
_CHECK_SECONDS = 30.0
_CHECK = """
import sys
root, level, work, *readable = sys.argv[1:]
sys.path.insert(0, root)
from tinytorch_lab.runner.sandbox.lockdown import self_check
print("problem:", self_check(level, work, tuple(readable)))
"""


def choose_confinement(wanted: Confinement | None, allow_unsandboxed: bool) -> Confinement:
    """Return ``wanted``, or the strongest confinement that works here.

    Raises:
        InvalidInputError: there is no such confinement.
        NotAvailableError: it does not work here, or nothing does and running without was not allowed.
    """
    if sys.platform != "linux":
        raise NotAvailableError("Notebooks run on Linux only; on Windows use WSL, elsewhere a Linux container.")
    if wanted not in (None, *get_args(Confinement)):
        raise InvalidInputError(f"{wanted!r} is no confinement; there are {', '.join(get_args(Confinement))}.")
    if wanted == "none":
        return wanted
    levels: tuple[Confinement, ...] = (wanted,) if wanted else ("bwrap", "landlock")
    for level in levels:
        if not confinement_problem(level):
            return level
    if wanted is None and allow_unsandboxed:
        return "none"
    problems = "; ".join(f"{level}: {confinement_problem(level)}" for level in levels)
    raise NotAvailableError(
        f"Student code cannot be confined on this machine ({problems}). Install bubblewrap "
        "(`apt install bubblewrap`), or set allow_unsandboxed = true in the course's tinytorch.toml to run it "
        "unprotected."
    )


@functools.cache
def confinement_problem(level: Confinement) -> str:
    """Return why ``level`` does not work on this machine, or nothing; found out by trying, once."""
    if level == "none":
        return ""
    if level == "bwrap" and shutil.which("bwrap") is None:
        return "bubblewrap is not installed"
    with tempfile.TemporaryDirectory(prefix="tinytorch-check-") as folder:
        work = "/tmp" if level == "bwrap" else f"{folder}/work"
        Path(folder, "work").mkdir()
        python = [sys.executable, "-I", "-c", _CHECK, str(PACKAGE.parent), level, work, *readable_paths(())]
        command = [*bwrap_command((), {}), *python] if level == "bwrap" else python
        try:
            done = subprocess.run(command, capture_output=True, text=True, timeout=_CHECK_SECONDS, check=False)
        except (OSError, subprocess.TimeoutExpired) as error:
            return f"the check did not run ({type(error).__name__})"
    said = done.stdout.strip()
    if said.startswith("problem:"):
        return said.removeprefix("problem:").strip()
    return (done.stderr.strip().splitlines() or ["the check ended without an answer"])[-1]


def readable_paths(folders: tuple[str, ...]) -> list[str]:
    """Return all that a run may read: the interpreter, its libraries, this package and ``folders``."""
    present = (folder for folder in folders if Path(folder).exists())
    return list(dict.fromkeys([*_interpreter_paths(), *present]))


@functools.cache
def _interpreter_paths() -> tuple[str, ...]:
    prefixes = dict.fromkeys([sys.prefix, sys.base_prefix, str(Path(sys.executable).resolve().parents[1])])
    interpreter = [f"{prefix}/{part}" for prefix in prefixes for part in _OF_A_PREFIX]
    candidates = [*_SYSTEM, *_ROOT_LINKS, *interpreter, *site.getsitepackages(), str(PACKAGE)]
    return tuple(path for path in candidates if Path(path).exists())


def bwrap_command(folders: tuple[str, ...], environment: dict[str, str]) -> list[str]:
    """Return the bubblewrap command line up to the program it is to start."""
    command = [
        "bwrap", "--unshare-all", "--unshare-user", "--uid", "65534", "--gid", "65534", "--hostname", "tinytorch",
        *_disable_userns(), "--die-with-parent", "--as-pid-1", "--new-session", "--cap-drop", "ALL", "--clearenv",
        "--size", str(_TEMPORARY_BYTES), "--tmpfs", "/tmp", "--proc", "/proc", "--dev", "/dev",
    ]  # fmt: skip
    for path in readable_paths(folders):
        if path in _ROOT_LINKS and Path(path).is_symlink():
            command += ["--symlink", str(Path(path).readlink()), path]
        else:
            command += ["--ro-bind", path, path]
    for name, value in environment.items():
        command += ["--setenv", name, value]
    return [*command, "--remount-ro", "/", "--chdir", "/tmp", "--"]


@functools.cache
def _disable_userns() -> tuple[str, ...]:
    """Return the option that forbids new user namespaces; bubblewrap before 0.8 lacks it, the filter does the same."""
    done = subprocess.run(["bwrap", "--help"], capture_output=True, text=True, check=False)
    return ("--disable-userns",) if "--disable-userns" in done.stdout else ()
