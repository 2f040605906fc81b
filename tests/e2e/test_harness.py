"""What the end-to-end tests stand on: processes that end, a balancer that knows who is ready."""

from __future__ import annotations

import signal
import socket
import ssl
import sys
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime
from http.client import HTTPSConnection
from pathlib import Path
from typing import Any

import pytest

from admission.tls.certificates import KeyPair, new_authority
from tests.e2e.balancer import Balancer
from tests.e2e.harness import (
    STUB,
    WebhookProcess,
    render_service_overlay,
    render_url_overlay,
    write_certificates,
)
from tests.e2e.processes import LOOPBACK, Program, eventually, free_port, is_running

Replicas = tuple[WebhookProcess, WebhookProcess]
REVIEW = '{"apiVersion": "v1", "request": {"uid": "u", "object": {"metadata": {"labels": {"deny": "true"}}}}}'


@pytest.fixture(scope="module")
def authority() -> KeyPair:
    return new_authority(datetime.now(UTC))


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory, authority: KeyPair) -> Iterator[Replicas]:
    folder = tmp_path_factory.mktemp("replicas")
    settings = {"certificates": write_certificates(folder / "tls", authority)}
    with (
        WebhookProcess("one", folder, settings, STUB) as one,
        WebhookProcess("two", folder, settings, STUB) as two,
    ):
        yield one, two


@pytest.fixture
def replicas(running: Replicas) -> Replicas:
    """Two stubs, both ready whatever an earlier test did to them."""
    for replica in running:
        if replica.program.exit_code() is not None:
            replica.start()
        replica.send(signal.SIGUSR2)
        replica.program.wait_until(replica.is_ready)
    return running


def who(balancer: Balancer, authority: KeyPair) -> str:
    """The replica that answers a new connection."""
    trust = ssl.create_default_context(cadata=authority.certificate.decode())
    with closing(HTTPSConnection(LOOPBACK, balancer.port, timeout=5, context=trust)) as connection:
        connection.request("POST", "/", REVIEW, {"Content-Type": "application/json"})
        answer = connection.getresponse().read().decode()
    return "one" if "denied by one" in answer else "two" if "denied by two" in answer else answer


def test_a_program_that_ends_early_is_reported_with_its_log(tmp_path: Path) -> None:
    program = Program("short", ["sh", "-c", "echo out of luck; exit 3"], tmp_path)
    with pytest.raises(RuntimeError, match="short ended with 3:\nout of luck"):
        program.wait_until(lambda: False)


def test_a_killed_program_takes_its_children_with_it(tmp_path: Path) -> None:
    program = Program("parent", ["sh", "-c", "sleep 60 & echo $!; wait"], tmp_path)
    program.wait_until(lambda: program.logged().strip().isdigit())
    child = int(program.logged())
    assert program.kill() == -signal.SIGKILL
    eventually("the child is gone", lambda: not is_running(child))


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux tells a child of its parent's death")
def test_no_program_outlives_a_test_run_that_is_killed(tmp_path: Path) -> None:
    code = (
        "import sys, time; from pathlib import Path; from tests.e2e.processes import Program\n"
        "print(Program('inner', ['sleep', '60'], Path(sys.argv[1])).pid, flush=True); time.sleep(60)"
    )
    outer = Program("outer", [sys.executable, "-c", code, str(tmp_path)], tmp_path, where=Path.cwd())
    outer.wait_until(lambda: outer.logged().strip().isdigit())
    inner = int(outer.logged())
    outer.kill()
    eventually("the inner program is gone", lambda: not is_running(inner))


def test_what_does_not_come_about_is_named() -> None:
    with pytest.raises(TimeoutError, match="a miracle"):
        eventually("a miracle", lambda: None, seconds=0)


def test_a_webhook_stops_and_starts_again_at_its_port(replicas: Replicas) -> None:
    one, _ = replicas
    port, runs = one.port, one.logged().count("one serves")
    assert one.stop() == 0
    assert not one.is_ready()
    one.start()
    assert one.is_ready()
    assert one.port == port
    assert one.logged().count("one serves") == runs + 1


def test_connections_go_to_all_ready_replicas(replicas: Replicas, authority: KeyPair) -> None:
    with Balancer(replica.port for replica in replicas) as balancer:
        balancer.wait_for(*(replica.port for replica in replicas))
        assert {who(balancer, authority) for _ in range(4)} == {"one", "two"}


def test_an_unready_replica_gets_no_new_connection_until_it_is_ready(
    replicas: Replicas, authority: KeyPair
) -> None:
    one, two = replicas
    with Balancer((one.port, two.port)) as balancer:
        one.send(signal.SIGUSR1)
        balancer.wait_for(two.port)
        assert {who(balancer, authority) for _ in range(4)} == {"two"}
        one.send(signal.SIGUSR2)
        balancer.wait_for(one.port, two.port)


def test_a_connection_stays_with_its_replica_when_that_becomes_unready(
    replicas: Replicas, authority: KeyPair
) -> None:
    one, two = replicas
    trust = ssl.create_default_context(cadata=authority.certificate.decode())
    with Balancer([one.port]) as balancer:
        with closing(HTTPSConnection(LOOPBACK, balancer.port, timeout=5, context=trust)) as connection:
            connection.request("GET", "/readyz")
            assert connection.getresponse().read() == b""
            one.send(signal.SIGUSR1)
            balancer.wait_for()
            connection.request("GET", "/readyz")
            assert connection.getresponse().status == 503
        balancer.add(two.port)
        assert who(balancer, authority) == "two"


def test_a_killed_replica_is_passed_over_at_once(replicas: Replicas, authority: KeyPair) -> None:
    one, two = replicas
    with Balancer((one.port, two.port)) as balancer:
        balancer.wait_for(one.port, two.port)
        one.kill()
        assert {who(balancer, authority) for _ in range(4)} == {"two"}
        balancer.wait_for(two.port)


def test_a_removed_replica_gets_no_connection_though_it_is_ready(
    replicas: Replicas, authority: KeyPair
) -> None:
    one, two = replicas
    with Balancer((one.port, two.port)) as balancer:
        balancer.wait_for(one.port, two.port)
        balancer.remove(two.port)
        assert {who(balancer, authority) for _ in range(4)} == {"one"}
        assert balancer.ready == {one.port}


def test_without_a_ready_replica_connections_are_reset() -> None:
    """Even while they are opened, where the balancer is quick."""
    with (
        Balancer([free_port()]) as balancer,
        pytest.raises(ConnectionResetError),
        socket.create_connection((LOOPBACK, balancer.port), timeout=5) as connection,
    ):
        connection.recv(1)


CLIENT: dict[str, Any] = {
    "service": {"name": "hook", "namespace": "n", "path": "/validate", "port": 443},
    "caBundle": "b2xk",
}
MANIFESTS: list[dict[str, Any]] = [
    {"kind": "Service", "metadata": {"name": "hook"}, "spec": {"type": "ClusterIP"}},
    {"kind": "ValidatingWebhookConfiguration", "webhooks": [{"name": "a", "clientConfig": CLIENT}]},
    {"kind": "ConfigMap", "data": {"a": "b"}},
]


def test_the_url_overlay_calls_a_webhook_at_its_own_path() -> None:
    rendered = render_url_overlay(MANIFESTS, "https://127.0.0.1:1/", b"new")
    assert rendered[1]["webhooks"][0]["clientConfig"] == {
        "url": "https://127.0.0.1:1/validate",
        "caBundle": "bmV3",
    }
    assert [rendered[0], rendered[2]] == [MANIFESTS[0], MANIFESTS[2]]


def test_the_service_overlay_leads_services_to_a_port_of_the_loopback() -> None:
    service, configuration, other = render_service_overlay(MANIFESTS, 1234)
    assert service["spec"] == {"type": "ExternalName", "externalName": "localhost"}
    assert configuration["webhooks"][0]["clientConfig"] == {
        "service": {**CLIENT["service"], "port": 1234},
        "caBundle": "b2xk",
    }
    assert other == MANIFESTS[2]


def test_overlays_leave_what_they_are_given_as_it_is() -> None:
    render_url_overlay(MANIFESTS, "https://127.0.0.1:1", b"")
    render_service_overlay(MANIFESTS, 1234)
    assert MANIFESTS[1]["webhooks"][0]["clientConfig"] is CLIENT
    assert CLIENT["service"]["port"] == 443
