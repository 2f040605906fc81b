"""A command line of a shell as words, where it is one simple command; else why it is more than that.

Only what changes nothing but words is read: quotes, backslashes, `$NAME`. Whatever could start a second
program, or let the first fail without notice, is refused: operators, redirections, substitutions, comments.
Source: POSIX.1-2017, Shell Command Language, 2.2 (quoting) and 2.3 (token recognition).
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from gatecli.model.job_definition import HOLE, VALUE

_NAME = r"(?P<name>\$(?:[A-Za-z_][A-Za-z0-9_]*|\{[A-Za-z_][A-Za-z0-9_]*\}))"
_TOKEN = re.compile(
    rf"""
    (?P<space>[ \t]+)
  | (?P<joined>\\\n)
  | '(?P<single>[^']*)'
  | (?P<open>")
  | {_NAME}
  | \\(?P<escaped>.)
  | (?P<pattern>[*?\[{{~])
  | (?P<plain>[^\s'"$`\\;&|<>()*?\[{{~]+)
    """,
    re.VERBOSE | re.DOTALL,
)
_QUOTED = re.compile(
    rf"""
    (?P<close>")
  | {_NAME}
  | (?P<joined>\\\n)
  | \\(?P<escaped>["\\$`])
  | (?P<plain>[^"$`\\]+|\\)
    """,
    re.VERBOSE | re.DOTALL,
)
_UNKNOWN = frozenset({"name", "pattern"})
"""What becomes other words when the shell runs."""

_WHY = {
    ";": "a second command follows after ;",
    "&": "a second command follows after &",
    "|": "a second command follows after |",
    "\n": "a second command follows in another line",
    "\r": "a second command follows in another line",
    "<": "it redirects with <",
    ">": "it redirects with >",
    "(": "it starts a subshell with (",
    ")": "it has a ) without a beginning",
    "$": "it runs or computes something with $",
    "`": "it runs another command within `",
    "'": "a quote ' is not closed",
    "\\": "it ends in a backslash",
}
_AT_START = {"#": "the rest is a comment after #", "!": "it begins with !", "{": "it begins a block with {"}
_BEGUN = 'a quote " is not closed, or runs a command'


@dataclass(frozen=True, slots=True)
class ShellCommand:
    """The words of a simple command, with `HOLE` for each variable; or why it is none.

    `loose` are the numbers of words that a variable or a pattern without quotes may make several of.
    """

    words: tuple[str, ...] = ()
    fault: str = ""
    loose: frozenset[int] = frozenset()


class _RefusedError(Exception):
    """Its text says why."""


def shell_words(text: str) -> ShellCommand:
    """The words of a command line as a shell would read it; `text` holds no `HOLE`, which may be anything."""
    try:
        read = tuple(_words(text.strip(" \t\r\n")))
    except _RefusedError as error:
        return ShellCommand(fault=str(error))
    loose = frozenset(number for number, (_, is_loose) in enumerate(read) if is_loose)
    return ShellCommand(tuple(word.replace(VALUE, HOLE) for word, _ in read), loose=loose)


def _words(text: str) -> Iterator[tuple[str, bool]]:
    """Each word, and whether the shell may make several of it."""
    word: str | None = None
    is_loose = False
    at = 0
    while at < len(text):
        if word is None and text[at] in _AT_START:
            raise _RefusedError(_AT_START[text[at]])
        kind, piece, at = _next_piece(text, at)
        if kind == "space" and word is not None:
            yield word, is_loose
        if kind == "space":
            word, is_loose = None, False
        elif kind != "joined":
            word, is_loose = (word or "") + piece, is_loose or kind in _UNKNOWN
    if word is not None:
        yield word, is_loose


def _next_piece(text: str, at: int) -> tuple[str, str, int]:
    """What stands next, what it adds to a word, and where it ends. Raises _RefusedError."""
    match = _TOKEN.match(text, at)
    if match is None:
        raise _RefusedError(_WHY.get(text[at], "it holds a character that no command has"))
    kind = match.lastgroup or ""
    if kind == "open":
        piece, end = _quoted_text(text, match.end())
        return kind, piece, end
    return kind, HOLE if kind in _UNKNOWN else match[kind], match.end()


def _quoted_text(text: str, at: int) -> tuple[str, int]:
    """What stands between double quotes, and where they end. Raises _RefusedError."""
    pieces: list[str] = []
    while match := _QUOTED.match(text, at):
        kind, at = match.lastgroup or "", match.end()
        if kind == "close":
            return "".join(pieces), at
        if kind != "joined":
            pieces.append(HOLE if kind in _UNKNOWN else match[kind])
    raise _RefusedError(_BEGUN)
