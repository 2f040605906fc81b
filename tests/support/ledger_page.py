"""The page of a ledger for tests: in this process by aiohttp's client, or on a port for a browser."""

from __future__ import annotations

import asyncio
import queue
import threading
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import TypeVar

from aiohttp import web
from aiohttp.test_utils import TestClient, TestServer

from gatecli.dashboard.settings import PageSettings
from gatecli.dashboard.site import Site
from gatecli.dashboard.verifying import verify_ledger
from gatecli.ledger.ledger_thread import LedgerThread
from gatecli.ledger.opening import open_store
from tests.support.page_ledgers import NOW

T = TypeVar("T")
Client = TestClient[web.Request, web.Application]
SETTINGS = PageSettings(verify_seconds=0)


def fail(error: Exception) -> None:
    """A bug in a handler ends the test."""
    raise error


def site_of(place: Path | str, settings: PageSettings = SETTINGS, now: datetime = NOW) -> Site:
    """A site over a ledger, at a moment."""
    opened = partial(open_store, str(place), read_only=True)
    return Site(settings, LedgerThread(opened), LedgerThread(opened), lambda: now, fail)


def visit(site: Site, use: Callable[[Client], Awaitable[T]]) -> T:
    """What `use` makes of a client of the site."""

    async def run() -> T:
        async with TestClient(TestServer(site.application())) as client:
            try:
                return await use(client)
            finally:
                await site.pages.close()
                await site.scrapes.close()

    return asyncio.run(run())


def get(site: Site, path: str, **headers: str) -> tuple[int, str, dict[str, str]]:
    """Status, text and headers of one GET."""

    async def use(client: Client) -> tuple[int, str, dict[str, str]]:
        async with client.get(path, headers=headers, allow_redirects=False) as answer:
            return answer.status, await answer.text(), dict(answer.headers)

    return visit(site, use)


@contextmanager
def serving(file: Path, *, verified: bool = True) -> Iterator[str]:
    """The address of a page that a thread serves until the end."""
    addresses: queue.Queue[tuple[str, asyncio.AbstractEventLoop, asyncio.Event]] = queue.Queue()

    async def serve() -> None:
        site = site_of(file)
        if verified:
            site.verification = await site.scrapes.ask(lambda store: verify_ledger(store, lambda: NOW))
        ended = asyncio.Event()
        runner = web.AppRunner(site.application(), access_log=None)
        await runner.setup()
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        port = runner.addresses[0][1]
        addresses.put((f"http://127.0.0.1:{port}", asyncio.get_running_loop(), ended))
        await ended.wait()
        await runner.cleanup()
        await site.pages.close()
        await site.scrapes.close()

    thread = threading.Thread(target=lambda: asyncio.run(serve()), daemon=True)
    thread.start()
    address, loop, ended = addresses.get(timeout=30)
    try:
        yield address
    finally:
        loop.call_soon_threadsafe(ended.set)
        thread.join()
