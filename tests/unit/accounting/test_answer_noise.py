"""The noise of one answer costs what is said, and covers whatever one unit can change."""

from __future__ import annotations

import math
from decimal import Decimal
from fractions import Fraction
from itertools import product

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gatecli.accounting.account import account
from gatecli.accounting.answer_noise import (
    LARGEST,
    WIDEST,
    GridChange,
    GridNoise,
    change_of,
    change_of_scores,
    grid_noise,
    noise_for,
    variance,
)
from gatecli.accounting.interface import NoBound, Question
from gatecli.errors import UsageError
from gatecli.model.budget import Neighbouring
from gatecli.model.mechanism import DiscreteGaussian, DiscreteLaplace
from gatecli.model.private_endpoint import AnswerNoise, NoisyScores
from gatecli.serving.answer_values import ScoreGrid
from gatecli.serving.noisy_parts import draw_of
from tests.support.examples import share
from tests.support.served_endpoints import endpoint

EPSILONS = st.fractions(Fraction(1, 20), 5, max_denominator=1000)
DELTAS = st.sampled_from((0, "1e-9", "1e-6", "1e-3"))
NUMBERS = st.fractions(-1000, 1000, max_denominator=97)
STEPS = st.fractions(Fraction(1, 200), 700, max_denominator=301).filter(bool)


def noise(epsilon: Fraction | str = "1", delta: Fraction | str | int = 0, kind: str = "auto") -> AnswerNoise:
    return AnswerNoise.model_validate({"epsilon": str(epsilon), "delta": str(delta), "kind": kind})


def cost_of(found: GridNoise) -> Fraction:
    """The accountant's own bound on what is drawn, at the delta that is said."""
    bounds = account(Question((found.mechanism,), found.budget.delta, Neighbouring.ADD_REMOVE))
    assert not isinstance(bounds, NoBound)
    assert bounds.upper is not None
    return bounds.upper


@settings(max_examples=share(20))
@given(EPSILONS, DELTAS, st.sampled_from(("auto", "laplace")), st.integers(1, 5), st.integers(1, 2000))
def test_an_answer_costs_no_more_than_is_said(
    epsilon: Fraction, delta: str, kind: str, cells: int, most: int
) -> None:
    found = noise_for(GridChange(cells, most, Fraction(1), cells), noise(epsilon, delta, kind))
    assert cost_of(found) <= found.budget.epsilon <= epsilon
    assert found.budget.delta <= Fraction(delta)


@pytest.mark.parametrize(("cells", "most"), [(1, 1), (2, 1), (1, 1024), (7, 300)])
def test_gaussian_noise_costs_no_more_than_is_said(cells: int, most: int) -> None:
    found = noise_for(GridChange(cells, most, Fraction(1), cells), noise("0.7", "1e-6", "gaussian"))
    assert isinstance(found.mechanism, DiscreteGaussian)
    assert Fraction(69, 100) < cost_of(found) <= Fraction(7, 10)


@given(NUMBERS, NUMBERS, STEPS, st.data())
def test_no_two_answers_are_further_apart_than_the_sensitivity(
    one: Fraction, other: Fraction, step: Fraction, data: st.DataObject
) -> None:
    low, high = sorted((one, other))
    change = change_of_scores(1, low, high + (low == high), step)
    grid = ScoreGrid(1, low, step, change.most)
    score = st.one_of(
        st.decimals(allow_nan=True, allow_infinity=True),
        st.fractions(low, high, max_denominator=10**6).map(lambda x: Decimal(x.numerator) / x.denominator),
    )
    first, second = grid.steps_of(data.draw(score)), grid.steps_of(data.draw(score))
    assert abs(first - second) <= change.most


@given(NUMBERS, st.fractions(Fraction(1, 7), 500, max_denominator=97), STEPS)
def test_a_score_between_the_ends_is_rounded_to_the_nearest_step(
    low: Fraction, width: Fraction, step: Fraction
) -> None:
    change = change_of_scores(1, low, low + width, step)
    grid = ScoreGrid(1, low, step, change.most)
    score = Decimal((low + width / 3).numerator) / (low + width / 3).denominator
    shown = low + step * grid.steps_of(score)
    assert abs(shown - Fraction(score)) <= step / 2 + Fraction(1, 10**20)


def test_the_ends_of_an_odd_grid_are_within_the_sensitivity() -> None:
    scores = NoisyScores.model_validate({"low": "1/3", "high": "1", "step": "3/7"})
    change = change_of_scores(1, scores.low, scores.high, scores.step)
    grid = ScoreGrid(1, scores.low, scores.step, change.most)
    assert change.most == 2
    assert [grid.steps_of(Decimal(each)) for each in ("-inf", "0.5", "0.99", "inf")] == [0, 0, 2, 2]


@pytest.mark.parametrize("models", [2, 3])
def test_a_vote_that_moves_changes_no_more_than_two_counts_by_one(models: int) -> None:
    classes = 3
    change = change_of(endpoint(**VOTES))
    answers = [None, *range(classes)]
    for votes in product(answers, repeat=models):
        for other in answers:
            before, after = _counts(votes, classes), _counts((other, *votes[1:]), classes)
            moved = [abs(a - b) for a, b in zip(before, after, strict=True)]
            assert max(moved) <= change.most
            assert sum(moved) <= change.cells * change.most
            assert sum(each * each for each in moved) <= change.cells * change.most**2


def _counts(votes: tuple[int | None, ...], classes: int) -> list[int]:
    return [sum(vote == each for vote in votes) for each in range(classes)]


VOTES = {
    "mode": "votes",
    "attestation": None,
    "model": None,
    "upstream": {},
    "noise": {"epsilon": 1},
    "votes": {
        "models": [{"url": f"http://127.0.0.1:{port}/", "dataset": f"part-{port}"} for port in (1, 2)],
        "classes": ["a", "b", "c"],
    },
}


def test_a_unit_of_a_stream_adds_up_to_what_counts_of_it() -> None:
    counted = {"classes": [0, 1], "unit": "/person", "perUnit": 3}
    spec = endpoint(mode="aggregates", attestation=None, model=None, noise={"epsilon": 1}, aggregates=counted)
    found = grid_noise(spec)
    assert found.change == GridChange(1, 3, Fraction(1), 2)
    assert found.mechanism == DiscreteLaplace(sensitivity=3, scale=Fraction(3), count=1)


@given(st.fractions(Fraction(1, 3), 60, max_denominator=100))
def test_the_variance_of_laplace_noise_is_its_sum(scale: Fraction) -> None:
    q = math.exp(-1 / float(scale))
    whole = (1 - q) / (1 + q)
    exact = math.fsum(2 * whole * q**x * x * x for x in range(1, int(60 * float(scale)) + 60))
    mechanism = DiscreteLaplace(sensitivity=1, scale=scale, count=1)
    assert variance(mechanism) == pytest.approx(exact, rel=1e-9)


def test_the_kind_with_less_noise_is_taken_and_a_delta_that_is_not_spent_is_none() -> None:
    one = noise_for(GridChange(1, 1024, Fraction(1), 1), noise("1", "1e-6"))
    many = noise_for(GridChange(50, 1, Fraction(1), 50), noise("1", "1e-6"))
    assert isinstance(one.mechanism, DiscreteLaplace)
    assert one.budget.delta == 0
    assert isinstance(many.mechanism, DiscreteGaussian)
    assert many.budget.delta == Fraction(1, 10**6)


def test_gaussian_noise_without_a_delta_is_refused() -> None:
    with pytest.raises(UsageError, match="delta above 0"):
        noise_for(GridChange(1, 1, Fraction(1), 1), noise(kind="gaussian"))


def test_a_grid_that_is_too_fine_is_refused() -> None:
    with pytest.raises(UsageError, match="too fine"):
        change_of_scores(1, Fraction(0), Fraction(1), Fraction(1, LARGEST + 1))


def test_noise_that_would_be_cut_off_is_refused() -> None:
    """A draw beyond 64 bits is cut off before the number is added, which would show the number."""
    change = change_of_scores(10_000, Fraction(0), Fraction(1), Fraction(1, LARGEST))
    with pytest.raises(UsageError, match="wider than what is drawn exactly"):
        noise_for(change, noise("0.001"))
    widest = noise_for(GridChange(1, 1, Fraction(1), 1), noise(Fraction(1, WIDEST // 2)))
    assert isinstance(widest.mechanism, DiscreteLaplace)
    assert widest.mechanism.scale * 64 < 1 << 63


def test_a_unit_that_changes_more_than_a_mechanism_says_is_refused() -> None:
    with pytest.raises(UsageError, match="1000000000001"):
        noise_for(GridChange(1, LARGEST + 1, Fraction(1), 1), noise())


def test_scores_that_no_float_holds_are_refused() -> None:
    with pytest.raises(UsageError, match="floating-point"):
        change_of_scores(1, Fraction(0), Fraction(10**400), Fraction(10**399))


def test_a_mode_without_noise_has_none() -> None:
    with pytest.raises(UsageError, match="adds no noise"):
        grid_noise(endpoint())


@pytest.mark.parametrize("kind", ["laplace", "gaussian"])
def test_what_is_drawn_is_as_wide_as_what_is_accounted(kind: str) -> None:
    """Of 4,000 draws the variance is right within a fifth, which six deviations of it do not reach."""
    found = noise_for(GridChange(2, 8, Fraction(1), 4), noise("1", "1e-6", kind))
    drawn = draw_of(found)([0] * 4000)
    assert sum(each * each for each in drawn) / 4000 == pytest.approx(variance(found.mechanism), rel=0.2)
