"""Who signed by a certificate of Sigstore, for whoever does not know the library behind it."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol, cast

from gatecli.attestation.strict_json import canonical_bytes
from gatecli.errors import MissingExtraError
from gatecli.package import module


@dataclass(frozen=True, slots=True)
class CertifiedIdentity:
    """Whoever an issuer of identities (OpenID Connect) knew by this name when a certificate was made."""

    issuer: str
    identity: str

    @property
    def id(self) -> str:
        """The SHA-256 of both: one id for each identity."""
        return hashlib.sha256(canonical_bytes([self.issuer, self.identity])).hexdigest()

    def holds(self, signature: bytes, data: bytes) -> bool:
        """No signature holds by an identity alone: `CertificateTrust` judges a bundle whole."""
        del signature, data
        return False


@dataclass(frozen=True, slots=True)
class CertifiedSignature:
    """Whom of those asked about a certificate names, and why the bundle does not hold (empty: it does)."""

    owner: CertifiedIdentity | None
    problem: str = ""


class CertificateTrust(Protocol):
    """Certificates, logs and clocks that a trust root names."""

    def signature_of(
        self, bundle: bytes, payload: bytes, wanted: Sequence[CertifiedIdentity]
    ) -> CertifiedSignature:
        """Who of `wanted` signed a bundle with a payload, if anybody."""
        ...


class KeylessSigner(Protocol):
    """An identity that Sigstore certifies for one signature."""

    def sign(self, statement: bytes) -> bytes:
        """The Sigstore bundle of an in-toto statement. Raises UncheckableError."""
        ...


def read_trust_root(content: bytes | None, where: str) -> CertificateTrust:
    """What a trust root (`trusted_root.json`) trusts; None: the one of the public Sigstore instance that
    sigstore-python keeps, without a network.

    Raises UsageError, MissingExtraError.
    """
    try:
        return cast("CertificateTrust", module("attestation.keyless").read_trust_root(content, where))
    except ImportError:
        raise _missing() from None


def keyless_signer(token: str | None, configuration: bytes | None) -> KeylessSigner:
    """Signs as the owner of an identity token (None: what this machine's environment gives), by the
    services of a client trust configuration (None: the public instance, whose newest one is fetched).

    Raises UsageError, MissingExtraError, UncheckableError.
    """
    try:
        return cast("KeylessSigner", module("attestation.keyless").keyless_signer(token, configuration))
    except ImportError:
        raise _missing() from None


def _missing() -> MissingExtraError:
    return MissingExtraError(
        "signatures without a key need sigstore", advice="pip install 'gatecli[sigstore]'"
    )
