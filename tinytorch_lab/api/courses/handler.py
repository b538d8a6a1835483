"""The grading API over HTTP, for any tornado application that can say who asks."""

import asyncio
from collections.abc import Mapping
from typing import Any

from pydantic_core import to_json
from tornado import web

from tinytorch_lab.api.base import PAGE_POLICY, answer_error, status_of
from tinytorch_lab.api.courses.calls import RANK, Call, Caller, Download, Route
from tinytorch_lab.api.courses.routes import ROUTES
from tinytorch_lab.errors import TinyTorchError
from tinytorch_lab.grading.open_course import OpenCourse


class Refusal(web.HTTPError):
    """An error answer with headers of its own; those set on the handler are dropped with its other output."""

    def __init__(self, status: int, message: str, *arguments: object, headers: Mapping[str, str]) -> None:
        super().__init__(status, message, *arguments)
        self.headers = headers


class CourseApi(web.RequestHandler):
    """Answers every question to a course. A server's own handler adds who asks, and of which course."""

    def open_course(self, course: str) -> tuple[OpenCourse, Caller]:
        """Return the course and the caller's role in it.

        Raises:
            HTTPError: 404 when there is no such course, or when the caller has no role in it.
        """
        raise NotImplementedError

    def content(self) -> bytes:
        """Return the request's body."""
        return self.request.body

    def chosen(self, route: Route) -> None:
        """Be told which route is asked for."""

    async def ask(self, course: str, path: str) -> None:
        """Answer the request for ``path`` below the course."""
        open_course, caller = self.open_course(course)
        route, found = self._route(path)
        self.chosen(route)
        if RANK[caller.role] < RANK[route.role]:
            raise web.HTTPError(403, "Only a%s %s may do this.", "n" if route.role == "instructor" else "", route.role)
        query = {name: values[-1].decode("utf-8", "replace") for name, values in self.request.query_arguments.items()}
        call = Call(open_course, caller, found, query)
        try:
            answer = await asyncio.to_thread(route.ask, call, self.content())
        except TinyTorchError as error:
            raise web.HTTPError(status_of(error), "%s", str(error)) from error
        self._give(answer, route.status)

    def write_error(self, status_code: int, **kwargs: Any) -> None:
        """Answer an error with one sentence."""
        error = kwargs.get("exc_info", (None, None, None))[1]
        for name, value in error.headers.items() if isinstance(error, Refusal) else ():
            self.set_header(name, value)
        answer_error(self, status_code, kwargs.get("exc_info"))

    def _route(self, path: str) -> tuple[Route, dict[str, str]]:
        methods = []
        for route in ROUTES:
            found = route.match(path)
            if found is not None and route.method == self.request.method:
                return route, found
            if found is not None:
                methods.append(route.method)
        if methods:
            allowed = ", ".join(methods)
            raise Refusal(405, "This address takes %s.", allowed, headers={"Allow": allowed})
        raise web.HTTPError(404, "There is nothing at this address.")

    def _give(self, answer: Any, status: int) -> None:
        self.set_header("Cache-Control", "no-store")
        self.set_header("X-Content-Type-Options", "nosniff")
        self.set_status(status)
        if isinstance(answer, Download):
            self.set_header("Content-Security-Policy", PAGE_POLICY)
            self.set_header("Content-Disposition", f'attachment; filename="{answer.filename}"')
            self.send(answer.content, answer.media_type)
        elif status == 204:
            self.finish()
        else:
            self.send(to_json(answer), "application/json")

    def send(self, content: bytes, media_type: str) -> None:
        """Finish the request with ``content``."""
        self.set_header("Content-Type", media_type)
        self.finish(content)
