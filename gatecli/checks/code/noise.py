"""Noise that is meant to protect: where it comes from, and how large it is."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from gatecli.checks.code.budget import BUDGET, words
from gatecli.checks.code.draws import privacy_draws
from gatecli.checks.code.interface import Pattern, PatternHit
from gatecli.checks.code.syntax import Syntax, method
from gatecli.model.finding import Rule, Severity

FLOAT_NOISE = Rule(
    "audit-code-float-noise", Severity.ERROR, "Privacy noise is drawn in floating point by a general library"
)
CLASSIC_GAUSSIAN = Rule(
    "audit-code-classic-gaussian",
    Severity.WARNING,
    "Gaussian noise by the formula that holds for ε ≤ 1 alone",
)


def find_float_noise(syntax: Syntax) -> Iterator[PatternHit]:
    """The lowest bits of the sum tell which values the noise was added to (Mironov 2012)."""
    for draw in privacy_draws(syntax):
        yield PatternHit(
            draw.call,
            f"draws privacy noise by {ast.unparse(draw.call.func)}, whose lowest bits show the data",
        )


def _is_classic(node: ast.AST, syntax: Syntax) -> bool:
    """`log(1.25 / delta)`."""
    return (
        isinstance(node, ast.Call)
        and method(node) in {"log", "ln"}
        and len(node.args) == 1
        and isinstance(node.args[0], ast.BinOp)
        and isinstance(node.args[0].op, ast.Div)
        and isinstance(node.args[0].left, ast.Constant)
        and node.args[0].left.value == 1.25
        and any("delta" in word for word in words(node.args[0].right))
        and not _is_guarded(node, syntax)
    )


def _is_guarded(node: ast.AST, syntax: Syntax) -> bool:
    """Whether the function or the class around it compares ε with 1."""
    classes = [each for each in syntax.ancestors(node) if isinstance(each, ast.ClassDef)]
    around = classes[0] if classes else syntax.scope(node)
    return any(
        isinstance(each, ast.Compare)
        and any(map(BUDGET.search, words(each)))
        and any(isinstance(part, ast.Constant) and part.value == 1 for part in ast.walk(each))
        for each in ast.walk(around)
    )


def find_classic_gaussian(syntax: Syntax) -> Iterator[PatternHit]:
    """Its proof needs ε ≤ 1 (Dwork and Roth 2014, A.1); Balle and Wang (2018) calibrate for every ε."""
    for call in syntax.calls:
        if _is_classic(call, syntax):
            yield PatternHit(call, "scales Gaussian noise by log(1.25/δ), which is proven for ε ≤ 1 alone")


PATTERNS = (
    Pattern(
        FLOAT_NOISE,
        "draw it by a vetted engine: opendp, PyDP, or a discrete mechanism with integer noise",
        find_float_noise,
        is_for_tests=False,
    ),
    Pattern(
        CLASSIC_GAUSSIAN,
        "calibrate by gatecli release calibrate --mechanism gaussian, or refuse ε > 1 in the same function",
        find_classic_gaussian,
        is_for_tests=False,
    ),
)
