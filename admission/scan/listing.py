"""The lists of a scan: in pages of bounded size, paced, tried again where that may help."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass
from decimal import Decimal
from functools import partial
from typing import Any, TypeVar

from admission.cluster.client import Client, ClusterError, TooLongError, UnreachableError
from admission.server.workers import Workers
from gatecli.errors import GatecliError

FIRST, MOST = 25, 250
"""Objects of the first page, and of the largest."""
SMALL = 1024 * 1024
"""Bytes below which the next page may hold twice as many objects."""
LARGE = 8 * SMALL
"""Bytes above which it holds half as many."""
LARGEST = 32 * SMALL
"""Bytes of a page that are read; beyond them fewer objects are asked for. etcd holds 1.5 MiB of one."""
SECONDS = 60.0
"""What a thread may take for one page, or for a few objects: many times what it needs."""
TRANSIENT = 429

Result = TypeVar("Result")
Item = dict[str, Any]


class DeposedError(GatecliError):
    """This replica no longer leads: what it was about is another's now."""

    exit_code = 4


def always() -> None:
    """No other replica scans."""


@dataclass(frozen=True, slots=True)
class Pace:
    """How hard the API server is asked. `still` raises DeposedError where we may ask no more.

    `pause` is seconds between two pages, `retries` how long to wait before each further try.
    """

    pause: float = 0.0
    retries: tuple[float, ...] = (1.0, 2.0, 4.0, 8.0, 16.0)
    still: Callable[[], None] = always

    async def rest(self) -> None:
        await asyncio.sleep(self.pause)
        self.still()

    async def patiently(self, ask: Callable[[], Awaitable[Result]]) -> Result:
        """What `ask` gives; a server that is away or overcharged is asked again. Raises ClusterError."""
        for seconds in self.retries:
            self.still()
            try:
                return await ask()
            except ClusterError as error:
                if not _may_pass(error):
                    raise
            await asyncio.sleep(seconds)
        self.still()
        return await ask()


def _may_pass(error: ClusterError) -> bool:
    return isinstance(error, UnreachableError) or error.status == TRANSIENT or error.status >= 500


@dataclass(frozen=True, slots=True)
class Lister:
    """Lists collections; bodies are parsed by `workers`, since a large one would hold up the loop."""

    client: Client
    workers: Workers
    pace: Pace

    async def pages(self, path: str, accept: str, **query: str) -> AsyncIterator[list[Item]]:
        """The objects under `path`. Raises ExpiredError if the list must start again, else ClusterError."""
        more, limit = "", FIRST
        while True:
            wanted = {**query, "limit": str(limit), **({"continue": more} if more else {})}
            try:
                body = await self.pace.patiently(partial(self.client.content, path, wanted, accept, LARGEST))
            except TooLongError:
                if limit == 1:
                    raise
                limit = max(1, limit // 8)
                continue
            items, more = await self.workers.run(partial(parse_list, body, path), SECONDS)
            limit = fitting(limit, len(body))
            yield items
            if not more:
                return
            await self.pace.rest()


def fitting(limit: int, size: int) -> int:
    """How many objects to ask for after a page of `limit` objects that had `size` bytes."""
    if size > LARGE:
        return max(1, limit // 2)
    return min(MOST, limit * 2) if size < SMALL else limit


def parse_list(body: bytes, path: str) -> tuple[list[Item], str]:
    """The items and the continue token of a list; numbers are as exact as they were written."""
    try:
        data = json.loads(body, parse_float=Decimal)
        items = [dict(item) for item in data["items"] or ()]
        more = str((data.get("metadata") or {}).get("continue") or "")
    except (ValueError, TypeError, KeyError, AttributeError, ArithmeticError, RecursionError) as error:
        raise ClusterError(f"GET {path}: the answer is not a list that can be read") from error
    return items, more
