"""Attestations beside images: the referrers of a digest in an OCI registry, and their content.

Source: OCI distribution specification 1.1, "Listing Referrers" and its fallback by tag; OCI image
specification 1.1, manifests. Every content is checked against the digest that it was asked by.
"""

from __future__ import annotations

import asyncio
import base64
import binascii
import hashlib
import json
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path
from typing import Any

import aiohttp

from gatecli.errors import ConfigurationError
from gatecli.model.bounded_memory import OF_ENTRY, BoundedMemory

BUNDLE = re.compile(r"application/vnd\.dev\.sigstore\.bundle(\.v0\.3\+json|\+json;version=0\.3)")
INDEX = "application/vnd.oci.image.index.v1+json"
MANIFEST = "application/vnd.oci.image.manifest.v1+json"
LARGEST = 2**20
"""Bytes of one answer, and of all attestations of one image."""
MOST = 32
"""Attestations of one image that are read."""
FOUND_SECONDS, NONE_SECONDS = 300.0, 15.0
"""How long an answer holds: what was found stays what it is, what is missing may come."""
_REMEMBERED = 16 * 2**20
"""Bytes of attestations."""
_TOKENS = 4096 * OF_ENTRY
_DIGEST = re.compile("sha256:[0-9a-f]{64}")
_CHALLENGE = re.compile(r'(\w+)="([^"]*)"')
_DOCKER = {"docker.io": "registry-1.docker.io"}
_LOOPBACK = re.compile(r"(localhost|127\.[0-9.]+|\[::1\])(:[0-9]+)?")


class RegistryError(Exception):
    """A registry did not say what it was asked for."""


@dataclass(frozen=True, slots=True)
class _Answer:
    status: int
    headers: Mapping[str, str]
    body: bytes = field(repr=False)


@dataclass(slots=True)
class Registries:
    """Registries by their hosts; close it when done. `credentials` are `Basic` headers by host.

    A host on loopback is asked by HTTP, any other by HTTPS.
    """

    clock: Callable[[], float]
    seconds: float = 2.0
    credentials: Mapping[str, str] = field(default_factory=dict, repr=False)
    _known: BoundedMemory[tuple[str, str, str], tuple[float, tuple[bytes, ...]]] = field(
        default_factory=lambda: BoundedMemory(_REMEMBERED), repr=False
    )
    _tokens: BoundedMemory[tuple[str, str], str] = field(
        default_factory=lambda: BoundedMemory(_TOKENS), repr=False
    )
    _session: aiohttp.ClientSession | None = field(default=None, repr=False)

    async def close(self) -> None:
        if self._session is not None:
            await self._session.close()
            self._session = None

    async def attestations_of(self, host: str, repository: str, digest: str) -> tuple[bytes, ...]:
        """The Sigstore bundles that refer to an image by its SHA-256. Raises RegistryError."""
        known = self.recall(host, repository, digest)
        if known is not None:
            return known
        try:
            async with asyncio.timeout(self.seconds):
                found = await self._read(host, repository, digest)
        except (aiohttp.ClientError, OSError, TimeoutError) as error:
            raise RegistryError(f"no answer ({type(error).__name__})") from error
        until = self.clock() + (FOUND_SECONDS if found else NONE_SECONDS)
        self._known.put((host, repository, digest), (until, found), sum(map(len, found)))
        return found

    def recall(self, host: str, repository: str, digest: str) -> tuple[bytes, ...] | None:
        """What was found a while ago; None where nobody looked, or too long ago."""
        until, found = self._known.get((host, repository, digest)) or (0.0, ())
        return found if self.clock() < until else None

    async def _read(self, host: str, repository: str, digest: str) -> tuple[bytes, ...]:
        root = f"/v2/{repository}"
        answer = await self._get(host, repository, f"{root}/referrers/sha256:{digest}", INDEX)
        if answer.status in {404, 400, 405}:
            answer = await self._get(host, repository, f"{root}/manifests/sha256-{digest}", INDEX)
        if answer.status == 404:
            return ()
        listed = _data(answer).get("manifests")
        found: list[bytes] = []
        for each in islice(_bundles_in(listed), MOST):
            found.append(await self._bundle(host, repository, each))
            if sum(map(len, found)) > LARGEST:
                raise RegistryError("its attestations of one image are too long")
        return tuple(found)

    async def _bundle(self, host: str, repository: str, digest: str) -> bytes:
        answer = await self._get(host, repository, f"/v2/{repository}/manifests/{digest}", MANIFEST)
        layers = _data(_of_digest(answer, digest)).get("layers")
        first = layers[0] if isinstance(layers, list) and len(layers) == 1 else None
        named = first.get("digest") if isinstance(first, dict) else None
        if not isinstance(named, str) or not _DIGEST.fullmatch(named):
            raise RegistryError("an attestation that it lists has no content")
        answer = await self._get(host, repository, f"/v2/{repository}/blobs/{named}", "*/*")
        return _of_digest(answer, named).body

    async def _get(self, host: str, repository: str, path: str, accept: str) -> _Answer:
        """An answer of the registry, with a token where it asks for one."""
        token = self._tokens.get((host, repository)) or self.credentials.get(host, "")
        answer = await self._ask(f"{_address(host)}{path}", accept, token)
        if answer.status == 401:
            token = await self._token(host, repository, answer.headers.get("WWW-Authenticate", ""))
            answer = await self._ask(f"{_address(host)}{path}", accept, token)
        if answer.status not in {200, 400, 404, 405}:
            raise RegistryError(f"it answered {answer.status}")
        return answer

    async def _token(self, host: str, repository: str, challenge: str) -> str:
        """The header that a challenge asks for (RFC 6750; the distribution project's token scheme)."""
        scheme, _, rest = challenge.partition(" ")
        said = dict(_CHALLENGE.findall(rest))
        realm, own = said.get("realm", ""), self.credentials.get(host, "")
        is_safe = realm.startswith("https://") or (_LOOPBACK.fullmatch(host) and realm.startswith("http://"))
        if scheme.lower() != "bearer" or not is_safe:
            raise RegistryError("it answered 401")
        query = {"scope": f"repository:{repository}:pull"}
        query |= {key: said[key] for key in ("service",) if key in said}
        data = _data(await self._ask(realm, "application/json", own, query))
        token = data.get("token") or data.get("access_token")
        if not isinstance(token, str) or not token.isprintable():
            raise RegistryError("it gave no token")
        header = f"Bearer {token}"
        self._tokens.put((host, repository), header, len(header))
        return header

    async def _ask(
        self, url: str, accept: str, authorization: str, query: Mapping[str, str] | None = None
    ) -> _Answer:
        headers = {"Accept": accept, **({"Authorization": authorization} if authorization else {})}
        if self._session is None:
            self._session = aiohttp.ClientSession(trust_env=False)
        async with self._session.get(url, headers=headers, params=query, max_redirects=3) as answer:
            body = await answer.content.read(LARGEST + 1)
            while len(body) <= LARGEST and (more := await answer.content.read(LARGEST + 1 - len(body))):
                body += more
            if len(body) > LARGEST:
                raise RegistryError("its answer is too long")
            return _Answer(answer.status, answer.headers, body)


def _address(host: str) -> str:
    scheme = "http" if _LOOPBACK.fullmatch(host) else "https"
    return f"{scheme}://{_DOCKER.get(host, host)}"


def _data(answer: _Answer) -> dict[str, Any]:
    try:
        data = json.loads(answer.body) if answer.status == 200 else None
    except (ValueError, RecursionError):
        data = None
    if not isinstance(data, dict):
        raise RegistryError("its answer is not what the specification says")
    return data


def _bundles_in(listed: object) -> Iterator[str]:
    """The digests of the manifests that hold a bundle, in their order."""
    for each in listed if isinstance(listed, list) else ():
        if not isinstance(each, dict) or not BUNDLE.fullmatch(str(each.get("artifactType", ""))):
            continue
        if isinstance(digest := each.get("digest"), str) and _DIGEST.fullmatch(digest):
            yield digest


def _of_digest(answer: _Answer, digest: str) -> _Answer:
    if answer.status != 200 or f"sha256:{hashlib.sha256(answer.body).hexdigest()}" != digest:
        raise RegistryError("it does not hold what it lists")
    return answer


def read_credentials(file: Path) -> dict[str, str]:
    """The `Basic` headers in a `config.json` of Docker, by host. Raises ConfigurationError."""
    try:
        auths = json.loads(file.read_bytes())["auths"]
        pairs = {host: str(entry["auth"]) for host, entry in auths.items() if "auth" in entry}
        for text in pairs.values():
            base64.b64decode(text, validate=True)
    except (OSError, ValueError, TypeError, LookupError, AttributeError, RecursionError, binascii.Error):
        raise ConfigurationError(
            f"{file} is not a readable config.json of Docker",
            advice="mount a Secret of type kubernetes.io/dockerconfigjson",
        ) from None
    return {_host_of(host): f"Basic {text}" for host, text in pairs.items()}


def _host_of(name: str) -> str:
    """The host that an entry is for: Docker's own stands as an address."""
    host = re.sub(r"^https?://", "", name).partition("/")[0]
    return "docker.io" if host == "index.docker.io" else host
