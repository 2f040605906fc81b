"""What a gate demands, against what the policy does.

Each shipped gate holds a resource `thresholds` whose input are the values that it judges by: variables and
locals are values there, so nothing has to be followed through the configuration.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

from gatecli.checks.terraform.gate_calls import GateCall, thresholds_of
from gatecli.checks.terraform.resource_types import DATASET, MODEL
from gatecli.checks.terraform.rules import GATE_BYPASSED, at, unknown
from gatecli.model.finding import Finding
from gatecli.model.number import show
from gatecli.model.plan import (
    Absent,
    KnownValue,
    Plan,
    PlannedResource,
    UnknownValue,
    lookup,
    lookup_argument,
)
from gatecli.model.policy import PrivacyPolicy, Tier, seconds_in


@dataclass(frozen=True, slots=True)
class _Demand:
    """A threshold of the policy. `must`: a gate that demands none of it is a fault as well."""

    bound: Fraction
    least: bool
    must: bool = True
    words: str = ""


def find_lowered(
    plan: Plan, gate: GateCall, policy: PrivacyPolicy, behind: Sensitivities
) -> Iterator[Finding]:
    """Every threshold of a gate that is looser than the policy's; `behind` are the tiers behind the gate."""
    found: dict[str, Finding] = {}
    for resource in thresholds_of(plan, gate.module):
        for finding in _of_instance(plan, gate, resource, policy, behind.names):
            found.setdefault(finding.message, finding)
    yield from found.values()
    if not behind.whole:
        message = "lets through what names its sensitivity only after the apply"
        mend = "write the tag sensitivity literally"
        yield unknown(at(plan, GATE_BYPASSED, gate.address, "", message, mend), policy)


def _of_instance(
    plan: Plan, gate: GateCall, resource: PlannedResource, policy: PrivacyPolicy, tiers: frozenset[str]
) -> Iterator[Finding]:
    def threshold_finding(message: str, mend: str) -> Finding:
        return at(plan, GATE_BYPASSED, gate.address, f"{resource.pointer}/input", message, mend)

    own = lookup(resource, "input", "tier")
    known = policy.spec.tiers
    named = str(own.value) if isinstance(own, KnownValue) else ""
    if isinstance(own, UnknownValue):
        yield unknown(
            threshold_finding("names its tier only after the apply", "write the tier literally"), policy
        )
    elif named and named not in known:
        yield threshold_finding(
            "names a tier that the policy does not have", f"name one of {', '.join(known)}"
        )
    meant = [known[name] for name in sorted({*tiers, named}) if name in known]
    for key, demand in _demands(policy, gate.kind, meant).items():
        stated = lookup(resource, "input", key)
        if isinstance(stated, UnknownValue) or not isinstance(lookup(resource, "input"), KnownValue):
            message = f"states its {_WORDS[key]} only after the apply"
            yield unknown(threshold_finding(message, "give it a value that the plan knows"), policy)
        elif (problem := _problem(key, stated, demand)) is not None:
            yield threshold_finding(
                problem, f"demand {_WORDS[key]} {_demand_text(demand)}, as the policy does"
            )


def _demands(policy: PrivacyPolicy, kind: str, tiers: list[Tier]) -> Mapping[str, _Demand]:
    """What the policy demands of a gate: the strictest of the tiers; without one, of every gate."""
    limits = _LIMITS.get(kind, {})
    demands: dict[str, _Demand] = {}
    for key, (name, least) in limits.items():
        strict, loose = (max, min) if least else (min, max)
        bounds = [Fraction(bound) for tier in tiers if (bound := getattr(tier, name)) is not None]
        if kind == MODEL and not tiers:
            every = [getattr(tier, name) for tier in policy.spec.tiers.values()]
            known = [Fraction(bound) for bound in every if bound is not None]
            demands |= {key: _Demand(loose(known), least, must=False)} if known else {}
        elif bounds:
            demands[key] = _Demand(strict(bounds), least)
    if kind == DATASET and (least_k := policy.spec.anonymity.min_k) is not None:
        before = demands.get("k")
        demands["k"] = _Demand(max(Fraction(least_k), before.bound if before else Fraction(0)), least=True)
    age = policy.spec.terraform.max_evidence_age
    return {**demands, "max_age": _Demand(Fraction(seconds_in(age) or 0), least=False, words=age)}


_LIMITS: Mapping[str, Mapping[str, tuple[str, bool]]] = {
    DATASET: {"k": ("min_k", True), "l": ("min_l", True), "t": ("max_t", False)},
    MODEL: {"max_epsilon": ("max_epsilon", False), "max_delta": ("max_delta", False)},
}
_WORDS = {"k": "k", "l": "l", "t": "t", "max_epsilon": "epsilon", "max_delta": "delta", "max_age": "max_age"}


def _problem(key: str, stated: KnownValue | Absent, demand: _Demand) -> str | None:
    if isinstance(stated, Absent):
        bound = _demand_text(demand)
        return f"demands no {_WORDS[key]} where the policy demands {bound}" if demand.must else None
    value = _number(key, stated.value)
    if value is None:
        return f"demands a {_WORDS[key]} that is not a number"
    if (value < demand.bound) if demand.least else (value > demand.bound):
        shown = "a value" if stated.sensitive else stated.value if key == "max_age" else show(value)
        return f"demands {_WORDS[key]} = {shown} where the policy demands {_demand_text(demand)}"
    return None


def _number(key: str, value: Any) -> Fraction | None:
    if key == "max_age":
        seconds = seconds_in(str(value))
        return None if seconds is None else Fraction(seconds)
    try:
        return None if isinstance(value, bool) else Fraction(str(value))
    except (ValueError, ZeroDivisionError):
        return None


def _demand_text(demand: _Demand) -> str:
    return f"at {'least' if demand.least else 'most'} {demand.words or show(demand.bound)}"


@dataclass(frozen=True, slots=True)
class Sensitivities:
    """The tiers that resources are tagged with; not `whole` where a tag is known only after the apply."""

    names: frozenset[str] = frozenset()
    whole: bool = True


def sensitivities_of(resources: Iterable[PlannedResource]) -> Sensitivities:
    """What the tags and labels `sensitivity` say, of all the resources together."""
    answers = [
        lookup_argument(each, block, "sensitivity") for each in resources for block in ("tags", "labels")
    ]
    named = frozenset(str(answer.value) for answer in answers if isinstance(answer, KnownValue))
    return Sensitivities(named, not any(isinstance(answer, UnknownValue) for answer in answers))
