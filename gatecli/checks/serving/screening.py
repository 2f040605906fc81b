"""Personal data in questions and answers: what the policy denies elsewhere is not let through here."""

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


RULES: tuple[Rule, ...] = (WEAK_SCREENING,)
