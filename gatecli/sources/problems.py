"""Validation errors as sentences: what was found, what is expected, how to fix it."""

from __future__ import annotations

import difflib
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from functools import cache
from typing import Any

from pydantic import ValidationError

from gatecli.model.base import Value, schema_of
from gatecli.model.document import pointer_of
from gatecli.model.quoting import quote_name, tells
from gatecli.sources.positioned_tree import printable


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing wrong with a document. `type` is pydantic's; `at_key` marks a problem of the key itself."""

    type: str
    message: str
    mend: str
    pointer: str
    at_key: bool = False


@dataclass(frozen=True, slots=True)
class _Fault:
    """A pydantic error, with the keys that its location means in the data."""

    type: str
    keys: tuple[str | int, ...]
    found: object
    context: Mapping[str, Any]
    known: Callable[[], Sequence[str]]

    @property
    def name(self) -> str:
        """The value's name: its key, or `mechanisms[0]` for an item."""
        match self.keys:
            case (*_, str(key), int(index)):
                return f"{quote_name(key)}[{index}]"
            case (*_, key):
                return quote_name(str(key))
        return "the document"

    @property
    def parent(self) -> str:
        return _Fault(self.type, self.keys[:-1], None, {}, self.known).name

    @property
    def choices(self) -> list[str]:
        listed = str(self.context.get("expected") or self.context.get("expected_tags", ""))
        return [part for part in listed.split("'")[1::2] if part]


def closest(word: object, known: Iterable[str]) -> str | None:
    """What a mistyped word probably means."""
    folded = {name.lower(): name for name in known}
    near = difflib.get_close_matches(str(word).lower()[:100], folded, n=1)
    return folded[near[0]] if near else None


def suggestion(word: object, known: Sequence[str], otherwise: str) -> str:
    """Advice that names the closest known word, else all of them."""
    if near := closest(word, known):
        return f"did you mean {near}?"
    return f"{otherwise}: {', '.join(known)}" if known else otherwise


def problems_of(error: ValidationError, data: object, model: type[Value]) -> tuple[Problem, ...]:
    """Every problem of `data` once, in the order of the document's keys."""
    problems: dict[str, Problem] = {}
    for item in error.errors(include_url=False):
        if _says_nothing(item):
            continue
        keys = _keys_of(item["loc"], data)
        found = _Fault(
            item["type"],
            keys,
            item.get("input"),
            item.get("ctx", {}),
            lambda keys=keys: known_keys(model, data, keys[:-1]),  # type: ignore[misc]  # lambda default
        )
        message, mend = _SENTENCES.get(found.type, _fallback(item["msg"]))(found)
        pointer = pointer_of(keys)
        at_key = found.type in _UNKNOWN_KEY
        problems.setdefault(pointer, Problem(found.type, message, mend, pointer, at_key))
    return tuple(problems.values())


def _says_nothing(item: Any) -> bool:
    """Whether a union reports a member that the value was never meant to be (`none` for a block), or a list
    is too short only once its invalid items are left out.
    """
    if item["type"] == "too_short" and len(item["input"]) >= item["ctx"]["min_length"]:
        return True
    label = item["loc"][-1] if item["loc"] else ""
    is_label = isinstance(label, str) and label.startswith("literal[")
    return is_label and item["type"] == "literal_error" and isinstance(item.get("input"), dict)


def _keys_of(location: Iterable[str | int], data: object) -> tuple[str | int, ...]:
    """Pydantic's location without the names of union members, which are no keys of the data."""
    keys: list[str | int] = []
    parts = list(location)
    at, fresh = data, True
    for number, part in enumerate(parts):
        last = number == len(parts) - 1
        if isinstance(at, dict) and fresh and part == at.get("kind"):
            fresh = False
        elif isinstance(at, dict) and (
            part in at or (last and isinstance(part, str) and not _is_label(part))
        ):
            keys.append(part)
            at, fresh = at.get(part), True
        elif isinstance(at, list) and isinstance(part, int):
            keys.append(part)
            at, fresh = at[part] if part < len(at) else None, True
    return tuple(keys)


def _is_label(part: str) -> bool:
    return part.startswith("literal[") or part[:1].isupper()


_schema_of = cache(schema_of)


def known_keys(model: type[Value], data: object, keys: Iterable[str | int]) -> tuple[str, ...]:
    """The keys that may stand in the mapping at `keys`, by the model's JSON Schema."""
    schema = _schema_of(model)
    node = _settle_schema(schema, schema, data)
    for key in keys:
        data = _child(data, key)
        others = node.get("items" if isinstance(key, int) else "additionalProperties")
        node = _settle_schema(schema, node.get("properties", {}).get(key, others) or {}, data)
    return tuple(node.get("properties", {}))


def _child(data: object, key: str | int) -> object:
    if isinstance(data, dict):
        return data.get(key)
    return data[key] if isinstance(data, list) and isinstance(key, int) and key < len(data) else None


def _settle_schema(schema: Mapping[str, Any], node: Any, data: object) -> Mapping[str, Any]:
    """`node` with references followed and the union member chosen that fits `data`."""
    while "$ref" in node:
        node = schema["$defs"][node["$ref"].rpartition("/")[2]]
    if mapping := node.get("discriminator", {}).get("mapping"):
        kind = data.get("kind") if isinstance(data, dict) else None
        return _settle_schema(schema, {"$ref": mapping[kind]} if kind in mapping else {}, data)
    members = [_settle_schema(schema, member, data) for member in node.get("anyOf", ())]
    wanted = "properties" if isinstance(data, dict) else "items"
    return next((member for member in members if wanted in member), node)


def _missing(error: _Fault) -> tuple[str, str]:
    parent = f" in {error.parent}" if len(error.keys) > 1 else ""
    return f"{error.name} is missing{parent}", f"add the key {error.name}"


def _unknown(error: _Fault) -> tuple[str, str]:
    where = f" in {error.parent}" if len(error.keys) > 1 else ""
    return (
        f"unknown key {printable(error.keys[-1] if error.keys else '')}{where}",
        suggestion(error.keys[-1] if error.keys else "", error.known(), "remove it, or use one of"),
    )


def _choice(error: _Fault) -> tuple[str, str]:
    choices = error.choices
    listed = f"one of {', '.join(choices)}" if len(choices) > 1 else (choices or ["something else"])[0]
    near = closest(error.found, choices) if isinstance(error.found, str) else None
    mend = f"did you mean {near}?" if near else f"write {listed}"
    return f"{error.name} is {printable(error.found)}, not {listed}", mend


def _unknown_kind(error: _Fault) -> tuple[str, str]:
    tag = error.context.get("tag", "")
    return (
        f"{error.name} has the unknown kind {printable(tag)}",
        suggestion(tag, error.choices, "use one of the kinds"),
    )


def _whole(error: _Fault) -> tuple[str, str]:
    found = error.found
    whole = isinstance(found, Decimal) and found.is_finite() and found.adjusted() < 30 and found == int(found)
    told = whole and isinstance(found, Decimal) and not tells(str(int(found)))
    mend = f"write {int(found)}" if told and isinstance(found, Decimal) else "write a whole number"
    return f"{error.name} is {printable(found)}, not a whole number in plain digits", mend


def _block(error: _Fault) -> tuple[str, str]:
    other = "none or " if error.keys[-2:] == ("spec", "privacy") else ""
    return (
        f"{error.name} is {printable(error.found)}, not {other}a block of keys",
        f"write {error.name} as a block of `key: value` lines",
    )


def _number(error: _Fault) -> tuple[str, str]:
    sentence = str(error.context.get("sentence", "not a number"))
    return f"{error.name}: {sentence}", 'write an exact number, for example 0.5, 1e-5 or "1/3"'


def _value(error: _Fault) -> tuple[str, str]:
    sentence = str(error.context.get("error", "its keys contradict each other"))
    return f"{error.name}: {sentence}", "correct the keys that it names"


def _not_a(expected: str, mend: str) -> Callable[[_Fault], tuple[str, str]]:
    return lambda error: (f"{error.name} is {printable(error.found)}, not {expected}", mend)


def _limit(words: str, key: str) -> Callable[[_Fault], tuple[str, str]]:
    def sentence(error: _Fault) -> tuple[str, str]:
        bound = error.context.get(key)
        return f"{error.name} is {printable(error.found)}, not {words} {bound}", f"write {words} {bound}"

    return sentence


def _fallback(message: str) -> Callable[[_Fault], tuple[str, str]]:
    return lambda error: (
        f"{error.name} is {printable(error.found)}: {message[:1].lower()}{message[1:200]}",
        "gatecli schema prints what each key may hold",
    )


def _pattern(error: _Fault) -> tuple[str, str]:
    form = (
        "64 hexadecimal digits"
        if error.name in {"sha256", "digest"}
        else f"of the form {error.context.get('pattern')}"
    )
    return f"{error.name} is {printable(error.found)}, not {form}", f"write {form}"


_UNKNOWN_KEY = ("extra_forbidden", "unexpected_keyword_argument")

_SENTENCES: Mapping[str, Callable[[_Fault], tuple[str, str]]] = {
    "missing": _missing,
    **dict.fromkeys(_UNKNOWN_KEY, _unknown),
    "literal_error": _choice,
    "enum": _choice,
    "union_tag_invalid": _unknown_kind,
    "union_tag_not_found": lambda error: (f"{error.name} has no kind", "add kind, for example kind: dp-sgd"),
    "string_type": _not_a("text", "put it in quotes"),
    "int_type": _whole,
    "bool_type": _not_a("true or false", "write true or false"),
    "tuple_type": _not_a("a list", "write it as a list, one `- item` a line"),
    "list_type": _not_a("a list", "write it as a list, one `- item` a line"),
    "dict_type": _block,
    "dataclass_type": _block,
    "model_type": _block,
    "model_attributes_type": _block,
    "string_too_short": lambda error: (f"{error.name} is empty", "write a value"),
    "string_pattern_mismatch": _pattern,
    "greater_than_equal": _limit("at least", "ge"),
    "less_than_equal": _limit("at most", "le"),
    "too_short": _limit("at least as long as", "min_length"),
    "too_long": _limit("at most as long as", "max_length"),
    "number": _number,
    "value_error": _value,
}
