"""What is left of a budget, as CloudWatch reads it from a log."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime
from fractions import Fraction
from pathlib import Path

import jsonschema
import pytest

from gatecli.cloud.metrics import embedded_metrics, remaining_share
from gatecli.model.portfolio import COLUMNS, Amounts
from tests.support.jobs import DATASET, account, ledger

NOW = datetime(2026, 12, 1, 12, tzinfo=UTC)
NAME = {"type": "string", "minLength": 1, "maxLength": 1024}
DIRECTIVE = {
    "type": "object",
    "additionalProperties": False,
    "required": ["Namespace", "Dimensions", "Metrics"],
    "properties": {
        "Namespace": {"type": "string", "minLength": 1, "maxLength": 1024},
        "Dimensions": {
            "type": "array",
            "minItems": 1,
            "items": {"type": "array", "maxItems": 30, "items": {**NAME, "maxLength": 250}},
        },
        "Metrics": {
            "type": "array",
            "maxItems": 100,
            "items": {
                "type": "object",
                "additionalProperties": False,
                "required": ["Name"],
                "properties": {"Name": NAME, "Unit": {"enum": ["Percent", "Count", "None"]}},
            },
        },
    },
}
DOCUMENT = {
    "type": "object",
    "required": ["_aws"],
    "properties": {
        "_aws": {
            "type": "object",
            "required": ["Timestamp", "CloudWatchMetrics"],
            "properties": {
                "Timestamp": {"type": "integer", "minimum": 0},
                "CloudWatchMetrics": {"type": "array", "items": DIRECTIVE},
            },
        }
    },
}
"""What the specification of the embedded metric format in the CloudWatch user guide demands of a document."""


@pytest.mark.parametrize(
    ("held", "remaining"), [(0, 100), (10**12, 87.5), (10**12 + 1, 87.49), (8 * 10**12, 0), (9 * 10**12, 0)]
)
def test_a_line_is_a_document_of_the_embedded_metric_format(
    tmp_path: Path, held: int, remaining: float
) -> None:
    store = ledger(tmp_path / "ledger.db")
    empty = account(store)
    store.close()
    spent = {column: limit + 1 for column, limit in zip(COLUMNS, empty.terms.limits, strict=True)}
    amounts = Amounts(**{**spent, "basic_epsilon": held, "basic_delta": 0})
    as_held = replace(empty, held=amounts if held else empty.held)
    (line,) = embedded_metrics([as_held], NOW)
    document = json.loads(line)
    jsonschema.validate(document, DOCUMENT)
    assert "\n" not in line
    (directive,) = document["_aws"]["CloudWatchMetrics"]
    for name in (*directive["Dimensions"][0], *(each["Name"] for each in directive["Metrics"])):
        assert name in document
    assert document["Dataset"] == DATASET
    assert (document["BudgetRemaining"], document["BudgetHeld"]) == (remaining, round(100 - remaining, 2))
    assert document["_aws"]["Timestamp"] == int(NOW.timestamp()) * 1000
    assert 0 <= remaining_share(as_held) <= Fraction(1)
