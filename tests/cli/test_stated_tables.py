"""A policy that states the columns of a table: every door holds whoever asks about it to them."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import pytest

import gatecli
from gatecli.cli.app import main

POLICY = """
apiVersion: gatecli.dev/v1
kind: PrivacyPolicy
metadata: {name: stated}
spec:
  extends: default
  check:
    tables:
      - {name: people, path: data/people.csv, quasiIdentifiers: [age, zip, sex], sensitive: [ill], k: 2}
"""
ROWS = "age,zip,sex,ill\n" + "31,10115,f,flu\n31,10115,f,cold\n" * 3
UNIQUE = "age,zip,sex,ill\n" + "".join(f"{30 + n},{10115 + n},f,flu\n" for n in range(6))
RELEASE = """
apiVersion: gatecli.dev/v1
kind: ModelRelease
metadata: {name: churn, version: 1.0.0}
spec:
  privacy: none
  datasets:
    - name: %s
      anonymity: {path: %s, quasiIdentifiers: [%s], sensitive: [ill], k: 2}
"""
RULE = "anon-question-narrowed"


@pytest.fixture(name="folder")
def policy_and_table(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "gatecli.yaml").write_text(POLICY, "utf-8")
    (tmp_path / "data").mkdir()
    (tmp_path / "data/people.csv").write_text(ROWS, "utf-8")
    return tmp_path


def judged(capsys: pytest.CaptureFixture[str], *words: str) -> tuple[int, list[dict[str, Any]]]:
    code = main([*words, "--format", "json"])
    return code, json.loads(capsys.readouterr().out)["findings"]


def asked(
    capsys: pytest.CaptureFixture[str], columns: str, *options: str, path: str = "data/people.csv"
) -> tuple[int, list[str]]:
    """The exit code and the rules for a question of the command line."""
    given = ("anonymity", "check", path, "--no-roles", "--quasi-identifier", columns, *options)
    code, found = judged(capsys, *given)
    return code, sorted(each["rule"] for each in found)


def test_fewer_columns_than_the_policy_states_close_the_gate(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    code, found = judged(
        capsys, "anonymity", "check", "data/people.csv", "--quasi-identifier", "sex", "--k", "2", "--no-roles"
    )
    assert code == 1
    assert {each["rule"] for each in found} == {RULE}
    assert "asks about sex alone where the policy says age, sex, zip" in {each["message"] for each in found}


def test_the_stated_columns_and_more_of_them_pass(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert asked(capsys, "age,zip,sex", "--sensitive", "ill", "--k", "2") == (0, [])
    assert asked(capsys, "age,zip,sex", "--sensitive", "ill", "--k", "3") == (0, [])


@pytest.mark.parametrize("start", ["data", "."])
def test_the_policy_s_paths_are_beside_the_policy(
    folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], start: str
) -> None:
    monkeypatch.chdir(folder / start)
    path = "people.csv" if start == "data" else "data/people.csv"
    assert asked(capsys, "age,zip", "--sensitive", "ill", "--k", "2", path=path) == (1, [RULE])


@pytest.mark.parametrize("door", ["copy", "link"])
def test_another_name_of_the_table_is_the_same_table(
    folder: Path, capsys: pytest.CaptureFixture[str], door: str
) -> None:
    other = folder / "other.csv"
    if door == "copy":
        shutil.copy(folder / "data/people.csv", other)
    else:
        other.symlink_to("data/people.csv")
    assert asked(capsys, "age", "--sensitive", "ill", "--k", "2", path="other.csv") == (1, [RULE])


def test_another_table_may_be_asked_anything(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (folder / "other.csv").write_text(ROWS + ROWS.partition("\n")[2], "utf-8")
    assert asked(capsys, "sex", "--k", "2", path="other.csv") == (0, [])


def test_the_stated_threshold_holds_whatever_is_asked(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (folder / "data/people.csv").write_text(UNIQUE, "utf-8")
    assert asked(capsys, "age,zip,sex", "--sensitive", "ill", "--k", "1") == (1, ["anon-k-below-threshold"])


def test_the_library_holds_to_the_same(folder: Path) -> None:
    verdict = gatecli.check_table("data/people.csv", quasi_identifiers=["sex"], sensitive=["ill"], k=2)
    assert RULE in {finding.rule.id for finding in verdict.findings}
    assert not verdict.passed


@pytest.mark.parametrize(("name", "path"), [("people", "own.csv"), ("others", "data/people.csv")])
@pytest.mark.parametrize("command", ["anonymity check privacy.yaml", "check . --only anonymity"])
def test_a_declaration_is_held_to_it_by_name_and_by_path(
    folder: Path, capsys: pytest.CaptureFixture[str], name: str, path: str, command: str
) -> None:
    (folder / "own.csv").write_text(ROWS + ROWS.partition("\n")[2], "utf-8")
    (folder / "privacy.yaml").write_text(RELEASE % (name, path, "age"), "utf-8")
    code, found = judged(capsys, *command.split())
    assert code == 1
    assert [each["path"] for each in found if each["rule"] == RULE] == ["privacy.yaml"]
    (folder / "privacy.yaml").write_text(RELEASE % (name, path, "age, zip, sex"), "utf-8")
    assert judged(capsys, *command.split())[0] == 0


def test_a_nearer_policy_does_not_take_the_columns_back(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    nearer = POLICY.replace("data/people.csv", "people.csv").replace("[age, zip, sex]", "[sex]")
    (folder / "data/gatecli.yaml").write_text(nearer, "utf-8")
    assert asked(capsys, "sex", "--sensitive", "ill", "--k", "2") == (1, [RULE])
