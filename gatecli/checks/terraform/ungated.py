"""What a plan publishes, serves or deploys without the gate for it, and the gates that do not hold.

Three-valued: a gate that a plan does not say enough of is neither a pass nor, of itself, a fault.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from collections.abc import Set as AbstractSet
from dataclasses import dataclass

from gatecli.checks.terraform.gate_calls import GateCall, gates_of, inside
from gatecli.checks.terraform.resource_types import (
    DATASET,
    EVIDENCE,
    GATES,
    MODEL,
    PUBLISHERS,
    SERVING,
    SERVING_BY,
    SERVING_IN_AZURE,
    WORKLOAD,
)
from gatecli.checks.terraform.rules import (
    DATASET_UNGATED,
    GATE_BYPASSED,
    MODEL_UNGATED,
    WORKLOAD_UNGATED,
    at,
    unknown,
)
from gatecli.checks.terraform.tagged_evidence import TaggedReports, judge_tag
from gatecli.checks.terraform.thresholds import find_lowered, sensitivities_of
from gatecli.model.document import Place
from gatecli.model.finding import Finding, make_finding
from gatecli.model.plan import KnownValue, Plan, PlannedResource, UnknownValue, config_address, lookup
from gatecli.model.plan_graph import dependents_of, unresolved_locals
from gatecli.model.policy import PrivacyPolicy

_UNGATED = {DATASET: DATASET_UNGATED, MODEL: MODEL_UNGATED, WORKLOAD: WORKLOAD_UNGATED}
_DOES = {
    DATASET: "publishes data without a k-anonymity gate",
    MODEL: "serves a model without a release gate",
    WORKLOAD: "applies manifests that the plan does not show, without a personal-data gate",
}
_MODULE = {kind: name for name, kind in GATES.items()}
_TAG_MEND = (
    "tag it with the SHA-256 of a fresh report that --evidence names, and state the digest of its data: "
    "source_hash = filesha256(FILE)"
)
_DOUBTS = {
    "gate": (
        "its JSON holds neither conditions nor locals of its gates",
        "check the folder or the saved plan, or trust the sources of its modules: spec.terraform.gateSources",
    ),
    "locals": (
        "the plan does not say what its locals refer to",
        "check the folder or the saved plan: both hold the configuration",
    ),
}


@dataclass(frozen=True, slots=True)
class _Published:
    """What a plan publishes, by its kind, and the gates in it."""

    publishers: tuple[tuple[PlannedResource, str], ...]
    gates: tuple[GateCall, ...]


@dataclass(frozen=True, slots=True)
class _Ways:
    """What depends on gates that hold, on gates in doubt, and on locals that may lead to either."""

    gated: frozenset[str]
    doubted: frozenset[str]
    blind: frozenset[str]


def find_ungated(plan: Plan, evidence: TaggedReports, policy: PrivacyPolicy) -> Iterator[Finding]:
    """Publishers without a gate, and gates that are bypassed."""
    gates = gates_of(plan, policy.spec.terraform.gate_sources)
    kinds = {**PUBLISHERS, **policy.spec.terraform.publishers}
    publishers = tuple(
        (resource, kind)
        for resource in plan.resources
        if (kind := _kind(resource, kinds)) in _UNGATED
        and not resource.is_leaving
        and not inside(gates, resource)
    )
    what = _Published(publishers, gates)
    yield from _find_ungated_perhaps(plan, what, kinds, policy)
    yield from _find_ungated(plan, what, evidence, policy)
    yield from _find_bypassed(plan, what, policy)


def _kind(resource: PlannedResource, kinds: Mapping[str, str]) -> str:
    if resource.mode in {"managed", "action"} and resource.type in kinds:
        return kinds[resource.type]
    if resource.mode != "managed":
        return ""
    served, azure = lookup(resource, "manifest", "kind"), lookup(resource, "type")
    in_kubernetes = isinstance(served, KnownValue) and str(served.value) in SERVING
    in_azure = isinstance(azure, KnownValue) and SERVING_IN_AZURE.fullmatch(str(azure.value)) is not None
    return MODEL if in_kubernetes or in_azure else ""


def _find_ungated_perhaps(
    plan: Plan, what: _Published, kinds: Mapping[str, str], policy: PrivacyPolicy
) -> Iterator[Finding]:
    """What serves a model by an argument that only the apply knows."""
    gated = dependents_of(plan, [gate.node for gate in what.gates if gate.kind == MODEL and gate.holds])
    for resource in plan.resources:
        keys = SERVING_BY.get(resource.type, ())
        if resource.type in kinds or resource.mode != "managed" or resource.is_leaving or not keys:
            continue
        if (
            isinstance(lookup(resource, *keys), UnknownValue)
            and config_address(resource.address) not in gated
        ):
            name = ".".join(keys)
            message = f"may serve a model without a release gate: its {name} is known only after the apply"
            mend = f"write its {name} literally, or {_mend(MODEL)}"
            yield unknown(at(plan, MODEL_UNGATED, resource.address, resource.pointer, message, mend), policy)


def _find_ungated(
    plan: Plan, what: _Published, evidence: TaggedReports, policy: PrivacyPolicy
) -> Iterator[Finding]:
    ways = {kind: _ways(plan, [gate for gate in what.gates if gate.kind == kind]) for kind in _UNGATED}
    for resource, kind in what.publishers:
        address = config_address(resource.address)
        if address in ways[kind].gated:
            continue
        doubt = "gate" if address in ways[kind].doubted else "locals" if address in ways[kind].blind else ""
        yield from _unless_attested(plan, resource, kind, evidence, policy, doubt=doubt)


def _ways(plan: Plan, gates: list[GateCall]) -> _Ways:
    """What depends on gates of one kind."""
    sound = [gate for gate in gates if not gate.fault]
    gated = dependents_of(plan, [gate.node for gate in sound if gate.holds])
    doubted = dependents_of(plan, [gate.node for gate in sound if gate.doubt])
    nodes = {gate.node for gate in sound}
    reached = gated | doubted
    locals_ = [node for node in unresolved_locals(plan) if _may_refer(node, nodes, reached)]
    return _Ways(gated, doubted, dependents_of(plan, locals_))


def _may_refer(local: str, gates: AbstractSet[str], reached: AbstractSet[str]) -> bool:
    """Whether a local of unknown references may lead to a gate: below its module, or by an input of it."""
    module = local.rpartition("local.")[0]
    return any(gate.startswith(module) for gate in gates) or any(
        node.startswith(f"{module}var.") for node in (reached if module else ())
    )


def _unless_attested(
    plan: Plan,
    resource: PlannedResource,
    kind: str,
    evidence: TaggedReports,
    policy: PrivacyPolicy,
    *,
    doubt: str,
) -> Iterator[Finding]:
    tag = judge_tag(resource, kind, evidence, policy)
    if tag.answer == "yes":
        return
    unsaid = _DOUBTS.get(doubt, (tag.why, _TAG_MEND) if tag.answer == "unknown" else None)
    if unsaid is None:
        message = f"{_DOES[kind]}: {tag.why}" if tag.why else _DOES[kind]
        mend = _TAG_MEND if tag.why else _mend(kind)
        yield at(plan, _UNGATED[kind], resource.address, resource.pointer, message, mend)
    else:
        message = f"{_DOES[kind]}, as far as the plan says: {unsaid[0]}"
        finding = at(plan, _UNGATED[kind], resource.address, resource.pointer, message, unsaid[1])
        yield unknown(finding, policy)


def _mend(kind: str) -> str:
    tag = ", or tag it gatecli-evidence" if kind in EVIDENCE.values() else ""
    return f"make it depend on the module {_MODULE[kind]} (docs/terraform.md){tag}"


def _find_bypassed(plan: Plan, what: _Published, policy: PrivacyPolicy) -> Iterator[Finding]:
    if plan.targeted:
        yield make_finding(
            GATE_BYPASSED,
            "the plan leaves out parts of the configuration (-target or -exclude), perhaps a gate",
            subject=plan.path,
            place=Place(plan.path, pointer="/complete"),
            mend="plan the whole configuration",
        )
    for gate in what.gates:
        if gate.fault:
            mend = "take the module as it is shipped, and plan the whole configuration"
            yield at(plan, GATE_BYPASSED, gate.address, "", gate.fault, mend)
        else:
            yield from _gate(plan, gate, what, policy)


def _gate(plan: Plan, gate: GateCall, what: _Published, policy: PrivacyPolicy) -> Iterator[Finding]:
    behind = dependents_of(plan, [gate.node])
    through = [each for each, _ in what.publishers if config_address(each.address) in behind]
    # Manifests are applied by much that is in no table.
    if what.publishers and not through and gate.kind != WORKLOAD:
        message = "gates nothing: no resource that publishes depends on it"
        mend = "publish its output, for example released_path, or name it in depends_on"
        yield at(plan, GATE_BYPASSED, gate.address, "", message, mend)
    yield from find_lowered(plan, gate, policy, sensitivities_of(through))
