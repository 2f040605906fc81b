"""`gatecli check` over Terraform's files without a plan: one verdict with that of a plan, never twice."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from gatecli.cli.app import main

RULES = Path(__file__).parents[1] / "rules"
ADDRESS = "aws_s3_bucket_acl.b"
OPEN = 'resource "aws_s3_bucket_acl" "b" {\n  bucket = "study"\n  acl    = "public-read"\n}\n'
WAIVER = """\
apiVersion: gatecli.dev/v1
kind: PrivacyWaiver
metadata: {name: open-study}
spec:
  rule: tf-public-dataset
  HOW
  reason: the study is open data
  owner: platform
  expires: EXPIRES
"""

Run = Callable[..., tuple[int, dict[str, Any]]]


@pytest.fixture(name="run")
def the_command(run_for_json: Run) -> Run:
    return run_for_json


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    root = tmp_path / "infra"
    root.mkdir()
    (root / "main.tf").write_text(OPEN, "utf-8")
    return root


def add_plan(folder: Path) -> None:
    """The JSON of the folder's plan."""
    values = {"bucket": "study", "acl": "public-read"}
    resource = {"address": ADDRESS, "mode": "managed", "type": "aws_s3_bucket_acl", "name": "b"}
    expressions = {name: {"constant_value": value} for name, value in values.items()}
    plan = {
        "format_version": "1.2",
        "terraform_version": "1.11.4",
        "complete": True,
        "planned_values": {"root_module": {"resources": [resource | {"values": values}]}},
        "resource_changes": [resource | {"change": {"actions": ["create"], "before": None, "after": values}}],
        "configuration": {"root_module": {"resources": [resource | {"expressions": expressions}]}},
    }
    (folder / "plan.json").write_text(json.dumps(plan), "utf-8")


def shown(report: dict[str, Any]) -> list[tuple[str, str, int | None]]:
    return [(each["rule"], each["subject"], each["line"]) for each in report["findings"]]


@pytest.mark.parametrize("command", [("check",), ("terraform", "check", "--static")])
def test_a_public_bucket_is_closed_without_a_plan_and_the_report_says_that_there_was_none(
    run: Run, folder: Path, command: tuple[str, ...]
) -> None:
    code, report = run(*command, folder)
    assert code == 1
    assert shown(report) == [
        ("tf-public-dataset", ADDRESS, 3),
        ("tf-no-plan", folder.as_posix(), None),
    ]
    assert [each["kind"] for each in report["checked"] if each["kind"] != "file"] == ["configuration"]


def test_a_folder_with_nothing_wrong_passes_with_a_note(run: Run, folder: Path) -> None:
    (folder / "main.tf").write_text(OPEN.replace("public-read", "private"), "utf-8")
    code, report = run("check", folder, "--only", "terraform")
    assert (code, [each["message"] for each in report["findings"]]) == (
        0,
        [f"{folder.as_posix()}: 1 resource was judged without a plan"],
    )


def test_a_folder_with_a_plan_is_judged_by_it_alone_and_the_finding_is_the_same(
    run: Run, folder: Path
) -> None:
    without = run("check", folder)[1]["findings"][0]
    add_plan(folder)
    code, report = run("check", folder)
    (planned,) = report["findings"]
    assert code == 1
    same = ("rule", "severity", "subject", "path", "line", "fingerprint")
    assert {key: planned[key] for key in same} == {key: without[key] for key in same}
    assert without["message"] == f"{planned['message']} (static: without a plan)"


@pytest.mark.parametrize("how", [f"subject: {ADDRESS}", "fingerprint: FINGERPRINT"])
def test_one_waiver_holds_with_and_without_a_plan(run: Run, folder: Path, tmp_path: Path, how: str) -> None:
    fingerprint = run("check", folder)[1]["findings"][0]["fingerprint"]
    expires = (datetime.now(UTC).date() + timedelta(days=30)).isoformat()
    text = WAIVER.replace("HOW", how).replace("FINGERPRINT", fingerprint).replace("EXPIRES", expires)
    (tmp_path / "waivers.yaml").write_text(text, "utf-8")
    assert run("check", folder, "--waivers", tmp_path / "waivers.yaml")[0] == 0
    add_plan(folder)
    assert run("check", folder, "--waivers", tmp_path / "waivers.yaml")[0] == 0


def test_a_baseline_made_without_a_plan_forgives_the_planned_finding(
    run: Run, folder: Path, tmp_path: Path
) -> None:
    baseline = tmp_path / "baseline.json"
    code, report = run("check", folder)
    assert code == 1
    (tmp_path / "report.json").write_text(json.dumps(report), "utf-8")
    assert main(["baseline", str(tmp_path / "report.json"), "--output", str(baseline)]) == 0
    add_plan(folder)
    assert run("check", folder, "--baseline", baseline)[0] == 0


def test_static_is_for_folders(folder: Path) -> None:
    assert main(["terraform", "check", "--static", str(folder / "main.tf")]) == 2


def test_personal_data_in_a_file_is_reported_once(run: Run, folder: Path) -> None:
    (folder / "main.tf").write_text('variable "x" {\n  default = "536-90-4399"\n}\n', "utf-8")
    assert [rule for rule, _, _ in shown(run("check", folder)[1])].count("pii-us-ssn") == 1
