"""From a report to a result: never "passed" without proof."""

from __future__ import annotations

import json
from typing import Any

import pytest

from gatecli.run_tasks.task_results import LONGEST_MESSAGE, MOST, Result, payload, result_of
from tests.support.hcp_terraform import is_result

SHA256 = "a" * 64


def finding(**changes: Any) -> dict[str, Any]:
    return {
        "rule": "tf-dataset-ungated",
        "severity": "error",
        "message": "aws_s3_object.x publishes data without a k-anonymity gate",
        "subject": "aws_s3_object.x",
        "path": "-",
        "pointer": "/resource_changes/0",
        "remediation": "publish through the module",
        "url": "https://gatecli.dev/rules/#tf-dataset-ungated",
        "suppressed": None,
        **changes,
    }


def report(*findings: dict[str, Any], **changes: Any) -> dict[str, Any]:
    return {
        "schema": "gatecli/report/v1",
        "gate": "terraform",
        "verdict": "pass",
        "exit_code": 0,
        "policy": {"name": "default", "sha256": "b" * 64},
        "checked": [{"kind": "plan", "measures": {"resources": 2}, "inputs": {"sha256": SHA256}}],
        "findings": list(findings),
        "summary": {"error": len(findings), "warning": 0, "note": 0, "suppressed": 0},
        **changes,
    }


def result(*findings: dict[str, Any], code: int = 0, sha256: str = SHA256, **changes: Any) -> Result:
    return result_of(code, json.dumps(report(*findings, **changes)).encode(), sha256)


def attributes(made: Result) -> list[dict[str, Any]]:
    return [each["attributes"] for each in made.outcomes]


def test_a_report_that_proves_a_pass_is_passed() -> None:
    assert result() == Result("passed", "The gate is open: 2 resources checked; policy default.")


@pytest.mark.parametrize("code", [1, 2, 3, 4, 70, 130, -9, 255])
def test_no_other_exit_code_is_passed_whatever_the_report_says(code: int) -> None:
    assert result(code=code).status == "failed"


@pytest.mark.parametrize(
    "changes",
    [
        {"verdict": "fail"},
        {"exit_code": 1},
        {"checked": []},
        {"checked": [{"kind": "state", "inputs": {"sha256": SHA256}}]},
        {"checked": [{"kind": "plan"}]},
        {"checked": report()["checked"] * 2},
        {"schema": "gatecli/report/v2"},
        {"gate": "pii"},
    ],
    ids=str,
)
def test_a_report_that_proves_no_pass_is_failed(changes: dict[str, Any]) -> None:
    assert result(**changes).status == "failed"


def test_a_report_on_other_bytes_is_failed() -> None:
    assert result(sha256="c" * 64).status == "failed"


@pytest.mark.parametrize("output", [b"", b"{", b"[]", b"null", b"\xff", b"[" * 100_000])
def test_what_is_no_report_is_failed(output: bytes) -> None:
    assert result_of(0, output, SHA256).status == "failed"


@pytest.mark.parametrize(
    ("code", "words"), [(2, "misconfigured"), (4, "could not be checked"), (70, "failed")]
)
def test_what_went_wrong_without_a_report_is_named(code: int, words: str) -> None:
    assert words in result_of(code, b"", SHA256).message


def test_a_plan_that_could_not_be_read_has_no_name_but_the_plan() -> None:
    made = result(finding(message="- is truncated: its JSON does not end", subject="-", pointer=None), code=4)
    assert attributes(made)[0]["description"] == "the plan is truncated: its JSON does not end"
    assert "**Where**" not in attributes(made)[0]["body"]


@pytest.mark.parametrize(
    ("severity", "level"), [("error", "error"), ("warning", "warning"), ("note", "info")]
)
def test_a_severity_has_a_level(severity: str, level: str) -> None:
    [own] = attributes(result(finding(severity=severity), code=1))
    assert own["tags"]["Severity"] == [{"label": severity.capitalize(), "level": level}]


def test_what_is_suppressed_is_counted_and_not_shown() -> None:
    summary = {"error": 0, "warning": 0, "note": 0, "suppressed": 1}
    made = result(finding(suppressed={"by": "waiver"}), summary=summary)
    assert made.status == "passed"
    assert made.outcomes == ()
    assert "1 suppressed" in made.message


def test_many_findings_are_cut_and_the_rest_is_counted() -> None:
    shown = attributes(result(*[finding() for _ in range(MOST + 7)], code=1))
    assert len(shown) == MOST + 1
    assert shown[-1]["description"].startswith("7 more findings")
    assert len({each["outcome-id"] for each in shown}) == len(shown)


def test_a_strangers_text_stays_text() -> None:
    hostile = "x ```\n# Passed\n<script> \u202e\x1b[2J ````` [a](http://b)"
    [own] = attributes(result(finding(message=hostile, subject=hostile, remediation=hostile), code=1))
    assert "\n" not in own["description"]
    assert "\x1b" not in own["description"] + own["body"]
    assert "\u202e" not in own["description"] + own["body"]
    fences = [line for line in own["body"].splitlines() if line.startswith("```")]
    assert [len(line.removesuffix("text")) for line in fences] == [6] * 6
    assert "# Passed" not in own["body"].splitlines()


def test_a_long_text_is_cut() -> None:
    long = finding(message="x" * 100_000, remediation="y" * 100_000)
    [own] = attributes(result(long, code=1))
    assert len(own["description"]) <= 300
    assert len(own["body"]) < 4_000


def test_what_is_sent_is_what_the_protocol_asks_for() -> None:
    for made in (result(), result(*[finding()] * 60, code=1), Result("running", "checking")):
        assert is_result("application/vnd.api+json", payload(made, takes_outcomes=True))


def test_who_takes_no_outcomes_reads_the_first_in_the_message() -> None:
    sent = json.loads(payload(result(*[finding()] * 60, code=1), takes_outcomes=False))["data"]
    assert "relationships" not in sent
    assert "publishes data" in sent["attributes"]["message"]
    assert len(sent["attributes"]["message"]) <= LONGEST_MESSAGE
