"""The exit code follows from what was checked and found, and from nothing else."""

from __future__ import annotations

from dataclasses import replace

import pytest

from gatecli.model.document import Place
from gatecli.model.finding import Finding, Rule, Severity, Suppression, make_finding
from gatecli.model.verdict import Checked, ExitCode, PolicyStamp, Verdict, decide

POLICY = PolicyStamp("default", "0" * 64)
SUBJECT = (Checked("release", "m 1", "privacy.yaml"),)
BREACH = Rule("dp-test", Severity.ERROR, "a test")
UNREADABLE = Rule("release-test", Severity.ERROR, "a test", uncheckable=True)


def a(rule: Rule, severity: Severity = Severity.ERROR) -> Finding:
    return replace(make_finding(rule, "m", subject="s", place=Place("p"), mend="x"), severity=severity)


def verdict(
    *findings: Finding,
    checked: tuple[Checked, ...] = SUBJECT,
    fail_on: Severity = Severity.ERROR,
    exit_zero: bool = False,
) -> Verdict:
    return decide("release", POLICY, checked, findings, fail_on=fail_on, exit_zero=exit_zero)


def test_a_pass_needs_something_checked() -> None:
    assert verdict(checked=()).exit_code is ExitCode.NOTHING
    assert not verdict(checked=()).passed


def test_something_checked_and_nothing_found_passes() -> None:
    assert verdict().exit_code is ExitCode.OPEN
    assert verdict().passed


@pytest.mark.parametrize("severity", list(Severity))
@pytest.mark.parametrize("fail_on", list(Severity))
def test_a_finding_closes_the_gate_from_its_threshold_on(severity: Severity, fail_on: Severity) -> None:
    closed = severity.rank <= fail_on.rank
    expected = ExitCode.CLOSED if closed else ExitCode.OPEN
    assert verdict(a(BREACH, severity), fail_on=fail_on).exit_code is expected


def test_a_suppressed_finding_does_not_count() -> None:
    forgiven = replace(a(BREACH), suppressed=Suppression("waiver", "w"))
    assert verdict(forgiven).passed


def test_what_could_not_be_checked_outweighs_findings() -> None:
    assert verdict(a(BREACH), a(UNREADABLE)).exit_code is ExitCode.UNCHECKABLE


def test_what_could_not_be_checked_cannot_be_suppressed() -> None:
    forgiven = replace(a(UNREADABLE, Severity.NOTE), suppressed=Suppression("waiver", "w"))
    assert verdict(forgiven, exit_zero=True).exit_code is ExitCode.UNCHECKABLE


def test_exit_zero_forgives_findings_and_is_still_no_pass() -> None:
    forgiven = verdict(a(BREACH), exit_zero=True)
    assert forgiven.exit_code is ExitCode.OPEN
    assert not forgiven.passed


def test_exit_zero_does_not_forgive_an_empty_run() -> None:
    assert verdict(checked=(), exit_zero=True).exit_code is ExitCode.NOTHING
