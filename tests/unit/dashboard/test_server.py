"""The port: opened, verified behind it, and closed at a signal."""

from __future__ import annotations

import asyncio
import os
import signal
import socket
from collections.abc import Awaitable, Callable
from functools import partial
from pathlib import Path
from typing import TypeVar

import aiohttp
import pytest

from gatecli.dashboard.server import Surroundings, serve
from gatecli.dashboard.settings import PageSettings
from gatecli.errors import ConfigurationError
from gatecli.ledger.interface import LedgerUnavailable
from gatecli.ledger.opening import open_store
from tests.support.ledger_page import fail
from tests.support.page_ledgers import NOW, team

T = TypeVar("T")


def serve_until(file: Path, settings: PageSettings, use: Callable[[str], Awaitable[T]]) -> T:
    """What `use` makes of the address; the service ends by SIGTERM."""

    async def run() -> T:
        addresses: asyncio.Queue[str] = asyncio.Queue()
        brought = Surroundings(
            partial(open_store, str(file), read_only=True), lambda: NOW, addresses.put_nowait, fail
        )
        service = asyncio.ensure_future(serve(settings, brought))
        address = asyncio.ensure_future(addresses.get())
        await asyncio.wait({service, address}, return_when=asyncio.FIRST_COMPLETED)
        if service.done():
            address.cancel()
            service.result()
        found = await use(await address)
        os.kill(os.getpid(), signal.SIGTERM)
        await service
        return found

    return asyncio.run(run())


async def text_at(url: str) -> str:
    async with aiohttp.ClientSession() as session, session.get(url) as answer:
        return await answer.text()


def test_a_ledger_is_verified_behind_the_page(tmp_path: Path) -> None:
    team(tmp_path / "ledger.db").close()

    async def until_verified(address: str) -> str:
        text = ""
        while "verification_holds 1.0" not in text:
            text = await text_at(f"{address}metrics")
        return await text_at(address)

    found = serve_until(tmp_path / "ledger.db", PageSettings(port=0), until_verified)
    assert "holds</span>" in found


def test_without_a_pause_nothing_is_verified(tmp_path: Path) -> None:
    team(tmp_path / "ledger.db").close()
    settings = PageSettings(port=0, verify_seconds=0)
    assert "none by this page yet" in serve_until(tmp_path / "ledger.db", settings, text_at)


@pytest.mark.parametrize(("address", "host"), [("127.0.0.1", "127.0.0.1"), ("::1", "[::1]")])
def test_the_address_is_one_to_open(tmp_path: Path, address: str, host: str) -> None:
    team(tmp_path / "ledger.db").close()

    async def same(found: str) -> str:
        assert "customers-2026" in await text_at(found)
        return found

    found = serve_until(tmp_path / "ledger.db", PageSettings(address, 0, verify_seconds=0), same)
    assert found.startswith(f"http://{host}:")


def test_a_port_that_is_taken_is_said(tmp_path: Path) -> None:
    team(tmp_path / "ledger.db").close()
    with socket.create_server(("127.0.0.1", 0)) as other:
        settings = PageSettings(port=other.getsockname()[1], verify_seconds=0)
        with pytest.raises(ConfigurationError, match="cannot be opened"):
            serve_until(tmp_path / "ledger.db", settings, text_at)


def test_a_ledger_that_is_not_there_is_said_before_the_port_opens(tmp_path: Path) -> None:
    with pytest.raises(LedgerUnavailable, match="there is no ledger"):
        serve_until(tmp_path / "ledger.db", PageSettings(port=0), text_at)
