"""Terraform's HCL to leaves: strings under their attribute and block, heredocs, comments and the rest.

A tolerant reader: what it does not understand is text. What raw HCL hides: backslash escapes and
spellings of numbers. Source: HCL native syntax specification, "Lexical Elements".
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field

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

# A string that does not end is a token too: or each quote in it would be looked at to the line's end.
_TOKEN = re.compile(
    r"(?P<comment>#[^\r\n]*|//[^\r\n]*|/\*)"
    r"|(?P<heredoc><<-?(?P<tag>[A-Za-z_]\w*)[ \t]*(?:\r\n?|\n))"
    r'|"(?P<string>(?:[^"\\\r\n$%]|\\.|[$%](?!\{)|[$%]\{[^{}"\r\n]*+(?:"[^"\r\n]*+"[^{}"\r\n]*+)*+\})*+)"?'
    r"|(?P<number>(?<![\w.@-])-?[0-9]++(?:\.[0-9]++)?(?:[eE][-+]?[0-9]++)?(?![\w.@-]))"
    r"|(?P<name>(?<![\w.@-])[^\W\d][\w.-]*+(?!@))"
    r"|(?P<mark>[{}\[\](),]|==|[=:])"
    r"|(?P<line>\r\n?|\n)"
)
_LABELS = 8
"""Words before a body that are kept as its keys; Terraform has at most three."""

_ASSIGNS = re.compile(r"[ \t]*[=:](?![=>])")


@dataclass(slots=True)
class _HclFrame:
    """A body; `names` are the words of the statement so far: a block's type and labels, or a key."""

    keys: tuple[str | int, ...]
    mark: str = "{"
    names: list[str] = field(default_factory=list)
    assigned: bool = False
    count: int = 0

    def here(self) -> tuple[str | int, ...]:
        return (*self.keys, self.count) if self.mark == "[" else (*self.keys, *self.names)

    def add(self, name: str) -> None:
        if len(self.names) < _LABELS:
            self.names.append(name)

    def next(self) -> None:
        self.names, self.assigned = [], False


class _HclReader:
    def __init__(self, text: str) -> None:
        self.text = text
        self._frames = [_HclFrame(())]

    def leaves(self) -> Iterator[Leaf]:
        at = 0
        while token := _TOKEN.search(self.text, at):
            at = token.end()
            leaf: Leaf | None
            match token.lastgroup:
                case "comment":
                    leaf = self._comment(token)
                case "heredoc":
                    leaf = self._heredoc(token)
                case "string":
                    leaf = self._string(token)
                case "number":
                    leaf = number_leaf(token[0], self._frames[-1].here(), token.start())
                case _:
                    leaf = self._structure(token)
            if leaf is not None:
                at = leaf.end
                yield leaf

    def _comment(self, token: re.Match[str]) -> Leaf:
        start, end = token.span()
        if token[0] == "/*":
            end = self.text.find("*/", end) + 2
            if end < 2:
                raise FormatError("a comment in it does not end", start)
        return Leaf(self.text[start:end], (), LeafKind.COMMENT, start, end)

    def _heredoc(self, token: re.Match[str]) -> Leaf:
        # A heredoc's value is its lines as they stand; the dedent of <<- changes white space only.
        last = re.compile(rf"(?<=[\r\n])[ \t]*{token['tag']}[ \t]*(?=[\r\n]|\Z)").search(
            self.text, token.end()
        )
        if last is None:
            raise FormatError("a heredoc in it does not end", token.start())
        keys = self._frames[-1].here()
        return Leaf(self.text[token.end() : last.start()], keys, LeafKind.VALUE, token.end(), last.start())

    def _string(self, token: re.Match[str]) -> Leaf:
        frame, text = self._frames[-1], unescape(token["string"])
        is_key = not frame.assigned and frame.mark == "{"
        if is_key:
            frame.add(text)
        kind = LeafKind.KEY if is_key and _ASSIGNS.match(self.text, token.end()) else LeafKind.VALUE
        return Leaf(text, frame.here(), kind, *token.span(), text != token["string"])

    def _structure(self, token: re.Match[str]) -> Leaf | None:
        frame, word = self._frames[-1], token[0]
        if token.lastgroup == "name":
            if frame.assigned or frame.mark != "{":
                return None
            frame.add(word)
            return Leaf(word, frame.here(), LeafKind.KEY, *token.span())
        if token.lastgroup == "line":
            if frame.mark == "{":
                frame.next()
        elif word in "{[(":
            self._open(frame, word, token.start())
        elif word in "}])" and len(self._frames) > 1:
            self._frames.pop()
        elif word == ",":
            frame.count += 1
            frame.next()
        elif word in {"=", ":"}:
            frame.assigned = True
        return None

    def _open(self, frame: _HclFrame, mark: str, at: int) -> None:
        if len(self._frames) > MAX_DEPTH:
            raise FormatError(f"it is nested deeper than {MAX_DEPTH} levels", at)
        self._frames.append(_HclFrame(frame.here(), "[" if mark == "(" else mark))


def read_hcl(raw: RawText) -> Iterator[Leaf]:
    """The leaves of a configuration; the keys are block types, labels, attributes and indices."""
    return with_gaps(raw.text, _HclReader(raw.text).leaves())


HCL = TextFormat("hcl", read_hcl, shown_without_disguise)
