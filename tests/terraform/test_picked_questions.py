"""Real plans behind gates whose evidence was asked what suits its author, and beside programs of his."""

from __future__ import annotations

import json
import shlex
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from gatecli.cli.app import main
from tests.support.terraform import QUIET, Terraform

GATE = """
module "anonymity" {
  source            = "../terraform_modules/k_anonymity_gate"
  dataset           = "data.csv"
  quasi_identifiers = ["sex"]
  k                 = 2
  evidence          = %s
}
variable "evidence" { default = "own.json" }
resource "terraform_data" "published" {
  input = module.anonymity.released_path
  %s
}
"""
PROGRAM = 'provisioner "local-exec" { command = "aws s3 cp data.csv s3://open/ --acl public-read" }'
UNIQUE = "age,zip,sex\n" + "".join(f"{30 + n},{10115 + n},f\n" for n in range(6))
POLICY = """
apiVersion: gatecli.dev/v1
kind: PrivacyPolicy
metadata: {name: own}
spec:
  extends: default
  terraform: {gateSources: ["../terraform_modules/*"]}
"""
STATED = "  check: {tables: [{name: people, path: data.csv, quasiIdentifiers: [age, zip, sex], k: 2}]}\n"

Judge = Callable[[str], tuple[int, list[dict[str, Any]]]]


@pytest.fixture(name="judge")
def how_a_target_is_judged(
    own: Terraform, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Judge:
    """Check a target in the root module: the exit code and the findings."""
    for name, value in QUIET.items():
        monkeypatch.setenv(name, value)
    monkeypatch.chdir(own.folder)
    own.write(POLICY, name="gatecli.yaml")
    own.write(UNIQUE, name="data.csv")
    program = own.folder.parent / "terraform"
    program.write_text(f'#!/bin/sh\nexec {shlex.join(own.command)} "$@"\n', "utf-8")
    program.chmod(0o755)

    def judged(target: str) -> tuple[int, list[dict[str, Any]]]:
        code = main(["terraform", "check", target, "--terraform-binary", str(program), "--format", "json"])
        findings: list[dict[str, Any]] = json.loads(capsys.readouterr().out)["findings"]
        return code, findings

    return judged


def measure(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The evidence that the gate asks for, as its author makes it."""
    command = ["anonymity", "check", "data.csv", "--quasi-identifier", "sex", "--k", "2"]
    assert main([*command, "--report", f"json={folder / 'own.json'}"]) == 0
    capsys.readouterr()


def planned(own: Terraform, evidence: str = '"own.json"', program: str = "") -> None:
    own.write(GATE % (evidence, program))
    own("init").passed()
    own.planned().passed()
    own.write(own("show", "-json", "plan.bin").passed().stdout, name="plan.json")


@pytest.mark.parametrize("evidence", ['"own.json"', "var.evidence"])
def test_rows_that_further_columns_make_unique_stand_in_every_verdict_of_the_plan(
    own: Terraform, judge: Judge, capsys: pytest.CaptureFixture[str], evidence: str
) -> None:
    measure(own.folder, capsys)
    planned(own, evidence)
    for target in (".", "plan.bin", "plan.json"):
        code, findings = judge(target)
        assert code == 0
        said = {each["message"] for each in findings if each["rule"] == "anon-undeclared-quasi-identifier"}
        assert len(said) == 2
        assert all(each.startswith("module.anonymity: in the evidence own.json: ") for each in said)
        assert all("6 of 6 rows unique" in each for each in said)


def test_a_policy_that_states_the_columns_closes_the_gate_that_asks_less(
    own: Terraform, judge: Judge, capsys: pytest.CaptureFixture[str]
) -> None:
    measure(own.folder, capsys)
    planned(own)
    own.write(POLICY + STATED, name="gatecli.yaml")
    for target in (".", "plan.bin", "plan.json"):
        code, findings = judge(target)
        assert code == 1
        [finding] = [each for each in findings if each["severity"] == "error"]
        assert finding["rule"] == "anon-question-narrowed"
        assert "asks about sex alone where the policy says age, sex, zip" in finding["message"]


def test_a_program_beside_the_gate_is_told_and_the_gate_s_own_is_not(
    own: Terraform, judge: Judge, capsys: pytest.CaptureFixture[str]
) -> None:
    measure(own.folder, capsys)
    planned(own, program=PROGRAM)
    for target in (".", "plan.json"):
        told = [each for each in judge(target)[1] if each["rule"] == "tf-program-unjudged"]
        assert [(each["subject"], each["severity"]) for each in told] == [
            ("terraform_data.published", "warning")
        ]
