"""The alerts and the dashboard: about metrics that there are, sound, and explained."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from admission.deploy.rendering import Installation, render_objects
from admission.settings import WebhookSettings
from tests.support.admission_reference import metric_families
from tests.support.chart_files import CHART, ROOT

DASHBOARD: dict[str, Any] = json.loads((CHART / "files" / "dashboard.json").read_text("utf-8"))
ALERTS: list[dict[str, Any]] = [
    rule
    for group in yaml.safe_load((CHART / "files" / "alerts.yaml").read_text("utf-8"))["groups"]
    for rule in group["rules"]
]
OPERATIONS = (ROOT / "docs" / "admission-operations.md").read_text("utf-8")
FAMILIES = {name: (kind, labels) for name, kind, labels, _ in metric_families()}
SERIES = {
    sample: name
    for name, (kind, _) in FAMILIES.items()
    for sample in (
        [f"{name}_{part}" for part in ("bucket", "sum", "count")] if kind == "histogram" else [name]
    )
}
"""Each series that is read, and its metric."""
TARGET_LABELS = frozenset({"namespace", "pod", "job", "instance", "le"})
"""What Prometheus itself puts to a series, and a histogram to its buckets."""
_WORDS = re.compile(r"[a-zA-Z_:][a-zA-Z0-9_:]*")


def panels() -> list[dict[str, Any]]:
    return [each for each in DASHBOARD["panels"] if each["type"] != "row"]


def expressions() -> Iterator[tuple[str, str]]:
    """Where it stands, and the expression."""
    for alert in ALERTS:
        yield alert["alert"], alert["expr"]
    for panel in panels():
        for target in panel["targets"]:
            yield panel["title"], target["expr"]
    for variable in DASHBOARD["templating"]["list"]:
        if variable["type"] == "query":
            yield variable["name"], variable["query"]["query"]


def series_in(expression: str) -> set[str]:
    return {word for word in _WORDS.findall(expression) if word.startswith("gatecli")}


def labels_in(expression: str) -> set[str]:
    grouped = re.findall(r"\bby \(([^)]*)\)", expression)
    matched = re.findall(r"[{,]\s*(\w+)\s*(?:=~|!~|!=|=)", expression)
    return {label.strip() for each in grouped for label in each.split(",")} | set(matched)


@pytest.mark.parametrize(("where", "expression"), list(expressions()))
def test_an_expression_reads_series_and_labels_that_there_are(where: str, expression: str) -> None:
    found = series_in(expression)
    assert found, "an expression about nothing of ours"
    assert found <= set(SERIES)
    known = {label for each in found for label in FAMILIES[SERIES[each]][1]}
    assert labels_in(expression) <= known | TARGET_LABELS


@pytest.mark.parametrize(("where", "expression"), list(expressions()))
def test_a_counter_is_read_as_a_rate_and_a_gauge_as_it_is(where: str, expression: str) -> None:
    for each in series_in(expression):
        kind = FAMILIES[SERIES[each]][0]
        in_rate = re.search(rf"(?:rate|increase)\({each}\b", expression) is not None
        assert in_rate == (kind in {"counter", "histogram"})


def test_the_dashboard_shows_every_metric() -> None:
    shown = {
        SERIES[each]
        for panel in panels()
        for target in panel["targets"]
        for each in series_in(target["expr"])
    }
    assert shown == set(FAMILIES)


def test_the_panels_have_ids_of_their_own_and_do_not_overlap() -> None:
    every = DASHBOARD["panels"]
    assert len({each["id"] for each in every}) == len(every)
    taken: set[tuple[int, int]] = set()
    for each in every:
        place = each["gridPos"]
        assert place["x"] + place["w"] <= 24
        cells = {
            (x, y)
            for x in range(place["x"], place["x"] + place["w"])
            for y in range(place["y"], place["y"] + place["h"])
        }
        assert not cells & taken, each["title"]
        taken |= cells


def test_every_panel_says_what_it_shows_and_asks_the_chosen_data_source() -> None:
    for each in panels():
        assert each["title"]
        assert each["description"]
        assert each["datasource"] == {"type": "prometheus", "uid": "${datasource}"}
        assert all(target["datasource"] == each["datasource"] for target in each["targets"])
        assert all("$namespace" in target["expr"] for target in each["targets"])


def test_the_dashboard_s_legends_name_labels_that_are_left() -> None:
    for each in panels():
        for target in each["targets"]:
            for label in re.findall(r"{{(\w+)}}", target["legendFormat"]):
                assert re.search(rf"\bby \([^)]*\b{label}\b", target["expr"]), target


def test_every_alert_says_how_urgent_it_is_and_why() -> None:
    names = [each["alert"] for each in ALERTS]
    assert len(set(names)) == len(names) >= 10
    for each in ALERTS:
        assert each["labels"]["severity"] in {"critical", "warning", "info"}
        assert set(each["annotations"]) == {"summary", "description"}
        assert all(each["annotations"].values())


@pytest.mark.parametrize("alert", [each["alert"] for each in ALERTS])
def test_every_alert_has_a_section_that_says_what_to_do(alert: str) -> None:
    section = re.search(rf"^### {alert}\n(.*?)(?=^##)", OPERATIONS, re.MULTILINE | re.DOTALL)
    assert section is not None
    assert "**Do:**" in section[1]
    assert len(section[1].split()) > 15


def test_no_section_is_about_an_alert_that_there_is_not() -> None:
    told = re.findall(r"^### (Gatecli\w+)$", OPERATIONS, re.MULTILINE)
    assert told == [each["alert"] for each in ALERTS]


def test_what_an_alert_says_of_the_webhook_s_times_is_so() -> None:
    """The latency that alerts lies between what is usual and what the API server waits for."""
    hooks = [hook for each in render_objects(Installation()) for hook in each.get("webhooks", ())]
    (slow,) = (each for each in ALERTS if each["alert"] == "GatecliAdmissionSlow")
    limit = float(slow["expr"].rpartition(">")[2])
    assert {
        f"({hook['timeoutSeconds']} s by default)" in slow["annotations"]["description"] for hook in hooks
    } == {True}
    assert WebhookSettings().request_seconds > limit > 0.3


def test_the_rules_and_the_dashboard_name_no_object_and_no_value() -> None:
    texts = [json.dumps(DASHBOARD), Path(CHART / "files" / "alerts.yaml").read_text("utf-8")]
    assert not [text for text in texts if re.search(r"\$labels\.(?!namespace|kind)", text)]
