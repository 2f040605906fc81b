"""The policy of the cluster: in force without a restart, and never a broken one."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from typing import Any

import pytest

from admission.cluster.client import Client
from admission.cluster.conditions import Condition, status_change
from admission.cluster.custom_resources import POLICIES, WAIVERS
from admission.cluster.informer import Objects
from admission.cluster.policies import ClusterSource, Compiling, Read, read
from admission.review.rulebook_sources import RulebookHolder
from tests.support.api_server import FakeCluster, fake_cluster
from tests.support.reviews import KEY, decided, manifest

COMPILING = Compiling(KEY, 1.5)
NOW = datetime(2026, 6, 1, tzinfo=UTC)
AT = POLICIES.path(name="default")


def policy(name: str = "default", generation: int = 1, **spec: Any) -> dict[str, Any]:
    metadata = {"name": name, "generation": generation, "uid": "u", "managedFields": []}
    head = {"apiVersion": "gatecli.dev/v1", "kind": "PrivacyPolicy", "metadata": metadata}
    return {**head, "spec": {"extends": "default", **spec}}


def waiver(namespace: str = "team-a", expires: str = "2026-12-31", **spec: Any) -> dict[str, Any]:
    told = {"rule": "pii-cn-resident-id", "subject": "Job/etl", "reason": "r", "owner": "o"}
    head = {"apiVersion": "gatecli.dev/v1", "kind": "PrivacyWaiver"}
    metadata = {"name": "w", "namespace": namespace, "generation": 1}
    return {**head, "metadata": metadata, "spec": {**told, "expires": expires, **spec}}


def by_key(*items: dict[str, Any]) -> Objects:
    return {(item["metadata"].get("namespace", ""), item["metadata"]["name"]): item for item in items}


def made(*policies: dict[str, Any], waivers: tuple[dict[str, Any], ...] = (), **more: Any) -> Read:
    return read(by_key(*policies), by_key(*waivers), "default", COMPILING, **more)


def test_the_policy_by_its_name_judges() -> None:
    done = made(policy(admission={"mode": "warn"}), policy("other"))
    assert done.rulebook is not None
    assert (done.rulebook.standard.mode, done.rulebook.generation) == ("warn", 1)
    said = {name: (told.is_ready, told.reason) for (_, name), told in done.policies.items()}
    assert said == {"default": (True, "InForce"), "other": (False, "NotChosen")}
    assert done.policies["", "default"].more["sha256"] == done.rulebook.stamp.sha256


def test_without_a_policy_the_shipped_one_judges() -> None:
    done = made(policy("other"))
    assert done.rulebook is not None
    assert done.rulebook.standard.mode == "deny"


def test_numbers_are_as_exact_as_the_server_wrote_them() -> None:
    done = made(policy(tiers={"own": {"maxEpsilon": 0.1, "maxDelta": "1/3"}}))
    assert done.rulebook is not None
    tier = done.rulebook.policy.spec.tiers["own"]
    assert (str(tier.max_epsilon), str(tier.max_delta)) == ("1/10", "1/3")


DEEP: Any = {}
for _ in range(500):
    DEEP = {"a": DEEP}

HOSTILE: list[dict[str, Any]] = [
    {"pii": {"custom": [{"id": "EMP", "label": "e", "pattern": "("}]}},
    {"pii": {"custom": [{"id": "EMP", "label": "e", "pattern": "x*"}]}},
    {"pii": {"custom": [{"id": "EMP", "label": "e", "pattern": "(a{1000}){1000}"}]}},
    {"pii": {"entities": {"NOBODY": "deny"}}},
    {"admission": {"namespaces": {"*": {"exempt": True, "reason": "r"}}}},
    {"severities": {"no-such-rule": "note"}},
    {"severities": {"pii-scan-incomplete": "note"}},
    {"extends": "/etc/passwd"},
    {"extends": "../default"},
    {"tiers": {"own": {"maxEpsilon": {"a": 1}}}},
    {"tiers": {"own": {"maxEpsilon": True}}},
    {"tiers": {"own": {"maxEpsilon": DEEP}}},
    {"pii": None},
]


@pytest.mark.parametrize("spec", HOSTILE, ids=lambda spec: str(spec)[:60])
def test_a_policy_that_cannot_be_used_leaves_the_last_good_one(spec: dict[str, Any]) -> None:
    before = made(policy(admission={"mode": "audit"})).rulebook
    done = made(policy(generation=2, **spec), before=before)
    assert done.rulebook is not None
    assert (done.rulebook.standard.mode, done.rulebook.generation) == ("audit", 1)
    told = done.policies["", "default"]
    assert (told.is_ready, told.reason) == (False, "Invalid")
    assert (
        "PrivacyPolicy default" in told.message or "custom entity" in told.message or "NOBODY" in told.message
    )


def test_the_last_good_one_outlives_every_replica() -> None:
    accepted = {"generation": 3, "spec": {"extends": "default", "admission": {"mode": "audit"}}}
    broken = {**policy(generation=4, extends="x"), "status": {"accepted": accepted}}
    done = made(broken)
    assert done.rulebook is not None
    assert (done.rulebook.standard.mode, done.rulebook.generation) == ("audit", 3)


def test_a_broken_policy_without_a_better_one_gives_none() -> None:
    assert made(policy(extends="x")).rulebook is None
    assert made({**policy(extends="x"), "status": {"accepted": {"spec": {"extends": "y"}}}}).rulebook is None


def test_other_waivers_compile_nothing_anew() -> None:
    before = made(policy()).rulebook
    done = made(policy(), waivers=(waiver(),), before=before)
    assert before is not None
    assert done.rulebook is not None
    assert done.rulebook.standard is before.standard
    assert done.rulebook.digest != before.digest


def test_whom_the_policy_trusts_is_in_force_without_a_restart() -> None:
    first = made(policy(attestation={"threshold": 1})).rulebook
    revoked = "0" * 64
    again = made(policy(attestation={"revoked": [revoked]}), before=first).rulebook
    assert again is not None
    assert again.policy.spec.attestation.revoked == (revoked,)


def test_a_waiver_holds_in_its_namespace_alone() -> None:
    done = made(policy(), waivers=(waiver("team-a"),))
    assert done.rulebook is not None
    assert decided(manifest("Job"), done.rulebook, namespace="team-a").allowed
    assert not decided(manifest("Job"), done.rulebook, namespace="team-b").allowed


@pytest.mark.parametrize("spec", [{"rule": "no-rule"}, {"rule": "pii-scan-incomplete"}, {"fingerprint": "f"}])
def test_a_wrong_waiver_spoils_nothing_but_itself(spec: dict[str, Any]) -> None:
    done = made(policy(), waivers=(waiver("team-a", **spec), waiver("team-b")))
    assert done.rulebook is not None
    assert sorted(done.rulebook.waivers) == ["team-b"]
    assert [done.waivers[name, "w"].reason for name in ("team-a", "team-b")] == ["Invalid", "Holds"]


def test_a_waiver_by_its_subject_is_told_that_it_forgives_whatever_comes() -> None:
    by_subject, by_value = (
        made(policy(), waivers=(waiver(),)),
        made(policy(), waivers=(waiver(fingerprint="f", subject=None),)),
    )
    (told,) = by_subject.waivers.values()
    assert told.message.endswith("give a fingerprint in place of the subject")
    (told,) = by_value.waivers.values()
    assert told.message == "this waiver holds through its last day"


def test_a_waiver_may_name_a_rule_of_the_policy_s_own() -> None:
    custom = {"id": "EMP", "label": "number", "pattern": "E-[0-9]{6}"}
    done = made(policy(pii={"custom": [custom]}), waivers=(waiver(rule="pii-emp"),))
    assert done.waivers["team-a", "w"].is_ready


def test_a_status_is_written_once_and_keeps_the_time_of_its_last_turn() -> None:
    told = Condition(is_ready=True, reason="Holds", message="m")
    item = {"metadata": {"name": "w", "generation": 2, "resourceVersion": "7"}}
    change = status_change(item, told, NOW)
    assert change is not None
    assert (change["metadata"], change["status"]["observedGeneration"]) == ({"resourceVersion": "7"}, 2)
    written = {**item, "status": change["status"]}
    later = NOW.replace(hour=9)
    assert status_change(written, told, later) is None
    other = status_change(written, Condition(is_ready=True, reason="Holds", message="n"), later)
    assert other is not None
    assert other["status"]["conditions"][0]["lastTransitionTime"] == "2026-06-01T00:00:00Z"
    turned = status_change(written, Condition(is_ready=False, reason="Expired", message="m"), later)
    assert turned is not None
    assert turned["status"]["conditions"][0]["lastTransitionTime"] == "2026-06-01T09:00:00Z"


Story = Callable[[FakeCluster, RulebookHolder, list[bool], list[int]], Awaitable[None]]


def run(story: Story) -> None:
    async def main() -> None:
        async with fake_cluster() as (cluster, access), Client(access) as client, asyncio.timeout(60):
            leads, rejected, changed = [True], [0], asyncio.Event()

            def count() -> None:
                rejected[0] += 1

            source = ClusterSource(
                client, "default", COMPILING, lambda: leads[0], lambda: NOW, 0.1, changed, count
            )
            shelf = RulebookHolder()
            filling = asyncio.create_task(shelf.fill(source, lambda _: cluster.moved.set()))
            try:
                await story(cluster, shelf, leads, rejected)
            finally:
                filling.cancel()
                await asyncio.gather(filling, return_exceptions=True)

    asyncio.run(main())


def reason_at(cluster: FakeCluster, path: str) -> str:
    conditions = cluster.objects[path].get("status", {}).get("conditions") or [{}]
    return str(conditions[0].get("reason"))


def test_a_change_is_in_force_without_a_restart_and_a_broken_one_is_not() -> None:
    async def story(cluster: FakeCluster, shelf: RulebookHolder, _: list[bool], rejected: list[int]) -> None:
        async def mode_is(mode: str) -> bool:
            return shelf.rulebook is not None and shelf.rulebook.standard.mode == mode

        async def reason_is(reason: str) -> bool:
            return reason_at(cluster, AT) == reason

        await cluster.until(lambda: mode_is("deny"))
        await cluster.put(AT, policy(admission={"mode": "warn"}))
        await cluster.until(lambda: mode_is("warn"))
        await cluster.until(lambda: reason_is("InForce"))
        accepted = cluster.objects[AT]["status"]["accepted"]
        assert accepted["spec"]["admission"] == {"mode": "warn"}
        status = cluster.objects[AT]["status"]
        await cluster.put(AT, {**policy(generation=2, extends="/etc/passwd"), "status": status})
        await cluster.until(lambda: reason_is("Invalid"))
        assert await mode_is("warn")
        assert cluster.objects[AT]["status"]["accepted"] == accepted
        assert cluster.objects[AT]["status"]["observedGeneration"] == 2
        assert rejected == [1]
        await cluster.put(AT, {**policy(generation=3, admission={"mode": "audit"}), "status": status})
        await cluster.until(lambda: mode_is("audit"))

    run(story)


def test_waivers_come_and_go_and_expire_by_date() -> None:
    async def story(cluster: FakeCluster, shelf: RulebookHolder, _leads: list[bool], _: list[int]) -> None:
        async def held(count: int) -> bool:
            return shelf.rulebook is not None and len(shelf.rulebook.waivers_in("team-a")) == count

        async def reason_is(reason: str) -> bool:
            return reason_at(cluster, path) == reason

        path = WAIVERS.path("team-a", "w")
        await cluster.until(lambda: held(0))
        await cluster.put(path, waiver(expires="2026-06-01"), "ADDED")
        await cluster.until(lambda: held(1))
        await cluster.until(lambda: reason_is("Holds"))
        await cluster.put(path, waiver(expires="2026-05-31"))
        await cluster.until(lambda: reason_is("Expired"))
        await cluster.put(path, cluster.objects[path], "DELETED")
        await cluster.until(lambda: held(0))

    run(story)


def test_only_the_leader_writes() -> None:
    async def story(cluster: FakeCluster, shelf: RulebookHolder, leads: list[bool], _: list[int]) -> None:
        async def is_mode_of_warning() -> bool:
            return shelf.rulebook is not None and shelf.rulebook.standard.mode == "warn"

        async def is_told() -> bool:
            return reason_at(cluster, AT) == "InForce"

        leads[0] = False
        await cluster.put(AT, policy(admission={"mode": "warn"}))
        await cluster.until(is_mode_of_warning)
        assert "PATCH" not in {method for method, _ in cluster.requests}
        leads[0] = True
        await cluster.until(is_told)

    run(story)


def test_an_api_server_that_goes_and_forgets_costs_nothing() -> None:
    async def story(cluster: FakeCluster, shelf: RulebookHolder, _: list[bool], rejected: list[int]) -> None:
        async def is_there() -> bool:
            return shelf.rulebook is not None

        async def is_audit() -> bool:
            return shelf.rulebook is not None and shelf.rulebook.standard.mode == "audit"

        await cluster.until(is_there)
        cluster.broken = 503
        cluster.oldest = cluster.version + 1_000
        await cluster.put(AT, policy(admission={"mode": "audit"}))
        cluster.broken = 0
        await cluster.until(is_audit)
        assert rejected == [0]

    run(story)


def test_a_waiver_that_is_withdrawn_while_the_api_server_is_away_forgives_nothing() -> None:
    async def story(cluster: FakeCluster, shelf: RulebookHolder, _leads: list[bool], _: list[int]) -> None:
        async def held(count: int) -> bool:
            return shelf.rulebook is not None and len(shelf.rulebook.waivers_in("team-a")) == count

        path = WAIVERS.path("team-a", "w")
        await cluster.put(path, waiver(), "ADDED")
        await cluster.until(lambda: held(1))
        await cluster.restart(without=path)
        await cluster.until(lambda: held(0))

    run(story)


def test_of_two_collections_the_one_that_can_be_read_is_followed() -> None:
    async def story(cluster: FakeCluster, shelf: RulebookHolder, _leads: list[bool], _: list[int]) -> None:
        async def mode_is(mode: str) -> bool:
            return shelf.rulebook is not None and shelf.rulebook.standard.mode == mode

        await cluster.put(WAIVERS.path("team-a", "w"), waiver(), "ADDED")
        await cluster.until(lambda: mode_is("deny"))
        cluster.failing[WAIVERS.path()] = [403]
        await cluster.put(AT, policy(admission={"mode": "warn"}))
        await cluster.until(lambda: mode_is("warn"))
        assert shelf.rulebook is not None
        assert len(shelf.rulebook.waivers_in("team-a")) == 1

    run(story)
