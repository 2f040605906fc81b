"""What every engine of noise must do, whichever library it is of."""

from __future__ import annotations

import math
from collections.abc import Callable
from fractions import Fraction
from itertools import pairwise
from statistics import NormalDist

import pytest
from scipy import stats

from gatecli.data.engines.interface import NoiseEngine
from gatecli.errors import ConfigurationError
from gatecli.model.mechanism import (
    Approximate,
    Binomial,
    DiscreteGaussian,
    DiscreteLaplace,
    Mechanism,
    ReportNoisyMax,
)

Chance = Callable[[float], float]
"""P(X ≤ x)."""

DRAWS = 4000
CHOICES = 1000
REFUSAL = r"may not draw noise|no audit attacks|draws no \w+|is exact up to a scale of"

LEVEL = 1e-6
"""The chance of a false alarm of each test."""


class NoiseEngineSuite:
    """Subclass it, and give the engine. What a library lacks or fails at is refused, and never drawn."""

    refuses: frozenset[str] = frozenset()
    """`gaussian`, `choice`, `keys`."""
    most_scale: Fraction | None = None
    """The widest Laplace noise that it draws."""

    def engine(self) -> NoiseEngine:
        raise NotImplementedError

    def laplace_chance(self, scale: float) -> Chance:
        """The distribution of its Laplace noise."""
        return discrete_laplace_chance(scale)

    def test_it_says_what_it_is_and_why_it_draws(self) -> None:
        engine = self.engine()
        assert engine.name
        assert engine.version
        assert engine.reason

    @pytest.mark.parametrize("scale", [Fraction(1, 2), Fraction(3), Fraction(700), Fraction(2**20 * 4)])
    def test_laplace_noise_has_its_distribution(self, scale: Fraction) -> None:
        engine = self.engine()
        if self.most_scale is not None and scale > self.most_scale:
            refuses_to_draw(engine, DiscreteLaplace(scale=scale), lambda: engine.add_laplace([0], scale))
            return
        engine.require_drawable(DiscreteLaplace(scale=scale))
        drawn = engine.add_laplace([7] * DRAWS, scale)
        assert all(type(each) is int for each in drawn)
        noise, width = [each - 7 for each in drawn], float(scale)
        assert _goodness(noise, self.laplace_chance(width), width) > LEVEL

    def test_noise_just_beyond_its_widest_is_refused(self) -> None:
        if self.most_scale is None:
            return
        engine, wide = self.engine(), self.most_scale + 1
        engine.require_drawable(DiscreteLaplace(scale=self.most_scale))
        refuses_to_draw(engine, DiscreteLaplace(scale=wide), lambda: engine.add_laplace([0], wide))

    def test_what_nobody_draws_is_refused(self) -> None:
        with pytest.raises(ConfigurationError, match=REFUSAL):
            self.engine().require_drawable(Binomial(trials=100, probability=Fraction(1, 2)))

    @pytest.mark.parametrize("deviation", [Fraction(1), Fraction(5), Fraction(2**20 * 3)])
    def test_gaussian_noise_has_its_distribution(self, deviation: Fraction) -> None:
        engine, mechanism = self.engine(), DiscreteGaussian(standard_deviation=deviation)
        if "gaussian" in self.refuses:
            refuses_to_draw(engine, mechanism, lambda: engine.add_gaussian([0], deviation))
            return
        engine.require_drawable(mechanism)
        drawn = self.engine().add_gaussian([-7] * DRAWS, deviation)
        width = float(deviation)
        assert _goodness([each + 7 for each in drawn], _gaussian_chance(width), width) > LEVEL

    def test_noise_is_new_each_time(self) -> None:
        engine, wide = self.engine(), Fraction(1000)
        assert engine.add_laplace([0] * 8, wide) != engine.add_laplace([0] * 8, wide)

    def test_each_value_has_noise_of_its_own(self) -> None:
        assert len(set(self.engine().add_laplace([0] * 100, Fraction(1000)))) > 50

    @pytest.mark.parametrize("large", [2**53 + 1, 2**61 + 1, -(2**61) - 1])
    def test_large_sums_are_not_rounded(self, large: int) -> None:
        engine = self.engine()
        assert engine.add_laplace([large], Fraction(1, 100)) == [large]
        noise = [each - large for each in engine.add_laplace([large] * 200, Fraction(3))]
        assert {each % 2 for each in noise} == {0, 1}
        assert max(map(abs, noise)) < 3 * 50

    def test_nothing_in_gives_nothing_out(self) -> None:
        assert self.engine().add_laplace([], Fraction(1)) == []

    def test_counts_that_reach_a_threshold_are_shown_with_noise(self) -> None:
        engine, mechanism = self.engine(), Approximate(epsilon=Fraction(1), delta=Fraction(1, 1000))
        if "keys" in self.refuses:
            refuses_to_draw(engine, mechanism, lambda: engine.add_laplace_above([5], Fraction(1), 3))
            return
        engine.require_drawable(mechanism)
        shown = engine.add_laplace_above([*[9] * DRAWS, 10**6, 0], Fraction(2), 10)
        assert DRAWS in shown
        near = [count for place, count in shown.items() if place < DRAWS]
        assert min(near) == 10
        reaching = 1 - discrete_laplace_chance(2.0)(0)
        assert stats.binomtest(len(near), DRAWS, reaching).pvalue > LEVEL
        assert engine.add_laplace_above([], Fraction(2), 10) == {}

    def test_a_choice_prefers_the_least_score(self) -> None:
        engine, mechanism = self.engine(), ReportNoisyMax(epsilon=Fraction(1), noise="exponential")
        if "choice" in self.refuses:
            refuses_to_draw(engine, mechanism, lambda: engine.choose_least([0, 1], 1, Fraction(1)))
            return
        engine.require_drawable(mechanism)
        assert engine.choose_least([9, 5, 0, 7], 1, Fraction(1000)) == 2

    @pytest.mark.parametrize(("step", "sensitivity"), [(1, 1), (6, 3)])
    def test_a_choice_has_its_distribution(self, step: int, sensitivity: int) -> None:
        """Permute and flip takes the worse of two scores with probability e^(−ε·step/2Δ)/2."""
        if "choice" in self.refuses:
            return
        engine = self.engine()
        drawn = [engine.choose_least([0, step], sensitivity, Fraction(1)) for _ in range(CHOICES)]
        worse = math.exp(-step / (2 * sensitivity)) / 2
        assert stats.binomtest(drawn.count(1), CHOICES, worse).pvalue > LEVEL


def refuses_to_draw(engine: NoiseEngine, mechanism: Mechanism, draw: Callable[[], object]) -> None:
    """It refuses when it is asked before, and when it is asked to draw all the same."""
    with pytest.raises(ConfigurationError, match=REFUSAL):
        engine.require_drawable(mechanism)
    with pytest.raises(ConfigurationError, match=REFUSAL):
        draw()


def _gaussian_chance(width: float) -> Chance:
    """The distribution of discrete Gaussian noise: summed up where it is narrow, else the normal one."""
    if width > 100:
        return NormalDist(0, width).cdf
    reach = range(-math.ceil(40 * width), math.ceil(40 * width) + 1)
    weights = {point: math.exp(-(point**2) / (2 * width**2)) for point in reach}
    whole = sum(weights.values())
    return lambda point: sum(weight for place, weight in weights.items() if place <= point) / whole


def rounded_laplace_chance(scale: float) -> Chance:
    """Of continuous Laplace noise, rounded to the nearest whole number, half a step up."""

    def chance(point: float) -> float:
        edge = (math.floor(point) + 0.5) / scale
        return 1 - math.exp(-edge) / 2 if edge > 0 else math.exp(edge) / 2

    return chance


def discrete_laplace_chance(scale: float) -> Chance:
    """Of discrete Laplace noise: P(X ≤ x) = 1 − q^(x+1)/(1+q) for x ≥ 0, with q = e^(−1/scale)."""

    def chance(point: float) -> float:
        ratio, whole = math.exp(-1 / scale), math.floor(point)
        if whole >= 0:
            return 1 - ratio ** (whole + 1) / (1 + ratio)
        return ratio ** (-whole) / (1 + ratio)

    return chance


def _goodness(noise: list[int], chance: Chance, width: float) -> float:
    """The p-value of χ² on a dozen cells about as likely; a test of the variance alarms far too often."""
    edges = sorted({round(width * each) for each in (-2.3, -1.4, -0.9, -0.5, -0.2, 0.2, 0.5, 0.9, 1.4, 2.3)})
    cuts = [-math.inf, *(edge + 0.5 for edge in edges), math.inf]
    seen = [sum(low < each <= high for each in noise) for low, high in pairwise(cuts)]
    below = [0.0, *(chance(cut) for cut in cuts[1:-1]), 1.0]
    wanted = [(high - low) * len(noise) for low, high in pairwise(below)]
    return float(stats.chisquare(seen, wanted).pvalue)
