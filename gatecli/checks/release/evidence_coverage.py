"""Which evidence file records which declared mechanism, by the kind of what was run."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from types import MappingProxyType

from gatecli.checks.release.declaration import PRIVACY
from gatecli.checks.release.evidence import EVIDENCE_MISMATCH, MISSING_EVIDENCE, entry_pointer
from gatecli.checks.release.interface import ReleaseContext, finding_at
from gatecli.checks.release.recorded_work import BLACK_BOXES, kinds, kinds_of
from gatecli.model.finding import Finding
from gatecli.model.mechanism import Mechanism
from gatecli.model.release import Evidence, Privacy, ReleaseSubject

MECHANISMS = f"{PRIVACY}/mechanisms"

_ADDITIVE = frozenset({"laplace", "discrete-laplace", "gaussian", "discrete-gaussian", "binomial"})
_PURE = frozenset(
    {
        "laplace",
        "discrete-laplace",
        "randomised-response",
        "exponential",
        "above-threshold",
        "report-noisy-max",
    }
)
RECORDS: Mapping[str, frozenset[str]] = MappingProxyType(
    {
        "pure": _PURE,
        "approximate": _PURE | _ADDITIVE,
        "zcdp": _PURE | _ADDITIVE,
        "rdp": _PURE | _ADDITIVE,
        "gdp": _PURE | _ADDITIVE,
    }
)
"""The kinds that a budget in an evidence file may be the record of, besides its own.

Libraries of statistics record what a query spent, not its noise; training is recorded by its parameters.
"""

_BOXES = frozenset(str(box.model_fields["kind"].default) for box in BLACK_BOXES)


def coverage(subject: ReleaseSubject) -> Mapping[str, tuple[str, ...]]:
    """The evidence files of each declared mechanism, by its pointer; none where a part has no record."""
    claim = subject.release.claim
    declared = claim.mechanisms if claim else ()
    return {
        f"{MECHANISMS}/{number}": _files(mechanism, subject.evidence)
        for number, mechanism in enumerate(declared)
    }


def _files(mechanism: Mechanism, evidence: Iterable[Evidence]) -> tuple[str, ...]:
    wanted = kinds(mechanism)
    parts = {file.reference.path: _covered_kinds(wanted, file) for file in evidence}
    whole = wanted <= frozenset(kind for covered in parts.values() for kind in covered)
    return tuple(path for path, covered in parts.items() if covered) if whole else ()


def _covered_kinds(wanted: frozenset[str], file: Evidence) -> frozenset[str]:
    recorded = kinds_of(file.mechanisms)
    return frozenset(kind for kind in wanted if kind in recorded or _is_recorded(kind, recorded))


def _is_recorded(kind: str, recorded: frozenset[str]) -> bool:
    return any(kind in RECORDS.get(budget, frozenset()) for budget in recorded)


def find_uncovered(subject: ReleaseSubject, context: ReleaseContext) -> Iterator[Finding]:
    """Where the policy requires evidence, a mechanism that no file records is only a word."""
    claim = subject.release.claim
    if claim is None or not claim.recorded or not context.policy.spec.release.require_evidence:
        return
    for number, mechanism in enumerate(claim.mechanisms):
        pointer = f"{MECHANISMS}/{number}"
        if not coverage(subject)[pointer]:
            yield finding_at(
                MISSING_EVIDENCE,
                subject,
                pointer,
                f"{_title(mechanism)} is recorded by no evidence file; policy {context.policy.metadata.name} "
                "requires evidence of every mechanism",
                "list the file in which the tool that ran it recorded it, or declare the mechanism by the "
                "kind that the file records",
                about=f"{number}\0{mechanism.kind}",
            )


def _title(mechanism: Mechanism) -> str:
    return f"{mechanism.kind} ({mechanism.name})" if mechanism.name else mechanism.kind


def find_unlisted(subject: ReleaseSubject, _context: ReleaseContext) -> Iterator[Finding]:
    """Work that a file records and the declaration does not list costs on top of what it lists."""
    claim = subject.release.claim
    if claim is None or not claim.mechanisms:
        return
    for file in subject.evidence:
        if unlisted := sorted(_unlisted_kinds(claim, file)):
            yield finding_at(
                EVIDENCE_MISMATCH,
                subject,
                entry_pointer(subject, file),
                f"{file.reference.path} records {', '.join(unlisted)}, which spec.privacy.mechanisms does "
                "not list: both were run on the data, and both count",
                "list all that was run under spec.privacy.mechanisms, or remove the evidence of other work",
                about=f"{file.reference.path}\0{','.join(unlisted)}",
            )


def _unlisted_kinds(claim: Privacy, file: Evidence) -> frozenset[str]:
    """Kinds in a file of which the declaration lists neither the kind nor a budget that may stand for it."""
    declared = kinds_of(claim.mechanisms)
    if declared & (_BOXES | {"unaccountable"}):
        return frozenset()
    recorded = kinds_of(file.mechanisms) - {"unaccountable"}
    return frozenset(
        kind for kind in recorded if kind not in declared and not declared & RECORDS.get(kind, frozenset())
    )
