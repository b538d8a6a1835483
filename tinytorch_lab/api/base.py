"""What all handlers share: who may ask, and which status an error becomes."""

import functools
from collections.abc import Awaitable, Callable
from http.client import responses
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar, cast

from jupyter_server.auth.decorator import authorized
from jupyter_server.base.handlers import APIHandler
from pydantic import BaseModel
from pydantic_core import to_json
from tornado import web

from tinytorch_lab import errors
from tinytorch_lab.api.schemas import ErrorBody
from tinytorch_lab.coursework import Desk
from tinytorch_lab.curriculum.catalogue import ModuleInfo
from tinytorch_lab.learning.fetching import fetch
from tinytorch_lab.learning.testing import Testing
from tinytorch_lab.learning.workspace import Workspace

if TYPE_CHECKING:
    from _typeshed import DataclassInstance

STATUS: tuple[tuple[type[errors.TinyTorchError], int], ...] = (
    (errors.NotFoundError, 404),
    (errors.InvalidInputError, 400),
    (errors.ConflictError, 409),
    (errors.NotAvailableError, 503),
)
"""The one place where an error becomes an HTTP status."""

TESTING = "tinytorch_lab_testing"
"""Key of the workspace's tests in the web application's settings."""

DESK = "tinytorch_lab_desk"
"""Key of the student's desk in the web application's settings; ``None`` where the workspace belongs to no course."""

PAGE_POLICY = "default-src 'none'; style-src 'unsafe-inline'; img-src data:; sandbox"
"""What a page of feedback may do: show itself."""

Verb = Callable[..., Awaitable[None]]
T = TypeVar("T")


class LabHandler(APIHandler):
    """Base of our handlers."""

    auth_resource = "tinytorch"

    @property
    def testing(self) -> Testing:
        """The test runs of the student's workspace."""
        return cast(Testing, self.settings[TESTING])

    @property
    def server_root(self) -> Path:
        """The folder that paths in the browser start from."""
        return Path(self.settings["server_root_dir"]).expanduser().resolve()

    @property
    def workspace(self) -> Workspace:
        """The student's workspace."""
        return self.testing.workspace

    def fetch(self, module: ModuleInfo) -> bytes | None:
        """Return the module's notebook as the student's course gives it out, if it does."""
        return fetch(cast(Desk | None, self.settings[DESK]), module)

    def module(self, name: str) -> ModuleInfo:
        """Return the module called ``name``; raises :class:`NotFoundError`."""
        return self.workspace.course.assignment(name)

    def text_field(self, name: str) -> str | None:
        """Return the text that the request's JSON object holds under ``name``, or ``None``.

        Raises:
            InvalidInputError: the body is no object, or the field no text.
        """
        return self._field(name, str, "text")

    def flag(self, name: str) -> bool:
        """Return whether the request's JSON object holds true under ``name``.

        Raises:
            InvalidInputError: the body is no object, or the field neither true nor false.
        """
        return self._field(name, bool, "true or false") or False

    def _field(self, name: str, kind: type[T], what: str) -> T | None:
        body = self.get_json_body() or {}
        value = body.get(name) if isinstance(body, dict) else body
        if value is None or (isinstance(body, dict) and isinstance(value, kind)):
            return value
        raise errors.InvalidInputError(f"The request's field {name!r} must be {what} in a JSON object.")

    def answer(self, content: "BaseModel | DataclassInstance", status: int = 200) -> None:
        """Finish the request with ``content`` as JSON."""
        self.set_header("Content-Type", "application/json")
        self.set_status(status)
        self.finish(to_json(content))

    def write_error(self, status_code: int, **kwargs: Any) -> None:
        """Answer an error with one sentence."""
        answer_error(self, status_code, kwargs.get("exc_info"))


def answer_error(handler: web.RequestHandler, status: int, exc_info: Any) -> None:
    """Finish the request with one sentence about the error; whatever else is known of it goes to the log alone."""
    error = exc_info[1] if exc_info else None
    message = error.get_message() if isinstance(error, web.HTTPError) else None
    if message is None:
        message = responses.get(status, "Error") + "; the server's log has the details."
    handler.set_header("Content-Type", "application/json")
    handler.finish(ErrorBody(message=message).model_dump_json())


def endpoint(verb: Verb) -> Verb:
    """Make a handler's method ask who calls, and turn our errors into statuses."""

    @functools.wraps(verb)
    async def guarded(self: LabHandler, *args: str, **kwargs: str) -> None:
        try:
            await verb(self, *args, **kwargs)
        except errors.TinyTorchError as error:
            raise web.HTTPError(status_of(error), "%s", str(error)) from error

    return cast(Verb, web.authenticated(cast(Any, authorized)(guarded)))


def status_of(error: errors.TinyTorchError) -> int:
    """Return the HTTP status of ``error``."""
    return next((status for kind, status in STATUS if isinstance(error, kind)), 500)
