"""The worst of each measure over several sensitive attributes."""

from __future__ import annotations

from collections.abc import Mapping

_LEAST = frozenset({"l", "entropyL"})
_NOT_RANKED = frozenset({"scale", "doubt", "values", "recursiveL"})


def worst_measures(attributes: tuple[Mapping[str, object], ...]) -> dict[str, object]:
    """Each ranked measure by its name; nothing where there are no attributes."""
    if not attributes:
        return {}
    return {name: _worst_of(name, attributes) for name in attributes[0] if name not in _NOT_RANKED}


def _worst_of(name: str, attributes: tuple[Mapping[str, object], ...]) -> object:
    """None is worse than every number: no finite value is enough."""
    values = [attribute[name] for attribute in attributes]
    numbers = [value for value in values if isinstance(value, int | float)]
    if len(numbers) < len(values):
        return None
    return min(numbers) if name in _LEAST else max(numbers)
