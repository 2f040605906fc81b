"""Whether an expression is the scale of privacy noise: ε, a sensitivity, a noise multiplier.

A small number of numerics is also called `eps`, and a sensitivity is also measured in other fields. So ε
counts where it divides, alone or as a factor; a sum in the denominator, or a value below 0.001, is numerics.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator

from gatecli.checks.code.syntax import Scope, Syntax

BUDGET = re.compile(r"(^|_)(epsilon|eps|ε|privacy_budget)\d*(_|$)")
_SENSITIVITY = re.compile(r"(^|_)(sensitivity|sens|delta_?f|δf)\d*(_|$)")
_DELTA = re.compile(r"(^|_)(delta|δ|rho)(_|$)")
_MULTIPLIER = re.compile(r"(^|_)noise_mult(iplier)?(_|$)")
_DEVIATION = re.compile(r"(^|_)(sigma|noise_scale|noise_std)(_|$)")
_CLIP = re.compile(r"(^|_)(clip(ping)?|max_(grad_)?norm|(grad_)?norm_bound)(_|$)")
_TINY = 1e-3
_HOPS = 4


def words(node: ast.AST) -> Iterator[str]:
    """The names in an expression, and the keys by which it looks values up."""
    for each in ast.walk(node):
        if isinstance(each, ast.Name | ast.Attribute | ast.Subscript):
            yield _word(each)


def _word(node: ast.AST) -> str:
    match node:
        case ast.Name(id=word) | ast.Attribute(attr=word):
            return word.lower()
        case ast.Subscript(slice=ast.Constant(value=str() as word)):
            return word.lower()
        case ast.Subscript(value=value):
            return _word(value)
        case _:
            return ""


def is_privacy_scale(
    node: ast.expr, scope: Scope, syntax: Syntax, *, is_laplace: bool, hops: int = _HOPS
) -> bool:
    """Whether a scale is of a privacy budget, itself or through the names in it.

    Laplace noise is where ε divides or a sensitivity is named. Other noise is where both are, or where the
    file speaks of privacy at all; and where a noise multiplier meets the bound that it multiplies.
    """
    if _is_of_budget(node, scope, syntax, is_laplace=is_laplace):
        return True
    if hops == 0:
        return False
    for each in ast.walk(node):
        values = syntax.values(each, scope)
        found = (
            is_privacy_scale(
                value, _scope_of(value, scope, syntax), syntax, is_laplace=is_laplace, hops=hops - 1
            )
            for value in values
        )
        if any(found) if syntax.is_given(each, scope) else bool(values) and all(found):
            return True
    return False


def _scope_of(value: ast.expr, scope: Scope, syntax: Syntax) -> Scope:
    return syntax.scope(value) if value in syntax.parents else scope


def _is_of_budget(node: ast.expr, scope: Scope, syntax: Syntax, *, is_laplace: bool) -> bool:
    named = tuple(words(node))
    is_sensitive = any(map(_SENSITIVITY.search, named))
    is_divided = _is_divided(node, scope, syntax)
    if _is_multiplied(node) or (is_sensitive and is_divided) or _is_calibrated(node):
        return True
    if is_sensitive or is_divided:
        return is_laplace or _speaks_of_delta(node) or syntax.is_about_privacy
    is_budget = any(is_budget_name(each, scope, syntax) for each in factors(node))
    return is_laplace and is_budget and syntax.is_about_privacy


def _speaks_of_delta(node: ast.expr) -> bool:
    """δ, ρ of zero-concentrated privacy, or the 1.25 of the classic formula."""
    return any(map(_DELTA.search, words(node))) or any(
        isinstance(each, ast.Constant) and each.value == 1.25 for each in ast.walk(node)
    )


def factors(node: ast.AST) -> Iterator[ast.AST]:
    """What is multiplied in an expression: of `2 * float(eps)`, 2 and eps. A sum is one factor."""
    match node:
        case ast.BinOp(left=left, op=ast.Mult() | ast.MatMult(), right=right):
            yield from factors(left)
            yield from factors(right)
        case ast.BinOp(left=left, op=ast.Div() | ast.Pow()):
            yield from factors(left)
        case ast.UnaryOp(operand=operand):
            yield from factors(operand)
        case ast.Call(func=ast.Name(id="float" | "int" | "abs" | "Fraction" | "Decimal"), args=[value]):
            yield from factors(value)
        case _:
            yield node


def is_budget_name(node: ast.AST, scope: Scope, syntax: Syntax) -> bool:
    """Whether a factor is an ε of privacy: not a tiny number, and not the precision of a float type."""
    match node:
        case ast.BinOp(left=left, op=ast.Add(), right=right):
            return all(is_budget_name(each, scope, syntax) for each in (left, right))
        case ast.Attribute(attr="eps", value=ast.Call()):
            return False
        case ast.Name() | ast.Attribute() | ast.Subscript():
            values = [syntax.default(node, scope), *syntax.values(node, scope)]
            return bool(BUDGET.search(_word(node))) and not any(map(_is_tiny, values))
        case _:
            return False


def _is_tiny(node: ast.expr | None) -> bool:
    match node:
        case ast.Constant(value=int() | float() as value):
            return value < _TINY
        case ast.Attribute(attr="eps"):
            return isinstance(node.value, ast.Call)
        case ast.BinOp(left=ast.Constant(value=10), op=ast.Pow(), right=ast.UnaryOp()):
            return True
        case _:
            return False


def _is_divided(node: ast.AST, scope: Scope, syntax: Syntax) -> bool:
    return any(
        isinstance(each, ast.BinOp)
        and isinstance(each.op, ast.Div)
        and any(is_budget_name(factor, scope, syntax) for factor in factors(each.right))
        and not any(map(BUDGET.search, words(each.left)))
        for each in ast.walk(node)
    )


def _is_multiplied(node: ast.AST) -> bool:
    """`noise_multiplier * bound`, also `sigma * max_grad_norm`; by a number alone it is a simulation's."""
    for each in ast.walk(node):
        if not isinstance(each, ast.BinOp) or not isinstance(each.op, ast.Mult):
            continue
        named = [word for factor in factors(each) if (word := _word(factor))]
        if any(map(_MULTIPLIER.search, named)) and len(named) > 1:
            return True
        if any(map(_DEVIATION.search, named)) and any(map(_CLIP.search, named)):
            return True
    return False


def _is_calibrated(node: ast.AST) -> bool:
    """`sigma_for(epsilon, delta)`: what a function makes of ε together with δ or a sensitivity."""
    for call in ast.walk(node):
        if isinstance(call, ast.Call):
            given = [_word(each) for each in (*call.args, *(each.value for each in call.keywords))]
            if any(map(BUDGET.search, given)) and any(
                _DELTA.search(word) or _SENSITIVITY.search(word) for word in given
            ):
                return True
    return False
