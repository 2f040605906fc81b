"""Noise is drawn by engines that were attacked: no module draws it by itself, or by a library unasked."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
CODE = sorted(file for package in ("gatecli", "admission") for file in (ROOT / package).rglob("*.py"))
ADAPTERS = "gatecli/audit/engine_adapters.py"
LIBRARIES = frozenset(
    {"diffprivlib", "jax_privacy", "opacus", "opendp", "pipeline_dp", "pydp", "snsql", "snsynth", "tmlt"}
)
READERS = frozenset({"gatecli/sources/evidence/opendp.py"})
"""It asks OpenDP what a measurement costs, and invokes none."""
ASKS = "require_usable"
DRAWS = frozenset({"laplace", "normal", "standard_normal", "gumbel", "exponential", "geometric", "gauss"})


def imported(tree: ast.AST) -> Iterator[str]:
    """The top-level packages that a module imports, anywhere in it."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name.partition(".")[0] for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and not node.level:
            yield (node.module or "").partition(".")[0]


def draws(tree: ast.AST) -> Iterator[str]:
    """The noise that a module draws from a generator of numbers: `….laplace(…)`."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr in DRAWS:
            yield node.func.attr


def trees() -> Iterator[tuple[str, ast.Module]]:
    for file in CODE:
        yield file.relative_to(ROOT).as_posix(), ast.parse(file.read_text("utf-8"))


def may_use(name: str, tree: ast.Module) -> bool:
    """Whether a module may import a library that draws noise: it asks first, or never draws."""
    calls = {
        node.func.id
        for node in ast.walk(tree)
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name)
    }
    return name in {ADAPTERS, *READERS} or ASKS in calls


def test_a_library_that_draws_noise_is_asked_for() -> None:
    unasked = {name for name, tree in trees() if LIBRARIES & set(imported(tree)) and not may_use(name, tree)}
    assert unasked == set()


def test_no_module_draws_noise_from_a_generator() -> None:
    assert {name for name, tree in trees() if set(draws(tree))} == {ADAPTERS}


@pytest.mark.parametrize(
    ("source", "allowed"),
    [
        ("import opendp.prelude as dp", False),
        ("def f():\n    from pydp.algorithms import laplacian", False),
        ("from opendp import mod\nrequire_usable('opendp', 'Laplace')", True),
    ],
)
def test_an_adapter_that_does_not_ask_is_seen(source: str, allowed: bool) -> None:  # noqa: FBT001 - a case
    tree = ast.parse(source)
    assert LIBRARIES & set(imported(tree))
    assert may_use("gatecli/data/engines.py", tree) is allowed


def test_a_draw_is_seen() -> None:
    assert list(draws(ast.parse("x = rng.laplace(0, 1) + np.random.normal()"))) == ["laplace", "normal"]
