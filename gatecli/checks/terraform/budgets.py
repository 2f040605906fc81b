"""The privacy budgets that a platform keeps, against the policy's tiers: clean rooms, BigQuery, Snowflake."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

from gatecli.checks.terraform.resource_types import (
    BLOCKS,
    BUDGET_KEYS,
    BUDGETS,
    SQL,
    SQL_ARGUMENTS,
    SQL_BUDGET,
    SQL_POLICY,
)
from gatecli.checks.terraform.rules import BUDGET_OVER_POLICY, at, unknown
from gatecli.checks.terraform.thresholds import sensitivities_of
from gatecli.model.document import pointer_of
from gatecli.model.finding import Finding
from gatecli.model.number import show
from gatecli.model.plan import (
    Absent,
    Keys,
    KnownValue,
    Plan,
    PlannedResource,
    UnknownValue,
    lookup,
    lookup_argument,
    marked_paths,
)
from gatecli.model.policy import PrivacyPolicy

_LATER, _LEFT = "states its epsilon only after the apply", "leaves its epsilon to the platform"
_LATER_SQL = "may grant a privacy budget, which only the apply knows"


@dataclass(frozen=True, slots=True)
class _Budget:
    """An ε that a resource grants; where there is none, why."""

    epsilon: Fraction | None
    keys: Keys
    why: str = ""


def find_budgets(plan: Plan, resource: PlannedResource, policy: PrivacyPolicy) -> Iterator[Finding]:
    """Every budget of a resource that is larger than its tier allows, or unknown."""
    limit, least = _limits(resource, policy)
    for budget in _budgets(resource) if limit is not None else ():
        pointer = resource.pointer + pointer_of(budget.keys)
        if budget.epsilon is None:
            mend = "write epsilon literally"
            finding = at(plan, BUDGET_OVER_POLICY, resource.address, pointer, budget.why, mend)
            yield unknown(finding, policy)
        elif limit is not None and budget.epsilon <= limit:
            if least is not None and budget.epsilon > least:
                message = (
                    f"spends ε = {show(budget.epsilon)} a period, and names its tier only after the apply"
                )
                mend = "write the tag sensitivity literally"
                yield unknown(at(plan, BUDGET_OVER_POLICY, resource.address, pointer, message, mend), policy)
        elif limit is not None:
            message = f"spends ε = {show(budget.epsilon)} a period, above {show(limit)}"
            mend = f"set epsilon to {show(limit)} or less, or tag the tier: sensitivity"
            yield at(plan, BUDGET_OVER_POLICY, resource.address, pointer, message, mend)


def _limits(resource: PlannedResource, policy: PrivacyPolicy) -> tuple[Fraction | None, Fraction | None]:
    """The ε of the tier that a resource is tagged with, else of the loosest; and the least that it may be."""
    stated = {name: tier.max_epsilon for name, tier in policy.spec.tiers.items()}
    limits = {name: epsilon for name, epsilon in stated.items() if epsilon is not None}
    tagged = sensitivities_of([resource])
    own = [limits[name] for name in tagged.names if name in limits]
    limit = min(own) if own else max(limits.values(), default=None)
    return limit, limit if tagged.whole else min(limits.values(), default=None)


def _budgets(resource: PlannedResource) -> Iterator[_Budget]:
    if BUDGETS.fullmatch(resource.type):
        yield from _of_clean_room(resource)
    elif resource.type.startswith(SQL):
        for keys, value in _leaves(resource.values):
            yield from _of_value(keys, value)
        yield from (_Budget(None, keys, _LATER_SQL) for keys in _unknown_sql(resource))


def _unknown_sql(resource: PlannedResource) -> Iterator[Keys]:
    """Arguments that may hold a budget, and that only the apply knows."""
    for keys in marked_paths(resource.unknown):
        names = [key for key in keys if isinstance(key, str)]
        if not names or (names[-1] in SQL_ARGUMENTS and _is_set(resource, names[0])):
            yield keys


def _is_set(resource: PlannedResource, name: str) -> bool:
    """Whether the configuration sets an argument; of a block that may be dynamic, it cannot be said."""
    return name in BLOCKS or not isinstance(lookup_argument(resource, name), Absent)


def _of_clean_room(resource: PlannedResource) -> Iterator[_Budget]:
    places: tuple[Keys, ...] = (("parameters", "epsilon"), ("parameters", 0, "epsilon"))
    answers = [(keys, lookup(resource, *keys)) for keys in places]
    stated = [(keys, answer.value) for keys, answer in answers if isinstance(answer, KnownValue)]
    yield from (_Budget(_number(value), keys, _LEFT) for keys, value in stated)
    if not stated and any(isinstance(answer, UnknownValue) for _, answer in answers):
        yield _Budget(None, ("parameters",), _LATER)


def _of_value(keys: Keys, value: Any) -> Iterator[_Budget]:
    if keys and keys[-1] in BUDGET_KEYS:
        yield _Budget(_number(value), keys, _LEFT)
    elif isinstance(value, str):
        stated = [_number(found) for found in SQL_BUDGET.findall(value)]
        yield from (_Budget(epsilon, keys, _LEFT) for epsilon in stated)
        if len(SQL_POLICY.findall(value)) > len(stated):
            yield _Budget(None, keys, _LEFT)


def _leaves(values: Any) -> Iterator[tuple[Keys, Any]]:
    pending: list[tuple[Keys, Any]] = [((), values)]
    while pending:
        keys, value = pending.pop()
        if isinstance(value, dict):
            pending += [((*keys, key), item) for key, item in value.items()]
        elif isinstance(value, list):
            pending += [((*keys, index), item) for index, item in enumerate(value)]
        elif value is not None:
            yield keys, value


def _number(value: Any) -> Fraction | None:
    try:
        return None if isinstance(value, bool) else Fraction(str(value))
    except (ValueError, ZeroDivisionError):
        return None
