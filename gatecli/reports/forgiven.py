"""Who forgave what, until when: what a report says of findings that do not count, by what forgives them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from gatecli.model.baseline import KNOWN_BY
from gatecli.model.finding import Suppression
from gatecli.model.verdict import Verdict
from gatecli.reports.escaping import clip, visible
from gatecli.reports.summary import plural, suppressed_findings

MOST = 1_000
"""Of a report that is bounded."""

_RULES = 5
"""Rules that a sentence names."""

_LONGEST = 500
"""Characters of a text of a stranger in a sentence."""


@dataclass(frozen=True, slots=True)
class Forgiveness:
    """One waiver, one comment or the baseline, and how many findings of which rules it forgives."""

    why: Suppression
    rules: Mapping[str, int]

    @property
    def count(self) -> int:
        return sum(self.rules.values())

    @property
    def source(self) -> str:
        """What forgives, by its kind and its name."""
        kind = "comment" if self.why.by == "inline" else self.why.by
        return kind if self.why.name == self.why.by else f"{kind} {_clip_text(self.why.name)}"

    @property
    def owner(self) -> str:
        return _clip_text(self.why.owner) or "none"

    @property
    def end(self) -> str:
        return _clip_text(self.why.expires) or "none"

    @property
    def reason(self) -> str:
        return _clip_text(self.why.reason)

    @property
    def findings(self) -> str:
        """How many, and of which rules."""
        names = sorted(self.rules)
        more = f" and {plural(len(names) - _RULES, 'more rule')}" if len(names) > _RULES else ""
        told = ", ".join(_clip_text(name) for name in names[:_RULES])
        return f"{plural(self.count, 'finding')} of {told}{more}"

    @property
    def sentence(self) -> str:
        """All of it on one line."""
        owner = f"owner {self.owner}" if self.why.owner else "no owner"
        until = f"until {self.end}" if self.why.expires else "without an end"
        reason = f": {self.reason}" if self.reason else ""
        return f"{self.findings} by {self.source} ({owner}) {until}{reason}"


def _clip_text(text: str) -> str:
    return clip(visible(text), _LONGEST)


def forgiveness_of(verdict: Verdict) -> tuple[Forgiveness, ...]:
    """Everything that forgives something in this run; the baseline last, since it has no end."""
    counts: dict[Suppression, Counter[str]] = {}
    for finding in suppressed_findings(verdict):
        if finding.suppressed is not None:
            counts.setdefault(finding.suppressed, Counter())[finding.rule.id] += 1
    ordered = sorted(counts, key=_order)
    return tuple(Forgiveness(why, dict(sorted(counts[why].items()))) for why in ordered)


def _order(why: Suppression) -> tuple[object, ...]:
    return (why.by == KNOWN_BY, why.by != "waiver", why.by, why.name, why.expires, why.owner, why.reason)


def as_data(one: Forgiveness) -> dict[str, Any]:
    """One entry of a machine's report."""
    why = one.why
    return {
        "by": why.by,
        "name": why.name,
        "owner": why.owner,
        "reason": why.reason,
        "expires": why.expires,
        "findings": one.count,
        "rules": dict(one.rules),
    }
