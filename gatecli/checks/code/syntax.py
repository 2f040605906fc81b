"""Python code with what patterns ask of it: full names, enclosing functions, values of names."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cached_property

from gatecli.model.code import PythonCode

Scope = ast.FunctionDef | ast.AsyncFunctionDef | ast.Module | ast.Lambda

_MARKS = (ast.expr_context, ast.operator, ast.unaryop, ast.boolop, ast.cmpop)
"""Nodes that stand at many places of a tree at once, and say nothing alone."""

_PRIVACY = re.compile(
    r"privac|differentially|zcdp|(laplace|gauss(ian)?)_?mech|privat(e|i[sz]e[ds]?|ely)_|(^|_)(dp|noisy)(_|$)"
)
_PRIVATE_PACKAGES = ("diffprivlib", "pydp", "opendp", "opacus", "snsql", "dp_accounting", "jax_privacy")


@dataclass(frozen=True)
class Syntax:
    """One file. Names are resolved by its imports alone: what another module does is not known."""

    code: PythonCode
    nodes: tuple[ast.AST, ...] = field(init=False)
    parents: dict[ast.AST, ast.AST] = field(init=False)

    def __post_init__(self) -> None:
        nodes: list[ast.AST] = [self.code.tree]
        parents: dict[ast.AST, ast.AST] = {}
        for node in nodes:  # grows while it is walked, breadth first
            for child in ast.iter_child_nodes(node):
                if not isinstance(child, _MARKS):
                    parents[child] = node
                    nodes.append(child)
        object.__setattr__(self, "nodes", tuple(nodes))
        object.__setattr__(self, "parents", parents)

    @cached_property
    def calls(self) -> tuple[ast.Call, ...]:
        return tuple(node for node in self.nodes if isinstance(node, ast.Call))

    @cached_property
    def is_about_privacy(self) -> bool:
        """Whether a package, a name or a text of the file speaks of privacy."""
        return any(map(self.has, _PRIVATE_PACKAGES)) or any(
            _PRIVACY.search(word.lower()) for node in self.nodes for word in _words(node)
        )

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
        """What a name or an attribute stands for, where it is assigned once; the innermost scope first."""
        values = self.values(node, scope)
        return values[0] if len(values) == 1 else None

    def values(self, node: ast.AST, scope: Scope) -> list[ast.expr]:
        """All that a name or an attribute is assigned; a parameter has its default, and what callers give."""
        if not isinstance(node, ast.Name | ast.Attribute):
            return []
        key = ast.unparse(node)
        for around in (scope, *(each for each in self.ancestors(scope) if isinstance(each, Scope))):
            if (around, key) in self._assigned:
                return self._assigned[around, key]
            if not isinstance(around, ast.Module) and key in _parameters(around):
                return self._arguments_for(around, key)
        return self._attributes.get(key, [])

    @cached_property
    def definitions(self) -> dict[str, list[ast.AST]]:
        """The functions and classes of the file by their names."""
        found: dict[str, list[ast.AST]] = {}
        for node in self.nodes:
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
                found.setdefault(node.name, []).append(node)
        return found

    def keyword(self, call: ast.Call, name: str) -> ast.expr | None:
        """The value of a keyword argument, also of one in `**options` where these are a dictionary here."""
        if (given := keyword(call, name)) is not None:
            return given
        for each in call.keywords:
            options = each.value if each.arg is None else None
            options = options and (self.value(options, self.scope(call)) or options)
            if isinstance(options, ast.Dict):
                for key, value in zip(options.keys, options.values, strict=True):
                    if isinstance(key, ast.Constant) and key.value == name:
                        return value
        return None

    def is_given(self, node: ast.AST, scope: Scope) -> bool:
        """Whether a name is a parameter of the function, and not assigned in it."""
        if not isinstance(node, ast.Name) or isinstance(scope, ast.Module):
            return False
        return node.id in _parameters(scope) and (scope, node.id) not in self._assigned

    def default(self, node: ast.AST, scope: Scope) -> ast.expr | None:
        """The default of the parameter that a name stands for."""
        if not isinstance(node, ast.Name) or isinstance(scope, ast.Module):
            return None
        return _parameters(scope).get(node.id)

    def _arguments_for(self, function: Scope, name: str) -> list[ast.expr]:
        """What the calls in this file give for a parameter, and its default."""
        if isinstance(function, ast.Module | ast.Lambda):
            return []
        names = list(_parameters(function))
        is_method = names[:1] in (["self"], ["cls"])
        position = names.index(name) - is_method
        found: list[ast.expr | None] = [_parameters(function)[name]]
        called = self._class_of(function) if function.name == "__init__" else function.name
        for call in self._calls_by_method.get(called, ()):
            if self.name(call.func):  # an imported function of the same name
                continue
            by_position = call.args[position] if 0 <= position < len(call.args) else None
            found.append(keyword(call, name) or by_position)
        return [each for each in found if each is not None]

    @cached_property
    def _calls_by_method(self) -> dict[str, list[ast.Call]]:
        found: dict[str, list[ast.Call]] = {}
        for call in self.calls:
            found.setdefault(method(call), []).append(call)
        return found

    def _class_of(self, function: ast.AST) -> str:
        above = self.parents.get(function)
        return above.name if isinstance(above, ast.ClassDef) else ""

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
                case ast.Assign(targets=[ast.Tuple(elts=names)], value=ast.Tuple(elts=values)) if len(
                    names
                ) == len(values):
                    yield from ((node, *pair) for pair in zip(names, values, strict=True))
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


def _words(node: ast.AST) -> tuple[str, ...]:
    """The names and texts that stand in one node."""
    match node:
        case ast.Name(id=word) | ast.Attribute(attr=word) | ast.arg(arg=word) | ast.alias(name=word):
            return (word,)
        case ast.FunctionDef(name=word) | ast.AsyncFunctionDef(name=word) | ast.ClassDef(name=word):
            return (word,)
        case ast.Constant(value=str() as text):
            return (text,)
        case _:
            return ()


def _parameters(function: ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda) -> dict[str, ast.expr | None]:
    """The parameters of a function in their order, each with its default."""
    given = function.args
    names = [each.arg for each in (*given.posonlyargs, *given.args)]
    defaults = [None] * (len(names) - len(given.defaults)) + list(given.defaults)
    found: dict[str, ast.expr | None] = dict(zip(names, defaults, strict=True))
    return found | dict(zip([each.arg for each in given.kwonlyargs], given.kw_defaults, strict=True))


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
