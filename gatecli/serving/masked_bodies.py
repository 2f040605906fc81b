"""A body with what was found in it masked: of the same form, with the same keys, or not at all."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from gatecli.errors import UncheckableError
from gatecli.model.text import Leaf, LeafKind, LeafReading, RawText
from gatecli.serving.body_text import EVENTS, JSON, JSON_LINES, Unsearchable
from gatecli.serving.event_streams import reading_of
from gatecli.sources.redact import Hit, apply_spans, redact_raw, redacted_bytes

_KEYED = frozenset({JSON, JSON_LINES, EVENTS})
"""Formats in which two keys that read alike are one."""
_NUMBER = re.compile(r"-?[0-9]+(?:\.[0-9]+)?(?:[eE][-+]?[0-9]+)?")


@dataclass(frozen=True, slots=True)
class Masked:
    """A masked body, and its text."""

    raw: RawText = field(repr=False)
    content: bytes = field(repr=False)


def masked_text(raw: RawText, reading: LeafReading, hits: Sequence[Hit]) -> Masked | Unsearchable:
    """The text with every hit masked: what stands between is as it was, a masked number is a string.

    Unsearchable says why it cannot be: its form was not what it should be, or the masks would change it.
    """
    if reading.format != raw.format:
        return Unsearchable("it has not the form that it says, so that a mask could break it")
    hits = _quoted_inside(hits) if raw.format in _KEYED else hits
    try:
        content = redacted_bytes(raw, hits)
    except (UncheckableError, ValueError):
        return Unsearchable("it cannot be written back in its character set")
    masked = replace(raw, text=redact_raw(raw, hits))
    after = reading_of(masked)
    if after.format != raw.format:
        return Unsearchable("a mask would break its form")
    if raw.format in _KEYED and _count_keys(after.leaves) != _count_keys(reading.leaves):
        return Unsearchable("masks would make two of its keys one")
    return Masked(masked, content)


def _count_keys(leaves: Sequence[Leaf]) -> int:
    return len({leaf.keys for leaf in leaves if leaf.kind is LeafKind.KEY})


def _quoted_inside(hits: Sequence[Hit]) -> list[Hit]:
    """The hits; those in JSON inside a string as one, in which a masked number is a string too."""
    leaves: dict[Leaf, list[Hit]] = {}
    for hit in hits:
        leaves.setdefault(hit.leaf, []).append(hit)
    return [each for leaf, held in leaves.items() for each in _kept_as_json(leaf, held)]


def _kept_as_json(leaf: Leaf, hits: list[Hit]) -> list[Hit]:
    if leaf.kind is not LeafKind.VALUE or not _is_json(leaf.text):
        return hits
    text = apply_spans(leaf.text, [(hit.start, hit.end, hit.mask) for hit in hits])
    quoted = apply_spans(leaf.text, [(hit.start, hit.end, _as_string(hit)) for hit in hits])
    if _is_json(text) or not _is_json(quoted):
        return hits
    # What stands without an escape is replaced where it stands, between the quotes that are there.
    mask = quoted if leaf.escaped else json.dumps(quoted, ensure_ascii=False)[1:-1]
    return [Hit(leaf, 0, len(leaf.text), mask)]


def _as_string(hit: Hit) -> str:
    is_number = _NUMBER.fullmatch(hit.leaf.text, hit.start, hit.end)
    return json.dumps(hit.mask) if is_number else hit.mask


def _is_json(text: str) -> bool:
    if text.lstrip()[:1] not in {"{", "["}:
        return False
    try:
        json.loads(text)
    except (ValueError, RecursionError):
        return False
    return True
