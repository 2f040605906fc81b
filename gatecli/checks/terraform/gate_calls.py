"""Which module calls of a plan are gates: by what they are, never by what they are called."""

from __future__ import annotations

import posixpath
from collections.abc import Iterator
from dataclasses import dataclass

from gatecli.checks.terraform.gate_digests import SHIPPED, ShippedGate
from gatecli.checks.terraform.resource_types import EARLIER, GATES
from gatecli.model.plan import CheckResult, Module, Plan, PlannedResource, config_address

_JUDGED = frozenset({"pass", "unknown"})
"""How the conditions of a whole gate end: one looks at the clock of the apply, so "unknown" is right."""

_LOCAL = ("./", "../")
GATE = "terraform_data.gate"
"""The resource of a gate module whose conditions are the gate."""


@dataclass(frozen=True, slots=True)
class GateCall:
    """A module call that is a gate for `kind`, or is called like one.

    `fault` says why it gates nothing, `doubt` what the plan does not say of it; without both it holds.
    """

    module: Module
    kind: str
    fault: str = ""
    doubt: str = ""

    @property
    def address(self) -> str:
        return self.module.address

    @property
    def node(self) -> str:
        """The resource whose conditions are the gate."""
        return f"{self.address}.{GATE}"

    @property
    def holds(self) -> bool:
        return not (self.fault or self.doubt)


def gates_of(plan: Plan, sources: tuple[str, ...]) -> tuple[GateCall, ...]:
    """The gates of a plan; of those whose files it does not hold, only `sources` are trusted.

    A module counts by its configuration in the plan's JSON, by its conditions, which must have been judged
    for every instance, and by its text: the JSON holds neither conditions nor locals, which a copy may have
    changed.
    """
    return tuple(_recognise_gates(plan, sources))


def says_closed(condition: CheckResult) -> bool:
    """Whether it is the condition of a gate's own resource, and failed."""
    is_gate = condition.kind == "resource" and config_address(condition.address).endswith(f".{GATE}")
    return is_gate and condition.status == "fail"


def is_of_gate(gates: tuple[GateCall, ...], resource: PlannedResource) -> bool:
    """Whether a resource is a gate's own."""
    module = f"{config_address(resource.module)}."
    return any(module.startswith(f"{gate.address}.") for gate in gates if not gate.fault)


def _recognise_gates(plan: Plan, sources: tuple[str, ...]) -> Iterator[GateCall]:
    for module in plan.modules:
        name = _last_part(module.source)
        shipped = [each for each in (*SHIPPED, *EARLIER) if each.configuration == module.configuration]
        if not shipped and name in GATES:
            fault = f"is called {name} but is not the module that gatecli ships"
            yield GateCall(module, GATES[name], fault)
        elif shipped and (instances := _instances(plan, module, "gate")):
            yield _judge_call(plan, module, shipped, instances, sources)


def _judge_call(
    plan: Plan,
    module: Module,
    shipped: list[ShippedGate],
    instances: list[PlannedResource],
    sources: tuple[str, ...],
) -> GateCall:
    kind, name = GATES[shipped[0].name], shipped[0].name
    if module.text and module.text not in {each.text for each in shipped}:
        return GateCall(module, kind, f"is built like the module {name} but has a different text")
    demanding = {each.module for each in thresholds_of(plan, module)}
    if not (_closed_its_run(plan, module) or {each.module for each in instances} <= demanding):
        return GateCall(module, kind, "does not say in this plan what it demands")
    if not _conditions_hold(plan, module.address, instances):
        return GateCall(module, kind, "has conditions that the plan did not evaluate, or that do not hold")
    if not module.text and not all(_is_trusted(each, sources) for each in _origins(module, shipped[0])):
        return GateCall(module, kind, doubt="looks like a gate, but the plan's JSON holds no conditions")
    return GateCall(module, kind)


def _closed_its_run(plan: Plan, module: Module) -> bool:
    """Whether a plan ended at a gate: what depends on any instance of it is then not planned."""
    conditions = plan.by_module_conditions.get(module.address, ())
    return plan.errored and any(map(says_closed, conditions))


def thresholds_of(plan: Plan, module: Module) -> list[PlannedResource]:
    """What a gate demands, instance by instance: its resource `thresholds`."""
    return _instances(plan, module, "thresholds")


def releases_of(plan: Plan, gate: GateCall) -> list[PlannedResource]:
    """What a gate lets through, instance by instance: the `path` and `sha256` of its resource `gate`."""
    return _instances(plan, gate.module, "gate")


def _instances(plan: Plan, module: Module, name: str) -> list[PlannedResource]:
    return [
        each
        for each in plan.by_module.get(module.address, ())
        if (each.mode, each.type, each.name) == ("managed", "terraform_data", name)
        and not each.is_leaving
        and not each.deposed
    ]


def _conditions_hold(plan: Plan, module: str, instances: list[PlannedResource]) -> bool:
    conditions = plan.by_module_conditions.get(module, ())
    judged = {each.address for each in conditions if each.kind == "resource" and _is_judged(each, plan)}
    failed = any(not _is_judged(each, plan) for each in conditions)
    return not failed and all(each.address in judged for each in instances)


def _is_judged(condition: CheckResult, plan: Plan) -> bool:
    """Whether a gate's condition was evaluated; one that closed the gate has a finding of its own."""
    return condition.status in _JUDGED or (plan.errored and says_closed(condition))


def _origins(module: Module, gate: ShippedGate) -> Iterator[str]:
    """Where a gate's files are from: its own address, and that of each module beside a local one.

    What is fetched comes as a whole: there Terraform refuses a module outside of the package.
    """
    yield module.source
    if module.source.startswith(_LOCAL):
        for neighbour in gate.beside:
            path = posixpath.normpath(posixpath.join(module.source, neighbour))
            yield path if path.startswith("../") else f"./{path}"


def _is_trusted(source: str, sources: tuple[str, ...]) -> bool:
    return any(
        source.startswith(each[:-1]) if each.endswith("*") else source == each for each in sources if source
    )


def _last_part(source: str) -> str:
    return source.partition("?")[0].rstrip("/").rpartition("/")[2]
