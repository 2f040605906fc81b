"""Pseudonyms: an identifier replaced by a value that only the holder of a key can make again.

A pseudonym is HMAC-SHA-256 (RFC 2104) of the value, cut to 128 bits. Equal values have equal pseudonyms, in
every table and column that the same key is used for: whoever holds the key links them, and tries values out.
So a pseudonym is still personal data (GDPR, Article 4(5) and recital 26), and a direct identifier here.
"""

from __future__ import annotations

import hashlib
import hmac

CONTEXT = b"gatecli/pseudonym/v1\0"
"""Before each value, so that a key that also serves something else makes other codes there."""

DIGITS = 32
SHORTEST_KEY = 32
"""In bytes. A key that can be guessed gives every value away: identifiers are few, and tried out at once."""


def pseudonym(value: str, key: bytes) -> str:
    """The pseudonym of a value: 32 hexadecimal digits. Raises ValueError for a short key."""
    if len(key) < SHORTEST_KEY:
        raise ValueError(f"a key has at least {SHORTEST_KEY} bytes")
    return hmac.new(key, CONTEXT + value.encode(), hashlib.sha256).hexdigest()[:DIGITS]
