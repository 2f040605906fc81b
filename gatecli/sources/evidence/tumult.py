"""Tumult Analytics: the privacy budgets that sessions were given.

{"type": "PureDPBudget", "epsilon": …}, {"type": "ApproxDPBudget", "epsilon": …, "delta": …},
{"type": "RhoZCDPBudget", "rho": …}, or a list of them: the classes and properties of
tmlt.analytics.privacy_budget (version 0.21). A session spends at most its budget.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from gatecli.model.budget import Neighbouring
from gatecli.model.mechanism import Mechanism, Pure, ZeroConcentrated
from gatecli.sources.evidence.reading import (
    EvidenceReading,
    Refused,
    Where,
    build_mechanism,
    exact,
    record,
    rows,
    spent_budget,
)
from gatecli.sources.positioned_tree import printable

_NOTE = (
    "a session's whole budget counts as spent; it protects what the session's ProtectedChange says, "
    "which for AddMaxRows is more than one row"
)


def read(data: object) -> EvidenceReading:
    """Every budget as a black box, under add-remove, which every ProtectedChange of Tumult is."""
    if not isinstance(data, list):
        return EvidenceReading((_budget(data, ()),), neighbouring=Neighbouring.ADD_REMOVE, notes=(_NOTE,))
    budgets = tuple(_budget(item, (index,)) for index, item in enumerate(rows(data, ())))
    if not budgets:
        raise Refused("the list holds no budget")
    return EvidenceReading(budgets, neighbouring=Neighbouring.ADD_REMOVE, notes=(_NOTE,))


def _pure(fields: Mapping[str, Any], where: Where) -> Mechanism:
    return build_mechanism(Pure, where, epsilon=exact(fields["epsilon"], (*where, "epsilon")))


def _approximate(fields: Mapping[str, Any], where: Where) -> Mechanism:
    return spent_budget(fields["epsilon"], fields["delta"], where)


def _zcdp(fields: Mapping[str, Any], where: Where) -> Mechanism:
    return build_mechanism(ZeroConcentrated, where, rho=exact(fields["rho"], (*where, "rho")))


_Builder = Callable[[Mapping[str, Any], Where], Mechanism]

_BUDGETS: dict[str, tuple[tuple[str, ...], _Builder]] = {
    "PureDPBudget": (("epsilon",), _pure),
    "ApproxDPBudget": (("epsilon", "delta"), _approximate),
    "RhoZCDPBudget": (("rho",), _zcdp),
}


def _budget(data: object, where: Where) -> Mechanism:
    name = data.get("type") if isinstance(data, Mapping) else None
    if not isinstance(name, str) or name not in _BUDGETS:
        raise Refused(
            f"a budget has a type, one of {', '.join(_BUDGETS)}; here it is {printable(name)}", where
        )
    fields, build = _BUDGETS[name]
    return build(record(data, where, required=("type", *fields)), where)
