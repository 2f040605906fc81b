"""Signatures without a key by sigstore-python, whose home this is; imported through `certificates`."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from gatecli.attestation.certificates import CertifiedIdentity, CertifiedSignature
from gatecli.attestation.statements import PAYLOAD_TYPE
from gatecli.attestation.strict_json import canonical_bytes, load_json
from gatecli.errors import UncheckableError, UsageError

_QUIET = logging.getLogger("sigstore")


@dataclass(frozen=True, slots=True)
class SigstoreTrust:
    """Verifies bundles by one trust root, at the time that a log or a timestamp authority signed."""

    verifier: Any

    def signature_of(
        self, bundle: bytes, payload: bytes, wanted: Sequence[CertifiedIdentity]
    ) -> CertifiedSignature:
        """Who of `wanted` signed a bundle with a payload, if anybody. Never asks a network."""
        from sigstore.models import Bundle  # noqa: PLC0415 - an optional package
        from sigstore.verify.policy import UnsafeNoOp  # noqa: PLC0415 - an optional package

        try:
            read = Bundle.from_json(bundle)
        except Exception as error:  # noqa: BLE001 - its parsers raise errors of their own about a hostile file
            return CertifiedSignature(None, f"it is not a bundle of Sigstore ({type(error).__name__})")
        owner = next((each for each in wanted if _is_named(read, each)), None)
        try:
            signed = self.verifier.verify_dsse(read, UnsafeNoOp())
        except Exception as error:  # noqa: BLE001 - the same
            return CertifiedSignature(owner, f"it does not hold ({type(error).__name__})")
        return CertifiedSignature(
            owner, "" if signed == (PAYLOAD_TYPE, payload) else "it signs something else"
        )


def _is_named(bundle: Any, wanted: CertifiedIdentity) -> bool:
    """Whether the certificate, which may not hold, names an identity."""
    from sigstore.verify.policy import Identity  # noqa: PLC0415 - an optional package

    try:
        Identity(identity=wanted.identity, issuer=wanted.issuer).verify(bundle.signing_certificate)
    except Exception:  # noqa: BLE001 - the same
        return False
    return True


def read_trust_root(content: bytes | None, where: str) -> SigstoreTrust:
    """As `certificates.read_trust_root`."""
    from sigstore.models import TrustedRoot  # noqa: PLC0415 - an optional package
    from sigstore.verify import Verifier  # noqa: PLC0415 - an optional package
    from sigstore_models.trustroot import v1  # noqa: PLC0415 - an optional package

    _QUIET.setLevel(logging.ERROR)
    try:
        if content is None:
            return SigstoreTrust(Verifier.production(offline=True))
        root = TrustedRoot(v1.TrustedRoot.from_json(content))
        return SigstoreTrust(Verifier(trusted_root=root))
    except Exception as error:  # noqa: BLE001 - the same
        raise UsageError(
            f"{where} is not a trust root of Sigstore ({type(error).__name__})",
            advice="give the trusted_root.json of the instance whose certificates are to count",
        ) from None


@dataclass(frozen=True, slots=True)
class SigstoreSigner:
    """Asks for a certificate and a log entry for each statement; its key is forgotten."""

    context: Any
    token: Any

    def sign(self, statement: bytes) -> bytes:
        """The bundle of a statement, in canonical JSON. Raises UncheckableError."""
        from sigstore.oidc import ExpiredIdentity  # noqa: PLC0415 - an optional package

        try:
            with self.context.signer(self.token) as signer:
                bundle = signer.sign_dsse(_statement(statement))
        except ExpiredIdentity:
            raise UncheckableError("the identity token expired", advice="ask for a new one") from None
        except Exception as error:  # noqa: BLE001 - each service raises errors of its own
            raise _no_signature(error) from None
        return canonical_bytes(load_json(bundle.to_json().encode(), "the bundle")) + b"\n"


def _statement(payload: bytes) -> Any:
    """A statement of ours. What sigstore-python demands of one that it makes has no digests of folders."""
    from sigstore.dsse import Statement  # noqa: PLC0415 - an optional package

    statement = Statement.__new__(Statement)
    statement._contents = payload  # noqa: SLF001 - its constructor demands such digests
    return statement


def keyless_signer(token: str | None, configuration: bytes | None) -> SigstoreSigner:
    """As `certificates.keyless_signer`."""
    from sigstore.oidc import IdentityError, IdentityToken, detect_credential  # noqa: PLC0415 - an optional package
    from sigstore.sign import SigningContext  # noqa: PLC0415 - an optional package

    try:
        raw = detect_credential() if token is None else token
        identity = None if raw is None else IdentityToken(raw)
    except IdentityError:
        raise UsageError(
            "the identity token is expired, or not one for Sigstore",
            advice="ask the provider for a token whose audience is sigstore",
        ) from None
    if identity is None:
        raise UsageError(
            "this machine has no identity",
            advice="run it in CI with `id-token: write`, or give --identity-token env:NAME",
        )
    return SigstoreSigner(SigningContext.from_trust_config(_configuration(configuration)), identity)


def _configuration(content: bytes | None) -> Any:
    from sigstore.errors import Error  # noqa: PLC0415 - an optional package
    from sigstore.models import ClientTrustConfig  # noqa: PLC0415 - an optional package

    try:
        if content is not None:
            return ClientTrustConfig.from_json(content.decode())
    except Exception as error:  # noqa: BLE001 - its parsers raise errors of their own
        raise UsageError(
            f"--trust-config is not a client trust configuration of Sigstore ({type(error).__name__})",
            advice="media type application/vnd.dev.sigstore.clienttrustconfig.v0.1+json",
        ) from None
    try:
        return ClientTrustConfig.production()
    except Error as error:
        raise _no_signature(error) from None


def _no_signature(error: Exception) -> UncheckableError:
    return UncheckableError(
        f"Sigstore did not sign ({type(error).__name__})",
        advice="check the network, and that the identity may ask this instance for certificates",
    )
