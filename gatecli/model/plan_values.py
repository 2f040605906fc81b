"""All values at a path of a planned resource, and whether some of them are not known yet."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any

from gatecli.model.plan import PlannedResource, is_marked, mark_below

ANY = "*"
"""In a path: every key."""
DEEP = "**"
"""In a path: any number of keys, also none."""


@dataclass(frozen=True, slots=True)
class Part:
    """A value inside a resource, and the marks of what is known only after the apply."""

    value: Any = field(repr=False)
    unknown: Any = field(default=False, repr=False)


@dataclass(frozen=True, slots=True)
class Values:
    """The known values at a path, lists taken apart, without what is empty; `later`: some are unknown."""

    known: tuple[Any, ...] = field(default=(), repr=False)
    later: bool = False


_KEY = re.compile(r"\[([^\]]*)\]|([^.\[]+)")


@lru_cache(maxsize=4096)
def keys_of(path: str) -> tuple[str, ...]:
    """The keys of a dotted path; one that holds dots stands in brackets: `labels[app.kubernetes.io/name]`."""
    return tuple(bracketed or plain for bracketed, plain in _KEY.findall(path))


def parts_of(resource: PlannedResource, path: str, *, computed: bool = False) -> tuple[Part, ...]:
    """The parts at a path; lists are taken apart.

    An argument, or a block that is `computed`, that the configuration does not set is not there, although
    its value is unknown: the provider decides.
    """
    keys = keys_of(path)
    whole = Part(resource.values, True if resource.deferred and resource.values is None else resource.unknown)
    if keys and (computed or len(keys) == 1) and _is_left_to_provider(resource, keys[0]):
        return ()
    return tuple(_parts(whole, keys))


def parts_below(part: Part, path: str) -> tuple[Part, ...]:
    """The same, of a part."""
    return tuple(_parts(part, keys_of(path)))


def values_of(parts: tuple[Part, ...]) -> Values:
    """The values of parts."""
    known = tuple(part.value for part in parts if part.value is not None and part.value not in ("", [], {}))
    return Values(known, any(is_marked(part.unknown) for part in parts))


def _is_left_to_provider(resource: PlannedResource, name: str) -> bool:
    is_set = resource.arguments is None or name in resource.arguments
    return not is_set and mark_below(resource.unknown, name) is True


def _parts(part: Part, keys: tuple[str, ...]) -> Iterator[Part]:
    return map(Part, _known_values(part.value, keys)) if part.unknown is False else _marked_parts(part, keys)


def _known_values(value: Any, keys: tuple[str, ...]) -> Iterator[Any]:
    """The values at a path where nothing is marked: most of a plan, and all of a cluster's objects."""
    pending = [(value, 0)]
    while pending:
        at, depth = pending.pop()
        if isinstance(at, list):
            pending += [(each, depth) for each in reversed(at)]
        elif depth == len(keys):
            yield at
        elif isinstance(at, dict):
            if keys[depth] == DEEP:
                pending += [(each, depth) for each in reversed(at.values())] + [(at, depth + 1)]
            elif keys[depth] == ANY:
                pending += [(each, depth + 1) for each in reversed(at.values())]
            elif keys[depth] in at:
                pending.append((at[keys[depth]], depth + 1))
        elif isinstance(at, str):
            pending += [(each.value, depth) for each in _decode(at)]


def _marked_parts(part: Part, keys: tuple[str, ...]) -> Iterator[Part]:
    pending = [(part, keys)]
    while pending:
        at, rest = pending.pop()
        if at.unknown is True:
            yield Part(None, unknown=True)
        elif isinstance(at.value, list) or isinstance(at.unknown, list):
            pending += [(each, rest) for each in reversed(list(_elements(at)))]
        elif not rest:
            yield at
        elif isinstance(at.value, str):
            pending += [(each, rest) for each in _decode(at.value)]
        elif rest[0] == DEEP:
            pending += [(each, rest) for each in reversed(list(_children(at, ANY)))]
            pending += [(at, rest[1:])] if isinstance(at.value, dict) or at.unknown else []
        else:
            pending += [(each, rest[1:]) for each in reversed(list(_children(at, rest[0])))]


def _elements(part: Part) -> Iterator[Part]:
    values = part.value if isinstance(part.value, list) else []
    marks = part.unknown if isinstance(part.unknown, list) else []
    for index in range(max(len(values), len(marks))):
        value = values[index] if index < len(values) else None
        yield Part(value, marks[index] if index < len(marks) else False)


def _children(part: Part, key: str) -> Iterator[Part]:
    values = part.value if isinstance(part.value, dict) else {}
    marks = part.unknown if isinstance(part.unknown, dict) else {}
    for name in {**values, **marks} if key == ANY else (key,):
        if name in values or name in marks:
            yield Part(values.get(name), marks.get(name, False))


def _decode(text: str) -> Iterator[Part]:
    """What a text holds that is JSON; nothing where it is not."""
    if text.lstrip()[:1] in {"{", "["}:
        try:
            yield Part(json.loads(text))
        except (ValueError, RecursionError):
            return
