"""The discretisations: each on its own safe side of an exact hockey-stick divergence."""

from __future__ import annotations

import math
from fractions import Fraction

import numpy as np
import pytest

from gatecli.accounting import grid
from gatecli.accounting.composition import Direction, epsilon_of
from gatecli.accounting.pairs import Curve, Pair, invert, pair_of
from gatecli.accounting.privacy_profile import epsilon_at
from gatecli.accounting.rounding import NumericFailure
from gatecli.accounting.saddle import pilots_of, saddle_of
from gatecli.accounting.terms import (
    ClaimTerm,
    IntegerTerm,
    LaplaceTerm,
    ResponseTerm,
    SampledGaussianTerm,
    Term,
)
from gatecli.accounting.tilt import Saddle, TooWide, compose

HALF = Fraction(1, 2)
TERMS: list[Term] = [
    SampledGaussianTerm(Fraction(1), Fraction(1, 10), 1, replaced=False, count=1),
    SampledGaussianTerm(Fraction(1), Fraction(1, 10), 1, replaced=True, count=1),
    SampledGaussianTerm(Fraction(2), Fraction(1, 10), 3, replaced=False, count=1),
    LaplaceTerm(HALF, Fraction(1), 1),
    LaplaceTerm(HALF, Fraction(1, 10), 1),
    ResponseTerm(3, HALF, zeroed=True, count=1),
    IntegerTerm("laplace", 2, Fraction(5), 0, 1),
    IntegerTerm("gaussian", 1, Fraction(3), 0, 1),
    IntegerTerm("binomial", 1, HALF, 500, 1),
]
STEP = 1e-4


def exact_pair(term: Term) -> Pair:
    pair = pair_of(term, spender=True)
    assert pair is not None
    return pair


def costs(pair: Pair, count: int, delta: float, share: float = 1e-5) -> tuple[float, float]:
    """ε at δ by the optimistic and by the pessimistic grid."""
    direction = Direction(((pair, count),), delta, share)
    near = epsilon_of(direction, 1e-3, None, above=True).epsilon or None
    low, high = (epsilon_of(direction, share, near, above=above).epsilon for above in (False, True))
    return low, high


@pytest.mark.parametrize("term", TERMS, ids=lambda term: type(term).__name__)
@pytest.mark.parametrize("count", [1, 2, 30, 1000])
def test_the_two_grids_enclose_a_narrow_range(term: Term, count: int) -> None:
    for pair in (exact_pair(term), grid.swap_pair(exact_pair(term))):
        low, high = costs(pair, count, 1e-4)
        assert low <= high
        assert high - low <= (3e-4 if term is TERMS[-1] else 1e-4) * max(high, 0.1)


@pytest.mark.parametrize("term", TERMS[:5], ids=lambda term: type(term).__name__)
def test_a_finer_grid_narrows_the_range(term: Term) -> None:
    coarse, fine = (costs(exact_pair(term), 100, 1e-6, share) for share in (1e-4, 1e-6))
    assert coarse[0] <= fine[0] <= fine[1] <= coarse[1]
    assert (fine[1] - fine[0]) * 10 <= coarse[1] - coarse[0]


@pytest.mark.parametrize("term", TERMS, ids=lambda term: type(term).__name__)
@pytest.mark.parametrize("step", [1e-2, 1e-3])
def test_a_pessimistic_distribution_loses_no_mass_and_an_optimistic_one_gains_none(
    term: Term, step: float
) -> None:
    upper, lower = grid.pessimistic(exact_pair(term), 1, step), grid.optimistic(exact_pair(term), 1, step)
    assert upper.mass.sum() + upper.infinite >= 1.0 - 1e-15 * upper.mass.size
    assert upper.mass.sum() + upper.infinite == pytest.approx(1.0, abs=1e-9)
    assert lower.mass.sum() + lower.infinite <= 1.0 + 1e-12
    assert (upper.mass >= 0).all()
    assert (lower.mass >= 0).all()


@pytest.mark.parametrize("term", TERMS, ids=lambda term: type(term).__name__)
@pytest.mark.parametrize("step", [0.05, 0.003])
def test_the_mass_of_q_is_kept_above_and_not_lost_below(term: Term, step: float) -> None:
    """Under Q the masses are E_P e^(−L): the dominated one may have no more outcomes at large losses."""
    for found in (grid.pessimistic(exact_pair(term), 1, step), grid.optimistic(exact_pair(term), 1, step)):
        assert float((found.mass * np.exp(-found.losses)).sum()) == pytest.approx(1.0, abs=2 * step)


@pytest.mark.parametrize("term", TERMS, ids=lambda term: type(term).__name__)
def test_every_hockey_stick_lies_between_those_of_the_two_grids(term: Term) -> None:
    pair, step = exact_pair(term), 0.01
    upper, lower, fine = (
        grid.pessimistic(pair, 1, step),
        grid.optimistic(pair, 1, step),
        grid.pessimistic(pair, 1, step / 256),
    )
    for epsilon in (-0.5, 0.0, 0.01, 0.1, 0.2, 0.35, 0.5, 1.0):
        above, below, near = (hockey_stick(found, epsilon) for found in (upper, lower, fine))
        assert below <= near + 1e-9
        assert near <= above + 1e-9


def hockey_stick(found: grid.Losses, epsilon: float) -> float:
    gains = np.maximum(-np.expm1(epsilon - found.losses), 0.0)
    return found.infinite + float((found.mass * gains).sum())


def test_one_laplace_costs_its_closed_form() -> None:
    low, high = costs(exact_pair(LaplaceTerm(HALF, Fraction(1), 1)), 1, 1e-3)
    exact = 0.5 + 2 * math.log1p(-1e-3)
    assert low - 1e-12 <= exact <= high + 1e-12
    assert high - low < 1e-6


def test_one_gaussian_costs_its_closed_form() -> None:
    gaussian = SampledGaussianTerm(Fraction(1), Fraction(1), 1, replaced=False, count=1)
    low, high = costs(exact_pair(gaussian), 1, 0.12693673750664395)
    assert low <= 1.0 + 1e-12
    assert high >= 1.0 - 1e-12
    assert high - low < 1e-4


def test_randomised_response_lies_on_its_own_grid() -> None:
    coin = ResponseTerm(2, HALF, zeroed=False, count=1)
    low, high = costs(exact_pair(coin), 2, 3 / 8)
    assert low == pytest.approx(math.log(3), rel=1e-6)
    assert high == pytest.approx(math.log(3), rel=1e-6)
    assert low <= math.log(3) <= high


def test_a_claim_has_a_pair_for_the_upper_bound_alone() -> None:
    claim = ClaimTerm(Fraction(1), Fraction(0), 1)
    assert pair_of(claim, spender=False) is not None
    assert pair_of(claim, spender=True) is None


@pytest.mark.parametrize("term", TERMS[:5], ids=lambda term: type(term).__name__)
def test_losses_are_inverted(term: Term) -> None:
    pair = exact_pair(term)
    assert isinstance(pair, Curve)
    first, last = pair.loss(np.array(pair.ends))
    losses = np.linspace(first, last, 101)[1:-1]
    assert pair.loss(invert(pair, losses)) == pytest.approx(losses, abs=1e-9)


def test_a_composition_too_wide_for_memory_says_by_how_much() -> None:
    wide = grid.pessimistic(exact_pair(TERMS[0]), 10**6, STEP)
    with pytest.raises(TooWide) as raised:
        compose((wide,), Saddle(1.0, 1.0, 1.0), limit=1024)
    assert raised.value.factor > 1
    assert isinstance(raised.value, NumericFailure)


def test_mass_that_only_one_side_can_produce_is_an_infinite_loss() -> None:
    losses = grid.pessimistic(exact_pair(IntegerTerm("binomial", 1, HALF, 1, 1)), 1, STEP)
    assert losses.infinite == pytest.approx(0.5)
    assert math.isinf(epsilon_at(compose((losses,), Saddle(1.0, 1.0, 1.0)), 0.1, above=True))


def test_the_tilt_does_not_move_a_bound() -> None:
    pair = exact_pair(SampledGaussianTerm(Fraction(1), Fraction(1, 10), 1, replaced=False, count=100))
    losses = grid.pessimistic(pair, 100, 1e-3)
    found = [
        epsilon_at(compose((losses,), Saddle(tilt, 1.0, 1.0)), 1e-5, above=True) for tilt in (1.0, 1.3, 1.6)
    ]
    assert found == pytest.approx([found[0]] * 3, rel=1e-6)


@pytest.mark.parametrize(("delta", "epsilon"), [(1e-10, 6.4), (1e-20, 9.4), (1e-30, 11.6)])
def test_a_delta_that_no_plain_transform_resolves_is_resolved(delta: float, epsilon: float) -> None:
    """One Gaussian of μ = 1 in a hundred parts, against its closed form."""
    part = SampledGaussianTerm(Fraction(10), Fraction(1), 1, replaced=False, count=100)
    low, high = costs(exact_pair(part), 100, delta)
    assert low <= gaussian_epsilon(delta) <= high
    assert high - low <= 1e-4 * high
    assert low == pytest.approx(epsilon, rel=0.1)


def gaussian_epsilon(delta: float) -> float:
    """ε of one Gaussian of μ = 1 by bisection on Φ(1/2 − ε) − e^ε Φ(−1/2 − ε)."""

    def tail(score: float) -> float:
        return math.erfc(score / math.sqrt(2)) / 2

    low, high = 0.0, 40.0
    for _ in range(200):
        middle = (low + high) / 2
        excess = tail(middle - 0.5) - math.exp(middle) * tail(middle + 0.5)
        low, high = (middle, high) if excess > delta else (low, middle)
    return low


def test_the_saddle_point_lies_near_the_cost() -> None:
    pair = exact_pair(SampledGaussianTerm(Fraction(1), Fraction(1, 10), 1, replaced=False, count=100))
    saddle = saddle_of(pilots_of([(pair, 100)]), 1e-5)
    low, high = costs(pair, 100, 1e-5)
    assert low * 0.9 < saddle.epsilon < high * 1.1
