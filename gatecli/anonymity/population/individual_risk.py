"""The risk that a record of a weighted sample is re-identified, from the posterior of its class's size.

A class of f records whose sampling weights sum to F is taken to have h ≥ f members in the population, h
negative binomial with p = f ÷ F, and a record of it is re-identified with probability 1 ÷ h (Benedetti and
Franconi, "Statistical and Technological Solutions for Controlled Data Dissemination", 1998; Franconi and
Polettini, "Individual Risk Estimation in μ-Argus: A Review", PSD 2004):

    r = Σ_{h ≥ f} (1/h) · C(h−1, f−1) · p^f · (1−p)^(h−f) = p^f · ₂F₁(f, f; f+1; 1−p) ÷ f.

Since 1/h = ∫₀¹ x^(h−1) dx, r = p^f ∫₀¹ x^(f−1) ÷ (1−qx)^f dx with q = 1−p, and with v = px ÷ (1−qx)

    r = ∫₀¹ p v^(f−1) ÷ (p + qv) dv.

For f = 1 that is (p/q)·ln(1/p). Multiplying by p + qv gives q·r_{f+1} + p·r_f = p/f, so that

    r₂ = p/q − (p/q)²·ln(1/p)   and   r₃ = ½·p/q − (p/q)² + (p/q)³·ln(1/p).

By Euler's transformation r = (p/f)·₂F₁(1, 1; f+1; q), the series of positive terms that μ-Argus cuts off
after the seventh. sdcMicro takes p ÷ (f − q) from f = 3 on, which is up to 4 % above r; nothing is
approximated here.
"""

from __future__ import annotations

from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

Floats: TypeAlias = NDArray[np.float64]
Integers: TypeAlias = NDArray[np.int64]

LARGE = 30
"""From this f on the series converges for every p; below, it does for p of at least a half."""

_TERMS = 64
"""What is left out of the series is below 2⁻⁶⁴ of it."""

ERROR = 1e-13
"""No risk is farther from r than this share of it."""


def individual_risks(sizes: Integers, excess: Floats) -> Floats:
    """R of every class: f by class, and F − f, which is at least 0; 1 ÷ f where that is 0.

    The recurrence multiplies what it inherits of rounding by p ÷ q < 1, the series only adds.
    """
    whole = sizes + excess
    p, q = sizes / whole, excess / whole
    is_summed = (q <= 0.5) | (sizes >= LARGE)
    risks = np.empty_like(q)
    risks[is_summed] = _sum_series(sizes[is_summed], p[is_summed], q[is_summed])
    others = ~is_summed
    risks[others] = _recur(sizes[others], p[others], p[others] / q[others])
    return risks


def _sum_series(sizes: Integers, p: Floats, q: Floats) -> Floats:
    """(p/f) · Σ_j j! · q^j ÷ ((f+1) … (f+j))."""
    term, total = np.ones_like(q), np.ones_like(q)
    for j in range(1, _TERMS):
        term = term * q * (j / (sizes + j))
        total = total + term
    return np.asarray(p / sizes * total)


def _recur(sizes: Integers, p: Floats, odds: Floats) -> Floats:
    """r₁, and r_{f+1} = (p/q) · (1/f − r_f) as often as the class is large."""
    risks = odds * -np.log(p)
    for f in range(1, LARGE):
        risks = np.where(sizes > f, odds * (1 / f - risks), risks)
    return np.asarray(risks)
