"""A ledger that one thread reads, so that the event loop never waits for a database."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

from gatecli.ledger.interface import LedgerUnavailable, Store

T = TypeVar("T")

MOST_WAITING = 32
"""Readings that wait for the thread; more are refused."""


class LedgerBusy(Exception):
    """Too many readings wait already."""


class LedgerReader:
    """Reads by a connection of its own, one reading after the other."""

    def __init__(self, open_ledger: Callable[[], Store]) -> None:
        self._open = open_ledger
        self._store: Store | None = None
        self._thread = ThreadPoolExecutor(1, "ledger")
        self._waiting = 0

    async def read(self, work: Callable[[Store], T]) -> T:
        """What `work` makes of the store, in the thread. Raises LedgerUnavailable, LedgerBusy."""
        if self._waiting >= MOST_WAITING:
            raise LedgerBusy
        self._waiting += 1
        try:
            return await asyncio.get_running_loop().run_in_executor(self._thread, self._do, work)
        finally:
            self._waiting -= 1

    async def close(self) -> None:
        """Let go of the connection, after what is being read."""
        await asyncio.get_running_loop().run_in_executor(self._thread, self._let_go)
        self._thread.shutdown()

    def _do(self, work: Callable[[Store], T]) -> T:
        if self._store is None:
            self._store = self._open()
        try:
            return work(self._store)
        except LedgerUnavailable:
            # The next reading connects anew.
            self._let_go()
            raise

    def _let_go(self) -> None:
        store, self._store = self._store, None
        if store is not None:
            store.close()
