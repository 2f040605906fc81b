"""What every store of a ledger promises. A subclass says where a ledger may be made."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from gatecli.errors import UsageError
from gatecli.ledger.interface import (
    BudgetExceeded,
    Conflict,
    LedgerUnavailable,
    Outcome,
    Store,
    StoredCheckpoint,
    UnknownDataset,
)
from gatecli.ledger.sql import store as sql_store
from gatecli.ledger.sql.booking import with_terms
from gatecli.ledger.verification import verify
from gatecli.model.ledger import Charge, EntryKind, Movement, Parent, ReservationState
from gatecli.model.portfolio import COLUMNS, MOST, NOTHING, Admission, Amounts, total
from tests.support.ledgers import (
    AT,
    IDENTITY,
    LedgerPlace,
    commit,
    evenly,
    movement,
    require_sound,
    require_written,
    terms,
    void,
)

HELD, COMMITTED, VOID = ReservationState.HELD, ReservationState.COMMITTED, ReservationState.VOID
BOTH = ("devices", "people")
NOT_AMOUNTS = {
    "NaN": float("nan"),
    "infinity": float("inf"),
    "a subnormal": 5e-324,
    "a float": 1.0,
    "a negative": -1,
    "400 digits": 10**400,
    "one too many": MOST + 1,
    "a truth value": True,
    "a text": "1",
}
NOT_NAMES = ("", "a\0b", "line\nbreak", "half \ud800", "x" * 513)
NOT_TIMES = ("", "2026-11-29", "2026-11-29T12:00:00", "2026-11-29T12:00:00+01:00", "2026-13-01T00:00:00Z")


Step = Callable[[Store, int], Outcome]


def reserve_plan(store: Store, number: int) -> Outcome:
    return store.move(movement(subject=f"plan {number}", amounts=1), releases={f"a@{number}": "a"})


def commit_release(store: Store, number: int) -> Outcome:
    return store.move(commit(f"a@{number}"))


def reserve_release(store: Store, number: int) -> Outcome:
    return store.move(movement(subject=f"a@{number}", amounts=1))


def void_release(store: Store, number: int) -> Outcome:
    return store.move(void(f"a@{number}", -1))


RACES: dict[str, tuple[Callable[[Store, int], object], Step, Step]] = {
    "a plan is void, or a release of it is published": (
        reserve_plan,
        lambda store, number: store.move(void(f"plan {number}", -1)),
        commit_release,
    ),
    "a release is published, or void": (reserve_release, commit_release, void_release),
    "a release is reserved alone, or in a plan": (
        lambda _store, _number: None,
        reserve_release,
        reserve_plan,
    ),
    "a release is reserved again with one content, or another": (
        lambda store, number: (reserve_release(store, number), void_release(store, number)),
        lambda store, number: store.move(movement(subject=f"a@{number}", amounts=1, attempt=1, digest="x")),
        lambda store, number: store.move(movement(subject=f"a@{number}", amounts=1, attempt=1, digest="y")),
    ),
}
"""What comes before, and two movements of which only one can follow."""


def outcome(step: Step, store: Store, number: int) -> str:
    try:
        return str(step(store, number))
    except Conflict:
        return "Conflict"


class LedgerSuite:
    @pytest.fixture(name="place")
    def free_place(self) -> LedgerPlace:
        """Where no ledger is yet."""
        raise NotImplementedError

    @pytest.fixture(name="store")
    def new_store(self, place: LedgerPlace) -> Iterator[Store]:
        """A ledger of two datasets, sound after every test."""
        store = place.create()
        for name in BOTH:
            store.add_dataset(terms(name), AT)
        yield store
        require_sound(store)
        store.close()

    def test_a_ledger_keeps_its_identity(self, place: LedgerPlace) -> None:
        place.create().close()
        store = place.open(read_only=True)
        assert store.identity == IDENTITY
        store.close()

    def test_no_ledger_is_made_over_another(self, place: LedgerPlace) -> None:
        place.create().close()
        with pytest.raises(UsageError, match="there is a ledger"):
            place.create()

    def test_where_no_ledger_is_none_is_opened(self, place: LedgerPlace) -> None:
        with pytest.raises(LedgerUnavailable, match="there is no ledger"):
            place.open()

    def test_a_dataset_begins_with_nothing_held_and_its_terms(self, store: Store) -> None:
        wanted = terms(
            "café", parents=(Parent("people", 2),), block_of="devices", records=60, admission=Admission.ALL
        )
        assert store.add_dataset(wanted, AT, "signed") is Outcome.DONE
        account = store.account("café")
        assert account is not None
        assert (account.terms, account.held, account.entries, account.closed) == (wanted, NOTHING, 1, False)
        (entry,) = store.entries("café")
        assert (entry.kind, entry.amounts, entry.signature) == (EntryKind.DATASET, NOTHING, "signed")

    def test_a_dataset_is_added_once(self, store: Store) -> None:
        assert store.add_dataset(terms(), "2026-11-29T13:00:00Z") is Outcome.EXISTS
        with pytest.raises(Conflict, match="people"):
            store.add_dataset(terms(records=5), AT)
        assert [account.entries for account in store.accounts()] == [1, 1]

    def test_a_dataset_needs_its_parents(self, store: Store) -> None:
        with pytest.raises(UnknownDataset, match="nobody"):
            store.add_dataset(terms("new", parents=(Parent("nobody"),)), AT)
        assert store.account("new") is None

    def test_accounts_come_in_the_order_of_the_bytes_of_their_names(self, store: Store) -> None:
        names = ["Zebra", "_", "a b", "a-b", "ab", "émile", "𝕏"]
        for name in reversed(names):
            store.add_dataset(terms(name), AT)
        assert [account.terms.name for account in store.accounts()] == sorted([*names, *BOTH])

    def test_a_release_is_charged_to_each_dataset(self, store: Store) -> None:
        asked = movement(datasets=("people", "devices"), details={"note": "für 2026 — ε"})
        assert store.move(asked, lapses="2027-01-31", signatures=("of people", "of devices")) is Outcome.DONE
        require_written(store, with_terms(asked, "2027-01-31", {}))
        assert [account.held for account in store.accounts()] == [evenly(10), evenly(10)]
        assert [entry.signature for entry in store.entries(after=0)] == ["of devices", "of people"]
        found = store.reservation("churn@1")
        assert found is not None
        assert (found.attempt, found.state, found.digest, found.at) == (0, HELD, asked.digest, AT)
        assert (found.plan, found.lapses) == (None, "2027-01-31")
        assert found.charges == (Charge("devices", evenly(10)), Charge("people", evenly(10)))

    def test_the_same_release_is_charged_once(self, store: Store) -> None:
        store.move(movement(amounts=60))
        assert store.move(movement(amounts=60)) is Outcome.EXISTS

    def test_the_same_release_stands_where_nothing_more_fits(self, store: Store) -> None:
        store.move(movement(amounts=100))
        assert store.move(movement(amounts=100)) is Outcome.EXISTS

    def test_a_release_of_other_content_is_a_conflict(self, store: Store) -> None:
        store.move(movement())
        with pytest.raises(Conflict, match="churn@1") as caught:
            store.move(movement(digest="other"))
        assert caught.value.found == store.reservation("churn@1")

    def test_what_no_member_holds_is_refused(self, store: Store) -> None:
        store.move(movement(amounts=60))
        with pytest.raises(BudgetExceeded) as caught:
            store.move(movement(subject="churn@2", amounts=41))
        assert caught.value.dataset == "people"
        assert store.reservation("churn@2") is None
        assert store.move(movement(subject="churn@3", amounts=40)) is Outcome.DONE

    def test_one_member_that_holds_is_enough(self, store: Store) -> None:
        only_gdp = Amounts(*(1 if column.startswith("gdp") else 101 for column in COLUMNS))
        assert store.move(movement(amounts=only_gdp)) is Outcome.DONE
        only_basic = Amounts(*(1 if column.startswith("basic") else 101 for column in COLUMNS))
        with pytest.raises(BudgetExceeded):
            store.move(movement(subject="churn@2", amounts=only_basic))

    def test_a_measure_and_its_slack_are_of_one_member(self, store: Store) -> None:
        """Basic has room for the measure, GDP for the slack: neither holds both."""
        mixed = Amounts(*(1 if column in {"basic_epsilon", "gdp_delta"} else 101 for column in COLUMNS))
        with pytest.raises(BudgetExceeded):
            store.move(movement(amounts=mixed))

    def test_all_members_of_what_was_lent_must_hold(self, store: Store) -> None:
        store.add_dataset(terms("lent", admission=Admission.ALL), AT)
        one_more = Amounts(*[*[1] * 6, 101, 1, 1])
        with pytest.raises(BudgetExceeded, match="lent"):
            store.move(movement(amounts=one_more, datasets=("lent",)))
        assert store.move(movement(amounts=100, datasets=("lent",))) is Outcome.DONE

    def test_no_dataset_is_charged_where_one_of_them_has_no_room(self, store: Store) -> None:
        store.move(movement(amounts=95))
        with pytest.raises(BudgetExceeded, match="people"):
            store.move(movement(subject="churn@2", datasets=BOTH))
        account = store.account("devices")
        assert account is not None
        assert (account.held, account.entries) == (NOTHING, 1)

    def test_no_dataset_is_charged_where_one_of_them_is_unknown(self, store: Store) -> None:
        for unknown in ("aaa", "zzz"):
            with pytest.raises(UnknownDataset, match=unknown):
                store.move(movement(datasets=("people", unknown)))
        with pytest.raises(UnknownDataset, match="aaa"):
            store.move(movement(datasets=("aaa",)))
        assert [account.entries for account in store.accounts()] == [1, 1]
        assert list(store.reservations()) == []

    def test_a_closed_dataset_takes_no_charge_and_lets_what_is_held_go_on(self, store: Store) -> None:
        store.move(movement())
        store.move(movement(subject="churn@2"))
        assert store.close_dataset("people", AT) is Outcome.DONE
        assert store.close_dataset("people", AT) is Outcome.EXISTS
        with pytest.raises(UnknownDataset, match="people"):
            store.move(movement(subject="churn@3"))
        with pytest.raises(UnknownDataset, match="people"):
            store.move(movement(subject="churn@3", datasets=BOTH))
        assert store.move(commit()) is Outcome.DONE
        assert store.move(void("churn@2")) is Outcome.DONE
        account = store.account("people")
        assert account is not None
        assert (account.closed, account.held) == (True, evenly(10))

    def test_an_unknown_dataset_cannot_be_closed(self, store: Store) -> None:
        with pytest.raises(UnknownDataset, match="nobody"):
            store.close_dataset("nobody", AT)

    def test_a_committed_release_stays_charged(self, store: Store) -> None:
        store.move(movement())
        assert store.move(commit()) is Outcome.DONE
        require_written(store, commit())
        assert store.move(commit()) is Outcome.EXISTS
        with pytest.raises(Conflict):
            store.move(void())
        with pytest.raises(Conflict):
            store.move(movement())
        found = store.reservation("churn@1")
        assert found is not None
        assert (found.state, found.digest) == (COMMITTED, movement().digest)
        assert found.charges == (Charge("people", evenly(10)),)

    def test_a_void_release_is_taken_back(self, store: Store) -> None:
        store.move(movement(datasets=BOTH))
        assert store.move(void(datasets=BOTH)) is Outcome.DONE
        require_written(store, void(datasets=BOTH))
        assert store.move(void(datasets=BOTH)) is Outcome.EXISTS
        assert [account.held for account in store.accounts()] == [NOTHING, NOTHING]
        with pytest.raises(Conflict):
            store.move(commit(datasets=BOTH))

    def test_a_void_release_may_be_reserved_again_with_the_next_attempt(self, store: Store) -> None:
        store.move(movement(datasets=BOTH))
        store.move(void(datasets=BOTH))
        for attempt in (0, 2):
            with pytest.raises(Conflict):
                store.move(movement(attempt=attempt))
        again = movement(amounts=20, digest="other", attempt=1)
        assert store.move(again) is Outcome.DONE
        assert store.move(again) is Outcome.EXISTS
        with pytest.raises(Conflict):
            store.move(commit())
        assert store.move(commit(attempt=1)) is Outcome.DONE
        found = store.reservation("churn@1")
        assert found is not None
        assert (found.attempt, found.state, found.digest) == (1, COMMITTED, "other")
        assert found.charges == (Charge("people", evenly(20)),)

    def test_what_was_never_reserved_cannot_be_committed_or_void(self, store: Store) -> None:
        for asked in (commit(), void(), movement(EntryKind.RETURN, amounts=-1), movement(attempt=1)):
            with pytest.raises(Conflict) as caught:
                store.move(asked)
            assert caught.value.found is None

    def test_no_more_is_taken_back_than_a_release_holds(self, store: Store) -> None:
        store.move(movement(subject="churn@0", amounts=30))
        store.move(movement())
        with pytest.raises(Conflict):
            store.move(void(amounts=-11))
        with pytest.raises(Conflict):
            store.move(void(datasets=("devices",)))
        with pytest.raises(Conflict):
            store.move(void(datasets=BOTH))

    def test_what_is_not_taken_back_stays_held(self, store: Store) -> None:
        store.move(movement())
        store.move(void(amounts=-4))
        found = store.reservation("churn@1")
        assert found is not None
        assert (found.state, found.charges) == (VOID, (Charge("people", evenly(6)),))
        store.move(movement(attempt=1, amounts=1))
        found = store.reservation("churn@1")
        assert found is not None
        assert found.charges == (Charge("people", evenly(7)),)

    def test_an_opening_balance_is_spent(self, store: Store) -> None:
        assert store.move(movement(EntryKind.OPENING, "before", 70)) is Outcome.DONE
        with pytest.raises(BudgetExceeded):
            store.move(movement(amounts=31))
        assert [found.state for found in store.reservations()] == [COMMITTED]

    def test_what_a_lease_spent_takes_its_place(self, store: Store) -> None:
        store.move(movement(EntryKind.LEASE, "cut-off", 50))
        assert [found.state for found in store.reservations()] == [ReservationState.LENT]
        with pytest.raises(Conflict):
            store.move(void("cut-off", -50))
        assert store.move(movement(EntryKind.RETURN, "cut-off", -20)) is Outcome.DONE
        (found,) = store.reservations()
        assert (found.state, found.charges) == (ReservationState.RETURNED, (Charge("people", evenly(30)),))

    def test_the_releases_of_a_plan_are_held_with_it_and_committed_alone(self, store: Store) -> None:
        plan = movement(subject="plan", datasets=BOTH)
        assert store.move(plan, releases={"b@1": "b@1", "a@1": "a@1"}, lapses="2027-01-31") is Outcome.DONE
        assert store.move(plan, releases={"b@1": "b@1", "a@1": "a@1"}) is Outcome.EXISTS
        nothing = tuple(Charge(name, NOTHING) for name in BOTH)
        found = store.reservation("a@1")
        assert found is not None
        assert (found.state, found.plan, found.lapses, found.charges) == (HELD, "plan", "2027-01-31", nothing)
        assert [each.subject for each in store.releases_of_plan("plan")] == ["a@1", "b@1"]
        assert [
            *store.releases_of_plan("a@1"),
            *store.releases_of_plan(""),
            *store.releases_of_plan("a\0"),
        ] == []
        assert store.move(commit("a@1", BOTH, plan="plan")) is Outcome.DONE
        states = [(each.subject, each.state) for each in store.reservations()]
        assert states == [("a@1", COMMITTED), ("b@1", HELD), ("plan", HELD)]

    def test_a_plan_is_committed_with_the_last_of_its_releases(self, store: Store) -> None:
        plan = movement(subject="plan", datasets=BOTH)
        store.move(plan, releases={"a@1": "a@1", "b@1": "b@1"}, lapses="2026-11-28")
        store.move(commit("b@1", BOTH, plan="plan"))
        assert store.tally("2026-11-29").lapsed == {"devices": 1, "people": 1}
        store.move(commit("a@1", BOTH, digest="of the last", plan="plan"))
        found = store.reservation("plan")
        assert found is not None
        assert (found.state, found.digest, found.last_digest) == (COMMITTED, "reserve:plan", "of the last")
        assert [charge.amounts for charge in found.charges] == [charge.amounts for charge in plan.charges]
        assert store.tally("2026-11-29").lapsed == {}
        with pytest.raises(Conflict, match="plan"):
            store.move(void("plan", datasets=BOTH))
        assert verify(store).holds

    def test_a_plan_that_was_committed_itself_stays_so(self, store: Store) -> None:
        store.move(movement(subject="plan"), releases={"a@1": "a@1"})
        store.move(commit("plan"))
        store.move(commit("a@1", plan="plan"))
        found = store.reservation("plan")
        assert found is not None
        assert (found.state, found.last_digest) == (COMMITTED, "commit:plan")
        assert verify(store).holds

    @pytest.mark.parametrize("publishes_first", [False, True])
    def test_a_plan_is_committed_once_no_release_is_held_and_one_was_published(
        self, store: Store, *, publishes_first: bool
    ) -> None:
        store.move(movement(subject="plan"), releases={"a@1": "a@1", "b@1": "b@1"})
        before = store.account("people").held  # type: ignore[union-attr]  # it is there
        ends = (commit("b@1", plan="plan"), void("a@1", NOTHING, plan="plan"))
        first, last = ends if publishes_first else ends[::-1]
        store.move(first)
        assert store.reservation("plan").state is HELD  # type: ignore[union-attr]  # it is there
        assert verify(store).holds
        store.move(last)
        found = store.reservation("plan")
        assert found is not None
        assert (found.state, found.last_digest) == (COMMITTED, last.digest)
        assert store.account("people").held == before  # type: ignore[union-attr]  # it is there
        assert verify(store).holds

    def test_a_plan_of_which_every_release_was_void_alone_is_held_and_can_become_void(
        self, store: Store
    ) -> None:
        store.move(movement(subject="plan"), releases={"a@1": "a@1", "b@1": "b@1"})
        for release in ("a@1", "b@1"):
            store.move(void(release, NOTHING, plan="plan"))
        assert store.reservation("plan").state is HELD  # type: ignore[union-attr]  # it is there
        store.move(void("plan"))
        assert store.account("people").held == NOTHING  # type: ignore[union-attr]  # it is there
        assert verify(store).holds

    def test_details_that_say_otherwise_when_it_lapses_are_refused(self, store: Store) -> None:
        for details in ({"lapses": "2027-01-31"}, {"planned": {"a@1": "a"}}):
            with pytest.raises(UsageError, match="when it lapses, or what it plans"):
                store.move(movement(details=details))

    def test_the_names_of_accounts_are_in_order(self, store: Store) -> None:
        assert list(store.account_names()) == [each.terms.name for each in store.accounts()]

    def test_a_plan_is_void_only_while_none_of_its_releases_is_committed(self, store: Store) -> None:
        store.move(movement(subject="plan"), releases={"a@1": "a@1", "b@1": "b@1"})
        store.move(commit("a@1", plan="plan"))
        with pytest.raises(Conflict, match="plan"):
            store.move(void("plan"))
        assert [each.state for each in store.reservations()] == [COMMITTED, HELD, HELD]

    def test_the_releases_of_a_void_plan_are_void_and_may_be_reserved_again(self, store: Store) -> None:
        store.move(movement(subject="plan"), releases={"a@1": "a@1", "b@1": "b@1"})
        store.move(void("plan"))
        assert {each.state for each in store.reservations()} == {VOID}
        assert store.move(movement(subject="a@1", attempt=1)) is Outcome.DONE
        assert store.move(movement(subject="plan 2"), releases={"b@1": "b@1"}) is Outcome.DONE
        found = [(each.subject, each.attempt, each.state, each.plan) for each in store.reservations()]
        assert found == [
            ("a@1", 1, HELD, None),
            ("b@1", 1, HELD, "plan 2"),
            ("plan", 0, VOID, None),
            ("plan 2", 0, HELD, None),
        ]

    def test_a_release_of_a_plan_can_be_void_alone(self, store: Store) -> None:
        store.move(movement(subject="plan"), releases={"a@1": "a@1", "b@1": "b@1"})
        with pytest.raises(Conflict):
            store.move(void("a@1", plan="plan"))
        store.move(void("a@1", NOTHING, plan="plan"))
        assert [each.state for each in store.reservations()] == [VOID, HELD, HELD]

    def test_a_plan_of_a_release_that_stands_already_is_a_conflict(self, store: Store) -> None:
        store.move(movement(subject="b@1"))
        with pytest.raises(Conflict, match="b@1"):
            store.move(movement(subject="plan"), releases={"a@1": "a@1", "b@1": "b@1"})
        assert store.reservation("plan") is None
        assert store.reservation("a@1") is None

    def test_reservations_are_found_by_state_and_dataset(self, store: Store) -> None:
        store.move(movement(subject="c"))
        store.move(movement(subject="a", datasets=BOTH))
        store.move(movement(subject="b", datasets=("devices",)))
        store.move(commit("b", ("devices",)))

        def subjects(state: ReservationState | None = None, dataset: str | None = None) -> list[str]:
            return [found.subject for found in store.reservations(state, dataset)]

        assert subjects() == ["a", "b", "c"]
        assert subjects(HELD) == ["a", "c"]
        assert subjects(dataset="devices") == ["a", "b"]
        assert subjects(HELD, "devices") == ["a"]
        assert subjects(dataset="nobody") == []
        assert next(store.reservations(HELD, "devices")).charges == (
            Charge("devices", evenly(10)),
            Charge("people", evenly(10)),
        )

    @pytest.mark.parametrize("page", [1, 2, 3, 1000])
    def test_what_is_streamed_is_whole_whatever_its_pages(
        self, store: Store, monkeypatch: pytest.MonkeyPatch, page: int
    ) -> None:
        for number in range(5):
            store.move(movement(subject=f"churn@{number}", amounts=1, datasets=BOTH))
        store.sequence()
        for number in range(3):
            store.save_checkpoint(StoredCheckpoint(7, AT, f"note {number}"))
        monkeypatch.setattr(sql_store, "PAGE", page)
        assert len(list(store.accounts())) == 2
        assert len(list(store.reservations())) == len(list(store.reservations(HELD, "people"))) == 5
        numbers = [(entry.dataset, entry.number) for entry in store.entries()]
        assert numbers == [(name, number) for name in BOTH for number in range(6)]
        assert [(entry.dataset, entry.number) for entry in store.log()] == numbers
        assert [note.note for note in store.checkpoints()] == ["note 0", "note 1", "note 2"]

    def test_entries_are_found_from_a_number_on_and_from_the_newest(self, store: Store) -> None:
        for number in range(5):
            store.move(movement(subject=f"churn@{number}", amounts=1))

        def numbers(**which: Any) -> list[int]:
            return [entry.number for entry in store.entries("people", **which)]

        assert numbers(after=2) == [3, 4, 5]
        assert numbers(newest_first=True, limit=2) == [5, 4]
        assert numbers(after=3, newest_first=True) == [5, 4]
        assert numbers(limit=0) == []
        assert [entry.dataset for entry in store.entries(limit=2)] == ["devices", "people"]
        assert list(store.entries("nobody")) == []

    def test_entries_keep_their_places_in_the_log(self, store: Store) -> None:
        assert store.sequence() == 2
        store.move(movement(subject="churn@1"))
        store.move(movement(subject="churn@2", datasets=BOTH))
        assert store.sequence() == store.sequence() == 5
        places = [(entry.dataset, entry.number) for entry in store.log()]
        assert places == [("devices", 0), ("people", 0), ("devices", 1), ("people", 1), ("people", 2)]
        assert [(entry.dataset, entry.number) for entry in store.log(1, 3)] == places[1:3]
        assert list(store.log(5)) == []

    def test_checkpoints_are_kept_once_by_size(self, store: Store) -> None:
        one, two = StoredCheckpoint(1, AT, "one"), StoredCheckpoint(2, AT, "two")
        for checkpoint in (two, one, two):
            store.save_checkpoint(checkpoint)
        assert list(store.checkpoints()) == [one, two]

    def test_what_was_opened_for_reading_changes_nothing(self, store: Store, place: LedgerPlace) -> None:
        store.move(movement())
        reader = place.open(read_only=True)
        changes: tuple[Callable[[], object], ...] = (
            lambda: reader.add_dataset(terms("new"), AT),
            lambda: reader.move(movement(subject="churn@2")),
            lambda: reader.move(commit()),
            lambda: reader.close_dataset("people", AT),
            reader.sequence,
            lambda: reader.save_checkpoint(StoredCheckpoint(1, AT, "note")),
        )
        for change in changes:
            with pytest.raises(LedgerUnavailable, match="opened for reading"):
                change()
        assert [found.subject for found in reader.reservations()] == ["churn@1"]
        reader.close()

    @pytest.mark.parametrize("amount", NOT_AMOUNTS.values(), ids=NOT_AMOUNTS.keys())
    def test_what_is_not_an_amount_is_not_charged(self, store: Store, amount: Any) -> None:
        for column in COLUMNS:
            charge = Charge("people", Amounts(**{column: amount}))
            with pytest.raises(UsageError, match="not a whole number of units"):
                store.move(Movement(EntryKind.RESERVE, "churn@1", AT, (charge,), "digest"))
        with pytest.raises(UsageError, match="not a whole number of units"):
            store.add_dataset(terms("new", Amounts(amount)), AT)

    def test_a_commit_charges_nothing_and_a_void_nothing_more(self, store: Store) -> None:
        store.move(movement())
        for asked in (commit(), void(amounts=1)):
            charge = Charge("people", evenly(1))
            with pytest.raises(UsageError):
                store.move(Movement(asked.kind, "churn@1", AT, (charge,), "digest"))

    @pytest.mark.parametrize("name", NOT_NAMES)
    def test_what_is_not_a_name_is_refused(self, store: Store, name: str) -> None:
        changes: tuple[Callable[[], object], ...] = (
            lambda: store.add_dataset(terms(name), AT),
            lambda: store.move(movement(subject=name)),
            lambda: store.move(movement(datasets=(name,))),
            lambda: store.move(movement(subject="plan"), releases={name: name}),
        )
        for change in changes:
            with pytest.raises(UsageError, match="cannot hold"):
                change()

    @pytest.mark.parametrize("name", NOT_NAMES)
    def test_what_is_not_a_name_is_not_there(self, store: Store, name: str) -> None:
        assert store.account(name) is None
        assert store.reservation(name) is None
        assert [*store.reservations(dataset=name), *store.entries(name), *store.sums(name)] == []

    @pytest.mark.parametrize("text", ["a\0b", "half \udc00"])
    def test_a_text_that_no_column_holds_is_refused(self, store: Store, text: str) -> None:
        changes: tuple[Callable[[], object], ...] = (
            lambda: store.move(movement(digest=text)),
            lambda: store.move(movement(), signatures=(text,)),
            lambda: store.move(movement(subject="plan"), releases={"a@1": text}),
            lambda: store.save_checkpoint(StoredCheckpoint(1, AT, text)),
            lambda: store.add_dataset(terms("new"), AT, text),
        )
        for change in changes:
            with pytest.raises(UsageError):
                change()

    @pytest.mark.parametrize("at", NOT_TIMES)
    def test_what_is_not_a_time_is_refused(self, store: Store, at: str) -> None:
        with pytest.raises(UsageError, match="is not a time"):
            store.add_dataset(terms("new"), at)
        with pytest.raises(UsageError, match="is not a day"):
            store.move(movement(), lapses=at if at != "2026-11-29" else "2026-11-31")

    @pytest.mark.parametrize("detail", [float("nan"), float("inf"), "half \udc00", b"bytes", {1, 2}])
    def test_what_json_does_not_say_is_refused(self, store: Store, detail: Any) -> None:
        with pytest.raises(UsageError, match="cannot be written as JSON"):
            store.move(movement(details={"x": detail}))

    @pytest.mark.parametrize(
        "asked",
        [
            movement(EntryKind.CLOSE, "people", NOTHING),
            movement(datasets=()),
            movement(datasets=("people", "people")),
            movement(plan="plan"),
            movement(attempt=-1),
        ],
    )
    def test_what_is_no_movement_is_refused(self, store: Store, asked: Movement) -> None:
        with pytest.raises(UsageError):
            store.move(asked)

    def test_a_sum_beyond_a_column_is_refused(self, store: Store) -> None:
        store.add_dataset(terms("big", Amounts(*[MOST] * 2)), AT)
        beyond = Amounts(0, 0, *[MOST // 2 + 1] * 7)
        store.move(movement(subject="churn@1", amounts=beyond, datasets=("big",)))
        with pytest.raises(LedgerUnavailable, match="no longer fit"):
            store.move(movement(subject="churn@2", amounts=beyond, datasets=("big",)))

    def test_the_database_refuses_to_change_what_was_appended(self, store: Store, place: LedgerPlace) -> None:
        store.move(movement())
        store.sequence()
        store.save_checkpoint(StoredCheckpoint(1, AT, "note"))
        for statement in (
            "UPDATE entry SET content = ''",
            "DELETE FROM entry",
            "UPDATE log SET place = place + 10",
            "DELETE FROM log",
            "UPDATE checkpoint SET note = ''",
            "DELETE FROM checkpoint",
            "UPDATE dataset SET terms = ''",
            "DELETE FROM account",
            "DELETE FROM reservation",
            "UPDATE account SET basic_epsilon_limit = 200",
            "UPDATE account SET admission = 'any'",
            "UPDATE ledger SET id = 'other'",
            "DELETE FROM ledger",
        ):
            with pytest.raises(Exception, match=r"rows are|columns never change"):
                place.tamper(statement)

    @pytest.mark.usefixtures("store")
    def test_the_database_holds_the_portfolio_whoever_writes(self, place: LedgerPlace) -> None:
        everything = ", ".join(f"{column} = 101" for column in COLUMNS)
        with pytest.raises(Exception, match="portfolio_holds"):
            place.tamper(f"UPDATE account SET {everything}")  # noqa: S608 - our own columns
        with pytest.raises(Exception, match="amounts_are_not_negative"):
            place.tamper("UPDATE account SET rdp_8 = -1")

    @pytest.mark.parametrize(
        "change",
        [
            "UPDATE reservation SET digest = 'other', last_digest = 'other' WHERE subject = 'churn@1'",
            "UPDATE reservation SET state = 'committed' WHERE subject = 'churn@1'",
            "UPDATE reservation SET lapses = '2099-01-01' WHERE subject = 'churn@1'",
            "DELETE FROM reservation_charge WHERE subject = 'churn@1' AND dataset = 'people'",
            "DELETE FROM reservation_charge",
        ],
    )
    def test_a_reservation_that_no_trigger_guards_is_held_to_its_entries(
        self, change: str, place: LedgerPlace
    ) -> None:
        store = place.create()
        for name in BOTH:
            store.add_dataset(terms(name), AT)
        store.move(movement(datasets=BOTH))
        assert verify(store).holds
        place.tamper(change)
        assert any("churn@1" in fault.what for fault in verify(store).faults)
        store.close()

    def test_the_last_release_of_a_plan_commits_it_whoever_that_is(self, place: LedgerPlace) -> None:
        store = place.create()
        store.add_dataset(terms("people"), AT)
        for number in range(10):
            store.move(
                movement(subject=f"plan {number}", amounts=1),
                releases={f"a@{number}": "a", f"b@{number}": "b"},
            )

        def commit_all(name: str) -> None:
            client = place.open()
            for number in range(10):
                client.move(commit(f"{name}@{number}", plan=f"plan {number}"))
            client.close()

        with ThreadPoolExecutor(2) as pool:
            list(pool.map(commit_all, "ab"))
        assert [each.subject for each in store.reservations(HELD)] == []
        assert verify(store).faults == ()
        store.close()

    @pytest.mark.usefixtures("store")
    def test_two_clients_with_one_release_charge_it_once(self, place: LedgerPlace) -> None:
        asked = [movement(subject=f"churn@{number}", amounts=1, datasets=BOTH) for number in range(25)]

        def reserve_all(_: int) -> list[Outcome]:
            client = place.open()
            try:
                return [client.move(each) for each in asked]
            finally:
                client.close()

        with ThreadPoolExecutor(4) as clients:
            outcomes = list(clients.map(reserve_all, range(4)))
        for each in zip(*outcomes, strict=True):
            assert sorted(each) == ["done", "exists", "exists", "exists"]

    def test_clients_that_race_do_not_overspend(self, store: Store, place: LedgerPlace) -> None:
        def spend(name: int) -> int:
            client, done = place.open(), 0
            datasets = BOTH if name % 2 else tuple(reversed(BOTH))
            for number in range(40):
                try:
                    client.move(movement(subject=f"{name}@{number}", amounts=1, datasets=datasets))
                    done += 1
                except BudgetExceeded:
                    break
            client.close()
            return done

        with ThreadPoolExecutor(4) as clients:
            assert sum(clients.map(spend, range(4))) == 100
        assert [account.held for account in store.accounts()] == [evenly(100), evenly(100)]

    @pytest.mark.parametrize("race", RACES)
    def test_of_two_that_exclude_each_other_one_is_done(
        self, store: Store, place: LedgerPlace, race: str
    ) -> None:
        before, one, other = RACES[race]
        clients = [place.open(), place.open()]
        with ThreadPoolExecutor(2) as threads:
            for number in range(20):
                before(store, number)
                asked = [threads.submit(outcome, one, clients[0], number)]
                asked.append(threads.submit(outcome, other, clients[1], number))
                assert sorted(each.result() for each in asked) == ["Conflict", "done"]
        for client in clients:
            client.close()

    def test_one_store_may_be_used_by_several_threads(self, store: Store) -> None:
        def reserve(number: int) -> Outcome:
            return store.move(movement(subject=f"a@{number}", amounts=1))

        with ThreadPoolExecutor(4) as threads:
            assert set(threads.map(reserve, range(40))) == {Outcome.DONE}
            lengths = threads.map(lambda _: len(list(store.entries("people"))), range(8))
        assert set(lengths) == {41}

    @pytest.mark.parametrize("newest_first", [False, True])
    def test_no_more_entries_are_read_than_are_asked_for(self, store: Store, newest_first: bool) -> None:  # noqa: FBT001 - a case
        for number in range(7):
            store.move(movement(subject=f"a@{number}", amounts=1))
        numbers = list(range(8))[:: -1 if newest_first else 1]
        for limit in range(9):
            found = store.entries("people", newest_first=newest_first, limit=limit)
            assert [each.number for each in found] == numbers[:limit]

    def test_refusals_are_counted_by_rule_and_change_nothing_else(self, store: Store) -> None:
        before = list(store.accounts())
        for rule in ("ledger-unknown-dataset", "ledger-budget-exceeded", "ledger-budget-exceeded"):
            store.note_refusal(rule, AT)
        assert store.tally("2026-11-29").refusals == {
            "ledger-budget-exceeded": 2,
            "ledger-unknown-dataset": 1,
        }
        assert list(store.accounts()) == before

    def test_the_tally_counts_subjects_by_state(self, store: Store) -> None:
        for number in range(4):
            store.move(movement(subject=f"a@{number}", amounts=1))
        store.move(commit("a@0"))
        store.move(void("a@1", amounts=-1))
        assert store.tally("2026-11-29").states == {COMMITTED: 1, HELD: 2, VOID: 1}

    def test_the_tally_counts_held_reservations_whose_day_is_over(self, store: Store) -> None:
        store.move(movement(subject="a@1", amounts=1, datasets=BOTH), lapses="2026-11-28")
        store.move(movement(subject="b@1", amounts=1), lapses="2026-11-28")
        store.move(movement(subject="c@1", amounts=1), lapses="2026-11-29")
        store.move(movement(subject="d@1", amounts=1), lapses="2026-11-28")
        store.move(movement(subject="e@1", amounts=1))
        store.move(commit("d@1"))
        assert store.tally("2026-11-29").lapsed == {"devices": 1, "people": 2}

    @pytest.mark.usefixtures("store")
    def test_a_refusal_cannot_be_noted_where_the_ledger_is_read_only(self, place: LedgerPlace) -> None:
        reader = place.open(read_only=True)
        with pytest.raises(LedgerUnavailable, match="for reading"):
            reader.note_refusal("ledger-budget-exceeded", AT)
        reader.close()

    @pytest.mark.parametrize(("after", "width"), [(-1, 1), (-1, 3), (2, 3), (4, 100), (9, 2)])
    def test_sums_of_entries_are_those_of_their_amounts(self, store: Store, after: int, width: int) -> None:
        for number in range(6):
            store.move(movement(subject=f"a@{number}", amounts=number + 1))
        store.move(void("a@2", amounts=-3))
        entries = [each for each in store.entries("people") if each.number > after]
        expected = [
            (last.number, AT, total(each.amounts for each in entries if each.number // width == run))
            for run in sorted({each.number // width for each in entries})
            for last in entries
            if last.number == max(each.number for each in entries if each.number // width == run)
        ]
        found = store.sums("people", after=after, width=width)
        assert [(each.number, each.at, each.amounts) for each in found] == expected
