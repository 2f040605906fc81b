"""What serves a model in a cluster must name an attestation that the policy trusts."""

from __future__ import annotations

import base64
import json
from collections.abc import Mapping
from typing import Any

import pytest

from admission.review.enforcement import Act
from admission.review.judging import Decision, DecisionReason, judge
from gatecli.attestation.keys import StatementSigner
from gatecli.checks.served_models import AttestationSource, GivenAttestations
from gatecli.model.attestation import Claim
from tests.support.attestations import ed25519, p256
from tests.support.reviews import (
    CONTROLLER,
    TODAY,
    decided,
    made_from,
    request_for,
    rulebook,
    still,
)
from tests.support.served_models import (
    DIGEST,
    OTHER,
    annotated,
    attestation,
    deployment,
    inference_service,
    serving_book,
)

RULE = "release-unattested-workload"
IMAGE = f"registry.example.org/churn@sha256:{DIGEST}"
SIGNER, STRANGER = ed25519(), p256()
GOOD = attestation(SIGNER, DIGEST)


def why(decision: Decision) -> str:
    """The one finding's reason; empty where it is let in without a finding."""
    if not decision.findings:
        assert decision.allowed
        return ""
    (finding,) = decision.findings
    assert finding.rule.id == RULE
    return finding.message.partition(": ")[2]


def test_what_names_no_attestation_is_refused_and_told_how_to_mend_it() -> None:
    decision = decided(inference_service(), serving_book(SIGNER))
    assert not decision.allowed
    assert decision.reason is DecisionReason.DENIED
    assert RULE in decision.message
    assert why(decision) == "it names no attestation"
    assert "gatecli attest" in decision.findings[0].remediation


@pytest.mark.parametrize(
    "obj",
    [
        annotated(inference_service(), inline=GOOD),
        annotated(inference_service(), inline=GOOD.strip()),
        annotated(inference_service(f"oci://registry.example.org/churn@sha256:{DIGEST}"), inline=GOOD),
        annotated(deployment(IMAGE), inline=GOOD),
        annotated(deployment("vllm/vllm-openai@sha256:" + DIGEST, label="app"), inline=GOOD),
        annotated(
            deployment("vllm/vllm-openai:v0.9", volumes=[{"name": "model", "image": {"reference": IMAGE}}]),
            inline=GOOD,
        ),
    ],
    ids=["by address", "without the end of its line", "by OCI", "by image", "by its name", "by a volume"],
)
def test_what_names_one_of_its_model_is_let_in(obj: dict[str, Any]) -> None:
    decision = decided(obj, serving_book(SIGNER))
    assert decision.allowed, decision.findings
    assert not decision.findings


@pytest.mark.parametrize("kind", ["Deployment", "CronJob"])
def test_a_label_of_the_pod_template_alone_says_it_too(kind: str) -> None:
    """Nobody asks the Pods, which have it, again: their controller made them of what was judged."""
    obj = deployment("registry.example.org/churn:1", label="app")
    obj["spec"]["template"]["metadata"]["labels"]["gatecli.dev/serves-model"] = "true"
    if kind == "CronJob":
        obj |= {"apiVersion": "batch/v1", "kind": kind, "spec": {"jobTemplate": {"spec": obj["spec"]}}}
    assert why(decided(obj, serving_book(SIGNER))) == "it names no attestation"


def test_an_annotation_of_the_pod_template_counts() -> None:
    obj = deployment(IMAGE)
    obj["spec"]["template"]["metadata"]["annotations"] = {"gatecli.dev/attestation": GOOD}
    assert why(decided(obj, serving_book(SIGNER))) == ""


WRONG: Mapping[str, tuple[str, str]] = {
    "a stranger's": (attestation(STRANGER, DIGEST), "0 of 1 trusted keys signed it"),
    "of another model": (attestation(SIGNER, OTHER), "no attestation that it names is about its"),
    "of a verdict that failed": (attestation(SIGNER, DIGEST, verdict="fail"), "its verdict is not a pass"),
    "of long ago": (attestation(SIGNER, DIGEST, time="2025-05-31T12:00:00Z"), "more than 90 days ago"),
    "of a time to come": (attestation(SIGNER, DIGEST, time="2026-06-02T12:00:00Z"), "which is not yet"),
    "of a larger ε than the tier's": (
        attestation(SIGNER, DIGEST, claim=Claim("0.6", 600_000, "1e-9")),
        "and the tier health of the policy test permits 0.5",
    ),
    "changed": (GOOD.replace("v0.3", "v0.4"), "cannot be read"),
    "cut off": (GOOD[:-20], "cannot be read"),
    "no JSON": ("x", "cannot be read"),
    "empty": ("", "it names no attestation"),
}


@pytest.mark.parametrize("name", WRONG)
def test_an_attestation_that_does_not_hold_is_none(name: str) -> None:
    text, reason = WRONG[name]
    decision = decided(annotated(inference_service(), inline=text), serving_book(SIGNER))
    assert not decision.allowed
    assert reason in why(decision)


def test_every_model_that_is_served_must_be_attested() -> None:
    both = deployment(IMAGE, f"registry.example.org/other@sha256:{OTHER}")
    assert "is about its" in why(decided(annotated(both, inline=GOOD), serving_book(SIGNER)))
    whole = annotated(both, inline=attestation(SIGNER, DIGEST, OTHER))
    assert why(decided(whole, serving_book(SIGNER))) == ""


GOOD_MODEL = f"s3://models/{DIGEST}/churn"


@pytest.mark.parametrize(
    ("api", "kind", "spec"),
    [
        (
            "serving.kserve.io/v1beta1",
            "InferenceService",
            {"predictor": {"containers": [{"image": IMAGE}], "storageUris": [{"uri": "s3://models/x"}]}},
        ),
        (
            "serving.kserve.io/v1alpha1",
            "LLMInferenceService",
            {"model": {"uri": GOOD_MODEL, "lora": {"adapters": [{"uri": "s3://models/x"}]}}},
        ),
        ("kubeai.org/v1", "Model", {"url": GOOD_MODEL, "adapters": [{"name": "a", "url": "s3://models/x"}]}),
        (
            "machinelearning.seldon.io/v1",
            "SeldonDeployment",
            {
                "predictors": [
                    {"graph": {"modelUri": GOOD_MODEL, "children": [{"children": [{"modelUri": "s3://x"}]}]}}
                ]
            },
        ),
        (
            "machinelearning.seldon.io/v1",
            "SeldonDeployment",
            {"predictors": [{"graph": {"modelUri": GOOD_MODEL}, "explainer": {"modelUri": "s3://x"}}]},
        ),
    ],
    ids=["a second address", "an adapter of KServe", "an adapter of KubeAI", "a child", "an explainer"],
)
def test_a_model_beside_an_attested_one_must_be_attested_too(
    api: str, kind: str, spec: dict[str, Any]
) -> None:
    obj = annotated({**inference_service(), "apiVersion": api, "kind": kind, "spec": spec}, inline=GOOD)
    assert "does not state a SHA-256" in why(decided(obj, serving_book(SIGNER)))


def test_several_addresses_of_kserve_are_attested_each() -> None:
    spec = {"predictor": {"model": {}, "storageUris": [{"uri": GOOD_MODEL}, {"uri": f"gs://m/{OTHER}"}]}}
    obj = {**inference_service(), "spec": spec}
    both = attestation(SIGNER, DIGEST, OTHER)
    assert decided(annotated(obj, inline=both), serving_book(SIGNER)).allowed
    assert not decided(annotated(obj, inline=GOOD), serving_book(SIGNER)).allowed


def test_an_image_that_the_policy_lets_stand_beside_a_model_needs_none() -> None:
    both = annotated(deployment(IMAGE, "docker.io/istio/proxyv2:1.24"), inline=GOOD)
    assert "does not state a SHA-256" in why(decided(both, serving_book(SIGNER)))
    book = serving_book(SIGNER, workloads={"beside": ["docker.io/istio/proxyv2:*"]})
    assert why(decided(both, book)) == ""


VLLM = "vllm/vllm-openai:v0.9"
PROXY = "docker.io/istio/proxyv2:1.24"
NATIVE = {"restartPolicy": "Always"}


def pod(obj: dict[str, Any]) -> dict[str, Any]:
    """The Pod of a Deployment's template, as somebody would apply it."""
    labels = obj["metadata"]["labels"]
    metadata = {"name": "churn", "namespace": "team-a", "labels": labels}
    return {"apiVersion": "v1", "kind": "Pod", "metadata": metadata, "spec": obj["spec"]["template"]["spec"]}


def guest(image: str, **more: Any) -> dict[str, Any]:
    return {"name": "guest", "image": image, **more}


@pytest.mark.parametrize("as_kind", [dict, pod], ids=["Deployment", "Pod"])
def test_a_native_sidecar_that_is_a_known_server_serves_a_model(as_kind: Any) -> None:
    def seen(**more: Any) -> str:
        obj = deployment("nginx:1.27", label="app", initContainers=[guest(VLLM, **more)])
        return why(decided(as_kind(obj), serving_book(SIGNER)))

    assert seen(**NATIVE) == "it names no attestation"
    assert seen() == ""  # it ends before anything is served


def test_a_server_in_a_sidecar_of_a_job_or_of_the_leader_of_a_group_is_one_too() -> None:
    spec = {"containers": [guest("nginx:1.27")], "initContainers": [guest(VLLM, **NATIVE)]}
    metadata = {"name": "churn", "namespace": "team-a"}
    shapes = {
        ("batch/v1", "CronJob"): {"jobTemplate": {"spec": {"template": {"spec": spec}}}},
        ("leaderworkerset.x-k8s.io/v1", "LeaderWorkerSet"): {
            "leaderWorkerTemplate": {"leaderTemplate": {"spec": spec}}
        },
        ("serving.knative.dev/v1", "Service"): {"template": {"spec": spec}},
    }
    for (api, kind), body in shapes.items():
        obj = {"apiVersion": api, "kind": kind, "metadata": metadata, "spec": body}
        assert why(decided(obj, serving_book(SIGNER))) == "it names no attestation", kind


@pytest.mark.parametrize("more", [NATIVE, {}], ids=["sidecar", "init"])
@pytest.mark.parametrize("as_kind", [dict, pod], ids=["Deployment", "Pod"])
def test_an_init_container_is_asked_like_a_container(more: dict[str, str], as_kind: Any) -> None:
    """A sidecar may answer in the model's place, and an ordinary one may put another into a volume."""

    def seen(image: str, **workloads: Any) -> str:
        obj = annotated(as_kind(deployment(IMAGE, initContainers=[guest(image, **more)])), inline=GOOD)
        return why(decided(obj, serving_book(SIGNER, workloads=workloads)))

    assert "initContainers.image does not state a SHA-256" in seen(PROXY)
    assert seen(IMAGE) == ""
    assert seen(PROXY, beside=["docker.io/istio/proxyv2:*"]) == ""


def test_an_image_of_an_init_container_is_looked_for_in_its_registry() -> None:
    book = serving_book(SIGNER, workloads={"registries": ["registry.example.org"]})
    request = request_for(deployment("nginx:1.27", initContainers=[guest(IMAGE, **NATIVE)]))
    assert [each.name for each in judge(request, book, today=TODAY, clock=still).sources] == ["churn"]


def test_a_volume_that_is_the_model_stands_for_the_images_of_init_containers_too() -> None:
    volumes = [{"name": "model", "image": {"reference": IMAGE}}]
    obj = deployment(VLLM, volumes=volumes, initContainers=[guest(PROXY)])
    assert why(decided(annotated(obj, inline=GOOD), serving_book(SIGNER))) == ""


def test_the_finding_says_where_to_list_what_stands_beside_a_model() -> None:
    (finding,) = decided(deployment(IMAGE), serving_book(SIGNER)).findings
    assert "spec.attestation.workloads.beside" in finding.remediation


def test_an_ephemeral_container_may_not_take_the_place_of_the_model() -> None:
    old = annotated(pod(deployment(IMAGE)), inline=GOOD)

    def debugged(image: str, **workloads: Any) -> Decision:
        new = {**old, "spec": {**old["spec"], "ephemeralContainers": [guest(image)]}}
        book = serving_book(SIGNER, workloads=workloads)
        return decided(new, book, operation="UPDATE", oldObject=old, subResource="ephemeralcontainers")

    refused = debugged("docker.io/library/busybox:1.37")
    assert not refused.allowed
    assert "its spec.ephemeralContainers.image does not state a SHA-256" in why(refused)
    assert why(debugged("docker.io/library/busybox:1.37", beside=["docker.io/library/busybox:*"])) == ""


def test_a_known_server_in_an_ephemeral_container_serves_a_model() -> None:
    old = pod(deployment("nginx:1.27", label="app"))
    new = {**old, "spec": {**old["spec"], "ephemeralContainers": [guest(VLLM)]}}
    changes: Any = {"operation": "UPDATE", "oldObject": old, "subResource": "ephemeralcontainers"}
    assert why(decided(new, serving_book(SIGNER), **changes)) == "it names no attestation"


def test_the_containers_around_kserves_predictor_are_asked_where_images_hold_the_model() -> None:
    """Where an address holds it, it stands for all images: the runtime's, and those of what is around it."""

    def seen(**parts: Any) -> str:
        obj = annotated({**inference_service(), "spec": parts}, inline=GOOD)
        return why(decided(obj, serving_book(SIGNER)))

    around = {"containers": [guest("registry.example.org/features:1")]}
    custom = {"containers": [guest(IMAGE)]}
    assert seen(predictor=custom) == ""
    assert "spec.transformer.containers.image does not state" in seen(predictor=custom, transformer=around)
    assert "spec.explainer.containers.image does not state" in seen(predictor=custom, explainer=around)
    assert seen(predictor={"model": {"storageUri": GOOD_MODEL}}, transformer=around) == ""
    sidecar = {**custom, "initContainers": [guest(PROXY, **NATIVE)]}
    assert "spec.predictor.initContainers.image does not state" in seen(predictor=sidecar)


def test_an_explainer_of_kserve_that_is_a_model_is_attested() -> None:
    parts = {
        "predictor": {"model": {"storageUri": GOOD_MODEL}},
        "explainer": {"art": {"storageUri": "s3://m/x"}},
    }
    obj = annotated({**inference_service(), "spec": parts}, inline=GOOD)
    assert "spec.explainer.*.storageUri does not state" in why(decided(obj, serving_book(SIGNER)))


def test_the_leader_of_a_group_is_asked_like_its_workers() -> None:
    def group(leader: str, worker: str) -> dict[str, Any]:
        templates = {
            "leaderTemplate": {"spec": {"containers": [guest(leader)]}},
            "workerTemplate": {"spec": {"containers": [guest(worker)]}},
        }
        metadata = {"name": "churn", "labels": {"gatecli.dev/serves-model": "true"}}
        head = {"apiVersion": "leaderworkerset.x-k8s.io/v1", "kind": "LeaderWorkerSet"}
        obj = {**head, "metadata": metadata, "spec": {"leaderWorkerTemplate": templates}}
        return annotated(obj, inline=GOOD)

    assert why(decided(group(IMAGE, IMAGE), serving_book(SIGNER))) == ""
    assert "leaderTemplate" in why(decided(group(VLLM, IMAGE), serving_book(SIGNER)))
    assert "workerTemplate" in why(decided(group(IMAGE, VLLM), serving_book(SIGNER)))


@pytest.mark.parametrize(
    ("on_unknown", "act"), [("fail", Act.DENY), ("warn", Act.WARN), ("defer", Act.AUDIT)]
)
def test_what_nobody_can_tell_follows_the_policy(on_unknown: str, act: Act) -> None:
    obj = annotated(inference_service("s3://models/churn/latest"), inline=GOOD)
    decision = decided(obj, serving_book(SIGNER, workloads={"onUnknown": on_unknown}))
    assert decision.allowed is (act is not Act.DENY)
    assert decision.acts == (act,)
    assert "does not state a SHA-256" in why(decision)


def test_an_address_outside_the_stores_of_the_policy_is_not_believed() -> None:
    obj = annotated(inference_service(), inline=GOOD)
    assert why(decided(obj, serving_book(SIGNER, workloads={"stores": ["s3://models/*"]}))) == ""
    other = serving_book(SIGNER, workloads={"stores": ["s3://acme-models/*"]})
    assert "is in none of the policy's stores" in why(decided(obj, other))
    image = annotated(inference_service(f"oci://registry.example.org/churn@sha256:{DIGEST}"), inline=GOOD)
    assert why(decided(image, other)) == ""


@pytest.mark.parametrize(
    "address",
    [
        f"s3://elsewhere/churn@sha256:{DIGEST}",
        f"https://store.example.org/churn@sha256:{DIGEST}",
        f"elsewhere/churn@sha256:{DIGEST}",
        f"https://store.example.org/models/other?version=/{DIGEST}",
        f"https://store.example.org/models/other?@sha256:{DIGEST}",
        f"https://store.example.org/models/other#/{DIGEST}",
    ],
)
def test_a_digest_that_nothing_keeps_true_is_none(address: str) -> None:
    """Only a registry keeps an image's digest true; and what serves an address may pass over its query."""
    obj = annotated(inference_service(address), inline=GOOD)
    book = serving_book(SIGNER, workloads={"stores": ["https://store.example.org/models/*"]})
    assert not decided(obj, book).allowed


def test_a_name_of_many_parts_is_read_at_once() -> None:
    image = f"{'/'.join('a' * 64)}@sha256:{'z' * 64}"
    book = serving_book(SIGNER, workloads={"registries": ["docker.io"]})
    assert "does not state a SHA-256" in why(decided(annotated(deployment(image), inline=GOOD), book))


@pytest.mark.parametrize("name", ["../../admin?x=", "a/../../b", "a//b", "A/b", "a b", "a%2fb", "a#b", ".a"])
def test_no_registry_is_asked_by_what_is_not_the_name_of_a_repository(name: str) -> None:
    book = serving_book(SIGNER, workloads={"registries": ["registry.example.org"]})
    request = request_for(deployment(f"registry.example.org/{name}@sha256:{DIGEST}"))
    assert not judge(request, book, today=TODAY, clock=still).sources


def test_a_policy_that_trusts_nobody_asks_for_nothing_unless_it_says_so() -> None:
    assert decided(inference_service(), rulebook()).reason is DecisionReason.CLEAN
    told = decided(inference_service(), rulebook(attestation={"workloads": {"required": True}}))
    assert not told.allowed
    assert decided(inference_service(), serving_book(SIGNER, workloads={"required": False})).allowed


@pytest.mark.parametrize(
    "obj",
    [
        {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "x"}, "data": {"a": "b"}},
        deployment("nginx:1.27", label="app"),
        {"apiVersion": "serving.kserve.io/v1alpha1", "kind": "InferenceGraph", "metadata": {"name": "x"}},
        {"apiVersion": "mlops.seldon.io/v1alpha1", "kind": "Pipeline", "metadata": {"name": "x"}},
    ],
    ids=lambda obj: str(obj["kind"]),
)
def test_what_serves_no_model_of_its_own_is_not_asked(obj: dict[str, Any]) -> None:
    assert decided(obj, serving_book(SIGNER)).reason is DecisionReason.CLEAN


def test_what_was_there_before_is_let_in_with_a_warning() -> None:
    old, new = inference_service(), annotated(inference_service(), note="scaled")
    book = serving_book(SIGNER)
    decision = decided(new, book, operation="UPDATE", oldObject=old)
    assert decision.allowed
    assert decision.reason is DecisionReason.GRANDFATHERED
    other = inference_service(f"s3://models/{OTHER}/churn")
    assert not decided(other, book, operation="UPDATE", oldObject=old).allowed
    strict = serving_book(SIGNER, admission={"existing": "deny"})
    assert not decided(new, strict, operation="UPDATE", oldObject=old).allowed


def test_whoever_takes_the_attestation_away_is_refused() -> None:
    old = annotated(inference_service(), inline=GOOD)
    decision = decided(inference_service(), serving_book(SIGNER), operation="UPDATE", oldObject=old)
    assert not decision.allowed


def test_what_a_controller_copies_was_judged_at_its_owner() -> None:
    owner = deployment(IMAGE) | {"kind": "ReplicaSet"}
    owner["metadata"] |= {"uid": "8f0f5b0e-2d0c-4d5e-9c55-0d7a7d5c8f11"}
    pod = made_from(owner, "Pod", "batch")
    pod["spec"]["containers"][0]["image"] = "vllm/vllm-openai:v0.9"
    book = serving_book(SIGNER)
    assert decided(pod, book, userInfo={"username": CONTROLLER}).allowed
    assert not decided(pod, book).allowed  # whoever else claims that owner


def test_a_controller_of_the_policy_makes_workloads_of_what_was_judged() -> None:
    name = "system:serviceaccount:kserve:kserve-controller-manager"
    made = deployment("kserve/sklearnserver:v0.15", label="app")
    user: Any = {"userInfo": {"username": name}}
    assert not decided(made, serving_book(SIGNER), **user).allowed
    assert decided(made, serving_book(SIGNER, workloads={"controllers": [name]}), **user).allowed


def given(signer: StatementSigner = SIGNER, *unread: str) -> GivenAttestations:
    return GivenAttestations((("the ConfigMap that it names", attestation(signer, DIGEST).encode()),), unread)


def test_a_config_map_that_is_named_is_asked_for_and_then_judged() -> None:
    request = request_for(annotated(inference_service(), config_map="churn-proof"))
    book = serving_book(SIGNER)
    first = judge(request, book, today=TODAY, clock=still)
    assert first.sources == (AttestationSource("config-map", "churn-proof"),)

    def again(evidence: GivenAttestations) -> Decision:
        return judge(request, book, today=TODAY, clock=still, attestations=evidence)

    assert again(given()).allowed
    assert not again(given()).sources
    assert "it names no attestation" in why(again(GivenAttestations()))
    empty = again(GivenAttestations(empty=("the ConfigMap that it names is empty",)))
    assert why(empty) == "the ConfigMap that it names is empty"
    assert not empty.allowed
    lost = again(GivenAttestations(unread=("the ConfigMap that it names could not be read",)))
    assert "could not be read" in why(lost)
    assert not lost.allowed
    assert not again(given(STRANGER)).allowed


def test_a_registry_is_asked_only_where_the_policy_names_it() -> None:
    request = request_for(deployment(IMAGE))
    assert not judge(request, serving_book(SIGNER), today=TODAY, clock=still).sources
    book = serving_book(SIGNER, workloads={"registries": ["registry.example.org"]})
    (source,) = judge(request, book, today=TODAY, clock=still).sources
    assert source == AttestationSource("registry", "churn", "registry.example.org", DIGEST)


@pytest.mark.parametrize(
    ("image", "host", "name"),
    [
        (f"churn@sha256:{DIGEST}", "docker.io", "library/churn"),
        (f"acme/churn:3@sha256:{DIGEST}", "docker.io", "acme/churn"),
        (f"localhost:5000/a/b/c@sha256:{DIGEST}", "localhost:5000", "a/b/c"),
        (f"registry.example.org/a/b:v1@sha256:{DIGEST}", "registry.example.org", "a/b"),
    ],
)
def test_an_image_is_looked_for_where_a_kubelet_would(image: str, host: str, name: str) -> None:
    book = serving_book(SIGNER, workloads={"registries": [host]})
    (source,) = judge(request_for(deployment(image)), book, today=TODAY, clock=still).sources
    assert (source.registry, source.name, source.digest) == (host, name, DIGEST)


def test_two_keys_are_asked_for_two_attestations_of_one_statement() -> None:
    second = p256()
    keys = [{"name": "a", "publicKey": SIGNER.public.pem}, {"name": "b", "publicKey": second.public.pem}]
    book = serving_book(SIGNER, keys=keys, threshold=2)
    request = request_for(annotated(inference_service(), config_map="proofs", inline=GOOD))
    alone = judge(request, book, today=TODAY, clock=still)
    assert "1 of 2 trusted keys signed it" in why(alone)
    twice = GivenAttestations((("x", GOOD.encode()),))
    assert not judge(request, book, today=TODAY, clock=still, attestations=twice).allowed
    both = GivenAttestations((("x", attestation(second, DIGEST).encode()),))
    assert judge(request, book, today=TODAY, clock=still, attestations=both).allowed


def test_a_revoked_statement_counts_no_longer() -> None:
    from hashlib import sha256  # noqa: PLC0415 - one test needs it

    from gatecli.attestation.envelopes import read_bundle  # noqa: PLC0415 - one test needs it

    digest = sha256(read_bundle(GOOD.encode()).envelope.payload).hexdigest()
    decision = decided(annotated(inference_service(), inline=GOOD), serving_book(SIGNER, revoked=[digest]))
    assert "revoked" in why(decision)


def test_a_name_that_is_personal_data_is_masked() -> None:
    obj = inference_service()
    obj["metadata"]["name"] = "440308199901101512"
    decision = decided(obj, serving_book(SIGNER))
    told = [finding for finding in decision.findings if finding.rule.id == RULE]
    assert len(told) == 1
    assert "440308199901101512" not in decision.message + told[0].message + told[0].subject


def test_a_broken_signature_is_told_also_where_the_statement_held_before() -> None:
    book, data = serving_book(SIGNER), json.loads(GOOD)
    good = data["dsseEnvelope"]["signatures"][0]
    broken = {**good, "sig": base64.b64encode(bytes(64)).decode()}
    envelope = {**data["dsseEnvelope"], "signatures": [good, broken]}
    obj = annotated(inference_service(), inline=json.dumps(envelope))
    assert not decided(obj, serving_book(SIGNER)).allowed
    assert decided(annotated(inference_service(), inline=GOOD), book).allowed
    assert "does not hold" in why(decided(obj, book))
