"""Dockerfiles to leaves: ENV, ARG and LABEL by name, other instructions as text.

What they hide: a backslash, as an escape or at the end of a line; quotes, since `a"b"c` is abc.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from gatecli.model.text import Leaf, LeafKind, RawText
from gatecli.sources.string_fields.escapes import unescape
from gatecli.sources.string_fields.interface import TextFormat, with_gaps

_INSTRUCTION = re.compile(
    r"(?<![^\r\n])[ \t]*(?P<name>[A-Za-z]+)[ \t]+(?P<rest>(?:[^\\\r\n]|\\(?:[ \t]*+(?:\r\n?|\n)|.|\Z))*+)"
)
_NAMED = ("ENV", "ARG", "LABEL")
_CONTINUED = re.compile(r"\\[ \t]*(?:\r\n?|\n)")
_PART = r'(?:"(?:[^"\\]|\\[\s\S])*+"|\'[^\']*+\'|\\[\s\S]|[^\s"\'\\=]|["\'])'
_PAIR = re.compile(rf"(?P<key>{_PART}++)=(?P<value>(?:{_PART}|=)*+)")
_ALONE = re.compile(r"(?P<key>[^\s=]+)[ \t]+(?P<value>[\s\S]+)")


def read_dockerfile(raw: RawText) -> Iterator[Leaf]:
    """The leaves of every instruction; comments are what stands between them."""
    return with_gaps(raw.text, _leaves(raw.text))


def _leaves(text: str) -> Iterator[Leaf]:
    for instruction in _INSTRUCTION.finditer(text):
        name = instruction["name"].upper()
        start, end = instruction.span("rest")
        if name in _NAMED:
            yield from _pairs(text, name, start, end)
        elif rest := text[start:end].rstrip():
            joined = _CONTINUED.sub("", rest)
            yield Leaf(joined, (name,), LeafKind.TEXT, start, start + len(rest), joined != rest)


def _pairs(text: str, name: str, start: int, end: int) -> Iterator[Leaf]:
    pairs = list(_PAIR.finditer(text, start, end))
    if not pairs and (alone := _ALONE.match(text, start, end)):
        pairs = [alone]
    for pair in pairs:
        key = _unquote(pair["key"])
        keys = (name, key)
        yield Leaf(key, keys, LeafKind.KEY, *pair.span("key"), key not in pair["key"])
        if value := _unquote(pair["value"].rstrip()):
            first = pair.start("value")
            last = first + len(pair["value"].rstrip())
            yield Leaf(value, keys, LeafKind.VALUE, first, last, value not in pair["value"])


def _unquote(token: str) -> str:
    """A word without its quotes and escapes, as the builder joins them."""
    parts = re.findall(r'"((?:[^"\\]|\\[\s\S])*+)"|\'([^\']*+)\'|((?:\\[\s\S]|[^\\"\'])+|["\'\\])', token)
    return "".join(unescape(double) or single or unescape(bare) for double, single, bare in parts)


def dockerfile_views(text: str) -> tuple[str, ...] | None:
    """The text, where nothing in it is quoted or escaped."""
    return None if any(mark in text for mark in "\"'\\") else (text,)


DOCKERFILE = TextFormat("dockerfile", read_dockerfile, dockerfile_views)
