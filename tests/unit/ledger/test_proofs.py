"""What somebody can be sure of who has a head and a key, and not the ledger."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from gatecli.errors import GatecliError, UsageError
from gatecli.ledger.interface import Store
from gatecli.ledger.merkle import EMPTY_ROOT
from gatecli.ledger.notes import Checkpoint, InvalidNote, NoteKey, sign_note
from gatecli.ledger.proofs import ProofRefused, check_proof, prove
from tests.support.ledger_records import KEY, OTHER_KEY, fill, identity, new_store

OWNER = NoteKey(identity().name, KEY.public)
Edit = Callable[[dict[str, Any]], object]


@pytest.fixture(name="store")
def ledger(tmp_path: Path) -> Iterator[Store]:
    store = fill(new_store(tmp_path))
    yield store
    store.close()


def heads(store: Store) -> list[str]:
    return [each.note for each in store.checkpoints()]


def test_a_ledger_leads_on_from_its_earlier_head(store: Store) -> None:
    first, last = heads(store)
    found = check_proof(prove(store, None, first), OWNER, first)
    assert (found.head.size, found.entries) == (21, ())
    assert found.since is not None
    assert found.since.size == 8
    assert check_proof(prove(store, None, last), OWNER, last).since == found.head


def test_a_ledger_leads_on_from_nothing(store: Store) -> None:
    empty = sign_note(Checkpoint(identity().name, 0, EMPTY_ROOT).as_text(), identity().name, KEY)
    assert check_proof(prove(store, None, empty), OWNER, empty).since is not None


@pytest.mark.parametrize("subject", ["churn@1", "people", "plan", "lease/aws"])
def test_the_entries_about_a_subject_are_in_the_log(subject: str, store: Store) -> None:
    found = check_proof(prove(store, subject, None), OWNER, None)
    log = list(store.log())
    wanted = [(place, json.loads(log[place].content)) for place in range(21) if log[place].subject == subject]
    assert list(found.entries) == wanted != []


def test_a_proof_tells_nothing_of_other_entries(store: Store) -> None:
    text = prove(store, "churn@1", None)
    assert "trial@1" not in text
    assert "lease" not in text


def test_what_is_not_in_the_last_checkpoint_is_not_proven(store: Store) -> None:
    with pytest.raises(UsageError, match="holds nothing about not in the log yet"):
        prove(store, "not in the log yet", None)


def test_a_ledger_without_a_checkpoint_proves_nothing(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="has no checkpoint"):
        prove(new_store(tmp_path, "other.db"), None, None)


def test_a_head_beyond_the_last_checkpoint_is_refused(store: Store) -> None:
    later = sign_note(Checkpoint(identity().name, 22, b"\x00" * 32).as_text(), identity().name, KEY)
    with pytest.raises(UsageError, match="is of 22 entries"):
        prove(store, None, later)


def test_a_head_of_another_history_is_told(store: Store) -> None:
    first = heads(store)[0]
    other = sign_note(Checkpoint(identity().name, 8, b"\x00" * 32).as_text(), identity().name, KEY)
    with pytest.raises(ProofRefused, match="the log of 21 entries does not begin with the 8"):
        check_proof(prove(store, None, first), OWNER, other)


def test_a_head_of_another_ledger_is_told(store: Store) -> None:
    first = heads(store)[0]
    text = first.partition("\n\n")[0].replace(identity().name, "other.example") + "\n"
    other = sign_note(text, identity().name, KEY)
    with pytest.raises(ProofRefused, match="does not begin"):
        check_proof(prove(store, None, first), OWNER, other)


def test_a_proof_that_another_key_signed_is_refused(store: Store) -> None:
    with pytest.raises(InvalidNote, match="nothing in the note is signed by"):
        check_proof(prove(store, None, None), NoteKey(identity().name, OTHER_KEY.public), None)


@pytest.mark.parametrize(
    "edit",
    [
        lambda proof: proof.update(type="another"),
        lambda proof: proof.update(more=1),
        lambda proof: proof.update(checkpoint=None),
        lambda proof: proof.update(entries={}),
        lambda proof: proof.update(entries=[None]),
        lambda proof: proof.update(consistency=None),
        lambda proof: proof.update(consistency=proof["consistency"][:-1]),
        lambda proof: proof.update(consistency=[*proof["consistency"][:-1], "AAAA"]),
        lambda proof: proof.update(consistency=[1]),
        lambda proof: proof["entries"][0].update(place=proof["entries"][0]["place"] + 1),
        lambda proof: proof["entries"][0].update(place=-1),
        lambda proof: proof["entries"][0].update(place="1"),
        lambda proof: proof["entries"][0].update(place=True),
        lambda proof: proof["entries"][0].update(previous="00" * 32),
        lambda proof: proof["entries"][0].update(previous="zz"),
        lambda proof: proof["entries"][0].update(previous=""),
        lambda proof: proof["entries"][0].update(path=[]),
        lambda proof: proof["entries"][0].update(path=None),
        lambda proof: proof["entries"][0].update(content=1),
        lambda proof: proof["entries"][0].update(
            content=proof["entries"][0]["content"].replace("churn@1", "churn@2")
        ),
    ],
)
def test_a_proof_that_was_changed_is_refused(edit: Edit, store: Store) -> None:
    first = heads(store)[0]
    proof = json.loads(prove(store, "churn@1", first))
    edit(proof)
    with pytest.raises(GatecliError):
        check_proof(json.dumps(proof), OWNER, first)


@pytest.mark.parametrize("text", ["", "null", "[]", "{", "[" * 100_000])
def test_what_is_not_a_proof_is_refused(text: str) -> None:
    with pytest.raises(ProofRefused, match="this is not a proof"):
        check_proof(text, None, None)
