"""What a pass leaves in the cluster, and what it takes away."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from admission.cluster.client import Client
from admission.review.enforcement import Act
from admission.scan.listing import DeposedError, Pace
from admission.scan.policy_report import CLUSTER_REPORTS, COMPLETED, DIGEST, LABELS, REPORTS
from admission.scan.writer import EVENTS, events_of
from tests.support.reviews import RESIDENT_ID, rulebook
from tests.support.scans import NOW, SERVED, Setting, config_map, item, owned_by, setting

BOOK = rulebook()
AT = REPORTS.path("team-a", "gatecli")
OLD = REPORTS.path("gone", "gatecli")
MARKS = {COMPLETED: "2026-06-01T12:00:00+00:00", DIGEST: "d"}
Story = Callable[[Setting], Awaitable[None]]


def run(story: Story, *, served: bool = True, **more: Any) -> None:
    async def main() -> None:
        async with setting(**more) as held, asyncio.timeout(30):
            if served:
                await held.cluster.put(SERVED, {})
            await story(held)

    asyncio.run(main())


def old_report(namespace: str = "gone") -> dict[str, Any]:
    return {"metadata": {"name": "gatecli", "namespace": namespace, "labels": LABELS}}


async def events(held: Setting) -> list[dict[str, Any]]:
    return [each for path, each in held.cluster.objects.items() if "/events/" in path]


def test_there_is_a_report_for_each_namespace_and_one_of_the_cluster() -> None:
    async def story(held: Setting) -> None:
        await held.put("ConfigMap", config_map())
        await held.put("ConfigMap", config_map("clean", "x", namespace="team-b"))
        written = await held.writer.write(await held.scan(BOOK), None, MARKS)
        assert (written.reports, written.problems) == (3, ())
        assert held.cluster.objects[AT]["summary"]["fail"] == 1
        assert held.cluster.objects[REPORTS.path("team-b", "gatecli")]["summary"]["pass"] == 1
        assert held.cluster.objects[CLUSTER_REPORTS.path(name="gatecli")]["metadata"]["annotations"] == MARKS
        assert await held.writer.completed_marks() == MARKS

    run(story)


def test_a_report_of_a_namespace_without_objects_goes() -> None:
    async def story(held: Setting) -> None:
        await held.put("ConfigMap", config_map())
        await held.cluster.put(OLD, old_report())
        others = REPORTS.path("gone", "of-another-tool")
        await held.cluster.put(others, {"metadata": {"name": "of-another-tool", "namespace": "gone"}})
        written = await held.writer.write(await held.scan(BOOK), None, {})
        assert written.deleted == 1
        assert OLD not in held.cluster.objects
        assert {AT, others} <= set(held.cluster.objects)

    run(story)


def test_after_an_incomplete_pass_nothing_is_deleted() -> None:
    async def story(held: Setting) -> None:
        await held.cluster.put(OLD, old_report())
        held.cluster.failing["/api/v1/pods"] = [403]
        await held.writer.write(await held.scan(BOOK), None, {})
        assert OLD in held.cluster.objects

    run(story)


def test_a_report_that_another_writes_meanwhile_stays(monkeypatch: pytest.MonkeyPatch) -> None:
    delete = Client.delete

    async def late(client: Client, path: str, version: str = "") -> dict[str, Any]:
        await client.apply(path, old_report(), "another")
        return await delete(client, path, version)

    async def story(held: Setting) -> None:
        await held.put("ConfigMap", config_map())
        await held.cluster.put(OLD, old_report())
        seen = await held.scan(BOOK)
        monkeypatch.setattr(Client, "delete", late)
        written = await held.writer.write(seen, None, {})
        assert (written.deleted, OLD in held.cluster.objects) == (0, True)

    run(story)


def test_of_one_namespace_alone_nothing_else_is_written_or_deleted() -> None:
    async def story(held: Setting) -> None:
        await held.put("ConfigMap", config_map())
        await held.cluster.put(OLD, old_report())
        written = await held.writer.write(await held.scan(BOOK), None, MARKS, "team-a")
        assert written.reports == 1
        assert {AT, OLD} <= set(held.cluster.objects)
        assert CLUSTER_REPORTS.path(name="gatecli") not in held.cluster.objects

    run(story, namespace="team-a")


def test_a_cluster_without_policy_reports_is_told_from_one_that_refuses_them() -> None:
    async def story(held: Setting) -> None:
        await held.put("ConfigMap", config_map())
        seen = await held.scan(BOOK)
        assert not (await held.writer.write(seen, None, {})).is_served
        await held.cluster.put(SERVED, {})
        held.cluster.failing[AT] = [403]
        written = await held.writer.write(seen, None, {})
        assert written.is_served
        assert ["403" in problem for problem in written.problems] == [True]
        held.cluster.failing[SERVED] = [500]
        assert (await held.writer.write(seen, None, {})).problems

    run(story, served=False)


def test_who_is_deposed_writes_nothing_more() -> None:
    leads = [True]

    def still() -> None:
        if not leads[0]:
            raise DeposedError("another replica leads")

    async def story(held: Setting) -> None:
        await held.put("ConfigMap", config_map())
        await held.cluster.put(OLD, old_report())
        seen = await held.scan(BOOK)
        leads[0] = False
        with pytest.raises(DeposedError):
            await held.writer.write(seen, None, {})
        with pytest.raises(DeposedError):
            await held.writer.tell(seen, None)
        assert AT not in held.cluster.objects
        assert OLD in held.cluster.objects

    run(story, pace=Pace(still=still))


def test_the_owner_is_told_once_and_again_by_the_same_event() -> None:
    async def story(held: Setting) -> None:
        await held.put("Deployment", item("Deployment", name="web"))
        owned = owned_by("Deployment", "web")
        await held.put("ReplicaSet", item("ReplicaSet", name="web-5d4", ownerReferences=owned))
        seen = await held.scan(BOOK)
        assert await held.writer.tell(seen, None) == 1
        (first,) = await events(held)
        assert await held.writer.tell(seen, None) == 1
        (again,) = await events(held)
        assert again["metadata"]["name"] == first["metadata"]["name"]
        assert (again["involvedObject"]["kind"], again["type"]) == ("Deployment", "Warning")
        assert again["metadata"]["resourceVersion"] != first["metadata"]["resourceVersion"]
        assert RESIDENT_ID not in json.dumps(again)

    run(story)


def test_who_may_write_no_events_is_no_reason_to_stop() -> None:
    async def story(held: Setting) -> None:
        await held.put("ConfigMap", config_map())
        held.cluster.failing[EVENTS.path("team-a")] = [403]
        assert await held.writer.tell(await held.scan(BOOK), None) == 0

    run(story)


def test_what_is_audited_or_forgiven_or_has_a_personal_name_is_no_event() -> None:
    async def story(held: Setting) -> None:
        await held.put("ConfigMap", config_map())
        audited = await held.scan(rulebook(admission={"mode": "audit"}))
        assert [one.act for one in audited.by_namespace()["team-a"].results] == [Act.AUDIT]
        assert await held.writer.tell(audited, None) == 0
        await held.put("ConfigMap", config_map(f"of-{RESIDENT_ID}", "x"))
        results = (await held.scan(BOOK)).by_namespace()["team-a"].results
        assert [event["involvedObject"]["name"] for event in events_of(results, NOW)] == ["notes"]

    run(story)
