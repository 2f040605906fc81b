"""Exact bounds on a rate, and the tails of the binomial distribution."""

from __future__ import annotations

import math
from fractions import Fraction


def tail(least: int, trials: int, rate: float) -> float:
    """The probability of `least` or more successes in `trials`."""
    from scipy.special import bdtrc  # noqa: PLC0415 - few commands need scipy

    return 1.0 if least <= 0 else float(bdtrc(least - 1, trials, rate)) if least <= trials else 0.0


def highest_rate(successes: int, trials: int, alpha: float) -> float:
    """The Clopper-Pearson upper bound: above the true rate with probability 1 - alpha at least.

    The rate at which `successes` or fewer have the probability alpha: the quantile 1 - alpha of
    Beta(successes + 1, trials - successes) (Clopper and Pearson 1934).
    """
    from scipy.special import betainccinv  # noqa: PLC0415 - as above

    return 1.0 if successes >= trials else float(betainccinv(successes + 1, trials - successes, alpha))


def lowest_rate(successes: int, trials: int, alpha: float) -> float:
    """The Clopper-Pearson lower bound: below the true rate with probability 1 - alpha at least."""
    return 1.0 - highest_rate(trials - successes, trials, alpha)


def quantile(share: float, trials: int, rate: float) -> int:
    """The least count that a binomial variable stays at or below with probability `share`."""
    low, high = 0, trials
    while low < high:
        middle = (low + high) // 2
        if 1.0 - tail(middle + 1, trials, rate) >= share:
            high = middle
        else:
            low = middle + 1
    return low


def floor_of(number: float) -> Fraction:
    """A number with four decimals, rounded down: what is at least so."""
    return Fraction(math.floor(number * 10_000), 10_000)


def ceiling_of(number: float) -> Fraction:
    """A number with four decimals, rounded up."""
    return Fraction(math.ceil(number * 10_000), 10_000)
