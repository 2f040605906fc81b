"""Rényi divergence of a run that is repeated a random number of times and selected from.

Source: Papernot and Steinke, "Hyperparameter Tuning with Rényi Differential Privacy" (2022,
arXiv:2110.03620): theorem 2 for the truncated negative binomial distribution, theorem 6 for Poisson.
Only the best run's output may be published.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from fractions import Fraction

from gatecli.accounting.rounding import above, below
from gatecli.accounting.terms import RepeatTerm

_MARGIN = 1e-12
"""Float rounding in one logarithm."""

_HALVINGS = 200


def repeated_curve(term: RepeatTerm, orders: Sequence[float], single: Sequence[float]) -> list[float]:
    """The divergences of the selected output at `orders`; `single` are those of one run."""
    mean = above(term.mean)
    if term.shape is None:
        return [
            _poisson(order, cost, mean, orders, single) for order, cost in zip(orders, single, strict=True)
        ]
    shape = above(term.shape)
    log_gamma = math.log(_gamma(below(term.shape), mean)) - _MARGIN
    constant = (1 + shape) * min(
        (1 - 1 / order) * cost - log_gamma / order for order, cost in zip(orders, single, strict=True)
    )
    return [
        cost + constant + (math.log(mean) + _MARGIN) / (order - 1)
        for order, cost in zip(orders, single, strict=True)
    ]


def _poisson(
    order: float, cost: float, mean: float, orders: Sequence[float], single: Sequence[float]
) -> float:
    log_delta = _log_delta(math.log1p(1 / (order - 1)), orders, single)
    delta = math.exp(min(log_delta, 0.0)) * (1 + _MARGIN)
    return cost + mean * delta + (math.log(mean) + _MARGIN) / (order - 1)


def _log_delta(epsilon: float, orders: Sequence[float], curve: Sequence[float]) -> float:
    """Ln of the least δ at ε that a curve gives (Canonne, Kamath, Steinke 2020, proposition 12)."""
    return min(
        (order - 1) * (cost - epsilon + math.log1p(-1 / order)) - math.log(order)
        for order, cost in zip(orders, curve, strict=True)
    )


def _gamma(shape: float, mean: float) -> float:
    """A γ at most that of the distribution with this mean: a smaller γ costs more.

    The mean falls in γ and rises in the shape: a shape rounded down gives a smaller γ.
    """
    low, high = 0.0, 1.0
    for _ in range(_HALVINGS):
        middle = (low + high) / 2
        if middle in (low, high):
            break
        if _mean(middle, shape) > mean:
            low = middle
        else:
            high = middle
    return max(low * (1 - 1e-9), 5e-324)


def _mean(gamma: float, shape: float) -> float:
    """The mean of the truncated negative binomial distribution."""
    log_gamma = math.log(gamma)
    if shape * -log_gamma < 1e-9:
        return (1 / gamma - 1) / -log_gamma
    return shape * (1 - gamma) / (gamma * -math.expm1(shape * log_gamma))


def tail(distribution_shape: Fraction | None, mean: Fraction, runs: int) -> float:
    """The probability of at least `runs` repetitions, from above."""
    if distribution_shape is None:
        return _poisson_tail(above(mean), runs)
    return _binomial_tail(above(distribution_shape), above(mean), runs)


def _poisson_tail(mean: float, runs: int) -> float:
    """Chernoff's bound."""
    if runs <= mean:
        return 1.0
    return math.exp(min(0.0, runs - mean - runs * math.log(runs / mean)))


def _binomial_tail(shape: float, mean: float, runs: int) -> float:
    """By Markov's inequality on e^{tK}, at the best of some t below ln 1/(1 − γ)."""
    gamma = _gamma(shape, mean)
    if runs <= mean or gamma >= 1:
        return 1.0
    return min(_markov(shape, gamma, part / 32, runs) for part in range(1, 32))


def _markov(shape: float, gamma: float, part: float, runs: int) -> float:
    """E[e^{tK}] e^{−t runs} where (1 − γ) e^t = 1 − γ (1 − part)."""
    rest = 1 - gamma
    grown = 1 - gamma * (1 - part)
    exponent = math.log(grown / rest)
    if shape == 0:
        moment = math.log1p(-grown) / math.log1p(-rest)
    else:
        moment = math.expm1(-shape * math.log1p(-grown)) / math.expm1(-shape * math.log1p(-rest))
    return min(1.0, moment * math.exp(-exponent * runs))
