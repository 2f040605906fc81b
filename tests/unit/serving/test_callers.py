"""What each caller may spend, also over restarts, and that nobody can read who called."""

from __future__ import annotations

import asyncio
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from fractions import Fraction
from pathlib import Path
from threading import Barrier

import pytest

from gatecli.errors import UsageError
from gatecli.ledger.interface import LedgerIdentity, Store
from gatecli.ledger.ledger_thread import LedgerThread
from gatecli.ledger.opening import create_store
from gatecli.model.private_endpoint import CallerBudget
from gatecli.serving import callers as module
from gatecli.serving.callers import Callers, add_caller, terms_of_caller
from gatecli.serving.leases import BudgetSpent
from gatecli.serving.noisy_parts import open_or_create
from tests.support.leases import ONE, SetClock, answers_held
from tests.support.ledgers import AT, LedgerPlace, sqlite_place

CALLER = "Bearer s3cret-of-somebody"


@pytest.fixture(name="place")
def new_place(tmp_path: Path) -> LedgerPlace:
    place = sqlite_place(tmp_path)
    place.create().close()
    return place


def budget(epsilon: int | str = 3) -> CallerBudget:
    return CallerBudget.model_validate({"epsilon": epsilon})


def started(place: LedgerPlace, prefix: str, epsilon: int = 3) -> Callers:
    """A process of its own: its leases have names of their own."""
    named = SetClock().lease_clock(prefix)
    return Callers(LedgerThread(place.open), "churn", budget(epsilon), ONE, Fraction(1), b"k" * 32, named)


async def charged(callers: Callers, caller: str, times: int) -> int:
    """How many answers a caller gets."""
    done = 0
    for _ in range(times):
        try:
            await callers.charge(caller)
        except BudgetSpent:
            break
        done += 1
    return done


def spent(store: Store) -> list[Fraction]:
    return sorted(answers_held(store, name) for name in store.account_names())


def test_each_caller_spends_its_own_and_no_more(place: LedgerPlace) -> None:
    async def work() -> None:
        callers = started(place, "a")
        assert [await charged(callers, each, 5) for each in ("x", "y", "")] == [3, 3, 3]
        await callers.close()

    asyncio.run(work())
    assert spent(place.open()) == [3, 3, 3]


def test_a_restart_gives_no_budget_back(place: LedgerPlace) -> None:
    async def work() -> int:
        first = started(place, "a")
        await charged(first, CALLER, 2)
        await first.close()
        second = started(place, "b")
        found = await charged(second, CALLER, 5)
        await second.close()
        return found

    assert asyncio.run(work()) == 1


def test_no_header_is_in_the_ledger(place: LedgerPlace, tmp_path: Path) -> None:
    async def work() -> None:
        callers = started(place, "a")
        await charged(callers, CALLER, 1)
        await callers.close()

    asyncio.run(work())
    written = b"".join(each.read_bytes() for each in tmp_path.iterdir())
    assert b"s3cret" not in written
    assert b"Bearer" not in written


def test_another_budget_is_refused(place: LedgerPlace) -> None:
    store, clock = place.open(), SetClock().lease_clock()
    add_caller(store, terms_of_caller("every-caller", budget(3)), clock)
    add_caller(store, terms_of_caller("every-caller", budget(3)), clock)
    with pytest.raises(UsageError, match="another budget"):
        add_caller(store, terms_of_caller("every-caller", budget(4)), clock)


def test_callers_that_come_and_go_cost_no_more_than_they_ask(
    place: LedgerPlace, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "MOST_CALLERS", 1)

    async def work() -> None:
        callers = started(place, "a", epsilon=20)
        names = [f"caller {number}" for number in range(8)]
        await asyncio.gather(*(callers.charge(each) for each in names * 2))
        await callers.close()

    asyncio.run(work())
    assert all(2 <= each <= 4 for each in spent(place.open()))


def test_an_answer_that_was_told_is_known_by_its_bytes(
    place: LedgerPlace, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "MOST_TOLD", 2)
    callers = started(place, "a")
    callers.tell("x", b"q" * 32, b"one")
    told = [("x", b"one"), ("x", b"two"), ("y", b"one")]
    assert [callers.is_told(who, b"q" * 32, answer) for who, answer in told] == [True, False, False]
    for who in "yz":
        callers.tell(who, b"q" * 32, b"one")
    assert not callers.is_told("x", b"q" * 32, b"one")


def test_what_was_never_asked_for_is_given_back(place: LedgerPlace) -> None:
    async def work() -> int:
        callers = started(place, "a", epsilon=40)
        (await callers.charge("x"))()
        found = await charged(callers, "x", 50)
        await callers.close()
        return found

    assert asyncio.run(work()) == 40


def test_a_budget_that_no_ledger_holds_is_refused() -> None:
    with pytest.raises(UsageError, match=r"budget\.perCaller"):
        terms_of_caller("x", budget("1e30"))


def test_nobody_finds_a_ledger_that_is_half_made(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever failed to make it as well would take it away, and callers would have their budgets again."""
    place, others = tmp_path / "callers.db", list[str]()

    def create(named: str, identity: LedgerIdentity) -> Store:
        made = create_store(named, identity)
        assert not place.exists()
        if not others:
            others.append("")
            with closing(open_or_create(str(place), "churn", AT)) as other:
                others.append(other.identity.id)
        return made

    monkeypatch.setattr("gatecli.serving.noisy_parts.create_store", create)
    with closing(open_or_create(str(place), "churn", AT)) as store:
        assert store.identity.id == others[1]
    assert [each.name for each in tmp_path.iterdir()] == ["callers.db"]


@pytest.mark.parametrize("turn", range(5))
def test_who_begins_at_once_has_one_ledger(tmp_path: Path, turn: int) -> None:
    url, together = str(tmp_path / f"{turn}.db"), Barrier(3)

    def begin(_: int) -> str:
        together.wait()
        store = open_or_create(url, "churn", AT)
        store.close()
        return store.identity.id

    with ThreadPoolExecutor(3) as threads:
        assert len(set(threads.map(begin, range(3)))) == 1
    assert [each.name for each in tmp_path.iterdir()] == [f"{turn}.db"]
