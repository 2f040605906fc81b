"""Leases in a running process: taken ahead, asked for once, paused after a refusal, returned at the end."""

from __future__ import annotations

import asyncio
import gc
from collections.abc import Callable, Coroutine
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from gatecli.ledger.interface import LedgerUnavailable, Store
from gatecli.ledger.ledger_thread import LedgerThread
from gatecli.serving.leases import BudgetSpent
from gatecli.serving.ledger_state import LedgerState
from gatecli.serving.paid_answers import PAUSE, PaidAnswers
from tests.support.leases import COST, SetClock, answers_held, people
from tests.support.ledgers import LedgerPlace, sqlite_place


@dataclass
class Opening:
    """A ledger that is opened, or does not answer."""

    place: LedgerPlace
    is_down: bool = False
    opened: int = 0
    clock: SetClock = field(default_factory=SetClock)

    def __call__(self) -> Store:
        self.opened += 1
        if self.is_down:
            raise LedgerUnavailable("gone", advice="wait")
        return self.place.open()

    def paid(self, size: int) -> PaidAnswers:
        return PaidAnswers(LedgerThread(self), COST, size, self.clock.lease_clock())


@pytest.fixture(name="store")
def new_store(tmp_path: Path) -> Store:
    store = sqlite_place(tmp_path).create()
    people(store, 10)
    return store


@pytest.fixture(name="opening")
def new_opening(tmp_path: Path) -> Opening:
    return Opening(sqlite_place(tmp_path))


def run(work: Callable[[], Coroutine[Any, Any, None]]) -> None:
    asyncio.run(work())


async def settle(paid: PaidAnswers) -> None:
    """Let a lease that is being taken be taken."""
    while paid.asking is not None:
        await asyncio.wait([paid.asking])
        await asyncio.sleep(0)


def test_the_next_lease_is_taken_before_the_last_answer(store: Store, opening: Opening) -> None:
    async def work() -> None:
        paid = opening.paid(4)
        for _ in range(2):
            await paid.take()
        assert [paid.left, answers_held(store)] == [2, 4]
        await paid.take()
        await settle(paid)
        assert [paid.left, answers_held(store)] == [5, 8]
        await paid.close()
        assert answers_held(store) == 3

    run(work)


def test_a_small_lease_is_taken_when_it_is_needed(store: Store, opening: Opening) -> None:
    async def work() -> None:
        paid = opening.paid(1)
        await paid.take()
        await settle(paid)
        assert answers_held(store) == 1

    run(work)


def test_requiring_an_answer_takes_none(store: Store, opening: Opening) -> None:
    async def work() -> None:
        paid = opening.paid(4)
        for _ in range(3):
            await paid.require()
        assert paid.left == 4
        await paid.close()
        assert answers_held(store) == 0

    run(work)


def test_those_who_wait_share_one_question_to_the_ledger(store: Store, opening: Opening) -> None:
    async def work() -> None:
        paid = opening.paid(10)
        taken = await asyncio.gather(*(paid.take() for _ in range(12)), return_exceptions=True)
        refused = [each for each in taken if isinstance(each, BudgetSpent)]
        assert [len(refused), answers_held(store)] == [2, 10]

    run(work)


def test_after_a_refusal_the_ledger_is_left_alone_for_a_while(store: Store, opening: Opening) -> None:
    async def work() -> None:
        opening.is_down = True
        paid = opening.paid(4)
        for _ in range(5):
            with pytest.raises(LedgerUnavailable):
                await paid.take()
        assert opening.opened == 1
        opening.is_down = False
        with pytest.raises(LedgerUnavailable):
            await paid.take()
        opening.clock.seconds += PAUSE
        await paid.take()
        assert answers_held(store) == 4

    run(work)


def test_a_refusal_that_is_told_again_holds_nothing_of_those_it_was_told(
    store: Store, opening: Opening
) -> None:
    class Body:
        """What a request holds."""

    async def request(paid: PaidAnswers) -> None:
        body = Body()
        with pytest.raises(LedgerUnavailable):
            await paid.take()
        del body

    async def work() -> None:
        opening.is_down = True
        paid = opening.paid(4)
        for _ in range(50):
            await request(paid)
        assert paid._refusal is not None
        depth, traceback = 0, paid._refusal.__traceback__
        while traceback is not None:
            depth, traceback = depth + 1, traceback.tb_next
        assert depth < 10
        gc.collect()

    run(work)
    assert answers_held(store) == 0


def test_an_answer_that_was_never_asked_for_can_be_given(store: Store, opening: Opening) -> None:
    async def work() -> None:
        paid = opening.paid(4)
        lease = await paid.take()
        paid.give_back(lease)
        assert paid.left == 4
        await paid.close()
        paid.give_back(lease)  # after the end it is lost, not given twice
        assert answers_held(store) == 0

    run(work)


def test_what_the_ledger_does_not_take_back_stays_spent(store: Store, opening: Opening) -> None:
    async def work() -> None:
        paid = opening.paid(4)
        await paid.take()
        await paid.ledger.ask(lambda own: own.close())
        opening.is_down = True
        await paid.ledger.ask(lambda _: paid.ledger._let_go())
        assert await paid.close() == 3
        assert answers_held(store) == 4

    run(work)


def test_who_goes_away_while_a_lease_is_taken_cancels_it_for_nobody(store: Store, opening: Opening) -> None:
    async def work() -> None:
        paid = opening.paid(4)
        first, second = (asyncio.create_task(paid.take()) for _ in range(2))
        await asyncio.sleep(0)
        first.cancel()
        await second
        assert answers_held(store) == 4

    run(work)


def test_the_ledger_is_asked_whether_it_is_there_once_a_second(store: Store, opening: Opening) -> None:
    async def work() -> None:
        state = LedgerState(LedgerThread(opening), "people", lambda: opening.clock.seconds)
        assert [await state.fault() for _ in range(3)] == [None] * 3
        assert (await state.terms()).unit == "person"
        opening.is_down = True
        await state.ledger.ask(lambda _: state.ledger._let_go())
        assert await state.fault() is None
        opening.clock.seconds += 1
        assert [await state.fault() for _ in range(3)] == ["ledger"] * 3
        assert opening.opened == 2
        opening.is_down = False
        opening.clock.seconds += 1
        assert await state.fault() is None
        await state.ledger.close()

    run(work)
    assert answers_held(store) == 0
