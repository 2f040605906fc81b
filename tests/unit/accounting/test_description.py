from __future__ import annotations

from fractions import Fraction
from typing import get_args

import pytest

from gatecli.accounting.description import describe
from gatecli.model import mechanism as declared
from gatecli.model.mechanism import DpSgd, Mechanism

LAPLACE = declared.Laplace(scale=Fraction(10), count=3)
RUN = DpSgd(noise_multiplier=Fraction("1.1"), sampling_rate=Fraction("0.00426667"), steps=14040)
EPSILON = Fraction(1, 2)

WORDS: list[tuple[Mechanism, str]] = [
    (RUN, "14040 steps of DP-SGD (σ = 1.1, q = 0.00426667)"),
    (RUN.model_copy(update={"steps": 1}), "1 step of DP-SGD (σ = 1.1, q = 0.00426667)"),
    (LAPLACE, "Laplace (scale 10, sensitivity 1) × 3"),
    (declared.Gaussian(standard_deviation=Fraction(2)), "Gaussian (σ = 2, sensitivity 1)"),
    (declared.Gaussian(noise_multiplier=Fraction(2)), "Gaussian (noise multiplier 2)"),
    (declared.DiscreteLaplace(scale=Fraction(2)), "discrete Laplace (scale 2, sensitivity 1)"),
    (declared.DiscreteGaussian(standard_deviation=Fraction(2)), "discrete Gaussian (σ = 2, sensitivity 1)"),
    (declared.Binomial(trials=9, probability=EPSILON), "binomial (9 trials, p = 0.5, sensitivity 1)"),
    (declared.RandomisedResponse(noise=EPSILON), "randomised response (2 categories, noise 0.5)"),
    (declared.Exponential(epsilon=EPSILON), "exponential mechanism (ε = 0.5)"),
    (declared.AboveThreshold(epsilon=EPSILON), "above threshold (ε = 0.5)"),
    (declared.ReportNoisyMax(epsilon=EPSILON), "report noisy max (ε = 0.5, laplace noise)"),
    (
        declared.DpFtrl(noise_multiplier=Fraction(5), step_counts=(10, 20)),
        "DP-FTRL (σ = 5, 2 trees of at most 20 steps)",
    ),
    (declared.ZeroConcentrated(rho=EPSILON), "a zCDP claim (ρ = 0.5)"),
    (
        declared.Renyi(curve=(declared.RenyiPoint(order=Fraction(2), epsilon=EPSILON),)),
        "an RDP claim at 1 order",
    ),
    (declared.GaussianDp(mu=EPSILON), "a GDP claim (μ = 0.5)"),
    (declared.Pure(epsilon=EPSILON), "a pure claim (ε = 0.5)"),
    (declared.Approximate(epsilon=EPSILON, delta=Fraction(1, 4)), "a claim (ε = 0.5, δ = 0.25)"),
    (declared.Unaccountable(description="a manual step"), "a manual step"),
    (
        declared.Composed(mechanisms=(LAPLACE,) * 5, count=2),
        "(" + "Laplace (scale 10, sensitivity 1) × 3 + " * 3 + "2 more) × 2",
    ),
    (
        declared.Parallel(partitions=(LAPLACE, declared.Pure(epsilon=EPSILON))),
        "the worst of (Laplace (scale 10, sensitivity 1) × 3 | a pure claim (ε = 0.5))",
    ),
    (
        declared.Subsampled(sampling_rate=Fraction(1, 10), mechanism=declared.Pure(epsilon=EPSILON)),
        "a pure claim (ε = 0.5) on a poisson sample (q = 0.1)",
    ),
    (
        declared.RepeatAndSelect(
            selection=declared.RunSelection(mean=Fraction(10)), mechanism=declared.Pure(epsilon=EPSILON)
        ),
        "the best of 10 runs in the mean of a pure claim (ε = 0.5)",
    ),
]


@pytest.mark.parametrize(("mechanism", "words"), WORDS, ids=lambda value: getattr(value, "kind", ""))
def test_a_mechanism_is_described_by_what_its_cost_depends_on(mechanism: Mechanism, words: str) -> None:
    assert describe(mechanism) == words


def test_every_kind_of_mechanism_can_be_described() -> None:
    kinds = set(get_args(get_args(Mechanism)[0]))
    assert {type(mechanism) for mechanism, _ in WORDS} == kinds
