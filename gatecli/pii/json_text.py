"""JSON inside a string: its leaves, with their key path as context and their place in the text."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any

from gatecli.pii.views import View, part, slice_of

_TOKEN = re.compile(r'"(?:[^"\\]|\\.)*+"|-?[0-9][0-9.eE+-]*+', re.DOTALL)

Path = tuple[str | int, ...]
Leaf = tuple[Path, str, bool]
"""The path of a scalar, its text, and whether it is a key."""


def json_views(view: View) -> Iterator[View]:
    """Every string and number of a text that is one JSON document of objects or arrays."""
    text = view.text.strip()
    if len(text) < 4 or text[0] not in "{[" or text[-1] not in "}]":
        return
    try:
        data = json.loads(
            view.text,
            object_pairs_hook=_Pairs,
            parse_int=_Number,
            parse_float=_Number,
            parse_constant=_Number,
        )
    except (ValueError, RecursionError):
        return
    tokens = _TOKEN.finditer(view.text)
    for (path, value, is_key), token in zip(_leaves(data), tokens, strict=False):
        yield _leaf_view(view, token, path, value, is_key=is_key)


class _Pairs(list[tuple[str, Any]]):
    """An object with its keys in order, repeated ones too."""


class _Number(str):
    """A number as it was written."""

    __slots__ = ()


def _leaves(data: Any) -> Iterator[Leaf]:
    """Scalars in the order of their tokens; a stack of our own, as nesting is a stranger's choice."""
    stack: list[tuple[Path, Any, bool]] = [((), data, False)]
    while stack:
        path, value, is_key = stack.pop()
        if isinstance(value, _Pairs):
            pairs = [((*path, key), key, item) for key, item in value]
            stack += [
                entry for at, key, item in reversed(pairs) for entry in ((at, item, False), (at, key, True))
            ]
        elif isinstance(value, list):
            stack += [((*path, index), item, False) for index, item in reversed(list(enumerate(value)))]
        elif isinstance(value, str):
            yield path, value, is_key


def _leaf_view(view: View, token: re.Match[str], path: Path, value: str, *, is_key: bool) -> View:
    pointer = "".join("/" + str(key).replace("~", "~0").replace("/", "~1") for key in path)
    words = tuple(key for key in path[: -1 if is_key else None] if isinstance(key, str))
    start, end = token.span()
    if not isinstance(value, _Number):
        start, end = start + 1, end - 1
    step = f"json {pointer}"
    if view.text[start:end] == value:
        return slice_of(view, start, end, step, words)
    return part(view, start, end, value, step, words)
