"""Which module of the package uses which names of which other."""

import ast
from collections import defaultdict
from collections.abc import Mapping
from pathlib import Path

from tinytorch_lab.package.facade import Outline, course_order, read_outline
from tinytorch_lab.package.imports import PACKAGE, imported_module
from tinytorch_lab.package.storage import read_modules

Dependencies = Mapping[str, Mapping[str, frozenset[str]]]
"""``dependencies[module][other]`` are the names that ``module`` takes from ``other``; ``*`` stands for all."""


def read_dependencies(package: Path) -> Dependencies:
    """Return the dependencies between the exported modules in the folder ``package``."""
    texts = read_modules(package)
    outlines = {module: outline for module, text in texts.items() if (outline := read_outline(text)) is not None}
    homes = _homes(outlines)
    return {module: _uses(texts[module], homes) for module in outlines}


def _homes(outlines: Mapping[str, Outline]) -> dict[str, str]:
    """Return which module ``tinytorch.NAME`` comes from; a module's own name leads to itself."""
    homes = {module: module for module in outlines}
    for module in course_order(outlines):
        homes = dict.fromkeys(outlines[module].names, module) | homes
    return homes


def _uses(text: str, homes: Mapping[str, str]) -> dict[str, frozenset[str]]:
    reader = _Reader(homes)
    try:
        reader.visit(ast.parse(text))
    except SyntaxError:  # edited by hand; the next export mends it
        return {}
    reader.resolve_attributes()
    return {module: frozenset(names) for module, names in sorted(reader.uses.items())}


class _Reader(ast.NodeVisitor):
    """Collects imports, and attributes like ``tensor.Tensor`` of modules imported whole."""

    def __init__(self, homes: Mapping[str, str]) -> None:
        self.homes = homes
        self.uses: dict[str, set[str]] = defaultdict(set)
        self.modules: dict[str, str] = {}
        """Dotted text to the module it means; the package itself is ``""``."""
        self.attributes: list[tuple[str, str]] = []

    def visit_ImportFrom(self, node: ast.ImportFrom) -> None:
        module = (node.module or "") if node.level else imported_module(node.module)
        for alias in node.names:
            if module:
                self.uses[module].add(alias.name)
            elif module == "" and alias.name in self.homes:
                self._use_of_package(alias.name, alias.asname or alias.name)

    def visit_Import(self, node: ast.Import) -> None:
        for alias in node.names:
            module = imported_module(alias.name)
            if module:
                self.uses.setdefault(module, set())
                self.modules[alias.asname or alias.name] = module
            if module is not None and (alias.asname is None or not module):
                self.modules[alias.asname or PACKAGE] = ""

    def visit_Attribute(self, node: ast.Attribute) -> None:
        parts: list[str] = []
        owner = node.value
        while isinstance(owner, ast.Attribute):
            parts.insert(0, owner.attr)
            owner = owner.value
        if isinstance(owner, ast.Name):
            self.attributes.append((".".join([owner.id, *parts]), node.attr))
        self.generic_visit(node)

    def resolve_attributes(self) -> None:
        """Turn the collected attributes into uses, once all imports are known."""
        for owner, name in sorted(self.attributes, key=lambda item: item[0].count(".")):
            module = self.modules.get(owner)
            if module:
                self.uses[module].add(name)
            elif module == "" and name in self.homes:
                self._use_of_package(name, f"{owner}.{name}")

    def _use_of_package(self, name: str, bound: str) -> None:
        module = self.homes[name]
        if module == name:
            self.uses.setdefault(module, set())
            self.modules[bound] = module
        else:
            self.uses[module].add(name)
