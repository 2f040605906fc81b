"""A small API server: resourceVersions, pages, patches, watches, and discovery enough for kopf."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

from aiohttp import web

from admission.cluster.access import Access

Object = dict[str, Any]

CORE = (
    ("pods", "Pod", True),
    ("secrets", "Secret", True),
    ("configmaps", "ConfigMap", True),
    # kopf watches nothing before it has found this kind, though it is told to look at no namespace.
    ("namespaces", "Namespace", False),
)
APPS = (("deployments", "Deployment", True),)
OWN = (("privacypolicies", "PrivacyPolicy", False), ("privacywaivers", "PrivacyWaiver", True))
DISCOVERED = {"/api/v1": CORE, "/apis/apps/v1": APPS, "/apis/gatecli.dev/v1": OWN}
"""Names, kinds and whether they have a namespace, as discovery tells them. Each has a status."""

LISTED = {"configmaps", "pods", "policyreports", "privacypolicies", "privacywaivers", "secrets"}
"""Kinds of which a list may be empty; of another the server knows nothing without an object."""


@dataclass(slots=True)
class FakeCluster:
    """What the server holds, by path. Set `broken` to an HTTP status to have every request refused.

    `failing` are the statuses of the next requests to a path, 0 for one that is answered; the last stays.
    """

    objects: dict[str, Object] = field(default_factory=dict)
    history: list[tuple[int, str, str, Object]] = field(default_factory=list)
    requests: list[tuple[str, str]] = field(default_factory=list)
    tokens: list[str] = field(default_factory=list)
    version: int = 100
    oldest: int = 0
    broken: int = 0
    failing: dict[str, list[int]] = field(default_factory=dict)
    queries: list[dict[str, str]] = field(default_factory=list)
    restarts: int = 0
    changed: asyncio.Condition = field(default_factory=asyncio.Condition)
    moved: asyncio.Event = field(default_factory=asyncio.Event)
    """Set when an object changes or a watch begins; a test sets it for whatever else it waits for."""

    async def until(self, holds: Callable[[], Awaitable[bool]]) -> None:
        """Wait until something holds, asking again whenever anything moved."""
        while True:
            self.moved.clear()
            if await holds():
                return
            await self.moved.wait()

    async def put(self, path: str, content: Object, kind: str = "MODIFIED") -> Object:
        self.version += 1
        content = json.loads(json.dumps(content))
        content.setdefault("metadata", {})["resourceVersion"] = str(self.version)
        if kind == "DELETED":
            self.objects.pop(path, None)
        else:
            self.objects[path] = content
        async with self.changed:
            self.history.append((self.version, path, kind, content))
            self.changed.notify_all()
        self.moved.set()
        return content

    async def restart(self, without: str = "") -> None:
        """End every watch and forget what happened: versions from before are too old to go on from.

        An object at `without` is deleted meanwhile, which nobody is told.
        """
        self.objects.pop(without, None)
        self.version += 1
        self.oldest = self.version
        self.restarts += 1
        async with self.changed:
            self.history.clear()
            self.changed.notify_all()
        self.moved.set()

    async def handle(self, http: web.Request) -> web.StreamResponse:
        self.requests.append((http.method, http.path))
        self.queries.append({**http.query, "accept": http.headers.get("Accept", "")})
        self.tokens.append(http.headers.get("Authorization", ""))
        if self.broken:
            return _status(self.broken, "Broken")
        if queue := self.failing.get(http.path):
            status = queue.pop(0) if len(queue) > 1 else queue[0]
            if status:
                return _status(status, "Failing")
        if (found := _discovery(http.path)) is not None:
            return web.json_response(found)
        if http.method == "GET" and http.query.get("watch"):
            return await self._watch(http)
        return await getattr(self, f"_{http.method.lower()}")(http)  # type: ignore[no-any-return]  # by method

    async def _get(self, http: web.Request) -> web.StreamResponse:
        if http.path in self.objects:
            return web.json_response(self.objects[http.path])
        items = [each for path, each in sorted(self.objects.items()) if _stands_in(path, http.path)]
        if not items and http.path.rsplit("/", 1)[-1] not in LISTED:
            return _status(404, "NotFound")
        start, limit = int(http.query.get("continue", "0")), int(http.query.get("limit", "500"))
        more = str(start + limit) if start + limit < len(items) else ""
        metadata = {"resourceVersion": str(self.version), "continue": more}
        return web.json_response(
            {"kind": "List", "metadata": metadata, "items": items[start : start + limit]}
        )

    async def _post(self, http: web.Request) -> web.StreamResponse:
        content = await http.json()
        path = f"{http.path}/{content['metadata']['name']}"
        if path in self.objects:
            return _status(409, "AlreadyExists")
        return web.json_response(await self.put(path, content, "ADDED"), status=201)

    async def _put(self, http: web.Request) -> web.StreamResponse:
        content, old = await http.json(), self.objects.get(http.path)
        if old is None:
            return _status(404, "NotFound")
        wanted = content["metadata"].get("resourceVersion")
        if wanted is not None and wanted != old["metadata"]["resourceVersion"]:
            return _status(409, "Conflict")
        return web.json_response(await self.put(http.path, content))

    async def _patch(self, http: web.Request) -> web.StreamResponse:
        path = http.path.removesuffix("/status")
        old = self.objects.get(path)
        change = json.loads(await http.read())
        if http.content_type == "application/apply-patch+yaml":
            return web.json_response(await self.put(path, change), status=200 if old else 201)
        if old is None:
            return _status(404, "NotFound")
        if http.content_type != "application/json-patch+json":
            return web.json_response(await self.put(path, _merged(old, change)))
        patched = json.loads(json.dumps(old))
        for operation in change:
            *above, last = operation["path"].split("/")[1:]
            at = patched
            for key in above:
                at = at[int(key)] if isinstance(at, list) else at[key]
            if operation["op"] == "test" and at.get(last) != operation["value"]:
                return _status(422, "Invalid")
            if operation["op"] != "test":
                at[last] = operation["value"]
        return web.json_response(await self.put(path, patched))

    async def _delete(self, http: web.Request) -> web.StreamResponse:
        if http.path not in self.objects:
            return _status(404, "NotFound")
        only = (json.loads(await http.read() or b"{}").get("preconditions") or {}).get("resourceVersion")
        if only not in {None, self.objects[http.path]["metadata"]["resourceVersion"]}:
            return _status(409, "Conflict")
        return web.json_response(await self.put(http.path, self.objects[http.path], "DELETED"))

    async def _watch(self, http: web.Request) -> web.StreamResponse:
        since = int(http.query["resourceVersion"])
        stream = web.StreamResponse()
        await stream.prepare(http)
        self.moved.set()
        if since < self.oldest:
            gone = {"kind": "Status", "code": 410, "reason": "Expired"}
            await stream.write(json.dumps({"type": "ERROR", "object": gone}).encode() + b"\n")
            return stream
        loop, restarts = asyncio.get_running_loop(), self.restarts
        ends = loop.time() + float(http.query.get("timeoutSeconds", "1800"))
        while (left := ends - loop.time()) > 0 and restarts == self.restarts:
            history = list(self.history)
            for version, path, kind, content in history:
                if version > since and (path == http.path or _stands_in(path, http.path)):
                    await stream.write(json.dumps({"type": kind, "object": content}).encode() + b"\n")
            # What other collections had is seen as well; else this would spin.
            since = max([since, *(version for version, *_ in history)])
            try:
                async with asyncio.timeout(left), self.changed:
                    is_told = not self.history or self.history[-1][0] <= since
                    if is_told and restarts == self.restarts:
                        await self.changed.wait()
            except TimeoutError:
                break
        return stream


def _stands_in(path: str, collection: str) -> bool:
    """Whether an object is of a collection: of one namespace, or of all."""
    if path.rpartition("/")[0] == collection:
        return True
    root, _, plural = collection.rpartition("/")
    return path.startswith(f"{root}/namespaces/") and path.split("/")[-2] == plural


def _merged(old: Any, change: Any) -> Any:
    if not isinstance(old, dict) or not isinstance(change, dict):
        return change
    both = {**old, **{key: _merged(old.get(key), value) for key, value in change.items()}}
    return {key: value for key, value in both.items() if value is not None}


def _status(code: int, reason: str) -> web.Response:
    message = "secret 440308199901101512 of somebody"
    return web.json_response(
        {"kind": "Status", "code": code, "reason": reason, "message": message}, status=code
    )


def _discovery(path: str) -> Object | None:
    verbs = ["get", "list", "watch", "patch"]
    if path == "/api":
        return {"versions": ["v1"]}
    if path == "/apis":
        return {"groups": [_group(name) for name in ("apps", "gatecli.dev")]}
    if path in DISCOVERED:
        resources = [
            {"name": name, "singularName": "", "namespaced": namespaced, "kind": kind, "verbs": verbs}
            for plural, kind, namespaced in DISCOVERED[path]
            for name in (plural, f"{plural}/status")
        ]
        return {"groupVersion": path.split("/", 2)[2], "resources": resources}
    return None


def _group(name: str) -> Object:
    version = {"groupVersion": f"{name}/v1", "version": "v1"}
    return {"name": name, "preferredVersion": version, "versions": [version]}


@asynccontextmanager
async def fake_cluster() -> AsyncIterator[tuple[FakeCluster, Access]]:
    """A server on a free port, and how to reach it."""
    cluster = FakeCluster()
    app = web.Application(client_max_size=8 * 1024 * 1024)
    app.router.add_route("*", "/{path:.*}", cluster.handle)
    runner = web.AppRunner(app, handle_signals=False, shutdown_timeout=0.1)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    try:
        yield cluster, Access(f"http://127.0.0.1:{site.port}", token="first")  # noqa: S106 - no secret
    finally:
        await runner.cleanup()
