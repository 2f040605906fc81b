"""A thread that asks a ledger: bounded, and connected anew after a failure."""

from __future__ import annotations

import asyncio
import threading
from functools import partial
from pathlib import Path

import pytest

from gatecli.ledger.interface import LedgerUnavailable, Store
from gatecli.ledger.ledger_thread import LedgerBusy, LedgerThread
from gatecli.ledger.opening import open_store
from tests.support.page_ledgers import IDENTITY, create


def test_a_ledger_is_read_in_another_thread_and_read_only(tmp_path: Path) -> None:
    create(tmp_path / "ledger.db").close()

    async def run() -> tuple[str, str]:
        reader = LedgerThread(partial(open_store, str(tmp_path / "ledger.db"), read_only=True))
        try:
            thread = await reader.ask(lambda _: threading.current_thread().name)
            with pytest.raises(LedgerUnavailable):
                await reader.ask(lambda store: store.note_refusal("rule", "2026-01-01T00:00:00Z"))
            return thread, await reader.ask(lambda store: store.identity.id)
        finally:
            await reader.close()

    thread, ledger = asyncio.run(run())
    assert thread.startswith("ledger")
    assert ledger == IDENTITY.id


def test_after_a_failure_the_next_reading_connects_anew(tmp_path: Path) -> None:
    create(tmp_path / "ledger.db").close()
    opened: list[Store] = []

    def open_again() -> Store:
        opened.append(open_store(str(tmp_path / "ledger.db"), read_only=True))
        return opened[-1]

    def lose(_store: Store) -> None:
        raise LedgerUnavailable("the connection was lost")

    async def run() -> None:
        reader = LedgerThread(open_again)
        with pytest.raises(LedgerUnavailable):
            await reader.ask(lose)
        for _ in range(2):
            await reader.ask(lambda store: store.tally("2026-01-01"))
        await reader.close()

    asyncio.run(run())
    assert len(opened) == 2


def test_too_many_readings_at_once_are_refused(tmp_path: Path) -> None:
    create(tmp_path / "ledger.db").close()
    go_on = threading.Event()

    async def run() -> None:
        reader = LedgerThread(partial(open_store, str(tmp_path / "ledger.db"), read_only=True), 2)
        waiting = [asyncio.ensure_future(reader.ask(lambda _: go_on.wait(30))) for _ in range(2)]
        await asyncio.sleep(0)
        with pytest.raises(LedgerBusy):
            await reader.ask(lambda store: store.identity)
        go_on.set()
        assert await asyncio.gather(*waiting) == [True, True]
        assert await reader.ask(lambda store: store.identity) == IDENTITY
        await reader.close()

    asyncio.run(run())
