"""Whether an attestation holds: of whom, about what is here, in time, by an accepted policy."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING

from gatecli.attestation.envelopes import Bundle, read_bundle
from gatecli.attestation.statements import read_statement
from gatecli.attestation.strict_json import canonical_bytes, invalid_bundle
from gatecli.attestation.verification import TrustedKey, signers_of
from gatecli.checks.attestation import (
    GivenArtifact,
    ReadAttestation,
    TrustTerms,
    find_attestation_faults,
    find_ledger_mismatch,
)
from gatecli.errors import UncheckableError, UsageError
from gatecli.gates import VERIFY
from gatecli.model.attestation import (
    AttestedStatement,
    PersonalDataScan,
    Predicate,
    PrivacyRelease,
    TableAnonymity,
)
from gatecli.model.finding import Finding
from gatecli.model.verdict import Checked, Examined, PolicyStamp, Verdict, decide
from gatecli.sources.files import MissingFileError, ReadError, read_bytes

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


def verify_alone(request: VerificationRequest) -> Verdict:
    """The verdict by what the command line demands alone. Raises as `examine` does."""
    examined = examine(request)
    return decide(
        VERIFY.name,
        PolicyStamp("command line", _digest_of(request.terms)),
        examined.checked,
        examined.findings,
        families=VERIFY.families,
    )


def examine(request: VerificationRequest) -> Examined:
    """What was verified, and everything that is wrong with it, of the kind that is asked for."""
    if request.terms.predicate is not None:
        return examine_attestation(request)
    from gatecli.gates.model_signatures import examine_model  # noqa: PLC0415 - few runs verify another tool's

    return examine_model(request)


def _digest_of(terms: TrustTerms) -> str:
    demanded = {
        "keys": sorted(each.key.id for each in terms.keys),
        "threshold": terms.threshold,
        "validDays": terms.valid_days,
        "policies": sorted(terms.policies or ()),
    }
    return hashlib.sha256(canonical_bytes(demanded)).hexdigest()


@dataclass(frozen=True, slots=True)
class VerificationRequest:
    """Attestations of one statement, what is here, and what is demanded; `head` is that of a ledger."""

    bundles: Sequence[tuple[str, bytes]]
    artifacts: tuple[GivenArtifact, ...]
    terms: TrustTerms
    now: datetime
    head: Checkpoint | None = None


def read_bundle_file(path: Path) -> bytes:
    """The bytes of an attestation. Raises UsageError where nothing is there, UncheckableError."""
    try:
        return read_bytes(path)
    except ReadError as error:
        kind = UsageError if isinstance(error, MissingFileError) else UncheckableError
        raise kind(f"{path} {error.problem}", advice=error.mend) from None


def examine_attestation(request: VerificationRequest) -> Examined:
    """What was verified, and everything that is wrong with it.

    Raises UsageError where nothing is demanded, InvalidBundle for what is no attestation.
    """
    require_terms(request.terms, request.artifacts)
    where = request.bundles[0][0]
    bundles = read_bundles(request.bundles)
    statement = read_statement(bundles[0].envelope.payload)
    predicate = statement.predicate
    read = ReadAttestation(
        where,
        subject_name(statement),
        hashlib.sha256(bundles[0].envelope.payload).hexdigest(),
        signers_of(bundles, request.terms.keys),
        predicate.datasets if isinstance(predicate, PrivacyRelease) else (),
    )
    found = [*find_attestation_faults(read, statement, request.artifacts, request.terms, request.now)]
    found.extend(_find_ledger(read, statement, request.head))
    return Examined((_checked(read, statement, request),), tuple(found))


def require_terms(terms: TrustTerms, artifacts: Sequence[GivenArtifact]) -> None:
    """Raises UsageError where nobody is trusted, no signature is asked for, or nothing is compared."""
    if not terms.keys:
        raise UsageError("no key is trusted", advice="--key FILE, or spec.attestation.keys in the policy")
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


def _find_ledger(
    read: ReadAttestation, statement: AttestedStatement, head: Checkpoint | None
) -> list[Finding]:
    if head is None:
        return []
    from gatecli.gates.ledger_positions import position_problem  # noqa: PLC0415 - few runs have a checkpoint

    predicate = statement.predicate
    problem = (
        position_problem(predicate, head)
        if isinstance(predicate, PrivacyRelease)
        else "it is not of a release, which a ledger would hold"
    )
    return [] if problem is None else [find_ledger_mismatch(read, problem)]


def _checked(read: ReadAttestation, statement: AttestedStatement, request: VerificationRequest) -> Checked:
    predicate = statement.predicate
    claim = predicate.claim if isinstance(predicate, PrivacyRelease) else None
    measures: dict[str, object] = {
        "signedBy": [each.name for each in read.signers.signed],
        "time": predicate.time,
        "policy": predicate.policy.sha256,
        **(
            {"epsilon": claim.epsilon, "epsilonMicro": claim.epsilon_micro, "delta": claim.delta}
            if claim
            else {}
        ),
    }
    inputs: dict[str, object] = {
        "sha256": read.sha256,
        "artifacts": [{"path": each.name, **each.digests} for each in request.artifacts],
    }
    return Checked("attestation", read.subject, read.path, measures, inputs)


def subject_name(statement: AttestedStatement) -> str:
    """What a statement is about, in words."""
    predicate = statement.predicate
    if isinstance(predicate, PrivacyRelease):
        return f"{predicate.release.name} {predicate.release.version}"
    return statement.subjects[0].name
