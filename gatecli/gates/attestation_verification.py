"""Whether an attestation holds: of whom, about what is here, in time, by an accepted policy."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

from gatecli.attestation.statements import read_statement
from gatecli.attestation.strict_json import canonical_bytes
from gatecli.checks.attestation import (
    ReadAttestation,
    TrustTerms,
    find_attestation_faults,
    find_ledger_mismatch,
)
from gatecli.gates import VERIFY
from gatecli.gates.trusted_signers import root_measure, trusted_signers
from gatecli.gates.verification_requests import VerificationRequest, read_bundles, require_terms
from gatecli.model.attestation import (
    AttestedStatement,
    PrivacyRelease,
)
from gatecli.model.finding import Finding
from gatecli.model.verdict import Checked, Examined, PolicyStamp, Verdict, decide

if TYPE_CHECKING:
    from gatecli.ledger.notes import Checkpoint


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
        trusted_signers(bundles, request),
        predicate.datasets if isinstance(predicate, PrivacyRelease) else (),
    )
    found = [*find_attestation_faults(read, statement, request.artifacts, request.terms, request.at)]
    found.extend(_find_ledger(read, statement, request.head))
    return Examined((_checked_subject(read, statement, request),), tuple(found))


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


def _checked_subject(
    read: ReadAttestation, statement: AttestedStatement, request: VerificationRequest
) -> Checked:
    predicate = statement.predicate
    claim = predicate.claim if isinstance(predicate, PrivacyRelease) else None
    measures: dict[str, object] = {
        "signedBy": [each.name for each in read.signers.signed],
        **root_measure(read.signers, request),
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
