"""Expressions as text, in a file of questions: `age >= 18 and ward in ("a", "b")`.

Python's own parser reads the text; nothing of it is run. Names are columns. A column whose name
has spaces is written `column("date of birth")`.
"""

from __future__ import annotations

import ast
from collections.abc import Callable, Mapping
from functools import reduce
from types import MappingProxyType
from typing import Any

from gatecli.data.expressions import Expression, as_expression, column
from gatecli.errors import UsageError

LONGEST_TEXT = 2000
EXAMPLE = 'write for example: age >= 18 and ward in ("a", "b")'

_BINARY: Mapping[type[ast.operator], Callable[[Any, Any], Any]] = MappingProxyType(
    {
        ast.Add: lambda one, other: one + other,
        ast.Sub: lambda one, other: one - other,
        ast.Mult: lambda one, other: one * other,
        ast.Div: lambda one, other: one / other,
        ast.FloorDiv: lambda one, other: one // other,
    }
)
_COMPARISONS: Mapping[type[ast.cmpop], Callable[[Any, Any], Any]] = MappingProxyType(
    {
        ast.Eq: lambda one, other: one == other,
        ast.NotEq: lambda one, other: one != other,
        ast.Lt: lambda one, other: one < other,
        ast.LtE: lambda one, other: one <= other,
        ast.Gt: lambda one, other: one > other,
        ast.GtE: lambda one, other: one >= other,
    }
)
_FUNCTIONS: Mapping[str, Callable[..., Expression]] = MappingProxyType(
    {
        "abs": abs,
        "clip": Expression.clip,
        "is_missing": Expression.is_missing,
        "year": Expression.year,
        "month": Expression.month,
    }
)


def parse_expression(text: str) -> Expression:
    """The expression that a text says. Raises UsageError."""
    if len(text) > LONGEST_TEXT:
        raise UsageError(f"an expression is longer than {LONGEST_TEXT} characters", advice="make it shorter")
    try:
        tree = ast.parse(text.strip(), mode="eval")
        _require_plain_names(tree, text.strip())
        return _read(tree.body)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        raise UsageError("an expression cannot be read", advice=EXAMPLE) from None


def _require_plain_names(tree: ast.Expression, text: str) -> None:
    """Raises UsageError for a name that Python reads as another one: it takes `ﬁeld` for `field`."""
    for node in () if text.isascii() else ast.walk(tree):
        if isinstance(node, ast.Name) and ast.get_source_segment(text, node) != node.id:
            raise UsageError(
                "an expression has a name with characters that Python reads as others",
                advice='write the column in quotes: column("…")',
            )


def _read(node: ast.expr) -> Expression:
    match node:
        case ast.UnaryOp() | ast.Constant() | ast.Name():
            return _read_simple(node)
        case ast.BoolOp(op=operator, values=values):
            return reduce(_both if isinstance(operator, ast.And) else _either, map(_read, values))
        case ast.BinOp(left=left, op=operator, right=right) if type(operator) in _BINARY:
            return _operate(_BINARY[type(operator)], left, right)
        case ast.Compare(left=left, ops=operators, comparators=others):
            return _compare_all(left, operators, others)
        case ast.Call(func=ast.Name(id=name), args=arguments, keywords=[]):
            return _call(name, arguments)
    raise _unknown(node)


def _read_simple(node: ast.expr) -> Expression:
    match node:
        case ast.Name(id=name):
            return column(name)
        case ast.UnaryOp(op=ast.Not(), operand=operand):
            return ~_read(operand)
        case ast.UnaryOp(op=ast.USub(), operand=operand) if not isinstance(operand, ast.Constant):
            return 0 - _read(operand)
    return as_expression(_constant(node))


def _unknown(node: ast.expr) -> UsageError:
    return UsageError(
        f"an expression holds something that is not understood ({type(node).__name__})", advice=EXAMPLE
    )


def _both(one: Expression, other: Expression) -> Expression:
    return one & other


def _either(one: Expression, other: Expression) -> Expression:
    return one | other


def _operate(compute: Callable[[Any, Any], Any], left: ast.expr, right: ast.expr) -> Expression:
    return as_expression(compute(_read(left), _read(right)))


def _compare_all(left: ast.expr, operators: list[ast.cmpop], others: list[ast.expr]) -> Expression:
    """`a < b < c` as `a < b` and `b < c`; each is read once, however deep they stand in each other."""
    before, found = _read(left), []
    for place, (operator, node) in enumerate(zip(operators, others, strict=True)):
        if not isinstance(operator, ast.In | ast.NotIn):
            after = _read(node)
            found.append(_compare(before, operator, after))
            before = after
        elif place + 1 == len(others):
            found.append(_is_among(before, operator, node))
        else:
            raise UsageError("an expression compares a list of values", advice=EXAMPLE)
    return reduce(_both, found)


def _compare(left: Expression, operator: ast.cmpop, right: Expression) -> Expression:
    if type(operator) not in _COMPARISONS:
        raise UsageError("an expression compares in a way that is not understood", advice=EXAMPLE)
    return as_expression(_COMPARISONS[type(operator)](left, right))


def _is_among(left: Expression, operator: ast.cmpop, right: ast.expr) -> Expression:
    if not isinstance(right, ast.Tuple | ast.List) or not right.elts:
        raise UsageError("what stands after in is not a list of values", advice=EXAMPLE)
    found = left.is_in(*[_constant(each) for each in right.elts])
    return ~found if isinstance(operator, ast.NotIn) else found


def _call(name: str, arguments: list[ast.expr]) -> Expression:
    match arguments:
        case [ast.Constant(value=str(text))] if name == "column":
            return column(text)
        case [first, *rest] if name in _FUNCTIONS and len(rest) == (2 if name == "clip" else 0):
            return _FUNCTIONS[name](_read(first), *map(_constant, rest))
    raise UsageError(
        f"an expression calls {name}, or with something else than it takes",
        advice=f"there are column, {', '.join(_FUNCTIONS)}",
    )


def _constant(node: ast.expr) -> Any:
    match node:
        case ast.Constant(value=bool() | int() | float() | str() as value):
            return value
        case ast.UnaryOp(op=ast.USub(), operand=ast.Constant(value=int() | float() as value)):
            return -value
        case ast.Name() | ast.Call():
            raise UsageError("an expression has a column where a value stands", advice=EXAMPLE)
    raise _unknown(node)
