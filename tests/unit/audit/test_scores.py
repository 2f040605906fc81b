"""The audit of scores as a whole: what is refuted, what is not, and what cannot be tried."""

from __future__ import annotations

import random
from dataclasses import replace
from fractions import Fraction

import pytest

from gatecli.audit.clopper_pearson import best_bound
from gatecli.audit.scores import POWER, Scores, ScoresMethod, ScoresSubject, ScoresTerms, audit_scores
from gatecli.model.audit import AuditClaim, AuditOutcome, AuditResult
from gatecli.model.budget import Neighbouring

DELTA = Fraction(1, 100_000)
EVERY_METHOD = pytest.mark.parametrize("method", ScoresMethod)


def drawn(count: int, gap: float, seed: int = 1) -> Scores:
    """Scores of canaries that were in by fair coins, `gap` deviations above the others."""
    draw = random.Random(seed)  # noqa: S311 - the same scores each time
    coins = [draw.random() < 0.5 for _ in range(count)]
    scores = [draw.gauss(gap if coin else 0, 1) for coin in coins]
    both = list(zip(scores, coins, strict=True))
    return Scores(
        tuple(score for score, coin in both if coin), tuple(score for score, coin in both if not coin)
    )


def audited(scores: Scores, epsilon: float | Fraction, **terms: object) -> AuditResult:
    claim = AuditClaim(Fraction(epsilon), DELTA)
    return audit_scores(scores, ScoresSubject("model", claim), replace(ScoresTerms(), **terms))  # type: ignore[arg-type]  # its own fields


@EVERY_METHOD
def test_a_model_that_gives_its_canaries_away_is_refuted(method: ScoresMethod) -> None:
    result = audited(drawn(600, 4), 1, method=method)
    assert result.outcome is AuditOutcome.REFUTED
    assert result.lower > 1


@EVERY_METHOD
def test_scores_that_tell_nothing_refute_nothing(method: ScoresMethod) -> None:
    result = audited(drawn(600, 0), 1, method=method)
    assert result.outcome is AuditOutcome.NOTHING_FOUND
    assert result.lower < Fraction(1, 2)


@EVERY_METHOD
def test_the_bound_is_at_most_what_so_many_canaries_can_refute(method: ScoresMethod) -> None:
    result = audited(drawn(200, 50), Fraction(1, 2), method=method)
    assert 1 < result.lower <= Fraction(dict(result.measures)["highestEpsilon"])


@EVERY_METHOD
def test_a_claim_that_no_attack_on_so_many_could_refute_could_not_be_tried(method: ScoresMethod) -> None:
    result = audited(drawn(100, 50), 8, method=method)
    assert result.outcome is AuditOutcome.COULD_NOT_RUN
    assert "use more canaries" in result.reason
    assert result.lower == 0


@EVERY_METHOD
def test_what_would_have_been_found_is_above_the_claim(method: ScoresMethod) -> None:
    result = audited(drawn(600, 0), 1, method=method)
    assert result.power is not None
    assert result.power.probability == POWER
    assert result.power.epsilon > 1


def test_more_canaries_find_smaller_leaks() -> None:
    few, many = (audited(drawn(count, 0), Fraction(1, 2)).power for count in (200, 5000))
    assert few is not None
    assert many is not None
    assert many.epsilon < few.epsilon


def test_a_number_of_guesses_that_was_chosen_before_needs_no_share_of_alpha() -> None:
    scores = drawn(400, 50)
    assert audited(scores, 1, guesses=400).lower > audited(scores, 1).lower


def test_a_smaller_alpha_refutes_less() -> None:
    scores = drawn(400, 2)
    assert audited(scores, 1, alpha=Fraction(1, 1000)).lower < audited(scores, 1).lower


def test_the_same_scores_give_the_same_result() -> None:
    for method in ScoresMethod:
        first, second = (audited(drawn(300, 2), 1, method=method) for _ in range(2))
        assert first == second


def test_the_order_of_scores_does_not_matter_to_guesses() -> None:
    scores = drawn(300, 1)
    turned = Scores(scores.inside[::-1], scores.outside[::-1])
    assert audited(scores, 1) == audited(turned, 1)


def test_equal_scores_are_not_told_apart_by_their_order() -> None:
    """An attack of two scores that says nothing, in a file that lists members first."""
    draw = random.Random(3)  # noqa: S311 - the same scores each time
    both = [tuple(float(draw.random() < 0.5) for _ in range(300)) for _ in range(2)]
    assert audited(Scores(*both), Fraction(1, 10)).outcome is AuditOutcome.NOTHING_FOUND


@pytest.mark.parametrize(
    ("scores", "reason"),
    [
        (Scores((), (1.0, 2.0)), "every canary was out"),
        (Scores((1.0, 2.0), ()), "every canary was in"),
        (Scores((0.5,) * 50, (0.5,) * 50), "every score is 0.5"),
        (Scores(tuple(map(float, range(300))), tuple(map(float, range(700)))), "fair coins do not give"),
    ],
)
def test_scores_that_cannot_be_judged_say_why(scores: Scores, reason: str) -> None:
    result = audited(scores, 1)
    assert result.outcome is AuditOutcome.COULD_NOT_RUN
    assert reason in result.reason


def test_unequal_sides_are_fine_where_each_score_has_its_own_training() -> None:
    scores = Scores(tuple(map(float, range(1000, 1300))), tuple(map(float, range(700))))
    assert audited(scores, 1, method=ScoresMethod.CLOPPER_PEARSON).outcome is AuditOutcome.REFUTED


def test_more_guesses_than_canaries_cannot_be_made() -> None:
    assert "101 guesses are more than" in audited(drawn(100, 0), 1, guesses=101).reason


def test_canaries_that_were_left_out_in_another_way_do_not_test_the_claim() -> None:
    claim = AuditClaim(Fraction(1), DELTA, Neighbouring.REPLACE_ONE)
    result = audit_scores(drawn(300, 9), ScoresSubject("model", claim), ScoresTerms())
    assert result.outcome is AuditOutcome.COULD_NOT_RUN
    assert "the claim is about replace-one" in result.reason
    again = audit_scores(
        drawn(300, 9), ScoresSubject("model", claim), ScoresTerms(neighbouring=Neighbouring.REPLACE_ONE)
    )
    assert again.outcome is AuditOutcome.REFUTED


def test_a_result_says_what_it_is_bound_to_and_under_which_relation() -> None:
    claim = AuditClaim(Fraction(1), DELTA)
    result = audit_scores(drawn(300, 9), ScoresSubject("model", claim, "ab" * 32), ScoresTerms())
    assert result.digest == "ab" * 32
    assert result.claim.neighbouring is Neighbouring.ADD_REMOVE


def randomised_response(count: int, rate: float, seed: int) -> Scores:
    """The worst that a training of ε = ln(rate / (1 - rate)) can do: each score is a coin told by it."""
    draw = random.Random(seed)  # noqa: S311 - the same scores each time
    coins = [draw.random() < 0.5 for _ in range(count)]
    told = [(coin if draw.random() < rate else not coin, coin) for coin in coins]
    return Scores(
        tuple(float(score) for score, coin in told if coin),
        tuple(float(score) for score, coin in told if not coin),
    )


RATE, SPENT = 0.731058, Fraction("0.99999")
"""Randomised response that tells the truth at this rate spends ε = 1, and a little less is claimed."""


def test_a_training_that_spends_its_whole_claim_is_rarely_refuted() -> None:
    """At α = 0.05, of 200 such trainings 18 may be at most (more: a chance below 0.6 %)."""
    results = [audited(randomised_response(200, RATE, seed), SPENT) for seed in range(200)]
    assert sum(result.outcome is AuditOutcome.REFUTED for result in results) <= 18


def test_trainings_whose_scores_are_apart_are_rarely_refuted() -> None:
    """The same of the thresholds that Clopper-Pearson tries, on scores that are noisy votes for the truth."""
    refuted = 0
    for seed in range(200):
        scores = randomised_response(200, RATE, seed)
        draw = random.Random(seed)  # noqa: S311 - the same scores each time
        inside, outside = (
            [score + draw.random() for score in side] for side in (scores.inside, scores.outside)
        )
        refuted += best_bound(inside, outside, 0.0, 0.05).epsilon > SPENT
    assert refuted <= 18


def test_a_leak_that_would_have_been_found_is_found() -> None:
    """The power that is printed, tried: at least 85 of 100 trainings of that leak are refuted."""
    power = audited(randomised_response(400, 0.5, 0), 1).power
    assert power is not None
    leak = 2.718281828 ** float(power.epsilon)
    results = [audited(randomised_response(400, leak / (1 + leak), seed), 1) for seed in range(100)]
    assert sum(result.outcome is AuditOutcome.REFUTED for result in results) >= 85


def test_the_joint_posterior_is_told_and_refutes_nothing() -> None:
    result = audited(drawn(600, 0), 1, method=ScoresMethod.CLOPPER_PEARSON)
    low, high = map(float, dict(result.measures)["jointBeta"].strip("[]").split(","))
    assert 0 <= low < high
    strong = audited(drawn(600, 50), 1, method=ScoresMethod.CLOPPER_PEARSON)
    assert float(dict(strong.measures)["jointBeta"].strip("[]").split(",")[0]) > 3
    assert "jointBeta" not in dict(audited(drawn(600, 50), 1).measures)


def test_one_score_of_a_side_is_too_few_to_refute_anything() -> None:
    result = audited(Scores((1.0,), (0.0,)), 0, method=ScoresMethod.CLOPPER_PEARSON)
    assert result.outcome is AuditOutcome.COULD_NOT_RUN
