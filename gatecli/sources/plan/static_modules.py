"""A folder of Terraform's files as a plan: what its text says, with marks of all that only a plan knows.

Nothing is run, nothing is fetched. Source: Terraform,
"Files and Configuration Structure"; "Override Files".
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from gatecli.model.plan import Plan, PlannedResource
from gatecli.model.plan_graph import node_of
from gatecli.model.static_plan import StaticPlan
from gatecli.sources.files import ReadError, read_text
from gatecli.sources.hcl.bodies import read_bodies
from gatecli.sources.hcl.json_bodies import read_json_bodies, read_json_values
from gatecli.sources.hcl.syntax import Attribute, Body, Expression, NestedBlock
from gatecli.sources.plan.static_documents import document_of
from gatecli.sources.plan.static_values import UNKNOWN, Scope, StaticValue, list_of, object_of
from gatecli.sources.plan.static_variables import values_of_variables, variables_of_blocks

FILES = (".tf", ".tf.json", ".tofu", ".tofu.json")
"""Endings of the files of a module."""
_MAX_BYTES = 2**20
_META = frozenset({"count", "for_each", "provider", "depends_on", "lifecycle", "provisioner", "connection"})
_MODES = {"resource": "managed", "data": "data"}
_POLICY = "aws_iam_policy_document"
_DECIDING = frozenset({"effect", "actions", "not_actions", "principals", "not_principals", "condition"})
_POLICY_BLOCKS = frozenset({"statement", "principals", "not_principals", "condition"})


def is_module_file(file: Path) -> bool:
    """Whether Terraform reads a file as a part of a module."""
    return file.name.endswith(FILES) and not file.name.startswith(".")


def read_module(folder: str, files: Iterable[Path], variable_files: Iterable[Path] = ()) -> StaticPlan:
    """The module that these files are; `variable_files` are those among which some are loaded unasked."""
    unread: list[Path] = []
    blocks = list(_blocks(sorted(files, key=_order), unread))
    given = _given(variable_files, unread)
    declared = [block for block in blocks if block.type == "variable" and len(block.labels) == 1]
    local_ = {
        name: attribute
        for block in blocks
        if block.type == "locals"
        for name, attribute in block.body.attributes.items()
    }
    own = [block for block in blocks if block.type in _MODES and len(block.labels) == 2]  # noqa: PLR2004 - type and name
    variables = values_of_variables(declared, given)
    scope = Scope(
        variables,
        {name: attribute.value for name, attribute in local_.items()},
        {
            (block.labels[0], block.labels[1]): {
                name: attribute.value for name, attribute in block.body.attributes.items()
            }
            for block in own
            if block.type == "resource" and not {"count", "for_each"} & block.body.attributes.keys()
        },
    )
    found = [(block, _presence(scope, block.body)) for block in own]
    there = [(block, presence) for block, presence in found if presence != "no"]
    edges = {f"local.{name}": _nodes(attribute.references) for name, attribute in local_.items()}
    edges |= {_address(block): _nodes(_references(block.body)) for block, _ in there}
    plan = Plan(
        folder,
        "plan",
        "",
        resources=tuple(_resource(scope, block, presence) for block, presence in there),
        variables=variables_of_blocks(declared),
        edges=edges,
    )
    calls = {
        f"module.{block.labels[0]}": frozenset(_nodes(_references(block.body)))
        for block in blocks
        if block.type == "module" and len(block.labels) == 1
    }
    doubtful = frozenset(_address(block) for block, presence in there if presence == "unknown")
    unset = frozenset(f"var.{name}" for name, value in variables.items() if not value.is_known)
    unread_names = tuple(file.name for file in unread)
    return StaticPlan(plan, doubtful, calls, unread=unread_names, unset=unset)


def _order(path: Path) -> tuple[bool, str]:
    """Overrides come last: they amend what stands elsewhere."""
    stem = path.name.partition(".")[0]
    return stem == "override" or stem.endswith("_override"), path.name


def _blocks(files: Sequence[Path], unread: list[Path]) -> Iterator[NestedBlock]:
    """The top-level blocks of a module, overrides put in their places."""
    blocks: list[NestedBlock] = []
    for file in files:
        try:
            text = read_text(file, _MAX_BYTES)
            is_json = file.name.endswith(".json")
            tree = read_json_bodies(file.name, text) if is_json else read_bodies(text)
        except ReadError:
            unread.append(file)
            continue
        if not tree.is_whole:
            unread.append(file)
        if _order(file)[0]:
            blocks = _override(blocks, tree.body.blocks)
        else:
            blocks += tree.body.blocks
    return iter(blocks)


def _override(blocks: list[NestedBlock], later: Iterable[NestedBlock]) -> list[NestedBlock]:
    """Blocks with the arguments of later ones of the same labels in the place of their own."""
    merged: dict[tuple[Any, ...], NestedBlock] = {}
    for number, block in enumerate(blocks):
        key = (block.type, block.labels) if block.labels else (number,)
        merged[key if key not in merged else (number,)] = block
    for number, block in enumerate(later):
        key = (block.type, block.labels) if block.labels else ("", number)
        merged[key] = replace(block, body=_amend(merged[key].body, block.body)) if key in merged else block
    return list(merged.values())


def _amend(body: Body, by: Body) -> Body:
    replaced = {block.type for block in by.blocks}
    kept = tuple(block for block in body.blocks if block.type not in replaced)
    return Body({**body.attributes, **by.attributes}, (*kept, *by.blocks))


def _given(files: Iterable[Path], unread: list[Path]) -> dict[str, Attribute]:
    """What files of variables set that Terraform loads unasked, the later ones over the earlier."""
    loaded = {"terraform.tfvars": 0, "terraform.tfvars.json": 1}
    ranked = [
        (loaded.get(file.name, 2), file.name, file)
        for file in files
        if file.name in loaded or file.name.endswith((".auto.tfvars", ".auto.tfvars.json"))
    ]
    given: dict[str, Attribute] = {}
    for _, name, file in sorted(ranked):
        try:
            text = read_text(file, _MAX_BYTES)
            body = read_json_values(name, text) if name.endswith(".json") else read_bodies(text).body
        except ReadError:
            unread.append(file)
            continue
        given |= body.attributes
    return given


def _presence(scope: Scope, body: Body) -> str:
    """Whether a resource is there: by its `count`, or by what it is made for each of."""
    count, each = body.attributes.get("count"), body.attributes.get("for_each")
    if count is not None:
        number = scope.value_of(count.value)
        return "unknown" if not number.is_known or number.value is None else "no" if number.value in (0, "0") else "yes"
    if each is not None:
        over = scope.value_of(each.value)
        return "no" if over.is_known and over.value in ([], {}) else "yes"
    return "yes"


def _address(block: NestedBlock) -> str:
    plain = ".".join(block.labels)
    return plain if block.type == "resource" else f"{block.type}.{plain}"


def _nodes(references: Iterable[str]) -> tuple[str, ...]:
    nodes = (node_of("", reference) for reference in references)
    return tuple(dict.fromkeys(node for node in nodes if node))


def _references(body: Body) -> Iterator[str]:
    """All that a block refers to."""
    pending = [body]
    while pending:
        inner = pending.pop()
        for attribute in inner.attributes.values():
            yield from attribute.references
        pending += [block.body for block in inner.blocks]


def _resource(scope: Scope, block: NestedBlock, presence: str) -> PlannedResource:
    type_, name = block.labels
    mode = _MODES[block.type]
    values = _body(scope, block.body, type_)
    is_there = presence == "yes"
    return PlannedResource(
        _address(block),
        mode,
        type_,
        name,
        actions=("read",) if mode == "data" else ("create",),
        values=values.value if is_there else None,
        unknown=values.unknown if is_there else True,
        pointer="/values",
        arguments=_arguments(block.body),
    )


def _arguments(body: Body) -> dict[str, tuple[str, ...]]:
    """The nodes that each argument, or block, refers to; one made of `each.value`, what is iterated over."""
    each = body.attributes.get("for_each")
    over = each.references if each is not None else ()
    found: dict[str, list[str]] = {}
    for name, attribute in body.attributes.items():
        found.setdefault(name, []).extend(attribute.references)
    for block in body.blocks:
        name = block.labels[0] if block.type == "dynamic" and block.labels else block.type
        found.setdefault(name, []).extend(_references(block.body))
    return {
        name: _nodes((*references, *(over if any(each.startswith("each.") for each in references) else ())))
        for name, references in found.items()
        if name not in _META
    }


def _body(scope: Scope, body: Body, type_: str) -> StaticValue:
    """What the arguments of a block are; blocks in it are lists of objects."""
    items: dict[str, StaticValue] = {}
    for name, attribute in body.attributes.items():
        value = _argument(scope, attribute.value)
        if name not in _META and not (value.is_known and value.value is None):
            is_block = type_ == _POLICY and name in _POLICY_BLOCKS and isinstance(value.value, dict)
            items[name] = list_of([value]) if is_block else value
    groups: dict[str, list[StaticValue]] = {}
    for block in body.blocks:
        if block.type == "dynamic" and len(block.labels) == 1:
            groups.setdefault(block.labels[0], []).append(UNKNOWN)
        elif block.type not in _META:
            groups.setdefault(block.type, []).append(_body(scope, block.body, type_))
    items |= {name: list_of(values) for name, values in groups.items()}
    read = object_of(items)
    hides = type_ == _POLICY and isinstance(read.unknown, dict) and _DECIDING & read.unknown.keys()
    return UNKNOWN if hides else read


def _argument(scope: Scope, expression: Expression) -> StaticValue:
    """An argument; of a policy that is not known as a whole, the part that is."""
    value = scope.value_of(expression)
    if value.is_known:
        return value
    document = document_of(scope, expression)
    return value if document.unknown is True else document
