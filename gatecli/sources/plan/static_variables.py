"""The variables of a module without a plan: their literal defaults, and what files of variables set.

Source: Terraform, "Type Constraints"; "Variable Definitions (.tfvars) Files".
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any

from gatecli.model.plan import Variable
from gatecli.sources.hcl.syntax import (
    Attribute,
    Body,
    Expression,
    FunctionCall,
    Literal,
    NestedBlock,
    Traversal,
)
from gatecli.sources.plan.static_values import UNKNOWN, Scope, StaticValue, as_text, list_of, object_of

_WORDS = {"true": True, "false": False}
_TRUE = (Literal(value=True), Literal("true"))


def values_of_variables(
    blocks: Iterable[NestedBlock], given: Mapping[str, Attribute]
) -> dict[str, StaticValue]:
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
    return marked is not None and marked.value in _TRUE


def _convert(value: StaticValue, type_: Expression) -> StaticValue:
    """A value as its type constraint makes it; what is not simple is not known."""
    given = value.value
    match type_:
        case _ if given is None:
            return value
        case Literal(str(name)) | Traversal((str(name),)):
            return _convert_to(value, name)
        case FunctionCall("list" | "set" as kind, (item,)) if isinstance(given, list):
            items = list_of([_convert(StaticValue(each), item) for each in given])
            return items._replace(value=_set_of(items.value)) if items.is_known and kind == "set" else items
        case FunctionCall("map", (item,)) if isinstance(given, dict):
            return object_of({key: _convert(StaticValue(each), item) for key, each in given.items()})
        case _:
            return UNKNOWN


def _set_of(values: list[Any]) -> list[Any]:
    return sorted(set(values)) if all(isinstance(each, str) for each in values) else values


def _convert_to(value: StaticValue, name: str) -> StaticValue:
    """A value as a type of one word; of what would have to be refused nothing is known."""
    given = value.value
    is_of_type = _OF_A_TYPE.get(name)
    if name == "any" or (is_of_type is not None and is_of_type(given)):
        return value
    if name == "string":
        text = as_text(value)
        return UNKNOWN if text is None else value._replace(value=text)
    if name == "bool" and isinstance(given, str) and given in _WORDS:
        return value._replace(value=_WORDS[given])
    return UNKNOWN


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


_OF_A_TYPE: Mapping[str, Callable[[Any], bool]] = {
    "list": lambda value: isinstance(value, list),
    "map": lambda value: isinstance(value, dict),
    "string": lambda value: isinstance(value, str),
    "number": _is_number,
    "bool": lambda value: isinstance(value, bool),
}
