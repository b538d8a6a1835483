"""The fork server: load NumPy and IPython once, then fork a child for every run.

It never sees a job. For each run it receives one end of a connection, gives it to a fresh child, and reports how
the child ended; the cells travel over that connection only.
"""

import contextlib
import gc
import json
import os
import resource
import select
import shutil
import signal
import socket
import sys
import tempfile
import threading
from pathlib import Path
from typing import Any, NoReturn

from tinytorch_lab.runner.sandbox.cells import CellRunner
from tinytorch_lab.runner.sandbox.channel import Channel
from tinytorch_lab.runner.sandbox.guard import Guard
from tinytorch_lab.runner.sandbox.lockdown import Bounds, end_with_parent, hide_from_others, lock_down
from tinytorch_lab.runner.sandbox.outputs import Recorder
from tinytorch_lab.runner.sandbox.recording import seed_generators
from tinytorch_lab.runner.sandbox.shell import make_shell
from tinytorch_lab.runner.sandbox.warming import warm_up


class Zygote:
    """Serves requests on ``control`` until the trusted side goes away; one child at a time."""

    def __init__(self, control: socket.socket, level: str) -> None:
        self._control = control
        self._confined = level != "none"
        self._alone = level == "bwrap"
        self._recorder = Recorder(0)
        self._shell = make_shell(self._recorder)
        self._guard = Guard()
        warm_up(self._shell, self._recorder, self._guard)
        self._home = Path.cwd()
        self._child: int | None = None
        self._work: Path | None = None
        self._wake_read, wake_write = os.pipe2(os.O_NONBLOCK | os.O_CLOEXEC)
        signal.set_wakeup_fd(wake_write)
        signal.signal(signal.SIGCHLD, lambda *_: None)
        hide_from_others()
        gc.collect()
        gc.freeze()

    def serve(self) -> None:
        """Fork, kill and report as asked."""
        self._say({"ready": os.getpid(), "threads": threading.active_count()})
        while True:
            readable, _, _ = select.select([self._control.fileno(), self._wake_read], [], [])
            if self._wake_read in readable:
                self._drain()
                self._reap()
            if self._control.fileno() in readable and not self._obey():
                break
        self._kill()
        if not self._alone:
            shutil.rmtree(self._home, ignore_errors=True)
        os._exit(0)

    def _obey(self) -> bool:
        data, descriptors, _, _ = socket.recv_fds(self._control, 1 << 12, 1)
        if not data:
            return False
        request = json.loads(data)
        if request["do"] == "kill":
            self._kill()
        elif request["do"] == "preload":
            import matplotlib.pyplot  # noqa: F401
            import matplotlib_inline.backend_inline  # noqa: F401
        else:
            self._fork(descriptors[0])
        return True

    def _fork(self, descriptor: int) -> None:
        self._work = Path(tempfile.mkdtemp(prefix="run-", dir=self._home))
        parent = os.getpid()
        child = os.fork()
        if child == 0:
            end_with_parent(parent)
            _become_child(descriptor, self._work, self._confined, self._shell, self._recorder, self._guard)
        os.close(descriptor)
        self._child = child

    def _kill(self) -> None:
        if self._child is not None:
            with contextlib.suppress(ProcessLookupError):
                os.kill(self._child, signal.SIGKILL)

    def _reap(self) -> None:
        if self._child is None:
            return
        pid, status, usage = os.wait4(self._child, os.WNOHANG)
        if pid:
            self._child = None
            if self._alone:
                _kill_everything_else()
            if self._work is not None:
                shutil.rmtree(self._work, ignore_errors=True)
            cpu = usage.ru_utime + usage.ru_stime
            self._say({"exit": os.waitstatus_to_exitcode(status), "cpu": cpu, "rss": usage.ru_maxrss << 10})

    def _drain(self) -> None:
        with contextlib.suppress(BlockingIOError):
            while os.read(self._wake_read, 64):
                pass

    def _say(self, message: dict[str, Any]) -> None:
        self._control.send(json.dumps(message).encode())


def _become_child(
    descriptor: int, work: Path, confined: bool, shell: Any, recorder: Recorder, guard: Guard
) -> NoReturn:
    status = 1
    try:
        signal.set_wakeup_fd(-1)
        signal.signal(signal.SIGCHLD, signal.SIG_DFL)
        descriptor = _keep_only(descriptor)
        channel = Channel(descriptor)
        message = channel.receive()
        if message is not None:
            _prepare(*message, work)
            lock_down(Bounds(**message[0]["bounds"], confined=confined, work=str(work)))
            channel.send(json.dumps({"work": str(work), "pid": os.getpid()}))
            CellRunner(shell, recorder, guard, channel).run()
        status = 0
    finally:
        os._exit(status)


def _keep_only(descriptor: int) -> int:
    """Close every descriptor but this one, which becomes 3; standard streams lead nowhere."""
    null = os.open(os.devnull, os.O_RDWR)
    for target, source in ((0, null), (1, null), (2, null), (3, os.dup(descriptor))):
        os.dup2(source, target)
    os.closerange(4, resource.getrlimit(resource.RLIMIT_NOFILE)[0])
    return 3


def _prepare(job: dict[str, Any], raw: bytes, work: Path) -> None:
    os.setpgid(0, 0)
    offset = 0
    for name, size in job["files"]:
        target = work / name
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(raw[offset : offset + size])
        offset += size
    os.chdir(work)
    for name in ("HOME", "TMPDIR", "MPLCONFIGDIR"):
        os.environ[name] = str(work)
    tempfile.tempdir = None
    sys.path[:0] = [*job["path"], ""]
    seed_generators(job["seed"])


def _kill_everything_else() -> None:
    """End what a run's own processes left behind; in a process namespace of our own that is everything."""
    with contextlib.suppress(ProcessLookupError):
        os.kill(-1, signal.SIGKILL)
    with contextlib.suppress(ChildProcessError):
        while os.waitpid(-1, os.WNOHANG)[0]:
            pass


def main(descriptor: int, level: str) -> None:
    """Serve the connection ``descriptor`` from inside the confinement ``level``."""
    sys.argv[:] = [""]
    Zygote(socket.socket(fileno=descriptor), level).serve()
