"""Parts of packed files that a reader passes over: what stands there is found, or said to be unread."""

from __future__ import annotations

import base64
import gzip
import io
import json
import pickle
import sqlite3
import tarfile
import zipfile
from collections.abc import Callable, Sequence
from contextlib import closing
from decimal import Decimal
from pathlib import Path

import openpyxl
import pyarrow as pa
import pyarrow.parquet
import pytest

from gatecli.checks.personal_data import search_of
from gatecli.gates.file_scan import FileScan, scan_file
from gatecli.model.policy import PiiRules

ID = "440308199901101512"
PARTS = [ID[:6], ID[6:14], ID[14:]]
TEXT = f"id: {ID}\n".encode()
SEARCH = search_of(PiiRules())


def scanned(folder: Path, name: str, content: bytes) -> FileScan:
    (folder / name).write_bytes(content)
    return scan_file(folder / name, SEARCH)


def rules_of(scan: FileScan) -> set[str]:
    assert not any(ID in finding.message for finding in scan.findings)
    return {finding.rule.id for finding in scan.findings}


def tar(*members: tuple[str, bytes]) -> bytes:
    content = io.BytesIO()
    with tarfile.open(fileobj=content, mode="w") as archive:
        for name, data in members:
            info = tarfile.TarInfo(name)
            info.size = len(data)
            archive.addfile(info, io.BytesIO(data))
    return content.getvalue()


def zipped(members: dict[str, bytes], comment: bytes = b"") -> bytes:
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w") as archive:
        for name, data in members.items():
            archive.writestr(name, data)
        archive.comment = comment
    return content.getvalue()


def parquet(table: pa.Table) -> bytes:
    content = io.BytesIO()
    pyarrow.parquet.write_table(table, content)
    return content.getvalue()


def sqlite(*statements: str) -> bytes:
    with closing(sqlite3.connect(":memory:")) as connection:
        for statement in statements:
            connection.execute(statement)
        connection.commit()
        return connection.serialize()


def excel(rows: Sequence[Sequence[object]]) -> bytes:
    book = openpyxl.Workbook()
    for row in rows:
        book.active.append(row)
    content = io.BytesIO()
    book.save(content)
    return content.getvalue()


def records(value: object) -> bytes:
    return gzip.compress((json.dumps({"id": value}) + "\n").encode())


HELLO = ("a.txt", b"hello\n")
FOUND: dict[str, tuple[str, Callable[[], bytes]]] = {
    "a tar behind a tar": ("x.tar", lambda: tar(HELLO) + tar(("b.txt", TEXT))),
    "the same, compressed": ("x.tar.gz", lambda: gzip.compress(tar(HELLO) + tar(("b.txt", TEXT)))),
    "the comment of a zip": ("x.zip", lambda: zipped({"a.txt": b"hello"}, TEXT)),
    "a list in compressed records": ("x.jsonl.gz", lambda: records(PARTS)),
    "a list in a table": ("x.parquet", lambda: parquet(pa.table({"id": [PARTS]}))),
    "a field beside bytes": (
        "x.parquet",
        lambda: parquet(pa.table({"p": [{"id": ID, "photo": b"\xff\xfe\x00\x01"}]})),
    ),
    "a nested decimal": (
        "x.parquet",
        lambda: parquet(
            pa.table({"p": pa.array([{"id": Decimal(ID)}], pa.struct([("id", pa.decimal128(20, 2))]))})
        ),
    ),
    "the metadata of a table": (
        "x.parquet",
        lambda: parquet(pa.table({"a": ["x"]}).replace_schema_metadata({"note": TEXT.decode()})),
    ),
    "the column of a table without rows": (
        "x.parquet",
        lambda: parquet(pa.table({f"u_{ID}": pa.array([], pa.string())})),
    ),
    "a view with a literal": (
        "x.db",
        lambda: sqlite("create table t(a)", f"create view v as select '{ID}' as id"),
    ),
    "a default": (
        "x.db",
        lambda: sqlite(f"create table t(a text default '{ID}')", "insert into t values('x')"),
    ),
    "the name of a table": (
        "x.db",
        lambda: sqlite(f'create table "u_{ID}"(a)', f"insert into \"u_{ID}\" values('x')"),
    ),
    "a formula that was never computed": ("x.xlsx", lambda: excel([["id"], [f'="{ID}"']])),
}


@pytest.mark.parametrize("case", FOUND)
def test_what_a_reader_passes_over_is_found(case: str, tmp_path: Path) -> None:
    name, make = FOUND[case]
    assert "pii-cn-resident-id" in rules_of(scanned(tmp_path, name, make()))


def damaged_tar() -> bytes:
    content = bytearray(tar(HELLO, ("b.txt", TEXT)))
    content[1024 + 148 : 1024 + 154] = b"000000"
    return bytes(content)


UNREAD: dict[str, tuple[str, Callable[[], bytes]]] = {
    "a damaged header in a tar": ("x.tar", damaged_tar),
    "a tar that is cut": ("x.tar", lambda: tar(HELLO, ("b.txt", b"x" * 600))[: 1024 + 300]),
    "a text behind a pickle": ("x.pkl", lambda: pickle.dumps({"a": "hello"}) + b"\n" + TEXT),
    "members before the first": ("x.zip", lambda: zipped({"b.txt": TEXT}) + zipped({"a.txt": b"hello"})),
    "bytes in a field": (
        "x.parquet",
        lambda: parquet(pa.table({"p": [{"id": "a", "photo": b"\xff\xfe\x00"}]})),
    ),
    "what is neither UTF-8 nor text": ("x.bin", lambda: bytes(range(1, 256)) * 2),
}


@pytest.mark.parametrize("case", UNREAD)
def test_what_is_not_read_is_said(case: str, tmp_path: Path) -> None:
    name, make = UNREAD[case]
    assert "pii-not-searched" in rules_of(scanned(tmp_path, name, make()))


def test_a_value_that_is_encoded_too_deeply_is_an_error_in_a_table_as_in_a_text(tmp_path: Path) -> None:
    value = ID
    for _ in range(8):
        value = base64.b64encode(f"id: {value}".encode()).decode()
    assert rules_of(scanned(tmp_path, "x.jsonl", gzip.decompress(records(value)))) == {
        "pii-encoded-too-deeply"
    }
    assert rules_of(scanned(tmp_path, "x.jsonl.gz", records(value))) == {"pii-encoded-too-deeply"}


def test_a_database_that_keeps_a_log_is_read_inside_an_archive(tmp_path: Path) -> None:
    with closing(sqlite3.connect(tmp_path / "own.db")) as connection:
        connection.execute("pragma journal_mode=wal")
        connection.execute("create table t(resident_id)")
        connection.execute("insert into t values(?)", (ID,))
        connection.commit()
    scan = scanned(tmp_path, "x.zip", zipped({"own.db": (tmp_path / "own.db").read_bytes()}))
    assert rules_of(scan) == {"pii-cn-resident-id"}


def test_the_sheets_and_tables_of_an_organisation_s_own_kind_are_masked(tmp_path: Path) -> None:
    own = PiiRules.from_file(
        {"custom": [{"id": "STAFF", "label": "staff number", "pattern": "STAFF-[0-9]{6}"}]}
    )
    (tmp_path / "x.db").write_bytes(
        sqlite('create table "STAFF-123456"(resident_id)', f"insert into \"STAFF-123456\" values('{ID}')")
    )
    scan = scan_file(tmp_path / "x.db", search_of(own))
    assert rules_of(scan) == {"pii-cn-resident-id", "pii-staff"}
    shown = "".join(f"{finding.message}{finding.place.pointer}" for finding in scan.findings)
    assert "STAFF-123456" not in shown


def test_a_table_with_values_that_were_not_read_was_not_searched_whole(tmp_path: Path) -> None:
    scan = scanned(tmp_path, "x.parquet", UNREAD["bytes in a field"][1]())
    assert scan.checked is not None
    assert scan.checked.measures["searchedWhole"] is False


def test_a_large_text_that_begins_like_a_table_is_read_in_an_archive_too(tmp_path: Path) -> None:
    rows = b"ORC,resident_id\n" + (b"x," + b"y" * 2**20 + b"\n") * 9 + b"z," + ID.encode() + b"\n"
    assert "pii-cn-resident-id" in rules_of(scanned(tmp_path, "x.zip", zipped({"a.csv": rows})))
