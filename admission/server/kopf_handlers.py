"""The kopf handlers, and the seam through which a review reaches them.

kopf is given a constant envelope of one resource that every cluster has, never the review itself (ADR 7):
so it keeps no memory by uid, computes no difference of two large objects, needs to have discovered no
custom kind, and has nothing to log. The review travels beside it, in a context variable, and its result
comes back the same way.

Of the policies and waivers that kopf watches, it is asked when something changed and nothing more: a list
says what (ADR 14). Handlers of events alone write nothing to an object: no finalizer, no annotation.
"""

from __future__ import annotations

from collections.abc import Callable
from contextvars import ContextVar
from dataclasses import dataclass
from typing import Any, cast

import kopf

from admission.cluster.access import Access
from admission.cluster.client import PAGE
from admission.cluster.custom_resources import POLICIES, WAIVERS
from admission.review.admission_review import API_VERSION, FORBIDDEN, KIND, ReviewRequest
from admission.review.judging import Phase
from admission.server.review_service import ReviewResult, ReviewService

RESOURCE = ("", "v1", "pods")

_ENVELOPE: dict[str, Any] = {
    "apiVersion": API_VERSION,
    "kind": KIND,
    "request": {
        "uid": "",
        "kind": {"group": "", "version": "v1", "kind": "Pod"},
        "resource": {"group": RESOURCE[0], "version": RESOURCE[1], "resource": RESOURCE[2]},
        # kopf remembers nothing of what is being created.
        "operation": "CREATE",
        "userInfo": {},
        # Empty texts are found more quickly than none.
        "object": {"metadata": {"uid": "", "name": "", "namespace": ""}},
    },
}


@dataclass(slots=True)
class PendingReview:
    """One review on its way through kopf. `review_result` is None until the handler has run."""

    request: ReviewRequest
    size: int
    phase: Phase
    review_result: ReviewResult | None = None


_PENDING: ContextVar[PendingReview] = ContextVar("pending")


async def ask(webhook: kopf.WebhookFn, pending: PendingReview) -> bool:
    """Put a review before its handler; what kopf answers. The result is left in `pending`."""
    token = _PENDING.set(pending)
    try:
        answered = await webhook(cast("Any", _ENVELOPE), webhook=pending.phase.value)
    finally:
        _PENDING.reset(token)
    return answered["response"]["allowed"]


def registry_of(
    service: ReviewService,
    access: Access,
    server: kopf.WebhookServerProtocol,
    changed: Callable[[], object] | None = None,
) -> kopf.OperatorRegistry:
    """The handlers, in a registry of their own: nothing is registered by an import.

    `changed` is told of every event of a policy or a waiver, in kopf's thread; without it kopf watches none.
    """
    registry = kopf.OperatorRegistry()

    @kopf.on.startup(registry=registry)
    async def configure(settings: kopf.OperatorSettings, **_: Any) -> None:
        settings.admission.server = server
        # The configurations are shipped, not managed: kopf empties those it manages when it exits.
        settings.admission.managed = None
        settings.peering.standalone = True
        settings.scanning.disabled = True
        settings.posting.enabled = False
        settings.networking.request_timeout = 15
        settings.networking.error_backoffs = (0.5, 1.0)
        settings.watching.chunk_size = PAGE
        settings.process.ultimate_exiting_timeout = None

    @kopf.on.login(registry=registry)
    async def login(**_: Any) -> kopf.ConnectionInfo:
        return connection_of(access)

    async def handle(warnings: list[str], **_: Any) -> None:
        pending = _PENDING.get()
        review_result = await service.rule(pending.request, pending.size, pending.phase)
        pending.review_result = review_result
        warnings.extend(review_result.warnings)
        if not review_result.allowed:
            raise kopf.AdmissionError(review_result.message, code=FORBIDDEN)

    where = {"operations": ["CREATE", "UPDATE"], "registry": registry}
    kopf.on.mutate(*RESOURCE, id=Phase.MUTATING.value, **where)(handle)  # type: ignore[arg-type]  # its protocol lists every argument
    kopf.on.validate(*RESOURCE, id=Phase.VALIDATING.value, **where)(handle)  # type: ignore[arg-type]  # the same
    if changed is not None:

        async def note_change(**_: Any) -> None:
            changed()

        for kind in (POLICIES, WAIVERS):
            which = (kind.group, kind.version, kind.plural)
            kopf.on.event(*which, id=kind.plural, registry=registry)(note_change)
    return registry


def connection_of(access: Access) -> kopf.ConnectionInfo:
    """The same access for kopf, with the token as it is now."""
    return kopf.ConnectionInfo(
        server=access.server,
        ca_data=access.authority or None,
        insecure=access.insecure,
        token=access.bearer() or None,
        certificate_data=access.certificate or None,
        private_key_data=access.key or None,
        default_namespace=access.namespace,
    )
