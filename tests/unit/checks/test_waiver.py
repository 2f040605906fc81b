from __future__ import annotations

import pytest

from gatecli.checks.waiver import WAIVER_RULES, find_waiver_faults
from gatecli.gates.judgement import WAIVER_FAULTS
from gatecli.model.document import Place
from gatecli.model.finding import Finding, Rule, Severity, make_finding
from gatecli.model.waiver import PlacedWaiver
from tests.support.releases import TODAY, ids, waiver

RULE = Rule("dp-epsilon-over-tier", Severity.ERROR, "ε exceeds its tier")
FINDING = make_finding(
    RULE, "too much", subject="churn-classifier 2.3.0", place=Place("privacy.yaml"), mend="spend less"
)


def faults(
    *waivers: PlacedWaiver, findings: tuple[Finding, ...] = (FINDING,), days: int = 366
) -> list[Finding]:
    return list(find_waiver_faults(waivers, findings, today=TODAY, max_days=days))


def test_a_waiver_that_forgives_a_finding_has_no_fault() -> None:
    assert faults(waiver(RULE.id)) == []


@pytest.mark.parametrize("expires", ["2026-11-20", "1999-01-01", "soon", "2027-13-01", "31.03.2027"])
def test_a_past_or_malformed_date_counts_as_expired(expires: str) -> None:
    assert ids(faults(waiver(RULE.id, expires))) == ["waiver-expired"]


def test_a_waiver_holds_through_its_last_day() -> None:
    assert faults(waiver(RULE.id, "2026-11-21")) == []


def test_a_malformed_date_is_shown() -> None:
    (finding,) = faults(waiver(RULE.id, "soon"))
    assert "'soon'" in finding.message


@pytest.mark.parametrize(("expires", "found"), [("2027-11-22", []), ("2027-11-23", ["waiver-too-long"])])
def test_a_waiver_may_last_as_many_days_as_the_policy_says(expires: str, found: list[str]) -> None:
    assert ids(faults(waiver(RULE.id, expires))) == found


def test_the_advised_end_is_permitted() -> None:
    (finding,) = faults(waiver(RULE.id, "2099-01-01"), days=30)
    advised = finding.remediation.split()[3]
    assert faults(waiver(RULE.id, advised), days=30) == []


@pytest.mark.parametrize("target", [{"subject": "other@1"}, {"fingerprint": "00"}])
def test_a_waiver_that_forgives_nothing_is_unused(target: dict[str, str]) -> None:
    (finding,) = faults(waiver(RULE.id, **target))
    assert finding.rule.id == "waiver-unused"
    assert next(iter(target.values())) in finding.message


def test_an_expired_waiver_is_not_unused_as_well() -> None:
    assert ids(faults(waiver(RULE.id, "2020-01-01", subject="other@1"))) == ["waiver-expired"]


def test_a_fault_stands_where_the_waiver_does() -> None:
    (finding,) = faults(waiver(RULE.id, "2020-01-01"))
    assert str(finding.place) == "waivers.yaml:4:9"


def test_the_faults_that_gates_tell_once_are_those_of_the_rules() -> None:
    assert {rule.id for rule in WAIVER_RULES} == WAIVER_FAULTS
