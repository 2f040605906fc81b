"""What can be said of Terraform's files without a plan: only what their text alone makes certain.

The rules are those on plans, and so are subjects and fingerprints: one waiver holds for both. What is not
known is not reported; a note says that there was no plan.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace

from gatecli.checks.cloud.interface import JobContext, PlacedRelease
from gatecli.checks.cloud.rules import UNKNOWN_VALUE
from gatecli.checks.terraform.budget_resets import find_resets
from gatecli.checks.terraform.budgets import find_budgets
from gatecli.checks.terraform.form_matches import JudgedForm, forms_in
from gatecli.checks.terraform.managed_jobs import find_planned_jobs
from gatecli.checks.terraform.open_resources import find_open
from gatecli.checks.terraform.plain_variables import find_plain_variables
from gatecli.checks.terraform.resource_types import DATASET, MODEL
from gatecli.checks.terraform.tagged_evidence import TaggedReports, judge_tag
from gatecli.checks.terraform.ungated import find_ungated
from gatecli.model.document import Place
from gatecli.model.finding import Finding, Rule, Severity, make_finding
from gatecli.model.job_definition import PlannedJobs
from gatecli.model.plan_graph import dependents_of, origins_of, unresolved_locals
from gatecli.model.policy import PrivacyPolicy
from gatecli.model.static_plan import StaticPlan

NO_PLAN = Rule("tf-no-plan", Severity.NOTE, "Terraform was judged without a plan", coverage=True)

RULES: tuple[Rule, ...] = (NO_PLAN,)

_SAYS = " (static: without a plan)"
_NAMED = 3


def find_in_static(
    static: StaticPlan,
    evidence: TaggedReports,
    policy: PrivacyPolicy,
    jobs: Sequence[PlannedJobs] = (),
    declared: tuple[PlacedRelease, ...] = (),
) -> Iterator[Finding]:
    """Everything that the text of a module must not do, and the note that there was no plan.

    `jobs` are the managed jobs that it defines, `declared` what their promises are compared with.
    """
    certain = (each for each in jobs if each.address not in static.doubtful)
    found = find_planned_jobs(tuple(certain), JobContext(policy, declared))
    known = (finding for finding in found if finding.rule.id != UNKNOWN_VALUE.id)
    for finding in (*_find_certain(static, evidence, policy), *known):
        yield replace(finding, message=f"{finding.message}{_SAYS}")
    if static.plan.resources or static.unread:
        yield _note(static)


def _find_certain(static: StaticPlan, evidence: TaggedReports, policy: PrivacyPolicy) -> Iterator[Finding]:
    plan = static.plan
    forms = [
        each
        for each in forms_in(plan, policy)
        if each.judged.answer == "yes" and each.resource.address not in static.doubtful
    ]
    yield from find_ungated(plan, _find_publishers(static, forms, evidence, policy), evidence, policy)
    yield from find_open(plan, _open_for_certain(static, forms), policy)
    deferring = _policy_with_unknown_deferred(policy)
    for resource in plan.resources:
        if resource.address not in static.doubtful:
            found = find_budgets(plan, resource, deferring)
            yield from (finding for finding in found if finding.severity is not Severity.NOTE)
    for finding in find_resets(plan, deferring):
        if finding.severity is not Severity.NOTE and finding.subject not in static.doubtful:
            yield finding
    yield from find_plain_variables(plan, policy)


def _find_publishers(
    static: StaticPlan, forms: Sequence[JudgedForm], evidence: TaggedReports, policy: PrivacyPolicy
) -> list[JudgedForm]:
    """Publishers behind no gate, whatever a plan says: they refer to nothing that could be one."""
    if static.called:
        return []
    needed = {target for targets in static.plan.edges.values() for target in targets}
    could_be = {node for node in needed if node.startswith(("module.", "data.")) or node in static.unset}
    behind = dependents_of(static.plan, could_be | unresolved_locals(static.plan))
    return [
        each
        for each in forms
        if each.form.needs_gate
        and each.form.holds in {DATASET, MODEL}
        and each.resource.address not in behind
        and judge_tag(each.resource, each.form, evidence, policy).answer == "no"
    ]


def _open_for_certain(static: StaticPlan, forms: Iterable[JudgedForm]) -> list[JudgedForm]:
    """Rows that nothing outside of the text can close: a module may, that is given the same resource."""
    given = origins_of(static.plan, [node for nodes in static.calls.values() for node in nodes])
    return [each for each in forms if not (_has_neighbours(each) and _own_nodes(static, each) & given)]


def _has_neighbours(found: JudgedForm) -> bool:
    return any(each.beside is not None for each in found.form.unless)


def _own_nodes(static: StaticPlan, found: JudgedForm) -> frozenset[str]:
    arguments = (found.resource.arguments or {}).values()
    own = origins_of(static.plan, [node for nodes in arguments for node in nodes])
    return own | {found.resource.address}


def _policy_with_unknown_deferred(policy: PrivacyPolicy) -> PrivacyPolicy:
    """The policy by which what is unknown is a note."""
    terraform = policy.spec.terraform.model_copy(update={"on_unknown": "defer"})
    return policy.model_copy(update={"spec": policy.spec.model_copy(update={"terraform": terraform})})


def _note(static: StaticPlan) -> Finding:
    number = len(static.plan.resources)
    said = {0: "no resource was", 1: "1 resource was"}.get(number, f"{number} resources were")
    unread = static.unread[:_NAMED]
    more = len(static.unread) - len(unread)
    also = f"; not read whole: {', '.join(unread)}" + (f" and {more} more" if more else "")
    folder = static.plan.path
    return make_finding(
        NO_PLAN,
        f"{folder}: {said} judged without a plan{also if unread else ''}",
        subject=folder,
        place=Place(folder),
        mend=f"gatecli terraform check {folder}, or keep the JSON of its plan in that folder",
        identity=folder,
    )
