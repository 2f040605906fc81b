"""A small analytic accountant: exact where it can be, quick, and monotone, for tests of its callers."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from fractions import Fraction

from gatecli.accounting.interface import NoBound, Question
from gatecli.model.budget import Bounds
from gatecli.model.mechanism import (
    Approximate,
    Composed,
    DiscreteGaussian,
    DiscreteLaplace,
    DpSgd,
    Gaussian,
    Laplace,
    Mechanism,
    Pure,
    ZeroConcentrated,
)


def _pure(mechanism: Mechanism) -> Fraction | None:
    match mechanism:
        case Laplace() | DiscreteLaplace():
            return mechanism.count * mechanism.sensitivity / mechanism.scale
        case Pure():
            return mechanism.count * mechanism.epsilon
        case Composed():
            parts = [_pure(part) for part in mechanism.mechanisms]
            known = [part for part in parts if part is not None]
            return None if len(known) < len(parts) else mechanism.count * sum(known, Fraction(0))
        case _:
            return None


def _rho(mechanism: Mechanism) -> Fraction | None:
    match mechanism:
        case Gaussian():
            sigma = mechanism.noise_multiplier or (mechanism.standard_deviation or 1) / mechanism.sensitivity
            return Fraction(mechanism.count) / (2 * Fraction(sigma) ** 2)
        case DiscreteGaussian():
            return Fraction(mechanism.count * mechanism.sensitivity**2) / (
                2 * mechanism.standard_deviation**2
            )
        case DpSgd():
            rate = mechanism.sampling_rate / mechanism.noise_multiplier
            return mechanism.count * mechanism.steps * rate**2 / 2
        case ZeroConcentrated():
            return mechanism.count * mechanism.rho
        case Composed():
            parts = [_rho(part) for part in mechanism.mechanisms]
            known = [part for part in parts if part is not None]
            return None if len(known) < len(parts) else mechanism.count * sum(known, Fraction(0))
        case _:
            epsilon = _pure(mechanism)
            return None if epsilon is None else epsilon**2 / 2 / mechanism.count


def _upper(question: Question) -> Fraction | None:
    pure = [_pure(one) for one in question.mechanisms]
    exact = [one for one in pure if one is not None]
    basic = sum(exact, Fraction(0)) if len(exact) == len(pure) else None
    if question.delta == 0:
        return basic
    rho = sum((_rho(one) or Fraction(0) for one in question.mechanisms), Fraction(0))
    concentrated = rho + Fraction(2 * math.sqrt(rho * Fraction(-math.log(question.delta))) * (1 + 1e-12))
    return concentrated if basic is None else min(basic, concentrated)


def analytic(question: Question) -> Bounds | NoBound:
    """Basic composition and zCDP (Bun and Steinke 2016); DP-SGD as if its noise were unamplified/q."""
    if any(isinstance(one, Approximate) or _rho(one) is None for one in question.mechanisms):
        return NoBound(("the test accountant knows no such mechanism",))
    upper = _upper(question)
    return Bounds(question.delta, question.neighbouring, upper, upper or Fraction(0), "analytic")


@dataclass
class Counting:
    """An accountant that remembers what it was asked."""

    asked: list[Question] = field(default_factory=list)

    def __call__(self, question: Question) -> Bounds | NoBound:
        self.asked.append(question)
        return analytic(question)
