"""What `verify` finds in a ledger that was changed behind its back."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from gatecli.ledger.checkpoints import make_checkpoint
from gatecli.ledger.ed25519 import SigningKey
from gatecli.ledger.interface import DamagedAccount, LedgerUnavailable, Store, StoredCheckpoint
from gatecli.ledger.merkle import tree_root
from gatecli.ledger.notes import Checkpoint, InvalidNote, NoteKey, sign_note
from gatecli.ledger.opening import open_store
from gatecli.ledger.sql.statements import AMOUNTS
from gatecli.ledger.verification import Verification, verify
from gatecli.model.ledger import Charge, EntryKind, Movement
from gatecli.model.portfolio import COLUMNS
from tests.support.ledger_records import (
    AT,
    BOTH,
    KEY,
    LATER,
    OTHER_KEY,
    fill,
    identity,
    new_store,
    rechain,
    tamper,
)
from tests.support.ledgers import commit, evenly, movement, terms, void

Change = Callable[..., Verification]


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return fill(new_store(tmp_path))


@pytest.fixture
def change(store: Store, tmp_path: Path) -> Change:
    """Change the tables by statements, and verify what is there then."""
    head = list(store.checkpoints())[-1].note

    def verified(
        *statements: str, pinned: bool = False, again: tuple[str, int] | None = None
    ) -> Verification:
        store.close()
        tamper(tmp_path / "ledger.db", *statements)
        if again:
            rechain(tmp_path / "ledger.db", *again)
        changed = open_store(str(tmp_path / "ledger.db"), read_only=True)
        try:
            return verify(changed, head if pinned else None)
        finally:
            changed.close()

    return verified


def told(verification: Verification) -> list[str]:
    return [str(fault) for fault in verification.faults]


def test_a_ledger_with_a_bit_of_everything_holds(store: Store) -> None:
    found = verify(store)
    assert told(found) == []
    assert found.holds
    assert (found.ledger, found.datasets, found.checkpoints) == ("acme.example/privacy", 3, 2)
    assert found.entries == sum(account.entries for account in store.accounts())
    assert found.size == found.entries - 1
    assert found.root == tree_root(bytes.fromhex(entry.hash) for entry in store.log())


def test_a_ledger_can_be_verified_where_it_cannot_be_written(store: Store, change: Change) -> None:
    assert change().holds


def test_a_ledger_holds_against_each_head_that_it_had(store: Store) -> None:
    for kept in store.checkpoints():
        found = verify(store, kept.note)
        assert (told(found), found.pinned) == ([], kept.size)


def test_an_empty_ledger_holds(tmp_path: Path) -> None:
    found = verify(new_store(tmp_path))
    assert (found.datasets, found.entries, found.size, told(found)) == (0, 0, 0, [])


def test_a_changed_amount_is_named_where_it_stands(change: Change) -> None:
    found = change(
        "UPDATE entry SET basic_epsilon = 1 WHERE dataset = 'people' AND number = 2",
        "UPDATE account SET basic_epsilon = basic_epsilon - 9 WHERE name = 'people'",
    )
    what = "its content is not that of an entry, or its columns say other than its content"
    assert f"people, entry 2: {what}" in told(found)


@pytest.mark.parametrize(
    "column", ["subject = 'x'", "attempt = 7", "kind = 'void'", *(f"{column} = 99" for column in COLUMNS)]
)
def test_a_column_that_says_other_than_the_content_is_named(column: str, change: Change) -> None:
    found = change(f"UPDATE entry SET {column} WHERE dataset = 'devices' AND number = 1")  # noqa: S608 - our own
    assert any(fault.dataset == "devices" and fault.number == 1 for fault in found.faults)


def test_changed_content_is_named_where_it_stands(change: Change) -> None:
    found = change(
        "UPDATE entry SET content = replace(content, 'churn@1', 'chern@1'), subject = 'chern@1' "
        "WHERE dataset = 'people' AND number = 2"
    )
    assert "people, entry 2: its hash is not that of the entry before and its content" in told(found)
    assert "people, entry 3: churn@1 is not held: it cannot be committed" in told(found)
    assert not any(fault.number is not None and fault.number > 3 for fault in found.faults)


def test_a_chain_that_was_hashed_anew_shows_against_a_checkpoint(change: Change) -> None:
    found = change(
        "UPDATE entry SET content = replace(content, '[3,', '[1,'), basic_epsilon = 1 "
        "WHERE dataset = 'people' AND number = 1",
        "UPDATE account SET basic_epsilon = basic_epsilon - 2 WHERE name = 'people'",
        "UPDATE reservation_charge SET basic_epsilon = 1 WHERE subject = 'before the ledger'",
        again=("people", 1),
    )
    assert told(found) == [
        "the first 8 entries were changed, removed or reordered since the checkpoint of 8 entries",
        "the first 21 entries were changed, removed or reordered since the checkpoint of 21 entries",
    ]


def test_a_chain_that_was_hashed_anew_shows_against_a_head_that_was_kept(change: Change) -> None:
    found = change(
        "DELETE FROM checkpoint",
        "UPDATE entry SET content = replace(content, '[3,', '[1,'), basic_epsilon = 1 "
        "WHERE dataset = 'people' AND number = 1",
        "UPDATE account SET basic_epsilon = basic_epsilon - 2 WHERE name = 'people'",
        "UPDATE reservation_charge SET basic_epsilon = 1 WHERE subject = 'before the ledger'",
        again=("people", 1),
        pinned=True,
    )
    (fault,) = found.faults
    assert str(fault).endswith("entries were changed, removed or reordered since the head that was kept")


def test_an_entry_that_was_removed_is_named_by_its_number(change: Change) -> None:
    found = change(
        "DELETE FROM log WHERE dataset = 'people' AND number = 3",
        "DELETE FROM entry WHERE dataset = 'people' AND number = 3",
    )
    assert "people, entry 4: entry 3 is missing before it, or it is there twice" in told(found)


CUT = (
    "DELETE FROM checkpoint",
    "DELETE FROM log WHERE dataset = 'finished'",
    "DELETE FROM entry WHERE dataset = 'finished'",
    "DELETE FROM account WHERE name = 'finished'",
    "DELETE FROM dataset WHERE name = 'finished'",
)


def test_an_end_that_was_cut_off_shows_against_a_head_that_was_kept(change: Change) -> None:
    found = change(*CUT, pinned=True)
    assert any("the head that was kept" in fault for fault in told(found))


def test_an_end_that_was_cut_off_shows_in_nothing_that_was_cut_off_with_it(change: Change) -> None:
    assert change(*CUT).holds


def test_an_end_that_was_cut_off_is_said_to_be(store: Store) -> None:
    size = verify(store).size
    longer = sign_note(
        Checkpoint(store.identity.name, size + 5, b"\x00" * 32).as_text(), store.identity.name, KEY
    )
    (fault,) = verify(store, longer).faults
    assert str(fault) == (
        f"the head that was kept knows {size + 5} entries, and the log has {size}: its end was cut off"
    )


def test_entries_that_changed_places_show_against_a_checkpoint(change: Change) -> None:
    found = change(
        "UPDATE log SET place = 1000 WHERE dataset = 'devices' AND number = 0",
        "UPDATE log SET place = 1001 WHERE dataset = 'people' AND number = 0",
        "UPDATE log SET place = 3 WHERE place = 1000",
        "UPDATE log SET place = 0 WHERE place = 1001",
    )
    assert any("reordered" in fault for fault in told(found))


@pytest.mark.parametrize(
    ("statement", "what"),
    [
        ("basic_epsilon = basic_epsilon - 1", "what the account holds is not the sum of the entries"),
        ("entries = entries + 1", "the account counts"),
        ("head = zeroblob(32)", "the account's last hash is not that of the last entry"),
        ("closed = 1", "the account is closed, and its entries say otherwise"),
    ],
)
def test_an_account_that_differs_from_its_entries_is_named(statement: str, what: str, change: Change) -> None:
    found = change(f"UPDATE account SET {statement} WHERE name = 'people'")  # noqa: S608 - our own
    assert [fault for fault in told(found) if fault.startswith(f"people: {what}")]


def test_terms_that_differ_from_the_first_entry_are_named(change: Change) -> None:
    found = change("UPDATE dataset SET terms = replace(terms, 'person', 'record') WHERE name = 'people'")
    assert told(found) == ["people: the account's terms are not those of its first entry"]


RAISED = ", ".join(f"{column}_limit = 1000" for column in COLUMNS)
ENFORCED = "people: the limits that the account is held to are not those of its terms"


@pytest.mark.parametrize("columns", [RAISED, "rdp_8_limit = 101", "admission = 'all'"])
def test_limits_that_were_changed_in_the_account_are_named(columns: str, change: Change) -> None:
    assert told(change(f"UPDATE account SET {columns} WHERE name = 'people'")) == [ENFORCED]  # noqa: S608 - our own


def test_limits_that_were_raised_in_the_account_do_not_raise_the_budget(change: Change, store: Store) -> None:
    change(f"UPDATE account SET {RAISED} WHERE name = 'people'")  # noqa: S608 - our own
    again = open_store(store.where)
    with pytest.raises(DamagedAccount, match="are not those of its terms"):
        again.account("people")
    again.move(movement(subject="too much", amounts=500))
    assert told(verify(again)) == [
        "people, entry 15: no member of the portfolio is within its limits after it",
        ENFORCED,
    ]


@pytest.mark.parametrize("terms", ["{}", "", "[]", "null", '{"name": 3}', '"people"'])
def test_terms_that_cannot_be_read_are_named(terms: str, change: Change, store: Store) -> None:
    found = change(f"UPDATE dataset SET terms = '{terms}' WHERE name = 'people'")  # noqa: S608 - our own
    assert told(found) == ["people: the account's terms cannot be read"]
    with pytest.raises(LedgerUnavailable, match="people: the account's terms cannot be read"):
        list(open_store(store.where, read_only=True).accounts())


def test_an_account_that_was_removed_is_named(change: Change) -> None:
    found = change("DELETE FROM account WHERE name = 'devices'")
    assert "devices: it has entries and no account" in told(found)


def test_a_commit_that_was_made_void_is_named(change: Change, store: Store) -> None:
    change("UPDATE reservation SET state = 'held' WHERE subject = 'churn@1'")
    again = open_store(store.where)
    again.move(void("churn@1", datasets=("devices", "people")))
    assert told(verify(again))[:2] == [
        "devices, entry 5: churn@1 is not held: it cannot become void",
        "people, entry 15: churn@1 is not held: it cannot become void",
    ]


SUBJECTS = ["churn@1", "trial@1", "plan", "a@1", "b@1", "plan 2", "c@1", "lease/aws", "before the ledger"]
"""Committed, void and held again, a plan with a committed and a held one, a void plan, a returned lease."""


@pytest.mark.parametrize("subject", SUBJECTS)
@pytest.mark.parametrize(
    "columns",
    [
        "state = CASE state WHEN 'committed' THEN 'held' ELSE 'committed' END",
        "digest = 'other', last_digest = 'other'",
        "digest = 'other'",
        "last_digest = 'other'",
        "attempt = attempt + 1",
        "plan = coalesce(plan, '') || 'x'",
        "lapses = coalesce(lapses, '') || '2099-01-01'",
        "at = '2020-01-01T00:00:00Z'",
    ],
)
def test_a_reservation_that_its_entries_do_not_say_is_named(
    subject: str, columns: str, change: Change
) -> None:
    found = told(change(f"UPDATE reservation SET {columns} WHERE subject = '{subject}'"))  # noqa: S608 - our own
    assert len(found) == 1
    assert f"{subject} is " in found[0]
    assert found[0].endswith(" by its reservation, and its entries say otherwise")


@pytest.mark.parametrize("subject", SUBJECTS)
def test_a_charge_of_a_reservation_that_was_changed_is_named(subject: str, change: Change) -> None:
    found = told(
        change(f"UPDATE reservation_charge SET rdp_8 = rdp_8 + 1 WHERE subject = '{subject}'")  # noqa: S608 - our own
    )
    assert any(f"{subject} is " in each for each in found)


@pytest.mark.parametrize("subject", SUBJECTS)
@pytest.mark.parametrize("datasets", ["('people')", "('people', 'devices')"])
def test_a_charge_of_a_reservation_that_was_removed_is_named(
    subject: str, datasets: str, change: Change
) -> None:
    where = f"subject = '{subject}' AND dataset IN {datasets}"
    found = told(change(f"DELETE FROM reservation_charge WHERE {where}"))  # noqa: S608 - our own
    assert any(subject in each for each in found)


@pytest.mark.parametrize("subject", SUBJECTS)
def test_a_reservation_that_was_removed_is_named(subject: str, change: Change) -> None:
    found = told(
        change(
            f"DELETE FROM reservation_charge WHERE subject = '{subject}'",  # noqa: S608 - our own
            f"DELETE FROM reservation WHERE subject = '{subject}'",  # noqa: S608 - our own
        )
    )
    assert any(f"{subject} is charged, and no reservation says so" in each for each in found)


def test_a_reservation_without_an_entry_is_named(change: Change) -> None:
    found = change(
        "INSERT INTO reservation SELECT 'free@1', 0, 'held', digest, digest, at, plan, lapses "
        "FROM reservation WHERE subject = 'churn@1'",
        f"INSERT INTO reservation_charge (subject, dataset, {AMOUNTS}) "  # noqa: S608 - our own
        f"SELECT 'free@1', dataset, {AMOUNTS} FROM reservation_charge WHERE subject = 'trial@1'",
    )
    assert told(found) == ["people: free@1 is held by its reservation, and its entries say otherwise"]


def test_a_reservation_without_a_charge_is_named(change: Change) -> None:
    found = change(
        "INSERT INTO reservation SELECT 'free@1', 0, 'held', digest, digest, at, plan, lapses "
        "FROM reservation WHERE subject = 'churn@1'"
    )
    assert told(found) == ["free@1 is held by its reservation, and its entries say otherwise"]


def test_a_commit_may_bind_more_than_the_reservation_did(tmp_path: Path) -> None:
    store = new_store(tmp_path)
    store.add_dataset(terms("people"), AT)
    store.move(movement(digest="claim"))
    store.move(commit(digest="content"))
    assert told(verify(store)) == []


def test_what_a_void_left_in_a_dataset_is_followed(tmp_path: Path) -> None:
    """Void in two datasets with something left in one, and charged again to a third one."""
    store = new_store(tmp_path)
    for name in ("devices", "people", "zoo"):
        store.add_dataset(terms(name), AT)
    store.move(movement(datasets=BOTH))
    store.move(
        Movement(
            EntryKind.VOID,
            "churn@1",
            AT,
            (Charge("devices", evenly(-10)), Charge("people", evenly(-4))),
            "void",
        )
    )
    assert told(verify(store)) == []
    store.move(movement(datasets=("zoo",), attempt=1))
    assert told(verify(store)) == []
    store.move(commit(datasets=("people", "zoo"), attempt=1))
    assert told(verify(store)) == []


def test_entries_that_are_not_signed_are_counted_where_the_ledger_has_a_key(tmp_path: Path) -> None:
    keyed, bare = fill(new_store(tmp_path)), new_store(tmp_path, "bare.db", identity(key=None))
    bare.add_dataset(terms("people"), AT)
    assert (verify(keyed).unsigned, verify(bare).unsigned) == (verify(keyed).entries, 0)


def test_more_than_a_hundred_faults_are_counted(tmp_path: Path) -> None:
    store = new_store(tmp_path)
    store.add_dataset(terms("people"), AT)
    for number in range(120):
        store.move(movement(subject=f"r@{number}", amounts=0))
    store.close()
    tamper(tmp_path / "ledger.db", "UPDATE entry SET content = content || ' ' WHERE number > 0")
    found = verify(open_store(str(tmp_path / "ledger.db"), read_only=True))
    assert len(found.faults) == 100
    assert found.untold >= 140


def keep(store: Store, text: str, key: SigningKey | None = KEY, size: int | None = None) -> list[str]:
    """Keep a checkpoint of any kind, and say what is wrong then."""
    note = text if key is None else sign_note(text, store.identity.name, key)
    store.save_checkpoint(StoredCheckpoint(verify(store).size if size is None else size, LATER, note))
    return told(verify(store))


def head_of(store: Store, origin: str | None = None) -> str:
    found = verify(store)
    return Checkpoint(origin or store.identity.name, found.size, found.root).as_text()


def test_a_checkpoint_that_another_key_signed_is_named(store: Store) -> None:
    (fault,) = keep(store, head_of(store), OTHER_KEY)
    assert fault.startswith("the checkpoint of 21 entries does not hold: nothing in the note is signed by")


def test_a_checkpoint_without_a_signature_is_named_where_the_ledger_has_a_key(store: Store) -> None:
    assert keep(store, head_of(store), None) == [
        "the checkpoint of 21 entries is not signed, and the ledger has a key"
    ]


def test_a_checkpoint_that_is_none_is_named(store: Store) -> None:
    (fault,) = keep(store, "nothing\n", None)
    assert fault.startswith("the checkpoint of 21 entries does not hold: this is not a checkpoint")


def test_a_checkpoint_that_is_kept_under_another_size_is_named(store: Store) -> None:
    assert keep(store, head_of(store), size=3) == ["the checkpoint of 3 entries is about 21"]


def test_a_checkpoint_of_another_ledger_is_named(store: Store) -> None:
    assert keep(store, head_of(store, "other.example")) == [
        "the checkpoint of 21 entries is of other.example, and this ledger is acme.example/privacy"
    ]


def test_a_head_that_the_owner_of_another_key_signed_is_refused(store: Store) -> None:
    with pytest.raises(InvalidNote, match="nothing in the note is signed by"):
        verify(store, sign_note(head_of(store), store.identity.name, OTHER_KEY))


def test_a_head_is_verified_by_the_key_that_is_given(store: Store) -> None:
    other = NoteKey(store.identity.name, OTHER_KEY.public)
    found = verify(store, sign_note(head_of(store), store.identity.name, OTHER_KEY), other)
    assert [fault for fault in told(found) if "does not hold" not in fault] == []
    assert len(found.faults) == 2  # the checkpoints in the ledger are by its own key


def test_a_ledger_without_a_key_keeps_heads_without_signatures(tmp_path: Path) -> None:
    store = fill(new_store(tmp_path, own=identity(key=None)), None)
    head = make_checkpoint(store, None, AT).note
    assert "—" not in head
    assert told(verify(store, head)) == []


def test_signed_entries_are_verified_by_the_ledgers_key(store: Store) -> None:
    store.move(movement(subject="signed"), signatures=("AAAA",))
    (fault,) = verify(store).faults
    assert str(fault) == "people, entry 15: its signature is not by the ledger's key"
