"""Recipients of the age format (`age1…`), read without a library of cryptography: their text is Bech32.

Sources: C2SP age.md (the native X25519 recipient), BIP 173 (Bech32), RFC 7748 (X25519 and its encoding of
points).
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable

PREFIX = "age"
_ALPHABET = "qpzry9x8gf2tvdw0s3jn54khce6mua7l"
_GENERATOR = (0x3B6A57B2, 0x26508E6D, 0x1EA119FA, 0x3D4233DD, 0x2A1462B3)
_CHECKSUM_LENGTH = 6
_KEY_BYTES = 32
_FIELD = 2**255 - 19
SMALL_ORDER = frozenset(
    {
        0,
        1,
        _FIELD - 1,
        325606250916557431795983626356110631294008115727848805560023387167927233504,
        39382357235489614581723060781553021112529911719440698176882885853963445705823,
    }
)
"""Points whose shared secret with anybody is zero, so that everybody knows it (RFC 7748, section 6.1)."""


def recipient_point(text: str) -> int:
    """The point of a recipient's key.

    Raises ValueError, whose text completes a sentence that begins with the key's name; for another encoding
    of a point than a private key gives, too: an age file names the bytes, so that nobody could open it.
    """
    head, separator, body = text.rpartition("1")
    if head != PREFIX or not separator:
        raise ValueError("does not begin with age1")
    if not body or not set(body) <= set(_ALPHABET):
        raise ValueError("holds a letter that no age1 key has")
    values = [_ALPHABET.index(letter) for letter in body]
    if _checksum([*_expand(head), *values]) != 1:
        raise ValueError("has a wrong checksum: a letter is mistyped or missing")
    key = _whole_bytes(values[:-_CHECKSUM_LENGTH])
    if len(key) != _KEY_BYTES:
        raise ValueError(f"holds {len(key)} bytes, and an X25519 key has {_KEY_BYTES}")
    point = int.from_bytes(key, "little")
    if point >= _FIELD:
        raise ValueError("is not as its private key gives it: nobody could open what is sealed to it")
    return point


def is_weak(text: str) -> bool:
    """Whether what is sealed to a recipient can be opened by everybody. Raises ValueError as above."""
    return recipient_point(text) in SMALL_ORDER


def key_fingerprint(text: str) -> str:
    """The SHA-256 of a public key's text: what `printf %s age1… | sha256sum` shows."""
    return hashlib.sha256(text.encode()).hexdigest()


def _expand(head: str) -> list[int]:
    return [*(ord(letter) >> 5 for letter in head), 0, *(ord(letter) & 31 for letter in head)]


def _checksum(values: Iterable[int]) -> int:
    state = 1
    for value in values:
        top = state >> 25
        state = (state & 0x1FFFFFF) << 5 ^ value
        for bit, term in enumerate(_GENERATOR):
            if top >> bit & 1:
                state ^= term
    return state


def _whole_bytes(values: Iterable[int]) -> bytes:
    """Groups of five bits as bytes. Raises ValueError where bits that fill up are not zero."""
    found, held, bits = bytearray(), 0, 0
    for value in values:
        held, bits = held << 5 | value, bits + 5
        if bits >= 8:
            bits -= 8
            found.append(held >> bits)
            held &= (1 << bits) - 1
    if bits >= 5 or held:
        raise ValueError("is not a whole number of bytes")
    return bytes(found)
