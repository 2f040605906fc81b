"""The tokens of HCL's native syntax, templates taken apart.

Whatever a file holds, it gives tokens: in one pass, each character once. Source: HCL native syntax
specification, "Lexical Elements" and "Template Expressions".
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import NamedTuple

_CODE = re.compile(
    r"(?P<skip>[ \t\r\f\ufeff]++|\#[^\n]*+|//[^\n]*+|/\*[\s\S]*?(?:\*/|\Z))"
    r"|(?P<line>\n)"
    r"|(?P<heredoc><<-?)(?P<tag>[^\W\d][\w-]*+)[ \t]*+\r?\n"
    r"|(?P<name>[^\W\d][\w-]*+)"
    r"|(?P<number>[0-9]++(?:\.[0-9]++)?(?:[eE][+-]?[0-9]++)?)"
    r'|(?P<quote>")'
    r"|(?P<mark>\.\.\.|=>|==|!=|<=|>=|&&|\|\||::|[{}\[\]()=?:,.<>!+\-*/%~])"
    r"|(?P<other>[\s\S])"
)
_QUOTED = re.compile(
    r'(?P<text>(?:[^"\\$%\r\n]|\\[^\r\n]|\$\$\{|%%\{|[$%](?!\{))++)'
    r'|(?P<interpolation>\$\{)|(?P<directive>%\{)|(?P<end>")'
)
_LINES = re.compile(
    r"(?P<text>(?:[^$%\n]|\$\$\{|%%\{|[$%](?!\{))++\n?|\n)|(?P<interpolation>\$\{)|(?P<directive>%\{)"
)
_LAST = re.compile(r"[ \t]*+([^\W\d][\w-]*+)[ \t]*+(?=\r?\n|\Z)")


class Token(NamedTuple):
    """A token: what it is, its text, and its offset.

    A template is `quote` or `heredoc`, then `text`, `interpolation` … `}` and `directive` … `}`, then `end`;
    the text of a heredoc comes line by line. `broken` ends what does not end.
    """

    kind: str
    text: str
    at: int


def tokens_of(text: str) -> list[Token]:
    """The tokens of a file, white space and comments left out; the last one is of the kind `eof`."""
    return [*_Tokenizer(text).tokens(), Token("eof", "", len(text))]


def template_tokens_of(text: str) -> list[Token]:
    """The tokens of a template that stands alone, as in JSON syntax: one without escapes."""
    inside = _Tokenizer(text, template=True).tokens()
    return [Token("heredoc", "<<", 0), *inside, Token("end", "", len(text)), Token("eof", "", len(text))]


class _Tokenizer:
    """`_frames`: of code how many braces are open in it; of a heredoc its tag; of a string None."""

    def __init__(self, text: str, *, template: bool = False) -> None:
        self._text = text
        self._at = 0
        self._frames: list[int | str | None] = ["" if template else 0]
        self._is_line_start = template

    def tokens(self) -> Iterator[Token]:
        while self._at < len(self._text) or len(self._frames) > 1:
            frame = self._frames[-1]
            if isinstance(frame, int):
                yield from self._code(frame)
            else:
                yield self._string() if frame is None else self._line(frame)

    def _code(self, depth: int) -> Iterator[Token]:
        found = _CODE.match(self._text, self._at)
        if found is None:  # the end of the text, inside an interpolation
            self._frames.pop()
            yield Token("broken", "", self._at)
            return
        kind, self._at = found.lastgroup or "", found.end()
        if kind == "tag":
            self._frames.append(found["tag"])
            self._is_line_start = True
            yield Token("heredoc", found["heredoc"], found.start())
        elif kind != "skip":
            if kind == "quote":
                self._frames.append(None)
            elif found[0] == "{":
                self._frames[-1] = depth + 1
            elif found[0] == "}":
                self._close(depth)
            yield Token(kind, found[0], found.start())

    def _close(self, depth: int) -> None:
        if depth:
            self._frames[-1] = depth - 1
        elif len(self._frames) > 1:
            self._frames.pop()

    def _string(self) -> Token:
        found = _QUOTED.match(self._text, self._at)
        return self._piece("broken", "") if found is None else self._piece(found.lastgroup or "", found[0])

    def _line(self, tag: str) -> Token:
        if self._is_line_start and tag:
            last = _LAST.match(self._text, self._at)
            if last is not None and last[1] == tag:
                return self._piece("end", last[0])
        found = _LINES.match(self._text, self._at)
        if found is None:
            return self._piece("broken", "")
        self._is_line_start = found[0].endswith("\n")
        return self._piece(found.lastgroup or "", found[0])

    def _piece(self, kind: str, text: str) -> Token:
        token = Token(kind, text, self._at)
        self._at += len(text)
        if kind in {"end", "broken"}:
            self._frames.pop()
        elif kind in {"interpolation", "directive"}:
            self._frames.append(0)
            self._is_line_start = False
        return token
