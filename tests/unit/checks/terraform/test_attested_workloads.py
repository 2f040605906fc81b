"""Workloads of a plan that serve a model: an attestation in the plan, in its ConfigMap, or given."""

from __future__ import annotations

from typing import Any

import pytest

from gatecli.checks.served_models import GivenAttestations, Serving
from gatecli.checks.terraform.attested_workloads import find_unattested_workloads
from gatecli.checks.terraform.form_matches import forms_in
from gatecli.checks.terraform.tagged_evidence import TaggedReports
from gatecli.checks.terraform.ungated import find_ungated
from gatecli.gates.served_models import serving_demands
from gatecli.model.finding import Finding
from gatecli.model.plan import Plan
from tests.support.attestations import ed25519, p256
from tests.support.plans import change, plan_with, read
from tests.support.reviews import TODAY, policy_of
from tests.support.served_models import (
    DIGEST,
    OTHER,
    annotated,
    attestation,
    deployment,
    inference_service,
    trust_of,
)

SIGNER = ed25519()
GOOD = attestation(SIGNER, DIGEST)


def manifest(obj: dict[str, Any], name: str = "served") -> dict[str, Any]:
    return change(f"kubernetes_manifest.{name}", {"manifest": obj})


def plan_of(*changes: dict[str, Any]) -> Plan:
    return read(plan_with(resource_changes=list(changes)))


def found(
    *changes: dict[str, Any], given: tuple[tuple[str, bytes], ...] = (), **workloads: Any
) -> list[Finding]:
    policy = policy_of(attestation=trust_of(SIGNER, workloads=workloads))
    demands = serving_demands(policy)
    assert demands is not None
    plan = plan_of(*changes)
    serving = Serving(demands, GivenAttestations(given), TODAY)
    return list(find_unattested_workloads(plan, forms_in(plan, policy), serving))


def why(findings: list[Finding]) -> str:
    (finding,) = findings
    return f"{finding.severity}: {finding.message.partition(': ')[2]}"


def test_what_names_none_is_told_at_its_address() -> None:
    (finding,) = found(manifest(inference_service()))
    assert finding.subject == "kubernetes_manifest.served"
    assert why([finding]) == "error: it names no attestation"


def test_an_annotation_in_the_plan_is_one() -> None:
    assert not found(manifest(annotated(inference_service(), inline=GOOD)))
    assert "no attestation that it names is about" in why(
        found(manifest(annotated(inference_service(f"s3://m/{OTHER}"), inline=GOOD)))
    )


def test_a_config_map_of_the_plan_is_read() -> None:
    named = manifest(annotated(inference_service(), config_map="proofs"))
    proofs = change(
        "kubernetes_config_map_v1.p",
        {"metadata": [{"name": "proofs", "namespace": "team-a"}], "data": {"a.json": GOOD}},
    )
    assert not found(named, proofs)
    assert "is not in the plan" in why(found(named))


def config_map(namespace: str, text: str, name: str = "p") -> dict[str, Any]:
    metadata = [{"name": "proofs", "namespace": namespace}]
    return change(f"kubernetes_config_map_v1.{name}", {"metadata": metadata, "data": {"a.json": text}})


def test_a_config_map_counts_in_its_own_namespace_alone() -> None:
    named = manifest(annotated(inference_service(), config_map="proofs"))
    elsewhere = config_map("team-b", attestation(SIGNER, OTHER), "elsewhere")
    assert not found(elsewhere, named, config_map("team-a", GOOD))
    assert "is not in the plan" in why(found(named, config_map("team-b", GOOD)))


def test_a_config_map_that_leaves_is_none() -> None:
    gone = config_map("team-a", GOOD)
    gone["change"] |= {"actions": ["delete"], "after": None, "before": gone["change"]["after"]}
    named = manifest(annotated(inference_service(), config_map="proofs"))
    assert "is not in the plan" in why(found(named, gone))


def test_a_config_map_in_a_manifest_is_read() -> None:
    metadata = {"name": "proofs", "namespace": "team-a"}
    proofs = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": metadata, "data": {"a.json": GOOD}}
    named = manifest(annotated(inference_service(), config_map="proofs"))
    assert not found(named, manifest(proofs, "proofs"))


def test_what_is_given_as_evidence_counts_wherever_it_is_about_the_model() -> None:
    evidence = (("churn.sigstore.json", GOOD.encode()),)
    assert not found(manifest(inference_service()), given=evidence)
    assert "error" in why(found(manifest(inference_service(f"s3://m/{OTHER}")), given=evidence))
    strange = (("churn.sigstore.json", attestation(p256(), DIGEST).encode()),)
    assert "0 of 1 trusted keys" in why(found(manifest(inference_service()), given=strange))


def test_a_registry_is_not_asked_for_a_plan() -> None:
    image = f"registry.example.org/churn@sha256:{DIGEST}"
    told = found(manifest(deployment(image)), registries=["registry.example.org"], onUnknown="warn")
    assert (
        why(told)
        == "warning: the registry registry.example.org is not asked here: give the attestation as evidence"
    )


def test_what_only_the_apply_knows_is_unknown() -> None:
    late = change("kubernetes_manifest.served", {"manifest": inference_service()})
    late["change"]["after_unknown"] = {"manifest": {"metadata": {"annotations": True}}}
    assert why(found(late, onUnknown="defer")) == "note: its annotations are known only after the apply"
    kind = change("kubernetes_manifest.served", {"manifest": {"apiVersion": "serving.kserve.io/v1beta1"}})
    kind["change"]["after_unknown"] = {"manifest": {"kind": True}}
    assert "known only after the apply" in why(found(kind))


def test_a_manifest_in_a_text_is_unknown_and_never_a_pass() -> None:
    body = "apiVersion: serving.kserve.io/v1beta1\nkind: InferenceService\n"
    told = found(change("kubectl_manifest.served", {"yaml_body": body}))
    assert "its manifest is a text" in why(told) or "does not say by an argument" in why(told)


@pytest.mark.parametrize("metadata", ["metadata", "template"])
def test_hcl_names_one_in_its_own_metadata_or_in_that_of_its_pods(metadata: str) -> None:
    own = {"annotations": {"gatecli.dev/attestation": GOOD}}
    labels = {"name": "churn", "labels": {"gatecli.dev/serves-model": "true"}}
    pod = [{"container": [{"name": "m", "image": f"registry.example.org/churn@sha256:{DIGEST}"}]}]
    values = {
        "metadata": [labels | (own if metadata == "metadata" else {})],
        "spec": [{"template": [{"metadata": [own if metadata == "template" else {}], "spec": pod}]}],
    }
    assert not found(change("kubernetes_deployment_v1.served", values))


def hcl(**spec: Any) -> dict[str, Any]:
    labels = {"name": "churn", "labels": {"gatecli.dev/serves-model": "true"}}
    metadata = [labels | {"annotations": {"gatecli.dev/attestation": GOOD}}]
    model = [{"name": "m", "image": f"registry.example.org/churn@sha256:{DIGEST}"}]
    values = {"metadata": metadata, "spec": [{"template": [{"spec": [{"container": model} | spec]}]}]}
    return change("kubernetes_deployment_v1.served", values)


def test_init_containers_in_hcl_are_asked() -> None:
    vault = {"init_container": [{"name": "vault-agent", "image": "hashicorp/vault:1.17"}]}
    assert not found(hcl())
    assert "init_container.image does not state a SHA-256" in why(found(hcl(**vault)))
    assert not found(hcl(**vault), beside=["hashicorp/vault:*"])


def test_a_server_in_a_native_sidecar_serves_in_hcl_too() -> None:
    def seen(**more: str) -> list[Finding]:
        init = [{"name": "s", "image": "vllm/vllm-openai:v0.9", **more}]
        spec = [{"container": [{"name": "web", "image": "nginx:1.27"}], "init_container": init}]
        values = {"metadata": [{"name": "web"}], "spec": [{"template": [{"spec": spec}]}]}
        return found(change("kubernetes_deployment_v1.served", values))

    assert why(seen(restart_policy="Always")) == "error: it names no attestation"
    assert seen() == []


def test_a_config_map_of_the_plan_that_is_empty_is_told() -> None:
    named = manifest(annotated(inference_service(), config_map="proofs"))
    metadata = [{"name": "proofs", "namespace": "team-a"}]
    empty = change("kubernetes_config_map_v1.p", {"metadata": metadata, "data": {}})
    assert why(found(named, empty)) == "error: the ConfigMap that it names is empty"


def test_a_model_that_no_cluster_serves_is_asked_for_its_gate_alone() -> None:
    assert not found(change("aws_sagemaker_model.m", {"primary_container": [{"model_data_url": "s3://m/x"}]}))


def test_an_attestation_stands_for_the_gate_of_a_model() -> None:
    policy = policy_of(attestation=trust_of(SIGNER))
    demands = serving_demands(policy)
    assert demands is not None
    plan = plan_of(
        change("aws_sagemaker_model.m", {"primary_container": [{"model_data_url": f"s3://m/{DIGEST}/x"}]})
    )

    def rules(*given: tuple[str, bytes]) -> list[str]:
        serving = Serving(demands, GivenAttestations(given), TODAY)
        ungated = find_ungated(plan, forms_in(plan, policy), TaggedReports(), policy, {}, serving)
        return [finding.rule.id for finding in ungated]

    assert rules() == ["tf-model-ungated"]
    assert rules(("churn.sigstore.json", GOOD.encode())) == []
    assert rules(("other.sigstore.json", attestation(SIGNER, OTHER).encode())) == ["tf-model-ungated"]
