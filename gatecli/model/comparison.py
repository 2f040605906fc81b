"""Two reports of one gate: what is new in the later one, what is fixed, and what stayed."""

from __future__ import annotations

from collections import Counter
from collections.abc import Hashable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from gatecli.errors import UsageError
from gatecli.model.finding import Finding, Severity
from gatecli.model.recorded import Recorded
from gatecli.model.verdict import ExitCode


@dataclass(frozen=True, slots=True)
class Comparison:
    """What changed between two runs. Build it with `compare`.

    A finding that a waiver, a comment or a baseline forgives is there all the same: to forgive is not to fix.
    """

    before: Recorded
    after: Recorded
    new: tuple[Finding, ...]
    fixed: tuple[Finding, ...]
    unchanged: tuple[Finding, ...]
    fail_on: Severity = Severity.ERROR

    @property
    def exit_code(self) -> ExitCode:
        """Closed by something new; a later run that judged nothing, or not all, is never a pass."""
        if self.after.exit_code in {ExitCode.NOTHING, ExitCode.UNCHECKABLE}:
            return ExitCode(self.after.exit_code)
        if any(finding.rule.uncheckable for finding in self.after.findings):
            return ExitCode.UNCHECKABLE
        closing = any(finding.severity.rank <= self.fail_on.rank for finding in self.counting)
        return ExitCode.CLOSED if closing else ExitCode.OPEN

    @property
    def counting(self) -> tuple[Finding, ...]:
        """The new findings that nothing forgives."""
        return tuple(each for each in self.new if each.suppressed is None or each.rule.uncheckable)

    @property
    def policy_changed(self) -> bool:
        """Whether two policies judged: then what is new need not be new in the files."""
        return self.before.policy != self.after.policy


def compare(before: Recorded, after: Recorded, *, fail_on: Severity = Severity.ERROR) -> Comparison:
    """Compare by fingerprint, as often as each was found, never by line.

    Raises UsageError for reports of different gates: what the other gate looks for would seem fixed.
    """
    if (before.gate, before.parts) != (after.gate, after.parts):
        raise UsageError(
            f"{before.path} is of {_gates(before)}, {after.path} of {_gates(after)}",
            advice="compare two reports of the same gates",
        )
    old, now = (sorted(report.findings, key=lambda each: each.sort_key) for report in (before, after))
    new = tuple(_beyond(now, old))
    left = Counter(map(_key, new))
    unchanged = tuple(finding for finding in now if not _take_one(left, _key(finding)))
    return Comparison(before, after, new, tuple(_beyond(old, now)), unchanged, fail_on)


def _gates(report: Recorded) -> str:
    return f"the gates {', '.join(report.parts)}" if report.parts else f"the gate {report.gate}"


def _key(finding: Finding) -> tuple[object, ...]:
    at = finding.place
    return (finding.fingerprint, at.path, at.document, at.line, at.column, at.pointer)


def _beyond(these: Sequence[Finding], those: Sequence[Finding]) -> Iterator[Finding]:
    """Of each fingerprint as many as `those` have fewer: at another place first, and what counts first."""
    spare = Counter(each.fingerprint for each in these)
    spare.subtract(Counter(each.fingerprint for each in those))
    same = Counter(map(_key, those))
    moved = [finding for finding in these if not _take_one(same, _key(finding))]
    chosen = Counter(_key(each) for each in moved if _take_one(spare, each.fingerprint))
    return (finding for finding in these if _take_one(chosen, _key(finding)))


def _take_one(counts: Counter[Any], key: Hashable) -> bool:
    """Whether one was left, which is now taken."""
    if counts[key] <= 0:
        return False
    counts[key] -= 1
    return True
