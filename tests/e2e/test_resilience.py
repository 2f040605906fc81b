"""The webhook under constant creation while its replicas, its certificate and the API server come and go.

What must hold at every moment: no object with personal data is admitted. What may happen: a clean object
is refused while no replica can answer, and in the instant in which one is killed.
"""

from __future__ import annotations

import itertools
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from http.client import HTTPException
from types import TracebackType
from typing import Any, Self

import pytest

from tests.e2e.control_plane import ControlPlane
from tests.e2e.identities import WEBHOOK_ACCOUNT, WEBHOOK_NAMESPACE
from tests.e2e.installation import Installation, bundle_of, metrics_of
from tests.e2e.processes import eventually
from tests.support.reviews import RESIDENT_ID

WHILE_KILLED = 2.0
"""Seconds for which clean objects may be refused when one of two replicas is killed."""
AWAY = "0 "
"""What stands for the status of a request that nobody answered."""
NOT_YET = ("not yet ready to handle request", 'service "gatecli-admission" not found')
"""What an API server says that has not read the webhook configurations, or the Services, yet."""


@pytest.fixture(scope="module", name="webhook")
def the_webhook(cluster: ControlPlane, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Installation]:
    with Installation(cluster, tmp_path_factory.mktemp("webhook")) as running:
        yield running


@dataclass(slots=True)
class Load:
    """Threads that create ConfigMaps without a pause, clean ones and others; what became of each."""

    cluster: ControlPlane
    namespace: str
    admitted: list[str] = field(default_factory=list)
    """Those with personal data that were let in."""
    denied: int = 0
    refused: list[tuple[float, str]] = field(default_factory=list)
    """Clean ones that were not: when, and why."""
    created: list[float] = field(default_factory=list)
    """When clean ones were."""
    _numbers: Iterator[int] = field(default_factory=itertools.count)
    _ended: threading.Event = field(default_factory=threading.Event)
    _threads: tuple[threading.Thread, ...] = ()

    def __enter__(self) -> Self:
        works = (self._create_clean, self._create_others)
        self._threads = tuple(threading.Thread(target=self._repeat, args=(work,)) for work in works)
        for thread in self._threads:
            thread.start()
        eventually("the load runs", lambda: len(self.created) > 5 and self.denied > 5, seconds=30)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._ended.set()
        for thread in self._threads:
            thread.join()

    def wait_for_more(self, many: int = 20) -> None:
        """Return once so many more were created, and denied."""
        created, denied = len(self.created) + many, self.denied + many
        eventually(
            "the load goes on", lambda: len(self.created) >= created and self.denied >= denied, seconds=60
        )

    def longest_refusal(self) -> float:
        """Seconds from the last clean object created before one was refused to the next created."""
        longest = 0.0
        for at, _ in self.refused:
            before = max((when for when in self.created if when < at), default=at)
            after = min((when for when in self.created if when > at), default=float("inf"))
            longest = max(longest, after - before)
        return longest

    def _repeat(self, work: Callable[[], None]) -> None:
        while not self._ended.is_set():
            work()

    def _create_clean(self) -> None:
        status, why = self._create("batch-7")
        if status == 201:
            self.created.append(time.monotonic())
        else:
            self.refused.append((time.monotonic(), f"{status} {why}"))

    def _create_others(self) -> None:
        status, why = self._create(RESIDENT_ID)
        if status == 201:
            self.admitted.append(why)
        self.denied += status == 403

    def _create(self, value: str) -> tuple[int, str]:
        content = {"metadata": {"name": f"load-{next(self._numbers)}"}, "data": {"id": value}}
        path = f"/api/v1/namespaces/{self.namespace}/configmaps"
        try:
            status, answer = self.cluster.call("POST", path, content)
        except (OSError, HTTPException) as error:
            return 0, type(error).__name__
        return status, str(answer.get("message", "")) if isinstance(answer, dict) else ""


def stored(cluster: ControlPlane, namespace: str) -> list[str]:
    """Names of the ConfigMaps that hold the value."""
    items: list[dict[str, Any]] = cluster.get("configmaps", "--namespace", namespace)["items"]
    return [item["metadata"]["name"] for item in items if RESIDENT_ID in str(item.get("data"))]


def test_a_rollout_restarts_both_replicas_and_nobody_notices(
    cluster: ControlPlane, webhook: Installation, namespace: str
) -> None:
    with Load(cluster, namespace) as load:
        for replica in webhook.replicas:
            webhook.balancer.remove(replica.port)
            assert replica.stop() == 0
            load.wait_for_more()
            replica.start()
            webhook.balancer.add(replica.port)
            load.wait_for_more()
    assert load.refused == []
    assert load.admitted == stored(cluster, namespace) == []


def test_a_replica_that_ends_says_so_before_it_takes_no_more(
    cluster: ControlPlane, webhook: Installation, namespace: str
) -> None:
    one = webhook.replicas[0]
    with Load(cluster, namespace) as load:
        # As when its Pod is deleted and the endpoints hear of it late.
        assert one.stop() == 0
        load.wait_for_more()
        one.start()
        load.wait_for_more()
    assert load.refused == []
    assert load.admitted == stored(cluster, namespace) == []


def test_a_killed_replica_costs_no_more_than_the_requests_it_held(
    cluster: ControlPlane, webhook: Installation, namespace: str
) -> None:
    with Load(cluster, namespace) as load:
        for replica in webhook.replicas:
            replica.kill()
            load.wait_for_more()
            replica.start()
            webhook.balancer.wait_for(*(each.port for each in webhook.replicas))
            load.wait_for_more()
    assert load.longest_refusal() < WHILE_KILLED, load.refused
    assert load.admitted == stored(cluster, namespace) == []


def test_certificates_are_replaced_under_load(
    cluster: ControlPlane, webhook: Installation, namespace: str
) -> None:
    before = bundle_of(cluster)
    secret = f"secret/{WEBHOOK_ACCOUNT}-tls"
    with Load(cluster, namespace) as load:
        assert cluster.kubectl("delete", secret, "--namespace", WEBHOOK_NAMESPACE).code == 0
        webhook.wait_for(
            "another authority signs", lambda: shown(webhook) == 1 and bundle_of(cluster) != before, 60
        )
        load.wait_for_more(50)
    assert load.refused == []
    assert load.admitted == stored(cluster, namespace) == []


def shown(webhook: Installation) -> int:
    """How many certificates the replicas show, and that it is not the first any more."""
    lines = [replica.logged().count("a certificate is shown") for replica in webhook.replicas]
    return int(all(count > 1 for count in lines))


def test_without_any_replica_the_cluster_lives_and_its_namespaces_fail_closed_until_one_is_back(
    cluster: ControlPlane, webhook: Installation, namespace: str
) -> None:
    path = "/api/v1/namespaces/{}/configmaps?dryRun=All"
    content = {"metadata": {"name": "notes"}, "data": {"id": "batch-7"}}
    for replica in webhook.replicas:
        replica.kill()
    webhook.balancer.wait_for()
    status, answer = cluster.call("POST", path.format(namespace), content)
    assert status == 500
    assert "failed calling webhook" in answer["message"]
    assert cluster.call("POST", path.format("kube-system"), content)[0] == 201
    assert cluster.call("POST", path.format(WEBHOOK_NAMESPACE), content)[0] == 201
    # The controllers, too, make the Pods that are to bring it back.
    assert cluster.kubectl("rollout", "restart", "deployment", "-n", WEBHOOK_NAMESPACE).code == 0
    for replica in webhook.replicas:
        replica.start()
    webhook.balancer.wait_for(*(replica.port for replica in webhook.replicas))
    webhook.wait_for_namespace(namespace)


def test_the_api_server_is_restarted_under_the_webhook(
    cluster: ControlPlane, webhook: Installation, namespace: str
) -> None:
    pids = [replica.program.pid for replica in webhook.replicas]
    with Load(cluster, namespace) as load:
        cluster.restart_api_server()
        load.wait_for_more()
        webhook.set_policy(admission={"mode": "deny", "maxFindings": 7})
        load.wait_for_more()
    told = [why for _, why in load.refused if not why.startswith(AWAY)]
    assert [why for why in told if not any(early in why for early in NOT_YET)] == []
    assert load.admitted == stored(cluster, namespace) == []
    assert [replica.program.pid for replica in webhook.replicas] == pids
    webhook.wait_for("one of them leads", lambda: leaders(webhook) == 1, 30)


def leaders(webhook: Installation) -> int:
    """How many replicas say that they lead."""
    return sum("gatecli_admission_leader 1.0" in metrics_of(replica) for replica in webhook.replicas)
