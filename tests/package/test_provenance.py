"""Every line of the package leads back to its cell, and the same notebooks give the same bytes."""

import ast
import random
import string
import traceback
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tinytorch_lab.package.exporter import NotebookSource, export_package
from tinytorch_lab.package.provenance import CellPlace, locate

from .notebooks import DEFAULT, source

NOTEBOOK = "modules/01_tensor/01_tensor.ipynb"
FRAGMENTS = [
    "x{n} = {n}",
    "def f{n}():\n    ### BEGIN SOLUTION\n    return {n}\n    ### END SOLUTION",
    "class C{n}:\n\n    # c\n\n    def m(self):\n        return {n}",
    "# only a comment {n}",
    "",
    "   ",
    "t{n} = '''\n### BEGIN SOLUTION\n# %% cell 1 (id-1), lines 1-{n}\n\n#| export\n'''",
    "# %% cell {n} (id-{n}), lines 2-40 without 3",
    "from __future__ import annotations",
    "from tinytorch.layers import (\n    L{n},\n)",
    "### END SOLUTION",
    "@staticmethod\n\n\ndef g{n}(): pass",
    "__all__ = ['x{n}']",
]


@st.composite
def cells(draw: st.DrawFn) -> str:
    """Return an exported cell made of fragments; ``__future__`` imports, if any, come first as Python wants."""
    chosen = draw(st.lists(st.sampled_from(FRAGMENTS), max_size=6))
    chosen.sort(key=lambda fragment: "__future__" not in fragment)
    body = "\n".join(fragment.replace("{n}", str(draw(st.integers(0, 99)))) for fragment in chosen)
    above = draw(st.sampled_from(["", "\n", "#| hide\n", "\n#| hide\n\n"]))
    target = draw(st.sampled_from(["", " setup"]))
    newline = draw(st.sampled_from(["\n", "\r\n"]))
    return f"{above}#|{draw(st.sampled_from(['', ' ']))}export{target}\n{body}".replace("\n", newline)


@settings(max_examples=150, deadline=None)
@given(st.lists(cells() | st.just("plain = 1"), min_size=1, max_size=6))
def test_every_code_line_of_every_cell_maps_back(texts: list[str]) -> None:
    with TemporaryDirectory() as folder:
        package = Path(folder) / "tinytorch"
        given_source = source(DEFAULT, *texts)
        export_package([given_source], package)
        found: dict[int, set[int]] = {}
        for file in package.glob("*.py"):
            for number, line in enumerate(file.read_bytes().decode().split("\n"), 1):
                place = locate(package, str(file), number)
                if place is None:
                    continue
                original = _lines(given_source, place.cell)[place.line - 1]
                assert line == original.replace("from tinytorch.", "from .")
                assert (place.notebook, place.cell_id) == (NOTEBOOK, f"id-{place.cell}")
                assert place.line not in found.setdefault(place.cell, set()), "no line is exported twice"
                found[place.cell].add(place.line)
        for number, text in enumerate(texts, 2):
            assert _code_lines(text) <= found.get(number, set())
            assert number in found or not _code_lines(text)


@settings(max_examples=40, deadline=None)
@given(st.lists(cells(), min_size=1, max_size=4), st.randoms(use_true_random=False))
def test_the_same_notebooks_give_the_same_bytes(texts: list[str], order: random.Random) -> None:
    sources = [
        source(f"#| default_exp m{number}", text.replace(" setup", f" s{number}")) for number, text in enumerate(texts)
    ]
    sources = [NotebookSource(f"modules/{number}.ipynb", item.notebook) for number, item in enumerate(sources)]
    with TemporaryDirectory() as one, TemporaryDirectory() as other:
        export_package(sources, Path(one))
        order.shuffle(sources)
        for item in sources:
            export_package([item], Path(other))
        assert _contents(Path(one)) == _contents(Path(other))


def test_a_traceback_leads_to_the_cell(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    cell = "#| export\n\ndef fail():\n    ### BEGIN SOLUTION\n    value = 0\n    return 1 / value\n    ### END SOLUTION"
    package = tmp_path / "tinytorch"
    export_package([source(DEFAULT, "x = 1", cell)], package)
    scope: dict[str, object] = {}
    file = str(package / "tensor.py")
    exec(compile(Path(file).read_text(), file, "exec"), scope)
    fail = scope["fail"]
    assert callable(fail)
    with pytest.raises(ZeroDivisionError) as caught:
        fail()
    line = traceback.extract_tb(caught.tb)[-1].lineno
    assert line is not None
    expected = CellPlace(NOTEBOOK, 3, "id-3", 6)
    assert locate(package, file, line) == expected
    assert locate(package, "tensor.py", line) == expected
    assert locate(package, "tinytorch/tensor.py", line) == expected
    monkeypatch.chdir(tmp_path)
    assert locate(Path("tinytorch"), file, line) == expected


def test_lines_of_nobody_lead_nowhere(tmp_path: Path) -> None:
    package = tmp_path / "tinytorch"
    export_package([source(DEFAULT, "#| export\nx = 1")], package)
    text = (package / "tensor.py").read_text()
    code = text.split("\n").index("x = 1") + 1
    assert [number for number in range(-1, 40) if locate(package, "tensor.py", number)] == [code]
    (package / "own.py").write_text(text.split("\n", 1)[1])
    (tmp_path / "tensor.py").write_text(text)
    for file in ("own.py", "absent.py", "__init__.py", str(tmp_path / "tensor.py"), "../tensor.py", "<stdin>", "/"):
        assert locate(package, file, code) is None, file


def _lines(given_source: NotebookSource, number: int) -> list[str]:
    text: str = given_source.notebook.cells[number - 1].source
    return text.replace("\r\n", "\n").split("\n")


def _code_lines(text: str) -> set[int]:
    """Return the lines Python itself finds statements of an exported cell on."""
    if "export" not in text:
        return set()
    tree = ast.parse(text)
    return {line for node in tree.body for line in (node.lineno, node.end_lineno) if line is not None}


def _contents(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.glob("*.py")}


def test_cell_ids_of_any_kind_survive(tmp_path: Path) -> None:
    given_source = source(DEFAULT, "#| export\nx = 1")
    for cell_id in ["a" * 64, "-_-", "0", string.ascii_letters, "(x), lines 1-9"]:
        given_source.notebook.cells[1]["id"] = cell_id
        export_package([given_source], tmp_path)
        line = (tmp_path / "tensor.py").read_text().split("\n").index("x = 1") + 1
        place = locate(tmp_path, "tensor.py", line)
        assert place == CellPlace(NOTEBOOK, 2, None if "(" in cell_id else cell_id, 2)
