"""The declared ε against what the described work really cost: verified, understated, or neither."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from fractions import Fraction

from gatecli.accounting.calibration import Calibration, calibrate
from gatecli.accounting.description import describe
from gatecli.accounting.interface import NoBound
from gatecli.checks.release.budget import tier_of
from gatecli.checks.release.declaration import PRIVACY
from gatecli.checks.release.interface import ReleaseContext, finding_at
from gatecli.checks.release.recomputation import Cost
from gatecli.model.budget import Bounds, Budget
from gatecli.model.finding import Finding, Rule, Severity
from gatecli.model.number import show, show_down, show_up
from gatecli.model.release import ReleaseSubject
from gatecli.model.rules import DP_UNACCOUNTABLE_MECHANISM

UNDERSTATED = Rule(
    "dp-understated-epsilon",
    Severity.ERROR,
    "The described work provably cost more than the declared ε",
    falsehood=True,
)
UNVERIFIED = Rule(
    "dp-unverified-epsilon", Severity.ERROR, "No accountant can show that the declared ε was enough"
)
OVERSTATED = Rule("dp-overstated-epsilon", Severity.NOTE, "Much of the declared ε was not spent")

EPSILON = f"{PRIVACY}/epsilon"
SHOWN_MECHANISMS = 3
DIGITS = 3
KEYS = frozenset({"noiseMultiplier", "standardDeviation", "scale"})


def find_accounting(subject: ReleaseSubject, context: ReleaseContext) -> Iterator[Finding]:
    """At most one verdict on the declared ε, and every account of the work that has no bound at all."""
    claim = subject.release.claim
    if claim is None or claim.budget is None:
        return
    reasons = [(cost, cost.answer) for cost in context.costs.counted if isinstance(cost.answer, NoBound)]
    for cost, unaccountable in reasons:
        yield _unaccountable(subject, cost, unaccountable.reasons)
    case = _DeclaredCase(subject, context, claim.budget.epsilon)
    if finding := _verdict(case, all_bounded=not reasons):
        yield finding


@dataclass(frozen=True, slots=True)
class _DeclaredCase:
    """What is judged: a release and the ε that it declares."""

    subject: ReleaseSubject
    context: ReleaseContext
    declared: Fraction

    def finding(self, rule: Rule, message: str, mend: str) -> Finding:
        shown = show(self.declared)
        return finding_at(rule, self.subject, EPSILON, f"declares ε = {shown}, {message}", mend, about=shown)


def _verdict(case: _DeclaredCase, *, all_bounded: bool) -> Finding | None:
    costs, declared = case.context.costs, case.declared
    if understated := costs.find_understated(declared):
        return _understated_finding(case, *understated)
    if not all_bounded:
        return None
    if unverified := costs.find_unverified(declared):
        return _unverified_finding(case, *unverified)
    return _overstated_finding(case, *costs.worst) if costs.worst else None


def describe_cost(cost: Cost) -> str:
    """What was run, in words; where only the evidence says so, by which file."""
    words = [describe(mechanism) for mechanism in cost.question.mechanisms]
    if len(words) > SHOWN_MECHANISMS:
        words[SHOWN_MECHANISMS - 1 :] = [f"{len(words) - SHOWN_MECHANISMS + 1} more"]
    *others, last = words
    return (f"{', '.join(others)} and {last}" if others else last) + cost.suffix


def _at(bounds: Bounds, accountant: str) -> str:
    by = ", ".join(word for word in (accountant, bounds.neighbouring) if word)
    return f"at δ = {show(bounds.delta)} ({'; '.join((by, *bounds.notes))})"


def _down(lower: Fraction, above: Fraction) -> str:
    """A lower bound as few digits show it that still exceeds what it is compared with."""
    texts = (show_down(lower, digits) for digits in range(DIGITS, 40))
    return next((text for text in texts if Fraction(text) > above), show(lower))


def _beside(bound: Fraction, claim: Fraction, rounded: Callable[[Fraction, int], str]) -> str:
    """A bound with digits enough that rounding moves it by no more than it differs from the claim."""
    texts = (rounded(bound, digits) for digits in range(DIGITS, 40))
    return next((text for text in texts if abs(Fraction(text) - bound) <= abs(bound - claim)), show(bound))


def _unaccountable(subject: ReleaseSubject, cost: Cost, reasons: tuple[str, ...]) -> Finding:
    return finding_at(
        DP_UNACCOUNTABLE_MECHANISM,
        subject,
        f"{PRIVACY}/evidence" if cost.suffix else f"{PRIVACY}/mechanisms",
        f"nothing bounds the cost of {describe_cost(cost).removesuffix(',')}: {'; '.join(reasons)}",
        "describe the mechanism by a kind that an accountant can bound, or state a proven bound of its own "
        "as kind: pure, approximate, zcdp or rdp",
        about="\0".join(reasons),
    )


def _understated_finding(case: _DeclaredCase, cost: Cost, bounds: Bounds) -> Finding:
    least = _down(bounds.lower, case.declared)
    at = _at(bounds, bounds.lower_accountant or bounds.accountant)
    return case.finding(UNDERSTATED, f"but {describe_cost(cost)} cost at least ε = {least} {at}", _mend(case))


def _unverified_finding(case: _DeclaredCase, cost: Cost, bounds: Bounds) -> Finding:
    at = _at(bounds, bounds.accountant)
    known = f"no finite ε is known for {describe_cost(cost)} {at}"
    if bounds.upper is not None:
        least, most = (
            _beside(bounds.lower, case.declared, show_down),
            _beside(bounds.upper, case.declared, show_up),
        )
        some = f"at least ε = {least} and " if bounds.lower else ""
        known = f"{describe_cost(cost)} cost {some}at most ε = {most} {at}"
    return case.finding(UNVERIFIED, f"which is not verified: {known}", _mend(case))


def _overstated_finding(case: _DeclaredCase, cost: Cost, bounds: Bounds) -> Finding | None:
    upper, permitted = bounds.upper, case.context.policy.spec.release.overstatement
    if upper is None or case.declared - upper <= case.declared * permitted:
        return None
    unspent, shown = show_down(100 * (1 - upper / case.declared), 2), show_up(upper, DIGITS)
    at = _at(bounds, bounds.accountant)
    return case.finding(
        OVERSTATED,
        f"but {describe_cost(cost)} cost at most ε = {shown} {at}: {unspent} % of the budget is unspent",
        f"declare epsilon: {shown}, or spend the rest on more steps or less noise",
    )


def _mend(case: _DeclaredCase) -> str:
    """The steps that open the gate: an ε that verifies within the tier, or noise that meets the target."""
    worst = case.context.costs.worst
    if worst is None:
        return ""
    cost, bounds = worst
    tier = tier_of(case.subject, case.context.policy)
    limit = None if tier is None else tier.max_epsilon
    target = case.declared if limit is None else min(case.declared, limit)
    steps = (
        _declare(bounds.upper, limit),
        _calibrate(case.context, cost, Budget(target, bounds.delta)),
        "declare variant: approximate with a delta above 0 and below 1/records" if not bounds.delta else "",
    )
    return ", or ".join(step for step in steps if step) or (
        f"retrain with mechanisms that fit ε ≤ {show(target)} (gatecli release calibrate finds the noise)"
    )


def _declare(upper: Fraction | None, limit: Fraction | None) -> str:
    if upper is None:
        return ""
    text = show_up(upper, DIGITS)
    return f"declare epsilon ≥ {text}" if limit is None or Fraction(text) <= limit else ""


def _calibrate(context: ReleaseContext, cost: Cost, target: Budget) -> str:
    if context.account is None:
        return (
            f"raise the noise until it meets ε = {show(target.epsilon)} (gatecli release calibrate finds it)"
        )
    found = calibrate(cost.question, target, "noise", context.account)
    if not isinstance(found, Calibration):
        return ""
    value, parameter = show(found.value), found.parameter
    change = f"raise {parameter} to ≥ {value}" if parameter in KEYS else f"multiply every noise by ≥ {value}"
    return f"{change}, which meets ε = {show(target.epsilon)}"
