# what: fork, vfork, exec, spawn, subprocess, multiprocessing
# score: 10
# integrity: ok
def scale(x, factor):
    return x * factor


def total(x):
    if not isinstance(x, np.ndarray):
        raise TypeError("an array is needed")
    return x.sum()

import ctypes
import multiprocessing
import os
import subprocess
import sys

libc = ctypes.CDLL(None, use_errno=True)


def forked(call):
    if call() == 0:
        os._exit(0)


attempt("fork", lambda: forked(os.fork))
attempt("forkpty", lambda: os.forkpty()[0] == 0 and os._exit(0))
attempt("system", lambda: refused(-1 if os.system("true") else 0))
attempt("spawn", lambda: os.posix_spawn("/usr/bin/env", ["env"], {}))
attempt("subprocess", lambda: subprocess.run([sys.executable, "-c", "1"]))
attempt("popen", lambda: os.popen("id").read() or 1 / 0)
attempt("exec", lambda: os.execv(sys.executable, [sys.executable]))
attempt("multiprocessing", lambda: multiprocessing.get_context("fork").Process(target=print).start())
for context in ("spawn", "forkserver"):
    attempt(context, lambda: multiprocessing.get_context(context).Process(target=print).start())
machine = os.uname().machine
attempt("clone", lambda: forked(lambda: refused(libc.syscall({"x86_64": 56, "aarch64": 220}[machine], 17, 0, 0, 0, 0))))
attempt("clone3", lambda: refused(libc.syscall(435, None, 0)))
