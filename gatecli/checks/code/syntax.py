"""Python code with what patterns ask of it: full names, enclosing functions, values of names."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cached_property

from gatecli.model.code import PythonCode

Scope = ast.FunctionDef | ast.AsyncFunctionDef | ast.Module | ast.Lambda


@dataclass(frozen=True)
class Syntax:
    """One file. Names are resolved by its imports alone: what another module does is not known."""

    code: PythonCode
    nodes: tuple[ast.AST, ...] = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "nodes", tuple(ast.walk(self.code.tree)))

    @cached_property
    def calls(self) -> tuple[ast.Call, ...]:
        return tuple(node for node in self.nodes if isinstance(node, ast.Call))

    @cached_property
    def parents(self) -> dict[ast.AST, ast.AST]:
        return {child: node for node in self.nodes for child in ast.iter_child_nodes(node)}

    @cached_property
    def imports(self) -> dict[str, str]:
        """The full name of each imported name."""
        found: dict[str, str] = {}
        for node in self.nodes:
            if isinstance(node, ast.Import):
                for alias in node.names:
                    top = alias.name.partition(".")[0]
                    found[alias.asname or top] = alias.name if alias.asname else top
            elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
                found |= {alias.asname or alias.name: f"{node.module}.{alias.name}" for alias in node.names}
        return found

    def has(self, package: str) -> bool:
        """Whether anything of a package is imported."""
        return any(_is_within(name, package) for name in self.imports.values())

    def name(self, node: ast.AST) -> str:
        """The full name of what an expression names: `numpy.random.laplace`; "" where it names nothing."""
        match node:
            case ast.Name(id=name):
                return self.imports.get(name, "")
            case ast.Attribute(value=value, attr=attr):
                base = self.name(value)
                return f"{base}.{attr}" if base else ""
            case _:
                return ""

    def made_by(self, node: ast.AST, scope: Scope) -> str:
        """The full name of what an object was made by: of `rng`, after `rng = default_rng()`."""
        value = node if isinstance(node, ast.Call) else self.value(node, scope)
        return self.name(value.func) if isinstance(value, ast.Call) else ""

    def value(self, node: ast.AST, scope: Scope) -> ast.expr | None:
        """What a name or an attribute stands for, where it is assigned once; the scope's own first."""
        if not isinstance(node, ast.Name | ast.Attribute):
            return None
        key = ast.unparse(node)
        for assigned in (self._assigned.get((scope, key)), self._assigned.get((self.code.tree, key))):
            if assigned is not None:
                return assigned[0] if len(assigned) == 1 else None
        anywhere = self._attributes.get(key, [])
        return anywhere[0] if len(anywhere) == 1 else None

    @cached_property
    def _assigned(self) -> dict[tuple[ast.AST, str], list[ast.expr]]:
        found: dict[tuple[ast.AST, str], list[ast.expr]] = {}
        for node, target, value in self._assignments():
            found.setdefault((self.scope(node), ast.unparse(target)), []).append(value)
        return found

    @cached_property
    def _attributes(self) -> dict[str, list[ast.expr]]:
        """Of attributes of `self`, which one method sets and others read."""
        found: dict[str, list[ast.expr]] = {}
        for _, target, value in self._assignments():
            if isinstance(target, ast.Attribute):
                found.setdefault(ast.unparse(target), []).append(value)
        return found

    def _assignments(self) -> Iterator[tuple[ast.AST, ast.expr, ast.expr]]:
        for node in self.nodes:
            match node:
                case ast.Assign(targets=targets, value=value):
                    yield from ((node, target, value) for target in targets)
                case ast.AnnAssign(target=target, value=ast.expr() as value):
                    yield node, target, value
                case ast.AugAssign(target=target, value=value):
                    yield from ((node, target, value), (node, target, value))  # no longer one value

    def scope(self, node: ast.AST) -> Scope:
        """The function around a node, or the module."""
        above = self.parents.get(node)
        while above is not None and not isinstance(above, Scope):
            above = self.parents.get(above)
        return above or self.code.tree

    def ancestors(self, node: ast.AST) -> Iterator[ast.AST]:
        """What a node stands in, from the inside out."""
        above = self.parents.get(node)
        while above is not None:
            yield above
            above = self.parents.get(above)


def _is_within(name: str, package: str) -> bool:
    return name == package or name.startswith(f"{package}.")


def keyword(call: ast.Call, name: str) -> ast.expr | None:
    """The value of a keyword argument."""
    return next((each.value for each in call.keywords if each.arg == name), None)


def arguments(call: ast.Call) -> Iterator[ast.expr]:
    """All arguments, by position and by keyword."""
    yield from call.args
    yield from (each.value for each in call.keywords)


def method(call: ast.Call) -> str:
    """The last word of what is called."""
    match call.func:
        case ast.Attribute(attr=attr):
            return attr
        case ast.Name(id=name):
            return name
        case _:
            return ""


def is_constant(node: ast.AST | None) -> bool:
    """Whether an expression is a number or a text that stands in the source."""
    return isinstance(node, ast.Constant) and isinstance(node.value, int | float | str | bytes)


def is_false(node: ast.AST | None) -> bool:
    return isinstance(node, ast.Constant) and node.value is False
