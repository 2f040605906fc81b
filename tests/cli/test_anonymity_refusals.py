"""What `gatecli anonymity` refuses: one sentence, the right code, nothing written."""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest

from gatecli.cli.app import main

Run = Callable[..., tuple[int, str]]
TABLE = "age,zip,diagnosis\n" + "".join(
    f"{30 + at % 4},0{at % 3},{['flu', 'cold'][at % 2]}\n" for at in range(24)
)
ASKED = ("--quasi-identifier", "age,zip", "--sensitive", "diagnosis", "--k", "1", "--no-roles", "--no-advice")
HUGE = "9" * 23


@pytest.fixture(name="run")
def in_a_folder(tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Run:
    monkeypatch.chdir(tmp_path)
    Path("table.csv").write_text(TABLE)
    Path("tree.csv").write_text("flu;ill;*\ncold;ill;*\n")

    def command(*arguments: str) -> tuple[int, str]:
        code = main(["anonymity", *arguments])
        shown = capsys.readouterr()
        return code, shown.err or shown.out

    return command


@pytest.mark.parametrize(
    ("options", "code", "sentence"),
    [
        (("--encoding", "base64"), 2, "'base64' is not an encoding"),
        (("--encoding", "rot13"), 2, "'rot13' is not an encoding"),
        (("--memory-limit", "-1GB"), 2, "--memory-limit -1GB: not a size"),
        (("--memory-limit", "0GB"), 2, "--memory-limit 0GB: not a size"),
        (("--memory-limit", "1GB'; x"), 2, "--memory-limit 1GB'; x: not a size"),
        (("--scale", "age=numeric"), 2, "'age' has a scale but is not a sensitive column"),
        (("--scale", "diagnosis=numeric,x=numeric"), 2, "'diagnosis=numeric,x' has a scale but is not"),
        (("--scale", "diagnosis=numeric", "--scale", "diagnosis=categorical"), 2, "diagnosis: given twice"),
        (("--scale", "diagnosis=numeric"), 4, "2 distinct values of 'diagnosis' are not numbers"),
        (("--numeric", "diagnosis"), 4, "holds a value that is not of its column's type (line 2)"),
        (("--hierarchy", "nope=tree.csv"), 2, "--hierarchy nope: the check uses no such column"),
        (
            ("--hierarchy", "diagnosis=tree.csv", "--scale", "diagnosis=categorical"),
            2,
            "diagnosis has both a --scale and a --hierarchy",
        ),
        (("--l", HUGE), 1, "anon-l-below-threshold"),
        (("--recursive-c", "1", "--recursive-l", HUGE), 1, "a class holds fewer than"),
        (("--timeout", "0"), 4, "not measured within 0 s"),
    ],
)
def test_a_bad_option_is_one_sentence(run: Run, options: Sequence[str], code: int, sentence: str) -> None:
    found, shown = run("check", "table.csv", *ASKED, *options)
    assert (found, sentence in shown) == (code, True), shown
    assert "bug" not in shown


@pytest.mark.parametrize("seconds", ["inf", "1e300"])
def test_more_time_than_a_machine_counts_is_as_much_as_it_counts(run: Run, seconds: str) -> None:
    assert run("check", "table.csv", *ASKED, "--timeout", seconds)[0] == 0


@pytest.mark.parametrize("name", ["", "x" * 5000, "\0"])
def test_a_name_that_no_file_can_have_is_nothing_to_check(run: Run, name: str) -> None:
    assert run("check", name, *ASKED)[0] == 3
    assert run("discover", name)[0] == 3


DECLARATION = """\
apiVersion: gatecli.dev/v1
kind: ModelRelease
metadata: {{name: m, version: 1.0.0}}
spec:
  datasets:
  - {{name: t, anonymity: {{path: {path}, quasiIdentifiers: [age], sensitive: [diagnosis], k: 1{more}}}}}
"""


@pytest.mark.parametrize(
    ("path", "more", "sentence"),
    [
        ("table.csv", ", scales: {diagnosis: hierarchical}", "hierarchical, but it has no hierarchy"),
        ("table.csv", ", scales: {nope: numeric}", "'nope' has a scale but is not a sensitive column"),
        ("x" * 5000, "", "does not exist"),
    ],
)
def test_a_declaration_that_cannot_be_followed_is_no_pass(
    run: Run, path: str, more: str, sentence: str
) -> None:
    Path("privacy.yaml").write_text(DECLARATION.format(path=path, more=more))
    code, shown = run("check", "privacy.yaml")
    assert (code, sentence in shown) == (4, True), shown


@pytest.mark.parametrize("target", ["table.csv", "./table.csv", "link.csv", "hard.csv"])
def test_apply_does_not_write_over_its_source(run: Run, target: str) -> None:
    Path("link.csv").symlink_to("table.csv")
    os.link("table.csv", "hard.csv")
    code, shown = run("apply", "table.csv", "--quasi-identifier", "age,zip", "--k", "5", "-o", target)
    assert (code, "is the table that is read" in shown) == (2, True), shown
    assert Path("table.csv").read_text() == TABLE


def test_apply_does_not_write_into_the_folder_that_it_reads(run: Run) -> None:
    import pyarrow.csv  # noqa: PLC0415 - heavy; only this test needs it
    import pyarrow.parquet  # noqa: PLC0415 - heavy; only this test needs it

    Path("data").mkdir()
    pyarrow.parquet.write_table(pyarrow.csv.read_csv("table.csv"), "data/1.parquet")
    asked = ("--quasi-identifier", "age,zip", "--k", "5", "-o", "data/2.parquet")
    for source in ("data", "data/*.parquet"):
        assert run("apply", source, *asked)[0] == 2
    assert [path.name for path in Path("data").iterdir()] == ["1.parquet"]


def test_apply_names_a_target_that_no_file_system_can_hold(run: Run) -> None:
    code, shown = run("apply", "table.csv", "--quasi-identifier", "age", "--k", "2", "-o", f"{'x' * 300}.csv")
    assert (code, "cannot write" in shown) == (2, True)


def test_a_folder_that_may_not_be_read_is_not_an_empty_one(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    Path("data/closed").mkdir(parents=True)
    Path("data/open.parquet").write_bytes(b"PAR1")
    scan = os.scandir

    def closed(path: str) -> object:
        if str(path).endswith("closed"):
            raise PermissionError(13, "Permission denied")
        return scan(path)

    monkeypatch.setattr(os, "scandir", closed)
    code, shown = run("check", "data", *ASKED)
    assert (code, "may not be read" in shown) == (4, True), shown


def test_apply_does_not_write_over_a_hierarchy_or_a_database(run: Run) -> None:
    tree = ("--hierarchy", "diagnosis=tree.csv")
    sqlite3.connect("data.csv").execute("create table t (age integer)")
    for asked in (("table.csv", *tree, "-o", "tree.csv"), ("sqlite://data.csv#t", "-o", "data.csv")):
        code, shown = run(
            "apply", *asked, "--quasi-identifier", "age", "--sensitive", "diagnosis", "--k", "2"
        )
        assert (code, "is the table that is read" in shown) == (2, True), shown


@pytest.mark.parametrize("name", ["twice.parquet", "twice.arrow"])
def test_columns_that_differ_by_case_alone_are_refused(run: Run, name: str) -> None:
    """An engine would rename one of them, and measure that."""
    import pyarrow.feather  # noqa: PLC0415 - heavy; only this test needs it
    import pyarrow.parquet  # noqa: PLC0415 - heavy; only this test needs it

    table = pyarrow.table({"age": [1, 1], "zip": [1, 1], "Age": [1, 2]})
    pyarrow.parquet.write_table(table, "twice.parquet")
    pyarrow.feather.write_feather(table, "twice.arrow")
    code, shown = run("check", name, "--quasi-identifier", "age", "--k", "2")
    assert (code, "columns 1 and 3 have the same name" in shown) == (4, True), shown


def test_the_name_of_a_table_in_a_file_of_one_is_not_ignored(run: Run) -> None:
    code, shown = run("check", "table.csv", *ASKED, "--table", "people")
    assert (code, "is a single table" in shown) == (2, True), shown


def test_json_lines_without_any_are_nothing_to_check(run: Run) -> None:
    Path("empty.jsonl").touch()
    assert run("check", "empty.jsonl", *ASKED)[0] == 3


def test_a_table_that_is_given_as_a_policy_is_not_quoted(run: Run) -> None:
    code, shown = run("check", "table.csv", *ASKED, "--policy", "table.csv")
    assert (code, "the document is plain text" in shown, "flu" in shown) == (2, True, False), shown
