"""The run's end of its connection: blocking reads and writes through references no cell can replace."""

import os
from collections.abc import Callable
from typing import Any

from tinytorch_lab.runner.frames import FrameReader, pack_encoded

_READ_LIMIT = 1 << 30

_read: Callable[[int, int], bytes] = os.read
_write: Callable[[int, memoryview], int] = os.write


class Channel:
    """Whole messages over one descriptor."""

    def __init__(self, descriptor: int) -> None:
        self._descriptor = descriptor
        self._reader = FrameReader(_READ_LIMIT, _READ_LIMIT)
        self._waiting: list[tuple[dict[str, Any], bytes]] = []

    def receive(self) -> tuple[dict[str, Any], bytes] | None:
        """Return the next message, or ``None`` when the other side has gone."""
        while not self._waiting:
            data = _read(self._descriptor, 1 << 16)
            if not data:
                return None
            self._waiting += self._reader.feed(data)
        return self._waiting.pop(0)

    def send(self, header: str, raw: bytes = b"") -> None:
        """Send one message whose header is encoded JSON."""
        left = memoryview(pack_encoded(header, raw))
        while left:
            left = left[_write(self._descriptor, left) :]
