"""What a policy makes of a finding: modes, namespaces, entities, waivers, and what was there before."""

from __future__ import annotations

import base64
import itertools
from typing import Any

import pytest
from pydantic import ValidationError

from admission.review.judging import DecisionReason, Phase, judge
from admission.review.owner_references import CONTROLLERS
from admission.review.rulebook import rulebook_of
from tests.support.reviews import (
    KEY,
    OTHER_ID,
    RESIDENT_ID,
    SSN,
    TODAY,
    decided,
    judged,
    manifest,
    policy_of,
    request_for,
    rulebook,
    waiver,
)

JOB = manifest("Job")
RESIDENT = {"CN_RESIDENT_ID": "deny"}


@pytest.mark.parametrize(
    ("mode", "outcome"),
    [
        ("deny", (False, DecisionReason.DENIED, 0)),
        ("warn", (True, DecisionReason.WARNED, 1)),
        ("audit", (True, DecisionReason.AUDITED, 0)),
        ("mask", (False, DecisionReason.DENIED, 1)),
    ],
)
def test_the_mode_decides_what_a_finding_leads_to(
    mode: str, outcome: tuple[bool, DecisionReason, int]
) -> None:
    decision = decided(JOB, rulebook(admission={"mode": mode}))
    assert (decision.allowed, decision.reason, len(decision.warnings)) == outcome
    assert len(decision.findings) == 1


@pytest.mark.parametrize(
    ("action", "outcome"),
    [
        ("deny", (False, "error")),
        ("mask", (False, "error")),
        ("warn", (True, "warning")),
        ("audit", (True, "note")),
    ],
)
def test_the_entity_s_action_decides_with_the_severity_of_the_command_line(
    action: str, outcome: tuple[bool, str]
) -> None:
    decision = decided(JOB, rulebook(pii={"entities": {"CN_RESIDENT_ID": action}}))
    (finding,) = decision.findings
    assert (decision.allowed, finding.severity.value) == outcome


def test_an_entity_that_is_ignored_is_not_looked_for() -> None:
    assert decided(JOB, rulebook(pii={"entities": {"CN_RESIDENT_ID": "ignore"}})).findings == ()


def test_an_entity_that_is_expressly_denied_is_not_masked() -> None:
    book = rulebook(pii={"entities": RESIDENT}, admission={"mode": "mask"})
    assert not decided(JOB, book, Phase.MUTATING).allowed


def test_the_worst_finding_decides() -> None:
    obj = manifest("Job", f"{RESIDENT_ID} mail carol.sparrow@corporation.io")
    decision = decided(obj, rulebook())
    assert not decision.allowed
    assert [finding.severity.value for finding in decision.findings] == ["error", "warning"]
    assert len(decision.warnings) == 1


def test_a_severity_of_the_policy_counts() -> None:
    assert (
        decided(JOB, rulebook(severities={"pii-cn-resident-id": "warning"})).reason is DecisionReason.WARNED
    )


def test_a_published_test_value_is_let_in() -> None:
    assert decided(manifest("Job", "078-05-1120", variable="SSN"), rulebook()).allowed


NAMESPACES = {
    "team-*": {"mode": "warn"},
    "team-prod-*": {"mode": "deny"},
    "team-b": {"mode": "audit"},
    "team-c": {"exempt": True, "reason": "a sandbox without people"},
    "team-d": {"entities": {"CN_RESIDENT_ID": "audit"}},
}


@pytest.mark.parametrize(
    ("namespace", "reason"),
    [
        ("team-a", DecisionReason.WARNED),
        ("team-prod-1", DecisionReason.DENIED),
        ("team-b", DecisionReason.AUDITED),
        ("team-c", DecisionReason.EXEMPT),
        ("team-d", DecisionReason.AUDITED),
        ("other", DecisionReason.DENIED),
        ("", DecisionReason.DENIED),
    ],
)
def test_a_namespace_has_its_own_rules_by_name_then_by_the_longest_pattern(
    namespace: str, reason: DecisionReason
) -> None:
    book = rulebook(admission={"namespaces": NAMESPACES})
    assert decided(JOB, book, namespace=namespace).reason is reason


def test_an_exempt_namespace_says_why_and_searches_nothing() -> None:
    decision = decided(JOB, rulebook(admission={"namespaces": NAMESPACES}), namespace="team-c")
    assert (decision.why, decision.scanned_bytes) == ("a sandbox without people", 0)


def test_no_label_or_annotation_exempts_anything() -> None:
    obj = manifest("Job")
    obj["metadata"]["labels"] = {"gatecli.dev/exempt": "true", "admission.gatecli.dev/ignore": "true"}
    obj["metadata"]["annotations"] = {"gatecli.dev/allow": "pii-cn-resident-id"}
    assert not decided(obj, rulebook()).allowed


def test_a_comment_that_forgives_a_line_of_a_file_is_none_in_the_cluster() -> None:
    text = f"ssn: {SSN}  # gatecli: allow pii-us-ssn -- mine until 2099-01-31"
    obj = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "a"}, "data": {"note": text}}
    assert not decided(obj, rulebook()).allowed


def fingerprint() -> str:
    return decided(JOB, rulebook()).findings[0].fingerprint


@pytest.mark.parametrize("by", ["subject", "fingerprint"])
def test_a_waiver_is_honoured_and_kept_in_the_findings(by: str) -> None:
    target: dict[str, Any] = {"subject": "Job/etl"} if by == "subject" else {"fingerprint": fingerprint()}
    decision = decided(JOB, rulebook(waiver(**target)))
    (finding,) = decision.findings
    assert (decision.allowed, decision.reason) == (True, DecisionReason.SUPPRESSED)
    assert finding.suppressed is not None


@pytest.mark.parametrize("days", [0, 1])
def test_a_waiver_holds_through_its_last_day(days: int) -> None:
    assert decided(JOB, rulebook(waiver(subject="Job/etl", days=days))).allowed


def test_an_expired_waiver_forgives_nothing_and_is_named() -> None:
    decision = decided(JOB, rulebook(waiver(subject="Job/etl", days=-1)))
    assert not decision.allowed
    assert "waiver-expired" in {finding.rule.id for finding in decision.findings}
    assert "expired" in decision.warnings[0]


def test_a_waiver_by_fingerprint_does_not_travel_to_other_content() -> None:
    held = waiver(fingerprint=fingerprint())
    assert not decided(manifest("Job", OTHER_ID), rulebook(held)).allowed
    assert not decided(manifest("Job", name="other"), rulebook(held)).allowed


def test_a_waiver_about_another_object_is_not_unused_here() -> None:
    clean = decided(
        manifest("Job", f"{SSN} mail carol.sparrow@corporation.io"), rulebook(waiver(subject="Job/x"))
    )
    assert {finding.rule.id for finding in clean.findings} == {"pii-us-ssn", "pii-email-address"}


def test_a_waiver_of_another_namespace_does_not_hold_here() -> None:
    held = {"team-b": [waiver(subject="Job/etl")]}
    assert not decided(JOB, rulebook(namespaced=held), namespace="team-a").allowed
    assert decided(JOB, rulebook(namespaced=held), namespace="team-b").allowed


REPLICA_SET = "system:serviceaccount:kube-system:replicaset-controller"


def controlled(kind: str, owner: tuple[str, str, str], **metadata: Any) -> dict[str, Any]:
    """An object as a controller makes it from a template."""
    obj = manifest(kind)
    api, owner_kind, name = owner
    reference = {"apiVersion": api, "kind": owner_kind, "name": name, "controller": True, "uid": "1"}
    obj["metadata"] = {"name": "made-1", "ownerReferences": [reference], **metadata}
    return obj


POD_OF_A_DEPLOYMENT = controlled(
    "Pod",
    ("apps/v1", "ReplicaSet", "etl-5d59d67564"),
    generateName="etl-5d59d67564-",
    name="etl-5d59d67564-x7k2p",
    labels={"pod-template-hash": "5d59d67564"},
)


@pytest.mark.parametrize(
    ("owner", "obj"),
    [
        ("Deployment", POD_OF_A_DEPLOYMENT),
        ("Deployment", controlled("ReplicaSet", ("apps/v1", "Deployment", "etl"))),
        ("StatefulSet", controlled("Pod", ("apps/v1", "StatefulSet", "etl"))),
        ("DaemonSet", controlled("Pod", ("apps/v1", "DaemonSet", "etl"))),
        ("ReplicationController", controlled("Pod", ("v1", "ReplicationController", "etl"))),
        ("Job", controlled("Pod", ("batch/v1", "Job", "etl"))),
        ("CronJob", controlled("Job", ("batch/v1", "CronJob", "etl"))),
        ("CronJob", controlled("Pod", ("batch/v1", "Job", "etl-28571040"))),
    ],
)
@pytest.mark.parametrize("by", ["subject", "fingerprint"])
def test_a_waiver_of_the_owner_reaches_what_its_controller_makes(
    owner: str, obj: dict[str, Any], by: str
) -> None:
    (finding,) = decided(manifest(owner), rulebook()).findings
    target: dict[str, Any] = (
        {"subject": finding.subject} if by == "subject" else {"fingerprint": finding.fingerprint}
    )
    book = rulebook(waiver(**target))
    assert decided(obj, book, userInfo={"username": REPLICA_SET}).allowed
    assert not decided(obj, book).allowed, "anybody may claim an owner"


def test_what_an_object_holds_beyond_its_template_is_not_forgiven() -> None:
    obj = {**POD_OF_A_DEPLOYMENT, "spec": {**POD_OF_A_DEPLOYMENT["spec"], "hostname": RESIDENT_ID}}
    (finding,) = decided(manifest("Deployment"), rulebook()).findings
    book = rulebook(waiver(fingerprint=finding.fingerprint))
    decision = decided(obj, book, userInfo={"username": REPLICA_SET})
    assert [found.place.pointer for found in decision.findings if found.suppressed is None] == [
        "/spec/hostname"
    ]


def test_the_controllers_are_those_of_kubernetes_itself() -> None:
    assert all(name.startswith("system:") for name in CONTROLLERS)


OWNERS: list[Any] = [None, 1, "x", [1], [{}], [{"controller": True}], [{"controller": True, "kind": 1}]]


@pytest.mark.parametrize("references", OWNERS)
def test_owner_references_of_any_shape_are_no_crash(references: object) -> None:
    obj = manifest("Pod")
    obj["metadata"]["ownerReferences"] = references
    decision = decided(obj, rulebook(waiver(subject="Pod/x")), userInfo={"username": REPLICA_SET})
    assert not decision.allowed


def update(old: dict[str, Any], new: dict[str, Any], **rules: Any) -> Any:
    return judged(request_for(new, "UPDATE", oldObject=old), rulebook(admission=rules))


def with_variables(*values: str) -> dict[str, Any]:
    obj = manifest("Deployment", "batch")
    container = obj["spec"]["template"]["spec"]["containers"][0]
    container["env"] = [{"name": f"V{index}", "value": value} for index, value in enumerate(values)]
    return obj


@pytest.mark.parametrize(
    ("old", "new", "allowed"),
    [
        ((RESIDENT_ID,), (RESIDENT_ID, "new"), True),
        ((RESIDENT_ID,), ("first", RESIDENT_ID), True),
        ((RESIDENT_ID, OTHER_ID), (OTHER_ID, RESIDENT_ID, "more"), True),
        ((RESIDENT_ID,), (RESIDENT_ID, OTHER_ID), False),
        ((RESIDENT_ID,), (OTHER_ID,), False),
        ((RESIDENT_ID,), (RESIDENT_ID, RESIDENT_ID), False),
        (("clean",), (RESIDENT_ID,), False),
    ],
)
def test_an_update_that_adds_nothing_is_let_in_unless_the_policy_says_otherwise(
    old: tuple[str, ...], new: tuple[str, ...], *, allowed: bool
) -> None:
    assert update(with_variables(*old), with_variables(*new)).allowed is allowed
    assert not update(with_variables(*old), with_variables(*new), existing="deny").allowed


@pytest.mark.parametrize(("older", "newer"), [(True, "warn"), (False, "deny")])
def test_grandfather_is_the_older_name_of_existing(newer: str, *, older: bool) -> None:
    assert policy_of(admission={"grandfather": older}) == policy_of(admission={"existing": newer})
    assert policy_of(admission={"grandfather": older, "existing": newer}).spec.admission.existing == newer
    both = {"existing": "deny" if older else "warn", "grandfather": older}
    with pytest.raises(ValidationError, match="grandfather is the older name of existing"):
        policy_of(admission=both)


def test_what_was_there_before_is_warned_about() -> None:
    decision = update(with_variables(RESIDENT_ID), with_variables(RESIDENT_ID, "x"))
    assert decision.reason is DecisionReason.GRANDFATHERED
    assert "it was there before" in decision.warnings[0]


def test_a_creation_has_nothing_that_was_there_before() -> None:
    assert not decided(JOB, rulebook(admission={"existing": "warn"})).allowed


@pytest.mark.parametrize(
    ("rules", "allowed", "warned"),
    [
        ({}, False, 0),
        ({"onIncomplete": "warn"}, True, 1),
        ({"mode": "warn"}, True, 1),
        ({"mode": "audit"}, True, 0),
        ({"mode": "mask"}, False, 0),
        ({"existing": "deny"}, False, 0),
    ],
)
def test_a_search_that_ran_out_of_time_ends_as_the_policy_says(
    rules: dict[str, Any], warned: int, *, allowed: bool
) -> None:
    ticks = itertools.count(step=100.0)
    book = rulebook(admission=rules)
    obj = manifest("Deployment", "1234567890 " * 1000)
    decision = judge(
        request_for(obj, "UPDATE", oldObject=manifest("Deployment", "old")),
        book,
        today=TODAY,
        clock=lambda: next(ticks),
    )
    assert (decision.allowed, decision.incomplete, len(decision.warnings)) == (allowed, True, warned)
    assert decision.reason is DecisionReason.INCOMPLETE


def test_nothing_forgives_a_search_that_was_not_finished() -> None:
    ticks = itertools.count(step=100.0)
    held = rulebook(waiver("pii-scan-incomplete", subject="Job"))
    request = request_for(manifest("Job", "1234567890 " * 1000))
    assert not judge(request, held, today=TODAY, clock=lambda: next(ticks)).allowed


def test_neither_decision_nor_request_shows_a_value_in_its_repr() -> None:
    request = request_for(JOB)
    assert RESIDENT_ID not in repr(request) + repr(judged(request, rulebook()))


def test_with_the_organisation_s_key_a_fingerprint_follows_the_value() -> None:
    book = rulebook_of(policy_of(), {}, key=KEY, fingerprint_key=b"0123456789abcdef")
    one, other = (decided(manifest(kind), book).findings[0] for kind in ("Pod", "Job"))
    assert one.fingerprint == other.fingerprint


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        ("name,ssn\nJürgen,536904399\n".encode("latin-1"), DecisionReason.DENIED),
        (b"\x89PNG\r\n\x1a\n" + bytes(300), DecisionReason.AUDITED),
        ("name,size\nJürgen,3\n".encode("latin-1"), DecisionReason.CLEAN),
    ],
)
def test_binary_data_is_clean_only_where_it_was_read(content: bytes, reason: DecisionReason) -> None:
    data = {"customers.csv" if b"," in content else "logo.png": base64.b64encode(content).decode()}
    obj = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "c"}, "binaryData": data}
    decision = judged(request_for(obj), rulebook())
    assert decision.reason is reason
