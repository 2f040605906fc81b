"""One object that exists: the webhook's findings, each once, whoever owns it."""

from __future__ import annotations

import json
from typing import Any

import pytest

from admission.review.enforcement import Act
from admission.review.judging import DecisionReason
from admission.review.rulebook import Rulebook
from admission.scan.judgement import ObjectResult, ScanContext, look
from admission.scan.kinds import KINDS, SECRET, Kind
from gatecli.model.waiver import PlacedWaiver
from tests.support.attestations import ed25519
from tests.support.reviews import (
    OTHER_ID,
    RESIDENT_ID,
    TODAY,
    decided,
    manifest,
    rulebook,
    still,
    waiver,
)
from tests.support.scans import BY_NAME, config_map, item, owned_by
from tests.support.served_models import deployment, serving_book

RULE = "pii-cn-resident-id"


def scan_context(*waivers: PlacedWaiver, **spec: Any) -> ScanContext:
    return ScanContext(rulebook(*waivers, **spec), TODAY, still)


def looked(obj: dict[str, Any], kind: str, at: ScanContext | None = None) -> ObjectResult:
    known = BY_NAME[kind]
    return look(obj, known, known.versions[0], at or scan_context())


def rules(seen: ObjectResult) -> list[str]:
    return [one.finding.rule.id for one in seen.found]


@pytest.mark.parametrize(
    "kind", [kind.name for kind in KINDS if kind.name not in {"ConfigMap", "Service", "Secret"}]
)
def test_an_item_of_a_list_has_the_findings_of_its_creation(kind: str) -> None:
    (one,) = looked(item(kind), kind).found
    (finding,) = decided(manifest(kind), rulebook()).findings
    assert (one.finding.fingerprint, one.finding.message) == (finding.fingerprint, finding.message)
    assert one.act is Act.DENY
    assert one.finding.place.path == f"team-a/{kind}/etl"


def test_a_clean_object_has_none() -> None:
    assert looked(config_map(value="x"), "ConfigMap") == ObjectResult("team-a", DecisionReason.CLEAN)


def test_what_the_policy_exempts_is_not_judged() -> None:
    exempting = scan_context(admission={"namespaces": {"team-*": {"exempt": True, "reason": "r"}}})
    assert looked(config_map(), "ConfigMap", exempting).reason is DecisionReason.EXEMPT


def test_a_secret_is_one_though_its_metadata_alone_was_sent() -> None:
    partial = {"apiVersion": "meta.k8s.io/v1", "kind": "PartialObjectMetadata"}
    metadata = {"name": "s", "namespace": "team-a", "annotations": {"owner": RESIDENT_ID}}
    seen = look({**partial, "metadata": metadata}, SECRET, "v1", scan_context())
    assert seen.found[0].finding.subject == "Secret/s"


def test_the_copy_of_its_data_that_kubectl_keeps_is_the_secret_s_data_and_not_its_metadata() -> None:
    applied = "kubectl.kubernetes.io/last-applied-configuration"
    copy = {"apiVersion": "v1", "kind": "Secret", "stringData": {"id": RESIDENT_ID}}
    metadata: dict[str, Any] = {"name": "s", "namespace": "team-a"}
    metadata["annotations"] = {applied: json.dumps(copy)}
    assert look({"metadata": metadata}, SECRET, "v1", scan_context()).found == ()
    metadata["annotations"] = {applied: json.dumps({**copy, "metadata": {"labels": {"id": RESIDENT_ID}}})}
    assert len(look({"metadata": metadata}, SECRET, "v1", scan_context()).found) == 1


HASH = {"pod-template-hash": "5d4"}


def family(at: ScanContext, pod: dict[str, Any], replica_set: str = RESIDENT_ID) -> list[ObjectResult]:
    """A Deployment, its ReplicaSet and a Pod, in the order in which a pass meets them."""
    owned = owned_by("Deployment", "web")
    return [
        looked(item("Deployment", name="web"), "Deployment", at),
        looked(
            item("ReplicaSet", replica_set, name="web-5d4", ownerReferences=owned, labels=HASH),
            "ReplicaSet",
            at,
        ),
        looked(pod, "Pod", at),
    ]


def pod(value: str = RESIDENT_ID, owner: str = "") -> dict[str, Any]:
    owned = owned_by("ReplicaSet", "web-5d4", owner)
    return item("Pod", value, name="web-5d4-x", generateName="web-5d4-", ownerReferences=owned, labels=HASH)


def test_what_a_controller_copied_is_told_of_the_owner_alone() -> None:
    assert [(len(seen.found), seen.copies) for seen in family(scan_context(), pod())] == [
        (1, 0),
        (0, 1),
        (0, 1),
    ]


def test_what_only_the_pod_holds_is_told_of_the_pod() -> None:
    *_, seen = family(scan_context(), pod(OTHER_ID))
    assert rules(seen) == [RULE]
    assert seen.found[0].finding.place.path == "team-a/Pod/web-5d4-x"


def test_an_owner_that_does_not_exist_excuses_nothing() -> None:
    *_, seen = family(scan_context(), pod(owner="invented"))
    assert (rules(seen), seen.copies) == ([RULE], 0)


def test_a_revision_that_is_no_longer_the_owner_s_is_told() -> None:
    _, old, _ = family(scan_context(), pod(), replica_set=OTHER_ID)
    assert rules(old) == [RULE]


def test_a_waiver_of_the_owner_reaches_its_pods_and_is_told_once() -> None:
    owner, *copies = family(scan_context(waiver(subject="Deployment/web")), pod())
    assert [one.finding.suppressed is not None for one in owner.found] == [True]
    assert [(seen.found, seen.copies) for seen in copies] == [((), 1), ((), 1)]


def test_a_waiver_by_fingerprint_reaches_no_other_value() -> None:
    (finding,) = decided(manifest("Deployment", name="web"), rulebook()).findings
    *_, seen = family(scan_context(waiver(fingerprint=finding.fingerprint)), pod(OTHER_ID))
    assert [one.finding.suppressed for one in seen.found] == [None]


def test_a_waiver_of_an_invented_owner_forgives_nothing() -> None:
    *_, seen = family(scan_context(waiver(subject="Deployment/web")), pod(owner="invented"))
    assert [one.finding.suppressed for one in seen.found] == [None]


def test_a_name_that_is_personal_data_is_masked_everywhere() -> None:
    seen = looked(config_map(f"of-{RESIDENT_ID}", "x"), "ConfigMap")
    assert seen.found
    assert RESIDENT_ID not in repr(seen)
    assert seen.found[0].about is not None
    assert seen.found[0].about.is_masked


def deep(levels: int) -> Any:
    made: Any = RESIDENT_ID
    for _ in range(levels):
        made = {"a": made}
    return made


@pytest.mark.parametrize(
    "obj",
    [
        {**config_map(value="x"), "more": deep(300)},
        {"metadata": None},
        {"metadata": {"name": 1, "namespace": ["x"], "ownerReferences": {"a": 1}}, "data": None},
        {},
    ],
    ids=["deep", "no metadata", "odd metadata", "nothing"],
)
def test_nothing_malformed_ends_the_scan_or_passes_unsearched(obj: dict[str, Any]) -> None:
    seen = looked(obj, "ConfigMap")
    assert seen.reason in {DecisionReason.INCOMPLETE, DecisionReason.CLEAN}
    if seen.reason is DecisionReason.INCOMPLETE:
        assert rules(seen) == ["pii-scan-incomplete"]
        assert seen.found[0].finding.rule.uncheckable


def test_a_search_that_runs_out_of_time_is_uncheckable_and_says_of_what() -> None:
    clock = iter(range(0, 10_000, 5))
    book: Rulebook = rulebook()
    late = ScanContext(book, TODAY, lambda: float(next(clock)))
    seen = look(config_map(), BY_NAME["ConfigMap"], "v1", late)
    assert [(one.finding.rule.id, one.finding.subject) for one in seen.found] == [
        ("pii-scan-incomplete", "ConfigMap/notes")
    ]


def test_a_custom_kind_is_searched_whole() -> None:
    kind = Kind("Rollout", "argoproj.io", "rollouts", ("v1alpha1",))
    seen = look(
        {"metadata": {"name": "r", "namespace": "n"}, "spec": {"note": RESIDENT_ID}},
        kind,
        "v1alpha1",
        scan_context(),
    )
    assert seen.found[0].finding.subject == "Rollout/r"


def test_the_mode_is_that_of_the_namespace() -> None:
    seen = looked(
        config_map(), "ConfigMap", scan_context(admission={"namespaces": {"team-a": {"mode": "audit"}}})
    )
    assert [one.act for one in seen.found] == [Act.AUDIT]


def test_an_ephemeral_container_is_not_what_a_controller_copied() -> None:
    """It was let in while no webhook stood there: no owner holds it, so the Pod is asked itself."""
    workloads = {"beside": ["docker.io/library/busybox:*"]}
    at = ScanContext(serving_book(ed25519(), workloads=workloads), TODAY, still)
    made = deployment("registry.example.org/churn:1")
    metadata = {**made["metadata"], "uid": "1"}
    owner = {**made, "kind": "ReplicaSet", "metadata": metadata}
    assert rules(looked(owner, "ReplicaSet", at)) == ["release-unattested-workload"]

    def seen(*images: str) -> list[str]:
        guests = [{"name": f"g{number}", "image": image} for number, image in enumerate(images)]
        reference = {
            "apiVersion": "apps/v1",
            "kind": "ReplicaSet",
            "name": "churn",
            "uid": "1",
            "controller": True,
        }
        pod = {"metadata": {**metadata, "uid": "2", "ownerReferences": [reference]}}
        pod["spec"] = {**made["spec"]["template"]["spec"], "ephemeralContainers": guests}
        return rules(looked(pod, "Pod", at))

    assert seen() == []
    assert seen("docker.io/library/busybox:1.37") == []
    assert seen("docker.io/library/busybox:1.37", "vllm/vllm-openai:v0.9") == ["release-unattested-workload"]
