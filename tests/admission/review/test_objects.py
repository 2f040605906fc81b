"""Every kind, as the API server sends it: what is searched of it, and what passes by rule."""

from __future__ import annotations

import base64
from typing import Any

import pytest

from admission.review.judging import DecisionReason
from admission.review.objects import KINDS
from tests.support.reviews import RESIDENT_ID, decided, manifest, rulebook

BOOK = rulebook(admission={"existing": "deny"})

POINTERS = {
    "Pod": "/spec",
    "EphemeralContainers": "",
    "PodTemplate": "/template/spec",
    "ReplicationController": "/spec/template/spec",
    "Deployment": "/spec/template/spec",
    "StatefulSet": "/spec/template/spec",
    "DaemonSet": "/spec/template/spec",
    "ReplicaSet": "/spec/template/spec",
    "Job": "/spec/template/spec",
    "CronJob": "/spec/jobTemplate/spec/template/spec",
    "Rollout": "/spec/template/spec",
}


@pytest.mark.parametrize("kind", POINTERS)
def test_a_resident_id_in_any_workload_is_refused_where_it_stands(kind: str) -> None:
    decision = decided(manifest(kind), BOOK)
    containers = "ephemeralContainers" if kind == "EphemeralContainers" else "containers"
    assert not decision.allowed
    assert [finding.place.pointer for finding in decision.findings] == [
        f"{POINTERS[kind]}/{containers}/0/env/1/value"
    ]


@pytest.mark.parametrize("kind", POINTERS)
def test_a_clean_workload_is_allowed_after_a_search(kind: str) -> None:
    decision = decided(manifest(kind, "batch"), BOOK)
    assert (decision.allowed, decision.reason) == (True, DecisionReason.CLEAN)
    assert decision.scanned_bytes > 0


@pytest.mark.parametrize("kind", [kind for _, kind in KINDS])
@pytest.mark.parametrize("part", ["labels", "annotations"])
def test_labels_and_annotations_of_every_kind_are_searched(kind: str, part: str) -> None:
    obj = {"apiVersion": "v1", "kind": kind, "metadata": {"name": "a", part: {"owner": RESIDENT_ID}}}
    assert not decided(obj, BOOK).allowed


def config_map(**content: Any) -> dict[str, Any]:
    return {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "settings"}, **content}


def secret(**content: Any) -> dict[str, Any]:
    return {"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "person"}, **content}


ENCODED = base64.b64encode(RESIDENT_ID.encode()).decode()


@pytest.mark.parametrize(
    "content",
    [
        {"data": {"note": f"a customer {RESIDENT_ID}"}},
        {"data": {"people.json": f'[{{"id": "{RESIDENT_ID}"}}]'}},
        {"binaryData": {"people": ENCODED}},
        {"data": {RESIDENT_ID: "as a key"}},
    ],
)
def test_a_config_map_is_searched_in_data_and_binary_data(content: dict[str, Any]) -> None:
    assert not decided(config_map(**content), BOOK).allowed


@pytest.mark.parametrize(
    ("secrets", "content", "allowed", "reason"),
    [
        ("metadata", {"data": {"id": ENCODED}}, True, DecisionReason.CLEAN),
        ("metadata", {"stringData": {"id": RESIDENT_ID}}, True, DecisionReason.CLEAN),
        (
            "metadata",
            {"metadata": {"name": "a", "labels": {"id": RESIDENT_ID}}},
            False,
            DecisionReason.DENIED,
        ),
        ("data", {"data": {"id": ENCODED}}, False, DecisionReason.DENIED),
        (
            "ignore",
            {"metadata": {"name": "a", "labels": {"id": RESIDENT_ID}}},
            True,
            DecisionReason.NOT_APPLICABLE,
        ),
    ],
)
def test_of_a_secret_the_policy_s_part_is_searched(
    secrets: str, content: dict[str, Any], reason: DecisionReason, *, allowed: bool
) -> None:
    decision = decided(secret(**content), rulebook(admission={"secrets": secrets}))
    assert (decision.allowed, decision.reason) == (allowed, reason)


def test_a_custom_resource_is_searched_whole() -> None:
    obj = {
        "apiVersion": "sparkoperator.k8s.io/v1beta2",
        "kind": "SparkApplication",
        "metadata": {"name": "a"},
        "spec": {"arguments": ["--customer", RESIDENT_ID]},
    }
    (finding,) = decided(obj, BOOK).findings
    assert finding.place.pointer == "/spec/arguments/1"


def test_a_kind_named_secret_of_another_group_is_searched_whole() -> None:
    obj = {**secret(data={"id": ENCODED}), "apiVersion": "vault.example/v1"}
    assert not decided(obj, BOOK).allowed


def test_a_status_is_not_searched() -> None:
    obj = {**manifest("Pod", "batch"), "status": {"message": RESIDENT_ID}}
    assert decided(obj, BOOK).allowed


def test_field_managers_are_searched_and_their_sets_are_not() -> None:
    entry = {"manager": "kubectl", "fieldsV1": {f"f:{RESIDENT_ID}": {}}}
    obj = manifest("Pod", "batch")
    obj["metadata"]["managedFields"] = [entry]
    assert decided(obj, BOOK).allowed
    entry["manager"] = RESIDENT_ID
    assert not decided(obj, BOOK).allowed


def test_managed_fields_of_a_wrong_type_are_searched() -> None:
    obj = manifest("Pod", "batch")
    obj["metadata"]["managedFields"] = RESIDENT_ID
    assert not decided(obj, BOOK).allowed


APPLIED = "kubectl.kubernetes.io/last-applied-configuration"


def test_what_kubectl_repeats_in_its_annotation_is_reported_once() -> None:
    obj = manifest("Job")
    obj["metadata"]["annotations"] = {APPLIED: f'{{"value":"{RESIDENT_ID}"}}'}
    assert len(decided(obj, BOOK).findings) == 1


def test_what_stands_in_the_annotation_alone_is_reported_there() -> None:
    obj = manifest("Job", "batch")
    obj["metadata"]["annotations"] = {APPLIED: f'{{"value":"{RESIDENT_ID}"}}'}
    (finding,) = decided(obj, BOOK).findings
    assert finding.place.pointer == "/metadata/annotations/kubectl.kubernetes.io~1last-applied-configuration"


def test_a_deletion_and_a_connection_pass_and_say_why() -> None:
    obj = manifest("Pod")
    gone = decided(obj, BOOK, operation="DELETE", object=None, oldObject=obj)
    connected = decided({**obj, "kind": "PodExecOptions"}, BOOK, operation="CONNECT")
    assert {gone.reason, connected.reason} == {DecisionReason.NOT_APPLICABLE}
    assert (gone.why, connected.why) == ("a deletion adds nothing", "a connection is not an object")


def updated(old: dict[str, Any], new: dict[str, Any], **fields: Any) -> Any:
    return decided(new, BOOK, operation="UPDATE", oldObject=old, **fields)


def with_metadata(obj: dict[str, Any], **metadata: Any) -> dict[str, Any]:
    return {**obj, "metadata": {**obj["metadata"], **metadata}}


def test_an_update_of_the_status_alone_passes() -> None:
    old = manifest("Pod")
    new = with_metadata({**old, "status": {"phase": "Running"}}, resourceVersion="2", generation=3)
    assert updated(old, new).reason is DecisionReason.NOT_APPLICABLE
    assert updated(old, new, subResource="status").reason is DecisionReason.NOT_APPLICABLE


def test_an_annotation_that_is_written_through_the_status_is_searched() -> None:
    old = manifest("Pod", "batch")
    new = with_metadata(old, annotations={"note": RESIDENT_ID})
    assert not updated(old, new, subResource="status").allowed


def test_finalizers_are_removed_on_the_way_out_only() -> None:
    old = with_metadata(manifest("Pod"), finalizers=["a/b"])
    going = with_metadata(old, deletionTimestamp="2026-01-01T00:00:00Z")
    assert updated(going, with_metadata(going, finalizers=[])).reason is DecisionReason.NOT_APPLICABLE
    assert not updated(old, with_metadata(old, finalizers=[])).allowed


def test_a_change_on_the_way_out_is_searched() -> None:
    going = with_metadata(manifest("Pod", "batch"), deletionTimestamp="2026-01-01T00:00:00Z")
    assert not updated(going, with_metadata(going, annotations={"note": RESIDENT_ID})).allowed


def test_a_deletion_that_the_new_object_alone_claims_is_none() -> None:
    old = with_metadata(manifest("Pod"), finalizers=["a/b"])
    new = with_metadata(old, deletionTimestamp="2026-01-01T00:00:00Z", finalizers=[])
    assert not updated(old, new).allowed


def test_a_name_that_is_generated_keeps_subject_and_fingerprint() -> None:
    prints = set()
    for name in ({"generateName": "etl-"}, {"generateName": "etl-", "name": "etl-x7k2p"}):
        (finding,) = decided({**manifest("Pod"), "metadata": name}, BOOK).findings
        assert finding.subject == "Pod/etl-"
        prints.add(finding.fingerprint)
    assert len(prints) == 1


def test_a_name_that_was_not_generated_is_not_taken_for_one() -> None:
    (finding,) = decided(
        {**manifest("Pod"), "metadata": {"generateName": "web-", "name": "etl"}}, BOOK
    ).findings
    assert finding.subject == "Pod/etl"
