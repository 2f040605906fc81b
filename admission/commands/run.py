"""`gatecli-admission run`: the webhook, from opening its port to the end of its last request."""

from __future__ import annotations

import asyncio
import ctypes
import gc
import secrets
import signal
import socket
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from datetime import UTC, date, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Annotated

import typer

from admission.cluster.access import Access, from_kubeconfig, from_pod
from admission.cluster.attestations import AttestationReader, attestations_of
from admission.cluster.client import AlreadyExistsError, Client, ClusterError
from admission.cluster.leader_election import Candidate, Standing
from admission.cluster.owners import OwnerReader
from admission.cluster.policies import ClusterSource, Compiling
from admission.logs import LOGGER, configure
from admission.policy_loader import rulebook_of_files
from admission.review.admission_review import Object
from admission.review.rulebook import Rulebook
from admission.review.rulebook_sources import FileSource, PolicySource, RulebookHolder
from admission.scan.background import LEAST, Background, with_lead
from admission.scan.listing import Pace
from admission.scan.policy_report import MOST_RESULTS
from admission.scan.scanner import Scanner, ScanScope
from admission.scan.writer import Writer
from admission.server.health import Health, measure, watchdog
from admission.server.http_handler import BodyBounds, HttpHandler
from admission.server.kopf_handlers import registry_of
from admission.server.kopf_server import Seam, operating
from admission.server.metrics import Metrics, new_metrics, scan_metrics
from admission.server.review_service import ReviewService
from admission.server.workers import Workers
from admission.settings import WebhookSettings, api_server, read_settings
from admission.tls.certificate_manager import SECRETS, CertificateManager, keep, keep_files, stand
from admission.tls.endpoint import Endpoint, ServingCertificate, listen, new_context
from gatecli.errors import ConfigurationError, GatecliError
from gatecli.gates.policies import read_key

app = typer.Typer(add_completion=False)

SourceOf = Callable[[Client, Metrics, Callable[[], bool], asyncio.Event], PolicySource]
"""The source of policies; the last two say whether this replica leads, and that the cluster's changed."""


@app.command("run")
def run(
    policy: Annotated[
        Path | None,
        typer.Option("--policy", metavar="FILE", envvar="GATECLI_ADMISSION_POLICY", help="The policy file."),
    ] = None,
    waivers: Annotated[
        list[Path] | None,
        typer.Option(
            "--waivers", metavar="FILE", envvar="GATECLI_WAIVERS", help="PrivacyWaivers; repeatable."
        ),
    ] = None,
) -> None:
    """Serve the webhook until SIGTERM; variables `GATECLI_ADMISSION_…` configure it."""
    settings = read_settings()
    configure(settings.log_level)
    return_memory()
    file = policy or settings.policy
    if file is None and waivers:
        raise ConfigurationError(
            "waivers from files need a policy from a file",
            advice="give --policy FILE, or apply PrivacyWaivers to the cluster",
        )
    source = _file_source(settings, file, waivers or ()) if file else _cluster_source(settings)
    asyncio.run(serve(settings, source, is_watched=file is None))


OWNER_SHARE = 3
"""A third of the time for an answer, at most, is spent on waiting for an owner."""

_MMAP_THRESHOLD = -3
"""M_MMAP_THRESHOLD of glibc's malloc.h."""


def return_memory() -> None:
    """Have glibc give what one TLS connection held (256 KiB) back when it closes; elsewhere nothing."""
    if hasattr(library := ctypes.CDLL(None), "mallopt"):
        library.mallopt(_MMAP_THRESHOLD, 64 * 1024)


async def serve(settings: WebhookSettings, source_of: SourceOf, *, is_watched: bool) -> None:
    """Serve until SIGTERM or SIGINT; `is_watched` has kopf watch the cluster's policies.

    Raises GatecliError for what cannot be started.
    """
    stop, changed = asyncio.Event(), asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    access = access_of(settings)
    async with AsyncExitStack() as stack:
        client = await stack.enter_async_context(Client(access))
        metrics, health = new_metrics(), Health(time.monotonic, _now)
        shelf, candidate = RulebookHolder(), _candidate(settings, client)
        workers = Workers(settings.workers, time.monotonic)
        stack.callback(workers.close)
        health.workers_hang = workers.hang
        read = await stack.enter_async_context(attestations_of(settings, client))
        service = _review_service(settings, shelf, workers, metrics, client, read)
        http_handler = HttpHandler(service, health, metrics, _bounds(settings))
        shown = ServingCertificate(health, metrics, new_context(settings.client_ca))
        stack.enter_context(watchdog(loop))
        endpoint = await _open_endpoints(settings, http_handler, shown)
        tasks = (
            measure(health, metrics.lag.set),
            shelf.fill(
                source_of(client, metrics, lambda: candidate.leads, changed),
                _noting(health, metrics),
            ),
        )
        await stack.enter_async_context(_background(tasks, stop))
        if settings.rescan_seconds:
            searcher = Workers(1, time.monotonic)
            stack.callback(searcher.close)
            scan = _scan(settings, client, searcher, shelf, candidate, metrics, read)
            await stack.enter_async_context(_background((scan.run(),), stop))
        else:
            LOGGER.warning("the background scan is off")
        await stack.enter_async_context(_certificates(settings, candidate, shown, metrics, stop))
        seam = Seam(http_handler, health)
        note = partial(loop.call_soon_threadsafe, changed.set) if is_watched else None
        stack.enter_context(operating(lambda: registry_of(service, access, seam.server, note)))
        await stop.wait()
        await _drain(settings, health, endpoint)


def _scan(
    settings: WebhookSettings,
    client: Client,
    workers: Workers,
    shelf: RulebookHolder,
    candidate: Candidate,
    metrics: Metrics,
    read: AttestationReader,
) -> Background:
    pace = Pace(settings.rescan_pause_seconds)
    scope = ScanScope(settings.name, has_secrets=settings.scan_secrets, most=MOST_RESULTS)
    scanner, writer = with_lead(
        Scanner(client, workers, time.monotonic, pace, scope, read),
        Writer(client, workers, pace, _now),
        lambda: candidate.leads,
    )
    return Background(
        scanner,
        writer,
        shelf,
        lambda: candidate.leads,
        scan_metrics(metrics),
        time.monotonic,
        settings.rescan_seconds,
        least=min(LEAST, settings.rescan_seconds),
    )


def access_of(settings: WebhookSettings) -> Access:
    """How the API server is reached. Raises ConfigurationError."""
    return from_kubeconfig(settings.kubeconfig) if settings.kubeconfig else from_pod(api_server())


async def _open_endpoints(
    settings: WebhookSettings, http_handler: HttpHandler, shown: ServingCertificate
) -> list[Endpoint]:
    """The ports: open at once, so that a probe is answered with what is missing."""
    grace = settings.request_seconds + settings.read_seconds
    main = await listen(http_handler.receive, settings.address, settings.port, shown.context, seconds=grace)
    LOGGER.info("listening", extra={"fields": {"port": main.port}})
    if not settings.metrics_port:
        return [main]
    scraped = await listen(
        http_handler.serve_metrics, settings.address, settings.metrics_port, None, seconds=1.0
    )
    return [main, scraped]


async def _drain(settings: WebhookSettings, health: Health, endpoints: Sequence[Endpoint]) -> None:
    """Say so, serve on until no endpoint names this replica any more, and finish what is in flight."""
    health.is_draining = True
    LOGGER.info("draining", extra={"fields": {"seconds": settings.drain_seconds}})
    await asyncio.sleep(settings.drain_seconds)
    for endpoint in endpoints:
        await endpoint.close()
    LOGGER.info("stopped")


def _review_service(
    settings: WebhookSettings,
    shelf: RulebookHolder,
    workers: Workers,
    metrics: Metrics,
    client: Client,
    read: AttestationReader,
) -> ReviewService:
    async def keep_secret(secret: Object) -> None:
        try:
            await client.create(SECRETS.path(secret["metadata"]["namespace"]), secret)
        except AlreadyExistsError:
            # Its name is made from its content: it is the same one.
            return

    return ReviewService(
        rulebook=lambda: shelf.rulebook,
        workers=workers,
        metrics=metrics,
        day=_today,
        clock=time.monotonic,
        keep=keep_secret,
        read_owner=OwnerReader(client, settings.request_seconds / OWNER_SHARE),
        read_attestations=read,
        inline_bytes=settings.inline_bytes,
        seconds=settings.request_seconds,
        fail_mode=settings.fail_mode,
    )


def _bounds(settings: WebhookSettings) -> BodyBounds:
    return BodyBounds(
        settings.body_bytes, settings.read_seconds, settings.client_ca is not None, settings.client_name
    )


def _noting(health: Health, metrics: Metrics) -> Callable[[Rulebook], None]:
    def note(rulebook: Rulebook) -> None:
        # The engine is a million objects that live on: each full collection would walk them all.
        gc.unfreeze()
        gc.collect()
        gc.freeze()
        # A parsed review is hundreds of containers, which go by themselves.
        gc.set_threshold(10_000)
        health.has_rulebook = health.is_warm = True
        metrics.generation.set(rulebook.generation)

    return note


def _file_source(settings: WebhookSettings, policy: Path, waivers: Sequence[Path]) -> SourceOf:
    key = read_key(settings.key) if settings.key else secrets.token_bytes(32)

    def read() -> Rulebook:
        return rulebook_of_files(
            policy,
            waivers,
            policy,
            seconds=settings.scan_seconds,
            fingerprint_key=settings.fingerprint_key,
            key=key,
        )

    def source(
        _client: Client, metrics: Metrics, _leads: Callable[[], bool], _changed: asyncio.Event
    ) -> PolicySource:
        return FileSource((policy, *waivers), read, settings.poll_seconds, metrics.rejected_policies.inc)

    return source


def _cluster_source(settings: WebhookSettings) -> SourceOf:
    key = read_key(settings.key) if settings.key else secrets.token_bytes(32)
    own = read_key(settings.fingerprint_key) if settings.fingerprint_key else b""
    compiling = Compiling(key, settings.scan_seconds, own)

    def source(
        client: Client, metrics: Metrics, leads: Callable[[], bool], changed: asyncio.Event
    ) -> PolicySource:
        name, rejected = settings.policy_name, metrics.rejected_policies.inc
        return ClusterSource(client, name, compiling, leads, _now, settings.poll_seconds, changed, rejected)

    return source


def _candidate(settings: WebhookSettings, client: Client) -> Candidate:
    me = Standing(f"{socket.gethostname()}_{secrets.token_hex(4)}")
    return Candidate(client, settings.namespace, settings.name, time.monotonic, _now, me)


@asynccontextmanager
async def _certificates(
    settings: WebhookSettings,
    candidate: Candidate,
    shown: ServingCertificate,
    metrics: Metrics,
    stop: asyncio.Event,
) -> AsyncIterator[None]:
    """Certificates from a folder, or our own with one leader among the replicas."""
    if settings.certificates is not None:
        works: tuple[Awaitable[None], ...] = (
            keep_files(settings.certificates, shown, settings.poll_seconds),
            stand(candidate, metrics),
        )
    else:
        works = (
            keep(_certificate_manager(settings, candidate, shown), candidate, metrics, settings.poll_seconds),
        )
    async with _background(works, stop):
        yield
    try:
        await candidate.release()
    except ClusterError as error:
        LOGGER.info("the lease was not released: %s", error.message)


def _certificate_manager(
    settings: WebhookSettings, candidate: Candidate, shown: ServingCertificate
) -> CertificateManager:
    return CertificateManager(
        candidate.client,
        settings.namespace,
        f"{settings.name}-tls",
        settings.name,
        service_names(settings),
        shown,
        timedelta(seconds=settings.settle_seconds),
        time.monotonic,
        _now,
    )


def service_names(settings: WebhookSettings) -> tuple[str, ...]:
    """What the API server calls the webhook by: its Service."""
    service = f"{settings.name}.{settings.namespace}.svc"
    return (service, f"{service}.cluster.local")


@asynccontextmanager
async def _background(works: Sequence[Awaitable[None]], stop: asyncio.Event) -> AsyncIterator[None]:
    """Run `works` meanwhile. One that ends is a bug: it is told, and this process stops."""

    async def guard(work: Awaitable[None]) -> None:
        try:
            await work
        except GatecliError as error:
            LOGGER.error("a background task ended: %s", error.message)
        except Exception:  # noqa: BLE001 - told without its text, which may quote anything
            LOGGER.error("a background task ended", exc_info=True)
        stop.set()

    tasks = [asyncio.create_task(guard(work)) for work in works]
    try:
        yield
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


def _now() -> datetime:
    return datetime.now(UTC)


def _today() -> date:
    return _now().date()
