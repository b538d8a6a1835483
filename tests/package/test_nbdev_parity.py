"""The same notebooks give the same code through nbdev's own exporter."""

import ast
from pathlib import Path

import nbformat
import pytest
from nbdev.export import nb_export
from nbformat import NotebookNode

from tinytorch_lab.curriculum.library import find_library
from tinytorch_lab.package.exporter import NotebookSource, export_package

from .notebooks import notebook

LIBRARY = find_library(Path(__file__).parent)

CRAFTED = {
    "plain": ["#| default_exp tensor", "#| export\nimport numpy as np\nA = 1", "x = 1", "#| export\ndef f(): return A"],
    "spacing": [
        "#|default_exp tensor",
        "#|export\nA = 1",
        " # | export\nB = 1",
        "\n\n#|  export\n\n\nC = 1",
        "#| export: true\nD = 1",
    ],
    "hidden": [
        "#| hide\n#| default_exp tensor",
        "#| hide\n#| export\nA = 1",
        "#| export\n#| hide\nB = 1",
        "#| hide\nC = 1",
    ],
    "default last": ["#| export\nA = 1", "#| default_exp tensor"],
    "two modules": ["#| default_exp tensor", "#| export setup\nA = 1", "#| export\nB = 1", "#| export setup\nC = A"],
    "comments": [
        "#| default_exp tensor",
        "#| export\n# nothing but this",
        "#| export\n# above\nA = 1  # beside\n# below",
    ],
    "future": ["#| default_exp tensor", "#| export\nfrom __future__ import annotations\nimport os", "#| export\nA = 1"],
    "imports": [
        "#| default_exp tensor",
        "#| export\nfrom tinytorch.layers import Linear, \\\n    Module\nfrom tinytorch import setup",
        "#| export\nimport tinytorch\nimport tinytorch.layers\nfrom tinytorch.layers import (\n    Linear as L,\n)",
        '#| export\ndef f():\n    "from tinytorch.layers import Linear"\n    from numpy import array\n    return array',
    ],
    "strings": [
        "#| default_exp tensor",
        '#| export\nA = """\n#| export\n#| default_exp other\n"""',
        "B = '''\n#| hide\n'''",
    ],
    "names": [
        "#| default_exp tensor",
        "#| export\nA, B = 1, 2\nC = D = 3\n_E = 4\nF: int = 5\nF += 1\nobject.x = 1",
        "#| export\nclass G: H = 1\nasync def i(): pass\ndef _j(): pass\nif A:\n    K = 1",
        "#| export\ndef A(): pass",
    ],
    "text": [
        "#| default_exp tensor",
        "#| export\nπ = '日本'; x = 1 + \\\n  2;",
        "#| export\nif π:\n\ty = 1",
        "#| export\nz='a\\\nb'",
    ],
    "decorated": [
        "#| default_exp tensor",
        "#| export\nimport functools\n\n\n@functools.cache\n# between\ndef f(): return 1",
    ],
    "windows": [
        "#| default_exp tensor\r\n",
        "#| export\r\nA = '''\r\nb'''\r\nclass C:\r\n    def f(self):\r\n        return 1\r\n",
    ],
    "markdown": ["%md # Title\n\ntext", "#| default_exp tensor", "%md #| export", "#| export\nA = 1"],
    "unknown directives": ["#| default_exp tensor", "#| eval: false\n#| export\nA = 1", "#| echo: false\nB = 1"],
}


def check(notebook: NotebookNode, folder: Path, exports: tuple[str, ...]) -> None:
    """Export ``notebook`` both ways and compare what Python would run."""
    ours, theirs = folder / "ours" / "tinytorch", folder / "theirs" / "tinytorch"
    export_package([NotebookSource("notebook.ipynb", notebook)], ours)
    theirs.mkdir(parents=True)
    for module in exports[:-1]:  # nbdev appends to a module other than the default one, and wants it to exist
        (theirs / f"{module}.py").write_text("__all__ = []\n")
    nbformat.write(notebook, folder / "notebook.ipynb")
    nb_export(str(folder / "notebook.ipynb"), lib_path=str(theirs))
    assert {path.stem for path in ours.glob("*.py")} == {*exports, "__init__"}
    for module in exports:
        code, names = parsed(ours / f"{module}.py")
        assert (code, names) == parsed(theirs / f"{module}.py"), module


def parsed(path: Path) -> tuple[str, set[str]]:
    """Return a dump of the file's code without ``__all__``, and the names in ``__all__``."""
    tree = ast.parse(path.read_bytes())
    names: set[str] = set()
    for node in list(tree.body):
        if isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) == "__all__":
            names |= set(ast.literal_eval(node.value))
            tree.body.remove(node)
    for node in ast.walk(tree):
        # nbdev leaves imports inside functions absolute.
        if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("tinytorch."):
            node.module, node.level = (node.module or "").removeprefix("tinytorch."), 1
    return ast.dump(tree, indent=1), names


@pytest.mark.parametrize("name", CRAFTED)
def test_crafted_notebook(name: str, tmp_path: Path) -> None:
    cells = notebook(*CRAFTED[name])
    check(cells, tmp_path, ("setup", "tensor") if name == "two modules" else ("tensor",))


@pytest.mark.parametrize("module", LIBRARY.available_modules(), ids=lambda module: module.name)
@pytest.mark.parametrize("release", ["instructor", "student"])
def test_module_of_the_curriculum(module: object, release: str, tmp_path: Path) -> None:
    info = LIBRARY.course.find(getattr(module, "name", ""))
    check(getattr(LIBRARY, release)(info), tmp_path, info.exports)


def test_nbdev_keeps_a_broken_cell_and_we_do_not(tmp_path: Path) -> None:
    """The reason for having an exporter of our own; when this fails, nbdev has mended it."""
    broken = notebook("#| default_exp tensor", "#| export\ndef f(:")
    nbformat.write(broken, tmp_path / "notebook.ipynb")
    nb_export(str(tmp_path / "notebook.ipynb"), lib_path=str(tmp_path / "tinytorch"))
    with pytest.raises(SyntaxError):
        ast.parse((tmp_path / "tinytorch" / "tensor.py").read_text())
