"""A ledger that one thread writes, so that the event loop never waits for a database."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

from gatecli.errors import GatecliError
from gatecli.ledger.interface import Store

T = TypeVar("T")


class LedgerThread:
    """One connection, in a thread of its own; opened when it is needed, and anew after a failure."""

    def __init__(self, open_ledger: Callable[[], Store]) -> None:
        self._open = open_ledger
        self._store: Store | None = None
        self._thread = ThreadPoolExecutor(1, "ledger")

    async def ask(self, work: Callable[[Store], T]) -> T:
        """What `work` makes of the store. Raises GatecliError, as opening and work do."""
        return await asyncio.get_running_loop().run_in_executor(self._thread, self._do, work)

    async def close(self) -> None:
        """Let go of the connection, after what is under way."""
        await asyncio.get_running_loop().run_in_executor(self._thread, self._let_go)
        self._thread.shutdown()

    def _do(self, work: Callable[[Store], T]) -> T:
        if self._store is None:
            self._store = self._open()
        try:
            return work(self._store)
        except GatecliError:
            self._let_go()
            raise

    def _let_go(self) -> None:
        store, self._store = self._store, None
        if store is not None:
            store.close()
