"""An adversary against "the budget holds at some Rényi order", with the tight conversion of each order.

A pair that tells most at ε among all with a divergence of at most R at the order α has two outcomes,
P = (p, 1 − p) and Q = (q, 1 − q), with δ = p − e^ε q. So the tight conversion is the least divergence over p
of those with a given δ (Asoodeh, Liao, Calmon, Kosut, Sankar 2021), here by a fine search.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from tests.support.adaptive import Array

ORDERS = (4, 8, 16, 32)
_CHANCES = np.exp(np.linspace(math.log(1e-14), -1e-9, 40001))
_HALVINGS = 45


def divergence(order: int, first: Array, other: Array) -> Array:
    """D_α of (p, 1 − p) from (q, 1 − q)."""
    told = order * np.log(first) + (1 - order) * np.log(other)
    lied = order * np.log1p(-first) + (1 - order) * np.log1p(-other)
    return np.asarray(np.logaddexp(told, lied) / (order - 1))


def most_divergence(order: int, epsilon: float, delta: float) -> float:
    """The largest divergence all of whose mechanisms are (ε, δ)-DP."""
    first = delta + _CHANCES * (1 - delta) * (1 - 1e-9)
    other = (first - delta) * math.exp(-epsilon)
    possible = (other > 0) & (other < 1)
    return float(divergence(order, first[possible], other[possible]).min())


def most_delta(order: int, epsilon: float, most: float) -> float:
    """The largest δ at ε of a mechanism whose divergence is at most `most`."""
    low, high = math.log(1e-14), math.log(0.5)
    if most <= 0 or most_divergence(order, epsilon, math.exp(low)) > most:
        return 0.0
    for _ in range(_HALVINGS):
        middle = (low + high) / 2
        if most_divergence(order, epsilon, math.exp(middle)) <= most:
            low = middle
        else:
            high = middle
    return math.exp(low)


@dataclass(frozen=True, slots=True)
class OrdersGame:
    """The δ at ε* with each order named in advance, and with the order chosen by the answer of a coin."""

    fixed: dict[int, float]
    adaptive: float


def play_orders(epsilon: float, delta: float, coin: float) -> OrdersGame:
    """Randomised response with ε = `coin`, then the mechanism that tells most and still fits an order."""
    told = 1 / (1 + math.exp(-coin))
    answers = ((told, coin), (1 - told, -coin))
    left = {
        order: most_divergence(order, epsilon, delta)
        - float(divergence(order, np.array([told]), np.array([1 - told]))[0])
        for order in ORDERS
    }
    found = {
        order: [chance * most_delta(order, epsilon - loss, left[order]) for chance, loss in answers]
        for order in ORDERS
    }
    fixed = {order: sum(each) for order, each in found.items()}
    return OrdersGame(fixed, sum(max(each[answer] for each in found.values()) for answer in range(2)))
