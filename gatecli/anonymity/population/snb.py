"""The slide negative binomial model of a population's class sizes.

Chen and Keller-McNulty, "Estimation of Identification Disclosure Risk in Microdata", Journal of
Official Statistics 14(1), 1998: the K classes of the population are 1 + negative binomial in size, a
sample keeps each record with the sampling fraction f. With d = (1 − f)(1 − β) and u = 1 − d,

    E[classes of one in the sample] = K f (β ÷ u)^α (1 + α d ÷ u)
    E[classes of two in the sample] = K f² α (1 − β) (β ÷ u)^α (2 − (1 − α) d) ÷ (2 u²)

and K β^α classes of the population are unique. α and β solve both for the numbers that were seen.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from itertools import pairwise
from math import exp, log, sqrt

_GRID = 400
_WIDEST = 14.0
_STEPS = 60


def snb(classes: Mapping[int, int], fraction: float) -> float | None:
    """The share of the population's records that are unique in it; None where no α and β fit.

    `classes` counts the sample's classes by size, `fraction` is above 0 and below 1. Where several
    pairs fit, the one counts whose population is nearest to the real one in size.
    """
    ones, twos = classes.get(1, 0), classes.get(2, 0)
    if not ones or not twos:
        return None
    total = shlosser(classes, fraction)
    population = sum(size * count for size, count in classes.items()) / fraction

    def error(position: float) -> float:
        beta = _beta(position)
        return log(_ones(total, fraction, _alpha(twos / ones, fraction, beta), beta) / ones)

    found: list[tuple[float, float]] = []
    for beta in _roots(error):
        alpha = _alpha(twos / ones, fraction, beta)
        size = total * (1 + alpha * (1 - beta) / beta)
        found.append((abs(log(size / population)), total * beta**alpha / population))
    return min(1.0, min(found)[1]) if found else None


def shlosser(classes: Mapping[int, int], fraction: float) -> float:
    """The number of classes in the population: Shlosser's estimator as modified by Haas and Stokes,
    "Estimating the Number of Classes in a Finite Population", JASA 93(444), 1998 (their D_Sh3).
    """
    q, rest = fraction, 1.0 - fraction
    seen = sum(classes.values())
    unsquared = rest * (1 + q)
    squares = sum(i * q * q * unsquared ** (i - 1) * f for i, f in classes.items())
    grown = sum((unsquared**i - rest**i) * f for i, f in classes.items())
    unseen = sum(rest**i * f for i, f in classes.items())
    once = sum(i * q * rest ** (i - 1) * f for i, f in classes.items())
    return seen + classes.get(1, 0) * (squares / grown) * (unseen / once) ** 2


def _beta(position: float) -> float:
    return 1.0 / (1.0 + exp(-position))


def _alpha(ratio: float, fraction: float, beta: float) -> float:
    """The only α above 0 that gives the ratio of twos to ones: a root of g d α² + (g (2 − d) − r v) α − r,
    g = f (1 − β) ÷ (2 u²), v = d ÷ u.
    """
    d = (1 - fraction) * (1 - beta)
    u = 1 - d
    scale = fraction * (1 - beta) / (2 * u * u)
    square, linear = scale * d, scale * (2 - d) - ratio * d / u
    root = sqrt(linear * linear + 4 * square * ratio)
    return (root - linear) / (2 * square) if linear < 0 else 2 * ratio / (root + linear)


def _ones(total: float, fraction: float, alpha: float, beta: float) -> float:
    d = (1 - fraction) * (1 - beta)
    power = alpha * log(beta / (1 - d))
    return total * fraction * exp(max(power, -700.0)) * (1 + alpha * d / (1 - d))


def _roots(error: Callable[[float], float]) -> list[float]:
    """The β between 0 and 1 where the error changes its sign."""
    step = 2 * _WIDEST / _GRID
    points = [step * at - _WIDEST for at in range(_GRID + 1)]
    values = [(point, error(point)) for point in points]
    return [
        _beta(_bisect_root(error, low, high))
        for (low, at_low), (high, at_high) in pairwise(values)
        if at_low * at_high <= 0
    ]


def _bisect_root(error: Callable[[float], float], low: float, high: float) -> float:
    rising = error(low) < error(high)
    for _ in range(_STEPS):
        middle = (low + high) / 2
        if (error(middle) < 0) == rising:
            low = middle
        else:
            high = middle
    return (low + high) / 2
