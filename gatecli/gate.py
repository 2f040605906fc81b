"""The gates: run the listed checks over values, apply the policy, return a verdict."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from types import MappingProxyType
from typing import Required, TypedDict, Unpack

from gatecli.accounting.account import account, account_all
from gatecli.accounting.interface import Question
from gatecli.checks.declaration import undeclared_weights
from gatecli.checks.interface import ReleaseContext
from gatecli.checks.personal_data import Search
from gatecli.checks.recomputation import Answer, Costs, costs_of, questions_of
from gatecli.checks.registry import RELEASE_CHECKS
from gatecli.checks.terraform import PlanSubject, find_in_plan
from gatecli.checks.waiver import find_waiver_faults
from gatecli.model.baseline import Baseline, forgiven
from gatecli.model.examined import Examined, together
from gatecli.model.finding import Finding, Severity
from gatecli.model.gates import FAMILIES
from gatecli.model.plan import Plan
from gatecli.model.policy import PrivacyPolicy, stamp
from gatecli.model.release import ReleaseSubject
from gatecli.model.verdict import Checked, Verdict, decide
from gatecli.model.waiver import PlacedWaiver

ADVISED_AT_ONCE = 25
"""Releases in one run beyond which advice names no calibrated noise: each costs several recomputations."""


class Terms(TypedDict, total=False):
    """What a verdict depends on besides findings, policy and waivers.

    A waiver holds through its last day, which `today` is compared with; `baseline` holds the findings that
    are known and tolerated.
    """

    today: Required[date]
    fail_on: Severity
    exit_zero: bool
    baseline: Baseline | None


@dataclass(frozen=True, slots=True)
class Accounting:
    """Who answers what something cost: many questions at once for the verdict, one at a time for advice."""

    answer: Callable[[Question], Answer] = account
    answer_all: Callable[[Sequence[Question]], Mapping[Question, Answer]] = account_all


def judge_releases(
    subjects: Sequence[ReleaseSubject],
    problems: Sequence[Finding],
    policy: PrivacyPolicy,
    waivers: Sequence[PlacedWaiver],
    *,
    models: Sequence[str] = (),
    accounting: Accounting = Accounting(),
    **terms: Unpack[Terms],
) -> Verdict:
    """The verdict over model releases; `policy` is resolved.

    `problems` are what the sources could not read or found too broken to judge: they stand as they are,
    since nothing else was looked at behind them, and forgiving them would pass what nobody judged.
    `models` are files of model weights that no declaration stands beside.
    """
    costs = _costs(subjects, accounting)
    found = [
        *(undeclared_weights(path) for path in models),
        *_findings(subjects, costs, policy, accounting),
    ]
    checked = tuple(_checked(subject, cost) for subject, cost in zip(subjects, costs, strict=True))
    return _judged("release", Examined(checked, tuple(found), tuple(problems)), policy, waivers, terms)


def judge_personal_data(
    findings: Sequence[Finding],
    checked: Sequence[Checked],
    policy: PrivacyPolicy,
    waivers: Sequence[PlacedWaiver],
    **terms: Unpack[Terms],
) -> Verdict:
    """The verdict over texts that were searched for personal data; `checked` are those read to the end."""
    return _judged("pii", Examined(tuple(checked), tuple(findings)), policy, waivers, terms)


def judge_anonymity(
    tables: Sequence[Examined],
    problems: Sequence[Finding],
    policy: PrivacyPolicy,
    waivers: Sequence[PlacedWaiver],
    **terms: Unpack[Terms],
) -> Verdict:
    """The verdict over tables that were measured; `problems` are those that could not be."""
    return _judged("anonymity", together(tables, problems), policy, waivers, terms)


def judge_plans(
    plans: Sequence[Examined],
    problems: Sequence[Finding],
    policy: PrivacyPolicy,
    waivers: Sequence[PlacedWaiver],
    **terms: Unpack[Terms],
) -> Verdict:
    """The verdict over Terraform plans and states that were looked at (`examine_plan`)."""
    return _judged("terraform", together(plans, problems), policy, waivers, terms)


def weigh_coverage(
    findings: Sequence[Finding],
    policy: PrivacyPolicy,
    waivers: Sequence[PlacedWaiver],
    **terms: Unpack[Terms],
) -> tuple[Finding, ...]:
    """Findings on what a run over several gates did not check, as the policy weighs them."""
    return apply(
        findings, policy, concerning(FAMILIES["check"], waivers), terms.get("baseline"), terms["today"]
    )


def _judged(
    gate: str, examined: Examined, policy: PrivacyPolicy, waivers: Sequence[PlacedWaiver], terms: Terms
) -> Verdict:
    own, baseline = concerning(FAMILIES[gate], waivers), terms.get("baseline")
    return decide(
        gate,
        stamp(policy),
        examined.checked,
        (*examined.problems, *apply(examined.findings, policy, own, baseline, terms["today"])),
        fail_on=terms.get("fail_on", Severity.ERROR),
        exit_zero=terms.get("exit_zero", False),
        baseline=baseline,
    )


def examine_plan(
    subject: PlanSubject,
    policy: PrivacyPolicy,
    search: Search,
    digests: Mapping[str, str] = MappingProxyType({}),
    placed: Callable[[Finding], Finding] = lambda finding: finding,
) -> Examined:
    """What one plan gives, before severities and waivers; `digests` are SHA-256 by path.

    `placed` gives a finding the place in the configuration where one is known.
    """
    findings = tuple(placed(each) for each in find_in_plan(subject, policy, search))
    checked = () if subject.plan.is_empty else (_checked_plan(subject.plan, digests),)
    return Examined(checked, findings)


def _checked_plan(plan: Plan, digests: Mapping[str, str]) -> Checked:
    measures: dict[str, object] = {
        "resources": len(plan.resources),
        "tool": plan.tool,
        "version": plan.terraform_version,
        "formatVersion": plan.format_version,
    }
    inputs = {"sha256": digests[plan.path]} if plan.path in digests else {}
    return Checked(plan.kind, plan.path, plan.path, measures, inputs)


def concerning(families: frozenset[str], waivers: Sequence[PlacedWaiver]) -> tuple[PlacedWaiver, ...]:
    """The waivers for a gate's rules: another gate's waivers are not unused here."""
    return tuple(placed for placed in waivers if placed.waiver.spec.rule.partition("-")[0] in families)


def apply(
    findings: Iterable[Finding],
    policy: PrivacyPolicy,
    waivers: Sequence[PlacedWaiver],
    baseline: Baseline | None,
    today: date,
) -> tuple[Finding, ...]:
    """The findings as the policy weighs them, forgiven ones marked, and the faults of the waivers.

    Nothing softens the finding of an uncheckable input, and nothing forgives one about a waiver.
    """
    weighed = [_weigh(finding, policy) for finding in findings]
    compared = list(baseline.marked(weighed)) if baseline else weighed
    max_days = policy.spec.release.max_waiver_days
    faults = find_waiver_faults(waivers, compared, today=today, max_days=max_days)
    holding = [placed for placed in waivers if not placed.waiver.expired(today)]
    judged = (forgiven(_waived(finding, holding)) for finding in compared)
    return (*judged, *(_weigh(fault, policy) for fault in faults))


def _weigh(finding: Finding, policy: PrivacyPolicy) -> Finding:
    severity = policy.spec.severities.get(finding.rule.id)
    if severity is None or finding.rule.uncheckable:
        return finding
    return replace(finding, severity=severity)


def _waived(finding: Finding, waivers: Sequence[PlacedWaiver]) -> Finding:
    if finding.suppressed or finding.rule.uncheckable:
        return finding
    covering = (placed.waiver.suppression for placed in waivers if placed.waiver.covers(finding))
    return replace(finding, suppressed=next(covering, None))


def _costs(subjects: Sequence[ReleaseSubject], accounting: Accounting) -> list[Costs]:
    """The costs of each release; a question that several raise is asked once."""
    questions = dict.fromkeys(question for subject in subjects for question in questions_of(subject))
    answers = accounting.answer_all(tuple(questions)) if questions else {}
    return [costs_of(subject, answers) for subject in subjects]


def _findings(
    subjects: Sequence[ReleaseSubject],
    costs: Sequence[Costs],
    policy: PrivacyPolicy,
    accounting: Accounting,
) -> Iterator[Finding]:
    advisor = accounting.answer if len(subjects) <= ADVISED_AT_ONCE else None
    seen: dict[str, list[ReleaseSubject]] = {}
    for subject, cost in zip(subjects, costs, strict=True):
        namesakes = seen.setdefault(subject.release.subject, [])
        context = ReleaseContext(policy, cost, tuple(namesakes), advisor)
        for check in RELEASE_CHECKS:
            yield from check.find(subject, context)
        namesakes.append(subject)


def _checked(subject: ReleaseSubject, costs: Costs) -> Checked:
    notes = [note for evidence in subject.evidence for note in evidence.notes]
    measures = _measures(costs) | ({"notes": notes} if notes else {})
    return Checked("release", subject.release.subject, subject.document.path, measures, _inputs(subject))


def _inputs(subject: ReleaseSubject) -> dict[str, object]:
    """The bytes that were judged: of the declaration, and of the artifacts that are there."""
    artifacts = [
        {"path": state.artifact.path, "sha256": state.sha256}
        for state in subject.artifacts
        if state.sha256 is not None
    ]
    return {"sha256": subject.document.sha256, "artifacts": artifacts} if subject.document.sha256 else {}


def _measures(costs: Costs) -> dict[str, object]:
    """What a release was found to cost, by its worst account; empty where nothing was recomputed."""
    if costs.worst is None:
        return {}
    bounds = costs.worst[1]
    return {
        "epsilonUpper": bounds.upper,
        "epsilonLower": costs.lower,
        "delta": bounds.delta,
        "accountant": bounds.accountant,
        "neighbouring": bounds.neighbouring,
    }
