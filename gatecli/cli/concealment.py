"""Whatever is shown or written, with the personal data in any text of it masked."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields, is_dataclass, replace
from typing import Any, TypeVar, cast

from gatecli.model.finding import Rule
from gatecli.pii.concealing import concealed

Value = TypeVar("Value")

_OURS = frozenset({"fingerprint", "sha256"})
"""What holds a digest that others compare with."""


def without_values(value: Value) -> Value:
    """A copy of what a report is made of: verdicts, findings, measures; shared where nothing is masked."""
    return cast("Value", _without(value))


def _without(value: Any) -> Any:
    if type(value) is str:
        return concealed(value)
    if isinstance(value, Rule):
        return value
    if is_dataclass(value) and not isinstance(value, type):
        changed = {
            field.name: new
            for field in fields(value)
            if field.name not in _OURS and (new := _without(old := getattr(value, field.name))) is not old
        }
        return replace(value, **changed) if changed else value
    if isinstance(value, Mapping):
        entries = [(_without(key), item if key in _OURS else _without(item)) for key, item in value.items()]
        same = all(a is k and b is v for (a, b), (k, v) in zip(entries, value.items(), strict=True))
        return value if same else dict(entries)
    if isinstance(value, tuple | list):
        items = [_without(item) for item in value]
        same = all(new is old for new, old in zip(items, value, strict=True))
        return value if same else type(value)(items)
    return value
