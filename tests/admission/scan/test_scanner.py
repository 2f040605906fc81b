"""One pass: every kind is listed, or said not to have been."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from admission.cluster.client import METADATA_ALONE
from admission.scan.kinds import KINDS, SECRET
from admission.scan.listing import DeposedError, Pace
from admission.scan.scanner import ScanPass, State, all_found
from admission.tls.certificate_manager import CONFIGURATIONS
from gatecli.model.verdict import Checked, decide
from tests.support.reviews import OTHER_ID, RESIDENT_ID, rulebook, waiver
from tests.support.scans import CONFIGURATION, Setting, config_map, item, owned_by, setting

BOOK = rulebook()
MAPS, SECRETS = "/api/v1/configmaps", "/api/v1/secrets"
Story = Callable[[Setting], Awaitable[None]]


def run(story: Story, **more: Any) -> None:
    async def main() -> None:
        async with setting(**more) as held, asyncio.timeout(30):
            await story(held)

    asyncio.run(main())


def paths(seen: ScanPass) -> list[str]:
    return sorted(finding.place.path for finding in all_found(seen))


def test_every_kind_is_listed_and_every_namespace_counted() -> None:
    async def story(held: Setting) -> None:
        await held.put("Deployment", item("Deployment"))
        await held.put("ConfigMap", config_map(namespace="team-b"))
        await held.put("ConfigMap", config_map("clean", "x", namespace="team-b"))
        seen = await held.scan(BOOK)
        assert seen.is_complete
        assert paths(seen) == ["team-a/Deployment/etl", "team-b/ConfigMap/notes"]
        tallies = seen.by_namespace()
        assert [(name, tally.objects, tally.clean) for name, tally in tallies.items()] == [
            ("team-a", 1, 0),
            ("team-b", 2, 1),
        ]
        listed = {path for method, path in held.cluster.requests if method == "GET"}
        assert {kind.resource(kind.versions[0]).path() for kind in KINDS} <= listed

    run(story)


def test_a_deployment_and_its_pods_are_one_finding() -> None:
    async def story(held: Setting) -> None:
        await held.put("Deployment", item("Deployment", name="web"))
        owned = owned_by("Deployment", "web")
        await held.put("ReplicaSet", item("ReplicaSet", name="web-5d4", ownerReferences=owned))
        for number in range(3):
            owned = owned_by("ReplicaSet", "web-5d4")
            await held.put("Pod", item("Pod", name=f"web-5d4-{number}", ownerReferences=owned))
        seen = await held.scan(BOOK)
        assert paths(seen) == ["team-a/Deployment/web"]
        assert seen.by_namespace()["team-a"].copies == 4

    run(story)


def test_a_kind_that_may_not_be_listed_is_said_and_the_others_are_judged() -> None:
    async def story(held: Setting) -> None:
        await held.put("Deployment", item("Deployment"))
        held.cluster.failing[MAPS] = [403]
        seen = await held.scan(BOOK)
        assert not seen.is_complete
        (finding,) = seen.unread
        assert (finding.rule.id, finding.rule.uncheckable, finding.subject) == (
            "pii-unreadable",
            True,
            "configmaps",
        )
        assert "403" in finding.message
        assert paths(seen) == ["configmaps", "team-a/Deployment/etl"]
        verdict = decide("pii", BOOK.stamp, (Checked("kind", "Deployment", "d"),), tuple(all_found(seen)))
        assert verdict.exit_code == 4

    run(story)


def test_a_kind_that_is_not_served_has_no_objects() -> None:
    async def story(held: Setting) -> None:
        await held.put("ConfigMap", config_map())
        seen = await held.scan(BOOK)
        served = {each.kind.name: each.is_served for each in seen.kinds}
        assert (served["ConfigMap"], served["PodTemplate"]) == (True, False)
        assert seen.is_complete

    run(story)


def test_an_older_version_is_listed_where_the_newer_is_not_served() -> None:
    async def story(held: Setting) -> None:
        beta = "/apis/batch/v1beta1/namespaces/team-a/cronjobs/etl"
        await held.cluster.put(beta, item("CronJob"), "ADDED")
        assert paths(await held.scan(BOOK)) == ["team-a/CronJob/etl"]

    run(story)


def test_a_server_that_knows_no_kind_told_nothing() -> None:
    async def story(held: Setting) -> None:
        for kind in KINDS:
            for version in kind.versions:
                held.cluster.failing[kind.resource(version).path()] = [404]
        seen = await held.scan(BOOK)
        assert not seen.unread
        assert not seen.is_complete

    run(story)


def test_a_list_that_expires_is_begun_anew_and_nothing_counts_twice() -> None:
    async def story(held: Setting) -> None:
        for number in range(60):
            await held.put("ConfigMap", config_map(f"n{number:02}"))
        held.cluster.failing[MAPS] = [0, 410, 0]
        seen = await held.scan(BOOK)
        assert seen.is_complete
        assert len(paths(seen)) == len(set(paths(seen))) == 60
        assert seen.by_namespace()["team-a"].states[State.FAIL] == 60

    run(story)


def test_a_list_that_always_expires_is_not_read() -> None:
    async def story(held: Setting) -> None:
        for number in range(60):
            await held.put("ConfigMap", config_map(f"n{number:02}"))
        held.cluster.failing[MAPS] = [0, 410, 0, 410, 0, 410]
        seen = await held.scan(BOOK)
        assert ["expired 3 times" in finding.message for finding in seen.unread] == [True]
        assert paths(seen) == ["configmaps"]

    run(story)


def test_of_secrets_the_metadata_alone_is_asked_for() -> None:
    async def story(held: Setting) -> None:
        secret = {"metadata": {"name": "s", "namespace": "team-a", "uid": "u"}, "data": {"id": RESIDENT_ID}}
        await held.put("Secret", secret)
        assert paths(await held.scan(BOOK)) == []
        assert METADATA_ALONE in {query["accept"] for query in held.cluster.queries}
        held.cluster.queries.clear()
        assert paths(await held.scan(rulebook(admission={"secrets": "data"}))) == ["team-a/Secret/s"]
        assert METADATA_ALONE not in {query["accept"] for query in held.cluster.queries}

    run(story)


@pytest.mark.parametrize(("secrets", "scope"), [("ignore", True), ("metadata", False)])
def test_secrets_that_are_not_to_be_listed_are_not_and_that_is_said(secrets: str, scope: bool) -> None:  # noqa: FBT001 - a table
    async def story(held: Setting) -> None:
        seen = await held.scan(rulebook(admission={"secrets": secrets}))
        assert ("GET", SECRETS) not in held.cluster.requests
        assert [each.kind for each in seen.kinds if each.skipped] == [SECRET]
        assert seen.is_complete

    run(story, has_secrets=scope)


def test_one_namespace_alone_is_listed() -> None:
    async def story(held: Setting) -> None:
        await held.put("ConfigMap", config_map())
        await held.put("ConfigMap", config_map(namespace="team-b"))
        assert paths(await held.scan(BOOK)) == ["team-b/ConfigMap/notes"]
        assert ("GET", MAPS) not in held.cluster.requests

    run(story, namespace="team-b")


CUSTOM = {
    "apiGroups": ["argoproj.io"],
    "apiVersions": ["v1alpha1"],
    "resources": ["rollouts", "rollouts/scale"],
}
SERVED = [
    {"name": "rollouts", "kind": "Rollout", "namespaced": True, "verbs": ["list", "get"]},
    {"name": "rollouts/status", "kind": "Rollout", "namespaced": True, "verbs": ["get"]},
    {"name": "others", "kind": "Other", "namespaced": False, "verbs": ["list"]},
]


async def configure(held: Setting, *rules: dict[str, Any]) -> None:
    hook = {"metadata": {"name": CONFIGURATION}, "webhooks": [{"name": "w", "rules": list(rules)}]}
    await held.cluster.put(CONFIGURATIONS[0].path(name=CONFIGURATION), hook)
    await held.cluster.put("/apis/argoproj.io/v1alpha1", {"resources": SERVED})


def test_kinds_that_the_webhook_is_configured_for_are_listed_too() -> None:
    async def story(held: Setting) -> None:
        known = {"apiGroups": ["apps"], "apiVersions": ["v1"], "resources": ["deployments"]}
        await configure(held, CUSTOM, known)
        rollout = {"metadata": {"name": "r", "namespace": "n", "uid": "u"}, "spec": {"note": RESIDENT_ID}}
        await held.cluster.put("/apis/argoproj.io/v1alpha1/namespaces/n/rollouts/r", rollout)
        seen = await held.scan(BOOK)
        assert paths(seen) == ["n/Rollout/r"]
        assert len(seen.kinds) == len(KINDS) + 1

    run(story)


def test_every_resource_of_a_group_means_each_that_can_be_listed() -> None:
    async def story(held: Setting) -> None:
        await configure(held, {**CUSTOM, "resources": ["*"]})
        seen = await held.scan(BOOK)
        assert [each.kind.plural for each in seen.kinds[len(KINDS) :]] == ["rollouts", "others"]

    run(story)


@pytest.mark.parametrize("rule", [{**CUSTOM, "apiGroups": ["*"]}, {**CUSTOM, "apiVersions": ["*"]}])
def test_a_rule_that_names_no_kinds_leaves_the_pass_incomplete(rule: dict[str, Any]) -> None:
    async def story(held: Setting) -> None:
        await configure(held, rule)
        seen = await held.scan(BOOK)
        assert not seen.is_complete
        assert "every API group or version" in seen.unread[0].message

    run(story)


@pytest.mark.parametrize(("is_webhook", "complete"), [(True, False), (False, True)])
def test_a_configuration_that_may_not_be_read_is_a_fault_of_the_webhook_alone(
    is_webhook: bool,  # noqa: FBT001 - a table
    complete: bool,  # noqa: FBT001 - a table
) -> None:
    async def story(held: Setting) -> None:
        held.cluster.failing[CONFIGURATIONS[0].path(name=CONFIGURATION)] = [403]
        await held.put("ConfigMap", config_map())
        seen = await held.scan(BOOK)
        assert (seen.is_complete, bool(seen.notes)) == (complete, complete)

    run(story, is_webhook=is_webhook)


def test_a_pass_is_called_off_between_two_objects() -> None:
    left = iter([True] * 15)

    def still() -> None:
        if not next(left, False):
            raise DeposedError("another replica leads")

    async def story(held: Setting) -> None:
        for number in range(60):
            await held.put("ConfigMap", config_map(f"n{number:02}"))
        with pytest.raises(DeposedError):
            await held.scan(BOOK)
        assert ("GET", SECRETS) not in held.cluster.requests

    run(story, pace=Pace(still=still))


def test_of_many_results_the_worst_are_kept_and_all_are_counted() -> None:
    async def story(held: Setting) -> None:
        for number in range(30):
            await held.put("ConfigMap", config_map(f"n{number:02}", OTHER_ID))
        await held.put("ConfigMap", config_map("zz"))
        forgiving = rulebook(*(waiver(subject=f"ConfigMap/n{number:02}") for number in range(30)))
        tally = (await held.scan(forgiving)).by_namespace(5)["team-a"]
        assert (tally.states[State.FAIL], tally.states[State.SKIP], tally.clean) == (1, 30, 30)
        assert len(tally.results) <= 10
        assert "team-a/ConfigMap/zz" in {one.finding.place.path for one in tally.results}

    run(story, most=5)
