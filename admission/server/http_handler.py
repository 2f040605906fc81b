"""The HTTP side: a body is taken in within bounds of size and time, and answered; the probes.

Whatever is no review that could be judged gets an HTTP error, which the API server counts as a failed
call: under `failurePolicy: Fail` that refuses. Nothing here ever allows.
"""

from __future__ import annotations

import asyncio
import json
import logging
import time
from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass, field
from typing import Any, NoReturn

from aiohttp import hdrs, web

from admission.logs import LOGGER
from admission.review.admission_review import ReviewError, ReviewRequest
from admission.review.judging import Phase
from admission.server.health import Health
from admission.server.metrics import CONTENT_TYPE, Metrics, exposition, kind_label
from admission.server.review_service import FAILED, ReviewResult, ReviewService
from gatecli.listening import BodyRoom, NoRoomError

PATHS = {"/validate": Phase.VALIDATING, "/mutate": Phase.MUTATING}
JSON = "application/json"
SMALL = 64 * 1024
"""Bytes of a body that is taken in without asking for room."""
ROOM = 32 * 1024 * 1024
"""Bytes of larger bodies that are held at once; parsed, an object takes several times its text."""

Hear = Callable[[ReviewRequest, int, Phase], Awaitable["ReviewResult | None"]]
"""Puts a review before its handler; None where nobody ruled."""


@dataclass(frozen=True, slots=True)
class BodyBounds:
    """Bytes and seconds of one body; `client_name` is the API server's, "" for any."""

    body_bytes: int
    read_seconds: float
    needs_client: bool = False
    client_name: str = ""


@dataclass(slots=True)
class HttpHandler:
    """Takes in reviews for `service`, through `hear`, which is None until kopf is there."""

    service: ReviewService
    health: Health
    metrics: Metrics
    bounds: BodyBounds
    hear: Hear | None = None
    room: BodyRoom = field(default_factory=lambda: BodyRoom(ROOM))
    in_flight: int = 0

    def __post_init__(self) -> None:
        self.metrics.in_flight.set_function(lambda: self.in_flight)

    async def receive(self, http: web.BaseRequest) -> web.StreamResponse:
        """Answer one request: what a server is given. No application: its router and middlewares cost as
        much as a search.
        """
        phase = PATHS.get(http.path) if http.method == hdrs.METH_POST else None
        try:
            answered = self._serve_probe(http) if phase is None else await self._serve_review(http, phase)
        except web.HTTPException as refusal:
            if phase is not None:
                self.metrics.refusals.labels(str(refusal.status)).inc()
            # What was not read to its end leaves the connection in no state to be used again.
            refusal.force_close()
            raise
        if self.health.is_draining:
            # The API server then calls by the Service again, and reaches a replica that stays.
            answered.force_close()
        return answered

    async def serve_metrics(self, http: web.BaseRequest) -> web.StreamResponse:
        """What Prometheus reads, on a port of its own."""
        if http.path != "/metrics":
            raise web.HTTPNotFound
        return web.Response(body=exposition(self.metrics), headers={hdrs.CONTENT_TYPE: CONTENT_TYPE})

    def _serve_probe(self, http: web.BaseRequest) -> web.Response:
        if http.path in PATHS:
            raise web.HTTPMethodNotAllowed(http.method, [hdrs.METH_POST])
        probes = {"/healthz": self.health.dead, "/readyz": self.health.unready}
        if http.path not in probes:
            raise web.HTTPNotFound
        reasons = probes[http.path]()
        return web.Response(status=503 if reasons else 200, text=("; ".join(reasons) or "ok") + "\n")

    async def _serve_review(self, http: web.BaseRequest, phase: Phase) -> web.Response:
        begun = time.perf_counter()
        _refuse_strangers(http, self.bounds)
        _refuse_other_content(http)
        size = http.content_length
        self.in_flight += 1
        try:
            if size is not None and size <= SMALL:
                return await self._answer_review(http, phase, begun)
            if size is not None and size > self.bounds.body_bytes:
                _too_large(self.bounds.body_bytes)
            wanted = self.bounds.body_bytes if size is None else size
            async with self.room.take_room(wanted, self.bounds.read_seconds):
                return await self._answer_review(http, phase, begun)
        except NoRoomError:
            raise web.HTTPServiceUnavailable(text="too many large bodies at once") from None
        finally:
            self.in_flight -= 1

    async def _answer_review(self, http: web.BaseRequest, phase: Phase, begun: float) -> web.Response:
        body = await self._body(http)
        request = await self._parse_body(body)
        if self.hear is None:
            raise web.HTTPServiceUnavailable(text="not started yet")
        review_result = await self.hear(request, len(body), phase)
        if review_result is None:
            review_result = self.service.failed_result(request, "no handler ruled")
        seconds = time.perf_counter() - begun
        self._note(review_result, phase, len(body), seconds)
        return web.Response(
            body=json.dumps(review_result.response).encode(), headers={hdrs.CONTENT_TYPE: JSON}
        )

    async def _body(self, http: web.BaseRequest) -> bytes:
        if http.content.is_eof() and http.content_length is not None:
            # All of it came with the head, as most reviews do.
            return http.content.read_nowait()
        try:
            async with asyncio.timeout(self.bounds.read_seconds):
                return await _read(http, self.bounds.body_bytes)
        except TimeoutError:
            raise web.HTTPRequestTimeout(text="the body arrived too slowly") from None
        except (web.HTTPException, asyncio.CancelledError):
            raise
        except Exception as error:  # noqa: BLE001 - a broken or half-closed connection, in aiohttp's many words for it
            LOGGER.debug("a body ended early", extra={"fields": {"error": type(error).__name__}})
            raise web.HTTPBadRequest(text="the body ended early") from None

    async def _parse_body(self, body: bytes) -> ReviewRequest:
        try:
            return await self.service.parse(body)
        except ReviewError as error:
            raise web.HTTPBadRequest(text=error.message) from None
        except TimeoutError:
            raise web.HTTPServiceUnavailable(text="the workers are busy") from None

    def _note(self, review_result: ReviewResult, phase: Phase, size: int, seconds: float) -> None:
        request, allowed = review_result.request, str(review_result.allowed).lower()
        kind = kind_label(request.kind.name)
        self.metrics.requests.labels(phase.value, kind, allowed, review_result.reason).inc()
        self.metrics.latency.labels(phase.value).observe(seconds)
        level = _level(review_result)
        if LOGGER.isEnabledFor(level):
            fields = {
                "uid": request.uid,
                "phase": phase.value,
                "operation": request.operation.value,
                "kind": request.kind.name,
                "namespace": request.namespace,
                "allowed": review_result.allowed,
                "reason": review_result.reason,
                "rules": _rules(review_result),
                "bytes": size,
                "milliseconds": round(seconds * 1000, 2),
            }
            LOGGER.log(level, "review", extra={"fields": fields})


def _level(review_result: ReviewResult) -> int:
    """Reviews that hold nothing are told at level debug: a busy cluster has thousands a minute."""
    if review_result.reason == FAILED:
        return logging.WARNING
    return (
        logging.INFO if review_result.decision is None or review_result.decision.findings else logging.DEBUG
    )


def _rules(review_result: ReviewResult) -> list[str]:
    findings: Iterable[Any] = review_result.decision.findings if review_result.decision else ()
    return sorted({finding.rule.id for finding in findings})


async def _read(http: web.BaseRequest, limit: int) -> bytes:
    """The body; aiohttp's own limit refuses one of exactly its size, and reads into two copies."""
    chunks = []
    size = 0
    async for chunk in http.content.iter_any():
        size += len(chunk)
        if size > limit:
            _too_large(limit)
        chunks.append(chunk)
    return chunks[0] if len(chunks) == 1 else b"".join(chunks)


def _too_large(limit: int) -> NoReturn:
    raise web.HTTPRequestEntityTooLarge(limit, text=f"the body is larger than {limit} bytes")


def _refuse_other_content(http: web.BaseRequest) -> None:
    headers = http.headers
    if headers.get(hdrs.CONTENT_TYPE) == JSON and hdrs.CONTENT_ENCODING not in headers:
        return
    if http.content_type != JSON:
        raise web.HTTPUnsupportedMediaType(text="send application/json")
    if (http.charset or "utf-8").lower().replace("_", "-") not in {"utf-8", "utf8"}:
        raise web.HTTPUnsupportedMediaType(text="send UTF-8")
    if headers.get(hdrs.CONTENT_ENCODING, "identity").lower() != "identity":
        raise web.HTTPUnsupportedMediaType(text="send it without a content encoding")


def _refuse_strangers(http: web.BaseRequest, bounds: BodyBounds) -> None:
    """The TLS layer verified the certificate if there is one; the probes need none."""
    if not bounds.needs_client:
        return
    peer = http.transport.get_extra_info("peercert") if http.transport else None
    names = {value for part in (peer or {}).get("subject", ()) for key, value in part if key == "commonName"}
    if not peer or (bounds.client_name and bounds.client_name not in names):
        raise web.HTTPForbidden(text="show the API server's client certificate")
