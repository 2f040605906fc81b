"""Masking: what the patch makes of an object, and what is refused because it cannot be masked."""

from __future__ import annotations

import base64
import json
from typing import Any

import pytest

from admission.review.judging import Decision, DecisionReason, Phase
from tests.support.reviews import (
    MASK,
    OTHER_ID,
    RESIDENT_ID,
    SSN,
    decided,
    manifest,
    patched,
    rulebook,
)

BOOK = rulebook(admission={"mode": "mask"})
MOVING = rulebook(admission={"mode": "mask", "secretRef": True})
APPLIED = "kubectl.kubernetes.io/last-applied-configuration"


def config_map(**content: Any) -> dict[str, Any]:
    return {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "settings"}, **content}


def masked(obj: dict[str, Any], decision: Decision) -> Any:
    """The object after the patch, which the validating webhook then lets in."""
    after = patched(obj, decision.patch)
    assert decided(after, BOOK).reason in {
        DecisionReason.CLEAN,
        DecisionReason.WARNED,
        DecisionReason.AUDITED,
    }
    assert decided(after, BOOK, Phase.MUTATING).patch == ()
    return after


def test_a_variable_is_replaced_by_its_mask_and_the_user_is_told() -> None:
    obj = manifest("Deployment")
    decision = decided(obj, BOOK, Phase.MUTATING)
    assert (decision.allowed, decision.reason) == (True, DecisionReason.MASKED)
    assert decision.warnings[0].endswith("masked")
    pod = masked(obj, decision)["spec"]["template"]["spec"]
    assert pod["containers"][0]["env"][1] == {"name": "CUSTOMER_ID", "value": MASK}


def test_every_occurrence_in_a_text_is_masked_and_all_else_stays() -> None:
    obj = config_map(data={"a/b~c": f"one {RESIDENT_ID}, two {OTHER_ID}; one again {RESIDENT_ID}."})
    after = masked(obj, decided(obj, BOOK, Phase.MUTATING))
    other = "*" * 16 + "39"
    assert after["data"] == {"a/b~c": f"one {MASK}, two {other}; one again {MASK}."}


def test_base64_stays_base64_of_the_masked_content() -> None:
    content = f"id,name\n{RESIDENT_ID},li\n"
    obj = config_map(binaryData={"people.csv": base64.b64encode(content.encode()).decode()})
    after = masked(obj, decided(obj, BOOK, Phase.MUTATING))
    read = base64.b64decode(after["binaryData"]["people.csv"]).decode()
    assert read == content.replace(RESIDENT_ID, MASK)


@pytest.mark.parametrize("key", ["name", "uid", "image"])
def test_a_key_of_the_user_s_own_is_no_name(key: str) -> None:
    obj = config_map(data={key: RESIDENT_ID})
    assert masked(obj, decided(obj, BOOK, Phase.MUTATING))["data"] == {key: MASK}


def test_a_policy_masks_one_entity_and_denies_another() -> None:
    book = rulebook(pii={"entities": {"CN_RESIDENT_ID": "mask"}})
    assert decided(manifest("Job"), book, Phase.MUTATING).patch
    both = decided(manifest("Job", f"{RESIDENT_ID} ssn {SSN}"), book, Phase.MUTATING)
    assert (both.allowed, both.patch) == (False, ())


@pytest.mark.parametrize(
    "obj",
    [
        config_map(data={RESIDENT_ID: "a key"}),
        config_map(metadata={"name": "a", "labels": {"id": RESIDENT_ID}}),
        {**manifest("Job"), "metadata": {"name": RESIDENT_ID}},
        {**manifest("Pod", "batch"), "spec": {"nodeSelector": {"id": RESIDENT_ID}}},
        {**manifest("Rollout", "batch"), "spec": {"customer": int(RESIDENT_ID)}},
        manifest("Pod", "batch", variable=RESIDENT_ID),
    ],
)
def test_what_cannot_be_masked_is_refused(obj: dict[str, Any]) -> None:
    decision = decided(obj, BOOK, Phase.MUTATING)
    assert (decision.allowed, decision.patch) == (False, ())
    assert RESIDENT_ID not in decision.message


def test_the_validating_webhook_refuses_what_was_not_masked() -> None:
    assert not decided(manifest("Job"), BOOK, Phase.VALIDATING).allowed


def test_the_copy_that_kubectl_keeps_is_masked_too() -> None:
    obj = manifest("Job", "536904399", variable="SSN")
    obj["metadata"]["annotations"] = {APPLIED: json.dumps(manifest("Job", "536904399", variable="SSN"))}
    after = masked(obj, decided(obj, BOOK, Phase.MUTATING))
    assert "536904399" not in json.dumps(after)
    assert json.loads(after["metadata"]["annotations"][APPLIED])["kind"] == "Job"


def test_a_copy_that_is_no_json_is_masked_as_text() -> None:
    obj = manifest("Job")
    obj["metadata"]["annotations"] = {APPLIED: f"id {RESIDENT_ID}"}
    after = masked(obj, decided(obj, BOOK, Phase.MUTATING))
    assert after["metadata"]["annotations"][APPLIED] == f"id {MASK}"


def test_no_operation_of_a_patch_repeats_the_value() -> None:
    obj = manifest("Job")
    obj["metadata"]["annotations"] = {APPLIED: json.dumps(manifest("Job"))}
    for book in (BOOK, MOVING):
        assert RESIDENT_ID not in json.dumps(decided(obj, book, Phase.MUTATING).patch)


def test_a_variable_moves_to_a_secret_of_its_own() -> None:
    obj = manifest("CronJob")
    decision = decided(obj, MOVING, Phase.MUTATING)
    (secret,) = decision.secrets
    assert base64.b64decode(secret["data"]["value"]).decode() == RESIDENT_ID
    assert (secret["metadata"]["namespace"], secret["immutable"]) == ("team-a", True)
    pod = masked(obj, decision)["spec"]["jobTemplate"]["spec"]["template"]["spec"]
    reference = {"secretKeyRef": {"name": secret["metadata"]["name"], "key": "value"}}
    assert pod["containers"][0]["env"][1] == {"name": "CUSTOMER_ID", "valueFrom": reference}


def names(obj: dict[str, Any], **fields: Any) -> list[str]:
    return [secret["metadata"]["name"] for secret in decided(obj, MOVING, Phase.MUTATING, **fields).secrets]


def test_the_secret_s_name_follows_from_namespace_owner_and_value() -> None:
    one = names(manifest("Job"))
    assert names(manifest("Job")) == one
    others = [
        names(manifest("Job"), namespace="team-b"),
        names(manifest("Job", name="x")),
        names(manifest("Job", OTHER_ID)),
    ]
    assert one not in others
    assert RESIDENT_ID not in one[0]


@pytest.mark.parametrize(
    "obj",
    [
        config_map(data={"id": RESIDENT_ID}),
        manifest("Rollout"),
        manifest("Job", f"$(PREFIX)-{RESIDENT_ID}"),
    ],
)
def test_what_is_no_plain_variable_of_a_workload_is_masked_instead(obj: dict[str, Any]) -> None:
    decision = decided(obj, MOVING, Phase.MUTATING)
    assert (decision.reason, decision.secrets) == (DecisionReason.MASKED, ())
    assert RESIDENT_ID not in json.dumps(masked(obj, decision))


def test_what_is_only_warned_about_is_not_masked() -> None:
    obj = manifest("Job", "mail carol.sparrow@corporation.io")
    decision = decided(obj, rulebook(pii={"entities": {"EMAIL_ADDRESS": "warn"}}, admission={"mode": "mask"}))
    assert (decision.allowed, decision.patch) == (True, ())
