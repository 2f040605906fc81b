"""Workloads that serve a model, and attestations that a policy for the webhook's tests trusts."""

from __future__ import annotations

from typing import Any

from admission.review.rulebook import Rulebook, rulebook_of
from gatecli.attestation.keys import StatementSigner
from gatecli.model.attestation import AttestedSubject, Claim, PolicyDigest
from gatecli.model.policy import stamp
from tests.support.attestations import bundle, statement
from tests.support.reviews import KEY, policy_of

DIGEST = "5" * 64
OTHER = "6" * 64
MADE = "2026-05-31T12:00:00Z"
INLINE = "gatecli.dev/attestation"
CONFIG_MAP = "gatecli.dev/attestation-configmap"


def trust_of(signer: StatementSigner, **more: Any) -> dict[str, Any]:
    """`spec.attestation` of a policy that trusts a key."""
    return {"keys": [{"name": "team", "publicKey": signer.public.pem}], **more}


def serving_book(signer: StatementSigner, admission: dict[str, Any] | None = None, **more: Any) -> Rulebook:
    """A rulebook that trusts a key."""
    policy = policy_of(attestation=trust_of(signer, **more), admission=admission or {})
    return rulebook_of(policy, {}, key=KEY)


def attestation(signer: StatementSigner, *digests: str, **changes: Any) -> str:
    """An attestation by the shipped policy, of files by their SHA-256."""
    standard = {
        "policy": PolicyDigest("test", stamp(policy_of()).sha256),
        "time": MADE,
        "sensitivity": "health",
        "claim": Claim("0.5", 500_000, "1e-9", "person", "add-remove"),
        "cost": None,
    }
    subjects = [AttestedSubject(f"file-{number}", {"sha256": each}) for number, each in enumerate(digests)]
    return bundle(signer, statement(*subjects, **standard | changes)).decode()


def inference_service(uri: str = f"s3://models/{DIGEST}/churn") -> dict[str, Any]:
    """KServe's, of a model at an address."""
    return {
        "apiVersion": "serving.kserve.io/v1beta1",
        "kind": "InferenceService",
        "metadata": {"name": "churn", "namespace": "team-a"},
        "spec": {"predictor": {"model": {"modelFormat": {"name": "sklearn"}, "storageUri": uri}}},
    }


def annotated(obj: dict[str, Any], **annotations: str) -> dict[str, Any]:
    """An object with more annotations; `inline` and `config_map` are ours."""
    names = {"inline": INLINE, "config_map": CONFIG_MAP}
    kept = obj["metadata"].get("annotations", {})
    added = {names.get(name, name): text for name, text in annotations.items()}
    return {**obj, "metadata": {**obj["metadata"], "annotations": {**kept, **added}}}


def deployment(*images: str, label: str = "gatecli.dev/serves-model", **spec: Any) -> dict[str, Any]:
    """A Deployment that says by a label that it serves a model."""
    containers = [{"name": f"c{number}", "image": image} for number, image in enumerate(images)]
    return {
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": {"name": "churn", "namespace": "team-a", "labels": {label: "true"}},
        "spec": {
            "template": {"metadata": {"labels": {"app": "churn"}}, "spec": {"containers": containers, **spec}}
        },
    }
