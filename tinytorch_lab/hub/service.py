"""``tinytorch-lab-service``: the grading service that JupyterHub starts, or that runs beside it.

What JupyterHub tells its services by environment (``JUPYTERHUB_SERVICE_PREFIX`` and so on) is all it needs besides
the courses' folders.
"""

import asyncio
import logging
import os
import secrets
import signal
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Annotated
from urllib.parse import urlparse

import typer
from jupyterhub.services.auth import HubOAuth, HubOAuthCallbackHandler
from tornado import web
from tornado.httpserver import HTTPServer

from tinytorch_lab.coursework import MAX_NOTEBOOK_BYTES
from tinytorch_lab.errors import InvalidInputError, NotAvailableError, TinyTorchError
from tinytorch_lab.grading.folder import load_course_folder
from tinytorch_lab.grading.open_course import OpenCourse
from tinytorch_lab.hub.handlers import (
    SERVICE,
    HealthHandler,
    HubCourseHandler,
    HubMembershipsHandler,
    MetricsHandler,
    OpenApiHandler,
    ServiceState,
    StartPageHandler,
)
from tinytorch_lab.hub.observing import Metrics, log_as_json
from tinytorch_lab.hub.rates import Rate, RateLimiter

log = logging.getLogger("tinytorch_lab.service")

REQUESTS = Rate(burst=120, per_minute=600)
"""All other requests to courses: a grader who flips through answers as fast as they come stays below it."""
SUBMISSIONS = Rate(burst=30, per_minute=60)
"""Handing in."""
STOP_SECONDS = 20.0
"""How long requests in progress may take when the service stops."""
_TOKEN_SECONDS = 60
"""How long the hub's word on a token is believed; what was taken away is gone after that."""


def main() -> None:
    """Run the command."""
    typer.run(serve)


def serve(
    course: Annotated[list[Path], typer.Option(help="A course's folder; may be given several times.")],
    allow_root: Annotated[bool, typer.Option("--allow-root", help="Run even as root: only to try things out.")] = False,
) -> None:
    """Serve the courses until told to stop."""
    log_as_json()
    try:
        if os.geteuid() == 0 and not allow_root:
            raise InvalidInputError("The grading service must not run as root; give it an account of its own.")
        courses = open_courses(course)
        asyncio.run(_serve(courses))
    except TinyTorchError as error:
        print(f"tinytorch-lab-service: {error}", file=sys.stderr)
        raise typer.Exit(1) from None


def open_courses(folders: list[Path]) -> dict[str, OpenCourse]:
    """Open the courses in ``folders``, each closed to every other account.

    Raises:
        TinyTorchError: a folder holds no course, or two hold the same.
    """
    courses: dict[str, OpenCourse] = {}
    for folder in folders:
        found = load_course_folder(folder)
        if found.course_id in courses:
            raise InvalidInputError(f"Two folders hold the course {found.course_id}: {folder} is the second.")
        _close_to_others(found.root)
        courses[found.course_id] = OpenCourse(found)
    return courses


def application(courses: dict[str, OpenCourse], prefix: str, cookie_secret: bytes) -> web.Application:
    """Return the service's application below ``prefix`` (which begins and ends with a slash)."""
    HubOAuth.instance(cache_max_age=_TOKEN_SECONDS)
    state = ServiceState(courses, RateLimiter(REQUESTS), RateLimiter(SUBMISSIONS), Metrics())
    routes: list[tuple[str, type[web.RequestHandler]]] = [
        (prefix, StartPageHandler),
        (prefix + r"oauth_callback", HubOAuthCallbackHandler),
        (prefix + r"health", HealthHandler),
        (prefix + r"metrics", MetricsHandler),
        (prefix + r"api/openapi.json", OpenApiHandler),
        (prefix + r"api/courses", HubMembershipsHandler),
        (prefix + r"api/courses/(?P<course>[^/]+)/(?P<path>.+)", HubCourseHandler),
    ]
    app = web.Application(routes, cookie_secret=cookie_secret)
    app.settings[SERVICE] = state
    return app


async def _serve(courses: dict[str, OpenCourse]) -> None:
    address = urlparse(_required("JUPYTERHUB_SERVICE_URL"))
    if address.hostname is None or address.port is None:
        raise InvalidInputError("JUPYTERHUB_SERVICE_URL must name a host and a port.")
    app = application(courses, _required("JUPYTERHUB_SERVICE_PREFIX"), secrets.token_bytes(32))
    server = HTTPServer(app, max_body_size=MAX_NOTEBOOK_BYTES, xheaders=False)
    try:
        server.listen(address.port, address.hostname)
    except OSError as error:
        raise NotAvailableError(f"Cannot listen on {address.netloc}: {error.strerror}.") from None
    stopped = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stopped.set)
    try:
        # The hub gives up on a service that does not listen within seconds; questions wait for their course.
        await _for_each(courses, lambda course: course.service.start())
        log.info("serving %s on %s", ", ".join(courses), address.netloc)
        await stopped.wait()
    finally:
        log.info("stopping")
        await _stop(server)
        await _for_each(courses, OpenCourse.close)


async def _stop(server: HTTPServer) -> None:
    server.stop()
    try:
        await asyncio.wait_for(server.close_all_connections(), STOP_SECONDS)
    except TimeoutError:
        log.warning("requests were still in progress after %d seconds", STOP_SECONDS)


async def _for_each(courses: dict[str, OpenCourse], action: Callable[[OpenCourse], None]) -> None:
    await asyncio.gather(*(asyncio.to_thread(action, course) for course in courses.values()))


def _close_to_others(root: Path) -> None:
    try:
        root.chmod(0o700)
    except OSError as error:
        raise NotAvailableError(f"The course folder {root} must belong to this account: {error.strerror}.") from None


def _required(name: str) -> str:
    value = os.environ.get(name)
    if not value:
        raise InvalidInputError(f"{name} is not set; JupyterHub sets it for its services.")
    return value
