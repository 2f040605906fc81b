"""A real API server refuses what serves a model without an attestation, and takes what names one."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from gatecli.attestation.keys import StatementSigner
from gatecli.model.attestation import PolicyDigest
from tests.e2e.control_plane import Answer, ControlPlane
from tests.e2e.installation import Installation
from tests.support.attestation_examples import example_key
from tests.support.attestations import POLICY
from tests.support.oci_registry import push_attestation, real_registry
from tests.support.served_models import (
    DIGEST,
    OTHER,
    annotated,
    attestation,
    deployment,
    inference_service,
)

Object = dict[str, Any]
SIGNER, STRANGER = example_key("release-team"), example_key("research-team")
RULE = "release-unattested-workload"
DEFINITION = {
    "apiVersion": "apiextensions.k8s.io/v1",
    "kind": "CustomResourceDefinition",
    "metadata": {"name": "inferenceservices.serving.kserve.io"},
    "spec": {
        "group": "serving.kserve.io",
        "scope": "Namespaced",
        "names": {"plural": "inferenceservices", "singular": "inferenceservice", "kind": "InferenceService"},
        "versions": [
            {
                "name": "v1beta1",
                "served": True,
                "storage": True,
                "schema": {
                    "openAPIV3Schema": {"type": "object", "x-kubernetes-preserve-unknown-fields": True}
                },
            }
        ],
    },
}
"""KServe's, without its schema."""


def proof(signer: StatementSigner = SIGNER, *digests: str) -> str:
    """An attestation of now, by a policy that the cluster's accepts."""
    now = datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    stated: Object = {"time": now, "policy": PolicyDigest("acme", POLICY)}
    return attestation(signer, *(digests or (DIGEST,)), **stated)


@pytest.fixture(scope="module", name="webhook")
def the_webhook(cluster: ControlPlane, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Installation]:
    with Installation(cluster, tmp_path_factory.mktemp("webhook"), names=("one",)) as running:
        answer = cluster.apply(DEFINITION)
        assert answer.code == 0, answer
        yield running
        logs = "".join(replica.logged() for replica in running.replicas)
    assert "Traceback" not in logs
    cluster.kubectl("delete", "crd", "inferenceservices.serving.kserve.io")


def trusting(webhook: Installation, **workloads: Any) -> None:
    """Put a policy in force that trusts the key of the release team."""
    keys = [{"name": "release-team", "publicKey": SIGNER.public.pem}]
    webhook.set_policy(attestation={"keys": keys, "policies": [POLICY], "workloads": workloads})


@pytest.fixture(autouse=True)
def a_policy_that_trusts(webhook: Installation) -> None:
    trusting(webhook)


def apply(webhook: Installation, namespace: str, obj: Object) -> Answer:
    placed = {**obj, "metadata": {**obj["metadata"], "namespace": namespace}}
    return webhook.cluster.apply(placed)


def is_refused(answer: Answer) -> str:
    """What the API server says of the refusal."""
    assert answer.code == 1, answer
    assert RULE in answer.stderr, answer
    return answer.stderr


def config_map(namespace: str, text: str) -> Object:
    metadata = {"name": "churn-proof", "namespace": namespace}
    return {"apiVersion": "v1", "kind": "ConfigMap", "metadata": metadata, "data": {"churn.json": text}}


def workload(*images: str) -> Object:
    made = deployment(*images)
    labels = {"app": "churn"}
    made["spec"] |= {"selector": {"matchLabels": labels}, "replicas": 1}
    made["spec"]["template"]["metadata"]["labels"] = labels
    return made


def test_an_inference_service_is_refused_until_it_names_an_attestation(
    webhook: Installation, namespace: str
) -> None:
    assert "it names no attestation" in is_refused(apply(webhook, namespace, inference_service()))
    strange = annotated(inference_service(), inline=proof(STRANGER))
    assert "0 of 1 trusted keys signed it" in is_refused(apply(webhook, namespace, strange))
    assert apply(webhook, namespace, annotated(inference_service(), inline=proof())).code == 0


def test_a_config_map_holds_the_attestation(webhook: Installation, namespace: str) -> None:
    named = annotated(inference_service(), config_map="churn-proof")
    is_refused(apply(webhook, namespace, named))
    assert webhook.cluster.apply(config_map(namespace, proof())).code == 0
    assert apply(webhook, namespace, named).code == 0


def test_a_registry_holds_the_attestation_beside_the_image(
    webhook: Installation, namespace: str, tmp_path: Path
) -> None:
    with real_registry(tmp_path) as host:
        trusting(webhook, registries=[host])
        image = f"{host}/acme/churn@sha256:{DIGEST}"
        is_refused(apply(webhook, namespace, workload(f"{host}/acme/churn@sha256:{OTHER}")))
        push_attestation(host, "acme/churn", DIGEST, proof().encode())
        answer = apply(webhook, namespace, workload(image))
        assert answer.code == 0, answer


def test_a_key_that_is_revoked_counts_no_longer_at_once(webhook: Installation, namespace: str) -> None:
    other = [{"name": "research-team", "publicKey": STRANGER.public.pem}]
    webhook.set_policy(attestation={"keys": other, "policies": [POLICY]})
    is_refused(apply(webhook, namespace, annotated(inference_service(), inline=proof())))


def test_what_is_there_keeps_its_model_and_takes_no_other(webhook: Installation, namespace: str) -> None:
    webhook.set_policy(attestation={"workloads": {"required": False}})
    assert apply(webhook, namespace, inference_service()).code == 0
    trusting(webhook)
    told = apply(webhook, namespace, annotated(inference_service(), note="scaled"))
    assert told.code == 0, told
    assert "it was there before" in told.stderr
    is_refused(apply(webhook, namespace, inference_service(f"s3://models/{OTHER}/churn")))


def test_the_pods_of_an_attested_workload_come_up(webhook: Installation, namespace: str) -> None:
    image = f"registry.example.org/churn@sha256:{DIGEST}"
    answer = apply(webhook, namespace, annotated(workload(image), inline=proof()))
    assert answer.code == 0, answer

    def pods() -> list[Object]:
        found: list[Object] = webhook.cluster.get("pods", "--namespace", namespace)["items"]
        return found

    webhook.wait_for("a Pod", pods, 45)
    # Whoever makes such a Pod by hand names no attestation.
    (pod, *_) = pods()
    head = {"name": "alone", "labels": {"gatecli.dev/serves-model": "true"}}
    containers = {"containers": pod["spec"]["containers"]}
    is_refused(
        apply(webhook, namespace, {"apiVersion": "v1", "kind": "Pod", "metadata": head, "spec": containers})
    )
