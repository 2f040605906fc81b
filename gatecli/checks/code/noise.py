"""Noise that is meant to protect: where it comes from, how large it is, and who can foretell it."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator

from gatecli.checks.code.interface import Pattern, PatternHit
from gatecli.checks.code.syntax import Scope, Syntax, arguments, is_constant, keyword, method
from gatecli.model.finding import Rule, Severity

FLOAT_NOISE = Rule(
    "audit-code-float-noise", Severity.ERROR, "Privacy noise is drawn in floating point by a general library"
)
FIXED_SEED = Rule("audit-code-fixed-seed", Severity.ERROR, "Privacy noise follows a seed that can be known")
CLASSIC_GAUSSIAN = Rule(
    "audit-code-classic-gaussian",
    Severity.WARNING,
    "Gaussian noise by the formula that holds for ε ≤ 1 alone",
)

_DRAWS = frozenset({"laplace", "normal", "gumbel", "exponential", "gauss", "normalvariate", "expovariate"})
_RVS = re.compile(r"scipy\.stats\.(laplace|norm|gumbel_r|gumbel_l|expon)(\.rvs)?")
_GENERATORS = (
    "numpy.random.default_rng",
    "numpy.random.Generator",
    "numpy.random.RandomState",
    "random.Random",
)
_GENERATOR_NAMES = frozenset({"rng", "np_rng", "random_state", "generator"})
_SURE = re.compile(r"(^|_)(sensitivity|noise_multiplier|epsilon|eps)(_|$)")
_DIVIDED = re.compile(r"(^|_)(epsilon|eps)(_|$)")
_SENSITIVITY = re.compile(r"(^|_)sensitivity(_|$)")
_MULTIPLIER = re.compile(r"(^|_)noise_multiplier(_|$)")
_HOPS = 3


def _identifiers(node: ast.AST) -> Iterator[str]:
    for each in ast.walk(node):
        if isinstance(each, ast.Name):
            yield each.id.lower()
        elif isinstance(each, ast.Attribute):
            yield each.attr.lower()


def _is_privacy_scale(node: ast.AST, draw: str, scope: Scope, syntax: Syntax, hops: int = _HOPS) -> bool:
    """Whether an expression speaks of a privacy budget, itself or through names that are assigned once.

    Laplace noise does where it names a budget at all. Other noise does where a budget divides, a sensitivity
    is named, or a noise multiplier is multiplied: alone that is a simulation's standard deviation, and `eps`
    alone is a small number of numerics or the size of an adversarial perturbation.
    """
    words = tuple(_identifiers(node))
    if draw == "laplace" and any(map(_SURE.search, words)):
        return True
    if any(map(_SENSITIVITY.search, words)) or _is_divided(node) or _is_multiplied(node):
        return True
    if hops == 0:
        return False
    values = (syntax.value(each, scope) for each in ast.walk(node))
    return any(
        value is not None and _is_privacy_scale(value, draw, scope, syntax, hops - 1) for value in values
    )


def _is_divided(node: ast.AST) -> bool:
    return any(
        isinstance(each, ast.BinOp)
        and isinstance(each.op, ast.Div)
        and any(map(_DIVIDED.search, _identifiers(each.right)))
        and not any(map(_DIVIDED.search, _identifiers(each.left)))
        for each in ast.walk(node)
    )


def _is_multiplied(node: ast.AST) -> bool:
    return any(
        isinstance(each, ast.BinOp)
        and isinstance(each.op, ast.Mult)
        and any(map(_MULTIPLIER.search, _identifiers(each)))
        and not any(isinstance(side, ast.Constant) for side in (each.left, each.right))
        for each in ast.walk(node)
    )


def _is_generator(node: ast.AST, call: ast.Call, syntax: Syntax) -> bool:
    if syntax.made_by(node, syntax.scope(call)) in _GENERATORS:
        return True
    last = node.attr if isinstance(node, ast.Attribute) else node.id if isinstance(node, ast.Name) else ""
    return last.strip("_") in _GENERATOR_NAMES and (syntax.has("numpy") or syntax.has("random"))


def _draw(call: ast.Call, syntax: Syntax) -> str:
    """The distribution that a general library draws from here; "" for any other call."""
    name = syntax.name(call.func)
    if found := _RVS.fullmatch(name):
        return "laplace" if found[1] == "laplace" else "normal"
    draw = method(call)
    if draw not in _DRAWS:
        return ""
    if name.startswith(("numpy.random.", "random.")):
        return draw
    is_method = isinstance(call.func, ast.Attribute) and _is_generator(call.func.value, call, syntax)
    return draw if is_method else ""


def privacy_draws(syntax: Syntax) -> list[ast.Call]:
    """Calls that draw noise of a privacy budget from a general library."""
    found = []
    for call in syntax.calls:
        draw = _draw(call, syntax)
        scope = syntax.scope(call)
        if draw and any(_is_privacy_scale(each, draw, scope, syntax) for each in arguments(call)):
            found.append(call)
    return found


def find_float_noise(syntax: Syntax) -> Iterator[PatternHit]:
    """The lowest bits of the sum tell which values the noise was added to (Mironov 2012)."""
    for call in privacy_draws(syntax):
        yield PatternHit(
            call, f"draws privacy noise by {ast.unparse(call.func)}, whose lowest bits show the data"
        )


_SEEDERS = frozenset(
    {
        "numpy.random.seed",
        "numpy.random.default_rng",
        "numpy.random.RandomState",
        "random.seed",
        "random.Random",
    }
)
_TORCH_SEEDERS = frozenset({"torch.manual_seed", "torch.random.manual_seed"})
_JAX_SEEDERS = frozenset({"jax.random.PRNGKey", "jax.random.key"})
_CLOCKS = frozenset({"time.time", "time.time_ns", "os.getpid", "datetime.datetime.now"})


def _seed(call: ast.Call) -> ast.expr | None:
    return call.args[0] if call.args else keyword(call, "seed")


def _is_guessable(node: ast.expr | None, scope: Scope, syntax: Syntax) -> bool:
    if node is None:
        return False
    value = syntax.value(node, scope) or node
    parts = (each for each in ast.walk(value) if isinstance(each, ast.Call))
    return is_constant(value) or any(syntax.name(each.func) in _CLOCKS for each in parts)


def _is_trained_by_opacus(syntax: Syntax) -> bool:
    """Whether noise follows torch's own seed: not in secure mode, and not with a generator of its own."""
    engines = [call for call in syntax.calls if syntax.name(call.func).endswith("PrivacyEngine")]
    private = [call for call in syntax.calls if method(call).startswith("make_private")]
    return (
        syntax.has("opacus")
        and bool(engines)
        and bool(private)
        and not any(keyword(call, "secure_mode") is not None for call in engines)
        and not any(keyword(call, "noise_generator") is not None for call in private)
    )


def find_fixed_seed(syntax: Syntax) -> Iterator[PatternHit]:
    """Who knows the seed subtracts the noise. A constant stands in the source; a clock is guessed."""
    seeders: frozenset[str] = frozenset()
    if privacy_draws(syntax):
        seeders |= _SEEDERS
    if _is_trained_by_opacus(syntax):
        seeders |= _TORCH_SEEDERS
    if syntax.has("jax_privacy"):
        seeders |= _JAX_SEEDERS
    for call in syntax.calls:
        if syntax.name(call.func) in seeders and _is_guessable(_seed(call), syntax.scope(call), syntax):
            yield PatternHit(call, f"seeds the generator of privacy noise by {ast.unparse(call)}")


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
        and any("delta" in word for word in _identifiers(node.args[0].right))
        and not _is_guarded(node, syntax)
    )


def _is_guarded(node: ast.AST, syntax: Syntax) -> bool:
    """Whether the function or the class around it compares ε with 1."""
    classes = [each for each in syntax.ancestors(node) if isinstance(each, ast.ClassDef)]
    around = classes[0] if classes else syntax.scope(node)
    return any(
        isinstance(each, ast.Compare)
        and any(map(_DIVIDED.search, _identifiers(each)))
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
    ),
    Pattern(
        FIXED_SEED,
        "leave the generator of the noise unseeded (Opacus: secure_mode=True, or an own noise_generator)",
        find_fixed_seed,
        is_for_tests=False,
    ),
    Pattern(
        CLASSIC_GAUSSIAN,
        "calibrate by gatecli release calibrate --mechanism gaussian, or refuse ε > 1 in the same function",
        find_classic_gaussian,
    ),
)
