"""How a report refers to personal data without revealing it: a mask, and keyed hashes."""

from __future__ import annotations

import hashlib
import hmac
import unicodedata
from collections.abc import Callable, Iterable, Sequence

from gatecli.pii.interface import Detection

LONGEST_MASK = 24
KEPT = 2
SHORTEST_KEPT = 6
"""Of a value shorter than this not even the end is shown."""


def normalise_value(value: str) -> str:
    """One form for all spellings of a value: NFKC, an address in lower case, a number alone."""
    value = unicodedata.normalize("NFKC", value)
    if "@" in value:
        return value.lower().strip()
    return "".join(character for character in value if character.isalnum()).upper()


def mask_value(value: str) -> str:
    """`****************2X`: at most the last two characters, never longer than `LONGEST_MASK`."""
    if len(value) < SHORTEST_KEPT:
        return "*" * len(value)
    size = min(len(value), LONGEST_MASK)
    return "*" * (size - KEPT) + _printable(value[-KEPT:])


def _printable(text: str) -> str:
    return "".join(character if character.isprintable() else "*" for character in text)


def value_hash(value: str, key: bytes) -> str:
    """HMAC-SHA-256 of the normalised value, in hex; two spellings of one value share it.

    The key is the run's own random key, or the organisation's: without a key the few possible
    values of a number could be tried one by one.
    """
    return hmac.new(key, normalise_value(value).encode("utf-8", "surrogatepass"), hashlib.sha256).hexdigest()


def redact_text(text: str, detections: Iterable[Detection]) -> str:
    """`text` with every detected span masked; spans of one text, in any order, may overlap."""
    return masked_at(text, ((item.start, item.end) for item in detections))


def masked_at(text: str, spans: Iterable[tuple[int, int]]) -> str:
    """`text` with every span masked."""
    pieces: list[str] = []
    at = 0
    for start, end in _merge_spans(spans):
        pieces += (text[at:start], mask_value(text[start:end]))
        at = end
    return "".join((*pieces, text[at:]))


def _merge_spans(spans: Iterable[tuple[int, int]]) -> list[tuple[int, int]]:
    merged: list[tuple[int, int]] = []
    for start, end in sorted(spans):
        if merged and start < merged[-1][1]:
            merged[-1] = (merged[-1][0], max(end, merged[-1][1]))
        else:
            merged.append((start, end))
    return merged


MOST_ROUNDS = 8
"""A text of more values that hide each other is nobody's."""


def label_all(text: str, find: Callable[[str], Sequence[Detection]]) -> str | None:
    """`text` with every value replaced by the name of its kind, until `find` finds none; None where it never
    ends. A value may hide another beside it, which is found once the first is gone.
    """
    for _ in range(MOST_ROUNDS):
        found = find(text)
        if not found:
            return text
        text = label_text(text, found)
    return None


def label_text(text: str, detections: Sequence[Detection]) -> str:
    """`text` with every detected span replaced by the name of its kind: `<EMAIL_ADDRESS>`."""
    kinds = {item.start: item.entity.id for item in sorted(detections, key=lambda item: item.end)}
    pieces: list[str] = []
    at = 0
    for start, end in _merge_spans((item.start, item.end) for item in detections):
        pieces += (text[at:start], f"<{kinds[start]}>")
        at = end
    return "".join((*pieces, text[at:]))
