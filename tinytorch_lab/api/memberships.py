"""Which courses the server's user has a role in: the grading panel begins with this."""

import asyncio
from collections.abc import Callable
from typing import cast

from tinytorch_lab.api.base import LabHandler, endpoint
from tinytorch_lab.api.schemas import MembershipList
from tinytorch_lab.coursework import Membership
from tinytorch_lab.errors import NotAvailableError

MEMBERSHIPS = "tinytorch_lab_memberships"
"""Key of the function that tells them in the web application's settings."""


class MembershipsHandler(LabHandler):
    """The courses of the server's user."""

    @endpoint
    async def get(self) -> None:
        """Answer the list; a grading service that cannot be reached is no error: JupyterLab asks again later."""
        memberships = cast(Callable[[], list[Membership]], self.settings[MEMBERSHIPS])
        try:
            found = await asyncio.to_thread(memberships)
        except NotAvailableError as error:
            self.answer(MembershipList(message=str(error), courses=[]))
        else:
            self.answer(MembershipList(message="", courses=found))
