"""The lines between service and worker: one JSON object each, requests one way, replies and events the other.

A reply carries the number of the request it answers, so any number of callers share one worker.
"""

import json
from dataclasses import asdict, is_dataclass
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict

from tinytorch_lab import errors
from tinytorch_lab.errors import TinyTorchError


class Request(BaseModel):
    """A call of one of the worker's operations, in the name of ``actor``."""

    model_config = ConfigDict(extra="forbid")

    id: int
    operation: str
    actor: str
    arguments: dict[str, Any]


class Reply(BaseModel):
    """One line from the worker: it is ready, a request's result or error, or what happened to a job."""

    model_config = ConfigDict(extra="forbid")

    kind: Literal["ready", "result", "error", "event"]
    id: int = 0
    content: Any = None
    error: str = ""


def plain(value: object) -> Any:
    """Return a record, or a sequence of records, as what JSON can hold."""
    if isinstance(value, list | tuple):
        return [plain(item) for item in value]
    return asdict(value) if is_dataclass(value) and not isinstance(value, type) else value


def failure(error: TinyTorchError, request: int = 0) -> Reply:
    """Return the reply that carries ``error``: its nearest class among the shared ones, and its sentence."""
    kind = next(base for base in type(error).__mro__ if base.__module__ == errors.__name__)
    return Reply(kind="error", id=request, error=kind.__name__, content=str(error))


def error_of(reply: Reply) -> TinyTorchError:
    """Return the error that ``reply`` carries."""
    kind = getattr(errors, reply.error)
    error: TinyTorchError = kind(reply.content)
    return error


def line(message: Request | Reply) -> bytes:
    """Return ``message`` as one line."""
    return json.dumps(message.model_dump()).encode() + b"\n"
