"""What a lease is of: shares of filters, or the filters that are named; and whom it is charged to."""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path

import pytest

from gatecli.accounting.portfolio import limits_of
from gatecli.errors import UsageError
from gatecli.gates.ledger_leases import UNBOUNDED, LeaseRequest, lease_limits, lend
from gatecli.ledger.interface import LedgerIdentity, Store
from gatecli.ledger.lease_documents import LeaseRefused, read_grant
from gatecli.ledger.notes import NoteKey
from gatecli.model.budget import Budget, Neighbouring
from gatecli.model.ledger import DatasetTerms, Parent
from gatecli.model.portfolio import (
    COLUMNS,
    MEMBER_COLUMNS,
    Admission,
    Member,
    holding_members,
    is_admitted,
)
from tests.support.ledger_records import AT, KEY, OTHER_KEY, identity, new_store

CHILD = identity("acme.example/aws", OTHER_KEY, 2)
WHOLE = Budget(Fraction(8), Fraction(1, 10**5))
QUARTER = Budget(Fraction(2), Fraction(1, 4 * 10**5))


def terms(name: str = "people", budget: Budget = WHOLE, parents: tuple[Parent, ...] = ()) -> DatasetTerms:
    return DatasetTerms(
        name, "person", Neighbouring.ADD_REMOVE, budget, limits_of(budget), 60_000, "ab" * 32, parents
    )


@pytest.fixture(name="store")
def ledger(tmp_path: Path) -> Iterator[Store]:
    store = new_store(tmp_path)
    store.add_dataset(terms(), AT)
    yield store
    store.close()


def asked(
    budget: Budget = QUARTER, name: str = "aws", child: LedgerIdentity = CHILD, **more: object
) -> LeaseRequest:
    return LeaseRequest("people", budget, child, name, **more)  # type: ignore[arg-type]  # of the test's own


def granted(store: Store, request: LeaseRequest) -> DatasetTerms:
    note = lend(request, store, KEY, AT)
    return read_grant(note, NoteKey(store.identity.name, KEY.public)).terms


def test_a_quarter_of_the_budget_is_a_quarter_of_each_filter() -> None:
    limits = terms().limits
    assert all(
        4 * getattr(lease_limits(terms(), QUARTER), column) <= getattr(limits, column) for column in COLUMNS
    )
    assert lease_limits(terms(), WHOLE) == limits


def test_four_quarters_fit_and_nothing_more(store: Store) -> None:
    for name in ("aws", "gcp", "azure", "office"):
        granted(store, asked(name=name))
    account = store.account("people")
    assert account is not None
    assert holding_members(account.held, account.terms.limits) == tuple(Member)
    with pytest.raises(LeaseRefused, match="does not fit"):
        lend(asked(Budget(Fraction(1, 100), Fraction(1, 10**6)), "more"), store, KEY, AT)


def test_the_dataset_of_the_child_is_of_the_same_data_under_the_lease(store: Store) -> None:
    lent = granted(store, asked(as_name="people-aws"))
    assert (lent.name, lent.budget, lent.unit, lent.records, lent.schema_sha256) == (
        "people-aws", QUARTER, "person", 60_000, "ab" * 32,
    )  # fmt: skip
    assert (lent.admission, lent.lease) == (Admission.ALL, f"{store.identity.id}/aws")


def test_a_filter_that_permits_nothing_does_not_hold_the_child() -> None:
    """Of a small budget the low Rényi orders permit nothing at all."""
    small = terms(budget=Budget(Fraction(1), Fraction(1, 10**5)))
    assert small.limits.rdp_4 == 0
    lent = lease_limits(small, Budget(Fraction(1, 2), Fraction(1, 2 * 10**5)))
    assert lent.rdp_4 == UNBOUNDED
    assert lent.rdp_32 == small.limits.rdp_32 // 2


@pytest.mark.parametrize("member", [Member.BASIC, Member.GDP, Member.RDP_32])
def test_a_named_filter_holds_the_child_alone_by_what_it_permits(member: Member) -> None:
    lent = lease_limits(terms(), QUARTER, (member,))
    own = MEMBER_COLUMNS[member]
    assert {column for column in COLUMNS if getattr(lent, column) != UNBOUNDED} == set(own)
    assert [getattr(lent, column) for column in own] == [
        getattr(limits_of(QUARTER), column) for column in own
    ]


def test_a_named_filter_closes_the_others_in_the_parent(store: Store) -> None:
    granted(store, asked(members=(Member.GDP,)))
    account = store.account("people")
    assert account is not None
    assert holding_members(account.held, account.terms.limits) == (Member.GDP,)
    assert is_admitted(account.held, account.terms.limits)


def test_a_filter_that_nothing_fits_into_is_not_lent_by() -> None:
    with pytest.raises(UsageError, match="nothing fits into the lease by rdp-4"):
        lease_limits(terms(), QUARTER, (Member.RDP_4,))


def test_a_budget_that_no_ledger_holds_is_not_lent() -> None:
    with pytest.raises(UsageError, match="cannot be lent"):
        lease_limits(terms(), Budget(Fraction(10**9), Fraction(0)))


def test_a_lease_without_delta_has_none() -> None:
    lent = lease_limits(terms(), Budget(Fraction(2), Fraction(0)))
    assert (lent.basic_epsilon, lent.basic_delta, lent.gdp_delta) == (2 * 10**12, 0, 0)


def test_the_parents_of_a_dataset_are_charged_with_it(store: Store) -> None:
    store.add_dataset(terms("table", parents=(Parent("people"),)), AT)
    lend(LeaseRequest("table", QUARTER, CHILD, "aws"), store, KEY, AT)
    assert [account.held == lease_limits(terms(), QUARTER) for account in store.accounts()] == [True, True]


def test_a_dataset_of_which_a_person_has_several_units_is_not_lent(store: Store) -> None:
    store.add_dataset(terms("visits", parents=(Parent("people", 3),)), AT)
    with pytest.raises(UsageError, match="one unit of people changes 3 units of visits"):
        lend(LeaseRequest("visits", QUARTER, CHILD, "aws"), store, KEY, AT)


def test_a_dataset_that_is_not_there_is_not_lent(store: Store) -> None:
    with pytest.raises(UsageError, match="nobody is not in the ledger"):
        lend(LeaseRequest("nobody", QUARTER, CHILD, "aws"), store, KEY, AT)


@pytest.mark.parametrize("name", ["", " aws", "a\nws"])
def test_a_lease_has_a_plain_name(name: str, store: Store) -> None:
    with pytest.raises(UsageError, match="blanks around it or cannot be printed"):
        lend(asked(name=name), store, KEY, AT)
