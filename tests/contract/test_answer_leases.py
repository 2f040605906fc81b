"""Answers are paid for before they are given: the same on both stores of a ledger."""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction
from itertools import count
from pathlib import Path

import pytest

from gatecli.errors import UsageError
from gatecli.ledger.interface import Store
from gatecli.ledger.verification import verify
from gatecli.model.ledger import EntryKind, Parent, ReservationState
from gatecli.model.mechanism import DiscreteGaussian, DiscreteLaplace
from gatecli.model.portfolio import MEMBER_COLUMNS, Amounts
from gatecli.serving.leases import AnswerCost, BudgetSpent, Lease, return_lease, take_lease
from tests.support.leases import COST, NOW, ONE, UNIT, answers_held, held, people
from tests.support.ledgers import AT, LedgerPlace, postgres_place, require_sound, sqlite_place
from tests.support.postgres import cluster

NUMBERS = count()
MECHANISMS = (
    ONE,
    DiscreteLaplace(sensitivity=1024, scale=Fraction(10240, 3), count=1),
    DiscreteLaplace(sensitivity=1, scale=Fraction(2), count=2),
    DiscreteGaussian(sensitivity=1024, standard_deviation=Fraction(9000), count=1),
    DiscreteGaussian(sensitivity=1, standard_deviation=Fraction(7), count=2),
)


@pytest.fixture(name="server", scope="module")
def running() -> Iterator[str]:
    with cluster() as url:
        yield url


@pytest.fixture(name="place", params=["sqlite", "postgres"])
def free_place(request: pytest.FixtureRequest, tmp_path: Path) -> LedgerPlace:
    if request.param == "sqlite":
        return sqlite_place(tmp_path)
    return postgres_place(request.getfixturevalue("server"), f"leases_{next(NUMBERS)}")


@pytest.fixture(name="store")
def new_store(place: LedgerPlace) -> Iterator[Store]:
    store = place.create()
    yield store
    require_sound(store)
    assert verify(store).holds
    store.close()


def take(store: Store, answers: int, name: str = "a", cost: AnswerCost = COST) -> Lease:
    return take_lease(store, cost, answers, name, NOW)


def test_a_lease_counts_as_spent_before_its_first_answer(store: Store) -> None:
    people(store)
    assert take(store, 4).answers == 4
    assert answers_held(store) == 4
    (entry,) = store.entries("people", newest_first=True, limit=1)
    assert (entry.kind, entry.subject) == (EntryKind.LEASE, "serve/churn/a")


def test_what_does_not_fit_is_halved_until_nothing_does(store: Store) -> None:
    people(store, 10)
    sizes = []
    for name in "abcdef":
        try:
            sizes.append(take(store, 8, name).answers)
        except BudgetSpent:
            sizes.append(0)
    assert sum(sizes) == 10
    assert answers_held(store) == 10
    assert sizes[-1] == 0


@pytest.mark.parametrize("used", [0, 1, 3, 4])
def test_what_is_left_is_what_was_used(store: Store, used: int) -> None:
    people(store)
    lease = take(store, 4)
    return_lease(store, lease, used, NOW)
    assert answers_held(store) == used
    reservation = store.reservation(lease.subject)
    assert reservation is not None
    assert reservation.state is ReservationState.RETURNED


@pytest.mark.parametrize("mechanism", MECHANISMS, ids=lambda each: each.kind)
@pytest.mark.parametrize("used", [0, 1, 5, 9, 10])
def test_no_member_falls_below_what_was_run(store: Store, mechanism: DiscreteLaplace, used: int) -> None:
    people(store, 1000, Fraction(1, 1000))
    cost = AnswerCost("churn", "people", mechanism)
    lease = take(store, 10, cost=cost)
    return_lease(store, lease, used, NOW)
    whole, single, left = lease.movement.charges[0].amounts, lease.single[0].amounts, held(store)
    for measure, slack in MEMBER_COLUMNS.values():
        remains, all_, one = (_pair(each, measure, slack) for each in (left, whole, single))
        singles = tuple(used * each for each in one)
        assert _covers(remains, all_) or _covers(remains, singles)
        assert _covers(all_, remains)
    if used == 0:
        assert not any(left)


def _pair(amounts: Amounts, measure: str, slack: str) -> tuple[int, int]:
    return getattr(amounts, measure), getattr(amounts, slack)


def _covers(one: tuple[int, ...], other: tuple[int, ...]) -> bool:
    return all(a >= b for a, b in zip(one, other, strict=True))


def test_answers_that_are_returned_can_be_given_later(store: Store) -> None:
    people(store, 10)
    lease = take(store, 10)
    with pytest.raises(BudgetSpent):
        take(store, 1, "b")
    return_lease(store, lease, 7, NOW)
    assert take(store, 8, "c").answers in {1, 2, 3}
    assert answers_held(store) <= 10


def test_a_parent_pays_by_how_much_one_of_its_units_changes(store: Store) -> None:
    people(store, 100, name="population")
    people(store, 10, parents=(Parent("population", 3),))
    lease = take(store, 4)
    assert [answers_held(store, each) for each in ("people", "population")] == [4, 12]
    return_lease(store, lease, 1, NOW)
    assert [answers_held(store, each) for each in ("people", "population")] == [1, 3]


def test_a_parent_without_budget_ends_the_answers(store: Store) -> None:
    people(store, 5, name="population")
    people(store, 100, parents=(Parent("population", 2),))
    assert take(store, 4).answers == 2
    with pytest.raises(BudgetSpent):
        take(store, 4, "b")
    assert held(store).basic_epsilon == 2 * UNIT


def test_a_lease_is_returned_once(store: Store) -> None:
    people(store)
    lease = take(store, 4)
    return_lease(store, lease, 1, NOW)
    return_lease(store, lease, 1, NOW)  # asked again after a connection that dropped
    assert answers_held(store) == 1


def test_a_dataset_that_is_not_there_or_closed_pays_nothing(store: Store) -> None:
    with pytest.raises(UsageError, match="people"):
        take(store, 1)
    people(store)
    store.close_dataset("people", AT)
    with pytest.raises(UsageError, match="closed"):
        take(store, 1)


def test_two_processes_never_pay_more_than_the_budget(place: LedgerPlace, store: Store) -> None:
    people(store, 10)
    other = place.open()
    given = 0
    for turn in range(8):
        for which, owner in (("one", store), ("other", other)):
            try:
                lease = take(owner, 3, f"{which}-{turn}")
            except BudgetSpent:
                continue
            given += min(2, lease.answers)
            return_lease(owner, lease, min(2, lease.answers), NOW)
    other.close()
    assert given == answers_held(store) == 10
