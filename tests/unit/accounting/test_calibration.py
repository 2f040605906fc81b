from __future__ import annotations

from fractions import Fraction
from typing import Literal

import pytest

from gatecli.accounting.calibration import Calibration, Unreachable, calibrate, rounded_up
from gatecli.accounting.interface import NoBound, Question
from gatecli.model.budget import Bounds, Budget, Neighbouring
from gatecli.model.mechanism import (
    Approximate,
    Composed,
    DiscreteLaplace,
    DpFtrl,
    DpSgd,
    Gaussian,
    Laplace,
    Mechanism,
    Parallel,
    Pure,
    Sampling,
    Subsampled,
)
from tests.support.accountants import Counting, analytic

TARGET = Budget(Fraction(1), Fraction(1, 10**5))
PURE_TARGET = Budget(Fraction(1), Fraction(0))
SGD = DpSgd(noise_multiplier=Fraction("1.1"), sampling_rate=Fraction(1, 100), steps=1000)


def question(*mechanisms: Mechanism) -> Question:
    return Question(mechanisms, Fraction(1, 2), Neighbouring.ADD_REMOVE)


def found(
    *mechanisms: Mechanism, parameter: Literal["noise", "steps"] = "noise", target: Budget = TARGET
) -> Calibration:
    result = calibrate(question(*mechanisms), target, parameter, analytic)
    assert isinstance(result, Calibration), result
    return result


def refused(
    *mechanisms: Mechanism, parameter: Literal["noise", "steps"] = "noise", target: Budget = TARGET
) -> str:
    result = calibrate(question(*mechanisms), target, parameter, analytic)
    assert isinstance(result, Unreachable), result
    return " ".join(result.reasons)


def test_a_laplace_scale_is_found_exactly() -> None:
    result = found(Laplace(scale=Fraction(3), sensitivity=Fraction(5)), target=PURE_TARGET)
    assert (result.parameter, result.value) == ("scale", Fraction(5))


def test_the_returned_mechanisms_hold_the_value() -> None:
    result = found(Laplace(scale=Fraction(3), sensitivity=Fraction(5)), target=PURE_TARGET)
    assert result.mechanisms == (Laplace(scale=Fraction(5), sensitivity=Fraction(5)),)


@pytest.mark.parametrize(
    ("mechanism", "key"),
    [
        (SGD, "noiseMultiplier"),
        (Gaussian(noise_multiplier=Fraction(1)), "noiseMultiplier"),
        (Gaussian(standard_deviation=Fraction(7), sensitivity=Fraction(2)), "standardDeviation"),
        (DiscreteLaplace(scale=Fraction(9)), "scale"),
    ],
)
def test_one_noise_is_named_by_its_key_in_the_file(mechanism: Mechanism, key: str) -> None:
    assert found(mechanism).parameter == key


def test_the_bounds_are_those_of_the_returned_mechanisms_at_the_target_delta() -> None:
    result = found(SGD)
    assert result.bounds == analytic(Question(result.mechanisms, TARGET.delta, Neighbouring.ADD_REMOVE))


def test_a_declared_noise_above_the_need_is_lowered() -> None:
    assert found(Gaussian(noise_multiplier=Fraction(500))).value < 10


def test_noise_is_written_with_four_digits() -> None:
    value = found(SGD).value
    assert rounded_up(value, 4) == value


def test_several_noises_are_multiplied_by_one_factor() -> None:
    result = found(
        Laplace(scale=Fraction(1)), Laplace(scale=Fraction(3), sensitivity=Fraction(2)), target=PURE_TARGET
    )
    assert (result.parameter, result.value) == ("noise factor", Fraction("1.667"))
    assert [getattr(one, "scale", None) for one in result.mechanisms] == [
        Fraction("1.667"),
        Fraction("5.001"),
    ]


def test_a_nested_noise_is_found() -> None:
    result = found(Composed(mechanisms=(Laplace(scale=Fraction(1)),), count=4), target=PURE_TARGET)
    assert result.mechanisms == (Composed(mechanisms=(Laplace(scale=Fraction(4)),), count=4),)


def inner_scale(mechanism: Mechanism) -> Fraction:
    match mechanism:
        case Parallel():
            return inner_scale(mechanism.partitions[0])
        case Subsampled():
            return inner_scale(mechanism.mechanism)
        case Laplace():
            return mechanism.scale
        case _:
            raise AssertionError(mechanism)


@pytest.mark.parametrize(
    "mechanism",
    [
        Parallel(partitions=(Laplace(scale=Fraction(5)), Pure(epsilon=Fraction(1)))),
        Subsampled(sampling_rate=Fraction(1, 2), mechanism=Laplace(scale=Fraction(5))),
    ],
)
def test_noise_inside_any_container_is_scaled(mechanism: Mechanism) -> None:
    def account(asked: Question) -> Bounds:
        cost = 8 / inner_scale(asked.mechanisms[0])
        return Bounds(asked.delta, asked.neighbouring, cost, Fraction(0), "test")

    result = calibrate(question(mechanism), TARGET, "noise", account)
    assert isinstance(result, Calibration)
    assert inner_scale(result.mechanisms[0]) == 8


def test_mechanisms_without_noise_stay_as_they_are() -> None:
    fixed = Pure(epsilon=Fraction(1, 2))
    result = found(fixed, Laplace(scale=Fraction(1)), target=PURE_TARGET)
    assert result.mechanisms == (fixed, Laplace(scale=Fraction(2)))


def test_the_most_steps_of_a_dp_sgd_run_are_found() -> None:
    result = found(SGD, parameter="steps")
    assert result.parameter == "steps"
    more = SGD.model_copy(update={"steps": int(result.value) + 1})
    answer = analytic(Question((more,), TARGET.delta, Neighbouring.ADD_REMOVE))
    assert isinstance(answer, Bounds)
    assert answer.upper is not None
    assert answer.upper > TARGET.epsilon


def test_the_count_of_a_single_mechanism_is_found() -> None:
    result = found(Laplace(scale=Fraction(17)), parameter="steps", target=PURE_TARGET)
    assert (result.parameter, result.value) == ("count", Fraction(17))


def test_a_run_beside_other_mechanisms_keeps_them() -> None:
    result = found(SGD, Laplace(scale=Fraction(10)), parameter="steps")
    assert result.mechanisms[1] == Laplace(scale=Fraction(10))


def test_steps_of_two_mechanisms_are_ambiguous() -> None:
    assert "ambiguous" in refused(Laplace(scale=Fraction(1)), Laplace(scale=Fraction(2)), parameter="steps")


def test_steps_of_two_runs_are_ambiguous() -> None:
    assert "ambiguous" in refused(SGD, SGD, parameter="steps")


def test_steps_of_a_shuffled_run_are_refused() -> None:
    shuffled = SGD.model_copy(update={"sampling": Sampling.SHUFFLE, "epochs": 3})
    assert "epochs" in refused(shuffled, parameter="steps")


def test_one_step_that_is_too_dear_is_said_so() -> None:
    sentence = refused(Laplace(scale=Fraction("0.5")), parameter="steps", target=PURE_TARGET)
    assert sentence == "even count 1 costs ε = 2; the target is ε = 1 at δ = 0"


def test_gaussian_noise_at_delta_zero_is_refused_in_a_sentence() -> None:
    assert "needs a delta above 0" in refused(Gaussian(noise_multiplier=Fraction(1)), target=PURE_TARGET)


def test_an_epsilon_of_zero_is_refused() -> None:
    zero = Budget(Fraction(0), Fraction(1, 10**5))
    assert "target ε is 0" in refused(SGD, target=zero)


def test_mechanisms_that_already_spend_the_target_are_named_as_the_reason() -> None:
    sentence = refused(Pure(epsilon=Fraction(2)), Laplace(scale=Fraction(1)), target=PURE_TARGET)
    assert "without this parameter already cost ε = 2" in sentence


def test_mechanisms_without_noise_cannot_be_calibrated() -> None:
    assert "none of the mechanisms has a noise parameter" in refused(Pure(epsilon=Fraction(2)))


def test_an_empty_list_cannot_be_calibrated() -> None:
    assert "none of the mechanisms" in refused()
    assert "ambiguous" in refused(parameter="steps")


def test_what_the_accountant_does_not_know_is_not_reachable() -> None:
    black_box = Approximate(epsilon=Fraction(1, 10), delta=Fraction(1, 10**9))
    assert "knows no such mechanism" in refused(black_box, Laplace(scale=Fraction(1)))


def test_an_accountant_that_gives_up_on_the_rest_is_quoted() -> None:
    def account(asked: Question) -> Bounds | NoBound:
        return analytic(asked) if len(asked.mechanisms) > 1 else NoBound(("no idea",))

    mechanisms = (Pure(epsilon=Fraction(1, 2)), Laplace(scale=Fraction(1)))
    result = calibrate(question(*mechanisms), PURE_TARGET, "noise", account)
    assert result == Unreachable(("no idea",))


def test_an_accountant_without_any_bound_ends_within_the_limit() -> None:
    asked: list[Question] = []

    def account(one: Question) -> Bounds:
        asked.append(one)
        return Bounds(one.delta, one.neighbouring, None, Fraction(0), "test")

    result = calibrate(question(SGD), TARGET, "noise", account, limit=5)
    assert isinstance(result, Unreachable)
    assert len(asked) <= 5


def test_a_search_that_is_cut_short_says_that_it_is_not_tight() -> None:
    result = calibrate(question(SGD), Budget(Fraction(10), TARGET.delta), "noise", analytic, limit=1)
    assert isinstance(result, Calibration)
    assert not result.tight


@pytest.mark.parametrize("parameter", ["noise", "steps"])
@pytest.mark.parametrize("epsilon", ["0.01", "0.5", "1", "3", "50"])
def test_an_ordinary_search_asks_at_most_twelve_times(
    parameter: Literal["noise", "steps"], epsilon: str
) -> None:
    account = Counting()
    calibrate(question(SGD), Budget(Fraction(epsilon), TARGET.delta), parameter, account)
    assert len(account.asked) <= 12


def test_a_sketch_saves_questions_to_the_accountant() -> None:
    account = Counting()
    far = SGD.model_copy(update={"noise_multiplier": Fraction("0.01")})
    result = calibrate(question(far), TARGET, "noise", account, sketch=analytic)
    assert isinstance(result, Calibration)
    assert len(account.asked) == 2


def test_a_sketch_decides_nothing() -> None:
    def wrong(asked: Question) -> Bounds:
        return Bounds(asked.delta, asked.neighbouring, Fraction(0), Fraction(0), "wrong")

    with_sketch = calibrate(question(SGD), TARGET, "noise", analytic, sketch=wrong)
    assert with_sketch == calibrate(question(SGD), TARGET, "noise", analytic)


def test_a_sketch_that_sees_nothing_is_passed_over() -> None:
    def blind(asked: Question) -> NoBound:
        return NoBound(("blind",))

    with_sketch = calibrate(question(SGD), TARGET, "noise", analytic, sketch=blind)
    assert with_sketch == calibrate(question(SGD), TARGET, "noise", analytic)


def test_tree_aggregation_has_a_noise() -> None:
    tree = DpFtrl(noise_multiplier=Fraction(1), step_counts=(8,))

    def account(asked: Question) -> Bounds:
        sigma = getattr(asked.mechanisms[0], "noise_multiplier", Fraction(1))
        return Bounds(asked.delta, asked.neighbouring, 4 / sigma, Fraction(0), "test")

    result = calibrate(question(tree), TARGET, "noise", account)
    assert isinstance(result, Calibration)
    assert (result.parameter, result.value) == ("noiseMultiplier", Fraction(4))


def test_noise_so_far_above_the_need_that_no_end_was_seen_is_not_tight() -> None:
    result = found(Laplace(scale=Fraction(10**15)), target=PURE_TARGET)
    assert not result.tight


def test_the_largest_count_is_the_best_there_is() -> None:
    result = found(Laplace(scale=Fraction(10**13)), parameter="steps", target=PURE_TARGET)
    assert (result.value, result.tight) == (Fraction(10**12), True)
