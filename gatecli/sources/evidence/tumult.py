"""Tumult Analytics: the privacy budgets that sessions were given.

{"type": "PureDPBudget", "epsilon": …}, {"type": "ApproxDPBudget", "epsilon": …, "delta": …},
{"type": "RhoZCDPBudget", "rho": …}, or a list of them: the classes and properties of
tmlt.analytics.privacy_budget (version 0.21). A session spends at most its budget. {"total": a budget,
"remaining": a budget} is a session that has been stopped: `Session.remaining_privacy_budget` is what it did
not spend of what it was given.
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


_STOPPED = (
    "what a session has left counts as never spent: it must have been stopped before the file was written"
)


def read(data: object) -> EvidenceReading:
    """Every budget as a black box, under add-remove, which every ProtectedChange of Tumult is."""
    wheres: list[tuple[object, Where]] = [(data, ())]
    if isinstance(data, list):
        wheres = [(item, (index,)) for index, item in enumerate(rows(data, ()))]
    budgets = tuple(_spent(item, where) for item, where in wheres)
    if not budgets:
        raise Refused("the list holds no budget")
    notes = (_NOTE, *((_STOPPED,) if any(_is_stopped(item) for item, _ in wheres) else ()))
    return EvidenceReading(budgets, neighbouring=Neighbouring.ADD_REMOVE, notes=notes)


def _is_stopped(data: object) -> bool:
    return isinstance(data, Mapping) and "type" not in data and "remaining" in data


def _spent(data: object, where: Where) -> Mechanism:
    """A budget, or what a session that was stopped has spent of one: they add up in one definition."""
    if not _is_stopped(data):
        return _budget(data, where)
    session = record(data, where, required=("total", "remaining"))
    total, remaining = (_fields(session[key], (*where, key)) for key in ("total", "remaining"))
    if total["type"] != remaining["type"]:
        raise Refused("total and remaining are budgets of two definitions", where)
    names = _BUDGETS[total["type"]][0]
    spent = {
        name: exact(total[name], (*where, "total", name))
        - exact(remaining[name], (*where, "remaining", name))
        for name in names
    }
    if any(part < 0 for part in spent.values()):
        raise Refused("it has more remaining than its total", (*where, "remaining"))
    return _BUDGETS[total["type"]][1](spent, where)


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
    fields = _fields(data, where)
    return _BUDGETS[fields["type"]][1](fields, where)


def _fields(data: object, where: Where) -> Mapping[str, Any]:
    """The type of a budget and its numbers, and nothing else."""
    name = data.get("type") if isinstance(data, Mapping) else None
    if not isinstance(name, str) or name not in _BUDGETS:
        raise Refused(
            f"a budget has a type, one of {', '.join(_BUDGETS)}; here it is {printable(name)}", where
        )
    return record(data, where, required=("type", *_BUDGETS[name][0]))
