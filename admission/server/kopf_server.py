"""kopf, in a thread of its own, and the webhook server that it is given.

kopf opens a server only after discovery, cancels every task of its loop when it ends, and ends when the
API server refuses its credentials. So the port is ours and opens first (`endpoint.py`); kopf's server is
a generator that hands kopf's webhook function over, and that function outlives the operator which gave
it: verdicts go on while kopf is started anew (ADR 7).
"""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import contextmanager
from typing import Any

import kopf

from admission.logs import LOGGER
from admission.review.admission_review import ReviewRequest
from admission.review.judging import Phase
from admission.server.health import Health
from admission.server.http_handler import HttpHandler
from admission.server.kopf_handlers import PendingReview, ask
from admission.server.review_service import ReviewResult

PAUSES = (1.0, 2.0, 5.0, 10.0, 20.0)
"""Seconds before kopf is restarted; the last is repeated, until kopf has run for longer than that."""

_IDENTITY: Any = "gatecli-admission"
"""kopf would ask for the user's name, which the user of a container need not have."""


class Seam:
    """Holds kopf's webhook function once there is one, and puts reviews to it."""

    def __init__(self, http_handler: HttpHandler, health: Health) -> None:
        self._http_handler = http_handler
        self._health = health
        self._webhook: kopf.WebhookFn | None = None

    async def server(self, webhook: kopf.WebhookFn) -> AsyncIterator[kopf.WebhookClientConfig]:
        """For `settings.admission.server`; what it yields is read by nobody: configurations are shipped."""
        self._webhook = webhook
        self._http_handler.hear = self.hear
        self._health.is_attached = True
        LOGGER.info("the cluster is discovered")
        yield kopf.WebhookClientConfig(url="")
        await asyncio.Event().wait()

    async def hear(self, request: ReviewRequest, size: int, phase: Phase) -> ReviewResult | None:
        """The review result of the handler; None where kopf ran none, or answered otherwise than it ruled."""
        if self._webhook is None:
            return None
        pending = PendingReview(request, size, phase)
        allowed = await ask(self._webhook, pending)
        review_result = pending.review_result
        # kopf allows what no handler was found for.
        return review_result if review_result is not None and review_result.allowed == allowed else None


@contextmanager
def operating(registry: Callable[[], kopf.OperatorRegistry]) -> Iterator[None]:
    """While inside, kopf runs, and is restarted whenever it ends, each time with a new registry."""
    operator = _Operator(registry)
    thread = threading.Thread(target=operator.run, name="kopf", daemon=True)
    thread.start()
    try:
        yield
    finally:
        operator.stop()
        thread.join(5)


class _Operator:
    """kopf in a loop of its own. `stop` is called from another thread than `run`."""

    def __init__(self, registry: Callable[[], kopf.OperatorRegistry]) -> None:
        self._registry = registry
        self._stopping = threading.Event()
        self._loop: asyncio.AbstractEventLoop | None = None
        # kopf waits for a threading.Event in a thread that then never ends.
        self._flag = asyncio.Event()

    def run(self) -> None:
        pauses = iter(PAUSES)
        while not self._stopping.is_set():
            begun = time.monotonic()
            try:
                asyncio.run(self._once())
            except (Exception, asyncio.CancelledError) as error:  # noqa: BLE001 - whatever ends it, it is started anew
                LOGGER.warning("kopf ended", extra={"fields": {"error": type(error).__name__}})
            if time.monotonic() - begun > PAUSES[-1]:
                pauses = iter(PAUSES)
            self._stopping.wait(next(pauses, PAUSES[-1]))

    def stop(self) -> None:
        self._stopping.set()
        if (loop := self._loop) is not None and not loop.is_closed():
            loop.call_soon_threadsafe(self._flag.set)

    async def _once(self) -> None:
        self._loop, self._flag = asyncio.get_running_loop(), asyncio.Event()
        if self._stopping.is_set():
            return
        await kopf.operator(
            registry=self._registry(),
            standalone=True,
            clusterwide=True,
            stop_flag=self._flag,
            identity=_IDENTITY,
        )
