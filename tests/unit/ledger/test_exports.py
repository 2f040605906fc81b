"""An export: what is in it, and what is not one."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from gatecli.ledger.comparison import Difference, chains_of, differences
from gatecli.ledger.exports import ExportFile, InvalidExport, export_lines, is_export
from gatecli.ledger.interface import Store
from gatecli.ledger.transfer import verify_export
from tests.support.ledger_records import AT, fill, identity, new_store
from tests.support.ledgers import movement, terms

Lines = list[str]
Edit = Callable[[Lines], Lines]


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return fill(new_store(tmp_path))


@pytest.fixture
def export(store: Store, tmp_path: Path) -> Path:
    file = tmp_path / "ledger.jsonl"
    file.write_text("".join(export_lines(store)), "utf-8")
    return file


def test_an_export_holds_the_log_and_its_checkpoints(store: Store, export: Path) -> None:
    found = ExportFile(export)
    found.require_whole()
    assert found.identity == store.identity
    assert list(found.log()) == list(store.log())
    assert list(found.checkpoints()) == list(store.checkpoints())


def test_an_entry_without_a_place_gets_one_first(store: Store, export: Path) -> None:
    assert len(list(ExportFile(export).log())) == len(list(store.entries()))


def test_an_export_is_the_same_each_time(store: Store, export: Path) -> None:
    assert "".join(export_lines(store)) == export.read_text("utf-8")


def test_an_export_is_known_by_its_beginning(export: Path, tmp_path: Path) -> None:
    assert is_export(export)
    assert not is_export(tmp_path / "ledger.db")
    assert not is_export(tmp_path)
    assert not is_export(tmp_path / "nothing")


def test_an_export_is_verified_as_its_ledger(store: Store, export: Path) -> None:
    head = list(store.checkpoints())[-1].note
    found = verify_export(ExportFile(export), head)
    assert (found.faults, found.pinned) == ((), 21)
    assert found.entries == len(list(store.entries()))


def edited(edit: Edit) -> Edit:
    return edit


@pytest.mark.parametrize(
    "edit",
    [
        edited(lambda lines: lines[:0]),
        edited(lambda lines: lines[1:]),
        edited(lambda lines: lines[:-1]),
        edited(lambda lines: [*lines[:3], *lines[4:]]),
        edited(lambda lines: [*lines[:3], lines[2], *lines[3:]]),
        edited(lambda lines: [*lines, lines[-1]]),
        edited(lambda lines: [*lines, lines[1]]),
        edited(lambda lines: [lines[0], *lines]),
        edited(lambda lines: [*lines[:2], "{}\n", *lines[2:]]),
        edited(lambda lines: [*lines[:2], "[]\n", *lines[2:]]),
        edited(lambda lines: [*lines[:2], "not json\n", *lines[2:]]),
        edited(lambda lines: [*lines[:-1], lines[-1].rstrip("\n")]),
        edited(lambda lines: [lines[0].replace("v1", "v2"), *lines[1:]]),
        edited(lambda lines: [lines[0].replace('"name"', '"nome"'), *lines[1:]]),
        edited(lambda lines: [lines[0].replace('"acme.example/privacy"', "1"), *lines[1:]]),
        edited(lambda lines: [each.replace('"size":8', '"size":"8"') for each in lines]),
        edited(lambda lines: [each.replace('"number":2,', '"number":2.0,') for each in lines]),
        edited(lambda lines: [each.replace('"number":2,', '"number":true,') for each in lines]),
        edited(lambda lines: [each.replace('"number":2,', '"number":2,"more":1,') for each in lines]),
        edited(lambda lines: [each.replace("[10,", '["10",') for each in lines]),
        edited(lambda lines: [each.replace("[10,", "[10,10,") for each in lines]),
        edited(lambda lines: [each.replace('\\"reserve\\"', '\\"steal\\"') for each in lines]),
        edited(lambda lines: [each.replace('"signature":""', '"signature":null') for each in lines]),
    ],
)  # fmt: skip
def test_what_is_not_a_whole_export_is_refused(edit: Edit, export: Path) -> None:
    export.write_text("".join(edit(export.read_text("utf-8").splitlines(keepends=True))), "utf-8")
    with pytest.raises(InvalidExport):
        verify_export(ExportFile(export))


@pytest.mark.parametrize("content", [b"\xff\xfe", b"\x00" * 100, b"SQLite format 3\x00"])
def test_a_file_of_another_kind_is_refused(content: bytes, tmp_path: Path) -> None:
    (tmp_path / "other").write_bytes(content)
    with pytest.raises(InvalidExport):
        ExportFile(tmp_path / "other")


def test_a_file_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(InvalidExport, match="cannot read"):
        ExportFile(tmp_path / "missing")


def test_a_changed_export_is_named_where_it_was_changed(export: Path) -> None:
    lines = export.read_text("utf-8").splitlines(keepends=True)
    data = json.loads(lines[4])
    data["content"] = data["content"].replace("2026", "2025")
    export.write_text("".join([*lines[:4], json.dumps(data) + "\n", *lines[5:]]), "utf-8")
    found = verify_export(ExportFile(export))
    assert str(found.faults[0]).endswith("its hash is not that of the entry before and its content")


def test_two_ledgers_are_compared_dataset_by_dataset(store: Store, tmp_path: Path) -> None:
    other = fill(new_store(tmp_path, "other.db", identity("other.example", number=2)))
    assert list(differences(chains_of(store.entries()), chains_of(other.entries()))) == []
    store.move(movement(subject="only here", amounts=1))
    other.move(movement(subject="only there", amounts=1, datasets=("devices",)))
    other.add_dataset(terms("visits"), AT)
    found = list(differences(chains_of(store.entries()), chains_of(other.entries())))
    assert [(each.dataset, each.difference, each.number) for each in found] == [
        ("devices", Difference.MORE_THERE, 5),
        ("people", Difference.MORE_HERE, 15),
        ("visits", Difference.ONLY_THERE, 0),
    ]
    assert [str(each) for each in differences(chains_of(other.entries()), chains_of(store.entries()))] == [
        "devices: 1 more entries here, from number 5",
        "people: 1 more entries there, from number 15",
        "visits: only here, 1 entries",
    ]


def test_ledgers_that_diverge_are_compared_to_where_they_do(store: Store, tmp_path: Path) -> None:
    other = fill(new_store(tmp_path, "other.db", identity("other.example", number=2)))
    store.move(movement(subject="one", amounts=1))
    other.move(movement(subject="another", amounts=1))
    other.move(movement(subject="a third", amounts=1))
    (found,) = differences(chains_of(store.entries()), chains_of(other.entries()))
    assert (found.difference, found.number) == (Difference.DIVERGE, 15)
    assert str(found) == "people: the ledgers diverge at entry 15"
