"""Commands about publications beside tables of rows: exit codes, and what is written."""

from __future__ import annotations

from pathlib import Path

import pytest

from gatecli.cli.app import main

RULES = Path(__file__).resolve().parents[1] / "rules"
INTERSECTION = RULES / "anon-intersection"
COLUMNS = ["--quasi-identifier", "zip,age", "--sensitive", "disease"]

COUNTS = """\
age,sex,count
0-14,M,10
0-14,F,12
0-14,Total,22
15+,M,2
15+,F,7
15+,Total,9
Total,M,12
Total,F,19
Total,Total,31
"""


@pytest.fixture(name="counts")
def a_table_of_counts(tmp_path: Path) -> Path:
    path = tmp_path / "counts.csv"
    path.write_text(COUNTS)
    return path


def intersect(which: str, *options: str) -> int:
    files = [str(INTERSECTION / which / f"{name}.csv") for name in ("earlier", "later")]
    return main(["anonymity", "intersect", *files, *COLUMNS, *options])


def test_two_releases_are_open_or_closed_by_what_they_disclose_together() -> None:
    assert intersect("fail", "--k", "4", "--l", "3") == 1
    assert intersect("pass", "--k", "4", "--l", "3") == 0


def test_two_releases_need_a_threshold_and_a_column() -> None:
    assert intersect("fail") == 2
    files = [str(INTERSECTION / "fail" / f"{name}.csv") for name in ("earlier", "later")]
    assert main(["anonymity", "intersect", *files, "--k", "4"]) == 2


def test_no_finding_holds_a_value_of_a_row(capsys: pytest.CaptureFixture[str]) -> None:
    intersect("fail", "--k", "4", "--l", "3", "--format", "json")
    out = capsys.readouterr().out
    assert not [value for value in ("hiv", "130**", "<30", "heart") if value in out]


def test_counts_are_suppressed_until_none_can_be_computed(
    counts: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["anonymity", "counts", str(counts), "--min-count", "5"]) == 1
    target = tmp_path / "published.csv"
    assert main(["anonymity", "suppress", str(counts), "-o", str(target), "--min-count", "5"]) == 0
    assert "suppressed counts: 1 small, 3 to hide them" in capsys.readouterr().err
    rows = target.read_text().splitlines()
    assert rows[0] == "age,sex,count"
    assert [row.rpartition(",")[0] for row in rows] == [row.rpartition(",")[0] for row in COUNTS.splitlines()]
    assert main(["anonymity", "counts", str(target), "--min-count", "5"]) == 0


@pytest.mark.parametrize(
    ("delimiter", "newline", "encoding", "quote"),
    [
        (";", "\r\n", "utf-8", ""),
        ("\t", "\n", "utf-8-sig", ""),
        ("|", "\n", "utf-16", ""),
        (";", "\n", "utf-8-sig", '"'),
    ],
)
def test_suppression_keeps_the_dialect(
    delimiter: str, newline: str, encoding: str, quote: str, tmp_path: Path
) -> None:
    def written(text: str) -> bytes:
        lines = [[f"{quote}{cell}{quote}" for cell in line.split(",")] for line in text.splitlines()]
        return "".join(delimiter.join(line) + newline for line in lines).encode(encoding)

    source, target = tmp_path / "counts.csv", tmp_path / "published.csv"
    source.write_bytes(written(COUNTS))
    assert main(["anonymity", "suppress", str(source), "-o", str(target), "--min-count", "5"]) == 0
    shown = target.read_bytes()
    assert shown.startswith(written("age,sex,count"))
    assert (
        shown.decode(encoding).splitlines()[-1] == written(COUNTS.splitlines()[-1]).decode(encoding).strip()
    )
    assert main(["anonymity", "counts", str(target), "--min-count", "5"]) == 0


def test_suppression_writes_over_nothing(counts: Path) -> None:
    assert main(["anonymity", "suppress", str(counts), "-o", str(counts), "--min-count", "5"]) == 2
    assert counts.read_text() == COUNTS


def test_counts_need_a_threshold(counts: Path) -> None:
    assert main(["anonymity", "counts", str(counts)]) == 2


def test_counts_that_contradict_one_another_are_not_a_pass(counts: Path) -> None:
    counts.write_text(COUNTS.replace("Total,Total,31", "Total,Total,32"))
    assert main(["anonymity", "counts", str(counts), "--min-count", "2"]) == 4


def test_the_policy_demands_a_smallest_count(counts: Path, tmp_path: Path) -> None:
    policy = tmp_path / "gatecli.yaml"
    policy.write_text(
        "apiVersion: gatecli.dev/v1\nkind: PrivacyPolicy\nmetadata: {name: acme}\n"
        "spec: {extends: default, anonymity: {minK: 5}}\n"
    )
    assert main(["anonymity", "counts", str(counts), "--policy", str(policy), "--min-count", "2"]) == 1


def test_magnitudes_need_a_rule_that_can_be_read() -> None:
    data = str(RULES / "anon-dominated-cell" / "fail" / "turnover.csv")
    asked = ["anonymity", "magnitudes", data, "--dimension", "branch", "--value", "turnover"]
    assert main([*asked, "--contributor", "firm", "--dominance", "1,75"]) == 1
    assert main(asked) == 2
    assert main([*asked, "--dominance", "many"]) == 2
    assert main([*asked, "--p", "-1"]) == 2


def test_safe_harbor_names_what_it_cannot_know(capsys: pytest.CaptureFixture[str]) -> None:
    data = str(RULES / "anon-safe-harbor" / "pass" / "patients.csv")
    assert main(["anonymity", "safe-harbor", data]) == 0
    assert "not checked: actual knowledge" in capsys.readouterr().err


def test_the_policy_replaces_the_small_zip_areas(tmp_path: Path) -> None:
    data = tmp_path / "patients.csv"
    data.write_text("zip,flag\n021,a\n021,b\n")
    policy = tmp_path / "gatecli.yaml"
    policy.write_text(
        "apiVersion: gatecli.dev/v1\nkind: PrivacyPolicy\nmetadata: {name: acme}\n"
        'spec: {extends: default, anonymity: {restrictedZips: ["021"]}}\n'
    )
    assert main(["anonymity", "safe-harbor", str(data)]) == 1
    policy.unlink()
    assert main(["anonymity", "safe-harbor", str(data)]) == 0
