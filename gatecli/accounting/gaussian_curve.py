"""The hockey-stick curve of Gaussian noise, and where it meets a budget, on the asked side of rounding.

N(μ, 1) against N(0, 1) has δ(ε) = Φ(μ/2 − ε/μ) − e^ε Φ(−μ/2 − ε/μ) (Balle and Wang 2018, theorem 8).

Example. At ε = 1 and δ = 1e-5 the largest μ is 0.268:

>>> round(largest_mu(1.0, math.log(1e-5)), 6)
0.268051
"""

from __future__ import annotations

import math

MARGIN = 1e-9
"""What is given away of ln δ on either side for float rounding in the error function."""

_BEYOND = 1e100
"""No curve of a μ beyond this is computed."""

_LARGEST = 1e6
"""An ε beyond this fits into no budget."""

_GIVEN = 1e-12
"""What is added to a μ, relatively, for the rounding of error functions."""


def log_tail(score: float) -> float:
    """Ln of the standard normal mass above `score`."""
    if score < 30:
        return math.log(0.5 * math.erfc(score * math.sqrt(0.5)))
    square = 1 / (score * score)
    series = 1 - square * (1 - 3 * square * (1 - 5 * square * (1 - 7 * square)))
    return -score * score / 2 - math.log(score * math.sqrt(2 * math.pi)) + math.log(series)


def log_delta(mu: float, epsilon: float, *, pessimistic: bool) -> float:
    """Ln of Φ(μ/2 − ε/μ) − e^ε Φ(−μ/2 − ε/μ), on the asked side of float rounding."""
    near, far = log_tail(epsilon / mu - mu / 2), log_tail(epsilon / mu + mu / 2)
    noise = 4e-16 * (abs(near) + abs(far) + epsilon + 1)
    gap = near - far - epsilon + (noise if pessimistic else -noise)
    if gap <= 0:
        return near if pessimistic else -math.inf
    return near + math.log(-math.expm1(-gap))


def epsilon_at(mu: float, log_goal: float, *, pessimistic: bool) -> float:
    """The ε at which ln δ(ε) is `log_goal`, on the asked side."""
    if not math.isfinite(mu) or mu > _BEYOND:
        return math.inf if pessimistic else 0.0
    low, high = 0.0, 1.0
    if log_delta(mu, 0.0, pessimistic=pessimistic) <= log_goal:
        return 0.0
    while log_delta(mu, high, pessimistic=pessimistic) > log_goal:
        low, high = high, high * 2
    for _ in range(100):
        middle = (low + high) / 2
        if log_delta(mu, middle, pessimistic=pessimistic) > log_goal:
            low = middle
        else:
            high = middle
    return high if pessimistic else low


def largest_mu(epsilon: float, log_goal: float) -> float:
    """A μ, next to the largest, whose ln δ at ε is at most `log_goal`; 0 where none is found."""
    low, high = 0.0, 1.0
    while log_delta(high, epsilon, pessimistic=True) + MARGIN <= log_goal:
        low, high = high, high * 2
    for _ in range(100):
        middle = (low + high) / 2
        if middle <= low or middle >= high:
            break
        if log_delta(middle, epsilon, pessimistic=True) + MARGIN <= log_goal:
            low = middle
        else:
            high = middle
    return low


def epsilon_on_line(mu: float, log_slope: float) -> float | None:
    """The least ε at which δ(ε) is at most `slope` times ε, rounded up; None beyond any budget."""
    low, high = 0.0, 1e-6
    if not math.isfinite(mu) or mu > _BEYOND:
        return None
    if mu == 0:
        return 0.0

    def is_enough(epsilon: float) -> bool:
        return log_delta(mu, epsilon, pessimistic=True) + MARGIN <= log_slope + math.log(epsilon)

    while not is_enough(high):
        low, high = high, high * 2
        if high > _LARGEST:
            return None
    for _ in range(60):
        middle = (low + high) / 2
        if middle > 0 and is_enough(middle):
            high = middle
        else:
            low = middle
    return high


def mu_of_pure(epsilon: float) -> float:
    """The least μ whose curve dominates every ε-DP mechanism, rounded up: 2 Φ⁻¹(e^ε / (1 + e^ε)).

    The worst ε-DP pair is a coin told truthfully with p = e^ε/(1 + e^ε) (Kairouz, Oh, Viswanath 2015). Its
    curve p − γ (1 − p) is the tangent at γ = 1 of the Gaussian curve with Φ(μ/2) = p.

    >>> round(mu_of_pure(1.0), 10)
    1.2320353853
    """
    if epsilon <= 0:
        return 0.0
    low, high = 0.0, math.sqrt(2 * epsilon) + 2
    for _ in range(200):
        middle = (low + high) / 2
        if middle <= low or middle >= high:
            break
        if _told_apart(middle, epsilon):
            high = middle
        else:
            low = middle
    return 2 * high * (1 + _GIVEN)


def _told_apart(score: float, epsilon: float) -> bool:
    """Whether Φ(score) ≥ e^ε / (1 + e^ε), without loss of digits at either end."""
    if epsilon < 2:
        return math.erf(score * math.sqrt(0.5)) >= math.tanh(epsilon / 2)
    return log_tail(score) <= -epsilon - math.log1p(math.exp(-epsilon))
