"""A claim must be there, and must say what it claims."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from gatecli.checks.release.interface import ReleaseContext, finding_at
from gatecli.checks.release.units import is_nobody
from gatecli.model.budget import Variant
from gatecli.model.document import Place
from gatecli.model.finding import Finding, Rule, Severity, make_finding
from gatecli.model.number import show
from gatecli.model.release import Privacy, ReleaseSubject

PRIVACY = "/spec/privacy"

MISSING_DECLARATION = Rule(
    "dp-missing-declaration", Severity.ERROR, "A model release declares no privacy budget"
)
MISSING_EPSILON = Rule("dp-missing-epsilon", Severity.ERROR, "A claim names no ε")
MISSING_DELTA = Rule("dp-missing-delta", Severity.ERROR, "A claim that is not pure names no δ")
MISSING_UNIT = Rule("dp-missing-unit", Severity.ERROR, "A claim names no unit of privacy")
MISSING_NEIGHBOURING = Rule(
    "dp-missing-neighbouring", Severity.ERROR, "A claim names no neighbouring relation"
)
UNUSUAL_UNIT = Rule("dp-unusual-unit", Severity.WARNING, "The unit of privacy is nobody")
PURE_WITH_DELTA = Rule("dp-pure-with-delta", Severity.ERROR, "A claim of pure ε-DP has δ > 0")


def find_missing_declaration(subject: ReleaseSubject, _context: ReleaseContext) -> Iterator[Finding]:
    """A release without a claim, also one that says `privacy: none`: only a waiver permits it."""
    if subject.release.claim is not None:
        return
    said = subject.release.spec.privacy == "none"
    message = "declares privacy: none" if said else "has no spec.privacy, so it promises nothing"
    metadata = subject.release.metadata
    mend = (
        "declare unit, neighbouring, epsilon, delta and mechanisms under spec.privacy, "
        f"or waive {MISSING_DECLARATION.id} for {metadata.name}@{metadata.version} with a PrivacyWaiver"
    )
    yield finding_at(MISSING_DECLARATION, subject, PRIVACY, message, mend)


def undeclared_weights(path: str) -> Finding:
    """A file of model weights that no declaration stands beside."""
    return make_finding(
        MISSING_DECLARATION,
        "holds model weights, but there is no ModelRelease declaration beside it",
        subject=path,
        place=Place(path),
        mend="write a privacy.yaml beside it (gatecli init starts one) and list the file in spec.artifacts",
    )


@dataclass(frozen=True, slots=True)
class RequiredPart:
    """A part that every claim needs, and the words for its absence."""

    rule: Rule
    missing: Callable[[Privacy], bool]
    message: str
    mend: str


PARTS = (
    RequiredPart(
        MISSING_EPSILON,
        lambda claim: claim.epsilon is None,
        "declares no epsilon, so nothing bounds what the model may reveal",
        "declare spec.privacy.epsilon: the total ε of all that was run on the data",
    ),
    RequiredPart(
        MISSING_DELTA,
        lambda claim: claim.delta is None and claim.variant is not Variant.PURE,
        "declares no delta and does not claim variant: pure",
        "declare spec.privacy.delta below 1/records, or variant: pure if every mechanism is purely ε-DP",
    ),
    RequiredPart(
        MISSING_UNIT,
        lambda claim: claim.unit is None,
        "does not say whom epsilon protects: a record, a person, a household, a day of a person",
        "declare spec.privacy.unit, for example `unit: person`",
    ),
    RequiredPart(
        MISSING_NEIGHBOURING,
        lambda claim: claim.neighbouring is None,
        "does not say which datasets are neighbours, so epsilon has no meaning and was not recomputed",
        "declare spec.privacy.neighbouring: add-remove (Poisson-sampled DP-SGD), replace-one or zero-out",
    ),
)


def find_missing_parts(subject: ReleaseSubject, _context: ReleaseContext) -> Iterator[Finding]:
    """What a claim must say before it can be judged."""
    claim = subject.release.claim
    if claim is None:
        return
    for part in PARTS:
        if part.missing(claim):
            yield finding_at(part.rule, subject, PRIVACY, part.message, part.mend)


def find_unusual_unit(subject: ReleaseSubject, _context: ReleaseContext) -> Iterator[Finding]:
    """A batch or a step has no interest of its own: what is promised to it is promised to nobody."""
    claim = subject.release.claim
    if claim is None or claim.unit is None:
        return
    if is_nobody(claim.unit):
        yield finding_at(
            UNUSUAL_UNIT,
            subject,
            f"{PRIVACY}/unit",
            f"protects a {claim.unit}, which is nobody: a person may be in many of them",
            "declare whom the budget protects (person, household, record), and epsilon for them",
            about=claim.unit,
        )


def find_pure_with_delta(subject: ReleaseSubject, _context: ReleaseContext) -> Iterator[Finding]:
    """Pure ε-DP is (ε, 0)-DP: with δ > 0 it is another, weaker claim."""
    claim = subject.release.claim
    if claim is None or claim.variant is not Variant.PURE or not claim.delta:
        return
    yield finding_at(
        PURE_WITH_DELTA,
        subject,
        f"{PRIVACY}/delta",
        f"claims pure ε-DP with δ = {show(claim.delta)}; pure means δ = 0",
        "declare variant: approximate, or remove delta if every mechanism is purely ε-DP",
        about=show(claim.delta),
    )
