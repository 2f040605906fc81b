"""JSON and JSON lines to leaves (RFC 8259).

What raw JSON hides: escapes, and spellings of numbers (exponents). Nothing else: a string without a
backslash stands as it is.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from gatecli.model.text import Leaf, LeafKind, RawText, hint_behind, hint_for
from gatecli.sources.string_fields.escapes import whole
from gatecli.sources.string_fields.interface import (
    MAX_DEPTH,
    FormatError,
    TextFormat,
    number_leaf,
    shown_without_disguise,
)

_TOKEN = re.compile(
    r'[ \t\r\n]*(?:(?P<string>"[^"\\\x00-\x1f]*+(?:\\.[^"\\\x00-\x1f]*+)*+")|(?P<mark>[{}\[\],:])'
    r"|(?P<number>-?(?:0|[1-9][0-9]*+)(?:\.[0-9]++)?(?:[eE][-+]?[0-9]++)?(?![\w.]))"
    r"|(?P<word>(?:true|false|null)(?!\w))|(?P<end>\Z))"
)
_LINE = re.compile(r"[^\r\n]+")


@dataclass(slots=True)
class _JsonFrame:
    keys: tuple[str | int, ...]
    close: str
    key: str | None = None
    count: int = 0
    names: dict[str, object] = field(default_factory=dict)
    hintable: list[tuple[int, str]] = field(default_factory=list)
    before: str = ""
    """In a list, the text of the item before."""


class _JsonReader:
    """A state machine over tokens; no recursion, so that depth is a number and not a crash.

    `_wants` is what may come next: a value, a value or the end of a list, a key or the end of a
    mapping, a key, a colon, or what follows a value.
    """

    def __init__(self, text: str, start: int, end: int, prefix: tuple[str | int, ...]) -> None:
        self.text = text
        self.leaves: list[Leaf] = []
        self._prefix = prefix
        self._frames: list[_JsonFrame] = []
        self._wants = "value"
        self._run(start, end)

    def _run(self, at: int, end: int) -> None:
        while True:
            token = _TOKEN.match(self.text, at, end)
            if token is None or token.lastgroup is None:
                raise FormatError("it is not JSON", at)
            kind, start = token.lastgroup, token.start(token.lastgroup)
            if kind == "end":
                break
            if not self._take(kind, token[kind], start):
                raise FormatError("it is not JSON", start)
            at = token.end()
        if self._frames or self._wants != "after":
            raise FormatError("it is not JSON: it ends too soon", at)

    def _take(self, kind: str, token: str, start: int) -> bool:
        if kind == "mark":
            return self._mark(token, start)
        if kind == "string" and self._wants in {"key", "key or end"}:
            self._key(token, start)
            return True
        if self._wants not in {"value", "value or end"}:
            return False
        self._value(kind, token, start)
        self._wants = "after"
        return True

    def _mark(self, mark: str, start: int) -> bool:
        match mark:
            case "{" | "[" if self._wants in {"value", "value or end"}:
                self._open(mark, start)
            case "}" | "]" if self._frames and self._frames[-1].close == mark and self._may_close():
                self._close()
            case ":" if self._wants == "colon":
                self._wants = "value"
            case "," if self._wants == "after" and self._frames:
                self._wants = "key" if self._frames[-1].close == "}" else "value"
            case _:
                return False
        return True

    def _may_close(self) -> bool:
        return self._wants in {"after", "key or end", "value or end"}

    def _open(self, mark: str, start: int) -> None:
        if len(self._frames) >= MAX_DEPTH:
            raise FormatError(f"it is nested deeper than {MAX_DEPTH} levels", start)
        if self._frames:
            self._frames[-1].before = ""
        self._frames.append(_JsonFrame(self._place(), "}" if mark == "{" else "]"))
        self._wants = "key or end" if mark == "{" else "value or end"

    def _close(self) -> None:
        frame = self._frames.pop()
        for index, key in frame.hintable:
            if hint := hint_for(key, frame.names):
                self.leaves[index] = self.leaves[index]._replace(hint=hint)
        self._wants = "after"

    def _place(self) -> tuple[str | int, ...]:
        if not self._frames:
            return self._prefix
        frame = self._frames[-1]
        if frame.close == "]":
            frame.count += 1
            return (*frame.keys, frame.count - 1)
        return (*frame.keys, frame.key or "")

    def _key(self, token: str, start: int) -> None:
        frame = self._frames[-1]
        frame.key = text = _decode_token(token, start)
        keys = (*frame.keys, text)
        self._wants = "colon"
        if text:
            self.leaves.append(Leaf(text, keys, LeafKind.KEY, start, start + len(token), "\\" in token))

    def _value(self, kind: str, token: str, start: int) -> None:
        keys = self._place()
        before = self._text_before()
        if kind == "word" or (kind == "string" and len(token) == 2):
            return
        if kind == "number":
            leaf = number_leaf(token, keys, start)
        else:
            text = _decode_token(token, start)
            leaf = Leaf(text, keys, LeafKind.VALUE, start, start + len(token), "\\" in token)
        if self._frames and self._frames[-1].key is not None:
            frame = self._frames[-1]
            if kind == "string":
                frame.names[str(keys[-1])] = leaf.text
            frame.hintable.append((len(self.leaves), str(keys[-1])))
        elif self._frames:
            leaf = leaf._replace(hint=hint_behind(before))
            self._frames[-1].before = leaf.text if kind == "string" else ""
        self.leaves.append(leaf)

    def _text_before(self) -> str:
        """The text before this value in a list, forgotten now."""
        if not self._frames:
            return ""
        frame = self._frames[-1]
        before, frame.before = frame.before, ""
        return before


def _decode_token(token: str, start: int) -> str:
    if "\\" not in token:
        return token[1:-1]
    try:
        return whole(str(json.loads(token)))
    except json.JSONDecodeError as error:
        raise FormatError("it is not JSON", start) from error


def read_json_leaves(raw: RawText) -> Iterable[Leaf]:
    """The leaves of one JSON document."""
    return _JsonReader(raw.text, 0, len(raw.text), ()).leaves


def json_leaves_between(text: str, start: int, end: int, prefix: tuple[str | int, ...]) -> Iterable[Leaf]:
    """The leaves of the JSON document in a part of a text, below `prefix`. Raises `FormatError`."""
    return _JsonReader(text, start, end, prefix).leaves


def read_json_lines(raw: RawText) -> Iterator[Leaf]:
    """The leaves of every line, whose number in the file (from 0) is the first key.

    A line that is not JSON is a leaf of text.
    """
    for line in _LINE.finditer(raw.text):
        if line[0].isspace():
            continue
        number = raw.position(line.start()).line - 1
        try:
            yield from json_leaves_between(raw.text, line.start(), line.end(), (number,))
        except FormatError:
            yield Leaf(line[0], (), LeafKind.TEXT, line.start(), line.end())


JSON = TextFormat("json", read_json_leaves, shown_without_disguise)
JSON_LINES = TextFormat("json-lines", read_json_lines, shown_without_disguise, records=True)
