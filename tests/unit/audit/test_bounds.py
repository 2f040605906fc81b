"""Bounds on ε from counts, against published figures and by hand."""

from __future__ import annotations

import math
from collections import Counter

import numpy as np
import pytest

from gatecli.audit import clopper_pearson, joint_beta, one_run
from gatecli.audit.binomial import highest_rate, lowest_rate, quantile, tail
from gatecli.audit.clopper_pearson import AttackCounts
from gatecli.audit.one_run import Guesses, Shape

CIFAR = AttackCounts(true_positives=487, false_negatives=0, false_positives=512, true_negatives=1)
"""The attack on a CNN on CIFAR-10 that Zanella-Béguelin et al. publish with their program."""


def test_the_published_interval_of_joint_beta() -> None:
    """They print 0.145 and 6.399, found to within 0.01 and 0.02 by numeric integration."""
    low, high = joint_beta.interval(CIFAR, 1e-5, 0.1)
    assert low == pytest.approx(0.145, abs=0.01)
    assert high == pytest.approx(6.399, abs=0.02)


def test_clopper_pearson_says_nothing_where_joint_beta_does() -> None:
    assert clopper_pearson.lower_bound(CIFAR, 1e-5, 0.05) == 0


def test_the_joint_posterior_would_refute_right_trainings_and_clopper_pearson_does_not() -> None:
    """Randomised response of exactly ε = 3, 300 times: whose lower end at 95 % is above 3."""
    draw, rate = np.random.default_rng(5), 1 / (1 + math.exp(3))
    errors = draw.binomial(200, rate, size=(300, 2)).tolist()
    counts = Counter(AttackCounts(200 - missed, missed, alarms, 200 - alarms) for missed, alarms in errors)
    joint = sum(often for each, often in counts.items() if joint_beta.lower_bound(each, 0.0, 0.05) > 3)
    sure = sum(often for each, often in counts.items() if clopper_pearson.lower_bound(each, 0.0, 0.05) > 3)
    assert joint > 45
    assert sure <= 15


def test_the_posterior_of_no_errors_reaches_far() -> None:
    low, high = joint_beta.interval(AttackCounts(500, 0, 0, 500), 0.0, 0.1)
    assert 5 < low < high


def test_joint_beta_does_not_care_which_side_is_called_in() -> None:
    one, other = AttackCounts(80, 20, 5, 95), AttackCounts(95, 5, 20, 80)
    assert joint_beta.interval(one, 1e-5, 0.1) == pytest.approx(
        joint_beta.interval(other, 1e-5, 0.1), abs=0.002
    )


@pytest.mark.parametrize(("canaries", "published"), [(100, 3.5), (1000, 5.8)])
def test_the_largest_claim_that_canaries_can_refute_is_about_ln_of_a_third(
    canaries: int, published: float
) -> None:
    highest = one_run.highest_bound(canaries, 0.0, 0.05, canaries)
    assert highest == pytest.approx(published, abs=0.05)
    assert highest == pytest.approx(math.log(canaries / 3 - 1), abs=0.05)


def test_all_guesses_right_refute_what_the_formula_says() -> None:
    """q^m = α, so ε = ln(q / (1 - q)) with q = α^(1/m)."""
    rate = 0.05 ** (1 / 50)
    assert one_run.lower_bound(Guesses(50, 50, 50), 0.0, 0.05) == pytest.approx(math.log(rate / (1 - rate)))


def test_delta_takes_from_the_bound() -> None:
    guesses = Guesses(1000, 1000, 900)
    bounds = [one_run.lower_bound(guesses, delta, 0.05) for delta in (0.0, 1e-5, 1e-4, 1e-3)]
    assert bounds == sorted(bounds, reverse=True)
    assert bounds[0] > bounds[-1]


@pytest.mark.parametrize("delta", [1e-6, 1e-4, 1e-2])
@pytest.mark.parametrize(("canaries", "made", "right"), [(100, 100, 80), (500, 100, 97), (60, 60, 60)])
def test_the_p_value_is_that_of_the_theorem_term_by_term(
    canaries: int, made: int, right: int, delta: float
) -> None:
    rate = 1 / (1 + math.exp(-1.0))
    mass = [math.comb(made, k) * rate**k * (1 - rate) ** (made - k) for k in range(made + 1)]
    plain = sum(mass[right:])
    free = max(sum(mass[right - i : right]) / i for i in range(1, right + 1))
    expected = min(1.0, plain + 2 * canaries * delta * free)
    assert one_run.p_value(Guesses(canaries, made, right), 1.0, delta) == pytest.approx(expected, rel=1e-9)


def test_no_right_guess_refutes_nothing() -> None:
    assert one_run.lower_bound(Guesses(100, 100, 0), 0.0, 0.05) == 0


def test_the_shares_of_all_shapes_make_alpha() -> None:
    for canaries in (10, 50, 1000, 4097):
        assert sum(shape.share for shape in one_run.shapes(canaries)) == pytest.approx(1)


def test_equal_scores_are_guessed_alike_or_not_at_all() -> None:
    ordered = one_run.rank([1.0] * 6 + [2.0] * 2, [1.0] * 4)
    assert one_run.guess(ordered, Shape(2, 0, 1.0)) == Guesses(12, 2, 2)
    assert one_run.guess(ordered, Shape(4, 0, 1.0)) == Guesses(12, 4, 2)
    assert one_run.guess(ordered, Shape(0, 4, 1.0)) == Guesses(12, 4, 0)


def test_a_guess_for_every_canary_leaves_none_out() -> None:
    ordered = one_run.rank([1.0] * 7 + [0.0] * 1, [0.0] * 4)
    assert one_run.guess(ordered, Shape(6, 6, 1.0)) == Guesses(12, 12, 11)


def test_rates_of_clopper_and_pearson() -> None:
    """Of no error in n the bound is 1 - α^(1/n) ("rule of three"); 5 of 10 as in their paper's tables."""
    assert highest_rate(0, 100, 0.05) == pytest.approx(1 - 0.05 ** (1 / 100))
    assert lowest_rate(5, 10, 0.025) == pytest.approx(0.1871, abs=1e-4)
    assert highest_rate(5, 10, 0.025) == pytest.approx(0.8129, abs=1e-4)
    assert highest_rate(10, 10, 0.05) == 1


def test_tails_and_quantiles_of_a_small_binomial() -> None:
    assert tail(0, 4, 0.5) == 1
    assert tail(4, 4, 0.5) == pytest.approx(1 / 16)
    assert tail(5, 4, 0.5) == 0
    assert [quantile(share, 4, 0.5) for share in (0.05, 0.3, 0.5, 0.99)] == [0, 1, 2, 4]


def test_epsilon_follows_from_the_better_of_two_guesses() -> None:
    assert clopper_pearson.epsilon_of(0.5, 0.1, 0.0) == pytest.approx(math.log(5))
    assert clopper_pearson.epsilon_of(0.1, 0.5, 0.0) == pytest.approx(math.log(5))
    assert clopper_pearson.epsilon_of(0.5, 0.1, 0.1) == pytest.approx(math.log(4))
    assert clopper_pearson.epsilon_of(0.9, 0.9, 0.0) == 0
    assert clopper_pearson.epsilon_of(1.0, 1.0, 0.5) == 0
    assert clopper_pearson.epsilon_of(0.5, 0.0, 0.0) == math.inf


def test_a_threshold_is_a_score_of_the_other_side() -> None:
    """Three members above every other: the best threshold is the highest of the others, without an alarm."""
    best = clopper_pearson.best_bound([9.0, 8.0, 7.0] * 40, [1.0, 2.0, 3.0] * 40, 0.0, 0.05)
    assert best.counts == AttackCounts(120, 0, 0, 120)


def test_an_attack_that_is_sure_of_who_was_out_counts_too() -> None:
    inside = [float(score) for score in range(200)]
    outside = [float(score) for score in range(200)] + [-5.0] * 200
    best = clopper_pearson.best_bound(inside, outside, 0.0, 0.05)
    assert best.epsilon > 2
    assert best.counts == AttackCounts(200, 0, 200, 200)


def test_ranks_double_up_to_a_half() -> None:
    assert clopper_pearson.ranks(1) == (1,)
    assert clopper_pearson.ranks(20) == (1, 2, 4, 8)
