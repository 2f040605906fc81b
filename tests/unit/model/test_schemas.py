"""The published schemas say what the reader accepts, and are current."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from gatecli.model.schemas import DESCRIPTIONS, schemas
from gatecli.sources.yaml_text import read_yaml

SCHEMAS = schemas()
PUBLISHED = Path(__file__).resolve().parents[3] / "docs" / "schemas"

RELEASE = """
apiVersion: gatecli.dev/v1
kind: ModelRelease
metadata: {name: churn-classifier, version: 2.3.0, owner: ml-platform}
spec:
  sensitivity: behavioural
  artifacts: [{path: model.safetensors, sha256: DIGEST}]
  privacy:
    unit: person
    neighbouring: add-remove
    epsilon: 2.5
    delta: 1.0e-5
    mechanisms:
      - {kind: dp-sgd, noiseMultiplier: 1.1, samplingRate: 0.00426667, steps: 14040, clippingNorm: 1.0}
      - {kind: laplace, sensitivity: 1, scale: "10", count: 3}
    evidence: [{format: opacus, path: accountant.json}]
  datasets:
    - name: customers-2026
      records: 60000
      anonymity:
        {path: customers.parquet, quasiIdentifiers: [age, zip], sensitive: [diagnosis], k: 10, l: 3, t: 0.3}
""".replace("DIGEST", "0123456789abcdef" * 4)
POLICY = """
apiVersion: gatecli.dev/v1
kind: PrivacyPolicy
metadata: {name: acme}
spec:
  extends: default
  tiers:
    health: {maxEpsilon: 0.5, maxDelta: 1.0e-8, minK: 10, minL: 3, maxT: 0.3}
  release: {requireEvidence: true}
  anonymity: {missing: own-value}
  pii:
    packs: [generic, cn, us, eu]
    entities: {CN_RESIDENT_ID: deny, EMAIL_ADDRESS: warn}
    timeBudget: 2s
  severities: {dp-overstated-epsilon: warning}
"""
WAIVER = """
apiVersion: gatecli.dev/v1
kind: PrivacyWaiver
metadata: {name: legacy-churn}
spec:
  rule: dp-epsilon-over-tier
  subject: churn-classifier@2.3.0
  reason: retrained under the new tier by the first quarter
  owner: ml-platform
  expires: 2027-03-31
"""


def validate(text: str) -> list[str]:
    """What the schema of the text's kind says against it."""
    (document,) = read_yaml("a.yaml", text)
    data: Any = json.loads(json.dumps(document.data, default=float))
    return [error.message for error in Draft202012Validator(SCHEMAS[data["kind"]]).iter_errors(data)]


def definitions(schema: dict[str, Any]) -> dict[str, Any]:
    return {schema["title"]: schema, **schema["$defs"]}


@pytest.mark.parametrize("name", SCHEMAS)
def test_the_published_schema_is_current(name: str) -> None:
    assert json.loads((PUBLISHED / f"{name}.json").read_text("utf-8")) == SCHEMAS[name], "run make generated"


@pytest.mark.parametrize("name", SCHEMAS)
def test_a_schema_is_one(name: str) -> None:
    Draft202012Validator.check_schema(SCHEMAS[name])


@pytest.mark.parametrize("text", [RELEASE, POLICY, WAIVER], ids=["release", "policy", "waiver"])
def test_the_documented_examples_are_valid(text: str) -> None:
    assert validate(text) == []


@pytest.mark.parametrize("text", [RELEASE, POLICY, WAIVER], ids=["release", "policy", "waiver"])
@pytest.mark.parametrize("block", ["metadata: {", "spec:\n"])
def test_an_unknown_key_is_invalid(text: str, block: str) -> None:
    wrong = block + ("unknown: 1, " if block.endswith("{") else "  unknown: 1\n")
    assert validate(text.replace(block, wrong)) != []


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("kind: laplace, ", ""),
        ("kind: laplace", "kind: laplac"),
        ("epsilon: 2.5", "epsilon: true"),
        ("epsilon: 2.5", "epsilon: lots"),
        ("steps: 14040", "steps: 0"),
        ("version: 2.3.0, ", ""),
        ("apiVersion: gatecli.dev/v1", "apiVersion: gatecli.dev/v2"),
    ],
)
def test_what_the_reader_refuses_the_schema_refuses(old: str, new: str) -> None:
    assert validate(RELEASE.replace(old, new)) != []


@pytest.mark.parametrize(
    ("old", "new"),
    [("version: 2.3.0", "version: 2.3"), ("epsilon: 2.5", 'epsilon: "1/3"'), ("unit: person", "unit:")],
)
def test_what_the_reader_accepts_the_schema_accepts(old: str, new: str) -> None:
    assert validate(RELEASE.replace(old, new)) == []


def test_every_description_describes_a_key() -> None:
    known = {
        f"{name}.{key}"
        for schema in SCHEMAS.values()
        for name, node in definitions(schema).items()
        for key in node.get("properties", {})
    }
    assert set(DESCRIPTIONS) - known == set()
