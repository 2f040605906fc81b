"""What a test would have found: the least ε that it refutes the claim for, with a probability."""

from __future__ import annotations

import math
from fractions import Fraction

import numpy as np

from gatecli.audit.betting import Floats, log_wealths
from gatecli.model.audit import AuditClaim, AuditPower

PROBABILITY = Fraction(9, 10)
_DRAWS = 1000
_STEPS = 40
_LARGEST = 20.0


def power(
    base: float, samples: int, claim: AuditClaim, alpha: Fraction, events: int = 1
) -> AuditPower | None:
    """The least ε > the claim's that would have been refuted with 90 %; None where no ε would have been.

    Of a mechanism whose second input is in the event with probability `base` and whose first is with e^ε ·
    `base` + δ, drawn `samples` times each. The wealth is looked at once, at the end, and the other `events`
    that share it are taken to win nothing: both understate. Found by drawing 1,000 tables of counts from a
    fixed seed, the same for every ε.
    """
    if not samples or not _is_found(_LARGEST, base, samples, claim, alpha, events):
        return None
    low, high = float(claim.epsilon), _LARGEST
    for _ in range(_STEPS):
        middle = (low + high) / 2
        found = _is_found(middle, base, samples, claim, alpha, events)
        low, high = (low, middle) if found else (middle, high)
    return AuditPower(Fraction(math.ceil(high * 1000), 1000), PROBABILITY)


def _is_found(
    epsilon: float, base: float, samples: int, claim: AuditClaim, alpha: Fraction, events: int
) -> bool:
    cells = _cells(min(1.0, math.exp(epsilon) * base + float(claim.delta)), base)
    drawn = np.random.default_rng(0).multinomial(samples, cells, size=_DRAWS).astype(np.float64)
    wealth = log_wealths(drawn, float(claim.epsilon), float(claim.delta)) - math.log(events)
    return bool((wealth >= -math.log(alpha)).mean() >= float(PROBABILITY))


def _cells(first: float, second: float) -> Floats:
    cells = np.array([first * second, first * (1 - second), (1 - first) * second, (1 - first) * (1 - second)])
    return np.asarray(cells / cells.sum())
