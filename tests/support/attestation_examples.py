"""tests/rules/attestation-…/ and serve-…/: a model, an attestation of it, the policy of whoever verifies."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from types import MappingProxyType
from typing import Any

import yaml
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from gatecli.attestation.keys import StatementSigner, read_signing_key
from gatecli.attestation.statements import statement_bytes
from gatecli.ledger.merkle import leaf_hash
from gatecli.ledger.notes import Checkpoint
from gatecli.model.attestation import LedgerPosition
from gatecli.model.ledger import next_hash
from tests.support.attestations import POLICY, bundle, statement

RULES = Path(__file__).resolve().parents[1] / "rules"
ATTESTATION, MODEL, NOTE, POLICY_FILE = (
    "churn.sigstore.json",
    "model.safetensors",
    "note.txt",
    "gatecli.yaml",
)


def example_key(name: str) -> StatementSigner:
    """A key that everybody can make: it signs examples and nothing else."""
    return read_signing_key(example_key_pem(name), None, "a key of examples")


def example_key_pem(name: str) -> bytes:
    """The same, as a file."""
    key = Ed25519PrivateKey.from_private_bytes(hashlib.sha256(name.encode()).digest())
    return key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())


@dataclass(frozen=True, slots=True)
class AttestedExample:
    """How an example differs from one that holds: what is stated, what the policy trusts, what is there."""

    stated: Mapping[str, Any] = field(default_factory=dict)
    trusted: Mapping[str, Any] = field(default_factory=dict)
    tier: Mapping[str, Any] = field(default_factory=lambda: {"maxEpsilon": 3, "maxDelta": "1e-5"})
    model: bytes = b"weights"
    note: Checkpoint | None = None


ENTRY = json.dumps({"kind": "reserve", "subject": "churn@2.3.1", "details": {"claim": ["2.5", "1e-5"]}})
FIRST = "0" * 64
ROOT = leaf_hash(bytes.fromhex(next_hash(FIRST, ENTRY)))
IN_LEDGER = {"ledger": LedgerPosition("acme.example/privacy", 1, ROOT.hex(), 0, FIRST, ENTRY, ())}
OTHER_KEYS = {"keys": [{"name": "research-team", "publicKey": example_key("research-team").public.pem}]}
SHA256 = hashlib.sha256(statement_bytes(statement(sensitivity="behavioural"))).hexdigest()

PASSING: Mapping[str, AttestedExample] = MappingProxyType(
    {
        "attestation-ledger-mismatch": AttestedExample(
            IN_LEDGER, note=Checkpoint("acme.example/privacy", 1, ROOT)
        )
    }
)
"""The examples that pass; every other one is the plain one."""

FAILING: Mapping[str, AttestedExample] = MappingProxyType(
    {
        "attestation-unverified": AttestedExample(trusted=OTHER_KEYS),
        "attestation-other-subject": AttestedExample(model=b"other weights"),
        "attestation-not-passed": AttestedExample({"verdict": "fail"}),
        "attestation-expired": AttestedExample({"time": "2026-08-01T12:00:00Z"}),
        "attestation-from-the-future": AttestedExample({"time": "2026-12-24T12:00:00Z"}),
        "attestation-other-policy": AttestedExample(trusted={"policies": ["0" * 64]}),
        "attestation-revoked": AttestedExample(trusted={"revoked": [SHA256]}),
        "attestation-over-budget": AttestedExample(tier={"maxEpsilon": 1, "maxDelta": "1e-5"}),
        "attestation-ledger-mismatch": AttestedExample(
            IN_LEDGER, note=Checkpoint("acme.example/privacy", 1, bytes(32))
        ),
    }
)

SERVED_FAILING: Mapping[str, AttestedExample] = MappingProxyType(
    {
        "serve-attestation-rejected": AttestedExample({"time": "2026-08-01T12:00:00Z"}),
        "serve-idle-fallback": AttestedExample(),
        "serve-missing-attestation": AttestedExample(),
        "serve-model-elsewhere": AttestedExample(),
        "serve-other-model": AttestedExample(model=b"other weights"),
        "serve-unbound-attestation": AttestedExample(),
    }
)
"""The same beside the documents of endpoints; those that pass are all the plain one."""


def main() -> None:
    """Write the examples again."""
    for rule, failing in SERVED_FAILING.items():
        write_example(RULES / rule / "fail", failing)
        write_example(RULES / rule / "pass", AttestedExample())
    for rule, failing in FAILING.items():
        write_example(RULES / rule / "fail", failing)
        write_example(RULES / rule / "pass", PASSING.get(rule, AttestedExample()))


def write_example(folder: Path, example: AttestedExample) -> None:
    """The files of one example."""
    folder.mkdir(parents=True, exist_ok=True)
    signer = example_key("release-team")
    said = statement(**{"sensitivity": "behavioural", **example.stated})
    (folder / ATTESTATION).write_bytes(bundle(signer, said))
    (folder / MODEL).write_bytes(example.model)
    keys = [{"name": "release-team", "publicKey": signer.public.pem}]
    spec = {
        "extends": "default",
        "tiers": {"behavioural": dict(example.tier)},
        "attestation": {"keys": keys, "policies": [POLICY], **example.trusted},
    }
    policy = {
        "apiVersion": "gatecli.dev/v1",
        "kind": "PrivacyPolicy",
        "metadata": {"name": "acme"},
        "spec": spec,
    }
    (folder / POLICY_FILE).write_text(yaml.safe_dump(policy, sort_keys=False), "utf-8")
    if example.note is not None:
        (folder / NOTE).write_text(example.note.as_text(), "utf-8")
