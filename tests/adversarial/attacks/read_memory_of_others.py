# what: the fork server's and the grader's memory
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
for pid in (os.getppid(), 1, @PID@):
    for name in ("mem", "maps", "cmdline", "fd", "root", "cwd", "environ", "exe"):
        attempt(f"/proc/{pid}/{name}", lambda: open(f"/proc/{pid}/{name}", "rb").read(1))
        attempt(f"list /proc/{pid}/{name}", lambda: os.listdir(f"/proc/{pid}/{name}"))
    attempt(f"ptrace {pid}", lambda: refused(libc.ptrace(16, pid, None, None)))
    attempt(f"seize {pid}", lambda: refused(libc.ptrace(0x4206, pid, None, None)))
    buffer = ctypes.create_string_buffer(64)
    attempt(f"process_vm_readv {pid}", lambda: refused(libc.process_vm_readv(pid, buffer, 1, buffer, 1, 0)))
attempt("/proc/kcore", lambda: open("/proc/kcore", "rb").read(1))
attempt("/dev/mem", lambda: open("/dev/mem", "rb").read(1))
