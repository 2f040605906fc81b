"""What an audit refutes of a declared budget: the stronger the claim, the more of it."""

from __future__ import annotations

import math
from dataclasses import replace
from fractions import Fraction
from itertools import permutations

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from gatecli.checks.release.audit import BudgetComparison, compare
from gatecli.model.audit import AuditClaim, AuditOutcome, AuditResult
from gatecli.model.budget import Budget, Neighbouring, budget_of_two
from gatecli.model.release import Privacy

EPSILONS = st.fractions(0, 20, max_denominator=1000)
DELTAS = st.sampled_from(
    [Fraction(0), Fraction(1, 10**9), Fraction(1, 10**6), Fraction(1, 100), Fraction(1, 2)]
)
RELATIONS = st.sampled_from(Neighbouring)
STRANGE = [
    (one, other) for one, other in permutations(Neighbouring, 2) if other is not Neighbouring.REPLACE_ONE
]
"""The declared relation and an attacked one that it implies nothing about."""
CONTRADICTS = BudgetComparison.CONTRADICTS


@st.composite
def audits(draw: st.DrawFn) -> AuditResult:
    """An audit whose word and figures agree."""
    claimed, lower = draw(EPSILONS), draw(EPSILONS)
    outcome = AuditOutcome.REFUTED if lower >= claimed else AuditOutcome.NOTHING_FOUND
    claim = AuditClaim(claimed, draw(DELTAS), draw(st.none() | RELATIONS))
    return AuditResult("x", "betting", outcome, claim, Fraction(99, 100), lower)


def declared(epsilon: Fraction, delta: Fraction, relation: Neighbouring | None) -> Privacy:
    return Privacy(epsilon=epsilon, delta=delta, neighbouring=relation)


@given(audits(), EPSILONS, EPSILONS, DELTAS, DELTAS, RELATIONS)
def test_a_stronger_claim_is_contradicted_too(
    audit: AuditResult,
    one: Fraction,
    other: Fraction,
    delta: Fraction,
    another: Fraction,
    relation: Neighbouring,
) -> None:
    weak = declared(max(one, other), max(delta, another), relation)
    strong = declared(min(one, other), min(delta, another), relation)
    assume(compare(audit, weak) is CONTRADICTS)
    assert compare(audit, strong) is CONTRADICTS


@given(audits(), RELATIONS)
def test_the_refuted_claim_itself_is_contradicted(audit: AuditResult, relation: Neighbouring) -> None:
    assume(audit.outcome is AuditOutcome.REFUTED)
    claim = declared(audit.claim.epsilon, audit.claim.delta, audit.claim.neighbouring or relation)
    assert compare(audit, claim) is CONTRADICTS


@given(audits(), EPSILONS, DELTAS, RELATIONS)
def test_a_budget_that_the_bound_allows_is_never_contradicted(
    audit: AuditResult, epsilon: Fraction, delta: Fraction, relation: Neighbouring
) -> None:
    """Neither by its ε, nor at a δ that the audit says nothing about."""
    allowed = epsilon > max(audit.lower, audit.claim.epsilon) or delta > audit.claim.delta
    assume(allowed)
    assert compare(audit, declared(epsilon, delta, relation)) is not CONTRADICTS


@given(audits(), EPSILONS, DELTAS, st.sampled_from(STRANGE))
def test_a_refutation_under_a_strange_relation_is_never_silent(
    audit: AuditResult, epsilon: Fraction, delta: Fraction, pair: tuple[Neighbouring, Neighbouring]
) -> None:
    relation, attacked = pair
    claim = replace(audit.claim, neighbouring=attacked)
    refuted = replace(audit, claim=claim, outcome=AuditOutcome.REFUTED, lower=max(audit.lower, claim.epsilon))
    assert compare(refuted, declared(epsilon, delta, relation)) is BudgetComparison.OTHER_RELATION


@given(EPSILONS, DELTAS)
def test_two_steps_cost_twice_epsilon_and_no_less_delta(epsilon: Fraction, delta: Fraction) -> None:
    both = budget_of_two(Budget(epsilon, delta))
    true = float(delta) * (1 + math.exp(epsilon))
    if both is None:
        assert true >= 1 - 1e-9
    else:
        assert both.epsilon == 2 * epsilon
        assert float(both.delta) == pytest.approx(true, rel=1e-12)
