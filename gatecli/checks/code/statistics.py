"""Private statistics: what libraries are told about the data, and how often ε is spent."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from gatecli.checks.code.interface import Pattern, PatternHit
from gatecli.checks.code.syntax import Scope, Syntax, is_constant, keyword, method
from gatecli.model.finding import Rule, Severity

BOUNDS_FROM_DATA = Rule(
    "audit-code-bounds-from-data",
    Severity.ERROR,
    "Bounds or a sensitivity are read from the protected data",
)
EPSILON_REUSED = Rule("audit-code-epsilon-reused", Severity.WARNING, "Several queries each spend the whole ε")
RANDOM_STATE = Rule("audit-code-random-state", Severity.ERROR, "A private estimator has a fixed random_state")

_LIBRARIES = ("diffprivlib.", "pydp.")
_BOUNDS = ("bounds", "range", "data_norm", "bounds_X", "bounds_y", "lower_bound", "upper_bound")
_STATISTICS = frozenset({"min", "max", "amin", "amax", "nanmin", "nanmax", "percentile", "quantile", "ptp"})
_LOWEST, _HIGHEST = frozenset({"min", "amin", "nanmin"}), frozenset({"max", "amax", "nanmax"})


def _library_calls(syntax: Syntax) -> Iterator[ast.Call]:
    return (call for call in syntax.calls if syntax.name(call.func).startswith(_LIBRARIES))


def _is_read_from_data(node: ast.AST, names: frozenset[str] = _STATISTICS) -> bool:
    """Whether an expression holds a statistic of one collection: `x.max()`, `np.max(x)`, `max(x)`."""
    return any(
        isinstance(each, ast.Call)
        and method(each) in names
        and not (isinstance(each.func, ast.Name) and len(each.args) != 1)
        and not all(is_constant(argument) for argument in each.args or [ast.Constant(None)])
        for each in ast.walk(node)
    )


def find_bounds_from_data(syntax: Syntax) -> Iterator[PatternHit]:
    """The bounds of the data are data: clipped values and the size of the noise publish them."""
    for call in _library_calls(syntax):
        for name in _BOUNDS:
            given = keyword(call, name)
            value = given and (syntax.value(given, syntax.scope(call)) or given)
            if value is not None and _is_read_from_data(value):
                yield PatternHit(call, f"gives {method(call)} {name} that are read from the data")
    for node in syntax.nodes:
        if isinstance(node, ast.Assign) and _is_range(node, syntax):
            yield PatternHit(node, "takes the range of the data for a sensitivity")


def _is_range(node: ast.Assign, syntax: Syntax) -> bool:
    """`sensitivity = x.max() - x.min()`, for noise."""
    named = any("sensitivity" in ast.unparse(target).lower() for target in node.targets)
    value = node.value
    if not named or not syntax.has("numpy"):
        return False
    if isinstance(value, ast.Call) and method(value) == "ptp":
        return True
    return (
        isinstance(value, ast.BinOp)
        and isinstance(value.op, ast.Sub)
        and _is_read_from_data(value.left, _HIGHEST)
        and _is_read_from_data(value.right, _LOWEST)
    )


def find_epsilon_reused(syntax: Syntax) -> Iterator[PatternHit]:
    """Two queries of ε each cost 2ε together, unless an accountant counts them."""
    if any(method(call) == "BudgetAccountant" for call in syntax.calls):
        return
    spent: dict[tuple[Scope, str], ast.Call] = {}
    for call in _library_calls(syntax):
        epsilon = keyword(call, "epsilon")
        if not isinstance(epsilon, ast.Name | ast.Attribute) or keyword(call, "accountant") is not None:
            continue
        if (value := syntax.value(epsilon, syntax.scope(call))) is not None and _is_share(value):
            continue
        key = syntax.scope(call), ast.unparse(epsilon)
        first = spent.setdefault(key, call)
        if first is not call and not _exclude_each_other(first, call, syntax):
            yield PatternHit(
                call,
                f"spends {ast.unparse(epsilon)} in {method(call)} as {method(first)} in line "
                f"{first.lineno} does: both together cost twice that",
            )


def _is_share(node: ast.AST) -> bool:
    """Whether an ε was divided before it was spent."""
    return any(
        isinstance(each, ast.BinOp) and isinstance(each.op, ast.Div | ast.Mult) for each in ast.walk(node)
    )


def _exclude_each_other(one: ast.AST, other: ast.AST, syntax: Syntax) -> bool:
    """Whether no run makes both calls: they stand in two arms of one choice, or the first returns."""
    above = set(syntax.ancestors(one))
    if any(isinstance(each, ast.Return) for each in above):
        return True
    for each in syntax.ancestors(other):
        if each in above and isinstance(each, ast.If | ast.IfExp | ast.Match | ast.Try):
            return not _is_in_test(one, each, syntax) and _arm(one, each, syntax) is not _arm(
                other, each, syntax
            )
    return False


def _arm(node: ast.AST, choice: ast.AST, syntax: Syntax) -> object:
    """What tells the arm of a choice that a node stands in."""
    child = node
    for above in syntax.ancestors(node):
        if above is choice:
            break
        child = above
    if isinstance(choice, ast.If):
        return choice.body if child in choice.body else choice.orelse
    return child


def _is_in_test(node: ast.AST, choice: ast.AST, syntax: Syntax) -> bool:
    test = getattr(choice, "test", None)
    return test is not None and (node is test or test in set(syntax.ancestors(node)))


def find_random_state(syntax: Syntax) -> Iterator[PatternHit]:
    """The noise of the estimator follows it: who reads the source subtracts the noise."""
    for call in _library_calls(syntax):
        state = keyword(call, "random_state")
        value = state and (syntax.value(state, syntax.scope(call)) or state)
        if is_constant(value):
            yield PatternHit(call, f"gives {method(call)} a random_state that stands in the source")


PATTERNS = (
    Pattern(
        BOUNDS_FROM_DATA,
        "take bounds from what is known without the data, or spend budget on them (diffprivlib's quantile)",
        find_bounds_from_data,
    ),
    Pattern(
        EPSILON_REUSED,
        "divide epsilon between the queries, or count them by one BudgetAccountant and declare its total",
        find_epsilon_reused,
    ),
    Pattern(
        RANDOM_STATE,
        "leave random_state out where a model is released",
        find_random_state,
        is_for_tests=False,
    ),
)
