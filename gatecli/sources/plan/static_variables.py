"""The variables of a module without a plan: their literal defaults, and what files of variables set.

Source: Terraform, "Type Constraints"; "Variable Definitions (.tfvars) Files".
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from gatecli.model.plan import Variable
from gatecli.sources.hcl.syntax import Attribute, Body, Expression, FunctionCall, Literal, NestedBlock, Traversal
from gatecli.sources.plan.static_values import UNKNOWN, Scope, StaticValue

_WORDS = {"true": True, "false": False}


def values_of_variables(blocks: Iterable[NestedBlock], given: Mapping[str, Attribute]) -> dict[str, StaticValue]:
    """The value of each declared variable; one without a literal is not known."""
    nothing = Scope()
    values: dict[str, StaticValue] = {}
    for block in blocks:
        name = block.labels[0]
        stated = given.get(name, block.body.attributes.get("default"))
        value = UNKNOWN if stated is None else nothing.value_of(stated.value)
        declared = block.body.attributes.get("type")
        read = value if declared is None or not value.is_known else _convert(value, declared.value)
        values[name] = read if name not in values else UNKNOWN
    return values


def variables_of_blocks(blocks: Iterable[NestedBlock]) -> tuple[Variable, ...]:
    """The variables, and whether each is marked sensitive."""
    return tuple(Variable(block.labels[0], None, _is_true(block.body)) for block in blocks)


def _is_true(body: Body) -> bool:
    marked = body.attributes.get("sensitive")
    return marked is not None and marked.value in {Literal(True), Literal("true")}


def _convert(value: StaticValue, type_: Expression) -> StaticValue:
    """A value as its type constraint makes it; what is not simple is not known."""
    if value.value is None:
        return value
    match type_:
        case Literal(str(name)) | Traversal((str(name),)):
            return _convert_to(value, name)
        case FunctionCall("list" | "set" as kind, (item,)) if isinstance(value.value, list):
            items = [_convert(StaticValue(each), item) for each in value.value]
            if not all(each.is_known for each in items):
                return UNKNOWN
            values: list[Any] = [each.value for each in items]
            return value._replace(value=_set_of(values) if kind == "set" else values)
        case FunctionCall("map", (item,)) if isinstance(value.value, dict):
            entries = {key: _convert(StaticValue(each), item) for key, each in value.value.items()}
            if not all(each.is_known for each in entries.values()):
                return UNKNOWN
            return value._replace(value={key: each.value for key, each in entries.items()})
        case _:
            return UNKNOWN


def _set_of(values: list[Any]) -> list[Any]:
    return sorted(set(values)) if all(isinstance(each, str) for each in values) else values


def _convert_to(value: StaticValue, name: str) -> StaticValue:
    given = value.value
    match name:
        case "any":
            return value
        case "list" if isinstance(given, list):
            return value
        case "map" if isinstance(given, dict):
            return value
        case "string" if isinstance(given, bool):
            return value._replace(value=str(given).lower())
        case "string" if isinstance(given, str | int):
            return value._replace(value=str(given))
        case "number" if isinstance(given, int | float) and not isinstance(given, bool):
            return value
        case "bool" if isinstance(given, bool):
            return value
        case "bool" if given in _WORDS:
            return value._replace(value=_WORDS[given])
        case _:
            return UNKNOWN
