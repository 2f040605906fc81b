"""One rule, one verdict at every front door: the same findings, with the same fingerprints."""

from __future__ import annotations

import json
import os
import re
import shlex
import subprocess
from collections import Counter
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.support import warm
from tests.support.actions import BIN, ROOT, act
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
    formats = ("json", "sarif", "junit", "github", "markdown", "html", "text")
    reports = [part for name in formats for part in ("--report", f"{name}=../r.{name}")]
    run(project, "gatecli", "check", "-v", *reports)
    shown = "".join((project.parent / f"r.{name}").read_text("utf-8") for name in formats)
    assert not any(value in shown for value in VALUES)
