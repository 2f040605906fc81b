"""What a format is to the scan: how its text is read into leaves, and what its raw text may hide."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass

from gatecli.model.text import Leaf, LeafKind, RawText, number_text

MAX_DEPTH = 100
"""Levels of nesting; below them a file is scanned as text."""

LONG_SHARED = 4096
"""An aliased text above this is read once, at its anchor, not again at each alias."""

_WORD = re.compile(r"\w")
_LINE = re.compile(r"[^\r\n]+")
_NUMERAL = re.compile(
    r"(?<![\w.+-])[-+]?(?:0[xXoObB][0-9a-fA-F_]+|[0-9]+_[0-9_]*(?:\.[0-9_]*)?(?:[eE][-+]?[0-9]+)?"
    r"|[0-9]+(?:\.[0-9_]*)?[eE][-+]?[0-9]+|[0-9]{6,}\.0+)(?![\w.])"
)
_HINT_OF_NUMERAL = re.compile(r"[0-9](?<![\w.].)(?:(?<=0)[xXoObB]|[0-9]*+(?:[_eE]|\.[0-9_]*+[eE]|\.0))")
"""Where a respelt number may begin, but for its sign; several times faster to look for."""


class FormatError(Exception):
    """A text does not have the form of its format; `at` is the index where that shows.

    The text of the error completes the sentence "scanned as text: …" and holds nothing of the file.
    """

    def __init__(self, problem: str, at: int = 0) -> None:
        super().__init__(problem)
        self.problem = problem
        self.at = at


@dataclass(frozen=True, slots=True)
class TextFormat:
    """A format by name.

    `read` gives the leaves in the order of the text and raises `FormatError`. `views` gives texts that
    together show whatever any leaf can hold, up to runs of white space, so that a search that finds
    nothing in them finds nothing in the leaves; None where only reading shows it. `records` says that
    a text may be cut between any two of its lines.
    """

    name: str
    read: Callable[[RawText], Iterable[Leaf]]
    views: Callable[[str], tuple[str, ...] | None]
    records: bool = False


def shown_as_is(text: str) -> tuple[str, ...] | None:
    """The views of a format that has no escapes: what is written is what is meant."""
    return (text,)


def shown_without_escapes(text: str) -> tuple[str, ...] | None:
    """The views of a format whose only disguise is a backslash."""
    return None if "\\" in text else (text,)


def shown_without_disguise(text: str) -> tuple[str, ...] | None:
    """The views of a format whose disguises are backslashes and spellings of numbers."""
    return None if "\\" in text or respelt_number(text) else (text,)


def respelt_number(text: str) -> bool:
    """Whether a token of the text is a number whose digits are not those written."""
    for hint in _HINT_OF_NUMERAL.finditer(text):
        at = hint.start()
        numeral = _NUMERAL.match(text, at - (at > 0 and text[at - 1] in "+-"))
        if numeral is not None and number_text(numeral[0]) != numeral[0]:
            return True
    return False


def number_leaf(raw: str, keys: tuple[str | int, ...], start: int, document: int | None = None) -> Leaf:
    """The leaf of an unquoted number."""
    text = number_text(raw)
    return Leaf(text, keys, LeafKind.NUMBER, start, start + len(raw), text != raw, "", document)


def with_gaps(text: str, leaves: Iterable[Leaf]) -> Iterator[Leaf]:
    """The leaves, and between them a leaf for every line that none of them covers: comments and rest.

    Nothing of a file goes unread because its format's reader had no use for it. `leaves` are in the
    order of the text.
    """
    at = 0
    for leaf in leaves:
        if leaf.start > at:
            yield from _gap(text, at, leaf.start)
        yield leaf
        at = max(at, leaf.end)
    yield from _gap(text, at, len(text))


def _gap(text: str, start: int, end: int) -> Iterator[Leaf]:
    if not _WORD.search(text, start, end):
        return
    for line in _LINE.finditer(text, start, end):
        if not _WORD.search(line[0]):
            continue
        body = line[0].strip()
        at = line.start() + line[0].index(body)
        kind = LeafKind.COMMENT if body.startswith(("#", "//", "/*", ";")) else LeafKind.TEXT
        yield Leaf(body, (), kind, at, at + len(body))
