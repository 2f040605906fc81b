"""What depends on what in a plan: through expressions, module inputs and outputs, and depends_on.

Nodes are addresses of the configuration, without instance keys: `aws_s3_bucket.b`, `data.t.n`,
`module.m` (everything in it), `module.m.output.x`, `module.m.var.x`, `module.m.local.x`. A plan does not
say what locals refer to: a path that ends in one is unresolved, which is no "no".
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from gatecli.model.plan import Plan, config_address

CALL = "#call"
"""Behind a module's address: what all of its resources wait for (depends_on, count, for_each)."""

_KINDS = frozenset({"data", "ephemeral", "action", "list"})
_PASSING = (["var"], ["output"], ["local"])
_NO_NODES = frozenset({"each", "self", "path", "count", "terraform", "tofu"})


@dataclass(frozen=True, slots=True)
class Dependencies:
    """The nodes that were reached; `unresolved` are the locals among them whose own references are unknown.

    What is not among `addresses` is a "no" only where nothing is unresolved.
    """

    addresses: frozenset[str]
    unresolved: frozenset[str] = frozenset()


def depends_on(plan: Plan, address: str) -> Dependencies:
    """Everything that a resource needs, directly or not. Linear in the references of the configuration."""
    found = _closure(plan.edges, [config_address(address)])
    return Dependencies(found, _unresolved_nodes(plan, found))


def dependents_of(plan: Plan, addresses: Iterable[str]) -> frozenset[str]:
    """Everything that needs one of the addresses: for many questions about few gates. Linear.

    Whatever also depends on a node of `unresolved_locals(plan)` may need them all the same.
    """
    return _closure(plan.reversed_edges, [config_address(address) for address in addresses])


def unresolved_locals(plan: Plan) -> frozenset[str]:
    """The locals that something refers to and of whose own references the plan says nothing."""
    return _unresolved_nodes(plan, (target for targets in plan.edges.values() for target in targets))


def origins_of(plan: Plan, nodes: Iterable[str]) -> frozenset[str]:
    """The resources and data sources that expressions are made of, through inputs, outputs and locals.

    A local or an output of unknown references stands for itself; a variable that has a literal is left out.
    """
    return _follow(plan, nodes)[0]


def passing_nodes(plan: Plan, nodes: Iterable[str]) -> frozenset[str]:
    """The inputs, outputs and locals on the way to the origins of expressions."""
    return _follow(plan, nodes)[1]


def _follow(plan: Plan, nodes: Iterable[str]) -> tuple[frozenset[str], frozenset[str]]:
    seen: set[str] = set()
    found: set[str] = set()
    pending = list(nodes)
    while pending:
        node = pending.pop()
        if node in seen:
            continue
        seen.add(node)
        kind = node.split(".")[-2:-1]
        if kind not in _PASSING:
            found.add(node)
        elif node in plan.edges:
            pending += plan.edges[node]
        elif kind != ["var"]:
            found.add(node)
    return frozenset(found), frozenset(seen - found)


def _unresolved_nodes(plan: Plan, nodes: Iterable[str]) -> frozenset[str]:
    return frozenset(node for node in nodes if is_local(node) and node not in plan.edges)


def _closure(edges: Mapping[str, Sequence[str]], start: list[str]) -> frozenset[str]:
    """What can be reached, the start itself only around a circle."""
    seen: set[str] = set()
    pending = list(start)
    while pending:
        for target in edges.get(pending.pop(), ()):
            if target not in seen:
                seen.add(target)
                pending.append(target)
    return frozenset(node for node in seen if not node.endswith(CALL))


def is_local(node: str) -> bool:
    return node.split(".")[-2:-1] == ["local"]


def node_of(module: str, reference: str) -> str | None:
    """The node that a reference inside `module` means; None for `each.key`, `path.module` and the like."""
    parts = config_address(reference).split(".")
    match parts:
        case ["module", name]:
            node = f"module.{name}"
        case ["module", name, output, *_]:
            node = f"module.{name}.output.{output}"
        case [kind, type_, name, *_] if kind in _KINDS:
            node = f"{kind}.{type_}.{name}"
        case [first, name, *_] if first not in _NO_NODES:
            node = f"{first}.{name}"
        case _:
            return None
    return f"{module}.{node}" if module else node


def nodes_of(module: str, references: Iterable[str]) -> Iterator[str]:
    """The nodes of an expression's references.

    Each is listed with its prefixes behind it (`module.m.x`, `module.m`): a prefix says nothing new, and
    `module.m` alone would mean all of the module.
    """
    before = ""
    for reference in references:
        is_prefix = before.startswith((f"{reference}.", f"{reference}["))
        before = reference
        if not is_prefix and (node := node_of(module, reference)):
            yield node
