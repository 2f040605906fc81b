"""Attempts to get a dataset or a model past its gate (tests/data/terraform_attacks), and plans of them.

An attempt is refused by an error of its rule. What is told by a warning alone, or not at all, is open: the
threat model has a sentence about it.
"""

from __future__ import annotations

import copy
import hashlib
import json
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import cache
from typing import Any

from gatecli.checks.personal_data import search_of
from gatecli.checks.terraform.plan_findings import PlanSubject, find_in_plan
from gatecli.checks.terraform.tagged_evidence import Attestation, TaggedReports
from gatecli.model.finding import Finding
from gatecli.model.policy import PrivacyPolicy, TerraformRules, stamp
from gatecli.sources.plan.reading import load_plan
from gatecli.sources.policy import default_policy
from tests.support.plans import PLANS, change, plan_with, raw

TABLES = PLANS.parent / "terraform_attacks"
PAGE = PLANS.parents[2] / "docs" / "threat-model.md"
TRUSTED = ("../terraform_modules/*",)
NOW = datetime(2026, 1, 8, tzinfo=UTC)
REPORT = hashlib.sha256(b"report").hexdigest()
JUDGED = "7f479dc634828c3e6fa60365736267bc965c3727e366a5d68885622b5f5e9045"
"""What the gates of the fixtures released, and what the report behind a tag judged: data.csv."""

OTHER = hashlib.sha256(b"other").hexdigest()
_SLOTS = {"{judged}": JUDGED, "{other}": OTHER, "{report}": REPORT}


@dataclass(frozen=True, slots=True)
class PlanAttack:
    """One attempt, as a plan shows it: the rule that finds it, and words of the threat model if it passes.

    `base` is a fixture that is edited, `edits` are by JSON pointer, `resources` come on top. `report` is
    what the report behind a tag says, `files` are local files at hand. `also` are rules that find something
    else in the same plan.
    """

    name: str
    rule: str = ""
    open: str = ""
    also: tuple[str, ...] = ()
    base: str = ""
    published: Mapping[str, Any] = field(default_factory=dict)
    resources: tuple[Mapping[str, Any], ...] = ()
    edits: Mapping[str, Any] = field(default_factory=dict)
    report: Mapping[str, Any] = field(default_factory=dict)
    files: Mapping[str, str] = field(default_factory=dict)

    @property
    def outcome(self) -> str:
        """How it ends: refused, told by a warning, or open."""
        return "refused" if not self.open else "told" if self.rule else "open"

    @property
    def besides(self) -> frozenset[str]:
        return frozenset(self.also)

    def __str__(self) -> str:
        return self.name.replace(" ", "-")


@dataclass(frozen=True, slots=True)
class LawAttack:
    """One attempt to change the law together with what it judges: files of the change (None removes one).

    `law` is the rule that tells of the change, `rule` the one that closes all the same. `target` is a line of
    the target branch's policy.
    """

    name: str
    rule: str = ""
    law: str = ""
    open: str = ""
    change: Mapping[str, str | None] = field(default_factory=dict)
    target: str = ""
    type: str = "aws_s3_object"
    options: tuple[str, ...] = ()
    baseline: bool = False

    @property
    def outcome(self) -> str:
        """How it ends: refused, or open."""
        return "open" if self.open else "refused"

    def __str__(self) -> str:
        return self.name.replace(" ", "-")


@cache
def honest_plans() -> tuple[PlanAttack, ...]:
    """What an honest author writes, close to an attempt."""
    return tuple(PlanAttack(**each) for each in _table((TABLES / "honest.json").read_text("utf-8")))


@cache
def law_attacks() -> tuple[LawAttack, ...]:
    """The attempts that a pull request makes on the law."""
    return tuple(LawAttack(**each) for each in _table((TABLES / "law.json").read_text("utf-8")))


def all_attacks() -> tuple[PlanAttack | LawAttack, ...]:
    """Every attempt of the table."""
    return (*plan_attacks(), *law_attacks())


def figures() -> str:
    """How the attempts end, as the threat model says it."""
    ends = Counter(each.outcome for each in all_attacks())
    return (
        f"Of {ends.total()} attempts that a test makes (`tests/data/terraform_attacks`), "
        f"{ends['refused']} are refused, {ends['told']} are told by a warning, and {ends['open']} pass."
    )


@cache
def plan_attacks() -> tuple[PlanAttack, ...]:
    """The attempts that a plan shows, file by file."""
    files = sorted(TABLES.glob("plans-*.json"))
    return tuple(PlanAttack(**each) for file in files for each in _table(file.read_text("utf-8")))


def _table(text: str) -> Any:
    for slot, digest in _SLOTS.items():
        text = text.replace(slot, digest)
    return json.loads(text, object_hook=_as_text)


def _as_text(value: dict[str, Any]) -> Any:
    """An object with the one key `$json` is a text that holds JSON."""
    return json.dumps(value["$json"]) if value.keys() == {"$json"} else value


def findings_of(attack: PlanAttack) -> list[Finding]:
    """What is said of the plan of an attempt."""
    policy = _policy()
    loaded = load_plan(json.dumps(plan_of(attack)).encode(), "plan.json")
    found = list(loaded.findings)
    for plan in loaded.values:
        subject = PlanSubject(plan, TaggedReports({REPORT: _report(attack, policy)}, NOW), attack.files)
        found += find_in_plan(subject, policy, search_of(policy.spec.pii))
    return found


def _policy() -> PrivacyPolicy:
    base = default_policy()
    rules = TerraformRules.model_validate({"gateSources": TRUSTED})
    anonymity = base.spec.anonymity.model_copy(update={"min_k": 5})
    spec = base.spec.model_copy(update={"terraform": rules, "anonymity": anonymity})
    return base.model_copy(update={"spec": spec})


def _report(attack: PlanAttack, policy: PrivacyPolicy) -> Attestation:
    said = attack.report
    return Attestation(
        kind=said.get("kind", "dataset"),
        inputs=frozenset({JUDGED}),
        policy=said.get("policy", stamp(policy).sha256),
        made=NOW - timedelta(hours=said.get("hours", 0)),
        paths={JUDGED: frozenset({"data.csv"})},
    )


def plan_of(attack: PlanAttack) -> dict[str, Any]:
    """The JSON of the plan of an attempt."""
    plan = copy.deepcopy(raw(attack.base)) if attack.base else plan_with(resource_changes=[])
    if attack.published:
        _publish(plan, attack.published)
    for each in attack.resources:
        _add(plan, each)
    for pointer, value in attack.edits.items():
        _edit(plan, pointer, value)
    return plan


def _configured(plan: dict[str, Any]) -> list[Any]:
    root = plan.setdefault("configuration", {}).setdefault("root_module", {})
    resources: list[Any] = root.setdefault("resources", [])
    return resources


def _publish(plan: dict[str, Any], resource: Mapping[str, Any]) -> None:
    """Put a resource in the place of the publisher of a fixture."""
    for part in (
        plan["planned_values"]["root_module"]["resources"],
        plan["resource_changes"],
        _configured(plan),
    ):
        part[:] = [each for each in part if each["name"] != "published" or "module_address" in each]
    _add(plan, resource)


def _add(plan: dict[str, Any], resource: Mapping[str, Any]) -> None:
    more = {
        name: resource[name]
        for name in ("actions", "before", "after_unknown", "after_sensitive")
        if name in resource
    }
    made = change(resource["address"], resource.get("values", {}), **more) | dict(resource.get("also", {}))
    plan["resource_changes"].append(made)
    plain = resource["address"].partition("[")[0]
    if any(each["address"] == plain for each in _configured(plan)):
        return
    refers = {name: {"references": nodes} for name, nodes in resource.get("refers", {}).items()}
    refers |= {
        name: {"constant_value": value}
        for name, value in (resource.get("values") or {}).items()
        if name not in refers
    }
    _configured(plan).append(
        {
            "address": plain,
            "mode": made["mode"],
            "type": made["type"],
            "name": made["name"],
            "expressions": refers,
            "depends_on": resource.get("waits", []),
            **resource.get("configured", {}),
        }
    )


def _edit(plan: dict[str, Any], pointer: str, value: Any) -> None:
    *way, last = pointer.strip("/").split("/")
    part: Any = plan
    for key in way:
        part = part[int(key)] if isinstance(part, list) else part.setdefault(key, {})
    if value == "$remove":
        del part[int(last) if isinstance(part, list) else last]
    else:
        part[int(last) if isinstance(part, list) else last] = value
