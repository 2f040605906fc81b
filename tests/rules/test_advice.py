"""Advice is a promise: what a finding tells to do, done to the letter, opens the gate."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from gatecli.gates.judgement import JudgementTerms
from gatecli.gates.release import ReleaseRequest, check_releases
from gatecli.model.finding import Finding
from gatecli.model.verdict import ExitCode, Verdict
from gatecli.sources.policy import default_policy
from gatecli.sources.release import read_releases
from tests.support.releases import TODAY

DECLARATION = """\
apiVersion: gatecli.dev/v1
kind: ModelRelease
metadata: {{name: churn-classifier, version: 2.3.0, owner: ml-platform}}
spec:
  sensitivity: behavioural
  privacy:
    unit: person
    neighbouring: {neighbouring}
    epsilon: {epsilon}
    delta: {delta}
    mechanisms:
      - {{kind: dp-sgd, noiseMultiplier: {noise}, samplingRate: 0.00426667, steps: 14040, clippingNorm: 1.0}}
      - {{kind: laplace, sensitivity: 1, scale: 10, count: 3}}
  datasets: [{{name: customers-2026, records: 60000}}]
"""
"""The declaration that the documentation opens with, without its files."""

SOUND = {"neighbouring": "add-remove", "epsilon": "2.5", "delta": "1.0e-5", "noise": "1.1"}


def judged(folder: Path, text: str) -> Verdict:
    file = folder / "privacy.yaml"
    file.write_text(text, "utf-8")
    releases = read_releases([file])
    terms = JudgementTerms(default_policy(), (), TODAY)
    return check_releases(ReleaseRequest(terms, releases.values, releases.findings))


def declaring(folder: Path, **changes: str) -> Verdict:
    return judged(folder, DECLARATION.format(**(SOUND | changes)))


def the_error(verdict: Verdict) -> Finding:
    (finding,) = (finding for finding in verdict.findings if finding.severity == "error")
    return finding


def advised(finding: Finding, pattern: str) -> str:
    number = re.search(pattern + r" ≥ ([\d.e-]+)", finding.remediation)
    assert number, finding.remediation
    return number[1]


def test_the_documented_declaration_has_no_errors(tmp_path: Path) -> None:
    verdict = declaring(tmp_path)
    assert verdict.exit_code is ExitCode.OPEN
    assert {finding.severity for finding in verdict.findings} == {"note"}


@pytest.mark.parametrize("epsilon", ["1", "2.3", "0.1"])
def test_declaring_what_the_finding_says_opens_the_gate(tmp_path: Path, epsilon: str) -> None:
    finding = the_error(declaring(tmp_path, epsilon=epsilon))
    mended = declaring(tmp_path, epsilon=advised(finding, "declare epsilon"))
    assert finding.rule.id == "dp-understated-epsilon"
    assert mended.exit_code is ExitCode.OPEN


def test_raising_the_noise_as_the_finding_says_opens_the_gate(tmp_path: Path) -> None:
    sole = "      - {kind: laplace, sensitivity: 1, scale: 10, count: 3}\n"
    text = DECLARATION.format(**(SOUND | {"epsilon": "1"})).replace(sole, "")
    noise = advised(the_error(judged(tmp_path, text)), "raise noiseMultiplier to")
    mended = text.replace("noiseMultiplier: 1.1", f"noiseMultiplier: {noise}")
    assert judged(tmp_path, mended).exit_code is ExitCode.OPEN


def test_another_relation_is_recomputed_and_not_taken_for_the_same(tmp_path: Path) -> None:
    finding = the_error(declaring(tmp_path, neighbouring="replace-one"))
    assert finding.rule.id == "dp-understated-epsilon"
    assert "replace-one" in finding.message


def test_the_advised_delta_opens_the_gate(tmp_path: Path) -> None:
    finding = the_error(declaring(tmp_path, delta="1.0e-4", epsilon="4"))
    delta = re.search(r"for example ([\d.e-]+),", finding.remediation)
    assert delta
    assert declaring(tmp_path, delta=delta[1], epsilon="4").exit_code is ExitCode.OPEN


def test_a_message_names_what_was_run_and_both_figures(tmp_path: Path) -> None:
    message = the_error(declaring(tmp_path, epsilon="1")).message
    assert message.startswith(
        "declares ε = 1, but 14040 steps of DP-SGD (σ = 1.1, q = 0.00426667) and Laplace"
    )
    assert "cost at least ε = 2.4" in message
    assert message.endswith("at δ = 1e-5 (PLD, add-remove)")
