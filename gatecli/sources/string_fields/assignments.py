"""Lines of `name = value` to leaves: .env, INI and Java properties.

What they hide: backslash escapes and escaped line ends (.env in double quotes, properties). INI hides
nothing: a continued value is a leaf for every line.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from gatecli.model.text import Leaf, LeafKind, RawText
from gatecli.sources.string_fields.escapes import unescape
from gatecli.sources.string_fields.interface import TextFormat, shown_as_is, shown_without_escapes, with_gaps

_SECTION = re.compile(r"[ \t]*\[([^\]\r\n]+)\]")
_BLANK = re.compile(r"[ \t]*(?:\r\n?|\n)")
_REST = re.compile(r"[^\r\n]*")
_ENDED = re.compile(r"(?:\r\n?|\n)?")
_INDENT = re.compile(r"[ \t]+")
_QUOTED = re.compile(r'"(?:[^"\\]|\\[\s\S])*+"|\'[^\']*+\'|`[^`]*+`')
_LOGICAL = re.compile(r"(?:[^\\\r\n]|\\(?:\r\n|[\s\S]|\Z))*+")


@dataclass(frozen=True, slots=True)
class _Style:
    """How a dialect writes a name, what begins its comments, and how its values go on."""

    name: re.Pattern[str]
    comments: tuple[str, ...]
    sections: bool = False
    quotes: bool = False
    logical: bool = False
    """Values are escaped and go on behind a backslash at the end of the line."""


_ENV = _Style(re.compile(r"[ \t]*(?:export[ \t]+)?([^\s=:#\"']+)[ \t]*[=:][ \t]*"), ("#",), quotes=True)
_INI = _Style(re.compile(r"[ \t]*([^=:\r\n#;\[ \t][^=:\r\n]*)[=:][ \t]*"), ("#", ";"), sections=True)
_PROPERTIES = _Style(
    re.compile(r"[ \t\f]*((?:[^\\\s:=#!]|\\[^\r\n])(?:[^\\\s:=]|\\[^\r\n])*+)[ \t\f]*[:=]?[ \t\f]*"),
    ("#", "!"),
    logical=True,
)


def _read(text: str, style: _Style) -> Iterator[Leaf]:
    section: tuple[str, ...] = ()
    keys: tuple[str, ...] = ()
    at = 0
    while at < len(text):
        line = at
        if style.sections and (header := _SECTION.match(text, at)):
            section, keys = (header[1],), ()
            yield Leaf(header[1], section, LeafKind.KEY, header.start(1), header.end(1))
            at = header.end()
        elif style.sections and keys and (indent := _INDENT.match(text, at)) and not _BLANK.match(text, at):
            value = _value(text, indent.end(), style)
            yield from _leaf(text, value, keys)
            at = value[2]
        elif not _is_comment(text, at, style) and (name := style.name.match(text, at)):
            bare = name[1].rstrip()
            keys = (*section, unescape(bare) if style.logical else bare)
            end = name.start(1) + len(bare)
            yield Leaf(keys[-1], keys, LeafKind.KEY, name.start(1), end, keys[-1] != bare)
            value = _value(text, name.end(), style)
            yield from _leaf(text, value, keys)
            at = value[2]
        at = _next_line(text, at)
        if at == line:
            return


def _is_comment(text: str, at: int, style: _Style) -> bool:
    indent = _INDENT.match(text, at)
    return text.startswith(style.comments, indent.end() if indent else at)


def _value(text: str, at: int, style: _Style) -> tuple[str, int, int]:
    """A value's meaning and where its token begins and ends."""
    if style.quotes and (quoted := _QUOTED.match(text, at)):
        body = quoted[0][1:-1]
        return unescape(body) if quoted[0][0] == '"' else body, at, quoted.end()
    if style.logical:
        token = (_LOGICAL.match(text, at) or _REST.match(text, at) or [""])[0]
        return unescape(token), at, at + len(token)
    token = (_REST.match(text, at) or [""])[0]
    cut = min((i for mark in style.comments if (i := token.find(" " + mark)) >= 0), default=len(token))
    token = token[:cut].rstrip()
    return token, at, at + len(token)


def _leaf(source: str, value: tuple[str, int, int], keys: tuple[str, ...]) -> Iterator[Leaf]:
    text, start, end = value
    if text:
        yield Leaf(text, keys, LeafKind.VALUE, start, end, text not in source[start:end])


def _next_line(text: str, at: int) -> int:
    rest = _REST.match(text, at)
    ended = _ENDED.match(text, rest.end() if rest else at)
    return ended.end() if ended else len(text)


def read_env(raw: RawText) -> Iterator[Leaf]:
    """The names and values of a .env file."""
    return with_gaps(raw.text, _read(raw.text, _ENV))


def read_ini(raw: RawText) -> Iterator[Leaf]:
    """The sections, names and values of an INI file."""
    return with_gaps(raw.text, _read(raw.text, _INI))


def read_properties(raw: RawText) -> Iterator[Leaf]:
    """The names and values of a Java properties file."""
    return with_gaps(raw.text, _read(raw.text, _PROPERTIES))


ENV = TextFormat("env", read_env, shown_without_escapes)
INI = TextFormat("ini", read_ini, shown_as_is)
PROPERTIES = TextFormat("properties", read_properties, shown_without_escapes)
