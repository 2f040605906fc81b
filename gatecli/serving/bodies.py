"""The body of a request: taken in within bounds of size and time."""

from __future__ import annotations

import asyncio

from aiohttp import hdrs, web

from gatecli.serving.refusals import CUT_OFF, TOO_LARGE, TOO_SLOW, ErrorAnswer

_CONTINUE = b"HTTP/1.1 100 Continue\r\n\r\n"


class BadBody(Exception):
    """A body that was not taken in."""

    def __init__(self, answer: ErrorAnswer) -> None:
        super().__init__(answer.outcome)
        self.answer = answer


async def read_body(http: web.BaseRequest, limit: int, seconds: float) -> bytes:
    """The whole body. Raises BadBody."""
    if (http.content_length or 0) > limit:
        raise BadBody(TOO_LARGE)
    if http.content.is_eof() and http.content_length is not None:
        return http.content.read_nowait()  # it came with the head
    _ask_for_it(http)
    try:
        async with asyncio.timeout(seconds):
            return await _read(http, limit)
    except TimeoutError:
        raise BadBody(TOO_SLOW) from None
    except (BadBody, asyncio.CancelledError):
        raise
    except Exception:  # noqa: BLE001 - a broken or half-closed connection, in aiohttp's many words for it
        raise BadBody(CUT_OFF) from None


async def _read(http: web.BaseRequest, limit: int) -> bytes:
    kept = bytearray()
    async for chunk in http.content.iter_any():
        kept += chunk
        if len(kept) > limit:
            raise BadBody(TOO_LARGE)
    return bytes(kept)


def _ask_for_it(http: web.BaseRequest) -> None:
    """A client that asks first sends its body once it is told to."""
    if http.headers.get(hdrs.EXPECT, "").lower() == "100-continue" and http.transport is not None:
        http.transport.write(_CONTINUE)
