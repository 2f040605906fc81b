"""The discretisations: each on its own safe side of an exact hockey-stick divergence."""

from __future__ import annotations

import math
from fractions import Fraction

import numpy as np
import pytest

from gatecli.accounting import grid
from gatecli.accounting.pairs import Curve, Pair, invert, pair_of
from gatecli.accounting.rounding import NumericFailure
from gatecli.accounting.terms import (
    ClaimTerm,
    IntegerTerm,
    LaplaceTerm,
    ResponseTerm,
    SampledGaussianTerm,
    Term,
)

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


def exact_pair(term: Term) -> Pair:
    pair = pair_of(term, spender=True)
    assert pair is not None
    return pair


def costs(pair: Pair, count: int, delta: float) -> tuple[float, float]:
    """ε at δ by the optimistic and by the pessimistic grid."""
    low = grid.compose((grid.optimistic(pair, count, grid.fine_step_for((pair,))),))
    high = grid.compose((grid.pessimistic(pair, count, grid.step_for((pair,))),))
    return grid.epsilon_at(low, delta), grid.epsilon_at(high, delta)


@pytest.mark.parametrize("term", TERMS, ids=lambda term: type(term).__name__)
@pytest.mark.parametrize("count", [1, 30])
def test_the_two_grids_enclose_a_narrow_range(term: Term, count: int) -> None:
    for pair in (exact_pair(term), grid.swap_pair(exact_pair(term))):
        low, high = costs(pair, count, 1e-4)
        assert low <= high + 1e-9
        assert high - low <= 2e-3 * max(high, 0.2)


@pytest.mark.parametrize("term", TERMS, ids=lambda term: type(term).__name__)
def test_a_pessimistic_distribution_loses_no_mass(term: Term) -> None:
    losses = grid.pessimistic(exact_pair(term), 1, grid.STEP)
    assert losses.mass.sum() + losses.infinite == pytest.approx(1.0, abs=1e-12)
    assert (losses.mass >= 0).all()


def test_one_laplace_costs_its_closed_form() -> None:
    low, high = costs(exact_pair(LaplaceTerm(HALF, Fraction(1), 1)), 1, 1e-3)
    exact = 0.5 + 2 * math.log1p(-1e-3)
    assert low - 1e-9 <= exact <= high + 1e-12
    assert high - low < 1e-6


def test_one_gaussian_costs_its_closed_form() -> None:
    low, high = costs(
        exact_pair(SampledGaussianTerm(Fraction(1), Fraction(1), 1, replaced=False, count=1)),
        1,
        0.126936737507,
    )
    assert low == pytest.approx(1.0, abs=1e-6)
    assert high == pytest.approx(1.0, abs=1e-6)


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
    wide = grid.pessimistic(exact_pair(TERMS[0]), 10**6, grid.STEP)
    with pytest.raises(grid.TooWide) as raised:
        grid.compose((wide,), limit=1024)
    assert raised.value.factor > 1
    assert isinstance(raised.value, NumericFailure)


def test_mass_that_only_one_side_can_produce_is_an_infinite_loss() -> None:
    losses = grid.pessimistic(exact_pair(IntegerTerm("binomial", 1, HALF, 1, 1)), 1, grid.STEP)
    assert losses.infinite == pytest.approx(0.5)
    assert math.isinf(grid.epsilon_at(grid.compose((losses,)), 0.1))
