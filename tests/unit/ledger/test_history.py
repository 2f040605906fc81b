"""What was held, step by step, from a dataset's entries."""

from __future__ import annotations

from datetime import UTC, datetime
from fractions import Fraction

from gatecli.ledger.history import Level, levels, moment_of, steps
from gatecli.model.ledger import Entry, EntryKind, content_of
from gatecli.model.portfolio import NOTHING, Amounts
from tests.support.page_ledgers import charge, movement, terms

DAY_1, DAY_2, DAY_3 = (datetime(2026, 3, day, 9, tzinfo=UTC) for day in (1, 2, 3))


def entry(at: datetime, amounts: Amounts, number: int = 0, **more: object) -> Entry:
    moved = movement(EntryKind.RESERVE, f"a@{number}", at, {"people": amounts}, **more)
    content = content_of(moved, moved.charges[0])
    return Entry("people", number, moved.kind, moved.subject, 0, amounts, content, "")


def test_the_time_of_an_entry_is_that_of_its_content_whatever_its_details_say() -> None:
    said = {"at": "1999-01-01T00:00:00Z", "note": '"at":"1998-01-01T00:00:00Z"'}
    assert moment_of(entry(DAY_1, charge(1), details=said)) == DAY_1


def test_what_is_held_is_the_sum_of_what_was_charged() -> None:
    found = list(levels([entry(DAY_1, charge(1)), entry(DAY_2, charge(2)), entry(DAY_3, -charge(2))]))
    assert found == [Level(DAY_1, charge(1)), Level(DAY_2, charge(3)), Level(DAY_3, charge(1))]


def test_entries_of_one_moment_are_one_level() -> None:
    assert list(levels([entry(DAY_1, charge(1)), entry(DAY_1, charge(2))])) == [Level(DAY_1, charge(3))]


def test_an_entry_that_charges_nothing_is_no_level() -> None:
    assert list(levels([entry(DAY_1, NOTHING), entry(DAY_2, charge(1)), entry(DAY_3, NOTHING)])) == [
        Level(DAY_2, charge(1))
    ]


def test_an_entry_that_says_it_is_older_counts_as_made_with_the_one_before() -> None:
    assert list(levels([entry(DAY_2, charge(1)), entry(DAY_1, charge(2))])) == [Level(DAY_2, charge(3))]


def test_levels_go_on_from_where_others_ended() -> None:
    entries = [entry(DAY_1, charge(1)), entry(DAY_2, charge(1)), entry(DAY_3, charge(1))]
    (*_, last) = levels(entries[:2])
    assert list(levels(entries[2:], last)) == list(levels(entries))[1:]


def test_a_step_is_a_share_by_the_member_that_decides() -> None:
    (step,) = steps([entry(DAY_1, charge(80))], terms("people", 8))
    # A tenth of ε by the basic member, but 0.08 of a μ² of 8/3 by another.
    assert step.share == Fraction(8 * 10**10, 8 * 10**12 // 3)


def test_no_entries_are_no_levels() -> None:
    assert list(levels([])) == []
