"""The service's addresses: the grading API for whoever the hub says is calling, health, figures, and a start page."""

import asyncio
import logging
import time
from collections.abc import Mapping
from dataclasses import dataclass
from html import escape
from typing import Any, cast

from jupyterhub.services.auth import HubOAuthenticated
from pydantic_core import to_json
from tornado import web

from tinytorch_lab.api.base import answer_error
from tinytorch_lab.api.courses.calls import Caller, Route
from tinytorch_lab.api.courses.handler import CourseApi, Refusal
from tinytorch_lab.api.courses.openapi import openapi_document
from tinytorch_lab.coursework import MAX_NOTEBOOK_BYTES, Membership
from tinytorch_lab.grading.open_course import OpenCourse
from tinytorch_lab.hub.observing import Metrics
from tinytorch_lab.hub.rates import RateLimiter
from tinytorch_lab.hub.roles import role_in

log = logging.getLogger("tinytorch_lab.service")

SERVICE = "tinytorch_lab_service"
"""Key of the :class:`ServiceState` in the application's settings."""

READ_METRICS = "read:metrics"
"""JupyterHub's own scope for figures."""


@dataclass(frozen=True)
class ServiceState:
    """What all handlers share."""

    courses: Mapping[str, OpenCourse]
    requests: RateLimiter
    submissions: RateLimiter
    metrics: Metrics


class HubHandler(HubOAuthenticated, web.RequestHandler):  # type: ignore[misc]  # jupyterhub has no types
    """Base of the handlers that ask the hub who calls."""

    @property
    def service(self) -> ServiceState:
        """What all handlers share."""
        return cast(ServiceState, self.settings[SERVICE])

    @property
    def user(self) -> dict[str, Any]:
        """The hub's model of the caller; only after :meth:`identify`."""
        return cast(dict[str, Any], self.current_user)

    async def identify(self) -> None:
        """Ask the hub who calls, without holding up other requests.

        Raises:
            HTTPError: 401 when nobody does, 403 when the token was not made for this service.
        """
        model = await self.hub_auth.get_user(self, sync=False)
        if not model:
            raise web.HTTPError(401, "Log in to the hub, or send a token of it.")
        if not self.hub_auth.check_scopes(self.hub_scopes, model):
            raise web.HTTPError(403, "This token does not give access to the grading service.")
        self.current_user = model

    def memberships(self) -> list[Membership]:
        """Return the courses in which the caller has a role."""
        groups, scopes = self.user.get("groups", ()), self.user.get("scopes", ())
        return [
            Membership(name, course.folder.library.course.title, role)
            for name, course in self.service.courses.items()
            if (role := role_in(name, groups, scopes)) is not None
        ]


@web.stream_request_body
class HubCourseHandler(CourseApi, HubHandler):
    """The grading API. Nothing is kept of the body of a request that is not allowed."""

    async def prepare(self) -> None:
        """Check who calls, how often and with how much; the rest is the API's."""
        self._begun, self._route_pattern, self._received = time.perf_counter(), "", bytearray()
        self._refusal: web.HTTPError | None = None
        # Asked before that is known, tornado would wait for the hub and hold up everybody.
        self.current_user = None
        if int(self.request.headers.get("Content-Length") or 0) > MAX_NOTEBOOK_BYTES:
            raise _too_large()
        try:
            await self._admit()
        except web.HTTPError as error:
            # Answered before the body is read, the proxy would see a broken connection and say 503.
            self._refusal = error

    def data_received(self, chunk: bytes) -> None:
        """Keep a piece of the body, up to the most that is taken."""
        if self._refusal is None:
            self._received += chunk
        if len(self._received) > MAX_NOTEBOOK_BYTES:
            raise _too_large()

    async def ask(self, course: str, path: str) -> None:
        """Answer the request, if it is allowed."""
        if self._refusal is not None:
            raise self._refusal
        await super().ask(course, path)

    async def _admit(self) -> None:
        await self.identify()
        if self.request.method != "GET":
            self.check_xsrf_cookie()
        handing_in = self.request.method == "POST" and self.path_kwargs["path"].endswith("/submissions")
        limiter = self.service.submissions if handing_in else self.service.requests
        wait = limiter.wait_for(self.user["name"])
        if wait:
            seconds = str(int(wait) + 1)
            headers = {"Retry-After": seconds}
            raise Refusal(429, "Too many requests; try again in %s seconds.", seconds, headers=headers)

    def content(self) -> bytes:
        """Return the body."""
        return bytes(self._received)

    def open_course(self, course: str) -> tuple[OpenCourse, Caller]:
        """Return the course; without a role in it, it does not exist."""
        role = role_in(course, self.user.get("groups", ()), self.user.get("scopes", ()))
        if course not in self.service.courses or role is None:
            raise web.HTTPError(404, "There is no such course, or you are not in it.")
        return self.service.courses[course], Caller(self.user["name"], role)

    def chosen(self, route: Route) -> None:
        """Note the route, for log and figures."""
        self._route_pattern = f"{route.method} {route.pattern}"

    async def get(self, course: str, path: str) -> None:
        """Answer a question."""
        await self.ask(course, path)

    async def post(self, course: str, path: str) -> None:
        """Add something."""
        await self.ask(course, path)

    async def put(self, course: str, path: str) -> None:
        """Set something."""
        await self.ask(course, path)

    async def delete(self, course: str, path: str) -> None:
        """Remove something."""
        await self.ask(course, path)

    def on_finish(self) -> None:
        """Count the request and log it; a refused one with its reason."""
        seconds, status = time.perf_counter() - self._begun, self.get_status()
        course = self.path_kwargs.get("course", "")
        course = course if course in self.service.courses else "unknown"
        method, _, pattern = self._route_pattern.partition(" ")
        metrics = self.service.metrics
        metrics.requests.labels(course, method or "none", pattern or "none", status).inc()
        metrics.seconds.labels(method or "none", pattern or "none").observe(seconds)
        if status == 201 and pattern == "modules/{module}/submissions":
            metrics.submitted_bytes.labels(course).inc(len(self._received))
        refused = status in (401, 403, 404, 413, 429)
        if refused:
            metrics.refused.labels(str(status)).inc()
        user = self.user["name"] if self.current_user else ""
        log.log(
            logging.WARNING if refused else logging.INFO,
            "refused" if refused else "answered",
            extra={
                "user": user,
                "course": course,
                "method": self.request.method,
                "route": pattern,
                "status": status,
                "milliseconds": round(seconds * 1000, 1),
                "bytes": len(self._received),
            },
        )


class HubMembershipsHandler(HubHandler):
    """The courses of the caller."""

    async def get(self) -> None:
        """Answer the list."""
        await self.identify()
        self.set_header("Content-Type", "application/json")
        self.finish(to_json(self.memberships()))

    def write_error(self, status_code: int, **kwargs: Any) -> None:
        """Answer an error with one sentence."""
        answer_error(self, status_code, kwargs.get("exc_info"))


class HealthHandler(web.RequestHandler):
    """Whether the service can do its work; for whoever watches over it, without a login."""

    async def get(self) -> None:
        """Answer 200 when every course's database answers, else 503 with the names of those that do not."""
        state = cast(ServiceState, self.settings[SERVICE])
        found = await asyncio.gather(*(asyncio.to_thread(_answers, course) for course in state.courses.values()))
        broken = [name for name, well in zip(state.courses, found, strict=True) if not well]
        self.set_status(503 if broken else 200)
        self.set_header("Content-Type", "application/json")
        self.finish(to_json({"status": "broken" if broken else "ok", "broken": broken}))


class MetricsHandler(HubHandler):
    """The figures, for a token with the hub's scope for figures."""

    @property
    def hub_scopes(self) -> set[str]:
        """The scope that a caller needs."""
        return {READ_METRICS}

    async def get(self) -> None:
        """Answer them in Prometheus' format."""
        await self.identify()
        self.set_header("Content-Type", "text/plain; version=0.0.4; charset=utf-8")
        self.finish(self.service.metrics.text())


class OpenApiHandler(web.RequestHandler):
    """What the API offers, for programs; it tells nothing of any course."""

    def get(self) -> None:
        """Answer the OpenAPI document."""
        self.set_header("Content-Type", "application/json")
        self.finish(to_json(openapi_document()))


class StartPageHandler(HubHandler):
    """What somebody sees who opens the service from the hub's menu."""

    @web.authenticated
    async def get(self) -> None:
        """Answer a page that lists the caller's courses and says where the work is done."""
        rows = "".join(
            f"<li><strong>{escape(found.title)}</strong> ({escape(found.course)}): {found.role}</li>"
            for found in self.memberships()
        )
        courses = f"<ul>{rows}</ul>" if rows else "<p>You are in none of its courses; ask your instructor.</p>"
        self.set_header("Content-Security-Policy", "default-src 'none'; style-src 'unsafe-inline'")
        self.finish(_START_PAGE.format(name=escape(self.user["name"]), courses=courses))


def _too_large() -> web.HTTPError:
    megabytes = MAX_NOTEBOOK_BYTES >> 20
    return web.HTTPError(413, "A request may have %d MB at most; clear the notebook's outputs.", megabytes)


def _answers(course: OpenCourse) -> bool:
    try:
        with course.reading() as connection:
            connection.exec_driver_sql("SELECT 1")
    except Exception:
        log.exception("The course %s cannot be used.", course.folder.course_id)
        return False
    return True


_START_PAGE = """<!doctype html>
<html lang="en"><head><meta charset="utf-8"><title>TinyTorch Lab</title>
<meta name="color-scheme" content="light dark">
<style>body{{font:1rem/1.5 system-ui,sans-serif;max-width:40rem;margin:3rem auto;padding:0 1rem}}</style></head>
<body><main><h1>TinyTorch Lab grading service</h1>
<p>Logged in as {name}.</p>{courses}
<p>The work itself is done in JupyterLab: students find TinyTorch in the left sidebar, graders open the
grading panel from the launcher.</p></main></body></html>
"""
