# what: kill, killpg, pidfd, real-time signals, signals by ownership of a file
# score: 10
# integrity: ok
def scale(x, factor):
    return x * factor


def total(x):
    if not isinstance(x, np.ndarray):
        raise TypeError("an array is needed")
    return x.sum()

import ctypes
import fcntl
import os
import signal
import socket

libc = ctypes.CDLL(None, use_errno=True)
for pid in (os.getppid(), @PID@, -1, 0, 1, -os.getppid()):
    attempt(f"kill {pid}", lambda: os.kill(pid, signal.SIGTERM))
    attempt(f"killpg {pid}", lambda: os.killpg(abs(pid), signal.SIGTERM))
    attempt(f"sigqueue {pid}", lambda: refused(libc.sigqueue(pid, 15, 0)))
    attempt(f"pidfd {pid}", lambda: os.pidfd_open(abs(pid)))
left, right = socket.socketpair()
attempt("F_SETOWN", lambda: fcntl.fcntl(left, 8, @PID@))
attempt("F_SETSIG", lambda: fcntl.fcntl(left, 10, 9))
import struct
attempt("FIOSETOWN", lambda: fcntl.ioctl(left, 0x8901, struct.pack("i", @PID@)))
attempt("tkill", lambda: refused(libc.syscall({"x86_64": 200, "aarch64": 130}[os.uname().machine], @PID@, 15)))
