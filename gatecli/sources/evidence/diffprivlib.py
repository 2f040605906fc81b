"""diffprivlib: the state of a BudgetAccountant.

{"spent_budget": [[ε, δ], …], "epsilon": …, "delta": …, "slack": …, "total": [ε, δ]}: the properties
of `diffprivlib.BudgetAccountant` (version 0.6). Only `spent_budget` is required and only it is charged:
`epsilon` and `delta` are a ceiling, `slack` is a choice of its own composition theorem. Without a ceiling ε
is infinite, which Python's json writes as `Infinity`; an infinite spend promises nothing.
"""

from __future__ import annotations

from decimal import Decimal

from gatecli.model.mechanism import Mechanism, Unaccountable
from gatecli.sources.evidence.reading import (
    EvidenceReading,
    Refused,
    Where,
    budget,
    exact,
    record,
    rows,
    spent_pair,
)

_CEILING = ("epsilon", "delta", "slack")
_INFINITE = Decimal("Infinity")


def read(data: object) -> EvidenceReading:
    """Every spend as a black box; `total`, what the accountant reports, as the stated budget."""
    state = record(data, (), required=("spent_budget",), optional=(*_CEILING, "total"))
    for key in _CEILING:
        if state.get(key) is not None and state[key] != _INFINITE:
            exact(state[key], (key,))
    spends = rows(state["spent_budget"], ("spent_budget",))
    if not spends:
        raise Refused("spent_budget is empty: the accountant recorded nothing", ("spent_budget",))
    places = [("spent_budget", index) for index in range(len(spends))]
    mechanisms = tuple(_read_spend(spend, where) for spend, where in zip(spends, places, strict=True))
    total = state.get("total")
    stated = None if total is None or _is_infinite(total) else budget(total, ("total",))
    return EvidenceReading(mechanisms, stated)


def _is_infinite(pair: object) -> bool:
    return isinstance(pair, list) and len(pair) == 2 and pair[0] == _INFINITE


def _read_spend(pair: object, where: Where) -> Mechanism:
    if _is_infinite(pair):
        return Unaccountable(description="a spend of diffprivlib with an infinite ε")
    return spent_pair(pair, where)
