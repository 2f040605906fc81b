"""OpenDP: what a privacy loss means in its measure, and the loss that an odometer has seen so far.

{"privacy_loss": ε, ρ or [ε, δ], "output_measure": "MaxDivergence", "input_metric": "SymmetricDistance()",
"d_in": 1}: what `OdometerQueryable.privacy_loss(d_in)` returned, and the `output_measure` and `input_metric`
of its odometer as text (opendp/mod.py, version 0.16). An odometer is not serialised.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from fractions import Fraction
from typing import Any

from gatecli.model.budget import Neighbouring
from gatecli.model.mechanism import Mechanism, Pure, Unaccountable, ZeroConcentrated
from gatecli.sources.evidence.reading import (
    Refused,
    Where,
    build_mechanism,
    exact,
    record,
    rows,
    spent_budget,
)
from gatecli.sources.positioned_tree import printable

LOSS, MEASURE, METRIC, DISTANCE = "privacy_loss", "output_measure", "input_metric", "d_in"

ODOMETER_NOTE = "an odometer counts what it has answered so far; what it answers later is not in the file"

_RELATIONS: dict[str, Neighbouring] = {
    "SymmetricDistance": Neighbouring.ADD_REMOVE,
    "InsertDeleteDistance": Neighbouring.ADD_REMOVE,
    "ChangeOneDistance": Neighbouring.REPLACE_ONE,
    "HammingDistance": Neighbouring.REPLACE_ONE,
    "DiscreteDistance": Neighbouring.REPLACE_ONE,
}


def relation_in(metric: str) -> Neighbouring | None:
    """The relation of a metric in which a distance of 1 is one record; None of every other."""
    return _RELATIONS.get(metric.partition("(")[0])


def require_records(distance: Fraction, metric: str, where: Where) -> None:
    """Refuse a distance that is less than a record where the metric counts records."""
    if relation_in(metric) is not None and distance < 1:
        raise Refused(f"d_in is below 1, and {metric} counts whole records", where)


def claim(measure: str, parts: tuple[Fraction, ...], where: Where) -> Mechanism:
    """A finite privacy loss as a claim in its measure."""
    width, kind = _MEASURES.get(measure, (None, None))
    if kind is None:
        return Unaccountable(description=f"an OpenDP measurement in the measure {measure}")
    if len(parts) != width:
        raise Refused(f"a loss in {measure} has {width} parts", where)
    return kind(where, *parts)


_MEASURES: dict[str, tuple[int, Callable[..., Mechanism]]] = {
    "MaxDivergence": (1, lambda where, epsilon: build_mechanism(Pure, where, epsilon=epsilon)),
    "ZeroConcentratedDivergence": (1, lambda where, rho: build_mechanism(ZeroConcentrated, where, rho=rho)),
    "Approximate(MaxDivergence)": (2, lambda where, epsilon, delta: spent_budget(epsilon, delta, where)),
}


def is_loss(data: object) -> bool:
    """Whether an object is what an odometer has seen, and no measurement."""
    return isinstance(data, Mapping) and LOSS in data


def read_loss(data: object, where: Where) -> Mechanism:
    """What an odometer has seen so far, of datasets at its distance."""
    fields = record(data, where, required=(LOSS, MEASURE, METRIC, DISTANCE))
    measure, metric = (_text(fields, key, where) for key in (MEASURE, METRIC))
    distance = exact(fields[DISTANCE], (*where, DISTANCE))
    if distance <= 0:
        raise Refused("d_in is not above 0, and nothing protects against no change", (*where, DISTANCE))
    require_records(distance, metric, (*where, DISTANCE))
    if fields[LOSS] is None:
        return Unaccountable(description="an OpenDP odometer whose loss is infinite")
    spent = claim(measure, _parts_of(fields[LOSS], (*where, LOSS)), where)
    return build_mechanism(type(spent), where, **dict(spent) | {"neighbouring": relation_in(metric)})


def _text(fields: Mapping[str, Any], key: str, where: Where) -> str:
    value = fields[key]
    if not isinstance(value, str):
        raise Refused(f"{key} is {printable(value)} where OpenDP's text is meant", (*where, key))
    return value


def _parts_of(loss: object, where: Where) -> tuple[Fraction, ...]:
    """The numbers of a loss; what OpenDP computed is a float, whose text may be a little less than it is."""
    parts = rows(loss, where) if isinstance(loss, list) else [loss]
    first, *rest = (exact(part, where) for part in parts)
    try:
        return max(first, Fraction(float(first))), *rest
    except OverflowError:
        raise Refused("the loss is larger than any number of OpenDP", where) from None
