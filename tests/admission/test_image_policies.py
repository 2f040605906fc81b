"""Rules of Kyverno and Sigstore's policy-controller: of the published form, and true of our predicate."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest
import yaml
from jsonschema import Draft202012Validator

from gatecli.model.attestation import PRIVACY_RELEASE, Claim, PolicyDigest
from gatecli.model.strict_data import data_of
from tests.support.attestations import predicate

ROOT = Path(__file__).resolve().parents[2]
FOLDER = ROOT / "examples" / "attestation-policies"
PUBLISHED = json.loads((Path(__file__).parent / "published_image_policies.json").read_text("utf-8"))
"""The schemas of their definitions as far as our files go into them, without descriptions."""
FILES = sorted(path.name for path in FOLDER.glob("*.yaml"))

STATED: Mapping[str, tuple[bool, dict[str, Any]]] = {
    "holds": (True, {}),
    "failed": (False, {"verdict": "fail"}),
    "above": (False, {"claim": Claim("2.5000001", 2_500_001, "1e-5")}),
    "nothing promised": (False, {"claim": None}),
    "another policy": (False, {"policy": PolicyDigest("other", "b" * 64)}),
}
CASES = pytest.mark.parametrize(("holds", "changes"), list(STATED.values()), ids=list(STATED))


def policy(name: str) -> Any:
    return yaml.safe_load((FOLDER / name).read_text("utf-8"))


def closed(schema: Any) -> Any:
    """A schema as an API server reads it in a strict mode: no key but those that are named."""
    if isinstance(schema, list):
        return [closed(each) for each in schema]
    if not isinstance(schema, dict):
        return schema
    inner = {key: closed(value) for key, value in schema.items()}
    if "properties" in schema and not schema.get("x-kubernetes-preserve-unknown-fields"):
        inner.setdefault("additionalProperties", False)
    return inner


def faults(name: str, document: Any) -> list[str]:
    published = PUBLISHED[name]["schema"]
    always: dict[str, Any] = {"apiVersion": {}, "kind": {}, "metadata": {}}
    schema = {**published, "properties": {**always, **published["properties"]}}
    head = {key: document[key] for key in ("kind", "apiVersion")}
    found = [each.message for each in Draft202012Validator(closed(schema)).iter_errors(document)]
    return found + ([] if head == {key: PUBLISHED[name][key] for key in head} else ["another kind"])


def test_every_file_has_a_published_form() -> None:
    assert sorted(PUBLISHED) == FILES


@pytest.mark.parametrize("name", FILES)
def test_a_file_is_of_the_published_form(name: str) -> None:
    assert faults(name, policy(name)) == []


@pytest.mark.parametrize("name", FILES)
def test_another_form_is_seen(name: str) -> None:
    document = policy(name)
    assert faults(name, {**document, "spec": {**document["spec"], "unknown": 1}})
    assert faults(name, {**document, "apiVersion": "v0"})


@pytest.mark.parametrize("name", FILES)
def test_a_file_asks_for_our_predicate_and_denies(name: str) -> None:
    text = (FOLDER / name).read_text("utf-8")
    assert PRIVACY_RELEASE in text
    assert re.search(r"failureAction: Enforce|validationActions: \[Deny\]|mode: enforce", text)


def stated(changes: dict[str, Any]) -> Any:
    """The predicate as a JSON reader gives it."""
    return json.loads(json.dumps(data_of(predicate(**changes))))


OPERATORS: Mapping[str, Callable[[Any, Any], bool]] = {
    "Equals": lambda one, other: one == other,
    "AnyIn": lambda one, other: one in other,
    "LessThanOrEquals": lambda one, other: one is not None and one <= other,
}


@CASES
def test_the_conditions_of_a_cluster_policy(*, holds: bool, changes: dict[str, Any]) -> None:
    (rule,) = policy("kyverno-cluster-policy.yaml")["spec"]["rules"]
    (attestation,) = rule["verifyImages"][0]["attestations"]
    (conditions,) = attestation["conditions"]

    def value_at(path: str) -> Any:
        found = stated(changes)
        for key in path.strip("{} ").split("."):
            found = found.get(key) if isinstance(found, dict) else None
        return found

    held = [OPERATORS[each["operator"]](value_at(each["key"]), each["value"]) for each in conditions["all"]]
    assert all(held) == holds


@CASES
def test_the_expressions_of_an_image_validating_policy(*, holds: bool, changes: dict[str, Any]) -> None:
    import cel  # noqa: PLC0415 - a peer that not everybody has

    spec = policy("kyverno-image-validating-policy.yaml")["spec"]
    signed, *others = (each["expression"] for each in spec["validations"])
    assert "verifyAttestationSignatures(image, attestations.privacy, [attestors.release])" in signed
    context = {"variables": {"released": [stated(changes)]}}
    assert all(cel.evaluate(each, context) for each in others) == holds


@CASES
def test_the_rego_of_a_cluster_image_policy(*, holds: bool, changes: dict[str, Any]) -> None:
    from regopy import Interpreter  # noqa: PLC0415 - a peer that not everybody has

    (authority,) = policy("policy-controller.yaml")["spec"]["authorities"]
    (attestation,) = authority["attestations"]
    interpreter = Interpreter()
    interpreter.add_module("policy", attestation["policy"]["data"])
    interpreter.set_input({"predicateType": PRIVACY_RELEASE, "predicate": stated(changes)})
    assert ("true" in str(interpreter.query("data.sigstore.isCompliant"))) == holds
