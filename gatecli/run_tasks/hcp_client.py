"""What goes out to HCP Terraform: a plan is fetched, a result is sent. The home of the HTTP client.

An error's text names no address and holds no token.
"""

from __future__ import annotations

import hashlib
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import IO

import aiohttp
from yarl import URL

from gatecli.errors import ConfigurationError
from gatecli.run_tasks.egress_allowlist import UNREADABLE, CheckedResolver, Targets
from gatecli.run_tasks.settings import MEBIBYTE
from gatecli.run_tasks.task_results import MEDIA_TYPE

CHUNK = 64 * 1024
_HOPS = frozenset({302, 307})
_PASSING = frozenset({408, 425, 429, 500, 502, 503, 504})
"""Answers after which another attempt may succeed."""
_NO_PLAN = {
    204: "the plan is not finished",
    401: "HCP Terraform did not accept its own token",
    404: "there is no such plan, or the token may not read it",
    422: "the plan is from a Terraform version that provides no JSON of it",
}


class PassingError(Exception):
    """It failed, and may succeed when tried again."""


class FinalError(Exception):
    """It failed, and would fail again."""


class HcpClient:
    """Requests to allowed hosts alone; made by `connect`."""

    def __init__(self, session: aiohttp.ClientSession, targets: Targets, plan_bytes: int) -> None:
        self._session = session
        self._targets = targets
        self._plan_bytes = plan_bytes

    async def fetch(self, address: str, token: str, into: IO[bytes]) -> str:
        """Write a plan's JSON into a file; its SHA-256.

        The API answers with one redirect to a signed address, which gets no token. Raises
        ForbiddenError, PassingError and FinalError.
        """
        url = self._targets.url(address)
        async with self._ask("GET", url, _authorization(token)) as answer:
            if answer.status not in _HOPS:
                return await self._write_body(answer, into)
            hop = answer.headers.get("Location", "")
        url = self._targets.url(_join_location(url, hop))
        async with self._ask("GET", url, {}) as answer:
            if answer.status in _HOPS:
                raise FinalError("the plan is redirected more than once")
            return await self._write_body(answer, into)

    async def send(self, address: str, token: str, document: bytes) -> None:
        """Send a result. Raises ForbiddenError, PassingError and FinalError."""
        headers = {**_authorization(token), "Content-Type": MEDIA_TYPE}
        async with self._ask("PATCH", self._targets.url(address), headers, document) as answer:
            if answer.status in _PASSING:
                raise PassingError(f"answered {answer.status}")
            if answer.status // 100 != 2:
                raise FinalError(f"answered {answer.status}")

    @asynccontextmanager
    async def _ask(
        self, method: str, url: URL, headers: dict[str, str], document: bytes | None = None
    ) -> AsyncIterator[aiohttp.ClientResponse]:
        try:
            async with self._session.request(
                method, url, headers=headers, data=document, allow_redirects=False
            ) as answer:
                yield answer
        except (aiohttp.ClientError, OSError, ssl.SSLError) as error:
            raise PassingError(f"could not be reached: {type(error).__name__}") from None

    async def _write_body(self, answer: aiohttp.ClientResponse, into: IO[bytes]) -> str:
        if answer.status in _PASSING:
            raise PassingError(f"answered {answer.status}")
        if answer.status != 200:
            raise FinalError(
                _NO_PLAN.get(
                    answer.status, f"the request for the plan was answered with status {answer.status}"
                )
            )
        if answer.headers.get("Content-Encoding", "identity").lower() != "identity":
            raise FinalError("the plan arrived compressed, which was not requested")
        digest, size = hashlib.sha256(), 0
        into.seek(0)
        into.truncate()
        async for chunk in answer.content.iter_chunked(CHUNK):
            size += len(chunk)
            if size > self._plan_bytes:
                raise FinalError(f"the plan is larger than {self._plan_bytes / MEBIBYTE:g} MiB (--max-plan)")
            digest.update(chunk)
            _keep(chunk, into)
        into.flush()
        return digest.hexdigest()


@asynccontextmanager
async def connect(targets: Targets, plan_bytes: int, authorities: Path | None) -> AsyncIterator[HcpClient]:
    """A client whose every connection is verified, direct, new, and to an address that `targets` permits."""
    connector = aiohttp.TCPConnector(
        ssl=trust(authorities),
        resolver=CheckedResolver(targets),
        use_dns_cache=False,
        force_close=True,
        limit=64,
    )
    headers = {"Accept-Encoding": "identity", "User-Agent": "gatecli"}
    # Every use has a deadline of its own, which covers all of it.
    timeout = aiohttp.ClientTimeout(total=None, sock_connect=30.0, sock_read=60.0)
    async with aiohttp.ClientSession(
        connector=connector,
        headers=headers,
        timeout=timeout,
        trust_env=False,
        auto_decompress=False,
        cookie_jar=aiohttp.DummyCookieJar(),
    ) as session:
        yield HcpClient(session, targets, plan_bytes)


def trust(authorities: Path | None) -> ssl.SSLContext:
    """The system's authorities, and those of a file. Raises ConfigurationError."""
    context = ssl.create_default_context()
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    if authorities is not None:
        try:
            context.load_verify_locations(authorities)
        except (OSError, ssl.SSLError) as error:
            raise ConfigurationError(
                f"{authorities} holds no certificates", advice="give a PEM file"
            ) from error
    return context


def _keep(chunk: bytes, into: IO[bytes]) -> None:
    try:
        into.write(chunk)
    except OSError as error:
        raise FinalError(f"the plan could not be kept while it is checked: {error.strerror}") from None


def _authorization(token: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {token}"}


def _join_location(base: URL, location: str) -> str:
    """Where a redirect leads. Raises FinalError for one that leads nowhere."""
    try:
        if location:
            return str(base.join(URL(location, encoded=True)))
    except UNREADABLE:
        raise FinalError("the plan is redirected to something that is not an address") from None
    raise FinalError("the plan is redirected nowhere")
