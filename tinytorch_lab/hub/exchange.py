"""nbgrader's exchange over HTTP, for students: ``list``, ``fetch_assignment``, ``submit`` and ``fetch_feedback``.

They reach the same store as the sidebar, and the same rules hold: the name comes from the token, the time from the
service. A student's ``nbgrader_config.py`` needs two lines: ``from tinytorch_lab.hub.exchange import configure`` and
``configure(c)``. Collecting is the service's own work and needs no exchange.
"""

import os
from contextlib import closing
from pathlib import Path
from typing import Any

from nbgrader.exchange import abc

from tinytorch_lab.coursework import Assignment, Receipt
from tinytorch_lab.desks import COURSE, NO_DESK, remote_desk
from tinytorch_lab.errors import NotAvailableError, TinyTorchError
from tinytorch_lab.files import write_bytes, write_text
from tinytorch_lab.learning.remote_desk import RemoteDesk


def configure(c: Any) -> None:
    """Have nbgrader's commands for students use the grading service."""
    c.ExchangeFactory.exchange = ServiceExchange
    c.ExchangeFactory.list = ServiceList
    c.ExchangeFactory.fetch_assignment = ServiceFetchAssignment
    c.ExchangeFactory.submit = ServiceSubmit
    c.ExchangeFactory.fetch_feedback = ServiceFetchFeedback


class ServiceExchange(abc.Exchange):  # type: ignore[misc]
    """Base of the exchange's parts; a refusal of the service ends the command with its sentence."""

    def init_src(self) -> None:
        """Do nothing: there is no folder that the students share."""

    def init_dest(self) -> None:
        """Do nothing, for the same reason."""

    def copy_files(self) -> None:
        """Do what the command is for."""
        try:
            with closing(self._desk()) as desk:
                self.exchange(desk)
        except TinyTorchError as error:
            self.fail(str(error))

    def exchange(self, desk: RemoteDesk) -> None:
        """Do the command's work at ``desk``."""
        raise NotImplementedError

    @property
    def module(self) -> str:
        """The assignment that the command is about."""
        return Path(str(self.coursedir.assignment_id)).name

    @property
    def folder(self) -> Path:
        """Where the student has the assignment."""
        return Path(self.assignment_dir).resolve() / self.module

    def _desk(self) -> RemoteDesk:
        course = self.coursedir.course_id or os.environ.get(COURSE, "")
        desk = remote_desk({**os.environ, COURSE: course})
        if desk is None:
            raise NotAvailableError(NO_DESK)
        return desk


class ServiceList(ServiceExchange, abc.ExchangeList):  # type: ignore[misc]
    """What is released, or with ``--inbound`` what was handed in."""

    def exchange(self, desk: RemoteDesk) -> None:
        """Ask for the list."""
        course = desk.course
        if self.inbound or self.cached:
            wanted = [self.module] if self.module else [found.module for found in desk.assignments()]
            receipts = [receipt for module in wanted for receipt in desk.submissions(module)]
            self._found = [_submitted(receipt) for receipt in receipts]
        else:
            assignments = desk.assignments()
            self._found = [_released(found, course, self._place(found)) for found in assignments]

    def list_files(self) -> list[dict[str, Any]]:
        """Say what was found, and return it."""
        self.log.info("Submitted assignments:" if self.inbound or self.cached else "Released assignments:")
        for found in self._found:
            parts = (found.get(name) for name in ("course_id", "student_id", "assignment_id", "timestamp"))
            fetched = " (already downloaded)" if found["status"] == "fetched" else ""
            self.log.info("%s%s", " ".join(part for part in parts if part), fetched)
        return self._found

    def remove_files(self) -> list[dict[str, Any]]:
        """Refuse: what the course has is the course's to remove."""
        self.fail("Nothing can be removed from the grading service.")
        return []

    def _place(self, found: Assignment) -> Path:
        return Path(self.assignment_dir).resolve() / found.module


class ServiceFetchAssignment(ServiceExchange, abc.ExchangeFetchAssignment):  # type: ignore[misc]
    """The released notebook, into a folder of the assignment's name."""

    def exchange(self, desk: RemoteDesk) -> None:
        """Fetch it; what the student has is never overwritten."""
        path = self.folder / f"{self.module}.ipynb"
        if path.exists() or (self.folder.exists() and not self.replace_missing_files):
            self.fail(f"You already have a copy of the assignment in {self.folder}.")
        write_bytes(path, desk.notebook(self.module))
        self.log.info("Fetched as: %s %s", desk.course, self.module)


class ServiceSubmit(ServiceExchange, abc.ExchangeSubmit):  # type: ignore[misc]
    """Handing in the assignment's notebook."""

    def exchange(self, desk: RemoteDesk) -> None:
        """Hand it in and say what the service received when."""
        path = self.folder / f"{self.module}.ipynb"
        if not path.is_file():
            self.fail(f"There is no {path}; fetch the assignment first, or go to the folder that has it.")
        receipt = desk.submit(self.module, path.read_bytes())
        self.log.info("Submitted as: %s %s, receipt %s", receipt.course, self.module, receipt.id)
        self.log.info("Received at %s", receipt.received_at)


class ServiceFetchFeedback(ServiceExchange, abc.ExchangeFetchFeedback):  # type: ignore[misc]
    """The feedback that was returned."""

    def exchange(self, desk: RemoteDesk) -> None:
        """Write the page to ``feedback/TIME/`` in the assignment's folder."""
        page = desk.feedback_page(self.module)
        (returned,) = (found.returned_at for found in desk.assignments() if found.module == self.module)
        path = self.folder / "feedback" / str(returned) / f"{self.module}.html"
        write_text(path, page)
        self.log.info("Fetched feedback: %s", path)


def _released(found: Assignment, course: str, place: Path) -> dict[str, Any]:
    notebook = place / f"{found.module}.ipynb"
    return {
        "course_id": course,
        "assignment_id": found.module,
        "status": "fetched" if notebook.is_file() else "released",
        "path": str(place),
        "notebooks": [{"notebook_id": found.module, "path": str(notebook)}],
    }


def _submitted(receipt: Receipt) -> dict[str, Any]:
    return {
        "course_id": receipt.course,
        "student_id": receipt.student,
        "assignment_id": receipt.module,
        "timestamp": receipt.received_at,
        "status": "submitted",
    }
