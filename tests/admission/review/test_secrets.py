"""A refusal says "move it to a Secret": that Secret is let in, however it is applied."""

from __future__ import annotations

import base64
import json
from typing import Any

import pytest

from admission.review.judging import DecisionReason, Phase
from tests.support.reviews import OTHER_ID, RESIDENT_ID, decided, manifest, patched, rulebook

APPLIED = "kubectl.kubernetes.io/last-applied-configuration"
BOOK = rulebook()
STRICT = rulebook(admission={"existing": "deny"})
MASKING = rulebook(admission={"mode": "mask"})
DATA = rulebook(admission={"secrets": "data"})
Object = dict[str, Any]


def encoded(text: str) -> str:
    return base64.b64encode(text.encode()).decode()


def secret(kind: str = "Opaque", **content: Any) -> Object:
    metadata = {"name": "person", "annotations": {}}
    return {"apiVersion": "v1", "kind": "Secret", "metadata": metadata, "type": kind, **content}


def applied(obj: Object) -> Object:
    """What `kubectl apply` sends: the object with a copy of itself; `stringData` as the server stores it."""
    copy = json.dumps(obj, separators=(",", ":")) + "\n"
    annotations = {**obj["metadata"].get("annotations", {}), APPLIED: copy}
    stored = {**obj, "metadata": {**obj["metadata"], "annotations": annotations}}
    if "stringData" in stored:
        written = {key: encoded(value) for key, value in stored.pop("stringData").items()}
        stored["data"] = {**stored.get("data", {}), **written}
    return stored


def registry(auth: str) -> str:
    server = {"username": "bob", "auth": encoded(auth)}
    return json.dumps({"auths": {"https://registry.example/v1/": server}})


ORDINARY: dict[str, Object] = {
    "a value": secret(stringData={"id": RESIDENT_ID}),
    "an encoded value": secret(data={"id": encoded(RESIDENT_ID)}),
    "a file": secret(stringData={"people.csv": f"name,id\nli,{RESIDENT_ID}\n"}),
    "a registry": secret(
        "kubernetes.io/dockerconfigjson", stringData={".dockerconfigjson": registry("bob:s3cr%40t")}
    ),
    "an encoded registry": secret(
        "kubernetes.io/dockerconfigjson", data={".dockerconfigjson": encoded(registry("bob:s3cr%40t"))}
    ),
    "a registry by a key file": secret(
        "kubernetes.io/dockerconfigjson",
        data={
            ".dockerconfigjson": encoded(
                registry('_json_key:{"client": "10%40x", "private_key": "-----BEGIN\\nMIIE10\\n-----"}')
            )
        },
    ),
    "a login": secret("kubernetes.io/basic-auth", stringData={"username": "bob", "password": "10%40\\u0031"}),
}


@pytest.mark.parametrize("name", ORDINARY)
@pytest.mark.parametrize("book", [BOOK, STRICT, MASKING], ids=["deny", "strict", "mask"])
@pytest.mark.parametrize("phase", list(Phase))
def test_an_ordinary_secret_is_let_in_from_the_first_apply_on(name: str, book: Any, phase: Phase) -> None:
    obj = applied(ORDINARY[name])
    decision = decided(obj, book, phase)
    assert (decision.allowed, decision.findings, decision.patch) == (True, (), ())
    again = applied({**ORDINARY[name], "metadata": {"name": "person", "labels": {"a": "b"}}})
    assert decided(again, book, phase, operation="UPDATE", oldObject=obj).findings == ()


@pytest.mark.parametrize("name", [name for name in ORDINARY if "registry" in name or "login" in name])
def test_an_ordinary_registry_is_searched_to_its_end_where_the_policy_searches_data(name: str) -> None:
    decision = decided(applied(ORDINARY[name]), DATA)
    assert (decision.allowed, decision.incomplete) == (True, False)


def test_where_the_policy_searches_data_copy_and_data_are_one_finding() -> None:
    decision = decided(applied(ORDINARY["a value"]), DATA)
    assert [finding.place.pointer for finding in decision.findings] == ["/data/id"]
    assert "Secret, or" not in decision.message
    assert "Keep it outside the cluster" in decision.message


def test_no_message_names_a_secret_that_the_policy_would_refuse() -> None:
    assert "Move it to a Secret" in decided(manifest("Job"), BOOK).message
    message = decided(manifest("Job"), DATA).message
    assert "Move it to a Secret" not in message
    moving = rulebook(admission={"mode": "mask", "secretRef": True, "secrets": "data"})
    decision = decided(manifest("Job"), moving, Phase.MUTATING)
    assert (decision.reason, decision.secrets) == (DecisionReason.MASKED, ())


IN_METADATA: dict[str, Object] = {
    "a label": {"labels": {"owner": OTHER_ID}},
    "an annotation": {"annotations": {"owner": OTHER_ID}},
}


@pytest.mark.parametrize("place", IN_METADATA)
def test_the_metadata_of_a_secret_is_searched_and_found_once(place: str) -> None:
    obj = applied(secret(metadata={"name": "person", **IN_METADATA[place]}, stringData={"id": RESIDENT_ID}))
    (finding,) = decided(obj, BOOK).findings
    assert str(finding.place.pointer).endswith("/owner")
    assert "Remove it, or" in decided(obj, BOOK).message


def with_copy(text: str) -> Object:
    return secret(metadata={"name": "person", "annotations": {APPLIED: text}}, data={})


HIDDEN = {
    "in metadata": json.dumps({"kind": "Secret", "metadata": {"labels": {"a": RESIDENT_ID}}}),
    "beside the content": json.dumps({"kind": "Secret", "note": RESIDENT_ID}),
    "in a key that stands twice": f'{{"kind":"Secret","note":"{RESIDENT_ID}","note":"x"}}',
    "in another object": json.dumps({"kind": "ConfigMap", "data": {"a": RESIDENT_ID}}),
    "in a text": f"id {RESIDENT_ID}",
    "in broken JSON": f'{{"kind":"Secret","data":{{"a":"{RESIDENT_ID}"',
}


@pytest.mark.parametrize("place", HIDDEN)
def test_what_the_copy_holds_beside_the_content_stays_a_finding(place: str) -> None:
    decision = decided(with_copy(HIDDEN[place]), BOOK)
    assert not decision.allowed
    assert decision.message.count("kubectl.kubernetes.io~1last-applied-configuration") == 1
    assert "Remove this annotation" in decision.message


def test_masking_a_secret_s_metadata_leaves_its_content_and_masks_the_copy() -> None:
    noted = {"name": "person", "annotations": {"owner": OTHER_ID}}
    obj = applied(secret(metadata=noted, stringData={"id": RESIDENT_ID}))
    decision = decided(obj, MASKING, Phase.MUTATING)
    after = patched(obj, decision.patch)
    copy = json.loads(after["metadata"]["annotations"][APPLIED])
    mask = "*" * 16 + "39"
    assert after["metadata"]["annotations"]["owner"] == mask
    assert copy["metadata"]["annotations"]["owner"] == mask
    assert copy["stringData"] == {"id": RESIDENT_ID}
    assert after["data"] == obj["data"]
    assert decided(after, BOOK).reason is DecisionReason.CLEAN


@pytest.mark.parametrize("kind", ["ConfigMap", "Deployment", "Service"])
def test_a_copy_of_an_earlier_version_is_a_finding_with_advice_that_helps(kind: str) -> None:
    obj: Object = manifest(kind, "batch")
    obj["metadata"]["annotations"] = {APPLIED: json.dumps({"kind": kind, "data": {"id": RESIDENT_ID}})}
    decision = decided(obj, BOOK)
    assert "Remove this annotation" in decision.message
    removed = {**obj, "metadata": {"name": "etl"}}
    assert decided(removed, STRICT, operation="UPDATE", oldObject=obj).allowed
