"""What a plan publishes, serves or deploys without the gate for it, and the gates that do not hold.

Three-valued: a gate that a plan does not say enough of is neither a pass nor, of itself, a fault.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field
from functools import cached_property

from gatecli.checks.served_models import Serving
from gatecli.checks.terraform.attested_workloads import judge_in_plan
from gatecli.checks.terraform.byte_arguments import byte_arguments
from gatecli.checks.terraform.form_matches import JudgedForm, Publisher, publishers_in
from gatecli.checks.terraform.gate_calls import GateCall, gates_of, is_of_gate
from gatecli.checks.terraform.released_bytes import Releases, pass_through
from gatecli.checks.terraform.resource_types import DATASET, EVIDENCE, GATES, MODEL, WORKLOAD
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
from gatecli.model.plan import Plan, config_address
from gatecli.model.plan_graph import dependents_of, unresolved_locals
from gatecli.model.policy import PrivacyPolicy

_UNGATED = {DATASET: DATASET_UNGATED, MODEL: MODEL_UNGATED, WORKLOAD: WORKLOAD_UNGATED}
_DOES = {
    DATASET: "publishes data without a k-anonymity gate",
    MODEL: "serves a model without a release gate",
    WORKLOAD: "applies manifests that the plan does not show, without a personal-data gate",
}
_MAY = {
    DATASET: "may publish data without a k-anonymity gate",
    MODEL: "may serve a model without a release gate",
    WORKLOAD: "may apply manifests that the plan does not show, without a personal-data gate",
}
_MODULE = {kind: name for name, kind in GATES.items()}
_TAG_MEND = (
    "tag it with the SHA-256 of a fresh report that --evidence names, and let every argument by which bytes "
    "are read be of what it judged (docs/terraform.md)"
)
_BYTES_MEND = (
    "read what the gate gives: its released_path or artifact_path, or an address of what the plan makes of it"
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
class _Dependents:
    """What depends on gates that hold, on gates in doubt, and on locals that may lead to either."""

    gated: frozenset[str]
    doubted: frozenset[str]
    blind: frozenset[str]


@dataclass(frozen=True)
class _Case:
    """A plan with its gates and publishers, and what they are judged by."""

    plan: Plan
    publishers: tuple[Publisher, ...]
    gates: tuple[GateCall, ...]
    evidence: TaggedReports
    policy: PrivacyPolicy
    files: Mapping[str, str]
    serving: Serving | None
    _releases: dict[tuple[str, ...], Releases] = field(default_factory=dict, repr=False)

    @cached_property
    def dependents_by_kind(self) -> Mapping[str, _Dependents]:
        return {
            kind: _dependents(self.plan, [gate for gate in self.gates if gate.kind == kind])
            for kind in _UNGATED
        }

    @cached_property
    def dependents_by_gate(self) -> Mapping[str, frozenset[str]]:
        """What depends on each gate that is one, by its address."""
        return {gate.address: dependents_of(self.plan, [gate.node]) for gate in self.gates if not gate.fault}

    def releases_before(self, publisher: Publisher, kind: str) -> Releases:
        """What the gates of a kind that a publisher depends on released."""
        gates = [
            gate
            for gate in self.gates
            if gate.kind == kind
            and publisher.address in self.dependents_by_gate.get(gate.address, frozenset())
        ]
        key = tuple(gate.address for gate in gates)
        if key not in self._releases:
            rules = self.policy.spec.attestation.workloads
            self._releases[key] = Releases(self.plan, gates, self.publishers, rules)
        return self._releases[key]


def find_ungated(
    plan: Plan,
    forms: Sequence[JudgedForm],
    evidence: TaggedReports,
    policy: PrivacyPolicy,
    files: Mapping[str, str] | None = None,
    serving: Serving | None = None,
) -> Iterator[Finding]:
    """Publishers without a gate, and gates that are bypassed.

    `forms` are the rows of the table that are true of the plan, or may be; `files` are SHA-256 of local
    files, by their paths in the plan. By `serving` an attestation of a model stands for its gate.
    """
    gates = gates_of(plan, policy.spec.terraform.gate_sources)
    outside = [each for each in forms if each.form.needs_gate and not is_of_gate(gates, each.resource)]
    publishers = publishers_in(outside)
    case = _Case(plan, publishers, gates, evidence, policy, files or {}, serving)
    certain = {id(each.resource) for each in publishers}
    yield from _find_ungated_perhaps(case, [each for each in outside if id(each.resource) not in certain])
    for publisher in publishers:
        yield from _find_in_publisher(case, publisher)
    yield from _find_bypassed(case)


def _find_ungated_perhaps(case: _Case, forms: Sequence[JudgedForm]) -> Iterator[Finding]:
    """What publishes or serves by an argument that only the apply knows: each resource once for a kind."""
    first = {(id(each.resource), each.form.holds): each for each in reversed(forms)}
    for each in reversed(first.values()):
        kind, address = each.form.holds, each.resource.address
        if config_address(address) in case.dependents_by_kind[kind].gated:
            continue
        name = each.judged.argument
        message = f"{_MAY[kind]}: its {name} is known only after the apply"
        mend = f"write its {name} literally, or {_mend(kind)}"
        finding = at(case.plan, _UNGATED[kind], address, each.resource.pointer, message, mend)
        yield unknown(finding, case.policy)


def _find_in_publisher(case: _Case, publisher: Publisher) -> Iterator[Finding]:
    address, dependents = publisher.address, case.dependents_by_kind[publisher.form.holds]
    gated, doubted = address in dependents.gated, address in dependents.doubted
    if not gated and (_is_attested(case, publisher) or _is_released_model(case, publisher)):
        return
    if not gated:
        doubt = "gate" if doubted else "locals" if address in dependents.blind else ""
        yield from _find_unattested(case, publisher, doubt=doubt)
    if gated or doubted:
        yield from _find_beside(case, publisher)


def _is_released_model(case: _Case, publisher: Publisher) -> bool:
    """Whether what could be a dataset is the artifact that a release gate let through."""
    resource, form = publisher.resource, publisher.form
    if form.holds != DATASET or publisher.address not in case.dependents_by_kind[MODEL].gated:
        return False
    passed = pass_through(case.releases_before(publisher, MODEL), publisher)
    return passed.answer == "yes" and bool(byte_arguments(resource, form))


def _find_beside(case: _Case, publisher: Publisher) -> Iterator[Finding]:
    """A publisher that waits for a gate and reads other bytes than it released."""
    resource, form = publisher.resource, publisher.form
    passed = pass_through(case.releases_before(publisher, form.holds), publisher)
    tag = judge_tag(resource, form, case.evidence, case.policy, case.files)
    if "yes" in {passed.answer, tag.answer} or _is_attested(case, publisher):
        return
    pointer = f"{resource.pointer}/{passed.argument.partition('.')[0]}"
    message = f"waits for a gate, but its {passed.argument} {passed.why}"
    finding = at(case.plan, GATE_BYPASSED, resource.address, pointer, message, _BYTES_MEND)
    yield finding if passed.answer == "no" else unknown(finding, case.policy)


def _is_attested(case: _Case, publisher: Publisher) -> bool:
    """Whether what serves a model is about an attestation that the policy trusts."""
    if case.serving is None or publisher.form.holds != MODEL:
        return False
    return judge_in_plan(case.plan, publisher, case.serving).answer == "yes"


def _dependents(plan: Plan, gates: list[GateCall]) -> _Dependents:
    """What depends on gates of one kind."""
    sound = [gate for gate in gates if not gate.fault]
    gated = dependents_of(plan, [gate.node for gate in sound if gate.holds])
    doubted = dependents_of(plan, [gate.node for gate in sound if gate.doubt])
    nodes = {gate.node for gate in sound}
    locals_ = unresolved_locals(plan)
    modules = {_prefix_of(local) for local in locals_}
    leading = {module for module in modules if _may_lead(module, nodes, gated | doubted)}
    blind = dependents_of(plan, [local for local in locals_ if _prefix_of(local) in leading])
    return _Dependents(gated, doubted, blind)


def _prefix_of(local: str) -> str:
    """What a local's module stands with before its nodes: `module.m.`, or nothing for the root."""
    return local.rpartition("local.")[0]


def _may_lead(module: str, gates: AbstractSet[str], reached: AbstractSet[str]) -> bool:
    """Whether locals of a module may lead to a gate: one below the module, or by an input of it."""
    return any(gate.startswith(module) for gate in gates) or any(
        node.startswith(f"{module}var.") for node in (reached if module else ())
    )


def _find_unattested(case: _Case, publisher: Publisher, *, doubt: str) -> Iterator[Finding]:
    resource, kind = publisher.resource, publisher.form.holds
    tag = judge_tag(resource, publisher.form, case.evidence, case.policy, case.files)
    if tag.answer == "yes":
        return
    does = f"{_DOES[kind]}, by its {resource.within}" if resource.within else _DOES[kind]
    unsaid = _DOUBTS.get(doubt, (tag.why, _TAG_MEND) if tag.answer == "unknown" else None)
    if unsaid is None:
        message = f"{does}: {tag.why}" if tag.why else does
        mend = _TAG_MEND if tag.why else _mend(kind)
        yield at(case.plan, _UNGATED[kind], resource.address, resource.pointer, message, mend)
    else:
        message = f"{does}, as far as the plan says: {unsaid[0]}"
        finding = at(case.plan, _UNGATED[kind], resource.address, resource.pointer, message, unsaid[1])
        yield unknown(finding, case.policy)


def _mend(kind: str) -> str:
    tag = ", or tag it gatecli-evidence" if kind in EVIDENCE.values() else ""
    return f"make it depend on the module {_MODULE[kind]} (docs/terraform.md){tag}"


def _find_bypassed(case: _Case) -> Iterator[Finding]:
    plan = case.plan
    if plan.targeted:
        yield make_finding(
            GATE_BYPASSED,
            "the plan leaves out parts of the configuration (-target or -exclude), perhaps a gate",
            subject=plan.path,
            place=Place(plan.path, pointer="/complete"),
            mend="plan the whole configuration",
        )
    for gate in case.gates:
        if gate.fault:
            mend = "take the module as it is shipped, and plan the whole configuration"
            yield at(plan, GATE_BYPASSED, gate.address, "", gate.fault, mend)
        else:
            yield from _find_in_gate(case, gate)


def _find_in_gate(case: _Case, gate: GateCall) -> Iterator[Finding]:
    behind = case.dependents_by_gate[gate.address]
    through = [each.resource for each in case.publishers if each.address in behind]
    # Manifests are applied by much that is in no table.
    if case.publishers and not through and gate.kind != WORKLOAD:
        message = "gates nothing: no resource that publishes depends on it"
        mend = "publish its output, for example released_path, or name it in depends_on"
        yield at(case.plan, GATE_BYPASSED, gate.address, "", message, mend)
    yield from find_lowered(case.plan, gate, case.policy, sensitivities_of(through))
