"""A folder of Terraform's files as a plan: what its text says, with marks of all that only a plan knows.

Nothing is run, nothing is fetched.
"""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from gatecli.model.plan import Plan
from gatecli.model.static_plan import StaticPlan
from gatecli.sources.hcl.syntax import Attribute, NestedBlock
from gatecli.sources.plan.static_files import ModuleText, text_of_module
from gatecli.sources.plan.static_resources import (
    address_of,
    nodes_in,
    presence_of,
    references_of,
    resource_of,
)
from gatecli.sources.plan.static_values import MAX_TOTAL, Scope
from gatecli.sources.plan.static_variables import values_of_variables, variables_of_blocks


def read_module(folder: str, files: Iterable[Path], variable_files: Iterable[Path] = ()) -> StaticPlan:
    """The module that these files are; `variable_files` are those among which some are loaded unasked."""
    text = text_of_module(files, variable_files)
    resources = [*text.of_type("resource", 2), *text.of_type("data", 2)]
    locals_ = _locals(text)
    scope = _scope(text, resources, locals_)
    found = [(block, presence_of(scope, block.body)) for block in resources]
    there = [(block, presence) for block, presence in found if presence != "no"]
    edges = {f"local.{name}": nodes_in(attribute.references) for name, attribute in locals_.items()}
    edges |= {address_of(block): nodes_in(references_of(block.body)) for block, _ in there}
    plan = Plan(
        folder,
        "plan",
        "",
        resources=tuple(resource_of(scope, block, presence) for block, presence in there),
        variables=variables_of_blocks(text.of_type("variable", 1)),
        edges=edges,
    )
    return StaticPlan(
        plan,
        doubtful=frozenset(address_of(block) for block, presence in there if presence == "unknown"),
        calls={
            f"module.{block.labels[0]}": frozenset(nodes_in(references_of(block.body)))
            for block in text.of_type("module", 1)
        },
        unread=(*text.unread, *(["values that are made of too many others"] if scope.is_exhausted else ())),
        unset=frozenset(f"var.{name}" for name, value in scope.variables.items() if not value.is_known),
    )


def _locals(text: ModuleText) -> dict[str, Attribute]:
    return {
        name: attribute
        for block in text.of_type("locals", 0)
        for name, attribute in block.body.attributes.items()
    }


def _scope(text: ModuleText, resources: Iterable[NestedBlock], locals_: dict[str, Attribute]) -> Scope:
    """What names mean; of resources that are there once, their arguments."""
    single = (
        block
        for block in resources
        if block.type == "resource" and not {"count", "for_each"} & block.body.attributes.keys()
    )
    return Scope(
        values_of_variables(text.of_type("variable", 1), text.given),
        {name: attribute.value for name, attribute in locals_.items()},
        {
            (block.labels[0], block.labels[1]): {
                name: attribute.value for name, attribute in block.body.attributes.items()
            }
            for block in single
        },
        MAX_TOTAL + 10 * text.size,
    )
