"""The HTTP side: what a request is, whether it may be asked, and how it is answered."""

from __future__ import annotations

import asyncio
import math
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import lru_cache, partial
from urllib.parse import unquote_plus, urlsplit

from aiohttp import hdrs, web
from prometheus_client import Counter

from gatecli.listening import NoRoomError
from gatecli.model.private_endpoint import EndpointMode
from gatecli.serving.attested_answers import pass_on
from gatecli.serving.bodies import SMALL, BadBody, BodyLimits, body_bytes, read_body
from gatecli.serving.callers import caller_of
from gatecli.serving.counted_requests import PATH, NoWindow
from gatecli.serving.metrics import CONTENT_TYPE, count_values, exposition
from gatecli.serving.noisy_answers import AskedQuestion
from gatecli.serving.parts import EndpointParts
from gatecli.serving.passed_headers import OF_A_SEARCH, OF_THE_BYTES, Header, request_headers
from gatecli.serving.platforms import AddressKind, FoundRoute, RouteKind, find_route
from gatecli.serving.price import SERVER
from gatecli.serving.questions import BadQuestion, canonical_question
from gatecli.serving.refusals import (
    BUSY,
    DRAINING,
    FAILED,
    NOT_FOUND,
    NOT_YET,
    PERSONAL_DATA,
    REFUSAL,
    UNSEARCHED,
    AnswerRefused,
    ErrorAnswer,
    RefusalReason,
    bad_question,
    model_error,
)
from gatecli.serving.screening import Screened, ScreenOutcome
from gatecli.serving.tracing import trace_of
from gatecli.serving.upstream import UpstreamError

JSON = "application/json"
ANSWERED = "answered"
KNOWN_TARGETS = 256
"""Paths of which is known what they ask for."""
_LEFT_OUT: Mapping[tuple[bool, bool], frozenset[str]] = {
    (masked, searches): (OF_THE_BYTES if masked else frozenset()) | (OF_A_SEARCH if searches else frozenset())
    for masked in (False, True)
    for searches in (False, True)
}
"""What the model is not told: of bytes that were changed, and of forms of an answer that no search reads."""


class EndRequest(Exception):
    """The request ends with a constant answer."""

    def __init__(self, answer: ErrorAnswer) -> None:
        super().__init__(answer.outcome)
        self.answer = answer


@dataclass(slots=True)
class ModelProxy:
    """Answers requests by the parts of an endpoint. `serves_metrics` where this port has them too."""

    parts: EndpointParts
    serves_metrics: bool
    logs_all: bool = False
    in_flight: int = 0
    asking: int = 0
    """Requests whose body is there: slow bodies keep nobody from being asked about."""
    idle: asyncio.Event = field(default_factory=asyncio.Event)
    """Set while no request is under way, but for the time before the first."""
    clock: Callable[[], float] = time.perf_counter
    _find: Callable[[str, str], FoundRoute | None] = field(init=False)
    _answered: Counter = field(init=False)
    _bodies: BodyLimits = field(init=False)
    _own_path: str = field(init=False)
    _once: tuple[str, ...] = field(init=False)
    """Headers that may stand once: of two of them the search, or the budget, might read one and the model the
    other.
    """

    def __post_init__(self) -> None:
        spec = self.parts.spec
        url = spec.model_urls[0]
        self._own_path = urlsplit(url).path.rstrip("/")
        caller = self.parts.caller_header
        self._once = (hdrs.CONTENT_TYPE, hdrs.CONTENT_ENCODING, *([caller] if caller else []))
        self._bodies = BodyLimits(self.parts.request_bytes, spec.limits.body_seconds)
        self._answered = self.parts.metrics.requests.labels(ANSWERED)
        self._find = lru_cache(KNOWN_TARGETS)(partial(find_route, self.parts.contract, url))

    async def receive(self, http: web.BaseRequest) -> web.StreamResponse:
        """Answer one request: what a server is given. No application: its router costs as much as a cache."""
        found = self._find(http.method, http.raw_path)
        if found is not None and found.kind in (RouteKind.PREDICT, RouteKind.METADATA):
            return await self._answer(http, found)
        if found is not None:
            return await self._probe(found.kind)
        path = http.raw_path.partition("?")[0]
        if path == "/metrics" and http.method == hdrs.METH_GET and self.serves_metrics:
            return self.metrics_answer()
        if self.parts.counted is not None and (path == PATH or path.startswith(f"{PATH}/")):
            return await self._answer(http, None)
        return _error(NOT_FOUND)

    def metrics_answer(self) -> web.Response:
        """What Prometheus reads."""
        headers = {hdrs.CONTENT_TYPE: CONTENT_TYPE, hdrs.SERVER: SERVER}
        return web.Response(body=exposition(self.parts.metrics), headers=headers)

    async def _probe(self, kind: RouteKind) -> web.Response:
        faults = [] if kind is RouteKind.LIVE else await self.parts.readiness.faults()
        status, text = 503 if faults else 200, ("; ".join(faults) or "ok") + "\n"
        return web.Response(status=status, text=text, headers={hdrs.SERVER: SERVER})

    async def _answer(self, http: web.BaseRequest, found: FoundRoute | None) -> web.StreamResponse:
        """An answer of the model, of the proxy for it, or a constant one."""
        begun = self.clock()
        outcome, reason = ANSWERED, ""
        self.in_flight += 1
        self.idle.clear()
        try:
            return await self._answer_within(http, found)
        except EndRequest as end:
            outcome = end.answer.outcome
            return _error(end.answer)
        except BadBody as bad:
            outcome = bad.answer.outcome
            return _error(bad.answer)
        except AnswerRefused as refused:
            outcome, reason = REFUSAL.outcome, refused.reason.value
            self.parts.metrics.refusals.labels(reason).inc()
            await self._wait_out(begun)
            return _error(REFUSAL)
        except UpstreamError as error:
            answer = model_error(error.fault)
            outcome, reason = answer.outcome, error.fault.value
            self.parts.metrics.upstream.labels(reason).inc()
            return _error(answer)
        except Exception as error:  # noqa: BLE001 - a bug is told by its kind: its text may quote a body
            outcome, reason = FAILED.outcome, type(error).__name__
            return _error(FAILED)
        finally:
            self.in_flight -= 1
            if not self.in_flight:
                self.idle.set()
            self._note(http, outcome, reason, self.clock() - begun)

    async def _answer_within(self, http: web.BaseRequest, found: FoundRoute | None) -> web.StreamResponse:
        parts = self.parts
        if parts.readiness.is_draining:
            raise EndRequest(DRAINING)
        if found is None:
            return await self._window(http)
        if found.kind is RouteKind.METADATA and parts.spec.is_noised:
            raise EndRequest(NOT_FOUND)
        size = body_bytes(http, self._bodies)
        if size <= SMALL:
            return await self._take_in(http, found)
        try:
            async with self._bodies.room.take_room(size, self._bodies.seconds):
                return await self._take_in(http, found)
        except NoRoomError:
            raise EndRequest(BUSY) from None

    async def _take_in(self, http: web.BaseRequest, found: FoundRoute) -> web.StreamResponse:
        """Read a question, and ask it where not too many are asked already."""
        body = await read_body(http, self._bodies)
        if self.asking >= self.parts.spec.limits.requests:
            raise EndRequest(BUSY)
        self.asking += 1
        try:
            return await self._ask(http, found, body)
        finally:
            self.asking -= 1

    async def _ask(self, http: web.BaseRequest, found: FoundRoute, body: bytes) -> web.StreamResponse:
        """Search a question, and have it answered as the mode says."""
        parts = self.parts
        if any(len(http.headers.getall(name, ())) > 1 for name in self._once):
            raise EndRequest(bad_question("a header that says what the body is, or who calls, stands twice"))
        await self._search_target(http)
        body, is_changed = await self._search_body(http, body)
        if parts.spec.is_noised and not await self._is_attested_instead():
            return await self._answer_with_noise(http, found, body)
        self._require_attested()
        await self._require_ledger()
        headers = request_headers(http.headers.items(), EndpointMode.ATTESTED)
        left_out = _LEFT_OUT[is_changed, parts.response_screen.searches]
        if left_out:
            headers = tuple(each for each in headers if each[0].lower() not in left_out)
        return await pass_on(http, parts, found.url or "", headers, body)

    async def _search_body(self, http: web.BaseRequest, body: bytes) -> tuple[bytes, bool]:
        """The body as it may be asked; whether it is another one. Raises EndRequest."""
        screened = await self._search(
            body, http.headers.get(hdrs.CONTENT_TYPE, ""), http.headers.get(hdrs.CONTENT_ENCODING, "")
        )
        if screened.outcome is ScreenOutcome.DENIED:
            raise EndRequest(PERSONAL_DATA)
        if screened.outcome is ScreenOutcome.UNSEARCHED:
            raise EndRequest(UNSEARCHED)
        return screened.body, screened.body is not body

    async def _search_target(self, http: web.BaseRequest) -> None:
        """What the address holds is asked as well, and nothing in it can be masked. Raises EndRequest."""
        told = self._told_by(http.raw_path)
        if not told:
            return
        text = unquote_plus(told).encode("utf-8", "surrogatepass")
        screened = await self._search(text, "text/plain", "")
        if screened.is_refused or screened.outcome is ScreenOutcome.MASKED:
            raise EndRequest(PERSONAL_DATA)

    async def _search(self, text: bytes, content_type: str, encoding: str) -> Screened:
        """What a part of a request holds, which is counted by kind."""
        screened = await self.parts.request_screen.search(text, content_type, encoding)
        count_values(self.parts.metrics, screened.counts, "request")
        return screened

    def _told_by(self, target: str) -> str:
        """What of an address is the caller's: its query, and what of its path the model is asked with."""
        path, _, query = target.partition("?")
        if self.parts.contract.address is AddressKind.QUESTION:
            return query
        return "?".join(each for each in (path.removeprefix(self._own_path), query) if each)

    async def _answer_with_noise(self, http: web.BaseRequest, found: FoundRoute, body: bytes) -> web.Response:
        parts = self.parts
        content_type = http.headers.get(hdrs.CONTENT_TYPE, "")
        try:
            encoding = http.headers.get(hdrs.CONTENT_ENCODING, "")
            question = canonical_question(body, content_type, encoding)
            asked = AskedQuestion(
                found.url or "",
                _noised_headers(http, content_type),
                content_type,
                question,
                caller_of(http.headers.get(parts.caller_header, "")) if parts.caller_header else "",
                *_open_inference(http.raw_path),
            )
            if parts.counted is not None:
                self._require_attested_counts()
                return self._json(await parts.counted.count(asked), status=202)
        except BadQuestion as bad:
            raise EndRequest(bad_question(str(bad))) from None
        assert parts.noisy is not None  # noqa: S101 - a mode with noise counts or answers
        return self._json(await parts.noisy.answer(asked))

    async def _window(self, http: web.BaseRequest) -> web.Response:
        counted = self.parts.counted
        if counted is None or http.method != hdrs.METH_GET:
            raise EndRequest(NOT_FOUND)
        self._require_attested_counts()
        try:
            return self._json(await counted.window(http.raw_path.partition("?")[0]))
        except NoWindow:
            raise EndRequest(NOT_YET) from None

    def _json(self, body: bytes, status: int = 200) -> web.Response:
        return web.Response(
            status=status, body=body, headers={**self.parts.headers(), hdrs.CONTENT_TYPE: JSON}
        )

    def _require_attested(self) -> None:
        guard = self.parts.guard
        if guard is None or guard.fault() is not None:
            raise AnswerRefused(RefusalReason.ATTESTATION)

    def _require_attested_counts(self) -> None:
        """Counts have noise for whom requests are about; the people of the training have the attestation."""
        if self.parts.guard is not None:
            self._require_attested()

    async def _require_ledger(self) -> None:
        """Where a ledger is named, it must answer, unless the document says that an attestation is enough."""
        budget = self.parts.spec.budget
        if budget is None or budget.ledger is None or budget.on_unavailable == "attested":
            return
        if self.parts.ledger_fault is not None and await self.parts.ledger_fault() is not None:
            raise AnswerRefused(RefusalReason.LEDGER)

    async def _is_attested_instead(self) -> bool:
        """Whether an attested model answers without noise, since the ledger of its noise does not answer."""
        parts, budget = self.parts, self.parts.spec.budget
        if budget is None or budget.on_unavailable != "attested" or parts.counted is not None:
            return False
        if parts.spec.upstream.url is None:  # several models vote, and no attestation is about all of them
            return False
        if parts.ledger_fault is None or await parts.ledger_fault() is None:
            return False
        return parts.guard is not None and parts.guard.fault() is None

    async def _wait_out(self, begun: float) -> None:
        """All refusals take the same time, or the next multiple of it: it tells no reason."""
        pause = self.parts.spec.limits.refusal_milliseconds / 1000
        if pause:
            taken = self.clock() - begun
            await asyncio.sleep(max(1, math.ceil(taken / pause)) * pause - taken)

    def _note(self, http: web.BaseRequest, outcome: str, reason: str, seconds: float) -> None:
        metrics = self.parts.metrics
        metrics.latency.observe(seconds)
        if outcome == ANSWERED:
            self._answered.inc()
        else:
            metrics.requests.labels(outcome).inc()
        if outcome != ANSWERED or self.logs_all:
            said = {"outcome": outcome, "reason": reason, "milliseconds": round(seconds * 1000, 2)}
            trace = trace_of(http.headers.get("traceparent", ""))
            self.parts.log("request", **({k: v for k, v in {**said, "trace": trace}.items() if v != ""}))


def _error(answer: ErrorAnswer) -> web.Response:
    headers = {hdrs.CONTENT_TYPE: JSON, hdrs.SERVER: SERVER}
    response = web.Response(status=answer.status, body=answer.body, headers=headers)
    if answer in (BUSY, DRAINING):
        response.headers[hdrs.RETRY_AFTER] = "1"
    if answer is not REFUSAL:
        # What was not read to its end leaves the connection in no state to be used again.
        response.force_close()
    return response


def _noised_headers(http: web.BaseRequest, content_type: str) -> tuple[Header, ...]:
    """What a model in a mode with noise is told: the question's form, its key, and what traces it."""
    kept = tuple(
        each for each in request_headers(http.headers.items(), EndpointMode.NOISY_SCORES) if _is_told(each)
    )
    return (("Accept", JSON), *((("Content-Type", content_type),) if content_type else ()), *kept)


def _is_told(header: Header) -> bool:
    name = header[0].lower()
    return name not in {"accept", "content-type", "content-encoding"}


def _open_inference(path: str) -> tuple[bool, str]:
    """Whether a path is of the Open Inference Protocol, and the model that it names."""
    parts = path.partition("?")[0].split("/")
    return (True, parts[3]) if parts[1:3] == ["v2", "models"] and len(parts) > 3 else (False, "")
