"""Variables that are named like personal data and are not marked sensitive."""

from __future__ import annotations

from collections.abc import Iterator

from gatecli.checks.terraform.resource_types import PERSONAL_NAME
from gatecli.checks.terraform.rules import PLAINTEXT_VARIABLE, at, unknown
from gatecli.model.finding import Finding
from gatecli.model.plan import Plan
from gatecli.model.policy import PrivacyPolicy


def find_plain_variables(plan: Plan, policy: PrivacyPolicy) -> Iterator[Finding]:
    """Those of the root module: plans hold the values of all others as arguments."""
    for variable in plan.variables:
        if variable.sensitive is True or not PERSONAL_NAME.search(variable.name.lower()):
            continue
        says = "is not marked sensitive" if variable.sensitive is False else "may not be marked sensitive"
        finding = at(
            plan,
            PLAINTEXT_VARIABLE,
            f"var.{variable.name}",
            f"/variables/{variable.name}",
            f"is named like personal data and {says}",
            "add sensitive = true; better, read it from a secret store at run time",
        )
        yield finding if variable.sensitive is False else unknown(finding, policy)
