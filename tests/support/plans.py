"""Plans to read: the fixtures below tests/data/plans, and small ones put together."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from gatecli.model.plan import Plan, PlannedResource
from gatecli.sources.plan.reading import load_plan

PLANS = Path(__file__).resolve().parents[1] / "data" / "plans"
CONFIGURATION = PLANS / "terraform_data"


def raw(name: str) -> Any:
    """The JSON of a fixture."""
    return json.loads((PLANS / f"{name}.json").read_text("utf-8"))


def fixture(name: str) -> Plan:
    return read(raw(name), f"{name}.json")


def at(plan: Plan, address: str) -> PlannedResource:
    """The current object of an address: the change, where there is one."""
    return next(item for item in plan.resources if item.address == address and not item.deposed)


def plan_with(**parts: Any) -> dict[str, Any]:
    """The JSON of a plan with these parts and an empty rest."""
    return {
        "format_version": "1.2",
        "terraform_version": "1.11.4",
        "planned_values": {"root_module": {}},
    } | parts


def change(address: str, after: Any, /, **more: Any) -> dict[str, Any]:
    """A resource change that creates `address`."""
    *_, type_, name = address.partition("[")[0].split(".")
    body = {"actions": ["create"], "before": None, "after": after, "after_unknown": {}, "after_sensitive": {}}
    return {"address": address, "mode": "managed", "type": type_, "name": name, "change": body | more}


def read(data: Any, name: str = "plan.json") -> Plan:
    found = load_plan(json.dumps(data).encode(), name)
    assert len(found.values) == 1, found.findings
    return found.values[0]


def refusal(data: Any) -> str:
    """The sentence that a plan's JSON (or bytes) is refused with; it must be uncheckable."""
    found = load_plan(data if isinstance(data, bytes) else json.dumps(data).encode(), "plan.json")
    assert not found.values
    [finding] = found.findings
    assert finding.rule.uncheckable
    assert finding.remediation
    return finding.message
