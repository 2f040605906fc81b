"""Sampling weights at every door: the command, a declaration, the library, every report."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

import gatecli
from gatecli.cli.app import main

SURVEY = "region,sex,home,weight\na,f,1,18\na,f,2,45.5\na,m,1,39\nb,m,3,17\nb,f,3,541\nb,f,4,8\nb,f,5,5\n"
RELEASE = """
apiVersion: gatecli.dev/v1
kind: ModelRelease
metadata: {name: churn, version: 1.0.0}
spec:
  privacy: none
  datasets: [{name: people, anonymity: {path: survey.csv, quasiIdentifiers: [region, sex], maxRisk: %s%s}}]
"""
POLICY = """
apiVersion: gatecli.dev/v1
kind: PrivacyPolicy
metadata: {name: stated}
spec:
  extends: default
  check: {tables: [{path: survey.csv, name: survey, quasiIdentifiers: [region, sex], maxRisk: 1%s}]}
"""
ASKED = ("--quasi-identifier", "region,sex")
HIGHEST = 0.177076
"""17 people stand behind the only man of b: (p/q)·ln(1/p), p = 1/17."""


@pytest.fixture(name="folder", autouse=True)
def working_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "survey.csv").write_text(SURVEY, "utf-8")
    return tmp_path


def judged(capsys: pytest.CaptureFixture[str], *words: str) -> tuple[int, dict[str, Any]]:
    code = main([*words, "--format", "json"])
    return code, json.loads(capsys.readouterr().out)


def check(capsys: pytest.CaptureFixture[str], *words: str) -> tuple[int, dict[str, Any]]:
    return judged(capsys, "anonymity", "check", "survey.csv", *ASKED, "--no-roles", *words)


@pytest.mark.parametrize(
    ("limit", "named", "code"),
    [
        ("0.18", {"weights": "weight"}, 0),
        ("0.17", {"weights": "weight"}, 1),
        ("0.9", {}, 1),
    ],
)
def test_every_door_judges_the_risk_that_the_weights_give(
    folder: Path, capsys: pytest.CaptureFixture[str], limit: str, named: dict[str, str], code: int
) -> None:
    option = ("--weights", "weight") if named else ()
    assert check(capsys, "--max-risk", limit, *option)[0] == code
    (folder / "privacy.yaml").write_text(RELEASE % (limit, ", weights: weight" if named else ""), "utf-8")
    assert judged(capsys, "anonymity", "check", "privacy.yaml", "--no-roles")[0] == code
    assert judged(capsys, "check", ".", "--only", "anonymity")[0] == code
    columns = ["region", "sex"]
    verdict = gatecli.check_table(
        "survey.csv", quasi_identifiers=columns, max_risk=limit, weights=named.get("weights")
    )
    assert verdict.exit_code == code


def test_the_report_holds_the_global_risk_and_names_the_estimator(capsys: pytest.CaptureFixture[str]) -> None:
    code, report = check(capsys, "--weights", "weight", "--household", "home", "--max-risk", "1")
    (table,) = report["checked"]
    measures = table["measures"]
    assert code == 0
    assert measures["populationEstimator"] == "sampling-weights"
    assert (measures["k"], measures["weightedPopulation"]) == (1, 673.5)
    assert measures["maxRisk"] == pytest.approx(HIGHEST, rel=1e-5)
    assert measures["averageRisk"] == pytest.approx(measures["expectedReidentifications"] / 7, rel=1e-5)
    assert measures["maxHouseholdRisk"] > measures["maxRisk"]
    assert table["inputs"]["weights"] == "weight"


@pytest.mark.parametrize("kind", ["text", "json", "sarif", "junit", "github", "markdown", "html"])
def test_every_report_names_the_estimator(capsys: pytest.CaptureFixture[str], kind: str) -> None:
    demanded = ("--weights", "weight", "--max-risk", "0.01", "--max-population-uniqueness", "0.001")
    code = main(["anonymity", "check", "survey.csv", *ASKED, *demanded, "--format", kind])
    assert code == 1
    assert "sampling weights" in " ".join(capsys.readouterr().out.split())


def test_k_stays_that_of_the_sample(capsys: pytest.CaptureFixture[str]) -> None:
    assert check(capsys, "--weights", "weight", "--k", "2")[0] == 1


@pytest.mark.parametrize(
    ("words", "problem"),
    [
        (("--weights", "sex"), "named twice"),
        (("--weights", "home", "--household", "home"), "named twice"),
        (("--weights", "weight", "--sensitive", "weight"), "named twice"),
        (("--weights", "wieght"), "did you mean 'weight'"),
        (("--weights", "weight", "--unit", "home", "--known", "2"), "--known with --weights"),
    ],
)
def test_a_column_of_weights_has_no_other_role(
    capsys: pytest.CaptureFixture[str], words: tuple[str, ...], problem: str
) -> None:
    assert main(["anonymity", "check", "survey.csv", *ASKED, "--k", "1", *words]) == 2
    assert problem in capsys.readouterr().err


def test_a_missing_weight_is_no_pass(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (folder / "survey.csv").write_text(SURVEY + "b,f,6,\n", "utf-8")
    code, report = check(capsys, "--weights", "weight", "--max-risk", "1")
    assert code == 4
    assert "1 weight in 'weight' is missing" in report["findings"][0]["message"]


def test_weights_are_not_reported_as_a_column_that_identifies(capsys: pytest.CaptureFixture[str]) -> None:
    _, report = judged(
        capsys, "anonymity", "check", "survey.csv", *ASKED, "--max-risk", "1", "--weights", "weight"
    )
    assert not [finding for finding in report["findings"] if finding["message"].startswith("weight ")]


@pytest.mark.parametrize(("stated", "code"), [("", 1), (", weights: weight", 0), (", weights: home", 1)])
def test_whoever_asks_does_not_choose_weights_that_the_policy_does_not_state(
    folder: Path, capsys: pytest.CaptureFixture[str], stated: str, code: int
) -> None:
    (folder / "gatecli.yaml").write_text(POLICY % stated, "utf-8")
    found, report = check(capsys, "--weights", "weight", "--max-risk", "1")
    assert found == code
    rules = {finding["rule"] for finding in report["findings"]}
    assert rules == ({"anon-question-narrowed"} if code else set())


def test_a_reference_needs_no_weights(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (folder / "register.csv").write_text("region,sex\n" + "a,f\na,f\na,m\nb,m\nb,f\nb,f\nb,f\n", "utf-8")
    named = ("--weights", "weight", "--household", "home", "--reference", "register.csv")
    assert check(capsys, *named, "--k-map", "1")[0] == 0


def test_who_knows_all_rows_of_a_home_finds_it_among_those_that_its_weight_stands_for(
    capsys: pytest.CaptureFixture[str],
) -> None:
    """A home weighs as much as its lightest row: 18, 45.5, 17, and 8 and 5 that cannot be told apart."""
    _, told = check(capsys, "--weights", "weight", "--unit", "home", "--trajectory", "--max-risk", "0.2")
    (measures,) = (each["measures"] for each in told["checked"])
    assert (measures["classes"], measures["weightedPopulation"]) == (4, 93.5)
    assert measures["maxRisk"] == pytest.approx(HIGHEST, abs=1e-6)


def test_what_is_applied_keeps_the_risk_that_the_weights_give(capsys: pytest.CaptureFixture[str]) -> None:
    asked = (*ASKED, "--weights", "weight", "--drop", "home", "--max-risk", "0.17")
    assert main(["anonymity", "apply", "survey.csv", *asked, "-o", "open.csv"]) == 0, capsys.readouterr()
    assert Path("open.csv").read_text("utf-8").startswith("region,sex,weight\n")
    capsys.readouterr()
    words = ("--weights", "weight", "--max-risk", "0.17", "--no-roles")
    assert judged(capsys, "anonymity", "check", "open.csv", *ASKED, *words)[0] == 0
