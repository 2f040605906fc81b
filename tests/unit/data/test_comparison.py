"""The utility table: exact figures, against sums over the distributions themselves."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from fractions import Fraction
from itertools import pairwise
from math import comb

import pytest

from gatecli.data.comparison import (
    ComparedQuery,
    NoiseComparison,
    NoiseLaw,
    Utility,
    binomial_noise,
    compare_noise,
    discrete_laplace_error,
    gaussian_wins_from,
    rounded_laplace_error,
)
from gatecli.data.engines.interface import NoiseEngine
from gatecli.data.measurement import measure_engines
from gatecli.errors import ConfigurationError, MissingExtraError, UsageError
from gatecli.model.budget import Budget
from gatecli.model.mechanism import DiscreteGaussian, Mechanism
from tests.support.private_tables import UnsafeExactEngine

DELTA = Fraction(1, 10**5)


def asked(
    counts: int = 1, *, epsilon: int | Fraction = 1, delta: Fraction = DELTA, query: str = "count"
) -> NoiseComparison:
    return NoiseComparison(ComparedQuery(query), Budget(Fraction(epsilon), delta), counts)


def errors(comparison: NoiseComparison) -> dict[NoiseLaw, Utility]:
    return {each.law: each for each in compare_noise(comparison)}


@pytest.mark.parametrize(
    ("counts", "laplace", "gaussian"), [(1, "1.00", "2.98"), (10, "10.0", "9.41"), (100, "100.", "29.8")]
)
def test_the_figures_are_those_of_the_literature(counts: int, laplace: str, gaussian: str) -> None:
    found = errors(asked(counts))
    assert f"{found[NoiseLaw.LAPLACE].mean_error:#.3g}" == laplace
    assert f"{found[NoiseLaw.GAUSSIAN].mean_error:#.3g}" == gaussian


def test_gaussian_noise_wins_from_nine_counts_on() -> None:
    assert gaussian_wins_from(asked()) == 9
    for counts, wins in ((8, False), (9, True)):
        found = errors(asked(counts))
        assert (found[NoiseLaw.GAUSSIAN].mean_error < found[NoiseLaw.LAPLACE].mean_error) is wins


def test_the_number_of_coins_is_the_least_by_an_exact_sum() -> None:
    """δ = Σ max(0, P(x) − e·P(x − 1)), in whole numbers but for e."""

    def delta(coins: int) -> float:
        chances = [0, *(comb(coins, heads) for heads in range(coins + 1)), 0]
        return math.fsum(max(0.0, here - math.e * before) for before, here in pairwise(chances)) / 2.0**coins

    coins = round(errors(asked())[NoiseLaw.BINOMIAL].parameter)
    assert delta(coins) <= DELTA < delta(coins - 2)


def test_the_error_and_the_interval_of_coins_are_sums_over_them() -> None:
    found = errors(asked())[NoiseLaw.BINOMIAL]
    coins = round(found.parameter)
    far = [(abs(heads - coins // 2), Fraction(comb(coins, heads), 2**coins)) for heads in range(coins + 1)]
    assert found.mean_error == pytest.approx(float(sum(off * chance for off, chance in far)))
    within = [sum(chance for off, chance in far if off <= found.interval - less) for less in (0, 1)]
    assert within[0] >= Fraction(95, 100) > within[1]


@pytest.mark.parametrize("scale", [0.4, 1.0, 7.5])
def test_the_errors_of_laplace_noise_on_whole_numbers_are_sums(scale: float) -> None:
    ratio = math.exp(-1 / scale)
    points = range(1, 600)
    discrete = [2 * point * (1 - ratio) / (1 + ratio) * ratio**point for point in points]
    assert discrete_laplace_error(scale) == pytest.approx(math.fsum(discrete))
    rounded = [math.exp(-(point - 0.5) / scale) for point in points]
    assert rounded_laplace_error(scale) == pytest.approx(math.fsum(rounded))


@pytest.mark.parametrize("law", [NoiseLaw.DISCRETE_LAPLACE, NoiseLaw.DISCRETE_GAUSSIAN])
def test_the_intervals_of_discrete_noise_are_the_least(law: NoiseLaw) -> None:
    found = errors(asked(5))[law]
    weights = {point: _weight(found, point) for point in range(-400, 401)}
    whole = math.fsum(weights.values())
    inside = [
        math.fsum(weight for point, weight in weights.items() if abs(point) <= found.interval - less) / whole
        for less in (0, 1)
    ]
    assert inside[0] >= 0.95 > inside[1]


def _weight(found: Utility, point: int) -> float:
    if found.law is NoiseLaw.DISCRETE_LAPLACE:
        return math.exp(-abs(point) / found.parameter)
    return math.exp(-(point**2) / (2 * found.parameter**2))


def test_without_a_delta_there_is_laplace_noise_alone() -> None:
    assert list(errors(asked(delta=Fraction(0)))) == [
        NoiseLaw.LAPLACE,
        NoiseLaw.DISCRETE_LAPLACE,
        NoiseLaw.ROUNDED_LAPLACE,
    ]
    assert gaussian_wins_from(asked(delta=Fraction(0))) is None


def test_more_coins_than_are_accounted_for_are_left_out() -> None:
    assert binomial_noise(asked(epsilon=Fraction(1, 1000))) is None


def test_a_sum_has_the_errors_of_its_bounds() -> None:
    budget = Budget(Fraction(1), Fraction(0))
    hundred = errors(NoiseComparison(ComparedQuery.SUM, budget, 1, Fraction(100)))
    assert hundred[NoiseLaw.LAPLACE].mean_error == 100
    assert hundred[NoiseLaw.DISCRETE_LAPLACE].mean_error == pytest.approx(100, rel=1e-4)
    assert hundred[NoiseLaw.DISCRETE_LAPLACE].interval == pytest.approx(299.57, rel=1e-4)


def test_a_person_in_no_count_is_refused() -> None:
    with pytest.raises(UsageError, match="in no count"):
        compare_noise(asked(0))


class AlternatingEngine(UnsafeExactEngine):
    """Draws 1 and 3 in turn as Laplace noise, and nothing else."""

    name, version = "alternating", "1"

    def add_laplace(self, values: Sequence[int], scale: Fraction) -> list[int]:  # noqa: ARG002 - the interface's
        """1, 3, 1, 3, …."""
        return [value + 1 + 2 * (place % 2) for place, value in enumerate(values)]

    def require_drawable(self, mechanism: Mechanism) -> None:
        """Refuses Gaussian noise."""
        if isinstance(mechanism, DiscreteGaussian):
            raise ConfigurationError("alternating draws no Gaussian noise", advice="use another")


def _absent() -> NoiseEngine:
    raise MissingExtraError("not here", advice="install it")


ENGINES: dict[str, Callable[[], NoiseEngine]] = {"alternating": AlternatingEngine, "absent": _absent}


def test_what_an_engine_draws_is_measured() -> None:
    comparison = asked()
    found = measure_engines(comparison, compare_noise(comparison), 100, ENGINES)
    (drawn,) = found.drawn
    assert (drawn.engine, drawn.draws, drawn.mean_error, drawn.interval) == ("alternating 1", 100, 2, 3)
    assert drawn.microseconds > 0
    assert found.refused == ("alternating draws no Gaussian noise",)
    assert found.absent == ("absent",)


def test_nothing_is_drawn_where_nothing_is_asked() -> None:
    comparison = asked()
    (drawn,) = measure_engines(comparison, compare_noise(comparison), 0, ENGINES).drawn
    assert (drawn.draws, drawn.microseconds) == (0, 0)
