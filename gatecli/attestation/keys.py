"""Keys that sign and verify, for whoever does not know the library behind them.

A key is known by its id: the SHA-256, hexadecimal, of its public half in PEM. model-signing writes the same
as the hint of a bundle.
"""

from __future__ import annotations

from types import ModuleType
from typing import Protocol, cast

from gatecli.errors import MissingExtraError
from gatecli.package import module


class SignerIdentity(Protocol):
    """By what a signer is known: a key, or an identity that a certificate names."""

    @property
    def id(self) -> str:
        """A SHA-256: one id for each signer."""
        ...

    def holds(self, signature: bytes, data: bytes) -> bool:
        """Whether the signature of data is by the owner of this key, in its one algorithm."""
        ...


class VerifyingKey(SignerIdentity, Protocol):
    """A public key of Ed25519 (RFC 8032) or of ECDSA over P-256 with SHA-256 (FIPS 186-5).

    Its id is the SHA-256 of the key in PEM.
    """

    @property
    def pem(self) -> str:
        """The key in PEM (SubjectPublicKeyInfo)."""
        ...


class StatementSigner(Protocol):
    """What signs: a key in memory, or one that never leaves its device."""

    @property
    def public(self) -> VerifyingKey:
        """The key that verifies."""
        ...

    def sign(self, data: bytes) -> bytes:
        """The signature of data."""
        ...


def read_verifying_key(pem: bytes, where: str) -> VerifyingKey:
    """The public key in a PEM text; `where` names it in errors. Raises UsageError, MissingExtraError."""
    return cast("VerifyingKey", _asymmetric_module().read_verifying_key(pem, where))


def read_signing_key(pem: bytes, passphrase: bytes | None, where: str) -> StatementSigner:
    """The private key in a PEM text, encrypted where there is a passphrase. Raises UsageError,
    MissingExtraError.
    """
    return cast("StatementSigner", _asymmetric_module().read_signing_key(pem, passphrase, where))


def managed_key(uri: str, public: VerifyingKey) -> StatementSigner:
    """The key that a service keeps, by securesystemslib's URI. Raises UsageError, MissingExtraError,
    UncheckableError where the service does not sign.
    """
    return cast("StatementSigner", module("attestation.managed_keys").managed_key(uri, public))


def _asymmetric_module() -> ModuleType:
    try:
        return module("attestation.asymmetric")
    except ImportError:
        raise MissingExtraError(
            "attestations need cryptography", advice="pip install 'gatecli[attest]'"
        ) from None
