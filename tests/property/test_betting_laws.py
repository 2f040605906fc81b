"""Laws of the wealth against a claim."""

from __future__ import annotations

import math
from fractions import Fraction

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from gatecli.audit.betting import PairCounts, bets, log_wealth, lower_bound, outcomes
from gatecli.audit.events import OutcomeSet, outcome_keys
from gatecli.audit.outputs import CellKind, read_outputs, widen
from tests.support.examples import share

EPSILONS = st.floats(0, 8)
DELTAS = st.one_of(st.just(0.0), st.floats(0, 0.99))
RATES = st.floats(0, 1)
COUNTS = st.builds(PairCounts, *(st.integers(0, 2000) for _cell in range(4)))
ALPHA = Fraction(1, 1000)


@given(EPSILONS, DELTAS, RATES, RATES)
def test_under_any_claim_that_holds_the_wealth_is_a_supermartingale(
    epsilon: float, delta: float, second: float, slack: float
) -> None:
    first = slack * min(1.0, math.exp(epsilon) * second + delta)
    chance = np.array(
        [first * second, first * (1 - second), (1 - first) * second, (1 - first) * (1 - second)]
    )
    factors = 1 + np.outer(bets(epsilon, delta), outcomes(epsilon, delta))
    assert (factors > 0).all()
    assert (factors @ chance <= 1 + 1e-9).all()


@given(EPSILONS, DELTAS, COUNTS, COUNTS)
def test_two_halves_multiply_for_each_bet(
    epsilon: float, delta: float, one: PairCounts, other: PairCounts
) -> None:
    logs = np.log1p(np.outer(bets(epsilon, delta), outcomes(epsilon, delta)))
    rows = [
        np.array([each.both, each.first, each.second, each.neither]) for each in (one, other, one + other)
    ]
    assert np.allclose(logs @ rows[0] + logs @ rows[1], logs @ rows[2])


@given(EPSILONS, COUNTS)
def test_a_pure_claim_that_is_larger_is_harder_to_refute(epsilon: float, counts: PairCounts) -> None:
    assert log_wealth([counts], epsilon + 0.5, 0.0) <= log_wealth([counts], epsilon, 0.0) + 1e-9


@settings(max_examples=share(20))
@given(st.fractions(0, 3), st.sampled_from([Fraction(0), Fraction(1, 20)]), COUNTS)
def test_a_lower_bound_is_never_above_what_the_wealth_refutes(
    claim: Fraction, delta: Fraction, counts: PairCounts
) -> None:
    bound = lower_bound([counts], claim, delta, ALPHA)
    if bound:
        assert log_wealth([counts], float(bound), float(delta)) >= -math.log(ALPHA)


CELLS = st.one_of(st.none(), st.booleans(), st.floats(), st.integers(-5, 5), st.sampled_from(["", "a", "b"]))


@given(st.lists(st.lists(CELLS, max_size=4), min_size=1, max_size=8))
def test_equal_outputs_and_only_they_have_equal_keys(rows: list[list[object]]) -> None:
    outputs = read_outputs(rows)
    keys = outcome_keys(outputs, max(outputs.width, 1))
    wide = widen(outputs, max(outputs.width, 1))
    cells = [
        tuple(
            (CellKind(kind), None if math.isnan(value) else value)
            for value, kind in zip(values, kinds, strict=True)
        )
        for values, kinds in zip(wide.values.tolist(), wide.kinds.tolist(), strict=True)
    ]
    assert len(set(keys)) == len(set(cells))
    assert OutcomeSet(frozenset(keys), 1).keys == set(keys)
