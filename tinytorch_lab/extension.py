"""The Jupyter server extension: finds the workspace, starts the runner, and mounts the HTTP API."""

import asyncio
import getpass
import os
from collections.abc import Callable
from pathlib import Path
from typing import cast

from jupyter_events import EventLogger
from jupyter_server.base.handlers import JupyterHandler
from jupyter_server.extension.application import ExtensionApp
from jupyter_server.serverapp import ServerApp
from tornado.ioloop import IOLoop, PeriodicCallback
from traitlets import Unicode, default

from tinytorch_lab.api.assignments import OUTBOX
from tinytorch_lab.api.base import DESK, TESTING
from tinytorch_lab.api.memberships import MEMBERSHIPS
from tinytorch_lab.api.milestones import MILESTONES, milestone_run_event
from tinytorch_lab.api.relay import RELAY, RelayHandler
from tinytorch_lab.api.routes import ROUTES
from tinytorch_lab.api.tests import test_run_event
from tinytorch_lab.coursework import Desk
from tinytorch_lab.desks import COURSE, local_desk, remote_desk
from tinytorch_lab.errors import TinyTorchError
from tinytorch_lab.learning.milestones.runs import MilestoneRun, MilestoneRuns
from tinytorch_lab.learning.outbox import Outbox
from tinytorch_lab.learning.results import TestRow, TestRun
from tinytorch_lab.learning.testing import Testing
from tinytorch_lab.learning.workspace import Workspace
from tinytorch_lab.runner.pool import LocalExecutor

EVENT = "https://tinytorch-lab.org/events/test-run/v1"
MILESTONE_EVENT = "https://tinytorch-lab.org/events/milestone-run/v1"

OUTBOX_SECONDS = 60
"""How often what waits in the outbox is tried again."""


class TinyTorchLab(ExtensionApp):
    """Serves the TinyTorch sidebar."""

    name = "tinytorch_lab"
    extension_url = "/lab"
    load_other_extensions = True

    workspace = Unicode(
        "",
        help="Folder of the student's modules and package, at or below the server's root folder. Default: that root.",
    ).tag(config=True)
    course = Unicode(
        help="Folder of a course on this machine, in which the user of this server is instructor and may hand in.",
    ).tag(config=True)
    student = Unicode(help="Name under which this server's user hands in to a course on this machine.").tag(config=True)

    @default("course")
    def _course_of_environment(self) -> str:
        return os.environ.get(COURSE, "")

    @default("student")
    def _login(self) -> str:
        return getpass.getuser()

    def initialize_settings(self) -> None:
        """Set up the workspace's services; kernels import the student's own package from the workspace."""
        server = cast(ServerApp, self.serverapp)
        server_root = Path(server.root_dir).expanduser().resolve()
        root = (server_root / self.workspace).resolve()
        if not root.is_relative_to(server_root):
            raise ValueError(f"TinyTorchLab.workspace {root} lies outside the server's root folder {server_root}.")
        put_first_on_kernel_path(root)
        self._events = cast(EventLogger, server.event_logger)
        for schema in ("test_run.yaml", "milestone_run.yaml"):
            self._events.register_event_schema(Path(__file__).parent / "api" / "events" / schema)
        self._loop = IOLoop.current()
        # Two, so that a long milestone does not hold up the tests.
        self._executor = LocalExecutor(workers=2, confinement="none")
        self.settings[TESTING] = Testing(Workspace(root), self._executor, self._emit)
        self._milestones = MilestoneRuns(Workspace(root), self._executor, self._emit_milestone)
        self.settings[MILESTONES] = self._milestones
        self._connect_course()
        self.log.info("TinyTorch Lab serves the workspace %s", root)

    def initialize_handlers(self) -> None:
        """Mount the HTTP API."""
        self.handlers.extend((*ROUTES, *self._course_routes))

    async def stop_extension(self) -> None:
        """Stop the runner's processes."""
        self._stop_sending()
        self._milestones.close()
        await asyncio.to_thread(self._executor.close)
        await asyncio.to_thread(self._close_course)

    def _connect_course(self) -> None:
        """Connect the workspace with its course, if it has one: at the grading service, or on this machine."""
        self._course_routes: list[tuple[str, type[JupyterHandler]]] = []
        self._close_course: Callable[[], None] = lambda: None
        self._stop_sending: Callable[[], None] = lambda: None
        self.settings |= {DESK: None, MEMBERSHIPS: list}
        try:
            if (desk := remote_desk()) is not None:
                self._close_course = desk.close
                self._course_routes.append((r"tinytorch-lab/api/courses/(?P<path>.+)", RelayHandler))
                self.settings |= {MEMBERSHIPS: desk.memberships, RELAY: desk}
                self._use_desk(desk)
            elif self.course:
                self._open_course(Path(self.course).expanduser())
        except TinyTorchError as error:
            # The student's own work goes on without the course.
            self.log.error("TinyTorch Lab: %s", error)

    def _open_course(self, folder: Path) -> None:
        course, desk = local_desk(folder, self.student)
        from tinytorch_lab.api.courses import local

        self._close_course = course.close
        self._course_routes.append(local.COURSE_ROUTE)
        self.settings |= local.settings(course, self.student)
        self._use_desk(desk)

    def _use_desk(self, desk: Desk) -> None:
        """Hand in at ``desk``; what could not be handed in is tried again by itself."""
        outbox = Outbox(cast(Testing, self.settings[TESTING]).workspace, desk)
        self.settings |= {DESK: desk, OUTBOX: outbox}
        sending = PeriodicCallback(lambda: asyncio.to_thread(outbox.send), OUTBOX_SECONDS * 1000)
        sending.start()
        self._stop_sending = sending.stop

    def _emit(self, run: TestRun, row: TestRow | None) -> None:
        data = test_run_event(run, row).model_dump(mode="json")
        self._loop.add_callback(self._events.emit, schema_id=EVENT, data=data)

    def _emit_milestone(self, run: MilestoneRun) -> None:
        data = milestone_run_event(run).model_dump(mode="json")
        self._loop.add_callback(self._events.emit, schema_id=MILESTONE_EVENT, data=data)


def put_first_on_kernel_path(root: Path) -> None:
    """Let every kernel started from this process import from ``root`` before anything installed."""
    others = [entry for entry in os.environ.get("PYTHONPATH", "").split(os.pathsep) if entry and entry != str(root)]
    os.environ["PYTHONPATH"] = os.pathsep.join([str(root), *others])
