"""OCI registries on loopback: Debian's docker-registry, and a small one that knows what that one does not."""

from __future__ import annotations

import hashlib
import json
import shutil
import socket
import subprocess
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from http.client import HTTPConnection
from pathlib import Path
from urllib.parse import urlsplit

from aiohttp import web

from admission.cluster.registries import INDEX, MANIFEST
from tests.e2e.processes import eventually, free_port

BUNDLE = "application/vnd.dev.sigstore.bundle.v0.3+json"
EMPTY = b"{}"


def lacking() -> str | None:
    """Why no registry can be started here; None where one can."""
    found = shutil.which("docker-registry")
    return None if found else "no docker-registry; on Debian: apt-get install docker-registry"


def digest_of(content: bytes) -> str:
    return f"sha256:{hashlib.sha256(content).hexdigest()}"


def manifest_of(bundle: bytes, subject: str, kind: str = BUNDLE) -> bytes:
    """The manifest of an attestation of an image (OCI image specification 1.1, artifacts)."""
    layer = {"mediaType": BUNDLE, "digest": digest_of(bundle), "size": len(bundle)}
    empty = {"mediaType": "application/vnd.oci.empty.v1+json", "digest": digest_of(EMPTY), "size": len(EMPTY)}
    data = {
        "schemaVersion": 2,
        "mediaType": MANIFEST,
        "artifactType": kind,
        "config": empty,
        "layers": [layer],
        "subject": {"mediaType": MANIFEST, "digest": f"sha256:{subject}", "size": 1},
    }
    return json.dumps(data).encode()


def index_of(*manifests: bytes, kind: str = BUNDLE) -> bytes:
    """The list of what refers to an image."""
    listed = [
        {"mediaType": MANIFEST, "digest": digest_of(each), "size": len(each), "artifactType": kind}
        for each in manifests
    ]
    return json.dumps({"schemaVersion": 2, "mediaType": INDEX, "manifests": listed}).encode()


@contextmanager
def real_registry(folder: Path) -> Iterator[str]:
    """Debian's registry; its host and port."""
    host = f"127.0.0.1:{free_port()}"
    config = folder / "config.yml"
    storage = {"filesystem": {"rootdirectory": str(folder / "data")}}
    config.write_text(json.dumps({"version": 0.1, "storage": storage, "http": {"addr": host}}), "utf-8")
    command = ["docker-registry", "serve", str(config)]
    with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as process:
        try:
            eventually("the registry listens", lambda: _is_up(host))
            yield host
        finally:
            process.terminate()


def _is_up(host: str) -> bool:
    name, _, port = host.partition(":")
    try:
        with socket.create_connection((name, int(port)), timeout=1):
            return True
    except OSError:
        return False


def push_attestation(host: str, repository: str, subject: str, bundle: bytes) -> None:
    """Put an attestation beside an image, and into the list by tag, as a client of an older registry does."""
    root = f"http://{host}/v2/{repository}"
    for blob in (bundle, EMPTY):
        _push_blob(root, blob)
    manifest = manifest_of(bundle, subject)
    _send("PUT", f"{root}/manifests/{digest_of(manifest)}", manifest, MANIFEST)
    _send("PUT", f"{root}/manifests/sha256-{subject}", index_of(manifest), INDEX)


def _push_blob(root: str, content: bytes) -> None:
    place = _send("POST", f"{root}/blobs/uploads/", b"", "application/octet-stream")
    mark = "&" if "?" in place else "?"
    _send("PUT", f"{place}{mark}digest={digest_of(content)}", content, "application/octet-stream")


def _send(method: str, url: str, content: bytes, kind: str) -> str:
    """Where the answer leads to."""
    parts = urlsplit(url)
    connection = HTTPConnection(parts.netloc, timeout=5)
    connection.request(method, f"{parts.path}?{parts.query}", content, {"Content-Type": kind})
    answer = connection.getresponse()
    said = answer.read()
    assert answer.status < 300, said
    connection.close()
    return answer.headers.get("Location", "")


@dataclass(slots=True)
class FakeRegistry:
    """What a registry holds, by path below `/v2`; `token` is asked for where there is one."""

    host: str = ""
    content: dict[str, bytes] = field(default_factory=dict)
    requests: list[str] = field(default_factory=list)
    token: str = ""
    login: str = ""
    status: int = 200
    realm: str = ""

    def attest(self, repository: str, subject: str, *bundles: bytes) -> None:
        """Put attestations beside an image."""
        manifests = [manifest_of(bundle, subject) for bundle in bundles]
        self.content[f"{repository}/referrers/sha256:{subject}"] = index_of(*manifests)
        for bundle, manifest in zip(bundles, manifests, strict=True):
            self.content[f"{repository}/manifests/{digest_of(manifest)}"] = manifest
            self.content[f"{repository}/blobs/{digest_of(bundle)}"] = bundle


@asynccontextmanager
async def fake_registry(port: int = 0) -> AsyncIterator[FakeRegistry]:
    """A registry with the list of referrers, and tokens."""
    registry = FakeRegistry()

    async def read(request: web.Request) -> web.Response:
        path = request.match_info["path"]
        registry.requests.append(path)
        if registry.token and request.headers.get("Authorization") != f"Bearer {registry.token}":
            realm = registry.realm or f"http://{registry.host}/token"
            challenge = f'Bearer realm="{realm}",service="tests",scope="repository:x:pull"'
            return web.Response(status=401, headers={"WWW-Authenticate": challenge})
        if registry.status != 200:
            return web.Response(status=registry.status)
        found = registry.content.get(path)
        return web.Response(status=404) if found is None else web.Response(body=found)

    async def token(request: web.Request) -> web.Response:
        registry.requests.append(f"token {request.query_string}")
        if registry.login and request.headers.get("Authorization") != registry.login:
            return web.Response(status=401)
        return web.json_response({"token": registry.token})

    app = web.Application()
    app.router.add_get("/token", token)
    app.router.add_get("/v2/{path:.+}", read)
    runner = web.AppRunner(app)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", port)
    await site.start()
    registry.host = f"localhost:{runner.addresses[0][1]}"
    try:
        yield registry
    finally:
        await runner.cleanup()
