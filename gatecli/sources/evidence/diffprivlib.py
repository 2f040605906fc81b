"""diffprivlib: the state of a BudgetAccountant.

{"spent_budget": [[ε, δ], …], "epsilon": …, "delta": …, "slack": …, "total": [ε, δ]}: the properties
of `diffprivlib.BudgetAccountant` (version 0.6). Only `spent_budget` is required and only it is charged:
`epsilon` and `delta` are a ceiling, `slack` is a choice of its own composition theorem.
"""

from __future__ import annotations

from gatecli.sources.evidence.reading import EvidenceReading, Refused, budget, exact, record, rows, spent_pair

_CEILING = ("epsilon", "delta", "slack")


def read(data: object) -> EvidenceReading:
    """Every spend as a black box; `total`, what the accountant reports, as the stated budget."""
    state = record(data, (), required=("spent_budget",), optional=(*_CEILING, "total"))
    for key in _CEILING:
        if state.get(key) is not None:
            exact(state[key], (key,))
    spends = rows(state["spent_budget"], ("spent_budget",))
    if not spends:
        raise Refused("spent_budget is empty: the accountant recorded nothing", ("spent_budget",))
    places = [("spent_budget", index) for index in range(len(spends))]
    mechanisms = tuple(spent_pair(spend, where) for spend, where in zip(spends, places, strict=True))
    stated = None if state.get("total") is None else budget(state["total"], ("total",))
    return EvidenceReading(mechanisms, stated)
