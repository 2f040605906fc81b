"""The noise of one answer of an endpoint, on a grid of whole numbers.

What one unit can change follows from the mode, not from the model:

    votes         a unit is in the data of one model, so one vote moves: two counts change, by 1 each.
    noisy-scores  nothing is known of the model, so every score may move from one end to the other. Scores
                  are rounded to steps of the grid first, so that an end is M = ⌈(high − low) / step⌉ steps
                  from the other one: M is the sensitivity, and the rounding is within it.
    aggregates    a unit adds at most `perUnit` requests to the counts of a window.

`cells` numbers change by `most` steps each. Laplace noise of scale cells·most/ε on every number costs ε, as
ε adds up over the cells that change. Gaussian noise is calibrated by the accountant on the same composition.

>>> change_of_scores(count=1, low=Fraction(0), high=Fraction(1), step=Fraction(1, 1024))
GridChange(cells=1, most=1024, step=Fraction(1, 1024), drawn=1)
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from fractions import Fraction
from functools import lru_cache
from types import MappingProxyType

from gatecli.accounting.account import account
from gatecli.accounting.calibration import Calibration, calibrate, rounded_up
from gatecli.accounting.interface import Question
from gatecli.errors import UsageError
from gatecli.model.budget import Budget, Neighbouring
from gatecli.model.mechanism import MAX_COUNT, DiscreteGaussian, DiscreteLaplace
from gatecli.model.number import show
from gatecli.model.private_endpoint import AnswerNoise, EndpointMode, PrivateEndpointSpec

DIGITS = 6
"""Significant digits of a scale, the last one rounded up."""

LARGEST = MAX_COUNT
"""What one unit may change, in steps: a mechanism has no larger sensitivity."""

WIDEST = 1 << 56
"""Steps that noise may have for its scale: OpenDP cuts a draw off at 2⁶³, which is 128 of them (e⁻¹²⁸)."""

LARGEST_SCORE = Fraction(10**300)
"""Scores are given as floating-point numbers."""

GridMechanism = DiscreteLaplace | DiscreteGaussian


@dataclass(frozen=True, slots=True)
class GridChange:
    """What one unit changes: `cells` numbers by at most `most` steps; and the numbers that an answer has."""

    cells: int
    most: int
    step: Fraction
    drawn: int


@dataclass(frozen=True, slots=True)
class GridNoise:
    """The mechanism of one answer (its `count` are the cells), and why it has this kind of noise."""

    change: GridChange
    mechanism: GridMechanism
    budget: Budget
    reason: str

    @property
    def deviation(self) -> float:
        """The standard deviation of one number of an answer, in its own unit; for people, not for budgets."""
        return math.sqrt(variance(self.mechanism)) * float(self.change.step)


def grid_noise(spec: PrivateEndpointSpec) -> GridNoise:
    """The noise of an endpoint that adds some. Raises UsageError where no noise meets its budget."""
    if spec.noise is None:
        raise UsageError(
            f"mode {spec.mode.value} adds no noise", advice="name noise.epsilon, or another mode"
        )
    return noise_for(change_of(spec), spec.noise)


def change_of(spec: PrivateEndpointSpec) -> GridChange:
    """What one unit changes in an answer. Raises UsageError for a grid that is too fine."""
    if spec.votes is not None:
        return GridChange(2, 1, Fraction(1), len(spec.votes.classes))
    if spec.aggregates is not None:
        return GridChange(1, spec.aggregates.per_unit, Fraction(1), len(spec.aggregates.classes))
    if spec.mode is not EndpointMode.NOISY_SCORES:
        raise UsageError(f"mode {spec.mode.value} has no grid", advice="name another mode")
    scores = spec.answer_scores
    return change_of_scores(scores.count, scores.low, scores.high, scores.step)


def change_of_scores(count: int, low: Fraction, high: Fraction, step: Fraction) -> GridChange:
    """All scores may move from one end to the other. Raises UsageError for a grid that is too fine."""
    if max(abs(low), abs(high), step) > LARGEST_SCORE:
        raise UsageError("a score is beyond what floating-point numbers hold", advice="give other ends")
    most = math.ceil((high - low) / step)
    if most > LARGEST:
        raise UsageError(
            f"scores.step {show(step)} is too fine for scores between {show(low)} and {show(high)}",
            advice=f"give one of at least {show((high - low) / LARGEST)}",
        )
    return GridChange(count, most, step, count)


@lru_cache(64)
def noise_for(change: GridChange, noise: AnswerNoise) -> GridNoise:
    """The least noise of the kind that is asked for: several checks of one document ask for it.

    Raises UsageError where none meets the budget.
    """
    if change.most > LARGEST:
        raise UsageError(
            f"one unit may change a count by {change.most}", advice="give a smaller aggregates.perUnit"
        )
    found = _KINDS[noise.kind](change, Budget(noise.epsilon, noise.delta))
    if _width(found.mechanism) > WIDEST:
        raise UsageError(
            f"the noise for ε = {show(noise.epsilon)} is wider than what is drawn exactly",
            advice="give a larger scores.step, or a larger noise.epsilon",
        )
    return found


def _width(mechanism: GridMechanism) -> Fraction:
    if isinstance(mechanism, DiscreteGaussian):
        return mechanism.standard_deviation
    return mechanism.scale


def variance(mechanism: GridMechanism) -> float:
    """Of the noise on one number, in steps of the grid.

    P(x) ∝ q^|x| has the variance 2q/(1 − q)², and q = exp(−1/scale): 1/(cosh(1/scale) − 1).
    """
    if isinstance(mechanism, DiscreteGaussian):
        return float(mechanism.standard_deviation) ** 2
    half = math.sinh(1 / (2 * float(mechanism.scale)))
    return 1 / (2 * half * half)


def _laplace(change: GridChange, budget: Budget) -> GridNoise:
    scale = rounded_up(change.cells * change.most / budget.epsilon, DIGITS)
    mechanism = DiscreteLaplace(sensitivity=change.most, scale=scale, count=change.cells)
    return GridNoise(change, mechanism, Budget(budget.epsilon, Fraction(0)), "Laplace, as asked")


def _gaussian(change: GridChange, budget: Budget) -> GridNoise:
    if budget.delta == 0:
        raise UsageError(
            "Gaussian noise needs a delta above 0", advice="give noise.delta, or noise.kind: laplace"
        )
    plain = DiscreteGaussian(
        sensitivity=change.most, standard_deviation=Fraction(change.most), count=change.cells
    )
    question = Question((plain,), budget.delta, Neighbouring.ADD_REMOVE)
    found = calibrate(question, budget, "noise", account)
    if not isinstance(found, Calibration) or not isinstance(found.mechanisms[0], DiscreteGaussian):
        why = found.reasons[0] if not isinstance(found, Calibration) else "none was found"
        raise UsageError(
            f"no Gaussian noise meets ε = {show(budget.epsilon)}: {why}", advice="use noise.kind: laplace"
        )
    return GridNoise(change, found.mechanisms[0], budget, "Gaussian, as asked")


def _lesser(change: GridChange, budget: Budget) -> GridNoise:
    laplace = _laplace(change, budget)
    if budget.delta == 0:
        return GridNoise(change, laplace.mechanism, laplace.budget, "Laplace, since no delta was given")
    gaussian = _gaussian(change, budget)
    if variance(gaussian.mechanism) < variance(laplace.mechanism):
        return GridNoise(change, gaussian.mechanism, budget, "Gaussian, which adds less here than Laplace")
    why = "Laplace, which adds less here than Gaussian; delta is not spent"
    return GridNoise(change, laplace.mechanism, laplace.budget, why)


_KINDS: Mapping[str, Callable[[GridChange, Budget], GridNoise]] = MappingProxyType(
    {"auto": _lesser, "laplace": _laplace, "gaussian": _gaussian}
)
