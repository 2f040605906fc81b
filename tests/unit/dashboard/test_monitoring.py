"""The alerts and the dashboard: about metrics that there are, sound, and explained."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from prometheus_client.metrics_core import Metric

from gatecli.dashboard.figures import read_figures
from gatecli.dashboard.metrics import FiguresCollector
from gatecli.dashboard.verifying import verify_ledger
from tests.support.page_ledgers import NOW, team

ROOT = Path(__file__).resolve().parents[3]
SHIPPED = ROOT / "gatecli" / "dashboard"
DASHBOARD: dict[str, Any] = json.loads((SHIPPED / "grafana.json").read_text("utf-8"))
ALERTS: list[dict[str, Any]] = [
    rule
    for group in yaml.safe_load((SHIPPED / "alerts.yaml").read_text("utf-8"))["groups"]
    for rule in group["rules"]
]
PAGE = (ROOT / "docs" / "ledger-monitoring.md").read_text("utf-8")
TARGET_LABELS = frozenset({"instance", "job"})
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


EXPRESSIONS = list(expressions())


@pytest.fixture(name="exported", scope="module")
def of_a_team(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Metric]:
    """Each series that a ledger in use exports, and its metric."""
    store = team(tmp_path_factory.mktemp("team") / "ledger.db")
    figures = read_figures(store, NOW, verify_ledger(store, lambda: NOW))
    store.close()
    return {
        sample.name: family for family in FiguresCollector(figures).collect() for sample in family.samples
    }


def series_in(expression: str) -> set[str]:
    return {word for word in _WORDS.findall(expression) if word.startswith("gatecli")}


def labels_in(expression: str) -> set[str]:
    grouped = re.findall(r"\b(?:by|on) \(([^)]*)\)", expression)
    matched = re.findall(r"[{,]\s*(\w+)\s*(?:=~|!~|!=|=)", expression)
    return {label.strip() for each in grouped for label in each.split(",")} | set(matched)


@pytest.mark.parametrize(("where", "expression"), EXPRESSIONS)
def test_an_expression_reads_series_and_labels_that_are_exported(
    exported: dict[str, Metric], where: str, expression: str
) -> None:
    found = series_in(expression)
    assert found, "an expression about nothing of ours"
    assert found <= set(exported)
    known = {label for each in found for sample in exported[each].samples for label in sample.labels}
    assert labels_in(expression) <= known | TARGET_LABELS


@pytest.mark.parametrize(("where", "expression"), EXPRESSIONS)
def test_a_counter_is_read_as_an_increase_or_a_sum_and_a_gauge_as_it_is(
    exported: dict[str, Metric], where: str, expression: str
) -> None:
    for each in series_in(expression):
        increases = re.search(rf"(?:rate|increase)\({each}\b", expression) is not None
        assert not increases or exported[each].type == "counter"


def test_the_dashboard_shows_every_metric(exported: dict[str, Metric]) -> None:
    shown = {each for panel in panels() for target in panel["targets"] for each in series_in(target["expr"])}
    assert shown == set(exported)


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


def test_legends_name_labels_that_are_left() -> None:
    for each in panels():
        for target in each["targets"]:
            for label in re.findall(r"{{(\w+)}}", target["legendFormat"]):
                assert re.search(rf"\bby \([^)]*\b{label}\b", target["expr"]), target


def test_every_alert_says_how_urgent_it_is_and_why() -> None:
    names = [each["alert"] for each in ALERTS]
    assert len(set(names)) == len(names) >= 8
    for each in ALERTS:
        assert each["labels"]["severity"] in {"critical", "warning", "info"}
        assert set(each["annotations"]) == {"summary", "description"}
        assert all(each["annotations"].values())


@pytest.mark.parametrize("alert", [each["alert"] for each in ALERTS])
def test_every_alert_has_a_section_that_says_what_to_do(alert: str) -> None:
    section = re.search(rf"^### {alert}\n(.*?)(?=^##)", PAGE, re.MULTILINE | re.DOTALL)
    assert section is not None
    assert "**Do:**" in section[1]
    assert len(section[1].split()) > 15


def test_no_section_is_about_an_alert_that_there_is_not() -> None:
    assert re.findall(r"^### (Gatecli\w+)$", PAGE, re.MULTILINE) == [each["alert"] for each in ALERTS]


def test_every_metric_has_a_row_on_the_page(exported: dict[str, Metric]) -> None:
    told = re.findall(r"^\| `(gatecli_ledger_\w+)` \|", PAGE, re.MULTILINE)
    assert sorted(told) == sorted(exported)
