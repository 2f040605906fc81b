"""A sequential test of (ε, δ) by betting: how much a gambler wins who bets that the claim is false.

**Setting.** A mechanism M claims: P[M(x) ∈ S] ≤ e^ε · P[M(y) ∈ S] + δ for all neighbours (x, y) and all S.
One pair and one S are fixed beforehand, from samples that the test never sees again. Then X_i ~ M(x), Y_i ~
M(y) are drawn, independent of what was drawn before, and the gambler bets a share of the wealth on

    Z_i = 1[X_i ∈ S] − e^ε · 1[Y_i ∈ S] − δ.

**Pure (δ = 0).** Under the claim E[Z_i | past] = P[M(x) ∈ S] − e^ε P[M(y) ∈ S] ≤ 0. Z_i ≥ −e^ε. For a fixed
λ in [0, e^−ε] each factor 1 + λ Z_i is at least 0 and has conditional mean ≤ 1, so that
W_n(λ) = Π_{i≤n} (1 + λ Z_i) is a nonnegative supermartingale with W_0 = 1.

**Approximate (δ > 0).** Subtracting δ moves both facts, and nothing else: E[Z_i | past] = P[M(x) ∈ S] − e^ε
P[M(y) ∈ S] − δ ≤ 0 by the claim with its δ; and the least value of Z_i is −e^ε − δ, taken where Y_i ∈ S and
X_i ∉ S. So λ must lie in [0, 1/(e^ε + δ)], a smaller interval than for δ = 0: with λ = e^−ε a factor could
be negative and the product would be no wealth. A draw in which neither is in S costs λδ, where it is free
for δ = 0.

**Several bets.** The mean over a fixed, finite set of λ (and over a fixed, finite set of events S that look
at the same draws) is again a nonnegative supermartingale from 1: a sum of supermartingales for one
filtration is one.

**Ville's inequality.** P[there is an n with W_n ≥ 1/α] ≤ α under the claim. So the test may be looked at
after every draw, stopped at any time, and gone on with on another day: the error over all looks together is
α. Looking only after whole batches looks at a subset of the times.

**Lower bound on ε.** Let ε* be the least ε with which the mechanism keeps δ. For a fixed grid of ε take the
wealth against each. The bound is the largest grid value up to which *every* grid value has wealth ≥ 1/α.
Let g be the first grid value above ε*, a number that no draw moves. If the bound exceeds ε*, the wealth
against g is ≥ 1/α. Its bets are ≤ 1/(e^g + δ) < 1/(e^ε* + δ), so they are allowed against ε* as well, and
there each factor is at least as large (Z falls with ε). So a wealth process against the true ε* has reached
1/α: of probability ≤ α by Ville. The bound therefore holds with probability 1 − α at all times together.

Sources: Ville (1939); Waudby-Smith and Ramdas, "Estimating means of bounded random variables by betting"
(2024); "Sequentially auditing differential privacy" (arXiv 2509.07055). ε, δ are at the scale of natural
logarithms.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from itertools import pairwise
from typing import Self

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]

SHARES: Floats = 0.95 * 0.65 ** np.arange(20.0)
"""The bets, as shares of the largest that is allowed: from nearly all down to 0.03 %."""
EPSILONS: Floats = np.arange(0, 20001) / 1000
"""The ε against which a lower bound is sought."""


@dataclass(frozen=True, slots=True)
class PairCounts:
    """How many pairs of draws had both, the first only, the second only, or neither in the event."""

    both: int = 0
    first: int = 0
    second: int = 0
    neither: int = 0

    @classmethod
    def of(cls, first: npt.NDArray[np.bool_], second: npt.NDArray[np.bool_]) -> Self:
        """PairCounts of paired draws."""
        both, ones, twos = int((first & second).sum()), int(first.sum()), int(second.sum())
        return cls(both, ones - both, twos - both, first.size - ones - twos + both)

    def __add__(self, other: PairCounts) -> PairCounts:
        return PairCounts(
            self.both + other.both,
            self.first + other.first,
            self.second + other.second,
            self.neither + other.neither,
        )

    @property
    def samples(self) -> int:
        """Pairs of draws."""
        return self.both + self.first + self.second + self.neither

    @property
    def first_rate(self) -> float:
        """The share of draws of the first input in the event."""
        return (self.both + self.first) / max(1, self.samples)

    @property
    def second_rate(self) -> float:
        """The share of draws of the second input in the event."""
        return (self.both + self.second) / max(1, self.samples)


def outcomes(epsilon: float, delta: float) -> Floats:
    """What Z is where both, the first only, the second only, or neither is in the event."""
    # A ratio that is rounded up costs the gambler, never the claim.
    ratio = math.exp(epsilon) * (1 + 1e-12)
    return np.array([1 - ratio - delta, 1 - delta, -ratio - delta, -delta])


def bets(epsilon: float, delta: float) -> Floats:
    """The fixed λ: all with 1 + λZ > 0, whatever is drawn."""
    return np.asarray(SHARES / (-outcomes(epsilon, delta).min()))


def factors(epsilon: float, delta: float) -> Floats:
    """The logarithm of 1 + λZ, one row a bet, one column an outcome."""
    return np.asarray(np.log1p(np.outer(bets(epsilon, delta), outcomes(epsilon, delta))))


def log_wealths(counts: Floats, epsilon: float, delta: float) -> Floats:
    """The logarithm of the mean wealth over the bets; `counts` has four columns, one row a case."""
    each = counts @ factors(epsilon, delta).T
    top = each.max(axis=1)
    return np.asarray(top + np.log(np.exp(each - top[:, None]).mean(axis=1)))


def log_wealth(events: Sequence[PairCounts], epsilon: float, delta: float) -> float:
    """The logarithm of the wealth against a claim: the mean over the events that were fixed."""
    each = log_wealths(_rows(events), epsilon, delta)
    return float(each.max() + math.log(np.exp(each - each.max()).mean()))


def lower_bound(events: Sequence[PairCounts], claim: Fraction, delta: Fraction, alpha: Fraction) -> Fraction:
    """A lower bound on ε at this δ that holds with probability 1 − α at all looks together; 0 where none is
    known.

    `claim` joins the grid, so that a claim that is refuted is at most the bound.
    """
    threshold = -math.log(alpha)
    rejects = [log_wealth(events, float(each), float(delta)) >= threshold for each in (Fraction(0), claim)]
    if not rejects[0]:
        return Fraction(0)
    grid = sorted({*(Fraction(index, 1000) for index in range(len(EPSILONS))), claim})
    for below, value in pairwise(grid):
        if log_wealth(events, float(value), float(delta)) < threshold:
            return below
    return grid[-1]


def growth(first: Floats, second: Floats, epsilon: float, delta: float) -> Floats:
    """The best expected logarithm of a factor, over the bets, where the event has these two probabilities."""
    cells = np.stack([first * second, first * (1 - second), (1 - first) * second, (1 - first) * (1 - second)])
    return np.asarray((factors(epsilon, delta) @ cells).max(axis=0))


def most_refutable(samples: int, delta: float, alpha: Fraction) -> float:
    """The largest ε that so many draws could ever refute: with every first draw in the event and no second
    one.
    """
    certain = np.array([[0.0, float(samples), 0.0, 0.0]])
    able = [log_wealths(certain, float(each), delta)[0] >= -math.log(alpha) for each in EPSILONS[::100]]
    return float(EPSILONS[::100][sum(able) - 1]) if able[0] else -1.0


def _rows(events: Sequence[PairCounts]) -> Floats:
    return np.array([[each.both, each.first, each.second, each.neither] for each in events], dtype=np.float64)
