"""Actions of a plan: what a policy calls a publisher needs its gate, whatever it is."""

from __future__ import annotations

import pytest

from gatecli.checks.terraform.form_matches import forms_in
from gatecli.checks.terraform.tagged_evidence import TaggedReports
from gatecli.checks.terraform.ungated import find_ungated
from gatecli.sources.policy import default_policy
from tests.support.plans import plan_with, read

ACTION = {"address": "action.aws_lambda_invoke.x", "type": "aws_lambda_invoke", "name": "x"}


@pytest.mark.parametrize("where", ["action_invocations", "deferred_action_invocations"])
@pytest.mark.parametrize(
    ("publishers", "rules"), [({}, []), ({"aws_lambda_invoke": "dataset"}, ["tf-dataset-ungated"])]
)
def test_an_action_that_a_policy_names_must_be_gated(
    where: str, publishers: dict[str, str], rules: list[str]
) -> None:
    base = default_policy()
    terraform = base.spec.terraform.model_copy(update={"publishers": publishers})
    by = base.model_copy(update={"spec": base.spec.model_copy(update={"terraform": terraform})})
    item = {"action_invocation": ACTION} if where.startswith("deferred") else ACTION
    plan = read(plan_with(**{where: [item]}))
    assert [each.rule.id for each in find_ungated(plan, forms_in(plan, by), TaggedReports(), by)] == rules
