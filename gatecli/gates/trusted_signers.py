"""Who of those that a verifier trusts signed, by a key or by a certificate."""

from __future__ import annotations

from collections.abc import Sequence

from gatecli.attestation.certificates import CertifiedIdentity, read_trust_root
from gatecli.attestation.envelopes import Bundle
from gatecli.attestation.verification import Signers, signers_of
from gatecli.gates.verification_requests import VerificationRequest, read_bundle_file

KEPT_ROOT = "Sigstore's, as sigstore-python keeps it"
"""What a report calls the trust root where no file is named."""


def trusted_signers(bundles: Sequence[Bundle], request: VerificationRequest) -> Signers:
    """Who signed. Sigstore's library is asked where a bundle has a certificate and an identity is trusted.

    Raises UsageError if the trust root cannot be read, MissingExtraError.
    """
    keys = request.terms.keys
    is_certified = any(each.certified is not None for each in bundles)
    if not is_certified or not any(isinstance(each.key, CertifiedIdentity) for each in keys):
        return signers_of(bundles, keys)
    root = request.trust_root
    content = None if root is None else read_bundle_file(root)
    return signers_of(bundles, keys, read_trust_root(content, _root_name(request)))


def root_measure(signers: Signers, request: VerificationRequest) -> dict[str, object]:
    """The trust root, for a report, where anybody signed by a certificate."""
    is_used = any(isinstance(each.key, CertifiedIdentity) for each in signers.signed)
    return {"trustRoot": _root_name(request)} if is_used else {}


def _root_name(request: VerificationRequest) -> str:
    return KEPT_ROOT if request.trust_root is None else request.trust_root.as_posix()
