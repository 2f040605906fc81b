"""One rule, one verdict at every front door: the same findings, with the same fingerprints."""

from __future__ import annotations

import hashlib
import json
import os
import re
import shlex
import shutil
import subprocess
from collections import Counter
from pathlib import Path
from typing import Any

import pytest
import yaml

import gatecli
from gatecli.reports.registry import ReportFormat
from tests.support import warm
from tests.support.actions import BIN, ROOT, act
from tests.support.evidence_files import digest, report, table, write
from tests.support.reviews import OTHER_ID, RESIDENT_ID, SSN, review_of
from tests.support.terraform import Terraform, modules_below, system_terraform

MANIFESTS = f"""\
apiVersion: v1
kind: Pod
metadata: {{name: etl, namespace: team-a, annotations: {{contact: "ssn {SSN}"}}}}
spec:
  containers:
    - name: etl
      image: registry.example/etl:1
      env:
        - {{name: OWNER_ID, value: "{RESIDENT_ID}"}}
        - {{name: BLOB, value: NDQwMzA4MTk5OTAxMTAxNTM5}}
---
apiVersion: v1
kind: ConfigMap
metadata: {{name: people, namespace: team-a}}
data:
  people.csv: |
    name,ssn
    a,{SSN}
    b,{SSN}
  mail: someone@acme-corp.de
"""
FOUND = Counter(
    [
        ("pii-us-ssn", "/metadata/annotations/contact", "5ffb8bd6a1696553af98647e5c0d51f0"),
        ("pii-cn-resident-id", "/spec/containers/0/env/0/value", "0a9084fa1cf29b0dbd80202130c1fffd"),
        ("pii-cn-resident-id", "/spec/containers/0/env/1/value", "75374e1f323558e29445c5035fd1b1db"),
        ("pii-us-ssn", "/data/people.csv", "fde6f7e5df1e278575a9654fe6dc1a2b"),
        ("pii-us-ssn", "/data/people.csv", "fde6f7e5df1e278575a9654fe6dc1a2b"),
        ("pii-email-address", "/data/mail", "e3cc28e734dda90fbc91b3a0bc13f6a4"),
    ]
)
"""What stands in the manifests. A fingerprint that changes breaks every waiver and baseline out there."""
MODULES = {"gatecli": "gatecli", "gatecli-admission": "admission"}
VALUES = (SSN, RESIDENT_ID, OTHER_ID)

ROOT_MODULE = """
module "manifests" {
  source    = "../terraform_modules/pii_gate"
  manifests = ["deploy"]
}
"""


@pytest.fixture
def project(tmp_path: Path) -> Path:
    folder = tmp_path / "project"
    (folder / "deploy").mkdir(parents=True)
    (folder / "deploy/all.yaml").write_text(MANIFESTS, "utf-8")
    return folder


def run(folder: Path, *command: str, stdin: str = "", **variables: str) -> subprocess.CompletedProcess[str]:
    """A program of this environment, with a bare environment of variables."""
    path = f"{BIN}{os.pathsep}{os.environ['PATH']}"
    environment = {"PATH": path, "HOME": str(folder), "LANG": "C.UTF-8", **variables}
    done = warm.run(MODULES[command[0]], command[1:], cwd=folder, env=environment, stdin=stdin)
    assert not any(value in done.stdout + done.stderr for value in VALUES)
    return done


def found(report: Path) -> Counter[tuple[str, str, str]]:
    findings: list[dict[str, Any]] = json.loads(report.read_text("utf-8"))["findings"]
    return Counter((each["rule"], each["pointer"], each["fingerprint"]) for each in findings)


@pytest.mark.parametrize("command", ["pii scan deploy", "pii scan deploy/all.yaml", "check", "check deploy"])
def test_the_command_line(project: Path, command: str) -> None:
    done = run(project, "gatecli", *command.split(), "--report", "json=../r.json")
    assert (done.returncode, found(project.parent / "r.json")) == (1, FOUND)


def test_standard_input(project: Path) -> None:
    done = run(project, "gatecli", "pii", "scan", "-", "--report", "json=../r.json", stdin=MANIFESTS)
    assert (done.returncode, found(project.parent / "r.json")) == (1, FOUND)


def test_the_pre_commit_entry(project: Path) -> None:
    hooks = yaml.safe_load((ROOT / ".pre-commit-hooks.yaml").read_text("utf-8"))
    (hook,) = (hook for hook in hooks if hook["id"] == "gatecli-pii")
    command = [*shlex.split(hook["entry"]), *hook["args"], "deploy/all.yaml"]
    done = run(project, *command, GATECLI_REPORT="json=../r.json")
    assert (done.returncode, found(project.parent / "r.json")) == (1, FOUND)


def test_the_action_on_a_runner(project: Path, tmp_path: Path) -> None:
    ran = act(project, {"gate": "pii", "path": "deploy", "report-dir": str(tmp_path / "reports")})
    assert ran.saw == ["fail", str(FOUND.total()), "1", "report.json"], ran.log
    assert found(tmp_path / "reports/report.json") == FOUND
    assert not any(value in ran.log for value in VALUES)


def test_the_terraform_module_and_its_evidence(project: Path, tmp_path: Path) -> None:
    modules_below(tmp_path)
    terraform = Terraform(system_terraform(), project)
    terraform.write(ROOT_MODULE)
    terraform("init").passed()
    refused = terraform("plan")
    command = re.search(r"; run: (gatecli pii scan .*? json=\S+)", refused.said)
    assert command is not None, refused.said
    assert run(project, *shlex.split(command[1])).returncode == 1
    assert found(project / "pii.gate.json") == FOUND
    terraform("plan").refused("the gate did not pass the manifests: ")


def test_the_admission_webhook() -> None:
    seen: Counter[tuple[str, ...]] = Counter()
    for manifest in yaml.safe_load_all(MANIFESTS):
        done = run(ROOT, "gatecli-admission", "review", "-", stdin=json.dumps(review_of(manifest)))
        response = json.loads(done.stdout)["response"]
        assert (done.returncode, response["allowed"]) == (1, False)
        seen.update(tuple(line.split()) for line in response["auditAnnotations"]["findings"].split("; "))
    assert seen == FOUND


def test_a_baseline_from_one_door_is_known_at_the_others(project: Path) -> None:
    run(project, "gatecli", "check", "--report", "json=../r.json")
    assert run(project, "gatecli", "baseline", "../r.json", "--output", "../base.json").returncode == 0
    for command in (["pii", "scan", "deploy"], ["check"]):
        assert run(project, "gatecli", *command, "--baseline", "../base.json").returncode == 0


def test_no_report_of_any_door_holds_a_value(project: Path) -> None:
    reports = [part for name in ReportFormat for part in ("--report", f"{name}=../r.{name}")]
    run(project, "gatecli", "check", "-v", *reports)
    shown = "".join((project.parent / f"r.{name}").read_text("utf-8") for name in ReportFormat)
    assert not any(value in shown for value in VALUES)


UNGATED = json.loads((ROOT / "tests/rules/tf-dataset-ungated/fail/plan.json").read_text("utf-8"))
DATA = hashlib.sha256(b"the data").hexdigest()
PLAN_DOORS = ("terraform check tf/plan.json", "check tf --only terraform")


def write_plan(folder: Path, after: dict[str, Any]) -> None:
    """A plan that publishes an object, beside its configuration."""
    plan = json.loads(json.dumps(UNGATED))
    plan["resource_changes"][0]["change"]["after"] = after
    (folder / "tf").mkdir()
    write(folder / "tf/plan.json", plan)
    (folder / "tf/main.tf").write_text('resource "aws_s3_object" "published" {\n  source = "x"\n}\n', "utf-8")


def plan_findings(folder: Path, *command: str) -> tuple[int, list[dict[str, Any]], list[dict[str, Any]]]:
    """The exit code, the findings, and the plans that were checked."""
    done = run(folder, "gatecli", *command, "--report", "json=../r.json")
    told = json.loads((folder.parent / "r.json").read_text("utf-8"))
    findings = [each for each in told["findings"] if each["rule"] != "check-not-checked"]
    return done.returncode, findings, told["checked"]


@pytest.mark.parametrize("command", PLAN_DOORS)
def test_a_finding_in_a_plan_is_placed_in_the_configuration_beside_it(project: Path, command: str) -> None:
    write_plan(project, {"source": "x"})
    code, findings, _ = plan_findings(project, *command.split())
    assert code == 1
    assert [(each["rule"], each["path"], each["line"]) for each in findings] == [
        ("tf-dataset-ungated", "tf/main.tf", 1)
    ]


def test_every_door_gives_the_same_findings_in_a_plan(project: Path) -> None:
    write_plan(project, {"source": "x"})
    alone, together = (plan_findings(project, *command.split()) for command in PLAN_DOORS)
    assert alone == together


@pytest.fixture
def evidence(project: Path) -> Path:
    """A report of today, by the policy that judges the plan, which the plan's publisher is tagged with."""
    write_plan(project, {"source": "x"})
    policy = json.loads(run(project, "gatecli", *PLAN_DOORS[0].split(), "--format", "json").stdout)["policy"]
    file = write(project / "evidence.json", report("anonymity", [table(DATA)]) | {"policy": policy})
    shutil.rmtree(project / "tf")
    write_plan(
        project, {"tags": {"gatecli-evidence": digest(file)}, "source": "data.csv", "source_hash": DATA}
    )
    return file


@pytest.mark.parametrize("command", PLAN_DOORS)
def test_a_tagged_publisher_passes_with_its_evidence_alone(
    project: Path, evidence: Path, command: str
) -> None:
    assert plan_findings(project, *command.split())[0] == 1
    code, findings, _ = plan_findings(project, *command.split(), "--evidence", evidence.name)
    assert (code, findings) == (0, [])


AUDITED = "tests/rules/dp-refuted-by-audit"
RELEASE_DOORS = ("release check .", "check . --only release")


def release_findings(folder: Path, *command: str) -> tuple[int, list[str], list[str]]:
    """The exit code, and rules and fingerprints of an audited release."""
    done = run(folder, "gatecli", *command, GATECLI_REPORT="json=../r.json")
    told = json.loads((folder.parent / "r.json").read_text("utf-8"))["findings"]
    findings = [each for each in told if each["rule"] != "check-not-checked"]
    return done.returncode, [each["rule"] for each in findings], [each["fingerprint"] for each in findings]


@pytest.mark.parametrize(("kind", "expected"), [("pass", (0, [])), ("fail", (1, ["dp-refuted-by-audit"]))])
def test_every_door_judges_an_audit_alike(tmp_path: Path, kind: str, expected: tuple[int, list[str]]) -> None:
    """The commands, the hook, the library and the action; the webhook and run tasks judge no declaration."""
    folder = shutil.copytree(ROOT / AUDITED / kind, tmp_path / "release")
    hooks = yaml.safe_load((ROOT / ".pre-commit-hooks.yaml").read_text("utf-8"))
    (hook,) = (hook for hook in hooks if hook["id"] == "gatecli-release")
    doors = [each.split() for each in RELEASE_DOORS]
    doors.append([*shlex.split(hook["entry"])[1:], *hook.get("args", []), "privacy.yaml"])
    told = [release_findings(folder, *door) for door in doors]
    verdict = gatecli.check_release(folder)
    told.append(
        (
            int(verdict.exit_code),
            [each.rule.id for each in verdict.findings],
            [each.fingerprint for each in verdict.findings],
        )
    )
    assert told == [told[0]] * len(told)
    assert told[0][:2] == expected
    ran = act(folder, {"gate": "release", "path": ".", "report-dir": str(tmp_path / "reports")})
    assert ran.saw == [kind, str(len(expected[1])), str(expected[0]), "report.json"], ran.log
