"""A ledger whose client signs what it writes: who charged what can be proven later, entry by entry."""

from __future__ import annotations

import base64
from collections.abc import Mapping, Sequence
from typing import Any

from gatecli.ledger.interface import NO_RELEASES, LedgerIdentity, Outcome, Store
from gatecli.ledger.signing_keys import Signs
from gatecli.ledger.sql.booking import closing_movement, with_terms
from gatecli.model.ledger import DatasetTerms, Movement, content_of, opening_movement


class SigningStore:
    """A store, with an Ed25519 signature over the content of each entry that this client makes."""

    def __init__(self, store: Store, key: Signs) -> None:
        self._store = store
        self._key = key

    @property
    def identity(self) -> LedgerIdentity:
        """That of the store."""
        return self._store.identity

    def __getattr__(self, name: str) -> Any:
        return getattr(self._store, name)

    def add_dataset(self, terms: DatasetTerms, at: str, signature: str = "") -> Outcome:
        """As the store does, signed."""
        movement = opening_movement(terms, at)
        (charge,) = movement.charges
        return self._store.add_dataset(terms, at, signature or self._signature(content_of(movement, charge)))

    def move(
        self,
        movement: Movement,
        *,
        lapses: str | None = None,
        releases: Mapping[str, str] = NO_RELEASES,
        signatures: Sequence[str] = (),
    ) -> Outcome:
        """As the store does, signed."""
        whole = with_terms(movement, lapses, releases)
        made = signatures or [self._signature(content_of(whole, charge)) for charge in whole.charges]
        return self._store.move(whole, lapses=lapses, releases=releases, signatures=made)

    def close_dataset(self, name: str, at: str, signature: str = "") -> Outcome:
        """As the store does, signed."""
        movement = closing_movement(name, at)
        (charge,) = movement.charges
        return self._store.close_dataset(name, at, signature or self._signature(content_of(movement, charge)))

    def _signature(self, content: str) -> str:
        return base64.b64encode(self._key.sign(content.encode())).decode()
