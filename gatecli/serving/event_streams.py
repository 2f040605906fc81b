"""Server-sent events as leaves (https://html.spec.whatwg.org/multipage/server-sent-events.html).

Each event is data of one or more lines, mostly JSON: its leaves have the number of the event as their first
key. A language model sends a value word by word, so that texts at the same keys of each event are searched
together, beside each alone.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterator, Mapping
from itertools import accumulate

from gatecli.checks.personal_data import Hidden
from gatecli.model.text import Leaf, LeafKind, LeafReading, RawText, with_names_beside
from gatecli.pii.redaction import mask_value
from gatecli.serving.body_text import EVENTS
from gatecli.sources.redact import Hit
from gatecli.sources.string_fields.formats import read_leaves
from gatecli.sources.string_fields.interface import FormatError
from gatecli.sources.string_fields.json_fields import json_leaves_between

_LINE = re.compile(r"([^\r\n]*)(?:\r\n|\r|\n|\Z)")
_DATA = re.compile(r"data(?::|\Z)")
_MARK = "\ufeff"

Span = tuple[int, int]
Divided = Mapping[Leaf, tuple[Leaf, ...]]
"""Texts that are sent in parts, and the parts."""


def reading_of(raw: RawText) -> LeafReading:
    """The leaves of a body, in its form; where it does not have it, as text."""
    if raw.format != EVENTS:
        return read_leaves(raw)
    return LeafReading(EVENTS, with_names_beside(tuple(_leaves_of(raw.text))))


def _leaves_of(text: str) -> Iterator[Leaf]:
    """The leaves of every event's data, and every other line as text."""
    number = 0
    data: list[Span] = []
    for line in _LINE.finditer(text, text.startswith(_MARK)):
        start, end = line.span(1)
        if start < end and (field := _DATA.match(text, start, end)):
            data.append((field.end(), end))
        elif start < end:
            yield from _text(text, start, end)
        elif data:
            yield from _event(text, data, number)
            number, data = number + 1, []
    if data:
        yield from _event(text, data, number)


def _event(text: str, data: list[Span], number: int) -> Iterator[Leaf]:
    """What the data of an event hold: of JSON its leaves, else every line."""
    start, end = data[0][0], data[-1][1]
    # Of several lines the names of the fields between them stand where JSON has white space.
    whole = text if len(data) == 1 else _with_blanks(text, data)
    try:
        yield from json_leaves_between(whole, start, end, (number,))
    except FormatError:
        for first, last in data:
            yield from _text(text, first, last)


def _with_blanks(text: str, data: list[Span]) -> str:
    pieces, at = [], 0
    for start, end in data:
        pieces += [" " * (start - at), text[start:end]]
        at = end
    return "".join(pieces)


def _text(text: str, start: int, end: int) -> Iterator[Leaf]:
    if start < end and not text[start:end].isspace():
        yield Leaf(text[start:end], (), LeafKind.TEXT, start, end)


def divided_texts(leaves: tuple[Leaf, ...]) -> Divided:
    """A leaf for all texts at the same keys of more than one event, with those it is made of."""
    groups: dict[tuple[str | int, ...], list[Leaf]] = {}
    for leaf in leaves:
        if leaf.kind in {LeafKind.VALUE, LeafKind.TEXT}:
            groups.setdefault(leaf.keys[1:], []).append(leaf)
    return {
        Leaf("".join(part.text for part in parts), keys, escaped=True): tuple(parts)
        for keys, parts in groups.items()
        if len(parts) > 1
    }


def placed_hits(seen: Hidden, divided: Divided) -> list[Hit]:
    """What is to be masked of a detection; of a divided text a hit in each of its parts.

    None where one part holds it alone, which is searched itself.
    """
    leaf, start, end = seen.leaf, seen.detection.start, seen.detection.end
    parts = divided.get(leaf)
    if parts is None:
        return [Hit(leaf, start, end, mask_value(leaf.text[start:end]))]
    begins = list(accumulate((len(part.text) for part in parts), initial=0))
    first, last = bisect_right(begins, start) - 1, bisect_right(begins, end - 1) - 1
    if first == last:
        return []
    return [
        _hit(parts[number], max(start - begins[number], 0), end - begins[number])
        for number in range(first, last + 1)
    ]


def _hit(part: Leaf, start: int, end: int) -> Hit:
    end = min(end, len(part.text))
    return Hit(part, start, end, mask_value(part.text[start:end]))
