"""The shipped webhook on a real API server, through `kubectl`, as its users meet it."""

from __future__ import annotations

import base64
import json
import subprocess
import sys
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from tests.e2e.control_plane import Answer, ControlPlane
from tests.e2e.identities import WEBHOOK_NAMESPACE
from tests.e2e.installation import CONFIGURATIONS, Installation, metrics_of
from tests.e2e.processes import eventually
from tests.support.reviews import MASK, OTHER_ID, RESIDENT_ID, manifest

RULE = "pii-cn-resident-id"
WORKLOADS = (
    "CronJob",
    "DaemonSet",
    "Deployment",
    "Job",
    "Pod",
    "PodTemplate",
    "ReplicaSet",
    "ReplicationController",
    "StatefulSet",
)
Object = dict[str, Any]
SECRETS_BINDING: Object = {
    "apiVersion": "rbac.authorization.k8s.io/v1",
    "kind": "ClusterRoleBinding",
    "metadata": {"name": "gatecli-admission-secrets"},
    "roleRef": {
        "apiGroup": "rbac.authorization.k8s.io",
        "kind": "ClusterRole",
        "name": "gatecli-admission-secrets",
    },
    "subjects": [{"kind": "ServiceAccount", "name": "gatecli-admission", "namespace": WEBHOOK_NAMESPACE}],
}
"""What an administrator binds for `secretRef`."""


@pytest.fixture(scope="module", name="webhook")
def the_webhook(cluster: ControlPlane, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Installation]:
    with Installation(cluster, tmp_path_factory.mktemp("webhook")) as running:
        yield running
        logs = "".join(replica.logged() for replica in running.replicas)
    assert RESIDENT_ID not in logs
    assert "Traceback" not in logs


@pytest.fixture(autouse=True)
def default_policy(webhook: Installation) -> Iterator[None]:
    """The policy that is shipped, whatever an earlier test made of it."""
    before = webhook.cluster.get("privacypolicy", "default")["spec"]
    yield
    if webhook.cluster.get("privacypolicy", "default")["spec"] != before:
        webhook.set_policy(**before)


def workload(kind: str, value: str = RESIDENT_ID, **names: str) -> Object:
    """A workload that the API server takes, but for what its variable holds."""
    made = manifest(kind, value, **names)
    labels = {"app": "etl"}
    match kind:
        case "Deployment" | "ReplicaSet" | "DaemonSet" | "StatefulSet":
            made["spec"]["selector"] = {"matchLabels": labels}
        case "ReplicationController":
            made["spec"]["selector"] = labels
        case "Job":
            made["spec"]["template"]["spec"]["restartPolicy"] = "Never"
        case "CronJob":
            made["apiVersion"] = "batch/v1beta1"
            made["spec"]["jobTemplate"]["spec"]["template"]["spec"]["restartPolicy"] = "Never"
        case "PodTemplate":
            made["template"]["spec"]["restartPolicy"] = "Always"
    if kind == "StatefulSet":
        made["spec"]["serviceName"] = "etl"
    return made


def plain(kind: str, name: str = "notes", /, **content: Any) -> Object:
    """An object of the core that is no workload."""
    metadata = {"name": name, **content.pop("metadata", {})}
    return {"apiVersion": "v1", "kind": kind, "metadata": metadata, **content}


def create(cluster: ControlPlane, namespace: str, obj: Object, *options: str, user: str = "editor") -> Answer:
    return cluster.create(obj, user=user, options=("--namespace", namespace, *options))


def denied(answer: Answer) -> str:
    """What the webhook said; and that it said no value."""
    assert answer.code == 1, answer
    assert "denied the request" in answer.stderr, answer
    assert RESIDENT_ID not in answer.stderr
    return answer.stderr


def let_in(answer: Answer) -> str:
    """The warnings."""
    assert answer.code == 0, answer
    return answer.stderr


# Every kind


@pytest.mark.parametrize("kind", WORKLOADS)
def test_a_workload_with_a_resident_id_is_denied_and_its_clean_twin_is_let_in(
    cluster: ControlPlane, webhook: Installation, namespace: str, kind: str
) -> None:
    said = denied(create(cluster, namespace, workload(kind), user="admin"))
    assert 'admission webhook "workloads.gatecli.dev" denied the request: ' in said
    assert f"{RULE} at /" in said
    assert f"(a Chinese resident ID, {MASK}). Move it to a Secret, or ask for a PrivacyWaiver." in said
    assert f"gatecli explain {RULE}" in said
    let_in(create(cluster, namespace, workload(kind, "batch-7"), user="admin"))


@pytest.mark.parametrize(
    "obj",
    [
        plain("ConfigMap", data={"note": f"customer {RESIDENT_ID}"}),
        plain("ConfigMap", binaryData={"note": base64.b64encode(RESIDENT_ID.encode()).decode()}),
        plain("ConfigMap", metadata={"annotations": {"owner": RESIDENT_ID}}),
        plain("ConfigMap", metadata={"labels": {"owner": RESIDENT_ID}}),
        plain("Service", metadata={"annotations": {"owner": RESIDENT_ID}}, spec={"ports": [{"port": 80}]}),
        plain("Secret", metadata={"annotations": {"owner": RESIDENT_ID}}),
    ],
    ids=["data", "binary-data", "annotation", "label", "service-annotation", "secret-annotation"],
)
def test_a_resident_id_is_denied_wherever_an_object_holds_it(
    cluster: ControlPlane, webhook: Installation, namespace: str, obj: Object
) -> None:
    assert f"{RULE} at /" in denied(create(cluster, namespace, obj))


def test_the_data_of_a_secret_is_where_values_belong_unless_the_policy_says_otherwise(
    cluster: ControlPlane, webhook: Installation, namespace: str
) -> None:
    secret = plain("Secret", stringData={"id": RESIDENT_ID})
    let_in(create(cluster, namespace, secret, "--dry-run=server"))
    webhook.set_policy(admission={"secrets": "data"})
    assert f"{RULE} at /" in denied(create(cluster, namespace, secret))


def test_an_ephemeral_container_is_searched(
    cluster: ControlPlane, webhook: Installation, namespace: str
) -> None:
    let_in(create(cluster, namespace, workload("Pod", "batch-7")))

    def debug(value: str) -> tuple[int, Any]:
        container = {"name": "debug", "image": "busybox", "env": [{"name": "ID", "value": value}]}
        container |= {"terminationMessagePolicy": "File", "imagePullPolicy": "Always"}
        path = f"/api/v1/namespaces/{namespace}/pods/etl/ephemeralcontainers"
        version = cluster.call("GET", path)[1]["metadata"]
        body = {"apiVersion": "v1", "kind": "EphemeralContainers", "metadata": version}
        return cluster.call("PUT", path, {**body, "ephemeralContainers": [container]})

    status, answer = debug(RESIDENT_ID)
    assert status == 403
    assert f"{RULE} at /ephemeralContainers/0/env/0/value" in answer["message"]
    assert debug("batch-7")[0] == 200


def test_a_custom_resource_is_searched_once_the_webhooks_rules_name_it(
    cluster: ControlPlane, webhook: Installation, namespace: str
) -> None:
    schema = {"type": "object", "x-kubernetes-preserve-unknown-fields": True}
    version = {"name": "v1", "served": True, "storage": True, "schema": {"openAPIV3Schema": schema}}
    names = {"plural": "rollouts", "singular": "rollout", "kind": "Rollout"}
    definition = {
        "apiVersion": "apiextensions.k8s.io/v1",
        "kind": "CustomResourceDefinition",
        "metadata": {"name": "rollouts.argoproj.io"},
        "spec": {"group": "argoproj.io", "scope": "Namespaced", "names": names, "versions": [version]},
    }
    rule = {
        "apiGroups": ["argoproj.io"],
        "apiVersions": ["*"],
        "operations": ["CREATE", "UPDATE"],
        "resources": ["rollouts"],
    }
    change = json.dumps([{"op": "add", "path": "/webhooks/0/rules/-", "value": rule}])
    with cluster.applied(definition):
        patch = ("patch", CONFIGURATIONS[0], "gatecli-admission", "--type=json", "-p", change)
        assert cluster.kubectl(*patch).code == 0

        def refused() -> str | None:
            answer = create(cluster, namespace, manifest("Rollout"), "--dry-run=server", user="admin")
            return answer.stderr if "denied the request" in answer.stderr else None

        said = eventually("a Rollout is denied", refused)
        assert f"{RULE} at /spec/template/spec/containers/0/env/1/value" in said


# What passes


def test_kube_system_and_the_webhooks_own_namespace_are_never_asked_about(
    cluster: ControlPlane, webhook: Installation
) -> None:
    for own in ("kube-system", WEBHOOK_NAMESPACE):
        let_in(
            create(
                cluster, own, plain("ConfigMap", data={"id": RESIDENT_ID}), "--dry-run=server", user="admin"
            )
        )


def test_no_editor_of_a_namespace_can_take_it_out_of_the_webhooks_sight(
    cluster: ControlPlane, webhook: Installation, namespace: str
) -> None:
    asked = ("label", "namespace", namespace, "gatecli.dev/unchecked=true")
    refused = cluster.kubectl(*asked, user="editor")
    assert refused.code == 1
    assert "Forbidden" in refused.stderr or "forbidden" in refused.stderr


def test_a_policy_exempts_a_namespace(cluster: ControlPlane, webhook: Installation, namespace: str) -> None:
    webhook.set_policy(admission={"namespaces": {namespace: {"exempt": True, "reason": "made-up data"}}})
    let_in(create(cluster, namespace, workload("Pod")))
    # No Pod: a new cluster may not have made the token of its first namespace yet.
    denied(create(cluster, "default", plain("ConfigMap", data={"id": RESIDENT_ID}), user="admin"))


def test_what_was_there_before_may_be_scaled_labelled_and_deleted_but_not_added_to(
    cluster: ControlPlane, webhook: Installation, namespace: str
) -> None:
    webhook.set_policy(admission={"mode": "audit", "grandfather": True})
    let_in(create(cluster, namespace, workload("Deployment")))
    webhook.set_policy(admission={"mode": "deny", "grandfather": True})
    at = ("--namespace", namespace)
    said = let_in(cluster.kubectl("annotate", "deployment/etl", "team=a", *at, user="editor"))
    assert "it was there before" in said
    let_in(cluster.kubectl("scale", "deployment/etl", "--replicas=2", *at, user="editor"))
    more = cluster.kubectl("set", "env", "deployment/etl", f"OTHER={OTHER_ID}", *at, user="editor")
    denied(more)
    let_in(cluster.kubectl("delete", "deployment/etl", *at, user="editor"))


def test_a_config_map_of_a_mebibyte_may_be_updated_and_is_searched_to_its_end(
    cluster: ControlPlane, webhook: Installation, namespace: str
) -> None:
    filler = "".join(f"line {number} of a long configuration\n" for number in range(28_000))
    content = plain("ConfigMap", "long", data={"text": filler[:1_000_000]})
    path = f"/api/v1/namespaces/{namespace}/configmaps"
    assert cluster.call("POST", path, content)[0] == 201
    content["data"]["more"] = "x"
    assert cluster.call("PUT", f"{path}/long", content)[0] == 200
    content["data"]["text"] = filler[: 1_000_000 - 20] + f" {RESIDENT_ID}"
    status, answer = cluster.call("PUT", f"{path}/long", content)
    assert status == 403
    assert f"{RULE} at /data/text" in answer["message"]


# Modes


def test_warn_lets_in_with_a_warning(cluster: ControlPlane, webhook: Installation, namespace: str) -> None:
    webhook.set_policy(admission={"mode": "warn"})
    said = let_in(create(cluster, namespace, workload("Pod")))
    assert f"Warning: {RULE} at /spec/containers/0/env/1/value (a Chinese resident ID, {MASK})" in said


def test_audit_lets_in_without_a_word_and_counts(
    cluster: ControlPlane, webhook: Installation, namespace: str
) -> None:
    webhook.set_policy(admission={"namespaces": {namespace: {"mode": "audit"}}})
    assert let_in(create(cluster, namespace, workload("Pod"))) == ""
    counted = f'gatecli_admission_verdicts_total{{entity="{RULE}",mode="audit"}}'
    assert any(counted in metrics_of(replica) for replica in webhook.replicas)


def test_mask_stores_the_masked_form(cluster: ControlPlane, webhook: Installation, namespace: str) -> None:
    webhook.set_policy(admission={"mode": "mask"})
    said = let_in(create(cluster, namespace, workload("Pod")))
    assert ": masked" in said
    stored = cluster.get("pod", "etl", "--namespace", namespace)
    assert stored["spec"]["containers"][0]["env"][1]["value"] == MASK
    assert RESIDENT_ID not in json.dumps(stored)


def test_kubectl_apply_leaves_no_copy_of_what_is_masked(
    cluster: ControlPlane, webhook: Installation, namespace: str
) -> None:
    webhook.set_policy(admission={"mode": "mask"})
    let_in(cluster.apply(workload("Deployment"), user="editor", options=("--namespace", namespace)))
    assert RESIDENT_ID not in json.dumps(cluster.get("deployment", "etl", "--namespace", namespace))


def test_a_variable_is_moved_to_a_secret_once_the_webhook_may_make_one(
    cluster: ControlPlane, webhook: Installation, namespace: str
) -> None:
    webhook.set_policy(admission={"mode": "mask", "secretRef": True})
    assert "could not be moved to a Secret" in denied(create(cluster, namespace, workload("Pod")))
    with cluster.applied(SECRETS_BINDING):
        webhook.wait_for("a Pod is let in", lambda: create(cluster, namespace, workload("Pod")).code == 0)
    at = ("--namespace", namespace)
    reference = cluster.get("pod", "etl", *at)["spec"]["containers"][0]["env"][1]["valueFrom"]["secretKeyRef"]
    kept = cluster.get("secret", reference["name"], *at)["data"][reference["key"]]
    assert base64.b64decode(kept).decode() == RESIDENT_ID


def test_a_dry_run_gets_the_same_answer_and_makes_nothing(
    cluster: ControlPlane, webhook: Installation, namespace: str
) -> None:
    denied(create(cluster, namespace, workload("Pod"), "--dry-run=server"))
    webhook.set_policy(admission={"mode": "mask", "secretRef": True})
    let_in(create(cluster, namespace, workload("Pod"), "--dry-run=server"))
    secrets = cluster.get("secrets", "--namespace", namespace)["items"]
    assert {secret["type"] for secret in secrets} <= {"kubernetes.io/service-account-token"}


# Waivers and policies


def test_kopf_watches_policies_and_waivers_and_writes_nothing_to_them(
    cluster: ControlPlane, webhook: Installation, namespace: str, fingerprint: str
) -> None:
    assert cluster.apply(waiver(fingerprint, 30), options=("--namespace", namespace)).code == 0
    at = ("privacywaiver", "legacy", "--namespace", namespace)
    webhook.wait_for("its status is told", lambda: cluster.get(*at).get("status"))
    webhook.set_policy(admission={"mode": "warn"})
    for found in (cluster.get(*at), cluster.get("privacypolicy", "default")):
        assert "finalizers" not in found["metadata"]
        assert "kopf" not in json.dumps(found)


def waiver(fingerprint: str, days: int, name: str = "legacy") -> Object:
    expires = (datetime.now(UTC).date() + timedelta(days=days)).isoformat()
    spec = {
        "rule": RULE,
        "fingerprint": fingerprint,
        "reason": "a test",
        "owner": "privacy",
        "expires": expires,
    }
    return {"apiVersion": "gatecli.dev/v1", "kind": "PrivacyWaiver", "metadata": {"name": name}, "spec": spec}


@pytest.fixture(scope="module")
def fingerprint(tmp_path_factory: pytest.TempPathFactory) -> str:
    """Of the Deployment's finding, as the command line tells it to whoever asks for a waiver."""
    file = tmp_path_factory.mktemp("manifests") / "deployment.json"
    file.write_text(json.dumps(workload("Deployment")))
    command = [sys.executable, "-m", "gatecli", "pii", "scan", str(file), "--format", "json"]
    (finding,) = json.loads(subprocess.run(command, check=False, capture_output=True).stdout)["findings"]
    return str(finding["fingerprint"])


def test_a_waiver_by_the_fingerprint_of_the_command_line_is_honoured_until_it_expires(
    cluster: ControlPlane, webhook: Installation, namespace: str, fingerprint: str
) -> None:
    at = ("--namespace", namespace)
    denied(create(cluster, namespace, workload("Deployment")))
    let_in(create(cluster, namespace, waiver(fingerprint, days=1), user="admin"))
    webhook.wait_for(
        "the waiver is honoured",
        lambda: create(cluster, namespace, workload("Deployment"), "--dry-run=server").code == 0,
    )
    let_in(create(cluster, namespace, workload("Deployment")))
    pods = webhook.wait_for("its controller makes a Pod", lambda: cluster.get("pods", *at)["items"] or None)
    assert pods[0]["metadata"]["ownerReferences"][0]["kind"] == "ReplicaSet"
    denied(create(cluster, namespace, workload("Pod")))
    expired = waiver(fingerprint, days=-1)
    let_in(cluster.apply(expired, options=at))
    webhook.wait_for(
        "the waiver has ended",
        lambda: (
            create(cluster, namespace, workload("Deployment", name="etl"), "--dry-run=server").code == 1
            and "denied" in create(cluster, namespace, workload("Deployment"), "--dry-run=server").stderr
        ),
    )


def test_a_waiver_holds_in_its_own_namespace_alone(
    cluster: ControlPlane, webhook: Installation, namespace: str, fingerprint: str
) -> None:
    let_in(create(cluster, namespace, waiver(fingerprint, days=1), user="admin"))
    webhook.wait_for(
        "the waiver is honoured",
        lambda: create(cluster, namespace, workload("Deployment"), "--dry-run=server").code == 0,
    )
    denied(create(cluster, "default", workload("Deployment"), "--dry-run=server", user="admin"))


def test_an_editor_cannot_exempt_himself(
    cluster: ControlPlane, webhook: Installation, namespace: str, fingerprint: str
) -> None:
    refused = create(cluster, namespace, waiver(fingerprint, days=1))
    assert refused.code == 1
    assert 'cannot create resource "privacywaivers"' in refused.stderr


def test_a_waiver_says_whether_it_holds(
    cluster: ControlPlane, webhook: Installation, namespace: str, fingerprint: str
) -> None:
    wrong = waiver(fingerprint, days=1)
    wrong["spec"]["expires"] = "soon"
    let_in(create(cluster, namespace, wrong, user="admin"))
    shown = webhook.wait_for("its status", lambda: condition(cluster, "privacywaiver/legacy", namespace))
    assert shown["status"] == "False"
    assert shown["message"] == "its last day is over, or is not a date"


def test_a_broken_policy_changes_nothing_but_its_status(
    cluster: ControlPlane, webhook: Installation, namespace: str
) -> None:
    webhook.set_policy(admission={"mode": "warn"})
    change = json.dumps({"spec": {"pii": {"packs": ["atlantis"]}, "admission": {"mode": "deny"}}})
    let_in(cluster.kubectl("patch", "privacypolicy", "default", "--type=merge", "-p", change))

    def rejected() -> Object | None:
        found = condition(cluster, "privacypolicy/default")
        return found if found and found["status"] == "False" else None

    assert "atlantis" in webhook.wait_for("the policy is refused", rejected)["message"]
    assert "Warning: " in let_in(create(cluster, namespace, workload("Pod")))
    # A replica that starts now judges by the version that was accepted last.
    two = webhook.replicas[1]
    webhook.balancer.remove(two.port)
    two.stop()
    two.start()
    webhook.balancer.add(two.port)
    one = webhook.replicas[0]
    webhook.balancer.remove(one.port)
    try:
        assert "Warning: " in let_in(create(cluster, namespace, workload("Job")))
    finally:
        webhook.balancer.add(one.port)


def condition(cluster: ControlPlane, what: str, namespace: str = "default") -> Object | None:
    """The condition Ready of a policy or waiver; None before it has one for its generation."""
    shown = cluster.get(what, "--namespace", namespace)
    found = shown.get("status", {}).get("conditions", [])
    return next(
        (
            each
            for each in found
            if each["type"] == "Ready" and each.get("observedGeneration") == shown["metadata"]["generation"]
        ),
        None,
    )
