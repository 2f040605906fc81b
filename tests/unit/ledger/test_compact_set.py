"""What is in a set of hashes, and what it weighs."""

from __future__ import annotations

import sys

from gatecli.ledger.compact_set import CompactSet


def test_what_was_added_is_in_it_and_nothing_else() -> None:
    keys = CompactSet()
    for number in range(10_000):
        keys.add(("people", f"release@{number}"))
    assert all(("people", f"release@{number}") in keys for number in range(10_000))
    assert not any(("people", f"release@{number}") in keys for number in range(10_000, 20_000))


def test_a_key_is_counted_once() -> None:
    keys = CompactSet()
    for _ in range(3):
        keys.add("same")
    assert len(keys) == 1


def test_the_hash_of_nothing_is_a_key_like_others() -> None:
    keys = CompactSet()
    assert 0 not in keys
    keys.add(0)
    assert 0 in keys


def test_a_key_weighs_at_most_24_bytes() -> None:
    keys = CompactSet()
    for number in range(100_000):
        keys.add(number)
    assert sys.getsizeof(keys._table) <= 24 * len(keys)
