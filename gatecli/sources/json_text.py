"""JSON text to a Document: exact numbers, positions, duplicate keys refused (RFC 8259)."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from decimal import Decimal

from gatecli.model.document import Document
from gatecli.sources.positioned_tree import (
    KeyedNode,
    Lines,
    Node,
    Scalar,
    check_depth,
    check_size,
    document_of,
    list_node,
    mapping_node,
    number_of,
    printable,
)

_SPACE = re.compile(r"[ \t\r\n]*")
_NUMBER = re.compile(r"-?(0|[1-9][0-9]*)(\.[0-9]+)?([eE][-+]?[0-9]+)?")
_WORD = re.compile(r"[-+.\w]+")
_FOUND = re.compile(r"[-+.@\w]+")  # an address whole, so that it is known for one
_WORDS: dict[str, Scalar] = {"true": True, "false": False, "null": None}
INFINITY: dict[str, Scalar] = {"Infinity": Decimal("Infinity")}
"""The word that Python's json writes for an infinite float."""
_STRING = json.JSONDecoder()


def read_json(path: str, text: str, words: Mapping[str, Scalar] | None = None) -> tuple[Document, ...]:
    """The one document of a JSON file. Raises `ReadError`.

    `NaN` and `Infinity` are not JSON; `words` are read besides, for a format whose writer knows no better.
    """
    lines = Lines(text)
    return (document_of(path, _Parser(text, lines, words).document(), lines),)


def read_json_lines(path: str, text: str) -> Document:
    """A list of the documents that follow each other in `text`, with their places. Raises `ReadError`."""
    lines = Lines(text)
    return document_of(path, _Parser(text, lines).documents(), lines)


class _Parser:
    """A cursor over the text."""

    def __init__(self, text: str, lines: Lines, words: Mapping[str, Scalar] | None = None) -> None:
        self._text = text
        self._lines = lines
        self._words = {**_WORDS, **(words or {})}
        self._at = 0
        self._size = 0

    def document(self) -> Node:
        node = self._value(1)
        if self._peek():
            raise self._unexpected_error("the end of the file")
        return node

    def documents(self) -> Node:
        items: list[Node] = []
        while self._peek():
            items.append(self._value(2))
        return list_node(0, items)

    def _peek(self) -> str:
        """The next character that is not white space; "" at the end."""
        match = _SPACE.match(self._text, self._at)
        self._at = match.end() if match else self._at
        return self._text[self._at : self._at + 1]

    def _unexpected_error(self, wanted: str) -> Exception:
        word = _FOUND.match(self._text, self._at)
        found = printable(word[0] if word else self._text[self._at : self._at + 1])
        problem = f"is not JSON: found {found}" if self._at < len(self._text) else "is not JSON: it ends"
        return self._lines.refusal(self._at, f"{problem} where {wanted} belongs", "fix the syntax")

    def _take(self, wanted: str) -> bool:
        if self._peek() != wanted:
            return False
        self._at += 1
        return True

    def _value(self, depth: int) -> Node:
        first, at = self._peek(), self._at
        check_depth(depth, at, self._lines)
        self._size += 1
        check_size(self._size, at, self._lines)
        match first:
            case "{":
                return mapping_node(at, self._members(depth + 1), self._lines)
            case "[":
                return list_node(at, self._elements(depth + 1))
            case '"':
                return Node(at, self._string())
        return Node(at, self._word())

    def _word(self) -> Scalar:
        if number := _NUMBER.match(self._text, self._at):
            word = _WORD.match(self._text, self._at)
            if word and word.end() == number.end():
                self._at = number.end()
                return number_of(number[0])
        word = _WORD.match(self._text, self._at)
        if word is None or word[0] not in self._words:
            raise self._unexpected_error("a value")
        self._at = word.end()
        return self._words[word[0]]

    def _string(self) -> str:
        at = self._at
        try:
            value, self._at = _STRING.raw_decode(self._text, at)
        except json.JSONDecodeError as error:
            problem = f"is not JSON: {error.msg[:1].lower()}{error.msg[1:]}"
            raise self._lines.refusal(min(error.pos, len(self._text)), problem, "fix the syntax") from error
        if any("\ud800" <= letter <= "\udfff" for letter in value):
            raise self._lines.refusal(at, "is not JSON: an escape is half a character", "fix the escape")
        return str(value)

    def _elements(self, depth: int) -> list[Node]:
        self._at += 1
        items: list[Node] = []
        while not (self._peek() == "]" and not items):
            items.append(self._value(depth))
            if not self._take(","):
                break
        if not self._take("]"):
            raise self._unexpected_error("a comma or ]")
        return items

    def _members(self, depth: int) -> list[KeyedNode]:
        self._at += 1
        pairs: list[KeyedNode] = []
        while not (self._peek() == "}" and not pairs):
            pairs.append(self._pair(depth))
            if not self._take(","):
                break
        if not self._take("}"):
            raise self._unexpected_error("a comma or }")
        return pairs

    def _pair(self, depth: int) -> KeyedNode:
        if self._peek() != '"':
            raise self._unexpected_error("a key in quotes")
        at = self._at
        key = self._string()
        if not self._take(":"):
            raise self._unexpected_error("a colon")
        return KeyedNode(key, at, self._value(depth))
