"""The rule of evidence that is named but cannot be read."""

from __future__ import annotations

from gatecli.model.finding import Rule, Severity

EVIDENCE_UNREADABLE = Rule(
    "release-evidence-unreadable",
    Severity.ERROR,
    "evidence that a release names is absent, unreadable or not of its format",
    uncheckable=True,
)

RULES = (EVIDENCE_UNREADABLE,)
