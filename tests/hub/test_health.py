"""What whoever watches over the service is told when a course cannot be used."""

import asyncio
import json
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

from tornado import web
from tornado.httpclient import AsyncHTTPClient
from tornado.httpserver import HTTPServer
from tornado.testing import bind_unused_port

from tests.modules import write_curriculum
from tinytorch_lab.grading.course import init_course
from tinytorch_lab.grading.open_course import OpenCourse
from tinytorch_lab.hub.handlers import SERVICE, HealthHandler, ServiceState
from tinytorch_lab.hub.observing import Metrics
from tinytorch_lab.hub.rates import Rate, RateLimiter


def health_of(courses: dict[str, OpenCourse]) -> tuple[int, object]:
    # In a thread of its own: Playwright leaves its event loop running in this one.
    with ThreadPoolExecutor(1) as pool:
        return pool.submit(lambda: asyncio.run(_health_of(courses))).result()


async def _health_of(courses: dict[str, OpenCourse]) -> tuple[int, object]:
    app = web.Application([("/health", HealthHandler)])
    limiter = RateLimiter(Rate(1, 1))
    app.settings[SERVICE] = ServiceState(courses, limiter, limiter, Metrics())
    listening, port = bind_unused_port()
    server = HTTPServer(app)
    server.add_socket(listening)
    client = AsyncHTTPClient(force_instance=True)
    try:
        answer = await client.fetch(f"http://127.0.0.1:{port}/health", raise_error=False, request_timeout=120)
        return answer.code, json.loads(answer.body)
    finally:
        client.close()
        server.stop()
        await server.close_all_connections()


def test_health_names_the_courses_whose_database_does_not_answer(tmp_path: Path):
    folder = init_course(tmp_path / "course", write_curriculum(tmp_path / "curriculum"))
    well = OpenCourse(folder)
    away = OpenCourse(replace(folder, root=tmp_path / "away", db_url="postgresql+psycopg://nobody@127.0.0.1:9/none"))
    (tmp_path / "away").mkdir()
    try:
        assert health_of({"well": well}) == (200, {"status": "ok", "broken": []})
        assert health_of({"well": well, "away": away}) == (503, {"status": "broken", "broken": ["away"]})
    finally:
        well.close()
        away.close()
