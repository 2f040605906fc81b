"""A gate that is closed: the verdict that a gate is there for, in every report, of real runs that failed."""

from __future__ import annotations

import json
import shlex
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from gatecli.cli.app import main
from gatecli.reports.registry import ReportFormat
from tests.support.evidence_files import digest, report, table, write
from tests.support.gated_plans import DATASET, MODEL, WORKLOAD, write_evidence, write_inputs
from tests.support.terraform import Terraform, in_both_forms

SENTENCE = "module.anonymity is closed: k-anonymity 1 is below 5 for [age, zip]"
Judge = Callable[..., tuple[int, dict[str, str]]]
FORGETS = 'for a in "$@"; do case "$a" in -out=*) rm -f "${a#-out=}";; esac; done; '
"""What a shell does after a run so that it leaves no plan."""

FAILING = """
variable "size" { default = 1 }
resource "terraform_data" "other" {
  lifecycle {
    precondition {
      condition     = var.size > 2
      error_message = "too small for jane.roe@example.org, says the author"
    }
  }
}
"""
FORGIVING = """
apiVersion: gatecli.dev/v1
kind: PrivacyPolicy
metadata: {name: forgiving}
spec:
  extends: default
  severities: {tf-gate-closed: note}
---
apiVersion: gatecli.dev/v1
kind: PrivacyWaiver
metadata: {name: never}
spec: {rule: tf-gate-closed, subject: module.anonymity, reason: r, owner: o, expires: 2999-01-01}
"""


@pytest.fixture(name="shut")
def a_closed_gate(own: Terraform) -> Terraform:
    """An initialised folder with a gate whose evidence says k = 1."""
    measured(own, k=1)
    own("init").passed()
    return own


@pytest.fixture(name="judge")
def how_a_target_is_judged(
    program: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Judge:
    """Check a target below the root module: the exit code, and the sentences by their rules."""
    monkeypatch.chdir(program.parent)

    def judged(target: str = "root", *options: str, binary: str = "terraform") -> tuple[int, dict[str, str]]:
        given = ("--terraform-binary", str(tmp_path / binary), "--format", "json", *options)
        code = main(["terraform", "check", target, *given])
        findings = json.loads(capsys.readouterr().out)["findings"]
        assert all(finding["suppressed"] is None for finding in findings)
        return code, {finding["message"]: finding["rule"] for finding in findings}

    return judged


def write_program(path: Path, script: str) -> None:
    path.write_text(f"#!/bin/sh\n{script}\n", "utf-8")
    path.chmod(0o755)


def measured(terraform: Terraform, **changes: Any) -> None:
    item = table(digest(terraform.folder / "data.csv"), **changes)
    write(terraform.folder / "data.csv.gate.json", report("anonymity", [item]))


def plan_left(terraform: Terraform) -> None:
    """The plan of a run that failed, saved and as JSON."""
    assert terraform.planned().code == 1
    terraform.write(terraform("show", "-json", "plan.bin").passed().stdout, name="plan.json")


@in_both_forms
def test_a_closed_gate_closes_a_folder_a_saved_plan_and_its_json(shut: Terraform, judge: Judge) -> None:
    plan_left(shut)
    for target in ("root", "root/plan.bin", "root/plan.json"):
        assert judge(target) == (1, {SENTENCE: "tf-gate-closed"})


@in_both_forms
def test_a_closed_gate_is_told_where_a_failed_run_leaves_no_plan(
    shut: Terraform, judge: Judge, tmp_path: Path
) -> None:
    """As a run at HCP Terraform does: there are only the diagnostics."""
    write_program(tmp_path / "remote", f'{shlex.join(shut.command)} "$@"; code=$?; {FORGETS}exit $code')
    assert judge(binary="remote") == (1, {SENTENCE: "tf-gate-closed"})
    text = (DATASET % 5) + (DATASET % 5).split("variable")[0].replace('"anonymity"', '"again"')
    shut.write(text)
    shut("init").passed()
    [both] = judge(binary="remote")[1]
    assert both == SENTENCE.replace("module.anonymity", "module.again or module.anonymity")


@pytest.mark.parametrize("format_", ReportFormat)
def test_every_report_says_it_and_the_command_that_follows(
    shut: Terraform, judge: Judge, format_: ReportFormat, tmp_path: Path
) -> None:
    written = tmp_path / "report"
    code, _ = judge("root", "--report", f"{format_.value}={written}")
    text = " ".join(written.read_text("utf-8").split())
    assert code == 1
    assert "k-anonymity 1 is below 5" in text
    assert "tf-gate-closed" in text


def test_the_finding_stands_at_the_call_and_mends_by_the_gate_s_own_command(
    shut: Terraform, judge: Judge, tmp_path: Path
) -> None:
    judge("root", "--report", f"json={tmp_path / 'report.json'}")
    [finding] = json.loads((tmp_path / "report.json").read_text("utf-8"))["findings"]
    assert (finding["path"], finding["line"]) == ("root/main.tf", 2)
    assert finding["subject"] == "module.anonymity"
    command = "gatecli anonymity check data.csv --quasi-identifier age,zip --k 5"
    assert command in finding["remediation"]
    assert shut.folder.exists()


def test_nothing_forgives_a_closed_gate(shut: Terraform, judge: Judge, tmp_path: Path) -> None:
    """What its run did not reach is not in the plan: who forgave the gate would pass the unknown."""
    plan_left(shut)
    (tmp_path / "gatecli.yaml").write_text(FORGIVING, "utf-8")
    judge("root/plan.json", "--report", f"json={tmp_path / 'before.json'}")
    main(["baseline", str(tmp_path / "before.json"), "--output", str(tmp_path / "known.json")])
    code, found = judge("root/plan.json", "--baseline", str(tmp_path / "known.json"))
    assert code == 1
    assert found[SENTENCE] == "tf-gate-closed"


def test_the_other_gates_close_with_their_own_sentences(own: Terraform, judge: Judge) -> None:
    own.write(MODEL + WORKLOAD.partition("resource")[0])
    write_inputs(own.folder)
    write_evidence(own.folder)
    (own.folder / "pii.gate.json").unlink()
    (own.folder / "model.bin").write_text("another", "utf-8")
    own("init").passed()
    code, found = judge()
    assert code == 1
    assert sorted(found.values()) == ["tf-gate-closed", "tf-gate-closed"]
    assert any(said.startswith("module.manifests is closed: there is no evidence at") for said in found)
    assert any(
        said.startswith("module.model is closed: model.bin") and "is no artifact" in said for said in found
    )


@pytest.mark.parametrize("forgets", ["", FORGETS], ids=["a plan is left", "no plan is left"])
def test_another_failed_condition_beside_a_closed_gate_could_not_be_checked(
    shut: Terraform, judge: Judge, tmp_path: Path, forgets: str
) -> None:
    shut.write((DATASET % 5) + FAILING)
    plan_left(shut)
    write_program(tmp_path / "run", f'{shlex.join(shut.command)} "$@"; code=$?; {forgets}exit $code')
    for target in ("root", "root/plan.json"):
        code, found = judge(target, binary="run")
        assert code == 4
        assert found.pop(SENTENCE) == "tf-gate-closed"
        [(told, rule)] = found.items()
        assert rule in {"tf-plan-unreadable", "tf-plan-errored"}
        assert "says the author" in told
        assert "jane.roe@example.org" not in told


def test_an_error_beside_a_closed_gate_could_not_be_checked(shut: Terraform, judge: Judge) -> None:
    shut.write((DATASET % 5) + 'resource "terraform_data" "y" { input = tonumber(var.words) }\n'
               'variable "words" { default = "none" }\n')  # fmt: skip
    code, found = judge()
    assert code == 4
    assert found[SENTENCE] == "tf-gate-closed"
    assert any("Invalid function argument" in said for said in found)


def test_a_copy_with_another_text_has_no_verdict_of_ours(shut: Terraform, judge: Judge) -> None:
    main_tf = shut.folder.parent / "terraform_modules/k_anonymity_gate/main.tf"
    text = main_tf.read_text("utf-8")
    main_tf.write_text(text.replace("== 0\n      error", "< 0\n      error", 1), "utf-8")
    code, found = judge()
    assert code == 4
    assert set(found.values()) == {"tf-plan-unreadable", "tf-program-unjudged"}  # a fork runs its own program


def test_a_gate_of_several_instances_names_the_closed_one_and_bypasses_nothing(
    shut: Terraform, judge: Judge
) -> None:
    shut.write(
        'module "anonymity" {\n  source = "../terraform_modules/k_anonymity_gate"\n'
        '  for_each = { low = 5, high = 9 }\n  dataset = "data.csv"\n'
        '  quasi_identifiers = ["age", "zip"]\n  k = each.value\n}\n'
        'resource "terraform_data" "published" {\n  for_each = module.anonymity\n'
        "  input = each.value.released_path\n}\n"
    )
    measured(shut, k=6, thresholds={"k": 9})
    shut("init").passed()
    said = 'module.anonymity["high"] is closed: k-anonymity 6 is below 9 for [age, zip]'
    assert judge() == (1, {said: "tf-gate-closed"})


@pytest.mark.parametrize(("exit_code", "what"), [(4, "could not check"), (3, "found nothing to check")])
def test_evidence_that_could_not_be_made_is_no_verdict(
    shut: Terraform, judge: Judge, exit_code: int, what: str
) -> None:
    texts = {
        "message": "data.csv is too large",
        "subject": "data.csv",
        "path": "data.csv",
        "remediation": "r",
    }
    nowhere = dict.fromkeys(("line", "column", "pointer", "suppressed"))
    own = {"rule": "anon-table-uncheckable", "severity": "error", "fingerprint": "0" * 32}
    finding = texts | nowhere | own
    made = report("anonymity", []) | {"verdict": "fail", "exit_code": exit_code, "findings": [finding]}
    write(shut.folder / "data.csv.gate.json", made)
    plan_left(shut)
    message = (
        "module.anonymity could not be judged: the run that made data.csv.gate.json "
        f"{what}: data.csv is too large"
    )
    for target in ("root", "root/plan.bin", "root/plan.json"):
        assert judge(target) == (4, {message: "tf-plan-errored"})


def test_check_of_a_repository_says_the_same_and_keeps_no_answer_that_evidence_changes(
    shut: Terraform, judge: Judge, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    plan_left(shut)
    options = ["--only", "terraform", "--cache-dir", str(tmp_path / "cache"), "--format", "json"]
    for _ in range(2):
        assert main(["check", str(shut.folder), *options]) == 1
        found = {each["message"]: each["rule"] for each in json.loads(capsys.readouterr().out)["findings"]}
        assert found[SENTENCE] == "tf-gate-closed"
    made = report("anonymity", []) | {"verdict": "fail", "exit_code": 4}
    write(shut.folder / "data.csv.gate.json", made)
    assert main(["check", str(shut.folder), *options]) == 4
    assert judge is not None


def test_a_name_in_a_gate_s_sentence_is_masked(own: Terraform, judge: Judge) -> None:
    (own.folder / "data.csv").rename(own.folder / "jane.roe@example.org.csv")
    own.write((DATASET % 5).replace('"data.csv"', '"jane.roe@example.org.csv"'))
    own("init").passed()
    code, found = judge()
    [(said, rule)] = found.items()
    assert (code, rule) == (1, "tf-gate-closed")
    assert "jane.roe" not in said
