"""What can be wrong with a plan before any rule looks at it; each means that it could not be judged."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from gatecli.model.document import Place
from gatecli.model.finding import Finding, Rule, Severity, make_finding
from gatecli.model.plan import CheckResult, Plan, config_address
from gatecli.sources.files import ReadError

TF_PLAN_UNREADABLE = Rule(
    "tf-plan-unreadable", Severity.ERROR, "A Terraform plan cannot be read", uncheckable=True
)
TF_PLAN_ERRORED = Rule(
    "tf-plan-errored",
    Severity.ERROR,
    "A Terraform plan is from a run that failed, so its effects are not known",
    uncheckable=True,
)

RULES: tuple[Rule, ...] = (TF_PLAN_UNREADABLE, TF_PLAN_ERRORED)


def unreadable(name: str, error: ReadError) -> Finding:
    """The finding that a plan could not be read."""
    at = error.position
    place = Place(name, at.line if at else None, at.column if at else None)
    return make_finding(
        TF_PLAN_UNREADABLE, f"{name} {error.problem}", subject=name, place=place, mend=error.mend
    )


def errored_finding(plan: Plan, conditions: Sequence[CheckResult], mask: Callable[[str], str]) -> Finding:
    """The finding that a plan's run failed: the conditions that did, and what the first of them said."""
    failed = sorted({config_address(check.address) for check in conditions})
    named = ", ".join(failed[:3]) + (f" and {len(failed) - 3} more" if len(failed) > 3 else "")
    said = next((sentence for check in conditions for sentence in check.problems), "")
    why = f": the conditions of {named} do not hold" if failed else ""
    why += f": {mask(said)}" if said else ""
    return make_finding(
        TF_PLAN_ERRORED,
        f"{plan.path} is the plan of a run that failed{why}",
        subject=plan.path,
        place=Place(plan.path, pointer="/errored"),
        mend="fix what made terraform plan fail, and plan again",
        identity=f"{plan.path}\0errored",
    )
