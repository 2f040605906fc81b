"""TOML to leaves: keys, strings, numbers, comments (TOML 1.0.0).

What raw TOML hides: backslash escapes and spellings of numbers. `tomllib` says whether it is TOML at
all, since it gives no positions; the walk over its tokens then need not.
"""

from __future__ import annotations

import re
import tomllib
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from gatecli.model.text import Leaf, LeafKind, RawText
from gatecli.sources.string_fields.escapes import unescape
from gatecli.sources.string_fields.interface import (
    MAX_DEPTH,
    FormatError,
    TextFormat,
    number_leaf,
    shown_without_disguise,
    with_gaps,
)

_TOKEN = re.compile(
    r"(?P<comment>#[^\n]*)"
    r'|"""\n?(?P<long>(?:[^"\\]|\\[\s\S]|"(?!""))*+"{0,2}?)"""(?!")'
    r"|'''\n?(?P<longraw>(?:[^']|'(?!''))*+'{0,2}?)'''(?!')"
    r'|"(?P<string>(?:[^"\\\n]|\\.)*+)"'
    r"|'(?P<raw>[^'\n]*+)'"
    r"|(?P<bare>[\w+:.-]+)"
    r"|(?P<mark>[\[\]{}=,])"
    r"|(?P<line>\n)"
)
_NUMBER = re.compile(r"[-+]?(?:[0-9][0-9_]*(?:\.[0-9_]+)?(?:[eE][-+]?[0-9_]+)?|0x[\w]+|0o[0-7_]+|0b[01_]+)")
_DOTS = 1000
"""Dots of a line; tomllib's time is quadratic in the parts of a key."""

_ESCAPED = {"long", "string"}


@dataclass(slots=True)
class _TomlFrame:
    """A table or an array; `key` is that of the statement so far, `assigned` past its equals sign."""

    keys: tuple[str | int, ...]
    array: bool = False
    count: int = 0
    key: tuple[str, ...] = ()
    assigned: bool = False

    def here(self) -> tuple[str | int, ...]:
        return (*self.keys, self.count) if self.array else (*self.keys, *self.key)

    def next(self) -> None:
        self.key, self.assigned = (), False


class _TomlReader:
    def __init__(self, text: str) -> None:
        self.text = text
        self._frames = [_TomlFrame(())]
        self._header = ""
        self._tables: Counter[tuple[str | int, ...]] = Counter()

    def leaves(self) -> Iterator[Leaf]:
        for token in _TOKEN.finditer(self.text):
            group = token.lastgroup or ""
            if group == "mark":
                self._mark(token)
            elif group == "line":
                self._line()
            elif group != "comment":
                yield from self._word(token, group)

    def _line(self) -> None:
        if len(self._frames) == 1 and not self._header:
            self._frames[-1].next()

    def _mark(self, token: re.Match[str]) -> None:
        frame, mark = self._frames[-1], token[0]
        if mark == "[" and len(self._frames) == 1 and not frame.assigned:
            if not self._header:
                self._frames = [_TomlFrame(())]
            self._header += "["
        elif mark == "]" and self._header:
            self._close_header()
        elif mark in "[{":
            if len(self._frames) > MAX_DEPTH:
                raise FormatError(f"it is nested deeper than {MAX_DEPTH} levels", token.start())
            self._frames.append(_TomlFrame(frame.here(), mark == "["))
        elif mark in "]}":
            self._frames.pop()
        elif mark == ",":
            frame.count += 1
            frame.next()
        else:
            frame.assigned = True

    def _close_header(self) -> None:
        """At the first closing bracket the header's name is whole: it becomes where keys stand."""
        frame, opened = self._frames[-1], self._header
        self._header = opened[1:]
        if self._header or not frame.key:
            return
        keys = self._numbered_keys(frame.key)
        if opened == "[" and self._double:
            number = self._tables[keys]
            self._tables[keys] += 1
            keys = (*keys, number)
        self._double = False
        self._frames = [_TomlFrame(keys)]

    _double = False

    def _numbered_keys(self, names: tuple[str, ...]) -> tuple[str | int, ...]:
        """The keys of a header, with the index of the array element that it is in."""
        keys: tuple[str | int, ...] = ()
        for index, name in enumerate(names):
            keys = (*keys, name)
            if index < len(names) - 1 and self._tables[keys]:
                keys = (*keys, self._tables[keys] - 1)
        return keys

    def _word(self, token: re.Match[str], group: str) -> Iterator[Leaf]:
        frame, raw = self._frames[-1], token[group]
        text = unescape(raw) if group in _ESCAPED else raw
        if not frame.array and not frame.assigned:
            self._double = self._header == "[["
            parts = tuple(part for part in raw.split(".") if part) if group == "bare" else (text,)
            frame.key += parts
            yield Leaf(text, frame.here(), LeafKind.KEY, *token.span(), text != raw)
        elif group == "bare" and _NUMBER.fullmatch(raw):
            yield number_leaf(raw, frame.here(), token.start())
        elif raw not in {"true", "false"}:
            yield Leaf(text, frame.here(), LeafKind.VALUE, *token.span(), text != raw)


def read_toml_leaves(raw: RawText) -> Iterable[Leaf]:
    """The leaves of a TOML document."""
    if any(line.count(".") > _DOTS for line in raw.text.split("\n")):
        raise FormatError(f"it has more than {_DOTS} dots in a line")
    try:
        tomllib.loads(raw.text)
    except (tomllib.TOMLDecodeError, ValueError, RecursionError) as error:
        raise FormatError("it is not TOML") from error
    return with_gaps(raw.text, _TomlReader(raw.text).leaves())


TOML = TextFormat("toml", read_toml_leaves, shown_without_disguise)
