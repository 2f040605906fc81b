"""Mode `attested`: the model's own answer, as it comes, where it holds no personal data."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable

import aiohttp
from aiohttp import hdrs, web
from multidict import CIMultiDict

from gatecli.model.private_endpoint import EndpointLimits, EndpointMode
from gatecli.serving.metrics import count_values
from gatecli.serving.parts import EndpointParts
from gatecli.serving.passed_headers import OF_THE_BYTES, Header, response_headers
from gatecli.serving.refusals import AnswerRefused, RefusalReason
from gatecli.serving.upstream import UpstreamError, UpstreamFault

WHOLE = 1 << 18
"""Bytes of an answer that is read before it is passed on; a longer one is passed on as it comes."""


async def pass_on(
    http: web.BaseRequest, parts: EndpointParts, url: str, headers: Iterable[Header], body: bytes
) -> web.StreamResponse:
    """Ask the model, and answer what it answers. Raises UpstreamError, AnswerRefused.

    An answer that is searched is read to its end first: who passes on a beginning cannot take it back.
    """
    method = http.method
    async with await parts.upstream.begin_answer(method, url, headers, body or None) as response:
        told = CIMultiDict(response_headers(response.headers.items(), EndpointMode.ATTESTED))
        told.update(parts.attested_headers())
        length = response.content_length
        if parts.response_screen.searches:
            return await _search_answer(parts, response, told)
        if length is not None and length <= WHOLE:
            content = await parts.upstream.read_answer(response)
            return web.Response(status=response.status, body=content, headers=told)
        return await _stream(http, response, told, parts.spec.limits)


async def _search_answer(
    parts: EndpointParts, response: aiohttp.ClientResponse, told: CIMultiDict[str]
) -> web.Response:
    content = await parts.upstream.read_answer(response)
    screened = await parts.response_screen.search(
        content, response.headers.get(hdrs.CONTENT_TYPE, ""), response.headers.get(hdrs.CONTENT_ENCODING, "")
    )
    count_values(parts.metrics, screened.counts, "response")
    if screened.is_refused:
        raise AnswerRefused(RefusalReason.ANSWER)
    if screened.body is not content:
        for name in OF_THE_BYTES:
            told.popall(name, None)
    return web.Response(status=response.status, body=screened.body, headers=told)


async def _stream(
    http: web.BaseRequest, response: aiohttp.ClientResponse, told: CIMultiDict[str], limits: EndpointLimits
) -> web.StreamResponse:
    """Piece by piece. What breaks on the way breaks the connection: a half answer is not a whole one."""
    answer, most = web.StreamResponse(status=response.status, headers=told), limits.response_bytes
    if response.content_length is not None:
        if response.content_length > most:
            raise UpstreamError(UpstreamFault.TOO_LARGE)
        answer.content_length = response.content_length
    try:
        await answer.prepare(http)
        async for chunk in response.content.iter_any():
            most -= len(chunk)
            if most < 0:
                break
            async with asyncio.timeout(limits.body_seconds):  # for the caller to take it
                await answer.write(chunk)
        else:
            await answer.write_eof()
            return answer
    except (aiohttp.ClientError, OSError, TimeoutError):
        _break_off(http)
        raise UpstreamError(UpstreamFault.BROKEN) from None
    _break_off(http)
    raise UpstreamError(UpstreamFault.TOO_LARGE)


def _break_off(http: web.BaseRequest) -> None:
    if http.transport is not None:
        http.transport.abort()
