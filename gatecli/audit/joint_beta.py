"""The interval of ε from the joint posterior of an attack's error rates.

Source: Zanella-Béguelin et al., "Bayesian Estimation of Differential Privacy" (ICML 2023, 2206.05199). Each
error rate has Jeffreys' prior Beta(1/2, 1/2), so FNR ~ Beta(1/2 + FN, 1/2 + TP) and FPR ~ Beta(1/2 + FP,
1/2 + TN) after the counts, independently. Let R(ε, δ) be the pairs of rates that (ε, δ)-private training
allows (Kairouz, Oh, Viswanath 2015):

    FPR + e^ε·FNR ≥ 1 - δ,   e^ε·FPR + FNR ≥ 1 - δ,   and the same of 1 - FPR and 1 - FNR.

P[ε̂ ≤ ε] is the mass of R(ε, δ); the interval runs from its quantile α/2 to its quantile 1 - α/2.

It is a credible interval: narrower than Clopper-Pearson's, and right on average over the prior, not for
each truth. Of trainings by randomised response of exactly ε = 3, 200 scores of each kind, its lower end at
95 % is above 3 for one in five, where Clopper-Pearson's is for one in thirty
(`tests/unit/audit/test_bounds.py`). So it is shown beside a bound, as an estimate, and no claim is refuted
by it. Its threshold must be fixed beforehand, or chosen on other scores (`split`).
"""

from __future__ import annotations

import math
from functools import partial
from typing import Any

from gatecli.audit.bisection import MOST_EPSILON, last_true
from gatecli.audit.clopper_pearson import AttackCounts

_POINTS = 1_000


def interval(counts: AttackCounts, delta: float, alpha: float) -> tuple[float, float]:
    """The equal-tailed interval of ε with probability 1 - alpha; its upper end may be infinite."""
    return lower_bound(counts, delta, alpha / 2), _quantile(counts, delta, 1 - alpha / 2)


def lower_bound(counts: AttackCounts, delta: float, alpha: float) -> float:
    """What ε exceeds with posterior probability 1 - alpha."""
    return _quantile(counts, delta, alpha)


def _quantile(counts: AttackCounts, delta: float, share: float) -> float:
    missed = _rates(counts)
    found = last_true(lambda epsilon: _mass(missed, counts, delta, epsilon) <= share)
    return math.inf if found >= MOST_EPSILON else found


def _rates(counts: AttackCounts) -> Any:
    """FNR at the midpoints of equal shares of its posterior, so that a mean over them is an integral."""
    import numpy as np  # noqa: PLC0415 - few commands need numpy and scipy
    from scipy.special import betaincinv  # noqa: PLC0415 - as above

    shares = (np.arange(_POINTS) + 0.5) / _POINTS
    return betaincinv(0.5 + counts.false_negatives, 0.5 + counts.true_positives, shares)


def _mass(missed: Any, counts: AttackCounts, delta: float, epsilon: float) -> float:
    """The posterior mass of R(ε, δ): for each FNR, of the FPR between its lower and upper boundary."""
    import numpy as np  # noqa: PLC0415 - as above
    from scipy.special import betainc  # noqa: PLC0415 - as above

    grow, shrink = math.exp(epsilon), math.exp(-epsilon)
    low = np.maximum(1 - delta - missed * grow, (1 - delta - missed) * shrink)
    high = np.minimum(1 + (delta - missed) * shrink, delta + (1 - missed) * grow)
    at = partial(betainc, 0.5 + counts.false_positives, 0.5 + counts.true_negatives)
    return float(np.mean(at(np.clip(high, 0, 1)) - at(np.clip(low, 0, 1))))
