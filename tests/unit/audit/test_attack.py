"""One attack: choice on training samples, test on fresh ones."""

from __future__ import annotations

import math
from dataclasses import replace
from fractions import Fraction
from typing import Any

import numpy as np
import pytest

from gatecli.audit.attack import TEST, TRAINING, AuditProgress, AuditTarget, Effort, attack
from gatecli.audit.fixed_size import fixed_size_bound
from gatecli.audit.neighbours import Pair, Relation, make_pairs
from gatecli.audit.outputs import Outputs
from gatecli.audit.sandbox import TimeSpent
from gatecli.audit.state import progress_data, read_progress
from gatecli.audit.wording import sentence
from gatecli.model.audit import AuditClaim, AuditOutcome
from tests.support.direct_source import DirectSource, attack_directly
from tests.support.historical_bugs import HISTORICAL, POISSON, ZEROED_OUT, poisson_batches
from tests.support.textbook_mechanisms import TEXTBOOK, laplace

QUICK = Effort(samples=20_000, training=4_000, first_look=500, seed=3)
ONE = AuditClaim(Fraction(1))
COUNT = (Pair([0], [1]), Pair([5], [6]))


def half_noise(data: list[float], epsilon: float, rng: np.random.Generator, runs: int) -> Any:
    return laplace(data, 2 * epsilon, rng, runs)


def randomised_response(data: list[int], rng: np.random.Generator) -> str:
    """ε is ln 3."""
    return "yes" if (rng.random() < 0.75) == bool(data[0]) else "no"


def leaks_rarely(data: list[int], rng: np.random.Generator, runs: int) -> Any:
    """(0, 0.1): with probability 0.1 the data itself."""
    return np.where(rng.random(runs) < 0.1, float(data[0]), 7.0)


def test_half_the_noise_is_refuted_with_the_inputs_and_the_event() -> None:
    result = attack_directly(half_noise, ONE, COUNT, QUICK)
    assert result.outcome is AuditOutcome.REFUTED
    assert 1 <= result.lower <= 2
    assert result.inputs in {("[0]", "[1]"), ("[1]", "[0]"), ("[5]", "[6]"), ("[6]", "[5]")}
    assert result.event


def test_the_right_noise_is_not_refuted_and_the_power_is_told() -> None:
    result = attack_directly(laplace, ONE, COUNT, QUICK)
    assert result.outcome is AuditOutcome.NOTHING_FOUND
    assert result.power is not None
    assert 1 < result.power.epsilon < 2
    assert "would have found ε ≥" in sentence(result)


@pytest.mark.parametrize(
    ("epsilon", "outcome"), [("1", AuditOutcome.REFUTED), ("1.1", AuditOutcome.NOTHING_FOUND)]
)
def test_texts_are_outcomes(epsilon: str, outcome: AuditOutcome) -> None:
    claim = AuditClaim(Fraction(epsilon))
    assert attack_directly(randomised_response, claim, [Pair([0], [1])], QUICK).outcome is outcome


@pytest.mark.parametrize(
    ("delta", "outcome"),
    [
        ("0.05", AuditOutcome.REFUTED),
        ("0.1", AuditOutcome.NOTHING_FOUND),
        ("0.2", AuditOutcome.NOTHING_FOUND),
    ],
)
def test_a_delta_is_refuted_exactly_where_it_is_broken(delta: str, outcome: AuditOutcome) -> None:
    claim = AuditClaim(Fraction(1), Fraction(delta))
    assert attack_directly(leaks_rarely, claim, [Pair([0], [1])], QUICK).outcome is outcome


def test_no_test_sample_has_a_seed_of_a_training_sample() -> None:
    source = DirectSource(half_noise, ONE, COUNT)
    attack(AuditTarget("m", ONE, COUNT), source, QUICK)
    training = {each for each in source.asked if each[2] == TRAINING}
    tests = [each for each in source.asked if each[2] == TEST]
    assert training
    assert len(tests) == len(set(tests))
    assert not training & set(tests)


def test_the_same_seed_finds_the_same() -> None:
    assert attack_directly(laplace, ONE, COUNT, QUICK) == attack_directly(laplace, ONE, COUNT, QUICK)


@pytest.mark.parametrize("claim", [AuditClaim(Fraction(50)), AuditClaim(Fraction(1), Fraction(9999, 10000))])
def test_a_claim_that_no_sample_size_could_test_is_told_before_the_run(claim: AuditClaim) -> None:
    source = DirectSource(laplace, claim, COUNT)
    result = attack(AuditTarget("m", claim, COUNT), source, QUICK)
    assert result.outcome is AuditOutcome.COULD_NOT_RUN
    assert "could refute" in result.reason
    assert source.asked == []


def test_a_mechanism_that_never_varies_could_not_be_tested() -> None:
    result = attack_directly(lambda _data: 5, ONE, COUNT, QUICK)
    assert result.outcome is AuditOutcome.COULD_NOT_RUN
    assert "not random" in result.reason


def test_a_mechanism_that_returns_its_data_is_refuted() -> None:
    result = attack_directly(lambda data: data, ONE, COUNT, QUICK)
    assert result.outcome is AuditOutcome.REFUTED


class ShortSource(DirectSource):
    """A source whose time ends after so many draws."""

    draws = 0

    def draw(self, data: int, seed: Any, count: int) -> Outputs:
        if not self.draws:
            raise TimeSpent
        self.draws -= 1
        return super().draw(data, seed, count)


class NarrowSource(DirectSource):
    """A source of which few outputs can be held at once; `largest` is what was asked for at most."""

    most_runs = 120
    largest = 0

    def draw(self, data: int, seed: Any, count: int) -> Outputs:
        self.largest = max(self.largest, count)
        return super().draw(data, seed, count)


def test_no_more_outputs_are_asked_for_than_can_be_held() -> None:
    source = NarrowSource(half_noise, ONE, COUNT)
    result = attack(AuditTarget("m", ONE, COUNT), source, replace(QUICK, samples=4_000))
    assert result.outcome is AuditOutcome.REFUTED
    assert source.largest == 500  # the first batch, and the probe


def test_time_that_ends_in_the_choice_could_not_run() -> None:
    source = ShortSource(laplace, ONE, COUNT)
    source.draws = 5
    result = attack(AuditTarget("m", ONE, COUNT), source, QUICK)
    assert result.outcome is AuditOutcome.COULD_NOT_RUN
    assert "time budget" in result.reason


def test_time_that_ends_in_the_test_tells_what_so_few_samples_would_have_found() -> None:
    whole = DirectSource(laplace, ONE, COUNT)
    attack(AuditTarget("m", ONE, COUNT), whole, QUICK)
    source = ShortSource(laplace, ONE, COUNT)
    source.draws = len(whole.asked) - 2
    result = attack(AuditTarget("m", ONE, COUNT), source, QUICK)
    assert result.outcome is AuditOutcome.NOTHING_FOUND
    assert 0 < result.samples < QUICK.samples


def test_a_test_goes_on_with_fresh_seeds_and_the_same_event() -> None:
    kept: list[AuditProgress] = []
    target, first = AuditTarget("m", ONE, COUNT), DirectSource(laplace, ONE, COUNT)
    attack(target, first, QUICK, keep=kept.append)
    second = DirectSource(laplace, ONE, COUNT)
    result = attack(target, second, QUICK, read_progress(progress_data(kept[-1])), kept.append)
    assert result.samples == 2 * QUICK.samples
    assert kept[-1].events == kept[0].events
    assert {each[2] for each in second.asked} == {TEST}
    assert not set(first.asked) & set(second.asked)


def test_two_halves_are_the_one_test_that_both_would_have_been() -> None:
    kept: list[AuditProgress] = []
    target, half = AuditTarget("m", ONE, COUNT), replace(QUICK, samples=500)
    for _run in range(2):
        attack(target, DirectSource(laplace, ONE, COUNT), half, kept[-1] if kept else None, kept.append)
    assert kept[-1].counts[0].samples == 1000
    assert kept[-1].batches == 2


def test_once_refuted_stays_refuted() -> None:
    kept: list[AuditProgress] = []
    target = AuditTarget("m", ONE, COUNT)
    attack(target, DirectSource(half_noise, ONE, COUNT), QUICK, keep=kept.append)
    again = attack(target, DirectSource(laplace, ONE, COUNT), QUICK, kept[-1])
    assert again.outcome is AuditOutcome.REFUTED
    assert again.lower >= 1


def test_the_bound_of_a_fixed_size_shares_its_error_among_the_events() -> None:
    kept: list[AuditProgress] = []
    target = AuditTarget("m", ONE, COUNT)
    result = attack(target, DirectSource(laplace, ONE, COUNT), QUICK, keep=kept.append)
    assert len(kept[-1].events) == 3
    bounds = {
        f"{math.floor(1000 * bound) / 1000:g}"
        for counts in kept[-1].counts
        for hits in [(counts.both + counts.first, counts.both + counts.second)]
        for bound in [fixed_size_bound(*hits, counts.samples, 0.0, float(QUICK.alpha) / 3)]
    }
    ((name, shown),) = result.measures
    assert name.startswith("Clopper-Pearson")
    assert shown in bounds


def test_floating_point_noise_is_refuted_by_its_lowest_bits_and_not_by_its_shape() -> None:
    shape = attack_directly(laplace, ONE, COUNT, QUICK)
    bits = attack_directly(laplace, ONE, COUNT, replace(QUICK, is_lattice=True))
    assert (shape.outcome, bits.outcome) == (AuditOutcome.NOTHING_FOUND, AuditOutcome.REFUTED)
    assert bits.method == "lattice"
    assert bits.lower > 3


def test_noise_on_a_fixed_grid_has_no_lowest_bits_to_find() -> None:
    def snapped(data: list[float], rng: np.random.Generator, runs: int) -> Any:
        steps = rng.geometric(1 - np.exp(-1 / 1024), runs) - rng.geometric(1 - np.exp(-1 / 1024), runs)
        return data[0] + steps / 1024

    result = attack_directly(snapped, ONE, COUNT, replace(QUICK, is_lattice=True))
    assert result.outcome is AuditOutcome.NOTHING_FOUND


def test_an_event_on_lists_of_changing_length_is_found() -> None:
    def grows(data: list[float], rng: np.random.Generator) -> list[float]:
        return [rng.random() for _ in range(int(data[0]) + int(rng.integers(0, 3)))]

    assert attack_directly(grows, ONE, COUNT, QUICK).outcome is AuditOutcome.REFUTED


@pytest.mark.parametrize(("one", "claim"), HISTORICAL, ids=lambda each: getattr(each, "name", ""))
def test_every_historical_mistake_is_refuted(one: Any, claim: AuditClaim) -> None:
    effort = Effort(seed=31) if claim.epsilon > 2 else replace(QUICK, seed=31)
    assert attack_directly(one.mechanism, claim, one.pairs, effort).outcome is AuditOutcome.REFUTED


def test_the_sampler_that_was_accounted_for_passes() -> None:
    result = attack_directly(poisson_batches, POISSON, ZEROED_OUT, replace(QUICK, seed=31))
    assert result.outcome is AuditOutcome.NOTHING_FOUND


STRONG = {"noisy histogram 2", "noisy max 4", "sparse vector 4", "sparse vector 5", "sparse vector 6"}
"""Textbook mistakes that few samples find; benchmarks/audit_mechanisms.py finds all nine."""


@pytest.mark.parametrize(
    "one", [each for each in TEXTBOOK if each.keeps or each.name in STRONG], ids=lambda one: one.name
)
def test_the_textbooks_right_mechanisms_pass_and_its_gross_mistakes_do_not(one: Any) -> None:
    effort = replace(QUICK, training=20_000, first_look=1_000, seed=32)
    result = attack_directly(one.mechanism, AuditClaim(Fraction(one.claim)), one.pairs, effort)
    assert result.outcome is (AuditOutcome.NOTHING_FOUND if one.keeps else AuditOutcome.REFUTED)


def test_there_are_sixteen_mechanisms_and_nine_of_them_are_broken() -> None:
    assert [len(TEXTBOOK), sum(not one.keeps for one in TEXTBOOK), len(HISTORICAL)] == [16, 9, 10]
    assert all(make_pairs(relation) for relation in (Relation.COUNTS, Relation.ANSWERS))
