"""What expressions of a module are without running Terraform: their values, and marks of what is not known.

A value is as a plan has it: what is unknown is left out of objects and null in lists, and marked.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from gatecli.sources.hcl.syntax import (
    Expression,
    FunctionCall,
    Literal,
    Object,
    OperatorCall,
    Template,
    Traversal,
    Tuple,
)

_REUSE = 8
"""How much more a value counts that is used again: the rules go through it again."""
_MAX_DEPTH = 100
"""How deep values may be made of others: locals of locals."""
_MAX_SIZE = 50_000
"""Characters and parts of one value; a larger one is not known."""
MAX_TOTAL = 1_000_000
"""The same of all that a module's values are made of, besides its text: a hostile file multiplies."""


class StaticValue(NamedTuple):
    """A value, the marks of what is unknown in it, its size, and how deep it is."""

    value: Any
    unknown: Any = False
    size: int = 1
    height: int = 0

    @property
    def is_known(self) -> bool:
        return self.unknown is False


UNKNOWN = StaticValue(None, unknown=True)
NULL = StaticValue(None)


@dataclass
class Scope:
    """What names mean in a module: `variables` are values, `locals_` and resources' arguments expressions.

    `resources` are those that are there exactly once, by type and name.
    """

    variables: Mapping[str, StaticValue] = field(default_factory=dict)
    locals_: Mapping[str, Expression] = field(default_factory=dict)
    resources: Mapping[tuple[str, str], Mapping[str, Expression]] = field(default_factory=dict)
    limit: int = MAX_TOTAL
    _known: dict[tuple[str | int, ...], StaticValue] = field(default_factory=dict, repr=False)
    _depth: int = 0
    _spent: int = 0

    @property
    def is_exhausted(self) -> bool:
        """Whether values were left unknown because there were too many."""
        return self._spent > self.limit

    def spend(self, size: int) -> None:
        """Count what is gone through again."""
        self._spent += _REUSE * size

    def value_of(self, expression: Expression) -> StaticValue:
        """The value of an expression. Memory and time are linear in the module's text."""
        if self._depth >= _MAX_DEPTH or self.is_exhausted:
            return UNKNOWN
        self._depth += 1
        value = self._read(expression)
        self._depth -= 1
        self._spent += value.size
        return value if value.size <= _MAX_SIZE and value.height <= _MAX_DEPTH else UNKNOWN

    def _read(self, expression: Expression) -> StaticValue:
        match expression:
            case Literal(literal):
                return StaticValue(literal, size=len(literal) + 1 if isinstance(literal, str) else 1)
            case Template(parts):
                return self._template(parts)
            case Tuple(items):
                return list_of([self.value_of(item) for item in items])
            case Object(entries):
                return self._object(entries)
            case Traversal(steps):
                return self._traversal(steps)
            case _:
                return self._compute(expression)

    def _compute(self, expression: Expression) -> StaticValue:
        match expression:
            case FunctionCall("jsonencode", (argument,)):
                value = self.value_of(argument)
                return text_of_json(value) if value.is_known else UNKNOWN
            case OperatorCall(operator, operands):
                return self._operation(operator, operands)
            case _:
                return UNKNOWN

    def _template(self, parts: tuple[str | Expression, ...]) -> StaticValue:
        texts, size = [], 1
        for part in parts:
            text = part if isinstance(part, str) else as_text(self.value_of(part))
            if text is None or (size := size + len(text)) > _MAX_SIZE:
                return UNKNOWN
            texts.append(text)
        return StaticValue("".join(texts), size=size)

    def _object(self, entries: tuple[tuple[Expression, Expression], ...]) -> StaticValue:
        items: dict[str, StaticValue] = {}
        for key, value in entries:
            name = as_text(self.value_of(key))
            if name is None:
                return UNKNOWN
            items[name] = self.value_of(value)
        return object_of(items)

    def _traversal(self, steps: tuple[str | int, ...]) -> StaticValue:
        if len(steps) < 2:
            return UNKNOWN
        match steps:
            case ("var", str(name), *rest):
                value = self.variables.get(name, UNKNOWN)
            case ("local", str(name), *rest):
                value = self.local(name)
            case (str(type_), str(name), str(argument), *rest) if (type_, name) in self.resources:
                value = self._remember((type_, name, argument), self.resources[type_, name].get(argument))
            case _:
                return UNKNOWN
        for step in rest:
            value = _step(value, step)
        return value

    def local(self, name: str) -> StaticValue:
        """The value of a local."""
        return self._remember(("local", name), self.locals_.get(name))

    def _remember(self, key: tuple[str | int, ...], expression: Expression | None) -> StaticValue:
        if key in self._known:
            self.spend(self._known[key].size)
        else:
            self._known[key] = UNKNOWN  # around a circle
            value = UNKNOWN if expression is None else self.value_of(expression)
            is_set = value.value is not None or key[0] == "local"
            self._known[key] = value if is_set else UNKNOWN
        return self._known[key]

    def _operation(self, operator: str, operands: tuple[Expression, ...]) -> StaticValue:
        first = self.value_of(operands[0])
        if operator == "?":
            if first.is_known and isinstance(first.value, bool):
                return self.value_of(operands[1 if first.value else 2])
            return UNKNOWN
        values = [first, *map(self.value_of, operands[1:])]
        if not all(each.is_known for each in values):
            return UNKNOWN
        return _result(operator, [each.value for each in values])


def _result(operator: str, values: list[Any]) -> StaticValue:
    if operator in {"==", "!="}:
        left, right = values
        if type(left) is not type(right) or not isinstance(left, str | bool | int):
            return UNKNOWN
        return StaticValue((left == right) is (operator == "=="))
    if not all(isinstance(value, bool) for value in values):
        return UNKNOWN
    match operator:
        case "!":
            return StaticValue(not values[0])
        case "&&":
            return StaticValue(all(values))
        case _:
            return StaticValue(any(values))


def _step(value: StaticValue, step: str | int) -> StaticValue:
    """A part of a value; what is not there is not known, as Terraform refuses it."""
    if value.unknown is True:
        return UNKNOWN
    inner, marks = value.value, value.unknown
    if isinstance(inner, dict):
        key = str(step)
        if key in inner:
            mark = marks.get(key, False) if isinstance(marks, dict) else False
            return value._replace(value=inner[key], unknown=mark)
    elif isinstance(inner, list) and isinstance(step, int) and 0 <= step < len(inner):
        return value._replace(value=inner[step], unknown=marks[step] if isinstance(marks, list) else False)
    return UNKNOWN


def list_of(items: list[StaticValue]) -> StaticValue:
    """A list of values."""
    marks = [item.unknown for item in items]
    is_known = all(mark is False for mark in marks)
    size = 1 + sum(item.size for item in items)
    return StaticValue([item.value for item in items], False if is_known else marks, size, _height(items))


def object_of(items: Mapping[str, StaticValue]) -> StaticValue:
    """An object of values, without those that are unknown as a whole."""
    marks = {name: item.unknown for name, item in items.items() if item.unknown is not False}
    values = {name: item.value for name, item in items.items() if item.unknown is not True}
    size = 1 + sum(item.size + len(name) for name, item in items.items())
    return StaticValue(values, marks or False, size, _height(items.values()))


def _height(items: Iterable[StaticValue]) -> int:
    return 1 + max((item.height for item in items), default=0)


def as_text(value: StaticValue) -> str | None:
    """A value inside a template; None where that is not known, or cannot be."""
    if not value.is_known or isinstance(value.value, float | list | dict) or value.value is None:
        return None
    if isinstance(value.value, bool):
        return "true" if value.value else "false"
    return str(value.value)


def text_of_json(value: StaticValue) -> StaticValue:
    """What Terraform's `jsonencode` gives."""
    text = json.dumps(value.value, sort_keys=True, ensure_ascii=False, separators=(",", ":"))
    for character in "<>&\u2028\u2029":
        text = text.replace(character, f"\\u{ord(character):04x}")
    return StaticValue(text, size=len(text) + 1)
