"""Calibrations and allocations as plain data: what a command prints as a table, JSON or YAML."""

from __future__ import annotations

from gatecli.accounting.allocation import Allocation
from gatecli.accounting.calibration import Calibration
from gatecli.model.budget import Bounds
from gatecli.model.mechanism import Mechanism
from gatecli.model.number import plain, show_down, show_up

_DIGITS = 6


def mechanism_data(mechanism: Mechanism) -> dict[str, object]:
    """The mechanism as a file holds it: camelCase keys, `kind` first, exact numbers as text."""
    written = mechanism.model_dump(mode="json", by_alias=True, exclude_defaults=True)
    nested = {
        "mechanisms": [mechanism_data(one) for one in getattr(mechanism, "mechanisms", ())],
        "partitions": [mechanism_data(one) for one in getattr(mechanism, "partitions", ())],
    }
    inner = getattr(mechanism, "mechanism", None)
    data = {"kind": mechanism.kind} | written | {key: many for key, many in nested.items() if many}
    return data if inner is None else data | {"mechanism": mechanism_data(inner)}


def calibration_data(calibration: Calibration) -> dict[str, object]:
    """A calibration as plain data: text, booleans and lists."""
    return {
        "parameter": calibration.parameter,
        "value": plain(calibration.value),
        "tight": calibration.tight,
        **_bounds_data(calibration.bounds),
        "mechanisms": [mechanism_data(one) for one in calibration.mechanisms],
    }


def allocation_data(allocation: Allocation) -> dict[str, object]:
    """An allocation as plain data; `steps` are the rows of a table, `mechanisms` are for the release."""
    unit = "epsilon" if allocation.composition == "basic" else "rho"
    return {
        "composition": allocation.composition,
        "total": {"epsilon": plain(allocation.total.epsilon), "delta": plain(allocation.total.delta)},
        **_bounds_data(allocation.bounds),
        "steps": [
            {
                "name": row.name,
                unit: show_down(row.spent, _DIGITS),
                "share": show_down(100 * row.spent / allocation.available, _DIGITS) + " %",
                "variance": show_up(row.variance, _DIGITS),
            }
            for row in allocation.rows
        ],
        "mechanisms": [mechanism_data(one) for one in allocation.mechanisms],
    }


def _bounds_data(bounds: Bounds) -> dict[str, object]:
    return {
        "epsilonUpper": None if bounds.upper is None else show_up(bounds.upper, _DIGITS),
        "delta": plain(bounds.delta),
        "neighbouring": bounds.neighbouring.value,
        "accountant": bounds.accountant,
    }
