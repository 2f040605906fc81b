"""What goes through unseen: personal data that the policy denies elsewhere, and why something was refused."""

from __future__ import annotations

from collections.abc import Iterator

from gatecli.checks.policy_entities import entities_of_policy
from gatecli.checks.serving.interface import SPEC, EndpointContext, EndpointSubject, finding_at
from gatecli.model.finding import Finding, Rule, Severity
from gatecli.model.policy import PiiRules

WEAK_SCREENING = Rule(
    "serve-weak-screening",
    Severity.WARNING,
    "An endpoint lets personal data through that the policy denies or masks",
)
TELLING_REFUSALS = Rule(
    "serve-telling-refusals", Severity.WARNING, "How long a refusal takes tells why it was refused"
)

_LETS_THROUGH = frozenset({"audit", "ignore"})
_HELD_BACK = frozenset({"deny", "mask"})


def find_weak_screening(subject: EndpointSubject, context: EndpointContext) -> Iterator[Finding]:
    """Masked data does not pass either, so `mask` is enough where the policy says `deny`."""
    screening = subject.spec.pii
    words = (("request", screening.request), ("response", screening.response))
    weak = [(key, word) for key, word in words if word in _LETS_THROUGH]
    if not weak or not _holds_back(context.policy.spec.pii):
        return
    for key, word in weak:
        yield finding_at(
            WEAK_SCREENING,
            subject,
            f"{SPEC}/pii/{key}",
            f"{key}s are screened with {word}, so personal data passes that the policy "
            f"{context.policy.metadata.name} denies or masks",
            f"use pii.{key}: deny or mask",
            about=word,
        )


def _holds_back(rules: PiiRules) -> bool:
    """Whether the policy denies or masks any kind of personal data; what it does not name is denied."""
    return any(rules.entities.get(each.id, "deny") in _HELD_BACK for each in entities_of_policy(rules))


def find_telling_refusals(subject: EndpointSubject, _context: EndpointContext) -> Iterator[Finding]:
    """A refusal that comes at once was not for want of an answer: its body is constant, its time must be."""
    if subject.spec.limits.refusal_milliseconds == 0:
        yield finding_at(
            TELLING_REFUSALS,
            subject,
            f"{SPEC}/limits/refusalMilliseconds",
            "refusals take as long as it takes to find their reason, so a caller learns whether a budget is "
            "spent, or personal data was in an answer",
            "leave limits.refusalMilliseconds out (50), or give the longest that a reason takes to be found",
        )


RULES: tuple[Rule, ...] = (WEAK_SCREENING, TELLING_REFUSALS)
