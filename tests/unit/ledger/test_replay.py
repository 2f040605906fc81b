"""Which entry can follow which, as a replay sees it."""

from __future__ import annotations

import base64
from dataclasses import replace
from typing import Any

import pytest

from gatecli.ledger.replay import DatasetReplay
from gatecli.ledger.subjects import Finished
from gatecli.model.ledger import (
    Charge,
    DatasetTerms,
    Entry,
    EntryKind,
    Movement,
    content_of,
    first_hash,
    next_hash,
    opening_movement,
)
from gatecli.model.portfolio import MEMBER_COLUMNS, NOTHING, Admission, Amounts, Member
from tests.support.ledger_records import AT, KEY
from tests.support.ledgers import commit, evenly, movement, terms, void

LEDGER = "0" * 32
OPENING, LEASE, RETURN = EntryKind.OPENING, EntryKind.LEASE, EntryKind.RETURN


def close(name: str = "people") -> Movement:
    return movement(EntryKind.CLOSE, name, 0)


def chain(*movements: Movement, own: DatasetTerms | None = None) -> list[Entry]:
    """The entries of one dataset as a store writes them, whatever it would say to them."""
    opening = opening_movement(own or terms(), AT)
    head, entries = first_hash(LEDGER, "people"), []
    for number, each in enumerate((opening, *movements)):
        charge = next(charge for charge in each.charges if charge.dataset == "people")
        content = content_of(each, charge)
        head = next_hash(head, content)
        entry = Entry("people", number, each.kind, each.subject, each.attempt, charge.amounts, content, head)
        entries.append(entry)
    return entries


def replayed(entries: list[Entry], public_key: bytes = b"") -> tuple[DatasetReplay, list[tuple[int, str]]]:
    replay = DatasetReplay(LEDGER, "people", Finished(), public_key)
    return replay, [(number, what) for number, entry in enumerate(entries) for what in replay.add(entry)]


def faults(*movements: Movement, own: DatasetTerms | None = None) -> list[tuple[int, str]]:
    return replayed(chain(*movements, own=own))[1]


def planned(name: str, *releases: str, **more: Any) -> Movement:
    return movement(subject=name, details={"planned": dict.fromkeys(releases, "digest")}, **more)


def test_the_sums_and_the_head_are_those_of_the_entries() -> None:
    entries = chain(movement(), movement(subject="b@1", amounts=5), void(), close())
    replay, found = replayed(entries)
    assert found == []
    assert (replay.held, replay.head, replay.number, replay.closed) == (evenly(5), entries[-1].hash, 5, True)
    assert replay.terms == terms()


@pytest.mark.parametrize(
    "movements",
    [
        (movement(OPENING, "before"), movement()),
        (movement(), commit()),
        (movement(), void(), movement(attempt=1), commit(attempt=1)),
        (movement(attempt=1), void(attempt=1), movement(attempt=3)),  # the others charged other datasets
        (movement(LEASE), movement(RETURN, amounts=-4)),
        (movement(LEASE), movement(RETURN, amounts=0)),
        (planned("plan", "a@1", "b@1"), commit("a@1"), commit("plan")),
        (planned("plan", "a@1"), commit("plan"), commit("a@1")),
        (planned("plan", "a@1"), void("plan"), movement(subject="a@1", attempt=1)),
        (movement(), void(amounts=-4), movement(attempt=1, amounts=2), void(attempt=1, amounts=-8)),
        (movement(), void(amounts=-4), void(attempt=1, amounts=-6)),  # reserved again with other datasets
        (movement(), close(), commit()),
        (movement(), close(), void()),
    ],
)
def test_what_a_store_writes_is_followed(movements: tuple[Movement, ...]) -> None:
    assert faults(*movements) == []


@pytest.mark.parametrize(
    ("movements", "what"),
    [
        ((movement(), movement()), "churn@1 was charged before"),
        ((movement(), commit(), movement()), "churn@1 was charged before"),
        ((movement(), commit(), movement(attempt=1)), "churn@1 was charged before"),
        ((movement(OPENING), movement(OPENING)), "churn@1 was charged before"),
        ((movement(), void(), movement()), "churn@1 was charged before"),
        (
            (movement(), void(), movement(attempt=1), commit(attempt=1), movement(attempt=2)),
            "churn@1 was charged before",
        ),
        ((movement(), planned("plan", "churn@1")), "churn@1 was charged before"),
        ((commit(),), "churn@1 is not held: it cannot be committed"),
        ((movement(), commit(attempt=1)), "churn@1 is not held: it cannot be committed"),
        ((movement(), commit(), void()), "churn@1 is not held: it cannot become void"),
        ((movement(), void(), void()), "churn@1 is not held: it cannot become void"),
        ((movement(LEASE), void()), "churn@1 is not held: it cannot become void"),
        ((movement(), movement(RETURN, amounts=-1)), "churn@1 is not lent: it cannot be returned"),
        (
            (movement(LEASE), movement(RETURN, amounts=-1), movement(RETURN, amounts=-1)),
            "churn@1 is not lent: it cannot be returned",
        ),
        (
            (movement(subject="b"), movement(), void(amounts=-11)),
            "it takes back more than churn@1 was charged",
        ),
        ((movement(), void(amounts=1)), "it takes back more than churn@1 was charged"),
        ((movement(subject="b"), movement(amounts=-5)), "a charge is negative"),
        ((movement(), movement(EntryKind.COMMIT, amounts=-3)), "a commit changes what is held"),
        (
            (planned("plan", "a@1", "b@1"), commit("a@1"), void("plan")),
            "a release of the plan plan was published: it cannot become void",
        ),
        ((close(), movement()), "it charges a dataset that was closed"),
        (
            (movement(), movement(EntryKind.CLOSE, "people", 1)),
            "the end of a dataset is about something else",
        ),
        ((close("devices"),), "the end of a dataset is about something else"),
        ((opening_movement(terms(), AT),), "the terms of a dataset are its first entry, and no other one"),
        ((movement(amounts=101),), "no member of the portfolio is within its limits after it"),
    ],
)
def test_what_no_store_writes_is_named_at_its_last_entry(movements: tuple[Movement, ...], what: str) -> None:
    assert (len(movements), what) in faults(*movements)


@pytest.mark.parametrize("member", Member)
def test_any_member_is_enough(member: Member) -> None:
    within = dict.fromkeys(MEMBER_COLUMNS[member], 0)
    amounts = replace(evenly(101), **within)
    assert faults(movement(amounts=amounts)) == []


@pytest.mark.parametrize("column", Amounts.__dataclass_fields__)
def test_all_members_must_hold_where_all_are_asked(column: str) -> None:
    amounts = replace(NOTHING, **{column: 101})
    assert [what for _, what in faults(movement(amounts=amounts), own=terms(admission=Admission.ALL))] == [
        "no member of the portfolio is within its limits after it"
    ]


def test_a_chain_without_its_first_entry_is_named() -> None:
    _, found = replayed(chain(movement())[1:])
    assert (0, "entry 0 is missing before it, or it is there twice") in found


def test_terms_of_another_dataset_are_named() -> None:
    entries = chain()
    content = entries[0].content.replace('"name":"people"', '"name":"person"')
    head = next_hash(first_hash(LEDGER, "people"), content)
    assert replayed([replace(entries[0], content=content, hash=head)])[1] == [
        (0, "its terms are those of person")
    ]


def test_terms_that_cannot_be_read_are_named() -> None:
    entries = chain()
    content = entries[0].content.replace('"epsilon":"8"', '"epsilon":"8/0"')
    head = next_hash(first_hash(LEDGER, "people"), content)
    assert replayed([replace(entries[0], content=content, hash=head)])[1] == [
        (0, "it holds no terms of a dataset")
    ]


@pytest.mark.parametrize(
    "content",
    [
        "",
        "{}",
        "null",
        "[]",
        "{",
        '{"amounts":1}',
        '{"a":' * 100_000,
        "\ud800",
        '{"amounts":' + "9" * 5000 + "}",
    ],
)
def test_content_that_is_not_of_an_entry_is_named(content: str) -> None:
    entry = replace(chain(movement())[1], content=content)
    _, found = replayed([chain()[0], entry])
    assert (1, "its content is not that of an entry, or its columns say other than its content") in found


def test_content_with_something_after_it_is_named() -> None:
    entry = chain(movement())[1]
    _, found = replayed([chain()[0], replace(entry, content=entry.content + " ")])
    assert len(found) == 2


@pytest.mark.parametrize("text", ["", "zz", "00", "00" * 33])
def test_a_hash_that_is_none_is_named_and_the_chain_goes_on_by_itself(text: str) -> None:
    entries = chain(movement(), movement(subject="b"))
    entries[1] = replace(entries[1], hash=text)
    assert replayed(entries)[1] == [(1, "its hash is not that of the entry before and its content")]


def test_a_signature_is_verified_by_the_key_of_the_ledger() -> None:
    first, entry = chain(movement())
    good = replace(entry, signature=base64.b64encode(KEY.sign(entry.content.encode())).decode())
    assert replayed([first, good], KEY.public)[1] == []
    for signature in (good.signature[:-4], "*", "AAAA"):
        assert replayed([first, replace(entry, signature=signature)], KEY.public)[1] == [
            (1, "its signature is not by the ledger's key")
        ]


def test_charges_of_one_movement_in_other_datasets_do_not_matter() -> None:
    both = Movement(
        EntryKind.RESERVE, "a@1", AT, (Charge("devices", evenly(1)), Charge("people", evenly(2))), "d"
    )
    assert replayed(chain(both))[0].held == evenly(2)


def test_a_plan_is_committed_with_the_last_of_its_releases() -> None:
    assert faults(planned("plan", "a@1", "b@1"), commit("a@1"), commit("b@1"), void("plan")) == [
        (4, "plan is not held: it cannot become void")
    ]
    assert faults(planned("plan", "a@1", "b@1"), commit("a@1"), commit("plan"), commit("b@1")) == []


@pytest.mark.parametrize("signature", ["é", "\ud800", "AAAA="])
def test_a_signature_of_other_letters_is_a_fault(signature: str) -> None:
    (entry,) = chain()
    _, found = replayed([replace(entry, signature=signature)], KEY.public)
    assert found == [(0, "its signature is not by the ledger's key")]


def test_content_that_is_not_unicode_is_a_fault_of_its_signature() -> None:
    entry = chain()[0]
    changed = replace(entry, content=entry.content + "\ud800", signature="AAAA")
    assert (0, "its signature is not by the ledger's key") in replayed([changed], KEY.public)[1]


def test_entries_without_a_signature_are_counted() -> None:
    replay, _ = replayed(chain(movement()))
    assert replay.unsigned == 2
