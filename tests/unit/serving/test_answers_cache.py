"""The same question gets the same bytes, within bounds; whoever asks first asks for all."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

from hypothesis import given
from hypothesis import strategies as st

from gatecli.model.private_endpoint import OF_ENTRY
from gatecli.serving.answers_cache import AnswersCache


def cache(entries: int = 10, size: int = 1 << 20) -> AnswersCache:
    return AnswersCache(b"k" * 32, entries, size)


def answering(*answers: bytes) -> Callable[[], Awaitable[bytes]]:
    left = list(answers)

    async def ask() -> bytes:
        return left.pop(0)

    return ask


def test_the_same_question_gets_the_same_bytes() -> None:
    async def run() -> None:
        held, ask = cache(), answering(b"one", b"two")
        assert [await held.answer(b"q", ask) for _ in range(3)] == [b"one"] * 3
        assert await held.answer(b"other", ask) == b"two"

    asyncio.run(run())


def test_of_those_who_ask_at_once_one_asks() -> None:
    async def run() -> None:
        held, gate, asked = cache(), asyncio.Event(), []

        async def ask() -> bytes:
            asked.append(1)
            await gate.wait()
            return b"one"

        waiting = [asyncio.create_task(held.answer(b"q", ask)) for _ in range(5)]
        await asyncio.sleep(0)
        gate.set()
        assert await asyncio.gather(*waiting) == [b"one"] * 5
        assert len(asked) == 1

    asyncio.run(run())


def test_an_answer_without_room_is_still_the_same_for_those_who_ask_at_once() -> None:
    async def run() -> None:
        held, ask = cache(entries=0), answering(b"one", b"two")
        both = await asyncio.gather(*(held.answer(b"q", ask) for _ in range(2)))
        assert both == [b"one", b"one"]
        assert await held.answer(b"q", ask) == b"two"
        assert len(held) == 0

    asyncio.run(run())


def test_an_error_reaches_all_who_wait_and_is_not_remembered() -> None:
    async def run() -> None:
        held = cache()

        async def fail() -> bytes:
            await asyncio.sleep(0)
            raise LookupError

        found = await asyncio.gather(*(held.answer(b"q", fail) for _ in range(3)), return_exceptions=True)
        assert [type(each) for each in found] == [LookupError] * 3
        assert await held.answer(b"q", answering(b"one")) == b"one"

    asyncio.run(run())


def test_whoever_asks_first_may_go_away() -> None:
    """The answer was paid for: it is kept, and those who still wait get it."""

    async def run() -> None:
        held, gate = cache(), asyncio.Event()

        async def ask() -> bytes:
            await gate.wait()
            return b"one"

        first, second = (asyncio.create_task(held.answer(b"q", ask)) for _ in range(2))
        await asyncio.sleep(0)
        first.cancel()
        await asyncio.sleep(0)
        gate.set()
        assert await second == b"one"
        assert first.cancelled()
        assert held.get(b"q") == b"one"

    asyncio.run(run())


@given(st.lists(st.tuples(st.integers(0, 6), st.integers(0, 200)), max_size=40), st.integers(0, 4))
def test_bounds_hold_and_what_is_forgotten_is_counted(puts: list[tuple[int, int]], entries: int) -> None:
    held = cache(entries, 2 * OF_ENTRY + 150)
    gone = 0
    for name, size in puts:
        before = set(held._held)
        held.put(bytes([name]), b"x" * size)
        gone += len(before - set(held._held))
        assert len(held) <= entries
        assert held._size == sum(len(each) + OF_ENTRY for each in held._held.values()) <= 2 * OF_ENTRY + 150
    assert held.evictions == gone


def test_what_was_asked_for_longest_ago_is_forgotten_first() -> None:
    held = cache(entries=2)
    held.put(b"a", b"1")
    held.put(b"b", b"2")
    assert held.get(b"a") == b"1"
    held.put(b"c", b"3")
    assert [held.get(each) for each in (b"a", b"b", b"c")] == [b"1", None, b"3"]
    assert held.evictions == 1


@given(st.lists(st.binary(max_size=4), max_size=4), st.lists(st.binary(max_size=4), max_size=4))
def test_no_two_questions_have_one_key(one: list[bytes], other: list[bytes]) -> None:
    held = cache()
    assert (held.question_key(*one) == held.question_key(*other)) == (one == other)


def test_a_question_cannot_be_tried_out_without_the_key() -> None:
    one, other = cache(), AnswersCache(b"l" * 32, 1, 1)
    assert one.question_key(b"q") != other.question_key(b"q")
    assert b"k" * 32 not in repr(one).encode()


def test_an_answer_larger_than_all_room_forgets_nothing() -> None:
    held = cache(size=OF_ENTRY + 10)
    held.put(b"a", b"1")
    held.put(b"b", b"x" * 11)
    assert held.get(b"a") == b"1"
