"""Files of every packed kind, made by their own writers, all with the same people in them."""

from __future__ import annotations

import bz2
import csv
import gzip
import io
import json
import lzma
import pickle
import sqlite3
import tarfile
import zipfile
from collections.abc import Callable, Mapping
from contextlib import closing
from pathlib import Path
from typing import Any

import openpyxl
import pyarrow as pa
import pyarrow.feather
import pyarrow.orc
import pyarrow.parquet

SSN = "536-90-4399"
DIGITS = 536904399
ROWS = 20


def people(rows: int = ROWS, first: int = 0) -> list[dict[str, Any]]:
    """Everybody has the same number from row `first` on, as a text and as a number; the others have none."""
    return [
        {
            "id": at,
            "name": "Maria Lopez",
            "ssn": SSN if at >= first else None,
            "ssn_number": DIGITS if at >= first else None,
            "age": 40 + at % 7,
        }
        for at in range(rows)
    ]


def arrow_table(rows: list[dict[str, Any]]) -> pa.Table:
    return pa.Table.from_pylist(rows)


def csv_text(rows: list[dict[str, Any]]) -> bytes:
    text = io.StringIO()
    writer = csv.DictWriter(text, list(rows[0]))
    writer.writeheader()
    writer.writerows(rows)
    return text.getvalue().encode()


def json_lines(rows: list[dict[str, Any]]) -> bytes:
    return "".join(json.dumps(row) + "\n" for row in rows).encode()


def zip_of(members: Mapping[str, bytes]) -> bytes:
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in members.items():
            archive.writestr(name, data)
    return content.getvalue()


def tar_of(members: Mapping[str, bytes], mode: str = "w") -> bytes:
    content = io.BytesIO()
    with tarfile.open(fileobj=content, mode=mode) as archive:  # type: ignore[call-overload]  # a mode by its name
        for name, data in members.items():
            info = tarfile.TarInfo(name)
            info.size = len(data)
            archive.addfile(info, io.BytesIO(data))
    return content.getvalue()


def zstd_of(content: bytes) -> bytes:
    sink = pa.BufferOutputStream()
    with pa.CompressedOutputStream(sink, "zstd") as stream:
        stream.write(content)
    return bytes(sink.getvalue())


def parquet_of(rows: list[dict[str, Any]], **options: Any) -> bytes:
    content = io.BytesIO()
    pyarrow.parquet.write_table(arrow_table(rows), content, **options)
    return content.getvalue()


def _feather(rows: list[dict[str, Any]]) -> bytes:
    content = io.BytesIO()
    pyarrow.feather.write_feather(arrow_table(rows), content)
    return content.getvalue()


def _arrow(rows: list[dict[str, Any]]) -> bytes:
    content = io.BytesIO()
    table = arrow_table(rows)
    with pa.ipc.new_file(content, table.schema) as writer:
        writer.write_table(table, max_chunksize=7)
    return content.getvalue()


def _orc(rows: list[dict[str, Any]]) -> bytes:
    content = io.BytesIO()
    pyarrow.orc.write_table(arrow_table(rows), content)
    return content.getvalue()


def sqlite_of(rows: list[dict[str, Any]], name: str = "people") -> bytes:
    with closing(sqlite3.connect(":memory:")) as connection:
        columns = ", ".join(rows[0])
        marks = ", ".join("?" * len(rows[0]))
        connection.execute(f'CREATE TABLE "{name}" ({columns})')
        connection.executemany(
            f'INSERT INTO "{name}" VALUES ({marks})',  # noqa: S608 - a test's own names
            [tuple(row.values()) for row in rows],
        )
        connection.commit()
        return connection.serialize()


def excel_of(rows: list[dict[str, Any]], title: str = "people") -> bytes:
    workbook = openpyxl.Workbook()
    sheet = workbook.active
    sheet.title = title
    sheet.append(list(rows[0]))
    for row in rows:
        sheet.append(list(row.values()))
    content = io.BytesIO()
    workbook.save(content)
    return content.getvalue()


Rows = list[dict[str, Any]]

TABLES: Mapping[str, Callable[[Rows], bytes]] = {
    "people.parquet": parquet_of,
    "people.feather": _feather,
    "people.arrow": _arrow,
    "people.orc": _orc,
    "people.db": sqlite_of,
    "people.xlsx": excel_of,
    "people.csv.gz": lambda rows: gzip.compress(csv_text(rows)),
    "people.csv.bz2": lambda rows: bz2.compress(csv_text(rows)),
    "people.csv.xz": lambda rows: lzma.compress(csv_text(rows)),
    "people.csv.zst": lambda rows: zstd_of(csv_text(rows)),
    "people.jsonl.gz": lambda rows: gzip.compress(json_lines(rows)),
    "people.zip": lambda rows: zip_of({"data/people.csv": csv_text(rows)}),
    "people.tar": lambda rows: tar_of({"data/people.csv": csv_text(rows)}),
    "people.tar.gz": lambda rows: tar_of({"data/people.csv": csv_text(rows)}, "w:gz"),
    "people.tgz": lambda rows: tar_of({"people.parquet": parquet_of(rows)}, "w:gz"),
    "nested.zip": lambda rows: zip_of({"in.tar.xz": tar_of({"people.db": sqlite_of(rows)}, "w:xz")}),
}
"""Every packed kind whose columns are counted, by the name that its file usually has."""


def write_packed(folder: Path, rows: Rows) -> list[Path]:
    """One file of each kind."""
    for name, make in TABLES.items():
        (folder / name).write_bytes(make(rows))
    (folder / "people.pkl").write_bytes(pickle.dumps(rows))
    return sorted(folder.iterdir())
