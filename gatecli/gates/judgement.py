"""From what was found to a verdict: the policy's severities, waivers, the baseline, and the day."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING

from gatecli.gates import Gate
from gatecli.model.baseline import Baseline, forgive_known
from gatecli.model.document import Place
from gatecli.model.finding import Finding, Severity, is_of_families
from gatecli.model.policy import PrivacyPolicy, stamp
from gatecli.model.verdict import Examined, PolicyStamp, Verdict, decide
from gatecli.model.waiver import PlacedWaiver

if TYPE_CHECKING:
    from gatecli.gates.policies import LawTarget

WAIVER_FAULTS = frozenset({"waiver-expired", "waiver-too-long", "waiver-unused"})
"""The ids of `gatecli.checks.waiver.WAIVER_RULES`, which few runs import."""


@dataclass(frozen=True, slots=True)
class JudgementTerms:
    """What a verdict depends on besides what was found; `policy` is resolved.

    A waiver holds through its last day, which `today` is compared with; `baseline` holds the findings that
    are known and tolerated. `target` is the revision that policy, waivers and baseline are of; None where
    they are as they stand here.
    """

    policy: PrivacyPolicy
    waivers: tuple[PlacedWaiver, ...]
    today: date
    fail_on: Severity = Severity.ERROR
    exit_zero: bool = False
    baseline: Baseline | None = None
    target: LawTarget | None = None
    policy_path: Path | None = None
    """The file of the policy, which the paths in it are relative to; None where it stands in none."""

    @property
    def additions(self) -> tuple[Finding, ...]:
        """What the change adds to the law, and does not hold."""
        return self.target.additions if self.target else ()

    @property
    def stamp(self) -> PolicyStamp:
        """Which policy judges, and where it stood."""
        plain = stamp(self.policy)
        if self.target is None:
            return plain
        revision = self.target.revision
        return replace(plain, revision=revision.shown, commit=revision.commit)


def without_additions(terms: JudgementTerms) -> JudgementTerms:
    """The terms of one gate of several: what the change adds to the law is told once, for all of them."""
    return replace(terms, target=replace(terms.target, additions=())) if terms.target else terms


def judge(gate: Gate, examined: Examined, terms: JudgementTerms) -> Verdict:
    """The verdict of a gate over what was examined; its problems stand as they are."""
    return decide(
        gate.name,
        terms.stamp,
        examined.checked,
        (
            *examined.problems,
            *judge_findings(gate, (*examined.findings, *terms.additions), terms),
            *judge_carried(examined.carried, terms),
        ),
        fail_on=terms.fail_on,
        exit_zero=terms.exit_zero,
        baseline=terms.baseline,
        families=gate.families,
    )


def judge_findings(gate: Gate, findings: Iterable[Finding], terms: JudgementTerms) -> tuple[Finding, ...]:
    """Findings as a gate weighs them: another gate's waivers are not unused here."""
    own = waivers_for(gate, terms.waivers)
    return apply_policy(findings, terms.policy, own, terms.baseline, terms.today)


def judge_carried(findings: Iterable[Finding], terms: JudgementTerms) -> tuple[Finding, ...]:
    """Another gate's findings, as the policy weighs them; whether its waivers are used is for that gate."""
    compared = _weigh_and_compare(findings, terms.policy, terms.baseline)
    return tuple(forgive_known(_waive(finding, terms.waivers, terms.today)) for finding in compared)


def waivers_for(judged: Gate | Verdict, waivers: Sequence[PlacedWaiver]) -> tuple[PlacedWaiver, ...]:
    """The waivers for the rules that a gate looks for."""
    return tuple(placed for placed in waivers if is_of_families(placed.waiver.spec.rule, judged.families))


def settle_waivers(parts: Sequence[Verdict], terms: JudgementTerms) -> tuple[Verdict, ...]:
    """The verdicts of gates that ran together, each fault of a waiver told once.

    Two gates may look for the rule of one waiver. It is used if either found what it forgives.
    """
    if not terms.waivers:
        return tuple(parts)
    found = [finding for part in parts for finding in part.findings]
    own = [placed for placed in terms.waivers if any(waivers_for(part, (placed,)) for part in parts)]
    faults = _faults(own, found, terms.policy.spec.release.max_waiver_days, terms.today)
    untold = {(fault.fingerprint, fault.place) for fault in faults}
    return tuple(_tell_once(part, untold) for part in parts)


def _tell_once(part: Verdict, untold: set[tuple[str, Place]]) -> Verdict:
    """The verdict without the faults of waivers that are not in `untold`; what it tells leaves that."""
    kept = []
    for finding in part.findings:
        key = (finding.fingerprint, finding.place)
        if finding.rule.id not in WAIVER_FAULTS or key in untold:
            kept.append(finding)
        untold.discard(key)
    return replace(part, findings=tuple(kept))


def apply_policy(
    findings: Iterable[Finding],
    policy: PrivacyPolicy,
    waivers: Sequence[PlacedWaiver],
    baseline: Baseline | None,
    today: date,
) -> tuple[Finding, ...]:
    """The findings as the policy weighs them, forgiven ones marked, and the faults of the waivers.

    Nothing softens the finding of an uncheckable input or of a falsehood, and nothing forgives one about a
    waiver.
    """
    compared = _weigh_and_compare(findings, policy, baseline)
    faults = _faults(waivers, compared, policy.spec.release.max_waiver_days, today) if waivers else ()
    judged = (forgive_known(_waive(finding, waivers, today)) for finding in compared)
    return (*judged, *(_weigh(fault, policy) for fault in faults))


def _weigh_and_compare(
    findings: Iterable[Finding], policy: PrivacyPolicy, baseline: Baseline | None
) -> list[Finding]:
    """The findings with the policy's severities, each with whether the baseline holds it."""
    weighed = [_weigh(finding, policy) for finding in findings]
    return list(baseline.mark_new(weighed)) if baseline else weighed


def _faults(
    waivers: Sequence[PlacedWaiver], findings: Sequence[Finding], max_days: int, today: date
) -> tuple[Finding, ...]:
    from gatecli.checks.waiver import find_waiver_faults  # noqa: PLC0415 - few runs have waivers

    return tuple(find_waiver_faults(waivers, findings, today=today, max_days=max_days))


def _weigh(finding: Finding, policy: PrivacyPolicy) -> Finding:
    severity = policy.spec.severities.get(finding.rule.id)
    if severity is None or finding.rule.uncheckable:
        return finding
    if finding.rule.falsehood and severity.rank > finding.rule.severity.rank:
        return finding
    return replace(finding, severity=severity)


def _waive(finding: Finding, waivers: Sequence[PlacedWaiver], today: date) -> Finding:
    if finding.suppressed or finding.rule.uncheckable:
        return finding
    covering = (placed.waiver.suppression for placed in waivers if placed.waiver.forgives(finding, today))
    return replace(finding, suppressed=next(covering, None))
