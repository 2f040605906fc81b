"""Changes of a plan that make a platform's privacy budget begin again, as if nothing had been spent.

The same people's data then answers a second budget's worth of queries, and no count on the platform says so.
The tables are in `budget_keepers`.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from fnmatch import fnmatchcase
from typing import Literal

from gatecli.checks.terraform.budget_keepers import (
    BUDGET_CALL,
    BUDGET_NAME,
    BUDGET_WINDOW,
    DEFAULT_PERIOD,
    KEEPERS,
    NO_PERIOD,
    PERIODS,
    REDEFINES,
    RUNNERS,
    SETS_BIGQUERY_POLICY,
    SQL_COMMENTS,
    STATEMENTS,
    BudgetKeeper,
    ResettingStatement,
    StatementRunner,
)
from gatecli.checks.terraform.form_conditions import PlanIndex, index_of, judge_condition, plain_text
from gatecli.checks.terraform.rules import at, unknown
from gatecli.model.finding import Finding, Rule, Severity
from gatecli.model.plan import Plan, PlannedResource, config_address
from gatecli.model.plan_values import parts_of, values_of
from gatecli.model.policy import PrivacyPolicy

BUDGET_RESET = Rule(
    "ledger-budget-reset", Severity.ERROR, "A privacy budget begins again, whatever was spent of it"
)

RULES: tuple[Rule, ...] = (BUDGET_RESET,)

Change = Literal["none", "created", "updated", "replaced", "deleted", "left over"]

_LONGEST = 200_000
_RECORD = "record in the ledger what was spent, then waive this finding"
_KEEP = f"change it in place; or {_RECORD}"
_KEEP_SQL = f"ALTER the policy and keep its budgets' names; or {_RECORD}"
_NEVER = "set {name}; or waive this finding where each period's data is new"
_LITERAL = "write it literally"


@dataclass(frozen=True, slots=True)
class _Judged:
    """A plan that is judged, and what is looked up in it."""

    plan: Plan
    index: PlanIndex
    policy: PrivacyPolicy
    policies: str
    """The SQL in it that sets the budgets of views."""

    def tell(self, resource: PlannedResource, message: str, mend: str, argument: str = "") -> Finding:
        """A finding about a resource, or an argument of it."""
        name = argument.partition(".")[0]
        pointer = "/".join(filter(None, (resource.pointer, name)))
        return at(self.plan, BUDGET_RESET, resource.address, pointer, message, mend)

    def doubt(self, resource: PlannedResource, message: str, mend: str, argument: str) -> Finding:
        """A finding that the plan does not say enough."""
        return unknown(self.tell(resource, message, mend, argument), self.policy)


def find_resets(plan: Plan, policy: PrivacyPolicy) -> Iterator[Finding]:
    """Every budget that a plan makes begin again, or that does so by itself."""
    resources = [each for each in (*plan.resources, *plan.held) if each.mode == "managed"]
    kept = [(each, keeper) for each in resources if (keeper := _keeper_of(each)) is not None]
    run = [(each, runner) for each in resources if (runner := _runner_of(each)) is not None]
    if not (kept or run):
        return
    judged = _Judged(plan, index_of(plan), policy, _policies_in(run))
    for resource, keeper in kept:
        if _has_budget(judged, resource, keeper):
            yield from _find_changed(judged, resource, keeper)
            yield from _find_refresh(judged, resource, keeper)
    for resource, runner in run:
        yield from _find_statements(judged, resource, runner)


def _keeper_of(resource: PlannedResource) -> BudgetKeeper | None:
    return next((row for row in KEEPERS if fnmatchcase(resource.type, row.types)), None)


def _runner_of(resource: PlannedResource) -> StatementRunner | None:
    return next((row for row in RUNNERS if fnmatchcase(resource.type, row.types)), None)


def _change_of(resource: PlannedResource) -> Change:
    """What a plan does to a resource; of a move or an import alone, nothing."""
    actions = {*resource.actions}
    if {"create", "delete"} <= actions or {"create", "forget"} <= actions:
        return "replaced"
    if "delete" in actions:
        return "left over" if resource.deposed else "deleted"
    return "created" if "create" in actions else "updated" if "update" in actions else "none"


def _earlier(resource: PlannedResource) -> PlannedResource:
    """A resource as it was before the plan."""
    return replace(resource, values=resource.before, unknown=False, deferred=False)


def _texts(resource: PlannedResource, arguments: Sequence[str]) -> tuple[str, ...]:
    """The SQL of arguments, without its comments."""
    found = (value for name in arguments for value in values_of(parts_of(resource, name)).known)
    return tuple(SQL_COMMENTS.sub(" ", plain_text(value)[:_LONGEST]) for value in found)


def _policies_in(run: Sequence[tuple[PlannedResource, StatementRunner]]) -> str:
    texts = (
        text
        for resource, runner in run
        for each in (resource, _earlier(resource))
        for text in _texts(each, runner.arguments)
    )
    return "\n".join(text for text in texts if SETS_BIGQUERY_POLICY.search(text))


def _has_budget(judged: _Judged, resource: PlannedResource, keeper: BudgetKeeper) -> bool:
    """Whether a resource may have a budget, or had one: what is unknown counts as yes."""
    found = [each for each in (resource, _earlier(resource)) if each.values is not None]
    return any(_is_keeper(judged, each, keeper) for each in found)


def _is_keeper(judged: _Judged, resource: PlannedResource, keeper: BudgetKeeper) -> bool:
    holds = all(judge_condition(judged.index, resource, each) != "no" for each in keeper.when)
    exempt = any(judge_condition(judged.index, resource, each) == "yes" for each in keeper.unless)
    if not holds or exempt or not keeper.named_by:
        return holds and not exempt
    names = [plain_text(value) for value in values_of(parts_of(resource, keeper.named_by)).known]
    return any(re.search(rf"(?<!\w){re.escape(name)}(?!\w)", judged.policies) for name in names)


def _find_changed(judged: _Judged, resource: PlannedResource, keeper: BudgetKeeper) -> Iterator[Finding]:
    change = _change_of(resource)
    if change == "replaced":
        message = (
            f"is replaced: the new {keeper.what} has its whole budget, whatever was spent of the old one's"
        )
        yield judged.tell(resource, message, _KEEP)
    elif change == "left over":
        message = f"ends a replacement: the old {keeper.what} goes with what was spent of its budget"
        yield judged.tell(resource, message, _KEEP)
    elif change == "deleted":
        yield _deletion(judged, resource, keeper)
    elif change == "updated":
        yield from _find_updates(judged, resource, keeper)


def _deletion(judged: _Judged, resource: PlannedResource, keeper: BudgetKeeper) -> Finding:
    """A budget that goes: an error where another one comes for what may be the same data."""
    successor = next(
        (
            each
            for each in judged.plan.resources
            if _keeper_of(each) is keeper
            and _change_of(each) == "created"
            and _may_be_same(_earlier(resource), each, keeper.same)
        ),
        None,
    )
    if successor is not None:
        new = config_address(successor.address)
        message = f"is deleted while {new} is created: a new {keeper.what} has its whole budget"
        return judged.tell(resource, message, f"keep it with a moved block to {new}; or waive this finding")
    message = f"is deleted: what was spent of its budget is forgotten, and a later {keeper.what} has it whole"
    finding = judged.tell(resource, message, _RECORD)
    return replace(finding, severity=Severity.WARNING)


def _may_be_same(old: PlannedResource, new: PlannedResource, name: str) -> bool:
    before, after = (values_of(parts_of(each, name)) for each in (old, new))
    return after.later or not (before.known and after.known) or bool({*before.known} & {*after.known})


def _find_updates(judged: _Judged, resource: PlannedResource, keeper: BudgetKeeper) -> Iterator[Finding]:
    before = _earlier(resource)
    for name in keeper.begins_anew:
        old, new = (values_of(parts_of(each, name)) for each in (before, resource))
        if new.later:
            message = f"may begin a new budget: its {name} is known only after the apply"
            yield judged.doubt(resource, message, _LITERAL, name)
        elif old.known != new.known:
            yield judged.tell(resource, f"changes its {name}, which begins a new budget", _KEEP, name)


def _find_refresh(judged: _Judged, resource: PlannedResource, keeper: BudgetKeeper) -> Iterator[Finding]:
    if resource.is_leaving:
        return
    for each in keeper.refreshes:
        name = each.when.path
        answer = judge_condition(judged.index, resource, each.when)
        if answer == "unknown":
            message = f"may begin its budget again by itself: its {name} is known only after the apply"
            yield _at_most_warning(judged.doubt(resource, message, _LITERAL, name))
        elif answer == "yes":
            yield _refresh(judged, resource, each.every, name, f"{name} to NONE")


def _refresh(judged: _Judged, resource: PlannedResource, every: str, argument: str, mend: str) -> Finding:
    message = (
        f"begins its budget again every {every}: over the years, any amount may be spent on the same people"
    )
    return _at_most_warning(judged.tell(resource, message, _NEVER.format(name=mend), argument))


def _at_most_warning(finding: Finding) -> Finding:
    return replace(finding, severity=max(finding.severity, Severity.WARNING, key=lambda each: each.rank))


def _find_statements(
    judged: _Judged, resource: PlannedResource, runner: StatementRunner
) -> Iterator[Finding]:
    change = _change_of(resource)
    if change == "replaced" and _redefines(resource, runner):
        message = (
            "is replaced: it runs again the SQL that sets a privacy policy, whose budgets may begin again"
        )
        yield judged.tell(resource, message, _KEEP_SQL)
    elif change in {"created", "replaced"}:
        yield from _find_resetting(judged, resource, runner.when_made, "executes SQL that")
    elif change in {"deleted", "left over"}:
        found = _statement_in(_texts(_earlier(resource), runner.when_gone))
        if found is not None:
            message = f"is deleted, and then executes SQL that {found.told}: what was spent is forgotten"
            yield _at_most_warning(judged.tell(resource, message, _KEEP_SQL))
    if not resource.is_leaving:
        yield from _find_resetting(judged, resource, runner.repeatedly, "executes again and again SQL that")
        yield from _find_windows(judged, resource, runner)


def _redefines(resource: PlannedResource, runner: StatementRunner) -> bool:
    """Whether a policy that there was is made again, or counts by other names: not so of a first one."""
    before, after = _texts(_earlier(resource), runner.arguments), _texts(resource, runner.when_made)
    if any(pattern.search(text) for pattern in REDEFINES for text in before):
        return True
    old, new = ({name for text in texts for name in BUDGET_NAME.findall(text)} for texts in (before, after))
    return bool(old and new - old)


def _find_resetting(
    judged: _Judged, resource: PlannedResource, arguments: Sequence[str], does: str
) -> Iterator[Finding]:
    for name in arguments:
        found = _statement_in(_texts(resource, (name,)))
        if found is not None:
            finding = judged.tell(resource, f"{does} {found.told}", _KEEP_SQL, name)
            yield finding if found.is_certain else _at_most_warning(finding)
        elif values_of(parts_of(resource, name)).later:
            message = f"may make a privacy budget begin again: its {name} is known only after the apply"
            finding = judged.doubt(resource, message, _LITERAL, name)
            yield _at_most_warning(finding) if _change_of(resource) == "created" else finding


def _statement_in(texts: Sequence[str]) -> ResettingStatement | None:
    return next((row for row in STATEMENTS for text in texts if row.pattern.search(text)), None)


def _find_windows(judged: _Judged, resource: PlannedResource, runner: StatementRunner) -> Iterator[Finding]:
    """Budgets in SQL that begin again by themselves: once for each period."""
    for name in (*runner.when_made, *runner.repeatedly):
        periods = {period for text in _texts(resource, (name,)) for period in _periods_in(text)}
        for period in sorted(periods - {NO_PERIOD}):
            if period in PERIODS:
                yield _refresh(judged, resource, PERIODS[period], name, "BUDGET_WINDOW => 'Never'")
            else:
                message = "may begin its budget again by itself: its BUDGET_WINDOW is not a literal"
                yield _at_most_warning(judged.doubt(resource, message, _LITERAL, name))


def _periods_in(text: str) -> Iterator[str]:
    """How often each budget of a text begins again, in lower case; "" where that is not a literal."""
    for call in BUDGET_CALL.finditer(text):
        window = BUDGET_WINDOW.search(text, call.end(), _end_of_call(text, call.end()))
        yield DEFAULT_PERIOD if window is None else (window[1] or "").lower()


def _end_of_call(text: str, start: int) -> int:
    """Where the parenthesis is closed that is open at `start`."""
    depth = 1
    for place in range(start, len(text)):
        depth += {"(": 1, ")": -1}.get(text[place], 0)
        if depth == 0:
            return place
    return len(text)
