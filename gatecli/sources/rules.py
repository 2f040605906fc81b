"""What a source can find wrong with an input; each of them means that it could not be judged."""

from __future__ import annotations

from gatecli.model.finding import Rule, Severity
from gatecli.sources.evidence.rules import EVIDENCE_UNREADABLE

RELEASE_UNREADABLE = Rule(
    "release-unreadable", Severity.ERROR, "A file of a release cannot be read", uncheckable=True
)
RELEASE_INVALID = Rule(
    "release-invalid", Severity.ERROR, "A declaration does not have the form of one", uncheckable=True
)

RULES: tuple[Rule, ...] = (RELEASE_UNREADABLE, RELEASE_INVALID, EVIDENCE_UNREADABLE)
