"""Findings that were there before: what a baseline holds, and what is new beside it.

A baseline absorbs nothing new: a fingerprint is known as often as the baseline lists it, so that one more
copy of a known value is a new finding.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from gatecli.model.finding import Finding, Suppression, is_of_families

if TYPE_CHECKING:
    from gatecli.model.recorded import Recorded

KNOWN_BY = "baseline"
"""What a finding is suppressed by where a baseline holds it."""

_FORGIVEN = Suppression(KNOWN_BY, KNOWN_BY)


@dataclass(frozen=True, slots=True, order=True)
class KnownFinding:
    """One finding that is tolerated; its rule and its file are for human readers."""

    rule: str
    path: str
    fingerprint: str


@dataclass(frozen=True, slots=True)
class Baseline:
    """The findings that are known, each as often as it was found."""

    known: tuple[KnownFinding, ...] = ()

    def mark_new(self, findings: Iterable[Finding]) -> Iterator[Finding]:
        """The findings, each with whether it is new; of copies the first in order are the known ones.

        What could not be checked is always new: nobody knows what is there. So is what is false: tolerating
        that has an end, which a baseline lacks. So is a change to the law.
        """
        left = Counter(each.fingerprint for each in self.known)
        for finding in sorted(findings, key=lambda each: each.sort_key):
            is_known = left[finding.fingerprint] > 0 and finding.rule.may_be_known
            left[finding.fingerprint] -= is_known
            yield replace(finding, new=not is_known)

    def missing(self, findings: Iterable[Finding], families: frozenset[str]) -> tuple[KnownFinding, ...]:
        """What is known, of the families of rules that were looked for, and was not found.

        The baseline may let go of it.
        """
        found = Counter(finding.fingerprint for finding in findings)
        return tuple(each for each in sorted(self.known) if _is_missing(each, found, families))


def _is_missing(each: KnownFinding, found: Counter[str], families: frozenset[str]) -> bool:
    if found[each.fingerprint] > 0:
        found[each.fingerprint] -= 1
        return False
    return not each.rule or is_of_families(each.rule, families)


def forgive_known(finding: Finding) -> Finding:
    """A finding that is known does not count."""
    if finding.new is not False or finding.suppressed is not None:
        return finding
    return replace(finding, suppressed=_FORGIVEN)


def adoptable(finding: Finding, never: frozenset[str]) -> bool:
    """Whether a baseline may hold it: it counts, or a baseline held it before, and something forgives it.

    What a waiver or a comment forgives has its own end, which a baseline must not outlive.
    """
    counts = finding.suppressed is None or finding.suppressed.by == KNOWN_BY
    return counts and finding.rule.id not in never


def adopt(reports: Sequence[Recorded], never: frozenset[str]) -> Baseline:
    """The baseline of what the reports found, without the rules of `never`, which nothing forgives.

    The same finding of one file in several reports counts once, however often they were run.
    """
    most: Counter[tuple[KnownFinding, int | None, str | None]] = Counter()
    for report in reports:
        most |= Counter(_spot(finding) for finding in report.findings if adoptable(finding, never))
    return Baseline(tuple(sorted(known for known, _, _ in most.elements())))


def _spot(finding: Finding) -> tuple[KnownFinding, int | None, str | None]:
    at = finding.place
    return KnownFinding(finding.rule.id, at.path, finding.fingerprint), at.document, at.pointer
