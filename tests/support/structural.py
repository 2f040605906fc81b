"""What an API server checks of an object by a structural schema: small, strict, by the reference."""

from __future__ import annotations

import re
from collections.abc import Iterator
from decimal import Decimal
from typing import Any

_TYPES: dict[str, tuple[type, ...]] = {
    "array": (list,),
    "boolean": (bool,),
    "integer": (int,),
    "object": (dict,),
    "string": (str,),
}


def problems(value: Any, schema: dict[str, Any], at: str = "") -> Iterator[str]:
    """Where `value` is refused, or would be pruned, by `schema`."""
    if value is None:
        if not schema.get("nullable"):
            yield f"{at}: null"
        return
    kind = schema.get("type")
    if kind and (not isinstance(value, _TYPES[kind]) or (kind == "integer" and isinstance(value, bool))):
        yield f"{at}: no {kind}"
        return
    if "enum" in schema and value not in schema["enum"]:
        yield f"{at}: none of {schema['enum']}"
    yield from _bounds(value, schema, at)
    if isinstance(value, list):
        for index, item in enumerate(value):
            yield from problems(item, schema["items"], f"{at}/{index}")
    if isinstance(value, dict) and not schema.get("x-kubernetes-preserve-unknown-fields"):
        for key, item in value.items():
            inner = schema.get("properties", {}).get(key, schema.get("additionalProperties"))
            if inner is None:
                yield f"{at}/{key}: unknown"
            else:
                yield from problems(item, inner, f"{at}/{key}")
        yield from (f"{at}/{key}: missing" for key in schema.get("required", ()) if key not in value)


def _bounds(value: Any, schema: dict[str, Any], at: str) -> Iterator[str]:
    if isinstance(value, str):
        if "pattern" in schema and not re.search(schema["pattern"], value):
            yield f"{at}: not like {schema['pattern']}"
        if len(value) < schema.get("minLength", 0):
            yield f"{at}: too short"
    is_number = isinstance(value, int | float | Decimal) and not isinstance(value, bool)
    if is_number and not schema.get("minimum", value) <= value <= schema.get("maximum", value):
        yield f"{at}: out of bounds"


def unstructural(schema: dict[str, Any], at: str = "") -> Iterator[str]:
    """Where a schema is none that Kubernetes takes (apiextensions.k8s.io/v1, structural schemas)."""
    for word in ("$ref", "anyOf", "allOf", "oneOf", "not", "const", "patternProperties", "$defs", "default"):
        if word in schema:
            yield f"{at}: {word}"
    if "type" not in schema and not schema.get("x-kubernetes-preserve-unknown-fields"):
        yield f"{at}: no type"
    if "properties" in schema and "additionalProperties" in schema:
        yield f"{at}: properties and additionalProperties"
    if schema.get("type") == "array" and "items" not in schema:
        yield f"{at}: no items"
    inner = {**schema.get("properties", {})}
    inner |= {key: schema[key] for key in ("items", "additionalProperties") if key in schema}
    for key, each in inner.items():
        if isinstance(each, dict):
            yield from unstructural(each, f"{at}/{key}")
        else:
            yield f"{at}/{key}: no schema"
