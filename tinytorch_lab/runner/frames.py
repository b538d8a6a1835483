"""Messages between the trusted side and the sandbox: two lengths, a JSON header, raw bytes."""

import json
import struct
from typing import Any

_LENGTHS = struct.Struct("!II")
_encode = json.JSONEncoder(separators=(",", ":")).encode


class ProtocolError(Exception):
    """The bytes that arrived are not what the protocol allows."""


def pack(header: dict[str, Any], raw: bytes = b"") -> bytes:
    """Return ``header`` and ``raw`` as one message."""
    return pack_encoded(_encode(header), raw)


def pack_encoded(header: str, raw: bytes = b"") -> bytes:
    """Return a header that is JSON already, and ``raw``, as one message."""
    body = header.encode("ascii")
    return _LENGTHS.pack(len(body), len(raw)) + body + raw


class FrameReader:
    """Cuts a stream of bytes into messages whose two parts keep within their limits."""

    def __init__(self, header_limit: int, raw_limit: int) -> None:
        self._header_limit = header_limit
        self._raw_limit = raw_limit
        self._buffer = bytearray()

    def feed(self, data: bytes) -> list[tuple[dict[str, Any], bytes]]:
        """Return the messages that ``data`` completes.

        Raises:
            ProtocolError: a message is too long or its header is not a JSON object.
        """
        self._buffer += data
        messages = []
        while (message := self._next()) is not None:
            messages.append(message)
        return messages

    def _next(self) -> tuple[dict[str, Any], bytes] | None:
        if len(self._buffer) < _LENGTHS.size:
            return None
        header_size, raw_size = _LENGTHS.unpack_from(self._buffer)
        start, middle = _LENGTHS.size, _LENGTHS.size + header_size
        end = middle + raw_size
        if header_size > self._header_limit or raw_size > self._raw_limit:
            raise ProtocolError(f"a message of {end} bytes, which is too long")
        if len(self._buffer) < end:
            return None
        header = _header(bytes(self._buffer[start:middle]))
        raw = bytes(self._buffer[middle:end])
        del self._buffer[:end]
        return header, raw


def _header(text: bytes) -> dict[str, Any]:
    try:
        header = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise ProtocolError(f"a message that is not JSON ({type(error).__name__})") from None
    if not isinstance(header, dict):
        raise ProtocolError("a message that is not a JSON object")
    return header
