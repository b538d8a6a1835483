"""Run the cells that the trusted side sends, one after another, until it closes the connection."""

import json
import marshal
import signal
import sys
import time
import tracemalloc
from collections.abc import Callable
from types import FrameType
from typing import Any, NoReturn

from tinytorch_lab.runner.sandbox.channel import Channel
from tinytorch_lab.runner.sandbox.failures import describe
from tinytorch_lab.runner.sandbox.guard import Guard
from tinytorch_lab.runner.sandbox.outputs import Recorder, Stream
from tinytorch_lab.runner.sandbox.recording import ProbeRecorder

_encode = json.JSONEncoder(separators=(",", ":")).encode
_exec, _load = exec, marshal.loads
_set_handler, _set_timer, _now = signal.signal, signal.setitimer, time.monotonic
_start_trace, _stop_trace, _peak = tracemalloc.start, tracemalloc.stop, tracemalloc.get_traced_memory

_DESCRIBING_SECONDS = 1.0
_REPEAT_SECONDS = 0.15
"""The alarm comes again, for code that catches everything once."""

Message = dict[str, Any]


class CellTimeout(KeyboardInterrupt):
    """The cell has used up its time."""


class CellRunner:
    """Runs the cells of one notebook in one shell."""

    def __init__(self, shell: Any, recorder: Recorder, guard: Guard, channel: Channel) -> None:
        self._shell, self._recorder, self._guard, self._channel = shell, recorder, guard, channel
        self._probes = ProbeRecorder(channel)
        self._count = 1
        self._timeout: CellTimeout | None = None
        self._deadline = 0.0
        shell.before_traceback = self._time_for_traceback
        self._streams = Stream("stdout", recorder), Stream("stderr", recorder)
        sys.stdout, sys.stderr = self._streams

    def run(self) -> None:
        """Serve cells until the other side hangs up."""
        while (message := self._channel.receive()) is not None:
            self._run_cell(*message)

    def _run_cell(self, header: Message, raw: bytes) -> None:
        test = header["kind"] == "test"
        self._recorder.restart(header["output_bytes"])
        report: Message = {"end": header["token"], "status": "ok", "count": self._count, "peak": 0, "replaced": []}
        self._timeout, self._deadline = None, _now() + header["seconds"]
        try:
            _set_handler(signal.SIGALRM, self._time_is_up)
            _set_timer(signal.ITIMER_REAL, header["seconds"], _REPEAT_SECONDS)
            run: Callable[[Message, bytes, Message], None] = self._run_test if test else self._run_student
            run(header, raw, report)
            _set_timer(signal.ITIMER_REAL, 0)
        except CellTimeout as error:
            _set_timer(signal.ITIMER_REAL, 0)
            report |= {"status": "error", "failure": report.get("failure") or self._describe(error)}
        self._count += header.get("names") is None
        outputs = self._recorder.take()
        self._channel.send(f'{_encode(report)[:-1]},"outputs":{outputs}}}')

    def _run_student(self, header: Message, raw: bytes, report: Message) -> None:
        shell = self._shell
        shell.compile.place, shell.execution_count = header["place"], self._count
        try:
            result = shell.run_cell(raw.decode("utf-8", "replace"), store_history=True)
            error = result.error_before_exec or result.error_in_exec
        except CellTimeout:
            raise
        except BaseException as escaped:
            error = escaped
        if error is not None:
            report |= self._failed(error)

    def _run_test(self, header: Message, raw: bytes, report: Message) -> None:
        report["replaced"] = self._guard.restore()
        sys.stdout, sys.stderr = self._streams
        report["replaced"] += self._probes.start(header["token"], header["seed"])
        namespace = self._shell.user_ns
        code = _load(raw)
        try:
            if header["names"] is not None:
                _exec(code, namespace, header["names"])
            else:
                _start_trace()
                _exec(code, namespace)
        except BaseException as error:
            report |= self._failed(error)
            # What the course's own test left replaced when it failed must not be blamed on the next cell.
            self._guard.restore()
        self._probes.finish()
        report["peak"] = _peak()[1]
        _stop_trace()

    def _failed(self, error: BaseException) -> Message:
        """Return what a report says of ``error``; its text is student code and gets a little time of its own."""
        _set_timer(signal.ITIMER_REAL, _DESCRIBING_SECONDS)
        return {"status": "error", "failure": self._describe(error)}

    def _describe(self, error: BaseException) -> dict[str, Any]:
        """Describe ``error``; of several timeouts the first, for the later ones struck while that one was shown."""
        return describe(self._timeout if self._timeout and isinstance(error, CellTimeout) else error)

    def _time_for_traceback(self) -> None:
        """Let IPython show why the cell failed until a little after the cell's time, however often it is asked to."""
        left = self._deadline + _DESCRIBING_SECONDS - _now()
        if left > 0:
            _set_timer(signal.ITIMER_REAL, left, _REPEAT_SECONDS)

    def _time_is_up(self, _number: int, _frame: FrameType | None) -> NoReturn:
        error = CellTimeout("the time for this cell is over")
        self._timeout = self._timeout or error
        raise error
