"""A private endpoint in a folder: its document, its model, and an attestation that a policy trusts."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Any

from gatecli.attestation.keys import StatementSigner
from gatecli.model.policy import PrivacyPolicy
from gatecli.model.private_endpoint import PrivateEndpoint, PrivateEndpointSpec
from tests.support.attestations import ed25519
from tests.support.reviews import policy_of
from tests.support.served_models import attestation, trust_of

WEIGHTS = b"weights"
DIGEST = hashlib.sha256(WEIGHTS).hexdigest()
BUNDLE = "churn.sigstore.json"


def endpoint(**spec: Any) -> PrivateEndpointSpec:
    """What an attested endpoint says; `model` is the file `model.bin`."""
    whole = {
        "upstream": {"url": "http://127.0.0.1:8081/invocations"},
        "mode": "attested",
        "attestation": BUNDLE,
        "model": {"path": "model.bin"},
        **spec,
    }
    return PrivateEndpoint.from_file(
        {
            "apiVersion": "gatecli.dev/v1",
            "kind": "PrivateEndpoint",
            "metadata": {"name": "churn"},
            "spec": {name: value for name, value in whole.items() if value is not None},
        }
    ).spec


def trusting_policy(signer: StatementSigner, **more: Any) -> PrivacyPolicy:
    """A policy that trusts a key."""
    return policy_of(attestation=trust_of(signer, **more))


def write_endpoint(
    folder: Path, signer: StatementSigner, *digests: str, content: bytes = WEIGHTS, **changes: Any
) -> None:
    """The model and its attestation."""
    (folder / "model.bin").write_bytes(content)
    write_attestation(folder, signer, *digests, **changes)


def write_attestation(folder: Path, signer: StatementSigner, *digests: str, **changes: Any) -> None:
    """An attestation of files by their digests; by default of the model."""
    (folder / BUNDLE).write_text(attestation(signer, *(digests or (DIGEST,)), **changes))


def attested_folder(folder: Path, listen: str, upstream: dict[str, Any], made: str, **spec: Any) -> Path:
    """A folder with everything of an attested endpoint, and the policy that trusts it; the document.

    `made` is the time of the attestation; further keys of the document as they are.
    """
    signer = ed25519()
    folder.mkdir(parents=True, exist_ok=True)
    write_endpoint(folder, signer, time=made)
    policy = {
        "apiVersion": "gatecli.dev/v1",
        "kind": "PrivacyPolicy",
        "metadata": {"name": "test"},
        "spec": {"extends": "default", "attestation": trust_of(signer)},
    }
    (folder / "gatecli.yaml").write_text(json.dumps(policy))
    document = {
        "apiVersion": "gatecli.dev/v1",
        "kind": "PrivateEndpoint",
        "metadata": {"name": "churn"},
        "spec": {
            "listen": listen,
            "upstream": upstream,
            "mode": "attested",
            "attestation": BUNDLE,
            "model": {"path": "model.bin"},
            **spec,
        },
    }
    path = folder / "serve.yaml"
    path.write_text(json.dumps(document, indent=2))
    return path
