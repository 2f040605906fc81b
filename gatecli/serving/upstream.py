"""The model behind the proxy: asked over kept connections, within bounds of time and size."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from dataclasses import dataclass, field
from enum import StrEnum
from functools import lru_cache

import aiohttp
from multidict import CIMultiDict
from yarl import URL

from gatecli.serving.passed_headers import Header

CONNECTING = 5.0
"""Seconds for a connection."""
KEPT = 2.0
"""Seconds for which an idle connection is kept: less than servers do, most of which close after five."""
READINESS = 1.0
"""Seconds for the model to say that it is ready."""


class UpstreamFault(StrEnum):
    """Why the model gave no answer."""

    UNREACHABLE = "unreachable"
    """It was never asked: no connection came about."""
    SLOW = "slow"
    BROKEN = "broken"
    """The answer ended early, or is no HTTP."""
    TOO_LARGE = "too-large"
    STATUS = "status"
    """It answered, with an error."""
    UNREADABLE = "unreadable"
    """It answered, but neither scores nor a class."""


class UpstreamError(Exception):
    """The model gave no answer."""

    def __init__(self, fault: UpstreamFault) -> None:
        super().__init__(fault.value)
        self.fault = fault


@dataclass(frozen=True, slots=True)
class ModelAnswer:
    """What the model answered, whole."""

    content_type: str
    body: bytes


@dataclass(slots=True)
class Upstream:
    """The connections to one model, or to several.

    `seconds` are for the head of an answer, and for each piece of its body; `stream_seconds` for all of it.
    """

    session: aiohttp.ClientSession
    seconds: float
    stream_seconds: float
    most_bytes: int
    _timeout: aiohttp.ClientTimeout = field(init=False)

    def __post_init__(self) -> None:
        self._timeout = aiohttp.ClientTimeout(
            total=max(self.seconds, self.stream_seconds), sock_connect=CONNECTING, sock_read=self.seconds
        )

    async def begin_answer(
        self, method: str, url: str, headers: Iterable[Header], body: bytes | None
    ) -> aiohttp.ClientResponse:
        """The model's answer, of which the head has come: whoever has it closes it. Raises UpstreamError."""
        told = CIMultiDict(headers)
        try:
            try:
                return await self._begin(method, url, told, body)
            except aiohttp.ServerDisconnectedError:
                # A kept connection ended just now. To ask a model twice changes nothing.
                return await self._begin_again(method, url, told, body)
        except (aiohttp.ClientConnectorError, aiohttp.ConnectionTimeoutError):
            raise UpstreamError(UpstreamFault.UNREACHABLE) from None
        except TimeoutError:
            raise UpstreamError(UpstreamFault.SLOW) from None
        except (aiohttp.ClientError, OSError, ValueError):
            raise UpstreamError(UpstreamFault.BROKEN) from None

    async def _begin_again(
        self, method: str, url: str, headers: CIMultiDict[str], body: bytes | None
    ) -> aiohttp.ClientResponse:
        """Raises UpstreamError where no connection comes about: the first one may have asked."""
        try:
            return await self._begin(method, url, headers, body)
        except (aiohttp.ClientConnectorError, aiohttp.ConnectionTimeoutError):
            raise UpstreamError(UpstreamFault.BROKEN) from None

    async def _begin(
        self, method: str, url: str, headers: CIMultiDict[str], body: bytes | None
    ) -> aiohttp.ClientResponse:
        return await self.session.request(
            method, _address(url), data=body, headers=headers, timeout=self._timeout, allow_redirects=False
        )

    async def read_answer(self, response: aiohttp.ClientResponse) -> bytes:
        """The whole body. Raises UpstreamError."""
        length = response.content_length
        if length is not None and length > self.most_bytes:
            raise UpstreamError(UpstreamFault.TOO_LARGE)
        kept = bytearray()
        try:
            if length is not None:
                return await response.read()
            async for chunk in response.content.iter_any():
                kept += chunk
                if len(kept) > self.most_bytes:
                    raise UpstreamError(UpstreamFault.TOO_LARGE)
        except TimeoutError:
            raise UpstreamError(UpstreamFault.SLOW) from None
        except (aiohttp.ClientError, OSError):
            raise UpstreamError(UpstreamFault.BROKEN) from None
        return bytes(kept)

    async def ask(self, method: str, url: str, headers: Iterable[Header], body: bytes | None) -> ModelAnswer:
        """An answer of the model that is one: with a status of success. Raises UpstreamError."""
        async with await self.begin_answer(method, url, headers, body) as response:
            if not 200 <= response.status < 300:
                raise UpstreamError(UpstreamFault.STATUS)
            content = await self.read_answer(response)
        if response.headers.get("Content-Encoding", "identity").lower() != "identity":
            raise UpstreamError(UpstreamFault.UNREADABLE)  # it was asked for none
        return ModelAnswer(response.headers.get("Content-Type", ""), content)

    async def is_ready(self, url: str) -> bool:
        """Whether the model says so in time."""
        try:
            async with asyncio.timeout(READINESS):
                response = await self.begin_answer("GET", url, (), None)
                response.release()
                return 200 <= response.status < 300
        except (UpstreamError, TimeoutError):
            return False

    async def is_reachable(self, url: str) -> bool:
        """Whether a connection comes about in time: of a model that has no path to say that it is ready."""
        address = URL(url, encoded=True)
        try:
            async with asyncio.timeout(READINESS):
                _, writer = await asyncio.open_connection(address.host, address.port)
        except (OSError, ValueError):
            return False
        writer.close()
        return True


def new_session(connections: int) -> aiohttp.ClientSession:
    """Connections that are kept; bodies come as they are sent. Inside a loop."""
    connector = aiohttp.TCPConnector(limit=connections, keepalive_timeout=KEPT)
    return aiohttp.ClientSession(
        connector=connector,
        auto_decompress=False,
        cookie_jar=aiohttp.DummyCookieJar(),
        trust_env=False,
        skip_auto_headers=("User-Agent", "Accept", "Accept-Encoding", "Content-Type"),
    )


@lru_cache(256)
def _address(url: str) -> URL:
    """An address as it is asked; nothing in it is encoded anew."""
    return URL(url, encoded=True)
