"""Whether there is anything to recompute from, and whether the accounts of the work agree."""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction

from gatecli.checks.release.declaration import PRIVACY
from gatecli.checks.release.interface import ReleaseContext, finding_at
from gatecli.checks.release.recomputation import Cost, Costs, agree
from gatecli.checks.release.recorded_work import kinds_of
from gatecli.model.budget import Bounds
from gatecli.model.finding import Finding, Rule, Severity
from gatecli.model.number import show, show_up
from gatecli.model.release import Evidence, ReleaseSubject

MISSING_EVIDENCE = Rule(
    "dp-missing-evidence",
    Severity.ERROR,
    "ε cannot be recomputed, or not from what the policy requires",
)
EVIDENCE_MISMATCH = Rule(
    "dp-evidence-mismatch",
    Severity.ERROR,
    "The declaration and its evidence differ",
    falsehood=True,
)

EVIDENCE = f"{PRIVACY}/evidence"


def entry_pointer(subject: ReleaseSubject, evidence: Evidence) -> str:
    """Where the declaration names a file; files that could not be read stand between those that could."""
    entries = subject.release.claim.evidence if subject.release.claim else ()
    number = next((at for at, entry in enumerate(entries) if entry == evidence.reference), None)
    return EVIDENCE if number is None else f"{EVIDENCE}/{number}"


def find_missing_evidence(subject: ReleaseSubject, context: ReleaseContext) -> Iterator[Finding]:
    """A number that nothing can be recomputed from is a wish; so is an evidence file that records nothing."""
    claim = subject.release.claim
    if claim is None:
        return
    if not claim.mechanisms and not claim.recorded:
        yield finding_at(
            MISSING_EVIDENCE,
            subject,
            PRIVACY,
            "gives neither mechanisms nor evidence, so epsilon cannot be recomputed",
            "list what was run in spec.privacy.mechanisms, or an accountant's file in spec.privacy.evidence",
        )
    elif not claim.recorded and context.policy.spec.release.require_evidence:
        yield finding_at(
            MISSING_EVIDENCE,
            subject,
            EVIDENCE,
            f"gives hand-written mechanisms alone; policy {context.policy.metadata.name} requires evidence",
            "save the accountant's state after training and list the file under spec.privacy.evidence",
        )
    for evidence in subject.evidence:
        if not evidence.mechanisms and not evidence.audits:
            yield finding_at(
                MISSING_EVIDENCE,
                subject,
                entry_pointer(subject, evidence),
                f"{evidence.reference.path} records nothing that was run",
                "save the accountant's state after training, or remove the file from spec.privacy.evidence",
                about=evidence.reference.path,
            )


def find_mismatch(subject: ReleaseSubject, context: ReleaseContext) -> Iterator[Finding]:
    """Two accounts of the same work must cost the same; the worse one counts for every other rule."""
    whole = _comparable(context.costs)
    pairs = (*([whole] if whole else ()), *context.costs.parts)
    differing = ((each, _upper(each[0]), _upper(each[1])) for each in pairs)
    found = next((each for each in differing if not agree(each[1], each[2])), None)
    if found is not None:
        yield _mismatch(subject, *found)


def _mismatch(
    subject: ReleaseSubject, pair: tuple[Cost, Cost], upper: Fraction | None, found: Fraction | None
) -> Finding:
    declared, recorded = pair
    return finding_at(
        EVIDENCE_MISMATCH,
        subject,
        EVIDENCE,
        f"{declared.source} cost {_bound_text(upper)}, but {recorded.source} costs {_bound_text(found)} "
        f"at δ = {show(recorded.question.delta)}; the worse counts",
        "write under spec.privacy.mechanisms what the evidence records (and each run once), "
        "or replace the evidence by that of the run that ships",
        about=f"{_bound_text(upper)}\0{_bound_text(found)}",
    )


def _comparable(costs: Costs) -> tuple[Cost, Cost] | None:
    """The accounts to compare: the declared part that the evidence speaks about, and the evidence.

    Where the declaration has no such part, the evidence may at most stay within the budgets that it claims
    without parameters, else within the whole. Work that
    nothing bounds is a finding of its own and is compared with nothing.
    """
    if costs.declared is None or costs.recorded is None or len(costs.bounded) < len(costs.counted):
        return None
    part = costs.overlap or costs.declared
    if kinds_of(part.question.mechanisms) & kinds_of(costs.recorded.question.mechanisms):
        return part, costs.recorded
    upper, found = _upper(part), _upper(costs.recorded)
    within = upper is not None and found is not None and found <= upper
    return None if within else (part, costs.recorded)


def _upper(cost: Cost) -> Fraction | None:
    return cost.answer.upper if isinstance(cost.answer, Bounds) else None


def _bound_text(upper: Fraction | None) -> str:
    return "no bounded ε" if upper is None else f"at most ε = {show_up(upper)}"
