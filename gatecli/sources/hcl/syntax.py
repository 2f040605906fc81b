"""Expressions and bodies of HCL, as values."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TypeAlias


@dataclass(frozen=True, slots=True)
class Literal:
    """A text, a number, true, false or null."""

    value: str | int | float | bool | None


@dataclass(frozen=True, slots=True)
class Template:
    """Texts and what is put between them."""

    parts: tuple[str | Expression, ...]


@dataclass(frozen=True, slots=True)
class Tuple:
    """A list of expressions."""

    items: tuple[Expression, ...]


@dataclass(frozen=True, slots=True)
class Object:
    """Keys and values; a key that is a bare word is its text."""

    entries: tuple[tuple[Expression, Expression], ...]


@dataclass(frozen=True, slots=True)
class Traversal:
    """A name, and the attributes and literal indices behind it: `var.x`, `local.y["z"]`."""

    steps: tuple[str | int, ...]


@dataclass(frozen=True, slots=True)
class FunctionCall:
    """A function and its arguments."""

    name: str
    arguments: tuple[Expression, ...]


@dataclass(frozen=True, slots=True)
class OperatorCall:
    """`?`, `!`, `==`, `!=`, or a chain of `&&` or of `||`."""

    operator: str
    operands: tuple[Expression, ...]


@dataclass(frozen=True, slots=True)
class OpaqueExpression:
    """Anything else: what it gives is not known."""


Expression: TypeAlias = (
    Literal | Template | Tuple | Object | Traversal | FunctionCall | OperatorCall | OpaqueExpression
)


@dataclass(frozen=True, slots=True)
class Attribute:
    """An argument, and all that its expression refers to, without indices: `module.m.x`."""

    value: Expression
    references: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Body:
    """The arguments of a block or a file, and the blocks in it."""

    attributes: Mapping[str, Attribute] = field(default_factory=dict)
    blocks: tuple[NestedBlock, ...] = ()


@dataclass(frozen=True, slots=True)
class NestedBlock:
    """A block: its type, its labels, and what is in it."""

    type: str
    labels: tuple[str, ...] = ()
    body: Body = field(default_factory=Body)


@dataclass(frozen=True, slots=True)
class SyntaxTree:
    """What a file holds; `is_whole` is False where parts of it could not be made out."""

    body: Body
    is_whole: bool = True
