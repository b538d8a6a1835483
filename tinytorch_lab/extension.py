"""The Jupyter server extension: finds the workspace, starts the runner, and mounts the HTTP API."""

import asyncio
import os
from pathlib import Path
from typing import cast

from jupyter_events import EventLogger
from jupyter_server.extension.application import ExtensionApp
from jupyter_server.serverapp import ServerApp
from tornado.ioloop import IOLoop
from traitlets import Unicode

from tinytorch_lab.api.base import TESTING
from tinytorch_lab.api.milestones import MILESTONES, milestone_run_event
from tinytorch_lab.api.routes import ROUTES
from tinytorch_lab.api.tests import test_run_event
from tinytorch_lab.learning.milestones.runs import MilestoneRun, MilestoneRuns
from tinytorch_lab.learning.testing import Testing, TestRow, TestRun
from tinytorch_lab.learning.workspace import Workspace
from tinytorch_lab.runner.pool import LocalExecutor

EVENT = "https://tinytorch-lab.org/events/test-run/v1"
MILESTONE_EVENT = "https://tinytorch-lab.org/events/milestone-run/v1"


class TinyTorchLab(ExtensionApp):
    """Serves the TinyTorch sidebar."""

    name = "tinytorch_lab"
    extension_url = "/lab"
    load_other_extensions = True

    workspace = Unicode(
        "",
        help="Folder of the student's modules and package, at or below the server's root folder. Default: that root.",
    ).tag(config=True)

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
        self.log.info("TinyTorch Lab serves the workspace %s", root)

    def initialize_handlers(self) -> None:
        """Mount the HTTP API."""
        self.handlers.extend(ROUTES)

    async def stop_extension(self) -> None:
        """Stop the runner's processes."""
        self._milestones.close()
        await asyncio.to_thread(self._executor.close)

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
