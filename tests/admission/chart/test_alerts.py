"""Each alert on invented series, by Prometheus's own promtool: it fires when it should, and alone."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType

import pytest

from tests.admission.chart.test_monitoring import ALERTS
from tests.support.chart_files import CHART
from tests.support.promtool import check, firing

RULES = CHART / "files" / "alerts.yaml"
LATE = 6 * 60
"""Minutes after the epoch, at which promtool's clock begins: longer than the slowest alert takes."""
ONE, TWO = '{namespace="g",pod="one"}', '{namespace="g",pod="two"}'


def named(name: str, labels: str = ONE) -> str:
    return f"gatecli_admission_{name}{labels}"


def counted(name: str, more: str, labels: str = 'namespace="g",pod="one"') -> str:
    return f"gatecli_admission_{name}{{{labels},{more}}}"


def always(value: float) -> str:
    return f"{value:g}x{LATE}"


def rising(step: float) -> str:
    return f"0+{step:g}x{LATE}"


def bucket(bound: str, phase: str = "validating") -> str:
    return counted("request_seconds_bucket", f'phase="{phase}",le="{bound}"')


WELL: Mapping[str, str] = MappingProxyType(
    {
        named("leader"): always(1),
        named("leader", TWO): always(0),
        counted("requests_total", 'phase="validating",kind="Pod",allowed="true",reason="clean"'): rising(600),
        counted("failures_total", 'why="an internal error"'): always(0),
        bucket("0.05"): rising(600),
        bucket("1.0"): rising(600),
        bucket("2.5"): rising(600),
        bucket("+Inf"): rising(600),
        named("loop_lag_seconds"): always(0.01),
        named("incomplete_scans_total"): always(0),
        named("certificate_expiry_seconds"): always(90 * 86400),
        named("certificate_expiry_seconds", TWO): always(90 * 86400),
        named("rejected_policies_total"): always(3),
        named("policy_generation"): always(4),
        named("policy_generation", TWO): always(4),
        counted("refused_bodies_total", 'status="400"'): always(5),
        named("scan_complete_seconds"): "0+60x" + str(LATE),
        named("scan_complete_seconds", TWO): always(0),
        named("scan_interval_seconds"): always(3600),
        counted("scan_incomplete_kinds", 'kind="Pod"'): always(0),
        named("scan_unwritten_reports"): always(-1),
    }
)
"""Two replicas, of which one leads, and all is well."""

ILL: Mapping[str, Mapping[str, str]] = MappingProxyType(
    {
        "GatecliAdmissionFailing": {counted("failures_total", 'why="an internal error"'): rising(12)},
        "GatecliAdmissionSlow": {bucket("0.05"): rising(500), bucket("1.0"): rising(580)},
        "GatecliAdmissionOverloaded": {named("loop_lag_seconds"): always(0.8)},
        "GatecliAdmissionIncompleteSearches": {named("incomplete_scans_total"): rising(1)},
        "GatecliAdmissionNoLeader": {named("leader"): always(0)},
        "GatecliAdmissionCertificateExpires": {
            named("certificate_expiry_seconds", TWO): always(LATE * 60 + 13 * 86400)
        },
        "GatecliAdmissionPolicyRejected": {named("rejected_policies_total"): rising(0.1)},
        "GatecliAdmissionPoliciesDiffer": {named("policy_generation", TWO): always(5)},
        "GatecliAdmissionUnreadableRequests": {counted("refused_bodies_total", 'status="400"'): rising(60)},
        "GatecliAdmissionScanStale": {named("scan_complete_seconds"): always(60)},
        "GatecliAdmissionScanIncomplete": {counted("scan_incomplete_kinds", 'kind="Pod"'): always(1)},
        "GatecliAdmissionReportsUnwritten": {named("scan_unwritten_reports"): always(2)},
    }
)
"""What is different when one thing is wrong."""


def test_prometheus_reads_the_rules() -> None:
    assert check(RULES) == ""


def test_nothing_fires_while_all_is_well(tmp_path: Path) -> None:
    assert firing(RULES, "", WELL, LATE, tmp_path) == ""


@pytest.mark.parametrize("alert", ILL)
def test_an_alert_fires_alone_when_its_one_thing_is_wrong(alert: str, tmp_path: Path) -> None:
    assert firing(RULES, alert, {**WELL, **ILL[alert]}, LATE, tmp_path) == ""


def test_an_alert_fires_when_no_replica_is_read(tmp_path: Path) -> None:
    assert firing(RULES, "GatecliAdmissionAbsent", {}, LATE, tmp_path) == ""


@pytest.mark.parametrize(("days", "alert"), [(13, "GatecliAdmissionCertificateExpires"), (15, "")])
def test_two_weeks_are_the_border_of_the_first_certificate_alert(
    days: int, alert: str, tmp_path: Path
) -> None:
    series = {**WELL, named("certificate_expiry_seconds"): always(LATE * 60 + days * 86400)}
    assert firing(RULES, alert, series, LATE, tmp_path) == ""


def test_a_certificate_that_expires_in_two_days_fires_both(tmp_path: Path) -> None:
    series = {**WELL, named("certificate_expiry_seconds"): always(LATE * 60 + 2 * 86400)}
    told = firing(RULES, "GatecliAdmissionCertificateExpiresSoon", series, LATE, tmp_path)
    # Not alone: the earlier warning goes on.
    assert "GatecliAdmissionCertificateExpires" in told


def test_a_scan_that_is_off_is_never_stale(tmp_path: Path) -> None:
    series = {name: values for name, values in WELL.items() if "_scan_" not in name}
    assert firing(RULES, "", series, LATE, tmp_path) == ""


def test_every_alert_is_tried() -> None:
    apart = {"GatecliAdmissionAbsent", "GatecliAdmissionCertificateExpiresSoon"}
    assert set(ILL) | apart == {each["alert"] for each in ALERTS}
