# what: mounts, namespaces, kernel interfaces
# score: 10
# integrity: ok
def scale(x, factor):
    return x * factor


def total(x):
    if not isinstance(x, np.ndarray):
        raise TypeError("an array is needed")
    return x.sum()

import ctypes
import os

libc = ctypes.CDLL(None, use_errno=True)
attempt("unshare", lambda: refused(libc.unshare(0x10000000)))
attempt("unshare mounts", lambda: refused(libc.unshare(0x00020000)))
attempt("mount", lambda: refused(libc.mount(b"none", b"/tmp", b"tmpfs", 0, None)))
attempt("umount", lambda: refused(libc.umount2(b"/proc", 2)))
attempt("chroot", lambda: os.chroot("."))
for number, name in ((425, "io_uring"), (428, "open_tree"), (430, "fsopen"), (437, "openat2"), (434, "pidfd_open")):
    attempt(name, lambda: refused(libc.syscall(number, 1, b"x", 0, 0)))
x86 = {"memfd": 319, "userfaultfd": 323, "bpf": 321, "perf": 298, "keyctl": 250, "shmget": 29, "setns": 308}
arm = {"memfd": 279, "userfaultfd": 282, "bpf": 280, "perf": 241, "keyctl": 219, "shmget": 194, "setns": 268}
for name, number in (x86 if os.uname().machine == "x86_64" else arm).items():
    attempt(name, lambda: refused(libc.syscall(number, b"x", 0, 0, 0, 0)))
attempt("parent death signal", lambda: refused(libc.prctl(1, 0, 0, 0, 0)))
attempt("capabilities", lambda: refused(libc.prctl(24, 0, 0, 0, 0)))
