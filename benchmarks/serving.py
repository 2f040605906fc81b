"""The proxy before a model of 5 ms, beside a bare pass-through on the same stack: added latency, throughput.

    .venv/bin/python benchmarks/serving.py [--quick | --million]

Everything is on loopback, each program a process. 250 requests a second over 50 and over 500 connections,
open loop: a request is sent when its time comes, whether others were answered or not, so that waiting counts.
Then as many as are answered when every connection asks again at once. `attested` passes answers on; `scores`
pays, draws noise and remembers, with a new question each time; `unsearched` is `attested` without a search
for personal data.
"""

from __future__ import annotations

import asyncio
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from itertools import count
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from tests.e2e.processes import LOOPBACK, Program, free_port  # noqa: E402 - after the path
from tests.support.served_endpoints import attested_folder  # noqa: E402 - after the path

RATE = 250
SECONDS = 4 if "--quick" in sys.argv else 20
SATURATED = 2000 if "--quick" in sys.argv else 20_000
MILLION = 1_000_000
"""Requests of `--million`, which says how memory grows."""

MODEL = """
import asyncio, sys
from aiohttp import web
async def answer(http):
    await http.read()
    await asyncio.sleep(0.005)
    return web.Response(body=b'{"predictions":[0.25]}', content_type="application/json")
async def main(port):
    runner = web.ServerRunner(web.Server(answer, access_log=None))
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", port, backlog=2048).start()
    await asyncio.Event().wait()
asyncio.run(main(int(sys.argv[1])))
"""

BARE = """
import asyncio, sys, aiohttp
from aiohttp import web
async def main(port, upstream):
    connector = aiohttp.TCPConnector(limit=100)
    async with aiohttp.ClientSession(connector=connector, auto_decompress=False) as session:
        async def answer(http):
            body = await http.read()
            headers = {"Content-Type": http.headers["Content-Type"]}
            async with session.post(upstream, data=body, headers=headers) as given:
                content = await given.read()
                told = {"Content-Type": given.headers["Content-Type"]}
                return web.Response(status=given.status, body=content, headers=told)
        runner = web.ServerRunner(web.Server(answer, access_log=None))
        await runner.setup()
        await web.TCPSite(runner, "127.0.0.1", port, backlog=2048).start()
        await asyncio.Event().wait()
asyncio.run(main(int(sys.argv[1]), sys.argv[2]))
"""

_NUMBERS = count()


def question() -> bytes:
    """A new question of a usual size: 40 features, of which no whole number could be a postal code."""
    number = next(_NUMBERS)
    features = [number // 5000, number % 5000, *(each / 7 for each in range(38))]
    return json.dumps({"instances": [features]}).encode()


@dataclass(slots=True)
class Tally:
    """Seconds of each answer, and what was no answer."""

    seconds: list[float] = field(default_factory=list)
    failures: int = 0


class Caller(asyncio.Protocol):
    """One connection: sends what it is given, one at a time."""

    def __init__(self, tally: Tally) -> None:
        self._tally, self._got = tally, b""
        self._waiting: asyncio.Future[None] | None = None
        self.transport: asyncio.Transport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self.transport = transport

    async def ask(self, path: str, body: bytes, since: float) -> None:
        """Send, and wait for the answer; its time counts from `since`."""
        assert self.transport is not None
        self._waiting = asyncio.get_running_loop().create_future()
        head = f"POST {path} HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n"
        self.transport.write(f"{head}Content-Length: {len(body)}\r\n\r\n".encode() + body)
        await self._waiting
        self._tally.seconds.append(time.perf_counter() - since)

    def data_received(self, data: bytes) -> None:
        self._got += data
        head, end, body = self._got.partition(b"\r\n\r\n")
        if not end:
            return
        length = int(head.lower().split(b"content-length: ")[1].split(b"\r\n")[0])
        if len(body) >= length:
            self._tally.failures += not head.startswith(b"HTTP/1.1 200")
            self._got = b""
            self._end()

    def connection_lost(self, exc: Exception | None) -> None:
        del exc
        if self._waiting is not None and not self._waiting.done():
            self._tally.failures += 1
        self._end()

    def _end(self) -> None:
        if self._waiting is not None and not self._waiting.done():
            self._waiting.set_result(None)


async def connect(port: int, connections: int, tally: Tally) -> list[Caller]:
    loop = asyncio.get_running_loop()
    return [
        (await loop.create_connection(lambda: Caller(tally), LOOPBACK, port))[1] for _ in range(connections)
    ]


async def at_a_rate(port: int, connections: int, path: str) -> Tally:
    """`RATE` requests a second for `SECONDS`, each by the next free connection."""
    tally = Tally()
    free: asyncio.Queue[Caller] = asyncio.Queue()
    callers = await connect(port, connections, tally)
    for each in callers:
        free.put_nowait(each)

    async def one(due: float) -> None:
        caller = await free.get()
        await caller.ask(path, question(), due)
        free.put_nowait(caller)

    begun, asked = time.perf_counter(), []
    for number in range(RATE * SECONDS):
        due = begun + number / RATE
        if (pause := due - time.perf_counter()) > 0:
            await asyncio.sleep(pause)
        asked.append(asyncio.create_task(one(due)))
    await asyncio.gather(*asked)
    _hang_up(callers)
    return tally


async def answers_a_second(port: int, connections: int, path: str) -> tuple[float, Tally]:
    """Answers a second where every connection asks again at once."""
    tally, left = Tally(), iter(range(SATURATED))
    callers = await connect(port, connections, tally)

    async def ask_on(caller: Caller) -> None:
        for _ in left:
            await caller.ask(path, question(), time.perf_counter())

    begun = time.perf_counter()
    await asyncio.gather(*map(ask_on, callers))
    rate = SATURATED / (time.perf_counter() - begun)
    _hang_up(callers)
    return rate, tally


def _hang_up(callers: Sequence[Caller]) -> None:
    for each in callers:
        if each.transport is not None:
            each.transport.close()


def quantile(seconds: Sequence[float], share: float) -> float:
    """In milliseconds."""
    ordered = sorted(seconds)
    return 1000 * ordered[min(len(ordered) - 1, int(share * len(ordered)))]


def is_listening(port: int) -> bool:
    import socket  # noqa: PLC0415 - of this one question

    with socket.socket() as probe:
        probe.settimeout(1)
        return probe.connect_ex((LOOPBACK, port)) == 0


@contextmanager
def running(name: str, port: int, folder: Path, *command: str) -> Iterator[Program]:
    program = Program(name, [sys.executable, *command], folder, {"PYTHONPATH": str(ROOT)})
    try:
        program.wait_until(lambda: is_listening(port), seconds=60)
        yield program
    finally:
        program.stop()


def memory(pid: int) -> float:
    """Resident MiB of a process."""
    command = ["ps", "-o", "rss=", "-p", str(pid)]  # wherever the system has it
    text = subprocess.run(command, capture_output=True, text=True, check=True)
    return int(text.stdout) / 1024


def scores_document(port: int, upstream: int, folder: Path) -> Path:
    """An endpoint with noisy scores, whose budget does not end."""
    gatecli = [sys.executable, "-m", "gatecli"]
    ledger = str(folder / "ledger.db")
    add = ["dataset", "add", "people", "--ledger", ledger, "--epsilon", "10000", "--delta", "1e-2"]
    for arguments in (["init", "--url", ledger], [*add, "--unit", "person"]):
        subprocess.run([*gatecli, "ledger", *arguments], check=True, capture_output=True, cwd=ROOT)
    path = folder / "scores.serve.yaml"
    path.write_text(
        f"""apiVersion: gatecli.dev/v1
kind: PrivateEndpoint
metadata: {{name: bench}}
spec:
  listen: 127.0.0.1:{port}
  upstream: {{url: "http://127.0.0.1:{upstream}/invocations", readyUrl: "http://127.0.0.1:{upstream}/"}}
  mode: noisy-scores
  noise: {{epsilon: 1.0e-3}}
  scores: {{count: 1}}
  budget: {{ledger: ledger.db, dataset: people, lease: 1000}}
"""
    )
    return path


@dataclass(frozen=True, slots=True)
class Peer:
    """What is measured, its process and its port."""

    name: str
    port: int
    program: Program


async def measure(peers: Sequence[Peer]) -> None:
    path, bare = "/invocations", peers[0]
    for connections in (50, 500):
        print(f"{RATE} requests a second over {connections} connections, for {SECONDS} s:")
        base: Tally | None = None
        for peer in peers:
            tally = await at_a_rate(peer.port, connections, path)
            half, most = quantile(tally.seconds, 0.5), quantile(tally.seconds, 0.95)
            line = f"  {peer.name:13} P50 {half:6.1f} ms  P95 {most:6.1f} ms  failures {tally.failures}"
            if base is None:
                base = tally
            else:
                added = half - quantile(base.seconds, 0.5), most - quantile(base.seconds, 0.95)
                line += f"  added {added[0]:+.1f} and {added[1]:+.1f} ms (goals 3 and 8)"
            print(line, flush=True)
    print(f"saturated by 50 connections, {SATURATED} requests:")
    rates = {}
    for peer in peers:
        before = memory(peer.program.pid)
        rates[peer.name], tally = await answers_a_second(peer.port, 50, path)
        share = rates[peer.name] / rates[bare.name]
        grown = memory(peer.program.pid) - before
        print(
            f"  {peer.name:13} {rates[peer.name]:6.0f}/s  {share:4.0%} of the pass-through (goal 80 %)  "
            f"failures {tally.failures}  memory {before:.0f} MiB {grown:+.1f}",
            flush=True,
        )


async def grow(peer: Peer) -> None:
    """Memory of one process over a million new questions."""
    print(f"{peer.name}, {MILLION:,} requests by 50 connections; MiB:", flush=True)
    for number in range(MILLION // SATURATED + 1):
        if number % 5 == 0:
            print(f"  {number * SATURATED:9,}  {memory(peer.program.pid):6.1f}", flush=True)
        if number * SATURATED < MILLION:
            _, tally = await answers_a_second(peer.port, 50, "/invocations")
            assert not tally.failures


def main() -> None:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "model.py").write_text(MODEL)
        (folder / "pass.py").write_text(BARE)
        model, passing, attesting, trusting, scoring = (free_port() for _ in range(5))
        url = f"http://{LOOPBACK}:{model}/invocations"
        now = datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
        ready = f"http://{LOOPBACK}:{model}/"
        upstream = {"url": url, "readyUrl": ready}
        attested = attested_folder(folder / "attested", f"{LOOPBACK}:{attesting}", upstream, now)
        ignore = {"request": "ignore", "response": "ignore"}
        unsearched = attested_folder(
            folder / "unsearched", f"{LOOPBACK}:{trusting}", upstream, now, pii=ignore
        )
        scores = scores_document(scoring, model, folder)
        serve = ("-m", "gatecli", "serve", "--config")
        with (
            running("model", model, folder, "model.py", str(model)),
            running("pass", passing, folder, "pass.py", str(passing), url) as bare,
            running("attested", attesting, folder, *serve, str(attested)) as first,
            running("unsearched", trusting, folder, *serve, str(unsearched)) as other,
            running("scores", scoring, folder, *serve, str(scores)) as second,
        ):
            peers = [
                Peer("pass-through", passing, bare),
                Peer("unsearched", trusting, other),
                Peer("attested", attesting, first),
                Peer("noisy-scores", scoring, second),
            ]
            asyncio.run(grow(peers[-1]) if "--million" in sys.argv else measure(peers))


if __name__ == "__main__":
    print(f"python {sys.version.split()[0]}, {os.cpu_count()} cores")
    main()
