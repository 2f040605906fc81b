"""Laws of accounting that hold whatever the mechanisms are."""

from __future__ import annotations

import math
from fractions import Fraction
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from gatecli.accounting.account import account
from gatecli.accounting.interface import Question
from gatecli.accounting.pld import PldAccountant
from gatecli.model.budget import Bounds, Neighbouring
from gatecli.model.mechanism import (
    Approximate,
    DiscreteGaussian,
    DpSgd,
    Exponential,
    Gaussian,
    Laplace,
    Mechanism,
    Parallel,
    Pure,
    RandomisedResponse,
    ZeroConcentrated,
)
from tests.support.examples import share

MODEST = settings(max_examples=share(8), deadline=None, suppress_health_check=[HealthCheck.too_slow])
FEW = settings(MODEST, max_examples=share(4))
ROUNDING = 1 + 1e-6
ADD_REMOVE, REPLACE_ONE, ZERO_OUT = Neighbouring.ADD_REMOVE, Neighbouring.REPLACE_ONE, Neighbouring.ZERO_OUT


def hundredths(low: int, high: int) -> st.SearchStrategy[Fraction]:
    return st.integers(low, high).map(lambda number: Fraction(number, 100))


deltas = st.integers(3, 12).map(lambda power: Fraction(1, 10**power))
counts = st.integers(1, 20)
sgd = st.tuples(hundredths(60, 400), hundredths(1, 50), st.integers(1, 300)).map(
    lambda drawn: DpSgd(noise_multiplier=drawn[0], sampling_rate=drawn[1], steps=drawn[2])
)
large = st.tuples(hundredths(60, 1000), st.integers(10, 50), st.integers(0, 60)).map(
    lambda drawn: DpSgd(
        noise_multiplier=drawn[0],
        sampling_rate=Fraction(10.0 ** (-drawn[1] / 10)),
        steps=int(10.0 ** (drawn[2] / 10)),
    )
)
scales = st.tuples(hundredths(100, 2000), counts)
epsilons = st.tuples(hundredths(1, 100), counts)
simple: st.SearchStrategy[Any] = st.one_of(
    scales.map(lambda drawn: Laplace(scale=drawn[0], count=drawn[1])),
    scales.map(lambda drawn: Gaussian(standard_deviation=drawn[0], count=drawn[1])),
    scales.map(lambda drawn: DiscreteGaussian(standard_deviation=drawn[0], count=drawn[1])),
    epsilons.map(lambda drawn: Pure(epsilon=drawn[0], count=drawn[1])),
    epsilons.map(lambda drawn: Exponential(epsilon=drawn[0], count=drawn[1])),
    epsilons.map(lambda drawn: Approximate(epsilon=drawn[0], delta=Fraction(1, 10**15), count=drawn[1])),
)
mechanisms = st.one_of(sgd, simple)


def bounds_of(
    *asked: Mechanism, delta: Fraction, neighbouring: Neighbouring = ADD_REMOVE, group: int = 1
) -> Bounds:
    found = account(Question(asked, delta, neighbouring, group))
    assert isinstance(found, Bounds)
    return found


def cost(
    *asked: Mechanism, delta: Fraction, neighbouring: Neighbouring = ADD_REMOVE, group: int = 1
) -> float:
    upper = bounds_of(*asked, delta=delta, neighbouring=neighbouring, group=group).upper
    return math.inf if upper is None else float(upper)


@MODEST
@given(st.lists(mechanisms, min_size=1, max_size=3), deltas)
def test_lower_is_at_most_upper(parts: list[Mechanism], delta: Fraction) -> None:
    bounds = bounds_of(*parts, delta=delta)
    assert bounds.upper is not None
    assert bounds.lower <= bounds.upper


@MODEST
@given(sgd, deltas, st.integers(1, 300))
def test_more_steps_are_never_cheaper(one: DpSgd, delta: Fraction, more: int) -> None:
    longer = one.model_copy(update={"steps": one.steps + more})
    assert cost(one, delta=delta) <= cost(longer, delta=delta) * ROUNDING


@MODEST
@given(sgd, deltas, hundredths(1, 200))
def test_more_noise_is_never_dearer(one: DpSgd, delta: Fraction, more: Fraction) -> None:
    noisier = one.model_copy(update={"noise_multiplier": one.noise_multiplier + more})
    assert cost(noisier, delta=delta) <= cost(one, delta=delta) * ROUNDING


@FEW
@given(mechanisms, mechanisms, deltas)
def test_composition_costs_at_most_the_sum(one: Mechanism, other: Mechanism, delta: Fraction) -> None:
    together = cost(one, other, delta=2 * delta)
    assert together <= (cost(one, delta=delta) + cost(other, delta=delta)) * ROUNDING


@MODEST
@given(mechanisms, mechanisms, deltas)
def test_a_part_never_costs_more_than_the_whole(one: Mechanism, other: Mechanism, delta: Fraction) -> None:
    assert float(bounds_of(one, delta=delta).lower) <= cost(one, other, delta=delta) * ROUNDING


@MODEST
@given(simple, st.integers(1, 4), deltas)
def test_larger_groups_never_cost_less(one: Mechanism, group: int, delta: Fraction) -> None:
    fewer = cost(one, delta=delta, group=group)
    assert fewer <= cost(one, delta=delta, group=group + 1) * ROUNDING


@MODEST
@given(st.lists(simple, min_size=1, max_size=3), deltas)
def test_parallel_parts_cost_what_the_dearest_costs(parts: list[Mechanism], delta: Fraction) -> None:
    dearest = max(cost(part, delta=delta) for part in parts)
    together = cost(Parallel(partitions=tuple(parts)), delta=delta)
    # One accountant answers for all parts, which is dearer than each part's own best where those differ:
    # a PLD does not know of bounded range, with which zCDP counts half as much.
    assert (
        dearest * 0.998
        <= together
        <= min(dearest * 2, sum(cost(part, delta=delta) for part in parts) * 1.002)
    )


@MODEST
@given(mechanisms, deltas)
def test_less_delta_never_costs_less_epsilon(one: Mechanism, delta: Fraction) -> None:
    assert cost(one, delta=delta) <= cost(one, delta=delta / 10) * ROUNDING


@MODEST
@given(simple, deltas)
def test_a_converted_relation_is_noted_and_never_cheaper(one: Mechanism, delta: Fraction) -> None:
    stated = one.model_copy(update={"neighbouring": ADD_REMOVE})
    converted = bounds_of(stated, delta=delta, neighbouring=REPLACE_ONE)
    assert converted.notes
    assert converted.upper is None or cost(one, delta=delta) <= float(converted.upper) * ROUNDING


@FEW
@given(sgd, deltas)
def test_zero_out_costs_dp_sgd_what_add_remove_costs(one: DpSgd, delta: Fraction) -> None:
    zeroed = bounds_of(one, delta=delta, neighbouring=ZERO_OUT)
    added = bounds_of(one, delta=delta)
    assert (zeroed.upper, zeroed.lower) == (added.upper, added.lower)


@MODEST
@given(hundredths(1, 100), hundredths(1, 100), deltas)
def test_claims_of_zcdp_add_up(one: Fraction, other: Fraction, delta: Fraction) -> None:
    apart = cost(ZeroConcentrated(rho=one), ZeroConcentrated(rho=other), delta=delta)
    assert apart == pytest.approx(cost(ZeroConcentrated(rho=one + other), delta=delta), rel=1e-9)


@MODEST
@given(st.integers(2, 20), hundredths(5, 95), st.integers(1, 20))
def test_randomised_response_costs_less_against_an_empty_record(k: int, noise: Fraction, count: int) -> None:
    one = RandomisedResponse(categories=k, noise=noise, count=count)
    zeroed = cost(one, delta=Fraction(1, 10**6), neighbouring=ZERO_OUT)
    assert zeroed <= cost(one, delta=Fraction(1, 10**6), neighbouring=REPLACE_ONE) * ROUNDING


@FEW
@given(sgd, st.integers(3, 8), st.sampled_from([ADD_REMOVE, REPLACE_ONE]))
def test_dp_accountings_pessimistic_bound_is_above_the_lower_and_little_above_the_upper_one(
    one: DpSgd, power: int, neighbouring: Neighbouring
) -> None:
    import dp_accounting  # noqa: PLC0415 - the peer, a second to import

    relation = {
        ADD_REMOVE: dp_accounting.NeighboringRelation.ADD_OR_REMOVE_ONE,
        REPLACE_ONE: dp_accounting.NeighboringRelation.REPLACE_ONE,
    }[neighbouring]
    step = dp_accounting.PoissonSampledDpEvent(
        float(one.sampling_rate), dp_accounting.GaussianDpEvent(float(one.noise_multiplier))
    )
    peer = dp_accounting.pld.PLDAccountant(relation).compose(step, one.steps)
    theirs = peer.get_epsilon(10.0**-power)
    ours = PldAccountant().bounds(Question((one,), Fraction(1, 10**power), neighbouring))
    assert isinstance(ours, Bounds)
    assert ours.upper is not None
    assert float(ours.lower) <= theirs * ROUNDING
    assert theirs * 0.999 - 1e-4 <= float(ours.upper) <= theirs * (1 + 1e-4)


@MODEST
@given(large, st.integers(30, 120))
def test_the_bounds_of_large_runs_are_close(one: DpSgd, tenths: int) -> None:
    """Many steps on large data at δ down to 1e-12, which no plain transform in floats resolves."""
    bounds = bounds_of(one, delta=Fraction(10.0 ** (-tenths / 10)))
    assert bounds.upper is not None
    assert bounds.lower <= bounds.upper
    assert bounds.upper - bounds.lower <= bounds.upper * Fraction(1, 10**4)


@FEW
@given(sgd, deltas)
def test_more_records_in_a_batch_are_never_cheaper(one: DpSgd, delta: Fraction) -> None:
    fuller = one.model_copy(update={"sampling_rate": min(2 * one.sampling_rate, Fraction(1))})
    assert float(bounds_of(one, delta=delta).lower) <= cost(fuller, delta=delta)


@FEW
@given(sgd, deltas, st.integers(-40, 40))
def test_a_claim_refines_the_bounds_and_moves_neither_past_the_other(
    one: DpSgd, delta: Fraction, parts: int
) -> None:
    plain = bounds_of(one, delta=delta)
    assert plain.upper is not None
    claim = plain.upper * (1 + Fraction(parts, 10**6))
    refined = account(Question((one,), delta, ADD_REMOVE, claim=claim))
    assert isinstance(refined, Bounds)
    assert refined.upper is not None
    assert refined.lower <= plain.upper
    assert plain.lower <= refined.upper
    assert refined.lower > claim or refined.upper <= claim or plain.lower <= claim < plain.upper


@FEW
@given(st.lists(st.tuples(hundredths(1, 200), hundredths(1, 30)), min_size=1, max_size=4))
def test_claims_alone_cost_at_most_their_sums(claims: list[tuple[Fraction, Fraction]]) -> None:
    parts = [Approximate(epsilon=epsilon, delta=delta) for epsilon, delta in claims]
    failing = 1 - math.prod((1 - delta for _, delta in claims), start=Fraction(1))
    bounds = bounds_of(*parts, delta=failing)
    assert bounds.upper is not None
    assert bounds.upper <= sum(epsilon for epsilon, _ in claims)
