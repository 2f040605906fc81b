"""A small client of the Kubernetes API: read, list in pages, write upon a version.

Every failure is a `ClusterError` with a type of its own; nothing is retried here, since whoever asks
knows whether to. The token is read anew with every request: the kubelet rotates it.
"""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any, Final, Literal, Self
from urllib.parse import quote, urlsplit

import aiohttp

from admission.cluster.access import Access
from gatecli.errors import GatecliError

JSON_PATCH: Final = "application/json-patch+json"
MERGE_PATCH: Final = "application/merge-patch+json"
APPLY_PATCH: Final = "application/apply-patch+yaml"
PatchType = Literal["application/json-patch+json", "application/merge-patch+json"]
METADATA_ALONE: Final = "application/json;as=PartialObjectMetadataList;g=meta.k8s.io;v=v1"
"""What to accept where the content of the objects of a list is not to be sent at all."""
PAGE = 500


class ClusterError(GatecliError):
    """The API server said no, or did not answer. `status` is the HTTP status, 0 without an answer."""

    exit_code = 4

    def __init__(self, message: str, *, status: int = 0, advice: str = "") -> None:
        super().__init__(message, advice=advice)
        self.status = status


class UnreachableError(ClusterError):
    """No answer: connection, TLS or time-out."""


class ForbiddenError(ClusterError):
    """The account may not do this (401 or 403)."""


class MissingError(ClusterError):
    """There is no such object, or no such kind (404)."""


class ConflictError(ClusterError):
    """The object changed since it was read (409): read it again and decide again."""


class AlreadyExistsError(ConflictError):
    """An object by this name exists (409, AlreadyExists)."""


class ExpiredError(ClusterError):
    """The resourceVersion or the continue token is too old (410): list from the beginning."""


class TooLongError(ClusterError):
    """An answer is longer than the caller's limit: ask for less at once."""


_BY_STATUS: Mapping[int, type[ClusterError]] = {
    401: ForbiddenError,
    403: ForbiddenError,
    404: MissingError,
    409: ConflictError,
    410: ExpiredError,
}


@dataclass(frozen=True, slots=True)
class ResourceKind:
    """A kind by the plural that its paths use; `group` is "" for the core."""

    group: str
    version: str
    plural: str

    def path(self, namespace: str = "", name: str = "", subresource: str = "") -> str:
        """The path of one object, of a namespace's objects, or of all; no namespace where it has none."""
        root = f"/apis/{self.group}/{self.version}" if self.group else f"/api/{self.version}"
        within = f"/namespaces/{quote(namespace, safe='')}" if namespace else ""
        parts = (quote(part, safe=":") for part in (self.plural, name, subresource) if part)
        return f"{root}{within}/{'/'.join(parts)}"


@dataclass(frozen=True, slots=True)
class Page:
    """Part of a list. `more` continues it; "" at the end."""

    items: tuple[dict[str, Any], ...]
    version: str
    more: str


@dataclass(slots=True)
class Client:
    """Requests to one API server; close it when done, or use it with `async with`."""

    access: Access
    seconds: float = 15.0
    _session: aiohttp.ClientSession | None = field(default=None, repr=False)

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.close()

    async def close(self) -> None:
        if self._session is not None:
            await self._session.close()
            self._session = None

    async def get(self, path: str) -> dict[str, Any]:
        return await self._object("GET", path)

    async def create(self, path: str, content: Mapping[str, Any]) -> dict[str, Any]:
        """Raises AlreadyExistsError where the name is taken."""
        return await self._object("POST", path, content)

    async def replace(self, path: str, content: Mapping[str, Any]) -> dict[str, Any]:
        """Write the whole object; raises ConflictError unless its resourceVersion is still current."""
        return await self._object("PUT", path, content)

    async def patch(self, path: str, change: object, kind: PatchType = MERGE_PATCH) -> dict[str, Any]:
        """Change a part of an object. A failed `test` of a JSON patch is a ClusterError of status 422."""
        return await self._object("PATCH", path, change, kind)

    async def apply(self, path: str, content: Mapping[str, Any], manager: str) -> dict[str, Any]:
        """Make an object hold `content`, or make it (server-side apply); its fields are then `manager`'s."""
        query = {"fieldManager": manager, "force": "true"}
        return await self._object("PATCH", path, content, APPLY_PATCH, query)

    async def delete(self, path: str, version: str = "") -> dict[str, Any]:
        """Delete an object; raises ConflictError where `version` is given and no longer current."""
        only = {"kind": "DeleteOptions", "apiVersion": "v1", "preconditions": {"resourceVersion": version}}
        return await self._object("DELETE", path, only if version else None)

    async def content(self, path: str, query: Mapping[str, str], accept: str, most: int) -> bytes:
        """The bytes of a GET, for who reads them in a thread; raises TooLongError beyond `most`."""
        kept: list[bytes] = []
        async with self._answer("GET", path, query=query, accept=accept) as answer:
            async for chunk in answer.content.iter_any():
                kept.append(chunk)
                most -= len(chunk)
                if most < 0:
                    raise TooLongError(f"GET {path}: the answer is too long")
        return b"".join(kept)

    async def pages(
        self, path: str, *, limit: int = PAGE, more: str = "", **query: str
    ) -> AsyncIterator[Page]:
        """The objects under `path`, from `more` on; raises ExpiredError for a token that is too old."""
        while True:
            wanted = {"limit": str(limit), **({"continue": more} if more else {}), **query}
            answer = await self._object("GET", path, query=wanted)
            metadata = answer.get("metadata") or {}
            more = str(metadata.get("continue") or "")
            yield Page(tuple(answer.get("items") or ()), str(metadata.get("resourceVersion", "")), more)
            if not more:
                return

    async def _object(
        self,
        method: str,
        path: str,
        content: object = None,
        kind: str = "application/json",
        query: Mapping[str, str] | None = None,
    ) -> dict[str, Any]:
        async with self._answer(method, path, content, kind, query) as answer:
            try:
                read = await answer.json()
            except ValueError as error:
                raise ClusterError(
                    f"{method} {path}: the answer is not JSON", status=answer.status
                ) from error
        if not isinstance(read, dict):
            raise ClusterError(f"{method} {path}: the answer is not an object", status=answer.status)
        return read

    @asynccontextmanager
    async def _answer(
        self,
        method: str,
        path: str,
        content: object = None,
        kind: str = "application/json",
        query: Mapping[str, str] | None = None,
        accept: str = "application/json",
    ) -> AsyncIterator[aiohttp.ClientResponse]:
        headers = {"Accept": accept, **self.access.authorization()}
        body = None if content is None else json.dumps(content).encode()
        if body is not None:
            headers["Content-Type"] = kind
        limits = aiohttp.ClientTimeout(total=self.seconds)
        url = self.access.server + path
        try:
            async with self._connect().request(
                method, url, params=query, data=body, headers=headers, timeout=limits, allow_redirects=False
            ) as answer:
                if answer.status >= 300:
                    raise _refusal(f"{method} {path}", answer.status, await answer.read())
                yield answer
        except (aiohttp.ClientError, TimeoutError, OSError) as error:
            where = urlsplit(self.access.server).netloc
            raise UnreachableError(
                f"{method} {path}: no answer from the API server at {where} ({type(error).__name__})",
                advice="check the address, the network policy and the certificate authority",
            ) from error

    def _connect(self) -> aiohttp.ClientSession:
        if self._session is None:
            connector = aiohttp.TCPConnector(ssl=self.access.context(), limit=16)
            self._session = aiohttp.ClientSession(connector=connector, trust_env=False)
        return self._session


def _refusal(what: str, status: int, body: bytes) -> ClusterError:
    """The typed error; of the Status object only its reason is told, since a message may quote a value."""
    reason = ""
    try:
        told = json.loads(body)
        reason = str(told.get("reason") or "") if isinstance(told, dict) else ""
    except ValueError:
        reason = "no Status object"
    kind = _BY_STATUS.get(status, ClusterError)
    if kind is ConflictError and reason == "AlreadyExists":
        kind = AlreadyExistsError
    advice = "grant the verb to the service account" if kind is ForbiddenError else ""
    return kind(f"{what}: {status} {reason}".rstrip(), status=status, advice=advice)
