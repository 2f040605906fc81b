"""Calls that draw random numbers from a general library, and what their noise is scaled by."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from dataclasses import dataclass

from gatecli.checks.code.budget import is_privacy_scale
from gatecli.checks.code.syntax import Scope, Syntax, keyword, method

GENERATORS = frozenset(
    {
        "numpy.random.default_rng",
        "numpy.random.Generator",
        "numpy.random.RandomState",
        "random.Random",
        "random.SystemRandom",
    }
)

_SCALES = {
    "laplace": (1, "scale"),
    "normal": (1, "scale"),
    "gumbel": (1, "scale"),
    "exponential": (0, "scale"),
    "gauss": (1, "sigma"),
    "normalvariate": (1, "sigma"),
    "expovariate": (0, "lambd"),
}
"""Methods of generators of NumPy and Python: where the scale stands, by position and by keyword."""

_STANDARD = frozenset({"randn", "standard_normal", "standard_exponential"})
_FUNCTIONS = {
    "torch.normal": (1, "std"),
    "torch.randn": (99, ""),
    "torch.randn_like": (99, ""),
    "tensorflow.random.normal": (2, "stddev"),
    "tensorflow.random.stateless_normal": (3, "stddev"),
    "jax.random.normal": (99, ""),
    "jax.random.laplace": (99, ""),
    "jax.random.gumbel": (99, ""),
}
_FROZEN = re.compile(
    r"(scipy\.stats\.(laplace|norm|gumbel_r|gumbel_l|expon)|torch\.distributions\.(\w+\.)?(Laplace|Normal|Gumbel))"
)
_RVS = re.compile(r"scipy\.stats\.(laplace|norm|gumbel_r|gumbel_l|expon)\.rvs")
_SAMPLERS = frozenset({"rvs", "sample", "rsample"})
_GENERATOR_NAMES = frozenset({"rng", "np_rng", "random_state", "generator"})


@dataclass(frozen=True, slots=True)
class Draw:
    """One draw: the full name of what draws, and the expression of its scale, if it is given one."""

    call: ast.Call
    name: str
    scale: ast.expr | None

    @property
    def is_laplace(self) -> bool:
        return "laplace" in self.name.lower()


def privacy_draws(syntax: Syntax) -> list[Draw]:
    """Draws from a general library whose noise is scaled by a privacy budget."""
    return [draw for call in syntax.calls if (draw := _draw(call, syntax)) and _is_private(draw, syntax)]


def _is_private(draw: Draw, syntax: Syntax) -> bool:
    scope = syntax.scope(draw.call)
    scales = [*([draw.scale] if draw.scale is not None else []), *_products(draw.call, scope, syntax)]
    return any(is_privacy_scale(each, scope, syntax, is_laplace=draw.is_laplace) for each in scales)


def _products(node: ast.expr, scope: Scope, syntax: Syntax) -> Iterator[ast.expr]:
    """The products that a draw is a factor of, itself or by the name that it is assigned to."""
    if (top := _product(node, syntax)) is not node:
        yield top
    parent = syntax.parents.get(node)
    match parent:
        case ast.Assign(targets=[ast.Name(id=name)]):
            for each in ast.walk(scope):
                if isinstance(each, ast.Name) and each.id == name and isinstance(each.ctx, ast.Load):
                    top = _product(each, syntax)
                    if top is not each and syntax.scope(each) is scope:
                        yield top


def _product(node: ast.expr, syntax: Syntax) -> ast.expr:
    """The outermost product or quotient that has a node for a factor."""
    above = syntax.parents.get(node)
    if isinstance(above, ast.BinOp) and isinstance(above.op, ast.Mult | ast.Div):
        return _product(above, syntax)
    return node


def _draw(call: ast.Call, syntax: Syntax) -> Draw | None:
    """What a call draws; None for any other call."""
    name = syntax.name(call.func)
    generator = keyword(call, "generator")
    if generator is not None and syntax.made_by(generator, syntax.scope(call)) != "torch.Generator":
        return None  # it may be a secure one, as in Opacus
    if place := _FUNCTIONS.get(name):
        return Draw(call, name, _argument(call, *place))
    if isinstance(call.func, ast.Attribute) and call.func.attr in _SAMPLERS:
        is_function = _RVS.fullmatch(name) is not None
        scale = _argument(call, 1, "scale")
        return Draw(call, name, scale) if is_function else _frozen_draw(call, call.func.value, syntax)
    drawn = method(call)
    if drawn == "normal_" and syntax.has("torch"):
        return Draw(call, "torch.Tensor.normal_", _argument(call, 1, "std"))
    if (drawn in _SCALES or drawn in _STANDARD) and _is_general(call, name, syntax):
        place = _SCALES.get(drawn, (99, ""))
        return Draw(call, name or drawn, _argument(call, *place))
    return None


def _frozen_draw(call: ast.Call, distribution: ast.expr, syntax: Syntax) -> Draw | None:
    """`laplace(scale=1).rvs()`, also by the name of the distribution."""
    made = distribution if isinstance(distribution, ast.Call) else None
    made = made or syntax.value(distribution, syntax.scope(call))  # type: ignore[assignment]
    name = syntax.name(made.func) if isinstance(made, ast.Call) else ""
    if not isinstance(made, ast.Call) or not _FROZEN.fullmatch(name):
        return None
    return Draw(call, name, _argument(made, 1, "scale"))


def _is_general(call: ast.Call, name: str, syntax: Syntax) -> bool:
    """Whether a method is one of NumPy's or Python's random numbers."""
    if name.startswith(("numpy.random.", "random.")):
        return True
    if not isinstance(call.func, ast.Attribute):
        return False
    receiver = call.func.value
    if syntax.made_by(receiver, syntax.scope(call)) in GENERATORS:
        return True
    return last_word(receiver).strip("_") in _GENERATOR_NAMES and (
        syntax.has("numpy") or syntax.has("random")
    )


def last_word(node: ast.AST) -> str:
    """`rng` of `rng` and of `self.rng`."""
    return node.attr if isinstance(node, ast.Attribute) else node.id if isinstance(node, ast.Name) else ""


def _argument(call: ast.Call, position: int, name: str) -> ast.expr | None:
    given = keyword(call, name)
    return given or (call.args[position] if position < len(call.args) else None)
