"""Tables in files: every dialect, every kind, and one sentence for what cannot be read."""

from __future__ import annotations

import bz2
import gzip
import lzma
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest

from gatecli.anonymity.measure import measure
from gatecli.anonymity.tables.interface import TableOptions
from gatecli.anonymity.tables.opening import open_table
from gatecli.anonymity.tables.text_files import delimiter_of
from gatecli.errors import GatecliError, NothingToCheckError, UncheckableError, UsageError
from gatecli.model.anonymity import AnonymityQuestion, Measures, Scale
from tests.support.tables import Columns, arrow

TEXT = "zip,age,disease\n01234,34,flu\n01234,34,cold\n1234,34,flu\n,51,grün\n"
COLUMNS: Columns = {
    "zip": ["01234", "01234", "1234", None],
    "age": [34, 34, 34, 51],
    "disease": ["flu", "cold", "flu", "grün"],
}
VALUE = "Zweistein-4711"


def ask(source: Path | str, *quasi: str, sensitive: str = "", **options: Any) -> Measures:
    with open_table(source, TableOptions(threads=1, **options)) as opened:
        return measure(opened, AnonymityQuestion(quasi or ("zip", "age"), (sensitive,) if sensitive else ()))


def classes(measures: Measures) -> tuple[int, int]:
    return measures.records, measures.classes


def refusal(kind: type[GatecliError], source: Path | str, *quasi: str, **options: Any) -> str:
    with pytest.raises(kind) as caught:
        ask(source, *quasi, **options)
    assert VALUE not in caught.value.message + caught.value.advice
    return caught.value.message.replace(str(source), "FILE")


@pytest.fixture(name="file")
def in_a_folder(tmp_path: Path) -> Callable[[str, bytes | str], Path]:
    def write(name: str, content: bytes | str) -> Path:
        path = tmp_path / name
        path.write_bytes(content.encode() if isinstance(content, str) else content)
        return path

    return write


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
def test_a_delimiter_is_found(file: Callable[..., Path], delimiter: str) -> None:
    assert classes(ask(file("data.csv", TEXT.replace(",", delimiter)))) == (4, 3)


@pytest.mark.parametrize("end", ["\r\n", "\r", "\n\n"])
def test_lines_may_end_in_other_ways(file: Callable[..., Path], end: str) -> None:
    assert classes(ask(file("data.csv", "zip,age\n1,2\n3,4\n".replace("\n", end)))) == (2, 2)


def test_a_delimiter_inside_quotes_splits_nothing() -> None:
    assert delimiter_of('a;b\n"1,2,3,4";2\n"3,4,5,6";4\n') == ";"


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-32"])
def test_a_byte_order_mark_names_the_encoding(file: Callable[..., Path], encoding: str) -> None:
    assert classes(ask(file("data.csv", TEXT.encode(encoding)), "disease")) == (4, 3)


def test_an_encoding_can_be_given(file: Callable[..., Path]) -> None:
    assert classes(ask(file("data.csv", TEXT.encode("latin-1")), "disease", encoding="latin-1")) == (4, 3)


COMPRESSIONS: dict[str, Callable[[bytes], bytes]] = {
    "gz": gzip.compress,
    "bz2": bz2.compress,
    "xz": lzma.compress,
    "zst": lambda data: bytes(pa.compress(data, codec="zstd", asbytes=True)),
}
compressed = pytest.mark.parametrize("name", COMPRESSIONS)


@compressed
def test_compressed_text_is_read(file: Callable[..., Path], name: str) -> None:
    assert classes(ask(file(f"data.csv.{name}", COMPRESSIONS[name](TEXT.encode())))) == (4, 3)


@compressed
def test_all_streams_of_a_compressed_file_are_read(file: Callable[..., Path], name: str) -> None:
    parts = [COMPRESSIONS[name](part) for part in (TEXT.encode(), b"9,9,9\n" * 400_000)]
    assert ask(file(f"data.csv.{name}", b"".join(parts))).records == 400_004


@compressed
def test_compressed_json_lines_are_read(file: Callable[..., Path], name: str) -> None:
    lines = COMPRESSIONS[name](b'{"zip": "01", "age": 3}\n' * 2)
    assert classes(ask(file(f"data.jsonl.{name}", lines))) == (2, 1)


def test_json_lines_may_be_of_another_encoding(file: Callable[..., Path]) -> None:
    assert classes(ask(file("data.jsonl", '{"zip": "01", "age": 3}\n'.encode("utf-16")))) == (1, 1)


@compressed
@pytest.mark.parametrize("rest", [b"not a stream of its own", b"\xff" * 40])
def test_what_follows_a_stream_and_is_none_is_not_left_out(
    file: Callable[..., Path], name: str, rest: bytes
) -> None:
    refusal(UncheckableError, file(f"data.csv.{name}", COMPRESSIONS[name](TEXT.encode()) + rest))


@compressed
def test_a_damaged_second_stream_is_not_left_out(file: Callable[..., Path], name: str) -> None:
    second = bytearray(COMPRESSIONS[name](b"9,9,9\n" * 100))
    second[0] ^= 0xFF
    refusal(UncheckableError, file(f"data.csv.{name}", COMPRESSIONS[name](TEXT.encode()) + bytes(second)))


def test_codes_keep_their_leading_zeros(file: Callable[..., Path]) -> None:
    assert ask(file("data.csv", TEXT), "zip").classes == 3


def test_a_column_can_be_declared_numeric(file: Callable[..., Path]) -> None:
    assert ask(file("data.csv", TEXT), "zip", numeric=("zip",)).classes == 2


@pytest.mark.parametrize(
    ("cells", "scale"),
    [
        (["1", "2.5", "-3"], Scale.NUMERIC),
        (["1", "", "10"], Scale.NUMERIC),
        (["01", "02", "10"], Scale.CATEGORICAL),
        (["1", "2", "n/a"], Scale.CATEGORICAL),
        (["1e5", "2", "3"], Scale.CATEGORICAL),
        (["", "", ""], Scale.CATEGORICAL),
    ],
)
def test_text_is_a_number_only_where_nothing_else_fits(
    file: Callable[..., Path], cells: list[str], scale: Scale
) -> None:
    path = file("data.csv", "q,s\n" + "".join(f"x,{cell}\n" for cell in cells))
    assert ask(path, "q", sensitive="s").by_sensitive[0].scale is scale


@pytest.mark.parametrize("last", ["110105194912310022", " -9007199254740993", "+9007199254740993 "])
def test_a_code_that_a_number_would_round_is_no_number(file: Callable[..., Path], last: str) -> None:
    path = file("data.csv", f"zip,age\n110105194912310021,1\n{last},1\n")
    assert "'zip' holds integers of more than 15 digits" in refusal(UncheckableError, path, numeric=("zip",))
    assert classes(ask(path)) == (2, 2)


def test_numbers_in_text_are_compared_as_numbers(file: Callable[..., Path]) -> None:
    path = file("data.csv", "q,s\na,9\na,10\nb,9.0\nb,100\n")
    (found,) = ask(path, "q", sensitive="s").by_sensitive
    assert found.values == 3


def test_other_texts_may_stand_for_a_missing_value(file: Callable[..., Path]) -> None:
    path = file("data.csv", "q\n?\n?\nNA\nx\n")
    assert ask(path, "q", missing_values=("?", "NA")).missing == {"q": 3}


def test_a_cell_of_a_megabyte_is_a_cell(file: Callable[..., Path]) -> None:
    path = file("data.csv", f'q,s\n{"x" * 1_000_000},1\n"a\nb",2\n')
    assert classes(ask(path, "q")) == (2, 2)


def test_parquet_keeps_its_types(tmp_path: Path) -> None:
    import pyarrow.parquet  # noqa: PLC0415 - heavy; only this kind of table needs it

    path = tmp_path / "data.parquet"
    pyarrow.parquet.write_table(arrow(COLUMNS, {"age": "int64"}), path)
    assert classes(ask(path)) == (4, 3)


@pytest.mark.parametrize("source", ["", "/*.parquet", "/**/*.parquet"])
def test_parquet_files_of_a_folder_or_a_pattern_are_one_table(tmp_path: Path, source: str) -> None:
    import pyarrow.parquet  # noqa: PLC0415 - heavy; only this kind of table needs it

    for name in ("one", "two"):
        pyarrow.parquet.write_table(arrow(COLUMNS, {"age": "int64"}), tmp_path / f"{name}.parquet")
    assert ask(f"{tmp_path}{source}").records == 8


def test_json_lines_are_read(file: Callable[..., Path]) -> None:
    path = file("data.jsonl", '{"zip": "01", "age": 3}\n{"zip": "1", "age": 3}\n{"age": 3}\n')
    assert classes(ask(path)) == (3, 3)


@pytest.mark.parametrize(
    "lines",
    [
        '{"age": 1, "Age": 2}\n{"age": 1, "Age": 2}\n',
        '{"age": 1}\n{"Age": 2}\n',
        '{"age": 1, "age_1": 3, "AGE": 2}\n',
    ],
)
def test_keys_that_differ_in_case_alone_are_refused(file: Callable[..., Path], lines: str) -> None:
    with pytest.raises(UncheckableError, match="two keys of its objects have the same name, case aside"):
        open_table(file("t.jsonl", lines))


@pytest.mark.parametrize(
    "cells",
    [
        ("123456789012345678901", "123456789012345678902"),
        ("1234567890123456789", "1234567890123456788", "1.5"),
        ('"2020-01-01"', '"2020-1-1"', '"2020-01-01 "'),
        ('"10:00"', '"10:00:00"'),
        ('"2020-01-01T10:00:00Z"', '"2020-01-01T12:00:00+02:00"'),
        ('"00000000-0000-0000-0000-00000000000a"', '"00000000-0000-0000-0000-00000000000A"'),
        ("true", '"true"', "1"),
        ('{"born": "2020-01-01"}', '{"born": "2020-1-1"}'),
        ("null", '"null"', '"None"'),
    ],
)
def test_json_values_are_not_made_alike(file: Callable[..., Path], cells: Sequence[str]) -> None:
    lines = "".join(f'{{"age": {cell}}}\n' for cell in cells)
    assert ask(file("t.jsonl", lines), "age").classes == len(cells)


def test_json_numbers_are_numbers(file: Callable[..., Path]) -> None:
    lines = "".join(f'{{"age": {cell}, "n": {cell}}}\n' for cell in ("1", "1.0", "2.5", "-0.0", "0"))
    found = ask(file("t.jsonl", lines), "age", sensitive="n")
    assert (found.classes, found.by_sensitive[0].scale) == (3, Scale.NUMERIC)


def test_a_key_may_end_in_a_number(file: Callable[..., Path]) -> None:
    with open_table(file("t.jsonl", '{"age": 1, "age_1": 2}\n')) as opened:
        assert list(opened.columns) == ["age", "age_1"]


def test_arrow_files_are_read(tmp_path: Path) -> None:
    import pyarrow.feather  # noqa: PLC0415 - heavy; only this kind of table needs it

    path = tmp_path / "data.feather"
    pyarrow.feather.write_feather(arrow(COLUMNS, {"age": "int64"}), str(path))
    assert classes(ask(path)) == (4, 3)


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (f"zip,age\n1,2\n3,{VALUE},5\n", "FILE: line 3 has more columns than the header"),
        (f"zip,age\n1,2\n{VALUE}\n", "FILE: line 3 has fewer columns than the header"),
        ("zip,age,zip\n1,2,3\n", "FILE: columns 1 and 3 have the same name, case aside"),
        ("Zip,zip\n1,2\n", "FILE: columns 1 and 2 have the same name, case aside"),
        (f'zip,age\n1,"{VALUE}\n3,4\n', "FILE: the table has a quote that is not closed"),
        (f'zip,age\n1,"a"{VALUE}\n', "FILE: the table has a quote that is not closed"),
        ("zip,,age\n1,2,3\n", "FILE: the header has a column without a name"),
        (b"zip,age\n1,\xff\xfe\n", "FILE: the table is not text in the expected encoding"),
        ("zip,age\n1,2\n".encode("utf-16-le"), "FILE: the table is not text in the expected encoding"),
        (f"zip,age\n1,2\n{VALUE},2,3,4\n", "FILE: line 3 has more columns than the header"),
        ("110105194912310021,30\n1,2\n", "FILE: the first line looks like a record"),
        ("a@b.example,30\n1,2\n", "FILE: the first line looks like a record"),
    ],
)
def test_bad_text_is_one_sentence(file: Callable[..., Path], content: bytes | str, sentence: str) -> None:
    assert refusal(UncheckableError, file("data.csv", content)).startswith(sentence)


@pytest.mark.parametrize("content", ["", "\n", "zip,age\n"])
def test_a_table_without_rows_is_nothing_to_check(file: Callable[..., Path], content: str) -> None:
    refusal(NothingToCheckError, file("data.csv", content))


def test_a_wrong_delimiter_is_suspected_in_a_single_column(file: Callable[..., Path]) -> None:
    with pytest.raises(UsageError, match="has no column 'zip'") as caught:
        ask(file("data.csv", "zip~age\n1~2\n"))
    assert "give the delimiter" in caught.value.advice


def test_a_truncated_parquet_file_is_uncheckable(tmp_path: Path) -> None:
    import pyarrow.parquet  # noqa: PLC0415 - heavy; only this kind of table needs it

    path = tmp_path / "data.parquet"
    pyarrow.parquet.write_table(arrow(COLUMNS, {"age": "int64"}), path)
    path.write_bytes(path.read_bytes()[:-20])
    assert refusal(UncheckableError, path) == "FILE: the table is truncated or not what its name says"


@pytest.mark.parametrize("name", ["data.parquet", "data.feather", "data.xlsx", "data.jsonl", "data.csv.gz"])
def test_a_file_that_is_not_what_its_name_says_is_uncheckable(file: Callable[..., Path], name: str) -> None:
    refusal(UncheckableError, file(name, VALUE * 20))


@pytest.mark.parametrize(
    ("name", "spoil"),
    [
        *((name, lambda data: data[:-20]) for name in COMPRESSIONS),
        # zstd as it is written here has no checksum.
        *((name, lambda data: data[:40] + b"\xff\0" * 3 + data[46:]) for name in ("gz", "bz2", "xz")),
    ],
)
def test_spoiled_compression_is_uncheckable(
    file: Callable[..., Path], name: str, spoil: Callable[[bytes], bytes]
) -> None:
    """Not an interruption either, for which typer takes the end of a file."""
    whole = COMPRESSIONS[name](b"zip,age\n" + b"".join(b"%d,%d\n" % (at * at, at) for at in range(500)))
    sentence = refusal(UncheckableError, file(f"data.csv.{name}", spoil(whole)))
    assert sentence == "FILE: the table is truncated, or not compressed as its name says"


def test_what_may_be_a_record_is_not_listed_as_columns(file: Callable[..., Path]) -> None:
    """Where one column that was asked for is there, the others are names too."""
    path = file("data.csv", f"{VALUE},30\n1,2\n")
    assert refusal(UsageError, path, "zip") == "FILE has no column 'zip'"
    with pytest.raises(UsageError) as caught:
        ask(file("named.csv", "zip,unlike\n1,2\n"), "zip", "age")
    assert caught.value.advice == "its columns are zip, unlike"


def test_an_unknown_kind_is_uncheckable(file: Callable[..., Path]) -> None:
    assert refusal(UncheckableError, file("data.docx", "x")) == "FILE is of a kind that cannot be read"


def test_a_path_that_does_not_exist_is_nothing_to_check(tmp_path: Path) -> None:
    assert refusal(NothingToCheckError, tmp_path / "none.csv") == "FILE does not exist"


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"encoding": "klingon"}, "is not an encoding"),
        ({"delimiter": "::"}, "is not one character"),
        ({"numeric": ("ages",)}, "has no column 'ages'"),
    ],
)
def test_a_bad_option_is_a_usage_error(
    file: Callable[..., Path], options: dict[str, Any], words: str
) -> None:
    assert words in refusal(UsageError, file("data.csv", TEXT), **options)


def test_the_digest_is_of_the_bytes(file: Callable[..., Path]) -> None:
    import hashlib  # noqa: PLC0415 - only here

    with open_table(file("data.csv", TEXT)) as opened:
        assert opened.digest == hashlib.sha256(TEXT.encode()).hexdigest()


def test_work_beyond_its_time_is_uncheckable(tmp_path: Path) -> None:
    import duckdb  # noqa: PLC0415 - heavy, and only this needs it

    path = tmp_path / "data.parquet"
    query = "select range as zip, range % 90 as age from range(3000000)"
    duckdb.sql(f"copy ({query}) to '{path}' (format parquet)")
    assert refusal(UncheckableError, path, timeout=0.05) == "FILE: not measured within 0.05 s"


def test_no_temporary_file_is_left(file: Callable[..., Path], monkeypatch: pytest.MonkeyPatch) -> None:
    path = file("data.csv.gz", gzip.compress(TEXT.encode()))
    scratch = path.parent / "scratch"
    scratch.mkdir()
    monkeypatch.setattr("tempfile.tempdir", str(scratch))
    ask(path)
    refusal(UsageError, path, "nothing")
    assert list(scratch.iterdir()) == []
