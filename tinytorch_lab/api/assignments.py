"""A student's dealings with the course: what is set, handing in, receipts, feedback."""

import asyncio
from typing import cast

from tinytorch_lab.api.base import DESK, PAGE_POLICY, LabHandler, endpoint
from tinytorch_lab.api.course import opened_module
from tinytorch_lab.api.schemas import AssignmentList, SubmissionList, SubmissionState
from tinytorch_lab.coursework import Desk
from tinytorch_lab.desks import NO_DESK
from tinytorch_lab.errors import NotAvailableError
from tinytorch_lab.learning import handing_in
from tinytorch_lab.learning.known_assignments import KnownAssignments, as_of_now, recall, remember
from tinytorch_lab.learning.outbox import Outbox

OUTBOX = "tinytorch_lab_outbox"
"""Key of the workspace's outbox, which is there wherever the desk is."""


class DeskHandler(LabHandler):
    """Base of the handlers that deal with the course."""

    @property
    def desk(self) -> Desk:
        """Where the student deals with the course; raises :class:`NotAvailableError` where there is none."""
        desk = cast(Desk | None, self.settings[DESK])
        if desk is None:
            raise NotAvailableError(NO_DESK)
        return desk

    @property
    def outbox(self) -> Outbox:
        """What hands in; raises :class:`NotAvailableError` where there is no desk."""
        _ = self.desk
        return cast(Outbox, self.settings[OUTBOX])


class AssignmentsHandler(DeskHandler):
    """What the course has released."""

    @endpoint
    async def get(self) -> None:
        """Answer the assignments; for a course that cannot be reached, those that it last spoke of."""
        try:
            await asyncio.to_thread(self.outbox.send)
            known = as_of_now(await asyncio.to_thread(self.desk.assignments))
        except NotAvailableError as error:
            await self._answer_from_memory(error)
        else:
            news = self.outbox.take_news()
            self.answer(AssignmentList(connected=True, message="", **vars(known), news=news))
            await asyncio.to_thread(self._remember, known)

    async def _answer_from_memory(self, error: NotAvailableError) -> None:
        kept = None if self.settings[DESK] is None else await asyncio.to_thread(recall, self.workspace)
        known = vars(kept) if kept else {"as_of": None, "assignments": []}
        self.answer(AssignmentList(connected=False, message=self._standing(error), **known, news=[]))

    def _remember(self, known: KnownAssignments) -> None:
        try:
            remember(self.workspace, known)
        except NotAvailableError as error:
            self.log.warning("TinyTorch Lab does not remember the assignments: %s", error)

    def _standing(self, error: NotAvailableError) -> str:
        if self.settings[DESK] is None or not (waiting := self.outbox.waiting()):
            return str(error)
        return f"{error} Waiting in the outbox: {', '.join(module.name for module in waiting)}."


class SubmissionHandler(DeskHandler):
    """Handing in a module."""

    @endpoint
    async def get(self, name: str) -> None:
        """Answer what would be handed in now and what is missing in it."""
        ready = await asyncio.to_thread(handing_in.readiness, self.workspace, self.testing, self.module(name))
        self.answer(SubmissionState(readiness=ready, complete=ready.complete))

    @endpoint
    async def post(self, name: str) -> None:
        """Hand in the notebook as saved and answer the receipt: 201."""
        receipt = await asyncio.to_thread(self.outbox.hand_in, self.module(name))
        self.answer(receipt, 201)


class SubmissionsHandler(DeskHandler):
    """Everything handed in for a module."""

    @endpoint
    async def get(self, name: str) -> None:
        """Answer the receipts, the newest first."""
        found = await asyncio.to_thread(self.desk.submissions, self.module(name).name)
        self.answer(SubmissionList(submissions=found))


class RestoreHandler(DeskHandler):
    """Taking an earlier submission back into the workspace."""

    @endpoint
    async def post(self, name: str, receipt: str) -> None:
        """Put the submission in the notebook's place and answer where the present notebook was kept."""
        module = self.module(name)
        opened = await asyncio.to_thread(handing_in.restore, self.workspace, self.desk, module, receipt)
        self.answer(opened_module(opened, self.workspace, self.server_root))


class FeedbackHandler(DeskHandler):
    """What came back."""

    @endpoint
    async def get(self, name: str) -> None:
        """Answer the feedback on a module."""
        self.answer(await asyncio.to_thread(self.desk.feedback, self.module(name).name))


class FeedbackPageHandler(DeskHandler):
    """The feedback as a page."""

    @endpoint
    async def get(self, name: str) -> None:
        """Answer the page, which may load nothing and run nothing."""
        page = await asyncio.to_thread(self.desk.feedback_page, self.module(name).name)
        self.set_header("Content-Security-Policy", PAGE_POLICY)
        self.finish(page, set_content_type="text/html; charset=utf-8")
