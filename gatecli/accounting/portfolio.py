"""What a release costs each member of the portfolio filter, and what a budget permits each (docs/adr/0017).

A member is a filter for releases that are chosen after seeing earlier ones: it stops before its sums exceed
its limits, and then all that it let through is (ε*, δ_j)-DP. The δ_j are shares of δ*, so what any of them
lets through is (ε*, δ*)-DP.

    basic   Σ (ε, δ) of releases, each at the ε where both run out together.
    gdp     Σ μ² of the least Gaussians that dominate the releases but for a probability d (`domination`).
    rdp-α   Σ of the Rényi divergences at one fixed order.

Charges are rounded up, limits down. Both are pure functions of what is declared.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import replace
from fractions import Fraction
from functools import lru_cache

from gatecli.accounting.answers import told_apart
from gatecli.accounting.gaussian_curve import epsilon_on_line, largest_mu, mu_of_pure
from gatecli.accounting.interface import NoBound, Question
from gatecli.accounting.losses import pure_epsilon
from gatecli.accounting.rdp import rdp_curve
from gatecli.accounting.rounding import NumericFailure, above, below, log_of, quiet_numerics, upper
from gatecli.accounting.terms import (
    ClaimTerm,
    ConcentratedTerm,
    CurveTerm,
    FixedSizeTerm,
    GaussianTerm,
    RepeatTerm,
    Term,
    WorstTerm,
)
from gatecli.accounting.translation import translate
from gatecli.model.budget import Budget
from gatecli.model.ledger import DatasetTerms
from gatecli.model.number import show
from gatecli.model.portfolio import (
    DELTA_UNITS,
    MEASURE_UNITS,
    RDP_ORDERS,
    Amounts,
    clip,
    in_units,
    limit_in_units,
)

MOST_EPSILON, MOST_DELTA = Fraction(10**4), Fraction(1, 10)
"""Budgets beyond these are refused: hundreds of charges must fit into the integers of a column."""

BASIC_SHARE = Fraction(14, 32)
GDP_SHARE, GDP_SLACK = Fraction(8, 32), Fraction(3, 32)
RDP_SHARE, RDP_OTHERS, RDP_SLACK = Fraction(9, 64), Fraction(1, 64), Fraction(1, 32)
"""Shares of δ*: of basic composition; of the Gaussian curve, and of what lies beyond it; of the Rényi order
that permits most, of each of the three others, and of what lies beyond them all. They add up to 1:
14 + 8 + 3 + 4½ + 3 · ½ + 1 parts in 32. benchmarks/portfolio.py says what they are good for."""

Cost = tuple[Fraction, Fraction] | None
"""A measure and a slack; None where nothing bounds the release."""

ORDERS = tuple(float(order) for order in RDP_ORDERS.values())

_WORTH = Fraction(999, 1000)
"""A cost is taken unless another one has less than this much of its measure."""

_DIVERGENT = (ConcentratedTerm, CurveTerm, FixedSizeTerm, RepeatTerm)
"""Terms that have a Rényi divergence and no known pair."""


def limits_of(budget: Budget) -> Amounts:
    """What each member may add up within a budget, rounded down.

    Raises ValueError for a budget that is too large to be counted in whole units.
    """
    if budget.epsilon > MOST_EPSILON or budget.delta > MOST_DELTA:
        raise ValueError(
            f"a ledger holds budgets of at most ε = {MOST_EPSILON} and δ = {show(MOST_DELTA)}: sums of larger"
            " ones do not fit into its columns, and they protect nobody"
        )
    limits = (
        limit_in_units(budget.epsilon, MEASURE_UNITS),
        limit_in_units(budget.delta * BASIC_SHARE, DELTA_UNITS),
        _mu_squared_limit(budget.epsilon, budget.delta * GDP_SHARE),
        limit_in_units(budget.delta * GDP_SLACK, DELTA_UNITS),
        *_renyi_limits(budget),
        limit_in_units(budget.delta * RDP_SLACK, DELTA_UNITS),
    )
    return Amounts(*limits)


def _mu_squared_limit(epsilon: Fraction, delta: Fraction) -> int:
    """The largest μ² whose Gaussian is (ε, δ)-DP."""
    if delta == 0:
        return 0
    return limit_in_units(Fraction(largest_mu(below(epsilon), log_of(delta))) ** 2, MEASURE_UNITS)


def _renyi_limits(budget: Budget) -> list[int]:
    """The order at which a Gaussian may cost most (divergence over order) has the largest share of δ."""

    def room_at(order: int) -> Fraction:
        return Fraction(_renyi_limit(budget.epsilon, budget.delta * RDP_SHARE, order), order)

    best = max(RDP_ORDERS.values(), key=room_at)
    return [
        _renyi_limit(budget.epsilon, budget.delta * (RDP_SHARE if order == best else RDP_OTHERS), order)
        for order in RDP_ORDERS.values()
    ]


def _renyi_limit(epsilon: Fraction, delta: Fraction, order: int) -> int:
    """The largest divergence that is (ε, δ)-DP (Canonne, Kamath, Steinke 2020, proposition 12)."""
    if delta == 0:
        return 0
    given = math.log1p(-1 / order) - (log_of(delta) + math.log(order)) / (order - 1)
    return limit_in_units(max(epsilon - (upper(given) or epsilon), Fraction(0)), MEASURE_UNITS)


def amounts_of(question: Question, terms: DatasetTerms) -> Amounts | NoBound:
    """What the composition of a release, or of a plan, costs each member of a dataset's portfolio.

    The question's δ and claim do not matter. Its group says how many units of the dataset one unit of what is
    charged may change. Raises ValueError where its relation is not the dataset's: a dataset has one.
    """
    if question.neighbouring is not terms.neighbouring:
        raise ValueError(
            f"{terms.name} counts under {terms.neighbouring}: what is asked about under"
            f" {question.neighbouring} does not add up with it"
        )
    return _amounts(replace(question, delta=Fraction(0), claim=None), terms.limits)


@lru_cache(maxsize=16384)
def _amounts(question: Question, limits: Amounts) -> Amounts | NoBound:
    translation = translate(question)
    if isinstance(translation, NoBound):
        return translation
    if not translation.terms:
        return NoBound(("a release that declares no mechanism has no known cost",))
    terms, silent = told_apart(translation.terms)
    outside = in_units(1 - silent, DELTA_UNITS)
    divergences = _divergences(terms)
    basic, gdp = _basic_and_gdp(terms, limits)
    most = (limits.rdp_4, limits.rdp_8, limits.rdp_16, limits.rdp_32)
    charge = (
        *_columns_of(basic, limits.basic_epsilon, outside),
        *_columns_of(gdp, limits.gdp_mu_squared, outside),
        *(_measure_units(upper(each), limit) for each, limit in zip(divergences, most, strict=True)),
        outside,
    )
    return clip(Amounts(*charge), limits)


def _columns_of(cost: Cost, limit: int, outside: int) -> tuple[int, int]:
    """Measure and slack in whole units; `outside` is the δ of claims."""
    measure, slack = (None, Fraction(0)) if cost is None else cost
    return _measure_units(measure, limit), in_units(slack, DELTA_UNITS) + outside


def _measure_units(measure: Fraction | None, limit: int) -> int:
    return limit + 1 if measure is None else in_units(measure, MEASURE_UNITS)


def _divergences(terms: tuple[Term, ...]) -> tuple[float, ...]:
    try:
        with quiet_numerics():
            return tuple(rdp_curve(terms, ORDERS))
    except NumericFailure:
        return tuple(math.inf for _ in ORDERS)


def _basic_and_gdp(terms: tuple[Term, ...], limits: Amounts) -> tuple[Cost, Cost]:
    """The costs of the parts of a release, added up; of one that stands alone its own."""
    costs = [(*_costs(part, limits), times) for part, times in _parts(terms)]
    return _sum((one, times) for one, _, times in costs), _sum((other, times) for _, other, times in costs)


def _parts(terms: tuple[Term, ...]) -> list[tuple[tuple[Term, ...], int]]:
    """What is composed by one curve, and how often: pairs, divergences, and each parallel composition."""
    worst = [term for term in terms if isinstance(term, WorstTerm)]
    divergent = tuple(term for term in terms if isinstance(term, _DIVERGENT))
    paired = tuple(term for term in terms if not isinstance(term, (*_DIVERGENT, WorstTerm)))
    parts = [(part, 1) for part in (paired, divergent) if part]
    return [*parts, *(((replace(term, count=1),), term.count) for term in worst)]


def _sum(costs: Iterable[tuple[Cost, int]]) -> Cost:
    measure, slack = Fraction(0), Fraction(0)
    for cost, times in costs:
        if cost is None:
            return None
        measure, slack = measure + cost[0] * times, slack + cost[1] * times
    return measure, slack


def _lesser(first: Cost, other: Cost) -> Cost:
    """The first cost, whose slack is the smaller one, unless the other measure is worth the slack."""
    if other is None or (first is not None and other[0] >= first[0] * _WORTH):
        return first
    return other


def _costs(terms: tuple[Term, ...], limits: Amounts) -> tuple[Cost, Cost]:
    """In closed form where there is one, or by the curve of all terms where that is less."""
    basic, gdp = _exact_basic(terms, limits), _exact_gdp(terms)
    if _is_settled(terms) or not all(tuple(limits)[:4]):
        return basic, gdp
    from gatecli.accounting.domination import (  # noqa: PLC0415 - brings numpy, which few commands need
        costs_by_curve,
    )

    by_curve = costs_by_curve(terms, limits, _divergences(terms)[0])
    return _lesser(basic, _exact(by_curve.basic)), _lesser(gdp, _exact(by_curve.gdp))


def _exact(cost: tuple[float, float] | None) -> Cost:
    return None if cost is None else (Fraction(cost[0]), Fraction(cost[1]))


def _is_settled(terms: tuple[Term, ...]) -> bool:
    """Whether no curve says more than closed forms do: Gaussian noise, or one black box."""
    match terms:
        case (GaussianTerm(),) | (ClaimTerm(count=1),):
            return True
        case _:
            return False


def _exact_basic(terms: tuple[Term, ...], limits: Amounts) -> Cost:
    """The sum of pure ε; for Gaussian noise the ε where measure and slack run out together."""
    costs = [pure_epsilon(term) for term in terms]
    if all(cost is not None for cost in costs):
        return sum((cost[0] for cost in costs if cost is not None), Fraction(0)), Fraction(0)
    match terms:
        case (GaussianTerm(mu_squared),) if limits.basic_epsilon and limits.basic_delta:
            slope = Fraction(limits.basic_delta * MEASURE_UNITS, limits.basic_epsilon * DELTA_UNITS)
            epsilon = epsilon_on_line(_mu_above(mu_squared), log_of(slope))
            return None if epsilon is None else (Fraction(epsilon), Fraction(epsilon) * slope)
        case _:
            return None


def _exact_gdp(terms: tuple[Term, ...]) -> Cost:
    """Σ μ² of Gaussian noise and of what is pure, each composition on its own."""
    total = Fraction(0)
    for term in terms:
        pure = pure_epsilon(term)
        if isinstance(term, GaussianTerm):
            total += term.mu_squared
        elif pure is None:
            return None
        else:
            count = getattr(term, "count", 1)
            total += count * Fraction(mu_of_pure(above(pure[0] / count))) ** 2
    return total, Fraction(0)


def _mu_above(mu_squared: Fraction) -> float:
    return math.sqrt(above(mu_squared)) * (1 + 1e-15)
