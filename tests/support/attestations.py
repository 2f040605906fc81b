"""Keys, statements and bundles for tests: small, and without a gate."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, generate_private_key
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    NoEncryption,
    PrivateFormat,
)

from gatecli.attestation.envelopes import bundle_text
from gatecli.attestation.keys import StatementSigner, read_signing_key
from gatecli.attestation.verification import TrustedKey
from gatecli.checks.attestation import GivenArtifact, TrustTerms
from gatecli.gates.attestation_verification import examine_attestation
from gatecli.gates.attesting import sign
from gatecli.gates.verification_requests import VerificationRequest
from gatecli.model.attestation import (
    AttestedStatement,
    AttestedSubject,
    AttestingTool,
    Claim,
    MeasuredCost,
    MechanismsDigest,
    PolicyDigest,
    PrivacyRelease,
    ReleaseName,
)

NOW = datetime(2026, 11, 30, 12, tzinfo=UTC)
FILE = hashlib.sha256(b"weights").hexdigest()
POLICY = "a" * 64
ARTIFACT = GivenArtifact("model.safetensors", {"sha256": FILE})


def ed25519_pem(passphrase: bytes | None = None) -> bytes:
    lock = BestAvailableEncryption(passphrase) if passphrase else NoEncryption()
    return Ed25519PrivateKey.generate().private_bytes(Encoding.PEM, PrivateFormat.PKCS8, lock)


def p256_pem() -> bytes:
    key = generate_private_key(SECP256R1())
    return key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())


def ed25519() -> StatementSigner:
    return read_signing_key(ed25519_pem(), None, "a key")


def p256() -> StatementSigner:
    return read_signing_key(p256_pem(), None, "a key")


def trusted(signer: StatementSigner, name: str = "team", **more: Any) -> TrustedKey:
    return TrustedKey(name, signer.public, **more)


def predicate(**changes: Any) -> PrivacyRelease:
    whole = PrivacyRelease(
        verdict="pass",
        gate="release",
        policy=PolicyDigest("acme", POLICY),
        findings={"dp-overstated-epsilon": 1},
        suppressed=0,
        waivers=(),
        tool=AttestingTool("gatecli", "0.2.0"),
        time="2026-11-29T12:00:00Z",
        release=ReleaseName("churn", "2.3.1", "b" * 64),
        mechanisms=MechanismsDigest(1, "c" * 64),
        datasets=("customers",),
        claim=Claim("2.5", 2_500_000, "1e-5", "person", "add-remove"),
        cost=MeasuredCost("2.3795", 2_379_500, "2.379", "1e-5", "add-remove", "PLD"),
    )
    return replace(whole, **changes)


def statement(*subjects: AttestedSubject, **changes: Any) -> AttestedStatement:
    about = subjects or (AttestedSubject("model.safetensors", {"sha256": FILE}),)
    return AttestedStatement(about, predicate(**changes))


def bundle(signer: StatementSigner, said: AttestedStatement | None = None) -> bytes:
    return bundle_text(sign(said or statement(), signer)).encode()


def terms(*keys: TrustedKey, **more: Any) -> TrustTerms:
    return TrustTerms(keys, PrivacyRelease, **more)


def rules_of(
    content: bytes | Sequence[bytes],
    demanded: TrustTerms,
    *artifacts: GivenArtifact,
    now: datetime = NOW,
    **more: Any,
) -> set[str]:
    """The rules that an attestation breaks."""
    contents = [content] if isinstance(content, bytes) else content
    given = tuple((f"{number}.json", each) for number, each in enumerate(contents))
    request = VerificationRequest(given, artifacts or (ARTIFACT,), demanded, now, **more)
    return {finding.rule.id for finding in examine_attestation(request).findings}


def write_keys(folder: Path, signer_pem: bytes) -> tuple[Path, Path]:
    """A private key, and its public half, as files."""
    private, public = folder / "key.pem", folder / "key.pem.pub"
    private.write_bytes(signer_pem)
    public.write_text(read_signing_key(signer_pem, None, "a key").public.pem)
    return private, public
