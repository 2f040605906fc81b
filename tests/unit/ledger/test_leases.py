"""A part of a budget goes to a ledger that is cut off, and comes back once."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from gatecli.errors import GatecliError, UsageError
from gatecli.ledger.ed25519 import SigningKey
from gatecli.ledger.interface import BudgetExceeded, LedgerIdentity, Outcome, Store, UnknownDataset
from gatecli.ledger.lease_documents import (
    LeaseGrant,
    LeaseRefused,
    lease_id,
    read_grant,
    read_request,
    sign_document,
)
from gatecli.ledger.leases import accept_lease, grant_lease, request_lease, return_lease, settle_lease
from gatecli.ledger.notes import InvalidNote, NoteKey, sign_note
from gatecli.ledger.verification import verify
from gatecli.model.ledger import Charge, ReservationState, canonical_json
from gatecli.model.portfolio import Admission, Amounts
from tests.support.ledger_records import AT, KEY, LATER, identity, new_store, public
from tests.support.ledger_records import OTHER_KEY as CHILD_KEY
from tests.support.ledgers import commit, evenly, movement, terms, void

PARENT = identity()
CHILD = identity("acme.example/aws", CHILD_KEY, 2)
PARENT_KEY = NoteKey(PARENT.name, KEY.public)
Lines = list[bytes]


@pytest.fixture
def parent(tmp_path: Path) -> Store:
    store = new_store(tmp_path, "parent.db", PARENT)
    store.add_dataset(terms("people"), AT)
    return store


@pytest.fixture
def child(tmp_path: Path) -> Store:
    return new_store(tmp_path, "child.db", CHILD)


def wanted(
    name: str = "aws", amount: int = 40, child: LedgerIdentity = CHILD, called: str = "people"
) -> LeaseGrant:
    lent = terms(called, evenly(amount), admission=Admission.ALL, lease=lease_id(PARENT, name))
    return LeaseGrant(PARENT, child, lent, AT)


def lend(parent: Store, grant: LeaseGrant | None = None) -> str:
    grant = grant or wanted()
    return grant_lease(parent, KEY, grant, [Charge("people", grant.terms.limits)])


def borrowed(parent: Store, child: Store, spent: int = 15) -> Lines:
    """A lease that was granted, accepted, partly spent and returned, as far as the file that comes back."""
    accept_lease(child, lend(parent), PARENT_KEY, AT)
    child.move(movement(amounts=spent))
    child.move(commit())
    return returned(child)


def returned(child: Store, key: SigningKey = CHILD_KEY) -> Lines:
    return [line.encode() for line in return_lease(child, key, "people", LATER)]


def held(store: Store) -> Amounts:
    account = store.account("people")
    assert account is not None
    return account.held


def state(store: Store, subject: str = "lease/aws") -> ReservationState:
    found = store.reservation(subject)
    assert found is not None
    return found.state


def test_a_lease_counts_as_spent_from_its_grant_on(parent: Store) -> None:
    lend(parent)
    assert (held(parent), state(parent)) == (evenly(40), ReservationState.LENT)
    with pytest.raises(BudgetExceeded):
        parent.move(movement(amounts=61))


def test_the_child_spends_what_was_lent_and_no_more(parent: Store, child: Store) -> None:
    assert accept_lease(child, lend(parent), PARENT_KEY, AT)[0] is Outcome.DONE
    child.move(movement(amounts=40))
    with pytest.raises(BudgetExceeded):
        child.move(movement(subject="more", amounts=1))


def test_the_child_is_held_to_every_column(parent: Store, child: Store) -> None:
    accept_lease(child, lend(parent), PARENT_KEY, AT)
    with pytest.raises(BudgetExceeded):
        child.move(movement(amounts=replace(evenly(0), rdp_32=41)))


def test_what_was_not_spent_comes_back_once(parent: Store, child: Store) -> None:
    file = borrowed(parent, child)
    outcome, found = settle_lease(parent, file, LATER)
    assert (outcome, found.spent) == (Outcome.DONE, evenly(15))
    assert (held(parent), state(parent)) == (evenly(15), ReservationState.RETURNED)
    assert settle_lease(parent, file, LATER)[0] is Outcome.EXISTS
    assert held(parent) == evenly(15)
    assert verify(parent).holds
    assert verify(child).holds


def test_a_charge_that_was_clipped_gives_back_what_it_was(parent: Store, child: Store) -> None:
    """A column that the lease closed in the parent is open again after its return, with what was spent."""
    limits = replace(evenly(40), rdp_4=1000)
    grant = replace(wanted(), terms=replace(wanted().terms, limits=limits))
    note = grant_lease(parent, KEY, grant, [Charge("people", replace(limits, rdp_4=101))])
    accept_lease(child, note, PARENT_KEY, AT)
    child.move(movement(amounts=replace(evenly(10), rdp_4=70)))
    settle_lease(parent, returned(child), LATER)
    assert held(parent) == replace(evenly(10), rdp_4=70)


def test_a_column_that_cost_more_than_was_charged_stays_as_it_is(parent: Store, child: Store) -> None:
    limits = replace(evenly(40), rdp_4=1000)
    grant = replace(wanted(), terms=replace(wanted().terms, limits=limits))
    note = grant_lease(parent, KEY, grant, [Charge("people", replace(limits, rdp_4=101))])
    accept_lease(child, note, PARENT_KEY, AT)
    child.move(movement(amounts=replace(evenly(10), rdp_4=700)))
    settle_lease(parent, returned(child), LATER)
    assert held(parent) == replace(evenly(10), rdp_4=101)


def test_populations_are_charged_and_get_back_too(parent: Store, child: Store) -> None:
    parent.add_dataset(terms("population"), AT)
    grant = wanted()
    charges = [Charge("people", grant.terms.limits), Charge("population", grant.terms.limits)]
    accept_lease(child, grant_lease(parent, KEY, grant, charges), PARENT_KEY, AT)
    child.move(movement(amounts=25))
    settle_lease(parent, returned(child), LATER)
    assert [account.held for account in parent.accounts()] == [evenly(25), evenly(25)]


def test_what_the_child_holds_at_its_end_is_spent(parent: Store, child: Store) -> None:
    accept_lease(child, lend(parent), PARENT_KEY, AT)
    child.move(movement(amounts=15))
    settle_lease(parent, returned(child), LATER)
    assert held(parent) == evenly(15)


def test_a_lease_that_was_granted_is_written_again(parent: Store) -> None:
    assert lend(parent) == lend(parent, replace(wanted(), at=LATER))
    assert held(parent) == evenly(40)


def test_another_lease_of_the_same_name_is_refused(parent: Store) -> None:
    lend(parent)
    with pytest.raises(LeaseRefused, match="the lease aws stands there with other content"):
        lend(parent, wanted(amount=41))


def test_a_lease_that_was_returned_is_not_granted_again(parent: Store, child: Store) -> None:
    settle_lease(parent, borrowed(parent, child), LATER)
    with pytest.raises(LeaseRefused, match="was returned already"):
        lend(parent)


def test_a_lease_that_does_not_fit_is_refused_and_nothing_is_written(parent: Store) -> None:
    with pytest.raises(LeaseRefused, match="does not fit into what is left of people"):
        lend(parent, wanted(amount=101))
    assert parent.reservation("lease/aws") is None


def test_a_lease_of_a_dataset_that_is_not_there_is_refused(parent: Store) -> None:
    with pytest.raises(UsageError, match="nobody is not in the ledger"):
        grant_lease(parent, KEY, wanted(), [Charge("nobody", evenly(1))])


def test_a_ledger_does_not_lend_to_itself(parent: Store) -> None:
    with pytest.raises(LeaseRefused, match="to another ledger"):
        lend(parent, wanted(child=PARENT))


def test_a_ledger_does_not_lend_for_another(child: Store) -> None:
    child.add_dataset(terms("people"), AT)
    with pytest.raises(LeaseRefused, match="its own budget"):
        grant_lease(child, CHILD_KEY, wanted(child=PARENT), [Charge("people", evenly(1))])


def test_a_lease_is_accepted_once(parent: Store, child: Store) -> None:
    note = lend(parent)
    assert accept_lease(child, note, PARENT_KEY, AT)[0] is Outcome.DONE
    child.move(movement(amounts=40))
    assert accept_lease(child, note, PARENT_KEY, LATER)[0] is Outcome.EXISTS
    assert held(child) == evenly(40)


def test_a_lease_that_was_returned_gives_nothing_when_it_is_accepted_again(
    parent: Store, child: Store
) -> None:
    borrowed(parent, child)
    assert accept_lease(child, lend(parent), PARENT_KEY, LATER)[0] is Outcome.EXISTS
    with pytest.raises(UnknownDataset):
        child.move(movement(subject="more", amounts=1))


def test_a_lease_is_accepted_by_the_ledger_that_it_is_for(parent: Store, tmp_path: Path) -> None:
    other = new_store(tmp_path, "other.db", identity("acme.example/gcp", CHILD_KEY, 3))
    with pytest.raises(
        LeaseRefused, match=r"is for the ledger acme\.example/aws .*, and this is acme\.example/gcp"
    ):
        accept_lease(other, lend(parent), PARENT_KEY, AT)
    assert list(other.accounts()) == []


def test_a_ledger_that_took_the_id_of_the_child_needs_its_key(parent: Store, tmp_path: Path) -> None:
    thief = new_store(tmp_path, "thief.db", replace(CHILD, public_key=public(KEY)))
    with pytest.raises(LeaseRefused, match="is for the ledger"):
        accept_lease(thief, lend(parent), PARENT_KEY, AT)


def test_two_leases_of_one_dataset_need_two_names_in_the_child(parent: Store, child: Store) -> None:
    accept_lease(child, lend(parent), PARENT_KEY, AT)
    with pytest.raises(LeaseRefused, match="has a dataset people with other terms"):
        accept_lease(child, lend(parent, wanted("aws 2", 10)), PARENT_KEY, AT)
    assert (
        accept_lease(child, lend(parent, wanted("aws 3", 10, called="people 2")), PARENT_KEY, AT)[0]
        is Outcome.DONE
    )


def test_a_lease_that_somebody_else_signed_is_refused(parent: Store, child: Store) -> None:
    lend(parent)
    forged = sign_document(wanted().as_data(), PARENT, CHILD_KEY)
    with pytest.raises(InvalidNote, match="nothing in the note is signed by"):
        accept_lease(child, forged, PARENT_KEY, AT)


def test_a_lease_that_was_changed_is_refused(parent: Store, child: Store) -> None:
    with pytest.raises(InvalidNote, match="not over this text"):
        accept_lease(child, lend(parent).replace("[40,", "[99,"), PARENT_KEY, AT)


@pytest.mark.parametrize(
    "change",
    [
        {"type": "gatecli.dev/ledger-lease-return/v1"},
        {"more": 1},
        {"at": None},
        {"child": {"id": "x"}},
        {"terms": {}},
        {"terms": wanted().terms.as_data() | {"admission": "any"}},
        {"terms": wanted().terms.as_data() | {"parents": [["x", 1]]}},
        {"terms": wanted().terms.as_data() | {"lease": "another/aws"}},
        {"terms": wanted().terms.as_data() | {"lease": None}},
        {"terms": wanted().terms.as_data() | {"limits": [-1] * 9}},
        {"terms": wanted().terms.as_data() | {"limits": ["1"] * 9}},
        {"terms": wanted().terms.as_data() | {"limits": [2**63] * 9}},
        {"terms": wanted().terms.as_data() | {"epsilon": "1/0"}},
        {"parent": wanted().as_data()["child"]},
    ],
)
def test_a_lease_that_its_parent_signed_is_still_read_closely(
    change: dict[str, object], child: Store
) -> None:
    note = sign_document(wanted().as_data() | change, PARENT, KEY)
    with pytest.raises(GatecliError):
        accept_lease(child, note, PARENT_KEY, AT)
    assert list(child.accounts()) == []


def test_a_document_in_another_spelling_is_refused() -> None:
    text = json.dumps(wanted().as_data(), indent=1) + "\n"
    with pytest.raises(LeaseRefused, match="not written as a ledger writes it"):
        read_grant(sign_note(text, PARENT.name, KEY), PARENT_KEY)


def test_a_request_says_who_asks_and_holds_the_key(child: Store) -> None:
    note = request_lease(child, CHILD_KEY)
    assert read_request(note) == CHILD
    with pytest.raises(InvalidNote):
        read_request(note.replace("acme.example/aws", "acme.example/aw5"))


def test_a_request_with_a_stolen_name_is_refused(child: Store) -> None:
    document = {
        "child": {**json.loads(canonical_json(wanted().as_data()["child"])), "publicKey": public(KEY)}
    }
    forged = sign_document(document | {"type": "gatecli.dev/ledger-lease-request/v1"}, CHILD, CHILD_KEY)
    with pytest.raises(InvalidNote, match="nothing in the note is signed by"):
        read_request(forged)


def test_a_ledger_without_a_key_neither_lends_nor_borrows(tmp_path: Path) -> None:
    store = new_store(tmp_path, "keyless.db", identity("keyless", None, 4))
    with pytest.raises(UsageError, match="was made without a key"):
        request_lease(store, KEY)
    with pytest.raises(LeaseRefused, match="has no key"):
        grant_lease(new_store(tmp_path, "parent.db", PARENT), KEY, wanted(child=store.identity), [])


def test_the_key_must_be_the_ledgers_own(parent: Store, child: Store) -> None:
    with pytest.raises(UsageError, match="has another key"):
        grant_lease(parent, CHILD_KEY, wanted(), [Charge("people", evenly(1))])
    accept_lease(child, lend(parent), PARENT_KEY, AT)
    with pytest.raises(UsageError, match="has another key"):
        returned(child, KEY)


def test_a_dataset_that_was_not_lent_is_not_returned(child: Store) -> None:
    child.add_dataset(terms("people"), AT)
    with pytest.raises(LeaseRefused, match="was not lent to this ledger"):
        returned(child)
    account = child.account("people")
    assert account is not None
    assert not account.closed


def test_a_return_is_the_same_each_time(parent: Store, child: Store) -> None:
    assert borrowed(parent, child) == returned(child)


Edit = Callable[[Lines], Lines]


def resigned(edit: Callable[[dict[str, object]], object], key: SigningKey = CHILD_KEY) -> Edit:
    """A return whose note says something else, signed."""

    def change(lines: Lines) -> Lines:
        document = json.loads(json.loads(lines[0])["return"].partition("\n")[0])
        edit(document)
        note = sign_document(document, CHILD, key)
        return [canonical_json({"return": note}).encode() + b"\n", *lines[1:]]

    return change


@pytest.mark.parametrize(
    ("edit", "why"),
    [
        (resigned(dict.copy, KEY), r"nothing in the note is signed by acme\.example/aws"),
        (resigned(lambda said: said.update(spent=[0] * 9)), "does not end where the return says"),
        (resigned(lambda said: said.update(spent=[0] * 8)), "does not say what was spent"),
        (resigned(lambda said: said.update(spent=[-1] * 9)), "does not say what was spent"),
        (resigned(lambda said: said.update(spent=[1.5] * 9)), "does not say what was spent"),
        (resigned(lambda said: said.update(entries=3)), "does not end where the return says"),
        (resigned(lambda said: said.update(entries="4")), "does not say what was spent"),
        (resigned(lambda said: said.update(head="00" * 32)), "does not end where the return says"),
        (resigned(lambda said: said.update(lease="another/aws")), "did not lend what is returned"),
        (resigned(lambda said: said.update(lease=f"{PARENT.id}/other")), "did not lend what is returned"),
        (resigned(lambda said: said.update(lease=f"{PARENT.id}/")), "did not lend what is returned"),
        (resigned(lambda said: said.update(child="another")), "of another ledger or dataset"),
        (resigned(lambda said: said.update(dataset="another")), "of another ledger or dataset"),
        (resigned(lambda said: said.update(more=1)), "not a document of the kind"),
        (lambda lines: lines[:-1], "does not end where the return says: it was cut off"),
        (lambda lines: lines[:1], "does not end where the return says: it was cut off"),
        (lambda lines: [lines[0], *lines[2:]], "entry 1 of the returned chain: entry 0 is missing"),
        (lambda lines: [*lines, lines[-1]], "of the returned chain"),
        (lambda lines: [lines[0], lines[2], lines[1], *lines[3:]], "of the returned chain"),
        (
            lambda lines: [*lines[:2], lines[2].replace(b"[15,", b"[14,"), *lines[3:]],
            "its hash is not that of",
        ),
        (lambda lines: lines[1:], "not the return of a lease"),
        (lambda lines: lines[:0], "not an object of JSON"),
        (lambda lines: [*lines[:1], b"\xff\n"], "not an object of JSON"),
        (lambda lines: [*lines[:1], b"{}\n"], "is not an entry"),
    ],
)
def test_a_return_that_is_not_what_it_must_be_is_refused(
    edit: Edit, why: str, parent: Store, child: Store
) -> None:
    file = borrowed(parent, child)
    with pytest.raises(GatecliError, match=why):
        settle_lease(parent, edit(file), LATER)
    assert (held(parent), state(parent)) == (evenly(40), ReservationState.LENT)
    assert settle_lease(parent, file, LATER)[0] is Outcome.DONE


def test_a_return_before_the_dataset_was_closed_is_refused(parent: Store, child: Store) -> None:
    """The child signs over a chain that can go on."""
    accept_lease(child, lend(parent), PARENT_KEY, AT)
    child.move(movement(amounts=1))
    open_lines = [*child.entries("people")]
    full = returned(child)
    document = json.loads(json.loads(full[0])["return"].partition("\n")[0])
    document.update(entries=2, head=open_lines[-1].hash)
    note = sign_document(document, CHILD, CHILD_KEY)
    with pytest.raises(LeaseRefused, match="is not closed: more could be spent"):
        settle_lease(parent, [canonical_json({"return": note}).encode(), *full[1:3]], LATER)


def test_a_second_return_with_another_end_is_refused(parent: Store, child: Store) -> None:
    """The child voided something after the lease was settled."""
    accept_lease(child, lend(parent), PARENT_KEY, AT)
    child.move(movement(amounts=15))
    settle_lease(parent, returned(child), LATER)
    child.move(void(amounts=-15))
    with pytest.raises(LeaseRefused, match="was returned already, with another end"):
        settle_lease(parent, returned(child), LATER)
    assert held(parent) == evenly(15)


def test_the_return_of_another_lease_is_refused(parent: Store, child: Store) -> None:
    """A lease that hardly anything was spent of does not come back in the place of another one."""
    accept_lease(child, lend(parent), PARENT_KEY, AT)
    accept_lease(child, lend(parent, wanted("aws 2", 20, called="people 2")), PARENT_KEY, AT)
    child.move(movement(amounts=40))
    other = [line.encode() for line in return_lease(child, CHILD_KEY, "people 2", LATER)]
    replayed = resigned(lambda said: said.update(lease=f"{PARENT.id}/aws", dataset="people"))(other)
    with pytest.raises(LeaseRefused):
        settle_lease(parent, replayed, LATER)
    assert state(parent) is ReservationState.LENT


def test_a_chain_under_other_terms_is_refused(parent: Store, tmp_path: Path) -> None:
    """The child made its own dataset of that name, with larger limits."""
    lend(parent)
    liar = new_store(tmp_path, "liar.db", CHILD)
    liar.add_dataset(replace(wanted().terms, limits=evenly(1000)), AT)
    liar.move(movement(amounts=500))
    with pytest.raises(LeaseRefused, match="not under the terms of the lease"):
        settle_lease(parent, returned(liar), LATER)


def test_an_entry_that_the_childs_key_did_not_sign_is_refused(parent: Store, child: Store) -> None:
    accept_lease(child, lend(parent), PARENT_KEY, AT)
    child.move(movement(amounts=1), signatures=(base64.b64encode(b"x" * 64).decode(),))
    with pytest.raises(LeaseRefused, match="its signature is not by the ledger's key"):
        settle_lease(parent, returned(child), LATER)


def test_a_child_can_lend_on_what_it_was_lent(parent: Store, child: Store, tmp_path: Path) -> None:
    accept_lease(child, lend(parent), PARENT_KEY, AT)
    grandchild_identity = identity("acme.example/aws/eu", KEY, 9)
    grandchild = new_store(tmp_path, "grandchild.db", grandchild_identity)
    lent = terms("people", evenly(30), admission=Admission.ALL, lease=lease_id(CHILD, "eu"))
    grant = LeaseGrant(CHILD, grandchild_identity, lent, AT)
    note = grant_lease(child, CHILD_KEY, grant, [Charge("people", evenly(30))])
    accept_lease(grandchild, note, NoteKey(CHILD.name, CHILD_KEY.public), AT)
    grandchild.move(movement(amounts=5))
    settle_lease(child, returned(grandchild, KEY), LATER)
    settle_lease(parent, returned(child), LATER)
    assert held(parent) == evenly(5)
