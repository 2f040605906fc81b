"""What kopf would not do in our place: the guarantees that ADR 14 names, each broken by the real kopf.

Where one of these fails after an update of kopf, kopf has learned something: read the decision again.
"""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Awaitable, Callable
from typing import Any

import kopf

from admission.cluster.client import Client
from admission.cluster.custom_resources import POLICIES, WAIVERS
from admission.cluster.informer import list_objects
from tests.support.api_server import FakeCluster, fake_cluster
from tests.support.operators import Register, operator

Story = Callable[[FakeCluster, Client, threading.Thread], Awaitable[None]]
OF_POLICIES = (POLICIES.group, POLICIES.version, POLICIES.plural)
OF_WAIVERS = (WAIVERS.group, WAIVERS.version, WAIVERS.plural)


def waiver(name: str) -> dict[str, Any]:
    metadata = {"name": name, "namespace": "team-a", "uid": name, "generation": 1}
    return {"apiVersion": "gatecli.dev/v1", "kind": "PrivacyWaiver", "metadata": metadata, "spec": {}}


def at(name: str) -> str:
    return WAIVERS.path("team-a", name)


class Told:
    """What handlers were told, in kopf's thread; whoever waits for the cluster looks again."""

    def __init__(self) -> None:
        self.names: list[str] = []
        self.cluster = FakeCluster()
        self.loop = asyncio.new_event_loop()

    def note(self, name: str) -> None:
        self.names.append(name)
        self.loop.call_soon_threadsafe(self.cluster.moved.set)

    async def holds(self, name: str) -> bool:
        return name in self.names


def run(told: Told, register: Register, story: Story) -> None:
    async def main() -> None:
        async with fake_cluster() as (cluster, access), Client(access) as client, asyncio.timeout(60):
            told.loop.close()
            told.cluster, told.loop = cluster, asyncio.get_running_loop()
            await cluster.put(at("first"), waiver("first"), "ADDED")
            # kopf's thread needs this loop to answer it, at its end as well.
            running = operator(access, register)
            thread = await asyncio.to_thread(running.__enter__)
            try:
                await story(cluster, client, thread)
            finally:
                await asyncio.to_thread(running.__exit__, None, None, None)

    asyncio.run(main())


async def watches(cluster: FakeCluster, plural: str, times: int = 1) -> bool:
    """Whether kopf has listed a kind to its end and gone on to watch it, for the so-many-th time."""
    asked = zip(cluster.requests, cluster.queries, strict=True)
    return sum(path.endswith(plural) and "watch" in query for (_, path), query in asked) >= times


def test_kopf_keeps_in_its_index_what_was_deleted_while_the_api_server_was_away() -> None:
    """A waiver that was withdrawn would go on to forgive, until this replica is started anew."""
    told, kept = Told(), list[set[str]]()

    def register(registry: kopf.OperatorRegistry) -> None:
        @kopf.index(*OF_WAIVERS, id="held", registry=registry)
        async def held(name: str, **_: Any) -> dict[str, str]:
            return {name: name}

        @kopf.on.event(*OF_WAIVERS, registry=registry)
        async def see(event: Any, name: str, **indices: Any) -> None:
            kept.append(set(indices["held"]))
            told.note(f"{name} {event['type']}")

    async def story(cluster: FakeCluster, client: Client, _: threading.Thread) -> None:
        await cluster.until(lambda: watches(cluster, WAIVERS.plural))
        await cluster.put(at("withdrawn"), waiver("withdrawn"), "ADDED")
        await cluster.until(lambda: told.holds("withdrawn ADDED"))
        await cluster.restart(without=at("withdrawn"))
        await cluster.until(lambda: watches(cluster, WAIVERS.plural, times=3))
        await cluster.put(at("last"), waiver("last"), "ADDED")
        await cluster.until(lambda: told.holds("last ADDED"))
        assert "withdrawn DELETED" not in told.names
        assert kept[-1] == {"first", "withdrawn", "last"}
        # What ours goes by.
        assert {name for _, name in await list_objects(client, WAIVERS.path())} == {"first", "last"}

    run(told, register, story)


def test_kopf_calls_nobody_where_there_is_no_policy() -> None:
    """Neither handler nor timer: nobody would know that the shipped policy judges, and nobody would scan."""
    told = Told()

    def register(registry: kopf.OperatorRegistry) -> None:
        async def see(name: str, **_: Any) -> None:
            told.note(name)

        kopf.index(*OF_POLICIES, id="i", registry=registry)(see)
        kopf.on.event(*OF_POLICIES, id="e", registry=registry)(see)
        kopf.timer(*OF_POLICIES, id="t", interval=0.05, registry=registry)(see)
        kopf.on.event(*OF_WAIVERS, id="w", registry=registry)(see)

    async def story(cluster: FakeCluster, _: Client, __: threading.Thread) -> None:
        await cluster.until(lambda: watches(cluster, POLICIES.plural))
        # By now kopf has taken the empty list in: it holds back every handler until all indices are full.
        await cluster.until(lambda: told.holds("first"))
        assert set(told.names) == {"first"}

    run(told, register, story)


def test_kopf_calls_nobody_when_another_replica_begins_to_lead() -> None:
    """Nor when a waiver's last day is over: a handler of events could not write what a status must say."""
    told, leads = Told(), [False]

    def register(registry: kopf.OperatorRegistry) -> None:
        @kopf.on.event(*OF_WAIVERS, registry=registry)
        async def see(name: str, patch: kopf.Patch, **_: Any) -> None:
            if leads[0]:
                patch.fns.append(lambda body: body.setdefault("status", {}).update(told=True))
            told.note(name)

    async def story(cluster: FakeCluster, _: Client, __: threading.Thread) -> None:
        await cluster.until(lambda: told.holds("first"))
        await cluster.until(lambda: watches(cluster, WAIVERS.plural))
        leads[0] = True
        await cluster.put(at("next"), waiver("next"), "ADDED")

        async def is_told() -> bool:
            return bool(cluster.objects[at("next")].get("status"))

        await cluster.until(is_told)
        assert "status" not in cluster.objects[at("first")]
        assert told.names.count("first") == 1

    run(told, register, story)


def test_a_scan_in_kopf_s_loop_ends_with_kopf_whenever_the_api_server_fails() -> None:
    """One answer of 500 to a watch, and a pass of an hour would be lost."""
    told = Told()
    scans = list[asyncio.Task[None]]()

    def register(registry: kopf.OperatorRegistry) -> None:
        async def scan() -> None:
            try:
                await asyncio.Event().wait()
            except asyncio.CancelledError:
                told.note("cancelled")
                raise

        @kopf.on.startup(registry=registry)
        async def begin(**_: Any) -> None:
            scans.append(asyncio.create_task(scan()))

        @kopf.on.event(*OF_WAIVERS, registry=registry)
        async def see(name: str, **_: Any) -> None:
            told.note(name)

    async def story(cluster: FakeCluster, _: Client, thread: threading.Thread) -> None:
        await cluster.until(lambda: told.holds("first"))
        await cluster.until(lambda: watches(cluster, WAIVERS.plural))
        cluster.failing[WAIVERS.path()] = [500]
        await cluster.restart()
        await cluster.until(lambda: told.holds("cancelled"))
        await asyncio.to_thread(thread.join, 30)
        assert not thread.is_alive()

    run(told, register, story)
