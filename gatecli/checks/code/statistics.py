"""Private statistics: what libraries are told about the data, and how often ε is spent."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from dataclasses import dataclass

from gatecli.checks.code.budget import words
from gatecli.checks.code.draws import privacy_draws
from gatecli.checks.code.interface import Pattern, PatternHit
from gatecli.checks.code.seeds import is_guessable
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
_PUBLIC = re.compile(
    r"(^|_)(public|domain|bins?|edges|bounds?|limits?|range|schema|grid|config|sens\w*)(_|$)"
)
_LOWEST, _HIGHEST = frozenset({"min", "amin", "nanmin"}), frozenset({"max", "amax", "nanmax"})


def _library_calls(syntax: Syntax) -> Iterator[ast.Call]:
    return (call for call in syntax.calls if syntax.name(call.func).startswith(_LIBRARIES))


def find_bounds_from_data(syntax: Syntax) -> Iterator[PatternHit]:
    """The bounds of the data are data: clipped values and the size of the noise publish them."""
    for call in _library_calls(syntax):
        for name in _BOUNDS:
            given = syntax.keyword(call, name)
            if given is not None and _reads_data(given, syntax.scope(call), syntax):
                yield PatternHit(call, f"gives {method(call)} {name} that are read from the data")
    yield from _bounds_of_own_noise(syntax)


def _bounds_of_own_noise(syntax: Syntax) -> Iterator[PatternHit]:
    """Clipping and sensitivities beside noise, or in code that is about privacy."""
    is_noisy = bool(privacy_draws(syntax)) or any(map(syntax.has, ("diffprivlib", "pydp", "opendp")))
    for node in syntax.nodes if is_noisy or syntax.is_about_privacy else ():
        if isinstance(node, ast.Call) and is_noisy and _clips_to_own_range(node, syntax):
            yield PatternHit(node, "clips values to bounds that are read from them")
        if isinstance(node, ast.Assign) and _is_sensitivity_of_data(node, syntax):
            yield PatternHit(node, "takes the range of the data for a sensitivity")


def _reads_data(node: ast.expr, scope: Scope, syntax: Syntax) -> bool:
    """Whether an expression, or a name in it, is a statistic of a collection that is not public."""
    values = [node, *(value for each in ast.walk(node) if (value := syntax.value(each, scope)) is not None)]
    return any(
        isinstance(each, ast.Call) and _is_statistic(each, _STATISTICS, scope, syntax)
        for value in values
        for each in ast.walk(value)
    )


def _is_statistic(call: ast.Call, names: frozenset[str], scope: Scope, syntax: Syntax) -> bool:
    """`x.max()`, `np.max(x)` or `max(x)`, where x is neither a list in the source nor called a bound."""
    if method(call) not in names or (isinstance(call.func, ast.Name) and len(call.args) != 1):
        return False
    is_function = isinstance(call.func, ast.Name) or bool(syntax.name(call.func))
    of = (call.args[0] if call.args else None) if is_function else _receiver(call)
    if of is None or any(map(_PUBLIC.search, words(of))):
        return False
    return not _is_literal(syntax.value(of, scope) or of)


def _receiver(call: ast.Call) -> ast.expr | None:
    return call.func.value if isinstance(call.func, ast.Attribute) else None


def _is_literal(node: ast.expr) -> bool:
    """`[0, 120]`, `range(9)`, `np.array([0, 120])`: what stands in the source."""
    match node:
        case ast.Call(args=parts) if parts:
            return all(map(_is_literal, parts))
        case ast.List(elts=parts) | ast.Tuple(elts=parts) | ast.Set(elts=parts):
            return all(map(_is_literal, parts))
        case ast.UnaryOp(operand=operand):
            return _is_literal(operand)
        case _:
            return is_constant(node)


def _clips_to_own_range(call: ast.Call, syntax: Syntax) -> bool:
    """`np.clip(x, x.min(), x.max())`, also by names."""
    if method(call) != "clip" or not isinstance(call.func, ast.Attribute):
        return False
    is_function = bool(syntax.name(call.func))
    clipped = (call.args[0] if call.args else None) if is_function else _receiver(call)
    scope = syntax.scope(call)
    of = {each.id for each in ast.walk(clipped) if isinstance(each, ast.Name)} if clipped else set()
    bounds = [*call.args[is_function:], *(each.value for each in call.keywords)]
    return any(
        _reads_data(bound, scope, syntax)
        and any(
            isinstance(each, ast.Name) and each.id in of
            for value in (bound, syntax.value(bound, scope))
            if value is not None
            for each in ast.walk(value)
        )
        for bound in bounds
    )


def _is_sensitivity_of_data(node: ast.Assign, syntax: Syntax) -> bool:
    is_named = any("sensitivity" in ast.unparse(target).lower() for target in node.targets)
    return is_named and _is_range(node.value, syntax.scope(node), syntax)


def _is_range(node: ast.expr, scope: Scope, syntax: Syntax) -> bool:
    """`x.max() - x.min()`, also by names, and divided by a number of records."""
    match node:
        case ast.BinOp(left=left, op=ast.Div() | ast.Mult()):
            return _is_range(left, scope, syntax)
        case ast.BinOp(left=left, op=ast.Sub(), right=right):
            high, low = syntax.value(left, scope) or left, syntax.value(right, scope) or right
            return _reads(high, _HIGHEST, scope, syntax) and _reads(low, _LOWEST, scope, syntax)
        case ast.Call(args=[value]) if method(node) in {"abs", "float", "int"}:
            return _is_range(value, scope, syntax)
        case ast.Call():
            return _is_statistic(node, frozenset({"ptp"}), scope, syntax)
        case _:
            return False


def _reads(node: ast.expr, names: frozenset[str], scope: Scope, syntax: Syntax) -> bool:
    return any(
        isinstance(each, ast.Call) and _is_statistic(each, names, scope, syntax) for each in ast.walk(node)
    )


@dataclass(frozen=True, slots=True)
class _Query:
    """One query: the name of the ε that it spends, and the names of the records that it reads."""

    call: ast.Call
    epsilon: ast.expr
    records: frozenset[str]

    def is_of_the_same_people(self, other: _Query) -> bool:
        return self.records == other.records or bool(self.records & other.records)


def find_epsilon_reused(syntax: Syntax) -> Iterator[PatternHit]:
    """Two queries of ε each cost 2ε together, unless an accountant counts them."""
    if any(method(call) == "BudgetAccountant" for call in syntax.calls):
        return
    spent: dict[tuple[Scope, str], list[_Query]] = {}
    queries = (*_library_queries(syntax), *_own_queries(syntax))
    for query in sorted(queries, key=lambda query: (query.call.lineno, query.call.col_offset)):
        scope, call, name = syntax.scope(query.call), query.call, ast.unparse(query.epsilon)
        if (value := syntax.value(query.epsilon, scope)) is not None and _is_share(value):
            continue
        before = spent.setdefault((scope, name), [])
        first = next((each.call for each in before if each.is_of_the_same_people(query)), None)
        before.append(query)
        if first is not None and not _exclude_each_other(first, call, syntax):
            yield PatternHit(
                call,
                f"spends {name} in {method(call)} as {method(first)} in line {first.lineno} does: "
                "both together cost twice that",
            )
        elif first is None and _is_repeated(call, query.epsilon, syntax):
            yield PatternHit(call, f"spends {name} in {method(call)} anew in each round of a loop")


def _library_queries(syntax: Syntax) -> Iterator[_Query]:
    for call in _library_calls(syntax):
        epsilon = syntax.keyword(call, "epsilon")
        if isinstance(epsilon, ast.Name | ast.Attribute) and keyword(call, "accountant") is None:
            yield _Query(call, epsilon, _records(call))


def _own_queries(syntax: Syntax) -> Iterator[_Query]:
    """Draws of noise in one function that each divide by a whole ε: 2/ε is already a share."""
    for draw in privacy_draws(syntax):
        scope = syntax.scope(draw.call)
        scale = draw.scale and (syntax.value(draw.scale, scope) or draw.scale)
        match scale:
            case ast.BinOp(left=left, op=ast.Div(), right=(ast.Name() | ast.Attribute()) as epsilon):
                numbers = [each.value for each in ast.walk(left) if isinstance(each, ast.Constant)]
                is_whole = all(number == 1 for number in numbers)
                if is_whole and not isinstance(scope, ast.Module):
                    yield _Query(draw.call, epsilon, frozenset())


def _records(call: ast.Call) -> frozenset[str]:
    """The name of the data that is queried: columns of one table are of the same people."""
    node = call.args[0] if call.args else None
    while isinstance(node, ast.Subscript | ast.Attribute | ast.Call):
        if isinstance(node, ast.Subscript) and not isinstance(node.slice, ast.Constant):
            break  # some of the rows, which others may not be among
        node = node.func if isinstance(node, ast.Call) else node.value
    return frozenset({ast.unparse(node)}) if node is not None else frozenset()


def _is_repeated(call: ast.Call, epsilon: ast.expr, syntax: Syntax) -> bool:
    """Whether one query after another of columns that a loop goes through spends the same ε."""
    if not syntax.name(call.func).startswith(_LIBRARIES):
        return False
    data = {each.id for given in call.args[:1] for each in ast.walk(given) if isinstance(each, ast.Name)}
    own = {each.id for each in ast.walk(epsilon) if isinstance(each, ast.Name)}
    for above in syntax.ancestors(call):
        if isinstance(above, Scope):
            return False
        loops = [above] if isinstance(above, ast.For) else getattr(above, "generators", [])
        targets = {each.id for loop in loops for each in ast.walk(loop.target) if isinstance(each, ast.Name)}
        set_inside = {
            each.id
            for each in ast.walk(above)
            if isinstance(each, ast.Name) and isinstance(each.ctx, ast.Store)
        }
        if targets & data and not own & set_inside and _is_over_columns(call, targets):
            return True
    return False


def _is_over_columns(call: ast.Call, targets: set[str]) -> bool:
    """`df[column]`: a loop over other things may go through groups of different people."""
    return any(
        isinstance(each, ast.Subscript) and isinstance(each.slice, ast.Name) and each.slice.id in targets
        for each in ast.walk(call.args[0])
    )


def _is_share(node: ast.AST) -> bool:
    """Whether an ε was divided before it was spent."""
    return any(
        isinstance(each, ast.BinOp) and isinstance(each.op, ast.Div | ast.Mult) for each in ast.walk(node)
    )


def _exclude_each_other(one: ast.AST, other: ast.AST, syntax: Syntax) -> bool:
    """Whether no run makes both calls: they stand in two arms of one choice, or the first returns."""
    above = set(syntax.ancestors(one))
    if any(isinstance(each, ast.Return) for each in above - set(syntax.ancestors(other))):
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
        if is_guessable(syntax.keyword(call, "random_state"), syntax.scope(call), syntax):
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
