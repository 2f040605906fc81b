"""Updates that do not bring the value: they pass with a warning, and nothing that is new passes with them."""

from __future__ import annotations

import base64
import copy
import itertools
import json
from typing import Any

import pytest

from admission.review.judging import Decision, DecisionReason, Phase, judge
from admission.review.rulebook import Rulebook
from tests.support.reviews import (
    OTHER_ID,
    RESIDENT_ID,
    SSN,
    TODAY,
    decided,
    manifest,
    request_for,
    rulebook,
)

BOOK = rulebook()
STRICT = rulebook(admission={"existing": "deny"})
MASKING = rulebook(admission={"mode": "mask"})
WORKLOADS = ("Pod", "Deployment", "ReplicaSet", "StatefulSet", "DaemonSet", "Job", "CronJob")
Object = dict[str, Any]


def with_metadata(obj: Object, **metadata: Any) -> Object:
    return {**obj, "metadata": {**obj["metadata"], **metadata}}


def updated(
    old: Object, new: Object, book: Rulebook = BOOK, phase: Phase = Phase.VALIDATING, subresource: str = ""
) -> Decision:
    return decided(new, book, phase, operation="UPDATE", oldObject=old, subResource=subresource)


def passes(decision: Decision) -> bool:
    warned = any("it was there before" in warning for warning in decision.warnings)
    return decision.allowed and decision.reason is DecisionReason.GRANDFATHERED and warned


CHANGES: dict[str, dict[str, Any]] = {
    "label": {"labels": {"team": "a"}},
    "annotation": {"annotations": {"team": "a"}},
    "finalizer": {"finalizers": ["foregroundDeletion"]},
    "owner": {"ownerReferences": [{"apiVersion": "v1", "kind": "Node", "name": "n", "uid": "1"}]},
}


@pytest.mark.parametrize("kind", WORKLOADS)
@pytest.mark.parametrize("change", CHANGES)
@pytest.mark.parametrize("book", [BOOK, MASKING], ids=["deny", "mask"])
@pytest.mark.parametrize("phase", list(Phase))
def test_a_change_of_metadata_passes_and_patches_nothing(
    kind: str, change: str, book: Rulebook, phase: Phase
) -> None:
    old = with_metadata(manifest(kind), finalizers=["orphan"])
    decision = updated(old, with_metadata(old, **CHANGES[change]), book, phase)
    assert passes(decision)
    assert decision.patch == ()
    assert RESIDENT_ID not in "".join(decision.warnings)


@pytest.mark.parametrize("kind", ["Deployment", "ReplicaSet", "StatefulSet", "Job"])
@pytest.mark.parametrize("field", ["replicas", "parallelism", "suspend"])
def test_scaling_passes(kind: str, field: str) -> None:
    new = manifest(kind)
    new["spec"][field] = 3
    assert passes(updated(manifest(kind), new))
    assert not updated(manifest(kind), new, STRICT).allowed


def test_a_scale_has_nothing_to_search() -> None:
    scale = {"apiVersion": "autoscaling/v1", "kind": "Scale", "metadata": {"name": "etl"}}
    old, new = ({**scale, "spec": {"replicas": number}} for number in (1, 5))
    assert updated(old, new, STRICT, subresource="scale").allowed


@pytest.mark.parametrize(
    ("kind", "subresource", "content"),
    [
        ("Eviction", "eviction", {"deleteOptions": {"gracePeriodSeconds": 30}}),
        ("Binding", "binding", {"target": {"kind": "Node", "name": "one"}}),
    ],
)
def test_what_is_made_through_a_subresource_is_searched_like_anything(
    kind: str, subresource: str, content: Object
) -> None:
    obj = {"apiVersion": "v1", "kind": kind, "metadata": {"name": "etl"}, **content}
    assert decided(obj, STRICT, subResource=subresource).allowed
    bad = with_metadata(obj, annotations={"owner": RESIDENT_ID})
    assert not decided(bad, BOOK, subResource=subresource).allowed


def test_a_resize_passes_and_brings_nothing() -> None:
    new = manifest("Pod")
    new["spec"]["containers"][0]["resources"] = {"requests": {"cpu": "2"}}
    assert passes(updated(manifest("Pod"), new, subresource="resize"))


def test_an_ephemeral_container_is_judged_by_itself() -> None:
    def debugged(value: str) -> Object:
        pod = manifest("Pod")
        debug = {"name": "debug", "image": "busybox", "env": [{"name": "ID", "value": value}]}
        return {**pod, "spec": {**pod["spec"], "ephemeralContainers": [debug]}}

    at = "ephemeralcontainers"
    assert passes(updated(manifest("Pod"), debugged("batch"), subresource=at))
    bad = updated(manifest("Pod"), debugged(OTHER_ID), subresource=at)
    assert not bad.allowed
    assert "/spec/ephemeralContainers/0/env/0/value" in bad.message
    assert "/spec/containers" not in bad.message
    # The very same value in another container is brought there, too.
    assert not updated(manifest("Pod"), debugged(RESIDENT_ID), subresource=at).allowed
    patch = updated(manifest("Pod"), debugged(OTHER_ID), MASKING, Phase.MUTATING, subresource=at).patch
    assert [operation["path"] for operation in patch] == ["/spec/ephemeralContainers/0/env/0/value"]
    more = debugged(OTHER_ID)
    more["spec"]["ephemeralContainers"].append({"name": "second", "image": "busybox"})
    assert passes(updated(debugged(OTHER_ID), more, MASKING, Phase.MUTATING, subresource=at))


def config_map(**data: str) -> Object:
    return {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "notes"}, "data": data}


PARTS = (RESIDENT_ID[:6], RESIDENT_ID[6:14], RESIDENT_ID[14:])
"""Of a list that is read as one number."""


def listed(*parts: str) -> Object:
    obj = manifest("Deployment", "x")
    obj["spec"]["template"]["spec"]["containers"][0]["args"] = list(parts)
    return obj


def test_a_list_of_parts_that_was_there_stays() -> None:
    assert passes(updated(listed(*PARTS), with_metadata(listed(*PARTS), labels={"a": "b"})))


MOVES = {
    "to another key": (config_map(a=RESIDENT_ID), config_map(b=RESIDENT_ID)),
    "to an annotation": (
        config_map(a=RESIDENT_ID),
        with_metadata(config_map(a="x"), annotations={"a": RESIDENT_ID}),
    ),
    "copied": (config_map(a=RESIDENT_ID), config_map(a=RESIDENT_ID, b=RESIDENT_ID)),
    "copied in a text": (config_map(a=f"id {RESIDENT_ID}"), config_map(a=f"id {RESIDENT_ID} {RESIDENT_ID}")),
    "from a value to a key": (config_map(a=RESIDENT_ID), config_map(**{RESIDENT_ID: "a"})),
    "replaced by another": (config_map(a=RESIDENT_ID), config_map(a=OTHER_ID)),
    "replaced by another kind": (config_map(ssn=RESIDENT_ID), config_map(ssn=SSN)),
    "in clear, then encoded elsewhere": (
        config_map(a=RESIDENT_ID),
        config_map(a="x", b=base64.b64encode(RESIDENT_ID.encode()).decode()),
    ),
    "split over a list": (manifest("Deployment", "x"), listed(*PARTS)),
    "a list that is completed": (listed(*PARTS[:2]), listed(*PARTS)),
    "a list that is put in order": (listed(*reversed(PARTS)), listed(*PARTS)),
    "a list that loses what hid it": (listed(PARTS[0], "none", *PARTS[1:]), listed(*PARTS)),
    "named by its key": (config_map(size="536904399"), config_map(ssn="536904399")),
}


@pytest.mark.parametrize("move", MOVES)
def test_a_value_that_is_moved_copied_or_replaced_is_new(move: str) -> None:
    old, new = MOVES[move]
    assert updated(copy.deepcopy(new), with_metadata(new, labels={"a": "b"})).allowed
    assert not updated(old, new).allowed


def test_a_value_in_another_container_is_new() -> None:
    def pod(main: str, side: str) -> Object:
        obj = manifest("Deployment", main)
        containers = obj["spec"]["template"]["spec"]["containers"]
        containers.append({**containers[0], "name": "side", "env": [{"name": "A", "value": side}]})
        return obj

    assert not updated(pod(RESIDENT_ID, "x"), pod("x", RESIDENT_ID)).allowed


def test_lists_may_be_reordered_and_added_to() -> None:
    new = manifest("Deployment")
    pod = new["spec"]["template"]["spec"]
    pod["containers"][0]["env"].reverse()
    pod["containers"].insert(0, {"name": "proxy", "image": "proxy", "env": [{"name": "A", "value": "b"}]})
    assert passes(updated(manifest("Deployment"), new))


def test_a_text_that_is_edited_beside_the_value_brings_nothing() -> None:
    old = config_map(**{"people.csv": f"name,id\nli,{RESIDENT_ID}\n"})
    more = config_map(**{"people.csv": f"name,id\nwang,none\nli,{RESIDENT_ID}\n"})
    assert passes(updated(old, more))
    another = config_map(**{"people.csv": f"name,id\nwang,{OTHER_ID}\nli,{RESIDENT_ID}\n"})
    decision = updated(old, another)
    assert not decision.allowed
    assert [act.value for act in decision.acts] == ["deny", "warn"]


def test_of_a_text_with_both_only_the_new_value_is_masked() -> None:
    old = config_map(note=f"old {RESIDENT_ID}")
    new = config_map(note=f"old {RESIDENT_ID} new {OTHER_ID}")
    decision = updated(old, new, MASKING, Phase.MUTATING)
    assert decision.allowed
    ((operation),) = decision.patch
    assert operation["value"] == f"old {RESIDENT_ID} new {'*' * 16}39"
    stored = config_map(note=operation["value"])
    assert passes(updated(old, stored, MASKING))


def test_the_copy_that_kubectl_keeps_may_hold_what_the_object_held() -> None:
    applied = "kubectl.kubernetes.io/last-applied-configuration"
    held = with_metadata(manifest("Deployment"), annotations={applied: json.dumps(manifest("Deployment"))})
    left = copy.deepcopy(held)
    left["spec"]["template"]["spec"]["containers"][0]["env"].pop()
    decision = updated(held, left)
    assert passes(decision)
    assert len(decision.findings) == 1
    assert decided(left, BOOK).message.endswith(
        "Remove this annotation, a copy of an earlier version which kubectl apply writes anew, "
        "or ask for a PrivacyWaiver. gatecli explain pii-cn-resident-id"
    )


def test_what_is_encoded_too_deeply_may_stay_as_it_is() -> None:
    text = "1234567890 of something"
    for _ in range(8):
        text = base64.b64encode(text.encode()).decode()
    old = config_map(a=text)
    assert not decided(old, BOOK).allowed
    assert passes(updated(old, with_metadata(old, labels={"a": "b"})))
    assert not updated(old, config_map(b=text)).allowed


LONG = "1234567890 " * 3000
SLOW = rulebook(pii={"timeBudget": "1ms"})


def test_what_was_not_searched_to_its_end_may_stay_as_it_is() -> None:
    old = config_map(a=LONG)
    assert decided(old, SLOW).incomplete
    assert not decided(old, SLOW).allowed
    decision = updated(old, with_metadata(old, labels={"a": "b"}), SLOW)
    assert (decision.allowed, decision.incomplete) == (True, True)
    assert not updated(old, config_map(a=LONG, b=RESIDENT_ID), SLOW).allowed
    assert not updated(old, config_map(a=LONG + "1"), SLOW).allowed


@pytest.mark.parametrize(
    ("new", "allowed"),
    [
        (with_metadata(config_map(a=LONG), labels={"a": "b"}), True),
        (config_map(a=LONG, b="9876543210 " * 100), False),
    ],
)
def test_an_update_that_the_clock_cuts_short_passes_only_by_what_it_adds(
    new: Object, *, allowed: bool
) -> None:
    ticks = itertools.count(step=100.0)
    request = request_for(new, "UPDATE", oldObject=config_map(a=LONG))
    assert judge(request, BOOK, today=TODAY, clock=lambda: next(ticks)).allowed is allowed
