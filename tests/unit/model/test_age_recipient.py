"""Public keys of age, read by their text alone."""

from __future__ import annotations

import pytest
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey
from hypothesis import given
from hypothesis import strategies as st
from pyrage import DecryptError, decrypt, encrypt, x25519

from gatecli.model.age_recipient import SMALL_ORDER, is_weak, key_fingerprint, recipient_point
from tests.support.key_policies import NORTH, WEAK

FIELD = 2**255 - 19


def test_a_key_of_the_library_is_read() -> None:
    for _ in range(20):
        text = str(x25519.Identity.generate().to_public())
        assert recipient_point(text) not in SMALL_ORDER


@given(st.integers(0, len(NORTH) - 1), st.sampled_from("qpzry9x8gf2tvdw0s3jn54khce6mua7l"))
def test_one_mistyped_letter_is_noticed(at: int, letter: str) -> None:
    typed = NORTH[:at] + letter + NORTH[at + 1 :]
    if typed != NORTH:
        with pytest.raises(ValueError, match=r"checksum|age1|letter"):
            recipient_point(typed)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "age1",
        "age1q",
        NORTH.upper(),
        NORTH[:-1],
        NORTH + "q",
        " " + NORTH,
        "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIGm1",
        "age1yubikey1qwerty",
        "age1é",
        "tlock1" + NORTH[4:],
    ],
)
def test_another_text_is_not_a_key(text: str) -> None:
    with pytest.raises(ValueError, match=r"\w"):
        recipient_point(text)


@given(st.text(max_size=80) | st.text("age1qpzry9x8gf2tvdw0s3jn54khc", max_size=80))
def test_every_other_text_is_refused_in_words(text: str) -> None:
    with pytest.raises(ValueError, match=r"\w"):
        recipient_point(text)


def test_points_of_small_order_are_those_that_give_no_secret() -> None:
    own = X25519PrivateKey.generate()
    for point in SMALL_ORDER:
        with pytest.raises(ValueError, match=r"."):
            own.exchange(X25519PublicKey.from_public_bytes(point.to_bytes(32, "little")))
    for point in (2, 9, FIELD - 2):
        assert own.exchange(X25519PublicKey.from_public_bytes(point.to_bytes(32, "little")))


ALPHABET = "qpzry9x8gf2tvdw0s3jn54khce6mua7l"


def bech32(number: int, filling: int = 0) -> str:
    """The text of 32 bytes, little-endian; `filling` are the four bits that fill up the last letter."""
    bits = int.from_bytes(number.to_bytes(32, "little"), "big") << 4 | filling
    values = [bits >> 5 * place & 31 for place in reversed(range(52))]
    body = "".join(ALPHABET[value] for value in values)
    return f"age1{body}{_checksum(values)}"


def _checksum(values: list[int]) -> str:
    """BIP 173, written a second time."""
    state = 1
    for value in [3, 3, 3, 0, 1, 7, 5, *values, 0, 0, 0, 0, 0, 0]:
        top = state >> 25
        state = (state & 0x1FFFFFF) << 5 ^ value
        for bit, term in enumerate((0x3B6A57B2, 0x26508E6D, 0x1EA119FA, 0x3D4233DD, 0x2A1462B3)):
            state ^= term if top >> bit & 1 else 0
    state ^= 1
    return "".join(ALPHABET[state >> 5 * (5 - place) & 31] for place in range(6))


def test_a_text_is_read_as_the_library_reads_it() -> None:
    assert str(x25519.Recipient.from_str(bech32(9))) == bech32(9)
    assert recipient_point(bech32(9)) == 9
    assert bech32(0) == WEAK


def test_bits_that_fill_up_are_zero() -> None:
    with pytest.raises(ValueError, match="whole number of bytes"):
        recipient_point(bech32(9, filling=1))


def test_another_encoding_of_a_point_locks_its_holder_out() -> None:
    """RFC 7748 reads several encodings as one point; the age format names a key by its bytes."""
    own = x25519.Identity.generate()
    point = recipient_point(str(own.to_public()))
    assert bech32(point) == str(own.to_public())
    for other in (bech32(point + 2**255), bech32(FIELD), bech32(FIELD + 9), bech32(2**256 - 1)):
        with pytest.raises(ValueError, match="nobody could open"):
            recipient_point(other)
    sealed = encrypt(b"x", [x25519.Recipient.from_str(bech32(point + 2**255))])
    with pytest.raises(DecryptError):
        decrypt(sealed, [own])
    assert all(is_weak(bech32(each)) for each in SMALL_ORDER)


def test_a_weak_key_is_told_and_a_good_one_is_not() -> None:
    assert is_weak(WEAK)
    assert not is_weak(NORTH)


def test_a_fingerprint_is_of_the_text() -> None:
    """What `printf %s age1 | sha256sum` shows."""
    assert key_fingerprint("age1") == "53b758d258daabe832a9abd00e2f3499760998ecca995947da17be2a78b0a2ef"
