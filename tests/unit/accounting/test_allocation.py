from __future__ import annotations

from fractions import Fraction

import pytest

from gatecli.accounting.allocation import Allocation, Method, NoiseKind, QueryStep, allocate
from gatecli.accounting.calibration import Unreachable
from gatecli.accounting.interface import NoBound, Question
from gatecli.model.budget import Bounds, Budget, Neighbouring
from gatecli.model.mechanism import DiscreteGaussian, DiscreteLaplace, Gaussian, Laplace
from tests.support.accountants import analytic

PURE = Budget(Fraction(1), Fraction(0))
APPROXIMATE = Budget(Fraction(1), Fraction(1, 10**5))


def step(
    name: str, kind: NoiseKind = "laplace", sensitivity: int = 1, weight: str = "1", count: int = 1
) -> QueryStep:
    return QueryStep(name, kind, Fraction(sensitivity), Fraction(weight), count)


def split(*steps: QueryStep, method: Method = "weights", total: Budget = PURE) -> Allocation:
    result = allocate(total, steps, method, analytic)
    assert isinstance(result, Allocation), result
    return result


def refused(*steps: QueryStep, method: Method = "weights", total: Budget = PURE) -> str:
    result = allocate(total, steps, method, analytic)
    assert isinstance(result, Unreachable), result
    return " ".join(result.reasons)


def noise(result: Allocation) -> list[Fraction]:
    return [
        Fraction(getattr(one, "scale", 0)) or Fraction(getattr(one, "standard_deviation", 0))
        for one in result.mechanisms
    ]


def test_equal_weights_split_epsilon_equally() -> None:
    assert [row.spent for row in split(step("a"), step("b"), step("c")).rows] == [Fraction(1, 3)] * 3


def test_weights_split_epsilon_in_proportion() -> None:
    result = split(step("a", weight="3"), step("b", weight="1"))
    assert noise(result) == [Fraction("1.33334"), 4]


def test_a_share_covers_every_run_of_a_step() -> None:
    rows = split(step("a", count=5), step("b")).rows
    assert rows[0].mechanism == Laplace(name="a", scale=Fraction(10), count=5)


def test_a_split_by_sensitivity_gives_every_answer_the_same_noise() -> None:
    result = split(
        step("a"), step("b", sensitivity=8), step("c", sensitivity=2, count=3), method="sensitivity"
    )
    assert noise(result) == [15, 15, 15]


def test_a_zcdp_split_by_sensitivity_gives_every_answer_the_same_noise() -> None:
    steps = step("a", "gaussian"), step("b", "gaussian", sensitivity=8)
    first, second = noise(split(*steps, method="sensitivity", total=APPROXIMATE))
    assert first == second


def test_least_variance_splits_epsilon_by_the_power_two_thirds() -> None:
    first, second = split(step("a"), step("b", sensitivity=8), method="variance").rows
    assert float(second.spent / first.spent) == pytest.approx(4, rel=1e-4)


def test_least_variance_splits_rho_by_sensitivity() -> None:
    steps = step("a", "gaussian"), step("b", "gaussian", sensitivity=8)
    first, second = split(*steps, method="variance", total=APPROXIMATE).rows
    assert float(second.spent / first.spent) == pytest.approx(8, rel=1e-4)


@pytest.mark.parametrize("kind", ["laplace", "gaussian"])
def test_no_other_method_has_less_variance(kind: NoiseKind) -> None:
    steps = step("a", kind), step("b", kind, sensitivity=9), step("c", kind, sensitivity=2, count=4)
    methods: tuple[Method, ...] = ("variance", "weights", "sensitivity")
    sums = [
        sum(
            row.variance * row.mechanism.count for row in split(*steps, method=method, total=APPROXIMATE).rows
        )
        for method in methods
    ]
    assert sums[0] == min(sums)


def test_laplace_steps_use_basic_composition() -> None:
    assert split(step("a"), step("b", "discrete-laplace")).composition == "basic"


def test_one_gaussian_step_makes_the_composition_zcdp() -> None:
    result = split(step("a"), step("b", "gaussian"), total=APPROXIMATE)
    assert result.composition == "zcdp"


def test_the_variance_of_laplace_noise_is_twice_its_squared_scale() -> None:
    assert split(step("a")).rows[0].variance == 2


def test_each_kind_becomes_its_own_mechanism() -> None:
    kinds: tuple[NoiseKind, ...] = ("laplace", "discrete-laplace", "gaussian", "discrete-gaussian")
    result = split(*(step(kind, kind) for kind in kinds), total=APPROXIMATE)
    assert [type(one) for one in result.mechanisms] == [Laplace, DiscreteLaplace, Gaussian, DiscreteGaussian]


def test_the_accountant_verifies_what_is_returned() -> None:
    result = split(step("a", "gaussian"), step("b", "gaussian", count=9), total=APPROXIMATE)
    asked = Question(result.mechanisms, APPROXIMATE.delta, Neighbouring.ADD_REMOVE)
    assert result.bounds == analytic(asked)


def test_an_accountant_that_finds_more_than_the_total_refuses_the_split() -> None:
    def stern(asked: Question) -> Bounds:
        return Bounds(asked.delta, asked.neighbouring, Fraction(2), Fraction(0), "stern")

    result = allocate(PURE, (step("a"),), "weights", stern)
    assert result == Unreachable(("the accountant stern finds ε = 2, not ε = 1 at δ = 0",))


def test_an_accountant_without_a_finite_bound_refuses_the_split() -> None:
    def lost(asked: Question) -> Bounds:
        return Bounds(asked.delta, asked.neighbouring, None, Fraction(0), "lost")

    assert isinstance(allocate(PURE, (step("a"),), "weights", lost), Unreachable)
    assert isinstance(allocate(APPROXIMATE, (step("a", "gaussian"),), "weights", lost), Unreachable)


def test_an_accountant_that_knows_no_mechanism_is_quoted() -> None:
    result = allocate(PURE, (step("a"),), "weights", lambda _: NoBound(("no idea",)))
    assert result == Unreachable(("no idea",))


def test_a_step_of_weight_zero_is_refused_in_a_sentence() -> None:
    sentence = refused(step("a"), step("b", weight="0"))
    assert sentence == "the step 'b' has weight 0; a step without budget cannot run, so leave it out"


@pytest.mark.parametrize(
    ("bad", "said"),
    [
        (step("b", weight="-1"), "weight -1"),
        (step("b", sensitivity=0), "sensitivity 0; it must be above 0"),
        (step("b", count=0), "count of 0"),
        (step("a"), "two steps have the name 'a'"),
        (QueryStep("b", "discrete-laplace", Fraction(1, 2)), "must be an integer"),
        (step("b", "gaussian"), "Gaussian noise needs a δ above 0"),
    ],
)
def test_a_meaningless_step_is_refused_in_a_sentence(bad: QueryStep, said: str) -> None:
    assert said in refused(step("a"), bad)


def test_weights_that_a_split_by_sensitivity_would_ignore_are_refused() -> None:
    assert "would ignore" in refused(step("a", weight="2"), method="sensitivity")


def test_no_steps_are_refused() -> None:
    assert refused() == "there is no step that could get a budget"


def test_a_total_of_zero_is_refused() -> None:
    assert "the total ε is 0" in refused(step("a"), total=Budget(Fraction(0), Fraction(0)))


@pytest.mark.parametrize("method", ["weights", "variance"])
@pytest.mark.parametrize("kind", ["laplace", "gaussian"])
def test_numbers_beyond_the_range_of_floats_are_split_without_a_crash(
    method: Method, kind: NoiseKind
) -> None:
    huge, tiny = Fraction(10**300), Fraction(1, 10**300)
    steps = QueryStep("a", kind, huge, huge), QueryStep("b", kind, tiny, tiny)
    for epsilon in (Fraction(1), tiny):
        result = split(*steps, method=method, total=Budget(epsilon, APPROXIMATE.delta))
        assert sum(row.spent for row in result.rows) <= result.available
