"""An import: the same ledger in another place, or nothing."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest

from gatecli.errors import UncheckableError, UsageError
from gatecli.ledger.checkpoints import make_checkpoint
from gatecli.ledger.exports import ExportFile, export_lines
from gatecli.ledger.interface import BudgetExceeded, Store
from gatecli.ledger.opening import open_store
from gatecli.ledger.transfer import import_export, import_new
from gatecli.ledger.verification import verify
from gatecli.model.ledger import Entry, Parent
from tests.support.ledger_records import AT, BOTH, KEY, LATER, fill, identity, new_store
from tests.support.ledgers import commit, movement, terms, void


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return fill(new_store(tmp_path))


def exported(store: Store, folder: Path) -> ExportFile:
    file = folder / "ledger.jsonl"
    file.write_text("".join(export_lines(store)), "utf-8")
    return ExportFile(file)


def copied(store: Store, folder: Path) -> Store:
    export = exported(store, folder)
    copy = new_store(folder, "copy.db", export.identity)
    import_export(export, copy)
    return copy


def require_same(one: Store, other: Store) -> None:
    assert list(one.accounts()) == list(other.accounts())
    assert list(one.entries()) == list(other.entries())
    assert list(one.log()) == list(other.log())
    assert list(one.reservations()) == list(other.reservations())
    assert list(one.checkpoints()) == list(other.checkpoints())


def test_a_ledger_is_the_same_after_an_export_and_an_import(store: Store, tmp_path: Path) -> None:
    copy = copied(store, tmp_path)
    require_same(store, copy)
    assert verify(copy, list(store.checkpoints())[-1].note).holds


def test_what_follows_is_the_same_in_both(store: Store, tmp_path: Path) -> None:
    copy = copied(store, tmp_path)
    for each in (store, copy):
        each.move(commit("b@1", BOTH, plan="plan"))
        each.move(void("not in the log yet", -1))
        each.move(movement(subject="more", amounts=5))
        with pytest.raises(BudgetExceeded):
            each.move(movement(subject="too much", amounts=90))
        make_checkpoint(each, KEY, LATER)
    require_same(store, copy)


def test_steps_that_share_no_dataset_keep_their_order(tmp_path: Path) -> None:
    store = new_store(tmp_path)
    store.add_dataset(terms("z population"), AT)
    store.add_dataset(terms("a table", parents=(Parent("z population"),)), AT)
    store.move(movement(datasets=("z population",)))
    store.move(void(datasets=("z population",)))
    store.move(movement(datasets=("a table",), attempt=1))
    store.move(movement(subject="b", amounts=1, datasets=("a table", "z population")))
    store.move(movement(subject="c", amounts=1, datasets=("z population",)))
    store.move(movement(subject="d", amounts=1, datasets=("a table", "z population")))
    require_same(store, copied(store, tmp_path))


def test_a_plan_and_its_releases_need_share_no_dataset(tmp_path: Path) -> None:
    """A release that became void with its plan is reserved alone, from another dataset."""
    store = new_store(tmp_path)
    for name in ("north", "south"):
        store.add_dataset(terms(name), AT)
    store.move(movement(subject="autumn", datasets=("south",)), releases={"a@1": "a", "b@1": "b"})
    store.move(void("autumn", datasets=("south",)))
    store.move(movement(subject="a@1", datasets=("north",), attempt=1))
    store.move(commit("a@1", ("north",), attempt=1))
    require_same(store, copied(store, tmp_path))


def test_a_new_ledger_is_made_of_an_export(store: Store, tmp_path: Path) -> None:
    found = import_new(exported(store, tmp_path), str(tmp_path / "copy.db"))
    copy = open_store(str(tmp_path / "copy.db"), read_only=True)
    require_same(store, copy)
    assert found.entries == verify(copy).entries


def test_an_empty_ledger_of_the_same_identity_is_filled(store: Store, tmp_path: Path) -> None:
    new_store(tmp_path, "copy.db", store.identity).close()
    import_new(exported(store, tmp_path), str(tmp_path / "copy.db"))
    require_same(store, open_store(str(tmp_path / "copy.db"), read_only=True))


def test_no_ledger_is_left_of_an_export_of_two_minds(tmp_path: Path) -> None:
    """Each chain holds by itself; they say other things of one release, as no ledger lets them."""
    lines = []
    for number, digest in enumerate(("one", "other")):
        store = new_store(tmp_path, f"{number}.db")
        for name in BOTH:
            store.add_dataset(terms(name), AT)
        store.move(movement(datasets=BOTH, digest=digest))
        lines.append(list(export_lines(store)))
    head, *_, end = lines[0]
    entries = [*lines[0][1:3], *lines[1][3:5]]
    file = tmp_path / "ledger.jsonl"
    file.write_text("".join([head, *entries, end]), "utf-8")
    with pytest.raises(UncheckableError, match="two datasets say other things of churn@1"):
        import_new(ExportFile(file), str(tmp_path / "copy.db"))
    assert list(tmp_path.glob("copy.db*")) == []


def test_nothing_is_imported_into_a_ledger_with_entries(store: Store, tmp_path: Path) -> None:
    export = exported(store, tmp_path)
    copy = new_store(tmp_path, "copy.db", export.identity)
    copy.add_dataset(terms("mine"), AT)
    with pytest.raises(UsageError, match="has entries already"):
        import_export(export, copy)
    assert [account.terms.name for account in copy.accounts()] == ["mine"]


def test_nothing_is_imported_into_another_ledger(store: Store, tmp_path: Path) -> None:
    copy = new_store(tmp_path, "copy.db", identity("other.example", number=2))
    with pytest.raises(UsageError, match="this is the ledger other"):
        import_export(exported(store, tmp_path), copy)
    assert list(copy.accounts()) == []


def test_nothing_is_imported_of_an_export_that_does_not_hold(store: Store, tmp_path: Path) -> None:
    export = exported(store, tmp_path)
    text = export.path.read_text("utf-8")
    export.path.write_text(text.replace("churn@1", "chern@1"), "utf-8")
    copy = new_store(tmp_path, "copy.db", export.identity)
    with pytest.raises(UncheckableError, match="does not hold"):
        import_export(export, copy)
    assert list(copy.accounts()) == []


def test_nothing_stays_of_an_import_that_ends_half_way(store: Store, tmp_path: Path) -> None:
    """The file is another one when it is read for the second time."""
    export = exported(store, tmp_path)
    copy = new_store(tmp_path, "copy.db", export.identity)

    def changed() -> list[Entry]:
        *log, last = export.log()
        return [*log, replace(last, hash="0" * 64)]

    with pytest.raises(UncheckableError, match=r"its hash is not that .*; nothing was imported"):
        copy.restore(changed, export.checkpoints)
    assert (list(copy.accounts()), list(copy.entries()), list(copy.checkpoints())) == ([], [], [])


def test_what_was_declared_beside_an_entry_is_in_its_content(store: Store) -> None:
    said = [json.loads(entry.content)["details"] for entry in store.entries("people")]
    assert said[2] == {"lapses": "2027-01-31"}
    assert {"planned": {"a@1": "digest of a", "b@1": "digest of b"}} in said
