"""Private training: layers that mix records, batches that are not sampled, weights that are not equal."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator

from gatecli.checks.code.interface import Pattern, PatternHit
from gatecli.checks.code.syntax import Scope, Syntax, is_false, keyword, method
from gatecli.model.finding import Rule, Severity

SHUFFLED_BATCHES = Rule(
    "audit-code-shuffled-batches",
    Severity.ERROR,
    "Batches are shuffled and accounted as if they were sampled",
)
BATCH_NORM = Rule(
    "audit-code-batch-norm",
    Severity.ERROR,
    "A layer mixes the records of a batch whose gradients are clipped apart",
)
UNEQUAL_WEIGHTS = Rule(
    "audit-code-unequal-weights",
    Severity.ERROR,
    "Private federated averaging weighs clients by their records",
)

_NORM = re.compile(
    r"torch\.nn\.(\w+\.)*(Lazy)?(Sync)?BatchNorm(1d|2d|3d)?"
    r"|torchvision\.models\.(\w+\.)?(resnet\d+|resnext\w+|wide_resnet\w+|densenet\d+|vgg\d+_bn|mobilenet_v\w+"
    r"|efficientnet_\w+|googlenet|inception_v3|shufflenet\w+|mnasnet\w+)"
)
_REPAIRS = frozenset({"fix", "fix_and_validate", "convert_batchnorm_modules"})


def _private_calls(syntax: Syntax) -> list[ast.Call]:
    found = [call for call in syntax.calls if method(call) in {"make_private", "make_private_with_epsilon"}]
    return found if syntax.has("opacus") else []


def find_shuffled_batches(syntax: Syntax) -> Iterator[PatternHit]:
    """Opacus accounts every batch as Poisson sampled, also where it was told not to sample so."""
    for call in _private_calls(syntax):
        given = syntax.keyword(call, "poisson_sampling")
        if given is not None and is_false(syntax.value(given, syntax.scope(call)) or given):
            yield PatternHit(
                call, "trains with poisson_sampling=False, and Opacus accounts it as Poisson sampled"
            )


def find_batch_norm(syntax: Syntax) -> Iterator[PatternHit]:
    """Each output depends on every record of the batch, so clipping one record's gradient bounds nothing."""
    private = _private_calls(syntax)
    if not private or any(method(call) in _REPAIRS for call in syntax.calls):
        return
    norms = [call for call in syntax.calls if _is_norm(call, syntax)]
    parts = [part for call in private for part in _model_parts(call, syntax)]
    for call in norms:
        if not parts or call in parts or any(part in parts for part in syntax.ancestors(call)):
            yield PatternHit(call, f"builds {method(call)} into a model that Opacus makes private")


def _is_norm(call: ast.Call, syntax: Syntax) -> bool:
    is_norm = _NORM.fullmatch(syntax.name(call.func)) is not None
    return is_norm and keyword(call, "norm_layer") is None


def _model_parts(call: ast.Call, syntax: Syntax) -> set[ast.AST]:
    """The expressions, classes and functions in this file that the module of a private training is of."""
    module = syntax.keyword(call, "module") or (call.args[0] if call.args else None)
    found: set[ast.AST] = set()
    new: list[tuple[ast.AST, Scope]] = [(module, syntax.scope(call))] if module is not None else []
    while new:
        part, scope = new.pop()
        for each in ast.walk(part):
            named = syntax.definitions.get(each.id, []) if isinstance(each, ast.Name) else []
            assigned = syntax.values(each, scope) if each is part or isinstance(each, ast.Name) else []
            for value in (*assigned, *named):
                if value not in found:
                    found.add(value)
                    new.append((value, syntax.scope(value)))
    return found


_FLOWER_WRAPPERS = (
    "flwr.server.strategy.DifferentialPrivacy",
    "flwr.server.strategy.dp_",
    "flwr.serverapp.strategy.DifferentialPrivacy",
    "flwr.serverapp.strategy.dp_",
)


def find_unequal_weights(syntax: Syntax) -> Iterator[PatternHit]:
    """The noise is for a mean of equal weights; a client with many records moves a weighted mean further."""
    for call in syntax.calls:
        if _is_weighted_tff(call, syntax):
            yield PatternHit(
                call, "averages by the clients' records what its aggregator clips for equal weights"
            )
    wrapped = any(syntax.name(call.func).startswith(_FLOWER_WRAPPERS) for call in syntax.calls)
    if wrapped:
        yield from map(_unequal_fit, _weighted_fits(syntax))


def _is_weighted_tff(call: ast.Call, syntax: Syntax) -> bool:
    aggregator = keyword(call, "model_aggregator") or keyword(call, "model_update_aggregation_factory")
    if not syntax.name(call.func).endswith("build_weighted_fed_avg") or aggregator is None:
        return False
    value = syntax.value(aggregator, syntax.scope(call)) or aggregator
    return isinstance(value, ast.Call) and (
        method(value) == "dp_aggregator" or "DifferentiallyPrivateFactory" in ast.unparse(value.func)
    )


def _weighted_fits(syntax: Syntax) -> Iterator[ast.Return]:
    """`return weights, len(data), metrics` in the `fit` of a Flower client."""
    for node in syntax.nodes:
        if not isinstance(node, ast.Return) or not isinstance(node.value, ast.Tuple):
            continue
        around = syntax.scope(node)
        is_fit = isinstance(around, ast.FunctionDef) and around.name == "fit"
        parts = node.value.elts
        if is_fit and len(parts) == 3 and _counts_records(parts[1], around, syntax):
            yield node


def _counts_records(node: ast.expr, scope: Scope, syntax: Syntax) -> bool:
    value = syntax.value(node, scope) or node
    return any(isinstance(each, ast.Call) and method(each) == "len" for each in ast.walk(value))


def _unequal_fit(node: ast.Return) -> PatternHit:
    return PatternHit(node, "weighs a client by its records, and the strategy's noise is for equal weights")


PATTERNS = (
    Pattern(
        SHUFFLED_BATCHES,
        "sample (poisson_sampling=True), or declare sampling: shuffle for the evidence, which costs more",
        find_shuffled_batches,
        is_for_tests=False,
    ),
    Pattern(
        BATCH_NORM,
        "use GroupNorm or LayerNorm, or ModuleValidator.fix(model) before it is made private",
        find_batch_norm,
    ),
    Pattern(
        UNEQUAL_WEIGHTS,
        "weigh clients alike: Flower, return 1 as the number of examples; TFF, build_unweighted_fed_avg",
        find_unequal_weights,
    ),
)
