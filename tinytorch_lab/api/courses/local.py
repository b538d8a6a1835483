"""The grading API of a course on this machine, in its instructor's own Jupyter server."""

from typing import cast

from jupyter_server.auth.decorator import authorized
from jupyter_server.base.handlers import APIHandler
from tornado import web

from tinytorch_lab.api.courses.calls import Caller
from tinytorch_lab.api.courses.handler import CourseApi
from tinytorch_lab.api.memberships import MEMBERSHIPS
from tinytorch_lab.coursework import Membership
from tinytorch_lab.grading.open_course import OpenCourse

COURSE = "tinytorch_lab_course"
"""Key of the open course in the web application's settings."""

CALLER = "tinytorch_lab_caller"
"""Key of who the server's user is in that course."""


def settings(course: OpenCourse, user: str) -> dict[str, object]:
    """Return what the handlers need to know of ``course``, in which ``user`` is the instructor."""
    membership = Membership(course.folder.course_id, course.folder.library.course.title, "instructor")
    return {COURSE: course, CALLER: Caller(user, membership.role), MEMBERSHIPS: lambda: [membership]}


class LocalCourseHandler(CourseApi, APIHandler):
    """Whoever may use this server may read the course's folder too, and so is its instructor."""

    auth_resource = "tinytorch"

    def open_course(self, course: str) -> tuple[OpenCourse, Caller]:
        """Return this server's course."""
        found = cast(OpenCourse, self.settings[COURSE])
        if course != found.folder.course_id:
            raise web.HTTPError(404, "There is no course %s here.", course)
        return found, cast(Caller, self.settings[CALLER])

    def send(self, content: bytes, media_type: str) -> None:
        """Finish the request with ``content``; Jupyter's handlers take the type only this way."""
        self.finish(content, set_content_type=media_type)

    @web.authenticated
    @authorized
    async def get(self, course: str, path: str) -> None:
        """Answer a question."""
        await self.ask(course, path)

    @web.authenticated
    @authorized
    async def post(self, course: str, path: str) -> None:
        """Add something."""
        await self.ask(course, path)

    @web.authenticated
    @authorized
    async def put(self, course: str, path: str) -> None:
        """Set something."""
        await self.ask(course, path)

    @web.authenticated
    @authorized
    async def delete(self, course: str, path: str) -> None:
        """Remove something."""
        await self.ask(course, path)


COURSE_ROUTE = (r"tinytorch-lab/api/courses/(?P<course>[^/]+)/(?P<path>.+)", LocalCourseHandler)
"""The address below which a local course answers."""
