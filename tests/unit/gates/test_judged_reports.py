"""Reports that may be attested: those that passed, whole, and of a gate that has a statement."""

from __future__ import annotations

import json
from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest

from gatecli.errors import GatecliError, UncheckableError, UsageError
from gatecli.gates.attesting import AttestRequest, make_statement
from gatecli.gates.judged_reports import JudgedRun, read_judged_report
from gatecli.model.attestation import UsedWaiver

FINDING = {
    "rule": "dp-overstated-epsilon",
    "severity": "warning",
    "message": "m",
    "suppressed": None,
}
WAIVED = FINDING | {
    "rule": "dp-epsilon-over-tier",
    "severity": "error",
    "suppressed": {"by": "waiver", "name": "legacy", "reason": "r", "expires": "2027-03-31"},
}
REPORT: dict[str, Any] = {
    "schema": "gatecli/report/v1",
    "gate": "release",
    "verdict": "pass",
    "exit_code": 0,
    "policy": {"name": "acme", "sha256": "a" * 64},
    "checked": [
        {
            "kind": "release",
            "name": "churn 1",
            "path": "privacy.yaml",
            "measures": {"epsilonUpper": 2.37959, "epsilonLower": None},
            "inputs": {"sha256": "b" * 64, "artifacts": [{"path": "m", "sha256": "C" * 64}]},
        }
    ],
    "findings": [FINDING, WAIVED],
}


def read(tmp_path: Path, **changes: Any) -> JudgedRun:
    file = tmp_path / "report.json"
    file.write_text(json.dumps(REPORT | changes))
    return read_judged_report(file)


def test_a_report_that_passed_is_read(tmp_path: Path) -> None:
    run = read(tmp_path)
    assert run.policy == ("acme", "a" * 64)
    assert run.findings == {"dp-overstated-epsilon": 1}
    assert run.suppressed == 1
    assert run.waivers == (UsedWaiver("legacy", "dp-epsilon-over-tier", "2027-03-31"),)
    assert run.subjects[0].artifacts == {"m": "c" * 64}


def test_measures_are_the_numbers_that_stand_there(tmp_path: Path) -> None:
    (subject,) = read(tmp_path).of_kind("release")
    assert subject.exact("epsilonUpper") == Fraction("2.37959")
    assert subject.exact("epsilonLower") is None


@pytest.mark.parametrize(
    "changes",
    [
        {"verdict": "fail"},
        {"verdict": "fail", "exit_code": 1},
        {"exit_code": 1},
        {"exit_code": 4},
        {"findings": [FINDING | {"severity": "error"}]},
        {"schema": "other"},
    ],
)
def test_a_report_that_did_not_pass_is_refused(tmp_path: Path, changes: dict[str, Any]) -> None:
    with pytest.raises(UsageError):
        read(tmp_path, **changes)


@pytest.mark.parametrize(
    "changes",
    [{"findings": [{}]}, {"checked": [{}]}, {"policy": {}}, {"findings": None}, {"checked": [{"kind": "x"}]}],
)
def test_a_report_that_is_not_whole_cannot_be_used(tmp_path: Path, changes: dict[str, Any]) -> None:
    with pytest.raises(UncheckableError):
        read(tmp_path, **changes)


def test_a_verdict_that_stands_twice_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "report.json"
    file.write_text(json.dumps(REPORT).replace('"verdict": "pass"', '"verdict": "fail", "verdict": "pass"'))
    with pytest.raises(GatecliError):
        read_judged_report(file)


@pytest.mark.parametrize("gate", ["terraform", "ledger", "verify", ""])
def test_a_gate_without_a_statement_is_refused(tmp_path: Path, gate: str) -> None:
    request = AttestRequest(tmp_path, read(tmp_path, gate=gate), "2026-11-30T00:00:00Z")
    with pytest.raises(UsageError, match="cannot be attested"):
        make_statement(request)


@pytest.mark.parametrize("gate", ["anonymity", "pii"])
def test_a_report_about_something_else_is_refused(tmp_path: Path, gate: str) -> None:
    file = tmp_path / "table.csv"
    file.write_text("a\n1\n")
    request = AttestRequest(file, read(tmp_path, gate=gate), "2026-11-30T00:00:00Z")
    with pytest.raises(UsageError, match="not about"):
        make_statement(request)
