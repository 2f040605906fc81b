"""How much noise each part of a question gets, and what that costs: mechanisms as the accountant knows them.

All sensitivities are of one unit added or removed, which has at most `rows` rows. A row is in one group, so
noise on every group of a question costs no more than noise on the group that the rows are in.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from typing import Literal, get_args

from gatecli.accounting.account import account
from gatecli.accounting.calibration import Calibration, calibrate, rounded_up
from gatecli.accounting.interface import Question
from gatecli.data.engines.interface import NoiseEngine
from gatecli.data.statistics import Part, Rank, SumTerm
from gatecli.errors import ConfigurationError, UsageError
from gatecli.model.budget import Budget, Neighbouring
from gatecli.model.mechanism import DiscreteGaussian, DiscreteLaplace, Mechanism, ReportNoisyMax
from gatecli.model.number import show

NoiseName = Literal["auto", "laplace", "gaussian"]
NOISES: tuple[NoiseName, ...] = get_args(NoiseName)

DIGITS = 6
"""Significant digits of a scale, the last one rounded up."""


@dataclass(frozen=True, slots=True)
class ChosenNoise:
    """A mechanism for each part of a question, in their order; why this kind of noise; the δ that it has."""

    mechanisms: tuple[Mechanism, ...]
    reason: str
    delta: Fraction = Fraction(0)


def choose_noise(
    parts: Sequence[Part], rows: int, budget: Budget, name: NoiseName, engine: NoiseEngine
) -> ChosenNoise:
    """The noise whose cost is `budget` at most, split alike over the parts. Raises UsageError.

    `auto` chooses among what the engine draws.
    """
    if not parts:
        raise UsageError("the question asks nothing", advice="name a statistic")
    if name not in NOISES:
        raise UsageError(f"{name!r} is not a kind of noise", advice=f"use {', '.join(NOISES)}")
    if name != "auto":
        return _CHOICES[name](parts, rows, budget)
    laplace = _laplace(parts, rows, budget)
    if budget.delta == 0:
        return ChosenNoise(laplace.mechanisms, "Laplace, since no delta was given")
    gaussian = _gaussian(parts, rows, budget)
    if not _draws(engine, gaussian):
        reason = f"Laplace, since {engine.name} draws no Gaussian noise here; delta is not spent"
        return ChosenNoise(laplace.mechanisms, reason)
    if _variances(gaussian) < _variances(laplace):
        return replace(gaussian, reason="Gaussian, which adds less here than Laplace")
    return ChosenNoise(laplace.mechanisms, "Laplace, which adds less here than Gaussian; delta is not spent")


def _draws(engine: NoiseEngine, noise: ChosenNoise) -> bool:
    try:
        for mechanism in noise.mechanisms:
            engine.require_drawable(mechanism)
    except ConfigurationError:
        return False
    return True


def _variances(noise: ChosenNoise) -> Fraction:
    """The sum of the noises' variances over the squares of the sensitivities."""
    total = Fraction(0)
    for mechanism in noise.mechanisms:
        match mechanism:
            case DiscreteLaplace(sensitivity=most, scale=scale):
                total += 2 * (scale / most) ** 2
            case DiscreteGaussian(sensitivity=most, standard_deviation=deviation):
                total += (deviation / most) ** 2
    return total


def _laplace(parts: Sequence[Part], rows: int, budget: Budget) -> ChosenNoise:
    """ε adds up over the parts (Dwork and Roth 2014, theorem 3.16)."""
    share = budget.epsilon / len(parts)
    return ChosenNoise(tuple(_pure(part, rows, share) for part in parts), "Laplace, as asked")


def _pure(part: Part, rows: int, epsilon: Fraction) -> Mechanism:
    if isinstance(part, Rank):
        return choice_at(epsilon)
    most = part.sensitivity * rows
    return DiscreteLaplace(sensitivity=most, scale=rounded_up(most / epsilon, DIGITS))


def choice_at(epsilon: Fraction) -> Mechanism:
    """A noisy maximum with exponential noise: permute and flip (McKenna and Sheldon 2020).

    It is ε-private and no more: its losses have a range of up to 2ε, and not of ε as those of the exponential
    mechanism, whose cheaper composition it must not have.
    """
    return ReportNoisyMax(epsilon=epsilon, noise="exponential")


def _gaussian(parts: Sequence[Part], rows: int, budget: Budget) -> ChosenNoise:
    """One noise multiplier for all sums, as the accountant finds it; quantiles take their share of ε."""
    if budget.delta == 0:
        raise UsageError(
            "Gaussian noise needs a delta above 0", advice="give delta=1e-6, or use Laplace noise"
        )
    sums = [part for part in parts if isinstance(part, SumTerm)]
    share = budget.epsilon / len(parts)
    if not sums:
        return _laplace(parts, rows, budget)
    target = Budget(share * len(sums), budget.delta)
    plain = tuple(_normal(part, rows, Fraction(1)) for part in sums)
    found = calibrate(Question(plain, target.delta, Neighbouring.ADD_REMOVE), target, "noise", account)
    if not isinstance(found, Calibration):
        raise UsageError(
            f"no Gaussian noise meets ε = {show(target.epsilon)}: {found.reasons[0]}",
            advice="use Laplace noise",
        )
    given = iter(found.mechanisms)
    mechanisms = tuple(next(given) if isinstance(part, SumTerm) else choice_at(share) for part in parts)
    return ChosenNoise(mechanisms, "Gaussian, as asked", budget.delta)


def _normal(part: SumTerm, rows: int, multiplier: Fraction) -> DiscreteGaussian:
    most = part.sensitivity * rows
    return DiscreteGaussian(sensitivity=most, standard_deviation=most * multiplier)


_CHOICES: Mapping[str, Callable[[Sequence[Part], int, Budget], ChosenNoise]] = {
    "laplace": _laplace,
    "gaussian": _gaussian,
}
