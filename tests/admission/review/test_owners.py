"""What a workload held before reaches what its controller makes of it, and nobody else."""

from __future__ import annotations

import base64
import copy
from typing import Any

import pytest

from admission.review.judging import Decision, DecisionReason, Phase, judge
from admission.review.owner_references import OwnerReference
from admission.review.rulebook import Rulebook
from tests.support.reviews import (
    CONTROLLER,
    OTHER_ID,
    RESIDENT_ID,
    TODAY,
    UID,
    made_from,
    owner_of,
    request_for,
    rulebook,
    still,
)

BOOK = rulebook()
MASKING = rulebook(admission={"mode": "mask"})
STRICT = rulebook(admission={"existing": "deny"})
Object = dict[str, Any]

PAIRS = [
    ("ReplicaSet", "Pod"),
    ("StatefulSet", "Pod"),
    ("DaemonSet", "Pod"),
    ("ReplicationController", "Pod"),
    ("Job", "Pod"),
    ("Deployment", "ReplicaSet"),
    ("CronJob", "Job"),
]


def judged_with(
    obj: Object,
    owner: Object | None,
    book: Rulebook = BOOK,
    phase: Phase = Phase.VALIDATING,
    user: str = CONTROLLER,
    **fields: Any,
) -> Decision:
    """The decision, as the service makes it: the owner is read where the first one asks for it."""
    request = request_for(obj, fields.pop("operation", "CREATE"), userInfo={"username": user}, **fields)
    first = judge(request, book, today=TODAY, clock=still, phase=phase)
    if first.owner is None or owner is None:
        return first
    return judge(request, book, today=TODAY, clock=still, phase=phase, owner=owner)


@pytest.mark.parametrize(("above", "below"), PAIRS)
@pytest.mark.parametrize("book", [BOOK, MASKING], ids=["deny", "mask"])
@pytest.mark.parametrize("phase", list(Phase))
def test_what_a_controller_makes_of_a_workload_that_holds_the_value_is_let_in(
    above: str, below: str, book: Rulebook, phase: Phase
) -> None:
    owner = owner_of(above)
    decision = judged_with(made_from(owner, below), owner, book, phase)
    assert (decision.allowed, decision.reason) == (True, DecisionReason.GRANDFATHERED)
    assert decision.patch == (), "a masked copy would no longer be what its owner describes"
    assert decision.warnings[0].endswith(f": its {above} holds it")


@pytest.mark.parametrize(("above", "below"), PAIRS)
def test_the_owner_is_asked_for_by_its_own_reference(above: str, below: str) -> None:
    owner = owner_of(above)
    request = request_for(made_from(owner, below), userInfo={"username": CONTROLLER})
    decision = judge(request, BOOK, today=TODAY, clock=still)
    group, _, version = owner["apiVersion"].rpartition("/")
    assert decision.owner == OwnerReference(group, version, above, "etl", UID)
    assert not decision.allowed


def test_a_workload_that_does_not_hold_the_value_admits_nothing() -> None:
    for owner in (owner_of("ReplicaSet", "batch"), owner_of("ReplicaSet", OTHER_ID)):
        assert not judged_with(made_from(owner, "Pod"), owner).allowed


def test_what_the_owner_holds_elsewhere_is_not_what_it_makes() -> None:
    owner = owner_of("ReplicaSet", "batch")
    owner["metadata"]["annotations"] = {"note": RESIDENT_ID}
    assert not judged_with(made_from(owner, "Pod"), owner).allowed
    copied = made_from(owner, "Pod", "batch")
    copied["metadata"]["annotations"] = {"note": RESIDENT_ID}
    assert not judged_with(copied, owner).allowed, "a ReplicaSet gives its own annotations to no Pod"


def test_a_deployment_s_annotations_reach_its_replica_sets_also_later() -> None:
    owner = owner_of("Deployment", "batch")
    owner["metadata"]["annotations"] = {"note": RESIDENT_ID}
    old = made_from(owner, "ReplicaSet", "batch")
    new = copy.deepcopy(old)
    new["metadata"]["annotations"] = {"note": RESIDENT_ID}
    assert judged_with(new, owner).allowed
    assert judged_with(new, owner, operation="UPDATE", oldObject=old).allowed
    assert not judged_with(new, None, operation="UPDATE", oldObject=old).allowed


def test_what_is_held_once_may_be_copied_once() -> None:
    owner = owner_of("ReplicaSet")
    pod = made_from(owner, "Pod")
    pod["spec"]["containers"][0]["env"].append({"name": "AGAIN", "value": RESIDENT_ID})
    decision = judged_with(pod, owner)
    assert not decision.allowed
    assert [act.value for act in decision.acts] == ["warn", "deny"]
    # An old object and an owner that both hold it once do not make it twice.
    assert not judged_with(pod, owner, operation="UPDATE", oldObject=made_from(owner, "Pod")).allowed


def test_a_container_that_an_injector_adds_in_front_changes_nothing() -> None:
    owner = owner_of("ReplicaSet")
    pod = made_from(owner, "Pod")
    pod["spec"]["containers"].insert(0, {"name": "proxy", "image": "proxy", "env": []})
    assert judged_with(pod, owner).allowed


def too_deep() -> str:
    text = "1234567890 of something"
    for _ in range(8):
        text = base64.b64encode(text.encode()).decode()
    return text


@pytest.mark.parametrize("text", [too_deep(), "1234567890 " * 3000], ids=["too deep", "too long"])
def test_what_could_not_be_searched_in_the_owner_either_is_no_news(text: str) -> None:
    slow = rulebook(pii={"timeBudget": "1ms"}) if len(text) > 30_000 else BOOK
    owner = owner_of("ReplicaSet", text)
    assert not judged_with(made_from(owner, "Pod", text), None, slow).allowed
    assert judged_with(made_from(owner, "Pod", text), owner, slow).allowed
    assert not judged_with(made_from(owner, "Pod", f"{text}1"), owner, slow).allowed


def test_a_workload_that_is_named_by_the_value_has_pods_that_are_named_after_it() -> None:
    owner = owner_of("StatefulSet", "batch")
    owner["metadata"]["name"] = f"db-{RESIDENT_ID}"
    pod = made_from(owner, "Pod", "batch")
    name = f"db-{RESIDENT_ID}-0"
    pod["metadata"] |= {"name": name, "labels": {"statefulset.kubernetes.io/pod-name": name}}
    pod["spec"]["hostname"] = name
    decision = judged_with(pod, owner)
    assert decision.allowed
    assert RESIDENT_ID not in str(decision)
    pod["metadata"]["labels"]["other"] = name
    refused = judged_with(pod, owner)
    assert not refused.allowed
    assert RESIDENT_ID not in str(refused) + str(judged_with(pod, None))


WRONG: dict[str, tuple[Any, ...]] = {
    "another uid": ("uid", "another"),
    "another name": ("name", "another"),
    "no controller": ("controller", False),
    "another kind": ("kind", "StatefulSet"),
    "a kind of another group": ("apiVersion", "example.dev/v1"),
    "a version that is a path": ("apiVersion", "apps/../v1"),
    "a name that is no text": ("name", 1),
}


@pytest.mark.parametrize("wrong", WRONG)
def test_a_reference_that_the_cluster_does_not_confirm_admits_nothing(wrong: str) -> None:
    owner = owner_of("ReplicaSet")
    key, value = WRONG[wrong]
    assert not judged_with(made_from(owner, "Pod", **{key: value}), owner).allowed


@pytest.mark.parametrize("user", ["jane", "system:serviceaccount:team-a:replicaset-controller", ""])
def test_nobody_but_a_controller_of_kubernetes_is_believed(user: str) -> None:
    owner = owner_of("ReplicaSet")
    decision = judged_with(made_from(owner, "Pod"), owner, user=user)
    assert (decision.allowed, decision.owner) == (False, None)


def test_nothing_is_asked_for_where_nothing_hangs_on_it() -> None:
    owner = owner_of("ReplicaSet")
    assert judged_with(made_from(owner, "Pod", "batch"), None).owner is None
    assert judged_with(made_from(owner, "Pod"), None, STRICT).owner is None
    warning = rulebook(admission={"mode": "warn"})
    assert judged_with(made_from(owner, "Pod"), None, warning).owner is None


def test_no_update_is_asked_about_twice_for_what_the_object_itself_held() -> None:
    owner = owner_of("ReplicaSet")
    old = made_from(owner, "Pod")
    new = copy.deepcopy(old)
    new["metadata"]["labels"] = {"team": "a"}
    decision = judged_with(new, None, operation="UPDATE", oldObject=old)
    assert (decision.allowed, decision.owner) == (True, None)


@pytest.mark.parametrize("owner", [{}, {"metadata": None}, {"kind": "ReplicaSet", "metadata": []}])
def test_an_answer_of_any_shape_is_no_crash(owner: Object) -> None:
    assert not judged_with(made_from(owner_of("ReplicaSet"), "Pod"), owner).allowed
