"""Whether it is said what the figures of an evidence file mean, and whether it is the file that was meant."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from gatecli.checks.release.artifact import DIGEST_MISMATCH
from gatecli.checks.release.evidence import EVIDENCE_MISMATCH, entry_pointer
from gatecli.checks.release.interface import ReleaseContext, finding_at
from gatecli.checks.release.recorded_work import (
    is_declared_poisson,
    is_kept_in_place,
    is_of_unknown_relation,
)
from gatecli.checks.release.units import SINGLE_RECORD_UNITS
from gatecli.model.budget import Neighbouring
from gatecli.model.finding import Finding, Rule, Severity
from gatecli.model.mechanism import DpSgd, Sampling
from gatecli.model.release import Evidence, EvidenceFormat, ModelRelease, ReleaseSubject

UNSTATED_EVIDENCE = Rule(
    "dp-unstated-evidence", Severity.ERROR, "Nothing says what the figures of an evidence file hold for"
)
ASSUMED_EVIDENCE = Rule(
    "dp-assumed-evidence",
    Severity.WARNING,
    "An evidence file is read under an assumption that nothing states",
)


@dataclass(frozen=True, slots=True)
class Term:
    """Something that an evidence entry leaves open, and the words for it."""

    rule: Rule
    is_open: Callable[[Evidence, ModelRelease], bool]
    message: str
    mend: str


def _has_unknown_relation(evidence: Evidence) -> bool:
    return any(is_of_unknown_relation(evidence, mechanism) for mechanism in evidence.mechanisms)


def _relation(release: ModelRelease) -> Neighbouring | None:
    return release.claim.neighbouring if release.claim else None


def _is_unsampled(evidence: Evidence, _release: ModelRelease) -> bool:
    return (
        evidence.reference.format is EvidenceFormat.OPACUS
        and evidence.reference.sampling is None
        and any(isinstance(mechanism, DpSgd) for mechanism in evidence.mechanisms)
    )


TERMS = (
    Term(
        UNSTATED_EVIDENCE,
        _is_unsampled,
        "does not say how batches were drawn: Opacus writes every run as Poisson sampled, shuffled ones too",
        "add sampling: poisson where the data loader was made with poisson_sampling=True, else shuffle "
        "or fixed-size",
    ),
    Term(
        UNSTATED_EVIDENCE,
        lambda evidence, release: (
            _has_unknown_relation(evidence) and _relation(release) not in {None, Neighbouring.ADD_REMOVE}
        ),
        "holds budgets whose neighbouring relation nothing states, so they verify nothing under the claim's",
        "add neighbouring: the relation of the tool's function, such as add-remove for a histogram",
    ),
    Term(
        ASSUMED_EVIDENCE,
        lambda evidence, release: (
            _has_unknown_relation(evidence) and _relation(release) is Neighbouring.ADD_REMOVE
        ),
        "holds budgets whose neighbouring relation nothing states; they are read under add-remove",
        "add neighbouring: add-remove to the entry, if that is the relation of the tool's function",
    ),
    Term(
        ASSUMED_EVIDENCE,
        is_kept_in_place,
        "means by add-or-remove-one that every other example stays in its batch, which is zero-out here",
        "declare neighbouring: zero-out, under which that is proven",
    ),
)


def find_open_terms(subject: ReleaseSubject, _context: ReleaseContext) -> Iterator[Finding]:
    """What the declaration has to say for a file that cannot."""
    for evidence in subject.evidence:
        for term in TERMS:
            if term.is_open(evidence, subject.release):
                path = evidence.reference.path
                yield _finding(term.rule, subject, evidence, f"{path} {term.message}", term.mend)


def find_contradictions(subject: ReleaseSubject, _context: ReleaseContext) -> Iterator[Finding]:
    """What the declaration says of a file and the file denies."""
    for evidence in subject.evidence:
        entry, rounds = evidence.reference, evidence.federated
        sampled = Sampling.FIXED_SIZE if rounds and not is_declared_poisson(evidence) else None
        for key, said, recorded in (
            ("neighbouring", entry.neighbouring, evidence.neighbouring),
            ("sensitivity", entry.sensitivity, evidence.sensitivity),
            ("client", entry.client, rounds.client if rounds else None),
            ("sampling", entry.sampling, sampled),
        ):
            if said is not None and recorded is not None and said != recorded:
                yield _finding(
                    EVIDENCE_MISMATCH,
                    subject,
                    evidence,
                    f"is declared with {key}: {said}, but {entry.path} records {recorded}",
                    f"remove {key}, which the file itself says",
                )


def find_rows_for_people(subject: ReleaseSubject, _context: ReleaseContext) -> Iterator[Finding]:
    """Questions to a table that counts rows say nothing of a person, who may have many."""
    claim = subject.release.claim
    unit = None if claim is None else claim.unit
    if unit is None or unit.lower() in SINGLE_RECORD_UNITS:
        return
    for evidence in subject.evidence:
        if evidence.table is not None and evidence.table.unit_column is None:
            yield _finding(
                EVIDENCE_MISMATCH,
                subject,
                evidence,
                f"promises each {unit}, but {evidence.reference.path} counts rows, whoever they are about",
                "open the table with the column that says whose a row is: unit=COLUMN",
            )


def find_changed_evidence(subject: ReleaseSubject, _context: ReleaseContext) -> Iterator[Finding]:
    """An entry that states a digest speaks for that file alone."""
    for evidence in subject.evidence:
        declared, found = evidence.reference.sha256, evidence.sha256
        if declared is not None and found is not None and declared.lower() != found.lower():
            yield _finding(
                DIGEST_MISMATCH,
                subject,
                evidence,
                f"{evidence.reference.path} has sha256 {found.lower()}, not the declared {declared.lower()}",
                "put back the evidence that was declared, or declare that of the run that ships",
            )


def _finding(rule: Rule, subject: ReleaseSubject, evidence: Evidence, message: str, mend: str) -> Finding:
    about = f"{evidence.reference.path}\0{message}"
    return finding_at(rule, subject, entry_pointer(subject, evidence), message, mend, about=about)
