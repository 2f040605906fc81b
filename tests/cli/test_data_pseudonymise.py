"""`gatecli data pseudonymise`: keyed pseudonyms, alike in every format, and nothing of a key anywhere."""

from __future__ import annotations

import csv
import datetime as dt
import hashlib
import hmac
import json
import sqlite3
import sys
from collections.abc import Callable, Sequence
from decimal import Decimal
from pathlib import Path
from typing import Any

import openpyxl
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from pyarrow import feather

from gatecli.anonymity.pseudonyms import context_key, pseudonym
from gatecli.cli.app import main

Command = Callable[..., tuple[int, str]]

KEY = "5f" * 31 + "a7"
NAMES = ("pid", "ward")
PEOPLE = [("7", "a"), ("12", "b"), (None, "b"), ("7", "c")]
VALUE = "Zweistein-4711"


@pytest.fixture(name="run")
def in_a_folder(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> Command:
    monkeypatch.chdir(tmp_path)
    Path("key").write_text(KEY + "\n")

    def command(source: str, target: str = "out.csv", *more: str, key: str = "key") -> tuple[int, str]:
        asked = ("--column", "pid", "--key", key, *more)
        code = main(["data", "pseudonymise", source, "-o", target, *asked])
        shown = capsys.readouterr()
        told = shown.err + shown.out
        assert not any(each in told for each in (KEY, KEY[:16], VALUE))
        return code, told

    return command


def expected(value: str | None) -> str | None:
    return None if value is None else pseudonym(value, KEY.encode())


def write_csv(rows: Sequence[Sequence[str | None]] = PEOPLE, name: str = "in.csv") -> str:
    with Path(name).open("w", newline="", encoding="utf-8") as file:
        csv.writer(file, lineterminator="\n").writerows([NAMES, *rows])
    return name


def frame(kind: Any, convert: Callable[[str], Any]) -> pa.Table:
    ids = [None if pid is None else convert(pid) for pid, _ in PEOPLE]
    return pa.table({"pid": pa.array(ids, kind), "ward": [ward for _, ward in PEOPLE]})


def write_parquet(kind: Any, convert: Callable[[str], Any]) -> str:
    pq.write_table(frame(kind, convert), "in.parquet")
    return "in.parquet"


def write_arrow() -> str:
    feather.write_feather(frame(pa.int32(), int), "in.arrow")
    return "in.arrow"


def write_lines(convert: Callable[[str], Any]) -> str:
    rows = [{"pid": None if pid is None else convert(pid), "ward": ward} for pid, ward in PEOPLE]
    Path("in.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    return "in.jsonl"


def write_workbook() -> str:
    book = openpyxl.Workbook()
    for row in (NAMES, *((None if pid is None else int(pid), ward) for pid, ward in PEOPLE)):
        book.active.append(row)
    book.save("in.xlsx")
    return "in.xlsx"


def write_database() -> str:
    with sqlite3.connect("in.db") as base:
        base.execute("CREATE TABLE t (pid INTEGER, ward TEXT)")
        base.executemany("INSERT INTO t VALUES (?, ?)", PEOPLE)
    base.close()
    return "sqlite://in.db#t"


SOURCES: dict[str, Callable[[], str]] = {
    "text": write_csv,
    "text of floats": lambda: write_csv([(pid and f"{pid}.0", ward) for pid, ward in PEOPLE]),
    "whole numbers": lambda: write_parquet(pa.int64(), int),
    "small whole numbers": lambda: write_parquet(pa.uint8(), int),
    "floats": lambda: write_parquet(pa.float64(), float),
    "short floats": lambda: write_parquet(pa.float32(), float),
    "decimals": lambda: write_parquet(pa.decimal128(9, 2), Decimal),
    "Parquet text": lambda: write_parquet(pa.string(), str),
    "Arrow": write_arrow,
    "JSON numbers": lambda: write_lines(int),
    "JSON text": lambda: write_lines(str),
    "a workbook": write_workbook,
    "a database": write_database,
}


@pytest.mark.parametrize("source", SOURCES)
def test_an_identifier_has_one_pseudonym_in_every_format(run: Command, source: str) -> None:
    code, told = run(SOURCES[source](), "out.parquet")
    assert code == 0, told
    out = pq.read_table("out.parquet").to_pydict()
    assert out == {
        "pid": [expected(pid) for pid, _ in PEOPLE],
        "ward": [ward for _, ward in PEOPLE],
    }


def test_a_pseudonym_is_the_hmac_of_the_value_under_the_key_of_its_context() -> None:
    own = hmac.new(KEY.encode(), b"gatecli/pseudonym-context/v1\0lab", hashlib.sha256).digest()
    assert context_key(KEY.encode(), "lab") == own
    whole = hmac.new(own, b"gatecli/pseudonym/v1\0" + b"007", hashlib.sha256).hexdigest()
    assert pseudonym("007", own) == whole[:32]


def test_contexts_and_keys_give_pseudonyms_that_share_nothing(run: Command) -> None:
    write_csv()
    Path("other").write_text("0c" * 32)
    asked: dict[str, tuple[tuple[str, ...], str]] = {
        "a.csv": ((), "key"),
        "b.csv": (("--context", "lab"), "key"),
        "c.csv": (("--context", "registry"), "key"),
        "d.csv": ((), "other"),
    }
    seen = []
    for target, (more, key) in asked.items():
        assert run("in.csv", target, *more, key=key)[0] == 0
        with Path(target).open(newline="") as file:
            seen.append({row["pid"] for row in csv.DictReader(file)} - {""})
    assert len(set().union(*seen)) == sum(map(len, seen)) == 8


def test_apply_gives_the_same_pseudonyms(run: Command) -> None:
    write_csv()
    assert run("in.csv")[0] == 0
    asked = ("--quasi-identifier", "ward", "--k", "1", "--pseudonymise", "pid", "--key-file", "key")
    assert main(["anonymity", "apply", "in.csv", *asked, "-o", "applied.csv"]) == 0
    assert Path("applied.csv").read_text() == Path("out.csv").read_text()


def test_the_dialect_of_the_file_is_kept(run: Command) -> None:
    Path("in.csv").write_bytes('\ufeff"pid";"ward"\r\n"7";"ä;b"\r\n"";"c"\r\n'.encode())
    assert run("in.csv")[0] == 0
    wanted = f'\ufeff"pid";"ward"\r\n"{expected("7")}";"ä;b"\r\n"";"c"\r\n'
    assert Path("out.csv").read_bytes() == wanted.encode()


def test_what_names_nobody_stays_as_it_is(run: Command) -> None:
    pq.write_table(pa.table({"pid": ["", None, "x"]}), "text.parquet")
    pq.write_table(pa.table({"pid": [float("nan"), None, 3.0]}), "floats.parquet")
    assert run("text.parquet", "out.parquet")[0] == 0
    assert pq.read_table("out.parquet")["pid"].to_pylist() == ["", None, expected("x")]
    assert run("floats.parquet", "out.parquet")[0] == 0
    assert pq.read_table("out.parquet")["pid"].to_pylist() == [None, None, expected("3")]


@pytest.mark.parametrize(
    "column",
    [
        pa.array([1.5, 2.0]),
        pa.array([2.0**53 + 2, 1.0]),
        pa.array([2.0**24 + 2, 1.0], pa.float32()),
        pa.array([float("inf"), 1.0]),
        pa.array([Decimal("1.50"), None]),
        pa.array([dt.date(2020, 1, 1), None]),
        pa.array([dt.datetime(2020, 1, 1), None]),  # noqa: DTZ001 - a local time of a table
        pa.array([True, None]),
        pa.array([[1], None]),
    ],
    ids=lambda column: str(column.type),
)
def test_what_has_no_single_text_is_refused(run: Command, column: Any) -> None:
    pq.write_table(pa.table({"pid": column}), "in.parquet")
    code, told = run("in.parquet")
    assert (code, "identifiers are text or whole numbers" in told) == (2, True), told
    assert not Path("out.csv").exists()


def test_what_it_is_worth_is_said(run: Command) -> None:
    rows = (f"{at},{VALUE}-{at},p{at}@b.example,x\n" for at in range(12))
    Path("in.csv").write_text("pid,name,email,ward\n" + "".join(rows))
    code, told = run("in.csv")
    assert code == 0
    assert "pid holds pseudonyms, which are still personal data (GDPR, Article 4(5))" in told
    assert "pseudonymous, not anonymous" in told
    assert "name, email: written as before" in told
    assert "gatecli anonymity check" in told
    assert main(["anonymity", "check", "out.csv", "--quasi-identifier", "ward", "--k", "1"]) == 1


def test_the_key_comes_from_the_environment(run: Command, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOSPITAL_KEY", f" {KEY}\n")
    write_csv()
    assert run("in.csv", key="env:HOSPITAL_KEY")[0] == 0
    assert str(expected("7")) in Path("out.csv").read_text().split(",")[1]


def script(text: str) -> str:
    Path("hook.py").write_text(text)
    return f"command:'{sys.executable}' hook.py 'an argument; touch ran'"


def test_the_key_comes_from_a_program_that_no_shell_sees(run: Command) -> None:
    write_csv()
    hook = script(f"import sys; print('{KEY}' if sys.argv[1:] == ['an argument; touch ran'] else '')")
    code, told = run("in.csv", key=hook)
    assert code == 0, told
    assert str(expected("7")) in Path("out.csv").read_text()
    assert not Path("ran").exists()


FAILING = {
    f"import sys; sys.stderr.write('{KEY}'); sys.exit(3)": (4, "ended with 3"),
    "print('short')": (2, "shorter than 32 bytes"),
}


@pytest.mark.parametrize("text", FAILING)
def test_a_program_that_tells_no_key_is_one_sentence(run: Command, text: str) -> None:
    write_csv()
    code, told = run("in.csv", key=script(text))
    assert (code, FAILING[text][1] in told) == (FAILING[text][0], True), told
    assert not Path("out.csv").exists()


@pytest.mark.parametrize(
    ("key", "expected_code", "sentence"),
    [
        ("short", 2, "the key of --key is shorter than 32 bytes"),
        ("empty", 2, "openssl rand -hex 32"),
        ("nowhere", 2, "the file of --key cannot be read"),
        (KEY, 2, "never the key itself"),
        (KEY * 99, 2, "never the key itself"),
        (f"env:{KEY}", 2, "is not set"),
        ("env:", 2, "is not set"),
        ("command:", 2, "names no program"),
        (f"command:'{KEY}", 2, "names no program"),
        (f"command:{KEY}", 4, "cannot be started"),
    ],
)
def test_a_key_that_cannot_be_used_is_never_shown(
    run: Command, key: str, expected_code: int, sentence: str
) -> None:
    write_csv()
    Path("short").write_text(KEY[:31])
    Path("empty").write_text("\n")
    code, told = run("in.csv", key=key)
    assert (code, sentence in told) == (expected_code, True), told
    assert sorted(each.name for each in Path().iterdir()) == ["empty", "in.csv", "key", "short"]


@pytest.mark.parametrize(
    ("target", "more", "sentence"),
    [
        ("in.csv", (), "is the table that is read"),
        ("key", (), "does not name a format"),
        ("out.pdf", (), "does not name a format"),
        ("out.csv", ("--context", " "), "--context is empty"),
        ("out.csv", ("--column", "nobody"), "has no column 'nobody'"),
    ],
)
def test_what_cannot_be_written_is_one_sentence(
    run: Command, target: str, more: tuple[str, ...], sentence: str
) -> None:
    write_csv()
    before = Path("in.csv").read_text()
    code, told = run("in.csv", target, *more)
    assert (code, sentence in told) == (2, True), told
    assert (Path("in.csv").read_text(), Path("key").read_text()) == (before, KEY + "\n")
    assert not Path("out.csv").exists()


def test_a_key_is_not_written_over(run: Command) -> None:
    Path("key").rename("key.csv")
    write_csv()
    assert run("in.csv", "key.csv", key="key.csv")[0] == 2
    assert Path("key.csv").read_text() == KEY + "\n"


def test_no_value_is_in_what_a_broken_table_says(run: Command) -> None:
    Path("in.csv").write_text(f'pid,ward\n7,a\n"{VALUE},b\n')
    code, _ = run("in.csv")
    assert code == 4
    assert sorted(each.name for each in Path().iterdir()) == ["in.csv", "key"]


def test_without_a_key_nothing_is_done(run: Command, capsys: pytest.CaptureFixture[str]) -> None:
    write_csv()
    assert main(["data", "pseudonymise", "in.csv", "-o", "out.csv", "--column", "pid"]) == 2
    assert "--key" in capsys.readouterr().err
    assert run("in.csv", key="")[0] == 2
    assert not Path("out.csv").exists()
