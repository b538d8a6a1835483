"""The trusted side's handle on one fork server: start it, have it fork and kill, hear how a child ended."""

import contextlib
import json
import os
import select
import shutil
import socket
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path

from tinytorch_lab.errors import NotAvailableError
from tinytorch_lab.runner.confinement import PACKAGE, bwrap_command
from tinytorch_lab.runner.contract import Confinement

_START_SECONDS = 60.0
_END_SECONDS = 10.0
_LEAVE_SECONDS = 0.5

_BOOT = """
import sys
root, descriptor, level = sys.argv[1:]
sys.path.insert(0, root)
from tinytorch_lab.runner.sandbox.zygote import main
sys.path.remove(root)
main(int(descriptor), level)
"""
"""The root leaves ``sys.path`` again: in a checkout it holds the reference package."""

_ENVIRONMENT = {  # a fixed hash seed: sets have one order, in the reference's run and in the student's
    "LANG": "C.UTF-8",
    "MPLBACKEND": "module://matplotlib_inline.backend_inline",
    "OMP_NUM_THREADS": "1",
    "OPENBLAS_NUM_THREADS": "1",
    "PATH": "/usr/bin:/bin",
    "PYTHONHASHSEED": "0",
}


@dataclass(frozen=True)
class ChildEnd:
    """How a child ended: exit status (negative for a signal), processor seconds, most memory."""

    status: int
    cpu_seconds: float
    peak_rss_bytes: int


class ForkServer:
    """One fork server process; under bubblewrap it and its children see ``folders``, else Landlock decides later."""

    def __init__(self, level: Confinement = "none", folders: tuple[str, ...] = ()) -> None:
        self.folders = folders
        self.home = None if level == "bwrap" else Path(tempfile.mkdtemp(prefix="tinytorch-run-"))
        self._control, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        self._errors = tempfile.TemporaryFile()  # noqa: SIM115
        descriptor = str(theirs.fileno())
        home = str(self.home or "/tmp")
        environment = _ENVIRONMENT | dict.fromkeys(("HOME", "IPYTHONDIR", "MPLCONFIGDIR", "TMPDIR"), home)
        python = [sys.executable, "-P", "-s", "-B", "-c", _BOOT, str(PACKAGE.parent), descriptor, level]
        command = [*bwrap_command(folders, environment), *python] if level == "bwrap" else python
        with theirs:
            self._process = subprocess.Popen(
                command,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=self._errors,
                env=environment | ({"PATH": os.environ.get("PATH", os.defpath)} if level == "bwrap" else {}),
                cwd=self.home or "/",
                pass_fds=[theirs.fileno()],
                start_new_session=True,
            )
        self._ready = False
        self._preloaded = False
        self.runs = 0

    @property
    def alive(self) -> bool:
        """Tell whether the process is still there."""
        return self._process.poll() is None

    def fileno(self) -> int:
        """Return the control connection's descriptor, readable when a child has ended."""
        return self._control.fileno()

    def wait_until_ready(self) -> None:
        """Wait until children can be forked.

        Raises:
            NotAvailableError: it did not start.
        """
        if self._ready:
            return
        if self._hear(_START_SECONDS) is None:
            self._process.kill()
            self._process.wait()
            self._errors.seek(0)
            text = self._errors.read().decode(errors="replace").strip().splitlines()
            raise NotAvailableError(f"The sandbox for notebooks did not start: {text[-1] if text else 'no message'}.")
        self._ready = True

    def fork(self) -> socket.socket:
        """Fork a child and return the connection to it.

        Raises:
            NotAvailableError: the server has died.
        """
        ours, theirs = socket.socketpair()
        try:
            with theirs:
                socket.send_fds(self._control, [b'{"do":"fork"}'], [theirs.fileno()])
        except OSError:
            ours.close()
            raise NotAvailableError("The sandbox for notebooks has ended unexpectedly.") from None
        self.runs += 1
        return ours

    def preload_plotting(self) -> None:
        """Load matplotlib once, for a notebook that uses it."""
        if not self._preloaded:
            self._preloaded = True
            self._tell(b'{"do":"preload"}')

    def end_child(self, wait: bool = False) -> ChildEnd | None:
        """Kill the child, or ``wait`` a moment for its own end; return how it ended, ``None`` if the server died."""
        message = self._hear(_LEAVE_SECONDS) if wait else None
        if message is None:
            self._tell(b'{"do":"kill"}')
            message = self._hear(_END_SECONDS)
        if message is None or "exit" not in message:
            # A late answer would be taken for that of the next child.
            self._process.kill()
            return None
        return ChildEnd(int(message["exit"]), float(message["cpu"]), int(message["rss"]))

    def close(self) -> None:
        """End the server and its child and remove its home."""
        self._control.close()
        with contextlib.suppress(subprocess.TimeoutExpired):
            self._process.wait(0.5)
        self._process.kill()
        self._process.wait()
        self._errors.close()
        if self.home is not None:
            shutil.rmtree(self.home, ignore_errors=True)

    def _tell(self, message: bytes) -> None:
        with contextlib.suppress(OSError):
            self._control.send(message)

    def _hear(self, seconds: float) -> dict[str, float] | None:
        """Return the server's next message, or ``None`` when it is silent or gone."""
        if not readable_within(self._control, seconds):
            return None
        try:
            data = self._control.recv(1 << 12)
        except OSError:
            return None
        return dict(json.loads(data)) if data else None


def readable_within(connection: socket.socket, seconds: float) -> bool:
    """Tell whether there is something to read, waiting for it; unlike ``select`` for any number of open files."""
    poll = select.poll()
    poll.register(connection, select.POLLIN)
    return bool(poll.poll(seconds * 1000))
