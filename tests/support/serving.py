"""An endpoint in this process: a real port, a model on loopback that tests script, and clocks they set."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import aiohttp
from aiohttp import web
from prometheus_client import CollectorRegistry

from gatecli.checks.personal_data import search_of
from gatecli.ledger.interface import Store
from gatecli.ledger.opening import create_store, open_store
from gatecli.model.policy import PrivacyPolicy
from gatecli.model.private_endpoint import PrivateEndpoint
from gatecli.serving.assembly import open_endpoint
from gatecli.serving.metrics import exposition, new_metrics, watch_figures
from gatecli.serving.proxy import ModelProxy
from gatecli.serving.server import BoundedServer, figures_of
from gatecli.serving.surroundings import ServingSurroundings
from tests.support.leases import people
from tests.support.ledgers import IDENTITY
from tests.support.reviews import policy_of

JSON = "application/json"
QUESTION = b'{"instances": [[1, 2]]}'
START = datetime(2026, 6, 1, 12, tzinfo=UTC)
Answering = Callable[[web.BaseRequest], Awaitable[web.StreamResponse]]


@dataclass
class Clocks:
    """A wall clock that anybody sets, and seconds that only grow."""

    wall: datetime = START
    seconds: float = 0.0

    def pass_by(self, seconds: float) -> None:
        self.wall += timedelta(seconds=seconds)
        self.seconds += seconds


@dataclass
class ScriptedModel:
    """A model on loopback; `answering` is what it does next, and `asked` what it was asked."""

    port: int = 0
    answering: Answering | None = None
    asked: list[tuple[str, str, dict[str, str], bytes]] = field(default_factory=list)
    score: Any = 0.25

    async def answer(self, http: web.BaseRequest) -> web.StreamResponse:
        if http.method == "POST":
            self.asked.append((http.method, http.raw_path, dict(http.headers), await http.read()))
        if self.answering is not None:
            return await self.answering(http)
        return web.Response(body=json.dumps({"predictions": [self.score]}).encode(), content_type=JSON)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}/invocations"


@asynccontextmanager
async def listening(answer: Any) -> AsyncIterator[int]:
    """A server on a free port of loopback."""
    server = answer if isinstance(answer, web.Server) else web.Server(answer)
    runner = web.ServerRunner(server, shutdown_timeout=0.1)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    try:
        yield runner.addresses[0][1]
    finally:
        await runner.cleanup()


@asynccontextmanager
async def scripted_model() -> AsyncIterator[ScriptedModel]:
    model = ScriptedModel()
    async with listening(model.answer) as port:
        model.port = port
        yield model


@dataclass
class RunningEndpoint:
    """An endpoint, and what it says of itself."""

    proxy: ModelProxy
    port: int
    session: aiohttp.ClientSession
    model: ScriptedModel
    clocks: Clocks
    folder: Path
    lines: list[tuple[str, dict[str, Any]]]
    registry: CollectorRegistry

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    async def ask(
        self,
        body: bytes = QUESTION,
        *,
        method: str = "POST",
        path: str = "/invocations",
        content_type: str = JSON,
        headers: dict[str, str] | None = None,
    ) -> tuple[int, dict[str, str], bytes]:
        """One request: the status, the headers in lower case, and the body as it came."""
        told = {"Content-Type": content_type, **(headers or {})}
        async with self.session.request(
            method, self.url + path, data=body, headers=told, allow_redirects=False
        ) as found:
            return found.status, {k.lower(): v for k, v in found.headers.items()}, await found.read()

    async def ask_raw(self, sent: bytes, *, is_cut_off: bool = False) -> bytes:
        """Bytes on a connection of their own; what comes until it ends."""
        reader, writer = await asyncio.open_connection("127.0.0.1", self.port)
        writer.write(sent)
        await writer.drain()
        if is_cut_off:
            writer.write_eof()
        found = await reader.read()
        writer.close()
        return found

    def store(self) -> Store:
        return open_store(str(self.folder / "ledger.db"))

    def figure(self, name: str, **labels: str) -> float:
        return self.registry.get_sample_value(f"gatecli_serve_{name}", labels) or 0.0

    def exposed(self) -> str:
        return exposition(self.proxy.parts.metrics).decode()


def document(model: ScriptedModel, /, **spec: Any) -> PrivateEndpoint:
    """An endpoint of mode noisy-scores at ε = 1 on a grid of quarters, whose refusals take no time."""
    whole = {
        "upstream": {"url": model.url, "platform": "sagemaker"},
        "mode": "noisy-scores",
        "noise": {"epsilon": 1},
        "budget": {"ledger": "ledger.db", "dataset": "people", "lease": 4},
        "pii": {"request": "ignore", "response": "ignore"},
        "limits": {"refusalMilliseconds": 0},
        **spec,
    }
    return PrivateEndpoint.from_file(
        {
            "apiVersion": "gatecli.dev/v1",
            "kind": "PrivateEndpoint",
            "metadata": {"name": "churn"},
            "spec": {name: value for name, value in whole.items() if value is not None},
        }
    )


@asynccontextmanager
async def served_endpoint(
    folder: Path, *, epsilon: int = 10, policy: PrivacyPolicy | None = None, **spec: Any
) -> AsyncIterator[RunningEndpoint]:
    """An endpoint in front of a model, with a ledger of ε for `people`."""
    if not (folder / "ledger.db").exists():
        store = create_store(str(folder / "ledger.db"), IDENTITY)
        people(store, epsilon)
        store.close()
    clocks, lines, law = Clocks(), [], policy or policy_of()

    def log(event: str, /, **fields: object) -> None:
        lines.append((event, fields))

    async with scripted_model() as model, aiohttp.ClientSession(auto_decompress=False) as session:
        if "upstream" in spec:
            spec["upstream"] = {"url": model.url, "platform": "sagemaker", **spec["upstream"]}
        around = ServingSurroundings(
            document(model, **spec),
            folder,
            lambda: law,
            search_of(law.spec.pii),
            log,
            lambda: clocks.wall,
            lambda: clocks.seconds,
        )
        metrics = new_metrics()
        async with open_endpoint(around, metrics) as parts:
            proxy = ModelProxy(parts, serves_metrics=True)
            server = BoundedServer(proxy, 1000, parts.spec.limits.body_seconds)
            watch_figures(metrics, figures_of(proxy, server))
            async with listening(server) as port:
                yield RunningEndpoint(proxy, port, session, model, clocks, folder, lines, metrics.registry)
