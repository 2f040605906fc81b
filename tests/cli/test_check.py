"""`gatecli check`: what the single commands find, in one verdict."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from gatecli.cli.app import main

Run = Callable[..., tuple[int, dict[str, Any]]]

RULES = Path(__file__).parents[1] / "rules"


@pytest.fixture
def run(capsys: pytest.CaptureFixture[str]) -> Run:
    def command(*arguments: object) -> tuple[int, dict[str, Any]]:
        code = main([*map(str, arguments), "--format", "json"])
        return code, json.loads(capsys.readouterr().out)

    return command


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """Something for every gate, each with a finding."""
    root = tmp_path / "project"
    shutil.copytree(RULES / "anon-k-below-threshold/fail", root / "model")
    shutil.copytree(RULES / "pii-us-ssn/fail", root / "deploy")
    shutil.copytree(RULES / "tf-dataset-ungated/fail", root / "plans")
    (root / "infra").mkdir()
    (root / "infra/main.tf").write_text('resource "terraform_data" "a" {}\n', "utf-8")
    return root


def seen(report: dict[str, Any]) -> set[tuple[str, str, str]]:
    return {(finding["rule"], finding["path"], finding["fingerprint"]) for finding in report["findings"]}


def test_the_findings_are_those_of_the_single_commands(run: Run, project: Path) -> None:
    code, whole = run("check", project)
    single = [
        run("release", "check", project)[1],
        run("anonymity", "check", project / "model/privacy.yaml")[1],
        run("pii", "scan", project)[1],
        run("terraform", "check", project / "plans/plan.json")[1],
    ]
    assert code == 1
    expected = set().union(*map(seen, single))
    assert {each for each in seen(whole) if each[0] != "check-not-checked"} == expected
    assert {"dp-missing-declaration", "anon-k-below-threshold", "tf-dataset-ungated"} <= {
        rule for rule, _, _ in expected
    }
    assert whole["gate"] == "check"
    assert [(gate["gate"], gate["exit_code"]) for gate in whole["gates"]] == [
        ("release", 1),
        ("anonymity", 1),
        ("pii", 1),
        ("terraform", 1),
    ]


def test_terraform_without_a_plan_is_said_and_closes_only_if_asked(run: Run, tmp_path: Path) -> None:
    (tmp_path / "main.tf").write_text('resource "terraform_data" "a" {}\n', "utf-8")
    code, report = run("check", tmp_path)
    assert code == 0
    assert [finding["rule"] for finding in report["findings"]] == ["check-not-checked"]
    assert run("check", tmp_path, "--fail-on", "note")[0] == 1
    assert run("check", tmp_path, "--skip", "terraform", "--fail-on", "note")[0] == 0


def test_a_truncated_plan_is_not_passed_over(run: Run, tmp_path: Path) -> None:
    plan = (RULES / "tf-dataset-ungated/pass/plan.json").read_bytes()
    (tmp_path / "plan.json").write_bytes(plan[:600])
    code, report = run("check", tmp_path)
    assert code == 4
    assert "tf-plan-unreadable" in {finding["rule"] for finding in report["findings"]}


def test_an_empty_folder_is_nothing_to_check(run: Run, tmp_path: Path) -> None:
    assert run("check", tmp_path)[0] == 3


def test_one_gate_alone_can_be_asked_for(run: Run, project: Path) -> None:
    code, report = run("check", project, "--only", "anonymity")
    assert code == 1
    assert {finding["rule"] for finding in report["findings"]} == {"anon-k-below-threshold"}
    assert main(["check", str(project), "--only", "pii", "--skip", "pii"]) == 2


def test_what_is_excluded_is_in_no_gate(run: Run, project: Path) -> None:
    code, report = run("check", project, "--exclude", "plans/", "--exclude", "deploy/", "--exclude", "model/")
    assert code == 0
    assert {finding["rule"] for finding in report["findings"]} == {"check-not-checked"}


def test_text_has_a_line_a_gate(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["check", str(project), "--timings"]) == 1
    shown = capsys.readouterr()
    assert "anonymity  closed            checked 1, 1 error" in shown.out
    assert shown.err.count(" s\n") == 4


def test_a_missing_folder_is_usage(tmp_path: Path) -> None:
    assert main(["check", str(tmp_path / "nowhere")]) == 2
