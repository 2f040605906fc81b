"""Ed25519 and ECDSA P-256 by cryptography, whose home in attestations this is; imported through `keys`."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass

from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.ec import (
    ECDSA,
    SECP256R1,
    EllipticCurvePrivateKey,
    EllipticCurvePublicKey,
)
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    PublicFormat,
    load_pem_private_key,
    load_pem_public_key,
)

from gatecli.errors import UsageError

_ADVICE = "openssl genpkey -algorithm ed25519 -out key.pem; openssl pkey -in key.pem -pubout -out key.pem.pub"


@dataclass(frozen=True, slots=True)
class AsymmetricPublicKey:
    """A public key, which verifies in the one algorithm of its kind."""

    key: Ed25519PublicKey | EllipticCurvePublicKey
    pem: str

    @property
    def id(self) -> str:
        """The SHA-256 of the key in PEM."""
        return hashlib.sha256(self.pem.encode()).hexdigest()

    def holds(self, signature: bytes, data: bytes) -> bool:
        """Whether the signature of data is by the owner of this key."""
        try:
            if isinstance(self.key, Ed25519PublicKey):
                self.key.verify(signature, data)
            else:
                self.key.verify(signature, data, ECDSA(SHA256()))
        except InvalidSignature:
            return False
        return True


@dataclass(frozen=True, slots=True)
class AsymmetricPrivateKey:
    """A private key in memory; its text shows nothing of it."""

    key: Ed25519PrivateKey | EllipticCurvePrivateKey

    @property
    def public(self) -> AsymmetricPublicKey:
        """The key that verifies."""
        return _public_key(self.key.public_key())

    def sign(self, data: bytes) -> bytes:
        """The signature of data: 64 bytes of Ed25519, or DER of ECDSA."""
        if isinstance(self.key, Ed25519PrivateKey):
            return self.key.sign(data)
        return self.key.sign(data, ECDSA(SHA256()))


def read_verifying_key(pem: bytes, where: str) -> AsymmetricPublicKey:
    """The public key in a PEM text. Raises UsageError."""
    try:
        key = load_pem_public_key(pem)
    except (ValueError, TypeError, UnsupportedAlgorithm):
        raise UsageError(f"{where} holds no public key in PEM", advice=_ADVICE) from None
    if isinstance(key, Ed25519PublicKey) or _is_p256(key):
        return _public_key(key)
    raise _other_kind(where)


def read_signing_key(pem: bytes, passphrase: bytes | None, where: str) -> AsymmetricPrivateKey:
    """The private key in a PEM text. Raises UsageError; what the library says may quote the key."""
    try:
        key = load_pem_private_key(pem, passphrase)
    except TypeError:
        advice = "GATECLI_KEY_PASSPHRASE holds it; unset it for a key that is not encrypted"
        problem = (
            "needs a passphrase" if passphrase is None else "is not encrypted, and a passphrase is given"
        )
        raise UsageError(f"{where} {problem}", advice=advice) from None
    except (ValueError, UnsupportedAlgorithm):
        why = "" if passphrase is None else ", or the passphrase is another one"
        raise UsageError(f"{where} holds no private key in PEM{why}", advice=_ADVICE) from None
    if isinstance(key, Ed25519PrivateKey):
        return AsymmetricPrivateKey(key)
    if isinstance(key, EllipticCurvePrivateKey) and isinstance(key.curve, SECP256R1):
        return AsymmetricPrivateKey(key)
    raise _other_kind(where)


def _is_p256(key: object) -> bool:
    return isinstance(key, EllipticCurvePublicKey) and isinstance(key.curve, SECP256R1)


def _public_key(key: object) -> AsymmetricPublicKey:
    if not isinstance(key, (Ed25519PublicKey, EllipticCurvePublicKey)):
        raise TypeError("the key is of another kind")
    pem = key.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode("ascii")
    return AsymmetricPublicKey(key, pem)


def _other_kind(where: str) -> UsageError:
    return UsageError(f"{where} holds a key that is neither Ed25519 nor ECDSA over P-256", advice=_ADVICE)
