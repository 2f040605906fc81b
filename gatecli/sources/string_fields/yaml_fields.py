"""YAML to leaves: every scalar value and key, aliases under their own keys, comments and the rest.

What raw YAML hides: escapes in double quotes; a doubled quote in single quotes; lines that are folded
or whose indentation is removed; spellings of numbers. Anchors and tags stand beside the value.
Source: YAML 1.2.2, chapters 7 and 8.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any

from gatecli.model.text import Leaf, LeafKind, RawText, hint_behind, hint_for, number_text
from gatecli.sources.string_fields.escapes import whole
from gatecli.sources.string_fields.interface import (
    LONG_SHARED,
    MAX_DEPTH,
    FormatError,
    TextFormat,
    respelt_number,
    with_gaps,
)

_NUMBER = re.compile(
    r"[-+]?(?:[0-9][0-9_]*(?:\.[0-9_]*)?(?:[eE][-+]?[0-9]+)?|0x[0-9a-fA-F_]+|0o[0-7_]+|0b[01_]+)"
)
_PROPERTIES = re.compile(r"(?:[&!][^\s,\[\]{}]*\s+)+")
_SILENT = re.compile(r"~|null|Null|NULL|true|True|TRUE|false|False|FALSE|")


@dataclass(slots=True)
class _YamlFrame:
    """A collection being read. In a mapping, `key` is what the next value stands at."""

    keys: tuple[str | int, ...]
    mapping: bool
    key: str | None = None
    count: int = 0
    names: dict[str, object] = field(default_factory=dict)
    hintable: list[tuple[int, str]] = field(default_factory=list)
    before: str = ""
    """In a sequence, the text of the item before."""


class _YamlReader:
    """Leaves from the events of one stream."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.leaves: list[Leaf] = []
        self.document = -1
        self._frames: list[_YamlFrame] = []
        self._anchors: dict[str, Leaf] = {}

    def event(self, event: Any) -> None:
        match type(event).__name__:
            case "ScalarEvent":
                self._scalar(event)
            case "MappingStartEvent":
                self._open(event, mapping=True)
            case "SequenceStartEvent":
                self._open(event, mapping=False)
            case "MappingEndEvent" | "SequenceEndEvent":
                self._close()
            case "AliasEvent":
                self._alias(event)
            case "DocumentStartEvent":
                self.document += 1
                self._anchors.clear()

    def _place(self) -> tuple[tuple[str | int, ...], _YamlFrame | None, bool]:
        """Where the next node stands: its keys, the collection it is in, whether it is a key there."""
        if not self._frames:
            return (), None, False
        frame = self._frames[-1]
        if not frame.mapping:
            frame.count += 1
            return (*frame.keys, frame.count - 1), frame, False
        if frame.key is None:
            return frame.keys, frame, True
        key, frame.key = frame.key, None
        return (*frame.keys, key), frame, False

    def _open(self, event: Any, *, mapping: bool) -> None:
        keys, frame, is_key = self._place()
        if frame is not None:
            frame.before = ""
            if is_key:
                frame.key = ""  # a collection as a key has no name
        if len(self._frames) >= MAX_DEPTH:
            raise FormatError(f"it is nested deeper than {MAX_DEPTH} levels", event.start_mark.index)
        self._frames.append(_YamlFrame(keys, mapping))

    def _close(self) -> None:
        frame = self._frames.pop()
        for index, key in frame.hintable:
            if hint := hint_for(key, frame.names):
                self.leaves[index] = self.leaves[index]._replace(hint=hint)

    def _scalar(self, event: Any) -> None:
        keys, frame, is_key = self._place()
        text = whole(event.value)
        if is_key and frame is not None:
            frame.key = text
            keys = (*keys, text)
        start, end = self._token(event)
        plain = event.style is None or event.style == ""
        kind = LeafKind.KEY if is_key else LeafKind.VALUE
        if plain and not is_key and event.implicit[0]:
            if _SILENT.fullmatch(text):
                self._pass_silence(frame)
                return
            if _NUMBER.fullmatch(text):
                kind, text = LeafKind.NUMBER, number_text(text)
        escaped = self.text[start:end] != text if plain else text not in self.text[start:end]
        leaf = Leaf(text, keys, kind, start, end, escaped, "", self.document)
        self._add(leaf, frame, keys)
        if event.anchor is not None:
            self._anchors[event.anchor] = leaf

    def _add(self, leaf: Leaf, frame: _YamlFrame | None, keys: tuple[str | int, ...]) -> None:
        if not leaf.text:
            self._pass_silence(frame)
            return
        if frame is not None and frame.mapping and leaf.kind is not LeafKind.KEY:
            key = str(keys[-1])
            if leaf.kind is LeafKind.VALUE:
                frame.names.setdefault(key, leaf.text)
            frame.hintable.append((len(self.leaves), key))
        if frame is not None and not frame.mapping:
            leaf = leaf._replace(hint=hint_behind(frame.before))
            frame.before = leaf.text if leaf.kind is LeafKind.VALUE else ""
        self.leaves.append(leaf)

    def _pass_silence(self, frame: _YamlFrame | None) -> None:
        """What is no text names nothing."""
        if frame is not None:
            frame.before = ""

    def _token(self, event: Any) -> tuple[int, int]:
        """The scalar's own characters: without anchor and tag before it, line ends after it."""
        start, end = event.start_mark.index, event.end_mark.index
        if event.anchor is not None or event.tag is not None:
            properties = _PROPERTIES.match(self.text, start, end)
            start = properties.end() if properties else end
        while end > start and self.text[end - 1] in " \t\r\n":
            end -= 1
        return start, end

    def _alias(self, event: Any) -> None:
        keys, frame, is_key = self._place()
        known = self._anchors.get(event.anchor)
        text = known.text if known else ""
        if is_key and frame is not None:
            frame.key = text
            keys = (*keys, text)
        if known is None or len(text) > LONG_SHARED:
            return
        kind = LeafKind.KEY if is_key else LeafKind.VALUE if known.kind is LeafKind.KEY else known.kind
        leaf = known._replace(keys=keys, kind=kind, hint="", document=self.document)
        self._add(leaf, frame, keys)


def read_yaml_leaves(raw: RawText) -> Iterable[Leaf]:
    """The leaves of every document of a stream; `document` is set where there are several."""
    reader = _YamlReader(raw.text)
    for event in _events(raw.text):
        reader.event(event)
    leaves = sorted(_with_headers(raw.text, reader.leaves), key=lambda leaf: leaf.start)
    if reader.document <= 0:
        leaves = [leaf._replace(document=None) for leaf in leaves]
    return with_gaps(raw.text, leaves)


def _with_headers(text: str, leaves: list[Leaf]) -> Iterator[Leaf]:
    """The leaves, and the comment that may stand behind the | or > of a block scalar."""
    headers = set()
    for leaf in leaves:
        yield leaf
        if text[leaf.start : leaf.start + 1] in {"|", ">"} and leaf.start not in headers:
            headers.add(leaf.start)
            stop = min((i for i in (text.find("\n", leaf.start), leaf.end) if i >= 0), default=leaf.end)
            mark = text.find("#", leaf.start, stop)
            if mark >= 0:
                comment = text[mark:stop].rstrip("\r")
                yield Leaf(comment, (), LeafKind.COMMENT, mark, mark + len(comment))


def _events(text: str) -> Iterator[Any]:
    import yaml  # noqa: PLC0415 - needed for YAML alone

    try:
        yield from yaml.parse(text, Loader=getattr(yaml, "CSafeLoader", yaml.SafeLoader))
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None) or getattr(error, "context_mark", None)
        at = mark.index if mark else getattr(error, "position", 0) or 0
        raise FormatError("it is not YAML", min(at, len(text))) from error
    except (ValueError, OverflowError) as error:  # PyYAML's scanner on an escape beyond Unicode
        raise FormatError("it is not YAML") from error


def yaml_views(text: str) -> tuple[str, ...] | None:
    """The text without indentation and blank lines, and what its lines are where they may be folded."""
    if ("\\" in text and '"' in text) or respelt_number(text):
        return None
    if "''" in text:
        text = text + "\n" + text.replace("''", "'")
    lines = text.replace("\r\n", "\n").replace("\r", "\n").replace("\x85", "\n").split("\n")
    bare = "\n".join([line for each in lines if (line := each.strip(" \t"))])
    return bare, _fold(bare)


_JOINT = re.compile(r"\n++(?=[ ()./_:+-]{0,3}[0-9A-Za-z])")
_ENDS = frozenset("0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz()./_:+-")
_BESIDE = 12
"""Characters on both sides of a joint, of which a digit is one: of two groups of a number one has digits."""
_REACH = 200
"""Characters of a value, and of what its form looks at, on each side of a joint: more than any has."""
_HAS_DIGIT = re.compile("[0-9]")
_DIVIDED = re.compile(
    r"\{\{-?\n|\n-?\}\}|<[^<>\n]{0,120}\n|\n[^\w\n]{0,6}[0-9](?!\w)|\n[2-7][0-9A-Fa-f](?![0-9A-Za-z])"
)
"""What may divide a value on both sides of a joint: templates, markup, single digits, hex in pairs."""


def _fold(text: str) -> str:
    """The surroundings of the joints that a value may cross: what crosses none stands in one line."""
    if not text.isascii() or _DIVIDED.search(text):
        return text.replace("\n", " ")
    spans: list[list[int]] = []
    for joint in _JOINT.finditer(text):
        start, end = joint.span()
        if text[start - 1 : start] in _ENDS and _HAS_DIGIT.search(
            text, max(0, start - _BESIDE), end + _BESIDE
        ):
            if spans and start - _REACH <= spans[-1][1]:
                spans[-1][1] = end + _REACH
            else:
                spans.append([max(0, start - _REACH), end + _REACH])
    return "\n".join([text[start:end].replace("\n", " ") for start, end in spans])


YAML = TextFormat("yaml", read_yaml_leaves, yaml_views)
