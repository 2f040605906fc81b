"""What stands in for the Service of the webhook where there are no nodes, hence no kube-proxy.

As there: TCP is passed on and TLS is not ended here; a connection goes to one of the ready replicas and
stays with it until it ends, also when the replica is no longer ready; who is deleted leaves at once
(`remove`), who is unready with the next probe; without any ready replica a connection is refused.

Not as there: one failed probe is enough, and one good one (a kubelet may ask for several, and seconds
apart); replicas take turns (kube-proxy draws lots); where a replica refuses the connection the next one is
tried (kube-proxy lets the connection fail until the endpoint is gone); and a refused connection is accepted
and then reset.
"""

from __future__ import annotations

import asyncio
import socket
import struct
import threading
from collections.abc import Coroutine, Iterable
from contextlib import suppress
from types import TracebackType
from typing import Any, Self, TypeVar

from tests.e2e.harness import UNVERIFIED
from tests.e2e.processes import LOOPBACK, eventually

PERIOD = 0.1
"""Seconds between two probes of a replica."""
PATIENCE = 5.0
"""Seconds that a probe, or a connection, may take: on a busy machine a second is soon over."""
T = TypeVar("T")
Stream = tuple[asyncio.StreamReader, asyncio.StreamWriter]


class Balancer:
    """A context manager; within it `port` of the loopback leads to the replicas at `ports`."""

    def __init__(self, ports: Iterable[int] = ()) -> None:
        self.port = 0
        self._first = tuple(ports)
        self._members: dict[int, asyncio.Task[None]] = {}
        self._ready: set[int] = set()
        self._turn = 0
        self._tasks: set[asyncio.Task[None]] = set()
        self._watches: set[asyncio.Task[None]] = set()
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name="balancer", daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        self.port = self._ask(self._open())
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._ask(self._close())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()

    @property
    def url(self) -> str:
        """Its address; the certificate is a replica's."""
        return f"https://{LOOPBACK}:{self.port}"

    @property
    def ready(self) -> frozenset[int]:
        """The ports that get connections now."""
        return frozenset(self._ready)

    def add(self, port: int) -> None:
        """A new replica; it gets connections once it is ready."""
        self._ask(self._add(port))

    def remove(self, port: int) -> None:
        """A replica that is deleted: no new connection from now on."""
        self._ask(self._remove(port))

    def wait_for(self, *ports: int, seconds: float = 60.0) -> None:
        """Return when exactly these are ready. Raises TimeoutError."""
        eventually(f"ready are {sorted(ports)}", lambda: self._ready == set(ports), seconds=seconds)

    def _ask(self, work: Coroutine[Any, Any, T]) -> T:
        return asyncio.run_coroutine_threadsafe(work, self._loop).result(10)

    # In the loop

    async def _open(self) -> int:
        self._server = await asyncio.start_server(self._accept, LOOPBACK, 0)
        for port in self._first:
            await self._add(port)
        return int(self._server.sockets[0].getsockname()[1])

    async def _close(self) -> None:
        self._server.close()
        self._members.clear()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, *self._watches, return_exceptions=True)
        for _ in range(5):  # the transports' last callbacks
            await asyncio.sleep(0)

    async def _add(self, port: int) -> None:
        await self._remove(port)
        if await _says_ready(port):
            self._ready.add(port)
        watch = self._members[port] = asyncio.create_task(self._watch(port))
        self._watches.add(watch)
        watch.add_done_callback(self._watches.discard)

    async def _remove(self, port: int) -> None:
        self._members.pop(port, None)
        self._ready.discard(port)

    async def _watch(self, port: int) -> None:
        """Never cancelled: asyncio loses a connection with TLS whose opening ends as soon as it has begun."""
        while True:
            await asyncio.sleep(PERIOD)
            is_ready = await _says_ready(port)
            if self._members.get(port) is not asyncio.current_task():
                return
            (self._ready.add if is_ready else self._ready.discard)(port)

    async def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        ends = [writer]
        try:
            upstream = await self._connect()
            ends.append(upstream[1])
            await _join((reader, writer), upstream)
        except (OSError, asyncio.CancelledError):  # it is cancelled only when the balancer closes
            for end in ends:
                _reset(end)
        else:
            for end in ends:
                end.close()

    async def _connect(self) -> Stream:
        """The next ready replica that takes the connection. Raises ConnectionResetError without any."""
        candidates = [port for port in self._members if port in self._ready]
        self._turn += 1
        for step in range(len(candidates)):
            port = candidates[(self._turn + step) % len(candidates)]
            with suppress(OSError):  # TimeoutError is one
                async with asyncio.timeout(PATIENCE):
                    return await asyncio.open_connection(LOOPBACK, port)
        raise ConnectionResetError


async def _join(client: Stream, upstream: Stream) -> None:
    """Pass on both ways until both sides are done. Raises ConnectionResetError when one breaks."""
    try:
        async with asyncio.TaskGroup() as ways:
            ways.create_task(_pump(client[0], upstream[1]))
            ways.create_task(_pump(upstream[0], client[1]))
    except* OSError as broken:
        raise ConnectionResetError from broken


def _reset(writer: asyncio.StreamWriter) -> None:
    """RST in place of a polite end."""
    linger = struct.pack("ii", 1, 0)
    with suppress(OSError):  # the other side was quicker
        writer.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
    writer.transport.abort()


async def _pump(source: asyncio.StreamReader, sink: asyncio.StreamWriter) -> None:
    while content := await source.read(65536):
        sink.write(content)
        await sink.drain()
    sink.write_eof()


async def _says_ready(port: int) -> bool:
    request = b"GET /readyz HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n"
    try:
        async with asyncio.timeout(PATIENCE):
            reader, writer = await asyncio.open_connection(LOOPBACK, port, ssl=UNVERIFIED)
            try:
                writer.write(request)
                return b" 200 " in await reader.readline()
            finally:
                writer.transport.abort()
    except OSError:
        return False
