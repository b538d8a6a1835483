"""A run gives the outputs that Jupyter's own kernel gives."""

import re
from pathlib import Path
from typing import Any

import nbformat
import pytest
from nbclient import NotebookClient
from nbformat.v4 import new_code_cell, new_notebook

from tinytorch_lab.runner.contract import CellResult, Job
from tinytorch_lab.runner.notebook import cells_of
from tinytorch_lab.runner.pool import LocalExecutor

CELLS = (
    "1 + 1",
    "x = 5",
    "x;",
    "",
    "# only a comment",
    "None",
    "print('a'); print('b', end=''); 'value'",
    "import sys\nprint('out')\nprint('err', file=sys.stderr)\nprint('out again')",
    "_, __, _3, In[1], Out[1]",
    "import numpy as np\nnp.arange(12).reshape(3, 4)",
    "np.array([1.0]) / np.array([0.0])",
    "import warnings\nwarnings.warn('careful')",
    "from IPython.display import HTML, JSON, Latex, Markdown, clear_output, display\nHTML('<b>bold</b>')",
    "display(Markdown('# Title'), Latex('$x$'))\nJSON({'a': [1, None, 1.5]})",
    "display(1)\nprint('between')\ndisplay(2)",
    "handle = display('first', display_id='here')\nhandle.update('second')",
    "print('gone')\nclear_output()\nprint('stays')",
    "print('old')\nclear_output(wait=True)\nprint('new')",
    "display({'text/plain': 'raw', 'application/x-own+json': {'k': 1}}, raw=True, metadata={'m': 1})",
    "class Rich:\n    def _repr_html_(self):\n        return '<i>i</i>'\nRich()",
    "class Broken:\n    def __repr__(self):\n        raise ValueError('no repr')\nBroken()",
    "1 / 0",
    "def f(n):\n    return g(n)\ndef g(n):\n    raise KeyError(n)\nf('k')",
    "try:\n    1 / 0\nexcept ZeroDivisionError as error:\n    raise RuntimeError('chained') from error",
    "import json\njson.loads('{')",
    "for i in range(3:\n    pass",
    "  indented = 1\nx",
    "undefined_name",
    "raise NotImplementedError()",
    "assert x == 6, 'x is not 6'",
    "np.testing.assert_allclose([1.0, 2.0], [1.0, 3.0])",
    "import sys\nsys.exit(3)",
    "input('name? ')",
    "%time y = 1",
    "%%capture captured\nprint('hidden')",
    "captured.stdout",
    "%who_ls int",
    "%precision 3\n3.14159265",
    "x?",
    "%lsmagic_that_is_not_there",
    "await __import__('asyncio').sleep(0, 'awaited')",
    "import logging\nlogging.warning('to stderr')",
    "from pprint import pprint\npprint({'a': list(range(30))})",
    "%matplotlib inline\nimport matplotlib.pyplot as plt\nplt.plot([1, 2, 3])\nplt.title('lines');",
    "fig, ax = plt.subplots(figsize=(2, 1))\nax.bar([1, 2], [3, 4])\nplt.show()\nprint('after')",
    "fig",
    "get_ipython().run_cell_magic('capture', '', 'pass')\nget_ipython().execution_count",
    "import threading\nthread = threading.Thread(target=print, args=('from a thread',))\nthread.start(); thread.join()",
    "lambda: 0",
    "(n for n in range(3))",
)  # fmt: skip


_VARYING = re.compile(r"0x[0-9a-f]+|ipykernel_\d+/\d+\.py|\d+\.py|[\d.]+(e\+\d+)? ([nmµμ]|\\u03bc)?s\b")


@pytest.fixture(scope="module")
def expected() -> list[list[dict[str, Any]]]:
    """The outputs of a real kernel."""
    notebook = new_notebook(cells=[new_code_cell(source) for source in CELLS])
    NotebookClient(notebook, kernel_name="python3", allow_errors=True, timeout=60).execute()
    return [_plain(cell.outputs) for cell in notebook.cells]


def _plain(outputs: list[Any]) -> list[dict[str, Any]]:
    """Drop what no two runs share; a kernel may cut a stream anywhere and swap its two streams."""
    found: list[dict[str, Any]] = []
    for output in outputs:
        text = nbformat.writes(nbformat.v4.new_notebook(cells=[new_code_cell(outputs=[nbformat.from_dict(output)])]))
        output = nbformat.reads(_VARYING.sub("~", text.replace(str(Path.home()), "~")), 4)
        output = dict(output.cells[0].outputs[0])
        if "traceback" in output:
            output["traceback"] = [line for line in output["traceback"] if "ipykernel/kernelbase.py" not in line]
        same = [item for item in found if item.get("name", "") == output.get("name")]
        if same:
            same[0]["text"] += output["text"]
        else:
            found.append(output)
    return found


def test_outputs_equal_those_of_a_kernel(executor: LocalExecutor, expected: list[list[dict[str, Any]]]) -> None:
    notebook = new_notebook(cells=[new_code_cell(source) for source in CELLS])
    *results, end = executor.submit(Job(cells_of(notebook, lambda _: "student")))
    assert end.integrity == "ok"
    got = [_plain(list(result.outputs)) for result in results if isinstance(result, CellResult)]
    for source, ours, theirs in zip(CELLS, got, expected, strict=True):
        assert ours == theirs, source
