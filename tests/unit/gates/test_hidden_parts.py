"""Parts of packed files that a reader passes over: what stands there is found, or said to be unread."""

from __future__ import annotations

import base64
import bz2
import gzip
import io
import json
import lzma
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
import pyarrow.orc
import pyarrow.parquet
import pytest

from gatecli.checks.personal_data import search_of
from gatecli.gates.file_scan import FileScan, scan_file
from gatecli.model.policy import PiiRules
from tests.support.packed import zstd_of

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


# Parts of zip files.


def test_a_text_behind_the_end_is_read(tmp_path: Path) -> None:
    scan = scanned(tmp_path, "x.zip", zipped({"a.txt": b"hello"}) + TEXT)
    assert rules_of(scan) == {"pii-cn-resident-id"}
    assert scan.findings[0].place.path.endswith("!(behind its end)")
    assert scanned(tmp_path, "x.zip", zipped({"a.txt": b"hello"}) + bytes(99)).findings == ()


def test_a_member_that_the_directory_does_not_name_is_said_to_be_unread(tmp_path: Path) -> None:
    content = zipped({"a.txt": b"hello", "b.txt": TEXT, "c.txt": b"hello"})
    cut = [at for at in range(len(content)) if content.startswith(b"PK\x01\x02", at)]
    hidden = content[: cut[1]] + content[cut[2] :]
    size, entry = len(content) - 22 - cut[0] - (cut[2] - cut[1]), len(hidden) - 22
    end = bytearray(hidden[entry:])
    end[8:12] = (2).to_bytes(2, "little") * 2
    end[12:16] = size.to_bytes(4, "little")
    scan = scanned(tmp_path, "x.zip", hidden[:entry] + end)
    assert rules_of(scan) == {"pii-not-searched"}
    assert "between its members" in scan.findings[0].message


def test_a_zip_that_was_written_to_a_stream_has_nothing_beside_its_members(tmp_path: Path) -> None:
    class Pipe(io.BytesIO):
        def seekable(self) -> bool:
            return False

        def seek(self, *_: object) -> int:
            raise io.UnsupportedOperation

        def tell(self) -> int:
            raise io.UnsupportedOperation

    content = Pipe()
    with zipfile.ZipFile(content, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("a.txt", "hello")
        with archive.open(zipfile.ZipInfo("b.txt"), "w", force_zip64=True) as member:
            member.write(b"hello")
    assert scanned(tmp_path, "x.zip", content.getvalue()).findings == ()


def test_the_comment_of_a_member_is_read(tmp_path: Path) -> None:
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w") as archive:
        info = zipfile.ZipInfo("a.txt")
        info.comment = TEXT
        archive.writestr(info, "hello")
    assert rules_of(scanned(tmp_path, "x.zip", content.getvalue())) == {"pii-cn-resident-id"}


# Compressed files.

COMPRESSORS: dict[str, Callable[[bytes], bytes]] = {
    "gz": gzip.compress,
    "bz2": bz2.compress,
    "xz": lzma.compress,
    "zst": zstd_of,
}


@pytest.mark.parametrize("ending", COMPRESSORS)
def test_what_stands_before_damage_is_found_and_what_follows_is_said(ending: str, tmp_path: Path) -> None:
    compress = COMPRESSORS[ending]
    for rest in (TEXT, b"\0" * 2**15 + TEXT, compress(TEXT)[:20]):
        scan = scanned(tmp_path, f"a.yaml.{ending}", compress(TEXT) + rest)
        before = {"pii-cn-resident-id"} if ending != "zst" else set()  # its library gives nothing then
        assert rules_of(scan) == {*before, "pii-not-searched"}
        assert scan.checked is None


@pytest.mark.parametrize("ending", COMPRESSORS)
def test_streams_in_one_file_are_all_read(ending: str, tmp_path: Path) -> None:
    compress = COMPRESSORS[ending]
    scan = scanned(tmp_path, f"a.yaml.{ending}", compress(b"x: 1\n") * 3 + compress(TEXT))
    assert rules_of(scan) == {"pii-cn-resident-id"}


def test_a_member_that_is_cut_is_found_as_far_as_it_goes(tmp_path: Path) -> None:
    content = tar(("b.txt", TEXT + b"x" * 6000))
    assert rules_of(scanned(tmp_path, "x.tar", content[:3000])) == {"pii-cn-resident-id", "pii-not-searched"}
    inside = zipped({"in.tar": content[:3000], "a.txt": b"hello"})
    assert rules_of(scanned(tmp_path, "x.zip", inside)) == {"pii-cn-resident-id", "pii-not-searched"}


# Tables.


def test_the_metadata_and_the_names_of_every_kind_of_table_are_read(tmp_path: Path) -> None:
    person = pa.struct([(f"u_{ID}", pa.string())])
    field = pa.field("a", pa.string(), metadata={"note": TEXT.decode()})
    for schema in (pa.schema([field]), pa.schema([("a", person)])):
        table = schema.empty_table()
        content = io.BytesIO()
        with pa.ipc.new_file(content, schema) as writer:
            writer.write_table(table)
        for name, data in (("x.arrow", content.getvalue()), ("x.parquet", parquet(table))):
            scan = scanned(tmp_path, name, data)
            assert rules_of(scan) == {"pii-cn-resident-id"}
            assert scan.checked is not None
    content = io.BytesIO()
    pyarrow.orc.write_table(pa.table({"a": pa.array([], person)}), content)
    assert rules_of(scanned(tmp_path, "x.orc", content.getvalue())) == {"pii-cn-resident-id"}


def test_metadata_that_is_no_text_is_said_to_be_unread(tmp_path: Path) -> None:
    table = pa.table({"a": ["x"]}).replace_schema_metadata({"note": b"\xff\xfe\x00"})
    (finding,) = scanned(tmp_path, "x.parquet", parquet(table)).findings
    assert finding.place.pointer == "/(metadata)/note"


def computed_excel(formula: str, value: str) -> bytes:
    """A workbook as Excel saves it: with what a formula gave."""
    content = excel([["id"], [formula]])
    parts = {name: zipfile.ZipFile(io.BytesIO(content)).read(name) for name in names_in(content)}
    sheet = "xl/worksheets/sheet1.xml"
    assert b"<v/>" in parts[sheet] or b"<v></v>" in parts[sheet] or b"<v />" in parts[sheet]
    for empty in (b"<v/>", b"<v />", b"<v></v>"):
        parts[sheet] = parts[sheet].replace(empty, f"<v>{value}</v>".encode())
    return zipped(parts)


def names_in(content: bytes) -> list[str]:
    return zipfile.ZipFile(io.BytesIO(content)).namelist()


def test_a_formula_is_read_beside_what_it_gave(tmp_path: Path) -> None:
    scan = scanned(tmp_path, "x.xlsx", computed_excel(f'=IF(A1="{ID}",1,2)', "2"))
    (finding,) = scan.findings
    assert "in 1 of 2 values, first in row 2" in finding.message
    assert scan.checked is not None
    assert scan.checked.measures == {"searchedWhole": True, "rows": 1, "rowsSearched": 1}


def test_a_sheet_that_the_workbook_does_not_name_is_said_to_be_unread(tmp_path: Path) -> None:
    content = excel([["id"], ["x"]])
    archive = zipfile.ZipFile(io.BytesIO(content))
    parts = {name: archive.read(name) for name in archive.namelist()}
    parts["xl/worksheets/sheet7.xml"] = parts["xl/worksheets/sheet1.xml"]
    parts[f"xl/worksheets/sheet{ID}.xml"] = parts["xl/worksheets/sheet1.xml"]
    scan = scanned(tmp_path, "x.xlsx", zipped(parts))
    assert rules_of(scan) == {"pii-not-searched", "pii-cn-resident-id"}
    assert any("sheet7.xml was not searched: a sheet" in finding.message for finding in scan.findings)
    assert scan.checked is not None
    assert scan.checked.measures["searchedWhole"] is False


def test_lists_of_long_numbers_or_of_many_are_not_taken_for_one(tmp_path: Path) -> None:
    for value in ([5, 3], [440308, 19990110, 1512, *range(40)], [0.25, 440308.5]):
        assert scanned(tmp_path, "x.parquet", parquet(pa.table({"ports": [value]}))).findings == ()
        assert scanned(tmp_path, "x.jsonl.gz", records(value)).findings == ()


def test_a_pickle_of_nothing_was_checked(tmp_path: Path) -> None:
    scan = scanned(tmp_path, "x.pkl", pickle.dumps(None))
    assert scan.findings == ()
    assert scan.checked is not None


def test_a_length_that_no_pickle_has_does_not_end_the_run(tmp_path: Path) -> None:
    content = pickle.dumps({"a": "hello"})[:-1] + b"\x8e" + (2**62).to_bytes(8, "little") + b"x."
    assert rules_of(scanned(tmp_path, "x.pkl", content)) == {"pii-not-searched"}


def test_a_large_member_with_zeros_that_begins_like_a_table_is_read(tmp_path: Path) -> None:
    rows = b"ORC,resident_id\n" + (b"x," + b"y" * 2**20 + b"\n") * 9 + b"\0\nz," + ID.encode() + b"\n"
    assert "pii-cn-resident-id" in rules_of(
        scanned(tmp_path, "x.zip", zipped({"a.csv": b"ORC\0" + rows[3:]}))
    )


# What is not read makes a search incomplete.


def encrypted_zip() -> bytes:
    content = bytearray(zipped({"a.txt": b"hello", "b.txt": b"hello"}))
    for sign, at in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        content[content.index(sign) + at] |= 1
    return bytes(content)


def damaged_member() -> bytes:
    content = bytearray(zipped({"a.txt": b"hello", "b.txt": b"hello"}))
    content[content.index(b"hello")] ^= 1
    return bytes(content)


@pytest.mark.parametrize("make", [encrypted_zip, damaged_member])
def test_an_archive_with_an_unread_member_was_not_searched_whole(
    make: Callable[[], bytes], tmp_path: Path
) -> None:
    scan = scanned(tmp_path, "x.zip", make())
    assert rules_of(scan) == {"pii-not-searched"}
    assert scan.checked is not None
    assert scan.checked.measures == {"searchedWhole": False}
    whole = scanned(tmp_path, "y.zip", zipped({"a.txt": b"hello"})).checked
    assert whole is not None
    assert whole.measures == {"searchedWhole": True}


def test_the_names_of_members_are_masked_for_an_organisation_s_own_kind(tmp_path: Path) -> None:
    own = PiiRules.from_file(
        {"custom": [{"id": "STAFF", "label": "staff number", "pattern": "STAFF-[0-9]{6}"}]}
    )
    inner = zipped({"STAFF-123457.png": b"\x89PNG\r\n\x1a\n\0"})
    members = {"STAFF-123456.txt": TEXT, "of STAFF-123456/x.parquet": parquet(pa.table({"id": [ID]}))}
    (tmp_path / "x.zip").write_bytes(zipped({**members, "in.zip": inner}))
    scan = scan_file(tmp_path / "x.zip", search_of(own))
    assert rules_of(scan) == {"pii-cn-resident-id", "pii-not-searched"}
    assert "STAFF-12345" not in repr(scan)
    assert {finding.place.path.partition("!")[2] for finding in scan.findings} == {
        "**********56.txt", "of **********56/x.parquet", "in.zip!**********57.png",
    }  # fmt: skip


def test_an_offset_that_leads_out_of_an_arrow_file_does_not_end_the_run(tmp_path: Path) -> None:
    table = pa.table({"a": ["x" * 11] * 9})
    content = io.BytesIO()
    with pa.ipc.new_file(content, table.schema) as writer:
        writer.write_table(table)
    offsets = b"".join((11 * at).to_bytes(4, "little") for at in range(10))
    wrong = offsets[:16] + (2**31 - 9).to_bytes(4, "little") + offsets[20:]
    assert content.getvalue().count(offsets) == 1
    scan = scanned(tmp_path, "x.arrow", content.getvalue().replace(offsets, wrong))
    assert rules_of(scan) == {"pii-not-searched"}
