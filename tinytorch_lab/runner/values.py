"""Probed values on their way out of the sandbox: a JSON description and one run of raw bytes, never a pickle."""

import math
from dataclasses import dataclass
from typing import Any

import numpy as np

from tinytorch_lab.runner.frames import ProtocolError

MAX_VALUE_BYTES = 16 << 20
"""Raw bytes and characters one probe may carry."""

MAX_DESCRIPTION_BYTES = 4 << 20
"""The JSON description of one probe's value."""

_MAX_TEXT = 1 << 18
_MAX_DEPTH = 8
_MAX_ITEMS = 20_000
_MAX_DIGITS = 4_000
_KINDS = {"b": (1,), "i": (1, 2, 4, 8), "u": (1, 2, 4, 8), "f": (2, 4, 8), "c": (8, 16)}

Spec = dict[str, Any]


@dataclass(frozen=True)
class Unsupported:
    """Stands for a value that probes do not carry; it equals no value of a reference."""

    type_name: str


class Encoder:
    """Turns one value into a description and raw bytes; used inside the sandbox."""

    def __init__(self) -> None:
        self.raw = bytearray()
        self._items = 0

    def encode(self, value: object, depth: int = 0) -> Spec:
        """Describe ``value``; whatever is not plain data is described by the name of its type."""
        self._items += 1
        kind = type(value)
        if depth > _MAX_DEPTH or self._items > _MAX_ITEMS:
            return _other("nested too deeply or too long")
        if value is None:
            return {"t": "none"}
        if kind in _SCALARS:
            return dict(_SCALARS[kind](value))
        if kind is np.str_:
            return _encode_str(str(value))
        if isinstance(value, np.ndarray | np.generic):
            return self._array(np.asarray(value))
        if isinstance(value, list | tuple):
            items = [self.encode(item, depth + 1) for item in value]
            return {"t": "list" if isinstance(value, list) else "tuple", "v": items}
        if isinstance(value, dict) and all(type(key) is str for key in value):
            return {"t": "dict", "v": [[key, self.encode(item, depth + 1)] for key, item in value.items()]}
        return _other(kind.__name__)

    def _array(self, array: np.ndarray) -> Spec:
        if array.dtype.kind == "U":
            if array.nbytes > 4 * _MAX_TEXT or array.size > _MAX_ITEMS:
                return _other("array of very much text")
            return {"t": "strings", "s": list(array.shape), "v": array.ravel().tolist()}
        if array.dtype.kind in "fc" and array.dtype.itemsize not in _KINDS[array.dtype.kind]:
            array = array.astype(np.float64 if array.dtype.kind == "f" else np.complex128)
        if array.dtype.kind not in _KINDS:
            return _other(f"array of {array.dtype}")
        if len(self.raw) + array.nbytes > MAX_VALUE_BYTES:
            return _other(f"array of {array.nbytes} bytes")
        little = array.astype(array.dtype.newbyteorder("<"), copy=False)
        self.raw += little.tobytes()
        return {"t": "array", "d": f"{array.dtype.kind}{array.dtype.itemsize}", "s": list(array.shape)}


def decode(spec: object, raw: bytes) -> Any:
    """Rebuild the value that ``spec`` and ``raw`` describe; both come from the sandbox.

    Raises:
        ProtocolError: the description is not one that :class:`Encoder` makes.
    """
    decoder = _Decoder(raw)
    try:
        return decoder.decode(spec, 0)
    except (LookupError, TypeError, ValueError, OverflowError, AttributeError) as error:
        raise ProtocolError(f"a probe value that cannot be rebuilt ({type(error).__name__})") from None


class _Decoder:
    def __init__(self, raw: bytes) -> None:
        self._raw = raw
        self._offset = 0

    def decode(self, spec: Any, depth: int) -> Any:
        kind = spec["t"]
        if depth > _MAX_DEPTH + 1:
            raise ValueError("depth")
        if kind == "none":
            return None
        if kind == "other":
            return Unsupported(str(spec["v"])[:200])
        if kind in ("list", "tuple"):
            items = [self.decode(item, depth + 1) for item in spec["v"]]
            return items if kind == "list" else tuple(items)
        if kind == "dict":
            return {_text(key): self.decode(item, depth + 1) for key, item in spec["v"]}
        if kind == "array":
            return self._array(spec)
        if kind == "strings":
            return _strings(spec)
        return _SCALAR_DECODERS[kind](spec["v"])

    def _array(self, spec: Any) -> np.ndarray:
        kind, size = spec["d"][0], int(spec["d"][1:])
        if size not in _KINDS[kind]:
            raise ValueError("dtype")
        shape = _shape(spec)
        count = math.prod(shape)
        if self._offset + count * size > len(self._raw):
            raise ValueError("size")
        stored = np.dtype("u1") if kind == "b" else np.dtype(f"<{kind}{size}")
        flat = np.frombuffer(self._raw, stored, count, self._offset)
        self._offset += count * size
        # A forged byte may be neither 0 nor 1; NumPy's booleans must be.
        return (flat != 0 if kind == "b" else flat).reshape(shape)


def _strings(spec: Any) -> np.ndarray:
    texts = [_text(item) for item in spec["v"]]
    # Every item of such an array is as wide as the widest.
    if 4 * len(texts) * max(map(len, texts), default=0) > MAX_VALUE_BYTES:
        raise ValueError("size")
    return np.array(texts, dtype=np.str_).reshape(_shape(spec))


def _shape(spec: Any) -> tuple[int, ...]:
    shape = tuple(spec["s"])
    if len(shape) > 32 or not all(type(length) is int and 0 <= length < 1 << 40 for length in shape):
        raise ValueError("shape")
    return shape


def _text(value: Any) -> str:
    if type(value) is not str:
        raise TypeError("str")
    return value


def _bool(value: Any) -> bool:
    if type(value) is not bool:
        raise TypeError("bool")
    return value


def _int(text: Any) -> int:
    if len(text) > _MAX_DIGITS:
        raise ValueError("digits")
    return int(_text(text))


def _encode_int(value: Any) -> Spec:
    if value.bit_length() > 3 * _MAX_DIGITS:
        return _other("an integer of very many digits")
    return {"t": "int", "v": str(value)}


def _encode_str(value: Any) -> Spec:
    return {"t": "str", "v": value} if len(value) <= _MAX_TEXT else _other("a very long string")


def _other(name: str) -> Spec:
    return {"t": "other", "v": name}


_SCALARS: dict[type, Any] = {
    bool: lambda value: {"t": "bool", "v": value},
    int: _encode_int,
    float: lambda value: {"t": "float", "v": value.hex()},
    complex: lambda value: {"t": "complex", "v": [value.real.hex(), value.imag.hex()]},
    str: _encode_str,
}
_SCALAR_DECODERS: dict[str, Any] = {
    "bool": _bool,
    "int": _int,
    "float": lambda text: float.fromhex(_text(text)),
    "complex": lambda pair: complex(float.fromhex(pair[0]), float.fromhex(pair[1])),
    "str": _text,
}
