"""The texts of a plan that personal data is looked for in, object by object."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from gatecli.model.plan import Keys, Output, Plan, PlannedResource, Script, Variable, is_marked, mark_below
from gatecli.model.text import Leaf, LeafKind, object_leaves


@dataclass(frozen=True, slots=True)
class PlanText:
    """The leaves of one object of a plan.

    Their keys begin at `pointer` in the plan's JSON. `hidden` are the keys of leaves that are marked
    sensitive: they are searched, and no sample, key or digest of them may be shown. Their keys end at the
    mark; the names below it, which may be secrets themselves, are a hint only.
    """

    address: str
    pointer: str
    leaves: tuple[Leaf, ...]
    hidden: frozenset[Keys] = frozenset()


def plan_leaves(plan: Plan) -> Iterator[PlanText]:
    """Every string and number of planned values, variables, outputs and provisioners.

    What an object was before, and what leaves, is not among them: a plan that removes personal data is
    good news.
    """
    for variable in plan.variables:
        yield variable_text(variable)
    for resource in plan.resources:
        if not resource.is_leaving:
            yield resource_text(resource)
    for output in plan.outputs:
        yield output_text(output)
    for script in plan.scripts:
        yield script_text(script)


def resource_text(resource: PlannedResource) -> PlanText:
    return _text(resource.address, resource.pointer, resource.values, resource.sensitive)


def variable_text(variable: Variable) -> PlanText:
    """Hidden unless the plan says that it is not sensitive."""
    marks = {variable.name: {"value": variable.sensitive is not False}}
    return _text(f"var.{variable.name}", "/variables", {variable.name: {"value": variable.value}}, marks)


def output_text(output: Output) -> PlanText:
    above, _, last = output.pointer.rpartition("/")
    above, _, _ = above.rpartition("/")
    value = {output.name: {last: output.value}}
    return _text(f"output.{output.name}", above, value, {output.name: {last: output.sensitive}})


def script_text(script: Script) -> PlanText:
    return _text(script.address, script.pointer, script.value, {})


def _text(address: str, pointer: str, value: Any, sensitive: Any) -> PlanText:
    leaves = object_leaves(value)
    if not is_marked(sensitive):
        return PlanText(address, pointer, leaves)
    covered = [(leaf, _cover(leaf, sensitive)) for leaf in leaves]
    shown = tuple(leaf if cut is None else _conceal_leaf(leaf, cut) for leaf, cut in covered)
    hidden = frozenset(leaf.keys[:cut] for leaf, cut in covered if cut is not None)
    return PlanText(address, pointer, shown, hidden)


def _cover(leaf: Leaf, marks: Any) -> int | None:
    """After how many keys a mark covers the leaf; None where none does.

    A key is covered by a mark above it; a mark on its value leaves its name free.
    """
    for length, key in enumerate(leaf.keys):
        if marks is True:
            return length
        marks = mark_below(marks, key)
    # A mark below a scalar fits nothing: rather hidden than shown.
    return len(leaf.keys) if leaf.kind is not LeafKind.KEY and is_marked(marks) else None


def _conceal_leaf(leaf: Leaf, cut: int) -> Leaf:
    inner = [str(key) for key in leaf.keys[cut:]]
    return leaf._replace(keys=leaf.keys[:cut], hint=" ".join([*inner, leaf.hint]).strip())
