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

Chance = Callable[[float], float]
"""P(X ≤ x)."""

DRAWS = 4000
REFUSAL = r"may not draw noise|no audit attacks"

LEVEL = 1e-6
"""The chance of a false alarm of each test."""


class NoiseEngineSuite:
    """Subclass it, and give the engine. What a library lacks or fails at is refused, and never drawn."""

    refuses: frozenset[str] = frozenset()
    """`gaussian`, `choice`."""

    def engine(self) -> NoiseEngine:
        raise NotImplementedError

    def test_it_says_what_it_is(self) -> None:
        engine = self.engine()
        assert engine.name
        assert engine.version

    @pytest.mark.parametrize("scale", [Fraction(1, 2), Fraction(3), Fraction(2**20 * 4)])
    def test_laplace_noise_has_its_distribution(self, scale: Fraction) -> None:
        drawn = self.engine().add_laplace([7] * DRAWS, scale)
        assert all(type(each) is int for each in drawn)
        assert _goodness([each - 7 for each in drawn], _laplace_chance(float(scale)), float(scale)) > LEVEL

    @pytest.mark.parametrize("deviation", [Fraction(1), Fraction(5), Fraction(2**20 * 3)])
    def test_gaussian_noise_has_its_distribution(self, deviation: Fraction) -> None:
        if "gaussian" in self.refuses:
            with pytest.raises(ConfigurationError, match=REFUSAL):
                self.engine().add_gaussian([0], deviation)
            return
        drawn = self.engine().add_gaussian([-7] * DRAWS, deviation)
        width = float(deviation)
        assert _goodness([each + 7 for each in drawn], _gaussian_chance(width), width) > LEVEL

    def test_noise_is_new_each_time(self) -> None:
        engine = self.engine()
        wide = Fraction(10**9)
        assert engine.add_laplace([0] * 8, wide) != engine.add_laplace([0] * 8, wide)

    def test_large_sums_are_not_rounded(self) -> None:
        large = 2**61 + 1
        (drawn,) = self.engine().add_laplace([large], Fraction(1, 100))
        assert drawn == large

    def test_nothing_in_gives_nothing_out(self) -> None:
        assert self.engine().add_laplace([], Fraction(1)) == []

    def test_a_choice_prefers_the_least_score(self) -> None:
        if "choice" in self.refuses:
            with pytest.raises(ConfigurationError, match=REFUSAL):
                self.engine().choose_least([0, 1], 1, Fraction(1))
            return
        engine = self.engine()
        assert engine.choose_least([9, 5, 0, 7], 1, Fraction(1000)) == 2
        often = [engine.choose_least([0, 1], 1, Fraction(1)) for _ in range(DRAWS)]
        ratio = often.count(0) / often.count(1)
        assert 1 < ratio < math.e * 1.2


def _gaussian_chance(width: float) -> Chance:
    """The distribution of discrete Gaussian noise: summed up where it is narrow, else the normal one."""
    if width > 100:
        return NormalDist(0, width).cdf
    reach = range(-math.ceil(40 * width), math.ceil(40 * width) + 1)
    weights = {point: math.exp(-(point**2) / (2 * width**2)) for point in reach}
    whole = sum(weights.values())
    return lambda point: sum(weight for place, weight in weights.items() if place <= point) / whole


def _laplace_chance(scale: float) -> Chance:
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
