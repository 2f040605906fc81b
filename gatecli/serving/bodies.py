"""The body of a request: taken in within bounds of size and time."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field

from aiohttp import hdrs, web

from gatecli.listening import BodyRoom
from gatecli.serving.refusals import CUT_OFF, TOO_LARGE, TOO_SLOW, ErrorAnswer

SMALL = 64 * 1024
"""Bytes of a body that is taken in without asking for room."""
ROOM = 256 * 1024 * 1024
"""Bytes of larger bodies that are taken in at once: memory is bounded, however slowly they come."""
_CONTINUE = b"HTTP/1.1 100 Continue\r\n\r\n"


class BadBody(Exception):
    """A body that was not taken in."""

    def __init__(self, answer: ErrorAnswer) -> None:
        super().__init__(answer.outcome)
        self.answer = answer


@dataclass(frozen=True, slots=True)
class BodyLimits:
    """Bytes of one body, seconds for it, and the room that large ones share until they are answered."""

    most: int
    seconds: float
    room: BodyRoom = field(default_factory=lambda: BodyRoom(ROOM))


def body_bytes(http: web.BaseRequest, limits: BodyLimits) -> int:
    """The size of a body, at most: of one that does not say it. Raises BadBody."""
    size = http.content_length if http.body_exists else 0
    if size is None:
        return limits.most
    if size > limits.most:
        raise BadBody(TOO_LARGE)
    return size


async def read_body(http: web.BaseRequest, limits: BodyLimits) -> bytes:
    """The whole body. Raises BadBody."""
    if http.content.is_eof() and http.content_length is not None:
        return http.content.read_nowait()  # it came with the head
    _ask_for_it(http)
    try:
        async with asyncio.timeout(limits.seconds):
            return await _read(http, limits.most)
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
