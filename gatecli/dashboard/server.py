"""The port of the page, and its end: SIGTERM or SIGINT lets what is being answered end."""

from __future__ import annotations

import asyncio
import signal
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime

from aiohttp import web

from gatecli.dashboard.figures import VerificationResult
from gatecli.dashboard.rendering import load_templates
from gatecli.dashboard.settings import PageSettings
from gatecli.dashboard.site import Site
from gatecli.dashboard.verifying import verify_ledger
from gatecli.errors import ConfigurationError
from gatecli.ledger.interface import LedgerUnavailable, Store
from gatecli.ledger.ledger_thread import LedgerThread
from gatecli.listening import port_fault, tls_context

MOST_WAITING = 32
"""Readings that wait for a ledger; more are refused."""
LAST_WORDS = 5.0
"""Seconds for what is being answered when the service ends."""


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What the command line brings: the ledger, the time, and who is told of the address and of bugs."""

    open_ledger: Callable[[], Store]
    clock: Callable[[], datetime]
    announce: Callable[[str], None]
    report: Callable[[Exception], None]


def run(settings: PageSettings, surroundings: Surroundings) -> None:
    """Serve until SIGTERM or SIGINT.

    Raises LedgerUnavailable for a ledger that cannot be read, ConfigurationError for a port that cannot
    be opened.
    """
    asyncio.run(serve(settings, surroundings))


async def serve(settings: PageSettings, surroundings: Surroundings) -> None:
    """The same, inside a loop."""
    stopped = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stopped.set)
    pages, scrapes, verifier = (LedgerThread(surroundings.open_ledger, MOST_WAITING) for _ in range(3))
    site = Site(settings, pages, scrapes, surroundings.clock, surroundings.report)
    try:
        await pages.ask(lambda store: store.identity)
        load_templates()
        async with _listen(site, settings) as address:
            surroundings.announce(address)
            await _verify_until(stopped, site, verifier)
    finally:
        for reader in (pages, scrapes, verifier):
            await reader.close()


@asynccontextmanager
async def _listen(site: Site, settings: PageSettings) -> AsyncIterator[str]:
    """An open port; the address of the page."""
    context = tls_context(settings.certificate, settings.certificate_key)
    runner = web.AppRunner(
        site.application(),
        access_log=None,
        handle_signals=False,
        keepalive_timeout=30.0,
        shutdown_timeout=LAST_WORDS,
    )
    await runner.setup()
    try:
        port = web.TCPSite(
            runner, settings.address or None, settings.port, ssl_context=context, reuse_address=True
        )
        try:
            await port.start()
        except OSError as error:
            raise ConfigurationError(
                port_fault(f"{settings.address}:{settings.port}", error),
                advice="choose another with --listen",
            ) from None
        yield _address(runner, secure=context is not None)
    finally:
        await runner.cleanup()


def _address(runner: web.AppRunner, *, secure: bool) -> str:
    host, port, *_ = runner.addresses[0]
    return f"http{'s' if secure else ''}://{f'[{host}]' if ':' in host else host}:{port}/"


async def _verify_until(stopped: asyncio.Event, site: Site, verifier: LedgerThread) -> None:
    """Verify the ledger now and then, until the service is to end."""
    pause = site.settings.verify_seconds
    while not stopped.is_set():
        if pause:
            site.verification = await _verify(site, verifier)
        try:
            async with asyncio.timeout(pause or None):
                await stopped.wait()
        except TimeoutError:
            continue


async def _verify(site: Site, verifier: LedgerThread) -> VerificationResult | None:
    """The result of a verification; the last one where the ledger cannot be read now."""
    try:
        return await verifier.ask(lambda store: verify_ledger(store, site.clock))
    except LedgerUnavailable:
        return site.verification
