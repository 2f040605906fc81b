"""The verdict of a run, and the only place that decides an exit code."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from enum import IntEnum
from types import MappingProxyType
from typing import TYPE_CHECKING

from gatecli.model.baseline import Baseline, KnownFinding, forgive_known
from gatecli.model.finding import Finding, Severity

if TYPE_CHECKING:
    from gatecli.model.picture import AnonymityPicture


class ExitCode(IntEnum):
    """The same whatever the format; `errors` uses the same numbers for what stops a run."""

    OPEN = 0
    CLOSED = 1
    USAGE = 2
    NOTHING = 3
    UNCHECKABLE = 4
    BUG = 70
    INTERRUPTED = 130


@dataclass(frozen=True, slots=True)
class PolicyStamp:
    """Which policy judged: its name, and the SHA-256 of its resolved content.

    `revision` and `commit` say where in git it was read, where that was not the working tree.
    """

    name: str
    sha256: str
    revision: str = ""
    commit: str = ""


@dataclass(frozen=True, slots=True)
class Checked:
    """One subject that was really judged, with what was measured about it.

    `inputs` is what the verdict is bound to (digests, columns, thresholds): whoever relies on a report
    later compares it with what is there then.
    """

    kind: str
    name: str
    path: str
    measures: Mapping[str, object] = field(default_factory=lambda: MappingProxyType({}))
    inputs: Mapping[str, object] = field(default_factory=lambda: MappingProxyType({}))
    picture: AnonymityPicture | None = None


@dataclass(frozen=True, slots=True)
class Examined:
    """What one input gave, before a policy, a waiver or a date was looked at.

    Subjects that were judged, and their findings as the checks gave them: a function of the input alone.

    `problems` are what could not be read or judged: they stand as they are, and nothing softens them.
    `carried` are findings of another gate, which the evidence of an input holds.
    """

    checked: tuple[Checked, ...] = ()
    findings: tuple[Finding, ...] = ()
    problems: tuple[Finding, ...] = ()
    carried: tuple[Finding, ...] = ()

    @property
    def is_complete(self) -> bool:
        """Whether all of it was judged, so that judging it again would give the same."""
        return not any(finding.rule.uncheckable for finding in (*self.problems, *self.findings))


def together(parts: Sequence[Examined], problems: Sequence[Finding] = ()) -> Examined:
    """All of them as one; `problems` are of none of them."""
    return Examined(
        tuple(item for part in parts for item in part.checked),
        tuple(finding for part in parts for finding in part.findings),
        (*problems, *(problem for part in parts for problem in part.problems)),
        tuple(finding for part in parts for finding in part.carried),
    )


@dataclass(frozen=True, slots=True)
class Verdict:
    """What a gate decided, and everything it decided it from. Build it with `decide`."""

    gate: str
    policy: PolicyStamp
    checked: tuple[Checked, ...]
    findings: tuple[Finding, ...]
    fail_on: Severity = Severity.ERROR
    exit_zero: bool = False
    parts: tuple[Verdict, ...] = ()
    """The gates that it was put together from (`combine`)."""
    baseline: Baseline | None = None
    """The findings that were known before, where they were named."""
    families: frozenset[str] = frozenset()
    """The prefixes of the rules that the gate looks for."""

    @property
    def active(self) -> tuple[Finding, ...]:
        """The findings that count."""
        return tuple(finding for finding in self.findings if finding.suppressed is None)

    @property
    def uncheckable(self) -> bool:
        return any(finding.rule.uncheckable for finding in self.findings)

    @property
    def closed(self) -> bool:
        """Whether a finding that counts reached `fail_on`."""
        return any(self.closed_by(finding) for finding in self.findings)

    def closed_by(self, finding: Finding) -> bool:
        """Whether this one finding is enough to close the gate."""
        return finding.suppressed is None and finding.severity.rank <= self.fail_on.rank

    @property
    def passed(self) -> bool:
        """Pass needs evidence: something was checked, nothing was uncheckable, nothing was found."""
        return bool(self.checked) and not self.uncheckable and not self.closed

    @property
    def exit_code(self) -> ExitCode:
        """Could not check (4) outweighs findings (1), which `exit_zero` alone may forgive."""
        if self.uncheckable:
            return ExitCode.UNCHECKABLE
        if self.closed:
            return ExitCode.OPEN if self.exit_zero else ExitCode.CLOSED
        return ExitCode.OPEN if self.checked else ExitCode.NOTHING

    def count(self, severity: Severity) -> int:
        return sum(finding.severity is severity for finding in self.active)

    @property
    def suppressed_count(self) -> int:
        return len(self.findings) - len(self.active)

    @property
    def stale(self) -> tuple[KnownFinding, ...]:
        """What the baseline holds and this run did not find, of the rules that it looked for."""
        families = self.families.union(*(part.families for part in self.parts))
        return self.baseline.missing(self.findings, families) if self.baseline else ()


def decide(
    gate: str,
    policy: PolicyStamp,
    checked: tuple[Checked, ...],
    findings: tuple[Finding, ...],
    *,
    fail_on: Severity = Severity.ERROR,
    exit_zero: bool = False,
    baseline: Baseline | None = None,
    families: frozenset[str] = frozenset(),
) -> Verdict:
    """The verdict over what was checked and found, in the one stable order.

    Beside a baseline, what was not compared with it (because nothing forgives it) is new.
    """
    told = [replace(each, new=True) if baseline and each.new is None else each for each in findings]
    ordered = tuple(sorted(told, key=lambda finding: finding.sort_key))
    subjects = tuple(sorted(checked, key=lambda item: (item.path, item.kind, item.name)))
    return Verdict(
        gate, policy, subjects, ordered, fail_on, exit_zero, baseline=baseline or None, families=families
    )


def combine(
    parts: tuple[Verdict, ...],
    also: tuple[Finding, ...] = (),
    families: frozenset[str] = frozenset(),
) -> Verdict:
    """One verdict over several gates that one policy judged; `also` are findings of none of them.

    `families` are the prefixes of the rules of `also`.

    A gate that had nothing to check says nothing: only all of them together can have checked nothing.
    Raises ValueError for no gate at all.
    """
    if not parts:
        raise ValueError("there is no gate to combine")
    first = parts[0]
    checked = tuple(item for part in parts for item in part.checked)
    baseline = first.baseline
    others = map(forgive_known, baseline.mark_new(also)) if baseline else also
    findings = (*others, *(finding for part in parts for finding in part.findings))
    whole = decide(
        "check",
        first.policy,
        checked,
        findings,
        fail_on=first.fail_on,
        exit_zero=first.exit_zero,
        baseline=baseline,
        families=families,
    )
    return replace(whole, parts=parts)
