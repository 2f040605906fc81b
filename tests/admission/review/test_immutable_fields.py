"""What Kubernetes does not let an update change: a mask there is a refusal, or nothing at all."""

from __future__ import annotations

import base64
import copy
from typing import Any

import pytest

from admission.review.immutable_fields import ANY_ITEM, IMMUTABLE
from admission.review.judging import Phase
from admission.review.objects import KINDS
from tests.support.reviews import RESIDENT_ID, decided, manifest, rulebook

MASKING = rulebook(admission={"mode": "mask"})
STRICT = rulebook(admission={"mode": "mask", "existing": "deny"})
DATA = rulebook(admission={"mode": "mask", "secrets": "data"})
Object = dict[str, Any]
ENCODED = base64.b64encode(f"id {RESIDENT_ID} of nobody".encode()).decode()


def put(obj: Object, path: str, value: Any) -> Object:
    """A copy with `value` at a path of keys and numbers; what is absent on the way is made."""
    made = copy.deepcopy(obj)
    *above, last = [int(key) if key.isdigit() else key for key in path.split(".")]
    at: Any = made
    for key in above:
        at = at[key] if isinstance(key, int) else at.setdefault(key, {})
    at[last] = value
    return made


def plain(kind: str, api: str = "v1", **content: Any) -> Object:
    return {"apiVersion": api, "kind": kind, "metadata": {"name": "a"}, **content}


CLAIM = plain("PersistentVolumeClaim", spec={"resources": {}})
CASES: dict[str, tuple[Object, str, bool, Any]] = {
    "a Pod's variable": (manifest("Pod", "x"), "spec.containers.0.env.1.value", True, MASKING),
    "a Pod's argument": (manifest("Pod", "x"), "spec.containers.0.args", True, MASKING),
    "a Pod's annotation": (manifest("Pod", "x"), "metadata.annotations", False, MASKING),
    "a Job's template": (manifest("Job", "x"), "spec.template.spec.containers.0.env.1.value", True, MASKING),
    "a Job's annotation": (manifest("Job", "x"), "metadata.annotations", False, MASKING),
    "a CronJob's template": (
        manifest("CronJob", "x"),
        "spec.jobTemplate.spec.template.spec.containers.0.env.1.value",
        False,
        MASKING,
    ),
    "a Deployment's template": (
        manifest("Deployment", "x"),
        "spec.template.spec.containers.0.env.1.value",
        False,
        MASKING,
    ),
    "a ReplicaSet's template": (
        manifest("ReplicaSet", "x"),
        "spec.template.spec.containers.0.env.1.value",
        False,
        MASKING,
    ),
    "a StatefulSet's template": (
        manifest("StatefulSet", "x"),
        "spec.template.metadata.annotations",
        False,
        MASKING,
    ),
    "a StatefulSet's claims": (manifest("StatefulSet", "x"), "spec.volumeClaimTemplates", True, MASKING),
    "a ConfigMap's data": (plain("ConfigMap"), "data", False, MASKING),
    "an immutable ConfigMap's data": (plain("ConfigMap", immutable=True), "data", True, MASKING),
    "an immutable ConfigMap's annotation": (
        plain("ConfigMap", immutable=True),
        "metadata.annotations",
        False,
        MASKING,
    ),
    "a Secret's data": (plain("Secret"), "stringData", False, DATA),
    "an immutable Secret's data": (plain("Secret", immutable=True), "stringData", True, DATA),
    "a Service's annotation": (plain("Service", spec={}), "metadata.annotations", False, MASKING),
    "a claim's annotation": (CLAIM, "metadata.annotations", False, MASKING),
    "a claim's source": (CLAIM, "spec.dataSource", True, MASKING),
}


def held_at(path: str) -> Any:
    """The value in what may stand at a path."""
    match path.rpartition(".")[2]:
        case "value":
            return RESIDENT_ID
        case "args":
            return [RESIDENT_ID]
        case "volumeClaimTemplates":
            return [{"metadata": {"annotations": {"note": RESIDENT_ID}}}]
        case "dataSource":
            return {"annotations": {"note": RESIDENT_ID}}
        case _:
            return {"note": RESIDENT_ID}


@pytest.mark.parametrize("case", CASES)
def test_a_new_value_is_masked_where_it_may_change_and_refused_elsewhere(case: str) -> None:
    old, path, is_fixed, book = CASES[case]
    new = put(old, path, held_at(path))
    decision = decided(new, book, Phase.MUTATING, operation="UPDATE", oldObject=old)
    assert decision.allowed is not is_fixed
    assert bool(decision.patch) is not is_fixed
    assert decided(new, book, Phase.MUTATING).patch, "whoever creates it may have it masked"


@pytest.mark.parametrize("case", [case for case, (_, _, is_fixed, _) in CASES.items() if is_fixed])
def test_an_old_value_there_is_a_warning_or_what_the_policy_says_and_never_a_patch(case: str) -> None:
    old, path, _, book = CASES[case]
    old = put(old, path, held_at(path))
    new = put(old, "metadata.labels", {"team": "a"})
    decision = decided(new, book, Phase.MUTATING, operation="UPDATE", oldObject=old)
    assert (decision.allowed, decision.patch) == (True, ())
    assert "it was there before" in decision.warnings[0]
    if book is MASKING:
        strict = decided(new, STRICT, Phase.MUTATING, operation="UPDATE", oldObject=old)
        assert (strict.allowed, strict.patch) == (False, ())


def test_an_old_value_that_may_change_is_masked_if_the_policy_takes_it_for_new() -> None:
    old = manifest("Deployment")
    new = put(old, "spec.replicas", 2)
    decision = decided(new, STRICT, Phase.MUTATING, operation="UPDATE", oldObject=old)
    assert [each["path"] for each in decision.patch] == ["/spec/template/spec/containers/0/env/1/value"]


def test_binary_data_of_an_immutable_config_map_is_not_masked() -> None:
    old = plain("ConfigMap", immutable=True)
    new = {**old, "binaryData": {"note": ENCODED}}
    decision = decided(new, MASKING, Phase.MUTATING, operation="UPDATE", oldObject=old)
    assert (decision.allowed, decision.patch) == (False, ())


def test_the_table_names_fields_by_paths_that_can_be_met() -> None:
    for rows in IMMUTABLE.values():
        for row in rows:
            for path in (*row.fields, *row.but, *row.growing):
                assert all(key == ANY_ITEM or key.isalnum() for key in path.split("."))
            assert all(path.startswith(row.fields) for path in row.but), "an exception to nothing"


def test_every_kind_that_is_searched_is_in_the_table_or_may_change_as_a_whole() -> None:
    free = {("", "PodTemplate"), ("", "ReplicationController"), ("batch", "CronJob")}
    listed = {(group, kind) for group, kind, _ in IMMUTABLE}
    assert set(KINDS) - listed == free
