"""A ledger that one thread asks, so that an event loop never waits for a database."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

from gatecli.ledger.interface import LedgerUnavailable, Store

T = TypeVar("T")


class LedgerBusy(Exception):
    """Too many wait for the thread already."""


class LedgerThread:
    """One connection, opened when it is needed, and what is asked one after the other.

    At most `most_waiting` wait; more are refused. None for any number.
    """

    def __init__(self, open_ledger: Callable[[], Store], most_waiting: int | None = None) -> None:
        self._open, self._most = open_ledger, most_waiting
        self._store: Store | None = None
        self._thread = ThreadPoolExecutor(1, "ledger")
        self._waiting = 0

    async def ask(self, work: Callable[[Store], T]) -> T:
        """What `work` makes of the store. Raises LedgerBusy, and as opening and work do."""
        if self._most is not None and self._waiting >= self._most:
            raise LedgerBusy
        self._waiting += 1
        try:
            return await asyncio.get_running_loop().run_in_executor(self._thread, self._do, work)
        finally:
            self._waiting -= 1

    async def close(self) -> None:
        """Let go of the connection, after what is under way."""
        await asyncio.get_running_loop().run_in_executor(self._thread, self._let_go)
        self._thread.shutdown()

    def _do(self, work: Callable[[Store], T]) -> T:
        if self._store is None:
            self._store = self._open()
        try:
            return work(self._store)
        except LedgerUnavailable:
            # Who asks next connects anew.
            self._let_go()
            raise

    def _let_go(self) -> None:
        store, self._store = self._store, None
        if store is not None:
            store.close()
