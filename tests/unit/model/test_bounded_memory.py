"""What is remembered stays within its bound, whatever strangers send."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from gatecli.model.bounded_memory import OF_ENTRY, BoundedMemory

MOST = 10 * OF_ENTRY


@given(st.lists(st.tuples(st.integers(0, 9), st.integers(0, 2 * MOST))))
def test_what_is_held_is_never_of_more_than_the_bound(put: list[tuple[int, int]]) -> None:
    memory: BoundedMemory[int, int] = BoundedMemory(MOST)
    for key, size in put:
        memory.put(key, size, size)
        held = [memory.get(each) for each in range(10)]
        assert sum(each + OF_ENTRY for each in held if each is not None) <= MOST


def test_what_was_put_is_there_until_it_must_give_way() -> None:
    memory: BoundedMemory[str, int] = BoundedMemory(3 * OF_ENTRY)
    memory.put("a", 1, 0)
    memory.put("b", 2, OF_ENTRY)
    assert (memory.get("a"), memory.get("b"), memory.get("c")) == (1, 2, None)
    memory.put("c", 3, 0)
    assert (memory.get("a"), memory.get("c"), len(memory)) == (None, 3, 1)
    memory.put("huge", 4, 3 * OF_ENTRY)
    assert (memory.get("huge"), memory.get("c")) == (None, 3)
