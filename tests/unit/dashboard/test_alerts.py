"""Each alert on invented series, by Prometheus's own promtool: it fires when it should, and alone."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType

import pytest

from tests.support.promtool import check, firing
from tests.unit.dashboard.test_monitoring import ALERTS, SHIPPED

RULES = SHIPPED / "alerts.yaml"
DAY = 24 * 60
LATE = 9 * DAY
STEP = 5
"""Minutes after the epoch, at which promtool's clock begins: longer than the slowest alert takes."""
END = LATE * 60


def named(name: str, labels: str = "") -> str:
    return f'gatecli_ledger_{name}{{instance="i"{labels}}}'


def always(value: float) -> str:
    return f"{value:.10g}x{LATE // STEP}"


def since_then(minutes: int) -> str:
    """A time that was renewed at each step until so many minutes before the end."""
    fresh = LATE - minutes
    return f"0+{60 * STEP}x{fresh // STEP} {fresh * 60:d}x{minutes // STEP}"


CUSTOMERS, CLOSED = ',dataset="customers"', ',dataset="survey"'
RULE = ',rule="ledger-budget-exceeded"'
WELL: Mapping[str, str] = MappingProxyType(
    {
        named("read_time_seconds"): since_then(0),
        named("verification_holds"): always(1),
        named("verification_time_seconds"): since_then(60),
        named("checkpoint_time_seconds"): since_then(2 * DAY),
        named("checkpoint_size"): always(90),
        named("entries_total", CUSTOMERS): always(60),
        named("entries_total", CLOSED): always(40),
        named("held_ratio", CUSTOMERS): always(0.5),
        named("held_ratio", CLOSED): always(0.95),
        named("dataset_closed", CUSTOMERS): always(0),
        named("dataset_closed", CLOSED): always(1),
        named("exhaustion_time_seconds", CUSTOMERS): always(END + 90 * 86400),
        named("exhaustion_time_seconds", CLOSED): always(END + 3 * 86400),
        named("lapsed_reservations", CUSTOMERS): always(0),
        named("refusals_total", RULE): always(7),
    }
)
"""One ledger with an open and a closed dataset, and all is well."""

ILL: Mapping[str, Mapping[str, str]] = MappingProxyType(
    {
        "GatecliLedgerStale": {named("read_time_seconds"): since_then(28 * 60)},
        "GatecliLedgerDoesNotHold": {named("verification_holds"): always(0)},
        "GatecliLedgerNotVerified": {named("verification_time_seconds"): since_then(4 * DAY)},
        "GatecliLedgerCheckpointOld": {named("checkpoint_time_seconds"): since_then(8 * DAY)},
        "GatecliLedgerBudgetScarce": {named("held_ratio", CUSTOMERS): always(0.81)},
        "GatecliLedgerExhaustedSoon": {
            named("exhaustion_time_seconds", CUSTOMERS): always(END + 29 * 86400 - 7 * 3600)
        },
        "GatecliLedgerReservationsLapsed": {named("lapsed_reservations", CUSTOMERS): always(2)},
        "GatecliLedgerRefusals": {named("refusals_total", RULE): f"0+0.01x{LATE // STEP}"},
    }
)
"""What is different when one thing is wrong."""


def test_prometheus_reads_the_rules() -> None:
    assert check(RULES) == ""


def test_nothing_fires_while_all_is_well(tmp_path: Path) -> None:
    assert firing(RULES, "", WELL, LATE, tmp_path, step=STEP) == ""


@pytest.mark.parametrize("alert", ILL)
def test_an_alert_fires_alone_when_its_one_thing_is_wrong(alert: str, tmp_path: Path) -> None:
    assert firing(RULES, alert, {**WELL, **ILL[alert]}, LATE, tmp_path, step=STEP) == ""


def test_an_alert_fires_when_no_ledger_is_read(tmp_path: Path) -> None:
    assert firing(RULES, "GatecliLedgerAbsent", {}, LATE, tmp_path, step=STEP) == ""


def test_an_old_checkpoint_of_everything_is_no_matter(tmp_path: Path) -> None:
    old = {named("checkpoint_time_seconds"): since_then(8 * DAY), named("checkpoint_size"): always(100)}
    assert firing(RULES, "", {**WELL, **old}, LATE, tmp_path, step=STEP) == ""


def test_a_dataset_without_a_forecast_alarms_nobody(tmp_path: Path) -> None:
    series = {name: values for name, values in WELL.items() if "exhaustion" not in name}
    assert firing(RULES, "", series, LATE, tmp_path, step=STEP) == ""


def test_another_ledger_s_fresh_metrics_do_not_hide_a_stale_one(tmp_path: Path) -> None:
    stale = {'gatecli_ledger_read_time_seconds{instance="other"}': since_then(28 * 60)}
    assert firing(RULES, "GatecliLedgerStale", {**WELL, **stale}, LATE, tmp_path, step=STEP) == ""


def test_every_alert_is_tried() -> None:
    assert set(ILL) | {"GatecliLedgerAbsent"} == {each["alert"] for each in ALERTS}
