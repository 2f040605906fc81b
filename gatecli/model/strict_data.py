"""Frozen dataclasses as strict JSON: one definition gives the reader, the writer and the schema.

It is for what must be read in a quarter of a second, which pydantic takes to be imported. Keys are the names
of the fields in camelCase. A field with a default may be left out; a key that is not known, a null and a
float are refused.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import MISSING, dataclass, fields, is_dataclass
from functools import cache
from types import UnionType
from typing import Annotated, Any, Literal, TypeVar, Union, cast, get_args, get_origin, get_type_hints

Kind = TypeVar("Kind")


class InvalidData(ValueError):
    """Data that is not what a dataclass holds; `pointer` (RFC 6901) says where."""

    def __init__(self, pointer: str, problem: str) -> None:
        super().__init__(f"at {pointer or '/'}: {problem}")
        self.pointer = pointer
        self.problem = problem


@dataclass(frozen=True, slots=True)
class Matching:
    """A text that a regular expression matches whole."""

    pattern: str

    def fits(self, value: Any) -> bool:
        return re.fullmatch(self.pattern, value, re.ASCII) is not None

    def as_schema(self) -> dict[str, Any]:
        return {"pattern": f"^({self.pattern})$"}


@dataclass(frozen=True, slots=True)
class Within:
    """A whole number in a range, both ends included."""

    least: int
    most: int

    def fits(self, value: Any) -> bool:
        return self.least <= int(value) <= self.most

    def as_schema(self) -> dict[str, Any]:
        return {"minimum": self.least, "maximum": self.most}


def read_data(kind: type[Kind], data: object) -> Kind:
    """The value of `kind` that JSON data states. Raises InvalidData."""
    return cast("Kind", _read(kind, data, ""))


def data_of(value: object) -> Any:
    """The JSON data of a value that `read_data` reads back; what is None is left out."""
    if is_dataclass(value) and not isinstance(value, type):
        pairs = ((key_of(each.name), getattr(value, each.name)) for each in fields(value))
        return {key: data_of(item) for key, item in pairs if item is not None}
    if isinstance(value, Mapping):
        return {str(key): data_of(item) for key, item in value.items()}
    return [data_of(item) for item in value] if isinstance(value, tuple) else value


def key_of(name: str) -> str:
    """The camelCase key of a field."""
    first, *others = name.split("_")
    return first + "".join(other.capitalize() for other in others)


def data_schema(kind: type) -> dict[str, Any]:
    """The JSON Schema (2020-12) of what `read_data` reads as `kind`, without what `__post_init__` demands."""
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", "title": kind.__name__} | _schema(kind)


@cache
def _hints(kind: type) -> dict[str, Any]:
    return get_type_hints(kind, include_extras=True)


def _read(hint: Any, data: object, at: str) -> object:
    if is_dataclass(hint):
        return _read_object(cast("type", hint), data, at)
    origin = get_origin(hint)
    reader = _READERS.get(origin)
    if reader is not None:
        return reader(get_args(hint), data, at)
    if type(data) is not hint:
        raise InvalidData(at, f"it is not {_WORDS[hint]}")
    return data


def _read_object(kind: type, data: object, at: str) -> object:
    if not isinstance(data, dict):
        raise InvalidData(at, "it is not an object")
    known = {key_of(each.name): each for each in fields(kind)}
    for key in data:
        if key not in known:
            raise InvalidData(at, "it holds a key that is not known")
    for key, each in known.items():
        if key not in data and each.default is MISSING and each.default_factory is MISSING:
            raise InvalidData(at, f"{key} is missing")
    hints = _hints(kind)
    values = {
        each.name: _read(hints[each.name], data[key], f"{at}/{key}")
        for key, each in known.items()
        if key in data
    }
    try:
        return kind(**values)
    except InvalidData:
        raise
    except ValueError as error:
        raise InvalidData(at, str(error)) from None


def _read_annotated(args: tuple[Any, ...], data: object, at: str) -> object:
    value = _read(args[0], data, at)
    if not all(rule.fits(value) for rule in args[1:]):
        raise InvalidData(at, "it does not have the form that it must have")
    return value


def _read_union(args: tuple[Any, ...], data: object, at: str) -> object:
    """`X | None`: the key is left out where there is none."""
    return _read(args[0], data, at)


def _read_tuple(args: tuple[Any, ...], data: object, at: str) -> object:
    if not isinstance(data, list):
        raise InvalidData(at, "it is not a list")
    return tuple(_read(args[0], item, f"{at}/{number}") for number, item in enumerate(data))


def _read_mapping(args: tuple[Any, ...], data: object, at: str) -> object:
    if not isinstance(data, dict):
        raise InvalidData(at, "it is not an object")
    return {_read(args[0], key, at): _read(args[1], item, f"{at}/*") for key, item in data.items()}


def _read_literal(args: tuple[Any, ...], data: object, at: str) -> object:
    if not isinstance(data, str) or data not in args:
        raise InvalidData(at, f"it is not {' or '.join(args)}")
    return data


_READERS: Mapping[Any, Callable[[tuple[Any, ...], object, str], object]] = {
    Annotated: _read_annotated,
    UnionType: _read_union,
    Union: _read_union,
    tuple: _read_tuple,
    Mapping: _read_mapping,
    Literal: _read_literal,
}
_WORDS = {str: "a text", int: "a whole number", bool: "true or false"}
_TYPES = {str: "string", int: "integer", bool: "boolean"}


def _schema(hint: Any) -> dict[str, Any]:
    if is_dataclass(hint):
        return _object_schema(cast("type", hint))
    writer = _SCHEMAS.get(get_origin(hint))
    return {"type": _TYPES[hint]} if writer is None else writer(get_args(hint))


def _annotated_schema(args: tuple[Any, ...]) -> dict[str, Any]:
    return _schema(args[0]) | {key: item for rule in args[1:] for key, item in rule.as_schema().items()}


_SCHEMAS: Mapping[Any, Callable[[tuple[Any, ...]], dict[str, Any]]] = {
    Annotated: _annotated_schema,
    UnionType: lambda args: _schema(args[0]),
    Union: lambda args: _schema(args[0]),
    tuple: lambda args: {"type": "array", "items": _schema(args[0])},
    Mapping: lambda args: {"type": "object", "additionalProperties": _schema(args[1])},
    Literal: lambda args: {"enum": list(args)},
}


def _object_schema(kind: type) -> dict[str, Any]:
    hints = _hints(kind)
    described = " ".join((kind.__doc__ or "").split())
    return {
        "description": described,
        "type": "object",
        "additionalProperties": False,
        "required": [
            key_of(each.name)
            for each in fields(kind)
            if each.default is MISSING and each.default_factory is MISSING
        ],
        "properties": {key_of(each.name): _schema(hints[each.name]) for each in fields(kind)},
    }
