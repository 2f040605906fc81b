"""SmartNoise SQL: the state of an odometer (snsql/sql/odometer.py, version 1.0).

`OdometerHeterogeneous`, which every private reader keeps: {"steps": [[ε, δ], …]}. `Odometer`, k queries
alike: {"epsilon": …, "delta": …, "k": …}. Both may hold "spent": [ε, δ], what the odometer reports.
"""

from __future__ import annotations

from collections.abc import Mapping

from gatecli.model.mechanism import Mechanism
from gatecli.sources.evidence.reading import (
    EvidenceReading,
    Refused,
    budget,
    build_mechanism,
    record,
    rows,
    spent_budget,
    spent_pair,
    whole,
)


def read(data: object) -> EvidenceReading:
    """Every step as a black box; what the odometer reports as the stated budget."""
    if isinstance(data, Mapping) and "steps" in data:
        state = record(data, (), required=("steps",), optional=("spent",))
        mechanisms = _steps(state["steps"])
    else:
        state = record(data, (), required=("epsilon", "delta", "k"), optional=("spent",))
        mechanisms = (_alike(state),)
    stated = None if state.get("spent") is None else budget(state["spent"], ("spent",))
    return EvidenceReading(mechanisms, stated)


def _steps(data: object) -> tuple[Mechanism, ...]:
    steps = rows(data, ("steps",))
    if not steps:
        raise Refused("the odometer holds no step: nothing was recorded", ("steps",))
    places = [("steps", index) for index in range(len(steps))]
    return tuple(spent_pair(step, where) for step, where in zip(steps, places, strict=True))


def _alike(state: Mapping[str, object]) -> Mechanism:
    count = whole(state["k"], ("k",), least=1)
    query = spent_budget(state["epsilon"], state["delta"], ())
    return build_mechanism(type(query), (), **dict(query) | {"count": count})
