"""One question to a course: who asks, what for, and how the function that answers it is chosen."""

import inspect
import json
import re
import typing
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Literal

from pydantic import TypeAdapter, ValidationError

from tinytorch_lab.coursework import Role
from tinytorch_lab.errors import InvalidInputError
from tinytorch_lab.grading.open_course import OpenCourse

Method = Literal["GET", "POST", "PUT", "DELETE"]

RANK: Mapping[Role, int] = {"student": 0, "grader": 1, "instructor": 2}
"""Whoever has a role may do all that lower ones may."""

_PLACEHOLDER = re.compile(r"\{(\w+)\}")
_SEGMENTS: Mapping[str, str] = {"id": "[0-9]{1,18}", "receipt": "[0-9a-f]{32}", "key": "[0-9a-f]{20}"}


@dataclass(frozen=True)
class Caller:
    """Who asks. Where the name comes from, and the role, is the server's business, never the caller's."""

    name: str
    role: Role


@dataclass(frozen=True)
class Call:
    """One question. ``path`` holds what the route's placeholders stood for, ``query`` what followed the address."""

    course: OpenCourse
    caller: Caller
    path: Mapping[str, str]
    query: Mapping[str, str]

    def number(self, name: str) -> int | None:
        """Return the number called ``name`` in the query, ``None`` when it is not there.

        Raises:
            InvalidInputError: it is no whole number.
        """
        value = self.query.get(name)
        if value is None:
            return None
        try:
            return int(value)
        except ValueError:
            raise InvalidInputError(f"{name}={value!r} must be a whole number.") from None


@dataclass(frozen=True)
class Download:
    """An answer that is a file, not JSON."""

    content: bytes
    media_type: str
    filename: str


@dataclass(frozen=True)
class Route:
    """A kind of question: the function that answers it tells by its types what it takes and gives."""

    method: Method
    pattern: str
    role: Role
    answer: Callable[..., Any]
    status: int = 200

    def match(self, path: str) -> dict[str, str] | None:
        """Return what the placeholders stand for in ``path``, or ``None`` when it is another route's."""
        found = self._regex.fullmatch(path)
        return found.groupdict() if found else None

    @cached_property
    def body(self) -> Any:
        """The type of the request's body; ``bytes`` for a file, ``None`` when there is none."""
        hints = typing.get_type_hints(self.answer)
        names = list(inspect.signature(self.answer).parameters)
        return hints[names[1]] if len(names) > 1 else None

    @cached_property
    def result(self) -> Any:
        """The type of the answer."""
        return typing.get_type_hints(self.answer)["return"]

    def ask(self, call: Call, content: bytes) -> Any:
        """Return the answer to ``call`` with the body ``content``.

        Raises:
            InvalidInputError: the body is not what the route takes.
        """
        if self.body is None:
            return self.answer(call)
        return self.answer(call, content if self.body is bytes else _parsed(self.body, content))

    @cached_property
    def _regex(self) -> re.Pattern[str]:
        def segment(found: re.Match[str]) -> str:
            return f"(?P<{found[1]}>{_SEGMENTS.get(found[1], '[^/]{1,128}')})"

        return re.compile(_PLACEHOLDER.sub(segment, self.pattern))


def _parsed(kind: Any, content: bytes) -> Any:
    try:
        return TypeAdapter(kind).validate_python(json.loads(content))
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        field = ".".join(str(part) for part in first["loc"]) or "the body"
        raise InvalidInputError(f"{field}: {first['msg']}.") from None
    except ValueError:
        raise InvalidInputError("The request's body is not JSON.") from None
