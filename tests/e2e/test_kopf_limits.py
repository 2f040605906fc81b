"""What kopf does to policies, waivers and replicas of a real cluster, where ours does not (ADR 14)."""

from __future__ import annotations

import asyncio
import logging
import threading
from collections.abc import Iterator
from contextlib import ExitStack
from typing import Any, Self

import kopf
import pytest

from admission.cluster.access import Access, from_kubeconfig
from admission.cluster.client import Client, ConflictError
from admission.cluster.custom_resources import POLICIES, WAIVERS, definitions
from tests.e2e.control_plane import ControlPlane
from tests.e2e.processes import eventually
from tests.support.operators import Register, operator

Object = dict[str, Any]
OF_POLICIES = (POLICIES.group, POLICIES.version, POLICIES.plural)
OF_WAIVERS = (WAIVERS.group, WAIVERS.version, WAIVERS.plural)
PEERING: Object = {
    "apiVersion": "apiextensions.k8s.io/v1",
    "kind": "CustomResourceDefinition",
    "metadata": {"name": "clusterkopfpeerings.kopf.dev"},
    "spec": {
        "group": "kopf.dev",
        "scope": "Cluster",
        "names": {
            "plural": "clusterkopfpeerings",
            "singular": "clusterkopfpeering",
            "kind": "ClusterKopfPeering",
        },
        "versions": [
            {
                "name": "v1",
                "served": True,
                "storage": True,
                "schema": {
                    "openAPIV3Schema": {"type": "object", "x-kubernetes-preserve-unknown-fields": True}
                },
            }
        ],
    },
}
"""As kopf's documentation has it."""


@pytest.fixture(scope="module", name="access")
def the_access(cluster: ControlPlane) -> Access:
    """An administrator's, with the kinds served."""
    options = ("--validate=false",)
    assert cluster.apply(*definitions(), PEERING, options=options).code == 0
    paths = (POLICIES.path(), WAIVERS.path(), "/apis/kopf.dev/v1/clusterkopfpeerings")
    eventually("the kinds are served", lambda: all(cluster.call("GET", each)[0] == 200 for each in paths))
    return from_kubeconfig(cluster.kubeconfig("admin"))


@pytest.fixture(name="waiver")
def a_waiver(cluster: ControlPlane, namespace: str, access: Access) -> str:
    """The path of a waiver."""
    spec = {"rule": "r", "subject": "Job/etl", "reason": "r", "owner": "o", "expires": "2099-01-01"}
    head = {"apiVersion": "gatecli.dev/v1", "kind": "PrivacyWaiver", "metadata": {"name": "w"}}
    assert cluster.call("POST", WAIVERS.path(namespace), {**head, "spec": spec})[0] == 201
    return WAIVERS.path(namespace, "w")


@pytest.fixture(name="policy")
def a_policy(cluster: ControlPlane, access: Access) -> Iterator[str]:
    """The path of a policy that nobody judges by."""
    head = {"apiVersion": "gatecli.dev/v1", "kind": "PrivacyPolicy", "metadata": {"name": "limits"}}
    path = POLICIES.path(name="limits")
    assert cluster.call("POST", POLICIES.path(), {**head, "spec": {"extends": "default"}})[0] == 201
    yield path
    cluster.call("DELETE", path)


def change_spec(cluster: ControlPlane, path: str, **spec: Any) -> int:
    """Write another spec; its generation."""
    content = cluster.call("GET", path)[1]
    status, answer = cluster.call("PUT", path, {**content, "spec": {**content["spec"], **spec}})
    assert status == 200, answer
    return int(answer["metadata"]["generation"])


async def pass_by(**_: Any) -> None:
    """A handler that does nothing."""


def timers(registry: kopf.OperatorRegistry) -> None:
    kopf.timer(*OF_WAIVERS, interval=3600, registry=registry)(pass_by)


def creations(registry: kopf.OperatorRegistry) -> None:
    kopf.on.create(*OF_WAIVERS, registry=registry)(pass_by)
    kopf.on.resume(*OF_WAIVERS, registry=registry)(pass_by)


def finalizers(cluster: ControlPlane, path: str) -> list[str]:
    return list(cluster.call("GET", path)[1]["metadata"].get("finalizers", ()))


def test_a_timer_of_kopf_keeps_a_waiver_from_being_deleted_once_the_webhook_is_away(
    cluster: ControlPlane, access: Access, waiver: str
) -> None:
    with operator(access, timers):
        eventually("kopf holds the waiver", lambda: bool(finalizers(cluster, waiver)), seconds=30)
    assert cluster.call("DELETE", waiver)[0] == 200
    held = cluster.call("GET", waiver)[1]
    assert held["metadata"]["deletionTimestamp"]
    assert held["metadata"]["finalizers"] == ["kopf.zalando.org/KopfFinalizerMarker"]
    change = {**held, "metadata": {**held["metadata"], "finalizers": []}}
    assert cluster.call("PUT", waiver, change)[0] == 200


def test_a_handler_of_creations_writes_the_whole_waiver_into_its_annotations(
    cluster: ControlPlane, access: Access, waiver: str
) -> None:
    def annotations() -> Object:
        return dict(cluster.call("GET", waiver)[1]["metadata"].get("annotations", {}))

    with operator(access, creations):
        eventually("kopf writes", lambda: bool(annotations()), seconds=30)
    assert "Job/etl" in annotations()["kopf.zalando.org/last-handled-configuration"]


@pytest.mark.parametrize("register", [timers, creations])
def test_both_need_to_write_waivers_and_a_handler_of_events_does_not(
    cluster: ControlPlane, access: Access, waiver: str, register: Register
) -> None:
    verbs = {"apiGroups": ["gatecli.dev"], "resources": ["*"], "verbs": ["get", "list", "watch"]}
    roles = "rbac.authorization.k8s.io"
    reader: Object = {
        "apiVersion": f"{roles}/v1",
        "kind": "ClusterRole",
        "metadata": {"name": "limits"},
        "rules": [verbs],
    }
    subject = {"apiGroup": roles, "kind": "User", "name": "editor"}
    role = {"apiGroup": roles, "kind": "ClusterRole", "name": "limits"}
    binding: Object = {
        "apiVersion": f"{roles}/v1",
        "kind": "ClusterRoleBinding",
        "metadata": {"name": "limits"},
        "roleRef": role,
        "subjects": [subject],
    }
    before = cluster.call("GET", waiver)[1]["metadata"]["resourceVersion"]
    seen = threading.Event()

    def register_events(registry: kopf.OperatorRegistry) -> None:
        @kopf.on.event(*OF_WAIVERS, registry=registry)
        async def see(**_: Any) -> None:
            seen.set()

    with cluster.applied(reader, binding), Logged() as log:
        account = from_kubeconfig(cluster.kubeconfig("editor"))
        with operator(account, register_events):
            assert seen.wait(30)
        assert not log.has("Throttling")
        with operator(account, register):
            eventually("kopf is refused", lambda: log.has("Throttling", "cannot patch"), seconds=30)
    assert cluster.call("GET", waiver)[1]["metadata"]["resourceVersion"] == before


class Logged(logging.Handler):
    """Within its `with` block: what kopf logs."""

    def __init__(self) -> None:
        super().__init__()
        self.lines: list[str] = []
        self.before = logging.NOTSET

    def emit(self, record: logging.LogRecord) -> None:
        self.lines.append(record.getMessage())

    def has(self, *words: str) -> bool:
        """Whether one line holds all of them."""
        return any(all(word in line for word in words) for line in list(self.lines))

    def __enter__(self) -> Self:
        logger = logging.getLogger("kopf")
        self.before = logger.level
        logger.setLevel(logging.INFO)
        logger.addHandler(self)
        return self

    def __exit__(self, *_: object) -> None:
        logger = logging.getLogger("kopf")
        logger.removeHandler(self)
        logger.setLevel(self.before)


def test_a_status_by_kopf_overwrites_what_was_said_of_a_newer_version(
    cluster: ControlPlane, access: Access, policy: str
) -> None:
    """The last good policy is kept there: an older one would come into force with the next replica."""
    begun, newer = threading.Event(), threading.Event()

    def register(registry: kopf.OperatorRegistry) -> None:
        @kopf.on.event(*OF_POLICIES, registry=registry, when=lambda name, **_: name == "limits")
        async def judge(body: kopf.Body, patch: kopf.Patch, **_: Any) -> None:
            if body.metadata["generation"] == 1:
                begun.set()
                # A rulebook takes seconds to compile.
                await asyncio.to_thread(newer.wait, 30)
                patch.status["accepted"] = {"generation": 1, "spec": dict(body.spec)}

    first = cluster.call("GET", policy)[1]
    with operator(access, register):
        assert begun.wait(30)
        generation = change_spec(cluster, policy, admission={"mode": "warn"})
        version = cluster.call("GET", policy)[1]["metadata"]["resourceVersion"]
        accepted = {"generation": generation, "spec": {"extends": "default", "admission": {"mode": "warn"}}}
        asyncio.run(write_status(access, policy, version, accepted))
        newer.set()

        def is_older() -> bool:
            return bool(cluster.call("GET", policy)[1]["status"]["accepted"]["generation"] == 1)

        eventually("the older status stands", is_older, seconds=30)
    # Ours is refused.
    with pytest.raises(ConflictError):
        asyncio.run(write_status(access, policy, first["metadata"]["resourceVersion"], {"generation": 1}))


async def write_status(access: Access, path: str, version: str, accepted: Object) -> None:
    async with Client(access) as client:
        change = {"metadata": {"resourceVersion": version}, "status": {"accepted": accepted}}
        await client.patch(f"{path}/status", change)


def test_replicas_that_peer_elect_nobody(cluster: ControlPlane, access: Access, waiver: str) -> None:
    """Pods of one Deployment are alike, and kopf has all of them stop watching, the policy as well."""
    peering = {"apiVersion": "kopf.dev/v1", "kind": "ClusterKopfPeering", "metadata": {"name": "gate"}}
    path = "/apis/kopf.dev/v1/clusterkopfpeerings/gate"

    def has_joined(name: str) -> bool:
        return name in cluster.call("GET", path)[1].get("status", {})

    def register(registry: kopf.OperatorRegistry) -> None:
        kopf.on.event(*OF_WAIVERS, registry=registry)(pass_by)

    with cluster.applied(peering), Logged() as log, ExitStack() as stack:
        for name in ("one", "two"):
            stack.enter_context(operator(access, register, identity=name, peering="gate"))
            eventually(f"{name} has joined", lambda name=name: has_joined(name), seconds=30)  # type: ignore[misc]  # typed as called
        for other in ("one", "two"):
            words = ("same priority", f"<Peer {other}")
            eventually("both stop", lambda words=words: log.has(*words), seconds=30)  # type: ignore[misc]  # typed as called
        assert log.has("Pausing all operators, including self")
