"""The rules on plans, and a finding of one at an address of a plan."""

from __future__ import annotations

from dataclasses import replace

from gatecli.model.document import Place
from gatecli.model.finding import Finding, Rule, Severity, make_finding
from gatecli.model.plan import Plan, config_address
from gatecli.model.policy import PrivacyPolicy

DATASET_UNGATED = Rule("tf-dataset-ungated", Severity.ERROR, "Data is published without a k-anonymity gate")
MODEL_UNGATED = Rule("tf-model-ungated", Severity.ERROR, "A model is served without a release gate")
WORKLOAD_UNGATED = Rule(
    "tf-workload-ungated", Severity.WARNING, "Manifests that the plan does not show are applied unscanned"
)
GATE_BYPASSED = Rule(
    "tf-gate-bypassed", Severity.ERROR, "A gate is present but does not enforce what it should"
)
PUBLIC_DATASET = Rule("tf-public-dataset", Severity.ERROR, "Stored data is open to everyone")
PUBLIC_MODEL = Rule("tf-public-model", Severity.ERROR, "A model is open to everyone")
BUDGET_OVER_POLICY = Rule(
    "tf-budget-over-policy", Severity.ERROR, "A platform's privacy budget is larger than the policy allows"
)
PLAINTEXT_VARIABLE = Rule(
    "tf-plaintext-variable", Severity.WARNING, "A variable for personal data is not marked sensitive"
)

RULES: tuple[Rule, ...] = (
    DATASET_UNGATED,
    MODEL_UNGATED,
    WORKLOAD_UNGATED,
    GATE_BYPASSED,
    PUBLIC_DATASET,
    PUBLIC_MODEL,
    BUDGET_OVER_POLICY,
    PLAINTEXT_VARIABLE,
)

_SOFTENED = {"fail": Severity.ERROR, "warn": Severity.WARNING, "defer": Severity.NOTE}


def at(plan: Plan, rule: Rule, address: str, pointer: str, message: str, mend: str) -> Finding:
    """A finding about an address, without its instance keys: one for all instances of a resource."""
    plain = config_address(address)
    return make_finding(
        rule,
        f"{plain} {message}",
        subject=plain,
        place=Place(plan.path, pointer=pointer or None),
        mend=mend,
        identity=f"{plain}\0{message}",
    )


def unknown(finding: Finding, policy: PrivacyPolicy) -> Finding:
    """A finding that the plan does not say enough, as bad as the policy has it for its rule."""
    severity = _SOFTENED[policy.spec.terraform.unknown(finding.rule.id)]
    return replace(finding, severity=max(severity, finding.rule.severity, key=lambda each: each.rank))
