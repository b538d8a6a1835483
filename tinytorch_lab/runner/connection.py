"""The trusted side's end of one run: messages out and in, under deadlines, with everything that can break it."""

import os
import signal
import socket
import stat
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from tinytorch_lab.runner.contract import SANDBOX_ENDED, Status
from tinytorch_lab.runner.forkserver import ChildEnd, ForkServer, readable_within
from tinytorch_lab.runner.frames import FrameReader

_TICK_SECONDS = 0.1
_WATCHED_ENTRIES = 5_000

Message = tuple[dict[str, Any], bytes]


class Lost(Exception):
    """The child cannot go on: the ``status`` of the cell it was running, the ``reason``, whether it cheated."""

    def __init__(self, status: Status, reason: str, tampered: bool = False) -> None:
        super().__init__(reason)
        self.status: Status = status
        self.reason = reason
        self.tampered = tampered


class Connection:
    """Talks with one child of a fork server until either side ends it."""

    def __init__(self, server: ForkServer, reader: FrameReader, disk_limit: int, cancelled: Callable[[], bool]) -> None:
        self._server = server
        self._socket = server.fork()
        self._reader = reader
        self._inbox: list[Message] = []
        self._disk_limit = disk_limit
        self._cancelled = cancelled
        self._child = 0
        self._end: ChildEnd | None = None
        self._closed = False

    def watch(self, child: int) -> None:
        """Count what ``child`` has written to the disk from now on."""
        self._child = child

    def send(self, message: bytes, deadline: float) -> None:
        """Send all of ``message``.

        Raises:
            Lost: the child has gone or does not listen.
        """
        try:
            sent = self._socket.send(message, socket.MSG_DONTWAIT)
            if sent < len(message):
                self._socket.settimeout(max(deadline - time.monotonic(), 0.01))
                self._socket.sendall(memoryview(message)[sent:])
        except (TimeoutError, BlockingIOError):
            raise Lost("timeout", "the notebook's process stopped listening") from None
        except OSError:
            raise self._gone() from None

    def next(self, deadline: float) -> Message:
        """Return the next message.

        Raises:
            Lost: none came in time, the run was cancelled, or the child has gone.
            ProtocolError: what came is not a message.
        """
        while not self._inbox:
            now = time.monotonic()
            if self._cancelled():
                raise Lost("not_run", "the run was cancelled")
            if now > deadline:
                raise Lost("timeout", "the cell did not stop when its time was over, so its process was ended")
            if not self._receive(min(_TICK_SECONDS, deadline - now + 0.001)):
                self._check_disk()
        return self._inbox.pop(0)

    def heard(self) -> bool:
        """Tell whether the child has said anything that nobody asked for."""
        return bool(self._inbox) or self._receive(0)

    def close(self) -> ChildEnd | None:
        """End the child and return how it ended, or ``None`` when its fork server died first."""
        if not self._closed:
            self._closed = True
            self._end = self._end or self._server.end_child()
            self._socket.close()
        return self._end

    def _receive(self, seconds: float) -> bool:
        if not readable_within(self._socket, seconds):
            return False
        try:
            data = self._socket.recv(1 << 16)
        except OSError:
            data = b""
        if not data:
            raise self._gone()
        self._inbox += self._reader.feed(data)
        return True

    def _gone(self) -> Lost:
        self._end = self._end or self._server.end_child(wait=True)
        if self._end is None:
            return Lost("killed", SANDBOX_ENDED)
        status = self._end.status
        how = f"signal {_signal_name(-status)}" if status < 0 else f"exit status {status}"
        return Lost("killed", f"the notebook's process ended with {how}")

    def _check_disk(self) -> None:
        """Outside bubblewrap, whose temporary folder is bounded, look at what the run keeps on the disk."""
        home = self._server.home
        if home is not None and self._child and _disk_use(home, self._child) > self._disk_limit:
            raise Lost("killed", f"the notebook wrote more than {self._disk_limit >> 20} MB to the disk")


def _disk_use(home: Path, child: int) -> int:
    """Return the bytes of the files below ``home`` and of the deleted ones that ``child`` still holds open."""
    total = entries = 0
    for folder, _, names in os.walk(home):
        entries += 1 + len(names)
        if entries > _WATCHED_ENTRIES:
            return 1 << 62
        total += sum(_allocated(Path(folder, name)) for name in names)
    try:
        opened = list(Path(f"/proc/{child}/fd").iterdir())
    except OSError:
        return total
    return total + sum(_allocated(path, deleted=True) for path in opened)


def _allocated(path: Path, deleted: bool = False) -> int:
    try:
        found = path.stat(follow_symlinks=deleted)
    except OSError:
        return 0
    counted = stat.S_ISREG(found.st_mode) and (found.st_nlink == 0 or not deleted)
    return found.st_blocks * 512 if counted else 0


def _signal_name(number: int) -> str:
    try:
        return signal.Signals(number).name
    except ValueError:
        return str(number)
