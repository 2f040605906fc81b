"""The least Gaussian that a release is dominated by, but for a probability d: a verified certificate.

A pair (P, Q) is a post-processing of "with probability d the truth is told, else N(μ, 1) against N(0, 1) is
shown" exactly where for all γ ≥ 1, in both directions,

    H_γ(P‖Q) ≤ d + (1 − d) H_γ(N(μ, 1)‖N(0, 1))

(Blackwell; Dong, Roth, Su 2019, theorem 2.10; below γ = 1 it follows from the other direction, as
H_γ(P‖Q) = 1 − γ + γ H_{1/γ}(Q‖P), and the right-hand side has the same symmetry.)

It is checked for all γ, not only at points. With upper bounds L_j on the left at γ_j = e^(ε_j):

1. Between two points the left lies below the chord of L_j and L_{j+1}, as it is convex.
2. The right lies above d + (1 − d)(P'(A) − γ Q'(A)) for any event A; with A_j = "a loss above ε_j" that is
   the tangent at γ_j. So up to some x the chord must lie below the tangent at γ_j, and from x on below that
   at γ_{j+1}. All are straight lines: the ends and x are all that is looked at. Any x will do; it is the
   geometric middle here.
3. The right is at least d. So where a chord begins at most at d, nothing else is asked of it; and beyond the
   last point, as the left never rises, L ≤ d is enough.

Example. A coin told with odds e : 1 needs μ = 1.2321; where all may be told with probability 0.01, 1.217 is
enough, as 0.01 + 0.99 (2 Φ(0.6085) − 1) = 0.4626 is more than its (e − 1)/(e + 1) = 0.4621:

>>> from fractions import Fraction
>>> from gatecli.accounting.hockey_stick import curve_of
>>> from gatecli.accounting.terms import ResponseTerm
>>> noise = Fraction(2 / (1 + math.e))
>>> curve = curve_of((ResponseTerm(2, noise, zeroed=False, count=1),), 1e-6)
>>> [dominates(*tried, curve) for tried in [(1.2321, 1e-6), (1.2319, 1e-6), (1.217, 0.01), (1.214, 0.01)]]
[True, False, True, False]
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from gatecli.accounting.hockey_stick import Budgeted, HockeyStick, curve_of
from gatecli.accounting.moments import Array
from gatecli.accounting.rounding import NumericFailure, quiet_numerics
from gatecli.accounting.terms import Term
from gatecli.model.portfolio import DELTA_UNITS, MEASURE_UNITS, Amounts

Booleans = npt.NDArray[np.bool_]

_FAR = 25.0
"""Scores above which Mills' ratio is a series."""
_LEAST_DELTA = 0.999e-18
"""A little less than the unit of δ: that much is charged in any case."""
_WITHIN = 65
"""Points between two of a curve at which the chord is looked at."""
_HALVINGS = 60
_CLOSE = 1e-5
"""A μ is found up to this, relatively."""


@dataclass(frozen=True, slots=True)
class CurveCosts:
    """(ε, δ) of basic composition, and (μ², d) of the Gaussian; None where none is known to fit."""

    basic: tuple[float, float] | None
    gdp: tuple[float, float] | None


def costs_by_curve(terms: tuple[Term, ...], limits: Amounts, divergence: float) -> CurveCosts:
    """The costs of a composition by its curve; in each, measure and slack run out together.

    All four limits of the two members are above 0. `divergence` is of the order 4: that of a Gaussian is
    2 μ², which says how far the curve is needed.
    """
    most_squared = limits.gdp_mu_squared / MEASURE_UNITS
    slack = limits.gdp_delta / DELTA_UNITS / most_squared
    budget = Budgeted(limits.basic_epsilon / MEASURE_UNITS, limits.basic_delta / DELTA_UNITS)
    least = max(slack * min(divergence / 2, most_squared), _LEAST_DELTA)
    try:
        with quiet_numerics():
            if (curve := curve_of(terms, least, budget)) is None:
                return CurveCosts(None, None)
            gdp = least_mu(curve, slack, math.sqrt(most_squared))
            return CurveCosts(
                on_line(curve, budget.delta / budget.epsilon),
                None if gdp is None else (_square_above(gdp[0]), gdp[1]),
            )
    except NumericFailure:
        return CurveCosts(None, None)


def _square_above(mu: float) -> float:
    return math.nextafter(mu * mu, math.inf)


def on_line(curve: HockeyStick, slope: float) -> tuple[float, float] | None:
    """An ε next to the least at which δ is at most `slope` times ε, and that δ.

    Between two points δ lies below the chord, which is straight in e^ε.
    """
    enough = curve.deltas <= slope * curve.epsilons
    if not enough.any():
        return None
    at = int(np.argmax(enough))
    if at == 0:
        return 0.0, 0.0
    low, width = curve.epsilons[at - 1], curve.epsilons[at] - curve.epsilons[at - 1]
    epsilons = low + width * np.linspace(0.0, 1.0, _WITHIN)
    share = np.expm1(epsilons - low) / math.expm1(width) * (1 - 1e-12)
    deltas = curve.deltas[at - 1] * (1 + 1e-12) + share * (curve.deltas[at] - curve.deltas[at - 1])
    first = int(np.argmax(deltas <= slope * epsilons))
    return (
        (float(epsilons[first]), float(deltas[first]))
        if first
        else (float(curve.epsilons[at]), float(curve.deltas[at]))
    )


def least_mu(curve: HockeyStick, slack: float, most: float) -> tuple[float, float] | None:
    """A μ ≤ `most`, next to the least, that dominates with d = `slack` μ², and that d; None if none does."""

    def missing(mu: float) -> float:
        return max(slack * mu * mu, _LEAST_DELTA)

    if not dominates(most, missing(most), curve):
        return None
    low, high = min(most, max(2.5 * (float(curve.deltas[0]) - missing(most)), 1e-12)), most
    for _ in range(_HALVINGS):
        if high <= low * (1 + _CLOSE):
            break
        middle = math.sqrt(low * high)
        if dominates(middle, missing(middle), curve):
            high = middle
        else:
            low = middle
    return high, missing(high)


def dominates(mu: float, missing: float, curve: HockeyStick) -> bool:
    """Whether a Gaussian of `mu`, but for a probability `missing`, is proven to dominate a curve."""
    epsilons, deltas = curve.epsilons, curve.deltas
    near, far = _tangents(mu, epsilons)
    half = np.exp(np.diff(epsilons) / 2)
    share = np.expm1(np.diff(epsilons) / 2) / np.expm1(np.diff(epsilons)) * (1 - 1e-12)
    middle = deltas[:-1] + share * np.diff(deltas)

    def is_below(left: Array, tangent: Array) -> Booleans:
        """With the rounding of the few operations here on the safe side."""
        return np.asarray(left <= (missing + (1 - missing) * tangent) * (1 - 1e-12))

    at_points = is_below(deltas, near - far)
    first_half = at_points[:-1] & is_below(middle, near[:-1] - far[:-1] * half * (1 + 1e-12))
    other_half = at_points[1:] & is_below(middle, near[1:] - far[1:] / half * (1 + 1e-12))
    covered = (first_half | (deltas[:-1] <= missing)) & (other_half | (middle <= missing))
    return bool(covered.all()) and float(deltas[-1]) <= missing


def _tangents(mu: float, epsilons: Array) -> tuple[Array, Array]:
    """P' of "a loss above ε", rounded down, and e^ε times Q' of it, rounded up.

    With a = ε/μ − μ/2 and b = a + μ that is Φ(−a) and e^ε Φ(−b) = φ(a) Φ(−b)/φ(b), which never overflows.
    """
    scores, higher = epsilons / mu - mu / 2, epsilons / mu + mu / 2
    doubt = 1e-14 * (2 + higher * higher)
    density = np.exp(-scores * scores / 2) / math.sqrt(2 * math.pi)
    return tails(scores) * (1 - doubt), density * _mills(higher) * (1 + doubt)


def tails(scores: Array) -> Array:
    """The standard normal mass above each score."""
    return np.fromiter(map(math.erfc, (scores * math.sqrt(0.5)).tolist()), np.float64, scores.size) * 0.5


def _mills(scores: Array) -> Array:
    """Φ(−b)/φ(b) for b ≥ 0; from above where it is a series."""
    modest = np.minimum(scores, _FAR)
    ratio = tails(modest) * np.exp(modest * modest / 2) * math.sqrt(2 * math.pi)
    large = np.maximum(scores, _FAR)
    square = 1 / (large * large)
    return np.where(scores <= _FAR, ratio, (1 - square * (1 - 3 * square)) / large * (1 + 1e-9))
