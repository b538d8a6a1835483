"""What was handed in while the course could not be reached: kept in the workspace, sent once the course is back."""

import threading
from collections.abc import Iterator
from contextlib import ExitStack, suppress
from pathlib import Path

from tinytorch_lab.coursework import Desk, Receipt
from tinytorch_lab.curriculum.catalogue import ModuleInfo
from tinytorch_lab.curriculum.notebooks import read_content
from tinytorch_lab.errors import NotAvailableError, TinyTorchError
from tinytorch_lab.files import locked, write_bytes
from tinytorch_lab.learning.handing_in import keep_receipt
from tinytorch_lab.learning.workspace import Workspace


class Outbox:
    """Hands in for one workspace; of each module at most the newest notebook waits.

    Several programs may have one each on the same workspace: a server, and ``tito`` beside it.
    """

    def __init__(self, workspace: Workspace, desk: Desk) -> None:
        self._workspace, self._desk = workspace, desk
        self._folder = workspace.state / "outbox"
        self._lock = self._folder / ".lock"
        self._news: list[str] = []
        self._telling = threading.Lock()

    def hand_in(self, module: ModuleInfo) -> Receipt:
        """Submit the module's notebook as saved and keep the receipt in the workspace.

        Raises:
            NotFoundError: the module has not been started, or the course has not released it.
            InvalidInputError: the course does not take this notebook.
            NotAvailableError: the course cannot be reached, and the notebook waits in the outbox; or the course has
                it, but the receipt cannot be kept; or the notebook may not be read.
        """
        self._workspace.require_started(module)
        with ExitStack() as alone:
            # Where the lock cannot be written no other program can lay anything in; the course may take the notebook.
            with suppress(NotAvailableError):
                alone.enter_context(locked(self._lock))
            notebook = self._workspace.content(module)
            try:
                receipt = self._desk.submit(module.name, notebook)
            except NotAvailableError as error:
                write_bytes(self._path(module), notebook)
                raise NotAvailableError(
                    f"{error} Your notebook waits in the outbox and is handed in by itself as soon as the course can "
                    "be reached; the time that counts is when it arrives there."
                ) from None
            self._conclude(module, receipt)
        return receipt

    def waiting(self) -> tuple[ModuleInfo, ...]:
        """Return the modules of which a notebook waits, in the course's order."""
        return tuple(module for module in self._workspace.course.assignments if self._path(module).is_file())

    def send(self) -> None:
        """Hand in whatever waits; what the course does not take is taken out too, and both is news.

        Raises:
            NotAvailableError: the workspace cannot be written, so that nothing could be taken out.
        """
        if not self.waiting():
            return
        with locked(self._lock):
            for module in self.waiting():  # Another program may just have sent it.
                try:
                    found = list(self._deliver(module))
                except NotAvailableError:
                    return
                with self._telling:
                    self._news += found

    def take_news(self) -> list[str]:
        """Return what became of notebooks that waited, a sentence for each that has not been told yet."""
        with self._telling:
            news, self._news = self._news, []
        return news

    def _deliver(self, module: ModuleInfo) -> Iterator[str]:
        notebook = read_content(self._path(module))
        try:
            receipt = self._desk.submit(module.name, notebook)
        except NotAvailableError:
            raise
        except TinyTorchError as error:
            self._take_out(module)
            yield f"{module.name} waited in the outbox, but the course did not take it: {error}"
            return
        yield (
            f"{module.name} waited in the outbox and is handed in now: "
            f"receipt {receipt.id[:8]}, received {receipt.received_at}."
        )
        try:
            self._conclude(module, receipt)
        except NotAvailableError as error:
            yield str(error)

    def _conclude(self, module: ModuleInfo, receipt: Receipt) -> None:
        """Take out what waited of ``module``, which the course has now, and keep the receipt."""
        try:
            self._take_out(module)
            keep_receipt(self._workspace, module, receipt)
        except NotAvailableError as error:
            raise NotAvailableError(
                f"{module.name} is handed in (receipt {receipt.id}), but the receipt cannot be kept here: {error}"
            ) from None

    def _take_out(self, module: ModuleInfo) -> None:
        try:
            self._path(module).unlink(missing_ok=True)
        except OSError as error:
            raise NotAvailableError(f"Cannot write {self._folder}: {error.strerror}.") from None

    def _path(self, module: ModuleInfo) -> Path:
        return self._folder / f"{module.name}.ipynb"
