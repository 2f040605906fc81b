"""A ledger's records are the same on both stores: verified, exported, imported from one into the other."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from itertools import count
from pathlib import Path

import pytest

from gatecli.errors import UncheckableError
from gatecli.ledger.exports import ExportFile, export_lines
from gatecli.ledger.interface import Store
from gatecli.ledger.lease_documents import LeaseGrant, lease_id
from gatecli.ledger.leases import accept_lease, grant_lease, return_lease, settle_lease
from gatecli.ledger.notes import NoteKey
from gatecli.ledger.opening import create_store
from gatecli.ledger.transfer import import_export
from gatecli.ledger.verification import verify
from gatecli.model.ledger import Charge, Entry
from gatecli.model.portfolio import Admission
from tests.support.ledger_records import AT, KEY, LATER, OTHER_KEY, fill, identity
from tests.support.ledgers import evenly, movement, postgres_place, terms
from tests.support.postgres import cluster

NUMBERS = count()
Place = Callable[[str], str]
"""The URL of a new place for a ledger, by the kind of store."""


@pytest.fixture(name="server", scope="module")
def running() -> Iterator[str]:
    with cluster() as url:
        yield url


@pytest.fixture(name="place")
def free_place(server: str, tmp_path: Path) -> Place:
    def find(kind: str) -> str:
        number = next(NUMBERS)
        if kind == "sqlite":
            return str(tmp_path / f"{number}.db")
        return postgres_place(server, f"records_{number}").url

    return find


KINDS = pytest.mark.parametrize("kind", ["sqlite", "postgres"])


def exported(store: Store, folder: Path) -> ExportFile:
    file = folder / "ledger.jsonl"
    file.write_text("".join(export_lines(store)), "utf-8")
    return ExportFile(file)


@KINDS
def test_a_ledger_with_a_bit_of_everything_holds(kind: str, place: Place) -> None:
    store = fill(create_store(place(kind), identity(), replay=True))
    head = list(store.checkpoints())[-1].note
    found = verify(store, head)
    assert (found.faults, found.datasets, found.entries, found.size) == ((), 3, 22, 21)
    store.close()


@pytest.mark.parametrize("kinds", [("sqlite", "postgres"), ("postgres", "sqlite"), ("postgres", "postgres")])
def test_a_ledger_moves_from_one_store_to_another(
    kinds: tuple[str, str], place: Place, tmp_path: Path
) -> None:
    one = fill(create_store(place(kinds[0]), identity(), replay=True))
    export = exported(one, tmp_path)
    other = create_store(place(kinds[1]), export.identity, replay=True)
    import_export(export, other)
    for read in (Store.accounts, Store.entries, Store.log, Store.checkpoints, Store.reservations):
        name = read.__name__
        assert list(getattr(one, name)()) == list(getattr(other, name)())
    assert verify(other, list(one.checkpoints())[-1].note).holds
    one.close()
    other.close()


@KINDS
def test_nothing_stays_of_an_import_that_ends_half_way(kind: str, place: Place, tmp_path: Path) -> None:
    one = fill(create_store(place("sqlite"), identity()))
    export = exported(one, tmp_path)
    copy = create_store(place(kind), export.identity, replay=True)

    def changed() -> list[Entry]:
        *log, last = export.log()
        return [*log, replace(last, hash="0" * 64)]

    with pytest.raises(UncheckableError, match="nothing was imported"):
        copy.restore(changed, export.checkpoints)
    assert (list(copy.accounts()), list(copy.log()), list(copy.checkpoints())) == ([], [], [])
    import_export(export, copy)
    assert list(copy.log()) == list(one.log())
    one.close()
    copy.close()


@pytest.mark.parametrize("kinds", [("sqlite", "postgres"), ("postgres", "sqlite")])
def test_a_lease_goes_from_one_store_to_another_and_back(kinds: tuple[str, str], place: Place) -> None:
    parent = create_store(place(kinds[0]), identity(), replay=True)
    child = create_store(place(kinds[1]), identity("child", OTHER_KEY, 2), replay=True)
    parent.add_dataset(terms("people"), AT)
    lent = terms("people", evenly(40), admission=Admission.ALL, lease=lease_id(parent.identity, "one"))
    grant = LeaseGrant(parent.identity, child.identity, lent, AT)
    note = grant_lease(parent, KEY, grant, [Charge("people", evenly(40))])
    accept_lease(child, note, NoteKey(parent.identity.name, KEY.public), AT)
    child.move(movement(amounts=15))
    settle_lease(parent, [line.encode() for line in return_lease(child, OTHER_KEY, "people", LATER)], LATER)
    account = parent.account("people")
    assert account is not None
    assert account.held == evenly(15)
    assert verify(parent).holds
    assert verify(child).holds
    parent.close()
    child.close()
