"""Private training: layers that mix records, batches that are not sampled, weights that are not equal."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from gatecli.checks.code.interface import Pattern, PatternHit
from gatecli.checks.code.syntax import Syntax, is_false, keyword, method
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

_NORMS = tuple(
    f"torch.nn.{name}"
    for name in ("BatchNorm1d", "BatchNorm2d", "BatchNorm3d", "SyncBatchNorm", "LazyBatchNorm2d")
)
_REPAIRS = frozenset({"fix", "fix_and_validate", "convert_batchnorm_modules"})


def _private_calls(syntax: Syntax) -> list[ast.Call]:
    found = [call for call in syntax.calls if method(call) in {"make_private", "make_private_with_epsilon"}]
    return found if syntax.has("opacus") else []


def find_shuffled_batches(syntax: Syntax) -> Iterator[PatternHit]:
    """Opacus accounts every batch as Poisson sampled, also where it was told not to sample so."""
    for call in _private_calls(syntax):
        if is_false(keyword(call, "poisson_sampling")):
            yield PatternHit(
                call, "trains with poisson_sampling=False, and Opacus accounts it as Poisson sampled"
            )


def find_batch_norm(syntax: Syntax) -> Iterator[PatternHit]:
    """Each output depends on every record of the batch, so clipping one record's gradient bounds nothing."""
    if not _private_calls(syntax) or any(method(call) in _REPAIRS for call in syntax.calls):
        return
    for call in syntax.calls:
        if syntax.name(call.func) in _NORMS:
            yield PatternHit(call, f"builds {method(call)} into a model that Opacus makes private")


_FLOWER_WRAPPERS = ("flwr.server.strategy.DifferentialPrivacy", "flwr.server.strategy.dp_")


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
        if is_fit and len(parts) == 3 and isinstance(parts[1], ast.Call) and method(parts[1]) == "len":
            yield node


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
