"""ρ and μ beside ε: a claim in another definition is a claim, and is held to what was run."""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction

from gatecli.accounting.account import account
from gatecli.accounting.interface import Question
from gatecli.checks.release.declaration import PRIVACY
from gatecli.checks.release.interface import ReleaseContext, finding_at
from gatecli.model.budget import Bounds
from gatecli.model.finding import Finding, Rule, Severity
from gatecli.model.mechanism import GaussianDp, Mechanism, ZeroConcentrated
from gatecli.model.number import show, show_down, show_up
from gatecli.model.release import Privacy, ReleaseSubject

PARAMETER_MISMATCH = Rule(
    "dp-parameter-mismatch", Severity.WARNING, "ρ or μ promises more privacy than was kept"
)

FAR = 2
"""How many times the ε that a parameter means the declared one may be."""


def find_parameters(subject: ReleaseSubject, context: ReleaseContext) -> Iterator[Finding]:
    """ρ-zCDP and μ-GDP each mean an ε at the declared δ: work that cost more shows that they are false."""
    claim = subject.release.claim
    if claim is None:
        return
    for key, letter, value, mechanism in _claimed_parameters(claim):
        meant = _epsilon_meant(claim, mechanism)
        if meant is None or claim.epsilon is None:
            continue
        means = f"declares {letter} = {show(value)}, which means ε ≤ {show_up(meant)} at the declared δ"
        if context.costs.lower > meant:
            problem = f"but the work cost at least ε = {show_down(context.costs.lower)}"
        elif claim.epsilon > FAR * meant:
            problem = f"beside ε = {show(claim.epsilon)}"
        else:
            continue
        mend = f"declare the {key} that the mechanisms cost together, or remove it"
        pointer = f"{PRIVACY}/{key}"
        yield finding_at(PARAMETER_MISMATCH, subject, pointer, f"{means}, {problem}", mend, about=show(value))


def _claimed_parameters(claim: Privacy) -> Iterator[tuple[str, str, Fraction, Mechanism]]:
    if claim.rho is not None:
        yield "rho", "ρ", claim.rho, ZeroConcentrated(rho=claim.rho)
    if claim.mu is not None:
        yield "mu", "μ", claim.mu, GaussianDp(mu=claim.mu)


def _epsilon_meant(claim: Privacy, mechanism: Mechanism) -> Fraction | None:
    """The ε that a claim in another definition means; None where nothing is comparable."""
    if claim.budget is None or claim.neighbouring is None:
        return None
    answer = account(Question((mechanism,), claim.budget.delta, claim.neighbouring))
    return answer.upper if isinstance(answer, Bounds) else None
