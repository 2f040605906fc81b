"""When a budget is used up: worked by hand."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from fractions import Fraction
from pathlib import Path

import pytest

from gatecli.ledger.forecast import forecast, forecast_account
from gatecli.ledger.history import Level, Step, steps
from gatecli.ledger.interface import Store
from gatecli.model.ledger import Charge, EntryKind, Movement
from gatecli.model.portfolio import Amounts
from tests.support.charged_ledgers import add, ledger
from tests.support.page_ledgers import NOW, create, give_back, moments, take, team, terms, written

START = datetime(2026, 1, 1, tzinfo=UTC)


def step(days: int, per_cent: int) -> Step:
    return Step(START + timedelta(days=days), Fraction(per_cent, 100))


def after(days: int) -> datetime:
    return START + timedelta(days=days)


def test_the_rate_is_what_was_charged_after_the_first_moment_by_the_time_since() -> None:
    # 20 % in 100 days after the first 10 %: the other 70 % take 350 days.
    found = forecast([step(0, 10), step(40, 20), step(90, 30)], after(100))
    assert found == after(450).date() == date(2027, 3, 27)


def test_while_nobody_spends_the_forecast_moves_away() -> None:
    spent = [step(0, 10), step(90, 30)]
    assert forecast(spent, after(200)) == after(900).date()


def test_steps_in_between_change_nothing() -> None:
    assert forecast([step(0, 10), step(50, 60), step(90, 30)], after(100)) == forecast(
        [step(0, 10), step(90, 30)], after(100)
    )


@pytest.mark.parametrize(
    "spent",
    [
        [],
        [step(0, 30)],
        [step(0, 30), step(50, 30)],
        [step(0, 30), step(50, 10)],
        [step(100, 10), step(120, 30)],
        [step(200, 10), step(300, 30)],
    ],
    ids=["nothing", "one moment", "taken back", "less than at first", "now is the first", "clocks"],
)
def test_without_a_rate_there_is_no_forecast(spent: list[Step]) -> None:
    assert forecast(spent, after(100)) is None


def test_what_is_used_up_was_used_up_on_the_day_of_the_last_charge() -> None:
    assert forecast([step(0, 40), step(60, 100)], after(100)) == after(60).date()
    assert forecast([step(60, 100)], after(100)) == after(60).date()


def test_nothing_is_foretold_beyond_a_century() -> None:
    slow = [Step(START, Fraction(0)), Step(after(50), Fraction(1, 366))]
    assert forecast(slow, after(100)) == after(100 + 36_500).date()
    assert forecast(slow, after(101)) is None


def test_an_account_is_foretold_from_its_first_entries_as_from_all(tmp_path: Path) -> None:
    store = team(tmp_path / "ledger.db")
    for account in store.accounts():
        every = list(steps(store.entries(account.terms.name), account.terms))
        begun: dict[str, Level] = {}
        assert forecast_account(store, account, NOW) == forecast(every, NOW)
        assert forecast_account(store, account, NOW, begun) == forecast(every, NOW)
        assert forecast_account(store, account, NOW, begun) == forecast(every, NOW)
        assert (account.terms.name in begun) == (len(every) > 1)
    store.close()


def test_a_first_moment_is_not_remembered_before_it_ended(tmp_path: Path) -> None:
    store, begun = create(tmp_path / "ledger.db"), dict[str, Level]()
    store.add_dataset(terms("people"), written(START))
    for day in (5, 5, 9):
        account = store.account("people")
        assert account is not None
        forecast_account(store, account, NOW, begun)
        assert begun == {}
        take(store, f"a@{account.entries}", 50, ("people",), after(day))
    account = store.account("people")
    assert account is not None
    assert forecast_account(store, account, NOW, begun) is not None
    assert [level.at for level in begun.values()] == [after(5)]
    store.close()


def test_a_dataset_without_a_charge_has_no_forecast(tmp_path: Path) -> None:
    store = create(tmp_path / "ledger.db")
    store.add_dataset(terms("people"), written(START))
    (account,) = store.accounts()
    assert forecast_account(store, account, NOW) is None
    store.close()


def test_a_charge_that_was_taken_back_does_not_count(tmp_path: Path) -> None:
    store = create(tmp_path / "ledger.db")
    store.add_dataset(terms("people"), written(START))
    for number, at in enumerate(moments(after(1), after(31), 3)):
        take(store, f"a@{number}", 50, ("people",), at)
    (account,) = store.accounts()
    before = forecast_account(store, account, NOW)
    take(store, "b@1", 50, ("people",), after(40))
    give_back(store, "b@1", 50, ("people",), after(41))
    (account,) = store.accounts()
    assert forecast_account(store, account, NOW) == before is not None
    store.close()


@pytest.mark.parametrize("openings", [1, 2, 3])
def test_opening_balances_are_no_rate_however_many_there_are(tmp_path: Path, openings: int) -> None:
    with ledger(tmp_path) as store:
        add(store, epsilon="8")
        for number in range(openings):
            charge(
                store, EntryKind.OPENING, f"opening:customers@{number}", START + timedelta(days=40 * number)
            )
        account = store.account("customers")
        assert account is not None
        assert forecast_account(store, account, after(200)) is None
        charge(store, EntryKind.RESERVE, "churn@1", after(150))
        account = store.account("customers")
        assert account is not None
        last = 40 * (openings - 1)
        first = Step(after(last), Fraction(openings, 8))
        expected = forecast([first, Step(after(150), Fraction(openings + 1, 8))], after(200))
        assert expected is not None
        assert forecast_account(store, account, after(200), {}) == expected


def charge(store: Store, kind: EntryKind, subject: str, at: datetime) -> None:
    """An eighth of the budget, by the basic filter; the others have no room."""
    amounts = Amounts(10**12, 0, *([2**50] * 7))
    store.move(
        Movement(kind, subject, at.strftime("%Y-%m-%dT%H:%M:%SZ"), (Charge("customers", amounts),), "d"),
        lapses="2027-01-01" if kind is EntryKind.RESERVE else None,
    )
