"""Whether the ledger of an endpoint answers, asked once a second at most."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field

from gatecli.errors import GatecliError
from gatecli.gates.ledger_access import missing_dataset
from gatecli.ledger.interface import Store
from gatecli.ledger.ledger_thread import LedgerThread
from gatecli.model.ledger import DatasetTerms

REMEMBERED = 1.0
"""Seconds for which what was found is said again."""
PATIENCE = 2.0
"""Seconds for it to answer."""


@dataclass(slots=True)
class LedgerState:
    """The ledger, and the dataset that answers are paid from."""

    ledger: LedgerThread
    dataset: str
    monotonic: Callable[[], float]
    _answers: bool = False
    _seen_at: float | None = None
    _looking: asyncio.Lock = field(default_factory=asyncio.Lock)

    async def terms(self) -> DatasetTerms:
        """Of the dataset. Raises GatecliError."""
        return await self.ledger.ask(self._terms_in)

    async def fault(self) -> str | None:
        """A word where it does not answer."""
        async with self._looking:
            if self._seen_at is None or self.monotonic() - self._seen_at >= REMEMBERED:
                self._answers = await self._is_there()
                self._seen_at = self.monotonic()
        return None if self._answers else "ledger"

    async def _is_there(self) -> bool:
        try:
            async with asyncio.timeout(PATIENCE):
                await self.terms()
        except (GatecliError, TimeoutError):
            return False
        return True

    def _terms_in(self, store: Store) -> DatasetTerms:
        account = store.account(self.dataset)
        if account is None:
            raise missing_dataset(store, self.dataset)
        return account.terms
