"""Values to JSON and back, exactly: a closed list of types, and nothing else is ever made of a file."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import fields
from datetime import date
from decimal import Decimal
from enum import Enum
from fractions import Fraction
from typing import Any, cast

from gatecli.model.budget import Bounds, Neighbouring
from gatecli.model.document import Place
from gatecli.model.finding import Finding, Rule, Severity, Suppression
from gatecli.model.inline import Allowances, InlineAllowance, InlineFault
from gatecli.model.verdict import Checked, Examined

VALUES: tuple[type[Any], ...] = (
    Allowances, Bounds, Checked, Examined, Finding, InlineAllowance, InlineFault, Place, Rule, Suppression,
)  # fmt: skip
"""Dataclasses that may be kept. Pictures are not kept: they hold values of columns, and are drawn again."""

ENUMS: tuple[type[Enum], ...] = (Neighbouring, Severity)

_SAFE = 2**53


class NotKeptError(TypeError):
    """A value of a kind that is not kept."""


class Codec:
    """Encodes `VALUES` and `more` dataclasses, and what they are made of."""

    def __init__(self, *more: type[Any]) -> None:
        self._fields = {kind: tuple(item.name for item in fields(kind)) for kind in (*VALUES, *more)}
        self._kinds: dict[str, type[Any]] = {kind.__name__: kind for kind in (*self._fields, *ENUMS)}

    def encode(self, value: object) -> Any:
        """What JSON holds: plain scalars as they are, all else a list that begins with its kind.

        Types count exactly, not their subclasses. Raises `NotKeptError`.
        """
        kind = type(value)
        if kind in _PLAIN:
            return value
        if kind in _EXACT:
            return _EXACT[kind](value)
        if kind in _MANY:
            return [_MANY[kind], *map(self.encode, cast("tuple[object, ...]", value))]
        if isinstance(value, Mapping):
            return ["mapping", *([self.encode(key), self.encode(value[key])] for key in value)]
        if kind not in self._fields:
            raise NotKeptError(f"{kind.__name__} is not kept")
        return [kind.__name__, *(self.encode(getattr(value, name)) for name in self._fields[kind])]

    def decode(self, data: Any) -> Any:
        """The value that `encode` was given.

        Raises ValueError, TypeError, KeyError or ArithmeticError for anything else.
        """
        if not isinstance(data, list):
            return data
        kind, *parts = data
        if kind in _SCALARS:
            return _SCALARS[kind](*parts)
        if kind == "mapping":
            return {self.decode(key): self.decode(value) for key, value in parts}
        inner = map(self.decode, parts)
        if kind in _SEQUENCES:
            return _SEQUENCES[kind](inner)
        return self._kinds[kind](*inner)


def _integer(number: int) -> Any:
    return number if abs(number) < _SAFE else ["int", f"{number:x}"]


def _fraction(numerator: str, denominator: str) -> Fraction:
    return Fraction(int(numerator, 16), int(denominator, 16))


_PLAIN = frozenset({bool, str, type(None)})
_MANY: Mapping[type[Any], str] = {tuple: "tuple", list: "list"}
_EXACT: Mapping[type[Any], Callable[[Any], Any]] = {
    int: _integer,
    float: lambda number: ["float", number.hex()],
    Fraction: lambda number: ["fraction", f"{number.numerator:x}", f"{number.denominator:x}"],
    Decimal: lambda number: ["decimal", str(number)],
    date: lambda day: ["date", day.isoformat()],
    **{kind: lambda member: [type(member).__name__, member.value] for kind in ENUMS},
}
_SCALARS: Mapping[str, Callable[..., Any]] = {
    "int": lambda text: int(text, 16),
    "float": float.fromhex,
    "fraction": _fraction,
    "decimal": Decimal,
    "date": date.fromisoformat,
}
_SEQUENCES: Mapping[str, Callable[[Any], Any]] = {"tuple": tuple, "list": list}
