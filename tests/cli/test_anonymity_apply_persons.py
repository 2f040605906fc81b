"""`gatecli anonymity apply` where classes count persons, and where others know several rows of each."""

from __future__ import annotations

import csv
from pathlib import Path

import pytest

from gatecli.cli.app import main

VISITS = "pid,age,illness\n" + "".join(
    f"{person},{age},{ill}\n"
    for person, age, ill in (
        ("A-1", 30, "flu"),
        ("A-1", 30, "cold"),
        ("B-2", 31, "flu"),
        ("B-2", 32, "cold"),
        ("C-3", 31, "cold"),
        ("C-3", 32, "flu"),
    )
)
TWO_AGES = "pid,age\nA,30\nB,30\nA,31\nC,31\nB,32\nC,32\n"
ASKED = ("--quasi-identifier", "age", "--unit", "pid")


@pytest.fixture(autouse=True)
def working_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    Path("visits.csv").write_text(VISITS, "utf-8")
    Path("ages.csv").write_text(TWO_AGES, "utf-8")
    Path("key").write_text("5f" * 32 + "\n")


def written(name: str) -> list[list[str]]:
    with Path(name).open(newline="", encoding="utf-8") as file:
        return list(csv.reader(file))


def test_two_rows_of_one_person_are_not_a_class_of_two(capsys: pytest.CaptureFixture[str]) -> None:
    rows = ("--quasi-identifier", "age", "--k", "2", "--drop", "pid", "--max-suppression", "0")
    assert main(["anonymity", "apply", "visits.csv", *rows, "-o", "rows.csv"]) == 0
    assert [row[0] for row in written("rows.csv")[1:3]] == ["30", "30"]
    persons = (*ASKED, "--k", "2", "--drop", "pid", "--max-suppression", "0")
    assert main(["anonymity", "apply", "visits.csv", *persons, "-o", "persons.csv"]) == 0
    assert "30" not in {row[0] for row in written("persons.csv")}
    assert "k becomes 3" in capsys.readouterr().err


def test_persons_are_found_again_by_their_pseudonyms(capsys: pytest.CaptureFixture[str]) -> None:
    asked = (*ASKED, "--k", "3", "--sensitive", "illness", "--l", "2", "--beta", "0.5")
    hidden = ("--pseudonymise", "pid", "--key-file", "key")
    assert main(["anonymity", "apply", "visits.csv", *asked, *hidden, "-o", "out.csv"]) == 0
    assert len({row[0] for row in written("out.csv")[1:]}) == 3
    capsys.readouterr()
    assert main(["anonymity", "check", "out.csv", *asked, "--no-roles"]) == 0


@pytest.mark.parametrize("known", [("--trajectory",), ("--known", "2")])
def test_what_is_known_together_is_measured_before_anything_is_written(
    capsys: pytest.CaptureFixture[str], known: tuple[str, ...]
) -> None:
    asked = (*ASKED, *known, "--drop", "pid", "--max-suppression", "0")
    assert main(["anonymity", "apply", "ages.csv", *asked, "--k", "2", "-o", "out.csv"]) == 4
    assert "does not meet its thresholds" in capsys.readouterr().err
    assert not Path("out.csv").exists()
    assert main(["anonymity", "apply", "ages.csv", *asked, "--k", "3", "-o", "out.csv"]) == 0
    assert written("out.csv") == [["age"], *[["[30, 35)"]] * 6]


def test_the_advice_of_a_check_counts_persons_too(capsys: pytest.CaptureFixture[str]) -> None:
    asked = (*ASKED, "--k", "2", "--max-suppression", "0", "--no-roles")
    assert main(["anonymity", "check", "visits.csv", *asked]) == 1
    assert "k becomes 3" in capsys.readouterr().out
    assert main(["anonymity", "check", "ages.csv", *asked, "--trajectory"]) == 1
    assert "k becomes" not in capsys.readouterr().out
