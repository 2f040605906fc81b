"""Whether this replica lives, and whether it may be sent requests.

A loop that hangs cannot answer a probe at all, so the probe's own time-out speaks; what is asked here is
whether it hung a moment ago, and whether the workers do. A thread that is no part of the loop logs where
the loop hangs while it does.
"""

from __future__ import annotations

import asyncio
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime

from admission.logs import LOGGER, frames_of

BEAT = 0.25
"""Seconds between two looks at the loop's lateness."""
LATE = 5.0
"""Seconds that the loop may be late; the webhook's time-out is as long."""
MEMORY = 10.0
"""Seconds for which a late beat is remembered."""

Clock = Callable[[], float]


@dataclass(slots=True)
class Health:
    """What the probes answer from. `clock` gives seconds that only grow, `utc` the time in UTC."""

    clock: Clock
    utc: Callable[[], datetime]
    has_rulebook: bool = False
    is_warm: bool = False
    is_attached: bool = False
    """Whether kopf gave us its webhook function."""
    is_draining: bool = False
    certificate_ends: datetime | None = None
    workers_hang: Callable[[], bool] = field(default=lambda: False)
    lag: float = 0.0
    _late: float = float("-inf")

    def unready(self) -> tuple[str, ...]:
        """Why no request should come here; empty where one may."""
        ends = self.certificate_ends
        table = (
            (not self.has_rulebook, "no policy is loaded"),
            (not self.is_warm, "the engine is not warm"),
            (not self.is_attached, "the cluster is not discovered yet"),
            (ends is None, "no certificate is loaded"),
            (ends is not None and ends <= self.utc(), "the certificate has expired"),
            (self.is_draining, "draining"),
        )
        return tuple(reason for holds, reason in table if holds)

    def dead(self) -> tuple[str, ...]:
        """Why this process should be restarted; empty if it should not."""
        table = (
            (self.clock() < self._late + MEMORY, "the event loop hung"),
            (self.workers_hang(), "the workers hang"),
        )
        return tuple(reason for holds, reason in table if holds)

    def beat(self, lag: float) -> None:
        """Note that the loop ran, `lag` seconds later than it should have."""
        self.lag = max(lag, 0.0)
        if lag > LATE:
            self._late = self.clock()


async def measure(health: Health, note: Callable[[float], object]) -> None:
    """Measure the loop's lateness until cancelled; `note` is given each in seconds."""
    while True:
        due = health.clock() + BEAT
        await asyncio.sleep(BEAT)
        health.beat(health.clock() - due)
        note(health.lag)


@contextmanager
def watchdog(loop: asyncio.AbstractEventLoop, *, late: float = LATE) -> Iterator[None]:
    """While inside, a thread asks the loop for a sign of life, and logs where it is when there is none."""
    ended = threading.Event()
    guarded = threading.get_ident()
    thread = threading.Thread(target=_watch, args=(loop, guarded, ended, late), name="watchdog", daemon=True)
    thread.start()
    try:
        yield
    finally:
        ended.set()
        thread.join(late + 1)


def _watch(loop: asyncio.AbstractEventLoop, guarded: int, ended: threading.Event, late: float) -> None:
    while not ended.wait(late / 5):
        alive = threading.Event()
        try:
            loop.call_soon_threadsafe(alive.set)
        except RuntimeError:  # it is closed: there is nothing to guard
            return
        if not _either(alive, ended, late):
            frame = sys._current_frames().get(guarded)  # noqa: SLF001 - the documented way to a thread's frame
            LOGGER.error("the event loop hangs", extra={"fields": {"at": frames_of(frame)}})


def _either(alive: threading.Event, ended: threading.Event, seconds: float) -> bool:
    """Whether a sign of life (or the end) came in time."""
    return any(alive.wait(seconds / 10) or ended.is_set() for _ in range(10))
