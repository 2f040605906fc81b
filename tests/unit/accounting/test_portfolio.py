"""What a budget permits each member of the portfolio, and what a release is charged."""

from __future__ import annotations

import math
import subprocess
import sys
from dataclasses import replace
from fractions import Fraction

import dp_accounting
import pytest

from gatecli.accounting.account import account
from gatecli.accounting.interface import NoBound, Question
from gatecli.accounting.portfolio import amounts_of, limits_of
from gatecli.accounting.rdp import poisson_curve
from gatecli.model.budget import Bounds, Budget, Neighbouring
from gatecli.model.ledger import DatasetTerms
from gatecli.model.mechanism import (
    Approximate,
    Composed,
    DpSgd,
    Exponential,
    Gaussian,
    GaussianDp,
    Laplace,
    Mechanism,
    Parallel,
    Pure,
    Renyi,
    RenyiPoint,
    RepeatAndSelect,
    RunSelection,
    Sampling,
    Unaccountable,
    ZeroConcentrated,
)
from gatecli.model.portfolio import (
    DELTA_UNITS,
    MEASURE_UNITS,
    NOTHING,
    Amounts,
    Member,
    holding_members,
    is_admitted,
)
from tests.support.adaptive import exact_gaussian
from tests.support.portfolio_play import charge, dataset

ADD_REMOVE, REPLACE_ONE = Neighbouring.ADD_REMOVE, Neighbouring.REPLACE_ONE
BUDGET = Budget(Fraction(8), Fraction(1, 10**5))
TERMS = dataset(BUDGET, ADD_REMOVE)
RUN = DpSgd(noise_multiplier=Fraction(2), sampling_rate=Fraction(1, 100), steps=2000)


def amounts(*mechanisms: Mechanism, terms: DatasetTerms = TERMS, group: int = 1) -> Amounts | NoBound:
    return amounts_of(Question(mechanisms, Fraction(0), terms.neighbouring, group), terms)


def most_admitted(one: Amounts, limits: Amounts) -> int:
    """How many equal releases fit, one after another."""
    count, held = 0, NOTHING
    while is_admitted(held + one, limits):
        count, held = count + 1, held + one
    return count


def test_limits_are_shares_of_delta_in_whole_units() -> None:
    limits = limits_of(BUDGET)
    assert limits.basic_epsilon == 8 * MEASURE_UNITS
    assert limits.basic_delta == Fraction(7, 16) * 10**13
    assert limits.gdp_delta == Fraction(3, 32) * 10**13
    assert limits.rdp_delta == 10**13 // 32


def test_the_gaussian_limit_is_rounded_down() -> None:
    limits = limits_of(BUDGET)
    share = 1e-5 / 4
    assert exact_gaussian(math.sqrt(limits.gdp_mu_squared / MEASURE_UNITS), 8.0) <= share
    assert exact_gaussian(math.sqrt(limits.gdp_mu_squared * (1 + 1e-6) / MEASURE_UNITS), 8.0) > share


@pytest.mark.parametrize(
    ("epsilon", "best"), [("8", Member.RDP_4), ("3", Member.RDP_8), ("1", Member.RDP_32)]
)
def test_the_order_that_permits_most_gaussians_has_the_largest_share(epsilon: str, best: Member) -> None:
    budget = Budget(Fraction(epsilon), Fraction(1, 10**5))
    limits = limits_of(budget)
    more = limits_of(Budget(budget.epsilon, budget.delta * 9))
    order = {Member.RDP_4: 4, Member.RDP_8: 8, Member.RDP_16: 16, Member.RDP_32: 32}[best]
    given = float(epsilon) - math.log1p(-1 / order) + (math.log(9e-5 / 64) + math.log(order)) / (order - 1)
    assert getattr(limits, best.value.replace("-", "_")) == pytest.approx(given * MEASURE_UNITS, rel=1e-6)
    assert more != limits


def test_an_order_that_cannot_meet_the_budget_permits_nothing() -> None:
    assert limits_of(Budget(Fraction(1), Fraction(1, 10**5))).rdp_4 == 0


def test_a_budget_without_delta_has_the_basic_member_alone() -> None:
    limits = limits_of(Budget(Fraction(3, 2), Fraction(0)))
    assert limits == Amounts(basic_epsilon=3 * MEASURE_UNITS // 2)


def test_no_budget_permits_nothing() -> None:
    assert limits_of(Budget(Fraction(0), Fraction(0))) == NOTHING


@pytest.mark.parametrize(("epsilon", "delta"), [(10**4 + 1, Fraction(0)), (1, Fraction(11, 100))])
def test_a_budget_too_large_for_the_units_is_refused(epsilon: int, delta: Fraction) -> None:
    with pytest.raises(ValueError, match=r"at most ε = 10000 and δ = 0\.1"):
        limits_of(Budget(Fraction(epsilon), delta))


def test_the_largest_budget_fits_into_a_column_many_times() -> None:
    assert max(limits_of(Budget(Fraction(10**4), Fraction(1, 10)))) * 100 < 2**63


def test_gaussian_noise_is_charged_its_exact_mu() -> None:
    charged = charge(TERMS, Gaussian(standard_deviation=Fraction(5)))
    assert (charged.gdp_mu_squared, charged.gdp_delta) == (MEASURE_UNITS // 25, 0)
    assert charged.rdp_4 == pytest.approx(2 * MEASURE_UNITS / 25, rel=1e-8)
    assert charged.basic_delta == pytest.approx(
        exact_gaussian(0.2, charged.basic_epsilon / MEASURE_UNITS) * DELTA_UNITS, rel=1e-6
    )


def test_a_charge_is_rounded_up_to_a_whole_unit() -> None:
    third = charge(TERMS, Gaussian(standard_deviation=Fraction(3)))
    assert third.gdp_mu_squared == MEASURE_UNITS // 9 + 1
    assert charge(TERMS, Pure(epsilon=Fraction(1, 3))).basic_epsilon == MEASURE_UNITS // 3 + 1


def test_the_smallest_loss_is_charged_a_unit() -> None:
    tiny = charge(TERMS, Pure(epsilon=Fraction(1, 10**30)))
    assert tiny.basic_epsilon == tiny.gdp_mu_squared == tiny.rdp_4 == 1


def test_what_is_pure_is_charged_its_epsilon_and_its_coin() -> None:
    charged = charge(TERMS, Pure(epsilon=Fraction(1)))
    assert (charged.basic_epsilon, charged.basic_delta) == (MEASURE_UNITS, 0)
    assert charged.gdp_mu_squared == pytest.approx(1.232035385344901**2 * MEASURE_UNITS, rel=1e-9)
    assert charged.gdp_delta == charged.rdp_delta == 0


def test_a_claim_charges_itself_and_its_delta_to_every_slack() -> None:
    claim = Approximate(epsilon=Fraction(1), delta=Fraction(1, 10**7))
    pure, charged = charge(TERMS, Pure(epsilon=Fraction(1))), charge(TERMS, claim)
    assert charged == replace(pure, basic_delta=10**11, gdp_delta=10**11, rdp_delta=10**11)


def test_several_claims_add_up_to_at_most_their_sum() -> None:
    claim = Approximate(epsilon=Fraction(1, 10), delta=Fraction(1, 10**8), count=4)
    assert 3 * 10**10 < charge(TERMS, claim).rdp_delta <= 4 * 10**10


def test_epsilon_and_delta_of_a_run_run_out_together() -> None:
    charged = charge(TERMS, RUN)
    limits = TERMS.limits
    assert charged.basic_delta / limits.basic_delta == pytest.approx(
        charged.basic_epsilon / limits.basic_epsilon, rel=0.01
    )
    assert charged.gdp_delta / limits.gdp_delta == pytest.approx(
        charged.gdp_mu_squared / limits.gdp_mu_squared, rel=1e-6
    )


def test_the_basic_charge_of_a_run_is_what_the_run_costs_at_that_delta() -> None:
    charged = charge(TERMS, RUN)
    bounds = account(Question((RUN,), Fraction(charged.basic_delta, DELTA_UNITS), ADD_REMOVE))
    assert isinstance(bounds, Bounds)
    assert bounds.lower <= Fraction(charged.basic_epsilon, MEASURE_UNITS) <= bounds.lower * Fraction(101, 100)


@pytest.mark.parametrize(("epsilon", "delta"), [("8", "1e-5"), ("3", "1e-6"), ("1", "1e-5")])
@pytest.mark.parametrize(("sigma", "rate", "steps"), [("4", "0.005", 2000), ("20", "0.02", 2000)])
def test_plans_keep_nine_tenths_of_what_composition_admits_and_single_releases_seven(
    epsilon: str, delta: str, sigma: str, rate: str, steps: int
) -> None:
    run = DpSgd(noise_multiplier=Fraction(sigma), sampling_rate=Fraction(rate), steps=steps)
    terms = dataset(Budget(Fraction(epsilon), Fraction(delta)), ADD_REMOVE)
    plain = _largest(lambda count: _fits_composed(run, count, terms.budget))
    planned = _largest(lambda count: is_admitted(charge(terms, _times(run, count)), terms.limits))
    assert planned >= 0.9 * plain
    assert most_admitted(charge(terms, run), terms.limits) >= 0.7 * plain


def _times(run: Mechanism, count: int) -> Mechanism:
    return Composed(mechanisms=(run,), count=count)


def _fits_composed(run: Mechanism, count: int, budget: Budget) -> bool:
    bounds = account(Question((_times(run, count),), budget.delta, ADD_REMOVE, claim=budget.epsilon))
    return isinstance(bounds, Bounds) and bounds.upper is not None and bounds.upper <= budget.epsilon


def _largest(fits: object) -> int:
    assert callable(fits)
    low, high = 0, 1
    while fits(high):
        low, high = high, high * 2
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (middle, high) if fits(middle) else (low, middle)
    return low


def test_many_laplace_queries_are_composed_and_one_is_exact() -> None:
    one = charge(TERMS, Laplace(scale=Fraction(100)))
    many = charge(TERMS, Laplace(scale=Fraction(100), count=1000))
    assert (one.basic_epsilon, one.basic_delta) == (MEASURE_UNITS // 100, 0)
    assert many.basic_epsilon < 3 * MEASURE_UNITS
    assert many.gdp_mu_squared < 0.12 * MEASURE_UNITS


def test_without_delta_pure_releases_add_up_to_the_budget() -> None:
    terms = dataset(Budget(Fraction(1), Fraction(0)), ADD_REMOVE)
    assert most_admitted(charge(terms, Laplace(scale=Fraction(10))), terms.limits) == 10


def test_without_delta_gaussian_noise_does_not_fit() -> None:
    terms = dataset(Budget(Fraction(1), Fraction(0)), ADD_REMOVE)
    charged = charge(terms, Gaussian(standard_deviation=Fraction(1000)))
    assert holding_members(charged, terms.limits) == ()


def test_without_delta_no_claim_with_a_delta_fits() -> None:
    terms = dataset(Budget(Fraction(1), Fraction(0)), ADD_REMOVE)
    charged = charge(terms, Approximate(epsilon=Fraction(0), delta=Fraction(1, 10**20)))
    assert holding_members(charged, terms.limits) == ()


def test_what_nothing_can_bound_has_no_charge() -> None:
    found = amounts(RUN, Unaccountable(description="a manual correction"))
    assert isinstance(found, NoBound)
    assert "a manual correction" in found.reasons[0]


def test_a_release_of_nothing_has_no_charge() -> None:
    assert isinstance(amounts(), NoBound)


def test_another_relation_does_not_add_up() -> None:
    with pytest.raises(ValueError, match="people counts under add-remove"):
        amounts_of(Question((RUN,), Fraction(0), REPLACE_ONE), TERMS)


def test_delta_and_claim_of_the_question_do_not_matter() -> None:
    asked = Question((RUN,), Fraction(1, 100), ADD_REMOVE, claim=Fraction(3))
    assert amounts_of(asked, TERMS) == amounts(RUN)


def test_what_does_not_fit_is_charged_one_unit_more_than_the_limit() -> None:
    charged = charge(TERMS, Gaussian(standard_deviation=Fraction(1, 2)))
    assert charged.gdp_mu_squared == TERMS.limits.gdp_mu_squared + 1
    assert charged.rdp_32 == TERMS.limits.rdp_32 + 1


def test_a_unit_of_several_records_is_charged_for_all() -> None:
    """ε and μ grow with their number, ρ with its square."""
    noise, claim = Gaussian(standard_deviation=Fraction(20)), Pure(epsilon=Fraction(1, 10))
    many = amounts(noise, group=3)
    assert isinstance(many, Amounts)
    assert many.gdp_mu_squared == 9 * MEASURE_UNITS // 400
    assert many.rdp_8 == pytest.approx(9 * 4 * MEASURE_UNITS / 400, rel=1e-8)
    threefold = amounts(claim, group=3)
    assert isinstance(threefold, Amounts)
    assert threefold.basic_epsilon == 3 * MEASURE_UNITS // 10


def test_replacing_a_unit_costs_what_removing_and_adding_cost() -> None:
    terms = dataset(BUDGET, REPLACE_ONE)
    noise = Gaussian(standard_deviation=Fraction(20), neighbouring=ADD_REMOVE)
    assert charge(terms, noise).gdp_mu_squared == 4 * MEASURE_UNITS // 400


@pytest.mark.parametrize(
    ("mechanism", "expected"),
    [
        (ZeroConcentrated(rho=Fraction(1, 50)), set(Member)),
        (
            Renyi(curve=(RenyiPoint(order=Fraction(4), epsilon=Fraction(1, 10)),)),
            {Member.BASIC, Member.GDP, Member.RDP_4},
        ),
        (Exponential(epsilon=Fraction(1, 2)), set(Member)),
        (GaussianDp(mu=Fraction(1, 10)), set(Member)),
        (
            RepeatAndSelect(
                selection=RunSelection(mean=Fraction(3)), mechanism=Gaussian(standard_deviation=Fraction(20))
            ),
            set(Member),
        ),
        (Parallel(partitions=(RUN, Laplace(scale=Fraction(5)))), set(Member)),
        (
            DpSgd(
                noise_multiplier=Fraction(2),
                sampling_rate=Fraction(1, 100),
                steps=500,
                truncated_batch_size=900,
                dataset_size=60_000,
            ),
            {Member.BASIC, Member.GDP},
        ),
    ],
)
def test_each_kind_fits_the_members_that_can_bound_it(mechanism: Mechanism, expected: set[Member]) -> None:
    assert set(holding_members(charge(TERMS, mechanism), TERMS.limits)) == expected


def test_a_fixed_size_sample_fits_by_its_divergences() -> None:
    terms = dataset(BUDGET, REPLACE_ONE)
    run = DpSgd(
        noise_multiplier=Fraction(4),
        sampling_rate=Fraction(1, 100),
        steps=500,
        sampling=Sampling.FIXED_SIZE,
        dataset_size=60_000,
    )
    assert Member.BASIC in holding_members(charge(terms, run), terms.limits)


def test_a_claim_beside_a_run_is_charged_no_more_than_apart() -> None:
    claim = ZeroConcentrated(rho=Fraction(1, 50))
    apart, together = charge(TERMS, RUN) + charge(TERMS, claim), charge(TERMS, RUN, claim)
    assert together.gdp_mu_squared <= apart.gdp_mu_squared * (1 + 1e-6)
    assert together.basic_epsilon <= apart.basic_epsilon * (1 + 1e-6)


def test_two_equal_parallel_compositions_cost_at_most_twice_one() -> None:
    """Their partitions may be chosen one after the other: no curve covers both at once."""
    parallel = Parallel(partitions=(RUN, Laplace(scale=Fraction(5))))
    one, two = charge(TERMS, parallel), charge(TERMS, parallel, parallel)
    assert one.gdp_mu_squared < two.gdp_mu_squared <= 2 * one.gdp_mu_squared + 1
    assert one.basic_epsilon < two.basic_epsilon <= 2 * one.basic_epsilon + 1


def test_what_no_float_holds_is_still_charged() -> None:
    rare = DpSgd(noise_multiplier=Fraction(1), sampling_rate=Fraction(1, 10**200), steps=1)
    assert charge(TERMS, rare).rdp_4 == 1


def test_what_is_far_beyond_the_budget_fits_nothing() -> None:
    run = DpSgd(noise_multiplier=Fraction(7), sampling_rate=Fraction(2, 5), steps=3_000_000)
    assert holding_members(charge(TERMS, run), TERMS.limits) == ()


def test_a_lease_charges_by_what_was_lent() -> None:
    """Half of every limit: the same ε, so the slope of δ is the same."""
    half = replace(TERMS, limits=Amounts(*(most // 2 for most in TERMS.limits)))
    assert charge(half, RUN).basic_epsilon == pytest.approx(charge(TERMS, RUN).basic_epsilon, rel=1e-3)


def test_a_lease_without_slack_still_counts_gaussian_noise() -> None:
    lent = replace(TERMS, limits=replace(TERMS.limits, gdp_delta=0))
    noise = Gaussian(standard_deviation=Fraction(5))
    assert Member.GDP in holding_members(charge(lent, noise), lent.limits)
    assert Member.GDP not in holding_members(charge(lent, RUN), lent.limits)


@pytest.mark.parametrize(
    ("sigma", "rate"), [(0.6, 0.01), (1.1, 0.00426667), (5.0, 0.2), (2.0, 1.0), (1.0, 1e-6)]
)
def test_whole_orders_have_the_closed_form_of_another_library(sigma: float, rate: float) -> None:
    orders = (4.0, 8.0, 16.0, 32.0, 64.0)
    peer = dp_accounting.rdp.RdpAccountant(orders)
    peer.compose(dp_accounting.PoissonSampledDpEvent(rate, dp_accounting.GaussianDpEvent(sigma)))
    assert poisson_curve(sigma, rate, orders) == pytest.approx(tuple(peer.rdp), rel=1e-6, abs=1e-13)


def test_gaussian_noise_and_claims_need_no_numpy() -> None:
    program = """
import sys
from fractions import Fraction
from gatecli.accounting.interface import Question
from gatecli.accounting.portfolio import amounts_of, limits_of
from gatecli.model.budget import Budget, Neighbouring
from gatecli.model.ledger import DatasetTerms
from gatecli.model.mechanism import Approximate, Gaussian
budget, relation = Budget(Fraction(8), Fraction(1, 10**5)), Neighbouring.ADD_REMOVE
terms = DatasetTerms("people", "person", relation, budget, limits_of(budget))
for one in (Gaussian(standard_deviation=5), Approximate(epsilon=1, delta=Fraction(1, 10**7))):
    amounts_of(Question((one,), Fraction(0), relation), terms)
print(*sys.modules)
"""
    shown = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert not {"numpy", "scipy", "dp_accounting"} & set(shown.stdout.split())


def test_a_run_needs_neither_scipy_nor_dp_accounting() -> None:
    program = """
import sys
from fractions import Fraction
from gatecli.accounting.interface import Question
from gatecli.accounting.portfolio import amounts_of, limits_of
from gatecli.model.budget import Budget, Neighbouring
from gatecli.model.ledger import DatasetTerms
from gatecli.model.mechanism import DpSgd
budget, relation = Budget(Fraction(8), Fraction(1, 10**5)), Neighbouring.ADD_REMOVE
terms = DatasetTerms("people", "person", relation, budget, limits_of(budget))
run = DpSgd(noise_multiplier=2, sampling_rate=Fraction(1, 100), steps=2000)
amounts_of(Question((run,), Fraction(0), relation), terms)
print(*sys.modules)
"""
    shown = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert not {"scipy", "dp_accounting"} & set(shown.stdout.split())


def question(*mechanisms: Mechanism, group: int = 1, neighbouring: Neighbouring = ADD_REMOVE) -> Question:
    return Question(mechanisms, Fraction(1, 10**5), neighbouring, group)
