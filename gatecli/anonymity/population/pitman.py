"""Pitman's sampling formula as the model of a population's class sizes.

Hoshino, "Applying Pitman's Sampling Formula to Microdata Disclosure Risk Assessment", Journal of
Official Statistics 17(4), 2001, with its parameters 0 ≤ α < 1 and θ > −α by maximum likelihood: where
the slope of the likelihood is zero. Written with t = θ + α and β = 1 − α, which keep their precision
where θ nears −α and α nears 1; gamma functions come in ratios, since the difference of two of them has
three digits for a population of 10¹².
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from math import exp, lgamma, log, log1p

_LOGITS = (-21.0, 30.0)
"""The logit of α is searched between these: from α = 10⁻⁹ to β = 10⁻¹³."""
_LEAST_LOG_T = -45.0
_STEPS = 56
_NEAR = 32
"""From here on four terms of an asymptotic series are exact to a double."""


def pitman(classes: Mapping[int, int], fraction: float) -> float:
    """The probability that a record of the population shares its class with no other, 0 to 1.

    `classes` counts the sample's classes by size; `fraction` is above 0 and at most 1. Where all records
    of the sample are unique any population explains it, and the answer is 1, the highest.
    """
    n, number = sum(size * count for size, count in classes.items()), sum(classes.values())
    if n == number:
        return 1.0
    if number == 1:
        return 0.0
    logit, t = _likeliest(classes, n, number)
    beta = _share(-logit)
    return exp(min(0.0, log_rising(t, beta) - log_rising(t + n / fraction - 1, beta)))


def log_rising(start: float, steps: float) -> float:
    """The logarithm of Γ(start + steps) ÷ Γ(start), for a `start` above 0 and `steps` from 0 up."""
    end = start + steps
    if start < _NEAR:
        return lgamma(end) - lgamma(start)
    grown = (start - 0.5) * log1p(steps / start) + steps * (log(end) - 1)
    return grown + _stirling_tail(end) - _stirling_tail(start)


def _stirling_tail(value: float) -> float:
    square = 1 / (value * value)
    return (1 / 12 - square * (1 / 360 - square * (1 / 1260 - square / 1680))) / value


def _slope(start: float, steps: int) -> float:
    """The sum of 1 ÷ (start + i), i from 0 to below `steps`: a difference of two digamma functions."""
    near = min(steps, _NEAR) if start < _NEAR else 0
    below = sum(1 / (start + step) for step in range(near))
    return below + _far_slope(start + near, steps - near) if near < steps else below


def _far_slope(start: float, steps: int) -> float:
    """The same for a `start` that is at least `_NEAR`."""
    end = start + steps
    return log1p(steps / start) + _harmonic_tail(start) - _harmonic_tail(end)


def _harmonic_tail(value: float) -> float:
    square = 1 / (value * value)
    return 0.5 / value + square * (1 / 12 - square * (1 / 120 - square * (1 / 252 - square / 240)))


def _share(logit: float) -> float:
    return 1.0 / (1.0 + exp(-logit))


def _likeliest(classes: Mapping[int, int], n: int, number: int) -> tuple[float, float]:
    """The logit of α and t = θ + α, for a sample of `n` records in a `number` of classes below it."""
    highest = 2 * log(n) + 3

    def opening_term(alpha: float, t: float) -> float:
        return _slope(t / alpha, number - 1) / alpha

    def best_t(logit: float) -> float:
        alpha, beta = _share(logit), _share(-logit)

        def by_theta(log_t: float) -> float:
            t = exp(log_t)
            return opening_term(alpha, t) - _slope(t + beta, n - 1)

        return exp(_falls(by_theta, _LEAST_LOG_T, highest))

    def by_alpha(logit: float) -> float:
        alpha, beta, t = _share(logit), _share(-logit), best_t(logit)
        joined = [_slope(beta, size) for size in range(_NEAR + 1)]
        taken = sum(
            count
            * (joined[size - 1] if size <= _NEAR else joined[-1] + _far_slope(beta + _NEAR, size - 1 - _NEAR))
            for size, count in classes.items()
        )
        return (number - 1 - (t - alpha) * opening_term(alpha, t)) / alpha - taken

    logit = _falls(by_alpha, *_LOGITS)
    return logit, best_t(logit)


def _falls(function: Callable[[float], float], low: float, high: float) -> float:
    """Where a function goes from above zero to below it; an end where it does not."""
    for _ in range(_STEPS):
        middle = (low + high) / 2
        if function(middle) > 0:
            low = middle
        else:
            high = middle
    return (low + high) / 2
