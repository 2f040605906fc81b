"""Files are read as themselves: neither their names nor their folders' change what is measured."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from gatecli.anonymity.measure import measure
from gatecli.anonymity.tables.files import READERS
from gatecli.anonymity.tables.folders import OTHER_TABLES, PARQUET
from gatecli.anonymity.tables.interface import TableOptions
from gatecli.anonymity.tables.opening import open_table
from gatecli.anonymity.tables.spark import spark_file
from gatecli.errors import UncheckableError
from gatecli.model.anonymity import AnonymityQuestion, Measures, Missing

Cells = Mapping[str, Sequence[Any]]

APART: Cells = {"age": [1, 2]}
ALIKE: Cells = {"age": [1, 1]}


def ask(source: Path | str, *quasi: str, missing: Missing = Missing.OWN_VALUE) -> Measures:
    with open_table(source, TableOptions(threads=1)) as opened:
        return measure(opened, AnonymityQuestion(quasi or ("age",), missing=missing))


def csv(path: Path, cells: Cells) -> None:
    rows = zip(*cells.values(), strict=True)
    path.write_text("\n".join([",".join(cells), *(",".join(map(str, row)) for row in rows), ""]))


def lines(path: Path, cells: Cells) -> None:
    path.write_text("".join(f'{{"age": {value}}}\n' for value in cells["age"]))


def parquet(path: Path, cells: Cells) -> None:
    pq.write_table(pa.table(dict(cells)), path)


WRITERS: Sequence[tuple[str, Callable[[Path, Cells], None]]] = (
    (".csv", csv),
    (".jsonl", lines),
    (".parquet", parquet),
)
each_kind = pytest.mark.parametrize(("suffix", "write"), WRITERS)


@each_kind
@pytest.mark.parametrize("name", ["t[1]", "t?", "t*", "t{1,2}", "~", "t'1"])
def test_a_name_that_looks_like_a_pattern_is_a_name(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    suffix: str,
    write: Callable[[Path, Cells], None],
    name: str,
) -> None:
    monkeypatch.chdir(tmp_path)
    write(Path(f"{name}{suffix}"), APART)
    write(Path(f"t1{suffix}"), ALIKE)
    found = ask(f"{name}{suffix}")
    assert (found.records, found.classes) == (2, 2)


@each_kind
def test_a_folder_named_like_a_partition_does_not_replace_a_column_of_a_file(
    tmp_path: Path, suffix: str, write: Callable[[Path, Cells], None]
) -> None:
    (tmp_path / "age=5").mkdir()
    write(tmp_path / "age=5" / f"t{suffix}", APART)
    assert ask(tmp_path / "age=5" / f"t{suffix}").k == 1


def test_a_column_in_the_names_of_folders_keeps_leading_zeros(tmp_path: Path) -> None:
    for folder in ("zip=01234", "zip=1234"):
        (tmp_path / folder).mkdir()
        parquet(tmp_path / folder / "t.parquet", ALIKE)
    assert ask(tmp_path, "zip").classes == 2


def test_a_column_both_in_files_and_in_the_names_of_their_folders_is_refused(tmp_path: Path) -> None:
    (tmp_path / "age=5").mkdir()
    parquet(tmp_path / "age=5" / "t.parquet", APART)
    with pytest.raises(UncheckableError, match="'age' is both in the files and in the name of a folder"):
        ask(tmp_path)


@pytest.mark.parametrize(
    "other",
    [{"age": ["01", "2"]}, {"age": [1.2, 1.4]}, {"age": [1, 2], "email": ["a", "b"]}, {"years": [1, 2]}],
)
def test_files_of_a_folder_with_other_columns_than_the_first_are_refused(
    tmp_path: Path, other: Cells
) -> None:
    parquet(tmp_path / "1.parquet", ALIKE)
    parquet(tmp_path / "2.parquet", other)
    with pytest.raises(UncheckableError, match=r"2\.parquet has other columns, or other types of them"):
        ask(tmp_path)


def test_spark_is_not_asked_about_files_of_several_schemas_either(tmp_path: Path) -> None:
    parquet(tmp_path / "1.parquet", ALIKE)
    parquet(tmp_path / "2.parquet", {"years": [1, 2]})
    with pytest.raises(UncheckableError, match=r"2\.parquet has other columns"):
        spark_file(None, str(tmp_path), is_local=True)


def test_a_link_to_a_folder_is_refused_as_its_files_would_be_left_out(tmp_path: Path) -> None:
    for folder in ("table", "elsewhere"):
        (tmp_path / folder).mkdir()
        parquet(tmp_path / folder / "t.parquet", ALIKE)
    (tmp_path / "table/more").symlink_to(tmp_path / "elsewhere", target_is_directory=True)
    with pytest.raises(UncheckableError, match="more is a link to another folder"):
        ask(tmp_path / "table")


@pytest.mark.parametrize("name", ["000000_0", "part.0", "_two"])
def test_parquet_that_its_name_would_leave_out_is_refused(tmp_path: Path, name: str) -> None:
    parquet(tmp_path / "1.parquet", ALIKE)
    parquet(tmp_path / name, APART)
    with pytest.raises(UncheckableError, match=f"{name} holds Parquet, but its name does not say so"):
        ask(tmp_path)


@pytest.mark.parametrize("name", ["more.csv", "more.CSV.gz", "sub/more.jsonl"])
def test_a_table_of_another_kind_is_not_left_out_in_silence(tmp_path: Path, name: str) -> None:
    parquet(tmp_path / "1.parquet", ALIKE)
    (tmp_path / "sub").mkdir()
    (tmp_path / name).write_bytes(b"age\n1\n")
    with pytest.raises(UncheckableError, match="is a table too"):
        ask(tmp_path)
    assert ask(f"{tmp_path}/*.parquet").records == len(ALIKE["age"])


def test_every_kind_that_is_read_is_known_in_a_folder() -> None:
    assert {*PARQUET, *OTHER_TABLES, ".txt"} == {*READERS}


def test_what_holds_no_rows_may_stand_beside_them(tmp_path: Path) -> None:
    parquet(tmp_path / "1.parquet", ALIKE)
    pq.write_metadata(pq.read_schema(tmp_path / "1.parquet"), tmp_path / "_metadata")
    for name in ("_SUCCESS", ".1.parquet.crc", "notes.txt"):
        (tmp_path / name).write_bytes(b"crc\0")
    assert ask(tmp_path).records == len(ALIKE["age"])


def test_a_pattern_that_matches_a_broken_link_is_no_pass(tmp_path: Path) -> None:
    parquet(tmp_path / "1.parquet", ALIKE)
    (tmp_path / "2.parquet").symlink_to(tmp_path / "gone.parquet")
    with pytest.raises(UncheckableError):
        ask(f"{tmp_path}/*.parquet")


def test_files_of_a_folder_may_order_their_columns_differently(tmp_path: Path) -> None:
    parquet(tmp_path / "1.parquet", {"age": [1, 2], "zip": ["a", "b"]})
    parquet(tmp_path / "2.parquet", {"zip": ["a", "b"], "age": [1, 2]})
    assert ask(tmp_path, "age", "zip").k == 2


@pytest.mark.parametrize("kind", [pa.float32(), pa.float64()])
def test_nan_in_parquet_is_missing_though_the_file_s_statistics_do_not_know_of_it(
    tmp_path: Path, kind: Any
) -> None:
    path = tmp_path / "t.parquet"
    pq.write_table(pa.table({"age": pa.array([1.5, float("nan"), None, 1.5], kind)}), path)
    found = ask(path, missing=Missing.REFUSE)
    assert found.missing == {"age": 2}
    assert ask(path, missing=Missing.WILDCARD).k == 4
