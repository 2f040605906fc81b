"""Context: the words of key paths and of the text around a match, compared as whole words."""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import cache, lru_cache

from gatecli.pii.interface import Entity, Match, Strength

RAISE = 0.4
LOWER = 0.35
BEFORE = 64
AFTER = 24

_WORD = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|[^\x00-\x7f]+")
_LINE_END = re.compile(r"[^\n]*")

NEGATIVE: tuple[str, ...] = (
    "image", "digest", "sha", "md", "hash", "checksum", "resource version", "uid", "uuid", "guid", "port",
    "timestamp", "build", "revision", "generation", "etag", "nonce", "trace", "span", "commit", "bytes",
    "memory", "size", "nanos", "millis", "epoch", "isbn", "issn", "ean", "gtin", "sku", "upc", "latitude",
    "longitude", "semver", "offset", "creation time", "seed", "cidr", "api version", "price",
    "run as user", "run as group", "fs group", "groups", "seconds", "timeout", "replicas", "limit", "quota",
    "gid", "inode",
)  # fmt: skip
"""Keys whose numbers are no person's."""


def words(texts: Iterable[str]) -> str:
    """All words of `texts`, lower case, camelCase and snake_case split, framed by single spaces."""
    found = [word.lower() for text in texts for word in _WORD.findall(text)]
    return f" {' '.join(found)} "


def around(text: str, start: int, end: int) -> tuple[str, str]:
    """The rest of the match's own line, before and after it, within bounds."""
    before = text[max(0, start - BEFORE) : start]
    after = text[end : end + AFTER]
    return before.rpartition("\n")[2], after.partition("\n")[0]


def held_candidates(candidates: tuple[str, ...], haystack: str) -> tuple[str, ...]:
    """Those of `candidates` that the text holds; words of scripts without spaces match anywhere."""
    return tuple(word for word, sought in _search_forms(candidates) if sought in haystack)


@cache
def _search_forms(candidates: tuple[str, ...]) -> tuple[tuple[str, str], ...]:
    return tuple((word, f" {word} " if word.isascii() else word) for word in candidates)


def may_speak(entity: Entity, text: str) -> bool:
    """Whether a context word could be among the words of `text` (small letters): if not, none is."""
    return any(all(part in text for part in parts) for parts in _context_parts(entity.context))


@cache
def _context_parts(context: tuple[str, ...]) -> tuple[tuple[str, ...], ...]:
    return tuple(tuple(word.split()) for word in context)


def weigh(match: Match, text: str, keys: str) -> tuple[float, tuple[str, ...]]:
    """The score with context, and one sentence for each word that counted.

    `keys` is `words(path)`. A negative word counts only from the key path, never beside a positive
    one, and never against a number that proves itself by checks and structure.
    """
    haystack = keys + words(around(text, match.start, match.end))
    positive = held_candidates(match.entity.context, haystack)
    if positive:
        return min(1.0, match.score + RAISE), (f"raised by context: {', '.join(positive)}",)
    negative = _negative(match.entity, haystack, keys)
    if negative:
        return max(0.0, match.score - LOWER), (f"lowered by context: {', '.join(negative)}",)
    return match.score, ()


def _negative(entity: Entity, haystack: str, keys: str) -> tuple[str, ...]:
    if entity.strength is Strength.STRUCTURED:
        return ()
    return _negative_keys(keys) + held_candidates(entity.negative_context, haystack)


@lru_cache(maxsize=64)
def _negative_keys(keys: str) -> tuple[str, ...]:
    return held_candidates(NEGATIVE, keys)
