"""Terraform's JSON syntax as bodies: each text is a template, and a block is an object or a list of them.

Source: Terraform, "JSON Configuration Syntax".
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from gatecli.sources.hcl.bodies import read_template
from gatecli.sources.hcl.expressions import MAX_DEPTH
from gatecli.sources.hcl.syntax import (
    Attribute,
    Body,
    Expression,
    Literal,
    NestedBlock,
    Object,
    OpaqueExpression,
    SyntaxTree,
    Tuple,
)
from gatecli.sources.json_text import read_json

_LABELS = {"resource": 2, "data": 2, "module": 1, "variable": 1, "locals": 0}
_OPAQUE = Attribute(OpaqueExpression())


def read_json_bodies(name: str, text: str) -> SyntaxTree:
    """The blocks of a file in JSON syntax that hold values. Raises `ReadError` for JSON that is none."""
    data = read_json(name, text)[0].data
    top = data if isinstance(data, dict) else {}
    blocks = [
        NestedBlock(type_, labels, Body(dict(_attributes(body, plain=type_ == "variable"))))
        for type_, count in _LABELS.items()
        for labels, body in _bodies(top.get(type_), count)
    ]
    return SyntaxTree(Body({}, tuple(blocks)), isinstance(data, dict))


def read_json_values(name: str, text: str) -> Body:
    """A file of variables in JSON: literal values. Raises `ReadError`."""
    data = read_json(name, text)[0].data
    return Body(dict(_attributes(data, plain=True)) if isinstance(data, dict) else {})


def _bodies(
    data: object, count: int, labels: tuple[str, ...] = ()
) -> Iterator[tuple[tuple[str, ...], Mapping[str, object]]]:
    if isinstance(data, list):
        for item in data:
            yield from _bodies(item, count, labels)
    elif isinstance(data, dict) and count:
        for key, item in data.items():
            yield from _bodies(item, count - 1, (*labels, str(key)))
    elif isinstance(data, dict):
        yield labels, data


def _attributes(body: Mapping[str, object], *, plain: bool) -> Iterator[tuple[str, Attribute]]:
    for name, value in body.items():
        if name == "dynamic" and isinstance(value, dict):
            yield from ((each, _OPAQUE) for each in value)
        elif name != "//":
            references: dict[str, None] = {}
            expression = _expression(value, references, plain=plain)
            yield name, Attribute(expression, tuple(references))


def _expression(value: object, references: dict[str, None], *, plain: bool, depth: int = 0) -> Expression:
    """A value; with `plain`, its texts are not templates. What is too deep is not known."""
    if depth > MAX_DEPTH:
        return OpaqueExpression()
    if isinstance(value, dict):
        return Object(
            tuple(
                (
                    _text(str(key), references, plain=plain),
                    _expression(item, references, plain=plain, depth=depth + 1),
                )
                for key, item in value.items()
            )
        )
    if isinstance(value, list):
        return Tuple(tuple(_expression(item, references, plain=plain, depth=depth + 1) for item in value))
    if isinstance(value, str):
        return _text(value, references, plain=plain)
    return Literal(value) if isinstance(value, int | float | None) else OpaqueExpression()


def _text(text: str, references: dict[str, None], *, plain: bool) -> Expression:
    if plain:
        return Literal(text)
    read = read_template(text)
    if read is None:
        return OpaqueExpression()
    references.update(dict.fromkeys(read.references))
    return read.value
