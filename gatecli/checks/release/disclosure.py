"""What a careful reader must know to understand a claim (NIST SP 800-226; the OpenDP registry)."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from gatecli.checks.release.declaration import PRIVACY
from gatecli.checks.release.interface import ReleaseContext, finding_at
from gatecli.checks.release.recorded_work import leaves
from gatecli.checks.release.units import SINGLE_RECORD_UNITS
from gatecli.model.budget import Variant
from gatecli.model.finding import Finding, Rule, Severity
from gatecli.model.mechanism import DpFtrl, DpSgd
from gatecli.model.release import Privacy, ReleaseSubject

MISSING_VARIANT = Rule(
    "dp-missing-variant", Severity.NOTE, "A claim names a variant without its parameter, or the reverse"
)
MISSING_SCOPE = Rule("dp-missing-composition-scope", Severity.NOTE, "A claim names no composition scope")
MISSING_TRUST_MODEL = Rule("dp-missing-trust-model", Severity.NOTE, "A claim names no trust model")
MISSING_MAX_CONTRIBUTIONS = Rule(
    "dp-missing-max-contributions", Severity.NOTE, "A claim does not bound a unit's contributions"
)
MISSING_CLIPPING_NORM = Rule(
    "dp-missing-clipping-norm", Severity.WARNING, "A DP-SGD or DP-FTRL run names no clipping norm"
)


@dataclass(frozen=True, slots=True)
class Disclosure:
    """Something a claim should tell, and the words for its absence."""

    rule: Rule
    unsaid: Callable[[Privacy], bool]
    message: str
    mend: str


def _variant_is_unclear(claim: Privacy) -> bool:
    """(ε, δ) alone name their variant; ρ and μ need it named, and it needs them."""
    if claim.variant is None:
        return claim.rho is not None or claim.mu is not None
    parameters = {Variant.ZCDP: claim.rho, Variant.GDP: claim.mu}
    return claim.variant in parameters and parameters[claim.variant] is None


DISCLOSURES = (
    Disclosure(
        MISSING_VARIANT,
        _variant_is_unclear,
        "names a variant of differential privacy without its parameter, or a parameter without its variant",
        "declare spec.privacy.variant: zcdp with rho, or gdp with mu; or neither, for (ε, δ) alone",
    ),
    Disclosure(
        MISSING_SCOPE,
        lambda claim: claim.composition_scope is None,
        "does not say over what the budget composes",
        "declare spec.privacy.compositionScope, for example `this release alone` or `all releases of 2026`",
    ),
    Disclosure(
        MISSING_TRUST_MODEL,
        lambda claim: claim.trust_model is None,
        "does not say who sees the raw data",
        "declare spec.privacy.trustModel: central, shuffle, distributed or local",
    ),
    Disclosure(
        MISSING_MAX_CONTRIBUTIONS,
        lambda claim: (
            claim.max_contributions is None
            and claim.unit is not None
            and claim.unit.lower() not in SINGLE_RECORD_UNITS
        ),
        "does not say how many records one unit contributes at most, so the mechanisms are read as per unit",
        "declare spec.privacy.maxContributions: 1 where mechanisms are stated per unit, "
        "else the bound on records per unit that was enforced",
    ),
)


def find_undisclosed(subject: ReleaseSubject, _context: ReleaseContext) -> Iterator[Finding]:
    """What a claim leaves to guesswork."""
    claim = subject.release.claim
    if claim is None:
        return
    for disclosure in DISCLOSURES:
        if disclosure.unsaid(claim):
            yield finding_at(disclosure.rule, subject, PRIVACY, disclosure.message, disclosure.mend)


def find_missing_clipping_norm(subject: ReleaseSubject, _context: ReleaseContext) -> Iterator[Finding]:
    """Without clipping no noise multiplier bounds anything: the sensitivity is infinite."""
    claim = subject.release.claim
    if claim is None:
        return
    for number, mechanism in enumerate(claim.mechanisms):
        for leaf in leaves(mechanism):
            if isinstance(leaf, DpSgd | DpFtrl) and leaf.clipping_norm is None:
                yield finding_at(
                    MISSING_CLIPPING_NORM,
                    subject,
                    f"{PRIVACY}/mechanisms/{number}",
                    f"{leaf.kind} names no clippingNorm: its noise multiplier protects only what was clipped",
                    "declare the clippingNorm that gradients were clipped to (max_grad_norm in Opacus)",
                )
                break
