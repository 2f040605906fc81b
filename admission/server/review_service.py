"""From a body to a result: parsed, judged in the loop or by a worker, and always answered."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from functools import partial
from typing import Any, Literal

from admission.cluster.client import ClusterError
from admission.logs import LOGGER
from admission.review.admission_review import Object, ReviewRequest, parse, response
from admission.review.judging import Decision, DecisionReason, Phase, answer, judge, places_to_read
from admission.review.owner_references import OwnerReference
from admission.review.rulebook import Rulebook
from admission.server.health import Clock
from admission.server.metrics import Metrics, count_verdicts
from admission.server.workers import Workers
from gatecli.checks.served_models import AttestationSource, GivenAttestations

FAILED = "failed"
"""The reason of a review result without a judgement."""


@dataclass(frozen=True, slots=True)
class ReviewResult:
    """What is answered. `decision` is None where a bug or a lost Secret kept it from being made."""

    request: ReviewRequest
    allowed: bool
    reason: str
    message: str = ""
    warnings: tuple[str, ...] = ()
    decision: Decision | None = None
    response: dict[str, Any] = field(default_factory=dict, repr=False)


@dataclass(frozen=True, slots=True)
class ReviewService:
    """All that a review result depends on besides the request.

    `keep` makes sure that a Secret exists; it raises where it cannot. `read_owner` reads an object of a
    namespace; None where it is not there, or cannot be read. `read_attestations` reads those of a workload
    of a namespace, and says which it could not read. `inline_bytes` is the largest body
    that is judged in the loop; `seconds` is what any other may take, waiting for a worker counted.
    """

    rulebook: Callable[[], Rulebook | None]
    workers: Workers
    metrics: Metrics
    day: Callable[[], date]
    clock: Clock
    keep: Callable[[Object], Awaitable[None]]
    read_owner: Callable[[OwnerReference, str], Awaitable[Object | None]]
    read_attestations: Callable[[Sequence[AttestationSource], str], Awaitable[GivenAttestations]]
    inline_bytes: int
    seconds: float
    fail_mode: Literal["deny", "allow"] = "deny"

    async def parse(self, body: bytes) -> ReviewRequest:
        """The request in a body. Raises ReviewError, or TimeoutError."""
        if len(body) <= self.inline_bytes:
            return parse(body)
        return await self.workers.run(partial(parse, body), self.seconds)

    async def rule(self, request: ReviewRequest, size: int, phase: Phase) -> ReviewResult:
        """The review result on a request whose body has `size` bytes. Raises nothing but a cancellation."""
        rulebook = self.rulebook()
        try:
            if rulebook is None:
                return self.failed_result(request, "no policy is loaded")
            decision = await self._decide(request, rulebook, size, phase)
            if decision.secrets and decision.allowed and not request.dry_run:
                await asyncio.gather(*(self.keep(secret) for secret in decision.secrets))
        except ClusterError as error:
            LOGGER.error("a value was not moved: %s", error.message, extra={"fields": log_fields(request)})
            return self.failed_result(request, "its value could not be moved to a Secret")
        except Exception:  # noqa: BLE001 - whatever a bug raises, the answer is the one that was configured
            LOGGER.error("a review could not be judged", exc_info=True, extra={"fields": log_fields(request)})
            return self.failed_result(request, "an internal error")
        self._count(decision)
        return ReviewResult(
            request,
            decision.allowed,
            decision.reason.value,
            decision.message,
            decision.warnings,
            decision,
            answer(request, decision, rulebook),
        )

    def failed_result(self, request: ReviewRequest, why: str) -> ReviewResult:
        """The review result that `fail_mode` makes of a request that could not be judged; counted."""
        self.metrics.failures.labels(why).inc()
        allowed = self.fail_mode == "allow"
        message = f"gatecli could not judge this: {why} (request {request.uid}; the webhook's log says more)"
        warnings = (f"{message}. It was admitted without a search",) if allowed else ()
        content = response(
            request.uid,
            allowed=allowed,
            message=message,
            code=500,
            warnings=warnings,
            annotations={"reason": FAILED, "why": why},
        )
        return ReviewResult(request, allowed, FAILED, message, warnings, None, content)

    async def _decide(self, request: ReviewRequest, rulebook: Rulebook, size: int, phase: Phase) -> Decision:
        """The decision, with attestations and with what the owner holds where they matter.

        `seconds` hold for all of it.
        """
        end = self.clock() + self.seconds
        judged = partial(judge, request, rulebook, today=self.day(), clock=self.clock, phase=phase)
        if places := places_to_read(request, rulebook):
            given = await self.read_attestations(places, request.namespace)
            judged, size = partial(judged, attestations=given), size + given.size
        decision = await self._judge_in_time(judged, size, end) or _out_of_time(request, rulebook)
        if decision.sources:
            given = await self.read_attestations(decision.sources, request.namespace)
            judged, size = partial(judged, attestations=given), size + given.size
            decision = await self._judge_in_time(judged, size, end) or decision
        if decision.owner is None:
            return decision
        owner = await self.read_owner(decision.owner, request.namespace)
        if owner is None:
            return _without_owner(decision, decision.owner)
        # What the first search found is not forgotten because the second one ran out of time.
        again = await self._judge_in_time(partial(judged, owner=owner), size, end)
        return decision if again is None or (again.incomplete and not decision.incomplete) else again

    async def _judge_in_time(self, job: Callable[[], Decision], size: int, end: float) -> Decision | None:
        """The decision; None where no worker made it by `end`."""
        if size <= self.inline_bytes:
            return job()
        try:
            return await self.workers.run(job, max(0.0, end - self.clock()))
        except TimeoutError:
            return None

    def _count(self, decision: Decision) -> None:
        self.metrics.scanned.inc(decision.scanned_bytes)
        if decision.incomplete:
            self.metrics.incomplete.inc()
        if decision.findings:
            acts = zip(decision.findings, decision.acts, strict=True)
            count_verdicts(self.metrics, ((finding.rule.id, act.value) for finding, act in acts))


def _without_owner(decision: Decision, owner: OwnerReference) -> Decision:
    """The decision, which says where it refuses that it might be another one."""
    if decision.allowed:
        return decision
    told = f"the {owner.kind} that it was made from could not be read, so that nothing counts as held before"
    return replace(decision, message=f"{decision.message}\n{told}")


def _out_of_time(request: ReviewRequest, rulebook: Rulebook) -> Decision:
    """What the policy says of a search that was not finished, where not even its beginning came back."""
    mode = rulebook.scope(request.namespace).mode
    refuses = rulebook.rules.on_incomplete == "deny" and mode in {"deny", "mask"}
    message = "pii-scan-incomplete: the time ran out before the whole object was searched"
    return Decision(
        allowed=not refuses,
        reason=DecisionReason.INCOMPLETE,
        mode=mode,
        message=message if refuses else "",
        warnings=() if refuses or mode == "audit" else (message,),
        incomplete=True,
    )


def log_fields(request: ReviewRequest) -> dict[str, str]:
    return {"uid": request.uid, "kind": request.kind.name, "namespace": request.namespace}
