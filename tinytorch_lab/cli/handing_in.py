"""``tito module submit`` and what belongs to it: receipts, restoring, feedback."""

import getpass
import os
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer

from tinytorch_lab.cli.output import Json, remark, say, show_json, show_table
from tinytorch_lab.cli.workspaces import ModuleArgument, WorkspaceOption, testing_in, workspace_at
from tinytorch_lab.coursework import Assignment, Desk, Feedback, Receipt
from tinytorch_lab.curriculum.catalogue import ModuleInfo
from tinytorch_lab.desks import COURSE, NO_DESK, SERVICE, local_desk, remote_desk
from tinytorch_lab.errors import NotAvailableError
from tinytorch_lab.learning import handing_in
from tinytorch_lab.learning.fetching import fetch
from tinytorch_lab.learning.handing_in import Readiness
from tinytorch_lab.learning.known_assignments import KnownAssignments, as_of_now, recall, remember
from tinytorch_lab.learning.outbox import Outbox
from tinytorch_lab.learning.workspace import Workspace

StudentOption = Annotated[
    str | None, typer.Option("--student", help="Who hands in to a course on this machine. Default: the login name.")
]


@contextmanager
def desk_of(student: str | None) -> Iterator[Desk]:
    """Open the desk at which ``student`` hands in.

    Raises:
        NotAvailableError: the workspace belongs to no course.
    """
    remote = remote_desk()
    if remote is not None:
        with closing(remote):
            yield remote
        return
    folder = os.environ.get(COURSE)
    if not folder:
        raise NotAvailableError(NO_DESK)
    course, desk = local_desk(Path(folder).expanduser(), student or getpass.getuser())
    try:
        yield desk
    finally:
        course.close()


def fetched(module: ModuleInfo) -> bytes | None:
    """Return the module's notebook as the workspace's course gives it out; ``None`` where there is none."""
    if not _in_a_course():
        return None
    with desk_of(None) as desk:
        return fetch(desk, module)


def assignments_of(place: Workspace) -> dict[str, Assignment]:
    """Return what the course has released, by module; nothing where there is no course.

    Of a course that cannot be reached it is what it last said, which a remark tells.
    """
    known = _known_assignments(place) if _in_a_course() else None
    return {assignment.module: assignment for assignment in known.assignments} if known else {}


def _in_a_course() -> bool:
    return bool(os.environ.get(SERVICE) or os.environ.get(COURSE))


def _known_assignments(place: Workspace) -> KnownAssignments | None:
    try:
        with desk_of(None) as desk:
            known = as_of_now(desk.assignments())
    except NotAvailableError as error:
        kept = recall(place)
        remark(str(error) if kept is None else f"{error} Dates and submissions are as of {kept.as_of}.")
        return kept
    try:
        remember(place, known)
    except NotAvailableError as error:
        remark(f"What the course said is not remembered: {error}")
    return known


def submit(
    name: ModuleArgument,
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Do not ask.")] = False,
    student: StudentOption = None,
    workspace: WorkspaceOption = None,
    as_json: Json = False,
) -> None:
    """Hand in a module's notebook as saved, after saying what is missing in it."""
    place = workspace_at(workspace)
    module = place.course.assignment(name)
    with testing_in(place) as testing:
        ready = handing_in.readiness(place, testing, module)
    if not as_json:
        for line in _readiness_lines(ready):
            say(line)
    if not yes:
        typer.confirm(f"Submit {module.name}.ipynb?", abort=True, err=True)
    with desk_of(student) as desk:
        outbox = Outbox(place, desk)
        outbox.send()
        for sentence in outbox.take_news():
            remark(sentence)
        receipt = outbox.hand_in(module)
    if as_json:
        show_json(asdict(receipt))
    else:
        say(f"Submitted {module.name}: receipt {receipt.id}, received {receipt.received_at}.")


def submissions(
    name: ModuleArgument, student: StudentOption = None, workspace: WorkspaceOption = None, as_json: Json = False
) -> None:
    """List everything handed in for a module, the newest first; tells which is what is saved."""
    place = workspace_at(workspace)
    module = place.course.assignment(name)
    saved = handing_in.saved_digest(place, module)
    with desk_of(student) as desk:
        receipts = desk.submissions(module.name)
    show_table(f"Submissions of {module.name}", [_receipt_row(receipt, saved) for receipt in receipts], as_json=as_json)


def restore(
    name: ModuleArgument,
    receipt: Annotated[str, typer.Argument(help="The receipt's id, as 'tito module submissions' lists it.")],
    student: StudentOption = None,
    workspace: WorkspaceOption = None,
) -> None:
    """Put an earlier submission back as the module's notebook; the present one is kept."""
    place = workspace_at(workspace)
    module = place.course.assignment(name)
    with desk_of(student) as desk:
        opened = handing_in.restore(place, desk, module, receipt)
    kept = f"; your notebook was kept as {opened.backup}" if opened.backup else ""
    say(f"Restored {opened.path}{kept}.")


def feedback(
    name: ModuleArgument, student: StudentOption = None, workspace: WorkspaceOption = None, as_json: Json = False
) -> None:
    """Show what came back on a module: score, tests, comments, the level reached and the next one up."""
    module = workspace_at(workspace).course.assignment(name)
    with desk_of(student) as desk:
        found = desk.feedback(module.name)
    if as_json:
        show_json(asdict(found))
    else:
        for line in _feedback_lines(found):
            say(line)


def _readiness_lines(ready: Readiness) -> Iterator[str]:
    if ready.unwritten:
        yield f"Not written yet: {', '.join(ready.unwritten)}."
    when = "" if ready.tests_current else " before your last change"
    yield (
        f"Tests: {ready.tests_passed} of {ready.tests_total} passed{when}." if ready.tests_total else "Tests: not run."
    )
    for number, answer in enumerate(ready.answers, 1):
        yield f"Question {number}: {answer.words} words, {answer.remark}."


def _receipt_row(receipt: Receipt, saved: str | None) -> dict[str, object]:
    return {
        "receipt": receipt.id,
        "received": receipt.received_at,
        "bytes": receipt.size,
        "saved": receipt.digest == saved,
    }


def _feedback_lines(found: Feedback) -> Iterator[str]:
    yield f"{found.title}: {found.score - found.penalty:g} of {found.total:g} points."
    if found.penalty:
        yield f"{found.penalty:g} points were taken off because it was late."
    yield from found.notes
    for test in found.tests:
        yield f"{test.status}  {test.test}  {test.score:g} of {test.possible:g}  {test.message}".rstrip()
    for number, answer in enumerate(found.answers, 1):
        yield f"Question {number}: {answer.points:g} of {answer.total:g}. {answer.comment}".rstrip()
        if answer.level:
            yield f"  Level reached: {answer.level.label}: {'; '.join(answer.level.criteria)}"
        if answer.above:
            yield f"  Next level up: {answer.above.label}: {'; '.join(answer.above.criteria)}"
