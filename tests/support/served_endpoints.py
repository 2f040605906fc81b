"""A private endpoint in a folder: its document, its model, and an attestation that a policy trusts."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Any

from gatecli.attestation.keys import StatementSigner
from gatecli.model.policy import PrivacyPolicy
from gatecli.model.private_endpoint import PrivateEndpoint, PrivateEndpointSpec
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
