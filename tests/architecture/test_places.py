"""What is added in one list is known everywhere: lists that must say the same as another one."""

from __future__ import annotations

import json
from pathlib import Path
from typing import get_args

import pytest

from gatecli.cli.app import COMMANDS
from gatecli.gates import ALL, CHECK, GATES, Gate, GateName
from gatecli.model import policy
from gatecli.model.release import EvidenceFormat
from gatecli.reports.registry import ReportFormat
from gatecli.sources.evidence.reader import FORMATS

ROOT = Path(__file__).resolve().parents[2]
CODE = sorted(file for package in ("gatecli", "admission") for file in (ROOT / package).rglob("*.py"))


def files_with(text: str) -> set[str]:
    found = (file for file in CODE if text in file.read_text("utf-8"))
    return {file.relative_to(ROOT).as_posix() for file in found}


@pytest.mark.parametrize("name", [ReportFormat.SARIF, ReportFormat.JUNIT, ReportFormat.GITHUB])
def test_a_report_format_costs_its_module_and_its_line(name: ReportFormat) -> None:
    assert files_with(f'"{name}"') == {"gatecli/reports/registry.py", f"gatecli/reports/{name}.py"}


@pytest.mark.parametrize("name", [EvidenceFormat.OPACUS, EvidenceFormat.TUMULT, EvidenceFormat.SMARTNOISE])
def test_an_evidence_format_costs_its_module_its_name_and_its_line(name: EvidenceFormat) -> None:
    at_most = {
        "gatecli/model/release.py",
        f"gatecli/sources/evidence/{name}.py",
        "gatecli/evidence/libraries.py",  # who writes it, by the library's name
    }
    found = files_with(f'"{name}"')
    assert {
        file for file in found if not file.startswith("gatecli/checks/code/")
    } <= at_most  # mistakes of users
    assert name in FORMATS


def test_a_policy_and_the_command_line_name_the_same_gates() -> None:
    assert set(get_args(policy.GateName)) == set(GateName) == set(GATES)


def test_every_gate_has_a_command_of_its_name() -> None:
    assert {gate.name for gate in ALL} <= set(COMMANDS)


@pytest.mark.parametrize("gate", GATES.values(), ids=lambda gate: gate.name)
def test_the_page_about_all_gates_says_what_each_discovers_and_checks(gate: Gate) -> None:
    page = (ROOT / "docs/check.md").read_text("utf-8")
    assert f"\n| {gate.name} | {gate.discovers} | {gate.checks} | `gatecli {gate.name} " in page


def test_the_schema_of_a_report_names_every_gate() -> None:
    schema = json.loads((ROOT / "docs/schemas/report-v1.json").read_text("utf-8"))
    assert set(schema["properties"]["gate"]["enum"]) == {gate.name for gate in ALL}


def test_no_two_gates_share_a_name() -> None:
    assert len({gate.name for gate in ALL}) == len(ALL)
    assert CHECK.name not in set(GateName)
