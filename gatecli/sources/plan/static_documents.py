"""Policy documents of which only a part is known: that everyone is let in may stand in that part.

Where an expression stands in a document, it is a placeholder; two that read alike have the same one.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterator
from typing import Any

from gatecli.model.job_definition import HOLE
from gatecli.sources.hcl.syntax import Expression, FunctionCall, Object, Template, Traversal, Tuple
from gatecli.sources.plan.static_values import UNKNOWN, Scope, StaticValue, as_text

_MARK = "\0"
_HARMLESS = frozenset({"resource", "notresource", "sid", "id", "version"})
"""Members that do not decide who is let in."""
_PLACEHOLDER = re.compile(r"(?:\0|\\u0000)(?:[0-9a-f]{16})?")
_MAX_DEPTH = 40
_MAX_SIZE = 50_000


def document_of(scope: Scope, expression: Expression) -> StaticValue:
    """The known part of a JSON policy, as an object; unknown where what is unknown may close what it opens.

    A statement that allows, and of which more is unknown than what it is about, is left out.
    """
    match expression:
        case FunctionCall("jsonencode", (argument,)):
            document = _Filler(scope).fill(argument, 0)
        case Template():
            document = _decode(_Filler(scope).fill(expression, 0))
        case Traversal(("local", str(name))) if name in scope.locals_:
            inner = scope.locals_[name]
            is_alias = isinstance(inner, Traversal)
            return UNKNOWN if is_alias else document_of(scope, inner)
        case _:
            return UNKNOWN
    return _known_part(document) if isinstance(document, dict) else UNKNOWN


def definition_of(scope: Scope, expression: Expression) -> StaticValue:
    """The text of a definition of jobs, with a hole for each part that only a plan knows."""
    known = scope.value_of(expression)
    if known.is_known:
        return known
    match expression:
        case FunctionCall("jsonencode", (argument,)):
            text: Any = json.dumps(_Filler(scope).fill(argument, 0), default=str, ensure_ascii=False)
        case Template():
            text = _Filler(scope).fill(expression, 0)
        case Traversal(("local", str(name))) if name in scope.locals_:
            inner = scope.locals_[name]
            return UNKNOWN if isinstance(inner, Traversal) else definition_of(scope, inner)
        case _:
            return UNKNOWN
    return StaticValue(_PLACEHOLDER.sub(HOLE, text)) if isinstance(text, str) else UNKNOWN


class _Filler:
    """Values with placeholders; what it made is bounded, as locals may be used many times."""

    def __init__(self, scope: Scope) -> None:
        self._scope = scope
        self._left = _MAX_SIZE

    def fill(self, expression: Expression, depth: int) -> Any:
        self._left -= 1
        self._scope.spend(1)
        if self._scope.is_exhausted:
            return _MARK
        known = self._scope.value_of(expression)
        if known.is_known:
            self._left -= known.size
            return known.value if self._left > 0 else _MARK
        if depth > _MAX_DEPTH or self._left <= 0:
            return _MARK
        return self._fill_parts(expression, depth + 1)

    def _fill_parts(self, expression: Expression, depth: int) -> Any:
        match expression:
            case Template(parts):
                return "".join(part if isinstance(part, str) else self._text(part) for part in parts)
            case Tuple(items):
                return [self.fill(item, depth) for item in items]
            case Object(entries):
                keys = [(as_text(self._scope.value_of(key)), value) for key, value in entries]
                return {_MARK if key is None else key: self.fill(value, depth) for key, value in keys}
            case Traversal(("local", str(name))) if name in self._scope.locals_:
                return self.fill(self._scope.locals_[name], depth)
            case _:
                return _placeholder(expression)

    def _text(self, part: Expression) -> str:
        return as_text(self._scope.value_of(part)) or _placeholder(part)


def _placeholder(expression: Expression) -> str:
    if not isinstance(expression, Traversal):
        return _MARK
    return _MARK + hashlib.sha256(repr(expression.steps).encode("utf-8", "surrogatepass")).hexdigest()[:16]


def _decode(text: Any) -> Any:
    try:
        return json.loads(text, strict=False) if isinstance(text, str) else text
    except (ValueError, RecursionError):
        return None


def _known_part(document: dict[str, Any]) -> StaticValue:
    names = [name for name in document if name.lower() == "statement"]
    if len(names) != 1 or any(_is_open(value) for key, value in document.items() if key not in names):
        return UNKNOWN
    held = document[names[0]]
    statements = held if isinstance(held, list) else [held]
    known = [each for each in statements if not _is_open(each)]
    left_out = [each for each in statements if _is_open(each)]
    if not known or not all(_only_allows(each) for each in left_out):
        return UNKNOWN
    return StaticValue(document | {names[0]: known}, {names[0]: True})


def _only_allows(statement: Any) -> bool:
    effects = (
        [value for key, value in statement.items() if key.lower() == "effect"]
        if isinstance(statement, dict)
        else []
    )
    return [str(effect).lower() for effect in effects] == ["allow"]


def _is_open(value: Any) -> bool:
    """Whether a placeholder stands where it counts."""
    return any(_MARK in text for text in _deciding_texts(value))


def _deciding_texts(value: Any) -> Iterator[str]:
    pending = [value]
    while pending:
        part = pending.pop()
        if isinstance(part, dict):
            yield from (str(key) for key in part)
            pending += [item for key, item in part.items() if str(key).lower() not in _HARMLESS]
        elif isinstance(part, list):
            pending += part
        elif isinstance(part, str):
            yield part
