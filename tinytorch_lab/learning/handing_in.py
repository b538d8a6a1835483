"""Handing a module in: what will be submitted, what is missing in it, the receipts kept, earlier versions restored."""

import hashlib
import json
from dataclasses import asdict, dataclass
from datetime import datetime
from pathlib import Path

from nbformat import NotebookNode

from tinytorch_lab.coursework import Desk, Receipt
from tinytorch_lab.curriculum.build import CODE_STUB
from tinytorch_lab.curriculum.catalogue import ModuleInfo
from tinytorch_lab.curriculum.cells import grade_id, is_implementation
from tinytorch_lab.curriculum.notebooks import parse_notebook
from tinytorch_lab.errors import NotAvailableError, NotFoundError
from tinytorch_lab.files import write_bytes, write_text
from tinytorch_lab.learning.checksums import checksums_of_tests
from tinytorch_lab.learning.testing import Testing
from tinytorch_lab.learning.thinking import length_remark, questions
from tinytorch_lab.learning.workspace import Opened, Workspace

_STUB = CODE_STUB.splitlines()[-1]


@dataclass(frozen=True)
class AnswerLength:
    """How long a written answer is; ``remark`` says how that stands to the expected length."""

    response_id: str
    words: int
    expected: bool
    remark: str


@dataclass(frozen=True)
class Readiness:
    """What would be handed in now, and what is missing in it. ``unwritten`` are the cells that still hold a stub.

    ``tests_current`` tells that every result of the tests is of the code as it is now.
    """

    module: str
    digest: str
    size: int
    saved_at: str
    unwritten: tuple[str, ...]
    tests_passed: int
    tests_total: int
    tests_current: bool
    answers: tuple[AnswerLength, ...]

    @property
    def complete(self) -> bool:
        """Whether nothing is missing that could be known before grading."""
        tested = self.tests_current and 0 < self.tests_total == self.tests_passed
        return tested and not self.unwritten and all(answer.expected for answer in self.answers)


def readiness(workspace: Workspace, testing: Testing, module: ModuleInfo) -> Readiness:
    """Return what handing in ``module`` as saved would submit.

    Raises:
        NotFoundError: the module has not been started.
        InvalidInputError: its notebook is none.
        NotAvailableError: its notebook may not be read.
    """
    path = workspace.notebook_path(module)
    content = workspace.content(module)
    notebook = parse_notebook(content, str(path))
    run = testing.latest(module)
    return Readiness(
        module=module.name,
        digest=digest(content),
        size=len(content),
        saved_at=datetime.fromtimestamp(path.stat().st_mtime).astimezone().isoformat(timespec="seconds"),
        unwritten=_unwritten(notebook),
        tests_passed=run.passed,
        tests_total=len(run.rows),
        tests_current={row.grade_id: row.checksum for row in run.rows} == checksums_of_tests(notebook),
        answers=_answers(notebook, workspace.course.answer_words),
    )


def keep_receipt(workspace: Workspace, module: ModuleInfo, receipt: Receipt) -> None:
    """Keep ``receipt`` in the workspace.

    Raises:
        NotAvailableError: the workspace cannot be written.
    """
    write_text(receipts_folder(workspace, module) / f"{receipt.id}.json", json.dumps(asdict(receipt), indent=1) + "\n")


def restore(workspace: Workspace, desk: Desk, module: ModuleInfo, receipt_id: str) -> Opened:
    """Put a submission back as the module's notebook; the present notebook is kept as a backup.

    Raises:
        NotFoundError: the student has no such submission of this module.
        NotAvailableError: the course cannot be reached.
    """
    if receipt_id not in {receipt.id for receipt in desk.submissions(module.name)}:
        raise NotFoundError(f"There is no submission of {module.name} with the receipt {receipt_id}.")
    submitted = desk.submission(receipt_id)
    path = workspace.notebook_path(module)
    backup = workspace.back_up(module) if path.is_file() else None
    write_bytes(path, submitted)
    return Opened(module, path, created=backup is None, backup=backup)


def saved_digest(workspace: Workspace, module: ModuleInfo) -> str | None:
    """Return the digest of the module's notebook as saved, to compare with a receipt's; ``None`` without one."""
    try:
        return digest(workspace.content(module))
    except (NotFoundError, NotAvailableError):
        return None


def digest(content: bytes) -> str:
    """Return what a receipt calls the digest of ``content``."""
    return hashlib.sha256(content).hexdigest()


def receipts_folder(workspace: Workspace, module: ModuleInfo) -> Path:
    """Return the folder in which the receipts of ``module`` are kept."""
    return workspace.state / "receipts" / module.name


def _unwritten(notebook: NotebookNode) -> tuple[str, ...]:
    stubs = (cell for cell in notebook.cells if is_implementation(cell) and _STUB in cell.source)
    return tuple(grade_id(cell) or cell["id"] for cell in stubs)


def _answers(notebook: NotebookNode, bounds: tuple[int, int]) -> tuple[AnswerLength, ...]:
    low, high = bounds
    return tuple(
        AnswerLength(found.response_id, found.words, low <= found.words <= high, length_remark(found.words, bounds))
        for found in questions(notebook)
    )
