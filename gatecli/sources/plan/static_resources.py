"""A resource as its text has it: the values of its arguments, and marks of all that only a plan knows."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Literal, TypeAlias

from gatecli.model.plan import PlannedResource
from gatecli.model.plan_graph import node_of
from gatecli.sources.hcl import syntax as hcl
from gatecli.sources.hcl.syntax import Attribute, Body, Expression, NestedBlock, Object, Tuple
from gatecli.sources.plan.jobs import DEFINITIONS
from gatecli.sources.plan.static_documents import definition_of, document_of
from gatecli.sources.plan.static_values import UNKNOWN, Scope, StaticValue, list_of, object_of

Presence: TypeAlias = Literal["yes", "no", "unknown"]

_MODES = {"resource": "managed", "data": "data"}
_META = frozenset({"count", "for_each", "provider", "depends_on", "lifecycle", "provisioner", "connection"})
_POLICY = "aws_iam_policy_document"
_DECIDING = frozenset({"effect", "actions", "not_actions", "principals", "not_principals", "condition"})
_POLICY_BLOCKS = frozenset({"statement", "principals", "not_principals", "condition"})


def presence_of(scope: Scope, body: Body) -> Presence:
    """Whether a resource is there: by its `count`, or by what it is made for each of.

    What is made for each of something unknown is there: each instance is like its text.
    """
    count, each = body.attributes.get("count"), body.attributes.get("for_each")
    if count is not None:
        number = scope.value_of(count.value)
        if not number.is_known or number.value is None:
            return "unknown"
        return "no" if number.value in (0, "0") else "yes"
    over = UNKNOWN if each is None else scope.value_of(each.value)
    return "no" if over.is_known and over.value in ([], {}) else "yes"


def address_of(block: NestedBlock) -> str:
    """The address of a resource or a data source."""
    plain = ".".join(block.labels)
    return plain if block.type == "resource" else f"{block.type}.{plain}"


def nodes_in(references: Iterable[str]) -> tuple[str, ...]:
    """The nodes of references, each once."""
    nodes = (node_of("", reference) for reference in references)
    return tuple(dict.fromkeys(node for node in nodes if node))


def references_of(body: Body) -> Iterator[str]:
    """All that a block refers to."""
    pending = [body]
    while pending:
        inner = pending.pop()
        for attribute in inner.attributes.values():
            yield from attribute.references
        pending += [block.body for block in inner.blocks]


def resource_of(scope: Scope, block: NestedBlock, presence: Presence) -> PlannedResource:
    """A resource; of one that may not be there, nothing is known."""
    type_, name = block.labels
    mode = _MODES[block.type]
    values = _body(scope, block.body, type_, _META)
    is_there = presence == "yes"
    return PlannedResource(
        address_of(block),
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
        found.setdefault(name, []).extend(references_of(block.body))
    return {
        name: nodes_in((*references, *(over if any(each.startswith("each.") for each in references) else ())))
        for name, references in found.items()
        if name not in _META
    }


def _body(scope: Scope, body: Body, type_: str, left_out: frozenset[str] = frozenset()) -> StaticValue:
    """What the arguments of a block are; blocks in it are lists of objects."""
    items: dict[str, StaticValue] = {}
    groups: dict[str, list[StaticValue]] = {}
    for name, attribute in body.attributes.items():
        if type_ == _POLICY and name in _POLICY_BLOCKS:
            groups[name] = [_object_as_block(scope, each) for each in _objects(attribute.value)]
        elif name not in left_out:
            is_job = (type_, name) in DEFINITIONS
            value = (definition_of if is_job else _argument)(scope, attribute.value)
            if not (value.is_known and value.value is None):
                items[name] = value
    for block in body.blocks:
        if block.type == "dynamic" and len(block.labels) == 1:
            groups.setdefault(block.labels[0], []).append(UNKNOWN)
        elif block.type not in left_out:
            groups.setdefault(block.type, []).append(_body(scope, block.body, type_))
    items |= {name: list_of(values) for name, values in groups.items()}
    read = object_of(items)
    hides = type_ == _POLICY and isinstance(read.unknown, dict) and _DECIDING & read.unknown.keys()
    return UNKNOWN if hides else read


def _objects(expression: Expression) -> tuple[Expression, ...]:
    """The blocks that an argument stands for, as JSON syntax has them."""
    return expression.items if isinstance(expression, Tuple) else (expression,)


def _object_as_block(scope: Scope, expression: Expression) -> StaticValue:
    """A block of a policy that is written as an object; anything else is not known."""
    if not isinstance(expression, Object):
        return UNKNOWN
    entries = {
        str(key.value): Attribute(value) for key, value in expression.entries if isinstance(key, hcl.Literal)
    }
    return _body(scope, Body(entries), _POLICY)


def _argument(scope: Scope, expression: Expression) -> StaticValue:
    """An argument; of a policy that is not known as a whole, the part that is."""
    value = scope.value_of(expression)
    if value.is_known:
        return value
    document = document_of(scope, expression)
    return value if document.unknown is True else document
