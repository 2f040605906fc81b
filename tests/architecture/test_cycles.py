"""No import cycle between modules, imports inside functions included."""

from __future__ import annotations

import ast
from collections.abc import Iterator, Mapping
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
FILES = sorted(file for package in ("gatecli", "admission") for file in (ROOT / package).rglob("*.py"))


def module_of(file: Path) -> str:
    parts = file.relative_to(ROOT).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


MODULES = {module_of(file): file for file in FILES}


def imported(tree: ast.Module) -> Iterator[str]:
    """Modules of ours that a module imports; a package is not imported for the sake of a module in it."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names if alias.name in MODULES)
        elif isinstance(node, ast.ImportFrom) and node.module in MODULES:
            for alias in node.names:
                inner = f"{node.module}.{alias.name}"
                yield inner if inner in MODULES else node.module


def find_cycle(graph: Mapping[str, set[str]]) -> list[str]:
    try:
        TopologicalSorter(graph).prepare()
    except CycleError as error:
        cycle: list[str] = error.args[1]
        return cycle
    return []


def without_type_checking(tree: ast.Module) -> ast.Module:
    """The module without what only a type checker imports."""
    tree.body = [
        node
        for node in tree.body
        if not (isinstance(node, ast.If) and "TYPE_CHECKING" in ast.unparse(node.test))
    ]
    return tree


def test_no_module_leads_back_to_itself() -> None:
    graph = {
        name: set(imported(without_type_checking(ast.parse(file.read_text("utf-8"))))) - {name}
        for name, file in MODULES.items()
    }
    assert find_cycle(graph) == []


@pytest.mark.parametrize(
    ("graph", "is_cyclic"), [({"a": {"b"}, "b": {"a"}}, True), ({"a": {"b"}, "b": set()}, False)]
)
def test_a_cycle_is_found(graph: dict[str, set[str]], *, is_cyclic: bool) -> None:
    assert bool(find_cycle(graph)) == is_cyclic
