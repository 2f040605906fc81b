"""The deploy folder as objects, and turned to an installation's own options."""

from __future__ import annotations

from pathlib import Path
from typing import Any, get_args

import pytest
import yaml

from admission.cluster.client import ResourceKind
from admission.deploy.rendering import DEPLOY, Certificates, Extra, Installation, render_objects
from gatecli.model.policy import PrivacyPolicy
from tests.support.kustomize import by_key, kustomized

OVERLAYS: tuple[Certificates, ...] = ("self-signed", "cert-manager")


def of(kind: str, wanted: Installation) -> dict[str, Any]:
    return next(each for each in render_objects(wanted) if each["kind"] == kind)


def webhooks(wanted: Installation) -> list[dict[str, Any]]:
    return [hook for each in render_objects(wanted) for hook in each.get("webhooks", ())]


@pytest.mark.parametrize("overlay", OVERLAYS)
def test_by_default_it_is_what_kubectl_makes_of_the_folder(overlay: Certificates, tmp_path: Path) -> None:
    assert by_key(render_objects(Installation(certificates=overlay))) == by_key(kustomized(overlay, tmp_path))


def test_what_is_needed_comes_before_what_needs_it() -> None:
    kinds = [each["kind"] for each in render_objects(Installation())]
    assert kinds[:3] == ["Namespace", "CustomResourceDefinition", "CustomResourceDefinition"]
    assert kinds[-2:] == ["MutatingWebhookConfiguration", "ValidatingWebhookConfiguration"]
    assert kinds.index("ServiceAccount") < kinds.index("Deployment")


@pytest.mark.parametrize("overlay", OVERLAYS)
def test_another_namespace_is_named_everywhere(overlay: Certificates) -> None:
    turned = render_objects(Installation(certificates=overlay, namespace="privacy"))
    assert "gatecli-system" not in yaml.safe_dump_all(turned)
    assert {each["metadata"].get("namespace", "privacy") for each in turned} == {"privacy"}
    for hook in webhooks(Installation(certificates=overlay, namespace="privacy")):
        assert "privacy" in hook["namespaceSelector"]["matchExpressions"][1]["values"]


def test_a_process_learns_its_namespace_from_its_pod() -> None:
    (container,) = of("Deployment", Installation())["spec"]["template"]["spec"]["containers"]
    env = {each["name"]: each for each in container["env"]}
    reference = {"fieldRef": {"fieldPath": "metadata.namespace"}}
    assert env["GATECLI_ADMISSION_NAMESPACE"]["valueFrom"] == reference


def test_an_image_is_taken_as_it_is_named() -> None:
    wanted = Installation(image="registry.example/gatecli-system/gatecli:1", namespace="privacy")
    (container,) = of("Deployment", wanted)["spec"]["template"]["spec"]["containers"]
    assert container["image"] == "registry.example/gatecli-system/gatecli:1"


def test_the_replicas_are_as_many_as_asked_for() -> None:
    assert of("Deployment", Installation(replicas=5))["spec"]["replicas"] == 5


def test_a_single_replica_has_no_budget_that_would_keep_its_node_from_being_drained() -> None:
    kinds = {each["kind"] for each in render_objects(Installation(replicas=1))}
    assert "PodDisruptionBudget" not in kinds
    assert "PodDisruptionBudget" in {each["kind"] for each in render_objects(Installation(replicas=3))}


def test_the_policy_begins_with_the_mode_and_the_entities_asked_for() -> None:
    policy = of("PrivacyPolicy", Installation(mode="audit", entities={"US_SSN": "deny"}))
    read = PrivacyPolicy.from_file(policy | {"metadata": {"name": policy["metadata"]["name"]}})
    assert read.spec.admission.mode == "audit"
    assert read.spec.admission.existing == "warn"
    assert dict(read.spec.pii.entities) == {"US_SSN": "deny"}


def test_the_failure_policy_is_that_of_both_webhooks() -> None:
    assert {hook["failurePolicy"] for hook in webhooks(Installation(failure_policy="Ignore"))} == {"Ignore"}


def test_excluded_namespaces_join_those_that_are_shipped() -> None:
    for hook in webhooks(Installation(excluded_namespaces=["calico-system", "kube-system"])):
        label, name = hook["namespaceSelector"]["matchExpressions"]
        assert label["key"] == "gatecli.dev/unchecked"
        assert name["values"] == [
            "kube-system",
            "kube-node-lease",
            "kube-public",
            "gatecli-system",
            "calico-system",
        ]


def test_cert_manager_can_start_before_the_webhook_whose_certificates_it_makes() -> None:
    for hook in webhooks(Installation(certificates="cert-manager")):
        assert "cert-manager" in hook["namespaceSelector"]["matchExpressions"][1]["values"]


def test_a_custom_resource_is_asked_about_by_both_webhooks_beside_the_shipped_ones() -> None:
    shipped = webhooks(Installation())
    wanted = Installation(more_resources=[ResourceKind("ray.io", "v1", "rayclusters")])
    for hook, before in zip(webhooks(wanted), shipped, strict=True):
        *kept, added = hook["rules"]
        assert kept == before["rules"]
        assert added["apiGroups"] == ["ray.io"]
        assert added["resources"] == ["rayclusters"]
        assert added["operations"] == ["CREATE", "UPDATE"]


def test_nothing_that_is_shipped_is_changed_by_what_is_asked_for() -> None:
    before = render_objects(Installation())
    render_objects(
        Installation(namespace="other", mode="audit", excluded_namespaces=["a"], failure_policy="Ignore")
    )
    assert render_objects(Installation()) == before


def test_the_folder_of_a_checkout_is_the_package_s_own() -> None:
    assert (DEPLOY / "base" / "kustomization.yaml").is_file()


def test_what_is_not_for_every_cluster_comes_when_it_is_asked_for() -> None:
    plain = {
        (each["kind"], each["metadata"]["name"]) for each in render_objects(Installation(namespace="privacy"))
    }
    wanted = render_objects(Installation(extras=["policy-reports", "scan-secrets"], namespace="privacy"))
    added = {(each["kind"], each["metadata"]["name"]) for each in wanted} - plain
    assert ("CustomResourceDefinition", "policyreports.wgpolicyk8s.io") in added
    assert {kind for kind, _ in added} == {"CustomResourceDefinition", "ClusterRole", "ClusterRoleBinding"}
    assert "gatecli-system" not in yaml.safe_dump_all(wanted)
    assert wanted[1]["kind"] == wanted[4]["kind"] == "CustomResourceDefinition"


def test_a_scan_of_secrets_is_switched_on_with_its_role() -> None:
    wanted = Installation(extras=["scan-secrets"])
    (container,) = of("Deployment", wanted)["spec"]["template"]["spec"]["containers"]
    assert {"name": "GATECLI_ADMISSION_SCAN_SECRETS", "value": "true"} in container["env"]


def test_every_folder_of_options_can_be_asked_for() -> None:
    assert set(get_args(Extra)) == {each.name for each in (DEPLOY / "optional").iterdir()}
