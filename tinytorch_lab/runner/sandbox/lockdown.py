"""What a child does to itself before the first cell: limits, capabilities, Landlock, system-call filter."""

import ctypes
import os
import platform
import resource
import socket
import struct
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from tinytorch_lab.runner.sandbox.landlock import landlock_version, restrict_files
from tinytorch_lab.runner.sandbox.seccomp import ARCHITECTURES, install_filter

_PR_SET_PDEATHSIG, _PR_SET_DUMPABLE, _PR_CAPBSET_DROP, _PR_SET_NO_NEW_PRIVS = 1, 4, 24, 38
_SIGKILL = 9
_CAPSET = {"x86_64": 126, "aarch64": 91}
_CAPABILITY_VERSION = 0x20080522
_LAST_CAPABILITY = 63
_THREADS = 64
_LINUX = sys.platform == "linux"
_libc = ctypes.CDLL(None, use_errno=True)

_DEVICES = ("/dev/null", "/dev/zero", "/dev/random", "/dev/urandom")
_SYSTEM = (
    "/proc/self", "/proc/cpuinfo", "/proc/meminfo", "/proc/stat", "/proc/uptime", "/proc/version",
    "/sys/devices/system/cpu", "/etc/localtime", "/etc/ld.so.cache",
)  # fmt: skip


@dataclass(frozen=True)
class Bounds:
    """What one run may use and see; ``confined`` is false only where the site allows running unconfined."""

    memory_bytes: int
    file_bytes: int
    open_files: int
    cpu_seconds: int
    processes: int
    confined: bool
    readable: tuple[str, ...]
    work: str


def hide_from_others() -> None:
    """Keep this process's memory from its children and from other programs of the same user."""
    if _LINUX:
        _libc.prctl(_PR_SET_DUMPABLE, 0, 0, 0, 0)


def end_with_parent(parent: int) -> None:
    """Have the kernel kill this process when ``parent`` ends."""
    if _LINUX:
        _libc.prctl(_PR_SET_PDEATHSIG, _SIGKILL, 0, 0, 0)
        _libc.prctl(_PR_SET_DUMPABLE, 1, 0, 0, 0)
    if os.getppid() != parent:
        os._exit(1)


def lock_down(bounds: Bounds) -> None:
    """Apply ``bounds`` to this process, for good.

    Raises:
        OSError: the kernel refuses one of them.
    """
    _limit(resource.RLIMIT_AS, bounds.memory_bytes)
    _limit(resource.RLIMIT_FSIZE, bounds.file_bytes)
    _limit(resource.RLIMIT_NOFILE, bounds.open_files)
    _limit(resource.RLIMIT_CPU, bounds.cpu_seconds)
    _limit(resource.RLIMIT_CORE, 0)
    if not bounds.confined:
        return
    _libc.prctl(_PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0)
    version = landlock_version(_libc)
    if version:
        restrict_files(_libc, (*bounds.readable, *_SYSTEM, *_DEVICES), (bounds.work, "/dev/null"))
    _drop_capabilities()
    if bounds.processes:
        _limit(resource.RLIMIT_NPROC, bounds.processes + _THREADS)
    install_filter(_libc, processes=bounds.processes > 0, truncate_is_safe=not version or version >= 3)


def _limit(kind: int, value: int) -> None:
    _, hard = resource.getrlimit(kind)
    bound = value if hard == resource.RLIM_INFINITY else min(value, hard)
    resource.setrlimit(kind, (bound, bound))


def _drop_capabilities() -> None:
    for number in range(_LAST_CAPABILITY + 1):
        _libc.prctl(_PR_CAPBSET_DROP, number, 0, 0, 0)
    header = struct.pack("<Ii", _CAPABILITY_VERSION, 0)
    if _libc.syscall(_CAPSET[platform.machine()], header, bytes(24)) != 0:
        raise OSError(ctypes.get_errno(), "capabilities could not be given up")


def self_check(level: str, work: str, readable: tuple[str, ...]) -> str:
    """Lock this process down and return what it can still do that it must not, or nothing."""
    if platform.machine() not in ARCHITECTURES:
        return f"the processor {platform.machine()} is not supported"
    if level == "landlock" and not landlock_version(_libc):
        return "the kernel has no Landlock"
    try:
        lock_down(Bounds(2 << 30, 1 << 20, 64, 60, 0, True, readable, work))
    except OSError as error:
        return str(error.strerror)
    attempts: dict[str, Callable[[], object]] = {
        "start a process": _start_process,
        "open a socket": socket.socket,
        "signal another process": lambda: os.kill(os.getppid(), 0),
        "read the system's configuration": Path("/etc/passwd").read_bytes,
    }
    if level == "landlock":
        attempts["write outside its folder"] = lambda: Path(work).with_name("escaped").write_bytes(b"")
    return "; ".join(f"code could still {what}" for what, attempt in attempts.items() if not _refused(attempt))


def _start_process() -> None:
    if os.fork() == 0:
        os._exit(0)


def _refused(attempt: Callable[[], object]) -> bool:
    try:
        attempt()
    except OSError:
        return True
    return False
