"""What the course last said is kept in the workspace, with its time."""

from datetime import UTC, datetime

import pytest

from tinytorch_lab.coursework import Assignment, Receipt
from tinytorch_lab.learning.known_assignments import as_of_now, recall, remember
from tinytorch_lab.learning.workspace import Workspace

RECEIPT = Receipt("0" * 32, "c", "01_tensor", "ada", "d" * 64, 12, "2026-11-26T12:00:00+00:00", "s")
ASSIGNMENT = Assignment(
    "01_tensor", "submitted", None, "2026-11-27T23:59:00+00:00", True, "Nothing after.", RECEIPT, 0, None, None, None
)


def test_what_the_course_said_is_known_again_with_its_time(workspace: Workspace):
    assert recall(workspace) is None
    known = as_of_now([ASSIGNMENT])
    remember(workspace, known)
    assert recall(Workspace(workspace.root)) == known
    assert abs(datetime.fromisoformat(known.as_of) - datetime.now(UTC)).total_seconds() < 60


@pytest.mark.parametrize("kept", ["", "{", '{"as_of": "now"}', '{"as_of": "now", "assignments": [{}]}'])
def test_what_cannot_be_read_counts_as_nothing(workspace: Workspace, kept: str):
    remember(workspace, as_of_now([ASSIGNMENT]))
    (file,) = workspace.state.glob("assignments*")
    file.write_text(kept, encoding="utf-8")
    assert recall(workspace) is None
