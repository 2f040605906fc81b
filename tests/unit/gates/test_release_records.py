"""What a ledger says of a release, read back from its entries."""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path

import pytest

from gatecli.accounting.portfolio import limits_of
from gatecli.errors import UsageError
from gatecli.gates.ledger_tags import committed_record, release_record
from gatecli.ledger.interface import LedgerIdentity, Store
from gatecli.ledger.opening import create_store
from gatecli.model.budget import Budget, Neighbouring
from gatecli.model.ledger import Charge, DatasetTerms, EntryKind, Movement, ReservationState
from gatecli.model.portfolio import NOTHING, Amounts

AT = "2026-11-29T12:00:00Z"
BUDGET = Budget(Fraction(8), Fraction(1, 10**5))
CHARGE = Charge("customers", Amounts(basic_epsilon=5))
CLAIM = {"claim": ["5/2", "1/1000000"]}


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    """A ledger with one dataset."""
    made = create_store(str(tmp_path / "ledger.db"), LedgerIdentity("l", "test", AT))
    limits = limits_of(BUDGET)
    made.add_dataset(DatasetTerms("customers", "person", Neighbouring.ADD_REMOVE, BUDGET, limits), AT)
    yield made
    made.close()


def reserve(store: Store, subject: str, releases: tuple[str, ...] = (), attempt: int = 0) -> None:
    details = {"releases": dict.fromkeys(releases, CLAIM)} if releases else CLAIM
    movement = Movement(EntryKind.RESERVE, subject, AT, (CHARGE,), subject, details, attempt)
    store.move(movement, releases={each: each for each in releases})


def commit(store: Store, subject: str, plan: str | None = None, attempt: int = 0) -> None:
    nothing = Charge("customers", NOTHING)
    store.move(Movement(EntryKind.COMMIT, subject, AT, (nothing,), subject, attempt=attempt, plan=plan))


def last_hash(store: Store) -> str:
    return next(store.entries("customers", newest_first=True)).hash


def test_a_committed_release_has_its_entry_and_its_budget(store: Store) -> None:
    reserve(store, "churn@1")
    commit(store, "churn@1")
    own = last_hash(store)
    reserve(store, "churn@2")
    record = release_record(store, "churn@1")
    assert (record.ledger, record.state) == ("l", ReservationState.COMMITTED)
    assert record.entries == {"customers": own}
    assert record.budget == Budget(Fraction(5, 2), Fraction(1, 10**6))


def test_a_release_that_was_taken_back_and_made_again_has_its_last_entry(store: Store) -> None:
    reserve(store, "churn@1")
    back = Charge("customers", -CHARGE.amounts)
    store.move(Movement(EntryKind.VOID, "churn@1", AT, (back,), "churn@1"))
    reserve(store, "churn@1", attempt=1)
    commit(store, "churn@1", attempt=1)
    assert release_record(store, "churn@1").entries == {"customers": last_hash(store)}


def test_a_release_of_a_plan_has_its_own_entry(store: Store) -> None:
    reserve(store, "spring", ("churn@1", "churn@2"))
    commit(store, "churn@2", "spring")
    record = release_record(store, "churn@2")
    assert record.state is ReservationState.COMMITTED
    assert record.entries == {"customers": last_hash(store)}
    assert record.budget == Budget(Fraction(5, 2), Fraction(1, 10**6))


def test_a_release_that_is_held_has_no_entry(store: Store) -> None:
    reserve(store, "churn@1")
    assert release_record(store, "churn@1").entries == {}
    with pytest.raises(UsageError, match="churn@1 is held"):
        committed_record(store, "churn@1")


@pytest.mark.parametrize("claim", [None, ["5/2", None], [None, None]])
def test_a_claim_that_is_not_whole_is_none(store: Store, claim: object) -> None:
    store.move(Movement(EntryKind.RESERVE, "churn@1", AT, (CHARGE,), "churn@1", {"claim": claim}))
    assert release_record(store, "churn@1").budget is None


def test_a_release_that_nobody_knows_has_no_record(store: Store) -> None:
    assert release_record(store, "churn@1").state is None
    with pytest.raises(UsageError, match="not in the ledger"):
        committed_record(store, "churn@1")
