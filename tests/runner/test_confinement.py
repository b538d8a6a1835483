"""Which confinement is chosen, that its check notices holes, and what the system-call filter answers."""

import errno
import os
import struct
import subprocess
import sys
from pathlib import Path

import pytest

from tinytorch_lab.errors import InvalidInputError, NotAvailableError
from tinytorch_lab.runner import confinement
from tinytorch_lab.runner.contract import Cell, Job, Limits
from tinytorch_lab.runner.pool import LocalExecutor
from tinytorch_lab.runner.sandbox.seccomp import ARCHITECTURES, filter_program

ALLOW, KILL, ERROR = 0x7FFF0000, 0x80000000, 0x00050000
EPERM = ERROR | errno.EPERM
PID = 4321


def verdict(code: bytes, audit: int, number: int, *arguments: int) -> int:
    """Run the filter on one system call, as the kernel's interpreter would."""
    padded = [*arguments, *[0] * (6 - len(arguments))]
    data = struct.pack("<IIQ6Q", number, audit, 0, *(argument & (1 << 64) - 1 for argument in padded))
    accumulator = place = 0
    while True:
        operation, then, otherwise, value = struct.unpack_from("<HBBI", code, 8 * place)
        place += 1
        if operation == 0x06:
            return value
        if operation == 0x20:
            (accumulator,) = struct.unpack_from("<I", data, value)
        elif operation == 0x54:
            accumulator &= value
        else:
            holds = {0x15: accumulator == value, 0x35: accumulator >= value, 0x45: bool(accumulator & value)}[operation]
            place += then if holds else otherwise


@pytest.fixture(params=sorted(ARCHITECTURES))
def machine(request: pytest.FixtureRequest) -> str:
    return request.param


@pytest.mark.parametrize(
    ("name", "arguments", "expected"),
    [
        ("execve", (), EPERM),
        ("clone", (17,), EPERM),
        ("clone", (0x10000 | 0x100,), ALLOW),
        ("clone", (0x10000000 | 0x10000,), EPERM),
        ("clone3", (), ERROR | errno.ENOSYS),
        ("socket", (1,), ERROR | errno.EAFNOSUPPORT),
        ("socket", (2,), ERROR | errno.EAFNOSUPPORT),
        ("socketpair", (1,), ALLOW),
        ("connect", (), EPERM),
        ("sendmsg", (), EPERM),
        ("sendto", (3, 0, 5, 0, 0, 0), ALLOW),
        ("sendto", (3, 0, 5, 0, 0x7FFF00000000, 16), EPERM),
        ("sendto", (3, 0, 5, 0, 0x1000, 16), EPERM),
        ("kill", (PID, 9), ALLOW),
        ("kill", (PID - 1, 9), EPERM),
        ("kill", (-1, 9), EPERM),
        ("kill", (0, 9), EPERM),
        ("tgkill", (PID, PID, 6), ALLOW),
        ("tgkill", (1, 1, 6), EPERM),
        ("tkill", (PID, 6), EPERM),
        ("prlimit64", (0,), ALLOW),
        ("prlimit64", (PID,), ALLOW),
        ("prlimit64", (PID + 1,), EPERM),
        ("ioctl", (0, 0x5401), ALLOW),
        ("ioctl", (0, 0x5412), ERROR | errno.ENOTTY),
        ("fcntl", (0, 3), ALLOW),
        ("fcntl", (0, 8, 1), EPERM),
        ("prctl", (15,), ALLOW),
        ("prctl", (1,), EPERM),
        ("openat", (0, 0, 0o2), ALLOW),
        ("openat", (0, 0, 0o1001), ALLOW),
        ("openat", (0, 0, 0o1000), EPERM),
        ("openat", (0, 0, 0o1003), EPERM),
        ("openat2", (), ERROR | errno.ENOSYS),
        ("truncate", (), ALLOW),
        ("fchmodat", (), ERROR),
        ("fchownat", (), ERROR),
        ("utimensat", (), ERROR),
        ("setxattr", (), ERROR | errno.ENOTSUP),
        ("ptrace", (), EPERM),
        ("mount", (), EPERM),
        ("io_uring_setup", (), ERROR | errno.ENOSYS),
        ("memfd_create", (), EPERM),
        ("landlock_restrict_self", (), ALLOW),
    ],
)
def test_filter(machine: str, name: str, arguments: tuple[int, ...], expected: int) -> None:
    architecture = ARCHITECTURES[machine]
    code = filter_program(architecture, PID, processes=False, truncate_is_safe=True)
    assert verdict(code, architecture.audit, architecture.calls[name], *arguments) == expected


def test_filter_knows_only_its_own_processor(machine: str) -> None:
    architecture = ARCHITECTURES[machine]
    code = filter_program(architecture, PID, processes=False, truncate_is_safe=True)
    assert verdict(code, 0x40000003, 1) == KILL
    assert verdict(code, architecture.audit, 0x40000001) == KILL
    assert verdict(code, architecture.audit, 63) == ALLOW


def test_filter_can_allow_processes_and_forbid_truncation(machine: str) -> None:
    architecture = ARCHITECTURES[machine]
    code = filter_program(architecture, PID, processes=True, truncate_is_safe=False)
    calls = architecture.calls
    assert verdict(code, architecture.audit, calls["execve"]) == ALLOW
    assert verdict(code, architecture.audit, calls["clone"], 17) == ALLOW
    assert verdict(code, architecture.audit, calls["clone"], 0x10000000) == EPERM
    assert verdict(code, architecture.audit, calls["truncate"]) == EPERM


@pytest.fixture
def unchecked():
    confinement.confinement_problem.cache_clear()
    yield
    confinement.confinement_problem.cache_clear()


def test_strongest_is_chosen(unchecked: None) -> None:
    assert confinement.choose_confinement(None, allow_unsandboxed=False) == "bwrap"
    assert confinement.choose_confinement("landlock", allow_unsandboxed=False) == "landlock"
    assert confinement.choose_confinement("none", allow_unsandboxed=False) == "none"


def test_unknown_confinement_is_refused() -> None:
    with pytest.raises(InvalidInputError, match="'lxc' is no confinement; there are bwrap, landlock, none"):
        LocalExecutor(confinement="lxc")  # type: ignore[arg-type]


def test_without_bubblewrap_landlock_is_chosen(
    unchecked: None, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    assert confinement.confinement_problem("bwrap") == "bubblewrap is not installed"
    assert confinement.choose_confinement(None, allow_unsandboxed=False) == "landlock"
    with pytest.raises(NotAvailableError, match=r"bubblewrap is not installed.*apt install bubblewrap"):
        LocalExecutor(confinement="bwrap")


def test_running_unconfined_needs_a_word(unchecked: None, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setattr(confinement, "_CHECK", "print('problem: the kernel has no Landlock')")
    with pytest.raises(NotAvailableError, match="allow_unsandboxed = true"):
        LocalExecutor()
    with LocalExecutor(allow_unsandboxed=True) as executor:
        assert executor.confinement == "none"


def test_broken_bubblewrap_is_noticed(unchecked: None, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "bwrap").write_text("#!/bin/sh\necho 'setting up uid map: Permission denied' >&2\nexit 1\n")
    (tmp_path / "bwrap").chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path))
    assert confinement.confinement_problem("bwrap") == "setting up uid map: Permission denied"


def test_other_systems_are_told_what_to_do(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "platform", "win32")
    with pytest.raises(NotAvailableError, match="use WSL"):
        LocalExecutor(confinement="none")


@pytest.mark.parametrize(
    ("hole", "found"),
    [
        ("lockdown.install_filter = lambda *args, **kwargs: None", "code could still start a process"),
        ("lockdown.restrict_files = lambda *args, **kwargs: None", "code could still read the system's configuration"),
        ("lockdown.landlock_version = lambda libc: 0", "the kernel has no Landlock"),
        ("lockdown.platform.machine = lambda: 'riscv64'", "the processor riscv64 is not supported"),
        ("", ""),
    ],
)
def test_check_notices_a_hole(hole: str, found: str, tmp_path: Path) -> None:
    (tmp_path / "work").mkdir()
    readable = confinement.readable_paths(())
    source = (
        f"from tinytorch_lab.runner.sandbox import lockdown\n{hole}\n"
        f"print(lockdown.self_check('landlock', {str(tmp_path / 'work')!r}, {tuple(readable)!r}))"
    )
    done = subprocess.run(
        [sys.executable, "-c", source], capture_output=True, text=True, check=True, cwd=confinement.PACKAGE.parent
    )
    assert done.stdout.strip().startswith(found) if found else done.stdout == "\n"


def test_programs_run_only_where_allowed_and_end_with_the_run() -> None:
    source = (
        "import subprocess, sys\n"
        "subprocess.Popen(['sleep', '600'], start_new_session=True)\n"
        "print(subprocess.run([sys.executable, '-c', 'print(6 * 7)'], capture_output=True, text=True).stdout)"
    )
    job = Job((Cell("a", source),), limits=Limits(processes=4))
    with LocalExecutor(confinement="bwrap") as executor:
        result, _ = executor.submit(job)
        assert result.outputs[0]["text"] == "42\n\n"
        count, _ = executor.submit(Job((Cell("a", "import os\nlen([n for n in os.listdir('/proc') if n.isdigit()])"),)))
        assert count.failure.kind == "PermissionError"
    with LocalExecutor(confinement="landlock") as executor:
        result, end = executor.submit(job)
        assert (result.status, end.reason) == (
            "not_run",
            "A notebook that starts programs can only run under bubblewrap.",
        )
    sleeping = subprocess.run(["pgrep", "-fx", "sleep 600"], capture_output=True, text=True, check=False)
    assert sleeping.stdout == ""


def test_level_is_told_with_every_run() -> None:
    with LocalExecutor(confinement="landlock") as executor:
        *_, end = executor.submit(Job(()))
    assert end.confinement == "landlock"


@pytest.mark.skipif(os.geteuid() != 0, reason="only root has capabilities to give up")
def test_root_gives_up_its_capabilities() -> None:
    source = "[line.split()[1] for line in open('/proc/self/status') if line.startswith('Cap')]"
    for level in ("landlock", "bwrap"):
        with LocalExecutor(confinement=level) as executor:
            result, _ = executor.submit(Job((Cell("a", source),)))
        assert set(eval(result.outputs[0]["data"]["text/plain"])) == {"0" * 16}
