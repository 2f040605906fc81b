"""The last point at which something still holds."""

from __future__ import annotations

from collections.abc import Callable

MOST_EPSILON = 60.0
"""An ε above this cannot be refuted: that takes more than e^60 canaries."""
_STEPS = 36


def last_true(holds: Callable[[float], bool], *, least: float = 0.0, most: float = MOST_EPSILON) -> float:
    """The largest ε between `least` and `most` at which `holds`, from below; `least` where it holds at none.

    It must hold below some point and not above it.
    """
    if not holds(least):
        return least
    low, high = least, most
    if holds(high):
        return high
    for _ in range(_STEPS):
        middle = (low + high) / 2
        low, high = (middle, high) if holds(middle) else (low, middle)
    return low


def first_true(holds: Callable[[float], bool], *, most: float = MOST_EPSILON) -> float | None:
    """The smallest ε up to `most` at which `holds`, from above; None where it holds at none."""
    if not holds(most):
        return None
    low, high = 0.0, most
    for _ in range(_STEPS):
        middle = (low + high) / 2
        low, high = (low, middle) if holds(middle) else (middle, high)
    return high
