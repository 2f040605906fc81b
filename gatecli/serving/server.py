"""The port, and its end: SIGTERM lets what is under way end, and returns what was paid for and not used."""

from __future__ import annotations

import asyncio
import logging
import resource
import signal
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

from aiohttp import web

from gatecli.errors import ConfigurationError, GatecliError
from gatecli.listening import is_loopback, listen_of, port_fault, tls_context
from gatecli.serving.assembly import noise_of, open_endpoint
from gatecli.serving.metrics import WatchedFigures, new_metrics
from gatecli.serving.parts import EndpointParts
from gatecli.serving.price import price_sentence
from gatecli.serving.proxy import ModelProxy
from gatecli.serving.surroundings import ServingSurroundings

LISTEN, METRICS_LISTEN = "spec.listen", "spec.metrics.listen"
LOOKING = 5.0
"""Seconds from one look at the attestation's files to the next."""
KEPT = 75.0
"""Seconds for which an idle connection of a caller is kept."""

SLOWEST = 1 << 17
"""Bytes of a long answer that a caller takes in a second, at the least."""


class BoundedServer(web.Server):
    """A server with a bound on open connections, each of which must send a first head in time.

    Where there are too many, the one that has been silent longest since it was opened makes room.
    """

    def __init__(self, proxy: ModelProxy, most: int, seconds: float) -> None:
        super().__init__(
            self._receive, access_log=None, keepalive_timeout=KEPT, lingering_time=1.0, auto_decompress=False
        )
        self._proxy, self._most, self._seconds = proxy, most, seconds
        self._silent: dict[Any, Silence] = {}

    def connection_made(self, handler: Any, transport: asyncio.Transport) -> None:
        """Make room where there are too many; where all have spoken, end the new one."""
        super().connection_made(handler, transport)
        transport.set_write_buffer_limits(0)  # what was sent is what the caller's machine took
        loop = asyncio.get_running_loop()
        self._silent[handler] = Silence(transport, loop.call_later(self._seconds, transport.abort))
        if len(self.connections) > self._most:
            self._end_silence(next(iter(self._silent)))

    def connection_lost(self, handler: Any, exc: BaseException | None = None) -> None:
        self._note_head(handler)
        super().connection_lost(handler, exc)

    async def _receive(self, http: web.BaseRequest) -> web.StreamResponse:
        self._note_head(http.protocol)
        answered = await self._proxy.receive(http)
        if self._proxy.parts.readiness.is_draining:
            answered.force_close()
        await self._send(http, answered)
        return answered

    async def _send(self, http: web.BaseRequest, answer: web.StreamResponse) -> None:
        """Send an answer to its end: it is held for no caller that does not take it in time."""
        try:
            async with asyncio.timeout(self._seconds + (answer.content_length or 0) / SLOWEST):
                await answer.prepare(http)
                await answer.write_eof()
                await http.writer.drain()
        except (ConnectionError, TimeoutError):
            if http.transport is not None:
                http.transport.abort()

    def _note_head(self, handler: Any) -> None:
        """A connection that sent a head is silent no more."""
        silence = self._silent.pop(handler, None)
        if silence is not None:
            silence.timer.cancel()

    def _end_silence(self, handler: Any) -> None:
        silence = self._silent.pop(handler)
        silence.timer.cancel()
        silence.transport.abort()


@dataclass(frozen=True, slots=True)
class Silence:
    """A connection that sent no head yet, and what will end it."""

    transport: asyncio.Transport
    timer: asyncio.TimerHandle


@dataclass(slots=True)
class ServedEndpoint:
    """An endpoint that is served; `address` is where. What Prometheus asks for is read of it."""

    parts: EndpointParts | None = None
    proxy: ModelProxy | None = None
    server: BoundedServer | None = None
    stopping: asyncio.Event = field(default_factory=asyncio.Event)

    def watched_figures(self) -> WatchedFigures:
        """Figures that are read when they are asked for."""
        return WatchedFigures(
            lambda: float(self.proxy.in_flight) if self.proxy else 0.0,
            lambda: float(len(self.server.connections)) if self.server else 0.0,
            lambda: float(self.parts.paid.left) if self.parts and self.parts.paid else 0.0,
            lambda: float(len(self.parts.noisy.cache)) if self.parts and self.parts.noisy else 0.0,
            lambda: float(self.parts.noisy.cache.evictions) if self.parts and self.parts.noisy else 0.0,
            self._attestation_end,
        )

    def _attestation_end(self) -> float:
        ends = self.parts.guard.standing.ends if self.parts and self.parts.guard else None
        return ends.timestamp() if ends else 0.0


def run(around: ServingSurroundings, *, logs_all: bool = False) -> None:
    """Serve until SIGTERM or SIGINT. Raises GatecliError for what keeps it from starting."""
    logging.basicConfig(level=logging.CRITICAL, force=True)  # other packages' sentences may quote a body
    asyncio.run(serve(around, logs_all=logs_all))


async def serve(around: ServingSurroundings, *, logs_all: bool = False) -> None:
    """The same, inside a loop."""
    serving, spec = ServedEndpoint(), around.document.spec
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, serving.stopping.set)
    _allow_connections(spec.limits.connections)
    around.log("promise", mode=spec.mode.value, text=price_sentence(spec, noise_of(around)))
    async with AsyncExitStack() as stack:
        parts = serving.parts = await stack.enter_async_context(
            open_endpoint(around, new_metrics(serving.watched_figures()))
        )
        address, port = listen_of(spec.listen, LISTEN)
        own_metrics = spec.metrics is None and is_loopback(address)
        proxy = serving.proxy = ModelProxy(parts, own_metrics, logs_all)
        serving.server = BoundedServer(proxy, spec.limits.connections, spec.limits.body_seconds)
        listener = await stack.enter_async_context(_listen(serving.server, around, address, port))
        if spec.metrics is not None:
            await stack.enter_async_context(_serve_metrics(proxy, spec.metrics.listen))
        watching = loop.create_task(_watch(parts, serving.stopping))
        stack.push_async_callback(asyncio.wait_for, watching, None)
        stack.callback(serving.stopping.set)  # whatever ended the serving ends the watching
        around.log("listening", port=listener.sockets[0].getsockname()[1], tls=spec.tls is not None)
        await _warm(parts)
        await serving.stopping.wait()
        await _drain(proxy, listener, around)
    around.log("stopped")


async def _warm(parts: EndpointParts) -> None:
    """Take the first lease, and draw the first noise; where that fails, answers are refused."""
    if parts.paid is not None and parts.noisy is not None:
        try:
            await parts.paid.require()
        except GatecliError as error:
            parts.log("no-lease", error=type(error).__name__)
        await asyncio.to_thread(parts.noisy.noise.fill)


async def _watch(parts: EndpointParts, stopping: asyncio.Event) -> None:
    """Look at the attestation again, now and then."""
    guard = parts.guard
    if guard is None:
        return
    fault = guard.fault()
    while not stopping.is_set():
        try:
            async with asyncio.timeout(LOOKING):
                await stopping.wait()
        except TimeoutError:
            await asyncio.to_thread(guard.refresh_if_due)
            before, fault = fault, guard.fault()
            if fault != before:
                parts.log("attestation", holds=fault is None)


async def _drain(proxy: ModelProxy, listener: asyncio.Server, around: ServingSurroundings) -> None:
    """Take no more, and let what is under way end."""
    around.log("draining", requests=proxy.in_flight)
    proxy.parts.readiness.is_draining = True
    listener.close()
    try:
        async with asyncio.timeout(around.document.spec.limits.drain_seconds):
            if proxy.in_flight:
                await proxy.idle.wait()
    except TimeoutError:
        around.log("cut-off", requests=proxy.in_flight)


@asynccontextmanager
async def _listen(
    server: web.Server, around: ServingSurroundings, address: str, port: int
) -> AsyncIterator[asyncio.Server]:
    """An open port. Raises ConfigurationError."""
    tls, seconds = around.document.spec.tls, around.document.spec.limits.body_seconds
    files = (None, None) if tls is None else (around.folder / tls.certificate, around.folder / tls.key)
    context = tls_context(*files)
    runner = web.ServerRunner(server, handle_signals=False, shutdown_timeout=1.0)
    await runner.setup()
    try:
        yield await _open_port(
            server, address, port, ssl=context, ssl_handshake_timeout=seconds if context else None
        )
    finally:
        await runner.cleanup()


async def _open_port(
    server: web.Server, address: str, port: int, called: str = LISTEN, **options: Any
) -> asyncio.Server:
    """A port; `called` is the key that names it. Raises ConfigurationError."""
    loop = asyncio.get_running_loop()
    try:
        return await loop.create_server(
            server, address or None, port, reuse_address=True, backlog=1024, **options
        )
    except OSError as error:
        raise ConfigurationError(
            port_fault(f"{address}:{port}", error), advice=f"choose another under {called}"
        ) from None


@asynccontextmanager
async def _serve_metrics(proxy: ModelProxy, listen: str) -> AsyncIterator[None]:
    """Metrics on a port of their own."""

    async def answer(http: web.BaseRequest) -> web.StreamResponse:
        return proxy.metrics_answer() if http.path == "/metrics" else web.Response(status=404)

    server = web.Server(answer, access_log=None)
    runner = web.ServerRunner(server, handle_signals=False, shutdown_timeout=1.0)
    await runner.setup()
    listener = await _open_port(server, *listen_of(listen, METRICS_LISTEN), METRICS_LISTEN)
    try:
        yield
    finally:
        listener.close()
        await runner.cleanup()


def _allow_connections(most: int) -> None:
    """A process may open few files unless it asks; a connection is one, and one to the model."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = 2 * most + 256
    if soft != resource.RLIM_INFINITY and soft < wanted:
        most_allowed = wanted if hard == resource.RLIM_INFINITY else min(wanted, hard)
        resource.setrlimit(resource.RLIMIT_NOFILE, (most_allowed, hard))
