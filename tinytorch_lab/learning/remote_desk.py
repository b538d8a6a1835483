"""A student's desk at the course's grading service, reached over HTTP with the student's own token."""

from typing import TypeVar
from urllib.parse import quote

import httpx
from pydantic import TypeAdapter, ValidationError

from tinytorch_lab import errors
from tinytorch_lab.coursework import MAX_NOTEBOOK_BYTES, Assignment, Feedback, Membership, Receipt

T = TypeVar("T")

_ASSIGNMENTS = TypeAdapter(list[Assignment])
_RECEIPT = TypeAdapter(Receipt)
_RECEIPTS = TypeAdapter(list[Receipt])
_FEEDBACK = TypeAdapter(Feedback)
_MEMBERSHIPS = TypeAdapter(list[Membership])
_TIMEOUT = httpx.Timeout(60.0, connect=5.0)
_ERRORS: dict[int, type[errors.TinyTorchError]] = {
    400: errors.InvalidInputError,
    404: errors.NotFoundError,
    409: errors.ConflictError,
    413: errors.InvalidInputError,
}

UNREACHABLE = "The course's grading service cannot be reached at the moment; nothing is lost."

FROM_PROXY = (400, 404, 409, 502, 503, 504)
"""What a proxy answers in the service's stead, without a message of ours; the service itself gives one with these."""


class RemoteDesk:
    """The desk at ``course`` of the grading service at ``url``; the token says whose it is."""

    def __init__(self, url: str, course: str, token: str) -> None:
        self.service, self.course, self.token = url.rstrip("/"), course, token
        self._course = f"{self.service}/api/courses/{quote(course, safe='')}"
        self._client = httpx.Client(headers={"Authorization": f"token {token}"}, timeout=_TIMEOUT)

    def assignments(self) -> list[Assignment]:
        """Return every module that the course has released, in its order."""
        return _parsed(_ASSIGNMENTS, self._ask("GET", "assignments"))

    def notebook(self, module: str) -> bytes:
        """Return the students' notebook of ``module`` as it was released."""
        return self._ask("GET", f"modules/{module}/notebook")

    def submit(self, module: str, notebook: bytes) -> Receipt:
        """Hand in ``notebook`` and return the receipt."""
        if len(notebook) > MAX_NOTEBOOK_BYTES:
            limit = MAX_NOTEBOOK_BYTES >> 20
            raise errors.InvalidInputError(f"The notebook is larger than {limit} MB; clear its outputs first.")
        return _parsed(_RECEIPT, self._ask("POST", f"modules/{quote(module, safe='')}/submissions", notebook))

    def submissions(self, module: str) -> list[Receipt]:
        """Return the receipts of everything handed in for ``module``, the newest first."""
        return _parsed(_RECEIPTS, self._ask("GET", f"modules/{quote(module, safe='')}/submissions"))

    def submission(self, receipt_id: str) -> bytes:
        """Return a notebook as it was handed in."""
        return self._ask("GET", f"submissions/{quote(receipt_id, safe='')}")

    def feedback(self, module: str) -> Feedback:
        """Return the feedback on ``module`` once it is returned."""
        return _parsed(_FEEDBACK, self._ask("GET", f"modules/{quote(module, safe='')}/feedback"))

    def feedback_page(self, module: str) -> str:
        """Return the feedback as one self-contained HTML page."""
        return self._ask("GET", f"modules/{quote(module, safe='')}/feedback/page").decode()

    def memberships(self) -> list[Membership]:
        """Return the courses that the token's owner has a role in."""
        return _parsed(_MEMBERSHIPS, self._request("GET", f"{self.service}/api/courses"))

    def close(self) -> None:
        """End the connections to the service."""
        self._client.close()

    def _ask(self, method: str, path: str, content: bytes | None = None) -> bytes:
        return self._request(method, f"{self._course}/{path}", content)

    def _request(self, method: str, address: str, content: bytes | None = None) -> bytes:
        try:
            answer = self._client.request(method, address, content=content)
        except httpx.HTTPError:
            raise errors.NotAvailableError(UNREACHABLE) from None
        if answer.is_success:
            return answer.content
        raise _error(answer)


def _parsed(kind: TypeAdapter[T], content: bytes) -> T:
    try:
        return kind.validate_json(content)
    except ValidationError:
        raise errors.NotAvailableError(
            "The course's grading service answered in a form that this version of TinyTorch Lab does not know; "
            "the two need the same version."
        ) from None


def _error(answer: httpx.Response) -> errors.TinyTorchError:
    kind = _ERRORS.get(answer.status_code, errors.NotAvailableError)
    try:
        return kind(answer.json()["message"])
    except (ValueError, KeyError, TypeError):
        if answer.status_code in FROM_PROXY:
            return errors.NotAvailableError(UNREACHABLE)
        return kind(f"The course's grading service refused with status {answer.status_code}.")
