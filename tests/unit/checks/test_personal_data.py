"""What a finding says about personal data, and what it must not."""

from __future__ import annotations

import base64
import json
from typing import Any

import pytest

from gatecli.checks.personal_data import find_hidden, find_personal_data, search_of
from gatecli.model.finding import Finding
from gatecli.model.policy import PiiRules
from gatecli.model.text import RawText, object_leaves

# Valid by construction and of nobody.
RESIDENT_ID = "440308199901101512"
OTHER_ID = "440308199901101539"
ENDS_ALIKE = "430102197610023112"
SSN = "536-90-4399"
RAW = RawText("object", "", "json")


def still() -> float:
    return 0.0


SEARCH = search_of(PiiRules())


def findings(data: Any) -> list[Finding]:
    return list(find_personal_data(RAW, object_leaves(data), SEARCH))


def config(name: str = "a", /, **data: Any) -> dict[str, Any]:
    return {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": name}, "data": data}


@pytest.mark.parametrize(
    "data",
    [
        config(**{RESIDENT_ID: "x"}),
        config(**{f"id-{RESIDENT_ID}": {"ssn": SSN}}),
        config(a=json.dumps({RESIDENT_ID: SSN})),
        config(a=base64.b64encode(json.dumps({RESIDENT_ID: {"ssn": SSN}}).encode()).decode()),
        config(a=json.dumps({"k" * 280: {RESIDENT_ID: {"ssn": SSN}}})),
        config(RESIDENT_ID, ssn=SSN),
        {"kind": "Job", "metadata": {"generateName": f"{RESIDENT_ID}-"}, "ssn": SSN},
    ],
)
def test_no_place_subject_or_way_names_a_value(data: Any) -> None:
    found = findings(data)
    assert found
    assert RESIDENT_ID not in repr(found)
    assert SSN not in repr(found)


def test_a_key_that_holds_a_value_is_masked_in_its_place() -> None:
    (found,) = findings(config(**{f"id-{RESIDENT_ID}": "x"}))
    assert found.place.pointer == "/data/id-" + "*" * 16 + "12"


def test_a_fingerprint_does_not_tell_the_key_that_holds_a_value() -> None:
    one, other = (findings(config(**{key: {"ssn": SSN}})) for key in (RESIDENT_ID, ENDS_ALIKE))
    prints = [{found.rule.id: found.fingerprint for found in each} for each in (one, other)]
    assert prints[0]["pii-us-ssn"] == prints[1]["pii-us-ssn"]


def test_a_way_that_is_long_is_cut() -> None:
    (found,) = findings(config(a=json.dumps({"k" * 10_000: {"ssn": SSN}})))
    assert len(found.message) < 600


@pytest.mark.parametrize(
    ("metadata", "subject"),
    [
        ({"name": "etl"}, "Job/etl"),
        ({"generateName": "etl-"}, "Job/etl-"),
        ({"generateName": "etl-", "name": "etl-x7k2p"}, "Job/etl-"),
        ({"generateName": "web-", "name": "etl"}, "Job/etl"),
        ({}, "object"),
    ],
)
def test_the_subject_is_the_name_or_what_it_is_generated_from(metadata: Any, subject: str) -> None:
    (found,) = findings({"kind": "Job", "metadata": metadata, "spec": {"id": RESIDENT_ID}})
    assert found.subject == subject


def test_each_finding_comes_with_what_it_is_about() -> None:
    pairs = list(find_hidden(RAW, object_leaves(config(a=RESIDENT_ID, b=OTHER_ID)), SEARCH))
    assert [hidden.leaf.text for _, hidden in pairs if hidden is not None] == [RESIDENT_ID, OTHER_ID]
