"""The system-call filter of a run, assembled as classic BPF.

What it refuses is what Landlock and namespaces leave open: new processes, sockets, signals to and settings of other
processes of the same user, kernel interfaces that no notebook needs, and changes of a file's metadata.
"""

import ctypes
import errno
import os
import platform
import struct
from dataclasses import dataclass

from tinytorch_lab.runner.sandbox.syscalls import AARCH64, X86_64

_FORBIDDEN = (
    "ptrace", "process_vm_readv", "process_vm_writev", "kcmp", "process_madvise", "process_mrelease", "pidfd_open",
    "pidfd_getfd", "pidfd_send_signal", "mount", "umount2", "pivot_root", "chroot", "move_mount", "open_tree",
    "open_tree_attr", "fsopen", "fsconfig", "fsmount", "fspick", "mount_setattr", "statmount", "listmount", "unshare",
    "setns", "swapon", "swapoff", "reboot", "kexec_load", "kexec_file_load", "init_module", "finit_module",
    "delete_module", "create_module", "acct", "settimeofday", "clock_settime", "clock_adjtime", "adjtimex",
    "sethostname", "setdomainname", "syslog", "quotactl", "quotactl_fd", "keyctl", "add_key", "request_key", "bpf",
    "perf_event_open", "userfaultfd", "io_uring_enter", "io_uring_register", "io_setup", "io_submit",
    "open_by_handle_at", "name_to_handle_at", "fanotify_init", "fanotify_mark", "inotify_init", "inotify_init1",
    "inotify_add_watch", "iopl", "ioperm", "modify_ldt", "lookup_dcookie", "nfsservctl", "uselib", "ustat", "sysfs",
    "_sysctl", "vhangup", "memfd_create", "memfd_secret", "shmget", "shmat", "shmctl", "semget", "semop", "semctl",
    "semtimedop", "msgget", "msgsnd", "msgrcv", "msgctl", "mq_open", "mq_unlink", "setpriority", "sched_setscheduler",
    "sched_setparam", "sched_setattr", "sched_setaffinity", "ioprio_set", "migrate_pages", "move_pages", "tkill",
    "rt_tgsigqueueinfo", "bind", "connect", "listen", "accept", "accept4", "sendmsg", "sendmmsg", "recvmmsg", "mknod",
    "mknodat", "file_setattr", "lsm_set_self_attr",
)  # fmt: skip
_METADATA = (
    "chmod", "fchmod", "fchmodat", "fchmodat2", "chown", "fchown", "lchown", "fchownat", "utime", "utimes",
    "futimesat", "utimensat",
)  # fmt: skip
_ATTRIBUTES = (
    "setxattr", "lsetxattr", "fsetxattr", "setxattrat", "removexattr", "lremovexattr", "fremovexattr",
    "removexattrat",
)  # fmt: skip
_ABSENT = ("clone3", "openat2", "io_uring_setup")
_PROCESSES = ("fork", "vfork", "execve", "execveat")

_TERMINAL_QUERIES = (0x5401, 0x5413, 0x541B, 0x5421, 0x5450, 0x5451)
"""TCGETS, TIOCGWINSZ, FIONREAD, FIONBIO, FIONCLEX, FIOCLEX; other ioctls can push input or change files."""

_SIGNAL_OWNERS = (8, 10, 15, 1024, 1026)
"""F_SETOWN, F_SETSIG, F_SETOWN_EX would send signals to others; F_SETLEASE and F_NOTIFY watch files."""

_PROCESS_CONTROLS = (1, 62, 0x59616D61)
"""PR_SET_PDEATHSIG, PR_SCHED_CORE, PR_SET_PTRACER."""

_CLONE_THREAD, _CLONE_NEW = 0x10000, 0x7E020000
_TRUNCATE, _TRUNCATE_MODES = 0x203, (0x200, 0x203)
"""O_TRUNC with a mode that does not ask to write: old kernels' Landlock does not look at it."""

_LOAD, _JUMP_EQUAL, _JUMP_AT_LEAST, _JUMP_SET, _AND, _RETURN = 0x20, 0x15, 0x35, 0x45, 0x54, 0x06
_ALLOW, _KILL, _ERROR = 0x7FFF0000, 0x80000000, 0x00050000
_PR_SET_SECCOMP, _SECCOMP_MODE_FILTER = 22, 2


@dataclass(frozen=True)
class Architecture:
    """What the filter must know of a processor: its audit number and its system calls."""

    audit: int
    calls: dict[str, int]


ARCHITECTURES = {
    "x86_64": Architecture(0xC000003E, X86_64),
    "aarch64": Architecture(0xC00000B7, AARCH64),
}


class _Program:
    """BPF instructions; a rule applies to one system call and always ends in a verdict."""

    def __init__(self, calls: dict[str, int]) -> None:
        self._calls = calls
        self.code = bytearray()

    def add(self, code: int, value: int, then: int = 0, otherwise: int = 0) -> None:
        self.code += struct.pack("<HBBI", code, then, otherwise, value)

    def answer(self, names: tuple[str, ...], verdict: int) -> None:
        for name in names:
            if name in self._calls:
                self.add(_JUMP_EQUAL, self._calls[name], 0, 1)
                self.add(_RETURN, verdict)

    def rule(self, name: str, body: "_Program") -> None:
        if name in self._calls:
            self.add(_JUMP_EQUAL, self._calls[name], 0, len(body.code) // 8)
            self.code += body.code

    def on_argument(self, name: str, index: int, values: tuple[int, ...], match: int, otherwise: int) -> None:
        """Answer ``match`` when the argument is one of ``values``."""
        body = _Program({})
        body.argument(index)
        for value in values:
            body.add(_JUMP_EQUAL, value, 0, 1)
            body.add(_RETURN, match)
        body.add(_RETURN, otherwise)
        self.rule(name, body)

    def argument(self, index: int, high: bool = False) -> None:
        self.add(_LOAD, 16 + 8 * index + 4 * high)


def filter_program(architecture: Architecture, pid: int, processes: bool, truncate_is_safe: bool) -> bytes:
    """Return the filter of the process ``pid``; ``processes`` allows it to start others."""
    refused = _ERROR | errno.EPERM
    program = _Program(architecture.calls)
    program.add(_LOAD, 4)
    program.add(_JUMP_EQUAL, architecture.audit, 1, 0)
    program.add(_RETURN, _KILL)
    program.add(_LOAD, 0)
    program.add(_JUMP_AT_LEAST, 0x40000000, 0, 1)  # the x32 numbering of x86-64
    program.add(_RETURN, _KILL)
    program.answer(_FORBIDDEN + (() if processes else _PROCESSES), refused)
    program.answer(() if truncate_is_safe else ("truncate",), refused)
    program.answer(_METADATA, _ERROR)  # errno 0: accepted and ignored, so that copying a file works
    program.answer(_ATTRIBUTES, _ERROR | errno.ENOTSUP)
    program.answer(_ABSENT, _ERROR | errno.ENOSYS)
    program.answer(("socket",), _ERROR | errno.EAFNOSUPPORT)
    for name, index, values in (("kill", 0, (pid,)), ("tgkill", 0, (pid,)), ("rt_sigqueueinfo", 0, (pid,)),
                                ("prlimit64", 0, (0, pid))):  # fmt: skip
        program.on_argument(name, index, values, _ALLOW, refused)
    program.on_argument("ioctl", 1, _TERMINAL_QUERIES, _ALLOW, _ERROR | errno.ENOTTY)
    program.on_argument("fcntl", 1, _SIGNAL_OWNERS, refused, _ALLOW)
    program.on_argument("prctl", 0, _PROCESS_CONTROLS, refused, _ALLOW)
    _add_clone(program, processes, refused)
    _add_sendto(program, refused)
    for name, index in (("open", 1), ("openat", 2)):
        _add_open(program, name, index, refused)
    program.add(_RETURN, _ALLOW)
    return bytes(program.code)


def _add_clone(program: _Program, processes: bool, refused: int) -> None:
    body = _Program({})
    body.argument(0)
    body.add(_JUMP_SET, _CLONE_NEW, 0, 1)
    body.add(_RETURN, refused)
    body.add(_JUMP_SET, _CLONE_THREAD, 0, 1)
    body.add(_RETURN, _ALLOW)
    body.add(_RETURN, _ALLOW if processes else refused)
    program.rule("clone", body)


def _add_sendto(program: _Program, refused: int) -> None:
    """Allow ``send`` on a socket pair, refuse any address."""
    body = _Program({})
    for high in (False, True):
        body.argument(4, high)
        body.add(_JUMP_EQUAL, 0, 1, 0)
        body.add(_RETURN, refused)
    body.add(_RETURN, _ALLOW)
    program.rule("sendto", body)


def _add_open(program: _Program, name: str, index: int, refused: int) -> None:
    body = _Program({})
    body.argument(index)
    body.add(_AND, _TRUNCATE)
    for mode in _TRUNCATE_MODES:
        body.add(_JUMP_EQUAL, mode, 0, 1)
        body.add(_RETURN, refused)
    body.add(_RETURN, _ALLOW)
    program.rule(name, body)


def install_filter(libc: ctypes.CDLL, processes: bool, truncate_is_safe: bool) -> None:
    """Apply the filter to this process and all it starts; needs ``no_new_privs``."""
    code = filter_program(ARCHITECTURES[platform.machine()], os.getpid(), processes, truncate_is_safe)
    buffer = ctypes.create_string_buffer(code, len(code))

    class Program(ctypes.Structure):
        _fields_ = (("length", ctypes.c_ushort), ("filter", ctypes.c_void_p))

    program = Program(len(code) // 8, ctypes.addressof(buffer))
    if libc.prctl(_PR_SET_SECCOMP, _SECCOMP_MODE_FILTER, ctypes.byref(program), 0, 0) != 0:
        raise OSError(ctypes.get_errno(), "the system-call filter was refused")
