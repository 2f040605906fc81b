"""What is said of a release that does not fit."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction

from gatecli.accounting.portfolio import limits_of
from gatecli.checks.ledger.charging import RefusedCharge, find_exceeded
from gatecli.model.budget import Budget
from gatecli.model.finding import Finding
from gatecli.model.ledger import Account
from gatecli.model.portfolio import NOTHING, Admission, Amounts
from tests.support.ledgers import terms
from tests.support.releases import claiming

LIMITS = limits_of(Budget(Fraction(1), Fraction(5, 10**6)))
PURE = Amounts(LIMITS.basic_epsilon // 2, 0, LIMITS.gdp_mu_squared + 1, 0, 0, 0, LIMITS.rdp_16 + 1, 0, 0)


def told(admission: Admission) -> Finding:
    own = replace(terms(limits=LIMITS), admission=admission)
    return find_exceeded(claiming(), RefusedCharge(Account(own, NOTHING, 1, "00" * 32), NOTHING, PURE))


def test_a_lease_names_the_filters_without_room_and_how_to_lend_by_one() -> None:
    found = told(Admission.ALL)
    assert found.message.endswith(
        "would be; every filter must have room for it, and there is none in gdp, rdp-16"
    )
    assert "gatecli ledger lease grant --by basic" in found.remediation


def test_a_dataset_that_was_not_lent_has_no_lease_to_ask_for() -> None:
    found = told(Admission.ANY)
    assert found.message.endswith("would be")
    assert "--by" not in found.remediation
