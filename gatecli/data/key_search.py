"""Keys that nobody declared: those whose noisy count reaches a threshold.

Every value that occurs has its count, with discrete Laplace noise X of scale b, and is shown where that is at
least T (Korolova, Kenthapadi, Mishra and Ntoulas 2009; Rogers 2023, "Unknown domain algorithms").

Let one unit have r rows at most, and q = e^(−1/b). For keys that others have too, the noise is that of a
histogram whose L1 sensitivity is r: ε = r/b. A key that this unit alone has, a times, would not be there
without it, and shows with probability P(X ≥ T − a) = q^(T − a)/(1 + q) for T > r. All a add up to at most r,
and the sum of q^(−a) is convex in them: it is largest for one key with a = r, or for r keys with a = 1. So
one of them shows with probability at most

    δ = q^T/(1 + q) · max(q^(−r), r·q^(−1)).

With D' the table with the unit and D without it, for every set S of answers: where none of its keys shows,
D' says S with at most e^ε times the odds of D, so that P'(S) ≤ e^ε·P(S) + δ. None shows with probability
1 − δ at least, whatever else is said, so that (1 − δ)·P(S) ≤ e^ε·P'(S), and P(S) ≤ e^ε·P'(S) + δ.

OpenDP 0.16 takes P(X > T − a) instead, and shows counts that equal T (its issue 2922): its own δ is too small
by the factor q, which `gatecli audit engines` finds. Here the formula above decides, and OpenDP draws.

>>> threshold_of(Fraction(1), Fraction(1, 10**6), 1)
KeyThreshold(scale=Fraction(1, 1), threshold=15)
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from fractions import Fraction

from gatecli.accounting.calibration import rounded_up
from gatecli.data.noise import DIGITS, ChosenNoise
from gatecli.errors import UsageError
from gatecli.model.budget import Budget
from gatecli.model.mechanism import Approximate
from gatecli.model.number import show

_MARGIN = 1e-9
"""What is given away of ln δ for the rounding of floats."""


@dataclass(frozen=True, slots=True)
class KeyThreshold:
    """The scale of the noise, and the least noisy count that is shown."""

    scale: Fraction
    threshold: int


def threshold_of(epsilon: Fraction, delta: Fraction, rows: int) -> KeyThreshold:
    """The least threshold above `rows` at which keys of one unit alone show with chance `delta` at most."""
    scale = rounded_up(rows / epsilon, DIGITS)
    least = rows + 1
    needed = _log_delta(scale, 0, rows) + _MARGIN - math.log(delta)
    return KeyThreshold(scale, max(least, math.ceil(needed * float(scale))))


def delta_of(found: KeyThreshold, rows: int) -> float:
    """The probability with which keys of one unit alone show, at most."""
    return math.exp(_log_delta(found.scale, found.threshold, rows))


def _log_delta(scale: Fraction, threshold: int, rows: int) -> float:
    width = float(scale)
    worst = max(rows / width, math.log(rows) + 1 / width)
    return worst - threshold / width - math.log1p(math.exp(-1 / width))


def choose_key_noise(budget: Budget, rows: int) -> ChosenNoise:
    """The noise that finds keys, accounted as an (ε, δ)-private mechanism. Raises UsageError for δ = 0."""
    if budget.delta == 0:
        raise UsageError(
            "keys that nobody declared are found with a delta above 0",
            advice="give delta=1e-6, or declare them",
        )
    least = threshold_of(budget.epsilon, budget.delta, rows).threshold
    reason = (
        f"Laplace, and keys with {least} noisy rows or more, so that one of a single unit shows with "
        f"probability {show(budget.delta)} at most"
    )
    mechanism = Approximate(epsilon=budget.epsilon, delta=budget.delta)
    return ChosenNoise((mechanism,), reason, budget.delta)
