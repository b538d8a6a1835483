"""The lines between service and worker: one JSON object each, requests one way, events and results the other."""

import json
from dataclasses import asdict
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, TypeAdapter

from tinytorch_lab import errors
from tinytorch_lab.errors import TinyTorchError
from tinytorch_lab.grading.records import Answer, GradeRow, JobReport, Progress

Record = Progress | JobReport | Answer | GradeRow
_RECORDS: dict[str, TypeAdapter[Any]] = {
    kind.__name__: TypeAdapter(kind) for kind in (Progress, JobReport, Answer, GradeRow)
}


class Request(BaseModel):
    """A call of one of the worker's operations."""

    model_config = ConfigDict(extra="forbid")

    operation: str
    arguments: dict[str, Any]


class Reply(BaseModel):
    """One line from the worker: it is ready, an item of the answer, the end of the answer, or an error."""

    model_config = ConfigDict(extra="forbid")

    kind: Literal["ready", "item", "end", "error"]
    record: str = ""
    content: dict[str, Any] = {}


def item(record: Record) -> Reply:
    """Return the reply that carries ``record``."""
    return Reply(kind="item", record=type(record).__name__, content=asdict(record))


def record_of(reply: Reply) -> Record:
    """Return the record that ``reply`` carries."""
    record: Record = _RECORDS[reply.record].validate_python(reply.content)
    return record


def failure(error: TinyTorchError) -> Reply:
    """Return the reply that carries ``error``: its nearest class among the shared ones, and its sentence."""
    kind = next(base for base in type(error).__mro__ if base.__module__ == errors.__name__)
    return Reply(kind="error", record=kind.__name__, content={"message": str(error)})


def error_of(reply: Reply) -> TinyTorchError:
    """Return the error that ``reply`` carries."""
    kind = getattr(errors, reply.record)
    error: TinyTorchError = kind(reply.content["message"])
    return error


def line(message: Request | Reply) -> bytes:
    """Return ``message`` as one line."""
    return json.dumps(message.model_dump()).encode() + b"\n"
