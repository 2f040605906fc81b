"""Whatever is changed in a ledger's records shows; whatever a stranger sends is read or refused."""

from __future__ import annotations

import contextlib
import json
from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from gatecli.errors import GatecliError
from gatecli.ledger.compact_set import CompactSet
from gatecli.ledger.exports import ExportFile, export_lines
from gatecli.ledger.interface import BudgetExceeded, Conflict, Store, StoredCheckpoint, UnknownDataset
from gatecli.ledger.lease_documents import LeaseGrant, LeaseRefused, lease_id, read_grant, read_request
from gatecli.ledger.leases import accept_lease, grant_lease, return_lease, settle_lease
from gatecli.ledger.merkle import (
    Frontier,
    consistency_holds,
    consistency_proof,
    inclusion_holds,
    inclusion_proof,
    leaf_hash,
    node_hash,
    tree_root,
)
from gatecli.ledger.notes import (
    InvalidNote,
    NoteKey,
    is_key_name,
    read_checkpoint,
    read_note,
    read_note_key,
    sign_note,
    verified_text,
)
from gatecli.ledger.opening import open_store
from gatecli.ledger.proofs import check_proof, prove
from gatecli.ledger.transfer import import_export, import_new, verify_export
from gatecli.ledger.verification import verify, verify_records
from gatecli.model.ledger import Charge, Entry, EntryKind, Movement, ReservationState, canonical_json
from gatecli.model.portfolio import NOTHING, Admission
from tests.support.examples import share
from tests.support.ledger_records import AT, KEY, OTHER_KEY, fill, identity, new_store, tamper
from tests.support.ledgers import commit, evenly, movement, terms, void

MANY = settings(max_examples=share(200), deadline=None)
SOME = settings(max_examples=share(60), deadline=None, suppress_health_check=[HealthCheck.too_slow])
FEW = settings(SOME, max_examples=share(8))

LEAVES = st.lists(st.binary(max_size=40), min_size=1, max_size=40, unique=True)


def slow_root(leaves: Sequence[bytes]) -> bytes:
    """The tree hash as RFC 6962 writes it down."""
    if len(leaves) == 1:
        return leaf_hash(leaves[0])
    left = 1
    while left * 2 < len(leaves):
        left *= 2
    return node_hash(slow_root(leaves[:left]), slow_root(leaves[left:]))


@MANY
@given(LEAVES)
def test_the_root_is_that_of_the_definition(leaves: list[bytes]) -> None:
    assert tree_root(leaves) == slow_root(leaves)


@MANY
@given(LEAVES, st.data())
def test_a_leaf_is_proved_and_no_other_one(leaves: list[bytes], data: st.DataObject) -> None:
    size = data.draw(st.integers(1, len(leaves)))
    index = data.draw(st.integers(0, size - 1))
    proof, root = inclusion_proof(leaves, index, size), tree_root(leaves[:size])
    assert inclusion_holds(index, size, leaves[index], proof, root)
    assert not inclusion_holds(index, size, leaves[index] + b"x", proof, root)
    elsewhere = data.draw(st.integers(0, size - 1))
    assert inclusion_holds(elsewhere, size, leaves[index], proof, root) == (elsewhere == index)


@MANY
@given(LEAVES, st.data())
def test_a_tree_is_consistent_with_its_beginnings_and_with_nothing_else(
    leaves: list[bytes], data: st.DataObject
) -> None:
    second = data.draw(st.integers(1, len(leaves)))
    first = data.draw(st.integers(1, second))
    proof = consistency_proof(leaves, first, second)
    old, new = tree_root(leaves[:first]), tree_root(leaves[:second])
    assert consistency_holds(first, second, old, new, proof)
    changed = [leaves[0] + b"x", *leaves[1:]]
    assert not consistency_holds(first, second, tree_root(changed[:first]), new, proof)
    assert not consistency_holds(first, second, old, tree_root(changed[:second]), proof)


@MANY
@given(LEAVES)
def test_a_frontier_holds_one_hash_for_each_full_subtree(leaves: list[bytes]) -> None:
    tree = Frontier()
    for leaf in leaves:
        tree.append(leaf)
    assert len(tree._peaks) == len(leaves).bit_count()


@MANY
@given(
    st.sets(st.tuples(st.text(max_size=3), st.integers())),
    st.sets(st.tuples(st.text(max_size=3), st.integers())),
)
def test_a_compact_set_is_a_set(added: set[tuple[str, int]], asked: set[tuple[str, int]]) -> None:
    keys = CompactSet()
    for each in added:
        keys.add(each)
    assert {each for each in asked | added if each in keys} == added
    assert len(keys) == len(added)


TEXTS = st.text(st.characters(exclude_categories=["Cs", "Cc"]) | st.just("\n"), max_size=60).map(
    lambda text: text + "\n"
)
NAMES = st.text(min_size=1, max_size=20).filter(is_key_name)


@SOME
@given(TEXTS, NAMES)
def test_a_note_is_read_as_it_was_signed(text: str, name: str) -> None:
    note = sign_note(text, name, KEY)
    key = NoteKey(name, KEY.public)
    assert read_note_key(key.as_text()) == key
    assert verified_text(read_note(note), key) == text
    with pytest.raises(InvalidNote):
        verified_text(read_note(note), NoteKey(name, OTHER_KEY.public))


@SOME
@given(TEXTS, st.data())
def test_a_note_with_one_letter_changed_is_refused(text: str, data: st.DataObject) -> None:
    note = sign_note(text, "acme.example", KEY)
    place = data.draw(st.integers(0, len(note) - 1))
    letter = data.draw(st.characters(exclude_categories=["Cs"]))
    assume(letter != note[place])
    changed = note[:place] + letter + note[place + 1 :]
    with pytest.raises(InvalidNote):
        verified_text(read_note(changed), NoteKey("acme.example", KEY.public))


@MANY
@given(st.text(max_size=200) | st.text("—\n +=AQ1gandé", max_size=200))
def test_any_text_is_a_note_or_refused_in_a_sentence(text: str) -> None:
    for read in (read_note, read_note_key, read_checkpoint, read_request):
        with contextlib.suppress(GatecliError):
            read(text)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5) | st.just(2**70),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=6,
)


@SOME
@given(
    st.dictionaries(st.sampled_from(["at", "child", "parent", "terms", "type", "lease"]), JSON)
    | st.fixed_dictionaries(
        {
            "at": JSON,
            "child": st.fixed_dictionaries(dict.fromkeys(("id", "madeAt", "name", "publicKey"), JSON)) | JSON,
            "parent": JSON,
            "terms": JSON,
            "type": st.just("gatecli.dev/ledger-lease/v1"),
        }
    )
)
def test_any_document_that_is_signed_is_a_lease_or_refused(document: dict[str, object]) -> None:
    note = sign_note(canonical_json(document) + "\n", "acme.example/privacy", KEY)
    with pytest.raises((InvalidNote, LeaseRefused)):
        read_grant(note, NoteKey("acme.example/privacy", KEY.public))


@cache
def records() -> tuple[tuple[Entry, ...], tuple[StoredCheckpoint, ...], tuple[str, ...]]:
    """A ledger with a bit of everything: its log, its checkpoints, its export."""
    with TemporaryDirectory() as folder:
        store = fill(new_store(Path(folder)))
        store.sequence()
        found = tuple(store.log()), tuple(store.checkpoints()), tuple(export_lines(store))
        store.close()
    return found


def is_found(log: Sequence[Entry]) -> bool:
    checkpoints = records()[1]
    return not verify_records(identity(), log, checkpoints, checkpoints[-1].note).holds


CHANGES: dict[str, Callable[[Entry], Entry]] = {
    "number": lambda entry: replace(entry, number=entry.number + 1),
    "attempt": lambda entry: replace(entry, attempt=entry.attempt + 1),
    "subject": lambda entry: replace(entry, subject=entry.subject + "x"),
    "amounts": lambda entry: replace(entry, amounts=replace(entry.amounts, rdp_8=entry.amounts.rdp_8 + 1)),
    "dataset": lambda entry: replace(entry, dataset="people" if entry.dataset == "devices" else "devices"),
}


@SOME
@given(st.data())
def test_any_changed_column_of_any_entry_is_found(data: st.DataObject) -> None:
    log = list(records()[0])
    place = data.draw(st.integers(0, len(log) - 1))
    log[place] = CHANGES[data.draw(st.sampled_from(sorted(CHANGES)))](log[place])
    assert is_found(log)


@MANY
@given(st.data())
def test_any_changed_byte_of_any_content_or_hash_is_found(data: st.DataObject) -> None:
    log = list(records()[0])
    place = data.draw(st.integers(0, len(log) - 1))
    field = data.draw(st.sampled_from(["content", "hash"]))
    raw = bytearray(getattr(log[place], field).encode())
    at = data.draw(st.integers(0, len(raw) - 1))
    raw[at] ^= data.draw(st.integers(1, 255))
    text = raw.decode("utf-8", "surrogateescape")
    entry = log[place]
    log[place] = replace(entry, content=text) if field == "content" else replace(entry, hash=text)
    assert is_found(log)


@SOME
@given(st.data())
def test_any_removed_doubled_or_moved_entry_is_found(data: st.DataObject) -> None:
    log = list(records()[0])
    taken = data.draw(st.integers(0, len(log) - 2))
    entry = log.pop(taken)
    kind = data.draw(st.sampled_from(["removed", "doubled", "moved"]))
    if kind == "doubled":
        log[taken:taken] = [entry, entry]
    elif kind == "moved":
        to = data.draw(st.integers(0, len(log)).filter(lambda place: place != taken))
        log.insert(to, entry)
    # The end beyond the last checkpoint may be cut off, and not be missed.
    assert is_found(log)


@MANY
@given(st.data())
def test_any_changed_byte_of_an_export_is_found_or_refused(data: st.DataObject) -> None:
    lines = "".join(records()[2]).encode()
    at = data.draw(st.integers(0, len(lines) - 1))
    changed = bytearray(lines)
    changed[at] ^= data.draw(st.integers(1, 255))
    with TemporaryDirectory() as folder:
        file = Path(folder, "ledger.jsonl")
        file.write_bytes(bytes(changed))
        try:
            export = ExportFile(file)
            found = verify_export(export, records()[1][-1].note)
        except GatecliError:
            return
        same = (export.identity.id, tuple(export.log())) == (identity().id, records()[0])
        assert not found.holds or same  # what is said about the ledger's making, or JSON's own spelling


@cache
def proof() -> tuple[str, str]:
    """A proof about one release, and the earlier head that it leads on from."""
    with TemporaryDirectory() as folder:
        store = fill(new_store(Path(folder)))
        since = next(store.checkpoints()).note
        found = prove(store, "churn@1", since), since
        store.close()
    return found


@MANY
@given(st.data())
def test_any_changed_byte_of_a_proof_is_refused_or_proves_the_same(data: st.DataObject) -> None:
    text, since = proof()
    owner = NoteKey(identity().name, KEY.public)
    expected = check_proof(text, owner, since)
    raw = bytearray(text.encode())
    raw[data.draw(st.integers(0, len(raw) - 1))] ^= data.draw(st.integers(1, 255))
    with contextlib.suppress(GatecliError):
        assert check_proof(raw.decode("utf-8", "replace"), owner, since) == expected


@SOME
@given(st.data())
def test_any_changed_byte_of_a_returned_lease_is_refused_or_gives_back_the_same(data: st.DataObject) -> None:
    with TemporaryDirectory() as folder:
        parent = new_store(Path(folder), "parent.db")
        child = new_store(Path(folder), "child.db", identity("child", OTHER_KEY, 2))
        parent.add_dataset(terms(), AT)
        lent = terms(limits=evenly(40), admission=Admission.ALL, lease=lease_id(parent.identity, "one"))
        grant = LeaseGrant(parent.identity, child.identity, lent, AT)
        note = grant_lease(parent, KEY, grant, [Charge("people", lent.limits)])
        accept_lease(child, note, NoteKey(parent.identity.name, KEY.public), AT)
        child.move(movement(amounts=15))
        lines = bytearray("".join(return_lease(child, OTHER_KEY, "people", AT)).encode())
        lines[data.draw(st.integers(0, len(lines) - 1))] ^= data.draw(st.integers(1, 255))
        held = 40
        with contextlib.suppress(GatecliError):
            settle_lease(parent, bytes(lines).splitlines(keepends=True), AT)
            held = 15
        account = parent.account("people")
        assert account is not None
        assert account.held == evenly(held)
        parent.close()
        child.close()


@FEW
@given(st.lists(st.sampled_from(["reserve", "commit", "void", "sequence", "both"]), max_size=14))
def test_a_ledger_is_the_same_after_an_export_and_an_import(steps: list[str]) -> None:
    with TemporaryDirectory() as folder:
        store = new_store(Path(folder))
        for name in ("devices", "people"):
            store.add_dataset(terms(name), "2026-01-01T00:00:00Z")
        open_: list[tuple[str, tuple[str, ...]]] = []
        for number, step in enumerate(steps):
            if step == "sequence":
                store.sequence()
            elif step in {"reserve", "both"}:
                names = ("people", "devices")
                datasets = names if step == "both" else names[number % 2 :][:1]
                open_.append((f"r@{number}", datasets))
                store.move(movement(subject=f"r@{number}", amounts=1, datasets=datasets))
            elif open_:
                subject, datasets = open_.pop(number % len(open_))
                store.move(commit(subject, datasets) if step == "commit" else void(subject, -1, datasets))
        file = Path(folder, "ledger.jsonl")
        file.write_text("".join(export_lines(store)), "utf-8")
        copy = new_store(Path(folder), "copy.db", store.identity)
        import_export(ExportFile(file), copy)
        assert list(copy.log()) == list(store.log())
        assert list(copy.accounts()) == list(store.accounts())
        assert list(copy.reservations()) == list(store.reservations())
        assert [json.loads(each) for each in export_lines(copy)] == [
            json.loads(each) for each in export_lines(store)
        ]
        store.close()
        copy.close()


RELEASES = ("a@1", "b@1", "c@1", "p", "q")
DATASETS = ("north", "people", "south")
MOVES = st.tuples(
    st.sampled_from(["reserve", "plan", "void", "void", "commit", "part", "sequence", "close"]),
    st.sampled_from(RELEASES),
    st.sets(st.sampled_from(RELEASES), min_size=1, max_size=3),
    st.sets(st.sampled_from(DATASETS), min_size=1),
    st.integers(0, 2),
)


def moved(store: Store, number: int, step: tuple[str, str, set[str], set[str], int]) -> None:
    """One step of a random run, where the ledger takes it; the clock goes on with each."""
    kind, subject, others, datasets, which = step
    known = store.reservation(subject)
    attempt = 0 if known is None else known.attempt + (known.state is ReservationState.VOID)
    at = f"2026-01-01T00:{number // 60:02}:{number % 60:02}Z"
    if kind == "sequence":
        store.sequence()
    elif kind == "close":
        store.close_dataset(min(datasets), at)
    elif kind in {"reserve", "plan"}:
        releases = dict.fromkeys(sorted(others - {subject}), f"of a plan {which}") if kind == "plan" else {}
        asked = movement(subject=subject, amounts=which, datasets=tuple(datasets), attempt=attempt)
        asked = replace(asked, at=at, digest=f"content {which}")
        store.move(asked, releases=releases, lapses="2026-02-01" if which else None)
    elif known is not None:
        taken = [
            Charge(each.dataset, NOTHING if kind == "commit" else -each.amounts) for each in known.charges
        ]
        if kind == "part":  # of what it holds, something stays
            taken[0] = replace(taken[0], amounts=NOTHING)
        done = EntryKind.COMMIT if kind == "commit" else EntryKind.VOID
        store.move(
            Movement(done, subject, at, tuple(taken), f"{kind} {which}", {}, known.attempt, known.plan)
        )


def run_of(store: Store, steps: Sequence[tuple[str, str, set[str], set[str], int]]) -> None:
    """A ledger with what is taken of a random run."""
    for name in DATASETS:
        store.add_dataset(terms(name), "2026-01-01T00:00:00Z")
    for number, step in enumerate(steps):
        with contextlib.suppress(GatecliError, BudgetExceeded, Conflict, UnknownDataset):
            moved(store, number, step)


@SOME
@given(st.lists(MOVES, max_size=40))
def test_any_sound_ledger_holds_and_is_the_same_after_an_export_and_an_import(
    steps: list[tuple[str, str, set[str], set[str], int]],
) -> None:
    with TemporaryDirectory() as folder:
        store = new_store(Path(folder))
        run_of(store, steps)
        assert verify(store).faults == ()
        file = Path(folder, "ledger.jsonl")
        file.write_text("".join(export_lines(store)), "utf-8")
        import_new(ExportFile(file), str(Path(folder, "copy.db")))
        copy = open_store(str(Path(folder, "copy.db")))
        assert list(copy.log()) == list(store.log())
        assert list(copy.accounts()) == list(store.accounts())
        assert list(copy.reservations()) == list(store.reservations())
        assert verify(copy).faults == ()
        store.close()
        copy.close()


CHANGED = (
    "UPDATE reservation SET state = iif(state = 'held', 'committed', 'held') WHERE subject = SUBJECT",
    "UPDATE reservation SET attempt = attempt + 1 WHERE subject = SUBJECT",
    "UPDATE reservation SET digest = digest || 'x' WHERE subject = SUBJECT",
    "UPDATE reservation SET last_digest = last_digest || 'x' WHERE subject = SUBJECT",
    "UPDATE reservation SET at = '2020-01-01T00:00:00Z' WHERE subject = SUBJECT",
    "UPDATE reservation SET plan = coalesce(plan, '') || 'x' WHERE subject = SUBJECT",
    "UPDATE reservation SET lapses = coalesce(lapses, '') || 'x' WHERE subject = SUBJECT",
    "UPDATE reservation_charge SET rdp_8 = rdp_8 + 1 WHERE subject = SUBJECT",
    "DELETE FROM reservation_charge WHERE subject = SUBJECT",
)


@SOME
@given(st.lists(MOVES, min_size=4, max_size=30), st.data())
def test_any_changed_reservation_of_a_sound_ledger_is_found(
    steps: list[tuple[str, str, set[str], set[str], int]], data: st.DataObject
) -> None:
    with TemporaryDirectory() as folder:
        store = new_store(Path(folder))
        run_of(store, steps)
        subjects = [each.subject for each in store.reservations()]
        assume(subjects)
        store.close()
        subject, column = data.draw(st.sampled_from(subjects)), data.draw(st.sampled_from(CHANGED))
        tamper(Path(folder, "ledger.db"), column.replace("SUBJECT", f"'{subject}'"))
        changed = open_store(str(Path(folder, "ledger.db")), read_only=True)
        assert any(subject in str(fault) for fault in verify(changed).faults)
        changed.close()
