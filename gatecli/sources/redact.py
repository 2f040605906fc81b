"""A masked copy of a text: what was found is replaced, everything else stays byte for byte."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass

from gatecli.errors import UncheckableError
from gatecli.model.text import Leaf, LeafKind, RawText
from gatecli.sources.encoding import encode_text

_MANY = 64
"""Hits in one token, of which each is looked for alone."""


@dataclass(frozen=True, slots=True)
class Hit:
    """Characters `start` to `end` of a leaf's text, and what is to stand there."""

    leaf: Leaf
    start: int
    end: int
    mask: str


def apply_spans(text: str, spans: Iterable[tuple[int, int, str]]) -> str:
    """The text with each span replaced; of spans that overlap the union is, by the widest's replacement.

    Raises `ValueError` for a span outside the text.
    """
    merged: list[tuple[int, int, str]] = []
    for start, end, replacement in sorted(spans, key=lambda span: (span[0], -span[1])):
        if not 0 <= start <= end <= len(text):
            raise ValueError(f"the span {start} to {end} is not in a text of {len(text)} characters")
        if merged and start < merged[-1][1]:
            first, last, kept = merged[-1]
            merged[-1] = (first, max(last, end), kept)
        else:
            merged.append((start, end, replacement))
    parts, at = [], 0
    for start, end, replacement in merged:
        parts += [text[at:start], replacement]
        at = end
    return "".join([*parts, text[at:]])


def redact_raw(raw: RawText, hits: Iterable[Hit]) -> str:
    """The text of `raw` with every hit masked.

    A value that stands as it is in the file is replaced alone. One that is escaped or folded there, or
    that stands without quotes where a mask needs some, takes its whole token with it, which is written
    anew in the format's own quotes.
    """
    tokens: dict[tuple[int, int], list[Hit]] = {}
    for hit in hits:
        tokens.setdefault((hit.leaf.start, hit.leaf.end), []).append(hit)
    spans: list[tuple[int, int, str]] = []
    for members in tokens.values():
        spans += _alone(raw, members) or _whole(raw, members)
    return apply_spans(raw.text, spans)


def _alone(raw: RawText, hits: list[Hit]) -> list[tuple[int, int, str]]:
    """The spans of hits that stand as they are in one token; nothing if any of them does not."""
    if _is_bare(raw, hits[0].leaf):
        return []
    if len(hits) > _MANY:
        return _spans_in_one_leaf(raw, hits)
    spans = [(*hit.leaf.span(raw.text, hit.start, hit.end), hit.mask) for hit in hits]
    shown = (raw.text[start:end] for start, end, _ in spans)
    meant = (hit.leaf.text[hit.start : hit.end] for hit in hits)
    return spans if all(map(str.__eq__, shown, meant)) else []


def _spans_in_one_leaf(raw: RawText, hits: list[Hit]) -> list[tuple[int, int, str]]:
    """The same of many hits, whose token is looked at once: each look takes as long as the token is."""
    leaf = hits[0].leaf
    start, end = leaf.span(raw.text, 0, len(leaf.text))
    if leaf.escaped or raw.text[start:end] != leaf.text or any(hit.leaf.text != leaf.text for hit in hits):
        return []
    return [(start + hit.start, start + hit.end, hit.mask) for hit in hits]


def _is_bare(raw: RawText, leaf: Leaf) -> bool:
    """Whether a mask in this token would be read as an alias, or as no value at all."""
    if raw.format not in _BARE or leaf.kind in _RUNNING:
        return False
    heredoc = raw.format == "hcl" and leaf.kind is LeafKind.VALUE
    return not heredoc and raw.text[leaf.start] not in "\"'|>"


def _whole(raw: RawText, hits: list[Hit]) -> list[tuple[int, int, str]]:
    leaf = hits[0].leaf
    masked = apply_spans(leaf.text, ((hit.start, hit.end, hit.mask) for hit in hits))
    quote = str if leaf.kind in _RUNNING else _QUOTES.get(raw.format, str)
    return [(leaf.start, leaf.end, quote(masked))]


def redacted_bytes(raw: RawText, hits: Iterable[Hit]) -> bytes:
    """The same as bytes in the file's own encoding. Raises `UncheckableError` where it cannot be kept."""
    if not raw.whole or "\ufffd" in raw.text:
        problem = "holds bytes that are not text" if raw.whole else "is too large"
        advice = "split it, or save it as UTF-8"
        raise UncheckableError(f"{raw.path} {problem} to be redacted", advice=advice)
    try:
        return encode_text(redact_raw(raw, hits), raw.encoding)
    except UnicodeEncodeError as error:
        advice = "save it as UTF-8 first"
        raise UncheckableError(f"{raw.path} cannot be written as {raw.encoding}", advice=advice) from error


def _json_quoted(text: str) -> str:
    return json.dumps(text, ensure_ascii=False).replace("\x7f", "\\u007f")


def _csv_quoted(text: str) -> str:
    return '"' + text.replace('"', '""') + '"'


def _properties_escaped(text: str) -> str:
    return text.replace("\\", "\\\\").replace("\n", "\\n").replace("\r", "\\r")


_QUOTES: Mapping[str, Callable[[str], str]] = {
    "yaml": _json_quoted,
    "json": _json_quoted,
    "json-lines": _json_quoted,
    "event-stream": _json_quoted,
    "toml": _json_quoted,
    "hcl": _json_quoted,
    "env": _json_quoted,
    "dockerfile": _json_quoted,
    "csv": _csv_quoted,
    "properties": _properties_escaped,
}
_BARE = frozenset({"yaml", "json", "json-lines", "event-stream", "toml", "hcl"})
_RUNNING = frozenset({LeafKind.COMMENT, LeafKind.TEXT})
