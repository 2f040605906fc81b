"""Values with the index of their text: what every reader parses into, and how it becomes a Document.

Each format's reader yields nodes; limits, duplicate keys and positions are dealt with once, here.
"""

from __future__ import annotations

import re
from array import array
from bisect import bisect_right
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, TypeAlias

from gatecli.model.document import Document, Position
from gatecli.model.number import MAX_DIGITS
from gatecli.model.quoting import figure, quote_text
from gatecli.sources.files import ReadError

MAX_DEPTH = 64
MAX_NODES = 200_000
"""Values of a file after aliases are written out: a bomb of anchors ends here, not in memory."""

_LINE_END = re.compile(r"\r\n|\r|\n")

Scalar: TypeAlias = str | bool | int | Decimal | None


@dataclass(frozen=True, slots=True)
class KeyedNode:
    """A key, where it stands, and its value."""

    key: str
    at: int
    node: Node


@dataclass(frozen=True, slots=True)
class Node:
    """A value and the index of its first character; `size` and `height` count aliases written out."""

    at: int
    value: Scalar | tuple[Node, ...] | Mapping[str, KeyedNode]
    size: int = 1
    height: int = 1


class Lines:
    """Indices of a text as positions: a line ends at LF, CR LF or CR, as editors count."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._starts = array("I", (0,))  # a file may be 16 million empty lines
        self._starts.extend(end.end() for end in _LINE_END.finditer(text))

    def position(self, at: int) -> Position:
        line = bisect_right(self._starts, at)
        return Position(line, at - self._starts[line - 1] + 1)

    def index(self, line: int, column: int) -> int:
        """The index of a 1-based line and column."""
        return self._starts[min(line, len(self._starts)) - 1] + column - 1

    def refusal(self, at: int, problem: str, mend: str = "", *, invalid: bool = False) -> ReadError:
        """The error that `problem` stands at index `at`; a text that ends too soon ends in its last line."""
        near = min(at, len(self._text.rstrip()))
        return ReadError(problem, mend, position=self.position(near), invalid=invalid)


def printable(value: object) -> str:
    """A bounded, printable form of a value from a file, which tells nothing of a person."""
    match value:
        case None:
            return "nothing"
        case bool():
            return str(value).lower()
        case str():
            return quote_text(value)
        case list() | tuple():
            return f"a list of {len(value)}"
        case dict():
            return f"a block of {len(value)} keys"
        case _:
            return figure(str(value))


def number_of(text: str) -> Scalar:
    """The exact number that a decimal literal states.

    A literal beyond what a Decimal holds stays text: whatever wants a number then refuses it.
    """
    if len(text) > MAX_DIGITS:
        return text
    if text.lstrip("+-").isdecimal():
        return int(text)
    try:
        return Decimal(text)
    except ArithmeticError:
        return text


def list_node(at: int, items: Sequence[Node]) -> Node:
    """The node of a list."""
    return Node(at, tuple(items), *_extent(items))


def mapping_node(at: int, pairs: Iterable[KeyedNode], lines: Lines) -> Node:
    """The node of a mapping. Raises `ReadError` for a key that stands twice."""
    table: dict[str, KeyedNode] = {}
    for pair in pairs:
        if pair.key in table:
            first = lines.position(table[pair.key].at).line
            problem = f"has the key {printable(pair.key)} twice, first in line {first}"
            raise lines.refusal(pair.at, problem, "remove one of them", invalid=True)
        table[pair.key] = pair
    return Node(at, table, *_extent([pair.node for pair in table.values()]))


def _extent(children: Sequence[Node]) -> tuple[int, int]:
    return 1 + sum(node.size for node in children), 1 + max((node.height for node in children), default=0)


def check_depth(depth: int, at: int, lines: Lines) -> None:
    """Raises `ReadError` below the deepest level that is read."""
    if depth > MAX_DEPTH:
        raise lines.refusal(at, f"is nested deeper than {MAX_DEPTH} levels", "flatten it")


def check_size(size: int, at: int, lines: Lines) -> None:
    """Raises `ReadError` where a file holds more values than are read."""
    if size > MAX_NODES:
        raise lines.refusal(at, f"holds more than {MAX_NODES} values", "split it into several files")


def document_of(path: str, node: Node, lines: Lines, index: int | None = None) -> Document:
    """Plain data with the position of every key and value by pointer."""
    values: dict[str, Position] = {}
    keys: dict[str, Position] = {}

    def plain(node: Node, pointer: str) -> Any:
        values[pointer] = lines.position(node.at)
        match node.value:
            case tuple() as items:
                return [plain(item, f"{pointer}/{number}") for number, item in enumerate(items)]
            case Mapping() as table:
                return {pair.key: entry(pair, pointer) for pair in table.values()}
            case scalar:
                return scalar

    def entry(pair: KeyedNode, parent: str) -> Any:
        pointer = f"{parent}/{pair.key.replace('~', '~0').replace('/', '~1')}"
        keys[pointer] = lines.position(pair.at)
        return plain(pair.node, pointer)

    return Document(path, plain(node, ""), values, keys, index)
