"""The wealth against a claim, and what follows from it."""

from __future__ import annotations

import math
from fractions import Fraction
from itertools import product

import numpy as np
import pytest

from gatecli.audit.betting import (
    PairCounts,
    bets,
    growth,
    log_wealth,
    log_wealths,
    lower_bound,
    most_refutable,
    outcomes,
)

ALPHA = Fraction(1, 1000)
CLAIMS = [(0.0, 0.0), (0.1, 0.0), (1.0, 0.0), (3.0, 0.0), (0.1, 0.05), (1.0, 0.3), (3.0, 1e-5), (0.0, 0.5)]
"""(ε, δ), with δ = 0 and δ > 0."""


def truths(epsilon: float, delta: float) -> list[tuple[float, float]]:
    """Probabilities (first, second) at the edge of the claim, and inside it."""
    edge = [(min(1.0, math.exp(epsilon) * second + delta), second) for second in (0.0, 0.01, 0.2, 0.5)]
    return edge + [(0.9 * first, second) for first, second in edge]


def cells(first: float, second: float) -> list[float]:
    """Probabilities of: both, the first only, the second only, neither."""
    return [first * second, first * (1 - second), (1 - first) * second, (1 - first) * (1 - second)]


@pytest.mark.parametrize(("epsilon", "delta"), CLAIMS)
def test_no_draw_makes_the_wealth_negative(epsilon: float, delta: float) -> None:
    factors = 1 + np.outer(bets(epsilon, delta), outcomes(epsilon, delta))
    assert (factors > 0).all()


@pytest.mark.parametrize(("epsilon", "delta"), [claim for claim in CLAIMS if claim[1] > 1e-3])
def test_with_a_delta_the_bets_of_a_pure_claim_would_be_too_large(epsilon: float, delta: float) -> None:
    pure = bets(epsilon, 0.0).max() / 0.95
    assert 1 + pure * outcomes(epsilon, delta).min() < 0
    assert bets(epsilon, delta).max() < pure


@pytest.mark.parametrize(("epsilon", "delta"), CLAIMS)
def test_under_the_claim_a_factor_is_one_at_most_on_average(epsilon: float, delta: float) -> None:
    for first, second in truths(epsilon, delta):
        mean = (
            np.array(cells(first, second)) @ (1 + np.outer(bets(epsilon, delta), outcomes(epsilon, delta))).T
        )
        assert (mean <= 1 + 1e-12).all()


@pytest.mark.parametrize(("epsilon", "delta"), CLAIMS)
def test_under_the_claim_the_exact_mean_of_the_wealth_never_grows(epsilon: float, delta: float) -> None:
    """Over all 4^4 histories of four pairs of draws, by their exact probabilities."""
    for first, second in truths(epsilon, delta):
        chance = cells(first, second)
        before = 1.0
        for length in range(1, 5):
            mean = 0.0
            for history in product(range(4), repeat=length):
                counts = PairCounts(*(history.count(cell) for cell in range(4)))
                mean += math.prod(chance[cell] for cell in history) * math.exp(
                    log_wealth([counts], epsilon, delta)
                )
            assert mean <= before + 1e-9
            before = mean


@pytest.mark.parametrize(("epsilon", "delta"), [(0.5, 0.0), (0.5, 0.1)])
@pytest.mark.parametrize("second", [0.05, 0.3])
def test_the_exact_rate_of_false_alarms_over_all_looks_is_below_alpha(
    epsilon: float, delta: float, second: float
) -> None:
    """The chance to cross 1/α at any of 30 looks, by dynamic programming over all counts: no sampling."""
    alpha, chance = 0.2, cells(min(1.0, math.exp(epsilon) * second + delta), second)
    alive, crossed = {(0, 0, 0, 0): 1.0}, 0.0
    for _look in range(30):
        following: dict[tuple[int, int, int, int], float] = {}
        for counts, weight in alive.items():
            for cell in range(4):
                grown = tuple(count + (index == cell) for index, count in enumerate(counts))
                key = (grown[0], grown[1], grown[2], grown[3])
                following[key] = following.get(key, 0.0) + weight * chance[cell]
        states = list(following)
        wealth = log_wealths(np.array(states, dtype=np.float64), epsilon, delta)
        is_over = wealth >= -math.log(alpha)
        crossed += sum(following[state] for state, over in zip(states, is_over, strict=True) if over)
        alive = {state: following[state] for state, over in zip(states, is_over, strict=True) if not over}
    assert 1e-4 < crossed <= alpha


def test_an_event_on_one_side_only_refutes_any_small_claim() -> None:
    assert log_wealth([PairCounts(first=100, neither=100)], 0.1, 0.0) > -math.log(ALPHA)


def test_the_same_share_on_both_sides_refutes_nothing() -> None:
    assert log_wealth([PairCounts(both=250, first=250, second=250, neither=250)], 0.1, 0.0) < 0


def test_the_wealth_of_several_events_is_their_mean() -> None:
    one, other = PairCounts(first=20, neither=20), PairCounts(second=20, neither=20)
    mean = (math.exp(log_wealth([one], 0.1, 0.0)) + math.exp(log_wealth([other], 0.1, 0.0))) / 2
    assert math.exp(log_wealth([one, other], 0.1, 0.0)) == pytest.approx(mean)


def test_a_delta_pays_for_as_much_as_it_promises() -> None:
    counts = PairCounts(first=2000, neither=8000)
    assert log_wealth([counts], 0.1, 0.0) > -math.log(ALPHA)
    assert log_wealth([counts], 0.1, 0.2) < 0


@pytest.mark.parametrize("delta", [Fraction(0), Fraction(1, 10)])
def test_every_epsilon_below_the_bound_is_refuted_and_the_next_is_not(delta: Fraction) -> None:
    counts = [PairCounts(both=100, first=4000, second=100, neither=5800)]
    bound = lower_bound(counts, Fraction(1, 7), delta, ALPHA)
    threshold = -math.log(ALPHA)
    assert 0 < bound < math.log(0.41 / 0.02)
    for part in range(1, 20):
        assert log_wealth(counts, float(bound) * part / 20, float(delta)) >= threshold
    assert log_wealth(counts, float(bound) + 0.001, float(delta)) < threshold


def test_a_refuted_claim_is_at_most_the_bound() -> None:
    claim = Fraction(10005, 10000)
    counts = [PairCounts(first=1000, second=290, neither=8000)]
    assert (lower_bound(counts, claim, Fraction(0), ALPHA) >= claim) == (
        log_wealth(counts, float(claim), 0.0) >= -math.log(ALPHA)
    )


def test_where_nothing_is_known_the_bound_is_zero() -> None:
    assert lower_bound([PairCounts(both=10, neither=10)], Fraction(1), Fraction(0), ALPHA) == 0


def test_more_samples_can_refute_a_larger_epsilon() -> None:
    few, many = (most_refutable(samples, 0.0, ALPHA) for samples in (1000, 100_000))
    assert 4 < few < many < math.log(100_000)


def test_a_delta_near_one_cannot_be_refuted_at_all() -> None:
    assert most_refutable(1000, 0.9999, ALPHA) == -1


def test_growth_is_above_zero_exactly_where_the_claim_is_broken() -> None:
    first, second = np.array([0.5, 0.3, 0.3]), np.array([0.2, 0.3, 0.5])
    assert (growth(first, second, 0.1, 0.0) > 0).tolist() == [True, False, False]


def test_counts_of_paired_draws_are_a_table_of_four() -> None:
    first, second = np.array([True, True, False, False, True]), np.array([True, False, True, False, False])
    assert PairCounts.of(first, second) == PairCounts(both=1, first=2, second=1, neither=1)
