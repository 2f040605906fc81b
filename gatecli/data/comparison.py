"""What kinds of noise cost in accuracy at one budget: exact figures, and what engines draw.

A person counts in k sums, in each by at most Δ: Δ₁ = k·Δ, and Δ₂ = √k·Δ.

- *Laplace* noise of scale b = Δ₁/ε (Dwork and Roth 2014, theorem 3.6) has the mean absolute error b, and is
  within b·ln 20 with probability 95 %.
- *Gaussian* noise has the deviation σ = Δ₂/μ, where Φ(μ/2 − ε/μ) − e^ε·Φ(−μ/2 − ε/μ) = δ (Balle and Wang
  2018, theorem 8). Its mean absolute error is σ·√(2/π), and it is within 1.96·σ.
- *Binomial* noise is Bin(n, ½) − n/2 (Dwork et al. 2006; Agarwal et al. 2018 bound its cost). Here n is the
  least even number for which the accountant's privacy loss distribution, composed k times, has ε at most.
  Bin(n + 1, ½) is Bin(n, ½) and one more coin, so that ε falls with n, and bisection finds it. With n = 2m
  its mean absolute error is m·C(2m, m)/4^m (De Moivre).
- *Discrete Laplace* noise, P(x) ∝ q^|x| with q = e^(−1/b), has the mean absolute error
  2q/(1 − q²) = 1/sinh(1/b), and P(|x| > w) = 2·q^(w+1)/(1 + q).
- *Rounded Laplace* noise is Laplace noise, rounded: Σ P(|x| ≥ j − ½) over j ≥ 1 is 1/(2·sinh(1/2b)).
- *Discrete Gaussian* noise has the σ that the accountant finds. Its figures are sums over whole numbers.

>>> round(discrete_laplace_error(1.0), 3), round(rounded_laplace_error(1.0), 3), round(binomial_error(62), 3)
(0.851, 0.96, 3.129)
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from fractions import Fraction
from types import MappingProxyType

from gatecli.accounting.account import account
from gatecli.accounting.calibration import Calibration, calibrate, rounded_up
from gatecli.accounting.gaussian_curve import largest_mu
from gatecli.accounting.interface import NoBound, Question
from gatecli.data.noise import DIGITS
from gatecli.data.statistics import GRID
from gatecli.errors import UsageError
from gatecli.model.budget import Budget, Neighbouring
from gatecli.model.mechanism import Binomial, DiscreteGaussian

MOST_TRIALS = 10**7
"""Of a binomial distribution that is accounted for."""

_MEAN_OF_NORMAL, _NORMAL_95 = math.sqrt(2 / math.pi), 1.959963984540054


class ComparedQuery(StrEnum):
    """What is asked: rows, rows of disjoint groups (a person is in one of them), or values within bounds."""

    COUNT = "count"
    HISTOGRAM = "histogram"
    SUM = "sum"


@dataclass(frozen=True, slots=True)
class NoiseComparison:
    """A question at a budget: one person is in `counts` numbers, in each by at most `sensitivity`."""

    query: ComparedQuery
    budget: Budget
    counts: int = 1
    sensitivity: Fraction = Fraction(1)

    @property
    def is_whole(self) -> bool:
        """Whether the numbers are of rows, and not of values in steps of a millionth of the bounds."""
        return self.query is not ComparedQuery.SUM

    @property
    def steps(self) -> int:
        """The sensitivity of one number, in whole steps."""
        return 1 if self.is_whole else GRID

    @property
    def step(self) -> float:
        """One step in the unit of the answer."""
        return float(self.sensitivity) / self.steps


class NoiseLaw(StrEnum):
    """A distribution of noise."""

    LAPLACE = "Laplace"
    GAUSSIAN = "analytic Gaussian"
    BINOMIAL = "binomial"
    DISCRETE_LAPLACE = "discrete Laplace"
    ROUNDED_LAPLACE = "rounded Laplace"
    DISCRETE_GAUSSIAN = "discrete Gaussian"


@dataclass(frozen=True, slots=True)
class Utility:
    """How far a noisy number is off: in the mean, and half the width of its 95 % interval.

    `parameter` is the scale or the standard deviation, in the unit of the answer, or the number of trials.
    `width` is what engines are asked for, in steps.
    """

    law: NoiseLaw
    symbol: str
    parameter: float
    mean_error: float
    interval: float
    width: Fraction = Fraction(0)


def compare_noise(comparison: NoiseComparison) -> list[Utility]:
    """The exact figures of each kind of noise. Raises UsageError where there are none."""
    if comparison.counts < 1:
        raise UsageError("a person is in no count", advice="give --counts from 1")
    found = [make(comparison) for make in _KINDS.values()]
    return [each for each in found if each is not None]


def gaussian_wins_from(comparison: NoiseComparison) -> int | None:
    """From how many numbers a person on Gaussian noise errs less than Laplace noise; None for δ = 0.

    Laplace errs by k·Δ/ε, Gaussian by √k·σ·√(2/π).
    """
    one = NoiseComparison(comparison.query, comparison.budget, 1, comparison.sensitivity)
    gaussian = _gaussian(one)
    return None if gaussian is None else math.floor((gaussian.mean_error / _laplace(one).mean_error) ** 2) + 1


def _laplace(asked: NoiseComparison) -> Utility:
    scale = float(asked.counts * asked.sensitivity / asked.budget.epsilon)
    return Utility(NoiseLaw.LAPLACE, "b", scale, scale, scale * math.log(20))


def _gaussian(asked: NoiseComparison) -> Utility | None:
    if asked.budget.delta == 0:
        return None
    mu = largest_mu(float(asked.budget.epsilon), math.log(asked.budget.delta))
    sigma = math.sqrt(asked.counts) * float(asked.sensitivity) / mu
    return Utility(NoiseLaw.GAUSSIAN, "σ", sigma, sigma * _MEAN_OF_NORMAL, sigma * _NORMAL_95)


def binomial_noise(asked: NoiseComparison) -> Utility | None:
    """Of counts alone: a sum of values would need more coins than there is time to toss."""
    gaussian = _gaussian(asked)
    if gaussian is None or not asked.is_whole:
        return None
    trials = _least_trials(asked, math.ceil(2 * gaussian.parameter**2))
    if trials is None:
        return None
    within = _interval(trials // 2, lambda point: _binomial_chance(trials, point))
    return Utility(NoiseLaw.BINOMIAL, "n", trials, binomial_error(trials), within)


def _least_trials(asked: NoiseComparison, guess: int) -> int | None:
    """The least even number of coins that is private enough; None beyond what is accounted for."""
    if 2 * guess > MOST_TRIALS:
        return None
    low, high = guess, guess
    while 2 * high <= MOST_TRIALS and not _is_enough(asked, 2 * high):
        low, high = high, math.ceil(high * 1.25)
    while 2 * low > 2 and _is_enough(asked, 2 * low):
        low, high = low * 4 // 5, low
    while high - low > 1 and 2 * high <= MOST_TRIALS:
        middle = (low + high) // 2
        low, high = (low, middle) if _is_enough(asked, 2 * middle) else (middle, high)
    return 2 * high if 2 * high <= MOST_TRIALS else None


def _is_enough(asked: NoiseComparison, trials: int) -> bool:
    noise = Binomial(trials=trials, probability=Fraction(1, 2), count=asked.counts)
    bounds = account(Question((noise,), asked.budget.delta, Neighbouring.ADD_REMOVE))
    return (
        not isinstance(bounds, NoBound) and bounds.upper is not None and bounds.upper <= asked.budget.epsilon
    )


def _width(asked: NoiseComparison) -> Fraction:
    """The scale of Laplace noise in steps, as questions are asked (gatecli.data.noise)."""
    return rounded_up(asked.counts * asked.steps / asked.budget.epsilon, DIGITS)


def _discrete_laplace(asked: NoiseComparison) -> Utility:
    width = _width(asked)
    scale, step = float(width), asked.step
    within = max(0, math.ceil(scale * math.log(40 / (1 + math.exp(-1 / scale))) - 1))
    error = discrete_laplace_error(scale)
    return Utility(NoiseLaw.DISCRETE_LAPLACE, "b", scale * step, error * step, within * step, width)


def _rounded_laplace(asked: NoiseComparison) -> Utility:
    width = _width(asked)
    scale, step = float(width), asked.step
    within = max(0, math.ceil(scale * math.log(20) - 0.5))
    error = rounded_laplace_error(scale)
    return Utility(NoiseLaw.ROUNDED_LAPLACE, "b", scale * step, error * step, within * step, width)


def _discrete_gaussian(asked: NoiseComparison) -> Utility | None:
    if asked.budget.delta == 0:
        return None
    noise = DiscreteGaussian(
        sensitivity=asked.steps, standard_deviation=Fraction(asked.steps), count=asked.counts
    )
    question = Question((noise,), asked.budget.delta, Neighbouring.ADD_REMOVE)
    found = calibrate(question, asked.budget, "noise", account)
    if not isinstance(found, Calibration):
        return None
    (made,) = found.mechanisms
    if not isinstance(made, DiscreteGaussian):
        raise TypeError
    sigma, step = float(made.standard_deviation), asked.step
    error, within = _discrete_gaussian_figures(sigma)
    width = made.standard_deviation
    return Utility(NoiseLaw.DISCRETE_GAUSSIAN, "σ", sigma * step, error * step, within * step, width)


_KINDS: Mapping[NoiseLaw, Callable[[NoiseComparison], Utility | None]] = MappingProxyType(
    {
        NoiseLaw.LAPLACE: _laplace,
        NoiseLaw.GAUSSIAN: _gaussian,
        NoiseLaw.BINOMIAL: binomial_noise,
        NoiseLaw.DISCRETE_LAPLACE: _discrete_laplace,
        NoiseLaw.ROUNDED_LAPLACE: _rounded_laplace,
        NoiseLaw.DISCRETE_GAUSSIAN: _discrete_gaussian,
    }
)


def discrete_laplace_error(scale: float) -> float:
    """E|X| of discrete Laplace noise: 1/sinh(1/scale)."""
    return 1 / math.sinh(1 / scale) if scale > 1 / 700 else 0.0


def rounded_laplace_error(scale: float) -> float:
    """E|X| of Laplace noise that is rounded to whole numbers: 1/(2·sinh(1/(2·scale)))."""
    return 1 / (2 * math.sinh(1 / (2 * scale))) if scale > 1 / 1400 else 0.0


def binomial_error(trials: int) -> float:
    """E|X| of Bin(2m, ½) − m: m·C(2m, m)/4^m."""
    half = trials // 2
    return half * _binomial_chance(trials, 0)


def _binomial_chance(trials: int, point: int) -> float:
    """P(Bin(2m, ½) = m + point)."""
    half = trials // 2
    logs = math.lgamma(trials + 1) - math.lgamma(half + point + 1) - math.lgamma(half - point + 1)
    return math.exp(logs - trials * math.log(2))


def _discrete_gaussian_figures(sigma: float) -> tuple[float, float]:
    """E|X| and the interval of discrete Gaussian noise; of the normal one where it is wide."""
    if sigma > 1000:
        return sigma * _MEAN_OF_NORMAL, sigma * _NORMAL_95
    reach = math.ceil(12 * sigma) + 12
    weights = [math.exp(-(point**2) / (2 * sigma**2)) for point in range(reach)]
    whole = 2 * math.fsum(weights) - weights[0]
    error = 2 * math.fsum(point * weight for point, weight in enumerate(weights)) / whole
    return error, _interval(reach - 1, lambda point: weights[point] / whole)


def _interval(reach: int, chance: Callable[[int], float]) -> float:
    """The least w for which symmetric noise on whole numbers is within ±w with probability 95 %."""
    inside, point = chance(0), 0
    while inside < 0.95 and point < reach:
        point += 1
        inside += 2 * chance(point)
    return point
