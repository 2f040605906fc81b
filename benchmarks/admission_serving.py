"""The webhook under load beside a kopf no-op handler in the same run: throughput, latency, memory.

Loopback TLS, one server process at a time under load, the callers in this one. With arguments:
`--quick` for a tenth of everything; `--attested` for the throughput alone, of a Deployment that serves a
model: with an attestation in an annotation, and in the registry of its image.
"""

from __future__ import annotations

import asyncio
import json
import os
import ssl
import statistics
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from itertools import count
from pathlib import Path
from typing import Any
from urllib.request import urlopen

import yaml

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from admission.tls.certificates import issue, new_authority  # noqa: E402 - after the path
from benchmarks.pii_engine import deployment  # noqa: E402 - after the path
from gatecli.checks.served_models import INLINE, SERVES  # noqa: E402 - after the path
from gatecli.model.attestation import PolicyDigest  # noqa: E402 - after the path
from tests.support.api_server import fake_cluster  # noqa: E402 - after the path
from tests.support.attestations import POLICY as POLICY_DIGEST  # noqa: E402 - after the path
from tests.support.attestations import ed25519  # noqa: E402 - after the path
from tests.support.oci_registry import fake_registry  # noqa: E402 - after the path
from tests.support.served_models import attestation  # noqa: E402 - after the path

SCALE = 10 if "--quick" in sys.argv else 1
DIGEST = "0a1b2c3d" * 8
PORT = 5000
"""Of the registry: one that looks like no part of a number."""
POLICY = """
apiVersion: gatecli.dev/v1
kind: PrivacyPolicy
metadata: {name: bench}
spec: {extends: default}
"""
_UIDS = count()

PEER = """
import asyncio, os, kopf
@kopf.on.startup()
async def configure(settings, **_):
    folder = os.environ["FOLDER"]
    settings.admission.server = kopf.WebhookServer(
        addr="127.0.0.1", port=int(os.environ["PORT"]), host="127.0.0.1",
        certfile=folder + "/tls.crt", pkeyfile=folder + "/tls.key", cafile=folder + "/ca.crt")
    settings.posting.enabled = False
    settings.scanning.disabled = True
@kopf.on.login()
async def login(**_):
    return kopf.ConnectionInfo(server=os.environ["SERVER"], token="t")
@kopf.on.validate("apps", "v1", "deployments", id="noop")
async def noop(**_):
    pass
kopf.run(standalone=True, clusterwide=True)
"""


def review(operation: str, uid: str, change: Callable[[dict[str, Any]], None] | None = None) -> bytes:
    """An AdmissionReview of the typical Deployment: three containers, sixty variables."""
    obj: dict[str, Any] = deployment(dirty=False)
    obj["metadata"] = {"name": "web", "namespace": "shop", "uid": uid, "labels": {"app": "web"}}
    if change is not None:
        change(obj)
    kind = {"group": "apps", "version": "v1"}
    request = {
        "uid": uid,
        "operation": operation,
        "kind": {**kind, "kind": "Deployment"},
        "resource": {**kind, "resource": "deployments"},
        "namespace": "shop",
        "name": "web",
        "userInfo": {"username": "somebody", "groups": ["system:authenticated"]},
        "object": obj,
        "oldObject": obj if operation == "UPDATE" else None,
    }
    whole = {"apiVersion": "admission.k8s.io/v1", "kind": "AdmissionReview", "request": request}
    return json.dumps(whole, separators=(",", ":")).encode()


@dataclass(slots=True)
class Tally:
    """What callers saw: seconds of each call, and what was no allowance."""

    seconds: list[float] = field(default_factory=list)
    failures: list[str] = field(default_factory=list)


class Caller(asyncio.Protocol):
    """One connection that asks again as soon as it was answered; far cheaper than a full client."""

    def __init__(self, messages: Iterator[bytes], tally: Tally) -> None:
        self.done = asyncio.get_running_loop().create_future()
        self._messages, self._tally = messages, tally
        self._got = b""
        self._begun = 0.0
        self._transport: asyncio.Transport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = transport  # type: ignore[assignment]  # a stream's transport
        self._next()

    def _next(self) -> None:
        message = next(self._messages, None)
        assert self._transport is not None
        if message is None:
            self.done.set_result(None)
            self._transport.close()
            return
        self._begun = time.perf_counter()
        self._transport.write(message)

    def data_received(self, data: bytes) -> None:
        self._got += data
        head, end, body = self._got.partition(b"\r\n\r\n")
        if not end:
            return
        length = int(head.lower().split(b"content-length: ")[1].split(b"\r\n")[0])
        if len(body) < length:
            return
        self._tally.seconds.append(time.perf_counter() - self._begun)
        if not head.startswith(b"HTTP/1.1 200") or b'"allowed": true' not in body:
            self._tally.failures.append(head[:40].decode("latin-1"))
        self._got = b""
        self._next()

    def connection_lost(self, error: Exception | None) -> None:
        if not self.done.done():
            self._tally.failures.append(f"lost {type(error).__name__}")
            self.done.set_result(None)


def post_request(path: str, body: bytes) -> bytes:
    head = f"POST {path} HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: {len(body)}"
    return head.encode() + b"\r\n\r\n" + body


async def load(port: int, callers: int, messages: Iterator[bytes]) -> tuple[Tally, float]:
    """All messages by so many callers at once; seconds in all."""
    context = ssl.create_default_context()
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    tally, loop = Tally(), asyncio.get_running_loop()
    begun = time.perf_counter()
    made = await asyncio.gather(
        *(
            loop.create_connection(
                lambda: Caller(messages, tally), "127.0.0.1", port, ssl=context, ssl_handshake_timeout=60
            )
            for _ in range(callers)
        )
    )
    await asyncio.gather(*(caller.done for _, caller in made))
    return tally, time.perf_counter() - begun


def resident(pid: int) -> float:
    """MiB."""
    status = Path(f"/proc/{pid}/status").read_text("ascii")
    return int(status.split("VmRSS:")[1].split()[0]) / 1024


def processor(pid: int) -> float:
    """Seconds of processor time so far."""
    fields = Path(f"/proc/{pid}/stat").read_text("ascii").rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


@dataclass(frozen=True, slots=True)
class Served:
    """A running server."""

    pid: int
    port: int
    path: str
    metrics: int = 0


def free_port() -> int:
    import socket  # noqa: PLC0415 - used here alone

    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        number: int = probe.getsockname()[1]
        return number


async def answers(port: int, message: bytes) -> bool:
    try:
        tally, _ = await load(port, 1, iter([message]))
    except OSError:
        return False
    return not tally.failures


@asynccontextmanager
async def start_server(
    command: Sequence[str], environment: dict[str, str], port: int, path: str
) -> AsyncIterator[Served]:
    process = await asyncio.create_subprocess_exec(
        *command, env={**os.environ, **environment}, cwd=ROOT, stderr=asyncio.subprocess.DEVNULL
    )
    try:
        message = post_request(path, review("CREATE", "first"))
        while not await answers(port, message):
            assert process.returncode is None, "the server ended"
            await asyncio.sleep(0.1)
        yield Served(process.pid, port, path)
    finally:
        process.terminate()
        await process.wait()


@asynccontextmanager
async def both(folder: Path, server: str, policy: str = POLICY) -> AsyncIterator[tuple[Served, Served]]:
    now = datetime.now(UTC)
    authority = new_authority(now)
    leaf = issue(authority, ["127.0.0.1"], now)
    pair = (("tls.crt", leaf.certificate), ("tls.key", leaf.key), ("ca.crt", authority.certificate))
    for name, content in pair:
        (folder / name).write_bytes(content)
    (folder / "policy.yaml").write_text(policy, "utf-8")
    access = {
        "current-context": "c",
        "contexts": [{"name": "c", "context": {"cluster": "c", "user": "c"}}],
        "clusters": [{"name": "c", "cluster": {"server": server}}],
        "users": [{"name": "c", "user": {"token": "t"}}],
    }
    (folder / "kubeconfig").write_text(json.dumps(access), "utf-8")
    ours, theirs, scraped = free_port(), free_port(), free_port()
    settings = {
        "POLICY": f"{folder}/policy.yaml",
        "KUBECONFIG": f"{folder}/kubeconfig",
        "CERTIFICATES": str(folder),
        "ADDRESS": "127.0.0.1",
        "PORT": str(ours),
        "METRICS_PORT": str(scraped),
        "DRAIN_SECONDS": "0",
        "POLL_SECONDS": "0.2",
    }
    environment = {f"GATECLI_ADMISSION_{key}": value for key, value in settings.items()}
    peer = {"FOLDER": str(folder), "PORT": str(theirs), "SERVER": server}
    run = [sys.executable, "-m", "admission", "run"]
    async with (
        start_server(run, environment, ours, "/validate") as us,
        start_server([sys.executable, "-c", PEER], peer, theirs, "/noop") as them,
    ):
        yield replace(us, metrics=scraped), them


async def throughput(us: Served, them: Served, body: bytes) -> None:
    """Turn about, so that a busy machine is unfair to both."""
    print(f"a review of {len(body)} bytes; 50 at once")
    rates: dict[int, list[float]] = {us.port: [], them.port: []}
    costs: dict[int, list[float]] = {us.port: [], them.port: []}
    worst: dict[int, list[float]] = {us.port: [], them.port: []}
    for _ in range(5):
        for served in (them, us):
            number = 4000 // SCALE
            before = processor(served.pid)
            tally, seconds = await load(served.port, 50, iter([post_request(served.path, body)] * number))
            assert not tally.failures, tally.failures[:3]
            rates[served.port].append(number / seconds)
            costs[served.port].append((processor(served.pid) - before) / number * 1000)
            worst[served.port].append(sorted(tally.seconds)[int(number * 0.99)] * 1000)
    for name, served in (("kopf no-op", them), ("gatecli", us)):
        rate, cost, late = (statistics.median(each[served.port]) for each in (rates, costs, worst))
        print(f"{name:12} {rate:7.0f}/s  p99 {late:6.1f} ms  {cost:.3f} ms of processor each")
    ratio = statistics.median(rates[us.port]) / statistics.median(rates[them.port])
    print(f"throughput {ratio:.0%} of the no-op's")


async def crowd(us: Served) -> None:
    body = post_request(us.path, review("CREATE", "one"))
    tally, seconds = await load(us.port, 500, iter([body] * (20_000 // SCALE)))
    late = sorted(tally.seconds)
    p99 = late[int(len(late) * 0.99)] * 1000
    print(f"500 at once: {len(tally.failures)} failures, {len(late) / seconds:.0f}/s, p99 {p99:.0f} ms")


def updates(number: int, path: str) -> Iterator[bytes]:
    pattern = review("UPDATE", "%UID%")
    for _ in range(number):
        yield post_request(path, pattern.replace(b"%UID%", f"{next(_UIDS):08}".encode()))


async def memory(us: Served, start: float) -> None:
    print(f"memory after start {start:.0f} MiB")
    total = 100_000 // SCALE
    await load(us.port, 50, updates(total // 10, us.path))
    low = resident(us.pid)
    tally, _ = await load(us.port, 50, updates(total - total // 10, us.path))
    high = resident(us.pid)
    print(
        f"{total} UPDATEs with distinct uids: {low:.1f} MiB after a tenth, {high:.1f} MiB at the end "
        f"({high / low - 1:+.1%}), {len(tally.failures)} failures"
    )


def generation(port: int) -> int:
    """Which policy is in force, by the metrics."""
    with urlopen(f"http://127.0.0.1:{port}/metrics") as answer:
        text = answer.read().decode()
    return int(float(text.split("\ngatecli_admission_policy_generation ")[1].split()[0]))


async def reloads(us: Served, folder: Path, metrics: int) -> None:
    """A day of a policy that changes every five minutes; each is waited for."""
    total, sizes = 288 // SCALE, []
    for number in range(total):
        before = await asyncio.to_thread(generation, metrics)
        (folder / "policy.yaml").write_text(POLICY.replace("bench", f"bench-{number}"), "utf-8")
        while await asyncio.to_thread(generation, metrics) == before:  # noqa: ASYNC110 - another process
            await asyncio.sleep(0.05)
        sizes.append(resident(us.pid))
    quarter = sizes[total // 4]
    print(
        f"{total} policies: {quarter:.1f} MiB after a quarter, {sizes[-1]:.1f} MiB at the end "
        f"({sizes[-1] / quarter - 1:+.1%})"
    )


async def compare_attested() -> None:
    """What a workload that serves a model costs, its attestation known."""
    signer = ed25519()
    async with fake_registry(PORT) as registry:
        trust = {
            "keys": [{"name": "team", "publicKey": signer.public.pem}],
            "workloads": {"registries": [registry.host]},
            "policies": [POLICY_DIGEST],
        }
        made = datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
        said = {"time": made, "policy": PolicyDigest("bench", POLICY_DIGEST)}
        text = attestation(signer, DIGEST, **said)
        registry.attest("team/app", DIGEST, text.encode())
        policy = yaml.safe_load(POLICY)
        policy["spec"]["attestation"] = trust

        def annotate(obj: dict[str, Any]) -> None:
            obj["metadata"]["labels"][SERVES] = "true"
            obj["metadata"]["annotations"] = {INLINE: text}

        def refer(obj: dict[str, Any]) -> None:
            obj["metadata"]["labels"][SERVES] = "true"
            for each in obj["spec"]["template"]["spec"]["containers"]:
                each["image"] = f"{registry.host}/team/app@sha256:{DIGEST}"

        with tempfile.TemporaryDirectory() as name:
            async with (
                fake_cluster() as (_, access),
                both(Path(name), access.server, yaml.safe_dump(policy)) as (us, them),
            ):
                for title, change in (("no model", None), ("annotation", annotate), ("registry", refer)):
                    print(f"-- {title}")
                    await throughput(us, them, review("CREATE", "one", change))


async def main() -> None:
    if "--attested" in sys.argv:
        await compare_attested()
        return
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        async with fake_cluster() as (_, access), both(folder, access.server) as (us, them):
            start = resident(us.pid)
            await throughput(us, them, review("CREATE", "one"))
            await crowd(us)
            await memory(us, start)
            await reloads(us, folder, us.metrics)


if __name__ == "__main__":
    asyncio.run(main())
