"""Runs that are repeated at random and selected from, against dp-accounting and exact sums."""

from __future__ import annotations

import math
from fractions import Fraction

import dp_accounting
import pytest

from gatecli.accounting.account import account
from gatecli.accounting.interface import Question
from gatecli.accounting.rdp import ORDERS
from gatecli.accounting.selection import tail
from gatecli.model.budget import Bounds, Neighbouring
from gatecli.model.mechanism import Approximate, DpSgd, Mechanism, RepeatAndSelect, RunSelection

DELTA = Fraction(1, 10**5)
RUN = DpSgd(noise_multiplier=Fraction(11, 10), sampling_rate=Fraction(1, 100), steps=1000)


def cost(mechanism: Mechanism, selection: RunSelection) -> Bounds:
    asked = RepeatAndSelect(selection=selection, mechanism=mechanism)
    bounds = account(Question((asked,), DELTA, Neighbouring.ADD_REMOVE))
    assert isinstance(bounds, Bounds)
    return bounds


def negative_binomial(mean: int, shape: str) -> RunSelection:
    return RunSelection(mean=Fraction(mean), shape=Fraction(shape))


def poisson(mean: int) -> RunSelection:
    return RunSelection(distribution="poisson", mean=Fraction(mean))


CASES = [
    (negative_binomial(10, "1"), 10, 1.0),
    (negative_binomial(50, "0"), 50, 0.0),
    (negative_binomial(20, "0.5"), 20, 0.5),
    (negative_binomial(5, "2"), 5, 2.0),
    (negative_binomial(1, "1"), 1, 1.0),
    (poisson(8), 8, math.inf),
]


@pytest.mark.parametrize(("selection", "mean", "shape"), CASES)
def test_the_cost_is_that_of_dp_accounting(selection: RunSelection, mean: int, shape: float) -> None:
    accountant = dp_accounting.rdp.RdpAccountant(ORDERS)
    step = dp_accounting.PoissonSampledDpEvent(0.01, dp_accounting.GaussianDpEvent(1.1))
    run = dp_accounting.SelfComposedDpEvent(step, 1000)
    accountant.compose(dp_accounting.dp_event.RepeatAndSelectDpEvent(run, mean, shape))
    upper = cost(RUN, selection).upper
    assert upper is not None
    assert accountant.get_epsilon(1e-5) <= upper * (1 + Fraction(1, 10**9))
    assert float(upper) == pytest.approx(accountant.get_epsilon(1e-5), rel=1e-7)


def test_more_runs_never_cost_less() -> None:
    costs = [cost(RUN, negative_binomial(mean, "1")).upper for mean in (1, 2, 10, 100)]
    finite = [one for one in costs if one is not None]
    assert len(finite) == 4
    assert finite == sorted(finite)


def test_nothing_is_known_to_be_attained() -> None:
    assert cost(RUN, negative_binomial(10, "1")).lower == 0


def test_a_budget_with_a_delta_has_no_divergence() -> None:
    box = Approximate(epsilon=Fraction(1), delta=Fraction(1, 10**6))
    asked = RepeatAndSelect(selection=poisson(8), mechanism=box)
    assert not isinstance(account(Question((asked,), DELTA, Neighbouring.ADD_REMOVE)), Bounds)


def exact_tail(shape: float, mean: float, runs: int) -> float:
    """By summing the distribution; γ is found by bisection on the mean of the sum."""
    low, high = 1e-9, 1 - 1e-9
    for _ in range(60):
        gamma = (low + high) / 2
        terms = _terms(shape, gamma)
        if sum(number * term for number, term in enumerate(terms, 1)) > mean:
            low = gamma
        else:
            high = gamma
    return sum(_terms(shape, low)[runs - 1 :])


def _terms(shape: float, gamma: float) -> list[float]:
    first = (1 - gamma) / -math.log(gamma) if shape == 0 else shape * (1 - gamma) / (gamma**-shape - 1)
    terms = [first]
    for number in range(1, 4000):
        terms.append(terms[-1] * (1 - gamma) * (number + shape) / (number + 1))
    return terms


@pytest.mark.parametrize("shape", ["0", "0.5", "1", "2"])
@pytest.mark.parametrize("runs", [5, 40, 200])
def test_a_tail_is_at_least_the_true_one(shape: str, runs: int) -> None:
    bound = tail(Fraction(shape), Fraction(10), runs)
    true = exact_tail(float(Fraction(shape)), 10, runs)
    assert true * (1 - 1e-6) <= bound <= 1


def test_a_tail_of_poisson_is_at_least_the_true_one() -> None:
    for runs in (5, 11, 30):
        below = sum(math.exp(-10) * 10**number / math.factorial(number) for number in range(runs))
        assert 1 - below <= tail(None, Fraction(10), runs) <= 1
