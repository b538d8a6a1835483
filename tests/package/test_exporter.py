"""What is exported, what is refused, and how it is said."""

import ast
import subprocess
import sys
from pathlib import Path

import pytest
from nbformat import NotebookNode

from tinytorch_lab.package.exporter import (
    ExportError,
    ExportResult,
    NotebookSource,
    check_package,
    export_package,
)

from .notebooks import DEFAULT, notebook, source


def exported(package: Path, *cells: str) -> str:
    export_package([source(DEFAULT, *cells)], package)
    return (package / "tensor.py").read_text(encoding="utf-8")


def complaints(
    package: Path, *cells: str, targets: tuple[str, ...] | None = None
) -> list[tuple[int | None, int | None, str]]:
    with pytest.raises(ExportError) as caught:
        export_package([source(*cells, targets=targets)], package)
    assert not list(package.glob("*.py")), "nothing may be written"
    return [(problem.cell, problem.line, problem.message) for problem in caught.value.problems]


def snapshot(folder: Path) -> dict[str, tuple[bytes, int]]:
    return {path.name: (path.read_bytes(), path.stat().st_mtime_ns) for path in folder.glob("*.py")}


@pytest.fixture
def package(tmp_path: Path) -> Path:
    return tmp_path / "tinytorch"


def test_exported_file_reads_as_documented(package: Path) -> None:
    text = exported(
        package, "%md # Tensor", "#| export\nimport numpy as np\n", "x = 1", "#| export\n\nclass Tensor:\n    pass\n"
    )
    assert text == (
        "# Generated from modules/01_tensor/01_tensor.ipynb; edit that, not this file.\n"
        '# Each "# %%" line says which cell, and which of its lines, the code below it is.\n'
        "\n"
        '__all__ = ["Tensor"]\n'
        "\n\n"
        "# %% cell 3 (id-3), line 2\n"
        "import numpy as np\n"
        "\n\n"
        "# %% cell 5 (id-5), lines 3-4\n"
        "class Tensor:\n"
        "    pass\n"
    )


def test_only_what_changed_is_written(package: Path) -> None:
    first, second = (
        source(DEFAULT, "#| export\nx = 1"),
        source("#| default_exp layers\n#| export\ny = 1", name="b.ipynb"),
    )
    assert export_package([first, second], package) == ExportResult(
        ("tinytorch/__init__.py", "tinytorch/layers.py", "tinytorch/tensor.py"), ()
    )
    before = snapshot(package)
    second.notebook.cells[0].source += "\nz = _w = 2"
    assert check_package([first, second], package) == ("tinytorch/__init__.py", "tinytorch/layers.py")
    assert snapshot(package) == before, "checking writes nothing"
    result = export_package([first, second], package)
    assert result == ExportResult(("tinytorch/__init__.py", "tinytorch/layers.py"), ("tinytorch/tensor.py",))
    assert snapshot(package)["tensor.py"] == before["tensor.py"], "content and time are kept"
    assert check_package([first, second], package) == ()


def test_modules_of_other_notebooks_are_left_alone(package: Path) -> None:
    export_package([source(DEFAULT, "#| export\nx = 1")], package)
    (package / "own.py").write_text("mine = True\n")
    before = snapshot(package)
    export_package([source("#| default_exp layers", "#| export\ny = 1", name="modules/03.ipynb")], package)
    after = snapshot(package)
    assert {name: after[name] for name in ("own.py", "tensor.py")} == {
        name: before[name] for name in ("own.py", "tensor.py")
    }


def test_a_file_somebody_wrote_is_never_replaced(package: Path) -> None:
    package.mkdir()
    (package / "tensor.py").write_text("precious = True\n")
    with pytest.raises(ExportError, match=r"tensor\.py: this file was not exported"):
        export_package([source(DEFAULT, "#| export\nx = 1")], package)
    assert [path.name for path in package.glob("*.py")] == ["tensor.py"]
    assert (package / "tensor.py").read_text() == "precious = True\n"


def test_an_empty_init_is_replaced_and_a_written_one_is_not(package: Path) -> None:
    package.mkdir()
    (package / "__init__.py").write_text("\n")
    exported(package, "#| export\nx = 1")
    (package / "__init__.py").write_text("version = 1\n")
    with pytest.raises(ExportError, match=r"__init__\.py"):
        exported(package, "#| export\nx = 2")
    assert "x = 1" in (package / "tensor.py").read_text()


def test_a_broken_cell_leaves_the_last_good_package(package: Path) -> None:
    good = [source(DEFAULT, "#| export\nx = 1"), source("#| default_exp layers", "#| export\ny = 1", name="b.ipynb")]
    export_package(good, package)
    before = snapshot(package)
    good[0].notebook.cells[1].source = "#| export\nx = 2"
    good[1].notebook.cells[1].source = "#| export\n\ndef f(:\n    pass"
    with pytest.raises(ExportError) as caught:
        export_package(good, package)
    assert str(caught.value) == "b.ipynb, cell 2, line 3: invalid syntax; correct the cell and export again."
    assert snapshot(package) == before


def test_all_problems_of_all_notebooks_are_collected(package: Path) -> None:
    first = source(DEFAULT, "#| export\nx = (", "#| export ../y\nx = 1", "#| export\n%time x\ny = !ls\nz = 1")
    second = source("#| export\nx = 1", name="b.ipynb")
    with pytest.raises(ExportError) as caught:
        export_package([first, second], package)
    found = [(problem.notebook[-8:], problem.cell, problem.line) for problem in caught.value.problems]
    assert found == [("or.ipynb", 2, 2), ("or.ipynb", 3, 1), ("or.ipynb", 4, 2), ("or.ipynb", 4, 3), ("b.ipynb", 1, 1)]
    assert str(caught.value).endswith("(4 more problems).")
    assert str(caught.value).count("\n") == 0


@pytest.mark.parametrize(
    ("cell", "line", "word"),
    [
        ("%matplotlib inline\nx = 1", 2, "%matplotlib"),
        ("x = 1\n!pip install torch", 3, "!pip"),
        ("files = !ls", 2, "files = !ls"),
        ("t = %timeit -o f()", 2, "%timeit"),
        ("x = 1\nx?", 3, "x?"),
        ("if True:\n    %time f()", 3, "%time"),
        ("%%time\nx = 1", 2, "%%time"),
        ("%%bash\nls (", 2, "%%bash"),
    ],
)
def test_notebook_syntax_names_its_line_and_the_remedy(package: Path, cell: str, line: int, word: str) -> None:
    ((number, at, message),) = complaints(package, DEFAULT, f"#| export\n{cell}")
    assert (number, at) == (2, line)
    assert word in message
    assert "move it to a cell without '#| export'" in message


def test_errors_beyond_syntax_are_collected_from_every_cell(package: Path) -> None:
    found = complaints(package, DEFAULT, "#| export\nreturn 1", "#| export\nx = 1", "#| export\n\nbreak")
    assert [place[:2] for place in found] == [(2, 2), (4, 3)]


def test_cell_magic_above_the_directive(package: Path) -> None:
    assert [found[:2] for found in complaints(package, DEFAULT, "%%time\n#| export\nx = 1")] == [(2, 1)]


@pytest.mark.parametrize(
    ("cell", "line", "word"),
    [
        ("return 1", 2, "outside function"),
        ("x = 1\nawait x", 3, "outside function"),
        ("def f(a, a): pass", 2, "duplicate argument"),
        ("    x = 1", 2, "unexpected indent"),
        ("if x:\n\tif x:\n        y = 1", 4, "inconsistent use of tabs"),
        ("x = '\ud800'", None, "cannot read the cell"),
        ("x = 1\x00", None, "null bytes"),
        ("\ufeffx = 1", 2, "U+FEFF"),
        ("x = 1 \\", 2, "unexpected EOF"),
        ("x = 1 \\\n\n", 2, "unexpected EOF"),
        ("x = " + "(" * 300 + ")" * 300, 2, "too many nested parentheses"),
        ("x = " + "-" * 100_000 + "1", None, "cannot read the cell"),
        ("from .tensor import Tensor", 2, "relative import"),
        ("def f():\n    from . import tensor", 3, "relative import"),
        ("from tinytorch import *", 2, "'from tinytorch.tensor import *'"),
        ("try:\n    from tinytorch import *\nfinally:\n    pass", 3, "name what is imported"),
        ("from . import *", 2, "relative import"),
        ("from __future__ import annotations; x = 1", 2, "on a line of its own"),
        ("from __future__ import braces", 2, "not a chance"),
    ],
)
def test_what_python_refuses_names_its_line(package: Path, cell: str, line: int | None, word: str) -> None:
    ((number, at, message),) = complaints(package, DEFAULT, f"#| export\n{cell}")
    assert (number, at) == (2, line)
    assert word in message


def test_cells_that_do_not_fit_together_are_a_problem(package: Path) -> None:
    ((cell, line, message),) = complaints(package, DEFAULT, "#| export\nx = 1", "#| export\n\nglobal x")
    assert (cell, line) == (3, 3)
    assert "assigned to before global declaration" in message


@pytest.mark.parametrize("name", ["../x", "a/b", "a.b", "1a", "class", "__init__", "Tensor", "x-y", "ténsor", "x y"])
@pytest.mark.parametrize("directive", ["#| default_exp {}", "#| default_exp tensor\n#| export {}"])
def test_a_bad_module_name_is_a_problem(package: Path, name: str, directive: str) -> None:
    ((cell, line, message),) = complaints(package, directive.format(name) + "\nx = 1", "#| export good\ny = 1")
    assert (cell, line) == (1, directive.count("\n") + 1)
    assert repr(name) in message
    assert not (package.parent / "x.py").exists()


def test_targets_bound_what_a_notebook_may_write(package: Path) -> None:
    cells = ("#| default_exp tensor", "#| export\nx = 1", "#| export layers\ny = 1")
    (found,) = complaints(package, *cells, targets=("setup", "tensor"))
    assert found == (3, 1, "this notebook exports to setup or tensor, not to layers; correct the directive")


@pytest.mark.parametrize(
    ("cells", "place", "word"),
    [
        (("#| export\nx = 1",), (1, 1), "default_exp"),
        (("#| default_exp\nx = 1",), (1, 1), "needs the name"),
        ((DEFAULT, "\n#| default_exp layers"), (2, 2), "keep one"),
        ((DEFAULT, "#| exporti\nx = 1"), (2, 1), "not supported"),
        ((DEFAULT, "# The tensor\n#| export\nx = 1"), (2, 2), "above the code"),
        ((DEFAULT, "x = 1\n#| export\n"), (2, 2), "above the code"),
        ((DEFAULT, "%matplotlib inline\n#| export\nx = 1"), (2, 2), "above the code"),
        ((DEFAULT, "files = !ls\nif files:\n    %time f()\n    x?\n#| export\n"), (2, 5), "above the code"),
        ((DEFAULT, "await x\n#| export\n"), (2, 2), "above the code"),
    ],
)
def test_a_directive_that_would_do_nothing_is_a_problem(
    package: Path, cells: tuple[str, ...], place: tuple[int, int], word: str
) -> None:
    ((cell, line, message),) = complaints(package, *cells)
    assert (cell, line) == place
    assert word in message


def test_two_notebooks_cannot_write_one_module(package: Path) -> None:
    with pytest.raises(ExportError, match=r"b\.ipynb, cell 2: tensor\.py is exported from a\.ipynb already"):
        export_package([source(DEFAULT, "#| export\nx = 1", name=name) for name in ("a.ipynb", "b.ipynb")], package)
    assert not package.exists()


def test_a_notebook_name_cannot_smuggle_code_in(package: Path) -> None:
    with pytest.raises(ExportError, match="rename the notebook"):
        export_package([source(DEFAULT, "#| export\nx = 1", name="a\nimport os\n.ipynb")], package)


def test_a_name_like_a_coding_cookie_is_a_problem_not_another_encoding(package: Path) -> None:
    with pytest.raises(ExportError, match="nonsense"):
        export_package([source(DEFAULT, "#| export\nx = 'é'", name="coding=nonsense.ipynb")], package)
    exported(package, "#| export\n# -*- coding: latin-1 -*-\nx = 'é'")
    assert _imported(package, "import tinytorch.tensor; print(ascii(tinytorch.tensor.x))") == "'\\xe9'"


def test_odd_notebooks_export_what_they_can(package: Path) -> None:
    odd = NotebookNode(
        cells=[NotebookNode(cell_type="code", source=["#| default_exp tensor\n", "#| export\n", "x = 1"])]
    )
    odd.cells += [NotebookNode(cell_type="raw", source="#| export\nnot code"), NotebookNode(cell_type="code")]
    odd.cells.append(NotebookNode(cell_type="code", source="#| export\ny = 1", id="no\nid"))
    export_package([NotebookSource("odd.ipynb", odd), NotebookSource("empty.ipynb", NotebookNode())], package)
    text = (package / "tensor.py").read_text()
    assert "# %% cell 1, line 3\nx = 1\n" in text
    assert "# %% cell 4, line 2\ny = 1\n" in text
    assert "not code" not in text


def test_what_is_not_exported_stays_out(package: Path) -> None:
    text = exported(
        package, "secret = 1", "%md #| export", "#| hide\nhidden = 1", "#| export\n", "#| hide\n#| export\nx = 1"
    )
    assert "secret" not in text
    assert "hidden" not in text
    assert text.count("# %% cell") == 1
    export_package([source("#| default_exp layers", "y = 1", name="none.ipynb")], package)
    assert not (package / "layers.py").exists()


def test_an_unfinished_piece_still_raises(package: Path) -> None:
    exported(
        package, "#| export\ndef f():\n    # YOUR CODE HERE\n    raise NotImplementedError()\n", "#| export\ny = 1"
    )
    code = "from tinytorch import f, y\ntry: f()\nexcept NotImplementedError: print(y)"
    assert _imported(package, code) == "1"


def test_directives_below_the_text_of_a_string_with_notebook_syntax_are_left_alone(package: Path) -> None:
    text = "%time f()\ntext = '''\n!ls\n#| export\n'''"
    exported(package, "#| export\nx = 1", text)


def test_solution_markers_are_dropped_except_inside_strings(package: Path) -> None:
    cell = (
        "#| export\ndef f():\n    ### BEGIN SOLUTION\n    return 1\n    ### END SOLUTION\n"
        'text = """\n### BEGIN SOLUTION\n"""\nx = 1  ### END SOLUTION\n### END SOLUTION'
    )
    text = exported(package, cell)
    assert "lines 2-9 without 3, 5\n" in text
    assert text.endswith('def f():\n    return 1\ntext = """\n### BEGIN SOLUTION\n"""\nx = 1  ### END SOLUTION\n')


def test_directive_like_lines_in_strings_are_text(package: Path) -> None:
    text = exported(package, '#| export\nx = """\n#| export layers\n#| default_exp y\n"""', 'z = """\n#| export\n"""')
    assert '"""\n#| export layers\n#| default_exp y\n"""' in text
    assert sorted(path.name for path in package.glob("*.py")) == ["__init__.py", "tensor.py"]


def test_future_imports_and_docstring_come_first(package: Path) -> None:
    text = exported(
        package,
        '#| export\n"""The tensor."""\nimport os',
        "#| export\n# typing\nfrom __future__ import (\n    annotations,\n)\n\nx = 1",
    )
    tree = ast.parse(text)
    assert ast.get_docstring(tree) == "The tensor."
    assert [type(node).__name__ for node in tree.body] == ["Expr", "ImportFrom", "Assign", "Import", "Assign"]
    assert "# %% cell 3 (id-3), lines 2-7 without 3, 4, 5\n# typing\n\nx = 1\n" in text
    assert _imported(package, "import tinytorch.tensor as t; print(t.x, t.__doc__)") == "1 The tensor."


@pytest.mark.parametrize(
    "cell",
    [
        "# only a comment",
        "x = 1; y = 2;",
        "@staticmethod\ndef f(): pass",
        "from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    from tinytorch.layers import Linear",
        "if True:\n\tx = 1",
        "π = 3.14; text = '日本 \\u2028'",
        "text = 'a\u2028b\x0cc\x85d'\nx = 1",
        "x = 1 + \\\n    2",
        "def f():\n    '''from tinytorch.layers import Linear'''\n",
        "x = f'''\n{1 +\n1}\n'''",
        "x = r'\\d'; y = '\\d'; z = 1 is 1",
        "x = 1  # %% cell 9 (id), line 2\n# %% cell 9 (id), line 2\ny = 1",
    ],
)
@pytest.mark.parametrize("newline", ["\n", "\r\n", "\r"])
def test_a_cell_means_in_the_package_what_it_means_in_the_notebook(package: Path, cell: str, newline: str) -> None:
    text = exported(package, f"#| export\n{cell}".replace("\n", newline))
    body = text.split("# %% cell 2 (id-2)", 1)[1].split("\n", 1)[1]
    assert "\r" not in text
    assert body.rstrip("\n") == cell.rstrip("\n").replace(
        "    from tinytorch.layers import L", "    from .layers import L"
    )


def test_the_later_definition_wins_within_a_module(package: Path) -> None:
    text = exported(package, "#| export\ndef f(): return 1", "#| export\ndef f(): return 2")
    assert '__all__ = ["f"]' in text
    assert _imported(package, "import tinytorch; print(tinytorch.f())") == "2"


def test_all_holds_public_names_that_exist(package: Path) -> None:
    text = exported(
        package,
        "#| export\nA, (B, c) = 1, (2, 3)\n_private = D = 4\nE: int = 5\nF: int\nA += 1\nnp.x = 1\n[G, *H] = 1, 2",
        "#| export\nclass K: inner = 1\nasync def run(): pass\ndef _hidden(): pass\nL = 1\ndel L\nif True:\n    M = 1",
    )
    assert '__all__ = ["A", "D", "E", "G", "K", "run"]' in text


def _imported(package: Path, code: str) -> str:
    run = subprocess.run(
        [sys.executable, "-W", "error", "-c", code], cwd=package.parent, capture_output=True, text=True
    )
    assert run.returncode == 0, run.stderr
    return run.stdout.strip()


def test_notebooks_are_not_changed(package: Path) -> None:
    cells = (DEFAULT, "#| export\n### BEGIN SOLUTION\nfrom tinytorch.x import y\n### END SOLUTION\r\n")
    given = source(*cells)
    export_package([given], package)
    assert given.notebook == notebook(*cells)
