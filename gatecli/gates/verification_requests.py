"""What a verifier is given: attestations, what is here, and what is demanded."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING

from gatecli.attestation.envelopes import Bundle, read_bundle
from gatecli.attestation.strict_json import invalid_bundle
from gatecli.attestation.verification import TrustedKey
from gatecli.checks.attestation import GivenArtifact, TrustTerms
from gatecli.errors import UsageError
from gatecli.model.attestation import PersonalDataScan, Predicate, PrivacyRelease, TableAnonymity
from gatecli.sources.files import ReadError, read_bytes, unreadable_argument

if TYPE_CHECKING:
    from gatecli.ledger.notes import Checkpoint

_SHA256 = re.compile("[0-9a-f]{64}")


class StatementKind(StrEnum):
    """What kind of attestation is asked for."""

    RELEASE = "privacy-release"
    ANONYMITY = "anonymity"
    SCAN = "scan"
    MODEL = "model-signing"


PREDICATE_OF: Mapping[StatementKind, type[Predicate] | None] = MappingProxyType(
    {
        StatementKind.RELEASE: PrivacyRelease,
        StatementKind.ANONYMITY: TableAnonymity,
        StatementKind.SCAN: PersonalDataScan,
        StatementKind.MODEL: None,
    }
)
"""None: a statement of another tool (`gates.model_signatures`)."""


@dataclass(frozen=True, slots=True)
class VerifierDemands:
    """What a command line demands; what it leaves out is for a policy to say."""

    kind: StatementKind
    keys: tuple[TrustedKey, ...]
    threshold: int | None = None
    valid_days: int | None = None
    policies: frozenset[str] = frozenset()


def trust_alone(demands: VerifierDemands) -> TrustTerms:
    """What is demanded where no policy is named. Raises UsageError for what is no digest of a policy."""
    if any(not _SHA256.fullmatch(each) for each in demands.policies):
        raise UsageError("--accept-policy is not a SHA-256", advice="64 hexadecimal digits in lower case")
    return TrustTerms(
        demands.keys,
        PREDICATE_OF[demands.kind],
        demands.threshold or 1,
        demands.valid_days,
        demands.policies or None,
    )


@dataclass(frozen=True, slots=True)
class VerificationRequest:
    """Attestations of one statement, what is here, and what is demanded; `head` is that of a ledger.

    `trust_root` is the file that names whose certificates count (None: Sigstore's, as it is kept here).
    """

    bundles: Sequence[tuple[str, bytes]]
    artifacts: tuple[GivenArtifact, ...]
    terms: TrustTerms
    at: datetime
    head: Checkpoint | None = None
    trust_root: Path | None = None


def read_bundle_file(path: Path) -> bytes:
    """The bytes of an attestation. Raises UsageError where nothing is there, UncheckableError."""
    try:
        return read_bytes(path)
    except ReadError as error:
        raise unreadable_argument(path, error) from None


def require_terms(terms: TrustTerms, artifacts: Sequence[GivenArtifact]) -> None:
    """Raises UsageError where nobody is trusted, no signature is asked for, or nothing is compared."""
    if not terms.keys:
        raise UsageError(
            "no key is trusted", advice="--key FILE, --identity, or spec.attestation.keys in the policy"
        )
    if terms.threshold < 1:
        raise UsageError("at least one key must have signed", advice="--threshold 1")
    if not artifacts:
        raise UsageError("nothing is named that is attested", advice="--artifact PATH, or NAME@sha256:…")


def read_bundles(given: Sequence[tuple[str, bytes]]) -> tuple[Bundle, ...]:
    """Attestations of one and the same statement. Raises UsageError for none, InvalidBundle."""
    if not given:
        raise UsageError("no attestation is named", advice="name the file that gatecli attest wrote")
    bundles = tuple(read_bundle(content) for _, content in given)
    if len({each.envelope.payload for each in bundles}) > 1:
        raise invalid_bundle("the attestations", "they state different things")
    return bundles
