"""The whole process beside an API server of the tests: start, serve, change, drain."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import sys
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from admission.cluster.custom_resources import POLICIES, WAIVERS
from admission.cluster.leader_election import LEASES
from admission.commands.run import access_of, service_names
from admission.settings import WebhookSettings, api_server
from admission.tls.certificate_manager import CONFIGURATIONS
from gatecli.errors import ConfigurationError
from tests.support.api_server import FakeCluster, fake_cluster
from tests.support.webhook import RESIDENT_ID, review

NAMELESS = """
import getpass
def getuser():
    raise KeyError("getpwuid(): uid not found: 65532")
getpass.getuser = getuser
from admission.cli import main
main(["run"])
"""
POLICY = "apiVersion: gatecli.dev/v1\nkind: PrivacyPolicy\nmetadata: {name: acme}\nspec: {extends: default}\n"
IGNORING = POLICY.replace("default}", "default, pii: {entities: {CN_RESIDENT_ID: ignore}}}")


@dataclass(slots=True)
class Running:
    """A process that serves."""

    process: asyncio.subprocess.Process
    port: int
    session: aiohttp.ClientSession
    cluster: FakeCluster
    policy: Path
    log: list[dict[str, Any]]

    async def status(self, path: str) -> int:
        try:
            async with self.session.get(f"https://127.0.0.1:{self.port}{path}", ssl=False) as answer:
                return answer.status
        except aiohttp.ClientError:
            return 0

    async def allows(self, content: object) -> bool:
        where = f"https://127.0.0.1:{self.port}/validate"
        async with self.session.post(where, json=content, ssl=False) as answer:
            return bool((await answer.json())["response"]["allowed"])

    async def is_ready(self) -> bool:
        return await self.status("/readyz") == 200


async def until(holds: Callable[[], Awaitable[bool]]) -> None:
    """Ask another process, which cannot tell us, until something holds."""
    async with asyncio.timeout(20):
        while not await holds():  # noqa: ASYNC110 - nothing of this process changes
            await asyncio.sleep(0.02)


async def read_log(stream: asyncio.StreamReader, log: list[dict[str, Any]]) -> None:
    while line := await stream.readline():
        log.append(json.loads(line))


@asynccontextmanager
async def running(
    folder: Path, *, broken: int = 0, command: Sequence[str] = ("-m", "admission", "run"), **settings: str
) -> AsyncIterator[Running]:
    async with fake_cluster() as (cluster, access), aiohttp.ClientSession() as session:
        for each in CONFIGURATIONS:
            content = {"metadata": {"name": "gatecli-admission"}, "webhooks": [{"clientConfig": {}}]}
            await cluster.put(each.path(name="gatecli-admission"), content)
        cluster.broken = broken
        policy, kubeconfig = folder / "policy.yaml", folder / "kubeconfig"
        policy.write_text(POLICY, "utf-8")
        where = {
            "current-context": "c",
            "contexts": [{"name": "c", "context": {"cluster": "c", "user": "c"}}],
            "clusters": [{"name": "c", "cluster": {"server": access.server}}],
            "users": [{"name": "c", "user": {"token": "t"}}],
        }
        kubeconfig.write_text(json.dumps(where), "utf-8")
        given = {
            "KUBECONFIG": str(kubeconfig),
            "POLICY": str(policy),
            "ADDRESS": "127.0.0.1",
            "PORT": "0",
            "METRICS_PORT": "0",
            "POLL_SECONDS": "0.1",
            "DRAIN_SECONDS": "0.5",
            **settings,
        }
        process = await asyncio.create_subprocess_exec(
            sys.executable,
            *command,
            env={**os.environ, **{f"GATECLI_ADMISSION_{key}": text for key, text in given.items() if text}},
            stderr=asyncio.subprocess.PIPE,
        )
        log: list[dict[str, Any]] = []
        assert process.stderr is not None
        reading = asyncio.create_task(read_log(process.stderr, log))
        try:
            await until(lambda: told(log, "listening"))
            port = next(line["port"] for line in log if line["message"] == "listening")
            yield Running(process, port, session, cluster, policy, log)
        finally:
            if process.returncode is None:
                process.kill()
            await process.wait()
            await reading


async def told(log: list[dict[str, Any]], message: str) -> bool:
    return any(line["message"] == message for line in log)


def test_a_user_of_a_container_needs_no_name(tmp_path: Path) -> None:
    async def main() -> None:
        async with running(tmp_path, command=("-c", NAMELESS)) as served:
            await until(served.is_ready)

    asyncio.run(main())


def test_a_process_starts_serves_reloads_and_drains(tmp_path: Path) -> None:
    async def main() -> None:
        async with running(tmp_path) as served:
            assert await served.status("/healthz") in {0, 200}  # no certificate yet, or already one
            await until(served.is_ready)
            assert not await served.allows(review(RESIDENT_ID))
            assert await served.allows(review())
            await changed(served)
            await drained(served)
            lease = served.cluster.objects[LEASES.path("gatecli-system", "gatecli-admission")]
            assert lease["spec"]["holderIdentity"] == ""
            assert RESIDENT_ID not in json.dumps(served.log)
            assert all(len(line["message"]) < 300 for line in served.log)

    async def changed(served: Running) -> None:
        served.policy.write_text("kind: broken", "utf-8")
        await until(lambda: mentioned(served, "cannot be used"))
        assert not await served.allows(review(RESIDENT_ID))
        served.policy.write_text(IGNORING, "utf-8")
        await until(lambda: served.allows(review(RESIDENT_ID)))

    async def mentioned(served: Running, words: str) -> bool:
        return any(words in line["message"] for line in served.log)

    async def drained(served: Running) -> None:
        served.process.send_signal(signal.SIGTERM)
        await until(lambda: told(served.log, "draining"))
        assert await served.status("/readyz") == 503
        assert await served.allows(review())
        assert await served.process.wait() == 0

    asyncio.run(main())


def test_an_api_server_that_is_away_at_first_is_waited_for_and_later_not_missed(tmp_path: Path) -> None:
    async def main() -> None:
        async with running(tmp_path, broken=503) as served:
            await until(lambda: told(served.log, "kopf ended"))
            served.cluster.broken = 0
            await until(served.is_ready)
            served.cluster.broken = 401
            assert not await served.allows(review(RESIDENT_ID))
            assert await served.allows(review())
            assert await served.is_ready()

    asyncio.run(main())


def test_a_policy_that_is_broken_at_the_start_is_never_ready(tmp_path: Path) -> None:
    async def main() -> None:
        async with running(tmp_path, POLICY=str(tmp_path / "absent.yaml")) as served:
            await until(lambda: told(served.log, "a certificate is shown"))
            await until(lambda: told(served.log, "the cluster is discovered"))
            assert await served.status("/readyz") == 503
            assert await served.status("/healthz") == 200
            assert not await served.allows(review())

    asyncio.run(main())


def test_without_a_file_the_policy_of_the_cluster_judges_and_is_told_so(tmp_path: Path) -> None:
    async def main() -> None:
        async with running(tmp_path, POLICY="") as served:
            at = POLICIES.path(name="default")
            await until(served.is_ready)
            assert not await served.allows(review(RESIDENT_ID))
            ignoring = {"extends": "default", "pii": {"entities": {"CN_RESIDENT_ID": "ignore"}}}
            metadata = {"name": "default", "generation": 1}
            head = {"apiVersion": "gatecli.dev/v1", "kind": "PrivacyPolicy", "metadata": metadata}
            await served.cluster.put(at, {**head, "spec": ignoring}, "ADDED")
            await until(lambda: served.allows(review(RESIDENT_ID)))

            async def is_told() -> bool:
                return bool(served.cluster.objects[at].get("status"))

            await until(is_told)

    asyncio.run(main())


def judging(name: str = "default", generation: int = 1, action: str = "ignore") -> dict[str, Any]:
    """A PrivacyPolicy of the cluster."""
    head = {"apiVersion": "gatecli.dev/v1", "kind": "PrivacyPolicy"}
    spec = {"extends": "default", "pii": {"entities": {"CN_RESIDENT_ID": action}}}
    return {**head, "metadata": {"name": name, "generation": generation, "uid": name}, "spec": spec}


def test_kopf_tells_of_a_change_long_before_the_next_look(tmp_path: Path) -> None:
    async def main() -> None:
        async with running(tmp_path, POLICY="", POLL_SECONDS="300") as served:
            await until(served.is_ready)
            await until(lambda: is_watched(served))
            await served.cluster.put(POLICIES.path(name="default"), judging(), "ADDED")
            await until(lambda: served.allows(review(RESIDENT_ID)))
            await served.cluster.put(POLICIES.path(name="default"), judging(generation=2, action="deny"))
            await until(lambda: refuses(served))

    async def refuses(served: Running) -> bool:
        return not await served.allows(review(RESIDENT_ID))

    asyncio.run(main())


def test_kinds_that_are_installed_after_the_webhook_judge_without_a_restart(tmp_path: Path) -> None:
    """It is discovered once: nothing is watched, and the next look finds them."""

    async def main() -> None:
        async with running(tmp_path, POLICY="", broken=404) as served:
            served.cluster.broken = 0
            for path in ("/apis/gatecli.dev/v1", POLICIES.path(), WAIVERS.path()):
                served.cluster.failing[path] = [404]
            await until(lambda: told(served.log, "the cluster is discovered"))
            assert not await served.is_ready()
            served.cluster.failing.clear()
            await until(served.is_ready)
            await served.cluster.put(POLICIES.path(name="default"), judging(), "ADDED")
            await until(lambda: served.allows(review(RESIDENT_ID)))
            assert not await is_watched(served)

    asyncio.run(main())


async def is_watched(served: Running) -> bool:
    """Whether kopf watches both kinds."""
    return sum("watch" in query for query in served.cluster.queries) >= 2


def test_the_webhook_is_called_by_its_service() -> None:
    assert service_names(WebhookSettings(name="gate", namespace="system")) == (
        "gate.system.svc",
        "gate.system.svc.cluster.local",
    )


def test_a_pod_knows_its_api_server_and_who_is_none_is_told() -> None:
    where = {"KUBERNETES_SERVICE_HOST": "10.0.0.1", "KUBERNETES_SERVICE_PORT": "6443"}
    assert api_server(where) == "https://10.0.0.1:6443"
    assert api_server({"KUBERNETES_SERVICE_HOST": "fd00::1"}) == "https://[fd00::1]:443"
    with pytest.raises(ConfigurationError, match="does not run in a pod"):
        api_server({})


def test_a_kubeconfig_outweighs_the_pod(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="not a kubeconfig"):
        access_of(WebhookSettings(kubeconfig=tmp_path / "absent"))
