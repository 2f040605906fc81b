"""Whether the process serves: alive, and ready with its attestation, its ledger and its model."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field

Check = Callable[[], Awaitable[str | None]]
"""Why something is not ready; None where it is."""

REMEMBERED = 1.0
"""Seconds for which what was found is said again."""


@dataclass(slots=True)
class Readiness:
    """What must be ready. `monotonic` gives seconds that only grow."""

    checks: Sequence[Check]
    monotonic: Callable[[], float]
    is_draining: bool = False
    _seen: list[str] = field(default_factory=list)
    _seen_at: float | None = None
    _looking: asyncio.Lock = field(default_factory=asyncio.Lock)

    async def faults(self) -> list[str]:
        """Why no question would be answered; empty where it would."""
        if self.is_draining:
            return ["draining"]
        async with self._looking:
            if self._seen_at is None or self.monotonic() - self._seen_at >= REMEMBERED:
                found = await asyncio.gather(*(_fault_by(check) for check in self.checks))
                self._seen = [each for each in found if each is not None]
                self._seen_at = self.monotonic()
            return self._seen


async def _fault_by(check: Check) -> str | None:
    """What a check finds; one that fails has found nothing that is ready."""
    try:
        return await check()
    except Exception:  # noqa: BLE001 - whatever went wrong, nobody knows that it is ready
        return "unknown"
