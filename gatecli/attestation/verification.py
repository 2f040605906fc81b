"""Who signed an envelope: keys, counted by what they are and never by what they are called."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from gatecli.attestation.certificates import CertificateTrust, CertifiedIdentity
from gatecli.attestation.envelopes import Bundle
from gatecli.attestation.keys import SignerIdentity


@dataclass(frozen=True, slots=True)
class TrustedKey:
    """A key, or an identity, that a verifier trusts, by a name of its own; `datasets` are those it may speak
    about (None: all).

    `expires` is its last day.
    """

    name: str
    key: SignerIdentity
    datasets: frozenset[str] | None = None
    expires: date | None = None

    def may_speak_of(self, datasets: Sequence[str]) -> bool:
        """Whether every dataset of a release is one of its own; a release that names none is nobody's."""
        return self.datasets is None or (bool(datasets) and self.datasets.issuperset(datasets))


@dataclass(frozen=True, slots=True)
class Signers:
    """The trusted keys that signed, each once; names of trusted keys whose signature does not hold."""

    signed: tuple[TrustedKey, ...]
    broken: tuple[str, ...]


def signers_of(
    bundles: Sequence[Bundle], keys: Sequence[TrustedKey], certificates: CertificateTrust | None = None
) -> Signers:
    """The trusted keys that signed the payload that all bundles share.

    Without `certificates`, nobody signed by one.

    A signature counts for the key that it holds by, whatever id stands beside it. Where the id is that of a
    trusted key and the signature does not hold by it, somebody changed something: it is broken.
    """
    distinct = _distinct_keys(keys)
    signed: dict[str, TrustedKey] = {}
    broken: dict[str, None] = {}
    for bundle in bundles:
        if bundle.certified is not None:
            owner, holds = _certified_owner(bundle, distinct, certificates)
            if owner is not None and holds:
                signed[owner.key.id] = owner
            elif owner is not None:
                broken[owner.name] = None
            continue
        data = bundle.envelope.signed_bytes
        for each in bundle.envelope.signatures:
            owner = next((key for key in distinct.values() if key.key.holds(each.signature, data)), None)
            claimed = distinct.get(each.key_id) or distinct.get(bundle.hint or "")
            if owner is None:
                if claimed is not None:
                    broken[claimed.name] = None
            elif bundle.is_ours and each.key_id != owner.key.id:
                broken[owner.name] = None
            else:
                signed[owner.key.id] = owner
    return Signers(tuple(signed.values()), tuple(broken))


def _certified_owner(
    bundle: Bundle, keys: Mapping[str, TrustedKey], certificates: CertificateTrust | None
) -> tuple[TrustedKey | None, bool]:
    """Whom of the trusted identities the certificate of a bundle names, and whether it holds."""
    wanted = [each.key for each in keys.values() if isinstance(each.key, CertifiedIdentity)]
    if certificates is None or bundle.certified is None or not wanted:
        return None, False
    found = certificates.signature_of(bundle.certified, bundle.envelope.payload, wanted)
    return None if found.owner is None else keys[found.owner.id], not found.problem


def _distinct_keys(keys: Sequence[TrustedKey]) -> Mapping[str, TrustedKey]:
    """By id. A key that is named twice is one key, with the narrower of what is said of it."""
    found: dict[str, TrustedKey] = {}
    for each in keys:
        known = found.get(each.key.id)
        found[each.key.id] = each if known is None else _narrower(known, each)
    return found


def _narrower(one: TrustedKey, other: TrustedKey) -> TrustedKey:
    scopes = [each.datasets for each in (one, other) if each.datasets is not None]
    days = [each.expires for each in (one, other) if each.expires is not None]
    datasets = frozenset.intersection(*scopes) if scopes else None
    return TrustedKey(one.name, one.key, datasets, min(days, default=None))
