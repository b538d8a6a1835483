"""Questions to a course at the grading service, passed on with the user's token, which the browser never sees."""

from typing import cast
from urllib.parse import quote

from tornado import web
from tornado.httpclient import AsyncHTTPClient, HTTPClientError, HTTPRequest, HTTPResponse

from tinytorch_lab.api.base import LabHandler, endpoint
from tinytorch_lab.learning.remote_desk import FROM_PROXY, UNREACHABLE, RemoteDesk

RELAY = "tinytorch_lab_relay"
"""Key of the desk at the grading service in the web application's settings."""

_PASSED_ON = ("Content-Type", "Content-Disposition", "Content-Security-Policy", "Cache-Control", "Allow", "Retry-After")
_SECONDS = 120.0


class RelayHandler(LabHandler):
    """Passes everything below ``courses/`` on; the service decides who may do what."""

    @endpoint
    async def get(self, path: str) -> None:
        """Pass a question on."""
        await self._relay(path)

    @endpoint
    async def post(self, path: str) -> None:
        """Pass an addition on."""
        await self._relay(path)

    @endpoint
    async def put(self, path: str) -> None:
        """Pass a setting on."""
        await self._relay(path)

    @endpoint
    async def delete(self, path: str) -> None:
        """Pass a removal on."""
        await self._relay(path)

    async def _relay(self, path: str) -> None:
        desk = cast(RemoteDesk, self.settings[RELAY])
        query = f"?{self.request.query}" if self.request.query else ""
        request = HTTPRequest(
            f"{desk.service}/api/courses/{quote(path, safe='/')}{query}",
            method=self.request.method or "GET",
            headers={"Authorization": f"token {desk.token}"},
            body=self.request.body or None,
            allow_nonstandard_methods=True,
            connect_timeout=5.0,
            request_timeout=_SECONDS,
            follow_redirects=False,
        )
        try:
            answer = await AsyncHTTPClient().fetch(request, raise_error=False)
        except (OSError, HTTPClientError) as error:
            raise web.HTTPError(503, "%s", UNREACHABLE) from error
        if answer.code == 599 or (answer.code in FROM_PROXY and _is_page(answer)):
            raise web.HTTPError(503, "%s", UNREACHABLE)
        self.set_status(answer.code)
        for name in _PASSED_ON:
            if name in answer.headers:
                self.set_header(name, answer.headers[name])
        self.finish(answer.body, set_content_type=answer.headers.get("Content-Type", "application/json"))


def _is_page(answer: HTTPResponse) -> bool:
    return "json" not in answer.headers.get("Content-Type", "")
