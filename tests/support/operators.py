"""kopf itself, with a test's handlers: to see what it would do in place of a part of ours (ADR 14)."""

from __future__ import annotations

import asyncio
import gc
import queue
import threading
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from typing import Any

import kopf

from admission.cluster.access import Access
from admission.server.kopf_handlers import connection_of

Register = Callable[[kopf.OperatorRegistry], object]


@contextmanager
def operator(
    access: Access,
    register: Register,
    *,
    identity: str = "test",
    peering: str | None = None,
) -> Iterator[threading.Thread]:
    """While inside, kopf runs in a thread of its own with the handlers that `register` puts into a registry.

    With `peering`, the name of a ClusterKopfPeering, beside others of the same rank; else alone.
    The thread ends when kopf ends, by itself or at the end of the block.
    """
    registry = kopf.OperatorRegistry()

    @kopf.on.startup(registry=registry)
    async def configure(settings: kopf.OperatorSettings, **_: Any) -> None:
        settings.scanning.disabled = True
        settings.posting.enabled = False
        settings.networking.error_backoffs = (0.05,)
        settings.queueing.error_delays = (0.05,)
        settings.process.ultimate_exiting_timeout = None

    @kopf.on.login(registry=registry)
    async def login(**_: Any) -> kopf.ConnectionInfo:
        return connection_of(access)

    register(registry)
    begun: queue.Queue[tuple[asyncio.AbstractEventLoop, asyncio.Event]] = queue.Queue()

    async def run() -> None:
        stop = asyncio.Event()
        begun.put((asyncio.get_running_loop(), stop))
        name: Any = identity
        try:
            await kopf.operator(
                registry=registry,
                standalone=peering is None,
                peering_name=peering,
                clusterwide=True,
                stop_flag=stop,
                identity=name,
            )
        finally:
            # aiohttp closes connections with TLS a moment after it says so (its documentation).
            await asyncio.sleep(0.25)

    def main() -> None:
        with suppress(Exception, asyncio.CancelledError):
            asyncio.run(run())

    thread = threading.Thread(target=main, name=f"kopf {identity}", daemon=True)
    with _sockets_may_be_lost():
        thread.start()
        loop, stop = begun.get(timeout=30)
        try:
            yield thread
        finally:
            with suppress(RuntimeError):  # kopf has ended by itself, and its loop with it
                loop.call_soon_threadsafe(stop.set)
            thread.join(30)


@contextmanager
def _sockets_may_be_lost() -> Iterator[None]:
    """A socket of a kopf that is stopped while it connects would fail the test that collects garbage next."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ResourceWarning)
        yield
        gc.collect()
