"""Handing in while the course cannot be reached: the notebook waits and goes out by itself."""

import threading
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, cast

import httpx
import pytest

from tinytorch_lab.coursework import MAX_NOTEBOOK_BYTES, Desk, Receipt
from tinytorch_lab.curriculum.catalogue import ModuleInfo
from tinytorch_lab.errors import ConflictError, InvalidInputError, NotAvailableError, NotFoundError, TinyTorchError
from tinytorch_lab.files import locked
from tinytorch_lab.learning.handing_in import digest, receipts_folder
from tinytorch_lab.learning.outbox import Outbox
from tinytorch_lab.learning.remote_desk import UNREACHABLE, RemoteDesk
from tinytorch_lab.learning.workspace import Workspace


@dataclass
class Course:
    """A course across a line that can be cut, or that says ``error`` to whatever is handed in."""

    error: TinyTorchError | None = None
    taken: list[bytes] = field(default_factory=list)

    def submit(self, module: str, notebook: bytes) -> Receipt:
        if self.error:
            raise self.error
        self.taken.append(notebook)
        return Receipt(f"{len(self.taken):032}", "c", module, "ada", digest(notebook), len(notebook), "2026-11-26", "s")

    def __getattr__(self, name: str) -> Callable[..., Any]:
        raise AssertionError(f"the outbox has no business with {name}")


@pytest.fixture
def course() -> Course:
    return Course()


@pytest.fixture
def outbox(workspace: Workspace, course: Course) -> Outbox:
    desk: Desk = course  # type: ignore[assignment]
    return Outbox(workspace, desk)


def test_with_the_course_away_the_notebook_waits_and_goes_out_as_it_was(
    outbox: Outbox, course: Course, workspace: Workspace, module: ModuleInfo
):
    path = workspace.notebook_path(module)
    handed_in = path.read_bytes()
    course.error = NotAvailableError("The course cannot be reached.")
    with pytest.raises(NotAvailableError, match=r"^The course cannot be reached\. Your notebook waits in the outbox"):
        outbox.hand_in(module)
    path.write_text("{}", encoding="utf-8")
    outbox.send()
    assert (outbox.waiting(), outbox.take_news(), course.taken) == ((module,), [], [])
    course.error = None
    outbox.send()
    assert (outbox.waiting(), course.taken) == ((), [handed_in])
    (sentence,) = outbox.take_news()
    assert sentence.startswith("01_tensor waited in the outbox and is handed in now: receipt 00000000, received 2026")
    assert outbox.take_news() == []
    (kept,) = receipts_folder(workspace, module).iterdir()
    assert digest(handed_in) in kept.read_text(encoding="utf-8")
    outbox.send()
    assert course.taken == [handed_in]


def test_a_project_waits_like_a_module(outbox: Outbox, course: Course, workspace: Workspace):
    midterm = workspace.course.assignment("midterm")
    workspace.start(midterm)
    course.error = NotAvailableError("Away.")
    with pytest.raises(NotAvailableError):
        outbox.hand_in(midterm)
    assert outbox.waiting() == (midterm,)
    course.error = None
    outbox.send()
    assert (outbox.waiting(), len(course.taken)) == ((), 1)


def test_the_newest_notebook_is_the_one_that_waits(
    outbox: Outbox, course: Course, workspace: Workspace, module: ModuleInfo
):
    course.error = NotAvailableError("Away.")
    for text in (b"{}", b'{"cells": []}'):
        workspace.notebook_path(module).write_bytes(text)
        with pytest.raises(NotAvailableError):
            outbox.hand_in(module)
    course.error = None
    outbox.send()
    assert course.taken == [b'{"cells": []}']


def test_handing_in_again_takes_the_earlier_notebook_out(
    outbox: Outbox, course: Course, workspace: Workspace, module: ModuleInfo
):
    course.error = NotAvailableError("Away.")
    with pytest.raises(NotAvailableError):
        outbox.hand_in(module)
    course.error = None
    workspace.notebook_path(module).write_bytes(b"{}")
    outbox.hand_in(module)
    outbox.send()
    assert (outbox.waiting(), course.taken) == ((), [b"{}"])


def test_what_waits_survives_the_server(outbox: Outbox, course: Course, workspace: Workspace, module: ModuleInfo):
    course.error = NotAvailableError("Away.")
    with pytest.raises(NotAvailableError):
        outbox.hand_in(module)
    course.error = None
    desk: Desk = course  # type: ignore[assignment]
    Outbox(workspace, desk).send()
    assert len(course.taken) == 1


@pytest.mark.parametrize("error", [NotFoundError("It is not released."), InvalidInputError("It is no notebook.")])
def test_what_the_course_does_not_take_never_waits(
    outbox: Outbox, course: Course, module: ModuleInfo, error: TinyTorchError
):
    course.error = error
    with pytest.raises(type(error), match=str(error)):
        outbox.hand_in(module)
    assert outbox.waiting() == ()
    course.error = NotAvailableError("Away.")
    with pytest.raises(NotAvailableError):
        outbox.hand_in(module)
    course.error = error
    outbox.send()
    assert outbox.waiting() == ()
    assert outbox.take_news() == [f"01_tensor waited in the outbox, but the course did not take it: {error}"]


def test_a_module_that_was_not_started_does_not_wait(outbox: Outbox, course: Course, workspace: Workspace):
    course.error = NotAvailableError("Away.")
    with pytest.raises(NotFoundError, match="not started"):
        outbox.hand_in(workspace.course.find("activations"))
    assert outbox.waiting() == ()


@dataclass
class SlowCourse(Course):
    """A course that has what was sent before it says so."""

    asked: threading.Event = field(default_factory=threading.Event)
    go_on: threading.Event = field(default_factory=threading.Event)

    def submit(self, module: str, notebook: bytes) -> Receipt:
        self.asked.set()
        assert self.go_on.wait(10)
        return super().submit(module, notebook)


def test_what_another_program_lays_in_during_a_delivery_still_waits(
    outbox: Outbox, course: Course, workspace: Workspace, module: ModuleInfo
):
    """A server sends the first version while ``tito`` finds the course away with the second."""
    course.error = NotAvailableError("Away.")
    first = workspace.notebook_path(module).read_bytes()
    with pytest.raises(NotAvailableError):
        outbox.hand_in(module)
    slow = SlowCourse()
    server = threading.Thread(target=Outbox(workspace, cast(Desk, slow)).send)
    server.start()
    assert slow.asked.wait(10)
    workspace.notebook_path(module).write_bytes(b"{}")
    refused = []

    def hand_in_elsewhere() -> None:
        try:
            outbox.hand_in(module)
        except NotAvailableError as error:
            refused.append(error)

    tito = threading.Thread(target=hand_in_elsewhere)
    tito.start()
    tito.join(0.3)
    slow.go_on.set()
    server.join(10)
    tito.join(10)
    assert (len(refused), slow.taken, outbox.waiting()) == (1, [first], (module,))
    course.error = None
    outbox.send()
    assert course.taken == [b"{}"]


def test_two_programs_send_what_waits_once(outbox: Outbox, course: Course, workspace: Workspace, module: ModuleInfo):
    course.error = NotAvailableError("Away.")
    with pytest.raises(NotAvailableError):
        outbox.hand_in(module)
    slow = SlowCourse()
    programs = [threading.Thread(target=Outbox(workspace, cast(Desk, slow)).send) for _ in range(3)]
    for program in programs:
        program.start()
    assert slow.asked.wait(10)
    slow.go_on.set()
    for program in programs:
        program.join(10)
    assert (len(slow.taken), outbox.waiting()) == (1, ())


def test_news_can_be_told_while_something_is_being_sent(
    outbox: Outbox, course: Course, workspace: Workspace, module: ModuleInfo
):
    slow = SlowCourse()
    course.error = NotAvailableError("Away.")
    with pytest.raises(NotAvailableError):
        outbox.hand_in(module)
    outbox = Outbox(workspace, cast(Desk, slow))
    sending = threading.Thread(target=outbox.send)
    sending.start()
    assert slow.asked.wait(10)
    telling = threading.Thread(target=outbox.take_news)
    telling.start()
    telling.join(5)
    assert not telling.is_alive()
    slow.go_on.set()
    sending.join(10)
    assert len(outbox.take_news()) == 1


def test_a_workspace_that_cannot_be_written_still_hands_in(
    outbox: Outbox, course: Course, workspace: Workspace, module: ModuleInfo
):
    workspace.state.write_text("in the way", encoding="utf-8")
    outbox.send()
    with pytest.raises(NotAvailableError, match=r"^01_tensor is handed in \(receipt 0+1\), but the receipt cannot be"):
        outbox.hand_in(module)
    assert len(course.taken) == 1


def test_what_waits_stays_where_nothing_can_be_written(
    outbox: Outbox, course: Course, workspace: Workspace, module: ModuleInfo
):
    course.error = NotAvailableError("Away.")
    with pytest.raises(NotAvailableError):
        outbox.hand_in(module)
    lock = workspace.state / "outbox" / ".lock"
    lock.unlink()
    lock.mkdir()
    course.error = None
    with pytest.raises(NotAvailableError, match="Cannot write"):
        outbox.send()
    assert (outbox.waiting(), course.taken) == ((module,), [])


def test_a_lock_keeps_others_waiting_and_makes_its_folder(tmp_path: Path):
    order: list[str] = []

    def other() -> None:
        with locked(tmp_path / "new" / ".lock"):
            order.append("other")

    waiting = threading.Thread(target=other)
    with locked(tmp_path / "new" / ".lock"):
        waiting.start()
        waiting.join(0.2)
        order.append("first")
    waiting.join(10)
    assert order == ["first", "other"]


def answered_by(status: int, content: bytes) -> RemoteDesk:
    """Return a desk whose line ends at something that always answers so."""
    desk = RemoteDesk("http://service", "c", "a token")
    desk.close()
    desk._client = httpx.Client(transport=httpx.MockTransport(lambda _: httpx.Response(status, content=content)))
    return desk


@pytest.mark.parametrize("status", [400, 404, 409, 502, 503, 504])
@pytest.mark.parametrize("content", [b"", b"<html>404: nothing is here</html>", b"[]", b'{"detail": "Not Found"}'])
def test_a_page_of_a_proxy_is_no_word_of_the_course(
    workspace: Workspace, module: ModuleInfo, status: int, content: bytes
):
    with closing(answered_by(status, content)) as desk:
        outbox = Outbox(workspace, desk)
        with pytest.raises(NotAvailableError, match=rf"^{UNREACHABLE} Your notebook waits"):
            outbox.hand_in(module)
        outbox.send()
        assert (outbox.waiting(), outbox.take_news()) == ((module,), [])


@pytest.mark.parametrize(
    ("status", "content", "kind", "sentence"),
    [
        (404, b'{"message": "It is not released."}', NotFoundError, "It is not released."),
        (400, b'{"message": "It is no notebook."}', InvalidInputError, "It is no notebook."),
        (409, b'{"message": "It is closed."}', ConflictError, "It is closed."),
        (413, b"<html>too large</html>", InvalidInputError, "refused with status 413"),
        (403, b"", NotAvailableError, "refused with status 403"),
    ],
)
def test_a_refusal_of_the_course_is_told_as_it_is(
    status: int, content: bytes, kind: type[TinyTorchError], sentence: str
):
    with closing(answered_by(status, content)) as desk, pytest.raises(kind, match=sentence):
        desk.submit("01_tensor", b"{}")


def test_a_service_that_is_not_there_is_one_sentence():
    with closing(RemoteDesk("http://127.0.0.1:9", "c", "a token")) as desk:
        with pytest.raises(NotAvailableError, match=UNREACHABLE):
            desk.submit("01_tensor", b"{}")
        with pytest.raises(InvalidInputError, match="larger than 20 MB"):
            desk.submit("01_tensor", b"x" * (MAX_NOTEBOOK_BYTES + 1))


def test_what_is_handed_in_is_said_to_be_although_its_receipt_cannot_be_kept(
    outbox: Outbox, course: Course, workspace: Workspace, module: ModuleInfo
):
    folder = receipts_folder(workspace, module)
    folder.parent.mkdir(parents=True, exist_ok=True)
    folder.write_text("in the way", encoding="utf-8")
    with pytest.raises(NotAvailableError, match=r"^01_tensor is handed in \(receipt 0+1\), but the receipt cannot be"):
        outbox.hand_in(module)
    assert (len(course.taken), outbox.waiting()) == (1, ())
    course.error = NotAvailableError("Away.")
    with pytest.raises(NotAvailableError, match="outbox"):
        outbox.hand_in(module)
    course.error = None
    outbox.send()
    assert (len(course.taken), outbox.waiting()) == (2, ())
    assert [sentence.split("(")[0].strip() for sentence in outbox.take_news()][1] == "01_tensor is handed in"
