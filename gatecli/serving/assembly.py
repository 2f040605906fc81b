"""From a document to an endpoint at work."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Iterator
from contextlib import AsyncExitStack, asynccontextmanager
from urllib.parse import urljoin

from gatecli.accounting.answer_noise import GridNoise, grid_noise
from gatecli.gates.ledger_access import signing
from gatecli.gates.served_attestation import (
    AttestationStanding,
    KnownDigests,
    attestation_standing,
    watched_files,
)
from gatecli.ledger.interface import Store
from gatecli.ledger.ledger_thread import LedgerThread
from gatecli.ledger.opening import named_ledger, open_store
from gatecli.serving.attestation_guard import AttestationGuard
from gatecli.serving.health import Check, Readiness
from gatecli.serving.ledger_state import LedgerState
from gatecli.serving.metrics import ServingMetrics
from gatecli.serving.noisy_parts import add_noise
from gatecli.serving.parts import EndpointParts
from gatecli.serving.platforms import PLATFORMS, ready_url
from gatecli.serving.price import told_headers
from gatecli.serving.screening import Screen
from gatecli.serving.surroundings import ServingSurroundings
from gatecli.serving.upstream import Upstream, new_session


@asynccontextmanager
async def open_endpoint(around: ServingSurroundings, metrics: ServingMetrics) -> AsyncIterator[EndpointParts]:
    """An endpoint at work; at the end its leases are returned. Raises GatecliError."""
    spec, contract = around.document.spec, PLATFORMS[around.document.spec.upstream.platform]
    noise = noise_of(around)
    guard = None if spec.attestation is None else _guard_of(around)
    async with AsyncExitStack() as stack:
        session = await stack.enter_async_context(new_session(spec.upstream.connections))
        state = await _open_ledger(around, stack)
        unit = "" if state is None else (await state.terms()).unit

        def standing() -> AttestationStanding | None:
            return None if guard is None else guard.standing

        parts = EndpointParts(
            name=around.document.metadata.name,
            spec=spec,
            contract=contract,
            upstream=Upstream(
                session,
                spec.upstream.seconds or contract.seconds,
                contract.stream_seconds,
                spec.limits.response_bytes,
            ),
            headers=told_headers(spec, noise, unit, standing),
            attested_headers=told_headers(spec, None, unit, standing),
            metrics=metrics,
            readiness=Readiness((), around.monotonic),
            log=around.log,
            request_screen=Screen(around.search, spec.pii.request),
            response_screen=Screen(around.search, spec.pii.response),
            guard=guard,
            ledger=None if state is None else state.ledger,
            ledger_fault=None if state is None else state.fault,
        )
        if noise is not None:
            await add_noise(parts, around, noise, stack)
        parts.readiness.checks = _checks(parts)
        yield parts


def noise_of(around: ServingSurroundings) -> GridNoise | None:
    """The noise of the endpoint; None in a mode without any. Raises UsageError."""
    spec = around.document.spec
    return None if spec.noise is None else grid_noise(spec)


def _guard_of(around: ServingSurroundings) -> AttestationGuard:
    """What watches the attestation; it was looked at once."""
    spec, known = around.document.spec, KnownDigests()
    guard = AttestationGuard(
        lambda at: attestation_standing(spec, around.folder, around.read_policy(), at, known),
        around.wall,
        around.monotonic,
        lambda: watched_files(spec, around.folder),
    )
    guard.refresh()
    return guard


async def _open_ledger(around: ServingSurroundings, stack: AsyncExitStack) -> LedgerState | None:
    """The ledger of the people."""
    budget = around.document.spec.budget
    if budget is None or budget.ledger is None or budget.dataset is None:
        return None
    url = named_ledger(budget.ledger, around.folder)
    key = None if budget.key is None else around.folder / budget.key

    def open_signed() -> Store:
        store = open_store(url)
        return store if key is None else signing(store, key)

    ledger = LedgerThread(open_signed)
    stack.push_async_callback(ledger.close)
    return LedgerState(ledger, budget.dataset, around.monotonic)


def _checks(parts: EndpointParts) -> tuple[Check, ...]:
    """What must be ready: a word for each that is not."""

    async def attestation() -> str | None:
        return None if parts.guard is None or parts.guard.fault() is None else "attestation"

    async def model() -> str | None:
        return None if all(await asyncio.gather(*_looks_at_models(parts))) else "model"

    checks: list[Check] = [attestation, model]
    return (*checks, *([] if parts.ledger_fault is None else [parts.ledger_fault]))


def _looks_at_models(parts: EndpointParts) -> Iterator[Awaitable[bool]]:
    """Whether each model says that it is ready; where it has no path for that, whether it can be reached."""
    spec, upstream = parts.spec, parts.upstream
    models = [] if spec.votes is None else spec.votes.models
    # A voting model is named by where it takes questions, also on a platform whose base is named else.
    for url in [urljoin(each.url, "/") for each in models] or [spec.upstream.url or ""]:
        ready = spec.upstream.ready_url or ready_url(parts.contract, url)
        yield upstream.is_reachable(url) if ready is None else upstream.is_ready(ready)
