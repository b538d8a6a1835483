"""Taking a shell along the paths that every run takes, before the first child is forked from it.

Python adapts code that has run a few times, and keeps a table of lines for code that was traced by line; tracemalloc,
which wants the line of every allocation, then needs no search. Children inherit both.
"""

import marshal
import socket
import sys
from typing import Any

from tinytorch_lab.runner.frames import pack
from tinytorch_lab.runner.sandbox.cells import CellRunner
from tinytorch_lab.runner.sandbox.channel import Channel
from tinytorch_lab.runner.sandbox.guard import Guard
from tinytorch_lab.runner.sandbox.outputs import Recorder

_ROUNDS = 4
_CELLS = (
    "import numpy\nnumpy.zeros(2)",
    "class A:\n    def f(self):\n        return numpy.tanh(self.x)",
    "print('a')",
)
_FAILING_CELLS = (
    "import numpy\nnumpy.testing.assert_allclose(1, 2)",
    "import json\njson.loads('{')",
    "class A:\n    def f(self):\n        return self.x\nA().f()",
    "def f(:",
)
_TEST = """
import sys
import numpy as np
from tinytorch_lab.probes import probe, raises, rng

def trace(*_):
    return trace

def test():
    x = rng.normal(size=(4, 3))
    np.testing.assert_allclose(x @ x.T, (x @ x.T).T)
    np.testing.assert_allclose(x.sum(axis=1, keepdims=True), x @ np.ones((3, 1)), rtol=1e-5)
    np.testing.assert_array_equal(x.reshape(-1), x.ravel())
    assert np.allclose(x.astype(np.float32), x, atol=1e-3)
    probe("array", x)
    probe("list", [x.mean(), x.shape, float(x.max()), "text", True, None])
    probe("error", raises(lambda: 1 // 0))

sys.settrace(trace)
test()
sys.settrace(None)
test()
assert False
"""


def warm_up(shell: Any, recorder: Recorder, guard: Guard) -> None:
    """Run some cells and tests in ``shell``; no name and no output of theirs stays."""
    names = set(shell.user_ns)
    streams = sys.stdout, sys.stderr
    for source in _CELLS * _ROUNDS + _FAILING_CELLS:
        recorder.restart(1 << 20)
        shell.run_cell(source, store_history=False)
    _run_tests(shell, recorder, guard)
    sys.stdout, sys.stderr = streams
    shell.displayhook.flush()
    shell.history_manager.reset(new_session=False)
    for name in set(shell.user_ns) - names:
        del shell.user_ns[name]
    shell.execution_count = 1
    recorder.restart(0)


def _run_tests(shell: Any, recorder: Recorder, guard: Guard) -> None:
    code = marshal.dumps(compile(_TEST, "<test 0>", "exec"))
    header = {"kind": "test", "place": 0, "token": 0, "seed": [1], "names": None, "seconds": 60, "output_bytes": 1000}
    ours, theirs = socket.socketpair()
    with ours, theirs:
        for _ in range(_ROUNDS):
            ours.sendall(pack(header, code))
        ours.shutdown(socket.SHUT_WR)
        CellRunner(shell, recorder, guard, Channel(theirs.fileno())).run()
