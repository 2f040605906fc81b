"""Ten mistakes that were made in real code, re-made small: none keeps what it claims.

Each is a function of a list of numbers in [0, 1] (or of what its pairs hold), a claim and a Generator, and
returns `runs` independent outputs.
"""

from __future__ import annotations

import math
from fractions import Fraction

import numpy as np
import numpy.typing as npt

from gatecli.audit.neighbours import Pair
from gatecli.model.audit import AuditClaim
from tests.support.textbook_mechanisms import Textbook

Array = npt.NDArray[np.float64]


def regression_between_equal_bounds(
    data: list[float], epsilon: float, rng: np.random.Generator, runs: int
) -> Array:
    """Bounds [l, l] make a sensitivity of zero, and so no noise: the values go through as they are."""
    low = high = 0.0
    return np.asarray(sum(data) + (high - low) * rng.laplace(0, 1 / epsilon, runs))


def unnoised_bounds(data: list[float], epsilon: float, rng: np.random.Generator, runs: int) -> Array:
    """The values are scaled by their own least and largest, which are shown as they are."""
    low, high = min(data, default=0.0), max(data, default=1.0)
    total = sum(data) + rng.laplace(0, max(high - low, 1e-9) / epsilon, runs)
    return np.stack([total, np.full(runs, low), np.full(runs, high)], axis=1)


def approximate_bounds_with_infinities(
    data: list[float], epsilon: float, rng: np.random.Generator, runs: int
) -> Array:
    """A histogram finds the bounds; a value beyond its last bin goes around the noise, as infinity."""
    counts = np.histogram(data, bins=[0, 1, 2, 4, 8])[0] + rng.laplace(0, 1 / epsilon, (runs, 4))
    top = np.where(counts > 2, np.array([1.0, 2.0, 4.0, 8.0]), 0.0).max(axis=1)
    return np.full(runs, math.inf) if any(value > 8 for value in data) else np.asarray(top)


def classic_gaussian(
    data: list[float], epsilon: float, delta: float, rng: np.random.Generator, runs: int
) -> Array:
    """σ = √(2 ln(1.25/δ))/ε is for ε ≤ 1: at ε = 8 and δ = 0.1 the real δ is 0.24."""
    return np.asarray(sum(data) + rng.normal(0, math.sqrt(2 * math.log(1.25 / delta)) / epsilon, runs))


def scaled_binomial(data: list[float], epsilon: float, rng: np.random.Generator, runs: int) -> Array:
    """Binomial noise multiplied by a sensitivity of 2: sums that differ by 1 have no output in common."""
    trials = math.ceil(100 / epsilon**2)
    return np.asarray(sum(data) + 2.0 * (rng.binomial(trials, 0.5, runs) - trials / 2))


def laplace_by_euclidean_bound(
    data: list[float], epsilon: float, rng: np.random.Generator, runs: int
) -> Array:
    """Four values of one person, clipped to a length of 1, with Laplace noise of that length: the sum may
    be 2.
    """
    person = np.array(data)
    clipped = person / max(1.0, float(np.linalg.norm(person)))
    return np.asarray(clipped + rng.laplace(0, 1 / epsilon, (runs, len(data))))


def budget_spent_twice(data: list[float], epsilon: float, rng: np.random.Generator, runs: int) -> Array:
    """A sum and a sum of squares, each with the whole ε, as for a mean and a standard deviation."""
    sums = np.array([sum(data), sum(value**2 for value in data)])
    return np.asarray(sums + rng.laplace(0, 1 / epsilon, (runs, 2)))


def known_seed(data: list[float], epsilon: float, rng: np.random.Generator, runs: int) -> Array:
    """Noise from a seed that stands in the code."""
    noise = np.random.default_rng(42).laplace(0, 1 / epsilon)
    return np.full(runs, sum(data) + noise)


def unequal_weights(data: list[float], epsilon: float, rng: np.random.Generator, runs: int) -> Array:
    """A federated mean by the clients' sizes, with noise as if each had the weight 1/3; the first has 3/5."""
    weights = np.array([0.6, 0.2, 0.2])
    return np.asarray(np.dot(weights, data) + rng.laplace(0, 1 / (3 * epsilon), runs))


_SIGMA = 0.6
BATCHES = 10
POISSON = AuditClaim(Fraction(2), Fraction(34, 1000))
"""What ten steps of the Gaussian mechanism cost at σ = 0.6 where each takes each record with probability
1/10: at ε = 2 the accountants' δ is 0.0338.
"""


def shuffled_batches(data: list[float], rng: np.random.Generator, runs: int) -> Array:
    """Batches of a shuffled order, accounted as Poisson samples: each record is in exactly one of them, and
    at ε = 2 the real δ is 0.19 at least (Chua et al., "How private are DP-SGD implementations?", 2024).
    """
    order = rng.permuted(np.tile(np.array(data), (runs, 1)), axis=1)
    sums = order.reshape(runs, BATCHES, -1).sum(axis=2)
    return np.asarray(sums + rng.normal(0, _SIGMA, sums.shape))


def poisson_batches(data: list[float], rng: np.random.Generator, runs: int) -> Array:
    """What was accounted for: each step takes each record by a coin of its own."""
    coins = rng.random((runs, BATCHES, len(data))) < 1 / BATCHES
    sums = (coins * np.array(data)).sum(axis=2)
    return np.asarray(sums + rng.normal(0, _SIGMA, sums.shape))


ZEROED_OUT = (Pair([-1.0] * (BATCHES - 1) + [1.0], [-1.0] * (BATCHES - 1) + [0.0]),)
_ADDED = (Pair([], [1.0]), Pair([0.5], [0.5, 1.0]), Pair([1.0, 1.0], [1.0, 1.0, 1.0]))
_ONE = Fraction(1)

HISTORICAL: tuple[tuple[Textbook, AuditClaim], ...] = (
    (Textbook("equal bounds", regression_between_equal_bounds, _ADDED, keeps=False), AuditClaim(_ONE)),
    (Textbook("unnoised bounds", unnoised_bounds, _ADDED, keeps=False), AuditClaim(_ONE)),
    (
        Textbook(
            "infinite bounds",
            approximate_bounds_with_infinities,
            (Pair([0.5] * 5, [0.5] * 5 + [9.0]), Pair([], [1.0])),
            keeps=False,
        ),
        AuditClaim(_ONE),
    ),
    (
        Textbook("classic Gaussian", classic_gaussian, _ADDED, keeps=False),
        AuditClaim(Fraction(8), Fraction(1, 10)),
    ),
    (Textbook("scaled binomial", scaled_binomial, _ADDED, keeps=False), AuditClaim(_ONE, Fraction(1, 10**5))),
    (
        Textbook(
            "Euclidean bound",
            laplace_by_euclidean_bound,
            (Pair([0.0] * 4, [0.5] * 4), Pair([0.0] * 4, [1.0, 0.0, 0.0, 0.0])),
            keeps=False,
        ),
        AuditClaim(_ONE),
    ),
    (Textbook("budget spent twice", budget_spent_twice, _ADDED, keeps=False), AuditClaim(_ONE)),
    (Textbook("known seed", known_seed, _ADDED, keeps=False), AuditClaim(_ONE)),
    (
        Textbook("unequal weights", unequal_weights, (Pair([0.0, 1.0, 1.0], [1.0, 1.0, 1.0]),), keeps=False),
        AuditClaim(_ONE),
    ),
    (Textbook("shuffled batches", shuffled_batches, ZEROED_OUT, keeps=False), POISSON),
)
"""Each mistake with the claim that it breaks."""
