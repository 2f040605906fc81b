"""Every row of the table: true of its failing example, not of its passing one, and three-valued."""

from __future__ import annotations

from typing import Any

import pytest

from gatecli.checks.personal_data import search_of
from gatecli.checks.terraform.form_matches import forms_in
from gatecli.checks.terraform.plan_findings import PlanSubject
from gatecli.gates.terraform import examine_plan
from gatecli.model.finding import Finding, Severity
from gatecli.model.policy import PrivacyPolicy
from gatecli.sources.policy import default_policy
from tests.support.form_examples import (
    FormExample,
    failing_plan,
    form_examples,
    plan_behind_gate,
    plan_of,
)
from tests.support.form_page import form_page
from tests.support.plans import PLANS, read

EXAMPLES = form_examples()
PUBLISHERS = [each for each in EXAMPLES if each.form.needs_gate]
CONDITIONAL = [
    each for each in EXAMPLES if any(condition.path for condition in each.form.when) and not each.form.guesses
]
GUESSING = [each for each in EXAMPLES if each.form.guesses]
UNGATED = {"dataset": "tf-dataset-ungated", "model": "tf-model-ungated", "workload": "tf-workload-ungated"}
PUBLIC = frozenset({"tf-public-dataset", "tf-public-model"})


def policy(meaning: str = "fail") -> PrivacyPolicy:
    base = default_policy()
    update = {"gate_sources": ("../terraform_modules/*",), "on_unknown": meaning}
    rules = base.spec.terraform.model_copy(update=update)
    return base.model_copy(update={"spec": base.spec.model_copy(update={"terraform": rules})})


POLICIES = {meaning: policy(meaning) for meaning in ("fail", "warn", "defer")}
SEARCH = search_of(POLICIES["fail"].spec.pii)


def findings(plan: dict[str, Any], meaning: str = "fail") -> list[Finding]:
    """What the gate finds."""
    return list(examine_plan(PlanSubject(read(plan)), POLICIES[meaning], SEARCH).findings)


def rule_of(example: FormExample) -> str:
    if example.form.is_public:
        return "tf-public-model" if example.form.holds == "model" else "tf-public-dataset"
    return UNGATED[example.form.holds]


def found(plan: dict[str, Any], type_: str, meaning: str = "fail") -> dict[str, Severity]:
    """The rules that the example's own resource breaks."""
    return {
        each.rule.id: each.severity
        for each in findings(plan, meaning)
        if each.subject.startswith(f"{type_}.")
    }


@pytest.mark.parametrize("example", EXAMPLES, ids=str)
def test_a_failing_example_breaks_its_rule_for_certain(example: FormExample) -> None:
    rules = found(failing_plan(example), example.type, "defer")
    expected = Severity.WARNING if example.form.holds == "workload" else Severity.ERROR
    assert rules.get(rule_of(example)) is expected


@pytest.mark.parametrize("example", [each for each in EXAMPLES if each.other is not None], ids=str)
def test_a_passing_example_keeps_its_rule(example: FormExample) -> None:
    assert example.other is not None
    plan = plan_of(example.type, example.other, *example.beside)
    rules = found(plan, example.type)
    assert not rules.keys() & (PUBLIC if example.form.is_public else {rule_of(example)})


@pytest.mark.parametrize("example", PUBLISHERS, ids=str)
def test_a_publisher_behind_its_gate_passes(example: FormExample) -> None:
    rules = {each.rule.id for each in findings(plan_behind_gate(example))}
    assert not rules - PUBLIC


def test_every_row_has_an_example_that_passes() -> None:
    """A publisher passes behind its gate; what opens under a condition needs one that opens nothing."""
    rows = [each for each in EXAMPLES if each.form.is_public and each.form.when]
    assert [str(each) for each in rows if each.other is None] == []


@pytest.mark.parametrize("example", CONDITIONAL, ids=str)
def test_no_row_reads_only_what_is_known(example: FormExample) -> None:
    for condition in example.form.when:
        path = ".".join(filter(None, (example.form.within, condition.path)))
        plan = masked(failing_plan(example), example.type, path.partition(".")[0])
        assert rule_of(example) in found(plan, example.type), path


@pytest.mark.parametrize("example", GUESSING, ids=str)
def test_a_row_that_guesses_by_a_name_says_nothing_of_an_unknown_one(example: FormExample) -> None:
    """Most workloads serve no model, and the image of many is known only after the apply."""
    path = ".".join(filter(None, (example.form.within, example.form.when[0].path)))
    name = path.partition(".")[0]
    plan = read(masked(failing_plan(example), example.type, name))
    assert example.form not in [each.form for each in forms_in(plan, POLICIES["fail"])]


def masked(plan: dict[str, Any], type_: str, name: str) -> dict[str, Any]:
    """The plan in which an argument is set to what only the apply knows."""
    made = plan["resource_changes"][0]["change"]
    made["after"].pop(name, None)
    made["after_unknown"] = {name: True, "id": True}
    body = {"address": f"{type_}.example", "mode": "managed", "type": type_, "name": "example"}
    expressions = {each: {"references": ["terraform_data.later.output"]} for each in (*made["after"], name)}
    resources = [body | {"expressions": expressions}]
    return plan | {"configuration": {"root_module": {"resources": resources}}}


def test_the_page_of_all_rows_is_current() -> None:
    page = (PLANS.parents[2] / "docs" / "terraform-forms.md").read_text("utf-8")
    assert page == form_page(page), "run make generated"
