"""What a running endpoint is made of."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Protocol

from gatecli.ledger.ledger_thread import LedgerThread
from gatecli.model.private_endpoint import PrivateEndpointSpec
from gatecli.serving.attestation_guard import AttestationGuard
from gatecli.serving.callers import Callers
from gatecli.serving.counted_requests import CountedRequests
from gatecli.serving.health import Check, Readiness
from gatecli.serving.metrics import ServingMetrics
from gatecli.serving.noisy_answers import NoisyAnswers
from gatecli.serving.paid_answers import PaidAnswers
from gatecli.serving.platforms import PlatformContract
from gatecli.serving.screening import Screen
from gatecli.serving.upstream import Upstream


class ServingLog(Protocol):
    """One line for one event; never a body, a header or a value."""

    def __call__(self, event: str, /, **fields: object) -> None: ...


@dataclass(slots=True)
class EndpointParts:
    """An endpoint at work. `noisy` or `counted` answer in the modes with noise."""

    name: str
    spec: PrivateEndpointSpec
    contract: PlatformContract
    upstream: Upstream
    headers: Callable[[], Mapping[str, str]]
    attested_headers: Callable[[], Mapping[str, str]]
    """Of an answer that the model gave itself, in whatever mode."""
    metrics: ServingMetrics
    readiness: Readiness
    log: ServingLog
    request_screen: Screen
    response_screen: Screen
    guard: AttestationGuard | None = None
    noisy: NoisyAnswers | None = None
    counted: CountedRequests | None = None
    paid: PaidAnswers | None = None
    callers: Callers | None = None
    ledger: LedgerThread | None = None
    ledger_fault: Check | None = None
    """Why the ledger does not answer, as far as is known."""
    caller_header: str = ""

    @property
    def request_bytes(self) -> int:
        """The longest body."""
        return self.spec.limits.request_bytes or self.contract.request_bytes
