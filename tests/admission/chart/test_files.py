"""What the chart's files say, read without Helm."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any, get_args

import jsonschema
import pytest
import yaml

from admission.cluster.custom_resources import definitions
from admission.settings import FIELDS, PREFIX, WebhookSettings, read_settings
from gatecli.errors import ConfigurationError
from gatecli.model.admission import Action, Mode
from gatecli.package import VERSION
from tests.support.chart_files import CHART, OWN_VALUES, PAGES, chart_files, default_values, leaves

SCHEMA: dict[str, Any] = json.loads((CHART / "values.schema.json").read_text("utf-8"))
METADATA: dict[str, Any] = yaml.safe_load((CHART / "Chart.yaml").read_text("utf-8"))
TEMPLATES = sorted(file for file in (CHART / "templates").rglob("*") if file.is_file())
GENERATED = chart_files()
VALIDATOR = jsonschema.Draft7Validator(SCHEMA)


def schemas(schema: Mapping[str, Any], name: str = "") -> list[tuple[str, Mapping[str, Any]]]:
    """The schema of every value and of every group of values, by dotted name."""
    found = [(name, schema)]
    for key, each in schema.get("properties", {}).items():
        found += schemas(each, f"{name}.{key}".lstrip("."))
    return found


def problems(values: Mapping[str, Any]) -> list[str]:
    return [error.message for error in VALIDATOR.iter_errors(values)]


def changed(name: str, value: object) -> dict[str, Any]:
    """The default values with one of them changed."""
    values = default_values()
    *groups, last = name.split(".")
    place = values
    for group in groups:
        place = place[group]
    place[last] = value
    return values


@pytest.mark.parametrize("file", GENERATED, ids=lambda file: file.name)
def test_what_is_generated_is_fresh(file: Path) -> None:
    assert file.read_text("utf-8") == GENERATED[file], "run make generated"


def test_chart_webhook_and_image_have_one_version() -> None:
    assert METADATA["version"] == METADATA["appVersion"] == VERSION


def test_the_definitions_are_the_model_s_own() -> None:
    assert list(yaml.safe_load_all((CHART / "crds/crds.yaml").read_text("utf-8"))) == list(definitions())


def test_the_default_values_keep_the_schema() -> None:
    jsonschema.Draft7Validator.check_schema(SCHEMA)
    assert problems(default_values()) == []


@pytest.mark.parametrize(
    ("name", "schema"), schemas(SCHEMA)[1:], ids=lambda each: each if isinstance(each, str) else ""
)
def test_every_value_says_what_it_is(name: str, schema: Mapping[str, Any]) -> None:
    if "items" not in name:
        assert schema["description"].endswith((".", "…")), name
        assert schema["description"][0].isupper() or schema["description"][0] == "`"


@pytest.mark.parametrize(
    "name",
    [name for name, schema in schemas(SCHEMA) if schema.get("properties")],
    ids=lambda name: name or "top",
)
def test_a_value_that_there_is_not_is_refused(name: str) -> None:
    misspelt = changed(f"{name}.replica".lstrip("."), 1)
    assert any("replica" in each for each in problems(misspelt))


def test_a_chart_that_holds_this_one_may_share_its_values() -> None:
    assert problems(changed("global", {"imageRegistry": "registry.example"})) == []


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("replicas", 0),
        ("replicas", "two"),
        ("image.digest", "sha256:12"),
        ("image.repository", ""),
        ("webhooks.failurePolicy", "Open"),
        ("webhooks.timeoutSeconds", 31),
        ("webhooks.excludedNamespaces", ["Upper"]),
        ("webhooks.customResources", [{"group": "ray.io", "version": "v1"}]),
        ("webhooks.customResources", [{"group": "ray.io", "version": "v1", "plural": "*"}]),
        ("certificates.issuer", "none"),
        ("policy.mode", "off"),
        ("policy.entities", {"US_SSN": "off"}),
        ("policy.entities", {"us-ssn": "deny"}),
        ("settings.logLevel", "loud"),
        ("settings.workers", 0),
        ("settings.scanSeconds", 60),
        ("settings.port", 1),
        ("settings.namespace", "elsewhere"),
        ("serviceMonitor.interval", "often"),
        ("priorityClass.value", 2_000_000_000),
        ("nodeSelector", {"gpu": True}),
    ],
)
def test_a_wrong_value_is_refused(name: str, value: object) -> None:
    assert problems(changed(name, value))


def test_the_modes_and_actions_are_the_policy_s_own() -> None:
    policy = SCHEMA["properties"]["policy"]["properties"]
    assert policy["mode"]["enum"] == list(get_args(Mode))
    assert policy["entities"]["additionalProperties"]["enum"] == list(get_args(Action))


def test_every_setting_of_the_webhook_can_be_set() -> None:
    snake = {
        re.sub(r"([A-Z])", r"_\1", name).lower() for name in SCHEMA["properties"]["settings"]["properties"]
    }
    assert snake | OWN_VALUES == set(FIELDS)
    assert not snake & OWN_VALUES


def test_the_bounds_of_a_setting_are_those_of_the_webhook() -> None:
    for name, schema in SCHEMA["properties"]["settings"]["properties"].items():
        field = re.sub(r"([A-Z])", r"_\1", name).lower()
        for bound, beyond in (("minimum", -1), ("maximum", 1)):
            if bound in schema:
                variable = f"{PREFIX}{field.upper()}"
                assert getattr(read_settings({variable: str(schema[bound])}), field) == schema[bound]
                with pytest.raises(ConfigurationError):
                    read_settings({variable: str(schema[bound] + beyond)})


def test_the_defaults_are_those_of_the_webhook() -> None:
    values, settings = default_values(), WebhookSettings()
    assert values["ports"] == {"webhook": settings.port, "metrics": settings.metrics_port}
    assert values["policy"]["name"] == settings.policy_name
    assert values["settings"] == {"drainSeconds": settings.drain_seconds}


def test_every_value_is_read_by_a_template_and_every_value_read_is_there() -> None:
    text = "".join(file.read_text("utf-8") for file in TEMPLATES)
    groups = {name: each for name, each in SCHEMA["properties"].items() if name != "global"}
    read = set(re.findall(r"(?:\.|\$values\.)Values\.(\w+)|\$values\.(\w+)", text))
    assert {first or second for first, second in read} == set(groups)
    # What a group holds is read by its name, through a variable or not; test_rendering sets each in turn.
    for group, schema in groups.items():
        assert set(re.findall(rf"Values\.{group}\.(\w+)", text)) <= set(schema.get("properties", {}) or {"*"})


def test_no_template_writes_a_namespace_or_a_version_down() -> None:
    for file in TEMPLATES:
        text = file.read_text("utf-8")
        assert "gatecli-system" not in text, file.name
        assert VERSION not in text, file.name


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_a_page_lists_every_value(page: Path) -> None:
    text = page.read_text("utf-8")
    assert [name for name, _ in leaves(SCHEMA) if f"| `{name}` |" not in text] == []


def test_the_chart_is_for_the_versions_that_the_pages_name() -> None:
    assert METADATA["kubeVersion"] == ">=1.25.0-0"
    assert "Kubernetes 1.25 or newer" in (CHART.parents[1] / "docs" / "admission-helm.md").read_text("utf-8")
