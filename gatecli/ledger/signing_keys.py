"""Keys that sign a ledger's checkpoints and leases, for whoever does not know the library behind them."""

from __future__ import annotations

import base64
from pathlib import Path
from types import ModuleType
from typing import Protocol, cast

from gatecli.errors import MissingExtraError, UncheckableError
from gatecli.model.strict_base64 import strict_base64
from gatecli.package import module

PUBLIC_KEY_BYTES = 32


class Signs(Protocol):
    """What signs: a key from a file, or one that never leaves its device."""

    @property
    def public(self) -> bytes:
        """The public key, 32 bytes (RFC 8032)."""
        ...

    def sign(self, data: bytes) -> bytes:
        """The signature of data, 64 bytes."""
        ...


def new_key(path: Path) -> Signs:
    """Make a key in a file. Raises UsageError, MissingExtraError."""
    return cast("Signs", _ed25519().new_key(path))


def read_key(path: Path) -> Signs:
    """The key in a file. Raises UsageError, MissingExtraError."""
    return cast("Signs", _ed25519().read_key(path))


def signature_holds(public: bytes, signature: bytes, data: bytes) -> bool:
    """Whether a signature of data is by the owner of a public key. Raises MissingExtraError."""
    return bool(_ed25519().signature_holds(public, signature, data))


def public_text(key: Signs) -> str:
    """A public key as a ledger names it."""
    return base64.b64encode(key.public).decode()


def public_key_of(text: str) -> bytes:
    """The public key that an identity names in base64. Raises UncheckableError where it is none."""
    public = strict_base64(text)
    if public is None or len(public) != PUBLIC_KEY_BYTES:
        raise UncheckableError(
            "the ledger names a public key that is none of Ed25519",
            advice="restore the ledger from an export",
        )
    return public


def _ed25519() -> ModuleType:
    try:
        return module("ledger.ed25519")
    except ImportError:
        raise MissingExtraError(
            "signatures of a ledger need cryptography", advice="pip install 'gatecli[ledger]'"
        ) from None
