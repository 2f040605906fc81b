"""The facade: two-sided, memoised, honest about what it cannot bound, and never a crash."""

from __future__ import annotations

import math
import subprocess
import sys
import warnings
from fractions import Fraction
from typing import Any

import pytest

from gatecli.accounting.account import account, account_all
from gatecli.accounting.interface import NoBound, Question
from gatecli.model import mechanism as declared
from gatecli.model.budget import Bounds, Neighbouring
from gatecli.model.mechanism import DpSgd, Mechanism, Sampling

ADD_REMOVE, REPLACE_ONE, ZERO_OUT = Neighbouring.ADD_REMOVE, Neighbouring.REPLACE_ONE, Neighbouring.ZERO_OUT
ISSUE = DpSgd(noise_multiplier=Fraction("1.1"), sampling_rate=Fraction("0.00426667"), steps=14040)
UNIT_GAUSSIAN = declared.Gaussian(standard_deviation=Fraction(1))


def ask(
    *mechanisms: Mechanism,
    delta: Fraction = Fraction(1, 10**5),
    neighbouring: Neighbouring = ADD_REMOVE,
    group: int = 1,
) -> Bounds | NoBound:
    return account(Question(mechanisms, delta, neighbouring, group))


def bounds(
    *mechanisms: Mechanism,
    delta: Fraction = Fraction(1, 10**5),
    neighbouring: Neighbouring = ADD_REMOVE,
    group: int = 1,
) -> Bounds:
    found = ask(*mechanisms, delta=delta, neighbouring=neighbouring, group=group)
    assert isinstance(found, Bounds)
    return found


def exact_upper(found: Bounds) -> Fraction:
    assert found.upper is not None
    return found.upper


def upper(found: Bounds) -> float:
    return float(exact_upper(found))


def test_a_dp_sgd_run_is_bounded_from_both_sides_to_four_digits() -> None:
    found = bounds(ISSUE)
    assert (found.accountant, found.lower_accountant) == ("PLD", "PLD")
    assert 2.3795 < float(found.lower) < 2.37956 < upper(found) < 2.3796


PRINTED = DpSgd(noise_multiplier=Fraction("1.795"), sampling_rate=Fraction("0.0357"), steps=7961)


def claimed(run: DpSgd, delta: str, claim: str) -> Bounds:
    found = account(Question((run,), Fraction(delta), ADD_REMOVE, claim=Fraction(claim)))
    assert isinstance(found, Bounds)
    return found


def test_the_epsilon_that_dp_accounting_prints_is_verified() -> None:
    """It is pessimistic by 1e-6 of itself; a claim is what bounds are refined for."""
    assert exact_upper(claimed(PRINTED, "8.49e-5", "8.5784964286073")) <= Fraction("8.5784964286073")


@pytest.mark.parametrize("digit", [-3, -4, -5])
def test_claims_on_either_side_of_the_truth_are_decided(digit: int) -> None:
    truth = (bounds(ISSUE).lower + (bounds(ISSUE).upper or 0)) / 2
    above, below = truth * (1 + Fraction(10) ** digit), truth * (1 - Fraction(10) ** digit)
    assert exact_upper(claimed(ISSUE, "1e-5", str(above))) <= above
    assert claimed(ISSUE, "1e-5", str(below)).lower > below


LARGE_DATA = {
    "the interval that prv-accountant gives": ("0.614", "4.08e-5", 10**5, "1.1e-10", 1.70827, 1.71268),
    "dp-accounting on a grid of 3e-7": ("3.968", "1.06e-4", 22035, "1.1e-10", 0.0207501, 0.0207506),
}


@pytest.mark.parametrize("name", LARGE_DATA)
def test_large_data_with_a_small_delta_are_bounded_closely(name: str) -> None:
    sigma, rate, steps, delta, least, most = LARGE_DATA[name]
    run = DpSgd(noise_multiplier=Fraction(sigma), sampling_rate=Fraction(rate), steps=steps)
    found = bounds(run, delta=Fraction(delta))
    assert least <= float(found.lower) <= upper(found) <= most
    assert upper(found) - float(found.lower) <= 1e-4 * upper(found)


def test_a_schedule_of_many_noise_levels_is_one_composition() -> None:
    """65 levels: 1.64 to 1.65 by dp-accounting's PLD; RDP alone says 1.99."""
    levels = [
        DpSgd(noise_multiplier=Fraction(1000 + level, 1000), sampling_rate=Fraction(1, 100), steps=10)
        for level in range(65)
    ]
    found = bounds(*levels, delta=Fraction(1, 10**6))
    assert 1.64 < float(found.lower) <= upper(found) < 1.65
    assert upper(found) - float(found.lower) <= 1e-4 * upper(found)


def approximate(epsilon: int, delta: str, count: int = 1) -> Mechanism:
    return declared.Approximate(epsilon=Fraction(epsilon), delta=Fraction(delta), count=count)


def test_claims_fail_together_less_often_than_their_sum_says() -> None:
    """Either of (1, 0.1) and (2, 0.2) fails with 1 − 0.9 · 0.8 = 0.28."""
    both = approximate(1, "0.1"), approximate(2, "0.2")
    assert bounds(*both, delta=Fraction("0.28")).upper == 3
    assert bounds(*both, delta=Fraction("0.2799")).upper is None


def test_what_delta_is_left_of_claims_buys_epsilon() -> None:
    """δ(ε) = 1 − 0.72 (1 − c (1 − e^(ε − 3))), c being the chance that both coins tell the truth."""
    chance = 1 / (1 + math.exp(-1)) / (1 + math.exp(-2))
    exact = 3 + math.log(1 - (1 - 0.7 / 0.72) / chance)
    found = upper(bounds(approximate(1, "0.1"), approximate(2, "0.2"), delta=Fraction("0.3")))
    assert found == pytest.approx(exact, rel=1e-6)
    assert found >= exact


def test_a_gaussian_stated_by_its_rho_costs_what_the_gaussian_costs() -> None:
    """ρ = 1/32 is σ = 4: 0.9263 as a Gaussian, 1.0123 as whatever else is ρ-zCDP."""
    rho, delta = Fraction(1, 32), Fraction(1, 10**5)
    gaussian = bounds(declared.Gaussian(standard_deviation=Fraction(4)), delta=delta)
    stated = bounds(declared.ZeroConcentrated(rho=rho, noise="gaussian"), delta=delta)
    assert stated.upper == gaussian.upper
    assert upper(stated) == pytest.approx(0.9263, abs=1e-4)
    assert upper(bounds(declared.ZeroConcentrated(rho=rho), delta=delta)) == pytest.approx(1.0123, abs=1e-4)


TRUNCATED = DpSgd(
    noise_multiplier=Fraction(2),
    sampling_rate=Fraction(1, 20),
    steps=500,
    dataset_size=2000,
    truncated_batch_size=101,
)


@pytest.mark.parametrize(
    ("batch", "neighbouring"),
    [(101, ADD_REMOVE), (150, ADD_REMOVE), (110, REPLACE_ONE), (110, ZERO_OUT)],
)
def test_truncated_batches_cost_what_dp_accounting_says(batch: int, neighbouring: Neighbouring) -> None:
    import dp_accounting  # noqa: PLC0415 - the peer is needed here alone

    names = {ADD_REMOVE: "ADD_OR_REMOVE_ONE", REPLACE_ONE: "REPLACE_ONE", ZERO_OUT: "REPLACE_SPECIAL"}
    peer = dp_accounting.pld.PLDAccountant(
        dp_accounting.NeighboringRelation[names[neighbouring]], value_discretization_interval=2e-5
    )
    event = dp_accounting.TruncatedSubsampledGaussianDpEvent(2000, 0.05, batch, 2.0)
    theirs = peer.compose(event, 500).get_epsilon(1e-6)
    run = TRUNCATED.model_copy(update={"truncated_batch_size": batch})
    found = bounds(run, delta=Fraction(1, 10**6), neighbouring=neighbouring)
    assert upper(found) == pytest.approx(theirs, rel=3e-5)
    assert found.lower == 0
    assert f"cut to {batch} records" in found.notes[0]


def test_batches_that_are_never_cut_cost_what_poisson_batches_cost() -> None:
    whole = TRUNCATED.model_copy(update={"truncated_batch_size": 2000})
    plain = TRUNCATED.model_copy(update={"truncated_batch_size": None})
    assert bounds(whole) == bounds(plain)
    rare = TRUNCATED.model_copy(update={"truncated_batch_size": 400})
    assert upper(bounds(rare)) == pytest.approx(upper(bounds(plain)), rel=1e-4)


def test_truncated_batches_are_refused_for_units_of_several_records() -> None:
    assert isinstance(ask(TRUNCATED, group=2), NoBound)


@pytest.mark.parametrize(
    "changes", [{"dataset_size": None}, {"sampling": Sampling.SHUFFLE, "epochs": 1}], ids=["size", "sampling"]
)
def test_truncation_needs_poisson_batches_of_a_known_dataset(changes: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match="truncatedBatchSize"):
        DpSgd(**TRUNCATED.model_dump() | changes)


def test_very_many_claims_are_added_up_by_the_union_bound() -> None:
    many = approximate(1, "1e-12", 10**9)
    assert bounds(many, delta=Fraction("0.0011")).upper is not None
    assert bounds(many, delta=Fraction("0.0009")).upper is None


def test_the_lower_bound_is_consistent_with_the_prv_accountant() -> None:
    from prv_accountant import (  # noqa: PLC0415 - the peer is needed here alone
        PoissonSubsampledGaussianMechanism,
        PRVAccountant,
    )

    run = DpSgd(noise_multiplier=Fraction("1.5"), sampling_rate=Fraction("0.04"), steps=2250)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        peer = PRVAccountant(
            PoissonSubsampledGaussianMechanism(0.04, 1.5),
            eps_error=0.01,
            delta_error=1e-9,
            max_self_compositions=2250,
        )
        least, estimate, most = peer.compute_epsilon(1e-5, [2250])
    found = bounds(run)
    assert least <= float(found.lower) <= estimate <= upper(found) <= most


def test_a_pure_mechanism_at_delta_zero_costs_the_sum_exactly() -> None:
    found = bounds(declared.Laplace(scale=Fraction(10), count=3), delta=Fraction(0))
    assert (found.upper, found.accountant) == (Fraction(3, 10), "basic composition")


def test_gaussian_noise_has_no_finite_cost_at_delta_zero() -> None:
    found = bounds(UNIT_GAUSSIAN, delta=Fraction(0))
    assert found.upper is None


def test_gaussian_dp_is_the_gaussian_of_the_same_mu() -> None:
    claim = bounds(declared.GaussianDp(mu=Fraction(1)))
    assert claim.upper == bounds(UNIT_GAUSSIAN).upper
    assert claim.lower == 0


@pytest.mark.parametrize(
    "claim",
    [
        declared.Pure(epsilon=Fraction(1)),
        declared.Approximate(epsilon=Fraction(1), delta=Fraction(1, 10**6)),
        declared.Exponential(epsilon=Fraction(1)),
        declared.ZeroConcentrated(rho=Fraction(1, 10)),
        declared.AboveThreshold(epsilon=Fraction(1)),
        declared.ReportNoisyMax(epsilon=Fraction(1)),
    ],
    ids=lambda claim: str(claim.kind),
)
def test_a_claim_bounds_from_above_alone(claim: Mechanism) -> None:
    found = bounds(claim)
    assert upper(found) > 0
    assert found.lower == 0


def test_what_a_part_costs_at_least_the_whole_costs_at_least() -> None:
    assert bounds(ISSUE, declared.ZeroConcentrated(rho=Fraction(1, 10))).lower >= bounds(ISSUE).lower > 2


def test_claims_of_delta_beyond_the_question_have_no_upper_bound() -> None:
    greedy = declared.Approximate(epsilon=Fraction(1), delta=Fraction(1, 10**4))
    assert bounds(greedy).upper is None


def test_the_unaccountable_is_named_and_not_summed_over() -> None:
    found = ask(ISSUE, declared.Unaccountable(description="a manual correction"))
    assert found == NoBound(("no accountant can bound: a manual correction",))


def test_replacing_is_twice_the_clipping_norm_for_gaussian_steps() -> None:
    full = DpSgd(noise_multiplier=Fraction(2), sampling_rate=Fraction(1), steps=1)
    assert bounds(full, neighbouring=REPLACE_ONE).upper == bounds(UNIT_GAUSSIAN).upper


def test_a_conversion_from_add_remove_to_replace_one_is_noted() -> None:
    stated = declared.Laplace(scale=Fraction(10), neighbouring=ADD_REMOVE)
    found = bounds(stated, delta=Fraction(0), neighbouring=REPLACE_ONE)
    assert found.upper == Fraction(1, 5)
    assert "counts for two steps" in found.notes[0]
    assert found.lower == 0


@pytest.mark.parametrize(
    ("stated", "asked"), [(REPLACE_ONE, ADD_REMOVE), (REPLACE_ONE, ZERO_OUT), (ADD_REMOVE, ZERO_OUT)]
)
def test_a_relation_without_a_theorem_is_refused(stated: Neighbouring, asked: Neighbouring) -> None:
    found = ask(declared.Pure(epsilon=Fraction(1), neighbouring=stated), neighbouring=asked)
    assert isinstance(found, NoBound)
    assert str(stated) in found.reasons[0]


def fixed_size(**changes: object) -> DpSgd:
    return ISSUE.model_copy(update={"sampling": Sampling.FIXED_SIZE, "dataset_size": 60000} | changes)


def shuffled(**changes: object) -> DpSgd:
    return ISSUE.model_copy(update={"sampling": Sampling.SHUFFLE, "epochs": 60} | changes)


@pytest.mark.parametrize("run", [fixed_size(), shuffled()], ids=["fixed-size", "shuffle"])
def test_only_poisson_batches_are_accounted_under_add_remove(run: DpSgd) -> None:
    found = ask(run)
    assert isinstance(found, NoBound)
    assert "Poisson accounting does not apply" in found.reasons[0]


@pytest.mark.parametrize("run", [fixed_size(), shuffled()], ids=["fixed-size", "shuffle"])
def test_other_batches_cost_more_than_poisson_and_claim_no_lower_bound(run: DpSgd) -> None:
    found = bounds(run, neighbouring=REPLACE_ONE)
    assert upper(found) > upper(bounds(ISSUE, neighbouring=REPLACE_ONE))
    assert found.lower == 0
    assert found.notes


def test_a_fixed_size_step_is_accounted_with_twice_the_clipping_norm() -> None:
    whole = fixed_size(sampling_rate=Fraction(1), steps=1)
    twice = bounds(declared.Gaussian(noise_multiplier=Fraction("0.55")))
    assert upper(bounds(whole, neighbouring=REPLACE_ONE)) >= upper(twice)


def test_a_shuffled_run_costs_one_gaussian_a_pass() -> None:
    passes = declared.Gaussian(noise_multiplier=Fraction("1.1"), count=60)
    assert bounds(shuffled(), neighbouring=ZERO_OUT).upper == bounds(passes, neighbouring=ZERO_OUT).upper


def test_a_shuffled_run_with_more_steps_than_its_epochs_is_accounted_by_its_steps() -> None:
    found = bounds(shuffled(epochs=1), neighbouring=ZERO_OUT)
    assert found.upper == bounds(shuffled(), neighbouring=ZERO_OUT).upper


def test_dp_ftrl_is_refused_under_add_remove() -> None:
    assert isinstance(ask(declared.DpFtrl(noise_multiplier=Fraction(5), step_counts=(1000,))), NoBound)


def test_dp_ftrl_costs_a_gaussian_for_every_level_of_every_tree() -> None:
    trees = declared.DpFtrl(noise_multiplier=Fraction(5), step_counts=(7, 8))
    levels = declared.Gaussian(noise_multiplier=Fraction(5), count=3 + 4)
    assert bounds(trees, neighbouring=ZERO_OUT).upper == bounds(levels, neighbouring=ZERO_OUT).upper


def test_the_group_bound_of_dp_sgd_is_tighter_than_the_generic_one() -> None:
    pair = bounds(ISSUE, group=2)
    assert upper(bounds(ISSUE)) < float(pair.lower) <= upper(pair) < 3 * upper(bounds(ISSUE))
    assert "up to 2 records" in pair.notes[0]


def test_a_group_multiplies_a_pure_claim() -> None:
    assert bounds(declared.Pure(epsilon=Fraction(1, 10)), delta=Fraction(0), group=3).upper == Fraction(3, 10)


def test_a_group_widens_the_delta_of_a_claim() -> None:
    claim = declared.Approximate(epsilon=Fraction(1), delta=Fraction(1, 10**6))
    assert bounds(claim, delta=Fraction(3, 10**6), group=2).upper is None
    assert upper(bounds(claim, delta=Fraction(38, 10**7), group=2)) <= 2


def test_randomised_response_is_refused_under_add_remove() -> None:
    assert isinstance(ask(declared.RandomisedResponse(noise=Fraction(1, 2))), NoBound)


def test_the_gumbel_report_noisy_max_profits_from_bounded_range() -> None:
    plain = declared.ReportNoisyMax(epsilon=Fraction(1, 10), count=1000)
    gumbel = plain.model_copy(update={"noise": "gumbel"})
    assert upper(bounds(gumbel)) < upper(bounds(plain)) * 0.6


def test_skewed_binomial_noise_is_not_composed_in_one_direction() -> None:
    skewed = declared.Binomial(trials=1000, probability=Fraction(1, 4))
    assert upper(bounds(skewed)) > 0
    assert bounds(skewed.model_copy(update={"count": 2})).upper is None


def test_parallel_partitions_cost_the_worst() -> None:
    parts = declared.Parallel(partitions=(ISSUE, declared.Laplace(scale=Fraction(10))))
    assert upper(bounds(parts)) == pytest.approx(upper(bounds(ISSUE)))


def test_parallel_partitions_are_refused_where_a_unit_may_move() -> None:
    parts = declared.Parallel(partitions=(UNIT_GAUSSIAN, UNIT_GAUSSIAN))
    assert isinstance(ask(parts, neighbouring=REPLACE_ONE), NoBound)


def test_composition_flattens_with_its_counts() -> None:
    nested = declared.Composed(mechanisms=(declared.Laplace(scale=Fraction(10), count=2),), count=3)
    assert bounds(nested, delta=Fraction(0)).upper == Fraction(6, 10)


def test_a_sample_amplifies_a_claim() -> None:
    sampled = declared.Subsampled(
        sampling_rate=Fraction(1, 100), mechanism=declared.Pure(epsilon=Fraction(1))
    )
    assert upper(bounds(sampled, delta=Fraction(0))) == pytest.approx(0.01703686, rel=1e-6)


def test_a_poisson_sample_of_a_gaussian_is_a_dp_sgd_step() -> None:
    sampled = declared.Subsampled(sampling_rate=Fraction(1, 10), mechanism=UNIT_GAUSSIAN)
    step = DpSgd(noise_multiplier=Fraction(1), sampling_rate=Fraction(1, 10), steps=1)
    assert upper(bounds(sampled)) == pytest.approx(upper(bounds(step)), rel=1e-9)


def test_a_sample_of_what_has_no_amplification_theorem_is_refused() -> None:
    claim = declared.ZeroConcentrated(rho=Fraction(1, 10))
    found = ask(declared.Subsampled(sampling_rate=Fraction(1, 100), mechanism=claim))
    assert isinstance(found, NoBound)


DELTA = Fraction(1, 10**5)
EXTREMES: dict[str, tuple[Mechanism, Fraction]] = {
    "a delta no float can hold": (ISSUE, Fraction(1, 10**320)),
    "a delta where PLD has no answer": (ISSUE, Fraction(1, 10**18)),
    "a trillion steps": (ISSUE.model_copy(update={"steps": 10**12}), DELTA),
    "ten million steps": (ISSUE.model_copy(update={"steps": 10**7}), DELTA),
    "hardly any noise": (ISSUE.model_copy(update={"noise_multiplier": Fraction(1, 100)}), DELTA),
    "very much noise": (ISSUE.model_copy(update={"noise_multiplier": Fraction(10**6)}), DELTA),
    "a rate near nothing": (
        ISSUE.model_copy(update={"sampling_rate": Fraction(1, 10**11)}),
        Fraction(1, 10**5),
    ),
    "a rate near one": (
        ISSUE.model_copy(update={"sampling_rate": 1 - Fraction(1, 10**15)}),
        Fraction(1, 10**5),
    ),
    "a trillion claims": (declared.Pure(epsilon=Fraction(1, 10**6), count=10**12), DELTA),
    "an enormous claim": (declared.Pure(epsilon=Fraction(10**300)), DELTA),
    "a tiny scale": (declared.Laplace(scale=Fraction(1, 10**12)), DELTA),
    "a huge scale": (declared.Laplace(scale=Fraction(10**200)), DELTA),
    "a huge deviation": (declared.Gaussian(standard_deviation=Fraction(10**250)), DELTA),
    "a tiny deviation": (declared.Gaussian(standard_deviation=Fraction(1, 10**40)), DELTA),
    "a delta near one": (ISSUE, Fraction(999, 1000)),
}


@pytest.mark.parametrize("name", EXTREMES)
def test_an_extreme_question_has_a_finite_answer(name: str) -> None:
    mechanism, delta = EXTREMES[name]
    found = bounds(mechanism, delta=delta)
    assert found.upper is not None
    assert 0 <= found.lower <= found.upper


def test_distinct_questions_are_answered_once_and_in_order() -> None:
    first, second = (Question((UNIT_GAUSSIAN,), Fraction(1, 10**power), ADD_REMOVE) for power in (5, 6))
    answers = account_all([first, second, first], workers=1)
    assert list(answers) == [first, second]
    assert answers[first] == account(first)


def test_many_questions_have_the_same_answers_from_other_processes() -> None:
    questions = [Question((UNIT_GAUSSIAN,), Fraction(1, number), ADD_REMOVE) for number in range(10, 50)]
    assert account_all(questions, workers=2) == account_all(questions, workers=1)


def test_importing_the_facade_loads_nothing_heavy() -> None:
    script = "import sys, gatecli.accounting.account; print(*sys.modules)"
    shown = subprocess.run([sys.executable, "-c", script], check=True, capture_output=True, text=True)
    assert not {"numpy", "scipy", "dp_accounting", "prv_accountant"} & set(shown.stdout.split())


def test_an_ordinary_dp_sgd_run_needs_neither_scipy_nor_dp_accounting() -> None:
    script = (
        "import sys; from fractions import Fraction as F\n"
        "from gatecli.accounting.account import account\n"
        "from gatecli.accounting.interface import Question\n"
        "from gatecli.model.budget import Neighbouring as N\n"
        "from gatecli.model.mechanism import DpSgd\n"
        "run = DpSgd(noise_multiplier=F(1), sampling_rate=F(1, 100), steps=1000)\n"
        "account(Question((run,), F(1, 10**5), N.ADD_REMOVE)); print(*sys.modules)"
    )
    shown = subprocess.run([sys.executable, "-c", script], check=True, capture_output=True, text=True)
    assert not {"scipy", "dp_accounting"} & set(shown.stdout.split())
