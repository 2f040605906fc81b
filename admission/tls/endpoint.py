"""A port with TLS: opened before anything is ready, its certificate changed without closing it, drained."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from pathlib import Path

from aiohttp import web

from admission.cluster.access import load_pair
from admission.logs import LOGGER
from admission.server.health import Health
from admission.server.metrics import Metrics, note_certificate
from admission.tls.certificates import KeyPair, belong_together, fingerprint, validity
from gatecli.errors import ConfigurationError
from gatecli.listening import port_fault

HANDSHAKE = 10.0
"""Seconds for a TLS handshake."""
IDLE = 180.0
"""Seconds after which a silent connection is closed: the API server closes its own after 90."""
BACKLOG = 1024


@dataclass(slots=True)
class ServingCertificate:
    """The certificate that the port shows. A new connection gets the newest; open ones live on."""

    health: Health
    metrics: Metrics
    context: ssl.SSLContext = field(default_factory=lambda: new_context(None))
    pair: KeyPair | None = None

    def show(self, pair: KeyPair) -> None:
        """Show `pair` from now on. Raises ConfigurationError, changing nothing, for what does not fit."""
        if pair == self.pair:
            return
        if not belong_together(pair):
            raise ConfigurationError(
                "tls.crt and tls.key do not belong together", advice="give the pair that was issued together"
            )
        load_pair(new_context(None), pair.certificate, pair.key)
        load_pair(self.context, pair.certificate, pair.key)
        self.pair = pair
        ends = validity(pair.certificate).ends
        self.health.certificate_ends = ends
        note_certificate(self.metrics, ends)
        fields = {"sha256": fingerprint(pair.certificate), "ends": ends.isoformat()}
        LOGGER.info("a certificate is shown", extra={"fields": fields})


def new_context(client_ca: Path | None) -> ssl.SSLContext:
    """TLS 1.2 or newer; a client certificate, where one is asked for, is verified but left to the paths."""
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.set_alpn_protocols(["http/1.1"])
    if client_ca is not None:
        try:
            context.load_verify_locations(client_ca)
        except (OSError, ssl.SSLError) as error:
            raise ConfigurationError(
                f"{client_ca} holds no certificate authority", advice="give a PEM file"
            ) from error
        # Probes come without one: who needs one is decided by path.
        context.verify_mode = ssl.CERT_OPTIONAL
    return context


@dataclass(slots=True)
class Endpoint:
    """A listening application."""

    runner: web.ServerRunner
    listener: asyncio.Server

    @property
    def port(self) -> int:
        number: int = self.listener.sockets[0].getsockname()[1]
        return number

    async def close(self) -> None:
        """Take no more connections, finish the requests in flight (`seconds` of `listen`), close."""
        self.listener.close()
        await self.runner.cleanup()


async def listen(
    handler: Callable[[web.BaseRequest], Awaitable[web.StreamResponse]],
    address: str,
    port: int,
    context: ssl.SSLContext | None,
    *,
    seconds: float,
) -> Endpoint:
    """Open a port; `seconds` bound how long closing waits for requests in flight.

    Raises ConfigurationError for a port that is taken.
    """
    server = web.Server(
        handler, access_log=None, keepalive_timeout=IDLE, lingering_time=1.0, auto_decompress=False
    )
    runner = web.ServerRunner(server, handle_signals=False, shutdown_timeout=seconds)
    await runner.setup()
    try:
        listener = await asyncio.get_running_loop().create_server(
            server,
            address or None,
            port,
            ssl=context,
            backlog=BACKLOG,
            reuse_address=True,
            ssl_handshake_timeout=HANDSHAKE if context else None,
        )
    except OSError as error:
        await runner.cleanup()
        raise ConfigurationError(
            port_fault(f"port {port}", error),
            advice="choose another port, or stop the program that uses it",
        ) from error
    return Endpoint(runner, listener)
