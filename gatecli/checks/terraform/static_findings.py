"""What can be said of Terraform's files without a plan: only what their text alone makes certain.

The rules are those on plans, and so are subjects and fingerprints: one waiver holds for both. What is not
known is not reported; a note says that there was no plan.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from gatecli.checks.terraform.budgets import find_budgets
from gatecli.checks.terraform.form_matches import JudgedForm, forms_in
from gatecli.checks.terraform.open_resources import find_open
from gatecli.checks.terraform.plain_variables import find_plain_variables
from gatecli.checks.terraform.resource_types import DATASET, MODEL
from gatecli.checks.terraform.tagged_evidence import TaggedReports, judge_tag
from gatecli.checks.terraform.ungated import find_ungated
from gatecli.model.document import Place
from gatecli.model.finding import Finding, Rule, Severity, make_finding
from gatecli.model.plan_graph import depends_on, origins_of
from gatecli.model.policy import PrivacyPolicy
from gatecli.model.static_plan import StaticPlan

NO_PLAN = Rule("tf-no-plan", Severity.NOTE, "Terraform was judged without a plan", coverage=True)

RULES: tuple[Rule, ...] = (NO_PLAN,)

_SAYS = " (static: without a plan)"
_NAMED = 3


def find_in_static(static: StaticPlan, evidence: TaggedReports, policy: PrivacyPolicy) -> Iterator[Finding]:
    """Everything that the text of a module must not do, and the note that there was no plan."""
    for finding in _find_certain(static, evidence, policy):
        yield replace(finding, message=f"{finding.message}{_SAYS}")
    if static.plan.resources:
        yield _note(static)


def _find_certain(static: StaticPlan, evidence: TaggedReports, policy: PrivacyPolicy) -> Iterator[Finding]:
    plan = static.plan
    forms = [
        each
        for each in forms_in(plan, policy)
        if each.judged.answer == "yes" and each.resource.address not in static.doubtful
    ]
    ungated = [each for each in forms if _is_ungated(static, each, evidence, policy)]
    yield from find_ungated(plan, ungated, evidence, policy)
    yield from find_open(plan, [each for each in forms if not _may_be_closed(static, each)], policy)
    for resource in plan.resources:
        if resource.address not in static.doubtful:
            found = find_budgets(plan, resource, _deferring(policy))
            yield from (finding for finding in found if finding.severity is not Severity.NOTE)
    yield from find_plain_variables(plan, policy)


def _is_ungated(
    static: StaticPlan, found: JudgedForm, evidence: TaggedReports, policy: PrivacyPolicy
) -> bool:
    """Whether a publisher is behind no gate, whatever a plan says: it refers to nothing that could be one."""
    form = found.form
    if static.called or not form.needs_gate or form.holds not in {DATASET, MODEL}:
        return False
    needed = depends_on(static.plan, found.resource.address)
    could_be = any(node.startswith(("module.", "data.")) or node in static.unset for node in needed.addresses)
    is_known = not (could_be or needed.unresolved)
    return is_known and judge_tag(found.resource, form, evidence, policy).answer == "no"


def _may_be_closed(static: StaticPlan, found: JudgedForm) -> bool:
    """Whether a module that is given the same resource may close what a row says is open."""
    if not any(each.beside is not None for each in found.form.unless):
        return False
    arguments = (found.resource.arguments or {}).values()
    own = origins_of(static.plan, [node for nodes in arguments for node in nodes])
    own |= {found.resource.address}
    return any(own & origins_of(static.plan, given) for given in static.calls.values())


def _deferring(policy: PrivacyPolicy) -> PrivacyPolicy:
    """The policy by which what is unknown is a note."""
    terraform = policy.spec.terraform.model_copy(update={"on_unknown": "defer"})
    return policy.model_copy(update={"spec": policy.spec.model_copy(update={"terraform": terraform})})


def _note(static: StaticPlan) -> Finding:
    number = len(static.plan.resources)
    said = f"{number} resources were" if number > 1 else "1 resource was"
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
