"""Keys that a key management service or a hardware token keeps, by securesystemslib; imported through `keys`.

Its URIs: `awskms:ID`, `gcpkms:projects/…`, `azurekms://VAULT/KEY`, `hashivault:NAME`, `hsm:…`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from cryptography.hazmat.primitives.serialization import load_pem_public_key

from gatecli.attestation.keys import VerifyingKey
from gatecli.errors import MissingExtraError, UncheckableError, UsageError

_ADVICE = "check the URI, its credentials, and that securesystemslib's extra for the service is installed"


@dataclass(frozen=True, slots=True)
class ManagedKey:
    """A key that signs elsewhere; what it signed is verified here before it counts."""

    signer: Any
    public: VerifyingKey

    def sign(self, data: bytes) -> bytes:
        """The signature of data. Raises UncheckableError where the service gives none that holds."""
        try:
            signature = bytes.fromhex(self.signer.sign(data).signature)
        except Exception as error:  # noqa: BLE001 - each service raises errors of its own
            raise UncheckableError(
                f"the key service did not sign ({type(error).__name__})", advice=_ADVICE
            ) from None
        if not self.public.holds(signature, data):
            raise UncheckableError(
                "what the key service signed does not hold by --public-key",
                advice="give the public key of the same key",
            )
        return signature


def managed_key(uri: str, public: VerifyingKey) -> ManagedKey:
    """The key behind a URI. Raises UsageError for a URI that securesystemslib does not know."""
    try:
        from securesystemslib.signer import Signer, SSlibKey  # noqa: PLC0415 - an optional package
    except ImportError:
        raise MissingExtraError(
            "keys of a key management service need securesystemslib", advice="pip install 'gatecli[kms]'"
        ) from None
    try:
        key = SSlibKey.from_crypto(load_pem_public_key(public.pem.encode()))
        return ManagedKey(Signer.from_priv_key_uri(uri, key), public)
    except Exception as error:  # noqa: BLE001 - each service raises errors of its own
        raise UsageError(
            f"--key names a key that cannot be used ({type(error).__name__})", advice=_ADVICE
        ) from None
