"""Generators of privacy noise that someone can foretell."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from gatecli.checks.code.draws import Draw, last_word, privacy_draws
from gatecli.checks.code.interface import Pattern, PatternHit
from gatecli.checks.code.syntax import Scope, Syntax, arguments, is_constant, is_false, keyword, method
from gatecli.model.finding import Rule, Severity

FIXED_SEED = Rule("audit-code-fixed-seed", Severity.ERROR, "Privacy noise follows a seed that can be known")

_MAKERS = frozenset({"numpy.random.default_rng", "numpy.random.RandomState", "random.Random"})
_SEEDERS = {
    "numpy": ("numpy.random.seed",),
    "random": ("random.seed",),
    "torch": (
        "torch.manual_seed",
        "torch.random.manual_seed",
        "torch.cuda.manual_seed",
        "torch.cuda.manual_seed_all",
    ),
    "tensorflow": ("tensorflow.random.set_seed", "tensorflow.keras.utils.set_random_seed"),
}
_UNSEEDERS = frozenset({"torch.seed", "torch.random.seed"})
_EVERYTHING = (
    "pytorch_lightning.seed_everything",
    "lightning.seed_everything",
    "lightning.pytorch.seed_everything",
    "transformers.set_seed",
    "accelerate.utils.set_seed",
)
_JAX_KEYS = frozenset({"jax.random.PRNGKey", "jax.random.key"})
_SEEDED_PRIVACY = frozenset(
    {
        "optax.dpsgd",
        "optax.contrib.dpsgd",
        "optax.differentially_private_aggregate",
        "optax.contrib.differentially_private_aggregate",
    }
)
_GUESSED = frozenset(
    {
        "time.time",
        "time.time_ns",
        "time.monotonic",
        "time.perf_counter",
        "os.getpid",
        "os.getppid",
        "datetime.datetime.now",
        "datetime.datetime.utcnow",
        "datetime.datetime.today",
        "uuid.uuid1",
        "zlib.crc32",
    }
)
_HOPS = 3


def _seed_argument(call: ast.Call) -> ast.expr | None:
    return call.args[0] if call.args else keyword(call, "seed")


def is_guessable(node: ast.expr | None, scope: Scope, syntax: Syntax, hops: int = _HOPS) -> bool:
    """Whether a seed stands in the source, or is made of a clock, a process id or a hash alone."""
    match node:
        case ast.BinOp(left=left, right=right):
            return all(is_guessable(each, scope, syntax, hops) for each in (left, right))
        case ast.List(elts=parts) | ast.Tuple(elts=parts):
            return bool(parts) and all(is_guessable(each, scope, syntax, hops) for each in parts)
        case ast.Call():
            return _is_guessed(node, scope, syntax, hops)
        case ast.Name() | ast.Attribute() if hops:
            values = syntax.values(node, scope)
            return bool(values) and all(is_guessable(each, scope, syntax, hops - 1) for each in values)
        case _:
            return is_constant(node)


def _is_guessed(call: ast.Call, scope: Scope, syntax: Syntax, hops: int) -> bool:
    """Whether a call gives what others can compute: a clock, a hash, the whole part of such a number."""
    name = syntax.name(call.func)
    if name in _GUESSED or (isinstance(call.func, ast.Name) and call.func.id in {"hash", "id"}):
        return True
    if isinstance(call.func, ast.Name) and call.func.id in {"int", "abs", "round"} and call.args:
        return is_guessable(call.args[0], scope, syntax, hops)
    if name in (_MAKERS | _JAX_KEYS):
        return is_guessable(_seed_argument(call), scope, syntax, hops)
    return isinstance(call.func, ast.Attribute) and is_guessable(call.func.value, scope, syntax, hops)


def find_fixed_seed(syntax: Syntax) -> Iterator[PatternHit]:
    """Who knows the seed subtracts the noise. A constant stands in the source; a clock is guessed."""
    for call in _seedings(syntax):
        yield PatternHit(call, f"seeds the generator of privacy noise by {ast.unparse(call)}")


def _seedings(syntax: Syntax) -> Iterator[ast.Call]:
    draws = privacy_draws(syntax)
    is_opacus = _is_trained_by_opacus(syntax)
    libraries = {draw.name.partition(".")[0].replace("scipy", "numpy") for draw in draws if "." in draw.name}
    seeded = {name for library in libraries for name in _SEEDERS.get(library, ())}
    if is_opacus:
        seeded |= set(_SEEDERS["torch"])
    if is_opacus or seeded:
        seeded |= set(_EVERYTHING)
    seeded -= _seeders_without_seed(syntax)
    for call in syntax.calls:
        name, scope = syntax.name(call.func), syntax.scope(call)
        if name in _SEEDED_PRIVACY:
            if is_guessable(keyword(call, "seed") or keyword(call, "key"), scope, syntax):
                yield call
        elif is_guessable(_seed_argument(call), scope, syntax) and (
            name in seeded
            or (name in _MAKERS and any(_is_drawn_from(call, draw, syntax) for draw in draws))
            or (name in _JAX_KEYS and _makes_noise(call, draws, syntax))
            or (method(call) == "manual_seed" and _is_noise_generator(call, syntax))
        ):
            yield call


def _seeders_without_seed(syntax: Syntax) -> set[str]:
    """Seeders that are called again without a seed, which the system then chooses."""
    anew = {
        syntax.name(call.func)
        for call in syntax.calls
        if not list(arguments(call))
        or (isinstance(seed := _seed_argument(call), ast.Constant) and seed.value is None)
    }
    return anew | (set(_SEEDERS["torch"]) if anew & _UNSEEDERS else set())


def _is_drawn_from(maker: ast.Call, draw: Draw, syntax: Syntax) -> bool:
    """Whether a generator is the one that draws: it is the receiver, or what the receiver is called."""
    receivers = [draw.call.func.value] if isinstance(draw.call.func, ast.Attribute) else []
    for receiver in (*receivers, keyword(draw.call, "random_state")):
        if receiver is None:
            continue
        values = syntax.values(receiver, syntax.scope(draw.call))
        if receiver is maker or any(value is maker for value in values):
            return True
        parent = syntax.parents.get(maker)
        named = parent.targets if isinstance(parent, ast.Assign) else []
        if not values and any(last_word(target) == last_word(receiver) != "" for target in named):
            return True
    return False


def _makes_noise(key: ast.Call, draws: list[Draw], syntax: Syntax) -> bool:
    """Whether a key of JAX reaches JAX Privacy, or a draw of privacy noise, in the functions of this file."""
    users = [call for call in syntax.calls if syntax.name(call.func).startswith("jax_privacy.")]
    users += [draw.call for draw in draws if draw.name.startswith("jax.")]
    keys = _names_of(key, syntax)
    return any(
        each is key or last_word(each) in keys
        for call in users
        for argument in arguments(call)
        for each in ast.walk(argument)
    )


def _names_of(key: ast.Call, syntax: Syntax) -> set[str]:
    """The names that a key and what is split from it are assigned to, `key, subkey = split(key)` too."""
    found: set[str] = set()
    for _ in range(_HOPS):
        for node in syntax.nodes:
            if isinstance(node, ast.Assign) and any(
                each is key or (isinstance(each, ast.Name) and each.id in found)
                for each in ast.walk(node.value)
            ):
                found |= {
                    each.id
                    for target in node.targets
                    for each in ast.walk(target)
                    if isinstance(each, ast.Name) and _is_key(node.value, key, syntax)
                }
    return found


def _is_key(value: ast.expr, key: ast.Call, syntax: Syntax) -> bool:
    made = syntax.name(value.func) if isinstance(value, ast.Call) else ""
    return value is key or made.startswith("jax.random.") or isinstance(value, ast.Name | ast.Subscript)


def _is_noise_generator(call: ast.Call, syntax: Syntax) -> bool:
    """`noise_generator=torch.Generator().manual_seed(0)`, also by the generator's name."""
    given = [keyword(each, "noise_generator") for each in _private_calls(syntax)]
    made = call.func.value if isinstance(call.func, ast.Attribute) else None
    if made is None or syntax.name(call.func) in _SEEDERS["torch"]:
        return False
    return any(
        call in (value, syntax.value(value, syntax.scope(call))) or ast.unparse(value) == ast.unparse(made)
        for value in given
        if value is not None
    )


def _private_calls(syntax: Syntax) -> list[ast.Call]:
    return [call for call in syntax.calls if method(call).startswith("make_private")]


def _is_trained_by_opacus(syntax: Syntax) -> bool:
    """Whether noise follows torch's own seed: not in secure mode, and not with a generator of its own."""
    engines = [call for call in syntax.calls if syntax.name(call.func).endswith("PrivacyEngine")]
    private = _private_calls(syntax)
    secure = [mode for call in engines if (mode := keyword(call, "secure_mode")) is not None]
    return (
        syntax.has("opacus")
        and bool(engines)
        and bool(private)
        and all(map(is_false, secure))
        and not any(keyword(call, "noise_generator") is not None for call in private)
    )


PATTERNS = (
    Pattern(
        FIXED_SEED,
        "leave the generator of the noise unseeded (Opacus: secure_mode=True, or an own noise_generator)",
        find_fixed_seed,
        is_for_tests=False,
    ),
)
