"""Whatever is shown or written, with the personal data in any text of it masked."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import fields, is_dataclass, replace
from typing import Any, TypeVar, cast

from pydantic import BaseModel

from gatecli.pii.concealing import conceal_values

Value = TypeVar("Value")

_OURS = frozenset({"fingerprint", "sha256"})
"""What holds a digest that others compare with."""


def without_values(value: Value) -> Value:
    """A copy of what a report is made of: verdicts, findings, measures; shared where nothing is masked."""
    return cast("Value", _without(value))


def _without(value: Any) -> Any:
    if type(value) is str:  # not the members of an enumeration
        return conceal_values(value)
    if is_dataclass(value) and not isinstance(value, type):
        changed = _changed_fields(value, [field.name for field in fields(value)])
        return replace(value, **changed) if changed else value
    if isinstance(value, BaseModel):
        changed = _changed_fields(value, type(value).model_fields)
        return value.model_copy(update=changed) if changed else value
    return _container(value)


def _changed_fields(value: Any, names: Iterable[str]) -> dict[str, Any]:
    """The fields that are shown otherwise than they are."""
    held = {name: getattr(value, name) for name in names if name not in _OURS}
    told = {name: _without(old) for name, old in held.items()}
    return {name: new for name, new in told.items() if new is not held[name]}


def _container(value: Any) -> Any:
    if isinstance(value, Mapping):
        told = {_without(key): item if key in _OURS else _without(item) for key, item in value.items()}
        same = all(key in value and item is value[key] for key, item in told.items())
        return value if same and len(told) == len(value) else told
    if isinstance(value, tuple | list):
        items = [_without(item) for item in value]
        same = all(new is old for new, old in zip(items, value, strict=True))
        return value if same else getattr(value, "_make", type(value))(items)
    return value
