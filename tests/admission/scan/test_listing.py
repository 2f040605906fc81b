"""Pages of a list: bounded, tried again, called off."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from decimal import Decimal
from typing import Any

import pytest

from admission.cluster.client import ClusterError, ExpiredError, TooLongError, UnreachableError
from admission.scan import listing
from admission.scan.listing import FIRST, LARGE, MOST, DeposedError, Lister, Pace, fitting, parse_list
from tests.support.scans import Setting, config_map, setting

MAPS = "/api/v1/configmaps"
Story = Callable[[Setting], Awaitable[None]]


def run(story: Story, **more: Any) -> None:
    async def main() -> None:
        async with setting(**more) as held, asyncio.timeout(30):
            await story(held)

    asyncio.run(main())


async def names(held: Setting) -> list[str]:
    lister = Lister(held.scanner.client, held.scanner.workers, held.scanner.pace)
    pages = [items async for items in lister.pages(MAPS, "application/json")]
    return [item["metadata"]["name"] for items in pages for item in items]


def test_every_object_comes_once_in_pages_that_grow() -> None:
    async def story(held: Setting) -> None:
        for number in range(FIRST + 60):
            await held.put("ConfigMap", config_map(f"n{number:03}"))
        assert await names(held) == [f"n{number:03}" for number in range(FIRST + 60)]
        assert [query["limit"] for query in held.cluster.queries] == ["25", "50", "100"]

    run(story)


def test_a_server_that_is_away_is_asked_again_for_the_same_page() -> None:
    async def story(held: Setting) -> None:
        for number in range(FIRST + 1):
            await held.put("ConfigMap", config_map(f"n{number:03}"))
        held.cluster.failing[MAPS] = [503, 0, 429, 500, 0]
        assert len(await names(held)) == FIRST + 1
        assert [query.get("continue") for query in held.cluster.queries] == [None, None, "25", "25", "25"]

    run(story)


@pytest.mark.parametrize(("status", "error"), [(503, ClusterError), (403, ClusterError), (410, ExpiredError)])
def test_what_does_not_pass_is_raised(status: int, error: type[ClusterError]) -> None:
    async def story(held: Setting) -> None:
        held.cluster.failing[MAPS] = [status]
        with pytest.raises(error):
            await names(held)
        assert len(held.cluster.queries) == (3 if status == 503 else 1)

    run(story)


def test_too_large_a_page_is_asked_for_in_smaller_ones(monkeypatch: pytest.MonkeyPatch) -> None:
    async def story(held: Setting) -> None:
        for number in range(8):
            await held.put("ConfigMap", config_map(f"n{number}", "x" * 100_000))
        monkeypatch.setattr(listing, "LARGEST", 400_000)
        assert len(await names(held)) == 8
        assert [query["limit"] for query in held.cluster.queries][:2] == ["25", "3"]
        monkeypatch.setattr(listing, "LARGEST", 1_000)
        with pytest.raises(TooLongError):
            await names(held)

    run(story)


def test_who_is_deposed_asks_no_more() -> None:
    def still() -> None:
        raise DeposedError("another replica leads")

    async def story(held: Setting) -> None:
        with pytest.raises(DeposedError):
            await names(held)
        assert held.cluster.queries == []

    run(story, pace=Pace(still=still))


def test_pages_are_bounded_by_number_and_size() -> None:
    assert [fitting(100, 10), fitting(MOST, 10), fitting(100, LARGE), fitting(100, LARGE + 1)] == [
        200,
        MOST,
        100,
        50,
    ]
    assert fitting(1, LARGE + 1) == 1


def test_numbers_are_as_exact_as_in_a_file() -> None:
    assert parse_list(b'{"items": [{"a": 1.10}]}', "p") == ([{"a": Decimal("1.10")}], "")


DEEP = b'{"items":[' + b'{"a":' * 100_000


@pytest.mark.parametrize("body", [b"", b"[]", b"{}", b"{", b'{"items": 1}', b'{"items": [1]}', DEEP, b"\xff"])
def test_an_answer_that_is_no_list_is_an_error_and_no_empty_one(body: bytes) -> None:
    with pytest.raises(ClusterError, match="not a list"):
        parse_list(body, "p")


def test_a_server_that_never_answers_is_unreachable() -> None:
    async def main() -> None:
        async def ask() -> None:
            raise UnreachableError("no answer")

        with pytest.raises(UnreachableError):
            await Pace(retries=(0.0,)).patiently(ask)

    asyncio.run(main())
