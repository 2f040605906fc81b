"""A ledger on a server that a client loses sight of, at every statement of everything it does."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from itertools import count

import pytest

from gatecli.ledger.interface import LedgerUnavailable, Outcome, Store, StoredCheckpoint
from gatecli.ledger.opening import open_store
from tests.support.cutting_proxy import CuttingProxy, Moment, cutting_proxy
from tests.support.ledgers import (
    AT,
    LedgerPlace,
    commit,
    movement,
    postgres_place,
    require_sound,
    terms,
    void,
)
from tests.support.postgres import cluster

BOTH = ("devices", "people")
NUMBERS = count()
MOST_STATEMENTS = 100

Step = Callable[[Store, int], object]


def nothing(_store: Store, _number: int) -> None:
    """What needs nothing before it."""


def reserve_before(store: Store, number: int) -> None:
    store.move(movement(subject=f"churn@{number}", amounts=1, datasets=BOTH))


def add_before(store: Store, number: int) -> None:
    store.add_dataset(terms(f"new {number}"), AT)


def reserve_plan(store: Store, number: int) -> Outcome:
    plan = movement(subject=f"plan {number}", amounts=1)
    return store.move(plan, releases={f"a@{number}": "a", f"b@{number}": "b"})


def read(store: Store, _number: int) -> None:
    assert {entry.dataset for entry in store.entries()} >= set(BOTH)


CHANGES: dict[str, tuple[Step, Step]] = {
    "add a dataset": (nothing, lambda store, number: store.add_dataset(terms(f"new {number}"), AT)),
    "reserve a release": (
        nothing,
        lambda store, number: store.move(movement(subject=f"churn@{number}", amounts=1)),
    ),
    "reserve a release of two datasets": (
        nothing,
        lambda store, number: store.move(movement(subject=f"churn@{number}", amounts=1, datasets=BOTH)),
    ),
    "reserve a plan": (nothing, reserve_plan),
    "commit a release": (reserve_before, lambda store, number: store.move(commit(f"churn@{number}", BOTH))),
    "void a release": (reserve_before, lambda store, number: store.move(void(f"churn@{number}", -1, BOTH))),
    "close a dataset": (add_before, lambda store, number: store.close_dataset(f"new {number}", AT)),
    "give places": (reserve_before, lambda store, _number: store.sequence()),
    "keep a checkpoint": (
        nothing,
        lambda store, number: store.save_checkpoint(StoredCheckpoint(number, AT, "note")),
    ),
    "read": (nothing, read),
}
"""What comes before, and what is cut; the number of a try makes its names its own."""


@pytest.fixture(name="server", scope="module")
def running() -> Iterator[str]:
    with cluster() as url:
        yield url


@pytest.fixture(name="place")
def place_with_datasets(server: str) -> LedgerPlace:
    place = postgres_place(server, f"ledger_{next(NUMBERS)}")
    store = place.create()
    for name in BOTH:
        store.add_dataset(terms(name), AT)
    store.close()
    return place


def tries(proxy: CuttingProxy) -> Iterator[int]:
    """Cut at the first statement, the second, and so on; the last try is the first that needs fewer."""
    for statement in range(1, MOST_STATEMENTS):
        yield statement
        if not proxy.has_cut:
            assert statement > 1
            return
    raise AssertionError("the work has no end")


def require_done(change: Step, store: Store, number: int) -> None:
    """What was done is not done again."""
    assert change(store, number) is not Outcome.DONE


def require_sound_at(place: LedgerPlace) -> None:
    store = place.open(read_only=True)
    require_sound(store)
    store.close()


@pytest.mark.parametrize("moment", Moment)
@pytest.mark.parametrize("name", CHANGES)
def test_a_connection_that_is_lost_is_made_again_and_the_work_done_once(
    place: LedgerPlace, name: str, moment: Moment
) -> None:
    before, change = CHANGES[name]
    with cutting_proxy(place.url) as (proxy, url):
        for number in tries(proxy):
            store = open_store(url, replay=True)
            before(store, number)
            proxy.cut_at(number, moment)
            change(store, number)
            proxy.heal()
            require_done(change, store, number)
            store.close()
    require_sound_at(place)


@pytest.mark.parametrize("moment", Moment)
@pytest.mark.parametrize("name", CHANGES)
def test_a_server_that_stays_away_leaves_the_work_done_or_not_done(
    place: LedgerPlace, name: str, moment: Moment
) -> None:
    before, change = CHANGES[name]
    with cutting_proxy(place.url) as (proxy, url):
        for number in tries(proxy):
            store = open_store(url, replay=True)
            before(store, number)
            proxy.cut_at(number, moment, stays_cut=True)
            refused = False
            try:
                change(store, number)
            except LedgerUnavailable:
                refused = True
            assert refused is proxy.has_cut
            proxy.heal()
            change(store, number)
            require_done(change, store, number)
            store.close()
    require_sound_at(place)
