"""Publications that the policy itself names, and the same by a call of the library."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

import gatecli
from gatecli.cli.app import main

TOTALS = "region,count\nnorth,9\nsouth,%s\nTotal,%d\n"
POLICY = """\
apiVersion: gatecli.dev/v1
kind: PrivacyPolicy
metadata: {name: acme}
spec:
  extends: default
  check:
    only: [anonymity]
    publications:
      - name: admissions
        counts: {path: out/by-region.csv, minCount: 5}
"""


@pytest.fixture(name="project")
def a_folder_whose_policy_names_a_table(tmp_path: Path) -> Path:
    (tmp_path / "out").mkdir()
    (tmp_path / "gatecli.yaml").write_text(POLICY)
    (tmp_path / "out" / "by-region.csv").write_text(TOTALS % ("x", 12))
    return tmp_path


def rules_of(capsys: pytest.CaptureFixture[str]) -> list[str]:
    rules = [each["rule"] for each in json.loads(capsys.readouterr().out)["findings"]]
    return [rule for rule in rules if rule != "check-not-checked"]


def test_a_check_judges_the_publications_of_the_policy(
    project: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["check", str(project), "--format", "json"]) == 1
    assert rules_of(capsys) == ["anon-exposed-count"]
    (project / "out" / "by-region.csv").write_text(TOTALS % (8, 17))
    assert main(["check", str(project)]) == 0


def test_a_finding_points_into_the_policy(project: Path) -> None:
    findings = gatecli.check_repository(project).findings
    (finding,) = (each for each in findings if each.rule.id == "anon-exposed-count")
    assert finding.place.pointer == "/spec/check/publications/0/counts/path"
    assert finding.subject == "admissions"


def test_a_publication_that_is_missing_is_not_a_pass(project: Path) -> None:
    (project / "out" / "by-region.csv").unlink()
    assert main(["check", str(project)]) == 4


def test_a_linked_table_outside_of_what_is_checked_is_not_a_pass(project: Path) -> None:
    linked = POLICY.replace("by-region.csv,", "by-region.csv, linked: [other.csv],")
    (project / "gatecli.yaml").write_text(linked)
    (project / "other.csv").write_text(TOTALS % ("x", 12))
    assert main(["check", str(project / "out")]) == 4


@pytest.mark.parametrize("entry", ["", ", counts: {minCount: 5}", ", count: {path: a.csv, minCount: 5}"])
def test_a_publication_without_a_table_is_a_policy_that_cannot_be_used(project: Path, entry: str) -> None:
    (project / "gatecli.yaml").write_text(
        "apiVersion: gatecli.dev/v1\nkind: PrivacyPolicy\nmetadata: {name: acme}\n"
        f"spec: {{extends: default, check: {{publications: [{{name: a{entry}}}]}}}}\n"
    )
    assert main(["check", str(project)]) == 2


def test_a_tier_binds_what_the_policy_names(project: Path) -> None:
    bound = POLICY.replace(", minCount: 5", "").replace("  check:", "  tiers: {health: {minK: 10}}\n  check:")
    named = bound.replace("admissions\n", "admissions\n        sensitivity: health\n")
    (project / "gatecli.yaml").write_text(named)
    (project / "out" / "by-region.csv").write_text(TOTALS % (8, 17))
    assert main(["check", str(project)]) == 1


def test_a_call_says_what_the_command_says(
    project: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(project)
    table = "out/by-region.csv"
    assert main(["anonymity", "counts", table, "--min-count", "5", "--format", "json"]) == 1
    verdict = gatecli.check_publication({"counts": {"path": table, "minCount": 5}})
    assert verdict.to_json() == capsys.readouterr().out


@pytest.mark.parametrize(
    ("asked", "problem"),
    [
        ({}, "no publication is named"),
        ({"counts": {"path": "a.csv", "min_count": 5}}, "min_count"),
        ({"counts": {"path": "a.csv"}}, "no threshold"),
    ],
)
def test_a_call_that_asks_nothing_is_refused(asked: dict[str, object], problem: str) -> None:
    with pytest.raises(gatecli.GatecliError, match=problem):
        gatecli.check_publication(asked)
