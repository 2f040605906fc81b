"""YAML 1.2 text to Documents: the core schema, exact numbers, positions, and no bombs.

PyYAML's parser gives events; what it would build of them (YAML 1.1: `no` is false, `1_000` a number,
`1e-5` a text) is not used. Source: YAML 1.2.2, section 10.3 (core schema).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from decimal import Decimal
from types import MappingProxyType
from typing import Any

from gatecli.model.document import Document
from gatecli.model.quoting import quote_name, requote_sentence
from gatecli.sources.files import ReadError
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

_UNPRINTABLE = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x84\x86-\x9f\ud800-\udfff\ufffe\uffff]")

_CORE: tuple[tuple[re.Pattern[str], Callable[[str], Scalar]], ...] = (
    (re.compile(r"~|null|Null|NULL|"), lambda _: None),
    (re.compile(r"true|True|TRUE"), lambda _: True),
    (re.compile(r"false|False|FALSE"), lambda _: False),
    (re.compile(r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?"), number_of),
    (re.compile(r"0o[0-7]{1,400}"), lambda text: int(text, base=0)),
    (re.compile(r"0x[0-9a-fA-F]{1,300}"), lambda text: int(text, base=0)),
    (re.compile(r"[-+]?\.(inf|Inf|INF)"), lambda text: Decimal(text.replace(".", ""))),
    (re.compile(r"\.(nan|NaN|NAN)"), lambda _: Decimal("NaN")),
)

_CORE_TAGS: dict[str, tuple[type, ...]] = {
    "tag:yaml.org,2002:str": (str,),
    "tag:yaml.org,2002:int": (int,),
    "tag:yaml.org,2002:float": (int, Decimal),
    "tag:yaml.org,2002:bool": (bool,),
    "tag:yaml.org,2002:null": (type(None),),
}


def read_yaml(
    path: str, text: str, *, loader: Any = None, functions: Mapping[str, str] = MappingProxyType({})
) -> tuple[Document, ...]:
    """Every document of a stream; `index` is set where there are several.

    Merge keys (`<<`), tags beyond the core schema and keys that are not text are refused. Raises
    `ReadError`. `loader` is a PyYAML loader class; without one the fastest there is. `functions` are tags
    that are known: a value with one becomes a mapping of the function's name to the value.
    """
    lines = Lines(text)
    if bad := _UNPRINTABLE.search(text):
        raise lines.refusal(bad.start(), f"holds the control character U+{ord(bad[0]):04X}", "remove it")
    nodes = tuple(_Composer(_events(text, lines, loader), lines, functions).stream())
    return tuple(
        document_of(path, node, lines, number if len(nodes) > 1 else None)
        for number, node in enumerate(nodes)
    )


def resolve(text: str) -> Scalar:
    """What a plain scalar means by the core schema of YAML 1.2."""
    return next((read(text) for form, read in _CORE if form.fullmatch(text)), text)


def _events(text: str, lines: Lines, loader: Any) -> Iterator[Any]:
    import yaml  # noqa: PLC0415 - needed for YAML alone

    loader = loader or getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    try:
        yield from yaml.parse(text, Loader=loader)
    except yaml.YAMLError as error:
        raise _syntax_error(error, lines, len(text)) from error
    except (ValueError, OverflowError) as error:  # PyYAML's scanner on an escape beyond Unicode
        raise ReadError("is not YAML: an escape or a version in it is out of range") from error


def _syntax_error(error: Any, lines: Lines, end: int) -> ReadError:
    mark = getattr(error, "problem_mark", None) or getattr(error, "context_mark", None)
    problem = getattr(error, "problem", None) or getattr(error, "reason", None) or "it cannot be parsed"
    at = min(mark.index if mark else getattr(error, "position", 0) or 0, end)
    return lines.refusal(
        at, f"is not YAML: {requote_sentence(problem)}", "fix the syntax; is the file whole?"
    )


class _Composer:
    """Nodes from events; anchors are shared, and counted as often as they are used."""

    def __init__(self, events: Iterator[Any], lines: Lines, functions: Mapping[str, str]) -> None:
        self._events = events
        self._lines = lines
        self._functions = functions
        self._anchors: dict[str, Node | None] = {}
        self._size = 0

    def stream(self) -> Iterator[Node]:
        for event in self._events:
            if type(event).__name__ == "DocumentStartEvent":
                self._anchors.clear()
                yield self._node(next(self._events), 1)

    def _node(self, event: Any, depth: int) -> Node:
        at: int = event.start_mark.index
        kind = type(event).__name__
        if kind == "AliasEvent":
            return self._alias(event.anchor, at, depth)
        check_depth(depth, at, self._lines)
        self._count(1, at)
        if event.anchor is not None:
            self._anchors[event.anchor] = None
        function = self._functions.get(event.tag) if event.tag is not None else None
        node = self._tagless(event, kind, depth) if function is None else self._call(event, function, depth)
        if event.anchor is not None:
            self._anchors[event.anchor] = node
        return node

    def _call(self, event: Any, function: str, depth: int) -> Node:
        """The value of a function, as if its name were the key that leads to it."""
        at: int = event.start_mark.index
        check_depth(depth + 1, at, self._lines)
        self._count(1, at)
        kind = type(event).__name__
        if kind == "ScalarEvent":
            value = Node(at, str(event.value))
        elif kind == "SequenceStartEvent":
            value = list_node(at, list(self._items(depth + 2)))
        else:
            value = mapping_node(at, self._pairs(depth + 2), self._lines)
        return mapping_node(at, [KeyedNode(function, at, value)], self._lines)

    def _tagless(self, event: Any, kind: str, depth: int) -> Node:
        at: int = event.start_mark.index
        match kind:
            case "ScalarEvent":
                node = Node(at, self._scalar(event))
            case "SequenceStartEvent":
                self._check_tag(event, "tag:yaml.org,2002:seq")
                node = list_node(at, list(self._items(depth + 1)))
            case _:
                self._check_tag(event, "tag:yaml.org,2002:map")
                node = mapping_node(at, self._pairs(depth + 1), self._lines)
        return node

    def _count(self, size: int, at: int) -> None:
        self._size += size
        check_size(self._size, at, self._lines)

    def _alias(self, name: str, at: int, depth: int) -> Node:
        if name not in self._anchors:
            raise self._lines.refusal(
                at, f"uses the undefined alias *{quote_name(name)}", "define its anchor first"
            )
        node = self._anchors[name]
        if node is None:
            raise self._lines.refusal(
                at, f"holds the alias *{quote_name(name)} inside itself", "write the value out"
            )
        check_depth(depth + node.height - 1, at, self._lines)
        self._count(node.size, at)
        return Node(at, node.value, node.size, node.height)

    def _items(self, depth: int) -> Iterator[Node]:
        while type(event := next(self._events)).__name__ != "SequenceEndEvent":
            yield self._node(event, depth)

    def _pairs(self, depth: int) -> Iterator[KeyedNode]:
        while type(event := next(self._events)).__name__ != "MappingEndEvent":
            key = self._key(event, depth)
            yield KeyedNode(key, event.start_mark.index, self._node(next(self._events), depth))

    def _key(self, event: Any, depth: int) -> str:
        at = event.start_mark.index
        key = self._node(event, depth).value
        if not isinstance(key, str):
            problem = (
                f"has a key that is not text: {printable(key) if not isinstance(key, tuple) else 'a list'}"
            )
            raise self._lines.refusal(at, problem, "put the key in quotes", invalid=True)
        if key == "<<" and getattr(event, "implicit", (False,))[0]:
            problem = "has a merge key <<, which YAML 1.2 does not know"
            raise self._lines.refusal(at, problem, "write the keys out", invalid=True)
        return key

    def _scalar(self, event: Any) -> Scalar:
        text: str = event.value
        if any("\ud800" <= letter <= "\udfff" for letter in text):
            raise self._lines.refusal(event.start_mark.index, "is not YAML: an escape is half a character")
        if event.tag is None:
            return resolve(text) if event.implicit[0] else text
        wanted = _CORE_TAGS.get(event.tag) or self._check_tag(event, "")
        value = text if wanted == (str,) else resolve(text)
        if type(value) not in wanted:
            kind = event.tag.rpartition(":")[2]
            problem = f"has the tag !!{kind} on {printable(text)}, which it is not"
            raise self._lines.refusal(event.start_mark.index, problem, "remove the tag", invalid=True)
        return value

    def _check_tag(self, event: Any, known: str) -> tuple[type, ...]:
        if event.tag is not None and event.tag != known:
            problem = f"has the tag {printable(event.tag)}, which is not of YAML's core schema"
            raise self._lines.refusal(event.start_mark.index, problem, "remove the tag", invalid=True)
        return ()
