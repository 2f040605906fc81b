"""The name of a value stands beside it, not over it: every reader sees that alike."""

from __future__ import annotations

import json
from typing import Any

import pytest
import yaml

from gatecli.checks.personal_data import find_personal_data, search_of
from gatecli.model.policy import PiiRules
from gatecli.model.text import Leaf, RawText, object_leaves
from gatecli.sources.string_fields.formats import read_leaves

SEARCH = search_of(PiiRules())
NUMBER = "536904399"

NAMED: tuple[Any, ...] = (
    {"args": ["--ssn", NUMBER]},
    {"args": ["-v", "--ssn", NUMBER]},
    {"command": ["run", "--ssn", int(NUMBER)]},
    {"variable": {"name": "ssn", "default": NUMBER}},
    {"op": "add", "path": "/data/ssn", "value": NUMBER},
    {"ParameterKey": "ssn", "ParameterValue": NUMBER},
    *({name: "ssn", "value": NUMBER} for name in ("id", "field", "label", "key", "name", "Key")),
    {"id": 7, "label": "SSN", "value": NUMBER},
    ["ssn", NUMBER],
    ["social security number", NUMBER],
)
NOT_NAMED: tuple[Any, ...] = (
    ["ssn", None, NUMBER],
    ["ssn", "", NUMBER],
    ["ssn", ["x"], NUMBER],
    ["ssn", "total", NUMBER],
    {"args": ["--limit", NUMBER]},
    {"name": "replicas", "default": NUMBER},
    {"op": "add", "path": "/spec/count", "value": NUMBER},
)


def readings(data: object) -> list[tuple[Leaf, ...]]:
    texts = (("json", json.dumps(data)), ("yaml", yaml.safe_dump(data)), ("yaml", json.dumps(data)))
    return [object_leaves(data), *(read_leaves(RawText("a", text, name)).leaves for name, text in texts)]


def counts(data: object) -> set[int]:
    raw = RawText("a", "", "json")
    return {len(list(find_personal_data(raw, leaves, SEARCH))) for leaves in readings(data)}


@pytest.mark.parametrize("data", NAMED, ids=json.dumps)
def test_a_value_is_found_beside_its_name(data: object) -> None:
    assert counts(data) == {1}


@pytest.mark.parametrize("data", NOT_NAMED, ids=json.dumps)
def test_a_name_is_of_the_next_value_alone(data: object) -> None:
    assert counts(data) == {0}
