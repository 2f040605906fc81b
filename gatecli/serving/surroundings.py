"""What the command line brings to an endpoint."""

from __future__ import annotations

import secrets
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from gatecli.checks.personal_data import Search
from gatecli.model.ledger import in_letters
from gatecli.model.policy import PrivacyPolicy
from gatecli.model.private_endpoint import PrivateEndpoint
from gatecli.serving.paid_answers import LeaseClock
from gatecli.serving.parts import ServingLog


@dataclass(frozen=True, slots=True)
class ServingSurroundings:
    """A document, and what judges and times it. `folder` is what paths in the document are relative to."""

    document: PrivateEndpoint
    folder: Path
    read_policy: Callable[[], PrivacyPolicy]
    search: Search
    log: ServingLog
    wall: Callable[[], datetime]
    monotonic: Callable[[], float] = time.monotonic

    @property
    def clock(self) -> LeaseClock:
        """For leases, whose names are random."""
        return LeaseClock(self.wall, self.monotonic, lambda: in_letters(secrets.token_hex(8)))
