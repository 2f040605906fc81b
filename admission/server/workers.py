"""Threads for what would hold up the loop. A job that never ends is seen, and told to the health check."""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

Result = TypeVar("Result")

PATIENCE = 60.0
"""Seconds after which a job is taken to hang: many times what the longest search may take."""


class Workers:
    """`threads` threads; `clock` gives seconds that only grow."""

    def __init__(self, threads: int, clock: Callable[[], float]) -> None:
        self._pool = ThreadPoolExecutor(threads, thread_name_prefix="search")
        self._clock = clock
        self._running: dict[int, float] = {}
        self._numbers = itertools.count()
        self._threads = threads

    async def run(self, job: Callable[[], Result], seconds: float) -> Result:
        """What `job` gives. Raises TimeoutError after `seconds`, waiting for a free thread counted.

        A job that has begun runs on to its own end: it must have a budget of its own.
        """
        return await asyncio.wait_for(
            asyncio.get_running_loop().run_in_executor(self._pool, self._watch, job), seconds
        )

    def hang(self) -> bool:
        """Whether every thread has been at one job for longer than the patience."""
        at = self._clock()
        late = sum(at - begun > PATIENCE for begun in list(self._running.values()))
        return late >= self._threads

    def close(self) -> None:
        """Take no more jobs, and wait for none."""
        self._pool.shutdown(wait=False, cancel_futures=True)

    def _watch(self, job: Callable[[], Result]) -> Result:
        number = next(self._numbers)
        self._running[number] = self._clock()
        try:
            return job()
        finally:
            del self._running[number]
