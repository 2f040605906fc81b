"""Gates that are closed, in the plan of a run that failed because of them, or beside one that did not."""

from __future__ import annotations

from gatecli.checks.terraform.gate_calls import says_closed
from gatecli.checks.terraform.gate_digests import SHIPPED
from gatecli.checks.terraform.resource_types import EARLIER
from gatecli.model.finding import Rule, Severity
from gatecli.model.plan import CheckResult, Module, Plan

GATE_CLOSED = Rule("tf-gate-closed", Severity.ERROR, "A gate in a plan is closed")

RULES: tuple[Rule, ...] = (GATE_CLOSED,)


def closed_gates(plan: Plan) -> tuple[CheckResult, ...]:
    """The conditions of shipped gates that do not hold, of each instance: what one says is its verdict."""
    return tuple(
        condition
        for module in plan.modules
        if is_shipped(module)
        for condition in plan.by_module_conditions.get(module.address, ())
        if says_closed(condition)
    )


def is_shipped_text(digest: str) -> bool:
    """Whether a module whose files have this digest is a gate of this release, or of an earlier one."""
    return any(each.text == digest for each in (*SHIPPED, *EARLIER))


def is_shipped(module: Module) -> bool:
    """Whether a module is a gate of this release, or of an earlier one, as far as the plan says."""
    return any(
        each.configuration == module.configuration and module.text in {"", each.text}
        for each in (*SHIPPED, *EARLIER)
    )
