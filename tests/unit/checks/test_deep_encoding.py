"""What is encoded again and again: opened where it is everyday, said where it is not."""

from __future__ import annotations

import base64
import json

import pytest

from gatecli.checks.personal_data import find_personal_data, search_of
from gatecli.model.finding import Finding
from gatecli.model.policy import PiiRules
from gatecli.model.text import RawText, object_leaves

RESIDENT_ID = "440308199901101512"
SERVICE_KEY = {
    "type": "service_account",
    "private_key": "-----BEGIN PRIVATE KEY-----\nMIIEvQIBADANBgkqhkiG9w0BAQEFAASC\n-----END\n",
    "client_email": "puller@acme-prod.iam.gserviceaccount.com",
    "client_x509_cert_url": "https://www.googleapis.com/x509/puller%40acme-prod.iam.gserviceaccount.com",
}


def base64_of(text: str, times: int = 1) -> str:
    for _ in range(times):
        text = base64.b64encode(text.encode()).decode()
    return text


def pull_secret(**more: str) -> str:
    key = json.dumps({**SERVICE_KEY, **more})
    login = {"username": "_json_key", "password": key, "auth": base64_of(f"_json_key:{key}")}
    return base64_of(json.dumps({"auths": {"gcr.io": login}}))


def findings(value: str, depth: int = 6) -> list[Finding]:
    leaves = object_leaves({"data": {"first": "a", "value": value, "ssn": "536-90-4399"}})
    search = search_of(PiiRules(max_decoding_depth=depth))
    return list(find_personal_data(RawText("a", "", "json"), leaves, search))


def rules_of(found: list[Finding]) -> list[str]:
    return [finding.rule.id for finding in found]


def test_a_pull_secret_is_searched_to_its_end() -> None:
    assert rules_of(findings(pull_secret())) == ["pii-us-ssn"]


def test_what_a_pull_secret_holds_is_found() -> None:
    assert "pii-cn-resident-id" in rules_of(findings(pull_secret(owner=RESIDENT_ID)))


def test_what_is_too_deep_is_a_finding_with_its_place_and_all_else_is_searched() -> None:
    deep, other = findings(base64_of(RESIDENT_ID, times=8))
    assert (deep.rule.id, deep.place.pointer, deep.rule.uncheckable) == (
        "pii-encoded-too-deeply",
        "/data/value",
        False,
    )
    assert "maxDecodingDepth" in deep.remediation
    assert other.rule.id == "pii-us-ssn"


def test_a_fingerprint_of_what_is_too_deep_is_of_these_bytes_alone() -> None:
    values = (base64_of(RESIDENT_ID, 8), base64_of(RESIDENT_ID, 8), base64_of(f"{RESIDENT_ID} ", 8))
    first, same, other = (findings(value)[0].fingerprint for value in values)
    assert first == same
    assert first != other


@pytest.mark.parametrize(("depth", "rule"), [(7, "pii-encoded-too-deeply"), (8, "pii-cn-resident-id")])
def test_the_policy_says_how_deep(depth: int, rule: str) -> None:
    assert rules_of(findings(base64_of(RESIDENT_ID, 8), depth))[0] == rule


def test_a_rest_that_can_hold_nothing_is_no_finding() -> None:
    assert rules_of(findings(base64_of("only words in here", 8), 7)) == ["pii-us-ssn"]
