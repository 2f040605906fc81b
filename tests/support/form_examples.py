"""The examples of the table's rows (tests/data/terraform_forms), one for each row, and plans of them."""

from __future__ import annotations

import copy
import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from gatecli.checks.terraform.form_table import FAMILIES, shipped_forms
from gatecli.model.plan_forms import PlanForm
from tests.support.plans import PLANS, change, plan_with, raw

EXAMPLES = PLANS.parent / "terraform_forms"
RULES = Path(__file__).resolve().parents[1] / "rules"
PROVIDER = {"provider_name": "registry.terraform.io/x/x"}
NAME = "example"


@dataclass(frozen=True, slots=True)
class FormExample:
    """A row; a type that it is of; values of which it is true, and others; the same behind a gate.

    `beside` stand in the plan of the others, `neighbours` in that of the first. In `gated`, {sha256} is the
    digest of what the gate released.
    """

    form: PlanForm
    type: str
    fail: Mapping[str, Any]
    other: Mapping[str, Any] | None = None
    beside: tuple[Mapping[str, Any], ...] = ()
    neighbours: tuple[Mapping[str, Any], ...] = ()
    gated: Mapping[str, Any] | None = None

    def __str__(self) -> str:
        return f"{self.type}-{self.form.holds}-{self.form.readers or 'gate'}"


@cache
def form_examples() -> tuple[FormExample, ...]:
    """One for each shipped row, in its order."""
    stated = [
        item for family in FAMILIES for item in json.loads((EXAMPLES / f"{family}.json").read_text("utf-8"))
    ]
    rows = shipped_forms()
    assert len(rows) == len(stated), "each row has an example, in the same order"
    return tuple(
        FormExample(
            row,
            item["type"],
            item["fail"],
            item.get("pass"),
            tuple(item.get("beside", ())),
            tuple(item.get("neighbours", ())),
            item.get("gated"),
        )
        for row, item in zip(rows, stated, strict=True)
    )


def plan_of(type_: str, values: Mapping[str, Any], *beside: Mapping[str, Any]) -> dict[str, Any]:
    """A plan that creates these resources."""
    others = [change(f"{item['type']}.beside{number}", item["values"]) for number, item in enumerate(beside)]
    return plan_with(resource_changes=[change(f"{type_}.{NAME}", dict(values)), *others])


def failing_plan(example: FormExample) -> dict[str, Any]:
    """The plan of a failing example."""
    return plan_of(example.type, example.fail, *example.neighbours)


def plan_behind_gate(example: FormExample) -> dict[str, Any]:
    """The plan in which the example reads what a gate released."""
    values = example.gated if example.gated is not None else _without_bytes(example)
    plan = copy.deepcopy(_gated_plan(example.form.holds))
    text = json.dumps(values).replace("{sha256}", _released(plan))
    return _published(plan, example.type, json.loads(text))


def _without_bytes(example: FormExample) -> dict[str, Any]:
    names = {(read.within or read.path).partition(".")[0] for read in example.form.reads}
    return {key: value for key, value in example.fail.items() if key not in names}


@cache
def _gated_plan(kind: str) -> dict[str, Any]:
    plan: dict[str, Any]
    if kind == "workload":
        plan = json.loads((RULES / "tf-workload-ungated/pass/plan.json").read_text("utf-8"))
    else:
        plan = raw({"dataset": "gated", "model": "served"}[kind])
    return plan


def _released(plan: Mapping[str, Any]) -> str:
    gate = next(item for item in plan["resource_changes"] if item["address"].endswith("terraform_data.gate"))
    return str(gate["change"]["after"]["input"].get("sha256", ""))


def _published(plan: dict[str, Any], type_: str, values: Mapping[str, Any]) -> dict[str, Any]:
    resources = [
        *plan["planned_values"]["root_module"]["resources"],
        *plan["resource_changes"],
        *plan["configuration"]["root_module"]["resources"],
    ]
    for item in resources:
        if item["name"] == "published" and not item["address"].startswith("module."):
            item.update({"address": f"{type_}.published", "type": type_})
            item.update({"values": values} if "values" in item else {})
            item.get("change", {}).update({"after": values, "after_unknown": {"id": True}})
    return plan
