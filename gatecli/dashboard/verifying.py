"""What a verification found, as the page and the metrics show it."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from gatecli.dashboard.figures import VerificationResult
from gatecli.ledger.interface import Store
from gatecli.ledger.verification import verify

MOST_FAULTS = 20
"""Faults that are shown; `gatecli ledger verify` shows more."""


def verify_ledger(store: Store, clock: Callable[[], datetime]) -> VerificationResult:
    """Verify a whole ledger; the time is that of its end. Raises LedgerUnavailable."""
    found = verify(store)
    faults = tuple(str(fault) for fault in found.faults[:MOST_FAULTS])
    return VerificationResult(found.holds, clock(), found.entries, faults)
