"""From a verdict that passed to a signed statement."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from pathlib import Path
from types import MappingProxyType
from typing import Any, Literal, cast

from gatecli.attestation.envelopes import Bundle, Envelope, EnvelopeSignature
from gatecli.attestation.keys import StatementSigner
from gatecli.attestation.statements import read_statement, statement_bytes
from gatecli.attestation.strict_json import canonical_bytes
from gatecli.errors import UsageError
from gatecli.gates.attested_files import as_subject, file_digest, folder_digests, read_artifact
from gatecli.gates.attested_questions import attested_question, names_in
from gatecli.gates.concealment import without_values
from gatecli.gates.judged_reports import JudgedRun, JudgedSubject
from gatecli.model.attestation import (
    MOST_MICRO,
    AttestedStatement,
    AttestedSubject,
    AttestingTool,
    Claim,
    LedgerPosition,
    MeasuredCost,
    MeasuredTable,
    MechanismsDigest,
    PersonalDataScan,
    PolicyDigest,
    PrivacyRelease,
    ReleaseName,
    TableAnonymity,
    micro_of,
)
from gatecli.model.number import plain, show_down, show_up
from gatecli.model.release import Privacy, ReleaseSubject
from gatecli.package import VERSION
from gatecli.sources.discovery import find_declarations
from gatecli.sources.release import read_releases

DIGITS = 15
"""Significant digits of a recomputed bound, rounded against the spender."""


@dataclass(frozen=True, slots=True)
class AttestRequest:
    """What is to be attested: a path, images, and the verdict about it.

    `moment` is RFC 3339 in UTC. `ignored` are files that lie in the folder and are not of it.
    """

    path: Path
    judged: JudgedRun
    moment: str
    images: Sequence[str] = ()
    ignored: Sequence[Path] = ()
    position: Callable[[str], LedgerPosition] | None = None
    """Where a ledger holds a release, by its subject there (`name@version`); None where no ledger is
    given.
    """


def make_statement(request: AttestRequest) -> AttestedStatement:
    """The statement about what was judged. Raises UsageError where the verdict is about something else than
    what is here, UncheckableError where that cannot be read.
    """
    maker = _MAKERS.get(request.judged.gate)
    if maker is None:
        raise UsageError(
            f"a verdict of the gate {request.judged.gate} cannot be attested",
            advice="attest one of release check, anonymity check or pii scan",
        )
    statement = maker(request)
    images = tuple(as_subject(read_artifact(each), each.partition("@")[0]) for each in request.images)
    whole = AttestedStatement((*statement.subjects, *images), statement.predicate)
    _refuse_personal_data(whole)
    return whole


def _refuse_personal_data(statement: AttestedStatement) -> None:
    """A statement is kept for years and shown to auditors: no person is named in it. Raises UsageError."""
    predicate = statement.predicate
    names = [predicate.policy.name, *(each.name for each in statement.subjects)]
    names += [each.name for each in predicate.waivers]
    if isinstance(predicate, PrivacyRelease):
        unit = predicate.claim.unit if predicate.claim else None
        names += [predicate.release.name, predicate.release.version, *predicate.datasets]
        names += [unit or "", predicate.sensitivity or ""]
    if isinstance(predicate, TableAnonymity):
        names += [name for each in predicate.tables if each.question for name in names_in(each.question)]
    if any(without_values(name) != name for name in names):
        raise UsageError(
            "the statement would hold personal data",
            advice="name files, releases, datasets and waivers without it",
        )


def sign_statement(payload: bytes, signer: StatementSigner) -> Envelope:
    """An envelope of a statement with one signature."""
    unsigned = Envelope(payload, ())
    return Envelope(payload, (EnvelopeSignature(signer.public.id, signer.sign(unsigned.signed_bytes)),))


def sign(statement: AttestedStatement, signer: StatementSigner) -> Envelope:
    """A signed statement."""
    return sign_statement(statement_bytes(statement), signer)


def countersign(bundle: Bundle, here: AttestedStatement, signer: StatementSigner) -> Envelope:
    """The very statement of an attestation, signed by another key, where it says what holds here but for its
    time.

    Raises UsageError where it says anything else.
    """
    return sign_statement(payload_to_countersign(bundle, here), signer)


def payload_to_countersign(bundle: Bundle, here: AttestedStatement) -> bytes:
    """The payload of an attestation, for a second signature. Raises UsageError as `countersign` does."""
    stated = read_statement(bundle.envelope.payload)
    dated = replace(here, predicate=replace(here.predicate, time=stated.predicate.time))
    is_bundle = bundle.is_ours or bundle.certified is not None
    if not is_bundle or statement_bytes(dated) != bundle.envelope.payload:
        raise UsageError(
            "the attestation states something else than what was checked here",
            advice="compare policy, version of gatecli, files and options with those of whoever attested",
        )
    return bundle.envelope.payload


def _attest_release(request: AttestRequest) -> AttestedStatement:
    subject = _one_release(request.path)
    judged = _judgement_of(subject, request)
    release = subject.release
    claim = release.claim
    mechanisms = [each.model_dump(mode="json", by_alias=True) for each in (claim.mechanisms if claim else ())]
    identity = f"{release.metadata.name}@{release.metadata.version}"
    predicate = PrivacyRelease(
        **_head(request),
        release=ReleaseName(release.metadata.name, release.metadata.version, subject.document.sha256),
        mechanisms=MechanismsDigest(len(mechanisms), hashlib.sha256(canonical_bytes(mechanisms)).hexdigest()),
        datasets=tuple(sorted({each.name for each in release.spec.datasets})),
        sensitivity=release.spec.sensitivity,
        claim=_claim(claim),
        cost=_cost(judged),
        ledger=request.position(identity) if request.position else None,
    )
    files = tuple(
        AttestedSubject(each.artifact.path, {"sha256": each.sha256.lower()})
        for each in subject.artifacts
        if each.sha256 is not None
    )
    folder = _folder_subjects(request)
    if not files and not folder:
        raise UsageError(
            f"{request.path}: the release lists no artifact", advice="attest its folder, or list its files"
        )
    return AttestedStatement((*folder, *files), predicate)


def _folder_subjects(request: AttestRequest) -> tuple[AttestedSubject, ...]:
    if not request.path.is_dir():
        return ()
    name = request.path.resolve().name or "model"
    return (AttestedSubject(name, folder_digests(request.path, request.ignored)),)


def _one_release(path: Path) -> ReleaseSubject:
    found = read_releases(sorted(find_declarations([path]))).values
    if len(found) != 1:
        raise UsageError(
            f"{path} declares {len(found)} releases, and an attestation is about one",
            advice="name the folder, or the declaration, of one release",
        )
    return found[0]


def _judgement_of(subject: ReleaseSubject, request: AttestRequest) -> JudgedSubject:
    """What was judged about these very bytes. Raises UsageError where nothing was."""
    here = {each.artifact.path: each.sha256.lower() for each in subject.artifacts if each.sha256 is not None}
    for each in request.judged.of_kind("release"):
        if each.sha256 and each.sha256 == subject.document.sha256 and dict(each.artifacts) == here:
            return each
    raise UsageError(
        f"the verdict is not about {request.path} as it is here",
        advice="check it again: its declaration or its files changed",
    )


def _claim(claim: Privacy | None) -> Claim | None:
    budget = claim.budget if claim else None
    if claim is None or budget is None:
        return None
    return Claim(
        plain(budget.epsilon),
        _micro(budget.epsilon),
        plain(budget.delta),
        claim.unit,
        cast("Any", claim.neighbouring.value if claim.neighbouring else None),
        claim.variant.value if claim.variant else None,
    )


def _cost(judged: JudgedSubject) -> MeasuredCost | None:
    upper, lower, delta = (judged.exact(name) for name in ("epsilonUpper", "epsilonLower", "delta"))
    if upper is None or lower is None or delta is None:
        return None
    bound = show_up(upper, DIGITS)
    relation = cast("Literal['add-remove']", str(judged.measures["neighbouring"]))
    accountant = str(judged.measures["accountant"])
    return MeasuredCost(
        bound, _micro(Fraction(bound)), show_down(lower, DIGITS), plain(delta), relation, accountant
    )


def _micro(epsilon: Fraction) -> int:
    found = micro_of(epsilon)
    if found > MOST_MICRO:
        raise UsageError(
            "an ε above 9 · 10⁹ promises nothing, and is not attested", advice="declare an ε that does"
        )
    return found


def _attest_tables(request: AttestRequest) -> AttestedStatement:
    digest = file_digest(request.path)
    tables = tuple(
        MeasuredTable(request.path.name, digest, _exact_measures(each), attested_question(each.inputs))
        for each in request.judged.of_kind("table")
        if each.sha256 == digest
    )
    if not tables:
        raise _not_judged(request)
    subject = AttestedSubject(request.path.name, {"sha256": digest})
    return AttestedStatement((subject,), TableAnonymity(**_head(request), tables=tables))


def _exact_measures(judged: JudgedSubject) -> dict[str, str]:
    exact = {name: judged.exact(name) for name in judged.measures}
    return {name: plain(value) for name, value in sorted(exact.items()) if value is not None and value >= 0}


def _attest_scan(request: AttestRequest) -> AttestedStatement:
    """Every file that was searched, and is as it was then: what was not searched is no subject."""
    judged = {each.sha256 for each in request.judged.of_kind("file") if each.sha256}
    base = request.path if request.path.is_dir() else request.path.parent
    files = (
        sorted(each for each in base.rglob("*") if each.is_file()) if base == request.path else [request.path]
    )
    digests = {file.relative_to(base).as_posix(): file_digest(file) for file in files}
    subjects = tuple(
        AttestedSubject(name, {"sha256": digest}) for name, digest in digests.items() if digest in judged
    )
    if not subjects:
        raise _not_judged(request)
    return AttestedStatement(subjects, PersonalDataScan(**_head(request), files=len(subjects)))


def _not_judged(request: AttestRequest) -> UsageError:
    return UsageError(
        f"the verdict is not about {request.path} as it is here",
        advice="check it again: it changed, or is another",
    )


def _head(request: AttestRequest) -> dict[str, Any]:
    judged = request.judged
    return {
        "verdict": "pass",
        "gate": judged.gate,
        "policy": PolicyDigest(*judged.policy),
        "findings": judged.findings,
        "suppressed": judged.suppressed,
        "waivers": judged.waivers,
        "tool": AttestingTool("gatecli", VERSION),
        "time": request.moment,
    }


_MAKERS: Mapping[str, Callable[[AttestRequest], AttestedStatement]] = MappingProxyType(
    {
        "release": _attest_release,
        "check": _attest_release,
        "anonymity": _attest_tables,
        "pii": _attest_scan,
    }
)
"""What is attested of the verdicts of each gate."""
