"""The port, and its end: SIGTERM lets what is under way end, and returns what was paid for and not used."""

from __future__ import annotations

import asyncio
import logging
import resource
import signal
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from typing import Any

from aiohttp import web

from gatecli.errors import ConfigurationError, GatecliError
from gatecli.listening import is_loopback, listen_of, port_fault, tls_context
from gatecli.serving.assembly import noise_of, open_endpoint
from gatecli.serving.metrics import WatchedFigures, new_metrics, watch_figures
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


def figures_of(proxy: ModelProxy, server: web.Server) -> WatchedFigures:
    """What is read of an endpoint when Prometheus asks."""
    parts = proxy.parts
    paid, guard, cache = parts.paid, parts.guard, parts.noisy.cache if parts.noisy else None

    def attestation_end() -> float:
        ends = guard.standing.ends if guard else None
        return ends.timestamp() if ends else 0.0

    return WatchedFigures(
        in_flight=lambda: float(proxy.in_flight),
        connections=lambda: float(len(server.connections)),
        lease_left=lambda: float(paid.left) if paid else 0.0,
        cached=lambda: float(len(cache)) if cache is not None else 0.0,
        evictions=lambda: float(cache.evictions) if cache is not None else 0.0,
        attestation_ends=attestation_end,
    )


def run(around: ServingSurroundings, *, logs_all: bool = False) -> None:
    """Serve until SIGTERM or SIGINT. Raises GatecliError for what keeps it from starting."""
    logging.basicConfig(level=logging.CRITICAL, force=True)  # other packages' sentences may quote a body
    asyncio.run(serve(around, logs_all=logs_all))


async def serve(around: ServingSurroundings, *, logs_all: bool = False) -> None:
    """The same, inside a loop."""
    spec, stopping = around.document.spec, asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stopping.set)
    _allow_connections(spec.limits.connections)
    around.log("promise", mode=spec.mode.value, text=price_sentence(spec, noise_of(around)))
    async with AsyncExitStack() as stack:
        parts = await stack.enter_async_context(open_endpoint(around, new_metrics()))
        address, port = listen_of(spec.listen, LISTEN)
        proxy = ModelProxy(parts, spec.metrics is None and is_loopback(address), logs_all)
        server = BoundedServer(proxy, spec.limits.connections, spec.limits.body_seconds)
        watch_figures(parts.metrics, figures_of(proxy, server))
        tls = _tls_options(around)
        listener = await stack.enter_async_context(_listening(server, address, port, LISTEN, **tls))
        if spec.metrics is not None:
            place = listen_of(spec.metrics.listen, METRICS_LISTEN)
            await stack.enter_async_context(_listening(_metrics_server(proxy), *place, METRICS_LISTEN))
        watching = loop.create_task(_watch(parts, stopping))
        stack.push_async_callback(asyncio.wait_for, watching, None)
        stack.callback(stopping.set)  # whatever ended the serving ends the watching
        around.log("listening", port=listener.sockets[0].getsockname()[1], tls=spec.tls is not None)
        await _warm(parts)
        await stopping.wait()
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


def _tls_options(around: ServingSurroundings) -> dict[str, Any]:
    """The certificate that the document names, and seconds for a handshake. Raises ConfigurationError."""
    spec, folder = around.document.spec, around.folder
    if spec.tls is None:
        return {}
    context = tls_context(folder / spec.tls.certificate, folder / spec.tls.key)
    return {"ssl": context, "ssl_handshake_timeout": spec.limits.body_seconds}


@asynccontextmanager
async def _listening(
    server: web.Server, address: str, port: int, called: str, **options: Any
) -> AsyncIterator[asyncio.Server]:
    """An open port; `called` is the key that names it. Raises ConfigurationError."""
    runner = web.ServerRunner(server, handle_signals=False, shutdown_timeout=1.0)
    await runner.setup()
    try:
        listener = await _open_port(server, address, port, called, **options)
        try:
            yield listener
        finally:
            listener.close()
    finally:
        await runner.cleanup()


async def _open_port(
    server: web.Server, address: str, port: int, called: str, **options: Any
) -> asyncio.Server:
    try:
        return await asyncio.get_running_loop().create_server(
            server, address or None, port, reuse_address=True, backlog=1024, **options
        )
    except OSError as error:
        raise ConfigurationError(
            port_fault(f"{address}:{port}", error), advice=f"choose another under {called}"
        ) from None


def _metrics_server(proxy: ModelProxy) -> web.Server:
    """Metrics on a port of their own."""

    async def answer(http: web.BaseRequest) -> web.StreamResponse:
        return proxy.metrics_answer() if http.path == "/metrics" else web.Response(status=404)

    return web.Server(answer, access_log=None)


def _allow_connections(most: int) -> None:
    """A process may open few files unless it asks; a connection is one, and one to the model."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = 2 * most + 256
    if soft != resource.RLIM_INFINITY and soft < wanted:
        most_allowed = wanted if hard == resource.RLIM_INFINITY else min(wanted, hard)
        resource.setrlimit(resource.RLIMIT_NOFILE, (most_allowed, hard))
