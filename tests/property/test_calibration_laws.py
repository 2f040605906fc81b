"""Laws of calibration and allocation, over the analytic accountant and over the real one."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction
from typing import Literal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gatecli.accounting.account import account
from gatecli.accounting.allocation import Allocation, Method, NoiseKind, QueryStep, allocate
from gatecli.accounting.calibration import Account, Calibration, Unreachable, calibrate, rounded_up
from gatecli.accounting.interface import NoBound, Question
from gatecli.model.budget import Bounds, Budget, Neighbouring
from gatecli.model.mechanism import DpFtrl, DpSgd, Gaussian, Laplace, Mechanism
from tests.support.accountants import analytic
from tests.support.examples import share

DELTA = Fraction(1, 10**5)
METHODS: tuple[Method, ...] = ("weights", "sensitivity", "variance")
KINDS: tuple[NoiseKind, ...] = ("laplace", "discrete-laplace", "gaussian", "discrete-gaussian")

positive = st.fractions(Fraction(1, 1000), Fraction(1000), max_denominator=1000)
epsilons = st.fractions(Fraction(1, 100), Fraction(50), max_denominator=100)


@st.composite
def noisy(draw: st.DrawFn) -> Mechanism:
    """A mechanism with one noise parameter; built here, as files and Python name its fields apart."""
    noise, count = draw(positive), draw(st.integers(1, 100))
    match draw(st.sampled_from([Laplace, Gaussian, DpSgd])):
        case kind if kind is Laplace:
            return Laplace(scale=noise, count=count)
        case kind if kind is Gaussian:
            return Gaussian(noise_multiplier=noise, count=count)
        case _:
            runs = draw(st.integers(1, 10**6))
            return DpSgd(noise_multiplier=noise, sampling_rate=Fraction(1, 100), steps=runs)


steps = st.lists(
    st.tuples(
        st.sampled_from(KINDS), st.integers(1, 1000), st.fractions("0.001", 1000), st.integers(1, 10**4)
    ),
    min_size=1,
    max_size=6,
)


def cost(accountant: Account, mechanisms: tuple[Mechanism, ...], delta: Fraction = DELTA) -> Fraction:
    answer = accountant(Question(mechanisms, delta, Neighbouring.ADD_REMOVE))
    assert isinstance(answer, Bounds)
    assert answer.upper is not None
    return answer.upper


def with_noise(mechanism: Mechanism, factor: Fraction) -> Mechanism:
    field = "scale" if isinstance(mechanism, Laplace) else "noise_multiplier"
    return mechanism.model_copy(update={field: getattr(mechanism, field) * factor})


def planned(drawn: list[tuple[NoiseKind, int, Fraction, int]], *, weighted: bool) -> tuple[QueryStep, ...]:
    return tuple(
        QueryStep(f"step {index}", kind, Fraction(sensitivity), weight if weighted else Fraction(1), count)
        for index, (kind, sensitivity, weight, count) in enumerate(drawn)
    )


@given(noisy(), epsilons)
def test_calibrated_noise_meets_the_target_and_one_percent_less_does_not(
    mechanism: Mechanism, epsilon: Fraction
) -> None:
    asked = Question((mechanism,), DELTA, Neighbouring.ADD_REMOVE)
    result = calibrate(asked, Budget(epsilon, DELTA), "noise", analytic)
    assert isinstance(result, Calibration)
    assert cost(analytic, result.mechanisms) <= epsilon
    assert cost(analytic, (with_noise(result.mechanisms[0], Fraction(99, 100)),)) > epsilon


@given(st.lists(noisy(), min_size=2, max_size=4), epsilons)
def test_a_common_factor_meets_the_target_and_one_percent_less_does_not(
    mechanisms: list[Mechanism], epsilon: Fraction
) -> None:
    asked = Question(tuple(mechanisms), DELTA, Neighbouring.ADD_REMOVE)
    result = calibrate(asked, Budget(epsilon, DELTA), "noise", analytic)
    assert isinstance(result, Calibration)
    assert cost(analytic, result.mechanisms) <= epsilon
    less = tuple(with_noise(one, Fraction(99, 100)) for one in result.mechanisms)
    assert cost(analytic, less) > epsilon


@given(noisy(), epsilons)
def test_calibrated_steps_meet_the_target_and_one_more_does_not(
    mechanism: Mechanism, epsilon: Fraction
) -> None:
    asked = Question((mechanism,), DELTA, Neighbouring.ADD_REMOVE)
    result = calibrate(asked, Budget(epsilon, DELTA), "steps", analytic)
    if isinstance(result, Unreachable):
        assert "even" in result.reasons[0]
        return
    assert cost(analytic, result.mechanisms) <= epsilon
    more = result.mechanisms[0].model_copy(update={result.parameter: int(result.value) + 1})
    assert cost(analytic, (more,)) > epsilon


@given(noisy(), epsilons)
def test_the_noise_first_declared_does_not_change_what_is_found(
    mechanism: Mechanism, epsilon: Fraction
) -> None:
    found = [
        calibrate(
            Question((with_noise(mechanism, factor),), DELTA, Neighbouring.ADD_REMOVE),
            Budget(epsilon, DELTA),
            "noise",
            analytic,
        )
        for factor in (Fraction(1), Fraction(37))
    ]
    assert found[0] == found[1]


@given(positive, st.integers(1, 1000), epsilons)
def test_laplace_noise_scales_with_sensitivity(sensitivity: Fraction, count: int, epsilon: Fraction) -> None:
    mechanism = Laplace(sensitivity=sensitivity, scale=Fraction(1), count=count)
    asked = Question((mechanism,), Fraction(0), Neighbouring.ADD_REMOVE)
    result = calibrate(asked, Budget(epsilon, Fraction(0)), "noise", analytic)
    assert isinstance(result, Calibration)
    assert result.value == rounded_up(sensitivity * count / epsilon, 4)


@pytest.mark.parametrize("method", METHODS)
@given(drawn=steps, epsilon=epsilons)
@settings(max_examples=share(40))
def test_shares_never_exceed_the_total_and_spend_nearly_all_of_it(
    method: Method, drawn: list[tuple[NoiseKind, int, Fraction, int]], epsilon: Fraction
) -> None:
    plan = planned(drawn, weighted=method != "sensitivity")
    result = allocate(Budget(epsilon, DELTA), plan, method, analytic)
    assert isinstance(result, Allocation)
    spent = sum((row.spent for row in result.rows), Fraction(0))
    assert result.available * Fraction("0.9999") <= spent <= result.available
    assert cost(analytic, result.mechanisms) <= epsilon


@pytest.mark.parametrize("method", METHODS)
@given(drawn=steps, factor=st.sampled_from([Fraction(10), Fraction(1000)]))
@settings(max_examples=share(40))
def test_a_common_factor_on_all_sensitivities_is_a_factor_on_all_noise(
    method: Method, drawn: list[tuple[NoiseKind, int, Fraction, int]], factor: Fraction
) -> None:
    plan = planned(drawn, weighted=method != "sensitivity")
    scaled = tuple(replace(step, sensitivity=step.sensitivity * factor) for step in plan)
    total = Budget(Fraction(1), DELTA)
    first, second = (allocate(total, steps, method, analytic) for steps in (plan, scaled))
    assert isinstance(first, Allocation)
    assert isinstance(second, Allocation)
    for one, other in zip(first.rows, second.rows, strict=True):
        assert float(other.variance) == pytest.approx(float(one.variance * factor**2), rel=1e-4)


@given(drawn=steps, factor=positive)
@settings(max_examples=share(40))
def test_a_common_factor_on_all_weights_changes_nothing(
    drawn: list[tuple[NoiseKind, int, Fraction, int]], factor: Fraction
) -> None:
    plan = planned(drawn, weighted=True)
    scaled = tuple(replace(step, weight=step.weight * factor) for step in plan)
    total = Budget(Fraction(1), DELTA)
    assert allocate(total, plan, "weights", analytic) == allocate(total, scaled, "weights", analytic)


REAL: tuple[Mechanism, ...] = (
    Gaussian(noise_multiplier=Fraction(1)),
    Laplace(scale=Fraction(1), count=30),
    DpSgd(noise_multiplier=Fraction("1.1"), sampling_rate=Fraction("0.00426667"), steps=14040),
)


@pytest.mark.parametrize("mechanism", REAL, ids=lambda one: one.kind)
def test_the_gate_verifies_calibrated_noise_and_not_one_percent_less(mechanism: Mechanism) -> None:
    asked = Question((mechanism,), DELTA, Neighbouring.ADD_REMOVE)
    result = calibrate(asked, Budget(Fraction(1), DELTA), "noise", account)
    assert isinstance(result, Calibration)
    assert cost(account, result.mechanisms) <= 1
    assert cost(account, (with_noise(result.mechanisms[0], Fraction(99, 100)),)) > 1


@pytest.mark.parametrize("mechanism", REAL, ids=lambda one: one.kind)
def test_the_gate_verifies_calibrated_steps_and_not_one_more(mechanism: Mechanism) -> None:
    asked = Question((mechanism,), DELTA, Neighbouring.ADD_REMOVE)
    result = calibrate(asked, Budget(Fraction(6), DELTA), "steps", account)
    assert isinstance(result, Calibration)
    assert result.tight
    assert cost(account, result.mechanisms) <= 6
    more = result.mechanisms[0].model_copy(update={result.parameter: int(result.value) + 1})
    assert cost(account, (more,)) > 6


@pytest.mark.parametrize("mechanism", REAL, ids=lambda one: one.kind)
@pytest.mark.parametrize(("parameter", "epsilon"), [("noise", 1), ("steps", 6)])
def test_the_real_accountant_is_asked_at_most_eight_times(
    mechanism: Mechanism, parameter: Literal["noise", "steps"], epsilon: int
) -> None:
    asked: list[Question] = []

    def counting(question: Question) -> Bounds | NoBound:
        asked.append(question)
        return account(question)

    question = Question((mechanism,), DELTA, Neighbouring.ADD_REMOVE)
    calibrate(question, Budget(Fraction(epsilon), DELTA), parameter, counting)
    assert len(asked) <= 8


def test_tree_aggregation_is_calibrated_under_a_relation_it_has() -> None:
    tree = DpFtrl(noise_multiplier=Fraction(1), step_counts=(100, 200))
    asked = Question((tree,), DELTA, Neighbouring.ZERO_OUT)
    result = calibrate(asked, Budget(Fraction(2), DELTA), "noise", account)
    assert isinstance(result, Calibration)
    assert result.bounds.upper is not None
    assert Fraction("1.99") < result.bounds.upper <= 2


def test_group_privacy_needs_more_noise() -> None:
    alone, group = (
        calibrate(
            Question((REAL[0],), DELTA, Neighbouring.ADD_REMOVE, group=size),
            Budget(Fraction(1), DELTA),
            "noise",
            account,
        )
        for size in (1, 3)
    )
    assert isinstance(alone, Calibration)
    assert isinstance(group, Calibration)
    assert float(group.value / alone.value) == pytest.approx(3, rel=1e-3)


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("neighbouring", list(Neighbouring))
def test_the_gate_verifies_an_allocation(method: Method, neighbouring: Neighbouring) -> None:
    plan = (
        QueryStep("a", "gaussian"),
        QueryStep("b", "laplace", Fraction(8)),
        QueryStep("c", "discrete-gaussian", count=3),
    )
    result = allocate(Budget(Fraction(1), DELTA), plan, method, account, neighbouring=neighbouring)
    assert isinstance(result, Allocation)
    assert result.bounds.upper is not None
    assert 0 < result.bounds.upper <= 1


def test_calibrating_an_allocation_spends_the_rest_and_keeps_its_proportions() -> None:
    plan = (QueryStep("a", "gaussian"), QueryStep("b", "gaussian", Fraction(8)))
    total = Budget(Fraction(1), DELTA)
    split = allocate(total, plan, "variance", account)
    assert isinstance(split, Allocation)
    asked = Question(split.mechanisms, DELTA, Neighbouring.ADD_REMOVE)
    result = calibrate(asked, total, "noise", account)
    assert isinstance(result, Calibration)
    assert result.value < 1
    assert result.bounds.upper is not None
    assert result.bounds.upper > Fraction("0.995")
