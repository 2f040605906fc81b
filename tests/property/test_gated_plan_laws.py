"""A real plan that passes, broken on the way: whatever still passes was judged whole."""

from __future__ import annotations

import copy
import json
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from gatecli.checks.personal_data import search_of
from gatecli.checks.terraform.plan_findings import PlanSubject
from gatecli.cli.app import main
from gatecli.gates import TERRAFORM
from gatecli.gates.judgement import JudgementTerms, judge
from gatecli.gates.terraform import examine_plan
from gatecli.model.policy import PrivacyPolicy
from gatecli.model.verdict import together
from gatecli.sources.plan.reading import load_plan
from gatecli.sources.policy import default_policy
from tests.support.examples import share
from tests.support.plans import PLANS, raw

GATED = raw("gated")
OTHERS = {name: raw(name) for name in ("plan", "aws", "state", "served", "targeted")}
PUBLISHED, GATE = "aws_s3_object.published", "module.anonymity.terraform_data.gate"
Path_ = tuple[str | int, ...]

thorough = settings(
    max_examples=share(300),
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much],
)


def policy() -> PrivacyPolicy:
    base = default_policy()
    rules = base.spec.terraform.model_copy(update={"gate_sources": ("../terraform_modules/*",)})
    anonymity = base.spec.anonymity.model_copy(update={"min_k": 5})
    return base.model_copy(
        update={"spec": base.spec.model_copy(update={"terraform": rules, "anonymity": anonymity})}
    )


POLICY = policy()
SEARCH = search_of(POLICY.spec.pii)


def code(plan: Any) -> int:
    """The exit code of `gatecli terraform check`, in process."""
    found = load_plan(json.dumps(plan).encode(), "plan.json")
    plans = [examine_plan(PlanSubject(each), POLICY, SEARCH) for each in found.values]
    verdict = judge(TERRAFORM, together(plans, found.findings), JudgementTerms(POLICY, (), date(2026, 1, 1)))
    return int(verdict.exit_code)


def places(data: Any, above: Path_ = ()) -> Iterator[Path_]:
    children = data.items() if isinstance(data, dict) else enumerate(data) if isinstance(data, list) else ()
    for key, child in children:
        yield (*above, key)
        yield from places(child, (*above, key))


PLACES = tuple(places(GATED))
JUNK: st.SearchStrategy[Any] = st.sampled_from(
    [None, True, False, 0, -1, 2, 4.5, "", "x", "pass", "terraform_data", [], ["x"], [[]], {}, {"x": 1}, [{}]]
)


def at(data: Any, path: Path_) -> Any:
    for key in path:
        data = data[key]
    return data


def mutated(data: Any, path: Path_, kind: str, junk: Any) -> None:
    """Change one place of the plan; a place that an earlier change took away stays so."""
    try:
        above, value = at(data, path[:-1]), at(data, path)
    except (KeyError, IndexError, TypeError):
        return
    last: Any = path[-1]
    if kind == "drop":
        del above[last]
    elif (made := made_of(value, kind, junk, last)) is not None:
        above[last] = made[0]


def made_of(value: Any, kind: str, junk: Any, last: Any) -> tuple[Any] | None:
    """The value that stands there now; None where the change does not fit the old one."""
    made: dict[str, Any] = {"retype": copy.deepcopy(junk)}
    match value:
        case list():
            made |= {"truncate": value[: len(value) // 2], "double": [*value, *copy.deepcopy(value)]}
        case bool():
            made |= {"flip": not value}
        case str():
            made |= {"rename": value + "x"}
        case dict():
            made |= {
                "swap": next((copy.deepcopy(each[last]) for each in OTHERS.values() if last in each), {})
            }
    return (made[kind],) if kind in made else None


KINDS = ("drop", "truncate", "double", "flip", "rename", "swap", "retype")
mutations = st.lists(st.tuples(st.sampled_from(PLACES), st.sampled_from(KINDS), JUNK), min_size=1, max_size=3)


def is_whole(plan: Any) -> bool:
    """What must be there for a pass, read from the JSON alone and without a word of gatecli's."""
    said = plan.get("checks") or []
    instances = [instance for check in said for instance in check.get("instances") or [check]]
    gate = [each["status"] for each in instances if each["address"]["to_display"] == GATE]
    values = [
        *(item["change"].get("after") for item in plan.get("resource_changes") or [] if _is_demand(item)),
        *(item.get("values") for item in _planned(plan) if _is_demand(item)),
    ]
    stands = [
        *(item["address"] for item in plan.get("resource_changes") or []),
        *(item["address"] for item in _planned(plan)),
    ]
    root = plan["configuration"]["root_module"]
    # A list may hold it twice; each must lead to the gate.
    published = [item for item in root["resources"] if item["address"] == PUBLISHED]
    called, original = (
        each["configuration"]["root_module"]["module_calls"]["anonymity"]["module"] for each in (plan, GATED)
    )
    return all(
        (
            gate and set(gate) <= {"pass", "unknown"},
            not any(each["status"] in {"fail", "error"} for each in instances),
            PUBLISHED in stands,
            values and all(each["input"]["k"] >= 5 for each in values),
            published and all(_is_bound(item) for item in published),
            _judging(called) == _judging(original),
            plan.get("errored") is not True,
            plan.get("complete") is not False,
        )
    )


def _is_bound(resource: Any) -> bool:
    references = resource["expressions"]["input"]["references"]
    return bool(resource.get("depends_on") or any(each.startswith("module.anonymity") for each in references))


def _is_demand(item: Any) -> bool:
    return bool(item["address"] == "module.anonymity.terraform_data.thresholds")


def _planned(plan: Any) -> list[Any]:
    pending = [(plan.get("planned_values") or {}).get("root_module") or {}]
    found: list[Any] = []
    for module in pending:
        found += module.get("resources") or []
        pending += module.get("child_modules") or []
    return found


def _judging(module: Any) -> Any:
    """What a module's JSON says of how it judges."""
    calls = module.get("module_calls") or {}
    inner = {
        name: (call["source"], call["expressions"], _judging(call["module"])) for name, call in calls.items()
    }
    return (
        {item["address"]: item["expressions"] for item in module.get("resources") or []},
        {name: output["expression"] for name, output in module["outputs"].items()},
        inner,
    )


def test_the_plan_passes_as_it_is() -> None:
    assert code(GATED) == 0
    assert is_whole(GATED)


@given(mutations)
@thorough
@example([(("configuration",), "drop", None)])
@example([(("checks",), "drop", None)])
@example([(("errored",), "flip", None)])
@example([(("complete",), "flip", None)])
@example([(("resource_changes",), "drop", None), (("planned_values",), "drop", None)])
@example([(("resource_changes",), "truncate", None), (("planned_values",), "swap", None)])
def test_a_broken_plan_passes_only_where_everything_that_was_judged_is_still_there(
    changes: list[tuple[Path_, str, Any]],
) -> None:
    plan = copy.deepcopy(GATED)
    for path, kind, junk in changes:
        mutated(plan, path, kind, junk)
    if code(plan) == 0:
        assert is_whole(plan)


@pytest.mark.parametrize("key", sorted(GATED))
def test_a_plan_without_one_of_its_parts_ends_as_it_says(key: str, tmp_path: Path) -> None:
    """The whole program: what a pass needs is not a default anywhere."""
    rest = {name: part for name, part in GATED.items() if name != key}
    file = tmp_path / "plan.json"
    file.write_text(json.dumps(rest), "utf-8")
    by = PLANS.parents[1] / "rules/tf-gate-bypassed/pass/gatecli.yaml"
    ended = main(["terraform", "check", str(file), "--policy", str(by), "--quiet"])
    needed = {"configuration": {1}, "checks": {1}, "format_version": {4}}
    assert ended in needed.get(key, {0})
    assert ended == code(rest)
