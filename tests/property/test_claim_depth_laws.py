"""Laws of the δ that claims bring: however deep a claim lies, no accountant forgets its δ."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from gatecli.accounting.account import ACCOUNTANTS, account
from gatecli.accounting.interface import NoBound, Question
from gatecli.accounting.portfolio import amounts_of
from gatecli.accounting.rdp import rdp_curve
from gatecli.accounting.rounding import NumericFailure
from gatecli.accounting.terms import ClaimTerm, GaussianTerm, Term, WorstTerm
from gatecli.model.budget import Bounds, Budget, Neighbouring
from gatecli.model.mechanism import (
    Approximate,
    Composed,
    Gaussian,
    Mechanism,
    Parallel,
    Pure,
    RepeatAndSelect,
    RunSelection,
    Subsampled,
    ZeroConcentrated,
)
from gatecli.model.portfolio import DELTA_UNITS
from tests.support.examples import share
from tests.support.portfolio_play import dataset

SETTINGS = settings(max_examples=share(150), deadline=None, suppress_health_check=[HealthCheck.too_slow])
ADD_REMOVE = Neighbouring.ADD_REMOVE
HALF, QUARTER = Fraction(1, 2), Fraction(1, 4)
BUDGET = Budget(Fraction(8), Fraction(1, 10))

deltas = st.sampled_from([Fraction(1, 10**12), Fraction(1, 10**6), Fraction(1, 50), HALF, Fraction(9, 10)])
leaves: st.SearchStrategy[Any] = st.one_of(
    st.builds(lambda delta: Approximate(epsilon=Fraction(0), delta=delta), deltas),
    st.builds(lambda delta: Approximate(epsilon=HALF, delta=delta, count=2), deltas),
    st.sampled_from(
        [Pure(epsilon=HALF), Gaussian(standard_deviation=Fraction(4)), ZeroConcentrated(rho=QUARTER)]
    ),
)


def _around(inner: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    """One more level of every structure."""
    several, counts = st.lists(inner, min_size=1, max_size=3).map(tuple), st.integers(1, 4)
    selections = st.builds(
        lambda kind, mean: RunSelection(distribution=kind, mean=mean),
        st.sampled_from(["poisson", "negative-binomial"]),
        st.sampled_from([Fraction(1), Fraction(3, 2), Fraction(20)]),
    )
    return st.one_of(
        st.builds(lambda within, count: Composed(mechanisms=within, count=count), several, counts),
        st.builds(
            lambda within, count: Parallel(column="region", partitions=within, count=count), several, counts
        ),
        st.builds(
            lambda within, rate, count: Subsampled(sampling_rate=rate, mechanism=within, count=count),
            inner,
            st.sampled_from([Fraction(1), HALF, Fraction(1, 100)]),
            counts,
        ),
        st.builds(
            lambda within, chosen: RepeatAndSelect(selection=chosen, mechanism=within), inner, selections
        ),
    )


trees = st.recursive(leaves, _around, max_leaves=5)


def least_told(mechanism: Mechanism) -> Fraction:
    """The probability at which the worst mechanism of this description tells everything, from below."""
    match mechanism:
        case Approximate(delta=delta):
            once = delta
        case Composed(mechanisms=within):
            once = _any_of([least_told(one) for one in within])
        case Parallel(partitions=within):
            once = max(least_told(one) for one in within)
        case Subsampled(sampling_rate=rate, mechanism=inner):
            once = rate * least_told(inner)
        case RepeatAndSelect(selection=chosen, mechanism=inner):
            ran = Fraction(632, 1000) if chosen.distribution == "poisson" else Fraction(1)
            once = ran * least_told(inner)
        case _:
            once = Fraction(0)
    return _any_of([once] * mechanism.count)


def _any_of(chances: list[Fraction]) -> Fraction:
    none = Fraction(1)
    for chance in chances:
        none *= 1 - chance
    return 1 - none


@SETTINGS
@given(trees, st.integers(1, 2))
def test_no_accountant_has_an_epsilon_at_less_than_the_delta_of_a_claim(
    mechanism: Mechanism, group: int
) -> None:
    told = least_told(mechanism)
    if told == 0:
        return
    for part in (Fraction(1, 10**3), HALF, Fraction(999, 1000)):
        question = Question((mechanism,), told * part, ADD_REMOVE, group)
        for found in (account(question), *(accountant.bounds(question) for accountant in ACCOUNTANTS)):
            assert isinstance(found, NoBound) or found.upper is None


@SETTINGS
@given(trees, st.integers(1, 2))
def test_every_member_is_charged_the_delta_of_a_claim(mechanism: Mechanism, group: int) -> None:
    terms = dataset(BUDGET, ADD_REMOVE)
    charged = amounts_of(Question((mechanism,), Fraction(0), ADD_REMOVE, group), terms)
    if isinstance(charged, NoBound):
        return
    told = least_told(mechanism) * DELTA_UNITS
    for column in ("basic_delta", "gdp_delta", "rdp_delta"):
        assert getattr(charged, column) >= min(told, getattr(terms.limits, column) + 1)


HIDDEN = Parallel(
    column="region",
    partitions=(
        Approximate(epsilon=Fraction(0), delta=HALF),
        Approximate(epsilon=Fraction(0), delta=QUARTER),
    ),
)


def _selected(mechanism: Mechanism) -> RepeatAndSelect:
    return RepeatAndSelect(selection=RunSelection(mean=Fraction(1)), mechanism=mechanism)


@pytest.mark.parametrize(
    "mechanism",
    [
        _selected(HIDDEN),
        _selected(Composed(mechanisms=(Pure(epsilon=HALF), HIDDEN))),
        _selected(Parallel(column="year", partitions=(HIDDEN, Pure(epsilon=HALF)))),
        Parallel(column="year", partitions=(_selected(HIDDEN), Pure(epsilon=HALF))),
    ],
)
def test_a_claim_in_a_parallel_run_is_not_selected_from(mechanism: Mechanism) -> None:
    """It was taken for a run without δ, and had almost no ε at δ = 1e-5."""
    found = account(Question((mechanism,), Fraction(1, 10**5), ADD_REMOVE))
    assert isinstance(found, NoBound)
    assert "repeated and selected from" in found.reasons[0]


def test_claims_on_a_sample_that_add_up_beyond_one_are_certain_to_tell() -> None:
    """Two times 1 − Σ δ, which is −1, is not a chance of 1 that nothing is told."""
    claims = Composed(mechanisms=(Approximate(epsilon=Fraction(0), delta=HALF),), count=4)
    twice = Subsampled(sampling_rate=Fraction(1), mechanism=claims, count=2)
    terms = dataset(BUDGET, ADD_REMOVE)
    charged = amounts_of(Question((twice,), Fraction(0), ADD_REMOVE), terms)
    assert not isinstance(charged, NoBound)
    assert charged.basic_delta > terms.limits.basic_delta
    found = account(Question((twice,), QUARTER, ADD_REMOVE))
    assert not isinstance(found, Bounds) or found.upper is None


@pytest.mark.parametrize("depth", [0, 1, 2])
def test_a_claim_whose_delta_was_not_set_apart_has_no_divergence(depth: int) -> None:
    term: Term = ClaimTerm(HALF, Fraction(1, 10**9), 1)
    for _ in range(depth):
        term = WorstTerm(((term,), (GaussianTerm(HALF),)), 1)
    with pytest.raises(NumericFailure, match="not set apart"):
        rdp_curve((term,), (4.0,))
