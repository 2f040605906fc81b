"""The rows of the table that are true of a plan's resources, or may be."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from gatecli.checks.terraform.byte_arguments import byte_arguments, local_files
from gatecli.checks.terraform.form_conditions import FormAnswer, PlanIndex, index_of, judge_form
from gatecli.checks.terraform.form_table import table_of
from gatecli.model.plan import Plan, PlannedResource, config_address
from gatecli.model.plan_forms import PlanForm
from gatecli.model.policy import PrivacyPolicy

_MODES = frozenset({"managed", "action"})


@dataclass(frozen=True, slots=True)
class JudgedForm:
    """A row, and what it is of a resource: "yes", or "unknown"."""

    resource: PlannedResource
    form: PlanForm
    judged: FormAnswer


@dataclass(frozen=True, slots=True)
class Publisher:
    """A resource that publishes or serves, by the row that says so."""

    resource: PlannedResource
    form: PlanForm

    @property
    def address(self) -> str:
        """Without instance keys."""
        return config_address(self.resource.address)


def forms_in(plan: Plan, policy: PrivacyPolicy) -> tuple[JudgedForm, ...]:
    """Every row that is true of a resource of the plan, or may be."""
    resources = (*plan.resources, *plan.held)
    rows = table_of(policy.spec.terraform).rows_of(each.type for each in resources)
    index = index_of(plan)
    return tuple(
        found
        for resource in resources
        if resource.type in rows and resource.mode in _MODES and not resource.is_leaving
        for found in judged_forms(index, resource, rows[resource.type])
    )


def judged_forms(
    index: PlanIndex, resource: PlannedResource, rows: Iterable[PlanForm]
) -> Iterator[JudgedForm]:
    """The rows among `rows`, of its type, that are true of a resource, or may be."""
    judged = [(row, judge_form(index, resource, row)) for row in rows if _is_meant(row, resource)]
    closed = {each.answer for row, each in judged if row.readers == "nobody"}
    for row, each in judged if "yes" not in closed else ():
        is_told = each.answer == "yes" or (each.answer == "unknown" and not row.guesses)
        if row.readers != "nobody" and is_told:
            answer = "unknown" if "unknown" in closed else each.answer
            argument = ".".join(filter(None, (resource.within, each.argument)))
            yield JudgedForm(resource, row, FormAnswer(answer, argument))


def _is_meant(row: PlanForm, resource: PlannedResource) -> bool:
    """An action may publish; it opens nothing."""
    return resource.mode == "managed" or row.needs_gate


def publishers_in(forms: Iterable[JudgedForm]) -> tuple[Publisher, ...]:
    """What publishes for certain: each resource once, by the first of its rows."""
    found: dict[int, Publisher] = {}
    for each in forms:
        if each.form.needs_gate and each.judged.answer == "yes":
            found.setdefault(id(each.resource), Publisher(each.resource, each.form))
    return tuple(found.values())


def files_read(plan: Plan, policy: PrivacyPolicy) -> frozenset[str]:
    """The paths of the local files that a plan publishes, as it writes them."""
    return frozenset(
        path
        for each in publishers_in(forms_in(plan, policy))
        for path in local_files(byte_arguments(each.resource, each.form))
    )
