"""The IPython shell of a run: ipykernel's own, with a session that records messages instead of sending them."""

import builtins
import os
import re
from collections.abc import Callable
from typing import Any, NoReturn

from ipykernel.compiler import XCachingCompiler
from ipykernel.zmqshell import ZMQInteractiveShell
from IPython.core.error import StdinNotImplementedError, UsageError
from IPython.core.inputtransformer2 import TransformerManager
from jupyter_client.session import Session
from traitlets import Instance
from traitlets.config import Config

from tinytorch_lab.runner.sandbox.outputs import Recorder

_SPECIAL_FORM = re.compile(r"\A\s*[!?%,;/]|=\s*[!%]|\?\s*\Z")
"""In a line: an escape at its start, a magic or a command that is assigned, a question mark at its end."""


class RecordingSession(Session):
    """Hands every message to the recorder."""

    def __init__(self, recorder: Recorder) -> None:
        super().__init__(key=b"")
        self._recorder = recorder

    def send(  # type: ignore[override]
        self, _stream: object, msg_or_type: Any, content: Any = None, *_: object, **__: object
    ) -> None:
        """Record a message; what belongs to a socket is of no use here."""
        if isinstance(msg_or_type, dict):
            self._recorder.message(msg_or_type["header"]["msg_type"], msg_or_type["content"])
        else:
            self._recorder.message(msg_or_type, content)


class CellCompiler(XCachingCompiler):
    """Names the code of each cell by its place, so that a traceback can be led back to the cell."""

    place = 0

    def get_code_name(self, _raw: str, _code: str, _number: int) -> str:
        """Return the file name that the running cell's code carries."""
        return cell_filename(self.place)


class CellTransformer(TransformerManager):
    """IPython's own, which reads a cell token by token only where one of its special forms can stand."""

    def __init__(self) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self._usual = list(self.token_transformers)

    def do_token_transforms(self, lines: list[str]) -> list[str]:
        """Return ``lines`` as Python: magics, system commands and requests for help become calls."""
        if self.token_transformers == self._usual and not any(map(_SPECIAL_FORM.search, lines)):
            return lines
        return list(super().do_token_transforms(lines))  # type: ignore[no-untyped-call]


class Shell(ZMQInteractiveShell):
    """Runs cells; what would end or block a kernel raises instead."""

    input_transformer_manager = Instance(CellTransformer, ())
    before_traceback: Callable[[], None] = staticmethod(lambda: None)

    def showtraceback(self, *arguments: Any, **options: Any) -> None:
        """Show the present exception once ``before_traceback`` has been told."""
        self.before_traceback()
        super().showtraceback(*arguments, **options)

    def _format_exception_for_storage(self, *_: object, **__: object) -> dict[str, Any]:
        """Draw no second traceback: the history of a run is kept for nobody."""
        return {}

    def enable_gui(self, gui: object = None) -> None:
        """Accept inline plots; there is no event loop for any other kind."""
        if gui not in (None, "inline", "agg"):
            raise UsageError(f"{gui} needs a window, and a notebook run in a sandbox has none")

    def should_run_async(self, raw_cell: str, *, transformed_cell: str = "", **options: Any) -> bool:
        """Tell whether the cell awaits something; one without either keyword need not be compiled to find out."""
        if "await" not in transformed_cell and "async" not in transformed_cell:
            return False
        return bool(super().should_run_async(raw_cell, transformed_cell=transformed_cell, **options))

    def ask_exit(self) -> NoReturn:
        """Take ``exit`` and ``quit`` as an exception in the cell: the cells after it still run."""
        raise SystemExit("the notebook asked its kernel to stop")


def cell_filename(place: int) -> str:
    """Return the file name of the code of the cell at ``place``, in the form ipykernel uses."""
    return f"/tmp/ipykernel_{os.getpid()}/{place}.py"


def make_shell(recorder: Recorder) -> Any:
    """Create the shell; what it shows goes to ``recorder``."""
    session = RecordingSession(recorder)
    config = Config()
    config.HistoryManager.enabled = False
    config.HistoryManager.hist_file = ":memory:"
    shell: Any = Shell.instance(config=config, compiler_class=CellCompiler)
    shell.displayhook.session = shell.display_pub.session = session
    shell.displayhook.topic = b"execute_result"
    shell.builtin_trap.activate()
    builtins.input = _no_input
    return shell


def _no_input(_prompt: object = "") -> NoReturn:
    raise StdinNotImplementedError("raw_input was called, but this frontend does not support input requests.")
