"""How well scores tell members from others: AUC, and the rate of members found at few false alarms.

Source: Carlini et al., "Membership Inference Attacks From First Principles" (2112.03570), which asks for
the true positive rate at a false positive rate of 0.1 % and 1 %: an attack that is right about few people
and sure of it is worse than its AUC says.
"""

from __future__ import annotations

import math
from bisect import bisect_left, bisect_right
from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction

from gatecli.audit.binomial import highest_rate, lowest_rate

FALSE_POSITIVE_RATES = (Fraction(1, 1000), Fraction(1, 100))


@dataclass(frozen=True, slots=True)
class Rate:
    """A share with its interval."""

    value: float
    low: float
    high: float


@dataclass(frozen=True, slots=True)
class Membership:
    """`found` is the true positive rate at each of `FALSE_POSITIVE_RATES`, None where too few were out."""

    area: Rate
    found: tuple[Rate | None, ...]


def membership(inside: Sequence[float], outside: Sequence[float], alpha: float) -> Membership:
    """The figures of an attack that says "in" above a threshold; each interval has confidence 1 - alpha."""
    found = tuple(_found_at(rate, inside, outside, alpha) for rate in FALSE_POSITIVE_RATES)
    return Membership(_area(inside, outside, alpha), found)


def _area(inside: Sequence[float], outside: Sequence[float], alpha: float) -> Rate:
    """The chance that a member scores higher than another, ties counting half (Mann and Whitney 1947).

    A mean over pairs of min(n, m) independent ones is within sqrt(ln(2/α) / (2·min(n, m))) of its expectation
    with probability 1 - α (Hoeffding 1963, section 5): for every distribution and every number of scores.
    """
    ordered = sorted(outside)
    wins = sum(bisect_left(ordered, score) + bisect_right(ordered, score) for score in inside)
    value = wins / (2 * len(inside) * len(outside))
    reach = math.sqrt(math.log(2 / alpha) / (2 * min(len(inside), len(outside))))
    return Rate(value, max(0.0, value - reach), min(1.0, value + reach))


def _found_at(rate: Fraction, inside: Sequence[float], outside: Sequence[float], alpha: float) -> Rate | None:
    """The share of members above the lowest threshold with so few others above it.

    The threshold is of the others alone, so the number of members above it is binomial and the interval
    Clopper and Pearson's.
    """
    alarms = len(outside) * rate.numerator // rate.denominator
    if alarms < 1:
        return None
    threshold = sorted(outside, reverse=True)[alarms]
    hits, count = sum(score > threshold for score in inside), len(inside)
    return Rate(hits / count, lowest_rate(hits, count, alpha / 2), highest_rate(hits, count, alpha / 2))
