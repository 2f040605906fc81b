"""Ed25519 (RFC 8032) by cryptography, whose one home in a ledger this is; imported through `signing_keys`."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    load_pem_private_key,
)

from gatecli.errors import UsageError

LARGEST_KEY_FILE = 10_000


@dataclass(frozen=True, slots=True)
class SigningKey:
    """A private key in memory; its text shows nothing of it."""

    private: Ed25519PrivateKey

    @property
    def public(self) -> bytes:
        """The public key, 32 bytes."""
        return self.private.public_key().public_bytes_raw()

    def sign(self, data: bytes) -> bytes:
        """The signature of data, 64 bytes."""
        return self.private.sign(data)


def key_from_seed(seed: bytes) -> SigningKey:
    """The key of 32 secret bytes (RFC 8032, 5.1.5)."""
    return SigningKey(Ed25519PrivateKey.from_private_bytes(seed))


def new_key(path: Path) -> SigningKey:
    """Make a key, in a file (PKCS #8, PEM) that its owner alone may read.

    Raises UsageError where something stands there already, or nothing can be written.
    """
    private = Ed25519PrivateKey.generate()
    text = private.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    try:
        handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        advice = "choose another name: without its key a ledger cannot sign again"
        raise UsageError(f"{path}: something is there already", advice=advice) from None
    except OSError as error:
        raise UsageError(f"cannot write {path}: {error.strerror}", advice="choose a writable place") from None
    with os.fdopen(handle, "wb") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
    return SigningKey(private)


def read_key(path: Path) -> SigningKey:
    """The unencrypted Ed25519 key in a file, in PEM, as `new_key` writes it. Raises UsageError."""
    advice = "gatecli ledger key new FILE makes one"
    try:
        with path.open("rb") as file:
            text = file.read(LARGEST_KEY_FILE)
        private = load_pem_private_key(text, None)
    except OSError as error:
        raise UsageError(f"cannot read the key {path}: {error.strerror}", advice=advice) from None
    except (ValueError, TypeError, UnsupportedAlgorithm):  # what it says may quote the key
        raise UsageError(f"{path} holds no unencrypted private key in PEM", advice=advice) from None
    if not isinstance(private, Ed25519PrivateKey):
        raise UsageError(f"{path} holds a key that is not of Ed25519", advice=advice)
    return SigningKey(private)


def signature_holds(public: bytes, signature: bytes, data: bytes) -> bool:
    """Whether a signature of data is by the owner of a public key."""
    try:
        Ed25519PublicKey.from_public_bytes(public).verify(signature, data)
    except (InvalidSignature, ValueError):
        return False
    return True
