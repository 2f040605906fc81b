"""The extended negative binomial model of class sizes, fitted to the small classes of a sample.

Engen, "Stochastic Abundance Models", 1978, extends Fisher's model to shapes a > −1: classes have rates λ
with the density λ^(a − 1) e^(−λ/c) up to a constant, and a class has a Poisson number of records. In the
sample the sizes j ≥ 1 have

    P(j) ∝ Γ(j + a) ÷ (Γ(1 + a) j!) × (c ÷ (1 + c))^j

and, as E[λx e^(−λx)] ∝ x (1 + cx)^−(1 + a), of x times as many records the share

    U(x) = U(1) × ((1 + cx) ÷ (1 + c))^−(1 + a)

is unique. With −1 < a < 0 these are the sizes of Pitman's sampling formula (α = −a; Hoshino, Journal of
Official Statistics 17(4), 2001), with a → ∞ classes are equally likely. The fit is by maximum likelihood
among the sizes up to a `window` only: large classes say nothing of those that will be unique.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from math import exp, log, log1p, sqrt

_SHAPES = (-7.0, 6.0)
"""The logarithm of 1 + a is searched between these."""
_GROWTHS = (-21.0, 21.0)
"""The logarithm of c is searched between these."""
_STEPS = 40
_GOLDEN = (sqrt(5.0) - 1.0) / 2.0


@dataclass(frozen=True, slots=True)
class SmallClasses:
    """How many classes of a sample have 1, 2, 3 … records, up to a window; at least one has 1."""

    counts: tuple[int, ...]

    @property
    def number(self) -> int:
        """The number of classes."""
        return sum(self.counts)

    @property
    def records(self) -> int:
        """The number of their records."""
        return sum(size * count for size, count in enumerate(self.counts, 1))

    def log_likelihood(self, shape: float, growth: float) -> float:
        """For the logarithms of 1 + a and of c."""
        weights = _log_weights(shape, len(self.counts))
        total, _ = _moments(weights, growth)
        seen = sum(count * weight for count, weight in zip(self.counts, weights, strict=True))
        return seen - self.records * log1p(exp(-growth)) - self.number * total


@dataclass(frozen=True, slots=True)
class Fit:
    """The likeliest logarithms of 1 + a and of c, and the logarithm of their likelihood."""

    shape: float
    growth: float
    log_likelihood: float

    def log_ratio(self, fraction: float) -> float:
        """The logarithm of U(1 ÷ fraction) ÷ U(1): 0 at a fraction of 1, below it elsewhere."""
        rate = exp(self.growth)
        return -exp(self.shape) * (log1p(rate / fraction) - log1p(rate))


def small_classes(classes: Mapping[int, int], window: int) -> SmallClasses:
    """The classes of at most `window` records, from their number by size."""
    return SmallClasses(tuple(classes.get(size, 0) for size in range(1, window + 1)))


def fit(small: SmallClasses) -> Fit:
    """The maximum of the likelihood."""

    def of_shape(shape: float) -> Fit:
        growth = _best_growth(small, shape)
        return Fit(shape, growth, small.log_likelihood(shape, growth))

    return of_shape(_highest(lambda shape: of_shape(shape).log_likelihood, *_SHAPES))


def log_likelihood_of_ratio(small: SmallClasses, log_ratio: float, fraction: float) -> float:
    """The highest likelihood of parameters with this `log_ratio`, below 0, at a fraction below 1.

    Given a, c is what solves (1 + c ÷ fraction) ÷ (1 + c) = e^(−log_ratio ÷ (1 + a)).
    """

    def of_shape(shape: float) -> float:
        grown = exp(min(-log_ratio * exp(-shape), 700.0))
        if grown >= 1 / fraction:
            return -exp(700.0) * (1 + exp(-shape))
        rate = (grown - 1) / (1 / fraction - grown)
        return small.log_likelihood(shape, max(log(max(rate, 1e-300)), _GROWTHS[0]))

    return of_shape(_highest(of_shape, *_SHAPES))


def _log_weights(shape: float, window: int) -> list[float]:
    """The logarithm of Γ(j + a) ÷ (Γ(1 + a) j!), for j from 1 to the window."""
    a = exp(shape) - 1
    weights = [0.0]
    for size in range(2, window + 1):
        weights.append(weights[-1] + log((size - 1 + a) / size))
    return weights


def _moments(weights: list[float], growth: float) -> tuple[float, float]:
    """The logarithm of the sum of all terms, and the mean size."""
    each = -log1p(exp(-growth))
    terms = [weight + size * each for size, weight in enumerate(weights, 1)]
    highest = max(terms)
    shares = [exp(term - highest) for term in terms]
    total = sum(shares)
    return highest + log(total), sum(size * share for size, share in enumerate(shares, 1)) / total


def _best_growth(small: SmallClasses, shape: float) -> float:
    """Where the mean size is that of the sample; an end where it never is."""
    weights, mean = _log_weights(shape, len(small.counts)), small.records / small.number
    low, high = _GROWTHS
    for _ in range(_STEPS):
        middle = (low + high) / 2
        if _moments(weights, middle)[1] < mean:
            low = middle
        else:
            high = middle
    return (low + high) / 2


def _highest(function: Callable[[float], float], low: float, high: float) -> float:
    """Where a function with a single maximum has it: a search by the golden section (Kiefer 1953)."""
    left, right = high - _GOLDEN * (high - low), low + _GOLDEN * (high - low)
    at_left, at_right = function(left), function(right)
    for _ in range(_STEPS):
        if at_left >= at_right:
            high, right, at_right = right, left, at_left
            left = high - _GOLDEN * (high - low)
            at_left = function(left)
        else:
            low, left, at_left = left, right, at_right
            right = low + _GOLDEN * (high - low)
            at_right = function(right)
    return (low + high) / 2
