"""The answers that a process has paid for and not given yet; the next lease is taken before they run out."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime
from functools import partial

from gatecli.errors import GatecliError
from gatecli.ledger.interface import Store
from gatecli.ledger.ledger_thread import LedgerThread
from gatecli.serving.leases import AnswerCost, Lease, return_lease, take_lease

PAUSE = 1.0
"""Seconds after a lease that was refused in which the ledger is not asked again."""

SMALLEST_AHEAD = 4
"""Answers of a lease from which on the next one is taken before it is used up."""


@dataclass(frozen=True, slots=True)
class LeaseClock:
    """The time that entries state, seconds that only grow, and names that are used once."""

    wall: Callable[[], datetime]
    monotonic: Callable[[], float]
    new_name: Callable[[], str]


@dataclass(slots=True, eq=False)
class HeldLease:
    """A lease, and how many of its answers were given."""

    lease: Lease
    used: int = 0

    @property
    def left(self) -> int:
        return self.lease.answers - self.used


@dataclass(slots=True)
class PaidAnswers:
    """Answers of one endpoint, or of one caller. `prepare` is done to the ledger before a lease is taken."""

    ledger: LedgerThread
    cost: AnswerCost
    size: int
    clock: LeaseClock
    prepare: Callable[[Store], None] | None = None
    _held: deque[HeldLease] = field(default_factory=deque)
    asking: asyncio.Task[None] | None = None
    """The lease that is being taken."""
    _refusal: GatecliError | None = None
    _refused_at: float = 0.0

    @property
    def left(self) -> int:
        """Answers that are paid for."""
        return sum(each.left for each in self._held)

    async def require(self) -> None:
        """Return where an answer is paid for, and take none. Raises as `take` does."""
        while not self.left:
            await self._refill()

    async def take(self) -> HeldLease:
        """One answer that may be given; it came from this lease.

        Raises BudgetSpent, and GatecliError where the ledger does not answer.
        """
        while (found := self._take_held()) is None:
            await self._refill()
        if self._is_low() and self.asking is None and not self._is_pausing():
            self._begin()
        return found

    def give_back(self, lease: HeldLease) -> None:
        """An answer that was never asked for; of a lease that is used up it is lost."""
        if lease in self._held:
            lease.used -= 1

    async def close(self) -> int:
        """Return what was not used. The answers that stay spent, since the ledger did not take them back."""
        if self.asking is not None:
            with suppress(GatecliError):
                await self.asking
        held, self._held = self._held, deque()
        kept = 0
        for each in held:
            if each.left:
                give = partial(return_lease, lease=each.lease, used=each.used, now=self.clock.wall())
                try:
                    await self.ledger.ask(give)
                except GatecliError:
                    kept += each.left
        return kept

    def _take_held(self) -> HeldLease | None:
        while self._held and not self._held[0].left:
            self._held.popleft()
        if not self._held:
            return None
        self._held[0].used += 1
        return self._held[0]

    def _is_low(self) -> bool:
        """Whether the next lease is taken now; one that is small is taken when it is needed."""
        return self.left <= self.size // 4 and self.size >= SMALLEST_AHEAD

    async def _refill(self) -> None:
        if self._is_pausing() and self._refusal is not None:
            raise self._refusal.with_traceback(None)  # else it would grow, and hold what each request held
        task = self.asking or self._begin()
        await asyncio.shield(task)

    def _is_pausing(self) -> bool:
        return self._refusal is not None and self.clock.monotonic() - self._refused_at < PAUSE

    def _begin(self) -> asyncio.Task[None]:
        self.asking = asyncio.get_running_loop().create_task(self._ask())
        self.asking.add_done_callback(self._note_end)
        return self.asking

    def _note_end(self, task: asyncio.Task[None]) -> None:
        self.asking = None
        if not task.cancelled() and (error := task.exception()) is not None:
            self._refusal = error if isinstance(error, GatecliError) else None
            self._refused_at = self.clock.monotonic()

    async def _ask(self) -> None:
        name, now = self.clock.new_name(), self.clock.wall()

        def work(store: Store) -> Lease:
            if self.prepare is not None:
                self.prepare(store)
            return take_lease(store, self.cost, self.size, name, now)

        self._held.append(HeldLease(await self.ledger.ask(work)))
        self._refusal = None
