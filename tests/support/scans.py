"""Objects as a list of the API server holds them, and a scanner of a cluster of the tests."""

from __future__ import annotations

import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from admission.cluster.attestations import AttestationReader
from admission.cluster.client import Client
from admission.cluster.registries import Registries
from admission.review.rulebook import Rulebook
from admission.scan.kinds import KINDS, Kind
from admission.scan.listing import Pace
from admission.scan.scanner import Scanner, ScanPass, ScanScope
from admission.scan.writer import Writer
from admission.server.workers import Workers
from tests.support.api_server import FakeCluster, fake_cluster
from tests.support.reviews import RESIDENT_ID, TODAY, manifest

BY_NAME = {kind.name: kind for kind in KINDS}
NOW = datetime(2026, 6, 1, 12, tzinfo=UTC)
CONFIGURATION = "gatecli-admission"
SERVED = "/apis/wgpolicyk8s.io/v1alpha2"


def item(
    kind: str, value: str = RESIDENT_ID, *, name: str = "etl", namespace: str = "team-a", **metadata: Any
) -> dict[str, Any]:
    """An item of a list: without its kind, with a uid."""
    whole = manifest(kind, value, name=name)
    uid = f"{kind}-{namespace}-{name}"
    rest = {key: part for key, part in whole.items() if key not in {"apiVersion", "kind"}}
    return {**rest, "metadata": {"namespace": namespace, "uid": uid, "name": name, **metadata}}


def owned_by(kind: str, name: str, uid: str = "", namespace: str = "team-a") -> list[dict[str, Any]]:
    """`ownerReferences` to a controller, by default one that `item` makes."""
    api = "batch/v1" if kind in {"Job", "CronJob"} else "apps/v1"
    uid = uid or f"{kind}-{namespace}-{name}"
    return [{"apiVersion": api, "kind": kind, "name": name, "uid": uid, "controller": True}]


def config_map(name: str = "notes", value: str = RESIDENT_ID, namespace: str = "team-a") -> dict[str, Any]:
    metadata = {"name": name, "namespace": namespace, "uid": "ConfigMap-" + name.replace(RESIDENT_ID, "id")}
    return {"metadata": metadata, "data": {"customer": value}}


def path_of(kind: str | Kind, name: str, namespace: str = "team-a") -> str:
    known = BY_NAME[kind] if isinstance(kind, str) else kind
    return known.resource(known.versions[0]).path(namespace, name)


@dataclass(slots=True)
class Setting:
    """A scanner and its cluster; the cluster holds nothing, and knows what is put into it."""

    cluster: FakeCluster
    scanner: Scanner
    writer: Writer

    async def put(self, kind: str, obj: dict[str, Any]) -> None:
        metadata = obj["metadata"]
        await self.cluster.put(path_of(kind, metadata["name"], metadata["namespace"]), obj, "ADDED")

    async def scan(self, rulebook: Rulebook) -> ScanPass:
        return await self.scanner.scan(rulebook, TODAY)


@asynccontextmanager
async def setting(*, pace: Pace | None = None, **scope: Any) -> AsyncIterator[Setting]:
    """`scope` are fields of `Scope`."""
    used = pace or Pace(retries=(0.0, 0.0))
    workers = Workers(1, time.monotonic)
    try:
        async with fake_cluster() as (cluster, access), Client(access) as client:
            read = AttestationReader(client, Registries(time.monotonic), 5.0)
            scanner = Scanner(client, workers, time.monotonic, used, ScanScope(CONFIGURATION, **scope), read)
            yield Setting(cluster, scanner, Writer(client, workers, used, lambda: NOW))
    finally:
        workers.close()
