"""What a Terraform plan would publish, serve and write down, against the gates that it must pass.

Three-valued: what a plan does not say is neither a pass nor, of itself, a fault; the policy decides.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace

from gatecli.checks.cloud.interface import JobContext, PlacedRelease
from gatecli.checks.personal_data import Hidden, Search, entity_phrase, find_hidden
from gatecli.checks.served_models import Serving
from gatecli.checks.terraform.attested_gates import UNREAD, JudgedGate, find_distrusted
from gatecli.checks.terraform.attested_workloads import find_unattested_workloads
from gatecli.checks.terraform.budget_resets import find_resets
from gatecli.checks.terraform.budgets import find_budgets
from gatecli.checks.terraform.carried_evidence import (
    GateEvidence,
    Mask,
    Stated,
    find_carried,
    find_unread,
    gate_instances,
    key_of,
    tagged_reports,
)
from gatecli.checks.terraform.form_matches import forms_in
from gatecli.checks.terraform.managed_jobs import find_planned_jobs
from gatecli.checks.terraform.open_resources import find_open
from gatecli.checks.terraform.plain_variables import find_plain_variables
from gatecli.checks.terraform.programs import find_programs
from gatecli.checks.terraform.tagged_evidence import TaggedReports
from gatecli.checks.terraform.ungated import find_ungated
from gatecli.model.document import Place, pointer_of
from gatecli.model.finding import Finding, make_finding
from gatecli.model.job_definition import PlannedJobs
from gatecli.model.plan import Plan, config_address
from gatecli.model.plan_text import PlanText, plan_leaves
from gatecli.model.policy import PrivacyPolicy
from gatecli.model.text import RawText

_REMEMBERED = 50_000
"""Texts that are remembered as clean: of a huge plan no more than memory has room for."""


@dataclass(frozen=True, slots=True)
class PlanSubject:
    """A plan, the evidence that tags in it may name, and SHA-256 of the local files that it publishes.

    `gates` is the evidence of its gates, None where nobody looked, and `attested` says by `key_of` whether
    the attestations that gates rely on hold; `stated` is what the policy states; `serving` is what workloads
    that serve a model must have, None where nothing. `jobs` are the managed jobs that it defines, `declared`
    the declarations that their promises are compared with.
    """

    plan: Plan
    evidence: TaggedReports = field(default_factory=TaggedReports)
    files: Mapping[str, str] = field(default_factory=dict)
    gates: GateEvidence | None = None
    stated: Stated = field(default=lambda _path, _digest: (), repr=False)
    serving: Serving | None = None
    jobs: Sequence[PlannedJobs] = ()
    declared: tuple[PlacedRelease, ...] = ()
    attested: Mapping[str, JudgedGate] = field(default_factory=dict)


def find_in_plan(subject: PlanSubject, policy: PrivacyPolicy, search: Search) -> Iterator[Finding]:
    """Everything that a plan must not do. Subjects are addresses without instance keys."""
    yield from _find_personal_data(subject.plan, search)
    forms = forms_in(subject.plan, policy)
    yield from find_ungated(subject.plan, forms, subject.evidence, policy, subject.files, subject.serving)
    if subject.serving is not None:
        yield from find_unattested_workloads(subject.plan, forms, subject.serving)
    yield from find_open(subject.plan, forms, policy)
    yield from find_planned_jobs(subject.jobs, JobContext(policy, subject.declared))
    yield from find_programs(subject.plan, policy)
    for resource in subject.plan.resources:
        if not resource.is_leaving:
            yield from find_budgets(subject.plan, resource, policy)
    yield from find_resets(subject.plan, policy)
    yield from find_plain_variables(subject.plan, policy)


def find_in_evidence(subject: PlanSubject, policy: PrivacyPolicy, mask: Mask) -> Iterator[Finding]:
    """What the evidence behind a plan says of it: findings of other gates."""
    plan, gates, attested = subject.plan, subject.gates, subject.attested
    instances = gate_instances(plan, policy)
    yield from find_distrusted(plan, instances, lambda each: attested.get(key_of(each), UNREAD), policy, mask)
    known = [
        (each.gate.address, report)
        for each in instances
        if gates is not None and (report := gates.reports.get(key_of(each))) is not None
    ]
    yield from find_carried(plan, [*known, *tagged_reports(plan, subject.evidence)], subject.stated, mask)
    if gates is not None:
        yield from find_unread(plan, instances, gates, subject.stated, policy)


def _find_personal_data(plan: Plan, search: Search) -> Iterator[Finding]:
    """What the texts hold. One that was clean under the same keys is clean: plans repeat themselves."""
    clean: set[tuple[str, tuple[str, ...]]] = set()
    for text in plan_leaves(plan):
        address = config_address(text.address)
        asked = [(leaf, (leaf.text, leaf.words())) for leaf in text.leaves]
        news = tuple(leaf for leaf, said in asked if said not in clean)
        held = list(find_hidden(RawText(address, "", "json"), news, search))
        if not held and len(clean) < _REMEMBERED:
            clean.update(said for _, said in asked)
        for finding, seen in held:
            if seen is not None and seen.leaf.keys in text.hidden:
                yield _conceal_finding(plan, text, finding, seen)
            else:
                place = Place(plan.path, pointer=text.pointer + (finding.place.pointer or ""))
                message = f"{address}  {finding.message}"
                yield replace(finding, subject=address, place=place, message=message)


def _conceal_finding(plan: Plan, text: PlanText, finding: Finding, seen: Hidden) -> Finding:
    """A value that is marked sensitive: what kind it is and where, no sample and no digest of it."""
    address = config_address(text.address)
    pointer = text.pointer + pointer_of(seen.leaf.keys)
    plain = make_finding(
        finding.rule,
        f"{address}  holds {entity_phrase(seen.detection.entity)} (sensitive)",
        subject=address,
        place=Place(plan.path, pointer=pointer),
        mend="read it from a secret store at run time: plans and states hold it in clear text",
        identity=f"{address}\0{pointer}",
    )
    return replace(plain, severity=finding.severity)
